"""Rules of an organisation's own: how a page begins, where its findings show, and what is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openpyxl import load_workbook

import scrubjay
from scrubjay.errors import DefinitionError, UsageError
from scrubjay.own_rules import check_own_rules, write_new_rule
from scrubjay.reference.law import load_laws
from scrubjay.reports import SCHEMA_FILE
from scrubjay.rule import load_rules, read_rule
from scrubjay.workspace import Workspace
from tests.command_line import Ran, Run, runner
from tests.formats.x12_text import institutional_claim, institutional_file, institutional_line
from tests.samples import BODY, NORTH, PAGE_FILE, SITES, SOUTH, Batch, Claim, Line, page, write_csv, write_workspace

FAMILIES = sorted({code[:3] for code in load_rules()})
TITLE = "Visits in the old clinic"
FILE = "OWN101-visits-in-the-old-clinic.md"
CASES_FILE = "OWN101.yaml"


@dataclass(frozen=True)
class Mine:
    """A workspace of our own, and the command line in its folder."""

    run: Run
    folder: Path

    @property
    def rules(self) -> Path:
        return self.folder / "rules"

    @property
    def page(self) -> Path:
        return self.rules / FILE

    @property
    def cases(self) -> Path:
        return self.rules / CASES_FILE

    def edit(self, file: Path, *changes: tuple[str, str]) -> None:
        """Write other words into a file; each of the old words stands in it once."""
        text = file.read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} stands in {file.name} {text.count(old)} times"
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
        forget()

    def check(self, *words: str | Path) -> Ran:
        return self.run("check", "july.837", *words)


def forget() -> None:
    """Pages and laws are read once in a process; a test that changes them is another process."""
    load_rules.cache_clear()
    load_laws.cache_clear()


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mine:
    """A new workspace with two sites, a file of two claims at POS 11 (A1 in hospital space), and no rule."""
    monkeypatch.chdir(tmp_path)
    run = runner(monkeypatch, capsys)
    assert run("init", "mine").code == 0
    folder = tmp_path / "mine"
    monkeypatch.chdir(folder)
    write_csv(folder / "sites.csv", SITES)
    Batch((Claim("A1", facility=NORTH), Claim("A2", facility=SOUTH))).write(folder / "july.837")
    return Mine(run, folder)


@pytest.fixture
def begun(mine: Mine) -> Mine:
    """With a page as ``rules new`` writes it."""
    assert mine.run("rules", "new", "OWN101", TITLE).code == 0
    return mine


@pytest.fixture
def filled(begun: Mine) -> Mine:
    """With a page that is filled in and stable."""
    begun.edit(
        begun.page,
        ("status: preview", "status: stable"),
        ("severity: warning", "severity: error"),
        ("basis: [local]", "basis: [LEASE-7]"),
        ("  - Name the policy, contract or letter this rule rests on", "  - Lease of the old clinic, § 7"),
        ("evidence: [place_of_service_code, service_date, site_name]",
         "evidence: [place_of_service_code, service_date, site_name]\n"
         "fix:\n  safety: review\n  place_of_service_code: outpatient_place_of_service_code"),
        ("Says what a biller does about it.", "Ask the landlord."),
    )  # fmt: skip
    return begun


# --- a page begins ------------------------------------------------------------------------------------


def test_a_page_begun_with_rules_new_holds_as_it_stands(mine: Mine) -> None:
    ran = mine.run("rules", "new", "OWN101", TITLE)
    assert (ran.code, ran.err) == (0, "")
    assert [Path(line).name for line in ran.out.splitlines()[:2]] == [FILE, CASES_FILE]
    assert "then run 'scrubjay rules test'" in ran.out
    tested = mine.run("rules", "test")
    assert (tested.code, tested.err) == (0, "")
    assert tested.out == f"{FILE}: well\n1 page, 0 wrong.\n"


def test_a_page_begun_with_rules_new_has_a_case_for_each_outcome(begun: Mine) -> None:
    assert {line.split("outcome: ")[1].split("}")[0].split(",")[0] for line in begun.cases.read_text().splitlines()
            if "outcome: " in line} == {"violation", "unknown", "clear", "out_of_scope"}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "title", "file"),
    [
        ("own101", "Visits in the old clinic", FILE),
        ("OWN101", "visits in the old clinic", FILE),
        ("OWN101", "  Visits, in the (old) clinic.  ", FILE),
        ("OWN101", "Visits - in the: old/clinic", FILE),
        ("ZZZ999", "X", "ZZZ999-x.md"),
        ("OWN101", "POS 11 at 3 Main St", "OWN101-pos-11-at-3-main-st.md"),
    ],
)
def test_code_and_title_become_the_name_of_the_page(mine: Mine, code: str, title: str, file: str) -> None:
    assert mine.run("rules", "new", code, title).code == 0
    assert [path.name for path in mine.rules.glob("*.md")] == [file]
    assert mine.run("rules", "test").out == f"{file}: well\n1 page, 0 wrong.\n"


def test_a_workspace_may_be_named(mine: Mine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert mine.run("rules", "new", "OWN101", TITLE, "--workspace", "mine").code == 0
    assert mine.page.is_file()
    assert mine.run("rules", "test", "--workspace", "mine").code == 0
    assert "OWN101" in mine.run("rules", "list", "--workspace", "mine").out
    assert "OWN101" not in mine.run("rules", "list").out


def test_a_page_with_status_preview_runs_only_when_selected(begun: Mine) -> None:
    assert "OWN101" not in begun.check().out
    assert "OWN101 warning" in begun.check("--select", "OWN101").out
    assert "Visits in the old clinic (preview: runs only when selected)" in begun.run("rules", "list").out


@pytest.mark.parametrize("family", FAMILIES)
def test_the_letters_of_a_shipped_family_are_refused(mine: Mine, family: str) -> None:
    ran = mine.run("rules", "new", f"{family}999", TITLE)
    assert (ran.code, ran.out) == (3, "")
    assert f"The letters {family} are those of a family that ships with Scrubjay. Choose others: OWN101." in ran.err
    assert not mine.rules.exists()


@pytest.mark.parametrize(
    "code", ["OWN", "OWN1", "OWN1011", "OW1011", "101OWN", "OWN-101", "ÖWN101", "OWN١٠١", "", "../OWN101", "OWN101\n"]
)
def test_a_code_that_is_none_is_refused(mine: Mine, code: str) -> None:
    ran = mine.run("rules", "new", code, TITLE)
    assert (ran.code, ran.out) == (3, "")
    assert "is no rule code. Write three letters and three digits, such as OWN101." in ran.err
    assert not mine.rules.exists()


@pytest.mark.parametrize("title", ["", "   ", "...", "../..", "Visites à l'étage", "Вrong place", "①", "١٢"])
def test_a_title_that_gives_no_file_name_is_refused(mine: Mine, title: str) -> None:
    ran = mine.run("rules", "new", "OWN101", title)
    assert (ran.code, ran.out) == (3, "")
    assert f"The title '{title}' gives no file name. Use plain letters and digits." in ran.err
    assert not mine.rules.exists()


def test_a_title_too_long_for_a_file_name_is_refused(mine: Mine) -> None:
    ran = mine.run("rules", "new", "OWN101", "x" * 100_000)
    assert (ran.code, ran.out) == (3, "")
    assert list(mine.folder.rglob("OWN101*")) == []


def test_files_that_exist_are_never_overwritten(begun: Mine) -> None:
    before = begun.page.read_bytes(), begun.cases.read_bytes()
    for title in (TITLE, "Another title"):
        ran = begun.run("rules", "new", "OWN101", title)
        assert (ran.code, ran.out) == (3, "")
        assert f"{FILE} exists already, and nothing is overwritten." in ran.err
    assert (begun.page.read_bytes(), begun.cases.read_bytes()) == before
    assert len(list(begun.rules.iterdir())) == 2


def test_cases_that_exist_are_never_overwritten(begun: Mine) -> None:
    begun.page.unlink()
    begun.cases.write_text("mine")
    ran = begun.run("rules", "new", "OWN101", TITLE)
    assert (ran.code, ran.out) == (3, "")
    assert f"{CASES_FILE} exists already, and nothing is overwritten." in ran.err
    assert begun.cases.read_text() == "mine"
    assert not begun.page.exists()


def test_a_rules_folder_that_cannot_be_made_is_wrong_use(mine: Mine) -> None:
    mine.rules.write_text("a file")
    ran = mine.run("rules", "new", "OWN101", TITLE)
    assert (ran.code, ran.out) == (3, "")
    assert "the rule cannot be written" in ran.err


@pytest.mark.parametrize("words", [("new", "OWN101", TITLE), ("test",)])
def test_without_a_workspace_there_are_no_rules_of_ones_own(
    mine: Mine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ran = mine.run("rules", *words)
    assert (ran.code, ran.out) == (3, "")
    assert "There is no workspace here or above. 'scrubjay init FOLDER' makes one" in ran.err
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_rules_test_without_a_page_is_wrong_use(mine: Mine) -> None:
    for is_there in (False, True):
        if is_there:
            mine.rules.mkdir()
        ran = mine.run("rules", "test")
        assert (ran.code, ran.out) == (3, "")
        assert "there is no rule in its rules folder. 'scrubjay rules new CODE TITLE' begins one." in ran.err


# --- where a rule of one's own shows ------------------------------------------------------------------

MESSAGE = "POS 11 on 2024-03-05 at North Clinic."


def test_a_filled_page_runs_in_a_check(filled: Mine) -> None:
    ran = filled.check()
    assert (ran.code, ran.err) == (1, "")
    assert "CLM*A1:LX*1:CLM05-1  OWN101 error\n" in ran.out
    assert MESSAGE in ran.out
    assert "CLM*A2" not in filled.check("--select", "OWN").out


def test_a_filled_page_is_selected_and_ignored_like_any_other(filled: Mine) -> None:
    def found(*words: str) -> set[str]:
        rows = map(json.loads, filled.check("--format", "jsonl", *words).out.splitlines())
        return {row["rule"] for row in rows if row["type"] == "finding"}

    assert found("--select", "own") == {"OWN101"}
    assert "OWN101" in found()
    assert found() - found("--ignore", "OWN101") == {"OWN101"}
    ran = filled.check("--select", "OWN102")
    assert (ran.code, ran.out) == (3, "")
    assert "No rule code begins with 'OWN102'. Did you mean 'WIN102'?" in ran.err


def test_a_filled_page_is_shown_by_rule(filled: Mine) -> None:
    ran = filled.run("rule", "own101")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("OWN101  error, stable since 0.1.0; unknown: warning; consequence: audit\n")
    assert "authority: Lease of the old clinic, § 7\n" in ran.out
    assert "violated when: is_provider_based\n" in ran.out
    assert ran.out.endswith(filled.page.read_text(encoding="utf-8").split("\n---\n")[1].strip() + "\n")


@pytest.mark.parametrize("words", [("rules",), ("rules", "list")])
def test_a_filled_page_is_listed(filled: Mine, words: tuple[str, ...]) -> None:
    ran = filled.run(*words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == f"OWN101  error    {TITLE}"
    (one,) = [row for row in json.loads(filled.run(*words, "--format", "json").out) if row["code"] == "OWN101"]
    assert (one["title"], one["status"], one["basis"], one["setting"]) == (TITLE, "stable", ["LEASE-7"], None)


def test_a_filled_page_is_explained(filled: Mine) -> None:
    ran = filled.run("explain", "july.837", "--claim", "A1")
    assert (ran.code, ran.err) == (0, "")
    assert f"OWN101 {TITLE}\nclaim A1, line 1: violated\n" in ran.out
    assert "fix: place_of_service_code = '22'" in ran.out
    why_not = filled.run("explain", "july.837", "--claim", "A2", "--rule", "OWN101").out
    assert "claim A2, line 1: clear" in why_not
    assert "no  is_provider_based" in why_not


def test_a_finding_of_ones_own_keeps_to_the_json_schema(filled: Mine) -> None:
    document = json.loads(filled.check("--format", "json").out)
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []
    (one,) = [finding for finding in document["findings"] if finding["rule"] == "OWN101"]
    assert (one["claim_id"], one["outcome"], one["severity"], one["consequence"]) == (
        "A1",
        "violation",
        "error",
        "audit",
    )
    assert (one["message"], one["fix"], one["fix_safety"]) == (MESSAGE, {"place_of_service_code": "22"}, "review")
    assert (one["authority"], one["basis"]) == (["Lease of the old clinic, § 7"], ["LEASE-7"])
    assert document["summary"]["lines_by_rule"]["OWN101"] == 1


def test_a_sarif_log_holds_the_page_of_a_rule_of_ones_own(filled: Mine) -> None:
    (log,) = json.loads(filled.check("--select", "OWN101", "--format", "sarif").out)["runs"]
    (rule,) = log["tool"]["driver"]["rules"]
    assert (rule["id"], rule["shortDescription"]["text"]) == ("OWN101", TITLE)
    assert "Ask the landlord." in rule["help"]["markdown"]
    (result,) = log["results"]
    assert (result["ruleId"], result["level"]) == ("OWN101", "error")
    assert result["message"]["text"].startswith(MESSAGE)


def test_an_html_report_holds_the_page_of_a_rule_of_ones_own(filled: Mine) -> None:
    assert filled.check("--select", "OWN101", "--format", "html", "-o", "out.html").code == 1
    text = (filled.folder / "out.html").read_text(encoding="utf-8")
    assert "OWN101" in text
    assert TITLE in text
    assert MESSAGE in text
    assert "Ask the landlord." in text


def test_a_workbook_holds_a_finding_of_ones_own(filled: Mine) -> None:
    assert filled.check("--select", "OWN101", "--format", "xlsx", "-o", "out.xlsx").code == 1
    head, *rows = load_workbook(filled.folder / "out.xlsx")["Findings"].iter_rows(values_only=True)
    (row,) = [dict(zip(head, row, strict=True)) for row in rows]
    assert row["Rule"] == "OWN101"
    assert MESSAGE in row.values()


def test_a_csv_holds_a_finding_of_ones_own(filled: Mine) -> None:
    (_, row) = filled.check("--select", "OWN101", "--format", "csv").out.splitlines()
    assert "OWN101" in row
    assert MESSAGE in row


def test_an_unknown_of_ones_own_names_what_is_missing(filled: Mine) -> None:
    (filled.folder / "sites.csv").unlink()
    ran = filled.check("--select", "OWN101")
    assert ran.code == 0  # the page says that an unknown is a warning, which nobody has to act on
    assert "OWN101 warning" in ran.out
    assert "is_provider_based (no sites registry is loaded)" in " ".join(ran.out.split())


def test_no_other_workspace_knows_a_rule_of_ones_own(filled: Mine, tmp_path: Path) -> None:
    write_workspace(tmp_path / "other")
    for words in (("rule", "OWN101"), ("check", "july.837", "--select", "OWN101")):
        ran = filled.run(*words, "--workspace", tmp_path / "other")
        assert (ran.code, ran.out) == (3, "")
    assert "OWN101" not in filled.run("rules", "list", "--workspace", tmp_path / "other").out
    assert "OWN101" not in load_rules()


@pytest.mark.parametrize(
    ("grain", "violates", "evidence", "finding"),
    [
        ("institutional_line", "has_procedure_code", "procedure_code", "CLM*B1:LX*1"),
        ("claim", "TRUE", "claim_id", "CLM*A1"),
        ("site", "site_type = 'provider_based_department'", "site_id", "sites:NORTH"),
        ("run", "days_since_code_set_was_read >= 0", "run_date", "OWN101 warning"),
    ],
)
def test_a_page_of_ones_own_may_be_of_any_grain(
    begun: Mine, grain: str, violates: str, evidence: str, finding: str
) -> None:
    (begun.folder / "hospital.837").write_text(institutional_file(institutional_claim(), institutional_line()))
    begun.edit(
        begun.page,
        ("grain: service_line", f"grain: {grain}"),
        ("payer_program = 'medicare_part_b' AND place_of_service_code = '11'", "TRUE"),
        ("violates: >\n  is_provider_based", f"violates: >\n  {violates}"),
        ("POS {place_of_service_code} on {service_date} at {site_name}.", f"See {{{evidence}}}."),
        ("[place_of_service_code, service_date, site_name]", f"[{evidence}]"),
    )
    ran = begun.check("hospital.837", "--select", "OWN101")
    assert (ran.code, ran.err) == (1, "")
    assert finding in ran.out


def test_our_own_files_are_no_claims(filled: Mine) -> None:
    (filled.folder / "rules" / "claims.csv").write_text("claim_id\nA3\n")
    (filled.folder / "law").mkdir()
    (filled.folder / "law" / "codes.csv").write_text("claim_id\nA4\n")
    document = json.loads(filled.run("check", filled.folder, "--format", "json").out)
    assert [Path(file["name"]).name for file in document["files"]] == ["july.837"]


# --- what the pages together may not do ---------------------------------------------------------------


@pytest.mark.parametrize("words", [("check", "july.837"), ("rules", "list"), ("rule", "DEP101"), ("rules", "test")])
def test_a_page_with_the_letters_of_a_shipped_family_is_refused(mine: Mine, words: tuple[str, ...]) -> None:
    mine.rules.mkdir()
    (mine.rules / "DEP999-a-wrong-place.md").write_text(page(code="DEP999"), encoding="utf-8")
    (mine.rules / "DEP999.yaml").write_text(CASES, encoding="utf-8")
    ran = mine.run(*words)
    assert (ran.code, ran.out) == (3, "")
    assert "DEP999-a-wrong-place.md: the letters DEP are those of a family that ships with Scrubjay." in ran.err
    assert "To fix it: choose other letters, such as OWN101" in ran.err


@pytest.mark.parametrize("words", [("check", "july.837"), ("rules", "list"), ("rules", "test")])
def test_a_code_used_twice_is_refused(begun: Mine, words: tuple[str, ...]) -> None:
    other = begun.page.read_text(encoding="utf-8").replace(f"# {TITLE}", "# A new clinic")
    (begun.rules / "OWN101-a-new-clinic.md").write_text(other, encoding="utf-8")
    ran = begun.run(*words)
    assert (ran.code, ran.out) == (3, "")
    assert f"{FILE}: the code OWN101 is used by another page (OWN101-a-new-clinic.md)" in ran.err


# --- the cases of a page ------------------------------------------------------------------------------

CASES = """\
facts:
  has_place_of_service: true
  is_provider_based: true
