"""Which services the payment window reaches, of which practices, and until when a claim has to wait."""

from __future__ import annotations

import datetime as dt

from tests.facts.samples import Row
from tests.facts.visit_samples import COVERED, Story, event, facts_of_stories, hospital_claim, tell

D = dt.date
ADMITTED = (event("A01", "10 14:00"), event("A03", "14 11:00"))


def owned(day: str, **more: object) -> Story:
    return Story(day, "OWNED", events=ADMITTED, **more)  # type: ignore[arg-type]


def test_the_window_counts_calendar_days_and_the_day_of_admission() -> None:
    tell(
        "is_in_payment_window is_on_day_of_admission admission_date",
        (owned("06"), (False, None, None)),  # no admission within the longest window
        (owned("07"), (True, False, D(2026, 3, 10))),
        (owned("09"), (True, False, D(2026, 3, 10))),
        (owned("10"), (True, True, D(2026, 3, 10))),
        (owned("11"), (False, None, None)),
    )


def test_a_stay_of_ones_own_counts_though_there_is_a_namesake() -> None:
    name: Row = {"patient_last_name": "Twin", "patient_first_name": "Ann", "patient_birth_date": D(1950, 5, 5)}

    def told(number: str | None, stay: bool) -> Story:
        who = name | {"member_id": number}
        return Story("08", "OWNED", claim=who, events=tuple(one | who for one in ADMITTED) if stay else ())

    # the messages do not say who gives out the number: an old number of the other is not ruled out
    rows = facts_of_stories([told("TWIN-ONE", True), told("TWIN-TWO", False), told(None, True)])
    assert [row["is_in_payment_window"] for [row] in rows] == [True, None, True]


def test_the_type_of_the_hospital_or_unit_decides_how_long_it_is() -> None:
    unit = tuple(one | {"point_of_care": "PSYCH"} for one in ADMITTED)
    tell(
        "is_in_payment_window has_payment_window",
        (Story("08", "OWNED", events=unit), (False, True)),
        (Story("09", "OWNED", events=unit), (True, True)),
    )


def test_it_reaches_practices_that_the_admitting_hospital_wholly_owns_or_operates() -> None:
    tell(
        "is_window_practice",
        (owned("09"), True),
        (Story("09", "OFFICE", events=ADMITTED), False),
        (Story("09", "NORTH", "19", events=ADMITTED), False),
        (Story("09", None, events=ADMITTED), None),
        (Story("09", "OWNED"), True),  # nobody is admitted so far
    )


def test_diagnostic_services_and_the_day_of_admission_are_always_in_others_if_related() -> None:
    visit = {"procedure_code": "99214"}
    tell(
        "is_diagnostic_service is_always_window_service is_window_service",
        (owned("09", line={"procedure_code": "71046"}), (True, True, True)),
        (owned("09", line={"procedure_code": "80053"}), (True, True, True)),
        (owned("09", line=visit), (False, False, None)),
        (owned("10", line=visit), (False, True, True)),
        (owned("09", line=visit, encounter={"is_related_to_admission": True}), (False, False, True)),
        (owned("09", line=visit, encounter={"is_related_to_admission": False}), (False, False, None)),
        (
            owned("09", line=visit, encounter={"is_related_to_admission": False, "is_unrelatedness_attested": True}),
            (False, False, False),
        ),
        # nobody says that the procedure is diagnostic: related is enough, unrelated is not
        (
            owned("09", line={"procedure_code": "45378"}, encounter={"is_related_to_admission": True}),
            (None, False, True),
        ),
        (
            owned(
                "09",
                line={"procedure_code": "45378"},
                encounter={"is_related_to_admission": False, "is_unrelatedness_attested": True},
            ),
            (None, False, None),
        ),
        # a diagnosis proves nothing
        (owned("09", line=visit, claim={"principal_diagnosis_code": "I509"}), (False, False, None)),
    )


def test_an_attestation_names_who_gave_it_and_when() -> None:
    unrelated = {"is_related_to_admission": False, "is_unrelatedness_attested": True}
    tell(
        "unrelatedness_attestation",
        (owned("09", encounter={**unrelated, "recorded_by": "Dr. Roe", "recorded_on": D(2026, 3, 12)}),
         "attested by Dr. Roe on 2026-03-12"),
        (owned("09", encounter=unrelated), "attested, without a name, without a day"),
        (owned("09", encounter={"is_related_to_admission": False}), ""),
    )  # fmt: skip


