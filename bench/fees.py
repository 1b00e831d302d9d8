"""What fee files cost: the import of a full-size year, and a check with it beside one without.

The relative value file has as many rows as CMS's (about 19,000, all of them made up, the codes of the claims among
them), the ZIP code file 43,000. `make bench` prints the table; ``python -m bench.fees CLAIMS FOLDER`` makes the workspace.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

from bench.generate import npi
from scrubjay.reference.fees import import_fees
from synthetic import fee_files

ROWS = 19_226
ZIPS = 43_000
RELEASES = ((2025, "October", None, ""), (2026, "July", False, "_nonQPP"), (2026, "July", True, "_QPP"))
CODES = sorted(
    {"20610", "36415", "45378", "71046", "80053", *(f"{number:05d}" for number in range(99_999 - ROWS + 5, 99_999))}
)


def write_files(folder: Path) -> list[Path]:
    """The files of each year, in CMS's layouts."""
    folder.mkdir(parents=True, exist_ok=True)
    place = {"contractor": "01182", "locality": "18", "state": "CA", "locality_name": "LOS ANGELES"}
    indices = {"work_gpci": Decimal("1.042"), "pe_gpci": Decimal("1.194"), "malpractice_gpci": Decimal("0.690")}
    zips = [
        {"zip": f"{number:05d}", "contractor": "01182", "locality": "18", "is_plus_four_needed": False}
        for number in range(99_999 - ZIPS, 99_999)
    ]
    rows = [
        {
            "procedure_code": code,
            "modifier": "",
            "status_code": "A",
            "work_rvu": Decimal("0.13"),
            "nonfacility_pe_rvu": Decimal("0.14"),
            "facility_pe_rvu": Decimal("0.06"),
            "malpractice_rvu": Decimal("0.01"),
            "nonfacility_total_rvu": Decimal("0.28"),
            "facility_total_rvu": Decimal("0.20"),
            "component_indicator": "0",
            "multiple_procedure_indicator": "0",
            "bilateral_indicator": "0",
            "conversion_factor": Decimal("32.3465"),
        }
        for code in CODES
    ]
    files = {}
    for year, release, qualifying, name in RELEASES:
        files[f"PPRRVU{year}_{release[:3]}{name}.csv"] = fee_files.pprrvu_csv(rows, year, release, qualifying)
    for year in (2025, 2026):
        files[f"GPCI{year}.csv"] = fee_files.gpci_csv([{**place, **indices}], year)
        files[f"ZIP5_{year}.txt"] = fee_files.zip5_txt(zips, f"{year}1")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def make_workspace(folder: Path, files: list[Path]) -> Path:
    """A workspace that knows the practitioners; with the fee files imported if any are given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scrubjay.toml").write_text("[fees]\nis_qualifying_participant = false\n", encoding="utf-8")
    people = "".join(f"{npi(10_000_000 + number)},MD\n" for number in range(2_000))
    (folder / "providers.csv").write_text("npi,provider_type\n" + people, encoding="utf-8")
    if files:
        import_fees(files, folder)
    return folder


def main(arguments: list[str]) -> None:
    """Import one file into a workspace: what `make bench` times."""
    file, workspace = arguments
    import_fees([Path(file)], Path(workspace))


if __name__ == "__main__":
    main(sys.argv[1:])
