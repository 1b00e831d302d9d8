"""What-if: what one change of a site, of the year or of the law does to what Medicare pays both sides.

The lines are priced twice by the facts: as billed, and after the change. The professional side is the allowed
amount of the physician fee schedule, the hospital's side the national outpatient rate. An amount that is not known
before or after is in no sum; it is counted under its reason.

A hospital's claim for a place that is an office today cannot be in the files, so it is worked out from the
professional line: an office visit as the clinic visit, anything else as its own code. So is that of a department,
where the files hold no line of the hospital for the patient, site and day.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.engine import Row, connect, plain, shares, today
from scrubjay.errors import UsageError, near_miss, printable
from scrubjay.facts import build_facts
from scrubjay.formats import list_files, read_files
from scrubjay.reference.law import Law, law_sql, load_laws, quoted
from scrubjay.tables import CLAIMS, INSTITUTIONAL_LINES, PROFESSIONAL_LINES, Table, arrow_schema, no_rows
from scrubjay.workspace import Workspace

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

PLACES = ("11", "19", "22")
STATUSES = ("excepted", "non_excepted")
CLINIC_VISIT = "G0463"  # what a hospital bills for an office visit
_YEARS = range(1992, 2100)  # the physician fee schedule began in 1992
_NOTHING = Decimal("0.00")

_WORDS = {
    ("11", None): "an office (POS 11)",
    ("22", None): "a department on the campus (POS 22)",
    ("19", "excepted"): "an excepted off-campus department (POS 19)",
    ("19", "non_excepted"): "an off-campus department that is not excepted (POS 19)",
    (None, "excepted"): "an excepted department (PO in place of PN)",
    (None, "non_excepted"): "a department that is not excepted (PN in place of PO)",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is to change: a site's place or status, the year of all services, the law; None leaves it as it is."""

    site: str | None = None
    place: str | None = None
    status: str | None = None
    year: int | None = None
    law: Path | None = None

    @property
    def new_status(self) -> str | None:
        """The status that the site is to have: a new off-campus department is not excepted unless the question says so."""
        return self.status or ("non_excepted" if self.place == "19" else None)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two sides over some lines: what is paid before and after, as far as both are known."""

    lines: int
    known_lines: int
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before

    @property
    def is_unknown(self) -> bool:
        """There are lines, and nothing is known of any."""
        return self.lines > 0 and self.known_lines == 0

    @property
    def is_whole(self) -> bool:
        return self.known_lines == self.lines


@dataclass(frozen=True, slots=True)
class Shares:
    """What of the professional change falls on the programme and on the patient."""

    program: Decimal = _NOTHING
    program_after_sequestration: Decimal = _NOTHING
    beneficiary: Decimal = _NOTHING


@dataclass(frozen=True, slots=True)
class Sums:
    """What changes for one code, for one site, or in all."""

    key: str | None  # the code ('' for none) or the site (None: not known)
    name: str | None  # of the site
    outpatient_code: str | None  # under which the hospital bills the code, where that is another
    lines: int
    units: Decimal | None
    assumed_lines: int  # hospital lines that are worked out from the professional ones
    professional: Side
    facility: Side
    shares: Shares | None  # None: the law on coinsurance or sequestration is silent

    @property
    def net_change(self) -> Decimal | None:
        """Both sides together; None where nothing is known of one of them."""
        if self.professional.is_unknown or self.facility.is_unknown:
            return None
        return self.professional.change + self.facility.change

    @property
    def is_whole(self) -> bool:
        """Whether every line is known on both sides."""
        return self.professional.is_whole and self.facility.is_whole

    def as_dict(self) -> Row:
        shares = None
        if self.shares is not None and not self.professional.is_unknown:
            shares = {
                "program_change": plain(self.shares.program),
                "program_after_sequestration_change": plain(self.shares.program_after_sequestration),
                "beneficiary_change": plain(self.shares.beneficiary),
            }
        return {
            "lines": self.lines,
            "units": plain(self.units),
            "professional": {**_side_as_dict(self.professional), "shares": shares},
            "facility": {**_side_as_dict(self.facility), "assumed_lines": self.assumed_lines},
            "net_change": plain(self.net_change),
            "is_whole": self.is_whole,
        }


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a change does: in all, for each code and each site, and what is not known of it."""

    question: Question
    title: str
    totals: Sums
    codes: list[Sums]
    sites: list[Sums]
    unknown: list[Row]  # side, because, lines
    left_out: list[Row]  # because, lines
    unmoved: list[Row]  # place_of_service_code, lines: those at the site that have another place than 11, 19 or 22
    notes: list[str]
    has_unread: bool

    def as_dict(self) -> Row:
        """All of it, as the JSON door prints it (schema ``scrubjay.whatif/1``); amounts are text, null is not known."""
        asked = self.question
        return {
            "schema": "scrubjay.whatif/1",
            "question": {
                "title": self.title,
                "site_id": asked.site,
                "place_of_service_code": asked.place,
                "status": asked.new_status,
                "year": asked.year,
                "law": None if asked.law is None else str(asked.law),
            },
            "totals": self.totals.as_dict(),
            "codes": [{"code": one.key, "outpatient_code": one.outpatient_code, **one.as_dict()} for one in self.codes],
            "sites": [{"site_id": one.key, "site_name": one.name, **one.as_dict()} for one in self.sites],
            "unknown": self.unknown,
            "left_out": self.left_out,
            "unmoved": self.unmoved,
            "notes": self.notes,
        }

    @property
    def exit_code(self) -> int:
        """0; 2 if something could not be read."""
        return 2 if self.has_unread else 0


