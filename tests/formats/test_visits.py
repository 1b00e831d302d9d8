"""Lists of stays and registrations: what is recognised, what is read, and that nothing is lost in silence."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrubjay.errors import UsageError
from scrubjay.formats import read_files
from scrubjay.formats.visits import VisitsFile, read_cancellation, read_patient_class, read_visits
from scrubjay.reference.registries import write_template
from scrubjay.tables import ENCOUNTERS, INTAKE_PROBLEMS, PATIENT_CLASSES, REGISTRIES, VISITS, arrow_schema

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "riverside"
HEADER = "visit_number,hospital,patient_class,started_at,ended_at,medical_record_number"
NOT_VISITS = ("row-not-split", "visit-start-missing", "visit-patient-missing", "visit-ends-before-start")


def read(path: Path, content: str | bytes, **options: Any) -> VisitsFile | None:
    """What is read from a file of this content."""
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(data)
    return read_visits(path, 7, data[: 1 << 16], **options)


def visits_of(path: Path, content: str | bytes, **options: Any) -> VisitsFile:
    """The same, where visits are expected; checks what holds for every file."""
    found = read(path, content, **options)
    assert found is not None
    check_whole(found)
    return found


def check_whole(found: VisitsFile) -> None:
    """The table has its schema, and every row is a visit or told."""
    found.visits.validate(full=True)
    assert found.visits.schema == arrow_schema(VISITS)
    told = 0
    for problem in found.problems:
        assert ("file_id", *problem) == INTAKE_PROBLEMS.names
        assert problem["severity"] in ("error", "warning", "info")
        assert problem["message"]
        assert problem["advice"]
        if problem["problem"] in NOT_VISITS and problem["row_number"] is not None:
            told += 1
        elif problem["problem"] in (*NOT_VISITS, "blank-rows"):
            told += int(problem["message"].split()[0].replace(",", ""))
    assert found.rows == found.visits.num_rows + told
    for row in found.visits.to_pylist():
        assert row["file_id"] == 7
        assert 1 <= row["row_number"] <= found.rows
        assert row["started_at"] is not None
        assert row["patient_class"] in (*PATIENT_CLASSES, None)
        assert not row["is_end_time_known"] or row["ended_at"] is not None
        for column in VISITS.columns:
            assert column.nullable or row[column.name] is not None


def named(found: VisitsFile, problem: str) -> list[dict[str, Any]]:
    """The problems of this kind."""
    return [each for each in found.problems if each["problem"] == problem]


def only(found: VisitsFile) -> dict[str, Any]:
    """The one visit of the file."""
    (visit,) = found.visits.to_pylist()
    return dict(visit)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file whose name says nothing about its content."""
    return tmp_path / "anything.dat"


# --- what is read -------------------------------------------------------------------------------------


def test_our_own_columns_are_read_whole(path: Path) -> None:
    found = visits_of(
        path,
        "visit_number,hospital,location,patient_class,started_at,ended_at,is_cancelled,is_part_a_stay,member_id,"
        "medical_record_number,patient_last_name,patient_first_name,patient_birth_date,patient_sex_code\n"
        "V1,GENERAL,4W,inpatient,2026-03-10 14:05,2026-03-12 09:30,no,yes,1EG4TE5MK73,00042,Doe,Jane,1950-01-02,F\n",
    )
    assert found.kind == "visits csv"
    assert found.problems == []
    assert only(found) == {
        "file_id": 7,
        "row_number": 1,
        "visit_number": "V1",
        "hospital": "GENERAL",
        "location": "4W",
        "patient_class": "inpatient",
        "started_at": datetime(2026, 3, 10, 14, 5),
        "is_start_time_known": True,
        "ended_at": datetime(2026, 3, 12, 9, 30),
        "is_end_time_known": True,
        "is_cancelled": False,
        "is_part_a_stay": True,
        "member_id": "1EG4TE5MK73",
        "medical_record_number": "00042",
        "patient_last_name": "Doe",
        "patient_first_name": "Jane",
        "patient_birth_date": date(1950, 1, 2),
        "patient_sex_code": "F",
    }


