"""Claims out of delimited text and Parquet: one row of the file is one service line.

Read are Scrubjay's own columns (the names of ``tables.CLAIMS``, ``PROFESSIONAL_LINES`` and
``INSTITUTIONAL_LINES`` side by side), the usual headers of billing exports, the Tuva
``medical_claim`` layout, and the carrier, outpatient and inpatient layouts of the CMS RIF. What a
file is, is told from its content, never from its name.

Where a claim and its lines share a column, the row's value is the line's: place of service, charge,
service facility, site, rendering and supervising provider. The claim's own are called
``claim_place_of_service_code`` and ``claim_charge_amount``. An institutional line has no service
facility, site or provider: there they are the claim's.

Nothing is lost in silence: each data row becomes a service line or is reported, and each cell that
does not convert is NULL and reported. Row 1 is the first data row; an empty line counts as a row, as
it does in a spreadsheet. Cells are converted once per *different* value of a column, not per row.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from scrubjay.errors import UsageError, near_miss
from scrubjay.formats.layouts import (
    CLAIM_ONLY,
    COLUMNS,
    EXPORT,
    LAYOUTS,
    SHARED,
    SYNONYMS,
    TUVA,
    TYPES,
    Layout,
    plain_header,
    words,
)
from scrubjay.tables import CLAIMS, INSTITUTIONAL_LINES, PROFESSIONAL_LINES, Table, arrow_schema

Problem = dict[str, Any]
Converted = tuple[object, str | None]  # the value, and the name of a note about it

PROBLEM_ROWS = 20  # of one kind and column; the rest is counted
_LOOK_AHEAD = 200  # lines a quoted cell may span when quotation marks do not pair up
_BLANKS = " \t\r\n\v\f\0\u00a0\ufeff"


@dataclass(frozen=True, slots=True)
class DelimitedFile:
    """The claims of one file, their service lines, and what could not be read.

    ``rows`` counts the data rows; ``unread_rows`` those among them that are no service line, each
    of them told in ``problems`` (by itself or in a count). The others are the lines.
    """

    kind: str
    claims: pa.Table
    professional_lines: pa.Table
    institutional_lines: pa.Table
    problems: list[Problem]
    rows: int = 0
    unread_rows: int = 0


def read_delimited(
    path: Path,
    file_id: int,
    first_claim_key: int,
    head: bytes,
    column_map: Mapping[str, str] | None = None,
) -> DelimitedFile | None:
    """The claims of a CSV or Parquet file, or None if it is not a table of claims.

    ``head`` is the beginning of the file (64 KiB). ``column_map`` gives the column for a header of
    the file and wins over everything; an empty column leaves the header unread. It is shared by the
    files of an organisation, so a header that this file does not have is no fault. A column
    Scrubjay does not know raises UsageError. No content of the file raises.
    """
    chosen = _checked_map(column_map or {})
    if head.startswith(b"PAR1"):
        return _read_parquet(path, file_id, first_claim_key, chosen)
    form = _sniff(head, chosen)
    if form is None:
        return None
    mapping = _map_header(form.header, chosen)
    if mapping.missing:
        return _refused(mapping, "csv")
    rows, problems = _split(path, form, mapping)
    return _assemble(rows, mapping, mapping.layout.kind or "csv", file_id, first_claim_key, problems)


# --- the header ---------------------------------------------------------------------------------------

_NEEDED: tuple[tuple[str, ...], ...] = (  # what makes a table a table of claims: one of each
    ("claim_id",),
    ("procedure_code", "revenue_code"),
    ("service_date", "place_of_service_code", "claim_place_of_service_code", "statement_from_date"),
)


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """Which cell of a row is which column."""

    layout: Layout
    cells: dict[str, int]  # our column -> position in the row
    headers: dict[str, str]  # our column -> header as it stands in the file
    missing: list[tuple[str, ...]]
    problems: list[Problem]

    @property
    def is_claims(self) -> bool:
        """At most one of the needed columns is missing."""
        return len(self.missing) <= 1


def _checked_map(column_map: Mapping[str, str]) -> dict[str, str]:
    for header, column in column_map.items():
        if column and column not in COLUMNS:
            raise UsageError(
                f"The column map gives {header!r} the column {column!r}, which Scrubjay does not have."
                f"{near_miss(column, list(COLUMNS))}"
            )
    return dict(column_map)


def _map_header(header: list[str], column_map: Mapping[str, str]) -> HeaderMap:
    """Where each of our columns stands: by the column map, by our own name, then by synonym."""
    plain = [plain_header(name) for name in header]
    layout = next((each for each in LAYOUTS if each.recognised_by <= set(plain)), EXPORT)
    exact = {_tidy(name): column for name, column in column_map.items()}
    loose = {plain_header(name): column for name, column in column_map.items()}
    wanted: list[tuple[int, int, str]] = []  # rank, position, column
    unused: list[str] = []
    for position, name in enumerate(header):
        chosen = exact.get(_tidy(name), loose.get(plain[position]))
        if chosen:
            wanted.append((0, position, chosen))
        elif chosen is None and layout is EXPORT and _tidy(name) in COLUMNS:
            wanted.append((1, position, _tidy(name)))
        elif chosen is None and plain[position] in layout.columns:
            wanted.append((2, position, layout.columns[plain[position]]))
        elif plain[position]:
            unused.append(_tidy(name))
    cells: dict[str, int] = {}
    problems: list[Problem] = []
    for _, position, column in sorted(wanted):
        if column not in cells:
            cells[column] = position
            continue
        first, second = _tidy(header[cells[column]]), _tidy(header[position])
        problems.append(
            _problem(
                "warning",
                "column-mapped-twice",
                f"The columns {first!r} and {second!r} both stand for {column}. {first!r} is read, {second!r} is not.",
                f"If {second!r} is the right one, say so under [columns] in scrubjay.toml: {second!r} = {column!r}.",
                element=second,
            )
        )
    if unused:
        shown = ", ".join(repr(name[:60]) for name in unused[:10])
        more = f" and {len(unused) - 10} more" if len(unused) > 10 else ""
        problems.append(
            _problem(
                "info",
                "columns-not-used",
                f"{len(unused)} columns of the file are not used: {shown}{more}.",
                "Nothing to do, unless one of them belongs to a claim: then name it under [columns] in scrubjay.toml.",
            )
        )
    known = set(cells) | set(layout.always)
    missing = [group for group in _NEEDED if not known & set(group)]
    return HeaderMap(layout, cells, {c: _tidy(header[p]) for c, p in cells.items()}, missing, problems)


def _tidy(name: str) -> str:
    return name.strip(_BLANKS)


def _refused(mapping: HeaderMap, kind: str) -> DelimitedFile | None:
    """No rows and an error naming the missing column; None when too little speaks for claims."""
    if not mapping.is_claims:
        return None
    group = mapping.missing[0]
    looked_for = [word for column in group for word in (column, *SYNONYMS.get(column, ())[:6])]
    problem = _problem(
        "error",
        "column-missing",
        f"The file looks like claims, but no column is known to hold the {' or '.join(_said(c) for c in group)}. "
        f"Looked for, without regard to case and punctuation: {', '.join(looked_for)}. Nothing was read.",
        f'Name the column under [columns] in scrubjay.toml: "header in the file" = "{group[0]}".',
        element=group[0],
    )
    return _nothing(mapping.layout.kind or kind, [problem, *mapping.problems])


def _said(column: str) -> str:
    return column.replace("_", " ")


def _nothing(kind: str, problems: list[Problem]) -> DelimitedFile:
    claims, professional, institutional = (
        arrow_schema(table).empty_table() for table in (CLAIMS, PROFESSIONAL_LINES, INSTITUTIONAL_LINES)
    )
    return DelimitedFile(kind, claims, professional, institutional, problems)


# --- from bytes to rows of text -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Form:
    """How the text is written: delimiter, lines before the first data row, header, cells in a row."""

    delimiter: str
    skip: int
    header: list[str]
    width: int
    is_utf16: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as text: one array for each of our columns, and the number of each row in the file."""

    numbers: np.ndarray[Any, np.dtype[np.int64]]
    columns: dict[str, pa.Array]
    total: int  # rows of the file


