"""X12 bytes → interchanges and a columnar index of their segments, every one with its position.

Nothing here knows a claim. `interchanges` finds the envelopes of a file and the delimiters each
declares, `pieces` cuts an interchange into stretches that fit in memory, and `scan` turns one
stretch into arrays: where each segment starts, what it is, where its elements end. The layout of
`Segments` is the contract behind which a compiled scanner will fit.

Source: ASC X12.5 (interchange control structure) and X12.6 (application control structure).
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Buffer = bytes | mmap.mmap
Ints = NDArray[np.int64]
Problem = dict[str, Any]

PADDING = 16  # bytes after the data, so that 8-byte loads at its end stay inside the array
PIECE_BYTES = 4 << 20  # small enough to stay in the processor's cache
LONGEST_SEGMENT = 1 << 20
LONGEST_CLAIM = 64 << 20
_WINDOW = 16 << 20
_MOST_COMPONENTS = 9

_FIXED_ISA = re.compile(
    rb"ISA(?P<e>[^A-Za-z0-9\s])(?:[^\n]{2}(?P=e)[^\n]{10}(?P=e)){2}"
    rb"(?:[^\n]{2}(?P=e)[^\n]{15}(?P=e)){2}\d{6}(?P=e)\d{4}(?P=e).(?P=e)[^\n]{5}(?P=e)[^\n]{9}(?P=e)"
    rb"[^\n](?P=e)[^\n](?P=e)..",
    re.DOTALL,
)
_LOOSE_ISA = re.compile(rb"ISA(?P<e>[^A-Za-z0-9\s])(?:[^\n\r]{0,35}?(?P=e)){15}..", re.DOTALL)
_BLANK = b" \t\r\n\x00\x1a"


@dataclass(frozen=True, slots=True)
class Interchange:
    """One ISA…IEA: its bytes [start, end) in the file, its delimiters and its header elements."""

    start: int
    end: int
    element: int
    component: int
    repetition: int  # -1 where the version has none
    terminator: int
    elements: tuple[bytes, ...]  # ISA01 … ISA16
    is_fixed_width: bool


Spans = tuple[Ints, Ints]  # where each value starts in the data, and its length; 0: blank or absent


@dataclass(slots=True)
class Segments:
    """The segments of one stretch of bytes, as columns.

    ``data`` are the bytes (uint8, padded), ``base`` the file offset of ``data[0]``. For segment
    *i*: ``start[i]`` is the offset of its identifier in ``data``, ``code[i]`` the identifier packed
    little-endian (0 when it is not two or three characters), ``first[i]`` and ``last[i]`` the
    indexes in ``cut`` of the delimiter after the identifier and of the terminator. Element *j*
    lies between ``cut[first[i] + j - 1] + 1`` and ``cut[first[i] + j]``.
    """

    interchange: Interchange
    data: NDArray[np.uint8]
    base: int
    start: Ints
    code: NDArray[np.uint32]
    first: Ints
    last: Ints
    cut: Ints
    tail: int  # offset in data of bytes after the last terminator, -1 if there are none but blanks
    inner: Ints | None = None  # component and repetition separators, found when first needed

    def __len__(self) -> int:
        return len(self.start)

    def select(self, rows: Ints) -> Segments:
        """The same stretch with only these segments."""
        return replace(self, start=self.start[rows], code=self.code[rows], first=self.first[rows], last=self.last[rows])

    def text(self, segment: int, element: int) -> str:
        """One element as text, '' where it is not there. For the few segments read one by one."""
        at = int(self.first[segment]) + element
        if at > int(self.last[segment]):
            return ""
        low = int(self.cut[at - 1]) + 1 if element else int(self.start[segment])
        return decode(self.data[low : int(self.cut[at])].tobytes()).strip()

    def offset(self, segment: int) -> int:
        """Where the segment starts in the file."""
        return self.base + int(self.start[segment])

    def element(self, rows: Ints, number: int | Ints) -> Spans:
        """Element ``number`` (1 is the first; one for all, or each its own) of these segments; a row of -1 is blank."""
        safe = np.maximum(rows, 0)
        at, last = self.first[safe] + number, self.last[safe]
        there = (rows >= 0) & (at <= last)
        at = np.minimum(at, last)
        start = self.cut[at - 1] + 1
        return start, np.where(there, self.cut[at] - start, 0)

    def components(self, rows: Ints, number: int | Ints, count: int) -> list[Spans]:
        """The first ``count`` (at most 9) components of an element, in its first repetition."""
        start, length = self.element(rows, number)
        stop = start + length
        if self.inner is None:
            separators = self.data == self.interchange.component
            if self.interchange.repetition >= 0:
                separators |= self.data == self.interchange.repetition
            self.inner = np.append(np.flatnonzero(separators), np.full(_MOST_COMPONENTS, len(self.data) - 1))
        at = np.searchsorted(self.inner[:-_MOST_COMPONENTS], start)
        found: list[Spans] = []
        for ahead in range(count):
            end = np.minimum(self.inner[at + ahead], stop)
            found.append((start, end - start))
            start = np.minimum(end + 1, stop)
            if self.interchange.repetition >= 0:  # a repetition separator ends what is read
                stop = np.where(self.data[end] == self.interchange.repetition, end, stop)
                start = np.minimum(start, stop)
        return found


def pack(identifier: str) -> int:
    """A segment identifier as the number that stands in ``Segments.code``.

    >>> hex(pack("SV1"))
    '0x315653'
    """
    return int.from_bytes(identifier.encode("ascii"), "little")


def decode(raw: bytes) -> str:
    """Bytes as text: UTF-8, else Latin-1, which takes every byte.

    >>> decode(b"MU\\xd1OZ")
    'MUÑOZ'
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def looks_like_x12(head: bytes) -> bool:
    """Whether the first bytes of a file hold an interchange header."""
    return _FIXED_ISA.search(head) is not None or _LOOSE_ISA.match(head.lstrip(b"\xef\xbb\xbf" + _BLANK)) is not None


