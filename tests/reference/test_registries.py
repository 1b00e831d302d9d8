"""Reading a registry: what becomes of each value, and where and how each mistake is told."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrubjay.errors import DefinitionError, UsageError
from scrubjay.reference import registries
from scrubjay.reference.registries import KNOWN_NONE, describe_registry, is_valid_npi, read_registry, write_template
from scrubjay.tables import ENCOUNTERS, PAYERS, PROVIDERS, REGISTRIES, SITES, Table, arrow_schema

NPI, ANOTHER_NPI = "1234567893", "1000000004"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "registry.csv"


def read(table: Table, file: Path, text: str | bytes) -> list[dict[str, Any]]:
    """The rows as dictionaries, without the columns that are NULL."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    rows = read_registry(table, file)
    assert rows.schema.names == [*table.names, "row_number"]
    assert rows.schema.field("row_number").type == "int64"
    assert rows.drop_columns("row_number").schema == arrow_schema(table)
    return [{name: value for name, value in row.items() if value is not None} for row in rows.to_pylist()]


def refuse(table: Table, file: Path, text: str | bytes) -> list[str]:
    """The problems told about a file, one each, in order."""
    with pytest.raises(DefinitionError) as caught:
        read(table, file, text)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert "nothing was loaded" in message
    first, *others = message.removeprefix(f"{file}: ").split("\n  ")
    return others or [first.removesuffix(" (nothing was loaded)")]


def test_a_row_becomes_its_values_in_their_types(file: Path) -> None:
    text = "site_id,effective_from,distance_yards,is_on_hospital_campus,npi\nNORTH,2024-01-01,228.6,yes," + NPI + "\n"
    assert read(SITES, file, text) == [
        {
            "site_id": "NORTH",
            "effective_from": date(2024, 1, 1),
            "distance_yards": Decimal("228.6000"),
            "is_on_hospital_campus": True,
            "npi": NPI,
            "row_number": 1,
        }
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_comma_semicolon_and_tab_are_understood_with_every_line_end(file: Path, separator: str, line_end: str) -> None:
    lines = [["site_id", "site_name"], ["NORTH", '"North, East; West"'], ["SOUTH", "South"]]
    rows = read(SITES, file, line_end.join(separator.join(line) for line in lines))
    assert [row["site_name"] for row in rows] == ["North, East; West", "South"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
def test_utf_8_with_or_without_mark_and_latin_1_are_understood(file: Path, encoding: str) -> None:
    assert read(SITES, file, "site_id,city\n1,Cañon City\n".encode(encoding))[0]["city"] == "Cañon City"


def test_a_curly_apostrophe_of_windows_survives(file: Path) -> None:
    assert read(SITES, file, b"site_id,site_name\n1,St. Mary\x92s\n")[0]["site_name"] == "St. Mary\u2019s"


def test_names_of_columns_may_be_written_with_blanks_and_capitals(file: Path) -> None:
    assert read(SITES, file, "Site ID,SITE-NAME\n1,North\n") == [
        {"site_id": "1", "site_name": "North", "row_number": 1}
    ]


def test_blanks_around_values_are_dropped_and_a_blank_value_is_not_known(file: Path) -> None:
    assert read(SITES, file, "site_id,site_name,city\n  1 ,   ,\n") == [{"site_id": "1", "row_number": 1}]


def test_blank_rows_are_skipped_but_keep_their_number(file: Path) -> None:
    rows = read(SITES, file, "site_id,city\n1,\n\n,\n   \n2,\n,,,\n3,\n\n")
    assert [(row["site_id"], row["row_number"]) for row in rows] == [("1", 1), ("2", 5), ("3", 7)]


def test_a_column_without_name_and_without_values_is_ignored(file: Path) -> None:
    assert read(SITES, file, "site_id,city,\n1,Boston,\n")[0]["city"] == "Boston"


@pytest.mark.parametrize("table", REGISTRIES, ids=lambda table: table.name)
def test_a_template_is_valid_and_empty(file: Path, table: Table) -> None:
    write_template(table, file)
    assert file.read_text() == ",".join(table.names) + "\n"
    assert read_registry(table, file).num_rows == 0


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["2024-03-05", "3/5/2024", "03/05/2024"])
def test_dates_are_iso_or_american(file: Path, text: str) -> None:
    assert read(SITES, file, f"site_id,relocated_date\n1,{text}\n")[0]["relocated_date"] == date(2024, 3, 5)


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "25/12/2024",
        "2024-3-5",
        "20240305",
        "3/5/24",
        "soon",
        "2024-03-05T10:00",
        "\u0662\u0660\u0662\u0664-\u0660\u0663-\u0660\u0665",
    ],
)
def test_anything_else_is_not_a_date(file: Path, text: str) -> None:
    (problem,) = refuse(SITES, file, f"site_id,first_opps_bill_date\n1,\n2,{text}\n")
    assert problem.startswith(f"row 2, column first_opps_bill_date: '{text}' is not a date; write YYYY-MM-DD")
    assert problem.endswith("(blank if not known)")


