"""The registries: what an organisation knows about its sites, providers, payers and encounters.

A registry is a CSV file with the columns of its table in `scrubjay.tables`. All four are read in
the same way: the file is split into text, each column is converted to its type, and the rows are
then checked against each other. What is wrong is collected and told at once, so that a file is
repaired in one go; nothing is ever loaded in part.

A blank value means *not known*. The word ``none`` means *known that there is none*, in the columns
that say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from scrubjay.errors import DefinitionError, UsageError, near_miss
from scrubjay.tables import HOSPITAL_SPACE, Column, Table, arrow_schema

KNOWN_NONE = date(9999, 12, 31)
"""How a date column says *known that there is none*: never in force, and not NULL."""

_SHOWN = 20  # problems told in words; the others are counted
_KEYS = {"sites": "site_id", "providers": "npi", "payers": "payer_id"}
_PATIENT_COLUMNS = frozenset({"member_id"})  # values never printed
_PERIODS = (
    ("effective_from", "effective_to"),
    ("provider_based_from", "provider_based_to"),
    ("pecos_effective_from", "pecos_effective_to"),
    ("first_opps_service_date", "first_opps_bill_date"),
    ("admitted_at", "discharged_at"),
)
_RANGES = {
    "distance_yards": (Decimal(0), None),
    "remote_location_distance_yards": (Decimal(0), None),
    "physician_time_share": (Decimal(0), Decimal(1)),
}
# A column, a value of it, and what another column cannot say beside it.
_CONTRADICTIONS = (
    ("excepted_basis", None, "excepted_status", "non_excepted"),
    ("has_relocation_exception", True, "relocated_date", KNOWN_NONE),
    ("is_whole_hospital_sale", True, "ownership_changed_date", KNOWN_NONE),
    ("is_on_hospital_campus", False, "site_type", "main_campus"),
)
_STATE_LIST = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH "
    "OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY "  # the states and the District of Columbia
    "AS GU MP PR VI FM MH PW AA AE AP"  # territories, freely associated states, military mail
)
_STATES = frozenset(_STATE_LIST.split())
_HOSPITAL_SPACE = {  # the words of the 855A, of PECOS and of contractors
    "main": "main_campus",
    "main_hospital": "main_campus",
    "main_hospital_campus": "main_campus",
    "main_provider": "main_campus",
    "main_primary_hospital_location": "main_campus",
    "primary_hospital_location": "main_campus",
    "pbd": "provider_based_department",
    "hopd": "provider_based_department",
    "pbd_site": "provider_based_department",
    "provider_based": "provider_based_department",
    "provider_based_clinic": "provider_based_department",
    "provider_based_department_site": "provider_based_department",
    "provider_based_department_pbd": "provider_based_department",
    "outpatient_provider_based_department": "provider_based_department",
    "outpatient_provider_based_department_site": "provider_based_department",
    "outpatient_provider_based_department_pbd": "provider_based_department",
    "outpatient_provider_based_department_pbd_site": "provider_based_department",
    "on_campus_provider_based_department": "provider_based_department",
    "off_campus_provider_based_department": "provider_based_department",
    "on_campus_outpatient_provider_based_department": "provider_based_department",
    "off_campus_outpatient_provider_based_department": "provider_based_department",
    "on_campus_pbd": "provider_based_department",
    "off_campus_pbd": "provider_based_department",
    "hospital_department": "provider_based_department",
    "hospital_outpatient_department": "provider_based_department",
    "department_of_a_provider": "provider_based_department",
    "department_of_a_hospital": "provider_based_department",
    "remote": "remote_location",
    "hospital_remote_location": "remote_location",
    "remote_location_of_a_hospital": "remote_location",
    "satellite": "satellite_facility",
    "satellite_location": "satellite_facility",
    "hospital_satellite": "satellite_facility",
}
_ALIASES: dict[str, dict[str, str]] = {
    "site_type": {
        **_HOSPITAL_SPACE,
        "freestanding": "freestanding_office",
        "freestanding_clinic": "freestanding_office",
        "office": "freestanding_office",
        "physician_office": "freestanding_office",
        "group_practice_office": "freestanding_office",
        "group_practice_office_clinic": "freestanding_office",
        "snf": "skilled_nursing_facility",
        "nf": "nursing_facility",
        "asc": "ambulatory_surgical_center",
        "ambulatory_surgery_center": "ambulatory_surgical_center",
        "ipf": "inpatient_psychiatric_facility",
        "irf": "inpatient_rehabilitation_facility",
        "mtf": "military_facility",
        "military_treatment_facility": "military_facility",
        "rhc": "rural_health_clinic",
        "icf": "intermediate_care_facility",
        "independent_lab": "independent_laboratory",
    },
    "enrolled_location_type": {
        **_HOSPITAL_SPACE,
        "group_practice_office": "practice_location",
        "group_practice_office_clinic": "practice_location",
        "855b": "practice_location",
        "opt_extension_site": "other",
        "other_health_care_facility": "other",
        "not_enrolled": "none",
    },
    "hospital_type": {
        "critical_access": "cah",
        "critical_access_hospital": "cah",
        "rural_emergency_hospital": "reh",
        "children": "childrens",
        "childrens_hospital": "childrens",
        "cancer_hospital": "cancer",
        "long_term_care_hospital": "ltch",
        "inpatient_psychiatric_facility": "ipf",
        "inpatient_rehabilitation_facility": "irf",
    },
    "ownership": {"wholly_owned": "wholly_owned_by_hospital", "jv": "joint_venture"},
    "distance_method": {
        "straight": "straight_line",
        "as_the_crow_flies": "straight_line",
        "driving_distance": "driving",
    },
    "excepted_status": {"nonexcepted": "non_excepted", "not_excepted": "non_excepted", "grandfathered": "excepted"},
    "excepted_basis": {
        "grandfathered": "furnished_before",
        "furnished_before_2015_11_02": "furnished_before",
        "midbuild": "mid_build",
        "mid_build_exception": "mid_build",
        "cancer": "cancer_hospital",
    },
    "payer_program": {
        "part_a": "medicare_part_a",
        "part_b": "medicare_part_b",
        "medicare_a": "medicare_part_a",
        "medicare_b": "medicare_part_b",
        "part_c": "medicare_advantage",
        "ma": "medicare_advantage",
        "workers_comp": "workers_compensation",
    },
    "registration_status": {"op": "outpatient", "ip": "inpatient", "not_registered": "none"},
    "admission_status": {"not_admitted": "none"},
}
_ALIASES["admitting_hospital_type"] = _ALIASES["hospital_type"]

_TRUTHS = dict.fromkeys(("true", "t", "yes", "y", "1"), True) | dict.fromkeys(("false", "f", "no", "n", "0"), False)
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_US_DATE = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})", re.ASCII)
_TIMESTAMP = re.compile(r"([\d/-]+)(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:\.0+)?)?)?", re.ASCII)
_ISO_TIMESTAMP = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?$"  # in the grammar of Arrow (RE2)
_DECIMAL = re.compile(r"[+-]?(\d{1,14}(\.\d*)?|\.\d+)", re.ASCII)
_UNIT = re.compile(r"(.*?) *(m|meters?|metres?|yd|yds|yards?)\.?", re.ASCII | re.IGNORECASE)
_METRES_PER_YARD = Decimal("0.9144")  # exactly, since 1959


def read_registry(table: Table, path: Path) -> pa.Table:
    """The rows of a registry file: the columns of `table` and `row_number` (1 = first data row).

    The file is a CSV with a header row; comma, semicolon or tab; UTF-8 with or without a byte
    order mark, else Windows-1252 (Latin-1). Columns may stand in any order and may be left out
    unless required; blank rows are skipped but keep their number. Dates are YYYY-MM-DD or
    M/D/YYYY.

    * A blank is NULL: not known.
    * ``none``, in the columns that take it (`Column.takes_none`), is the date 9999-12-31
      (`KNOWN_NONE`) in a date column and stays the text ``none`` in the others.
    * Distances in yards may be written in metres (``228.6 m``); they are converted exactly
      (÷ 0.9144) and rounded to 4 decimals.
    * A date without a time in a timestamp column is midnight. Where
      `encounters.is_admission_time_known` is blank or not in the file, it is TRUE if
      `admitted_at` has a time, FALSE if it is a date only, NULL if it is blank.
    * An encounter that stands in the file twice, word for word, is read once.

    Raises UsageError if the file cannot be opened, and DefinitionError if anything in it is
    wrong: one error for the whole file, naming row and column of each problem (up to 20, the
    others are counted).
    """
    return parse_registry(table, read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """The content of a registry file. Raises UsageError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: the registry cannot be opened ({error.strerror or error})") from error


