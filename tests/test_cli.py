"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import scrubjay
from scrubjay.reports import BINARY_FORMATS, FORMATS, SCHEMA_FILE
from scrubjay.rule import HEADINGS, load_rules
from tests.command_line import Run, runner
from tests.samples import NORTH, NOWHERE, SOUTH, Batch, Claim, Line, write_csv, write_workspace

EXAMPLE = Path(__file__).parents[1] / "examples/riverside"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


@pytest.fixture
def wrong_file(tmp_path: Path) -> Path:
    return Batch((Claim("A1", facility=NORTH), Claim("A2", facility=NOWHERE, pos="ZZ"))).write(tmp_path / "july.837")


@pytest.fixture
def clean_file(tmp_path: Path) -> Path:
    visit = Claim("C1", pos="12", lines=(Line(procedure="99348"),))
    return Batch((visit,), filing_code="CI").write(tmp_path / "clean.837")


@pytest.fixture
def broken_file(tmp_path: Path) -> Path:
    path = tmp_path / "broken.837"
    path.write_text("ISA*00*broken")
    return path


# --- check --------------------------------------------------------------------------------------------


def test_check_exits_0_when_there_is_nothing_to_act_on(run: Run, clean_file: Path) -> None:
    ran = run("check", clean_file)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("Nothing to act on.\n")


def test_check_exits_0_when_there_is_only_something_to_know(run: Run, tmp_path: Path) -> None:
    repeated = Batch((Claim("C1", pos="11", lines=(Line(pos="11"),)),)).write(tmp_path / "c.837")
    ran = run("check", repeated, "--select", "FMT106")
    assert ran.code == 0
    assert "FMT106 info" in ran.out


def test_check_exits_1_on_a_violation(run: Run, wrong_file: Path) -> None:
    ran = run("check", wrong_file, "--select", "FMT102")
    assert (ran.code, ran.err) == (1, "")
    assert "july.837:ST0001:CLM*A2:LX*1:CLM05-1  FMT102 error\n" in ran.out


def test_check_exits_1_on_an_unknown_on_hold(run: Run, wrong_file: Path) -> None:
    ran = run("check", wrong_file, "--select", "DEP101")
    assert ran.code == 1
    assert "DEP101 hold" in ran.out


def test_check_exits_2_when_something_could_not_be_read_whatever_else_was_found(
    run: Run, wrong_file: Path, clean_file: Path, broken_file: Path
) -> None:
    assert run("check", broken_file).code == 2
    assert run("check", broken_file, clean_file).code == 2
    ran = run("check", wrong_file, broken_file)
    assert ran.code == 2
    assert "FMT102 error" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "FILES"),
        (("nothing.837",), "There is no file or folder 'nothing.837'"),
        (("july.837", "--format", "xml"), "--format is 'xml'. Use one of: text, json, jsonl, csv, sarif, html, xlsx."),
        (("july.837", "--select", "DEP901"), "No rule code begins with 'DEP901'. Did you mean 'DEP10"),
        (("july.837", "--ignore", "SET,XYZ"), "No rule code begins with 'XYZ'"),
        (("july.837", "--received", "yesterday"), "--received is 'yesterday', which is no date"),
        (("july.837", "--as-of", "2024-02-30"), "--as-of is '2024-02-30', which is no date"),
        (("july.837", "--workspace", "nowhere"), "the settings cannot be opened"),
        (("july.837", "--nonsense"), "--nonsense"),
        (("july.837", "-o", "nowhere/report.txt"), "could not be written to 'nowhere/report.txt'"),
    ],
)
def test_check_exits_3_on_wrong_use_and_checks_nothing(
    run: Run, wrong_file: Path, words: tuple[str, ...], said: str
) -> None:
    ran = run("check", *words)
    assert (ran.code, ran.out) == (3, "")
    assert said in ran.err


