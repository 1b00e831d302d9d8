"""Which findings one action clears: the to-do list behind the many findings.

Most place of service errors are one setting of one site, and most unknowns wait for one registry or
one answer. A root cause is the place where the work is done:

* of violations: one rule at one site;
* of unknowns: what is missing and why, whatever rule asks for it. Where a whole registry is missing,
  the site does not matter; where a cell of it is blank, it is that cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from scrubjay.engine import BLANK_IN_REGISTRY, Row
from scrubjay.reports.exposure import KEYS, ExposureRow, exposure_by, exposure_of, largest_first
from scrubjay.reports.wording import (
    SEVERITIES,
    fix_text,
    is_same_everywhere,
    noun,
    office,
    page_section,
    site_label,
    site_of,
    title,
)
from scrubjay.rule import Rule
from scrubjay.tables import SITE_GRAINS


@dataclass
class RootCause:
    """What one action may clear: the findings that share it, in the order of the files."""

    outcome: str
    severity: str  # the worst of its findings
    site_id: str | None
    site: str | None  # the site in words
    findings: list[Row] = field(default_factory=list)

    @cached_property
    def rules(self) -> dict[str, Row]:
        """The first finding of each rule, by code; the rules of the worst severity first."""
        first: dict[str, Row] = {}
        for finding in self.findings:
            first.setdefault(finding["rule"], finding)
        return dict(sorted(first.items(), key=lambda one: (SEVERITIES.index(one[1]["severity"]), one[0])))

    @cached_property
    def missing(self) -> list[Row]:
        """The missing facts of all its findings, each once."""
        return list({(one["fact"], one["because"]): one for f in self.findings for one in f["missing"]}.values())

    @cached_property
    def offices(self) -> list[str]:
        """Who is asked, without what they are to look up."""
        return list(dict.fromkeys(office(one) for one in self.missing if one["supplied_by"]))

    @cached_property
    def size(self) -> int:
        """Lines (claims, sites) with one of its findings; one with two findings counts twice."""
        return sum(finding["line_count"] for finding in self.findings)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The size, by what the findings are about."""
        sums: dict[str, int] = {}
        for finding in self.findings:
            sums[noun(finding)] = sums.get(noun(finding), 0) + finding["line_count"]
        return sums

    @cached_property
    def claim_count(self) -> int | None:
        """How many claims; None where folded findings do not say."""
        if any(finding["line_count"] > 1 for finding in self.findings):
            return None
        return len({(finding["file"], finding["claim_id"]) for finding in self.findings if finding["claim_id"]})

    @cached_property
    def changes(self) -> list[tuple[str, str]]:
        """The fixes its findings offer, with their safety: each once, at most three."""
        found = dict.fromkeys((fix_text(one), one["fix_safety"]) for one in self.findings if one["fix"])
        return list(found)[:3]

    @cached_property
    def exposure(self) -> ExposureRow:
        """What its own findings move, whatever other causes find on the same lines."""
        return exposure_of(self.findings)


def site_labels(findings: list[Row]) -> dict[str, str]:
    """Each site of the findings in words, by its own short name; some findings know its name, others do not."""
    labels: dict[str, str] = {}
    for finding in findings:
        site = site_of(finding)
        if site and labels.get(site, site) == site:
            labels[site] = site_label(finding) or site
    return labels


def root_causes(findings: list[Row]) -> list[RootCause]:
    """The root causes of these findings: the worst first, then the largest."""
    labels = site_labels(findings)
    causes: dict[Any, RootCause] = {}
    for finding in findings:
        key, site_id = _key(finding)
        if key not in causes:
            causes[key] = RootCause(finding["outcome"], finding["severity"], site_id, labels.get(site_id or ""))
        cause = causes[key]
        cause.severity = min(cause.severity, finding["severity"], key=SEVERITIES.index)
        cause.findings.append(finding)
    return sorted(causes.values(), key=lambda cause: (SEVERITIES.index(cause.severity), -cause.size))


def _key(finding: Row) -> tuple[Any, str | None]:
    """What the finding is grouped by, and the site where that is part of it."""
    site = site_of(finding)
    if finding["outcome"] == "violation":
        return ("violation", finding["rule"], site), site
    reasons = frozenset(
        (one["because"], one["fact"] if one["because"] == BLANK_IN_REGISTRY else "") for one in finding["missing"]
    )
    is_of_many_sites = finding["grain"] in SITE_GRAINS and finding["line_count"] > 1
    if is_of_many_sites or all(is_same_everywhere(because) for because, _ in reasons):
        site = None
    return ("unknown", reasons, site), site


def cause_title(cause: RootCause, pages: dict[str, Rule]) -> str:
    """What is wrong, or not known, in one line."""
    if cause.outcome == "violation":
        return title(cause.findings[0], pages)
    reasons = []
    for because in dict.fromkeys(one["because"] for one in cause.missing):
        meanings = [one["meaning"].partition(":")[0] for one in cause.missing if one["because"] == because]
        if because == BLANK_IN_REGISTRY:
            reasons.append(f"blank in the registry: {', '.join(meanings)}")
        else:
            reasons.append(because)
    text = "; ".join(reasons)
    return text[0].upper() + text[1:]


def cause_action(cause: RootCause, pages: dict[str, Rule]) -> list[str]:
    """What clears it, as paragraphs of text: whom to ask for what, or the remedy of the rule page."""
    if cause.outcome == "unknown":
        named = dict.fromkeys(one["supplied_by"] for one in cause.missing)
        return [
            f"Ask {who or 'whoever knows'}: "
            + "; ".join(one["meaning"] for one in cause.missing if one["supplied_by"] == who)
            + "."
            for who in named
        ]
    changes = [f"Change {text} ({safety})." for text, safety in cause.changes]
    page = pages.get(cause.findings[0]["rule"])
    remedy = page_section(page.body, "Remedy").split("\n\n") if page else []
    return [*changes, *(" ".join(one.split()) for one in remedy)]


def exposure_by_cause(causes: list[RootCause]) -> list[ExposureRow]:
    """What each root cause moves, the largest first; the key is its number in the list, from 1.

    A line may be in two of them, so their sum may be more than what all findings move.
    """
    return largest_first(exposure_of(cause.findings, number) for number, cause in enumerate(causes, 1))


def exposure_tables(
    findings: list[Row], causes: list[RootCause], pages: dict[str, Rule]
) -> dict[str, list[tuple[str, ExposureRow]]]:
    """What the findings move by root cause, site, payer and month: each row with its name in words."""
    labels = site_labels(findings)
    titles = {
        number: cause_title(cause, pages) + (f" at {cause.site}" if cause.site else "")
        for number, cause in enumerate(causes, 1)
    }
    tables = {"root cause": [(titles[row.key], row) for row in exposure_by_cause(causes)]}
    for name, key in KEYS.items():
        tables[name] = [
            (labels.get(row.key, row.key) or f"{name} not known", row) for row in exposure_by(findings, key)
        ]
    return tables
