"""Findings as text, JSON, JSON lines and CSV.

The text report prints one block per finding in the manner of a compiler, because the location is
real: file, transaction, claim, line, element. JSON is described by ``schemas/findings-1.json``.
"""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scrubjay.engine import Report, Row

SCHEMA_FILE = Path(__file__).parent / "schemas" / "findings-1.json"
FORMATS = ("text", "json", "jsonl", "csv")

CSV_COLUMNS = (
    "severity", "rule", "name", "outcome", "consequence", "file", "transaction", "claim_id", "line_number",
    "line_count", "element", "byte_offset", "row_number", "message", "missing", "fix", "fix_safety",
    "exposure_amount", "authority", "basis", "fingerprint",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_report(report: Report, format_: str, width: int = 80) -> Iterator[str]:
    """The report in one of `FORMATS`, as pieces of text to write one after the other."""
    writers: dict[str, Callable[[], Iterator[str]]] = {
        "text": lambda: _text(report, width),
        "json": lambda: _json(report),
        "jsonl": lambda: _jsonl(report),
        "csv": lambda: _csv(report),
    }
    yield from writers[format_]()


def _json(report: Report) -> Iterator[str]:
    """One JSON document, one finding a line, so that it can be read and compared by eye."""
    document = report.as_dict()
    dumps = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode
    yield "{\n"
    for number, (key, value) in enumerate(document.items()):
        yield ",\n" if number else ""
        if isinstance(value, list) and value:
            yield f" {dumps(key)}: [\n  " + dumps(value[0])
            for row in value[1:]:
                yield ",\n  " + dumps(row)
            yield "\n ]"
        else:
            yield f" {dumps(key)}: {dumps(value)}"
    yield "\n}\n"


def _jsonl(report: Report) -> Iterator[str]:
    """One JSON object a line; ``type`` says file, intake_problem, finding or summary."""
    dumps = json.JSONEncoder(ensure_ascii=False).encode
    for type_, rows in (
        ("file", report.files),
        ("intake_problem", report.intake_problems),
        ("finding", report.findings),
        ("summary", [report.summary]),
    ):
        for row in rows:
            yield dumps({"type": type_, **row}) + "\n"


def _csv(report: Report) -> Iterator[str]:
    """Findings and intake problems as one table. A cell never begins a spreadsheet formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for problem in report.intake_problems:
        row = {**problem, "rule": problem["problem"], "outcome": "intake_problem", "line_count": 0}
        row["message"] = f"{problem['message']} {problem['advice']}"
        writer.writerow([_cell(row.get(name)) for name in CSV_COLUMNS])
    for finding in report.findings:
        row = {
            **finding,
            "missing": "; ".join(f"{one['fact']}: {one['because']}" for one in finding["missing"]),
            "fix": "; ".join(f"{key} = {_value(value)}" for key, value in finding["fix"].items()),
            "authority": "; ".join(finding["authority"]),
            "basis": " ".join(finding["basis"]),
        }
        writer.writerow([_cell(row.get(name)) for name in CSV_COLUMNS])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def _value(value: Any) -> str:
    """A value of a fix in words."""
    if value is None:
        return "not known"
    return value if value != "" else "(empty)"


# --- text ---------------------------------------------------------------------------------------------


def _text(report: Report, width: int) -> Iterator[str]:
    def wrapped(text: str) -> str:
        return textwrap.fill(_printable(text), width, initial_indent="  ", subsequent_indent="  ") + "\n"

    for problem in report.intake_problems:
        place = problem["file"]
        place += f":row {problem['row_number']}" if problem["row_number"] is not None else ""
        place += f":@{problem['byte_offset']}" if problem["byte_offset"] is not None else ""
        element = problem["element"] or problem["segment"]
        place += f":{element}" if element else ""
        yield f"{_printable(place)}  {problem['problem']} {problem['severity']}\n"
        yield wrapped(problem["message"])
        yield wrapped(problem["advice"])
    for finding in report.findings:
        yield f"{location(finding)}  {finding['rule']} {finding['severity']}\n"
        count = finding["line_count"]
        if count > 1:
            yield wrapped(f"On {count:,} {'lines' if finding['grain'] == 'service_line' else 'claims'}, first here.")
        yield wrapped(finding["message"])
        suppliers = list(dict.fromkeys(one["supplied_by"] for one in finding["missing"] if one["supplied_by"]))
        longest = [
            one
            for one in suppliers
            if not any(one != other and other.startswith(one.rstrip(")")) for other in suppliers)
        ]
        if longest:
            yield wrapped("ask: " + "; ".join(longest))
        if finding["fix"]:
            changes = ", ".join(f"{_fixed(key, finding)} = {_value(value)}" for key, value in finding["fix"].items())
            yield wrapped(f"fix ({finding['fix_safety']}): {changes}")
    if report.intake_problems or report.findings:
        yield "\n"
    yield from (textwrap.fill(line, width, subsequent_indent="  ") + "\n" for line in _summary(report))


def location(finding: Row) -> str:
    """Where a finding stands: ``july.837:ST0001:CLM*A17:LX*2:SV105``, or the row of a CSV file.

    Control characters out of a file are shown as '?': a claim id must not steer a terminal.
    """
    parts = [finding["file"]]
    if finding["row_number"] is not None:
        parts.append(f"row {finding['row_number']}")
    elif finding["transaction"]:
        parts.append(f"ST{finding['transaction']}")
    parts.append(f"CLM*{finding['claim_id']}")
    if finding["line_number"] is not None:
        parts.append(f"LX*{finding['line_number']}")
    if finding["element"]:
        parts.append(finding["element"])
    return _printable(":".join(parts))


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def _fixed(key: str, finding: Row) -> str:
    """What a fix changes: on a line of an 837 the line's own code, so that no other line changes."""
    return "SV105" if key == "place_of_service_code" and finding["segment"] else key


def _summary(report: Report) -> Iterator[str]:
    summary = report.summary
    lines = summary["lines_by_severity"]
    yield (
        f"{_count(summary['files'], 'file')}, {_count(summary['claims'], 'claim')}, "
        f"{_count(summary['lines'], 'service line')}; {_count(summary['findings'], 'finding')}."
    )
    words = {"error": "error", "hold": "on hold until known", "warning": "warning", "info": "info"}
    found = [f"{words[severity]}: {_count(count, 'line')}" for severity, count in lines.items() if count]
    if found:
        yield "; ".join(found) + "."
    else:
        yield "Nothing to act on."
    if summary["unjudged_claims"]:
        yield f"{_count(summary['unjudged_claims'], 'claim')} not judged: no rule reads institutional or dental claims yet."
    if summary["intake_problems"]["error"]:
        yield f"{_count(summary['intake_problems']['error'], 'intake problem')} of severity error; see above."
    if report.findings:
        yield "'scrubjay rule CODE' explains a rule, 'scrubjay explain FILE --claim ID' a claim."


def _count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> _count(1, "file"), _count(1200, "line")
    ('1 file', '1,200 lines')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def exit_code(report: Report) -> int:
    """0 nothing to act on, 1 something to act on, 2 something could not be read."""
    if any(problem["severity"] == "error" for problem in report.intake_problems):
        return 2
    acts = any(
        finding["severity"] in (("error", "warning") if finding["outcome"] == "violation" else ("hold",))
        for finding in report.findings
    )
    return 1 if acts else 0
