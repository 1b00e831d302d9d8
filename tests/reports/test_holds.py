"""The hold list: which claims wait, for which day or for whom, and in which order."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from scrubjay.engine import Row
from scrubjay.reports.holds import hold_csv, hold_rows, hold_text
from scrubjay.workspace import create_workspace
from tests.command_line import Run, runner
from tests.formats import x12_text as x12
from tests.reports.made_up import everything, of_site, report, unknown, violation

ADMISSION: Row = {"fact": "is_payment_window_closed", "meaning": "the window is over", "supplied_by": "",
                  "because": "an admission up to 2026-03-23 would reach back to this day"}  # fmt: skip


def waits(until: str, **changes: Any) -> Row:
    """WIN104 on a line that may go out on that day."""
    own: Row = {"rule": "WIN104", "name": "claim-ready-before-the-payment-window-has-closed", "held_until": until,
                "missing": [ADMISSION], "line_count": 1}  # fmt: skip
    return unknown(**{**own, **changes})


def rows(*findings: Row) -> list[tuple[Any, ...]]:
    names = ("claim_id", "lines", "held_until", "ask", "rules")
    return [tuple(row[name] for name in names) for row in hold_rows(report(*findings))]


def test_a_claim_waits_for_the_last_of_its_days() -> None:
    assert rows(waits("2026-03-24"), waits("2026-03-26", line_number=2), waits("2026-03-25", line_number=3)) == [
        ("A1", [1, 2, 3], "2026-03-26", [], ["WIN104"])
    ]


def test_a_claim_that_waits_for_an_answer_too_stands_with_those_who_answer() -> None:
    assert rows(unknown(claim_id="A0"), waits("2026-03-24"), unknown(), waits("2026-03-25", claim_id="A2")) == [
        ("A2", [1], "2026-03-25", [], ["WIN104"]),
        ("A0", [1], None, ["compliance"], ["DEP101"]),
        ("A1", [1], "2026-03-24", ["compliance"], ["DEP101", "WIN104"]),
    ]


def test_those_that_wait_for_a_day_alone_come_first_the_earliest_first() -> None:
    found = rows(waits("2026-03-26"), unknown(claim_id="A0"), waits("2026-03-24", claim_id="A2"))
    assert [row[0] for row in found] == ["A2", "A1", "A0"]


def test_only_what_is_on_hold_is_listed_and_sites_by_their_name() -> None:
    assert rows(violation(), unknown(severity="info"), unknown(severity="warning")) == []
    [row] = hold_rows(report(of_site(severity="hold", outcome="unknown", site_id="NORTH")))
    assert (row["claim_id"], row["site_id"], row["lines"]) == (None, "NORTH", [])


def test_two_claims_of_one_id_in_two_files_or_transmissions_are_two() -> None:
    found = rows(waits("2026-03-24"), waits("2026-03-24", file="june.837"), waits("2026-03-24", transaction="0002"))
    assert len(found) == 3


def test_the_text_names_day_or_office_and_fits_the_terminal() -> None:
    long = waits("2026-03-24", claim_id="A" * 38, file="/a/long/way/to/the/file/of/claims/of/the/month/july.837")
    text = "".join(hold_text(report(long, unknown(), waits("2026-03-26")), 80))
    assert text.startswith("Until 2026-03-24: 1 claim\n  claim AAA")
    assert "\nUntil compliance answers: 1 claim\n  claim A1, line 1 (july.837), and not before 2026-03-26\n" in text
    assert "    DEP101  Office place of service at a provider-based department\n" in text
    assert text.endswith("\n2 claims on hold on 2026-11-22.\n")
    assert max(map(len, text.splitlines())) <= 80
    assert "".join(hold_text(report(violation()), 80)) == "Nothing is on hold on 2026-11-22.\n"


def test_who_must_answer_is_named_in_words() -> None:
    def head(*offices: str) -> str:
        missing = [{"fact": office, "meaning": "", "because": "blank", "supplied_by": office} for office in offices]
        return "".join(hold_text(report(unknown(missing=missing)), 80)).partition(":")[0]

    assert head("registration") == "Until registration answers"
    assert head("registration", "clinician") == "Until clinician and registration answer"
    assert head("nobody: a law file would have to be added") == "Until a law file says it"


def test_of_many_the_text_lists_the_first_and_the_table_all() -> None:
    many = report(*(waits("2026-03-24", claim_id=f"A{number:03}") for number in range(25)))
    assert "  … and 5 more; --format csv lists them all\n" in "".join(hold_text(many, 80))
    assert len(hold_csv(hold_rows(many)).splitlines()) == 26


def test_a_table_cell_is_no_formula_and_nothing_hostile_reaches_the_terminal() -> None:
    table = list(csv.DictReader(io.StringIO(hold_csv(hold_rows(report(waits("2026-03-24", claim_id="=1+1")))))))
    assert [(row["claim_id"], row["held_until"], row["lines"]) for row in table] == [("'=1+1", "2026-03-24", "1")]
    text = "".join(hold_text(report(waits("2026-03-24", claim_id="A\x1b[31m\u202e")), 80))
    assert text.replace("\n", "").isprintable()
    hold_csv(hold_rows(everything()))


# --- the command ----------------------------------------------------------------------------------------

SITES = """\
site_id,site_name,site_type,hospital_id,hospital_name,hospital_type,ownership,address_line_1,address_line_2,city,state,zip
MAIN,General Hospital,main_campus,GENERAL,General Hospital,ipps,,,,,,
OWN,Owned Practice,freestanding_office,GENERAL,General Hospital,ipps,wholly_owned_by_hospital,1 BILLING WAY,STE 100,SPRINGFIELD,IL,627010001
"""
ENCOUNTERS = """\
claim_id,line_number,service_date,registration_status,admission_status
A1,,2026-03-20,none,none
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    create_workspace(tmp_path / "kept")
    (tmp_path / "kept" / "sites.csv").write_text(SITES)
    (tmp_path / "kept" / "encounters.csv").write_text(ENCOUNTERS)
    monkeypatch.chdir(tmp_path / "kept")
    parts = (x12.billing_provider(), x12.subscriber(), x12.claim(), x12.line(day="20260320"))
    (tmp_path / "ready.837").write_text(x12.file_of(*parts, day="20260321"))
    return runner(monkeypatch, capsys)