def _sniff(head: bytes, column_map: Mapping[str, str]) -> Form | None:
    """The delimiter under which the header names most of our columns; None if it is not a claims table."""
    is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = head.decode("utf-16" if is_utf16 else "utf-8-sig", errors="ignore" if is_utf16 else "strict")
    except UnicodeDecodeError as error:
        cut = error.start >= len(head) - 4  # the 64 KiB end inside a character
        text = head.decode("utf-8-sig" if cut else "latin-1", errors="ignore")
    declared = re.match(r"sep=(.)\r?\n", text)  # how spreadsheets name the delimiter
    best: Form | None = None
    best_score = (0, 0)
    for delimiter in declared.group(1) if declared else ",|\t;":
        form = _form(text, delimiter, bool(declared), is_utf16)
        if form is None:
            continue
        mapping = _map_header(form.header, column_map)
        score = (len(mapping.cells), len(form.header))
        if mapping.is_claims and score > best_score:
            best, best_score = form, score
    return best


def _form(text: str, delimiter: str, is_declared: bool, is_utf16: bool) -> Form | None:
    lines = io.StringIO(text, newline="")
    if is_declared:
        lines.readline()
    try:
        reader = csv.reader(lines, delimiter=delimiter)
        header = next((row for row in reader if any(cell.strip(_BLANKS) for cell in row)), None)
        if header is None or len(header) < 2:
            return None
        skip = reader.line_num + is_declared
        first = next((row for row in reader if row), header)
    except (csv.Error, TypeError, ValueError):
        return None
    # Some programs end every row, or the header alone, with a delimiter.
    width, shorter = max(len(header), len(first)), min(len(header), len(first))
    longer = first if len(first) > len(header) else header
    if any(cell.strip(_BLANKS) for cell in longer[shorter:]):
        width = len(header)
    elif longer is header:
        width = len(first)
    return Form(delimiter, skip, header, width, is_utf16)


@dataclass(frozen=True, slots=True)
class _Count:
    encoding: str
    lines: int
    has_quotes: bool
    nuls: int


def _count(path: Path, is_utf16: bool) -> _Count:
    """What one pass over the bytes tells: UTF-8 or not, lines, quotation marks, NULs."""
    newlines = returns = nuls = 0
    has_quotes, is_utf8, last = False, True, b"\n"
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            newlines += chunk.count(b"\n")
            returns += chunk.count(b"\r")
            nuls += chunk.count(b"\0")
            has_quotes = has_quotes or b'"' in chunk
            last = chunk[-1:]
            if is_utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    lines = (newlines or returns) + (last not in b"\r\n")
    if is_utf16:
        return _Count("utf-16", lines, True, 0)
    return _Count("utf-8-sig" if is_utf8 else "latin-1", lines, has_quotes, nuls)


