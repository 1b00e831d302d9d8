"""The commands of the fee files: import and list, what they print, and their exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scrubjay.workspace import create_workspace
from synthetic.fee_files import DESCRIPTOR, addendum_b_csv, gpci_csv, pprrvu_csv, zip5_txt, zip_of
from tests.command_line import Run, runner

VISIT = {"procedure_code": "99213", "status_code": "A", "work_rvu": "1.30", "conversion_factor": "33.4009"}
LOCALITY = {"contractor": "01112", "locality": "05", "work_gpci": "1.08", "pe_gpci": "1.4", "malpractice_gpci": "0.5"}
VALUES = pprrvu_csv([VISIT], 2026, "July", False)
RECUT = pprrvu_csv([{**VISIT, "work_rvu": "1.29"}], 2026, "July", False)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in a new workspace."""
    create_workspace(tmp_path / "kept")
    monkeypatch.chdir(tmp_path / "kept")
    return runner(monkeypatch, capsys)


@pytest.fixture
def new(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def new(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return new


def test_a_fee_file_is_imported_and_listed(run: Run, new: Callable[..., Path]) -> None:
    ran = run("fees", "import", new("PPRRVU2026_Jul_nonQPP.csv", VALUES))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "PPRRVU2026_Jul_nonQPP.csv\n"
        "  relative values of the physician fee schedule (PPRRVU): 2026 July release, not\n"
        "    for qualifying participants\n"
        "  1 row, 2026-07-01 to 2026-12-31\n"
    )
    listed = run("fees", "list", "--as-of", "2026-11-22")
    assert (listed.code, listed.err) == (0, "")
    assert listed.out.startswith(
        "relative values of the physician fee schedule (PPRRVU)\n"
        "  2026 July release, not for qualifying participants\n"
        "    2026-07-01 to 2026-12-31, 1 row\n"
        "    PPRRVU2026_Jul_nonQPP.csv, sha256 "
    )
    assert "\nMissing, so that amounts stay unknown\n  2026, professional claims\n    geographic practice" in listed.out
    assert listed.out.endswith(
        "\nReleases of the relative values that are not loaded (for information)\n"
        "  2026: January, April, October, not for qualifying participants\n"
    )


def test_with_no_fee_file_the_list_says_what_to_bring(run: Run) -> None:
    ran = run("fees", "list", "--as-of", "2026-11-22")
    assert ran.code == 0
    assert ran.out == (
        "No fee files are loaded, so no amounts are known.\n"
        "\n"
        "Missing, so that amounts stay unknown\n"
        "  2026, professional claims\n"
        "    relative values of the physician fee schedule (PPRRVU), not for qualifying\n"
        "      participants\n"
        f"    {_kind('gpci')}\n"
        f"    {_kind('zip5')}\n"
        "  2026, professional claims of qualifying participants\n"
        "    relative values of the physician fee schedule (PPRRVU), for qualifying\n"
        "      participants\n"
        "  2026, hospital claims\n"
        f"    {_kind('addendum_b')}\n"
    )


def _kind(kind: str) -> str:
    from scrubjay.tables import FEE_KINDS

    return FEE_KINDS[kind]


def test_the_members_of_a_zip_that_are_passed_over_are_told_in_one_line(run: Run, new: Callable[..., Path]) -> None:
    names = [f"RVU26C document number {number}.pdf" for number in range(4)]
    members = {"PPRRVU2026_Jul_nonQPP.csv": VALUES, "GPCI2026.csv": gpci_csv([LOCALITY], 2026)}
    ran = run("fees", "import", new("rvu26c.zip", zip_of({**members, **dict.fromkeys(names, b"%PDF")})))
    assert ran.code == 0
    told = " ".join(ran.out[ran.out.index("Passed over: ") :].split())
    assert told == f"Passed over: {', '.join(f'{name} (a document)' for name in names)}."
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_list_for_machines_holds_all_of_it(run: Run, new: Callable[..., Path]) -> None:
    run("fees", "import", new("ZIP5.txt", zip5_txt([{**LOCALITY, "zip": "94110"}], "20254")))
    found = json.loads(run("fees", "list", "--format", "json", "--as-of", "2026-11-22").out)
    (release,) = found["releases"]
    assert release["stored_as"] == f"zip5-2025-10-01-{release['sha256'][:12]}.parquet"
    assert (release["kind"], release["effective_from"], release["row_count"]) == ("zip5", "2025-10-01", 1)
    missing = [one for one in found["missing"] if one["kind"] == "gpci"]
    assert [(one["year"], one["unknown_amounts"]) for one in missing] == [
        (2025, "professional claims"),
        (2026, "professional claims"),
    ]
    assert found["missing_quarters"] == []


def test_the_same_again_and_a_release_cut_anew(run: Run, new: Callable[..., Path]) -> None:
    run("fees", "import", new("values.csv", VALUES))
    again = run("fees", "import", new("values.csv", VALUES))
    assert again.code == 0
    assert "  These rows are loaded already; nothing was written.\n" in again.out
    refused = run("fees", "import", new("updated.csv", RECUT))
    assert (refused.code, refused.out) == (3, "")
    assert "CMS cut this release anew" in refused.err
    replaced = run("fees", "import", new("updated.csv", RECUT), "--replace")
    assert replaced.code == 0
    assert "  The former file is kept as\n    relative_values-2026-07-01-nonqp-" in replaced.out
    assert "updated.csv, sha256" in run("fees", "list").out


def test_an_excerpt_is_told(run: Run, new: Callable[..., Path]) -> None:
    ran = run("fees", "import", new("values.csv", pprrvu_csv([VISIT], 2025, excerpt=True)))
    assert "  It says that it is an excerpt: a code may be missing.\n" in ran.out
    assert "2025-10-01 to 2025-12-31, 1 row, an excerpt\n" in run("fees", "list").out


def test_the_first_day_may_be_said(run: Run, new: Callable[..., Path]) -> None:
    rates = new("rates.csv", addendum_b_csv([{"procedure_code": "G0463", "apc_code": "5012"}], 2026, ""))
    refused = run("fees", "import", rates)
    assert refused.code == 3
    assert "add --effective with its first day" in refused.err
    assert run("fees", "import", rates, "--effective", "2026-04-01").out.endswith("1 row, 2026-04-01 to 2026-12-31\n")
    assert run("fees", "import", rates, "--effective", "April").err.startswith("scrubjay: --effective is 'April'")


def test_a_wrong_file_exits_3_and_no_descriptor_is_printed(run: Run, new: Callable[..., Path]) -> None:
    wrong = run("fees", "import", new("codes.csv", f"99213,{DESCRIPTOR}\n".encode()))
    assert (wrong.code, wrong.out) == (3, "")
    assert "this is no fee file known here" in wrong.err
    bad = run("fees", "import", new("values.csv", pprrvu_csv([{**VISIT, "status_code": DESCRIPTOR}], 2025)))
    good = run("fees", "import", new("values.csv", VALUES))
    shown = "".join(ran.out + ran.err for ran in (wrong, bad, good, run("fees", "list")))
    assert DESCRIPTOR not in shown + run("fees", "list", "--format", "json").out


def test_without_a_workspace_and_with_a_wrong_format_it_says_so(
    run: Run, new: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = new("values.csv", VALUES)
    assert run("fees", "list", "--format", "xml").err == "scrubjay: --format is 'xml'. Use text or json.\n"
    assert "there is no scrubjay.toml" in run("fees", "list", "--workspace", tmp_path).err
    assert "there is no scrubjay.toml" in run("fees", "import", values, "--workspace", tmp_path).err
    assert run("fees", "import", values, "--workspace", tmp_path / "kept").code == 0
    monkeypatch.chdir(tmp_path)
    assert run("fees", "list").err.startswith("scrubjay: There is no workspace here or above.")


def test_every_line_fits_a_terminal(run: Run, new: Callable[..., Path]) -> None:
    long_name = f"January 2026 Web Addendum B {'of the final rule ' * 6}.csv"
    shown = run("fees", "import", new(long_name, addendum_b_csv([{"procedure_code": "G0463"}], 2026))).out
    shown += run("fees", "list").out
    assert max(map(len, shown.splitlines())) <= 80
