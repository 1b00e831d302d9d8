"""``make mutate``: whether the cases notice if a leaf of a condition is missing, or a day of the law is another.

* Every leaf of every condition is taken out: of an AND it becomes true, of an OR false; a NOT goes with its
  leaf; what follows a THEN or ELSE becomes true, and false. A case of the rule must then come out otherwise.
* Every first day of every law version is moved a day forward and a day back, as far as the order of the versions
  allows. A case of the law, or of a rule that asks it, must then come out otherwise.

Prints each mutant that no case notices. Exit 1 if there is one.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from scrubjay.condition import Node
from scrubjay.engine import Grain, connect
from scrubjay.reference.law import Law, load_laws
from scrubjay.rule import Rule, load_rules
from scrubjay.rule_cases import RuleCase, fill_facts, read_cases, run_cases
from tests.law.cases import holds, law_cases
from tests.rules.cases import CASES_FOLDER

TRUE = Node("leaf", "boolean", "TRUE", template="TRUE")
FALSE = Node("leaf", "boolean", "FALSE", template="FALSE")


def without_leaf(node: Node, inside: Node = TRUE) -> Iterator[tuple[str, Node]]:
    """The text of each leaf below a node, and the node without it; ``inside``: what an absent node is where it stands."""
    if node.kind == "leaf":
        if node.template not in ("TRUE", "FALSE"):
            yield node.text, inside
        return
    if node.kind == "not" and node.parts[0].kind == "leaf":
        yield node.text, inside
        return
    for number, part in enumerate(node.parts):
        for absent in _absent(node, number):
            for text, changed in without_leaf(part, absent):
                parts = (*node.parts[:number], changed, *node.parts[number + 1 :])
                yield text, replace(node, parts=parts)


def _absent(node: Node, number: int) -> tuple[Node, ...]:
    """What takes the place of an absent part of a node."""
    if node.kind == "case":
        is_when = number % 2 == 0 and number < len(node.parts) - 1
        return (FALSE,) if is_when else (TRUE, FALSE)
    return (FALSE,) if node.kind in ("or", "not") else (TRUE,)


def surviving_leaves(rule: Rule, cases: list[RuleCase], laws: dict[str, Law]) -> list[str]:
    """The leaves of a rule that could be missing without a case noticing."""
    mutants = [("unchanged", rule.applies, rule.violates)]
    mutants += [(f"applies without '{text}'", node, rule.violates) for text, node in without_leaf(rule.applies)]
    mutants += [(f"violates without '{text}'", rule.applies, node) for text, node in without_leaf(rule.violates)]
    connection = connect()
    fill_facts(connection, rule.table, [case.facts for case in cases])
    grain = Grain(connection, rule.table, [rule], laws, [])
    columns = []
    for number, (_, applies, violates) in enumerate(mutants):
        a, v = grain.sql(applies), grain.sql(violates)
        columns.append(
            f"CASE WHEN NOT {a} THEN 'out_of_scope' WHEN {a} AND {v} THEN 'violation' "
            f"WHEN ({a} AND {v}) IS NULL THEN 'unknown' ELSE 'clear' END AS m{number}"
        )
    rows = connection.sql(f"SELECT {', '.join(columns)} FROM evaluated ORDER BY row_id").fetchall()
    expected = [case.outcome for case in cases]
    alive = [name for number, (name, _, _) in enumerate(mutants) if [row[number] for row in rows] == expected]
    if alive[:1] != ["unchanged"]:
        raise SystemExit(f"{rule.code}: its cases do not hold as they stand")
    return alive[1:]


def moved(law: Law) -> Iterator[tuple[str, Law]]:
    """The law with the first day of one version moved by a day, for each that the order of versions allows."""
    for number, version in enumerate(law.versions):
        for days in (-1, 1):
            day = version.effective + dt.timedelta(days=days)
            before = law.versions[number - 1].effective if number else dt.date.min
            after = law.versions[number + 1].effective if number + 1 < len(law.versions) else dt.date.max
            if before < day < after:
                versions = (*law.versions[:number], replace(version, effective=day), *law.versions[number + 1 :])
                yield f"{version.effective} moved to {day}", replace(law, versions=versions)


def surviving_days(law: Law, laws: dict[str, Law], rules: list[Rule]) -> list[str]:
    """The days of a law that could be others without a case noticing."""
    survivors = []
    own = law_cases(law.path)
    for name, mutant in moved(law):
        if not all(holds(mutant, case) for case in own):
            continue
        changed = {**laws, law.path: mutant}
        for rule in rules:
            cases = read_cases(rule, CASES_FOLDER)
            found = run_cases(rule, cases, changed)
            if [one.outcome for one in found] != [case.outcome for case in cases]:
                break
        else:
            survivors.append(name)
    return survivors


def main(arguments: list[str]) -> int:
    """Print the survivors; ``arguments`` are beginnings of rule codes or law paths, none: all of them."""
    rules, laws = load_rules(), load_laws()
    wanted = tuple(arguments) or ("",)
    count = survivors = 0
    for rule in (rule for rule in rules.values() if rule.code.startswith(wanted)):
        cases = read_cases(rule, CASES_FOLDER)
        count += sum(1 for node in (rule.applies, rule.violates) for _ in without_leaf(node))
        for name in surviving_leaves(rule, cases, laws):
            survivors += 1
            sys.stdout.write(f"{rule.code}: {name}\n")
    for law in (law for law in laws.values() if law.path.startswith(wanted)):
        asking = [
            rule
            for rule in rules.values()
            if any(test.path == law.path for leaf in rule.condition.leaves() for test in leaf.laws)
        ]
        count += sum(1 for _ in moved(law))
        for name in surviving_days(law, laws, asking):
            survivors += 1
            sys.stdout.write(f"{law.path}: {name}\n")
    sys.stdout.write(f"{count} mutants, {survivors} survive\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main(sys.argv[1:]))