def _split(path: Path, form: Form, mapping: HeaderMap) -> tuple[Rows, list[Problem]]:
    """The rows of the file as text, and a problem for each row that cannot be split."""
    counted = _count(path, form.is_utf16)
    problems: list[Problem] = []
    if counted.encoding == "latin-1":
        problems.append(
            _problem(
                "info",
                "not-utf-8",
                "The file is not UTF-8. It was read as Latin-1.",
                "If names come out wrong, save the file as 'CSV UTF-8'.",
            )
        )
    if counted.nuls:
        problems.append(
            _problem(
                "warning",
                "nul-bytes",
                f"The file holds {counted.nuls:,} NUL bytes. At the ends of a cell they count as blanks.",
                "Have the export written again; NUL bytes come from a damaged or padded file.",
            )
        )
    split = None if form.is_utf16 else _split_fast(path, form, mapping, counted)
    rows, ragged = split or _split_carefully(path, form, mapping, counted.encoding)
    _report(
        problems,
        _Note(
            "row-not-split",
            "error",
            "",
            "Look for a delimiter or a quotation mark inside a cell of this row; such a cell must be quoted.",
        ),
        [
            (number, None, f"Row {number:,} has {width:,} cells, the header has {form.width:,}. The row is not read.")
            for number, width in ragged[:PROBLEM_ROWS]
        ],
        len(ragged),
        None,
    )
    return rows, [*problems, *mapping.problems]


