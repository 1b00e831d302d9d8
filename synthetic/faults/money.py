"""Money: prices that CMS has in one setting only, charges below the fee, items that are cut at an excepted department."""

from __future__ import annotations

from synthetic.book import Book
from synthetic.claims import Claim
from synthetic.faults.plant import Entries, cannot_tell, fault, look_alike, plant
from synthetic.system import ELM, NORTH, OAK


def _coded(claim: Claim, procedure: str, charge: int) -> Claim:
    """The claim with another procedure on its line."""
    claim.line.procedure, claim.line.charge = procedure, charge
    return claim


@plant
def procedure_priced_only_in_facilities(book: Book) -> Entries:
    claim = _coded(book.office_visit(OAK, ("20610",)), "29881", 1900)
    yield fault("PRO131", claim, 1, "an arthroscopy of the knee in an office, where CMS prints NA")
    yield look_alike("PRO131", _coded(book.surgery("45378"), "29881", 1900), "at a surgical center it has a price")


@plant
def charge_below_the_fee(book: Book) -> Entries:
    claim = _coded(book.office_visit(OAK, ("99213",)), "99213", 80)
    yield fault("PRO133", claim, 1, "the charge was made for the facility rate")
    claim = _coded(book.department_visit(NORTH, "19", ("99213",)), "99213", 80)
    yield look_alike("PRO133", claim, "above the fee in a department")
    claim = book.office_visit(ELM, ("20610",))
    claim.line.modifiers = ("22",)
    yield cannot_tell("PRO133", claim, 1, "what modifier 22 adds to the fee is not worked out")


@plant
def cut_item_without_po(book: Book) -> Entries:
    claim = book.hospital(("96413",), site=NORTH)
    claim.line.modifiers = ()
    yield fault("DEP113", claim, 1, "no modifier on an infusion")
    yield fault("DEP120", claim, 1, "so it is paid in full instead of 40 percent", beside="DEP113")
    claim = book.hospital(("20610",), site=NORTH)
    yield look_alike("DEP120", claim, "an injection into a joint is paid in full with PO, too")
