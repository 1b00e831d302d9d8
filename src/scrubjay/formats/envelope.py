"""The nest of ISA, GS and ST around the transactions of a file, and the faults of its envelopes.

Control numbers, counts and missing ends become intake problems with their position; so do segments
that use other separators than the ISA declares. Reading goes on after each.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scrubjay.formats.x12 import (
    LONGEST_SEGMENT,
    Interchange,
    Problem,
    Segments,
    decode,
    delimiter_name,
    pack,
    problem_row,
    scan_data,
)

Report = Callable[[Problem], None]

# Segments the readers look at. Everything else only counts for SE01.
SEGMENTS = (
    *("ISA", "IEA", "GS", "GE", "ST", "SE", "BHT", "HL", "CLM", "LX", "SBR", "SV1", "SV2", "SV3"),
    *("NM1", "N3", "N4", "REF", "DTP", "DMG", "HI", "CL1", "CLP"),
)
ISA, IEA, GS, GE, ST, SE, BHT, HL, CLM, LX, SBR, SV1, SV2, SV3 = range(1, 15)
NM1, N3, N4, REF, DTP, DMG, HI, CL1, CLP = range(15, 24)
HOLE = 24  # a segment too long to be one: what it swallowed is not known
_CLASS = np.zeros(1 << 24, np.uint8)
for _number, _identifier in enumerate(SEGMENTS, 1):
    _CLASS[pack(_identifier)] = _number

_CLAIM_TYPE_OF_GUIDE = {
    "X222": "professional",
    "X098": "professional",
    "X223": "institutional",
    "X096": "institutional",
    "X224": "dental",
    "X097": "dental",
}
_KIND_OF_CLAIM_TYPE = {"professional": "837P", "institutional": "837I", "dental": "837D"}
_SEPARATORS = (b"*", b"|", b"^", b":", b">", b"<", b"~", b"!", b";", b"\\", b"+", b"&", b"\t", b"\x1d", b"\x1f")
_MISREAD = re.compile(rb"(?P<name>[A-Za-z][A-Za-z0-9]{1,2})(?P<separator>[^A-Za-z0-9])", re.DOTALL)
_WRONG_SEPARATORS = np.frombuffer(b":><|^\\;!", np.uint8)


def classify(segments: Segments) -> NDArray[np.uint8]:
    """The class of each segment: its place in `SEGMENTS`, counted from 1; `HOLE`; 0 for all others."""
    classes: NDArray[np.uint8] = _CLASS[segments.code]
    classes[segments.cut[segments.last] - segments.start > LONGEST_SEGMENT] = HOLE
    return classes


@dataclass(slots=True)
class Envelope:
    """Where the reader stands in the nest of ISA, GS and ST."""

    interchange: Interchange
    group: tuple[str, str, int] | None = None  # functional code, control number, offset
    guide: str = ""
    transaction: tuple[str, str, int, int] | None = None  # ST01, ST02, offset, ordinal of the segment
    groups: int = 0
    transactions: int = 0
    segments: int = 0  # segments of the interchange before this piece
    is_closed: bool = False
    described: Transaction = field(default_factory=lambda: Transaction("", "", "", False))


@dataclass(slots=True)
class Transaction:
    """What the claims of a transaction inherit from its envelope; all blank outside of one."""

    number: str  # ST02
    kind: str  # 837P, 837I, 837D, 837, else ST01
    claim_type: str  # professional, institutional or dental; '' where the guide does not say
    is_claims: bool
    date: str = ""  # BHT04


def mend_separators(segments: Segments, report: Report) -> Segments:
    """The segments, with those that use other separators than the ISA declares read by their own.

    So is an identifier in lower case. Each is reported: a payer cannot read it. What begins with no
    segment identifier at all is reported and left out.
    """
    interchange, data = segments.interchange, segments.data
    mended = False
    for row in _rows_without_identifier(segments):
        low, high = int(segments.start[row]), int(segments.cut[segments.last[row]])
        stretch = data[low:high]
        raw = stretch[:4].tobytes()
        misread = _MISREAD.match(raw + b" ")
        if misread and (misread["separator"][0] == interchange.element or high - low <= len(misread["name"])):
            identifier = misread["name"].upper()
            stretch[: len(identifier)] = np.frombuffer(identifier, np.uint8)
            problem = "identifier in lower case"
            found = f"Segment {decode(identifier)} is written in lower case."
        elif misread and misread["separator"] in _SEPARATORS and misread["name"].isupper():
            identifier = misread["name"]
            stretch[stretch == misread["separator"][0]] = interchange.element
            problem = "other element separator"
            found = (
                f"Segment {decode(identifier)} separates its elements with {delimiter_name(misread['separator'][0])}; "
                f"the ISA declares {delimiter_name(interchange.element)}."
            )
        else:
            shown = "".join(c if c.isprintable() else "?" for c in decode(raw)[:3])
            report(
                problem_row(
                    "error",
                    "unreadable segment",
                    f"A segment begins with '{shown}…', which is no segment identifier. It was not read.",
                    "Look at the file at this position: a terminator or separator inside the data splits a segment so.",
                    segments.offset(row),
                )
            )
            continue
        mended = True
        report(
            problem_row(
                "error",
                problem,
                f"{found} A payer cannot read it; here it was read as it was meant.",
                "Have the file made again by the rules its ISA declares.",
                segments.offset(row),
                segment=decode(identifier),
            )
        )
    if mended:
        segments = scan_data(data, segments.base, interchange)
    classes = _CLASS[segments.code]
    mended = False
    # where a qualifier of this many characters stands before the first separator
    for class_, element, qualifier in ((SV1, 1, 2), (SV2, 2, 2), (SV3, 1, 2), (CLM, 5, 2), (HI, 1, 2), (HI, 1, 3)):
        rows = np.flatnonzero(classes == class_)
        at = segments.first[rows] + element
        rows, at = rows[at <= segments.last[rows]], at[at <= segments.last[rows]]
        begins, ends = segments.cut[at - 1] + 1, segments.cut[at]
        third = data[np.minimum(begins + qualifier, ends)]
        suspicious = np.isin(third, _WRONG_SEPARATORS) & (ends - begins > qualifier + 1)
        suspicious &= (third != interchange.component) & (third != interchange.repetition)
        identifier = SEGMENTS[class_ - 1]
        for at_row in np.flatnonzero(suspicious).tolist():
            stretch, wrong = data[begins[at_row] : ends[at_row]], int(third[at_row])
            if (stretch == interchange.component).any():
                continue
            stretch[stretch == wrong] = interchange.component
            mended = True
            report(
                problem_row(
                    "error",
                    "other component separator",
                    f"{identifier}{element:02d} separates its components with {delimiter_name(wrong)}; the ISA declares "
                    f"{delimiter_name(interchange.component)}. A payer cannot read it; here it was read as it was meant.",
                    "Have the file made again by the rules its ISA declares.",
                    segments.offset(int(rows[at_row])),
                    segment=identifier,
                    element=f"{identifier}{element:02d}",
                )
            )
    return scan_data(data, segments.base, interchange) if mended else segments


def _rows_without_identifier(segments: Segments) -> list[int]:
    """The segments whose identifier is not two or three capitals and digits, capital first."""
    code = segments.code
    rows = np.flatnonzero(_CLASS[code] == 0)
    bytes_ = [(code[rows] >> np.uint32(8 * at)) & np.uint32(0xFF) for at in range(3)]

    def is_capital(byte: NDArray[np.uint32]) -> NDArray[np.bool_]:
        return (byte >= 65) & (byte <= 90)

    def is_digit(byte: NDArray[np.uint32]) -> NDArray[np.bool_]:
        return (byte >= 48) & (byte <= 57)

    good = is_capital(bytes_[0]) & (is_capital(bytes_[1]) | is_digit(bytes_[1]))
    good &= is_capital(bytes_[2]) | is_digit(bytes_[2]) | (bytes_[2] == 0)
    odd: list[int] = rows[~good].tolist()
    return odd


def walk_envelopes(
    segments: Segments, classes: NDArray[np.uint8], envelope: Envelope, report: Report
) -> tuple[list[int], list[Transaction]]:
    """The transactions of a piece: the segment each begins with, and what is known of it.

    The first entry stands for the transaction that was open when the piece began. Control numbers
    and counts are checked on the way.
    """
    begins, transactions = [0], [envelope.described]

    def begin(row: int, guide: str = "") -> None:
        envelope.described = _describe(envelope, guide)
        begins.append(row)
        transactions.append(envelope.described)

    after_end = 0 if envelope.is_closed else -1  # the first segment after IEA
    for row in np.flatnonzero((classes >= ISA) & (classes <= BHT)).tolist():
        class_, text, offset = int(classes[row]), segments.text, segments.offset(row)

        def wrong(problem: str, message: str, advice: str, segment: str, at: int = offset) -> None:
            report(problem_row("error", problem, message, advice, at, segment=segment))

        if class_ in (GS, ST) and envelope.is_closed:
            wrong(
                "interchange without ISA",
                "More follows the end of the interchange (IEA) without a header (ISA) of its own. It was read by the "
                "separators of the interchange before it.",
                "Have the file made again; a receiver reads nothing after IEA.",
                SEGMENTS[class_ - 1],
            )
            envelope.is_closed, after_end = False, -1
        if class_ == GS:
            _end_transaction(envelope, wrong, "GS")
            _end_group(envelope, wrong, "GS")
            envelope.group = (text(row, 1), text(row, 6), offset)
            envelope.guide = text(row, 8)
            envelope.groups += 1
            envelope.transactions = 0
            begin(row)
        elif class_ == ST:
            _end_transaction(envelope, wrong, "ST")
            if envelope.group is None:
                wrong(
                    "ST without GS",
                    "A transaction set begins outside any functional group.",
                    "Have the file made again.",
                    "ST",
                )
            envelope.transaction = (text(row, 1), text(row, 2), offset, envelope.segments + row)
            envelope.transactions += 1
            begin(row, text(row, 3))
        elif class_ == BHT:
            envelope.described.date = text(row, 4)
        elif class_ == SE:
            if envelope.transaction is None:
                wrong(
                    "SE without ST", "A transaction set ends here that never began.", "Have the file made again.", "SE"
                )
                continue
            _, number, _, began = envelope.transaction
            _check_trailer(
                segments,
                row,
                wrong,
                "transaction",
                "segment",
                envelope.segments + row - began + 1,
                number,
                "ST02",
                "999",
            )
            envelope.transaction = None
            begin(row + 1)
        elif class_ == GE:
            _end_transaction(envelope, wrong, "GE")
            if envelope.group is None:
                wrong(
                    "GE without GS", "A functional group ends here that never began.", "Have the file made again.", "GE"
                )
                continue
            _check_trailer(
                segments, row, wrong, "group", "transaction", envelope.transactions, envelope.group[1], "GS06", "999"
            )
            envelope.group = None
            begin(row + 1)
        elif class_ == IEA:
            _end_transaction(envelope, wrong, "IEA")
            _end_group(envelope, wrong, "IEA")
            number = decode(envelope.interchange.elements[12])
            _check_trailer(segments, row, wrong, "interchange", "group", envelope.groups, number, "ISA13", "TA1")
            envelope.is_closed, after_end = True, row + 1
    if 0 <= after_end < len(segments):
        report(_bytes_after_end(segments.offset(after_end)))
    envelope.segments += len(segments)
    return begins, transactions


def _check_trailer(
    segments: Segments,
    row: int,
    wrong: Callable[..., None],
    whole: str,
    part: str,
    counted: int,
    number: str,
    opener: str,
    receipt: str,
) -> None:
    """Hold a trailer (SE, GE, IEA) against what was counted and the number the whole began with."""
    trailer, said, closing = segments.text(row, 0), segments.text(row, 1), segments.text(row, 2)
    if _count(said) != counted:
        wrong(
            f"{whole} {part} count",
            f"{trailer}01 says {said or 'nothing'}, but {whole} {number} holds {counted} {part}s. "
            "Something was lost or added after the file was made, or the sender counts wrongly.",
            f"Compare its claims with your system; a receiver rejects it ({receipt}).",
            trailer,
        )
    if closing != number:
        wrong(
            f"{whole} control number",
            f"{trailer}02 is '{closing}', the {whole} began as '{number}' ({opener}).",
            f"Have the file made again; a receiver rejects it ({receipt}).",
            trailer,
        )


def _count(text: str) -> int:
    """A trailer's count as a number, -1 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else -1