@pytest.mark.parametrize("text", ["0024-03-05", "1/1/1800", "9999-12-31"])
def test_a_year_no_one_can_mean_is_refused(file: Path, text: str) -> None:
    (problem,) = refuse(SITES, file, f"site_id,relocated_date\n1,{text}\n")
    assert problem.startswith(f"row 1, column relocated_date: '{text}' is a date no one can mean")


def test_the_end_of_time_is_a_last_day(file: Path) -> None:
    assert read(SITES, file, "site_id,effective_to\n1,12/31/9999\n")[0]["effective_to"] == date(9999, 12, 31)


def test_what_a_blank_means_is_said_where_it_is_not_unknown(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,effective_to\n1,open\n")
    assert problem.endswith("(blank: until further notice)")


@pytest.mark.parametrize("text", ["true", "TRUE", "Yes", "1", "y", "T"])
def test_yes_is_true(file: Path, text: str) -> None:
    assert read(SITES, file, f"site_id,is_on_hospital_campus\n1,{text}\n")[0]["is_on_hospital_campus"] is True


@pytest.mark.parametrize("text", ["false", "FALSE", "No", "0", "n", "F"])
def test_no_is_false(file: Path, text: str) -> None:
    assert read(SITES, file, f"site_id,is_on_hospital_campus\n1,{text}\n")[0]["is_on_hospital_campus"] is False


def test_perhaps_is_neither(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,is_on_hospital_campus\n1,perhaps\n")
    assert problem == (
        "row 1, column is_on_hospital_campus: 'perhaps' is neither true nor false; "
        "write true, false, yes, no, 1 or 0 (blank if not known)"
    )


@pytest.mark.parametrize(
    ("text", "number"), [("250", "250"), ("228.6", "228.6"), (".5", "0.5"), ("1.", "1"), ("+3", "3")]
)
def test_numbers_have_a_decimal_point(file: Path, text: str, number: str) -> None:
    assert read(SITES, file, f"site_id,distance_yards\n1,{text}\n")[0]["distance_yards"] == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "250 ft",
        "250 yd m",
        "m",
        "0.2 km",
        "250 m2",
        "1.250.0",
        "1e3",
        "nan",
        "Infinity",
        "--1",
        "1234567890123456",
        "²",
    ],
)
def test_anything_else_is_not_a_number(file: Path, text: str) -> None:
    (problem,) = refuse(SITES, file, f"site_id,distance_yards\n1,{text}\n")
    assert problem.startswith(f"row 1, column distance_yards: '{text}' is not a number; write digits")


@pytest.mark.parametrize(
    ("text", "yards"),
    [
        ("228.6 m", "250"),
        ("228.6m", "250"),
        ("228.6 metres", "250"),
        ("228.6 Meters", "250"),
        ("0.9144 m.", "1"),
        ("228.7 m", "250.1094"),
        ("228.5 metre", "249.8906"),
        ("0 m", "0"),
        ("250 yd", "250"),
        ("250.5 Yards", "250.5"),
        ("250yds", "250"),
    ],
)
@pytest.mark.parametrize("column", ["distance_yards", "remote_location_distance_yards"])
def test_a_distance_may_be_in_metres(file: Path, column: str, text: str, yards: str) -> None:
    assert read(SITES, file, f"site_id,{column}\n1,{text}\n")[0][column] == Decimal(yards)


def test_only_a_distance_may_be_in_metres(file: Path) -> None:
    (problem,) = refuse(ENCOUNTERS, file, "claim_id,physician_time_share\nA,0.6 m\n")
    assert problem.startswith("row 1, column physician_time_share: '0.6 m' is not a number")
    (problem,) = refuse(SITES, file, "site_id,distance_yards\n1,-3 m\n")
    assert problem.startswith("row 1, column distance_yards: '-3 m' is less than 0")
    (problem,) = refuse(SITES, file, "site_id,distance_yards\n1,99999999999999 m\n")
    assert problem.startswith("row 1, column distance_yards: '99999999999999 m' is a distance no one can mean")


