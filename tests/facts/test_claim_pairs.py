"""The professional line beside the facility's claim of the same patient and day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.facts.samples import Row
from tests.facts.visit_samples import COVERED, SITES, Story, facts_of_stories, hospital_claim, tell

LATER = ("GENERAL", "institutional_claims", dt.date(2026, 4, 1), dt.date(2026, 4, 2))
CLINIC = {"procedure_code": "G0463", "revenue_code": "0510", "modifier_1": "PO"}
LABORATORY = {"procedure_code": "80053", "revenue_code": "0301"}
XRAY = {"procedure_code": "71046", "revenue_code": "0324"}


def pair(columns: str, *stories: tuple[Story, Any], **more: Any) -> None:
    tell(columns, *stories, table="claim_pair_facts", **more)


def beside(
    *lines: Row, site: str | None = "NORTH", day: str = "11", **more: Any
) -> tuple[tuple[Row, tuple[Row, ...]], ...]:
    return (hospital_claim(day, *lines, site=site, **more),)


def test_one_place_is_one_site_else_one_address() -> None:
    elsewhere = {"service_facility_address_line_1": "77 Unknown Rd", "service_facility_zip": "90099"}
    pair(
        "has_facility_claim is_same_place",
        (Story("11", "NORTH", hospital_claims=beside(CLINIC)), (True, True)),
        (Story("11", "OFFICE", hospital_claims=beside(CLINIC)), (True, False)),
        (Story("11", "OFFICE", hospital_claims=beside(CLINIC, site=None)), (True, None)),  # PO, and nobody says where
        (Story("11", "OFFICE", hospital_claims=beside(XRAY, site=None)), (True, False)),  # the campus
        (Story("11", None, claim=elsewhere, hospital_claims=beside(CLINIC, **elsewhere, site=None)), (True, True)),
        (Story("11", None, claim=elsewhere, hospital_claims=beside(CLINIC)), (True, False)),
    )


def test_a_claim_for_several_sites_is_at_no_other() -> None:
    def seen(site: str, number: int) -> Story:
        """Beside a claim for the campus and a clinic, which the encounters registry names for its first line."""
        bill = hospital_claim("11", CLINIC, XRAY | {"line_number": 2})
        return Story("11", site, encounter={"claim_id": f"H1~{number:04}", "line_number": 1, "site_id": "NORTH"},
                     hospital_claims=(bill,))  # fmt: skip

    pair("is_same_place", (seen("OFFICE", 0), False), (seen("NORTH", 1), None))


def test_an_inpatient_claim_begins_with_what_it_bills_of_the_days_before() -> None:
    def seen(first: str) -> Story:
        room = {"revenue_code": "0120", "procedure_code": None}
        stay = hospital_claim(first, room, bill="111", admission_date=dt.date(2026, 3, 13),
                              statement_through_date=dt.date(2026, 3, 15))  # fmt: skip
        return Story("11", "NORTH", "19", hospital_claims=(stay,))

    pair("has_facility_claim", (seen("11"), True), (seen("13"), False))


def test_a_surgical_center_speaks_for_itself() -> None:
    npi = "1700000031"
    place = {"address_line_1": "9 Rapids Ct", "zip": "90009"}
    center: Row = {"site_id": "RAPIDS", "site_type": "ambulatory_surgical_center", "npi": npi, **place}
    at_center = {f"service_facility_{name}": value for name, value in place.items()}
    own = Story("11", None, "24", claim=at_center | {"billing_provider_npi": npi})
    case, later = (Story(day, None, "24", claim=at_center) for day in ("11", "25"))
    rows = facts_of_stories([own, case, later], "claim_pair_facts", sites=(*SITES, center))
    told = [[(row["has_facility_feed"], row["has_facility_claim"]) for row in found] for found in rows]
    assert told == [[], [(True, False)], [(False, None)]]


def test_one_service_is_one_procedure_or_a_visit_beside_a_visit_and_never_a_laboratory_test() -> None:
    def seen(code: str, *lines: Row) -> Story:
        return Story("11", "NORTH", line={"procedure_code": code}, hospital_claims=beside(*lines))

    pair(
        "is_same_service",
        (seen("99213", CLINIC), True),
        (seen("20610", {"procedure_code": "20610", "revenue_code": "0361"}), True),
        (seen("99213", LABORATORY), False),
        (seen("80053", LABORATORY), False),
        (seen("80053", CLINIC), False),
        (seen("99213", XRAY), None),
        (seen("20610", CLINIC), None),
        (seen("99284", {"procedure_code": "99284", "revenue_code": "0450"}), True),
    )


def test_the_modifiers_of_the_day_say_which_code_stands_beside_them() -> None:
    def sent(*lines: Row, **more: Any) -> Story:
        return Story("11", "NORTH", "22", hospital_claims=beside(*lines, **more))

    pair(
        "paired_place_of_service_code",
        (sent(CLINIC), "19"),
        (sent(CLINIC | {"modifier_1": "PN"}), "19"),
        (sent(CLINIC | {"modifier_1": None}), "22"),
        (sent(CLINIC | {"modifier_1": "ER"}), "23"),
        (sent({"procedure_code": "99284", "revenue_code": "0450"}), "23"),
        (sent(CLINIC, CLINIC | {"modifier_1": "PN"}), None),
        (sent(CLINIC | {"modifier_1": None}, bill="851"), None),
    )


def test_a_clinic_and_an_emergency_department_on_one_bill_leave_the_code_open() -> None:
    emergency = {"procedure_code": "99284", "revenue_code": "0450"}
    both = Story("11", "NORTH", "22", hospital_claims=beside(emergency, CLINIC | {"modifier_1": None}))
    pair("paired_place_of_service_code", (both, None))


def test_no_text_says_the_code_of_a_department_near_a_remote_location() -> None:
    near = {"site_id": "EAST", "remote_location_distance_yards": 100, "address_line_1": "6 East St", "zip": "90006"}
    place = {"service_facility_address_line_1": "6 East St", "service_facility_zip": "90006"}
    [north] = [site for site in SITES if site["site_id"] == "NORTH"]
    bill = hospital_claim("11", CLINIC | {"modifier_1": None}, **place)
    pair(
        "paired_place_of_service_code",
        (Story("11", None, "19", claim=place, hospital_claims=(bill,)), "19"),
        (Story("11", None, "22", claim=place, hospital_claims=(bill,)), "22"),
        (Story("11", None, "23", claim=place, hospital_claims=(bill,)), "22"),
        sites=(*SITES, north | near | {"feed_codes": None}),
    )


def test_observation_stands_on_its_first_day_and_lasts() -> None:
    observation = {"procedure_code": "G0378", "revenue_code": "0762"}

    def seen(day: str, line: Row) -> Story:
        bill = hospital_claim("11", line, site="NORTH", statement_through_date=dt.date(2026, 3, 13))
        return Story(day, "NORTH", "22", line={"procedure_code": "99232"}, hospital_claims=(bill,))

    pair(
        "has_facility_claim",
        *((seen(day, observation), True) for day in ("11", "12", "13")),
        (seen("14", observation), False),
        (seen("12", CLINIC), False),
    )


def test_claims_that_were_voided_or_replaced_do_not_count() -> None:
    first = hospital_claim("11", CLINIC, site="NORTH", transaction_date=dt.date(2026, 3, 12))
    void = hospital_claim("11", CLINIC, site="NORTH", transaction_date=dt.date(2026, 3, 20), claim_frequency_code="8")
    changed = hospital_claim("11", XRAY, site="NORTH", transaction_date=dt.date(2026, 3, 20), claim_frequency_code="7")
    pair(
        "has_facility_claim facility_procedure_codes",
        (Story("11", "NORTH", hospital_claims=(first,)), (True, "G0463-PO")),
        (Story("11", "NORTH", hospital_claims=(first, void)), (False, "")),
        (Story("11", "NORTH", hospital_claims=(first, changed)), (True, "71046")),
        (Story("11", "NORTH", hospital_claims=(changed, first)), (True, "71046")),
    )


def test_no_claim_is_not_no_feed() -> None:
    other = Story("12", "NORTH", "19", hospital_claims=beside(CLINIC, day="12"))
    alone = Story("11", "NORTH", "19")
    pair("has_facility_claim", (alone, False), (other, True))
    pair("has_facility_claim", (alone, None), (other, True), feeds=(*COVERED[:1], LATER))
    pair("has_facility_claim", (Story("13", "NORTH", "19"), None), (other, True), feeds=())


def test_a_line_at_a_place_that_is_no_hospital_space_is_not_asked_about() -> None:
    office, north = facts_of_stories([Story("11", "OFFICE"), Story("11", "NORTH")], "claim_pair_facts")
    assert office == []
    assert len(north) == 1


def test_pairs_are_numbered_by_line_and_then_by_claim() -> None:
    one = Story("11", "NORTH", "19", hospital_claims=(*beside(CLINIC), *beside(CLINIC, claim_id="H2")))
    rows = [row for story in facts_of_stories([one, one], "claim_pair_facts") for row in story]
    assert [row["facility_claim_id"][:2] for row in sorted(rows, key=lambda row: row["row_id"])] == ["H1", "H2"] * 2
    assert len({row["row_id"] for row in rows}) == len(rows)


def test_hospital_lines_know_whether_a_practitioner_billed() -> None:
    seen = Story("11", "NORTH", "19", hospital_claims=beside(CLINIC))
    missed = Story("20", "NORTH", "19", hospital_claims=beside(CLINIC))
    tell("has_professional_claim", (seen, True), (missed, False), table="institutional_line_facts")
    tell("has_professional_claim", (seen, True), (missed, None), table="institutional_line_facts",
         feeds=(("GENERAL", "professional_claims", dt.date(2026, 4, 1), dt.date(2026, 4, 2)),))  # fmt: skip


def test_patients_are_matched_by_number_first_then_by_name_and_birth_date() -> None:
    def named(**claim: Any) -> Story:
        return Story("11", "NORTH", hospital_claims=beside(CLINIC, **claim))

    pair(
        "has_facility_claim match_method is_strict_match",
        (named(), (True, "member number", True)),
        (named(member_id=None), (True, "name, birth date and sex", False)),
        (named(member_id=None, patient_sex_code=None), (True, "name and birth date", False)),
        (named(member_id=None, patient_sex_code="M"), (False, "", True)),
        (named(member_id=None, patient_birth_date=dt.date(1950, 1, 1)), (False, "", True)),
        (named(member_id=None, patient_last_name=None), (False, "", True)),
    )


def test_a_record_number_with_name_and_birth_date_is_strict() -> None:
    number = {"medical_record_number": "000123456"}
    pair(
        "has_facility_claim match_method",
        (Story("11", "NORTH", claim=number, hospital_claims=beside(CLINIC, member_id=None, medical_record_number="123456")),
         (True, "medical record number")),
    )  # fmt: skip


def test_namesakes_whom_nothing_tells_apart_leave_it_open() -> None:
    nameless: Row = {
        "member_id": None,
        "patient_last_name": "Twin",
        "patient_first_name": "Ann",
        "patient_birth_date": dt.date(1950, 5, 5),
    }
    one = Story("11", "NORTH", claim=nameless | {"member_id": "TWIN-ONE"})
    two = Story("12", "NORTH", claim=nameless | {"member_id": "TWIN-TWO"})
    bill = Story("13", "OFFICE", hospital_claims=beside(CLINIC, **nameless))
    first, second, _ = facts_of_stories([one, two, bill], "claim_pair_facts")
    assert (first[0]["has_facility_claim"], second[0]["has_facility_claim"]) == (None, False)
    assert "cannot be told apart" in first[0]["facility_claim_because"]


def test_members_of_a_family_with_one_number_are_told_apart() -> None:
    number: Row = {"member_id": "FAMILY-1", "patient_last_name": "Roe"}
    mother = Story("11", "NORTH", claim=number | {"patient_birth_date": dt.date(1980, 1, 1)})
    bill = beside(CLINIC, **number, patient_birth_date=dt.date(2010, 2, 2))
    child = Story("12", "NORTH", claim=number | {"patient_birth_date": dt.date(2010, 2, 2)}, hospital_claims=bill)
    first, _ = facts_of_stories([mother, child], "claim_pair_facts")
    assert first[0]["has_facility_claim"] is False
