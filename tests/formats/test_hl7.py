"""HL7 v2 messages: what becomes of each field, of each way senders write them, and of messages cut short."""

from __future__ import annotations

import random
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from scrubjay.formats import hl7, read_files
from scrubjay.tables import VISIT_EVENTS
from tests.formats.x12_text import Reading, read_text, small_file

CORPUS = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpus" / "hl7v2"
SAMPLES = sorted(CORPUS.glob("*.hl7"))

needs_corpus = pytest.mark.skipif(not SAMPLES, reason="the shared corpus of public HL7 messages is not here")
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)

HEADER = r"MSH|^~\&|REG|GENERAL^1.2.3^ISO|SCRUBJAY||20260310140500-0500||ADT^A01^ADT_A01|C1|P|2.5.1"
EVN = "EVN|A01|202603101405|||U1^CLERK|202603101400"
PID = (
    "PID|1||M77^^^GENERAL&1.2.3&ISO^MR~1EG4TE5MK73^^^CMS^MC||QUENTIN&VAN^ZOE^A||19500102|F|||1 OAK ST^^SPRINGFIELD^IL"
    "|||||M||A55^^^GENERAL^AN|900-11-2233"
)
PV1 = (
    "PV1|1|I|4W^401^A^MAIN&9&ISO|E|||1234567893^WELBY^MARCUS|||MED||||7|||1^DOC|INP|V900^^^VISITS&8&ISO^VN"
    + "|" * 17
    + "01|||GENERAL|||||202603101355|202603141000|"
)
MRG = "MRG|M66^^^GENERAL^MR||A44^^^GENERAL^AN||V800^^^VISITS^VN"
IN1 = "IN1|1|HMO|77|BLUE||||||||||||||||||||||||||||||||POL-36" + "|" * 13 + "INS-49^^^BLUE^MB|"
OBX = "OBX|1|NM|8302-2^HEIGHT||170|cm"
SCH = "SCH|P1^PLACER|F1^FILLER||||BOOK|ROUTINE||30|min|^^30^202604011030^202604011100" + "|" * 14 + "Booked^^L|"
SIU_PARTS = ("RGS|1", "AIS|1||99213|202604011040", "AIL|1||CLINIC B^2^^EAST|||202604011050", "AIP|1||1234567893")
SECRETS = ("QUENTIN", "ZOE", "M77", "1EG4", "19500102", "900-11", "900112233", "A55", "V900", "M66", "POL-36", "OAK ST")


def message(*segments: str, kind: str = "ADT^A01", end: str = "\r") -> str:
    """A message of this type, with a line end behind each segment."""
    return "".join(one + end for one in (HEADER.replace("ADT^A01^ADT_A01", kind), *segments))


ADMISSION = message(EVN, PID, PV1)
APPOINTMENT = message(SCH, PID, *SIU_PARTS, kind="SIU^S12")


def field(segment: str, number: int, value: str) -> str:
    """The segment with another value in this field."""
    fields = segment.split("|")
    fields += [""] * (number + 1 - len(fields))
    fields[number] = value
    return "|".join(fields)


def events_of(folder: Path, *contents: str | bytes) -> list[dict[str, Any]]:
    """The events of files in which nothing is wrong."""
    found = read_text(folder, *contents)
    assert found.problems == []
    return found.rows("visit_events")


def event_of(folder: Path, content: str | bytes) -> dict[str, Any]:
    (one,) = events_of(folder, content)
    return one


# --- fields -----------------------------------------------------------------------------------------


def test_an_admission_fills_the_columns_of_its_visit(tmp_path: Path) -> None:
    event = event_of(tmp_path, message(EVN, PID, PV1, IN1))
    assert list(event) == list(VISIT_EVENTS.names)
    assert event == dict.fromkeys(VISIT_EVENTS.names) | {
        "file_id": 0,
        "byte_offset": 0,
        "message_type": "ADT",
        "event_code": "A01",
        "message_control_id": "C1",
        "sending_facility": "GENERAL",
        "sent_at": datetime(2026, 3, 10, 14, 5),
        "recorded_at": datetime(2026, 3, 10, 14, 5),
        "occurred_at": datetime(2026, 3, 10, 14, 0),
        "is_occurrence_time_known": True,
        "is_recorded_time_known": True,
        "visit_number": "V900",
        "visit_authority": "VISITS",
        "account_number": "A55",
        "patient_class_code": "I",
        "patient_type_code": "INP",
        "hospital_service_code": "MED",
        "point_of_care": "4W",
        "facility": "MAIN",
        "servicing_facility": "GENERAL",
        "discharge_disposition_code": "01",
        "admitted_at": datetime(2026, 3, 10, 13, 55),
        "is_admission_time_known": True,
        "discharged_at": datetime(2026, 3, 14, 10, 0),
        "is_discharge_time_known": True,
        "patient_identifiers": "M77^^^GENERAL&1.2.3&ISO^MR~1EG4TE5MK73^^^CMS^MC",
        "medical_record_number": "M77",
        "medical_record_authority": "GENERAL",
        "member_id": "1EG4TE5MK73",
        "patient_last_name": "QUENTIN",
        "patient_first_name": "ZOE",
        "patient_birth_date": date(1950, 1, 2),
        "patient_sex_code": "F",
    }


def test_an_appointment_is_read_from_its_schedule_and_its_place_from_the_location_resource(tmp_path: Path) -> None:
    event = event_of(tmp_path, APPOINTMENT)
    assert (event["message_type"], event["event_code"]) == ("SIU", "S12")
    assert (event["appointment_id"], event["appointment_status_code"]) == ("P1", "Booked")
    assert event["appointment_at"] == datetime(2026, 4, 1, 10, 30)
    assert (event["point_of_care"], event["facility"]) == ("CLINIC B", "EAST")
    assert event["medical_record_number"] == "M77"


