"""Reports made up by hand: findings of every grain and outcome, without a check behind them."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from scrubjay.engine import Report, Row, exposed_lines, to_cents

NO_SITES = {
    "fact": "is_provider_based",
    "meaning": "the site is hospital outpatient space on the service date",
    "because": "no sites registry is loaded",
    "supplied_by": "compliance (sites registry: site_type, provider_based_from)",
}
BLANK = {**NO_SITES, "because": "it is blank in the registry"}
NO_FEES = "no physician fee schedule is loaded"
NO_ZIP_CODES = "no ZIP code file of 2026 is loaded"

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
        "held_until": None,
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


def moves(amount: str | None, because: str = NO_ZIP_CODES, national: str | None = None, hospital: bool = False) -> Row:
    """The keys of a finding that moves this amount, off an amount of $57.45; None for one that nobody knows.

    Its parts are those of Part B: 20 percent of the patient, and 2 percent less after sequestration; of a hospital's
    line they are not known.
    """
    blank = dict.fromkeys(("program_amount", "program_after_sequestration_amount", "beneficiary_amount"))
    exposure: Row = {"billed_amount": None, "correct_amount": None, "national_amount": national, **blank}
    if amount is None:
        return {"exposure_amount": None, "exposure": {**exposure, "owed_to": [], "because": because}}
    moved, correct = Decimal(amount), Decimal("57.45")
    program = to_cents(moved * 80 / 100)
    shares = {
        "program_amount": str(program),
        "program_after_sequestration_amount": str(to_cents(moved * 80 * 98 / 10_000)),
        "beneficiary_amount": str(moved - program),
    }
    owed_to = ["payer", "patient"] if moved > 0 else ["provider"] if moved < 0 else []
    amounts = {"billed_amount": str(correct + moved), "correct_amount": str(correct), **({} if hospital else shares)}
    return {"exposure_amount": amount, "exposure": {**exposure, **amounts, "owed_to": owed_to, "because": None}}


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


def of_pair(**changes: Any) -> Row:
    """PAR101: an office visit beside the hospital's clinic visit, but for the changes; those of ``evidence`` are laid over it."""
    evidence = {
        "place_of_service_code": "11", "procedure_code": "99213", "modifiers": "25", "service_date": "2026-08-12",
        "site_id": "NORTH", "site_name": "North Clinic", "billing_provider_npi": "1234567893", "has_facility_claim": True,
        "facility_claim_id": "H-7730", "facility_file": "hospital.837", "facility_sender": "General Hospital",
        "facility_type_of_bill_code": "131", "facility_procedure_codes": "36415 G0463-PO",
        "facility_revenue_codes": "0300 0510", "facility_modifiers": "PO", "facility_site_id": "NORTH",
        "facility_site_name": "North Clinic", "paired_place_of_service_codes": "19", "is_same_place": True,
        "is_same_service": True, "match_method": "member number",
    }  # fmt: skip
    pair: Row = {"rule": "PAR101", "name": "office-place-of-service-beside-a-facility-fee", "grain": "claim_pair",
                 "message": "POS 11 on 2026-08-12 for 99213, while General Hospital bills a facility fee."}  # fmt: skip
    return violation(**{**pair, **changes, "evidence": {**evidence, **changes.get("evidence", {})}})