def test_the_headers_of_a_hospitals_list_are_known(path: Path) -> None:
    found = visits_of(
        path,
        "CSN|Hospital|Department|Class|Admit Date|Discharge Date|Status|Part A|MBI|MRN|Patient Name|DOB|Gender\n"
        'H7|Mercy|Cardiology Clinic|IP|3/10/26 2:05 PM|3/12/26 9:30 AM|Discharged|Y|1EG4|42|"Doe, Jane"|1/2/1950|female\n',
    )
    visit = only(found)
    assert (visit["visit_number"], visit["hospital"], visit["location"]) == ("H7", "Mercy", "Cardiology Clinic")
    assert (visit["patient_class"], visit["is_part_a_stay"], visit["is_cancelled"]) == ("inpatient", True, False)
    assert (visit["started_at"], visit["ended_at"]) == (datetime(2026, 3, 10, 14, 5), datetime(2026, 3, 12, 9, 30))
    assert (visit["member_id"], visit["medical_record_number"]) == ("1EG4", "42")
    assert (visit["patient_last_name"], visit["patient_first_name"]) == ("Doe", "Jane")
    assert (visit["patient_birth_date"], visit["patient_sex_code"]) == (date(1950, 1, 2), "F")
    assert found.problems == []


@pytest.mark.parametrize(
    ("column", "headers"),
    [
        ("visit_number", "Visit Number,CSN,Account,Account Number,HAR,Encounter Number"),
        ("hospital", "Hospital,Facility,Hospital Name,CCN"),
        ("location", "Location,Unit,Department,Clinic,Ward,Site ID"),
        ("patient_class", "Patient Class,class,Encounter Type,PATIENT_CLASS,Pat Class"),
        (
            "started_at",
            "Admit Date,Admitted At,Admission,Registered At,Arrival,Start,Admission Date/Time,Admit Dttm,Reg Date,"
            "ADMIT_DATE,Admit Time,Hosp Admsn Time",
        ),
        ("ended_at", "Discharge Date,Discharged At,End,Disch Date,Discharge Date/Time,Discharge Time"),
        ("member_id", "Member ID,MBI,Subscriber ID,Member #"),
        ("medical_record_number", "MRN,medicalrecordnumber,Medical Record #,Pat MRN ID"),
        ("patient_birth_date", "DOB,Birth Date,Patient Date of Birth"),
        ("patient_last_name", "Last Name,Patient Last Name,Patient Name"),
    ],
)
def test_every_word_for_a_column_is_known(path: Path, column: str, headers: str) -> None:
    usual = {
        "patient_class": ("patient_class", "I"),
        "started_at": ("started_at", "2026-03-10"),
        "medical_record_number": ("medical_record_number", "42"),
    }
    values = {
        "patient_class": "I",
        "started_at": "2026-03-10",
        "ended_at": "2026-03-10",
        "patient_birth_date": "1950-01-02",
    }
    for header in headers.split(","):
        cells = {**usual, column: (header, values.get(column, "A77"))}
        names, texts = zip(*cells.values(), strict=True)
        found = visits_of(path, f"{','.join(names)}\n{','.join(texts)}\n")
        assert only(found)[column] is not None, header
        assert found.problems == [], header


def test_the_most_exact_of_several_words_is_read_and_the_others_are_named(path: Path) -> None:
    found = visits_of(
        path,
        "Encounter Type,Arrival,HAR,Patient Class,Admit Date,CSN,MRN\n"
        "Hospital Encounter,2026-03-09,H1,Observation,2026-03-10,C1,42\n",
    )
    visit = only(found)
    assert (visit["patient_class"], visit["visit_number"]) == ("observation", "C1")
    assert visit["started_at"] == datetime(2026, 3, 10)
    (problem,) = found.problems
    assert problem["problem"] == "columns-not-used"
    assert "'Encounter Type', 'Arrival', 'HAR'" in problem["message"]


def test_of_two_words_that_are_equally_exact_the_first_is_read_and_both_are_named(path: Path) -> None:
    found = visits_of(path, "Class,Admit Date,Admission Date,MRN\nI,2026-03-10,2026-03-11,42\n")
    assert only(found)["started_at"] == datetime(2026, 3, 10)
    (problem,) = named(found, "column-mapped-twice")
    assert "'Admission Date'" in problem["message"]


