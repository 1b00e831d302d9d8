"""Rule pages, claims and registries for tests: an ordinary one, changed only in what the test is about."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scrubjay.reference.law import Law, load_laws
from scrubjay.rule import HEADINGS, Rule, read_rule
from tests.formats.x12_text import LINE_BY_LINE, billing_provider, claim, file_of, line

# --- rule pages ---------------------------------------------------------------------------------------

FRONT: dict[str, str] = {
    "code": "TST101",
    "grain": "service_line",
    "severity": "error",
    "unknown": "hold",
    "consequence": "overpayment",
    "status": "stable",
    "since": "0.1.0",
    "basis": "[S15]",
    "authority": "[42 CFR 413.65]",
    "applies": "has_place_of_service",
    "violates": "is_provider_based",
    "message": "POS {place_of_service_code} is wrong.",
    "evidence": "[place_of_service_code, site_name]",
}
PAGE_FILE = "TST101-a-wrong-place.md"
BODY = "# A wrong place\n\n" + "\n".join(f"## {heading}\n\nSome words.\n" for heading in HEADINGS)


def page(body: str = BODY, without: Iterable[str] = (), **front: str) -> str:
    """The text of a rule page that is in order, but for the keys given and those left out."""
    keys = {key: text for key, text in {**FRONT, **front}.items() if key not in without}
    return "---\n" + "".join(f"{key}: {text}\n" for key, text in keys.items()) + "---\n\n" + body


def make_rule(applies: str, violates: str, laws: dict[str, Law] | None = None, **front: str) -> Rule:
    """A rule with these two conditions."""
    folded = {"applies": f">\n  {applies}", "violates": f">\n  {violates}", **front}
    return read_rule(page(**folded), PAGE_FILE, load_laws() if laws is None else laws)


# --- claims -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facility:
    """A service facility as NM1*77 names it."""

    name: str = "NORTH CLINIC"
    npi: str = ""
    street: str = "1 MAIN ST"
    suite: str = ""
    zip_code: str = "900010001"

    def segments(self) -> list[str]:
        named = f"NM1*77*2*{self.name}" + (f"*****XX*{self.npi}" if self.npi else "")
        return [named, f"N3*{self.street}" + (f"*{self.suite}" if self.suite else ""), f"N4*TOWN*CA*{self.zip_code}"]


@dataclass(frozen=True)
class Line:
    """A service line (2400)."""

    pos: str = ""
    procedure: str = "99213"
    day: str = "20240305"
    facility: Facility | None = None


@dataclass(frozen=True)
class Claim:
    """A professional claim (2300)."""

    id: str = "A1"
    pos: str = "11"
    lines: tuple[Line, ...] = (Line(),)
    facility: Facility | None = None


@dataclass(frozen=True)
class Patient:
    """The subscriber, who is the patient."""

    last: str = "DOE"
    first: str = "JANE"
    member: str = "MEMBER1"
    street: str = "9 PATIENT RD"
    city: str = "ANYTOWN"
    zip_code: str = "900091234"
    born: str = "19450102"


@dataclass(frozen=True)
class Batch:
    """An 837P file."""

    claims: tuple[Claim, ...]
    filing_code: str = "MB"
    made: str = "20240310"
    patient: Patient = field(default_factory=Patient)

    def text(self) -> str:
        who = self.patient
        levels = [
            *billing_provider(name="BILLING GROUP"),
            "HL*2*1*22*0",
            f"SBR*P*18*******{self.filing_code}",
            f"NM1*IL*1*{who.last}*{who.first}****MI*{who.member}",
            f"N3*{who.street}",
            f"N4*{who.city}*CA*{who.zip_code}",
            f"DMG*D8*{who.born}*F",
            "NM1*PR*2*THE PAYER*****PI*PAYER1",
        ]
        claims: list[str] = []
        for one in self.claims:
            claims += claim(one.id, one.pos, str(100 * len(one.lines)))
            claims += one.facility.segments() if one.facility else []
            for number, each in enumerate(one.lines, 1):
                claims += line(number, each.procedure, each.pos, each.day)
                claims += each.facility.segments() if each.facility else []
        return file_of(levels, claims, day=self.made, delimiters=LINE_BY_LINE)

    def write(self, path: Path) -> Path:
        path.write_text(self.text(), encoding="ascii")
        return path


def write_csv(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """A CSV file of these rows; a column that a row does not name is blank in it."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


# --- a workspace --------------------------------------------------------------------------------------

# NORTH is hospital space on campus, SOUTH a freestanding office; both since always.
SITES: tuple[dict[str, str], ...] = (
    {
        "site_id": "NORTH", "site_name": "North Clinic", "site_type": "provider_based_department", "npi": "none",
        "address_line_1": "1 Main Street", "zip": "90001", "provider_based_from": "2010-01-01",
        "is_on_hospital_campus": "true",
    },
    {
        "site_id": "SOUTH", "site_name": "South Office", "site_type": "freestanding_office", "npi": "none",
        "address_line_1": "2 Main Street", "zip": "90001", "is_on_hospital_campus": "false",
        "is_separately_maintained": "true",
    },
)  # fmt: skip
NORTH = Facility()
SOUTH = Facility(name="SOUTH OFFICE", street="2 MAIN ST")
NOWHERE = Facility(name="NOBODY KNOWS", street="77 ELM ST")
VISIT_DAY = dt.date(2024, 3, 5)


def write_workspace(folder: Path, **registries: Iterable[Mapping[str, Any]]) -> Path:
    """A workspace with these registries; with the two sites above if none is given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scrubjay.toml").touch()
    for name, rows in (registries or {"sites": SITES}).items():
        write_csv(folder / f"{name}.csv", rows)
    return folder
