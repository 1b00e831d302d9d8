"""The condition grammar: what it takes, what it refuses, and what an unknown is blamed on."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import scrubjay
from scrubjay.condition import LawTest, Node, parse_condition, parse_expression
from scrubjay.engine import Grain, connect
from scrubjay.errors import DefinitionError
from scrubjay.facts import build_facts
from scrubjay.formats import read_files
from scrubjay.reference.law import load_laws
from scrubjay.rule import Rule, load_rules
from scrubjay.rule_cases import read_cases
from scrubjay.tables import GRAINS, SERVICE_LINE_FACTS, SQL_TYPES, Table, arrow_schema
from tests.rules.cases import CASES_FOLDER, run_rule
from tests.samples import VISIT_DAY, make_rule

LAWS = load_laws()
FACILITY = "us.cms.mpfs.facility_rate_pos"
YARDS = "us.cms.provider_based.campus_distance_yards"
Row = dict[str, Any]


def parse(text: str) -> Node:
    return parse_condition(text, SERVICE_LINE_FACTS, LAWS, "TST101-x.md", 7)


def refusal(text: str) -> DefinitionError:
    """The error that refuses a condition; it must name file and line, and come within a second."""
    began = time.perf_counter()
    with pytest.raises(DefinitionError) as caught:
        parse(text)
    assert time.perf_counter() - began < 1
    assert (caught.value.file, caught.value.line) == ("TST101-x.md", 7)
    assert str(caught.value).startswith("TST101-x.md:7: ")
    assert caught.value.advice
    return caught.value


def make_facts(rows: list[Row], table: Table = SERVICE_LINE_FACTS) -> Any:
    """A connection with this table of facts; a column a row does not name is NULL, or blank or false."""
    import pyarrow as pa

    blank: Row = {"text": "", "boolean": False, "integer": 0, "decimal": 0, "date": VISIT_DAY}
    whole = [
        {c.name: row.get(c.name, None if c.nullable else blank[c.type]) for c in table.columns} | {"row_id": number}
        for number, row in enumerate(rows)
    ]
    connection = connect()
    connection.register("given", pa.Table.from_pylist(whole, arrow_schema(table)))
    columns = ", ".join(f"CAST({c.name} AS {SQL_TYPES[c.type]}) AS {c.name}" for c in table.columns)
    connection.execute(f"CREATE TABLE {table.name} AS SELECT {columns} FROM given")
    return connection


def judge(rule: Rule, rows: list[Row]) -> list[tuple[bool | None, frozenset[str]]]:
    """For each row the truth of ``applies AND violates``, and the facts an unknown is blamed on."""
    grain = Grain(make_facts(rows, rule.table), rule.table, [rule], LAWS, [])
    missing = rule.condition.missing_sql(grain.law_columns, LAWS, rule.table)
    asked = [grain.sql(rule.condition), *(f"coalesce({sql}, FALSE)" for sql in missing.values())]
    found = grain.connection.sql(f"SELECT {', '.join(asked)} FROM evaluated ORDER BY row_id").fetchall()
    return [
        (truth, frozenset(name for name, flag in zip(missing, flags, strict=True) if flag and truth is None))
        for truth, *flags in found
    ]


def blamed(rule: Rule, rows: list[Row]) -> list[set[str]]:
    """For each row, the facts an unknown is blamed on; none where it is decided."""
    return [set(missing) for _, missing in judge(rule, rows)]


def truths(condition: str, rows: list[Row]) -> list[bool | None]:
    return [truth for truth, _ in judge(make_rule("TRUE", condition), rows)]


# --- what is taken ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "TRUE",
        "FALSE",
        "has_place_of_service",
        "place_of_service_code = '11'",
        "place_of_service_code <> '11'",
        "place_of_service_code != '11'",
        "line_number < 3",
        "line_number <= 3",
        "line_number > 3",
        "line_number >= 3",
        "line_number = -1",
        "service_date >= receipt_date",
        "place_of_service_code IN ('11', '22')",
        "place_of_service_code NOT IN ('11')",
        "line_number IN (1, 2)",
        "place_of_service_code BETWEEN '19' AND '22'",
        "line_number NOT BETWEEN 1 AND 2",
        "has_place_of_service AND is_provider_based AND NOT is_professional_component",
        "has_place_of_service OR (is_provider_based AND TRUE)",
        "NOT NOT is_provider_based",
        "CASE WHEN has_place_of_service THEN is_provider_based ELSE FALSE END",
        "CASE WHEN is_provider_based THEN '22' WHEN is_on_hospital_campus THEN '11' ELSE '19' END = '22'",
        "line_number + 1 - 2 * row_number > 0",
        f"place_of_service_code IN LAW('{FACILITY}')",
        f"place_of_service_code NOT IN LAW('{FACILITY}')",
        f"line_number > LAW('{YARDS}')",
        f"LAW('{YARDS}') + 1 > line_number",
        "is_provider_based = has_place_of_service",
        "place_of_service_code = 'o''brien'",
        "  place_of_service_code\n  =   '11'  ",
        " AND ".join(["is_provider_based"] * 100),
        "(" * 20 + "TRUE" + ")" * 20,
    ],
)
def test_the_grammar_takes(text: str) -> None:
    node = parse(text)
    assert node.type == "boolean"
    connection = connect()
    columns = ", ".join(f"{c.name} {SQL_TYPES[c.type]}" for c in SERVICE_LINE_FACTS.columns)
    connection.execute(f"CREATE TABLE facts ({columns})")
    answers = {test: "TRUE" if test.operand else "250" for leaf in node.leaves() for test in leaf.laws}
    described = connection.sql(f"SELECT {node.sql(answers)} AS answer FROM facts").types
    assert [str(one) for one in described] == ["BOOLEAN"]


def test_every_column_of_every_grain_may_be_named() -> None:
    for table in GRAINS.values():
        for name in table.names:
            node = parse_expression(name, table, LAWS, "x.md", 1)
            assert (node.columns, node.text) == ((name,), name)


def test_a_law_test_is_told_apart_from_its_column() -> None:
    node = parse(f"place_of_service_code IN LAW('{FACILITY}') AND NOT claim_place_of_service_code IN LAW('{FACILITY}')")
    assert [test for leaf in node.leaves() for test in leaf.laws] == [
        LawTest(FACILITY, "place_of_service_code"),
        LawTest(FACILITY, "claim_place_of_service_code"),
    ]
    assert LawTest(FACILITY, "place_of_service_code").text == f"place_of_service_code IN LAW('{FACILITY}')"
    assert LawTest(YARDS).text == f"LAW('{YARDS}')"


def test_and_and_or_are_read_flat() -> None:
    node = parse("has_place_of_service AND (is_provider_based AND is_on_hospital_campus)")
    assert (node.kind, len(node.parts)) == ("and", 3)


@pytest.mark.parametrize("text", ["11", "'11'", "place_of_service_code", "CASE WHEN has_place_of_service THEN 1 END"])
def test_an_expression_may_be_of_any_type_but_a_condition_may_not(text: str) -> None:
    assert parse_expression(text, SERVICE_LINE_FACTS, LAWS, "x.md", 1).type in ("text", "number")
    assert "not true or false" in refusal(text).problem


@pytest.mark.parametrize("code", ["{0}", "{1}", "{law:0}", "{}", "{", "}", "{{", "%s", "'; DROP TABLE x"])
def test_a_literal_means_what_it_says_whatever_it_holds(code: str) -> None:
    rows: list[Row] = [{"site_name": code}, {"site_name": "something else"}, {"site_name": None}]
    quoted = code.replace("'", "''")
    assert truths(f"site_name = '{quoted}'", rows) == [True, False, None]
    assert truths(f"site_name IN ('x', '{quoted}')", rows) == [True, False, None]
    beside_a_law = f"site_name = '{quoted}' AND (line_number < LAW('{YARDS}')) = (site_name = '{quoted}')"
    dated: list[Row] = [{**row, "line_number": 1, "service_date": VISIT_DAY} for row in rows]
    assert truths(beside_a_law, dated) == [True, False, None]


def test_a_literal_may_be_asked_of_the_law() -> None:
    conditions = {f"'{code}' IN LAW('{FACILITY}')": code == "22" for code in ("22", "11")}
    for condition, truth in conditions.items():
        assert parse(condition).text == condition
        rule = make_rule("TRUE", condition)
        assert judge(rule, [{"service_date": VISIT_DAY, "payer_program": "medicare_part_b"}]) == [(truth, frozenset())]
    test = LawTest(FACILITY, "'o''brien'")
    assert parse(f"NOT 'o''brien' IN LAW('{FACILITY}')").sql({test: "asked"}) == "(NOT (asked))"


def test_a_literal_asked_of_a_law_with_no_date_is_unknown_for_the_date() -> None:
    path = "us.cms.opps.department_modifiers"
    (date,) = LAWS[path].key_columns[:1]
    rule = make_rule("TRUE", f"'PN' IN LAW('{path}')")
    assert [(truth, date in missing) for truth, missing in judge(rule, [{}])] == [(None, True)]


def test_before_the_first_version_of_a_law_the_code_is_not_blamed() -> None:
    path = "us.hipaa.pos_11_excluded_site_types"
    first = LAWS[path].versions[0]
    rule = make_rule("TRUE", f"site_type IN LAW('{path}')")
    too_early = {first.keyed_on: first.effective - dt.timedelta(days=1)}
    law = f"LAW('{path}')"
    assert blamed(rule, [too_early, {first.keyed_on: first.effective}, {}, {**too_early, "site_type": "x"}]) == [
        {law}, {"site_type"}, {"site_type", first.keyed_on}, {law},
    ]  # fmt: skip


def test_two_laws_in_one_comparison_are_not_confused() -> None:
    laws = {path: replace(LAWS[YARDS], path=path) for path in ("us.a", "us.b")}
    text = "LAW('us.b') + (LAW('us.a') - LAW('us.b')) > LAW('us.a')"
    node = parse_condition(text, SERVICE_LINE_FACTS, laws, "x.md", 1)
    assert [test.path for test in node.laws] == ["us.b", "us.a"]
    sql = node.sql({LawTest("us.a"): "1", LawTest("us.b"): "2"})
    assert re.sub(r"[() ]|CAST|AS DECIMAL\(38, \d+\)", "", sql) == "2+1-2>1"


def test_signs_inside_a_literal_are_part_of_it() -> None:
    codes = ["a != b", "a -- b", "#1", "/* */", "a; b", "x IS NULL", "AND", "true"]
    rows: list[Row] = [{"site_name": code} for code in codes]
    for code in codes:
        assert truths(f"site_name = '{code}'", rows) == [code == other for other in codes]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  not  is_provider_based\n and true ", "NOT is_provider_based AND TRUE"),
        ("place_of_service_code != '11'", "place_of_service_code <> '11'"),
        ("place_of_service_code in (\n  '11',\n  '22'\n)", "place_of_service_code IN ('11', '22')"),
        ("place_of_service_code not in ('11')", "place_of_service_code NOT IN ('11')"),
        ("- 1 * (2 + 3)=-line_number", "- 1 * (2 + 3)=-line_number"),
        (f"line_number > law('{YARDS}')", f"line_number > LAW('{YARDS}')"),
        ("site_name = 'a  not  b'", "site_name = 'a  not  b'"),
        ("((is_provider_based))", "is_provider_based"),
    ],
)
def test_the_text_of_a_node_is_what_the_page_says_on_one_line(text: str, shown: str) -> None:
    assert parse(text).text == shown


def test_a_denied_test_is_explained_as_not_of_the_test() -> None:
    node = parse("place_of_service_code NOT IN ('11', '22')")
    assert (node.kind, node.parts[0].text) == ("not", "place_of_service_code IN ('11', '22')")
    node = parse("line_number NOT BETWEEN 1 AND 2")
    assert (node.kind, node.parts[0].text) == ("not", "line_number BETWEEN 1 AND 2")


def test_a_comparison_around_a_case_is_shown_in_each_branch() -> None:
    node = parse("2 * (CASE WHEN is_provider_based THEN 1 + 2 ELSE 3 END) = 6")
    assert [part.text for part in node.parts] == ["is_provider_based", "2 * ((1 + 2)) = 6", "2 * (3) = 6"]


def test_arithmetic_keeps_its_order_and_its_signs() -> None:
    rows = [{"line_number": 7, "row_number": 3}]
    assert truths("line_number - (row_number - 1) = 5 AND line_number - row_number - 1 = 3", rows) == [True]
    assert truths("-line_number * 2 + 1 = -13 AND - - line_number = 7", rows) == [True]
    assert truths("(line_number + row_number) * 2 = 20 AND line_number + row_number * 2 = 13", rows) == [True]


# --- what is refused ----------------------------------------------------------------------------------

UNKNOWN_OR_NOT = "asks whether something is unknown"
UNREAD = "cannot be read: a value is expected"
NO_LITERAL = "stands in a list where a literal should"
REFUSED = {
    "is_provider_based IS NULL": UNKNOWN_OR_NOT,
    "is_provider_based IS NOT NULL": UNKNOWN_OR_NOT,
    "is_provider_based ISNULL": UNKNOWN_OR_NOT,
    "is_provider_based NOTNULL": UNKNOWN_OR_NOT,
    "is_provider_based IS TRUE": UNKNOWN_OR_NOT,
    "is_provider_based IS NOT TRUE": UNKNOWN_OR_NOT,
    "is_provider_based IS FALSE": UNKNOWN_OR_NOT,
    "COALESCE(is_provider_based, FALSE)": UNKNOWN_OR_NOT,
    "IFNULL(is_provider_based, FALSE)": UNKNOWN_OR_NOT,
    "NVL(is_provider_based, FALSE)": UNKNOWN_OR_NOT,
    "NULL": UNKNOWN_OR_NOT,
    "is_provider_based = NULL": UNKNOWN_OR_NOT,
    "CASE WHEN is_provider_based THEN NULL ELSE TRUE END": UNKNOWN_OR_NOT,
    "is_provider_based IS DISTINCT FROM TRUE": UNKNOWN_OR_NOT,
    "is_provider_based IS NOT DISTINCT FROM TRUE": UNKNOWN_OR_NOT,
    "is_provider_based <=> TRUE": UNREAD,
    "NULLIF(place_of_service_code, '11') = '11'": "calls a function",
    "read_csv('/etc/passwd') = 'x'": "calls a function",
    "getenv('HOME') = 'x'": "calls a function",
    "now() = service_date": "calls a function",
    "service_date = current_date": "holds a date",
    "service_date = current_timestamp": "holds a date",
    "upper(place_of_service_code) = '11'": "calls a function",
    "greatest(line_number, 1) = 1": "calls a function",
    "count(*) > 1": "calls a function",
    "if(is_provider_based, TRUE, FALSE)": "calls a function",
    "COLUMNS('x') = 1": "calls a function",
    "place_of_service_code = '11' COLLATE NOCASE": "not 'COLLATE'",
    "place_of_service_code::INT = 11": "converts",
    "CAST(place_of_service_code AS INT) = 11": "converts",
    "TRY_CAST(place_of_service_code AS INT) = 11": "converts",
    "service_date >= DATE '2024-01-01'": "holds a date",
    "service_date >= date('2024-01-01')": "holds a date",
    "service_date >= TIMESTAMP '2024-01-01 10:00:00'": "holds a date",
    "INTERVAL 1 DAY = INTERVAL 1 DAY": "converts or holds a date",
    "service_date + INTERVAL 1 DAY > receipt_date": "is a date, where a number is needed",
    "service_date - 3 > receipt_date": "is a date, where a number is needed",
    "receipt_date - service_date > 3": "is a date, where a number is needed",
    "place_of_service_code LIKE '1%'": "matches a pattern",
    "place_of_service_code NOT LIKE '1%'": "matches a pattern",
    "place_of_service_code ILIKE '1%'": "matches a pattern",
    "place_of_service_code SIMILAR TO '1.'": "matches a pattern",
    "place_of_service_code ~ '1.'": "matches a pattern",
    "regexp_matches(place_of_service_code, '1')": "matches a pattern",
    "place_of_service_code GLOB '1*'": "matches a pattern",
    "line_number / 2 = 1": "divides",
    "line_number // 2 = 1": "divides",
    "line_number % 2 = 1": "divides",
    "line_number ** 2 = 1": UNREAD,
    "place_of_service_code || '1' = '11'": "not '|'",
    "line_number & 1 = 1": "not '&'",
    "line_number << 1 = 2": UNREAD,
    "~line_number = 1": "matches a pattern",
    "(SELECT TRUE)": "reads a table",
    "(SELECT 1) = 1": "reads a table",
    "EXISTS (SELECT 1 FROM claims)": "reads a table",
    "place_of_service_code IN (SELECT '11')": NO_LITERAL,
    "place_of_service_code IN (VALUES ('11'))": NO_LITERAL,
    "place_of_service_code = ANY (SELECT '11')": "reads a table",
    "SELECT 1": "reads a table",
    "FROM claims": "reads a table",
    "place_of_service_code = '11' UNION SELECT 1": "reads a table",
    "has_place_of_service; has_place_of_service": "has a semicolon",
    "; has_place_of_service": "has a semicolon",
    "": "there is no condition",
    "   ": "there is no condition",
    "has_place_of_service has_procedure_code": "a comparison, AND or OR is expected, not 'has_procedure_code'",
    "has_place_of_service AS x": "a comparison, AND or OR is expected, not 'AS'",
    "DROP TABLE claims": "",
    "COPY claims TO 'x'": "",
    "ATTACH 'x.db'": "",
    "PRAGMA disable_optimizer": "",
    "SET threads = 1": "",
    "INSTALL httpfs": "",
    "LOAD httpfs": "",
    "CALL pragma_version()": "",
    "DELETE FROM claims": "",
    "INSERT INTO claims VALUES (1)": "",
    "UPDATE claims SET claim_id = 1": "",
    "CREATE TABLE x AS SELECT 1": "",
    "EXPLAIN SELECT 1": "",
    "has_place_of_service -- why not": "begins a comment",
    "has_place_of_service /* why not */": "begins a comment",
    "has_place_of_service # why not": "begins a comment",
    "row_number() OVER () = 1": "not '('",
    "sum(line_number) OVER (PARTITION BY claim_id) > 1": "calls a function",
    "x -> x + 1": "no column",
    "list_filter([1], x -> x > 1)": "calls a function",
    "[1, 2] = [1]": UNREAD,
    "{'a': 1} = 1": UNREAD,
    "struct_pack(a := 1) = 1": "calls a function",
    "(place_of_service_code, line_number) = ('11', 1)": "AND or OR is expected, not ','",
    "place_of_service_code[1] = '1'": "not '['",
    "place_of_service_code = ?": UNREAD,
    "place_of_service_code = $1": UNREAD,
    "place_of_service_code = $name": UNREAD,
    "place_of_service_code = :name": UNREAD,
    "*": UNREAD,
    "\"place_of_service_code\" = '11'": "wrong quotes",
    "service_line_facts.place_of_service_code = '11'": "no column",
    "a.b.c.d = 1": "no column",
    "PLACE_OF_SERVICE_CODE = '11'": "no column",
    "rowid = 1": "no column",
    "service_location_count = 1": "no column",
    "place_of_service_code IN ()": NO_LITERAL,
    "place_of_service_code IN (line_place_of_service_code)": NO_LITERAL,
    "place_of_service_code IN ('11', line_place_of_service_code)": NO_LITERAL,
    "place_of_service_code IN ('11', NULL)": NO_LITERAL,
    f"place_of_service_code IN (LAW('{FACILITY}'))": NO_LITERAL,
    f"place_of_service_code IN LAW('{YARDS}')": "is a value",
    f"line_number > LAW('{FACILITY}')": "is a code_set",
    f"LAW('{FACILITY}')": "is a code_set",
    f"LAW('{YARDS}')": "not true or false",
    "place_of_service_code IN LAW('us.cms.mpfs.nothing')": "no law",
    f"place_of_service_code IN LAW('{FACILITY}', 'x')": "one path in quotes",
    "place_of_service_code IN LAW()": "one path in quotes",
    "place_of_service_code IN LAW(place_of_service_code)": "one path in quotes",
    "place_of_service_code IN LAW": "one path in quotes",
    "place_of_service_code IN line_place_of_service_code": "neither a list nor LAW",
    f"11 IN LAW('{FACILITY}')": "stands before IN LAW",
    f"TRUE IN LAW('{FACILITY}')": "stands before IN LAW",
    f"CASE WHEN TRUE THEN '11' ELSE '22' END IN LAW('{FACILITY}')": "stands before IN LAW",
    f"line_number IN LAW('{FACILITY}')": "stands before IN LAW",
    "place_of_service_code = 11": "is a text, but '11' is a number",
    "line_number = '1'": "is a number, but ''1'' is a text",
    "service_date >= '2024-01-01'": "is a date, but ''2024-01-01'' is a text",
    "is_provider_based = 'x'": "is true or false, but ''x'' is a text",
    "place_of_service_code IN (11)": "is a text, but '11' is a number",
    "place_of_service_code BETWEEN '11' AND 12": "is a text, but '12' is a number",
    f"place_of_service_code = LAW('{YARDS}')": "is a text, but",
    "NOT place_of_service_code": "where true or false is needed",
    "place_of_service_code AND has_place_of_service": "where true or false is needed",
    "line_number + '1' = 2": "where a number is needed",
    "is_provider_based + 1 = 2": "where a number is needed",
    "-place_of_service_code = '1'": "where a number is needed",
    "CASE WHEN is_provider_based THEN TRUE ELSE '11' END": "different types",
    "CASE WHEN is_provider_based THEN '11' ELSE 11 END = '11'": "different types",
    "CASE WHEN place_of_service_code THEN TRUE ELSE FALSE END": "where true or false is needed",
    "CASE place_of_service_code WHEN '11' THEN TRUE ELSE FALSE END": "not followed by WHEN",
    "CASE WHEN TRUE END": "cannot be read",
    "place_of_service_code = '11": "no closing quote",
    "place_of_service_code =": "cannot be read",
    "(": "cannot be read",
    ")": "cannot be read",
    "place_of_service_code = '11' ORDER BY 1": "cannot be read",
    "place_of_service_code = '11' WHERE TRUE": "cannot be read",
    "plаce_of_service_code = '11'": "U+0430",  # a Cyrillic а
    "line_number = １": "U+FF11",
    "place_of_service\u200d_code = '11'": "U+200D",
    "place_of_service_code\u00a0= '11'": "U+00A0",
    "place_of_service_code = ‘11’": "U+2018",
    "TRUE AND \ud800": "U+D800",
    "TRUE\x00": "",
    "(" * 5000 + "TRUE" + ")" * 5000: "characters",
    "(" * 1000 + "TRUE" + ")" * 1000: "words and signs",
    "NOT " * 1000 + "TRUE": "",
    "NOT " * 990 + "TRUE": "words and signs",
    "x" * 100_000: "100,000 characters",
    "- " * 1900 + "1 = 1": "words and signs",
    "-" * 3000 + "1 = 1": "",
    "[" * 3000: "words and signs",
    "{" * 3000: "words and signs",
    "CASE WHEN TRUE THEN " * 150 + "TRUE" + " END" * 150: "words and signs",
    "f(" * 60 + ")" * 60: "calls a function",
    "'" * 3999: "no closing quote",
    ";" * 3999: "words and signs",
    "a" + ".a" * 1900: "no column",
    "x" * 3999: "no column",
    "TRUE AND " * 120_000 + "TRUE": "1,080,004 characters",
    "(" * 31 + "TRUE" + ")" * 31: "nested",
    "NOT " * 31 + "TRUE": "nested",
    "- " * 31 + "1 = 1": "nested",
    "NOT (" * 16 + "TRUE" + ")" * 16: "nested",
    "CASE WHEN TRUE THEN " * 20 + "TRUE" + " END" * 20: "inside a CASE",
    "CASE WHEN " * 20 + "TRUE" + " THEN TRUE END" * 20: "inside a CASE",
    "LAW(" * 20: "one path in quotes",
    "1 < line_number < 3": "not '<'",
    "is_provider_based = has_place_of_service = TRUE": "not '='",
    "is_provider_based = NOT has_place_of_service": UNREAD,
    "line_number NOT 3": "IN or BETWEEN is expected",
    "line_number BETWEEN 1": "'AND' is expected after it",
    "place_of_service_code = PO": "no column 'PO'",
    "place_of_service_code = 11a": "no column '11a'",
    "place_of_service_code = E'11'": "no column 'E'",
    'place_of_service_code = "11"': "wrong quotes",
    "place_of_service_code = `11`": "wrong quotes",
    "place_of_service_code = '11\n'": "no closing quote",
    "place_of_service_code = '\x1b'": "U+001B",
    "place_of_service_code IN '11'": "neither a list nor LAW",
    "place_of_service_code IN ['11']": "neither a list nor LAW",
    "place_of_service_code IN ('11',)": NO_LITERAL,
    "place_of_service_code IN (,)": NO_LITERAL,
    "place_of_service_code IN ('11' '22')": "')' is expected, not ''22''",
    "place_of_service_code IN ('11'": "')' is expected after it",
    "line_number IN (-1)": NO_LITERAL,
    "line_number = +1": UNREAD,
    "line_number == 1": UNREAD,
    "is_provider_based && TRUE": "not '&'",
    "TRUE;": "has a semicolon",
    "CASE WHEN TRUE THEN TRUE": "'END' is expected after it",
    "CASE ELSE TRUE END": "not followed by WHEN",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:50].encode("ascii", "replace").decode())
def test_the_grammar_refuses(text: str) -> None:
    assert REFUSED[text] in refusal(text).problem


ADVICE = {
    "service_date >= '2024-01-01'": "law file",
    "service_date >= DATE '2024-01-01'": "law file",
    "receipt_date - service_date > 3": "let a fact count the days",
    "place_of_service_code = 11": "single quotes",
    "place_of_service_code = PO": "single quotes",
    'place_of_service_code = "PO"': "single quotes",
    "place_of_service_code IN ()": "x IN ('11', '22')",
    "place_of_service_code IS NULL": "has_…",
    "CASE line_number WHEN 1 THEN TRUE ELSE FALSE END": "CASE WHEN x = …",
}


@pytest.mark.parametrize("text", ADVICE)
def test_a_refusal_says_what_to_write_instead(text: str) -> None:
    assert ADVICE[text] in refusal(text).advice


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("has_place_of_service AND site_id IS NULL OR TRUE", "'site_id IS NULL'"),
        ("has_place_of_service AND line_number / 2 > 1", "'line_number / 2'"),
        ("has_place_of_service AND upper(modifiers) = 'PO'", "'upper'"),
        ("TRUE AND\n  place_of_service_code\n  LIKE '1%'", "'place_of_service_code LIKE '1%''"),
        ("has_place_of_service AND line_number =", "'='"),
    ],
)
def test_a_refusal_quotes_the_place(text: str, near: str) -> None:
    assert refusal(text).problem.startswith(near)


def test_a_between_the_database_would_read_otherwise_is_refused() -> None:
    assert refusal("place_of_service_code BETWEEN SYMMETRIC '22' AND '11'").problem


@pytest.mark.parametrize(
    "text",
    ["line_number" + "=1" * 1500, "1" + "+1" * 1900 + " = 1", "line_number" + " - 1" * 900 + " > 1"],
    ids=["comparisons", "sums", "differences"],
)
def test_a_long_chain_is_refused_within_a_second(text: str) -> None:
    assert refusal(text).problem


NESTED_CASE = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
from scrubjay.condition import parse_condition
from scrubjay.errors import DefinitionError
from scrubjay.tables import SERVICE_LINE_FACTS
text = "is_provider_based"
for _ in range(40):
    text = f"CASE WHEN {text} THEN TRUE ELSE FALSE END"
try:
    parse_condition(text + " = TRUE", SERVICE_LINE_FACTS, {}, "x.md", 7).sql({})
except DefinitionError:
    print("refused")
"""


