"""``make docs``: the pages of the documentation that are written from the code itself.

* rules.md     every rule page by family, by dossier id, by denial code and by whom it asks
* rules/       every rule page with its head, from `src/scrubjay/rules`
* checklists.md  the steps of the checklists, from `src/scrubjay/checklists`
* policies.md  every policy of a payer, from `src/scrubjay/policies`
* coverage.md  where each id of the dossier ends, from the pages and coverage.yaml
* law.md       every law file with its versions, from `src/scrubjay/law`
* tables.md    every table and column, from `scrubjay.tables`
* cli.md       the help text of every command, from `scrubjay.cli`

In the pages written by hand only the marked blocks are (see `docs.blocks`). ``python -m
docs.generate`` writes them all; with ``--check`` nothing is written, and the exit code is 1 if a page
is not what the code says. The same code gives the same bytes on every machine.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

import click

from docs.blocks import ROOT, blocks, refresh, written_pages
from scrubjay import cli
from scrubjay.checklist import load_steps
from scrubjay.reference.law import Law, Version, load_laws
from scrubjay.reference.policies import Topic, load_policies
from scrubjay.rule import FIX_ACTIONS, Rule, load_rules
from scrubjay.strict_yaml import load_yaml
from scrubjay.tables import FACT_TABLES, FEE_TABLES, NATIONAL_AMOUNTS, READER_TABLES, REGISTRIES, Column, Table

FOLDER = Path(__file__).parent
COVERAGE = FOLDER / "coverage.yaml"  # where the ids without a page end

FAMILIES = {  # the letters of a code → the name of the family, and the question it asks
    "FMT": ("Form", "Is there a place of service, known and effective, at the right level?"),
    "SET": ("Setting", "Does it agree with where the patient was registered?"),
    "DEP": ("Department", "On or off campus, provider-based: do the code and the modifiers agree?"),
    "ADR": ("Address", "Does the service facility match the registry and the enrolment record?"),
    "NOT": ("Notice", "Was the beneficiary told?"),
    "NPP": ("Practitioner", "Does the line name the practitioner who gave the service?"),
    "PAY": ("Payer", "Does the claim agree with what the payer itself says?"),
    "PRO": ("Procedure", "Can this procedure be furnished or paid in this place?"),
    "WIN": ("Window", "Does the payment window before an admission reach this line?"),
    "PAR": ("Pair", "Do the professional and the facility's claim tell the same story?"),
    "MIX": ("Mix", "Do the lines of a site together fit the registry?"),
    "TEL": ("Telehealth", "Do place, modifier and the place of the patient agree?"),
}

_NOTE = "<!-- Written by docs/generate.py. Do not edit: change the code and run 'make docs'. -->"
_HELP_WIDTH = 88


def rules_page() -> str:
    """The index of the rule pages: by family, by dossier id, by denial code, by whom they ask."""
    rules = load_rules()
    lines = [
        _NOTE,
        "",
        "# Rules",
        "",
        f"{len(rules)} rule pages. A page is the manual and the check in one file: `scrubjay rule CODE` prints it. "
        "*Severity* is that of a violation, *unknown* that of a line where a fact is missing: a hold says do not send "
        "it yet. *Dossier* holds the ids of the requirements a page implements.",
        "",
        "[By family](#by-family) · [by dossier id](#by-dossier-id) · [by what the payer answers](#by-what-the-payer-answers) "
        "· [by whom they ask](#by-whom-they-ask)",
        "",
        "## By family",
    ]
    for family, found in groupby(rules.values(), key=lambda rule: rule.code[:3]):
        name, question = FAMILIES[family]
        lines += ["", f"### {family}: {name}", "", question, ""]
        lines += _markdown_table(
            ("code", "title", "severity", "unknown", "about", "dossier", "authority"),
            ((*_rule_cells(rule),) for rule in found),
        )
    by_id: dict[str, list[str]] = {}
    by_answer: dict[str, list[str]] = {}
    by_office: dict[str, dict[str, list[str]]] = {}
    for rule in rules.values():
        for one in rule.basis:
            by_id.setdefault(one, []).append(_rule_link(rule.code))
        for answer in sorted(_answers(rule)):
            by_answer.setdefault(answer, []).append(_rule_link(rule.code))
        for fact in dict.fromkeys(name for leaf in rule.condition.leaves() for name in leaf.columns):
            column = rule.table[fact]
            if column.nullable and column.supplied_by:
                office = column.supplied_by.partition(" (")[0]
                asked = by_office.setdefault(office, {}).setdefault(fact, [])
                asked += [_rule_link(rule.code)] if _rule_link(rule.code) not in asked else []
    lines += [
        "",
        "## By dossier id",
        "",
        "Where every id ends, also those without a page: [coverage](coverage.md).",
        "",
    ]
    lines += _markdown_table(("id", "pages"), ((one, ", ".join(by_id[one])) for one in sorted(by_id)))
    lines += [
        "",
        "## By what the payer answers",
        "",
        "Adjustment (CARC) and remark codes (RARC), acknowledgements (277CA) and FISS reason codes that a page expects. "
        "Most wrong places are paid at first, and named by no code at all.",
        "",
    ]
    lines += _markdown_table(("answer", "pages"), ((one, ", ".join(by_answer[one])) for one in sorted(by_answer)))
    lines += [
        "",
        "## By whom they ask",
        "",
        "The facts whose absence leaves a page unable to tell, by who can supply them.",
    ]
    for office in sorted(by_office):
        lines += ["", f"### {office[0].upper()}{office[1:]}", ""]
        lines += _markdown_table(
            ("fact", "pages that need it"),
            ((f"`{fact}`", ", ".join(by_office[office][fact])) for fact in sorted(by_office[office])),
        )
    return "\n".join(lines) + "\n"


_ANSWERS = re.compile(r"\b(?:CO|PR|OA|PI)-\d+|\b(?:MA?|N)\d{1,4}\b|\bA\d(?:/A\d)*:\d+|\b3\d{4}\b|\bRTP\b")


def _answers(rule: Rule) -> set[str]:
    """The codes that the expected response of a page names."""
    return {code for text in rule.expected_response.values() for code in _ANSWERS.findall(text)}


def _rule_link(code: str, folder: str = "rules/") -> str:
    return f"[{code}]({folder}{code}.md)"


def _rule_cells(rule: Rule) -> Iterable[str]:
    title = rule.title + (" (preview: runs only when its whole code is selected)" if rule.status == "preview" else "")
    yield _rule_link(rule.code)
    yield title
    yield rule.severity
    yield rule.unknown
    yield rule.grain.replace("_", " ")
    yield ", ".join(rule.basis)
    yield "<br>".join(rule.authority)


def rule_page(rule: Rule, source: str) -> str:
    """One rule page as documentation: its head as a table, its conditions, its text."""
    title, _, text = rule.body.partition("\n")
    head = [
        ("severity", rule.severity),
        ("unknown", rule.unknown),
        ("consequence", rule.consequence.replace("_", " ")),
        ("about", rule.grain.replace("_", " ")),
        ("status", f"{rule.status} since {rule.since}"),
        ("dossier", ", ".join(rule.basis)),
        ("authority", "<br>".join(rule.authority)),
        *((f"expected: {key}", value) for key, value in rule.expected_response.items()),
    ]
    if rule.fix_action:
        head.append((f"fix ({rule.fix_safety})", FIX_ACTIONS[rule.fix_action]))
    if rule.exposure:
        head.append(("amount as billed", f"`{rule.exposure.billed.text}`"))
        head.append(("amount as it should be", f"`{rule.exposure.correct.text}`"))
    head += [(f"fix ({rule.fix_safety})", f"`{key}` = `{node.text}`") for key, node in rule.fix.items()]
    lines = [_NOTE, "", f"# {rule.code}: {title.removeprefix('# ')}", "", *_markdown_table(("", ""), head), ""]
    lines += ["Applies when", "", "```sql", rule.applies.text, "```", "", "Violated when", "", "```sql"]
    lines += [rule.violates.text, "```", text.rstrip(), "", f"Source: [{rule.file}]({source}{rule.file})"]
    return "\n".join(lines) + "\n"


def checklists_page() -> str:
    """The steps of the checklists, with their text."""
    lines = [
        _NOTE,
        "",
        "# Checklists",
        "",
        "`scrubjay checklist FILES` goes through these steps: each is *done*, *failed* or *not verified*. A step is a "
        "page like a rule. A finding of a rule with one of its dossier ids fails it, or leaves it not verified.",
    ]
    for step in load_steps():
        title, _, text = step.body.partition("\n")
        pages = [one for one in load_rules().values() if not set(step.basis).isdisjoint(one.basis)]
        behind = ", ".join(_rule_link(one.code) for one in pages)
        text = re.sub("^## ", "### ", text.strip(), flags=re.MULTILINE)
        lines += ["", f"## {step.code}: {title.removeprefix('# ')}", "", f"Rules behind it: {behind}.", "", text]
    return "\n".join(lines) + "\n"


def policies_page() -> str:
    """Every policy with what it says and where that comes from."""
    policies = load_policies()
    lines = [
        _NOTE,
        "",
        "# Policies",
        "",
        f"{len(policies)} policies of payers. The most special one that speaks of a topic answers: contract, product, "
        "contractor, state program, payer. What none says is not known, and twelve months after somebody last read the "
        "source it is not known either. `scrubjay policies NAME --on DATE` prints one; an organisation lays its own over "
        "them in the folder `policies` of its workspace.",
    ]
    for policy in policies.values():
        who = ", ".join(f"{key} {word}" for key, word in policy.matches.items())
        rest = "as Medicare has it" if policy.inherits_medicare else "not known"
        lines += ["", f"## {policy.title}", ""]
        lines.append(
            f"`{policy.name}`. Level: {policy.level.replace('_', ' ')}. Speaks for: {who or 'payers that name it'}. "
        )
        lines[-1] += f"What it does not say: {rest}."
        if policy.topics:
            lines += [
                "",
                *_markdown_table(("topic", "from", "what it says", "source", "read"), map(_topic_cells, policy.topics)),
            ]
        else:
            lines += ["", "It says nothing: no source was found."]
    return "\n".join(lines) + "\n"


def _topic_cells(topic: Topic) -> Iterable[str]:
    yield topic.topic.replace("_", " ")
    yield str(topic.effective_from or "always") + (f" to {topic.effective_to}" if topic.effective_to else "")
    yield topic.said()
    yield topic.source
    yield f"{topic.retrieved} ({topic.confidence})"


ENDINGS = {"fact": "a fact, law or policy", "work": "other work", "none": "not a claim rule"}


def coverage() -> dict[str, tuple[str, str]]:
    """Every id of the dossier: where it ends (a rule page, a fact, other work, nothing) and what is there."""
    found: dict[str, list[str]] = {}
    for rule in load_rules().values():
        for one in rule.basis:
            found.setdefault(one, []).append(_rule_link(rule.code))
    found.pop("local", None)
    ends = {one: ("rule page", ", ".join(links)) for one, links in found.items()}
    rest = load_yaml(COVERAGE.read_text(encoding="utf-8"), "docs/coverage.yaml")
    for one, entry in rest.items():
        if one in ends:
            raise SystemExit(f"docs/coverage.yaml: {one} has a rule page; delete its line.")
        ending = next(key for key in ENDINGS if key in entry)
        names = ", ".join(f"`{name}`" for name in entry.get("names", ()))
        words = entry["work"] + ": " if ending == "work" else ""
        ends[one] = (ENDINGS[ending], words + entry["says"] + (f" ({names})" if names else ""))
    return dict(sorted(ends.items()))


def coverage_page() -> str:
    """Where each id of the dossier ends."""
    ends = coverage()
    sums = ", ".join(
        f"{sum(end == ending for end, _ in ends.values())} {words}"
        for ending, words in (
            ("rule page", "in rule pages"),
            ("a fact, law or policy", "in a fact, a law or a policy"),
            ("other work", "in other work"),
            ("not a claim rule", "are no claim rule"),
        )
    )
    lines = [
        _NOTE,
        "",
        "# Coverage of the dossier",
        "",
        f"{len(ends)} ids of our dossier of requirements, each with one ending: {sums}. *Other work* is work that is "
        "planned: money, cross-claim (pairs of claims, stays, patterns), denials, before the visit, operations.",
        "",
        *_markdown_table(("id", "ends in", "where"), ((one, *end) for one, end in ends.items())),
    ]
    return "\n".join(lines) + "\n"


def law_page() -> str:
    """Every law file with its versions."""
    laws = load_laws()
    lines = [
        _NOTE,
        "",
        "# Law",
        "",
        f"{len(laws)} law files. *Which date counts* is the date of the claim that decides whether a version holds. "
        "*Read* is the day somebody last read the source; *not yet* says so plainly. `scrubjay law PATH --on DATE` "
        "prints the list of one day. Before the first version the law is silent, and the outcome is unknown.",
    ]
    for path in sorted(laws):
        law = laws[path]
        payers = ", ".join(f"`{payer}`" for payer in law.payers) or "all"
        unit = f" Unit: {law.unit}." if law.unit else ""
        kind = law.kind.replace("_", " ").capitalize()
        lines += ["", f"## {law.title}", "", f"`{path}`. {kind}. Payers: {payers}.{unit}", ""]
        befores: tuple[Version | None, ...] = (None, *law.versions[:-1])
        lines += _markdown_table(
            ("from", "which date counts", "what holds", "citation", "read"),
            (_version_cells(law, before, version) for before, version in zip(befores, law.versions, strict=True)),
        )
    return "\n".join(lines) + "\n"


def _version_cells(law: Law, before: Version | None, version: Version) -> Iterable[str]:
    yield str(version.effective)
    yield f"`{version.keyed_on}`"
    yield _what_holds(law, before, version)
    yield version.cite + (f"; {version.document}" if version.document else "")
    yield str(version.checked or "not yet")


def _what_holds(law: Law, before: Version | None, version: Version) -> str:
    if law.kind != "code_set" or before is None:
        return law.content(version)
    added = [code for code in version.values if code not in before.values]
    removed = [code for code in before.values if code not in version.values]
    parts = ([f"adds {' '.join(added)}"] if added else []) + ([f"removes {' '.join(removed)}"] if removed else [])
    return "; ".join(parts) or "as before"


def tables_page() -> str:
    """Every table and column."""
    lines = [
        _NOTE,
        "",
        "# Tables",
        "",
        "Every table that passes between the rooms of Scrubjay. NULL means *not known* (in the tables of the readers: "
        "*sent empty*). A column that may not be NULL is always known. *Source* is the loop and element of the 837.",
    ]
    groups: tuple[tuple[str, str, tuple[Table, ...]], ...] = (
        ("What the readers hand on", "Made from the files by `formats/`.", READER_TABLES),
        ("What the organisation keeps", "The registries: CSV files in the workspace.", REGISTRIES),
        (
            "What CMS publishes",
            "The fee files, as `scrubjay fees import` keeps them. No table holds a descriptor.",
            FEE_TABLES,
        ),
        ("What rules read", "The facts, made by `facts/*.sql`. Conditions may name these columns only.", FACT_TABLES),
        (
            "What stands beside the facts",
            "Made only of lines with a finding. No condition may name it.",
            (NATIONAL_AMOUNTS,),
        ),
    )
    for title, words, tables in groups:
        lines += ["", f"## {title}", "", words]
        for table in tables:
            lines += ["", f"### {table.name}", "", f"One row: {table.row}.", ""]
            lines += _markdown_table(
                ("column", "type", "may be NULL", "meaning", "source", "who supplies it"),
                (_column_cells(column) for column in table.columns),
            )
    return "\n".join(lines) + "\n"


def _column_cells(column: Column) -> Iterable[str]:
    meaning = column.meaning
    if column.allowed:
        meaning += "; one of " + ", ".join(f"`{value}`" for value in column.allowed)
    if column.because:
        meaning += f" (why it is missing: `{column.because}`)"
    yield f"`{column.name}`"
    yield column.type
    yield "yes" if column.nullable else "no"
    yield meaning
    yield column.source
    yield column.supplied_by


def cli_page() -> str:
    """The help text of every command."""
    top = _context(cli.app, "scrubjay")
    lines = [_NOTE, "", "# Command line", "", *(cli.__doc__ or "").strip().splitlines(), ""]
    lines += ["```console", "$ scrubjay --help", top.get_help(), "```"]
    for name, command in sorted(cli.app.commands.items()):
        context = _context(command, name, top)
        lines += ["", f"## {name}", "", "```console", f"$ scrubjay {name} --help", context.get_help(), "```"]
        for verb, inner in sorted(command.commands.items()) if isinstance(command, click.Group) else ():
            lines += ["", "```console", f"$ scrubjay {name} {verb} --help"]
            lines += [_context(inner, verb, context).get_help(), "```"]
    return "\n".join(lines) + "\n"


def _context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    """What a command needs to print its help, in a terminal of fixed width."""
    return command.make_context(name, [], parent, resilient_parsing=True, terminal_width=_HELP_WIDTH)


def _markdown_table(header: tuple[str, ...], rows: Iterable[Iterable[str]]) -> list[str]:
    """A Markdown table as lines; a bar inside a cell is escaped."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ("| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |" for row in rows)
    return lines


