"""Real claims of forty people, professional and institutional: what is said of stays and pairs, and why that is right.

The file is public and not ours: it is read where it lies, and the test skips where it does not. It says neither payer nor
programme; it comes from Medicare's own feed (CCLF), so the test adds the filing code, and nothing else.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

import scrubjay

CLAIMS = Path(__file__).parents[3] / "shared" / "corpus" / "tuva" / "medical_claim.csv"

# Claims about stays, by rule. None is a violation: no inpatient claim of this file gives the day of admission, and the
# statement of one begins well before it (the emergency visit that led to the stay is eleven days later).
STAYS = {
    "SET101": {
        # office visits on days that an inpatient claim holds; the patient came to the emergency room on 2018-05-18 only
        "615308": "2018-05-09, an injection in the knee: most likely before the admission, so nothing may be called wrong",
        "1053930": "2018-05-15, an office visit: the same",
        # one day is the whole statement of the inpatient claim
        "214226": "2018-04-24: the day on which the statement begins",
        "847519": "2018-04-24: the same patient and day",
    },
    "SET111": {
        # the emergency visit of 2018-05-18 and its X-rays: the day of the admission, by all that the other claims say
        **dict.fromkeys(("1513093", "153686", "347319", "600192", "645769"), "2018-05-18, before the bed was found"),
        # services at a hospital's outpatient code on days of a stay: 21 is due if the patient was in by then
        **dict.fromkeys(("1131383", "1259469", "1291521", "1518370", "384711"), "2018-05-21, of another patient"),
        **dict.fromkeys(("1545634", "1554236", "508612"), "2018-07-29, the first day of the statement"),
    },
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> scrubjay.Report:
    if not CLAIMS.is_file():
        pytest.skip("the public claims of Tuva are not beside the project (../shared/corpus/tuva)")
    folder = tmp_path_factory.mktemp("tuva")
    with CLAIMS.open(encoding="utf-8", newline="") as source, (folder / "claims.csv").open("w", newline="") as copy:
        rows = csv.DictReader(source)
        written = csv.DictWriter(copy, [*(rows.fieldnames or ()), "filing"])
        written.writeheader()
        for row in rows:
            row["filing"] = {"professional": "MB", "institutional": "MA"}[row["claim_type"]]
            written.writerow(row)
    (folder / "scrubjay.toml").write_text('[columns]\nfiling = "claim_filing_code"\n', encoding="utf-8")
    workspace = scrubjay.Workspace.open(folder)
    return scrubjay.check([folder / "claims.csv"], workspace=workspace, each=True, as_of=dt.date(2026, 3, 1))


@pytest.mark.parametrize("rule", STAYS)
def test_what_is_said_of_stays_is_unknown_and_only_of_these_claims(report: scrubjay.Report, rule: str) -> None:
    found = {(one["claim_id"], one["outcome"]) for one in report.findings if one["rule"] == rule}
    assert found == {(claim, "unknown") for claim in STAYS[rule]}


def test_no_pair_is_called_wrong_where_nobody_knows_the_places(report: scrubjay.Report) -> None:
    # Emergency visits and tests beside the hospital's claim of that day: no registry says where either was given, and the
    # two name NPIs alone. So each is a question, for information, and none a fault.
    pairs = [one for one in report.findings if one["rule"] == "PAR102"]
    assert {one["outcome"] for one in pairs} == {"unknown"}
    assert {fact["fact"] for one in pairs for fact in one["missing"]} == {"is_same_place", "is_same_service"}
    assert not [one for one in report.findings if one["rule"].startswith("PAR") and one["outcome"] == "violation"]


def test_an_office_visit_beside_a_claim_of_the_hospital_elsewhere_is_clear(report: scrubjay.Report) -> None:
    # Thirteen office lines have a hospital's outpatient claim beside them: blood tests, X-rays, scans, a mammogram on the
    # same day. Each was given at another place (another address or NPI), so the two are two services and none is a fault.
    # Where no claim of a hospital was given for that day the page has nothing to compare; DEP101 asks what the site is.
    found = Counter(one["rule"] for one in report.findings)
    assert found["PAR101"] == 0
    assert found["DEP101"] > 900