def test_check_of_an_empty_folder_exits_3(run: Run, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    ran = run("check", "nothing")
    assert (ran.code, ran.out) == (3, "")
    assert "nothing" in ran.err


def test_check_with_a_selection_of_nothing_exits_3(run: Run, wrong_file: Path) -> None:
    ran = run("check", wrong_file, "--select", "SET", "--ignore", "SET")
    assert (ran.code, ran.out) == (3, "")


def test_check_exits_3_on_a_malformed_registry(run: Run, wrong_file: Path, tmp_path: Path) -> None:
    write_workspace(tmp_path / "w", sites=[{"site_id": "NORTH", "state": "Nowhere"}])
    ran = run("check", wrong_file, "--workspace", tmp_path / "w")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("scrubjay: ")
    assert "sites.csv: row 1, column state" in ran.err


def test_check_takes_codes_with_commas_or_again(run: Run, wrong_file: Path) -> None:
    both = run("check", wrong_file, "--select", "FMT,DEP101", "--format", "jsonl")
    assert both == run("check", wrong_file, "--select", "FMT", "--select", " dep101 ,", "--format", "jsonl")
    rules = {row["rule"] for row in map(json.loads, both.out.splitlines()) if row["type"] == "finding"}
    assert rules == {"FMT102", "DEP101"}


def test_check_finds_the_workspace_of_the_folder(run: Run, wrong_file: Path, tmp_path: Path) -> None:
    assert "DEP101 hold" in run("check", wrong_file, "--select", "DEP101").out
    write_workspace(tmp_path)
    assert "DEP101 error" in run("check", wrong_file, "--select", "DEP101").out


@pytest.mark.parametrize("format_", [name for name in FORMATS if name not in BINARY_FORMATS])
def test_check_writes_the_same_to_a_file(run: Run, wrong_file: Path, tmp_path: Path, format_: str) -> None:
    out = tmp_path / "report.out"
    printed = run("check", wrong_file, "--format", format_)
    written = run("check", wrong_file, "--format", format_, "-o", out)
    assert (written.code, written.out) == (1, "")
    assert out.read_bytes().decode("utf-8").replace("\r\n", "\n") == printed.out.replace("\r\n", "\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["july.837", "report.out"]


def test_a_report_that_fails_halfway_leaves_the_old_one_alone(
    run: Run, wrong_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "report.out"
    out.write_text("the old one")

    def fail(*_: object) -> object:
        yield "half a "
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scrubjay.reports.write_report", fail)
    ran = run("check", wrong_file, "-o", out)
    assert ran.code == 3
    assert "No space left on device" in ran.err
    assert out.read_text() == "the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["july.837", "report.out"]


def test_check_as_json_keeps_to_the_schema(run: Run, wrong_file: Path, broken_file: Path) -> None:
    ran = run("check", wrong_file, broken_file, "--format", "json", "--as-of", "2026-01-02", "--each")
    document = json.loads(ran.out)
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []
    assert document["summary"]["run_date"] == "2026-01-02"


def test_the_receipt_date_may_be_given(run: Run, tmp_path: Path) -> None:
    claim = Claim("B1", pos="10", lines=(Line(day="20220110"),))
    Batch((claim,), made="20220110").write(tmp_path / "b.837")
    words = ("check", "b.837", "--select", "FMT105")
    assert "FMT105 warning" in run(*words).out
    assert "FMT105 error" in run(*words, "--received", "2022-02-01").out
    assert "Nothing to act on" in run(*words, "--received", "2022-04-01").out


# --- explain ------------------------------------------------------------------------------------------


def test_explain_says_why_and_why_not(run: Run, wrong_file: Path, tmp_path: Path) -> None:
    write_workspace(tmp_path)
    ran = run("explain", wrong_file, "--claim", "A1")
    assert (ran.code, ran.err) == (0, "")
    assert "DEP101 Office place of service at a provider-based department\nclaim A1, line 1: violated\n" in ran.out
    assert "fix: place_of_service_code = '22'" in ran.out
    assert re.search(r"\nclear: .*FMT101", ran.out)
    assert re.search(r"\ndoes not apply: .*DEP104", ran.out)
    why_not = run("explain", wrong_file, "--claim", "A1", "--rule", "dep104")
    assert "claim A1, line 1: does not apply\napplies when\n" in why_not.out
    assert "place_of_service_code IN ('19', '22')   [place_of_service_code = '11']" in why_not.out


def test_explain_of_one_line_speaks_of_no_other(run: Run, tmp_path: Path) -> None:
    Batch((Claim("A1", lines=(Line(), Line(procedure="99213:PO"))),)).write(tmp_path / "a.837")
    ran = run("explain", "a.837", "--claim", "A1", "--line", "2", "--rule", "DEP107")
    assert "line 2: violated" in ran.out
    assert "line 1" not in ran.out


def test_explain_tells_which_of_the_two_claims_of_a_pair_says_what(run: Run) -> None:
    files = [EXAMPLE / name for name in ("professional.837", "institutional.837")]
    paired = run("explain", *files, "--claim", "RMG-1016", "--rule", "PAR101", "--workspace", EXAMPLE).out
    assert "\nprofessional: place_of_service_code = '11', procedure_code =" in paired
    assert "\nfacility: facility_claim_id = 'RGH-" in paired
    assert "\nboth: has_facility_claim = yes, paired_place_of_service_codes =" in paired
    alone = run("explain", *files, "--claim", "RMG-1018", "--rule", "PAR103", "--workspace", EXAMPLE).out
    assert "\nfacility: no claim was found\nboth: days_since_service =" in alone


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("july.837", "--claim", "A9"), "No claim in these files has the id 'A9'"),
        (("july.837", "--claim", "a1"), "No claim in these files has the id 'a1'"),
        (("july.837", "--claim", "A1", "--rule", "DEP999"), "There is no rule 'DEP999'"),
        (("july.837", "--claim", "A1", "--line", "one"), "one"),
        (("july.837",), "--claim"),
        (("nothing.837", "--claim", "A1"), "There is no file or folder"),
        (("july.837", "--claim", "A1", "--received", "soon"), "which is no date"),
    ],
)
def test_explain_exits_3_on_wrong_use(run: Run, wrong_file: Path, words: tuple[str, ...], said: str) -> None:
    ran = run("explain", *words)
    assert (ran.code, ran.out) == (3, "")
    assert said in ran.err


