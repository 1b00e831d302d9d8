"""The checklists: each step in each state, what stands behind it, the sums of the sites, and how it is printed."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scrubjay.checklist import STATES, STEPS_FOLDER, Checklist, checklist_text, load_steps, run_checklist
from scrubjay.engine import Row
from scrubjay.errors import UnknownClaim
from scrubjay.reference.law import load_laws
from scrubjay.reports.wording import page_section
from scrubjay.rule import HEADINGS, Rule, load_rules
from scrubjay.rule_cases import read_cases, wrong_cases
from scrubjay.workspace import Workspace
from tests.command_line import Ran, Run, runner
from tests.conftest import RUN_DATE
from tests.formats.x12_text import INSTITUTIONAL, billing_provider, file_of, institutional_line, subscriber
from tests.mutate import surviving_leaves
from tests.samples import page, write_csv, write_workspace

RIVERSIDE = Path(__file__).parents[1] / "examples" / "riverside"
CASES = Path(__file__).parent / "checklists"
STEPS = {step.code: step for step in load_steps()}
HOSPITAL, OFFICE = "hospital outpatient department (POS 19, 22)", "office (POS 11)"

# --- a small world ------------------------------------------------------------------------------------

MD, NP = "1234567893", "1999999984"
PROVIDERS = ({"npi": MD, "provider_type": "MD"}, {"npi": NP, "provider_type": "NP"})
TOWN = {"npi": "none", "city": "Town", "state": "CA", "zip": "900010001"}
HOSPITAL_SPACE = TOWN | {
    "site_type": "provider_based_department", "hospital_id": "HOSP", "hospital_name": "Town Hospital",
    "hospital_type": "ipps", "provider_based_from": "2010-01-01", "enrolled_location_type": "provider_based_department",
    "is_dedicated_emergency_department": "false",
}  # fmt: skip
ON_CAMPUS = HOSPITAL_SPACE | {"is_on_hospital_campus": "true"}
OFF_CAMPUS = HOSPITAL_SPACE | {
    "is_on_hospital_campus": "false", "distance_yards": "400", "distance_method": "straight_line",
    "distance_evidence": "survey of 2019", "excepted_status": "excepted",
}  # fmt: skip
FREE = TOWN | {"site_type": "freestanding_office", "enrolled_location_type": "practice_location"}
SITES: dict[str, dict[str, str]] = {
    # hospital space in which everything is in order
    "NORTH": ON_CAMPUS | {"address_line_1": "1 Main Street"},
    "WEST": OFF_CAMPUS | {"address_line_1": "2 Main Street"},
    "YOUNG": OFF_CAMPUS | {"address_line_1": "3 Main Street", "excepted_status": "non_excepted"},
    "BILLING": ON_CAMPUS | {"address_line_1": "500 Billing Ave", "zip": "900010005"},
    # hospital space in which something is not
    "BARE": OFF_CAMPUS | {"address_line_1": "4 Main Street", "enrolled_location_type": "none"},
    "FAR": OFF_CAMPUS | {"address_line_1": "5 Main Street", "distance_evidence": "none"},
    "ROAD": OFF_CAMPUS | {"address_line_1": "6 Main Street", "distance_method": "driving", "distance_evidence": ""},
    "OPEN": OFF_CAMPUS | {"address_line_1": "7 Main Street", "excepted_status": ""},
    "PAST": OFF_CAMPUS | {"address_line_1": "8 Main Street"},
    "BLANK": TOWN | {"address_line_1": "9 Main Street"},
    "NAMELESS": ON_CAMPUS | {"city": "", "state": "", "zip": ""},
    # offices
    "SOUTH": FREE | {"address_line_1": "10 Main Street", "is_on_hospital_campus": "false"},
    "TOWER": FREE | {"address_line_1": "11 Main Street", "is_on_hospital_campus": "true", "is_separately_maintained": "true"},
    "ROOMS": FREE | {"address_line_1": "12 Main Street", "is_on_hospital_campus": "true", "is_separately_maintained": "false"},
    "NURSES": TOWN | {"address_line_1": "13 Main Street", "site_type": "skilled_nursing_facility"},
}  # fmt: skip

OUTPATIENT = {
    "registration_status": "outpatient", "admission_status": "none", "split_practitioner_type": "none",
    "performed_by_npi": MD, "telehealth_mode": "none",
}  # fmt: skip
NOT_REGISTERED = OUTPATIENT | {"registration_status": "none"}
SHARED = OUTPATIENT | {
    "split_practitioner_type": "NP",
    "is_same_group": "true",
    "has_physician_decision_making": "false",
}


@dataclass(frozen=True)
class Visit:
    """A service line and what is on record of it; lines with one claim id are one claim."""

    claim: str
    site: str  # whose address the service facility has; '': none is named
    pos: str
    encounter: Mapping[str, str] | None = field(default_factory=lambda: OUTPATIENT)
    line: int = 1
    changes: Mapping[str, str] = field(default_factory=dict)

    def row(self) -> dict[str, str]:
        facility: dict[str, str] = {}
        if self.site:
            facility = {"service_facility_name": self.site}
            for name in ("address_line_1", "city", "state", "zip"):
                facility[f"service_facility_{name}"] = SITES[self.site].get(name, "")
        return {
            "claim_id": self.claim, "line_number": str(self.line), "procedure_code": "99213", "charge_amount": "100",
            "service_date": "2026-03-10", "place_of_service_code": self.pos, "claim_filing_code": "MB",
            "billing_provider_npi": MD, "rendering_provider_npi": MD, "member_id": f"M-{self.claim}",
            "billing_provider_address_line_1": "500 Billing Ave", "billing_provider_city": "Town",
            "billing_provider_state": "CA", "billing_provider_zip": "900010005",
            **facility, **self.changes,
        }  # fmt: skip


def hospital(
    claim: str, site: str = "WEST", pos: str = "19", encounter: Mapping[str, str] | None = OUTPATIENT, **changes: str
) -> Visit:
    return Visit(claim, site, pos, encounter, changes=changes)


def office(
    claim: str, site: str = "SOUTH", encounter: Mapping[str, str] | None = NOT_REGISTERED, **changes: str
) -> Visit:
    return Visit(claim, site, "11", encounter, changes=changes)


def build(folder: Path, visits: Iterable[Visit], name: str = "july.csv") -> Path:
    """A workspace in this folder with all sites and what is on record of these visits, and their claims in a file."""
    visits = list(visits)
    encounters = [
        {"claim_id": one.claim, "line_number": str(one.line), **one.encounter}
        for one in visits
        if one.encounter is not None
    ]
    sites = [{"site_id": name, "site_name": f"{name.title()} Clinic", **site} for name, site in SITES.items()]
    write_workspace(folder, sites=sites, providers=PROVIDERS, encounters=encounters or [{"claim_id": "none"}])
    return write_csv(folder / name, [one.row() for one in visits])


def run_world(folder: Path, visits: Iterable[Visit], *more: Path, claim: str | None = None) -> Checklist:
    file = build(folder, visits)
    return run_checklist([file, *more], workspace=Workspace.open(folder), as_of=RUN_DATE, claim=claim)


def claim_of(found: Checklist, claim: str, checklist: str = HOSPITAL) -> Row:
    (one,) = [row for row in found.claims if (row["claim_id"], row["checklist"]) == (claim, checklist)]
    return one


def step_of(found: Checklist, claim: str, code: str) -> Row:
    checklist = HOSPITAL if code < "CHK2" else OFFICE
    steps: list[Row] = claim_of(found, claim, checklist)["steps"]
    (one,) = [step for step in steps if step["code"] == code]
    return one


def states(claim: Row) -> list[str]:
    return [step["state"] for step in claim["steps"]]


def hospital_file(path: Path, site: str, modifier: str) -> Path:
    """An institutional claim H1 with a line at this site."""
    claim = ["CLM*H1*500***13:A:1**A*Y*Y", "DTP*434*RD8*20260310-20260310", "CL1*1*7*01", "HI*ABK:I2510",
             f"NM1*77*2*{site}", f"N3*{SITES[site]['address_line_1']}", "N4*Town*CA*900010001"]  # fmt: skip
    line = [
        segment.replace("20240302", "20260310") for segment in institutional_line(1, "0510", f"HC:G0463:{modifier}")
    ]
    path.write_text(file_of(billing_provider(), subscriber(), claim, line, guide=INSTITUTIONAL, day="20260312"))
    return path


# --- every step in every state ------------------------------------------------------------------------

VISITS = (
    hospital("H-WEST"), hospital("H-YOUNG", "YOUNG"), hospital("H-NORTH", "NORTH", "22"), hospital("H-BARE", "BARE"),
    hospital("H-FAR", "FAR"), hospital("H-ROAD", "ROAD"), hospital("H-OPEN", "OPEN"), hospital("H-PAST", "PAST"),
    hospital("H-BLANK", "BLANK"), hospital("H-OFFICE", "SOUTH"), hospital("H-SWAPPED", "WEST", "22"),
    hospital("H-READING", procedure_code="71046", modifiers="26"), hospital("H-BILLING", "", "22"),
    hospital("H-MOVED", "SOUTH", "22", OUTPATIENT | {"site_id": "NORTH"}),
    hospital("H-MISSING", "", "19", OUTPATIENT | {"site_id": "WEST"}), hospital("H-NAMELESS", "", "22", site_id="NAMELESS"),
    hospital("H-INPATIENT", encounter=OUTPATIENT | {"registration_status": "inpatient"}),
    hospital("H-NOBODY", encounter=NOT_REGISTERED), hospital("H-STRANGER", "SOUTH", encounter=NOT_REGISTERED),
    hospital("H-SILENT", encounter=None),
    hospital("H-WINDOW", encounter=OUTPATIENT | {
        "admission_status": "admitted", "admitted_at": "2026-03-12", "admitting_hospital_type": "ipps"}),
    hospital("H-LATER", encounter=OUTPATIENT | {
        "admission_status": "admitted", "admitted_at": "2026-03-20", "admitting_hospital_type": "ipps"}),
    hospital("H-UNDER", encounter=OUTPATIENT | {"performed_by_npi": NP}),
    hospital("H-SHARED-MD", encounter=SHARED | {"physician_time_share": "0.6"}, modifiers="FS"),
    hospital("H-SHARED-NOT", encounter=SHARED | {"physician_time_share": "0.3"}, modifiers="FS"),
    hospital("H-SHARED-NP", encounter=SHARED | {"physician_time_share": "0.3"}, modifiers="FS", rendering_provider_npi=NP),
    hospital("H-SHARED-BLANK", encounter=SHARED | {"has_physician_decision_making": ""}, modifiers="FS"),
    office("O-SOUTH"), office("O-TOWER", "TOWER"), office("O-NORTH", "NORTH"), office("O-ROOMS", "ROOMS"),
    office("O-NURSES", "NURSES"), office("O-BLANK", "BLANK"), office("O-SILENT", encounter=None),
    office("O-READING", "NORTH", procedure_code="71046", modifiers="26"),
    office("O-OUTPATIENT", encounter=OUTPATIENT),
    office("O-INPATIENT", encounter=NOT_REGISTERED | {"registration_status": "inpatient"}),
    office("O-VIDEO", modifiers="95"), office("O-HOSPITAL-VISIT", procedure_code="99223"),
    Visit("HOME", "", "12"), Visit("TELEHEALTH", "SOUTH", "10"),
)  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Checklist:
    """All the visits in one run, with a hospital's claim that carries PN at an excepted department."""
    folder = tmp_path_factory.mktemp("world")
    return run_world(folder, VISITS, hospital_file(folder / "hospital.837", "PAST", "PN"))


