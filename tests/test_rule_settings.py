"""The sections [rules.CODE] of scrubjay.toml: rules switched off or softened, for a reason and for a time."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import scrubjay
from scrubjay.errors import DefinitionError
from scrubjay.rule import Rule, apply_settings, load_rules
from scrubjay.workspace import RuleSetting, Workspace, rule_settings
from tests.command_line import Ran, Run, runner
from tests.conftest import RUN_DATE
from tests.samples import BODY, NORTH, NOWHERE, SITES, Batch, Claim, Line, page, write_workspace

D = dt.date
RULES = load_rules()
LAST_DAY = "2027-01-31"
SOFTER = ("info", "warning", "hold", "error")


def section(code: str = "PRO116", **keys: str | None) -> str:
    """A section that is in order, but for the keys given; None leaves a key out."""
    said = {
        "severity": '"off"',
        "reason": '"building works"',
        "owner": '"J. Doe, compliance"',
        "until": LAST_DAY,
        **keys,
    }
    return f"[rules.{code}]\n" + "".join(f"{key} = {value}\n" for key, value in said.items() if value is not None)


def setting(code: str = "PRO116", severity: str = "off", until: dt.date = dt.date.max) -> RuleSetting:
    return RuleSetting(code, severity, "building works", "J. Doe, compliance", until)


@dataclass(frozen=True)
class Here:
    """A workspace at hand, and the command line in its folder."""

    run: Run
    folder: Path

    def set(self, *sections: str) -> None:
        (self.folder / "scrubjay.toml").write_text("\n".join(sections), encoding="utf-8")

    def check(self, *words: str | Path) -> Ran:
        return self.run("check", "july.837", *words)

    def severities(self, *words: str | Path) -> dict[tuple[str, str], str]:
        """The severity of each finding by rule and outcome."""
        rows = map(json.loads, self.check("--format", "jsonl", *words).out.splitlines())
        return {(row["rule"], row["outcome"]): row["severity"] for row in rows if row["type"] == "finding"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Critical care in an office (PRO116), an office code in hospital space and one nobody knows where (DEP101)."""
    write_workspace(tmp_path, sites=SITES)
    claims = (
        Claim("A1", facility=NORTH),
        Claim("A2", facility=NOWHERE),
        Claim("A3", facility=NOWHERE, lines=(Line(procedure="99291"),)),
    )
    Batch(claims).write(tmp_path / "july.837")
    monkeypatch.chdir(tmp_path)
    return Here(runner(monkeypatch, capsys), tmp_path)


# --- off, info, warning -------------------------------------------------------------------------------


def test_without_a_setting_every_rule_speaks_as_its_page_says(here: Here) -> None:
    found = here.severities()
    assert found["PRO116", "violation"] == RULES["PRO116"].severity == "warning"
    assert found["DEP101", "violation"] == RULES["DEP101"].severity == "error"
    assert found["DEP101", "unknown"] == RULES["DEP101"].unknown == "hold"


def test_a_rule_that_is_off_says_nothing_and_the_others_do(here: Here) -> None:
    before = here.severities()
    here.set(section("DEP101"))
    assert here.severities() == {key: said for key, said in before.items() if key[0] != "DEP101"}


@pytest.mark.parametrize("severity", ["info", "warning"])
def test_violations_and_unknowns_are_softened_alike(here: Here, severity: str) -> None:
    here.set(section("DEP101", severity=f'"{severity}"'))
    assert here.severities("--select", "DEP101") == {
        ("DEP101", "violation"): severity,
        ("DEP101", "unknown"): severity,
    }
    assert f"DEP101 {severity}\n" in here.check("--select", "DEP101").out


