"""Practitioners: who gave the service, who shared the visit, and who may bill it there."""

from __future__ import annotations

from synthetic.book import Book
from synthetic.claims import Claim
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.system import (
    ASSISTANT,
    FAMILY,
    MAIN,
    NORTH,
    NURSE,
    OAK,
    RIDGE,
    Practitioner,
    made_up_npi,
)

SOCIAL_WORKER = Practitioner("OUZEL", "MIA", made_up_npi(210), "LCSW", "1041C0700X")
NEWCOMER = Practitioner("PHOEBE", "NED", made_up_npi(211), "", "")  # nobody has entered yet who this is
PRACTITIONERS = (SOCIAL_WORKER, NEWCOMER)


def _given_by(claim: Claim, who: Practitioner) -> Claim:
    """The claim as it is, of a service that somebody else than its practitioner gave."""
    claim.encounter["performed_by_npi"] = who.npi
    return claim


def _under(claim: Claim, who: Practitioner) -> Claim:
    """The claim billed under a practitioner who also gave the service."""
    claim.practitioner = who
    return _given_by(claim, who)


def _shared(claim: Claim, share: str, decides: str, *, kind: str = "NP", group: str = "true", fs: bool = True) -> Claim:
    """A shared visit: the physician's share of the time, and whether the physician made the decisions."""
    claim.encounter |= {
        "split_practitioner_type": kind,
        "physician_time_share": share,
        "has_physician_decision_making": decides,
        "is_same_group": group,
    }
    if fs:
        claim.line.modifiers = ("FS",)
    return claim


@plant
def nurse_practitioner_under_the_physician(book: Book) -> Entries:
    claim = _given_by(book.department_visit(NORTH, "19", ("99214",)), NURSE)
    yield fault("NPP101", claim, 1, "in a department the nurse practitioner bills herself")
    claim = _given_by(book.department_visit(RIDGE, "22", ("20610",)), ASSISTANT)
    yield fault("NPP101", claim, 1, "a procedure of the physician assistant")
    yield look_alike("NPP101", _given_by(book.office_visit(OAK), NURSE), "in an office it may be incident to")
    claim = _under(book.department_visit(NORTH, "19", ("99214",)), NURSE)
    yield look_alike("NPP101", claim, "billed under her own number")
    claim = book.department_visit(MAIN, "22", ("99214",))
    claim.encounter |= {"performed_by_npi": "", "split_practitioner_type": ""}
    yield cannot_tell("NPP101", claim, 1, "nobody recorded who gave the visit")
    claim = book.department_visit(RIDGE, "22", ("20610",))
    claim.encounter |= {"performed_by_npi": "", "split_practitioner_type": ""}
    yield look_alike("NPP101", claim, "of procedures nothing is asked")


@plant
def staff_under_the_physician(book: Book) -> Entries:
    def by_staff(claim: Claim, kind: str) -> Claim:
        claim.encounter |= {"performed_by_npi": "", "performed_by_type": kind}
        return claim

    claim = by_staff(book.department_visit(MAIN, "22", ("99213",)), "RN")
    yield fault("NPP102", claim, 1, "the work of a nurse in a department is the hospital's")
    claim = by_staff(book.department_visit(RIDGE, "22", ("11042",)), "LPN")
    yield fault("NPP102", claim, 1, "so is a wound that she cleans")
    yield look_alike("NPP102", by_staff(book.office_visit(OAK, ("99212",)), "RN"), "in an office it may be incident to")


@plant
def shared_visit_under_the_physician(book: Book) -> Entries:
    claim = _shared(book.department_visit(NORTH, "19", ("99214",)), "0.3", "false")
    yield fault("NPP103", claim, 1, "the nurse practitioner did the substantive portion")
    claim = _shared(book.inpatient_round(MAIN, "99291"), "0.4", "true")
    yield fault("NPP103", claim, 1, "critical care is measured by time alone")
    claim = _shared(book.department_visit(NORTH, "19", ("99214",)), "0.6", "")
    yield look_alike("NPP103", claim, "the physician had most of the time")
    claim = _shared(book.department_visit(MAIN, "22", ("99214",)), "0.3", "true")
    yield look_alike("NPP103", claim, "the physician made the decisions")
    claim = _shared(book.department_visit(NORTH, "19", ("99214",)), "", "")
    yield cannot_tell("NPP103", claim, 1, "nobody recorded the shares")