@pytest.mark.parametrize(
    ("claim", "code", "state"),
    [
        ("H-WEST", "CHK101", "done"),
        ("H-BARE", "CHK101", "failed"),  # not enrolled
        ("H-OFFICE", "CHK101", "failed"),  # no department
        ("H-BLANK", "CHK101", "not verified"),
        ("H-WEST", "CHK102", "done"),  # a survey
        ("H-NORTH", "CHK102", "done"),  # nobody needs one
        ("H-FAR", "CHK102", "failed"),
        ("H-ROAD", "CHK102", "not verified"),
        ("H-WEST", "CHK103", "done"),
        ("H-YOUNG", "CHK103", "done"),
        ("H-PAST", "CHK103", "failed"),  # the hospital sent PN for PO
        ("H-OPEN", "CHK103", "not verified"),
        ("H-NORTH", "CHK103", "does not apply"),
        ("H-WEST", "CHK104", "done"),
        ("H-NORTH", "CHK104", "done"),
        ("H-SWAPPED", "CHK104", "failed"),
        ("H-OFFICE", "CHK104", "failed"),
        ("H-ROAD", "CHK104", "not verified"),
        ("H-BLANK", "CHK104", "not verified"),
        ("H-WEST", "CHK105", "done"),
        ("H-BILLING", "CHK105", "done"),  # at the billing provider's own address
        ("H-MOVED", "CHK105", "failed"),  # another address
        ("H-MISSING", "CHK105", "failed"),  # none, and the site stands elsewhere
        ("H-NAMELESS", "CHK105", "not verified"),
        ("H-READING", "CHK105", "does not apply"),
        ("H-WEST", "CHK106", "done"),
        ("H-NOBODY", "CHK106", "done"),  # not registered, but in hospital space
        ("H-INPATIENT", "CHK106", "failed"),
        ("H-STRANGER", "CHK106", "failed"),
        ("H-SILENT", "CHK106", "not verified"),
        ("H-WEST", "CHK107", "done"),
        ("H-LATER", "CHK107", "done"),
        ("H-WINDOW", "CHK107", "not verified"),
        ("H-SILENT", "CHK107", "not verified"),
        ("H-WEST", "CHK108", "done"),
        ("H-SHARED-MD", "CHK108", "done"),
        ("H-SHARED-NP", "CHK108", "done"),
        ("H-UNDER", "CHK108", "failed"),
        ("H-SHARED-NOT", "CHK108", "failed"),
        ("H-SHARED-BLANK", "CHK108", "not verified"),
        ("H-SILENT", "CHK108", "not verified"),
        ("O-SOUTH", "CHK201", "done"),
        ("O-TOWER", "CHK201", "done"),
        ("O-NORTH", "CHK201", "failed"),
        ("O-ROOMS", "CHK201", "failed"),
        ("O-NURSES", "CHK201", "failed"),
        ("O-BLANK", "CHK201", "not verified"),
        ("O-READING", "CHK201", "does not apply"),
        ("O-SOUTH", "CHK202", "done"),
        ("O-OUTPATIENT", "CHK202", "failed"),
        ("O-INPATIENT", "CHK202", "failed"),
        ("O-SILENT", "CHK202", "not verified"),
        ("O-SOUTH", "CHK203", "done"),
        ("O-VIDEO", "CHK203", "failed"),
        ("O-HOSPITAL-VISIT", "CHK203", "failed"),  # a rule about procedures says so
    ],
)
def test_a_step_is_in_the_state_that_the_facts_leave_it_in(world: Checklist, claim: str, code: str, state: str) -> None:
    assert step_of(world, claim, code)["state"] == state