def test_explain_of_a_line_the_claim_does_not_have_exits_3(run: Run, wrong_file: Path) -> None:
    ran = run("explain", wrong_file, "--claim", "A1", "--line", "7")
    assert (ran.code, ran.out) == (3, "")
    assert "7" in ran.err


# --- the manual ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", list(load_rules()))
def test_rule_shows_its_page(run: Run, code: str) -> None:
    ran = run("rule", code)
    rule = load_rules()[code]
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{code}  {rule.severity}, {rule.status} since {rule.since}")
    assert ran.out.endswith(rule.body)
    assert f"violated when: {rule.violates.text}\n" in ran.out
    assert all(f"## {heading}\n" in ran.out for heading in HEADINGS)


def test_rule_without_a_page_exits_3(run: Run) -> None:
    ran = run("rule", "DEP190")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("scrubjay: There is no rule 'DEP190'. Did you mean 'DEP1")


def test_rules_lists_them_all(run: Run) -> None:
    ran = run("rules")
    assert [line[:6] for line in ran.out.splitlines()] == list(load_rules())
    assert "FMT106  info     Redundant line place of service (preview: runs only when selected)\n" in ran.out
    as_json = json.loads(run("rules", "--format", "json").out)
    assert [one["code"] for one in as_json] == list(load_rules())
    assert run("rules", "--format", "xml").code == 3


def test_law_shows_what_holds_on_a_day(run: Run) -> None:
    path = "us.cms.mpfs.facility_rate_pos"
    before, after = run("law", path, "--on", "2015-12-31"), run("law", path, "--on", "2016-01-01")
    assert (before.code, after.code) == (0, 0)
    assert "payers: all\n" in before.out
    assert "amended on 2013-04-01; that amendment counts by service_date\n" in before.out
    assert "on 2016-01-01: 19, 21, 22, 23, 24, 26, 31, 34, 41, 42, 51, 52, 53, 56, 61\n" in after.out
    assert "amended on 2016-01-01; that amendment counts by paid_date\n" in after.out
    assert "source: Pub. 100-04 ch. 12 § 20.4.2; Transmittal 3315" in after.out
    silent = run("law", path, "--on", "2013-03-31")
    assert "On 2013-03-31 the law is silent: its first version takes effect on 2013-04-01.\n" in silent.out
    assert (
        "on 2024-01-01: 250 yards\n"
        in run("law", "us.cms.provider_based.campus_distance_yards", "--on", "2024-01-01").out
    )