def _side_as_dict(side: Side) -> Row:
    amounts = {"before": side.before, "after": side.after, "change": side.change}
    shown = {name: None if side.is_unknown else plain(amount) for name, amount in amounts.items()}
    return {"lines": side.lines, "known_lines": side.known_lines, **shown}


def run_whatif(
    paths: Iterable[str | Path],
    *,
    site: str | None = None,
    place: str | None = None,
    status: str | None = None,
    year: int | None = None,
    law: Path | None = None,
    workspace: Workspace | None = None,
    received: dt.date | None = None,
) -> WhatIf:
    """What changes for the professional and the facility side of the Medicare lines in these files.

    ``site`` alone chooses lines; with ``place`` (11, 19, 22) or ``status`` (excepted, non_excepted) it is what
    changes. ``year`` prices all lines as if given in that year, ``law`` lays a folder of law files over the law.
    Raises UsageError for a question that cannot be asked, and DefinitionError for a malformed law file.
    """
    workspace = workspace or Workspace.empty()
    question = Question(site, place, status, year, law)
    laws = load_laws(workspace.own_law)
    _check_question(question, workspace)
    changed, laid_over = _changed_law(question, workspace, laws)

    paths = list_files(paths, workspace.own_files)
    tables = read_files(paths, kept=workspace.kept_files(), column_map=workspace.column_map)
    has_unread = "error" in tables["intake_problems"].column("severity").to_pylist()
    is_new_build = year is not None or law is not None

    def priced_after(given: dict[str, pa.Table], kept: Workspace, before: Priced) -> Priced:
        if not is_new_build:
            return before
        if year is None:
            return _priced(given, kept, changed, received, place)
        return _priced_in_year(given, kept, changed, received, place, year)

    billed = _priced(tables, workspace, laws, received, place)
    after = priced_after(tables, workspace, billed)
    tables.clear()
    connection = connect(sum(rows.num_rows for rows in billed))
    _choose(connection, billed, question)
    worked_out = _worked_out(connection, laws, question)
    hospital_before = hospital_after = (billed[0].slice(0, 0), billed[1].slice(0, 0))
    if worked_out.num_rows:
        lines, hospital = _hospital_tables(worked_out, question), _with_hospital_type(workspace, question)
        hospital_before = _priced(lines, hospital, laws, None, None)
        hospital_after = priced_after(lines, hospital, hospital_before)
    for name, rows in (
        ("after_professional", after[0]),
        ("after_institutional", after[1]),
        ("hospital_before", hospital_before[1]),
        ("hospital_after", hospital_after[1]),
    ):
        connection.register(name, rows)
    connection.execute(_services_sql(question))
    notes = _notes(connection, question, laid_over, worked_out, workspace)
    return WhatIf(
        question,
        _title(connection, question),
        _sums(connection, "NULL", laws, changed)[0],
        _sums(connection, "code", laws, changed),
        _sums(connection, "site_id", laws, changed),
        _rows(connection, _UNKNOWN),
        _rows(connection, _LEFT_OUT),
        _rows(connection, _UNMOVED) if place else [],
        notes,
        has_unread,
    )


# --- the question -------------------------------------------------------------------------------------


def _check_question(question: Question, workspace: Workspace) -> None:
    """Raise UsageError, with what to write instead, if the question makes no sense."""
    site, place, status, year = question.site, question.place, question.status, question.year
    if (place, status, year, question.law) == (None, None, None, None):
        raise UsageError("Nothing changes yet. Add --place or --status with --site, or --year, or --law.")
    if place is not None and place not in PLACES:
        raise UsageError(f"--place is '{place}'. Use one of: {', '.join(PLACES)}.")
    if status is not None and status not in STATUSES:
        raise UsageError(
            f"--status is '{status}'.{near_miss(status, list(STATUSES))} Use one of: {', '.join(STATUSES)}."
        )
    if site is None and (place or status):
        raise UsageError(f"{'--place' if place else '--status'} changes one site. Name it: --site SITE.")
    if status is not None and place in ("11", "22"):
        what = "an office" if place == "11" else "a department on the campus"
        raise UsageError(f"--status is about off-campus departments, and POS {place} is {what}. Leave --status out.")
    if year is not None and year not in _YEARS:
        raise UsageError(f"--year is {year}. Write the four digits of a year from {_YEARS[0]} to {_YEARS[-1]}.")
    if site is not None:
        sites = workspace.registries["sites"]
        if sites is None:
            advice = "'scrubjay sites import FILE' brings one in"
            raise UsageError(
                f"--site {site}: no sites registry is loaded, so no line is known to be from there; {advice}."
            )
        known = sorted(set(sites.column("site_id").to_pylist()))
        if site not in known:
            near = near_miss(site, known)
            raise UsageError(
                f"--site {site}: no such site in the sites registry.{near} 'scrubjay sites list' shows them."
            )


def _changed_law(
    question: Question, workspace: Workspace, laws: dict[str, Law]
) -> tuple[dict[str, Law], tuple[str, ...]]:
    """The law with the folder laid over it, and the paths of what the folder holds."""
    folder = question.law
    if folder is None:
        return laws, ()
    if not folder.is_dir():
        raise UsageError(f"--law {folder}: there is no such folder.")
    own = {".".join(file.relative_to(folder).with_suffix("").parts) for file in folder.rglob("*.yaml")}
    if not own:
        raise UsageError(
            f"--law {folder}: there is no law file in it. Lay them out as the law is: "
            "us/cms/opps/site_neutral_items.yaml is us.cms.opps.site_neutral_items."
        )
    for path in sorted(own - laws.keys()):
        raise UsageError(
            f"--law {folder}: there is no law '{path}' that it could be laid over.{near_miss(path, list(laws))} "
            "'scrubjay law' lists them all."
        )
    return load_laws(workspace.own_law, folder), tuple(sorted(own))