@pytest.mark.parametrize("claim", ["H-WEST", "H-YOUNG", "H-LATER", "H-SHARED-MD"])
def test_a_claim_in_order_is_done_in_all_eight_steps(world: Checklist, claim: str) -> None:
    assert states(claim_of(world, claim)) == ["done"] * 8


@pytest.mark.parametrize("claim", ["O-SOUTH", "O-TOWER"])
def test_an_office_visit_in_order_is_done_in_all_three_steps(world: Checklist, claim: str) -> None:
    assert states(claim_of(world, claim, OFFICE)) == ["done"] * 3


@pytest.mark.parametrize(
    ("claim", "code", "fact", "asked"),
    [
        ("H-BLANK", "CHK101", "is_provider_based", "compliance"),
        ("H-BLANK", "CHK101", "is_enrolled_hospital_location", "credentialing"),
        ("H-ROAD", "CHK102", "has_distance_survey", "credentialing"),
        ("H-OPEN", "CHK103", "is_excepted_department", "compliance"),
        ("H-ROAD", "CHK104", "outpatient_place_of_service_code", "credentialing"),
        ("H-NAMELESS", "CHK105", "is_service_facility_at_registered_address", "credentialing"),
        ("H-SILENT", "CHK106", "is_registered_inpatient", "registration"),
        ("H-SILENT", "CHK107", "is_in_payment_window", "registration"),
        ("H-WINDOW", "CHK107", "is_hospital_charge_combined", "patient accounts"),
        ("H-SILENT", "CHK108", "is_shared_visit", "clinical record"),
        ("H-SHARED-BLANK", "CHK108", "is_substantive_portion_by_physician", "clinical record"),
        ("O-BLANK", "CHK201", "site_place_of_service_code", "credentialing"),
        ("O-SILENT", "CHK202", "is_registered_outpatient", "registration"),
    ],
)
def test_a_step_not_verified_says_what_is_missing_why_and_whom_to_ask(
    world: Checklist, claim: str, code: str, fact: str, asked: str
) -> None:
    (missing,) = [one for one in step_of(world, claim, code)["missing"] if one["fact"] == fact]
    assert missing["supplied_by"].startswith(asked)
    assert missing["because"]
    assert missing["meaning"]
    text = "".join(checklist_text(world))
    assert fact in text


def test_a_step_not_verified_misses_something_and_one_that_is_done_nothing(world: Checklist) -> None:
    for claim in world.claims:
        for step in claim["steps"]:
            assert step["missing"] or step["state"] != "not verified", (claim["claim_id"], step["code"])
            assert not step["missing"] or step["state"] in ("not verified", "failed"), (claim["claim_id"], step["code"])


def test_a_failed_step_shows_what_it_saw(world: Checklist) -> None:
    step = step_of(world, "H-BARE", "CHK101")
    assert step["line_number"] == 1
    assert (step["evidence"]["site_id"], step["evidence"]["is_enrolled_hospital_location"]) == ("BARE", False)
    assert list(step["evidence"]) == list(STEPS["CHK101"].evidence)


def test_only_claims_at_pos_11_19_and_22_are_listed(world: Checklist) -> None:
    listed = {(claim["claim_id"], claim["checklist"]) for claim in world.claims}
    assert listed == {
        (one.claim, OFFICE if one.pos == "11" else HOSPITAL) for one in VISITS if one.pos in ("11", "19", "22")
    }


