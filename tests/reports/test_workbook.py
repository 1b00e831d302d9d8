"""The workbook: typed cells, codes as text, no formula from a claim, and a to-do list that adds up."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from scrubjay.engine import Report, Row
from scrubjay.reports import save_report
from scrubjay.reports.causes import root_causes
from tests.reports import made_up
from tests.reports.made_up import HOSTILE, of_row, problem, report, unknown, violation


@pytest.fixture
def book(tmp_path: Path) -> Any:
    def opened(given: Report) -> Any:
        save_report(given, "xlsx", tmp_path / "report.xlsx")
        return load_workbook(tmp_path / "report.xlsx")

    return opened


def rows(sheet: Any) -> list[Row]:
    head, *body = sheet.iter_rows()
    return [{name.value: cell for name, cell in zip(head, row, strict=True)} for row in body]


def test_the_sheets_hold_what_the_report_holds(book: Any) -> None:
    given = made_up.everything()
    sheets = book(given)
    assert sheets.sheetnames == ["To do", "Findings", "Intake problems", "Files"]
    assert len(rows(sheets["To do"])) == len(root_causes(given.findings))
    assert [row["Fingerprint"].value for row in rows(sheets["Findings"])] == [
        one["fingerprint"] for one in given.findings
    ]
    assert [row["Problem"].value for row in rows(sheets["Intake problems"])] == ["leading-zero-lost", "cut-short"]
    assert [row["File"].value for row in rows(sheets["Files"])] == ["july.837", "july.csv"]


def test_every_sheet_has_a_frozen_head_a_filter_and_widths(book: Any) -> None:
    for sheet in book(made_up.everything()).worksheets:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet.auto_filter.ref.endswith(str(max(sheet.max_row, 2)))
        assert all(sheet.column_dimensions[cell.column_letter].width > 4 for cell in sheet[1])
        assert sheet.print_title_rows == "$1:$1"


def test_codes_stay_text_and_dates_and_amounts_are_typed(book: Any) -> None:
    finding = violation(claim_id="000123", exposure_amount="21.25", transaction="0001",
                        evidence={"place_of_service_code": "02", "service_date": "2026-08-12", "procedure_code": "99213"})  # fmt: skip
    (row,) = rows(book(report(finding))["Findings"])
    for name, text in (("Claim", "000123"), ("POS", "02"), ("Procedure", "99213"), ("Transaction", "0001")):
        assert (row[name].value, row[name].data_type) == (text, "s")
    assert row["Service date"].value == dt.datetime(2026, 8, 12)
    assert row["Service date"].is_date
    assert (row["Exposure"].value, row["Exposure"].data_type) == (21.25, "n")
    assert (row["Line"].value, row["Byte"].value) == (1, 700)


def test_what_is_no_date_stays_as_it_was(book: Any) -> None:
    for text in ("not a date", "1066-10-14"):
        (row,) = rows(book(report(violation(evidence={"service_date": text})))["Findings"])
        assert (row["Service date"].value, row["Service date"].data_type) == (text, "s")


def test_no_cell_is_a_formula_or_a_link_whatever_the_claim_says(book: Any) -> None:
    starts = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "https://claims.test/", "mailto:a@claims.test", "internal:A1")
    hostile = made_up.hostile()
    more = [violation(claim_id=text, message=text, site_id=text, evidence={"service_date": text}) for text in starts]
    sheets = book(report(*hostile.findings, *more, problems=tuple(hostile.intake_problems)))
    for sheet in sheets.worksheets:
        assert [
            cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f" or cell.hyperlink
        ] == []
    claims = {row["Claim"].value for row in rows(sheets["Findings"])}
    assert {"=1+1", "@SUM(A1)", "https://claims.test/", HOSTILE[0]} <= claims
    assert not [claim for claim in claims if claim and not claim.isprintable()]


def test_the_to_do_list_is_worked_from_the_top(book: Any) -> None:
    sheets = book(report(unknown(), violation(), violation(claim_id="A2"), of_row(site_id=None)))
    found = [(row["Severity"].value, row["Site"].value, row["Lines"].value) for row in rows(sheets["To do"])]
    assert found == [("error", "North Clinic (NORTH)", 2), ("error", None, 1), ("hold", None, 8)]
    assert rows(sheets["To do"])[0]["What to do"].value.startswith("Change SV105 = 19 (review).\n\n")
    assert rows(sheets["To do"])[2]["Ask"].value == "compliance"
    assert [row["To do no."].value for row in rows(sheets["Findings"])] == [3, 1, 1, 2]


def test_a_report_without_findings_is_a_workbook_too(book: Any) -> None:
    sheets = book(report())
    assert [sheet.max_row for sheet in sheets.worksheets] == [1, 1, 1, 2]


def test_a_text_too_long_for_a_cell_is_cut(book: Any) -> None:
    sheets = book(report(violation(message="x" * 40_000), problems=(problem(message="y" * 40_000),)))
    assert len(rows(sheets["Findings"])[0]["Message"].value) == 32_000


def test_a_sheet_that_is_full_says_so(book: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrubjay.reports.workbook._MOST_ROWS", 3)
    found = rows(book(made_up.many(5))["Findings"])
    assert len(found) == 4
    assert found[-1]["Claim"].value == "the rest is in the JSON and CSV reports"


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        save_report(made_up.everything(), "xlsx", tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