def test_the_place_of_the_visit_goes_before_that_of_the_resource(tmp_path: Path) -> None:
    event = event_of(tmp_path, message(SCH, PID, PV1, *SIU_PARTS, kind="SIU^S14"))
    assert (event["point_of_care"], event["facility"]) == ("4W", "MAIN")


@pytest.mark.parametrize(
    ("segments", "minute"),
    [
        ([SCH, "TQ1|||||||202604011035"], 30),
        ([field(SCH, 11, ""), "TQ1|||||||202604011035", *SIU_PARTS], 35),
        ([field(SCH, 11, "^^30"), *SIU_PARTS], 40),
        ([field(SCH, 11, ""), "AIG|1||X|||||202604011045", "AIL|1||B|||202604011050"], 45),
        ([field(SCH, 11, ""), "AIL|1||B", "AIL|2||C|||202604011050", "AIP|1||1|||202604011055"], 50),
        ([field(SCH, 11, ""), "AIP|1||1|||202604011055"], 55),
    ],
)
def test_an_appointment_begins_where_the_first_segment_that_says_so_has_it(
    tmp_path: Path, segments: list[str], minute: int
) -> None:
    event = event_of(tmp_path, message(segments[0], PID, *segments[1:], kind="SIU^S12"))
    assert event["appointment_at"] == datetime(2026, 4, 1, 10, minute)


def test_the_filler_number_names_an_appointment_without_a_placer_number(tmp_path: Path) -> None:
    assert event_of(tmp_path, message(field(SCH, 1, ""), PID, kind="SIU^S12"))["appointment_id"] == "F1"


def test_a_merge_names_what_is_given_up(tmp_path: Path) -> None:
    event = event_of(tmp_path, message(EVN, PID, MRG, kind="ADT^A40"))
    assert (event["medical_record_number"], event["prior_medical_record_number"]) == ("M77", "M66")
    assert event["prior_medical_record_authority"] == "GENERAL"
    assert (event["prior_account_number"], event["prior_visit_number"]) == ("A44", "V800")


def test_each_patient_of_a_message_gives_a_row(tmp_path: Path) -> None:
    second, third = PID.replace("M77", "M88"), PID.replace("M77", "M99")
    merged = MRG.replace("M66", "M55")
    events = events_of(tmp_path, message(EVN, PID, MRG, second, merged, kind="ADT^A40"))
    assert [(e["medical_record_number"], e["prior_medical_record_number"]) for e in events] == [
        ("M77", "M66"),
        ("M88", "M55"),
    ]
    assert {e["byte_offset"] for e in events} == {0}
    events = events_of(tmp_path, message(EVN, PID, MRG, PV1, merged, PV1.replace("V900", "V901"), kind="ADT^A45"))
    assert [(e["visit_number"], e["medical_record_number"]) for e in events] == [("V900", "M77"), ("V901", "M77")]
    events = events_of(tmp_path, message(EVN, PID, PV1, third, PV1.replace("4W", "5W"), kind="ADT^A17"))
    assert [e["point_of_care"] for e in events] == ["4W", "5W"]


@pytest.mark.parametrize(
    ("identifiers", "record", "member"),
    [
        ("X1^^^LAB^PI~M1^^^H^MR", ("M1", "H"), None),
        ("X1^^^LAB^PI~X2^^^H^PT", ("X1", "LAB"), None),
        ("X1^^^DMV^DL~X2", ("X2", None), None),
        ("X1^^^EPIC^EPI", ("X1", "EPIC"), None),  # a type of the sender's own
        ("X1^^^DMV^DL~A1^^^H^AN", None, None),
        ("900112233^^^USSSA^SS~M1^^^H^MR", ("M1", "H"), None),
        ("900112233^^^USSSA^SS", None, None),
        ("900112233^^^^^USSSA", None, None),  # the sender put the type elsewhere
        ("900-11-2233", None, None),  # as PID-19
        ("900112233^^^GENERAL^MR", None, None),
        ("M1~W9^^^CIGNA^MB", ("M1", None), "W9"),
        ("M1~D9^^^IL^MA~W9^^^CIGNA^MB", ("M1", None), "W9"),
        ("M1~D9^^^IL^MA~W9^^^CMS^MC", ("M1", None), "W9"),
        ('""', None, None),
        ("^^^H^MR~M2^^^H^MR", ("M2", "H"), None),
    ],
)
def test_the_record_number_and_the_member_number_are_told_by_their_types(
    tmp_path: Path, identifiers: str, record: tuple[str, str | None] | None, member: str | None
) -> None:
    event = event_of(tmp_path, message(EVN, field(PID, 3, identifiers), PV1))
    assert (event["medical_record_number"], event["medical_record_authority"]) == (record or (None, None))
    assert event["member_id"] == member
    assert event["patient_identifiers"] == (None if identifiers == '""' else identifiers)


def test_the_older_fields_name_the_patient_where_the_list_is_empty(tmp_path: Path) -> None:
    bare = field(PID, 3, "")
    assert event_of(tmp_path, message(EVN, field(bare, 2, "M2"), PV1))["medical_record_number"] == "M2"
    assert event_of(tmp_path, message(EVN, field(bare, 4, "M4^^^H"), PV1))["medical_record_number"] == "M4"
    assert event_of(tmp_path, message(EVN, field(bare, 2, "900112233"), PV1))["medical_record_number"] is None


def test_the_first_insurance_names_the_member_where_no_identifier_does(tmp_path: Path) -> None:
    pid, second = field(PID, 3, "M1"), IN1.replace("IN1|1", "IN1|2").replace("INS-49", "OTHER")
    assert event_of(tmp_path, message(EVN, pid, PV1, second, IN1))["member_id"] == "INS-49"
    assert event_of(tmp_path, message(EVN, pid, PV1, field(IN1, 49, "")))["member_id"] == "POL-36"
    assert event_of(tmp_path, message(EVN, pid, PV1, field(IN1, 49, "900-11-2233^^^^SS")))["member_id"] == "POL-36"
    assert event_of(tmp_path, message(EVN, pid, PV1, field(field(IN1, 49, ""), 36, "900112233")))["member_id"] is None