def test_a_softened_rule_no_longer_asks_to_act(here: Here) -> None:
    assert here.check("--select", "DEP101").code == 1
    here.set(section("DEP101", severity='"info"'))
    ran = here.check("--select", "DEP101", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["summary"]["lines_by_severity"] == {"error": 0, "hold": 0, "warning": 0, "info": 3}
    here.set(section("DEP101", severity='"warning"'))
    assert here.check("--select", "DEP101").code == 1  # a violation that is a warning still does


def test_a_softened_unknown_on_hold_no_longer_asks_to_act(here: Here) -> None:
    Batch((Claim("A2", facility=NOWHERE),)).write(here.folder / "july.837")
    assert here.check("--select", "DEP101").code == 1
    here.set(section("DEP101", severity='"warning"'))
    assert here.check("--select", "DEP101").code == 0


def test_a_rule_is_never_made_harder_than_its_page(here: Here) -> None:
    here.set(section("FMT106", severity='"warning"'), section("PRO116", severity='"warning"'))
    Batch((Claim("A1", pos="11", lines=(Line(pos="11"),)),)).write(here.folder / "july.837")
    assert RULES["FMT106"].severity == "info"
    assert here.severities("--select", "FMT106") == {("FMT106", "violation"): "info"}


@pytest.mark.parametrize("severity", ["info", "warning"])
def test_no_rule_is_made_harder_and_none_left_harder_than_set(severity: str) -> None:
    found = apply_settings(RULES, [setting(code, severity) for code in RULES], RUN_DATE)
    assert list(found) == list(RULES)
    for code, page_ in RULES.items():
        for key in ("severity", "unknown"):
            before, after = (SOFTER.index(getattr(one, key)) for one in (page_, found[code]))
            assert after <= before
            assert after <= SOFTER.index(severity)
            assert after == min(before, SOFTER.index(severity))


def test_a_setting_changes_nothing_else_of_a_rule() -> None:
    def rest(rule: Rule) -> dict[str, Any]:
        return {key: getattr(rule, key) for key in Rule.__slots__ if key not in ("severity", "unknown")}

    softened = apply_settings(RULES, [setting("DEP101", "info")], RUN_DATE)["DEP101"]
    assert rest(softened) == rest(RULES["DEP101"])
    assert (RULES["DEP101"].severity, RULES["DEP101"].unknown) == ("error", "hold"), "the page itself stays"


def test_the_code_may_be_written_in_small_letters(here: Here) -> None:
    here.set(section("dep101"))
    assert rule_settings(here.folder)[0].code == "DEP101"
    assert not [key for key in here.severities() if key[0] == "DEP101"]


def test_several_rules_are_set_apart(here: Here) -> None:
    here.set(section("DEP101", severity='"info"'), section("PRO116"))
    found = here.severities("--select", "DEP101,PRO116")
    assert found == {("DEP101", "violation"): "info", ("DEP101", "unknown"): "info"}


def test_a_rule_of_ones_own_is_set_like_any_other(here: Here) -> None:
    (here.folder / "rules").mkdir()
    text = page(code="OWN101", body=BODY)
    (here.folder / "rules" / "OWN101-a-wrong-place.md").write_text(text, encoding="utf-8")
    assert here.severities("--select", "OWN101")["OWN101", "violation"] == "error"
    here.set(section("OWN101", severity='"info"'))
    assert here.severities("--select", "OWN101")["OWN101", "violation"] == "info"
    here.set(section("OWN101"))
    assert "OWN101" not in here.check().out


def test_a_preview_that_is_softened_still_runs_only_when_selected(here: Here) -> None:
    Batch((Claim("A1", pos="11", lines=(Line(pos="11"),)),)).write(here.folder / "july.837")
    here.set(section("FMT106", severity='"info"'))
    assert "FMT106" not in here.check().out
    assert "FMT106 info" in here.check("--select", "FMT106").out


def test_a_setting_holds_for_a_library_call_too(here: Here) -> None:
    here.set(section("DEP101"))
    report = scrubjay.check(["july.837"], workspace=Workspace.open(here.folder))
    assert "DEP101" not in {finding["rule"] for finding in report.findings}
    assert "DEP101" in {finding["rule"] for finding in scrubjay.check(["july.837"]).findings}


def test_explain_still_says_what_a_rule_that_is_off_would_find(here: Here) -> None:
    here.set(section("DEP101"))
    ran = here.run("explain", "july.837", "--claim", "A1", "--rule", "DEP101")
    assert "claim A1, line 1: violated" in ran.out


# --- the last day -------------------------------------------------------------------------------------


def test_the_last_day_itself_still_counts(here: Here) -> None:
    here.set(section("DEP101"))
    found = here.severities("--as-of", LAST_DAY)
    assert "DEP101" not in {rule for rule, _ in found}
    assert "FMT118" not in {rule for rule, _ in found}


def test_the_day_after_the_last_the_rule_speaks_again_and_the_setting_is_reported(here: Here) -> None:
    here.set(section("DEP101"))
    found = here.severities("--as-of", "2027-02-01")
    assert found["DEP101", "violation"] == "error"
    assert found["DEP101", "unknown"] == "hold"
    assert found["FMT118", "violation"] == "warning"
    out = " ".join(here.check("--as-of", "2027-02-01", "--select", "FMT118").out.split())
    assert "On 2027-02-01 the workspace still switches off or softens rules whose last day" in out
    assert "DEP101 (J. Doe, compliance, until 2027-01-31)" in out


def test_a_softened_rule_is_as_hard_as_its_page_the_day_after(here: Here) -> None:
    here.set(section("DEP101", severity='"info"'))
    assert here.severities("--as-of", LAST_DAY)["DEP101", "violation"] == "info"
    assert here.severities("--as-of", "2027-02-01")["DEP101", "violation"] == "error"


def test_the_run_date_counts_and_not_the_day_of_the_service(here: Here) -> None:
    here.set(section("DEP101", until="2024-12-31"))  # the visits are of 2024-03-05
    assert here.severities()["DEP101", "violation"] == "error"
    assert "DEP101" not in {rule for rule, _ in here.severities("--as-of", "2024-12-31")}


def test_only_the_settings_whose_day_has_passed_are_reported(here: Here) -> None:
    here.set(section("DEP101", until="2026-11-21"), section("PRO116"), section("DEP102", until="2026-01-31"))
    (one,) = json.loads(here.check("--select", "FMT118", "--format", "json").out)["findings"]
    assert one["evidence"]["expired_setting_count"] == 2
    assert one["evidence"]["expired_settings"] == (
        "DEP101 (J. Doe, compliance, until 2026-11-21); DEP102 (J. Doe, compliance, until 2026-01-31)"
    )


def test_without_a_setting_nothing_has_passed(here: Here) -> None:
    ran = here.check("--select", "FMT118", "--as-of", "2999-12-31")
    assert (ran.code, "FMT118" in ran.out) == (0, False)


@pytest.mark.parametrize(
    ("run_date", "is_off"),
    [(D(2026, 1, 1), True), (D(2027, 1, 30), True), (D(2027, 1, 31), True), (D(2027, 2, 1), False)],
)
def test_a_setting_counts_up_to_its_last_day(run_date: dt.date, is_off: bool) -> None:
    assert ("PRO116" not in apply_settings(RULES, [setting(until=D(2027, 1, 31))], run_date)) is is_off


# --- what is refused ----------------------------------------------------------------------------------

MALFORMED = {
    "no severity": (section(severity=None), "PRO116 has no severity", "[rules.PRO116]"),
    "no reason": (section(reason=None), "PRO116 has no reason", "[rules.PRO116]"),
    "no owner": (section(owner=None), "PRO116 has no owner", "[rules.PRO116]"),
    "no last day": (section(until=None), "PRO116 has no until", "[rules.PRO116]"),
    "nothing at all": ("[rules.PRO116]\n", "PRO116 has no severity and no reason and no owner and no until", "[rules.PRO116]"),
    "an empty reason": (section(reason='""'), "PRO116 has no reason", "[rules.PRO116]"),
    "a blank reason": (section(reason='"  "'), "reason of PRO116 is no text", 'reason = "  "'),
    "a reason that is a number": (section(reason="7"), "reason of PRO116 is no text", "reason = 7"),
    "an owner that is a list": (section(owner='["J. Doe"]'), "owner of PRO116 is no text", 'owner = ["J. Doe"]'),
    "a last day in quotes": (section(until='"2027-01-31"'), "until of PRO116 is '2027-01-31'", 'until = "2027-01-31"'),
    "a last day with an hour": (section(until="2027-01-31T12:00:00"), "until of PRO116 is", "until = 2027-01-31T12:00:00"),
    "a last day that is a year": (section(until="2027"), "until of PRO116 is 2027", "until = 2027"),
    "severity error": (section(severity='"error"'), "the severity of PRO116 is 'error'", 'severity = "error"'),
    "severity hold": (section(severity='"hold"'), "the severity of PRO116 is 'hold'", 'severity = "hold"'),
    "severity in capitals": (section(severity='"Off"'), "the severity of PRO116 is 'Off'", 'severity = "Off"'),
    "a severity that is a truth": (section(severity="true"), "the severity of PRO116 is True", "severity = true"),
    "a severity that is a list": (section(severity='["off"]'), "the severity of PRO116 is ['off']", 'severity = ["off"]'),
    "an unknown key": (section(untill=LAST_DAY), "unknown setting 'untill' of PRO116", f"untill = {LAST_DAY}"),
    "a section within": (section() + "[rules.PRO116.more]\nx = 1\n", "unknown setting 'more' of PRO116", "[rules.PRO116.more]"),
    "no section": ('[rules]\nPRO116 = "off"\n', "'PRO116' is no section", 'PRO116 = "off"'),
    "a list of sections": (section().replace("[rules.PRO116]", "[[rules.PRO116]]"), "'PRO116' is no section", "[[rules.PRO116]]"),
    "rules that are a word": ('rules = "off"\n', "'rules' is a section", 'rules = "off"'),
    "a code without a page": (section("XYZ101"), "There is no rule 'XYZ101'", "[rules.XYZ101]"),
    "a code with a page, almost": (section("PRO11"), "There is no rule 'PRO11'", "[rules.PRO11]"),
    "a beginning of codes": (section("PRO"), "There is no rule 'PRO'", "[rules.PRO]"),
}  # fmt: skip


def line_of(text: str, line: str) -> int:
    (number,) = [number for number, one in enumerate(text.splitlines(), 1) if one == line]
    return number


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_setting_is_refused_with_file_and_line(here: Here, name: str) -> None:
    text, problem, line = MALFORMED[name]
    settings = '[registries]\nsites = "sites.csv"\n\n# For a time.\n' + text
    if text.startswith("rules ="):
        settings = text
    here.set(settings)
    ran = here.check()
    assert (ran.code, ran.out) == (3, "")
    assert problem in ran.err
    assert f"scrubjay.toml:{line_of(settings, line)}: " in ran.err


@pytest.mark.parametrize("name", [name for name in MALFORMED if not name.startswith(("a code", "a beginning"))])
def test_a_malformed_setting_is_refused_with_what_to_write_instead(here: Here, name: str) -> None:
    here.set(MALFORMED[name][0])
    with pytest.raises(DefinitionError) as caught:
        rule_settings(here.folder)
    assert caught.value.file == str(here.folder / "scrubjay.toml")
    assert caught.value.advice
    with pytest.raises(DefinitionError) as again:
        Workspace.open(here.folder)
    assert str(again.value) == str(caught.value)
    assert here.run("rules", "list").code == 3


def test_what_to_write_instead_is_said_in_full(here: Here) -> None:
    said = {
        section(reason=None): "To fix it: write [rules.CODE] and below it severity, reason, owner and until",
        section(untill=LAST_DAY): "Did you mean 'until'?",
        section(severity='"error"'): "To fix it: use off, info or warning",
        section(until='"2027-01-31"'): "To fix it: write a day: until = 2027-01-31",
        section(owner="7"): 'To fix it: write owner = "…"',
    }
    for text, advice in said.items():
        here.set(text)
        assert advice in here.check().err


def test_the_line_is_that_of_the_wrong_section(here: Here) -> None:
    """Each section has the same keys; the wrong one of them counts."""
    settings = section("DEP101") + "\n" + section("PRO116", until='"soon"')
    here.set(settings)
    line = line_of(settings, 'until = "soon"')
    assert f"scrubjay.toml:{line}: until of PRO116" in here.check().err


def test_one_code_in_two_spellings_is_refused(here: Here) -> None:
    here.set(section("DEP101"), section("dep101"))
    ran = here.check()
    assert (ran.code, ran.out) == (3, "")
    assert "DEP101" in ran.err.upper()


def test_a_section_given_twice_is_no_toml(here: Here) -> None:
    here.set(section(), section())
    ran = here.check()
    assert (ran.code, ran.out) == (3, "")
    assert "scrubjay.toml:7: this is not TOML" in ran.err


def test_a_code_without_a_page_is_answered_with_the_nearest() -> None:
    with pytest.raises(DefinitionError, match=r"There is no rule 'PRO11'\. Did you mean 'PRO1\d\d'\?"):
        apply_settings(RULES, [setting("PRO11")], RUN_DATE)


def test_a_code_without_a_page_is_refused_also_past_its_last_day() -> None:
    with pytest.raises(DefinitionError, match="XYZ101"):
        apply_settings(RULES, [setting("XYZ101", until=D(2020, 1, 1))], RUN_DATE)


# --- where a setting shows ----------------------------------------------------------------------------


def test_rules_list_shows_the_setting(here: Here) -> None:
    here.set(section("PRO116"), section("DEP101", severity='"info"', until="2026-12-31"))
    for words in (("rules",), ("rules", "list")):
        lines = {line[:6]: line for line in here.run(*words).out.splitlines()}
        assert lines["PRO116"].endswith(f" (off until {LAST_DAY}: J. Doe, compliance)")
        assert lines["DEP101"].endswith(" (info until 2026-12-31: J. Doe, compliance)")
        assert [code for code, line in lines.items() if " until 20" in line] == ["DEP101", "PRO116"]
        assert list(lines) == list(RULES), "a rule that is off is listed all the same"


def test_rules_list_shows_the_setting_as_json(here: Here) -> None:
    here.set(section("PRO116"))
    rows = {row["code"]: row["setting"] for row in json.loads(here.run("rules", "list", "--format", "json").out)}
    assert rows.pop("PRO116") == {"severity": "off", "owner": "J. Doe, compliance", "until": LAST_DAY}
    assert set(rows.values()) == {None}


def test_a_workspace_holds_its_settings(here: Here) -> None:
    here.set(section("PRO116"), section("DEP101", severity='"info"', until="2026-11-21"))
    workspace = Workspace.open(here.folder)
    assert workspace.settings == (setting("PRO116", until=D(2027, 1, 31)), setting("DEP101", "info", D(2026, 11, 21)))
    assert workspace.settings == rule_settings(here.folder) == rule_settings(here.folder / "scrubjay.toml")
    assert workspace.expired_settings(D(2026, 11, 21)) == []
    assert workspace.expired_settings(D(2026, 11, 22)) == ["DEP101 (J. Doe, compliance, until 2026-11-21)"]
    assert Workspace.empty().settings == ()