# --- prices -------------------------------------------------------------------------------------------

Priced = tuple["pa.Table", "pa.Table"]  # professional and institutional lines, by row_id

_PROFESSIONAL = """
SELECT
    f.row_id, f.site_id, f.site_name, f.payer_program, f.service_date, f.procedure_code, f.place_of_service_code,
    f.modifiers, f.is_professional_component, f.is_excepted_department, f.excepted_because,
    l.units, c.member_id, c.claim_frequency_code,
    f.allowed_amount, f.allowed_because,
    CASE WHEN f.has_modifier_pd OR {there} THEN f.facility_amount
         WHEN NOT {there} THEN f.nonfacility_amount END AS moved_amount,
    CASE WHEN f.has_modifier_pd OR {there} THEN f.facility_because
         WHEN NOT {there} THEN f.nonfacility_because
         ELSE coalesce(f.service_date_because, 'whether Medicare pays {place} at the facility rate is not known')
    END AS moved_because
FROM service_line_facts AS f
JOIN professional_lines AS l USING (row_id)
JOIN claims AS c ON c.claim_key = f.claim_key
ORDER BY f.row_id
"""
_INSTITUTIONAL = """
SELECT
    f.row_id, f.site_id, f.site_name, f.payer_program, f.service_date, f.procedure_code, f.department_modifier,
    f.facility_type_code, l.units, c.member_id, c.claim_frequency_code,
    f.outpatient_amount, f.outpatient_because,
    f.outpatient_rate_amount AS full_amount, f.rate_because AS full_because,
    f.outpatient_po_amount AS excepted_amount, f.po_because AS excepted_because,
    f.outpatient_pn_amount AS non_excepted_amount,
    coalesce(f.rate_because, 'the law names no share of the outpatient rate for that day') AS non_excepted_because
FROM institutional_line_facts AS f
JOIN institutional_lines AS l USING (row_id)
JOIN claims AS c ON c.claim_key = f.claim_key
ORDER BY f.row_id
"""


def _priced(
    tables: dict[str, pa.Table],
    workspace: Workspace,
    laws: dict[str, Law],
    received: dt.date | None,
    place: str | None,
) -> Priced:
    """What each line is paid as billed; a professional line also at ``place``, a hospital's also under each status."""
    connection = connect(sum(table.num_rows for table in tables.values()))
    build_facts(connection, tables, workspace, laws, received, today())
    there = f"is_facility_rate('{place}', f.service_date, f.paid_date, f.paid_date_earliest)" if place else "NULL"
    professional = connection.sql(_PROFESSIONAL.format(there=there, place=place)).to_arrow_table()
    return professional, connection.sql(_INSTITUTIONAL).to_arrow_table()


def _priced_in_year(
    tables: dict[str, pa.Table],
    workspace: Workspace,
    laws: dict[str, Law],
    received: dt.date | None,
    place: str | None,
    year: int,
) -> Priced:
    """The same, as if every line had been given in that year.

    The claims of each year are priced by themselves, with the rows of the registries moved by as many years: a
    registry answers as on the true day.
    """
    import numpy as np
    import pyarrow as pa

    connection = connect()
    for table in (CLAIMS, PROFESSIONAL_LINES, INSTITUTIONAL_LINES):
        connection.register(table.name, tables[table.name])
    count = tables[PROFESSIONAL_LINES.name].num_rows
    parts: list[Priced] = []
    for of_year, found in _claims_by_year(connection):
        years = 0 if of_year is None else year - of_year
        given = {CLAIMS.name: _of_claims(tables[CLAIMS.name], found)[0]}
        row_ids = []
        for table, first in ((PROFESSIONAL_LINES, 0), (INSTITUTIONAL_LINES, count)):
            given[table.name], places = _of_claims(tables[table.name], found)
            row_ids.append(places + first)
        given = tables | {name: _moved(connection, rows, years, year) for name, rows in given.items()}
        shifted = replace(workspace, registries=_registries_moved(connection, workspace, years, year))
        true_ids = np.concatenate(row_ids)
        priced = _priced(given, shifted, laws, _day_moved(received, years), place)
        professional, institutional = (
            rows.set_column(0, "row_id", pa.array(true_ids[rows.column("row_id").to_numpy()])) for rows in priced
        )
        parts.append((professional, institutional))
    if not parts:
        return _priced(tables, workspace, laws, received, place)
    return pa.concat_tables(part[0] for part in parts), pa.concat_tables(part[1] for part in parts)


# Days that move with the claim, by as many years as its first service; and those of services, which are set to the year.
_MOVED = (
    "transaction_date", "statement_from_date", "statement_through_date", "admission_date", "discharge_date",
    "receipt_date", "paid_date", "effective_from", "effective_to",
)  # fmt: skip
_SET = ("service_date", "service_through_date")


def _claims_by_year(connection: duckdb.DuckDBPyConnection) -> list[tuple[int | None, pa.Array]]:
    """The keys of the claims of each year, by their first service, else by the statement; None: without a date."""
    rows = connection.sql(
        """
        WITH dated AS (
            SELECT claim_key, service_date FROM professional_lines
            UNION ALL SELECT claim_key, service_date FROM institutional_lines
        ),
        years AS (
            SELECT c.claim_key, year(coalesce(min(d.service_date), any_value(c.statement_from_date))) AS year
            FROM claims AS c
            LEFT JOIN dated AS d USING (claim_key)
            GROUP BY c.claim_key
        )
        SELECT year, list(claim_key) FROM years GROUP BY year ORDER BY year
        """
    ).to_arrow_table()
    return [(year.as_py(), keys.values) for year, keys in zip(rows.column(0), rows.column(1), strict=True)]


