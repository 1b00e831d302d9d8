"""The cells of a table: text → values, and what is said of those that do not convert.

Nothing here knows one of our columns. A cell is converted once per *different* value of its column,
not per row. What does not convert is NULL and reported; what a patient is known by is never quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from scrubjay.formats.layouts import words
from scrubjay.tables import ColumnType, arrow_types

Problem = dict[str, Any]
Converted = tuple[object, str | None]  # the value, and the name of a note about it
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

PROBLEM_ROWS = 20  # of one kind and column; the rest is counted
BLANKS = " \t\r\n\v\f\0\u00a0\ufeff"
ARROW_TYPES = arrow_types()
_DAY = 86_400_000_000  # microseconds


# --- from text to values ------------------------------------------------------------------------------

_MONTHS = {name: number for number, name in enumerate(words("jan feb mar apr may jun jul aug sep oct nov dec"), 1)}
_ZONE = r" ?(?P<zone>Z|[+-]\d{2}:?\d{2})?"
_CLOCK = r"(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:\.\d+)?)?(?: ?(?P<half>[AaPp])[Mm])?"
_TIME = r"(?:,?[ T]+" + _CLOCK + _ZONE + ")?"
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})" + _TIME, re.ASCII)
_MONTH_FIRST = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4}|\d{2})" + _TIME, re.ASCII)
_MONTH_NAME = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})[- ](\d{4}|\d{2})" + _TIME, re.ASCII)
_COMPACT = re.compile(
    r"(\d{4})(\d{2})(\d{2})(?:[ T]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?)?(?:\.0+)?" + _ZONE,
    re.ASCII,
)
_TIME_OF_DAY = re.compile(_CLOCK, re.ASCII)
_AMOUNT = re.compile(r"\$?(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?", re.ASCII)
_WHOLE = re.compile(r"(-?\d{1,18})(?:\.0*)?", re.ASCII)
_ROUNDED = re.compile(r"\d\.\d+[eE]\+\d+", re.ASCII)
_FLAGS = {
    **dict.fromkeys(("Y", "YES", "TRUE", "T", "1"), True),
    **dict.fromkeys(("N", "NO", "FALSE", "F", "0"), False),
}
_SEXES = {"FEMALE": "F", "MALE": "M", "UNKNOWN": "U", "OTHER": "O", "AMBIGUOUS": "A"}


def clean(text: str | None) -> str | None:
    """The text without blanks at its ends, out of a spreadsheet's ="02"; None when nothing is left.

    >>> clean(' ="02" '), clean("  ")
    ('02', None)
    """
    if text is None:
        return None
    text = text.strip(BLANKS)
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        text = text[2:-1].strip(BLANKS)
    return text or None


def read_date(text: str) -> date | None:
    """The day the text names: ISO, US month first, yyyymmdd or dd-Mon-yyyy, a time of day left off.

    Years of two digits are 1969 to 2068.

    >>> [read_date(text) for text in ("2026-03-10 00:00:00", "3/10/26", "20260310", "10-Mar-2026")] == [
    ...     date(2026, 3, 10)
    ... ] * 4
    True
    >>> read_date("13/45/2026")
    """
    found = _match_date(text)
    return found[0] if found else None


def read_timestamp(text: str) -> tuple[datetime, bool] | None:
    """The moment the text names, by the clock where it was written, and whether it has an hour.

    The hour of a moment in UTC is not that of the place, and not known.

    >>> read_timestamp("3/10/2026 2:05 PM"), read_timestamp("20260310")
    ((datetime.datetime(2026, 3, 10, 14, 5), True), (datetime.datetime(2026, 3, 10, 0, 0), False))
    >>> read_timestamp("2026-03-10 25:00")
    """
    found = _match_date(text)
    if found is None:
        return None
    day, match = found
    if match["hour"] is None:
        return datetime.combine(day, time()), False
    clock = _time_of(match)
    if clock is None:
        return None
    is_utc = match["zone"] is not None and not match["zone"].strip("Z+-0:")
    return datetime.combine(day, time() if is_utc else clock), not is_utc


def read_time(text: str) -> time | None:
    """The time of day the text names, alone or behind a date.

    >>> [str(read_time(text)) for text in ("14:05", "1405", "2:05 pm", "2026-03-10 14:05")]
    ['14:05:00', '14:05:00', '14:05:00', '14:05:00']
    """
    if match := _TIME_OF_DAY.fullmatch(text):
        return _time_of(match)
    moment = read_timestamp(text)
    return moment[0].time() if moment and moment[1] else None


def _match_date(text: str) -> tuple[date, re.Match[str]] | None:
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
        return (date(full_year, int(month), int(day)), match) if 1850 <= full_year < 2200 else None
    except ValueError:
        return None


def _time_of(match: re.Match[str]) -> time | None:
    """The time of day in a match of `_CLOCK`; None for 25:00."""
    hour, half = int(match["hour"]), (match.groupdict().get("half") or "").upper()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "P" else 0)
    try:
        return time(hour, int(match["minute"]), int(match["second"] or 0))
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


def read_flag(text: str) -> bool | None:
    """True for yes, false for no; None for anything else.

    >>> [read_flag(text) for text in ("Yes", "0", "maybe")]
    [True, False, None]
    """
    return _FLAGS.get(text.upper())


def read_sex(text: str) -> str | None:
    """The letter of a sex; None for what is neither a letter nor one of the words.

    >>> [read_sex(text) for text in ("f", "Male", "1")]
    ['F', 'M', None]
    """
    word = text.upper()
    return _SEXES.get(word, word if len(word) == 1 and word.isalpha() else None)


def convert(kind: ColumnType, text: str) -> Converted:
    """The value a cell of this kind stands for, and the name of a note about it."""
    if kind == "date":
        day = read_date(text)
        return day, None if day else "date-not-read"
    if kind == "timestamp":
        moment = read_timestamp(text)
        return (moment[0], None) if moment else (None, "moment-not-read")
    if kind == "amount":
        amount, is_rounded = read_amount(text)
        return amount, "amount-not-read" if amount is None else "amount-rounded" if is_rounded else None
    if kind == "decimal":
        number, is_rounded = read_amount(text, 4) if "$" not in text else (None, False)
        return number, "number-not-read" if number is None else "number-rounded" if is_rounded else None
    if kind == "integer":
        match = _WHOLE.fullmatch(text)
        return (int(match.group(1)), None) if match else (None, "number-not-read")
    if kind == "boolean":
        flag = read_flag(text)
        return flag, "flag-not-read" if flag is None else None
    return text, None


def convert_identifier(text: str) -> Converted:
    """The identifier as it stands, with a note where a spreadsheet has rounded it."""
    return text, "identifier-rounded" if _ROUNDED.fullmatch(text) else None


def convert_birth_date(text: str) -> Converted:
    """The day of birth; a year of two digits does not say which century."""
    day = read_date(text)
    if day and str(day.year) not in text:
        return None, "birth-year-two-digits"
    return day, None if day else "date-not-read"


def convert_sex(text: str) -> Converted:
    """The letter of a sex."""
    sex = read_sex(text)
    return sex, None if sex else "sex-not-known"


# --- notes and problems -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Note:
    """A kind of problem that many cells may have. The message is filled with what, value and row."""

    name: str
    severity: str
    message: str
    advice: str
    limit: int = PROBLEM_ROWS


def by_name(*notes: Note) -> dict[str, Note]:
    """The notes by their names."""
    return {note.name: note for note in notes}


AS_TEXT_ADVICE = "In the spreadsheet, format the column as text before the codes are entered, and export again."
NOTES = by_name(
    Note("date-not-read", "error", "{what} is {value}, which is not a date. It is left empty.", "Write 2026-03-10."),
    Note(
        "birth-year-two-digits",
        "warning",
        "{what} has a year of two digits, which may mean either century. It is left empty.",
        "Export dates of birth with four digits of the year.",
    ),
    Note(
        "amount-not-read",
        "error",
        "{what} is {value}, which is not an amount. It is left empty.",
        "Write 1234.56, with a decimal point.",
    ),
    Note(
        "amount-rounded",
        "warning",
        "{what} is {value}. It is rounded to the cent.",
        "Export amounts with two decimals.",
    ),
    Note(
        "number-rounded",
        "warning",
        "{what} is {value}. It is rounded to four decimals.",
        "Export it with four decimals at most.",
    ),
    Note("number-not-read", "error", "{what} is {value}, which is not a number. It is left empty.", "Write a number."),
    Note(
        "identifier-rounded",
        "error",
        "{what} is a number a spreadsheet has rounded, such as 1.23457E+09: different ones may look the same. "
        "It is kept as it stands.",
        AS_TEXT_ADVICE,
    ),
    Note("null-word", "info", "{what} says {value} in words. It is read as empty.", "Nothing to do.", 1),
    Note(
        "moment-not-read",
        "error",
        "{what} is {value}, which is not a date, or a date and time. It is left empty.",
        "Write 2026-03-10, or 2026-03-10 14:00.",
    ),
    Note(
        "time-not-read",
        "warning",
        "{what} is {value}, which is not a time of day. The hour is taken as not known.",
        "Write 14:00.",
    ),
    Note(
        "flag-not-read",
        "warning",
        "{what} is {value}, which is neither yes nor no. It is left empty.",
        "Write yes or no.",
    ),
    Note("sex-not-known", "warning", "{what} is {value}, which says no sex. It is left empty.", "Write F, M or U."),
)


def problem(
    severity: str,
    name: str,
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
        "problem": name,
        "message": message,
        "advice": advice,
        "byte_offset": None,
        "row_number": row_number,
        "segment": None,
        "element": element,
        "claim_id": claim_id,
    }


def report(
    problems: list[Problem],
    note: Note,
    shown: list[tuple[int, str | None, str]],
    count: int,
    element: str | None,
) -> None:
    """Adds a problem for each (row, claim, message) shown, and one that says how many more there are."""
    for number, claim_id, message in shown:
        problems.append(
            problem(
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
        problems.append(problem(note.severity, note.name, message, note.advice, element=element))


def report_positions(
    problems: list[Problem],
    note: Note,
    positions: Numbers,
    numbers: Numbers,
    claim_ids: pa.Array | None,
    element: str | None,
) -> None:
    """Adds the note for the rows at these positions; ``numbers`` are those of all rows in the file."""
    shown = []
    for position in positions[: note.limit]:
        number = int(numbers[position])
        claim_id = claim_ids[int(position)].as_py() if claim_ids is not None else None
        shown.append((number, claim_id, note.message.format(row=number, what=element)))
    report(problems, note, shown, len(positions), element)


# --- columns ------------------------------------------------------------------------------------------


def convert_column(
    raw: pa.DictionaryArray,
    column: str,
    header: str,
    numbers: Numbers,
    problems: list[Problem],
    convert_cell: Callable[[str], Converted],
    to: pa.DataType,
    *,
    notes: Mapping[str, Note] = NOTES,
    claim_ids: pa.Array | None = None,
    is_private: bool = False,
) -> pa.Array:
    """The column with its own type, one value a row; what does not convert is NULL and a problem.

    ``numbers`` are those of the rows in the file. The values of a private column are never shown.
    """
    cleaned = [clean(text) for text in raw.dictionary.to_pylist()]
    converted: list[Converted] = [(None, None) if text is None else convert_cell(text) for text in cleaned]
    values = pa.array([value for value, _ in converted], to)
    noted: dict[str, list[int]] = {}
    for code, (_, name) in enumerate(converted):
        if name:
            noted.setdefault(name, []).append(code)
    if noted:
        codes = raw.indices.fill_null(-1).to_numpy()
        what = f"{header!r} ({column})" if header != column else column
        for name, wanted in noted.items():
            positions = np.flatnonzero(np.isin(codes, wanted))
            note = notes[name]
            shown = []
            for position in positions[: note.limit]:
                value = "a value not shown here" if is_private else repr((cleaned[codes[position]] or "")[:40])
                number = int(numbers[position])
                claim_id = claim_ids[int(position)].as_py() if claim_ids is not None else None
                shown.append((number, claim_id, f"Row {number:,}: " + note.message.format(what=what, value=value)))
            report(problems, note, shown, len(positions), header)
    return values.take(raw.indices)


def find_hours(raw: pa.DictionaryArray, moments: pa.Array, clock: pa.Array | None = None) -> tuple[pa.Array, Flags]:
    """The moments of a column, and which of them have an hour and not only a day.

    ``clock`` holds the times of day of a column of their own; they are added where there is only a
    day. Midnight in every row is the want of an hour.
    """
    read = [read_timestamp(text) if text else None for text in map(clean, raw.dictionary.to_pylist())]
    written = pa.array([moment is not None and moment[1] for moment in read], pa.bool_()).take(raw.indices)
    has_hour = np.array(written.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)
    is_known = known(moments)
    microseconds = moments.cast(pa.int64()).fill_null(0).to_numpy()
    if clock is not None:
        hours = clock.cast(pa.int64()).fill_null(-1).to_numpy()
        is_added = is_known & (hours >= 0) & (microseconds % _DAY == 0)
        microseconds = np.where(is_added, microseconds + hours, microseconds)
        has_hour |= is_added
    has_hour &= is_known
    if not (microseconds[has_hour] % _DAY).any():
        has_hour[:] = False
    return pa.array(microseconds, pa.int64(), mask=~is_known).cast(pa.timestamp("us")), has_hour


def split_names(columns: dict[str, pa.Array]) -> None:
    """Fills the patient's last and first name from ``patient_name`` (LAST, FIRST) where they are blank."""
    if "patient_name" not in columns:
        return
    names = columns.pop("patient_name")
    last = change_values(names, lambda name: name.partition(",")[0].strip() or None)
    first = change_values(names, lambda name: name.partition(",")[2].strip() or None)
    for column, part in (("patient_last_name", last), ("patient_first_name", first)):
        columns[column] = pc.coalesce(columns[column], part) if column in columns else part


def change_values(array: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """The array with each different value changed once."""
    encoded = array.dictionary_encode()
    changed = [None if value is None else change(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(changed, pa.string()).take(encoded.indices)


def known(array: pa.Array) -> Flags:
    """Which values are not NULL."""
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