def test_every_claim_has_the_steps_of_its_list_in_order(world: Checklist) -> None:
    for claim in world.claims:
        first = "CHK1" if claim["checklist"] == HOSPITAL else "CHK2"
        assert [step["code"] for step in claim["steps"]] == [code for code in STEPS if code.startswith(first)]
        assert [step["step"] for step in claim["steps"]] == list(range(1, len(claim["steps"]) + 1))
        assert all(step["title"] == STEPS[step["code"]].title for step in claim["steps"])


def test_a_claim_says_where_and_when(world: Checklist) -> None:
    claim = claim_of(world, "H-WEST")
    assert (claim["site_id"], claim["site_name"]) == ("WEST", "West Clinic")
    assert (claim["service_date"], claim["places"]) == ("2026-03-10", ["19"])
    assert Path(claim["file"]).name == "july.csv"


# --- what stands behind a step ------------------------------------------------------------------------


def only_id(step: Rule) -> str:
    """A dossier id of this step that no other step of its list has."""
    others = {one for other in STEPS.values() if other.code[3] == step.code[3] and other != step for one in other.basis}
    return next(one for one in step.basis if one not in others)


def write_own(folder: Path, number: int, basis: str, applies: str, violates: str, **front: str) -> None:
    """A page of the organisation's own with this dossier id."""
    code = f"OWN{number}"
    (folder / "rules").mkdir(exist_ok=True)
    keys = {"severity": "warning", "unknown": "warning", "basis": f"[{basis}]", "evidence": "[place_of_service_code]"}
    text = page(code=code, applies=f">\n  {applies}", violates=f">\n  {violates}", **{**keys, **front})
    (folder / "rules" / f"{code}-a-wrong-place.md").write_text(text, encoding="utf-8")


OUTCOMES = {  # of the page behind the step: what violates it, what it says, and what becomes of the step
    "violation": ("TRUE", "warning", "failed"),
    "unknown": ("has_custody_exception", "warning", "not verified"),
    "clear": ("FALSE", "warning", "done"),
    "slight": ("TRUE", "info", "done"),
    "slightly-unknown": ("has_custody_exception", "info", "done"),
}


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Checklist:
    """For each step and outcome a claim in order, but for a page of its own with a dossier id of that step."""
    folder = tmp_path_factory.mktemp("behind")
    visits = []
    number = 100
    for code, step in STEPS.items():
        for name, (violates, severity, _) in OUTCOMES.items():
            number += 1
            claim = f"{code}-{name}"
            visits.append(hospital(claim) if code < "CHK2" else office(claim))
            write_own(
                folder, number, only_id(step), f"claim_id = '{claim}'", violates, severity=severity, unknown=severity
            )
    return run_world(folder, visits)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("code", STEPS)
def test_a_finding_behind_a_step_changes_that_step_of_that_claim_alone(
    behind: Checklist, code: str, outcome: str
) -> None:
    claim = claim_of(behind, f"{code}-{outcome}", HOSPITAL if code < "CHK2" else OFFICE)
    expected = {step["code"]: "done" for step in claim["steps"]} | {code: OUTCOMES[outcome][2]}
    assert {step["code"]: step["state"] for step in claim["steps"]} == expected
    step = step_of(behind, f"{code}-{outcome}", code)
    if expected[code] == "done":
        assert step["findings"] == []
    else:
        (finding,) = step["findings"]
        assert (finding["outcome"], finding["severity"], finding["claim_id"]) == (outcome, "warning", claim["claim_id"])
        assert finding["rule"].startswith("OWN")
    assert [one["fact"] for one in step["missing"]] == (["has_custody_exception"] if outcome == "unknown" else [])


def test_a_finding_never_makes_a_step_better_or_one_that_does_not_apply_worse(tmp_path: Path) -> None:
    write_own(tmp_path, 101, "S62", "TRUE", "TRUE")  # step 3, which does not apply on campus
    write_own(tmp_path, 102, "S61", "TRUE", "has_custody_exception")  # step 2, which has failed
    found = run_world(tmp_path, [hospital("A1", "NORTH", "22"), hospital("A2", "FAR")])
    on_campus = step_of(found, "A1", "CHK103")
    assert (on_campus["state"], on_campus["findings"]) == ("does not apply", [])
    failed = step_of(found, "A2", "CHK102")
    assert (failed["state"], failed["missing"]) == ("failed", [])
    assert "OWN102" in {finding["rule"] for finding in failed["findings"]}


def test_a_preview_stands_behind_nothing(tmp_path: Path) -> None:
    write_own(tmp_path, 101, "S60", "TRUE", "TRUE", status="preview")
    assert states(claim_of(run_world(tmp_path, [hospital("A1")]), "A1")) == ["done"] * 8


def test_a_finding_about_the_site_stands_behind_all_its_claims_and_no_others(tmp_path: Path) -> None:
    write_own(tmp_path, 101, "S60", "site_id = 'WEST'", "TRUE", grain="site", evidence="[site_id]", message="Look.")
    write_own(tmp_path, 102, "S64", "site_id = 'YOUNG'", "distance_yards > 400 OR pecos_address = 'x'", grain="site",
              evidence="[site_id]", message="Look.")  # fmt: skip
    found = run_world(tmp_path, [hospital("A1"), hospital("A2"), hospital("A3", "YOUNG")])
    for claim in ("A1", "A2"):
        step = step_of(found, claim, "CHK101")
        assert step["state"] == "failed"
        assert [(one["rule"], one["claim_id"], one["site_id"]) for one in step["findings"]] == [
            ("OWN101", None, "WEST")
        ]
    assert states(claim_of(found, "A3")) == ["done"] * 8  # what a registry leaves blank is no finding of a claim


def test_a_fault_of_the_hospitals_claim_at_the_site_fails_the_step(world: Checklist) -> None:
    step = step_of(world, "H-PAST", "CHK103")
    assert {(one["rule"], one["claim_id"]) for one in step["findings"]} == {("DEP114", "H1")}
    assert step_of(world, "H-WEST", "CHK103")["findings"] == []
    assert re.search(r"DEP114 error\s+\(H1\):", "".join(checklist_text(world)))