def _of_claims(rows: pa.Table, keys: pa.Array) -> tuple[pa.Table, Any]:
    """The rows of these claims, and where they stand among all."""
    import numpy as np
    import pyarrow.compute as pc

    places = np.flatnonzero(pc.is_in(rows.column("claim_key"), value_set=keys).to_numpy(zero_copy_only=False))
    return rows.take(places), places


def _moved(connection: duckdb.DuckDBPyConnection, rows: pa.Table, years: int, year: int) -> pa.Table:
    """The rows with their days moved; a 29 February becomes the 28th in a year that has none."""
    names = set(rows.column_names)
    columns = [f"CAST({name} + to_years({years}) AS DATE) AS {name}" for name in _MOVED if name in names]
    columns += [
        f"CAST({name} + to_years(CAST({year} - year({name}) AS INTEGER)) AS DATE) AS {name}"
        for name in _SET
        if name in names
    ]
    connection.register("moved_rows", rows)
    found = connection.sql(f"SELECT * REPLACE ({', '.join(columns)}) FROM moved_rows").to_arrow_table()
    connection.unregister("moved_rows")
    return found.cast(rows.schema)


def _registries_moved(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, years: int, year: int
) -> dict[str, pa.Table | None]:
    """The registries whose rows hold for a time, with those times moved."""
    return {
        name: rows
        if rows is None or "effective_from" not in rows.column_names
        else _moved(connection, rows, years, year)
        for name, rows in workspace.registries.items()
    }


def _day_moved(day: dt.date | None, years: int) -> dt.date | None:
    if day is None:
        return None
    with suppress(ValueError):
        return day.replace(year=day.year + years)
    return day.replace(year=day.year + years, day=28)


# --- the lines of the question, and hospital lines that are not in the files -----------------------------

_MEDICARE = "('medicare_part_a', 'medicare_part_b')"


def _choose(connection: duckdb.DuckDBPyConnection, billed: Priced, question: Question) -> None:
    """Leave ``all_lines`` (which line is left out, and why), ``professional`` and ``institutional`` (those that are not)."""
    connection.register("billed_professional", billed[0])
    connection.register("billed_institutional", billed[1])
    site = quoted([question.site]) if question.site is not None else ""
    elsewhere = (
        f"WHEN site_id IS NULL THEN 'it is not known where they were given' WHEN site_id <> {site} "
        "THEN 'given at another site'"
        if site
        else ""
    )
    cancelled = "WHEN claim_frequency_code = '8' THEN 'on a claim that only cancels another'"
    connection.execute(
        f"""
        CREATE TABLE all_lines AS
        SELECT row_id, CASE
            WHEN payer_program IS NULL THEN 'it is not known which programme pays'
            WHEN payer_program <> 'medicare_part_b' THEN 'not billed to Medicare Part B'
            {cancelled} {elsewhere} END AS because
        FROM billed_professional
        UNION ALL
        SELECT row_id, CASE
            WHEN payer_program IS NULL THEN 'it is not known which programme pays'
            WHEN payer_program NOT IN {_MEDICARE} THEN 'hospital lines not billed to Medicare'
            WHEN facility_type_code NOT IN ('13', '85') THEN 'on no outpatient bill of a hospital (13X, 85X)'
            {cancelled} {elsewhere} END
        FROM billed_institutional
        """
    )
    moves = f"place_of_service_code IN ({quoted(PLACES)}) AND place_of_service_code <> '{question.place}'"
    chosen = "SEMI JOIN (SELECT row_id FROM all_lines WHERE because IS NULL) USING (row_id)"
    connection.execute(
        f"CREATE TABLE professional AS SELECT *, {moves if question.place else 'FALSE'} AS moves "
        f"FROM billed_professional {chosen}"
    )
    connection.execute(f"CREATE TABLE institutional AS SELECT * FROM billed_institutional {chosen}")


def _worked_out(connection: duckdb.DuckDBPyConnection, laws: dict[str, Law], question: Question) -> pa.Table:
    """The hospital lines that belong to professional lines which move, and are not in the files.

    Columns: those of the line, the ``row_id`` of the professional line, and ``doubt``: why it is not known whether
    there would be such a line. They stay in the connection as ``worked_out``, numbered by ``hospital_row``.
    """
    is_visit = law_sql(laws["us.cpt.office_visits"], "p.procedure_code")
    changing = quoted(laws["us.cms.mpfs.price_changing_modifiers"].versions[-1].values)
    marks = f"list_intersect(string_split(p.modifiers, ' '), [{changing}])"
    connection.execute(
        f"""
        CREATE TABLE worked_out AS
        WITH hospital_days AS (
            SELECT service_date AS day, bool_or(member_id IS NULL) AS has_nameless
            FROM institutional
            GROUP BY service_date
        )
        SELECT
            row_number() OVER (ORDER BY p.row_id) - 1 AS hospital_row,
            p.row_id,
            p.service_date,
            CASE WHEN {is_visit} THEN '{CLINIC_VISIT}' ELSE nullif(p.procedure_code, '') END AS procedure_code,
            p.units,
            CASE
                WHEN p.is_professional_component
                    THEN 'only the reading is billed (modifier 26), and who gave the other part is not known'
                WHEN len({marks}) > 0
                    THEN 'what the hospital would bill beside modifier ' || {marks}[1] || ' is not known'
                WHEN h.has_nameless OR p.member_id IS NULL AND h.day IS NOT NULL
                    THEN 'whether a hospital line of that day in the files is for this visit is not known'
            END AS doubt
        FROM professional AS p
        LEFT JOIN hospital_days AS h ON h.day = p.service_date
        WHERE p.moves AND NOT EXISTS (
            FROM institutional AS i WHERE i.service_date = p.service_date AND i.member_id = p.member_id
        )
        """
        if question.place
        else "CREATE TABLE worked_out (hospital_row BIGINT, row_id BIGINT, service_date DATE, procedure_code VARCHAR, "
        "units DECIMAL(18,4), doubt VARCHAR)"
    )
    return connection.sql("FROM worked_out ORDER BY hospital_row").to_arrow_table()


