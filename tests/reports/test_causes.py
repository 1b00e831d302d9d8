"""Root causes: which findings one action clears, and in what order they are to be worked."""

from __future__ import annotations

from decimal import Decimal

from scrubjay.reports.causes import cause_action, cause_title, root_causes
from scrubjay.rule import load_rules
from tests.reports.made_up import BLANK, NO_SITES, everything, moves, of_row, of_site, unknown, violation

NO_ENCOUNTERS = {"fact": "is_registered_outpatient", "meaning": "the patient was registered",
                 "because": "no encounters registry is loaded", "supplied_by": "registration (encounters)"}  # fmt: skip


def test_a_rule_at_a_site_is_one_cause_whatever_the_file_and_the_claim() -> None:
    found = root_causes([violation(), violation(claim_id="A2"), of_row(), violation(site_id="SOUTH", evidence={})])
    assert [(one.site_id, one.site, one.size, one.claim_count) for one in found] == [
        ("NORTH", "North Clinic (NORTH)", 3, 3),
        ("SOUTH", "SOUTH", 1, 1),
    ]


def test_violations_of_another_rule_are_another_cause() -> None:
    assert len(root_causes([violation(), violation(rule="SET102")])) == 2


def test_a_missing_registry_is_one_cause_for_all_rules_and_sites() -> None:
    other = {**NO_SITES, "fact": "site_type", "supplied_by": "credentialing (sites registry)"}
    found = root_causes([unknown(), unknown(rule="DEP102", severity="info", missing=[other], site_id="SOUTH")])
    assert [(one.severity, one.site_id, one.size, list(one.rules), one.offices, one.claim_count) for one in found] == [
        ("hold", None, 16, ["DEP101", "DEP102"], ["compliance", "credentialing"], None)
    ]


def test_another_reason_is_another_cause() -> None:
    assert (
        len(root_causes([unknown(), unknown(missing=[NO_ENCOUNTERS]), unknown(missing=[NO_SITES, NO_ENCOUNTERS])])) == 3
    )


def test_a_blank_cell_is_a_cause_of_its_site_and_fact() -> None:
    blank = [
        unknown(missing=[BLANK], site_id="NORTH"),
        unknown(missing=[BLANK], site_id="NORTH", rule="DEP102"),
        unknown(missing=[BLANK], site_id="SOUTH"),
        unknown(missing=[{**BLANK, "fact": "site_type"}], site_id="SOUTH"),
    ]
    assert [(one.site_id, one.size) for one in root_causes(blank)] == [("NORTH", 16), ("SOUTH", 8), ("SOUTH", 8)]


def test_folded_sites_are_a_cause_of_no_single_site() -> None:
    found = root_causes([of_site(outcome="unknown", missing=[BLANK], line_count=4)])
    assert [(one.site_id, one.sizes) for one in found] == [(None, {"site": 4})]


def test_the_worst_come_first_and_then_the_largest() -> None:
    found = root_causes([violation(severity="info"), unknown(), violation(rule="SET102"),
                         violation(rule="FMT101", claim_id="A2"), violation(rule="FMT101")])  # fmt: skip
    assert [(one.severity, next(iter(one.rules))) for one in found] == [
        ("error", "FMT101"), ("error", "SET102"), ("hold", "DEP101"), ("info", "DEP101"),
    ]  # fmt: skip


def test_every_finding_has_one_cause() -> None:
    report = everything()
    found = [finding["fingerprint"] for cause in root_causes(report.findings) for finding in cause.findings]
    assert sorted(found) == sorted(one["fingerprint"] for one in report.findings)


def test_exposure_is_added_where_it_is_known() -> None:
    amounts = [violation(claim_id=f"A{n}", **moves(one)) for n, one in enumerate(("21.25", "-3.10", None))]
    (cause,) = root_causes(amounts)
    assert (cause.exposure.overpaid, cause.exposure.underpaid) == (Decimal("21.25"), Decimal("3.10"))
    assert (cause.exposure.lines, len(cause.exposure.unknown)) == (2, 1)
    assert not root_causes([violation()])[0].exposure


def test_a_cause_says_in_words_what_is_wrong_and_what_to_do() -> None:
    pages = load_rules()
    wrong, missing, blank = root_causes(
        [
            violation(),
            unknown(missing=[NO_SITES, NO_ENCOUNTERS]),
            unknown(missing=[BLANK], site_id="SOUTH", line_count=1),
        ]
    )
    assert cause_title(wrong, pages) == "Office place of service at a provider-based department"
    assert cause_action(wrong, pages)[0] == "Change SV105 = 19 (review)."
    assert len(cause_action(wrong, pages)) > 1
    assert cause_title(missing, pages) == "No sites registry is loaded; no encounters registry is loaded"
    assert cause_action(missing, pages)[1] == "Ask registration (encounters): the patient was registered."
    assert cause_title(blank, pages).startswith("Blank in the registry: the site is hospital outpatient space")


def test_a_rule_without_a_page_still_has_a_title() -> None:
    (cause,) = root_causes([violation(rule="ZZZ999", name="made-up-by-us", fix={})])
    assert cause_title(cause, load_rules()) == "Made up by us"
    assert cause_action(cause, load_rules()) == []