def test_a_case_inside_the_question_of_a_case_does_not_double_at_each_level() -> None:
    # In a process of its own with little memory: 1,600 characters of condition must not become gigabytes of SQL.
    done = subprocess.run([sys.executable, "-c", NESTED_CASE], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_how_deep_a_condition_may_be_does_not_depend_on_who_asks() -> None:
    text = "(" * 40 + "TRUE" + ")" * 40

    def from_below(depth: int) -> bool:
        if depth:
            return from_below(depth - 1)
        try:
            return parse(text).type == "boolean"
        except DefinitionError:
            return False

    assert from_below(0) == from_below(300)


@pytest.mark.parametrize(
    "text",
    ["(" * 30 + "TRUE" + ")" * 30, "NOT " * 30 + "TRUE", "- " * 30 + "1 = 1",
     "TRUE OR TRUE AND 1 < 1 + 2 * (" * 15 + "1" + ")" * 15,
     "CASE WHEN TRUE THEN " + "(" * 30 + "TRUE" + ")" * 30 + " ELSE FALSE END"],
    ids=["parentheses", "not", "minus", "all levels", "case"],
)  # fmt: skip
def test_the_deepest_condition_leaves_most_of_the_stack_to_its_caller(text: str) -> None:
    def from_below(depth: int) -> str:
        if depth:
            return from_below(depth - 1)
        try:
            return parse(text).type
        except DefinitionError as error:
            return error.problem

    assert from_below(400) == from_below(0)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("placeof_service_code = '11'", "place_of_service_code"),
        ("has_place_of_servce", "has_place_of_service"),
        ("place_of_service_code IN LAW('us.cms.mpfs.facility_rate')", FACILITY),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(text: str, near: str) -> None:
    assert f"Did you mean '{near}'?" in refusal(text).problem


@pytest.mark.parametrize("text", ["placeof_service_code = '11'", "nothing_like_it", "a IN LAW('x')"])
def test_the_sentences_of_a_refusal_end_once(text: str) -> None:
    assert not re.search(r"[.?!][.?!]", str(refusal(text)))


@settings(max_examples=500, deadline=2000)
@given(st.binary(max_size=200), st.sampled_from(["latin-1", "utf-16-le", "ascii"]))
def test_bytes_are_a_sound_condition_or_refused(raw: bytes, encoding: str) -> None:
    try:
        node = parse_expression(raw.decode(encoding, "surrogateescape" if encoding == "ascii" else "replace"),
                                SERVICE_LINE_FACTS, LAWS, "x.md", 7)  # fmt: skip
    except DefinitionError as error:
        assert error.line == 7
        assert error.advice
    else:
        assert isinstance(node, Node)


@settings(max_examples=300, deadline=2000)
@given(st.text(max_size=80) | st.text("()'\"=<>+-*/;,.{}[]$?:|&%!~ \n\tABDENORTLWISCU_0123x", max_size=120))
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    try:
        node = parse(text)
    except DefinitionError as error:
        assert error.line == 7
    else:
        assert node.type == "boolean"


_WORDS = st.sampled_from(
    [
        "(", ")", "AND", "OR", "NOT", "IN", "LAW", "CASE", "WHEN", "THEN", "ELSE", "END", "BETWEEN", "=", "<",
        "+", "-", "*", ",", "'11'", "1", "TRUE", "NULL", "IS", "SELECT", "EXISTS", "LIKE",
        "place_of_service_code", "is_provider_based", "has_place_of_service", "line_number", "service_date",
        "coalesce", "::", "||", "/", ";", "'us.cms.mpfs.facility_rate_pos'", "FROM", "INTERVAL", "DATE", "[",
        "]", "->",
    ]
)  # fmt: skip


@settings(max_examples=500, deadline=2000)
@given(st.lists(_WORDS, max_size=12))
def test_words_in_any_order_are_a_sound_condition_or_refused(words: list[str]) -> None:
    try:
        node = parse(" ".join(words))
    except DefinitionError as error:
        assert error.advice
    else:
        sql = node.sql({test: "TRUE" for leaf in node.leaves() for test in leaf.laws})
        bare = re.sub(r"'(?:[^']|'')*'", "''", sql).upper()
        assert not re.search(r"COALESCE|SELECT|EXISTS|LIKE|DATE '|INTERVAL|::|\|\||/|;|->|\[", bare)


# --- random conditions: they mean what the same SQL means, and are read from what they print ------------

# A tree is (how tightly it binds, its text with as few parentheses as SQL needs, its text with all of them).
Printed = tuple[int, str, str]
_OR, _AND, _NOT, _COMPARED, _SUM, _PRODUCT, _VALUE = range(7)


def _within(tree: Printed, tightest: int) -> str:
    return tree[1] if tree[0] > tightest else f"({tree[1]})"


def _operation(level: int, sign: str, left: Printed, right: Printed, chains: bool = True) -> Printed:
    loose = f"{_within(left, level - chains)} {sign} {_within(right, level)}"
    return level, loose, f"(({left[2]}) {sign} ({right[2]}))"


def _value(*texts: str) -> st.SearchStrategy[Printed]:
    return st.sampled_from(texts).map(lambda text: (_VALUE, text, text))


def _minus(tree: Printed) -> Printed:
    return _VALUE, f"- {_within(tree, _PRODUCT)}", f"(- ({tree[2]}))"


def _not(tree: Printed) -> Printed:
    return _NOT, f"NOT {_within(tree, _NOT - 1)}", f"(NOT ({tree[2]}))"


def _between(is_not: str, of: Printed, low: Printed, high: Printed) -> Printed:
    loose = f"{_within(of, _COMPARED)} {is_not}BETWEEN {_within(low, _COMPARED)} AND {_within(high, _COMPARED)}"
    strict = f"(({of[2]}) BETWEEN ({low[2]}) AND ({high[2]}))"
    return _COMPARED, loose, f"(NOT {strict})" if is_not else strict


def _in(is_not: str, of: Printed, codes: list[str]) -> Printed:
    listed = ", ".join(codes)
    strict = f"(({of[2]}) IN ({listed}))"
    return _COMPARED, f"{_within(of, _COMPARED)} {is_not}IN ({listed})", f"(NOT {strict})" if is_not else strict


_SIGNS = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="])
_IS_NOT = st.sampled_from(["", "NOT "])
_NUMBERS = st.recursive(
    _value("line_number", "row_number", "0", "2", "1.5"),
    lambda inner: st.one_of(
        st.builds(_operation, st.just(_SUM), st.sampled_from("+-"), inner, inner),
        st.builds(_operation, st.just(_PRODUCT), st.just("*"), inner, inner),
        st.builds(_minus, inner),
    ),
    max_leaves=4,
)
_TEXTS = _value("site_name", "site_type", "'a'", "'o''b'", "'a != b'")
_TESTS: st.SearchStrategy[Printed] = st.one_of(
    _value("is_provider_based", "has_place_of_service", "TRUE", "FALSE"),
    st.builds(_operation, st.just(_COMPARED), _SIGNS, _NUMBERS, _NUMBERS, st.just(False)),
    st.builds(_operation, st.just(_COMPARED), _SIGNS, _TEXTS, _TEXTS, st.just(False)),
    st.builds(_between, _IS_NOT, _NUMBERS, _NUMBERS, _NUMBERS),
    st.builds(_in, _IS_NOT, _NUMBERS, st.lists(st.sampled_from(["0", "2", "7.25"]), min_size=1, max_size=3)),
    st.builds(_in, _IS_NOT, _TEXTS, st.lists(st.sampled_from(["'a'", "'o''b'"]), min_size=1, max_size=3)),
)
_WHOLE = st.recursive(
    _TESTS,
    lambda inner: st.one_of(
        st.builds(_operation, st.just(_OR), st.just("OR"), inner, inner),
        st.builds(_operation, st.just(_AND), st.just("AND"), inner, inner),
        st.builds(_not, inner),
    ),
    max_leaves=6,
)


def _case(when: Printed, then: Printed, otherwise: Printed) -> Printed:
    loose = f"CASE WHEN {when[1]} THEN {then[1]} ELSE {otherwise[1]} END"
    return _VALUE, loose, f"(CASE WHEN ({when[2]}) THEN ({then[2]}) ELSE ({otherwise[2]}) END)"


_CASES = st.one_of(
    st.builds(_case, _TESTS, _TESTS, _TESTS),
    st.builds(_operation, st.just(_COMPARED), _SIGNS, st.builds(_case, _WHOLE, _NUMBERS, _NUMBERS), _NUMBERS,
              st.just(False)),
    st.builds(_between, _IS_NOT, _NUMBERS, _NUMBERS, st.builds(_case, _TESTS, _NUMBERS, _NUMBERS).map(_minus)),
    st.builds(_in, _IS_NOT, st.builds(_case, _TESTS, _TEXTS, _TEXTS), st.just(["'a'", "'o''b'"])),
)  # fmt: skip


def nodes_of(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from nodes_of(part)


def parse_small(text: str) -> Node:
    """The condition, if no product in it can have more digits than a number may."""
    try:
        return parse(text)
    except DefinitionError as error:
        assume("digits" not in error.problem)
        raise


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(_WHOLE, st.builds(_operation, st.just(_AND), st.just("AND"), _WHOLE, _CASES)))
def test_every_node_is_read_again_from_what_it_prints(printed: Printed) -> None:
    _, loose, strict = printed
    assume(len(strict) <= 600)  # with all its parentheses it must keep under MOST_TOKENS
    node = parse_small(loose)
    assert node.sql({}) == parse(strict).sql({}), loose
    for one in nodes_of(node):
        assert parse_expression(one.text, SERVICE_LINE_FACTS, {}, "x.md", 1).sql({}) == one.sql({})


_SOME_ROWS: list[Row] = [
    {"line_number": number, "row_number": other, "site_name": name, "site_type": "a", "is_provider_based": is_one}
    for number, other in ((None, 0), (0, 2), (2, 2), (7, 1))
    for name in (None, "a", "o'b", "a != b")
    for is_one in (None, True, False)
]


@pytest.fixture(scope="module")
def some_facts() -> Any:
    return make_facts(_SOME_ROWS)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_WHOLE)
