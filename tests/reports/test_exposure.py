"""What findings cost: overpaid and underpaid apart, each line once, and nothing that is not known taken for 0."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.engine import Row, exposed_lines
from scrubjay.reports.causes import exposure_by_cause, exposure_tables, root_causes
from scrubjay.reports.exposure import KEYS, exposure_by, exposure_of, exposure_text, month_of, share, without_share
from scrubjay.reports.wording import amount_not_known, site_of
from scrubjay.rule import load_rules
from tests.reports.made_up import NO_FEES, NO_ZIP_CODES, costly, moves, unknown, violation

PAGES = load_rules()

some_amount = st.none() | st.decimals("-500", "500", places=2).map(str)
some_finding = st.builds(
    lambda amount, claim, line, rule, of_claim: violation(
        claim_id=claim, line_number=line, rule=rule, **of_claim[claim], **moves(amount)
    ),
    some_amount,
    st.sampled_from("ABC"),
    st.integers(1, 2),
    st.sampled_from(["DEP101", "SET102", "PRO112"]),
    st.fixed_dictionaries(
        {
            claim: st.fixed_dictionaries(
                {
                    "site_id": st.sampled_from(["NORTH", "SOUTH", None]),
                    "payer": st.sampled_from(["MEDICARE", "PLAN", None]),
                    "service_date": st.sampled_from(["2026-07-31", "2026-08-01", None]),
                }
            )
            for claim in "ABC"
        }
    ),
)


def test_overpaid_and_underpaid_are_summed_apart_and_the_net_is_their_difference() -> None:
    row = exposure_of([violation(**moves("21.25")), violation(claim_id="A2", **moves("-30.35"))])
    assert (row.overpaid, row.underpaid, row.net) == (Decimal("21.25"), Decimal("30.35"), Decimal("-9.10"))
    assert (row.lines, row.moved) == (2, Decimal("51.60"))


def test_of_several_findings_on_a_line_the_largest_counts_whatever_its_sign() -> None:
    row = exposure_of([violation(**moves("21.25")), violation(rule="SET102", **moves("-30.35"))])
    assert (row.overpaid, row.underpaid, row.lines) == (Decimal("0.00"), Decimal("30.35"), 1)
    assert [one["rule"] for one in row.findings] == ["SET102"]


def test_an_amount_that_is_not_known_is_counted_and_is_in_no_sum() -> None:
    row = exposure_of([violation(**moves(None)), violation(claim_id="A2"), unknown()])
    assert (row.lines, row.net, len(row.unknown)) == (0, Decimal("0.00"), 1)
    assert {because: len(found) for because, found in row.reasons.items()} == {NO_ZIP_CODES: 1}
    assert not exposure_of([violation(), unknown()])


def test_the_most_frequent_reason_comes_first() -> None:
    found = [violation(claim_id=f"A{n}", **moves(None, because=why)) for n, why in enumerate(("a", "b", "b"))]
    assert list(exposure_of(found).reasons) == ["b", "a"]


def test_the_largest_row_comes_first_and_what_is_not_known_last() -> None:
    found = [
        violation(claim_id="A1", site_id="SMALL", **moves("1.00")),
        violation(claim_id="A2", site_id="UNKNOWN", **moves(None)),
        violation(claim_id="A3", site_id="NIL", **moves("0.00")),
        violation(claim_id="A4", site_id="UNDER", **moves("-9.00")),
        violation(claim_id="A5", site_id="BOTH", **moves("8.00")),
        violation(claim_id="A6", site_id="BOTH", **moves("-8.00")),
        violation(claim_id="A7", site_id="NOTHING"),
    ]
    assert [row.key for row in exposure_by(found, site_of)] == ["BOTH", "UNDER", "SMALL", "NIL", "UNKNOWN"]


def test_a_month_is_that_of_the_service_date() -> None:
    found = [
        violation(claim_id=day or "", service_date=day, **moves("1.00")) for day in ("2026-08-31", "2026-09-01", None)
    ]
    assert [row.key for row in exposure_by(found, month_of)] == ["2026-08", "2026-09", None]


@pytest.mark.parametrize("by", KEYS)
@given(findings=st.lists(some_finding, max_size=12))
def test_sums_by_site_payer_and_month_are_the_sums_of_the_lines(by: str, findings: list[Row]) -> None:
    rows, total = exposure_by(findings, KEYS[by]), exposure_of(findings)
    lines = [Decimal(one["exposure_amount"]) for one in exposed_lines(findings)]
    assert sum((row.net for row in rows), Decimal()) == sum(lines) == total.net
    assert sum((row.overpaid for row in rows), Decimal()) == sum(one for one in lines if one > 0) == total.overpaid
    assert sum((row.underpaid for row in rows), Decimal()) == sum(-one for one in lines if one < 0) == total.underpaid
    assert sum(row.lines for row in rows) == len(lines)
    assert sum(len(row.unknown) for row in rows) == sum(one["exposure_amount"] is None for one in findings)
    assert [row.moved for row in rows] == sorted((row.moved for row in rows), reverse=True)


@given(findings=st.lists(some_finding, max_size=12))
def test_a_root_cause_has_the_amounts_of_its_own_findings(findings: list[Row]) -> None:
    causes = root_causes(findings)
    rows = exposure_by_cause(causes)
    assert sum(len(row.unknown) for row in rows) == len(exposure_of(findings).unknown)
    for row in rows:
        assert row.net == exposure_of(causes[row.key - 1].findings).net


def test_a_line_in_two_root_causes_is_in_both_but_once_in_the_total() -> None:
    found = [violation(**moves("21.25")), violation(rule="SET102", **moves("19.00"))]
    assert [row.overpaid for row in exposure_by_cause(root_causes(found))] == [Decimal("21.25"), Decimal("19.00")]
    assert exposure_of(found).overpaid == Decimal("21.25")


def test_the_tables_name_their_rows_in_words() -> None:
    given = costly()
    tables = exposure_tables(given.findings, root_causes(given.findings), PAGES)
    assert list(tables) == ["root cause", "site", "payer", "month"]
    names = {by: [name for name, _ in rows] for by, rows in tables.items()}
    assert names["root cause"][0] == "Office place of service at a provider-based department at South Clinic (SOUTH)"
    assert names["site"][0] == "North Clinic (NORTH)"
    assert names["site"][-1] == "site not known"
    assert "payer not known" in names["payer"]
    assert sorted(names["month"]) == ["2026-05", "2026-06", "2026-07", "2026-08"]


def test_the_sums_are_those_of_the_summary() -> None:
    given, row = costly(), exposure_of(costly().findings)
    assert given.summary["exposure"] == {
        "overpaid_amount": str(row.overpaid),
        "underpaid_amount": str(row.underpaid),
        "lines": row.lines,
        "findings_without_amount": len(row.unknown),
    }


def test_shares_are_added_where_they_are_known() -> None:
    found = [violation(**moves("10.00")), violation(claim_id="A2", **moves("-5.00"))]
    assert (share(found, "program_amount"), share(found, "beneficiary_amount")) == (Decimal("4.00"), Decimal("1.00"))
    of_hospital = violation(claim_id="A3", **moves("81.61", hospital=True))
    assert share([*found, of_hospital], "program_amount") == Decimal("4.00")
    assert without_share([*found, of_hospital]) == 1
    assert share([of_hospital], "program_amount") is None


@pytest.mark.parametrize(
    ("amounts", "text"),
    [
        (["21.25", "1000.00"], "overpaid $1,021.25 on 2 lines"),
        (["-3.10"], "underpaid $3.10 on 1 line"),
        (
            ["21.25", "-3.10", "0.00", None],
            "overpaid $21.25 on 1 line, underpaid $3.10 on 1 line; not known on 1 finding",
        ),
        (["0.00"], "no difference on 1 line"),
        ([None, None], "amount not known on 2 findings"),
        ([], ""),
    ],
)
def test_sums_in_words(amounts: list[str | None], text: str) -> None:
    found = [violation(claim_id=f"A{number}", **moves(amount)) for number, amount in enumerate(amounts)]
    assert exposure_text(exposure_of(found)) == text


@pytest.mark.parametrize(
    ("money", "text"),
    [
        ({}, ""),
        (moves("1.00"), ""),
        (moves("0.00"), ""),
        (moves(None), f"amount not known: {NO_ZIP_CODES}"),
        (
            moves(None, national="37.74"),
            f"amount not known: {NO_ZIP_CODES}; about $37.74 overpaid where all geographic indices are 1",
        ),
        (
            moves(None, national="-3.10"),
            f"amount not known: {NO_ZIP_CODES}; about $3.10 underpaid where all geographic indices are 1",
        ),
        (
            moves(None, national="0.00"),
            f"amount not known: {NO_ZIP_CODES}; about $0.00 where all geographic indices are 1",
        ),
        (moves(None, because=NO_FEES), ""),
        (moves(None, because="no outpatient rates are loaded; the line has no number of units"), ""),
    ],
)
def test_why_an_amount_is_not_known(money: dict[str, Any], text: str) -> None:
    assert amount_not_known(violation(**money)) == text
