"""Fee files as CMS lays them out, made of given rows: headers, positions and quirks are those of the real files.

A row is a dictionary with the names of the columns of its table (`tables.FEE_RELATIVE_VALUES` …); what
it leaves out is blank. Wherever CMS prints a descriptor there stands `DESCRIPTOR`, which must never
come out again anywhere.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

DESCRIPTOR = "DESCRIPTOR-MUST-NOT-LEAK"

Row = Mapping[str, Any]

# Each column of the relative values: the cells of its stacked header, top to bottom, and the column that fills it.
_STACKS = (
    ("HCPCS", "procedure_code"),
    ("MOD", "modifier"),
    ("DESCRIPTION", "descriptor"),
    ("STATUS|CODE", "status_code"),
    ("NOT USED|FOR|MEDICARE |PAYMENT", ""),
    ("WORK|RVU", "work_rvu"),
    ("NON-FAC|PE RVU", "nonfacility_pe_rvu"),
    ("NON-FAC|NA|INDICATOR", "is_nonfacility_na"),
    ("FACILITY|PE RVU", "facility_pe_rvu"),
    ("FACILITY |NA|INDICATOR", "is_facility_na"),
    ("MP|RVU", "malpractice_rvu"),
    ("NON-FACILITY|TOTAL", "nonfacility_total_rvu"),
    ("FACILITY|TOTAL", "facility_total_rvu"),
    ("PCTC|IND", "component_indicator"),
    ("GLOB|DAYS", "global_days_code"),
    ("PRE|OP", ""),
    ("INTRA|OP", ""),
    ("POST|OP", ""),
    ("MULT|PROC", "multiple_procedure_indicator"),
    ("BILAT|SURG", "bilateral_indicator"),
    ("ASST|SURG", ""),
    ("CO-|SURG", ""),
    ("TEAM|SURG", ""),
    ("PRIC|IND", "pricing_indicator"),  # from 2026 on
    ("ENDO|BASE", "endoscopic_base_code"),
    ("CONV|FACTOR", "conversion_factor"),
    ("PHYSICIAN|SUPERVISION OF|DIAGNOSTIC|PROCEDURES", ""),
    ("CALCULATION|FLAG", ""),
    ("DIAGNOSTIC|IMAGING|FAMILY|INDICATOR", "imaging_family_indicator"),
    ("NON-FACILITY|PE USED|FOR OPPS|PAYMENT|AMOUNT", "cap_nonfacility_pe_rvu"),
    ("FACILITY|PE USED|FOR OPPS|PAYMENT|AMOUNT", "cap_facility_pe_rvu"),
    ("MP USED|FOR OPPS|PAYMENT|AMOUNT", "cap_malpractice_rvu"),
)


def pprrvu_csv(
    rows: Sequence[Row], year: int, release: str = "October", qpp: bool | None = None, *, excerpt: bool = False
) -> bytes:
    """A PPRRVU file: 31 columns before 2026, 32 from then on, with PRIC IND 1 (QPP), 9 (nonQPP) or blank."""
    stacks = [(stack, to) for stack, to in _STACKS if year >= 2026 or to != "pricing_indicator"]
    width = len(stacks)
    titles = [f"{year} National Physician Fee Schedule Relative Value File {release} Release", "(notice)", "(notice)"]
    titles += ["EXCERPT: a few rows of the file"] if excerpt else [" "]
    day = {"January": "12/31", "April": "03/31", "July": "06/30", "October": "09/11"}[release]
    titles += [f"RELEASED {day}/{year - (release == 'January')}"]
    cells = [["", "", title, *[""] * (width - 3)] for title in titles]
    height = max(stack.count("|") for stack, _ in stacks) + 1
    padded = [[""] * height + stack.split("|") for stack, _ in stacks]
    cells += [[stack[level - height] for stack in padded] for level in range(height)]
    indicator = {None: "", True: "1", False: "9"}[qpp]
    for row in rows:
        known = {"descriptor": "" if excerpt else DESCRIPTOR, "pricing_indicator": indicator, **row}
        cells.append([_text(known.get(to)) for _, to in stacks])
    return _csv(cells)


def pprrvu_txt(rows: Sequence[Row], qpp: bool | None = None) -> bytes:
    """A PPRRVU file of fixed width, with the HDR lines before it and the 0x1A behind it."""
    lines = ["HDR (notice)".ljust(50)] * 3
    for row in rows:
        line = [" "] * 171

        def put(first: int, last: int, value: object, line: list[str] = line, *, left: bool = False) -> None:
            width = last - first + 1
            text = _text(value)
            line[first - 1 : last] = text.ljust(width) if left else text.rjust(width)

        put(1, 5, row["procedure_code"])
        put(6, 7, row.get("modifier"), left=True)
        put(8, 57, DESCRIPTOR, left=True)
        put(58, 58, row.get("status_code"))
        put(60, 65, row.get("work_rvu"))
        put(67, 72, row.get("nonfacility_pe_rvu"))
        put(73, 74, row.get("is_nonfacility_na"))
        put(76, 81, row.get("facility_pe_rvu"))
        put(82, 83, row.get("is_facility_na"))
        put(85, 89, row.get("malpractice_rvu"))
        put(91, 96, row.get("nonfacility_total_rvu"))
        put(97, 102, row.get("facility_total_rvu"))
        put(103, 103, row.get("component_indicator"))
        put(104, 106, row.get("global_days_code"))
        put(107, 115, ".00.00.00")
        put(116, 116, row.get("multiple_procedure_indicator"))
        put(117, 117, row.get("bilateral_indicator"))
        put(118, 120, "000")
        put(121, 121, {None: "", True: "1", False: "9"}[qpp])
        put(128, 132, row.get("endoscopic_base_code"))
        put(133, 140, row.get("conversion_factor"))
        put(142, 147, "090 99")
        put(151, 171, "   0.00   0.00   0.00")
        lines.append("".join(line))
    return ("\r\n".join(lines) + "\r\n\x1a").encode("latin-1")


def gpci_csv(rows: Sequence[Row], year: int, *, without_floor: bool = False, excerpt: bool = False) -> bytes:
    """A GPCI file; with the column without floor beside the one with it, as in the first quarter of 2026."""
    header = ["Medicare Administrative Contractor (MAC)", "State", "Locality Number", "Locality Name"]
    header += [f"{year} PW GPCI (without 1.0 Floor)"] if without_floor else []
    header += [f"{year} PW GPCI (with 1.0 Floor)", f"{year} PE GPCI", f"{year} MP GPCI"]
    names = ["contractor", "state", "locality", "locality_name", "work_gpci", "pe_gpci", "malpractice_gpci"]
    names[4:4] = ["unfloored_work_gpci"] if without_floor else []
    blank = [""] * (len(header) - 1)
    title = f"ADDENDUM E. FINAL CY {year} GEOGRAPHIC PRACTICE COST INDICES (GPCIs) BY STATE AND MEDICARE LOCALITY"
    cells = [[title, *blank], ["EXCERPT" if excerpt else "", *blank], header]
    cells += [[_text(row.get(name)) for name in names] for row in rows]
    cells += [[f"MAC Assignments as of November 22, {year - 2}", *blank], ["", *blank]]
    cells += [["*Work GPCI reflects a 1.5 floor in Alaska established by the MIPPA.", *blank]]
    return _csv(cells)


def locco_csv(rows: Sequence[Row], year: int) -> bytes:
    """A LOCCO file: the state stands in the first of its rows only, and leading zeros are lost."""
    header = ["Medicare Adminstrative Contractor", "Locality Number", "State ", "Fee Schedule Area ", "Counties"]
    cells = [[f"COUNTIES INCLUDED IN {year} LOCALITIES. (ALPHABETICALLY BY STATE)", "", "", "", ""], [""] * 5, header]
    state = ""
    for row in rows:
        shown = "" if row.get("state") == state else row.get("state")
        state = row.get("state") or state
        numbers = [str(int(row["contractor"])), str(int(row["locality"]))]
        cells += [[*numbers, _text(shown), _text(row.get("fee_area")), _text(row.get("counties"))], [""] * 5]
    return _csv([*cells, ["*  Payment locality is serviced by two carriers.", "", "", "", ""]])


def anes_csv(rows: Sequence[Row], national: str = "20.3178", *, qualifying: str = "") -> bytes:
    """An anesthesia file; with ``qualifying`` that of 2026, with a column for qualifying participants beside the other."""
    header = ["Contractor", "Locality", "Locality Name"]
    names = ["contractor", "locality", "locality_name"]
    if qualifying:
        header += [f"Qualifying APM National Anes CF (with 2.5% statutory increase) of {qualifying}"]
        header += [f"Non-Qualifying APM National Anes CF (with 2.5% statutory increase) of {national}"]
        names += ["qualifying_conversion_factor", "conversion_factor"]
    else:
        header += [f"National Anes CF of {national}"]
        names += ["conversion_factor"]
    return _csv([header, *([_text(row.get(name)) for name in names] for row in rows)])


def oppscap_csv(rows: Sequence[Row]) -> bytes:
    """An OPPSCAP file, with the header CMS misspells."""
    header = ["HCPCS", "MOD", "PROCSTAT", "CARRIER", "LOCALITY", "FACILITY PRICE", "NON-FACILTY PRICE"]
    names = ["procedure_code", "modifier", "status_code", "contractor", "locality"]
    names += ["facility_amount", "nonfacility_amount"]
    return _csv([header, *([_text(row.get(name)) for name in names] for row in rows)])


_RATE_HEADER = [
    *["SI", "APC", "Relative Weight", "Payment Rate", "National Unadjusted Copayment", "Minimum Unadjusted Copayment"],
    *["IRA Coinsurance percentage", "Adjusted Beneficiary Copayment"],
    *["Drug and Device Pass-Through Expiration during Calendar Year", "Note", "* Indicates a Change"],
]


def addendum_b_csv(rows: Sequence[Row], year: int, month: str = "January", *, excerpt: bool = False) -> bytes:
    """An Addendum B; with ``month`` blank, as CMS does it, only its name tells the quarter."""
    when = f"{month} {year}" if month else f"CY {year}"
    cells = [["", f"Addendum B.-Final OPPS Payment by HCPCS Code for {when}", *[""] * 11]]
    cells += [["", "EXCERPT" if excerpt else "(notice)", *[""] * 11], ["HCPCS Code", "Short Descriptor", *_RATE_HEADER]]
    descriptor = "" if excerpt else DESCRIPTOR
    return _csv(cells + [[_text(row.get("procedure_code")), descriptor, *_rate_cells(row)] for row in rows])


def addendum_a_csv(rows: Sequence[Row], year: int, month: str = "January") -> bytes:
    """An Addendum A: the rates by APC."""
    when = f"{month} {year}" if month else f"CY {year}"
    cells = [["", f"Addendum A.- OPPS APCs for {when}", *[""] * 10], ["", "(notice)", *[""] * 10]]
    cells += [["APC", "Group Title", *(name for name in _RATE_HEADER if name != "APC")]]
    for row in rows:
        status, apc, *others = _rate_cells(row)
        cells.append([apc, DESCRIPTOR, status, *others])
    return _csv(cells)


def _rate_cells(row: Row) -> list[str]:
    """SI, APC, weight and amounts as CMS prints them: with dollar sign and commas, a point for no copayment."""
    amounts = [row.get(name) for name in ("payment_amount", "national_copayment_amount", "minimum_copayment_amount")]
    payment, national, minimum = ("" if amount is None else f"${Decimal(amount):,}" for amount in amounts)
    national = national or ("." if payment else "")
    texts = [_text(row.get(name)) for name in ("status_indicator", "apc_code", "relative_weight")]
    return [*texts, payment, national, minimum, "", "", "", "", ""]


def pfall_txt(rows: Sequence[Row], year: int, *, filler: bool = True) -> bytes:
    """A PFALL or PFREV file: quoted values without a header, and the trailer behind them."""
    lines = []
    for row in rows:
        values = [
            str(year),
            row["contractor"],
            row["locality"],
            row["procedure_code"],
            _text(row.get("modifier")).ljust(2),
        ]
        values += [_amount(row.get("nonfacility_amount")), _amount(row.get("facility_amount"))]
        values += [" "] if filler else []
        values += [row.get("component_indicator", "0"), row.get("status_code", "A")]
        values += [row.get("multiple_procedure_indicator", "0"), "0000000.00", "0000000.00"]
        values += [row.get("opps_indicator", "9")]
        values += [_amount(row.get("cap_nonfacility_amount")), _amount(row.get("cap_facility_amount"))]
        lines.append(",".join(f'"{value}"' for value in values))
    lines += ['"TRL- (notice)"', '"TRL- (notice, and more of it)"']
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")


def zip5_txt(rows: Sequence[Row], quarter: str = "20261") -> bytes:
    """A ZIP5 file: 80 positions, with an indicator for drugs at position 23."""
    return _lines_of_zips([{**row, "behind": " A"} for row in rows], quarter)


def zip9_txt(rows: Sequence[Row], quarter: str = "20261") -> bytes:
    """A ZIP9 file: as ZIP5, with the four digits behind each ZIP code at position 22."""
    return _lines_of_zips([{**row, "behind": row["plus_four"], "is_plus_four_needed": True} for row in rows], quarter)


def _lines_of_zips(rows: Sequence[Row], quarter: str) -> bytes:
    lines = []
    for row in rows:
        start = f"{row.get('state', 'CA'):2}{row['zip']}{row['contractor']}{row['locality']} Z9"
        flag = "1" if row.get("is_plus_four_needed") else "0"
        lines.append(f"{start:20}{flag}{row['behind']}".ljust(75) + quarter)
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")


def zip5_xlsx(rows: Sequence[Row], quarter: str = "20261") -> bytes:
    """ZIP5 as a workbook, whose numbers have lost their leading zeros."""
    header = ["STATE", "ZIP CODE", "CARRIER", "LOCALITY", "RURAL IND", "LAB CB LOCALITY", "RURAL IND2", "PLUS 4 FLAG"]
    header += ["PART B DRUG INDICATOR", "YEAR/QTR"]
    cells = [header]
    for row in rows:
        place = [row.get("state", "CA"), row["zip"], row["contractor"], row["locality"]]
        cells.append([*place, "", "Z9", "", "1" if row.get("is_plus_four_needed") else "0", "A", quarter])
    return workbook(_csv(cells))


def workbook(content: bytes) -> bytes:
    """A CSV file as a workbook in which all that looks like a number is one, as spreadsheets do it."""
    from xlsxwriter import Workbook

    target = io.BytesIO()
    book = Workbook(target, {"in_memory": True, "strings_to_numbers": True})
    sheet = book.add_worksheet("Data")
    for number, row in enumerate(csv.reader(io.StringIO(content.decode("latin-1"), newline=""))):
        for at, cell in enumerate(row):
            if cell:
                sheet.write(number, at, cell)
    book.close()
    return target.getvalue()


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """A zip with these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def _text(value: object) -> str:
    """A value as CMS prints it: blank for nothing, NA for a flag that is set."""
    if value is None or value is False:
        return ""
    return "NA" if value is True else str(value)


def _amount(value: object) -> str:
    return f"{Decimal(str(value or 0)):010.2f}"


def _csv(cells: Sequence[Sequence[str]]) -> bytes:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerows(cells)
    return target.getvalue().encode("latin-1")
