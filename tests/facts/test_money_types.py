"""No amount is ever a floating point number, from the fee files to the report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import scrubjay
from scrubjay.engine import prepare
from scrubjay.reports import write_report
from scrubjay.tables import FACT_TABLES, FEE_TABLES, NATIONAL_AMOUNTS, SQL_TYPES, arrow_schema
from synthetic.demo import FILES, check_folder
from synthetic.generate import generate


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, claims=60)
    return folder


def test_no_column_of_any_table_is_a_floating_point_number(demo: Path) -> None:
    run = prepare([demo / name for name in FILES], workspace=scrubjay.Workspace.open(demo / "workspace"))
    types = run.connection.sql(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
    ).fetchall()
    assert len(types) > 500
    assert [one for one in types if one[2] in ("DOUBLE", "FLOAT")] == []
    of_column = {(table, column): type_ for table, column, type_ in types}
    amounts = 0
    for table in (*FACT_TABLES, NATIONAL_AMOUNTS):
        for column in table.columns:
            if column.type in ("amount", "decimal"):
                found = of_column[table.name, column.name]
                assert found.startswith("DECIMAL("), (table.name, column.name, found)
                amounts += column.type == "amount" and found == SQL_TYPES["amount"]
    wanted = [
        column for table in (*FACT_TABLES, NATIONAL_AMOUNTS) for column in table.columns if column.type == "amount"
    ]
    assert amounts == len(wanted) > 20


def test_no_column_of_a_fee_table_is_a_floating_point_number() -> None:
    kinds = {str(field.type) for table in FEE_TABLES for field in arrow_schema(table)}
    assert "double" not in kinds and "float" not in kinds
    assert {"decimal128(18, 4)", "decimal128(18, 2)"} <= kinds


def walk(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a document with its key."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from walk(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from walk(one, key)
    else:
        yield key, value


def test_amounts_are_text_with_cents_in_json(demo: Path) -> None:
    report = check_folder(demo)
    assert not [key for key, value in walk(report.as_dict()) if isinstance(value, float | Decimal)]
    document = json.loads("".join(write_report(report, "json")))
    no_amounts = ("has_notice_amount", "findings_without_amount")
    found = [(k, v) for k, v in walk(document) if k.endswith("_amount") and k not in no_amounts and v is not None]
    assert len(found) > 20
    assert [one for one in found if not isinstance(one[1], str) or Decimal(one[1]).as_tuple().exponent != -2] == []


def test_the_sum_over_lines_is_the_sum_over_sites(demo: Path) -> None:
    report = check_folder(demo)
    lines = scrubjay.engine.exposed_lines(report.findings)
    assert len(lines) > 10
    by_site: dict[str | None, Decimal] = {}
    for finding in lines:
        site = finding["site_id"]
        by_site[site] = by_site.get(site, Decimal()) + Decimal(finding["exposure_amount"])
    net = sum(by_site.values(), Decimal())
    said = report.summary["exposure"]
    assert net == Decimal(said["overpaid_amount"]) - Decimal(said["underpaid_amount"])
    assert len(lines) == said["lines"]
