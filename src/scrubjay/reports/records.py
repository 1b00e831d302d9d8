"""One row per finding: JSON, JSON lines and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from scrubjay.engine import Report
from scrubjay.reports.wording import site_of, value

CSV_COLUMNS = (
    "severity", "rule", "name", "outcome", "consequence", "file", "transaction", "claim_id", "line_number",
    "line_count", "site_id", "payer", "service_date", "element", "byte_offset", "row_number", "message", "missing", "fix", "fix_safety",
    "billed_amount", "correct_amount", "exposure_amount", "program_amount", "beneficiary_amount", "payer_policy", "authority", "basis", "fingerprint",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]{2}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


_encode = json.JSONEncoder(ensure_ascii=False).encode


def dumps(given: Any) -> str:
    """JSON on one line that a terminal can show: characters that are not printable are written as escapes.

    >>> print(dumps("Zoë\\x1b\\x9b1"))
    "Zoë\\u001b\\u009b1"
    """
    text = _encode(given)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def json_pieces(report: Report) -> Iterator[str]:
    """One JSON document, one finding a line, so that it can be read and compared by eye."""
    return document_pieces(report.as_dict())


def document_pieces(document: dict[str, Any]) -> Iterator[str]:
    """A JSON document, each row of its lists on a line of its own."""
    yield "{\n"
    for number, (key, given) in enumerate(document.items()):
        yield ",\n" if number else ""
        if isinstance(given, list) and given:
            yield f" {dumps(key)}: [\n  " + dumps(given[0])
            for row in given[1:]:
                yield ",\n  " + dumps(row)
            yield "\n ]"
        else:
            yield f" {dumps(key)}: {dumps(given)}"
    yield "\n}\n"


def jsonl_pieces(report: Report) -> Iterator[str]:
    """One JSON object a line; ``type`` says file, intake_problem, finding, mix or summary."""
    for type_, rows in (
        ("file", report.files),
        ("intake_problem", report.intake_problems),
        ("finding", report.findings),
        ("mix", report.mixes),
        ("summary", [report.summary]),
    ):
        for row in rows:
            yield dumps({"type": type_, **row}) + "\n"


def csv_pieces(report: Report) -> Iterator[str]:
    """Findings and intake problems as one table. A cell never begins a spreadsheet formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for problem in report.intake_problems:
        row = {**problem, "rule": problem["problem"], "outcome": "intake_problem", "line_count": 0}
        row["message"] = f"{problem['message']} {problem['advice']}"
        writer.writerow([cell(name, row.get(name)) for name in CSV_COLUMNS])
    for finding in report.findings:
        row = {
            **(finding["exposure"] or {}),
            **finding,
            "site_id": site_of(finding),
            "missing": "; ".join(f"{one['fact']}: {one['because']}" for one in finding["missing"]),
            "fix": "; ".join(f"{key} = {value(new)}" for key, new in finding["fix"].items()),
            "authority": "; ".join(finding["authority"]),
            "basis": " ".join(finding["basis"]),
        }
        writer.writerow([cell(name, row.get(name)) for name in CSV_COLUMNS])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def cell(name: str, given: Any) -> str:
    """The text of a cell; what a spreadsheet would take for a formula begins with an apostrophe, but -3.10 is a number."""
    text = "" if given is None else _CONTROLS.sub("?", str(given))
    if name.endswith("_amount") and _AMOUNT.fullmatch(text):
        return text
    return "'" + text if text.startswith(_FORMULA_STARTS) else text
