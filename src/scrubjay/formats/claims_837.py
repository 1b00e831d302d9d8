"""X12 files → claims and service lines, columnar, with positions. 837P, 837I, leniently 837D.

The only place that knows the loops of an 837. A stretch of segments becomes arrays; which loop a
segment stands in follows from the markers before it:

    ST · HL*…*20 (2000A) · HL*…*22 (2000B) · HL*…*23 (2000C) · CLM (2300) · SBR after CLM (2320,
    another payer: nothing in it is the claim's) · LX (2400)

and an N3, N4, DMG or REF belongs to the NM1 before it, or to the marker if no NM1 came between.
005010 with all addenda is read as its guides say (X222A1, X223A2 and neighbours); 004010 leniently.

What could be read is read. What could not is a row of intake_problems with its position.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.formats.envelope import (
    CLM,
    CLP,
    DMG,
    DTP,
    HI,
    HL,
    LX,
    N3,
    N4,
    NM1,
    REF,
    SBR,
    ST,
    SV1,
    SV2,
    SV3,
    Envelope,
    classify,
    close,
    mend_separators,
    walk_envelopes,
)
from scrubjay.formats.x12 import (
    Buffer,
    Interchange,
    Ints,
    Problem,
    Segments,
    dates,
    decimals,
    interchanges,
    keys,
    pack,
    pieces,
    problem_row,
    scan,
    texts,
)
from scrubjay.tables import CLAIMS, INSTITUTIONAL_LINES, PROFESSIONAL_LINES, Table, arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa

# Contexts: which loop the last marker opened.
AT_ST, AT_BILLING, AT_SUBSCRIBER, AT_PATIENT, AT_OTHER_LEVEL, AT_CLAIM, AT_OTHER_PAYER, AT_LINE = range(1, 9)

STARTERS = ("CLM", "HL", "ST")  # a piece of a file begins with one of these
_PROBLEMS_SHOWN = 20  # of one kind in one file


@dataclass(slots=True)
class X12File:
    """What one X12 file held: its kind, its claims and lines as Arrow tables, and its problems."""

    kind: str
    claims: pa.Table
    professional_lines: pa.Table
    institutional_lines: pa.Table
    line_count: int
    remittance_count: int
    problems: list[Problem]


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
            _read_buffer(buffer, gathered, on_bytes)
        finally:
            buffer.close()
    for kind, count in gathered.problem_counts.items():
        shown = sum(problem["problem"] == kind for problem in gathered.problems)
        if count > shown:
            first = next(problem for problem in gathered.problems if problem["problem"] == kind)
            gathered.problems.append(
                problem_row(
                    first["severity"],
                    kind,
                    f"{count - shown:,} more of the same kind in this file are not listed.",
                    first["advice"],
                    None,
                )
            )

    def table(batches: list[pa.RecordBatch], of: Table) -> pa.Table:
        return pa.Table.from_batches(batches, arrow_schema(of))

    kinds = [kind for kind in gathered.kinds if kind] or ["X12 without a transaction"]
    return X12File(
        " + ".join(kinds),
        table(gathered.claims, CLAIMS),
        table(gathered.professional, PROFESSIONAL_LINES),
        table(gathered.institutional, INSTITUTIONAL_LINES),
        gathered.lines,
        gathered.remittances,
        gathered.problems,
    )


def _read_buffer(buffer: Buffer, gathered: _File, on_bytes: Callable[[int], None]) -> None:
    end_of_previous = 0
    interchange = None
    for interchange in interchanges(buffer):
        if end_of_previous == 0 and buffer[: interchange.start].strip(b"\xef\xbb\xbf \t\r\n\x00"):
            gathered.report(
                problem_row(
                    "warning",
                    "bytes before ISA",
                    f"{interchange.start:,} bytes stand before the first interchange header. They were not read.",
                    "Remove what stands before ISA; many receivers refuse the whole file for it.",
                    0,
                )
            )
        if not interchange.is_fixed_width:
            gathered.report(
                problem_row(
                    "error",
                    "ISA not fixed width",
                    "The interchange header is not 106 characters long: its elements are not padded. It was read all the same.",
                    "Pad every ISA element to its length; receivers find the delimiters by position.",
                    interchange.start,
                    segment="ISA",
                )
            )
        _read_interchange(buffer, interchange, gathered, on_bytes)
        end_of_previous = interchange.end
    if interchange is None:
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
    buffer: Buffer, interchange: Interchange, gathered: _File, on_bytes: Callable[[int], None]
) -> None:
    envelope = Envelope(interchange)
    levels: _Levels = {}
    holes: list[Problem] = []
    pending: _Piece | None = None
    for low, high in pieces(buffer, interchange, STARTERS, holes.append):
        _report_holes(holes, pending, gathered)
        if pending:
            pending.emit(gathered)
        segments = mend_separators(scan(buffer, low, high, interchange), gathered.report)
        pending = _read_piece(segments, envelope, levels, gathered)
        on_bytes(high - low)
    _report_holes(holes, pending, gathered)
    tail = pending.segments.base + pending.segments.tail if pending and pending.segments.tail >= 0 else None
    open_claim = pending.last_claim_id if pending and pending.ends_in_claim else None
    cut_short = close(envelope, tail, open_claim, gathered.report)
    if pending:
        pending.emit(gathered, without_last=cut_short)


def _report_holes(holes: list[Problem], before: _Piece | None, gathered: _File) -> None:
    """Report stretches that were left out, naming the claim they tore."""
    for hole in holes:
        if before is not None and before.ends_in_claim:
            hole["claim_id"] = before.last_claim_id
        gathered.report(hole)
    holes.clear()


# --- one piece ------------------------------------------------------------------------------------

# What a claim inherits from the levels above it, in force when a piece begins: one row a level.
_Levels = dict[str, "pa.RecordBatch"]


@dataclass(slots=True)
class _Piece:
    """The claims and lines of one piece, held back until it is known that the last claim is whole."""

    segments: Segments
    ends_in_claim: bool = False  # no HL or ST came after its last claim
    claims: pa.RecordBatch | None = None
    professional: pa.RecordBatch | None = None
    institutional: pa.RecordBatch | None = None
    dental_claim: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # the claim key of each SV3

    @property
    def last_claim_id(self) -> str:
        identifier = self.claims.column("claim_id")[-1].as_py() if self.claims else None
        return identifier or "(without a claim id)"

    def emit(self, gathered: _File, without_last: bool = False) -> None:
        """Hand the rows on; ``without_last`` leaves out the last claim, which is cut short."""
        import pyarrow.compute as pc

        if self.claims is None or self.professional is None or self.institutional is None:
            return
        claims, professional, institutional, dental = (
            self.claims,
            self.professional,
            self.institutional,
            self.dental_claim,
        )
        if without_last:
            key = claims.column("claim_key")[-1]
            claims = claims.slice(0, claims.num_rows - 1)
            professional = professional.filter(pc.less(professional.column("claim_key"), key))
            institutional = institutional.filter(pc.less(institutional.column("claim_key"), key))
            dental = dental[dental < key.as_py()]
        gathered.claims.append(claims)
        gathered.professional.append(professional)
        gathered.institutional.append(institutional)
        gathered.lines += professional.num_rows + institutional.num_rows + len(dental)


def _read_piece(segments: Segments, envelope: Envelope, levels: _Levels, gathered: _File) -> _Piece:
    """The claims and lines of one piece."""
    classes = classify(segments)
    begins, transactions = walk_envelopes(segments, classes, envelope, gathered.report)
    gathered.kinds |= dict.fromkeys(transaction["kind"] for transaction in transactions)
    gathered.remittances += int(np.count_nonzero(classes == CLP))
    if not any(transaction["is_claims"] for transaction in transactions):
        return _Piece(segments)
    rows = np.flatnonzero(classes >= ST)
    transaction_of = np.searchsorted(np.array(begins), rows, "right") - 1
    is_claims = np.array([transaction["is_claims"] for transaction in transactions])
    if not is_claims.all():
        chosen = is_claims[transaction_of]
        rows, transaction_of = rows[chosen], transaction_of[chosen]
    kept = segments.select(rows)
    piece = _Piece(segments)
    _read_claims(piece, kept, classes[rows], transaction_of, transactions, levels, gathered)
    return piece


def _last_of(is_one: NDArray[np.bool_]) -> Ints:
    """For each position, the last position up to it where ``is_one``; -1 before the first."""
    return np.maximum.accumulate(np.where(is_one, np.arange(len(is_one)), -1))


def _first_in(groups: Ints, rows: Ints, count: int) -> Ints:
    """For each of ``count`` groups, the first of its rows; -1 where it has none."""
    found = np.full(count, -1, np.int64)
    found[groups[::-1]] = rows[::-1]
    return found


def _read_claims(
    piece: _Piece,
    kept: Segments,
    classes: NDArray[np.uint8],
    transaction_of: Ints,
    transactions: list[dict[str, Any]],
    levels: _Levels,
    gathered: _File,
) -> None:
    """Fill a piece with the claims and lines of its segments."""
    import pyarrow as pa
    import pyarrow.compute as pc

    data = kept.data
    count = len(kept)

    def text(rows: Ints, element: int, component: int = 0) -> pa.Array:
        return texts(data, kept.component(rows, element, component) if component else kept.element(rows, element))

    def key(rows: Ints, element: int, component: int = 0) -> NDArray[np.uint64]:
        return keys(data, kept.component(rows, element, component) if component else kept.element(rows, element))

    def checked(column: pa.Array, bad: NDArray[np.bool_], rows: Ints, name: str, what: str, like: str) -> pa.Array:
        for row in rows[bad].tolist():
            segment = kept.text(row, 0)
            gathered.report(
                problem_row(
                    "warning",
                    f"unreadable {what}",
                    f"{segment}{name} is not a {what}. It was read as not known.",
                    f"Correct it in the system that made the file; write it as {like}.",
                    kept.offset(row),
                    segment=segment,
                    element=f"{segment}{name}",
                )
            )
        return column

    def amount(rows: Ints, element: int, scale: int = 2) -> pa.Array:
        return checked(*decimals(data, kept.element(rows, element), scale), rows, f"{element:02d}", "number", "1234.56")

    def date(rows: Ints, element: int, skip: int = 0, only: NDArray[np.bool_] | None = None) -> pa.Array:
        start, length = kept.element(rows, element)
        length = np.maximum(length - skip, 0) if only is None else np.where(only, np.maximum(length - skip, 0), 0)
        return checked(*dates(data, (start + skip, length)), rows, f"{element:02d}", "date", "CCYYMMDD")

    # which loop each segment stands in
    context_of = np.zeros(count, np.uint8)
    context_of[classes == ST] = AT_ST
    context_of[classes == CLM] = AT_CLAIM
    context_of[classes == LX] = AT_LINE
    level_rows = np.flatnonzero(classes == HL)
    level = key(level_rows, 3)
    context_of[level_rows] = AT_OTHER_LEVEL
    for name, context in (("20", AT_BILLING), ("22", AT_SUBSCRIBER), ("23", AT_PATIENT)):
        context_of[level_rows[level == pack(name)]] = context
    last_marker = _last_of(context_of > 0)
    insurance = np.flatnonzero(classes == SBR)
    before = context_of[last_marker[insurance]] * (last_marker[insurance] >= 0)
    other_payer = insurance[before >= AT_CLAIM]
    context_of[other_payer] = AT_OTHER_PAYER
    if len(other_payer):
        last_marker = _last_of(context_of > 0)
    context_at = context_of[last_marker] * (last_marker >= 0)
    piece.ends_in_claim = count > 0 and bool(context_at[-1] >= AT_CLAIM)

    # names, and the segments that belong to each
    is_name = classes == NM1
    owner = _last_of(is_name | (context_of > 0))
    name_rows = np.flatnonzero(is_name)
    name_context, name_role = context_at[name_rows], key(name_rows, 1)
    owned: dict[int, Ints] = {}
    for class_ in (N3, N4, DMG):
        rows = np.flatnonzero(classes == class_)
        rows = rows[(owner[rows] >= 0) & is_name[owner[rows]]]
        owned[class_] = _first_in(owner[rows], rows, count)

    def names(where: NDArray[np.bool_], *roles: str) -> Ints:
        """The NM1 of these roles in these loops."""
        found = name_role == pack(roles[0])
        for one in roles[1:]:
            found |= name_role == pack(one)
        chosen: Ints = name_rows[found & where]
        return chosen

    is_above, of_the_claim, of_the_line = name_context < AT_CLAIM, name_context == AT_CLAIM, name_context == AT_LINE

    def of(class_: int, rows: Ints) -> Ints:
        """The N3, N4 or DMG of each name; -1 where it has none."""
        return np.where(rows >= 0, owned[class_][rows], -1) if count else rows

    def identifier(rows: Ints) -> pa.Array:
        """NM109 where NM108 says that it is an NPI."""
        return text(np.where(key(rows, 8) == pack("XX"), rows, -1), 9)

    def address(prefix: str, rows: Ints) -> dict[str, pa.Array]:
        street, city = of(N3, rows), of(N4, rows)
        return {
            f"{prefix}_address_line_1": text(street, 1),
            f"{prefix}_address_line_2": text(street, 2),
            f"{prefix}_city": text(city, 1),
            f"{prefix}_state": text(city, 2),
            f"{prefix}_zip": text(city, 3),
        }

    # the levels above the claims: group 0 was open when the piece began
    begins_billing = (context_of == AT_ST) | (context_of == AT_BILLING)
    begins_subscriber = begins_billing | (context_of == AT_SUBSCRIBER)
    billing_group: Ints = np.cumsum(begins_billing, dtype=np.int64)
    subscriber_group: Ints = np.cumsum(begins_subscriber, dtype=np.int64)
    patient_group: Ints = np.cumsum((context_of > 0) & (context_of < AT_CLAIM), dtype=np.int64)

    def inherited(
        name: str, groups: Ints, columns: Callable[[Callable[[Ints], Ints]], dict[str, pa.Array]]
    ) -> pa.RecordBatch:
        """A row for each group of this piece, row 0 being the one in force before it."""

        total = int(groups[-1]) if count else 0

        def first(rows: Ints) -> Ints:
            inside = rows[groups[rows] > 0]
            return _first_in(groups[inside] - 1, inside, total)

        here = pa.RecordBatch.from_pydict(columns(first))
        if name not in levels:
            levels[name] = pa.RecordBatch.from_arrays([pa.nulls(1, f.type) for f in here.schema], schema=here.schema)
        table = pa.concat_batches([levels[name], here])
        levels[name] = table.slice(total, 1)
        return table

    def billing_columns(first: Callable[[Ints], Ints]) -> dict[str, pa.Array]:
        provider = first(names(is_above, "85"))
        return {"billing_provider_npi": identifier(provider), **address("billing_provider", provider)}

    def subscriber_columns(first: Callable[[Ints], Ints]) -> dict[str, pa.Array]:
        subscriber, payer = first(names(is_above, "IL")), first(names(is_above, "PR"))
        coverage = first(insurance[before < AT_CLAIM])
        return {
            "payer_responsibility_code": text(coverage, 1),
            "claim_filing_code": text(coverage, 9),
            "payer_name": text(payer, 3),
            "payer_id": text(payer, 9),
            "member_id": text(subscriber, 9),
            "patient_last_name": text(subscriber, 3),
            "patient_first_name": text(subscriber, 4),
            "patient_birth_date": date(of(DMG, subscriber), 2),
        }

    def patient_columns(first: Callable[[Ints], Ints]) -> dict[str, pa.Array]:
        patient = first(names(is_above, "QC"))
        return {
            "is_patient": pa.array(patient >= 0),
            "patient_last_name": text(patient, 3),
            "patient_first_name": text(patient, 4),
            "patient_birth_date": date(of(DMG, patient), 2),
        }

    billing = inherited("billing", billing_group, billing_columns)
    subscribers = inherited("subscriber", subscriber_group, subscriber_columns)
    patients = inherited("patient", patient_group, patient_columns)

    claim_rows = np.flatnonzero(classes == CLM)
    claim_count = len(claim_rows)
    claim_of = np.cumsum(classes == CLM) - 1
    _report_orphans(kept, np.flatnonzero((classes >= SV1) & (classes <= SV3) & (claim_of < 0)), gathered)
    if not claim_count:
        return
    claim_keys = np.arange(gathered.next_claim_key, gathered.next_claim_key + claim_count)
    gathered.next_claim_key += claim_count

    # service lines: SV1, SV2 or SV3 after LX
    is_service = (classes >= SV1) & (classes <= SV3)
    service_rows = np.flatnonzero(is_service & (claim_of >= 0))
    service_class = classes[service_rows]
    last_line, last_service = _last_of(classes == LX), _last_of(is_service)
    line_of = np.where(
        last_service > last_line, np.cumsum(is_service) - 1 - int(np.count_nonzero(is_service[: claim_rows[0]])), -1
    )
    line_claims = claim_of[service_rows]

    first_service = _first_in(line_claims, np.arange(len(service_rows)), claim_count)
    guides = np.array([transactions[at]["type"] for at in transaction_of[claim_rows].tolist()])
    types = np.where(
        guides == "", np.where(key(claim_rows, 5, 2) == pack("A"), "institutional", "professional"), guides
    )
    if len(service_rows):
        by_line = np.array(["professional", "institutional", "dental"])[
            service_class[np.maximum(first_service, 0)] - SV1
        ]
        types = np.where(first_service >= 0, by_line, types)
    _report_empty(kept, claim_rows, first_service, types, text(claim_rows, 1), gathered)
    is_institutional = types == "institutional"

    def of_claim(rows: Ints) -> Ints:
        rows = rows[claim_of[rows] >= 0]
        return _first_in(claim_of[rows], rows, claim_count)

    def of_line(rows: Ints) -> Ints:
        rows = rows[line_of[rows] >= 0]
        return _first_in(line_of[rows], rows, len(service_rows))

    date_rows = np.flatnonzero(classes == DTP)
    date_rows = date_rows[key(date_rows, 2) != pack("TM")]  # an hour: 837I discharge
    date_context, date_kind = context_at[date_rows], key(date_rows, 1)

    def dated(qualifier: str, where: int) -> Ints:
        chosen: Ints = date_rows[(date_context == where) & (date_kind == pack(qualifier))]
        return chosen

    def span(rows: Ints) -> tuple[pa.Array, pa.Array]:
        """First and last date of DTP segments: RD8 has both, D8 and DT one."""
        form = key(rows, 2)
        is_range = form == pack("RD8")
        begin = date(rows, 3)
        end = date(rows, 3, skip=9, only=is_range)
        return begin, pc.if_else(pa.array(is_range), end, begin)

    references = np.flatnonzero((classes == REF) & (owner == last_marker) & (context_at == AT_CLAIM))
    facility = of_claim(names(of_the_claim, "77", "FA", "LI", "TL"))
    diagnosis = np.flatnonzero((classes == HI) & (context_at == AT_CLAIM))
    diagnosis_kind = key(diagnosis, 1, 1)
    principal = (diagnosis_kind == pack("ABK")) | (diagnosis_kind == pack("BK"))
    frequency = text(claim_rows, 5, 3)
    facility_code = text(claim_rows, 5, 1)
    statement_from, statement_through = span(of_claim(dated("434", AT_CLAIM)))

    piece.claims = _batch(
        CLAIMS,
        {
            "claim_key": claim_keys,
            "file_id": np.full(claim_count, gathered.file_id),
            "claim_type": types,
            "byte_offset": kept.base + kept.start[claim_rows],
            **_transaction_columns(transactions, transaction_of[claim_rows]),
            "claim_form": np.full(claim_count, "electronic"),
            "claim_id": text(claim_rows, 1),
            "charge_amount": amount(claim_rows, 2),
            "place_of_service_code": _only(facility_code, ~is_institutional),
            "type_of_bill_code": _only(_joined(facility_code, frequency), is_institutional),
            "claim_frequency_code": frequency,
            "payer_claim_control_number": text(of_claim(references[key(references, 1) == pack("F8")]), 2),
            "statement_from_date": statement_from,
            "statement_through_date": statement_through,
            "admission_date": span(of_claim(dated("435", AT_CLAIM)))[0],
            "discharge_date": span(of_claim(dated("096", AT_CLAIM)))[0],
            "principal_diagnosis_code": text(of_claim(diagnosis[principal]), 1, 2),
            **_taken(billing, billing_group[claim_rows]),
            "rendering_provider_npi": identifier(of_claim(names(of_the_claim, "82"))),
            "supervising_provider_npi": identifier(of_claim(names(of_the_claim, "DQ"))),
            "referring_provider_npi": identifier(of_claim(names(of_the_claim, "DN"))),
            "attending_provider_npi": identifier(of_claim(names(of_the_claim, "71"))),
            "service_facility_name": text(facility, 3),
            "service_facility_npi": identifier(facility),
            **address("service_facility", facility),
            "service_facility_byte_offset": _offsets(kept, facility),
            **_patient(_taken(subscribers, subscriber_group[claim_rows]), _taken(patients, patient_group[claim_rows])),
        },
    )

    line_rows = {SV1: np.flatnonzero(service_class == SV1), SV2: np.flatnonzero(service_class == SV2)}
    line_keys = claim_keys[line_claims]
    piece.dental_claim = line_keys[service_class == SV3]
    service_date, service_through_date = span(of_line(dated("472", AT_LINE)))
    numbers = last_line[service_rows]
    numbers = np.where(numbers > claim_rows[line_claims], numbers, -1)
    line_number = decimals(data, kept.element(numbers, 1), 0)[0].cast(pa.int64())

    def line_columns(class_: int, procedure: int, charge: int, units: int) -> dict[str, Any]:
        at = line_rows[class_]
        rows = service_rows[at]
        chosen = pa.array(at)
        return {
            "claim_key": line_keys[at],
            "line_number": line_number.take(chosen),
            "byte_offset": kept.base + kept.start[rows],
            "procedure_code": text(rows, procedure, 2),
            "modifier_1": text(rows, procedure, 3),
            "modifier_2": text(rows, procedure, 4),
            "modifier_3": text(rows, procedure, 5),
            "modifier_4": text(rows, procedure, 6),
            "charge_amount": amount(rows, charge),
            "units": amount(rows, units, 4),
            "service_date": service_date.take(chosen),
            "service_through_date": service_through_date.take(chosen),
        }

    at = line_rows[SV1]
    line_facility = of_line(names(of_the_line, "77", "FA", "LI", "TL"))[at]
    piece.professional = _batch(
        PROFESSIONAL_LINES,
        {
            **line_columns(SV1, 1, 2, 4),
            "place_of_service_code": text(service_rows[at], 5),
            "rendering_provider_npi": identifier(of_line(names(of_the_line, "82"))[at]),
            "supervising_provider_npi": identifier(of_line(names(of_the_line, "DQ"))[at]),
            "purchased_service_provider_npi": identifier(of_line(names(of_the_line, "QB"))[at]),
            "service_facility_name": text(line_facility, 3),
            "service_facility_npi": identifier(line_facility),
            **address("service_facility", line_facility),
            "service_facility_byte_offset": _offsets(kept, line_facility),
        },
    )
    piece.institutional = _batch(
        INSTITUTIONAL_LINES, {**line_columns(SV2, 2, 3, 5), "revenue_code": text(service_rows[line_rows[SV2]], 1)}
    )


def _batch(table: Table, columns: dict[str, Any]) -> pa.RecordBatch:
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


def _taken(batch: pa.RecordBatch, rows: Ints) -> dict[str, pa.Array]:
    taken = batch.take(rows)
    return dict(zip(taken.schema.names, taken.columns, strict=True))


def _patient(subscriber: dict[str, pa.Array], patient: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """The subscriber's columns, with the patient's own where 2000C names one."""
    import pyarrow.compute as pc

    is_patient = pc.fill_null(patient.pop("is_patient"), False)
    return {
        **subscriber,
        **{name: pc.if_else(is_patient, column, subscriber[name]) for name, column in patient.items()},
    }


def _transaction_columns(transactions: list[dict[str, Any]], rows: Ints) -> dict[str, pa.Array]:
    import pyarrow as pa

    stamps = "".join(f"{one['date'][:8]:<8}" for one in transactions).encode("ascii", "replace")
    data = np.zeros(len(stamps) + 16, np.uint8)
    data[: len(stamps)] = np.frombuffer(stamps, np.uint8)
    starts = np.arange(len(transactions)) * 8
    made, _ = dates(data, (starts, np.full(len(starts), 8)))
    numbers = pa.array([one["number"] or None for one in transactions], pa.string())
    return {"transaction_control_number": numbers.take(rows), "transaction_date": made.take(rows)}


def _only(values: pa.Array, where: NDArray[np.bool_]) -> pa.Array:
    """The values where the condition holds, NULL elsewhere."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pa.array(where), values, pa.scalar(None, pa.string()))


