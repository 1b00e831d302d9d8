"""Facts: where a line was given, whose rules apply, and what is not known and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrubjay.engine import connect
from scrubjay.facts import build_facts
from scrubjay.formats import read_files
from scrubjay.reference.law import load_laws
from scrubjay.reference.registries import KNOWN_NONE
from scrubjay.tables import (
    CLAIMS,
    FACT_TABLES,
    INSTITUTIONAL_LINES,
    PAYER_PROGRAMS,
    PROFESSIONAL_LINES,
    REGISTRIES,
    SITE_TYPES,
    SQL_TYPES,
    Column,
    Table,
    arrow_schema,
)
from tests.samples import NORTH, NOWHERE, SOUTH, Batch, Claim, Line, write_csv

Row = dict[str, Any]
D = dt.date
DAY = D(2024, 3, 5)
LAWS = load_laws()

CLAIM: Row = {
    "claim_key": 0, "file_id": 0, "claim_type": "professional", "claim_id": "A1", "place_of_service_code": "11",
    "claim_form": "electronic", "transaction_date": D(2024, 3, 10), "byte_offset": 100,
    "billing_provider_npi": "1234567893", "billing_provider_address_line_1": "500 BILLING AVE",
    "billing_provider_zip": "90005", "member_id": "M1", "claim_filing_code": "MB", "payer_id": "PAYER1",
}  # fmt: skip
LINE: Row = {"claim_key": 0, "line_number": 1, "byte_offset": 200, "procedure_code": "99213", "service_date": DAY}
SITE: Row = {
    "site_id": "NORTH", "site_name": "North Clinic", "site_type": "provider_based_department",
    "address_line_1": "1 Main Street", "zip": "90001", "provider_based_from": D(2010, 1, 1),
}  # fmt: skip
AT_NORTH: Row = {"service_facility_address_line_1": "1 MAIN ST", "service_facility_zip": "90001"}


def registry(table: Table, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    numbered = [{**row, "row_number": number} for number, row in enumerate(rows, 1)]
    return pa.Table.from_pylist(numbered, arrow_schema(table).append(pa.field("row_number", pa.int64())))


def build(
    claims: Iterable[Row], lines: Iterable[Row], received: dt.date | None = None, **registries: Iterable[Row]
) -> Any:
    """A connection with the facts of these claims and lines; a registry that is not given is not kept."""
    connection = connect()
    tables = {
        "claims": pa.Table.from_pylist(list(claims), arrow_schema(CLAIMS)),
        "professional_lines": pa.Table.from_pylist(list(lines), arrow_schema(PROFESSIONAL_LINES)),
        "institutional_lines": arrow_schema(INSTITUTIONAL_LINES).empty_table(),
    }
    kept = {t.name: registry(t, registries[t.name]) if t.name in registries else None for t in REGISTRIES}
    build_facts(connection, tables, kept, LAWS, received)
    return connection


def facts_of(connection: Any, table: str = "service_line_facts") -> list[Row]:
    rows: list[Row] = connection.sql(f"SELECT * FROM {table} ORDER BY row_id").to_arrow_table().to_pylist()
    return rows


def line_facts(claim: Row | None = None, line: Row | None = None, received: dt.date | None = None, **more: Any) -> Row:
    """The facts of the one line of one claim, changed as given."""
    found = facts_of(build([CLAIM | (claim or {})], [LINE | (line or {})], received, **more))
    assert len(found) == 1
    return found[0]


def at_site(site: Row | None = None, claim: Row | None = None, line: Row | None = None, **more: Any) -> Row:
    """The facts of a line given at the one site of the registry, changed as given."""
    return line_facts(AT_NORTH | (claim or {}), line, sites=[SITE | (site or {})], **more)


# --- the tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", FACT_TABLES, ids=lambda table: table.name)
def test_a_fact_table_has_the_columns_the_documentation_says(table: Table) -> None:
    found = build([CLAIM], [LINE]).execute(f"DESCRIBE {table.name}").fetchall()
    assert {row[0]: row[1] for row in found} == {column.name: SQL_TYPES[column.type] for column in table.columns}
    assert len(found) == len(table.columns)


@pytest.mark.parametrize("table", FACT_TABLES, ids=lambda table: table.name)
def test_a_column_that_says_why_is_itself_documented(table: Table) -> None:
    for column in table.columns:
        if column.because:
            assert table[column.because].type == "text"


@pytest.mark.parametrize("table", FACT_TABLES, ids=lambda table: table.name)
def test_no_claims_give_no_facts(table: Table) -> None:
    assert facts_of(build([], [], sites=[SITE]), table.name) == []


def test_institutional_and_dental_claims_have_no_line_facts() -> None:
    connection = build([CLAIM | {"claim_type": "institutional"}, CLAIM | {"claim_key": 1, "claim_type": "dental"}], [])
    assert facts_of(connection) == []
    assert facts_of(connection, "claim_facts") == []


def _check_known(connection: Any) -> None:
    """What is documented as always known is known, and every line and every claim has its row."""
    for table in FACT_TABLES:
        known = [column.name for column in table.columns if not column.nullable]
        sums = ", ".join(f"count(*) - count({name})" for name in known)
        [counts] = connection.sql(f"SELECT {sums} FROM {table.name}").fetchall()
        assert {name: count for name, count in zip(known, counts, strict=True) if count} == {}
    lines = connection.sql("SELECT row_id FROM professional_lines ORDER BY 1").fetchall()
    assert connection.sql("SELECT row_id FROM service_line_facts ORDER BY 1").fetchall() == lines
    keys = connection.sql("SELECT DISTINCT claim_key FROM professional_lines ORDER BY 1").fetchall()
    assert connection.sql("SELECT claim_key FROM claim_facts ORDER BY 1").fetchall() == keys


def _values(column: Column) -> st.SearchStrategy[Any]:
    """Few values, so that rows meet; always also none."""
    own: dict[str, list[Any]] = {
        "claim_type": ["professional"],
        "claim_form": ["paper", "electronic"],
        "claim_filing_code": ["MB", "ZZ", ""],
        "place_of_service_code": ["11", "22", "12", "ZZ", ""],
        "site_type": [*SITE_TYPES[:4]],
        "payer_program": [*PAYER_PROGRAMS[:2]],
        "registration_status": ["outpatient", "inpatient", "none"],
        "distance_method": ["straight_line", "driving"],
        "modifier_1": ["PO", "26", "PO"],
        "modifier_2": ["PN", "25", ""],
        "npi": ["none", "1234567893"],
        "distance_yards": [Decimal("250"), Decimal("250.1")],
    }
    by_type: dict[str, list[Any]] = {
        "text": ["A", "1 Main St", ""],
        "integer": [1, 2],
        "boolean": [True, False],
        "date": [DAY, D(2024, 3, 6), KNOWN_NONE],
        "decimal": [Decimal("1.5")],
        "amount": [Decimal("2.50")],
        "timestamp": [dt.datetime(2024, 3, 5, 8)],
    }
    values = own.get(column.name, by_type[column.type])
    return st.sampled_from([*values, None] if column.nullable and column.name != "claim_type" else values)


def _row_of(table: Table, **fixed: Any) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {c.name: st.just(fixed[c.name]) if c.name in fixed else _values(c) for c in table.columns}
    )


@st.composite
def _inputs(draw: st.DrawFn) -> tuple[list[Row], list[Row], dict[str, list[Row]]]:
    claims = [draw(_row_of(CLAIMS, claim_key=key, file_id=0)) for key in range(draw(st.integers(1, 4)))]
    lines = [
        draw(_row_of(PROFESSIONAL_LINES, claim_key=claim["claim_key"]))
        for claim in claims
        for _ in range(draw(st.integers(1, 3)))
    ]
    kept = {t.name: draw(st.lists(_row_of(t), max_size=4)) for t in REGISTRIES if draw(st.booleans())}
    return claims, lines, kept


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(inputs=_inputs(), received=st.sampled_from([None, DAY]))
def test_what_is_documented_as_known_is_known_whatever_comes_in(
    inputs: tuple[list[Row], list[Row], dict[str, list[Row]]], received: dt.date | None
) -> None:
    claims, lines, kept = inputs
    connection = build(claims, lines, received, **kept)
    _check_known(connection)
    for row in facts_of(connection):
        for column in FACT_TABLES[0].columns:
            if column.because and row[column.name] is None and column.because.startswith(("payer", "receipt", "paid")):
                assert row[column.because]
        assert (row["site_because"] is None) == (row["site_id"] is not None)
        if row["service_date"] is not None:
            assert row["receipt_date_earliest"] is not None
            assert row["paid_date_earliest"] >= row["receipt_date_earliest"]


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
    build_facts(connection, read_files(files), dict.fromkeys(t.name for t in REGISTRIES), LAWS)
    _check_known(connection)
    assert len(facts_of(connection)) == 5


# --- the line itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "claim", "code", "from_line"),
    [("22", "11", "22", True), (None, "11", "11", False), (None, None, "", False), ("22", None, "22", True)],
)
def test_the_place_of_service_is_the_lines_else_the_claims(
    line: str | None, claim: str | None, code: str, from_line: bool
) -> None:
    found = line_facts({"place_of_service_code": claim}, {"place_of_service_code": line})
    assert found["place_of_service_code"] == code
    assert found["has_place_of_service"] is (code != "")
    assert found["is_place_of_service_from_line"] is from_line
    assert (found["line_place_of_service_code"], found["claim_place_of_service_code"]) == (line or "", claim or "")


@pytest.mark.parametrize(
    ("code", "assigned"), [("11", True), ("66", True), ("ZZ", False), ("00", False), (None, False)]
)
def test_a_code_is_assigned_if_it_ever_was(code: str | None, assigned: bool) -> None:
    assert line_facts({"place_of_service_code": code})["is_place_of_service_assigned"] is assigned


@pytest.mark.parametrize(
    ("given_", "left"),
    [
        (("PO",), ""),
        (("25", "PO"), "25"),
        (("PO", "25"), "25"),
        (("PO", "PN", "ER", "25"), "25"),
        (("25", "PO", "59", "PN"), "25 59"),
        (("25", "59"), "25 59"),
        (("PO", "PO"), ""),
        ((None, "PO", None, "25"), "25"),
        ((), ""),
    ],
)
def test_department_modifiers_are_taken_out_and_the_others_keep_their_order(
    given_: tuple[str | None, ...], left: str
) -> None:
    line = {f"modifier_{number}": one for number, one in enumerate(given_, 1)}
    found = line_facts(line=line)
    assert found["modifiers_without_department_modifiers"] == left
    assert found["modifiers"] == " ".join(one for one in given_ if one)
    assert [found[f"has_modifier_{one}"] for one in ("po", "pn", "er")] == [one in given_ for one in ("PO", "PN", "ER")]


def test_modifier_26_marks_a_reading() -> None:
    assert line_facts(line={"modifier_2": "26"})["is_professional_component"] is True
    assert line_facts(line={"modifier_2": "25"})["is_professional_component"] is False


@pytest.mark.parametrize(("code", "is_one"), [("A0021", True), ("A0999", True), ("A0020", False), ("A1000", False),
                                              ("99213", False), (None, False)])  # fmt: skip
def test_ambulance_services_are_told_by_their_codes(code: str | None, is_one: bool) -> None:
    found = line_facts(line={"procedure_code": code})
    assert (found["is_ambulance_procedure"], found["has_procedure_code"]) == (is_one, code is not None)


# --- whose rules apply --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "program"),
    [("MB", "medicare_part_b"), ("MA", "medicare_part_a"), ("16", "medicare_advantage"), ("MC", "medicaid"),
     ("CI", "commercial"), ("BL", "commercial"), ("WC", "workers_compensation"), ("CH", "other_government"),
     ("ZZ", None), ("??", None), (None, None)],
)  # fmt: skip
def test_the_claim_filing_code_names_the_programme(code: str | None, program: str | None) -> None:
    found = line_facts({"claim_filing_code": code})
    assert found["payer_program"] == program
    assert (found["payer_program_because"] is None) == (program is not None)


def test_a_missing_programme_says_why() -> None:
    assert line_facts({"claim_filing_code": None})["payer_program_because"].startswith(
        "the claim has no claim filing code"
    )
    assert line_facts({"claim_filing_code": "ZZ"})["payer_program_because"].startswith(
        "the claim filing code names no programme"
    )


def test_the_payers_registry_beats_the_claim_filing_code() -> None:
    payers = [{"payer_id": "PAYER1", "payer_program": "medicare_advantage"}]
    assert line_facts(payers=payers)["payer_program"] == "medicare_advantage"
    assert line_facts({"payer_id": "PAYER2"}, payers=payers)["payer_program"] == "medicare_part_b"
    assert line_facts({"payer_id": None}, payers=payers)["payer_program"] == "medicare_part_b"


def test_a_payers_row_holds_on_its_first_and_last_day() -> None:
    row = {
        "payer_id": "PAYER1",
        "payer_program": "commercial",
        "effective_from": D(2024, 3, 5),
        "effective_to": D(2024, 3, 6),
    }
    days = [D(2024, 3, 4), D(2024, 3, 5), D(2024, 3, 6), D(2024, 3, 7)]
    found = [line_facts(line={"service_date": day}, payers=[row])["payer_program"] for day in days]
    assert found == ["medicare_part_b", "commercial", "commercial", "medicare_part_b"]


def test_a_payers_row_without_a_programme_says_nothing_and_is_not_denied() -> None:
    payers: list[Row] = [{"payer_id": "PAYER1", "payer_program": None}]
    assert line_facts(payers=payers)["payer_program"] == "medicare_part_b"
    because = line_facts({"claim_filing_code": "ZZ"}, payers=payers)["payer_program_because"]
    assert "has no row for its payer" not in because


def test_two_payers_rows_that_disagree_say_nothing() -> None:
    payers = [{"payer_id": "PAYER1", "payer_program": one} for one in ("commercial", "medicaid")]
    assert line_facts({"claim_filing_code": "ZZ"}, payers=payers)["payer_program"] is None
    assert line_facts(payers=[payers[0], payers[0]])["payer_program"] == "commercial"


# --- the four dates -----------------------------------------------------------------------------------


def test_the_receipt_date_is_the_claims_else_the_one_given() -> None:
    given_, own = D(2024, 4, 1), D(2024, 3, 20)
    assert line_facts()["receipt_date"] is None
    assert line_facts()["receipt_date_because"] == "no receipt date was given"
    assert line_facts(received=given_)["receipt_date"] == given_
    assert line_facts(received=given_)["receipt_date_because"] is None
    assert line_facts({"receipt_date": own}, received=given_)["receipt_date"] == own


@pytest.mark.parametrize(
    ("claim", "service", "earliest"),
    [
        ({}, DAY, D(2024, 3, 10)),
        ({"transaction_date": D(2024, 3, 1)}, DAY, DAY),
        ({"transaction_date": None}, DAY, DAY),
        ({}, None, D(2024, 3, 10)),
        ({"transaction_date": None}, None, None),
        ({"receipt_date": D(2024, 5, 1)}, DAY, D(2024, 5, 1)),
    ],
)
def test_no_claim_is_received_before_its_service_or_the_making_of_its_file(
    claim: Row, service: dt.date | None, earliest: dt.date | None
) -> None:
    found = line_facts(claim, {"service_date": service})
    assert (found["receipt_date_earliest"], found["paid_date_earliest"]) == (earliest, earliest)


def test_no_claim_is_received_before_the_first_of_its_services() -> None:
    lines = [LINE | {"service_date": D(2024, 6, 1)}, LINE | {"line_number": 2}, LINE | {"service_date": None}]
    found = facts_of(build([CLAIM | {"transaction_date": None}], lines))
    assert all(row["receipt_date_earliest"] >= DAY for row in found)


def test_a_claim_is_finished_on_its_paid_date_and_not_before_it_was_received() -> None:
    found = line_facts({"paid_date": D(2024, 6, 1)}, received=D(2024, 4, 1))
    assert (found["paid_date"], found["paid_date_because"], found["paid_date_earliest"]) == (
        D(2024, 6, 1),
        None,
        D(2024, 6, 1),
    )
    found = line_facts(received=D(2024, 4, 1))
    assert (found["paid_date"], found["paid_date_because"]) == (None, "no remittance was given")
    assert found["paid_date_earliest"] == D(2024, 4, 1)


@pytest.mark.parametrize(("form", "is_paper"), [("paper", True), ("electronic", False), (None, None)])
def test_a_claim_is_on_paper_if_it_says_so(form: str | None, is_paper: bool | None) -> None:
    found = line_facts({"claim_form": form})
    assert found["is_paper_claim"] is is_paper
    assert (found["is_paper_claim_because"] is None) == (is_paper is not None)


# --- which site ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent_1", "sent_2", "kept_1", "kept_2"),
    [
        ("1 MAIN ST", None, "1 Main Street", None),
        ("1 Main St.", None, "1 MAIN ST", None),
        ("1 MAIN ST STE 200", None, "1 Main Street", "Suite 200"),
        ("1 MAIN ST", "STE 200", "1 Main St, Suite 200", None),
        ("1 MAIN ST, #200", None, "1 MAIN ST 200", None),
        ("1  MAIN   ST", None, "1 MAIN ST", None),
        ("12 OAK AVENUE", None, "12 Oak Ave", None),
        ("12 OAK BLVD", None, "12 Oak Boulevard", None),
        ("12 OAK RD", "UNIT 4", "12 Oak Road", "Ste 4"),
        ("12 OAK DR", None, "12 Oak Drive", None),
        ("12 N. OAK-HILL DR", None, "12 N Oak Hill Drive", None),
        ("12 O'HARA ST", None, "12 O Hara Street", None),
        ("1 MAIN STREET SUITE 200", "", "1 Main St Ste 200", None),
        ("1 MAIN ST SUITE #200", None, "1 Main St", "Suite 200"),
        ("1 MAIN ST RM 5", None, "1 Main Street", "Room 5"),
    ],
)
def test_addresses_that_mean_the_same_place_are_the_same(
    sent_1: str, sent_2: str | None, kept_1: str, kept_2: str | None
) -> None:
    claim = {"service_facility_address_line_1": sent_1, "service_facility_address_line_2": sent_2}
    site = {"address_line_1": kept_1, "address_line_2": kept_2}
    assert at_site(site, claim)["site_id"] == "NORTH"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("1 MAIN ST", "2 MAIN ST"), ("1 MAIN ST STE 200", "1 MAIN ST STE 300"), ("1 MAIN ST", "1 MAIN ST STE 200"),
     ("1 MAIN ST", "11 MAIN ST"), ("1 MAIN ST", "1 MAIN AVE"), ("1 N MAIN ST", "1 S MAIN ST")],
)  # fmt: skip
def test_addresses_of_different_places_are_different(sent: str, kept: str) -> None:
    found = at_site({"address_line_1": kept}, {"service_facility_address_line_1": sent})
    assert found["site_id"] is None
    assert found["site_because"] == "no row of the sites registry fits the service location on that day"


@pytest.mark.parametrize(
    ("sent", "kept", "fits"),
    [("90001", "90001", True), ("900011234", "90001", True), ("90001", "900015678", True), ("90002", "90001", False)],
)
def test_an_address_is_only_the_same_within_one_zip_code(sent: str, kept: str, fits: bool) -> None:
    assert (at_site({"zip": kept}, {"service_facility_zip": sent})["site_id"] == "NORTH") is fits


NPI = "1999999984"
BY_NPI: Row = {"service_facility_npi": NPI, "service_facility_address_line_1": None, "service_facility_zip": None}


def test_a_location_is_found_by_its_npi() -> None:
    assert at_site({"npi": NPI}, BY_NPI)["site_id"] == "NORTH"
    assert at_site({"npi": "1234567893"}, BY_NPI)["site_id"] is None
    assert at_site({"npi": "none"}, BY_NPI | {"service_facility_npi": "none"})["site_id"] is None


@pytest.mark.parametrize(("zip_sent", "zip_kept", "fits"), [("90001", "90001", True), ("900019999", "90001", True),
                                                            (None, "90001", True), ("90001", None, True),
                                                            ("90002", "90001", False)])  # fmt: skip
def test_an_npi_does_not_reach_into_another_zip_code(zip_sent: str | None, zip_kept: str | None, fits: bool) -> None:
    found = at_site({"npi": NPI, "zip": zip_kept, "address_line_1": None}, BY_NPI | {"service_facility_zip": zip_sent})
    assert (found["site_id"] == "NORTH") is fits


def test_an_address_beats_an_npi_and_a_site_id_beats_both() -> None:
    sites = [SITE, SITE | {"site_id": "SOUTH", "address_line_1": "2 Main St", "npi": NPI}, SITE | {
        "site_id": "EAST", "address_line_1": "3 Main St"}]  # fmt: skip
    claim = AT_NORTH | {"service_facility_npi": NPI}
    assert line_facts(claim, sites=sites)["site_id"] == "NORTH"
    assert line_facts(claim | {"service_facility_address_line_1": "9 Elm St"}, sites=sites)["site_id"] == "SOUTH"
    assert line_facts(claim | {"site_id": "EAST"}, sites=sites)["site_id"] == "EAST"
    assert line_facts(claim | {"site_id": "EAST"}, {"site_id": "SOUTH"}, sites=sites)["site_id"] == "SOUTH"


def test_a_site_id_the_registry_does_not_have_is_not_replaced_by_a_guess() -> None:
    found = at_site(line={"site_id": "WEST"})
    assert found["site_id"] is None
    assert found["has_service_location"] is True
    assert found["site_because"] == "no row of the sites registry fits the service location on that day"


def test_a_site_holds_on_its_first_and_last_day() -> None:
    site = {"effective_from": D(2024, 3, 5), "effective_to": D(2024, 3, 7)}
    days = {day: at_site(site, line={"service_date": D(2024, 3, day)})["site_id"] for day in (4, 5, 7, 8)}
    assert days == {4: None, 5: "NORTH", 7: "NORTH", 8: None}


def test_the_row_in_force_on_the_day_is_taken() -> None:
    sites = [
        SITE | {"site_name": "Old", "effective_to": D(2024, 3, 4)},
        SITE | {"site_name": "New", "effective_from": DAY},
    ]
    assert line_facts(AT_NORTH, {"service_date": D(2024, 3, 4)}, sites=sites)["site_name"] == "Old"
    assert line_facts(AT_NORTH, sites=sites)["site_name"] == "New"


def test_a_row_that_has_ended_does_not_hide_one_found_another_way() -> None:
    sites = [SITE | {"effective_to": D(2020, 1, 1)}, SITE | {"site_id": "SOUTH", "address_line_1": None, "npi": NPI}]
    assert line_facts(AT_NORTH | {"service_facility_npi": NPI}, sites=sites)["site_id"] == "SOUTH"


def test_what_is_not_known_of_the_site_says_why() -> None:
    assert line_facts(AT_NORTH)["site_because"] == "no sites registry is loaded"
    assert (
        at_site({"zip": "99999"})["site_because"]
        == "no row of the sites registry fits the service location on that day"
    )
    two = line_facts(AT_NORTH, sites=[SITE, SITE | {"site_id": "SOUTH"}])
    assert two["site_id"] is None
    assert two["site_because"] == "several rows of the sites registry fit the service location on that day"
    nowhere = line_facts({"place_of_service_code": "12"}, sites=[SITE])
    assert nowhere["site_because"] == "the claim does not say where the service was given"
    assert at_site()["site_because"] is None


def test_a_line_without_a_date_does_not_blame_the_sites_registry() -> None:
    found = at_site(line={"service_date": None})
    assert found["site_id"] is None
    assert "date" in found["site_because"]


BILLING: Row = {"address_line_1": "500 Billing Avenue", "zip": "90005"}


@pytest.mark.parametrize(("code", "at_home"), [("11", True), ("22", True), ("19", True), ("12", False), ("21", False),
                                               ("31", False), ("41", False), ("02", False), (None, False)])  # fmt: skip
def test_the_billing_address_stands_in_only_where_a_practice_works_at_its_own(code: str | None, at_home: bool) -> None:
    found = line_facts({"place_of_service_code": code}, sites=[SITE | BILLING])
    assert (found["site_id"] == "NORTH") is at_home
    assert (found["has_service_location"], found["has_service_facility"]) == (at_home, False)


def test_the_billing_address_does_not_stand_in_where_a_facility_is_named() -> None:
    assert line_facts({"service_facility_npi": NPI}, sites=[SITE | BILLING])["site_id"] is None


def test_the_lines_facility_beats_the_claims() -> None:
    sites = [SITE, SITE | {"site_id": "SOUTH", "address_line_1": "2 Main St"}]
    line = {"service_facility_address_line_1": "2 MAIN ST", "service_facility_zip": "90001",
            "service_facility_byte_offset": 300}  # fmt: skip
    found = line_facts(AT_NORTH | {"service_facility_byte_offset": 150}, line, sites=sites)
    assert (found["site_id"], found["service_facility_byte_offset"]) == ("SOUTH", 300)
    found = line_facts(AT_NORTH | {"service_facility_byte_offset": 150}, sites=sites)
    assert (found["site_id"], found["service_facility_byte_offset"]) == ("NORTH", 150)


def test_the_parts_of_two_facilities_are_not_mixed() -> None:
    found = line_facts(AT_NORTH, {"service_facility_npi": NPI}, sites=[SITE])
    assert found["site_id"] is None


# --- what the site is ---------------------------------------------------------------------------------


def test_a_department_is_provider_based_from_its_first_to_its_last_day() -> None:
    site = {"provider_based_from": D(2024, 3, 5), "provider_based_to": D(2024, 3, 7)}
    days = {day: at_site(site, line={"service_date": D(2024, 3, day)})["is_provider_based"] for day in (4, 5, 7, 8)}
    assert days == {4: False, 5: True, 7: True, 8: False}


@pytest.mark.parametrize(
    ("site", "is_provider_based"),
    [
        ({}, True),
        ({"provider_based_from": None}, None),
        ({"provider_based_from": KNOWN_NONE}, False),
        ({"provider_based_from": None, "provider_based_to": D(2020, 1, 1)}, False),
        ({"provider_based_from": None, "provider_based_to": D(2030, 1, 1)}, None),
        ({"site_type": "main_campus", "provider_based_from": None}, True),
        ({"site_type": "remote_location", "provider_based_from": None}, True),
        ({"site_type": "freestanding_office", "provider_based_from": None}, False),
        ({"site_type": "other", "provider_based_from": None}, False),
        ({"site_type": None, "provider_based_from": None}, None),
        ({"site_type": None}, None),
    ],
)
def test_hospital_space_is_told_by_its_type_and_its_dates(site: Row, is_provider_based: bool | None) -> None:
    assert at_site(site)["is_provider_based"] is is_provider_based


@pytest.mark.parametrize(
    ("site", "code"),
    [
        ({"distance_yards": Decimal("250"), "distance_method": "straight_line"}, "22"),
        ({"distance_yards": Decimal("250.1"), "distance_method": "straight_line"}, "19"),
        ({"distance_yards": Decimal("250.0001"), "distance_method": "straight_line"}, "19"),
        ({"distance_yards": Decimal("0"), "distance_method": "straight_line"}, "22"),
        ({"distance_yards": Decimal("300"), "distance_method": "driving"}, None),
        ({"distance_yards": Decimal("200"), "distance_method": "driving"}, "22"),
        ({"distance_yards": Decimal("250"), "distance_method": "driving"}, "22"),
        ({"distance_yards": Decimal("300")}, None),
        ({"distance_yards": Decimal("200")}, "22"),
        ({}, None),
        ({"site_type": "main_campus"}, "22"),
        ({"has_cms_campus_determination": True}, "22"),
        (
            {
                "has_cms_campus_determination": True,
                "distance_yards": Decimal("900"),
                "distance_method": "straight_line",
            },
            "22",
        ),
        ({"has_cms_campus_determination": False}, None),
        (
            {
                "has_cms_campus_determination": False,
                "distance_yards": Decimal("900"),
                "distance_method": "straight_line",
            },
            "19",
        ),
        ({"is_on_hospital_campus": True}, "22"),
        ({"is_on_hospital_campus": False}, None),
    ],
)
def test_the_outpatient_code_follows_the_distance_to_the_main_building(site: Row, code: str | None) -> None:
    assert at_site(site)["outpatient_place_of_service_code"] == code


@pytest.mark.parametrize("site_type", SITE_TYPES)
@pytest.mark.parametrize("told", [True, False])
def test_the_campus_is_as_the_registry_says(site_type: str, told: bool) -> None:
    assert at_site({"site_type": site_type, "is_on_hospital_campus": told})["is_on_hospital_campus"] is told


def test_a_main_campus_is_on_the_campus_without_being_told() -> None:
    assert at_site({"site_type": "main_campus"})["is_on_hospital_campus"] is True


@pytest.mark.parametrize("site_type", ["freestanding_office", "provider_based_department", "other", None])
def test_where_the_registry_leaves_the_campus_blank_it_is_not_known(site_type: str | None) -> None:
    assert at_site({"site_type": site_type})["is_on_hospital_campus"] is None


@pytest.mark.parametrize("name", ["site_name", "site_type", "hospital_name", "is_separately_maintained"])
def test_a_blank_of_the_registry_is_not_known(name: str) -> None:
    assert at_site({name: None})[name] is None


# --- encounters ---------------------------------------------------------------------------------------


def seen(*rows: Row, claim: Row | None = None, line: Row | None = None) -> Row:
    return line_facts(AT_NORTH | (claim or {}), line, sites=[SITE], encounters=list(rows))


def encounter(status: str | None, **found_by: Any) -> Row:
    return {"registration_status": status, **found_by}


BY_LINE = encounter("outpatient", claim_id="A1", line_number=1)
BY_CLAIM = encounter("inpatient", claim_id="A1")
BY_SITE = encounter("outpatient", member_id="M1", service_date=DAY, site_id="NORTH")
BY_DAY = encounter("inpatient", member_id="M1", service_date=DAY)


@pytest.mark.parametrize(
    ("rows", "outpatient"),
    [
        ((BY_LINE, BY_CLAIM, BY_SITE, BY_DAY), True),
        ((BY_DAY, BY_SITE, BY_CLAIM), False),
        ((BY_DAY, BY_SITE), True),
        ((BY_DAY,), False),
    ],
)
def test_the_encounter_nearest_to_the_line_counts(rows: tuple[Row, ...], outpatient: bool) -> None:
    found = seen(*rows)
    assert (found["is_registered_outpatient"], found["is_registered_inpatient"]) == (outpatient, not outpatient)
    assert found["encounter_because"] is None


@pytest.mark.parametrize(
    "row",
    [
        encounter("outpatient", claim_id="A1", line_number=2),
        encounter("outpatient", claim_id="A2"),
        encounter("outpatient", claim_id="A2", member_id="M1", service_date=DAY),
        encounter("outpatient", member_id="M2", service_date=DAY),
        encounter("outpatient", member_id="M1", service_date=D(2024, 3, 6)),
        encounter("outpatient", member_id="M1", service_date=DAY, site_id="SOUTH"),
    ],
)
def test_an_encounter_of_something_else_does_not_count(row: Row) -> None:
    found = seen(row)
    assert (found["is_registered_outpatient"], found["is_registered_inpatient"]) == (None, None)
    assert found["encounter_because"] == "no row of the encounters registry fits"


def test_an_encounter_at_a_site_needs_the_site_to_be_known() -> None:
    assert seen(BY_SITE, claim={"service_facility_zip": "99999"})["is_registered_outpatient"] is None


@pytest.mark.parametrize(
    ("status", "outpatient", "inpatient"),
    [("outpatient", True, False), ("inpatient", False, True), ("none", False, False), (None, None, None)],
)
def test_the_registration_is_as_the_encounter_says(
    status: str | None, outpatient: bool | None, inpatient: bool | None
) -> None:
    found = seen(encounter(status, claim_id="A1"))
    assert (found["is_registered_outpatient"], found["is_registered_inpatient"]) == (outpatient, inpatient)


def test_what_is_not_known_of_the_encounter_says_why() -> None:
    assert line_facts()["encounter_because"] == "no encounters registry is loaded"
    assert seen(encounter("none", claim_id="A2"))["encounter_because"] == "no row of the encounters registry fits"
    two = seen(BY_CLAIM, BY_CLAIM | {"registration_status": "none"})
    assert two["is_registered_outpatient"] is None
    assert two["encounter_because"] == "several rows of the encounters registry fit"


# --- claims -------------------------------------------------------------------------------------------


def claim_facts(claim: Row, *lines: Row, **more: Any) -> Row:
    numbered = [LINE | {"line_number": number} | line for number, line in enumerate(lines, 1)]
    found = facts_of(build([CLAIM | claim], numbered, **more), "claim_facts")
    assert len(found) == 1
    return found[0]


def pos(code: str | None, **more: Any) -> Row:
    return {"place_of_service_code": code, **more}


@pytest.mark.parametrize(
    ("claim", "lines", "codes"),
    [
        ("11", (None, None), "11"),
        ("11", ("22", None), "11 22"),
        ("11", ("22", "21", "22"), "21 22"),
        (None, (None, None), ""),
        (None, ("22", None), "22"),
    ],
)
def test_the_codes_of_a_claim_are_listed_once_and_sorted(
    claim: str | None, lines: tuple[str | None, ...], codes: str
) -> None:
    found = claim_facts(pos(claim), *map(pos, lines))
    assert (found["place_of_service_codes"], found["line_count"]) == (codes, len(lines))


@pytest.mark.parametrize(
    ("claim", "lines", "redundant"),
    [("11", ("11", "11"), True), ("11", ("11", None), False), ("11", ("11", "22"), False), ("11", ("22", "22"), False),
     (None, (None,), False), (None, ("11",), False)],
)  # fmt: skip
def test_a_line_code_is_redundant_where_every_line_repeats_the_claims(
    claim: str | None, lines: tuple[str | None, ...], redundant: bool
) -> None:
    assert claim_facts(pos(claim), *map(pos, lines))["has_redundant_line_place_of_service"] is redundant


@pytest.mark.parametrize(
    ("lines", "mixed"),
    [(("11", "22"), True), (("11", "12"), False), (("22", "21"), False), (("11", "02"), False), (("22", "02"), False),
     (("22", "10"), False), (("22", None), False), ((None, None), False), (("11", "22", "02"), True)],
)  # fmt: skip
def test_office_and_facility_lines_are_told_with_telehealth_left_out(
    lines: tuple[str | None, ...], mixed: bool
) -> None:
    assert claim_facts(pos(None), *map(pos, lines))["has_office_and_facility_lines"] is mixed


def test_the_locations_of_a_claim_are_counted() -> None:
    other = {"service_facility_address_line_1": "2 MAIN ST", "service_facility_zip": "90001"}
    assert claim_facts(AT_NORTH, {}, {})["service_location_count"] == 1
    assert claim_facts(AT_NORTH, {}, other)["service_location_count"] == 2
    assert claim_facts(AT_NORTH, other, other)["service_location_count"] == 1
    assert claim_facts({}, {})["service_location_count"] == 1


def test_a_claim_that_names_no_location_still_counts_one() -> None:
    assert claim_facts(pos(None), pos("12"), pos("21"))["service_location_count"] == 1


def test_one_address_written_in_two_ways_is_one_location() -> None:
    other = {"service_facility_address_line_1": "1 Main Street", "service_facility_zip": "900011234"}
    assert claim_facts(AT_NORTH, {}, other)["service_location_count"] == 1


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