def forget(buffer: Buffer, low: int, high: int) -> None:
    """Let the pages [low, high) of a mapped file go, so that reading a large file takes little memory."""
    if isinstance(buffer, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        low -= low % mmap.PAGESIZE
        buffer.madvise(mmap.MADV_DONTNEED, low, high - low)


def _find(buffer: Buffer, pattern: bytes, low: int, end: int) -> int:
    """Where the pattern first stands in [low, end), else -1; a large file is searched window by window."""
    while low < end:
        high = min(low + _WINDOW, end)
        if (at := buffer.find(pattern, low, high)) >= 0:
            return at
        if high == end:
            return -1
        forget(buffer, low, high)
        low = high - len(pattern) + 1
    return -1


def _header(buffer: Buffer, at: int, previous_terminator: int | None) -> tuple[bytes, bool] | None:
    """The ISA segment that starts at ``at``, and whether it has its fixed width; None if none does."""
    head = buffer[at : at + 400]
    if fixed := _FIXED_ISA.match(head):
        return fixed.group(), True
    before = at - 1
    while before >= 0 and buffer[before] in _BLANK:
        before -= 1
    at_segment_start = (
        before < 0 or buffer[before] == previous_terminator or (before == 2 and buffer[:3] == b"\xef\xbb\xbf")
    )
    if at_segment_start and (loose := _LOOSE_ISA.match(head)):
        return loose.group(), False
    return None


def interchanges(buffer: Buffer) -> Iterator[Interchange]:
    """The interchanges of a file in order; each ends where the next ISA begins, or with the file."""
    size = len(buffer)
    found: tuple[int, bytes, bool] | None = None
    at = _find(buffer, b"ISA", 0, size)
    while at >= 0:
        header = _header(buffer, at, found[1][-1] if found else None)
        if header:
            if found:
                yield _interchange(found, at)
            found = (at, *header)
            at += len(header[0]) - 1
        at = _find(buffer, b"ISA", at + 1, size)
    if found:
        yield _interchange(found, size)


def _interchange(found: tuple[int, bytes, bool], end: int) -> Interchange:
    start, header, is_fixed_width = found
    element, component, terminator = header[3], header[-2], header[-1]
    elements = tuple(part.strip() for part in header[4:-2].split(bytes([element])))
    repetition = elements[10][:1] if len(elements) > 10 else b""
    has_repetition = repetition and not repetition.isalnum() and elements[11] >= b"00402"
    return Interchange(
        start,
        end,
        element,
        component,
        repetition[0] if has_repetition else -1,
        terminator,
        (*elements[:15], bytes([component])),
        is_fixed_width,
    )


def pieces(
    buffer: Buffer, interchange: Interchange, starters: tuple[str, ...], report: Callable[[Problem], None]
) -> Iterator[tuple[int, int]]:
    """Stretches [low, high) of an interchange, each beginning with one of the ``starters`` segments.

    A segment longer than 1 MiB (nearly always a lost terminator) and a claim longer than 64 MiB are
    left out and reported.
    """
    low, end = interchange.start, interchange.end
    terminator = bytes([interchange.terminator])
    patterns = tuple(name.encode() + bytes([interchange.element]) for name in starters)
    while low < end:
        high = min(low + PIECE_BYTES, end)
        while high < end and (cut := _last_start(buffer, low, high, terminator, patterns)) <= low:
            stop = buffer.rfind(terminator, low, high)
            if high - max(stop, low) > LONGEST_SEGMENT:
                hole = max(stop + 1, low)
                after = _find(buffer, terminator, high, end)
                after = end if after < 0 else after + 1
                if hole > low:
                    yield low, hole
                report(segment_too_long(hole, after - hole, interchange))
                low, high = after, min(after + PIECE_BYTES, end)
                if low >= end:
                    return
                continue
            if high - low > LONGEST_CLAIM:
                after = _next_start(buffer, high, end, terminator, patterns)
                report(
                    problem_row(
                        "error",
                        "claim too long",
                        f"{after - low:,} bytes without a new claim: this claim is larger than any payer takes. It was not read.",
                        "Look at the file at this position and have it made again.",
                        low,
                    )
                )
                low, high = after, min(after + PIECE_BYTES, end)
                continue
            high = min(high + PIECE_BYTES, end)
        if low >= end:
            return
        if high < end:
            high = cut
        yield low, high
        low = high


def segment_too_long(offset: int, length: int, interchange: Interchange, claim_id: str | None = None) -> Problem:
    """The problem of a segment that cannot be one; ``claim_id`` is the claim it tore."""
    return problem_row(
        "error",
        "segment too long",
        f"A segment of {length:,} bytes starts here: its terminator is probably missing, or is another character than "
        f"the ISA declares ({delimiter_name(interchange.terminator)}). It was not read.",
        "Have the file made again by the system that wrote it, or restore the terminator here.",
        offset,
        claim_id=claim_id,
    )


def _last_start(buffer: Buffer, low: int, high: int, terminator: bytes, patterns: tuple[bytes, ...]) -> int:
    """Where the last starter segment in [low, high) begins (blanks before it left out); low if none."""
    best = low
    for pattern in patterns:
        at = high
        while (at := buffer.rfind(pattern, best + 1, at)) > best:
            before = at - 1
            while before > best and buffer[before] in _BLANK and buffer[before : before + 1] != terminator:
                before -= 1
            if buffer[before : before + 1] == terminator:
                best = at
                break
    return best


def _next_start(buffer: Buffer, low: int, end: int, terminator: bytes, patterns: tuple[bytes, ...]) -> int:
    while low < end:
        high = min(low + PIECE_BYTES, end)
        starts = [
            match.start(1)
            for pattern in patterns
            if (match := re.search(re.escape(terminator) + rb"\s*(" + re.escape(pattern) + rb")", buffer[low:high]))
        ]
        if starts:
            return low + min(starts)
        low = high if high == end else high - 64
    return end


def scan(buffer: Buffer, low: int, high: int, interchange: Interchange) -> Segments:
    """The segments of [low, high), which begins with a segment (blanks before it do not matter)."""
    size = high - low
    data = np.zeros(size + PADDING, np.uint8)
    data[:size] = np.frombuffer(buffer, np.uint8, size, low)
    return scan_data(data, low, interchange)


def scan_data(data: NDArray[np.uint8], base: int, interchange: Interchange) -> Segments:
    """The segments of a padded array of bytes; see `scan`."""
    size = len(data) - PADDING
    bytes_ = data[:size]
    ends = bytes_ == interchange.terminator
    cut = np.flatnonzero(ends | (bytes_ == interchange.element))
    last = np.flatnonzero(ends[cut])
    if not len(last):
        empty = np.zeros(0, np.int64)
        return Segments(interchange, data, base, empty, np.zeros(0, np.uint32), empty, empty, cut, _tail(data, 0, size))
    tail = _tail(data, int(cut[last[-1]]) + 1, size)
    first = np.empty_like(last)
    first[0] = 0
    np.add(last[:-1], 1, out=first[1:])
    stop = cut[last]
    start = np.empty_like(last)
    start[0] = 0
    np.add(stop[:-1], 1, out=start[1:])
    _skip_blanks(data, start, stop)
    filled = start < stop
    if not filled.all():
        start, first, last = start[filled], first[filled], last[filled]
    length = cut[first] - start
    words = np.ndarray((size + PADDING - 3,), "<u4", data.data, 0, (1,))
    mask = np.where(length == 2, np.uint32(0xFFFF), np.uint32(0xFFFFFF)).astype(np.uint32)
    code: NDArray[np.uint32] = words[start].astype(np.uint32) & mask
    code[(length < 2) | (length > 3)] = 0
    return Segments(interchange, data, base, start, code, first, last, cut, tail)


def _skip_blanks(data: NDArray[np.uint8], start: Ints, stop: Ints) -> None:
    """Move each start over blanks and line ends, never past its stop."""
    rows = np.flatnonzero((data[start] <= 32) & (start < stop))
    for _ in range(64):
        if not len(rows):
            return
        start[rows] += 1
        rows = rows[(data[start[rows]] <= 32) & (start[rows] < stop[rows])]
    for row in rows.tolist():  # a very long run of blanks
        chunk = data[start[row] : stop[row]].tobytes()
        start[row] += len(chunk) - len(chunk.lstrip(bytes(range(33))))


def _tail(data: NDArray[np.uint8], low: int, size: int) -> int:
    rest = data[low:size]
    filled = np.flatnonzero((rest > 32) & (rest != 0x1A))
    return low + int(filled[0]) if len(filled) else -1


def delimiter_name(byte: int) -> str:
    """A delimiter in words: printable as it is, else as hexadecimal.

    >>> delimiter_name(126), delimiter_name(10)
    ("'~'", 'hex 0A')
    """
    return f"'{chr(byte)}'" if 32 < byte < 127 else f"hex {byte:02X}"


def problem_row(
    severity: str, problem: str, message: str, advice: str, offset: int | None, **more: str | None
) -> Problem:
    """One row of intake_problems."""
    row: Problem = dict.fromkeys(("row_number", "segment", "element", "claim_id"))
    return {
        **row,
        "severity": severity,
        "problem": problem.replace(" ", "-"),
        "message": message,
        "advice": advice,
        "byte_offset": offset,
        **more,
    }


# --- spans → columns ----------------------------------------------------------------------------------

_MASKS = np.array([(1 << (8 * k)) - 1 for k in range(9)], np.uint64)
_POWERS = 10 ** np.arange(19, dtype=np.int64)


def _stripped(data: NDArray[np.uint8], spans: Spans) -> Spans:
    """The spans without blanks and line ends at either side."""
    start, length = spans
    for _ in range(256):
        rows = np.flatnonzero((length > 0) & (data[start + length - 1] <= 32))
        if not len(rows):
            break
        length = length.copy()
        length[rows] -= 1
    for _ in range(256):
        rows = np.flatnonzero((length > 0) & (data[start] <= 32))
        if not len(rows):
            break
        start, length = start.copy(), length.copy()
        start[rows] += 1
        length[rows] -= 1
    return start, length


def keys(data: NDArray[np.uint8], spans: Spans) -> NDArray[np.uint64]:
    """Each value's first eight bytes as a number, to compare with `pack`; longer values are cut."""
    start, length = _stripped(data, spans)
    words = np.ndarray((len(data) - 7,), "<u8", data.data, 0, (1,))
    return words[start] & _MASKS[np.minimum(length, 8)]


def _bitmap(valid: NDArray[np.bool_]) -> pa.Buffer | None:
    import pyarrow as pa

    return None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))