@plant
def shared_visit_under_the_assistant(book: Book) -> Entries:
    def visit(share: str, decides: str) -> Claim:
        return _shared(_under(book.inpatient_round(MAIN, "99232"), ASSISTANT), share, decides, kind="PA")

    yield fault("NPP104", visit("0.7", "true"), 1, "the physician had the time and made the decisions")
    yield look_alike("NPP104", visit("0.3", "true"), "each did a substantive portion, and either may bill")
    yield cannot_tell("NPP104", visit("", ""), 1, "nobody recorded the shares")


@plant
def shared_visit_without_its_modifier(book: Book) -> Entries:
    def visit(group: str) -> Claim:
        claim = book.department_visit(MAIN, "22", ("99214",))
        return _shared(claim, "0.7", "true", group=group, fs=False)

    yield fault("NPP105", visit("true"), 1, "FS is due on every shared visit")
    yield look_alike("NPP105", visit("false"), "two groups share no visit")
    yield cannot_tell("NPP105", visit(""), 1, "nobody recorded whether they are in one group")


@plant
def shared_visit_of_nobody(book: Book) -> Entries:
    claim = _shared(book.inpatient_round(MAIN, "99232"), "0.8", "true", group="false")
    yield fault("NPP106", claim, 1, "two groups share no visit")
    claim = book.department_visit(NORTH, "19", ("99214",))
    claim.line.modifiers = ("FS",)
    yield fault("NPP106", claim, 1, "only the physician took part")
    claim = _shared(book.department_visit(MAIN, "22", ("99214",)), "0.7", "true")
    yield look_alike("NPP106", claim, "both of one group took part")
    claim = _shared(book.inpatient_round(MAIN, "99233"), "0.8", "true", group="")
    yield cannot_tell("NPP106", claim, 1, "nobody recorded whether they are in one group")


@plant
def shared_visit_in_an_office(book: Book) -> Entries:
    claim = book.office_visit(OAK, ("99214",))
    claim.line.modifiers = ("FS",)
    yield fault("NPP107", claim, 1, "no visit is shared in an office")
    claim = _shared(book.nursing_visit("31", "99309"), "0.6", "true")
    yield look_alike("NPP107", claim, "a skilled nursing facility is a facility")


@plant
def shared_procedure(book: Book) -> Entries:
    claim = _shared(book.department_visit(MAIN, "22", ("99213", "20610")), "0.6", "true")
    claim.lines[1].modifiers = ("FS",)
    yield fault("NPP108", claim, 2, "a procedure is never shared")
    claim = _shared(book.department_visit(MAIN, "22", ("99213", "20610")), "0.6", "true")
    yield look_alike("NPP108", claim, "only the visit beside it is")


@plant
def residents_alone(book: Book) -> Entries:
    claim = _under(book.home_visit("99348"), FAMILY)
    claim.line.modifiers = ("GE",)
    yield fault("NPP109", claim, 1, "a home is no primary care center")
    claim = book.department_visit(MAIN, "22", ("99213",))
    claim.line.modifiers = ("GE",)
    yield look_alike("NPP109", claim, "the clinic of the program may be one")


@plant
def partial_hospitalization(book: Book) -> Entries:
    def session(who: Practitioner) -> Claim:
        claim = book.professional("52", ("99213",), who, site=MAIN, registration="outpatient")
        claim.line.procedure = "90853"
        return claim

    yield fault("NPP110", session(SOCIAL_WORKER), 1, "her work belongs to the program")
    yield look_alike("NPP110", session(FAMILY), "a physician is paid beside the program")
    yield cannot_tell("NPP110", session(NEWCOMER), 1, "nobody entered who the practitioner is")
