"""Why, and why not: the condition tree of a rule, walked over the facts of one claim.

It comes from the same text the engine runs: every node of the tree is asked in SQL, and shown with
its truth and the values it saw.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.condition import Node
from scrubjay.engine import NOT_KNOWN, WITHIN_SITE, Grain, Run, fix_of, plain, prepare, today
from scrubjay.errors import UnknownClaim
from scrubjay.reference.law import Law
from scrubjay.rule import FIX_ACTIONS, Rule, find_rule
from scrubjay.tables import FACILITY_CLAIM_FACTS, GRAINS, PAIR_LINE_FACTS
from scrubjay.working import working
from scrubjay.workspace import Workspace

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Reading:
    """One node of a condition with its truth over a row: True, False, or None for unknown."""

    kind: str
    text: str
    truth: bool | None
    values: dict[str, Any]
    parts: tuple[Reading, ...]

    def lines(self, depth: int = 1) -> Iterator[str]:
        """The tree as indented text lines."""
        mark = {True: "yes", False: "no", None: "???"}[self.truth]
        head = f"{'  ' * depth}{mark:<4}"
        if self.kind in ("and", "or"):
            yield head + ("all of:" if self.kind == "and" else "any of:")
        elif self.kind == "not":
            yield head + "not:"
        elif self.kind == "case":
            yield head + self.text
        else:
            values = ", ".join(f"{name} = {_shown(value)}" for name, value in self.values.items())
            says_more = values and values != self.text and self.text not in self.values
            yield head + self.text + (f"   [{values}]" if says_more else "")
        for part in self.parts:
            yield from part.lines(depth + 1)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one rule says of one service line or claim, and why."""

    rule: str
    name: str
    title: str
    grain: str
    claim_id: str | None
    site_id: str | None
    line_number: int | None
    outcome: str  # violation, unknown, clear, out_of_scope
    severity: str | None
    missing: list[dict[str, Any]]
    fix: dict[str, Any]
    evidence: dict[str, Any]
    exposure: dict[str, Any] | None  # of a violation that moves money, as a finding gives it
    working: tuple[str, ...]  # how its amounts come about, line by line
    applies: Reading
    violates: Reading

    @property
    def exposure_amount(self) -> str | None:
        """What the violation moves, as billed less as it should be; None where it moves nothing, or nobody knows."""
        if self.exposure is None or self.exposure["because"] is not None:
            return None
        return str(Decimal(self.exposure["billed_amount"]) - Decimal(self.exposure["correct_amount"]))

    def _evidence(self) -> Iterator[str]:
        """The evidence as lines; that of a pair in two for its two claims, and one for what is said of both."""
        if self.grain != "claim_pair":
            yield f"evidence: {_listed(self.evidence)}"
            return
        facility = {name: value for name, value in self.evidence.items() if name in FACILITY_CLAIM_FACTS}
        line = {name: value for name, value in self.evidence.items() if name in PAIR_LINE_FACTS}
        both = {name: value for name, value in self.evidence.items() if name not in facility and name not in line}
        if line:
            yield f"professional: {_listed(line)}"
        if any(facility.values()):
            yield f"facility: {_listed(facility)}"
        elif not both.get("has_facility_claim", not facility):
            yield "facility: no claim was found"
        if both:
            yield f"both: {_listed(both)}"

    def text(self) -> str:
        """The explanation as plain text for a terminal."""
        place = f"site {self.site_id}" if self.site_id else "this check"
        place += "".join(f", {self.evidence[name]}" for name in WITHIN_SITE if self.evidence.get(name))
        if self.claim_id is not None:
            place = f"claim {self.claim_id}"
        if self.line_number is not None:
            place += f", line {self.line_number}"
        words = {"violation": "violated", "unknown": "cannot tell", "clear": "clear", "out_of_scope": "does not apply"}
        rows = [f"{self.rule} {self.title}", f"{place}: {words[self.outcome]}"]
        rows += ["applies when", *self.applies.lines()]
        if self.outcome != "out_of_scope":
            rows += ["violated when", *self.violates.lines()]
        said: list[str] = []
        if self.outcome != "out_of_scope":
            said += self._evidence()
        for one in self.missing:
            ask = one["supplied_by"] or "the billing office"
            said.append(f"missing: {one['fact']}, because {one['because']}; ask {ask}")
        if self.fix:
            changes = (f"{key} = {_shown(value)}" for key, value in self.fix.items())
            said.append("fix: " + (FIX_ACTIONS.get(self.fix.get("action", "")) or ", ".join(changes)))
        rows += (textwrap.fill(line, 80, subsequent_indent="  ", break_on_hyphens=False) for line in said)
        rows += ["amounts"] if self.working else []
        rows += (
            textwrap.fill(line, 80, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
            for line in self.working
        )
        return "\n".join(rows)


def _listed(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {_shown(value)}" for name, value in facts.items())


def _shown(value: Any) -> str:
    if value is None:
        return NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"'{value}'" if isinstance(value, str) else str(value)


# The rows of a grain that a claim is about.
_OF_CLAIM = "WHERE claim_id = ?"
_WITH_ITS_LINES = """
    SEMI JOIN (
        SELECT w.row_number, f.is_provider_based AS status, strftime(f.service_date, '%Y-%m') AS month,
            f.payer_program AS program,
            coalesce(f.payer_name, f.payer_id, 'a payer without a name') AS payer, f.rendering_provider_npi AS npi
        FROM service_line_facts AS f JOIN line_sites AS w USING (row_id) WHERE f.claim_id = ?
    ) AS l ON l.row_number = site_row_number AND l.status IS NOT DISTINCT FROM is_provider_based AND """
_ROWS_OF = {
    "claim_pair": "WHERE ? IN (claim_id, facility_claim_id)",
    "site": """
        WHERE site_row_number IN (
            SELECT w.row_number FROM line_sites AS w JOIN lines AS l USING (row_id)
            JOIN judged_claims AS c USING (claim_key) WHERE c.claim_id = ?
        )""",
    "site_month": f"{_WITH_ITS_LINES} l.month = service_month AND l.program IS NOT DISTINCT FROM payer_program",
    "site_payer_month": f"{_WITH_ITS_LINES} l.month = service_month AND l.payer = payer_name",
    "site_practitioner": f"{_WITH_ITS_LINES} l.npi = rendering_provider_npi "
    "AND l.program IS NOT DISTINCT FROM payer_program",
    "run": "WHERE ? IS NOT NULL",
}


def explain(
    paths: Iterable[str | Path],
    *,
    claim: str,
    line: int | None = None,
    rule: str | Iterable[str] | None = None,
    workspace: Workspace | None = None,
    received: dt.date | None = None,
    as_of: dt.date | None = None,
) -> list[Explanation]:
    """What every rule (or these) says of a claim, or of one of its lines, and why or why not.

    Preview rules answer too, and the rules about the sites where the claim was given. Nothing is said
    of dental claims: no rule reads them yet. ``as_of`` is the run date, today if not given. Raises
    UnknownClaim when no claim of the files has this id or no line this number, UnknownRule for a rule
    that is not there.
    """
    codes = [rule] if isinstance(rule, str) else None if rule is None else list(rule)

    def wanted(pages: dict[str, Rule]) -> list[Rule]:
        return list(pages.values()) if codes is None else [find_rule(pages, code) for code in codes]

    run = prepare(paths, workspace=workspace, received=received, as_of=as_of or today(), wanted=wanted)
    return explain_run(run, run.rules, claim=claim, line=line, with_run=rule is not None)


def explain_run(
    run: Run, rules: list[Rule], *, claim: str, line: int | None = None, with_run: bool = True
) -> list[Explanation]:
    """What these rules say of a claim of files that were read already; see `explain`.

    ``with_run``: also the rules about the check itself, whatever the claim.
    """
    connection, laws = run.connection, run.laws
    found: list[Explanation] = []
    lines: set[int] = set()
    for grain, table in GRAINS.items():
        chosen = [one for one in rules if one.grain == grain]
        if not chosen or (grain == "run" and not with_run):
            continue
        connection.execute(
            f"CREATE OR REPLACE TABLE one_claim AS SELECT * FROM {table.name} {_ROWS_OF.get(grain, _OF_CLAIM)}", [claim]
        )
        if connection.sql("SELECT count(*) FROM one_claim").fetchall() != [(0,)]:
            compiled = Grain(connection, table, chosen, laws, [], source="one_claim")
            explained = [
                replace(one, working=tuple(working(connection, laws, grain, row[compiled.line_key], one.exposure)))
                if one.exposure
                else one
                for each in chosen
                for row, one in explain_lines(compiled, each)
            ]
            lines |= {one.line_number for one in explained if one.line_number is not None}
            found += (one for one in explained if line in (None, one.line_number))
    if not connection.sql("SELECT 1 FROM claims WHERE claim_id = ? LIMIT 1", params=[claim]).fetchall():
        raise UnknownClaim(
            f"No claim in these files has the id '{claim}' (CLM01). Ids are compared as they stand, with case."
        )
    if line is not None and lines and not found:
        raise UnknownClaim(f"Claim '{claim}' has no service line {line}; it has {', '.join(map(str, sorted(lines)))}.")
    return found


def explain_rows(connection: duckdb.DuckDBPyConnection, rule: Rule, laws: dict[str, Law]) -> Iterator[Explanation]:
    """What one rule says of every row of its fact table in the connection, by row id."""
    yield from _explain(Grain(connection, rule.table, [rule], laws, []), rule)


def _explain(grain: Grain, rule: Rule) -> Iterator[Explanation]:
    """The explanations of one rule for every row of the table at hand."""
    return (explained for _, explained in explain_lines(grain, rule))


def explain_lines(grain: Grain, rule: Rule) -> Iterator[tuple[dict[str, Any], Explanation]]:
    """Every row of the table at hand with the explanation of one rule for it."""
    nodes = list(_nodes(rule.condition))
    missing = rule.condition.missing_sql(grain.law_columns, grain.laws, grain.table)
    asked = [f"{grain.sql(node)} AS n{number}" for number, node in enumerate(nodes)]
    asked += [f"coalesce({sql}, FALSE) AS m{number}" for number, sql in enumerate(missing.values())]
    asked += [f'{grain.sql(node)} AS "fix:{key}"' for key, node in rule.fix.items()]
    grain.keep_national_amounts("evaluated")
    amounts, national = grain.amounts_sql(rule, "evaluated")
    rows = (
        grain.connection.sql(f"SELECT *, {', '.join(asked + amounts)} FROM evaluated {national} ORDER BY row_id")
        .to_arrow_table()
        .to_pylist()
    )
    for row in rows:
        truth = {id(node): row[f"n{number}"] for number, node in enumerate(nodes)}
        applies, result = truth[id(rule.applies)], truth[id(nodes[0])]
        outcome = {True: "violation", None: "unknown", False: "clear"}[result]
        if applies is False:
            outcome = "out_of_scope"
        because = {name: row[name] for column in grain.table.columns if (name := column.because)}
        exposure = grain.exposure(rule, row) if outcome == "violation" else None
        lacking = [grain.missing(name, because) for number, name in enumerate(missing) if row[f"m{number}"]]
        yield (
            row,
            Explanation(
                rule=rule.code,
                name=rule.name,
                title=rule.title,
                grain=rule.grain,
                claim_id=row.get("claim_id"),
                site_id=row.get("site_id"),
                line_number=row.get("line_number"),
                outcome=outcome,
                severity={"violation": rule.severity, "unknown": rule.unknown}.get(outcome),
                missing=lacking if outcome == "unknown" else [],
                fix=fix_of(rule, row) if outcome == "violation" else {},
                evidence={name: plain(row[name]) for name in rule.evidence},
                exposure=exposure,
                working=(),
                applies=_reading(rule.applies, truth, row),
                violates=_reading(rule.violates, truth, row),
            ),
        )


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _nodes(part)


def _reading(node: Node, truth: dict[int, bool | None], row: dict[str, Any]) -> Reading:
    return Reading(
        node.kind,
        node.text,
        truth[id(node)],
        {name: row[name] for name in node.columns},
        tuple(_reading(part, truth, row) for part in node.parts),
    )