def test_the_column_map_wins_and_what_it_says_of_claims_is_translated_or_passed_over(path: Path) -> None:
    chosen = {"Art": "patient_class", "Von": "admission_date", "Konto": "claim_id", "Class": "", "Unseen": "units"}
    found = visits_of(path, "Art,Von,Konto,Class,MRN\nI,2026-03-10,K1,O,42\n", column_map=chosen)
    visit = only(found)
    assert (visit["patient_class"], visit["started_at"]) == ("inpatient", datetime(2026, 3, 10))
    assert visit["visit_number"] is None
    (problem,) = found.problems
    assert "'Konto'" in problem["message"]


def test_a_header_that_the_map_leaves_unread_makes_way_for_a_less_exact_one(path: Path) -> None:
    text = "Patient Class,Encounter Type,Start,MRN\nI,Emergency,2026-03-10,42\n"
    assert only(visits_of(path, text))["patient_class"] == "inpatient"
    found = visits_of(path, text, column_map={"Patient Class": ""})
    assert only(found)["patient_class"] == "emergency"
    assert [problem["problem"] for problem in found.problems] == ["columns-not-used"]


# --- what a list of visits is, and what it is not -----------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n\n",
        "name,city\nDoe,Fresno\n",
        "patient_class,mrn\nI,42\n",
        "admit date,mrn\n2026-03-10,42\n",
        "claim_id,procedure_code,service_date,patient_class,admission_date\nA1,99213,2026-03-10,O,2026-03-10\n",
        "Account,Rev Code,From Date,Class,Start,MRN\nA1,0510,2026-03-10,O,2026-03-10,42\n",
        "Claim ID,POS,CPT,DOS,Patient Class,Admit Date,MRN\nA1,22,99213,3/10/26,O,3/10/26,42\n",
        "MSH|^~\\&|ADT|MERCY|||20260310||ADT^A01|1|P|2.5\n",
        "\x00\x01\x02",
    ],
)
def test_what_is_no_list_of_visits_is_left_to_others(path: Path, content: str) -> None:
    assert read(path, content) is None


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda table: str(table.name))
def test_no_registry_is_read_as_visits(path: Path, registry: Any) -> None:
    write_template(registry, path)
    assert read_visits(path, 0, path.read_bytes()) is None
    file = EXAMPLES / f"{registry.name}.csv"
    assert read_visits(file, 0, file.read_bytes()[: 1 << 16]) is None


def test_a_file_without_a_column_of_patients_is_refused_with_what_to_do(path: Path) -> None:
    for header in ("Class,Start", "Class,Start,Patient Name", "Class,Start,DOB", "Class,Start,First Name,DOB"):
        cells = ",".join(["x"] * (header.count(",") + 1))
        found = read(path, f"{header}\n{cells}\n")
        assert found is not None
        assert (found.kind, found.visits.num_rows) == ("visits csv", 0)
        assert found.problems[0]["problem"] == "column-missing"
        assert "scrubjay.toml" in found.problems[0]["advice"]


def test_a_header_alone_is_a_list_of_no_visits(path: Path) -> None:
    for content in (HEADER, f"{HEADER}\n", f"\ufeff{HEADER}\r\n", f'"{HEADER.replace(",", chr(34) + "," + chr(34))}"'):
        found = visits_of(path, content)
        assert (found.rows, found.problems) == (0, [])


