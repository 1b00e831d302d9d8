"""The engine: findings out of facts and rules, where they stand, and that they stay the same."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scrubjay
from scrubjay import Report, UnknownRule, UsageError, Workspace
from scrubjay.engine import Grain, connect, exposed_lines
from scrubjay.reference.law import last_read, load_laws
from scrubjay.reports import write_report
from scrubjay.rule import Rule
from scrubjay.rule_cases import fill_facts
from scrubjay.tables import SITE_GRAINS
from tests.conftest import RUN_DATE
from tests.formats.x12_text import INSTITUTIONAL, LINE_BY_LINE, billing_provider, file_of
from tests.samples import (
    NORTH,
    NOWHERE,
    SITES,
    SOUTH,
    VISIT_DAY,
    Batch,
    Claim,
    Facility,
    Line,
    make_rule,
    write_csv,
    write_workspace,
)

CLAIMS = (
    Claim("A1", facility=NORTH, lines=(Line(), Line(pos="22"), Line(procedure="99213:PO"))),
    Claim("A2", facility=SOUTH, pos="22"),
    Claim("A3", facility=NOWHERE, lines=(Line(), Line())),
    Claim("A4", facility=NOWHERE),
    Claim("A5", pos="ZZ", facility=SOUTH),
    Claim("A6", pos="", facility=SOUTH),
    Claim("A7", pos="12"),
    Claim("A8", lines=(Line(facility=NORTH), Line(pos="22", facility=SOUTH))),
)
CLEAN = Batch((Claim("C1", facility=SOUTH),))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(write_workspace(tmp_path / "workspace"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Batch(CLAIMS).write(tmp_path / "july.837")


def count_lines(report: Report) -> Counter[str]:
    counts: Counter[str] = Counter()
    for finding in report.findings:
        counts[finding["rule"]] += finding["line_count"]
    return counts


# --- which findings -----------------------------------------------------------------------------------


def test_a_line_at_a_department_with_an_office_code_is_a_violation(file: Path, workspace: Workspace) -> None:
    found = scrubjay.check([file], workspace=workspace, select=["DEP101"]).findings
    assert [(one["claim_id"], one["line_number"], one["outcome"]) for one in found] == [
        ("A1", 1, "violation"),
        ("A1", 3, "violation"),
        ("A3", 1, "unknown"),
        ("A8", 1, "violation"),
    ]
    first = found[0]
    assert first["message"] == "POS 11 on 2024-03-05 at North Clinic, which is hospital outpatient space on that day."
    assert first["evidence"] == {
        "place_of_service_code": "11", "service_date": "2024-03-05", "site_name": "North Clinic", "site_id": "NORTH",
        "site_type": "provider_based_department", "is_provider_based": True,
    }  # fmt: skip
    assert (first["severity"], first["fix"], first["fix_safety"]) == (
        "error",
        {"place_of_service_code": "22"},
        "review",
    )
    assert (first["name"], first["grain"]) == ("office-place-of-service-at-a-provider-based-department", "service_line")
    assert (first["transaction"], first["file"], first["row_number"]) == ("0001", str(file), None)


def test_an_unknown_says_what_is_missing_why_and_who_can_say(file: Path, workspace: Workspace) -> None:
    found = scrubjay.check([file], workspace=workspace, select=["DEP101"]).findings[2]
    assert (found["severity"], found["line_count"]) == ("hold", 3)
    assert found["missing"] == [
        {
            "fact": "is_provider_based",
            "meaning": "the site is hospital outpatient space on the service date: main campus, remote location, "
            "satellite, or a department within its provider-based dates",
            "because": "no row of the sites registry fits the service location on that day",
            "supplied_by": "compliance (sites registry: site_type, provider_based_from)",
        }
    ]
    assert (found["fix"], found["fix_safety"], found["expected_response"], found["law_versions"]) == ({}, None, {}, {})
    assert found["message"].startswith("Cannot tell")


def test_a_fact_the_registry_leaves_blank_is_said_to_be_blank_there(file: Path, tmp_path: Path) -> None:
    sites = [
        {"site_id": "NORTH", "site_type": "provider_based_department", "address_line_1": "1 Main St", "zip": "90001"}
    ]
    blank = Workspace.open(write_workspace(tmp_path / "w", sites=sites))
    found = scrubjay.check([file], workspace=blank, select=["DEP101"]).findings[0]
    assert (found["outcome"], found["missing"][0]["because"]) == ("unknown", "it is blank in the registry")


def test_a_file_without_faults_gives_no_findings(tmp_path: Path) -> None:
    encounters = [{"member_id": "MEMBER1", "service_date": "2024-03-05", "registration_status": "none"}]
    encounters[0]["admission_status"] = "none"
    folder = write_workspace(tmp_path / "w")
    write_csv(folder / "encounters.csv", encounters)
    report = scrubjay.check([CLEAN.write(tmp_path / "c.837")], workspace=Workspace.open(folder))
    assert (report.findings, report.intake_problems) == ([], [])
    assert (report.summary["claims"], report.summary["lines"], report.summary["findings"]) == (1, 1, 0)
    assert report.summary["lines_by_severity"] == {"error": 0, "hold": 0, "warning": 0, "info": 0}


def test_a_missing_registry_gives_an_unknown_and_never_clear(tmp_path: Path) -> None:
    report = scrubjay.check([CLEAN.write(tmp_path / "c.837")])
    assert {one["rule"] for one in report.findings} >= {"DEP101", "SET102"}
    assert {one["outcome"] for one in report.findings} == {"unknown"}
    assert {one["missing"][0]["because"] for one in report.findings} == {
        "no sites registry is loaded",
        "no encounters registry is loaded",
    }


def test_a_report_holds_findings_of_every_kind(file: Path, workspace: Workspace) -> None:
    report = scrubjay.check([file], workspace=workspace)
    assert {one["outcome"] for one in report.findings} == {"violation", "unknown"}
    assert {one["grain"] for one in report.findings} >= {"service_line", "claim", "site", "site_month"}
    assert {one["severity"] for one in report.findings} >= {"error", "hold", "warning"}


def test_the_laws_a_violation_rests_on_are_given_with_their_version(file: Path) -> None:
    found = scrubjay.check([file], select=["FMT101", "PRO101", "FMT103", "DEP107"]).findings
    assert {one["rule"]: one["law_versions"] for one in found} == {"FMT101": {}, "DEP107": {}}
    visit = Batch((Claim("B1", lines=(Line(procedure="99221"),)),)).write(file.with_name("b.837"))
    [found_visit] = scrubjay.check([visit], select=["PRO101"]).findings
    assert found_visit["law_versions"] == {
        "us.cpt.hospital_inpatient_or_observation_visits": "1992-01-01",
        "us.cms.telehealth.place_of_service_codes": "2022-01-01",
        "us.cpt.hospital_visit_pos": "1992-01-01",
        "us.cpt.hospital_visit_pos_by_contractor": "1992-01-01",
    }


def test_the_receipt_date_decides_where_the_law_goes_by_it(tmp_path: Path) -> None:
    claims = (Claim("B1", pos="10", lines=(Line(day="20220110"),)),)
    early = Batch(claims, made="20220201").write(tmp_path / "b.837")

    def outcomes(received: dt.date | None) -> list[str]:
        return [one["outcome"] for one in scrubjay.check([early], select=["FMT105"], received=received).findings]

    assert outcomes(None) == ["unknown"]
    assert outcomes(dt.date(2022, 3, 31)) == ["violation"]
    assert outcomes(dt.date(2022, 4, 1)) == []
    made_later = Batch(claims, made="20220401").write(tmp_path / "b.837")
    assert scrubjay.check([made_later], select=["FMT105"]).findings == []


# --- selection ----------------------------------------------------------------------------------------


def test_only_selected_rules_run(file: Path, workspace: Workspace) -> None:
    def rules(**options: Any) -> set[str]:
        return {one["rule"] for one in scrubjay.check([file], workspace=workspace, **options).findings}

    everything = rules()
    assert "FMT106" not in everything
    assert rules(select=["FMT"]) == {rule for rule in everything if rule.startswith("FMT")}
    assert rules(select=["dep101", "FMT102"]) == {"DEP101", "FMT102"}
    assert rules(ignore=["DEP", "SET"]) == {rule for rule in everything if not rule.startswith(("DEP", "SET"))}
    assert rules(select=["FMT"], ignore=["FMT102"]) == rules(select=["FMT"]) - {"FMT102"}


def test_a_preview_rule_runs_when_it_is_named_in_full(tmp_path: Path) -> None:
    file = Batch((Claim("B1", pos="11", lines=(Line(pos="11"), Line(pos="11"))),)).write(tmp_path / "b.837")
    assert scrubjay.check([file], select=["FMT"]).findings == []
    [found] = scrubjay.check([file], select=["FMT106"]).findings
    assert (found["rule"], found["line_number"], found["grain"]) == ("FMT106", None, "claim")
    assert found["message"] == "All 2 lines repeat the claim's place of service 11."


@pytest.mark.parametrize("option", ["select", "ignore"])
def test_a_code_that_fits_no_rule_is_wrong_use(file: Path, option: str) -> None:
    with pytest.raises(UnknownRule, match=r"No rule code begins with 'DEP901'\. Did you mean 'DEP10"):
        scrubjay.check([file], **{option: ["DEP901"]})  # type: ignore[arg-type]


def test_a_path_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file or folder"):
        scrubjay.check([tmp_path / "nothing.837"])


# --- folding ------------------------------------------------------------------------------------------


def test_folded_and_each_agree_on_every_count(file: Path, workspace: Workspace) -> None:
    for kept in (workspace, Workspace.empty()):
        folded = scrubjay.check([file], workspace=kept)
        each = scrubjay.check([file], workspace=kept, each=True)
        assert {one["line_count"] for one in each.findings} == {1}
        assert count_lines(folded) == count_lines(each)
        assert (
            folded.summary["lines_by_rule"] == each.summary["lines_by_rule"] == dict(sorted(count_lines(each).items()))
        )
        assert folded.summary["lines_by_severity"] == each.summary["lines_by_severity"]
        assert len(folded.findings) < len(each.findings)


def test_a_folded_unknown_stands_for_lines_that_miss_the_same_for_the_same_reason(
    file: Path, workspace: Workspace
) -> None:
    folded = [one for one in scrubjay.check([file], workspace=workspace).findings if one["outcome"] == "unknown"]
    each = [
        one for one in scrubjay.check([file], workspace=workspace, each=True).findings if one["outcome"] == "unknown"
    ]

    def kind(finding: dict[str, Any]) -> tuple[str, str, str]:
        site = finding["site_id"] if finding["grain"] != "site" else ""
        return finding["rule"], str(finding["missing"]), str(site)

    grouped = {key: list(rows) for key, rows in itertools.groupby(sorted(each, key=kind), key=kind)}
    assert len(folded) == len(grouped)
    for one in folded:
        group = grouped[kind(one)]
        assert one["line_count"] == len(group)
        first = min(group, key=each.index)
        assert {**one, "line_count": 1} == first


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    claims=st.lists(
        st.builds(
            Claim,
            id=st.sampled_from(["A1", "A2", "A3"]),
            pos=st.sampled_from(["11", "22", "", "ZZ", "12"]),
            facility=st.sampled_from([None, NORTH, SOUTH, NOWHERE]),
            lines=st.lists(
                st.builds(
                    Line,
                    pos=st.sampled_from(["", "11", "19"]),
                    procedure=st.sampled_from(["99213", "99213:PO", "99221"]),
                ),
                min_size=1,
                max_size=3,
            ).map(tuple),
        ),
        min_size=1,
        max_size=5,
    ),
    filing_code=st.sampled_from(["MB", "ZZ", "CI"]),
)
def test_folding_loses_nothing_in_any_file(
    tmp_path: Path, workspace: Workspace, claims: list[Claim], filing_code: str
) -> None:
    file = Batch(tuple(claims), filing_code).write(tmp_path / "any.837")
    folded = scrubjay.check([file], workspace=workspace)
    each = scrubjay.check([file], workspace=workspace, each=True)
    assert count_lines(folded) == count_lines(each)
    assert misplaced(each, file.read_bytes()) == []


# --- where they stand ---------------------------------------------------------------------------------


def misplaced(report: Report, data: bytes) -> list[str]:
    """Findings that do not point at the segment they name (else at the CLM), or point into another claim."""
    wrong = []
    for one in (finding for finding in report.findings if finding["grain"] not in SITE_GRAINS):
        there = data[one["byte_offset"] :]
        segment = one["segment"] or "CLM"
        claim_id = data[: one["byte_offset"] + 40].rpartition(b"CLM*")[2].split(b"*")[0].decode()
        if not there.startswith(f"{segment}*".encode()) or claim_id != one["claim_id"]:
            wrong.append(f"{one['rule']} on {one['claim_id']}: {one['element']} at {there[:12]!r}")
        elif one["segment"] and not one["element"].startswith(segment):
            wrong.append(f"{one['rule']} on {one['claim_id']}: {one['element']} in {segment}")
    return wrong


def test_a_finding_points_at_the_segment_it_is_about(file: Path, workspace: Workspace) -> None:
    report = scrubjay.check([file], workspace=workspace, each=True)
    assert misplaced(report, file.read_bytes()) == []
    assert {one["segment"] for one in report.findings} >= {"SV1", "CLM"}


def test_a_code_of_the_line_is_found_there_and_a_code_of_the_claim_in_the_claim(
    file: Path, workspace: Workspace
) -> None:
    data = file.read_bytes()
    claims = (
        Claim("L1", facility=NORTH, pos="22", lines=(Line(pos="22"), Line(pos="11"))),
        Claim("L2", facility=NORTH),
    )
    other = Batch(claims).write(file.with_name("b.837"))
    data = other.read_bytes()
    line, claim = scrubjay.check([other], workspace=workspace, select=["DEP101"]).findings
    assert (line["element"], line["segment"], line["line_number"]) == ("SV105", "SV1", 2)
    assert data[line["byte_offset"] :].startswith(b"SV1*HC:99213*100*UN*1*11")
    assert data.count(b"SV1", 0, line["byte_offset"]) == 1
    assert (claim["element"], claim["segment"], claim["line_number"]) == ("CLM05-1", "CLM", 1)
    assert data[claim["byte_offset"] :].startswith(b"CLM*L2*")


def test_findings_come_in_the_order_of_the_files(file: Path, workspace: Workspace, tmp_path: Path) -> None:
    second = Batch((Claim("A0", facility=NORTH), Claim("A9", facility=NORTH))).write(tmp_path / "a.837")
    found = scrubjay.check([file, second], workspace=workspace, each=True).findings
    claims = [claim.id for claim in CLAIMS]
    order = [
        (
            [None, str(file), str(second)].index(one["file"]),
            [None, *claims, "A0", "A9"].index(one["claim_id"]),
            one["line_number"] or -1,
            one["rule"],
            one["site_id"] if one["grain"] == "site" else "",
        )
        for one in found
    ]
    assert order == sorted(order)
    assert {one["file"] for one in found} == {None, str(file), str(second)}


def test_a_row_of_a_csv_is_found_by_its_number(tmp_path: Path, workspace: Workspace) -> None:
    rows = [
        {"claim_id": name, "procedure_code": "99213", "service_date": "2024-03-05", "place_of_service_code": code,
         "claim_filing_code": "MB", "service_facility_address_line_1": "1 Main St", "service_facility_zip": "90001"}
        for name, code in (("B1", "22"), ("B2", "11"))
    ]  # fmt: skip
    [found] = scrubjay.check([write_csv(tmp_path / "b.csv", rows)], workspace=workspace, select=["DEP101"]).findings
    assert (found["row_number"], found["byte_offset"], found["transaction"]) == (2, None, None)


# --- the same again -----------------------------------------------------------------------------------


def test_the_same_input_gives_the_same_bytes(file: Path, workspace: Workspace) -> None:
    def run() -> str:
        report = scrubjay.check([file], workspace=workspace, as_of=dt.date(2026, 1, 1))
        return "".join(write_report(report, "json"))

    assert run() == run()


def test_as_of_is_the_day_of_the_run(file: Path) -> None:
    assert scrubjay.check([file], as_of=dt.date(2026, 1, 2)).summary["run_date"] == "2026-01-02"
    assert scrubjay.check([file]).summary["run_date"] == RUN_DATE.isoformat()


def prints(report: Report) -> dict[tuple[Any, ...], str]:
    return {(one["rule"], one["claim_id"], one["line_number"]): one["fingerprint"] for one in report.findings}


def test_a_fingerprint_stays_when_the_evidence_changes(tmp_path: Path, workspace: Workspace) -> None:
    def run(day: str, name: str, before: tuple[Claim, ...] = ()) -> Report:
        claims = (*before, Claim("A1", facility=NORTH, lines=(Line(day=day), Line(day=day))))
        file = Batch(claims, made="20240601").write(tmp_path / name)
        return scrubjay.check([file], workspace=workspace, select=["DEP101"], each=True)

    first = prints(run("20240305", "a.837"))
    assert first == prints(run("20240306", "b.837"))
    assert first == prints(run("20240305", "c.837", before=(Claim("A0", facility=SOUTH),)))


def test_an_unknown_that_turns_out_to_be_a_violation_keeps_its_fingerprint(file: Path, workspace: Workspace) -> None:
    before = prints(scrubjay.check([file], select=["DEP101"], each=True))
    after = prints(scrubjay.check([file], workspace=workspace, select=["DEP101"], each=True))
    assert {key: after[key] for key in after} == {key: before[key] for key in after}


def test_every_line_claim_and_rule_has_its_own_fingerprint(file: Path, workspace: Workspace) -> None:
    found = scrubjay.check([file], workspace=workspace, each=True).findings
    assert len({one["fingerprint"] for one in found}) == len(found)


# --- from facts ---------------------------------------------------------------------------------------


def run_on_facts(rule: Rule, rows: list[dict[str, Any]], each: bool = False) -> list[dict[str, Any]]:
    connection = connect()
    fill_facts(connection, rule.table, [{"claim_key": number, **row} for number, row in enumerate(rows)])
    return list(Grain(connection, rule.table, [rule], load_laws(), ["x.837"]).findings(each))


def test_a_value_that_is_not_known_is_said_so_in_a_message() -> None:
    rule = make_rule("TRUE", "has_place_of_service", message='"At {site_name} with {place_of_service_code}."')
    [found] = run_on_facts(rule, [{"has_place_of_service": True, "place_of_service_code": "{x}"}])
    assert found["message"] == "At not known with {x}."


def test_a_fix_that_is_not_known_is_null() -> None:
    fix = "{safety: review, place_of_service_code: outpatient_place_of_service_code}"
    rule = make_rule("TRUE", "has_place_of_service", fix=fix)
    [found] = run_on_facts(rule, [{"has_place_of_service": True}])
    assert found["fix"] == {"place_of_service_code": None}


def test_a_law_that_is_silent_is_named() -> None:
    rule = make_rule("TRUE", "place_of_service_code IN LAW('us.hipaa.place_of_service_codes')")
    row = {"place_of_service_code": "11", "service_date": dt.date(1990, 1, 1)}
    [found] = run_on_facts(rule, [row, row])
    assert (found["line_count"], found["missing"][0]["fact"]) == (2, "LAW('us.hipaa.place_of_service_codes')")
    assert "silent" in found["missing"][0]["because"]


def test_unknowns_with_different_reasons_are_not_folded_together() -> None:
    rule = make_rule("TRUE", "is_provider_based")
    rows = [{"site_because": "no registry"}, {"site_because": "no row"}, {"site_because": "no registry"}, {}]
    found = run_on_facts(rule, rows)
    assert [(one["line_count"], one["missing"][0]["because"]) for one in found] == [
        (2, "no registry"),
        (1, "no row"),
        (1, "it is blank in the registry"),
    ]
    assert len(run_on_facts(rule, rows, each=True)) == 4


def test_many_rows_are_all_found() -> None:
    rule = make_rule("TRUE", "line_number BETWEEN 10 AND 12")
    connection = connect()
    fill_facts(connection, rule.table, [{"service_date": VISIT_DAY}])
    name = rule.table.name
    connection.execute(f"CREATE TABLE one AS SELECT * FROM {name}")
    connection.execute(
        f"INSERT INTO {name} SELECT one.* REPLACE (i AS row_id, i AS claim_key, i % 20 AS line_number) "
        "FROM one, range(1, 200001) AS r(i)"
    )
    found = list(Grain(connection, rule.table, [rule], load_laws(), ["x.837"]).findings(each=False))
    assert Counter(one["outcome"] for one in found) == {"violation": 30_000, "unknown": 1}


def test_a_connection_reaches_neither_files_nor_settings(tmp_path: Path) -> None:
    import duckdb

    (tmp_path / "x.csv").write_text("a\n1\n")
    connection = connect()
    for statement in (f"SELECT * FROM '{tmp_path / 'x.csv'}'", f"COPY (SELECT 1) TO '{tmp_path / 'y.csv'}'",
                      "SET enable_external_access = true", "ATTACH 'x.db'", "INSTALL httpfs"):  # fmt: skip
        with pytest.raises(duckdb.Error):
            connection.execute(statement)
    assert not (tmp_path / "y.csv").exists()


def test_a_paper_claim_for_two_places_is_found_at_its_first_row(tmp_path: Path) -> None:
    rows = [
        {"claim_id": "B1", "procedure_code": "99213", "service_date": "2024-03-05", "place_of_service_code": "11",
         "claim_form": "paper", "service_facility_address_line_1": facility.street, "service_facility_zip": "90001"}
        for facility in (NORTH, SOUTH, Facility())
    ]  # fmt: skip
    [found] = scrubjay.check([write_csv(tmp_path / "b.csv", rows)], select=["FMT107"]).findings
    assert (found["outcome"], found["row_number"], found["evidence"]["service_location_count"]) == ("violation", 1, 2)


MOVED = "{billed: allowed_amount, correct: facility_amount}"


def exposures(rows: list[dict[str, Any]], exposure: str = MOVED) -> list[dict[str, Any]]:
    """The findings on these rows of a page that is violated by each, and moves these two amounts."""
    rule = make_rule("has_place_of_service", "is_provider_based", exposure=exposure)
    connection = connect()
    facts = {
        "has_place_of_service": True,
        "is_provider_based": True,
        "claim_id": "A1",
        "service_date": dt.date(2026, 3, 10),
    }
    national = [
        {name.removeprefix("national_"): row[name] for name in row if name.startswith("national_")} for row in rows
    ]
    fill_facts(
        connection, rule.table, [{**facts, **{name: row[name] for name in row if name in rule.table}} for row in rows]
    )
    for number, row in enumerate(national):
        if row:
            values = [number, *row.values()]
            columns = ", ".join(("row_id", *row))
            connection.execute(
                f"INSERT INTO national_amounts ({columns}) VALUES ({', '.join('?' * len(values))})", values
            )
    return list(Grain(connection, rule.table, [rule], load_laws(), ["july.837"]).findings(each=False))


def test_an_exposure_is_split_between_the_programme_and_the_patient() -> None:
    amounts = {"allowed_amount": Decimal("95.19"), "facility_amount": Decimal("57.45")}
    less = {"allowed_amount": Decimal("57.45"), "facility_amount": Decimal("95.19")}
    over, under = exposures([{**amounts, "national_allowed_amount": Decimal("95.19")}, less])
    assert (over["exposure_amount"], under["exposure_amount"]) == ("37.74", "-37.74")
    assert over["exposure"] == {
        "billed_amount": "95.19",
        "correct_amount": "57.45",
        "national_amount": None,
        "program_amount": "30.19",
        "program_after_sequestration_amount": "29.59",
        "beneficiary_amount": "7.55",
        "owed_to": ["payer", "patient"],
        "because": None,
    }
    assert under["exposure"]["owed_to"] == ["provider"]
    assert under["exposure"]["beneficiary_amount"] == "-7.55"


def test_an_amount_that_is_not_known_says_why_and_what_it_would_be_for_the_nation() -> None:
    because = {"allowed_because": "the line has no charge", "facility_because": "the line has no charge"}
    national = {"national_allowed_amount": Decimal("95.19"), "national_facility_amount": Decimal("57.45")}
    [found] = exposures([because | national])
    assert found["exposure_amount"] is None
    assert (found["exposure"]["because"], found["exposure"]["national_amount"]) == ("the line has no charge", "37.74")
    assert found["exposure"]["owed_to"] == []


def test_an_exposure_of_other_columns_and_numbers_is_worked_out_too() -> None:
    [charge] = exposures([{"charge_amount": Decimal("80.00")}], "{billed: charge_amount, correct: 0}")
    assert (charge["exposure_amount"], charge["exposure"]["national_amount"]) == ("80.00", None)
    [huge] = exposures([{"charge_amount": Decimal(10**13)}], "{billed: charge_amount * 100000000, correct: 0}")
    assert (huge["exposure_amount"], huge["exposure"]["billed_amount"]) == (None, None)
    assert huge["exposure"]["because"]


def test_of_several_findings_on_a_line_only_the_largest_amount_counts() -> None:
    one = {"file": "a", "transaction": "1", "row_number": None, "claim_id": "A1", "line_number": 1, "site_id": None}
    rows = [{**one, "exposure_amount": amount} for amount in ("5.00", "-7.00", None)]
    rows.append({**one, "line_number": 2, "exposure_amount": "1.00"})
    assert [row["exposure_amount"] for row in exposed_lines(rows)] == ["-7.00", "1.00"]


# --- institutional lines, sites and the run -----------------------------------------------------------


def hospital_claim(claim_id: str, *lines: str) -> str:
    """An 837I file with one 131 claim of Medicare at North Clinic and these SV202 values."""
    levels = [*billing_provider(name="THE HOSPITAL"), "HL*2*1*22*0", "SBR*P*18*******MA"]
    levels += ["NM1*IL*1*DOE*JANE****MI*MEMBER1", "NM1*PR*2*THE PAYER*****PI*PAYER1"]
    body = [f"CLM*{claim_id}*100***13:A:1**A*Y*Y", "DTP*434*RD8*20240305-20240305", *NORTH.segments()]
    for number, procedure in enumerate(lines, 1):
        body += [f"LX*{number}", f"SV2*0510*HC:{procedure}*100*UN*1", "DTP*472*D8*20240305"]
    return file_of(levels, body, guide=INSTITUTIONAL, day="20240310", delimiters=LINE_BY_LINE)


def test_a_line_of_a_hospital_is_found_at_its_modifier(tmp_path: Path, workspace: Workspace) -> None:
    file = tmp_path / "h.837"
    file.write_text(hospital_claim("H1", "G0463", "G0463:25:PO:PN"), encoding="ascii")
    [found] = scrubjay.check([file], workspace=workspace, select=["DEP116"]).findings
    assert (found["grain"], found["claim_id"], found["line_number"]) == ("institutional_line", "H1", 2)
    assert (found["element"], found["segment"]) == ("SV202-3", "SV2")
    assert file.read_bytes()[found["byte_offset"] :].startswith(b"SV2*0510*HC:G0463:25:PO:PN*")


def test_a_site_is_asked_about_once_however_many_lines_were_given_there(tmp_path: Path) -> None:
    sites = [{**SITES[0], "is_on_hospital_campus": "", "distance_yards": "400", "distance_evidence": "none"}]
    workspace = Workspace.open(write_workspace(tmp_path / "w", sites=sites))
    file = Batch(CLAIMS).write(tmp_path / "july.837")
    [found] = scrubjay.check([file], workspace=workspace, select=["DEP112"], each=True).findings
    assert (found["grain"], found["site_id"], found["outcome"]) == ("site", "NORTH", "violation")
    where = ("file", "claim_id", "line_number", "byte_offset", "row_number", "transaction", "segment")
    assert [found[name] for name in where] == [None] * len(where)
    again = scrubjay.check([Batch(CLAIMS[:1]).write(file)], workspace=workspace, select=["DEP112"]).findings
    assert again[0]["fingerprint"] == found["fingerprint"]


def test_a_site_where_no_line_was_given_is_not_spoken_of(tmp_path: Path, workspace: Workspace) -> None:
    file = Batch((Claim("A1", facility=SOUTH),)).write(tmp_path / "july.837")
    assert {one["site_id"] for one in scrubjay.check([file], workspace=workspace).findings} <= {None, "SOUTH"}


def test_what_one_site_lacks_is_one_finding_for_that_site(tmp_path: Path) -> None:
    blank = [{**site, "site_type": "provider_based_department", "provider_based_from": ""} for site in SITES]
    workspace = Workspace.open(write_workspace(tmp_path / "w", sites=blank))
    claims = (Claim("A1", facility=NORTH), Claim("A2", facility=SOUTH), Claim("A3", facility=NORTH))
    file = Batch(claims).write(tmp_path / "july.837")
    found = scrubjay.check([file], workspace=workspace, select=["DEP101"]).findings
    assert [(one["site_id"], one["line_count"]) for one in found] == [("NORTH", 2), ("SOUTH", 1)]


def test_an_old_code_set_is_reported_once_for_a_run(file: Path) -> None:
    read_on = last_read(load_laws()["us.hipaa.place_of_service_codes"])
    assert read_on is not None
    late = scrubjay.check([file], select=["FMT115"], as_of=read_on + dt.timedelta(366)).findings
    assert [(one["grain"], one["site_id"], one["file"], one["line_count"]) for one in late] == [("run", None, None, 1)]
    assert scrubjay.check([file], select=["FMT115"], as_of=read_on + dt.timedelta(365)).findings == []


def test_a_fault_of_a_service_facility_is_one_finding_for_all_lines_that_share_it(tmp_path: Path) -> None:
    short, other = Facility(zip_code="90001"), Facility(street="5 ELM ST", zip_code="90002")
    claims = (
        Claim("A1", facility=short, lines=(Line(), Line(), Line(facility=other))),
        Claim("A2", facility=short),
    )
    file = Batch(claims).write(tmp_path / "july.837")
    found = scrubjay.check([file], select=["FMT113"]).findings
    assert [(one["claim_id"], one["line_number"], one["line_count"]) for one in found] == [
        ("A1", 1, 2),
        ("A1", 3, 1),
        ("A2", 1, 1),
    ]
    each = scrubjay.check([file], select=["FMT113"], each=True).findings
    assert [(one["claim_id"], one["line_number"]) for one in each] == [("A1", 1), ("A1", 2), ("A1", 3), ("A2", 1)]
