"""Facts: the components of a test, where each was given, and where a specimen was taken."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.facts.samples import (
    AT_NORTH,
    CLAIM,
    DAY,
    LAWS,
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
)

IN_2025 = D(2025, 3, 5)


def procedure(code: str | None, day: Any = IN_2025, **more: Any) -> Case:
    return Case(line={"procedure_code": code, "service_date": day, **more})


# --- the procedure ------------------------------------------------------------------------------------


def test_the_indicator_of_a_procedure_is_that_of_the_fee_schedule() -> None:
    codes = {
        "71046": "1", "G0130": "1", "Q0035": "1", "93010": "2", "G0250": "2", "93005": "3", "A2001": "3", "R0070": "3",
        "93000": "4", "96372": "5", "96413": "5", "83020": "6", "97110": "7", "G0283": "7", "85060": "8",
        "99213": "0", "27447": "0", "G0463": "0", "00100": "0", "J1100": "0", "E0776": "0",
    }  # fmt: skip
    check(
        "component_indicator component_because",
        *((procedure(code), (indicator, None)) for code, indicator in codes.items()),
        (procedure("71046", D(2025, 1, 1)), ("1", None)),
        (procedure("71046", D(2026, 11, 1)), ("1", None)),
        (procedure("71046", modifier_1="26"), ("1", None)),
        (procedure(None), ("0", None)),  # no procedure has no components
    )


CATEGORY_THREE = "the contractor prices codes of category III, and nobody lists them"
DENTAL = "the list of indicators leaves dental codes out"
NO_LIST = "no list of indicators is loaded for that day"
NO_DATE = "the line has no readable service date"


def test_of_other_procedures_and_years_no_indicator_is_known_and_the_fact_says_why() -> None:
    check(
        "component_indicator component_because",
        *((procedure(code), (None, CATEGORY_THREE)) for code in ("0042T", "0999T")),
        *((procedure(code), (None, DENTAL)) for code in ("D0210", "D9999")),
        *((procedure(code, D(2024, 12, 31)), (None, NO_LIST)) for code in ("71046", "99213", "0042T", "D0210", None)),
        *((procedure(code, None), (None, NO_DATE)) for code in ("71046", "99213", "0042T")),
    )


def test_the_list_of_an_undated_line_is_that_of_its_claim() -> None:
    lines: tuple[Row, ...] = (
        {"procedure_code": "71046", "service_date": None},
        {"procedure_code": "99213", "service_date": IN_2025},
    )
    [[undated, _]] = facts_of_cases([Case(lines=lines)])
    assert (undated["component_indicator"], undated["component_because"]) == ("1", None)


def test_a_further_version_of_a_list_of_procedures_does_not_multiply_lines() -> None:
    paths = ("us.cms.mpfs.global_test_codes", "us.cms.mpfs.component_indicators", "us.cms.hcpcs.drug_codes",
             "us.cms.hcpcs.equipment_codes", "us.cms.mpfs.practitioner_kinds", "us.cms.payment_window.days",
             "us.cms.mpfs.shared_visit_measures", "us.hipaa.site_type_codes")  # fmt: skip
    laws = dict(LAWS)
    for path in paths:
        last = laws[path].versions[-1]
        laws[path] = replace(laws[path], versions=(*laws[path].versions, replace(last, effective=D(2030, 1, 1))))
    codes = ("93000", "J1100", "E0776", "71046")
    encounter = {"claim_id": "A1", "performed_by_type": "NP", "technical_component_site_id": "NORTH"}
    lines = [
        LINE | {"line_number": number, "procedure_code": code, "service_date": day}
        for number, (code, day) in enumerate((code, day) for code in codes for day in (IN_2025, D(2030, 1, 1), None))
    ]
    found = facts_of(build([CLAIM | AT_NORTH], lines, laws=laws, sites=[SITE], encounters=[encounter]))
    assert [row["line_number"] for row in found] == list(range(12))
    assert [row["professional_component_code"] for row in found] == ["93010"] * 3 + [""] * 9
    assert [row["is_drug_procedure"] for row in found] == [False] * 3 + [True] * 3 + [False] * 6
    assert [row["is_equipment_procedure"] for row in found] == [False] * 6 + [True] * 3 + [False] * 3


def test_a_global_test_only_code_has_a_code_for_its_reading() -> None:
    check(
        "professional_component_code",
        (procedure("93000"), "93010"),
        (procedure("93015"), "93018"),
        (procedure("G0403"), "G0405"),
        (procedure("93010"), ""),
        (procedure("71046"), ""),
        (procedure(None), ""),
        (procedure("93000", D(2024, 12, 31)), ""),
        (procedure("93000", D(2025, 1, 1)), "93010"),
        (procedure("93000", None), "93010"),  # whatever the day, none is known on which it had none
    )


def test_modifier_26_is_put_before_the_others() -> None:
    check(
        "modifiers_with_26",
        (procedure("71046"), "26"),
        (procedure("71046", modifier_1="LT"), "26 LT"),
        (procedure("71046", modifier_1="59", modifier_2="LT"), "26 59 LT"),
        (procedure("71046", modifier_2="59", modifier_4="LT"), "26 59 LT"),
        (procedure("71046", modifier_1="26"), "26"),
        (procedure("71046", modifier_1="LT", modifier_2="26"), "26 LT"),
    )


def test_a_category_three_code_has_four_digits_and_t() -> None:
    codes = {
        "0042T": True,
        "0999T": True,
        "042T": False,
        "00042T": False,
        "G042T": False,
        "0042U": False,
        "99213": False,
    }
    check(
        "is_category_three_procedure",
        *((procedure(code), is_one) for code, is_one in codes.items()),
        (procedure(None), False),
        (procedure("0042T", None), True),
        (procedure("0042T", D(2010, 1, 1)), True),
    )


def test_drugs_and_equipment_are_told_by_the_ranges_of_their_codes() -> None:
    drugs = ("J0120", "J1100", "J9999", "Q0138", "Q0139", "Q2040", "Q2058", "Q4074", "Q5101", "Q5199")
    neither = (
        "J01200",
        "E1",
        "K00010",
        "J0119",
        "Q0137",
        "Q0140",
        "Q2034",
        "Q2039",
        "Q2059",
        "90471",
        "E0099",
        "E9000",
        "K0900",
        "J",
        "99213",
    )
    equipment = ("E0100", "E0776", "E8999", "K0001", "K0899")
    check(
        "is_drug_procedure is_equipment_procedure",
        *((procedure(code), (True, False)) for code in drugs),
        *((procedure(code), (False, False)) for code in neither),
        *((procedure(code), (False, True)) for code in equipment),
        (procedure(None), (False, False)),
        (procedure("J1100", D(2003, 1, 1)), (True, False)),
    )


def test_a_purchased_service_names_who_performed_it() -> None:
    check(
        "has_purchased_service_provider",
        (procedure("93005", purchased_service_provider_npi=NPI), True),
        (procedure("93005"), False),
    )


# --- the places ---------------------------------------------------------------------------------------

NO_ENCOUNTERS = "no encounters registry is loaded"
NO_ENCOUNTER = "no row of the encounters registry fits"
SEVERAL_ENCOUNTERS = "several rows of the encounters registry fit"


def site(name: str, kind: str | None = "freestanding_office", **more: Any) -> Row:
    blank: Row = {"site_id": name, "site_type": kind, "address_line_1": f"{name} Street", "provider_based_from": None}
    return SITE | blank | more


def department(name: str, yards: str | None, **more: Any) -> Row:
    distance = {"distance_yards": Decimal(yards) if yards else None, "distance_method": "straight_line"}
    return site(name, "provider_based_department", **{"provider_based_from": D(2010, 1, 1), **distance, **more})


SITES = (
    site("MAIN", "main_campus", hospital_id="H1"),
    department("NEAR", "200", hospital_id="H1"),
    department("FAR", "900", hospital_id="H1"),
    department("OTHER", "900", hospital_id="H2"),
    department("NOBODYS", "900"),
    department("UNMEASURED", None, hospital_id="H1"),
    department("FUTURE", "900", hospital_id="H1", provider_based_from=D(2024, 3, 6)),
    department("UNDATED", "900", hospital_id="H1", provider_based_from=None),
    site("REMOTE", "remote_location", hospital_id="H1"),
    site("EMERGENCY", "provider_based_department", hospital_id="H1", provider_based_from=D(2010, 1, 1),
         distance_yards=Decimal(900), distance_method="straight_line", is_dedicated_emergency_department=True),
    site("OFFICE"),
    site("OFFICE2"),
    site("OWNED", hospital_id="H1"),
    site("SURGERY", "ambulatory_surgical_center"),
    site("LAB", "independent_laboratory"),
    site("NURSING", "skilled_nursing_facility"),
    site("VAN", "mobile_unit"),
    site("STRANGE", "other"),
    site("BLANK", None),
    site("TWICE"), site("TWICE", "urgent_care_center"),
    site("ENDED", effective_to=D(2024, 3, 4)),
    site("BEGINS", effective_from=DAY), site("BEGINS", "urgent_care_center", effective_to=D(2024, 3, 4)),
)  # fmt: skip


def given(technical: str | None = None, reader: str | None = None, status: str | None = "none", **more: Any) -> Case:
    """A line whose encounter says where the technical component was given and where the reader sat."""
    where = {"technical_component_site_id": technical, "reader_site_id": reader}
    row = {"claim_id": "A1", "registration_status": status, **where, **more}
    return Case(sites=SITES, is_named=False, encounters=(row,))


TECHNICAL = "technical_component_place_of_service_code"


def test_the_encounter_says_where_the_components_and_the_specimen_were() -> None:
    check(
        "has_component_site has_specimen_site",
        (given("MAIN"), (True, False)),
        (given(None, "OFFICE"), (True, False)),
        (given("MAIN", "OFFICE", specimen_site_id="LAB"), (True, True)),
        (given(specimen_site_id="NOWHERE"), (False, True)),
        (given(), (False, False)),
        (Case(), (False, False)),
        (Case(encounters=({"claim_id": "A2", "reader_site_id": "X", "specimen_site_id": "X"},)), (False, False)),
    )


CODES = {
    "MAIN": "22", "NEAR": "22", "FAR": "19", "OFFICE": "11", "OWNED": "11", "SURGERY": "24", "LAB": "81", "VAN": "15",
    "EMERGENCY": "23", "BEGINS": "11",
    "FUTURE": "11",  # an office until it became a department
}  # fmt: skip
NO_CODES = {
    "UNMEASURED": "its distance is blank in the registry: UNMEASURED",
    "UNDATED": "the sites registry leaves provider_based_from blank for the site UNDATED",
    "REMOTE": "no text says which code a remote location or satellite takes: REMOTE",
    "NURSING": "the code of the site NURSING depends on more than its kind",
    "STRANGE": "the code of the site STRANGE depends on more than its kind",
    "BLANK": "the sites registry leaves site_type blank for the site BLANK",
    "TWICE": "the sites registry has several rows on that day for the site TWICE",
    "ENDED": "the sites registry has no row on that day for the site ENDED",
    "NOWHERE": "the sites registry has no row on that day for the site NOWHERE",
}
# an inpatient in hospital space, or where nothing says that it is none
HOSPITAL = ("MAIN", "NEAR", "FAR", "EMERGENCY", "UNMEASURED", "UNDATED", "REMOTE", "BLANK", "TWICE", "ENDED", "NOWHERE")
PLACES = [(TECHNICAL, "component_site_because"), ("specimen_place_of_service_code", "specimen_because")]


def at(name: str, status: str | None = "none", **more: Any) -> Case:
    """Test taken and read, and specimen taken, at one site."""
    return given(name, name, status, specimen_site_id=name, **more)


@pytest.mark.parametrize(("column", "because"), PLACES)
def test_the_code_of_the_place_is_21_for_an_inpatient_else_that_of_the_site(column: str, because: str) -> None:
    registered = ("none", "outpatient")
    check(
        f"{column} {because}",
        *((at(name, status), (code, None)) for name, code in CODES.items() for status in registered),
        *((at(name, "inpatient"), ("21", None)) for name in HOSPITAL),
    )
    check(column, *((at(name, status), None) for name in NO_CODES for status in registered))


@pytest.mark.parametrize("column", [column for column, _ in PLACES])
def test_an_inpatient_is_told_by_a_stay_where_registration_is_blank(column: str) -> None:
    def stayed(first: Any, last: Any = None, name: str = "MAIN", **more: Any) -> Case:
        days: dict[str, Any] = {
            "admitted_at": first and dt.datetime.combine(first, dt.time(9)),
            "discharged_at": last and dt.datetime.combine(last, dt.time(11)),
        }
        return at(name, **({"status": None} | days | more))

    before, after = DAY - dt.timedelta(1), DAY + dt.timedelta(1)
    check(
        column,
        (stayed(before, after), "21"),
        (stayed(before), "21"),  # not yet discharged
        (stayed(before, name="OFFICE"), "21"),
        (stayed(DAY, after), None),  # the hour decides
        (stayed(before, DAY), None),
        (stayed(after), "22"),
        (stayed(before - dt.timedelta(1), before), "22"),
        (stayed(None, admission_status="none"), "22"),
        (stayed(None, is_observation=True), "22"),
        (stayed(None), None),
        (stayed(before, after, status="outpatient"), "22"),  # registration is asked first
        (stayed(DAY, after, status="inpatient"), "21"),
    )


@pytest.mark.parametrize("column", [column for column, _ in PLACES])
def test_at_a_nursing_facility_part_a_coverage_gives_the_code(column: str) -> None:
    check(
        column,
        (at("NURSING", is_skilled_nursing_part_a=True), "31"),
        (at("NURSING", is_skilled_nursing_part_a=False), "32"),
        (at("NURSING", None, is_skilled_nursing_part_a=True), "31"),
        (at("NURSING"), None),
        (at("OFFICE", is_skilled_nursing_part_a=True), "11"),
    )


@pytest.mark.parametrize(("column", "because"), PLACES)
def test_what_is_not_known_of_the_places_says_why(column: str, because: str) -> None:
    found = [row for [row] in facts_of_cases([at(name) for name in NO_CODES])]
    assert [row[column] for row in found] == [None] * len(NO_CODES)
    assert [re.sub("~[0-9]+", "", row[because]) for row in found] == list(NO_CODES.values())
    check(because, (Case(), NO_ENCOUNTERS))
    twice = tuple({"claim_id": "A1", "technical_component_site_id": one, "specimen_site_id": one} for one in ("A", "B"))
    cell = {TECHNICAL: "technical_component_site_id"}.get(column, "specimen_site_id")
    dateless = "the line has no service date, so no row of the sites registry can be chosen"
    encounter = {"claim_id": "A1", "technical_component_site_id": "MAIN", "specimen_site_id": "MAIN"}
    undated = Case(sites=SITES, line={"service_date": None}, is_named=False, encounters=(encounter,))
    check(
        f"{column} {because}",
        (given(), (None, f"{cell} is blank in the encounters registry")),
        (Case(encounters=({"claim_id": "A2"},)), (None, NO_ENCOUNTER)),
        (Case(encounters=twice), (None, SEVERAL_ENCOUNTERS)),
        (undated, (None, dateless)),
    )
    check(f"{column} {because}", (Case(site=None, encounters=(encounter,)), (None, "no sites registry is loaded")))


def test_the_row_of_the_site_is_that_of_the_service_date() -> None:
    def on(day: Any, name: str = "BEGINS") -> Case:
        return Case(
            sites=SITES, is_named=False, line={"service_date": day},
            encounters=({"claim_id": "A1", "technical_component_site_id": name, "registration_status": "none"},),
        )  # fmt: skip

    check(
        TECHNICAL,
        (on(D(2024, 3, 4)), "20"),
        (on(D(2024, 3, 5)), "11"),
        (on(D(2024, 3, 4), "ENDED"), "11"),
        (on(D(2024, 3, 5), "ENDED"), None),
        (on(D(2024, 3, 5), "FUTURE"), "11"),
        (on(D(2024, 3, 6), "FUTURE"), "19"),
        (on(None), None),
    )


def test_a_component_is_split_between_hospital_space_and_another_place_or_two_hospitals() -> None:
    table: list[tuple[str | None, str | None, bool | None]] = [
        ("MAIN", "MAIN", False),
        ("OFFICE", "OFFICE", False),
        ("MAIN", "FAR", False),  # two places of one hospital
        ("NEAR", "REMOTE", False),
        ("FAR", "OTHER", True),
        ("FAR", "OFFICE", True),
        ("OFFICE", "FAR", True),
        ("SURGERY", "MAIN", True),
        ("MAIN", "OWNED", True),  # the office is no hospital space, whoever owns it
        ("FUTURE", "FAR", True),  # no hospital space yet
        ("OFFICE", "OFFICE2", None),  # nobody says whether they are one
        ("OFFICE", "SURGERY", None),
        ("FUTURE", "OFFICE", None),
        ("FAR", "NOBODYS", None),  # whose hospital it is stands nowhere
        ("FAR", "UNDATED", None),
        ("FAR", "BLANK", None),
        ("OFFICE", "BLANK", None),
        ("OFFICE", "NOWHERE", None),
        ("FAR", "TWICE", None),
        ("FAR", "ENDED", None),
        ("FAR", None, None),
        (None, "FAR", None),
        (None, None, None),
    ]
    check(
        "is_component_split_between_entities",
        *((given(technical, reader), want) for technical, reader, want in table),
        *((given(technical, reader, "inpatient"), want) for technical, reader, want in table),
        *((given(technical, reader, None), want) for technical, reader, want in table),
    )


def test_what_is_not_known_of_a_split_says_why() -> None:
    whose = "the registry does not say whose the two sites are"
    no_row = "the sites registry has no row on that day for the site NOWHERE"
    pairs = {
        ("OFFICE", "OFFICE2"): whose,
        ("FUTURE", "OFFICE"): whose,
        ("FAR", "NOBODYS"): whose,
        ("OFFICE", "NOWHERE"): no_row,
        ("FAR", "NOWHERE"): no_row,
        ("FAR", None): "reader_site_id is blank in the encounters registry",
        (None, "FAR"): "technical_component_site_id is blank in the encounters registry",
        ("FAR", "BLANK"): NO_CODES["BLANK"],
        ("FAR", "TWICE"): NO_CODES["TWICE"],
        ("FAR", "UNDATED"): NO_CODES["UNDATED"],
        ("REMOTE", "NOBODYS"): NO_CODES["REMOTE"],  # of the code, which is missing, too
    }
    cases = [given(*pair) for pair in pairs]
    found = [row for [row] in facts_of_cases(cases)]
    assert [row["is_component_split_between_entities"] for row in found] == [None] * len(pairs)
    assert [re.sub("~[0-9]+", "", row["component_site_because"]) for row in found] == list(pairs.values())
    # an inpatient's code is known, whatever the site is
    [[row]] = facts_of_cases([given("NOWHERE", "FAR", "inpatient")])
    assert (row[TECHNICAL], row["is_component_split_between_entities"]) == ("21", None)
    assert row["component_site_because"] == "the sites registry has no row on that day for the site NOWHERE~000"
    check("component_site_because", (given("FAR", "OFFICE"), None), (given("NOWHERE", "NOWHERE", "inpatient"), None))


def test_the_facts_of_a_component_stand_beside_those_of_the_line() -> None:
    """The site of the line stays that of its service facility, wherever the test was given."""
    sites = (*SITES, SITE)
    encounter = {"claim_id": "A1", "technical_component_site_id": "FAR", "registration_status": "none"}
    check("site_id " + TECHNICAL, (Case(sites=sites, encounters=(encounter,)), ("NORTH", "19")))
