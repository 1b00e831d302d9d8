"""The command line: every verb of Scrubjay, and its exit codes.

0: nothing to act on. 1: a violation of severity error or warning, or an unknown on hold.
2: something could not be read. 3: wrong use; nothing was checked.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scrubjay import __version__
from scrubjay.errors import ScrubjayError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from scrubjay.registry_report import Gap
    from scrubjay.rule import Rule
    from scrubjay.workspace import Workspace


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def app() -> None:
    """Does a medical claim say truthfully where care was given?"""


_HOW = {"law": "the law, read", "read": "read", "summary": "a summary, read", "hearsay": "hearsay, read"}
files_argument = click.argument("files", nargs=-1, required=True, metavar="FILES…", type=click.Path(path_type=Path))
workspace_option = click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    help="Folder with scrubjay.toml; if not given, the nearest one upward from here.",
)
received_option = click.option("--received", metavar="DATE", help="Day the payer received claims that do not say it.")


@app.command()
@files_argument
@click.option(
    "--format",
    "format_",
    default="text",
    show_default=True,
    metavar="FORMAT",
    help="text, json, jsonl, csv, sarif, html or xlsx.",
)
@click.option("--select", multiple=True, metavar="CODES", help="Run only rules whose code begins so: SET,DEP1.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Leave out rules whose code begins so.")
@click.option("--each", is_flag=True, help="A finding for every unknown line, not one for all that miss the same.")
@received_option
@click.option("--as-of", metavar="DATE", help="The run date; today if not given.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the report to this file.")
@workspace_option
def check(
    files: tuple[Path, ...],
    format_: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    each: bool,
    received: str | None,
    as_of: str | None,
    output: Path | None,
    workspace: Path | None,
) -> int:
    """Check claims: what is wrong, why, and how to fix it."""
    from scrubjay.engine import check as run
    from scrubjay.reports import BINARY_FORMATS, FORMATS, exit_code, save_report, write_report

    if format_ not in FORMATS:
        raise UsageError(f"--format is '{format_}'. Use one of: {', '.join(FORMATS)}.")
    if format_ in BINARY_FORMATS and output is None:
        raise UsageError(f"--format {format_} is a file, not text. Name it: -o findings.{format_}")
    with _progress(files) as on_bytes:
        report = run(
            files,
            workspace=_workspace(workspace),
            select=_codes(select),
            ignore=_codes(ignore),
            each=each,
            received=_date(received, "--received"),
            as_of=_date(as_of, "--as-of"),
            on_bytes=on_bytes,
        )
    width = _width()
    if output is None:
        _print(write_report(report, format_, width))
    else:
        _write(output, lambda part: save_report(report, format_, part, width))
    return exit_code(report)


@app.command()
@files_argument
@click.option("--format", "format_", default="text", show_default=True, metavar="FORMAT", help="text, json or csv.")
@received_option
@click.option("--as-of", metavar="DATE", help="The run date; today if not given.")
@workspace_option
def holds(
    files: tuple[Path, ...], format_: str, received: str | None, as_of: str | None, workspace: Path | None
) -> int:
    """List the claims that must not go out yet, and what each waits for: a day, or somebody's answer."""
    from scrubjay.engine import check as run
    from scrubjay.reports.holds import HOLD_FORMATS, hold_csv, hold_rows, hold_text

    if format_ not in HOLD_FORMATS:
        raise UsageError(f"--format is '{format_}'. Use one of: {', '.join(HOLD_FORMATS)}.")
    report = run(
        files,
        workspace=_workspace(workspace),
        each=True,
        received=_date(received, "--received"),
        as_of=_date(as_of, "--as-of"),
    )
    rows = hold_rows(report)
    if format_ == "text":
        _print(hold_text(report, _width()))
    else:
        found = {"run_date": report.summary["run_date"], "holds": rows, "intake_problems": report.intake_problems}
        _print(iter([json.dumps(found, ensure_ascii=False, indent=1) + "\n" if format_ == "json" else hold_csv(rows)]))
    return 2 if report.summary["intake_problems"]["error"] else 1 if rows else 0


