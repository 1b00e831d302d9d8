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
from dataclasses import dataclass
from typing import Literal

from synthetic.book import Book
from synthetic.claims import Claim
from synthetic.system import Site

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
