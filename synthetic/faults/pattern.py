"""Patterns: many lines of one site together against the sites registry.

The lines that make a pattern are faults of their own, each planted as such.
"""

from __future__ import annotations

import datetime as dt

from synthetic.book import Book
from synthetic.claims import Claim
from synthetic.faults.plant import Entries, fault, look_alike, plant
from synthetic.system import COMMERCIAL, FAMILY, INTERNIST, MAIN, MEDICARE, OAK, Payer, Practitioner, Site, department

_SINCE = dt.date(2026, 4, 1)
_EXCEPTED = {"excepted_status": "excepted", "excepted_basis": "mid_build"}
ASPEN = department(290, "RBH-ASPEN", "Riverbend Aspen Clinic", "6 ASPEN WAY", "2300", since="2026-04-01",
                   excepted_status="non_excepted")  # fmt: skip
ALDER = department(291, "RBH-ALDER", "Riverbend Alder Clinic", "8 ASPEN WAY", "2320", since="2026-04-01",
                   excepted_status="non_excepted")  # fmt: skip
BIRCH = department(292, "RBH-BIRCH", "Riverbend Birch Clinic", "14 BIRCH RD", "3100", provider_based_to="2026-04-30",
                   **_EXCEPTED)  # fmt: skip
CEDAR = department(293, "RBH-CEDAR", "Riverbend Cedar Clinic", "90 CEDAR CT", "1700", **_EXCEPTED)
SITES: tuple[Site, ...] = (ASPEN, ALDER, BIRCH, CEDAR)


def _visits(
    book: Book,
    number: int,
    site: Site,
    place: str,
    month: tuple[int, int],
    *,
    payer: Payer = MEDICARE,
    who: Practitioner = INTERNIST,
    registration: str = "outpatient",
) -> list[Claim]:
    """So many visits of patients at a site between two days of 2026, given as numbers of months, both included."""
    first = dt.date(2026, month[0], 1)
    last = dt.date(2026, month[1] + 1, 1) - dt.timedelta(days=1)
    return [
        book.professional(
            place, ("99213",), who, site=site, payer=payer, registration=registration, day=book.day(first, last)
        )
        for _ in range(number)
    ]


@plant
def default_that_outlived_the_day(book: Book) -> Entries:
    _visits(book, 22, ASPEN, "11", (2, 3), registration="none")
    for claim in _visits(book, 24, ASPEN, "11", (5, 5), registration="none"):
        yield fault("DEP101", claim, 1, "one of many at a clinic whose default nobody changed")
    yield fault("MIX101", ASPEN, None, "all lines of May carry the old default")
    yield fault("MIX102", ASPEN, None, "11 before the first provider-based day, and 11 since")
    _visits(book, 22, ALDER, "11", (2, 3), registration="none")
    _visits(book, 24, ALDER, "19", (5, 5))
    yield look_alike("MIX101", MAIN, "a month with an emergency room, inpatients and clinics, each with its own code")
    yield look_alike("MIX102", ALDER, "its neighbour changed the default on the day")


@plant
def default_that_outlived_the_department(book: Book) -> Entries:
    _visits(book, 22, BIRCH, "19", (4, 4))
    for claim in _visits(book, 24, BIRCH, "19", (6, 6), registration="none"):
        yield fault("DEP104", claim, 1, "one of many in rooms that are an office again")
        yield fault("PAR103", claim, 1, "the hospital does not bill there any more", beside="DEP104")
    yield fault("MIX103", BIRCH, None, "all lines of June carry the code of the department that was closed")
    yield fault("MIX106", BIRCH, None, "19 before the last provider-based day, and 19 after it")
    yield look_alike("MIX103", OAK, "an office with a few hospital outpatients")
    yield look_alike("MIX106", ASPEN, "a department that goes on")


@plant
def codes_by_payer_and_by_practitioner(book: Book) -> Entries:
    _visits(book, 24, CEDAR, "19", (6, 6))
    for claim in _visits(book, 22, CEDAR, "11", (6, 6), who=FAMILY, registration="none"):
        yield fault("DEP101", claim, 1, "one of many by a practitioner with an old template")
    yield fault("MIX101", CEDAR, None, "nearly half of the lines of June", beside="MIX105")
    yield fault("MIX105", CEDAR, None, "one practitioner sends 11, the other 19")
    _visits(book, 22, CEDAR, "19", (7, 7))
    for place, number in (("11", 14), ("19", 10)):
        _visits(book, number, CEDAR, place, (7, 7), payer=COMMERCIAL)
    yield fault("MIX104", CEDAR, None, "in July the lines of one plan carry 11 more often than those of Medicare")
    yield look_alike("MIX104", ALDER, "one payer only")
    yield look_alike("MIX105", ALDER, "one practitioner only")
