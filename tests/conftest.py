"""What holds for every test: the day of the run is one day, so that no test fails because a year went by."""

from __future__ import annotations

import datetime as dt

import pytest

import scrubjay.engine
import scrubjay.explanation

RUN_DATE = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def fixed_run_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check without --as-of is one of that day."""
    for module in (scrubjay.engine, scrubjay.explanation):
        monkeypatch.setattr(module, "today", lambda: RUN_DATE)
