"""Facts: what the row of the sites registry says of a place, and the facts of each site."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from scrubjay.reference.registries import KNOWN_NONE, read_registry
from scrubjay.tables import SITE_TYPES, SITES
from tests.facts.samples import (
    AT_BILLING,
    AT_NORTH,
    CLAIM,
    HOSPITAL_CLAIM,
    HOSPITAL_LINE,
    LINE,
    NPI,
    SITE,
    Case,
    D,
    Row,
    build,
    check,
    facts_of,
    facts_of_cases,
    yards,
)

ALWAYS = ("main_campus", "remote_location", "satellite_facility")


# --- hospital space -----------------------------------------------------------------------------------


def test_hospital_space_is_told_by_its_type_and_its_dates() -> None:
    check(
        "is_provider_based",
        ({}, True),
        ({"provider_based_from": None}, None),
        ({"provider_based_from": KNOWN_NONE}, False),
        ({"provider_based_from": None, "provider_based_to": D(2020, 1, 1)}, False),
        ({"provider_based_from": None, "provider_based_to": D(2030, 1, 1)}, None),
        ({"site_type": None, "provider_based_from": None}, None),
        ({"site_type": None}, None),
        (Case(site=None), None),
        *(
            ({"site_type": one, "provider_based_from": None}, one in ALWAYS)
            for one in SITE_TYPES
            if one != "provider_based_department"
        ),
        # the dates of provider-based status are those of a department
        ({"site_type": "main_campus", "provider_based_from": D(2030, 1, 1)}, True),
        ({"site_type": "freestanding_office"}, False),
    )


def test_a_department_is_provider_based_from_its_first_to_its_last_day() -> None:
    site = {"provider_based_from": D(2024, 3, 5), "provider_based_to": D(2024, 3, 7)}
    check("is_provider_based", *(
        (Case(site, line={"service_date": D(2024, 3, day)}), 5 <= day <= 7) for day in range(4, 9)
    ))  # fmt: skip


# --- the campus ---------------------------------------------------------------------------------------

BLANK = "its distance is blank in the registry"
DRIVEN = "its distance was driven, and a road proves nothing beyond the boundary"
UNMEASURED = "how its distance was measured is blank in the registry"
REMOTE = "no text says which code a remote location or satellite takes"
NEAR_REMOTE = "the site is near a remote location, and no text says which code it takes"


def test_the_outpatient_code_follows_the_distance_to_the_main_building() -> None:
    check(
        "outpatient_place_of_service_code campus_because",
        (yards("0"), ("22", None)),
        (yards("249.9999"), ("22", None)),
        (yards("250"), ("22", None)),
        (yards("250.0001"), ("19", None)),
        (yards("99999999999999"), ("19", None)),
        (yards("250", "driving"), ("22", None)),  # the straight line is shorter
        (yards("250.0001", "driving"), (None, DRIVEN)),
        (yards("200", None), ("22", None)),
        (yards("300", None), (None, UNMEASURED)),
        ({}, (None, BLANK)),
        ({"distance_method": "straight_line"}, (None, BLANK)),
        ({"distance_method": "driving"}, (None, BLANK)),
        (Case(site=None), (None, "no row of the sites registry fits the service location on that day")),
    )


def test_the_campus_is_settled_by_its_type_by_cms_or_by_the_registry() -> None:
    check(
        "outpatient_place_of_service_code",
        ({"site_type": "main_campus"}, "22"),
        (yards("900", site_type="main_campus"), "22"),
        ({"has_cms_campus_determination": True}, "22"),
        (yards("900", has_cms_campus_determination=True), "22"),
        ({"has_cms_campus_determination": False}, None),
        (yards("900", has_cms_campus_determination=False), "19"),
        ({"is_on_hospital_campus": True}, "22"),
        (yards("900", is_on_hospital_campus=True), "22"),  # contiguous, however far
        ({"is_on_hospital_campus": False}, None),
        (yards("100", is_on_hospital_campus=False), "22"),
        (yards("900", site_type=None), "19"),
        ({"site_type": None, "has_cms_campus_determination": True}, "22"),
    )


def test_no_text_gives_a_code_to_a_remote_location_or_to_space_near_one() -> None:
    near: Row = {"remote_location_distance_yards": Decimal("250")}
    check(
        "outpatient_place_of_service_code campus_because",
        ({"site_type": "remote_location"}, (None, REMOTE)),
        ({"site_type": "satellite_facility"}, (None, REMOTE)),
        (yards("100", site_type="remote_location"), (None, REMOTE)),
        (yards("900", site_type="satellite_facility"), (None, REMOTE)),
        ({"site_type": "remote_location", "has_cms_campus_determination": True}, ("22", None)),
        (yards("900", **near), (None, NEAR_REMOTE)),
        (yards("900", "driving", **near), (None, NEAR_REMOTE)),
        (near, (None, NEAR_REMOTE)),
        (yards("100", **near), ("22", None)),
        (near | {"is_on_hospital_campus": True}, ("22", None)),
        (yards("900", remote_location_distance_yards=Decimal("250.0001")), ("19", None)),
        (yards("900", remote_location_distance_yards=None), ("19", None)),
    )


def test_within_five_yards_of_the_boundary_a_reading_decides_nothing() -> None:
    check(
        "is_near_campus_boundary",
        (yards("245"), True),
        (yards("255"), True),
        (yards("250"), True),
        (yards("244.9999"), False),
        (yards("255.0001"), False),
        (yards("250", "driving"), True),
        (yards("250", None), True),
        ({}, False),
        (Case(site=None), False),
        (yards("250", has_cms_campus_determination=True), False),
        (yards("250", is_on_hospital_campus=True), False),
        (yards("250", has_cms_campus_determination=False, is_on_hospital_campus=False), True),
        (yards("250", site_type="main_campus"), False),
        (yards("250", site_type="freestanding_office"), False),
        (yards("250", site_type="remote_location"), False),
    )


def test_the_campus_is_as_the_registry_says() -> None:
    for told in (True, False):
        check("is_on_hospital_campus", *(
            ({"site_type": one, "is_on_hospital_campus": told}, told) for one in (*SITE_TYPES, None)
        ))  # fmt: skip


def test_a_main_campus_is_on_the_campus_without_being_told() -> None:
    check(
        "is_on_hospital_campus",
        ({"site_type": "main_campus"}, True),
        ({}, None),
        ({"site_type": "freestanding_office"}, None),
        ({"site_type": "other"}, None),
        ({"site_type": None}, None),
        (Case(site=None), None),
    )


# --- enrolment ----------------------------------------------------------------------------------------


def test_an_enrolled_location_of_the_hospital_is_told_by_its_type_and_its_dates() -> None:
    def enrolled(kind: str | None, first: int | None = None, last: int | None = None) -> Row:
        days = {"pecos_effective_from": first, "pecos_effective_to": last}
        return {"enrolled_location_type": kind} | {name: D(2024, 3, day) for name, day in days.items() if day}

    department = "provider_based_department"
    check(
        "is_enrolled_hospital_location",
        *((enrolled(one), True) for one in (*ALWAYS, department)),
        *((enrolled(one), False) for one in ("practice_location", "other", "none")),
        (enrolled(None), None),
        (enrolled(department, 5, 5), True),
        (enrolled(department, 6), False),
        (enrolled(department, None, 4), False),
        (enrolled(department, 4, 6), True),
        (enrolled(department, None, 5), True),
        (enrolled("other", 5, 5), False),
        (enrolled(None, 6), False),
        (enrolled(None, 5), None),
        (Case(site=None), None),
        ({"site_type": department, "enrolled_location_type": None}, None),
    )


# --- addresses ----------------------------------------------------------------------------------------

PECOS: Row = {"pecos_address_line_1": "1 MAIN ST", "pecos_zip": "90001-1234"}


def test_the_service_facility_is_compared_with_pecos_else_with_the_address_claims_carry() -> None:
    check(
        "is_service_facility_at_registered_address",
        ({}, True),
        (PECOS, True),
        (PECOS | {"pecos_address_line_1": "2 MAIN ST"}, False),
        (PECOS | {"pecos_zip": "99999"}, False),
        (PECOS | {"pecos_zip": None}, None),
        (PECOS | {"pecos_address_line_1": "2 MAIN ST", "pecos_zip": None}, False),
        (Case(PECOS | {"address_line_1": "9 Elm St", "npi": NPI}, {"service_facility_npi": NPI}), True),
        (Case({"address_line_1": "9 Elm St", "npi": NPI}, {"service_facility_npi": NPI}), False),
        (Case({"address_line_1": None, "zip": None, "npi": NPI}, {"service_facility_npi": NPI}), None),
        (Case({"address_line_1": None, "city": "Town", "npi": NPI}, {"service_facility_npi": NPI}), None),
        (Case(site=None), None),
    )


def test_an_address_without_a_zip_code_is_not_the_registered_one() -> None:
    sent: Row = {"service_facility_npi": NPI, "service_facility_zip": None}
    check(
        "site_id is_service_facility_at_registered_address",
        (Case({"npi": NPI}, sent), ("NORTH", False)),
        (Case(PECOS | {"npi": NPI}, sent), ("NORTH", False)),
    )


def test_the_site_at_the_billing_address_is_told() -> None:
    named: Row = {"site_id": "NORTH"}  # so that the site is found whatever its address
    check(
        "site_id is_at_billing_address",
        (Case(AT_BILLING, named), ("NORTH", True)),
        (Case(AT_BILLING | {"zip": "900051234"}, named), ("NORTH", True)),
        (Case(claim=named), ("NORTH", False)),
        (Case(AT_BILLING | {"zip": "99999"}, named), ("NORTH", False)),
        (Case(AT_BILLING | {"zip": None}, named), ("NORTH", None)),
        (Case({"zip": None}, named), ("NORTH", False)),
        (Case({"address_line_1": None}, named), ("NORTH", None)),
        (Case({"address_line_1": None, "zip": None}, named), ("NORTH", None)),
        (Case({"address_line_1": None, "zip": "90005"}, named), ("NORTH", None)),
        # PECOS does not matter here
        (Case(AT_BILLING | PECOS, named), ("NORTH", True)),
        # what the claim leaves blank is known to be blank
        (Case(AT_BILLING, named | {"billing_provider_address_line_1": None}), ("NORTH", False)),
        (Case(AT_BILLING, named | {"billing_provider_zip": None}), ("NORTH", False)),
        (Case({"address_line_1": None}, named | {"billing_provider_address_line_1": None}), ("NORTH", None)),
        (Case(site=None), (None, None)),
    )


def test_the_registered_address_is_that_of_pecos_else_that_of_the_claims() -> None:
    named: Row = {"site_id": "NORTH"}
    town: Row = {"city": "Town", "state": "CA", "zip": None}
    check(
        "registered_address",
        (Case(town), None),  # not found without its ZIP code
        (Case(town, named), "1 Main Street, Town, CA"),
        (Case(town | {"pecos_address_line_1": "1 MAIN ST", "pecos_city": "TOWN"}, named), "1 MAIN ST, TOWN"),
        (Case(town | {"pecos_city": "TOWN"}, named), "1 Main Street, Town, CA"),
        (Case({"address_line_1": None, "zip": None}, named), None),
    )


# --- the sites ----------------------------------------------------------------------------------------


def site_facts(site: Row | None = None) -> Row:
    [row] = facts_of(build([CLAIM | AT_NORTH], [LINE], sites=[SITE | (site or {})]), "site_facts")
    return row


def test_only_rows_at_which_lines_were_given_are_sites_and_their_lines_are_counted() -> None:
    old, new = SITE | {"effective_to": D(2024, 3, 4)}, SITE | {"effective_from": D(2024, 3, 5)}
    elsewhere = SITE | {"site_id": "SOUTH", "address_line_1": "2 Main St"}
    ended = SITE | {"site_id": "EAST", "effective_to": D(2000, 1, 1)}
    claims = [CLAIM | AT_NORTH, HOSPITAL_CLAIM | AT_NORTH | {"claim_key": 1}, CLAIM | {"claim_key": 2}]
    lines = [LINE, LINE | {"service_date": D(2024, 3, 4)}, LINE | {"claim_key": 2}]
    hospital_lines = [HOSPITAL_LINE | {"claim_key": 1}, HOSPITAL_LINE | {"claim_key": 1, "line_number": 2}]
    connection = build(claims, lines, hospital_lines=hospital_lines, sites=[elsewhere, new, ended, old])
    found = facts_of(connection, "site_facts")
    assert [(row["row_id"], row["site_id"], row["site_row_number"], row["site_line_count"]) for row in found] == [
        (0, "NORTH", 2, 3),
        (1, "NORTH", 4, 1),
    ]


def test_a_site_that_two_rows_fit_is_no_site() -> None:
    assert facts_of(build([CLAIM | AT_NORTH], [LINE], sites=[SITE, SITE]), "site_facts") == []


NO_SURVEY = "the registry says that no survey is on file"
SURVEY_BLANK = "distance_evidence is blank in the registry"


def test_a_survey_on_file_confirms_the_side_of_the_boundary() -> None:
    check(
        "has_distance_survey is_side_of_boundary_confirmed boundary_because",
        ({"distance_evidence": "survey.pdf"}, (True, True, None)),
        ({"distance_evidence": "none"}, (False, None, NO_SURVEY)),
        ({"distance_evidence": None}, (None, None, SURVEY_BLANK)),
        table="site_facts",
    )


def test_a_site_says_whether_its_campus_is_settled_without_a_distance() -> None:
    check(
        "is_campus_settled_without_distance is_near_campus_boundary distance_yards",
        (yards("250"), (False, True, Decimal(250))),
        (yards("250", has_cms_campus_determination=True), (True, False, Decimal(250))),
        ({"is_on_hospital_campus": True}, (True, False, None)),
        ({"is_on_hospital_campus": False, "has_cms_campus_determination": False}, (False, False, None)),
        ({"site_type": "main_campus"}, (True, False, None)),
        ({"site_type": None}, (False, False, None)),
        table="site_facts",
    )


SAME: Row = {
    "address_line_1": "1 MAIN ST", "address_line_2": "STE 2", "city": "TOWN", "state": "CA", "zip": "900011234",
    "pecos_address_line_1": "1 MAIN ST", "pecos_address_line_2": "STE 2", "pecos_city": "TOWN", "pecos_state": "CA",
    "pecos_zip": "90001-1234",
}  # fmt: skip


def test_the_address_of_the_claims_is_compared_with_pecos_character_for_character() -> None:
    """The claim names the site itself, so that it is found whatever its address."""
    different: list[Row] = [
        {"address_line_1": "1 Main St"},
        {"address_line_1": "1  MAIN ST"},
        {"address_line_1": "1 MAIN ST "},
        {"address_line_1": "1 MAIN STREET"},
        {"address_line_1": "1 MAIN ST STE 2", "address_line_2": None},
        {"address_line_2": "SUITE 2"},
        {"address_line_2": None},
        {"city": "TOWNE"},
        {"city": None},
        {"state": "NV"},
        {"zip": "90001"},
        {"zip": "900015678"},
        {"pecos_zip": "90001"},
        {"pecos_zip": None},
        {"pecos_address_line_2": None},
    ]
    claim: Row = {"site_id": "NORTH"}
    no_suite: Row = {"address_line_2": None, "pecos_address_line_2": ""}
    check(
        "is_address_as_in_pecos",
        (Case(SAME, claim), True),
        (Case(SAME | {"pecos_zip": "900011234"}, claim), True),
        (Case(SAME | no_suite, claim), True),
        *((Case(SAME | one, claim), False) for one in different),
        (Case(SAME | {"pecos_address_line_1": None}, claim), None),
        (Case(SAME | {"address_line_1": None}, claim), None),
        (Case(SAME | {"address_line_1": None, "pecos_address_line_1": None}, claim), None),
        table="site_facts",
    )


def test_a_site_shows_both_addresses() -> None:
    [[found]] = facts_of_cases([Case(SAME, {"site_id": "NORTH"})], "site_facts")
    assert found["registered_address"].startswith("1 MAIN ST, STE 2, TOWN, CA ")
    assert found["pecos_address"].startswith("1 MAIN ST, STE 2, TOWN, CA ")
    assert site_facts()["pecos_address"] is None


# --- from the file to the fact ------------------------------------------------------------------------


def test_metres_none_and_blanks_come_through_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    file.write_text(
        "site_id,site_type,address_line_1,zip,provider_based_from,distance_yards,distance_method,distance_evidence,"
        "first_opps_service_date,mid_build_certification_date,cancer_hospital_attestation_date,relocated_date,"
        "ownership_changed_date,hospital_type,is_dedicated_emergency_department\n"
        "A,provider_based_department,1 Main St,90001,2010-01-01,228.6 m,straight_line,none,2015-11-01,none,none,none,none,ipps,no\n"
        "B,provider_based_department,2 Main St,90001,none,228.6001 m,straight_line,,2015-11-02,none,,none,none,ipps,no\n"
    )
    rows = read_registry(SITES, file).to_pylist()
    claims = [
        HOSPITAL_CLAIM
        | {"claim_key": key, "service_facility_address_line_1": f"{key} MAIN ST", "service_facility_zip": "90001"}
        for key in (1, 2)
    ]
    connection = build(claims, [], hospital_lines=[HOSPITAL_LINE | {"claim_key": key} for key in (1, 2)], sites=rows)
    a, b = facts_of(connection, "institutional_line_facts")
    assert (a["distance_yards"], a["outpatient_place_of_service_code"]) == (Decimal(250), "22")
    assert b["outpatient_place_of_service_code"] == "19"
    assert (a["is_provider_based"], b["is_provider_based"]) == (True, False)
    assert (a["is_excepted_department"], b["is_excepted_department"]) == (True, False)
    assert [row["has_distance_survey"] for row in facts_of(connection, "site_facts")] == [False, None]


@pytest.mark.parametrize("empty", [[], [SITE | {"site_id": "SOUTH", "zip": "99999"}]])
def test_a_registry_without_the_site_gives_no_site_and_says_so(empty: list[Row]) -> None:
    connection = build([CLAIM | AT_NORTH], [LINE], sites=empty)
    assert facts_of(connection, "site_facts") == []
    [row] = facts_of(connection)
    assert row["site_because"] == "no row of the sites registry fits the service location on that day"
