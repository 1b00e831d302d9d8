"""Addresses of service facilities."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from synthetic.book import PROVIDER_BASED_DAY, Book
from synthetic.claims import facility_of, pecos_facility_of
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.pairs import visit_beside
from synthetic.system import (
    HILL,
    INFUSION,
    LARKIN,
    LATE_IN_PECOS,
    NORTH,
    OAK,
)


@plant
def facility_that_is_not_named(book: Book) -> Entries:
    claim = book.department_visit(INFUSION, "22")
    claim.facility, claim.site_id = None, INFUSION.site_id
    yield fault("ADR101", claim, 1, "the group bills from Oak Street, and the claim does not name the department")
    claim = book.department_visit(LARKIN, "19", day=book.day(PROVIDER_BASED_DAY))
    yield look_alike("ADR101", claim, "no service facility, but the department is at the billing address")


@plant
def facility_at_an_old_address(book: Book) -> Entries:
    claim = book.department_visit(NORTH, "19")
    old = replace(NORTH.address, line_1="388 NORTH AVE", line_2="")
    claim.facility = replace(facility_of(NORTH), address=old)
    yield fault("ADR102", claim, 1, "the number is the clinic's, but the street is where it was before")
    for street, suite in (("400 North Avenue", "Suite 2"), ("400 N. AVE, STE. 2", ""), ("400 NORTH AVE", "#2")):
        claim = book.department_visit(NORTH, "19")
        long = replace(NORTH.address, line_1=street, line_2=suite)
        claim.facility = replace(facility_of(NORTH), address=long)
        why = "written in another way on a practitioner's claim"
        yield look_alike("ADR102", claim, why)


@plant
def facility_that_pecos_does_not_hold(book: Book) -> Entries:
    claim = book.hospital(("G0463",), site=NORTH)
    long = replace(NORTH.pecos_address, line_2="SUITE 2")
    claim.facility = replace(pecos_facility_of(NORTH), address=long)
    yield fault("ADR103", claim, None, "SUITE 2 for STE 2 on the hospital's claim")
    claim = book.hospital(("G0463",), site=NORTH)
    lower = replace(NORTH.pecos_address, line_1="400 North Ave", line_2="Ste 2", city="Riverbend")
    claim.facility = replace(pecos_facility_of(NORTH), address=lower)
    yield cannot_tell("ADR103", claim, None, "only capitals differ, and no text says whether the edit sees them")
    claim = book.hospital(("G0463",), site=LATE_IN_PECOS, day=dt.date(2026, 5, 29))
    claim.line.modifiers = ("PN",)
    yield fault("ADR103", claim, None, "the address is right, but in PECOS from June on only")
    yield fault("DEP108", visit_beside(book, claim), 1, "nor was the clinic enrolled on that day", beside="ADR103")
    claim = book.hospital(("G0463",), site=HILL)
    claim.line.modifiers = ("PO",)
    yield look_alike("ADR103", claim, "not what the registry says, but what PECOS prints")


@plant
def clinic_that_is_not_named(book: Book) -> Entries:
    claim = book.hospital(("G0463", "80053"), site=NORTH, names_site=False)
    yield fault("ADR104", claim, None, "all lines are of one off-campus clinic, and loop 2310E is missing")
    yield look_alike("ADR104", book.campus_and_clinics_bill(), "no address fits a day at three sites")
    claim = book.hospital(("G0463",), site=NORTH, names_site=False)
    claim.site_id = ""
    yield cannot_tell("ADR104", claim, None, "PO, but neither the claim nor registration says where")
    for rule in ("DEP114", "DEP115", "DEP117", "DEP120"):
        yield cannot_tell(rule, claim, 1, "so nothing can be said of its modifier", beside="ADR104")


@plant
def registry_against_pecos(book: Book) -> Entries:
    book.department_visit(HILL, "19")
    yield fault("ADR106", HILL, None, "SUITE 4 in the registry, STE 4 in PECOS")
    yield look_alike("ADR106", OAK, "a practice has no practice location of the hospital in PECOS")
