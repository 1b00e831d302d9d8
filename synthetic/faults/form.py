"""Form: is there a place of service, known and in effect, at the right level?"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from synthetic.book import Book
from synthetic.claims import Claim, Facility, facility_of
from synthetic.faults.plant import Entries, archived, cannot_tell, fault, look_alike, plant
from synthetic.system import (
    COMMERCIAL,
    INFUSION,
    INTERNIST,
    MEDICAL_GROUP,
    NORTH,
    NURSE,
    OAK,
    ORTHO,
    SURGERY,
    TOWER,
    Address,
    Site,
)


@plant
def no_place_of_service(book: Book) -> Entries:
    claim = book.office_visit(procedures=("20610",))
    claim.place = ""
    yield fault("FMT101", claim, 1, "neither the claim nor its line says where")
    claim = book.office_visit(procedures=("99213", "20610"))
    yield look_alike("FMT101", claim, "SV105 is blank on both lines, but the claim carries the code")


@plant
def unassigned_place_of_service(book: Book) -> Entries:
    claim = book.office_visit(procedures=("20610",))
    claim.place = "97"
    yield fault("FMT102", claim, 1, "97 stands for nothing")
    claim = book.professional("27", ("11042",), NURSE, payer=COMMERCIAL)
    claim.facility = Facility("RIVERSIDE UNDERPASS", Address("UNDERPASS AT FERRY ST", zip="439970900"))
    yield look_alike("FMT102", claim, "27 is rare and young, but assigned")


@plant
def place_of_service_before_its_time(book: Book) -> Entries:
    def visit(day: dt.date) -> Claim:
        claim = book.professional("27", ("11042",), NURSE, payer=COMMERCIAL)
        return archived(claim, day, dt.date(2023, 10, 20), dt.date(2023, 11, 6), None)

    yield fault("FMT103", visit(dt.date(2023, 9, 29)), 1, "27 is in the set from 2023-10-01 on")
    yield look_alike("FMT103", visit(dt.date(2023, 10, 1)), "the first day of 27")


@plant
def off_campus_code_in_2015(book: Book) -> Entries:
    def visit(paid: dt.date | None) -> Claim:
        claim = book.department_visit(NORTH, "19", payer=COMMERCIAL)
        return archived(claim, dt.date(2015, 11, 10), dt.date(2015, 11, 20), paid, NORTH)

    yield fault("FMT104", visit(dt.date(2015, 12, 15)), 1, "19 on a claim that was finished in 2015")
    yield look_alike("FMT104", visit(dt.date(2016, 1, 4)), "a service of 2015, but finished when 19 was taken")
    yield cannot_tell("FMT104", visit(None), 1, "nobody knows when the payer finished it")


@plant
def off_campus_code_without_a_rate(book: Book) -> Entries:
    def visit(paid: dt.date) -> Claim:
        claim = archived(book.department_visit(NORTH, "19"), dt.date(2015, 11, 12), dt.date(2015, 11, 25), paid, NORTH)
        claim.registration = "none"
        return claim

    claim = visit(dt.date(2015, 12, 20))
    yield fault("DEP105", claim, 1, "19 was not among the facility-rate codes when the claim was finished")
    yield fault("FMT104", claim, 1, "nor was it in the code set that payers took", beside="DEP105")
    yield fault("DEP102", claim, 1, "nor was it a code of hospital space", beside="DEP105")
    yield look_alike("DEP105", visit(dt.date(2016, 1, 11)), "the same service, finished in 2016")


@plant
def home_telehealth_before_medicare_took_it(book: Book) -> Entries:
    def visit(received: dt.date) -> Claim:
        return archived(book.telehealth_visit("10"), dt.date(2022, 2, 8), received, dt.date(2022, 5, 2), None)

    yield fault("FMT105", visit(dt.date(2022, 2, 21)), 1, "10 was in the set, but Medicare took it from April on")
    yield look_alike("FMT105", visit(dt.date(2022, 4, 4)), "the same service, received in April")


@plant
def two_places_on_paper(book: Book) -> Entries:
    def visit(sites: tuple[Site, Site], places: tuple[str, str], form: str) -> Claim:
        claim = book.office_visit(procedures=("99213", "20610"), payer=COMMERCIAL)
        for line, site, place in zip(claim.lines, sites, places, strict=True):
            line.site_id, line.place = site.site_id, place
        day = dt.date(2026, 3, 12)
        return archived(claim, day, dt.date(2026, 3, 20), None, None, form)

    claim = visit((OAK, INFUSION), ("11", "22"), "paper")
    yield fault("FMT107", claim, None, "item 32 of the form holds one location")
    claim = visit((OAK, OAK), ("11", "02"), "paper")
    claim.lines[1].procedure, claim.lines[1].modifiers = "99213", ("95",)
    claim.lines[1].encounter = {"telehealth_mode": "video", "telehealth_patient_place": "clinic"}
    yield look_alike("FMT107", claim, "two codes, but telehealth has no building of its own")
    claim = visit((OAK, INFUSION), ("11", "22"), "electronic")
    yield look_alike("FMT107", claim, "two locations, but not on paper")


@plant
def office_and_facility_lines(book: Book) -> Entries:
    claim = book.department_visit(INFUSION, "22", ("99213", "20610"), COMMERCIAL)
    claim.lines[1].place = "11"
    yield fault("FMT108", claim, None, "an office line and a facility line, but one location for both")
    claim = book.department_visit(INFUSION, "22", ("99213", "20610"))
    line = claim.lines[1]
    claim.line.registration, line.registration = "outpatient", "none"
    line.place, line.facility = "11", facility_of(TOWER)
    yield look_alike("FMT108", claim, "the office line names the tower in loop 2420C")


@plant
def place_medicare_does_not_adjudicate(book: Book) -> Entries:
    claim = book.professional("18", ("20610",), ORTHO)
    claim.facility = Facility("MILL WORKS", Address("7 MILL RACE RD", zip="439970801"))
    yield fault("FMT109", claim, 1, "Medicare does not adjudicate 18")
    claim = book.professional("18", ("20610",), ORTHO, payer=COMMERCIAL)
    claim.facility = Facility("MILL WORKS", Address("7 MILL RACE RD", zip="439970801"))
    yield look_alike("FMT109", claim, "another payer may")


def _county_jail() -> Facility:
    return Facility("COUNTY JAIL CLINIC", Address("1 BAILIFF CT", zip="439970802"))


@plant
def patient_in_custody(book: Book) -> Entries:
    claim = book.professional("09", ("20610",), ORTHO)
    claim.facility, claim.has_custody_exception = _county_jail(), "false"
    yield fault("FMT110", claim, 1, "in custody, and no exception holds")
    claim = book.professional("09", ("20610",), ORTHO)
    claim.facility, claim.has_custody_exception = _county_jail(), "true"
    yield look_alike("FMT110", claim, "in custody, but the exception holds")
    claim = book.professional("09", ("20610",), ORTHO)
    claim.facility = _county_jail()
    yield cannot_tell("FMT110", claim, 1, "nobody noted whether the exception holds")


@plant
def facility_number_of_somebody_else(book: Book) -> Entries:
    claim = book.department_visit(NORTH, "19")
    claim.facility = replace(facility_of(NORTH), npi=MEDICAL_GROUP.npi)
    yield fault("FMT111", claim, 1, "the service facility carries the number of the group that bills")
    claim = book.department_visit(NORTH, "19")
    claim.facility = replace(facility_of(NORTH), npi=INTERNIST.npi)
    yield fault("FMT111", claim, 1, "the service facility carries the number of the physician")
    claim = book.department_visit(NORTH, "19")
    claim.facility = replace(facility_of(NORTH), npi="")
    yield look_alike("FMT111", claim, "a service facility without a number is in order")


@plant
def facility_in_a_post_office_box(book: Book) -> Entries:
    for box in ("PO BOX 816", "P.O. Box 12", "LOCKBOX 20145"):
        claim = book.surgery(payer=COMMERCIAL)
        claim.facility = replace(facility_of(SURGERY), address=replace(SURGERY.address, line_1=box))
        yield fault("FMT112", claim, 1, "nobody was treated in a post office box")
    for street in ("16 BOX ELDER RD", "3 POST OFFICE SQ", "RR 2 BOX 12"):
        claim = book.home_visit(payer=COMMERCIAL)
        claim.facility = Facility("RESIDENCE", replace(claim.patient.home, line_1=street))
        yield look_alike("FMT112", claim, f"{street} is a place one can stand in")


@plant
def facility_without_nine_digits(book: Book) -> Entries:
    claim = book.surgery(payer=COMMERCIAL)
    claim.facility = replace(facility_of(SURGERY), address=replace(SURGERY.address, zip="43997"))
    yield fault("FMT113", claim, 1, "five digits do not settle the locality")
    claim = book.office_visit(OAK, payer=COMMERCIAL)
    yield look_alike("FMT113", claim, "no service facility, so no ZIP code of one")


@plant
def home_visit_without_the_home(book: Book) -> Entries:
    claim = book.home_visit()
    claim.facility = None
    yield fault("FMT114", claim, 1, "the claim does not say where the patient lives")
    yield look_alike("FMT114", book.telehealth_visit("10"), "at home too, but seen by video")
    claim = book.home_visit("36415")
    claim.facility = None
    yield look_alike("FMT114", claim, "a blood draw is not paid by the physician fee schedule")
