"""The checklists: eight steps for every claim at POS 19 or 22, three for POS 11, step by step.

A step is a page like a rule (``checklists/*.md``): *violates* is how it fails, unknown is *not verified*. Rules
whose dossier ids are those of the step stand behind it: a step is done only if none of them is violated or
unknown for the claim, its site, or the hospital's claims there.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scrubjay.engine import Grain, Row, Run, prepare, today
from scrubjay.errors import UnknownClaim, printable
from scrubjay.explanation import Explanation, explain_lines
from scrubjay.reference.law import load_laws
from scrubjay.rule import Rule, apply_settings, read_rule, select_rules
from scrubjay.tables import GRAINS
from scrubjay.workspace import Workspace

STEPS_FOLDER = Path(__file__).parent / "checklists"
STATES = ("failed", "not verified", "done", "does not apply")  # the first that fits a line is that of the claim
_OWN = {"violation": "failed", "unknown": "not verified", "clear": "done", "out_of_scope": "does not apply"}
_CHECKLISTS = {"1": "hospital outpatient department (POS 19, 22)", "2": "office (POS 11)"}


@dataclass(frozen=True, slots=True)
class Checklist:
    """What the checklists say of the claims of a run, and in sum of each site."""

    claims: list[Row]
    sites: list[Row]
    has_unread: bool

    def as_dict(self) -> Row:
        """All of it, as the JSON door prints it (schema ``scrubjay.checklist/1``)."""
        return {"schema": "scrubjay.checklist/1", "claims": self.claims, "sites": self.sites}

    @property
    def exit_code(self) -> int:
        """0: every step done. 1: something failed or could not be verified. 2: something could not be read."""
        states = {step["state"] for claim in self.claims for step in claim["steps"]}
        return 2 if self.has_unread else int(not states <= {"done", "does not apply"})


@cache
def load_steps() -> tuple[Rule, ...]:
    """The steps of both checklists, in order. The first digit of the code names the list, the last the step."""
    laws = load_laws()
    files = sorted(STEPS_FOLDER.glob("*.md"))
    return tuple(read_rule(file.read_text(encoding="utf-8"), file.name, laws) for file in files)


def run_checklist(
    paths: Iterable[str | Path],
    *,
    claim: str | None = None,
    workspace: Workspace | None = None,
    received: dt.date | None = None,
    as_of: dt.date | None = None,
) -> Checklist:
    """The checklist of every professional claim at POS 11, 19 or 22, or of one of them.

    Raises UnknownClaim when no such claim has this id.
    """
    workspace = workspace or Workspace.empty()
    settings, run_date = workspace.settings, as_of or today()
    run = prepare(
        paths,
        workspace=workspace,
        received=received,
        as_of=run_date,
        wanted=lambda pages: select_rules(apply_settings(pages, settings, run_date)),
    )
    where = "place_of_service_code IN ('11', '19', '22')"
    query = f"CREATE OR REPLACE TABLE checked_lines AS SELECT * FROM service_line_facts WHERE {where}"
    run.connection.execute(
        query + (" AND claim_id = ?" if claim is not None else ""), [claim] if claim is not None else []
    )
    if claim is not None and run.connection.sql("SELECT count(*) FROM checked_lines").fetchall() == [(0,)]:
        raise UnknownClaim(f"No claim '{claim}' (CLM01) in these files has a line at POS 11, 19 or 22.")
    steps = load_steps()
    behind = _Behind(_findings_behind(run, steps))
    claims: dict[tuple[int, str], Row] = {}
    grain = Grain(run.connection, GRAINS["service_line"], list(steps), run.laws, run.file_names, source="checked_lines")
    for step in steps:
        for row, one in explain_lines(grain, step):
            _add(claims, row, step, one, run.file_names)
    for one_claim in claims.values():
        near = behind.of(one_claim)
        for step in one_claim["steps"]:
            _look_behind(step, near)
        del one_claim["claim_key"], one_claim["sites"]
    listed = [one for one in claims.values() if any(step["state"] != "does not apply" for step in one["steps"])]
    listed.sort(key=lambda one: (one["file"], one["claim_id"] or "", one["checklist"]))
    has_unread = any(problem["severity"] == "error" for problem in run.problems)
    return Checklist(listed, _sites(listed), has_unread)


def _findings_behind(run: Run, steps: Iterable[Rule]) -> list[Row]:
    """The findings of rules whose dossier ids are those of a step, of any line, claim and site."""
    ids = {one for step in steps for one in step.basis}
    rules = [rule for rule in run.rules if not ids.isdisjoint(rule.basis)]
    findings: list[Row] = []
    for name, table in GRAINS.items():
        chosen = [rule for rule in rules if rule.grain == name]
        if chosen and name != "run":
            findings += Grain(run.connection, table, chosen, run.laws, run.file_names).findings(each=True)
    return [finding for finding in findings if finding["severity"] != "info"]


def _add(claims: dict[tuple[int, str], Row], row: Row, step: Rule, one: Explanation, names: list[str]) -> None:
    """Put what a step says of a line into its claim; of several lines the worst state counts."""
    number = step.code[3]
    claim = claims.setdefault(
        (row["claim_key"], number),
        {
            "claim_key": row["claim_key"],
            "claim_id": row["claim_id"],
            "file": names[row["file_id"]],
            "checklist": _CHECKLISTS[number],
            "site_id": None,
            "site_name": None,
            "service_date": None,
            "sites": set(),  # of all lines that the list is about
            "places": [],
            "steps": [],
        },
    )
    if one.outcome != "out_of_scope":
        if not claim["places"]:  # the first line that the list is about says where and when
            claim["site_id"], claim["site_name"] = row["site_id"], row["site_name"]
            claim["service_date"] = row["service_date"].isoformat() if row["service_date"] else None
        claim["sites"] |= {row["site_id"]} - {None}
        if row["place_of_service_code"] not in claim["places"]:
            claim["places"].append(row["place_of_service_code"])
    said = {
        "step": int(step.code[4:]),
        "code": step.code,
        "title": step.title,
        "state": _OWN[one.outcome],
        "line_number": one.line_number,
        "evidence": one.evidence,
        "missing": one.missing,
        "findings": [],
    }
    same = next((at for at, kept in enumerate(claim["steps"]) if kept["code"] == step.code), None)
    if same is None:
        claim["steps"].append(said)
    elif STATES.index(said["state"]) < STATES.index(claim["steps"][same]["state"]):
        claim["steps"][same] = said


class _Behind:
    """The findings behind the steps, to be found by claim and by site."""

    def __init__(self, findings: Iterable[Row]) -> None:
        self._of_claim: dict[int, dict[int, Row]] = defaultdict(dict)
        self._of_site: dict[str | None, dict[int, Row]] = defaultdict(dict)
        for at, finding in enumerate(findings):
            self._of_claim[finding["_order"][0]][at] = finding
            if finding["grain"] in ("site", "institutional_line") and finding["outcome"] == "violation":
                self._of_site[finding["site_id"]][at] = finding

    def of(self, claim: Row) -> list[Row]:
        """Those of a claim, and the violations of its sites and of the hospital's claims there, in their order."""
        near = dict(self._of_claim.get(claim["claim_key"], {}))
        for site in claim["sites"]:
            near |= self._of_site.get(site, {})
        return [near[at] for at in sorted(near)]


