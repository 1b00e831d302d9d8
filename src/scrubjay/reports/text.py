"""The report for a terminal: one block per finding in the manner of a compiler, then the sums.

The location is real: file, transaction, claim, line, element. Unknowns that wait for the same answer
of the same people are one block that lists their rules.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from scrubjay.engine import Report, Row
from scrubjay.errors import printable
from scrubjay.reports.causes import exposure_by_cause, root_causes
from scrubjay.reports.exposure import ExposureRow, exposure_by, exposure_of, exposure_text
from scrubjay.reports.wording import (
    SEVERITIES,
    amount_not_known,
    count,
    fix_text,
    is_same_everywhere,
    lacks_fee_files,
    location,
    moved,
    noun,
    office,
    place,
    site_of,
    title,
    whom_to_ask,
)
from scrubjay.rule import Rule

_WORDS = {"error": "error", "hold": "on hold until known", "warning": "warning", "info": "info"}
_INDENT = "  "
_HANDFUL = 5  # findings with an amount that a reader adds up without a list of the largest


def text_pieces(report: Report, width: int) -> Iterator[str]:
    for problem in report.intake_problems:
        where = problem["file"]
        where += f":row {problem['row_number']}" if problem["row_number"] is not None else ""
        where += f":@{problem['byte_offset']}" if problem["byte_offset"] is not None else ""
        element = problem["element"] or problem["segment"]
        where += f":{element}" if element else ""
        yield f"{printable(where)}  {problem['problem']} {problem['severity']}\n"
        yield _wrapped(problem["message"], width)
        yield _wrapped(problem["advice"], width)
    pages = report.pages
    for block in _blocks(report.findings):
        yield from finding_pieces(block[0], width) if len(block) == 1 else _same_answer(block, pages, width)
    if report.intake_problems or report.findings:
        yield "\n"
    yield from (textwrap.fill(line, width, subsequent_indent=_INDENT) + "\n" for line in _summary(report))


def _blocks(findings: list[Row]) -> list[list[Row]]:
    """The findings in their order, each with those printed below it.

    A violation stands alone. An unknown takes in later ones of other rules that have its severity
    and miss something for the same reasons and from the same people; of other sites too where unknown
    lines are folded and a whole registry is missing, for then one answer settles all sites.
    """
    is_folded = any(finding["line_count"] > 1 for finding in findings)
    blocks: list[list[Row]] = []
    open_: dict[Any, tuple[list[Row], set[Any]]] = {}  # the last block of each kind, and what it holds
    for finding in findings:
        if finding["outcome"] != "unknown":
            blocks.append([finding])
            continue
        reasons = frozenset(one["because"] for one in finding["missing"])
        site = site_of(finding)
        key = (
            finding["severity"],
            reasons,
            frozenset(map(office, finding["missing"])),
            None if is_folded and all(map(is_same_everywhere, reasons)) else site,
        )
        block, held = open_.get(key, ([], set()))
        if not block or (finding["rule"], site) in held:
            block, held = open_[key] = [], set()
            blocks.append(block)
        block.append(finding)
        held.add((finding["rule"], site))
    return blocks


def finding_pieces(finding: Row, width: int) -> Iterator[str]:
    """One finding as a block of lines."""
    amount = moved(finding["exposure_amount"] or "0.00")
    yield f"{location(finding)}  {finding['rule']} {finding['severity']}{'  ' if amount else ''}{amount}\n"
    if finding["line_count"] > 1:
        yield _wrapped(f"On {count(finding['line_count'], noun(finding))}, first here.", width)
    yield _wrapped(finding["message"], width)
    if why := amount_not_known(finding):
        yield _wrapped(why, width)
    if asked := whom_to_ask(finding["missing"]):
        yield _wrapped("ask: " + "; ".join(asked), width)
    if finding["fix"]:
        yield _wrapped(f"fix ({finding['fix_safety']}): {fix_text(finding)}", width)
    if finding["payer_policy"]:
        yield _wrapped(f"policy: {finding['payer_policy']}", width)


def _same_answer(block: list[Row], pages: dict[str, Rule], width: int) -> Iterator[str]:
    """Unknowns of several rules that one answer settles: a line per rule, then what is missing."""
    first = block[0]
    rules = count(len({finding["rule"] for finding in block}), "rule")
    yield f"{location(first)}  {first['severity']}, {rules}\n"
    yield _wrapped("Cannot tell whether these are wrong:", width)
    by_rule: dict[str, list[Row]] = {}
    for finding in block:
        by_rule.setdefault(finding["rule"], []).append(finding)
    for rule, findings in by_rule.items():
        one = findings[0]
        lines = count(sum(finding["line_count"] for finding in findings), noun(one))
        sites = f" at {len(findings)} sites" if len(findings) > 1 else ""
        where = f", first at {_place_in(one, first)}" if _spot(one) != _spot(first) else ""
        text = printable(f"{rule}  {title(one, pages)}: {lines}{sites}{where}")
        yield textwrap.fill(text, width, initial_indent="    ", subsequent_indent=" " * 12) + "\n"
    missing = list({(one["fact"], one["because"]): one for finding in block for one in finding["missing"]}.values())
    for because in dict.fromkeys(one["because"] for one in missing):
        facts = ", ".join(one["fact"] for one in missing if one["because"] == because)
        yield _wrapped(f"Not known: {facts} ({because}).", width)
    if asked := dict.fromkeys(office(one) for one in missing if one["supplied_by"]):
        yield _wrapped("ask: " + ", ".join(asked), width)


def _spot(finding: Row) -> tuple[Any, ...]:
    return (finding["file"], finding["claim_id"], finding["line_number"], site_of(finding))


def _place_in(finding: Row, first: Row) -> str:
    """Where a finding stands, without what it shares with the head of its block."""
    parts = place(finding)
    if finding["file"] != first["file"]:
        return location(finding)
    return ":".join(part for part in parts if not part.startswith("ST")) if finding["claim_id"] else parts[0]


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(printable(text), width, initial_indent=_INDENT, subsequent_indent=_INDENT) + "\n"


def _summary(report: Report) -> Iterator[str]:
    summary = report.summary
    yield (
        f"{count(summary['files'], 'file')}, {count(summary['claims'], 'claim')}, "
        f"{count(summary['lines'], 'service line')}; {count(summary['findings'], 'finding')}."
    )
    found = [f"{_WORDS[severity]}: {_sums(report.findings, severity)}" for severity in SEVERITIES]
    found = [one for one in found if not one.endswith(": ")]
    if found:
        yield "; ".join(found) + "."
    else:
        yield "Nothing to act on."
    yield from _money(report)
    if summary["kept_files"]:
        yield f"{count(summary['kept_files'], 'file')} of the feeds folder read along."
    if summary["unjudged_claims"]:
        yield f"{count(summary['unjudged_claims'], 'claim')} not judged: no rule reads dental claims yet."
    if summary["intake_problems"]["error"]:
        yield f"{count(summary['intake_problems']['error'], 'intake problem')} of severity error; see above."
    if report.findings:
        yield "'scrubjay rule CODE' explains a rule, 'scrubjay explain FILE --claim ID' a claim."


def _money(report: Report) -> Iterator[str]:
    """What the findings move, why no amounts are known where no fee files are loaded, and where most of it is."""
    total = exposure_of(report.findings)
    lacking = {because: findings for because, findings in total.reasons.items() if lacks_fee_files(because)}
    number = sum(map(len, lacking.values()))
    if total.lines or number < len(total.unknown):
        yield f"{exposure_text(total)}."
        of_how_many = f" on {count(number, 'finding')}"
    else:
        of_how_many = ""
    if lacking:
        parts = dict.fromkeys(part for because in lacking for part in because.split("; "))
        reasons = "; ".join(filter(lacks_fee_files, parts))
        yield f"No amounts{of_how_many}: {reasons}. 'scrubjay fees import' loads CMS's files."
    if sum(1 for finding in total.findings if moved(finding["exposure_amount"])) > _HANDFUL:
        causes = root_causes(report.findings)
        names = {
            number: cause.findings[0]["rule"] + (f" at {cause.site_id}" if cause.site_id else "")
            for number, cause in enumerate(causes, 1)
        }
        by_cause = exposure_by_cause(causes)
        is_in_several = sum(row.lines for row in by_cause) > total.lines
        by = "root cause (some lines are in several)" if is_in_several else "root cause"
        yield from _largest(by, [(names[row.key], row) for row in by_cause])
        sites = exposure_by(report.findings, site_of)
        yield from _largest("site", [(row.key or "site not known", row) for row in sites])


def _largest(by: str, rows: list[tuple[str, ExposureRow]]) -> Iterator[str]:
    """The three that move most, if there are several: ``most by site: NORTH $900.00 overpaid; …``."""
    largest = [
        f"{name} {', '.join(filter(None, (moved(row.overpaid), moved(-row.underpaid))))}"
        for name, row in rows[:3]
        if row.moved
    ]
    if len(largest) > 1:
        yield printable(f"most by {by}: {'; '.join(largest)}.")


def _sums(findings: list[Row], severity: str) -> str:
    """How many lines, claims and sites have a finding of this severity: ``13 lines, 1 claim``."""
    nouns = ("line", "claim", "site", "site month", "practitioner", "check")
    sums: dict[str, int] = dict.fromkeys(nouns, 0)
    for finding in findings:
        if finding["severity"] == severity:
            sums[noun(finding)] += finding["line_count"]
    return ", ".join(
        "the check itself" if one == "check" else count(number, one) for one, number in sums.items() if number
    )