def parse_registry(table: Table, data: bytes, path: Path) -> pa.Table:
    """The rows of a registry from the content of its file, as `read_registry` gives them."""
    problems = _Problems(table)
    texts, row_numbers = _split(table, _as_utf8(data, path), path, problems)
    columns = [_convert(table, column, texts.get(column.name), problems) for column in table.columns]
    schema = arrow_schema(table).append(pa.field("row_number", pa.int64()))
    rows = pa.Table.from_arrays([*columns, pa.array(row_numbers)], schema=schema)
    if "is_admission_time_known" in table and "admitted_at" in texts:
        rows = _fill_admission_time_known(rows, texts["admitted_at"])
    _check_periods(table, rows, problems)
    _check_contradictions(table, rows, problems)
    if table.name in _KEYS:
        _check_overlaps(_KEYS[table.name], rows, problems)
    if table.name == "encounters" and _names_encounter(texts):
        rows = _check_encounters(rows, problems)
    problems.raise_if_any(path)
    return rows


def write_template(table: Table, path: Path) -> None:
    """A CSV file with the header row of a registry and nothing else: valid, and empty."""
    path.write_text(",".join(table.names) + "\n", encoding="utf-8", newline="\n")


def describe_registry(table: Table) -> str:
    """What to write into a registry, as Markdown: its columns, values, meaning, and who knows them."""
    lines = [f"## {table.name}.csv", "", f"One row: {table.row}.", ""]
    if table.name in _KEYS:
        key = _KEYS[table.name]
        lines += [
            f"Several rows may describe the same `{key}` at different times; their dates must not overlap. "
            "When something changes, end the row and add a new one.",
            "",
        ]
    lines += ["| column | what to write | meaning | who knows |", "| --- | --- | --- | --- |"]
    for column in table.columns:
        what = _what_to_write(column) + (" (required)" if column.required else "")
        meaning = column.meaning + (f" ({_needed_at(column)})" if column.matters_to else "")
        lines.append(f"| `{column.name}` | {what} | {meaning} | {column.supplied_by} |")
    return "\n".join(lines) + "\n"


