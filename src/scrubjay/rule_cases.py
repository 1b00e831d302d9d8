"""The cases of a rule: rows of facts and what the rule must say of them, run through the real engine.

A rule page CODE-title.md has its cases in CODE.yaml: the facts of an ordinary violation on top, and cases
that each change only what they are about. ``scrubjay rules test`` runs those of an organisation's own rules
as our tests run ours.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.engine import connect
from scrubjay.errors import DefinitionError, near_miss
from scrubjay.explanation import Explanation, explain_rows
from scrubjay.reference.law import Law
from scrubjay.rule import Rule
from scrubjay.strict_yaml import check_keys, load_yaml, read_text
from scrubjay.tables import CLAIM_PAIR_FACTS, NATIONAL_AMOUNTS, SERVICE_LINE_FACTS, SQL_TYPES, Column, Table

if TYPE_CHECKING:
    import duckdb

OUTCOMES = ("violation", "unknown", "clear", "out_of_scope")


@dataclass(frozen=True)
class RuleCase:
    """One case: the facts it sets, and what the rule should say."""

    name: str
    facts: dict[str, Any]
    outcome: str
    missing: list[str] | None
    fix: dict[str, Any] | None
    exposure: str | None = None  # the amount; 'not known'


def read_cases(rule: Rule, folder: Path) -> list[RuleCase]:
    """The cases of a rule from CODE.yaml in a folder. Raises DefinitionError."""
    file = folder / f"{rule.code}.yaml"
    if not file.exists():
        advice = "write facts: and cases: as 'scrubjay rules new' does"
        raise DefinitionError(f"{rule.code} has no cases", file=file.name, advice=advice)
    text = read_text(file, file.name)
    document = load_yaml(text, file.name)
    check_keys(document, ("facts", "cases"), ("facts", "cases"), file.name, "a case file")
    if not isinstance(document["cases"], list) or not document["cases"]:
        raise DefinitionError("cases must be a list of cases", file=file.name, advice="begin each with '- name:'")
    cases = []
    for raw in document["cases"]:
        check_keys(raw, ("name", "facts", "expect"), ("name", "expect"), file.name, "a case")
        what = f"the expectation of '{raw['name']}'"
        expect = raw["expect"]
        check_keys(expect, ("outcome", "missing", "fix", "exposure"), ("outcome",), file.name, what)
        if expect["outcome"] not in OUTCOMES:
            advice = "use one of " + ", ".join(OUTCOMES)
            raise DefinitionError(f"{what} is '{expect['outcome']}'", file=file.name, advice=advice)
        parts = {
            "facts": document["facts"] or {},
            "the facts of a case": raw.get("facts") or {},
            "fix": expect.get("fix") or {},
        }
        for name, part in parts.items():
            if not isinstance(part, dict) or not all(isinstance(value, str) for value in part.values()):
                advice = "write a column and its value on each line"
                raise DefinitionError(f"{name} must be a mapping of columns to values", file=file.name, advice=advice)
        if not isinstance(expect.get("missing", []), list):
            raise DefinitionError(f"missing in {what} must be a list", file=file.name, advice="write missing: [column]")
        said = {**parts["facts"], **parts["the facts of a case"]}
        facts = {name: _typed(rule.table, name, text, file.name) for name, text in said.items()}
        fix = None
        if "fix" in expect:
            fix = {key: None if text == "null" else text for key, text in expect["fix"].items()}
        exposure = expect.get("exposure")
        if exposure is not None and not re.fullmatch(r"-?\d+\.\d\d|not known", exposure):
            problem = f"the exposure in {what} is '{exposure}'"
            raise DefinitionError(
                problem, file=file.name, advice="write dollars and cents, such as 21.25, or not known"
            )
        cases.append(RuleCase(raw["name"], facts, expect["outcome"], expect.get("missing"), fix, exposure))
    return cases


def _typed(table: Table, name: str, text: Any, file: str) -> Any:
    """A value of a case as its column has it; ``null`` is not known."""
    if name not in table:
        hint = near_miss(name, list(table.names))
        raise DefinitionError(f"'{name}' is no column of {table.name}.{hint}", file=file, advice="name a fact column")
    column: Column = table[name]
    if text in ("null", "~"):
        return None
    try:
        if column.type == "boolean":
            return {"true": True, "false": False}[text]
        if column.type == "integer":
            number = int(text)
            if abs(number) >= 2**63:
                raise ValueError(text)
            return number
        if column.type in ("decimal", "amount"):
            amount = Decimal(text)
            if not amount.is_finite() or abs(amount) >= 10**14:
                raise ValueError(text)
            return amount
        if column.type == "date":
            return dt.date.fromisoformat(text)
    except (KeyError, TypeError, ValueError, InvalidOperation):
        raise DefinitionError(f"{name} is '{text}', which is no {column.type}", file=file) from None
    return text


def fill_facts(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Make the fact table of a grain from rows that name only some columns.

    A column that is not named is NULL where it may be, else blank, false, zero or the first day of 2026.
    """
    import pyarrow as pa

    blank: dict[str, Any] = {
        "text": "",
        "boolean": False,
        "integer": 0,
        "decimal": Decimal(0),
        "date": dt.date(2026, 1, 1),
    }
    full = [
        {
            column.name: number
            if column.name == "row_id"
            else facts.get(column.name, None if column.nullable else blank[column.type])
            for column in table.columns
        }
        for number, facts in enumerate(rows)
    ]
    connection.register("case_rows", pa.Table.from_pylist(full))
    columns = ", ".join(f'CAST("{one.name}" AS {SQL_TYPES[one.type]}) AS "{one.name}"' for one in table.columns)
    connection.execute(f"CREATE OR REPLACE TABLE {table.name} AS SELECT {columns} FROM case_rows ORDER BY row_id")
    connection.unregister("case_rows")
    if table in (SERVICE_LINE_FACTS, CLAIM_PAIR_FACTS):  # they stand in a table of their own, and no case is about them
        empty = ", ".join(f"CAST(NULL AS {SQL_TYPES[one.type]}) AS {one.name}" for one in NATIONAL_AMOUNTS.columns)
        connection.execute(f"CREATE OR REPLACE TABLE {NATIONAL_AMOUNTS.name} AS SELECT {empty} LIMIT 0")


