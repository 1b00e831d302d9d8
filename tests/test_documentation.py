"""What the documentation says is true: outputs, copies, indexes, names, numbers."""

from __future__ import annotations

import datetime as dt
import doctest
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from docs import blocks, generate
from scrubjay.checklist import load_steps
from scrubjay.cli import app
from scrubjay.condition import parse_condition
from scrubjay.engine import check
from scrubjay.errors import DefinitionError
from scrubjay.reference.law import load_laws
from scrubjay.reference.policies import load_policies
from scrubjay.reference.registries import is_valid_npi
from scrubjay.reports import FORMATS, SCHEMA_FILE
from scrubjay.rule import load_rules
from scrubjay.tables import GRAINS, REGISTRIES, SERVICE_LINE_FACTS, TABLES
from scrubjay.workspace import Workspace, create_workspace

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "scrubjay"
RIVERSIDE = ROOT / "examples" / "riverside"

BLOCKS = [
    pytest.param(block, id=f"{page.name}: {block.kind} {block.what}")
    for page in blocks.written_pages()
    for block in blocks.blocks(page.read_text(encoding="utf-8"))
]

# What is planted in the Riverside claims: claim → the page that finds it. All else is right.
PLANTED = {
    "RMG-1016": "DEP101",
    "RMG-1017": "DEP104",
    "RMG-1018": "DEP107",
    "RMG-1019": "PRO101",
    "RMG-1020": "PRO103",
    "RMG-1021": "PRO104",
    "RMG-1022": "FMT102",
    "RMG-1023": "FMT101",
    "RMG-1024": "SET102",
    "RMG-1025": "DEP106",
}


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def tracked_files() -> Iterator[Path]:
    """The files of the repository, less what .gitignore names."""
    ignored = {line.strip("/") for line in page(".gitignore").splitlines()} | {".git"}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in ignored]
        yield from (Path(folder, name) for name in files if not name.endswith(".pyc"))


@pytest.mark.parametrize("block", BLOCKS)
def test_a_marked_block_says_what_is(block: blocks.Block) -> None:
    expected = block.expected()
    if expected is not None:
        assert block.body == expected, "run 'make docs' and read the difference"
    assert block.is_true()


def test_every_output_shown_in_the_readme_and_the_guides_is_marked() -> None:
    for file in blocks.written_pages():
        text = file.read_text(encoding="utf-8")
        shown = len(re.findall(r"^\$ scrubjay (?!.*--help$)", text, re.MULTILINE))
        marked = sum(block.kind == "output of" for block in blocks.blocks(text))
        assert shown == marked, f"{file.name}: a console block with output has no marker before it"


def test_the_python_in_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted and not result.failed


def test_the_generated_pages_are_what_the_code_says() -> None:
    assert generate.drifted() == []


def test_the_check_of_the_generated_pages_names_the_page_that_drifted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    monkeypatch.setattr(generate, "written_pages", list)
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    (tmp_path / "law.md").write_text("old\n", encoding="utf-8")
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/law.md is not what the code says; run 'make docs'.\n"


def test_every_rule_page_stands_in_the_index() -> None:
    index = page("docs/rules.md")
    for rule in load_rules().values():
        assert f"[{rule.code}](rules/{rule.code}.md) | {rule.title}" in index
        written = page(f"docs/rules/{rule.code}.md")
        assert rule.body.partition("\n")[2].strip() in written
        assert rule.applies.text in written
        assert rule.violates.text in written


def test_every_id_of_the_dossier_ends_in_exactly_one_of_four() -> None:
    ends = generate.coverage()
    ids = {f"S{n:02}" for n in range(1, 71)} | {"S11B"} | {f"P{n:02}" for n in range(1, 89)}
    ids |= {f"K{n:02}" for n in range(1, 9)}
    assert set(ends) == ids
    assert {ending for ending, _ in ends.values()} == {"rule page", *generate.ENDINGS.values()}
    text = page("docs/coverage.md")
    for one, (ending, where) in ends.items():
        assert where
        assert f"| {one} | {ending} |" in text


def test_what_the_coverage_names_exists() -> None:
    named = re.findall(r"names: \[([^\]]+)\]", page("docs/coverage.yaml"))
    known = {*load_laws(), *load_policies()} | {f"{t.name}.{c.name}" for t in TABLES.values() for c in t.columns}
    known |= {"reference.policies"}
    for names in named:
        assert {name.strip() for name in names.split(",")} <= known