@pytest.mark.parametrize(
    ("sent", "admitted", "is_known"),
    [
        ("20260310", datetime(2026, 3, 10), False),
        ("2026031014", datetime(2026, 3, 10, 14), True),
        ("202603101405", datetime(2026, 3, 10, 14, 5), True),
        ("20260310140559", datetime(2026, 3, 10, 14, 5, 59), True),
        ("20260310140559.1234+0100", datetime(2026, 3, 10, 14, 5, 59, 123400), True),
        ("202603102330-0800", datetime(2026, 3, 10, 23, 30), True),  # the sender's day
        ("202603100000", datetime(2026, 3, 10), True),
        ("20260310^D", datetime(2026, 3, 10), False),
        ('""', None, False),
        ("", None, False),
    ],
)
def test_a_time_is_the_senders_wall_clock(tmp_path: Path, sent: str, admitted: datetime | None, is_known: bool) -> None:
    event = event_of(tmp_path, message(EVN, PID, field(PV1, 44, sent)))
    assert (event["admitted_at"], event["is_admission_time_known"]) == (admitted, is_known)


@pytest.mark.parametrize("sent", ["2026", "202603", "20260230", "202603102400", "03/10/2026", "QUENTIN", "00000000"])
def test_a_time_that_is_none_is_blank_and_told_by_its_form(tmp_path: Path, sent: str) -> None:
    found = read_text(tmp_path, message(EVN, PID, field(PV1, 44, sent)))
    (event,) = found.rows("visit_events")
    assert (event["admitted_at"], event["is_admission_time_known"]) == (None, False)
    problem = found.problem("unreadable-date")
    assert (problem["severity"], problem["segment"], problem["element"]) == ("warning", "PV1", "PV1-44")
    assert sent not in problem["message"]


def test_a_birth_date_of_a_year_alone_is_not_known(tmp_path: Path) -> None:
    found = read_text(tmp_path, message(EVN, field(PID, 7, "1950"), PV1))
    assert found.rows("visit_events")[0]["patient_birth_date"] is None
    assert found.problem("unreadable-date")["element"] == "PID-7"
    assert "1950" not in found.problem("unreadable-date")["message"]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (r"ST. MARY\T\S", "ST. MARY&S"),
        (r"A\F\B\S\C\R\D\E\E", "A|B^C~D\\E"),
        (r"A\X2C\ B\XC3A9\\X2c\C", "A, Bé,C"),
        (r"LINE 1\.br\LINE 2", "LINE 1 LINE 2"),
        (r"A\H\B\N\C", r"A\H\B\N\C"),
        (r"C:\DIR\Z", r"C:\DIR\Z"),
        (r"A\X2\B", r"A\X2\B"),
        ("A&B", "A"),
        (" A ", "A"),
        ('""', None),
    ],
)
def test_an_escape_stands_for_its_character_and_an_unknown_one_for_itself(
    tmp_path: Path, sent: str, read: str | None
) -> None:
    assert event_of(tmp_path, message(EVN, PID, field(PV1, 39, sent)))["servicing_facility"] == read


def test_a_visit_without_a_number_has_no_authority(tmp_path: Path) -> None:
    event = event_of(tmp_path, message(EVN, PID, field(PV1, 19, "^^^VISITS")))
    assert (event["visit_number"], event["visit_authority"]) == (None, None)


# --- events -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [n for n in range(1, 63) if n != 20])
def test_every_event_of_patient_administration_is_a_row(tmp_path: Path, number: int) -> None:
    event = event_of(tmp_path, message(EVN, PID, MRG, PV1, kind=f"ADT^A{number:02d}"))
    assert event["event_code"] == f"A{number:02d}"


@pytest.mark.parametrize("event", ["A24", "A28", "A29", "A31", "A37", "A60"])
def test_an_event_about_a_person_needs_no_visit(tmp_path: Path, event: str) -> None:
    assert event_of(tmp_path, message(EVN, PID, kind=f"ADT^{event}"))["visit_number"] is None


@pytest.mark.parametrize(
    ("kind", "segments", "missing"),
    [
        ("ADT^A01", (EVN, PID), "PV1"),
        ("ADT^A03", (EVN, PV1), "PID"),
        ("ADT^A01", (), "PID"),
        ("ADT^A28", (EVN,), "PID"),
        ("ADT^A40", (EVN, PID), "MRG"),
        ("ADT^A40", (EVN, PID, MRG, PID), "MRG"),
        ("ADT^A45", (EVN, PID, MRG), "PV1"),
        ("ADT^A17", (EVN, PID, PV1, PID), "PV1"),
        ("SIU^S12", (PID, PV1), "SCH"),
        ("SIU^S12", (SCH, *SIU_PARTS), "PID"),
    ],
)
def test_a_message_without_a_segment_its_event_needs_is_an_error_and_no_row(
    tmp_path: Path, kind: str, segments: tuple[str, ...], missing: str
) -> None:
    found = read_text(tmp_path, message(*segments, kind=kind))
    assert found.rows("visit_events") == []
    problem = found.problem("segment-missing")
    assert (problem["severity"], problem["segment"], problem["byte_offset"]) == ("error", missing, 0)


def test_a_blocked_slot_needs_no_patient(tmp_path: Path) -> None:
    assert event_of(tmp_path, message(SCH, *SIU_PARTS, kind="SIU^S23"))["medical_record_number"] is None


def test_the_event_of_the_header_goes_before_that_of_its_segment(tmp_path: Path) -> None:
    assert event_of(tmp_path, message(EVN, PID, PV1, kind="ADT^A03"))["event_code"] == "A03"
    assert event_of(tmp_path, message(EVN, PID, PV1, kind="ADT"))["event_code"] == "A01"
    assert event_of(tmp_path, message(EVN, PID, PV1, kind="adt^a04"))["event_code"] == "A04"


