"""The other side of each service: the hospital's bill beside a practitioner's claim, and the other way round.

Only for Medicare, whose two sides are laid beside each other, and for the days of which the hospital's claims are given.
"""

from __future__ import annotations

from synthetic.book import LAST_DAY, Book
from synthetic.claims import Claim
from synthetic.system import (
    BRIDGE,
    EMERGENCY,
    HOSPITAL,
    INFUSION,
    MAIN,
    MEDICARE,
    MEDICARE_A,
    PINE,
    PINE_HOSPITAL,
    RIDGE,
)

_HOSPITAL_SPACE = ("main_campus", "provider_based_department", "remote_location")
_ON_CAMPUS = (MAIN, INFUSION, RIDGE, BRIDGE)
_VISITS = ("0360", "0361", "0450", "0510", "0750")  # revenue codes beside which a practitioner bills, too
_OTHER = {"professional": "institutional", "institutional": "professional"}
_FACILITY_CODES = {"93000": "93005", "93010": "93005"}  # of a tracing


def complete(book: Book) -> None:
    """Write the other side of every claim that has none, unless its story is that it stands alone."""
    there: set[tuple[str, str, str, str]] = {(claim.kind, *_day(claim)) for claim in book.claims}
    for claim in list(book.claims):
        write = bill_beside if claim.kind == "professional" else visit_beside
        if _has_other_side(claim) and (_OTHER[claim.kind], *_day(claim)) not in there:
            there.add((_OTHER[claim.kind], *_day(claim)))
            write(book, claim)


def _day(claim: Claim) -> tuple[str, str, str]:
    return claim.patient.member_id, claim.patient.first_name, claim.first_date.isoformat()


def _has_other_side(claim: Claim) -> bool:
    if claim.is_alone or claim.is_archived or claim.first_date > LAST_DAY:
        return False
    if claim.kind == "institutional":
        return (
            claim.payer is MEDICARE_A and claim.place == "13" and any(line.revenue in _VISITS for line in claim.lines)
        )
    is_registered = "outpatient" in (claim.registration, *(line.registration for line in claim.lines))
    is_in_hospital = claim.site is not None and claim.site.site_type in _HOSPITAL_SPACE
    return claim.payer is MEDICARE and claim.place in ("19", "22", "23") and is_registered and is_in_hospital


def bill_beside(book: Book, claim: Claim) -> Claim:
    """The hospital's bill for what a practitioner billed: G0463 for a visit, else the same procedures."""
    site = claim.site or MAIN
    is_pine = site.hospital_id == PINE.hospital_id
    codes = [_facility_code(line.procedure) for line in claim.lines if line.place in ("", claim.place)]
    if claim.place == "23":
        codes.append("99284")
    return book.hospital(
        list(dict.fromkeys(codes)),
        site=site,
        bill="85" if is_pine else "13",
        group=PINE_HOSPITAL if is_pine else HOSPITAL,
        day=claim.first_date,
        patient=claim.patient,
    )


def _facility_code(procedure: str) -> str:
    is_visit = procedure.startswith("992") and not "99281" <= procedure <= "99292"
    return "G0463" if is_visit else _FACILITY_CODES.get(procedure, procedure)


def visit_beside(book: Book, bill: Claim) -> Claim:
    """The practitioner's claim for the first visit or procedure on a hospital's bill."""
    site, day, who = bill.site or MAIN, bill.first_date, bill.patient
    procedure = next(line.procedure for line in bill.lines if line.revenue in _VISITS)
    if site is EMERGENCY or procedure.startswith("9928"):
        return book.emergency_visit(site, "99283" if procedure == "G0463" else procedure, day=day, patient=who)
    place = "22" if site in _ON_CAMPUS else "19"
    return book.department_visit(site, place, ("99213" if procedure == "G0463" else procedure,), day=day, patient=who)