def _hospital_tables(lines: pa.Table, question: Question) -> dict[str, pa.Table]:
    """Hospital lines as the tables of a file, each on an outpatient bill of its own, without modifiers."""
    import pyarrow as pa

    def table_of(table: Table, **columns: Any) -> pa.Table:
        schema = arrow_schema(table)
        given = {one.name: columns.get(one.name, pa.nulls(lines.num_rows, one.type)) for one in schema}
        return pa.Table.from_pydict(given, schema)

    def same(value: Any) -> pa.Array:
        return pa.array([value] * lines.num_rows)

    keys, days = lines.column("hospital_row").cast(pa.int64()), lines.column("service_date")
    return {
        **no_rows(),
        CLAIMS.name: table_of(
            CLAIMS,
            claim_key=keys,
            file_id=same(0).cast(pa.int64()),
            claim_type=same("institutional").cast(pa.string()),
            type_of_bill_code=same("131").cast(pa.string()),
            claim_filing_code=same("MA").cast(pa.string()),
            statement_from_date=days,
            statement_through_date=days,
            site_id=same(question.site).cast(pa.string()),
        ),
        INSTITUTIONAL_LINES.name: table_of(
            INSTITUTIONAL_LINES,
            claim_key=keys,
            line_number=same(1).cast(pa.int64()),
            procedure_code=lines.column("procedure_code").cast(pa.string()),
            units=lines.column("units"),
            service_date=days,
        ),
    }


def _with_hospital_type(workspace: Workspace, question: Question) -> Workspace:
    """The workspace in which the site is paid as its hospital is; a site without a hospital gets an ordinary one."""
    sites = workspace.registries["sites"]
    if sites is None or question.site is None:
        return workspace
    connection = connect()
    connection.register("sites", sites)

    def of_hospital(column: str) -> str:
        main = "h.hospital_id = s.hospital_id AND h.site_type = 'main_campus'"
        return f"s.{column}, (SELECT min(h.{column}) FROM sites AS h WHERE {main})"

    rural = "is_rural_sole_community_hospital"
    filled = connection.sql(
        f"SELECT * REPLACE (coalesce({of_hospital('hospital_type')}, 'ipps') AS hospital_type, "
        f"coalesce({of_hospital(rural)}) AS {rural}) FROM sites AS s ORDER BY row_number"
    ).to_arrow_table()
    return replace(workspace, registries={**workspace.registries, "sites": filled.cast(sites.schema)})


# --- before and after ---------------------------------------------------------------------------------

_ZERO = "CAST(0 AS DECIMAL(18, 2))"


def _services_sql(question: Question) -> str:
    """The SQL that makes ``services``: each line with what is paid before and after, on the side or sides it has.

    ``…_because`` is not NULL exactly where an amount is missing.
    """
    moved, moved_because = _hospital_after(question)
    new = {"11": None, "22": "full", "19": question.new_status}.get(question.place or "")
    return f"""
    CREATE TABLE services AS
    WITH professional_lines AS (
        SELECT
            b.row_id,
            b.procedure_code AS code,
            b.site_id,
            b.site_name,
            b.units,
            b.service_date AS day_before,
            a.service_date AS day_after,
            b.allowed_amount AS before,
            CASE WHEN b.moves THEN a.moved_amount ELSE a.allowed_amount END AS after,
            CASE WHEN before IS NULL THEN b.allowed_because WHEN after IS NOT NULL THEN NULL
                 WHEN b.moves THEN a.moved_because ELSE a.allowed_because END AS because
        FROM professional AS b
        JOIN after_professional AS a USING (row_id)
    ),
    hospital_lines AS (  -- worked out from professional lines
        SELECT
            p.row_id,
            w.procedure_code AS outpatient_code,
            w.doubt,
            CASE p.place_of_service_code WHEN '11' THEN {_ZERO} WHEN '22' THEN b.full_amount
                WHEN '19' THEN CASE WHEN p.is_excepted_department THEN b.excepted_amount
                                    WHEN NOT p.is_excepted_department THEN b.non_excepted_amount END END AS before,
            CASE WHEN before IS NOT NULL THEN NULL WHEN p.place_of_service_code = '22' THEN b.full_because
                 WHEN p.is_excepted_department THEN b.excepted_because
                 WHEN NOT p.is_excepted_department THEN b.non_excepted_because
                 ELSE p.excepted_because END AS before_because,
            {f"a.{new}_amount" if new else _ZERO} AS after,
            coalesce(w.doubt, before_because, {f"a.{new}_because" if new else "NULL"}) AS because
        FROM worked_out AS w
        JOIN professional AS p USING (row_id)
        JOIN hospital_before AS b ON b.row_id = w.hospital_row
        JOIN hospital_after AS a ON a.row_id = w.hospital_row
    ),
    institutional_lines AS (
        SELECT
            b.row_id,
            b.procedure_code AS code,
            b.site_id,
            b.site_name,
            b.units,
            b.service_date AS day_before,
            a.service_date AS day_after,
            b.outpatient_amount AS before,
            {moved} AS after,
            CASE WHEN before IS NULL THEN b.outpatient_because WHEN after IS NULL THEN {moved_because} END AS because
        FROM institutional AS b
        JOIN after_institutional AS a USING (row_id)
    ),
    both_sides AS (
        SELECT
            p.code, nullif(h.outpatient_code, p.code) AS outpatient_code, p.site_id, p.site_name, p.units,
            p.day_before, p.day_after,
            TRUE AS has_professional, p.before AS professional_before, p.after AS professional_after,
            p.because AS professional_because,
            h.row_id IS NOT NULL AS has_facility, h.row_id IS NOT NULL AND h.doubt IS NULL AS is_assumed,
            h.before AS facility_before, h.after AS facility_after, h.because AS facility_because, h.doubt
        FROM professional_lines AS p
        LEFT JOIN hospital_lines AS h USING (row_id)
        UNION ALL
        SELECT
            code, NULL, site_id, site_name, units, day_before, day_after,
            FALSE, NULL, NULL, NULL,
            TRUE, FALSE, before, after, because, NULL
        FROM institutional_lines
    )
    SELECT
        * EXCLUDE (professional_because, facility_because, doubt),
        has_professional AND professional_before IS NOT NULL AND professional_after IS NOT NULL AS is_professional_known,
        has_facility AND facility_before IS NOT NULL AND facility_after IS NOT NULL AND doubt IS NULL AS is_facility_known,
        CASE WHEN has_professional AND NOT is_professional_known
             THEN coalesce(professional_because, 'the law is silent') END AS professional_because,
        CASE WHEN has_facility AND NOT is_facility_known
             THEN coalesce(facility_because, 'the law is silent') END AS facility_because
    FROM both_sides
    """