def is_valid_npi(text: str) -> bool:
    """Whether a text is ten digits with the right check digit (Luhn over 80840 and the digits).

    >>> is_valid_npi("1234567893")
    True
    >>> is_valid_npi("1234567890"), is_valid_npi("123456789"), is_valid_npi("")
    (False, False, False)
    """
    if len(text) != 10 or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(digit) for digit in "80840" + text]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


# --- the problems of one file -----------------------------------------------------------------------


class _Problems:
    """The problems of one file: the first ones in words, all of them counted."""

    def __init__(self, table: Table) -> None:
        self._order = {name: number for number, name in enumerate(table.names)}
        self._told: list[tuple[int, int, str]] = []  # row number, position of the column, words
        self._count = 0
        self._row_numbers: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.bad_rows: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)

    def start(self, row_numbers: NDArray[np.int64]) -> None:
        """Take the numbers of the rows that are checked from here on."""
        self._row_numbers = row_numbers
        self.bad_rows = np.zeros(len(row_numbers), dtype=np.bool_)

    def header(self, words: str) -> None:
        self._told.append((0, len(self._told), f"header: {words}"))
        self._count += 1

    def ragged(self, row_number: int, words: str) -> None:
        if self._count < _SHOWN:
            self._told.append((row_number, -1, f"row {row_number}: {words}"))
        self._count += 1

    def rows(self, column: str, indexes: NDArray[np.int64], say: Callable[[int], str]) -> None:
        """Add a problem in `column` for each index of a row (ascending); `say` puts one in words."""
        self._count += len(indexes)
        self.bad_rows[indexes] = True
        for index in indexes[:_SHOWN].tolist():
            number = int(self._row_numbers[index])
            self._told.append((number, self._order[column], f"row {number}, column {column}: {say(index)}"))

    def number(self, index: int) -> int:
        return int(self._row_numbers[index])

    def raise_if_any(self, path: Path) -> None:
        if not self._count:
            return
        told = [words for _, _, words in sorted(self._told)[:_SHOWN]]
        if self._count == 1:
            raise DefinitionError(f"{told[0]} (nothing was loaded)", file=str(path))
        if self._count > len(told):
            told.append(f"and {self._count - len(told):,} more")
        heading = f"{self._count:,} problems, nothing was loaded (row 1 is the first row below the header)"
        raise DefinitionError("\n  ".join([heading, *told]), file=str(path))


def _quote(column: Column, text: str) -> str:
    """A value as messages show it: shortened, in quotation marks, and never patient data."""
    if column.name in _PATIENT_COLUMNS:
        return "the value"
    return repr(text if len(text) <= 40 else text[:39] + "…")


# --- from bytes to columns of text ------------------------------------------------------------------


