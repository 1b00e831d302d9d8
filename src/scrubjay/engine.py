"""Facts × rules → findings.

Each grain is one table of facts. Every question to the law is answered once, as a column beside
the facts; each rule is then one TINYINT (0 no finding, 1 violation, 2 unknown) streamed out of
DuckDB. Only the rows with a finding are fetched again, with the evidence their rule names.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.condition import LawTest, Node
from scrubjay.errors import UsageError
from scrubjay.facts import build_facts
from scrubjay.formats import list_files, read_files
from scrubjay.reference.law import Law, law_sql, law_version_sql, load_laws
from scrubjay.rule import Rule, apply_settings, check_codes, load_rules, select_rules
from scrubjay.tables import (
    CLAIM_PAIR_FACTS,
    GRAINS,
    NATIONAL_AMOUNTS,
    SERVICE_LINE_FACTS,
    SITE_GRAINS,
    Table,
    no_rows,
)
from scrubjay.workspace import Workspace

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Row = dict[str, Any]
NOT_KNOWN = "not known"
BLANK_IN_REGISTRY = "it is blank in the registry"  # a reason that says nothing without the fact
_BATCH = 1 << 16
_ROWS_FOR_THREADS = 10_000  # over fewer, waiting for one another costs more than a second thread saves

# Segments whose position a finding can give, by the first letters of the element it names.
_POSITIONS = {"SV": "byte_offset", "CLM": "claim_byte_offset", "NM1": "service_facility_byte_offset"}

# What every finding needs of its row, besides its evidence.
_IDENTITY = (
    "row_id",
    "file_id",
    "claim_key",
    "claim_id",
    "line_number",
    "billing_provider_npi",
    "byte_offset",
    "claim_byte_offset",
    "service_facility_byte_offset",
    "row_number",
    "claim_row_number",
    "transaction_control_number",
    "is_place_of_service_from_line",
    "site_id",
    "effective_from",
    "payer_policy",
    "payer_name",
    "payer_id",
    "service_date",
    "facility_claim_id",
)

# What tells the rows of one site apart where it has several, in words and in all.
WITHIN_SITE = ("service_month", "payer_name", "rendering_provider_npi")
_ROW_OF_SITE = (*WITHIN_SITE, "payer_program", "is_provider_based")


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found: files, intake problems, findings and their sums, as plain rows."""

    files: list[Row]
    intake_problems: list[Row]
    findings: list[Row]
    summary: Row
    pages: dict[str, Rule] = field(default_factory=load_rules)  # of this check, the organisation's own among them
    mixes: list[Row] = field(default_factory=list)  # of each site with a pattern: its codes by month, and its dates

    def as_dict(self) -> Row:
        """The whole report, as the JSON door prints it (schema ``scrubjay.findings/1``)."""
        return {
            "schema": "scrubjay.findings/1",
            "files": self.files,
            "intake_problems": self.intake_problems,
            "findings": self.findings,
            "mixes": self.mixes,
            "summary": self.summary,
        }


