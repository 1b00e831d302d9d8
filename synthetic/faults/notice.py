"""Notices of coinsurance, departments under section 6225, and claims with care at the billing address."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from synthetic.book import Book
from synthetic.claims import Claim, pecos_facility_of
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.system import INFUSION, MAIN, NORTH, Site, department

_QUAY = department(
    85,
    "RBH-QUAY",
    "Riverbend Quay Clinic",
    "2 QUAY ST",
    "1600",
    excepted_status="excepted",
    attestation_date="2027-11-15",
)
QUAY = replace(_QUAY, npi="none")  # goes by the hospital's NPI
PIER = department(
    86,
    "RBH-PIER",
    "Riverbend Pier Clinic",
    "7 PIER RD",
    "1850",
    excepted_status="non_excepted",
    attestation_date="2026-09-01",
)
CANAL = department(
    87, "RBH-CANAL", "Riverbend Canal Clinic", "50 CANAL ST", "2300", excepted_status="excepted", address_line_1=""
)  # its address as claims carry it is blank in the registry
SITES = (QUAY, PIER, CANAL)


@plant
def department_of_2028(book: Book) -> Entries:
    def visit(site: Site, modifier: str, day: dt.date) -> Claim:
        claim = book.hospital(("G0463",), site=site, day=day)
        claim.line.modifiers = (modifier,)
        if claim.facility and site.npi == "none":
            claim.facility.npi = ""
        return claim

    before, first = dt.date(2027, 12, 31), dt.date(2028, 1, 3)
    yield fault("DEP119", visit(QUAY, "PO", first), 1, "it attested in time, but has no NPI of its own")
    yield look_alike("DEP119", visit(QUAY, "PO", before), "the last day on which nobody asks")
    claim = visit(PIER, "PN", dt.date(2028, 9, 4))
    yield fault("DEP119", claim, 1, "the attestation of 2026-09-01 is more than two years old")
    claim = visit(PIER, "PN", dt.date(2028, 8, 31))
    yield look_alike("DEP119", claim, "the attestation of 2026-09-01 is not yet two years old")
    yield cannot_tell("DEP119", visit(NORTH, "PO", first), 1, "when the clinic attested is blank")


@plant
def service_facility_beside_the_campus(book: Book) -> Entries:
    claim = book.campus_and_clinics_bill()
    claim.facility = pecos_facility_of(NORTH)
    yield fault("ADR107", claim, None, "it names a clinic, but the laboratory test was done in the main building")
    claim = book.hospital(("80053",))
    claim.facility = pecos_facility_of(MAIN)
    yield fault("ADR107", claim, None, "the billing address once more as service facility")
    yield look_alike("ADR107", book.campus_and_clinics_bill(), "three places, but no service facility")
    claim = book.hospital(("G0463", "80053"), site=NORTH)
    yield look_alike("ADR107", claim, "every line was given in the clinic it names")
    claim = book.hospital(("G0463",), site=CANAL)
    claim.line.modifiers, claim.site_id = ("PO",), CANAL.site_id
    yield cannot_tell("ADR107", claim, None, "the address of the clinic is blank in the registry")
    yield cannot_tell("ADR106", CANAL, None, "so it cannot be compared with PECOS", beside="ADR107")


def _visit(book: Book, **said: str) -> Claim:
    """A Medicare visit in an off-campus clinic, of whose notice the front desk says this."""
    claim = book.department_visit(NORTH, "19")
    claim.encounter |= said
    return claim


@plant
def visit_without_a_notice(book: Book) -> Entries:
    yield fault("NOT101", _visit(book, has_notice="false"), 1, "two coinsurances, and nobody handed out the notice")
    emergency = {"has_notice": "false", "is_emergency_treatment_required": "true"}
    claim = _visit(book, **emergency, is_emergency_stabilized="true")
    yield fault("NOT101", claim, 1, "the emergency is over, so the notice is due")
    claim = _visit(book, **emergency, is_emergency_stabilized="false")
    yield look_alike("NOT101", claim, "no notice before the emergency is over")
    claim = _visit(book, has_notice="false", has_two_coinsurances="false")
    yield look_alike("NOT101", claim, "the patient owes nothing to the hospital")
    claim = book.department_visit(INFUSION, "22")
    claim.encounter |= {"has_notice": "false", "has_two_coinsurances": "true"}
    yield look_alike("NOT101", claim, "on the campus no notice is due")
    yield cannot_tell("NOT101", _visit(book, has_notice=""), 1, "the front desk did not say whether it gave one")


@plant
def notice_that_came_late(book: Book) -> Entries:
    late = {"is_notice_before_service": "false"}
    yield fault("NOT102", _visit(book, **late), 1, "signed at check-out")
    claim = _visit(book, **late, is_emergency_treatment_required="true", is_emergency_stabilized="true")
    yield look_alike("NOT102", claim, "after an emergency the notice follows")
    yield cannot_tell("NOT102", _visit(book, is_notice_before_service=""), 1, "nobody wrote down when it was given")


@plant
def notice_that_lacks_something(book: Book) -> Entries:
    none = {"has_notice_amount": "false", "has_notice_estimate_statement": "false"}
    yield fault("NOT103", _visit(book, **none), 1, "two bills are announced, but no amount")
    yield fault("NOT103", _visit(book, is_notice_written="false"), 1, "the amount was only said at the desk")
    claim = _visit(book, has_notice_amount="false", has_notice_estimate_statement="true")
    yield look_alike("NOT103", claim, "no exact amount, but an estimate and why")
    claim = _visit(book, has_notice_amount="", has_notice_estimate_statement="")
    yield cannot_tell("NOT103", claim, 1, "nobody wrote down what it states")
