"""Facts: the components of a test, where each was given, and where a specimen was taken."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.facts.samples import DAY, LINE, NPI, SITE, Case, D, Row, check

IN_2025 = D(2025, 3, 5)


def procedure(code: str | None, day: Any = IN_2025, **more: Any) -> Case:
    return Case(line={"procedure_code": code, "service_date": day, **more})


# --- the procedure ------------------------------------------------------------------------------------


def test_the_indicator_of_a_procedure_is_that_of_the_fee_schedule() -> None:
    codes = {
        "71046": "1", "G0130": "1", "Q0035": "1", "93010": "2", "G0250": "2", "93005": "3", "A2001": "3", "R0070": "3",
        "93000": "4", "96372": "5", "96413": "5", "83020": "6", "97110": "7", "G0283": "7", "85060": "8",
        "99213": "0", "27447": "0", "G0463": "0", "00100": "0",
    }  # fmt: skip
    check(
        "component_indicator component_because",
        *((procedure(code), (indicator, None)) for code, indicator in codes.items()),
        (procedure("71046", D(2025, 1, 1)), ("1", None)),
        (procedure("71046", D(2026, 11, 1)), ("1", None)),
        (procedure("71046", modifier_1="26"), ("1", None)),
    )


UNLISTED = ["J1100", "0042T", "D0210", "0001U", "E0776", "K0001", "L1844", "99213X", "9921", "4004F", "G046", "XXXXX"]


@pytest.mark.parametrize(
    ("code", "day"),
    [
        *((code, IN_2025) for code in UNLISTED),
        (None, IN_2025),
        ("71046", D(2024, 12, 31)),
        ("99213", D(2024, 12, 31)),
        ("71046", None),
    ],
)
def test_of_other_procedures_and_years_no_indicator_is_known_and_the_fact_says_why(code: str | None, day: Any) -> None:
    from tests.facts.samples import facts_of_cases

    [[row]] = facts_of_cases([procedure(code, day)])
    assert row["component_indicator"] is None
    assert row["component_because"]


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
        (procedure("93000", None), ""),
    )


def test_modifier_26_is_put_before_the_others() -> None:
    check(
        "modifiers_with_26",
        (procedure("71046"), "26"),
        (procedure("71046", modifier_1="LT"), "26 LT"),
        (procedure("71046", modifier_1="59", modifier_2="LT"), "26 59 LT"),
        (procedure("71046", modifier_2="59", modifier_4="LT"), "26 59 LT"),
    )


def test_a_category_three_code_has_four_digits_and_t() -> None:
    codes = {"0042T": True, "0999T": True, "042T": False, "00042T": False, "G042T": False, "0042U": False, "99213": False}
    check(
        "is_category_three_procedure",
        *((procedure(code), is_one) for code, is_one in codes.items()),
        (procedure(None), False),
        (procedure("0042T", None), True),
        (procedure("0042T", D(2010, 1, 1)), True),
    )


def test_drugs_and_equipment_are_told_by_the_ranges_of_their_codes() -> None:
    drugs = ("J0120", "J1100", "J9999", "Q0138", "Q0139", "Q2040", "Q2058", "Q4074", "Q5101", "Q5199")
    neither = ("J0119", "Q0137", "Q0140", "Q2034", "Q2039", "Q2059", "90471", "E0099", "E9000", "K0900", "J", "99213")
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
        (procedure("93005", purchased_service_provider_npi=""), False),
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


def given(
    technical: str | None = None, reader: str | None = None, status: str | None = "none", **more: Any
) -> Case:
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
}  # fmt: skip
NO_CODES = (
    "UNMEASURED", "FUTURE", "UNDATED", "REMOTE", "NURSING", "STRANGE", "BLANK", "TWICE", "ENDED", "NOWHERE",
)  # fmt: skip


@pytest.mark.parametrize(
    ("column", "because", "at"),
    [
        (TECHNICAL, "component_site_because", "technical_component_site_id"),
        ("specimen_place_of_service_code", "specimen_because", "specimen_site_id"),
    ],
)
def test_the_code_of_the_place_is_21_for_an_inpatient_else_that_of_the_site(column: str, because: str, at: str) -> None:
    def there(name: str, status: str | None) -> Case:
        return given(status=status, **{at: name}) if at == "specimen_site_id" else given(name, status=status)

    check(
        f"{column} {because}",
        *((there(name, status), (code, None)) for name, code in CODES.items() for status in ("none", "outpatient")),
    )
    check(column, *((there(name, "inpatient"), "21") for name in (*CODES, *NO_CODES)))
    check(column, *((there(name, status), None) for name in NO_CODES for status in ("none", "outpatient", None)))
    # whether the patient was an inpatient is not known
    check(column, *((there(name, None), None) for name in ("MAIN", "NEAR", "FAR")))


@pytest.mark.parametrize("because", ["component_site_because", "specimen_because"])
def test_what_is_not_known_of_the_places_says_why(because: str) -> None:
    from tests.facts.samples import facts_of_cases

    def there(name: str) -> Case:
        return given(name, name, specimen_site_id=name)

    column = {"component_site_because": TECHNICAL, "specimen_because": "specimen_place_of_service_code"}[because]
    for name, [row] in zip(NO_CODES, facts_of_cases([there(name) for name in NO_CODES]), strict=True):
        assert row[column] is None, name
        assert row[because], name
    check(because, (Case(), NO_ENCOUNTERS))
    twice = tuple({"claim_id": "A1", "technical_component_site_id": one, "specimen_site_id": one} for one in ("A", "B"))
    check(
        because,
        (Case(encounters=({"claim_id": "A2"},)), NO_ENCOUNTER),
        (Case(encounters=twice), SEVERAL_ENCOUNTERS),
    )


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
        (on(D(2024, 3, 5), "FUTURE"), None),
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
    )


def test_what_is_not_known_of_a_split_says_why() -> None:
    from tests.facts.samples import facts_of_cases

    pairs = [("OFFICE", "OFFICE2"), ("FAR", "NOBODYS"), ("OFFICE", "NOWHERE"), ("FAR", None), (None, "FAR"),
             ("FAR", "BLANK"), ("FAR", "TWICE"), ("FAR", "UNDATED"), ("FUTURE", "OFFICE")]  # fmt: skip
    for status in ("none", "inpatient"):
        cases = [given(*pair, status) for pair in pairs]
        for pair, [row] in zip(pairs, facts_of_cases(cases), strict=True):
            assert row["is_component_split_between_entities"] is None, pair
            assert row["component_site_because"], (pair, status)


def test_the_facts_of_a_component_stand_beside_those_of_the_line() -> None:
    """The site of the line stays that of its service facility, wherever the test was given."""
    sites = (*SITES, SITE)
    encounter = {"claim_id": "A1", "technical_component_site_id": "FAR", "registration_status": "none"}
    check("site_id " + TECHNICAL, (Case(sites=sites, encounters=(encounter,)), ("NORTH", "19")))


assert LINE
