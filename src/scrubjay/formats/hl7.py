"""HL7 v2 messages of patient administration (ADT) and scheduling (SIU) → rows of visit_events.

One row per message; a message about several patients (A17, A24, A37, repeated merges) gives one row
for each, all with the position of its MSH. Messages of other types are counted and named once per
type. Nothing raises for what stands in a file; what cannot be read becomes an intake problem, which
never shows a name, a birth date or a number of a patient.

Senders differ, so much is taken as it comes: CR, LF or both, MLLP frames, a byte order mark, blank
lines, batches (FHS, BHS … BTS, FTS), a text ``\\r`` at the end of a line, delimiters of each message's
own, a header that follows without a line end. A line that begins with no segment belongs to the
segment before it. The event is MSH-9.2, whatever EVN-1 says beside it.

Times are the sender's wall clock: an offset (+0100) is dropped, since the law counts local calendar
days. A year or month without its day is not known. ``""`` deletes a value and is read as NULL.

A message cut short must not become a wrong stay. It gives a problem, and no row, where

- a segment its event needs is missing,
- its MLLP frame has no end, or its batch has none: then the last message goes, whole or not,
- it ends without a line end, and what may be missing could change the row. PV1 as last segment is
  taken if it has fields behind the last one read, another (OBX, PDA …) if no insurance can follow it.
  Of a merge or a change of numbers (A40, A47 …) only the numbers its event is about must be whole.

A cut at the end of a segment, behind all that the event needs, cannot be told outside of a batch or
frame. Then what an IN1 says of the member, what the resources say of an appointment, or the visit in a
message about a person may be missing in the row.

Source: HL7 v2.1 to v2.8, chapters 2 (control), 3 (patient administration), 10 (scheduling); table 0203.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scrubjay.formats.x12 import Problem, decode, problem_row
from scrubjay.tables import VISIT_EVENTS, arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa

Report = Callable[..., None]
Fields = list[str]  # of a segment; [0] is its identifier, so that [n] is field n (of MSH: field n + 1)

SHOWN = 20  # problems of one kind that are listed one by one
ROWS_AT_A_TIME = 1 << 14  # rows that are held as dictionaries

_BLANK = b" \t\x00\x1a"
_BOM = b"\xef\xbb\xbf"
_FRAME, _FRAME_END = b"\x0b", b"\x1c"  # MLLP
_ENVELOPES = (b"FHS", b"BHS", b"BTS", b"FTS")
# A header declares its delimiters; a trailer uses them. Anything else that begins so is text.
_OPENING = re.compile(rb"(?:MSH|FHS|BHS)(?:\||([^\w\s])[^\w\s]{1,6}\1)|[BF]TS(?:[^\w\s]|[\r\n\x1c]|\Z)")
_HEADER_WITHIN_A_LINE = re.compile(rb"MSH\|\^~\\{1,2}&#?\|")
_LITERAL_END = re.compile(r'(?:\\[rn])+"?[ \t]*$', re.MULTILINE)
_TIME = re.compile(
    r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6})\d*)?)?)?)?(?: ?[+-]\d{2,4}|Z)?", re.ASCII
)

_READ = frozenset(("EVN", "PID", "PV1", "MRG", "IN1", "SCH", "TQ1", "RGS", "AIS", "AIG", "AIL", "AIP"))
_OF_A_PATIENT = frozenset(("PID", "PV1", "MRG", "IN1"))
_RESOURCES = ("RGS", "AIS", "AIG", "AIL", "AIP")


def _events(*numbers: int | range) -> frozenset[str]:
    listed = [n for one in numbers for n in ([one] if isinstance(one, int) else one)]
    return frozenset(f"A{n:02d}" for n in listed)


_ADT = _events(range(1, 63)) - {"A20"}  # A20: the status of a bed, no patient
_ABOUT_A_VISIT = _events(range(1, 18), range(21, 24), range(25, 28), 32, 33, 38, range(52, 56), 61, 62)
# Merges, moves and changes of numbers: the last field of MRG that the event is about.
_GIVES_UP = (
    dict.fromkeys(_events(18, 30, 34, 39, 40, 43, 46, 47, 48), 1)  # the patient's number
    | dict.fromkeys(_events(35, 36, 41, 44, 49), 3)  # the account
    | dict.fromkeys(_events(42, 45, 50, 51), 5)  # the visit
)
_MAY_HOLD_INSURANCE = _events(1, 3, 4, 5, 6, 7, 8, 13, 14, 16, 28, 31)
_BEHIND_INSURANCE = frozenset(("IN1", "IN2", "IN3", "RF1", "ACC", "UB1", "UB2", "PDA", "PRB"))
_WITHOUT_PATIENT = ("S23", "S24")  # a slot is blocked or opened

# Types of identifier (table 0203, PID-3.5), best first.
_MEMBER_TYPES = ("MC", "MB", "SN", "MA", "HC")
_RECORD_TYPES = ("MR", "MRN", "PI", "PT", "")
# Types with another meaning. What the table does not list is the sender's own word for a record number.
_OTHER_TYPE = re.compile(
    "A[CMN]|AN[CDT]|ANON|ASID|B[ACR]|BCT|BRN|C[CYZ]|D[CILNRS]|E[IN]|FI|G[ILN]|HC|JHN|LACSN|L[INR]|M[ABCIST]|MC[DNRT]"
    "|NBSNR|N[EHIP]|NII|NIIP|NN[A-Z]+|NPI|OD|P[ACN]|PCN|PEN|PH[EO]|PNT|PPN|PR[CN]|QA|R[INR]|RRI|S[BDLNPRS]|SAMN|SID"
    "|SNBSN|SNO|SRX|STN|TAX|TN|U|UDI|UPIN|USID|V[NPS]|WCN|W[CP]|X[VX]"
)
_SOCIAL_SECURITY = frozenset(("SS", "SSN", "SSA", "USSSA"))


class Delimiters(NamedTuple):
    """The delimiters of one message: MSH-1 and MSH-2."""

    field: str
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


def looks_like_hl7(head: bytes) -> bool:
    """Whether a file that begins with these bytes holds HL7 v2 messages."""
    opening = head.lstrip(_BLANK + _BOM + _FRAME + b"\r\n")
    return opening[:3] in (b"MSH", b"FHS", b"BHS") and _OPENING.match(opening) is not None


def read_hl7(path: Path, file_id: int) -> tuple[pa.Table, list[Problem]]:
    """The events of a file that `looks_like_hl7`, in its order, and its problems."""
    import pyarrow as pa

    data = path.read_bytes()
    problems: list[Problem] = []
    counts: Counter[tuple[str, str | None]] = Counter()

    def report(severity: str, problem: str, message: str, advice: str, at: int, **more: str | None) -> None:
        kind = problem, more.get("element")
        counts[kind] += 1
        if counts[kind] <= SHOWN:
            problems.append(problem_row(severity, problem, message, advice, at, **more))

    rows: list[dict[str, Any]] = []
    tables: list[pa.Table] = []
    schema = arrow_schema(VISIT_EVENTS)
    others: dict[str, list[int]] = {}  # type → where its messages begin
    starts = _find_starts(data)
    torn = _walk_envelopes(data, starts, report)
    for (at, name), (end, _) in zip(starts, [*starts[1:], (len(data), b"")], strict=True):
        body, is_closed, rest = _message_bytes(data, at, end)
        if name in _ENVELOPES:
            rest = body.replace(b"\r", b"\n").partition(b"\n")[2] + rest
        elif at in torn:
            pass  # told with its batch
        elif _FRAME_END not in data[at:end] and data[max(at - 8, 0) : at].rstrip(_BLANK)[-1:] == _FRAME:
            report(
                "error",
                "message cut short",
                "A message begins with an MLLP frame (hex 0B) that has no end (hex 1C): it may be cut short. It was not read.",
                "Have the message sent again.",
                at,
                segment="MSH",
            )
        else:
            found = _read_message(body, is_closed, at, report)
            if isinstance(found, str):
                others.setdefault(found, []).append(at)
            else:
                rows += ({"file_id": file_id, "byte_offset": at, **row} for row in found)
        if len(rows) >= ROWS_AT_A_TIME:
            tables.append(pa.Table.from_pylist(rows, schema))
            rows.clear()
        if rest.strip(_BLANK + _FRAME + _FRAME_END + b"\r\n"):
            report(
                "warning",
                "text between messages",
                f"After {name.decode()} stands text that belongs to no message. It was not read.",
                "Look at the file at this position; if it is part of a message, have that sent again.",
                at,
                segment=name.decode(),
            )
    for kind, offsets in others.items():
        many = f"{len(offsets):,} messages of type {kind} were" if len(offsets) > 1 else f"1 message of type {kind} was"
        problems.append(
            problem_row(
                "info",
                "messages passed over",
                f"{many} passed over: Scrubjay reads admissions, registrations and merges (ADT) and appointments (SIU).",
                "Nothing to do.",
                offsets[0],
                segment="MSH",
                element="MSH-9",
            )
        )
    for (problem, element), count in counts.items():
        if count > SHOWN:
            first = next(p for p in problems if p["problem"] == problem.replace(" ", "-") and p["element"] == element)
            more = f"{count - SHOWN:,} more of the same kind"
            where = f" in {element}" if element else ""
            problems.append(
                {**first, "message": f"{more}{where} ({problem}), not listed one by one.", "byte_offset": None}
            )
    return pa.concat_tables([*tables, pa.Table.from_pylist(rows, schema)]), problems


# --- where messages begin and end -----------------------------------------------------------------------


def _find_starts(data: bytes) -> list[tuple[int, bytes]]:
    """Where each message (MSH) and each segment of an envelope begins, in order."""
    found = []
    for name in (b"MSH", *_ENVELOPES):
        at = data.find(name)
        while at >= 0:
            before = data[max(at - 16, 0) : at].rstrip(_BLANK + _BOM)
            opens_line = not before or before[-1:] in (b"\r", b"\n", _FRAME, _FRAME_END)
            if (_OPENING.match(data, at) if opens_line else _HEADER_WITHIN_A_LINE.match(data, at)) is not None:
                found.append((at, name))
            at = data.find(name, at + 3)
    return sorted(found)


def _message_bytes(data: bytes, at: int, end: int) -> tuple[bytes, bool, bytes]:
    """The bytes of a message, whether its last segment has an end, and what stands behind its frame."""
    body, frame_end, rest = data[at:end].partition(_FRAME_END)
    if not frame_end:
        body = body.rstrip(_BLANK + _FRAME).removesuffix(_BOM)
    is_closed = bool(frame_end) or body[-1:] in (b"\r", b"\n") or body.endswith((b"\\r", b'\\r"'))
    return body, is_closed, rest


def _walk_envelopes(data: bytes, starts: list[tuple[int, bytes]], report: Report) -> set[int]:
    """The messages that are last in a batch or file without an end; counts and missing ends are reported."""
    torn: set[int] = set()
    opened: dict[bytes, int] = {}  # BHS, FHS → where it stands
    messages = batches = 0  # since the last BHS, and since the last FHS
    everything = 0
    last: int | None = None

    def end_missing(name: bytes) -> None:
        if name not in opened:
            return
        header, trailer = name.decode(), name.decode().replace("HS", "TS")
        left_out = ""
        if last is not None:
            torn.add(last)
            left_out = " Its last message may be cut short, too, and was not read."
        report(
            "error",
            "batch cut short",
            f"The batch that begins here ({header}) has no end ({trailer}): messages may be missing.{left_out}",
            "Have the file made or sent again.",
            opened.pop(name),
            segment=header,
        )

    def count(at: int, counted: tuple[int, ...], what: str) -> None:
        trailer = decode(data[at : at + 40])
        said = re.match(r"...[^\w\s](\d+)", trailer, re.ASCII)
        if said is None or int(said[1]) in counted:
            return
        is_short = max(counted) < int(said[1])
        report(
            "error" if is_short else "warning",
            f"batch {what} count",
            f"{trailer[:3]}-1 says {int(said[1]):,}, but there {'is' if counted[0] == 1 else 'are'} {counted[0]:,} {what}"
            + ("" if counted[0] == 1 else "s" if what == "message" else "es")
            + ". "
            + ("The batch is short: some were lost." if is_short else "The sender may count otherwise."),
            "Have the file made or sent again." if is_short else "Ask the sender how it counts, if this comes again.",
            at,
            segment=trailer[:3],
            element=f"{trailer[:3]}-1",
        )

    for at, name in [*starts, (len(data), b"")]:
        if name == b"MSH":
            messages, everything, last = messages + 1, everything + 1, at
            continue
        if name in (b"BTS", b"FTS"):
            last = None  # what comes before an end is whole
            header = name.replace(b"TS", b"HS")
            if header not in opened:
                report(
                    "error",
                    "end without a batch",
                    f"A batch ends here ({name.decode()}) that never began ({header.decode()}): its first messages may be missing.",
                    "Have the file made or sent again.",
                    at,
                    segment=name.decode(),
                )
        if name == b"BTS":
            count(at, (messages,), "message")
            opened.pop(b"BHS", None)
            messages, batches = 0, batches + 1
            continue
        end_missing(b"BHS")
        if name == b"FTS":
            count(at, (batches or min(everything, 1), everything), "batch")  # some senders count the messages
            opened.pop(b"FHS", None)
        elif name != b"BHS":
            end_missing(b"FHS")
        if name in (b"BHS", b"FHS"):
            opened[name] = at
        messages, last = 0, None
        if name != b"BHS":
            batches = everything = 0
    return torn


# --- one message ----------------------------------------------------------------------------------------


def _read_message(body: bytes, is_closed: bool, at: int, report: Report) -> list[dict[str, Any]] | str:
    """The rows of a message; its type where that is not read; none where it cannot be read."""

    def refuse(
        problem: str, message: str, advice: str, segment: str, element: str | None = None
    ) -> list[dict[str, Any]]:
        report("error", problem, f"{message} It was not read.", advice, at, segment=segment, element=element)
        return []

    def refuse_as_cut(segment: str) -> list[dict[str, Any]]:
        return refuse(
            "message cut short",
            f"A message ends without a line end, in its segment {segment}: it may be cut short.",
            "Compare it with its source. If it is whole, add a line end after its last segment; else have it sent again.",
            segment,
        )

    text = _decode(body).replace("\r\n", "\n").replace("\r", "\n")
    if "\\r" in text:
        text = _LITERAL_END.sub("", text)
    header, line_end, _ = text.partition("\n")
    delimiters = _read_delimiters(header[3:4], header[4:].partition(header[3:4])[0])
    if not is_closed and not line_end:
        return refuse_as_cut("MSH")
    if delimiters is None:
        return refuse(
            "unreadable message header",
            "MSH-2 does not name the delimiters of the message (usually ^~\\&).",
            "Have the message made again.",
            "MSH",
            "MSH-2",
        )
    if "\\\\" in header[:12]:  # each backslash was doubled on the way
        text = text.replace("\\\\", "\\")
        header = header.replace("\\\\", "\\")
    msh = header.split(delimiters.field)
    type_, event = ((_part(_field(msh, 8), delimiters, number) or "").upper() for number in (1, 2))
    is_type = re.fullmatch(r"[A-Z][A-Z0-9]{2}", type_, re.ASCII) is not None
    if is_type and type_ not in ("ADT", "SIU"):
        return f"{type_}^{event}" if re.fullmatch(r"[A-Z0-9]{3}", event, re.ASCII) else type_
    lines, stray = _split(text, delimiters)
    ending, last_line = lines[-1]
    if not is_closed:
        # what stands behind the last delimiter may be half of a value
        whole = max(map(last_line.rfind, (delimiters.field, *delimiters[1:3], delimiters.subcomponent))) + 1
        lines[-1] = ending, last_line[:whole]
    shared, patients = _group([(name, line.split(delimiters.field)) for name, line in lines if name in _READ])
    if not event and type_ == "ADT":
        event = next((_part(_field(evn, 1), delimiters) or "" for evn in shared["EVN"]), "").upper()
    if not is_type or not re.fullmatch(r"[AZ]\d\d" if type_ == "ADT" else r"S\d\d", event, re.ASCII):
        said = f"'{type_}^{event}'" if len(type_ + event) < 8 else "nothing that can be read"
        return refuse(
            "unreadable message type",
            f"MSH-9 says {said}, so what the message tells is not known.",
            "Have the message made again with its type and event, such as ADT^A01.",
            "MSH",
            "MSH-9",
        )
    if type_ == "ADT" and event not in _ADT:
        return f"{type_}^{event}"
    missing = _missing_segment(event, shared, patients)
    if missing and is_closed:
        return refuse(
            "segment missing",
            f"A message {type_}^{event} has no segment {missing}: it may be cut short, and what it tells is not known.",
            "Have the message sent again, whole.",
            missing,
        )
    if not is_closed and (missing or not ending or _may_change(event, ending, last_line, patients, delimiters)):
        return refuse_as_cut(ending or lines[-2][0])
    rows = _rows(type_, event, msh, shared, patients, delimiters, lambda *a, **more: report(*a, at, **more))
    if not is_closed and type_ == "SIU":
        has_resources = any(shared[name] for name in _RESOURCES)
        is_in_place = ending == "AIL" and last_line.count(delimiters.field) <= 3
        if is_in_place or not (has_resources and all(row["appointment_at"] and row["point_of_care"] for row in rows)):
            return refuse_as_cut(ending)
    if not is_closed and event in _GIVES_UP and _is_value_lost(event, ending, last_line, delimiters):
        report(
            "warning",
            "value without an end",
            f"A message ends without a line end, in its segment {ending}. The last value was left blank: half of it may "
            f"be missing. What {type_}^{event} is about was read.",
            "Add a line end after the last segment of the message if it is whole.",
            at,
            segment=ending,
        )
    for segment in sorted(stray):
        report(
            "warning",
            "line without a segment",
            f"A line within {segment} begins with no segment. It was read as part of {segment} where it holds fields, "
            "else left out.",
            f"Look at the message; a line break inside {segment} must be sent as \\.br\\ or left out.",
            at,
            segment=segment,
        )
    if any(len(patient["PV1"]) > 1 for patient in patients):
        report(
            "warning",
            "repeated segment",
            "A message holds PV1 more than once for one patient. The first was read.",
            "Have each visit sent in a message of its own.",
            at,
            segment="PV1",
        )
    return rows


def _decode(body: bytes) -> str:
    """Text of a message: UTF-8, else line by line, so that one bad line does not spoil the others."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(decode(line) for line in re.split(rb"(?<=[\r\n])", body))


