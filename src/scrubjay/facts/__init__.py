"""Tables and reference → one wide row per grain. All joining happens here, in numbered SQL files.

Each file begins with what one row is and what NULL means for its columns. The tables it leaves
behind are those of `scrubjay.tables.FACT_TABLES`, column for column.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scrubjay.reference.addresses import address_words
from scrubjay.reference.fees import load_fees
from scrubjay.reference.law import Law, code_set_rows, last_read, law_sql, table_rows
from scrubjay.reference.policies import code_rows, load_policies, policy_rows, topic_rows
from scrubjay.tables import (
    CLAIMS,
    FILES,
    INSTITUTIONAL_LINE_FACTS,
    INSTITUTIONAL_LINES,
    PROFESSIONAL_LINES,
    REGISTRIES,
    SITE_MONTH_FACTS,
    SITE_PAYER_MONTH_FACTS,
    SITE_PRACTITIONER_FACTS,
    SITES,
    SQL_TYPES,
    VISIT_EVENTS,
    VISITS,
    Table,
    arrow_schema,
)
from scrubjay.workspace import Workspace

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_POLICIES = (
    "policy VARCHAR, rank INTEGER, match_program VARCHAR, match_state VARCHAR, match_product VARCHAR, "
    "match_contractor VARCHAR, inherits_medicare BOOLEAN"
)
_TOPICS = (
    "topic_id INTEGER, policy VARCHAR, topic VARCHAR, effective_from DATE, effective_to DATE, is_expired BOOLEAN, "
    "others VARCHAR, word VARCHAR"
)
_CODES = "topic_id INTEGER, what VARCHAR, first VARCHAR, last VARCHAR, use VARCHAR"

_RATED = ("us.hipaa.place_of_service_codes", "us.cms.mpfs.pos_without_a_known_rate")
_CODE_SET = "SELECT code FROM law_code_sets WHERE path = '{}'"

_OF_VISITS = ("12_patients.sql", "22_visits.sql")
WITHOUT_VISITS = Path(__file__).parent / "without_visits.sql"  # in place of those, where nothing speaks of visits
_OF_FACILITIES = ("43_facility_claims.sql", "45_institutional_lines.sql")
_OF_PAIRS = ("55_claim_pairs.sql",)
WITHOUT_PAIRS = Path(__file__).parent / "without_pairs.sql"  # in place of these, where no facility's claim was given
_OF_FEES = ("37_unit_prices.sql", "38_line_amounts.sql", "39_outpatient_amounts.sql")
WITHOUT_FEES = Path(__file__).parent / "without_fees.sql"  # in place of those, where no fee file is loaded
_OF_MIXES = ("58_site_mixes.sql", "62_site_months.sql")
WITHOUT_MIXES = Path(__file__).parent / "without_mixes.sql"  # in place of those, where no site is registered
_OF_KEPT = "80_judged.sql"
STEPS = tuple(sorted(Path(__file__).parent.glob("[0-9][0-9]_*.sql")))

# From so many lines of both kinds on memory counts for more than time: what a step leaves is packed (DuckDB does that only
# at a checkpoint), and the widest table, the last of its step, is built some lines at a time.
MANY_LINES = 500_000
LINES_AT_A_TIME = 3 * 122_880  # three row groups of DuckDB
_WIDEST = "CREATE OR REPLACE TABLE service_line_facts AS\n"


def build_facts(
    connection: duckdb.DuckDBPyConnection,
    tables: dict[str, pa.Table],
    workspace: Workspace,
    laws: dict[str, Law],
    received: dt.date | None,
    run_date: dt.date,
    *,
    is_of_registry: bool = False,
) -> None:
    """Leave the fact tables in the connection.

    ``tables`` are those of `formats.read_files`; a registry of the workspace that is None is not kept at
    all, so nothing is known of it. ``received`` is the day the payer received claims that do not say it,
    ``run_date`` the day of the check. ``is_of_registry``: all sites are looked at, not only those of the lines.
    """
    import pyarrow as pa

    registries = workspace.registries
    connection.register(FILES.name, tables[FILES.name])
    connection.register(CLAIMS.name, tables[CLAIMS.name])
    first = 0  # row_id numbers the lines of both kinds in one row of numbers, in the order of the files
    for table in (PROFESSIONAL_LINES, INSTITUTIONAL_LINES):
        connection.register(table.name, _numbered(tables[table.name], first))
        first += tables[table.name].num_rows
    connection.register(VISIT_EVENTS.name, _numbered(tables[VISIT_EVENTS.name], 0, "event_id"))
    connection.register(VISITS.name, _numbered(tables[VISITS.name], 0, "visit_id"))
    days = [("hospital_id", pa.string()), ("kind", pa.string()), ("first_day", pa.date32()), ("last_day", pa.date32())]
    said = list(zip(*workspace.feeds, strict=True)) or [()] * len(days)
    connection.register("declared_feeds", pa.table(said, schema=pa.schema(days)))
    for table in REGISTRIES:
        kept = registries.get(table.name)
        if kept is None:
            kept = arrow_schema(table).append(pa.field("row_number", pa.int64())).empty_table()
        connection.register(table.name, kept)
    fees = _fees(workspace.own_fees, _procedures(tables, laws), _zips(tables, registries))
    for name, rows in fees.items():
        connection.register(name, rows)
    connection.register("address_words", address_words())
    connection.register("law_code_sets", _rows(code_set_rows(laws), ("path", "code", "effective")))
    versions = [(law.path, version) for law in laws.values() for version in law.versions]
    values = [(path, one.value, one.effective) for path, one in versions if one.value is not None]
    connection.register("law_values", _rows(values, ("path", "value", "effective")))
    cells = pa.map_(pa.string(), pa.string())
    types = [("path", pa.string()), ("effective", pa.date32()), ("until", pa.date32()), ("row", cells)]
    connection.register("law_rows", pa.table(list(zip(*table_rows(laws), strict=True)), schema=pa.schema(types)))
    policies = load_policies(workspace.own_policies)
    for name, columns, rows in (
        ("policies", _POLICIES, policy_rows(policies)),
        ("policy_topics", _TOPICS, topic_rows(policies, run_date)),
        ("policy_codes", _CODES, code_rows(policies)),
    ):
        connection.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
        if rows:
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    usual = workspace.fee_settings
    has = ", ".join(f"{registries.get(table.name) is not None} AS has_{table.name}" for table in REGISTRIES)
    expired = workspace.expired_settings(run_date)
    connection.execute(
        "CREATE OR REPLACE TABLE run AS SELECT CAST(? AS DATE) AS received, CAST(? AS DATE) AS run_date, "
        "CAST(? AS DATE) AS code_set_read_date, CAST(? AS BIGINT) AS expired_setting_count, "
        "CAST(? AS VARCHAR) AS expired_settings, CAST(? AS VARCHAR) AS usual_contractor, "
        "CAST(? AS VARCHAR) AS usual_locality, CAST(? AS BOOLEAN) AS usual_is_qualifying, "
        "(SELECT count(*) > 0 FROM fee_releases WHERE kind = 'relative_values') AS has_fee_schedule, "
        "(SELECT count(*) > 0 FROM fee_releases WHERE kind = 'relative_values' AND NOT is_excerpt) AS has_whole_fee_schedule, "
        "(SELECT count(*) > 0 FROM fee_releases WHERE kind = 'addendum_b') AS has_outpatient_rates, "
        f"{is_of_registry} AS is_of_registry, {has}",
        [
            *(received, run_date, last_read(laws["us.hipaa.place_of_service_codes"]), len(expired), "; ".join(expired)),
            *(usual.contractor, usual.locality, usual.is_qualifying_participant),
        ],
    )
    rated, unrated = (_CODE_SET.format(path) for path in _RATED)
    facility_rate = law_sql(laws["us.cms.mpfs.facility_rate_pos"], "place_of_service_code")
    connection.execute(
        "CREATE OR REPLACE MACRO is_facility_rate(place_of_service_code, service_date, paid_date, paid_date_earliest) AS "
        f"CASE WHEN place_of_service_code IN ({rated}) "
        f"AND NOT place_of_service_code IN ({unrated}) THEN {facility_rate} END"
    )
    left_out: dict[str, Path] = {}  # steps that have nothing to do, and what stands in for the first of them
    if not fees["fee_releases"].num_rows:
        left_out |= dict.fromkeys(_OF_FEES, WITHOUT_FEES)
    if not (
        workspace.feeds or any(tables[table.name].num_rows for table in (VISIT_EVENTS, VISITS, INSTITUTIONAL_LINES))
    ):
        left_out |= dict.fromkeys(_OF_VISITS, WITHOUT_VISITS)
    if not (workspace.feeds or tables[INSTITUTIONAL_LINES.name].num_rows or _has_surgical_center(registries)):
        left_out |= dict.fromkeys((*_OF_FACILITIES, *_OF_PAIRS), WITHOUT_PAIRS)
        connection.execute(_empty(INSTITUTIONAL_LINE_FACTS))
    if not (registries.get(SITES.name) or ()):
        left_out |= dict.fromkeys(_OF_MIXES, WITHOUT_MIXES)
        for table in (SITE_MONTH_FACTS, SITE_PAYER_MONTH_FACTS, SITE_PRACTITIONER_FACTS):
            connection.execute(_empty(table))
    has_kept = any(tables[FILES.name].column("is_kept").to_pylist())
    has_many_lines = first >= MANY_LINES
    for step in STEPS:
        if step.name == _OF_KEPT and not has_kept:
            continue
        if step.name not in left_out:
            statements = step.read_text(encoding="utf-8")
            if has_many_lines and _WIDEST in statements:
                _build_in_parts(connection, statements, tables[PROFESSIONAL_LINES.name].num_rows)
            else:
                connection.execute(statements)
            if has_many_lines:
                connection.execute("CHECKPOINT")
        elif step.name in (_OF_FEES[0], _OF_VISITS[0], _OF_MIXES[0], _OF_PAIRS[0]):
            connection.execute(left_out[step.name].read_text(encoding="utf-8"))


def _build_in_parts(connection: duckdb.DuckDBPyConnection, statements: str, lines: int) -> None:
    """Run a step, and build the table of lines that it ends with part by part; each is packed before the next begins."""
    before, create, rows = statements.partition(_WIDEST)
    connection.execute(before)
    for first in range(0, max(lines, 1), LINES_AT_A_TIME):
        part = f"{rows.rstrip().removesuffix(';')}\nWHERE row_id >= {first} AND row_id < {first + LINES_AT_A_TIME}"
        connection.execute(f"INSERT INTO service_line_facts\n{part}" if first else create + part)
        connection.execute("CHECKPOINT")


def _empty(table: Table) -> str:
    """The statement that leaves a fact table without rows."""
    columns = ", ".join(f"{column.name} {SQL_TYPES[column.type]}" for column in table.columns)
    return f"CREATE OR REPLACE TABLE {table.name} ({columns})"


def _has_surgical_center(registries: Mapping[str, pa.Table | None]) -> bool:
    """Whether the sites registry has a surgical center, whose own claim is a professional one."""
    sites = registries.get(SITES.name)
    return sites is not None and "ambulatory_surgical_center" in sites.column("site_type").to_pylist()


def _fees(folder: Path | None, procedures: set[str], zips: set[str]) -> dict[str, pa.Table]:
    """The fee tables as far as these codes and ZIP codes need them, with the base codes of endoscopies."""
    import pyarrow.compute as pc

    fees = load_fees(folder, procedures, zips)
    bases = {code for code in pc.unique(fees["fee_relative_values"].column("endoscopic_base_code")).to_pylist() if code}
    return fees if bases <= procedures else load_fees(folder, procedures | bases, zips)


def _procedures(tables: dict[str, pa.Table], laws: dict[str, Law]) -> set[str]:
    """The codes whose prices are asked for: those of the lines, and those of the parts of a test."""
    import pyarrow.compute as pc

    found = {
        code
        for table in (PROFESSIONAL_LINES, INSTITUTIONAL_LINES)
        for code in pc.unique(tables[table.name].column("procedure_code")).to_pylist()
        if code
    }
    parts = (row for version in laws["us.cms.mpfs.global_test_codes"].versions for row in version.rows)
    return found | {row["professional"] for row in parts if row["global"] in found}


def _zips(tables: dict[str, pa.Table], registries: Mapping[str, pa.Table | None]) -> set[str]:
    """The ZIP codes, five digits, of the places that claims and the sites registry name."""
    import pyarrow.compute as pc

    columns = [
        tables[CLAIMS.name].column("service_facility_zip"),
        tables[CLAIMS.name].column("billing_provider_zip"),
        tables[PROFESSIONAL_LINES.name].column("service_facility_zip"),
    ]
    sites = registries["sites"]
    columns += [sites.column("zip")] if sites is not None else []
    return {zip_code[:5] for column in columns for zip_code in pc.unique(column).to_pylist() if zip_code}


def _numbered(table: pa.Table, first: int, name: str = "row_id") -> pa.Table:
    """The rows with a number, counted from ``first``."""
    import numpy as np
    import pyarrow as pa

    return table.append_column(name, pa.array(np.arange(first, first + table.num_rows)))


def _rows(rows: Sequence[tuple[object, ...]], names: tuple[str, ...]) -> pa.Table:
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pa.table({name: pa.array(column) for name, column in zip(names, columns, strict=True)})