def test_the_files_of_one_folder_are_each_read_as_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}\nV1,GENERAL,I,2026-03-10,,42\nV2,GENERAL,X,,,42\n")
    (tmp_path / "b.csv").write_text("claim_id,procedure_code,service_date\nA1,99213,2026-03-10\n")
    (tmp_path / "c.csv").write_text("claim_id,procedure_code,service_date,patient_class,admission_date,mrn\n")
    (tmp_path / "d.csv").write_text("Account,Patient Class,From Date,Admit Date,MRN\nA1,OBS,,3/10/26,42\n")
    write_template(ENCOUNTERS, tmp_path / "e.csv")
    (tmp_path / "f.csv").write_text("name,city\nDoe,Fresno\n")
    tables = read_files([tmp_path])
    files = tables["files"].to_pylist()
    assert [file["kind"] for file in files] == ["visits csv", "csv", "csv", "visits csv", "csv", "unknown"]
    assert [file["claims"] for file in files] == [0, 1, 0, 0, 0, 0]
    assert tables["claims"]["claim_id"].to_pylist() == ["A1"]
    visits = tables["visits"].select(["file_id", "row_number", "patient_class"]).to_pylist()
    assert visits == [
        {"file_id": 0, "row_number": 1, "patient_class": "inpatient"},
        {"file_id": 3, "row_number": 1, "patient_class": "observation"},
    ]
    problems = tables["intake_problems"].to_pylist()
    assert [(one["file_id"], one["problem"]) for one in problems if one["severity"] == "error"] == [
        (0, "visit-start-missing"),
        (4, "column-missing"),  # of claims
        (5, "unknown-kind-of-file"),
    ]


def test_a_column_map_to_a_column_that_does_not_exist_is_wrong_use(path: Path) -> None:
    path.write_text(f"{HEADER}\nV1,GENERAL,I,2026-03-10,,42\n")
    with pytest.raises(UsageError, match="patient_class"):
        read_files([path], column_map={"Art": "patient_clas"})


# --- values -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("inpatient", "I,IP,inpatient,In-Patient,ADMITTED,I - Inpatient,Inpatient (IP),IMP,Hospital Inpatient"),
        ("observation", "OBS,OBV,OBSERVATION,obsenc,Outpatient Observation,Observation - OBS"),
        ("outpatient", "O,OP,O/P,Hospital Outpatient,outpatient,AMB,OP: Hospital Outpatient,Outpatient in a bed"),
        ("emergency", "E,ED,E.R.,Emergency,Emergency Department,E - Emergency Room,EMER"),
        ("recurring", "R,series,Recurring,Recurring Outpatient,R: Series"),
        ("preadmission", "P,Preadmit,Pre-Admission,PRENC,P - Preadmit"),
        (None, "B,Obstetrics,N,U,OB,Newborn,Clinic,Office Visit,101,Inpatient to Observation,I/O,?,Non-patient"),
    ],
)
def test_the_words_of_a_class_are_known_and_others_are_not_guessed(name: str | None, said: str) -> None:
    for text in said.split(","):
        assert read_patient_class(text) == name, text


def test_a_class_nobody_knows_is_null_and_named(path: Path) -> None:
    found = visits_of(path, f"{HEADER}\nV1,G,B,2026-03-10,,42\nV2,G,Newborn,2026-03-10,,42\nV3,G,,2026-03-10,,42\n")
    assert found.visits["patient_class"].to_pylist() == [None] * 3
    first, second = named(found, "patient-class-not-known")
    assert (first["row_number"], first["element"], first["severity"]) == (1, "patient_class", "warning")
    assert "'B'" in first["message"]
    assert "'Newborn'" in second["message"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (True, "Cancelled,canceled,CANCEL,Void,voided,Deleted,Cancelled - duplicate,entered-in-error,No Show"),
        (False, "Active,Admitted,Discharged,In progress,Not cancelled,Checked-In"),
        (None, "1,Y,C,X,Scheduled,Discharge cancelled,Cancelled discharge,,-"),
    ],
)
def test_a_status_says_whether_a_visit_was_taken_back(told: bool | None, said: str) -> None:
    for text in said.split(","):
        assert read_cancellation(text) is told, text


def test_a_status_nobody_knows_is_told_and_takes_nothing_back(path: Path) -> None:
    found = visits_of(
        path,
        "Class,Start,MRN,Status,Cancelled\nI,2026-03-10,1,Canceled,\nI,2026-03-10,2,1,\nI,2026-03-10,3,Active,Y\n"
        "I,2026-03-10,4,,N\nI,2026-03-10,5,,\n",
    )
    assert found.visits["is_cancelled"].to_pylist() == [True, False, True, False, False]
    (problem,) = named(found, "visit-status-not-known")
    assert problem["row_number"] == 2