def test_a_number_is_never_rounded_silently(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,distance_yards\n1,250.00004\n")
    assert problem.startswith("row 1, column distance_yards: '250.00004' has more than 4 decimals; round it yourself")


def test_a_share_in_percent_is_refused(file: Path) -> None:
    (problem,) = refuse(ENCOUNTERS, file, "claim_id,physician_time_share\nA,60\n")
    assert problem.startswith("row 1, column physician_time_share: '60' is more than 1; write a share")


def test_a_negative_distance_is_refused(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,distance_yards\n1,-5\n")
    assert problem.startswith("row 1, column distance_yards: '-5' is less than 0")


@pytest.mark.parametrize("text", ["2", "2.0"])
def test_a_line_number_is_whole(file: Path, text: str) -> None:
    assert read(ENCOUNTERS, file, f"claim_id,line_number\nA,{text}\n")[0]["line_number"] == 2


@pytest.mark.parametrize("text", ["2.5", "two", "-1", "9" * 19])
def test_anything_else_is_not_a_line_number(file: Path, text: str) -> None:
    (problem,) = refuse(ENCOUNTERS, file, f"claim_id,line_number\nA,{text}\n")
    assert problem.startswith(f"row 1, column line_number: '{text}' is not a whole number")
    assert problem.endswith("(blank: all lines of the claim)")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("provider_based_department", "provider_based_department"),
        ("Provider-Based Department", "provider_based_department"),
        ("PBD", "provider_based_department"),
        ("FREESTANDING_OFFICE", "freestanding_office"),
        ("MAIN CAMPUS", "main_campus"),
        ("snf", "skilled_nursing_facility"),
        ("Hospital department", "provider_based_department"),
        ("Off-Campus Provider-Based Department", "provider_based_department"),
        ("Outpatient Provider-Based Department (PBD) Site", "provider_based_department"),
        ("Main/Primary Hospital Location", "main_campus"),
        ("Remote location of a hospital", "remote_location"),
        ("Group Practice Office/Clinic", "freestanding_office"),
    ],
)
def test_a_site_type_may_be_written_in_many_ways(file: Path, text: str, name: str) -> None:
    assert read(SITES, file, f"site_id,site_type\n1,{text}\n")[0]["site_type"] == name


