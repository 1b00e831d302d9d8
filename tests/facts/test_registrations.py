"""Where a patient was registered at the time of a service: messages folded into visits, lists, claims, and coverage."""

from __future__ import annotations

import itertools

from tests.facts.samples import Row
from tests.facts.visit_samples import COVERED, Story, event, facts_of_stories, hospital_claim, listed, tell

STAY = (event("A01", "10 14:00"), event("A03", "14 11:00"))
STATUS = "is_registered_inpatient is_registered_outpatient"


def test_between_admission_and_discharge_the_day_decides_and_on_those_days_the_hour() -> None:
    def seen(day: str, hour: str = "") -> Story:
        started = {"service_started_at": event("A08", f"{day} {hour}")["occurred_at"]} if hour else None
        return Story(day, events=STAY, encounter=started)

    tell(
        "is_registered_inpatient",
        (seen("09"), False),
        (seen("11"), True),
        (seen("13"), True),
        (seen("15"), False),
        (seen("10"), None),
        (seen("10", "09:00"), False),
        (seen("10", "14:00"), True),
        (seen("14", "10:59"), True),
        (seen("14", "11:00"), False),
        (seen("14"), None),
    )


def test_cancelled_events_undo_what_was_entered_before_them() -> None:
    tell(
        STATUS,
        (Story("11", events=(*STAY, event("A11", "10 14:00", entered="10 15:00"))), (False, False)),
        # cancelled first, admitted again later
        (
            Story("11", events=(event("A01", "10 14:00"), event("A11", "10 15:00"), event("A01", "10 18:00"))),
            (True, False),
        ),
        # the discharge is cancelled: still there on the day after it
        (Story("15", events=(*STAY, event("A13", "14 12:00"), event("A03", "17 10:00"))), (True, False)),
        (Story("16", events=(*STAY, event("A13", "14 12:00"))), (True, False)),
        # admission and cancellation entered on the same day without an hour
        (Story("10", pos="21", events=(event("A01", "10"), event("A11", "10"))), (False, False)),
        # an update of a cancelled visit does not bring it back
        (Story("11", events=(*STAY[:1], event("A11", "10 15:00"), event("A08", "10 16:00"))), (False, False)),
        # nor one of a visit that has ended
        (Story("16", events=(*STAY, event("A08", "15 09:00"))), (False, False)),
    )


def test_a_class_holds_from_the_event_that_says_so() -> None:
    observed = (event("A04", "10 08:00", patient_class_code="O", patient_type_code="OBS"),)
    admitted = (*observed, event("A06", "11 16:00"))
    back = (
        *admitted,
        event("A07", "12 09:00", patient_class_code="O"),
        event("A03", "12 18:00", patient_class_code="O"),
    )
    hours = {
        hour: {"service_started_at": event("A08", hour)["occurred_at"]}
        for hour in ("11 10:00", "11 17:00", "12 08:00", "12 12:00")
    }
    tell(
        STATUS,
        (Story("11", "NORTH", "22", events=admitted, encounter=hours["11 10:00"]), (False, True)),
        (Story("11", "NORTH", "22", events=admitted, encounter=hours["11 17:00"]), (True, False)),
        (Story("12", "NORTH", "22", events=back, encounter=hours["12 08:00"]), (True, False)),
        (Story("12", "NORTH", "22", events=back, encounter=hours["12 12:00"]), (False, True)),
        (Story("13", events=admitted), (True, False)),
        # an update that corrects the class
        (
            Story("12", events=(event("A01", "10 08:00"), event("A08", "11 08:00", patient_class_code="O"))),
            (False, False),
        ),
        # a letter that says nothing
        (Story("11", events=(event("A01", "10 08:00", patient_class_code="U"),)), (None, None)),
        # a preadmission is no registration
        (Story("11", events=(event("A05", "10 08:00", patient_class_code="P"),)), (False, False)),
    )