def texts(data: NDArray[np.uint8], spans: Spans) -> pa.Array:
    """The values as a string column; blank is NULL. UTF-8, and Latin-1 where it is not."""
    import pyarrow as pa

    start, length = _stripped(data, spans)
    offsets = np.zeros(len(start) + 1, np.int32)
    np.cumsum(length, out=offsets[1:])
    index = np.repeat(start - offsets[:-1], length)
    index += np.arange(len(index))
    characters = data[index]
    if (characters >= 0x80).any():
        return pa.array(
            [decode(characters[a:z].tobytes()) if z > a else None for a, z in pairwise(offsets)],
            pa.string(),
        )
    return pa.Array.from_buffers(
        pa.string(), len(start), [_bitmap(length > 0), pa.py_buffer(offsets), pa.py_buffer(characters)]
    )


def decimals(data: NDArray[np.uint8], spans: Spans, scale: int) -> tuple[pa.Array, NDArray[np.bool_]]:
    """The values as DECIMAL(18, scale), and which of them are not such a number (NULL there)."""
    import pyarrow as pa

    start, length = _stripped(data, spans)
    value = np.zeros(len(start), np.int64)
    point = np.full(len(start), -1, np.int64)
    digits = np.zeros(len(start), np.int64)
    bad = length > 18
    for at in range(int(min(length.max(initial=0), 18))):
        character = data[np.minimum(start + at, len(data) - 1)]
        inside = at < length
        digit = inside & (character >= 48) & (character <= 57)
        np.copyto(value, value * 10 + (character.astype(np.int64) - 48), where=digit)
        digits += digit
        dot = inside & (character == 46)
        bad |= dot & (point >= 0)
        point[dot] = at
        sign = inside & (character == 45) & (at == 0)
        bad |= inside & ~(digit | dot | sign)
    fraction = np.where(point >= 0, length - 1 - point, 0)
    over = np.clip(fraction - scale, 0, 18)
    bad |= value % _POWERS[over] != 0  # digits beyond the scale would be lost
    value //= _POWERS[over]
    up = _POWERS[np.clip(scale - fraction, 0, 18)]
    bad |= (digits == 0) | (value > 10**17 // up)
    value = np.where(bad, 0, value) * up
    value = np.where(data[start] == 45, -value, value)
    wide = np.empty((len(value), 2), np.int64)
    wide[:, 0], wide[:, 1] = value, value >> 63
    column = pa.Array.from_buffers(
        pa.decimal128(18, scale), len(value), [_bitmap((length > 0) & ~bad), pa.py_buffer(wide)]
    )
    return column, bad & (length > 0)


def dates(data: NDArray[np.uint8], spans: Spans) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Dates (CCYYMMDD, with a time HHMM behind it or not), and which are none (NULL there)."""
    import pyarrow as pa

    days, good, is_blank = _days(data, _stripped(data, spans))
    column = pa.Array.from_buffers(pa.date32(), len(days), [_bitmap(good), pa.py_buffer(days.astype(np.int32))])
    return column, ~good & ~is_blank


def timestamps(data: NDArray[np.uint8], spans: Spans) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Dates with a time (CCYYMMDDHHMM; NULL without one), and which have a date, but no such time behind it."""
    import pyarrow as pa

    start, length = _stripped(data, spans)
    days, has_day, _ = _days(data, (start, np.where(length == 12, length, 0)))
    minutes = _minutes(data, start + 8)
    good = has_day & (minutes >= 0)
    moments = (days * 1440 + minutes) * 60_000_000
    column = pa.Array.from_buffers(pa.timestamp("us"), len(days), [_bitmap(good), pa.py_buffer(moments)])
    return column, has_day & ~good


def hours(data: NDArray[np.uint8], spans: Spans) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Times of day as HHMM, out of HHMM, HHMMSS or CCYYMMDDHHMM, and which are none (NULL there)."""
    start, length = _stripped(data, spans)
    start = start + np.where(length == 12, 8, 0)
    good = ((length == 4) | (length == 6) | (length == 12)) & (_minutes(data, start) >= 0)
    return texts(data, (start, np.where(good, 4, 0))), ~good & (length > 0)


def _minutes(data: NDArray[np.uint8], start: Ints) -> Ints:
    """The minute of the day that the four digits HHMM stand for, -1 where there is no such time."""
    digits = [data[start + at].astype(np.int64) - 48 for at in range(4)]
    good = np.logical_and.reduce([(digit >= 0) & (digit <= 9) for digit in digits])
    hour, minute = digits[0] * 10 + digits[1], digits[2] * 10 + digits[3]
    return np.where(good & (hour < 24) & (minute < 60), hour * 60 + minute, -1)


def _days(data: NDArray[np.uint8], spans: Spans) -> tuple[Ints, NDArray[np.bool_], NDArray[np.bool_]]:
    """Days since 1970 of CCYYMMDD (with HHMM behind it or not), which are such days, and which are blank."""
    start, length = spans
    words = np.ndarray((len(data) - 7,), "<u8", data.data, 0, (1,))
    packed = words[start]
    high, six = np.uint64(0xF0F0F0F0F0F0F0F0), np.uint64(0x0606060606060606)
    zeros = np.uint64(0x3030303030303030)
    good = ((length == 8) | (length == 12)) & ((packed & high) == zeros) & (((packed + six) & high) == zeros)
    digits = np.where(good, packed, zeros) - zeros

    def number(low: int, count: int) -> Ints:
        value = np.zeros(len(digits), np.int64)
        for at in range(low, low + count):
            value = value * 10 + ((digits >> np.uint64(8 * at)) & np.uint64(15)).astype(np.int64)
        return value

    year, month, day = number(0, 4), number(4, 2), number(6, 2)
    good &= (year >= 1800) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0)
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    good &= day <= following - first
    return first + day - 1, good, length == 0
