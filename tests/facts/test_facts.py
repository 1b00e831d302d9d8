"""Facts: where a line was given, whose rules apply, and what is not known and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from scrubjay.engine import connect
from scrubjay.facts import build_facts
from scrubjay.formats import read_files
from scrubjay.reference.registries import KNOWN_NONE
from scrubjay.tables import (
    CLAIMS,
    FACT_TABLES,
    INSTITUTIONAL_LINES,
    PAYER_PROGRAMS,
    PROFESSIONAL_LINES,
    REGISTRIES,
    SQL_TYPES,
    Column,
    Table,
)
from scrubjay.workspace import RuleSetting, Workspace
from tests.conftest import RUN_DATE
from tests.facts.samples import (
    AT_BILLING,
    AT_NORTH,
    CLAIM,
    DAY,
    HOSPITAL_CLAIM,
    HOSPITAL_LINE,
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
from tests.samples import NORTH, NOWHERE, SOUTH, Batch, Claim, Line, write_csv


def unsited(claim: Row | None = None, line: Row | None = None, **more: Any) -> Case:
    """A line of a claim that names no service facility, at a site that no registry holds."""
    return Case(site=None, claim=claim or {}, line=line or {}, is_named=False, **more)


# --- the tables ---------------------------------------------------------------------------------------


def test_a_fact_table_has_the_columns_the_documentation_says() -> None:
    connection = build([CLAIM], [LINE])
    for table in FACT_TABLES:
        found = connection.execute(f"DESCRIBE {table.name}").fetchall()
        assert {row[0]: row[1] for row in found} == {column.name: SQL_TYPES[column.type] for column in table.columns}
        assert len(found) == len(table.columns)


@pytest.mark.parametrize("table", FACT_TABLES, ids=lambda table: table.name)
def test_a_column_that_says_why_is_itself_documented(table: Table) -> None:
    for column in table.columns:
        if column.because:
            assert table[column.because].type == "text"


def test_many_lines_are_built_in_parts_and_give_the_same_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = [CLAIM | AT_NORTH | {"claim_key": number, "claim_id": f"A{number}"} for number in range(5)]
    hospital = HOSPITAL_CLAIM | AT_NORTH | {"claim_key": 5}
    lines = [LINE | {"claim_key": number, "procedure_code": f"9921{number}"} for number in range(5)]

    def facts() -> dict[str, list[Row]]:
        connection = build([*claims, hospital], lines, hospital_lines=[HOSPITAL_LINE | {"claim_key": 5}], sites=[SITE])
        return {table.name: facts_of(connection, table.name) for table in FACT_TABLES}

    at_once = facts()
    monkeypatch.setattr("scrubjay.facts.MANY_LINES", 6)
    monkeypatch.setattr("scrubjay.facts.LINES_AT_A_TIME", 2)
    assert len(at_once["service_line_facts"]) == 5
    assert facts() == at_once


def test_no_claims_give_no_facts_but_those_of_the_run() -> None:
    connection = build([], [], sites=[SITE])
    assert {table.name: len(facts_of(connection, table.name)) for table in FACT_TABLES} == {
        "service_line_facts": 0,
        "institutional_line_facts": 0,
        "claim_facts": 0,
        "claim_pair_facts": 0,
        "site_facts": 0,
        "site_month_facts": 0,
        "site_payer_month_facts": 0,
        "site_practitioner_facts": 0,
        "run_facts": 1,
    }


def test_claims_without_lines_and_dental_claims_have_no_facts() -> None:
    claims = [CLAIM | {"claim_key": 0, "claim_type": "dental"}, HOSPITAL_CLAIM | {"claim_key": 1}]
    connection = build([*claims, CLAIM | {"claim_key": 2}], [LINE | {"claim_key": 0}], sites=[SITE])
    for name in ("service_line_facts", "institutional_line_facts", "claim_facts"):
        assert facts_of(connection, name) == []


def test_both_kinds_of_lines_are_numbered_in_one_row_of_numbers() -> None:
    claims = [CLAIM, HOSPITAL_CLAIM | {"claim_key": 1}, CLAIM | {"claim_key": 2}]
    lines = [LINE, LINE | {"claim_key": 2}]
    connection = build(claims, lines, hospital_lines=[HOSPITAL_LINE | {"claim_key": 1}])
    assert [row["row_id"] for row in facts_of(connection)] == [0, 1]
    assert [row["row_id"] for row in facts_of(connection, "institutional_line_facts")] == [2]
    assert [row["claim_key"] for row in facts_of(connection, "claim_facts")] == [0, 1, 2]


def test_facts_can_be_built_again_in_the_same_connection() -> None:
    connection = build([CLAIM | AT_NORTH], [LINE], sites=[SITE])
    build(
        [HOSPITAL_CLAIM | {"claim_key": 7}],
        [],
        hospital_lines=[HOSPITAL_LINE | {"claim_key": 7}],
        connection=connection,
    )
    assert facts_of(connection) == []
    [row] = facts_of(connection, "institutional_line_facts")
    assert (row["claim_key"], row["site_because"]) == (7, "no sites registry is loaded")


def test_a_second_version_of_a_law_neither_multiplies_lines_nor_hides_their_site() -> None:
    laws = dict(LAWS)
    for path in ("us.cms.provider_based.campus_distance_yards", "us.cms.opps.excepted_department"):
        first = LAWS[path].versions[0]
        later = replace(first, effective=D(2030, 1, 1))
        laws[path] = replace(LAWS[path], versions=(first, later))
    connection = build([CLAIM | AT_NORTH], [LINE], laws=laws, sites=[SITE])
    assert [row["site_id"] for row in facts_of(connection)] == ["NORTH"]


# --- what holds whatever comes in ---------------------------------------------------------------------

TEXTS: dict[str, list[Any]] = {
    "claim_type": ["professional", "institutional", "dental"],
    "claim_form": ["paper", "electronic"],
    "claim_filing_code": ["MB", "ZZ"],
    "place_of_service_code": ["11", "22", "12", "02", "ZZ"],
    "type_of_bill_code": ["131", "851", "13", "111"],
    "claim_frequency_code": ["1", "7"],
    "modifier_1": ["PO", "26", "PN"],
    "modifier_2": ["PN", "25", "ER"],
    "npi": ["none", "1234567893"],
    "billing_provider_npi": ["1234567893", NPI],
    "service_facility_npi": ["1234567893", NPI],
    "ptan": ["050123", "051399", "05T123"],
    "distance_evidence": ["none", "survey.pdf"],
    "city": ["Town", "Übel\tstadt"],
    "hospital_name": ["Ω" * 300, "O'Hara; DROP TABLE sites; --"],
    "provider_type": ["MD", "hospital"],
}
NUMBERS: dict[str, list[Any]] = {
    "distance_yards": [Decimal("250"), Decimal("250.1"), Decimal("900")],
    "remote_location_distance_yards": [Decimal("250"), Decimal("99999999999999.9999")],
}
DATES = [DAY, D(2024, 3, 6), D(2015, 11, 2), D(2010, 1, 1), KNOWN_NONE]


def _values(table: Table, column: Column) -> list[Any]:
    """Few values, so that rows meet."""
    by_type: dict[str, list[Any]] = {
        "text": ["A", "B"],
        "integer": [1, 2],
        "boolean": [True, False],
        "date": DATES if column.takes_none else DATES[:4],
        "decimal": [Decimal("1.5")],
        "amount": [Decimal("2.50")],
        "timestamp": [dt.datetime(2024, 3, 5, 8)],
    }
    if column.name.endswith("address_line_1"):
        return ["1 Main St", "1 MAIN STREET", "PO Box 12"]
    if column.name == "zip" or column.name.endswith("_zip"):
        return ["90001", "900011234", "90002"]
    if column.name == "payer_program":
        return [*PAYER_PROGRAMS[:2]]
    return list(column.allowed) or TEXTS.get(column.name) or NUMBERS.get(column.name) or by_type[column.type]


def _row_of(random: Random, table: Table, blanks: float, **fixed: Any) -> Row:
    row: Row = {}
    for column in table.columns:
        if column.name in fixed:
            row[column.name] = fixed[column.name]
        elif column.nullable and random.random() < blanks:
            row[column.name] = None
        else:
            row[column.name] = random.choice(_values(table, column))
    return row


Tables = dict[str, list[Row]]


def _random_tables(seed: int) -> Tables:
    """Claims of every kind with lines of their kind, and registries, some of them empty or not kept."""
    random = Random(seed)
    blanks = random.choice([0.1, 0.3, 0.6])
    found: Tables = {"claims": [], "professional_lines": [], "institutional_lines": []}
    for key in range(80):
        kind = random.choice(TEXTS["claim_type"])
        own = {"service_facility_npi": None, "service_facility_address_line_1": None} if random.random() < 0.3 else {}
        own |= {} if random.random() < 0.2 else {"site_id": None}
        claim = _row_of(random, CLAIMS, blanks, claim_key=key, file_id=0, claim_type=kind, **own)
        found["claims"].append(claim)
        name, table = {
            "professional": ("professional_lines", PROFESSIONAL_LINES),
            "institutional": ("institutional_lines", INSTITUTIONAL_LINES),
            "dental": ("", PROFESSIONAL_LINES),
        }[kind]
        for number in range(random.randint(0, 4) if name else 0):
            found[name].append(_row_of(random, table, blanks, claim_key=key, line_number=number))
    if seed:  # the first run is without registries
        for table in REGISTRIES:
            count = {"sites": random.choice([3, 8]), "encounters": 12}.get(table.name, 3)
            found[table.name] = [_row_of(random, table, blanks) for _ in range(count)]
        twice = (
            [dict(row) for row in found["sites"]] if seed == 1 else []
        )  # every row of the registry stands there twice
        found["sites"] += twice
        for number, site in enumerate(found["sites"]):
            if seed > 2:
                site["site_id"] = f"S{number}"
            if seed > 3:  # so that most lines find their site
                site |= {"address_line_1": f"{number} Main St", "zip": "90001", "effective_from": None}
                site["effective_to"] = None
                site["pecos_address_line_1"] = random.choice([f"{number} MAIN ST", f"{number} Main St", None])
        for row in (*found["claims"], *found["professional_lines"]) if seed > 3 else ():
            if row["service_facility_address_line_1"] is not None:
                row["service_facility_address_line_1"] = f"{random.randrange(len(found['sites']) + 1)} MAIN ST"
                row["service_facility_zip"] = random.choice(["90001", "900011234", "90001", None])
    return found


def _build(tables: Tables) -> Any:
    registries: dict[str, Any] = {name: rows for name, rows in tables.items() if name not in ("claims", *_LINES)}
    return build(tables["claims"], tables["professional_lines"], None, tables["institutional_lines"], **registries)


_LINES = ("professional_lines", "institutional_lines")
SEEDS = range(7)
_BUILT: dict[int, tuple[Tables, Any]] = {}


def _built(seed: int) -> tuple[Tables, Any]:
    if seed not in _BUILT:
        tables = _random_tables(seed)
        _BUILT[seed] = tables, _build(tables)
    return _BUILT[seed]


@pytest.fixture(params=SEEDS)
def anything(request: pytest.FixtureRequest) -> tuple[Tables, Any]:
    """Random tables and a connection with their facts."""
    return _built(request.param)


def _unknown(connection: Any) -> dict[str, int]:
    """How often a column is NULL that is documented as always known."""
    found: dict[str, int] = {}
    for table in FACT_TABLES:
        known = [column.name for column in table.columns if not column.nullable]
        sums = ", ".join(f"count(*) - count({name})" for name in known)
        [counts] = connection.sql(f"SELECT {sums} FROM {table.name}").fetchall()
        found |= {f"{table.name}.{name}": count for name, count in zip(known, counts, strict=True) if count}
    return found


def _types(connection: Any) -> dict[str, dict[str, str]]:
    described = {table.name: connection.execute(f"DESCRIBE {table.name}").fetchall() for table in FACT_TABLES}
    return {name: {row[0]: row[1] for row in rows} for name, rows in described.items()}


DOCUMENTED = {table.name: {c.name: SQL_TYPES[c.type] for c in table.columns} for table in FACT_TABLES}


def test_the_types_are_as_documented_whatever_comes_in(anything: tuple[Tables, Any]) -> None:
    assert _types(anything[1]) == DOCUMENTED


def test_what_is_documented_as_known_is_known_whatever_comes_in(anything: tuple[Tables, Any]) -> None:
    assert _unknown(anything[1]) == {}


def test_every_line_and_every_claim_has_one_row_whatever_the_registries_hold(anything: tuple[Tables, Any]) -> None:
    tables, connection = anything
    first = 0
    for name, facts in zip(_LINES, FACT_TABLES[:2], strict=True):
        found = facts_of(connection, facts.name)
        assert [row["row_id"] for row in found] == list(range(first, first + len(tables[name])))
        assert [row["claim_key"] for row in found] == [line["claim_key"] for line in tables[name]]
        assert [row["line_number"] for row in found] == [line["line_number"] for line in tables[name]]
        first += len(tables[name])
    counts = {line["claim_key"]: 0 for name in _LINES for line in tables[name]}
    for name in _LINES:
        for line in tables[name]:
            counts[line["claim_key"]] += 1
    claims = facts_of(connection, "claim_facts")
    assert [row["row_id"] for row in claims] == list(range(len(counts)))
    assert {row["claim_key"]: row["line_count"] for row in claims} == counts


def test_every_site_has_as_many_lines_as_were_given_there(anything: tuple[Tables, Any]) -> None:
    connection = anything[1]
    sites = facts_of(connection, "site_facts")
    assert len({row["site_row_number"] for row in sites}) == len(sites)
    lines = [row for name in ("service_line_facts", "institutional_line_facts") for row in facts_of(connection, name)]
    sited = [row["site_id"] for row in lines if row["site_id"] is not None]
    assert sum(row["site_line_count"] for row in sites) == len(sited)
    assert {row["site_id"] for row in sites} == set(sited)


@pytest.mark.parametrize("seed", [2, 5])
def test_the_order_of_lines_and_files_does_not_change_the_facts(seed: int) -> None:
    tables, connection = _built(seed)
    turned = {name: rows if name in {t.name for t in REGISTRIES} else rows[::-1] for name, rows in tables.items()}

    def comparable(facts: list[Row]) -> list[str]:
        return sorted(
            str({name: value for name, value in row.items() if name not in ("row_id", "line_row_id")}) for row in facts
        )

    again = _build(turned)
    for table in FACT_TABLES:
        assert comparable(facts_of(connection, table.name)) == comparable(facts_of(again, table.name))


# The cells of the registries that can be behind a fact that is not known, where its column of reasons is blank.
CELLS: dict[str, tuple[str, ...]] = {
    "site_name": ("site_name",),
    "site_type": ("site_type",),
    "hospital_name": ("hospital_name",),
    "hospital_type": ("hospital_type",),
    "is_provider_based": ("site_type", "provider_based_from"),
    "is_on_hospital_campus": ("is_on_hospital_campus",),
    "distance_yards": ("distance_yards",),
    "is_enrolled_hospital_location": ("enrolled_location_type",),
    "registered_address": ("address_line_1",),
    "is_service_facility_at_registered_address": ("address_line_1", "zip", "pecos_address_line_1", "pecos_zip"),
    "is_at_billing_address": ("address_line_1", "zip"),
    "is_separately_maintained": ("is_separately_maintained",),
    "is_dedicated_emergency_department": ("is_dedicated_emergency_department",),
    "is_off_campus_department": ("site_type", "provider_based_from"),
    "ptan": ("ptan", "ccn"),
    "is_address_edited_provider": ("ptan", "ccn"),
    "pecos_address": ("pecos_address_line_1",),
    "is_from_one_off_campus_department": ("site_type", "provider_based_from", "address_line_1", "zip"),
    "is_off_campus_address_due": ("site_type", "provider_based_from"),
    "is_address_as_in_pecos": ("address_line_1", "pecos_address_line_1"),
    "is_at_nursing_facility": ("site_type",),
    "has_distance_survey": ("distance_evidence",),
    "has_npi_of_its_own": ("npi",),
    "has_line_at_billing_address": ("address_line_1", "zip"),
    "has_attestation_in_time": ("*",),  # before 2028 no law asks for one
    "telehealth_place_of_service_code": ("*",),  # a place of the patient on which contractors differ
}


def _cells_of_encounter(column: Column) -> tuple[str, ...]:
    """The cells of the encounters registry behind a fact that only that registry knows."""
    if column.because != "encounter_because":
        return ()
    return tuple(cell.removeprefix("encounters.") for cell in column.reads) or (column.name,)


# Only where the fact is missing does this column say something, and there it always does.
EXACT = {
    "payer_program": "payer_program_because",
    "receipt_date": "receipt_date_because",
    "paid_date": "paid_date_because",
    "is_paper_claim": "is_paper_claim_because",
    "service_date": "service_date_because",
    "site_id": "site_because",
    "outpatient_place_of_service_code": "campus_because",
    "is_excepted_department": "excepted_because",
    "has_duplicate_at_other_place": "duplicate_because",
    "is_side_of_boundary_confirmed": "boundary_because",
    "is_service_facility_in_pecos": "pecos_because",
    "rendering_provider_kind": "rendering_because",
    "billing_provider_kind": "billing_because",
    "performer_kind": "performer_because",
    "component_indicator": "component_because",
    "specimen_place_of_service_code": "specimen_because",
    "is_part_a_code_due_elsewhere": "part_a_code_because",
    "discharge_date": "discharge_because",
    "is_in_payment_window": "admission_because",
    "is_hospital_charge_combined": "charge_because",
    "site_place_of_service_code": "site_code_because",
    "is_default_stale": "default_because",
    "is_default_stale_after_end": "after_end_because",
    "is_hospital_share_too_low": "low_because",
    "is_hospital_share_too_high": "high_because",
    "is_share_worse_than_others": "worse_because",
}


@pytest.mark.parametrize("name", [table.name for table in FACT_TABLES])
def test_what_is_not_known_says_why_or_is_blank_in_the_registry(anything: tuple[Tables, Any], name: str) -> None:
    tables, connection = anything
    encounters = tables.get("encounters", [])
    by_site: dict[str, list[Row]] = {}
    for site in tables.get("sites", []):
        by_site.setdefault(site["site_id"], []).append(site)
    [table] = [one for one in FACT_TABLES if one.name == name]
    unexplained = set()
    for row in facts_of(connection, name):
        if row.get("claim_type") == "professional":
            continue  # of a professional claim the lines say where they were given
        for column in table.columns:
            if not column.because or row[column.name] is not None or row[column.because] is not None:
                continue
            if column.name == "is_service_facility_at_registered_address" and row["service_facility_address"] == "":
                continue  # no address was sent
            cells = CELLS.get(column.name, ())
            sites = by_site.get(row.get("site_id") or "", [])
            blank = any(site[cell] is None for site in sites for cell in cells if cell != "*") or any(
                encounter[cell] is None for encounter in encounters for cell in _cells_of_encounter(column)
                if encounter["claim_id"] in (None, row["claim_id"])
            )  # fmt: skip
            if not blank and "*" not in cells:
                undated = "undated" if row.get("service_date", DAY) is None else "dated"
                unexplained.add(f"{column.name} ({undated})")
    assert unexplained == set()


@pytest.mark.parametrize("name", [table.name for table in FACT_TABLES])
def test_a_reason_is_given_only_where_something_is_missing(anything: tuple[Tables, Any], name: str) -> None:
    wrong = set()
    for row in facts_of(anything[1], name):
        for column, because in EXACT.items():
            if because in row and column in row and row.get("claim_type") != "professional":
                several = column == "site_id" and name == "claim_facts"
                # of an admission nothing is known, and yet the hospital has no window: one reason speaks for two columns
                other = column == "is_in_payment_window" and row["has_admission_on_record"] is None
                is_told = row[because] is not None and not (other and row[column] is False)
                if (row[column] is None) != is_told and not (several and row[column] is None):
                    wrong.add((column, row[column], row[because]))
    assert wrong == set()


def test_dates_stand_in_their_order_whatever_comes_in(anything: tuple[Tables, Any]) -> None:
    for name in ("service_line_facts", "institutional_line_facts", "claim_facts"):
        for row in facts_of(anything[1], name):
            if row["service_date"] is not None:
                assert row["receipt_date_earliest"] is not None
                assert row["receipt_date_earliest"] >= row["service_date"]
                assert row["paid_date_earliest"] >= row["receipt_date_earliest"]


def test_what_makes_a_department_excepted_or_not_is_said_wherever_it_is_decided(anything: tuple[Tables, Any]) -> None:
    for row in facts_of(anything[1], "institutional_line_facts"):
        if row["is_excepted_department"] is not None:
            assert row["excepted_reason"]


def test_what_is_documented_as_known_is_known_in_files_of_both_kinds(tmp_path: Path) -> None:
    claims = (
        Claim("A1", facility=NORTH),
        Claim("A2", pos="", lines=(Line(pos="22", facility=SOUTH), Line(procedure="")), facility=NOWHERE),
        Claim("A3", pos="", lines=(Line(day="20249999"),)),
    )
    files = [
        Batch(claims).write(tmp_path / "a.837"),
        write_csv(tmp_path / "b.csv", [{"claim_id": "B1", "procedure_code": "99213", "service_date": ""}]),
    ]
    connection = connect()
    build_facts(connection, read_files(files), Workspace.empty(), LAWS, None, DAY)
    assert _unknown(connection) == {}
    assert len(facts_of(connection)) == 5


# --- the line itself ----------------------------------------------------------------------------------


def test_the_place_of_service_is_the_lines_else_the_claims() -> None:
    check(
        "place_of_service_code has_place_of_service is_place_of_service_from_line line_place_of_service_code "
        "claim_place_of_service_code is_place_of_service_assigned",
        *(
            (
                unsited({"place_of_service_code": claim}, {"place_of_service_code": line}),
                (code, code != "", from_line, line or "", claim or "", code not in ("", "ZZ", "00")),
            )
            for line, claim, code, from_line in [
                ("22", "11", "22", True),
                (None, "11", "11", False),
                (None, None, "", False),
                ("22", None, "22", True),
                (None, "66", "66", False),  # once assigned
                (None, "ZZ", "ZZ", False),
                ("00", "11", "00", True),
            ]
        ),
    )


def test_department_modifiers_are_taken_out_and_the_others_keep_their_order() -> None:
    cases: list[tuple[tuple[str | None, ...], str]] = [
        (("PO",), ""),
        (("25", "PO"), "25"),
        (("PO", "25"), "25"),
        (("PO", "PN", "ER", "25"), "25"),
        (("25", "PO", "59", "PN"), "25 59"),
        (("25", "59"), "25 59"),
        (("PO", "PO"), ""),
        ((None, "PO", None, "25"), "25"),
        ((), ""),
        (("26", "ERX"), "26 ERX"),
    ]
    check(
        "modifiers_without_department_modifiers modifiers has_modifier_po has_modifier_pn has_modifier_er "
        "is_professional_component",
        *(
            (
                unsited({}, {f"modifier_{number}": one for number, one in enumerate(given, 1)}),
                (
                    left,
                    " ".join(one for one in given if one),
                    "PO" in given,
                    "PN" in given,
                    "ER" in given,
                    "26" in given,
                ),
            )
            for given, left in cases
        ),
    )


def test_ambulance_services_are_told_by_their_codes() -> None:
    check(
        "is_ambulance_procedure has_procedure_code",
        *(
            (unsited({}, {"procedure_code": code}), (is_one, code is not None))
            for code, is_one in [
                ("A0021", True), ("A0999", True), ("A0020", False), ("A1000", False), ("99213", False), (None, False),
            ]
        ),
    )  # fmt: skip


# --- the service facility of the line -----------------------------------------------------------------


def test_a_service_facility_at_a_post_office_box_is_told() -> None:
    check(
        "is_service_facility_post_office_box",
        (Case(claim={"service_facility_address_line_1": "PO Box 12"}), True),
        (Case(claim={"service_facility_address_line_1": "P.O. BOX 12"}), True),
        (
            Case(claim={"service_facility_address_line_1": "1 MAIN ST", "service_facility_address_line_2": "PO BOX 1"}),
            False,
        ),
        (Case(), False),
        (unsited(), False),
        (unsited({"billing_provider_address_line_1": "PO BOX 12"}), False),
        (unsited({"service_facility_npi": NPI}), False),
    )


def test_a_service_facility_has_a_street_where_it_can_be_found_by_it() -> None:
    claim = {"service_facility_state": "CA"}
    line = {"service_facility_address_line_1": "2 ELM ST", "service_facility_zip": "90001"}
    check(
        "has_service_facility_street",
        (Case(claim=claim), True),
        (Case(claim=claim | {"service_facility_zip": "90001-1234"}), True),
        (Case(claim=claim | {"service_facility_zip": None}), False),
        (Case(claim=claim | {"service_facility_zip": "K1A 0B1"}), False),  # not in the country
        (Case(claim=claim | {"service_facility_state": None}), False),
        (Case(claim=claim | {"service_facility_address_line_1": None, "service_facility_npi": NPI}), False),
        (Case(claim=claim, line=line), False),
        (Case(line=line | claim), True),
        (unsited(), False),
        (unsited({"service_facility_npi": NPI}), False),
    )


def test_the_digits_of_a_zip_code_are_counted() -> None:
    check(
        "has_service_facility_zip_of_nine_digits",
        (Case(claim={"service_facility_zip": "900011234"}), True),
        (Case(claim={"service_facility_zip": "90001-1234"}), True),
        (Case(claim={"service_facility_zip": "90001"}), False),
        (Case(claim={"service_facility_zip": "9000112345"}), False),
        (Case(claim={"service_facility_zip": None}), False),
        (unsited(), False),
    )


def test_the_npi_of_the_service_facility_is_told_from_those_of_the_claim() -> None:
    billing, own = "1234567893", {"service_facility_npi": NPI}
    check(
        "is_service_facility_npi_of_billing_provider is_service_facility_npi_of_practitioner",
        (Case(claim={"service_facility_npi": billing}), (True, False)),
        (Case(claim=own), (False, False)),
        (Case(), (False, False)),
        (Case(claim={"billing_provider_npi": None}), (False, False)),
        (Case(claim=own | {"rendering_provider_npi": NPI}), (False, True)),
        (Case(claim=own | {"supervising_provider_npi": NPI}), (False, True)),
        (Case(claim=own, line={"rendering_provider_npi": NPI}), (False, True)),
        (Case(claim=own, line={"supervising_provider_npi": NPI}), (False, True)),
        (Case(claim=own | {"rendering_provider_npi": NPI}, line={"rendering_provider_npi": billing}), (False, False)),
        (Case(claim=own | {"referring_provider_npi": NPI}), (False, False)),
        (Case(claim=own, providers=({"npi": NPI, "provider_type": "MD"},)), (False, True)),
        (Case(claim=own, providers=({"npi": NPI, "provider_type": "np"},)), (False, True)),
        (Case(claim=own, providers=({"npi": NPI, "provider_type": "hospital"},)), (False, False)),
        (Case(claim=own, providers=({"npi": NPI, "provider_type": None},)), (False, False)),
        (Case(claim=own, providers=({"npi": billing, "provider_type": "MD"},)), (False, False)),
        (Case(providers=({"npi": NPI, "provider_type": "MD"},)), (False, False)),
    )


def test_the_service_facility_is_the_lines_else_the_claims_and_never_a_mixture() -> None:
    line = {"service_facility_npi": NPI, "service_facility_byte_offset": 300}
    claim = {
        "service_facility_npi": "1234567893", "service_facility_byte_offset": 150, "service_facility_city": "TOWN",
        "service_facility_state": "CA",
    }  # fmt: skip
    [[of_claim], [of_line], [of_none]] = facts_of_cases(
        [Case(site=None, claim=claim), Case(site=None, claim=claim, line=line), unsited()]
    )
    assert of_claim["service_facility_address"] == "1 MAIN ST, TOWN, CA 00001"
    assert of_line["service_facility_address"] == ""
    assert [row["service_facility_byte_offset"] for row in (of_claim, of_line, of_none)] == [150, 300, None]
    assert [row["service_facility_npi"] != "" for row in (of_claim, of_line, of_none)] == [True, True, False]
    assert [row["has_service_facility"] for row in (of_claim, of_line, of_none)] == [True, True, False]


# --- whose rules apply --------------------------------------------------------------------------------


def test_the_claim_filing_code_names_the_programme() -> None:
    programs = {
        "MB": "medicare_part_b", "16": "medicare_advantage", "MC": "medicaid",
        "CI": "commercial", "BL": "commercial", "WC": "workers_compensation", "CH": "other_government",
    }  # fmt: skip
    check("payer_program payer_program_because", *(
        (unsited({"claim_filing_code": code}), (program, None)) for code, program in programs.items()
    ))  # fmt: skip
    # a practitioner's claim to Medicare is one to Part B, whatever code stands for Medicare
    check("payer_program", (unsited({"claim_filing_code": "MA"}), "medicare_part_b"))
    check(
        "payer_program",
        (unsited({"claim_filing_code": "MA"}, is_hospital=True), "medicare_part_a"),
        (unsited({"claim_filing_code": "MB"}, is_hospital=True), "medicare_part_b"),
        is_hospital=True,
    )
    no_registry = "no payers registry is loaded"
    check(
        "payer_program payer_program_because",
        (unsited({"claim_filing_code": "ZZ"}), (None, f"the claim filing code names no programme, and {no_registry}")),
        (unsited({"claim_filing_code": "??"}), (None, f"the claim filing code names no programme, and {no_registry}")),
        (unsited({"claim_filing_code": None}), (None, f"the claim has no claim filing code, and {no_registry}")),
    )


def payer(program: str | None, **more: Any) -> Row:
    return {"payer_id": "PAYER1", "payer_program": program, **more}


def test_the_payers_registry_beats_the_claim_filing_code() -> None:
    advantage = payer("medicare_advantage")
    days = {"effective_from": D(2024, 3, 5), "effective_to": D(2024, 3, 6)}
    check(
        "payer_program",
        (unsited(payers=(advantage,)), "medicare_advantage"),
        (unsited({"payer_id": "PAYER2"}, payers=(advantage,)), "medicare_part_b"),
        (unsited({"payer_id": None}, payers=(advantage,)), "medicare_part_b"),
        (unsited(payers=(payer(None),)), "medicare_part_b"),
        (unsited({"claim_filing_code": "ZZ"}, payers=(payer("commercial"), payer("medicaid"))), None),
        (unsited(payers=(payer("commercial"), payer("commercial"))), "commercial"),
        *(
            (unsited(line={"service_date": D(2024, 3, day)}, payers=(payer("commercial", **days),)), program)
            for day, program in enumerate(["medicare_part_b", "commercial", "commercial", "medicare_part_b"], 4)
        ),
    )


def test_a_payers_row_without_a_programme_is_not_denied() -> None:
    [[blank], [none]] = facts_of_cases(
        [unsited({"claim_filing_code": "ZZ", "payer_id": one}, payers=(payer(None),)) for one in ("PAYER1", "PAYER2")]
    )
    assert "has no row for its payer" not in blank["payer_program_because"]
    assert "has no row for its payer" in none["payer_program_because"]


# --- the four dates -----------------------------------------------------------------------------------


def test_the_receipt_date_is_the_claims_else_the_one_given() -> None:
    given, own = D(2024, 4, 1), D(2024, 3, 20)
    check("receipt_date receipt_date_because", (unsited(), (None, "no receipt date was given")))
    check(
        "receipt_date receipt_date_because",
        (unsited(), (given, None)),
        (unsited({"receipt_date": own}), (own, None)),
        received=given,
    )


def test_no_claim_is_received_before_its_service_or_the_making_of_its_file() -> None:
    cases: list[tuple[Row, dt.date | None, dt.date | None]] = [
        ({}, DAY, D(2024, 3, 10)),
        ({"transaction_date": D(2024, 3, 1)}, DAY, DAY),
        ({"transaction_date": None}, DAY, DAY),
        ({}, None, D(2024, 3, 10)),
        ({"transaction_date": None}, None, None),
        ({"receipt_date": D(2024, 5, 1)}, DAY, D(2024, 5, 1)),
    ]
    check(
        "receipt_date_earliest paid_date_earliest",
        *((unsited(claim, {"service_date": day}), (earliest, earliest)) for claim, day, earliest in cases),
    )


def test_no_claim_is_received_before_the_last_of_its_services() -> None:
    lines: tuple[Row, ...] = (
        {"service_date": D(2024, 6, 1)},
        {},
        {"service_date": None},
        {"service_through_date": D(2024, 6, 3)},
    )
    [found] = facts_of_cases([Case(site=None, claim={"transaction_date": None}, lines=lines)])
    assert [row["receipt_date_earliest"] for row in found] == [D(2024, 6, 3)] * 4


def test_a_claim_is_finished_on_its_paid_date_and_not_before_it_was_received() -> None:
    check(
        "paid_date paid_date_because paid_date_earliest",
        (unsited({"paid_date": D(2024, 6, 1)}), (D(2024, 6, 1), None, D(2024, 6, 1))),
        (unsited(), (None, "no remittance was given", D(2024, 4, 1))),
        received=D(2024, 4, 1),
    )


def test_a_claim_is_on_paper_if_it_says_so() -> None:
    unsaid = "the file does not say how its claims are sent"
    check(
        "is_paper_claim is_paper_claim_because",
        (unsited({"claim_form": "paper"}), (True, None)),
        (unsited({"claim_form": "electronic"}), (False, None)),
        (unsited({"claim_form": None}), (None, unsaid)),
    )


# --- which site ---------------------------------------------------------------------------------------

NO_ROW = "no row of the sites registry fits the service location on that day"
SEVERAL = "several rows of the sites registry fit the service location on that day"


def sent(line_1: str | None, line_2: str | None = None, **site: Any) -> Case:
    """A service facility as sent, and its row in the registry."""
    claim = {"service_facility_address_line_1": line_1, "service_facility_address_line_2": line_2}
    return Case(site, claim)


def test_an_address_is_found_however_it_is_written() -> None:
    check(
        "site_id site_because",
        (sent("1 MAIN ST", address_line_1="1 Main Street"), ("NORTH", None)),
        (sent("1 MAIN ST", "STE 200", address_line_1="1 Main St, Suite 200"), ("NORTH", None)),
        (sent("1 MAIN ST STE 200", "", address_line_1="1 Main Street", address_line_2="Suite 200"), ("NORTH", None)),
        (sent("1 MAIN ST", address_line_1="2 MAIN ST"), (None, NO_ROW)),
        (sent("1 MAIN ST STE 200", address_line_1="1 MAIN ST STE 300"), (None, NO_ROW)),
        (sent("1 MAIN ST", address_line_1="1 MAIN ST STE 200"), (None, NO_ROW)),
        (sent("1 Mäin St 😀 " + "x" * 5000, address_line_1="1 MAIN ST " + "X" * 5000), ("NORTH", None)),
    )


def test_an_address_is_only_the_same_within_one_zip_code() -> None:
    check(
        "site_id",
        (Case({"zip": "90001"}, {"service_facility_zip": "90001"}), "NORTH"),
        (Case({"zip": "90001"}, {"service_facility_zip": "900011234"}), "NORTH"),
        (Case({"zip": "900015678"}, {"service_facility_zip": "90001"}), "NORTH"),
        (Case({"zip": "90001"}, {"service_facility_zip": "90002"}), None),
        (Case({"zip": "90001"}, {"service_facility_zip": None}), None),
        (Case({"zip": None}, {"service_facility_zip": "90001"}), None),
    )


def by_npi(npi: str | None, zip_kept: str | None = "90001", zip_sent: str | None = None, used: str = NPI) -> Case:
    claim = {"service_facility_npi": used, "service_facility_address_line_1": None, "service_facility_zip": zip_sent}
    return Case({"npi": npi, "zip": zip_kept, "address_line_1": None}, claim)


def test_a_location_is_found_by_its_npi_but_not_in_another_zip_code() -> None:
    check(
        "site_id",
        (by_npi(NPI), "NORTH"),
        (by_npi("1234567893"), None),
        (by_npi("none", used="none"), None),
        (by_npi(None), None),
        (by_npi(NPI, "90001", "90001"), "NORTH"),
        (by_npi(NPI, "90001", "900019999"), "NORTH"),
        (by_npi(NPI, None, "90001"), "NORTH"),
        (by_npi(NPI, "90001", "90002"), None),
    )


def test_an_address_beats_an_npi_and_a_site_id_beats_both() -> None:
    sites = (
        SITE,
        SITE | {"site_id": "SOUTH", "address_line_1": "2 Main St", "npi": NPI},
        SITE | {"site_id": "EAST", "address_line_1": "3 Main St"},
    )
    claim = {"service_facility_npi": NPI}
    check(
        "site_id",
        (Case(sites=sites, claim=claim), "NORTH"),
        (Case(sites=sites, claim=claim | {"service_facility_address_line_1": "9 Elm St"}), "SOUTH"),
        (Case(sites=sites, claim=claim | {"site_id": "EAST"}), "EAST"),
        (Case(sites=sites, claim=claim | {"site_id": "EAST"}, line={"site_id": "SOUTH"}), "SOUTH"),
        # a row that has ended does not hide one found another way
        (Case(sites=(SITE | {"effective_to": D(2020, 1, 1)}, sites[1]), claim=claim), "SOUTH"),
    )


def test_a_site_id_the_registry_does_not_have_is_not_replaced_by_a_guess() -> None:
    check("site_id site_because has_service_location", (Case(line={"site_id": "WEST"}), (None, NO_ROW, True)))


def test_a_site_holds_on_its_first_and_last_day() -> None:
    site = {"effective_from": D(2024, 3, 5), "effective_to": D(2024, 3, 7)}
    check("site_id", *(
        (Case(site, line={"service_date": D(2024, 3, day)}), "NORTH" if 5 <= day <= 7 else None) for day in range(4, 9)
    ))  # fmt: skip


def test_the_row_in_force_on_the_day_is_taken() -> None:
    sites = (
        SITE | {"site_name": "Old", "effective_to": D(2024, 3, 4)},
        SITE | {"site_name": "New", "effective_from": DAY},
    )
    check(
        "site_name",
        (Case(sites=sites, line={"service_date": D(2024, 3, 4)}), "Old"),
        (Case(sites=sites), "New"),
    )


def test_what_is_not_known_of_the_site_says_why() -> None:
    check("site_because", (Case(site=None), "no sites registry is loaded"))
    check(
        "site_id site_because",
        (Case({"zip": "99999"}), (None, NO_ROW)),
        (Case(sites=(SITE, SITE | {"site_id": "SOUTH"})), (None, SEVERAL)),
        (Case(sites=(SITE, SITE)), (None, SEVERAL)),
        (
            Case(claim={"place_of_service_code": "12"}, is_named=False),
            (None, "the claim does not say where the service was given"),
        ),
        (Case(), ("NORTH", None)),
    )


def test_a_line_without_a_date_does_not_blame_the_sites_registry() -> None:
    because = "the line has no service date, so no row of the sites registry can be chosen"
    check(
        "site_id site_because",
        (Case(line={"service_date": None}), (None, because)),
        (Case({"effective_from": D(2020, 1, 1)}, line={"service_date": None}), (None, because)),
    )


def test_the_billing_address_stands_in_only_where_a_practice_works_at_its_own() -> None:
    home, away = ("11", "22", "19", "24", "81"), ("12", "21", "31", "41", "02", "10", None)
    check(
        "site_id has_service_location has_service_facility",
        *(
            (
                Case(AT_BILLING, {"place_of_service_code": code}, is_named=False),
                ("NORTH" if code in home else None, code in home, False),
            )
            for code in (*home, *away)
        ),
        (Case(AT_BILLING, {"service_facility_npi": NPI}, is_named=False), (None, True, True)),
        (Case(AT_BILLING, line={"place_of_service_code": "12"}, is_named=False), (None, False, False)),
        (Case(AT_BILLING, {"place_of_service_code": "12"}, {"place_of_service_code": "11"}, is_named=False),
         ("NORTH", True, False)),
    )  # fmt: skip


def test_the_lines_facility_beats_the_claims() -> None:
    sites = (SITE, SITE | {"site_id": "SOUTH", "address_line_1": "2 Main St"})
    line = {"service_facility_address_line_1": "2 MAIN ST", "service_facility_zip": "90001"}
    check(
        "site_id",
        (Case(sites=sites, line=line), "SOUTH"),
        (Case(sites=sites), "NORTH"),
        (Case(sites=sites, line={"service_facility_npi": NPI}), None),  # its parts are not mixed with the claim's
    )


def test_the_site_an_encounter_names_for_the_claim_is_where_the_line_was_given() -> None:
    south = SITE | {"site_id": "SOUTH", "address_line_1": "2 Main St"}
    sites = (SITE, south, south | {"site_id": "EAST", "address_line_1": "3 Main St"})
    at_south = {"claim_id": "A1", "site_id": "SOUTH"}
    for_line_1, for_line_2 = ({"claim_id": "A1", "line_number": n, "site_id": "EAST"} for n in (1, 2))

    def case(*encounters: Row, **more: Any) -> Case:
        return Case(sites=sites, encounters=encounters, **more)

    check(
        "site_id",
        (case(at_south), "SOUTH"),
        (case(at_south, claim={"place_of_service_code": "12"}, is_named=False), "SOUTH"),
        (case(at_south, for_line_1), "EAST"),
        (case(at_south, for_line_2), "SOUTH"),
        (case(for_line_2), "NORTH"),
        (case(at_south, claim={"site_id": "NORTH"}), "NORTH"),
        (case(at_south, line={"site_id": "EAST"}), "EAST"),
        (case({"claim_id": "A2", "site_id": "SOUTH"}), "NORTH"),
        (case({"claim_id": "A1", "site_id": None}), "NORTH"),
        (case({"member_id": "M1", "service_date": DAY, "site_id": "SOUTH"}), "NORTH"),
        (case({"claim_id": "A1", "site_id": "WEST"}), None),
        (case(at_south, at_south), "SOUTH"),
        (case(at_south, at_south | {"site_id": "EAST"}), "NORTH"),  # they disagree, so nobody has said it
    )


def test_a_site_an_encounter_names_is_no_service_facility_on_the_claim() -> None:
    encounters = ({"claim_id": "A1", "site_id": "NORTH"},)
    check(
        "site_id has_service_facility is_service_facility_at_registered_address",
        (Case(encounters=encounters, is_named=False), ("NORTH", False, None)),
        (Case(encounters=encounters), ("NORTH", True, True)),
    )


# --- what the site is ---------------------------------------------------------------------------------


def test_a_blank_of_the_registry_is_not_known() -> None:
    names = ("site_name", "site_type", "hospital_name", "is_separately_maintained", "distance_yards")
    [[found]] = facts_of_cases([Case(dict.fromkeys(names))])
    assert {name: found[name] for name in names} == dict.fromkeys(names)
    assert found["site_because"] is None


# --- encounters ---------------------------------------------------------------------------------------


def encounter(status: str | None, **found_by: Any) -> Row:
    return {"registration_status": status, **found_by}


BY_LINE = encounter("outpatient", claim_id="A1", line_number=1)
BY_CLAIM = encounter("inpatient", claim_id="A1")
BY_SITE = encounter("outpatient", member_id="M1", service_date=DAY, site_id="NORTH")
BY_DAY = encounter("inpatient", member_id="M1", service_date=DAY)


def test_the_encounter_nearest_to_the_line_counts() -> None:
    check(
        "is_registered_outpatient is_registered_inpatient encounter_because",
        (Case(encounters=(BY_LINE, BY_CLAIM, BY_SITE, BY_DAY)), (True, False, None)),
        (Case(encounters=(BY_DAY, BY_SITE, BY_CLAIM)), (False, True, None)),
        (Case(encounters=(BY_DAY, BY_SITE)), (True, False, None)),
        (Case(encounters=(BY_DAY,)), (False, True, None)),
    )


def test_an_encounter_of_something_else_does_not_count() -> None:
    nothing = (None, None, "no row of the encounters registry fits")
    check(
        "is_registered_outpatient is_registered_inpatient encounter_because",
        *(
            (Case(encounters=(row,)), nothing)
            for row in [
                encounter("outpatient", claim_id="A1", line_number=2),
                encounter("outpatient", claim_id="A2"),
                encounter("outpatient", claim_id="A2", member_id="M1", service_date=DAY),
                encounter("outpatient", member_id="M2", service_date=DAY),
                encounter("outpatient", member_id="M1", service_date=D(2024, 3, 6)),
                encounter("outpatient", member_id="M1", service_date=DAY, site_id="SOUTH"),
            ]
        ),
        # an encounter at a site needs the site to be known
        (Case(claim={"service_facility_zip": "99999"}, encounters=(BY_SITE,)), nothing),
        (Case(line={"service_date": None}, encounters=(BY_DAY,)), nothing),
        (Case(claim={"member_id": None}, encounters=(BY_DAY,)), nothing),
    )


def test_the_registration_is_as_the_encounter_says() -> None:
    check(
        "is_registered_outpatient is_registered_inpatient",
        *(
            (Case(encounters=(encounter(status, claim_id="A1", is_observation=observation),)), (outpatient, inpatient))
            for status, observation, outpatient, inpatient in [
                ("outpatient", None, True, False),
                ("inpatient", None, False, True),
                ("none", None, False, False),
                (None, None, None, None),
                (None, False, None, None),
                (None, True, True, False),
                ("none", True, True, False),
            ]
        ),
    )


def test_what_is_not_known_of_the_encounter_says_why() -> None:
    check("encounter_because", (Case(), "no encounters registry is loaded"))
    check(
        "encounter_because is_registered_outpatient",
        (Case(encounters=(encounter("none", claim_id="A2"),)), ("no row of the encounters registry fits", None)),
        (
            Case(encounters=(BY_CLAIM, BY_CLAIM | {"registration_status": "none"})),
            ("several rows of the encounters registry fit", None),
        ),
    )


# --- claims -------------------------------------------------------------------------------------------


def of_claim(claim: Row, *lines: Row, site: Row | None = None, **more: Any) -> Case:
    return Case(site=site, claim=claim, lines=lines, is_named=False, **more)


def pos(code: str | None, **more: Any) -> Row:
    return {"place_of_service_code": code, **more}


def test_the_codes_of_a_claim_are_listed_once_and_sorted() -> None:
    check(
        "place_of_service_codes line_count claim_place_of_service_code",
        *(
            (of_claim(pos(claim), *map(pos, lines)), (codes, len(lines), claim or ""))
            for claim, lines, codes in [
                ("11", (None, None), "11"),
                ("11", ("22", None), "11 22"),
                ("11", ("22", "21", "22"), "21 22"),
                (None, (None, None), ""),
                (None, ("22", None), "22"),
            ]
        ),
        table="claim_facts",
    )


def test_a_line_code_is_redundant_where_every_line_repeats_the_claims() -> None:
    check(
        "has_redundant_line_place_of_service",
        *(
            (of_claim(pos(claim), *map(pos, lines)), redundant)
            for claim, lines, redundant in [
                ("11", ("11", "11"), True), ("11", ("11", None), False), ("11", ("11", "22"), False),
                ("11", ("22", "22"), False), (None, (None,), False), (None, ("11",), False),
            ]
        ),
        table="claim_facts",
    )  # fmt: skip


def test_office_and_facility_lines_are_told_with_telehealth_left_out() -> None:
    check(
        "has_office_and_facility_lines",
        *(
            (of_claim(pos(None), *map(pos, lines)), mixed)
            for lines, mixed in [
                (("11", "22"), True), (("11", "12"), False), (("22", "21"), False), (("11", "02"), False),
                (("22", "02"), False), (("22", "10"), False), (("22", None), False), ((None, None), False),
                (("11", "22", "02"), True),
            ]
        ),
        table="claim_facts",
    )  # fmt: skip


def test_the_locations_of_a_claim_are_counted() -> None:
    other = {"service_facility_address_line_1": "2 MAIN ST", "service_facility_zip": "90001"}
    same = {"service_facility_address_line_1": "1 Main Street", "service_facility_zip": "900011234"}
    one, two = ({"service_facility_npi": npi, "service_facility_zip": "90001"} for npi in (NPI, "1234567893"))
    check(
        "service_location_count",
        (of_claim(AT_NORTH, {}, {}), 1),
        (of_claim(AT_NORTH, {}, other), 2),
        (of_claim(AT_NORTH, other, other), 1),
        (of_claim({}, {}), 1),
        (of_claim(pos(None), pos("12"), pos("21")), 1),  # none is named
        (of_claim(AT_NORTH, {}, same), 1),
        (of_claim({}, {}, AT_NORTH), 2),  # at the billing provider's own address, and at another
        (of_claim({}, one, one), 1),
        (of_claim({}, one, two), 2),  # two facilities in one ZIP code
        (of_claim({}, {"site_id": "EAST"}, {"site_id": "WEST"}), 2),
        (of_claim(AT_NORTH, {"site_id": "EAST"}, {"site_id": "WEST"}), 2),
        table="claim_facts",
    )


def test_one_place_is_one_location_whichever_row_of_the_registry_holds_that_day() -> None:
    old, new = SITE | {"effective_to": D(2024, 3, 5)}, SITE | {"effective_from": D(2024, 3, 6)}
    lines = ({"service_date": D(2024, 3, 5)}, {"service_date": D(2024, 3, 6)})
    check(
        "service_location_count",
        (Case(sites=(old, new), lines=lines), 1),
        (Case(sites=(new,), lines=lines), 1),  # on the first day no row holds
        (Case(lines=({}, {"service_date": None})), 1),
        table="claim_facts",
    )


def test_the_facts_of_many_claims_do_not_mix() -> None:
    claims = [
        CLAIM | {"claim_key": key, "claim_id": f"A{key}", "place_of_service_code": f"{key:02}"} for key in range(1, 60)
    ]
    lines = [LINE | {"claim_key": claim["claim_key"], "line_number": number} for claim in claims for number in (1, 2)]
    connection = build(claims, lines)
    assert [(row["claim_id"], row["place_of_service_code"]) for row in facts_of(connection)] == [
        (f"A{key}", f"{key:02}") for key in range(1, 60) for _ in (1, 2)
    ]
    assert [(row["claim_id"], row["line_count"]) for row in facts_of(connection, "claim_facts")] == [
        (f"A{key}", 2) for key in range(1, 60)
    ]


# --- the run ------------------------------------------------------------------------------------------


def test_the_run_says_how_long_ago_the_code_set_was_read() -> None:
    read = max(one.checked for one in LAWS["us.hipaa.place_of_service_codes"].versions if one.checked)
    [row] = facts_of(build([], [], run_date=read + dt.timedelta(days=366)), "run_facts")
    assert row == {
        "row_id": 0,
        "run_date": read + dt.timedelta(days=366),
        "code_set_read_date": read,
        "days_since_code_set_was_read": 366,
        "expired_setting_count": 0,
        "expired_settings": "",
    }
    law = LAWS["us.hipaa.place_of_service_codes"]
    unread = replace(law, versions=tuple(replace(one, checked=None) for one in law.versions))
    [row] = facts_of(build([], [], laws=LAWS | {law.path: unread}), "run_facts")
    assert (row["code_set_read_date"], row["days_since_code_set_was_read"]) == (None, None)
    assert row["run_date"] == RUN_DATE


def test_the_run_counts_the_settings_whose_last_day_has_passed() -> None:
    def setting(code: str, until: dt.date) -> RuleSetting:
        return RuleSetting(code, "off", "building works", "J. Doe", until)

    yesterday, today = RUN_DATE - dt.timedelta(days=1), RUN_DATE
    settings = (setting("PRO116", yesterday), setting("PRO117", today), setting("DEP101", D(2024, 1, 31)))

    def found(*kept: RuleSetting) -> tuple[int, str]:
        [row] = facts_of(build([], [], settings=kept), "run_facts")
        return row["expired_setting_count"], row["expired_settings"]

    assert found() == (0, "")
    assert found(settings[1]) == (0, "")  # the last day is a day on which it holds
    assert found(*settings) == (2, "PRO116 (J. Doe, until 2026-11-21); DEP101 (J. Doe, until 2024-01-31)")