def test_a_condition_means_what_the_database_reads_in_it(some_facts: Any, printed: Printed) -> None:
    text = printed[1]
    parse_small(text)
    differ = f"SELECT count(*) FROM service_line_facts WHERE ({text}) IS DISTINCT FROM {parse(text).sql({})}"
    assert some_facts.sql(differ).fetchall() == [(0,)]


# --- three-valued truth -------------------------------------------------------------------------------

OUTCOMES = {  # applies, violates: the table of architecture § 4
    (False, False): "out_of_scope",
    (False, True): "out_of_scope",
    (False, None): "out_of_scope",
    (True, False): "clear",
    (True, True): "violation",
    (True, None): "unknown",
    (None, None): "unknown",
    (None, True): "unknown",
    (None, False): "clear",
}


def test_the_outcome_follows_from_applies_and_violates() -> None:
    rule = make_rule("is_on_hospital_campus", "is_provider_based")
    rows = [{"is_on_hospital_campus": applies, "is_provider_based": violates} for applies, violates in OUTCOMES]
    found = run_rule(rule, rows)
    assert [one.outcome for one in found] == list(OUTCOMES.values())
    assert [{fact["fact"] for fact in one.missing} for one in found if one.outcome == "unknown"] == [
        {"is_provider_based"},
        {"is_on_hospital_campus", "is_provider_based"},
        {"is_on_hospital_campus"},
    ]