@lru_cache(maxsize=64)
def _read_delimiters(field: str, marks: str) -> Delimiters | None:
    marks = marks.replace("\\\\", "\\")[:4]
    if not field or not marks or any(c.isalnum() or c.isspace() for c in marks):
        return None
    found = Delimiters(field, *marks)
    return found if len(set(found)) == len(found) else None


@lru_cache(maxsize=4096)
def _is_segment(name: str) -> bool:
    """
    >>> _is_segment("PV1"), _is_segment("ZPV"), _is_segment("the"), _is_segment("12A")
    (True, True, False, False)
    """
    return re.fullmatch(r"[A-Z][A-Z0-9]{2}", name) is not None


def _split(text: str, delimiters: Delimiters) -> tuple[list[tuple[str, str]], set[str]]:
    """The segments of a message, MSH first, and the names of those that hold a line without a segment.

    The last has no name where it is such a line, or an identifier and nothing else: half a segment,
    perhaps.
    """
    lines: list[tuple[str, str]] = []
    stray: set[str] = set()
    half = ""
    for line in text.split("\n"):
        if line[3:4] != delimiters.field or not _is_segment(line[:3]):
            line = line.strip(" \t\x00")
            if not line:
                continue
            if line[3:4] != delimiters.field or not _is_segment(line[:3]):
                half = line
                name, before = lines[-1]
                if name in _READ and not _is_segment(line):
                    stray.add(name)
                    if delimiters.field in line:
                        lines[-1] = name, f"{before}\n{line}"
                continue
        half = ""
        lines.append((line[:3], line))
    return [*lines, ("", half)] if half else lines, stray


