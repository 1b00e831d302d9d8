"""The cases of the dossier and our own, through the whole pipeline; and the adapter itself."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import scrubjay
from scrubjay import rule as rule_room
from tests.reference.fee_examples import EXAMPLES
from tests.vectors import CaseError, load_cases
from tests.vectors.__main__ import as_dict, as_text, main
from tests.vectors.adapter import NEUTRAL, PAYERS, Result, run_case, severity_class, verdict

OWN = Path(__file__).parent / "cases_own.yaml"
MORE = Path(__file__).parent / "cases_more.yaml"  # of the ids whose pages came last
MONEY = Path(__file__).parent / "cases_money.yaml"
SHARED = Path(__file__).parents[2] / ".." / "shared" / "rules"

OFFICE: dict[str, Any] = {
    "payer": "MEDICARE_FFS",
    "claim_type": "837P",
    "dos": "2026-03-10",
    "lines": [{"hcpcs": "99213", "mods": [], "pos": "11", "units": 1}],
    "location": {"type": "FREESTANDING_OFFICE", "owner": "INDEPENDENT", "ownership": "independent"},
    "registered": "none",
}


def write_cases(path: Path, *cases: dict[str, Any]) -> Path:
    file = path / "cases.yaml"
    file.write_text(yaml.safe_dump({"schema": "pos-cases/1", "cases": list(cases)}), encoding="utf-8")
    return file


def case_of(facts: dict[str, Any], *findings: tuple[str, ...], **expect: Any) -> dict[str, Any]:
    listed = [dict(zip(("rule", "state", "severity"), one, strict=False)) for one in findings]
    return {"id": "T999", "title": "a case", "facts": OFFICE | facts, "expect": {"findings": listed, **expect}}


def run_one(path: Path, facts: dict[str, Any], *findings: tuple[str, ...], **expect: Any) -> Result:
    [case] = load_cases(write_cases(path, case_of(facts, *findings, **expect)))
    return run_case(case)


needs_examples = pytest.mark.skipif(not EXAMPLES.is_file(), reason="the fee examples are not here")
PARTS = 16  # of a case file, each a test of its own, so that they run side by side


# --- the cases themselves ---------------------------------------------------------------------------


@pytest.mark.parametrize("part", range(PARTS))
def test_the_cases_of_the_dossier_hold_wherever_there_is_a_page(part: int) -> None:
    file = SHARED / "cases.yaml"
    if not file.exists():
        pytest.skip(f"the rule dossier is not beside this repository ({file})")
    results = [run_case(case) for case in load_cases(file)[part::PARTS]]
    assert [f"{one.id} {reason}" for one in results for reason in one.failures] == []
    pages = {basis for rule in scrubjay.load_rules().values() for basis in rule.basis}
    open_ones = [
        f"{one.id} {expected.rule}"
        for one in results
        for expected in one.expectations
        if expected.rule in pages and expected.status != "pass" and not is_out_of_reach(one, expected.rule)
    ]
    assert open_ones == []


def is_out_of_reach(result: Result, rule: str) -> bool:
    """Whether no claim can be written for a case, or no page of the rule looks at that kind of claim."""
    told = ("claim_type ", f"no page for {rule} looks at")
    return any(reason.startswith(told) for reason in result.not_covered)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("file", [OWN, MORE], ids=lambda file: file.stem)
def test_our_own_cases_pass(file: Path, part: int) -> None:
    results = [run_case(case) for case in load_cases(file)[part::PARTS]]
    assert {one.id: one.reasons for one in results if one.status != "pass"} == {}
    assert len(results) >= 10


@needs_examples
@pytest.mark.parametrize("part", range(4))
def test_our_cases_about_money_pass(part: int) -> None:
    results = [run_case(case) for case in load_cases(MONEY)[part::4]]
    assert {one.id: one.reasons for one in results if one.status != "pass"} == {}
    assert sum(len(one.comparisons) for one in results) > 5


@pytest.mark.parametrize("file", [OWN, MORE], ids=lambda file: file.stem)
def test_our_own_cases_expect_every_state(file: Path) -> None:
    states = {finding["state"] for case in load_cases(file) for finding in case.expect["findings"]}
    assert states == {"PASS", "FAIL", "UNKNOWN", "NA"}


# --- what is not covered ------------------------------------------------------------------------------


@pytest.fixture
def without_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The shipped rules without PRO104 (P14), as if nobody had written its page."""
    folder = tmp_path / "rules"
    shutil.copytree(rule_room.RULES_FOLDER, folder)
    [page] = folder.glob("PRO104-*.md")
    page.unlink()
    monkeypatch.setattr(rule_room, "RULES_FOLDER", folder)
    scrubjay.load_rules.cache_clear()
    yield "P14"
    monkeypatch.undo()
    scrubjay.load_rules.cache_clear()


