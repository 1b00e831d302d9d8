"""The waterfall: its bars, a picture that is well-formed whatever stands in it, and the page in a browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from scrubjay.reports.waterfall import SHOWN, Bar, waterfall_bars, waterfall_svg, whatif_page
from scrubjay.whatif import Question, Shares, Side, Sums, WhatIf
from tests.browser.test_html_report import CONTRAST
from tests.reports.made_up import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"


def side(before: str, after: str, lines: int = 1, known: int | None = None) -> Side:
    return Side(lines, lines if known is None else known, Decimal(before), Decimal(after))


NONE = Side(0, 0, Decimal("0.00"), Decimal("0.00"))
UNKNOWN = side("0.00", "0.00", 2, 0)


def code(key: str | None, professional: Side = NONE, facility: Side = NONE, outpatient: str | None = None) -> Sums:
    lines = max(professional.lines, facility.lines)
    return Sums(key, None, outpatient, lines, Decimal(lines), 0, professional, facility, Shares())


def whatif(
    *codes: Sums, title: str = "What if North Clinic (NORTH) were an office?", site: str | None = "NORTH"
) -> WhatIf:
    """A what-if whose totals are the sums of these codes."""

    def added(sides: list[Side]) -> Side:
        columns = [sum((getattr(one, name) for one in sides), Decimal(0)) for name in ("before", "after")]
        return Side(sum(one.lines for one in sides), sum(one.known_lines for one in sides), *columns)

    professional, facility = added([one.professional for one in codes]), added([one.facility for one in codes])
    lines = sum(one.lines for one in codes)
    totals = Sums(None, None, None, lines, Decimal(lines), 0, professional, facility, Shares(Decimal(-1)))
    sites = [Sums(title, title, None, lines, None, 0, professional, facility, Shares())]
    unknown = [{"side": "facility", "because": f"why: {title}", "lines": 1}]
    left_out = [{"because": title, "lines": 1}]
    unmoved = [{"place_of_service_code": title, "lines": 1}]
    question = Question(site=site, place="11")
    return WhatIf(question, title, totals, list(codes), sites, unknown, left_out, unmoved, [title], False)


VISIT = code("99213", side("95.19", "57.45"), side("0.00", "54.41"), "G0463")
MANY = [code(f"9{n:04}", side("1000.00", f"{1000 - 10 * n}.00"), side("0.00", f"{15 * n}.00")) for n in range(1, 12)]


# --- the bars -----------------------------------------------------------------------------------------


def test_each_bar_begins_where_the_one_above_it_ended() -> None:
    assert waterfall_bars(whatif(VISIT)) == [
        Bar("total", "paid in all, before", Decimal(0), Decimal("95.19")),
        Bar("professional", "99213", Decimal("95.19"), Decimal("57.45")),
        Bar("facility", "99213 as G0463", Decimal("57.45"), Decimal("111.86")),
        Bar("total", "paid in all, after", Decimal(0), Decimal("111.86")),
    ]


def test_the_largest_changes_have_bars_of_their_own_and_the_rest_one_for_each_side() -> None:
    found = whatif(*MANY)
    bars = waterfall_bars(found)
    changes = [bar for bar in bars if bar.kind != "total"]
    own = [bar for bar in changes if "other" not in bar.label]
    assert len(own) == SHOWN
    assert [bar.kind for bar in changes] == sorted((bar.kind for bar in changes), reverse=True)  # professional first
    assert min(abs(bar.end - bar.start) for bar in own) == 90
    assert [(bar.kind, bar.label) for bar in changes if bar not in own] == [
        ("professional", "9 other codes"),
        ("facility", "5 other codes"),
    ]
    level = bars[0].end
    for bar in changes:
        assert bar.start == level
        level = bar.end
    assert level == bars[-1].end == found.totals.professional.after + found.totals.facility.after


def test_what_is_not_known_or_does_not_change_has_no_bar() -> None:
    same = code("20610", side("39.75", "39.75"), UNKNOWN)
    assert [bar.kind for bar in waterfall_bars(whatif(same, code("J1100", UNKNOWN)))] == ["total", "total"]


# --- the picture --------------------------------------------------------------------------------------


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_the_picture_says_in_words_what_it_shows() -> None:
    svg = waterfall_svg(whatif(VISIT))
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    named = {element.get("id"): element.text or "" for element in root if element.get("id")}
    assert (root.get("aria-labelledby") or "").split() == list(named)
    assert named["waterfall-title"] == "What if North Clinic (NORTH) were an office?"
    assert "paid in all, before: 95.19. 99213, professional: −37.74." in named["waterfall-desc"]
    assert "99213 as G0463, facility: +54.41. paid in all, after: 111.86." in named["waterfall-desc"]
    assert {"95.19", "−37.74", "+54.41", "111.86", "99213", "99213 as G0463", "professional", "facility"} <= set(
        texts(svg)
    )
    assert "Lines that are known: professional 1 of 1, facility 1 of 1." in texts(svg)


def test_a_bar_has_its_side_in_colour_pattern_and_word() -> None:
    root = ET.fromstring(waterfall_svg(whatif(VISIT)))
    fills = {rect.get("fill") for rect in root.iter(f"{SVG}rect") if "edge" in (rect.get("class") or "")}
    assert fills == {"#5f6b76", "#0072b2", "url(#waterfall-hatch)"}
    assert [pattern.get("id") for pattern in root.iter(f"{SVG}pattern")] == ["waterfall-hatch"]


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 500, "", "a b " * 200])
def test_names_and_codes_cannot_become_markup(text: str) -> None:
    found = whatif(code(text, side("95.19", "57.45"), side("0.00", "54.41"), text or None), title=text)
    for svg in (waterfall_svg(found), waterfall_svg(found, has_title=False)):
        root = ET.fromstring(svg)
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
            "svg", "title", "desc", "style", "defs", "pattern", "rect", "path", "text",
        }  # fmt: skip
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", svg)
        assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)
        assert max(map(len, texts(svg))) < 120


def test_bars_stay_within_the_picture_whatever_the_amounts() -> None:
    wide = code("99213", side("0.00", "123456789012.34"), side("98765432109.87", "0.00"))
    for found in (whatif(wide), whatif(*MANY), whatif(VISIT), whatif(code("1", side("0.01", "0.02"))), whatif()):
        root = ET.fromstring(waterfall_svg(found))
        width, height = (float(root.get(name) or 0) for name in ("width", "height"))
        for rect in root.iter(f"{SVG}rect"):
            if "edge" in (rect.get("class") or ""):
                x, y, wide_, high = (float(rect.get(name) or 0) for name in ("x", "y", "width", "height"))
                assert x >= 0
                assert x + wide_ <= width
                assert y + high <= height


def test_small_changes_of_a_large_sum_are_seen_and_the_axis_says_where_it_begins() -> None:
    found = whatif(
        code("99213", side("1000000.00", "999000.00")), code("20610", side("0.00", "0.00"), side("0.00", "500.00"))
    )
    svg = waterfall_svg(found)
    assert any(text.startswith("The axis begins at 998,000, not at 0") for text in texts(svg))
    assert svg.count('class="cut"') == 2
    widths = [
        float(rect.get("width") or 0)
        for rect in ET.fromstring(svg).iter(f"{SVG}rect")
        if rect.get("class") in ("edge professional", "edge hatched") and rect.get("height") == "18"
    ]
    assert min(widths) > 40
    assert "axis begins" not in waterfall_svg(whatif(VISIT))


def test_nothing_to_draw_is_a_picture_of_nothing() -> None:
    assert texts(waterfall_svg(whatif())).count("0.00") == 2


# --- the page -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "Chromium is missing. Install it: apt-get install chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


def opened(
    browser: Browser, folder: Path, found: WhatIf, width: int = 1000, scheme: str = "light"
) -> tuple[Page, list[str]]:
    """The page in a tab, and what went wrong in it or was asked of the network."""
    path = folder / "answer.html"
    path.write_text("".join(whatif_page(found)), encoding="utf-8")
    viewport = {"width": width, "height": 800}
    page = browser.new_page(viewport=viewport, color_scheme="dark" if scheme == "dark" else "light")  # type: ignore[arg-type]
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else wrong.append(request.url)
    )
    page.goto(path.as_uri())
    return page, wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_fits_loads_nothing_and_can_be_read(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    page, wrong = opened(
        browser, tmp_path, whatif(*MANY, VISIT, code("36415", UNKNOWN, UNKNOWN), site=None), width, scheme
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []
    fill = page.evaluate("getComputedStyle(document.querySelector('svg .ground')).fill")
    assert fill == ("rgb(28, 36, 44)" if scheme == "dark" else "rgb(255, 255, 255)")
    assert wrong == []
    page.close()


def test_the_page_has_the_picture_and_both_tables(browser: Browser, tmp_path: Path) -> None:
    page, wrong = opened(browser, tmp_path, whatif(VISIT, code("36415", UNKNOWN, UNKNOWN), site=None))
    assert page.locator("svg title").text_content() == page.locator("h1").text_content()
    assert page.locator("table").count() == 3
    row = page.locator("tbody tr", has_text="99213").first.inner_text().split()
    assert row == [
        "99213",
        "hospital:",
        "G0463",
        "1",
        "1",
        "95.19",
        "57.45",
        "−37.74",
        "0.00",
        "54.41",
        "+54.41",
        "+16.67",
    ]
    assert page.locator("tbody tr", has_text="36415").first.inner_text().count("not known") == 7
    assert "+16.67*" in page.locator("tbody tr", has_text="in all").first.inner_text()
    assert page.get_by_text("over the lines that are known on each side").count() == 1
    assert wrong == []
    page.close()


def test_for_one_site_the_table_of_sites_is_left_out() -> None:
    text = "".join(whatif_page(whatif(VISIT)))
    assert "By code" in text
    assert "By site" not in text


def test_an_answer_about_no_line_says_so() -> None:
    text = "".join(whatif_page(whatif()))
    assert "No Medicare line here" in text
    assert "<svg" not in text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_stands_in_a_claim_is_inert_in_the_page(browser: Browser, tmp_path: Path, text: str) -> None:
    found = whatif(code(text, side("95.19", "57.45"), side("0.00", "54.41"), text), title=text, site=None)
    page, wrong = opened(browser, tmp_path, found)
    page.mouse.move(300, 300)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, iframe, object, script, a, [onload], [onerror], [onmouseover]").count() == 0
    assert page.locator("svg").count() == 1
    assert wrong == []
    page.close()


def test_it_prints_in_black_on_white_and_on_little_paper(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, whatif(*MANY, VISIT, site=None), scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.querySelector('svg .ground')).fill") == "rgb(255, 255, 255)"
    pdf = page.pdf(format="Letter")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 3
    page.close()
