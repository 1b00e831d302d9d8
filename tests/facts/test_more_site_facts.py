"""Facts: the kind and the campus of a site on both kinds of lines, section 6225, and the code each payer gets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scrubjay.reference.registries import KNOWN_NONE
from scrubjay.tables import HOSPITAL_SPACE, SITE_TYPES
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

NO_ROW = "no row of the sites registry fits the service location on that day"
NURSING = ("skilled_nursing_facility", "nursing_facility")
BILLING = "1234567893"
THIRD = "1777777773"


# --- the code that names the kind of a site -----------------------------------------------------------

CODES = {
    "freestanding_office": "11", "assisted_living_facility": "13", "group_home": "14", "mobile_unit": "15",
    "walk_in_retail_clinic": "17", "urgent_care_center": "20", "ambulatory_surgical_center": "24",
    "military_facility": "26", "hospice_facility": "34", "federally_qualified_health_center": "50",
    "inpatient_psychiatric_facility": "51", "intermediate_care_facility": "54", "opioid_treatment_program": "58",
    "inpatient_rehabilitation_facility": "61", "dialysis_facility": "65", "public_health_clinic": "71",
    "rural_health_clinic": "72", "independent_laboratory": "81",
}  # fmt: skip


def test_the_kind_of_a_site_gives_its_code_but_not_where_the_patient_decides() -> None:
    check("site_place_of_service_code", *(({"site_type": one}, CODES.get(one or "")) for one in (*SITE_TYPES, None)))


@pytest.mark.parametrize("kind", NURSING)
def test_a_nursing_facility_has_the_code_that_part_a_coverage_gives(kind: str) -> None:
    def resident(part_a: bool | None, kind: str = kind) -> Case:
        return Case({"site_type": kind}, encounters=({"claim_id": "A1", "is_skilled_nursing_part_a": part_a},))

    check(
        "site_place_of_service_code is_part_a_stay_ruled_out",
        (resident(True), ("31", False)),
        (resident(False), ("32", True)),
        (resident(None), (None, False)),
        (Case({"site_type": kind}), (None, False)),
        (resident(True, "freestanding_office"), ("11", False)),
        (resident(False, "freestanding_office"), ("11", True)),
    )


def test_a_site_has_the_code_from_the_day_the_code_began() -> None:
    def on(day: Any, kind: str) -> Case:
        return Case({"site_type": kind}, line={"service_date": day})

    check(
        "site_place_of_service_code",
        (on(D(2010, 4, 30), "walk_in_retail_clinic"), None),
        (on(D(2010, 5, 1), "walk_in_retail_clinic"), "17"),
        (on(D(2019, 12, 31), "opioid_treatment_program"), None),
        (on(D(2020, 1, 1), "opioid_treatment_program"), "58"),
        (on(D(2003, 1, 1), "freestanding_office"), "11"),
    )


def test_what_is_not_known_of_the_code_of_a_site_says_why() -> None:
    none_of_its_own = "a site of this kind has no code of its own"
    coverage = "at a nursing facility the code depends on Part A coverage, which nobody recorded"
    check(
        "site_code_because",
        *(({"site_type": one}, "in hospital space the code depends on the patient") for one in HOSPITAL_SPACE),
        *(
            ({"site_type": one}, none_of_its_own)
            for one in SITE_TYPES
            if one not in (*CODES, *HOSPITAL_SPACE, *NURSING)
        ),
        *(({"site_type": one}, coverage) for one in NURSING),
        (Case({"site_type": "walk_in_retail_clinic"}, line={"service_date": D(2010, 4, 30)}), none_of_its_own),
        ({"provider_based_from": None}, "the first day of its provider-based status is blank in the registry"),
        ({"site_type": None}, "the kind of the site is blank in the registry"),
        (Case(site=None), NO_ROW),
        *(({"site_type": one}, None) for one in CODES),
    )


def test_a_department_was_an_office_until_it_became_one() -> None:
    began: Row = {"provider_based_from": D(2024, 3, 6)}
    check(
        "site_place_of_service_code is_provider_based is_off_campus_department",
        (yards("900", **began), ("11", False, False)),
        (yards("900", provider_based_to=D(2024, 3, 4)), ("11", False, False)),
        (yards("900", provider_based_from=KNOWN_NONE), ("11", False, False)),
        (yards("900", provider_based_from=None), (None, None, None)),
        (Case(yards("900", **began), line={"service_date": D(2024, 3, 6)}), (None, True, True)),
    )


# --- the campus ---------------------------------------------------------------------------------------


def test_a_survey_of_the_distance_is_on_file_or_known_not_to_be() -> None:
    check(
        "has_distance_survey site_because",
        ({"distance_evidence": "survey.pdf"}, (True, None)),
        ({"distance_evidence": "none"}, (False, None)),
        ({"distance_evidence": None}, (None, None)),
        (yards("900"), (None, None)),
        (Case(site=None), (None, NO_ROW)),
    )


def test_the_campus_may_be_settled_without_a_distance() -> None:
    check(
        "is_campus_settled_without_distance",
        ({"is_on_hospital_campus": True}, True),
        ({"has_cms_campus_determination": True}, True),
        ({"site_type": "main_campus"}, True),
        ({"is_on_hospital_campus": False, "has_cms_campus_determination": False}, False),
        ({}, False),
        (yards("100"), False),
        ({"site_type": None}, False),
        (Case(site=None), False),
    )


SITES: list[Row] = [
    {},
    yards("250"), yards("250.0001"), yards("900"), yards("900", "driving"), yards("900", None), yards("200", None),
    yards("900", provider_based_from=None), yards("900", provider_based_from=KNOWN_NONE),
    yards("900", provider_based_from=D(2024, 3, 6)), yards("900", provider_based_to=D(2024, 3, 4)),
    yards("900", remote_location_distance_yards=Decimal(100)),
    yards("900", is_on_hospital_campus=True), yards("900", has_cms_campus_determination=True),
    yards("900", first_opps_service_date=D(2015, 11, 1), mid_build_certification_date=KNOWN_NONE,
          cancer_hospital_attestation_date=KNOWN_NONE, relocated_date=KNOWN_NONE, ownership_changed_date=KNOWN_NONE),
    yards("900", first_opps_service_date=D(2015, 11, 2), mid_build_certification_date=KNOWN_NONE,
          cancer_hospital_attestation_date=KNOWN_NONE, is_dedicated_emergency_department=False),
    yards("900", excepted_status="excepted"), yards("900", excepted_status="non_excepted"),
    yards("900", is_dedicated_emergency_department=True),
    yards("900", relocated_date=D(2020, 1, 1), has_relocation_exception=False),
    *({"site_type": one} for one in (*HOSPITAL_SPACE, "freestanding_office", None)),
]  # fmt: skip
SHARED = (
    "site_id", "site_type", "is_provider_based", "outpatient_place_of_service_code", "campus_because",
    "is_off_campus_department", "is_excepted_department", "excepted_because", "excepted_reason",
)  # fmt: skip


def test_a_professional_line_says_the_same_of_a_department_as_an_institutional_one() -> None:
    """What makes a department off campus and excepted is tested with the institutional lines."""
    hospital = facts_of_cases([Case(one, is_hospital=True) for one in SITES], "institutional_line_facts")
    practice = facts_of_cases([Case(one) for one in SITES])
    seen = set()
    for [ours], [theirs] in zip(practice, hospital, strict=True):
        assert {name: ours[name] for name in SHARED} == {name: theirs[name] for name in SHARED}
        seen |= {(name, ours[name]) for name in ("is_off_campus_department", "is_excepted_department")}
    assert seen == {(name, value) for name in SHARED[5:7] for value in (True, False, None)}


# --- section 6225 -------------------------------------------------------------------------------------

IN_2028 = D(2028, 3, 5)


def at_department(site: Row | None = None, *others: Row, day: Any = IN_2028, **claim: Any) -> Case:
    """A hospital's line at a department, and the other sites of the registry."""
    dates = {"statement_from_date": day, "statement_through_date": day, **claim}
    sites = (SITE | {"hospital_id": "H1"} | (site or {}), *others)
    return Case(sites=sites, claim=dates, line={"service_date": day}, is_hospital=True)


