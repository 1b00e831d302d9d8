"""Findings as SARIF 2.1.0 (OASIS, errata 01), for tools that show the findings of other checkers.

One run. A rule page is a rule, a finding a result, an intake problem a notification of the run. The
level of a result is the severity, with *info* as *note* and *hold* as *warning*: a hold is not known
to be wrong, so *error* would say too much, and the kind *open* that SARIF has for it must carry the
level *none*, which most viewers hide; a line not to be sent must not vanish. ``properties.severity``
has our own word.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scrubjay import __version__
from scrubjay.engine import Report, Row
from scrubjay.errors import printable
from scrubjay.reports.records import dumps
from scrubjay.reports.wording import fix_text, noun, page_section, place, site_of, whom_to_ask
from scrubjay.rule import Rule
from scrubjay.tables import SITE_GRAINS

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "hold": "warning", "warning": "warning", "info": "note"}


def sarif_pieces(report: Report, exit_code: int) -> Iterator[str]:
    """The log, one result a line."""
    pages = report.pages
    codes = dict.fromkeys(finding["rule"] for finding in report.findings)
    names = {finding["rule"]: finding["name"] for finding in report.findings}
    indices = {code: index for index, code in enumerate(codes)}
    problems = dict.fromkeys(problem["problem"] for problem in report.intake_problems)
    files = {file["name"]: index for index, file in enumerate(report.files)}
    rows = {file["name"] for file in report.files if _has_text_rows(file)}
    driver: Row = {
        "name": "Scrubjay",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(code, names[code], pages.get(code)) for code in codes],
        "notifications": [{"id": problem} for problem in problems],
    }
    invocation: Row = {
        "executionSuccessful": not report.summary["intake_problems"]["error"],
        "exitCode": exit_code,
        "toolExecutionNotifications": [_notification(problem, files, rows) for problem in report.intake_problems],
    }
    head = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "artifacts": [_artifact(file) for file in report.files],
        "properties": {"summary": report.summary},
    }
    yield f'{{\n"$schema": {dumps(SCHEMA_URI)},\n"version": "2.1.0",\n"runs": [{{\n'
    for key, given in head.items():
        yield f"{dumps(key)}: {dumps(given)},\n"
    yield '"results": ['
    for number, finding in enumerate(report.findings):
        yield (",\n" if number else "\n") + dumps(_result(finding, indices, files, rows))
    yield "\n]\n}]\n}\n"


def _rule(code: str, name: str, page: Rule | None) -> Row:
    if page is None:
        return {"id": code, "name": name}
    return {
        "id": code,
        "name": name,
        "shortDescription": {"text": _literal(page.title)},
        "fullDescription": {"text": _literal(" ".join(page_section(page.body, "What it does").split()))},
        "help": {"text": _literal(page.body), "markdown": page.body},
        "defaultConfiguration": {"level": _LEVELS[page.severity]},
        "properties": {
            "authority": list(page.authority),
            "basis": list(page.basis),
            "consequence": page.consequence,
            "severity": page.severity,
            "unknown": page.unknown,
            "status": page.status,
        },
    }


def _artifact(file: Row) -> Row:
    return {
        "location": {"uri": uri(file["name"])},
        "length": file["bytes"],
        "roles": ["analysisTarget"],
        "properties": {name: file[name] for name in ("kind", "claims", "lines", "remittances")},
    }


def _result(finding: Row, indices: dict[str, int], files: dict[str, int], rows: set[str]) -> Row:
    own = ("outcome", "severity", "grain", "consequence", "evidence", "missing", "exposure_amount", "exposure", "payer",
           "service_date", "law_versions", "authority", "row_number")  # fmt: skip
    result: Row = {
        "ruleId": finding["rule"],
        "ruleIndex": indices[finding["rule"]],
        "level": _LEVELS[finding["severity"]],
        "message": {"text": _literal(_message(finding))},
        "locations": [_location(finding, files, rows)],
        "partialFingerprints": {"scrubjay/v1": finding["fingerprint"]},
        "properties": {
            **{name: finding[name] for name in own},
            "site_id": site_of(finding),
            "fix": finding["fix"],
            "fix_safety": finding["fix_safety"],
        },
    }
    if finding["line_count"] > 1:
        result["occurrenceCount"] = finding["line_count"]
    return result


def _message(finding: Row) -> str:
    """The sentence of the finding, and what to do: a viewer may show nothing else."""
    parts = [finding["message"]]
    if finding["line_count"] > 1:
        parts.append(f"On {finding['line_count']:,} {noun(finding)}s; this is the first.")
    if asked := whom_to_ask(finding["missing"]):
        parts.append(f"Ask: {'; '.join(asked)}.")
    if finding["fix"]:
        parts.append(f"Fix ({finding['fix_safety']}): {fix_text(finding)}.")
    return " ".join(parts)


def _location(finding: Row, files: dict[str, int], rows: set[str]) -> Row:
    location: Row = {"logicalLocations": _logical(finding)}
    if finding["file"] is not None:
        location["physicalLocation"] = _physical(finding, files, rows)
    return location


def _physical(row: Row, files: dict[str, int], rows: set[str]) -> Row:
    """The file and the place in it: the segment of an 837, the line of a CSV (its header is line 1)."""
    artifact: Row = {"uri": uri(row["file"])}
    if row["file"] in files:
        artifact["index"] = files[row["file"]]
    physical: Row = {"artifactLocation": artifact}
    if row["byte_offset"] is not None:
        physical["region"] = {"byteOffset": row["byte_offset"]}
        if row["segment"]:
            physical["region"]["byteLength"] = len(row["segment"])  # its name; where it ends is not known here
    elif row["row_number"] is not None and row["file"] in rows:
        physical["region"] = {"startLine": row["row_number"] + 1}
    return physical


def _logical(finding: Row) -> list[Row]:
    """The claim, its line and its element (or the site, or the run) as SARIF's logical locations."""
    parts = [printable(part) for part in place(finding)]
    if finding["grain"] in (*SITE_GRAINS, "run"):
        return [{"name": ":".join(parts), "kind": finding["grain"], "fullyQualifiedName": "/".join(parts)}]
    found = []
    for kind, given in (
        ("claim", finding["claim_id"]),
        ("line", finding["line_number"]),
        ("element", finding["element"]),
    ):
        if given is not None:
            ending = {"claim": f"CLM*{given}", "line": f"LX*{given}", "element": str(given)}[kind]
            until = parts.index(printable(ending)) + 1
            found.append(
                {"name": printable(str(given)), "kind": kind, "fullyQualifiedName": "/".join(parts[:until])}
            )  # fmt: skip
    return found


