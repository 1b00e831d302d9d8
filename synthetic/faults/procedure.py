"""Procedures: can this procedure be furnished or paid in this place?"""

from __future__ import annotations

from dataclasses import replace

from synthetic.book import Book, encounter_of
from synthetic.claims import Claim, Facility, facility_of
from synthetic.faults.plant import Entries, fault, look_alike, plant
from synthetic.system import (
    COMMERCIAL,
    ELM,
    EMERGENCY,
    EMERGENCY_DOCTOR,
    FAMILY,
    GERIATRIC,
    HOSPITALIST,
    MAIN,
    NORTH,
    NURSE,
    NURSING,
    OAK,
    Address,
    Site,
)


@plant
def hospital_visit_in_an_office(book: Book) -> Entries:
    yield fault("PRO101", book.office_visit(OAK, ("99232",)), 1, "a hospital visit in an office")
    claim = book.department_visit(MAIN, "22", ("99222",))
    yield look_alike("PRO101", claim, "a patient in observation is an outpatient")


@plant
def hospital_visit_in_a_nursing_facility(book: Book) -> Entries:
    claim = book.nursing_visit("31", "99232")
    yield fault("PRO102", claim, 1, "few contractors take a hospital visit at 31")
    claim = book.professional("61", ("99232",), HOSPITALIST, payer=COMMERCIAL)
    claim.facility = Facility("HARBOR REHABILITATION HOSPITAL", Address("3 HARBOR RD", zip="439970803"))
    yield look_alike("PRO102", claim, "a rehabilitation hospital is a hospital")


@plant
def emergency_visit_in_urgent_care(book: Book) -> Entries:
    claim = book.office_visit(ELM, ("99284",))
    claim.place = "20"
    yield fault("PRO103", claim, 1, "urgent care is no emergency department")
    yield look_alike("PRO103", book.emergency_visit(EMERGENCY), "an emergency department five miles away")


@plant
def nursing_visit_in_assisted_living(book: Book) -> Entries:
    def visit(place: str) -> Claim:
        claim = book.professional(place, ("99309",), GERIATRIC)
        claim.facility = Facility("SEDGE HOUSE", Address("70 SEDGE ST", zip="439970804"))
        return claim

    yield fault("PRO104", visit("13"), 1, "assisted living is no nursing facility")
    yield look_alike("PRO104", visit("54"), "an intermediate care facility is")


@plant
def office_visit_of_an_inpatient(book: Book) -> Entries:
    yield fault("PRO105", book.inpatient_round(MAIN, "99213"), 1, "an office visit at an inpatient hospital")
    yield look_alike("PRO105", book.department_visit(MAIN, "22", ("99213",)), "an office visit of an outpatient there")


@plant
def office_visit_in_an_odd_place(book: Book) -> Entries:
    yield fault(
        "PRO106", book.professional("34", ("99213",), GERIATRIC, site=NURSING, payer=COMMERCIAL), 1, "a hospice"
    )
    claim = book.office_visit(ELM, payer=COMMERCIAL)
    claim.place = "20"
    yield look_alike("PRO106", claim, "urgent care takes office visits")


@plant
def home_visit_away_from_home(book: Book) -> Entries:
    yield fault("PRO107", book.office_visit(OAK, ("99348",)), 1, "a home visit in an office")
    claim = book.professional("13", ("99348",), NURSE)
    claim.facility = Facility("SEDGE HOUSE", Address("70 SEDGE ST", zip="439970804"))
    yield look_alike("PRO107", claim, "assisted living is a home")


@plant
def home_visit_in_a_shelter(book: Book) -> Entries:
    claim = book.professional("04", ("99348",), NURSE, payer=COMMERCIAL)
    claim.facility = Facility("FERRY STREET SHELTER", Address("12 FERRY ST", zip="439970805"))
    yield fault("PRO108", claim, 1, "not every payer takes a home visit at 04")
    claim = book.professional("14", ("99348",), NURSE)
    claim.facility = Facility("LILY GROUP HOME", Address("5 LILY AVE", zip="439970806"))
    yield look_alike("PRO108", claim, "a group home is a home")


@plant
def counselling_where_it_is_not_covered(book: Book) -> Entries:
    claim = book.professional("32", ("G0447",), GERIATRIC, site=NURSING)
    yield fault("PRO109", claim, 1, "covered in primary care settings only")
    yield look_alike("PRO109", book.department_visit(NORTH, "19", ("G0447",)), "19 was added beside 22")