def test_an_outpatient_registration_belongs_to_its_place() -> None:
    north = event("A04", "11 08:00", patient_class_code="O", point_of_care="NORTHCL")
    laboratory = event("A04", "11 08:00", patient_class_code="O", point_of_care="LAB")
    hour = {"service_started_at": event("A08", "11 07:00")["occurred_at"]}
    tell(
        STATUS,
        (Story("11", "NORTH", "19", events=(north,)), (False, True)),
        (Story("11", "OFFICE", events=(north,)), (False, False)),
        (Story("11", "OFFICE", events=(laboratory,)), (False, None)),
        (Story("11", "OFFICE", events=(laboratory,), encounter=hour), (False, False)),
        (Story("12", "OFFICE", events=(laboratory,)), (False, False)),
    )


def test_no_record_is_not_no_feed() -> None:
    nobody = Story("11", "OFFICE")
    told = Story(
        "12", "NORTH", "19", events=(event("A04", "12 08:00", patient_class_code="O", point_of_care="NORTHCL"),)
    )
    tell(STATUS, (nobody, (False, False)), (told, (False, True)))
    tell(STATUS, (nobody, (None, None)), (Story("12", "OFFICE"), (False, False)), (told, (False, True)), feeds=())
    other = (("GENERAL", "visits", COVERED[0][2], COVERED[0][2]),)
    tell(STATUS, (nobody, (None, None)), feeds=other)
    assert "no feed speaks for that day" in facts_of_stories([nobody, told], feeds=other)[0][0]["registration_because"]


def test_lists_and_hospital_claims_tell_stays_too() -> None:
    inpatient = hospital_claim("10", {"revenue_code": "0120", "procedure_code": None}, bill="111",
                               admission_date=event("A01", "10")["occurred_at"].date(),
                               statement_through_date=event("A03", "14")["occurred_at"].date())  # fmt: skip
    still = hospital_claim("10", {"revenue_code": "0120", "procedure_code": None}, bill="112", patient_status_code="30",
                           admission_date=event("A01", "10")["occurred_at"].date(),
                           statement_through_date=event("A03", "12")["occurred_at"].date())  # fmt: skip
    tell(
        STATUS,
        (Story("12", visits=(listed("inpatient", "10 14:00", "14 11:00"),)), (True, False)),
        (Story("12", visits=(listed("inpatient", "10", "14", is_cancelled=True),)), (False, False)),
        (Story("12", "NORTH", "22", visits=(listed("observation", "11 20:00", "13 09:00"),)), (False, True)),
        (Story("12", hospital_claims=(inpatient,)), (True, False)),
        (Story("14", hospital_claims=(inpatient,)), (None, False)),
        (Story("15", hospital_claims=(inpatient,)), (False, False)),
        (Story("15", hospital_claims=(still,)), (True, False)),
    )


def test_a_newer_list_of_the_same_visits_says_what_the_older_one_could_not() -> None:
    def seen(number: str, *rows: Row) -> Story:
        return Story("14", visits=tuple(row | {"visit_number": number} for row in rows))

    here, left = listed("inpatient", "10 14:00"), listed("inpatient", "10 14:00", "12 11:00")
    tell(
        "is_registered_inpatient",
        (seen("L1", here, left), False),
        (seen("L2", left, here), False),
        (seen("L3", left | {"is_cancelled": True}, listed("inpatient", "10 14:00", "16 11:00")), False),
        (seen("L4", listed("inpatient", "10 14:00", "16 11:00"), here), True),
        (Story("14", visits=(left, listed("inpatient", "13 14:00", "16 11:00"))), True),
    )


def test_on_the_day_of_admission_the_hospital_is_known_though_the_hour_is_not() -> None:
    admission = event("A01", "10 14:00", admitted="10 14:00")
    discharge = event("A03", "14 09:00", discharged="14 09:00")
    tell(
        "is_registered_inpatient inpatient_hospital_type inpatient_place_of_service_code",
        (Story("10", "MAIN", "21", events=(admission, discharge)), (None, "ipps", "21")),
        (Story("14", "MAIN", "21", events=(admission, discharge)), (None, "ipps", "21")),
        (Story("15", "MAIN", "21", events=(admission, discharge)), (False, None, None)),
    )