def test_without_its_page_no_case_passes(without_page: str) -> None:
    cases = [case for case in load_cases(OWN) if case.id.startswith(without_page)]
    results = [run_case(case) for case in cases]
    assert {one.status for one in results} == {"not covered yet"}
    assert all(f"no page for {without_page}" in one.reasons for one in results)
    assert all(expected.status == "not covered" for one in results for expected in one.expectations)


def test_a_key_without_a_table_is_named_and_the_rest_is_still_compared(tmp_path: Path) -> None:
    result = run_one(tmp_path, {"admit_dx": "I21.4"}, ("S15", "PASS"))
    assert (result.status, result.reasons) == ("not covered yet", ["facts.admit_dx"])
    result = run_one(tmp_path, {"admit_dx": "I21.4"}, ("S15", "FAIL", "error"))
    assert result.status == "fail"


@needs_examples
def test_an_amount_is_compared_to_the_cent(tmp_path: Path) -> None:
    for amount, status in ((95.19, "pass"), (95.2, "fail")):
        result = run_one(tmp_path, {}, ("S15", "PASS"), verdict="PASS", money={"allowed_usd": amount})
        assert (result.status, as_dict([result])["totals"]["all"]["money"][status]) == (status, 1)


def test_an_amount_that_nothing_says_is_not_covered(tmp_path: Path) -> None:
    result = run_one(tmp_path, {}, ("S15", "PASS"), verdict="PASS", money={"exposure_usd": 1.0})
    assert (result.status, result.reasons) == ("not covered yet", ["money"])
    assert as_dict([result])["totals"]["all"]["money"] == {"pass": 0, "fail": 0, "not covered": 1}


@pytest.mark.parametrize("claim_type", ["835", "277CA", "FISS", "timely", "appeal"])
def test_what_is_no_claim_is_not_covered(tmp_path: Path, claim_type: str) -> None:
    result = run_one(tmp_path, {"claim_type": claim_type}, ("S15", "PASS"))
    assert (result.status, result.reasons) == ("not covered yet", [f"claim_type {claim_type}"])


def test_a_page_for_professional_claims_says_nothing_of_an_institutional_one(tmp_path: Path) -> None:
    line = {"hcpcs": "G0463", "rev": "0510", "mods": ["PO"], "units": 1}
    result = run_one(tmp_path, {"claim_type": "837I", "tob": "131", "lines": [line]}, ("S33", "NA"))
    assert (result.status, result.reasons) == ("not covered yet", ["no page for S33 looks at an 837I"])


