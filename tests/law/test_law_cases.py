"""Every case of every law file; and that each version has a case on its first day and on the day before."""

from __future__ import annotations

import datetime as dt

import pytest

from scrubjay.reference.law import Law, load_laws
from tests.law.cases import FOLDER, answer, holds, law_cases

LAWS = load_laws()


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
def test_a_law_says_what_its_cases_expect(law: Law) -> None:
    wrong = [f"{case}: got {answer(law, case)}" for case in law_cases(law.path) if not holds(law, case)]
    assert wrong == []


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
def test_every_version_has_a_case_on_its_first_day_and_on_the_day_before(law: Law) -> None:
    days = {case.on for case in law_cases(law.path)}
    first = {version.effective for version in law.versions}
    assert sorted((first | {day - dt.timedelta(days=1) for day in first}) - days) == []


def test_every_case_file_belongs_to_a_law() -> None:
    assert {file.stem for file in FOLDER.glob("*.yaml")} == set(LAWS)
