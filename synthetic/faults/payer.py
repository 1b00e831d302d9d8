"""Payers: does the claim agree with the payer's own policy?

What the payers of the system want stands in `POLICIES`, found by programme; the ordinary ones take what is sent and
pay one rate.
"""

from __future__ import annotations

from synthetic.book import Book
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.system import BRIDGE, COMMERCIAL, EAST, MAIN, NORTH, OAK, TOWER, Payer, Site, department

WORKERS = Payer("RBPW1", "BIG BEND WORKERS FUND", "workers_compensation", "WC")  # has wishes of its own
HARBOR = Payer("RBPH1", "HARBOR PILOTS FUND", "other", "ZZ")  # nobody has read its manual for years
PAYERS: tuple[Payer, ...] = (WORKERS, HARBOR)

FERN = department(
    180,
    "RBH-FERN",
    "Riverbend Fern Clinic",
    "8 FERN ST",
    "2700",
    excepted_status="excepted",
    excepted_basis="mid_build",
)
SITES: tuple[Site, ...] = (FERN,)


def _policy(program: str, *topics: str, read: str = "2026-11-26", confidence: str = "law") -> str:
    """A policy of a made-up payer; its source is made up, too, and trusted for ever unless it says otherwise."""
    rest = f"    retrieved: {read}\n    source: made up\n    confidence: {confidence}\n"
    head = f"title: A made-up payer\nlevel: payer\nmatches: {{payer_program: {program}}}\ntopics:\n"
    return head + "".join(f"  - {topic}\n{rest}" for topic in topics)


_TAKEN = "topic: place_of_service\n    others: taken"
_22_FOR_ALL = 'topic: place_of_service\n    use: {"19": "22"}\n    others: taken'
_BY_PLACE = "topic: site_differential\n    others: by_place"
_ONE_RATE = "topic: site_differential\n    others: one_rate"
_FEE = 'topic: facility_fee\n    procedures: ["G0463"]\n    revenue_codes: ["0760-0769"]'
_PROFESSIONAL = 'topic: professional_revenue\n    revenue_codes: ["0960-0989"]'
_FACILITY = "topic: service_facility\n    required: true"

_WINDOW = "topic: payment_window\n    applies: as_medicare\n    effective_from: 2026-05-01"

POLICIES: dict[str, str] = {
    **{f"ordinary_{name}": _policy(name, _TAKEN, _ONE_RATE) for name in ("commercial", "medicaid")},
    "ordinary_medicare_advantage": _policy("medicare_advantage", _TAKEN, _ONE_RATE, _WINDOW),
    "workers_fund": _policy(
        "workers_compensation",
        *(_22_FOR_ALL, _BY_PLACE, _FEE, _PROFESSIONAL, _FACILITY),
    ),
    "harbor_pilots": _policy(
        *("other", _TAKEN, _ONE_RATE, _FEE, _PROFESSIONAL, _FACILITY), read="2020-01-01", confidence="read"
    ),
}  # fmt: skip


@plant
def place_that_the_payer_knows_by_another_code(book: Book) -> Entries:
    claim = book.department_visit(NORTH, "19", ("20610",), WORKERS)
    yield fault("PAY101", claim, 1, "the fund wants 22 for every department")
    yield look_alike("PAY101", book.department_visit(NORTH, "22", ("20610",), WORKERS), "as the fund wants it")
    yield look_alike("PAY101", book.department_visit(BRIDGE, "22", ("20610",), WORKERS), "truly on the campus")
    yield look_alike("PAY101", book.department_visit(NORTH, "19", ("20610",), COMMERCIAL), "a plan that takes 19")
    claim = book.department_visit(NORTH, "19", ("20610",), HARBOR)
    yield cannot_tell("PAY101", claim, 1, "its manual was last read years ago")


@plant
def office_code_in_a_hospital_for_another_payer(book: Book) -> Entries:
    claim = book.department_visit(MAIN, "11", ("20610",), WORKERS)
    yield fault("PAY102", claim, 1, "the fund pays by place, and the place is the hospital")
    yield look_alike("PAY102", book.department_visit(MAIN, "11", ("20610",), COMMERCIAL), "a plan with one rate")
    yield look_alike("PAY102", book.office_visit(TOWER, ("20610",), WORKERS), "a true office")
    claim = book.department_visit(MAIN, "11", ("20610",), HARBOR)
    yield cannot_tell("PAY102", claim, 1, "whether it still pays one rate nobody knows")


@plant
def code_that_goes_by_the_payer(book: Book) -> Entries:
    days = sorted(book.day() for _ in range(4))  # the payers take turns, so that their weeks overlap
    for day, (place, payer) in zip(days, (("19", None), ("11", COMMERCIAL)) * 2, strict=True):
        if payer is None:
            book.department_visit(FERN, place, day=day)
        else:
            book.department_visit(FERN, place, payer=payer, day=day)
    yield fault("PAY103", FERN, None, "19 for Medicare and 11 for a plan, in one clinic in the same weeks")
    for _ in range(2):
        book.department_visit(EAST, "22", payer=WORKERS)
    yield look_alike("PAY103", EAST, "22 for one payer among all the 19, since its policy asks for it")


@plant
def clinic_visit_under_a_treatment_room(book: Book) -> Entries:
    claim = book.hospital(("G0463",), payer=WORKERS)
    claim.line.revenue = "0761"
    yield fault("PAY104", claim, 1, "the fund does not pay a visit under a treatment room")
    yield look_alike("PAY104", book.hospital(("G0463",), payer=WORKERS), "a visit under the clinic")
    claim = book.hospital(("G0463",), payer=COMMERCIAL)
    claim.line.revenue = "0761"
    yield look_alike("PAY104", claim, "a plan whose policy says nothing of it")
    claim = book.hospital(("G0463",), payer=HARBOR)
    yield cannot_tell("PAY104", claim, 1, "its manual was last read years ago")


@plant
def practitioner_on_a_hospital_claim(book: Book) -> Entries:
    claim = book.hospital(("99284", "70450"), payer=WORKERS)
    claim.line.revenue = "0981"
    yield fault("PAY105", claim, 1, "the fund does not pay practitioners on a hospital's claim")
    claim = book.hospital(("99284", "70450"), payer=COMMERCIAL)
    claim.line.revenue = "0981"
    yield look_alike("PAY105", claim, "a plan whose policy says nothing of it")
    claim = book.hospital(("99284", "70450"), payer=HARBOR)
    claim.line.revenue = "0981"
    yield cannot_tell("PAY105", claim, 1, "its manual was last read years ago")


@plant
def service_facility_that_the_payer_wants(book: Book) -> Entries:
    claim = book.office_visit(OAK, payer=WORKERS)
    yield fault("PAY106", claim, 1, "at the billing address, but the fund wants it said")
    yield look_alike("PAY106", book.office_visit(TOWER, payer=WORKERS), "it is said")
    yield look_alike("PAY106", book.office_visit(OAK, payer=COMMERCIAL), "a plan whose policy says nothing of it")
    claim = book.office_visit(OAK, payer=HARBOR)
    yield cannot_tell("PAY106", claim, 1, "its manual was last read years ago")
