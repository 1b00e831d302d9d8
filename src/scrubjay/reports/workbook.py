"""Findings as a workbook a biller can work from: what to do, what it costs, findings, intake problems, files.

Where there are any: findings about a pair with both claims in one row, and the codes of sites with a pattern.

Codes and identifiers are text, so that 02 stays 02; a string is never taken for a formula, a link or a
number. Row by row to the disk (XlsxWriter's constant memory), so that large reports fit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

from scrubjay.engine import Report, Row
from scrubjay.errors import printable
from scrubjay.reports.causes import RootCause, cause_action, cause_title, exposure_tables, root_causes, site_labels
from scrubjay.reports.exposure import OVERPAID, UNDERPAID, ExposureRow, exposure_of, share, without_share
from scrubjay.reports.sides import facility_absence, facility_site, paired_codes
from scrubjay.reports.wording import fix_text, site_of, value, whom_to_ask
from scrubjay.rule import Rule

_MOST_ROWS = 1_000_000  # a sheet of Excel ends at 1,048,576
_MOST_CHARACTERS = 32_000  # a cell ends at 32,767
_MOST_LINKED_ROWS = 5_000  # a sheet holds 65,530 links


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a sheet: its header, its width in characters, and how its cells look."""

    name: str
    width: int
    kind: str = "text"  # text, wrapped, integer, amount, date or severity


@dataclass(frozen=True, slots=True)
class _Link:
    """What a cell shows, and the row of another sheet that it leads to."""

    given: Any
    sheet: str
    row: int  # 1 is the first below the head


_TO_DO = (
    _Column("No.", 5, "integer"),
    _Column("Severity", 10, "severity"),
    _Column("What is wrong, or not known", 44, "wrapped"),
    _Column("Site", 26, "wrapped"),
    _Column("Lines", 8, "integer"),
    _Column("Claims", 8, "integer"),
    _Column("Findings", 9, "integer"),
    _Column("Overpaid", 12, "amount"),
    _Column("Underpaid", 12, "amount"),
    _Column("Amount not known", 10, "integer"),
    _Column("Rules", 14, "wrapped"),
    _Column("What to do", 70, "wrapped"),
    _Column("Ask", 24, "wrapped"),
    _Column("Owner", 14),
    _Column("Done on", 12, "date"),
    _Column("Note", 30, "wrapped"),
)
_EXPOSURE = (
    _Column("By", 12),
    _Column("Name", 52, "wrapped"),
    _Column("Overpaid", 13, "amount"),
    _Column("Underpaid", 13, "amount"),
    _Column("Net", 13, "amount"),
    _Column("Lines", 8, "integer"),
    _Column("Programme's share of net", 14, "amount"),
    _Column("after sequestration", 13, "amount"),
    _Column("Patient's share of net", 13, "amount"),
    _Column("Shares not known", 9, "integer"),
    _Column("Amount not known", 10, "integer"),
    _Column("Why it is not known", 60, "wrapped"),
)
_FINDINGS = (
    _Column("To do no.", 9, "integer"),
    _Column("Severity", 10, "severity"),
    _Column("Rule", 9),
    _Column("Claim", 20),
    _Column("Line", 6, "integer"),
    _Column("Lines", 7, "integer"),
    _Column("Service date", 12, "date"),
    _Column("POS", 6),
    _Column("Procedure", 11),
    _Column("Site", 26),
    _Column("Payer", 20),
    _Column("Message", 60, "wrapped"),
    _Column("Change", 26, "wrapped"),
    _Column("Change is", 10),
    _Column("Not known", 40, "wrapped"),
    _Column("Ask", 34, "wrapped"),
    _Column("As billed", 11, "amount"),
    _Column("As it should be", 11, "amount"),
    _Column("Exposure", 11, "amount"),
    _Column("Counts on its line", 9),
    _Column("Programme's share", 12, "amount"),
    _Column("Patient's share", 11, "amount"),
    _Column("Amount not known", 40, "wrapped"),
    _Column("If sent", 18),
    _Column("Facts", 60, "wrapped"),
    _Column("Law", 44, "wrapped"),
    _Column("File", 30),
    _Column("Transaction", 12),
    _Column("Element", 16),
    _Column("Row", 8, "integer"),
    _Column("Byte", 11, "integer"),
    _Column("Fingerprint", 18),
)
_PAIRS = (
    _Column("To do no.", 9, "integer"),
    _Column("Severity", 10, "severity"),
    _Column("Rule", 9),
    _Column("Claim", 20),
    _Column("Line", 6, "integer"),
    _Column("Lines", 7, "integer"),
    _Column("File", 30),
    _Column("Sender's NPI", 13),
    _Column("Service date", 12, "date"),
    _Column("POS", 6),
    _Column("Procedure", 11),
    _Column("Modifiers", 12),
    _Column("Site", 26),
    _Column("Facility's claim", 20),
    _Column("Facility's file", 30),
    _Column("Facility", 26),
    _Column("Type of bill", 9),
    _Column("Revenue codes", 16, "wrapped"),
    _Column("Facility's procedures", 22, "wrapped"),
    _Column("Facility's modifiers", 11),
    _Column("Facility's site", 26),
    _Column("Goes with POS", 10),
    _Column("Same place", 11),
    _Column("Same service", 11),
    _Column("Patients matched by", 22),
    _Column("Without a facility's claim", 36, "wrapped"),
    _Column("Message", 60, "wrapped"),
    _Column("Fingerprint", 18),
)
_MIX = (
    _Column("Site", 26),
    _Column("Month", 10),
    _Column("Payer programme", 22),
    _Column("POS", 6),
    _Column("Lines", 9, "integer"),
)
_PROBLEMS = (
    _Column("Severity", 10, "severity"),
    _Column("Problem", 26),
    _Column("File", 36),
    _Column("Row", 8, "integer"),
    _Column("Byte", 11, "integer"),
    _Column("Segment", 9),
    _Column("Element", 18),
    _Column("Claim", 20),
    _Column("Message", 70, "wrapped"),
    _Column("What to do", 50, "wrapped"),
)
_FILES = (
    _Column("File", 50),
    _Column("Kind", 10),
    _Column("Bytes", 13, "integer"),
    _Column("Claims", 9, "integer"),
    _Column("Lines", 9, "integer"),
    _Column("Remittances", 12, "integer"),
)
_COLOURS = {"error": "#F8CFCB", "hold": "#E3D4F5", "warning": "#FBE3B4", "info": "#D5E5F5"}
_ALIGN: Row = {"valign": "top", "font_size": 10}
_LINKED: Row = {"font_color": "#0B5C8F", "underline": 1}