def test_case_stops_at_unknown() -> None:
    values = (True, False, None)
    rows = [
        {"is_provider_based": a, "is_on_hospital_campus": b, "is_separately_maintained": c}
        for a, b, c in itertools.product(values, repeat=3)
    ]
    condition = (
        "CASE WHEN is_provider_based THEN TRUE WHEN is_on_hospital_campus THEN is_separately_maintained ELSE FALSE END"
    )

    def expected(a: bool | None, b: bool | None, c: bool | None) -> bool | None:
        if a is None or a:
            return a
        if b is None:
            return None
        return c if b else False

    wanted = [expected(*row.values()) for row in rows]
    assert truths(condition, rows) == wanted
    assert truths(f"({condition}) = TRUE", rows) == wanted


def test_a_null_beside_a_false_is_not_blamed() -> None:
    rule = make_rule("TRUE", "is_provider_based AND (is_on_hospital_campus OR is_separately_maintained)")
    rows: list[Row] = [
        {"is_provider_based": None, "is_on_hospital_campus": True, "is_separately_maintained": None},
        {"is_provider_based": True, "is_on_hospital_campus": None, "is_separately_maintained": False},
        {"is_provider_based": None, "is_on_hospital_campus": None, "is_separately_maintained": None},
        {"is_provider_based": False, "is_on_hospital_campus": None, "is_separately_maintained": None},
    ]
    assert blamed(rule, rows) == [
        {"is_provider_based"},
        {"is_on_hospital_campus"},
        {"is_provider_based", "is_on_hospital_campus", "is_separately_maintained"},
        set(),
    ]