def _group(segments: list[tuple[str, Fields]]) -> tuple[dict[str, list[Fields]], list[dict[str, list[Fields]]]]:
    """The segments of the whole message, and those of each patient: a PID, or a second MRG, begins the next."""
    shared: dict[str, list[Fields]] = {name: [] for name in _READ - _OF_A_PATIENT}
    patients: list[dict[str, list[Fields]]] = [{name: [] for name in _OF_A_PATIENT}]
    for name, fields in segments:
        if name not in _OF_A_PATIENT:
            shared[name].append(fields)
            continue
        if name in ("PID", "MRG") and patients[-1][name]:
            kept = patients[-1]["PID"] if name == "MRG" else []
            patients.append({one: list(kept) if one == "PID" else [] for one in _OF_A_PATIENT})
        patients[-1][name].append(fields)
    return shared, patients


def _missing_segment(event: str, shared: dict[str, list[Fields]], patients: list[dict[str, list[Fields]]]) -> str:
    """The segment that the event cannot be without, where it is missing; '' where nothing is."""
    if event.startswith("S") and not shared["SCH"]:
        return "SCH"
    needs = {
        "PID": event not in _WITHOUT_PATIENT,
        "MRG": event in _GIVES_UP,
        "PV1": event in _ABOUT_A_VISIT or _GIVES_UP.get(event) == 5,
    }
    return next((name for name, is_needed in needs.items() for one in patients if is_needed and not one[name]), "")