def _split_fast(
    path: Path, form: Form, mapping: HeaderMap, counted: _Count
) -> tuple[Rows, list[tuple[int, int]]] | None:
    """The rows as the Arrow reader splits them; None where a quotation mark may have swallowed rows."""
    ragged: list[tuple[int, int]] = []

    def keep(row: Any) -> str:
        ragged.append((row.number - form.skip, row.actual_columns))
        return "skip"

    names = [f"c{position}" for position in range(form.width)]
    wanted = {column: names[position] for column, position in mapping.cells.items() if position < form.width}
    try:
        table = pyarrow.csv.read_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False,  # row numbers are known to a single thread only
                column_names=names,
                skip_rows=form.skip,
                encoding="utf8" if counted.encoding == "utf-8-sig" else counted.encoding,
                block_size=1 << 23,
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=form.delimiter,
                newlines_in_values=counted.has_quotes,
                ignore_empty_lines=False,
                invalid_row_handler=keep,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=list(wanted.values()),
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, ValueError):
        return None
    total = table.num_rows + len(ragged)
    if counted.has_quotes and total != counted.lines - form.skip:
        return None
    numbers = np.arange(1, total + 1, dtype=np.int64)
    if ragged:
        numbers = np.delete(numbers, [number - 1 for number, _ in ragged])
    columns = {column: _one_array(table.column(name)) for column, name in wanted.items()}
    return Rows(numbers, columns, total), ragged


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    """The column as one dictionary array: each different text once, and its number in each row."""
    encoded = column.dictionary_encode().unify_dictionaries()
    if encoded.num_chunks == 0:
        return pa.array([], pa.string()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(
        pa.concat_arrays([chunk.indices for chunk in encoded.chunks]), encoded.chunk(0).dictionary
    )


def _split_carefully(path: Path, form: Form, mapping: HeaderMap, encoding: str) -> tuple[Rows, list[tuple[int, int]]]:
    """The rows where quoted cells span lines or quotation marks do not pair up; slower, and loses least."""
    wanted = {column: position for column, position in mapping.cells.items() if position < form.width}
    parts: dict[str, list[pa.Array]] = {column: [] for column in wanted}
    numbers: list[int] = []
    ragged: list[tuple[int, int]] = []
    total = 0
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        for _ in range(form.skip):
            stream.readline()
        cells_of_rows = _cells(stream, form)
        while batch := list(islice(cells_of_rows, 50_000)):
            good: list[list[str]] = []
            for cells in batch:
                total += 1
                if len(cells) == form.width:
                    good.append(cells)
                    numbers.append(total)
                elif len(cells) <= 1 and not "".join(cells).strip(_BLANKS):  # an empty line
                    good.append([""] * form.width)
                    numbers.append(total)
                else:
                    ragged.append((total, len(cells)))
            for column, position in wanted.items():
                parts[column].append(pa.array([cells[position] for cells in good], pa.string()))
    columns = {column: _one_array(pa.chunked_array(arrays, pa.string())) for column, arrays in parts.items()}
    return Rows(np.array(numbers, dtype=np.int64), columns, total), ragged


def _cells(stream: Iterable[str], form: Form) -> Iterator[list[str]]:
    """The cells of each row. A quotation mark that is never closed spoils its own line only."""
    lines = iter(stream)
    waiting: deque[str] = deque()
    while True:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        if '"' not in line:
            yield line.rstrip("\r\n").split(form.delimiter)
            continue
        cells, is_open = _parse(line, form.delimiter)
        if is_open:
            text = line
            for count in range(1, _LOOK_AHEAD + 1):
                if len(waiting) < count:
                    following = next(lines, None)
                    if following is None:
                        break
                    waiting.append(following)
                text += waiting[count - 1]
                if '"' not in waiting[count - 1]:
                    continue
                joined, is_open = _parse(text, form.delimiter)
                if is_open:
                    continue
                if joined is not None and len(joined) == form.width and not _holds_a_row(joined, form):
                    cells = joined
                    for _ in range(count):
                        waiting.popleft()
                break
        yield cells if cells is not None else _parse_loosely(line, form.delimiter)


def _parse(text: str, delimiter: str) -> tuple[list[str] | None, bool]:
    """The cells of a well-formed row, else None; and whether a quoted cell is still open at its end."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), []), False
    except csv.Error as error:
        return None, "unexpected end" in str(error)


def _holds_a_row(cells: list[str], form: Form) -> bool:
    """Whether a line inside a cell has the delimiters of a whole row: two stray quotation marks, not a cell."""
    inside = (line for cell in cells if "\n" in cell or "\r" in cell for line in re.split(r"[\r\n]+", cell))
    return any(line.count(form.delimiter) >= form.width - 1 for line in inside)


def _parse_loosely(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error:  # a cell longer than the csv module takes
        return line.rstrip("\r\n").split(delimiter)


def _read_parquet(
    path: Path, file_id: int, first_claim_key: int, column_map: Mapping[str, str]
) -> DelimitedFile | None:
    """The claims of a Parquet file; an error problem when it is broken."""
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            header = list(file.schema_arrow.names)
            mapping = _map_header(header, column_map)
            if mapping.missing:
                return _refused(mapping, "parquet")
            table = file.read(columns=[header[position] for position in mapping.cells.values()])
        columns = {
            column: _one_array(_as_text(table.column(table.schema.get_all_field_indices(header[position])[0])))
            for column, position in mapping.cells.items()
        }
    # pyarrow raises any of these for damage; NotImplementedError for an encoding it does not have
    except (pa.ArrowException, OSError, ValueError, KeyError, IndexError, TypeError, NotImplementedError):
        problem = _problem(
            "error",
            "parquet-not-read",
            "The file begins like Parquet but is damaged, cut off or encrypted. Nothing was read.",
            "Copy or export the file again.",
        )
        return _nothing("parquet", [problem])
    numbers = np.arange(1, table.num_rows + 1, dtype=np.int64)
    rows = Rows(numbers, columns, table.num_rows)
    return _assemble(rows, mapping, mapping.layout.kind or "parquet", file_id, first_claim_key, list(mapping.problems))


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as text, as a CSV of it would have it."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if (
        pa.types.is_string(kind)
        or pa.types.is_date(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_large_string(kind)
    ):
        return column.cast(pa.string())
    if pa.types.is_floating(kind):
        whole = pc.if_else(pc.is_finite(column), column, None)
        try:  # whole numbers, kept as floating point only because some rows are empty
            return whole.cast(pa.int64()).cast(pa.string())
        except pa.ArrowInvalid:
            return pa.chunked_array(
                [pa.array([None if v is None else repr(v) for v in whole.to_pylist()], pa.string())]
            )
    texts = [_value_as_text(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _value_as_text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, list):
        return " ".join(str(each) for each in value if each is not None)
    return str(value)


# --- from text to values ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Note:
    """A kind of problem that many cells may have. The message is filled with what, value and row."""

    name: str
    severity: str
    message: str
    advice: str
    limit: int = PROBLEM_ROWS


_AS_TEXT_ADVICE = "In the spreadsheet, format the column as text before the codes are entered, and export again."
_NOTES = {
    note.name: note
    for note in (
        _Note(
            "date-not-read", "error", "{what} is {value}, which is not a date. It is left empty.", "Write 2026-03-10."
        ),
        _Note(
            "birth-year-two-digits",
            "warning",
            "{what} has a year of two digits, which may mean either century. It is left empty.",
            "Export dates of birth with four digits of the year.",
        ),
        _Note(
            "amount-not-read",
            "error",
            "{what} is {value}, which is not an amount. It is left empty.",
            "Write 1234.56, with a decimal point.",
        ),
        _Note(
            "amount-rounded",
            "warning",
            "{what} is {value}. It is rounded to the cent.",
            "Export amounts with two decimals.",
        ),
        _Note(
            "number-rounded",
            "warning",
            "{what} is {value}. It is rounded to four decimals.",
            "Export it with four decimals at most.",
        ),
        _Note(
            "number-not-read", "error", "{what} is {value}, which is not a number. It is left empty.", "Write a number."
        ),
        _Note(
            "scientific-notation",
            "error",
            "{what} is {value}: a spreadsheet has rounded the number, and its digits are lost. It is left empty.",
            _AS_TEXT_ADVICE,
        ),
        _Note(
            "identifier-rounded",
            "error",
            "{what} is a number a spreadsheet has rounded, such as 1.23457E+09: different ones may look the same. "
            "It is kept as it stands.",
            _AS_TEXT_ADVICE,
        ),
        _Note(
            "spreadsheet-decimal",
            "warning",
            "{what} is {value}: a spreadsheet made a number of the code. It is read without the decimals.",
            _AS_TEXT_ADVICE,
        ),
        _Note(
            "leading-zero-lost",
            "warning",
            "{what} is {value}. A spreadsheet may have dropped a leading zero: 01 becomes 1. It is kept as it stands.",
            _AS_TEXT_ADVICE,
        ),
        _Note(
            "claim-type-not-known",
            "warning",
            "{what} is {value}. Whether the row is professional or institutional is told from its revenue code and "
            "type of bill.",
            "Write professional or institutional.",
        ),
        _Note(
            "claim-form-not-known",
            "warning",
            "{what} is {value}, which is neither paper nor electronic. It is left empty.",
            "Write paper or electronic.",
        ),
        _Note("null-word", "info", "{what} says {value} in words. It is read as empty.", "Nothing to do.", 1),
    )
}

_MONTHS = {name: number for number, name in enumerate(words("jan feb mar apr may jun jul aug sep oct nov dec"), 1)}
_TIME = r"(?:[ T]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?(?:Z|[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})" + _TIME, re.ASCII)
_MONTH_FIRST = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4}|\d{2})" + _TIME, re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0+)?", re.ASCII)
_MONTH_NAME = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})[- ](\d{4}|\d{2})" + _TIME, re.ASCII)
_AMOUNT = re.compile(r"\$?(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?", re.ASCII)
_WHOLE = re.compile(r"(-?\d{1,18})(?:\.0*)?", re.ASCII)
_DECIMAL_ZERO = re.compile(r"(\d+)\.0*", re.ASCII)
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+", re.ASCII)
_ROUNDED = re.compile(r"\d\.\d+[eE]\+\d+", re.ASCII)


def read_date(text: str) -> date | None:
    """The day the text names: ISO, US month first, yyyymmdd or dd-Mon-yyyy, a time of day left off.

    Years of two digits are 1969 to 2068.

    >>> [read_date(text) for text in ("2026-03-10 00:00:00", "3/10/26", "20260310", "10-Mar-2026")] == [
    ...     date(2026, 3, 10)
    ... ] * 4
    True
    >>> read_date("13/45/2026")
    """
    if match := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day = match.group(1, 2, 3)
    elif match := _MONTH_FIRST.fullmatch(text):
        month, day, year = match.group(1, 2, 3)
    elif match := _MONTH_NAME.fullmatch(text):
        day, month, year = match.group(1, 2, 3)
        month = str(_MONTHS.get(month.lower(), 0))
    else:
        return None
    full_year = int(year)
    if len(year) == 2:
        full_year += 2000 if full_year < 69 else 1900
    try:
        return date(full_year, int(month), int(day)) if 1850 <= full_year < 2200 else None
    except ValueError:
        return None


def read_amount(text: str, places: int = 2) -> tuple[Decimal | None, bool]:
    """The amount the text names, and whether it had to be rounded. Parentheses and minus are negative.

    >>> read_amount("$1,234.50"), read_amount("(12)"), read_amount("1.234,50")
    ((Decimal('1234.50'), False), (Decimal('-12.00'), False), (None, False))
    """
    body, is_negative = text.replace(" ", ""), False
    if body.startswith("(") and body.endswith(")"):
        body, is_negative = body[1:-1], True
    elif body.startswith("-") or body.endswith("-"):
        body, is_negative = body.removeprefix("-") if body.startswith("-") else body.removesuffix("-"), True
    elif body.startswith("$-"):
        body, is_negative = body[2:], True
    match = _AMOUNT.fullmatch(body)
    if match is None or not any(character.isdigit() for character in body):
        return None, False
    whole, cents = (match.group(1) or "0").replace(",", ""), match.group(2) or "."
    if len(whole.lstrip("0")) > 18 - places:
        return None, False
    exact = Decimal(f"{whole}{cents}0"[:60])
    value = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if value >= Decimal(10) ** (18 - places):
        return None, False
    is_rounded = abs(exact - value) > Decimal("0.000001")  # less is only how floating point is written
    return (-value if is_negative else value), is_rounded


_PAPER = ("PAPER", "CMS1500", "HCFA1500", "1500", "HCFA", "UB04", "UB92", "CMS1450")
_ELECTRONIC = ("ELECTRONIC", "837", "837P", "837I", "837D", "EDI")
_CLAIM_TYPES = {
    **dict.fromkeys(("PROFESSIONAL", "P", "PROF", "837P", "CMS1500", "HCFA1500", "HCFA", "1500"), "professional"),
    **dict.fromkeys(("INSTITUTIONAL", "I", "INST", "837I", "UB04", "UB92", "CMS1450"), "institutional"),
    **dict.fromkeys(("DENTAL", "D", "837D"), "dental"),
}
_CODES = {"procedure_code", "revenue_code", "type_of_bill_code", *(f"modifier_{n}" for n in range(1, 6))}
_PLACES = {"place_of_service_code", "claim_place_of_service_code"}
_IDENTIFIERS = {"claim_id", "member_id", "payer_claim_control_number"}
_NAMES = {"service_facility_name", "payer_name", "patient_name", "patient_last_name", "patient_first_name"}
_PATIENT = {"member_id", "_person_id", "patient_name", "patient_last_name", "patient_first_name", "patient_birth_date"}


def _convert(column: str, text: str) -> Converted:
    """The value a cell of this column stands for, and the name of a note about it."""
    kind = TYPES[column]
    if text in ("NULL", "\\N") and column not in _NAMES:
        return None, "null-word"
    if kind == "date":
        day = read_date(text)
        if day and column == "patient_birth_date" and str(day.year) not in text:
            return None, "birth-year-two-digits"
        return day, None if day else "date-not-read"
    if kind == "amount":
        amount, is_rounded = read_amount(text)
        return amount, "amount-not-read" if amount is None else "amount-rounded" if is_rounded else None
    if kind == "decimal":
        number, is_rounded = read_amount(text, 4) if "$" not in text else (None, False)
        return number, "number-not-read" if number is None else "number-rounded" if is_rounded else None
    if kind == "integer":
        match = _WHOLE.fullmatch(text)
        return (int(match.group(1)), None) if match else (None, "number-not-read")
    return _convert_text(column, text)


def _convert_text(column: str, text: str) -> Converted:
    if column == "claim_type":
        found = _CLAIM_TYPES.get(re.sub(r"\W|_", "", text.upper()))
        return found, None if found else "claim-type-not-known"
    if column == "claim_form":
        plain = re.sub(r"\W|_", "", text.upper())
        if plain in _PAPER or plain.startswith(("CMS1500", "HCFA1500")):
            return "paper", None
        return ("electronic", None) if plain in _ELECTRONIC else (None, "claim-form-not-known")
    note = None
    if column.endswith("_npi") and _SCIENTIFIC.fullmatch(text):
        return None, "scientific-notation"
    if column in _IDENTIFIERS:
        return text, "identifier-rounded" if _ROUNDED.fullmatch(text) else None
    if column in _CODES or column in _PLACES or column.endswith(("_npi", "_zip")):
        match = _DECIMAL_ZERO.fullmatch(text)
        if match:
            text, note = match.group(1), "spreadsheet-decimal"
    if column in _PLACES and len(text) == 1 and text.isdigit():
        note = "leading-zero-lost"
    if column == "revenue_code" and text.isdigit():
        text = text.zfill(4)  # 450 is 0450: revenue codes are numbered through four digits
    if column == "type_of_bill_code" and len(text) == 4 and text[0] == "0":
        text = text[1:]  # 0131 on paper, 131 in an 837
    return text, note


def _clean(text: str | None) -> str | None:
    """The text without blanks at its ends, out of a spreadsheet's ="02"; None when nothing is left.

    >>> _clean(' ="02" '), _clean("  ")
    ('02', None)
    """
    if text is None:
        return None
    text = text.strip(_BLANKS)
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        text = text[2:-1].strip(_BLANKS)
    return text or None


def _values(
    column: str, raw: pa.DictionaryArray, header: str, rows: Rows, claim_ids: pa.Array | None, problems: list[Problem]
) -> pa.Array:
    """The column with its own type, one value a row; what does not convert is NULL and a problem."""
    texts = raw.dictionary.to_pylist()
    cleaned = [_clean(text) for text in texts]
    converted: list[Converted] = [(None, None) if text is None else _convert(column, text) for text in cleaned]
    types = {
        "date": pa.date32(),
        "amount": pa.decimal128(18, 2),
        "decimal": pa.decimal128(18, 4),
        "integer": pa.int64(),
    }
    values = pa.array([value for value, _ in converted], types.get(TYPES[column], pa.string()))
    noted: dict[str, list[int]] = {}
    for code, (_, name) in enumerate(converted):
        if name:
            noted.setdefault(name, []).append(code)
    if noted:
        codes = raw.indices.fill_null(-1).to_numpy()
        what = f"{header!r} ({column})" if header != column else column
        for name, wanted in noted.items():
            positions = np.flatnonzero(np.isin(codes, wanted))
            note = _NOTES[name]
            shown = []
            for position in positions[: note.limit]:
                value = "a value not shown here" if column in _PATIENT else repr((cleaned[codes[position]] or "")[:40])
                number = int(rows.numbers[position])
                claim_id = claim_ids[int(position)].as_py() if claim_ids is not None else None
                shown.append((number, claim_id, f"Row {number:,}: " + note.message.format(what=what, value=value)))
            _report(problems, note, shown, len(positions), header)
    return values.take(raw.indices)


def _report(
    problems: list[Problem],
    note: _Note,
    shown: list[tuple[int, str | None, str]],
    count: int,
    element: str | None,
) -> None:
    """Adds a problem for each (row, claim, message) shown, and one that says how many more there are."""
    for number, claim_id, message in shown:
        problems.append(
            _problem(
                note.severity,
                note.name,
                message,
                note.advice,
                row_number=number,
                element=element,
                claim_id=claim_id,
            )
        )
    more = count - len(shown)
    if more > 0:
        rows = "1 more row" if more == 1 else f"{more:,} more rows"
        column = f" in column {element!r}" if element else ""
        message = f"{rows} of the same kind{column} ({note.name}), not listed one by one."
        problems.append(_problem(note.severity, note.name, message, note.advice, element=element))


def _problem(
    severity: str,
    problem: str,
    message: str,
    advice: str,
    *,
    row_number: int | None = None,
    element: str | None = None,
    claim_id: str | None = None,
) -> Problem:
    """A row of intake_problems, but for its file."""
    return {
        "severity": severity,
        "problem": problem,
        "message": message,
        "advice": advice,
        "byte_offset": None,
        "row_number": row_number,
        "segment": None,
        "element": element,
        "claim_id": claim_id,
    }


# --- from rows to claims and lines --------------------------------------------------------------------


def _assemble(
    rows: Rows, mapping: HeaderMap, kind: str, file_id: int, first_claim_key: int, problems: list[Problem]
) -> DelimitedFile:
    """The claims and lines of the rows."""
    flat: dict[str, pa.Array] = {}
    headers = mapping.headers
    for column in sorted(rows.columns, key=lambda name: name != "claim_id"):  # problems name the claim
        flat[column] = _values(column, rows.columns[column], headers[column], rows, flat.get("claim_id"), problems)
    size = len(rows.numbers)
    for column, text in mapping.layout.always.items():
        flat[column] = pa.repeat(text, size)
    for column in ("claim_id", "revenue_code", "type_of_bill_code", "claim_type"):
        flat.setdefault(column, pa.nulls(size, pa.string()))

    numbers, kept = _rows_of_claims(flat, rows, headers, problems)
    if len(numbers) < size:
        flat = {column: array.filter(pa.array(kept)) for column, array in flat.items()}
    _derive(flat, mapping.layout, numbers, headers, problems)
    claim, first_rows = _group(flat)
    types = np.asarray(flat["claim_type"].to_numpy(zero_copy_only=False), dtype=object)
    is_professional, is_institutional = types == "professional", types == "institutional"
    _report_homeless(flat, numbers, headers, is_professional, is_institutional, problems)
    is_dental = ~is_professional & ~is_institutional
    _report_positions(
        problems,
        _Note(
            "dental-line",
            "warning",
            "Row {row:,} is a service line of a dental claim. The claim is counted, its lines are not read.",
            "Nothing to do: Scrubjay checks professional and institutional claims.",
        ),
        np.flatnonzero(is_dental),
        numbers,
        flat["claim_id"],
        headers.get("claim_type"),
    )

    if "line_number" not in flat:
        flat["line_number"] = pa.array(_position_in_claim(claim))
    keys = pa.array(claim + first_claim_key)
    own = {"claim_key": keys, "row_number": pa.array(numbers)}
    professional = _lines(PROFESSIONAL_LINES, {**flat, **own}, is_professional)
    institutional = _lines(INSTITUTIONAL_LINES, {**flat, **own}, is_institutional)
    claims = _claims(flat, claim, first_rows, numbers, is_professional, headers, problems)
    count = len(first_rows)
    claims["claim_key"] = pa.array(np.arange(count, dtype=np.int64) + first_claim_key)
    claims["file_id"] = pa.repeat(pa.scalar(file_id, pa.int64()), count)
    claims["row_number"] = pa.array(numbers[first_rows])
    return DelimitedFile(
        kind,
        _table(CLAIMS, claims, count),
        professional,
        institutional,
        problems,
        rows.total,
        rows.total - professional.num_rows - institutional.num_rows,
    )


def _rows_of_claims(
    flat: dict[str, pa.Array], rows: Rows, headers: Mapping[str, str], problems: list[Problem]
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.bool_]]]:
    """The numbers of the rows that name a claim, and which they are; the others become problems."""
    has_claim = _known(flat["claim_id"])
    positions = np.flatnonzero(~has_claim)
    if len(positions):
        # A cell that did not convert is NULL by now: look at the text, whether a row is blank.
        is_blank = np.ones(len(positions), dtype=bool)
        for raw in rows.columns.values():
            filled = np.array([_clean(text) is not None for text in raw.dictionary.to_pylist()] + [False])
            is_blank &= ~filled[raw.indices.fill_null(-1).to_numpy()[positions]]
        blank, nameless = positions[is_blank], positions[~is_blank]
        element = headers.get("claim_id")
        if len(blank):
            some = ", ".join(f"{number:,}" for number in rows.numbers[blank][:10])
            dots = " …" if len(blank) > 10 else ""
            problems.append(
                _problem(
                    "info",
                    "blank-rows",
                    f"{len(blank):,} rows have nothing in any column that is read: {some}{dots}. They are passed over.",
                    "Nothing to do.",
                )
            )
        _report_positions(
            problems,
            _Note(
                "claim-id-missing",
                "error",
                "Row {row:,} has no claim id, so it cannot be put with its claim. The row is not read.",
                "Fill in the claim id, or take the row out if it is a total.",
            ),
            nameless,
            rows.numbers,
            None,
            element,
        )
    return rows.numbers[has_claim], has_claim


def _known(array: pa.Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def _report_positions(
    problems: list[Problem],
    note: _Note,
    positions: np.ndarray[Any, Any],
    numbers: np.ndarray[Any, np.dtype[np.int64]],
    claim_ids: pa.Array | None,
    element: str | None,
) -> None:
    shown = []
    for position in positions[: note.limit]:
        number = int(numbers[position])
        claim_id = claim_ids[int(position)].as_py() if claim_ids is not None else None
        shown.append((number, claim_id, note.message.format(row=number, what=element)))
    _report(problems, note, shown, len(positions), element)


def _derive(
    flat: dict[str, pa.Array],
    layout: Layout,
    numbers: np.ndarray[Any, np.dtype[np.int64]],
    headers: Mapping[str, str],
    problems: list[Problem],
) -> None:
    """Fills the columns that follow from others: modifiers, names, type of bill, member, claim type."""
    if "modifiers" in flat or "modifier_5" in flat:
        _derive_modifiers(flat, numbers, headers, problems)
    if "patient_name" in flat:
        names = flat.pop("patient_name")
        last = _by_value(names, lambda name: name.partition(",")[0].strip() or None)
        first = _by_value(names, lambda name: name.partition(",")[2].strip() or None)
        flat["patient_last_name"] = (
            pc.coalesce(flat["patient_last_name"], last) if "patient_last_name" in flat else last
        )
        flat["patient_first_name"] = (
            pc.coalesce(flat["patient_first_name"], first) if "patient_first_name" in flat else first
        )
    if "_facility_type_code" in flat and "claim_frequency_code" in flat:
        parts = [flat["_facility_type_code"], flat["_service_classification_code"], flat["claim_frequency_code"]]
        flat["type_of_bill_code"] = pc.binary_join_element_wise(*parts, "")
    if "claim_frequency_code" not in flat and "type_of_bill_code" in headers:  # its last character, CLM05-3
        flat["claim_frequency_code"] = _by_value(flat["type_of_bill_code"], lambda bill: bill[2:3] or None)
    if "_person_id" in flat:
        person = flat["_person_id"]
        flat["member_id"] = pc.coalesce(flat["member_id"], person) if "member_id" in flat else person
    is_filled = pc.or_(flat["revenue_code"].is_valid(), flat["type_of_bill_code"].is_valid())
    told = pc.if_else(is_filled, "institutional", "professional")
    flat["claim_type"] = pc.coalesce(flat["claim_type"], told)
    if layout is TUVA:  # claim dates repeat the line's on a professional claim, where no statement exists
        for column in {"statement_from_date", "statement_through_date"} & set(flat):
            is_statement = pc.equal(flat["claim_type"], "institutional")
            flat[column] = pc.if_else(is_statement, flat[column], pa.scalar(None, pa.date32()))


def _by_value(array: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """The array with each different value changed once."""
    encoded = array.dictionary_encode()
    changed = [None if value is None else change(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(changed, pa.string()).take(encoded.indices)


def _derive_modifiers(
    flat: dict[str, pa.Array],
    numbers: np.ndarray[Any, np.dtype[np.int64]],
    headers: Mapping[str, str],
    problems: list[Problem],
) -> None:
    """Puts all modifiers of a row into the four columns there are; a problem where a row has more."""
    four = [f"modifier_{n}" for n in range(1, 5)]
    sources = [flat[name] for name in (*four, "modifiers", "modifier_5") if name in flat]
    joined = pc.binary_join_element_wise(*sources, " ", null_handling="replace", null_replacement="")
    encoded = joined.dictionary_encode()
    lists = [re.findall(r"[^\s,;:|/\[\]'\"]+", text) for text in encoded.dictionary.to_pylist()]
    for place, name in enumerate(four):
        values = [each[place] if len(each) > place else None for each in lists]
        flat[name] = pa.array(values, pa.string()).take(encoded.indices)
    too_many = [code for code, each in enumerate(lists) if len(each) > 4]
    if too_many:
        positions = np.flatnonzero(np.isin(encoded.indices.to_numpy(), too_many))
        note = _Note(
            "modifier-not-read",
            "warning",
            "",
            "A service line has room for four modifiers. Bring those that decide payment to the front.",
        )
        shown = []
        for position in positions[: note.limit]:
            number = int(numbers[position])
            rest = " ".join(lists[encoded.indices[int(position)].as_py()][4:])[:40]
            message = f"Row {number:,} has more than four modifiers. Not read: {rest}."
            shown.append((number, flat["claim_id"][int(position)].as_py(), message))
        _report(problems, note, shown, len(positions), headers.get("modifier_5") or headers.get("modifiers"))
    flat.pop("modifiers", None)
    flat.pop("modifier_5", None)


def _codes(array: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """A number for each different value, in order of appearance; -1 for NULL."""
    return np.asarray(array.dictionary_encode().indices.fill_null(-1).to_numpy(), dtype=np.int64)


def _group(
    flat: dict[str, pa.Array],
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.int64]]]:
    """The claim of each row, numbered from 0 in order of appearance, and the first row of each claim.

    Rows of one claim id and claim type are one claim: hospitals use one account number for both types.
    """
    combined = _codes(flat["claim_id"])
    for column in ("claim_type", "_claim_scope"):
        if column in flat:
            codes = _codes(flat[column]) + 1
            combined = combined * (int(codes.max(initial=0)) + 1) + codes
    _, first_rows, inverse = np.unique(combined, return_index=True, return_inverse=True)
    order = np.argsort(first_rows, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[inverse.reshape(-1)], first_rows[order].astype(np.int64)


def _position_in_claim(claim: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """1 for the first row of a claim, 2 for the second."""
    order = np.argsort(claim, kind="stable")
    ordered = claim[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    position = np.empty(len(claim), dtype=np.int64)
    position[order] = np.arange(len(claim)) - starts + 1
    return position


def _report_homeless(
    flat: dict[str, pa.Array],
    numbers: np.ndarray[Any, np.dtype[np.int64]],
    headers: Mapping[str, str],
    is_professional: np.ndarray[Any, np.dtype[np.bool_]],
    is_institutional: np.ndarray[Any, np.dtype[np.bool_]],
    problems: list[Problem],
) -> None:
    """A problem for each cell whose kind of claim has no such column."""
    for column, mask, kind in (
        ("revenue_code", is_professional, "professional"),
        ("place_of_service_code", is_institutional, "institutional"),
        ("purchased_service_provider_npi", is_institutional, "institutional"),
    ):
        if column in flat and column in headers:
            note = _Note(
                "column-of-other-claim-type",
                "warning",
                f"Row {{row:,}} is a line of the {kind} kind, which has no {_said(column)}. The cell is not read.",
                "Check the claim type of the row.",
            )
            positions = np.flatnonzero(_known(flat[column]) & mask)
            _report_positions(problems, note, positions, numbers, flat["claim_id"], headers[column])


def _lines(table: Table, columns: Mapping[str, pa.Array], mask: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Table:
    count = int(mask.sum())
    chosen = {name: columns[name] for name in table.names if name in columns}
    if count < len(mask):
        where = pa.array(mask)
        chosen = {name: array.filter(where) for name, array in chosen.items()}
    return _table(table, chosen, count)


def _claims(
    flat: dict[str, pa.Array],
    claim: np.ndarray[Any, np.dtype[np.int64]],
    first_rows: np.ndarray[Any, np.dtype[np.int64]],
    numbers: np.ndarray[Any, np.dtype[np.int64]],
    is_professional: np.ndarray[Any, np.dtype[np.bool_]],
    headers: Mapping[str, str],
    problems: list[Problem],
) -> dict[str, pa.Array]:
    """The columns of the claims: the first value its rows give, and a problem where they differ."""
    lines_own = {"place_of_service_code", "charge_amount"}
    columns: dict[str, pa.Array] = {}
    for name, array in flat.items():
        target = CLAIM_ONLY.get(name, name)
        if target not in CLAIMS or name in lines_own:
            continue
        codes = _codes(array)
        counts = codes >= 0
        if name in SHARED:
            counts = counts & ~is_professional
        positions = np.flatnonzero(counts)
        first = np.full(len(first_rows), -1, dtype=np.int64)
        first[claim[positions][::-1]] = positions[::-1]  # of several, the last assigned stays: the first row
        columns[target] = array.take(pa.array(first, mask=first < 0))
        differing = positions[codes[positions] != codes[first[claim[positions]]]]
        if len(differing):
            note = _Note(
                "claim-values-differ",
                "warning",
                f"Row {{row:,}} has another {_said(target)} than an earlier row of its claim. The first is used.",
                "One claim has one value. If these are different claims, give them different claim ids.",
            )
            _report_positions(problems, note, differing, numbers, flat["claim_id"], headers.get(name, name))
    return columns


def _table(table: Table, columns: Mapping[str, pa.Array], count: int) -> pa.Table:
    """The Arrow table with all its columns, NULL where the file has none."""
    schema = arrow_schema(table)
    arrays = [columns[field.name] if field.name in columns else pa.nulls(count, field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)
