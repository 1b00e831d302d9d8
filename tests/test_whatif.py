"""What-ifs: each change with exact amounts, what stays unknown and why, sums, and how it is printed.

The relative values and outpatient rates are CMS's, as the dossier quotes them (§ 4.3, S35), but for the outpatient rates
of 2025: those are made equal to 2026's, so that only the law moves them. 2024 is a copy of 2025.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scrubjay.engine import Row
from scrubjay.errors import UsageError
from scrubjay.reference.fees import import_fees
from scrubjay.reference.law import LAW_FOLDER
from scrubjay.whatif import Sums, WhatIf, run_whatif, whatif_text
from scrubjay.workspace import Workspace
from synthetic import fee_files
from tests.command_line import Run, runner
from tests.samples import write_csv

MD, NP = "1234567893", "1999999984"

# --- fee files ----------------------------------------------------------------------------------------

# code and modifier: work, practice expense outside facilities and in them, malpractice, and more
_VALUES: dict[int, dict[tuple[str, str], tuple[str, ...]]] = {
    2025: {
        ("99213", ""): ("1.30", "1.35", "0.57", "0.10"),
        ("20610", ""): ("0.79", "1.04", "0.44", "0.13"),
        ("96413", ""): ("0.28", "3.35", "3.35", "0.06", "5", "inside"),
        ("67820", ""): ("0.32", "0.22", "0.32", "0.02"),
        ("29881", ""): ("7.03", "8.22", "8.22", "1.39", "0", "outside"),
    },
    2026: {
        ("99213", ""): ("1.30", "1.46", "0.33", "0.09"),
        ("20610", ""): ("0.77", "1.16", "0.29", "0.13"),
        ("71046", ""): ("0.21", "0.76", "0.76", "0.02", "1", "inside"),
        ("71046", "26"): ("0.21", "0.08", "0.08", "0.01", "1"),
        ("71046", "TC"): ("0.00", "0.68", "0.68", "0.01", "1", "inside"),
    },
}
_VALUES[2024] = _VALUES[2025]
_FACTORS = {2024: "32.3465", 2025: "32.3465", 2026: "33.4009"}
_RATES = {"96413": "337.46", "G0463": "136.02", "20610": "313.60", "71046": "86.66", "36415": ""}  # 71046 is made up
NATION = {"contractor": "00000", "locality": "00", "state": "CA", "locality_name": "NATION"} | dict.fromkeys(
    ("work_gpci", "pe_gpci", "malpractice_gpci"), Decimal(1)
)


def _values(year: int, factor: str) -> list[Row]:
    rows = []
    for (code, modifier), cells in _VALUES[year].items():
        work, outside, inside, malpractice = map(Decimal, cells[:4])
        component, na = (*cells[4:], "", "")[:2]
        rows.append(
            {
                "procedure_code": code, "modifier": modifier, "status_code": "A", "work_rvu": work,
                "nonfacility_pe_rvu": outside, "facility_pe_rvu": inside, "malpractice_rvu": malpractice,
                "is_nonfacility_na": na == "outside", "is_facility_na": na == "inside",
                "nonfacility_total_rvu": work + outside + malpractice, "facility_total_rvu": work + inside + malpractice,
                "component_indicator": component or "0", "multiple_procedure_indicator": "0", "bilateral_indicator": "0",
                "conversion_factor": Decimal(factor),
            }
        )  # fmt: skip
    return rows


def _rates(year: int) -> bytes:
    rows = [
        {"procedure_code": code, "status_indicator": "S" if rate else "N", "payment_amount": Decimal(rate) if rate else None}
        for code, rate in _RATES.items()
    ]  # fmt: skip
    return fee_files.addendum_b_csv(rows, year, "January")


def write_fees(folder: Path) -> None:
    files = {
        "PPRRVU2024_Oct.csv": fee_files.pprrvu_csv(_values(2024, _FACTORS[2024]), 2024, "October", None),
        "PPRRVU2025_Oct.csv": fee_files.pprrvu_csv(_values(2025, _FACTORS[2025]), 2025, "October", None),
        "PPRRVU2026_Jul_nonQPP.csv": fee_files.pprrvu_csv(_values(2026, _FACTORS[2026]), 2026, "July", False),
        "PPRRVU2026_Jul_QPP.csv": fee_files.pprrvu_csv(_values(2026, "33.5675"), 2026, "July", True),
        "GPCI2024.csv": fee_files.gpci_csv([NATION], 2024),
        "GPCI2025.csv": fee_files.gpci_csv([NATION], 2025),
        "GPCI2026.csv": fee_files.gpci_csv([NATION], 2026),
        "addendum_b_2025.csv": _rates(2025),
        "addendum_b_2026.csv": _rates(2026),
    }
    given = folder / "given"
    given.mkdir()
    for name, content in files.items():
        (given / name).write_bytes(content)
    import_fees([given / name for name in files], folder)


# --- a small world ------------------------------------------------------------------------------------

DEPARTMENT = {
    "site_type": "provider_based_department", "provider_based_from": "2010-01-01", "hospital_type": "ipps",
    "is_rural_sole_community_hospital": "false", "hospital_id": "HOSP",
}  # fmt: skip
OFF_CAMPUS = DEPARTMENT | {"distance_yards": "400", "distance_method": "straight_line", "excepted_status": "excepted"}
SITES = (
    {"site_id": "OFFICE", "site_name": "South Office", "site_type": "freestanding_office"},
    {"site_id": "RURAL", "site_name": "Rural Office", "site_type": "freestanding_office", "hospital_id": "CAH"},
    {"site_id": "PO", "site_name": "Old Department", **OFF_CAMPUS},
    {"site_id": "PN", "site_name": "New Department", **OFF_CAMPUS, "excepted_status": "non_excepted"},
    {"site_id": "OPEN", "site_name": "Open Department", **OFF_CAMPUS, "excepted_status": ""},
    {"site_id": "CAMPUS", "site_name": "Campus Clinic", **DEPARTMENT, "is_on_hospital_campus": "true"},
    {"site_id": "CAH-MAIN", "site_type": "main_campus", "hospital_id": "CAH", "hospital_type": "cah"},
    # rows that hold for a time
    {"site_id": "DATED", "site_name": "Dated", **OFF_CAMPUS, "effective_from": "2025-01-01", "effective_to": "2025-12-31"},
)  # fmt: skip
PROVIDERS = (
    {"npi": MD, "provider_type": "MD"},
    {"npi": NP, "provider_type": "NP", "effective_from": "2025-01-01", "effective_to": "2025-06-30"},
)


def visit(site: str, pos: str, code: str = "99213", **changes: str) -> dict[str, str]:
    """A professional line; each is a claim of its own, of a patient of its own."""
    return {
        "claim_type": "professional", "claim_filing_code": "MB", "billing_provider_npi": MD, "rendering_provider_npi": MD,
        "site_id": site, "place_of_service_code": pos, "procedure_code": code, "charge_amount": "9000", "units": "1",
        "line_number": "1", "service_date": "2026-03-10", **changes,
    }  # fmt: skip


def hospital(site: str, code: str = "G0463", modifiers: str = "", **changes: str) -> dict[str, str]:
    """A line of a hospital's outpatient bill."""
    return {
        "claim_type": "institutional", "claim_filing_code": "MA", "type_of_bill_code": "131", "revenue_code": "0510",
        "billing_provider_npi": MD, "site_id": site, "procedure_code": code, "modifiers": modifiers, "units": "1",
        "charge_amount": "9000", "line_number": "1", "service_date": "2026-03-10", **changes,
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whatif")
    settings = '[fees]\nlocality = "00000-00"\nis_qualifying_participant = false\n'
    (root / "scrubjay.toml").write_text(settings, encoding="utf-8")
    write_csv(root / "sites.csv", SITES)
    write_csv(root / "providers.csv", PROVIDERS)
    write_fees(root)
    return root


Ask = Callable[..., WhatIf]


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Workspace:
    return Workspace.open(folder)


@pytest.fixture
def ask(workspace: Workspace, tmp_path: Path) -> Ask:
    """Asks a question about these lines, each a claim of its own unless it names one."""

    def asked(*lines: Mapping[str, str], kept: Workspace | None = None, **question: Any) -> WhatIf:
        rows = [{"claim_id": f"A{n}", "member_id": f"M{n}", **line} for n, line in enumerate(lines)]
        return run_whatif([write_csv(tmp_path / "claims.csv", rows)], workspace=kept or workspace, **question)

    return asked


def amounts(sums: Sums) -> tuple[str | None, ...]:
    """Before, after and change of the professional side, those of the facility side, and the change of both."""
    sides: list[str | None] = []
    for side in (sums.professional, sums.facility):
        sides += [None] * 3 if side.is_unknown else [str(side.before), str(side.after), str(side.change)]
    return (*sides, None if sums.net_change is None else str(sums.net_change))


def by_code(found: WhatIf) -> dict[str | None, tuple[str | None, ...]]:
    return {one.key: amounts(one) for one in found.codes}


def reasons(found: WhatIf) -> set[tuple[str, str]]:
    return {(one["side"], one["because"]) for one in found.unknown}


# --- a site changes its place ---------------------------------------------------------------------------


def test_an_office_visit_that_moves_off_campus_loses_on_one_side_and_gains_on_the_other(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11"), site="OFFICE", place="19")
    assert by_code(found) == {"99213": ("95.19", "57.45", "-37.74", "0.00", "54.41", "54.41", "16.67")}
    (code,) = found.codes
    assert (code.outpatient_code, code.lines, code.assumed_lines) == ("G0463", 1, 1)
    assert code.shares is not None
    shares = (code.shares.program, code.shares.program_after_sequestration, code.shares.beneficiary)
    assert shares == (Decimal("-30.19"), Decimal("-29.59"), Decimal("-7.55"))
    assert found.title == "What if South Office (OFFICE) were an off-campus department that is not excepted (POS 19)?"
    assert found.unknown == []
    assert found.exit_code == 0


def test_on_the_campus_the_hospital_is_paid_in_full(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11"), site="OFFICE", place="22")
    assert by_code(found) == {"99213": ("95.19", "57.45", "-37.74", "0.00", "136.02", "136.02", "98.28")}


def test_an_excepted_department_is_cut_only_where_the_law_cuts_it(ask: Ask) -> None:
    lines = [visit("PO", "22"), visit("PO", "22", "20610")]
    assert by_code(ask(*lines, site="PO", place="19", status="excepted")) == {
        "99213": ("57.45", "57.45", "0.00", "136.02", "54.41", "-81.61", "-81.61"),
        "20610": ("39.75", "39.75", "0.00", "313.60", "313.60", "0.00", "0.00"),
    }
    assert by_code(ask(*lines, site="PO", place="19"))["20610"][3:6] == ("313.60", "125.44", "-188.16")


def test_drug_administration_leaves_the_practice_with_nothing(ask: Ask) -> None:
    of_2025 = visit("OFFICE", "11", "96413", service_date="2025-03-10")
    found = ask(of_2025, site="OFFICE", place="19")
    assert by_code(found) == {"96413": ("119.36", "0.00", "-119.36", "0.00", "134.98", "134.98", "15.62")}
    of_2026 = ask(visit("OFFICE", "11", "96413"), site="OFFICE", place="19")
    assert by_code(of_2026) == {"96413": (None, None, None, "0.00", "134.98", "134.98", None)}
    assert reasons(of_2026) == {("professional", "the relative values of 2026 have no row for 96413")}


def test_of_a_test_with_two_parts_the_practice_keeps_the_reading(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11", "71046"), site="OFFICE", place="22")
    assert by_code(found) == {"71046": ("33.07", "10.02", "-23.05", "0.00", "86.66", "86.66", "63.61")}


def test_where_only_the_reading_is_billed_nobody_knows_what_the_hospital_would_bill(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11", "71046", modifiers="26"), site="OFFICE", place="22")
    assert by_code(found) == {"71046": ("10.02", "10.02", "0.00", None, None, None, None)}
    ((side, because),) = reasons(found)
    assert side == "facility"
    assert "modifier 26" in because
    assert found.totals.assumed_lines == 0


def test_an_assistant_does_not_bring_the_hospital_a_second_procedure(ask: Ask) -> None:
    found = ask(
        visit("OFFICE", "11", "20610"), visit("OFFICE", "11", "20610", modifiers="80"), site="OFFICE", place="22"
    )
    assert by_code(found) == {"20610": ("68.81", "39.75", "-29.06", "0.00", "313.60", "313.60", "284.54")}
    assert ("facility", "what the hospital would bill beside modifier 80 is not known") in reasons(found)
    assert found.totals.facility.known_lines == found.totals.assumed_lines == 1


def test_a_procedure_that_pays_more_in_facilities_keeps_its_sign(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11", "67820", service_date="2025-03-10"), site="OFFICE", place="19")
    assert by_code(found)["67820"][:3] == ("18.11", "21.35", "3.24")


def test_units_count_on_both_sides(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11", "20610", units="3"), site="OFFICE", place="22")
    assert by_code(found) == {"20610": ("206.43", "119.25", "-87.18", "0.00", "940.80", "940.80", "853.62")}
    assert found.codes[0].units == 3


def test_a_department_that_becomes_an_office_is_the_same_change_backwards(ask: Ask) -> None:
    for site, paid in (("PN", "54.41"), ("PO", "54.41")):
        found = ask(visit(site, "19"), site=site, place="11")
        assert by_code(found) == {"99213": ("57.45", "95.19", "37.74", paid, "0.00", f"-{paid}", "-16.67")}
    found = ask(visit("CAMPUS", "22"), site="CAMPUS", place="11")
    assert by_code(found) == {"99213": ("57.45", "95.19", "37.74", "136.02", "0.00", "-136.02", "-98.28")}
    assert by_code(ask(visit("PO", "19", "20610"), site="PO", place="11"))["20610"][3:] == (
        "313.60", "0.00", "-313.60", "-284.54",
    )  # fmt: skip


def test_a_hospital_line_in_the_files_goes_before_one_that_is_worked_out(ask: Ask) -> None:
    lines = [visit("PO", "19", "20610", member_id="P"), hospital("PO", "20610", "PO", member_id="P", units="2")]
    found = ask(*lines, site="PO", place="11")
    assert by_code(found) == {"20610": ("39.75", "68.81", "29.06", "627.20", "0.00", "-627.20", "-598.14")}
    assert found.totals.assumed_lines == 0
    assert not any("worked out" in note for note in found.notes)


def test_a_visit_billed_as_an_office_where_the_hospital_bills_already_is_not_counted_twice(ask: Ask) -> None:
    lines = [visit("CAMPUS", "11", member_id="P"), hospital("CAMPUS", member_id="P")]
    assert by_code(ask(*lines, site="CAMPUS", place="22")) == {
        "99213": ("95.19", "57.45", "-37.74", "0.00", "0.00", "0.00", "-37.74"),
        "G0463": ("0.00", "0.00", "0.00", "136.02", "136.02", "0.00", "0.00"),
    }


def test_where_a_patient_is_not_named_nobody_knows_whether_the_hospital_bills_already(ask: Ask) -> None:
    found = ask(visit("CAMPUS", "11"), hospital("CAMPUS", member_id=""), site="CAMPUS", place="22")
    assert amounts(found.codes[0])[:3] == ("95.19", "57.45", "-37.74")
    assert found.codes[0].facility.is_unknown
    assert reasons(found) == {
        ("facility", "whether a hospital line of that day in the files is for this visit is not known")
    }


def test_the_hospitals_lines_follow_the_site(ask: Ask) -> None:
    lines = [hospital("PO", "20610", "PO"), hospital("PO", "20610", ""), hospital("PO", "20610", "ER")]

    def facility(**question: str) -> tuple[str | None, ...]:
        return by_code(ask(*lines, site="PO", **question))["20610"][3:6]

    assert facility(place="22") == ("940.80", "940.80", "0.00")
    assert facility(place="19") == ("940.80", "752.64", "-188.16")  # only the line without a modifier is new there
    assert facility(place="19", status="non_excepted") == ("940.80", "564.48", "-376.32")
    assert facility(place="11") == ("940.80", "0.00", "-940.80")


def test_from_off_campus_to_the_campus_pn_is_paid_in_full(ask: Ask) -> None:
    found = ask(hospital("PN", "20610", "PN"), site="PN", place="22")
    assert by_code(found)["20610"][3:6] == ("125.44", "313.60", "188.16")


def test_whether_a_department_is_excepted_must_be_known_to_say_what_it_loses(ask: Ask) -> None:
    found = ask(visit("OPEN", "19", "20610"), site="OPEN", place="11")
    assert by_code(found)["20610"] == ("39.75", "68.81", "29.06", None, None, None, None)
    ((side, because),) = reasons(found)
    assert side == "facility"
    assert because.startswith("excepted_status is blank in the registry")


def test_only_lines_of_an_office_or_an_outpatient_department_move(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11"), visit("OFFICE", "21"), visit("OFFICE", "19"), site="OFFICE", place="19")
    assert by_code(found)["99213"][:3] == ("210.09", "172.35", "-37.74")
    assert found.unmoved == [{"place_of_service_code": "21", "lines": 1}]
    assert found.totals.assumed_lines == 1


def test_within_the_payment_window_the_facility_amount_stays(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11", modifiers="PD"), visit("OFFICE", "22", modifiers="PD"), site="OFFICE", place="11")
    assert by_code(found)["99213"][:3] == ("114.90", "114.90", "0.00")


def test_the_facility_rate_of_a_place_is_a_question_of_law(ask: Ask, tmp_path: Path) -> None:
    law = overlay(tmp_path, "us/cms/mpfs/facility_rate_pos.yaml", lambda text: text.replace('adds: ["19"]', "adds: []"))
    found = ask(visit("OFFICE", "11"), site="OFFICE", place="19", law=law)
    assert by_code(found)["99213"][:3] == ("95.19", "95.19", "0.00")


def test_the_hospital_of_a_site_says_how_it_is_paid(ask: Ask) -> None:
    found = ask(visit("RURAL", "11"), site="RURAL", place="22")
    assert reasons(found) == {("facility", "a hospital of that type is not paid by the outpatient rate")}
    found = ask(visit("OFFICE", "11"), site="OFFICE", place="22")
    assert any(note.startswith("hospital_type of OFFICE is blank") for note in found.notes)


def test_a_rural_sole_community_hospital_must_be_known_where_it_is_spared(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11"), visit("OFFICE", "11", "20610"), site="OFFICE", place="19", status="excepted")
    assert by_code(found) == {
        "20610": ("68.81", "39.75", "-29.06", "0.00", "313.60", "313.60", "284.54"),
        "99213": ("95.19", "57.45", "-37.74", None, None, None, None),
    }
    assert reasons(found) == {("facility", "is_rural_sole_community_hospital is blank in the sites registry")}


# --- what is not known --------------------------------------------------------------------------------


def test_what_has_no_rate_of_its_own_is_not_counted_as_nothing(ask: Ask) -> None:
    lines = [visit("OFFICE", "11"), visit("OFFICE", "11", "36415"), visit("OFFICE", "11", "J1100")]
    found = ask(*lines, site="OFFICE", place="22")
    assert reasons(found) == {
        ("professional", "the relative values of 2026 have no row for 36415"),
        ("professional", "the relative values of 2026 have no row for J1100"),
        ("facility", "there is no rate for 36415 alone (status N)"),
        ("facility", "the outpatient rates of 2026 have no row for J1100"),
    }
    assert by_code(found)["36415"] == (None,) * 7
    assert by_code(found)["99213"] == amounts(found.totals)
    assert (found.totals.professional.known_lines, found.totals.professional.lines) == (1, 3)
    assert not found.totals.is_whole


def test_what_cms_does_not_price_in_that_setting_is_unknown_with_the_reason_of_the_facts(ask: Ask) -> None:
    found = ask(visit("PN", "22", "29881", service_date="2025-03-10"), site="PN", place="11")
    assert ("professional", "CMS prints NA for 29881 outside facilities") in reasons(found)


def test_without_fee_files_nothing_is_known_and_it_is_said_why(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "scrubjay.toml").touch()
    write_csv(tmp_path / "bare" / "sites.csv", SITES)
    bare = Workspace.open(tmp_path / "bare")
    found = ask(visit("OFFICE", "11"), hospital("OFFICE"), kept=bare, site="OFFICE", place="22")
    assert reasons(found) == {
        ("professional", "no physician fee schedule is loaded"),
        ("facility", "no outpatient rates are loaded"),
    }
    assert amounts(found.totals) == (None,) * 7


def test_lines_that_the_question_is_not_about_are_counted_with_their_reason(ask: Ask) -> None:
    lines = [
        visit("OFFICE", "11"),
        visit("OFFICE", "11", claim_filing_code="CI"),
        visit("OFFICE", "11", claim_filing_code="ZZ"),
        visit("OFFICE", "11", claim_frequency_code="8"),
        visit("PO", "19"),
        visit("", "11"),
        hospital("OFFICE", claim_filing_code="CI"),
        hospital("OFFICE", type_of_bill_code="111"),
    ]
    found = ask(*lines, site="OFFICE", place="19")
    assert found.totals.lines == 1
    assert {one["because"]: one["lines"] for one in found.left_out} == {
        "not billed to Medicare Part B": 1,
        "it is not known which programme pays": 1,
        "on a claim that only cancels another": 1,
        "given at another site": 1,
        "it is not known where they were given": 1,
        "hospital lines not billed to Medicare": 1,
        "on no outpatient bill of a hospital (13X, 85X)": 1,
    }


def test_a_question_about_no_line_is_answered_without_a_number(ask: Ask) -> None:
    found = ask(visit("PO", "19"), site="OFFICE", place="19")
    assert (found.totals.lines, found.codes, found.sites) == (0, [], [])
    assert "No Medicare line here" in "".join(whatif_text(found))
    assert found.as_dict()["totals"]["net_change"] == "0.00"


# --- a site changes its status ------------------------------------------------------------------------


def test_a_department_that_loses_its_exception_is_paid_a_share(ask: Ask) -> None:
    lines = [
        visit("PO", "19", "20610", member_id="P"),
        hospital("PO", "20610", "PO", member_id="P"),
        hospital("PO", "96413", "PO"),
        hospital("PO", "20610", ""),
        hospital("PO", "20610", "PN"),
    ]
    found = ask(*lines, site="PO", status="non_excepted")
    assert by_code(found) == {
        "20610": ("39.75", "39.75", "0.00", "752.64", "564.48", "-188.16", "-188.16"),
        "96413": ("0.00", "0.00", "0.00", "134.98", "134.98", "0.00", "0.00"),
    }
    assert any("does not depend on whether" in note for note in found.notes)


def test_a_department_that_becomes_excepted_is_paid_in_full_but_for_what_is_cut(ask: Ask) -> None:
    found = ask(hospital("PN", "20610", "PN"), hospital("PN", "G0463", "PN"), site="PN", status="excepted")
    assert by_code(found)["20610"][3:6] == ("125.44", "313.60", "188.16")
    assert by_code(found)["G0463"][3:6] == ("54.41", "54.41", "0.00")


def test_without_the_hospitals_claims_a_status_changes_nothing_and_it_is_said(ask: Ask) -> None:
    found = ask(visit("PO", "19"), site="PO", status="non_excepted")
    assert amounts(found.totals) == ("57.45", "57.45", "0.00", "0.00", "0.00", "0.00", "0.00")
    assert any("No hospital line here carries PO" in note for note in found.notes)


# --- another year -------------------------------------------------------------------------------------


def test_all_lines_are_priced_by_the_files_and_the_law_of_the_year(ask: Ask) -> None:
    lines = [
        visit("OFFICE", "11", service_date="2025-03-10"),
        visit("PO", "19", "20610", service_date="2025-03-10"),
        hospital("PO", "96413", "PO", service_date="2025-03-10"),
    ]
    found = ask(*lines, year=2026)
    assert by_code(found) == {
        "96413": ("0.00", "0.00", "0.00", "337.46", "134.98", "-202.48", "-202.48"),
        "99213": ("88.95", "95.19", "6.24", "0.00", "0.00", "0.00", "6.24"),
        "20610": ("43.99", "39.75", "-4.24", "0.00", "0.00", "0.00", "-4.24"),
    }
    off_campus = ask(visit("PO", "19", service_date="2025-03-10"), year=2026)
    assert by_code(off_campus)["99213"][:3] == ("63.72", "57.45", "-6.27")


def test_lines_of_that_year_stay_as_they_are_and_others_come_to_it(ask: Ask) -> None:
    lines = [visit("OFFICE", "11", service_date=day) for day in ("2025-12-31", "2026-01-01", "2023-05-05")]
    found = ask(*lines, year=2026)
    assert by_code(found)["99213"][:3] == ("184.14", "190.38", "6.24")
    assert reasons(found) == {("professional", "no relative values of 2023 are loaded")}


def test_the_last_of_february_comes_to_a_year_that_has_none(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11", service_date="2024-02-29"), year=2026)
    assert by_code(found)["99213"][:3] == ("88.95", "95.19", "6.24")


def test_a_year_without_files_is_unknown_and_never_nothing(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11"), hospital("PO", "20610", "PO"), year=2027)
    assert amounts(found.totals) == (None,) * 7
    assert reasons(found) == {
        ("professional", "no relative values of 2027 are loaded"),
        ("facility", "no outpatient rates of 2027 are loaded"),
    }


def test_the_registries_answer_as_on_the_true_day(ask: Ask) -> None:
    lines = [
        visit(
            "OFFICE", "11", service_date="2025-03-10", rendering_provider_npi=NP
        ),  # 85 percent, on file until June 2025
        hospital("DATED", "20610", "PO", service_date="2025-03-10"),
    ]
    found = ask(*lines, year=2026)
    assert by_code(found)["99213"][:3] == ("75.61", "80.91", "5.30")
    assert by_code(found)["20610"][3:6] == ("313.60", "313.60", "0.00")
    assert {one.key for one in found.sites} == {"OFFICE", "DATED"}


def test_a_claim_over_new_year_keeps_both_its_days(ask: Ask) -> None:
    lines = [
        visit("OFFICE", "11", claim_id="X", line_number="1", service_date="2025-12-31"),
        visit("OFFICE", "11", claim_id="X", line_number="2", service_date="2026-01-01"),
    ]
    found = ask(*lines, year=2026)
    assert by_code(found)["99213"][:3] == ("184.14", "190.38", "6.24")


def test_shares_are_those_of_each_amount_on_its_own_day(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11", service_date="2025-03-10"), year=2026)
    assert found.totals.shares is not None
    assert found.totals.shares.program == Decimal("76.15") - Decimal("71.16")
    assert found.totals.shares.beneficiary == Decimal("19.04") - Decimal("17.79")


def test_a_site_that_moves_in_another_year_has_both_changes(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11", service_date="2025-03-10"), site="OFFICE", place="19", year=2026)
    assert by_code(found) == {"99213": ("88.95", "57.45", "-31.50", "0.00", "54.41", "54.41", "22.91")}
    assert found.title.endswith("(POS 19), and all lines had been given in 2026?")


# --- another law --------------------------------------------------------------------------------------


def overlay(folder: Path, path: str, change: Callable[[str], str]) -> Path:
    """A folder with one law file, changed; the change must change something."""
    text = (LAW_FOLDER / path).read_text(encoding="utf-8")
    assert change(text) != text
    file = folder / "law" / path
    file.parent.mkdir(parents=True)
    file.write_text(change(text), encoding="utf-8")
    return folder / "law"


def test_a_longer_list_of_site_neutral_items_cuts_more(ask: Ask, tmp_path: Path) -> None:
    row = '{group: clinic_visit, procedure_code: G0463, percent: "40", rural_sole_community_percent: "100"}'
    more = '      - {group: more, procedure_code: "20610", percent: "40", rural_sole_community_percent: "100"}\n'
    law = overlay(
        tmp_path,
        "us/cms/opps/site_neutral_items.yaml",
        lambda text: text.replace(f"      - {row}\n", f"      - {row}\n{more}"),
    )
    lines = [visit("PO", "19", "20610"), hospital("PO", "20610", "PO"), hospital("PO", "G0463", "PO")]
    found = ask(*lines, law=law)
    assert by_code(found) == {
        "20610": ("39.75", "39.75", "0.00", "313.60", "125.44", "-188.16", "-188.16"),
        "G0463": ("0.00", "0.00", "0.00", "54.41", "54.41", "0.00", "0.00"),
    }
    assert "Laid over the law: us.cms.opps.site_neutral_items." in found.notes


def test_without_the_cut_of_2026_drug_administration_is_paid_in_full(ask: Ask, tmp_path: Path) -> None:
    law = overlay(
        tmp_path, "us/cms/opps/site_neutral_items.yaml", lambda text: text.partition("  - effective: 2026-01-01")[0]
    )
    found = ask(hospital("PO", "96413", "PO"), law=law)
    assert by_code(found)["96413"][3:6] == ("134.98", "337.46", "202.48")


def test_another_relativity_changes_pn_alone(ask: Ask, tmp_path: Path) -> None:
    law = overlay(
        tmp_path,
        "us/cms/opps/non_excepted_relativity.yaml",
        lambda text: text.replace('value: "0.40"', 'value: "0.60"'),
    )
    lines = [hospital("PN", "20610", "PN"), hospital("PO", "20610", "PO"), visit("OFFICE", "11")]
    assert by_code(ask(*lines, law=law))["20610"][3:6] == ("439.04", "501.76", "62.72")
    moved = ask(*lines, law=law, site="OFFICE", place="19")
    assert by_code(moved)["99213"][3:6] == ("0.00", "81.61", "81.61")


def test_coinsurance_is_law_too(ask: Ask, tmp_path: Path) -> None:
    law = overlay(
        tmp_path, "us/cms/part_b_coinsurance_percent.yaml", lambda text: text.replace('value: "20"', 'value: "0"')
    )
    found = ask(visit("OFFICE", "11"), law=law)
    assert found.totals.shares is not None
    assert found.totals.professional.change == 0
    assert found.totals.shares.beneficiary == Decimal("-19.04")


# --- sums ---------------------------------------------------------------------------------------------


def every_line() -> list[dict[str, str]]:
    """Lines of all sites, codes and years, known and unknown, of both sides."""
    lines = []
    for day in ("2025-05-05", "2026-05-05"):
        for site, pos, marks in (("OFFICE", "11", ""), ("PO", "19", "PO"), ("PN", "19", "PN"), ("CAMPUS", "22", "")):
            for units, code in enumerate(("99213", "20610", "96413", "67820", "36415", ""), 1):
                lines.append(visit(site, pos, code, service_date=day, units=str(units)))
                if pos != "11" and code != "99213":
                    lines.append(hospital(site, code or "G0463", marks, service_date=day, units=str(units)))
    return [*lines, visit("", "11")]


QUESTIONS: tuple[dict[str, Any], ...] = (
    {"year": 2026},
    {"year": 2025},
    {"site": "PO", "place": "11"},
    {"site": "OFFICE", "place": "22"},
    {"site": "PO", "status": "non_excepted"},
)


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_the_codes_and_the_sites_add_up_to_the_totals(ask: Ask, question: dict[str, Any]) -> None:
    found = ask(*every_line(), **question)

    def added(parts: Iterable[Sums]) -> list[Any]:
        rows = [
            (
                one.lines, one.units, one.assumed_lines, one.professional.lines, one.professional.known_lines,
                one.professional.before, one.professional.after, one.facility.lines, one.facility.known_lines,
                one.facility.before, one.facility.after, one.shares.program, one.shares.program_after_sequestration,
                one.shares.beneficiary,
            )
            for one in parts
            if one.shares is not None
        ]  # fmt: skip
        return [sum(column) for column in zip(*rows, strict=True)]

    assert added(found.codes) == added(found.sites) == added([found.totals])
    for side in ("professional", "facility"):
        whole = getattr(found.totals, side)
        unknown = sum(one["lines"] for one in found.unknown if one["side"] == side)
        assert whole.lines == whole.known_lines + unknown
    assert found.totals.lines + sum(one["lines"] for one in found.left_out) == len(every_line())
    assert all(one.shares is not None for one in found.codes)
    shares = found.totals.shares
    assert shares is not None
    assert shares.program + shares.beneficiary == found.totals.professional.change
    changes = [abs(one.professional.change + one.facility.change) for one in found.codes]
    assert changes == sorted(changes, reverse=True)


# --- questions that cannot be asked ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({}, "Nothing changes yet. Add --place or --status with --site, or --year, or --law."),
        ({"site": "PO"}, "Nothing changes yet"),
        ({"place": "19"}, "--place changes one site. Name it: --site SITE."),
        ({"status": "excepted"}, "--status changes one site"),
        ({"site": "PO", "place": "24"}, "--place is '24'. Use one of: 11, 19, 22."),
        ({"site": "PO", "status": "non-excepted"}, "Did you mean 'non_excepted'?"),
        ({"site": "PO", "place": "22", "status": "excepted"}, "POS 22 is a department on the campus. Leave --status out."),
        ({"site": "PO", "place": "11", "status": "excepted"}, "POS 11 is an office"),
        (
            {"site": "OFICE", "place": "19"},
            "--site OFICE: no such site in the sites registry. Did you mean 'OFFICE'? 'scrubjay sites list' shows them.",
        ),
        ({"year": 26}, "--year is 26. Write the four digits of a year from 1992 to 2099."),
        ({"law": Path("nowhere")}, "--law nowhere: there is no such folder."),
    ],
    ids=str,
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(ask: Ask, question: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        ask(visit("PO", "19"), **question)
    assert message in str(refused.value)


def test_a_folder_that_holds_no_law_that_is_read_is_refused(ask: Ask, tmp_path: Path) -> None:
    law = tmp_path / "law"
    law.mkdir()
    with pytest.raises(UsageError, match="there is no law file in it"):
        ask(visit("PO", "19"), law=law)
    (law / "site_neutral_items.yaml").write_text("title: x\n", encoding="utf-8")
    with pytest.raises(UsageError, match="there is no law 'site_neutral_items' that it could be laid over"):
        ask(visit("PO", "19"), law=law)


def test_a_site_needs_a_sites_registry(ask: Ask) -> None:
    with pytest.raises(UsageError, match="no sites registry is loaded"):
        ask(visit("PO", "19"), kept=Workspace.empty(), site="PO", place="19")


# --- how it is printed --------------------------------------------------------------------------------


def test_the_text_keeps_to_eighty_columns_and_to_fewer(ask: Ask) -> None:
    found = ask(*every_line(), visit("OFFICE", "11", "99213", units="1234567", charge_amount="999999999"), year=2026)
    for width in (40, 60, 80, 120):
        lines = "".join(whatif_text(found, width)).splitlines()
        assert max(map(len, lines)) <= min(width, 80), width
    text = "".join(whatif_text(found))
    assert "By code, the largest change first" in text
    assert "By site, the largest change first" in text
    assert "Old Department (PO)" in text
    known = found.totals.professional
    assert f"sums: professional over {known.known_lines} of {known.lines} lines" in " ".join(text.split())
    assert "36415" in text
    assert "not known" in text


def test_the_text_shows_each_side_and_their_sum(ask: Ask) -> None:
    text = "".join(whatif_text(ask(visit("OFFICE", "11"), site="OFFICE", place="19")))
    assert text.splitlines()[3:7] == [
        "        lines  units  side          before  after  change",
        "in all      1      1  professional   95.19  57.45  -37.74",
        "            1         facility        0.00  54.41  +54.41",
        "                      both                         +16.67",
    ]
    assert "Of the professional change -30.19 is the programme's (-29.59 after" in text
    assert " ".join(text.split()).count("no wage index") == 1


def test_control_characters_of_a_claim_do_not_reach_the_terminal(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11", "9\x1b[2J"), year=2026)
    assert "\x1b" not in "".join(whatif_text(found))


def test_amounts_in_json_are_text_and_what_is_not_known_is_null(ask: Ask) -> None:
    found = ask(visit("OFFICE", "11"), visit("OFFICE", "11", "36415"), site="OFFICE", place="19").as_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["schema"] == "scrubjay.whatif/1"
    assert found["question"]["status"] == "non_excepted"
    first, second = found["codes"]
    assert first["code"] == "99213"
    assert first["outpatient_code"] == "G0463"
    assert first["net_change"] == "16.67"
    assert first["professional"] == {
        "lines": 1, "known_lines": 1, "before": "95.19", "after": "57.45", "change": "-37.74",
        "shares": {
            "program_change": "-30.19", "program_after_sequestration_change": "-29.59", "beneficiary_change": "-7.55",
        },
    }  # fmt: skip
    assert second["professional"]["change"] is None
    assert second["professional"]["shares"] is None
    assert second["facility"]["after"] is None
    assert second["net_change"] is None
    assert found["totals"]["is_whole"] is False

    def numbers(value: Any) -> Iterable[float]:
        if isinstance(value, float):
            yield value
        elif isinstance(value, dict | list):
            for one in value.values() if isinstance(value, dict) else value:
                yield from numbers(one)

    assert list(numbers(found)) == []


# --- the command --------------------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "claims.csv", [{"claim_id": "A1", "member_id": "M1", **visit("OFFICE", "11")}])


def test_the_command_answers_in_each_format(run: Run, folder: Path, claims: Path, tmp_path: Path) -> None:
    asked = ("whatif", claims, "--site", "OFFICE", "--place", "19", "--workspace", folder)
    beginnings = {"text": "What if South Office (OFFICE)", "json": '{\n "schema": "scrubjay.whatif/1"', "svg": "<svg "}
    for format_, beginning in {**beginnings, "html": "<!doctype html>"}.items():
        ran = run(*asked, "--format", format_)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.lstrip().startswith(beginning)
        file = tmp_path / f"answer.{format_}"
        assert run(*asked, "--format", format_, "-o", file).code == 0
        assert file.read_text(encoding="utf-8") == ran.out


def test_wrong_use_of_the_command_says_what_to_do(run: Run, folder: Path, claims: Path) -> None:
    ran = run("whatif", claims, "--workspace", folder)
    assert (ran.code, ran.err.startswith("scrubjay: Nothing changes yet.")) == (3, True)
    ran = run("whatif", claims, "--year", "2025", "--format", "pdf", "--workspace", folder)
    assert (ran.code, ran.err) == (3, "scrubjay: --format is 'pdf'. Use text, json, html or svg.\n")


def test_a_file_that_cannot_be_read_is_told_by_the_exit_code(
    run: Run, folder: Path, claims: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.837").touch()
    assert run("whatif", claims, tmp_path / "empty.837", "--year", "2025", "--workspace", folder).code == 2


def test_a_day_moves_with_its_year() -> None:
    from scrubjay.whatif import _day_moved

    assert _day_moved(dt.date(2024, 2, 29), 1) == dt.date(2025, 2, 28)
    assert _day_moved(dt.date(2025, 3, 1), -1) == dt.date(2024, 3, 1)
    assert _day_moved(None, 1) is None