def _hospital_after(question: Question) -> tuple[str, str]:
    """The SQL of what a hospital's line is paid after the change, and of why that is not known."""
    amount, because = "a.outpatient_amount", "a.outpatient_because"
    new = question.new_status
    if question.place == "11":
        return _ZERO, "NULL"
    if question.place == "22":
        which, new = "b.department_modifier IN ('PO', 'PN')", "full"
    elif question.place == "19":  # what is off campus already keeps its status, unless the question names one
        which = f"b.department_modifier IN ({quoted(('', 'PO', 'PN') if question.status else ('',))})"
    elif new is not None:
        which = f"b.department_modifier = '{'PN' if new == 'excepted' else 'PO'}'"
    else:
        return amount, because
    return (
        f"CASE WHEN {which} THEN a.{new}_amount ELSE {amount} END",
        f"CASE WHEN {which} THEN a.{new}_because ELSE {because} END",
    )


_UNKNOWN = """
SELECT 'professional' AS side, professional_because AS because, count(*) AS lines
FROM services WHERE professional_because IS NOT NULL GROUP BY ALL
UNION ALL
SELECT 'facility', facility_because, count(*) FROM services WHERE facility_because IS NOT NULL GROUP BY ALL
ORDER BY side DESC, lines DESC, because
"""
_LEFT_OUT = """
SELECT because, count(*) AS lines FROM all_lines WHERE because IS NOT NULL GROUP BY because ORDER BY lines DESC, because
"""
_UNMOVED = f"""
SELECT place_of_service_code, count(*) AS lines FROM professional
WHERE place_of_service_code NOT IN ({quoted(PLACES)})
GROUP BY place_of_service_code ORDER BY lines DESC, place_of_service_code
"""


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    rows: list[Row] = connection.sql(query).to_arrow_table().to_pylist()
    return rows


