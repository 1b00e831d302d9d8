"""X12 files → claims and service lines, columnar, with positions. 837P, 837I, leniently 837D.

The only place that knows the loops of an 837. A piece of a file becomes arrays; which loop a segment
stands in follows from the markers before it:

    ST · HL*…*20 (2000A) · HL*…*22 (2000B) · HL*…*23 (2000C) · CLM (2300) · SBR after CLM (2320,
    another payer: nothing in it is the claim's) · LX (2400)

and an N3, N4 or DMG belongs to the NM1 before it, if no marker came between. 005010 with all addenda
is read as its guides say (X222A1, X223A2 and neighbours); 004010 leniently.

Pieces are read side by side, each as if it stood alone, and put together in order: what a claim
inherits from a level that began in an earlier piece is filled in then. What could be read is read.
What could not is a row of intake_problems with its position.
"""

from __future__ import annotations

import mmap
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.formats.envelope import (
    CL1,
    CLM,
    CLP,
    DMG,
    DTP,
    HI,
    HL,
    HOLE,
    LX,
    N3,
    N4,
    NM1,
    REF,
    SBR,
    SE,
    ST,
    SV1,
    SV2,
    SV3,
    Envelope,
    Transaction,
    classify,
    close,
    mend_separators,
    walk_envelopes,
)
from scrubjay.formats.x12 import (
    PADDING,
    PIECE_BYTES,
    Buffer,
    Interchange,
    Ints,
    Problem,
    Segments,
    Spans,
    dates,
    decimals,
    forget,
    hours,
    interchanges,
    keys,
    pack,
    pieces,
    problem_row,
    scan,
    segment_too_long,
    texts,
    timestamps,
)
from scrubjay.tables import CLAIMS, INSTITUTIONAL_LINES, PROFESSIONAL_LINES, Table, arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa

Columns = dict[str, Any]

# Contexts: which loop the last marker opened. Those before AT_CLAIM are levels above the claims.
AT_ST, AT_BILLING, AT_SUBSCRIBER, AT_PATIENT, AT_OTHER_LEVEL, AT_CLAIM, AT_OTHER_PAYER, AT_LINE = range(1, 9)

STARTERS = ("CLM", "HL", "ST")  # a piece of a file begins with one of these
_READERS = 3  # pieces read side by side; NumPy leaves the interpreter free for some of the time
_AHEAD = 2  # pieces held ready, so that memory stays flat
_PROBLEMS_SHOWN = 20  # of one kind in one file


@dataclass(slots=True)
class X12File:
    """What one X12 file held: its kind, its claims and lines as Arrow tables, and its problems."""

    kind: str
    has_claim_transactions: bool
    claims: pa.Table
    professional_lines: pa.Table
    institutional_lines: pa.Table
    line_count: int
    remittance_count: int
    problems: list[Problem]


@dataclass(slots=True)
class _Piece:
    """A piece of a file on its way from bytes to rows. Claims are numbered from 0 within it."""

    segments: Segments
    classes: NDArray[np.uint8]
    problems: list[Problem]
    begins: list[int] = field(default_factory=list)  # the segment each transaction begins with
    transactions: list[Transaction] = field(default_factory=list)
    follows_hole: bool = False  # a stretch before it was left out: nothing is inherited across it
    ends_in_claim: bool = False  # its last claim is still open
    claims: Columns = field(default_factory=dict)
    levels: dict[str, pa.RecordBatch] = field(default_factory=dict)  # a row for each that begins here
    level_of_claim: dict[str, Ints] = field(default_factory=dict)  # 0: began in an earlier piece
    professional: pa.RecordBatch | None = None
    institutional: pa.RecordBatch | None = None
    dental: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # the claim of each SV3

    @property
    def last_claim_id(self) -> str:
        return self.claims["claim_id"][-1].as_py() or "(without a claim id)"


@dataclass(slots=True)
class _File:
    """What is gathered while one file is read."""

    file_id: int
    next_claim_key: int
    claims: list[pa.RecordBatch] = field(default_factory=list)
    professional: list[pa.RecordBatch] = field(default_factory=list)
    institutional: list[pa.RecordBatch] = field(default_factory=list)
    lines: int = 0
    remittances: int = 0
    kinds: dict[str, None] = field(default_factory=dict)
    levels: dict[str, pa.RecordBatch] = field(default_factory=dict)  # in force where the next piece begins
    problems: list[Problem] = field(default_factory=list)
    problem_counts: dict[str, int] = field(default_factory=dict)

    def report(self, problem: Problem) -> None:
        """Keep a problem; of one kind the first 20, then only their number (except lost claims)."""
        kind = problem["problem"]
        self.problem_counts[kind] = count = self.problem_counts.get(kind, 0) + 1
        if count <= _PROBLEMS_SHOWN or problem["claim_id"] is not None:
            self.problems.append(problem)


