"""How an amount comes about, as `explain` shows it: each factor with its file, row and release."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

import scrubjay
from synthetic import fee_files
from tests.facts.fee_samples import ANGELES, NATION, parts_of, stored, value, year_of
from tests.facts.samples import NPI
from tests.samples import write_csv, write_workspace

VISIT = {
    "claim_id": "A1", "claim_type": "professional", "place_of_service_code": "11", "service_date": "2026-03-10",
    "procedure_code": "99213", "units": "1", "charge_amount": "500.00", "claim_filing_code": "MB", "site_id": "NORTH",
    "rendering_provider_npi": NPI, "claim_form": "electronic",
}  # fmt: skip
NORTH = {
    "site_id": "NORTH", "site_name": "North Clinic", "site_type": "provider_based_department", "zip": "90001",
    "address_line_1": "1 Main Street", "provider_based_from": "2010-01-01", "is_on_hospital_campus": "true",
    "hospital_type": "ipps", "hospital_id": "H1",
}  # fmt: skip


def explained(folder: Path, files: dict[str, bytes], line: dict[str, str], provider: str = "MD") -> list[str]:
    """The working of DEP101 for one line at POS 11 in North Clinic, which is hospital space."""
    providers = [{"npi": NPI, "provider_type": provider}]
    write_workspace(folder, sites=[NORTH], providers=providers)
    stored(folder, files)
    (folder / "scrubjay.toml").write_text("[fees]\nis_qualifying_participant = false\n", encoding="utf-8")
    claims = write_csv(folder / "claims.csv", [VISIT | line])
    found = scrubjay.explain([claims], claim="A1", rule="DEP101", workspace=scrubjay.Workspace.open(folder))
    return list(found[0].working)


def test_each_factor_is_named_with_its_file_row_and_release(tmp_path: Path) -> None:
    files = year_of([value("99213", "1.30", "1.46", "0.33")], (NATION, ANGELES))
    said = explained(tmp_path, files, {}, provider="NP")
    release = "2026 January release, not for qualifying participants (PPRRVU2026_Jan_nonQPP.csv, sha256 "
    assert said[0].startswith(f"99213 on 2026-03-10: {release}") and ", row " in said[0]
    assert said[1].startswith("locality 01182-18, for ZIP code 90001: 2026 first quarter (ZIP5.txt, sha256 ")
    assert said[2].startswith("its indices: work 1.041, practice expense 1.183, malpractice 0.664: 2026 (GPCI2026.csv")
    assert said[3] == "conversion factor $10.0000, for practitioners who are no qualifying APM participants"
    assert said[4] == "outside facilities: (1.30 × 1.041 + 1.46 × 1.183 + 0.00 × 0.664) × 10.0000 = $30.80"
    assert said[5] == "in a facility: (1.30 × 1.041 + 0.33 × 1.183 + 0.00 × 0.664) × 10.0000 = $17.44"
    assert said[6] == "1 unit; under NP (85 percent); charge $500.00, which is the most that is paid"
    assert said[7] == "as billed $26.18, as it should be $14.82: $11.36 overpaid"
    assert said[8] == "the programme's share $9.09, after sequestration $8.91; the patient's $2.27"
    assert said[9] == "with all geographic indices 1: $9.60"


def test_a_part_that_only_the_hospital_is_paid_for_is_named(tmp_path: Path) -> None:
    files = year_of([*parts_of("71046", "1.00", "4.00")], (NATION, ANGELES))
    said = explained(tmp_path, files, {"procedure_code": "71046"})
    assert "in a facility: NA. The number in that column is a copy of the other, so no price is read from it" in said
    [reading] = [one for one in said if one.startswith("PC/TC indicator")]
    assert reading.startswith("PC/TC indicator 1: in a facility only the reading is paid, 71046-26 (row ")
    assert reading.endswith("= $11.83")


def test_a_service_that_a_facility_is_paid_for_alone_is_named(tmp_path: Path) -> None:
    row = value("96413", "0.28", "3.35", "3.35", is_facility_na=True, component_indicator="5")
    said = explained(tmp_path, year_of([row], (NATION, ANGELES)), {"procedure_code": "96413"})
    assert "PC/TC indicator 5: in a facility nothing is paid to the practitioner" in said


def test_a_published_amount_is_shown_as_such_and_not_as_a_product(tmp_path: Path) -> None:
    fee = {"contractor": "01182", "locality": "18", "procedure_code": "99213", "modifier": "", "component_indicator": "0",
           "nonfacility_amount": Decimal("117.58"), "facility_amount": Decimal("64.37"), "status_code": "A",
           "multiple_procedure_indicator": "0", "opps_indicator": "9"}  # fmt: skip
    files = year_of([value("99213", "1.30", "1.46", "0.33")], (NATION, ANGELES))
    said = explained(tmp_path, files | {"PFALL26A_nonQPP.txt": fee_files.pfall_txt([fee], 2026)}, {})
    assert any(
        one.startswith("outside facilities: $117.58, as published: 2026") and "PFALL26A_nonQPP.txt" in one
        for one in said
    )
    assert "as billed $117.58, as it should be $64.37: $53.21 overpaid" in said


@pytest.mark.parametrize(
    ("line", "because"),
    [
        ({"procedure_code": "99999"}, "the relative values of 2026 have no row for 99999"),
        ({"charge_amount": ""}, "the line has no charge"),
        ({"service_date": "2024-03-10"}, "no relative values of 2024 are loaded"),
    ],
)
def test_what_is_not_known_is_said_at_the_end(tmp_path: Path, line: dict[str, str], because: str) -> None:
    said = explained(tmp_path, year_of([value("99213", "1.30", "1.46", "0.33")], (NATION, ANGELES)), line)
    assert any(one.endswith(f"the difference is not known, because {because}") for one in said)


def test_who_does_not_participate_may_charge_so_much(tmp_path: Path) -> None:
    write_workspace(tmp_path, sites=[NORTH])
    stored(tmp_path, year_of([value("99213", "1.00", "2.00", "1.00")], (NATION, ANGELES)))
    write_csv(tmp_path / "providers.csv", [{"npi": NPI, "provider_type": "MD", "is_participating": "no"}])
    (tmp_path / "scrubjay.toml").write_text("[fees]\nis_qualifying_participant = false\n", encoding="utf-8")
    claims = write_csv(tmp_path / "claims.csv", [VISIT])
    [found] = scrubjay.explain([claims], claim="A1", rule="DEP101", workspace=scrubjay.Workspace.open(tmp_path))
    [said] = [one for one in found.working if "does not participate" in one]
    # 34.07 × 0.95 = 32.37, and 115 percent of that
    assert "95 percent of the fee" in said and "$37.23 at most (115 percent of that)" in said


def test_the_counties_and_the_anesthesia_factor_of_the_locality_are_named(tmp_path: Path) -> None:
    county = {
        "contractor": "01182",
        "locality": "18",
        "state": "CALIFORNIA",
        "fee_area": "LOS ANGELES",
        "counties": "LOS ANGELES/ORANGE",
    }
    factor = {
        "contractor": "01182",
        "locality": "18",
        "locality_name": "LOS ANGELES",
        "conversion_factor": Decimal("21.1234"),
    }
    files = year_of([value("00100", "0.00", "0.00", "0.00", status_code="J")], (NATION, ANGELES))
    files |= {"26LOCCO.csv": fee_files.locco_csv([county], 2026), "ANES2026.csv": fee_files.anes_csv([factor])}
    said = explained(tmp_path, files, {"procedure_code": "00100"})
    assert said[1].startswith("locality 01182-18 (LOS ANGELES, LOS ANGELES/ORANGE), for ZIP code 90001: ")
    assert any(
        one.startswith("anesthesia: $21.1234 for each unit of base and time, in every place alike: ") for one in said
    )
    assert said[-1].endswith("anesthesia is priced by base and time units, alike in every place")


def test_without_fee_files_there_is_nothing_to_work_out(tmp_path: Path) -> None:
    write_workspace(tmp_path, sites=[NORTH])
    claims = write_csv(tmp_path / "claims.csv", [VISIT])
    [found] = scrubjay.explain([claims], claim="A1", rule="DEP101", workspace=scrubjay.Workspace.open(tmp_path))
    assert list(found.working) == [
        "as billed not known, as it should be not known: the difference is not known, because no physician fee schedule is loaded"
    ]