MAIN = SITE | {"site_id": "MAIN", "site_type": "main_campus", "address_line_1": "9 Elm St", "hospital_id": "H1"}


def test_an_npi_of_its_own_is_not_that_of_the_hospital() -> None:
    check(
        "has_npi_of_its_own site_because",
        (at_department({"npi": NPI}), (True, None)),
        (at_department({"npi": "none"}), (False, None)),
        (at_department({"npi": None}), (None, None)),
        (at_department({"npi": NPI}, MAIN | {"npi": BILLING}), (True, None)),
        (at_department({"npi": NPI}, MAIN | {"npi": NPI}), (False, None)),
        # the hospital bills, and the department has only the hospital's number
        (at_department({"npi": BILLING}, MAIN | {"npi": BILLING}), (False, None)),
        # the department bills under its own number, as the section asks
        (at_department({"npi": NPI}, MAIN | {"npi": THIRD}, billing_provider_npi=NPI), (True, None)),
        table="institutional_line_facts",
    )
    check(
        "has_npi_of_its_own site_because",
        (Case(site=None, is_hospital=True), (None, "no sites registry is loaded")),
        is_hospital=True,
    )


def attested(date: Any, day: Any = IN_2028) -> Case:
    return at_department({"attestation_date": date}, day=day)


def test_an_attestation_is_in_time_within_the_two_years_that_end_on_the_service_date() -> None:
    check(
        "has_attestation_in_time",
        (attested(D(2026, 3, 5)), True),
        (attested(D(2026, 3, 4)), False),
        (attested(D(2028, 3, 5)), True),
        (attested(D(2028, 3, 6)), False),  # not yet
        (attested(KNOWN_NONE), False),
        (attested(None), None),
        # none before 2026 counts
        (attested(D(2026, 1, 1), D(2028, 1, 1)), True),
        (attested(D(2025, 12, 31), D(2028, 1, 1)), False),
        (attested(D(2026, 2, 27), D(2028, 2, 29)), False),
        (attested(D(2026, 2, 28), D(2028, 2, 29)), True),
        table="institutional_line_facts",
    )


