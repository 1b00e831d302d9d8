"""Setting: does it agree with where the patient was registered?"""

from __future__ import annotations

from synthetic.book import Book
from synthetic.claims import Claim
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.system import (
    ELM,
    OAK,
    TOWER,
)


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
