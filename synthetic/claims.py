"""A claim as a billing office thinks of it, before it is written in a format."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from synthetic.system import Address, Group, Patient, Payer, Practitioner, Site

FIRST_FILE = dt.date(2026, 2, 3)


@dataclass(slots=True)
class Facility:
    """A service facility as the claim names it; no ``npi``: the claim gives none."""

    name: str
    address: Address
    npi: str = ""


def facility_of(site: Site) -> Facility:
    """The service facility of a practitioner's claim for care at this site."""
    return Facility(site.name.upper(), site.address, site.npi)


def pecos_facility_of(site: Site) -> Facility:
    """The service facility of a hospital's claim: the address as PECOS prints it."""
    return Facility(site.name.upper(), site.pecos_address, site.npi)


@dataclass(slots=True)
class Line:
    """A service line. ``place`` is SV105, sent where it differs from the claim's."""

    procedure: str
    charge: int
    date: dt.date
    modifiers: tuple[str, ...] = ()
    revenue: str = ""
    place: str = ""
    facility: Facility | None = None
    site_id: str = ""  # what registration knows of this line alone
    registration: str = ""
    encounter: dict[str, str] = field(default_factory=dict)  # more columns of its row of the encounters registry
    purchased_from: str = ""  # NPI of the seller of a purchased service


@dataclass(slots=True)
class Claim:
    """A professional or institutional claim, and what registration knows about its encounter."""

    kind: Literal["professional", "institutional"]
    group: Group
    patient: Patient
    payer: Payer
    place: str  # place of service; facility type of a hospital's claim: 13
    lines: list[Line]
    practitioner: Practitioner
    facility: Facility | None = None
    diagnosis: str = "I10"
    frequency: str = "1"
    original_number: str = ""  # the payer's number of the claim that is replaced
    admitted: dt.date | None = None
    registration: str = ""  # encounters registry: none, outpatient, inpatient; blank: nobody said
    site_id: str = ""  # encounters registry
    site: Site | None = None  # where the patient was
    is_alone: bool = False  # the other side has sent nothing, see pairs.py
    condition_codes: tuple[str, ...] = ()  # of a hospital's claim
    has_custody_exception: str = ""
    encounter: dict[str, str] = field(default_factory=dict)  # more columns of its row of the encounters registry
    form: str = ""  # archive.csv: paper or electronic
    received: dt.date | None = None
    paid: dt.date | None = None
    claim_id: str = field(default="", compare=False)  # given when all claims are known

    @property
    def line(self) -> Line:
        """The first line."""
        return self.lines[0]

    @property
    def is_archived(self) -> bool:
        """Whether it stands in archive.csv instead of an 837 file."""
        return bool(self.form)

    @property
    def first_date(self) -> dt.date:
        return min(line.date for line in self.lines)

    @property
    def last_date(self) -> dt.date:
        return max(line.date for line in self.lines)

    @property
    def sent(self) -> dt.date:
        """The day its file was made: the third of the month after its last service."""
        last = self.last_date
        return max(FIRST_FILE, dt.date(last.year + last.month // 12, last.month % 12 + 1, 3))