@plant
def clinic_visit_of_the_hospital(book: Book) -> Entries:
    yield fault("PRO110", book.department_visit(NORTH, "19", ("G0463",)), 1, "the hospital's visit code")
    yield look_alike("PRO110", book.hospital(("G0463",), site=NORTH), "the same code where it belongs")


@plant
def staff_visit_in_a_department(book: Book) -> Entries:
    yield fault("PRO112", book.department_visit(NORTH, "19", ("99211",)), 1, "the nurse there is the hospital's")
    yield look_alike("PRO112", book.office_visit(OAK, ("99211",)), "a visit with the staff of a practice")


@plant
def ride_outside_an_ambulance(book: Book) -> Entries:
    yield fault("PRO113", book.department_visit(MAIN, "22", ("A0428",)), 1, "the place is the vehicle")
    yield look_alike("PRO113", book.professional("41", ("A0428",), FAMILY), "a ride where rides are")


@plant
def ambulance_code_without_a_ride(book: Book) -> Entries:
    yield fault("PRO114", book.professional("41", ("96372",), FAMILY), 1, "an injection of a practice")
    claim = book.professional("41", ("99291",), EMERGENCY_DOCTOR)
    yield look_alike("PRO114", claim, "the physician rode along")


@plant
def consultation_to_medicare(book: Book) -> Entries:
    yield fault("PRO115", book.office_visit(OAK, ("99244",)), 1, "not paid since 2010")
    yield look_alike("PRO115", book.office_visit(OAK, ("99244",), COMMERCIAL), "another payer may")


@plant
def critical_care_in_an_office(book: Book) -> Entries:
    yield fault("PRO116", book.office_visit(OAK, ("99291",)), 1, "rare in an office")
    yield look_alike("PRO116", book.emergency_visit(MAIN, "99291"), "where it is common")


@plant
def newborn_in_the_wrong_house(book: Book) -> Entries:
    def visit(procedure: str) -> Claim:
        claim = book.office_visit(OAK, (procedure,), COMMERCIAL)
        born = f"{claim.first_date:%Y%m%d}"
        claim.patient = replace(claim.patient, first_name="NEWBORN", born=born, subscriber=claim.patient)
        return claim

    yield fault("PRO117", visit("99460"), 1, "the first day in a hospital or birthing centre, but an office")
    yield look_alike("PRO117", visit("99461"), "the code for an office")


@plant
def one_visit_at_two_places(book: Book) -> Entries:
    def again(first: Claim, place: str, site: Site) -> Claim:
        claim = replace(
            first,
            place=place,
            lines=[replace(line) for line in first.lines],
            facility=facility_of(site),
            site=site,
            encounter=encounter_of(place, first.practitioner, first.payer),
        )
        book.claims.append(claim)
        return claim

    def first_visit() -> Claim:
        return book.department_visit(MAIN, "22", ("20610",))

    first = first_visit()
    second = again(first, "19", NORTH)
    yield fault("PRO111", first, 1, "sent again at 19")
    yield fault("PRO111", second, 1, "sent before at 22")
    first = first_visit()
    second = again(first, "19", NORTH)
    second.frequency, second.original_number = "7", "RBICN0001"
    yield look_alike("PRO111", first, "replaced by the next claim")
    yield look_alike("PRO111", second, "replaces the claim before")
    first = first_visit()
    second = again(first, "22", MAIN)
    yield look_alike("PRO111", second, "sent twice, but with one place of service")
    first = first_visit()
    second = again(first, "19", NORTH)
    second.line.modifiers = ("76",)
    yield look_alike("PRO111", second, "done once more in the afternoon, and marked so")


@plant
def twins_at_two_places(book: Book) -> Entries:
    one = book.department_visit(MAIN, "22", ("20610",), COMMERCIAL)
    parent = one.patient
    for claim, name in (
        (one, "FIRST"),
        (again := replace(one, place="19", facility=facility_of(NORTH), site=NORTH), "SECOND"),
    ):
        claim.patient = replace(parent, first_name=name, born="20170404", subscriber=parent)
        claim.lines = [replace(line) for line in one.lines]
    book.claims.append(again)
    yield look_alike("PRO111", one, "one member number and one birthday, but twins")
    yield look_alike("PRO111", again, "one member number and one birthday, but twins")
