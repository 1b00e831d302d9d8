"""What is planted: faults, look-alikes, and what nobody can know.

Each function takes ordinary claims out of the book, changes what it is about, and yields what must
be said of them. The key comes from here, never from a run of the rules.

* fault        this rule, and on this line no other unless planted `beside` it, must speak
* look_alike   a hasty check would speak; nothing may be said of the claim
* cannot_tell  the registry or the claim leaves open what the rule needs: unknown
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from synthetic.book import Book
from synthetic.claims import Claim, Facility, Line, facility_of, pecos_facility_of
from synthetic.system import (
    ADVANTAGE,
    BLANK_DISTANCE,
    BLANK_EXCEPTED,
    BLANK_STATUS,
    BRIDGE,
    COMMERCIAL,
    EAST,
    ELM,
    EMERGENCY,
    EMERGENCY_DOCTOR,
    FAMILY,
    GERIATRIC,
    HILL,
    HOSPITALIST,
    INFUSION,
    INTERNIST,
    KNOLL,
    LARKIN,
    LATE_IN_PECOS,
    LEDGE,
    MAIN,
    MEADOW,
    MEDICAL_GROUP,
    NORTH,
    NOT_ENROLLED,
    NURSE,
    NURSING,
    OAK,
    OAK_SUITE,
    ORTHO,
    PINE_CLINIC,
    PINE_HOSPITAL,
    RIDGE,
    SPRING,
    SURGERY,
    TOWER,
    TOWER_BLANK,
    TOWER_SHARED,
    WEST,
    WEST_ANNEX,
    Address,
    Site,
)

Kind = Literal["fault", "look_alike", "cannot_tell"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What must be said of a line, a claim or a site, or that nothing may be said."""

    kind: Kind
    rule: str
    outcome: str  # violation, unknown, clear
    where: Claim | Site
    line: int | None
    why: str
    beside: str = ""  # the rule whose fault brings this one along


Entries = Iterator[Entry]
Plant = Callable[[Book], Entries]
PLANTS: list[Plant] = []


def plant(function: Plant) -> Plant:
    """Add a function to what is planted."""
    PLANTS.append(function)
    return function


def fault(rule: str, where: Claim | Site, line: int | None, why: str, *, beside: str = "") -> Entry:
    """The rule must say that this is wrong."""
    return Entry("fault", rule, "violation", where, line, why, beside)


def look_alike(rule: str, where: Claim | Site, why: str) -> Entry:
    """The rule must be silent."""
    return Entry("look_alike", rule, "clear", where, None, why)


def cannot_tell(rule: str, where: Claim | Site, line: int | None, why: str, *, beside: str = "") -> Entry:
    """The rule must say that it is unknown."""
    return Entry("cannot_tell", rule, "unknown", where, line, why, beside)


def archived(
    claim: Claim,
    date: dt.date,
    received: dt.date | None,
    paid: dt.date | None,
    site: Site | None,
    form: str = "electronic",
) -> Claim:
    """An old or a paper claim, which stands in archive.csv with the dates of the payer."""
    claim.form, claim.received, claim.paid = form, received, paid
    claim.site_id = site.site_id if site else ""
    for line in claim.lines:
        line.date = date
    return claim


# --- FMT: form ---------------------------------------------------------------------------------------


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


# --- SET: registration -------------------------------------------------------------------------------


@plant
def registered_outpatient_in_an_office(book: Book) -> Entries:
    claim = book.office_visit(OAK)
    claim.registration = "outpatient"
    yield fault("SET102", claim, 1, "a registered outpatient of the hospital, seen in the office at POS 11")
    yield look_alike("SET102", book.office_visit(TOWER), "the same campus, but registered nowhere")
    claim = book.office_visit(ELM)
    claim.registration = ""
    yield cannot_tell("SET102", claim, 1, "registration said nothing")


@plant
def registered_outpatient_in_urgent_care(book: Book) -> Entries:
    def visit(place: str, registration: str) -> Claim:
        claim = book.office_visit(ELM, ("20610",))
        claim.place, claim.registration = place, registration
        return claim

    yield fault("SET103", visit("20", "outpatient"), 1, "a registered outpatient, seen at POS 20")
    yield look_alike("SET103", visit("20", "none"), "urgent care of somebody registered nowhere")
    yield cannot_tell("SET103", visit("20", ""), 1, "registration said nothing")