def test_law_lists_them_all_and_shows_each(run: Run) -> None:
    ran = run("law")
    assert [line for line in ran.out.splitlines() if not line.startswith(" ")] == list(scrubjay.load_laws())
    for path in scrubjay.load_laws():
        assert run("law", path).out.startswith(f"{path}\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("us.cms.mpfs.facility_rate",), "Did you mean 'us.cms.mpfs.facility_rate_pos'?"),
        (("us.cms.mpfs.facility_rate_pos", "--on", "today"), "--on is 'today', which is no date"),
    ],
)
def test_law_exits_3_on_wrong_use(run: Run, words: tuple[str, ...], said: str) -> None:
    ran = run("law", *words)
    assert (ran.code, ran.out) == (3, "")
    assert said in ran.err


def test_init_makes_a_workspace_that_works_and_overwrites_nothing(run: Run, tmp_path: Path, wrong_file: Path) -> None:
    ran = run("init", "mine")
    made = sorted(path.name for path in (tmp_path / "mine").iterdir())
    assert ran.code == 0
    assert sorted(Path(line).name for line in ran.out.splitlines()) == made
    assert {"scrubjay.toml", "sites.csv", "encounters.csv"} <= set(made)
    assert run("check", wrong_file, "--workspace", "mine").code == 1
    again = run("init", "mine")
    assert (again.code, again.out) == (3, "")
    assert "nothing is overwritten" in again.err


def test_help_is_no_wrong_use(run: Run) -> None:
    for words in (("--help",), ("check", "-h")):
        ran = run(*words)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith("Usage:")


@pytest.mark.parametrize("words", [("chekc", "x"), ("--nonsense",)])
def test_a_command_that_is_not_there_exits_3(run: Run, words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err


def test_the_version_is_the_packages(run: Run) -> None:
    ran = run("--version")
    assert (ran.code, ran.err) == (0, "")
    assert scrubjay.__version__ in ran.out


# --- in a shell ---------------------------------------------------------------------------------------


def shell(*words: str | Path, cwd: Path, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(str(Path(one).parent) for one in scrubjay.__path__)
    return subprocess.Popen(
        [sys.executable, "-m", "scrubjay.cli", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path},
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


def test_a_pipe_sees_the_report_and_nothing_on_the_standard_error(tmp_path: Path, wrong_file: Path) -> None:
    process = shell("check", wrong_file, "--format", "json", cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, b"")
    assert json.loads(out)["summary"]["claims"] == 2


@pytest.mark.parametrize("count", [1, 3000])
def test_a_reader_that_stops_early_gets_no_traceback(tmp_path: Path, count: int) -> None:
    claims = tuple(Claim(f"A{number}", facility=SOUTH, pos="ZZ") for number in range(count))
    Batch(claims).write(tmp_path / "a.837")
    process = shell("check", "a.837", "--each", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    if count > 1:
        assert process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert err == b""


def test_text_is_written_in_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    path = os.pathsep.join(str(Path(one).parent) for one in scrubjay.__path__)
    done = subprocess.run(
        [sys.executable, "-m", "scrubjay.cli", "rule", "DEP101"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "§" in done.stdout.decode("utf-8")


def test_a_file_name_with_odd_letters_is_checked(run: Run, tmp_path: Path) -> None:
    name = "jüly [1] 'x'.csv"
    row = {"claim_id": "B1", "procedure_code": "99213", "modifiers": "PO", "service_date": "2024-03-05"}
    write_csv(tmp_path / name, [row])
    ran = run("check", name, "--select", "DEP107")
    assert ran.code == 1
    assert f"{name}:row 1:CLM*B1" in ran.out