def _joined(left: pa.Array, right: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    joined = pc.binary_join_element_wise(pc.fill_null(left, ""), pc.fill_null(right, ""), "")
    return pc.if_else(pc.equal(joined, ""), None, joined)


def _offsets(kept: Segments, rows: Ints) -> pa.Array:
    """The file offset of each segment; NULL for a row of -1."""
    import pyarrow as pa

    return pa.array(kept.base + kept.start[np.maximum(rows, 0)], pa.int64(), mask=rows < 0)


def _report_orphans(kept: Segments, rows: Ints, gathered: _File) -> None:
    """Service lines without a claim before them: what came first was left out or is not there."""
    if len(rows):
        gathered.report(
            problem_row(
                "error",
                "service lines without a claim",
                f"{len(rows):,} service lines stand here without a readable claim (CLM) before them. They were not read.",
                "Look at the problem reported just before this position, or have the file made again.",
                kept.offset(int(rows[0])),
                segment=kept.text(int(rows[0]), 0),
            )
        )


def _report_empty(
    kept: Segments, claims: Ints, first_service: Ints, types: NDArray[Any], identifiers: pa.Array, gathered: _File
) -> None:
    """Claims without a service line, without an identifier, and dental claims (read, not checked)."""
    for row in np.flatnonzero(first_service < 0).tolist():
        gathered.report(
            problem_row(
                "warning",
                "claim without service lines",
                "This claim has no service line that could be read, so nothing on it was checked.",
                "Look at the claim in the system that made the file.",
                kept.offset(int(claims[row])),
                segment="CLM",
                claim_id=identifiers[row].as_py() or "(without a claim id)",
            )
        )
    dental = np.flatnonzero(types == "dental")
    if len(dental):
        gathered.report(
            problem_row(
                "info",
                "dental claims",
                "Dental claims are counted, not checked.",
                "Nothing to do.",
                kept.offset(int(claims[dental[0]])),
                segment="CLM",
            )
        )
