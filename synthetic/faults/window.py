"""The payment window before an admission: PD, condition code 51, and claims that have to wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from synthetic.book import FIRST_DAY, LAST_DAY, Book
from synthetic.claims import Claim, Line
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.feeds import at, cancelled_admission, stay
from synthetic.system import ADVANTAGE, ELM, MAIN, MEDICARE, NORTH, OAK, PINE, Address, Payer, Site, made_up_npi


def _practice(number: int, site_id: str, name: str, line_1: str, **columns: str) -> Site:
    """A practice that has to do with the hospital, and is no space of it."""
    address = Address(line_1, zip=f"43997{number:04d}")
    kept = {"hospital_id": "RBH", "hospital_name": "Riverbend Hospital", "is_on_hospital_campus": "false",
            "provider_based_from": "none"}  # fmt: skip
    return Site(site_id, name, "freestanding_office", address, made_up_npi(number), {**kept, **columns})


PARENT = _practice(310, "RH-GORGE", "Gorge Street Cardiology", "3 GORGE ST", ownership="parent_system",
                   is_wholly_operated_by_hospital="false")  # fmt: skip
BLANK_OWNER = _practice(311, "RH-HEATH", "Heath Street Cardiology", "19 HEATH ST")
SITES = (PARENT, BLANK_OWNER)

_TEST, _VISIT = ("71046",), ("99214",)
_COVERED = {"is_part_a_stay": "true"}
_RELATED = {**_COVERED, "is_related_to_admission": "true"}
_ATTESTED = {**_COVERED, "is_related_to_admission": "false", "is_unrelatedness_attested": "true"}


def _admitted(book: Book, claim: Claim, days: int, said: dict[str, str]) -> Claim:
    """The claim of somebody who was admitted so many days later, and what the record says of it."""
    first = claim.first_date + dt.timedelta(days=days)
    book.visits.append(stay(claim.patient, first, first + dt.timedelta(days=2)))
    claim.encounter |= said
    return claim


def _visit(
    book: Book,
    procedures: Sequence[str],
    days: int,
    said: dict[str, str],
    *modifiers: str,
    site: Site = ELM,
    payer: Payer = MEDICARE,
    day: dt.date | None = None,
) -> Claim:
    """A visit or a test in a practice, so many days before an admission to Riverbend Hospital."""
    claim = book.office_visit(site, procedures, payer, day, patient=book.newcomer(payer))
    claim.line.modifiers = modifiers
    return _admitted(book, claim, days, said)


def _bill(book: Book, procedure: str, days: int, said: dict[str, str], *codes: str, site: Site = MAIN) -> Claim:
    """An outpatient bill of the hospital, so many days before an admission, with condition codes."""
    claim = book.hospital((procedure,), site=site, patient=book.newcomer())
    claim.condition_codes = codes
    return _admitted(book, claim, days, said)


@plant
def film_before_an_admission(book: Book) -> Entries:
    yield fault("WIN101", _visit(book, _TEST, 3, _COVERED), 1, "a film of an owned practice, on the third day before")
    claim = _visit(book, _VISIT, 0, _COVERED)
    claim.encounter["service_started_at"] = f"{at(claim.first_date, 9)}"
    yield fault("WIN101", claim, 1, "the morning of the admission: a service of that day needs no relation")
    yield look_alike("WIN101", _visit(book, _TEST, 4, _COVERED), "admitted on the fourth day")
    yield look_alike("WIN101", _visit(book, _TEST, 3, _COVERED, "PD"), "with PD")
    yield look_alike("WIN101", _visit(book, _TEST, 3, _COVERED, site=OAK), "the practice belongs to itself")
    claim = _visit(book, _TEST, 3, _COVERED, site=PARENT)
    yield look_alike("WIN101", claim, "a practice of the parent, which the hospital neither owns nor operates")
    claim = _visit(book, _TEST, 3, {"is_part_a_stay": "false"})
    yield look_alike("WIN101", claim, "Part A does not cover the stay")
    claim = _visit(book, _TEST, 3, {})
    yield cannot_tell("WIN101", claim, 1, "nobody wrote down whether Part A covers the stay")
    claim = _visit(book, _TEST, 3, _COVERED, site=BLANK_OWNER)
    yield cannot_tell("WIN101", claim, 1, "who owns the practice is blank")


@plant
def visit_before_an_admission(book: Book) -> Entries:
    claim = _visit(book, _VISIT, 2, {"is_related_to_admission": "true"})
    book.inpatient_bill(day=claim.first_date + dt.timedelta(days=2), patient=claim.patient)
    yield fault("WIN102", claim, 1, "short of breath, and admitted two days later; the hospital billed Part A")
    yield look_alike("WIN102", _visit(book, _VISIT, 2, _RELATED, "PD"), "with PD")
    yield look_alike("WIN102", _visit(book, _VISIT, 2, _ATTESTED), "unrelated, and a clinician attested it")
    claim = book.office_visit(ELM, _VISIT, patient=book.newcomer())
    book.visits.append(cancelled_admission(claim.patient, claim.first_date + dt.timedelta(days=2)))
    yield look_alike("WIN102", claim, "the admission was taken back an hour later")
    yield cannot_tell("WIN102", _visit(book, _VISIT, 2, _COVERED), 1, "no clinician said whether it is related")
    claim = _visit(book, _VISIT, 2, {**_ATTESTED, "is_unrelatedness_attested": ""})
    yield cannot_tell("WIN102", claim, 1, "said to be unrelated, but nobody attested it")


@plant
def window_of_a_plan(book: Book) -> Entries:
    since = dt.date(2026, 5, 1)  # of the window in the contract

    def visit(first: dt.date, last: dt.date, days: int, *modifiers: str) -> Claim:
        day = book.day(first, last)
        return _visit(book, _VISIT, days, _RELATED, *modifiers, payer=ADVANTAGE, day=day)

    yield fault("WIN103", visit(since, LAST_DAY, 2), 1, "by its contract the plan has Medicare's window since May")
    yield look_alike("WIN103", visit(since, LAST_DAY, 2, "PD"), "with PD")
    yield look_alike("WIN103", visit(since, LAST_DAY, 4), "admitted on the fourth day")
    claim = visit(FIRST_DAY, since - dt.timedelta(days=1), 2)
    yield cannot_tell("WIN103", claim, 1, "of the time before May nobody has read the contract")


@plant
def claim_before_the_window_has_closed(book: Book) -> Entries:
    claim = book.office_visit(ELM, _VISIT, day=dt.date(2026, 8, 31), patient=book.newcomer())
    yield cannot_tell("WIN104", claim, 1, "three days ago, so an admission today would still reach back")
    claim = book.office_visit(ELM, _VISIT, day=dt.date(2026, 7, 30), patient=book.newcomer())
    yield look_alike("WIN104", claim, "the window has passed, and nobody was admitted")
    claim = book.office_visit(OAK, _VISIT, day=dt.date(2026, 8, 31), patient=book.newcomer())
    yield look_alike("WIN104", claim, "the same day, but the practice belongs to itself")


@plant
def outpatient_bill_before_an_admission(book: Book) -> Entries:
    yield fault("WIN105", _bill(book, "71046", 1, _COVERED), 1, "a film of the day before: diagnostic, so it is in")
    claim = _bill(book, "G0463", 2, _RELATED, site=NORTH)
    yield fault("WIN105", claim, 1, "a visit for the same illness, in a department of the hospital")
    yield look_alike("WIN105", _bill(book, "71046", 4, _COVERED), "admitted on the fourth day")
    claim = _bill(book, "G0463", 2, _ATTESTED, "51", site=NORTH)
    yield look_alike("WIN105", claim, "unrelated, attested, and sent with condition code 51")
    claim = book.hospital(("71046",), patient=book.newcomer())
    claim.encounter |= {"admission_status": "admitted", "admitting_hospital_id": PINE.hospital_id, **_COVERED}
    claim.encounter["admitted_at"] = f"{claim.first_date + dt.timedelta(days=1)}"
    yield look_alike("WIN105", claim, "admitted on the next day, but to another hospital")
    claim = _bill(book, "G0463", 2, _COVERED, site=NORTH)
    yield cannot_tell("WIN105", claim, 1, "no clinician said whether the visit is related")


@plant
def modifier_where_the_window_does_not_reach(book: Book) -> Entries:
    yield fault("WIN106", _visit(book, _VISIT, 2, _RELATED, "PD", site=OAK), 1, "the practice belongs to itself")
    claim = _visit(book, _VISIT, 2, _RELATED, "PD", site=PARENT)
    yield fault("WIN106", claim, 1, "a practice of the parent, which the hospital neither owns nor operates")
    yield fault("WIN106", _visit(book, _VISIT, 4, _RELATED, "PD"), 1, "admitted on the fourth day")
    yield fault("WIN106", _visit(book, _VISIT, 2, _ATTESTED, "PD"), 1, "unrelated, and a clinician attested it")
    yield look_alike("WIN106", _visit(book, _VISIT, 2, _RELATED, "PD"), "PD where it is due")
    claim = _visit(book, _VISIT, 2, _COVERED, "PD")
    yield cannot_tell("WIN106", claim, 1, "no clinician said whether it is related")


@plant
def modifier_in_a_department(book: Book) -> Entries:
    def visit(*modifiers: str) -> Claim:
        """A visit in a department, whose facility fee the hospital put on its inpatient bill, as it should."""
        claim = book.department_visit(NORTH, "19", patient=book.newcomer())
        claim.line.modifiers = modifiers
        first = claim.first_date + dt.timedelta(days=2)
        bill = book.inpatient_bill(day=first, patient=claim.patient)
        bill.lines.append(Line("G0463", 180, claim.first_date, revenue="0510"))
        return claim

    yield fault("WIN107", visit("PD"), 1, "the hospital bills its part itself, so no PD is due")
    yield look_alike("WIN107", visit(), "without PD, as it should be")


@plant
def condition_code_for_what_cannot_be_unrelated(book: Book) -> Entries:
    yield fault("WIN108", _bill(book, "71046", 2, _COVERED, "51"), 1, "a film is diagnostic, so nobody can attest it")
    claim = _bill(book, "G0463", 0, _ATTESTED, "51", site=NORTH)
    yield fault("WIN108", claim, 1, "a visit on the day of the admission")
    yield look_alike("WIN108", _bill(book, "G0463", 2, _ATTESTED, "51", site=NORTH), "a visit, and attested")
    claim = _bill(book, "G0463", 2, _COVERED, "51", site=NORTH)
    yield cannot_tell("WIN108", claim, 1, "the code says unrelated, but no clinician attested it")
