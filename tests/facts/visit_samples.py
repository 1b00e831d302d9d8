"""Patients, feeds and hospital claims for the tests of what goes across claims: small stories in one build.

A `Story` is one patient with the messages, lists and claims about him. Every story has a patient of its own, so
that no story meets another; all share the hospital GENERAL, its department NORTH, its practice OWNED and an
independent OFFICE.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scrubjay.workspace import Feed
from tests.facts.samples import CLAIM, HOSPITAL_CLAIM, HOSPITAL_LINE, LINE, Row, build, facts_of

MARCH = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))
COVERED: tuple[Feed, ...] = (
    ("GENERAL", "visits", *MARCH),
    ("GENERAL", "institutional_claims", *MARCH),
    ("GENERAL", "professional_claims", *MARCH),
)
RUN_DATE = dt.date(2026, 5, 1)
GENERAL_NPI = "1700000007"

_PLACE: Row = {"hospital_id": "GENERAL", "hospital_name": "General Hospital", "hospital_type": "ipps"}
SITES: tuple[Row, ...] = (
    _PLACE | {"site_id": "MAIN", "site_name": "General Hospital", "site_type": "main_campus", "npi": GENERAL_NPI,
              "feed_codes": "GEN", "address_line_1": "1 Plaza", "zip": "90001"},
    _PLACE | {"site_id": "NORTH", "site_name": "North Clinic", "site_type": "provider_based_department", "feed_codes": "NORTHCL",
              "provider_based_from": dt.date(2010, 1, 1), "distance_yards": 900, "distance_method": "straight_line",
              "address_line_1": "2 North St", "zip": "90002"},
    _PLACE | {"site_id": "OWNED", "site_name": "Owned Practice", "site_type": "freestanding_office",
              "ownership": "wholly_owned_by_hospital", "address_line_1": "3 Elm St", "zip": "90003"},
    {"site_id": "OFFICE", "site_name": "Dr. Hill", "site_type": "freestanding_office", "ownership": "independent",
     "hospital_id": None, "address_line_1": "4 Oak St", "zip": "90004"},
    _PLACE | {"site_id": "PSYCH", "site_name": "Psychiatric Unit", "site_type": "inpatient_psychiatric_facility",
              "feed_codes": "PSYCH", "address_line_1": "5 Plaza", "zip": "90005"},
)  # fmt: skip
ADDRESSES = {
    row["site_id"]: {"service_facility_address_line_1": row["address_line_1"], "service_facility_zip": row["zip"]}
    for row in SITES
}


def at(text: str) -> dict[str, Any]:
    """A moment: '10 14:00' is the tenth of March 2026 at 14:00, '10' the day alone."""
    day, _, clock = text.partition(" ")
    hour, _, minute = clock.partition(":")
    moment = dt.datetime(2026, 3, int(day), int(hour or 0), int(minute or 0))
    return {"at": moment, "is_known": bool(clock)}


def event(code: str, happened: str, **more: Any) -> Row:
    """A message: its event, when it happened (EVN-6) and was entered; of visit V1 and class I unless said otherwise."""
    entered = at(more.pop("entered", happened))
    moment = at(happened)
    start, end = more.pop("admitted", None), more.pop("discharged", None)
    row = {
        "file_id": 0, "byte_offset": 0, "message_type": "ADT", "event_code": code, "message_control_id": f"{code}{happened}",
        "sending_facility": "GEN", "occurred_at": moment["at"], "is_occurrence_time_known": moment["is_known"],
        "recorded_at": entered["at"], "is_recorded_time_known": entered["is_known"], "sent_at": entered["at"],
        "visit_number": "V1", "patient_class_code": "I", "is_admission_time_known": False, "is_discharge_time_known": False,
    }  # fmt: skip
    if start:
        row |= {"admitted_at": at(start)["at"], "is_admission_time_known": at(start)["is_known"]}
    if end:
        row |= {"discharged_at": at(end)["at"], "is_discharge_time_known": at(end)["is_known"]}
    return row | more


def listed(patient_class: str, start: str, end: str | None = None, **more: Any) -> Row:
    """A row of a list of stays and registrations."""
    row = {
        "file_id": 0, "row_number": 1, "hospital": "GENERAL", "patient_class": patient_class, "started_at": at(start)["at"],
        "is_start_time_known": at(start)["is_known"], "is_end_time_known": False, "is_cancelled": False,
    }  # fmt: skip
    if end:
        row |= {"ended_at": at(end)["at"], "is_end_time_known": at(end)["is_known"]}
    return row | more


def hospital_claim(
    day: str, *lines: Row, site: str | None = None, bill: str = "131", **claim: Any
) -> tuple[Row, tuple[Row, ...]]:
    """A claim of General Hospital with its lines."""
    date = at(day)["at"].date()
    head = HOSPITAL_CLAIM | {
        "claim_id": "H1", "type_of_bill_code": bill, "billing_provider_npi": GENERAL_NPI, "statement_from_date": date,
        "statement_through_date": date, "billing_provider_address_line_1": "1 Plaza", "billing_provider_zip": "90001",
    }  # fmt: skip
    del head["member_id"]  # the patient is the story's
    return head | (ADDRESSES[site] if site else {}) | claim, tuple({"service_date": date} | line for line in lines)


@dataclass(frozen=True)
class Story:
    """One patient: a professional line on a day at a site, and what else is told of him."""

    day: str = "11"
    site: str | None = "OFFICE"
    pos: str = "11"
    line: Row | None = None
    claim: Row | None = None
    events: tuple[Row, ...] = ()
    visits: tuple[Row, ...] = ()
    hospital_claims: tuple[tuple[Row, tuple[Row, ...]], ...] = ()
    encounter: Row | None = None


def facts_of_stories(
    stories: Iterable[Story],
    table: str = "service_line_facts",
    feeds: tuple[Feed, ...] = COVERED,
    run_date: dt.date = RUN_DATE,
    sites: tuple[Row, ...] = SITES,
) -> list[list[Row]]:
    """The rows of a fact table for each story; see `build` for the connection behind."""
    claims: list[Row] = []
    lines: list[Row] = []
    hospital_lines: list[Row] = []
    events: list[Row] = []
    visits: list[Row] = []
    encounters: list[Row] = []
    stories = list(stories)
    for number, story in enumerate(stories):
        person = {
            "member_id": f"MEMBER{number:04}", "patient_last_name": f"Doe{chr(65 + number % 26)}{chr(65 + number // 26)}",
            "patient_first_name": "Jane", "patient_birth_date": dt.date(1945, 1, 2), "patient_sex_code": "F",
        }  # fmt: skip
        date = at(story.day)["at"].date()
        head = CLAIM | person | {"claim_key": len(claims), "claim_id": f"A{number:04}", "place_of_service_code": story.pos,
                                 "transaction_date": date, "billing_provider_npi": "1234567893"}  # fmt: skip
        claims.append(head | (ADDRESSES[story.site] if story.site else {}) | (story.claim or {}))
        lines.append(LINE | {"claim_key": head["claim_key"], "service_date": date} | (story.line or {}))
        for claim, own in story.hospital_claims:
            key = {"claim_key": len(claims)}
            claims.append(person | claim | {"claim_id": f"{claim['claim_id']}~{number:04}"} | key)
            hospital_lines += [HOSPITAL_LINE | line | key for line in own]
        visit = f"{number:04}"
        events += [
            person | one | {"visit_number": one["visit_number"] and one["visit_number"] + visit} for one in story.events
        ]
        visits += [person | one for one in story.visits]
        if story.encounter is not None:
            encounters.append({"claim_id": head["claim_id"], "is_admission_time_known": True, **story.encounter})
    kept: dict[str, Any] = {"encounters": encounters} if encounters else {}
    connection = build(
        claims, lines, None, hospital_lines, run_date, events=events, visits=visits, feeds=feeds, sites=sites, **kept
    )
    found: list[list[Row]] = [[] for _ in stories]
    for row in facts_of(connection, table):
        found[int(row["claim_id"][-4:])].append(row)
    return found


def tell(columns: str, *stories: tuple[Story, Any], table: str = "service_line_facts", **more: Any) -> None:
    """Each story has the value given in the column (a tuple for several) of its first row."""
    names = columns.split()
    found = [rows[0] for rows in facts_of_stories([story for story, _ in stories], table, **more)]
    values = [tuple(row[name] for name in names) if len(names) > 1 else row[names[0]] for row in found]
    wrong = [
        f"{value!r} and not {want!r} at {story}"
        for (story, want), value in zip(stories, values, strict=True)
        if value != want
    ]
    assert not wrong, f"{columns}:\n" + "\n".join(wrong)