@pytest.mark.parametrize("kind", ["", "^A01", "ADT_A01", "SIU", "SIU^A01", "ADT^S12", "ADT^A1", '""', "^"])
def test_a_message_whose_type_cannot_be_read_is_an_error_and_no_row(tmp_path: Path, kind: str) -> None:
    found = read_text(tmp_path, message("EVN||202603101405", PID, PV1, kind=kind))
    assert found.rows("visit_events") == []
    assert found.problem("unreadable-message-type")["severity"] == "error"


def test_messages_of_other_types_are_counted_once_per_type(tmp_path: Path) -> None:
    others = [message(PID, OBX, kind=kind) for kind in ("ORU^R01^ORU_R01", "ORU^R01", "ACK", "ADT^A20", "ADT^Z01")]
    found = read_text(tmp_path, "".join([*others[:1], ADMISSION, *others[1:]]))
    assert len(found.rows("visit_events")) == 1
    assert [(p["severity"], p["problem"]) for p in found.problems] == [("info", "messages-passed-over")] * 4
    assert found.problems[0]["message"].startswith("2 messages of type ORU^R01 were passed over")
    assert [re.findall(r"type (\S+) ", p["message"])[0] for p in found.problems] == [
        "ORU^R01",
        "ACK",
        "ADT^A20",
        "ADT^Z01",
    ]


# --- how they are written ---------------------------------------------------------------------------

TWO = [ADMISSION, message(EVN, PID.replace("M77", "M88"), PV1, OBX, IN1, kind="ADT^A04")]


def without_places(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"byte_offset": 0} for row in rows]


def test_line_ends_of_every_kind_and_mixture_give_the_same_rows(tmp_path: Path) -> None:
    expected = without_places(events_of(tmp_path, "".join(TWO)))
    dice = random.Random(17)
    for _ in range(300):
        ends = ("\r", "\n", "\r\n", "\n\n", "\r\r\n", " \r", "\r\n \t\n", "\\r\n", '\\r"\r\n', "\r\n\x00\n")
        content = "".join(line + dice.choice(ends) for line in "".join(TWO).split("\r")[:-1])
        events = events_of(tmp_path, content)
        assert without_places(events) == expected
        assert [content[e["byte_offset"] :][:4] for e in events] == ["MSH|", "MSH|"]


@pytest.mark.parametrize(
    ("before", "between", "after"),
    [
        ("", "", ""),
        ("\ufeff", "", "\x1a"),
        ("\r\n\r\n \t", "\n\n", "\n \n"),
        ("\ufeff\r\n", "\ufeff", ""),
        ("\x0b", "\x1c\r\x0b", "\x1c\r"),
        ("\x0b", "\x1c\r\n\x0b", "\x1c"),
        ("\ufeff\x0b", "\x1c\x0b", "\x1c\r\n"),
    ],
)
def test_frames_byte_order_marks_and_blank_lines_are_no_part_of_a_message(
    tmp_path: Path, before: str, between: str, after: str
) -> None:
    content = (before + between.join(TWO) + after).encode()
    events = events_of(tmp_path, content)
    assert without_places(events) == without_places(events_of(tmp_path, "".join(TWO)))
    assert [e["byte_offset"] for e in events] == [m.start() for m in re.finditer(rb"MSH\|", content)]


def test_a_header_that_follows_without_a_line_end_begins_a_message(tmp_path: Path) -> None:
    first = message(EVN, PID, PV1, OBX, IN1, "PDA|X").removesuffix("\r")
    content = first + ADMISSION
    assert [e["byte_offset"] for e in events_of(tmp_path, content)] == [0, len(first)]
    # half a file with another behind it is no whole message
    found = read_text(tmp_path, ADMISSION[:-8] + ADMISSION)
    assert [e["byte_offset"] for e in found.rows("visit_events")] == [len(ADMISSION) - 8]
    assert found.problem("message-cut-short")["byte_offset"] == 0


def test_a_header_quoted_in_a_text_begins_no_message(tmp_path: Path) -> None:
    event_of(tmp_path, message(EVN, PID, PV1, "NTE|1||no MSH| was sent", "NTE|2||MSH in line", "MSH was missing"))


def test_a_text_broken_over_lines_belongs_to_its_segment(tmp_path: Path) -> None:
    broken = "OBX|2|TX|||THE PATIENT\nwas seen | and\n\nPV1 was sent\nMSH|? no\n|F"
    assert event_of(tmp_path, message(EVN, PID, broken.replace("MSH|?", "MSH ?"), PV1))["visit_number"] == "V900"


def test_a_line_broken_within_a_visit_is_read_on_and_told(tmp_path: Path) -> None:
    at = PV1.index("||||7")
    found = read_text(tmp_path, message(EVN, PID, PV1[:at] + "\n" + PV1[at:]))
    assert found.rows("visit_events")[0]["visit_number"] == "V900"
    assert found.problem("line-without-a-segment")["segment"] == "PV1"
    found = read_text(tmp_path, message(EVN, PID, PV1, "2026-03-10 14:05:01 received"))
    assert found.rows("visit_events")[0]["discharged_at"] == datetime(2026, 3, 14, 10)
    assert found.problem("line-without-a-segment")["severity"] == "warning"


@pytest.mark.parametrize("marks", ["#:%?@", "$*!?+", "|^~\\&"])
def test_each_message_has_delimiters_of_its_own(tmp_path: Path, marks: str) -> None:
    table = str.maketrans("|^~\\&", marks)
    content = ADMISSION + message(EVN, PID, field(PV1, 39, "A\\T\\B")).translate(table) + ADMISSION
    events = events_of(tmp_path, content)
    assert events[1]["servicing_facility"] == f"A{marks[4]}B"
    assert events[1]["patient_identifiers"] == events[0]["patient_identifiers"]
    assert without_places([events[1] | {"servicing_facility": "GENERAL"}]) == without_places([events[0]])


