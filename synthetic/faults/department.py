"""Department: campus, provider-based status and the modifiers PO, PN and ER."""

from __future__ import annotations

import datetime as dt

from synthetic.book import Book
from synthetic.claims import Claim, Line, facility_of
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.pairs import bill_beside, visit_beside
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
    FAMILY,
    GERIATRIC,
    INFUSION,
    KNOLL,
    LARKIN,
    LATE_IN_PECOS,
    LEDGE,
    MEADOW,
    NORTH,
    NOT_ENROLLED,
    NURSING,
    OAK,
    OAK_SUITE,
    PINE_CLINIC,
    PINE_HOSPITAL,
    RIDGE,
    SPRING,
    TOWER,
    TOWER_BLANK,
    TOWER_SHARED,
    WEST,
    WEST_ANNEX,
    Site,
)


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
    yield fault("PAR103", claim, 1, "and the hospital did not bill on that day yet", beside="DEP104")


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
    yield fault("PAR103", claim, 1, "the hospital bills nothing for an office", beside="DEP104")
    claim = book.office_visit(OAK)
    claim.place, claim.registration = "22", "outpatient"
    yield look_alike("DEP104", claim, "an office too, but the patient came over as a registered outpatient")
    yield look_alike("DEP104", book.reading(), "the office is the reader's room; the picture was taken in the hospital")
    claim = book.department_visit(BLANK_STATUS, "19")
    claim.registration = "none"
    why = "since when the clinic is provider-based is blank"
    yield cannot_tell("DEP104", claim, 1, why)
    yield fault("PAR103", claim, 1, "nobody registered the patient, and the hospital did not bill", beside="DEP104")


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
    why = "so the hospital's bill names an address that PECOS does not hold yet"
    yield fault("ADR103", bill_beside(book, claim), None, why, beside="DEP108")
    claim = book.department_visit(LATE_IN_PECOS, "19", day=dt.date(2026, 6, 1))
    yield look_alike("DEP108", claim, "the first day in PECOS")


@plant
def wrong_side_of_the_boundary(book: Book) -> Entries:
    claim = book.department_visit(NORTH, "22")
    yield fault("DEP109", claim, 1, "1,900 yards are off campus")
    yield fault("PAR102", claim, 1, "the hospital's bill of the visit carries PO", beside="DEP109")
    claim = book.department_visit(INFUSION, "19")
    yield fault("DEP109", claim, 1, "120 yards are on campus")
    yield fault("PAR102", claim, 1, "the hospital's bill of the visit carries neither PO nor PN", beside="DEP109")
    yield look_alike("DEP109", book.department_visit(BRIDGE, "22"), "640 yards, but CMS has determined it to be campus")
    why = "the distance was driven, and a road proves nothing"
    claim = book.department_visit(BLANK_DISTANCE, "19")
    yield cannot_tell("DEP109", claim, 1, why)
    yield cannot_tell("DEP117", bill_beside(book, claim), 1, why, beside="DEP109")
    why = "no text says which code a remote location takes"
    yield cannot_tell("DEP109", book.department_visit(WEST, "22"), 1, why)
    why = "no text says which code a department near a remote location takes"
    yield cannot_tell("DEP109", book.department_visit(WEST_ANNEX, "22"), 1, why)


@plant
def boundary_itself(book: Book) -> Entries:
    claim = book.department_visit(LEDGE, "22")
    yield fault("DEP110", claim, 1, "253 yards by the survey: by the text off campus")
    yield fault("PAR102", claim, 1, "the hospital's bill of the visit carries PO", beside="DEP110")
    yield look_alike("DEP110", book.department_visit(RIDGE, "22"), "exactly 250 yards are within 250 yards")


@plant
def boundary_without_a_survey(book: Book) -> Entries:
    bill_beside(book, book.department_visit(KNOLL, "22")).line.modifiers = ()  # the hospital takes it for its campus
    yield cannot_tell("DEP111", KNOLL, None, "247 yards, and no survey says so")
    yield cannot_tell("DEP112", KNOLL, None, "whether there is a survey is blank", beside="DEP111")
    yield look_alike("DEP111", RIDGE, "exactly 250 yards, but surveyed")


@plant
def distance_nobody_measured(book: Book) -> Entries:
    book.department_visit(MEADOW, "19")
    yield fault("DEP112", MEADOW, None, "an off-campus department without a survey on file")
    yield look_alike("DEP112", INFUSION, "no survey either, but it stands on the campus")


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
    why = "no code stands beside a bill with two modifiers"
    yield cannot_tell("PAR102", visit_beside(book, claim), 1, why, beside="DEP116")
    claim = book.campus_and_clinics_bill()
    yield look_alike("DEP116", claim, "PO and PN on one claim, but on two lines")


@plant
def modifier_where_none_is_due(book: Book) -> Entries:
    def infusion(site: Site, modifier: str) -> Claim:
        claim = book.hospital(("96413",), site=site)
        claim.line.modifiers = (modifier,)
        return claim

    yield fault("DEP117", infusion(WEST, "PO"), 1, "a remote location is no off-campus department")
    yield fault("DEP117", infusion(WEST_ANNEX, "PN"), 1, "150 yards from the remote location")
    yield fault("DEP117", infusion(RIDGE, "PO"), 1, "exactly 250 yards are campus")
    yield look_alike("DEP117", infusion(LEDGE, "PO"), "253 yards are not")