def starts_of(path: Path, *texts: str) -> list[tuple[str, bool]]:
    rows = "".join(f"V,G,I,{text},,42\n" for text in texts)
    visits = visits_of(path, f"{HEADER}\n{rows}").visits
    moments = [moment.isoformat(" ", "minutes") for moment in visits["started_at"].to_pylist()]
    return list(zip(moments, visits["is_start_time_known"].to_pylist(), strict=True))


def test_midnight_is_an_hour_only_where_another_row_has_an_hour(path: Path) -> None:
    assert starts_of(path, "2026-03-10", "20260311") == [("2026-03-10 00:00", False), ("2026-03-11 00:00", False)]
    only_midnight = ["2026-03-10 00:00", "3/11/2026 12:00 AM", "2026-03-12"]
    assert [is_known for _, is_known in starts_of(path, *only_midnight)] == [False, False, False]
    assert starts_of(path, *only_midnight, "2026-03-13 07:00") == [
        ("2026-03-10 00:00", True),
        ("2026-03-11 00:00", True),
        ("2026-03-12 00:00", False),
        ("2026-03-13 07:00", True),
    ]


def test_the_hours_of_start_and_end_are_told_apart(path: Path) -> None:
    found = visits_of(path, f"{HEADER}\nV1,G,I,2026-03-10 14:05,2026-03-12 00:00,42\nV2,G,O,2026-03-10,,42\n")
    assert found.visits["is_start_time_known"].to_pylist() == [True, False]
    assert found.visits["is_end_time_known"].to_pylist() == [False, False]
    assert found.visits["ended_at"].to_pylist() == [datetime(2026, 3, 12), None]


def test_a_time_in_a_column_of_its_own_is_the_hour_of_its_day(path: Path) -> None:
    found = visits_of(
        path,
        "Class,Admit Date,Admit Time,Discharge Date,Discharge Time,Arrival Time,MRN\n"
        "I,2026-03-10,14:05,2026-03-12,9:30 AM,13:00,42\nI,2026-03-10,1405,,,,42\n"
        "I,2026-03-10,,2026-03-12,soon,,42\nI,2026-03-10 08:00,14:05,,,,42\nI,2026-03-10,00:00,,,,42\n",
    )
    visits = found.visits
    assert [f"{start:%H%M}" for start in visits["started_at"].to_pylist()] == ["1405", "1405", "0000", "0800", "0000"]
    assert visits["is_start_time_known"].to_pylist() == [True, True, False, True, True]
    assert visits["ended_at"].to_pylist()[:3] == [datetime(2026, 3, 12, 9, 30), None, datetime(2026, 3, 12)]
    assert visits["is_end_time_known"].to_pylist()[:3] == [True, False, False]
    (problem,) = named(found, "time-not-read")
    assert (problem["row_number"], problem["element"]) == (3, "Discharge Time")
    assert "_end_time" not in problem["message"]
    (unused,) = named(found, "columns-not-used")
    assert "'Arrival Time'" in unused["message"]


def test_the_word_null_and_blanks_are_empty(path: Path) -> None:
    found = visits_of(path, f'{HEADER}\n NULL ,\\N,I,"  2026-03-10 ",NULL,="042"\n')
    visit = only(found)
    assert (visit["visit_number"], visit["hospital"], visit["ended_at"]) == (None, None, None)
    assert visit["medical_record_number"] == "042"
    assert {problem["severity"] for problem in found.problems} == {"info"}


# --- bad input ----------------------------------------------------------------------------------------


def test_a_row_without_a_start_or_a_patient_or_with_an_end_before_it_is_told_and_left_out(path: Path) -> None:
    found = visits_of(
        path,
        "Class,Start,End,MRN,Member ID,Last Name,First Name,DOB\n"
        "I,2026-03-10,2026-03-09,42,,,,\n"
        "I,,,42,,,,\n"
        "I,13/45/2026,,42,,,,\n"
        "I,2026-03-10,,,,Doe,Jane,\n"
        "I,2026-03-10,,,,,Jane,1950-01-02\n"
        "I,2026-03-10,,,,Doe,Jane,1950-01-02\n"
        "I,2026-03-10,,,M1,,,\n"
        ",,,,,,,\n"
        "I,2026-03-10,2026-03-10,42,,,,\n",
    )
    assert found.visits["row_number"].to_pylist() == [6, 7, 9]
    faults = {
        "visit-ends-before-start": [1],
        "visit-start-missing": [2, 3],
        "visit-patient-missing": [4, 5],
        "moment-not-read": [3],
    }
    for name, rows in faults.items():
        assert [(one["row_number"], one["severity"]) for one in named(found, name)] == [(row, "error") for row in rows]
    assert named(found, "blank-rows")


