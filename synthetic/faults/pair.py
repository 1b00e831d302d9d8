"""Pairs: do the practitioner's claim and the facility's tell one story?"""

from __future__ import annotations

from dataclasses import replace

from synthetic.book import Book
from synthetic.claims import Claim, Line
from synthetic.faults.place import RURAL
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.pairs import bill_beside
from synthetic.system import (
    EAST,
    FAMILY,
    GASTRO,
    INFUSION,
    MAIN,
    NORTH,
    OAK,
    PINE,
    PINE_CLINIC,
    Address,
    Group,
    Practitioner,
    Site,
    made_up_npi,
)

RILL = Site(
    "RILL",
    "Rill Surgery Center",
    "ambulatory_surgical_center",
    Address("55 RILL CT", zip="439970320"),
    made_up_npi(320),
    {"ownership": "independent", "provider_based_from": "none", "is_on_hospital_campus": "false"},
)
SITES = (RILL,)
_RILL_GROUP = Group("RILL SURGERY CENTER", RILL.npi, "990000320", "261QA1903X", RILL.address)
_RILL_ITSELF = Practitioner("CENTER", "RILL SURGERY", RILL.npi, "ASC", "261QA1903X")
PRACTITIONERS = (_RILL_ITSELF,)
_RURAL_GROUP = Group("HOLLOW RURAL HEALTH CLINIC", RURAL.npi, "990000182", "261QR1300X", RURAL.address)


@plant
def office_code_beside_a_facility_fee(book: Book) -> Entries:
    claim = book.department_visit(NORTH, "11")
    bill_beside(book, claim)
    yield fault("PAR101", claim, 1, "the hospital bills its part of the same visit")
    yield fault("DEP101", claim, 1, "since the clinic is a department", beside="PAR101")
    yield fault("SET102", claim, 1, "and the patient was registered there", beside="PAR101")
    claim = book.office_visit(OAK, patient=book.newcomer())
    book.hospital(("80053",), day=claim.first_date, patient=claim.patient)
    yield look_alike("PAR101", claim, "an office visit, and a blood test in the hospital on the same day")
    claim = book.office_visit(OAK, patient=book.newcomer())
    bill_beside(book, book.department_visit(EAST, "19", day=claim.first_date, patient=claim.patient))
    yield look_alike("PAR101", claim, "two visits on one day, in an office and in a department")
    claim = book.office_visit(OAK, patient=book.newcomer())
    bill = book.campus_and_clinics_bill(day=claim.first_date, patient=claim.patient)
    bill.lines[1].procedure, bill.lines[1].revenue = "G0463", "0510"
    yield look_alike(
        "PAR101", claim, "an office visit, and a bill for three places of the hospital, none of them the office"
    )


@plant
def codes_that_tell_two_stories(book: Book) -> Entries:
    claim = book.department_visit(INFUSION, "22", ("20610",))
    bill = bill_beside(book, claim)
    bill.line.modifiers = ("PN",)
    yield fault("PAR102", claim, 1, "on the campus by the one claim, off it by the other")
    yield fault(
        "DEP117", bill, 1, "120 yards from the main building are its campus, where no PN is due", beside="PAR102"
    )
    claim = book.department_visit(EAST, "19")
    bill_beside(book, claim)
    yield look_alike("PAR102", claim, "PN on the hospital's bill, and 19 beside it")
    claim = book.emergency_visit(MAIN)
    bill_beside(book, claim)
    yield look_alike("PAR102", claim, "an emergency visit on both sides")
    claim = book.department_visit(PINE_CLINIC, "19")
    bill_beside(book, claim)
    yield cannot_tell(
        "PAR102", claim, 1, "a critical access hospital sends neither PO nor PN, so its bill tells no code"
    )


@plant
def two_people_of_one_name(book: Book) -> Entries:
    claim = book.department_visit(MAIN, "22", patient=book.newcomer())
    who = claim.patient
    namesake = replace(book.newcomer(), last_name=who.last_name, first_name=who.first_name, born=who.born, sex=who.sex)
    book.office_visit(OAK, patient=namesake)
    claim.is_alone = True
    old = replace(who, member_id="RBOLD00001")
    bill = book.hospital(("G0463",), day=claim.first_date, patient=old)
    bill.is_alone = True
    why = "two people of one name and birthday, and the hospital's bill bears an old number of one of them"
    yield cannot_tell("PAR103", claim, 1, why)
    yield cannot_tell("PAR104", bill, 1, why)


@plant
def side_that_is_missing(book: Book) -> Entries:
    claim = book.department_visit(MAIN, "22")
    claim.is_alone = True
    yield fault("PAR103", claim, 1, "the hospital missed its charge")
    claim = book.department_visit(NORTH, "19")
    bill = bill_beside(book, claim)
    yield look_alike("PAR103", claim, "the hospital billed its part")
    yield look_alike("PAR104", bill, "the practitioner billed, too")
    bill = book.hospital(("G0463",), site=NORTH)
    bill.is_alone = True
    yield fault("PAR104", bill, 1, "the practitioner has not billed the visit")
    yield look_alike("PAR104", book.hospital(("71046",), site=NORTH), "a film, whose reading is often billed elsewhere")


@plant
def visit_billed_by_a_critical_access_hospital(book: Book) -> Entries:
    def visit(*revenues: str) -> Claim:
        """A visit in Pine Hill Hospital, which bills it under these revenue codes."""
        claim = book.department_visit(PINE, "22")
        bill = bill_beside(book, claim)
        bill.lines = [Line("99213", 165, claim.first_date, revenue=revenue) for revenue in revenues]
        return claim

    claim = visit("0510", "0983")
    yield fault("PAR105", claim, 1, "the hospital bills the physician's part, too")
    for one in (claim, room := visit("0510")):
        why = "a critical access hospital sends neither PO nor PN, so its bill tells no code"
        yield cannot_tell("PAR102", one, 1, why, beside="PAR105")
    yield look_alike("PAR105", room, "the hospital bills its room only")


@plant
def visit_billed_by_a_rural_clinic(book: Book) -> Entries:
    def visit(procedure: str) -> Claim:
        """A service in a rural health clinic, which bills a visit on the same day."""
        claim = book.professional("72", (procedure,), FAMILY, site=RURAL)
        bill = book.hospital(
            ("99213",), site=RURAL, bill="71", group=_RURAL_GROUP, day=claim.first_date, patient=claim.patient
        )
        bill.line.revenue, bill.registration = "0521", "none"
        return claim

    claim = visit("99213")
    yield fault("PAR106", claim, 1, "the clinic's visit rate holds the physician's work")
    yield fault("PRO147", claim, 1, "a visit is never for Part B there", beside="PAR106")
    yield look_alike("PAR106", visit("80053"), "a blood test is no part of the visit")
    yield cannot_tell("PAR106", visit("36415"), 1, "another procedure, which may be part of the visit")


@plant
def operation_without_the_surgical_center(book: Book) -> Entries:
    claim = book.professional("24", ("45378",), GASTRO, site=RILL)
    day = claim.first_date
    book.professional("24", ("45378",), _RILL_ITSELF, group=_RILL_GROUP, day=day, patient=claim.patient)
    yield look_alike("PAR107", claim, "the center billed its part")
    claim = book.professional("24", ("45378",), GASTRO, site=RILL, day=day, patient=book.newcomer())
    yield fault("PAR107", claim, 1, "of that day the center's claims are there, and none for this patient")
    yield look_alike("PAR107", book.surgery(), "a center whose claims nobody has given")