def read_x12(
    path: Path, file_id: int, first_claim_key: int, on_bytes: Callable[[int], None] = lambda _: None
) -> X12File:
    """The claims and lines of one X12 file. ``on_bytes`` hears how many bytes were read since last.

    Never raises for what stands in the file. The claim keys run from ``first_claim_key``.
    """
    import pyarrow as pa

    gathered = _File(file_id, first_claim_key)
    with path.open("rb") as handle:
        buffer = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            if len(buffer) > 2 * PIECE_BYTES:
                with ThreadPoolExecutor(_READERS) as pool:
                    _read_buffer(buffer, gathered, lambda *call: pool.submit(*call).result, on_bytes)
            else:
                _read_buffer(buffer, gathered, _at_once, on_bytes)
        finally:
            buffer.close()
    _report_unlisted(gathered)
    kinds = [kind for kind in gathered.kinds if kind] or ["X12 without a transaction"]
    return X12File(
        " + ".join(kinds),
        any(kind.startswith("837") for kind in kinds),
        pa.Table.from_batches(gathered.claims, arrow_schema(CLAIMS)),
        pa.Table.from_batches(gathered.professional, arrow_schema(PROFESSIONAL_LINES)),
        pa.Table.from_batches(gathered.institutional, arrow_schema(INSTITUTIONAL_LINES)),
        gathered.lines,
        gathered.remittances,
        gathered.problems,
    )


# Starts a call and gives back how to wait for its result.
_Later = Callable[..., Callable[[], _Piece]]


def _at_once(function: Callable[..., _Piece], *arguments: Any) -> Callable[[], _Piece]:
    piece = function(*arguments)
    return lambda: piece


def _read_buffer(buffer: Buffer, gathered: _File, later: _Later, on_bytes: Callable[[int], None]) -> None:
    is_first = True
    for interchange in interchanges(buffer):
        if is_first and buffer[: interchange.start].strip(b"\xef\xbb\xbf \t\r\n\x00"):
            gathered.report(
                problem_row(
                    "warning",
                    "bytes before ISA",
                    f"{interchange.start:,} bytes stand before the first interchange header. They were not read.",
                    "Remove what stands before ISA; many receivers refuse the whole file for it.",
                    0,
                )
            )
        is_first = False
        if not interchange.is_fixed_width:
            gathered.report(
                problem_row(
                    "error",
                    "ISA not fixed width",
                    "The interchange header is not 106 characters long: its elements are not padded. "
                    "It was read all the same.",
                    "Pad every ISA element to its length; receivers find the delimiters by position.",
                    interchange.start,
                    segment="ISA",
                )
            )
        _read_interchange(buffer, interchange, gathered, later, on_bytes)
    if is_first:
        gathered.report(
            problem_row(
                "error",
                "no interchange",
                "No readable interchange header (ISA) was found.",
                "Have the file made again; it must begin with ISA.",
                0,
            )
        )


def _read_interchange(
    buffer: Buffer, interchange: Interchange, gathered: _File, later: _Later, on_bytes: Callable[[int], None]
) -> None:
    """Read an interchange: pieces are scanned and read side by side, walked and joined in order."""
    envelope = Envelope(interchange)
    gathered.levels.clear()
    holes: list[Problem] = []
    scanning: deque[tuple[list[Problem], Callable[[], _Piece]]] = deque()
    reading: deque[tuple[list[Problem], Callable[[], _Piece]]] = deque()
    open_piece: _Piece | None = None  # held back until it is known that its last claim is whole

    def walk() -> None:
        before, scanned = scanning.popleft()
        piece = scanned()
        piece.begins, piece.transactions = walk_envelopes(
            piece.segments, piece.classes, envelope, piece.problems.append
        )
        reading.append((before, later(_read_claims, piece)))

    def join() -> None:
        nonlocal open_piece
        before, read = reading.popleft()
        piece = read()
        piece.follows_hole = bool(before)
        _report_holes(before, open_piece, gathered)
        if open_piece:
            _emit(open_piece, gathered)
        open_piece = piece
        on_bytes(len(piece.segments.data) - PADDING)
        forget(buffer, piece.segments.base, piece.segments.base + len(piece.segments.data) - PADDING)

    for low, high in pieces(buffer, interchange, STARTERS, holes.append):
        scanning.append((holes.copy(), later(_scan_piece, buffer, low, high, interchange)))
        holes.clear()
        if len(scanning) > _AHEAD:
            walk()
        if len(reading) > _AHEAD:
            join()
    while scanning:
        walk()
    while reading:
        join()
    _report_holes(holes, open_piece, gathered)
    tail = open_piece.segments.base + open_piece.segments.tail if open_piece and open_piece.segments.tail >= 0 else None
    open_claim = open_piece.last_claim_id if open_piece and open_piece.ends_in_claim else None
    faults: list[Problem] = []
    cut_short = close(envelope, tail, open_claim, faults.append)
    if open_piece:
        _emit(open_piece, gathered, without_last=cut_short)
    for fault in faults:
        gathered.report(fault)