@app.command()
@files_argument
@click.option("--claim", required=True, metavar="ID", help="The claim id (CLM01).")
@click.option("--line", type=int, metavar="N", help="Only this service line.")
@click.option("--rule", metavar="CODE", help="Only this rule, also where it does not apply.")
@received_option
@workspace_option
def explain(
    files: tuple[Path, ...],
    claim: str,
    line: int | None,
    rule: str | None,
    received: str | None,
    workspace: Path | None,
) -> int:
    """Explain what the rules say of one claim: why, and why not."""
    from scrubjay.explanation import explain as run

    found = run(
        files,
        claim=claim,
        line=line,
        rule=rule,
        workspace=_workspace(workspace),
        received=_date(received, "--received"),
    )
    if not found:
        sys.stdout.write(f"No rule reads claim {claim} yet: it is dental, or has no service line.\n")
    loud = [one for one in found if rule is not None or one.outcome in ("violation", "unknown")]
    quiet = [one for one in found if one not in loud]
    sys.stdout.write("\n\n".join(one.text() for one in loud) + ("\n" if loud else ""))
    for outcome, words in (("clear", "clear"), ("out_of_scope", "does not apply")):
        codes = dict.fromkeys(one.rule for one in quiet if one.outcome == outcome)
        if codes:
            sys.stdout.write("\n" + textwrap.fill(f"{words}: {', '.join(codes)}", 80, subsequent_indent="  ") + "\n")
    if quiet:
        sys.stdout.write("\nAdd --rule CODE to see why not.\n")
    return 0


@app.command()
@files_argument
@click.option("--claim", metavar="ID", help="Only this claim (CLM01).")
@click.option("--format", "format_", default="text", show_default=True, metavar="FORMAT", help="text or json.")
@received_option
@click.option("--as-of", metavar="DATE", help="The run date; today if not given.")
@workspace_option
def checklist(
    files: tuple[Path, ...],
    claim: str | None,
    format_: str,
    received: str | None,
    as_of: str | None,
    workspace: Path | None,
) -> int:
    """Go through the eight steps for claims at POS 19 and 22, and the three for POS 11."""
    from scrubjay.checklist import checklist_text, run_checklist

    if format_ not in ("text", "json"):
        raise UsageError(f"--format is '{format_}'. Use text or json.")
    found = run_checklist(
        files,
        claim=claim,
        workspace=_workspace(workspace),
        received=_date(received, "--received"),
        as_of=_date(as_of, "--as-of"),
    )
    if format_ == "json":
        from scrubjay.reports.records import document_pieces

        _print(document_pieces(found.as_dict()))
    else:
        _print(checklist_text(found, _width()))
    return found.exit_code


@app.command()
@files_argument
@click.option("--site", metavar="SITE", help="Only lines at this site; with --place or --status it is what changes.")
@click.option("--place", metavar="POS", help="What the site becomes: 11 (office), 19 (off campus) or 22 (on campus).")
@click.option("--status", metavar="STATUS", help="What the off-campus department becomes: excepted or non_excepted.")
@click.option("--year", type=int, metavar="YYYY", help="Price all lines by the files and the law of this year.")
@click.option("--law", type=click.Path(path_type=Path), metavar="FOLDER", help="Law files laid over the law.")
@click.option(
    "--format", "format_", default="text", show_default=True, metavar="FORMAT", help="text, json, html or svg."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the answer to this file.")
@received_option
@workspace_option
def whatif(
    files: tuple[Path, ...],
    site: str | None,
    place: str | None,
    status: str | None,
    year: int | None,
    law: Path | None,
    format_: str,
    output: Path | None,
    received: str | None,
    workspace: Path | None,
) -> int:
    """Ask what a change of a site, of the year or of the law does to what Medicare pays both sides."""
    from scrubjay.reports.records import document_pieces
    from scrubjay.reports.waterfall import waterfall_svg, whatif_page
    from scrubjay.whatif import run_whatif, whatif_text

    if format_ not in ("text", "json", "html", "svg"):
        raise UsageError(f"--format is '{format_}'. Use text, json, html or svg.")
    found = run_whatif(
        files,
        site=site,
        place=place,
        status=status,
        year=year,
        law=law,
        workspace=_workspace(workspace),
        received=_date(received, "--received"),
    )
    pieces = {
        "text": lambda: whatif_text(found, _width()),
        "json": lambda: document_pieces(found.as_dict()),
        "html": lambda: whatif_page(found),
        "svg": lambda: iter([waterfall_svg(found)]),
    }[format_]()
    if output is None:
        _print(pieces)
    else:

        def save(part: Path) -> None:
            with part.open("w", encoding="utf-8", errors="replace", newline="") as handle:
                handle.writelines(pieces)

        _write(output, save)
    return found.exit_code


@app.command()
@click.argument("code")
@workspace_option
def rule(code: str, workspace: Path | None) -> int:
    """Show the manual page of a rule."""
    from scrubjay.rule import find_rule

    one = find_rule(_pages(workspace), code)
    head = [
        f"{one.code}  {one.severity}, {one.status} since {one.since}; unknown: {one.unknown}; consequence: {one.consequence}",
        f"dossier: {', '.join(one.basis)}",
        *(f"authority: {cite}" for cite in one.authority),
        f"applies when: {one.applies.text}",
        f"violated when: {one.violates.text}",
        *([f"amount as billed: {one.exposure.billed.text}"] if one.exposure else []),
        *([f"amount as it should be: {one.exposure.correct.text}"] if one.exposure else []),
    ]
    sys.stdout.write("\n".join(head) + "\n\n")
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(one.body))
    else:
        sys.stdout.write(one.body)
    return 0