def run_cases(rule: Rule, cases: Sequence[RuleCase], laws: dict[str, Law]) -> list[Explanation]:
    """What the rule says of each case, through the real engine."""
    connection = connect()
    fill_facts(connection, rule.table, [case.facts for case in cases])
    return list(explain_rows(connection, rule, laws))


def wrong_cases(rule: Rule, cases: Sequence[RuleCase], laws: dict[str, Law]) -> list[str]:
    """The cases whose expectation does not hold, each in words; and each outcome that has no case."""
    wrong = []
    for case, one in zip(cases, run_cases(rule, cases, laws), strict=True):
        if one.outcome != case.outcome:
            wrong.append(f"{case.name}: expected {case.outcome}, got {one.outcome}\n{one.text()}")
        missing = sorted(fact["fact"] for fact in one.missing if not fact["fact"].startswith("LAW("))
        if case.missing is not None and missing != sorted(case.missing):
            wrong.append(f"{case.name}: expected {case.missing} to be missing, got {missing}")
        if case.fix is not None and one.fix != case.fix:
            wrong.append(f"{case.name}: expected the fix {case.fix}, got {one.fix}")
        if case.exposure is not None and (amount := one.exposure_amount or "not known") != case.exposure:
            wrong.append(f"{case.name}: expected an exposure of {case.exposure}, got {amount}")
    lacking = sorted(reachable_outcomes(rule) - {case.outcome for case in cases})
    return wrong + [f"no case expects the outcome {outcome}, which the rule can reach" for outcome in lacking]


def reachable_outcomes(rule: Rule) -> set[str]:
    """The outcomes a rule can reach: each needs a case."""
    found = {"violation", "clear"}
    if rule.applies.text.upper() != "TRUE":
        found.add("out_of_scope")
    leaves = list(rule.condition.leaves())
    if any(leaf.laws or any(rule.table[name].nullable for name in leaf.columns) for leaf in leaves):
        found.add("unknown")
    return found
