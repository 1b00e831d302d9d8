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
from tests.reports.made_up import HOSTILE, NO_FEES, moves, problem, report, unknown, violation

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


@pytest.mark.parametrize(
    "given",
    [made_up.everything(), made_up.pairs(), made_up.hostile(), report()],
    ids=["all", "pairs", "hostile", "empty"],
)
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
        "Overpaid $21.25 on 1 line, underpaid $3.10 on 1 line; not known on 1 finding.", "What it costs", "pays the non-facility rate",
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


def words(given: Report) -> str:
    return " ".join(Parsed(page(given)).text.split())


def test_the_page_says_what_it_costs() -> None:
    text = words(made_up.costly())
    for sentence in (
        "What it costs: overpaid $9,160.11 on 51 lines, underpaid $113.22 on 3 lines; not known on 4 findings.",
        "$9,160.11 overpaid Owed back, on 51 lines.",
        "Programme $7,132.23 ($6,989.58 after sequestration), patient $1,783.05; shares not known on 3 lines.",
        "$113.22 underpaid Owed to the provider, on 3 lines. Programme $90.57 ($88.77 after sequestration), patient $22.65.",
        "$9,046.89 net Owed back, once one is set off against the other.",
        "3 findings whose amount is not known: no ZIP code file of 2026 is loaded.",
        "A line may be in several root causes, so their sum may be more than the total.",
        "1 more root cause",
        "West Imaging (WEST) $1,324.68 $113.22 $1,211.46 10 –",
        "site not known – – not known – 1",
        "$19.00 overpaid: $76.45 as billed, $57.45 as it should be; programme $15.20 ($14.90 after sequestration), "
        "patient $3.80. Another finding on this line moves more; that one counts.",
        "Amount not known: no ZIP code file of 2026 is loaded; about $37.74 overpaid where all geographic indices are 1",
    ):
        assert sentence in text, sentence


def test_every_number_of_what_it_costs_leads_to_something_on_the_page() -> None:
    for given in (made_up.costly(), made_up.hostile(), made_up.many(9000)):
        parsed = Parsed(page(given))
        ids = {attributes.get("id") for _, attributes in parsed.elements}
        targets = [attributes["href"] for tag, attributes in parsed.elements if tag == "a"]
        assert [target for target in targets if target and target[1:] not in ids] == []


def test_a_number_whose_findings_are_not_listed_is_no_link() -> None:
    listed = made_up.many(SHOWN_IN_ALL * 6).findings
    text = page(report(*listed, violation(site_id="S39", claim_id="Z1", payer="LAST", **moves("12.34"))))
    assert '<td class="n" data-label="overpaid">$12.34</td>' in text
    assert "LAST" in text


def test_without_fee_files_the_page_says_once_that_there_are_no_amounts() -> None:
    given = report(*(violation(claim_id=f"A{n}", **moves(None, because=NO_FEES)) for n in range(3)))
    text = words(given)
    assert f"No amounts on 3 findings: {NO_FEES}. scrubjay fees import loads CMS's files." in text
    assert "By site" not in text
    assert "Amount not known" not in text


def test_a_net_below_zero_says_who_is_owed() -> None:
    text = words(report(violation(**moves("-3.10"))))
    assert "-$3.10 net Below zero: owed to the provider" in text
    assert "$0.00 overpaid" in text


def test_where_no_finding_moves_money_the_page_says_nothing_of_it() -> None:
    text = page(report(violation(), unknown()))
    for absent in ("costs", "data-money", 'id="payer"', 'id="money"'):
        assert absent not in text.partition("<body>")[2].partition("<script>")[0], absent


def test_many_reasons_and_sites_are_cut_and_counted() -> None:
    found = [violation(claim_id=f"A{n}", site_id=f"S{n}", **moves(None, because=f"reason {n}")) for n in range(12)]
    found += [violation(claim_id=f"B{n}", site_id=f"T{n}", **moves(f"{n}.25")) for n in range(SHOWN_CAUSES)]
    text = words(report(*found))
    assert "2 more reasons; the findings name them." in text
    assert "12 more sites with smaller amounts are not on this page" in text


def test_both_claims_of_a_pair_stand_side_by_side() -> None:
    text = page(made_up.pairs())
    assert text.count('<table class="pair">') == 4  # and none for the finding about a line
    said = words(made_up.pairs())
    for sentence in (
        "Both claims The professional claim The facility's claim Compared claim A1, line 1 H-7730 file july.837 hospital.837",
        "place and bill POS 11 type of bill 131, which goes with POS 19 does not fit",
        "codes 99213 36415 G0463-PO, revenue codes 0300 0510 the same service modifiers 25 PO",
        "claim A2, line 1 None was given for that patient and day. file july.837",
        "claim A3, line 1 Not known: no claims of that hospital were given for that day.",
        "codes 99213 36415 G0463-PO, revenue codes 0300 0510 not known whether the same",
    ):
        assert sentence in said, sentence
    first = text.partition('<table class="pair">')[2].partition("</table>")[0]
    assert first.count('<th scope="row">') == 8
    assert first.count('<th scope="col"') == 3
    assert first.count('<tr class="marked">') == 1
    assert "facility claim id" not in said


def test_a_hostile_pair_is_shown_as_text() -> None:
    marks = "A\u202e\u200f<script>window.hacked = 1</script>"
    text = page(report(made_up.of_pair(claim_id=marks, evidence=dict.fromkeys(made_up.OF_A_CLAIM, marks))))
    assert text.count("<script>") == 1
    assert not {"\u202e", "\u200f"} & set(text)
    shown = "A??<script>window.hacked = 1</script>"
    said = " ".join(Parsed(text).text.split())
    assert f"claim {shown}, line 1 {shown}" in said
    assert f"modifiers {shown} {shown}" in said
    assert f'data-label="claim">{shown}' not in text