def _may_change(
    event: str, ending: str, line: str, patients: list[dict[str, list[Fields]]], delimiters: Delimiters
) -> bool:
    """Whether what may follow a last line without an end could change what an ADT event is about."""
    if event.startswith("S"):
        return False
    reach = line.count(delimiters.field)  # the field in which it ends
    patient = patients[-1]
    pid = patient["PID"][0]
    has_member_id = _pick(_field(pid, 3), "member", _field(pid, 19), delimiters) is not None
    insurances = patient["IN1"]
    if event in _MAY_HOLD_INSURANCE and not has_member_id and not insurances and ending not in _BEHIND_INSURANCE:
        return True
    if event not in _GIVES_UP and not patient["PV1"]:
        return True
    if ending == "PV1":
        return reach <= (19 if event in _GIVES_UP else 45)
    if ending == "IN1":
        is_later = len(insurances) > 1 and _set_number(insurances[0]) == 1
        return not has_member_id and not is_later and reach <= 49
    if ending == "MRG":
        level = _GIVES_UP.get(event, 5)
        components = line.split(delimiters.field)[-1].split(delimiters.component)
        is_whole_number = level == reach == 1 and len(components) == 5 and components[4] == "MR"
        return reach <= level and not is_whole_number
    return False


def _is_value_lost(event: str, ending: str, line: str, delimiters: Delimiters) -> bool:
    """Whether a last line without an end stops within a field that is read, but that the event is not about."""
    reach, value = line.count(delimiters.field), line.rpartition(delimiters.field)[2]
    read = {"MRG": (3, 5), "PV1": (36, 39, 44, 45)}.get(ending, ())
    return bool(value) and reach in read and reach > _GIVES_UP[event]


