"""The HTML page as text: escaped, without network, and small enough; tests/browser looks at it in a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from scrubjay.engine import Report
from scrubjay.reports import write_report
from scrubjay.reports.page import SHOWN_CAUSES, SHOWN_IN_ALL, SHOWN_PER_CAUSE, SHOWN_PROBLEMS
from tests.reports import made_up
from tests.reports.made_up import HOSTILE, problem, report, unknown, violation

ALLOWED = {
    "html", "head", "meta", "title", "link", "style", "body", "a", "header", "main", "footer", "section", "article",
    "p", "h1", "h2", "h3", "h4", "h5", "small", "ul", "ol", "li", "strong", "em", "b", "span", "code", "form",
    "fieldset", "legend", "label", "input", "select", "option", "button", "output", "details", "summary", "div",
    "table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "script", "pre",
}  # fmt: skip


class Parsed(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def page(given: Report) -> str:
    return "".join(write_report(given, "html"))


@pytest.mark.parametrize("given", [made_up.everything(), made_up.hostile(), report()], ids=["all", "hostile", "empty"])
def test_nothing_out_of_a_claim_becomes_markup(given: Report) -> None:
    parsed = Parsed(page(given))
    assert {tag for tag, _ in parsed.elements} <= ALLOWED
    assert [tag for tag, _ in parsed.elements].count("script") == 1
    for _, attributes in parsed.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "action")]
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))


def test_hostile_text_is_shown_as_text() -> None:
    text = Parsed(page(made_up.hostile())).text
    for given in HOSTILE:
        assert "".join(c if c.isprintable() else "?" for c in given) in text
    assert not [c for c in page(made_up.hostile()) if not c.isprintable() and c != "\n"]


def test_the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else() -> None:
    text = page(made_up.everything())
    policy = next(
        a["content"] or "" for t, a in Parsed(text).elements if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_page_names_no_other_host() -> None:
    text = re.sub(r"<li>.*?</li>", "", page(made_up.everything()))  # authorities may
    assert not re.findall(r"https?://|url\(|@import|fetch\(|XMLHttpRequest|innerHTML|eval\(", text)


def test_the_page_says_what_a_biller_needs() -> None:
    text = " ".join(Parsed(page(made_up.everything())).text.split())
    for words in (
        "Why it is a problem", "Remedy", "42 CFR 413.65(g)(2), (g)(5)", "Change SV105 = 19", "a person decides",
        "Ask compliance", "No sites registry is loaded", "Blank in the registry", "line 1 · CLM05-1 · byte 700",
        "Site North Clinic (NORTH)", "This check", "leading-zero-lost", "2 claims not judged", "On 8 lines, first here.",
        "Paid too much: $18.15", "pays the non-facility rate",
    ):  # fmt: skip
        assert words in text, words


def test_a_large_report_lists_the_first_findings_and_says_how_many_there_are() -> None:
    text = page(made_up.many(40_000))
    assert text.count('class="finding"') == SHOWN_IN_ALL
    words = " ".join(Parsed(text).text.split())
    assert f"{SHOWN_IN_ALL:,} of 40,000 findings are listed on this page" in words
    assert f"The first {SHOWN_PER_CAUSE} of 1,000 findings are listed." in words
    assert "1,000 findings, not listed here." in words
    assert len(text) < 4_000_000


def test_many_causes_and_problems_are_cut_too() -> None:
    findings = [violation(site_id=f"S{number}", evidence={}) for number in range(SHOWN_CAUSES + 7)]
    problems = tuple(problem(row_number=number) for number in range(1, SHOWN_PROBLEMS + 4))
    words = " ".join(Parsed(page(report(*findings, problems=problems))).text.split())
    assert "7 more root causes are not on this page." in words
    assert f"The first {SHOWN_PROBLEMS} of {SHOWN_PROBLEMS + 3} intake problems are listed." in words


def test_without_findings_there_is_nothing_to_filter() -> None:
    text = page(report())
    assert "Nothing to act on" in text
    assert '<form id="filter"' not in text


def test_a_finding_without_a_page_is_shown() -> None:
    assert "Made up by us" in page(report(violation(rule="ZZZ999", name="made-up-by-us"), unknown(rule="ZZZ998")))