def _describe(envelope: Envelope, guide_of_transaction: str = "") -> Transaction:
    """The open transaction, by its own guide (ST03) or that of its group (GS08)."""
    code, number = (envelope.transaction or ("", "", 0, 0))[:2]
    guide = guide_of_transaction or envelope.guide
    claim_type = next((name for part, name in _CLAIM_TYPE_OF_GUIDE.items() if part in guide), "")
    kind = _KIND_OF_CLAIM_TYPE.get(claim_type, "837") if code == "837" else code
    is_claims = code == "837" or (not code and envelope.group is not None and envelope.group[0] == "HC")
    return Transaction(number, kind, claim_type, is_claims)


def _end_transaction(envelope: Envelope, wrong: Callable[..., None], before: str) -> None:
    if envelope.transaction:
        wrong(
            "SE missing",
            f"Transaction {envelope.transaction[1]} has no end (SE) before {before}. Segments may be missing.",
            "Compare the claims of this transaction with your system and have the file made again.",
            "ST",
            envelope.transaction[2],
        )
        envelope.transaction = None


def _end_group(envelope: Envelope, wrong: Callable[..., None], before: str) -> None:
    if envelope.group:
        wrong(
            "GE missing",
            f"Functional group {envelope.group[1]} has no end (GE) before {before}.",
            "Have the file made again; a receiver rejects the group.",
            "GS",
            envelope.group[2],
        )
        envelope.group = None


def close(envelope: Envelope, tail: int | None, last_claim: str | None, report: Report) -> bool:
    """Report what is missing at the end of an interchange. True: its last claim is cut short.

    ``tail`` is the file offset of bytes after the last terminator, ``last_claim`` the id of the claim
    that is still open.
    """
    if envelope.is_closed:
        if tail is not None:
            report(_bytes_after_end(tail))
        return False
    lost = last_claim if envelope.transaction is not None else None
    report(
        problem_row(
            "error",
            "interchange cut short",
            "The file ends before the interchange does (no IEA)"
            + (", in the middle of a segment" if tail is not None else "")
            + (f". The last claim may be incomplete and was not checked: {lost}." if lost else ".")
            + " Claims after this point, if there were any, are not here.",
            "Transfer or export the file again and check it whole.",
            envelope.interchange.end if tail is None else tail,
            claim_id=lost,
        )
    )
    return lost is not None


def _bytes_after_end(offset: int) -> Problem:
    return problem_row(
        "warning",
        "bytes after IEA",
        "More bytes follow the end of the interchange. They were not read.",
        "Remove what stands after IEA.",
        offset,
    )
