"""What a registry lacks: which blanks leave which rules unable to tell, and what is said instead of them."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from scrubjay.reference.law import load_laws
from scrubjay.reference.registries import KNOWN_NONE
from scrubjay.registry_report import Gap, gaps_text, registry_as_dict, registry_gaps, registry_text
from scrubjay.rule import load_rules
from scrubjay.tables import ENCOUNTERS, GRAINS, PAYERS, PROVIDERS, REGISTRIES, SITES, TABLES, Table, arrow_schema

D = dt.date
DEPARTMENT = {"site_type": "provider_based_department"}
OFF_CAMPUS = DEPARTMENT | {"distance_yards": Decimal(900), "distance_method": "straight_line"}
BEFORE, AFTER = D(2010, 1, 1), D(2020, 1, 1)
RULES = [rule for rule in load_rules().values() if rule.status == "stable"]


def registry(table: Table, *rows: dict[str, Any]) -> pa.Table:
    schema = arrow_schema(table).append(pa.field("row_number", pa.int64()))
    return pa.Table.from_pylist([{**row, "row_number": number} for number, row in enumerate(rows, 1)], schema)


def gaps(*rows: dict[str, Any], table: Table = SITES) -> dict[str, Gap]:
    found = registry_gaps(table, registry(table, *rows), RULES, load_laws())
    return {gap.column: gap for gap in found}


def asked(site: dict[str, Any]) -> set[str]:
    """The columns asked for at one site."""
    return set(gaps({"site_id": "S", **site}))


def test_a_gap_says_who_knows_which_sites_and_which_rules() -> None:
    found = gaps(
        {"site_id": "A"},
        {"site_id": "B", "effective_to": AFTER},
        {"site_id": "B", "effective_from": D(2020, 1, 2)},
        {"site_id": "C", "site_type": "other"},
    )
    gap = found["site_type"]
    assert gap.rows == ("A", "B")
    assert gap.supplied_by == SITES["site_type"].supplied_by
    assert {"DEP101", "DEP103"} <= set(gap.rules)
    assert "FMT102" not in gap.rules


def test_a_gap_is_a_column_that_a_fact_in_a_condition_comes_from() -> None:
    for gap in gaps({"site_id": "A"}).values():
        for code in gap.rules:
            rule = load_rules()[code]
            facts = {fact for leaf in rule.condition.leaves() for fact in leaf.columns}
            assert any(f"sites.{gap.column}" in rule.table[fact].reads for fact in facts)


def test_what_a_fact_reads_is_a_column_of_a_registry() -> None:
    for table in GRAINS.values():
        for column in table.columns:
            for read in column.reads:
                registry_name, _, name = read.partition(".")
                assert TABLES[registry_name] in REGISTRIES and name in TABLES[registry_name]


def test_the_gaps_of_most_sites_come_first() -> None:
    found = list(gaps({"site_id": "A", "address_line_1": "1 Oak St"}, {"site_id": "B", **DEPARTMENT}).values())
    assert [len(gap.rows) for gap in found] == sorted((len(gap.rows) for gap in found), reverse=True)


def test_only_the_sites_that_need_a_column_are_asked_for_it() -> None:
    found = gaps(
        {"site_id": "OFFICE", "site_type": "freestanding_office"},
        {"site_id": "DEPT", **DEPARTMENT},
        {"site_id": "MAIN", "site_type": "main_campus"},
        {"site_id": "OPEN"},
    )
    assert found["distance_yards"].rows == ("DEPT", "OPEN")
    assert found["enrolled_location_type"].rows == ("DEPT", "MAIN", "OPEN")
    assert found["is_separately_maintained"].rows == ("OFFICE", "OPEN")


def test_a_site_of_which_all_is_known_has_no_gap() -> None:
    rows = [{"site_id": "S", "site_type": "freestanding_office", "address_line_1": "1 Oak St",
             "is_on_hospital_campus": False, "provider_based_from": KNOWN_NONE, "ownership": "independent"}]  # fmt: skip
    assert gaps(*rows) == {}
    assert gaps_text(SITES, []) == "Nothing is missing in sites that a rule needs.\n"


@pytest.mark.parametrize(
    "said",
    [{"is_on_hospital_campus": True}, {"has_cms_campus_determination": True}, {"provider_based_from": KNOWN_NONE}],
)
def test_a_site_on_campus_or_never_provider_based_needs_no_distance(said: dict[str, Any]) -> None:
    distances = {"distance_yards", "distance_method", "distance_evidence"}
    department = {"is_dedicated_emergency_department", "excepted_status", "first_opps_service_date"}
    assert distances | department <= asked(DEPARTMENT)
    assert not (distances | department) & asked(DEPARTMENT | said)


def test_within_the_boundary_it_does_not_matter_how_the_distance_was_measured() -> None:
    assert "distance_method" in asked(DEPARTMENT | {"distance_yards": Decimal("250.0001")})
    near = asked(DEPARTMENT | {"distance_yards": Decimal(250)})
    assert "distance_evidence" in near
    assert not {"distance_method", "excepted_status", "is_dedicated_emergency_department"} & near
    assert "excepted_status" not in asked(OFF_CAMPUS | {"remote_location_distance_yards": Decimal(100)})


@pytest.mark.parametrize("status", ["excepted", "non_excepted"])
def test_a_stated_status_needs_no_history(status: str) -> None:
    assert "first_opps_service_date" in asked(OFF_CAMPUS)
    assert "first_opps_service_date" not in asked(OFF_CAMPUS | {"excepted_status": status})


def test_an_emergency_department_needs_no_status() -> None:
    found = asked(OFF_CAMPUS | {"is_dedicated_emergency_department": True})
    assert not {"excepted_status", "first_opps_service_date"} & found


STAYED = {"relocated_date": KNOWN_NONE, "ownership_changed_date": KNOWN_NONE}


@pytest.mark.parametrize(
    ("history", "is_open"),
    [
        ({"first_opps_service_date": BEFORE} | STAYED, False),
        ({"first_opps_service_date": BEFORE}, True),
        ({"first_opps_service_date": BEFORE} | STAYED | {"relocated_date": None}, True),
        ({"first_opps_service_date": BEFORE} | STAYED | {"relocated_date": BEFORE}, False),
        ({"first_opps_service_date": BEFORE} | STAYED | {"relocated_date": AFTER}, True),
        (
            {"first_opps_service_date": BEFORE} | STAYED | {"relocated_date": AFTER, "has_relocation_exception": True},
            False,
        ),
        ({"first_opps_service_date": AFTER} | STAYED, True),
        (
            {"first_opps_service_date": AFTER, "mid_build_certification_date": KNOWN_NONE, "hospital_type": "ipps"},
            False,
        ),
        ({"first_opps_service_date": AFTER, "mid_build_certification_date": KNOWN_NONE}, True),
        ({"mid_build_certification_date": BEFORE} | STAYED, False),
        ({"cancer_hospital_attestation_date": BEFORE, "hospital_type": "cancer"} | STAYED, False),
        (STAYED, True),
    ],
)
def test_a_status_that_follows_from_the_history_need_not_be_stated(history: dict[str, Any], is_open: bool) -> None:
    assert ("excepted_status" in asked(OFF_CAMPUS | history)) is is_open


def test_one_of_two_addresses_is_enough_to_compare_with_a_claim() -> None:
    department = {"site_id": "A", **DEPARTMENT}
    assert "ADR102" in gaps(department)["pecos_address_line_1"].rules
    assert "ADR102" in gaps(department)["address_line_1"].rules
    known = gaps(department | {"address_line_1": "1 Oak St"})
    assert "ADR106" in known["pecos_address_line_1"].rules
    assert "ADR102" not in known["pecos_address_line_1"].rules
    assert "address_line_1" not in known


def test_the_parts_of_an_address_are_not_asked_for_one_by_one() -> None:
    assert not {"pecos_city", "pecos_state", "pecos_zip"} & asked(DEPARTMENT)
    assert {"pecos_city", "pecos_state"} <= asked(DEPARTMENT | {"pecos_address_line_1": "1 OAK ST", "pecos_zip": "1"})


def test_a_certification_number_stands_in_for_the_transaction_number() -> None:
    assert "ptan" in asked({"site_type": "main_campus"})
    assert "ptan" not in asked({"site_type": "main_campus", "ccn": "360001"})


def test_office_space_is_asked_how_it_is_kept_only_where_it_may_stand_on_a_campus() -> None:
    office = {"site_type": "freestanding_office"}
    assert {"is_on_hospital_campus", "is_separately_maintained"} <= asked(office)
    assert "is_separately_maintained" in asked(office | {"is_on_hospital_campus": True})
    assert "is_separately_maintained" not in asked(office | {"is_on_hospital_campus": False})
    assert not {"is_on_hospital_campus", "is_separately_maintained"} & asked(DEPARTMENT)


@pytest.mark.parametrize("table", [PROVIDERS, PAYERS, ENCOUNTERS], ids=lambda table: table.name)
def test_a_registry_that_no_fact_is_said_to_come_from_has_no_gaps(table: Table) -> None:
    read = {read.partition(".")[0] for grain in GRAINS.values() for column in grain.columns for read in column.reads}
    assert table.name in read or gaps({table.names[0]: "1"}, table=table) == {}


# --- in words -----------------------------------------------------------------------------------------


def test_a_gap_is_told_within_80_columns_with_the_first_sites() -> None:
    gap = Gap("distance_yards", "credentialing (survey)", tuple(f"SITE-{n}" for n in range(1234)), ("DEP101",) * 30)
    text = gaps_text(SITES, [gap, Gap("x", "", ("A",), ("DEP101",))])
    assert "  1,234 sites: SITE-0, SITE-1, SITE-2, SITE-3 and 1,230 more\n" in text
    assert "  ask: credentialing (survey)\n" in text
    assert "  1 site: A\n" in text
    assert "  ask: whoever keeps this registry\n" in text
    assert max(map(len, text.splitlines())) <= 80


def test_sites_are_listed_in_80_columns() -> None:
    rows = registry(
        SITES,
        {"site_id": "A-VERY-LONG-NAME-OF-A-SITE", "hospital_id": "A-LONG-HOSPITAL", **OFF_CAMPUS, "effective_from": BEFORE,
         "effective_to": AFTER, "provider_based_from": BEFORE, "provider_based_to": AFTER, "excepted_status": "excepted",
         "pecos_address_line_1": "1 OAK ST"},
        {"site_id": "B", "site_type": "freestanding_office", "provider_based_from": KNOWN_NONE},
        {"site_id": "C"},
        {"site_id": "D", "site_type": "main_campus", "is_on_hospital_campus": True},
        {"site_id": "E", **OFF_CAMPUS, "distance_method": "driving", "first_opps_service_date": BEFORE},
    )  # fmt: skip
    lines = "".join(registry_text(SITES, rows)).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["site", "type", "holds", "hospital", "dept", "since", "yards", "603", "PECOS"]
    assert lines[2:9] == [
        "A-VERY-LONG-N… dept      2010-01-01 – A-LONG-H… 2010-01-01 – 900    yes   yes",
        "                         – 2020-01-01           – 2020-01-01",
        "B              office    always       -         none         -      -     -",
        "C              ?         always       ?         ?            ?      ?     ?",
        "D              main      always       ?         -            campus -     ?",
        "E              dept      always       ?         ?            900d   dates ?",
        "",
    ]


@pytest.mark.parametrize("table", REGISTRIES, ids=lambda table: table.name)
def test_every_registry_is_listed_and_no_member_is_named(table: Table) -> None:
    values = {"text": "W12345", "integer": 1, "decimal": Decimal("0.5"), "amount": Decimal(1), "date": KNOWN_NONE,
              "timestamp": dt.datetime(2024, 3, 5, 14), "boolean": True}  # fmt: skip
    full = {
        column.name: "SECRET" if column.name == "member_id" else (column.allowed or (values[column.type],))[0]
        for column in table.columns
    }
    rows = registry(table, full, {table.names[0]: "1", "member_id": "SECRET"})
    text = "".join(registry_text(table, rows))
    assert max(map(len, text.splitlines())) <= 80
    found = registry_as_dict(table, rows, list(gaps(full, table=table).values()))
    assert "SECRET" not in text + json.dumps(found)
    assert found["registry"] == table.name
    assert len(found["rows"]) == 2
    assert set(found["rows"][0]) == {"row_number", *table.names} - {"member_id"}


def test_json_says_none_where_the_registry_does() -> None:
    rows = registry(SITES, {"site_id": "A", "relocated_date": KNOWN_NONE, "distance_yards": Decimal("1E+3")})
    found = registry_as_dict(SITES, rows, [Gap("ptan", "x", ("A", "B"), ("ADR103",))])
    assert found["rows"][0]["relocated_date"] == "none"
    assert found["rows"][0]["distance_yards"] == "1000.0000"
    assert found["rows"][0]["site_type"] is None
    assert found["gaps"] == [
        {"column": "ptan", "supplied_by": "x", "count": 2, "rows": ["A", "B"], "rules": ["ADR103"]}
    ]
