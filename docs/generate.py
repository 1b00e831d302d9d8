"""``make docs``: the pages of the documentation that are written from the code itself.

* rules.md     every rule page by family, from `src/scrubjay/rules`
* law.md       every law file with its versions, from `src/scrubjay/law`
* tables.md    every table and column, from `scrubjay.tables`
* cli.md       the help text of every command, from `scrubjay.cli`

In the pages written by hand only the marked blocks are (see `docs.blocks`). ``python -m
docs.generate`` writes them all; with ``--check`` nothing is written, and the exit code is 1 if a page
is not what the code says. The same code gives the same bytes on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

import click

from docs.blocks import ROOT, blocks, refresh, written_pages
from scrubjay import cli
from scrubjay.reference.law import Law, Version, load_laws
from scrubjay.rule import Rule, load_rules
from scrubjay.tables import FACT_TABLES, READER_TABLES, REGISTRIES, Column, Table

FOLDER = Path(__file__).parent

FAMILIES = {  # the letters of a code → the name of the family, and the question it asks
    "FMT": ("Form", "Is there a place of service, known and effective, at the right level?"),
    "SET": ("Setting", "Does it agree with where the patient was registered?"),
    "DEP": ("Department", "On or off campus, provider-based: do the code and the modifiers agree?"),
    "ADR": ("Address", "Does the service facility match the registry and the enrolment record?"),
    "PRO": ("Procedure", "Can this procedure be furnished in this place?"),
}

_NOTE = "<!-- Written by docs/generate.py. Do not edit: change the code and run 'make docs'. -->"
_HELP_WIDTH = 88


def rules_page() -> str:
    """The index of the rule pages."""
    rules = load_rules()
    lines = [
        _NOTE,
        "",
        "# Rules",
        "",
        f"{len(rules)} rule pages. A page is the manual and the check in one file: `scrubjay rule CODE` prints it. "
        "*Severity* is that of a violation, *unknown* that of a line where a fact is missing: a hold says do not send "
        "it yet. *Dossier* holds the ids of the requirements a page implements.",
    ]
    for family, found in groupby(rules.values(), key=lambda rule: rule.code[:3]):
        name, question = FAMILIES[family]
        lines += ["", f"## {family}: {name}", "", question, ""]
        lines += _markdown_table(
            ("code", "title", "severity", "unknown", "about", "dossier", "authority"),
            ((*_rule_cells(rule),) for rule in found),
        )
    return "\n".join(lines) + "\n"


def _rule_cells(rule: Rule) -> Iterable[str]:
    title = rule.title + (" (preview: runs only when its whole code is selected)" if rule.status == "preview" else "")
    yield f"[{rule.code}](../src/scrubjay/rules/{rule.file})"
    yield title
    yield rule.severity
    yield rule.unknown
    yield rule.grain.replace("_", " ")
    yield ", ".join(rule.basis)
    yield "<br>".join(rule.authority)


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
        ("What rules read", "The facts, made by `facts/*.sql`. Conditions may name these columns only.", FACT_TABLES),
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
    "law.md": law_page,
    "tables.md": tables_page,
    "cli.md": cli_page,
}


def drifted() -> list[str]:
    """What is missing or is not what the code says, and what to do, a sentence each."""
    found = []
    for name, write in PAGES.items():
        file = FOLDER / name
        if not file.is_file() or file.read_text(encoding="utf-8") != write():
            found.append(f"docs/{name} is not what the code says; run 'make docs'.")
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
        for name, write in PAGES.items():
            (FOLDER / name).write_text(write(), encoding="utf-8", newline="\n")
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
