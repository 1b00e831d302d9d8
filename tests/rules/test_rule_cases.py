"""Every case of every rule, through the real engine; and what every case file must cover."""

from __future__ import annotations

import pytest

from scrubjay.reference.law import load_laws
from scrubjay.rule import Rule, load_rules
from scrubjay.rule_cases import read_cases, wrong_cases
from tests.rules.cases import CASES_FOLDER

RULES = load_rules()


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_cases_of_a_rule_hold_and_cover_every_outcome_it_can_reach(rule: Rule) -> None:
    assert wrong_cases(rule, read_cases(rule, CASES_FOLDER), load_laws()) == []


def test_every_case_file_belongs_to_a_rule() -> None:
    assert {file.stem for file in CASES_FOLDER.glob("*.yaml")} == set(RULES)
