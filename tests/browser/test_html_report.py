"""The HTML report in a browser: it loads nothing, filters, prints in full, fits a phone, and runs no claim.

Chromium of the system is driven by Playwright. Where it is missing these tests fail: `make test`
installs it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from scrubjay.engine import Report
from scrubjay.reports import save_report
from tests.reports import made_up
from tests.reports.made_up import unknown, violation

CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!text || !e.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${e.className || e.tagName}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(found)];
}"""


@dataclass
class Opened:
    """A report in a browser tab, with what went wrong in it and what it asked the network for."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def shown(self, selector: str) -> int:
        """How many of these a reader sees."""
        return self.page.locator(selector).evaluate_all("all => all.filter(e => e.checkVisibility()).length")  # type: ignore[no-any-return]

    def filtered(self, words: str = "Filtered") -> str:
        """The counter, once the filter has done its work."""
        self.page.wait_for_function(
            "words => document.querySelector('#counter').textContent.includes(words)", arg=words
        )
        return self.page.locator("#counter").inner_text()


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "Chromium is missing. Install it: apt-get install chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def open_(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    contexts = []

    def opened(given: Report, width: int = 1280, scheme: str = "light", javascript: bool = True) -> Opened:
        path = tmp_path / "report.html"
        save_report(given, "html", path)
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=javascript,
        )
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.on("console", lambda message: found.errors.append(message.text))
        found.page.on("pageerror", lambda error: found.errors.append(str(error)))
        found.page.on("dialog", lambda dialog: found.errors.append(dialog.message))
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.goto(path.as_uri())
        return found

    yield opened
    for context in contexts:
        context.close()


REPORTS = {
    "all": made_up.everything(),
    "costly": made_up.costly(),
    "pairs": made_up.pairs(),
    "hostile": made_up.hostile(),
    "empty": made_up.report(),
}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_loads_nothing_and_fits(open_: Open, name: str, width: int) -> None:
    opened = open_(REPORTS[name], width)
    if name != "empty":
        opened.page.get_by_role("button", name="Open all").click()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.errors == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in opened.requests if url.startswith("file:")]) == 1


def test_what_stands_in_a_claim_is_inert(open_: Open) -> None:
    opened = open_(made_up.hostile())
    opened.page.get_by_role("button", name="Open all").click()
    opened.page.mouse.move(300, 300)
    assert opened.page.evaluate("window.hacked") is None
    assert opened.page.locator("img, svg, iframe, object, [onload], [onerror], [onmouseover]").count() == 0
    assert opened.page.locator("script").count() == 1
    assert opened.page.get_by_text(made_up.HOSTILE[0]).count() > 0
    assert opened.errors == []


def test_a_script_that_was_smuggled_in_would_not_run(open_: Open, tmp_path: Path) -> None:
    opened = open_(made_up.everything())
    path = tmp_path / "report.html"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("</main>", "<script>window.hacked = 1</script><img src='https://claims.test/x.png'></main>")
    )
    opened.page.goto(path.as_uri())
    assert opened.page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in error for error in opened.errors)


def test_severity_rule_site_and_text_filter_and_count(open_: Open) -> None:
    opened = open_(made_up.everything())
    page = opened.page
    page.get_by_role("button", name="Open all").click()
    assert opened.filtered("listed") == "9 findings listed, 6 root causes"
    assert opened.shown(".finding") == 9

    page.get_by_label("error", exact=True).uncheck()
    assert opened.filtered() == "Filtered: 6 of 9 listed findings, 5 root causes"
    assert opened.shown('.finding[data-severity="error"]') == 0
    assert opened.shown("details.cause") == opened.shown(".todo li") == 5
    page.get_by_role("button", name="Show all").click()
    assert opened.filtered("9 findings")

    page.get_by_label("Rule", exact=True).select_option("DEP102")
    assert opened.filtered() == "Filtered: 1 of 9 listed findings, 1 root cause"
    page.get_by_role("button", name="Show all").click()
    assert opened.filtered("9 findings")

    page.get_by_label("Site", exact=True).select_option("SOUTH")
    assert opened.filtered() == "Filtered: 1 of 9 listed findings, 1 root cause"
    assert opened.shown('.finding[data-site="SOUTH"]') == 1
    page.get_by_role("button", name="Show all").click()
    assert opened.filtered("9 findings")

    page.get_by_label("Text", exact=True).fill("claim a2 POS")
    assert opened.filtered() == "Filtered: 1 of 9 listed findings, 1 root cause"
    page.get_by_label("Text", exact=True).fill("no such words")
    assert opened.filtered("Filtered: 0") == "Filtered: 0 of 9 listed findings, 0 root causes"
    assert opened.shown("#nothing") == 1
    assert opened.errors == []


@pytest.mark.parametrize("by", ["site", "payer", "month"])
def test_every_number_of_what_it_costs_shows_as_many_findings_as_it_says(open_: Open, by: str) -> None:
    opened = open_(made_up.costly())
    page = opened.page
    rows = page.locator(f"#costs .scroll:has(caption:text-is('By {by}')) tbody tr")
    assert rows.count() >= 3
    for row in rows.all():
        lines, unknown_ = (row.locator(f"td[data-label='{name}']") for name in ("lines", "not known"))
        for cell in (lines, unknown_):
            if (text := cell.inner_text()) != "–":
                cell.get_by_role("link").click()
                assert opened.filtered(f"Filtered: {text} of 67")
                assert opened.shown(".finding") == int(text)
    assert opened.errors == []


def test_the_findings_of_an_amount_add_up_to_it(open_: Open) -> None:
    opened = open_(made_up.costly())
    page = opened.page
    for kind in ("overpaid", "underpaid"):
        link = page.locator(f"#costs .card a[data-money={kind}]")
        link.click()
        opened.filtered()
        found = page.locator(".finding:visible .exposure").all_inner_texts()
        amounts = [Decimal(text.partition(" ")[0].replace("$", "").replace(",", "")) for text in found]
        assert sum(amounts) == Decimal(link.inner_text().replace("$", "").replace(",", ""))


def test_a_reason_shows_the_findings_that_have_it(open_: Open) -> None:
    opened = open_(made_up.costly())
    opened.page.get_by_role("link", name="3 findings").click()
    assert opened.filtered() == "Filtered: 3 of 67 listed findings, 1 root cause"
    assert opened.page.get_by_label("Amount", exact=True).input_value() == "why-1"
    assert "no ZIP code file of 2026" in opened.page.locator(".finding:visible .exposure").first.inner_text()


def test_a_number_sets_the_filter_takes_the_keyboard_along_and_is_undone(open_: Open) -> None:
    opened = open_(made_up.costly())
    page = opened.page
    page.get_by_label("Text", exact=True).fill("no such words")
    opened.filtered("Filtered: 0")
    page.locator('#costs a[data-site="WEST"][data-money="underpaid"]').focus()
    page.keyboard.press("Enter")
    assert opened.filtered("Filtered: 3") == "Filtered: 3 of 67 listed findings, 1 root cause"
    assert page.get_by_label("Site", exact=True).input_value() == "WEST"
    assert page.get_by_label("Text", exact=True).input_value() == ""
    assert page.evaluate("document.activeElement.textContent") == "Findings"
    expect(page.locator("#findings h2")).to_be_in_viewport()
    bottom = page.locator("#filter").evaluate("form => form.getBoundingClientRect().bottom")
    page.wait_for_function(  # the page may scroll smoothly
        "bottom => document.querySelector('#findings h2').getBoundingClientRect().top >= bottom", arg=bottom
    )
    page.get_by_role("button", name="Show all").click()
    assert opened.filtered("67 findings listed")


def test_a_root_cause_of_what_it_costs_is_opened_without_a_filter(open_: Open) -> None:
    opened = open_(made_up.costly())
    page = opened.page
    page.get_by_label("Amount", exact=True).select_option("unknown")
    opened.filtered()
    page.locator("#costs a", has_text="Missing department modifier off campus").click()
    assert opened.filtered("67 findings listed")
    cause = page.locator("details.cause", has_text="Missing department modifier off campus").last
    expect(cause).to_have_attribute("open", "")
    expect(cause.locator("summary").first).to_be_in_viewport()


def test_without_javascript_a_number_leads_to_its_largest_finding(open_: Open) -> None:
    opened = open_(made_up.costly(), javascript=False)
    link = opened.page.locator("#costs tr", has_text="2026-07").get_by_role("link").first
    link.click()
    target = opened.page.locator(link.get_attribute("href") or "")
    assert "2026-07" in (target.get_attribute("data-month") or "")
    expect(target).to_be_in_viewport()


def test_print_shows_what_it_costs_in_full(open_: Open) -> None:
    opened = open_(made_up.costly(), width=710)
    opened.page.emulate_media(media="print")
    for selector in ("#costs .card", "#costs table", "#costs td", ".more tr"):
        assert opened.shown(selector) == opened.page.locator(selector).count() > 0, selector
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 710


def test_print_shows_everything_and_no_controls(open_: Open) -> None:
    opened = open_(made_up.everything())
    opened.page.emulate_media(media="print")
    assert opened.shown("form, input, select, button, output, .skip") == 0
    for selector in (".finding", ".rule .columns", ".missing", ".todo li", ".problems li"):
        assert opened.shown(selector) == opened.page.locator(selector).count() > 0, selector
    colours = opened.page.evaluate(
        "[...document.querySelectorAll('body, .badge, .cause')].map(e => getComputedStyle(e).color)"
    )
    assert set(colours) == {"rgb(0, 0, 0)"}
    assert opened.page.pdf(format="Letter").startswith(b"%PDF")


def test_a_filtered_print_says_that_it_is_filtered(open_: Open) -> None:
    opened = open_(made_up.everything())
    opened.page.get_by_label("Site", exact=True).select_option("SOUTH")
    opened.filtered()
    opened.page.emulate_media(media="print")
    assert opened.shown("#counter") == 1
    assert opened.shown("input, select, button") == 0
    assert opened.shown(".finding") == 1


def test_without_javascript_everything_is_there_but_the_filter(open_: Open, tmp_path: Path) -> None:
    opened = open_(made_up.everything(), javascript=False)
    assert opened.page.locator("#filter").is_hidden()
    assert opened.page.locator(".finding").count() == 9
    first = opened.page.locator("details.cause").nth(1)
    first.locator("summary").first.click()
    assert first.locator(".finding").first.is_visible()


def test_a_keyboard_is_enough(open_: Open) -> None:
    opened = open_(made_up.everything())
    page = opened.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.get_by_label("Text", exact=True).focus()
    page.keyboard.type("blank in the registry")
    assert opened.filtered() == "Filtered: 1 of 9 listed findings, 1 root cause"
    link = page.locator(".todo li:visible a")
    link.focus()
    page.keyboard.press("Enter")  # the link changes the hash; the page opens the details once it hears of it
    expect(page.locator("details.cause:visible")).to_have_attribute("open", "")
    page.locator("details.cause:visible > summary").focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(page.locator("details.cause:visible")).not_to_have_attribute("open", "")


def test_every_control_has_a_name(open_: Open) -> None:
    opened = open_(made_up.everything())
    nameless = opened.page.evaluate(
        "[...document.querySelectorAll('input, select, button')].filter(e => !e.labels?.length && !e.textContent.trim()).length"
    )
    assert nameless == 0
    heads = opened.page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5')].map(e => Number(e.tagName[1]))")
    assert heads[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(heads))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["all", "costly", "pairs"])
def test_the_text_stands_out_from_its_ground(open_: Open, name: str, scheme: str) -> None:
    opened = open_(REPORTS[name], scheme=scheme)
    opened.page.get_by_role("button", name="Open all").click()
    assert opened.page.evaluate(CONTRAST) == []


LEFT = "e => e.getBoundingClientRect().left"
TOP = "e => e.getBoundingClientRect().top"
HOSTILE_PAIR = made_up.of_pair(
    claim_id="\u202eA1<script>window.hacked = 1</script>" + "LONG" * 30,
    evidence={"facility_claim_id": "\u2067" + "H1" * 60, "facility_procedure_codes": "G0463-PO " * 40},
)


@pytest.mark.parametrize("given", [made_up.pairs(), made_up.report(HOSTILE_PAIR)], ids=["pairs", "hostile"])
@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("width", [1200, 700, 400])
def test_both_claims_stand_side_by_side_and_one_below_the_other_where_room_is_short(
    open_: Open, given: Report, width: int, media: Literal["screen", "print"]
) -> None:
    opened = open_(given, width)
    opened.page.get_by_role("button", name="Open all").click()
    opened.page.emulate_media(media=media)
    pair = opened.page.locator(".pair").first
    ours, theirs = pair.get_by_text("The professional claim"), pair.get_by_text("The facility's claim")
    place, bill = pair.locator(".marked .ours"), pair.locator(".marked .theirs")
    if width == 400 or media == "print":
        assert ours.evaluate(LEFT) == theirs.evaluate(LEFT)
        assert place.evaluate(LEFT) == bill.evaluate(LEFT)
        order = [ours, place, pair.locator("td.ours").last, theirs, pair.locator("td.theirs").first, bill]
        assert [one.evaluate(TOP) for one in order] == sorted({one.evaluate(TOP) for one in order})
    else:
        assert place.evaluate(LEFT) < bill.evaluate(LEFT) < pair.locator(".marked .compared").evaluate(LEFT)
        assert ours.evaluate(TOP) == theirs.evaluate(TOP)
        assert place.evaluate(TOP) == bill.evaluate(TOP)
    for one in (place, bill):
        assert int(one.evaluate("e => getComputedStyle(e).fontWeight")) >= 600
    for table in opened.page.locator(".pair").all():
        assert table.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.page.evaluate("window.hacked") is None
    assert opened.errors == []


def test_the_table_of_a_pair_has_heads_for_a_screen_reader(open_: Open) -> None:
    opened = open_(made_up.pairs(), 1200)
    opened.page.get_by_role("button", name="Open all").click()
    table = opened.page.get_by_role("table", name="Both claims").first
    assert table.get_by_role("columnheader").all_inner_texts() == [
        "The professional claim", "The facility's claim", "Compared",
    ]  # fmt: skip
    row = table.get_by_role("row", name="place and bill")
    assert row.get_by_role("rowheader").inner_text() == "place and bill"
    assert row.get_by_role("cell").all_inner_texts()[-1] == "does not fit"
    none = opened.page.locator("td.none")
    assert none.first.inner_text() == "None was given for that patient and day."
    assert none.first.get_attribute("rowspan") == "8"


def test_forty_thousand_findings_stay_usable(open_: Open) -> None:
    singles = [violation(site_id=f"T{number}", claim_id=f"T{number}") for number in range(300)]
    given = made_up.report(*made_up.many(40_000).findings, *singles, unknown())
    opened = open_(given)
    assert opened.page.get_by_text("of 40,301 findings are listed on this page").count() == 1
    started = opened.page.evaluate("performance.now()")
    opened.page.get_by_label("Text", exact=True).fill("a199")
    opened.filtered()
    assert opened.page.evaluate("performance.now()") - started < 5_000
    assert opened.errors == []