def test_before_2028_no_attestation_is_asked_for_and_none_is_judged() -> None:
    check(
        "has_attestation_in_time",
        *((attested(one, D(2027, 12, 31)), None) for one in (D(2026, 6, 1), None)),
        table="institutional_line_facts",
    )


# --- the billing address ------------------------------------------------------------------------------

HOME = SITE | AT_BILLING | {"site_id": "HOME", "site_type": "main_campus"}
AWAY = SITE | {"site_id": "AWAY", "address_line_1": "2 Main St"}
NOT_SAID = SITE | {"site_id": "DARK", "address_line_1": None, "zip": None, "npi": NPI}


def hospital_claim(*at: str | None, sites: tuple[Row, ...] = (HOME, AWAY, NOT_SAID), **claim: Any) -> Case:
    """A hospital's claim whose lines were given at these sites, as the encounters registry says."""
    encounters = tuple({"claim_id": "A1", "line_number": n, "site_id": one} for n, one in enumerate(at, 1) if one)
    lines: tuple[Row, ...] = tuple({} for _ in at)
    return Case(sites=sites, claim=claim, lines=lines, encounters=encounters, is_hospital=True, is_named=False)


def test_a_claim_says_whether_one_of_its_lines_was_given_at_the_billing_address() -> None:
    check(
        "has_line_at_billing_address",
        (hospital_claim("HOME"), True),
        (hospital_claim("AWAY"), False),
        (hospital_claim("AWAY", "HOME"), True),
        (hospital_claim("AWAY", "AWAY"), False),
        (hospital_claim("DARK"), None),
        (hospital_claim("AWAY", "DARK"), None),
        (hospital_claim("HOME", "DARK"), True),
        (hospital_claim("AWAY", "NOWHERE"), None),
        (hospital_claim("HOME", "NOWHERE"), True),
        (hospital_claim(None), True),  # no service facility is named, and none of its modifiers says otherwise
        (Case(sites=(HOME, AWAY), line={"modifier_1": "PO"}, is_hospital=True, is_named=False), False),
        table="claim_facts",
    )
    named: Row = {"service_facility_address_line_1": "2 MAIN ST", "service_facility_zip": "90001"}
    check(
        "has_service_facility has_line_at_billing_address",
        (hospital_claim("AWAY", "HOME", **named), (True, True)),
        (hospital_claim(None, "AWAY", **named), (True, False)),
        (hospital_claim(None, None, **named), (True, False)),
        table="claim_facts",
    )


def test_where_a_line_of_the_claim_was_given_is_not_known_the_claim_says_why() -> None:
    cases = [hospital_claim("NOWHERE"), hospital_claim("AWAY", "NOWHERE")]
    for [row] in facts_of_cases(cases, "claim_facts"):
        assert row["has_line_at_billing_address"] is None
        assert row["site_because"]


# --- the code each payer gets -------------------------------------------------------------------------

Visit = tuple[str, str, Any]  # payer, place of service, day


def week(number: int, weekday: int = 0) -> Any:
    """A day of a week of 2024, counted from Monday, January 1."""
    return D.fromordinal(D(2024, 1, 1).toordinal() + 7 * number + weekday)


def visits(*each: Visit, **line: Any) -> Case:
    """These office visits at one site, each on a claim of its own."""
    claims = [
        ({"claim_id": f"A{number}", "payer_id": payer, "payer_name": payer},
         {"place_of_service_code": code, "service_date": day} | line)
        for number, (payer, code, day) in enumerate(each)
    ]  # fmt: skip
    (claim, own), *others = claims
    return Case(claim=claim, line=own, others=tuple(others))


