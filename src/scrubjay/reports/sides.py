"""The two claims of a pair side by side: what the professional claim says, what the facility's claim says.

`sides` makes of a finding about a pair the rows of a table in words, for every format that has room for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scrubjay.engine import Row
from scrubjay.reports.wording import site_label, value
from scrubjay.tables import FACILITY_CLAIM_FACTS

PROFESSIONAL, FACILITY = "The professional claim", "The facility's claim"
NONE_GIVEN = "None was given for that patient and day."

# What a finding is about, by the evidence, the fix or the missing fact that says so → the row that shows it.
_ROW_OF = {
    "place_of_service_code": "place and bill",
    "paired_place_of_service_code": "place and bill",
    "is_same_place": "site",
    "is_same_service": "codes",
    "procedure_code": "codes",
    "modifiers": "modifiers",
    "action": "codes",  # of two claims for one service one goes
}
_SHOWN = {  # evidence that stands in the table, so that it is not listed below it
    *(name for name in FACILITY_CLAIM_FACTS if name not in ("facility_type_code", "facility_hospital_type")),
    *("billing_provider_npi", "service_date", "site_id", "site_name", "place_of_service_code", "procedure_code", "modifiers"),
    *("has_facility_claim", "is_same_place", "is_same_service", "has_same_service_as_professional_revenue"),
    *("paired_place_of_service_code", "paired_place_of_service_codes"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SideRow:
    """What both claims say of one thing, and how the two compare; empty where nothing is said."""

    name: str
    professional: str
    facility: str
    compared: str = ""
    is_marked: bool = False  # the finding is about this


@dataclass(frozen=True, slots=True)
class Sides:
    """A pair of claims in words."""

    rows: list[SideRow]
    absence: str  # why there is no facility's claim; empty where there is one
    others: Row  # the evidence that belongs to neither claim

    @property
    def is_compared(self) -> bool:
        """Whether a row says how the claims compare."""
        return any(row.compared for row in self.rows)


def sides(finding: Row) -> Sides | None:
    """Both claims of a finding about a pair; None for every other finding, and where it says nothing of the facility's."""
    evidence = finding["evidence"]
    absence = facility_absence(finding)
    if absence is None:
        return None
    given = {name: evidence.get(name) for name in FACILITY_CLAIM_FACTS} if not absence else {}
    line = finding["line_number"]
    rows = [
        SideRow(name, ours or "", theirs or "", *(("", False) if absence else _compared(name, finding)))
        for name, ours, theirs in (
            ("claim", f"{finding['claim_id']}" + ("" if line is None else f", line {line}"), given.get("facility_claim_id")),
            ("file", finding["file"], given.get("facility_file")),
            ("sender", _named("NPI {}", evidence.get("billing_provider_npi")), given.get("facility_sender")),
            ("date", finding["service_date"] or value(None), _day(given)),
            ("site", site_label(finding) or value(None), facility_site(given) or (value(None) if given else "")),
            ("place and bill", _named("POS {}", evidence.get("place_of_service_code"), "no POS"), _bill(evidence, given)),
            ("codes", _said(evidence, "procedure_code"), _codes(given)),
            ("modifiers", _said(evidence, "modifiers"), _said(given, "facility_modifiers", "none of PO, PN and ER")),
        )
        if ours or theirs
    ]  # fmt: skip
    others = {name: one for name, one in evidence.items() if name not in _SHOWN and (name, one) != ("match_method", "")}
    return Sides(rows, absence, others)


def facility_absence(finding: Row) -> str | None:
    """Why a pair has no facility's claim, as a sentence; empty where it has one, None where the finding does not say."""
    if finding["grain"] != "claim_pair":
        return None
    evidence = finding["evidence"]
    named = [evidence[name] for name in FACILITY_CLAIM_FACTS if name in evidence]
    if any(named) or evidence.get("has_facility_claim"):
        return ""
    if "has_facility_claim" not in evidence:
        return "None was found." if named else None
    if evidence["has_facility_claim"] is False:
        return NONE_GIVEN
    because = [one["because"] for one in finding["missing"] if one["fact"] == "has_facility_claim"]
    return f"Not known: {because[0]}." if because else "Not known."


def _about(finding: Row) -> set[str]:
    """The rows that a finding is about: what is missing, else what its fix changes, else its first evidence."""
    named = [one["fact"] for one in finding["missing"]] or list(finding["fix"]) or list(finding["evidence"])[:1]
    return {_ROW_OF[name] for name in named if name in _ROW_OF}


def _compared(name: str, finding: Row) -> tuple[str, bool]:
    """How the claims compare in a row, in words, and whether the finding is about it."""
    evidence, is_marked = finding["evidence"], name in _about(finding)
    if name == "site":
        words = _same(evidence, "is_same_place", "place")
    elif name == "codes":
        words = _same(evidence, "is_same_service", "service")
        words = words or _same(evidence, "has_same_service_as_professional_revenue", "service")
    else:
        words = ""
    if is_marked and not words:
        words = "not known whether it fits" if finding["missing"] else "does not fit"
    return words, is_marked


def _same(evidence: Row, name: str, what: str) -> str:
    if name not in evidence:
        return ""
    return {True: f"the same {what}", False: f"another {what}", None: "not known whether the same"}[evidence[name]]


def _named(text: str, given: Any, blank: str = "") -> str:
    """A value with its name before it; what a claim leaves blank in words."""
    return "" if given is None else text.format(given) if given != "" else blank


def _said(cells: Row, name: str, blank: str = "none") -> str:
    return _named("{}", cells.get(name), blank)


def _day(given: Row) -> str:
    """The day of the facility's claim: that of the line, or a stay that holds it."""
    bill = given.get("facility_type_of_bill_code") or ""
    return "" if not given else "a stay that holds that day" if bill.startswith(("11", "12")) else "the same day"


def facility_site(given: Row) -> str:
    """The site of the facility's claim, as `site_label` has that of the line; empty where it is not known."""
    site, name = given.get("facility_site_id"), given.get("facility_site_name")
    return f"{name} ({site})" if site and name and name != site else name or site or ""


def paired_codes(evidence: Row) -> str:
    """The place of service that goes with the facility's claim; empty where nothing says so."""
    return evidence.get("paired_place_of_service_code") or evidence.get("paired_place_of_service_codes") or ""


def _bill(evidence: Row, given: Row) -> str:
    """The type of bill, and the place of service that goes with such a claim."""
    bill = _named("type of bill {}", given.get("facility_type_of_bill_code"), "no type of bill")
    paired = paired_codes(evidence)
    return bill + (f", which goes with POS {paired}" if bill and paired else "")


def _codes(given: Row) -> str:
    """The procedures of the facility's claim with its revenue codes."""
    codes, revenue = _said(given, "facility_procedure_codes", "no procedure"), given.get("facility_revenue_codes")
    word = "revenue codes" if " " in (revenue or "") else "revenue code"
    return ", ".join(filter(None, (codes, revenue and f"{word} {revenue}")))