@app.group(invoke_without_command=True)
@click.option("--format", "format_", default="text", show_default=True, metavar="FORMAT", help="text or json.")
@workspace_option
@click.pass_context
def rules(context: click.Context, format_: str, workspace: Path | None) -> int | None:
    """List all rules; make and test rules of your own."""
    return None if context.invoked_subcommand else _list_rules(format_, workspace)


@rules.command("list")
@click.option("--format", "format_", default="text", show_default=True, metavar="FORMAT", help="text or json.")
@workspace_option
def list_rules(format_: str, workspace: Path | None) -> int:
    """List all rules, those of the workspace among them, and what the workspace switches off or softens."""
    return _list_rules(format_, workspace)


def _list_rules(format_: str, workspace: Path | None) -> int:
    from scrubjay.workspace import rule_settings

    found = _pages(workspace).values()
    root = _root(workspace)
    settings = {one.code: one for one in (rule_settings(root) if root else ())}
    if format_ == "json":
        keys = ("code", "name", "title", "grain", "severity", "unknown", "consequence", "status", "basis", "authority")
        rows = [{key: getattr(one, key) for key in keys} for one in found]
        for row in rows:
            setting = settings.get(row["code"])
            row["setting"] = (
                {"severity": setting.severity, "owner": setting.owner, "until": setting.until.isoformat()}
                if setting
                else None
            )
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    elif format_ == "text":
        for one in found:
            said = " (preview: runs only when selected)" if one.status == "preview" else ""
            if setting := settings.get(one.code):
                said += f" ({setting.severity} until {setting.until}: {setting.owner})"
            sys.stdout.write(f"{one.code}  {one.severity:<7}  {one.title}{said}\n")
    else:
        raise UsageError(f"--format is '{format_}'. Use text or json.")
    return 0


@rules.command("new")
@click.argument("code")
@click.argument("title")
@workspace_option
def new_rule(code: str, title: str, workspace: Path | None) -> int:
    """Begin a rule of your own: a page and its cases, in the rules folder of the workspace."""
    from scrubjay.own_rules import write_new_rule

    for path in write_new_rule(code, title, _workspace_folder(workspace)):
        sys.stdout.write(f"{path}\n")
    sys.stdout.write(
        "Fill them in, then run 'scrubjay rules test'. A page with status preview runs only when selected.\n"
    )
    return 0


@rules.command("test")
@workspace_option
def test_rules(workspace: Path | None) -> int:
    """Run the cases of your own rules, as Scrubjay's own tests run those of its pages."""
    from scrubjay.own_rules import check_own_rules

    results = check_own_rules(_workspace_folder(workspace))
    for result in results:
        sys.stdout.write(f"{result.page}: {'well' if not result.wrong else 'wrong'}\n")
        for problem in result.wrong:
            sys.stdout.write(textwrap.indent(problem, "  ") + "\n")
    wrong = sum(bool(result.wrong) for result in results)
    sys.stdout.write(f"{len(results)} {'page' if len(results) == 1 else 'pages'}, {wrong} wrong.\n")
    return 1 if wrong else 0


