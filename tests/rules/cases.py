"""Where the cases of our rules stand, and how tests run a rule on rows of facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scrubjay.engine import connect
from scrubjay.explanation import Explanation, explain_rows
from scrubjay.reference.law import Law, load_laws
from scrubjay.rule import Rule
from scrubjay.rule_cases import fill_facts

CASES_FOLDER = Path(__file__).parent

__all__ = ["CASES_FOLDER", "fill_facts", "run_rule"]


def run_rule(rule: Rule, rows: list[dict[str, Any]], laws: dict[str, Law] | None = None) -> list[Explanation]:
    """What the rule says of each row, through the real engine."""
    connection = connect()
    fill_facts(connection, rule.table, rows)
    return list(explain_rows(connection, rule, laws or load_laws()))
