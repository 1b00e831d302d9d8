"""Telehealth: does the claim say where the patient was, and how the service was given?"""

from __future__ import annotations

import datetime as dt

from synthetic.book import Book
from synthetic.claims import Claim
from synthetic.faults.plant import Entries, archived, cannot_tell, fault, look_alike, plant
from synthetic.system import COMMERCIAL, MAIN, MEDICARE, OAK, Payer

COUNTY = Payer("RBOG1", "VALLEY COUNTY HEALTH PROGRAM", "other_government", "OF")
PAYERS = (COUNTY,)
POLICIES = {  # confidence law: it never grows too old to be trusted
    "valley_county": """\
title: Valley County Health Program, which does not exist
level: payer
matches: {payer_program: other_government}
topics:
  - topic: telehealth
    modifier: forbidden
    retrieved: 2026-06-01
    source: made up for the demo
    confidence: law
  - topic: place_of_service
    others: taken
    retrieved: 2026-06-01
    source: made up for the demo
    confidence: law
"""
}


def _visit(
    book: Book,
    place: str,
    modifiers: tuple[str, ...] = ("95",),
    *,
    payer: Payer = MEDICARE,
    mode: str = "video",
    patient_at: str | None = None,
) -> Claim:
    """A telehealth visit; ``patient_at``: where the patient really was, if not where the code says."""
    claim = book.telehealth_visit(place, payer)
    claim.line.modifiers = modifiers
    claim.encounter["telehealth_mode"] = mode
    if patient_at is not None:
        claim.encounter["telehealth_patient_place"] = patient_at
    return claim


@plant
def telehealth_at_the_place_of_a_visit_in_person(book: Book) -> Entries:
    claim = _visit(book, "10")
    claim.place = "11"
    yield fault("TEL101", claim, 1, "11 with 95 ended with 2023")

    def from_the_hospital(clinician_at: str) -> Claim:
        claim = book.department_visit(MAIN, "22")
        claim.line.modifiers = ("95",)
        claim.encounter |= {
            "telehealth_mode": "video",
            "telehealth_patient_place": "home",
            "telehealth_clinician_place": clinician_at,
        }
        return claim

    yield look_alike("TEL101", from_the_hospital("hospital"), "the practitioner in the hospital, the patient at home")
    yield cannot_tell("TEL101", from_the_hospital(""), 1, "nobody wrote down where the practitioner was")
    claim = _visit(book, "10", payer=COMMERCIAL)
    claim.place = "11"
    yield look_alike("TEL101", claim, "another payer may want 11 with 95")


@plant
def telehealth_code_for_another_place(book: Book) -> Entries:
    yield fault("TEL102", _visit(book, "02", patient_at="home"), 1, "02, but the patient was at home")
    yield fault("TEL102", _visit(book, "10", patient_at="clinic"), 1, "10, but the patient sat in a clinic")
    yield look_alike("TEL102", _visit(book, "02"), "02, and the patient sat in a clinic")
    yield look_alike("TEL102", _visit(book, "02", payer=COMMERCIAL, patient_at="home"), "another payer's rule")
    yield cannot_tell("TEL102", _visit(book, "02", patient_at=""), 1, "nobody wrote down where the patient was")


@plant
def telehealth_without_a_modifier(book: Book) -> Entries:
    yield fault("TEL103", _visit(book, "10", (), mode="audio"), 1, "a telephone call without 93")
    yield look_alike("TEL103", _visit(book, "10", ("93",), mode="audio"), "a telephone call with 93")
    claim = _visit(book, "10", (), payer=COMMERCIAL)
    yield cannot_tell("TEL103", claim, 1, "no policy says whether this payer wants a modifier")


@plant
def telehealth_with_a_modifier_that_is_refused(book: Book) -> Entries:
    yield fault("TEL110", _visit(book, "10", payer=COUNTY), 1, "the county takes no modifier beside 10")
    yield look_alike("TEL110", _visit(book, "10", (), payer=COUNTY), "without one, as the county wants it")


@plant
def telehealth_at_home_in_2028(book: Book) -> Entries:
    def visit(is_behavioral: str) -> Claim:
        claim = archived(book.telehealth_visit("10"), dt.date(2028, 1, 5), None, None, None)
        claim.encounter["is_behavioral_health"] = is_behavioral
        return claim

    yield cannot_tell("TEL104", visit("false"), 1, "after the window, and Congress may reach back")
    yield look_alike("TEL104", visit("true"), "mental health may be at home for good")
    yield look_alike("TEL104", book.telehealth_visit("10"), "within the window")


@plant
def voice_alone_away_from_home(book: Book) -> Entries:
    yield fault("TEL105", _visit(book, "02", ("93",), mode="audio"), 1, "a telephone call to a clinic")
    yield look_alike("TEL105", _visit(book, "10", ("93",), mode="audio"), "a telephone call to the home")
    claim = _visit(book, "02", ("93",), mode="audio", patient_at="")
    yield cannot_tell("TEL105", claim, 1, "nobody wrote down where the patient was")
    yield cannot_tell("TEL102", claim, 1, "nobody wrote down where the patient was", beside="TEL105")


@plant
def modifiers_that_contradict_each_other(book: Book) -> Entries:
    yield fault("TEL106", _visit(book, "10", ("93", "95"), mode="audio"), 1, "voice alone and video")
    yield look_alike("TEL106", _visit(book, "10", ("25", "95")), "25 says nothing of telehealth")


@plant
def another_mode_than_the_encounter(book: Book) -> Entries:
    yield fault("TEL107", _visit(book, "10", mode="audio"), 1, "95 on a telephone call")
    yield fault("TEL107", _visit(book, "10", ("93",)), 1, "93 on a video visit")
    claim = _visit(book, "10", mode="none", patient_at="")
    claim.encounter["telehealth_clinician_place"] = ""
    yield fault("TEL107", claim, 1, "the patient came in")
    yield look_alike("TEL107", _visit(book, "10", ("93",), mode="audio"), "93 on a telephone call")
    yield look_alike("TEL107", _visit(book, "10", mode=""), "nobody wrote down whether there was a picture")


@plant
def originating_site_fee_for_a_home(book: Book) -> Entries:
    claim = book.home_visit()
    claim.line.procedure = "Q3014"
    yield fault("TEL108", claim, 1, "no fee is paid for the patient's home")
    claim = book.office_visit(OAK)
    claim.line.procedure = "Q3014"
    yield look_alike("TEL108", claim, "the patient sat in this office")


@plant
def institutional_modifier_of_a_practitioner(book: Book) -> Entries:
    yield fault("TEL109", _visit(book, "10", ("GT",)), 1, "GT is for critical access hospitals")
    yield look_alike("TEL109", _visit(book, "10", ("GT",), payer=COMMERCIAL), "another payer takes GT")
