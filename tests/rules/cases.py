"""Cases of a rule as rows of facts, run as one table through the real engine."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from scrubjay.engine import connect
from scrubjay.explanation import Explanation, explain_rows
from scrubjay.reference.law import Law, load_laws
from scrubjay.rule import Rule
from scrubjay.strict_yaml import check_keys, load_yaml
from scrubjay.tables import SQL_TYPES, Column, Table

CASES_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One case: the facts it sets, and what the rule should say."""

    name: str
    facts: dict[str, Any]
    outcome: str
    missing: list[str] | None
    fix: dict[str, Any] | None


def typed(column: Column, text: str) -> Any:
    """A value of a case file as its column has it; ``null`` is not known."""
    if text in ("null", "~"):
        return None
    if column.type == "boolean":
        return {"true": True, "false": False}[text]
    if column.type == "integer":
        return int(text)
    if column.type in ("decimal", "amount"):
        return Decimal(text)
    if column.type == "date":
        return dt.date.fromisoformat(text)
    return text


def read_cases(rule: Rule) -> list[Case]:
    """The cases of a rule from tests/rules/CODE.yaml."""
    file = CASES_FOLDER / f"{rule.code}.yaml"
    document = load_yaml(file.read_text(encoding="utf-8"), file.name)
    check_keys(document, ("facts", "cases"), ("facts", "cases"), file.name, "a case file")
    cases = []
    for raw in document["cases"]:
        check_keys(raw, ("name", "facts", "expect"), ("name", "expect"), file.name, "a case")
        expect = raw["expect"]
        check_keys(
            expect, ("outcome", "missing", "fix"), ("outcome",), file.name, f"the expectation of '{raw['name']}'"
        )
        facts = {
            name: typed(rule.table[name], text) for name, text in {**document["facts"], **raw.get("facts", {})}.items()
        }
        fix = (
            {key: None if text == "null" else text for key, text in expect["fix"].items()} if "fix" in expect else None
        )
        cases.append(Case(raw["name"], facts, expect["outcome"], expect.get("missing"), fix))
    return cases


def fill_facts(connection: duckdb.DuckDBPyConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Make the fact table of a grain from rows that name only some columns.

    A column that is not named is NULL where it may be, else blank, false, zero or the first day of 2026.
    """
    blank: dict[str, Any] = {"text": "", "boolean": False, "integer": 0, "date": dt.date(2026, 1, 1)}
    columns = ", ".join(f"{column.name} {SQL_TYPES[column.type]}" for column in table.columns)
    connection.execute(f"CREATE OR REPLACE TABLE {table.name} ({columns})")
    for number, facts in enumerate(rows):
        row = [
            number
            if column.name == "row_id"
            else facts.get(column.name, None if column.nullable else blank[column.type])
            for column in table.columns
        ]
        connection.execute(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(row))})", row)


def run_rule(rule: Rule, rows: list[dict[str, Any]], laws: dict[str, Law] | None = None) -> list[Explanation]:
    """What the rule says of each row, through the real engine."""
    connection = connect()
    fill_facts(connection, rule.table, rows)
    return list(explain_rows(connection, rule, laws or load_laws()))