def _report_holes(holes: list[Problem], before: _Piece | None, gathered: _File) -> None:
    """Report stretches that were left out, naming the claim they tore."""
    for hole in holes:
        if before is not None and before.ends_in_claim:
            hole["claim_id"] = before.last_claim_id
        gathered.report(hole)


def _report_unlisted(gathered: _File) -> None:
    """Say of each kind of problem how many more there are than were kept."""
    for kind, count in gathered.problem_counts.items():
        listed = [problem for problem in gathered.problems if problem["problem"] == kind]
        if count > len(listed):
            message = f"{count - len(listed):,} more of the same kind in this file are not listed."
            gathered.problems.append(problem_row(listed[0]["severity"], kind, message, listed[0]["advice"], None))


def _scan_piece(buffer: Buffer, low: int, high: int, interchange: Interchange) -> _Piece:
    problems: list[Problem] = []
    segments = mend_separators(scan(buffer, low, high, interchange), problems.append)
    return _Piece(segments, classify(segments), problems)


def _emit(piece: _Piece, gathered: _File, without_last: bool = False) -> None:
    """Hand the rows of a piece on, with what they inherit; ``without_last``: its last claim is cut short."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cut_short = piece.last_claim_id if without_last else None
    for problem in piece.problems:
        if problem["problem"] == "dental-claims" and problem["problem"] in gathered.problem_counts:
            continue  # once a file
        if problem["problem"] == "claim-without-service-lines" and problem["claim_id"] == cut_short:
            continue  # its lines may have been lost with the end of the file
        gathered.report(problem)
    gathered.kinds |= dict.fromkeys(transaction.kind for transaction in piece.transactions)
    gathered.remittances += int(np.count_nonzero(piece.classes == CLP))
    if piece.follows_hole:
        gathered.levels.clear()
    inherited: dict[str, Columns] = {}
    for name, here in piece.levels.items():
        before = gathered.levels.get(name)
        if before is None:
            before = pa.RecordBatch.from_arrays([pa.nulls(1, f.type) for f in here.schema], schema=here.schema)
        levels = pa.concat_batches([before, here])
        gathered.levels[name] = levels.slice(here.num_rows, 1)
        if name in piece.level_of_claim:
            taken = levels.take(pa.array(piece.level_of_claim[name]))
            inherited[name] = dict(zip(taken.schema.names, taken.columns, strict=True))
    if not piece.claims:
        return
    count = len(piece.claims["claim_id"])
    first = gathered.next_claim_key
    gathered.next_claim_key += count
    patient, subscriber = inherited["patient"], inherited["subscriber"]
    is_patient = pc.fill_null(patient.pop("is_patient"), False)
    claims = _batch(
        CLAIMS,
        {
            **piece.claims,
            "claim_key": np.arange(first, first + count),
            "file_id": np.full(count, gathered.file_id),
            **inherited["billing"],
            **subscriber,
            **{name: pc.if_else(is_patient, column, subscriber[name]) for name, column in patient.items()},
        },
    )
    assert piece.professional is not None and piece.institutional is not None
    kept = count - without_last
    gathered.claims.append(claims.slice(0, kept))
    for lines, into in ((piece.professional, gathered.professional), (piece.institutional, gathered.institutional)):
        if without_last:
            lines = lines.filter(pc.less(lines.column("claim_key"), kept))
        claim_keys = pc.add(lines.column("claim_key"), first)
        into.append(lines.set_column(0, lines.schema.field(0), claim_keys))
        gathered.lines += lines.num_rows
    gathered.lines += int(np.count_nonzero(piece.dental < kept))


# --- one piece: segments → columns -------------------------------------------------------------------


def _read_claims(piece: _Piece) -> _Piece:
    """Fill a piece with its claims and lines. Needs nothing but the piece."""
    rows = np.flatnonzero(piece.classes >= ST)
    transaction_of = np.searchsorted(np.array(piece.begins), rows, "right") - 1
    is_claims = np.array([transaction.is_claims for transaction in piece.transactions])
    if not is_claims.all():
        chosen = is_claims[transaction_of]
        rows, transaction_of = rows[chosen], transaction_of[chosen]
    if not len(rows):
        return piece
    loops = _Loops(piece.segments.select(rows), piece.classes[rows], piece.problems)
    piece.ends_in_claim = bool(loops.claim_of[-1] >= 0)
    piece.levels = {
        "billing": loops.level(loops.billing_group, _billing_columns),
        "subscriber": loops.level(loops.subscriber_group, _subscriber_columns),
        "patient": loops.level(loops.patient_group, _patient_columns),
    }
    loops.report_losses()
    if len(loops.claim_rows):
        piece.level_of_claim = {
            "billing": loops.billing_group[loops.claim_rows],
            "subscriber": loops.subscriber_group[loops.claim_rows],
            "patient": loops.patient_group[loops.claim_rows],
        }
        transactions = transaction_of[loops.claim_rows]
        guides = np.array([transaction.claim_type for transaction in piece.transactions])[transactions]
        piece.claims = {
            **_claim_columns(loops, loops.claim_types(guides)),
            **_transaction_columns(piece.transactions, transactions),
        }
        lines = _Lines(loops)
        piece.professional = _professional_lines(loops, lines)
        piece.institutional = _institutional_lines(loops, lines)
        piece.dental = loops.line_claims[loops.line_classes == SV3]
    return piece


def _last_of(is_one: NDArray[np.bool_]) -> Ints:
    """For each position, the last position up to it where ``is_one``; -1 before the first."""
    last: Ints = np.maximum.accumulate(np.where(is_one, np.arange(len(is_one)), -1))
    return last


def _first_in(groups: Ints, rows: Ints, count: int) -> Ints:
    """For each of ``count`` groups, the first of its rows; -1 where it has none."""
    found = np.full(count, -1, np.int64)
    found[groups[::-1]] = rows[::-1]
    return found


class _Loops:
    """The segments of a piece, the loop each stands in, and the columns that can be read off them."""

    def __init__(self, segments: Segments, classes: NDArray[np.uint8], problems: list[Problem]) -> None:
        self.segments, self.classes, self.problems = segments, classes, problems
        count = len(segments)
        self._find_contexts(count)
        # names, and the segments that belong to each
        is_name = classes == NM1
        self.name_rows = np.flatnonzero(is_name)
        name_context = self.context[self.name_rows]
        self.name_role = self.key(self.name_rows, 1)
        self.above_claim, self.of_claim, self.of_line = (
            name_context < AT_CLAIM,
            name_context == AT_CLAIM,
            name_context == AT_LINE,
        )
        owner = _last_of(is_name | self.is_marker)
        self.owned: dict[int, Ints] = {}
        for class_ in (N3, N4, DMG):
            rows = np.flatnonzero(classes == class_)
            rows = rows[(owner[rows] >= 0) & is_name[owner[rows]]]
            self.owned[class_] = _first_in(owner[rows], rows, count)
        references = np.flatnonzero((classes == REF) & (self.context == AT_CLAIM))
        self.claim_references = references[owner[references] == self.last_marker[references]]
        self.reference_kind = self.key(self.claim_references, 1)
        # claims and their service lines
        is_line = self.is_service & (self.claim_of >= 0)
        self.orphan_rows = np.flatnonzero(self.is_service & ~is_line)
        self.line_rows = np.flatnonzero(is_line)
        self.line_classes, self.line_claims = classes[self.line_rows], self.claim_of[self.line_rows]
        is_in_line = (_last_of(self.is_service) > self.last_line) & (self.claim_of >= 0)
        self.line_of = np.where(is_in_line, np.cumsum(is_line) - 1, -1)
        # dates
        date_rows = np.flatnonzero(classes == DTP)
        self.date_rows, self.date_context = date_rows, self.context[date_rows]
        self.date_kind, self.date_format = self.key(date_rows, 1), self.key(date_rows, 2)

    def _find_contexts(self, count: int) -> None:
        """Mark what opens a loop, and give every segment the loop of the last marker before it."""
        classes = self.classes
        opens = np.zeros(count, np.uint8)
        opens[(classes == ST) | (classes == HOLE)] = AT_ST
        opens[classes == CLM] = AT_CLAIM
        opens[classes == LX] = AT_LINE
        # a claim is open until the next level, transaction end or hole
        self.claim_rows = np.flatnonzero(classes == CLM)
        last_claim = _last_of(classes == CLM)
        closes = (classes == HL) | (classes == ST) | (classes == SE) | (classes == HOLE)
        self.claim_of: Ints = np.where(last_claim > _last_of(closes), np.cumsum(classes == CLM) - 1, -1)
        self.is_service = (classes >= SV1) & (classes <= SV3)
        self.last_line = _last_of(classes == LX)
        opens[self.is_service & (self.last_line < last_claim)] = AT_LINE  # a line without LX
        level_rows = np.flatnonzero(classes == HL)
        level = self.key(level_rows, 3)
        opens[level_rows] = AT_OTHER_LEVEL
        for code, context in (("20", AT_BILLING), ("22", AT_SUBSCRIBER), ("23", AT_PATIENT)):
            opens[level_rows[level == pack(code)]] = context
        last = _last_of(opens > 0)
        coverage = np.flatnonzero(classes == SBR)
        before = opens[last[coverage]] * (last[coverage] >= 0)
        self.coverage_rows = coverage[before < AT_CLAIM]  # 2000B; after a claim it opens 2320
        opens[coverage[before >= AT_CLAIM]] = AT_OTHER_PAYER
        self.is_marker = opens > 0
        self.last_marker = _last_of(self.is_marker)
        self.context = opens[self.last_marker] * (self.last_marker >= 0)
        begins_billing = (opens == AT_ST) | (opens == AT_BILLING)
        self.billing_group: Ints = np.cumsum(begins_billing, dtype=np.int64)
        self.subscriber_group: Ints = np.cumsum(begins_billing | (opens == AT_SUBSCRIBER), dtype=np.int64)
        self.patient_group: Ints = np.cumsum(self.is_marker & (opens < AT_CLAIM), dtype=np.int64)

    # columns; a row of -1 is blank

    def text(self, rows: Ints, element: int) -> pa.Array:
        return texts(self.segments.data, self.segments.element(rows, element))

    def spans_text(self, spans: Spans) -> pa.Array:
        return texts(self.segments.data, spans)

    def key(self, rows: Ints, element: int) -> NDArray[np.uint64]:
        return keys(self.segments.data, self.segments.element(rows, element))

    def number(self, rows: Ints, element: int, scale: int = 2) -> pa.Array:
        column, bad = decimals(self.segments.data, self.segments.element(rows, element), scale)
        self._report_unreadable(rows[bad], element, "number", "1234.56")
        return column

    def date(self, rows: Ints, element: int) -> pa.Array:
        return self._dates(rows, element, self.segments.element(rows, element))

    def date_range(self, rows: Ints) -> tuple[pa.Array, pa.Array]:
        """First and last date of DTP segments: RD8 has both with a hyphen between, D8 and DT one."""
        import pyarrow as pa
        import pyarrow.compute as pc

        is_range = self.key(rows, 2) == pack("RD8")
        start, length = self.segments.element(rows, 3)
        begin = self._dates(rows, 3, (start, np.where(is_range, np.minimum(length, 8), length)))
        if not is_range.any():
            return begin, begin
        hyphen = self.segments.data[np.minimum(start + 8, len(self.segments.data) - 1)] == 45
        has_end = is_range & (length > 9) & hyphen
        self._report_unreadable(rows[is_range & (length > 0) & ~has_end], 3, "date", "CCYYMMDD-CCYYMMDD")
        end = self._dates(rows, 3, (start + 9, np.where(has_end, length - 9, 0)))
        return begin, pc.if_else(pa.array(is_range), end, begin)

    def timestamp(self, rows: Ints) -> pa.Array:
        """The date of DTP segments with its time; NULL where only the day is sent."""
        column, bad = timestamps(self.segments.data, self.segments.element(rows, 3))
        self._report_unreadable(rows[bad], 3, "date and time", "CCYYMMDDHHMM")
        return column

    def hour(self, rows: Ints) -> pa.Array:
        """The time of day of DTP segments that hold one, HHMM."""
        column, bad = hours(self.segments.data, self.segments.element(rows, 3))
        self._report_unreadable(rows[bad], 3, "time", "HHMM")
        return column

    def _dates(self, rows: Ints, element: int, spans: Spans) -> pa.Array:
        column, bad = dates(self.segments.data, spans)
        self._report_unreadable(rows[bad], element, "date", "CCYYMMDD")
        return column

    def _report_unreadable(self, rows: Ints, element: int, what: str, like: str) -> None:
        for row in rows.tolist():
            segment = self.segments.text(row, 0)
            self.problems.append(
                problem_row(
                    "warning",
                    f"unreadable {what}",
                    f"{segment}{element:02d} is not a {what}. It was read as not known.",
                    f"Correct it in the system that made the file; write it as {like}.",
                    self.segments.offset(row),
                    segment=segment,
                    element=f"{segment}{element:02d}",
                )
            )

    # which segment

    def names(self, where: NDArray[np.bool_], *roles: str) -> Ints:
        """The NM1 of these roles in these loops."""
        found = self.name_role == pack(roles[0])
        for role in roles[1:]:
            found |= self.name_role == pack(role)
        chosen: Ints = self.name_rows[found & where]
        return chosen

    def dates_of(self, kind: str, context: int) -> Ints:
        """The DTP of this qualifier in this loop; not those that hold an hour and no day."""
        is_one = (self.date_context == context) & (self.date_kind == pack(kind))
        chosen: Ints = self.date_rows[is_one & (self.date_format != pack("TM"))]
        return chosen

    def hours_of(self, kind: str, context: int) -> Ints:
        """The DTP of this qualifier in this loop that hold an hour, alone or behind its day."""
        is_one = (self.date_context == context) & (self.date_kind == pack(kind))
        alone, behind = (self.date_rows[is_one & (self.date_format == pack(how))] for how in ("TM", "DT"))
        return np.append(alone, behind)

    def references_of(self, kind: str) -> Ints:
        """The REF of this qualifier that belong to the claim itself."""
        chosen: Ints = self.claim_references[self.reference_kind == pack(kind)]
        return chosen

    def owned_by(self, rows: Ints, class_: int) -> Ints:
        """The N3, N4 or DMG of each name; -1 where it has none."""
        return np.where(rows >= 0, self.owned[class_][rows], -1)

    def by_claim(self, rows: Ints) -> Ints:
        """For each claim, the first of these segments."""
        rows = rows[self.claim_of[rows] >= 0]
        return _first_in(self.claim_of[rows], rows, len(self.claim_rows))

    def by_line(self, rows: Ints) -> Ints:
        """For each service line, the first of these segments."""
        rows = rows[self.line_of[rows] >= 0]
        return _first_in(self.line_of[rows], rows, len(self.line_rows))

    # columns of a name

    def npi(self, names: Ints) -> pa.Array:
        """NM109 where NM108 says that it is an NPI."""
        return self.text(np.where(self.key(names, 8) == pack("XX"), names, -1), 9)

    def address(self, prefix: str, names: Ints) -> Columns:
        street, city = self.owned_by(names, N3), self.owned_by(names, N4)
        return {
            f"{prefix}_address_line_1": self.text(street, 1),
            f"{prefix}_address_line_2": self.text(street, 2),
            f"{prefix}_city": self.text(city, 1),
            f"{prefix}_state": self.text(city, 2),
            f"{prefix}_zip": self.text(city, 3),
        }

    def facility(self, names: Ints) -> Columns:
        """The service facility: name, NPI, address, position."""
        import pyarrow as pa

        offsets = self.segments.base + self.segments.start[np.maximum(names, 0)]
        return {
            "service_facility_name": self.text(names, 3),
            "service_facility_npi": self.npi(names),
            **self.address("service_facility", names),
            "service_facility_byte_offset": pa.array(offsets, pa.int64(), mask=names < 0),
        }

    def offsets(self, rows: Ints) -> Ints:
        """Where these segments start in the file."""
        return self.segments.base + self.segments.start[rows]

    def level(self, groups: Ints, columns: Callable[[_Loops, Callable[[Ints], Ints]], Columns]) -> pa.RecordBatch:
        """A row for each level that begins in this piece, in order."""
        import pyarrow as pa

        total = int(groups[-1])

        def first(rows: Ints) -> Ints:
            inside = rows[groups[rows] > 0]
            return _first_in(groups[inside] - 1, inside, total)

        return pa.RecordBatch.from_pydict(columns(self, first))

    def claim_types(self, guides: NDArray[Any]) -> NDArray[Any]:
        """The type of each claim: by its first service line, else by guide, else by CLM05-2."""
        count = len(self.claim_rows)
        qualifier = keys(self.segments.data, self.segments.components(self.claim_rows, 5, 2)[1])
        types = np.where(guides == "", np.where(qualifier == pack("A"), "institutional", "professional"), guides)
        first = _first_in(self.line_claims, np.arange(len(self.line_rows)), count)
        if len(self.line_rows):
            names = np.array(["professional", "institutional", "dental"])
            types = np.where(first >= 0, names[self.line_classes[np.maximum(first, 0)] - SV1], types)
        self._report_claims(np.flatnonzero(first < 0), np.flatnonzero(types == "dental"))
        return types

    def _report_claims(self, without_lines: Ints, dental: Ints) -> None:
        for row in self.claim_rows[without_lines].tolist():
            self.problems.append(
                problem_row(
                    "warning",
                    "claim without service lines",
                    "This claim has no service line that could be read, so nothing on it was checked.",
                    "Look at the claim in the system that made the file.",
                    self.segments.offset(row),
                    segment="CLM",
                    claim_id=self.segments.text(row, 1) or "(without a claim id)",
                )
            )
        if len(dental):
            self.problems.append(
                problem_row(
                    "info",
                    "dental claims",
                    "Dental claims are counted, not checked.",
                    "Nothing to do.",
                    self.segments.offset(int(self.claim_rows[dental[0]])),
                    segment="CLM",
                )
            )

    def report_losses(self) -> None:
        """Segments too long to be one, and service lines without an open claim before them."""
        for row in np.flatnonzero(self.classes == HOLE).tolist():
            torn = int(self.claim_of[row - 1]) if row else -1
            self.problems.append(
                segment_too_long(
                    self.segments.offset(row),
                    int(self.segments.cut[self.segments.last[row]] - self.segments.start[row]),
                    self.segments.interchange,
                    self.segments.text(int(self.claim_rows[torn]), 1) if torn >= 0 else None,
                )
            )
        if len(self.orphan_rows):
            first = int(self.orphan_rows[0])
            self.problems.append(
                problem_row(
                    "error",
                    "service lines without a claim",
                    f"{len(self.orphan_rows):,} service lines stand here without a readable claim (CLM) before them. "
                    "They were not read.",
                    "Look at the problem reported just before this position, or have the file made again.",
                    self.segments.offset(first),
                    segment=self.segments.text(first, 0),
                )
            )


# --- columns by loop --------------------------------------------------------------------------------


def _billing_columns(loops: _Loops, first: Callable[[Ints], Ints]) -> Columns:
    """2010AA."""
    provider = first(loops.names(loops.above_claim, "85"))
    return {"billing_provider_npi": loops.npi(provider), **loops.address("billing_provider", provider)}


def _subscriber_columns(loops: _Loops, first: Callable[[Ints], Ints]) -> Columns:
    """2000B, 2010BA, 2010BB."""
    subscriber = first(loops.names(loops.above_claim, "IL"))
    payer = first(loops.names(loops.above_claim, "PR"))
    coverage = first(loops.coverage_rows)
    return {
        "payer_responsibility_code": loops.text(coverage, 1),
        "claim_filing_code": loops.text(coverage, 9),
        "payer_name": loops.text(payer, 3),
        "payer_id": loops.text(payer, 9),
        "member_id": loops.text(subscriber, 9),
        **_person(loops, subscriber),
    }


def _patient_columns(loops: _Loops, first: Callable[[Ints], Ints]) -> Columns:
    """2010CA, where the patient is not the subscriber."""
    import pyarrow as pa

    patient = first(loops.names(loops.above_claim, "QC"))
    return {"is_patient": pa.array(patient >= 0), **_person(loops, patient)}


def _person(loops: _Loops, names: Ints) -> Columns:
    demographics = loops.owned_by(names, DMG)
    return {
        "patient_last_name": loops.text(names, 3),
        "patient_first_name": loops.text(names, 4),
        "patient_birth_date": loops.date(demographics, 2),
        "patient_sex_code": loops.text(demographics, 3),
    }


def _claim_columns(loops: _Loops, types: NDArray[Any]) -> Columns:
    """2300 and 2310. In 004010 the service facility is FA, LI or TL besides 77."""
    rows = loops.claim_rows
    is_institutional = types == "institutional"
    facility_code, _, frequency = (loops.spans_text(spans) for spans in loops.segments.components(rows, 5, 3))
    statement_from, statement_through = loops.date_range(loops.by_claim(loops.dates_of("434", AT_CLAIM)))
    diagnoses = np.flatnonzero((loops.classes == HI) & (loops.context == AT_CLAIM))
    qualifier, _ = loops.segments.components(diagnoses, 1, 2)
    kinds = keys(loops.segments.data, qualifier)
    principal = loops.by_claim(diagnoses[(kinds == pack("ABK")) | (kinds == pack("BK"))])
    admission = loops.by_claim(loops.dates_of("435", AT_CLAIM))
    status = np.flatnonzero((loops.classes == CL1) & (loops.context == AT_CLAIM))
    return {
        "claim_type": types,
        "byte_offset": loops.offsets(rows),
        "claim_form": np.full(len(rows), "electronic"),
        "claim_id": loops.text(rows, 1),
        "charge_amount": loops.number(rows, 2),
        "place_of_service_code": _only(facility_code, ~is_institutional),
        "type_of_bill_code": _only(_joined(facility_code, frequency), is_institutional),
        "claim_frequency_code": frequency,
        "payer_claim_control_number": loops.text(loops.by_claim(loops.references_of("F8")), 2),
        "statement_from_date": statement_from,
        "statement_through_date": statement_through,
        "admission_date": loops.date_range(admission)[0],
        "admitted_at": loops.timestamp(admission),
        "discharge_date": loops.date_range(loops.by_claim(loops.dates_of("096", AT_CLAIM)))[0],
        "discharge_hour": loops.hour(loops.by_claim(loops.hours_of("096", AT_CLAIM))),
        "patient_status_code": loops.text(loops.by_claim(status), 3),
        "condition_codes": _condition_codes(loops, diagnoses),
        "principal_diagnosis_code": loops.spans_text(loops.segments.components(principal, 1, 2)[1]),
        "medical_record_number": loops.text(loops.by_claim(loops.references_of("EA")), 2),
        "rendering_provider_npi": loops.npi(loops.by_claim(loops.names(loops.of_claim, "82"))),
        "supervising_provider_npi": loops.npi(loops.by_claim(loops.names(loops.of_claim, "DQ"))),
        "referring_provider_npi": loops.npi(loops.by_claim(loops.names(loops.of_claim, "DN"))),
        "attending_provider_npi": loops.npi(loops.by_claim(loops.names(loops.of_claim, "71"))),
        **loops.facility(loops.by_claim(loops.names(loops.of_claim, "77", "FA", "LI", "TL"))),
    }


def _condition_codes(loops: _Loops, health: Ints) -> pa.Array:
    """The condition codes in these HI segments: those of a claim in one text with blanks between."""
    import pyarrow as pa
    import pyarrow.compute as pc

    segments, data = loops.segments, loops.segments.data
    counts = segments.last[health] - segments.first[health]
    rows = np.repeat(health, counts)
    number = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    start = segments.cut[segments.first[rows] + number - 1] + 1
    likely = ((data[start] == 66) & (data[start + 1] == 71)) | (data[start] <= 32)  # "BG", or a blank before it
    rows, number = rows[likely], number[likely]
    qualifier, (start, length) = segments.components(rows, number, 2)
    chosen = (keys(data, qualifier) == pack("BG")) & (loops.claim_of[rows] >= 0)
    codes = loops.spans_text((start[chosen], length[chosen]))
    claims = loops.claim_of[rows[chosen]][codes.is_valid().to_numpy(zero_copy_only=False)]
    counts = np.bincount(claims, minlength=len(loops.claim_rows))
    ends = np.append(0, np.cumsum(counts)).astype(np.int32)
    lists = pa.ListArray.from_arrays(ends, codes.drop_null(), mask=pa.array(counts == 0))
    return pc.binary_join(lists, " ")


def _transaction_columns(transactions: list[Transaction], rows: Ints) -> Columns:
    """ST02 and BHT04 of the transaction each claim stands in."""
    import pyarrow as pa

    stamps = "".join(f"{one.date[:8]:<8}" for one in transactions).encode("ascii", "replace")
    data = np.zeros(len(stamps) + 16, np.uint8)
    data[: len(stamps)] = np.frombuffer(stamps, np.uint8)
    starts = np.arange(len(transactions)) * 8
    made, _ = dates(data, (starts, np.full(len(starts), 8)))
    numbers = pa.array([one.number or None for one in transactions], pa.string())
    chosen = pa.array(rows)
    return {"transaction_control_number": numbers.take(chosen), "transaction_date": made.take(chosen)}


class _Lines:
    """The columns 837P and 837I lines share, for all service lines of a piece."""

    def __init__(self, loops: _Loops) -> None:
        import pyarrow as pa

        numbers = loops.last_line[loops.line_rows]
        numbers = np.where(numbers > loops.claim_rows[loops.line_claims], numbers, -1)
        self.number = loops.number(numbers, 1, 0).cast(pa.int64())
        self.service_date, self.service_through_date = loops.date_range(loops.by_line(loops.dates_of("472", AT_LINE)))

    def columns(self, loops: _Loops, at: Ints, procedure: int, charge: int, units: int) -> Columns:
        """2400 for the lines ``at``, whose procedure, charge and units stand in these elements."""
        import pyarrow as pa

        rows, chosen = loops.line_rows[at], pa.array(at)
        _, code, *modifiers = (loops.spans_text(spans) for spans in loops.segments.components(rows, procedure, 6))
        return {
            "claim_key": loops.line_claims[at],
            "line_number": self.number.take(chosen),
            "byte_offset": loops.offsets(rows),
            "procedure_code": code,
            **{f"modifier_{number}": modifier for number, modifier in enumerate(modifiers, 1)},
            "charge_amount": loops.number(rows, charge),
            "units": loops.number(rows, units, 4),
            "service_date": self.service_date.take(chosen),
            "service_through_date": self.service_through_date.take(chosen),
        }


def _professional_lines(loops: _Loops, lines: _Lines) -> pa.RecordBatch:
    """2400 SV1 and 2420."""
    at = np.flatnonzero(loops.line_classes == SV1)
    return _batch(
        PROFESSIONAL_LINES,
        {
            **lines.columns(loops, at, 1, 2, 4),
            "place_of_service_code": loops.text(loops.line_rows[at], 5),
            "rendering_provider_npi": loops.npi(loops.by_line(loops.names(loops.of_line, "82"))[at]),
            "supervising_provider_npi": loops.npi(loops.by_line(loops.names(loops.of_line, "DQ"))[at]),
            "purchased_service_provider_npi": loops.npi(loops.by_line(loops.names(loops.of_line, "QB"))[at]),
            **loops.facility(loops.by_line(loops.names(loops.of_line, "77", "FA", "LI", "TL"))[at]),
        },
    )


def _institutional_lines(loops: _Loops, lines: _Lines) -> pa.RecordBatch:
    """2400 SV2."""
    at = np.flatnonzero(loops.line_classes == SV2)
    return _batch(
        INSTITUTIONAL_LINES,
        {**lines.columns(loops, at, 2, 3, 5), "revenue_code": loops.text(loops.line_rows[at], 1)},
    )


def _batch(table: Table, columns: Columns) -> pa.RecordBatch:
    """A batch in the schema of a table; columns that are not given are NULL."""
    import pyarrow as pa

    schema = arrow_schema(table)
    count = len(next(iter(columns.values())))
    arrays = []
    for column in schema:
        values = columns.get(column.name)
        if values is None:
            values = pa.nulls(count, column.type)
        elif not isinstance(values, pa.Array):
            values = pa.array(values, column.type)
        arrays.append(values)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _only(values: pa.Array, where: NDArray[np.bool_]) -> pa.Array:
    """The values where the condition holds, NULL elsewhere."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pa.array(where), values, pa.scalar(None, pa.string()))


def _joined(left: pa.Array, right: pa.Array) -> pa.Array:
    """Both texts as one; NULL where both are blank."""
    import pyarrow.compute as pc

    joined = pc.binary_join_element_wise(pc.fill_null(left, ""), pc.fill_null(right, ""), "")
    return pc.if_else(pc.equal(joined, ""), None, joined)