@app.command()
@click.argument("name", required=False)
@click.option("--on", metavar="DATE", help="The day; today if not given.")
@workspace_option
def policies(name: str | None, on: str | None, workspace: Path | None) -> int:
    """Show what a payer says of its own on a day; without a name, list the policies."""
    from scrubjay.reference.policies import find_policy, load_policies
    from scrubjay.workspace import own_folders

    found = load_policies(own_folders(_root(workspace)).get("policies"))
    if name is None:
        for one in found.values():
            who = ", ".join(f"{key} {word}" for key, word in one.matches.items()) or "payers that name it"
            sys.stdout.write(f"{one.name}\n    {one.title} ({who})\n")
        return 0
    one = find_policy(found, name)
    day = _date(on, "--on") or dt.date.today()
    sys.stdout.write(f"{one.name}\n{one.title}\nlevel: {one.level.replace('_', ' ')}\n")
    who = ", ".join(f"{key} {word}" for key, word in one.matches.items())
    sys.stdout.write(f"speaks for: {who or 'payers whose row of the payers registry names it'}\n")
    sys.stdout.write(f"what it does not say: {'as Medicare has it' if one.inherits_medicare else 'not known'}\n")
    for topic in one.topics:
        if (topic.effective_from or day) <= day <= (topic.effective_to or day):
            trust = (
                f"{topic.retrieved}" if topic.trusted_until() >= day else f"{topic.retrieved}: too old to be trusted"
            )
            said = f"{topic.topic.replace('_', ' ')}: {topic.said()} ({_HOW[topic.confidence]} {trust})"
            sys.stdout.write(textwrap.fill(said, 80, subsequent_indent="  ") + "\n")
            sys.stdout.write(textwrap.fill(f"  source: {topic.source}", 80, subsequent_indent="    ") + "\n")
    if not one.topics:
        sys.stdout.write(
            "It says nothing else.\n" if one.inherits_medicare else "It says nothing: no source was found.\n"
        )
    return 0


@app.command()
@click.argument("path", required=False)
@click.option("--on", metavar="DATE", help="The day; today if not given.")
@workspace_option
def law(path: str | None, on: str | None, workspace: Path | None) -> int:
    """Show a law as it stood on a day; without a path, list them all."""
    from scrubjay.reference.law import find_law, load_laws
    from scrubjay.workspace import own_folders

    laws = load_laws(own_folders(_root(workspace)).get("law"))
    if path is None:
        for one in laws.values():
            sys.stdout.write(f"{one.path}\n    {one.title}\n")
        return 0
    one = find_law(laws, path)
    day = _date(on, "--on") or dt.date.today()
    sys.stdout.write(f"{one.path}\n{one.title}\npayers: {', '.join(one.payers) or 'all'}\n")
    version = one.on(day)
    if version is None:
        sys.stdout.write(
            f"On {day} the law is silent: its first version takes effect on {one.versions[0].effective}.\n"
        )
        return 0
    sys.stdout.write(textwrap.fill(f"on {day}: {one.content(version)}", 80, subsequent_indent="  ") + "\n")
    sys.stdout.write(f"last amended on {version.effective}; that amendment counts by {version.keyed_on}\n")
    sys.stdout.write(f"source: {version.cite}" + (f"; {version.document}" if version.document else "") + "\n")
    sys.stdout.write(f"source read: {version.checked or 'not yet'}\n")
    return 0


@app.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
def init(folder: Path) -> int:
    """Make a workspace: scrubjay.toml and empty registries with their columns."""
    from scrubjay.workspace import create_workspace

    for path in create_workspace(folder):
        sys.stdout.write(f"{path}\n")
    return 0