# --- one row --------------------------------------------------------------------------------------------


def _rows(
    type_: str,
    event: str,
    msh: Fields,
    shared: dict[str, list[Fields]],
    patients: list[dict[str, list[Fields]]],
    delimiters: Delimiters,
    report: Report,
) -> list[dict[str, Any]]:
    """One row per patient of a message."""

    def part(fields: Fields, number: int, component: int = 1) -> str | None:
        return _part(fields[number], delimiters, component) if number < len(fields) and fields[number] else None

    def time(segment: str, number: int, value: str | None, component: int = 1) -> tuple[datetime | None, bool]:
        found = _read_time(value) if value else None
        if found:
            return found
        if value:
            _report_time(segment, f"{segment}-{number}" + (f".{component}" if component > 1 else ""), value, report)
        return None, False

    evn = next(iter(shared["EVN"]), [])
    recorded, occurred = (time("EVN", number, part(evn, number)) for number in (2, 6))
    message: dict[str, str | bool | date | None] = {
        "message_type": type_,
        "event_code": event,
        "message_control_id": part(msh, 9),
        "sending_facility": part(msh, 3),
        "sent_at": time("MSH", 7, part(msh, 6))[0],
        "recorded_at": recorded[0],
        "is_recorded_time_known": recorded[1],
        "occurred_at": occurred[0],
        "is_occurrence_time_known": occurred[1],
    }
    location: Fields = []
    if type_ == "SIU":
        sch = shared["SCH"][0]
        sources = [("SCH", 11, 4), ("TQ1", 7, 1), ("AIS", 4, 1), ("AIG", 8, 1), ("AIL", 6, 1), ("AIP", 6, 1)]
        starts = ((name, n, part(one, n, c), c) for name, n, c in sources for one in shared[name])
        message |= {
            "appointment_id": part(sch, 1) or part(sch, 2),
            "appointment_at": next((at for one in starts if (at := time(*one)[0])), None),
            "appointment_status_code": part(sch, 25),
        }
        location = next((ail for ail in shared["AIL"] if part(ail, 3) or part(ail, 3, 4)), [])
    rows = []
    for patient in patients:
        pid, pv1, mrg = (next(iter(patient[name]), []) for name in ("PID", "PV1", "MRG"))
        admitted, discharged = (time("PV1", number, part(pv1, number)) for number in (44, 45))
        birth = part(pid, 7)
        social_security = _field(pid, 19)
        identifiers = _field(pid, 3)
        record = None
        for number in (3, 2, 4):
            if record := _pick(_field(pid, number), "record", social_security, delimiters):
                break
        prior = _pick(_field(mrg, 1), "record", social_security, delimiters)
        visit_number = part(pv1, 19)
        place = pv1 if part(pv1, 3) or part(pv1, 3, 4) else location
        rows.append(
            message
            | {
                "visit_number": visit_number,
                "visit_authority": part(pv1, 19, 4) if visit_number else None,
                "account_number": part(pid, 18),
                "patient_class_code": part(pv1, 2),
                "patient_type_code": part(pv1, 18),
                "hospital_service_code": part(pv1, 10),
                "point_of_care": part(place, 3),
                "facility": part(place, 3, 4),
                "servicing_facility": part(pv1, 39),
                "discharge_disposition_code": part(pv1, 36),
                "admitted_at": admitted[0],
                "is_admission_time_known": admitted[1],
                "discharged_at": discharged[0],
                "is_discharge_time_known": discharged[1],
                "patient_identifiers": _as_sent(identifiers, delimiters),
                "medical_record_number": record[0] if record else None,
                "medical_record_authority": record[1] if record else None,
                "member_id": _member_id(identifiers, patient["IN1"], social_security, delimiters),
                "patient_last_name": part(pid, 5),
                "patient_first_name": part(pid, 5, 2),
                "patient_birth_date": born.date() if (born := time("PID", 7, birth)[0]) else None,
                "patient_sex_code": part(pid, 8),
                "prior_medical_record_number": prior[0] if prior else None,
                "prior_medical_record_authority": prior[1] if prior else None,
                "prior_account_number": part(mrg, 3),
                "prior_visit_number": part(mrg, 5),
            }
        )
    return rows