cases:
  - name: hospital space
    expect: {outcome: violation}
  - name: an office
    facts: {is_provider_based: false}
    expect: {outcome: clear}
  - name: nobody knows
    facts: {is_provider_based: null}
    expect: {outcome: unknown}
  - name: no code
    facts: {has_place_of_service: false}
    expect: {outcome: out_of_scope}
"""


def test_a_case_that_fails_is_named_with_what_the_rule_said(begun: Mine) -> None:
    begun.edit(begun.cases, ("    facts: {is_provider_based: false}\n    expect: {outcome: clear}",
                             "    facts: {is_provider_based: false}\n    expect: {outcome: violation}"))  # fmt: skip
    ran = begun.run("rules", "test")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith(f"{FILE}: wrong\n  a true office: expected violation, got clear\n")
    assert "    no  is_provider_based\n" in ran.out  # why
    assert "no case expects the outcome clear, which the rule can reach\n" in ran.out
    assert ran.out.endswith("\n1 page, 1 wrong.\n")
    assert "an ordinary violation" not in ran.out


def test_a_case_that_expects_another_missing_fact_fails(begun: Mine) -> None:
    begun.edit(begun.cases, ("missing: [is_provider_based]", "missing: [payer_program]"))
    ran = begun.run("rules", "test")
    assert ran.code == 1
    assert (
        "nothing is known of the site: expected ['payer_program'] to be missing, got ['is_provider_based']" in ran.out
    )


def test_a_case_that_expects_another_fix_fails(filled: Mine) -> None:
    filled.edit(
        filled.cases,
        ("expect: {outcome: violation}", "expect: {outcome: violation, fix: {place_of_service_code: '19'}}"),
    )
    ran = filled.run("rules", "test")
    assert ran.code == 1
    assert "an ordinary violation: expected the fix {'place_of_service_code': '19'}, got" in ran.out
    filled.edit(filled.cases, ("fix: {place_of_service_code: '19'}", "fix: {place_of_service_code: null}"))
    assert filled.run("rules", "test").code == 0


def test_an_outcome_without_a_case_is_told(begun: Mine) -> None:
    text = begun.cases.read_text()
    begun.cases.write_text(text[: text.index("  - name: a payer this rule is not about")])
    ran = begun.run("rules", "test")
    assert ran.code == 1
    assert ran.out == (
        f"{FILE}: wrong\n  no case expects the outcome out_of_scope, which the rule can reach\n1 page, 1 wrong.\n"
    )


def test_every_page_is_tested_also_behind_a_wrong_one(begun: Mine) -> None:
    (begun.rules / "AAA101-a-wrong-place.md").write_text(page(code="AAA101", violates="nothing"), encoding="utf-8")
    ran = begun.run("rules", "test")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith(
        "AAA101-a-wrong-place.md: wrong\n  AAA101-a-wrong-place.md:12: there is no column 'nothing'"
    )
    assert ran.out.endswith(f"\n{FILE}: well\n2 pages, 1 wrong.\n")


CASE_FILES = {
    "none at all": None,
    "an empty file": "",
    "no cases in the list": "facts: {}\ncases: []\n",
    "no list": "facts: {}\ncases: none\n",
    "facts that are a list": "facts: [a]\ncases:\n  - {name: a, expect: {outcome: clear}}\n",
    "facts that are a word": "facts: a\ncases:\n  - {name: a, expect: {outcome: clear}}\n",
    "a case that is a word": "facts: {}\ncases:\n  - a\n",
    "a case without a name": "facts: {}\ncases:\n  - {expect: {outcome: clear}}\n",
    "facts of a case that are a list": "facts: {}\ncases:\n  - {name: a, facts: [a], expect: {outcome: clear}}\n",
    "an expectation that is a word": "facts: {}\ncases:\n  - {name: a, expect: clear}\n",
    "an unknown outcome": "facts: {}\ncases:\n  - {name: a, expect: {outcome: wrong}}\n",
    "a fix that is a word": "facts: {}\ncases:\n  - {name: a, expect: {outcome: clear, fix: a}}\n",
    "missing facts that are a word": "facts: {}\ncases:\n  - {name: a, expect: {outcome: unknown, missing: is_provider_based}}\n",
    "an unknown key": "facts: {}\ncases:\n  - {name: a, fact: {}, expect: {outcome: clear}}\n",
    "an unknown column": "facts: {sit_name: a}\ncases:\n  - {name: a, expect: {outcome: clear}}\n",
    "a Boolean that is none": "facts: {is_provider_based: perhaps}\ncases:\n  - {name: a, expect: {outcome: clear}}\n",
    "a day that is none": "facts: {service_date: 2026-02-30}\ncases:\n  - {name: a, expect: {outcome: clear}}\n",
    "a number that is none": "facts: {line_number: one}\ncases:\n  - {name: a, expect: {outcome: clear}}\n",
    "a number too large": f"facts: {{line_number: {10**30}}}\ncases:\n  - {{name: a, expect: {{outcome: clear}}}}\n",
    "an amount without an end": "facts: {distance_yards: NaN}\ncases:\n  - {name: a, expect: {outcome: clear}}\n",
    "a distance beyond the stars": "facts: {distance_yards: 1e400}\ncases:\n  - {name: a, expect: {outcome: clear}}\n",
    "a row that is no row": "facts: {row_id: x}\ncases:\n  - {name: a, expect: {outcome: clear}}\n",
    "anchors": "facts: &a {}\ncases:\n  - {name: a, facts: *a, expect: {outcome: clear}}\n",
}


@pytest.mark.parametrize("name", CASE_FILES)
def test_a_case_file_that_is_wrong_is_told_and_never_a_traceback(mine: Mine, name: str) -> None:
    mine.rules.mkdir()
    (mine.rules / PAGE_FILE).write_text(page(), encoding="utf-8")
    if (text := CASE_FILES[name]) is not None:
        (mine.rules / "TST101.yaml").write_text(text, encoding="utf-8")
    ran = mine.run("rules", "test")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith(f"{PAGE_FILE}: wrong\n  ")
    assert ran.out.endswith("1 page, 1 wrong.\n")


def test_a_case_holds_words_and_no_sql(mine: Mine) -> None:
    mine.rules.mkdir()
    (mine.rules / PAGE_FILE).write_text(page(), encoding="utf-8")
    text = CASES.replace("  has_place", '  site_name: "\'; DROP TABLE service_line_facts; --"\n  has_place')
    (mine.rules / "TST101.yaml").write_text(text, encoding="utf-8")
    assert mine.run("rules", "test").out == f"{PAGE_FILE}: well\n1 page, 0 wrong.\n"


# --- law of one's own ---------------------------------------------------------------------------------

LAW = """\
title: Places of the old clinic's lease
kind: code_set
keyed_on: service_date
versions:
  - effective: 2024-01-01
    values: ["11"]
    reference: {cite: "Lease of the old clinic, § 7"}
    checked: 2026-11-22
