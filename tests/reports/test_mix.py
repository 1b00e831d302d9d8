"""The mix of codes over the months: what a check hands on, and its picture in the HTML report."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

import scrubjay
from scrubjay.engine import Report, Row
from scrubjay.reports import SCHEMA_FILE, location, write_report
from scrubjay.reports.causes import root_causes
from scrubjay.reports.mix import MOST_MONTHS, counted, mix_svg
from tests.reports.made_up import HOSTILE, report, violation
from tests.samples import NORTH, Batch, Claim, Line, write_workspace

SVG = "{http://www.w3.org/2000/svg}"


def line(month: str, code: str, lines: int, program: str | None = "medicare_part_b") -> Row:
    return {"month": month, "payer_program": program, "place_of_service_code": code, "lines": lines}


def mix(*lines: Row, dates: tuple[tuple[str, str], ...] = (), **more: Any) -> Row:
    found = [{"date": date, "event": event} for date, event in dates]
    return {"site_id": "NORTH", "site_name": "North Clinic", "dates": found, "lines": list(lines), **more}


TWO = mix(
    line("2026-01", "11", 90),
    line("2026-03", "11", 30),
    line("2026-03", "19", 60),
    line("2026-03", "20", 10),
    line("2026-02", "11", 5, "commercial"),
    dates=(
        ("2015-06-01", "relocated_date"),
        ("2026-02-10", "provider_based_from"),
        ("2027-01-01", "provider_based_to"),
    ),
)


def picture(one: Row, label: str = "North Clinic (NORTH)") -> ET.Element:
    return ET.fromstring(mix_svg(one, 1, label))


def texts(svg: ET.Element) -> list[str]:
    return [element.text or "" for element in svg.iter(f"{SVG}text" if svg.tag.startswith("{") else "text")]


# --- the picture ----------------------------------------------------------------------------------------


def test_a_bar_is_a_month_with_the_number_of_lines_of_each_code() -> None:
    svg = picture(TWO)
    bars = [one for one in svg.iter("rect") if (one.get("class") or "").startswith("pos-")][3:]  # behind the legend
    assert [one.get("class") for one in bars] == ["pos-11", "pos-19", "pos-11", "pos-other"]
    heights = [float(one.get("height") or 0) for one in bars]
    assert heights == [180.0, pytest.approx(108), pytest.approx(54), pytest.approx(18)]
    assert {"11: 90", "19: 60", "11: 30", "10", "100", "90", "0", "Jan", "Feb", "Mar", "2026"} <= set(texts(svg))


def test_the_dates_of_the_registry_stand_within_the_months_or_below_them() -> None:
    svg = picture(TWO)
    assert len([one for one in svg.iter("path") if one.get("class") == "mark"]) == 1
    said = texts(svg)
    assert "provider-based from 2026-02-10" in said
    assert "moved on 2015-06-01, before these months." in said
    assert "provider-based until 2027-01-01, after these months." in said


def test_all_that_is_drawn_is_also_said_in_words() -> None:
    svg = picture(TWO)
    title, desc = svg.find("title"), svg.find("desc")
    assert title is not None and desc is not None
    assert svg.get("role") == "img"
    assert (svg.get("aria-labelledby") or "").split() == [title.get("id"), desc.get("id")]
    assert title.text == "Place of service codes at North Clinic (NORTH) by month"
    for said in ("2026-01: 90 at POS 11.", "2026-02: no lines.", "2026-03: 60 at POS 19, 30 at POS 11, 10 at another code.",
                 "provider-based from 2026-02-10."):  # fmt: skip
        assert said in (desc.text or "")


def test_lines_of_medicare_are_shown_where_there_are_any() -> None:
    assert counted(TWO)[1].startswith("Medicare Part B")
    others = mix(line("2026-02", "11", 5, "commercial"), line("2026-02", "19", 5, None))
    found, whose = counted(others)
    assert (len(found), whose.partition(",")[0]) == (2, "all payers")


def test_of_many_months_the_last_are_drawn() -> None:
    months = [f"{2020 + number // 12}-{number % 12 + 1:02}" for number in range(60)]
    svg = picture(mix(*(line(month, "19", 1000) for month in months)))
    assert len([one for one in svg.iter("rect") if one.get("width") != "18"]) == MOST_MONTHS
    assert "The first 36 months are left out." in texts(svg)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_name_of_a_site_cannot_leave_the_picture(text: str) -> None:
    svg = picture(TWO, text)
    assert {one.tag for one in svg.iter()} <= {"svg", "title", "desc", "rect", "path", "text"}
    assert not any(name.startswith("on") for one in svg.iter() for name in one.attrib)


# --- within the report ----------------------------------------------------------------------------------

MIX101: Row = {
    "rule": "MIX101",
    "name": "too-few-hospital-codes-in-a-month-at-a-provider-based-department",
    "grain": "site_month",
    "file": None,
    "claim_id": None,
    "line_number": None,
    "transaction": None,
    "segment": None,
    "element": "site_id",
    "byte_offset": None,
    "evidence": {"site_id": "NORTH", "site_name": "North Clinic", "service_month": "2026-03"},
}


def of_pattern(**changes: Any) -> Report:
    made = report(violation(**{**MIX101, **changes}))
    return Report(made.files, made.intake_problems, made.findings, made.summary, mixes=[TWO])


def test_a_finding_about_a_month_stands_at_the_site_and_the_month() -> None:
    [finding] = of_pattern().findings
    assert location(finding) == "sites:NORTH:2026-03"
    assert "1 site month" in "".join(write_report(of_pattern(), "text"))
    sarif = json.loads("".join(write_report(of_pattern(), "sarif")))
    [place] = sarif["runs"][0]["results"][0]["locations"]
    assert place == {
        "logicalLocations": [
            {"name": "sites:NORTH:2026-03", "kind": "site_month", "fullyQualifiedName": "sites:NORTH/2026-03"}
        ]
    }


def test_the_page_shows_the_picture_and_json_the_numbers() -> None:
    page = "".join(write_report(of_pattern(), "html"))
    assert page.count('<svg class="mix"') == 1
    assert "Codes over the months" in page and "North Clinic (NORTH)" in page
    document = json.loads("".join(write_report(of_pattern(), "json")))
    assert document["mixes"] == [TWO]
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []
    rows = [json.loads(one) for one in "".join(write_report(of_pattern(), "jsonl")).splitlines()]
    assert [one for one in rows if one["type"] == "mix"] == [{"type": "mix", **TWO}]
    assert "Codes over the months" not in "".join(write_report(report(violation()), "html"))


def test_a_check_hands_on_the_mix_of_a_site_with_a_pattern(tmp_path: Path) -> None:
    def claims(number: int, code: str, day: str) -> list[Claim]:
        return [Claim(f"{code}-{day}-{n}", code, (Line(day=day),), NORTH) for n in range(number)]

    sites = [
        {"site_id": "NORTH", "site_name": "North Clinic", "site_type": "provider_based_department",
         "address_line_1": "1 MAIN ST", "zip": "90001", "provider_based_from": "2024-03-04"},
    ]  # fmt: skip
    workspace = scrubjay.Workspace.open(write_workspace(tmp_path / "workspace", sites=sites))
    sent = (*claims(2, "11", "20240202"), *claims(24, "11", "20240305"), *claims(1, "19", "20240306"))
    file = Batch(sent).write(tmp_path / "march.837")
    day = dt.date(2024, 4, 1)
    found = scrubjay.check([file], workspace=workspace, select=["MIX"], as_of=day)
    assert [(one["rule"], one["outcome"]) for one in found.findings] == [
        ("MIX101", "violation"),
        ("MIX102", "violation"),
    ]
    assert found.mixes == [
        mix(
            line("2024-02", "11", 2),
            line("2024-03", "11", 24),
            line("2024-03", "19", 1),
            dates=(("2024-03-04", "provider_based_from"),),
        )
    ]
    month, site = found.findings
    assert month["message"].startswith("1 of 25 Medicare lines of 2024-03 at North Clinic carry POS 19 or 22")
    assert month["service_date"] == "2024-03-05"
    assert site["message"].startswith("1 of 25 Medicare lines at North Clinic carry POS 19 or 22 since")
    assert len({one["fingerprint"] for one in found.findings}) == 2
    quiet = scrubjay.check([file], workspace=workspace, select=["DEP101"], as_of=day)
    assert quiet.mixes == []


def test_each_month_is_a_finding_of_its_own(tmp_path: Path) -> None:
    sites = [{"site_id": "NORTH", "site_type": "main_campus", "address_line_1": "1 MAIN ST", "zip": "90001"}]
    workspace = scrubjay.Workspace.open(write_workspace(tmp_path / "workspace", sites=sites))
    days = ("20240205", "20240305")
    sent = tuple(Claim(f"{day}-{n}", "11", (Line(day=day),), NORTH) for day in days for n in range(20))
    file = Batch(sent).write(tmp_path / "both.837")
    found = scrubjay.check([file], workspace=workspace, select=["MIX"], as_of=dt.date(2024, 4, 1)).findings
    assert [one["evidence"]["service_month"] for one in found] == ["2024-02", "2024-03"]
    assert len({one["fingerprint"] for one in found}) == 2
    said = scrubjay.explain([file], claim="20240205-0", rule="MIX101", workspace=workspace, as_of=dt.date(2024, 4, 1))
    assert [(one.outcome, one.evidence["service_month"]) for one in said] == [("violation", "2024-02")]
    assert "site NORTH, 2024-02: violated" in said[0].text()


def test_too_few_lines_are_one_thing_to_wait_for_whatever_the_site() -> None:
    few = {
        "fact": "is_default_stale",
        "meaning": "x",
        "because": "fewer than 20 lines",
        "supplied_by": "billing office",
    }
    about = {"NORTH": "MIX101", "SOUTH": "MIX102"}
    findings = [
        violation(**{**MIX101, "outcome": "unknown", "severity": "warning", "rule": rule, "site_id": site,
                     "missing": [few], "fix": {}, "line_count": 3})
        for site, rule in about.items()
    ]  # fmt: skip
    assert len(root_causes(findings)) == 1
    assert "warning, 2 rules" in "".join(write_report(report(*findings), "text"))