def _as_utf8(data: bytes, path: Path) -> bytes:
    """The content of a file in UTF-8, without byte order mark, ending with a line feed."""
    if data.startswith(b"PK"):
        raise DefinitionError(
            "this looks like an Excel workbook",
            file=str(path),
            advice="save the sheet as 'CSV UTF-8' in Excel and load that file",
        )
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            data = data.decode("cp1252").encode("utf-8")
        except UnicodeDecodeError:
            data = data.decode("latin-1").encode("utf-8")
    if b"\0" in data:
        raise DefinitionError(
            "it contains zero bytes, as 'Unicode text' (UTF-16) and binary files do, so it is not a CSV file in UTF-8",
            file=str(path),
            advice="save it as 'CSV UTF-8' and load that file",
        )
    data = data.lstrip(b"\r\n")
    if not data.strip():
        raise DefinitionError(
            "the file is empty, not even a header row is there",
            file=str(path),
            advice="start from a template: 'scrubjay init FOLDER' writes one for each registry",
        )
    return data if data.endswith((b"\n", b"\r")) else data + b"\n"


def _normal_name(header: str) -> str:
    """A header as our columns are written: 'Site ID' is site_id."""
    return re.sub(r"[\s-]+", "_", header.strip().lower())


def _separator(table: Table, first_line: str) -> str:
    """The separator that finds most known columns in the header, else most columns."""

    def fit(separator: str) -> tuple[int, int]:
        names = [_normal_name(name.strip().strip('"')) for name in first_line.split(separator)]
        return sum(name in table for name in names), len(names)

    return max((",", ";", "\t"), key=fit)


def _split(table: Table, data: bytes, path: Path, problems: _Problems) -> tuple[dict[str, pa.Array], NDArray[np.int64]]:
    """The known columns as trimmed text, blank as NULL, and the row numbers; blank rows are left out."""
    line_end = re.search(rb"[\r\n]", data)
    first_line = data[: line_end.start() if line_end else None].decode("utf-8")
    separator = _separator(table, first_line)
    left_out: list[int] = []

    def skip(row: Any) -> str:
        left_out.append(row.number - 1)
        if row.text.strip(separator + ' \t\r\n"'):
            name = {",": "comma", ";": "semicolon", "\t": "tab"}[separator]
            problems.ragged(
                row.number - 1,
                f"it has {row.actual_columns} values where the header has {row.expected_columns}; "
                f"a value that contains a {name} or a quotation mark needs quotation marks around it",
            )
        return "skip"

    try:
        everything = pa_csv.read_csv(
            pa.BufferReader(data),
            # one thread, or rows are not numbered; a row must fit into a block
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=2**22, autogenerate_column_names=True),
            parse_options=pa_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types={f"f{i}": pa.string() for i in range(first_line.count(separator) + 1)},
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowException:
        everything = None
    headers = [] if everything is None else [str(column[0]) for column in everything.columns]
    if everything is None or re.search("[\r\n]", "".join(headers)):
        # neither Arrow's own message nor such a header is quoted: they may hold rows, and with them patients
        raise DefinitionError(
            "the file cannot be split into rows and columns",
            file=str(path),
            advice="look for a quotation mark that is never closed, and for a line break inside a column name",
        )
    row_numbers = np.arange(1, everything.num_rows + len(left_out), dtype=np.int64)
    row_numbers = np.delete(row_numbers, np.array(left_out, dtype=np.int64) - 1)

    trimmed = [_trim(column.combine_chunks()[1:]) for column in everything.columns]
    texts = _name_columns(table, headers, trimmed, problems)
    is_filled = np.zeros(len(row_numbers), dtype=np.bool_)
    for text in trimmed:
        is_filled |= text.is_valid().to_numpy(zero_copy_only=False)
    if not is_filled.all():
        keep = pa.array(is_filled)
        texts = {name: text.filter(keep) for name, text in texts.items()}
        row_numbers = row_numbers[is_filled]
    problems.start(row_numbers)
    if b'"' in data and _count_line_ends(data) > everything.num_rows + len(left_out):
        texts = {name: _refuse_line_breaks(name, text, problems) for name, text in texts.items()}
    return texts, row_numbers


def _count_line_ends(data: bytes) -> int:
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def _refuse_line_breaks(name: str, text: pa.Array, problems: _Problems) -> pa.Array:
    """A text column without the values that go over several lines; each of them is a problem."""
    broken = pc.match_substring_regex(text, "[\r\n]").fill_null(False)
    problems.rows(
        name,
        np.flatnonzero(broken.to_numpy(zero_copy_only=False)),
        # the value may have swallowed the rows below it, so it is not quoted
        lambda _: "the value goes over several lines; write it on one, or close the quotation mark it begins with",
    )
    return pc.if_else(broken, pa.scalar(None, pa.string()), text)


