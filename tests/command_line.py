"""The command line as a test calls it: words in, exit code and both outputs out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from scrubjay.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in the folder at hand; a traceback is never an answer."""

    def run(*words: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["scrubjay", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        caught = capsys.readouterr()
        assert isinstance(left.value.code, int)
        assert "Traceback" not in caught.out + caught.err
        return Ran(left.value.code, caught.out, caught.err)

    return run