# --- DEP: departments, professional claims -------------------------------------------------------------


@plant
def office_code_in_a_department(book: Book) -> Entries:
    claim = book.department_visit(NORTH, "11")
    claim.registration = "none"
    yield fault("DEP101", claim, 1, "POS 11 in an off-campus department where nobody registered the patient")
    claim = book.department_visit(NORTH, "11", payer=ADVANTAGE)
    yield look_alike("DEP101", claim, "the same clinic, but a plan with rules of its own")
    claim = book.department_visit(BLANK_STATUS, "11")
    claim.registration = "none"
    yield cannot_tell("DEP101", claim, 1, "since when the clinic is provider-based is blank")


@plant
def practice_that_became_a_department(book: Book) -> Entries:
    claim = book.office_visit(LARKIN, day=dt.date(2026, 3, 31))
    yield look_alike("DEP101", claim, "the day before the practice became a department")
    claim = book.office_visit(LARKIN, day=dt.date(2026, 4, 1))
    yield fault("DEP101", claim, 1, "its first day as a department, with the old default")
    claim = book.department_visit(LARKIN, "19", day=dt.date(2026, 3, 31))
    claim.registration = "none"
    yield fault("DEP104", claim, 1, "the new code, a day too early")


@plant
def place_in_two_rows_of_the_registry(book: Book) -> Entries:
    before, after = dt.date(2026, 5, 29), dt.date(2026, 6, 1)
    claim = book.department_visit(SPRING, "11", day=before)
    claim.registration = "none"
    yield look_alike("DEP101", claim, "in the row that holds until May it is an office")
    claim = book.department_visit(SPRING, "19", day=after)
    yield look_alike("DEP104", claim, "in the row that holds from June on it is a department")
    claim = book.department_visit(SPRING, "11", day=after)
    claim.registration = "none"
    yield fault("DEP101", claim, 1, "in the row that holds from June on it is a department")


@plant
def line_in_a_department(book: Book) -> Entries:
    claim = book.office_visit(OAK, ("99213", "96372"))
    claim.lines[1].facility = facility_of(NORTH)
    yield fault("DEP101", claim, 2, "the line names the clinic in loop 2420C, and inherits POS 11 of the claim")
    claim = book.department_visit(OAK_SUITE, "19")
    yield look_alike("DEP104", claim, "the building of the practice, but suite B is a department")


@plant
def urgent_care_code_in_a_department(book: Book) -> Entries:
    claim = book.department_visit(EAST, "20", ("20610",))
    claim.registration = "none"
    yield fault("DEP102", claim, 1, "the walk-in hours of a department are hospital space too")
    claim = book.office_visit(ELM, ("20610",))
    claim.place = "20"
    yield look_alike("DEP102", claim, "urgent care in a clinic the hospital owns, but which is not provider-based")


@plant
def office_code_in_a_nursing_facility(book: Book) -> Entries:
    claim = book.professional("11", ("20610",), GERIATRIC, site=NURSING, payer=COMMERCIAL)
    yield fault("DEP103", claim, 1, "by its definition no office is in a nursing center")
    claim = book.professional("32", ("20610",), GERIATRIC, site=NURSING)
    yield look_alike("DEP103", claim, "the same room, with a code of its own")


@plant
def hospital_code_in_an_office(book: Book) -> Entries:
    claim = book.office_visit(ELM)
    claim.place = "19"
    yield fault("DEP104", claim, 1, "owned by the hospital, but an office: 19 gives money away")
    claim = book.office_visit(OAK)
    claim.place, claim.registration = "22", "outpatient"
    yield look_alike("DEP104", claim, "an office too, but the patient came over as a registered outpatient")
    yield look_alike("DEP104", book.reading(), "the office is the reader's room; the picture was taken in the hospital")
    claim = book.department_visit(BLANK_STATUS, "19")
    claim.registration = "none"
    why = "since when the clinic is provider-based is blank"
    yield cannot_tell("DEP104", claim, 1, why)