def _sums(connection: duckdb.DuckDBPyConnection, key: str, laws: dict[str, Law], changed: dict[str, Law]) -> list[Sums]:
    """What changes by the values of a column of ``services``, the largest change first; by NULL in all."""
    sides = ", ".join(
        f"count(*) FILTER (has_{side}) AS {side}_lines, count(*) FILTER (is_{side}_known) AS {side}_known, "
        f"coalesce(sum({side}_before) FILTER (is_{side}_known), 0) AS {side}_before, "
        f"coalesce(sum({side}_after) FILTER (is_{side}_known), 0) AS {side}_after"
        for side in ("professional", "facility")
    )
    name = "arg_max(site_name, day_before)" if key == "site_id" else "CAST(NULL AS VARCHAR)"
    rows = _rows(
        connection,
        f"SELECT {key} AS key, {name} AS name, min(outpatient_code) AS outpatient_code, count(*) AS lines, "
        f"sum(units) AS units, count(*) FILTER (is_assumed) AS assumed_lines, {sides} FROM services GROUP BY {key}",
    )
    if key == "NULL" and not rows:
        nothing = Side(0, 0, _NOTHING, _NOTHING)
        return [Sums(None, None, None, 0, None, 0, nothing, nothing, Shares())]
    shares = _shares(connection, key, laws, changed)
    found = [
        Sums(
            row["key"],
            row["name"],
            row["outpatient_code"] if key == "code" else None,
            row["lines"],
            row["units"],
            row["assumed_lines"],
            _side(row, "professional"),
            _side(row, "facility"),
            shares[row["key"]],
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (-abs(one.professional.change + one.facility.change), one.key or ""))


def _side(row: Row, side: str) -> Side:
    before, after = (Decimal(row[f"{side}_{when}"]).quantize(_NOTHING) for when in ("before", "after"))
    return Side(row[f"{side}_lines"], row[f"{side}_known"], before, after)


def _shares(
    connection: duckdb.DuckDBPyConnection, key: str, laws: dict[str, Law], changed: dict[str, Law]
) -> dict[str | None, Shares | None]:
    """Who bears the professional change: what is due of the line after it, less what was due before."""
    sums: dict[str | None, list[Decimal] | None] = defaultdict(lambda: [_NOTHING] * 3)
    for of, amount_before, amount_after, day_before, day_after, count in connection.sql(
        f"SELECT {key} AS key, professional_before, professional_after, day_before, day_after, count(*) "
        "FROM services WHERE is_professional_known GROUP BY ALL"
    ).fetchall():
        before, after = shares(laws, amount_before, day_before), shares(changed, amount_after, day_after)
        kept = sums[of]
        if kept is None or before is None or after is None:
            sums[of] = None
        else:
            sums[of] = [held + count * (b - a) for held, a, b in zip(kept, before, after, strict=True)]
    found = {of: None if kept is None else Shares(*kept) for of, kept in sums.items()}
    return defaultdict(Shares, found)


# --- words --------------------------------------------------------------------------------------------


def _title(connection: duckdb.DuckDBPyConnection, question: Question) -> str:
    """The question as a sentence."""
    site = question.site
    if site is not None:
        names = connection.sql("SELECT arg_max(site_name, day_before) FROM services").fetchall()
        site = site_label(site, names[0][0])
    parts = []
    if question.place or question.status:
        parts.append(f"{site} were {_WORDS[question.place, question.new_status]}")
    if question.year is not None:
        parts.append(
            f"{'all lines' if site is None or parts else f'all lines at {site}'} had been given in {question.year}"
        )
    if question.law is not None:
        of = f" for {site}" if site is not None and not parts else ""
        parts.append(f"the law in {question.law} held{of}")
    return f"What if {', and '.join(parts)}?"


def site_label(site: str | None, name: str | None) -> str:
    """A site in words.

    >>> site_label("NORTH", "North Clinic"), site_label("NORTH", None), site_label(None, None)
    ('North Clinic (NORTH)', 'NORTH', 'site not known')
    """
    return "site not known" if site is None else f"{name} ({site})" if name and name != site else site


def _notes(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    laid_over: tuple[str, ...],
    worked_out: pa.Table,
    workspace: Workspace,
) -> list[str]:
    """What was assumed, and what the numbers do not say."""
    notes = [
        "The hospital's side is the national outpatient rate of each code alone: no wage index, no packaging and no "
        "discount of several procedures, no add-ons, no copayment.",
        "The services are those of the files. Whether patients would come or stay away, what it costs to run a "
        "department, and the notice that is due to patients are not looked at.",
        "The patient's share is the coinsurance of Part B; deductibles and services without coinsurance are not looked at.",
    ]
    assumed = worked_out.column("doubt").null_count
    if assumed:
        count = f"{assumed:,} hospital {'line is' if assumed == 1 else 'lines are'}"
        notes.append(
            f"{count} worked out from professional lines, because the files hold none for the patient, site and day: "
            f"{CLINIC_VISIT} for an office visit, else the code of the line."
        )
        sites = workspace.registries["sites"]
        if sites is not None and _hospital_type_is_blank(sites, question.site):
            notes.append(
                f"hospital_type of {question.site} is blank in the sites registry: there its hospital counts as one that "
                "Medicare pays by the outpatient rate, unless its main campus says otherwise."
            )
    if question.place == "19" and question.status is None:
        notes.append(
            "A new off-campus department is not excepted (PN); --status excepted asks what it would be with PO."
        )
    if question.year is not None:
        notes.append(
            "The registries answer as on the true day of a service; only prices and law are those of the year."
        )
    if laid_over:
        notes.append(f"Laid over the law: {', '.join(laid_over)}.")
    if question.status and not question.place:
        notes.append("The professional side does not depend on whether a department is excepted.")
        other = "PN" if question.status == "excepted" else "PO"
        if not connection.sql(f"SELECT 1 FROM institutional WHERE department_modifier = '{other}' LIMIT 1").fetchall():
            notes.append(f"No hospital line here carries {other}, so nothing changes. Give the hospital's claims, too.")
    return notes


def _hospital_type_is_blank(sites: pa.Table, site: str | None) -> bool:
    rows = zip(sites.column("site_id").to_pylist(), sites.column("hospital_type").to_pylist(), strict=True)
    return any(one == site and kind is None for one, kind in rows)


# --- as text ------------------------------------------------------------------------------------------

_TEXT_WIDTH = 80
_PARTLY = "*"
_HEAD = ("", "lines", "units", "side", "before", "after", "change")


def whatif_text(found: WhatIf, width: int = _TEXT_WIDTH) -> Iterator[str]:
    """The totals, then each code and each site with its two sides, and what is not known."""
    width = min(width, _TEXT_WIDTH)
    yield from _wrapped(found.title, width)
    yield "\n"
    if not found.totals.lines:
        yield from _wrapped("No Medicare line here is one that the question is about.", width)
    else:
        yield from _table([("in all", found.totals)], width, is_total=True)
        yield from _totals_text(found.totals, width)
        for head, sums, is_site in (("By code", found.codes, False), ("By site", found.sites, True)):
            if is_site and found.question.site is not None:
                continue
            yield f"\n{head}, the largest change first\n"
            yield from _table([(_label(one, is_site), one) for one in sums], width)
    for head, lines in (
        ("Not known, and in no sum", [f"{one['side']}, {_count(one['lines'])}: {one['because']}" for one in found.unknown]),
        ("Left out", [f"{_count(one['lines'])}: {one['because']}" for one in found.left_out]),
        (
            "At the site, and not changed",
            [f"{_count(one['lines'])} at POS {one['place_of_service_code'] or '(blank)'}" for one in found.unmoved],
        ),
        ("What this does not say", found.notes),
    ):  # fmt: skip
        if lines:
            yield f"\n{head}\n"
            for text in lines:
                yield from _wrapped(text, width, 2, 4)


def _totals_text(totals: Sums, width: int) -> Iterator[str]:
    """How much of it is known, and who bears the professional change."""
    sides = (("professional", totals.professional), ("facility", totals.facility))
    known = ", ".join(f"{name} over {side.known_lines:,} of {_count(side.lines)}" for name, side in sides)
    yield from _wrapped(f"Known, and in the sums: {known}.", width)
    if totals.shares is not None and totals.professional.change:
        program, after, patient = (
            change_text(amount)
            for amount in (totals.shares.program, totals.shares.program_after_sequestration, totals.shares.beneficiary)
        )
        said = f"Of the professional change {program} is the programme's ({after} after sequestration), {patient} the patient's."
        yield from _wrapped(said, width)


def _label(one: Sums, is_site: bool) -> str:
    return site_label(one.key, one.name) if is_site else one.key or "no code"


def _count(lines: int) -> str:
    return f"{lines:,} {'line' if lines == 1 else 'lines'}"


def amounts_text(side: Side) -> tuple[str, str, str]:
    """Before, after and change of a side as text, the change with its sign.

    >>> amounts_text(Side(1, 1, Decimal("95.19"), Decimal("57.45")))
    ('95.19', '57.45', '-37.74')
    """
    if side.is_unknown:
        return ("not known",) * 3
    return f"{side.before:,.2f}", f"{side.after:,.2f}", change_text(side.change)


def change_text(change: Decimal | None) -> str:
    """A change with its sign; none is 0.00."""
    return "not known" if change is None else f"{change:+,.2f}" if change else "0.00"


def net_text(sums: Sums) -> str:
    """The change of both sides, with a mark where it is not over every line of both."""
    text = change_text(sums.net_change)
    return text if sums.is_whole or sums.net_change is None else f"{text}{_PARTLY}"


def units_text(units: Decimal | None) -> str:
    """Units without idle zeros.

    >>> units_text(Decimal("1200.0000")), units_text(Decimal("0.5")), units_text(None)
    ('1,200', '0.5', '')
    """
    return "" if units is None else f"{units.normalize():,f}"


def _table(rows: Sequence[tuple[str, Sums]], width: int, is_total: bool = False) -> Iterator[str]:
    """The rows with both sides under each other; as paragraphs where a table is too wide."""
    cells = [row for label, sums in rows for row in _cells(label, sums, is_total)]
    table = [_HEAD, *cells]
    sizes = [max(len(row[at]) for row in table) for at in range(1, len(_HEAD))]
    longest = max(len(printable(row[0])) for row in table)
    room = width - sum(sizes) - 2 * len(sizes)
    if room < min(longest, 8):
        for label, sums in rows:
            yield from _wrapped(_paragraph(label, sums), width, 0, 2)
        return
    is_beside = longest <= room
    first = max(longest if is_beside else 0, 6)
    for row in table:
        label, lines, units, side, *amounts = (printable(cell) for cell in row)
        if not is_beside and label:  # too long to stand beside its numbers
            yield from _wrapped(label, width, 0, 2)
            label = ""
        text = f"{label:<{first}}  {lines:>{sizes[0]}}  {units:>{sizes[1]}}  {side:<{sizes[2]}}"
        text += "".join(f"  {cell:>{size}}" for cell, size in zip(amounts, sizes[3:], strict=True))
        yield f"{text.rstrip()}\n"
    if any(cell.endswith(_PARTLY) for *_, cell in cells):
        yield from _wrapped(f"{_PARTLY} over the lines that are known on each side", width)


def _cells(label: str, sums: Sums, is_total: bool) -> Iterator[tuple[str, ...]]:
    """The lines of a table for one code, site or total: a line for each side that has lines, and their sum."""
    units, is_first = units_text(sums.units), True
    for name, side in (("professional", sums.professional), ("facility", sums.facility)):
        if not side.lines and not is_total:
            continue
        lines = f"{side.lines:,}" if side.is_whole else f"{side.known_lines:,}/{side.lines:,}"
        yield label if is_first else "", lines, units if is_first else "", name, *amounts_text(side)
        is_first = False
    if is_total or (sums.professional.lines and sums.facility.lines):
        yield "", "", "", "both", "", "", net_text(sums)


def _paragraph(label: str, sums: Sums) -> str:
    """The same as a sentence."""
    said = []
    for name, side in (("professional", sums.professional), ("facility", sums.facility)):
        before, after, change = amounts_text(side)
        paid = "not known" if side.is_unknown else f"{before} to {after} ({change})"
        if side.lines:
            said.append(f"{name} {paid}, {side.known_lines:,} of {_count(side.lines)}")
    if len(said) > 1:
        said.append(f"both {change_text(sums.net_change)}")
    return f"{label}: {'; '.join(said)}"


def _wrapped(text: str, width: int, first: int = 0, more: int = 0) -> Iterator[str]:
    """The text in lines of this width; a word that is longer stays whole."""
    lines = textwrap.wrap(
        printable(text),
        width,
        initial_indent=" " * first,
        subsequent_indent=" " * more,
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield from (f"{line}\n" for line in lines)
