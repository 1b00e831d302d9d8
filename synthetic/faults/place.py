"""Special settings: nursing facilities and Part A, kinds of facilities, add-ons and services bound to a place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from synthetic.book import Book
from synthetic.claims import Claim, Line
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.feeds import stay
from synthetic.system import (
    COMMERCIAL,
    FAMILY,
    GASTRO,
    GERIATRIC,
    INTERNIST,
    MAIN,
    MEDICARE,
    NORTH,
    NURSE,
    NURSING,
    OAK,
    PINE,
    Address,
    Payer,
    Practitioner,
    Site,
    made_up_npi,
)


def _site(number: int, site_id: str, name: str, site_type: str, line_1: str) -> Site:
    """A site that is no space of a hospital."""
    columns = {"ownership": "independent", "provider_based_from": "none", "is_on_hospital_campus": "false"}
    return Site(site_id, name, site_type, Address(line_1, zip=f"43997{number:04d}"), made_up_npi(number), columns)


DIALYSIS = _site(180, "BASIN", "Basin Dialysis Center", "dialysis_facility", "33 BASIN RD")
URGENT = _site(181, "RAPID-CARE", "Rapid Care Urgent Care", "urgent_care_center", "16 CANYON ST")
RURAL = _site(182, "HOLLOW", "Hollow Rural Health Clinic", "rural_health_clinic", "2 HOLLOW RD")
HEALTH_CENTER = _site(183, "DELL", "Dell Health Center", "federally_qualified_health_center", "90 DELL ST")
UNTYPED = _site(184, "MOOR", "Moor Street Rooms", "", "41 MOOR ST")  # what kind of site it is, nobody wrote down
SITES = (DIALYSIS, URGENT, RURAL, HEALTH_CENTER, UNTYPED)

_CHARGE = 240


def _billed(claim: Claim, *procedures: str) -> Claim:
    """The claim with these procedures in place of its own, all on the day of its first line."""
    day = claim.first_date
    claim.lines = [Line(procedure, _CHARGE, day) for procedure in procedures]
    return claim


def _service(
    book: Book,
    place: str,
    procedures: Sequence[str],
    who: Practitioner = FAMILY,
    *,
    site: Site | None = OAK,
    payer: Payer = MEDICARE,
) -> Claim:
    """A claim for these procedures at a site; somebody who is registered in no hospital."""
    return _billed(book.professional(place, ("99213",), who, site=site, payer=payer), *procedures)


@plant
def part_a_stay_that_is_hidden(book: Book) -> Entries:
    claim = book.nursing_visit("32", "99309")
    claim.encounter["is_skilled_nursing_part_a"] = "true"
    yield fault("SET104", claim, 1, "Part A covers the stay, so the code is 31")
    claim = _service(book, "13", ("20610",), GERIATRIC, site=NURSING)
    claim.encounter["is_skilled_nursing_part_a"] = "true"
    yield fault("SET104", claim, 1, "a bed in the nursing center, covered by Part A, but the code of assisted living")
    yield look_alike("SET104", book.nursing_visit("32", "99309"), "a resident whose covered days are used up")
    claim = book.nursing_visit("32", "99308")
    claim.encounter["is_skilled_nursing_part_a"] = ""
    yield cannot_tell("SET104", claim, 1, "the nursing center has not said whether Part A covers the stay")


@plant
def skilled_nursing_code_without_part_a(book: Book) -> Entries:
    claim = book.nursing_visit("31", "99308")
    claim.encounter["is_skilled_nursing_part_a"] = "false"
    yield fault("SET105", claim, 1, "the covered days are used up, so the code is 32")
    yield look_alike("SET105", book.nursing_visit("31", "99308"), "a covered stay")
    claim = book.nursing_visit("31", "99309")
    claim.encounter["is_skilled_nursing_part_a"] = ""
    yield cannot_tell("SET105", claim, 1, "the nursing center has not said whether Part A covers the stay")


@plant
def resident_who_came_to_the_office(book: Book) -> Entries:
    claim = book.office_visit(OAK)
    claim.encounter["is_skilled_nursing_part_a"] = "true"
    yield cannot_tell("SET106", claim, 1, "a Part A resident in the office: no text says 11 or 31")
    claim = book.office_visit(OAK)
    claim.encounter["is_skilled_nursing_part_a"] = ""
    yield look_alike("SET106", claim, "nobody speaks of a stay")


@plant
def office_code_in_the_surgical_center(book: Book) -> Entries:
    claim = book.surgery()
    claim.place = "11"
    yield fault("SET107", claim, 1, "the group's default in its surgical center")
    yield look_alike("SET107", book.surgery(), "the same room, with its own code")
    claim = _service(book, "11", ("99213",), GASTRO, site=UNTYPED)
    why = "what kind of site it is, is blank in the registry"
    yield cannot_tell("SET107", claim, 1, why)
    for rule in ("DEP101", "DEP103", "DEP118"):
        yield cannot_tell(rule, claim, 1, why, beside="SET107")
    for rule in ("ADR106", "DEP112"):
        yield cannot_tell(rule, UNTYPED, None, why, beside="SET107")


@plant
def mobile_unit_at_a_facility(book: Book) -> Entries:
    yield fault("SET108", _service(book, "15", ("36415",), site=NURSING), 1, "it serves the nursing center")
    yield fault("SET108", _service(book, "15", ("36415",), site=DIALYSIS), 1, "it serves the dialysis center")
    yield look_alike("SET108", _service(book, "15", ("36415",), site=OAK), "the van's base at the practice")
    claim = _service(book, "15", ("36415",), site=UNTYPED)
    yield cannot_tell("SET108", claim, 1, "what kind of site it is, is blank in the registry")


@plant
def facility_of_another_kind(book: Book) -> Entries:
    claim = book.office_visit(OAK)
    claim.place = "58"
    yield fault("DEP118", claim, 1, "an opioid treatment program in what is registered as an office")
    yield fault("DEP118", _service(book, "65", ("20610",), site=OAK), 1, "no dialysis is given in the office")
    yield fault("DEP118", _service(book, "11", ("99213",), site=URGENT), 1, "an urgent care center is 20")
    yield look_alike("DEP118", _service(book, "20", ("99213",), site=URGENT), "an urgent care center")
    yield look_alike("DEP118", _service(book, "65", ("20610",), site=DIALYSIS), "a dialysis center")
    claim = _service(book, "58", ("99213",), site=URGENT, payer=COMMERCIAL)
    yield look_alike("DEP118", claim, "another payer may have a code of its own")
    claim = _service(book, "65", ("20610",), site=UNTYPED)
    yield cannot_tell("DEP118", claim, 1, "what kind of site it is, is blank in the registry")


@plant
def prolonged_service_for_medicare(book: Book) -> Entries:
    yield fault("PRO140", _service(book, "11", ("99215", "99417")), 2, "Medicare wants G2212")
    claim = _service(book, "11", ("99215", "99417"), payer=COMMERCIAL)
    yield look_alike("PRO140", claim, "other payers take the CPT code")
    yield look_alike("PRO140", _service(book, "11", ("99215", "G2212")), "Medicare's own code")


@plant
def prolonged_service_of_another_family(book: Book) -> Entries:
    claim = _billed(book.nursing_visit("32"), "99309", "G0316")
    yield fault("PRO141", claim, 2, "the add-on of hospital visits beside a nursing facility visit")
    yield look_alike("PRO141", _billed(book.nursing_visit("32"), "99310", "G0317"), "the add-on of the visit")
    yield look_alike("PRO141", _billed(book.inpatient_round(), "99233", "G0316"), "the add-on of the visit")
    yield look_alike("PRO141", _service(book, "11", ("99483", "G2212")), "beside a cognitive assessment")


@plant
def prolonged_service_at_another_place(book: Book) -> Entries:
    claim = _billed(book.home_visit(), "99350", "G0318")
    claim.lines[1].place = "32"
    yield fault("PRO142", claim, 2, "the visit was at home, the add-on says nursing facility")
    yield look_alike("PRO142", _billed(book.home_visit(), "99350", "G0318"), "both at home")


@plant
def complexity_without_a_visit(book: Book) -> Entries:
    yield fault("PRO143", _billed(book.nursing_visit("32"), "99309", "G2211"), 2, "no base for the add-on")
    yield look_alike("PRO143", _billed(book.home_visit(), "99348", "G2211"), "home visits are a base since 2026")
    yield look_alike("PRO143", _service(book, "11", ("99214", "G2211")), "an office visit")


@plant
def care_management_of_an_inpatient(book: Book) -> Entries:
    yield fault("PRO144", _billed(book.inpatient_round(), "99490"), 1, "the hospitalists' default")
    yield look_alike("PRO144", _service(book, "11", ("99490",)), "where the practitioner sees patients")


@plant
def dialysis_month_of_an_inpatient(book: Book) -> Entries:
    yield fault("PRO145", _billed(book.inpatient_round(), "90960"), 1, "the month stands for outpatients")
    claim = _service(book, "65", ("90960",), INTERNIST, site=DIALYSIS)
    yield look_alike("PRO145", claim, "the dialysis center")


@plant
def discharge_visit_after_the_discharge(book: Book) -> Entries:
    def visit(days: int) -> Claim:
        """A discharge visit; the patient left so many days later."""
        claim = book.inpatient_round(MAIN, "99238")
        claim.encounter["discharged_at"] = (claim.first_date + dt.timedelta(days=days)).isoformat()
        return claim

    claim = visit(-1)
    yield fault("PRO146", claim, 1, "the day on which the summary was dictated")
    claim.registration = ""
    last = claim.first_date - dt.timedelta(days=1)
    book.visits.append(stay(claim.patient, last - dt.timedelta(days=3), last))
    yield fault("SET109", claim, 1, "and on that day the patient was at home", beside="PRO146")
    yield look_alike("PRO146", visit(0), "the day of discharge")
    yield look_alike("PRO146", visit(1), "the last visit on the eve of the discharge")
    claim = book.inpatient_round(PINE, "99238")
    claim.encounter["discharged_at"] = ""
    yield cannot_tell("PRO146", claim, 1, "nobody wrote down when the patient left")


@plant
def clinic_visit_for_part_b(book: Book) -> Entries:
    yield fault("PRO147", _service(book, "72", ("99213",), site=RURAL), 1, "the clinic's visit")
    yield fault("PRO147", _service(book, "50", ("G0439",), NURSE, site=HEALTH_CENTER), 1, "the center's visit")
    yield look_alike("PRO147", _service(book, "72", ("36415",), site=RURAL), "no part of the visit")


@plant
def visit_in_a_mass_immunization_center(book: Book) -> Entries:
    yield fault("PRO148", _service(book, "60", ("90662", "G0008", "99213")), 3, "a visit on the flu day")
    yield look_alike("PRO148", _service(book, "60", ("90662", "G0008")), "the vaccine and its administration")


@plant
def payment_window_modifier_of_a_hospital(book: Book) -> Entries:
    claim = book.hospital(("G0463",), site=NORTH)
    claim.line.modifiers = ("PO", "PD")
    yield fault("FMT116", claim, 1, "PD belongs on a practice's claim")
    claim = book.hospital(("80053",))
    first = claim.line
    first.procedure, first.revenue, first.modifiers = "A0428", "0540", ("PD",)
    yield look_alike("FMT116", claim, "an ambulance from a physician's office to a diagnostic site: PD is a journey")
