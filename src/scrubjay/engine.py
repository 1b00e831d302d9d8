"""Facts × rules → findings.

Each grain is one table of facts. Every question to the law is answered once, as a column beside
the facts; each rule is then one TINYINT (0 no finding, 1 violation, 2 unknown) streamed out of
DuckDB. Only the rows with a finding are fetched again, with the evidence their rule names.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.condition import LawTest, Node
from scrubjay.facts import build_facts
from scrubjay.formats import read_files
from scrubjay.reference.law import Law, law_sql, law_version_sql, load_laws
from scrubjay.rule import Rule, load_rules, select_rules
from scrubjay.tables import GRAINS, Table
from scrubjay.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
OUTCOMES = ("clear", "violation", "unknown")
NOT_KNOWN = "not known"
_BATCH = 1 << 16

# Segments whose position a finding can give, by the first letters of the element it names.
_POSITIONS = {"SV": "byte_offset", "CLM": "claim_byte_offset", "NM1": "service_facility_byte_offset"}


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found: files, intake problems, findings and their sums, as plain rows."""

    files: list[Row]
    intake_problems: list[Row]
    findings: list[Row]
    summary: Row

    def as_dict(self) -> Row:
        """The whole report, as the JSON door prints it (schema ``scrubjay.findings/1``)."""
        return {
            "schema": "scrubjay.findings/1",
            "files": self.files,
            "intake_problems": self.intake_problems,
            "findings": self.findings,
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
    rules = select_rules(load_rules(), tuple(select), tuple(ignore))
    workspace = workspace or Workspace.empty()
    tables = read_files(paths, column_map=workspace.column_map, on_bytes=on_bytes)
    files = tables["files"].to_pylist()
    names = [row["name"] for row in files]
    connection = connect()
    laws = load_laws()
    build_facts(connection, tables, workspace.registries, laws, received)
    problems = [{"file": names[row.pop("file_id")], **row} for row in tables["intake_problems"].to_pylist()]
    tables.clear()
    findings: list[Row] = []
    for grain, table in GRAINS.items():
        chosen = [rule for rule in rules if rule.grain == grain]
        if chosen:
            findings += Grain(connection, table, chosen, laws, names).findings(each)
    findings.sort(key=lambda finding: finding.pop("_order"))
    for row in files:
        del row["file_id"]
    summary = _summary(files, problems, findings, as_of or dt.date.today())
    return Report(files, problems, findings, summary)


def connect() -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that can reach neither files nor network."""
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _summary(files: list[Row], problems: list[Row], findings: list[Row], run_date: dt.date) -> Row:
    """Counts a reader asks for first: claims, lines, findings by severity and by rule."""
    by_severity: dict[str, int] = {"error": 0, "hold": 0, "warning": 0, "info": 0}
    by_rule: dict[str, int] = {}
    for finding in findings:
        lines = finding["line_count"]
        by_severity[finding["severity"]] += lines
        by_rule[finding["rule"]] = by_rule.get(finding["rule"], 0) + lines
    return {
        "run_date": run_date.isoformat(),
        "files": len(files),
        "claims": sum(row["claims"] for row in files),
        "lines": sum(row["lines"] for row in files),
        "findings": len(findings),
        "lines_by_severity": by_severity,
        "lines_by_rule": dict(sorted(by_rule.items())),
        "intake_problems": {s: sum(p["severity"] == s for p in problems) for s in ("error", "warning", "info")},
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

    def __post_init__(self) -> None:
        nodes = [rule.condition for rule in self.rules]
        nodes += [node for rule in self.rules for node in (*rule.fix.values(), *([rule.exposure] if rule.exposure else []))]
        tests = dict.fromkeys(test for node in nodes for leaf in node.leaves() for test in leaf.laws)
        self.law_columns = {test: f"law_{number}" for number, test in enumerate(tests)}
        answers = "".join(f", {law_sql(self.laws[t.path], t.operand)} AS {name}" for t, name in self.law_columns.items())
        self.connection.execute(f"CREATE OR REPLACE TABLE evaluated AS SELECT *{answers} FROM {self.source or self.table.name}")

    def sql(self, node: Node) -> str:
        return node.sql(self.law_columns)

    def findings(self, each: bool) -> Iterator[Row]:
        """All findings of these rules, each with its place in the order of the files."""
        violations, unknowns = self.outcomes()
        for rule in self.rules:
            yield from self.violations(rule, violations[rule.code])
            if unknowns[rule.code]:
                yield from self.unknowns(rule, each)

    def outcomes(self) -> tuple[dict[str, Any], dict[str, bool]]:
        """For each rule, the row ids it is violated on, and whether it is unknown anywhere."""
        import numpy as np

        columns = ", ".join(
            f"CAST(CASE WHEN {sql} IS NULL THEN 2 WHEN {sql} THEN 1 ELSE 0 END AS TINYINT) AS {rule.code}"
            for rule in self.rules
            for sql in [self.sql(rule.condition)]
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
        return {code: np.concatenate(parts) if parts else np.zeros(0, np.int64) for code, parts in found.items()}, unknown

    def violations(self, rule: Rule, row_ids: Any) -> Iterator[Row]:
        """One finding for each violated row."""
        if not len(row_ids):
            return
        import pyarrow as pa

        self.connection.register("wanted", pa.table({"row_id": pa.array(row_ids)}))
        fixes = "".join(f', {self.sql(node)} AS "fix:{key}"' for key, node in rule.fix.items())
        paths = dict.fromkeys(test.path for leaf in rule.condition.leaves() for test in leaf.laws)
        fixes += "".join(f', {law_version_sql(self.laws[path])} AS "law:{path}"' for path in paths)
        needed = ", ".join(dict.fromkeys([*self.identity(), *rule.evidence]))
        query = f"SELECT {needed}{fixes} FROM evaluated SEMI JOIN wanted USING (row_id) ORDER BY row_id"
        for row in self.connection.sql(query).to_arrow_table().to_pylist():
            yield self.finding(rule, row, "violation", rule.severity, missing=[], line_count=1)
        self.connection.unregister("wanted")

    def unknowns(self, rule: Rule, each: bool) -> Iterator[Row]:
        """The unknowns of a rule: one finding for each group that misses the same for the same reason."""
        condition = rule.condition
        missing = condition.missing_sql(self.law_columns, self.laws, self.table)
        names = list(missing)
        flags = [f"coalesce({sql}, FALSE) AS m{number}" for number, sql in enumerate(missing.values())]
        reasons = dict.fromkeys(self.table[name].because for name in names if name in self.table and self.table[name].because)
        becauses = [
            "CASE WHEN "
            + (" OR ".join(f"m{n}" for n, name in enumerate(names) if name in self.table and self.table[name].because == reason))
            + f" THEN {reason} END AS b{number}"
            for number, reason in enumerate(reasons)
        ]
        inner = ", ".join(["*", *flags])
        keys = [f"m{n}" for n in range(len(names))] + [f"b{n}" for n in range(len(reasons))]
        query = f"SELECT {', '.join(['*', *becauses])} FROM (SELECT {inner} FROM evaluated WHERE {self.sql(condition)} IS NULL)"
        shown = [*self.identity(), *rule.evidence]
        if each:
            chosen = ", ".join(dict.fromkeys([*shown, *keys]))
            query = f"SELECT {chosen}, 1 AS line_count FROM ({query}) ORDER BY row_id"
        else:
            grouped = ", ".join([*keys, "count(*) AS line_count", "min(row_id) AS first_row"])
            chosen = ", ".join([*(f"u.{name}" for name in dict.fromkeys(shown)), *(f"g.{key}" for key in [*keys, "line_count"])])
            query = (
                f"WITH unknown AS MATERIALIZED ({query}), grouped AS (SELECT {grouped} FROM unknown GROUP BY ALL) "
                f"SELECT {chosen} FROM grouped AS g JOIN unknown AS u ON u.row_id = g.first_row ORDER BY row_id"
            )
        for row in self.connection.sql(query).to_arrow_table().to_pylist():
            because = {reason: row[f"b{number}"] for number, reason in enumerate(reasons)}
            lacking = [self.missing(name, because) for number, name in enumerate(names) if row[f"m{number}"]]
            yield self.finding(rule, row, "unknown", rule.unknown, missing=lacking, line_count=row["line_count"])

    def missing(self, name: str, because: dict[str, str | None]) -> Row:
        """A missing fact in words: what it is, why it is missing, who can supply it."""
        if name not in self.table:
            return {"fact": name, "meaning": "what the law says", "because": "the law is silent for this date or payer", "supplied_by": "nobody: a law file would have to be added"}
        column = self.table[name]
        reason = because.get(column.because) or "it is blank in the registry"
        return {"fact": name, "meaning": column.meaning, "because": reason, "supplied_by": column.supplied_by}

    def identity(self) -> list[str]:
        wanted = ("row_id", "file_id", "claim_key", "claim_id", "line_number", "billing_provider_npi", "byte_offset")
        wanted += ("claim_byte_offset", "row_number", "claim_row_number", "transaction_control_number")
        wanted += ("service_facility_byte_offset", "is_place_of_service_from_line")
        return [name for name in wanted if name in self.table]

    def finding(self, rule: Rule, row: Row, outcome: str, severity: str, missing: list[Row], line_count: int) -> Row:
        """One finding as the report gives it."""
        element = self.element(rule, row)
        offset = next((row.get(name) for start, name in _POSITIONS.items() if element and element.startswith(start)), None)
        line_number = row.get("line_number")
        evidence = {name: plain(row[name]) for name in rule.evidence}
        fix = {key: plain(row[f"fix:{key}"]) for key in rule.fix} if outcome == "violation" else {}
        return {
            "_order": (row["claim_key"], -1 if line_number is None else line_number, rule.code),
            "rule": rule.code,
            "name": rule.name,
            "grain": rule.grain,
            "outcome": outcome,
            "severity": severity,
            "consequence": rule.consequence,
            "file": self.file_names[row["file_id"]],
            "claim_id": row["claim_id"],
            "line_number": line_number,
            "line_count": line_count,
            "transaction": row["transaction_control_number"],
            "segment": element[:3] if element else None,
            "element": element,
            "byte_offset": offset if offset is not None else row.get("byte_offset", row["claim_byte_offset"]),
            "row_number": row.get("row_number", row["claim_row_number"]),
            "message": _message(rule, evidence, outcome, missing),
            "evidence": evidence,
            "missing": missing,
            "exposure_amount": None,
            "expected_response": rule.expected_response if outcome == "violation" else {},
            "fix": fix,
            "fix_safety": rule.fix_safety if fix else None,
            "authority": list(rule.authority),
            "basis": list(rule.basis),
            "law_versions": {name[4:]: value for name, value in row.items() if name.startswith("law:")},
            "fingerprint": _fingerprint(rule.code, row["billing_provider_npi"], row["claim_id"], line_number),
        }

    def element(self, rule: Rule, row: Row) -> str | None:
        """The element the finding is about: where its first evidence stands on the wire."""
        first = self.table[rule.evidence[0]]
        if first.source == "SV105" and row.get("is_place_of_service_from_line") is False and "line_number" in self.table:
            return "CLM05-1"
        return first.source or None


def _fingerprint(rule: str, billing_provider_npi: str | None, claim_id: str | None, line_number: int | None) -> str:
    parts = (rule, billing_provider_npi or "", claim_id or "", "" if line_number is None else str(line_number))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def plain(value: Any) -> Any:
    """A value as JSON has it: amounts and decimals as text, dates as ISO text."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def _message(rule: Rule, evidence: Row, outcome: str, missing: list[Row]) -> str:
    """The sentence of a finding: the page's for a violation, its own for an unknown."""
    if outcome == "violation":
        shown = {name: NOT_KNOWN if value is None else value for name, value in evidence.items()}
        return rule.message.format(**shown)
    lacking = "; ".join(f"{one['fact']} ({one['because']})" for one in missing)
    return f"Cannot tell: {rule.title[0].lower()}{rule.title[1:]}? Not known: {lacking}."
