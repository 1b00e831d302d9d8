"""What is planted, family by family: importing this package fills `PLANTS`.

A family may need sites, practitioners and payers that the system has for nothing else; they stand in its module.
"""

from __future__ import annotations

from itertools import chain

from synthetic.faults import (
    address,
    component,
    department,
    form,
    money,
    notice,
    pair,
    pattern,
    payer,
    place,
    practitioner,
    procedure,
    setting,
    telehealth,
    window,
)
from synthetic.faults.plant import PLANTS, Entry
from synthetic.system import Payer, Practitioner, Site

__all__ = ["PAYERS", "PLANTS", "POLICIES", "PRACTITIONERS", "SITES", "Entry"]

_FAMILIES = (
    form,
    setting,
    department,
    address,
    practitioner,
    telehealth,
    procedure,
    component,
    place,
    payer,
    notice,
    money,
    pattern,
    window,
    pair,
)
SITES: tuple[Site, ...] = tuple(chain.from_iterable(getattr(one, "SITES", ()) for one in _FAMILIES))
PRACTITIONERS: tuple[Practitioner, ...] = tuple(
    chain.from_iterable(getattr(one, "PRACTITIONERS", ()) for one in _FAMILIES)
)
POLICIES: dict[str, str] = {  # name → text of a policy file
    name: text for one in _FAMILIES for name, text in getattr(one, "POLICIES", {}).items()
}
PAYERS: tuple[Payer, ...] = tuple(chain.from_iterable(getattr(one, "PAYERS", ()) for one in _FAMILIES))
