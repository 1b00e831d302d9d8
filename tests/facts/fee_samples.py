"""Fee files with a few rows in CMS's layouts, and the amounts they give for a few lines."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from scrubjay.reference.fees import import_fees
from scrubjay.tables import NATIONAL_AMOUNTS
from scrubjay.workspace import FeeSettings
from synthetic import fee_files
from tests.facts.samples import CLAIM, LINE, NPI, D, Row, build, facts_of

SPRING = D(2026, 3, 10)
NATION: Row = {
    "contractor": "00000", "locality": "00", "state": "XX", "locality_name": "NATION", "work_gpci": Decimal(1),
    "pe_gpci": Decimal(1), "malpractice_gpci": Decimal(1),
}  # fmt: skip
ANGELES: Row = {
    "contractor": "01182", "locality": "18", "state": "CA", "locality_name": "LOS ANGELES",
    "work_gpci": Decimal("1.041"), "pe_gpci": Decimal("1.183"), "malpractice_gpci": Decimal("0.664"),
}  # fmt: skip
AT_NATION = FeeSettings("00000", "00", is_qualifying_participant=False)
PHYSICIAN: Row = {"npi": NPI, "provider_type": "MD"}

# Made up, but for the shape: round numbers whose sums can be done in one's head.
VALUE: Row = {
    "procedure_code": "10000", "modifier": "", "status_code": "A", "work_rvu": Decimal("1.00"),
    "nonfacility_pe_rvu": Decimal("2.00"), "is_nonfacility_na": False, "facility_pe_rvu": Decimal("1.00"),
    "is_facility_na": False, "malpractice_rvu": Decimal("0.10"), "nonfacility_total_rvu": Decimal("3.10"),
    "facility_total_rvu": Decimal("2.10"), "component_indicator": "0", "global_days_code": "XXX",
    "multiple_procedure_indicator": "0", "bilateral_indicator": "0", "endoscopic_base_code": "",
    "conversion_factor": Decimal("10.0000"), "imaging_family_indicator": "99", "cap_nonfacility_pe_rvu": Decimal("0.00"),
    "cap_facility_pe_rvu": Decimal("0.00"), "cap_malpractice_rvu": Decimal("0.00"),
}  # fmt: skip


def value(code: str, work: str, outside: str, inside: str, **more: Any) -> Row:
    """A row of relative values with malpractice 0.00; 1.00 is worth ten dollars."""
    numbers = {"work_rvu": work, "nonfacility_pe_rvu": outside, "facility_pe_rvu": inside, "malpractice_rvu": "0.00"}
    return VALUE | {"procedure_code": code} | {name: Decimal(text) for name, text in numbers.items()} | more


def parts_of(code: str, professional: str, technical: str, **more: Any) -> list[Row]:
    """The three rows of a test with two parts, each worth these relative values of practice expense."""
    both = str(Decimal(professional) + Decimal(technical))
    rows = [
        value(code, "0.00", both, both, is_facility_na=True),
        value(code, "0.00", professional, professional, modifier="26"),
        value(code, "0.00", technical, technical, modifier="TC", is_facility_na=True),
    ]
    return [row | {"component_indicator": "1"} | more for row in rows]


def stored(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder of fees with these published files."""
    (folder / "scrubjay.toml").write_text("", encoding="utf-8")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    import_fees([folder / name for name in files], folder)
    return folder / "fees"


def year_of(values: Iterable[Row], places: Iterable[Row] = (NATION,), year: int = 2026) -> dict[str, bytes]:
    """The files of a year: relative values (both of them from 2026 on), indices and ZIP codes."""
    values, places = list(values), list(places)
    more = [row | {"conversion_factor": row["conversion_factor"] * 2} for row in values]
    names = (
        {False: f"PPRRVU{year}_Jan_nonQPP.csv", True: f"PPRRVU{year}_Jan_QPP.csv"}
        if year >= 2026
        else {None: f"PPRRVU{year}_Jan.csv"}
    )
    found = {
        name: fee_files.pprrvu_csv(more if qualifying else values, year, "January", qualifying)
        for qualifying, name in names.items()
    }
    zips = [{"zip": "90001", "contractor": "01182", "locality": "18", "is_plus_four_needed": False},
            {"zip": "90002", "contractor": "01182", "locality": "18", "is_plus_four_needed": True}]  # fmt: skip
    return found | {
        f"GPCI{year}.csv": fee_files.gpci_csv(places, year),
        "ZIP5.txt": fee_files.zip5_txt(zips, f"{year}1"),
    }


def amounts(fees: Path | None, *lines: Row, settings: FeeSettings = AT_NATION, **registries: Any) -> list[Row]:
    """The facts of these lines, each on a claim of its own unless it says which (claim_key)."""
    registries = {"providers": [PHYSICIAN], **registries}
    claims: dict[int, Row] = {}
    rows: list[Row] = []
    for number, line in enumerate(lines):
        given = dict(line)
        key = given.pop("claim_key", number)
        place, claim = given.pop("place", "11"), given.pop("claim", {})
        claims.setdefault(
            key,
            CLAIM
            | {"claim_key": key, "claim_id": f"A{key}", "place_of_service_code": place, "rendering_provider_npi": NPI}
            | claim,
        )
        default = {
            "service_date": SPRING,
            "units": Decimal(1),
            "charge_amount": Decimal("9000.00"),
            "procedure_code": "10000",
        }
        rows.append(LINE | default | given | {"claim_key": key, "line_number": len(rows) + 1})
    connection = build(claims.values(), rows, fees=fees, fee_settings=settings, **registries)
    national = {row.pop("row_id"): row for row in facts_of(connection, "national_amounts")}
    found = facts_of(connection)
    for row in found:
        amounts_of_row = national.get(row["row_id"], {})
        row |= {f"national_{name}": amounts_of_row.get(name) for name in NATIONAL_AMOUNTS.names[1:]}
    return found


def pairs(rows: Iterable[Row]) -> list[tuple[str | None, str | None]]:
    """The amounts outside facilities and in them."""

    def text(amount: Decimal | None) -> str | None:
        return None if amount is None else str(amount)

    return [(text(row["nonfacility_amount"]), text(row["facility_amount"])) for row in rows]