def _trim(text: pa.Array) -> pa.Array:
    """A text column without white space around the values; NULL where nothing is left."""
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(pc.binary_length(text), 0), pa.scalar(None, pa.string()), text)


def _name_columns(table: Table, headers: list[str], texts: list[pa.Array], problems: _Problems) -> dict[str, pa.Array]:
    """The columns the table knows, by name; what is wrong with the header becomes problems."""
    names = [_normal_name(header) for header in headers]
    if not any(name in table for name in names):
        # the first row may be data, so it is not quoted
        problems.header(
            "the first row names no column of this registry; is the header row missing, or is this another file? "
            f"The columns are {_list_briefly(table.names)}"
        )
        return {}
    found: dict[str, pa.Array] = {}
    for position, (header, name, text) in enumerate(zip(headers, names, texts, strict=True), start=1):
        if not name:
            if text.null_count < len(text):
                problems.header(f"column {position} of the file has values but no name; name it or delete it")
        elif name in found:
            problems.header(
                f"the column {name} stands in the file twice (columns {names.index(name) + 1} and {position}); "
                "keep one of them"
            )
        elif name in table:
            found[name] = text
        else:
            unused = [known for known in table.names if known not in names]
            hint = near_miss(name, unused) or f" Delete it, or give it one of the names {_list_briefly(unused)}"
            problems.header(f"{header.strip()[:40]!r} is not a column of this registry.{hint}")
    for column in table.columns:
        if column.required and column.name not in found:
            problems.header(f"the column {column.name} is missing; every row needs it: {column.meaning}")
    if table.name == "encounters" and not _names_encounter(found):
        problems.header(
            "nothing says which encounter a row is about; add the column claim_id, or member_id and service_date"
        )
    return found


def _names_encounter(texts: dict[str, pa.Array]) -> bool:
    """Whether the columns of a file can say which encounter a row is about."""
    return "claim_id" in texts or {"member_id", "service_date"} <= texts.keys()


def _list_briefly(names: list[str] | tuple[str, ...]) -> str:
    if len(names) <= 10:
        return ", ".join(names)
    return f"{', '.join(names[:8])} and {len(names) - 8} more, all listed in the workspace's README.md"


# --- from text to values ----------------------------------------------------------------------------


def _convert(table: Table, column: Column, text: pa.Array | None, problems: _Problems) -> pa.Array:
    """One column in its type; a value that does not fit is a problem, and NULL.

    Each different value is converted once, in Python; the rows are then filled from these.
    """
    arrow_type = arrow_schema(table).field(column.name).type
    if text is None or (text.null_count == len(text) and not column.required):
        return pa.nulls(len(problems.bad_rows), arrow_type)
    if column.required:
        blank = text.is_null().to_numpy(zero_copy_only=False) & ~problems.bad_rows
        problems.rows(
            column.name, np.flatnonzero(blank), lambda _: f"it is blank, and every row needs it: {column.meaning}"
        )
    parse = _parser(column)
    if parse is None:
        return text
    if column.type == "timestamp" and (quick := _cast_iso_timestamps(text)) is not None:
        return quick

    encoded = text.dictionary_encode()
    words: list[str] = encoded.dictionary.to_pylist()
    values: list[object] = []
    complaints: dict[int, str] = {}
    for position, word in enumerate(words):
        try:
            values.append(parse(word))
        except _RefusedError as refusal:
            values.append(None)
            complaints[position] = f"{_quote(column, word)} {refusal}{_blank_hint(column)}"
    if complaints:
        positions = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        refused = np.flatnonzero(np.isin(positions, np.array(list(complaints))))
        problems.rows(column.name, refused, lambda index: complaints[int(positions[index])])
    return pa.array(values, type=arrow_type).take(encoded.indices)


class _RefusedError(Exception):
    """A value does not fit its column; the text says why, and what to write."""


def _parser(column: Column) -> Callable[[str], object] | None:
    """What turns the text of one value into its value, or None where any text will do."""
    parse: Callable[[str], object] | None = None
    if column.allowed:
        parse = partial(_parse_allowed, column)
    elif column.check:
        parse = {"npi": _parse_npi, "state": _parse_state, "zip": _parse_zip}[column.check]
    elif column.type in ("decimal", "amount"):
        parse = partial(_parse_decimal, column)
    elif column.type == "date":
        parse = partial(_parse_date, column)
    elif column.type != "text":
        parse = {"integer": _parse_integer, "boolean": _parse_boolean, "timestamp": _parse_timestamp}[column.type]
    if not column.takes_none:
        return parse
    none = KNOWN_NONE if column.type == "date" else "none"
    return lambda word: none if word.lower() == "none" else parse(word) if parse else word