def test_a_fact_that_is_always_known_is_never_blamed() -> None:
    rule = make_rule("TRUE", "has_place_of_service AND line_number > 1 OR place_of_service_code = '11'")
    names = {
        name for _, missing in judge(rule, [{"line_number": None, "has_place_of_service": True}]) for name in missing
    }
    assert names == {"line_number"}


# Conditions that use no column twice: then filling what is named decides, and all that is named counts.
# CASE is left out: it stops at an unknown WHEN even where all its branches agree.
_FREE = ("is_provider_based", "is_on_hospital_campus", "is_separately_maintained", "is_registered_outpatient",
         "is_registered_inpatient")  # fmt: skip
_KNOWN = ("has_modifier_po", "has_modifier_pn")


def _conditions(columns: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Conditions that use each of these columns once."""
    if len(columns) == 1:
        return st.sampled_from([columns[0], f"NOT {columns[0]}", f"{columns[0]} = TRUE"])

    @st.composite
    def split(draw: st.DrawFn) -> str:
        cut = draw(st.integers(1, len(columns) - 1))
        left, right = draw(_conditions(columns[:cut])), draw(_conditions(columns[cut:]))
        forms = [f"({left}) AND ({right})", f"({left}) OR ({right})", f"NOT (({left}) AND ({right}))"]
        return draw(st.sampled_from(forms))

    return split()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations([*_FREE[:4], *_KNOWN[:1]]).flatmap(lambda names: _conditions(tuple(names))))
def test_what_is_named_missing_decides_and_counts_in_any_condition(condition: str) -> None:
    domains: dict[str, list[Any]] = {name: [None, True, False] for name in _FREE if name in condition}
    domains |= {name: [True, False] for name in _KNOWN if name in condition}
    assert broken_promises(make_rule("TRUE", condition), [domains]) == []


def test_the_branch_a_case_does_not_take_is_not_blamed() -> None:
    rule = make_rule("TRUE", "CASE WHEN has_place_of_service THEN is_provider_based ELSE is_on_hospital_campus END")
    assert blamed(rule, [{"has_place_of_service": True}, {"has_place_of_service": False}]) == [
        {"is_provider_based"},
        {"is_on_hospital_campus"},
    ]


def test_the_branch_a_case_inside_a_comparison_does_not_take_is_not_blamed() -> None:
    condition = "CASE WHEN has_place_of_service THEN site_type ELSE site_name END = 'x'"
    assert blamed(make_rule("TRUE", condition), [{"has_place_of_service": True}]) == [{"site_type"}]


def test_an_unknown_always_names_what_is_missing() -> None:
    # A CASE without ELSE says NULL by itself: either it is refused in a condition, or it names something.
    try:
        rule = make_rule("TRUE", "CASE WHEN has_place_of_service THEN is_provider_based END")
    except DefinitionError:
        return
    for truth, missing in judge(rule, [{"has_place_of_service": False}, {"has_place_of_service": True}]):
        assert truth is not None or missing


# --- the promises of every shipped rule ---------------------------------------------------------------

RULES = load_rules()
MOST_ROWS = 4000


def domains_of(rule: Rule) -> Iterator[dict[str, list[Any]]]:
    """A few values for every column that can move a rule: NULL, what its page and laws name, and others.

    A second time with a day before which no payer can have received or finished the claim.
    """
    leaves = list(rule.condition.leaves())
    domains: dict[str, list[Any]] = {}
    for name in dict.fromkeys(column for leaf in leaves for column in leaf.columns):
        column = rule.table[name]
        values: list[Any]
        if column.type == "boolean":
            values = [True, False]
        elif column.type in ("date", "timestamp"):
            values = [dt.date(2026, 3, 10), dt.date(2026, 3, 11)]
        elif column.type in ("integer", "decimal", "amount"):
            named = {int(n) for leaf in leaves if name in leaf.columns for n in re.findall(r"\b\d+\b", leaf.template)}
            values = sorted({1, 2, 3, *named, *(n + 1 for n in named)})
        else:
            here = [leaf for leaf in leaves if name in leaf.columns]
            literals = [code for leaf in here for code in re.findall(r"'([^']*)'", leaf.template)]
            codes = []
            for test in (test for leaf in here for test in leaf.laws if test.operand == name):
                before: set[str] = set()
                for version in LAWS[test.path].versions:
                    codes += sorted(set(version.values) ^ before)[:2]
                    before = set(version.values)
            values = list(dict.fromkeys([*literals, *codes, "other"]))
        domains[name] = [None, *values] if column.nullable else values
    for leaf in leaves:  # what two columns are compared by must be able to be equal, and not
        alike = [name for name in leaf.columns if rule.table[name].type not in ("boolean", "date", "timestamp")]
        both = list(dict.fromkeys(value for name in alike for value in domains[name] if value is not None))
        both += ["another"] if both == ["other"] else []
        for name in alike if len(alike) > 1 else ():
            domains[name] = [None, *both] if rule.table[name].nullable else both
    tests = [test for leaf in leaves for test in leaf.laws]
    for key in dict.fromkeys(key for test in tests for key in LAWS[test.path].key_columns):
        if key == "payer_program":
            domains.setdefault(key, [None, "medicare_part_b", "commercial"])
            continue
        days = sorted({v.effective for test in tests for v in LAWS[test.path].versions if v.keyed_on == key})
        kept = dict.fromkeys((days[0], days[len(days) // 2], days[-1]))
        domains[key] = [None, days[0].replace(year=1990), *kept]
    yield domains
    for key in ("receipt_date", "paid_date"):
        if key in domains:
            earliest = domains[key][-1]
            yield {
                **domains,
                f"{key}_earliest": [earliest],
                key: [None, *(d for d in domains[key] if d and d >= earliest)],
            }


def broken_promises(rule: Rule, grids: list[dict[str, list[Any]]]) -> list[str]:
    """Where filling what an unknown names does not decide, or a named fact makes no difference.

    A grid is every combination of the values of its columns, so every filling is a row of it.
    """
    broken: list[str] = []
    # Of two days one can be the last of its domain, and then no day of the other lies behind it.
    is_bounded = any(sum(rule.table[c].type == "date" for c in leaf.columns) > 1 for leaf in rule.condition.leaves())
    for domains in grids:
        open_: list[str] = []
        fixed: list[str] = []
        for name, values in domains.items():
            (open_ if None in values else fixed).append(name)
        size = 1
        for name in open_:
            size *= len(domains[name])
        sets = list(itertools.product(*(domains[name] for name in fixed)))
        random.Random(0).shuffle(sets)
        names = [*fixed, *open_]
        keys = [
            (*first, *rest)
            for first in sets[: max(1, MOST_ROWS // size)]
            for rest in itertools.product(*(domains[name] for name in open_))
        ]
        found = dict(zip(keys, judge(rule, [dict(zip(names, key, strict=True)) for key in keys]), strict=True))
        for key, (truth, missing) in found.items():
            if truth is not None or any(name.startswith("LAW(") for name in missing):
                continue
            shown = {name: value for name, value in zip(names, key, strict=True) if value is not None}
            if not missing:
                broken.append(f"{shown}: unknown, and nothing is named")
                continue
            slots = {name: names.index(name) for name in missing}
            fillings = list(itertools.product(*([v for v in domains[name] if v is not None] for name in slots)))
            results: dict[tuple[Any, ...], bool | None] = {}
            for filling in fillings:
                filled = list(key)
                for slot, value in zip(slots.values(), filling, strict=True):
                    filled[slot] = value
                result, still = found[tuple(filled)]
                if result is None and not any(name.startswith("LAW(") for name in still):
                    broken.append(f"{shown}: filling {dict(zip(slots, filling, strict=True))} leaves {set(still)}")
                results[filling] = result
            for position, name in enumerate(slots):
                by_rest: dict[tuple[Any, ...], set[bool | None]] = {}
                for filling, result in results.items():
                    by_rest.setdefault(filling[:position] + filling[position + 1 :], set()).add(result)
                if (
                    not is_bounded
                    and all(len(seen) == 1 for seen in by_rest.values())
                    and set(results.values()) != {None}
                ):
                    broken.append(f"{shown}: names {name}, which makes no difference")
    return broken


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_filling_what_an_unknown_names_decides_and_no_named_fact_is_without_effect(rule: Rule) -> None:
    broken = broken_promises(rule, list(domains_of(rule)))
    assert not broken, f"{len(broken)} promises broken, such as\n" + "\n".join(broken[:5])


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_forgetting_a_fact_never_turns_a_violation_into_clear_or_back(rule: Rule) -> None:
    rows = [case.facts for case in read_cases(rule, CASES_FOLDER)]
    forgotten = [
        (number, {**row, name: None})
        for number, row in enumerate(rows)
        for name in rule.table.names
        if rule.table[name].nullable and row.get(name) is not None
    ]
    before = [truth for truth, _ in judge(rule, rows)]
    after = [truth for truth, _ in judge(rule, [row for _, row in forgotten])] if forgotten else []
    turned = [
        f"{rows[number]} is {before[number]}, {row} is {truth}"
        for (number, row), truth in zip(forgotten, after, strict=True)
        if truth is not None and truth is not before[number]
    ]
    assert turned == []


def test_a_condition_is_asked_of_facts_that_were_really_built(tmp_path: Any) -> None:
    from tests.samples import NORTH, Batch, Claim, write_workspace

    file = Batch((Claim(facility=NORTH),)).write(tmp_path / "a.837")
    workspace = scrubjay.Workspace.open(write_workspace(tmp_path / "w"))
    connection = connect()
    build_facts(connection, read_files([file]), workspace, LAWS, None, VISIT_DAY)
    rule = make_rule(f"place_of_service_code NOT IN LAW('{FACILITY}')", "is_provider_based AND line_number = 1")
    grain = Grain(connection, rule.table, [rule], LAWS, [str(file)])
    assert [finding["outcome"] for finding in grain.findings(each=False)] == ["violation"]