def _look_behind(step: Row, findings: list[Row]) -> None:
    """Add the findings behind a step; a violation fails it, an unknown leaves it not verified."""
    if step["state"] == "does not apply":
        return
    basis = next(one.basis for one in load_steps() if one.code == step["code"])
    seen = set()
    for finding in findings:
        key = (finding["rule"], finding["_order"][0], finding["site_id"])
        if set(basis).isdisjoint(finding["basis"]) or key in seen:
            continue
        seen.add(key)
        shown = ("rule", "outcome", "severity", "claim_id", "line_number", "site_id", "message")
        step["findings"].append({name: finding[name] for name in shown})
        state = _OWN[finding["outcome"]]
        if STATES.index(state) < STATES.index(step["state"]):
            step["state"] = state
            step["missing"] = [*step["missing"], *(one for one in finding["missing"] if one not in step["missing"])]


def _sites(claims: list[Row]) -> list[Row]:
    """For each site and checklist: how many claims have each step in each state."""
    sums: dict[tuple[str, str], Row] = {}
    for claim in claims:
        row = sums.setdefault(
            (claim["site_id"] or "", claim["checklist"]),
            {
                "site_id": claim["site_id"],
                "site_name": claim["site_name"],
                "checklist": claim["checklist"],
                "claims": 0,
                "steps": {},
            },
        )
        row["claims"] += 1
        for step in claim["steps"]:
            row["steps"].setdefault(step["step"], Counter())[step["state"]] += 1
    found = [sums[key] for key in sorted(sums, key=lambda key: (key[1], not key[0], key[0]))]
    for row in found:
        row["steps"] = {str(step): dict(states) for step, states in sorted(row["steps"].items())}
    return found


# --- as text ------------------------------------------------------------------------------------------

_NARROWEST = 10  # characters for the name of a site
_MARKS = {"done": "done", "failed": "FAILED", "not verified": "not verified", "does not apply": "-"}


