"""Every format through the command line: to a file, to the standard output, and refused where it cannot go there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from scrubjay.cli import main
from scrubjay.reports import BINARY_FORMATS, FORMATS, save_report, write_report
from tests.reports.made_up import everything, report, violation
from tests.samples import Batch, Claim


def scrubjay(monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str) -> int:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["scrubjay", *words])
    with pytest.raises(SystemExit) as left:
        main()
    assert isinstance(left.value.code, int)
    return left.value.code


@pytest.mark.parametrize("format_", FORMATS)
def test_a_format_goes_to_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, format_: str) -> None:
    Batch((Claim("A1", pos="ZZ"),)).write(tmp_path / "july.837")
    assert scrubjay(monkeypatch, tmp_path, "check", "july.837", "--format", format_, "-o", "report.out") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["july.837", "report.out"]
    assert (tmp_path / "report.out").stat().st_size > 100


@pytest.mark.parametrize("format_", BINARY_FORMATS)
def test_a_binary_format_needs_a_file_and_says_so_before_it_reads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], format_: str
) -> None:
    (tmp_path / "july.837").write_text("ISA*00*broken")
    assert scrubjay(monkeypatch, tmp_path, "check", "july.837", "--format", format_) == 3
    caught = capsys.readouterr()
    assert caught.out == ""
    assert caught.err == f"scrubjay: --format {format_} is a file, not text. Name it: -o findings.{format_}\n"


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_name_that_is_no_text_stops_no_report(tmp_path: Path, format_: str) -> None:
    name = os.fsdecode(b"j\xfcly.837")
    save_report(report(violation(file=name)), format_, tmp_path / "report.out")
    assert (tmp_path / "report.out").stat().st_size > 100


@pytest.mark.parametrize("format_", [one for one in FORMATS if one not in BINARY_FORMATS])
def test_the_file_holds_what_would_be_printed(tmp_path: Path, format_: str) -> None:
    save_report(everything(), format_, tmp_path / "report.out")
    assert (tmp_path / "report.out").read_bytes().decode() == "".join(write_report(everything(), format_))


@pytest.mark.parametrize("format_", [one for one in FORMATS if one not in BINARY_FORMATS])
def test_a_claim_cannot_steer_a_terminal(format_: str) -> None:
    text = "".join(write_report(report(violation(claim_id="A\x1b[2J\x9b\r1")), format_))
    assert not [c for c in text.replace("\r\n", "\n") if not c.isprintable() and c != "\n"]
