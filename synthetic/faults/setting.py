"""Setting: does it agree with where the patient was registered?"""

from __future__ import annotations

import datetime as dt

from synthetic.book import Book
from synthetic.claims import Claim
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.feeds import Event, Visit, at, cancelled_admission, registration, stay
from synthetic.system import (
    ELM,
    HOSPITALIST,
    INFUSION,
    MAIN,
    OAK,
    PINE,
    TOWER,
    Address,
    Site,
    made_up_npi,
)

FEN = Site(
    "FEN",
    "Fen Psychiatric Hospital",
    "inpatient_psychiatric_facility",
    Address("1 FEN RD", zip="439970300"),
    made_up_npi(300),
    {"hospital_id": "FEN", "hospital_name": "Fen Psychiatric Hospital", "hospital_type": "ipf",
     "ownership": "independent", "provider_based_from": "none", "is_on_hospital_campus": "false"},
)  # sends no messages, but a list of its stays  # fmt: skip
SITES = (FEN,)


@plant
def registered_outpatient_in_an_office(book: Book) -> Entries:
    claim = book.office_visit(OAK)
    claim.registration = "outpatient"
    yield fault("SET102", claim, 1, "a registered outpatient of the hospital, seen in the office at POS 11")
    yield look_alike("SET102", book.office_visit(TOWER), "the same campus, but registered nowhere")
    claim = book.office_visit(OAK)
    claim.registration = ""
    yield cannot_tell("SET102", claim, 1, "registration said nothing, and not every hospital around sends messages")
    yield cannot_tell("SET101", claim, 1, "so the patient may have been an inpatient, too", beside="SET102")


@plant
def registered_outpatient_in_urgent_care(book: Book) -> Entries:
    def visit(site: Site, registered: str) -> Claim:
        claim = book.office_visit(site, ("20610",))
        claim.place, claim.registration = "20", registered
        return claim

    claim = visit(ELM, "outpatient")
    claim.encounter["service_started_at"] = f"{at(claim.first_date, 10)}"
    book.visits.append(registration(claim.patient, claim.first_date, INFUSION))
    yield fault("SET103", claim, 1, "brought over from an infusion that took all day, and seen at POS 20")
    yield look_alike("SET103", visit(ELM, "none"), "urgent care of somebody registered nowhere")
    claim = visit(OAK, "")
    yield cannot_tell("SET103", claim, 1, "registration said nothing, and not every hospital around sends messages")
    yield cannot_tell("SET101", claim, 1, "so the patient may have been an inpatient, too", beside="SET103")


@plant
def office_code_during_a_stay(book: Book) -> Entries:
    def visit(site: Site, registered: str, first: int, last: int, *, has_hours: bool = True) -> Claim:
        """A visit to an office; the patient was admitted and discharged so many days after it."""
        claim = book.office_visit(site, ("20610",), patient=book.newcomer())
        claim.registration = registered
        admitted, left = (claim.first_date + dt.timedelta(days=days) for days in (first, last))
        book.visits.append(stay(claim.patient, admitted, left, has_hours=has_hours))
        return claim

    yield fault("SET101", visit(OAK, "", -1, 3), 1, "driven from the ward to the office on the second day of a stay")
    claim = visit(OAK, "none", 0, 3)
    claim.encounter["service_started_at"] = f"{at(claim.first_date, 9)}"
    yield look_alike("SET101", claim, "five hours before the admission")
    yield look_alike("SET101", visit(OAK, "none", -4, -1), "discharged the day before")
    claim = book.office_visit(OAK, patient=book.newcomer())
    book.visits.append(cancelled_admission(claim.patient, claim.first_date))
    yield look_alike("SET101", claim, "the admission was a mistake, and taken back an hour later")
    claim = visit(ELM, "", -3, 0, has_hours=False)
    yield cannot_tell("SET101", claim, 1, "the day of discharge, and nobody sent its hour")
    yield cannot_tell("SET101", visit(ELM, "none", -1, 3), 1, "the feed says inpatient, and registration says none")


