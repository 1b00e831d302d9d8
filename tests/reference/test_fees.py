"""The fee files of CMS: what becomes of each layout, which mistakes are told, and how they are kept and read."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scrubjay.errors import DefinitionError, UsageError
from scrubjay.reference import fee_layouts
from scrubjay.reference.fee_layouts import FeeFile, read_fee_files, rows_schema
from scrubjay.reference.fees import (
    ImportedFee,
    import_fees,
    load_fees,
    missing_fees,
    missing_quarters,
    stored_releases,
)
from scrubjay.tables import FEE_TABLES, arrow_schema
from synthetic.fee_files import (
    DESCRIPTOR,
    addendum_a_csv,
    addendum_b_csv,
    anes_csv,
    gpci_csv,
    locco_csv,
    oppscap_csv,
    pfall_txt,
    pprrvu_csv,
    pprrvu_txt,
    workbook,
    zip5_txt,
    zip5_xlsx,
    zip9_txt,
    zip_of,
)
from tests.reference.fee_examples import CORPUS, EXAMPLES, pprrvu_rows_of_examples

RUN_DATE = date(2026, 11, 22)

VISIT: dict[str, Any] = {
    "procedure_code": "99213",
    "status_code": "A",
    "work_rvu": "1.30",
    "nonfacility_pe_rvu": "1.35",
    "facility_pe_rvu": "0.57",
    "malpractice_rvu": "0.10",
    "nonfacility_total_rvu": "2.75",
    "facility_total_rvu": "1.97",
    "component_indicator": "0",
    "global_days_code": "XXX",
    "multiple_procedure_indicator": "0",
    "bilateral_indicator": "0",
    "conversion_factor": "32.3465",
}
INFUSION = {**VISIT, "procedure_code": "96413", "facility_pe_rvu": "1.35", "is_facility_na": True}
REPAIR = {**VISIT, "procedure_code": "29881", "is_nonfacility_na": True, "global_days_code": "090"}
COLONOSCOPY = {**VISIT, "procedure_code": "45378", "modifier": "53", "endoscopic_base_code": "45378"}
IMAGING = {**VISIT, "procedure_code": "70553", "modifier": "TC", "imaging_family_indicator": "88"}
IMAGING |= {"cap_nonfacility_pe_rvu": "3.10", "cap_facility_pe_rvu": "3.10", "cap_malpractice_rvu": "0.03"}
ROWS = [VISIT, INFUSION, REPAIR, COLONOSCOPY, IMAGING]

LOS_ANGELES = {
    "contractor": "01182",
    "locality": "18",
    "state": "CA",
    "locality_name": "LOS ANGELES",
    "work_gpci": "1.042",
    "pe_gpci": "1.194",
    "malpractice_gpci": "0.69",
}
ALASKA = {**LOS_ANGELES, "contractor": "02102", "locality": "01", "state": "AK", "locality_name": "ALASKA*"}
ZIPS: list[dict[str, Any]] = [
    {"zip": "90012", "contractor": "01182", "locality": "18", "plus_four": "0001"},
    {"zip": "02139", "contractor": "14212", "locality": "01", "state": "MA", "plus_four": "4307"},
    {"zip": "63119", "contractor": "05302", "locality": "01", "is_plus_four_needed": True, "plus_four": "1234"},
]
CLINIC = {
    "procedure_code": "G0463",
    "status_indicator": "J2",
    "apc_code": "5012",
    "relative_weight": "1.4261",
    "payment_amount": "1130.37",
    "minimum_copayment_amount": "26.08",
}
DRUG = {"procedure_code": "J0131", "status_indicator": "K", "apc_code": "0701", "payment_amount": "0.655"}
CAP = {
    "procedure_code": "0633T",
    "modifier": "TC",
    "status_code": "C",
    "contractor": "01112",
    "locality": "05",
    "facility_amount": "150.69",
    "nonfacility_amount": "150.69",
}
PUBLISHED = {
    "contractor": "01112",
    "locality": "05",
    "procedure_code": "99213",
    "nonfacility_amount": "117.58",
    "facility_amount": "64.37",
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., FeeFile]:
    """Reads the one fee file there is in a file of this name and content."""

    def read(name: str, content: bytes, effective: date | None = None) -> FeeFile:
        (tmp_path / name).write_bytes(content)
        files, _ = read_fee_files(tmp_path / name, effective=effective)
        assert len(files) == 1
        assert files[0].rows.schema == rows_schema(files[0].kind)
        return files[0]

    return read


@pytest.fixture
def refuse(tmp_path: Path) -> Callable[..., str]:
    """The message with which a file of this name and content is refused; no descriptor is in it."""

    def refuse(name: str, content: bytes, effective: date | None = None) -> str:
        (tmp_path / name).write_bytes(content)
        with pytest.raises((DefinitionError, UsageError)) as caught:
            read_fee_files(tmp_path / name, effective=effective)
        assert DESCRIPTOR not in str(caught.value)
        assert str(caught.value).startswith(f"{tmp_path / name}: ")
        return str(caught.value).removeprefix(f"{tmp_path / name}: ")

    return refuse


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "scrubjay.toml").write_text("")
    return folder


@pytest.fixture
def keep(tmp_path: Path, workspace: Path) -> Callable[..., list[ImportedFee]]:
    """Imports files into a workspace."""

    def keep(files: dict[str, bytes], **how: Any) -> list[ImportedFee]:
        paths = [tmp_path / name for name in files]
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content)
        return import_fees(paths, workspace, **how)

    return keep


def filled(file: FeeFile) -> list[dict[str, Any]]:
    """The rows as dictionaries, without the columns that are NULL."""
    return [{name: value for name, value in row.items() if value is not None} for row in file.rows.to_pylist()]


def edited(content: bytes, edit: Callable[[list[list[str]]], Sequence[Sequence[str]]]) -> bytes:
    """A CSV file with its rows changed."""
    target = io.StringIO()
    rows = list(csv.reader(io.StringIO(content.decode("latin-1"), newline="")))
    csv.writer(target, lineterminator="\r\n").writerows(edit(rows))
    return target.getvalue().encode("latin-1")


# --- relative values --------------------------------------------------------------------------------


def test_the_relative_values_of_2025_become_rows(read: Callable[..., FeeFile]) -> None:
    file = read("PPRRVU2025_Oct.csv", pprrvu_csv(ROWS, 2025))
    assert (file.kind, file.name, file.file_name) == ("relative_values", "2025 October release", "PPRRVU2025_Oct.csv")
    assert (file.effective_from, file.effective_to) == (date(2025, 10, 1), date(2025, 12, 31))
    assert file.is_for_qualifying_participants is None
    assert not file.is_excerpt
    visit, infusion, repair, colonoscopy, imaging = filled(file)
    assert visit == {
        "row_number": 11,
        "procedure_code": "99213",
        "modifier": "",
        "status_code": "A",
        "work_rvu": Decimal("1.3000"),
        "nonfacility_pe_rvu": Decimal("1.3500"),
        "is_nonfacility_na": False,
        "facility_pe_rvu": Decimal("0.5700"),
        "is_facility_na": False,
        "malpractice_rvu": Decimal("0.1000"),
        "nonfacility_total_rvu": Decimal("2.7500"),
        "facility_total_rvu": Decimal("1.9700"),
        "component_indicator": "0",
        "global_days_code": "XXX",
        "multiple_procedure_indicator": "0",
        "bilateral_indicator": "0",
        "conversion_factor": Decimal("32.3465"),
    }
    assert (infusion["is_nonfacility_na"], infusion["is_facility_na"]) == (False, True)
    assert (repair["is_nonfacility_na"], repair["is_facility_na"]) == (True, False)
    assert (colonoscopy["modifier"], colonoscopy["endoscopic_base_code"]) == ("53", "45378")
    assert imaging["imaging_family_indicator"] == "88"
    assert imaging["cap_nonfacility_pe_rvu"] == imaging["cap_facility_pe_rvu"] == Decimal("3.1000")
    assert imaging["cap_malpractice_rvu"] == Decimal("0.0300")


def test_a_column_more_in_2026_moves_nothing(read: Callable[..., FeeFile]) -> None:
    of_2025 = read("PPRRVU2025_Oct.csv", pprrvu_csv(ROWS, 2025))
    of_2026 = read("PPRRVU2026_Jul_nonQPP.csv", pprrvu_csv(ROWS, 2026, "July", False))
    assert of_2026.rows.equals(of_2025.rows)
    assert of_2026.name == "2026 July release, not for qualifying participants"


def test_columns_are_found_by_their_header_wherever_they_stand(read: Callable[..., FeeFile]) -> None:
    order = [7, 30, 2, 1, 25, 0, *(at for at in range(31) if at not in (7, 30, 2, 1, 25, 0))]
    shuffled = edited(pprrvu_csv(ROWS, 2025), lambda rows: [[row[at] for at in order] for row in rows])
    assert read("a.csv", shuffled).rows.equals(read("b.csv", pprrvu_csv(ROWS, 2025)).rows)


def test_a_bare_na_indicator_belongs_to_the_column_on_its_left(read: Callable[..., FeeFile]) -> None:
    def bare(rows: list[list[str]]) -> list[list[str]]:
        for row in rows[5:10]:
            for at in (7, 9):
                row[at] = "" if row[at].strip() in ("NON-FAC", "FACILITY") else row[at]
        return rows

    changed = edited(pprrvu_csv(ROWS, 2025), bare)
    assert changed != pprrvu_csv(ROWS, 2025)
    assert read("a.csv", changed).rows.equals(read("b.csv", pprrvu_csv(ROWS, 2025)).rows)


@pytest.mark.parametrize(
    ("release", "first"), [("January", 1), ("April", 4), ("July", 7), ("October", 10)], ids=lambda value: str(value)
)
def test_the_title_tells_the_quarter_whatever_the_name(read: Callable[..., FeeFile], release: str, first: int) -> None:
    file = read("PPRRVU2024_Jul.csv", pprrvu_csv(ROWS, 2025, release))
    assert (file.effective_from, file.effective_to) == (date(2025, first, 1), date(2025, 12, 31))


def test_the_caller_may_say_another_first_day(read: Callable[..., FeeFile]) -> None:
    file = read("a.csv", pprrvu_csv(ROWS, 2025), date(2025, 11, 15))
    assert (file.name, file.effective_from) == ("2025, from November 15", date(2025, 11, 15))


@pytest.mark.parametrize(("qpp", "said"), [(True, "for"), (False, "not for")])
def test_the_pricing_indicator_tells_for_whom_the_file_is(read: Callable[..., FeeFile], qpp: bool, said: str) -> None:
    file = read("renamed.csv", pprrvu_csv(ROWS, 2026, "July", qpp))
    assert file.is_for_qualifying_participants is qpp
    assert file.name == f"2026 July release, {said} qualifying participants"


@pytest.mark.parametrize(
    ("name", "is_qualifying"),
    [("PPRRVU2026_Jul_nonQPP.csv", False), ("PPRRVU2026_Jul_QPP.csv", True), ("pprrvu2026_jul_non-qp.csv", False)],
)
def test_without_it_the_name_tells(read: Callable[..., FeeFile], name: str, is_qualifying: bool) -> None:
    assert read(name, pprrvu_csv(ROWS, 2026, "July")).is_for_qualifying_participants is is_qualifying


def test_without_both_the_file_is_refused(refuse: Callable[..., str]) -> None:
    message = refuse("rvu.csv", pprrvu_csv(ROWS, 2026, "July"))
    assert "neither its column PRIC IND nor its name says which this is. Keep the name CMS gave it" in message


@pytest.mark.parametrize("mark", [b"\x1a", b"\r\n\x1a\r\n", b"\n\n\n"])
def test_an_end_mark_of_old_systems_and_blank_lines_are_dropped(read: Callable[..., FeeFile], mark: bytes) -> None:
    assert read("a.csv", pprrvu_csv(ROWS, 2025) + mark).rows.num_rows == len(ROWS)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig"])
def test_latin_1_and_utf_8_are_understood(read: Callable[..., FeeFile], encoding: str) -> None:
    content = gpci_csv([{**LOS_ANGELES, "locality_name": "CAÑON CITY"}], 2025).decode("latin-1").encode(encoding)
    assert read("a.csv", content).rows["locality_name"].to_pylist() == ["CAÑON CITY"]


def test_leading_zeros_that_a_spreadsheet_took_are_put_back(read: Callable[..., FeeFile]) -> None:
    rows = [{**VISIT, "procedure_code": "100", "global_days_code": "0"}, {**VISIT, "global_days_code": "90"}]
    file = read("a.csv", pprrvu_csv(rows, 2025))
    assert file.rows["procedure_code"].to_pylist() == ["00100", "99213"]
    assert file.rows["global_days_code"].to_pylist() == ["000", "090"]


def test_rows_that_print_only_totals_are_read(read: Callable[..., FeeFile]) -> None:
    totals = {
        "procedure_code": "99203",
        "status_code": "A",
        "nonfacility_total_rvu": "3.52",
        "facility_total_rvu": "2.14",
    }
    (row,) = filled(read("a.csv", pprrvu_csv([totals], 2025)))
    assert "work_rvu" not in row
    assert row["nonfacility_total_rvu"] == Decimal("3.5200")


def test_the_text_file_of_fixed_width_says_what_it_can(read: Callable[..., FeeFile]) -> None:
    from_text = read("PPRRVU2025_Oct.txt", pprrvu_txt(ROWS))
    from_csv = read("PPRRVU2025_Oct.csv", pprrvu_csv(ROWS, 2025))
    not_there = ["imaging_family_indicator", *(name for name in from_csv.rows.column_names if name.startswith("cap_"))]
    assert from_text.rows["row_number"].to_pylist() == [4, 5, 6, 7, 8]
    assert from_text.effective_from == date(2025, 10, 1)
    for name in not_there:
        assert from_text.rows[name].null_count == len(ROWS)
    left_out = ["row_number", *not_there]
    assert from_text.rows.drop_columns(left_out).equals(from_csv.rows.drop_columns(left_out))


def test_the_text_file_of_2026_says_for_whom_it_is(read: Callable[..., FeeFile], refuse: Callable[..., str]) -> None:
    assert read("PPRRVU2026_Jul.txt", pprrvu_txt(ROWS, True)).is_for_qualifying_participants is True
    assert read("PPRRVU2026_Jul.txt", pprrvu_txt(ROWS, False)).is_for_qualifying_participants is False
    assert read("PPRRVU2026_Jul_QPP.txt", pprrvu_txt(ROWS)).is_for_qualifying_participants is True
    assert "neither its column PRIC IND nor its name" in refuse("PPRRVU2026_Jul.txt", pprrvu_txt(ROWS))
    assert "tells the year and quarter from which it holds" in refuse("values.txt", pprrvu_txt(ROWS))


def test_a_line_of_fixed_width_that_is_cut_short_is_told(refuse: Callable[..., str]) -> None:
    content = pprrvu_txt(ROWS)[:-60]
    assert refuse("PPRRVU2025_Oct.txt", content).startswith("row 8: the line is cut short after 11")


def test_a_workbook_says_what_the_csv_says(read: Callable[..., FeeFile]) -> None:
    rows = [*ROWS, {**VISIT, "procedure_code": "00100", "global_days_code": "000"}]
    content = pprrvu_csv(rows, 2026, "July", False)
    from_workbook = read("PPRRVU2026_Jul_nonQPP.xlsx", workbook(content))
    assert from_workbook.rows.equals(read("PPRRVU2026_Jul_nonQPP.csv", content).rows)
    assert from_workbook.is_for_qualifying_participants is False


def test_an_excerpt_says_so(read: Callable[..., FeeFile]) -> None:
    assert read("a.csv", pprrvu_csv(ROWS, 2025, excerpt=True)).is_excerpt


@pytest.mark.skipif(not EXAMPLES.is_file(), reason="the list of verified examples is not here")
@pytest.mark.parametrize(("year", "qpp"), [(2025, None), (2026, False)])
def test_the_verified_examples_are_read(read: Callable[..., FeeFile], year: int, qpp: bool | None) -> None:
    rows = pprrvu_rows_of_examples(year)
    file = read("a.csv", pprrvu_csv(rows, year, "October", qpp, excerpt=True))
    found = {(row["procedure_code"], row["modifier"]): row for row in file.rows.to_pylist()}
    assert len(found) == len(rows) > 15
    if year == 2025:
        assert found["29881", ""]["is_nonfacility_na"] is True
        assert found["71046", "TC"]["facility_pe_rvu"] == Decimal("0.69")


# --- mistakes ---------------------------------------------------------------------------------------


def test_a_number_that_cannot_be_read_is_told_with_its_row(refuse: Callable[..., str]) -> None:
    message = refuse("a.csv", pprrvu_csv([VISIT, {**INFUSION, "work_rvu": "1.3O"}], 2025))
    assert message.startswith("row 12, column WORK RVU: '1.3O' is not a number (nothing was loaded)")


def test_what_stands_in_the_wrong_column_is_not_quoted(refuse: Callable[..., str]) -> None:
    message = refuse("a.csv", pprrvu_csv([{**VISIT, "work_rvu": DESCRIPTOR}], 2025))
    assert message.startswith("row 11, column WORK RVU: what stands there is not a number")


def test_all_problems_are_told_at_once_and_many_are_counted(refuse: Callable[..., str]) -> None:
    rows = [{**VISIT, "procedure_code": f"{code}", "work_rvu": "x"} for code in range(99000, 99030)]
    message = refuse("a.csv", pprrvu_csv(rows, 2025))
    assert message.startswith("30 problems, nothing was loaded; download the file from CMS again\n  row 11, column")
    assert message.endswith("\n  and 10 more")


def test_a_comma_without_quotation_marks_is_told(refuse: Callable[..., str]) -> None:
    content = pprrvu_csv(ROWS, 2025).replace(DESCRIPTOR.encode(), f"{DESCRIPTOR}, long".encode(), 1)
    assert refuse("a.csv", content).startswith("row 11: it has 32 values where the header has 31")


def test_a_quotation_mark_that_is_never_closed_is_told(refuse: Callable[..., str]) -> None:
    content = pprrvu_csv(ROWS, 2025).replace(DESCRIPTOR.encode(), f'"{DESCRIPTOR}'.encode(), 1)
    assert "row 11: it is cut short" in refuse("a.csv", content)
    closed_later = content.replace(f",{DESCRIPTOR}".encode(), f',"{DESCRIPTOR}'.encode(), 2)
    assert "row 11: " in refuse("a.csv", closed_later)
    endless = content + b"x" * 200_000
    assert "cannot be split into columns" in refuse("a.csv", endless)


def test_a_file_that_breaks_off_within_a_row_is_told(refuse: Callable[..., str]) -> None:
    content = pprrvu_csv(ROWS, 2025)
    assert refuse("a.csv", content[:-40]).startswith("row 15: it is cut short after ")


def test_a_code_that_stands_there_twice_is_told(read: Callable[..., FeeFile], refuse: Callable[..., str]) -> None:
    message = refuse("a.csv", pprrvu_csv([*ROWS, VISIT, COLONOSCOPY], 2025))
    assert message.startswith("rows 11 and 16 are both about 99213, and 1 more rows repeat another one")
    assert read("a.csv", pprrvu_csv([VISIT, {**VISIT, "modifier": "26"}], 2025)).rows.num_rows == 2


def test_a_file_without_rows_is_told(refuse: Callable[..., str]) -> None:
    message = refuse("a.csv", pprrvu_csv([], 2025))
    assert message.startswith("the file has a header but no rows. To fix it: import the whole file")


def test_a_row_with_values_but_without_a_code_is_told(refuse: Callable[..., str]) -> None:
    message = refuse("a.csv", pprrvu_csv([VISIT, {**INFUSION, "procedure_code": ""}], 2025))
    assert message.startswith("row 12, column HCPCS: it is blank or malformed, but the row has values")


def test_a_flag_that_is_neither_na_nor_blank_is_told(refuse: Callable[..., str]) -> None:
    message = refuse("a.csv", pprrvu_csv([{**VISIT, "is_facility_na": "X1"}], 2025))
    assert message.startswith("row 11, column FACILITY NA INDICATOR: 'X1' is neither NA nor blank")


def test_a_row_without_status_is_told(refuse: Callable[..., str]) -> None:
    message = refuse("a.csv", pprrvu_csv([{**VISIT, "status_code": ""}], 2025))
    assert message.startswith("row 11, column STATUS CODE: it is blank")


def test_a_column_that_is_missing_is_named(refuse: Callable[..., str]) -> None:
    content = edited(pprrvu_csv(ROWS, 2025), lambda rows: [row[:6] + row[7:] for row in rows])
    message = refuse("a.csv", content)
    assert "this looks like a file of relative values (PPRRVU), but these columns are missing" in message
    assert "NON-FAC PE RVU" in message


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"NPI,Provider Name,State\n1,2,3\n", "among its 3 columns are NPI, PROVIDER NAME, STATE"),
        ("a.csv", f"code,{DESCRIPTOR}\nA0021,{DESCRIPTOR}\n".encode(), "among its 2 columns are CODE …"),
        ("a.csv", f"A0021,{DESCRIPTOR}\n".encode(), "its first row has 2 columns and no header that is known here"),
        ("a.txt", f"A0021001{DESCRIPTOR}\n".encode(), "it has lines of text and no columns"),
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"\r\n\x1a", "the file is empty"),
        ("a.pdf", b"%PDF-1.7 ...", "this is a PDF, which describes a fee file"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "this is a workbook of the old format (.xls), or one with"),
        ("a.csv", "HCPCS,MOD".encode("utf-16"), "it contains zero bytes, as 'Unicode text' (UTF-16)"),
        ("a.xlsx", workbook(b"one,two,three\r\n1,2,3\r\n"), "this is no fee file known here. To fix it"),
    ],
)
def test_what_is_no_fee_file_is_told(refuse: Callable[..., str], name: str, content: bytes, said: str) -> None:
    assert said in refuse(name, content)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the fee file cannot be opened"):
        read_fee_files(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="the fee file cannot be opened"):
        read_fee_files(tmp_path)


# --- the other kinds --------------------------------------------------------------------------------


def test_the_geographic_indices_become_rows(read: Callable[..., FeeFile]) -> None:
    file = read("GPCI2025.csv", gpci_csv([LOS_ANGELES, ALASKA], 2025))
    assert (file.kind, file.name, file.effective_from) == ("gpci", "2025", date(2025, 1, 1))
    los_angeles, alaska = filled(file)
    assert los_angeles == {
        "row_number": 4,
        "contractor": "01182",
        "locality": "18",
        "state": "CA",
        "locality_name": "LOS ANGELES",
        "work_gpci": Decimal("1.0420"),
        "pe_gpci": Decimal("1.1940"),
        "malpractice_gpci": Decimal("0.6900"),
    }
    assert alaska["locality_name"] == "ALASKA"


def test_the_work_index_is_the_one_with_the_floor(read: Callable[..., FeeFile], refuse: Callable[..., str]) -> None:
    content = gpci_csv([{**LOS_ANGELES, "unfloored_work_gpci": "0.988"}], 2026, without_floor=True)
    assert read("GPCI2026.csv", content).rows["work_gpci"].to_pylist() == [Decimal("1.0420")]
    plain = gpci_csv([LOS_ANGELES], 2026).replace(b"PW GPCI (with 1.0 Floor)", b"Work GPCI")
    assert read("GPCI2026.csv", plain).rows["work_gpci"].to_pylist() == [Decimal("1.0420")]
    without = plain.replace(b"Work GPCI", b"PW GPCI (without 1.0 Floor)", 1)
    assert "missing in its header: PW GPCI (with the floor)" in refuse("GPCI2026.csv", without)


def test_an_index_that_is_blank_is_told(refuse: Callable[..., str]) -> None:
    message = refuse("a.csv", gpci_csv([LOS_ANGELES, {**ALASKA, "pe_gpci": ""}], 2025))
    assert message.startswith("row 5, column 2025 PE GPCI: it is blank")


def test_counties_repeat_the_state_above(read: Callable[..., FeeFile]) -> None:
    rows = [
        {"contractor": "01182", "locality": "18", "state": "CALIFORNIA", "fee_area": "LOS ANGELES", "counties": "L A"},
        {"contractor": "01112", "locality": "05", "state": "CALIFORNIA", "fee_area": "BAY", "counties": "MARIN"},
        {"contractor": "02102", "locality": "01", "state": "ALASKA", "counties": "ALL COUNTIES"},
    ]
    file = read("25LOCCO.csv", locco_csv(rows, 2025))
    assert (file.kind, file.effective_from) == ("counties", date(2025, 1, 1))
    found = file.rows.select(["contractor", "locality", "state"]).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("01182", "18", "CALIFORNIA"),
        ("01112", "05", "CALIFORNIA"),
        ("02102", "01", "ALASKA"),
    ]


def test_zip_codes_of_fixed_width_become_rows(read: Callable[..., FeeFile]) -> None:
    file = read("any.txt", zip5_txt(ZIPS, "20263"))
    assert (file.kind, file.name) == ("zip5", "2026 third quarter")
    assert (file.effective_from, file.effective_to) == (date(2026, 7, 1), date(2026, 12, 31))
    assert file.rows.to_pylist()[1:] == [
        {
            "row_number": 2,
            "zip": "02139",
            "plus_four": "",
            "contractor": "14212",
            "locality": "01",
            "state": "MA",
            "is_plus_four_needed": False,
        },
        {
            "row_number": 3,
            "zip": "63119",
            "plus_four": "",
            "contractor": "05302",
            "locality": "01",
            "state": "CA",
            "is_plus_four_needed": True,
        },
    ]


def test_the_four_digits_behind_make_it_zip9(read: Callable[..., FeeFile]) -> None:
    file = read("any.txt", zip9_txt(ZIPS, "20254") + b"\x1a")
    assert (file.kind, file.effective_from) == ("zip9", date(2025, 10, 1))
    assert file.rows["plus_four"].to_pylist() == ["0001", "4307", "1234"]
    assert file.rows["is_plus_four_needed"].to_pylist() == [True] * 3


def test_zip_codes_in_a_workbook_say_the_same(read: Callable[..., FeeFile]) -> None:
    from_workbook, from_text = read("ZIP5.xlsx", zip5_xlsx(ZIPS, "20263")), read("ZIP5.txt", zip5_txt(ZIPS, "20263"))
    left_out = ["row_number"]
    assert from_workbook.rows.drop_columns(left_out).equals(from_text.rows.drop_columns(left_out))
    assert (from_workbook.kind, from_workbook.effective_from) == ("zip5", date(2026, 7, 1))


def test_lines_of_zip_codes_that_are_cut_short_or_malformed_are_told(refuse: Callable[..., str]) -> None:
    content = zip5_txt(ZIPS)
    assert refuse("a.txt", content[:-12]).startswith("row 3: the line is cut short after 70 of 80 positions")
    message = refuse("a.txt", content.replace(b"MA02139", b"MA0213\xe9"))
    assert "row 2: it holds a character that no file of CMS holds there" in message
    message = refuse("a.txt", content[:102] + b"7" + content[103:])
    assert message.startswith("row 2, positions 21 to 21: '7' is neither NA nor blank, 1 nor 0")


def test_many_zip_codes_keep_their_row_numbers(read: Callable[..., FeeFile]) -> None:
    line = zip9_txt(ZIPS[:1], "20261")
    file = read("ZIP9.txt", line * 100_000)
    assert file.rows.num_rows == 100_000
    assert file.rows["row_number"][-1].as_py() == 100_000


def test_anesthesia_conversion_factors_become_rows(read: Callable[..., FeeFile], refuse: Callable[..., str]) -> None:
    rows = [{**LOS_ANGELES, "conversion_factor": "21.22"}]
    file = read("ANES2025.csv", anes_csv(rows))
    assert (file.kind, file.name, file.is_for_qualifying_participants) == ("anesthesia", "2025", None)
    assert filled(file) == [
        {
            "row_number": 2,
            "contractor": "01182",
            "locality": "18",
            "locality_name": "LOS ANGELES",
            "conversion_factor": Decimal("21.2200"),
        }
    ]
    assert read("ANES2025.xlsx", workbook(anes_csv(rows))).rows.equals(file.rows)
    assert "tells the year from which it holds" in refuse("factors.csv", anes_csv(rows))


def test_both_anesthesia_factors_of_2026_are_kept(tmp_path: Path) -> None:
    rows = [{**LOS_ANGELES, "conversion_factor": "21.40", "qualifying_conversion_factor": "21.51"}]
    (tmp_path / "ANES2026.csv").write_bytes(anes_csv(rows, "20.4976", qualifying="20.5998"))
    files, _ = read_fee_files(tmp_path / "ANES2026.csv")
    found = {one.is_for_qualifying_participants: one.rows["conversion_factor"][0].as_py() for one in files}
    assert found == {False: Decimal("21.4000"), True: Decimal("21.5100")}


def test_capped_prices_become_rows(read: Callable[..., FeeFile], refuse: Callable[..., str]) -> None:
    file = read("OPPSCAP_OCT2025.csv", oppscap_csv([CAP, {**CAP, "contractor": "1112", "locality": "9"}]))
    assert (file.kind, file.name, file.effective_from) == ("oppscap", "2025 October release", date(2025, 10, 1))
    assert filled(file)[0] == {
        "row_number": 2,
        "procedure_code": "0633T",
        "modifier": "TC",
        "status_code": "C",
        "contractor": "01112",
        "locality": "05",
        "facility_amount": Decimal("150.69"),
        "nonfacility_amount": Decimal("150.69"),
    }
    assert file.rows["contractor"].to_pylist() == ["01112", "01112"]
    assert "tells the year from which it holds" in refuse("OPPSCAP_Oct.csv", oppscap_csv([CAP]))


def test_outpatient_rates_by_code_become_rows(read: Callable[..., FeeFile]) -> None:
    file = read("a.csv", addendum_b_csv([CLINIC, DRUG], 2026, "July"))
    assert (file.kind, file.name, file.effective_from) == ("addendum_b", "2026 July release", date(2026, 7, 1))
    clinic, drug = filled(file)
    assert {name: str(value) for name, value in clinic.items()} == {
        "row_number": "4",
        "procedure_code": "G0463",
        "apc_code": "5012",
        "status_indicator": "J2",
        "relative_weight": "1.4261",
        "payment_amount": str(Decimal("1130.37").quantize(_scale("payment_amount"))),
        "minimum_copayment_amount": str(Decimal("26.08").quantize(_scale("minimum_copayment_amount"))),
    }
    assert "national_copayment_amount" not in drug  # CMS prints a lone point for none


def _scale(column: str) -> Decimal:
    kind = rows_schema("addendum_b").field(column).type
    return Decimal(1).scaleb(-kind.scale)


def test_a_rate_in_tenths_of_a_cent_is_rounded_to_what_the_column_holds(read: Callable[..., FeeFile]) -> None:
    (amount,) = read("a.csv", addendum_b_csv([DRUG], 2026)).rows["payment_amount"].to_pylist()
    assert amount == (Decimal("0.66") if _scale("payment_amount") == Decimal("0.01") else Decimal("0.655"))


def test_the_name_tells_the_quarter_that_the_title_does_not(
    read: Callable[..., FeeFile], refuse: Callable[..., str]
) -> None:
    content = addendum_b_csv([CLINIC], 2026, "")
    assert read("April 2026 Web Addendum B.03.30.26.csv", content).effective_from == date(2026, 4, 1)
    assert read("b.csv", content, date(2026, 1, 1)).name == "2026 January release"
    assert "tells the quarter from which it holds. Keep the name CMS gave it" in refuse("b.csv", content)


def test_a_stray_byte_behind_a_code_is_dropped(read: Callable[..., FeeFile]) -> None:
    content = addendum_b_csv([CLINIC], 2026).replace(b"G0463", b"G0463\xff")
    assert read("a.csv", content).rows["procedure_code"].to_pylist() == ["G0463"]


def test_outpatient_rates_by_apc_have_no_code(read: Callable[..., FeeFile]) -> None:
    file = read("a.csv", addendum_a_csv([{**CLINIC, "apc_code": "701"}], 2026))
    assert (file.kind, file.effective_from) == ("addendum_a", date(2026, 1, 1))
    assert file.rows["procedure_code"].to_pylist() == [None]
    assert file.rows["apc_code"].to_pylist() == ["0701"]


@pytest.mark.parametrize("filler", [True, False])
def test_published_amounts_become_rows(read: Callable[..., FeeFile], filler: bool) -> None:
    capped = {**PUBLISHED, "procedure_code": "71046", "modifier": "TC", "opps_indicator": "1"}
    capped |= {"cap_nonfacility_amount": "20.10", "cap_facility_amount": "20.10", "component_indicator": "1"}
    file = read("PFALL26AR.txt", pfall_txt([PUBLISHED, capped], 2026, filler=filler))
    assert (file.kind, file.name, file.effective_from) == ("pfall", "2026", date(2026, 1, 1))
    visit, test = file.rows.to_pylist()
    assert visit == {
        "row_number": 1,
        "contractor": "01112",
        "locality": "05",
        "procedure_code": "99213",
        "modifier": "",
        "nonfacility_amount": Decimal("117.58"),
        "facility_amount": Decimal("64.37"),
        "component_indicator": "0",
        "status_code": "A",
        "multiple_procedure_indicator": "0",
        "opps_indicator": "9",
        "cap_nonfacility_amount": Decimal("0.00"),
        "cap_facility_amount": Decimal("0.00"),
    }
    assert (test["modifier"], test["opps_indicator"], test["cap_facility_amount"]) == ("TC", "1", Decimal("20.10"))


def test_revised_amounts_are_told_by_their_name(read: Callable[..., FeeFile], refuse: Callable[..., str]) -> None:
    content = pfall_txt([PUBLISHED], 2025)
    file = read("PFREV25C.txt", content)
    assert (file.kind, file.name, file.effective_from) == ("pfrev", "2025 July release", date(2025, 7, 1))
    assert "tells the quarter from which it holds" in refuse("PFREV.txt", content)
    assert read("PFREV.txt", content, date(2025, 4, 1)).effective_from == date(2025, 4, 1)


def test_published_amounts_of_2026_are_for_those_the_name_says(read: Callable[..., FeeFile]) -> None:
    content = pfall_txt([PUBLISHED], 2026)
    assert read("PFALL26A_nonQP.txt", content).is_for_qualifying_participants is False
    assert read("PFALL26A_QP.txt", content).is_for_qualifying_participants is True
    assert read("PFALL26A.txt", content).is_for_qualifying_participants is None


def test_malformed_lines_of_published_amounts_are_told(refuse: Callable[..., str]) -> None:
    second = {**PUBLISHED, "locality": "09"}
    content = pfall_txt([PUBLISHED, second], 2026)
    assert refuse("PFALL26.txt", content.replace(b'"09",', b"")).startswith("row 2: it has 15 values where the first")
    other_year = content.replace(b'\n"2026"', b'\n"2025"', 1)
    assert refuse("PFALL26.txt", other_year).startswith("row 2: its year is not 2026")
    assert "value 7: '00000O4.37' is not a number" in refuse("PFALL26.txt", content.replace(b"0000064", b"00000O4", 1))
    twice = pfall_txt([PUBLISHED, second, PUBLISHED], 2026)
    assert refuse("PFALL26.txt", twice).startswith("rows 1 and 3 are both about 01112 05 99213")


def test_row_numbers_of_published_amounts_count_every_line(
    read: Callable[..., FeeFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = pfall_txt([{**PUBLISHED, "procedure_code": f"{code:05}"} for code in range(500)], 2026).splitlines(True)
    lines[100:100] = [b'"TRL- (notice)"\r\n', b"\r\n"]
    monkeypatch.setattr(fee_layouts, "_BLOCK", 1 << 10)
    rows = read("PFALL26.txt", b"".join(lines)).rows
    assert rows["row_number"].to_pylist() == [*range(1, 101), *range(103, 503)]
    assert rows["procedure_code"].to_pylist() == [f"{code:05}" for code in range(500)]


# --- zips -------------------------------------------------------------------------------------------


def read_zip(path: Path, files: dict[str, bytes]) -> tuple[list[FeeFile], list[str]]:
    path.write_bytes(zip_of(files))
    return read_fee_files(path)


def test_every_fee_file_of_a_zip_is_read_and_each_release_once(tmp_path: Path) -> None:
    values = pprrvu_csv(ROWS, 2025)
    files, passed_over = read_zip(
        tmp_path / "rvu25d_0.zip",
        {
            "RVU25D.pdf": b"%PDF-1.7",
            "PPRRVU2025_Oct.txt": pprrvu_txt(ROWS),
            "PPRRVU2025_Oct.xlsx": b"PK\3\4 not even looked into",
            "PPRRVU2025_Oct.csv": values,
            "in/a/folder/GPCI2025.csv": gpci_csv([LOS_ANGELES], 2025),
            "in/a/folder/GPCI2025.txt": b"01182   CA  18 LOS ANGELES",
            "OPPSCAP_Oct.csv": oppscap_csv([CAP]),
            "read me.txt": b"Hello",
            "__MACOSX/x.csv": b"",
        },
    )
    assert {one.file_name: one.effective_from for one in files} == {
        "GPCI2025.csv": date(2025, 1, 1),
        "OPPSCAP_Oct.csv": date(2025, 10, 1),
        "PPRRVU2025_Oct.csv": date(2025, 10, 1),
    }
    assert sorted(passed_over) == [
        "GPCI2025.txt (the same release as GPCI2025.csv)",
        "PPRRVU2025_Oct.txt (the same release as PPRRVU2025_Oct.csv)",
        "PPRRVU2025_Oct.xlsx (the same release as PPRRVU2025_Oct.csv)",
        "RVU25D.pdf (a document)",
        "read me.txt (no fee file)",
        "x.csv (no fee file)",
    ]


def test_without_a_csv_the_workbook_is_read_and_without_it_the_text(tmp_path: Path) -> None:
    content = pprrvu_csv(ROWS, 2025)
    texts = {"PPRRVU2025_Oct.txt": pprrvu_txt(ROWS)}
    (file,), _ = read_zip(tmp_path / "a.zip", {**texts, "PPRRVU2025_Oct.xlsx": workbook(content)})
    assert file.file_name == "PPRRVU2025_Oct.xlsx"
    (file,), _ = read_zip(tmp_path / "a.zip", texts)
    assert file.file_name == "PPRRVU2025_Oct.txt"


def test_the_same_release_under_another_name_is_read_once(tmp_path: Path) -> None:
    content = addendum_b_csv([CLINIC], 2026, "")
    (file,), passed_over = read_zip(
        tmp_path / "a.zip",
        {
            "January 2026 Web Addendum B.xlsx": workbook(content),
            "Section 508 version of January 2026 Web Addendum B.csv": content,
        },
    )
    assert file.file_name.endswith(".csv")
    assert passed_over == [f"January 2026 Web Addendum B.xlsx (the same release as {file.file_name})"]


def test_both_files_of_2026_are_read_from_one_zip(tmp_path: Path) -> None:
    files, _ = read_zip(
        tmp_path / "rvu26c.zip",
        {
            "PPRRVU2026_Jul_nonQPP.csv": pprrvu_csv(ROWS, 2026, "July", False),
            "PPRRVU2026_Jul_QPP.csv": pprrvu_csv(ROWS, 2026, "July", True),
        },
    )
    assert {one.is_for_qualifying_participants for one in files} == {True, False}


def test_two_tables_of_the_same_release_in_one_zip_are_refused(tmp_path: Path) -> None:
    files = {"a.csv": pprrvu_csv(ROWS, 2025), "b.csv": pprrvu_csv(ROWS[:1], 2025)}
    with pytest.raises(DefinitionError, match=r"a\.csv and b\.csv are the same release .* import the one you mean"):
        read_zip(tmp_path / "a.zip", files)


def test_a_mistake_in_a_member_names_it(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_zip(tmp_path / "a.zip", {"x/PPRRVU2025_Oct.csv": pprrvu_csv([{**VISIT, "work_rvu": "1.3O"}], 2025)})
    assert str(caught.value).startswith(f"{tmp_path / 'a.zip'}: x/PPRRVU2025_Oct.csv: row 11, column WORK RVU")


def test_the_name_of_the_zip_tells_for_whom_its_file_is(tmp_path: Path) -> None:
    (file,), _ = read_zip(tmp_path / "PFREV26A_nonQP.zip", {"PFALL26AR.txt": pfall_txt([PUBLISHED], 2026)})
    assert (file.kind, file.is_for_qualifying_participants) == ("pfall", False)


def test_a_zip_in_a_zip_is_passed_over_in_words(tmp_path: Path) -> None:
    inner = zip_of({"PFALL26AR.txt": pfall_txt([PUBLISHED], 2026)})
    with pytest.raises(DefinitionError, match=r"none of its members is a fee file: PFREV26A_nonQP\.zip .*unpack it"):
        read_zip(tmp_path / "a.zip", {"PFREV26A_nonQP.zip": inner})


def test_an_empty_zip_is_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"none of its members is a fee file\. To fix it"):
        read_zip(tmp_path / "a.zip", {})


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "x/../../a.csv", "C:/a.csv", "..\\a.csv"])
def test_a_member_that_leads_out_of_the_zip_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DefinitionError, match="a member's name leads out of the zip"):
        read_zip(tmp_path / "a.zip", {name: pprrvu_csv(ROWS, 2025)})


def test_an_encrypted_zip_is_told(refuse: Callable[..., str]) -> None:
    content = bytearray(zip_of({"a.csv": pprrvu_csv(ROWS, 2025)}))
    content[6] |= 1  # general purpose bit 0 of the member's header
    content[content.index(b"PK\1\2") + 8] |= 1  # and of its entry in the directory
    message = refuse("a.zip", bytes(content))
    assert message.startswith("the zip is encrypted (a.csv asks for a password). To fix it: unpack it yourself")


def test_a_damaged_zip_is_told(refuse: Callable[..., str]) -> None:
    content = zip_of({"a.csv": pprrvu_csv(ROWS * 1, 2025)})
    said = "the zip cannot be unpacked: it is damaged, or was not downloaded to its end"
    assert refuse("a.zip", content[:-30]).startswith(said)
    flipped = bytearray(content)
    flipped[60] ^= 0xFF
    assert refuse("a.zip", bytes(flipped)).startswith(said)


def test_a_damaged_workbook_is_told(refuse: Callable[..., str]) -> None:
    content = zip_of({"xl/workbook.xml": b"<workbook", "[Content_Types].xml": b"<Types"})
    assert refuse("a.xlsx", content).startswith("the workbook cannot be read: it is damaged, or no .xlsx file")


def test_a_zip_or_workbook_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, refuse: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fee_layouts, "LARGEST", 20_000)
    bomb = zip_of({"a.csv": b"0" * 30_000})
    assert len(bomb) < 1000
    assert "its members come to more than" in refuse("a.zip", bomb)
    assert "its members come to more than" in refuse("a.xlsx", zip_of({"xl/workbook.xml": b"0" * 30_000}))
    with pytest.raises(DefinitionError, match="its members come to more than"):
        read_zip(tmp_path / "b.zip", {"a.xlsx": zip_of({"xl/workbook.xml": b"0" * 30_000})})
    assert "it is larger than" in refuse("a.csv", b"0" * 30_000)


# --- real files -------------------------------------------------------------------------------------

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus of CMS files is not here")


@needs_corpus
def test_the_real_geographic_indices_are_read() -> None:
    (file,), _ = read_fee_files(CORPUS / "GPCI2025.csv")
    assert (file.kind, file.effective_from, file.rows.num_rows) == ("gpci", date(2025, 1, 1), 109)
    found = {(row["contractor"], row["locality"]): row for row in file.rows.to_pylist()}
    indices = [found["01182", "18"][name] for name in ("work_gpci", "pe_gpci", "malpractice_gpci")]
    assert indices == [Decimal("1.042"), Decimal("1.194"), Decimal("0.690")]
    assert found["01112", "05"]["state"] == "CA"


@needs_corpus
def test_the_real_counties_are_read() -> None:
    (file,), _ = read_fee_files(CORPUS / "25LOCCO.csv")
    assert (file.kind, file.effective_from) == ("counties", date(2025, 1, 1))
    states = {(row["contractor"], row["locality"]): row["state"] for row in file.rows.to_pylist()}
    assert states["01112", "05"] == "CALIFORNIA"
    assert file.rows.num_rows == 110
    assert len(states) == 109


@needs_corpus
@pytest.mark.parametrize("name", ["PPRRVU2025_Oct.header-only.csv", "PPRRVU2026_Jul_nonQPP.header-only.csv"])
def test_the_real_headers_of_the_relative_values_are_known(name: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="the file has a header but no rows"):
        read_fee_files(CORPUS / name)
    made = pprrvu_csv(ROWS, 2025) if "2025" in name else pprrvu_csv(ROWS, 2026, "July", False)
    rows = made.splitlines(keepends=True)[-len(ROWS) :]
    (tmp_path / name).write_bytes((CORPUS / name).read_bytes() + b"".join(rows))
    (file,), _ = read_fee_files(tmp_path / name)
    (tmp_path / "made.csv").write_bytes(made)
    (other,), _ = read_fee_files(tmp_path / "made.csv")
    assert file.rows.drop_columns("row_number").equals(other.rows.drop_columns("row_number"))
    assert (file.name, file.effective_from) == (other.name, date(2025, 10, 1) if "2025" in name else date(2026, 7, 1))


# --- kept and read ----------------------------------------------------------------------------------

EVERYTHING = {
    "PPRRVU2025_Oct.csv": pprrvu_csv(ROWS, 2025),
    "PPRRVU2026_Jul_nonQPP.csv": pprrvu_csv(ROWS, 2026, "July", False, excerpt=True),
    "PPRRVU2026_Jul_QPP.csv": pprrvu_csv(ROWS[:2], 2026, "July", True),
    "GPCI2025.csv": gpci_csv([LOS_ANGELES, ALASKA], 2025),
    "25LOCCO.csv": locco_csv([{**LOS_ANGELES, "state": "CALIFORNIA", "counties": "LOS ANGELES"}], 2025),
    "ZIP5.txt": zip5_txt(ZIPS),
    "ZIP9.txt": zip9_txt(ZIPS),
    "ANES2025.csv": anes_csv([{**LOS_ANGELES, "conversion_factor": "21.22"}]),
    "OPPSCAP_Oct2025.csv": oppscap_csv([CAP]),
    "Addendum B.csv": addendum_b_csv([CLINIC, DRUG], 2026),
    "Addendum A.csv": addendum_a_csv([CLINIC], 2026),
    "PFALL26_nonQP.txt": pfall_txt([PUBLISHED], 2026),
    "PFREV26B_nonQP.txt": pfall_txt([PUBLISHED], 2026),
}


def test_without_a_folder_every_table_is_there_and_empty(tmp_path: Path) -> None:
    for tables in (load_fees(None), load_fees(tmp_path / "none"), load_fees(None, {"99213"}, {"90012"})):
        assert list(tables) == [table.name for table in FEE_TABLES]
        for table in FEE_TABLES:
            assert tables[table.name].schema == arrow_schema(table)
            assert tables[table.name].num_rows == 0


def test_every_kind_is_kept_and_read_again(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    done = keep(EVERYTHING)
    assert [one.is_new for one in done] == [True] * len(EVERYTHING)
    tables = load_fees(workspace / "fees")
    for table in FEE_TABLES:
        assert tables[table.name].schema == arrow_schema(table)
        assert tables[table.name].num_rows
    releases = tables["fee_releases"].to_pylist()
    assert [row["release_id"] for row in releases] == list(range(1, len(EVERYTHING) + 1))
    by_name = {row["file_name"]: row for row in releases}
    assert set(by_name) == set(EVERYTHING)
    one = by_name["PPRRVU2026_Jul_nonQPP.csv"]
    assert (one["kind"], one["is_excerpt"], one["row_count"]) == ("relative_values", True, len(ROWS))
    assert one["is_for_qualifying_participants"] is False
    assert len(one["sha256"]) == 64
    values = [row for row in tables["fee_relative_values"].to_pylist() if row["release_id"] == one["release_id"]]
    assert {row["procedure_code"]: row["row_number"] for row in values} == {
        row["procedure_code"]: number for number, row in enumerate(ROWS, start=11)
    }


def test_releases_are_numbered_alike_whatever_the_order_of_import(
    tmp_path: Path, keep: Callable[..., list[ImportedFee]], workspace: Path
) -> None:
    keep(EVERYTHING)
    other = tmp_path / "other"
    other.mkdir()
    (other / "scrubjay.toml").write_text("")
    for name in reversed(list(EVERYTHING)):
        import_fees([tmp_path / name], other)
    one, another = load_fees(workspace / "fees"), load_fees(other / "fees")
    assert all(one[name].equals(another[name]) for name in one)


def test_only_the_codes_asked_for_are_read(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    keep(EVERYTHING)
    tables = load_fees(workspace / "fees", procedures={"99213", "G0463"}, zips=["02139"])
    assert set(tables["fee_relative_values"]["procedure_code"].to_pylist()) == {"99213"}
    assert tables["fee_outpatient_rates"]["procedure_code"].to_pylist() == [None, "G0463"]
    assert set(tables["fee_zip_codes"]["zip"].to_pylist()) == {"02139"}
    assert tables["fee_caps"].num_rows == 0
    assert tables["fee_localities"].num_rows == 2
    nothing = load_fees(workspace / "fees", procedures=[], zips=[])
    assert nothing["fee_relative_values"].num_rows == nothing["fee_zip_codes"].num_rows == 0


def test_no_descriptor_is_kept(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    done = keep({**EVERYTHING, "PPRRVU2024_Oct.xlsx": workbook(pprrvu_csv(ROWS, 2024))})
    done += keep({"PPRRVU2023_Oct.txt": pprrvu_txt(ROWS)})
    for path in (workspace / "fees").iterdir():
        plain = pa.BufferOutputStream()
        pq.write_table(pq.read_table(path), plain, compression="none", use_dictionary=False)
        assert DESCRIPTOR.encode() not in plain.getvalue().to_pybytes() + path.read_bytes()
    assert DESCRIPTOR not in str(done)


def test_a_stored_file_is_named_for_people(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    done = keep({name: EVERYTHING[name] for name in list(EVERYTHING)[:4]})
    names = sorted(path.name for path in (workspace / "fees").iterdir())
    hashes = {one.release.file_name: one.release.sha256[:12] for one in done}
    assert names == sorted(
        [
            f"relative_values-2025-10-01-{hashes['PPRRVU2025_Oct.csv']}.parquet",
            f"relative_values-2026-07-01-nonqp-{hashes['PPRRVU2026_Jul_nonQPP.csv']}.parquet",
            f"relative_values-2026-07-01-qp-{hashes['PPRRVU2026_Jul_QPP.csv']}.parquet",
            f"gpci-2025-01-01-{hashes['GPCI2025.csv']}.parquet",
        ]
    )


def test_the_same_file_again_changes_nothing(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    keep({"a.csv": pprrvu_csv(ROWS, 2025)})
    (path,) = (workspace / "fees").iterdir()
    before = path.stat().st_mtime_ns
    (done,) = keep({"a.csv": pprrvu_csv(ROWS, 2025)})
    assert (done.is_new, done.former, done.release.path) == (False, None, path)
    assert [one.stat().st_mtime_ns for one in (workspace / "fees").iterdir()] == [before]


def test_a_file_with_the_same_rows_is_the_same_release(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    keep({"GPCI2026.csv": gpci_csv([{**LOS_ANGELES, "unfloored_work_gpci": "1"}, ALASKA], 2026, without_floor=True)})
    (done,) = keep({"GPCI2026-april.csv": gpci_csv([ALASKA, LOS_ANGELES], 2026)})
    assert (done.is_new, done.file_name, done.release.file_name) == (False, "GPCI2026-april.csv", "GPCI2026.csv")
    assert len(stored_releases(workspace / "fees")) == 1


RECUT = pprrvu_csv([{**VISIT, "work_rvu": "1.29"}, *ROWS[1:]], 2025)


def test_a_release_that_cms_cut_anew_is_refused(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    (first,) = keep({"a.csv": pprrvu_csv(ROWS, 2025)})
    with pytest.raises(UsageError) as caught:
        keep({"GPCI2025.csv": EVERYTHING["GPCI2025.csv"], "a-updated.csv": RECUT})
    message = str(caught.value)
    assert first.release.sha256[:12] in message
    assert f"a-updated.csv ({hashlib.sha256(RECUT).hexdigest()[:12]})" in message
    assert "differ: CMS cut this release anew" in message
    assert message.endswith("add --replace to put the new one in its place; the former one is kept beside it.")
    assert [one.path for one in stored_releases(workspace / "fees")] == [first.release.path]


def test_on_request_it_takes_the_place_of_the_former_one(
    keep: Callable[..., list[ImportedFee]], workspace: Path
) -> None:
    (first,) = keep({"a.csv": pprrvu_csv(ROWS, 2025)})
    (second,) = keep({"a-updated.csv": RECUT}, replace=True)
    assert second.former == first.release.path.with_name(first.release.path.name + ".bak")
    assert [one.file_name for one in stored_releases(workspace / "fees")] == ["a-updated.csv"]
    keep({"a.csv": pprrvu_csv(ROWS, 2025)}, replace=True)
    (fourth,) = keep({"a-updated.csv": RECUT}, replace=True)
    assert fourth.former == first.release.path.with_name(first.release.path.name + ".bak2")
    values = load_fees(workspace / "fees", {"99213"})["fee_relative_values"]
    assert values["work_rvu"].to_pylist() == [Decimal("1.2900")]


def test_two_files_for_one_release_in_one_import_are_refused(
    keep: Callable[..., list[ImportedFee]], workspace: Path
) -> None:
    with pytest.raises(UsageError, match="import one of them"):
        keep({"a.csv": pprrvu_csv(ROWS, 2025), "a-updated.csv": RECUT}, replace=True)
    assert not (workspace / "fees").exists()
    one, other = keep({"a.csv": RECUT, "b.csv": RECUT})
    assert (one.is_new, other.is_new) == (True, False)


def test_quarters_and_years_stand_side_by_side(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    files = {
        f"{year}{month}.csv": pprrvu_csv(ROWS, year, month) for year in (2024, 2025) for month in ("April", "July")
    }
    keep(files)
    days = [one.effective_from for one in stored_releases(workspace / "fees")]
    assert days == [date(2024, 4, 1), date(2024, 7, 1), date(2025, 4, 1), date(2025, 7, 1)]


def test_a_mistake_in_one_file_keeps_all_out(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    with pytest.raises(DefinitionError):
        keep({"a.csv": pprrvu_csv(ROWS, 2025), "b.csv": b"nothing"})
    assert not (workspace / "fees").exists()


def test_a_folder_that_is_no_workspace_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(pprrvu_csv(ROWS, 2025))
    with pytest.raises(UsageError, match=r"there is no scrubjay.toml; 'scrubjay init FOLDER' makes a workspace"):
        import_fees([tmp_path / "a.csv"], tmp_path)


def test_a_folder_that_cannot_be_written_is_told(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    (workspace / "fees").write_text("a file in the way")
    with pytest.raises(UsageError, match="the fee file cannot be written"):
        keep({"a.csv": pprrvu_csv(ROWS, 2025)})


def test_a_foreign_or_damaged_file_in_the_folder_is_told(
    keep: Callable[..., list[ImportedFee]], workspace: Path
) -> None:
    (done,) = keep({"a.csv": pprrvu_csv(ROWS, 2025)})
    foreign = workspace / "fees" / "x.parquet"
    pq.write_table(pa.table({"a": [1]}), foreign)
    with pytest.raises(DefinitionError, match="this is no fee file that 'scrubjay fees import' stored"):
        load_fees(workspace / "fees")
    foreign.write_bytes(b"PAR1")
    with pytest.raises(DefinitionError, match="or it is damaged"):
        stored_releases(workspace / "fees")
    foreign.write_bytes(done.release.path.read_bytes())
    with pytest.raises(DefinitionError, match="holds for the same days as this fee file"):
        stored_releases(workspace / "fees")


def test_a_file_that_another_version_stored_is_told(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    (done,) = keep({"a.csv": pprrvu_csv(ROWS, 2025)})
    path = done.release.path
    pq.write_table(pq.read_table(path).drop_columns("work_rvu"), path)
    assert stored_releases(workspace / "fees")
    with pytest.raises(DefinitionError, match="stored by another version of Scrubjay, with other columns"):
        load_fees(workspace / "fees")


# --- what is missing --------------------------------------------------------------------------------


def test_what_is_missing_is_told_for_each_year_since_the_first(
    keep: Callable[..., list[ImportedFee]], workspace: Path
) -> None:
    keep({name: EVERYTHING[name] for name in ("PPRRVU2025_Oct.csv", "PPRRVU2026_Jul_nonQPP.csv", "GPCI2025.csv")})
    releases = stored_releases(workspace / "fees")
    assert [(one.year, one.kind, one.is_for_qualifying_participants) for one in missing_fees(releases, RUN_DATE)] == [
        (2025, "zip5", None),
        (2025, "addendum_b", None),
        (2026, "gpci", None),
        (2026, "zip5", None),
        (2026, "relative_values", True),
        (2026, "addendum_b", None),
    ]
    assert [
        (one.year, one.is_for_qualifying_participants, one.months) for one in missing_quarters(releases, RUN_DATE)
    ] == [
        (2025, None, ("January", "April", "July")),
        (2026, False, ("January", "April", "October")),
    ]


def test_a_quarter_to_come_is_not_missing(keep: Callable[..., list[ImportedFee]], workspace: Path) -> None:
    keep({"a.csv": pprrvu_csv(ROWS, 2026, "January", False)})
    releases = stored_releases(workspace / "fees")
    assert missing_quarters(releases, date(2026, 3, 31)) == []
    assert [one.months for one in missing_quarters(releases, date(2026, 4, 1))] == [("April",)]


def test_with_nothing_loaded_all_of_the_run_year_is_missing() -> None:
    assert [(one.year, one.kind) for one in missing_fees([], date(2025, 5, 5))] == [
        (2025, "relative_values"),
        (2025, "gpci"),
        (2025, "zip5"),
        (2025, "addendum_b"),
    ]


def test_the_builder_of_zips_is_sound() -> None:
    assert zipfile.ZipFile(io.BytesIO(zip_of({"a": b"b"}))).read("a") == b"b"