def _notification(problem: Row, files: dict[str, int], rows: set[str]) -> Row:
    return {
        "descriptor": {"id": problem["problem"]},
        "level": _LEVELS[problem["severity"]],
        "message": {"text": _literal(f"{problem['message']} {problem['advice']}")},
        "locations": [{"physicalLocation": _physical(problem, files, rows)}],
        "properties": {name: problem[name] for name in ("segment", "element", "claim_id", "row_number")},
    }


def _has_text_rows(file: Row) -> bool:
    """Whether a row of the file is a line of text; those of a Parquet file are not."""
    return file["kind"] != "parquet" and not file["name"].lower().endswith(".parquet")


def uri(name: str) -> str:
    """A path as a URI reference.

    >>> uri("july 2026/a:b#1.837")
    'july%202026/a%3Ab%231.837'
    """
    path = Path(name)
    encoded = quote(os.fsencode(path.as_posix()), safe="/")
    return f"file://{encoded}" if path.is_absolute() else encoded


def _literal(text: Any) -> str:
    """Text in which a reader of SARIF sees neither a placeholder nor a link.

    >>> _literal("claim [x](https://x.test) {0}")
    'claim \\\\[x\\\\](https://x.test) {{0}}'
    """
    for special, literal in (("{", "{{"), ("}", "}}"), ("[", "\\["), ("]", "\\]")):
        text = text.replace(special, literal)
    return str(text)
