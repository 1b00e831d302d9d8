"""Blocks in the hand-written pages that repeat something real, each behind a marker that says what.

* ``<!-- output of: scrubjay … -->``           the command and all it prints
* ``<!-- from the output of: scrubjay … -->``  lines that stand in it, one after the other
* ``<!-- copy of: FILE -->``                   a whole file
* ``<!-- columns of: FILE -->``                some columns and rows of a CSV file

Commands run in the root of the repository, in a terminal 80 columns wide. `refresh` rewrites the
first and third kind; the other two are chosen by hand.
"""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from click.testing import CliRunner

from scrubjay import cli

ROOT = Path(__file__).parents[1]

_BLOCK = re.compile(
    r"^<!-- (?P<kind>output of|from the output of|copy of|columns of): (?P<what>.+?) -->\n"
    r"(?P<fence>`{3,})(?P<language>\w+)\n(?P<body>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A marked block: what it repeats, and what stands in it."""

    kind: str
    what: str
    body: str

    def expected(self) -> str | None:
        """What should stand in the block, word for word; None where that is chosen by hand."""
        if self.kind == "output of":
            return f"$ {self.what}\n{output(self.what).rstrip()}\n"
        if self.kind == "copy of":
            return (ROOT / self.what).read_text(encoding="utf-8")
        return None

    def is_true(self) -> bool:
        """Whether the block says what is."""
        if self.kind == "from the output of":
            return f"\n{self.body}" in f"\n{output(self.what)}"
        if self.kind == "columns of":
            with (ROOT / self.what).open(encoding="utf-8", newline="") as handle:
                rows = list(csv.DictReader(handle))
            shown = list(csv.DictReader(self.body.splitlines()))
            return bool(shown) and all(any(one.items() <= row.items() for row in rows) for one in shown)
        return self.body == self.expected()


def written_pages() -> list[Path]:
    """The pages written by hand: those in the root, the guides and the decisions."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str) -> Iterator[Block]:
    """The marked blocks of a page."""
    for found in _BLOCK.finditer(text):
        yield Block(found["kind"], found["what"], found["body"])


def refresh(text: str) -> str:
    """The page with its blocks made true, where that can be done without choosing."""

    def made_true(found: re.Match[str]) -> str:
        expected = Block(found["kind"], found["what"], found["body"]).expected()
        begin, end = (at - found.start() for at in found.span("body"))
        return found[0] if expected is None else found[0][:begin] + expected + found[0][end:]

    return _BLOCK.sub(made_true, text)


@cache
def output(command: str) -> str:
    """What ``scrubjay …`` prints on the standard output, exit codes 0 to 2; every check is one of 2026-11-22."""
    words = shlex.split(command)
    assert words[0] == "scrubjay", command
    words += ["--as-of", "2026-11-22"] if words[1] == "check" else []
    with chdir(ROOT):
        result = CliRunner(env={"COLUMNS": "80"}).invoke(cli.app, words[1:], standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.stdout