def test_a_value_outside_the_list_is_told_with_the_list_and_the_nearest(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,excepted_status\n1,excpeted\n")
    assert problem == (
        "row 1, column excepted_status: 'excpeted' is not one of excepted, non_excepted. "
        "Did you mean 'excepted'? (blank: it follows from the columns below)"
    )


def test_every_alias_stands_for_an_allowed_value() -> None:
    columns = {column.name: column for table in REGISTRIES for column in table.columns if column.allowed}
    for name, aliases in registries._ALIASES.items():
        assert set(aliases.values()) <= set(columns[name].allowed)
        assert not set(aliases) & set(columns[name].allowed)


def test_the_check_digit_of_an_npi_is_checked(file: Path) -> None:
    problems = refuse(PROVIDERS, file, f"npi\n{NPI}\n1234567890\n12345\n1.23457E+09\n")
    assert problems[0].startswith("row 2, column npi: '1234567890' is not an NPI: its check digit does not fit")
    assert problems[1] == "row 3, column npi: '12345' is not an NPI; write its 10 digits, nothing else"
    assert problems[2].startswith("row 4, column npi: '1.23457E+09' is a number cut short by a spreadsheet")


@given(st.from_regex(r"\d{10}", fullmatch=True))
def test_of_ten_npis_with_the_same_nine_digits_one_is_valid(text: str) -> None:
    if text.isascii():
        assert sum(is_valid_npi(text[:9] + last) for last in "0123456789") == 1
    else:
        assert not is_valid_npi(text)


def test_a_state_is_two_letters(file: Path) -> None:
    assert read(SITES, file, "site_id,state\n1,ca\n")[0]["state"] == "CA"
    (problem,) = refuse(SITES, file, "site_id,state\n1,Calif.\n")
    assert problem.startswith("row 1, column state: 'Calif.' is not a US state or territory; write its two letters")


@pytest.mark.parametrize(
    ("text", "code"), [("02139", "02139"), ("02139-4307", "021394307"), ("021394307", "021394307")]
)
def test_a_zip_code_has_5_or_9_digits(file: Path, text: str, code: str) -> None:
    assert read(SITES, file, f"site_id,zip\n1,{text}\n")[0]["zip"] == code


@pytest.mark.parametrize("text", ["0213a", "02139-", "02139-43", "021394", "02139 4307"])
def test_anything_else_is_not_a_zip_code(file: Path, text: str) -> None:
    (problem,) = refuse(SITES, file, f"site_id,zip\n1,{text}\n")
    assert problem.startswith(f"row 1, column zip: '{text}' is not a ZIP code; write 5 or 9 digits, such as")


def test_a_zip_code_without_its_zero_is_traced_to_the_spreadsheet(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,zip\n1,2139\n")
    assert problem.startswith(
        "row 1, column zip: '2139' is not a ZIP code; write 5 or 9 digits. Spreadsheets drop zeros"
    )


def test_none_is_known_and_blank_is_not(file: Path) -> None:
    header = "site_id,npi,provider_based_from,attestation_date,distance_evidence\n"
    known, unknown = read(SITES, file, header + "1,None,none,NONE,none\n2,,,,\n")
    assert known["npi"] == "none"
    assert known["provider_based_from"] == known["attestation_date"] == KNOWN_NONE == date(9999, 12, 31)
    assert known["distance_evidence"] == "none"
    assert unknown == {"site_id": "2", "row_number": 2}


def test_none_is_an_answer_about_encounters(file: Path) -> None:
    header = "claim_id,registration_status,admission_status,split_practitioner_type\n"
    (row,) = read(ENCOUNTERS, file, header + "A,none,None,NONE\n")
    assert row["registration_status"] == row["admission_status"] == row["split_practitioner_type"] == "none"


def test_none_is_refused_where_it_says_nothing(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,first_opps_bill_date\n1,none\n")
    assert problem.startswith("row 1, column first_opps_bill_date: 'none' is not a date")


def test_a_wrong_value_beside_none_is_told_what_none_means(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,npi\n1,n/a\n")
    assert problem == (
        "row 1, column npi: 'n/a' is not an NPI; write its 10 digits, nothing else "
        "('none' if there is none, blank if not known)"
    )


def test_none_is_taken_exactly_where_the_tables_offer_it(file: Path) -> None:
    for table in REGISTRIES:
        first = "member_id,service_date" if table.name == "encounters" else table.names[0]
        key = {"npi": NPI, "member_id,service_date": "M,2024-03-05"}.get(first, "1")
        for column in table.columns:
            if column.name in first.split(",") or column.type not in ("text", "date") or column.allowed:
                continue
            offered = bool(re.search(r"'none'|none:", column.meaning))
            assert offered == column.takes_none, column.name
            if offered:
                (row,) = read(table, file, f"{first},{column.name}\n{key},None\n")
                assert row[column.name] == (KNOWN_NONE if column.type == "date" else "none")
            elif column.type == "date" or column.check:
                assert (
                    f"column {column.name}: 'none' is not"
                    in refuse(table, file, f"{first},{column.name}\n{key},none\n")[0]
                )


def test_a_site_may_be_known_not_to_be_enrolled(file: Path) -> None:
    assert read(SITES, file, "site_id,enrolled_location_type\n1,None\n")[0]["enrolled_location_type"] == "none"
    assert read(SITES, file, "site_id,enrolled_location_type\n1,Not enrolled\n")[0]["enrolled_location_type"] == "none"


@pytest.mark.parametrize(
    ("text", "moment", "is_time_known"),
    [
        ("2024-03-05", datetime(2024, 3, 5), False),
        ("3/5/2024", datetime(2024, 3, 5), False),
        ("2024-03-05T14:30", datetime(2024, 3, 5, 14, 30), True),
        ("2024-03-05T00:00", datetime(2024, 3, 5), True),
        ("2024-03-05 14:30:15", datetime(2024, 3, 5, 14, 30, 15), True),
        ("2024-03-05 14:30:15.000", datetime(2024, 3, 5, 14, 30, 15), True),
        ("3/5/2024 9:05", datetime(2024, 3, 5, 9, 5), True),
    ],
)
def test_an_admission_has_a_date_and_perhaps_a_time(
    file: Path, text: str, moment: datetime, is_time_known: bool
) -> None:
    (row,) = read(ENCOUNTERS, file, f"claim_id,admitted_at\nA,{text}\n")
    assert row["admitted_at"] == moment
    assert row["is_admission_time_known"] is is_time_known


@pytest.mark.parametrize(
    "text", ["2024-02-30", "2024-03-05T25:00", "2024-03-05T14:30Z", "2024-03-05T14", "noon", "1024-03-05"]
)
def test_anything_else_is_not_a_date_and_time(file: Path, text: str) -> None:
    (problem,) = refuse(ENCOUNTERS, file, f"claim_id,admitted_at\nA,\nB,{text}\n")
    assert problem.startswith(f"row 2, column admitted_at: '{text}' is not a date, or a date and time; write")


def test_whether_the_hour_is_known_may_be_said(file: Path) -> None:
    header = "claim_id,admitted_at,is_admission_time_known\n"
    rows = read(ENCOUNTERS, file, header + "A,2024-03-05,true\nB,2024-03-05T10:00,no\nC,2024-03-05T10:00,\nD,,\n")
    assert [row.get("is_admission_time_known") for row in rows] == [True, False, True, None]


# --- the header -------------------------------------------------------------------------------------


def test_an_unknown_column_is_told_with_the_nearest_name(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,site_nmae\n1,North\n")
    assert problem == "header: 'site_nmae' is not a column of this registry. Did you mean 'site_name'?"


def test_an_unknown_column_like_no_other_is_told_with_the_free_names(file: Path) -> None:
    (problem,) = refuse(PAYERS, file, "payer_id,xyz\n1,2\n")
    assert problem == (
        "header: 'xyz' is not a column of this registry. Delete it, or give it one of the names "
        "payer_name, payer_program, state, product, contractor, policy, effective_from, effective_to"
    )


def test_a_missing_required_column_is_told(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_name\nNorth\n")
    assert problem == "header: the column site_id is missing; every row needs it: your own short name of the site"


def test_encounters_without_a_key_column_are_told_once(file: Path) -> None:
    (problem,) = refuse(ENCOUNTERS, file, "member_id,has_notice\nM1,true\nM2,true\n")
    assert problem.startswith("header: nothing says which encounter a row is about; add the column claim_id, or")


def test_a_column_that_stands_twice_is_told(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,city,Site ID\n1,Boston,2\n")
    assert problem == "header: the column site_id stands in the file twice (columns 1 and 3); keep one of them"


def test_a_column_with_values_but_no_name_is_told(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,,city\n1,x,Boston\n")
    assert problem == "header: column 2 of the file has values but no name; name it or delete it"


def test_a_file_without_header_row_is_told_without_quoting_its_patients(file: Path) -> None:
    (problem,) = refuse(ENCOUNTERS, file, "A17,Doe,W123456789\nA18,Roe,W987654321\n")
    assert problem.startswith("header: the first row names no column of this registry; is the header row missing")
    assert "Doe" not in problem
    assert "W1" not in problem


# --- rows -------------------------------------------------------------------------------------------


def test_a_blank_required_value_is_told(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,city\n1,\n,Boston\n")
    assert problem == "row 2, column site_id: it is blank, and every row needs it: your own short name of the site"


def test_a_ragged_row_is_told_without_its_content(file: Path) -> None:
    problems = refuse(SITES, file, "site_id,city\n1,Boston\n2,Boston, Mass.\n3\n4,x\n")
    assert problems == [
        f"row {row}: it has {count} values where the header has 2; "
        "a value that contains a comma or a quotation mark needs quotation marks around it"
        for row, count in ((2, 3), (3, 1))
    ]


def test_a_quotation_mark_that_is_never_closed_is_told_without_the_rows_it_swallows(file: Path) -> None:
    (problem,) = refuse(ENCOUNTERS, file, 'member_id,service_date,site_id\nM1,2024-01-01,"N\nM2,2024-01-01,S\n')
    assert problem.startswith("row 1, column site_id: the value goes over several lines; write it on one, or close")
    assert "M2" not in problem


def test_a_required_value_over_several_lines_is_told_once(file: Path) -> None:
    (problem,) = refuse(SITES, file, 'site_id,city\n"1\n2",Boston\n')
    assert problem.startswith("row 1, column site_id: the value goes over several lines")


def test_a_quotation_mark_that_swallows_a_whole_large_file_is_told(file: Path) -> None:
    (problem,) = refuse(SITES, file, 'site_id,city\n1,"Boston\n' + "2,Boston\n" * 600_000)
    assert problem.startswith("row 1, column city: the value goes over several lines")


@pytest.mark.parametrize("header", ['claim_id,"member_id', 'claim_id,"x,y,z', '"', '"claim_id'])
def test_a_quotation_mark_left_open_in_the_header_is_told_without_the_rows_it_swallows(file: Path, header: str) -> None:
    file.write_text(f"{header}\nA17,W123\n")
    with pytest.raises(DefinitionError, match=r"cannot be split into rows and columns.*never closed") as caught:
        read_registry(ENCOUNTERS, file)
    assert "W123" not in str(caught.value)


def test_a_period_does_not_end_before_it_begins(file: Path) -> None:
    (problem,) = refuse(
        SITES, file, "site_id,effective_from,effective_to\n1,2024-01-01,2024-01-01\n2,2024-03-05,2024-03-04\n"
    )
    assert problem == (
        "row 2, column effective_to: '2024-03-04' is before effective_from '2024-03-05'; "
        "check which of the two is right"
    )


def test_a_status_that_never_began_does_not_end(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,provider_based_from,provider_based_to\n1,none,2024-03-04\n")
    assert problem.startswith("row 1, column provider_based_to: '2024-03-04' is before provider_based_from 'none'")


@pytest.mark.parametrize(
    ("columns", "values", "told"),
    [
        (
            "excepted_basis,excepted_status",
            "furnished_before,non_excepted",
            "excepted_basis: 'furnished_before' and excepted_status 'non_excepted'",
        ),
        (
            "has_relocation_exception,relocated_date",
            "yes,none",
            "has_relocation_exception: 'true' and relocated_date 'none'",
        ),
        (
            "is_whole_hospital_sale,ownership_changed_date",
            "yes,none",
            "is_whole_hospital_sale: 'true' and ownership_changed_date 'none'",
        ),
        ("is_on_hospital_campus,site_type", "no,main", "is_on_hospital_campus: 'false' and site_type 'main_campus'"),
    ],
)
def test_two_columns_that_cannot_both_be_true_are_told(file: Path, columns: str, values: str, told: str) -> None:
    (problem,) = refuse(SITES, file, f"site_id,{columns}\n1,{values}\n")
    assert problem == f"row 1, column {told} contradict each other; check which of the two is right"


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ("excepted_basis,excepted_status", "mid_build,excepted"),
        ("excepted_basis,excepted_status", "mid_build,"),
        ("excepted_basis,excepted_status", ",non_excepted"),
        ("has_relocation_exception,relocated_date", "yes,2020-01-01"),
        ("has_relocation_exception,relocated_date", "no,none"),
        ("has_relocation_exception,relocated_date", "yes,"),
        ("is_on_hospital_campus,site_type", "no,provider_based_department"),
        ("is_on_hospital_campus,site_type", ",main_campus"),
    ],
)
def test_what_may_both_be_true_is_taken(file: Path, columns: str, values: str) -> None:
    assert len(read(SITES, file, f"site_id,{columns}\n1,{values}\n")) == 1


def test_a_service_is_not_billed_before_it_is_given(file: Path) -> None:
    text = "site_id,first_opps_service_date,first_opps_bill_date\n1,2015-03-05,2015-03-05\n2,2015-03-05,2015-03-04\n"
    (problem,) = refuse(SITES, file, text)
    assert problem.startswith("row 2, column first_opps_bill_date: '2015-03-04' is before first_opps_service_date")


def test_a_discharge_of_unknown_hour_may_fall_on_the_day_of_admission(file: Path) -> None:
    header = "claim_id,admitted_at,discharged_at\n"
    assert read(ENCOUNTERS, file, header + "A,2024-03-05T10:00,2024-03-05\n")
    (problem,) = refuse(ENCOUNTERS, file, header + "A,2024-03-05T10:00,2024-03-04T23:00\n")
    assert problem.startswith("row 1, column discharged_at: '2024-03-04 23:00:00' is before admitted_at")


@pytest.mark.parametrize(
    ("table", "key", "value"), [(SITES, "site_id", "NORTH"), (PROVIDERS, "npi", NPI), (PAYERS, "payer_id", "60054")]
)
def test_two_rows_of_a_key_do_not_hold_on_the_same_day(file: Path, table: Table, key: str, value: str) -> None:
    (problem,) = refuse(
        table,
        file,
        f"{key},effective_from,effective_to\n{ANOTHER_NPI},,\n{value},2024-01-01,2024-06-30\n{value},2024-06-30,\n",
    )
    assert problem == (
        f"row 3, column effective_from: row 2 holds for {key} '{value}' on 2024-06-30 too; end the earlier one "
        "(effective_to) the day before the later one begins, or delete one"
    )


def test_rows_that_follow_each_other_or_leave_a_gap_are_fine(file: Path) -> None:
    text = "site_id,effective_from,effective_to\nN,2024-07-01,\nN,,2023-12-31\nN,2024-01-01,2024-06-29\n"
    assert len(read(SITES, file, text)) == 3


def test_a_row_inside_a_longer_one_is_told_even_with_another_between(file: Path) -> None:
    text = "site_id,effective_from,effective_to\nN,,\nN,2020-01-01,2020-12-31\nN,2022-01-01,2022-12-31\nS,2020-01-01,\n"
    problems = refuse(SITES, file, text)
    assert [problem.split(";")[0] for problem in problems] == [
        "row 2, column effective_from: row 1 holds for site_id 'N' on 2020-01-01 too",
        "row 3, column effective_from: row 1 holds for site_id 'N' on 2022-01-01 too",
    ]


def test_two_rows_without_dates_overlap_from_the_beginning(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id\nN\nN\n")
    assert problem.startswith("row 2, column effective_from: row 1 holds for site_id 'N' from the beginning too")


def test_a_date_that_cannot_be_read_is_not_an_overlap_as_well(file: Path) -> None:
    (problem,) = refuse(SITES, file, "site_id,effective_from,effective_to\nN,,2023-12-31\nN,2024-01-32,\n")
    assert problem.startswith("row 2, column effective_from: '2024-01-32' is not a date")


def test_an_encounter_needs_a_key(file: Path) -> None:
    header = "claim_id,member_id,service_date,has_notice\n"
    (problem,) = refuse(ENCOUNTERS, file, header + "A,,,true\n,M,2024-03-05,true\n,M,,true\n")
    assert problem == (
        "row 3, column claim_id: nothing says which encounter this is; give claim_id, or member_id and service_date"
    )


def test_a_line_number_needs_its_claim(file: Path) -> None:
    header = "claim_id,member_id,service_date,line_number\n"
    (problem,) = refuse(ENCOUNTERS, file, header + ",M,2024-03-05,1\n")
    assert problem.startswith("row 1, column line_number: a line number says nothing without its claim")


def test_two_rows_about_the_same_claim_and_line_do_not_disagree(file: Path) -> None:
    header = "claim_id,line_number,has_notice,recorded_by\n"
    (problem,) = refuse(ENCOUNTERS, file, header + "A,1,true,Ann\nA,2,true,Ann\nA,,true,Ann\nA,1,false,Bob\n")
    assert problem == (
        "row 4, column claim_id: row 1 is about claim_id 'A', line_number 1, too, and says otherwise "
        "(has_notice, recorded_by); keep the one that is right"
    )


def test_two_rows_about_the_same_member_do_not_disagree_and_the_member_is_not_named(file: Path) -> None:
    header = "member_id,service_date,site_id,has_notice\n"
    (problem,) = refuse(ENCOUNTERS, file, header + "W1,2024-03-05,N,true\nW1,2024-03-05,,true\nW1,2024-03-05,N,no\n")
    assert problem.startswith(
        "row 3, column claim_id: row 1 is about the same member_id, service_date and site_id, too"
    )
    assert "W1" not in problem


def test_an_encounter_written_twice_is_read_once(file: Path) -> None:
    rows = read(ENCOUNTERS, file, "claim_id,has_notice\nA,true\nB,no\nA,yes\nA,1\n")
    assert [(row["claim_id"], row["row_number"]) for row in rows] == [("A", 1), ("B", 2)]


# --- the file ---------------------------------------------------------------------------------------


def test_all_problems_of_a_file_are_told_together_in_the_order_of_the_file(file: Path) -> None:
    text = "site_id,zip,state,oops\n1,x,CA,\n2\n,02139,ZZ,\n"
    told = refuse(SITES, file, text)
    assert [problem.split(":")[0] for problem in told] == [
        "header",
        "row 1, column zip",
        "row 2",
        "row 3, column site_id",
        "row 3, column state",
    ]


def test_after_twenty_problems_the_others_are_counted(file: Path) -> None:
    text = "site_id,state\n" + "".join(f"{row},ZZ\n" for row in range(1, 1031))
    told = refuse(SITES, file, text)
    assert [problem.split(",")[0] for problem in told[:-1]] == [f"row {row}" for row in range(1, 21)]
    assert told[-1] == "and 1,010 more"
    assert len(refuse(SITES, file, "site_id,state\n" + "1\n" * 30)) == 21


def test_a_long_value_is_shortened_and_made_printable(file: Path) -> None:
    (problem,) = refuse(SITES, file, f"site_id,state\n1,\x07{'x' * 100}\n")
    assert problem.startswith(f"row 1, column state: '\\x07{'x' * 38}…' is not a US state")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_an_empty_file_is_told_where_templates_come_from(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(DefinitionError, match=r"the file is empty.*scrubjay init"):
        read_registry(SITES, file)


def test_an_excel_workbook_is_told_how_to_become_a_csv(file: Path) -> None:
    file.write_bytes(b"PK\x03\x04 workbook")
    with pytest.raises(DefinitionError, match=r"Excel workbook.*CSV UTF-8"):
        read_registry(SITES, file)


def test_a_file_in_utf_16_is_told_to_be_saved_as_utf_8(file: Path) -> None:
    file.write_bytes("site_id\n1\n".encode("utf-16"))
    with pytest.raises(DefinitionError, match=r"zero bytes.*CSV UTF-8"):
        read_registry(SITES, file)


def test_a_file_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.csv: the registry cannot be opened"):
        read_registry(SITES, tmp_path / "missing.csv")


_CELL = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["none", "", " ", '"', "2024-03-05", "9999-12-31", "3/5/2024 25:00", "1", NPI, "PBD", "-", "0" * 30]
    ),
)


def _assert_read_or_refused(table: Table, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        rows = read_registry(table, file)
    except DefinitionError:
        return
    assert rows.schema.names == [*table.names, "row_number"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.one_of(st.binary(), st.text().map(str.encode)), table=st.sampled_from(REGISTRIES))
def test_arbitrary_text_is_read_or_refused(file: Path, content: bytes, table: Table) -> None:
    _assert_read_or_refused(table, file, content)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), table=st.sampled_from(REGISTRIES), separator=st.sampled_from(",;\t"))
def test_arbitrary_values_below_a_header_are_read_or_refused(
    file: Path, data: st.DataObject, table: Table, separator: str
) -> None:
    header = data.draw(st.lists(st.sampled_from(table.names), min_size=1, max_size=5))
    rows = data.draw(st.lists(st.lists(_CELL, min_size=len(header), max_size=len(header)), max_size=5))
    _assert_read_or_refused(table, file, "\n".join(separator.join(row) for row in [header, *rows]).encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), table=st.sampled_from(REGISTRIES))
def test_every_single_value_is_read_or_refused(file: Path, data: st.DataObject, table: Table) -> None:
    name = data.draw(st.sampled_from(table.names))
    cells = data.draw(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters='\r\n",')), max_size=3))
    _assert_read_or_refused(
        table, file, "\n".join([f"{name},{table.names[0]}", *(f"{cell},x" for cell in cells)]).encode()
    )


# --- in words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", REGISTRIES, ids=lambda table: table.name)
def test_the_description_names_every_column_and_every_allowed_value(table: Table) -> None:
    text = describe_registry(table)
    for column in table.columns:
        assert f"| `{column.name}` |" in text
        assert column.meaning in text
        assert column.supplied_by in text
        assert all(f"`{value}`" in text for value in column.allowed)
    assert text.count("(required)") == sum(column.required for column in table.columns)


def test_the_description_says_which_sites_need_a_column() -> None:
    rows = {line.split("`")[1]: line for line in describe_registry(SITES).splitlines() if line.startswith("| `")}
    assert "(only at `provider_based_department`)" in rows["relocated_date"]
    assert "(hospital space only)" in rows["ptan"]
    assert "only" not in rows["zip"]
    assert "number, up to 4 decimals, in yards (in metres: `228.6 m`)" in rows["distance_yards"]
