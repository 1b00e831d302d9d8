"""A rule is a document: one Markdown page whose front matter holds two conditions.

`load_rules` reads the pages of a folder, checks them strictly, and gives `Rule` values. The page
stays the manual: `Rule.body` is its text under the fixed headings.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from scrubjay.condition import Node, parse_condition, parse_expression, type_of
from scrubjay.errors import DefinitionError, UnknownRule, near_miss
from scrubjay.reference.law import Law, load_laws
from scrubjay.strict_yaml import check_keys, load_yaml, read_text
from scrubjay.tables import GRAINS, Table
from scrubjay.workspace import RuleSetting

RULES_FOLDER = Path(__file__).parent / "rules"

HEADINGS = (
    "What it does",
    "Why it is a problem",
    "Example",
    "When it cannot tell",
    "Remedy",
    "References",
)
_CHOICES = {
    "severity": ("error", "warning", "info"),
    "unknown": ("hold", "warning", "info"),
    "consequence": ("reject", "return_to_provider", "deny", "overpayment", "underpayment", "audit"),
    "status": ("preview", "stable", "deprecated", "removed"),
}
FIX_SAFETY = ("safe", "review", "display")
FIX_ACTIONS = {
    "drop_line": "leave this line out of the claim",
    "combine_on_inpatient_claim": "put this charge on the hospital's inpatient claim",
}
_REQUIRED = (
    *("code", "grain", "severity", "unknown", "consequence", "status", "since", "basis", "authority"),
    *("applies", "violates", "message", "evidence"),
)
_KEYS = (*_REQUIRED, "exposure", "expected_response", "fix", "hold_until")
CODE = re.compile(r"[A-Z]{3}[0-9]{3}")
_FILE_NAME = re.compile(r"(?P<code>[A-Z]{3}[0-9]{3})-(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)\.md")
_TEXTS = ("code", "grain", "severity", "unknown", "consequence", "status", "since", "applies", "violates", "message")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a violation moves: the payer's amount for the line as billed, and as it should be."""

    billed: Node
    correct: Node


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule page, read and checked."""

    code: str
    name: str
    title: str
    grain: str
    severity: str
    unknown: str
    consequence: str
    status: str
    since: str
    basis: tuple[str, ...]
    authority: tuple[str, ...]
    applies: Node
    violates: Node
    exposure: Exposure | None
    expected_response: dict[str, str]
    message: str
    evidence: tuple[str, ...]
    fix: dict[str, Node]
    fix_action: str | None  # what to do with the whole line, of `FIX_ACTIONS`
    fix_safety: str | None
    hold_until: str | None  # the evidence that names the first day on which a line that is on hold may go out
    body: str
    file: str

    @property
    def table(self) -> Table:
        return GRAINS[self.grain]

    @property
    def condition(self) -> Node:
        """``applies AND violates``: true is a violation, NULL unknown, false no finding."""
        return Node("and", "boolean", "applies AND violates", (self.applies, self.violates))


@cache
def load_rules(own: Path | None = None, own_law: Path | None = None) -> dict[str, Rule]:
    """All rules by code: those that ship with Scrubjay, and the organisation's own. Raises DefinitionError.

    ``own`` is a folder of rule pages, ``own_law`` one of law files that are laid over ours.
    """
    laws = load_laws(own_law)
    rules: dict[str, Rule] = {}
    shipped: set[str] = set()
    for folder in (RULES_FOLDER, own):
        for file in sorted(folder.glob("*.md")) if folder else ():
            rule = read_rule(read_text(file, file.name), file.name, laws)
            if rule.code[:3] in shipped:
                raise DefinitionError(
                    f"the letters {rule.code[:3]} are those of a family that ships with Scrubjay",
                    file=file.name,
                    advice="choose other letters, such as OWN101, so that an update never takes the code",
                )
            if rule.code in rules:
                raise DefinitionError(
                    f"the code {rule.code} is used by another page ({rules[rule.code].file})", file=file.name
                )
            rules[rule.code] = rule
        shipped = {code[:3] for code in rules}
    return rules


def find_rule(rules: dict[str, Rule], code: str) -> Rule:
    """The rule of this code. Raises UnknownRule, naming the nearest."""
    if code.upper() not in rules:
        raise UnknownRule(
            f"There is no rule '{code}'.{near_miss(code.upper(), list(rules))} 'scrubjay rules' lists them all."
        )
    return rules[code.upper()]


def check_codes(prefixes: tuple[str, ...], own: Path | None = None) -> None:
    """Raise UnknownRule for a prefix that fits no rule page; reads the names of the pages only."""
    codes = [file.name[:6] for folder in (RULES_FOLDER, own) if folder for file in folder.glob("*.md")]
    for prefix in prefixes:
        if not any(code.startswith(prefix.upper()) for code in codes):
            raise UnknownRule(f"No rule code begins with '{prefix}'.{near_miss(prefix.upper(), codes)}")


def select_rules(rules: dict[str, Rule], select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> list[Rule]:
    """The rules to run: those whose code begins with a selected prefix, less the ignored ones.

    Without ``select`` all stable rules. A preview rule runs only when its whole code is selected.
    """
    wanted, unwanted = (tuple(p.upper() for p in select), tuple(p.upper() for p in ignore))
    return [
        rule
        for rule in rules.values()
        if (not wanted or rule.code.startswith(wanted))
        and not (unwanted and rule.code.startswith(unwanted))
        and (rule.status in ("stable", "deprecated") or rule.code in wanted)
    ]


def apply_settings(rules: dict[str, Rule], settings: Iterable[RuleSetting], run_date: dt.date) -> dict[str, Rule]:
    """The rules as an organisation wants them on a day: without those it switches off, others softened.

    A setting whose last day has passed changes nothing. Raises DefinitionError for a code without a page.
    """
    found = dict(rules)
    for one in settings:
        if one.code not in rules:
            advice = "correct the code, or delete the section; 'scrubjay rules' lists them all"
            problem = f"There is no rule '{one.code}'.{near_miss(one.code, list(rules))}"
            raise DefinitionError(problem, file=one.file, line=one.line, advice=advice)
        if one.until < run_date:
            continue
        if one.severity == "off":
            del found[one.code]
        else:
            rule = rules[one.code]
            softer = {key: min(getattr(rule, key), one.severity, key=_SOFTER.index) for key in ("severity", "unknown")}
            found[one.code] = replace(rule, **softer)
    return found


_SOFTER = ("info", "warning", "hold", "error")


def read_rule(text: str, file: str, laws: dict[str, Law]) -> Rule:
    """A rule from the text of its page. Raises DefinitionError with file and line."""
    named = _FILE_NAME.fullmatch(file)
    if not named:
        raise DefinitionError(
            "the file is not named like a rule page", file=file, advice="name it SET101-what-is-wrong.md"
        )
    head, _, body = text.removeprefix("---\n").partition("\n---\n")
    if not text.startswith("---\n") or not body:
        raise DefinitionError(
            "the page has no front matter", file=file, line=1, advice="begin with --- and end the block with ---"
        )
    front = load_yaml(head, file, 2)

    def line_of(key: str) -> int | None:
        return next((n for n, line in enumerate(text.splitlines(), 1) if line.startswith(f"{key}:")), None)

    def wrong(problem: str, key: str, advice: str) -> DefinitionError:
        return DefinitionError(problem, file=file, line=line_of(key), advice=advice)

    unknown_key = next((key for key in front if key not in _KEYS), "") if isinstance(front, dict) else ""
    check_keys(front, _KEYS, _REQUIRED, file, "the front matter", line_of(unknown_key) or 2)
    for key in (key for key in _TEXTS if key not in _CHOICES):
        if not isinstance(front[key], str):
            raise wrong(f"{key} must be text", key, f"write {key}: and one value")
    if not _VERSION.fullmatch(front["since"]):
        raise wrong(f"since is '{front['since']}', which is no version", "since", "write it as 0.1.0")
    for key, choices in _CHOICES.items():
        if str(front[key]) not in choices:
            raise wrong(f"{key} is '{front[key]}'", key, "use one of " + ", ".join(choices))
    if front["code"] != named["code"]:
        raise wrong(f"the code is '{front['code']}', the file is named {named['code']}", "code", "let both agree")
    if front["grain"] not in GRAINS:
        raise wrong(f"there is no grain '{front['grain']}'", "grain", "use one of " + ", ".join(GRAINS))
    table = GRAINS[front["grain"]]

    def texts(key: str) -> tuple[str, ...]:
        value = front[key]
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            raise wrong(f"{key} must be a list", key, f"write {key}: [one, two]")
        return tuple(value)

    def expression(key: str, value: Any, kind: Any = parse_expression) -> Node:
        if not isinstance(value, str):
            raise wrong(f"{key} must be text", key, "write an expression over fact columns")
        node: Node = kind(value, table, laws, file, line_of(key))
        return node

    evidence = texts("evidence")
    for name in evidence:
        if name not in table:
            hint = near_miss(name, list(table.names))
            raise wrong(
                f"evidence names '{name}', which is no column of {table.name}.{hint}", "evidence", "name a fact column"
            )
    message = " ".join(front["message"].split())
    if not message or set(_PLACEHOLDER.sub("", message)) & set("{}"):
        raise wrong("the message is empty or has stray braces", "message", "name evidence as {service_date}")
    for name in _PLACEHOLDER.findall(message):
        if name not in evidence:
            raise wrong(f"the message names '{name}', which is not in evidence", "message", "add it to evidence")
    fix = front.get("fix") or {}
    if not isinstance(fix, dict):
        raise wrong("fix must be a mapping", "fix", "write safety: and what to change below it")
    fix = dict(fix)
    safety = fix.pop("safety", None)
    if (safety is None) != (not fix) or (safety is not None and safety not in FIX_SAFETY):
        raise wrong("a fix needs a safety and a change", "fix", "safety: one of " + ", ".join(FIX_SAFETY))
    response = front.get("expected_response") or {}
    if not isinstance(response, dict) or not all(isinstance(value, str) for value in response.values()):
        raise wrong("expected_response must be a mapping", "expected_response", "write {'277CA': 'A7:249'}")
    action = fix.pop("action", None)
    if action is not None and (action not in FIX_ACTIONS or fix or safety != "display"):
        raise wrong("an action stands alone", "fix", "safety: display, and action: one of " + ", ".join(FIX_ACTIONS))
    changes = {key: expression("fix", value) for key, value in fix.items()}
    for key, node in changes.items():
        if key not in table:
            raise wrong(f"the fix changes '{key}', which is no column of {table.name}", "fix", "name a fact column")
        if node.type != type_of(table[key]):
            raise wrong(f"the fix of '{key}' is of another type than the column", "fix", "put codes in single quotes")
    hold_until = front.get("hold_until")
    if hold_until is not None and (hold_until not in evidence or table[hold_until].type != "date"):
        raise wrong(
            f"hold_until is '{hold_until}', which is no date in evidence", "hold_until", "name a date in evidence"
        )
    if hold_until is not None and front["unknown"] != "hold":
        raise wrong("hold_until is of no use where nothing is on hold", "hold_until", "write unknown: hold")
    exposure = None
    if "exposure" in front:
        sides, advice = front["exposure"], "write billed: and correct:, each an amount, below it"
        if not isinstance(sides, dict) or set(sides) != {"billed", "correct"}:
            raise wrong("exposure needs two amounts, billed and correct", "exposure", advice)
        exposure = Exposure(*(expression("exposure", sides[side]) for side in ("billed", "correct")))
        if {exposure.billed.type, exposure.correct.type} != {"number"}:
            raise wrong("billed and correct must be numbers", "exposure", advice)
    title, title_line = _check_body(body, file, text)
    if title.lower().replace(",", "").replace(" ", "-") != named["name"]:
        raise DefinitionError(
            f"the title is '{title}', the file is named '{named['name']}'",
            file=file,
            line=title_line,
            advice="let both agree",
        )
    return Rule(
        code=front["code"],
        name=named["name"],
        title=title,
        grain=front["grain"],
        severity=front["severity"],
        unknown=front["unknown"],
        consequence=front["consequence"],
        status=front["status"],
        since=front["since"],
        basis=texts("basis"),
        authority=texts("authority"),
        applies=expression("applies", front["applies"], parse_condition),
        violates=expression("violates", front["violates"], parse_condition),
        exposure=exposure,
        expected_response=response,
        message=message,
        evidence=evidence,
        fix=changes,
        fix_action=action,
        fix_safety=safety,
        hold_until=hold_until,
        body=body.strip() + "\n",
        file=file,
    )


def _check_body(body: str, file: str, text: str) -> tuple[str, int]:
    """The title of the page and its line; the headings must be the fixed ones, in order, none empty."""
    lines = text.splitlines()
    first = len(lines) - len(body.splitlines())
    in_code = False
    heads: list[tuple[int, str]] = []  # line and text of the title and each heading
    for number, line in enumerate(lines[first:], first + 1):
        in_code ^= line.startswith("```")
        if not in_code and line.startswith(("# ", "## ")):
            heads.append((number, line))
    opening = next((line for line in lines[first:] if line.strip()), "")
    if not opening.startswith("# "):
        raise DefinitionError(
            "the page has no title", file=file, line=first + 1, advice="begin the text with '# Title'"
        )
    found = tuple(line.lstrip("# ").strip() for _, line in heads[1:])
    if found != HEADINGS:
        wrong = next(
            (n for n, (a, b) in enumerate(zip(found, HEADINGS, strict=False)) if a != b), min(len(found), 6) - 1
        )
        raise DefinitionError(
            f"the headings are {', '.join(found) or 'missing'}",
            file=file,
            line=heads[wrong + 1][0],
            advice="use, in this order: " + ", ".join(HEADINGS),
        )
    ends = [number for number, _ in heads[2:]] + [len(lines) + 1]
    for (number, line), end in zip(heads[1:], ends, strict=True):
        if not "".join(lines[number : end - 1]).strip():
            raise DefinitionError(
                f"nothing stands under '{line.lstrip('# ').strip()}'",
                file=file,
                line=number,
                advice="write the section",
            )
    return heads[0][1][2:].strip(), heads[0][0]