def test_a_claim_is_released_on_the_day_after_the_last_that_reaches_back(run: Run) -> None:
    ran = run("holds", "../ready.837", "--as-of", "2026-03-23")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith("Until 2026-03-24: 1 claim\n  claim A1, line 1 (../ready.837)\n    WIN104  Claim ready")
    ran = run("holds", "../ready.837", "--as-of", "2026-03-24")
    assert (ran.code, ran.out) == (0, "Nothing is on hold on 2026-03-24.\n")


def test_machines_get_the_rows(run: Run) -> None:
    found = json.loads(run("holds", "../ready.837", "--as-of", "2026-03-23", "--format", "json").out)
    assert (found["run_date"], [row["held_until"] for row in found["holds"]]) == ("2026-03-23", ["2026-03-24"])
    assert run("holds", "../ready.837", "--as-of", "2026-03-23", "--format", "csv").out.startswith("held_until,ask,")
    assert run("holds", "../ready.837", "--format", "xml").code == 3


def test_what_cannot_be_read_is_told_by_the_exit_code(run: Run, tmp_path: Path) -> None:
    text = (tmp_path / "ready.837").read_text()
    (tmp_path / "cut.837").write_text(text[: text.index("SE*")])
    ran = run("holds", "../cut.837", "--as-of", "2026-03-24")
    assert ran.code == 2
    assert "could not be read" in ran.out
