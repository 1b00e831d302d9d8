"""Reports made up by hand: findings of every grain and outcome, without a check behind them."""

from __future__ import annotations

import hashlib
from typing import Any

from scrubjay.engine import Report, Row

NO_SITES = {
    "fact": "is_provider_based",
    "meaning": "the site is hospital outpatient space on the service date",
    "because": "no sites registry is loaded",
    "supplied_by": "compliance (sites registry: site_type, provider_based_from)",
}
BLANK = {**NO_SITES, "because": "it is blank in the registry"}

HOSTILE = (
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 1">',
    "' onmouseover='window.hacked = 1",
    "</style></script><svg onload=window.hacked=1>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:window.hacked=1",
    "A\x00B\x1b[2J\x07\x9bC",
    "A\u202egnp.exe\u2028B",
    "[link](https://claims.test/)",
    "=HYPERLINK(\"https://claims.test/\")",
    "A&amp;B <b>bold</b>",
)  # fmt: skip


def violation(**changes: Any) -> Row:
    """DEP101 on line 1 of claim A1 of an 837, but for the changes."""
    finding: Row = {
        "rule": "DEP101",
        "name": "office-place-of-service-at-a-provider-based-department",
        "grain": "service_line",
        "outcome": "violation",
        "severity": "error",
        "consequence": "overpayment",
        "file": "july.837",
        "claim_id": "A1",
        "line_number": 1,
        "line_count": 1,
        "site_id": "NORTH",
        "payer": "MEDICARE",
        "service_date": "2026-08-12",
        "transaction": "0001",
        "segment": "CLM",
        "element": "CLM05-1",
        "byte_offset": 700,
        "row_number": None,
        "message": "POS 11 on 2026-08-12 at North Clinic, which is hospital outpatient space on that day.",
        "evidence": {"place_of_service_code": "11", "service_date": "2026-08-12", "site_name": "North Clinic"},
        "missing": [],
        "exposure_amount": None,
        "exposure": None,
        "expected_response": {"initial": "pays the non-facility rate"},
        "fix": {"place_of_service_code": "19"},
        "fix_safety": "review",
        "authority": ["42 CFR 413.65(g)(2), (g)(5)"],
        "basis": ["S15"],
        "law_versions": {},
        "payer_policy": None,
        **changes,
    }
    parts = (finding["rule"], finding["file"], finding["claim_id"], finding["line_number"], finding["site_id"])
    return {**finding, "fingerprint": hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}


def unknown(**changes: Any) -> Row:
    """DEP101 unknown on eight lines, for want of a registry, but for the changes."""
    blanks: Row = {"outcome": "unknown", "severity": "hold", "line_count": 8, "missing": [NO_SITES], "fix": {},
                   "site_id": None, "message": "Cannot tell whether this is wrong.", "fix_safety": None,
                   "expected_response": {}, "evidence": {"place_of_service_code": "11"}}  # fmt: skip
    return violation(**{**blanks, **changes})


def of_row(**changes: Any) -> Row:
    """DEP101 on a row of a CSV."""
    place: Row = {"file": "july.csv", "transaction": None, "segment": None, "byte_offset": None, "row_number": 4,
                  "element": "place_of_service_code"}  # fmt: skip
    return violation(**{**place, **changes})


def of_site(**changes: Any) -> Row:
    place: Row = {"rule": "DEP111", "name": "site-near-the-campus-boundary-without-a-survey", "grain": "site",
                  "severity": "info", "file": None, "claim_id": None, "line_number": None, "transaction": None,
                  "segment": None, "byte_offset": None, "element": "distance_yards", "fix": {}, "fix_safety": None,
                  "message": "North Clinic is 248 yards away.", "evidence": {"site_id": "NORTH"}}  # fmt: skip
    return violation(**{**place, **changes})


def of_run(**changes: Any) -> Row:
    place: Row = {"rule": "FMT115", "name": "code-set-not-compared-with-cms-for-a-year", "grain": "run",
                  "severity": "info", "site_id": None, "evidence": {"run_date": "2026-11-22"},
                  "message": "The code set was read 400 days ago.", "element": "run_date"}  # fmt: skip
    return of_site(**{**place, **changes})


