"""The hold list: the claims that must not go out yet, and what each waits for: a day, or somebody's answer."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Iterator
from typing import Any

from scrubjay.engine import Report, Row
from scrubjay.errors import printable
from scrubjay.reports.records import cell
from scrubjay.reports.wording import count, office

HOLD_FORMATS = ("text", "json", "csv")
_COLUMNS = ("held_until", "ask", "file", "claim_id", "lines", "site_id", "payer", "service_date", "rules", "because")
_SHOWN = 20  # claims of a group in the text; JSON and CSV have them all


def hold_rows(report: Report) -> list[Row]:
    """The claims (and sites) with a finding on hold, those that wait for a day alone first, the earliest first.

    ``held_until`` is the first day on which nothing that goes by days holds the claim, None where no day does;
    ``ask`` who must answer besides. ``report`` has a finding for every line.
    """
    held: dict[tuple[Any, ...], list[Row]] = {}
    for finding in report.findings:
        if finding["severity"] == "hold":
            # a file may hold two claims of one id
            where = ("file", "transaction", "claim_id") + (("site_id",) if finding["claim_id"] is None else ())
            held.setdefault(tuple(finding[name] for name in where), []).append(finding)
    rows = [_row(findings) for findings in held.values()]
    return sorted(rows, key=lambda row: (row["ask"], row["held_until"] or ""))  # the sort is stable


def _row(findings: list[Row]) -> Row:
    """What all holds of one claim say together."""
    first = findings[0]
    missing = [one for finding in findings for one in finding["missing"]]
    days = [finding["held_until"] for finding in findings if finding["held_until"]]
    asked = (office(one) for finding in findings if not finding["held_until"] for one in finding["missing"])
    dates = [finding["service_date"] for finding in findings if finding["service_date"]]
    return {
        "held_until": max(days, default=None),
        "ask": sorted(set(asked)),
        **{name: first[name] for name in ("file", "claim_id", "site_id", "payer")},
        "lines": sorted({finding["line_number"] for finding in findings if finding["line_number"] is not None}),
        "service_date": min(dates, default=None),
        "rules": sorted({finding["rule"] for finding in findings}),
        "because": list(dict.fromkeys(one["because"] for one in missing)),
    }


def hold_csv(rows: list[Row]) -> str:
    """The hold list as a table; what one cell holds several of has '; ' between."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        flat = {name: "; ".join(map(str, one)) if isinstance(one, list) else one for name, one in row.items()}
        writer.writerow([cell(name, flat[name]) for name in _COLUMNS])
    return buffer.getvalue()


def hold_text(report: Report, width: int) -> Iterator[str]:
    """The hold list for people: under each day, and each office that must answer, its claims."""
    rows = hold_rows(report)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(_head(row), []).append(row)
    for head, found in groups.items():
        yield _filled(f"{head}: {count(len(found), 'claim')}", width)
        for row in found[:_SHOWN]:
            yield from _claim_lines(row, report, width)
        if len(found) > _SHOWN:
            yield f"  … and {len(found) - _SHOWN:,} more; --format csv lists them all\n"
        yield "\n"
    if unread := report.summary["intake_problems"]["error"]:
        yield _filled(f"{count(unread, 'thing')} could not be read; 'scrubjay check' tells what.", width)
    day = report.summary["run_date"]
    yield f"{count(len(rows), 'claim')} on hold on {day}.\n" if rows else f"Nothing is on hold on {day}.\n"


def _head(row: Row) -> str:
    """What claims wait for, in words."""
    *others, last = row["ask"] or [""]
    if not last:
        return f"Until {row['held_until']}"
    if last.startswith("nobody"):  # none of the offices: the law is silent
        return "Until a law file says it" + (f", and {', '.join(others)} the rest" if others else "")
    return f"Until {', '.join(others)} and {last} answer" if others else f"Until {last} answers"


def _claim_lines(row: Row, report: Report, width: int) -> Iterator[str]:
    what = f"claim {row['claim_id']}" if row["claim_id"] is not None else f"site {row['site_id'] or 'not known'}"
    lines = f", line {', '.join(map(str, row['lines']))}" if row["lines"] else ""
    where = f" ({row['file']})" if row["file"] else ""
    later = f", and not before {row['held_until']}" if row["ask"] and row["held_until"] else ""
    yield _filled(f"{what}{lines}{where}{later}", width, 2)
    for rule in row["rules"]:
        name = report.pages[rule].title if rule in report.pages else rule
        yield _filled(f"{rule}  {name}", width, 4)


def _filled(text: str, width: int, indent: int = 0) -> str:
    first, others = " " * indent, " " * (indent + 2)
    return textwrap.fill(printable(text), width, initial_indent=first, subsequent_indent=others) + "\n"
