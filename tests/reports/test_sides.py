"""The two claims of a pair side by side, in words."""

from __future__ import annotations

from typing import Any

import pytest

from scrubjay.engine import Row
from scrubjay.reports.sides import Sides, sides
from scrubjay.rule import load_rules
from scrubjay.tables import FACILITY_CLAIM_FACTS, GRAINS
from tests.reports.made_up import NO_CLAIMS, OTHER_SERVICE, of_pair, orphan, pairs, violation


def said(finding: Row) -> Sides:
    found = sides(finding)
    assert found is not None
    return found


def rows(finding: Row) -> dict[str, tuple[str, str, str, bool]]:
    return {row.name: (row.professional, row.facility, row.compared, row.is_marked) for row in said(finding).rows}


def test_both_claims_are_told_row_by_row_and_what_does_not_fit_is_marked() -> None:
    assert rows(of_pair()) == {
        "claim": ("A1, line 1", "H-7730", "", False),
        "file": ("july.837", "hospital.837", "", False),
        "sender": ("NPI 1234567893", "General Hospital", "", False),
        "date": ("2026-08-12", "the same day", "", False),
        "site": ("North Clinic (NORTH)", "North Clinic (NORTH)", "the same place", False),
        "place and bill": ("POS 11", "type of bill 131, which goes with POS 19", "does not fit", True),
        "codes": ("99213", "36415 G0463-PO, revenue codes 0300 0510", "the same service", False),
        "modifiers": ("25", "PO", "", False),
    }
    assert said(of_pair()).others == {"match_method": "member number"}


@pytest.mark.parametrize(
    ("changes", "name", "told"),
    [
        ({"evidence": {"facility_modifiers": "", "modifiers": ""}}, "modifiers", ("none", "none of PO, PN and ER", "", False)),
        ({"evidence": {"facility_revenue_codes": "0510", "facility_procedure_codes": ""}}, "codes",
         ("99213", "no procedure, revenue code 0510", "the same service", False)),
        ({"evidence": {"facility_type_of_bill_code": "111"}}, "date", ("2026-08-12", "a stay that holds that day", "", False)),
        ({"evidence": {"facility_type_of_bill_code": "", "paired_place_of_service_codes": None}}, "place and bill",
         ("POS 11", "no type of bill", "does not fit", True)),
        ({"evidence": {"facility_site_id": None, "facility_site_name": None, "is_same_place": None}}, "site",
         ("North Clinic (NORTH)", "not known", "not known whether the same", False)),
        ({"evidence": {"is_same_place": False, "facility_site_id": "EAST", "facility_site_name": "EAST"}}, "site",
         ("North Clinic (NORTH)", "EAST", "another place", False)),
        ({"line_number": None}, "claim", ("A1", "H-7730", "", False)),
        ({"fix": {"action": "drop_line"}}, "codes",
         ("99213", "36415 G0463-PO, revenue codes 0300 0510", "the same service", True)),
        ({"fix": {}}, "place and bill", ("POS 11", "type of bill 131, which goes with POS 19", "does not fit", True)),
        ({"outcome": "unknown", "missing": [OTHER_SERVICE], "evidence": {"is_same_service": None}}, "codes",
         ("99213", "36415 G0463-PO, revenue codes 0300 0510", "not known whether the same", True)),
        ({"outcome": "unknown", "missing": [{**OTHER_SERVICE, "fact": "paired_place_of_service_code"}]}, "place and bill",
         ("POS 11", "type of bill 131, which goes with POS 19", "not known whether it fits", True)),
    ],
)  # fmt: skip
def test_a_row_says_in_words_what_a_claim_leaves_blank(
    changes: dict[str, Any], name: str, told: tuple[Any, ...]
) -> None:
    assert rows(of_pair(**changes))[name] == told


def test_where_there_is_no_claim_of_the_facility_it_is_said_and_nothing_is_compared() -> None:
    _, none, not_known, _, _ = pairs().findings
    assert said(none).absence == "None was given for that patient and day."
    assert said(none).others == {"days_since_service": 102}
    assert said(not_known).absence == "Not known: no claims of that hospital were given for that day."
    for one in (none, not_known):
        assert not said(one).is_compared
        assert {(row.facility, row.is_marked) for row in said(one).rows} == {("", False)}
    assert said(not_known).others == {}
    assert said(orphan(evidence={"has_facility_claim": None})).absence == "Not known."


def test_a_page_of_ones_own_may_name_less() -> None:
    def with_evidence(**evidence: Any) -> Row:
        return {**of_pair(), "fix": {}, "evidence": evidence}

    assert sides(with_evidence(place_of_service_code="11", is_same_place=True)) is None
    assert said(with_evidence(facility_claim_id="", modifiers="")).absence == "None was found."
    assert said(with_evidence(has_facility_claim=True)).absence == ""
    found = rows(with_evidence(modifiers="25", facility_claim_id="H1"))
    assert found["modifiers"] == ("25", "", "does not fit", True)
    assert "codes" not in found


def test_a_finding_about_something_else_has_no_sides() -> None:
    assert sides(violation()) is None
    assert sides({**violation(), "missing": [NO_CLAIMS]}) is None


def test_every_page_about_pairs_says_whether_there_is_a_claim_of_the_facility() -> None:
    pages = [rule for rule in load_rules().values() if rule.table is GRAINS["claim_pair"]]
    assert len(pages) >= 6
    for page in pages:
        assert {"has_facility_claim", "facility_claim_id"} & set(page.evidence), page.code
        assert {"billing_provider_npi", "procedure_code", "modifiers", "site_name"} <= set(page.evidence), page.code
    assert "facility_amount" not in FACILITY_CLAIM_FACTS