def _blank_hint(column: Column) -> str:
    """What a blank means in this column, for the end of a message."""
    if column.required:
        return ""
    if column.takes_none:
        return " ('none' if there is none, blank if not known)"
    said = re.search(r"blank: [^,;]+", column.meaning)
    return f" ({said[0]})" if said else " (blank if not known)"


def _parse_boolean(word: str) -> bool:
    truth = _TRUTHS.get(word.lower())
    if truth is None:
        raise _RefusedError("is neither true nor false; write true, false, yes, no, 1 or 0")
    return truth


def _parse_integer(word: str) -> int:
    whole = re.fullmatch(r"(\d{1,18})(\.0+)?", word, re.ASCII)
    if not whole:
        raise _RefusedError("is not a whole number; write digits only")
    return int(whole[1])


def _parse_decimal(column: Column, word: str) -> Decimal:
    is_distance = column.name.endswith("_yards")
    unit = ""
    if is_distance and (found := _UNIT.fullmatch(word)):
        word, unit = found[1], found[2].lower()
    if not _DECIMAL.fullmatch(word):
        how = "such as 228.6, without unit or thousands separator"
        if is_distance:
            how = "in yards, or in metres with m behind it (228.6 m), without thousands separator"
        raise _RefusedError(f"is not a number; write digits with a decimal point, {how}")
    number = Decimal(word)
    places = 2 if column.type == "amount" else 4
    if number != round(number, places):
        raise _RefusedError(f"has more than {places} decimals; round it yourself, as it may decide a claim")
    lowest, highest = _RANGES.get(column.name, (None, None))
    if highest is not None and number > highest:
        raise _RefusedError(f"is more than {highest}; write a share of the whole, such as 0.6 for 60 percent")
    if lowest is not None and number < lowest:
        raise _RefusedError(f"is less than {lowest}; check the sign")
    if is_distance and number >= 10**7:
        raise _RefusedError("is a distance no one can mean; check its decimal point and its unit")
    return round(number / _METRES_PER_YARD, places) if unit.startswith("m") else number


def _parse_date(column: Column, word: str) -> date:
    day = _date_or_none(word)
    if day is None:
        raise _RefusedError("is not a date; write YYYY-MM-DD, such as 2024-03-05 (M/D/YYYY is read too, month first)")
    if not 1900 <= day.year < 2200 and not (day == KNOWN_NONE and column.name.endswith("_to")):
        raise _RefusedError("is a date no one can mean; write the year between 1900 and 2199")
    return day


def _date_or_none(word: str) -> date | None:
    try:
        if found := _ISO_DATE.fullmatch(word):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _US_DATE.fullmatch(word):
            return date(int(found[3]), int(found[1]), int(found[2]))
    except ValueError:
        pass  # the 30th of February
    return None


def _parse_timestamp(word: str) -> datetime:
    found = _TIMESTAMP.fullmatch(word)
    day = _date_or_none(found[1]) if found else None
    try:
        if found and day and 1900 <= day.year < 2200:
            return datetime(day.year, day.month, day.day, int(found[2] or 0), int(found[3] or 0), int(found[4] or 0))
    except ValueError:
        pass  # 25:00
    raise _RefusedError(
        "is not a date, or a date and time; write 2024-03-05 or 2024-03-05T14:30, in local time without a zone"
    )


def _cast_iso_timestamps(text: pa.Array) -> pa.Array | None:
    """A column of ISO dates and times in one step, or None where a value needs a closer look."""
    if not pc.all(pc.match_substring_regex(text, _ISO_TIMESTAMP)).as_py():
        return None
    try:
        times = pc.cast(text, pa.timestamp("us"))
    except pa.ArrowInvalid:
        return None
    years = pc.min_max(pc.year(times)).as_py()
    return times if years["min"] is None or (years["min"] >= 1900 and years["max"] < 2200) else None


