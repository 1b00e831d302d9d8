"""The commands of the registries: import and list, what they print, and their exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scrubjay.tables import REGISTRIES
from scrubjay.workspace import create_workspace
from tests.command_line import Ran, Run, runner

NAMES = [table.name for table in REGISTRIES]
ROWS = {
    "sites": "site_id,site_type\nNORTH,Hospital department\nSOUTH,office\n",
    "providers": "npi,provider_name,provider_type\n1234567893,Ada Hoopoe,MD\n",
    "payers": "payer_id,payer_name,payer_program\nRVMB1,Medicare Part B,medicare_part_b\n",
    "encounters": "member_id,service_date,registration_status\nTESTSECRET1,2026-08-19,none\n",
}


_ADDRESS = ("address_line_1", "city", "state", "zip")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in a new workspace."""
    create_workspace(tmp_path / "kept")
    monkeypatch.chdir(tmp_path / "kept")
    return runner(monkeypatch, capsys)


@pytest.fixture
def new(tmp_path: Path) -> Callable[[str, str], Path]:
    def new(name: str, text: str = "") -> Path:
        path = tmp_path / f"new-{name}.csv"
        path.write_text(text or ROWS[name])
        return path

    return new


@pytest.mark.parametrize("name", NAMES)
def test_a_registry_is_imported_and_listed(run: Run, new: Callable[..., Path], name: str) -> None:
    assert run(name, "list") == Ran(0, f"No {name} are loaded: the registry has no file, or no row.\n", "")
    ran = run(name, "import", new(name))
    assert (ran.code, ran.err) == (0, "")
    count = "2 rows" if name == "sites" else "1 row"
    assert ran.out.startswith(f"{name}.csv: {count} imported.\n\n")
    assert Path(f"{name}.csv").read_text() == ROWS[name]
    listed = run(name, "list")
    assert (listed.code, listed.err) == (0, "")
    assert max(map(len, (ran.out + listed.out).splitlines())) <= 80
    found = json.loads(run(name, "list", "--format", "json").out)
    assert (found["registry"], len(found["rows"])) == (name, ROWS[name].count("\n") - 1)
    assert "SECRET" not in ran.out + listed.out + json.dumps(found)


def test_the_gaps_of_the_sites_are_told_on_import_and_in_the_list(run: Run, new: Callable[..., Path]) -> None:
    imported = run("sites", "import", new("sites")).out
    listed = run("sites", "list").out
    gap = "\ndistance_yards\n  1 site: NORTH\n  cannot tell: DEP109,"
    assert gap in imported
    assert gap in listed
    assert imported.split("\n\n", 1)[1] in listed
    columns = [one["column"] for one in json.loads(run("sites", "list", "--format", "json").out)["gaps"]]
    assert "distance_yards" in columns


def test_an_address_that_differs_from_pecos_is_told_before_there_is_a_claim(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    header = ",".join(["site_id", "site_type", *_ADDRESS, *(f"pecos_{name}" for name in _ADDRESS)])
    same, other = "1 MAIN ST,TOWN,CA,900010001", "1 MAIN STREET,TOWN,CA,900010001"
    rows = [f"NORTH,provider_based_department,{same},{other}", f"SOUTH,provider_based_department,{same},{same}"]
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    imported = run("sites", "import", str(file))
    assert "sites:NORTH  ADR106 warning" in imported.out
    assert "sites:SOUTH" not in imported.out
    listed = json.loads(run("sites", "list", "--format", "json").out)
    assert [(one["rule"], one["site_id"]) for one in listed["findings"]] == [("ADR106", "NORTH")]


def test_a_check_of_files_without_a_line_does_not_speak_of_the_registry(run: Run, tmp_path: Path) -> None:
    sites = f"site_id,site_type,{','.join(_ADDRESS)},pecos_address_line_1\nNORTH,main_campus,1 MAIN ST,T,CA,90001,2 ELM ST\n"
    (tmp_path / "sites.csv").write_text(sites, encoding="utf-8")
    assert "ADR106" in run("sites", "import", str(tmp_path / "sites.csv")).out
    (tmp_path / "empty.csv").write_text(
        "claim_id,service_date,place_of_service_code,procedure_code\n", encoding="utf-8"
    )
    assert "ADR106" not in run("check", str(tmp_path / "empty.csv")).out


def test_a_registry_with_rows_is_replaced_only_on_request(run: Run, new: Callable[..., Path]) -> None:
    run("sites", "import", new("sites"))
    other = new("sites", "site_id\nWEST\n")
    ran = run("sites", "import", other)
    assert (ran.code, ran.out) == (3, "")
    assert "has rows already" in ran.err and "--replace" in ran.err
    assert Path("sites.csv").read_text() == ROWS["sites"]
    ran = run("sites", "import", other, "--replace")
    assert ran.code == 0
    assert ran.out.startswith("sites.csv: 1 row imported.\nThe former file is kept as sites.csv.bak.\n\n")
    assert Path("sites.csv.bak").read_text() == ROWS["sites"]
    again = run("sites", "import", other)
    assert again.out.startswith("sites.csv: this very file stands there already; nothing was written.\n")


def test_a_malformed_file_exits_3_and_changes_nothing(run: Run, new: Callable[..., Path]) -> None:
    before = Path("encounters.csv").read_bytes()
    bad = new("encounters", "member_id,service_date,registration_status\nTESTSECRET1,2026-08-19,perhaps\n")
    ran = run("encounters", "import", bad)
    assert (ran.code, ran.out) == (3, "")
    assert "row 1, column registration_status: 'perhaps' is not one of" in ran.err
    assert "SECRET" not in ran.err
    assert Path("encounters.csv").read_bytes() == before


def test_another_workspace_may_be_named(run: Run, new: Callable[..., Path], tmp_path: Path) -> None:
    create_workspace(tmp_path / "other")
    assert run("payers", "import", new("payers"), "--workspace", tmp_path / "other").code == 0
    assert "No payers are loaded" in run("payers", "list").out
    assert "RVMB1" in run("payers", "list", "--workspace", tmp_path / "other").out


def test_wrong_use_exits_3(run: Run, new: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the registry cannot be opened" in run("sites", "import", "gone.csv").err
    assert "Use text or json" in run("sites", "list", "--format", "xml").err
    assert run("sites", "remove").code == 3
    monkeypatch.chdir(tmp_path)
    for words in (("sites", "list"), ("sites", "import", new("sites"))):
        ran = run(*words)
        assert (ran.code, ran.out) == (3, "")
        assert "There is no workspace here or above. 'scrubjay init FOLDER' makes one" in ran.err


def test_the_list_of_one_registry_does_not_mind_a_mistake_in_another(run: Run) -> None:
    Path("payers.csv").write_text("nothing of ours\n1\n")
    assert run("sites", "list").code == 0
    assert run("payers", "list").code == 3
