"""Every case of every rule, through the real engine; and what every case file must cover."""

from __future__ import annotations

import pytest

from scrubjay.rule import Rule, load_rules
from tests.rules.cases import CASES_FOLDER, read_cases, run_rule

RULES = load_rules()


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_cases_of_a_rule_have_their_outcomes(rule: Rule) -> None:
    cases = read_cases(rule)
    found = run_rule(rule, [case.facts for case in cases])
    wrong = []
    for case, one in zip(cases, found, strict=True):
        if one.outcome != case.outcome:
            wrong.append(f"{case.name}: expected {case.outcome}, got {one.outcome}\n{one.text()}")
        missing = sorted(fact["fact"] for fact in one.missing if not fact["fact"].startswith("LAW("))
        if case.missing is not None and missing != sorted(case.missing):
            wrong.append(f"{case.name}: expected {case.missing} to be missing, got {missing}")
        if case.fix is not None and one.fix != case.fix:
            wrong.append(f"{case.name}: expected the fix {case.fix}, got {one.fix}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_cases_of_a_rule_cover_every_outcome_it_can_reach(rule: Rule) -> None:
    reachable = {"violation", "clear"}
    if rule.applies.text.upper() != "TRUE":
        reachable.add("out_of_scope")
    names = {name for leaf in rule.condition.leaves() for name in leaf.columns}
    laws = [test for leaf in rule.condition.leaves() for test in leaf.laws]
    if laws or any(rule.table[name].nullable for name in names):
        reachable.add("unknown")
    assert {case.outcome for case in read_cases(rule)} >= reachable


def test_every_case_file_belongs_to_a_rule() -> None:
    assert {file.stem for file in CASES_FOLDER.glob("*.yaml")} == set(RULES)
