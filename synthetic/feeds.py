"""What a registration system knows of visits: HL7 v2 messages of Riverbend Hospital, lists of stays elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from synthetic.claims import Claim
from synthetic.system import MAIN, Patient, Site
from synthetic.x12 import write_csv

_HOSPITAL = MAIN.columns["feed_codes"]  # what it calls itself


class Event(NamedTuple):
    """What a message says: what happened, the class of the patient since then, and when. A day: nobody sent the hour."""

    code: str  # A01, A03, A04 …
    patient_class: str  # I, O, E, OBS
    at: dt.date


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay or a registration, by its messages, the first of them first."""

    patient: Patient
    site: Site
    events: tuple[Event, ...]


def at(day: dt.date, hour: int) -> dt.datetime:
    """So many hours after the midnight with which a day begins."""
    return dt.datetime(day.year, day.month, day.day) + dt.timedelta(hours=hour)


def stay(patient: Patient, admitted: dt.date, left: dt.date, site: Site = MAIN, *, has_hours: bool = True) -> Visit:
    """An inpatient stay, from 14 o'clock of the one day to 11 of the other."""
    first, last = (at(admitted, 14), at(left, 11)) if has_hours else (admitted, left)
    return Visit(patient, site, (Event("A01", "I", first), Event("A03", "I", last)))


def cancelled_admission(patient: Patient, day: dt.date) -> Visit:
    """An admission by mistake, taken back an hour later."""
    return Visit(patient, MAIN, (Event("A01", "I", at(day, 8)), Event("A11", "I", at(day, 9))))


def registration(patient: Patient, day: dt.date, site: Site, patient_class: str = "O") -> Visit:
    """A registration from morning to evening."""
    events = Event("A04", patient_class, at(day, 8)), Event("A03", patient_class, at(day, 18))
    return Visit(patient, site, events)


def visits_of(claims: Iterable[Claim], told: Iterable[Visit], last_day: dt.date) -> list[Visit]:
    """What Riverbend's registration sent of the patients of these claims, but for stays of those who are told of."""
    found: dict[tuple[str, str, str, dt.date], Visit] = {}
    known = {visit.patient.member_id for visit in told}
    for claim in claims:
        site, day, who = claim.site, claim.first_date, claim.patient
        if site is None or site.hospital_id != MAIN.hospital_id or claim.is_archived or day > last_day:
            continue
        if claim.registration == "inpatient":
            if who.member_id in known:
                continue
            left = claim.encounter.get("discharged_at")
            last = claim.last_date + dt.timedelta(days=claim.kind == "professional")
            until = dt.date.fromisoformat(left) if left else last
            visit = stay(who, claim.admitted or day, until, site)
        elif "outpatient" in (claim.registration, *(line.registration for line in claim.lines)):
            visit = registration(who, day, site, "E" if claim.place == "23" else "O")
        else:
            continue
        found.setdefault((who.member_id, who.first_name, site.site_id, day), visit)
    return list(found.values())


def write_adt(visits: Sequence[Visit]) -> str:
    """The messages of Riverbend's visits in one batch, in the order in which they were entered; a line for each segment."""
    people: dict[tuple[str, str], int] = {}  # the hospital's own numbers of its patients
    sent = []
    for number, visit in enumerate(visits, 1):
        who = visit.patient
        record = people.setdefault((who.member_id, who.first_name), 700001 + len(people))
        for event in visit.events:
            entered = event.at if isinstance(event.at, dt.datetime) else at(event.at, 20)
            sent.append((entered, number, record, event, visit))
    sent.sort(key=lambda one: one[:2])
    lines = [rf"{header}|^~\&|REGISTRATION|{_HOSPITAL}" for header in ("FHS", "BHS")]
    for control, message in enumerate(sent, 1):
        lines += _message(control, *message)
    return "".join(f"{line}\n" for line in (*lines, f"BTS|{len(sent)}", "FTS|1"))


def _message(control: int, entered: dt.datetime, number: int, record: int, event: Event, visit: Visit) -> list[str]:
    who, code = visit.patient, event.code
    identifiers = f"{record}^^^{_HOSPITAL}^MR~{who.member_id}^^^^SN"
    place = {2: event.patient_class, 3: f"{visit.site.site_id}^^^{_HOSPITAL}", 19: f"V{number:05d}"}
    place[44] = _time(visit.events[0].at)
    if code == "A03":
        place[45] = _time(event.at)
    return [
        rf"MSH|^~\&|REGISTRATION|{_HOSPITAL}|SCRUBJAY|BILLING|{_time(entered)}||ADT^{code}|M{control:06d}|T|2.5.1",
        f"EVN|{code}|{_time(entered)}||||{_time(event.at)}",
        f"PID|1||{identifiers}||{who.last_name}^{who.first_name}||{who.born}|{who.sex}",
        "|".join(("PV1", *(place.get(field, "") for field in range(1, max(place) + 1)))),
    ]


def _time(moment: dt.date) -> str:
    return f"{moment:%Y%m%d%H%M}" if isinstance(moment, dt.datetime) else f"{moment:%Y%m%d}"


def write_stays(visits: Iterable[Visit]) -> str:
    """Stays of hospitals that send no messages, as a list: one row for each."""
    return write_csv(
        [
            {
                "hospital": visit.site.hospital_id,
                "location": visit.site.site_id,
                "patient_class": "inpatient",
                "started_at": f"{visit.events[0].at}",
                "ended_at": f"{visit.events[-1].at}",
                "member_id": visit.patient.member_id,
                "patient_last_name": visit.patient.last_name,
                "patient_first_name": visit.patient.first_name,
                "patient_birth_date": visit.patient.born,
                "patient_sex_code": visit.patient.sex,
            }
            for visit in visits
        ]
    )
