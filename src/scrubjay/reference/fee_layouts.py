"""The fee files of CMS as CMS lays them out: what a file is, from when it holds, and its rows.

A file is told by its content, never by its name: a table by the words of its header, a file of
fixed width by what stands at its positions. Columns are found by their header, because CMS adds
and moves them (31 columns of relative values in 2025, 32 in 2026). The name is read only where
CMS says nothing inside: the quarter of an OPPSCAP or Addendum B file, the year of an anesthesia file.

The descriptors of the codes belong to the American Medical Association. They are never read out of
a row, so they can be neither stored nor printed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from scrubjay.errors import DefinitionError, UsageError, printable
from scrubjay.tables import (
    FEE_ANESTHESIA,
    FEE_CAPS,
    FEE_COUNTIES,
    FEE_LOCALITIES,
    FEE_OUTPATIENT_RATES,
    FEE_PUBLISHED,
    FEE_RELATIVE_VALUES,
    FEE_ZIP_CODES,
    Table,
    arrow_schema,
)

TABLE_OF_KIND: dict[str, Table] = {
    "relative_values": FEE_RELATIVE_VALUES,
    "gpci": FEE_LOCALITIES,
    "counties": FEE_COUNTIES,
    "zip5": FEE_ZIP_CODES,
    "zip9": FEE_ZIP_CODES,
    "anesthesia": FEE_ANESTHESIA,
    "oppscap": FEE_CAPS,
    "addendum_a": FEE_OUTPATIENT_RATES,
    "addendum_b": FEE_OUTPATIENT_RATES,
    "pfall": FEE_PUBLISHED,
    "pfrev": FEE_PUBLISHED,
}
LARGEST = 500 << 20  # bytes, of a file or of all members of a zip together
FIRST_YEAR_OF_TWO_FACTORS = 2026  # from then on CMS publishes one file for qualifying participants and one for others
FOR_WHOM = {None: "", True: ", for qualifying participants", False: ", not for qualifying participants"}

_SHOWN = 20  # problems told in words; the others are counted
_HEAD = 60  # rows in which the header must stand
_WORKBOOK = "xl/workbook.xml"
_MONTHS = ("JANUARY", "APRIL", "JULY", "OCTOBER")
_QUARTERS = ("first", "second", "third", "fourth")


@dataclass(frozen=True, slots=True)
class FeeFile:
    """One fee file as CMS published it, and its rows."""

    kind: str  # of tables.FEE_KINDS
    name: str  # in words: 2026 July release, not for qualifying participants
    effective_from: date
    effective_to: date
    is_for_qualifying_participants: bool | None
    is_excerpt: bool
    file_name: str  # of the file, or of the member of a zip
    sha256: str  # of its bytes
    rows: pa.Table  # the columns of its table without release_id


def rows_schema(kind: str) -> pa.Schema:
    """The schema of the rows of a kind of file: that of its table without release_id."""
    schema = arrow_schema(TABLE_OF_KIND[kind])
    return schema.remove(schema.get_field_index("release_id"))


def read_fee_files(path: Path, *, effective: date | None = None) -> tuple[list[FeeFile], list[str]]:
    """The fee files in a published file or in a zip of them, and the members passed over, in words.

    ``effective`` is the first day on which they hold; without it the files themselves, else their
    names, say so. Of a release that a zip holds as CSV, workbook and text the CSV is read.

    Raises UsageError if the file cannot be opened or nothing tells from when it holds, and
    DefinitionError if it is no fee file or anything in it is wrong; then nothing of it is given.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise DefinitionError(
                f"it is larger than {LARGEST >> 20} MB, as no fee file of CMS is",
                file=str(path),
                advice="check that it is the file as CMS published it",
            )
        with path.open("rb") as handle:
            is_zip = handle.read(4) in (b"PK\3\4", b"PK\5\6")
        if is_zip:
            return _read_zip(path, effective)
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: the fee file cannot be opened ({error.strerror or error})") from error
    return _read_all(_Member(path.name, data, (path.name,), str(path)), effective), []


# --- a zip, and what is in it -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Member:
    """A file by itself, or one in a zip."""

    name: str
    data: bytes
    names: tuple[str, ...]  # what may tell its quarter: its own name, its folders, the zip
    where: str  # for messages


@dataclass(frozen=True, slots=True)
class _Found:
    """What a file turned out to be, before all its rows are read."""

    kind: str
    effective_from: date
    is_for_qualifying_participants: bool | None
    is_excerpt: bool
    read: Callable[[], pa.Table]

    @property
    def slot(self) -> tuple[str, date, bool | None]:
        return self.kind, self.effective_from, self.is_for_qualifying_participants


def _read_all(member: _Member, effective: date | None) -> list[FeeFile]:
    """The fee files of one file (one; two where a column for qualifying participants stands beside the other)."""
    found = _recognize(member, effective)
    if not found:
        raise _unrecognized(member)
    return [_fee_file(member, one) for one in found]


def _fee_file(member: _Member, found: _Found) -> FeeFile:
    rows = found.read()
    return FeeFile(
        kind=found.kind,
        name=release_name(found.kind, found.effective_from, found.is_for_qualifying_participants),
        effective_from=found.effective_from,
        effective_to=date(found.effective_from.year, 12, 31),
        is_for_qualifying_participants=found.is_for_qualifying_participants,
        is_excerpt=found.is_excerpt,
        file_name=printable(member.name),
        sha256=hashlib.sha256(member.data).hexdigest(),
        rows=rows,
    )


def release_name(kind: str, effective_from: date, is_for_qualifying_participants: bool | None) -> str:
    """A release in words.

    >>> release_name("relative_values", date(2026, 7, 1), False)
    '2026 July release, not for qualifying participants'
    >>> release_name("gpci", date(2025, 1, 1), None), release_name("zip5", date(2026, 10, 1), None)
    ('2025', '2026 fourth quarter')
    """
    year, begins_a_quarter = str(effective_from.year), effective_from.day == 1 and effective_from.month % 3 == 1
    quarter = effective_from.month // 3
    if not begins_a_quarter:
        name = f"{year}, from {effective_from:%B} {effective_from.day}"
    elif kind in ("zip5", "zip9"):
        name = f"{year} {_QUARTERS[quarter]} quarter"
    elif kind in ("gpci", "counties", "anesthesia", "pfall") and not quarter:
        name = year
    else:
        name = f"{year} {_MONTHS[quarter].capitalize()} release"
    return name + FOR_WHOM[is_for_qualifying_participants]


