"""That a case notices each leaf of each condition, and each day of each law: what ``make mutate`` prints."""

from __future__ import annotations

import pytest

from scrubjay.reference.law import Law, load_laws
from scrubjay.rule import Rule, load_rules
from scrubjay.rule_cases import read_cases
from tests.mutate import surviving_days, surviving_leaves
from tests.rules.cases import CASES_FOLDER

RULES, LAWS = load_rules(), load_laws()


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_a_case_notices_each_leaf_that_is_missing(rule: Rule) -> None:
    assert surviving_leaves(rule, read_cases(rule, CASES_FOLDER), LAWS) == []


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
def test_a_case_notices_each_day_that_is_another(law: Law) -> None:
    assert surviving_days(law, LAWS, []) == []