def problem(**changes: Any) -> Row:
    return {
        "file": "july.csv",
        "severity": "warning",
        "problem": "leading-zero-lost",
        "message": "Row 4: '24B' is '2'.",
        "advice": "Format the column as text.",
        "byte_offset": None,
        "row_number": 4,
        "segment": None,
        "element": "24B",
        "claim_id": "A3",
        **changes,
    }


def report(*findings: Row, problems: tuple[Row, ...] = (), unjudged: int = 0) -> Report:
    """A report of these findings, with sums that agree and a file for each name in it."""
    rows = [*findings, *problems]
    names = list(dict.fromkeys(row["file"] for row in rows if row["file"])) or ["july.837"]
    files = [
        {"name": name, "kind": "csv" if name.endswith(".csv") else "837P", "bytes": 9000, "claims": 3, "lines": 4,
         "remittances": 0}
        for name in names
    ]  # fmt: skip
    by_severity = dict.fromkeys(("error", "hold", "warning", "info"), 0)
    by_rule: dict[str, int] = {}
    for one in findings:
        by_severity[one["severity"]] += one["line_count"]
        by_rule[one["rule"]] = by_rule.get(one["rule"], 0) + one["line_count"]
    summary = {
        "run_date": "2026-11-22",
        "files": len(files),
        "claims": 3 * len(files),
        "lines": 4 * len(files),
        "unjudged_claims": unjudged,
        "findings": len(findings),
        "lines_by_severity": by_severity,
        "lines_by_rule": by_rule,
        "intake_problems": {s: sum(p["severity"] == s for p in problems) for s in ("error", "warning", "info")},
    }
    return Report(files, list(problems), list(findings), summary)


def everything() -> Report:
    """A report of every grain and outcome, with intake problems."""
    return report(
        of_run(),
        of_site(),
        violation(exposure_amount="21.25"),
        violation(claim_id="A2", exposure_amount="-3.10"),
        violation(claim_id="A3", grain="claim", line_number=None, rule="FMT108", severity="warning",
                  name="office-and-facility-lines-at-one-location", site_id=None, fix={}, fix_safety=None),
        unknown(),
        unknown(rule="DEP102", name="non-hospital-place-of-service-at-a-provider-based-department", claim_id="A4",
                severity="warning"),
        unknown(site_id="SOUTH", missing=[BLANK], line_count=1, claim_id="A5"),
        of_row(),
        problems=(problem(), problem(severity="error", problem="cut-short", byte_offset=8000, row_number=None,
                                     file="july.837", segment="CLM", element=None)),
        unjudged=2,
    )  # fmt: skip


def hostile() -> Report:
    """Every text of a claim, a registry and a file that somebody else writes is one of `HOSTILE`."""
    findings, problems = [], []
    for number, text in enumerate(HOSTILE):
        evidence = {"site_name": text, "place_of_service_code": text, "service_date": text}
        missing = [{**NO_SITES, "because": text, "supplied_by": text, "meaning": text}]
        findings += [
            violation(claim_id=text, site_id=text, file=f"{text}.837", message=text, evidence=evidence,
                      element=text, fix={"place_of_service_code": text}, authority=[text], transaction=text,
                      expected_response={text: text}),
            unknown(claim_id=text, site_id=text, message=text, evidence=evidence, missing=missing),
            of_row(claim_id=text, row_number=number + 1, file=f"{text}.csv", rule="XYZ999", name="no-such-page"),
            of_site(site_id=text, message=text),
        ]  # fmt: skip
        problems.append(problem(file=f"{text}.csv", message=text, advice=text, claim_id=text, element=text))
    return report(*findings, problems=tuple(problems))


def many(count: int) -> Report:
    """A report with this many findings, at a few sites, of a few rules."""
    return report(*(
        violation(claim_id=f"A{number // 2}", line_number=number % 2 + 1, site_id=f"S{number % 40}")
        for number in range(count)
    ))  # fmt: skip
