"""The made-up health system: same seed, same bytes; sound X12; a key for every rule."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import scrubjay
from scrubjay.reference.registries import is_valid_npi
from synthetic import demo
from synthetic.demo import FILES, Spot, check_folder, compare
from synthetic.generate import NOT_PLANTED, generate

ROOT = Path(__file__).parents[2]
CLAIMS = 120  # ordinary professional claims: enough for every kind of them

# pyx12 knows the place of service codes: what it says of the claims planted for FMT101 and FMT102.
SAID_OF_PLANTED = {
    "(97) is not a valid code for Place of Service Code (CLM05-01) (97)",
    'Mandatory data element "Place of Service Code" (CLM05-01) is missing',
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("riverbend")
    generate(made, claims=CLAIMS)
    return made


@pytest.fixture(scope="module")
def key(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def report(folder: Path) -> scrubjay.Report:
    return check_folder(folder)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_two_processes_write_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    made = []
    for number in ("1", "2"):
        out = tmp_path / number
        environment = os.environ | {"PYTHONHASHSEED": number, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        arguments = [sys.executable, "-m", "synthetic", str(out), "--claims", str(CLAIMS)]
        subprocess.run(arguments, cwd=ROOT, env=environment, check=True, capture_output=True)
        made.append(bytes_of(out))
    assert made[0] == made[1] == bytes_of(folder)


def test_another_seed_writes_other_claims(folder: Path, tmp_path: Path) -> None:
    generate(tmp_path, seed=7, claims=CLAIMS)
    assert (tmp_path / "professional.837").read_bytes() != (folder / "professional.837").read_bytes()
    assert (tmp_path / "workspace" / "sites.csv").read_bytes() == (folder / "workspace" / "sites.csv").read_bytes()


def test_the_files_hold_the_claims_the_key_counts(key: dict[str, Any], report: scrubjay.Report) -> None:
    claims = {Path(row["name"]).stem: row["claims"] for row in report.files if row["claims"]}
    assert claims == key["claims"]
    assert key["claims"]["professional"] > CLAIMS
    assert key["claims"]["institutional"] > CLAIMS // 3


def test_they_are_read_without_an_intake_problem(report: scrubjay.Report) -> None:
    assert report.intake_problems == []


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".837")])
def test_pyx12_finds_nothing_but_what_was_planted(
    folder: Path, name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from pyx12 import params, x12n_document

    monkeypatch.setenv("HOME", str(tmp_path))
    with caplog.at_level(logging.ERROR):
        x12n_document.x12n_document(params.params(), str(folder / name), io.StringIO(), None, None)
    said = {re.sub(r"^.*? - ", "", record.getMessage()) for record in caplog.records}
    assert said == (SAID_OF_PLANTED if name == "professional.837" else set())


def test_every_npi_has_its_check_digit_and_begins_where_none_are_given_out(folder: Path) -> None:
    numbers = {
        number
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".837", ".csv")
        for number in re.findall(r"\b1\d{9}\b", path.read_text(encoding="utf-8"))
    }
    assert len(numbers) > 30
    assert all(is_valid_npi(number) and number.startswith("1999") for number in numbers)


def test_the_feed_and_the_list_speak_of_patients_of_the_claims(folder: Path) -> None:
    tables = scrubjay.read([folder / name for name in FILES])
    members = set(tables["claims"].column("member_id").to_pylist())
    told = tables["visit_events"].column("member_id").to_pylist() + tables["visits"].column("member_id").to_pylist()
    assert len(told) > CLAIMS
    assert set(told) <= members


def test_no_claim_id_stands_twice(folder: Path) -> None:
    tables = scrubjay.read([folder / name for name in FILES])
    ids = tables["claims"].column("claim_id").to_pylist()
    assert len(set(ids)) == len(ids)


STABLE = sorted(code for code, rule in scrubjay.load_rules().items() if rule.status == "stable")


@pytest.mark.parametrize("code", [code for code in STABLE if code not in NOT_PLANTED])
def test_every_stable_rule_has_a_fault_and_a_look_alike(code: str, key: dict[str, Any]) -> None:
    spoken = {row["rule"] for row in (*key["faults"], *key["unknowns"])}
    assert code in spoken
    assert code in {row["rule"] for row in key["look_alikes"]}


def test_the_key_says_what_is_not_planted_and_why(key: dict[str, Any]) -> None:
    planted = {row["rule"] for row in (*key["faults"], *key["unknowns"], *key["look_alikes"])}
    assert planted.isdisjoint(key["not_planted"])
    assert planted | set(key["not_planted"]) == {
        code for code, rule in scrubjay.load_rules().items() if rule.status in ("stable", "preview")
    }
    assert all(key["not_planted"].values())


def test_every_entry_of_the_key_says_where_and_why(key: dict[str, Any]) -> None:
    for row in (*key["faults"], *key["unknowns"], *key["look_alikes"]):
        assert (row["claim_id"] is None) != (row["site_id"] is None), row
        assert row["why"], row


def test_nothing_is_said_of_a_look_alike(key: dict[str, Any]) -> None:
    spoken = {(row["claim_id"], row["site_id"], row["rule"]) for row in (*key["faults"], *key["unknowns"])}
    for row in key["look_alikes"]:
        assert (row["claim_id"], row["site_id"], row["rule"]) not in spoken, row


def test_the_check_finds_all_that_was_planted_and_nothing_else(report: scrubjay.Report, key: dict[str, Any]) -> None:
    comparison = compare(report, key)
    assert [str(spot) for spot in comparison.missed] == []
    assert [str(spot) for spot in comparison.extra] == []
    assert comparison.disturbed == []
    assert comparison.is_exact
    assert (comparison.recall, comparison.precision) == (1.0, 1.0)


def test_nothing_is_missed_and_nothing_extra_with_another_seed_and_many_patients(tmp_path: Path) -> None:
    key = generate(tmp_path, seed=7, claims=2000)
    comparison = compare(check_folder(tmp_path), key)
    assert [str(spot) for spot in (*comparison.missed, *comparison.extra)] == []


def test_the_comparison_tells_what_is_missed_and_what_is_extra(report: scrubjay.Report, key: dict[str, Any]) -> None:
    planted = key["faults"][0]
    invented = {**planted, "claim_id": "RB-99999"}
    comparison = compare(report, {**key, "faults": [invented, *key["faults"][1:]]})
    assert Spot(*(invented[name] for name in Spot._fields)) in comparison.missed
    assert Spot(*(planted[name] for name in Spot._fields)) in comparison.extra
    assert comparison.recall < 1 > comparison.precision
    assert not comparison.is_exact


def test_the_demo_shows_the_comparison_and_an_explanation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = demo.main()
    shown = capsys.readouterr().out
    assert code == 0, shown
    assert "missed:" not in shown
    assert "extra:" not in shown
    assert "$ scrubjay explain demo-out/professional.837 --claim RB-" in shown
    assert (tmp_path / "demo-out" / "report.html").stat().st_size > 10_000
