"""``make demo``: write Riverbend Health, check it, and compare the findings with what was planted."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import scrubjay
from scrubjay.reports import location, write_report
from synthetic.generate import CHECKED, generate

OUT = Path("demo-out")
FILES = ("professional.837", "institutional.837", "archive.csv", "adt.hl7", "stays.csv")
SHOWN = ("DEP101", "DEP114", "DEP110")  # one finding of each is shown
EXPLAINED = "DEP101"


# Whether the lines of a site are too few to tell follows from all that is planted there: of these rules an unknown
# counts only where it is planted itself.
ABOUT_MANY = ("MIX101", "MIX102", "MIX103", "MIX104", "MIX105", "MIX106")


class Spot(NamedTuple):
    """What is said of what: the rule, the outcome, and the line, claim or site."""

    rule: str
    outcome: str
    claim_id: str | None
    line_number: int | None
    site_id: str | None

    def __str__(self) -> str:
        where = self.claim_id or self.site_id or "the run"
        return f"{self.rule} {self.outcome} {where}" + (f" line {self.line_number}" if self.line_number else "")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The findings of a check beside the key."""

    planted: list[Spot]
    found: list[Spot]
    look_alikes: list[dict[str, Any]]

    @property
    def missed(self) -> list[Spot]:
        return sorted(set(self.planted) - set(self.found), key=str)

    @property
    def extra(self) -> list[Spot]:
        return sorted(set(self.found) - set(self.planted), key=str)

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / len(set(self.planted))

    @property
    def precision(self) -> float:
        found = set(self.found)
        return 1 - len(self.extra) / len(found) if found else 0.0

    @property
    def is_exact(self) -> bool:
        return not self.missed and not self.extra and not self.disturbed

    @property
    def disturbed(self) -> list[dict[str, Any]]:
        """Look-alikes of which something was said that the key does not list."""
        touched = {(spot.claim_id, None if spot.claim_id else spot.site_id) for spot in self.extra}
        return [row for row in self.look_alikes if (row["claim_id"], row["site_id"]) in touched]

    def table(self) -> list[str]:
        """A line for each rule: planted, found, missed, extra, look-alikes, recall and precision."""
        counts = {
            "planted": Counter(spot.rule for spot in set(self.planted)),
            "found": Counter(spot.rule for spot in set(self.found)),
            "missed": Counter(spot.rule for spot in self.missed),
            "extra": Counter(spot.rule for spot in self.extra),
            "look-alikes": Counter(row["rule"] for row in self.look_alikes),
        }
        lines = [f"{'rule':<8}" + "".join(f"{name:>12}" for name in counts) + f"{'recall':>9}{'precision':>11}"]
        for rule in sorted({rule for count in counts.values() for rule in count}):
            planted, found = counts["planted"][rule], counts["found"][rule]
            recall = f"{1 - counts['missed'][rule] / planted:.2f}" if planted else "-"
            precision = f"{1 - counts['extra'][rule] / found:.2f}" if found else "-"
            lines.append(
                f"{rule:<8}"
                + "".join(f"{count[rule]:>12}" for count in counts.values())
                + f"{recall:>9}{precision:>11}"
            )
        totals = "".join(f"{count.total():>12}" for count in counts.values())
        return [*lines, f"{'all':<8}{totals}{self.recall:>9.2f}{self.precision:>11.2f}"]


def compare(report: scrubjay.Report, key: dict[str, Any]) -> Comparison:
    """The findings of a report beside a key. Rules for which nothing is planted are left out."""
    planted = [Spot(*(row[name] for name in Spot._fields)) for row in (*key["faults"], *key["unknowns"])]
    found = [
        Spot(
            finding["rule"],
            finding["outcome"],
            finding["claim_id"],
            finding["line_number"],
            None if finding["claim_id"] else finding["site_id"],
        )
        for finding in report.findings
        if finding["rule"] not in key["not_planted"]
    ]
    found = [spot for spot in found if spot.rule not in ABOUT_MANY or spot.outcome == "violation" or spot in planted]
    return Comparison(planted, found, key["look_alikes"])


def check_folder(folder: Path) -> scrubjay.Report:
    """The check of a generated folder, one finding for every line."""
    workspace = scrubjay.Workspace.open(folder / "workspace")
    return scrubjay.check([folder / name for name in FILES], workspace=workspace, each=True, as_of=CHECKED)


def main(out: Path = OUT) -> int:
    """Print the comparison, three findings, one explanation. 1 if the findings are not those of the key."""
    shutil.rmtree(out, ignore_errors=True)
    key = generate(out)
    report = check_folder(out)
    comparison = compare(report, key)
    page = out / "report.html"
    page.write_text("".join(write_report(report, "html")), encoding="utf-8", newline="\n")
    say = sys.stdout.write
    say(
        f"Riverbend Health, a made-up health system: {sum(key['claims'].values())} claims in {out}, most of them in "
        f"order, checked as of {CHECKED}.\nPlanted: {len(key['faults'])} faults, {len(key['unknowns'])} things nobody can know, and "
        f"{len(key['look_alikes'])} innocent look-alikes.\n\n"
    )
    say("\n".join(comparison.table()) + "\n\n")
    quiet = len(comparison.look_alikes) - len(comparison.disturbed)
    say(f"{quiet} of {len(comparison.look_alikes)} look-alikes left alone.\n")
    for title, spots in (("missed", comparison.missed), ("extra", comparison.extra)):
        for spot in spots:
            say(f"{title}: {spot}\n")
    say("\nThree of the findings:\n\n")
    for rule in SHOWN:
        for finding in [one for one in report.findings if one["rule"] == rule][:1]:
            say(f"{location(finding)}  {rule} {finding['severity']}\n  {finding['message']}\n")
    for finding in [one for one in report.findings if one["rule"] == EXPLAINED][:1]:
        _explain(finding["file"], finding["claim_id"], out / "workspace")
    say(f"\nAll {len(report.findings)} findings: {page}. What was planted: {out / 'key.json'}.\n")
    return 0 if comparison.is_exact else 1


def _explain(file: str, claim: str, workspace: Path) -> None:
    """Show the command that says why, and what it prints."""
    command = f"scrubjay explain {file} --claim {claim} --rule {EXPLAINED} --workspace {workspace}"
    sys.stdout.write(f"\n$ {command}\n")
    for one in scrubjay.explain([file], claim=claim, rule=EXPLAINED, workspace=scrubjay.Workspace.open(workspace)):
        sys.stdout.write(one.text() + "\n")


if __name__ == "__main__":
    sys.exit(main())