def _read_zip(path: Path, effective: date | None) -> tuple[list[FeeFile], list[str]]:
    """The fee files in a zip, or the one file that a workbook is (a workbook is a zip, too)."""
    with _opened(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _check_zip(str(path), infos)
        if any(info.filename == _WORKBOOK for info in infos):
            return _read_all(_Member(path.name, path.read_bytes(), (path.name,), str(path)), effective), []
        files, passed_over = _read_members(path, archive, infos, effective)
    if not files:
        held = f": {', '.join(passed_over[:6])}{' …' if len(passed_over) > 6 else ''}" if passed_over else ""
        raise DefinitionError(f"none of its members is a fee file{held}", file=str(path), advice=_LOOKED_FOR)
    return files, passed_over


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except Exception as error:  # whatever a damaged zip makes of its reader
        raise _damaged(path) from error


def _unpacked(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int = -1) -> bytes:
    """A member, or its first bytes."""
    try:
        with archive.open(info) as handle:
            return handle.read(size)
    except Exception as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> DefinitionError:
    return DefinitionError(
        "the zip cannot be unpacked: it is damaged, or was not downloaded to its end",
        file=str(path),
        advice="download it from CMS again",
    )


def _check_zip(where: str, infos: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse a zip that is too large, encrypted, or names places outside of it."""
    for info in infos:
        parts = re.split(r"[/\\]", info.filename)
        if ".." in parts or parts[0] == "" or ":" in parts[0]:
            raise DefinitionError(
                "a member's name leads out of the zip, as no zip of CMS does",
                file=where,
                advice="download it from CMS again, and do not unpack this one",
            )
        if info.flag_bits & 1:
            raise DefinitionError(
                f"the zip is encrypted ({printable(parts[-1])} asks for a password)",
                file=where,
                advice="unpack it yourself and import the files in it",
            )
    if sum(info.file_size for info in infos) > LARGEST:
        raise DefinitionError(
            f"its members come to more than {LARGEST >> 20} MB, so it is not unpacked",
            file=where,
            advice="unpack it yourself and import the files you mean one by one",
        )


def _read_members(
    path: Path, archive: zipfile.ZipFile, infos: Sequence[zipfile.ZipInfo], effective: date | None
) -> tuple[list[FeeFile], list[str]]:
    """The fee files among the members, each release once, and the other members with the reason."""
    files: list[FeeFile] = []
    passed_over: list[str] = []
    by_stem: dict[str, str] = {}  # folder and name without suffix → the member that was read
    by_slot: dict[tuple[str, date, bool | None], str] = {}
    for info in sorted(infos, key=lambda info: (_preference(info.filename), info.filename)):
        inner = PurePosixPath(info.filename.replace("\\", "/"))
        name, stem = printable(inner.name), str(inner.with_suffix("")).lower()
        if not inner.suffix or name.startswith(".") or inner.parts[0] == "__MACOSX":
            passed_over.append(f"{name} (no fee file)")
            continue
        if same := by_stem.get(stem):
            passed_over.append(f"{name} (the same release as {same})")
            continue
        if reason := _not_a_table(_unpacked(path, archive, info, 8), inner.suffix):
            passed_over.append(f"{name} ({reason})")
            continue
        names = (inner.name, *reversed(inner.parts[:-1]), path.name)
        member = _Member(name, _unpacked(path, archive, info), names, f"{path}: {printable(str(inner))}")
        found = _recognize(member, effective)
        if not found:
            passed_over.append(f"{name} (no fee file)")
            continue
        by_stem[stem] = name
        if same := next((by_slot[one.slot] for one in found if one.slot in by_slot), None):
            if _preference(same) == _preference(name):
                raise DefinitionError(
                    f"{same} and {name} are the same release ({found[0].kind}, from {found[0].effective_from})",
                    file=str(path),
                    advice="unpack the zip and import the one you mean",
                )
            passed_over.append(f"{name} (the same release as {same})")
            continue
        by_slot.update({one.slot: name for one in found})
        files += [_fee_file(member, one) for one in found]
    return files, passed_over


def _preference(name: str) -> int:
    """Which form of a release is read first: CSV, workbook, text; of the ZIP codes the text before the workbook."""
    order = (".csv", ".txt", ".xlsx") if "ZIP" in PurePosixPath(name).name.upper() else (".csv", ".xlsx", ".txt")
    suffix = PurePosixPath(name).suffix.lower()
    return order.index(suffix) if suffix in order else len(order)


def _not_a_table(start: bytes, suffix: str) -> str:
    """Why a member of a zip is not looked into, by its first bytes."""
    if start.startswith(b"%PDF"):
        return "a document"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        return "a document or workbook of the old Office format"
    if start.startswith((b"PK\3\4", b"PK\5\6")) and suffix.lower() != ".xlsx":
        return (
            "a document" if suffix.lower() in (".docx", ".pptx") else "a zip in the zip: unpack it and import it alone"
        )
    return ""


# --- what a file is ---------------------------------------------------------------------------------

_LOOKED_FOR = (
    "bring a file as CMS publishes it. Looked for were these headers, in a CSV file or a workbook: HCPCS, WORK RVU, PE "
    "RVU (PPRRVU); PW GPCI, PE GPCI (GPCI); Locality Number, Counties (LOCCO); Contractor, Anes CF (ANES); CARRIER, "
    "FACILITY PRICE (OPPSCAP); HCPCS Code or APC, SI, Payment Rate (Addendum B, A); ZIP CODE, CARRIER (ZIP5); and these "
    "shapes without a header: PPRRVU text, ZIP5 and ZIP9 text of 80 columns, PFALL and PFREV lines of 15 or 16 quoted "
    "values"
)


def _recognize(member: _Member, effective: date | None) -> list[_Found]:
    """What a file is; empty if it is no fee file."""
    data = member.data.rstrip(b"\x1a\r\n")
    if data.startswith((b"PK\3\4", b"PK\5\6")):
        return _recognize_workbook(member, effective)
    if data.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4096]:
        return []
    lines = [line for line in islice(io.StringIO(data[: 1 << 16].decode("latin-1")), _HEAD) if line.strip()]
    if not lines:
        return []
    if _ZIP_LINE.match(lines[0]):
        return _recognize_zip_lines(member, data, effective)
    if _PUBLISHED_LINE.match(lines[0]):
        return _recognize_published(member, data, effective)
    if any(_RELATIVE_VALUE_LINE.match(line) for line in lines if not line.startswith("HDR")):
        return _recognize_relative_value_lines(member, _decode(data), effective)
    return _recognize_sheet(_text_sheet(_decode(data), member), member, effective)


def _decode(data: bytes) -> str:
    """The text of a file: UTF-8 with or without its mark, else Latin-1."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _unrecognized(member: _Member) -> DefinitionError:
    """The error about a file that is none of those known, with what was found instead."""
    data, file = member.data, member.where
    if not data.strip(b"\x1a\r\n\0 \t"):
        return DefinitionError("the file is empty", file=file, advice="download it from CMS again")
    if data.startswith(b"%PDF"):
        return DefinitionError(
            "this is a PDF, which describes a fee file but holds no rows to read",
            file=file,
            advice="import the CSV, the workbook (.xlsx) or the text file that CMS publishes beside it",
        )
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return DefinitionError(
            "this is a workbook of the old format (.xls), or one with a password",
            file=file,
            advice="open it and save it as .xlsx or CSV without a password, or import the CSV of CMS",
        )
    if not data.startswith(b"PK") and (data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4096]):
        return DefinitionError(
            "it contains zero bytes, as 'Unicode text' (UTF-16) and binary files do",
            file=file,
            advice="import the file as CMS publishes it, or save it as CSV",
        )
    found = ""
    if not data.startswith(b"PK"):
        lines = _decode(data[: 1 << 16]).splitlines()[:_HEAD]
        rows = [[cell.strip('" ') for cell in line.split(",")] for line in lines if line.strip()]
        found = _in_words(rows)
    return DefinitionError(f"this is no fee file known here{found}", file=file, advice=_LOOKED_FOR)


_HEADER_WORDS = (
    "AMOUNT APC CARRIER CCN CHARGE CITY CODE CODES CONTRACTOR CONVERSION COPAYMENT COUNTY COUNTIES CPT CY DATE "
    "DESCRIPTION DESCRIPTOR DRG EFFECTIVE END FACILITY FACTOR FEE FLAG FROM GPCI GROUP HCPCS ID IND INDICATOR LOCALITY "
    "LONG MAC MALPRACTICE MOD MODIFIER MP NAME NATIONAL NON NPI NUMBER OPPS PAYER PAYMENT PE PLAN PRICE PROCEDURE "
    "PROVIDER PW QUARTER RATE RELATIVE RVU SCHEDULE SERVICE SHORT SI SITE START STATE STATUS TERMINATION TITLE TO TOTAL "
    "TYPE UNIT VALUE WEIGHT WORK YEAR ZIP"
)


def _in_words(rows: Sequence[Sequence[str]]) -> str:
    """What the first rows of an unknown file look like: the known words of its header.

    Nothing else is shown, as what stands there may be a descriptor.
    """
    row = next((row for row in rows if sum(bool(cell.strip()) for cell in row) > 1), None)
    if row is None:
        return "; it has lines of text and no columns"
    known = frozenset(_HEADER_WORDS.split())
    cells = [_words(re.sub("([a-z])([A-Z])", r"\1 \2", cell)) for cell in row]
    shown = [cell for cell in cells if cell and known.issuperset(cell.split())]
    if not shown:
        return f"; its first row has {len(row)} columns and no header that is known here"
    more = " …" if len(shown) > 6 or len(shown) < len(row) else ""
    return f"; among its {len(row)} columns are {', '.join(shown[:6])}{more}"


# --- from when it holds, and for whom ---------------------------------------------------------------

_MONTH = "(JAN|APR|JUL|OCT)[A-Z]*"
_QUARTER_OF = {"JAN": 0, "APR": 1, "JUL": 2, "OCT": 3, "A": 0, "B": 1, "C": 2, "D": 3}
_GAP = "[ _.-]*"
_NAMED_QUARTERS = (  # the year first in the second and third, the quarter first in the first
    re.compile(rf"(?<![A-Z]){_MONTH}{_GAP}(20\d\d)(?!\d)"),
    re.compile(rf"(?<!\d)(20\d\d|\d\d){_GAP}{_MONTH}"),
    re.compile(r"(?:RVU|PFREV|PFALL)(\d\d)([A-D])(?![B-QS-Z])"),
)
_NAMED_MONTH = re.compile(rf"(?<![A-Z]){_MONTH}(?![A-Z])")
_NAMED_YEARS = (
    re.compile(r"(?:RVU|GPCI|ANES|OPPSCAP|PFREV|PFALL|ZIP5|ZIP9|LOCCO)_?(20\d\d|\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(20\d\d|\d\d)_?LOCCO"),
    re.compile(r"(?<!\d)(?:CY ?)(20\d\d)(?!\d)"),
)


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _named(texts: Sequence[str]) -> tuple[int | None, int | None]:
    """The year and the quarter (0 to 3) that names or titles tell; the first to tell one of them counts."""
    year: int | None = None
    quarter: int | None = None
    for text in (text.upper() for text in texts):
        month_first, *year_first = _NAMED_QUARTERS
        found = month_first.search(text)
        both = (found[2], found[1]) if found else None
        for pattern in year_first:
            if both is None and (found := pattern.search(text)):
                both = (found[1], found[2])
        if both is None:
            months = _NAMED_MONTH.search(text)
            years = next((found for pattern in _NAMED_YEARS if (found := pattern.search(text))), None)
            quarter = _QUARTER_OF[months[1]] if months and quarter is None else quarter
            year = _year(years[1]) if years and year is None else year
        else:
            year = _year(both[0]) if year is None else year
            quarter = _QUARTER_OF[both[1][:3]] if quarter is None else quarter
    return year, quarter


def _first_day(year: int | None, quarter: int | None, member: _Member, effective: date | None) -> date:
    """The first day of a quarter, unless the caller says another. Raises UsageError if nothing tells it."""
    if effective is not None:
        return effective
    if year is None or quarter is None:
        lacking = "year" if quarter is not None else "quarter" if year is not None else "year and quarter"
        raise UsageError(
            f"{member.where}: neither the file nor its name tells the {lacking} from which it holds. Keep the name CMS "
            "gave it, or add --effective with its first day, such as --effective 2026-01-01."
        )
    return date(year, 3 * quarter + 1, 1)


def _qualifying(names: Sequence[str]) -> bool | None:
    """Whether names say that a file is for qualifying participants (QPP), not for them (nonQPP), or nothing."""
    for name in (name.upper() for name in names):
        if re.search(r"NON[ _-]?QPP?(?![A-Z])", name):
            return False
        if re.search(r"(?<![A-Z])QPP?(?![A-Z])", name):
            return True
    return None


def _of_indicator(indicators: set[str], first_day: date, member: _Member) -> bool | None:
    """Whether relative values are for qualifying participants: by their pricing indicator, else by the name."""
    if first_day.year < FIRST_YEAR_OF_TWO_FACTORS:
        return None
    if indicators == {"1"}:
        return True
    if indicators and "1" not in indicators:
        return False
    by_name = _qualifying(member.names)
    if by_name is None:
        raise UsageError(
            f"{member.where}: from {FIRST_YEAR_OF_TWO_FACTORS} on CMS publishes one file for qualifying participants "
            "(QPP) and one for all others (nonQPP), and neither its column PRIC IND nor its name says which this is. "
            "Keep the name CMS gave it, such as PPRRVU2026_Jul_nonQPP.csv."
        )
    return by_name


# --- the problems of one file -----------------------------------------------------------------------


class _Problems:
    """The problems of one file: the first ones in words, all of them counted."""

    def __init__(self) -> None:
        self._told: list[tuple[int, str]] = []
        self._count = 0

    def row(self, number: int, words: str) -> None:
        self._count += 1
        if len(self._told) < _SHOWN:
            self._told.append((number, f"row {number}{words}"))

    def raise_if_any(self, member: _Member) -> None:
        if not self._count:
            return
        told = [words for _, words in sorted(self._told)]
        if self._count == 1:
            raise DefinitionError(
                f"{told[0]} (nothing was loaded)", file=member.where, advice="download the file from CMS again"
            )
        if self._count > len(told):
            told.append(f"and {self._count - len(told):,} more")
        heading = f"{self._count:,} problems, nothing was loaded; download the file from CMS again"
        raise DefinitionError("\n  ".join([heading, *told]), file=member.where)


def _quoted(text: str) -> str:
    """A value as a message shows it; text that may be a descriptor out of place is not shown."""
    return repr(text) if re.fullmatch(r"(?=.*\d)[0-9A-Za-z.,$%+-]{1,12}", text) else "what stands there"


# --- tables with a header ---------------------------------------------------------------------------

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The rows of a CSV file or of a sheet: the first ones, and all of them with their numbers."""

    head: list[Row]
    is_text: bool  # a line break within a cell of its rows then means a quotation mark that is never closed
    rows: Callable[[], Iterator[tuple[int, Row]]]


@dataclass(frozen=True, slots=True)
class _Layout:
    """How CMS heads the columns of a kind of table: our column → the words of the header, the best first."""

    kind: str
    key: str  # the column without which a row is none
    signature: tuple[str, ...]  # columns by which the kind is told
    optional: tuple[str, ...]  # columns that may be missing
    columns: dict[str, tuple[str, ...]]
    is_stacked: bool = False  # the words of a header stand one below the other in several rows


_CONTRACTOR = (r"(MEDICARE )?(ADMINI?STRATIVE )?CONTRACTOR( MAC)?", "MAC", r"CARRIER( NUMBER)?")
_LOCALITY = (r"LOCALITY( NUMBER| CODE)?",)
_HCPCS, _MODIFIER = (r"HCPCS( CODE)?",), (r"MOD(IFIER)?",)
_NON_FAC, _FAC = r"NON FAC(ILITY)?", r"FAC(ILITY)?"
_RATES = {
    "apc_code": ("APC",),
    "status_indicator": ("SI", "STATUS INDICATOR"),
    "relative_weight": ("RELATIVE WEIGHT",),
    "payment_amount": ("PAYMENT RATE",),
    "national_copayment_amount": ("NATIONAL UNADJUSTED COPAYMENT",),
    "minimum_copayment_amount": ("MINIMUM UNADJUSTED COPAYMENT",),
}
_CAPS = ("cap_nonfacility_pe_rvu", "cap_facility_pe_rvu", "cap_malpractice_rvu")
_LAYOUTS = (
    _Layout(
        "relative_values",
        "procedure_code",
        ("procedure_code", "malpractice_rvu"),
        ("endoscopic_base_code", "imaging_family_indicator", *_CAPS, "pricing_indicator"),
        {
            "procedure_code": _HCPCS,
            "modifier": _MODIFIER,
            "status_code": (r"STATUS( CODE)?",),
            "work_rvu": (r"WORK RVUS?",),
            "nonfacility_pe_rvu": (rf"{_NON_FAC} PE RVUS?",),
            "is_nonfacility_na": (rf"{_NON_FAC} NA INDICATOR",),
            "facility_pe_rvu": (rf"{_FAC} PE RVUS?",),
            "is_facility_na": (rf"{_FAC} NA INDICATOR",),
            "malpractice_rvu": (r"MP RVUS?",),
            "nonfacility_total_rvu": (rf"{_NON_FAC} TOTAL",),
            "facility_total_rvu": (rf"{_FAC} TOTAL",),
            "component_indicator": (r"PC ?TC IND(ICATOR)?",),
            "global_days_code": (r"GLOB(AL)? DAYS",),
            "multiple_procedure_indicator": (r"MULT(IPLE)? PROC",),
            "bilateral_indicator": (r"BILAT(ERAL)? SURG",),
            "endoscopic_base_code": ("ENDO BASE",),
            "conversion_factor": (r"CONV(ERSION)? FACTOR",),
            "imaging_family_indicator": (r"(DIAGNOSTIC )?IMAGING FAMILY INDICATOR",),
            "cap_nonfacility_pe_rvu": (rf"{_NON_FAC} PE USED FOR OPPS PAYMENT AMOUNT",),
            "cap_facility_pe_rvu": (rf"{_FAC} PE USED FOR OPPS PAYMENT AMOUNT",),
            "cap_malpractice_rvu": ("MP USED FOR OPPS PAYMENT AMOUNT",),
            "pricing_indicator": (r"PRIC(ING)? IND(ICATOR)?",),
        },
        is_stacked=True,
    ),
    _Layout(
        "gpci",
        "contractor",
        ("locality", "pe_gpci"),
        ("state", "locality_name"),
        {
            "contractor": _CONTRACTOR,
            "locality": _LOCALITY,
            "state": ("STATE",),
            "locality_name": ("LOCALITY NAME",),
            "work_gpci": (r".*\b(PW|WORK) GPCI WITH .*FLOOR.*", r".*\b(PW|WORK) GPCI(?!.*WITHOUT).*"),
            "pe_gpci": (r".*\bPE GPCI.*",),
            "malpractice_gpci": (r".*\bMP GPCI.*",),
        },
    ),
    _Layout(
        "counties",
        "contractor",
        ("locality", "counties"),
        ("state", "fee_area"),
        {
            "contractor": _CONTRACTOR,
            "locality": _LOCALITY,
            "state": ("STATE",),
            "fee_area": (r"FEE SCHEDULE AREA.*",),
            "counties": (r"COUNTIES.*",),
        },
    ),
    _Layout(
        "anesthesia",
        "contractor",
        ("contractor", "locality", "conversion_factor"),
        ("locality_name", "qualifying_conversion_factor"),
        {
            "contractor": _CONTRACTOR,
            "locality": _LOCALITY,
            "locality_name": ("LOCALITY NAME",),
            "conversion_factor": (
                r"NON QUALIFYING.*\bANES.*\bC(ONV(ERSION)? )?F.*",
                r".*\bANES.*\bC(ONV(ERSION)? )?F.*",
            ),
            "qualifying_conversion_factor": (r"QUALIFYING.*\bANES.*\bC(ONV(ERSION)? )?F.*",),
        },
    ),
    _Layout(
        "oppscap",
        "procedure_code",
        ("procedure_code", "contractor", "facility_amount"),
        ("status_code",),
        {
            "procedure_code": _HCPCS,
            "modifier": _MODIFIER,
            "status_code": ("PROC ?STAT", r"STATUS( CODE)?"),
            "contractor": _CONTRACTOR,
            "locality": _LOCALITY,
            "facility_amount": (r"FAC\w* PRICE",),
            "nonfacility_amount": (r"NON FAC\w* PRICE",),
        },
    ),
    _Layout(
        "addendum_b",
        "procedure_code",
        ("procedure_code", "apc_code", "payment_amount"),
        (),
        {"procedure_code": _HCPCS, **_RATES},
    ),
    _Layout("addendum_a", "apc_code", ("apc_code", "payment_amount"), (), _RATES),
    _Layout(
        "zip5",
        "zip",
        ("zip", "contractor", "locality"),
        ("plus_four", "state"),
        {
            "zip": (r"ZIP( ?CODE)?",),
            "plus_four": ("PLUS ?(4|FOUR)",),
            "contractor": _CONTRACTOR,
            "locality": _LOCALITY,
            "state": ("STATE",),
            "is_plus_four_needed": ("PLUS ?(4|FOUR) FLAG",),
            "year_quarter": ("YEAR QTR", "YEAR QUARTER"),
        },
    ),
)
_KEY_PATTERNS = {
    "procedure_code": re.compile(r"(?=.*\d)[0-9A-Z]{5}|\d{1,4}"),
    "contractor": re.compile(r"\d{1,5}"),
    "apc_code": re.compile(r"\d{1,4}"),
    "zip": re.compile(r"\d{1,5}"),
}


def _words(cell: str) -> str:
    """A cell of a header as capital words: '2025 PW GPCI (with 1.0 Floor)***' is '2025 PW GPCI WITH 1 0 FLOOR'."""
    return " ".join(re.findall(r"[0-9A-Z]+", cell.upper()))


def _text_sheet(text: str, member: _Member) -> _Sheet:
    def rows() -> Iterator[tuple[int, Row]]:
        reader = csv.reader(io.StringIO(text, newline=""))
        try:
            yield from enumerate(reader, start=1)
        except csv.Error as error:
            raise DefinitionError(
                f"line {reader.line_num:,} cannot be split into columns",
                file=member.where,
                advice="look for a quotation mark that is never closed, or download the file from CMS again",
            ) from error

    return _Sheet([row for _, row in islice(rows(), _HEAD)], True, rows)


def _recognize_workbook(member: _Member, effective: date | None) -> list[_Found]:
    """What a workbook is: that of its first sheet that is a fee file."""
    from openpyxl import load_workbook

    broken = DefinitionError(
        "the workbook cannot be read: it is damaged, or no .xlsx file",
        file=member.where,
        advice="open it and save it as .xlsx or CSV, or import the CSV of CMS",
    )
    try:
        with zipfile.ZipFile(io.BytesIO(member.data)) as archive:
            _check_zip(member.where, archive.infolist())
            if _WORKBOOK not in archive.namelist():
                return []
        with warnings.catch_warnings(action="ignore"):  # about drop-down lists and the like, which nobody reads here
            workbook = load_workbook(io.BytesIO(member.data), read_only=True, data_only=True)
        names = [sheet.title for sheet in workbook.worksheets]
    except DefinitionError:
        raise
    except Exception as error:  # whatever a damaged workbook makes of its reader
        raise broken from error

    def rows(name: str) -> Iterator[tuple[int, Row]]:
        try:
            for number, cells in enumerate(workbook[name].iter_rows(values_only=True), start=1):
                yield number, [_cell_text(cell) for cell in cells]
        except Exception as error:
            raise broken from error

    for name in names:
        sheet = _Sheet([row for _, row in islice(rows(name), _HEAD)], False, partial(rows, name))
        if found := _recognize_sheet(sheet, member, effective):
            return found
    return []


def _cell_text(value: object) -> str:
    """The text of a cell of a workbook; a number as CMS writes it, without the noise of binary fractions."""
    if value is None:
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _recognize_sheet(sheet: _Sheet, member: _Member, effective: date | None) -> list[_Found]:
    """What a table is, by its header; empty if no row among the first is one that is known."""
    for index, row in enumerate(sheet.head):
        if sum(bool(cell.strip()) for cell in row) < 3:
            continue
        for layout in _LAYOUTS:
            names = _header_words(sheet.head, index) if layout.is_stacked else [_words(cell) for cell in row]
            places = _places(layout, names)
            if all(column in places for column in layout.signature):
                return _found_in_sheet(layout, sheet, index, names, places, member, effective)
    return []


def _header_words(head: Sequence[Row], index: int) -> list[str]:
    """The words of each column, joined from the rows of a stacked header, whose last row is given."""
    first = index
    while first and sum(bool(cell.strip()) for cell in head[first - 1]) > 1 and not _is_title(head[first - 1]):
        first -= 1
    stack = head[first : index + 1]
    return [
        " ".join(filter(None, (_words(row[at]) for row in stack if at < len(row)))) for at in range(len(head[index]))
    ]


def _is_title(row: Row) -> bool:
    return any("RELEASED" in cell.upper() for cell in row)


def _places(layout: _Layout, names: Sequence[str]) -> dict[str, int]:
    """Where the columns stand; a column the header does not name is left out."""
    places = {}
    for column, patterns in layout.columns.items():
        for pattern in patterns:
            at = next((at for at, name in enumerate(names) if name and re.fullmatch(pattern, name)), None)
            if at is not None:
                places[column] = at
                break
    if layout.kind == "relative_values":  # a bare 'NA INDICATOR' belongs to the column on its left
        for flag, value in (("is_nonfacility_na", "nonfacility_pe_rvu"), ("is_facility_na", "facility_pe_rvu")):
            after = places.get(value, len(names)) + 1
            if flag not in places and after < len(names) and names[after] == "NA INDICATOR":
                places[flag] = after
    return places


def _found_in_sheet(
    layout: _Layout,
    sheet: _Sheet,
    index: int,
    names: Sequence[str],
    places: dict[str, int],
    member: _Member,
    effective: date | None,
) -> list[_Found]:
    kind = "zip9" if layout.kind == "zip5" and "plus_four" in places else layout.kind
    if lacking := [one for one in layout.columns if one not in places and one not in layout.optional]:
        headers = ", ".join(_PLAIN_NAMES.get(column, column.replace("_", " ")) for column in lacking)
        raise DefinitionError(
            f"this looks like a file of {_PLAIN_KINDS[layout.kind]}, but these columns are missing in its header: {headers}",
            file=member.where,
            advice="import the file as CMS published it",
        )
    titles = [cell for row in sheet.head[:index] for cell in row if cell.strip()]
    below = [row for row in sheet.head[index + 1 :] if len(row) > max(places.values())]
    if layout.kind == "zip5":
        year, quarter = _last_quarter(row[places["year_quarter"]].strip() for row in below)
    else:
        year, quarter = _told(kind, titles, sheet.head[index], member)
    first_day = _first_day(year, quarter, member, effective)
    is_excerpt = any("EXCERPT" in title.upper() for title in titles)
    found = partial(_Found, kind, first_day)
    read = partial(_read_sheet, layout, sheet, index, names, places, member)
    if kind == "relative_values":
        at = places.get("pricing_indicator")
        indicators = set() if at is None else {row[at].strip() for row in below} - {""}
        return [found(_of_indicator(indicators, first_day, member), is_excerpt, read)]
    if kind == "anesthesia" and "qualifying_conversion_factor" in places:
        other = {**places, "conversion_factor": places["qualifying_conversion_factor"]}
        read_other = partial(_read_sheet, layout, sheet, index, names, other, member)
        return [found(False, is_excerpt, read), found(True, is_excerpt, read_other)]
    return [found(None, is_excerpt, read)]


def _told(kind: str, titles: Sequence[str], header: Row, member: _Member) -> tuple[int | None, int | None]:
    """The year and the quarter of a table: by its titles and its header, else by its name."""
    if kind == "relative_values":  # other titles name the years of copyrights
        titles = [title for title in titles if "RELATIVE VALUE" in title.upper()]
    year, quarter = _named(titles)
    year_by_name, quarter_by_name = _named(member.names)
    if kind in ("gpci", "counties", "anesthesia"):
        return _any_year([*header, *titles]) or year_by_name, 0
    return year or _any_year(titles) or year_by_name, quarter_by_name if quarter is None else quarter


def _any_year(texts: Sequence[str]) -> int | None:
    found = re.search(r"\b(20\d\d)\b(?!\.\d)", "\n".join(texts))
    return int(found[1]) if found else None


def _last_quarter(texts: Iterable[str]) -> tuple[int | None, int | None]:
    """The year and the quarter of the newest of texts such as 20263."""
    last = max((text for text in texts if re.fullmatch(r"20\d\d[1-4]", text)), default="")
    return (int(last[:4]), int(last[4]) - 1) if last else (None, None)


_PLAIN_KINDS = {
    "relative_values": "relative values (PPRRVU)",
    "gpci": "geographic indices (GPCI)",
    "counties": "counties (LOCCO)",
    "anesthesia": "anesthesia conversion factors (ANES)",
    "oppscap": "prices capped at the outpatient rate (OPPSCAP)",
    "addendum_a": "outpatient rates (Addendum A)",
    "addendum_b": "outpatient rates (Addendum B)",
    "zip5": "ZIP codes (ZIP5)",
}
_PLAIN_NAMES = {  # the header as CMS writes it, where our own name would not be found in the file
    "is_nonfacility_na": "NON-FAC NA INDICATOR",
    "is_facility_na": "FACILITY NA INDICATOR",
    "nonfacility_pe_rvu": "NON-FAC PE RVU",
    "facility_pe_rvu": "FACILITY PE RVU",
    "malpractice_rvu": "MP RVU",
    "work_rvu": "WORK RVU",
    "conversion_factor": "CONV FACTOR",
    "work_gpci": "PW GPCI (with the floor)",
    "malpractice_gpci": "MP GPCI",
    "pe_gpci": "PE GPCI",
    "is_plus_four_needed": "PLUS 4 FLAG",
    "year_quarter": "YEAR/QTR",
}


def _read_sheet(
    layout: _Layout, sheet: _Sheet, index: int, names: Sequence[str], places: dict[str, int], member: _Member
) -> pa.Table:
    """The rows below a header. Of each row only the columns wanted are kept: a descriptor goes with its row."""
    problems = _Problems()
    table = TABLE_OF_KIND[layout.kind]
    wanted = {column: at for column, at in places.items() if column in table or column == "year_quarter"}
    numeric = [at for column, at in wanted.items() if column in table and table[column].type in ("decimal", "amount")]
    key, pattern, last = places[layout.key], _KEY_PATTERNS[layout.key], max(wanted.values())
    width = max(len(row) for row in sheet.head[: index + 1])
    texts: dict[str, list[str]] = {column: [] for column in wanted}
    numbers: list[int] = []
    state, header = "", list(sheet.head[index])
    for number, row in sheet.rows():
        if number <= index + 1:
            continue
        code = _bare(row[key]).upper() if key < len(row) else ""
        if not pattern.fullmatch(code):
            filled = [at for at in wanted.values() if at < len(row) and row[at].strip()]
            is_data = any(at in numeric for at in filled) or (not numeric and len(filled) > 2)
            if is_data and list(row) != header:  # anything else is a footnote
                problems.row(number, f", column {names[key]}: it is blank or malformed, but the row has values")
            continue
        if len(row) <= last:
            problems.row(number, f": it is cut short after {len(row)} of {width} columns")
            continue
        if len(row) > width:
            problems.row(number, f": it has {len(row)} values where the header has {width}")
            continue
        if sheet.is_text and any("\n" in cell for cell in row):
            problems.row(number, ": a quotation mark in it is never closed")
            continue
        numbers.append(number)
        for column, at in wanted.items():
            texts[column].append(row[at].strip())
        if layout.kind == "counties" and "state" in texts:
            state = texts["state"][-1] or state
            texts["state"][-1] = state
    columns = {column: pa.array(values, pa.string()) for column, values in texts.items()}
    labels = {column: f"column {names[at]}" for column, at in wanted.items()}
    return _typed_rows(layout.kind, columns, np.array(numbers, dtype=np.int64), labels, problems, member)


_STRAY = "^[\\s\xa0*']+|[\\s\xa0*'\xff]+$"  # around a code: blanks, footnote marks, the stray byte FF of some files


def _bare(cell: str) -> str:
    """A code without what stands around it: blanks, footnote marks, a stray byte behind it."""
    cell = cell.strip()
    return cell if cell.isalnum() and cell.isascii() else re.sub(_STRAY, "", cell)


# --- text becomes typed rows ------------------------------------------------------------------------

_WIDTHS = {  # digits, in columns that lose their leading zeros in a spreadsheet
    "procedure_code": 5,
    "endoscopic_base_code": 5,
    "contractor": 5,
    "locality": 2,
    "zip": 5,
    "plus_four": 4,
    "apc_code": 4,
    "global_days_code": 3,
}
_FORMS = {
    "procedure_code": (r"^[0-9A-Z]{5}$", "no HCPCS code"),
    "modifier": (r"^([0-9A-Z]{2})?$", "no modifier"),
    "contractor": (r"^[0-9A-Z]{5}$", "no contractor of five digits"),
    "locality": (r"^[0-9]{2}$", "no locality of two digits"),
    "zip": (r"^[0-9]{5}$", "no ZIP code"),
    "plus_four": (r"^([0-9]{4})?$", "not the four digits behind a ZIP code"),
    "apc_code": (r"^([0-9]{4})?$", "no APC of four digits"),
    "status_code": (r"^[A-Z]?$", "no status code"),
}
_REQUIRED = {"relative_values": ("status_code",)}
_TRUTHS = {"NA": True, "1": True, "Y": True, "": False, "0": False, "N": False}
_KEYS = {  # what may stand in a file only once
    "relative_values": ("procedure_code", "modifier"),
    "gpci": ("contractor", "locality"),
    "anesthesia": ("contractor", "locality"),
    "oppscap": ("procedure_code", "modifier", "contractor", "locality"),
    "addendum_b": ("procedure_code",),
    "pfall": ("contractor", "locality", "procedure_code", "modifier"),
    "pfrev": ("contractor", "locality", "procedure_code", "modifier"),
}


def _typed_rows(
    kind: str,
    texts: dict[str, pa.Array],
    numbers: NDArray[np.int64],
    labels: dict[str, str],
    problems: _Problems,
    member: _Member,
) -> pa.Table:
    """The rows in the types of their table, from columns of trimmed text. Raises DefinitionError with every problem."""
    return _checked_rows(kind, _converted(kind, texts, numbers, labels, problems), problems, member)


def _converted(
    kind: str, texts: dict[str, pa.Array], numbers: NDArray[np.int64], labels: dict[str, str], problems: _Problems
) -> pa.Table:
    """Columns of trimmed text in the types of their table; what does not convert is NULL, and a problem."""
    table, schema = TABLE_OF_KIND[kind], rows_schema(kind)
    columns: list[pa.Array] = []
    for name, arrow_type in zip(schema.names, schema.types, strict=True):
        text = texts.get(name)
        if name == "row_number":
            columns.append(pa.array(numbers))
        elif text is None and not table[name].nullable:
            columns.append(pa.array([""] * len(numbers), pa.string()))
        elif text is None:
            columns.append(pa.nulls(len(numbers), arrow_type))
        elif pa.types.is_decimal(arrow_type):
            columns.append(_numbers(text, arrow_type, name in _NOT_BLANK, numbers, labels[name], problems))
        elif pa.types.is_boolean(arrow_type):
            columns.append(_booleans(text, numbers, labels[name], problems))
        else:
            columns.append(_codes(kind, table, name, text, numbers, labels[name], problems))
    return pa.Table.from_arrays(columns, schema=schema)


def _checked_rows(kind: str, rows: pa.Table, problems: _Problems, member: _Member) -> pa.Table:
    """The rows, if there was no problem, there are any, and none stands there twice. Raises DefinitionError."""
    problems.raise_if_any(member)
    if not rows.num_rows:
        raise DefinitionError(
            "the file has a header but no rows",
            file=member.where,
            advice="import the whole file as CMS published it, not its header alone",
        )
    _check_repeats(kind, rows, member)
    return rows


_NOT_BLANK = frozenset({"work_gpci", "pe_gpci", "malpractice_gpci"})


def _numbers(
    text: pa.Array,
    arrow_type: pa.DataType,
    is_needed: bool,
    numbers: NDArray[np.int64],
    label: str,
    problems: _Problems,
) -> pa.Array:
    """Decimals out of '1.30', '$4,146.335', '0000117.58'; blank and a lone point are NULL.

    A number with more decimals than the column holds is rounded, half up: CMS prints drug rates in
    tenths of a cent.
    """
    bare = pc.replace_substring_regex(text, r"[$,\s]", "")
    is_blank = pc.is_in(bare, pa.array(["", ".", "-"]))
    is_good = pc.match_substring_regex(bare, r"^-?([0-9]{1,12}(\.[0-9]{0,8})?|\.[0-9]{1,8})$")
    for at in np.flatnonzero(~pc.or_(is_good, is_blank).to_numpy(zero_copy_only=False)).tolist():
        problems.row(int(numbers[at]), f", {label}: {_quoted(text[at].as_py())} is not a number")
    if is_needed:
        for at in np.flatnonzero(is_blank.to_numpy(zero_copy_only=False)).tolist():
            problems.row(int(numbers[at]), f", {label}: it is blank")
    known = pc.if_else(is_good, bare, pa.scalar(None, pa.string()))
    wide = pc.cast(known, pa.decimal128(38, 8))
    rounded = pc.round(wide, ndigits=arrow_type.scale, round_mode="half_towards_infinity")
    return pc.cast(rounded, arrow_type, safe=False)


def _booleans(text: pa.Array, numbers: NDArray[np.int64], label: str, problems: _Problems) -> pa.Array:
    """Flags: NA, 1 and Y are set, blank, 0 and N are not."""
    values = text.dictionary_encode()
    known = [_TRUTHS.get(value.upper()) for value in values.dictionary.to_pylist()]
    truths = pa.array(known, pa.bool_()).take(values.indices)
    for at in np.flatnonzero(truths.is_null().to_numpy(zero_copy_only=False)).tolist():
        problems.row(int(numbers[at]), f", {label}: {_quoted(text[at].as_py())} is neither NA nor blank, 1 nor 0")
    return truths


def _codes(
    kind: str,
    table: Table,
    name: str,
    text: pa.Array,
    numbers: NDArray[np.int64],
    label: str,
    problems: _Problems,
) -> pa.Array:
    """Codes and names: without stray marks, with the leading zeros a spreadsheet took away, blank as NULL if it may."""
    text = text.cast(pa.string())
    if name in _FORMS:
        text = pc.utf8_upper(pc.replace_substring_regex(text, _STRAY, ""))
    elif name in ("locality_name", "state", "counties", "fee_area"):
        text = pc.utf8_trim(pc.utf8_rtrim(text, "* "), " ")
    if name in _WIDTHS:
        is_number = pc.match_substring_regex(text, r"^[0-9]+$")
        text = pc.if_else(is_number, pc.utf8_lpad(text, _WIDTHS[name], "0"), text)
    if name in _FORMS:
        form, wrong = _FORMS[name]
        for at in np.flatnonzero(~pc.match_substring_regex(text, form).to_numpy(zero_copy_only=False)).tolist():
            problems.row(int(numbers[at]), f", {label}: {_quoted(text[at].as_py())} is {wrong}")
    if name in _REQUIRED.get(kind, ()):
        for at in np.flatnonzero(pc.equal(text, "").to_numpy(zero_copy_only=False)).tolist():
            problems.row(int(numbers[at]), f", {label}: it is blank")
    if table[name].nullable:
        text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    return text


def _check_repeats(kind: str, rows: pa.Table, member: _Member) -> None:
    """No code stands in a file twice with the same modifier, no locality twice."""
    keys = list(_KEYS.get(kind, ()))
    if not keys:
        return
    numbers = np.zeros(rows.num_rows, dtype=np.int64)  # one for each different key; text would take ten times the room
    for key in keys:
        values = rows[key].combine_chunks().dictionary_encode()
        numbers = numbers * len(values.dictionary) + values.indices.to_numpy()
    order = np.argsort(numbers, kind="stable")
    again = np.flatnonzero(numbers[order][1:] == numbers[order][:-1])
    if not len(again):
        return
    at = again[np.argmin(order[again + 1])]
    one, other = (rows.slice(int(order[place]), 1).to_pylist()[0] for place in (at, at + 1))
    what = " ".join(one[key] for key in keys if one[key])
    others = f", and {len(again) - 1:,} more rows repeat another one" if len(again) > 1 else ""
    raise DefinitionError(
        f"rows {one['row_number']} and {other['row_number']} are both about {what}{others} (nothing was loaded)",
        file=member.where,
        advice="download the file from CMS again; two files must not be joined into one",
    )


# --- relative values of fixed width -----------------------------------------------------------------

_RELATIVE_VALUE_LINE = re.compile(r"[0-9A-Z]{5}.{52}[A-Z] [ \d.]{6}.[ \d.]{6}.{60}[ \d.]{8}")
_POSITIONS = {  # 1-based, the last one included; the descriptor (8 to 57) is never cut out
    "procedure_code": (1, 5),
    "modifier": (6, 7),
    "status_code": (58, 58),
    "work_rvu": (60, 65),
    "nonfacility_pe_rvu": (67, 72),
    "is_nonfacility_na": (73, 74),
    "facility_pe_rvu": (76, 81),
    "is_facility_na": (82, 83),
    "malpractice_rvu": (85, 89),
    "nonfacility_total_rvu": (91, 96),
    "facility_total_rvu": (97, 102),
    "component_indicator": (103, 103),
    "global_days_code": (104, 106),
    "multiple_procedure_indicator": (116, 116),
    "bilateral_indicator": (117, 117),
    "endoscopic_base_code": (128, 132),
    "conversion_factor": (133, 140),
}
_PRICING_INDICATOR = 121


def _recognize_relative_value_lines(member: _Member, text: str, effective: date | None) -> list[_Found]:
    year, quarter = _named(member.names)
    first_day = _first_day(year, quarter, member, effective)
    data_lines = (line for line in io.StringIO(text) if _RELATIVE_VALUE_LINE.match(line))
    indicators = {line[_PRICING_INDICATOR - 1].strip() for line in islice(data_lines, _HEAD)} - {""}
    is_excerpt = any("EXCERPT" in line.upper() for line in islice(io.StringIO(text), _HEAD) if line.startswith("HDR"))
    is_qualifying = _of_indicator(indicators, first_day, member)
    read = partial(_read_relative_value_lines, member, text)
    return [_Found("relative_values", first_day, is_qualifying, is_excerpt, read)]


def _read_relative_value_lines(member: _Member, text: str) -> pa.Table:
    problems = _Problems()
    texts: dict[str, list[str]] = {column: [] for column in _POSITIONS}
    numbers: list[int] = []
    longest = _POSITIONS["conversion_factor"][1]
    for number, line in enumerate(io.StringIO(text), start=1):
        if not line.strip() or line.startswith(("HDR", "TRL")):
            continue
        if len(line.rstrip("\r\n")) < longest:
            problems.row(number, f": the line is cut short after {len(line.rstrip())} of {longest} positions")
            continue
        numbers.append(number)
        for column, (first, last) in _POSITIONS.items():
            texts[column].append(line[first - 1 : last].strip())
    columns = {column: pa.array(values, pa.string()) for column, values in texts.items()}
    labels = {column: f"positions {first} to {last}" for column, (first, last) in _POSITIONS.items()}
    return _typed_rows("relative_values", columns, np.array(numbers, dtype=np.int64), labels, problems, member)


# --- ZIP codes of fixed width -----------------------------------------------------------------------

_ZIP_LINE = re.compile(r"[A-Z ]{2}\d{5}[0-9A-Z]{5}\d\d.{6}[ \d].{54}20\d\d[1-4]\s*$")
_ZIP_POSITIONS = {
    "state": (1, 2),
    "zip": (3, 7),
    "contractor": (8, 12),
    "locality": (13, 14),
    "is_plus_four_needed": (21, 21),
    "plus_four": (22, 25),
    "year_quarter": (76, 80),
}
_ZIP_WIDTH = 80


def _recognize_zip_lines(member: _Member, data: bytes, effective: date | None) -> list[_Found]:
    lines = _ZipLines(data)
    year, quarter = _last_quarter(pc.unique(lines.column("year_quarter")).to_pylist())
    first_day = _first_day(year, quarter, member, effective)
    has_plus_four = pc.any(pc.match_substring_regex(lines.column("plus_four"), r"^[0-9]{4}$")).as_py()
    kind = "zip9" if has_plus_four else "zip5"
    return [_Found(kind, first_day, None, False, partial(_read_zip_lines, kind, lines, member))]


class _ZipLines:
    """The lines of a file of ZIP codes, cut into columns without a loop: ZIP9 has more than half a million."""

    def __init__(self, data: bytes) -> None:
        self._bytes = np.frombuffer(data, dtype=np.uint8)
        ends = np.append(np.flatnonzero(self._bytes == ord("\n")), len(data))
        starts = np.append(0, ends[:-1] + 1)
        last = self._bytes[np.minimum(np.maximum(ends - 1, 0), len(data) - 1)]
        lengths = ends - starts - ((last == ord("\r")) & (ends > starts))
        numbers = np.arange(1, len(starts) + 1)
        is_whole, is_cut = lengths >= _ZIP_WIDTH, (lengths > 0) & (lengths < _ZIP_WIDTH)
        self._starts, self.numbers = starts[is_whole], numbers[is_whole].astype(np.int64)
        self.odd: set[int] = set()
        self.cut_short = list(zip(numbers[is_cut].tolist(), lengths[is_cut].tolist(), strict=True))

    def column(self, name: str) -> pa.Array:
        """A column as trimmed text; what is no ASCII is kept out of it, and its line remembered in `odd`."""
        first, last = _ZIP_POSITIONS[name]
        cut = self._bytes[self._starts[:, None] + np.arange(first - 1, last)]
        if (is_odd := cut > 127).any():
            self.odd.update(self.numbers[is_odd.any(axis=1)].tolist())
            cut = np.where(is_odd, np.uint8(ord("?")), cut)
        joined = np.ascontiguousarray(cut).view(f"S{last - first + 1}").ravel()
        return pc.utf8_trim_whitespace(pa.array(joined).cast(pa.string()))


def _read_zip_lines(kind: str, lines: _ZipLines, member: _Member) -> pa.Table:
    problems = _Problems()
    for number, length in lines.cut_short:
        problems.row(number, f": the line is cut short after {length} of {_ZIP_WIDTH} positions")
    texts = {column: lines.column(column) for column in _ZIP_POSITIONS}
    for number in sorted(lines.odd):
        problems.row(number, ": it holds a character that no file of CMS holds there")
    if kind == "zip5":  # position 23 holds another indicator there
        texts["plus_four"] = pa.array([""] * len(lines.numbers), pa.string())
    labels = {column: f"positions {first} to {last}" for column, (first, last) in _ZIP_POSITIONS.items()}
    return _typed_rows(kind, texts, lines.numbers, labels, problems, member)


# --- published amounts ------------------------------------------------------------------------------

_PUBLISHED_LINE = re.compile(
    r'"?20\d\d"? *, *"?\d{4,5}"? *, *"?\d{1,2}"? *, *"?[0-9A-Z]{5}"? *,(?:[^,\n]*,){10,11}[^,\n]*$'
)
_BLOCK = 1 << 23  # bytes read at once
_PUBLISHED = (
    "year",
    "contractor",
    "locality",
    "procedure_code",
    "modifier",
    "nonfacility_amount",
    "facility_amount",
    "",  # filler; left out in a file of 15 values
    "component_indicator",
    "status_code",
    "multiple_procedure_indicator",
    "",  # 50 percent therapy reduction amounts
    "",
    "opps_indicator",
    "cap_nonfacility_amount",
    "cap_facility_amount",
)


def _recognize_published(member: _Member, data: bytes, effective: date | None) -> list[_Found]:
    """PFALL, or PFREV by its name: one line for each code in each locality, without a header."""
    year = int(re.search(rb"20\d\d", data)[0])  # type: ignore[index]  # the first line begins with it
    kind = "pfrev" if "PFREV" in member.name.upper() else "pfall"
    quarter = _named(member.names)[1] if kind == "pfrev" else 0
    first_day = _first_day(year, quarter, member, effective)
    is_qualifying = _qualifying(member.names) if first_day.year >= FIRST_YEAR_OF_TWO_FACTORS else None
    return [_Found(kind, first_day, is_qualifying, False, partial(_read_published, kind, str(year), data, member))]


def _read_published(kind: str, year: str, data: bytes, member: _Member) -> pa.Table:
    problems = _Problems()
    width = data[: data.find(b"\n") + 1 or None].count(b",") + 1
    data = data if data.isascii() else _decode(data).encode()
    names = [name for at, name in enumerate(_PUBLISHED) if width == len(_PUBLISHED) or at != 7]
    skipped: list[int] = []

    def skip(row: Any) -> str:
        skipped.append(row.number)
        if row.text.strip(' \t\r\n",') and not row.text.lstrip('" ').startswith("TRL"):
            problems.row(row.number, f": it has {row.actual_columns} values where the first row has {width}")
        return "skip"

    fields = [name or f"unread_{at}" for at, name in enumerate(names)]
    wanted = [name for name in names if name]
    labels = {name: f"value {at + 1}" for at, name in enumerate(names) if name}
    pieces: list[pa.Table] = []
    row_count = 0
    for batch in _batches(data, fields, wanted, skip, member):
        texts = {name: pc.utf8_trim_whitespace(batch.column(name)) for name in wanted}
        numbers, row_count = _row_numbers(row_count, batch.num_rows, skipped), row_count + batch.num_rows
        is_blank = pc.and_(pc.equal(texts["year"], ""), pc.equal(texts["procedure_code"], ""))
        if pc.any(is_blank).as_py():  # an empty line
            is_filled = pc.invert(is_blank)
            texts = {name: text.filter(is_filled) for name, text in texts.items()}
            numbers = numbers[is_filled.to_numpy(zero_copy_only=False)]
        for at in np.flatnonzero(pc.not_equal(texts["year"], year).to_numpy(zero_copy_only=False)).tolist():
            problems.row(int(numbers[at]), f": its year is not {year}, as in the first row")
        pieces.append(_converted(kind, texts, numbers, labels, problems))
    rows = pa.concat_tables(pieces) if pieces else rows_schema(kind).empty_table()
    return _checked_rows(kind, rows, problems, member)


def _batches(
    data: bytes, names: Sequence[str], wanted: Sequence[str], skip: Callable[[Any], str], member: _Member
) -> Iterator[pa.RecordBatch]:
    """The rows of a CSV file without a header as text, piece by piece, because there are more than a million."""
    try:
        yield from pa_csv.open_csv(
            pa.BufferReader(data),
            # one thread, or rows are not numbered
            read_options=pa_csv.ReadOptions(use_threads=False, column_names=names, block_size=_BLOCK),
            parse_options=pa_csv.ParseOptions(ignore_empty_lines=False, invalid_row_handler=skip),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                include_columns=wanted,
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowException as error:
        raise DefinitionError(
            "the file cannot be split into rows and columns",
            file=member.where,
            advice="download it from CMS again",
        ) from error


def _row_numbers(before: int, count: int, skipped: Sequence[int]) -> NDArray[np.int64]:
    """The numbers of rows, of which some were skipped: those after the first ``before`` rows that were not."""
    numbers = np.arange(1, before + count + len(skipped) + 1, dtype=np.int64)
    left_out = [number for number in skipped if number <= len(numbers)]  # the reader looks ahead
    kept = np.delete(numbers, np.array(left_out, dtype=np.int64) - 1)
    return kept[before : before + count]