"""


def write_law(mine: Mine, path: str, text: str = LAW) -> None:
    file = mine.folder / "law" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    forget()


@pytest.fixture
def ruled(filled: Mine) -> Mine:
    """With a page that asks a law file of its own."""
    write_law(filled, "own/lease.yaml")
    filled.edit(filled.page, ("AND place_of_service_code = '11'", "AND place_of_service_code IN LAW('own.lease')"))
    filled.edit(
        filled.cases,
        ("  payer_program: medicare_part_b", "  service_date: 2024-03-05\n  payer_program: medicare_part_b"),
    )
    return filled


def test_a_page_of_ones_own_asks_a_law_of_ones_own(ruled: Mine) -> None:
    assert ruled.run("rules", "test").code == 0
    document = json.loads(ruled.check("--select", "OWN101", "--format", "json").out)
    (one,) = document["findings"]
    assert (one["outcome"], one["law_versions"]) == ("violation", {"own.lease": "2024-01-01"})


def test_a_law_of_ones_own_is_asked_by_its_days(ruled: Mine) -> None:
    ruled.edit(ruled.folder / "law" / "own" / "lease.yaml", ("2024-01-01", "2024-03-06"))
    ran = ruled.check("--select", "OWN101")
    assert ran.code == 0  # before the first version the law is silent
    assert "LAW('own.lease') (the law is silent for this date or payer)" in " ".join(ran.out.split())


def test_a_law_of_ones_own_is_shown(ruled: Mine) -> None:
    ran = ruled.run("law", "own.lease", "--on", "2024-03-05")
    assert (ran.code, ran.err) == (0, "")
    assert "Places of the old clinic's lease\n" in ran.out
    assert "source: Lease of the old clinic, § 7\n" in ran.out
    listed = [line for line in ruled.run("law").out.splitlines() if not line.startswith(" ")]
    assert listed == [*load_laws(), "own.lease"]


def test_a_law_of_ones_own_replaces_the_shipped_one_of_its_path(mine: Mine) -> None:
    Batch((Claim("A1", facility=SOUTH, lines=(Line(procedure="99283"),)),)).write(mine.folder / "july.837")
    assert "PRO103 error" in mine.check("--select", "PRO103").out
    write_law(mine, "us/cpt/emergency_visit_pos.yaml")
    ran = mine.check("--select", "PRO103")
    assert (ran.code, "PRO103" in ran.out) == (0, False)
    shown = mine.run("law", "us.cpt.emergency_visit_pos", "--on", "2024-03-05").out
    assert "on 2024-03-05: 11\n" in shown
    assert "PRO103 error" in mine.check("--select", "PRO103", "--workspace", write_workspace(mine.folder / "other")).out


def test_a_law_of_ones_own_never_changes_what_ships(ruled: Mine) -> None:
    shipped = load_laws()
    assert "own.lease" not in shipped
    assert load_laws(ruled.folder / "law")["own.lease"].versions[0].values == ("11",)
    assert load_laws() == shipped


def test_a_law_of_another_kind_than_a_shipped_page_asks_is_refused(mine: Mine) -> None:
    value = LAW.replace("code_set", "value").replace('values: ["11"]', "value: 11")
    write_law(mine, "us/cpt/emergency_visit_pos.yaml", value)
    ran = mine.check()
    assert (ran.code, ran.out) == (3, "")
    assert "the law 'us.cpt.emergency_visit_pos' is a value" in ran.err


def test_a_law_with_quotes_in_its_codes_is_no_sql(ruled: Mine) -> None:
    ruled.edit(ruled.folder / "law" / "own" / "lease.yaml", ('["11"]', '["11", "\'); DROP TABLE claims; --"]'))
    assert "OWN101 error" in ruled.check("--select", "OWN101").out


def _directory(path: Path) -> None:
    path.mkdir()


def _link_to_nowhere(path: Path) -> None:
    path.symlink_to("nowhere")


def _latin_1(path: Path) -> None:
    path.write_bytes(LAW.encode("latin-1"))


@pytest.mark.parametrize("make", [_directory, _link_to_nowhere, _latin_1], ids=lambda make: make.__name__.strip("_"))
@pytest.mark.parametrize("words", [("check", "july.837"), ("law",), ("rules", "test")], ids=" ".join)
def test_a_law_of_ones_own_that_cannot_be_read_is_refused(
    ruled: Mine, make: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    make(ruled.folder / "law" / "other.yaml")
    forget()
    ran = ruled.run(*words)
    assert ran.code in (1, 3)
    assert "other.yaml" in ran.out + ran.err


@pytest.mark.parametrize("name", ['o"wn', 'x" , (SELECT 42) AS "y'])
def test_the_name_of_a_law_file_is_no_sql(ruled: Mine, name: str) -> None:
    """Either it is refused, or the page asks it like any other law."""
    write_law(ruled, f"{name}.yaml", LAW.replace("2024-01-01", "2030-01-01"))
    ruled.edit(ruled.page, ("own.lease", name))
    ran = ruled.check("--select", "OWN101")
    assert ran.code == 3 or f"LAW('{name}')" in " ".join(ran.out.split())


# --- hostile pages ------------------------------------------------------------------------------------


def violating(condition: str) -> str:
    """A page that is in order but for what it is violated by."""
    return page(violates=f">\n  {condition}")


HOSTILE = {
    # what is no condition
    "a function": violating("upper(modifiers) = 'PO'"),
    "a function that reads the environment": violating("getenv('HOME') = '/root'"),
    "a sub-select": violating("(SELECT count(*) FROM claims) > 0"),
    "a sub-select in a list": violating("place_of_service_code IN (SELECT code FROM law_code_sets)"),
    "a sub-select that exists": violating("EXISTS (SELECT 1 FROM claims)"),
    "read_csv": violating("read_csv('/etc/passwd')"),
    "read_csv in a sub-select": violating("EXISTS (SELECT * FROM read_csv('/etc/passwd'))"),
    "read_text": violating("read_text('/etc/passwd') = 'x'"),
    "a file as a table": violating("place_of_service_code IN (FROM '/etc/passwd')"),
    "a copy to a file": violating("COPY claims TO '/tmp/claims.csv'"),
    "an attached file": violating("ATTACH '/tmp/x.db'"),
    "an extension": violating("LOAD httpfs"),
    "a setting": violating("SET enable_external_access = true"),
    "a pragma": violating("PRAGMA database_list"),
    "a pragma that is called": violating("pragma_version() = 'x'"),
    "two statements": violating("is_provider_based; DROP TABLE claims"),
    "a semicolon at the end": violating("is_provider_based;"),
    "a comment": violating("is_provider_based -- all of them"),
    "a comment in the middle": violating("is_provider_based /* all */ AND TRUE"),
    "a hash": violating("is_provider_based # all of them"),
    "a quote in a literal": violating("place_of_service_code = ''; DROP TABLE claims; --'"),
    "a quote behind a backslash": violating(r"place_of_service_code = '\'; DROP TABLE claims; --'"),
    "a text with a prefix": violating(r"place_of_service_code = E'\x31'"),
    "a text in dollars": violating("place_of_service_code = $$11$$"),
    "a column in double quotes": violating('"is_provider_based"'),
    "a parameter": violating("line_number = ?"),
    "a variable": violating("@@version = 'x'"),
    "a lambda": violating("x -> x"),
    "a struct": violating("{'a': 1}"),
    "a cast": violating("is_provider_based::INTEGER = 1"),
    "a column of the database": violating("rowid = 1"),
    "a column with its table": violating("service_line_facts.is_provider_based"),
    "IS NULL": violating("site_id IS NULL"),
    "IS NOT NULL": violating("site_id IS NOT NULL"),
    "IS DISTINCT FROM": violating("site_id IS DISTINCT FROM 'x'"),
    "IS UNKNOWN": violating("is_provider_based IS UNKNOWN"),
    "NULL": violating("site_id = NULL"),
    "COALESCE": violating("COALESCE(is_provider_based, FALSE)"),
    "ifnull": violating("ifnull(is_provider_based, FALSE)"),
    "CASE without ELSE": violating("CASE WHEN is_provider_based THEN TRUE END"),
    "a CASE in a CASE": violating("CASE WHEN TRUE THEN CASE WHEN TRUE THEN TRUE ELSE TRUE END ELSE TRUE END"),
    "a law that is not there": violating("place_of_service_code IN LAW('us.cms.nothing')"),
    "a law that is a file": violating("place_of_service_code IN LAW('../../../etc/passwd')"),
    "a law with a quote": violating("place_of_service_code IN LAW('us.cms.mpfs.facility_rate_pos'') OR TRUE --')"),
    "a law without a path": violating("place_of_service_code IN LAW(site_name)"),
    "a number beyond all numbers": violating("line_number = 1e999"),
    "a number of 300 digits": violating(f"line_number = {'9' * 300}"),
    # too much
    "5,000 parentheses": violating("(" * 5_000 + "is_provider_based" + ")" * 5_000),
    "1,900 parentheses": violating("(" * 1_900 + "is_provider_based" + ")" * 1_900),
    "31 parentheses": violating("(" * 31 + "is_provider_based" + ")" * 31),
    "3,900 open parentheses": violating("(" * 3_900),
    "900 times NOT": violating("NOT " * 900 + "is_provider_based"),
    "100,000 characters": violating("is_provider_based OR " * 5_000 + "TRUE"),
    "a text of 100,000 characters": violating(f"site_name = '{'x' * 100_000}'"),
    "a key of 100,000 characters": page(**{"x" * 100_000: "y"}),
    "a severity of 100,000 characters": page(severity="x" * 100_000),
    "a title of 100,000 characters": page(body=BODY.replace("A wrong place", "x" * 100_000)),
    "30,000 headings": page(body="# A wrong place\n\n" + "## More\n\nSome words.\n" * 30_000),
    # look-alikes
    "a Cyrillic а": violating("is_provider_b\u0430sed"),
    "a Cyrillic А in AND": violating("is_provider_based \u0410ND TRUE"),
    "full-width digits": violating("place_of_service_code = '\uff11\uff11'"),
    "a full-width number": violating("line_number = \uff11"),
    "a non-breaking space": violating("is_provider_based\u00a0AND TRUE"),
    "a zero-width space": violating("is_provider\u200b_based"),
    "a byte order mark": violating("\ufeffis_provider_based"),
    "right to left": violating("is_provider_based \u202e AND TRUE"),
    "a typographic quote": violating("place_of_service_code = \u201911\u2019"),
    "a Cyrillic а in the evidence": page(evidence="[pl\u0430ce_of_service_code]"),
    "a Cyrillic а in the message": page(message='"{site_n\u0430me}"'),
    "a Cyrillic Ѕ in the code": page(code="T\u0405T101"),
    "a Cyrillic е in the grain": page(grain="s\u0435rvice_line"),
    # YAML
    "an anchor": page(applies="&a TRUE"),
    "an alias": page(applies="&a TRUE", violates="*a"),
    "an alias of nothing": page(violates="*nothing"),
    "a merge key": page(basis="{<<: *a}"),
    "billion laughs": page(without=["code"]).replace(
        "---\n",
        "---\na: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n"
        + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        1,
    ),
    "a repeated key": page().replace("status: stable\n", "status: stable\nstatus: preview\n"),
    "a repeated key of the fix": page(fix="{safety: review, safety: safe, place_of_service_code: \"'22'\"}"),
    "5,000 lists in each other": page(basis="[" * 5_000 + "]" * 5_000),
    "50,000 open lists": page(basis="[" * 50_000),
    "3,000 mappings in each other": page(expected_response="{a: " * 3_000 + "}" * 3_000),
    "lists in each other by blanks": page(basis="\n" + "".join(" " * n + "-\n" for n in range(1, 300))),
    "a list as a key": page(expected_response="{[a, b]: c}"),
    "two documents": page().replace("status: stable\n", "status: stable\n...\n--- {}\n"),
    "an open quote": page(message='"POS {place_of_service_code}'),
    # NUL
    "a NUL in a condition": violating("is_provider_based \x00 AND TRUE"),
    "a NUL in the message": page(message="POS \x00."),
    "a NUL written as an escape": page(message='"POS \\0."'),
    "a NUL in the text": page(body=BODY.replace("Some words.", "Some \x00 words.", 1)),
    # the message
    "the class of an argument": page(message='"{0.__class__}"'),
    "the class of a column": page(message='"{place_of_service_code.__class__.__mro__}"'),
    "the repr of a column": page(message='"{site_name!r}"'),
    "a part of a column": page(message='"{site_name[0]}"'),
    "a column of a thousand million blanks": page(message='"{site_name:>1000000000}"'),
    "a width that is a column": page(message='"{site_name:{site_name}}"'),
    "an argument by number": page(message='"{0}"'),
    "an argument without a name": page(message='"{}"'),
    "braces twice": page(message='"{{site_name}}"'),
    "an open brace": page(message='"{site_name"'),
    "a column that is no evidence": page(message='"{service_date}"'),
    # columns that are not there
    "evidence of an unknown column": page(evidence="[place_of_service_cod]"),
    "evidence of everything": page(evidence='["*"]'),
    "evidence with SQL in it": page(evidence='["site_name\\", (SELECT 1) AS \\"x"]'),
    "a fix of an unknown column": page(fix="{safety: review, no_such_column: \"'22'\"}"),
    "a fix with SQL in it": page(fix="{safety: review, 'x\" FROM claims --': \"'22'\"}"),
    "a fix to an unknown column": page(fix="{safety: review, place_of_service_code: no_such_column}"),
    "a fix by a function": page(fix='{safety: review, place_of_service_code: "upper(modifiers)"}'),
    "a fix by a sub-select": page(fix='{safety: review, place_of_service_code: "(SELECT 1)"}'),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_refused_with_file_line_and_advice(mine: Mine, name: str) -> None:
    mine.rules.mkdir()
    (mine.rules / PAGE_FILE).write_text(HOSTILE[name], encoding="utf-8", newline="")
    (mine.rules / "TST101.yaml").write_text(CASES, encoding="utf-8")
    load_rules()  # reading the shipped pages is not the page's fault
    started = time.process_time()  # of this process: others work on the same machine
    checked, listed = mine.check(), mine.run("rules", "list")
    tested = mine.run("rules", "test")
    seconds = time.process_time() - started
    for ran in (checked, listed):
        assert (ran.code, ran.out) == (3, "")
    assert tested.code == 1
    assert tested.out.startswith(f"{PAGE_FILE}: wrong\n")
    assert seconds < 1
    with pytest.raises(DefinitionError) as caught:
        load_rules(mine.rules)
    assert str(caught.value) in checked.err
    assert str(caught.value) in listed.err
    assert caught.value.file == PAGE_FILE
    assert caught.value.line is not None, "no line"
    assert caught.value.advice, "no word of what to write instead"
    assert len(str(caught.value)) < 2_000, "a message is concise"


def _nothing_there(path: Path) -> None:
    path.symlink_to("nowhere.md")


def _round_and_round(path: Path) -> None:
    path.symlink_to(path.name)


def _latin(path: Path) -> None:
    path.write_bytes(page(message="§ {place_of_service_code}").encode("latin-1"))


def _two_bytes_a_character(path: Path) -> None:
    path.write_bytes(page().encode("utf-16"))


def _half_a_character(path: Path) -> None:
    path.write_bytes(page(message="§ {place_of_service_code}").encode().replace("§".encode(), b"\xed\xa0\x80"))


def _zeros(path: Path) -> None:
    path.write_bytes(b"\x00" * 100_000)


def _nothing_in_it(path: Path) -> None:
    path.touch()


def _a_device(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.parametrize(
    "make",
    [_directory, _nothing_there, _round_and_round, _latin, _two_bytes_a_character, _half_a_character, _zeros,
     _nothing_in_it, _a_device],
    ids=lambda make: make.__name__.strip("_"),
)  # fmt: skip
def test_a_page_that_cannot_be_read_is_refused_with_file_and_advice(mine: Mine, make: Callable[[Path], None]) -> None:
    mine.rules.mkdir()
    make(mine.rules / PAGE_FILE)
    (mine.rules / "TST101.yaml").write_text(CASES, encoding="utf-8")
    load_rules()
    started = time.process_time()
    for words in (("check", "july.837"), ("rules", "list"), ("rule", "DEP101")):
        ran = mine.run(*words)
        assert (ran.code, ran.out) == (3, "")
        assert PAGE_FILE in ran.err
    tested = mine.run("rules", "test")
    assert time.process_time() - started < 1
    assert (tested.code, tested.err) == (1, "")
    assert tested.out.startswith(f"{PAGE_FILE}: wrong\n")
    with pytest.raises(DefinitionError) as caught:
        load_rules(mine.rules)
    assert caught.value.file == PAGE_FILE
    assert caught.value.advice, "no word of what to do instead"


@pytest.mark.parametrize("code", ["TST１０１", "TST١٠١", "TSТ101"])
def test_a_page_whose_code_is_written_in_look_alikes_is_refused(mine: Mine, code: str) -> None:
    mine.rules.mkdir()
    (mine.rules / PAGE_FILE.replace("TST101", code)).write_text(page(code=code), encoding="utf-8")
    ran = mine.check()
    assert (ran.code, ran.out) == (3, "")
    assert f"{PAGE_FILE.replace('TST101', code)}: the file is not named like a rule page" in ran.err


def test_a_file_that_is_no_page_is_told(mine: Mine) -> None:
    mine.rules.mkdir()
    (mine.rules / "README.md").write_text("Our rules.")
    ran = mine.check()
    assert (ran.code, ran.out) == (3, "")
    assert "README.md: the file is not named like a rule page. To fix it: name it SET101-what-is-wrong.md" in ran.err


# --- what is taken, and harmless ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "violates",
    [
        "site_name <> '''; DROP TABLE service_line_facts; --'",
        "site_name <> '{0.__class__}'",
        "site_name <> 'a\\b%s{}\"'",
        "site_name <> 'SELECT * FROM read_csv(''/etc/passwd'')'",
        "NOT site_name = ''''",
    ],
)
def test_a_literal_is_a_text_whatever_stands_in_it(mine: Mine, violates: str) -> None:
    mine.rules.mkdir()
    (mine.rules / PAGE_FILE).write_text(violating(violates), encoding="utf-8")
    ran = mine.check("--select", "TST101")
    assert (ran.code, ran.err) == (1, "")
    assert "POS 11 is wrong." in ran.out


@pytest.mark.parametrize(
    "condition",
    [
        "line_number * 999999999999999 * 999999999999999 * 999999999999999 > 1",
        "999999999999999 * 999999999999999 > line_number",
        "distance_yards * 0.0001 * 0.0001 * 0.0001 * 0.0001 * 0.0001 * 0.0001 * 0.0001 * 0.0001 * 0.0001 < 1",
    ],
)
def test_numbers_that_overflow_are_refused_or_reckoned(mine: Mine, condition: str) -> None:
    """A page of one's own never ends a check with an error of the database."""
    mine.rules.mkdir()
    (mine.rules / PAGE_FILE).write_text(violating(condition), encoding="utf-8")
    ran = mine.check("--select", "TST101")
    assert ran.code in (0, 1, 3)
    assert PAGE_FILE in ran.err or ran.err == ""