@plant
def shared_room_on_the_campus(book: Book) -> Entries:
    yield fault("DEP106", book.office_visit(TOWER_SHARED), 1, "on the campus, and not kept apart from the hospital")
    yield look_alike("DEP106", book.office_visit(TOWER), "on the campus, but kept apart")
    yield cannot_tell("DEP106", book.office_visit(TOWER_BLANK), 1, "whether it is kept apart is blank")


@plant
def department_modifier_of_a_practitioner(book: Book) -> Entries:
    claim = book.department_visit(NORTH, "19")
    claim.line.modifiers = ("25", "PO")
    yield fault("DEP107", claim, 1, "PO belongs on the hospital's claim")
    claim = book.professional("41", ("A0428",), FAMILY)
    claim.line.modifiers = ("PN",)
    yield look_alike("DEP107", claim, "from the physician's office to the nursing center: PN is a journey")


@plant
def department_that_is_not_enrolled(book: Book) -> Entries:
    yield fault("DEP108", book.department_visit(NOT_ENROLLED, "19"), 1, "the 855A does not know the clinic")
    claim = book.department_visit(LARKIN, "19", day=dt.date(2026, 4, 1))
    yield look_alike("DEP108", claim, "the first day of the enrolment")
    claim = book.department_visit(LATE_IN_PECOS, "19", day=dt.date(2026, 5, 29))
    yield fault("DEP108", claim, 1, "a department since January, but enrolled from June on")
    claim = book.department_visit(LATE_IN_PECOS, "19", day=dt.date(2026, 6, 1))
    yield look_alike("DEP108", claim, "the first day in PECOS")


@plant
def wrong_side_of_the_boundary(book: Book) -> Entries:
    yield fault("DEP109", book.department_visit(NORTH, "22"), 1, "1,900 yards are off campus")
    yield fault("DEP109", book.department_visit(INFUSION, "19"), 1, "120 yards are on campus")
    yield look_alike("DEP109", book.department_visit(BRIDGE, "22"), "640 yards, but CMS has determined it to be campus")
    why = "the distance was driven, and a road proves nothing"
    yield cannot_tell("DEP109", book.department_visit(BLANK_DISTANCE, "19"), 1, why)
    why = "no text says which code a remote location takes"
    yield cannot_tell("DEP109", book.department_visit(WEST, "22"), 1, why)
    why = "no text says which code a department near a remote location takes"
    yield cannot_tell("DEP109", book.department_visit(WEST_ANNEX, "19"), 1, why)


@plant
def boundary_itself(book: Book) -> Entries:
    yield fault("DEP110", book.department_visit(LEDGE, "22"), 1, "253 yards by the survey: by the text off campus")
    yield look_alike("DEP110", book.department_visit(RIDGE, "22"), "exactly 250 yards are within 250 yards")


@plant
def boundary_without_a_survey(book: Book) -> Entries:
    book.department_visit(KNOLL, "22")
    yield cannot_tell("DEP111", KNOLL, None, "247 yards, and no survey says so")
    yield cannot_tell("DEP112", KNOLL, None, "whether there is a survey is blank", beside="DEP111")
    yield look_alike("DEP111", RIDGE, "exactly 250 yards, but surveyed")


@plant
def distance_nobody_measured(book: Book) -> Entries:
    book.department_visit(MEADOW, "19")
    yield fault("DEP112", MEADOW, None, "an off-campus department without a survey on file")
    yield look_alike("DEP112", INFUSION, "no survey either, but it stands on the campus")


# --- DEP: departments, institutional claims ------------------------------------------------------------


@plant
def line_without_a_department_modifier(book: Book) -> Entries:
    claim = book.hospital(("G0463", "80053"), site=NORTH)
    claim.lines[1].modifiers = ()
    yield fault("DEP113", claim, 2, "PO on the visit, but not on the laboratory test")
    claim = book.hospital(("G0463",), site=NORTH)
    claim.lines.append(Line("", 35, claim.first_date, revenue="0270"))
    yield look_alike("DEP113", claim, "supplies without a procedure code need no modifier")
    claim = book.hospital(("G0463",), site=PINE_CLINIC, bill="85", group=PINE_HOSPITAL)
    yield look_alike("DEP113", claim, "off campus, but of a critical access hospital")
    claim = book.hospital(("80053",), site=NORTH, bill="14")
    claim.line.modifiers = ()
    yield look_alike("DEP113", claim, "a specimen without a patient")
    claim = book.hospital(("G0463",), site=NORTH)
    claim.lines.append(Line("A0428", 700, claim.first_date, ("PN",), "0540"))
    yield look_alike("DEP113", claim, "an ambulance line: PN is a journey")


