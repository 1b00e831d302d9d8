"""Components: tests with a technical part and a reading, drugs, equipment, and whose they are in a facility."""

from __future__ import annotations

from synthetic.book import Book
from synthetic.claims import Claim, Facility, facility_of
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.system import (
    ELM,
    INFUSION,
    MAIN,
    NORTH,
    NURSING,
    OAK,
    RADIOLOGIST,
    RIDGE,
    SURGERY,
    TOWER,
    WEST,
    Address,
    Group,
    Practitioner,
    Site,
    made_up_npi,
)

_LABORATORY_ADDRESS = Address("17 HARBOR RD", zip="439970811")
LABORATORY = Site(
    "HARBOR-LAB",
    "Harbor Pathology Laboratory",
    "independent_laboratory",
    _LABORATORY_ADDRESS,
    made_up_npi(190),
    {"ownership": "independent", "provider_based_from": "none", "is_on_hospital_campus": "false"},
)
SITES = (LABORATORY,)

LABORATORY_GROUP = Group("HARBOR PATHOLOGY LABORATORY", made_up_npi(191), "990000191", "291U00000X", LABORATORY.address)
SURGERY_GROUP = Group("RAPIDS SURGERY CENTER", made_up_npi(192), "990000192", "261QA1903X", SURGERY.address)

# Laboratory and surgical center bill in their own name: rows of the providers registry like a practitioner's.
_LABORATORY_ITSELF = Practitioner("LABORATORY", "HARBOR PATHOLOGY", LABORATORY_GROUP.npi, "laboratory", "291U00000X")
_SURGERY_ITSELF = Practitioner("CENTER", "RAPIDS SURGERY", SURGERY_GROUP.npi, "ASC", "261QA1903X")
PATHOLOGIST = Practitioner("QUAIL", "OLA", made_up_npi(193), "MD", "207ZP0102X")
THERAPIST = Practitioner("RAIL", "PIA", made_up_npi(194), "PT", "225100000X")
UNKNOWN_THERAPIST = Practitioner("SNIPE", "RON", made_up_npi(195), "", "")  # nobody has entered yet who this is
PRACTITIONERS = (_LABORATORY_ITSELF, _SURGERY_ITSELF, PATHOLOGIST, THERAPIST, UNKNOWN_THERAPIST)


def _of(claim: Claim, procedure: str, *modifiers: str) -> Claim:
    """The claim as it is, for another procedure."""
    claim.line.procedure, claim.line.modifiers = procedure, modifiers
    return claim


def _parts(claim: Claim, technical: Site, reader: Site) -> Claim:
    """The claim, and where its test was taken and read."""
    claim.encounter |= {"technical_component_site_id": technical.site_id, "reader_site_id": reader.site_id}
    return claim


@plant
def whole_test_in_a_facility(book: Book) -> Entries:
    yield fault("PRO118", book.emergency_visit(MAIN, "71046"), 1, "the film is the hospital's, the reading needs 26")
    yield fault("PRO118", book.nursing_visit("31", "71046"), 1, "in a stay under Part A the film is the facility's")
    claim = _of(book.department_visit(MAIN, "22", ("71046",)), "88305")
    yield fault("PRO118", claim, 1, "so are the slides of a biopsy")
    yield look_alike("PRO118", book.reading(), "the reading, with 26")
    yield look_alike("PRO118", book.department_visit(MAIN, "22", ("93010",)), "a code that is a reading by itself")
    yield look_alike("PRO118", book.office_visit(OAK, ("71046",)), "the practice's own machine")
    claim = _of(book.nursing_visit("31", "71046"), "77334")
    yield look_alike("PRO118", claim, "radiation therapy of a resident may be billed whole")


@plant
def technical_component_in_a_facility(book: Book) -> Entries:
    claim = _of(book.department_visit(MAIN, "22", ("71046",)), "71046", "TC")
    yield fault("PRO119", claim, 1, "the technical component of a hospital outpatient's film")
    claim = _of(book.department_visit(NORTH, "19", ("93010",)), "93005")
    yield fault("PRO119", claim, 1, "a tracing, which has a code of its own")
    claim = _of(book.office_visit(OAK, ("71046",)), "71046", "TC")
    yield look_alike("PRO119", claim, "in an office it is the practice's")


@plant
def global_code_in_a_facility(book: Book) -> Entries:
    claim = _of(book.department_visit(MAIN, "22", ("93010",)), "93000")
    yield fault("PRO120", claim, 1, "93010 is due, the tracing is the hospital's")
    yield look_alike("PRO120", _of(book.office_visit(OAK, ("93010",)), "93000"), "tracing and reading in an office")


@plant
def injection_by_the_staff_of_the_hospital(book: Book) -> Entries:
    yield fault("PRO121", book.department_visit(NORTH, "19", ("96372",)), 1, "the nurse there is the hospital's")
    yield fault("PRO121", book.department_visit(INFUSION, "22", ("96413",)), 1, "so are those who give chemotherapy")
    yield look_alike("PRO121", book.office_visit(OAK, ("96372",)), "the nurse of a practice")
    claim = _of(book.inpatient_round(MAIN), "38228")
    yield look_alike("PRO121", claim, "cells that a physician gives, with an amount for facilities")


@plant
def therapist_in_the_hospital(book: Book) -> Entries:
    def therapy(place: str, who: Practitioner, site: Site | None, registration: str = "outpatient") -> Claim:
        claim = book.professional(place, ("20610",), who, site=site, registration=registration)
        return _of(claim, "97110", "GP")

    yield fault("PRO122", therapy("22", THERAPIST, MAIN), 1, "therapy in a hospital is a hospital service")
    yield look_alike("PRO122", therapy("11", THERAPIST, None, "none"), "in the practice's own space")
    claim = _of(book.department_visit(MAIN, "22", ("20610",)), "97110", "GP")
    yield look_alike("PRO122", claim, "CMS's text names therapists, not physicians")
    claim = therapy("22", UNKNOWN_THERAPIST, MAIN)
    yield cannot_tell("PRO122", claim, 1, "the providers registry does not say who this is")