def test_control_characters_of_a_page_never_reach_a_terminal(mine: Mine) -> None:
    """A page that holds them is refused, or they are taken out wherever it is shown."""
    mine.rules.mkdir()
    colored = page(body=BODY.replace("Some words.", "Some \x1b]0;words\x07.", 1), authority='["a \\x1b[31m letter"]')
    (mine.rules / PAGE_FILE).write_text(colored, encoding="utf-8")
    for words in (
        ("rule", "TST101"),
        ("check", "july.837"),
        ("explain", "july.837", "--claim", "A1", "--rule", "TST101"),
    ):
        ran = mine.run(*words)
        assert [char for char in ran.out + ran.err if not char.isprintable() and char != "\n"] == [], words


def test_a_page_of_ones_own_is_no_script_in_an_html_report(mine: Mine) -> None:
    mine.rules.mkdir()
    script = "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1))"
    hostile = page(body=BODY.replace("Some words.", script), message=f"'{script} {{place_of_service_code}}'")
    (mine.rules / PAGE_FILE).write_text(hostile, encoding="utf-8")
    assert mine.check("--select", "TST101", "--format", "html", "-o", "out.html").code == 1
    text = (mine.folder / "out.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert 'href="javascript:' not in text


# --- as a library -------------------------------------------------------------------------------------


def test_a_workspace_brings_its_rules_into_a_check(filled: Mine) -> None:
    report = scrubjay.check(["july.837"], workspace=Workspace.open(filled.folder))
    assert [finding["claim_id"] for finding in report.findings if finding["rule"] == "OWN101"] == ["A1"]
    assert "OWN101" not in {finding["rule"] for finding in scrubjay.check(["july.837"]).findings}
    found = scrubjay.explain(["july.837"], claim="A1", rule="OWN101", workspace=Workspace.open(filled.folder))
    assert [one.outcome for one in found] == ["violation"]


def test_what_rules_new_and_test_do_is_a_function_too(tmp_path: Path) -> None:
    write_workspace(tmp_path)
    paths = write_new_rule("own101", TITLE, tmp_path)
    assert [path.name for path in paths] == [FILE, CASES_FILE]
    assert [(one.page, one.wrong) for one in check_own_rules(tmp_path)] == [(FILE, [])]
    assert read_rule(paths[0].read_text(encoding="utf-8"), FILE, load_laws()).status == "preview"
    with pytest.raises(UsageError, match="exists already"):
        write_new_rule("OWN101", TITLE, tmp_path)