def test_an_end_is_before_its_start_by_the_hour_only_where_both_have_one(path: Path) -> None:
    found = visits_of(
        path,
        f"{HEADER}\nV1,G,O,2026-03-10 14:05,2026-03-10,42\nV2,G,O,2026-03-10 14:05,2026-03-10 14:04,42\n"
        "V3,G,O,2026-03-10 14:05,2026-03-10 14:05,42\nV4,G,O,2026-03-10 14:05,2026-03-09,42\n",
    )
    assert found.visits["visit_number"].to_pylist() == ["V1", "V3"]


def test_an_end_that_is_no_date_is_empty_and_told(path: Path) -> None:
    found = visits_of(path, f"{HEADER}\nV1,G,I,2026-03-10,2026-02-30,42\n")
    assert only(found)["ended_at"] is None
    (problem,) = named(found, "moment-not-read")
    assert (problem["row_number"], problem["element"]) == (1, "ended_at")


def test_twenty_problems_of_a_kind_are_listed_and_the_rest_is_counted(path: Path) -> None:
    found = visits_of(path, f"{HEADER}\n" + "V1,G,B,,,42\n" * 50)
    for name in ("visit-start-missing", "patient-class-not-known"):
        problems = named(found, name)
        assert len(problems) == 21
        assert "30 more rows" in problems[-1]["message"]


def test_patient_data_is_never_quoted(path: Path) -> None:
    found = visits_of(
        path,
        "Class,Start,End,MRN,Member ID,Patient Name,DOB,Sex\n"
        'I,2026-03-10,2026-03-09,SECRETMRN,SECRETID,"SECRET, NAME",SECRETDAY,SECRETSEX\n'
        'I,,,1.2E+05,1.23457E+09,"SECRET, NAME",1/2/50,SECRETSEX\nI,2026-03-10,,,,"SECRET, NAME",SECRETDAY,\n',
    )
    assert len(found.problems) >= 8
    assert not any("SECRET" in problem["message"] or "1.23457" in problem["advice"] for problem in found.problems)
    assert {problem["claim_id"] for problem in found.problems} == {None}


def test_a_cut_row_is_told_and_the_rest_is_read(path: Path) -> None:
    found = visits_of(path, f"{HEADER}\nV1,G,I,2026-03-10,,42\nV2,G,I\nV3,G,I,2026-03-10,,42\nV4,G,I,20")
    assert found.visits["visit_number"].to_pylist() == ["V1", "V3"]
    assert [problem["row_number"] for problem in named(found, "row-not-split")] == [2, 4]