# --- errors of the file ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        ({"colour": "red"}, "unknown key facts.colour"),
        ({"lines": [{"hcpcs": "99213", "place": "11"}]}, "unknown key facts.lines[0].place"),
        ({"location": {"type": "PBD", "distance": 4}}, "unknown key facts.location.distance"),
        ({"location": {"type": "CLINIC"}}, "facts.location.type is 'CLINIC', which is not one of MAIN_CAMPUS, PBD"),
        ({"payer": "MEDICARE"}, "facts.payer is 'MEDICARE', which is not one of"),
        ({"registered": "inpatient"}, "facts.registered is 'inpatient', which is not one of outpatient, none"),
        ({"received": "March 10"}, "facts.received is 'March 10', which is not 'YYYY-MM-DD'"),
        ({"paper": "none"}, "facts.paper is 'none', which is not true or false"),
        ({"svc_facility": ["1 MAIN ST", "ANYTOWN"]}, "facts.svc_facility has 2 values, not 5"),
        ({"policy": {"pos_map": {"POS 19": "22"}}}, "the key is not a place of service code"),
        ({"lines": "99213"}, "facts.lines is '99213', which is not a list"),
        ({"service": "ambulance"}, "facts.service is 'ambulance', which is not a mapping"),
    ],
)
def test_a_key_or_value_not_in_the_vocabulary_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], facts: dict[str, Any], complaint: str
) -> None:
    assert main([str(write_cases(tmp_path, case_of(facts, ("S15", "PASS"))))]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("T999: ")
    assert complaint in told.err


@pytest.mark.parametrize(
    ("expect", "complaint"),
    [
        ({"findings": [{"rule": "S15", "state": "PASSED"}]}, "expect.findings[0].state is 'PASSED'"),
        ({"findings": [{"rule": "S15", "state": "PASS", "sev": "error"}]}, "unknown key expect.findings[0].sev"),
        ({"findings": [{"state": "PASS"}]}, "expect.findings[0].rule is missing"),
        ({"correct": {"pos": 11}}, "expect.correct.pos is 11, which is not text"),
        ({"money": {"exposure": 1}}, "unknown key expect.money.exposure"),
        ({"response": {"999": "A"}}, "unknown key expect.response.999"),
        ({"findings": []}, "expect.findings is missing"),
    ],
)
def test_so_is_an_expectation(tmp_path: Path, expect: dict[str, Any], complaint: str) -> None:
    raw = {"id": "T999", "facts": OFFICE, "expect": expect}
    with pytest.raises(CaseError, match=re.escape(complaint)):
        load_cases(write_cases(tmp_path, raw))


def test_a_key_given_twice_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text("schema: pos-cases/1\ncases:\n- id: T001\n  facts: {payer: PAYER_ZZ, payer: PAYER_ZZ}\n", "utf-8")
    with pytest.raises(CaseError, match="'payer' is given twice"):
        load_cases(file)


def test_every_path_and_value_of_the_vocabulary_page_is_taken(tmp_path: Path) -> None:
    page = SHARED / "vectors.md"
    if not page.exists():
        pytest.skip(f"the rule dossier is not beside this repository ({page})")
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) > 150
    cases = []
    for path, cell in rows:
        if path == "expect.findings[].message":
            continue
        for text in re.findall(r"'[^']*'|\[\]|None|True|False|[\d.]+", cell.removesuffix("…")):
            value: Any = yaml.safe_load({"None": "null"}.get(text, text))
            raw = {
                "id": f"{path} {text}",
                "facts": dict(OFFICE),
                "expect": {"findings": [{"rule": "S15", "state": "PASS"}]},
            }
            _put(raw, path, value)
            cases.append(raw)
    try:
        load_cases(write_cases(tmp_path, *cases))
        told = []
    except CaseError as error:
        told = str(error).splitlines()
    # one value alone is not yet a whole address, finding or location
    assert [one for one in told if not re.search(r" has \d values, not \d$|\.(rule|state|id) is missing$", one)] == []


def _put(raw: dict[str, Any], path: str, value: Any) -> None:
    """Set one value at a key path such as facts.lines[].pos, making what lies between."""
    here: Any = raw
    parts = path.split(".")
    for position, part in enumerate(parts):
        name, is_list = part.removesuffix("[]"), part.endswith("[]")
        if position == len(parts) - 1:
            here[name] = ([] if value == [] else [value]) if is_list else value
            return
        if is_list:
            here[name] = [{}]
            here = here[name][0]
        else:
            here[name] = dict(here.get(name) or {}) if isinstance(here.get(name), dict) else {}
            here = here[name]


