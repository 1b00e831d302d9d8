"""The workbook: typed cells, codes as text, no formula from a claim, and a to-do list that adds up."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from scrubjay.engine import Report, Row
from scrubjay.reports import save_report
from scrubjay.reports.causes import root_causes
from tests.reports import made_up
from tests.reports.made_up import HOSTILE, moves, of_row, problem, report, unknown, violation


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
    assert sheets.sheetnames == ["To do", "Exposure", "Findings", "Intake problems", "Files"]
    assert len(rows(sheets["To do"])) == len(root_causes(given.findings))
    assert [row["Fingerprint"].value for row in rows(sheets["Findings"])] == [
        one["fingerprint"] for one in given.findings
    ]
    assert [row["Problem"].value for row in rows(sheets["Intake problems"])] == ["leading-zero-lost", "cut-short"]
    assert [row["File"].value for row in rows(sheets["Files"])] == ["july.837", "july.csv"]


def test_every_sheet_has_a_frozen_head_a_filter_and_widths(book: Any) -> None:
    every = [*book(made_up.everything()).worksheets, *book(made_up.pairs()).worksheets]
    for sheet in every:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet.auto_filter.ref.endswith(str(max(sheet.max_row, 2)))
        assert all(sheet.column_dimensions[cell.column_letter].width > 4 for cell in sheet[1])
        assert sheet.print_title_rows == "$1:$1"


def test_codes_stay_text_and_dates_and_amounts_are_typed(book: Any) -> None:
    finding = violation(claim_id="000123", **moves("21.25"), transaction="0001",
                        evidence={"place_of_service_code": "02", "service_date": "2026-08-12", "procedure_code": "99213"})  # fmt: skip
    (row,) = rows(book(report(finding))["Findings"])
    for name, text in (("Claim", "000123"), ("POS", "02"), ("Procedure", "99213"), ("Transaction", "0001")):
        assert (row[name].value, row[name].data_type) == (text, "s")
    assert row["Service date"].value == dt.datetime(2026, 8, 12)
    assert row["Service date"].is_date
    for name, amount in (("Exposure", 21.25), ("As billed", 78.70), ("As it should be", 57.45), ("Programme's share", 17.00),
                         ("Patient's share", 4.25)):  # fmt: skip
        assert (row[name].value, row[name].data_type) == (amount, "n")
        assert row[name].number_format.startswith("$#,##0.00")
    assert (row["Payer"].value, row["Counts on its line"].value) == ("MEDICARE", "yes")
    assert (row["Line"].value, row["Byte"].value) == (1, 700)


def test_what_is_no_date_stays_as_it_was(book: Any) -> None:
    for text in ("not a date", "1066-10-14"):
        (row,) = rows(book(report(violation(service_date=text)))["Findings"])
        assert (row["Service date"].value, row["Service date"].data_type) == (text, "s")


def leads_out(cell: Any) -> bool:
    """Whether a cell has a link to anything but a row of another sheet."""
    return cell.hyperlink is not None and (
        cell.hyperlink.target is not None or not re.fullmatch(r"'(Findings|To do)'!A\d+", cell.hyperlink.location)
    )


def test_no_cell_is_a_formula_or_a_link_out_whatever_the_claim_says(book: Any) -> None:
    starts = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "https://claims.test/", "mailto:a@claims.test", "internal:A1")
    hostile = made_up.hostile()
    more = [
        violation(
            claim_id=text, message=text, site_id=text, payer=text, service_date=text, evidence={}, **moves("9.00")
        )
        for text in starts
    ]
    sheets = book(report(*hostile.findings, *more, problems=tuple(hostile.intake_problems)))
    for sheet in sheets.worksheets:
        assert [
            cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f" or leads_out(cell)
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
    assert [sheet.max_row for sheet in sheets.worksheets] == [1, 1, 1, 1, 2]


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


def test_the_exposure_sheet_has_all_four_tables_and_adds_up(book: Any) -> None:
    found = rows(book(made_up.costly())["Exposure"])
    total, by = found[0], [row["By"].value for row in found]
    assert list(dict.fromkeys(by)) == ["everything", "root cause", "site", "payer", "month"]
    for name in ("Overpaid", "Underpaid", "Net", "Lines", "Amount not known"):
        for table in ("site", "payer", "month"):
            cells = [row[name].value or 0 for row in found if row["By"].value == table]
            assert round(sum(cells), 2) == total[name].value, (table, name)
    assert (total["Overpaid"].value, total["Underpaid"].value) == (9160.11, 113.22)
    assert total["Overpaid"].data_type == "n"
    assert total["Overpaid"].number_format.startswith("$#,##0.00")
    assert (
        total["Why it is not known"].value
        == "3: no ZIP code file of 2026 is loaded\n1: the line has no number of units"
    )
    assert total["Shares not known"].value == 3


def test_an_amount_leads_to_its_largest_finding_and_a_root_cause_to_what_is_to_do(book: Any) -> None:
    sheets = book(made_up.costly())
    for row in rows(sheets["Exposure"]):
        if row["By"].value == "site" and row["Overpaid"].value:
            target = sheets["Findings"][row["Overpaid"].hyperlink.location.rpartition("!")[2]].row
            finding = rows(sheets["Findings"])[target - 2]
            assert finding["Site"].value == row["Name"].value
            assert finding["Exposure"].value > 0
        if row["By"].value == "root cause":
            target = sheets["To do"][row["Name"].hyperlink.location.rpartition("!")[2]].row
            to_do = rows(sheets["To do"])[target - 2]
            assert row["Name"].value.startswith(to_do["What is wrong, or not known"].value)
            assert (to_do["Overpaid"].value, to_do["Amount not known"].value) == (
                row["Overpaid"].value,
                row["Amount not known"].value,
            )


def test_a_site_whose_amounts_are_not_known_has_no_amount(book: Any) -> None:
    found = rows(book(report(violation(**moves(None))))["Exposure"])
    for row in found:
        assert [row[name].value for name in ("Overpaid", "Underpaid", "Net", "Amount not known")] == [
            None,
            None,
            None,
            1,
        ]
        assert row["Amount not known"].hyperlink.location == "'Findings'!A2"


def test_the_finding_that_does_not_count_on_its_line_says_so(book: Any) -> None:
    found = rows(
        book(report(violation(**moves("5.00")), violation(rule="SET102", **moves("-9.00")), violation(claim_id="A2")))[
            "Findings"
        ]
    )
    assert [row["Counts on its line"].value for row in found] == ["no", "yes", None]


def test_both_claims_of_a_pair_stand_in_one_row(book: Any) -> None:
    sheets = book(made_up.pairs())
    assert sheets.sheetnames == ["To do", "Exposure", "Findings", "Pairs", "Intake problems", "Files"]
    fits, none, not_known, not_told = (
        {name: cell.value for name, cell in row.items()} for row in rows(sheets["Pairs"])
    )
    assert [fits[name] for name in ("Claim", "Line", "File", "POS", "Procedure", "Modifiers", "Site")] == [
        "A1", 1, "july.837", "11", "99213", "25", "North Clinic (NORTH)",
    ]  # fmt: skip
    assert [fits[name] for name in ("Facility's claim", "Facility's file", "Facility", "Type of bill", "Revenue codes",
                                    "Facility's procedures", "Facility's modifiers", "Facility's site")] == [
        "H-7730", "hospital.837", "General Hospital", "131", "0300 0510", "36415 G0463-PO", "PO", "North Clinic (NORTH)",
    ]  # fmt: skip
    assert [fits[name] for name in ("Goes with POS", "Same place", "Same service", "Without a facility's claim")] == [
        "19", "yes", "yes", None,
    ]  # fmt: skip
    assert fits["Service date"] == dt.datetime(2026, 8, 12)
    assert [none[name] for name in ("Claim", "Facility's claim", "Same place", "Goes with POS")] == [
        "A2",
        None,
        None,
        None,
    ]
    assert none["Without a facility's claim"] == "None was given for that patient and day."
    assert not_known["Without a facility's claim"] == "Not known: no claims of that hospital were given for that day."
    assert (not_known["Same place"], not_told["Same place"], not_told["Same service"]) == (None, "yes", "not known")
    to_do = rows(sheets["To do"])
    assert [to_do[one["To do no."] - 1]["Rules"].value for one in (fits, none)] == ["PAR101", "PAR103"]


def test_the_codes_of_sites_with_a_pattern_have_a_sheet(book: Any) -> None:
    lines = [{"month": "2026-03", "payer_program": "medicare_part_b", "place_of_service_code": "02", "lines": 48},
             {"month": "2026-04", "payer_program": None, "place_of_service_code": "19", "lines": 2}]  # fmt: skip
    mixes: list[Row] = [{"site_id": "NORTH", "site_name": "=North", "dates": [], "lines": lines},
             {"site_id": "EAST", "site_name": None, "dates": [], "lines": lines[:1]}]  # fmt: skip
    sheets = book(replace(report(violation()), mixes=mixes))
    assert [[cell.value for cell in row.values()] for row in rows(sheets["Mix"])] == [
        ["=North (NORTH)", "2026-03", "medicare_part_b", "02", 48],
        ["=North (NORTH)", "2026-04", None, "19", 2],
        ["EAST", "2026-03", "medicare_part_b", "02", 48],
    ]
    assert {cell.data_type for row in rows(sheets["Mix"]) for cell in row.values()} <= {"s", "n"}
