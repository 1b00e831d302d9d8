"""What a longer book of rules costs: 15 rules, all that ship, and 150, over the same facts.

Planning and running are one figure: compiling the rules, the outcome of every row, and the findings. 150 are the
shipped rules and some of them once more under other codes, spread over all families as the fifteen are. CPU seconds,
the median of three. The facts are read and built once and counted apart; *whole* is the ratio with them, as a check
is run. `make bench` prints the table.
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from scrubjay.engine import Grain, prepare
from scrubjay.rule import Rule, load_rules, select_rules
from scrubjay.tables import GRAINS

RUNS = 3
DAY = dt.date(2026, 11, 26)


def books() -> Iterator[tuple[str, list[Rule]]]:
    """The books to compare: fifteen spread over all families, all, and 150."""
    shipped = select_rules(load_rules())
    yield "15 rules", _spread(shipped, 15)
    yield f"all {len(shipped)}", shipped
    more = _spread(shipped, 150 - len(shipped))
    yield "150 rules", shipped + [replace(rule, code=f"X{rule.code[1:]}") for rule in more]


def _spread(rules: list[Rule], count: int) -> list[Rule]:
    """So many of the rules, at even distances."""
    return rules[:: len(rules) // count][:count]


def cost(paths: list[Path]) -> Iterator[tuple[str, float, int]]:
    """First "facts" with the CPU seconds to read and build them; then each book, its own CPU seconds and findings."""
    began = time.process_time()
    run = prepare(paths, as_of=DAY)
    yield "facts", time.process_time() - began, 0
    for name, rules in books():
        seconds = []
        for _ in range(RUNS):
            began = time.process_time()
            findings = 0
            for grain, table in GRAINS.items():
                chosen = [rule for rule in rules if rule.grain == grain]
                if chosen:
                    found = Grain(run.connection, table, chosen, run.laws, run.file_names).findings(each=False)
                    findings += sum(1 for _ in found)
            seconds.append(time.process_time() - began)
        yield name, statistics.median(seconds), findings


def main(arguments: list[str]) -> None:
    """Print the table for a file."""
    (_, facts, _), *rows = cost([Path(name) for name in arguments])
    bar = rows[0][1]
    sys.stdout.write(f"{'':<18}{'CPU s':>8}{'× 15':>8}{'whole':>8}{'findings':>11}\n{'facts':<18}{facts:>8.2f}\n")
    for name, seconds, findings in rows:
        whole = (facts + seconds) / (facts + bar)
        sys.stdout.write(f"{name:<18}{seconds:>8.2f}{seconds / bar:>8.2f}{whole:>8.2f}{findings:>11,}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