def write_workbook(report: Report, path: Path) -> None:
    """Write the report as an .xlsx file. The same report gives the same bytes."""
    day = dt.date.fromisoformat(report.summary["run_date"])
    workbook = Workbook(
        str(path),
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    workbook.set_properties({"title": f"Scrubjay report {day}", "created": dt.datetime(day.year, day.month, day.day)})
    cells = {
        "wrapped": {**_ALIGN, "text_wrap": True},
        "integer": {**_ALIGN, "num_format": "#,##0"},
        "amount": {**_ALIGN, "num_format": "$#,##0.00;[Red]-$#,##0.00"},
    }
    formats = {
        "head": workbook.add_format(
            {**_ALIGN, "bold": True, "bg_color": "#22313F", "font_color": "#FFFFFF", "text_wrap": True}
        ),
        "text": workbook.add_format({**_ALIGN, "num_format": "@"}),
        **{name: workbook.add_format(cell) for name, cell in cells.items()},
        **{f"{name} link": workbook.add_format({**cell, **_LINKED}) for name, cell in cells.items()},
        "date": workbook.add_format({**_ALIGN, "num_format": "yyyy-mm-dd", "align": "left"}),
        **{name: workbook.add_format({**_ALIGN, "bold": True, "bg_color": c}) for name, c in _COLOURS.items()},
    }
    causes, labels = root_causes(report.findings), site_labels(report.findings)
    total = exposure_of(report.findings)
    counted = {id(finding) for finding in total.findings}
    numbers = {id(finding): number for number, cause in enumerate(causes, 1) for finding in cause.findings}
    pages = report.pages
    problems = ([p[key] for key in ("severity", "problem", "file", "row_number", "byte_offset", "segment", "element",
                                    "claim_id", "message", "advice")] for p in report.intake_problems)  # fmt: skip
    kinds = [{**f, "kind": f["kind"] + (", read along" if f["is_kept"] else "")} for f in report.files]
    files = ([f[key] for key in ("name", "kind", "bytes", "claims", "lines", "remittances")] for f in kinds)
    pairs = [finding for finding in report.findings if facility_absence(finding) is not None]
    sheets: tuple[tuple[str, tuple[_Column, ...], Iterable[list[Any]]], ...] = (
        ("To do", _TO_DO, (_to_do(number, cause, pages) for number, cause in enumerate(causes, 1))),
        ("Exposure", _EXPOSURE, _exposure(report, causes, total)),
        (
            "Findings",
            _FINDINGS,
            (_finding(numbers[id(one)], one, labels, id(one) in counted) for one in report.findings),
        ),
        *([("Pairs", _PAIRS, (_pair(numbers[id(one)], one, labels) for one in pairs))] if pairs else []),
        *([("Mix", _MIX, (_mix(mix, row) for mix in report.mixes for row in mix["lines"]))] if report.mixes else []),
        ("Intake problems", _PROBLEMS, problems),
        ("Files", _FILES, files),
    )
    for name, columns, rows in sheets:
        _sheet(workbook, formats, name, columns, rows, str(day))
    workbook.close()


def _to_do(number: int, cause: RootCause, pages: dict[str, Rule]) -> list[Any]:
    return [
        number,
        cause.severity,
        cause_title(cause, pages),
        cause.site,
        cause.size,
        cause.claim_count,
        len(cause.findings),
        cause.exposure.overpaid if cause.exposure.lines else None,
        cause.exposure.underpaid if cause.exposure.lines else None,
        len(cause.exposure.unknown) or None,
        " ".join(cause.rules),
        "\n\n".join(cause_action(cause, pages)),
        ", ".join(cause.offices),
        None,
        None,
        None,
    ]


def _exposure(report: Report, causes: list[RootCause], total: ExposureRow) -> Iterator[list[Any]]:
    """What all findings move, then by root cause, site, payer and month; the numbers lead to their largest finding."""
    places = {id(finding): number for number, finding in enumerate(report.findings, 1)}

    def linked(given: Any, findings: list[Row]) -> Any:
        return _Link(given, "Findings", places[id(findings[0])]) if findings else given

    def row(by: str, name: Any, one: ExposureRow) -> list[Any]:
        sums = [one.overpaid, one.underpaid, one.net] if one.lines else [None] * 3
        of_kind = [one.by_kind[OVERPAID], one.by_kind[UNDERPAID], one.findings]
        return [
            by,
            name,
            *map(linked, sums, of_kind),
            linked(one.lines, one.findings),
            share(one.findings, "program_amount"),
            share(one.findings, "program_after_sequestration_amount"),
            share(one.findings, "beneficiary_amount"),
            without_share(one.findings) or None,
            linked(len(one.unknown) or None, one.unknown),
            "\n".join(f"{len(findings):,}: {because}" for because, findings in one.reasons.items()),
        ]

    if not total:
        return
    yield row("everything", "each line once", total)
    for by, rows in exposure_tables(report.findings, causes, report.pages).items():
        for name, one in rows:
            yield row(by, _Link(name, "To do", one.key) if by == "root cause" else name, one)


def _finding(number: int, finding: Row, labels: dict[str, str], counts: bool) -> list[Any]:
    """The cells of a finding; ``counts`` if it has the largest amount of its line."""
    evidence, exposure = finding["evidence"], finding["exposure"] or {}
    shown = {name: one for name, one in evidence.items() if one is not None}
    return [
        number,
        finding["severity"],
        finding["rule"],
        finding["claim_id"],
        finding["line_number"],
        finding["line_count"],
        _date(finding["service_date"]),
        evidence.get("place_of_service_code"),
        evidence.get("procedure_code"),
        labels.get(site_of(finding) or ""),
        finding["payer"],
        finding["message"],
        fix_text(finding),
        finding["fix_safety"],
        "; ".join(f"{one['meaning']} ({one['because']})" for one in finding["missing"]),
        "; ".join(whom_to_ask(finding["missing"])),
        _amount(exposure.get("billed_amount")),
        _amount(exposure.get("correct_amount")),
        _amount(finding["exposure_amount"]),
        ("yes" if counts else "no") if finding["exposure_amount"] is not None else None,
        _amount(exposure.get("program_amount")),
        _amount(exposure.get("beneficiary_amount")),
        exposure.get("because"),
        finding["consequence"].replace("_", " "),
        "; ".join(f"{name} = {value(one)}" for name, one in shown.items()),
        "; ".join(finding["authority"]),
        finding["file"],
        finding["transaction"],
        finding["element"],
        finding["row_number"],
        finding["byte_offset"],
        finding["fingerprint"],
    ]


def _pair(number: int, finding: Row, labels: dict[str, str]) -> list[Any]:
    """The cells of a finding about a pair: the professional claim, the facility's, and how they compare."""
    evidence, absence = finding["evidence"], facility_absence(finding)
    service = "is_same_service" if "is_same_service" in evidence else "has_same_service_as_professional_revenue"
    return [
        number,
        finding["severity"],
        finding["rule"],
        finding["claim_id"],
        finding["line_number"],
        finding["line_count"],
        finding["file"],
        evidence.get("billing_provider_npi"),
        _date(finding["service_date"]),
        evidence.get("place_of_service_code"),
        evidence.get("procedure_code"),
        evidence.get("modifiers"),
        labels.get(site_of(finding) or ""),
        evidence.get("facility_claim_id"),
        evidence.get("facility_file"),
        evidence.get("facility_sender"),
        evidence.get("facility_type_of_bill_code"),
        evidence.get("facility_revenue_codes"),
        evidence.get("facility_procedure_codes"),
        evidence.get("facility_modifiers"),
        facility_site(evidence),
        "" if absence else paired_codes(evidence),
        *("" if absence or name not in evidence else value(evidence[name]) for name in ("is_same_place", service)),
        evidence.get("match_method"),
        absence,
        finding["message"],
        finding["fingerprint"],
    ]


def _mix(mix: Row, row: Row) -> list[Any]:
    """The cells of a site's lines with one code in one month and payer programme."""
    site = mix["site_id"] if mix["site_name"] in (None, mix["site_id"]) else f"{mix['site_name']} ({mix['site_id']})"
    return [site, row["month"], row["payer_program"], row["place_of_service_code"], row["lines"]]


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _date(text: Any) -> Any:
    """A date of a finding; what is no date stays as it is."""
    try:
        day = dt.date.fromisoformat(text)
    except (TypeError, ValueError):
        return text
    return day if day.year >= 1900 else text  # Excel's days begin there


def _sheet(
    workbook: Any, formats: Row, name: str, columns: tuple[_Column, ...], rows: Iterable[list[Any]], day: str
) -> None:
    sheet = workbook.add_worksheet(name)
    for index, column in enumerate(columns):
        sheet.set_column(index, index, column.width, formats.get(column.kind, formats["text"]))
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(1)  # US letter
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&L{name}&RScrubjay {day}")
    sheet.set_footer("&RPage &P of &N")
    for index, column in enumerate(columns):
        sheet.write_string(0, index, column.name, formats["head"])
    last = 0
    for last, row in enumerate(_limited(rows), 1):
        for index, (column, given) in enumerate(zip(columns, row, strict=True)):
            if given is not None and given != "":
                _cell(sheet, last, index, column.kind, given, formats)
    sheet.autofilter(0, 0, max(last, 1), len(columns) - 1)


def _limited(rows: Iterable[list[Any]]) -> Iterator[list[Any]]:
    """The rows a sheet can hold; the last says so if there are more."""
    for number, row in enumerate(rows):
        if number == _MOST_ROWS:
            yield [None, "more", *["the rest is in the JSON and CSV reports"] * (len(row) - 2)]
            return
        yield row


def _cell(sheet: Any, row: int, index: int, kind: str, given: Any, formats: Row) -> None:
    if isinstance(given, _Link):
        if given.given is None:
            return
        if row <= _MOST_LINKED_ROWS and given.row <= _MOST_ROWS:
            sheet.write_url(row, index, f"internal:'{given.sheet}'!A{given.row + 1}")
            formats = {**formats, kind: formats[f"{kind} link"]}
        given = given.given  # written over the text of the link, so that a number stays one
    if isinstance(given, dt.date):
        sheet.write_datetime(row, index, given, formats["date"])
    elif isinstance(given, (int, Decimal)) and kind in ("integer", "amount"):
        sheet.write_number(row, index, given, formats[kind])
    else:
        text = "\n".join(printable(line) for line in str(given).split("\n"))
        style = formats[given] if kind == "severity" and given in _COLOURS else formats.get(kind, formats["text"])
        sheet.write_string(row, index, text[:_MOST_CHARACTERS], style)
