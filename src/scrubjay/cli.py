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
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scrubjay import __version__
from scrubjay.errors import ScrubjayError, UsageError

if TYPE_CHECKING:
    from scrubjay.workspace import Workspace


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def app() -> None:
    """Does a medical claim say truthfully where care was given?"""


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
    "--format", "format_", default="text", show_default=True, metavar="FORMAT", help="text, json, jsonl or csv."
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
    from scrubjay.reports import FORMATS, exit_code, write_report

    if format_ not in FORMATS:
        raise UsageError(f"--format is '{format_}'. Use one of: {', '.join(FORMATS)}.")
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
    width = min(max(shutil.get_terminal_size((80, 24)).columns, 40), 120)
    pieces = write_report(report, format_, width)
    if output is None:
        _print(pieces)
    else:
        _write(output, pieces)
    return exit_code(report)


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
        sys.stdout.write(f"No rule reads claim {claim} yet: it is institutional or dental, or has no service line.\n")
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
@click.argument("code")
def rule(code: str) -> int:
    """Show the manual page of a rule."""
    from scrubjay.rule import find_rule, load_rules

    one = find_rule(load_rules(), code)
    head = [
        f"{one.code}  {one.severity}, {one.status} since {one.since}; unknown: {one.unknown}; consequence: {one.consequence}",
        f"dossier: {', '.join(one.basis)}",
        *(f"authority: {cite}" for cite in one.authority),
        f"applies when: {one.applies.text}",
        f"violated when: {one.violates.text}",
    ]
    sys.stdout.write("\n".join(head) + "\n\n")
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(one.body))
    else:
        sys.stdout.write(one.body)
    return 0


@app.command()
@click.option("--format", "format_", default="text", show_default=True, metavar="FORMAT", help="text or json.")
def rules(format_: str) -> int:
    """List all rules."""
    from scrubjay.rule import load_rules

    found = load_rules().values()
    if format_ == "json":
        keys = ("code", "name", "title", "grain", "severity", "unknown", "consequence", "status", "basis", "authority")
        rows = [{key: getattr(one, key) for key in keys} for one in found]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    elif format_ == "text":
        for one in found:
            preview = " (preview: runs only when selected)" if one.status == "preview" else ""
            sys.stdout.write(f"{one.code}  {one.severity:<7}  {one.title}{preview}\n")
    else:
        raise UsageError(f"--format is '{format_}'. Use text or json.")
    return 0


@app.command()
@click.argument("path", required=False)
@click.option("--on", metavar="DATE", help="The day; today if not given.")
def law(path: str | None, on: str | None) -> int:
    """Show a law as it stood on a day; without a path, list them all."""
    from scrubjay.reference.law import find_law, load_laws

    laws = load_laws()
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
    what = ", ".join(sorted(version.values)) if one.kind == "code_set" else f"{version.value} {one.unit}".strip()
    sys.stdout.write(textwrap.fill(f"on {day}: {what or '(no codes)'}", 80, subsequent_indent="  ") + "\n")
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


def _print(pieces: Iterator[str]) -> None:
    """Write to the standard output, also when its reader stops listening (``… | head``)."""
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(output: Path, pieces: Iterator[str]) -> None:
    """Write beside the file first, then rename: a reader never sees half a report."""
    part = output.with_name(output.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as handle:
            handle.writelines(pieces)
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