def test_a_file_may_begin_with_delimiters_of_its_own(tmp_path: Path) -> None:
    assert event_of(tmp_path, ADMISSION.translate(str.maketrans("|^~\\&", "#:%?@")))["visit_number"] == "V900"


def test_a_doubled_backslash_is_one(tmp_path: Path) -> None:
    content = message(EVN, PID, field(PV1, 39, "ST. MARY\\T\\S")).replace("\\", "\\\\")
    assert event_of(tmp_path, content)["servicing_facility"] == "ST. MARY&S"


@pytest.mark.parametrize("marks", ["", "A^~&", "^^^^", "^|"])
def test_a_header_without_delimiters_is_an_error(tmp_path: Path, marks: str) -> None:
    found = read_text(tmp_path, ADMISSION + ADMISSION.replace("^~\\&", marks, 1).replace("^|", "^~^|", 1))
    assert len(found.rows("visit_events")) == 1
    assert found.problem("unreadable-message-header")["byte_offset"] == len(ADMISSION)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_letters_beyond_ascii_are_read_in_either_encoding(tmp_path: Path, encoding: str) -> None:
    content = message(EVN, PID.replace("QUENTIN", "MUÑOZ"), PV1, "NTE|1||é", "PDA|é")
    event = event_of(tmp_path, content.encode(encoding))
    assert event["patient_last_name"] == "MUÑOZ"
    if encoding == "utf-8":  # a letter that is cut in half spoils no other
        assert event_of(tmp_path, content.encode()[:-2]) == event


def test_segments_of_the_senders_own_are_left_alone(tmp_path: Path) -> None:
    event = event_of(tmp_path, message(EVN, "ZPD|1|X", PID, "ZPV|V1", PV1, "ZZZ"))
    assert event["visit_number"] == "V900"


# --- batches ----------------------------------------------------------------------------------------

FHS, BHS = r"FHS|^~\&|REG", r"BHS|^~\&|REG"


def batch(*messages: str, count: str | None = None, end: str = "\r") -> str:
    return BHS + end + "".join(messages) + f"BTS|{len(messages) if count is None else count}{end}"


def test_the_messages_of_a_batch_and_of_a_file_of_batches_are_read(tmp_path: Path) -> None:
    assert len(events_of(tmp_path, batch(*TWO))) == 2
    content = f"{FHS}\r{batch(*TWO)}{batch()}{batch(ADMISSION, count='')}FTS|3\r"
    events = events_of(tmp_path, content)
    assert [e["byte_offset"] for e in events] == [m.start() for m in re.finditer("MSH", content)]
    assert len(events_of(tmp_path, f"{FHS}\r{''.join(TWO)}FTS|1\r")) == 2
    assert len(events_of(tmp_path, f"{FHS}\r{batch(*TWO)}FTS|2\r")) == 2  # messages counted
    assert len(events_of(tmp_path, "\x0b" + batch(*TWO) + "\x1c\r")) == 2


def test_a_count_that_is_not_what_stands_there_is_told(tmp_path: Path) -> None:
    found = read_text(tmp_path, batch(*TWO, count="3"))
    assert len(found.rows("visit_events")) == 2
    problem = found.problem("batch-message-count")
    assert (problem["severity"], problem["segment"], problem["element"]) == ("error", "BTS", "BTS-1")
    assert "short" in problem["message"]
    assert read_text(tmp_path, batch(*TWO, count="1")).problem("batch-message-count")["severity"] == "warning"
    found = read_text(tmp_path, f"{FHS}\r{batch(*TWO)}FTS|4\r")
    assert found.problem("batch-batch-count")["severity"] == "error"


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (f"{BHS}\r{TWO[0]}{TWO[1]}", 1),
        (f"{FHS}\r{TWO[0]}{TWO[1]}", 1),
        (f"{FHS}\r{batch(TWO[0])}", 1),
        (f"{BHS}\r{TWO[0]}{batch(TWO[1])}", 1),
        (f"{FHS}\r{BHS}\r{TWO[0]}FTS|1\r", 1),
    ],
)
def test_a_batch_without_an_end_is_an_error_and_its_last_message_no_row(
    tmp_path: Path, content: str, rows: int
) -> None:
    found = read_text(tmp_path, content)
    assert len(found.rows("visit_events")) == rows
    assert found.problem("batch-cut-short")["severity"] == "error"


def test_a_batch_that_never_began_is_an_error(tmp_path: Path) -> None:
    found = read_text(tmp_path, TWO[0] + "BTS|1\rFTS|1\r")
    assert len(found.rows("visit_events")) == 1
    assert [p["problem"] for p in found.problems] == ["end-without-a-batch"] * 2


def test_text_between_messages_is_told(tmp_path: Path) -> None:
    found = read_text(tmp_path, f"\x0b{ADMISSION}\x1c\rPV1|2|O\r\x0b{ADMISSION}\x1c\r")
    assert len(found.rows("visit_events")) == 2
    assert found.problem("text-between-messages")["severity"] == "warning"


# --- cut short --------------------------------------------------------------------------------------

PERSON = field(PID, 3, "M77^^^GENERAL^MR")
LONG = message("SFT|X", EVN, PERSON, "PD1|||X", "NK1|1|Y", PV1, "PV2||X", OBX, "DG1|1||I10", IN1, "IN2|X", "ACC|1")
DISCHARGE = message(EVN, PID, PV1, kind="ADT^A03")
MERGE = message(EVN, PID, MRG, kind="ADT^A40")
MOVE = message(EVN, PID, MRG, PV1, kind="ADT^A45")
UPDATE = message(EVN, PERSON, "PD1|||X", PV1, OBX, "GT1|1", IN1, kind="ADT^A31")
SCHEDULED = message(SCH, "TQ1|||||||202604011035", "NTE|1||X", PID, PV1, "RGS|1", *SIU_PARTS[1:], kind="SIU^S12")
FRAMED = "".join(f"\x0b{one}\x1c\r" for one in (LONG, MERGE))