PAGES: dict[str, Callable[[], str]] = {
    "rules.md": rules_page,
    "checklists.md": checklists_page,
    "coverage.md": coverage_page,
    "law.md": law_page,
    "policies.md": policies_page,
    "tables.md": tables_page,
    "cli.md": cli_page,
}


def written() -> dict[str, str]:
    """Every generated page by its name below docs."""
    pages = {name: write() for name, write in PAGES.items()}
    for rule in load_rules().values():
        pages[f"rules/{rule.code}.md"] = rule_page(rule, "../../src/scrubjay/rules/")
    return pages


def drifted() -> list[str]:
    """What is missing or is not what the code says, and what to do, a sentence each."""
    found = []
    pages = written()
    for name, text in pages.items():
        file = FOLDER / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            found.append(f"docs/{name} is not what the code says; run 'make docs'.")
    stray = (file.name for file in sorted((FOLDER / "rules").glob("*.md")) if f"rules/{file.name}" not in pages)
    found += (f"docs/rules/{name} belongs to no rule; run 'make docs'." for name in stray)
    for page in written_pages():
        for block in blocks(page.read_text(encoding="utf-8")):
            if not block.is_true():
                advice = "edit the block" if block.expected() is None else "run 'make docs'"
                where = page.relative_to(ROOT).as_posix()
                found.append(f"{where}: the block '{block.kind}: {block.what}' is not true any more; {advice}.")
    return found


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; gives back the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("Use: python -m docs.generate [--check]\n")
        return 3
    if not arguments:
        pages = written()
        (FOLDER / "rules").mkdir(exist_ok=True)
        for name, text in pages.items():
            (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
        for stray in (FOLDER / "rules").glob("*.md"):
            if f"rules/{stray.name}" not in pages:
                stray.unlink()
        for page in written_pages():
            before = page.read_text(encoding="utf-8")
            after = refresh(before)
            if after != before:
                page.write_text(after, encoding="utf-8", newline="\n")
    found = drifted()
    sys.stderr.writelines(f"{sentence}\n" for sentence in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
