"""Lists of hospital stays and registrations out of delimited text and Parquet: one row is one visit.

Read are the columns of ``tables.VISITS`` under their own names, and the usual headers of such lists. A
list is told from its header: a patient class and a start, and neither procedure nor revenue code, which
make it claims. The registry of encounters has no patient class.

Nothing is lost in silence: each data row becomes a visit or is reported, and each cell that does not
convert is NULL and reported. A class that is not certain is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scrubjay.formats.cells import (
    ARROW_TYPES,
    NOTES,
    Converted,
    Flags,
    Note,
    Problem,
    by_name,
    convert,
    convert_birth_date,
    convert_column,
    convert_identifier,
    convert_sex,
    find_hours,
    known,
    problem,
    read_flag,
    read_time,
    report_positions,
    split_names,
)
from scrubjay.formats.layouts import EXPORT, LAYOUTS, SYNONYMS, VISIT_COLUMNS, plain_header, words
from scrubjay.formats.rows import (
    Rows,
    find_blank_rows,
    map_header,
    parquet_header,
    parquet_rows,
    report_blank_rows,
    sniff,
    split,
    tidy,
)
from scrubjay.tables import PATIENT_CLASSES, VISITS, arrow_schema


@dataclass(frozen=True, slots=True)
class VisitsFile:
    """The visits of one file, and what could not be read.

    ``rows`` counts the data rows. Those that are no visit are each told in ``problems``, by itself or
    in a count.
    """

    kind: str
    visits: pa.Table
    problems: list[Problem]
    rows: int = 0


def read_visits(
    path: Path, file_id: int, head: bytes, column_map: Mapping[str, str] | None = None
) -> VisitsFile | None:
    """The visits of a CSV or Parquet file, or None if it is no list of them, or broken.

    ``head`` is the beginning of the file (64 KiB). ``column_map`` gives the column for a header of the
    file and wins over everything; what it says of claims alone is passed over. No content of the file
    raises.
    """
    chosen = column_map or {}
    nothing = arrow_schema(VISITS).empty_table()
    if head.startswith(b"PAR1"):
        header = parquet_header(path)
        mapped = _map_header(header, chosen) if header else None
        if header is None or mapped is None:
            return None
        cells, problems = mapped
        if refusal := _refuse(cells):
            return VisitsFile("visits parquet", nothing, [refusal, *problems])
        rows = parquet_rows(path, header, cells)
        if rows is None:
            damage = problem(
                "error",
                "parquet-not-read",
                "The file is a list of visits in Parquet, but damaged or cut off. Nothing was read.",
                "Copy or export the file again.",
            )
            return VisitsFile("visits parquet", nothing, [damage, *problems])
        return _assemble("visits parquet", rows, _headers(header, cells), file_id, problems)
    form = sniff(head, lambda names: _score(_map_header(names, chosen)))
    mapped = _map_header(form.header, chosen) if form else None
    if form is None or mapped is None:
        return None
    cells, problems = mapped
    if refusal := _refuse(cells):
        return VisitsFile("visits csv", nothing, [refusal, *problems])
    rows, torn = split(path, form, cells)
    return _assemble("visits csv", rows, _headers(form.header, cells), file_id, [*torn, *problems])


# --- the header ---------------------------------------------------------------------------------------

# For each column the words that stand for it, the most exact first: "arrival" is the start of a visit only
# where no admission is written. Headers are compared without case, blanks and punctuation.
_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "visit_number": (
        words("visitno visit visitid csn csnid contactserialnumber patenccsnid fin finnumber"),
        words("encounter encounterid encounternumber encounterno encid stayid staynumber"),
        words(
            "account accountid accountnumber accountno acct acctno acctnumber har hospitalaccount hospitalaccountid "
            "hospitalaccountnumber hospaccount hspaccountid patientaccount patientaccountnumber patientaccountno"
        ),
    ),
    "hospital": (
        words("hospitalid hospitalcode hospitalnpi hospitalccn ccn"),
        words("hospitalname"),
        words("facility facilityid facilitycode facilitynpi facilityccn"),
        words("facilityname"),
    ),
    "location": (
        words("locationid locationcode site siteid sitecode"),
        words("department departmentid departmentcode dept deptid clinic clinicid"),
        words("locationname sitename departmentname deptname clinicname pointofcare"),
        words("unit unitid unitname nursingunit ward"),
    ),
    "patient_class": (
        words("patclass ptclass adtpatclass adtpatientclass patientclasscode patclasscode patientclassification"),
        words("class classcode encounterclass visitclass"),
        words("encountertype enctype visittype"),
    ),
    "started_at": (
        (
            *("admission", "admit", "admissiondate", "admittedat", "admittedon", "hospadmsntime"),
            *SYNONYMS["admission_date"],
            *SYNONYMS["admitted_at"],
        ),
        words(
            "registered registeredat registeredon registration registrationdate registrationdatetime registrationdttm "
            "regdate regdt regdatetime regdttm"
        ),
        words("start startdate startdatetime startdt startdttm visitstart encounterstart encounterstartdate staystart"),
        words("arrival arrivaldate arrivaldatetime arrivaldttm arrived arrivedat visitdate encounterdate"),
        words("admittime admissiontime registrationtime regtime starttime arrivaltime"),
    ),
    "ended_at": (
        (
            *("discharge", "dischargedate", "dischargedat", "dischargedon", "dischargedatetime", "dischargedttm"),
            *("dischargedtm", "dischargetimestamp", "dischargedateandtime", "dischdate", "dischdatetime", "dischdttm"),
            *("hospdischtime", *SYNONYMS["discharge_date"]),
        ),
        words("end enddate enddatetime enddt enddttm ended visitend encounterend encounterenddate stayend stop"),
        words("departure departuredate departuredatetime departed departedat"),
        words("dischargetime dischtime endtime departuretime"),
    ),
    "is_cancelled": (words("cancelled canceled iscanceled cancelflag cancelledflag canceledflag void voided deleted"),),
    "_status": (
        words("visitstatus encounterstatus encstatus staystatus admissionstatus registrationstatus"),
        words("status statusname accountstatus"),
    ),
    "is_part_a_stay": (words("parta partastay ispartastay partacovered ispartacovered medicareparta"),),
    "member_id": (
        words("memberid mbi medicarenumber medicareid medicarebeneficiaryid medicarebeneficiaryidentifier"),
        SYNONYMS["member_id"],
    ),
    "medical_record_number": (words("patmrnid mrnid"), SYNONYMS["medical_record_number"]),
    **{
        column: (SYNONYMS[column],)
        for column in VISIT_COLUMNS
        if column.startswith("patient_") and column != "patient_class"
    },
}
_GRADES = {
    column: tuple(
        frozenset(grade) | ({plain_header(column)} if place == 0 else set()) for place, grade in enumerate(grades)
    )
    for column, grades in _WORDS.items()
}
_COLUMN_OF = {word: column for column, grades in _GRADES.items() for grade in grades for word in grade}
_CLOCKS = {"started_at": "_start_time", "ended_at": "_end_time"}  # the hour of a day, in a column of its own
_CLOCK_ROOTS = words("admi reg start arriv disch end depart")
_CLAIM_CODES = ("procedure_code", "revenue_code")  # of claims, in any layout
_CLAIM_CODE_WORDS = {
    word: column for layout in (EXPORT, *LAYOUTS) for word, column in layout.columns.items() if column in _CLAIM_CODES
}


def _map_header(header: list[str], column_map: Mapping[str, str]) -> tuple[dict[str, int], list[Problem]] | None:
    """Where each column stands, and what is left over; None if the header is not that of a list of visits."""
    of_claims = {name: column for name, column in column_map.items() if not column or column in _CLAIM_CODES}
    if map_header(header, of_claims, _CLAIM_CODES, _CLAIM_CODE_WORDS, "a claim")[0]:
        return None
    # What is an admission_date of claims is a start here.
    said = {name: column and _COLUMN_OF.get(plain_header(column), column) for name, column in column_map.items()}
    chosen = {name: column for name, column in said.items() if not column or column in VISIT_COLUMNS}
    plain = {plain_header(name) for name in header} - {plain_header(name) for name in chosen}
    synonyms: dict[str, str] = {}
    for column, grades in _GRADES.items():
        synonyms |= dict.fromkeys(next((grade for grade in grades if grade & plain), ()), column)
    map_own = partial(map_header, header, chosen, VISIT_COLUMNS, whose="a visit")
    cells, _ = map_own(synonyms)
    if not {"patient_class", "started_at"} <= set(cells):
        return None
    for column, clock in _CLOCKS.items():
        beside = plain_header(header[cells[column]]) if column in cells else ""
        root = next((each for each in _CLOCK_ROOTS if beside.startswith(each)), None)
        times = sorted(word for word in _GRADES[column][-1] & plain - {beside} if root and word.startswith(root))
        synonyms |= dict.fromkeys(times[:1], clock)
    return map_own(synonyms)


def _score(mapped: tuple[dict[str, int], list[Problem]] | None) -> int:
    """How many columns of visits a header names; 0 if it is not one of visits."""
    return len(mapped[0]) if mapped else 0


def _headers(header: list[str], cells: Mapping[str, int]) -> dict[str, str]:
    """The header of each column as it stands in the file."""
    return {column: tidy(header[position]) for column, position in cells.items()}


def _refuse(cells: Mapping[str, int]) -> Problem | None:
    """The error of a list that says nowhere whose visits these are."""
    if {"member_id", "medical_record_number"} & set(cells):
        return None
    if "patient_birth_date" in cells and {"patient_last_name", "patient_name"} & set(cells):
        return None
    return problem(
        "error",
        "column-missing",
        "The file looks like a list of visits, but no column is known to say who the patient is: a member id, a medical "
        "record number, or a name and a birth date. Nothing was read.",
        'Name the column under [columns] in scrubjay.toml: "header in the file" = "medical_record_number".',
        element="medical_record_number",
    )


# --- from text to values ------------------------------------------------------------------------------

_NOTES = NOTES | by_name(
    Note(
        "patient-class-not-known",
        "warning",
        "{what} is {value}, which says no class that Scrubjay knows. It is left empty.",
        f"Write {', '.join(PATIENT_CLASSES[:-1])} or {PATIENT_CLASSES[-1]}.",
    ),
    Note(
        "visit-status-not-known",
        "warning",
        "{what} is {value}, which does not say whether the visit was taken back. It is read as one that was not.",
        "Write cancelled for a visit that was taken back, active or discharged for others.",
    ),
)
_CLASSES = {
    word: name
    for name, known_words in {
        "inpatient": words(
            "i ip inp inpt imp inpatient inpatients inpatientadmission inpatienthospital hospitalinpatient "
            "registeredinpatient admittedinpatient inpatientadmitted admit admitted admission acute acuteinpatient "
            "inpatientacute nonac"
        ),
        "observation": words(
            "obs obv obsv obsenc observation observationpatient observationstatus hospitalobservation inobservation "
            "outpatientobservation observationoutpatient hospitaloutpatientobservation opobservation outpatientobs "
            "opobs obsoutpatient obsop"
        ),
        "outpatient": words(
            "o op outp outpt outpatient outpatients amb ambulatory opd hod outpatientdepartment outpatienthospital "
            "hospitaloutpatient hospitaloutpatientdepartment hospitaloutpatientclinic hospitaloutpatientsurgery "
            "registeredoutpatient outpatientregistration outpatientclinic outpatientvisit outpatientsurgery "
            "outpatientprocedure outpatientinabed outpatientinbed"
        ),
        "emergency": words(
            "e ed er emer emerg emergency emergencydepartment emergencydept emergencyroom emergencypatient "
            "emergencyoutpatient emergencyvisit edvisit ervisit edpatient erpatient edoutpatient eroutpatient"
        ),
        "recurring": words(
            "r recurring recurringpatient recurringoutpatient outpatientrecurring recurringvisit series seriespatient "
            "seriesoutpatient outpatientseries recurringseries therapyseries"
        ),
        "preadmission": words(
            "p preadmit preadmission preadmitted preadmissionpatient preadm prenc preadmitpatient prereg preregistered "
            "preregistration"
        ),
    }.items()
    for word in known_words
}
_TAKEN_BACK = frozenset(
    words(
        "cancel cancelled canceled cancellation cancelation cxl void voided delete deleted enteredinerror noshow "
        "admissioncancelled admissioncanceled visitcancelled visitcanceled encountercancelled encountercanceled "
        "registrationcancelled registrationcanceled"
    )
)
_NOT_TAKEN_BACK = frozenset(
    words(
        "active admitted discharged registered arrived inprogress inhouse present current open closed complete completed "
        "final finalized finished checkedin checkedout billed departed confirmed notcancelled notcanceled"
    )
)
_IDENTIFIERS = {"visit_number", "member_id", "medical_record_number"}
_NAMES = {"patient_name", "patient_last_name", "patient_first_name"}
_PATIENT = {*_NAMES, "member_id", "medical_record_number", "patient_birth_date", "patient_sex_code"}


def read_patient_class(text: str) -> str | None:
    """The class a word or a letter names, or both if they agree; None for any other, such as B.

    >>> [read_patient_class(text) for text in ("IP", "O - Hospital Outpatient", "ER", "Inpatient to OBS", "B")]
    ['inpatient', 'outpatient', 'emergency', None, None]
    """
    parts = re.findall(r"[^\W_]+", text[:80].casefold())
    if found := _CLASSES.get("".join(parts)):
        return found
    for place in range(1, len(parts)):
        code, word = _CLASSES.get("".join(parts[:place])), _CLASSES.get("".join(parts[place:]))
        if code and code == word:
            return code
    return None


def read_cancellation(text: str) -> bool | None:
    """Whether a status says that the visit was taken back; None where it does not tell.

    >>> [read_cancellation(text) for text in ("Canceled", "VOID", "Discharged", "Cancelled discharge", "7")]
    [True, True, False, None, None]
    """
    parts = re.findall(r"[^\W_]+", text[:80].casefold())
    whole = "".join(parts)
    if whole in _TAKEN_BACK:
        return True
    if whole in _NOT_TAKEN_BACK:
        return False
    is_told = bool(parts) and parts[0] in ("cancelled", "canceled", "voided", "deleted")
    return True if is_told and not {"discharge", "transfer"} & set(parts) else None


def _convert(column: str, text: str) -> Converted:
    """The value a cell of this column stands for, and the name of a note about it."""
    if text in ("NULL", "\\N") and column not in _NAMES:
        return None, "null-word"
    if column == "patient_class":
        found = read_patient_class(text)
        return found, None if found else "patient-class-not-known"
    if column in ("is_cancelled", "_status"):
        told = read_cancellation(text)
        if told is None and column == "is_cancelled":
            told = read_flag(text)
        return told, "visit-status-not-known" if told is None else None
    if column in _CLOCKS.values():
        clock = read_time(text)
        return clock, "time-not-read" if clock is None else None
    if column == "patient_birth_date":
        return convert_birth_date(text)
    if column == "patient_sex_code":
        return convert_sex(text)
    if column in _IDENTIFIERS:
        return convert_identifier(text)
    return convert(_TYPES[column], text)


_TYPES = {each.name: each.type for each in VISITS.columns} | {"patient_name": "text"}
_ARROW_TYPES = {
    **{column: ARROW_TYPES[kind] for column, kind in _TYPES.items()},
    "_status": pa.bool_(),
    **dict.fromkeys(_CLOCKS.values(), pa.time64("us")),
}


# --- from rows to visits ------------------------------------------------------------------------------


def _assemble(kind: str, rows: Rows, headers: Mapping[str, str], file_id: int, problems: list[Problem]) -> VisitsFile:
    """The visits of the rows."""
    flat = {
        column: convert_column(
            raw,
            headers[column] if column.startswith("_") else column,
            headers[column],
            rows.numbers,
            problems,
            partial(_convert, column),
            _ARROW_TYPES[column],
            notes=_NOTES,
            is_private=column in _PATIENT,
        )
        for column, raw in rows.columns.items()
    }
    size = len(rows.numbers)
    for column, flag in (("started_at", "is_start_time_known"), ("ended_at", "is_end_time_known")):
        has_hour = np.zeros(size, dtype=bool)
        if column in flat:
            flat[column], has_hour = find_hours(rows.columns[column], flat[column], flat.pop(_CLOCKS[column], None))
        flat[flag] = pa.array(has_hour)
    split_names(flat)
    is_cancelled = [flat.pop(column).fill_null(False) for column in ("is_cancelled", "_status") if column in flat]
    flat["is_cancelled"] = reduce(pc.or_, is_cancelled, pa.repeat(pa.scalar(False), size))
    flat["file_id"] = pa.repeat(pa.scalar(file_id, pa.int64()), size)
    flat["row_number"] = pa.array(rows.numbers)
    schema = arrow_schema(VISITS)
    arrays = [flat[field.name] if field.name in flat else pa.nulls(size, field.type) for field in schema]
    table = pa.Table.from_arrays(arrays, schema=schema)
    is_visit = _tell_others(table, rows, headers, problems)
    return VisitsFile(kind, table.filter(pa.array(is_visit)), problems, rows.total)


def _tell_others(table: pa.Table, rows: Rows, headers: Mapping[str, str], problems: list[Problem]) -> Flags:
    """Which rows are visits; each of the others becomes a problem, by the first fault it has."""
    has = {name: known(table[name].combine_chunks()) for name in table.column_names}
    has_patient = has["member_id"] | has["medical_record_number"]
    has_patient |= has["patient_last_name"] & has["patient_birth_date"]
    is_left = ~find_blank_rows(rows)  # by the text: a cell that did not convert is NULL by now
    report_blank_rows(problems, rows.numbers[~is_left])
    for name, message, advice, element, is_faulty in (
        (
            "visit-start-missing",
            "has no start of the visit that can be read",
            "Fill in the day of the admission or registration, or take the row out if it is a total.",
            headers.get("started_at"),
            ~has["started_at"],
        ),
        (
            "visit-patient-missing",
            "does not say who the patient is: it has no member id, no medical record number, and no name with a birth "
            "date",
            "Fill in one of them.",
            headers.get("medical_record_number") or headers.get("member_id") or headers.get("patient_birth_date"),
            ~has_patient,
        ),
        (
            "visit-ends-before-start",
            "has an end of the visit that lies before its start",
            "Correct the start or the end.",
            headers.get("ended_at"),
            _ends_before_start(table),
        ),
    ):
        note = Note(name, "error", f"Row {{row:,}} {message}. The row is not read.", advice)
        report_positions(problems, note, np.flatnonzero(is_left & is_faulty), rows.numbers, None, element)
        is_left &= ~is_faulty
    return is_left


def _ends_before_start(table: pa.Table) -> Flags:
    """Which visits end before they start: by the hour where both have one, else by the day."""
    start, end = table["started_at"], table["ended_at"]
    has_hours = pc.and_(table["is_start_time_known"], table["is_end_time_known"])
    days = pc.less(end.cast(pa.date32(), safe=False), start.cast(pa.date32(), safe=False))
    return np.asarray(pc.if_else(has_hours, pc.less(end, start), days).fill_null(False), dtype=bool)