CUT = {
    "a long admission": LONG,
    "an admission in lines": LONG.replace("\r", "\r\n"),
    "a discharge": DISCHARGE,
    "a merge": MERGE,
    "a move of a visit": MOVE,
    "an update of a person": UPDATE,
    "an appointment": SCHEDULED,
    "an appointment without a visit": APPOINTMENT,
    "an appointment timed by its resource": message(field(SCH, 11, ""), PID, PV1, *SIU_PARTS, kind="SIU^S15"),
    "many messages": LONG + MERGE + APPOINTMENT + DISCHARGE,
    "many messages in lines": (DISCHARGE + LONG + MOVE + SCHEDULED).replace("\r", "\n"),
    "frames": FRAMED,
    "a batch": batch(LONG, DISCHARGE, MERGE),
    "a file of batches": f"{FHS}\r\n{batch(DISCHARGE, APPOINTMENT)}{batch(MOVE)}FTS|2\r",
}
VISIT_COLUMNS = {
    *("visit_number", "visit_authority", "patient_class_code", "patient_type_code", "hospital_service_code"),
    *("point_of_care", "facility", "servicing_facility", "discharge_disposition_code", "admitted_at", "discharged_at"),
}


def may_lack(event: str) -> set[str]:
    """What only segments that the event can be without tell: a cut at the end of a segment may take it away."""
    if event.startswith("S"):
        return VISIT_COLUMNS | {"appointment_at"}
    if event in ("A24", "A28", "A29", "A31", "A37", "A60"):
        return VISIT_COLUMNS | {"member_id"}
    return {"member_id"}


# What a merge is not about is left blank, wherever the cut is.
NOT_ABOUT = {
    "A40": VISIT_COLUMNS | {"prior_account_number", "prior_visit_number"},
    "A47": VISIT_COLUMNS | {"prior_account_number", "prior_visit_number"},
    "A41": VISIT_COLUMNS | {"prior_visit_number"},
    "A45": {"servicing_facility", "discharge_disposition_code", "admitted_at", "discharged_at"},
}