def test_one_rule_is_named_once_for_a_claim_whatever_its_lines(tmp_path: Path) -> None:
    write_own(tmp_path, 101, "S60", "TRUE", "TRUE")
    found = run_world(tmp_path, [Visit("A1", "WEST", "19", line=number) for number in (1, 2, 3)])
    assert [finding["rule"] for finding in step_of(found, "A1", "CHK101")["findings"]] == ["OWN101"]


def test_a_claim_of_the_same_id_in_another_file_is_another_claim(tmp_path: Path) -> None:
    write_own(tmp_path, 101, "S60", "procedure_code = '99214'", "TRUE")
    other = hospital("A1", procedure_code="99214")
    file = write_csv(tmp_path / "june.csv", [other.row()])
    found = run_world(tmp_path, [hospital("A1")], file)
    by_file = {Path(claim["file"]).name: states(claim) for claim in found.claims}
    assert by_file == {"july.csv": ["done"] * 8, "june.csv": ["failed"] + ["done"] * 7}


# --- claims of several lines --------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_of_several_lines_the_worst_counts(tmp_path: Path, order: tuple[int, ...]) -> None:
    done, silent, fails = (
        Visit("A1", "WEST", "19", line=order[0]),
        Visit("A1", "WEST", "19", None, line=order[1]),
        Visit("A1", "WEST", "19", OUTPATIENT | {"registration_status": "inpatient"}, line=order[2]),
    )
    visits = sorted((done, silent, fails), key=lambda one: one.line)
    claim = claim_of(run_world(tmp_path, visits), "A1")
    by_code = {step["code"]: step for step in claim["steps"]}
    assert (by_code["CHK106"]["state"], by_code["CHK106"]["line_number"]) == ("failed", order[2])
    assert by_code["CHK106"]["evidence"]["is_registered_inpatient"] is True
    assert (by_code["CHK107"]["state"], by_code["CHK107"]["line_number"]) == ("not verified", order[1])
    assert (by_code["CHK101"]["state"], by_code["CHK101"]["line_number"]) == ("done", 1)


def test_a_line_to_which_a_step_does_not_apply_counts_least(tmp_path: Path) -> None:
    reading = Visit("A1", "WEST", "19", line=1, changes={"modifiers": "26", "procedure_code": "71046"})
    step = step_of(run_world(tmp_path, [reading, Visit("A1", "WEST", "19", line=2)]), "A1", "CHK105")
    assert (step["state"], step["line_number"]) == ("done", 2)


def test_a_claim_with_lines_at_two_sites_fails_where_one_of_them_does(tmp_path: Path) -> None:
    found = run_world(tmp_path, [Visit("A1", "WEST", "19", line=1), Visit("A1", "BARE", "19", line=2)])
    claim = claim_of(found, "A1")
    assert (claim["site_id"], claim["places"]) == ("WEST", ["19"])  # the first line says where
    assert states(claim) == ["failed"] + ["done"] * 7
    step = step_of(found, "A1", "CHK101")
    assert (step["line_number"], step["evidence"]["site_id"]) == (2, "BARE")
    assert [(site["site_id"], site["claims"]) for site in found.sites] == [("WEST", 1)]


def test_a_claim_with_lines_at_two_sites_is_judged_by_the_findings_of_both(tmp_path: Path) -> None:
    write_own(tmp_path, 101, "S60", "site_id = 'YOUNG'", "TRUE", grain="site", evidence="[site_id]", message="Look.")
    found = run_world(tmp_path, [Visit("A1", "WEST", "19", line=1), Visit("A1", "YOUNG", "19", line=2)])
    step = step_of(found, "A1", "CHK101")
    assert (step["state"], [finding["rule"] for finding in step["findings"]]) == ("failed", ["OWN101"])


def test_a_claim_with_an_office_line_and_a_hospital_line_stands_in_both_lists(tmp_path: Path) -> None:
    visits = [
        Visit("A1", "SOUTH", "11", NOT_REGISTERED, 1),
        Visit("A1", "WEST", "19", line=2),
        Visit("A1", "NORTH", "22", line=3),
    ]
    found = run_world(tmp_path, visits)
    one, two = claim_of(found, "A1"), claim_of(found, "A1", OFFICE)
    assert (one["site_id"], one["places"], states(one)) == ("WEST", ["19", "22"], ["done"] * 8)
    assert (two["site_id"], two["places"], states(two)) == ("SOUTH", ["11"], ["done"] * 3)
    assert [(site["site_id"], site["checklist"], site["claims"]) for site in found.sites] == [
        ("WEST", HOSPITAL, 1),
        ("SOUTH", OFFICE, 1),
    ]


def professional_file(path: Path, *claims: tuple[str, str, str]) -> Path:
    """An 837 of claims at POS 19 in the West Clinic, each with its id, frequency code and procedure."""
    segments: list[str] = []
    for claim, frequency, procedure in claims:
        segments += [f"CLM*{claim}*100***19:B:{frequency}*Y*A*Y*Y", "HI*ABK:R079", f"NM1*82*1*FINCH*ADA****XX*{MD}",
                     "NM1*77*2*WEST", f"N3*{SITES['WEST']['address_line_1']}", "N4*Town*CA*900010001",
                     "LX*1", f"SV1*HC:{procedure}*100*UN*1***1", "DTP*472*D8*20260310"]  # fmt: skip
    path.write_text(file_of(billing_provider(), subscriber(), segments, day="20260312"))
    return path


def test_two_claims_of_one_id_in_a_file_are_kept_apart(tmp_path: Path) -> None:
    """A claim and its replacement carry the same id."""
    write_own(tmp_path, 101, "S60", "procedure_code = '99214'", "TRUE")
    build(tmp_path, [hospital("A1")])
    file = professional_file(tmp_path / "july.837", ("A1", "1", "99213"), ("A1", "7", "99214"))
    found = run_checklist([file], workspace=Workspace.open(tmp_path), as_of=RUN_DATE)
    assert [claim["steps"][0]["state"] for claim in found.claims] == ["done", "failed"]


def test_a_claim_without_an_id_is_judged_like_any_other(tmp_path: Path) -> None:
    write_own(tmp_path, 101, "S60", "procedure_code = '99214'", "TRUE")
    build(tmp_path, [hospital("A1")])
    file = professional_file(tmp_path / "july.837", ("", "1", "99214"))
    found = run_checklist([file], workspace=Workspace.open(tmp_path), as_of=RUN_DATE)
    assert "None" not in "".join(checklist_text(found))
    assert [claim["steps"][0]["state"] for claim in found.claims] == ["failed"]