# --- what is compared -------------------------------------------------------------------------------------


def test_a_wrong_expectation_fails_with_expected_and_got(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_cases(tmp_path, case_of({}, ("S15", "FAIL", "error"), ("S16", "PASS")))
    assert main([str(file)]) == 1
    told = capsys.readouterr().out
    assert "T999   fail\n       S15: expected FAIL error, got PASS\n" in told
    assert max(len(line) for line in told.splitlines()) <= 80
    assert main([str(file), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["cases"][0]["expectations"] == [
        {"rule": "S15", "expected": "FAIL error", "got": "PASS", "status": "fail"},
        {"rule": "S16", "expected": "PASS", "got": "PASS", "status": "pass"},
    ]
    assert report["totals"]["by_group"]["?"]["expectations"] == {"pass": 1, "fail": 1, "not covered": 0}


def test_a_covered_rule_is_compared_beside_one_that_is_not(tmp_path: Path) -> None:
    result = run_one(tmp_path, {}, ("S15", "UNKNOWN", "hold"), ("S99", "PASS"))
    assert result.reasons == ["S15: expected UNKNOWN hold, got PASS", "no page for S99"]


def test_verdict_correction_and_response_are_compared(tmp_path: Path) -> None:
    facts = {"lines": [{"hcpcs": "99213", "mods": ["25", "PO"], "pos": "11", "units": 1}]}
    result = run_one(
        tmp_path,
        facts,
        ("S33", "FAIL", "error"),
        verdict="WARN",
        correct={"mods": [], "pos": "19", "rate": "F"},
        response={"277CA": "A6:249", "likely": "CO-4", "path": "add modifier"},
    )
    assert result.failures == [
        "verdict: expected WARN, got FAIL",
        "correct.mods: expected nothing, got 25",
        "correct.pos: expected 19, got nothing",
        "correct.rate: expected F, got other",
        "response.277CA: expected A6:249, got A7:453 or A8:453",
    ]
    assert result.not_covered == ["response.path"]


def test_a_response_without_codes_is_compared_word_for_word(tmp_path: Path) -> None:
    facts = {
        "location": {"type": "PBD", "owner": "HOSP-A", "distance_yd": 400},
        "lines": [{"hcpcs": "99213", "mods": [], "pos": "19", "units": 1}],
        "registered": "outpatient",
        "emtala": False,
        "two_coinsurances": True,
        "notice": "none",
    }
    words = "no claim denial; compliance and False Claims Act exposure"

    def told(**response: str) -> list[str]:
        result = run_one(tmp_path, facts, ("S46", "FAIL", "warning"), verdict="WARN", response=response)
        assert result.failures == []
        return result.not_covered

    assert told(effect=words) == []
    assert told(effect="no claim denial") == ["response.effect"]
    assert told(later=words) == ["response.later"]  # said under another key


def test_an_error_of_another_rule_fails_a_case_that_is_not_to_fail(tmp_path: Path) -> None:
    facts = {"lines": [{"hcpcs": "99213", "mods": ["PO"], "pos": "11", "units": 1}]}
    result = run_one(tmp_path, facts, ("S15", "PASS"), verdict="PASS")
    assert len(result.failures) == 1
    assert result.failures[0].startswith("other rules: expected no FAIL of severity error, got DEP107")
    assert run_one(tmp_path, facts, ("S15", "PASS"), ("S52", "FAIL", "error"), verdict="FAIL").failures == []


def test_severities_are_compared_by_class(tmp_path: Path) -> None:
    assert severity_class("FAIL", "critical") == severity_class("FAIL", "error") != severity_class("FAIL", "warning")
    assert (
        severity_class("UNKNOWN", "hold") == severity_class("UNKNOWN", "warning") != severity_class("UNKNOWN", "info")
    )
    assert severity_class("PASS", "info") == severity_class("PASS", "error") == ""
    facts = {"lines": [{"hcpcs": "99285", "mods": [], "pos": "11", "units": 1}]}
    assert run_one(tmp_path, facts, ("P13", "FAIL", "critical")).status == "pass"
    assert run_one(tmp_path, facts, ("P13", "FAIL", "warning")).failures == [
        "P13: expected FAIL warning, got FAIL error"
    ]
    unknown: dict[str, Any] = {"registered": None, "location": None}
    assert run_one(tmp_path, unknown, ("S15", "UNKNOWN", "warning")).status == "pass"
    assert run_one(tmp_path, unknown, ("S15", "UNKNOWN", "info")).status == "fail"


def test_the_verdict_is_the_first_that_fits() -> None:
    said = [("PASS", ""), ("UNKNOWN", "info"), ("FAIL", "warning"), ("UNKNOWN", "hold"), ("FAIL", "error")]
    found = [verdict(said[:count], ["S15"]) for count in range(1, 6)]
    assert found == ["PASS", "INFO", "WARN", "UNKNOWN", "FAIL"]
    assert verdict([("PASS", "")], ["S55"]) == "INFO"


# --- inputs ---------------------------------------------------------------------------------------------


def test_lines_at_two_places_name_their_own_service_facility(tmp_path: Path) -> None:
    lines = [
        {"hcpcs": "99213", "mods": [], "pos": "11", "units": 1, "location_id": "OFFICE-1"},
        {"hcpcs": "20610", "mods": [], "pos": "22", "units": 1, "location_id": "DEPT-1"},
    ]
    locations = [
        {"id": "OFFICE-1", "type": "FREESTANDING_OFFICE", "ownership": "independent"},
        {"id": "DEPT-1", "type": "PBD", "owner": "HOSP-A", "distance_yd": 120},
    ]
    facts = {"lines": lines, "locations": locations, "location": None, "registered": None}
    result = run_one(tmp_path, facts, ("P04", "PASS"), ("S15", "UNKNOWN", "hold"))
    assert result.failures == []
    assert run_one(tmp_path, facts | {"paper": True}, ("P04", "FAIL", "error")).failures == []


@pytest.mark.parametrize("own_npi", ["none", None, "1234567893"])
def test_a_site_is_found_whatever_address_is_sent(tmp_path: Path, own_npi: str | None) -> None:
    location = {
        "type": "PBD",
        "owner": "HOSP-A",
        "pecos": ["100 MAIN ST SUITE 200", "", "ANYTOWN", "CA", "900011234"],
        "own_npi": own_npi,
    }
    facts = {"location": location, "svc_facility": ["9 OTHER ST", "", "OTHERTOWN", "CA", "949990009"]}
    assert run_one(tmp_path, facts, ("S15", "FAIL", "error")).failures == []


def test_identical_claims_are_written_and_the_hospital_claim_beside_them(tmp_path: Path) -> None:
    institutional = {
        "tob": "131",
        "dos": "2026-03-10",
        "same_patient": True,
        "same_location": False,
        "lines": [{"hcpcs": "G0463", "rev": "0510", "mods": ["PO"], "units": 1}],
    }
    result = run_one(tmp_path, {"identical_claims": 3, "institutional": institutional}, ("S15", "PASS"), verdict="PASS")
    assert result.status == "pass"


def test_every_neutral_default_has_its_reason() -> None:
    assert all(one.because and one.value for one in NEUTRAL)
    assert len({(one.column, one.when) for one in NEUTRAL}) == len(NEUTRAL)


def test_every_payer_of_the_vocabulary_can_be_written(tmp_path: Path) -> None:
    for payer in PAYERS:
        assert run_one(tmp_path, {"payer": payer}, ("P01", "PASS"), verdict="PASS").status == "pass"


def test_the_report_fits_into_80_columns() -> None:
    results = [run_case(case) for case in load_cases(OWN)[::60]]
    assert max(len(line) for line in as_text(results).splitlines()) <= 80
