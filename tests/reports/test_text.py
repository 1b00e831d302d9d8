"""The text report: unknowns that wait for the same answer stand together, violations alone."""

from __future__ import annotations

from scrubjay.engine import Row
from scrubjay.reports import location, write_report
from tests.reports.made_up import BLANK, NO_SITES, everything, of_row, of_run, of_site, report, unknown, violation


def text(*findings: Row, width: int = 80) -> str:
    return "".join(write_report(report(*findings), "text", width))


def test_unknowns_of_several_rules_with_one_reason_are_one_block() -> None:
    printed = text(
        unknown(),
        unknown(rule="DEP102", name="non-hospital-place-of-service-at-a-provider-based-department", line_count=1),
        unknown(rule="ZZZ104", name="made-up-by-us", claim_id="A4", line_count=6),
        width=120,
    )
    assert printed.startswith(
        "july.837:ST0001:CLM*A1:LX*1:CLM05-1  hold, 3 rules\n"
        "  Cannot tell whether these are wrong:\n"
        "    DEP101  Office place of service at a provider-based department: 8 lines\n"
        "    DEP102  Non-hospital place of service at a provider-based department: 1 line\n"
        "    ZZZ104  Made up by us: 6 lines, first at CLM*A4:LX*1:CLM05-1\n"
        "  Not known: is_provider_based (no sites registry is loaded).\n"
        "  ask: compliance\n\n"
    )


def test_an_unknown_alone_keeps_its_own_block() -> None:
    printed = text(unknown())
    assert printed.startswith("july.837:ST0001:CLM*A1:LX*1:CLM05-1  DEP101 hold\n  On 8 lines, first here.\n")
    assert "\n  ask: compliance (sites registry: site_type, provider_based_from)\n" in printed


def test_another_severity_reason_office_or_outcome_is_another_block() -> None:
    others: list[Row] = [
        {"severity": "info"},
        {"missing": [BLANK]},
        {"missing": [{**NO_SITES, "supplied_by": "credentialing"}]},
    ]
    for other in others:
        assert "rules" not in text(unknown(), unknown(rule="DEP102", **other)).replace("scrubjay rule", "")
    assert text(violation(), violation(rule="DEP102")).count("DEP10") == 2


def test_blank_cells_of_other_sites_are_other_blocks_a_missing_registry_is_one() -> None:
    blank = [unknown(missing=[BLANK], site_id=site, rule=f"DEP10{n}") for n, site in enumerate(("NORTH", "SOUTH"), 1)]
    assert "2 rules" not in text(*blank)
    missing = [unknown(site_id=site, rule=rule) for site in ("NORTH", "SOUTH") for rule in ("DEP101", "DEP102")]
    printed = text(*missing, width=120)
    assert "hold, 2 rules" in printed
    assert "provider-based department: 16 lines at 2 sites\n" in printed


def test_each_unknown_line_keeps_its_place() -> None:
    each = [unknown(rule=rule, claim_id=claim, line_count=1) for claim in ("A1", "A2") for rule in ("DEP101", "DEP102")]
    printed = text(*each)
    assert printed.count("hold, 2 rules") == 2
    assert "CLM*A2:LX*1:CLM05-1  hold" in printed


def test_places_of_every_grain() -> None:
    places = [location(one) for one in (violation(), of_row(), of_site(), of_run())]
    assert places == [
        "july.837:ST0001:CLM*A1:LX*1:CLM05-1", "july.csv:row 4:CLM*A1:LX*1:place_of_service_code",
        "sites:NORTH", "this check",
    ]  # fmt: skip


def test_the_sums_count_lines_claims_and_sites_apart() -> None:
    printed = "".join(write_report(everything(), "text", 200))
    assert (
        "error: 3 lines; on hold until known: 9 lines; warning: 8 lines, 1 claim; info: 1 site, the check itself.\n"
        in printed
    )
    assert "2 claims not judged: no rule reads dental claims yet.\n" in printed


def test_folded_findings_name_what_they_count() -> None:
    assert "On 3 sites, first here." in text(of_site(outcome="unknown", missing=[BLANK], line_count=3))
    assert "On 2 claims, first here." in text(unknown(grain="claim", line_number=None, line_count=2))
