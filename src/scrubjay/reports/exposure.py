"""What the findings cost: the sums of a group of them, and the groups by site, payer and month.

An amount is as billed minus as it should be: positive is owed back, negative is owed to us. The two are
added apart; only ``net`` sets one off against the other. Several findings on one line are about the same
money, so the largest counts and the others do not. A finding that moves an amount nobody knows is
counted and named, and is never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from scrubjay.engine import Row, exposed_lines
from scrubjay.reports.wording import count, money, site_of

_NOTHING = Decimal("0.00")
OVERPAID, UNDERPAID, SAME, UNKNOWN = "overpaid", "underpaid", "same", "unknown"


@dataclass(frozen=True)
class ExposureRow:
    """What the findings of one group move."""

    key: Any  # the site, payer, month, or number of a root cause; None where it is not known
    findings: list[Row]  # the one that counts of each line with an amount, the largest first
    unknown: list[Row]  # those that move an amount nobody knows

    @cached_property
    def by_kind(self) -> dict[str, list[Row]]:
        """The findings of `OVERPAID`, `UNDERPAID`, `SAME` (an amount of 0.00) and `UNKNOWN`."""
        kinds: dict[str, list[Row]] = {OVERPAID: [], UNDERPAID: [], SAME: [], UNKNOWN: self.unknown}
        for finding in self.findings:
            amount = Decimal(finding["exposure_amount"])
            kinds[OVERPAID if amount > 0 else UNDERPAID if amount < 0 else SAME].append(finding)
        return kinds

    @cached_property
    def overpaid(self) -> Decimal:
        """What is owed back."""
        return share(self.by_kind[OVERPAID], "exposure_amount") or _NOTHING

    @cached_property
    def underpaid(self) -> Decimal:
        """What is owed to us, as a positive amount."""
        return abs(share(self.by_kind[UNDERPAID], "exposure_amount") or _NOTHING)

    @property
    def net(self) -> Decimal:
        return self.overpaid - self.underpaid

    @property
    def moved(self) -> Decimal:
        """Overpaid and underpaid together: how much there is to put right."""
        return self.overpaid + self.underpaid

    @property
    def lines(self) -> int:
        """Lines with an amount, 0.00 included."""
        return len(self.findings)

    @cached_property
    def reasons(self) -> dict[str, list[Row]]:
        """The findings without an amount by the reason, the most frequent first."""
        found: dict[str, list[Row]] = {}
        for finding in self.unknown:
            found.setdefault(finding["exposure"]["because"] or "nobody says why", []).append(finding)
        return dict(sorted(found.items(), key=lambda one: -len(one[1])))

    def __bool__(self) -> bool:
        return bool(self.findings or self.unknown)


def exposure_of(findings: Iterable[Row], key: Any = None) -> ExposureRow:
    """What these findings move together, each line once."""
    findings = list(findings)
    counted = sorted(exposed_lines(findings), key=lambda finding: -abs(Decimal(finding["exposure_amount"])))
    return ExposureRow(key, counted, [one for one in findings if one["exposure"] and one["exposure_amount"] is None])


def exposure_by(findings: Iterable[Row], key: Callable[[Row], Any]) -> list[ExposureRow]:
    """What the findings move by their key, the largest first: each line is in one row, so the rows add up to all."""
    total = exposure_of(findings)
    rows: dict[Any, ExposureRow] = {}
    for kept, given in (("findings", total.findings), ("unknown", total.unknown)):
        for finding in given:
            row = rows.setdefault(key(finding), ExposureRow(key(finding), [], []))
            getattr(row, kept).append(finding)
    return largest_first(rows.values())


def largest_first(rows: Iterable[ExposureRow]) -> list[ExposureRow]:
    """The rows that move anything, by how much that is; the amounts nobody knows last, the most frequent first."""
    return sorted(filter(None, rows), key=lambda row: (-row.moved, -row.lines, -len(row.unknown), str(row.key)))


def payer_of(finding: Row) -> str | None:
    payer: str | None = finding["payer"]
    return payer


def month_of(finding: Row) -> str | None:
    """The month of the service date, as 2026-08."""
    return finding["service_date"][:7] if finding["service_date"] else None


KEYS: dict[str, Callable[[Row], str | None]] = {"site": site_of, "payer": payer_of, "month": month_of}


def share(findings: Iterable[Row], name: str) -> Decimal | None:
    """The sum of this amount of the exposures where it is known; None where it is known of none."""
    known = [Decimal(one) for finding in findings if (one := _amount(finding, name)) is not None]
    return sum(known, _NOTHING) if known else None


def _amount(finding: Row, name: str) -> Any:
    return finding[name] if name in finding else (finding["exposure"] or {}).get(name)


def without_share(findings: Iterable[Row]) -> int:
    """How many of these have an amount whose parts of the programme and of the patient are not known."""
    return sum(_amount(finding, "program_amount") is None for finding in findings)


def exposure_text(row: ExposureRow) -> str:
    """The sums in words: ``overpaid $1,234.50 on 31 lines, underpaid $20.70 on 1 line; not known on 4 findings``."""
    kinds = {OVERPAID: row.overpaid, UNDERPAID: row.underpaid}
    known = ", ".join(
        f"{kind} {money(amount)} on {count(len(row.by_kind[kind]), 'line')}"
        for kind, amount in kinds.items()
        if row.by_kind[kind]
    )
    if not known and row.lines:
        known = f"no difference on {count(row.lines, 'line')}"
    unknown = f"not known on {count(len(row.unknown), 'finding')}" if row.unknown else ""
    return f"{known}; {unknown}" if known and unknown else known or (f"amount {unknown}" if unknown else "")
