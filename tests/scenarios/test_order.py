"""The same files in any order, in one run or in several of which each keeps the others' files: the same findings."""

from __future__ import annotations

import random
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import scrubjay
from synthetic.demo import FILES
from synthetic.generate import CHECKED, generate

CLAIMS = 30  # beside those that are planted
ADT = "adt.hl7"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up health system with its claims, messages and lists."""
    folder = tmp_path_factory.mktemp("system")
    generate(folder, seed=3, claims=CLAIMS)
    return folder


@pytest.fixture(scope="module")
def expected(system: Path) -> set[str]:
    return findings(scrubjay.Workspace.open(system / "workspace"), [system / name for name in FILES])


def findings(workspace: scrubjay.Workspace, files: list[Path]) -> set[str]:
    """Every finding in all that does not say where in which file it stands."""
    found = set()
    for finding in scrubjay.check(files, workspace=workspace, each=True, as_of=CHECKED).findings:
        told: dict[str, Any] = {
            name: finding[name]
            for name in ("rule", "outcome", "severity", "claim_id", "line_number", "site_id", "message", "missing",
                         "held_until", "exposure", "fix", "fingerprint")
        }  # fmt: skip
        told["evidence"] = {name: one for name, one in finding["evidence"].items() if name != "facility_file"}
        found.add(repr(told))
    return found


def messages_of(text: str) -> list[str]:
    """The messages of a batch, each with its segments."""
    return [one for one in re.split(r"[\r\n]+(?=MSH|BTS|FTS|BHS|FHS)", text) if one.startswith("MSH")]


@pytest.mark.parametrize("seed", range(2))
def test_order_and_runs_do_not_matter(system: Path, expected: set[str], tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    messages = messages_of((system / ADT).read_bytes().decode())
    chance.shuffle(messages)
    cut = chance.randint(1, len(messages) - 1)
    files = []
    for name, part in (("first.hl7", messages[:cut]), ("second.hl7", messages[cut:])):
        (tmp_path / name).write_bytes(("\r".join(part) + "\r").encode())
        files.append(tmp_path / name)
    files += [Path(shutil.copy(system / name, tmp_path / name)) for name in FILES if name != ADT]
    chance.shuffle(files)
    workspace = scrubjay.Workspace.open(system / "workspace")
    assert findings(workspace, files) == expected

    cut = chance.randint(1, len(files) - 1)
    apart: set[str] = set()
    for number, (given_, kept) in enumerate(((files[:cut], files[cut:]), (files[cut:], files[:cut]))):
        feeds = tmp_path / f"feeds {number}"
        feeds.mkdir()
        for path in kept:
            shutil.copy(path, feeds / path.name)
        apart |= findings(replace(workspace, own_feeds=feeds), given_)
    assert apart == expected


def test_the_system_has_something_to_find_across_files(expected: set[str]) -> None:
    rules = {re.match(r"\{'rule': '(\w{3})", one)[1] for one in expected}  # type: ignore[index]
    assert {"SET", "WIN", "PAR", "MIX"} <= rules
