"""Delimited text and Parquet → rows of text, with the number of each row in its file.

Nothing here knows one of our columns: a reader says what it wants of a header. Row 1 is the first
data row; an empty line counts as a row, as it does in a spreadsheet. A row that cannot be split is
reported, and the rest is read.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from scrubjay.formats.cells import BLANKS, PROBLEM_ROWS, Flags, Note, Numbers, Problem, clean, problem, report
from scrubjay.formats.layouts import plain_header

_LOOK_AHEAD = 200  # lines a quoted cell may span when quotation marks do not pair up


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

    numbers: Numbers
    columns: dict[str, pa.Array]
    total: int  # rows of the file


# --- the header ---------------------------------------------------------------------------------------


def map_header(
    header: list[str],
    column_map: Mapping[str, str],
    own: Collection[str],
    synonyms: Mapping[str, str],
    whose: str,
) -> tuple[dict[str, int], list[Problem]]:
    """Where each column stands: by the column map, by our own name, then by synonym; and what is left over.

    An empty column in the map leaves its header unread. ``whose`` are the columns: "a claim".
    """
    plain = [plain_header(name) for name in header]
    exact = {tidy(name): column for name, column in column_map.items()}
    loose = {plain_header(name): column for name, column in column_map.items()}
    wanted: list[tuple[int, int, str]] = []  # rank, position, column
    unused: list[str] = []
    for position, name in enumerate(header):
        chosen = exact.get(tidy(name), loose.get(plain[position]))
        if chosen:
            wanted.append((0, position, chosen))
        elif chosen is None and tidy(name) in own:
            wanted.append((1, position, tidy(name)))
        elif chosen is None and plain[position] in synonyms:
            wanted.append((2, position, synonyms[plain[position]]))
        elif plain[position]:
            unused.append(tidy(name))
    cells: dict[str, int] = {}
    problems: list[Problem] = []
    for _, position, column in sorted(wanted):
        if column not in cells:
            cells[column] = position
            continue
        first, second = tidy(header[cells[column]]), tidy(header[position])
        problems.append(
            problem(
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
            problem(
                "info",
                "columns-not-used",
                f"{len(unused)} columns of the file are not used: {shown}{more}.",
                f"Nothing to do, unless one of them belongs to {whose}: then name it under [columns] in scrubjay.toml.",
            )
        )
    return cells, problems


def tidy(name: str) -> str:
    """A header as it is quoted: without blanks at its ends."""
    return name.strip(BLANKS)


# --- delimited text -----------------------------------------------------------------------------------


def sniff(head: bytes, score: Callable[[list[str]], int]) -> Form | None:
    """The form whose header has the highest score; None where no header scores above 0."""
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
        reached = (score(form.header), len(form.header))
        if reached[0] > 0 and reached > best_score:
            best, best_score = form, reached
    return best


def _form(text: str, delimiter: str, is_declared: bool, is_utf16: bool) -> Form | None:
    lines = io.StringIO(text, newline="")
    if is_declared:
        lines.readline()
    try:
        reader = csv.reader(lines, delimiter=delimiter)
        header = next((row for row in reader if any(cell.strip(BLANKS) for cell in row)), None)
        if header is None or len(header) < 2:
            return None
        skip = reader.line_num + is_declared
        first = next((row for row in reader if row), header)
    except (csv.Error, TypeError, ValueError):
        return None
    # Some programs end every row, or the header alone, with a delimiter.
    width, shorter = max(len(header), len(first)), min(len(header), len(first))
    longer = first if len(first) > len(header) else header
    if any(cell.strip(BLANKS) for cell in longer[shorter:]):
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


def split(path: Path, form: Form, places: Mapping[str, int]) -> tuple[Rows, list[Problem]]:
    """The rows of the file as text, and a problem for each row that cannot be split."""
    counted = _count(path, form.is_utf16)
    problems: list[Problem] = []
    if counted.encoding == "latin-1":
        problems.append(
            problem(
                "info",
                "not-utf-8",
                "The file is not UTF-8. It was read as Latin-1.",
                "If names come out wrong, save the file as 'CSV UTF-8'.",
            )
        )
    if counted.nuls:
        problems.append(
            problem(
                "warning",
                "nul-bytes",
                f"The file holds {counted.nuls:,} NUL bytes. At the ends of a cell they count as blanks.",
                "Have the export written again; NUL bytes come from a damaged or padded file.",
            )
        )
    fast = None if form.is_utf16 else _split_fast(path, form, places, counted)
    rows, ragged = fast or _split_carefully(path, form, places, counted.encoding)
    report(
        problems,
        Note(
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
    return rows, problems


def _split_fast(
    path: Path, form: Form, places: Mapping[str, int], counted: _Count
) -> tuple[Rows, list[tuple[int, int]]] | None:
    """The rows as the Arrow reader splits them; None where a quotation mark may have swallowed rows."""
    ragged: list[tuple[int, int]] = []

    def keep(row: Any) -> str:
        ragged.append((row.number - form.skip, row.actual_columns))
        return "skip"

    names = [f"c{position}" for position in range(form.width)]
    wanted = {column: names[position] for column, position in places.items() if position < form.width}
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


def _split_carefully(
    path: Path, form: Form, places: Mapping[str, int], encoding: str
) -> tuple[Rows, list[tuple[int, int]]]:
    """The rows where quoted cells span lines or quotation marks do not pair up; slower, and loses least."""
    wanted = {column: position for column, position in places.items() if position < form.width}
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
                elif len(cells) <= 1 and not "".join(cells).strip(BLANKS):  # an empty line
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


# --- Parquet ------------------------------------------------------------------------------------------

# pyarrow raises any of these for damage; NotImplementedError for an encoding it does not have
_DAMAGE = (pa.ArrowException, OSError, ValueError, KeyError, IndexError, TypeError, NotImplementedError)


def parquet_header(path: Path) -> list[str] | None:
    """The names of the columns of a Parquet file; None where it is broken."""
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            return list(file.schema_arrow.names)
    except _DAMAGE:
        return None


def parquet_rows(path: Path, header: list[str], places: Mapping[str, int]) -> Rows | None:
    """The rows of a Parquet file as text, as a CSV of it would have them; None where it is broken."""
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            table = file.read(columns=[header[position] for position in places.values()])
        columns = {
            column: _one_array(_as_text(table.column(table.schema.get_all_field_indices(header[position])[0])))
            for column, position in places.items()
        }
    except _DAMAGE:
        return None
    return Rows(np.arange(1, table.num_rows + 1, dtype=np.int64), columns, table.num_rows)


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


# --- rows that hold nothing ---------------------------------------------------------------------------


def find_blank_rows(rows: Rows) -> Flags:
    """Which rows have nothing in any column that is read."""
    is_blank = np.ones(len(rows.numbers), dtype=bool)
    for raw in rows.columns.values():
        filled = np.array([clean(text) is not None for text in raw.dictionary.to_pylist()] + [False])
        is_blank &= ~filled[raw.indices.fill_null(-1).to_numpy()]
    return is_blank


def report_blank_rows(problems: list[Problem], numbers: Numbers) -> None:
    """Says which rows are passed over because they hold nothing."""
    if not len(numbers):
        return
    some = ", ".join(f"{number:,}" for number in numbers[:10])
    dots = " …" if len(numbers) > 10 else ""
    problems.append(
        problem(
            "info",
            "blank-rows",
            f"{len(numbers):,} rows have nothing in any column that is read: {some}{dots}. They are passed over.",
            "Nothing to do.",
        )
    )