def test_the_two_voices_that_differ_leave_it_open_and_are_both_shown() -> None:
    stories = [
        Story("11", events=STAY, encounter={"registration_status": "none", "recorded_by": "front desk"}),
        Story("11", events=STAY, encounter={"registration_status": "inpatient"}),
        Story("11", encounter={"registration_status": "outpatient"}),
    ]
    disputed, agreed, typed = (rows[0] for rows in facts_of_stories(stories))
    assert disputed["is_registered_inpatient"] is None
    for words in ("inpatient at General Hospital since 2026-03-10 14:00", "says none (front desk)", "do not agree"):
        assert words in disputed["registration_because"]
    assert agreed["is_registered_inpatient"] is True
    assert typed["is_registered_outpatient"] is None  # the feed speaks for that day, and knows of nothing
    assert "the feed says no registration" in typed["registration_because"]


def test_the_feed_of_one_hospital_does_not_deny_a_stay_in_another() -> None:
    elsewhere = {"registration_status": "inpatient", "admitting_hospital_id": "PINE"}
    here = elsewhere | {"admitting_hospital_id": "GENERAL"}
    tell(
        STATUS,
        (Story("11", "NORTH", encounter=elsewhere), (True, False)),
        (Story("11", "NORTH", encounter=here), (None, False)),
    )


def test_a_stay_has_the_type_of_its_hospital_or_unit() -> None:
    unit = tuple(one | {"point_of_care": "PSYCH"} for one in STAY)
    tell(
        "inpatient_place_of_service_code inpatient_hospital_name inpatient_since_date",
        (Story("11", pos="21", events=STAY), ("21", "General Hospital", STAY[0]["occurred_at"].date())),
        (Story("11", pos="21", events=unit), ("51", "General Hospital", STAY[0]["occurred_at"].date())),
        (Story("16", pos="21", events=unit), (None, None, None)),
    )


def test_the_order_of_the_messages_does_not_matter() -> None:
    messages = (
        event("A04", "10 08:00", patient_class_code="O"),
        event("A06", "10 16:00"),
        event("A03", "12 10:00"),
        event("A13", "12 11:00"),
        event("A03", "13 10:00"),
    )
    stories = [Story("11", events=order) for order in itertools.permutations(messages)]
    found = {
        (row["is_registered_inpatient"], row["registration_evidence"])
        for rows in facts_of_stories(stories)
        for row in rows
    }
    assert found == {(True, "the feed says inpatient at General Hospital since 2026-03-10 16:00 until 2026-03-13")}


def test_a_visit_and_an_account_can_get_another_number() -> None:
    started = event("A01", "10 14:00", visit_number="OLD")
    ended = event("A03", "14 11:00", visit_number="NEW")
    moved = event("A50", "12 10:00", visit_number="NEW", prior_visit_number="OLD0001")
    tell(
        "is_registered_inpatient",
        (Story("16", events=(started,)), True),  # never discharged
        (Story("16", events=(started, moved, ended)), False),
    )


def test_an_inpatient_claim_without_an_admission_date_leaves_its_days_open() -> None:
    bill = hospital_claim(
        "08",
        {"revenue_code": "0120", "procedure_code": None},
        bill="111",
        statement_through_date=event("A03", "14")["occurred_at"].date(),
    )
    (inside,), (after,) = facts_of_stories([Story("11", hospital_claims=(bill,)), Story("15", hospital_claims=(bill,))])
    assert (inside["is_registered_inpatient"], after["is_registered_inpatient"]) == (None, False)
    assert "does not say when the patient was admitted" in inside["registration_because"]
    assert inside["has_admission_on_record"] is False  # the feed speaks for that day, and of no admission