def test_ambulance_and_dialysis_are_spared() -> None:
    tell(
        "is_excluded_from_payment_window",
        (owned("09", line={"procedure_code": "A0427"}), True),
        (owned("09", line={"procedure_code": "90970"}), True),
        (owned("09", encounter={"service_kind": "maintenance_dialysis"}), True),
        (owned("09"), False),
    )


def test_a_claim_waits_until_no_admission_can_reach_back() -> None:
    stories = [Story("09", "OWNED")]
    for day, closed in ((D(2026, 3, 10), None), (D(2026, 3, 12), None), (D(2026, 3, 13), True)):
        (line,) = facts_of_stories(stories, run_date=day)[0]
        assert line["window_release_date"] == D(2026, 3, 13)
        assert line["is_payment_window_closed"] is closed
        assert line["has_admission_on_record"] is False


def test_no_admission_is_known_only_where_the_feed_spoke_for_the_whole_window() -> None:
    until = tuple((hospital, kind, first, D(2026, 3, 11)) for hospital, kind, first, _ in COVERED)
    tell("has_admission_on_record", (Story("08", "OWNED"), False), (Story("09", "OWNED"), None), feeds=until)
    # the days that are still to come cannot have been spoken for
    tell("has_admission_on_record", (Story("09", "OWNED"), False), feeds=until, run_date=D(2026, 3, 12))


def test_an_admission_that_the_registry_denies_and_the_feed_tells_is_open() -> None:
    denied = owned("09", encounter={"admission_status": "none"})
    ((line,),) = facts_of_stories([denied])
    assert (line["has_admission_on_record"], line["is_in_payment_window"]) == (None, None)
    assert line["admission_because"] == "the feed and the encounters registry do not agree on an admission"


def test_the_feed_of_one_hospital_does_not_deny_an_admission_to_another() -> None:
    elsewhere = {
        "admission_status": "admitted",
        "admitted_at": dt.datetime(2026, 3, 21),
        "admitting_hospital_id": "PINE",
    }
    tell("has_admission_on_record is_window_practice", (owned("20", encounter=elsewhere), (True, False)))


def test_the_hospital_s_claim_says_whether_part_a_covers_a_stay_that_the_feed_tells() -> None:
    def stay(bill: str) -> tuple[Row, tuple[Row, ...]]:
        return hospital_claim("10", {"revenue_code": "0120", "procedure_code": None}, bill=bill,
                              admission_date=D(2026, 3, 10), statement_through_date=D(2026, 3, 14))  # fmt: skip

    tell(
        "is_part_a_stay",
        (owned("09"), None),
        (owned("09", hospital_claims=(stay("111"),)), True),
        (owned("09", hospital_claims=(stay("121"),)), False),
    )


def test_the_hospital_s_own_lines_are_looked_at_too() -> None:
    def bill(day: str, line: Row, **claim: object) -> Story:
        return Story("20", events=ADMITTED, hospital_claims=(hospital_claim(day, line, site="NORTH", **claim),))  # type: ignore[arg-type]

    clinic: Row = {"procedure_code": "G0463", "revenue_code": "0510", "modifier_1": "PO"}
    xray: Row = {"procedure_code": "71046", "revenue_code": "0324"}
    tell(
        "is_in_payment_window is_admitted_at_hospital is_window_service has_condition_code_51",
        (bill("08", clinic), (True, True, None, False)),
        (bill("08", xray), (True, True, True, False)),
        (bill("08", xray, condition_codes="09 51"), (True, True, True, True)),
        (bill("06", xray), (False, None, True, False)),
        table="institutional_line_facts",
    )


def test_whether_the_hospital_has_combined_its_charge_is_read_off_its_claims() -> None:
    admission = hospital_claim("10", {"revenue_code": "0120", "procedure_code": None}, bill="111", admission_date=D(2026, 3, 10),
                               statement_through_date=D(2026, 3, 14), claim_id="H2")  # fmt: skip
    clinic = hospital_claim("08", {"procedure_code": "G0463", "revenue_code": "0510"}, site="NORTH")
    unrelated = hospital_claim("08", {"procedure_code": "G0463"}, site="NORTH", condition_codes="51")
    tell(
        "is_hospital_charge_combined",
        (Story("08", "NORTH", "19", hospital_claims=(admission,)), True),
        (Story("08", "NORTH", "19", hospital_claims=(admission, clinic)), False),
        (Story("08", "NORTH", "19", hospital_claims=(admission, unrelated)), True),
        (Story("08", "NORTH", "19", events=ADMITTED), None),
    )
