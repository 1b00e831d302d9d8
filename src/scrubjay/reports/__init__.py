"""Findings as text, JSON, JSON lines, CSV, SARIF, a page to read and a workbook to work from.

* text.py       blocks in the manner of a compiler, for a terminal
* records.py    JSON (described by ``schemas/findings-1.json``), JSON lines, CSV
* sarif.py      SARIF 2.1.0, for tools that already show findings of other checkers
* page.py       one HTML page (page.html, page.css, page.js), to read, filter and print
* workbook.py   an .xlsx workbook
* causes.py     which findings one action clears; the page and the workbook begin with them
* exposure.py   what findings cost: overpaid, underpaid and not known, by site, payer and month
* wording.py    the words all of them share: where a finding stands, counts, values

All begin from a `Report` and know nothing else but the rule pages. What stands in a claim is data:
each format writes it so that it cannot become a command, a formula or markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from scrubjay.engine import Report
from scrubjay.reports.records import CSV_COLUMNS, csv_pieces, json_pieces, jsonl_pieces
from scrubjay.reports.text import finding_pieces, text_pieces
from scrubjay.reports.wording import location

__all__ = [
    "BINARY_FORMATS",
    "CSV_COLUMNS",
    "FORMATS",
    "SCHEMA_FILE",
    "exit_code",
    "finding_pieces",
    "location",
    "save_report",
    "write_report",
]

SCHEMA_FILE = Path(__file__).parent.parent / "schemas" / "findings-1.json"
BINARY_FORMATS = ("xlsx",)
FORMATS = ("text", "json", "jsonl", "csv", "sarif", "html", *BINARY_FORMATS)


def write_report(report: Report, format_: str, width: int = 80) -> Iterator[str]:
    """The report in one of `FORMATS` that is text, as pieces to write one after the other."""
    writers: dict[str, Callable[[], Iterator[str]]] = {
        "text": lambda: text_pieces(report, width),
        "json": lambda: json_pieces(report),
        "jsonl": lambda: jsonl_pieces(report),
        "csv": lambda: csv_pieces(report),
        "sarif": lambda: _sarif(report),
        "html": lambda: _page(report),
    }
    yield from writers[format_]()


def save_report(report: Report, format_: str, path: Path, width: int = 80) -> None:
    """Write the report in any of `FORMATS` to this file."""
    if format_ == "xlsx":
        from scrubjay.reports.workbook import write_workbook

        write_workbook(report, path)
    else:
        with path.open("w", encoding="utf-8", errors="replace", newline="") as handle:
            handle.writelines(write_report(report, format_, width))


def _sarif(report: Report) -> Iterator[str]:
    from scrubjay.reports.sarif import sarif_pieces

    return sarif_pieces(report, exit_code(report))


def _page(report: Report) -> Iterator[str]:
    from scrubjay.reports.page import page_pieces  # Jinja2 only when a page is wanted

    return page_pieces(report)


def exit_code(report: Report) -> int:
    """0 nothing to act on, 1 something to act on, 2 something could not be read."""
    if any(problem["severity"] == "error" for problem in report.intake_problems):
        return 2
    acts = any(
        finding["severity"] in (("error", "warning") if finding["outcome"] == "violation" else ("hold",))
        for finding in report.findings
    )
    return 1 if acts else 0