A1, A2, B1, B2 = ("ACME", "22", week(1)), ("ACME", "22", week(5)), ("BEST", "11", week(2)), ("BEST", "11", week(6))


def test_a_code_that_follows_the_payer_is_told_of_the_site() -> None:
    def at(payer: str, code: str, *weeks: int) -> tuple[Visit, ...]:
        return tuple((payer, code, week(number)) for number in weeks)

    acme, best = (A1, A2), (B1, B2)
    table: list[tuple[str, tuple[Visit, ...], bool]] = [
        ("overlapping weeks", (*acme, *best), True),
        ("one span within the other", (*acme, *at("BEST", "11", 2, 3)), True),
        ("all on one day", (*at("ACME", "22", 1, 1), *at("BEST", "11", 1, 1)), True),
        ("the one begins on the day on which the other ends", (*acme, *at("BEST", "11", 5, 9)), True),
        ("separate weeks: the code changed once", (*acme, *at("BEST", "11", 6, 9)), False),
        ("the same code", (*acme, *at("BEST", "22", 2, 6)), False),
        ("one visit of a payer", (*acme, B1), False),
        ("one visit of each", (A1, B1), False),
        ("one payer", acme, False),
        ("one payer with two codes", (*acme, *at("ACME", "11", 2, 3)), False),
        ("a visit breaks the pattern", (*acme, *best, *at("ACME", "11", 3)), False),
        ("a visit of the other payer breaks it", (*acme, *best, *at("BEST", "22", 4)), False),
        ("telehealth beside it", (*acme, *best, *at("BEST", "10", 4), *at("ACME", "02", 4)), True),
        ("telehealth of the other", (*acme, *at("BEST", "10", 2, 6)), False),
        ("a third payer without a pattern", (*acme, *best, *at("THIRD", "22", 3), *at("THIRD", "11", 3)), True),
    ]
    found = [row for [row] in facts_of_cases([visits(*each) for _, each, _ in table], "site_facts")]
    assert [(name, row["has_place_of_service_by_payer"]) for (name, *_), row in zip(table, found, strict=True)] == [
        (name, follows) for name, _, follows in table
    ]
    assert [row["place_of_service_by_payer"] != "" for row in found] == [follows for *_, follows in table]


def test_the_codes_are_shown_with_their_payers() -> None:
    fourth: Visit = ("ALSO", "11", week(3))
    orders = (visits(A1, A2, B1, B2), visits(B2, A2, B1, A1), visits(A1, A2, B1, B2, fourth, fourth))
    found = [row["place_of_service_by_payer"] for [row] in facts_of_cases(orders, "site_facts")]
    assert found == ["11 (BEST), 22 (ACME)", "11 (BEST), 22 (ACME)", "11 (ALSO, BEST), 22 (ACME)"]


def test_only_office_visits_that_were_no_telehealth_count() -> None:
    both = (A1, A2, B1, B2)
    check(
        "has_place_of_service_by_payer",
        (visits(*both, procedure_code="99202"), True),
        (visits(*both, procedure_code="99215"), True),
        (visits(*both, modifier_1="25"), True),
        (visits(*both, modifier_1="95"), False),  # telehealth
        (visits(*both, procedure_code="99221"), False),
        (visits(*both, procedure_code="71046"), False),
        (visits(*both, procedure_code=None), False),
        table="site_facts",
    )


def test_visits_at_another_site_show_nothing_of_this_one() -> None:
    south = SITE | {"site_id": "SOUTH", "address_line_1": "2 Main St"}
    at_south = {"service_facility_address_line_1": "2 MAIN ST", "service_facility_zip": "90001"}
    claims, lines = [], []
    for key, (payer, code, day) in enumerate((A1, A2, B1, B2)):
        where = AT_NORTH if payer == "ACME" else at_south
        claims.append(CLAIM | where | {"claim_key": key, "claim_id": f"A{key}", "payer_id": payer})
        lines.append(LINE | {"claim_key": key, "place_of_service_code": code, "service_date": day})
    rows = facts_of(build(claims, lines, sites=[SITE, south]), "site_facts")
    assert [(row["site_id"], row["has_place_of_service_by_payer"]) for row in rows] == [
        ("NORTH", False),
        ("SOUTH", False),
    ]


def test_lines_of_hospitals_have_no_place_of_service_to_follow_a_payer() -> None:
    connection = build([HOSPITAL_CLAIM | AT_NORTH], [], hospital_lines=[HOSPITAL_LINE], sites=[SITE])
    [row] = facts_of(connection, "site_facts")
    assert (row["has_place_of_service_by_payer"], row["place_of_service_by_payer"]) == (False, "")