def checklist_text(found: Checklist, width: int = 80) -> Iterator[str]:
    """The sums for each site, then the claims, those alike together."""
    if not found.claims:
        yield "No professional claim here has a line at POS 11, 19 or 22.\n"
        return
    if len(found.claims) > 1:
        yield from _sites_text(found.sites, width)
    for group in _alike(found.claims):
        yield from _claims_text(group, width)


def _sites_text(sites: list[Row], width: int) -> Iterator[str]:
    for kind in dict.fromkeys(site["checklist"] for site in sites):
        rows = [site for site in sites if site["checklist"] == kind]
        steps = sorted({int(step) for site in rows for step in site["steps"]})
        head = f"{kind[0].upper()}{kind[1:]}: claims with the step done"
        yield from _wrapped(head, width, 0)
        table = [("site", "claims", *map(str, steps))]
        table += [
            (
                site["site_id"] or "not known",
                f"{site['claims']:,}",
                *(_share(site["steps"].get(str(s), {})) for s in steps),
            )
            for site in rows
        ]
        widths = [max(map(len, column)) + 2 for column in zip(*table, strict=True)]
        room = width - sum(widths[1:])
        is_narrow = room < min(widths[0], _NARROWEST)
        widths[0] = min(widths[0], room)
        if is_narrow:  # too narrow for a table: a site is a paragraph
            for site, claims, *cells in table[1:]:
                said = ", ".join(f"{step}: {cell}" for step, cell in zip(steps, cells, strict=True))
                yield from _wrapped(f"{site} ({claims}): {said}", width, 0)
        else:
            for site, *cells in table:
                numbers = "".join(f"{cell:>{size}}" for cell, size in zip(cells, widths[1:], strict=True))
                yield f"{printable(site)[: widths[0] - 1]:<{widths[0]}}{numbers}\n"
        yield "\n"


def _share(states: Row) -> str:
    applies = sum(count for state, count in states.items() if state != "does not apply")
    return f"{states.get('done', 0)}/{applies}" if applies else "-"


def _alike(claims: list[Row]) -> list[list[Row]]:
    """Claims of one site and checklist whose steps stand alike, for the same reasons and by the same rules."""
    groups: dict[Any, list[Row]] = {}
    for claim in claims:
        key = (
            claim["checklist"],
            claim["site_id"],
            tuple(
                (
                    step["state"],
                    tuple((one["fact"], one["because"]) for one in step["missing"]),
                    tuple(one["rule"] for one in step["findings"]),
                )
                for step in claim["steps"]
            ),
        )
        groups.setdefault(key, []).append(claim)
    return list(groups.values())


def _claims_text(group: list[Row], width: int) -> Iterator[str]:
    first = group[0]
    site = first["site_name"] or first["site_id"] or "a site that is not known"
    more = f", and {len(group) - 1} more like it" if len(group) > 1 else ""
    head = f"{first['claim_id'] or 'a claim without an id'}, POS {', '.join(first['places']) or '?'} at {site}, {first['service_date']}{more}"
    yield from _wrapped(head, width, 0)
    for step in first["steps"]:
        title = f"{step['step']} {_MARKS[step['state']]:<13} {step['title']}"
        yield from _wrapped(title, width, 2, 18 if width >= 60 else 4)
        said = []
        for one in step["findings"]:
            where = "" if one["claim_id"] == first["claim_id"] else f" ({one['claim_id'] or one['site_id']})"
            said.append(f"{one['rule']} {one['severity']}{where}: {one['message']}")
        if step["state"] == "not verified":
            for because in dict.fromkeys(one["because"] for one in step["missing"]):
                facts = [one for one in step["missing"] if one["because"] == because]
                asked = dict.fromkeys(one["supplied_by"] for one in facts if one["supplied_by"])
                names = ", ".join(dict.fromkeys(one["fact"] for one in facts))
                said.append(f"not known: {names} ({because}); ask {'; '.join(asked) or 'the billing office'}")
        if step["state"] == "failed" and not step["findings"]:
            evidence = ", ".join(f"{name} {_word(value)}" for name, value in step["evidence"].items())
            said.append(evidence)
        for text in said:
            yield from _wrapped(text, width, 6, 8)
    yield "\n"


def _wrapped(text: str, width: int, first: int, more: int | None = None) -> Iterator[str]:
    """The text in lines of this width; a word that is longer, such as the name of a fact, stays whole."""
    indents = " " * first, " " * (first + 2 if more is None else more)
    lines = textwrap.wrap(
        printable(text),
        width,
        initial_indent=indents[0],
        subsequent_indent=indents[1],
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    yield from (f"{line}\n" for line in lines)


def _word(value: Any) -> str:
    return {None: "not known", True: "yes", False: "no"}.get(value, str(value)) if not isinstance(value, str) else value
