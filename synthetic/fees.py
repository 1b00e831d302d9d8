"""An excerpt of CMS's fee files for the codes of the demo, in CMS's layouts.

The relative values, indicators, conversion factors and outpatient rates are CMS's numbers for 2026, as far as
public copies confirm them (rows that give only totals print only totals); no descriptor stands beside them. Of
the status indicators and APCs of the outpatient rates no copy was read, and the multiple procedure indicators are
left blank. Riverbend is made up, so its ZIP codes and its locality, with all indices 1, are too. Every
file says in its title that it is an excerpt: a code that is missing here is not missing at CMS.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from synthetic import fee_files

YEAR = 2026
LOCALITY = {"contractor": "99999", "locality": "01", "state": "OH"}

_FACTORS = {False: "33.4009", True: "33.5675"}  # for qualifying APM participants: True

# code, modifier, work, practice expense outside facilities and in them, malpractice, NA, PC/TC indicator
_VALUES = (
    ("20610", "", "0.77", "1.16", "0.29", "0.13", "", "0"),
    ("29881", "", "6.85", "7.19", "7.19", "1.40", "outside", "0"),
    ("71046", "", "0.21", "0.76", "0.76", "0.02", "inside", "1"),
    ("71046", "26", "0.21", "0.08", "0.08", "0.01", "", "1"),
    ("71046", "TC", "0.00", "0.68", "0.68", "0.01", "inside", "1"),
    ("93000", "", "0.17", "0.27", "0.27", "0.02", "inside", "4"),
    ("99213", "", "1.30", "1.46", "0.33", "0.09", "", "0"),
    ("99214", "", "1.92", "2.00", "0.47", "0.14", "", "0"),
    ("99232", "", "1.59", "0.40", "0.40", "0.12", "outside", "0"),
)

# code, total outside facilities ('' where it is NA), total in them
_TOTALS = (
    ("43239", "12.54", "3.70"),
    ("45378", "11.32", "4.93"),
    ("45380", "14.37", "5.32"),
    ("45385", "14.97", "6.69"),
    ("64483", "7.93", "2.98"),
    ("66984", "", "13.85"),
    ("90837", "5.00", "4.05"),
    ("99203", "3.52", "2.14"),
    ("99204", "5.31", "3.50"),
)

# code, status indicator, APC, national rate of April 2026
_RATES = (
    ("20610", "T", "5441", "313.60"),
    ("96361", "S", "5691", "47.84"),
    ("96365", "S", "5693", "217.31"),
    ("96372", "S", "5692", "73.56"),
    ("96374", "S", "5693", "217.31"),
    ("96375", "S", "5691", "47.84"),
    ("96413", "S", "5694", "337.46"),
    ("96415", "S", "5692", "73.56"),
    ("G0463", "J2", "5012", "136.02"),
)


def fee_file_contents(zips: set[str]) -> dict[str, bytes]:
    """The files by name; ``zips`` are the ZIP codes, five digits, of the places in Riverbend."""
    place: dict[str, Any] = {**LOCALITY, "locality_name": "RIVERBEND (MADE UP)"}
    place |= dict.fromkeys(("work_gpci", "pe_gpci", "malpractice_gpci"), Decimal(1))
    of_zip: dict[str, Any] = {**LOCALITY, "is_plus_four_needed": False}
    rates = [
        {"procedure_code": code, "status_indicator": status, "apc_code": apc, "payment_amount": Decimal(rate)}
        for code, status, apc, rate in _RATES
    ]
    return {
        "PPRRVU2026_Jul_nonQPP_excerpt.csv": fee_files.pprrvu_csv(_rows(False), YEAR, "July", False, excerpt=True),
        "PPRRVU2026_Jul_QPP_excerpt.csv": fee_files.pprrvu_csv(_rows(True), YEAR, "July", True, excerpt=True),
        "GPCI2026_excerpt.csv": fee_files.gpci_csv([place], YEAR, excerpt=True),
        "ZIP5_JAN2026_excerpt.txt": fee_files.zip5_txt([{"zip": one, **of_zip} for one in sorted(zips)], f"{YEAR}1"),
        "addendum_b_April_2026_excerpt.csv": fee_files.addendum_b_csv(rates, YEAR, "April", excerpt=True),
    }


def _rows(is_qualifying: bool) -> list[dict[str, Any]]:
    """The rows of relative values, with the conversion factor of qualifying participants or of all others."""
    common: dict[str, Any] = {"status_code": "A", "conversion_factor": Decimal(_FACTORS[is_qualifying])}
    rows: list[dict[str, Any]] = []
    for code, modifier, work, outside, inside, malpractice, na, indicator in _VALUES:
        parts = {
            "work_rvu": work,
            "nonfacility_pe_rvu": outside,
            "facility_pe_rvu": inside,
            "malpractice_rvu": malpractice,
        }
        numbers = {name: Decimal(text) for name, text in parts.items()}
        rows.append(
            {
                **common,
                **numbers,
                "procedure_code": code,
                "modifier": modifier,
                "is_nonfacility_na": na == "outside",
                "is_facility_na": na == "inside",
                "nonfacility_total_rvu": numbers["work_rvu"]
                + numbers["nonfacility_pe_rvu"]
                + numbers["malpractice_rvu"],
                "facility_total_rvu": numbers["work_rvu"] + numbers["facility_pe_rvu"] + numbers["malpractice_rvu"],
                "component_indicator": indicator,
            }
        )
    for code, outside, inside in _TOTALS:
        totals = {"nonfacility_total_rvu": Decimal(outside or inside), "facility_total_rvu": Decimal(inside)}
        flags = {"is_nonfacility_na": not outside, "is_facility_na": False}
        rows.append({**common, **totals, **flags, "procedure_code": code, "modifier": "", "component_indicator": "0"})
    return rows
