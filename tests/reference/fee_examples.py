"""Where the verified amounts and the real files of CMS are kept, and the rows of the former."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
EXAMPLES = SHARED / "rules" / "fee_examples.csv"
CORPUS = SHARED / "corpus" / "cms"


def pprrvu_rows_of_examples(year: int) -> list[dict[str, Any]]:
    """The rows of that year in the list of verified examples (`EXAMPLES`); some of them print only the totals."""
    columns = {
        "hcpcs": "procedure_code",
        "mod": "modifier",
        "status": "status_code",
        "work_rvu": "work_rvu",
        "nf_pe_rvu": "nonfacility_pe_rvu",
        "nf_na": "is_nonfacility_na",
        "f_pe_rvu": "facility_pe_rvu",
        "f_na": "is_facility_na",
        "mp_rvu": "malpractice_rvu",
        "nf_total": "nonfacility_total_rvu",
        "f_total": "facility_total_rvu",
        "pctc": "component_indicator",
        "glob": "global_days_code",
        "cf": "conversion_factor",
    }
    flags = ("is_nonfacility_na", "is_facility_na")
    rows = []
    with EXAMPLES.open(encoding="utf-8", newline="") as handle:
        for line in csv.DictReader(handle):
            if line["year"] == str(year):
                row: dict[str, Any] = {to: line[of] for of, to in columns.items() if line[of]}
                rows.append({"modifier": "", **row, **{flag: row.get(flag) == "NA" for flag in flags}})
    return rows