def orphan(**changes: Any) -> Row:
    """PAR103: a line with POS 19, and no claim of the hospital, but for the changes."""
    evidence = {"place_of_service_code": "19", "procedure_code": "99215", "modifiers": "", "service_date": "2026-08-12",
                "days_since_service": 102, "site_id": "NORTH", "site_name": "North Clinic",
                "billing_provider_npi": "1234567893", "has_facility_claim": False}  # fmt: skip
    pair: Row = {"rule": "PAR103", "name": "hospital-place-of-service-without-a-hospital-claim", "grain": "claim_pair",
                 "severity": "warning", "message": "POS 19, and after 102 days no claim of the hospital.",
                 "fix": {}, "fix_safety": None}  # fmt: skip
    return violation(**{**pair, **changes, "evidence": {**evidence, **changes.get("evidence", {})}})


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
         "remittances": 0, "is_kept": False}
        for name in names
    ]  # fmt: skip
    by_severity = dict.fromkeys(("error", "hold", "warning", "info"), 0)
    by_rule: dict[str, int] = {}
    for one in findings:
        by_severity[one["severity"]] += one["line_count"]
        by_rule[one["rule"]] = by_rule.get(one["rule"], 0) + one["line_count"]
    amounts = [Decimal(one["exposure_amount"]) for one in exposed_lines(findings)]
    summary = {
        "run_date": "2026-11-22",
        "files": len(files),
        "kept_files": 0,
        "claims": 3 * len(files),
        "lines": 4 * len(files),
        "unjudged_claims": unjudged,
        "findings": len(findings),
        "lines_by_severity": by_severity,
        "lines_by_rule": by_rule,
        "exposure": {
            "overpaid_amount": str(sum((one for one in amounts if one > 0), Decimal("0.00"))),
            "underpaid_amount": str(sum((-one for one in amounts if one < 0), Decimal("0.00"))),
            "lines": len(amounts),
            "findings_without_amount": sum(bool(f["exposure"]) and f["exposure_amount"] is None for f in findings),
        },
        "intake_problems": {s: sum(p["severity"] == s for p in problems) for s in ("error", "warning", "info")},
    }
    return Report(files, list(problems), list(findings), summary)


def everything() -> Report:
    """A report of every grain and outcome, with intake problems."""
    return report(
        of_run(),
        of_site(),
        violation(**moves("21.25")),
        violation(claim_id="A2", **moves("-3.10")),
        violation(claim_id="A3", grain="claim", line_number=None, rule="FMT108", severity="warning",
                  name="office-and-facility-lines-at-one-location", site_id=None, fix={}, fix_safety=None),
        unknown(),
        unknown(rule="DEP102", name="non-hospital-place-of-service-at-a-provider-based-department", claim_id="A4",
                severity="warning"),
        unknown(site_id="SOUTH", missing=[BLANK], line_count=1, claim_id="A5"),
        of_row(**moves(None, national="37.74")),
        problems=(problem(), problem(severity="error", problem="cut-short", byte_offset=8000, row_number=None,
                                     file="july.837", segment="CLM", element=None)),
        unjudged=2,
    )  # fmt: skip


def costly() -> Report:
    """A report about money: several sites, payers and months, two findings on one line, and amounts nobody knows."""
    sites = {"NORTH": "North Clinic", "SOUTH": "South Clinic", "EAST": "East Infusion Center", "WEST": "West Imaging"}
    payers, findings = ("MEDICARE", "MEDICARE ADVANTAGE OF THE VALLEY", None), []
    for number in range(48):
        site = list(sites)[number % 7 % 4]
        place: Row = {"claim_id": f"C{number:03}", "site_id": site, "payer": payers[number % 5 % 3],
                      "service_date": f"2026-{number % 4 + 5:02}-{number % 28 + 1:02}",
                      "evidence": {"place_of_service_code": "11", "site_name": sites[site]}}  # fmt: skip
        findings.append(violation(**place, **moves(f"{21 + number * 7}.{number:02}")))
        if number % 6 == 0:  # a second finding about the same money
            name = "office-place-of-service-for-a-registered-outpatient"
            findings.append(violation(**{**place, **moves("19.00"), "rule": "SET102", "name": name}))
    hospital: Row = {"grain": "institutional_line", "rule": "DEP113", "name": "missing-department-modifier-off-campus"}
    findings += [violation(claim_id=f"H{one}", **hospital, **moves("81.61", hospital=True)) for one in range(3)]
    findings += [violation(claim_id=f"U{one}", rule="DEP104", **moves("-37.74"), site_id="WEST",
                           name="hospital-outpatient-place-of-service-outside-hospital-space") for one in range(3)]  # fmt: skip
    findings += [violation(claim_id=f"Z{one}", **moves(None, national="37.74")) for one in range(3)]
    findings.append(violation(claim_id="Z9", site_id=None, **moves(None, because="the line has no number of units")))
    return report(*findings, unknown())