# --- the sums of the sites ----------------------------------------------------------------------------


def sums(claims: Iterable[Row]) -> Counter[tuple[str | None, str, int, str]]:
    return Counter((c["site_id"], c["checklist"], s["step"], s["state"]) for c in claims for s in c["steps"])


def assert_sites_are_the_sum_of_the_claims(found: Checklist) -> None:
    rolled = Counter[tuple[str | None, str, int, str]]()
    for site in found.sites:
        for step, by_state in site["steps"].items():
            assert sum(by_state.values()) == site["claims"]
            for state, count in by_state.items():
                assert count > 0
                rolled[site["site_id"], site["checklist"], int(step), state] += count
    assert rolled == sums(found.claims)
    assert Counter(
        (site["site_id"], site["checklist"]) for site in found.sites for _ in range(site["claims"])
    ) == Counter((claim["site_id"], claim["checklist"]) for claim in found.claims)
    assert len({(site["site_id"], site["checklist"]) for site in found.sites}) == len(found.sites)


def test_the_sites_are_the_sum_of_the_claims(world: Checklist, behind: Checklist) -> None:
    assert_sites_are_the_sum_of_the_claims(world)
    assert_sites_are_the_sum_of_the_claims(behind)
    assert {site["site_id"] for site in world.sites} > {"WEST", "SOUTH"}


def test_the_sites_of_riverside_are_the_sum_of_its_claims() -> None:
    files = [RIVERSIDE / "professional.837", RIVERSIDE / "institutional.837", RIVERSIDE / "charges.csv"]
    found = run_checklist(files, workspace=Workspace.open(RIVERSIDE), as_of=RUN_DATE)
    assert {site["site_id"] for site in found.sites} >= {"RGH-NORTH", "RMG-OAK"}
    assert_sites_are_the_sum_of_the_claims(found)


def test_claims_at_a_place_nobody_knows_are_one_site_without_a_name(tmp_path: Path) -> None:
    elsewhere = {"service_facility_address_line_1": "99 Elm Street", "service_facility_zip": "900010001"}
    strays = [Visit(claim, "WEST", "19", changes=elsewhere) for claim in ("A1", "A2")]
    found = run_world(tmp_path, [*strays, hospital("A3")])
    assert [(site["site_id"], site["site_name"], site["claims"]) for site in found.sites] == [
        ("WEST", "West Clinic", 1),
        (None, None, 2),
    ]
    text = "".join(checklist_text(found))
    assert re.search(r"^not known +2 ", text, re.MULTILINE)
    assert "at a site that is not known" in text


# --- the command --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Here:
    """A workspace at hand, and the command line in its folder."""

    run: Run
    folder: Path

    def checklist(self, *words: str | Path) -> Ran:
        return self.run("checklist", *(words or ("july.csv",)))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """A claim in order (A1), an office visit in order (A2), one that fails (A3), and one at home (A4)."""
    build(tmp_path, [hospital("A1"), office("A2"), hospital("A3", "BARE"), Visit("A4", "", "12")])
    monkeypatch.chdir(tmp_path)
    return Here(runner(monkeypatch, capsys), tmp_path)


def test_exit_0_when_every_step_is_done_or_does_not_apply(here: Here) -> None:
    ran = here.checklist("july.csv", "--claim", "A1")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(
        "A1, POS 19 at West Clinic, 2026-03-10\n  1 done          Provider-based status and enrolment\n"
    )
    assert "FAILED" not in ran.out
    build(here.folder, [hospital("A1", "NORTH", "22"), office("A2")])
    ran = here.checklist()
    assert ran.code == 0
    assert "  3 -             Excepted or not\n" in ran.out


def test_exit_1_when_a_step_failed(here: Here) -> None:
    ran = here.checklist()
    assert (ran.code, ran.err) == (1, "")
    assert "  1 FAILED        Provider-based status and enrolment\n      DEP108 error: " in ran.out


def test_exit_1_when_a_step_could_not_be_verified(here: Here) -> None:
    build(here.folder, [hospital("A1", encounter=OUTPATIENT | {"admission_status": ""})])
    ran = here.checklist()
    assert (ran.code, ran.err) == (1, "")
    assert "  7 not verified  Admission within the payment window\n      not known: is_in_payment_window" in ran.out
    said = " ".join(ran.out.split())
    assert "(admission_status and admitted_at are blank in the encounters registry); ask registration" in said


def test_exit_2_when_something_could_not_be_read_whatever_was_found(here: Here) -> None:
    (here.folder / "broken.837").write_text("ISA*00*broken")
    for words in (("broken.837",), ("july.csv", "broken.837"), ("july.csv", "broken.837", "--claim", "A1")):
        ran = here.checklist(*words)
        assert (ran.code, ran.err) == (2, "")
    assert "A1, POS 19" in ran.out
    assert here.checklist("broken.837").out == "No professional claim here has a line at POS 11, 19 or 22.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("july.csv", "--claim", "A9"), "No claim 'A9' (CLM01) in these files has a line at POS 11, 19 or 22."),
        (("july.csv", "--claim", "a1"), "No claim 'a1'"),
        (("july.csv", "--claim", "A4"), "No claim 'A4'"),  # a home visit
        (("july.csv", "--claim", ""), "No claim ''"),
        (("july.csv", "--claim", "' OR 1 = 1 --"), "No claim '' OR 1 = 1 --'"),
        (("july.csv", "--format", "xml"), "--format is 'xml'. Use text or json."),
        (("july.csv", "--as-of", "soon"), "--as-of is 'soon', which is no date"),
        (("july.csv", "--received", "soon"), "--received is 'soon', which is no date"),
        (("nothing.csv",), "There is no file or folder 'nothing.csv'"),
        (("july.csv", "--workspace", "nowhere"), "the settings cannot be opened"),
        (("july.csv", "--nonsense"), "--nonsense"),
    ],
)  # fmt: skip
def test_exit_3_on_wrong_use(here: Here, words: tuple[str, ...], said: str) -> None:
    ran = here.checklist(*words)
    assert (ran.code, ran.out) == (3, "")
    assert said in ran.err