def _field(fields: Fields, number: int) -> str:
    return fields[number] if number < len(fields) else ""


def _part(value: str, delimiters: Delimiters, number: int = 1) -> str | None:
    """A component of a field's first repetition, of several subcomponents the first; NULL for blank and ``""``."""
    _, component, repetition, escape, subcomponent = delimiters
    if repetition in value:
        value = value[: value.index(repetition)]
    if component in value:
        components = value.split(component, number)
        value = components[number - 1] if number <= len(components) else ""
    elif number > 1:
        return None
    if subcomponent in value:
        value = value[: value.index(subcomponent)]
    if escape in value:
        value = _unescape(value, delimiters)
    value = value.strip()
    return None if value in ("", '""') else value


def _unescape(value: str, delimiters: Delimiters) -> str:
    """
    >>> _unescape(r"ST. MARY \\T\\ JOHN\\X2C\\ EAST\\Z9\\ WING", Delimiters("|"))
    'ST. MARY & JOHN, EAST\\\\Z9\\\\ WING'
    """
    field, component, repetition, escape, subcomponent = delimiters
    meant = {"F": field, "S": component, "T": subcomponent, "R": repetition, "E": escape, ".br": " "}
    mark = re.escape(escape)
    return re.sub(
        rf"{mark}(?:([FSTRE]|\.br)|X((?:[0-9A-Fa-f]{{2}})+)){mark}",
        lambda found: meant[found[1]] if found[1] else decode(bytes.fromhex(found[2])),
        value,
    )