def read_part(path: Path, content: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of some bytes, and their errors."""
    path.write_bytes(content)
    if not hl7.looks_like_hl7(content):
        return [], ["not HL7"]  # `read_files` says so
    table, problems = hl7.read_hl7(path, 0)
    return table.to_pylist(), [problem["message"] for problem in problems if problem["severity"] == "error"]


def assert_cut_tells_no_untruth(path: Path, content: bytes, at: int, whole: list[dict[str, Any]]) -> None:
    """What is left of a file cut at a byte: rows as they were, and an error for each message that is gone."""
    part = content[:at]
    rows, errors = read_part(path, part)
    begun = sum(one.start() + 4 <= at for one in re.finditer(rb"MSH\|", content))
    assert len(rows) >= begun or errors, f"cut at {at}: a message is lost in silence"
    assert len(rows) <= len(whole)
    assert len(rows) >= begun - 1 or b"\x0b" in content, f"cut at {at}: a whole message is lost"
    for row, as_whole in zip(rows, whole, strict=False):
        changed = {name for name in row if row[name] != as_whole[name] and not name.startswith("is_")}
        if changed:
            assert row is rows[-1], f"cut at {at}: {changed} of a message before the last"
            assert all(row[name] is None for name in changed), f"cut at {at}: another value of {changed}"
            assert not any(mark in content for mark in (b"BHS", b"FHS", b"\x0b")), f"cut at {at}: {changed}"
            allowed = NOT_ABOUT.get(row["event_code"], set())
            if part.endswith((b"\r", b"\n")):
                allowed = allowed | may_lack(row["event_code"])
            assert changed <= allowed, f"cut at {at}: {changed} of {row['event_code']}"


@pytest.mark.parametrize("content", CUT.values(), ids=CUT)
def test_a_file_cut_at_any_byte_tells_no_untruth_and_loses_no_message_in_silence(tmp_path: Path, content: str) -> None:
    path, data = tmp_path / "cut.hl7", content.encode()
    whole, errors = read_part(path, data)
    assert errors == []
    assert len(whole) == data.count(b"MSH")
    for at in range(len(data)):
        assert_cut_tells_no_untruth(path, data, at, whole)


def test_an_hour_cut_out_of_a_discharge_is_no_discharge(tmp_path: Path) -> None:
    found = read_text(tmp_path, DISCHARGE[: DISCHARGE.index("202603141000") + 10])
    assert found.rows("visit_events") == []
    problem = found.problem("message-cut-short")
    assert (problem["severity"], problem["segment"]) == ("error", "PV1")
    assert "line end" in problem["advice"]


@pytest.mark.parametrize(
    ("segments", "kind", "is_read"),
    [
        ((EVN, PID, PV1), "ADT^A01", True),  # fields stand behind the last that is read
        ((EVN, PID, PV1[:-1]), "ADT^A01", False),
        ((EVN, PERSON, PV1), "ADT^A01", False),  # its insurance may be missing
        ((EVN, PERSON, PV1), "ADT^A02", True),  # this event has none
        ((EVN, PERSON, PV1, IN1), "ADT^A01", True),
        ((EVN, PERSON, PV1, IN1[:-1]), "ADT^A01", False),
        ((EVN, PID, PV1, IN1[:-1]), "ADT^A01", True),
        ((EVN, PERSON, PV1, IN1, "IN1|2|X|Y"), "ADT^A01", True),
        ((EVN, PERSON, PV1, OBX), "ADT^A08", False),
        ((EVN, PERSON, PV1, OBX), "ADT^A11", True),
        ((EVN, PERSON, PV1, "PDA|1"), "ADT^A01", True),
        ((EVN, PID, PV1, "PDA"), "ADT^A01", False),  # another segment, perhaps
        ((EVN, PID, PV1, "a text"), "ADT^A01", False),
        ((EVN, field(PID, 20, "")), "ADT^A28", False),  # its visit may be missing
        ((EVN, PID, PV1, OBX), "ADT^A28", True),
        ((EVN, PID, "MRG|M66^^^GENERAL^MR"), "ADT^A40", True),
        ((EVN, PID, "MRG|M66^^^GENERAL^M"), "ADT^A40", False),
        ((EVN, PID, "MRG|M66"), "ADT^A40", False),
        ((EVN, PID, "MRG|M66^^^GENERAL^MR|"), "ADT^A40", True),
        ((EVN, PID, "MRG|M66|"), "ADT^A40", True),
        ((EVN, PID, MRG), "ADT^A41", True),
        ((EVN, PID, "MRG|M66||A44"), "ADT^A41", False),
        ((EVN, PID, MRG, "PV1|1|O" + "|" * 17 + "V9^^^X|"), "ADT^A45", True),
        ((EVN, PID, MRG, "PV1|1|O" + "|" * 17 + "V9^^^X"), "ADT^A45", False),
        ((SCH, PID, *SIU_PARTS), "SIU^S12", True),
        ((SCH, PID, *SIU_PARTS[:3]), "SIU^S12", True),
        ((SCH, PID, *SIU_PARTS[:2]), "SIU^S12", False),  # its place may be missing
        ((SCH, PID), "SIU^S12", False),
        ((), "ADT^A01", False),
        ((), "ORU^R01", False),
    ],
)
def test_a_last_segment_without_an_end_is_taken_only_where_nothing_can_be_missing(
    tmp_path: Path, segments: tuple[str, ...], kind: str, is_read: bool
) -> None:
    found = read_text(tmp_path, message(*segments, kind=kind).removesuffix("\r"))
    assert len(found.rows("visit_events")) == is_read
    assert [p["problem"] for p in found.problems if p["severity"] == "error"] == ["message-cut-short"] * (not is_read)


def test_a_value_that_a_merge_is_not_about_is_left_blank_where_it_has_no_end(tmp_path: Path) -> None:
    found = read_text(tmp_path, message(EVN, PID, "MRG|M66^^^GENERAL^MR||A44", kind="ADT^A47").removesuffix("\r"))
    (event,) = found.rows("visit_events")
    assert (event["prior_medical_record_number"], event["prior_account_number"]) == ("M66", None)
    assert found.problem("value-without-an-end")["severity"] == "warning"


# --- what is told -----------------------------------------------------------------------------------


def test_no_problem_shows_anything_of_a_patient(tmp_path: Path) -> None:
    dice = random.Random(5)
    data = (LONG + MERGE + APPOINTMENT + message(EVN, field(PID, 7, "QUENTIN"), PV1)).encode()
    told: set[str] = set()
    for _ in range(1_500):
        found = damaged(data, dice)
        path = tmp_path / "damaged.hl7"
        path.write_bytes(found)
        told |= {p["message"] + p["advice"] for p in hl7.read_hl7(path, 0)[1]}
    assert len(told) > 20
    assert [one for one in told for secret in SECRETS if secret in one] == []


def test_many_problems_of_one_kind_are_listed_up_to_twenty_and_counted(tmp_path: Path) -> None:
    bad = message(EVN, PID, field(PV1, 44, "yesterday"))
    found = read_text(tmp_path, bad * 50)
    assert len(found.rows("visit_events")) == 50
    assert len(found.problems) == 21
    assert "30 more of the same kind in PV1-44" in found.problems[-1]["message"]
    assert found.problems[1]["byte_offset"] == len(bad)


def test_a_file_of_messages_stands_beside_claim_files(tmp_path: Path) -> None:
    heard: list[int] = []
    names = []
    for name, content in (("a.txt", ADMISSION), ("b.txt", small_file()), ("c.txt", APPOINTMENT)):
        (tmp_path / name).write_text(content, newline="")
        names.append(tmp_path / name)
    found = Reading(read_files(names, on_bytes=heard.append))
    assert [(row["kind"], row["claims"]) for row in found.files] == [("HL7 v2", 0), ("837P", 4), ("HL7 v2", 0)]
    assert [row["file_id"] for row in found.rows("visit_events")] == [0, 2]
    assert sum(heard) == sum(row["bytes"] for row in found.files)
    assert found.tables["visit_events"].num_rows == 2


def test_many_rows_are_handed_on_in_pieces_without_a_loss(tmp_path: Path) -> None:
    count = hl7.ROWS_AT_A_TIME + 3
    short = message("EVN|A01|20260310", "PID|1||M1", "PV1|1|O")
    events = events_of(tmp_path, short * count)
    assert [e["byte_offset"] for e in events] == [n * len(short) for n in range(count)]


def damaged(data: bytes, dice: random.Random) -> bytes:
    """The bytes with a few changes, of which some are likely to hurt."""
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(4, len(data))
        piece = dice.choice(
            [b"", b"|", b"\r", b"^", b"~", b"\\", b"\x1c", b"\x0b", b"MSH|", b"BTS|9\r", b"\xff", b"\x00"]
        )
        data = data[:at] + piece + data[at + dice.choice((0, 1, 7, 60)) :]
    return data


def test_a_damaged_file_never_raises_and_points_at_its_messages(tmp_path: Path) -> None:
    dice = random.Random(23)
    data = (LONG + batch(MERGE, APPOINTMENT) + FRAMED + DISCHARGE).encode()
    for _ in range(1_500):
        content = damaged(data, dice)
        path = tmp_path / "damaged.hl7"
        path.write_bytes(content)
        table, problems = hl7.read_hl7(path, 0)
        assert all(content[at : at + 3] == b"MSH" for at in table.column("byte_offset").to_pylist())
        assert all(p["message"] and p["advice"] for p in problems)
        assert all(p["byte_offset"] is None or p["byte_offset"] <= len(content) for p in problems)
        assert table.num_rows + len(problems) > 0


@pytest.mark.parametrize(
    "content", ["MSH", "MSH|", "MSH|^~\\&", "MSH|^~\\&|", "BHS|", "FHS|^~\\&|\r", "MSH||||||||ADT^A01\r"]
)
def test_next_to_nothing_is_an_error_and_no_row(tmp_path: Path, content: str) -> None:
    found = read_text(tmp_path, content)
    assert found.rows("visit_events") == []
    assert [p["severity"] for p in found.problems] == ["error"]


@pytest.mark.parametrize("content", ["MSHX|1", "MSH,CLAIM\n1,2\n", "BHS;a;b\n", "MSH is missing"])
def test_what_only_begins_like_a_header_is_no_message(content: str) -> None:
    assert not hl7.looks_like_hl7(content.encode())


# --- samples that nobody here wrote -----------------------------------------------------------------

IS_READ = re.compile(r"(ADT|SIU)-|sample_")


def cell(lines: list[list[str]], name: str, field_number: int, component: int = 1) -> str | None:
    """A component, read as plainly as can be."""
    fields = next((one for one in lines if one[0] == name), [])
    number = field_number - 1 if name == "MSH" else field_number
    value = fields[number].split("~")[0] if number < len(fields) else ""
    parts = value.split("^")
    return (parts[component - 1].split("&")[0] if component <= len(parts) else "") or None


@needs_corpus
@every_sample
def test_a_sample_is_read_without_loss(sample: Path) -> None:
    found = Reading(read_files([sample]))
    assert found.files[0]["kind"] == "HL7 v2"
    assert [p for p in found.problems if p["severity"] == "error"] == []
    events = found.rows("visit_events")
    if not IS_READ.match(sample.name):
        assert events == []
        assert found.problem("messages-passed-over")["severity"] == "info"
        return
    (event,) = events
    lines = [line.removesuffix("\\r").split("|") for line in sample.read_text(encoding="utf-8").splitlines()]
    for column, *place in (
        ("message_type", "MSH", 9),
        ("event_code", "MSH", 9, 2),
        ("message_control_id", "MSH", 10),
        ("sending_facility", "MSH", 4),
        ("visit_number", "PV1", 19),
        ("visit_authority", "PV1", 19, 4),
        ("account_number", "PID", 18),
        ("patient_class_code", "PV1", 2),
        ("patient_type_code", "PV1", 18),
        ("hospital_service_code", "PV1", 10),
        ("servicing_facility", "PV1", 39),
        ("discharge_disposition_code", "PV1", 36),
        ("patient_last_name", "PID", 5),
        ("patient_first_name", "PID", 5, 2),
        ("patient_sex_code", "PID", 8),
        ("prior_medical_record_number", "MRG", 1),
        ("prior_visit_number", "MRG", 5),
        ("appointment_id", "SCH", 1),
        ("appointment_status_code", "SCH", 25),
    ):
        assert event[column] == cell(lines, *place), column  # type: ignore[arg-type]
    for column, *place in (
        ("sent_at", "MSH", 7),
        ("recorded_at", "EVN", 2),
        ("occurred_at", "EVN", 6),
        ("admitted_at", "PV1", 44),
        ("discharged_at", "PV1", 45),
        ("patient_birth_date", "PID", 7),
        ("appointment_at", "SCH", 11, 4),
    ):
        sent = cell(lines, *place)  # type: ignore[arg-type]
        digits = re.sub(r"\D", "", re.split(r"[+.-]", sent or "")[0])
        if column == "patient_birth_date":
            digits = digits[:8]
        shown = "" if event[column] is None else f"{event[column]:%Y%m%d%H%M%S}"
        assert shown[: len(digits)] == digits, column
        assert bool(shown) == bool(digits), column
    for column, part in (("point_of_care", 1), ("facility", 4)):
        assert event[column] == (cell(lines, "PV1", 3, part) or cell(lines, "AIL", 3, part)), column
    # A47 ends within this field: it is told, and stands in PID-18, too
    expected = None if sample.name == "ADT-A47-01.hl7" else cell(lines, "MRG", 3)
    assert event["prior_account_number"] == expected
    assert [p["problem"] for p in found.problems] == (["value-without-an-end"] if "A47" in sample.name else [])


@needs_corpus
@pytest.mark.parametrize("sample", [one for one in SAMPLES if IS_READ.match(one.name)], ids=lambda path: path.name)
def test_a_sample_cut_short_tells_no_untruth(tmp_path: Path, sample: Path) -> None:
    data = sample.read_bytes()
    path = tmp_path / "cut.hl7"
    whole, _ = read_part(path, data)
    ends = [at + more for at, byte in enumerate(data) if byte in b"\r\n" for more in (-2, -1, 0, 1, 2, 5)]
    for at in sorted({*range(0, len(data), 29), *ends, *range(len(data) - 60, len(data))}):
        assert_cut_tells_no_untruth(path, data, min(at, len(data)), whole)


@needs_corpus
def test_all_samples_in_one_file_give_the_rows_they_give_alone(tmp_path: Path) -> None:
    alone = [row for one in SAMPLES for row in Reading(read_files([one])).rows("visit_events")]
    for end in (b"\r\n", b"\n", b"\r", b"\x1c\r"):
        start = b"\x0b" if end == b"\x1c\r" else b""
        content = b"".join(start + one.read_bytes() + end for one in SAMPLES)
        together = read_text(tmp_path, content).rows("visit_events")
        starts = [m.start() for m in re.finditer(rb"MSH\|", content) if b"|ORU^" not in content[m.start() :][:200]]
        assert [row["byte_offset"] for row in together] == starts
        for row, one in zip(together, alone, strict=True):
            lost = "prior_account_number" if row["event_code"] == "A47" else None
            assert {k: v for k, v in row.items() if k not in (lost, "byte_offset")} == {
                k: v for k, v in one.items() if k not in (lost, "byte_offset")
            }