def _registry_group(name: str, what: str) -> click.Group:
    """The commands of one registry: ``scrubjay sites import`` and ``scrubjay sites list``."""

    @click.group(name, help=f"{what}: import them, and see what is loaded and what is missing.")
    def group() -> None:
        pass

    @group.command("import", help=f"Check a CSV file and make it the {name} registry of the workspace.")
    @click.argument("file", type=click.Path(path_type=Path))
    @workspace_option
    @click.option("--replace", is_flag=True, help="Replace a registry that has rows; the former file is kept.")
    def import_(file: Path, workspace: Path | None, replace: bool) -> int:
        from scrubjay.registry_report import gaps_text
        from scrubjay.tables import TABLES
        from scrubjay.workspace import import_registry

        done = import_registry(TABLES[name], file, _workspace_folder(workspace), replace=replace)
        if done.is_new:
            count = f"{done.rows.num_rows:,} {'row' if done.rows.num_rows == 1 else 'rows'}"
            sys.stdout.write(f"{done.file.name}: {count} imported.\n")
        else:
            sys.stdout.write(f"{done.file.name}: this very file stands there already; nothing was written.\n")
        if done.former:
            sys.stdout.write(f"The former file is kept as {done.former.name}.\n")
        sys.stdout.write("\n" + gaps_text(TABLES[name], _gaps(name, done.rows)))
        _print(_site_findings_text(name, done.rows))
        return 0

    @group.command("list", help=f"Show the {name} registry of the workspace, and what is missing in it.")
    @workspace_option
    @click.option("--format", "format_", default="text", show_default=True, metavar="FORMAT", help="text or json.")
    def list_(workspace: Path | None, format_: str) -> int:
        from scrubjay.registry_report import gaps_text, registry_as_dict, registry_text
        from scrubjay.tables import TABLES, arrow_schema
        from scrubjay.workspace import load_registry

        if format_ not in ("text", "json"):
            raise UsageError(f"--format is '{format_}'. Use text or json.")
        table = TABLES[name]
        rows = load_registry(table, _workspace_folder(workspace))
        if format_ == "json":
            rows = arrow_schema(table).empty_table() if rows is None else rows
            found = registry_as_dict(table, rows, _gaps(name, rows), _site_findings(name, rows))
            _print(iter([json.dumps(found, ensure_ascii=False, indent=1) + "\n"]))
        elif rows is None:
            sys.stdout.write(f"No {name} are loaded: the registry has no file, or no row.\n")
        else:
            gaps = ["\n", gaps_text(table, _gaps(name, rows))]
            _print(chain(registry_text(table, rows), gaps, _site_findings_text(name, rows)))
        return 0

    return group


for _name, _what in (
    ("sites", "The places where care is given"),
    ("providers", "The practitioners and suppliers"),
    ("payers", "The payers"),
    ("encounters", "What claims cannot say about encounters"),
):
    app.add_command(_registry_group(_name, _what))


@app.group()
def fees() -> None:
    """The fee files of CMS: import them, and see what is loaded and what is missing."""


@fees.command("import")
@files_argument
@click.option("--effective", metavar="DATE", help="First day on which they hold, if the files do not say so.")
@click.option("--replace", is_flag=True, help="Replace a release that CMS cut anew; the former file is kept.")
@workspace_option
def import_fee_files(files: tuple[Path, ...], effective: str | None, replace: bool, workspace: Path | None) -> int:
    """Check fee files as CMS publishes them, or zips of them, and keep them in the workspace."""
    from scrubjay.reference.fees import import_fees, imported_text

    day = _date(effective, "--effective")
    sys.stdout.write(imported_text(import_fees(files, _workspace_folder(workspace), effective=day, replace=replace)))
    return 0


@fees.command("list")
@click.option("--format", "format_", default="text", show_default=True, metavar="FORMAT", help="text or json.")
@click.option("--as-of", metavar="DATE", help="The run date; today if not given.")
@workspace_option
def list_fee_files(format_: str, as_of: str | None, workspace: Path | None) -> int:
    """Show which fee files are loaded, and which are missing so that amounts stay unknown."""
    from scrubjay.reference.fees import fees_as_dict, fees_folder_of, fees_text, stored_releases

    if format_ not in ("text", "json"):
        raise UsageError(f"--format is '{format_}'. Use text or json.")
    run_date = _date(as_of, "--as-of") or dt.date.today()
    releases = stored_releases(fees_folder_of(_workspace_folder(workspace)))
    if format_ == "json":
        _print(iter([json.dumps(fees_as_dict(releases, run_date), ensure_ascii=False, indent=1) + "\n"]))
    else:
        _print(iter([fees_text(releases, run_date)]))
    return 0


@app.group()
def feeds() -> None:
    """Messages, lists of visits and claims that every check reads along: import them, and see of whom they speak."""


@feeds.command("import")
@files_argument
@click.option("--replace", is_flag=True, help="Replace a file of the same name; the former one is kept.")
@workspace_option
def import_feed_files(files: tuple[Path, ...], replace: bool, workspace: Path | None) -> int:
    """Read files, and keep them in the workspace: checks compare with them and judge nothing of them."""
    from scrubjay.feeds import import_feeds, imported_text

    done = import_feeds(files, _workspace(workspace), _workspace_folder(workspace), replace=replace)
    _print(iter([imported_text(done)]))
    return 0