def test_every_step_and_every_policy_stands_in_its_page() -> None:
    for step in load_steps():
        assert f"## {step.code}: {step.title}" in page("docs/checklists.md")
    for policy in load_policies().values():
        assert f"`{policy.name}`" in page("docs/policies.md")


def test_every_law_stands_in_the_index() -> None:
    index = page("docs/law.md")
    for law in load_laws().values():
        assert f"`{law.path}`" in index
        for version in law.versions:
            assert f"| {version.effective} | `{version.keyed_on}` |" in index


def test_every_column_stands_in_the_tables() -> None:
    sections = re.split(r"^### ", page("docs/tables.md"), flags=re.MULTILINE)
    columns = {section.split("\n", 1)[0]: section for section in sections}
    for table in TABLES.values():
        for column in table.columns:
            assert f"| `{column.name}` | {column.type} |" in columns[table.name]


def test_every_command_stands_in_the_command_line_page() -> None:
    text = page("docs/cli.md")
    for name, command in app.commands.items():
        assert f"\n## {name}\n" in text
        for parameter in command.params:
            for option in parameter.opts:
                assert option in text or not option.startswith("-")


def test_every_decision_is_numbered_without_a_gap_and_named_in_the_architecture() -> None:
    files = sorted(file.name for file in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    for number, name in enumerate(files, start=1):
        assert page(f"docs/decisions/{name}").startswith(f"# {number}. ")
        assert f"(docs/decisions/{name})" in page("ARCHITECTURE.md")


def test_every_module_is_named_in_the_architecture() -> None:
    text = page("ARCHITECTURE.md")
    modules = [*SOURCE.rglob("*.py"), *SOURCE.glob("facts/*.sql")]
    names = [file.relative_to(SOURCE).as_posix() for file in modules]
    for name in names:
        folder, _, file = name.rpartition("/")
        named = f"`{folder}/`" if folder and file == "__init__.py" else name
        assert named in text, f"{name} has no line in ARCHITECTURE.md"
    for part in SOURCE.iterdir():
        assert not part.is_dir() or part.name[0] in "._" or f"`{part.name}/`" in text


def test_the_order_of_imports_in_the_architecture_is_the_contract() -> None:
    contract = tomllib.loads(page("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]["layers"]
    written = page("ARCHITECTURE.md").split("### Imports go one way")[1].split("\n\n")[1]
    assert re.findall(r"`([^`]+)`", written) == contract


def test_the_architecture_lists_the_grains_and_the_fields_of_a_finding() -> None:
    text = page("ARCHITECTURE.md")
    grains = re.findall(r"^\| `(\w+)_facts` \|", text, re.MULTILINE)
    assert grains == list(GRAINS)
    fields = text.split("## Findings")[1].split("`")[1].replace("\n", " ").split(", ")
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert sorted(fields) == sorted(schema["$defs"]["finding"]["required"])


def test_the_readme_lists_the_formats_of_a_report() -> None:
    table = page("README.md").split("## Reports")[1].split("\n\n")[1]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(FORMATS)


def test_the_readme_names_both_commands_and_the_changelog_what_is_unreleased() -> None:
    assert "make demo" in page("README.md")
    assert "make test" in page("README.md")
    assert "## [Unreleased]" in page("CHANGELOG.md")


def test_the_numbers_in_the_prose_are_right() -> None:
    rules, laws = len(load_rules()), len(load_laws())
    assert f"{rules} are written" in page("README.md")
    assert f"{rules} rule pages" in page("CHANGELOG.md")
    assert f"{laws} law files" in page("CHANGELOG.md")


def test_links_between_pages_lead_somewhere() -> None:
    for file in blocks.written_pages():
        text = file.read_text(encoding="utf-8")
        targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text) + re.findall(r"^\[\w+\]: (\S+)$", text, re.MULTILINE)
        for target in targets:
            assert (file.parent / target).exists(), f"{file.name} links to {target}, which is not there"


def test_the_conditions_in_the_guide_are_allowed_and_refused_as_it_says() -> None:
    text = page("CONTRIBUTING.md")
    laws = load_laws()
    allowed = text.split("<!-- conditions that are allowed -->\n```sql\n")[1].split("```")[0].splitlines()
    assert len(allowed) > 5
    for condition in allowed:
        parse_condition(condition, SERVICE_LINE_FACTS, laws, "page.md", 1)
    refused = re.findall(r"^\| `([^|]+)` \| (.+?) \| .+ \|$", text, re.MULTILINE)
    assert len(refused) > 5
    for condition, problem in refused:
        with pytest.raises(DefinitionError) as caught:
            parse_condition(condition, SERVICE_LINE_FACTS, laws, "page.md", 1)
        assert caught.value.problem == problem


def test_the_guide_names_the_files_of_a_new_workspace(tmp_path: Path) -> None:
    step = page("docs/guide-first-check.md").split("## 4. ")[1].split("## 5. ")[0]
    for file in create_workspace(tmp_path / "my-practice"):
        assert f"`{file.name}`" in step


def test_the_registries_guide_names_only_columns_that_are() -> None:
    text = page("docs/guide-registries.md")
    known = {name for table in REGISTRIES for name in table.names}
    values = {value for table in REGISTRIES for column in table.columns for value in column.allowed}
    words = set(re.findall(r"`([a-z]+(?:_[a-z0-9]+)+)`", text))
    assert words <= known | values


# What the same faults bring along, beside the hospital's claims and the registration.
BESIDE = {("RMG-1016", "PAR101"), ("RMG-1018", "PAR103"), ("RMG-1019", "SET101")}


def test_exactly_the_planted_faults_are_found_in_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    workspace = Workspace.open(Path("examples/riverside"))
    report = check(sorted(Path("examples/riverside").glob("*.837")), workspace=workspace, as_of=dt.date(2026, 11, 22))
    found = {(one["claim_id"], one["rule"]) for one in report.findings if one["outcome"] == "violation"}
    assert found >= BESIDE
    violations = dict(found - BESIDE)
    few = {one["rule"] for one in report.findings if one["outcome"] == "unknown" and one["rule"].startswith("MIX")}
    assert few == {"MIX101", "MIX102", "MIX103"}  # too few lines to show a pattern
    unknowns = {
        one["claim_id"]: one["site_id"]
        for one in report.findings
        if one["outcome"] == "unknown" and one["rule"] not in few
    }
    assert violations == PLANTED
    assert unknowns == {"RMG-1026": "RGH-MILL", None: "RGH-MILL"}
    assert report.intake_problems == []
    for claim, rule in PLANTED.items():
        assert re.search(rf"^\| {claim} \| .+ \| {rule} \|$", page("examples/riverside/README.md"), re.MULTILINE)


def test_the_identifiers_in_the_example_are_made_up_and_well_formed() -> None:
    for file in RIVERSIDE.glob("*.*"):
        npis = re.findall(r"\b[12]\d{9}\b", file.read_text(encoding="utf-8"))
        if file.suffix == ".837":
            assert npis
        for npi in npis:
            assert is_valid_npi(npi)
            assert npi.startswith("2"), "numbers that begin with 1 may belong to somebody"
        people = re.findall(r"NM1\*IL\*1\*(\w+)\*\w+\*+MI\*(\w+)", file.read_text(encoding="utf-8"))
        assert all(name == "EXAMPLE" and member.startswith("TEST") for name, member in people)


def test_the_demo_finds_what_the_readme_says(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    result = subprocess.run(
        [sys.executable, "-m", "synthetic.demo"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    numbers = re.search(
        r"(\d+) claims.+\nPlanted: (\d+) faults, (\d+) things nobody can know, and (\d+) innocent look-alikes",
        result.stdout,
    )
    assert numbers
    claims, faults, unknowns, look_alikes = numbers.groups()
    readme = " ".join(page("README.md").split())
    assert f"health system of {claims} claims, in which {faults} faults are planted" in readme
    assert f"{unknowns} things nobody can know, and {look_alikes} innocent look-alikes" in readme
    assert (tmp_path / "demo-out" / "report.html").is_file()


def test_every_command_in_the_readme_and_the_guides_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(RIVERSIDE, tmp_path / "examples" / "riverside")
    shutil.copy(RIVERSIDE / "professional.837", tmp_path / "july.837")
    monkeypatch.chdir(tmp_path)
    for name in ("README.md", "docs/guide-first-check.md", "docs/guide-registries.md"):
        commands = re.findall(r"^scrubjay .+$", page(name), re.MULTILINE)
        for command in commands:
            result = CliRunner().invoke(app, shlex.split(command)[1:], standalone_mode=False)
            assert result.exception is None, f"{name}: {command}"
    assert {"july.html", "report.html", "report.xlsx"} <= {path.name for path in tmp_path.iterdir()}


def test_no_tracked_file_holds_a_path_of_somebodys_machine() -> None:
    machine_path = re.compile("/(?:" + "|".join(("work", "farm", "root")) + ")" + "/")
    for file in tracked_files():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found = machine_path.search(text)
        assert not found, f"{file.relative_to(ROOT)} holds '{found[0]}…'" if found else ""