def test_exit_3_on_a_page_of_ones_own_that_is_malformed(here: Here) -> None:
    write_own(here.folder, 101, "S60", "TRUE", "no_such_column")
    ran = here.checklist()
    assert (ran.code, ran.out) == (3, "")
    assert "OWN101-a-wrong-place.md" in ran.err


def test_an_unknown_claim_is_an_error_of_the_library_too(tmp_path: Path) -> None:
    with pytest.raises(UnknownClaim, match=r"No claim 'A9' \(CLM01\)"):
        run_world(tmp_path, [hospital("A1")], claim="A9")


def test_one_claim_is_listed_as_among_all(here: Here) -> None:
    def listed(*words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(here.checklist("july.csv", "--format", "json", *words).out)
        return found

    every, one = listed(), listed("--claim", "A3")
    assert one["claims"] == [claim for claim in every["claims"] if claim["claim_id"] == "A3"]
    assert [(site["site_id"], site["claims"]) for site in one["sites"]] == [("BARE", 1)]


def test_without_a_claim_to_list_nothing_is_wrong(here: Here) -> None:
    build(here.folder, [Visit("A4", "", "12")])
    ran = here.checklist()
    assert (ran.code, ran.out) == (0, "No professional claim here has a line at POS 11, 19 or 22.\n")
    assert json.loads(here.checklist("july.csv", "--format", "json").out) == {
        "schema": "scrubjay.checklist/1", "claims": [], "sites": [],
    }  # fmt: skip


def test_without_a_workspace_nothing_is_done_that_a_registry_would_say(
    here: Here, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    ran = here.checklist(here.folder / "july.csv", "--claim", "A1", "--format", "json")
    assert ran.code == 1
    (claim,) = json.loads(ran.out)["claims"]
    assert {step["state"] for step in claim["steps"]} == {"not verified"}
    assert claim["site_id"] is None


# --- JSON ---------------------------------------------------------------------------------------------

TEXT, NUMBER, MAYBE_TEXT, MAYBE_NUMBER = (str,), (int,), (str, type(None)), (int, type(None))
CLAIM_KEYS = {
    "claim_id": MAYBE_TEXT, "file": TEXT, "checklist": TEXT, "site_id": MAYBE_TEXT, "site_name": MAYBE_TEXT,
    "service_date": MAYBE_TEXT, "places": (list,), "steps": (list,),
}  # fmt: skip
STEP_KEYS = {
    "step": NUMBER, "code": TEXT, "title": TEXT, "state": TEXT, "line_number": MAYBE_NUMBER, "evidence": (dict,),
    "missing": (list,), "findings": (list,),
}  # fmt: skip
MISSING_KEYS = {"fact": TEXT, "meaning": TEXT, "because": TEXT, "supplied_by": TEXT}
FINDING_KEYS = {
    "rule": TEXT, "outcome": TEXT, "severity": TEXT, "claim_id": MAYBE_TEXT, "line_number": MAYBE_NUMBER,
    "site_id": MAYBE_TEXT, "message": TEXT,
}  # fmt: skip
SITE_KEYS = {"site_id": MAYBE_TEXT, "site_name": MAYBE_TEXT, "checklist": TEXT, "claims": NUMBER, "steps": (dict,)}


def assert_shape(row: dict[str, Any], keys: Mapping[str, tuple[type, ...]]) -> None:
    assert list(row) == list(keys)
    wrong = {name: row[name] for name, types in keys.items() if type(row[name]) not in types}
    assert wrong == {}


def test_the_json_keeps_its_keys_and_types(world: Checklist) -> None:
    document = json.loads(json.dumps(world.as_dict()))
    assert document == world.as_dict(), "plain values only"
    assert list(document) == ["schema", "claims", "sites"]
    assert document["schema"] == "scrubjay.checklist/1"
    for claim in document["claims"]:
        assert_shape(claim, CLAIM_KEYS)
        assert claim["checklist"] in (HOSPITAL, OFFICE)
        assert dt.date.fromisoformat(claim["service_date"])
        assert claim["places"] and set(claim["places"]) <= {"11", "19", "22"}
        for step in claim["steps"]:
            assert_shape(step, STEP_KEYS)
            assert step["state"] in STATES
            assert all(type(value) in (str, int, bool, type(None)) for value in step["evidence"].values())
            for missing in step["missing"]:
                assert_shape(missing, MISSING_KEYS)
            for finding in step["findings"]:
                assert_shape(finding, FINDING_KEYS)
                assert finding["outcome"] in ("violation", "unknown")
                assert finding["severity"] in ("error", "hold", "warning")
    for site in document["sites"]:
        assert_shape(site, SITE_KEYS)
        assert list(site["steps"]) == [str(number) for number in range(1, 9 if site["checklist"] == HOSPITAL else 4)]
        assert all(
            type(count) is int and state in STATES
            for by_state in site["steps"].values()
            for state, count in by_state.items()
        )


def test_the_command_prints_what_the_library_gives(here: Here) -> None:
    ran = here.checklist("july.csv", "--format", "json", "--as-of", RUN_DATE.isoformat())
    found = run_checklist(["july.csv"], workspace=Workspace.open(here.folder), as_of=RUN_DATE)
    assert json.loads(ran.out) == found.as_dict()
    assert ran.code == found.exit_code == 1


def test_a_line_without_a_date_is_listed_without_one(tmp_path: Path) -> None:
    found = run_world(tmp_path, [hospital("A1", service_date="")])
    claim = claim_of(found, "A1")
    assert claim["service_date"] is None
    assert "done" not in {claim["steps"][0]["state"]}
    assert "".join(checklist_text(found)).startswith("A1, POS 19 at ")


# --- text ---------------------------------------------------------------------------------------------


def too_wide(text: str, width: int) -> list[str]:
    """The lines wider than asked; a line of one word, whatever its indent, may be."""
    return [line for line in text.splitlines() if len(line) > width and " " in line.strip()]


@pytest.mark.parametrize("width", [80, 40])
def test_the_text_is_never_wider_than_asked(world: Checklist, behind: Checklist, width: int) -> None:
    for found in (world, behind):
        assert too_wide("".join(checklist_text(found, width)), width) == []


@pytest.mark.parametrize("width", [80, 40])
def test_the_text_of_riverside_is_never_wider_than_the_terminal(
    here: Here, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ran = here.checklist(RIVERSIDE / "professional.837", "--workspace", RIVERSIDE)
    assert "RMG-1001" in ran.out
    assert too_wide(ran.out, width) == []


def test_the_name_of_a_fact_is_never_broken_in_two(world: Checklist) -> None:
    def names(width: int) -> set[str]:
        return set(re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", "".join(checklist_text(world, width))))

    assert "is_substantive_portion_by_physician" in names(200)
    assert names(40) == names(80) == names(200)


def test_claims_that_stand_alike_are_shown_once(tmp_path: Path) -> None:
    found = run_world(tmp_path, [hospital("A1"), hospital("A2"), hospital("A3"), hospital("A4", "BARE")])
    text = "".join(checklist_text(found))
    assert "A1, POS 19 at West Clinic, 2026-03-10, and 2 more like it\n" in text
    assert "A2, POS" not in text
    assert "A4, POS 19 at Bare Clinic, 2026-03-10\n" in text


def test_the_sums_stand_above_the_claims(tmp_path: Path) -> None:
    found = run_world(tmp_path, [hospital("A1"), hospital("A2", "NORTH", "22"), hospital("A3", "BARE"), office("A4")])
    text = "".join(checklist_text(found))
    assert text.startswith("Hospital outpatient department (POS 19, 22): claims with the step done")
    assert (
        "site     claims    1    2    3    4    5    6    7    8\n"
        "BARE          1  0/1  1/1  1/1  1/1  1/1  1/1  1/1  1/1\n"
        "NORTH         1  1/1  1/1    -  1/1  1/1  1/1  1/1  1/1\n"
        "WEST          1  1/1  1/1  1/1  1/1  1/1  1/1  1/1  1/1\n"
    ) in text
    assert text.index("Office (POS 11): claims with the step done") < text.index("A1, POS 19")


def test_a_single_claim_has_no_sums_above_it(tmp_path: Path) -> None:
    assert "".join(checklist_text(run_world(tmp_path, [hospital("A1")]))).startswith("A1, POS 19 at West Clinic")


HOSTILE_ID = "A\x1b[31m1\x07\x9b2\u202e3"


def test_control_characters_in_a_claim_id_never_reach_a_terminal(here: Here) -> None:
    build(here.folder, [hospital(HOSTILE_ID), hospital("A2")])
    ran = here.checklist()
    assert "A" in ran.out
    assert [char for char in ran.out if not char.isprintable() and char != "\n"] == []
    assert "and 1 more like it" in ran.out


def test_control_characters_in_a_claim_id_are_escapes_in_json(here: Here) -> None:
    build(here.folder, [hospital(HOSTILE_ID)])
    ran = here.checklist("july.csv", "--format", "json")
    (claim,) = json.loads(ran.out)["claims"]
    assert claim["claim_id"] == HOSTILE_ID
    assert [char for char in ran.out if not char.isprintable() and char != "\n"] == []


def test_control_characters_in_the_id_of_a_site_never_reach_a_terminal(here: Here) -> None:
    text = (here.folder / "sites.csv").read_text(encoding="utf-8").replace("WEST,", "WE\x1b[31mST,")
    (here.folder / "sites.csv").write_text(text, encoding="utf-8")
    ran = here.checklist()
    assert [char for char in ran.out + ran.err if not char.isprintable() and char != "\n"] == []


# --- the pages of the steps ---------------------------------------------------------------------------


def test_there_are_eight_steps_for_the_hospital_and_three_for_the_office() -> None:
    assert list(STEPS) == [*(f"CHK10{number}" for number in range(1, 9)), *(f"CHK20{number}" for number in range(1, 4))]
    assert len(list(STEPS_FOLDER.glob("*.md"))) == len(STEPS)
    assert not set(STEPS) & set(load_rules()), "a step is no rule"


@pytest.mark.parametrize("step", STEPS.values(), ids=list(STEPS))
def test_a_step_page_has_the_six_headings(step: Rule) -> None:
    assert [line for line in step.body.splitlines() if line.startswith("## ")] == [f"## {one}" for one in HEADINGS]
    number = step.code[-1]
    assert f"Step {number} of the checklist" in " ".join(page_section(step.body, "What it does").split())
    assert step.grain == "service_line"
    assert step.status == "stable"


@pytest.mark.parametrize("step", STEPS.values(), ids=list(STEPS))
def test_the_references_of_a_step_say_how_the_rule_differs_from_the_article(step: Rule) -> None:
    references = page_section(step.body, "References")
    assert re.search(r"^- The article (\w+)", references, re.MULTILINE)
    assert len(references.split()) > 20


@pytest.mark.parametrize("step", STEPS.values(), ids=list(STEPS))
def test_the_references_of_a_step_name_the_dossier_ids_behind_it(step: Rule) -> None:
    (said,) = re.findall(r"Rules behind it: those with (.*?) as their dossier id\.", " ".join(step.body.split()))
    named = re.sub(
        r"P(\d\d) to P(\d\d)", lambda m: ", ".join(f"P{n:02}" for n in range(int(m[1]), int(m[2]) + 1)), said
    )
    assert set(re.findall(r"[SP]\d\d[A-Z]?", named)) == set(step.basis)


@pytest.mark.parametrize("step", STEPS.values(), ids=list(STEPS))
def test_the_cases_of_a_step_hold_and_cover_every_outcome_it_can_reach(step: Rule) -> None:
    wrong = wrong_cases(step, read_cases(step, CASES), load_laws())
    if step.code == "CHK103":  # it asks whether something is known, so it never fails by itself
        wrong.remove("no case expects the outcome violation, which the rule can reach")
    assert wrong == []


@pytest.mark.parametrize("step", STEPS.values(), ids=list(STEPS))
def test_every_leaf_of_the_conditions_of_a_step_decides_a_case(step: Rule) -> None:
    assert surviving_leaves(step, read_cases(step, CASES), load_laws()) == []


def test_every_case_file_belongs_to_a_step() -> None:
    assert {file.stem for file in CASES.glob("*.yaml")} == set(STEPS)