@feeds.command("list")
@click.argument("files", nargs=-1, metavar="[FILES…]", type=click.Path(path_type=Path))
@click.option("--format", "format_", default="text", show_default=True, metavar="FORMAT", help="text or json.")
@click.option("--as-of", metavar="DATE", help="The run date; today if not given.")
@workspace_option
def list_feeds(files: tuple[Path, ...], format_: str, as_of: str | None, workspace: Path | None) -> int:
    """Show of which hospitals, days and visits the kept files speak (and FILES besides), and whom nobody can tell apart."""
    from scrubjay.feeds import feeds_as_dict, feeds_text

    if format_ not in ("text", "json"):
        raise UsageError(f"--format is '{format_}'. Use text or json.")
    found = feeds_as_dict(_workspace(workspace), files, _date(as_of, "--as-of"))
    _print(iter([json.dumps(found, ensure_ascii=False, indent=1) + "\n" if format_ == "json" else feeds_text(found)]))
    return 0


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")  # § and … whatever the locale
    try:
        code = app(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = 3
    except click.Abort:
        code = 3
    except ScrubjayError as error:
        sys.stderr.write(f"scrubjay: {error}\n")
        code = 3
    sys.exit(code or 0)


def _width() -> int:
    """The columns to write in: those of the terminal, within reason."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, 40), 120)


def _date(text: str | None, option: str) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} is '{text}', which is no date. Write it as YYYY-MM-DD.") from None


def _codes(given: tuple[str, ...]) -> tuple[str, ...]:
    """Rule codes as given: repeated options, or one with commas."""
    return tuple(code.strip() for one in given for code in one.split(",") if code.strip())


def _workspace(folder: Path | None) -> Workspace:
    from scrubjay.workspace import Workspace

    return Workspace.find(Path.cwd()) if folder is None else Workspace.open(folder)


def _root(folder: Path | None) -> Path | None:
    """The folder of the workspace, if there is one."""
    from scrubjay.workspace import find_folder, root_of

    return root_of(folder) if folder else find_folder(Path.cwd())


def _pages(folder: Path | None) -> dict[str, Rule]:
    """All rule pages, those of the workspace among them."""
    from scrubjay.rule import load_rules
    from scrubjay.workspace import own_folders

    own = own_folders(_root(folder))
    return load_rules(own.get("rules"), own.get("law"))


def _workspace_folder(folder: Path | None) -> Path:
    found = _root(folder)
    if found is None:
        raise UsageError(
            "There is no workspace here or above. 'scrubjay init FOLDER' makes one; or name it: --workspace."
        )
    return found


def _gaps(name: str, rows: pa.Table) -> list[Gap]:
    from scrubjay.reference.law import load_laws
    from scrubjay.registry_report import registry_gaps
    from scrubjay.rule import load_rules, select_rules
    from scrubjay.tables import TABLES

    return registry_gaps(TABLES[name], rows, select_rules(load_rules()), load_laws())


def _site_findings(name: str, rows: pa.Table) -> list[dict[str, Any]]:
    """What the rules about sites find in this registry."""
    from scrubjay.engine import check_sites
    from scrubjay.workspace import Workspace

    registries = {**Workspace.empty().registries, name: rows}
    return check_sites(replace(Workspace.empty(), registries=registries)) if name == "sites" and rows.num_rows else []


def _site_findings_text(name: str, rows: pa.Table) -> Iterator[str]:
    from scrubjay.reports import finding_pieces

    for finding in _site_findings(name, rows):
        yield "\n"
        yield from finding_pieces(finding, 80)


def _print(pieces: Iterator[str]) -> None:
    """Write to the standard output, also when its reader stops listening (``… | head``)."""
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(output: Path, save: Callable[[Path], None]) -> None:
    """Write beside the file first, then rename: a reader never sees half a report."""
    part = output.with_name(output.name + ".part")
    try:
        save(part)
        part.replace(output)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise UsageError(f"The report could not be written to '{output}': {error.strerror}.") from None


@contextmanager
def _progress(files: tuple[Path, ...]) -> Iterator[Callable[[int], None]]:
    """A bar on the standard error, where that is a terminal and the work is long."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from scrubjay.formats import list_files

    total = sum(path.stat().st_size for path in list_files(files))
    if total < 16 << 20:
        yield lambda _: None
        return
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda count: progress.advance(task, count)


if __name__ == "__main__":
    main()