@pytest.mark.parametrize("delimiter", [",", "|", "\t", ";"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_delimiters_line_ends_and_encodings_are_told(path: Path, delimiter: str, newline: str, encoding: str) -> None:
    rows = ("Patient Class,Admit Date,MRN,Hospital", "I,3/10/2026,42,Clínica Peña", "", "O,3/11/2026,43,B")
    found = visits_of(path, "".join(row.replace(",", delimiter) + newline for row in rows).encode(encoding))
    assert found.visits["patient_class"].to_pylist() == ["inpatient", "outpatient"]
    assert found.visits["row_number"].to_pylist() == [1, 3]
    assert found.visits["hospital"].to_pylist() == ["Clínica Peña", "B"]


def test_quoted_cells_may_hold_delimiters_quotation_marks_and_line_breaks(path: Path) -> None:
    found = visits_of(path, f'{HEADER}\n"V1","Mercy, ""Main""\nCampus",I,2026-03-10,,"42"\nV2,G,I,2026-03-11,,43\n')
    assert found.visits["hospital"].to_pylist() == ['Mercy, "Main"\nCampus', "G"]
    assert found.visits["row_number"].to_pylist() == [1, 2]


@pytest.mark.parametrize("bad", ['V2,"G,I,2026-03-10,,42\n', 'V2,"G"H",I,2026-03-10,,42\n', '"V2,G,I,2026-03-10,,42\n'])
def test_a_quotation_mark_that_is_not_closed_spoils_no_other_row(path: Path, bad: str) -> None:
    found = visits_of(path, f"{HEADER}\nV1,G,I,2026-03-10,,42\n{bad}V3,G,I,2026-03-10,,42\n")
    assert {1, 3} <= set(found.visits["row_number"].to_pylist())


# --- Parquet ------------------------------------------------------------------------------------------


def test_parquet_is_read_with_its_types(path: Path) -> None:
    table = pa.table(
        {
            "Patient Class": pa.array(["IP", "OBS"]).dictionary_encode(),
            "Admitted At": pa.array([datetime(2026, 3, 10, 14, 5), datetime(2026, 3, 11)], pa.timestamp("us")),
            "Discharge Date": pa.array([date(2026, 3, 12), None]),
            "MRN": pa.array([42.0, 43.0]),
            "Cancelled": pa.array([False, True]),
        }
    )
    pyarrow.parquet.write_table(table, path)
    found = visits_of(path, path.read_bytes())
    assert found.kind == "visits parquet"
    assert found.problems == []
    assert found.visits["started_at"].to_pylist() == [datetime(2026, 3, 10, 14, 5), datetime(2026, 3, 11)]
    assert found.visits["is_start_time_known"].to_pylist() == [True, True]
    assert found.visits["is_end_time_known"].to_pylist() == [False, False]
    assert found.visits["medical_record_number"].to_pylist() == ["42", "43"]
    assert found.visits["is_cancelled"].to_pylist() == [False, True]
    tables = read_files([path])
    assert tables["files"]["kind"].to_pylist() == ["visits parquet"]
    assert tables["visits"].num_rows == 2


def test_a_broken_parquet_file_is_told_by_the_reader_of_claims_or_here(path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"class": ["I"], "start": ["2026-03-10"], "mrn": ["42"]}), path)
    whole = path.read_bytes()
    for broken in (b"PAR1", whole[:-20], b"PAR1" + b"\xff" * 60 + whole[64:]):
        path.write_bytes(broken)
        tables = read_files([path])
        assert tables["visits"].num_rows == 0
        assert [p["problem"] for p in tables["intake_problems"].to_pylist()] == ["parquet-not-read"]


# --- anything at all ----------------------------------------------------------------------------------

ANY_FILE = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CELL = st.one_of(
    st.sampled_from(["", "V1", "I", "B", "2026-03-10", "3/1/26 08:00", "2026-03-10T25:00", "42", '"', "\n", "\0", ","]),
    st.text(max_size=6),
)


@ANY_FILE
@given(rest=st.one_of(st.binary(max_size=300), st.text('I2026-03,"\n\r;\0é', max_size=200).map(str.encode)))
def test_no_bytes_below_a_header_of_visits_raise_and_every_row_is_accounted_for(path: Path, rest: bytes) -> None:
    visits_of(path, b"class,start,start time,end,status,cancelled,mrn,patient name,dob,sex,part a\n" + rest)


@ANY_FILE
@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=8), max_size=40))
def test_as_many_rows_are_accounted_for_as_the_csv_module_writes(path: Path, rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([["visit", "class", "start", "end", "mrn", "status", "dob"], *rows])
    found = visits_of(path, text.getvalue().encode("utf-8", errors="replace"))
    assert found.rows >= len(rows)
    if not any({"\n", "\r"} & set(cell) for row in rows for cell in row):
        assert found.rows == len(rows)


@ANY_FILE
@given(content=st.binary(max_size=400))
def test_no_content_raises(path: Path, content: bytes) -> None:
    found = read(path, content)
    assert found is None or not found.visits.num_rows
    read(path, b"PAR1" + content)