NO_CLAIMS = {"fact": "has_facility_claim", "meaning": "a facility's claim of the patient and day was given",
             "because": "no claims of that hospital were given for that day", "supplied_by": "the hospital"}  # fmt: skip
OTHER_SERVICE = {"fact": "is_same_service", "meaning": "both claims are about one service",
                 "because": "the two claims carry other procedures", "supplied_by": "the clinical record"}  # fmt: skip
OF_A_CLAIM = (  # what somebody else writes in the evidence of a pair
    "procedure_code", "modifiers", "site_name", "facility_claim_id", "facility_file", "facility_sender",
    "facility_type_of_bill_code", "facility_procedure_codes", "facility_revenue_codes", "facility_modifiers",
    "facility_site_name",
)  # fmt: skip
_NO_CLAIM = {"facility_claim_id": "", "facility_file": "", "facility_sender": "", "facility_type_of_bill_code": "",
             "facility_procedure_codes": "", "facility_revenue_codes": "", "facility_modifiers": "",
             "facility_site_id": None, "facility_site_name": None, "is_same_place": None, "is_same_service": None,
             "match_method": "", "has_facility_claim": None}  # fmt: skip


def pairs() -> Report:
    """A report about pairs: two claims that do not fit, none given, none known, and one of which it cannot be told."""
    not_told: Row = {"outcome": "unknown", "severity": "warning", "fix": {}, "fix_safety": None}
    return report(
        of_pair(),
        orphan(claim_id="A2"),
        of_pair(claim_id="A3", **not_told, missing=[NO_CLAIMS], evidence=_NO_CLAIM),
        of_pair(claim_id="A4", **not_told, missing=[OTHER_SERVICE], evidence={"is_same_service": None}),
        violation(claim_id="A5"),
    )


def hostile() -> Report:
    """Every text of a claim, a registry and a file that somebody else writes is one of `HOSTILE`."""
    findings, problems = [], []
    for number, text in enumerate(HOSTILE):
        evidence = {"site_name": text, "place_of_service_code": text, "service_date": text}
        missing = [{**NO_SITES, "because": text, "supplied_by": text, "meaning": text}]
        findings += [
            violation(claim_id=text, site_id=text, file=f"{text}.837", message=text, evidence=evidence,
                      element=text, fix={"place_of_service_code": text}, authority=[text], transaction=text,
                      expected_response={text: text}, payer=text, **moves("5.00")),
            unknown(claim_id=text, site_id=text, message=text, evidence=evidence, missing=missing),
            of_row(claim_id=text, row_number=number + 1, file=f"{text}.csv", rule="XYZ999", name="no-such-page"),
            of_site(site_id=text, message=text),
            of_pair(claim_id=text, file=f"{text}.837", evidence=dict.fromkeys(OF_A_CLAIM, text)),
            orphan(claim_id=text, site_id=text, evidence={"procedure_code": text}),
            violation(claim_id=f"{text}2", payer=text, site_id=text, **moves(None, because=text)),
        ]  # fmt: skip
        problems.append(problem(file=f"{text}.csv", message=text, advice=text, claim_id=text, element=text))
    return report(*findings, problems=tuple(problems))


def many(count: int) -> Report:
    """A report with this many findings, at a few sites, of a few rules."""
    return report(*(
        violation(claim_id=f"A{number // 2}", line_number=number % 2 + 1, site_id=f"S{number % 40}")
        for number in range(count)
    ))  # fmt: skip