def check(
    paths: Iterable[str | Path],
    *,
    workspace: Workspace | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    each: bool = False,
    received: dt.date | None = None,
    as_of: dt.date | None = None,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Report:
    """What is wrong, and what cannot be told, in the claims of these files.

    ``select`` and ``ignore`` take beginnings of rule codes. ``each`` gives one finding for every
    unknown line; else unknowns that share rule, missing facts and reason are one finding with the
    number of lines. ``received`` is the day the payer received claims that do not say it; ``as_of``
    is today (the run date). Raises UsageError for a path or rule that is not there.
    """
    workspace = workspace or Workspace.empty()
    select, ignore, run_date = tuple(select), tuple(ignore), as_of or today()
    check_codes((*select, *ignore), workspace.own_rules)

    def wanted(pages: dict[str, Rule]) -> list[Rule]:
        chosen = select_rules(apply_settings(pages, workspace.settings, run_date), select, ignore)
        if not chosen:
            raise UsageError("--select and --ignore leave no rule to run. 'scrubjay rules' lists them all.")
        return chosen

    run = prepare(paths, workspace=workspace, received=received, as_of=run_date, wanted=wanted, on_bytes=on_bytes)
    return report_of(run, each=each, run_date=run_date)


def report_of(run: Run, *, each: bool, run_date: dt.date) -> Report:
    """What the rules of a run say of its facts; see `check`."""
    findings: list[Row] = []
    for grain, table in GRAINS.items():
        chosen = [rule for rule in run.rules if rule.grain == grain]
        if chosen and run.connection.sql(f"SELECT 1 FROM {table.name} LIMIT 1").fetchall():
            findings += Grain(run.connection, table, chosen, run.laws, run.file_names).findings(each)
    findings.sort(key=lambda finding: finding.pop("_order"))
    summary = _summary(run.files, run.problems, findings, run.unjudged, run_date)
    return Report(run.files, run.problems, findings, summary, run.pages, _mixes(run.connection, findings))


_PATTERNS = "MIX"  # the family of the pages about many lines of a site together


def _mixes(connection: duckdb.DuckDBPyConnection, findings: list[Row]) -> list[Row]:
    """Of each site with a violation about its lines together: how many carry which code, and the dates of its registry.

    ``lines`` has a row for each month, payer programme and code; ``dates`` those of the registry, each once.
    """
    import pyarrow as pa

    sites = sorted(
        {
            finding["site_id"]
            for finding in findings
            if finding["outcome"] == "violation"
            and (finding["rule"].startswith(_PATTERNS) or finding["grain"] in SITE_GRAINS[1:])
        }
    )
    if not sites:
        return []
    connection.register("wanted_sites", pa.table({"site_id": sites}))
    lines = connection.sql("""
        SELECT s.site_id, strftime(m.service_date, '%Y-%m') AS month, m.payer_program, m.place_of_service_code,
            CAST(sum(m.lines) AS BIGINT) AS lines
        FROM site_mixes AS m JOIN site_rows AS s USING (row_number) SEMI JOIN wanted_sites USING (site_id)
        GROUP BY ALL ORDER BY ALL""").to_arrow_table()
    dates = connection.sql("""
        SELECT DISTINCT site_id, date, event
        FROM (SELECT site_id, provider_based_from, provider_based_to, relocated_date, ownership_changed_date
              FROM site_rows SEMI JOIN wanted_sites USING (site_id))
        UNPIVOT (date FOR event IN (provider_based_from, provider_based_to, relocated_date, ownership_changed_date))
        WHERE date < DATE '9999-12-31' ORDER BY ALL""").to_arrow_table()
    names = connection.sql(
        "SELECT site_id, max(site_name) AS site_name FROM site_rows SEMI JOIN wanted_sites USING (site_id) GROUP BY site_id"
    ).fetchall()
    connection.unregister("wanted_sites")
    of_site: dict[str, Row] = {
        site: {"site_id": site, "site_name": name, "dates": [], "lines": []} for site, name in sorted(names)
    }
    for kept, rows in (("dates", dates), ("lines", lines)):
        for row in rows.to_pylist():
            of_site[row.pop("site_id")][kept].append({name: plain(one) for name, one in row.items()})
    return list(of_site.values())


@dataclass(frozen=True, slots=True)
class Run:
    """Files that were read, and the facts that were built of them."""

    connection: duckdb.DuckDBPyConnection
    pages: dict[str, Rule]  # all rule pages, the organisation's own among them
    rules: list[Rule]  # those that were asked for
    laws: dict[str, Law]
    files: list[Row]
    problems: list[Row]  # intake problems
    unjudged: int  # claims that no rule reads

    @property
    def file_names(self) -> list[str]:
        return [row["name"] for row in self.files]


def prepare(
    paths: Iterable[str | Path],
    *,
    workspace: Workspace | None = None,
    received: dt.date | None = None,
    as_of: dt.date | None = None,
    wanted: Callable[[dict[str, Rule]], list[Rule]] = lambda pages: list(pages.values()),
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Run:
    """Read the files and build their facts; ``wanted`` picks the rules out of all pages, beside the reading."""
    workspace = workspace or Workspace.empty()
    paths = list_files(paths, workspace.own_files)
    with ThreadPoolExecutor(1) as pool:  # NumPy reads beside the Python that reads the rule pages
        reading = pool.submit(
            read_files, paths, kept=workspace.kept_files(), column_map=workspace.column_map, on_bytes=on_bytes
        )
        pages = load_rules(workspace.own_rules, workspace.own_law)
        rules = wanted(pages)
        laws = load_laws(workspace.own_law)
        tables = reading.result()
    files = tables["files"].to_pylist()
    connection = connect(sum(table.num_rows for table in tables.values()))
    build_facts(connection, tables, workspace, laws, received, as_of or today())
    judged = [not row["is_kept"] for row in files]
    claims = tables["claims"].select(["file_id", "claim_type"]).to_pydict()
    unjudged = sum(kind == "dental" and judged[file] for file, kind in zip(*claims.values(), strict=True))
    problems = [
        {"file": files[file]["name"], **row}
        for row in tables["intake_problems"].to_pylist()
        if judged[file := row.pop("file_id")] or row["severity"] == "error"  # the others were told at the import
    ]
    tables.clear()
    for row in files:
        del row["file_id"]
    return Run(connection, pages, rules, laws, files, problems, unjudged)


def check_sites(workspace: Workspace) -> list[Row]:
    """What is wrong in the sites registry by the rules about sites: every row of it, before there is a claim.

    Violations only; what is blank is told by `scrubjay.registry_report`.
    """
    laws, table = load_laws(workspace.own_law), GRAINS["site"]
    pages = apply_settings(load_rules(workspace.own_rules, workspace.own_law), workspace.settings, today())
    rules = [rule for rule in select_rules(pages) if rule.grain == "site"]
    connection = connect()
    nothing = no_rows()
    build_facts(connection, nothing, workspace, laws, None, today(), is_of_registry=True)
    findings = list(Grain(connection, table, rules, laws, []).findings(each=True))
    findings.sort(key=lambda finding: finding.pop("_order"))
    return [finding for finding in findings if finding["outcome"] == "violation"]


def today() -> dt.date:
    """The run date where none is given."""
    return dt.date.today()


def connect(rows: int = 0) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that can reach neither files nor network, for about so many rows of the readers."""
    import duckdb

    connection = duckdb.connect(":memory:")
    if rows < _ROWS_FOR_THREADS:
        connection.execute("SET threads = 1")
    connection.execute("SET enable_progress_bar = false")
    # Searching hundreds of conditions for what they share, and turning their lists into joins, costs more than it saves.
    # Swapping the sides of a LEFT JOIN makes DuckDB 2.0 end some queries with an internal error (dict-surviving join).
    connection.execute("SET disabled_optimizers = 'common_subexpressions,in_clause,build_side_probe_side'")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _summary(files: list[Row], problems: list[Row], findings: list[Row], unjudged: int, run_date: dt.date) -> Row:
    """Counts a reader asks for first: claims, lines, findings by severity and by rule."""
    by_severity: dict[str, int] = {"error": 0, "hold": 0, "warning": 0, "info": 0}
    by_rule: dict[str, int] = {}
    for finding in findings:
        lines = finding["line_count"]
        by_severity[finding["severity"]] += lines
        by_rule[finding["rule"]] = by_rule.get(finding["rule"], 0) + lines
    judged = [row for row in files if not row["is_kept"]]
    return {
        "run_date": run_date.isoformat(),
        "files": len(judged),
        "kept_files": len(files) - len(judged),
        "claims": sum(row["claims"] for row in judged),
        "lines": sum(row["lines"] for row in judged),
        "unjudged_claims": unjudged,
        "findings": len(findings),
        "lines_by_severity": by_severity,
        "lines_by_rule": dict(sorted(by_rule.items())),
        "exposure": _exposure_sums(findings),
        "intake_problems": {s: sum(p["severity"] == s for p in problems) for s in ("error", "warning", "info")},
    }


def _exposure_sums(findings: list[Row]) -> Row:
    """What is owed back and what is owed to us, each line once; the findings that move an amount nobody knows."""
    amounts = [Decimal(finding["exposure_amount"]) for finding in exposed_lines(findings)]
    return {
        "overpaid_amount": str(sum((one for one in amounts if one > 0), Decimal("0.00"))),
        "underpaid_amount": str(-sum((one for one in amounts if one < 0), Decimal("0.00"))),
        "lines": len(amounts),
        "findings_without_amount": sum(
            finding["exposure"] is not None and finding["exposure_amount"] is None for finding in findings
        ),
    }


@dataclass
class Grain:
    """The rules of one grain, compiled against its table of facts."""

    connection: duckdb.DuckDBPyConnection
    table: Table
    rules: list[Rule]
    laws: dict[str, Law]
    file_names: list[str]
    source: str = ""  # another table with the same columns, to read instead
    law_columns: dict[LawTest, str] = field(default_factory=dict)
    reads_program: set[str] = field(default_factory=set)
    national_of: str = ""  # the table whose national amounts are kept
    reads_policy: dict[str, bool] = field(default_factory=dict)  # whether a rule asks what the payer's policy says

    def __post_init__(self) -> None:
        nodes = [rule.condition for rule in self.rules]
        nodes += [node for rule in self.rules for node in (*rule.fix.values(), *_sides(rule).values())]
        tests = dict.fromkeys(test for node in nodes for leaf in node.leaves() for test in leaf.laws)
        self.law_columns = {test: f"law_{number}" for number, test in enumerate(tests)}
        source = self.source or self.table.name
        answers = "".join(
            f", {law_sql(self.laws[test.path], test.operand)} AS {name}" for test, name in self.law_columns.items()
        )
        self.connection.execute(f"CREATE OR REPLACE TABLE law_answers AS SELECT row_id{answers} FROM {source}")
        self.connection.execute(
            f"CREATE OR REPLACE VIEW evaluated AS SELECT * FROM {source} JOIN law_answers USING (row_id)"
        )

        self.reads_policy = {
            rule.code: "payer_policy" in self.table
            and any(
                self.table[name].because == "policy_because"
                for leaf in rule.condition.leaves()
                for name in leaf.columns
            )
            for rule in self.rules
        }

        self.reads_program = {
            rule.code for rule in self.rules for leaf in rule.condition.leaves() if "payer_program" in leaf.columns
        }

    @property
    def line_key(self) -> str:
        """The column that names the line of a row: the row itself, or of a pair its professional line."""
        return "line_row_id" if "line_row_id" in self.table else "row_id"

    @property
    def has_national_amounts(self) -> bool:
        return self.table in (SERVICE_LINE_FACTS, CLAIM_PAIR_FACTS)

    def sql(self, node: Node) -> str:
        return node.sql(self.law_columns)

    def findings(self, each: bool) -> Iterator[Row]:
        """All findings of these rules, each with its place in the order of the files."""
        import numpy as np
        import pyarrow as pa

        violations, is_unknown = self.outcomes()
        unknowns = {rule.code: self.unknowns(rule, each) for rule in self.rules if is_unknown[rule.code]}
        wanted = [*violations.values(), *(group.column("row_id").to_numpy() for group in unknowns.values())]
        self.connection.register("wanted", pa.table({"row_id": np.unique(np.concatenate(wanted))}))
        self.connection.execute(
            "CREATE OR REPLACE TABLE found AS SELECT * FROM evaluated SEMI JOIN wanted USING (row_id)"
        )
        self.connection.unregister("wanted")
        self.keep_national_amounts("found")
        for rule in self.rules:
            rows = self.fetch(rule, violations[rule.code], with_fix=True)
            for row, line_count in self.by_segment(rule, rows, each):
                yield self.finding(rule, row, "violation", rule.severity, missing=[], line_count=line_count)
            if rule.code in unknowns:
                yield from self.unknown_findings(rule, unknowns[rule.code])

    def by_segment(self, rule: Rule, rows: list[Row], each: bool) -> list[tuple[Row, int]]:
        """Violations with their number of lines: one service facility of a claim has one fault, on all its lines."""
        if each or rule.exposure or "line_number" not in self.table or self.table[rule.evidence[0]].source != "NM1*77":
            return [(row, 1) for row in rows]
        counts: dict[tuple[int, int], int] = {}
        places = [(row["claim_key"], row["service_facility_byte_offset"] or row["row_id"]) for row in rows]
        for place in places:
            counts[place] = counts.get(place, 0) + 1
        first = dict(zip(reversed(places), reversed(rows), strict=True))
        return [(row, counts[place]) for place, row in sorted(first.items(), key=lambda one: one[1]["row_id"])]

    def outcomes(self) -> tuple[dict[str, Any], dict[str, bool]]:
        """For each rule, the row ids it is violated on, and whether it is unknown anywhere."""
        import numpy as np

        columns = ", ".join(
            f"coalesce(CAST({self.sql(rule.condition)} AS TINYINT), CAST(2 AS TINYINT)) AS {rule.code}"
            for rule in self.rules
        )
        found: dict[str, list[Any]] = {rule.code: [] for rule in self.rules}
        unknown = dict.fromkeys(found, False)
        reader = self.connection.sql(f"SELECT row_id, {columns} FROM evaluated").to_arrow_reader(_BATCH)
        for batch in reader:
            rows = batch.column(0).to_numpy()
            for rule in self.rules:
                outcome = batch.column(rule.code).to_numpy()
                violated = np.flatnonzero(outcome == 1)
                if len(violated):
                    found[rule.code].append(rows[violated])
                if not unknown[rule.code] and (outcome == 2).any():
                    unknown[rule.code] = True
        return {
            code: np.concatenate(parts) if parts else np.zeros(0, np.int64) for code, parts in found.items()
        }, unknown

    def unknowns(self, rule: Rule, each: bool) -> pa.Table:
        """The unknown rows of a rule, grouped by what is missing and why unless ``each``.

        Columns: ``site_id`` where the grain has one; a Boolean for each fact that may be missing,
        named as the fact; for each reason column ``why_…``; ``line_count``; ``row_id`` of the first row.
        """
        missing = rule.condition.missing_sql(self.law_columns, self.laws, self.table)
        reasons: dict[str, list[str]] = {}  # the column that says why, and the facts it speaks for
        for name in missing:
            if name in self.table and self.table[name].because:
                reasons.setdefault(self.table[name].because, []).append(f'm."{name}"')
        flags = [f'coalesce({sql}, FALSE) AS "{name}"' for name, sql in missing.items()]
        whys = [f"CASE WHEN {' OR '.join(facts)} THEN {why} END AS why_{why}" for why, facts in reasons.items()]
        # What one site lacks is one question to one person; where each row is a site, one question for all.
        site = ["site_id"] if {"site_id", "claim_key"} <= set(self.table.names) else []
        rows = f"SELECT {', '.join(['row_id', *site, *reasons, *flags])} FROM evaluated "
        rows += f"WHERE {self.sql(rule.condition)} IS NULL"
        shown = ["row_id", *site, *(f'm."{name}"' for name in missing), *whys]
        rows = f"SELECT {', '.join(shown)} FROM ({rows}) AS m"
        if each:
            rows = f"SELECT *, 1 AS line_count FROM ({rows})"
        else:
            rows = f"SELECT * EXCLUDE row_id, count(*) AS line_count, min(row_id) AS row_id FROM ({rows}) GROUP BY ALL"
        return self.connection.sql(f"{rows} ORDER BY row_id").to_arrow_table()

    def unknown_findings(self, rule: Rule, groups: pa.Table) -> Iterator[Row]:
        """A finding for each group of unknown rows, placed at its first."""
        rows = {row["row_id"]: row for row in self.fetch(rule, groups.column("row_id"))}
        for group in groups.to_pylist():
            because = {name[4:]: value for name, value in group.items() if name.startswith("why_")}
            lacking = [self.missing(name, because) for name, value in group.items() if value is True]
            row = rows[group["row_id"]]
            yield self.finding(rule, row, "unknown", rule.unknown, missing=lacking, line_count=group["line_count"])

    def fetch(self, rule: Rule, row_ids: Any, with_fix: bool = False) -> list[Row]:
        """The rows of these ids with what a finding of the rule needs, in the order of the files."""
        import pyarrow as pa

        if not len(row_ids):
            return []
        needed = list(dict.fromkeys([*self.identity(), *rule.evidence]))
        if with_fix:
            needed += [f'{self.sql(node)} AS "fix:{key}"' for key, node in rule.fix.items()]
            paths = dict.fromkeys(test.path for leaf in rule.condition.leaves() for test in leaf.laws)
            needed += [f'{law_version_sql(self.laws[path])} AS "law:{path}"' for path in paths]
        amounts, national = self.amounts_sql(rule, "found") if with_fix else ([], "")
        self.connection.register("wanted", pa.table({"row_id": row_ids}))
        query = f"SELECT {', '.join(needed + amounts)} FROM found {national} SEMI JOIN wanted USING (row_id) ORDER BY row_id"
        rows: list[Row] = self.connection.sql(query).to_arrow_table().to_pylist()
        self.connection.unregister("wanted")
        return rows

    def amounts_sql(self, rule: Rule, source: str) -> tuple[list[str], str]:
        """The columns that hold the amounts of an exposure, and the join that they need besides the table they are read from.

        Columns: ``billed`` and ``correct``; the same ``national:…``, from the national amounts in place of the local ones;
        for each fact whose absence leaves an amount unknown ``lacks:…``, and the columns that say why.
        """
        sides = _sides(rule)
        if not sides:
            return [], ""
        columns = [f'TRY_CAST({self.sql(node)} AS DECIMAL(18,2)) AS "{side}"' for side, node in sides.items()]
        lacks: dict[str, list[str]] = {}
        for node in sides.values():
            for name, sql in node.missing_sql(self.law_columns, self.laws, self.table).items():
                lacks.setdefault(name, []).append(f"{self.sql(node)} IS NULL AND {sql}")
        columns += [f'coalesce({" OR ".join(found)}, FALSE) AS "lacks:{name}"' for name, found in lacks.items()]
        reasons = dict.fromkeys(self.table[name].because for name in lacks if name in self.table)
        columns += [f'{name} AS "why:{name}"' for name in reasons if name]
        read = {name for node in sides.values() for leaf in node.leaves() for name in leaf.columns}
        replaced = ", ".join(f"n.{name} AS {name}" for name in NATIONAL_AMOUNTS.names[1:] if name in read)
        if not self.has_national_amounts or not replaced:
            return columns, ""
        found = ", ".join(
            f'TRY_CAST({self.sql(node)} AS DECIMAL(18,2)) AS "national:{side}"' for side, node in sides.items()
        )
        columns += [f'"national:{side}"' for side in sides]
        rows = f"SELECT f.* REPLACE ({replaced}) FROM {source} AS f LEFT JOIN national AS n ON n.row_id = f.{self.line_key}"
        return columns, f"JOIN (SELECT row_id, {found} FROM ({rows})) USING (row_id)"

    def keep_national_amounts(self, source: str) -> None:
        """Leave the national amounts of the rows of a table in the table ``national``, once: only exposures ask for them."""
        is_asked = self.has_national_amounts and any(rule.exposure for rule in self.rules)
        if is_asked and self.national_of != source:
            self.national_of = source
            rows = f"SELECT {self.line_key} AS row_id FROM {source}"
            amounts = f"SELECT * FROM {NATIONAL_AMOUNTS.name} SEMI JOIN ({rows}) USING (row_id)"
            self.connection.execute(f"CREATE OR REPLACE TABLE national AS {amounts}")

    def exposure(self, rule: Rule, row: Row) -> Row | None:
        """What a violation moves, as the report gives it; None if the page names no amounts."""
        if rule.exposure is None:
            return None
        difference = _difference(row["billed"], row["correct"])
        reasons = [
            str(row.get(f"why:{self.table[name].because}") or f"{self.table[name].meaning} is not known")
            if name in self.table
            else "the law is silent for this date or payer"
            for name in (key[6:] for key, value in row.items() if key.startswith("lacks:") and value)
        ]
        return {
            "billed_amount": plain(row["billed"]),
            "correct_amount": plain(row["correct"]),
            "national_amount": plain(_difference(row.get("national:billed"), row.get("national:correct"))),
            **_shares_as_text(self.laws, difference, row.get("service_date"), rule.grain),
            "owed_to": [] if not difference else ["payer", "patient"] if difference > 0 else ["provider"],
            "because": None
            if difference is not None
            else "; ".join(dict.fromkeys(reasons)) or "it has too many digits",
        }

    def missing(self, name: str, because: dict[str, str | None]) -> Row:
        """A missing fact in words: what it is, why it is missing, who can supply it."""
        if name not in self.table:
            return {
                "fact": name,
                "meaning": "what the law says",
                "because": "the law is silent for this date or payer",
                "supplied_by": "nobody: a law file would have to be added",
            }
        column = self.table[name]
        reason = because.get(column.because) or BLANK_IN_REGISTRY
        return {"fact": name, "meaning": column.meaning, "because": reason, "supplied_by": column.supplied_by}

    def identity(self) -> list[str]:
        """The columns of `_IDENTITY` this grain has, and what tells its rows apart."""
        within = () if "claim_id" in self.table else _ROW_OF_SITE
        return [name for name in dict.fromkeys((*_IDENTITY, *within)) if name in self.table]

    def finding(self, rule: Rule, row: Row, outcome: str, severity: str, missing: list[Row], line_count: int) -> Row:
        """One finding as the report gives it."""
        element = self.element(rule, row)
        offset = next(
            (row.get(name) for start, name in _POSITIONS.items() if element and element.startswith(start)), None
        )
        # A segment that is not there would stand in the claim; everything else is about the line.
        is_absent = element is not None and element.startswith("NM1")
        elsewhere = row.get("claim_byte_offset") if is_absent else row.get("byte_offset", row.get("claim_byte_offset"))
        line_number = row.get("line_number")
        evidence = {name: plain(row[name]) for name in rule.evidence}
        fix = fix_of(rule, row) if outcome == "violation" else {}
        return {
            "_order": (row.get("claim_key", -1), -1 if line_number is None else line_number, rule.code, row["row_id"]),
            "rule": rule.code,
            "name": rule.name,
            "grain": rule.grain,
            "outcome": outcome,
            "severity": severity,
            "consequence": rule.consequence,
            "file": self.file_names[row["file_id"]] if "file_id" in row else None,
            "claim_id": row.get("claim_id"),
            "line_number": line_number,
            "line_count": line_count,
            "site_id": row.get("site_id"),
            "payer": row.get("payer_name") or row.get("payer_id"),
            "service_date": plain(row.get("service_date")),
            "transaction": row.get("transaction_control_number"),
            "segment": element[:3] if element and offset is not None else None,
            "element": element,
            "byte_offset": offset if offset is not None else elsewhere,
            "row_number": row.get("row_number", row.get("claim_row_number")),
            "message": _message(rule, evidence, outcome, missing),
            "evidence": evidence,
            "missing": missing,
            "held_until": plain(row[rule.hold_until]) if rule.hold_until and severity == "hold" else None,
            "exposure_amount": plain(_difference(row.get("billed"), row.get("correct"))),
            "exposure": self.exposure(rule, row) if outcome == "violation" else None,
            "expected_response": rule.expected_response if outcome == "violation" else {},
            "fix": fix,
            "fix_safety": rule.fix_safety if fix else None,
            "authority": list(rule.authority),
            "basis": list(rule.basis),
            "law_versions": {name[4:]: value for name, value in row.items() if name.startswith("law:")},
            "payer_policy": self.policy(rule, row),
            "fingerprint": self.fingerprint(rule, row),
        }

    def policy(self, rule: Rule, row: Row) -> str | None:
        """The policies behind a finding: where the rule asks them, or they made the payer one that follows Medicare."""
        policies: str | None = row.get("payer_policy")
        is_medicare_by_policy = rule.code in self.reads_program and policies not in (None, "medicare_ffs")
        return policies if self.reads_policy[rule.code] or is_medicare_by_policy else None

    def fingerprint(self, rule: Rule, row: Row) -> str:
        """What finds the same work item again: rule, billing NPI, claim and line; else rule, site and its row, and the month, payer …"""
        if "claim_id" in self.table:
            parts = [rule.code, row["billing_provider_npi"], row["claim_id"], row.get("line_number")]
            parts += [row[name] for name in ("facility_claim_id",) if name in self.table]
        else:
            parts = [rule.code, row.get("site_id"), row.get("effective_from")]
            parts += [row[name] for name in _ROW_OF_SITE if name in self.table]
        return hashlib.sha256("\x1f".join("" if one is None else str(one) for one in parts).encode()).hexdigest()[:16]

    def element(self, rule: Rule, row: Row) -> str | None:
        """The element the finding is about: where its first evidence stands on the wire."""
        first = self.table[rule.evidence[0]]
        if row.get("claim_byte_offset") is None:
            return first.name  # a CSV file or a registry: the column says where
        if (
            first.source == "SV105"
            and row.get("is_place_of_service_from_line") is False
            and "line_number" in self.table
        ):
            return "CLM05-1"
        return first.source or None


def _sides(rule: Rule) -> dict[str, Node]:
    """The two amounts of a page's exposure; none where it names none."""
    return {"billed": rule.exposure.billed, "correct": rule.exposure.correct} if rule.exposure else {}


def _difference(billed: Decimal | None, correct: Decimal | None) -> Decimal | None:
    return None if billed is None or correct is None else billed - correct


def shares(laws: dict[str, Law], amount: Decimal, day: dt.date) -> tuple[Decimal, Decimal, Decimal] | None:
    """Whose money an amount is: the programme's, the same after sequestration, and the patient's, the coinsurance.

    None where the law on either is silent on that day.
    """
    coinsurance = _value_on(laws["us.cms.part_b_coinsurance_percent"], day)
    sequestration = _value_on(laws["us.cms.sequestration_percent"], day)
    if coinsurance is None or sequestration is None:
        return None
    program = amount * (100 - coinsurance) / 100
    return to_cents(program), to_cents(program * (100 - sequestration) / 100), amount - to_cents(program)


def _shares_as_text(laws: dict[str, Law], difference: Decimal | None, day: dt.date | None, grain: str) -> Row:
    """The shares of an exposure. Of a hospital's line they are not known: its copayment goes by APC and wage index."""
    found = None
    if difference is not None and day is not None and grain in ("service_line", "claim_pair"):
        found = shares(laws, difference, day)
    names = ("program_amount", "program_after_sequestration_amount", "beneficiary_amount")
    return {name: plain(one) for name, one in zip(names, found or (None, None, None), strict=True)}


def _value_on(law: Law, day: dt.date) -> Decimal | None:
    version = law.on(day)
    return version.value if version else None


def to_cents(amount: Decimal) -> Decimal:
    """An amount rounded to cents, half a cent away from zero.

    >>> to_cents(Decimal("71.825")), to_cents(Decimal("-71.825"))
    (Decimal('71.83'), Decimal('-71.83'))
    """
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


_LINE = ("file", "transaction", "row_number", "claim_id", "line_number", "site_id")  # what tells a line from another


def exposed_lines(findings: Iterable[Row]) -> list[Row]:
    """Of the findings with an amount, the one that counts on each line: the largest, whatever its sign.

    Several findings on one line are about the same money, so their amounts are never added.
    """
    largest: dict[Any, Row] = {}
    for finding in findings:
        if finding["exposure_amount"] is not None:
            key = tuple(finding[name] for name in _LINE)
            held = largest.get(key)
            if held is None or abs(Decimal(finding["exposure_amount"])) > abs(Decimal(held["exposure_amount"])):
                largest[key] = finding
    return list(largest.values())


def fix_of(rule: Rule, row: Row) -> Row:
    """The fix of a violation: columns with their values, or what to do with the whole line."""
    if rule.fix_action:
        return {"action": rule.fix_action}
    return {key: plain(row[f"fix:{key}"]) for key in rule.fix}


def plain(value: Any) -> Any:
    """A value as JSON has it: amounts as text with cents, other decimals without idle zeros, dates as ISO text.

    >>> plain(Decimal("68.10")), plain(Decimal("250.0000")), plain(Decimal("228.6000"))
    ('68.10', '250', '228.6')
    """
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        is_amount = isinstance(exponent, int) and exponent >= -2
        return str(value) if is_amount else format(value.normalize(), "f")
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def _message(rule: Rule, evidence: Row, outcome: str, missing: list[Row]) -> str:
    """The sentence of a finding: the page's for a violation, its own for an unknown."""
    if outcome == "violation":
        shown = {name: NOT_KNOWN if value is None else value for name, value in evidence.items()}
        return rule.message.format(**shown)
    lacking = "; ".join(f"{one['fact']} ({one['because']})" for one in missing)
    title = rule.title[0].lower() + rule.title[1:] if rule.title[1].islower() else rule.title  # PO stays PO
    return f"Cannot tell whether this is wrong: {title}. Not known: {lacking}."