@lru_cache(maxsize=1 << 16)
def _read_time(value: str) -> tuple[datetime, bool] | None:
    """A time of any precision from the day on, and whether it has an hour; None where it is none.

    >>> _read_time("20260310"), _read_time("202603101405-0500"), _read_time("202603")
    ((datetime.datetime(2026, 3, 10, 0, 0), False), (datetime.datetime(2026, 3, 10, 14, 5), True), None)
    """
    found = _TIME.fullmatch(value)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(group or 0) for group in found.groups()[:6])
    fraction = int((found[7] or "").ljust(6, "0"))
    try:
        moment = datetime(year, month, day, hour, minute, second, fraction)
    except ValueError:
        return None
    return (moment, found[4] is not None) if year >= 1800 else None


def _report_time(segment: str, element: str, value: str, report: Report) -> None:
    """What stands in place of a time is shown by its form only: misplaced, it may be anything."""
    if re.fullmatch(r"\d{4}|\d{6}", value, re.ASCII) and value[:2] in ("18", "19", "20"):
        what = "is a year or month without its day"
    else:
        form = re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "9", value))
        what = f"is no date or time (its form: '{form}')" if len(form) <= 26 else "is no date or time"
    report(
        "warning",
        "unreadable date",
        f"{element} {what}. It was left blank.",
        "Have it sent as YYYYMMDD, with the time behind it: YYYYMMDDHHMM.",
        segment=segment,
        element=element,
    )