@plant
def blood_smear_of_an_outpatient(book: Book) -> Entries:
    claim = _of(book.department_visit(MAIN, "22", ("93010",)), "85060")
    yield fault("PRO123", claim, 1, "paid for inpatients only")
    yield look_alike("PRO123", _of(book.inpatient_round(MAIN), "85060"), "an inpatient")


@plant
def drug_of_the_facility(book: Book) -> Entries:
    claim = book.department_visit(RIDGE, "22", ("20610", "J1885"))
    yield fault("PRO124", claim, 2, "a drug from the hospital's shelf")
    yield fault("PRO124", book.surgery("J1885"), 1, "a drug of the surgical center, billed by the surgeon")
    yield look_alike("PRO124", book.office_visit(OAK, ("96372", "J1885")), "a drug of the practice")
    claim = book.professional("24", ("45378", "J1885"), _SURGERY_ITSELF, group=SURGERY_GROUP)
    yield look_alike("PRO124", claim, "the surgical center bills on the same form")


@plant
def reading_at_the_place_of_the_reader(book: Book) -> Entries:
    def reading(place: str, technical: Site, registration: str) -> Claim:
        claim = book.professional(place, ("71046",), RADIOLOGIST, site=TOWER, registration=registration)
        return _parts(_of(claim, "71046", "26"), technical, TOWER)

    yield fault("PRO125", reading("11", MAIN, "none"), 1, "taken in the hospital, read in an office")
    yield fault("PRO125", reading("22", NORTH, "outpatient"), 1, "taken off campus")
    yield look_alike("PRO125", reading("22", MAIN, "outpatient"), "the code of the place of the test")
    yield look_alike("PRO125", reading("21", MAIN, "inpatient"), "an inpatient")
    yield look_alike("PRO125", reading("23", MAIN, "outpatient"), "a patient of the emergency room")
    claim = reading("22", WEST, "outpatient")
    yield cannot_tell("PRO125", claim, 1, "no text says whether a remote location is 19 or 22")


@plant
def whole_test_of_two_entities(book: Book) -> Entries:
    def test(technical: Site) -> Claim:
        return _parts(book.professional("11", ("71046",), RADIOLOGIST, site=TOWER), technical, TOWER)

    yield fault("PRO126", test(MAIN), 1, "the hospital took the film, the practice read it")
    yield look_alike("PRO126", test(TOWER), "taken and read in one practice")
    yield cannot_tell("PRO126", test(OAK), 1, "whether two offices are one entity, nobody says")


@plant
def specimen_from_elsewhere(book: Book) -> Entries:
    def test(place: str, taken: Site | None, procedure: str = "80053", *modifiers: str) -> Claim:
        claim = book.professional(place, ("80053",), PATHOLOGIST, group=LABORATORY_GROUP)
        claim.encounter["specimen_site_id"] = taken.site_id if taken else ""
        return _of(claim, procedure, *modifiers)

    yield fault("PRO127", test("81", MAIN, "88305", "26"), 1, "a biopsy from the hospital's campus")
    yield fault("PRO127", test("81", OAK), 1, "blood from a physician's office")
    yield look_alike("PRO127", test("81", LABORATORY), "the laboratory's own draw")
    yield cannot_tell("PRO127", test("81", None), 1, "nobody recorded where it was taken")


@plant
def technical_component_under_part_a(book: Book) -> Entries:
    claim = _of(book.nursing_visit("31", "71046"), "71046", "TC")
    yield fault("PRO128", claim, 1, "a portable X-ray is the facility's to pay")
    claim = book.professional("31", ("20610",), THERAPIST, site=NURSING)
    yield fault("PRO128", _of(claim, "97110", "GP"), 1, "so is therapy")
    yield look_alike("PRO128", _of(book.nursing_visit("31", "71046"), "71046", "26"), "the reading")
    yield look_alike("PRO128", _of(book.nursing_visit("32", "71046"), "71046", "TC"), "a resident without Part A")


@plant
def equipment_where_nobody_lives(book: Book) -> Entries:
    yield fault("PRO129", _of(book.nursing_visit("31"), "K0001"), 1, "the wheelchair is the facility's")
    yield fault("PRO129", _of(book.inpatient_round(MAIN), "E1390"), 1, "and oxygen the hospital's")
    yield look_alike("PRO129", _of(book.home_visit(), "K0001"), "at home")


@plant
def imaging_at_a_surgical_center(book: Book) -> Entries:
    yield fault("PRO130", _of(book.surgery(), "77003"), 1, "the picture is the center's, the reading needs 26")
    yield look_alike("PRO130", _of(book.surgery(), "77003", "26"), "the reading")
    claim = _of(book.professional("24", ("45378",), _SURGERY_ITSELF, group=SURGERY_GROUP), "77003", "TC")
    yield look_alike("PRO130", claim, "the surgical center's own")
    yield look_alike("PRO130", _of(book.surgery(), "88305"), "pathology is a laboratory's service")


@plant
def purchased_test_without_its_place(book: Book) -> Entries:
    def test(facility: Facility | None) -> Claim:
        claim = _of(book.office_visit(OAK, ("71046",)), "71046", "TC")
        claim.line.purchased_from, claim.line.facility = made_up_npi(196), facility
        return claim

    yield fault("FMT117", test(None), 1, "somebody else took the film, and the claim does not say where")
    yield look_alike("FMT117", test(facility_of(ELM)), "with the place")
