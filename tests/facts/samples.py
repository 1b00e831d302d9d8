"""Small rows for the tests of the facts, and many cases in one build.

To plan the SQL of the facts takes half a second, whatever the number of rows. So a test puts all its
cases into one run: each is a little world of its own (`Case`), whose claims, sites and patients are
renamed so that no case meets another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from scrubjay.engine import connect
from scrubjay.facts import build_facts
from scrubjay.reference.law import Law, load_laws
from scrubjay.tables import (
    CLAIMS,
    INSTITUTIONAL_LINES,
    PROFESSIONAL_LINES,
    REGISTRIES,
    VISIT_EVENTS,
    VISITS,
    Table,
    arrow_schema,
    no_rows,
)
from scrubjay.workspace import Feed, FeeSettings, RuleSetting, Workspace
from tests.conftest import RUN_DATE

Row = dict[str, Any]
D = dt.date
DAY = D(2024, 3, 5)
LAWS = load_laws()
NPI = "1999999984"
NO_FEE_SETTINGS = FeeSettings()

CLAIM: Row = {
    "claim_key": 0, "file_id": 0, "claim_type": "professional", "claim_id": "A1", "place_of_service_code": "11",
    "claim_form": "electronic", "transaction_date": D(2024, 3, 10), "byte_offset": 100,
    "billing_provider_npi": "1234567893", "billing_provider_address_line_1": "500 BILLING AVE",
    "billing_provider_zip": "90005", "member_id": "M1", "claim_filing_code": "MB", "payer_id": "PAYER1",
}  # fmt: skip
HOSPITAL_CLAIM: Row = CLAIM | {
    "claim_type": "institutional", "place_of_service_code": None, "type_of_bill_code": "131", "claim_filing_code": "MA",
    "statement_from_date": DAY, "statement_through_date": DAY,
}  # fmt: skip
LINE: Row = {"claim_key": 0, "line_number": 1, "byte_offset": 200, "procedure_code": "99213", "service_date": DAY}
HOSPITAL_LINE: Row = LINE | {"procedure_code": "G0463", "revenue_code": "0510"}
SITE: Row = {
    "site_id": "NORTH", "site_name": "North Clinic", "site_type": "provider_based_department",
    "address_line_1": "1 Main Street", "zip": "90001", "provider_based_from": D(2010, 1, 1),
}  # fmt: skip
AT_NORTH: Row = {"service_facility_address_line_1": "1 MAIN ST", "service_facility_zip": "90001"}
AT_BILLING: Row = {"address_line_1": "500 Billing Avenue", "zip": "90005"}


def yards(distance: str | None, method: str | None = "straight_line", **more: Any) -> Row:
    """The cells of a site so many yards from its main campus, and whatever more is given."""
    return {"distance_yards": Decimal(distance) if distance else None, "distance_method": method, **more}


def registry(table: Table, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    numbered = [{**row, "row_number": number} for number, row in enumerate(rows, 1)]
    return pa.Table.from_pylist(numbered, arrow_schema(table).append(pa.field("row_number", pa.int64())))


def build(
    claims: Iterable[Row],
    lines: Iterable[Row],
    received: dt.date | None = None,
    hospital_lines: Iterable[Row] = (),
    run_date: dt.date = RUN_DATE,
    laws: dict[str, Law] = LAWS,
    connection: Any = None,
    settings: tuple[RuleSetting, ...] = (),
    fees: Path | None = None,
    fee_settings: FeeSettings = NO_FEE_SETTINGS,
    events: Iterable[Row] = (),
    visits: Iterable[Row] = (),
    feeds: tuple[Feed, ...] = (),
    **registries: Any,
) -> Any:
    """A connection with the facts of these claims and lines; a registry that is not given is not kept."""
    connection = connection or connect()
    tables = {
        **no_rows(),
        "visit_events": pa.Table.from_pylist(list(events), arrow_schema(VISIT_EVENTS)),
        "visits": pa.Table.from_pylist(list(visits), arrow_schema(VISITS)),
        "claims": pa.Table.from_pylist(list(claims), arrow_schema(CLAIMS)),
        "professional_lines": pa.Table.from_pylist(list(lines), arrow_schema(PROFESSIONAL_LINES)),
        "institutional_lines": pa.Table.from_pylist(list(hospital_lines), arrow_schema(INSTITUTIONAL_LINES)),
    }
    kept = {t.name: registry(t, registries[t.name]) if t.name in registries else None for t in REGISTRIES}
    workspace = replace(
        Workspace.empty(), registries=kept, settings=settings, own_fees=fees, fee_settings=fee_settings, feeds=feeds
    )
    build_facts(connection, tables, workspace, laws, received, run_date)
    return connection


def facts_of(connection: Any, table: str = "service_line_facts") -> list[Row]:
    rows: list[Row] = connection.sql(f"SELECT * FROM {table} ORDER BY row_id").to_arrow_table().to_pylist()
    return rows


# --- many cases in one build --------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One claim and what the registries hold about it: the ordinary rows above, changed as given."""

    site: Row | None = field(default_factory=dict)  # changes SITE; None: no such row
    claim: Row = field(default_factory=dict)
    line: Row = field(default_factory=dict)
    lines: tuple[Row, ...] = ()  # several lines, instead of one
    sites: tuple[Row, ...] = ()  # whole rows, instead of SITE
    encounters: tuple[Row, ...] = ()
    providers: tuple[Row, ...] = ()
    payers: tuple[Row, ...] = ()
    others: tuple[tuple[Row, Row], ...] = ()  # further claims of the same patient, each with its line
    is_hospital: bool = False
    is_named: bool = True  # the claim names North Clinic as its service facility

    def site_rows(self) -> tuple[Row, ...]:
        if self.sites or self.site is None:
            return self.sites
        return (SITE | self.site,)

    def claim_rows(self) -> list[tuple[Row, tuple[Row, ...]]]:
        claim = (HOSPITAL_CLAIM if self.is_hospital else CLAIM) | (AT_NORTH if self.is_named else {})
        line = HOSPITAL_LINE if self.is_hospital else LINE
        own = tuple(line | {"line_number": n} | one for n, one in enumerate(self.lines or (self.line,), 1))
        return [(claim | self.claim, own), *((claim | more, (line | one,)) for more, one in self.others)]