def _parse_allowed(column: Column, word: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", re.sub("['\u2019]", "", word.lower())).strip("_")
    name = _ALIASES.get(column.name, {}).get(name, name)
    if name not in column.allowed:
        raise _RefusedError(
            f"is not one of {', '.join(column.allowed)}.{near_miss(name, list(column.allowed))}".rstrip(".")
        )
    return name


def _parse_npi(word: str) -> str:
    if is_valid_npi(word):
        return word
    if re.fullmatch(r"\d(\.\d+)?E\+?\d+", word, re.ASCII | re.IGNORECASE):
        raise _RefusedError("is a number cut short by a spreadsheet; format the column as text and write all 10 digits")
    if not re.fullmatch(r"\d{10}", word, re.ASCII):
        raise _RefusedError("is not an NPI; write its 10 digits, nothing else")
    raise _RefusedError(
        "is not an NPI: its check digit does not fit, so a digit is mistyped or two are swapped; see NPPES"
    )


def _parse_state(word: str) -> str:
    state = word.upper()
    if state not in _STATES:
        raise _RefusedError("is not a US state or territory; write its two letters, such as CA")
    return state


def _parse_zip(word: str) -> str:
    found = re.fullmatch(r"(\d{5})-?(\d{4})?", word, re.ASCII)
    if found and (found[2] or "-" not in word):
        return found[1] + (found[2] or "")
    if re.fullmatch(r"\d{3,4}|\d{7,8}", word, re.ASCII):
        raise _RefusedError(
            "is not a ZIP code; write 5 or 9 digits. Spreadsheets drop zeros in front: format the column as text"
        )
    raise _RefusedError("is not a ZIP code; write 5 or 9 digits, such as 02139 or 02139-4307")


def _fill_admission_time_known(rows: pa.Table, admitted: pa.Array) -> pa.Table:
    """The rows with is_admission_time_known taken from admitted_at where nobody says otherwise."""
    name = "is_admission_time_known"
    known = pc.coalesce(rows[name], pc.match_substring(admitted, ":"))
    return rows.set_column(rows.schema.get_field_index(name), name, known)


# --- rows against each other ------------------------------------------------------------------------


def _check_periods(table: Table, rows: pa.Table, problems: _Problems) -> None:
    """No period ends before it begins; times are compared by their day, as the hour may not be known."""

    def word(name: str, index: int) -> str:
        value = rows[name][index].as_py()
        return "none" if value == KNOWN_NONE and table[name].takes_none else str(value)

    def say(first: str, last: str, index: int) -> str:
        return f"{word(last, index)!r} is before {first} {word(first, index)!r}; check which of the two is right"

    for first, last in _PERIODS:
        if first in table:
            first_days, last_days = (rows[name].cast(pa.date32(), safe=False) for name in (first, last))
            backwards = pc.greater(first_days, last_days).fill_null(False).to_numpy()
            problems.rows(last, np.flatnonzero(backwards), partial(say, first, last))


def _check_contradictions(table: Table, rows: pa.Table, problems: _Problems) -> None:
    """No column says what another one rules out."""

    def say(name: str, index: int, other: str) -> str:
        shown = [
            "none" if value == KNOWN_NONE else str(value).lower()
            for value in (rows[name][index].as_py(), rows[other][index].as_py())
        ]
        return f"{shown[0]!r} and {other} {shown[1]!r} contradict each other; check which of the two is right"

    for name, value, other, ruled_out in _CONTRADICTIONS:
        if name in table:
            said = rows[name].is_valid() if value is None else pc.equal(rows[name], value)
            both = pc.and_(said, pc.equal(rows[other], pa.scalar(ruled_out))).fill_null(False)
            problems.rows(name, np.flatnonzero(both.to_numpy()), partial(say, name, other=other))


def _check_overlaps(key: str, rows: pa.Table, problems: _Problems) -> None:
    """No two rows hold for the same key on the same day; rows with another problem are left out."""
    names = rows[key].combine_chunks().dictionary_encode()
    codes = names.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    first = rows["effective_from"].cast(pa.int32()).fill_null(np.iinfo(np.int32).min).to_numpy()
    last = rows["effective_to"].cast(pa.int32()).fill_null(np.iinfo(np.int32).max).to_numpy()
    order = np.lexsort((first, codes))
    order = order[(codes[order] >= 0) & ~problems.bad_rows[order]]
    here, after = order[:-1], order[1:]
    if not np.any((codes[here] == codes[after]) & (first[after] <= last[here])):
        return

    overlapped: dict[int, int] = {}
    longest = int(order[0])  # of the rows of this key so far, the one that ends last
    for index in after.tolist():
        if codes[index] == codes[longest] and first[index] <= last[longest]:
            overlapped[index] = longest
        if codes[index] != codes[longest] or last[index] > last[longest]:
            longest = index

    def say(index: int) -> str:
        other, day = overlapped[index], rows["effective_from"][index].as_py()
        when = f"on {day}" if day else "from the beginning"
        return (
            f"row {problems.number(other)} holds for {key} {rows[key][index].as_py()!r} {when} too; end the earlier "
            "one (effective_to) the day before the later one begins, or delete one"
        )

    problems.rows("effective_from", np.array(sorted(overlapped), dtype=np.int64), say)


def _check_encounters(rows: pa.Table, problems: _Problems) -> pa.Table:
    """The encounters, each once; a row without a key, or two that disagree, are problems."""
    has_claim = rows["claim_id"].is_valid()
    has_member = pc.and_(rows["member_id"].is_valid(), rows["service_date"].is_valid())
    has_key = pc.or_(has_claim, has_member).to_numpy()
    problems.rows(
        "claim_id",
        np.flatnonzero(~has_key & ~problems.bad_rows),
        lambda _: "nothing says which encounter this is; give claim_id, or member_id and service_date",
    )
    stray = pc.and_(rows["line_number"].is_valid(), pc.invert(has_claim)).to_numpy()
    problems.rows(
        "line_number",
        np.flatnonzero(stray & ~problems.bad_rows),
        lambda _: "a line number says nothing without its claim; give claim_id too, or leave it blank",
    )

    nothing = pa.scalar(None)
    by_claim, by_member = ("claim_id", "line_number"), ("member_id", "service_date", "site_id")
    keys = pa.table(
        {
            **{name: pc.if_else(has_claim, rows[name], nothing) for name in by_claim},
            **{name: pc.if_else(has_claim, nothing, rows[name]) for name in by_member},
            "index": np.arange(rows.num_rows),
        }
    )
    good = np.flatnonzero(has_key & ~problems.bad_rows)
    several = _groups_of_several(keys.take(pa.array(good)), [*by_claim, *by_member])
    if not several:
        return rows

    # rows that repeat another one word for word are left out; what then still shares a key disagrees
    candidates = np.concatenate(several)
    content = rows.take(pa.array(candidates)).drop_columns("row_number").append_column("index", pa.array(candidates))
    repeated = [indexes[1:] for indexes in _groups_of_several(content, list(content.column_names[:-1]))]
    is_kept = np.ones(rows.num_rows, dtype=np.bool_)
    if repeated:
        is_kept[np.concatenate(repeated)] = False
    conflicts = {
        index: int(kept[0])
        for indexes in several
        if len(kept := indexes[is_kept[indexes]]) > 1
        for index in kept[1:].tolist()
    }

    def say(index: int) -> str:
        other = conflicts[index]
        mine, theirs = rows.slice(index, 1).to_pylist()[0], rows.slice(other, 1).to_pylist()[0]
        differing = [name for name in mine if mine[name] != theirs[name] and name != "row_number"]
        if mine["claim_id"] is None:
            same = "the same member_id, service_date and site_id"
        else:
            line = mine["line_number"]
            same = f"claim_id {mine['claim_id']!r}, {'all lines' if line is None else f'line_number {line}'}"
        return (
            f"row {problems.number(other)} is about {same}, too, and says otherwise ({_list_differing(differing)}); "
            "keep the one that is right"
        )

    problems.rows("claim_id", np.array(sorted(conflicts), dtype=np.int64), say)
    return rows.filter(pa.array(is_kept)) if repeated else rows


def _list_differing(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _groups_of_several(table: pa.Table, names: list[str]) -> list[NDArray[np.int64]]:
    """The values of `index` of the rows that are equal in `names`, ascending, where there are two or more."""
    counts = table.group_by(names).aggregate([("index", "count")])["index_count"]
    if not pc.any(pc.greater(counts, 1)).as_py():
        return []
    lists = table.group_by(names).aggregate([("index", "list")])["index_list"].combine_chunks()
    lengths = pc.list_value_length(lists)
    return [np.sort(np.array(each)) for each in lists.filter(pc.greater(lengths, 1)).to_pylist()]


# --- in words ---------------------------------------------------------------------------------------


def _needed_at(column: Column) -> str:
    """Which sites need a column."""
    if column.matters_to == HOSPITAL_SPACE:
        return "hospital space only"
    return "only at " + ", ".join(f"`{site_type}`" for site_type in column.matters_to)


def _what_to_write(column: Column) -> str:
    """The type of a column for someone who fills it in."""
    if column.allowed:
        return "one of " + ", ".join(f"`{value}`" for value in column.allowed)
    by_check = {"npi": "10 digits", "state": "two letters", "zip": "5 or 9 digits"}
    by_type = {
        "text": "text",
        "integer": "whole number",
        "decimal": "number, up to 4 decimals",
        "amount": "US dollars",
        "date": "date, YYYY-MM-DD",
        "timestamp": "date, or date and time: 2024-03-05T14:30",
        "boolean": "`true` or `false`",
    }
    what = by_check[column.check] if column.check else by_type[column.type]
    if column.name.endswith("_yards"):
        what += ", in yards (in metres: `228.6 m`)"
    return what + (", or `none`" if column.takes_none else "")
