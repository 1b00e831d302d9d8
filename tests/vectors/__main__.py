"""``python -m tests.vectors FILE [--format json]``: what Scrubjay says to the cases of a file.

Exit 0: nothing contradicts the file. 1: a case fails. 2: the file holds a key or value that is not
in the vocabulary, or a case cannot be written.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.vectors import GROUPS, CaseError, load_cases
from tests.vectors.adapter import Result, run_case

_STATUSES = ("pass", "fail", "not covered")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases of a file and print what became of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.vectors", description=__doc__.split("\n", 1)[0])
    parser.add_argument("file", type=Path, help="a case file in the format of cases.yaml")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    chosen = parser.parse_args(arguments)
    try:
        results = [run_case(case) for case in load_cases(chosen.file)]
    except CaseError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(as_dict(results), indent=2) if chosen.format == "json" else as_text(results))
    return int(any(result.status == "fail" for result in results))


def as_dict(results: list[Result]) -> dict[str, Any]:
    """The results as JSON has them."""
    return {
        "cases": [
            {
                "id": result.id,
                "status": result.status,
                "reasons": result.reasons,
                "expectations": [
                    {"rule": one.rule, "expected": one.expected, "got": one.got, "status": one.status}
                    for one in result.expectations
                ],
                "comparisons": [
                    {"what": one.what, "expected": one.expected, "got": one.got, "status": one.status}
                    for one in result.comparisons
                ],
            }
            for result in results
        ],
        "totals": {
            "by_group": {group: _totals(found) for group, found in _by_group(results).items()},
            "all": _totals(results),
        },
    }


def as_text(results: list[Result]) -> str:
    """The results as a list of cases and a table of totals, 80 columns wide."""
    lines = []
    for result in results:
        told = f"{result.id:<6} {result.status}"
        if result.status == "fail":
            lines.append(told)
            for reason in result.reasons:
                lines += textwrap.wrap(reason, 80, initial_indent=" " * 7, subsequent_indent=" " * 9)
        else:
            because = ": " + "; ".join(result.reasons) if result.reasons else ""
            lines += textwrap.wrap(told + because, 80, subsequent_indent=" " * 7)
    head = f"{'':28}{'expectations':^26}{'cases':^26}"
    names = f"{'group':<28}" + f"{'pass':>6}{'fail':>6}{'not covered':>13} " * 2
    lines += ["", head.rstrip(), names.rstrip()]
    for group, found in _by_group(results).items():
        name = f"{group} {GROUPS[group][0] if group in GROUPS else 'other'}"
        lines.append(_table_row(name, _totals(found)))
    totals = _totals(results)
    money = totals["money"]
    lines += [
        _table_row("all", totals),
        "",
        "expectations: " + _counted(totals["expectations"]),
        "money: " + _counted(money),
    ]
    return "\n".join(lines)


def _table_row(name: str, totals: dict[str, dict[str, int]]) -> str:
    counts = [
        f"{one['pass']:>6}{one['fail']:>6}{one['not covered']:>13} "
        for one in (totals["expectations"], totals["cases"])
    ]
    return f"{name:<28}{''.join(counts)}".rstrip()


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def _by_group(results: list[Result]) -> dict[str, list[Result]]:
    groups = {group: [one for one in results if one.group == group] for group in (*GROUPS, "?")}
    return {group: found for group, found in groups.items() if found}


def _totals(results: list[Result]) -> dict[str, dict[str, int]]:
    """How many expectations (case × rule), amounts and cases pass, fail, or are not covered."""
    told: dict[str, list[str]] = {
        "expectations": [one.status for result in results for one in result.expectations],
        "money": [one.status for result in results for one in result.comparisons if one.what.startswith("money.")],
        "cases": [result.status.removesuffix(" yet") for result in results],
    }
    return {name: {status: found.count(status) for status in _STATUSES} for name, found in told.items()}


if __name__ == "__main__":
    sys.exit(main())
