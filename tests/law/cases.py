"""The cases of a law file, tests/law/PATH.yaml, and what the law says to them.

```yaml
cases:
  - {on: 2021-12-31, code: "10", is: silent}   # before the first version
  - {on: 2022-01-01, code: "10", is: in}       # in or out of a code set
  - {on: 2026-01-01, is: "0.40"}               # a value
  - {on: 2026-01-01, row: {hospital_type: ipps, days: "3"}, is: in}   # a row of a table that holds these cells
```
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from scrubjay.reference.law import Law
from scrubjay.strict_yaml import check_keys, load_yaml

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class LawCase:
    """What a law must say on a day."""

    on: dt.date
    code: str | None
    row: dict[str, str] | None
    answer: str


def law_cases(path: str) -> list[LawCase]:
    """The cases of a law file."""
    file = FOLDER / f"{path}.yaml"
    document = load_yaml(file.read_text(encoding="utf-8"), file.name)
    check_keys(document, ("cases",), ("cases",), file.name, "the cases of a law")
    found = []
    for raw in document["cases"]:
        check_keys(raw, ("on", "code", "row", "is"), ("on", "is"), file.name, "a case")
        found.append(LawCase(dt.date.fromisoformat(raw["on"]), raw.get("code"), raw.get("row"), raw["is"]))
    return found


def answer(law: Law, case: LawCase) -> str:
    """What the law says to a case: silent, in, out, or its value."""
    version = law.on(case.on)
    if version is None:
        return "silent"
    if case.code is not None:
        return "in" if case.code in version.values else "out"
    if case.row is not None:
        return "in" if any(case.row.items() <= row.items() for row in version.rows) else "out"
    return str(version.value) if version.value is not None else "in"


def holds(law: Law, case: LawCase) -> bool:
    """Whether the law says what the case expects; numbers are compared as numbers."""
    got = answer(law, case)
    words = ("silent", "in", "out")
    return got == case.answer if got in words or case.answer in words else Decimal(got) == Decimal(case.answer)