@plant
def line_with_the_wrong_department_modifier(book: Book) -> Entries:
    def visit(site: Site, modifier: str) -> Claim:
        claim = book.hospital(("G0463",), site=site)
        claim.line.modifiers = (modifier,)
        return claim

    yield fault("DEP114", visit(EAST, "PO"), 1, "PO at a clinic that is not excepted")
    yield fault("DEP114", visit(NORTH, "PN"), 1, "PN at an excepted clinic")
    claim = book.campus_and_clinics_bill()
    yield look_alike("DEP114", claim, "PO and PN on one claim, each on the line of its own clinic")
    yield cannot_tell("DEP114", visit(BLANK_EXCEPTED, "PO"), 1, "whether the clinic is excepted is blank")


@plant
def emergency_department_off_campus(book: Book) -> Entries:
    claim = book.hospital(("99284",), site=EMERGENCY)
    claim.line.modifiers = ("PO",)
    yield fault("DEP115", claim, 1, "the modifier of the clinics at an off-campus emergency department")
    claim = book.hospital(("99284", "70450"), site=EMERGENCY)
    claim.lines[1].modifiers = ("PN",)
    claim.site_id = EMERGENCY.site_id
    yield fault("DEP115", claim, 2, "ER is due on every line, not on the visit alone")
    yield look_alike("DEP115", book.hospital(("G0463",), site=EMERGENCY), "a clinic visit there takes ER too")


@plant
def both_modifiers_on_one_line(book: Book) -> Entries:
    claim = book.hospital(("G0463",), site=NORTH)
    claim.line.modifiers = ("PO", "PN")
    yield fault("DEP116", claim, 1, "excepted and not excepted at once")
    claim = book.campus_and_clinics_bill()
    yield look_alike("DEP116", claim, "PO and PN on one claim, but on two lines")


@plant
def modifier_where_none_is_due(book: Book) -> Entries:
    def visit(site: Site, modifier: str, *, names_site: bool) -> Claim:
        claim = book.hospital(("G0463",), site=site, names_site=names_site)
        claim.line.modifiers = (modifier,) if modifier else ()
        return claim

    yield fault("DEP117", visit(WEST, "PO", names_site=True), 1, "a remote location is no off-campus department")
    yield fault("DEP117", visit(WEST_ANNEX, "PN", names_site=True), 1, "150 yards from the remote location")
    yield fault("DEP117", visit(RIDGE, "PO", names_site=True), 1, "exactly 250 yards are campus")
    yield look_alike("DEP117", visit(LEDGE, "PO", names_site=True), "253 yards are not")


# --- ADR: addresses ------------------------------------------------------------------------------------


@plant
def facility_that_is_not_named(book: Book) -> Entries:
    claim = book.department_visit(INFUSION, "22")
    claim.facility, claim.site_id = None, INFUSION.site_id
    yield fault("ADR101", claim, 1, "the group bills from Oak Street, and the claim does not name the department")
    claim = book.department_visit(LARKIN, "19")
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
    for rule in ("DEP114", "DEP115", "DEP117"):
        yield cannot_tell(rule, claim, 1, "so nothing can be said of its modifier", beside="ADR104")


@plant
def registry_against_pecos(book: Book) -> Entries:
    book.department_visit(HILL, "19")
    yield fault("ADR106", HILL, None, "SUITE 4 in the registry, STE 4 in PECOS")
    yield look_alike("ADR106", OAK, "a practice has no practice location of the hospital in PECOS")


# --- PRO: procedures -----------------------------------------------------------------------------------


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
    for claim, name in ((one, "FIRST"), (again := replace(one, place="19", facility=facility_of(NORTH)), "SECOND")):
        claim.patient = replace(parent, first_name=name, born="20170404", subscriber=parent)
        claim.lines = [replace(line) for line in one.lines]
    book.claims.append(again)
    yield look_alike("PRO111", one, "one member number and one birthday, but twins")
    yield look_alike("PRO111", again, "one member number and one birthday, but twins")
