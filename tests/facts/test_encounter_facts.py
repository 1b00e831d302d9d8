"""Facts that the encounters registry gives: telehealth, stays, admissions, notices; and the visits beside a line."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.facts.samples import DAY, Case, D, Row, check, facts_of_cases

NO_ENCOUNTERS = "no encounters registry is loaded"
NO_ENCOUNTER = "no row of the encounters registry fits"
SEVERAL_ENCOUNTERS = "several rows of the encounters registry fit"


def met(*, line: Row | None = None, claim: Row | None = None, site: Row | None = None, **encounter: Any) -> Case:
    """A line with one row of the encounters registry."""
    row = {"claim_id": "A1", **encounter}
    return Case(site=site or {}, line=line or {}, claim=claim or {}, encounters=(row,))


def modified(*modifiers: str) -> Row:
    return {f"modifier_{number}": one for number, one in enumerate(modifiers, 1)}


# --- telehealth ---------------------------------------------------------------------------------------


def test_telehealth_is_marked_by_modifier_by_place_or_by_the_encounter() -> None:
    check(
        "is_marked_as_telehealth",
        *((Case(line=modified(one)), True) for one in ("93", "95", "GT", "GQ", "FQ")),
        *((Case(line=modified("25", one)), True) for one in ("93", "95")),
        *((Case(line=modified(one)), False) for one in ("FR", "G0", "25", "9", "GTX")),
        *((Case(line={"place_of_service_code": code}), True) for code in ("02", "10")),
        (Case(claim={"place_of_service_code": "10"}), True),
        (Case(claim={"place_of_service_code": "10"}, line={"place_of_service_code": "11"}), False),
        (met(telehealth_mode="video"), True),
        (met(telehealth_mode="audio"), True),
        (met(telehealth_mode="none"), False),
        (met(telehealth_mode="none", line=modified("95")), True),  # the claim says so
        (met(telehealth_patient_place="home"), True),  # by its place alone
        (met(telehealth_mode="none", telehealth_patient_place="clinic"), False),
        (met(telehealth_clinician_place="office"), False),
        (met(), False),
        (Case(), False),
        (Case(encounters=({"claim_id": "A2", "telehealth_mode": "video"},)), False),
        (Case(encounters=({"claim_id": "A1", "line_number": 2, "telehealth_mode": "video"},)), False),
    )


def test_the_telehealth_code_is_10_for_a_patient_at_home_and_02_at_a_facility() -> None:
    check(
        "telehealth_mode telehealth_patient_place telehealth_clinician_place telehealth_place_of_service_code",
        (
            met(telehealth_mode="video", telehealth_patient_place="home", telehealth_clinician_place="hospital"),
            ("video", "home", "hospital", "10"),
        ),
        (met(telehealth_mode="audio", telehealth_patient_place="clinic"), ("audio", "clinic", None, "02")),
        (met(telehealth_patient_place="hospital"), (None, "hospital", None, "02")),
        (met(telehealth_mode="video"), ("video", None, None, None)),
        (met(), (None, None, None, None)),
        (Case(), (None, None, None, None)),
    )
    elsewhere = ("work", "car", "school", "hotel", "street")
    facilities = ("clinic", "office", "hospital", "emergency_department", "nursing_facility", "dialysis_facility")
    check(
        "telehealth_place_of_service_code",
        *((met(telehealth_patient_place=one), "02") for one in facilities),
        *((met(telehealth_patient_place=one), None) for one in elsewhere),  # contractors differ
    )


def test_how_the_service_was_given_is_on_record_where_the_encounter_says_it() -> None:
    check(
        "has_telehealth_mode_on_record",
        *((met(telehealth_mode=one), True) for one in ("video", "audio", "none")),
        (met(telehealth_patient_place="home"), False),
        (met(), False),
        (Case(line=modified("95")), False),
    )


def test_where_the_patient_was_is_read_whatever_its_case() -> None:
    check(
        "telehealth_place_of_service_code",
        (met(telehealth_patient_place="Home"), "10"),
        (met(telehealth_patient_place="HOME"), "10"),
        (met(telehealth_patient_place="Hospital"), "02"),
    )


# --- a fact that only the registry knows ----------------------------------------------------------------

# column of the facts: column of the registry
PLAIN: dict[str, str] = {
    "is_behavioral_health": "is_behavioral_health",
    "is_skilled_nursing_part_a": "is_skilled_nursing_part_a",
    "has_notice": "has_notice",
    "is_notice_written": "is_notice_written",
    "is_notice_before_service": "is_notice_before_service",
    "has_notice_amount": "has_notice_amount",
    "has_notice_estimate_statement": "has_notice_estimate_statement",
    "is_emergency_treatment_required": "is_emergency_treatment_required",
    "is_emergency_stabilized": "is_emergency_stabilized",
    "has_two_coinsurances": "has_two_coinsurances",
    "is_shared_within_group": "is_same_group",
}


def check_each(*wanted: tuple[str, Case, Any]) -> None:
    """As `check`, where every case looks at a column of its own."""
    rows = [row for row, *_ in facts_of_cases([case for _, case, _ in wanted])]
    wrong = [
        f"{column}: {row[column]!r} and not {want!r} at {case}"
        for (column, case, want), row in zip(wanted, rows, strict=True)
        if row[column] is not want
    ]
    assert not wrong, "\n".join(wrong)


def test_a_yes_or_no_of_the_encounter_is_taken_as_it_is() -> None:
    def cases_of(cell: str) -> list[tuple[Case, bool | None]]:
        others: Row = dict.fromkeys(set(PLAIN.values()) - {cell}, True)
        yes: Row = {cell: True}
        no: Row = {cell: False}
        of_line, of_claim = {"claim_id": "A1", "line_number": 1}, {"claim_id": "A1"}
        of_day: Row = {"member_id": "M1", "service_date": DAY}
        return [
            (met(**yes), True),
            (met(**no), False),
            (met(**others), None),  # no other cell stands in
            (Case(encounters=({"claim_id": "A2", **yes},)), None),
            (Case(encounters=(of_claim | yes, of_claim | no)), None),
            (Case(encounters=(of_line | no, of_claim | yes)), False),
            (Case(encounters=(of_day | yes,)), True),
            (Case(encounters=(of_day | yes | {"service_date": D(2024, 3, 6)},)), None),
        ]

    check_each(*((column, case, want) for column, cell in PLAIN.items() for case, want in cases_of(cell)))


def test_the_word_of_the_encounter_on_behavioural_health_beats_the_diagnosis() -> None:
    check(
        "is_behavioral_health",
        *((met(claim={"principal_diagnosis_code": one}, is_behavioral_health=False), False) for one in ("F329", "I10")),
        *((met(claim={"principal_diagnosis_code": one}, is_behavioral_health=True), True) for one in ("F329", "I10")),
        (met(claim={"principal_diagnosis_code": "I10"}), None),
    )


def test_without_an_encounters_registry_nothing_of_it_is_known() -> None:
    [[row]] = facts_of_cases([Case()])
    assert {name: row[name] for name in PLAIN} == dict.fromkeys(PLAIN)
    assert row["encounter_because"] == NO_ENCOUNTERS


def test_a_notice_is_on_file_where_the_encounter_says_so() -> None:
    check(
        "has_notice_on_file",
        (met(has_notice=True), True),
        (met(has_notice=False), False),
        (met(), False),
        (met(is_notice_written=True), False),
        (Case(), False),
        (Case(encounters=tuple({"claim_id": "A1", "has_notice": one} for one in (True, False))), False),
    )


# --- stays --------------------------------------------------------------------------------------------

SILENT = "no text says which code is due for a Part A resident who is seen away from the nursing facility"
NURSING = ("skilled_nursing_facility", "nursing_facility")


def test_a_nursing_facility_is_told_by_the_type_of_the_site() -> None:
    check(
        "is_at_nursing_facility site_because",
        *(({"site_type": one}, (True, None)) for one in NURSING),
        *(
            ({"site_type": one}, (False, None))
            for one in (
                "freestanding_office",
                "assisted_living_facility",
                "intermediate_care_facility",
                "main_campus",
                "other",
            )
        ),
        ({"site_type": None}, (None, None)),
        (Case(site=None), (None, "no row of the sites registry fits the service location on that day")),
    )


def test_the_code_for_a_part_a_resident_seen_elsewhere_is_nobodys_to_know() -> None:
    def resident(part_a: bool | None, kind: str | None) -> Case:
        return met(site={"site_type": kind}, is_skilled_nursing_part_a=part_a)

    check(
        "is_part_a_code_due_elsewhere",
        (resident(True, "freestanding_office"), None),
        (resident(True, "skilled_nursing_facility"), False),
        (resident(True, "nursing_facility"), False),
        (resident(True, None), None),
        (resident(False, "freestanding_office"), False),
        (resident(False, "skilled_nursing_facility"), False),
        (resident(False, None), False),
        (resident(None, "skilled_nursing_facility"), False),
        (resident(None, "freestanding_office"), False),  # nobody says that he or she is one
        (resident(None, None), False),
        (Case(), False),
        (Case(site=None, encounters=({"claim_id": "A1", "is_skilled_nursing_part_a": True},)), None),
    )
    check(
        "part_a_code_because",
        *((resident(True, kind), SILENT) for kind in ("freestanding_office", None)),
        *((resident(part_a, "nursing_facility"), None) for part_a in (True, False, None)),
        *((resident(part_a, "freestanding_office"), None) for part_a in (False, None)),
    )


def test_the_discharge_date_is_the_claims_else_the_encounters() -> None:
    late = dt.datetime(2024, 3, 6, 23, 59)
    unnamed = "the claim names no discharge, and "
    twice = tuple({"claim_id": "A1", "discharged_at": one} for one in (late, dt.datetime(2024, 3, 7)))
    check(
        "discharge_date discharge_because",
        (Case(claim={"discharge_date": DAY}), (DAY, None)),
        (Case(), (None, unnamed + NO_ENCOUNTERS)),
    )
    check(
        "discharge_date discharge_because",
        (met(claim={"discharge_date": DAY}, discharged_at=late), (DAY, None)),
        (met(discharged_at=late), (D(2024, 3, 6), None)),
        (met(discharged_at=dt.datetime(2024, 3, 6)), (D(2024, 3, 6), None)),
        (Case(claim={"discharge_date": DAY}, encounters=({"claim_id": "A2"},)), (DAY, None)),
        (met(), (None, unnamed + "discharged_at is blank in the encounters registry")),
        (Case(encounters=({"claim_id": "A2", "discharged_at": late},)), (None, unnamed + NO_ENCOUNTER)),
        (Case(encounters=twice), (None, unnamed + SEVERAL_ENCOUNTERS)),
    )


# --- admissions ---------------------------------------------------------------------------------------


def admitted(days: int | None, kind: str | None = "ipps", day: Any = DAY, hour: int = 0, **more: Any) -> Case:
    """A patient admitted so many days after the service."""
    at = dt.datetime.combine(day + dt.timedelta(days=days), dt.time(hour)) if days is not None else None
    cells: Row = {"admission_status": "admitted", "admitted_at": at, "admitting_hospital_type": kind}
    return met(line={"service_date": day}, **cells, **more)


def test_an_admission_is_on_record_or_known_not_to_be() -> None:
    check(
        "has_admission_on_record admission_date admission_because",
        (admitted(2), (True, D(2024, 3, 7), None)),
        (admitted(2, hour=23), (True, D(2024, 3, 7), None)),
        (met(admission_status="none"), (False, None, None)),
    )
    check(
        "has_admission_on_record admission_date",
        (admitted(None), (True, None)),
        (met(), (None, None)),
        (Case(encounters=({"claim_id": "A2", "admission_status": "admitted"},)), (None, None)),
    )
    check("has_admission_on_record admission_because", (Case(), (None, NO_ENCOUNTERS)))
    check(
        "has_admission_on_record admission_because",
        (Case(encounters=({"claim_id": "A2", "admission_status": "admitted"},)), (None, NO_ENCOUNTER)),
        (Case(encounters=tuple({"claim_id": "A1", "admission_status": one} for one in ("none", "admitted"))),
         (None, SEVERAL_ENCOUNTERS)),
    )  # fmt: skip


WINDOWS = {"ipps": 3, "ipf": 1, "irf": 1, "ltch": 1, "cancer": 1, "childrens": 1}


def test_the_window_has_as_many_days_before_the_admission_as_the_hospital_has() -> None:
    check(
        "is_in_payment_window admission_because",
        *(
            (admitted(days, kind), (0 <= days <= window, None))
            for kind, window in WINDOWS.items()
            for days in (-1, 0, 1, 2, 3, 4, 30)
        ),
        *((admitted(days, "cah"), (False, None)) for days in (-1, 0, 1, 3)),
        (met(admission_status="none", admitting_hospital_type="ipps"), (False, None)),
        (met(admission_status="none"), (False, None)),
    )


def test_the_window_counts_calendar_days_and_no_hours() -> None:
    check(
        "is_in_payment_window",
        *((admitted(3, hour=hour), True) for hour in (0, 12, 23)),
        *((admitted(4, hour=hour), False) for hour in (0, 23)),
        *((admitted(0, hour=hour, service_started_at=dt.datetime(2024, 3, 5, 23)), True) for hour in (0, 23)),
        (admitted(3, day=D(2024, 2, 27)), True),  # over the end of a month of a leap year
        (admitted(4, day=D(2024, 2, 27)), False),
        (admitted(3, day=D(2023, 12, 30)), True),
    )


def test_the_window_is_that_of_the_law_of_the_day() -> None:
    check(
        "is_in_payment_window",
        *((admitted(days, "ipf", D(2005, 3, 5)), days == 1) for days in (1, 2)),
        *((admitted(days, "ipps", D(1993, 3, 5)), days == 3) for days in (3, 4)),
        (admitted(1, "cah", D(2005, 3, 5)), None),
        (admitted(1, "ipf", D(1993, 3, 5)), None),
        (admitted(1, "ipps", D(1990, 3, 5)), None),
        (admitted(1, "cah", D(2010, 6, 24)), None),
        (admitted(1, "cah", D(2010, 6, 25)), False),
    )


def test_a_hospital_of_which_the_law_says_nothing_leaves_the_window_open() -> None:
    check(
        "is_in_payment_window",
        *((admitted(days, kind), None) for kind in ("other", "reh", None) for days in (0, 1, 3)),
        (admitted(None), None),
        (met(admission_status="admitted"), None),
        (met(), None),
        (Case(encounters=({"claim_id": "A2", "admission_status": "admitted"},)), None),
    )


def test_what_is_not_known_of_the_window_says_why() -> None:
    no_window = "no window is on file for the type of the admitting hospital"
    check(
        "is_in_payment_window admission_because",
        (admitted(1, "other"), (None, no_window)),
        (admitted(0, "reh"), (None, no_window)),
        (admitted(1, "cah", D(2005, 3, 5)), (None, no_window)),
        (admitted(1, None), (None, "the type of the admitting hospital is blank in the registries")),
        (admitted(None), (None, "admitted_at is blank in the encounters registry")),
        (met(), (None, "admission_status and admitted_at are blank in the encounters registry")),
        (admitted(9, "other"), (False, None)),  # no hospital has a window as long
        (admitted(9, None), (False, None)),
    )


def test_no_hospital_has_a_window_after_the_admission() -> None:
    check("is_in_payment_window", *((admitted(-1, kind), False) for kind in ("other", "reh", None, *WINDOWS)))


def test_an_admission_without_a_status_is_told_by_its_day() -> None:
    at = dt.datetime(2024, 3, 7, 8)
    check(
        "has_admission_on_record admission_date is_in_payment_window",
        (met(admitted_at=at, admitting_hospital_type="ipps"), (True, D(2024, 3, 7), True)),
        (met(admitted_at=at, admitting_hospital_type="ipf"), (True, D(2024, 3, 7), False)),
    )


def test_what_the_hospital_did_with_its_charges_is_never_known() -> None:
    cases = [admitted(1), admitted(9), met(admission_status="none"), Case()]
    for case, [row] in zip(cases, facts_of_cases(cases), strict=True):
        assert row["is_hospital_charge_combined"] is None
        assert row["charge_because"], case


def test_of_an_undated_line_no_window_is_known() -> None:
    at: Row = {
        "admission_status": "admitted",
        "admitted_at": dt.datetime(2024, 3, 5),
        "admitting_hospital_type": "ipps",
    }
    check(
        "is_in_payment_window admission_because",
        (met(line={"service_date": None}, **at), (None, "the line has no readable service date")),
        (met(line={"service_date": None}, admission_status="none"), (False, None)),
    )


# --- the visits beside a line -------------------------------------------------------------------------

FAMILIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "has_office_visit_beside": (("99202", "99205", "99211", "99213", "99215"), ("99201", "99216", "G2211")),
    "has_home_visit_beside": (("99341", "99345", "99347", "99350"), ("99340", "99351", "99337")),
    "has_hospital_visit_beside": (("99221", "99223", "99231", "99236"), ("99220", "99238", "99239")),
    "has_nursing_facility_visit_beside": (("99304", "99310"), ("99303", "99315", "99316", "99318")),
    "has_cognitive_assessment_beside": (("99483",), ("99482", "99484")),
}


def test_a_visit_of_the_same_day_stands_beside_a_line() -> None:
    prolonged: Row = {"procedure_code": "99417"}

    def beside(code: str | None, day: Any = DAY) -> Case:
        return Case(lines=(prolonged, {"procedure_code": code, "service_date": day}))

    def cases_of(code: str) -> list[tuple[Case, bool]]:
        return [
            *((beside(code, day), False) for day in (D(2024, 3, 4), D(2024, 3, 6), None)),
            # another claim of the same patient does not count
            (Case(line=prolonged, others=(({"claim_id": "A2"}, {"procedure_code": code}),)), False),
        ]

    check_each(
        *((column, beside(code), True) for column, (family, _) in FAMILIES.items() for code in family),
        *((column, beside(code), False) for column, (_, others) in FAMILIES.items() for code in others),
        *((column, case, want) for column, (family, _) in FAMILIES.items() for case, want in cases_of(family[0])),
        *((column, case, False) for column in FAMILIES for case in (beside(None), Case(line=prolonged))),
        # two lines without a date are taken to be of one day: nobody is told that a visit is missing
        *(
            (column, Case(lines=({"service_date": None}, {"procedure_code": family[0], "service_date": None})), True)
            for column, (family, _) in FAMILIES.items()
        ),
    )


def test_visits_of_every_family_can_stand_beside_one_line() -> None:
    codes = ("99417", "99213", "99347", "99231", "99309", "99483")
    cases = [Case(lines=tuple({"procedure_code": code} for code in order)) for order in (codes, codes[::-1])]
    found = [[[row[column] for column in FAMILIES] for row in rows] for rows in facts_of_cases(cases)]
    assert found == [[[True] * 5] * 6] * 2