_NAMES = {
    "claim_id", "member_id", "site_id", "payer_id", "patient_last_name", "other_claim_id", "hospital_id",
    "technical_component_site_id", "reader_site_id", "specimen_site_id",
}  # fmt: skip
_NUMBERS = {"zip", "npi", "ptan", "ccn"}


def _renamed(row: Row, case: int) -> Row:
    """The row with every name in it made the case's own: 'A1' is 'A1~007', ZIP 90001 is 00701."""

    def value(column: str, old: Any) -> Any:
        if isinstance(old, str) and old not in ("", "none"):
            if column in _NAMES:
                return f"{old}~{case:03}"
            if any(column == name or column.endswith(f"_{name}") for name in _NUMBERS) and len(old) > 4:
                return f"{case:03}{old[3:]}" if column[-3:] in ("zip", "npi") else f"{case:03}{old[-4:]}"
        return old

    return {column: value(column, old) for column, old in row.items()}


def _named_back(row: Row, case: int) -> Row:
    return {
        column: old.removesuffix(f"~{case:03}") if column in _NAMES and isinstance(old, str) else old
        for column, old in row.items()
    }


def facts_of_cases(
    cases: Iterable[Case], table: str = "service_line_facts", received: dt.date | None = None
) -> list[list[Row]]:
    """The facts of each case, in the order of its lines (or claims, or sites)."""
    claims: list[Row] = []
    lines: dict[bool, list[Row]] = {False: [], True: []}
    kept: dict[str, Any] = {}
    case_of_claim: list[int] = []
    cases = list(cases)
    for number, case in enumerate(cases):
        for claim, own in case.claim_rows():
            key = {"claim_key": len(claims)}
            claims.append(_renamed(claim, number) | key)
            case_of_claim.append(number)
            lines[case.is_hospital] += [_renamed(line, number) | key for line in own]
        rows = {"sites": case.site_rows(), "encounters": case.encounters, "providers": case.providers}
        for name, more in {**rows, "payers": case.payers}.items():
            if more:
                kept.setdefault(name, []).extend(_renamed(row, number) for row in more)
    connection = build(claims, lines[False], received, lines[True], **kept)
    found: list[list[Row]] = [[] for _ in cases]
    for row in facts_of(connection, table):
        number = case_of_claim[row["claim_key"]] if "claim_key" in row else int(row["site_id"][-3:])
        found[number].append(_named_back(row, number))
    return found


def check(
    columns: str,
    *cases: tuple[Case | Row, Any],
    table: str = "service_line_facts",
    is_hospital: bool = False,
    received: dt.date | None = None,
) -> None:
    """Each case has the value given in the column (a tuple for several) of its first row.

    A case that is a plain row changes only the site.
    """
    table = "institutional_line_facts" if is_hospital and table == "service_line_facts" else table
    whole = [case if isinstance(case, Case) else Case(case, is_hospital=is_hospital) for case, _ in cases]
    found = [rows[0] for rows in facts_of_cases(whole, table, received)]
    names = columns.split()
    values = [tuple(row[name] for name in names) if len(names) > 1 else row[names[0]] for row in found]
    wrong = [
        f"{value!r} and not {want!r} at {case}"
        for (case, want), value in zip(cases, values, strict=True)
        if value != want or type(value) is not type(want)
    ]
    assert not wrong, f"{columns}:\n" + "\n".join(wrong)