def _pick(value: str, kind: str, social_security: str, delimiters: Delimiters) -> tuple[str, str | None] | None:
    """The identifier of a repeated field with the best type of this kind, and who gives it out.

    ``kind``: record, member, or any (then the first). A Social Security number is never taken, however
    it is labelled: nor is what PID-19 says is one.
    """
    if not value:
        return None
    _, component, repetition, _, subcomponent = delimiters
    secret = re.sub(r"\D", "", social_security.split(component)[0])
    best: tuple[int, str] | None = None
    for one in value.split(repetition):
        components = one.split(component)
        labels = [label.split(subcomponent)[0].strip().upper() for label in components]
        if not _SOCIAL_SECURITY.isdisjoint(labels[1:]) or (secret and re.sub(r"\D", "", components[0]) == secret):
            continue
        rank = _rank(labels[4] if len(labels) > 4 else "", kind)
        if rank is not None and (best is None or rank < best[0]) and _part(one, delimiters):
            best = rank, one
    number = _part(best[1], delimiters) if best else None
    return (number, _part(best[1], delimiters, 4)) if best and number else None


@lru_cache(maxsize=4096)
def _rank(type_: str, kind: str) -> int | None:
    """How well a type of identifier answers, 0 best; None: not at all."""
    if kind == "any":
        return 0
    types = _RECORD_TYPES if kind == "record" else _MEMBER_TYPES
    if type_ in types:
        return types.index(type_)
    return len(types) if kind == "record" and not _OTHER_TYPE.fullmatch(type_) else None


def _member_id(identifiers: str, insurances: list[Fields], social_security: str, delimiters: Delimiters) -> str | None:
    """The Medicare, member or Medicaid number of PID-3, else the insured's or the policy's of the first IN1."""
    found = _pick(identifiers, "member", social_security, delimiters)
    if insurances and not found:
        first = min(insurances, key=_set_number)
        found = _pick(_field(first, 49), "any", social_security, delimiters)
        found = found or _pick(_field(first, 36), "any", social_security, delimiters)
    return found[0] if found else None


def _set_number(fields: Fields) -> int:
    number = _field(fields, 1)
    return int(number) if re.fullmatch(r"\d{1,9}", number, re.ASCII) else 1 << 30


def _as_sent(value: str, delimiters: Delimiters) -> str | None:
    """The field as sent, with the usual delimiters where the message has others."""
    if delimiters[1:] != Delimiters("|")[1:]:
        value = value.translate(str.maketrans("".join(delimiters[1:]), "^~\\&"))
    value = value.strip()
    return None if value in ("", '""') else value