@plant
def inpatient_code_without_a_stay(book: Book) -> Entries:
    def visit(*events: tuple[str, str, int], registered: str = "") -> Claim:
        """A visit on the ward at POS 21; what was sent, and how many hours after midnight."""
        claim = book.professional("21", ("99222",), HOSPITALIST, site=MAIN, patient=book.newcomer())
        claim.registration = registered
        claim.encounter["admitting_hospital_id"] = MAIN.hospital_id if registered else ""
        told = tuple(Event(code, letter, at(claim.first_date, hour)) for code, letter, hour in events)
        book.visits.append(Visit(claim.patient, MAIN, told))
        return claim

    claim = visit(("A04", "OBS", -2), ("A03", "OBS", 12))
    yield fault("SET109", claim, 1, "a night in observation is an outpatient's")
    claim = visit(("A01", "I", 8), ("A11", "I", 9))
    yield fault("SET109", claim, 1, "the admission was a mistake, and taken back an hour later")
    claim = visit(("A04", "E", 7), ("A06", "I", 15), ("A03", "I", 60), registered="inpatient")
    yield look_alike("SET109", claim, "came to the emergency room, and was admitted in the afternoon")
    claim = visit(("A01", "I", -40), ("A08", "I", -30), ("A03", "I", 11), registered="inpatient")
    yield look_alike("SET109", claim, "the day of discharge is a day of the stay")
    claim = visit(("A04", "N", -2), ("A03", "N", 12))
    for rule in ("SET109", "SET110"):
        yield cannot_tell(rule, claim, 1, "the message does not say in which class the patient was")


@plant
def inpatient_of_another_kind_of_hospital(book: Book) -> Entries:
    def visit(place: str, site: Site) -> Claim:
        claim = book.professional(place, ("99232",), HOSPITALIST, site=site, registration="inpatient")
        claim.admitted = claim.first_date - dt.timedelta(days=2)
        if site is not MAIN:
            book.visits.append(stay(claim.patient, claim.admitted, claim.first_date + dt.timedelta(days=5), site))
        return claim

    yield fault("SET110", visit("21", FEN), 1, "the name of 21 leaves psychiatric hospitals out")
    yield look_alike("SET110", visit("51", FEN), "the code of a psychiatric hospital")
    yield look_alike("SET110", visit("21", MAIN), "a general hospital")
    claim = book.inpatient_round(PINE)
    claim.encounter["admitting_hospital_id"] = ""
    yield cannot_tell("SET110", claim, 1, "registration says inpatient, but not of which hospital")


@plant
def outpatient_code_during_a_stay(book: Book) -> Entries:
    def reading(days: int, *, has_hours: bool = True) -> Claim:
        """A test in the outpatient suite; the patient was admitted the day before, and left so many days later."""
        claim = book.department_visit(MAIN, "22", ("93010",), patient=book.newcomer())
        claim.registration = ""
        admitted, left = (claim.first_date + dt.timedelta(days=number) for number in (-1, days))
        book.inpatient_bill(day=admitted, patient=claim.patient).lines[1].date = left
        book.visits.append(stay(claim.patient, admitted, left, has_hours=has_hours))
        return claim

    yield fault("SET111", reading(1), 1, "an inpatient who was taken to the outpatient suite")
    claim = reading(0, has_hours=False)
    yield cannot_tell("SET111", claim, 1, "the day of discharge, and nobody sent its hour")
    claim = book.emergency_visit(patient=book.newcomer())
    claim.registration = ""
    day = claim.first_date
    came, admitted, left = Event("A04", "E", at(day, 7)), Event("A06", "I", at(day, 15)), Event("A03", "I", at(day, 60))
    book.visits.append(Visit(claim.patient, MAIN, (came, admitted, left)))
    yield look_alike("SET111", claim, "seen in the emergency room in the morning, and admitted in the afternoon")
