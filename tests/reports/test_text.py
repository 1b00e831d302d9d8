"""The text report: unknowns that wait for the same answer stand together, violations alone."""

from __future__ import annotations

from scrubjay.engine import Row
from scrubjay.reports import location, write_report
from tests.reports.made_up import (
    BLANK,
    NO_FEES,
    NO_SITES,
    costly,
    everything,
    moves,
    of_row,
    of_run,
    of_site,
    report,
    unknown,
    violation,
)

HEAD = "july.837:ST0001:CLM*A1:LX*1:CLM05-1  DEP101 error"


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


def test_the_head_of_a_finding_says_what_it_moves() -> None:
    assert text(violation(**moves("21.25"))).startswith(f"{HEAD}  $21.25 overpaid\n")
    assert text(violation(**moves("-1003.10"))).startswith(f"{HEAD}  $1,003.10 underpaid\n")
    for nothing in ({}, moves("0.00"), moves(None)):
        assert text(violation(**nothing)).startswith(f"{HEAD}\n")


def test_an_amount_that_is_not_known_says_why_below_the_message() -> None:
    printed = text(violation(**moves(None, national="37.74")), width=120)
    assert (
        "on that day.\n"
        "  amount not known: no ZIP code file of 2026 is loaded; about $37.74 overpaid where all geographic indices are 1\n"
        "  fix (review): SV105 = 19\n"
    ) in printed
    assert "\namount not known on 1 finding.\n" in printed


def test_without_fee_files_the_sums_say_once_that_there_are_no_amounts() -> None:
    outpatient = "no outpatient rates are loaded"
    found = [violation(claim_id=f"A{n}", **moves(None, because=NO_FEES)) for n in range(3)]
    printed = text(*found, width=120)
    assert printed.count(NO_FEES) == 1
    assert "amount not known" not in printed
    assert f"\nNo amounts: {NO_FEES}. 'scrubjay fees import' loads CMS's files.\n" in printed
    found.append(violation(claim_id="A9", **moves(None, because=f"{outpatient}; the line has no number of units")))
    assert f"\nNo amounts: {NO_FEES}; {outpatient}. 'scrubjay fees import'" in text(*found, width=200)


def test_where_some_amounts_are_known_the_sums_say_how_many_lack_their_fee_files() -> None:
    found = [
        violation(**moves("1234.50")),
        violation(claim_id="A2", **moves("-20.70")),
        violation(claim_id="A3", **moves(None)),
        violation(claim_id="A4", **moves(None, because=NO_FEES)),
    ]
    printed = text(*found, width=200)
    assert "\noverpaid $1,234.50 on 1 line, underpaid $20.70 on 1 line; not known on 2 findings.\n" in printed
    assert f"\nNo amounts on 1 finding: {NO_FEES}. 'scrubjay fees import' loads CMS's files.\n" in printed


def test_where_no_rule_moves_money_nothing_is_said_of_it() -> None:
    for words in ("paid", "amount", "most by"):
        assert words not in text(violation(message="Wrong.", fix={}), unknown())


def test_more_than_a_handful_of_amounts_end_with_the_three_largest() -> None:
    printed = "".join(write_report(costly(), "text", 200))
    (by_cause, by_site) = [line for line in printed.splitlines() if line.startswith("most by ")]
    assert by_cause == (
        "most by root cause (some lines are in several): DEP101 at SOUTH $2,649.36 overpaid; DEP101 at NORTH $2,551.22 overpaid; "
        "DEP101 at EAST $2,390.02 overpaid."
    )
    assert by_site.startswith("most by site: NORTH $2,796.05 overpaid; SOUTH ")
    few = [violation(claim_id=f"A{n}", site_id=f"S{n}", **moves("5.00")) for n in range(5)]
    assert "most by" not in text(*few)
    one_place = [violation(claim_id=f"A{n}", **moves("5.00")) for n in range(9)]
    assert "most by" not in text(*one_place)
    both = [violation(claim_id=f"B{n}", site_id="EAST", **moves("-2.00")) for n in range(3)]
    both.append(violation(claim_id="B9", site_id="EAST", **moves("70.00")))
    assert "most by root cause: DEP101 at EAST $70.00" in text(*one_place, *both, width=200)
    assert "most by site: EAST $70.00 overpaid, $6.00 underpaid; NORTH $45.00 overpaid." in text(
        *one_place, *both, width=200
    )


def test_sums_of_money_keep_to_the_width() -> None:
    lines = "".join(write_report(costly(), "text", 80)).splitlines()
    assert [line for line in lines if len(line) > 80] == []
