"""Runs cases through the real pipeline: writes their inputs, reads them once, compares what is said.

A case becomes a folder: an 837 file (or a CSV of claims where only a CSV can say it: ``paper``,
``processed``) and a workspace with sites.csv, providers.csv, payers.csv, encounters.csv and, for
``policy``, a policy of its own. An ``encounter`` is run as the claim of an ordinary visit there. States
come from what `scrubjay.explain` says, fixes, responses and exposure from the findings of `scrubjay.check`. A
``pattern`` becomes so many claims of one line, and is asked about the site where they were given.
"""

from __future__ import annotations

import atexit
import csv
import datetime as dt
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

import scrubjay
from bench.generate import npi as make_npi
from scrubjay.explanation import explain_run
from scrubjay.reference.fees import import_fees
from scrubjay.rule import select_rules
from scrubjay.tables import SITE_GRAINS
from scrubjay.workspace import FeeSettings
from synthetic import fee_files
from tests.formats.x12_text import INSTITUTIONAL, LINE_BY_LINE, PROFESSIONAL, file_of
from tests.reference.fee_examples import EXAMPLES, pprrvu_rows_of_examples
from tests.vectors import Case, CaseError

Row = dict[str, str]
Status = Literal["pass", "fail", "not covered"]


@dataclass(frozen=True, slots=True)
class Neutral:
    """What the adapter writes for something that is not at issue, so that it does not decide."""

    column: str
    when: str
    value: str
    because: str


NEUTRAL = (
    Neutral(
        "sites.is_separately_maintained",
        "freestanding_office",
        "true",
        "a case that calls a place a freestanding office does not ask whether its rooms are shared with a hospital",
    ),
    Neutral(
        "sites.provider_based_from",
        "provider_based_department",
        "2000-01-01",
        "a case that calls a place a department and gives no first day does not ask since when",
    ),
    Neutral(
        "sites.distance_method",
        "a distance is given",
        "straight_line",
        "a distance without a method is one as 42 CFR 413.65 measures it",
    ),
    *(
        Neutral(
            f"sites.{column}",
            "provider_based_department",
            "none",
            "a case that says nothing of certificates, moves and sales does not ask whether there was one",
        )
        for column in (
            "mid_build_certification_date",
            "cancer_hospital_attestation_date",
            "relocated_date",
            "ownership_changed_date",
        )
    ),
    Neutral(
        "sites.is_dedicated_emergency_department",
        "provider_based_department",
        "false",
        "a case that does not speak of an emergency department is about another one",
    ),
    *(
        Neutral(
            "sites.enrolled_location_type",
            kind,
            kind,
            "a case that calls a place so does not ask whether the 855A says the same",
        )
        for kind in ("main_campus", "provider_based_department", "remote_location")
    ),
    *(
        Neutral(
            "sites.hospital_type",
            kind,
            "ipps",
            "a case that does not say how the hospital is paid is about an ordinary one",
        )
        for kind in ("main_campus", "provider_based_department", "remote_location")
    ),
    Neutral(
        "claims.claim_form",
        "a CSV is written",
        "electronic",
        "a case that does not say 'paper' is an electronic claim, whatever the file it is written to",
    ),
    Neutral(
        "claims.transaction_date",
        "always",
        "the service date",
        "the making of the file (BHT04) puts a lower bound on the receipt date; the service date does so anyway",
    ),
    Neutral(
        "providers.provider_type",
        "rendering is absent",
        "MD",
        "a case that does not say who bills is about a physician",
    ),
    Neutral(
        "2010AA",
        "always",
        "an address and an NPI in no registry",
        "the billing provider is nobody's site unless the case says so (billing_address_same)",
    ),
    Neutral(
        "professional_lines.place_of_service_code",
        "clm05_1 is absent",
        "CLM05-1 says the first line's code, SV105 only what differs",
        "how the codes are spread over claim and lines is then not at issue, and this is how X12 wants it",
    ),
)
_NEUTRAL = {(one.column.partition(".")[2], one.when): one.value for one in NEUTRAL}

PAYERS: dict[str, tuple[str, str, str]] = {  # programme in payers.csv ('' = no row), state, and policy
    "MEDICARE_FFS": ("", "", ""),  # SBR09 says it
    "MA_PLAN_X": ("medicare_advantage", "", ""),
    "MEDICAID_XX": ("medicaid", "", ""),
    "HORIZON_NJ": ("commercial", "NJ", "horizon_bcbsnj"),
    "COMMERCIAL_X": ("commercial", "", ""),
    "ANTHEM_CA_COMMERCIAL": ("commercial", "CA", "anthem_blue_cross_ca_commercial"),
    "CA_WC_OMFS": ("workers_compensation", "CA", "ca_workers_compensation"),
    "PAYER_ZZ": ("", "", ""),
}
OWN_POLICY = "of_the_case"  # what ``policy`` becomes: it goes before every policy that ships with Scrubjay


# --- what is compared -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case expects of one rule, and what was got; the state first, then the severity."""

    rule: str
    expected: str
    got: str
    status: Status


@dataclass(frozen=True, slots=True)
class Comparison:
    """Anything else that was compared: verdict, correct.pos, response.277CA, money.exposure_usd …"""

    what: str
    expected: str
    got: str
    status: Status


@dataclass(slots=True)
class Result:
    """What became of one case."""

    id: str
    group: str
    expectations: list[Expectation] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    not_covered: list[str] = field(default_factory=list)  # the rules without a page, the keys without a table

    @property
    def failures(self) -> list[str]:
        told = [(one.rule, one) for one in self.expectations] + [(one.what, one) for one in self.comparisons]
        return [f"{what}: expected {one.expected}, got {one.got}" for what, one in told if one.status == "fail"]

    @property
    def status(self) -> str:
        return "fail" if self.failures else "not covered yet" if self.not_covered else "pass"

    @property
    def reasons(self) -> list[str]:
        return self.failures + self.not_covered


def run_case(case: Case) -> Result:
    """One case in a folder of its own. Raises CaseError when its inputs cannot be written."""
    result = Result(case.id, case.group)
    claim_type = case.facts["claim_type"]
    findings = case.expect.get("findings", [])
    rules = scrubjay.load_rules()
    pages = {one["rule"]: [rule for rule in rules.values() if one["rule"] in rule.basis] for one in findings}
    result.not_covered += [f"no page for {rule}" for rule, found in pages.items() if not found]
    if claim_type not in ("837P", "837I", "encounter", "fee_check", "pattern"):
        result.not_covered.append(f"claim_type {claim_type}")
        result.expectations += [Expectation(one["rule"], _expected(one), "", "not covered") for one in findings]
        result.comparisons += [Comparison(f"money.{k}", str(v), "", "not covered") for k, v in _money(case).items()]
        return result
    with tempfile.TemporaryDirectory(prefix="scrubjay-case-") as folder:
        inputs = _write(case, Path(folder))
        try:
            workspace = scrubjay.Workspace.open(inputs.workspace)
            if _money(case) or not _ABOUT_MONEY.isdisjoint(pages):  # the others would only take longer
                workspace = _with_fees(workspace, case.facts)
            as_of = inputs.as_of or scrubjay.engine.today()
            run = scrubjay.engine.prepare(
                inputs.files, workspace=workspace, received=inputs.received, as_of=as_of, wanted=select_rules
            )
            report = scrubjay.engine.report_of(run, each=True, run_date=as_of)
            lines = _lines_of(run, inputs) if _money(case) else []
            asked = sorted({page.code for found in pages.values() for page in found})
            said = explain_run(run, [run.pages[code] for code in asked], claim=inputs.claim_ids[0]) if asked else []
        except scrubjay.ScrubjayError as error:
            raise CaseError(f"{case.id}: {error}") from error
    for problem in report.intake_problems:
        if problem["severity"] == "error":
            result.comparisons.append(Comparison("intake", "no error", problem["message"], "fail"))

    got: list[tuple[str, str]] = []
    for one in findings:
        rows = [row for row in said if row.rule in {page.code for page in pages[one["rule"]]}]
        if not rows:
            result.expectations.append(Expectation(one["rule"], _expected(one), "", "not covered"))
            if pages[one["rule"]]:
                result.not_covered.append(f"no page for {one['rule']} looks at an {claim_type}")
            continue
        state, severity = combine(rows)
        got.append((state, severity))
        result.expectations.append(
            Expectation(one["rule"], _expected(one), _shown(state, severity), _fits(one, state, severity))
        )
    mine = [finding for finding in report.findings if finding["claim_id"] in inputs.claim_ids]
    if claim_type == "pattern":  # it asks of the lines together; each of them has its own findings
        mine = [finding for finding in report.findings if finding["grain"] in SITE_GRAINS]
    listed = [finding for finding in mine if not pages.keys().isdisjoint(finding["basis"])]
    violations = [finding for finding in listed if finding["outcome"] == "violation"]
    if case.expect.get("verdict") != "FAIL":
        result.comparisons += _strays([finding for finding in mine if finding not in listed])
    result.not_covered += inputs.without_table
    if not any("no page" in one for one in result.not_covered):
        if "verdict" in case.expect:
            result.comparisons.append(_compare("verdict", case.expect["verdict"], verdict(got, list(pages))))
        result.comparisons += _compare_correct(case.expect.get("correct", {}), violations, lines)
        result.comparisons += _compare_response(case.expect.get("response", {}), violations)
        result.comparisons += _compare_money(_money(case), violations, lines)
    else:
        result.comparisons += [Comparison(f"money.{k}", str(v), "", "not covered") for k, v in _money(case).items()]
    left = [one.what for one in result.comparisons if one.status == "not covered"]
    result.not_covered += dict.fromkeys("money" if what.startswith("money.") else what for what in left)
    return result


def _money(case: Case) -> dict[str, Any]:
    money: dict[str, Any] = case.expect.get("money", {})
    return money


def _compare(what: str, expected: str, got: str) -> Comparison:
    return Comparison(what, expected, got, "pass" if expected == got else "fail")


# --- states, severities and the verdict --------------------------------------------------------------

_STATES = {"violation": "FAIL", "unknown": "UNKNOWN", "clear": "PASS", "out_of_scope": "NA"}
_WEIGHT = {"info": 0, "warning": 1, "hold": 2, "error": 3, "critical": 4}


def combine(rows: Sequence[scrubjay.Explanation]) -> tuple[str, str]:
    """The state of a dossier id from all its pages and lines, and the highest severity in that state."""
    found = [_STATES[row.outcome] for row in rows]
    state = next(state for state in ("FAIL", "UNKNOWN", "PASS", "NA") if state in found)
    severities = [row.severity or "" for row, one in zip(rows, found, strict=True) if one == state]
    return state, max(severities, key=lambda severity: _WEIGHT.get(severity, -1))


def severity_class(state: str, severity: str) -> str:
    """The class severities are compared by: critical is error, hold on an UNKNOWN is warning."""
    if state not in ("FAIL", "UNKNOWN"):
        return ""
    return {"critical": "error", "hold": "warning" if state == "UNKNOWN" else "hold"}.get(severity, severity)


def verdict(got: Iterable[tuple[str, str]], rules: Sequence[str]) -> str:
    """The verdict of a claim from what the listed rules said: the first that fits."""
    classes = {(state, severity_class(state, severity)) for state, severity in got}
    if ("FAIL", "error") in classes:
        return "FAIL"
    if ("UNKNOWN", "warning") in classes:
        return "UNKNOWN"
    if ("FAIL", "warning") in classes:
        return "WARN"
    if ("FAIL", "info") in classes or ("UNKNOWN", "info") in classes or list(rules) == ["S55"]:
        return "INFO"
    return "PASS"


def _fits(expected: dict[str, Any], state: str, severity: str) -> Status:
    wanted = severity_class(expected["state"], expected.get("severity", ""))
    is_right = state == expected["state"] and wanted in ("", severity_class(state, severity))
    return "pass" if is_right else "fail"


def _shown(state: str, severity: str | None) -> str:
    return f"{state} {severity}" if severity and state in ("FAIL", "UNKNOWN") else state


def _expected(finding: dict[str, Any]) -> str:
    return _shown(finding["state"], finding.get("severity"))


def _strays(findings: list[dict[str, Any]]) -> list[Comparison]:
    """Errors of rules that are not listed, in a case whose verdict is not FAIL."""
    wrong = [one for one in findings if one["outcome"] == "violation" and one["severity"] in ("error", "critical")]
    return [
        Comparison("other rules", "no FAIL of severity error", f"{one['rule']} ({one['message']})", "fail")
        for one in wrong
    ]


# --- corrections, responses, money --------------------------------------------------------------------


def _compare_correct(
    expected: dict[str, Any], violations: list[dict[str, Any]], lines: list[dict[str, Any]]
) -> list[Comparison]:
    """The fixes of the violations against ``correct``."""
    found: list[Comparison] = []
    for key, value in expected.items():
        if key in ("pos", "pos_in"):
            fixes = [one["fix"].get("place_of_service_code") for one in violations]
            named = [set(re.findall(r"\d\d", fix)) for fix in fixes if fix]
            if key == "pos":  # '19 or 22' leaves room for the page that knows which
                got = set.intersection(*named) if named else set()
                is_right = got == {value}
            else:
                got = set().union(*named)
                is_right = bool(got) and got <= set(value)
            wanted = value if key == "pos" else " or ".join(value)
            found.append(Comparison(f"correct.{key}", wanted, _or_nothing(got), "pass" if is_right else "fail"))
        elif key == "mods":
            sets = [
                set(one["fix"]["modifiers"].split()) for one in violations if one["fix"].get("modifiers") is not None
            ]
            is_right = bool(sets) and all(one == set(value) for one in sets)
            got_text = "; ".join(_or_nothing(one) for one in sets) or "no fix"
            found.append(Comparison("correct.mods", _or_nothing(value), got_text, "pass" if is_right else "fail"))
        elif key == "facility_modifier":
            changes = [one["fix"] for one in violations if "department_modifier" in one["fix"]]
            words = {None: "not known", "": "none"}
            modifiers = {words.get(fix["department_modifier"], fix["department_modifier"]) for fix in changes}
            found.append(_compare("correct.facility_modifier", value, _or_nothing(modifiers)))
        elif key == "scope":
            scopes = {
                one["evidence"]["correction_scope"] for one in violations if "correction_scope" in one["evidence"]
            }
            found.append(_compare("correct.scope", value, _or_nothing(scopes)))
        elif key in _CORRECTED:
            column, wanted = _CORRECTED[key][0], _CORRECTED[key][1].get(value, value)
            changed = {one["fix"][column] or "not known" for one in violations if column in one["fix"]}
            found.append(_compare(f"correct.{key}", wanted, _or_nothing(changed)))
        elif key in ("rate", "pay"):
            found.append(_compare(f"correct.{key}", value, _paid_once_corrected(violations, lines)[key]))
        else:
            found.append(Comparison(f"correct.{key}", str(value), "", "not covered"))
    return found


def _paid_once_corrected(violations: list[dict[str, Any]], lines: list[dict[str, Any]]) -> dict[str, str]:
    """What is paid once a violation is corrected: the facility amount (rate F); of a test that is the professional component."""
    due = {one["exposure"]["correct_amount"] for one in violations if one["exposure"]}
    is_facility = bool(lines) and due == {str(lines[0]["facility_amount"])}
    # with PD Medicare pays the component of a test that is not the hospital's
    is_test = bool(lines) and lines[0]["component_indicator"] in ("1", "4")
    has_pd = bool(violations) and all("PD" in (one["fix"].get("modifiers") or "").split() for one in violations)
    return {"rate": "F" if is_facility else "other", "pay": "PC only" if is_test and has_pd else "other"}


_CORRECTED: dict[str, tuple[str, dict[str, str]]] = {  # the key of a fix, and its word where it is another
    "hcpcs": ("procedure_code", {}),
    "rendering": ("rendering_provider_type", {}),
    "action": ("action", {"hospital bills; drop line": "drop_line"}),
}


def _or_nothing(words: Iterable[str]) -> str:
    return " ".join(sorted(words)) or "nothing"


def named_codes(text: str) -> set[str]:
    """The codes and days a response names.

    >>> sorted(named_codes("277CA A7/A8:453 or CO-4 / CO-16 N519; varies"))
    ['A7:453', 'A8:453', 'CO-16', 'CO-4', 'N519']
    >>> sorted(named_codes("CO-58 or 96 with N428")), sorted(named_codes("overpayment demand; 60-day duty once known"))
    (['CO-58', 'CO-96', 'N428'], ['60 days'])
    """
    found = {
        f"{category}:{status}"
        for categories, status in re.findall(r"\b(A\d(?:/A\d)*):(\d+)", text)
        for category in categories.split("/")
    }
    for group, first, more in re.findall(r"\b(CO|PR|OA|PI)-(\d+)((?: or \d+)*)", text):
        found |= {f"{group}-{number}" for number in (first, *re.findall(r"\d+", more))}
    found |= set(re.findall(r"\b(?:MA?|N)\d{1,4}\b|\b3\d{4}\b|\bRTP\b", text))
    return found | {f"{days} days" for days in re.findall(r"\b(\d+)[- ]days?\b", text)}


def _compare_response(expected: dict[str, Any], violations: list[dict[str, Any]]) -> list[Comparison]:
    """The codes and days that ``response`` names, looked for in the findings' expected responses.

    A response that names neither must stand there word for word, under the same key.
    """
    found = []
    for key, text in expected.items():
        named = named_codes(text)
        is_coded = key in ("277CA", "835", "FISS")
        said = [
            words
            for one in violations
            for name, words in one["expected_response"].items()
            if name == key or (named and not is_coded)
        ]
        got = named_codes(" ; ".join(said))
        is_right = named <= got if named else text in said
        status: Status = "pass" if is_right else "fail" if named and said and is_coded else "not covered"
        found.append(Comparison(f"response.{key}", text, " ; ".join(said), status))
    return found


def _compare_money(
    expected: dict[str, Any], violations: list[dict[str, Any]], lines: list[dict[str, Any]]
) -> list[Comparison]:
    """Every amount against the findings that carry one, and against the facts of the lines."""
    largest = scrubjay.engine.exposed_lines(violations)
    found = []
    for key, value in expected.items():
        got = _money_of(key, largest, [one for one in violations if one["exposure"]], lines)
        if got is _NOWHERE:
            found.append(Comparison(f"money.{key}", str(value), "", "not covered"))
        else:
            is_right = got == value or (got is not None and value is not None and str(got) == str(value))
            found.append(Comparison(f"money.{key}", str(value), str(got), "pass" if is_right else "fail"))
    return found


_NOWHERE = object()


def _money_of(
    key: str, largest: list[dict[str, Any]], moving: list[dict[str, Any]], lines: list[dict[str, Any]]
) -> Any:
    """One amount: of the findings where they say it, else of the facts of the first line."""

    def total(name: str) -> Decimal:
        amounts = [one["exposure_amount"] if name == "exposure_amount" else one["exposure"][name] for one in largest]
        return sum((Decimal(amount) for amount in amounts), Decimal("0.00"))

    line = lines[0] if lines else {}
    sides = {"billed_usd": "billed_amount", "payable_usd": "correct_amount"}
    if key in ("exposure_usd", "underpayment_usd"):
        return total("exposure_amount") * (1 if key == "exposure_usd" else -1) if largest else _NOWHERE
    if key in _SHARES:
        return total(_SHARES[key]) if largest else _NOWHERE
    if key == "at_risk_usd":
        return total("exposure_amount") if largest else _NOWHERE
    if key in sides:
        return _decimal(moving[0]["exposure"][sides[key]]) if moving else _NOWHERE
    if key == "paid_basis_usd" and moving:
        return _decimal(moving[0]["exposure"]["correct_amount"])
    if key in ("min_usd", "max_usd"):
        differences = [one["nonfacility_amount"] - one["facility_amount"] for one in lines]
        return min(differences) if key == "min_usd" else max(differences)
    if key == "naive_nf_minus_f_usd":
        return line["printed_difference"]
    if key == "rate":
        is_facility = line["is_facility_rate"] or line["has_modifier_pd"]
        return {True: "F", False: "NF", None: None}[is_facility]
    if key == "relativity":
        return line["outpatient_percent"] / 100
    return line[_OF_LINE[key]] if _OF_LINE.get(key) in line else _NOWHERE


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


_SHARES = {
    "program_80_usd": "program_amount",
    "program_after_2pct_usd": "program_after_sequestration_amount",
    "beneficiary_20_usd": "beneficiary_amount",
}
_OF_LINE = {
    "allowed_usd": "allowed_amount",
    "usd": "allowed_amount",
    "nf_usd": "nonfacility_amount",
    "f_usd": "facility_amount",
    "npp_usd": "performer_amount",
    "opps_usd": "outpatient_rate_amount",
    "paid_basis_usd": "outpatient_amount",
}


def _lines_of(run: scrubjay.engine.Run, inputs: Inputs) -> list[dict[str, Any]]:
    """The facts about money of the lines of the first claim."""
    rows: list[dict[str, Any]] = []
    for table, more in (
        (
            "service_line_facts",
            "LEFT JOIN (SELECT row_id, printed_nonfacility_price - printed_facility_price AS printed_difference "
            "FROM line_prices) USING (row_id)",
        ),
        ("institutional_line_facts", ""),
    ):
        query = f"SELECT * FROM {table} {more} WHERE claim_id = ? ORDER BY row_id"
        run.connection.execute("CREATE OR REPLACE TEMP TABLE money AS " + query, [inputs.claim_ids[0]])
        rows += run.connection.sql("FROM money ORDER BY row_id").to_arrow_table().to_pylist()
    return rows


# --- the fee files of all cases -------------------------------------------------------------------------

NATIONAL = "00000-00"
_ABOUT_MONEY = {"S02", "S35", "P19", "P20"}  # ids that nothing can be said of without fee files
_OUTPATIENT_RATES = {  # national unadjusted, April 2026; rule dossier S35
    "96413": "337.46", "96365": "217.31", "96374": "217.31", "96372": "73.56", "96415": "73.56", "96361": "47.84",
    "96375": "47.84", "G0463": "136.02", "20610": "313.60",
}  # fmt: skip


@cache
def fees_folder(locality: str = NATIONAL, indices: tuple[str, str, str] = ("1", "1", "1")) -> Path | None:
    """The fee files of the dossier, imported once: relative values, indices of one locality, outpatient rates."""
    if not EXAMPLES.is_file():
        return None
    root = Path(tempfile.mkdtemp(prefix="scrubjay-fees-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    (root / "scrubjay.toml").write_text("", encoding="utf-8")
    contractor, _, area = locality.partition("-")
    index = dict(zip(("work_gpci", "pe_gpci", "malpractice_gpci"), map(Decimal, indices), strict=True))
    place = {"contractor": contractor, "locality": area, "state": "CA", "locality_name": "OF THE CASE", **index}
    of_2025, of_2026 = (pprrvu_rows_of_examples(year) for year in (2025, 2026))
    qualifying = [row | {"conversion_factor": Decimal("33.5675")} for row in of_2026]
    rates = [
        {"procedure_code": code, "status_indicator": "S", "apc_code": "5691", "payment_amount": Decimal(rate)}
        for code, rate in _OUTPATIENT_RATES.items()
    ]
    files = {
        "PPRRVU2025_Oct.csv": fee_files.pprrvu_csv(of_2025, 2025, "October", None),
        "PPRRVU2026_Jul_nonQPP.csv": fee_files.pprrvu_csv(of_2026, 2026, "July", False),
        "PPRRVU2026_Jul_QPP.csv": fee_files.pprrvu_csv(qualifying, 2026, "July", True),
        "GPCI2025.csv": fee_files.gpci_csv([place], 2025),
        "GPCI2026.csv": fee_files.gpci_csv([place], 2026),
        "addendum_b_2026_April.csv": fee_files.addendum_b_csv(rates, 2026, "April"),
    }
    for name, content in files.items():
        (root / name).write_bytes(content)
    import_fees([root / name for name in files], root)
    return root / "fees"


def _with_fees(workspace: scrubjay.Workspace, facts: dict[str, Any]) -> scrubjay.Workspace:
    """The workspace of a case with fee files and its locality: the nation, unless the case names another."""
    locality = facts.get("locality") or NATIONAL
    one, two, three = (str(number) for number in facts.get("gpci") or (1, 1, 1))
    contractor, _, area = locality.partition("-")
    settings = FeeSettings(contractor, area, is_qualifying_participant=False)
    return replace(workspace, own_fees=fees_folder(locality, (one, two, three)), fee_settings=settings)


# --- inputs: the folder of a case ---------------------------------------------------------------------

_MEMBER, _OTHER_MEMBER = "1EG4TE5MK73", "1EG4TE5MK74"


_BILLING_NPI, _RENDERING_NPI, _HOSPITAL_NPI = (make_npi(99000000 + n) for n in (1, 2, 3))


@dataclass(frozen=True, slots=True)
class Place:
    """An address as a claim sends it: N301, N302, city, state, ZIP; and an NPI."""

    address: tuple[str, str, str, str, str] = ("", "", "", "", "")
    npi: str = ""


@dataclass(slots=True)
class Inputs:
    """The files of a case and how `check` is to be called."""

    files: list[Path]
    workspace: Path
    claim_ids: list[str]
    received: dt.date | None
    as_of: dt.date | None
    without_table: list[str]


@dataclass(slots=True)
class Line:
    """A service line as it is sent."""

    procedure: str
    modifiers: list[str]
    units: str
    pos: str = ""
    revenue: str = ""
    facility: Place | None = None


@dataclass(slots=True)
class Claim:
    """A claim as it is sent."""

    id: str
    is_institutional: bool
    payer: str
    date: str  # YYYY-MM-DD, '' = not known
    place_code: str  # CLM05-1
    frequency: str
    lines: list[Line]
    billing: Place
    facility: Place | None = None
    member: str = _MEMBER
    rendering_npi: str = ""
    original_reference: str = ""
    diagnosis: str = ""
    statement_from: str = ""
    form: str = "electronic"
    paid_date: str = ""


def _write(case: Case, folder: Path) -> Inputs:
    """The input files of a case."""
    facts = case.facts
    sites = _Sites(case)
    claim = _claim(case, sites)
    count = int(facts["identical_claims"]) if facts.get("identical_claims") is not None else 1
    claims = _pattern(case, claim) if facts["claim_type"] == "pattern" else [claim]
    if count != 1:
        claims = [replace(claim, id=f"{case.id}-{number:04d}") for number in range(1, count + 1)]
    without_table = list(case.without_table)
    if facts.get("processed") is not None or ("paper" in facts and facts["paper"] is not False):
        files = [_write_csv(claims, folder / "claims.csv")]
    else:
        files = [_write_837(claims, folder / "claims.837")]
    if isinstance(facts.get("institutional"), dict):
        files.append(_write_837([_facility_claim(case, sites)], folder / "institutional.837"))
    if ("hospital" in facts or "ptan" in facts) and not sites.has_hospital:
        without_table += [f"facts.{key} (no site)" for key in ("hospital", "ptan") if key in facts]

    workspace = folder / "workspace"
    workspace.mkdir()
    (workspace / "scrubjay.toml").write_text("", encoding="utf-8")
    _write_rows(workspace / "sites.csv", sites.rows)
    _write_rows(workspace / "providers.csv", _providers(case, claim))
    _write_payer(workspace, facts)
    _write_rows(workspace / "encounters.csv", [row for one in claims for row in _encounters(case, one.id, sites)])
    return Inputs(
        files,
        workspace,
        [one.id for one in claims],
        _day(facts.get("received")),
        _day(facts.get("today") or facts.get("submit_on")),
        without_table,
    )


def _write_payer(workspace: Path, facts: dict[str, Any]) -> None:
    """The row of the payer in payers.csv, and the policy of the case."""
    program, state, policy = PAYERS[facts["payer"]]
    places: dict[str, str] = (facts.get("policy") or {}).get("pos_map") or {}
    if program or places:
        row = {"payer_id": facts["payer"], "payer_name": facts["payer"], "payer_program": program, "state": state}
        _write_rows(workspace / "payers.csv", [row | {"product": OWN_POLICY if places else "", "policy": policy}])
    if places:
        topic = {
            "topic": "place_of_service",
            "use": places,
            "takes": sorted(set(places.values()) - places.keys()),
            "retrieved": "2000-01-01",
            "source": "the case",
            "confidence": "law",  # what a case says is never too old
        }
        matches = {"product": OWN_POLICY}
        document = {"title": "Of the case", "level": "contract", "matches": matches, "topics": [topic]}
        (workspace / "policies").mkdir()
        file = workspace / "policies" / f"{OWN_POLICY}.yaml"
        file.write_text(yaml.safe_dump(document), encoding="utf-8")


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _write_rows(path: Path, rows: list[Row]) -> None:
    """A CSV of these rows; no file when there is none."""
    if rows:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
            writer.writeheader()
            writer.writerows(rows)


# --- inputs: registries -------------------------------------------------------------------------------


class _Sites:
    """The sites of a case: their rows of the registry, and where each line was given."""

    def __init__(self, case: Case) -> None:
        self.rows: list[Row] = []
        self.has_hospital = False
        self._case = case
        self._places: dict[str, Place] = {}
        self._at_billing: set[str] = set()
        facts = case.facts
        if isinstance(facts.get("location"), dict):
            self._add("facts.location", "LOCATION", facts["location"], facts.get("billing_address_same"))
        for number, one in enumerate(facts.get("locations") or []):
            self._add(f"facts.locations[{number}]", one["id"], one, one.get("billing_address_same"))
        for name in ("tc", "reader", "specimen"):
            if isinstance(facts.get(f"{name}_location"), dict):
                self._add(f"facts.{name}_location", name.upper(), facts[f"{name}_location"], False)

    def place_of(self, line: dict[str, Any]) -> str | None:
        """The site of a line: the one it names, else the location of the case."""
        if line.get("location_id") is not None:
            if line["location_id"] not in self._places:
                raise CaseError(f"{self._case.id}: no location has the id {line['location_id']!r}")
            return str(line["location_id"])
        return "LOCATION" if "LOCATION" in self._places else None

    def sent(self, site: str | None) -> Place | None:
        """The service facility a claim names for a site; None where the billing address says it."""
        return None if site is None or site in self._at_billing else self._places[site]

    @property
    def billing_place(self) -> Place:
        npi = self._case.facts.get("billing_npi") or _BILLING_NPI
        address = ("1 BILLING PLAZA", "", "ELSEWHERE", "CA", "939991234")
        for site in self._at_billing:
            address = self._places[site].address
        return Place(address, npi)

    def is_at_billing(self, site: str | None) -> bool:
        return site in self._at_billing

    def _add(self, path: str, site_id: str, facts: dict[str, Any], at_billing: bool | None) -> None:
        if site_id in self._places:
            raise CaseError(f"{self._case.id}: two locations have the id {site_id!r}")
        cells = {name: cell for name, cell in self._case.cells(path, "sites").items() if "[" not in name}
        self._resolve(facts, cells)
        number = len(self._places) + 1
        pecos = [text or "" for text in facts.get("pecos") or ()]
        as_sent = [text or "" for text in self._case.facts.get("svc_facility") or ()]
        address = tuple(pecos) or (f"{number}00 CLINIC WAY", "", "ANYTOWN", "CA", f"90001{number:04d}")
        npi = cells.get("npi", "")
        registered = list(address)
        if as_sent and path.startswith("facts.location"):  # found by NPI, whatever the address sent
            if npi == "none":
                registered = as_sent
            else:
                sent_npi = self._case.facts.get("svc_npi") if path == "facts.location" else None
                cells["npi"] = npi = npi or sent_npi or make_npi(99000100 + number)
                if as_sent[4][:5] != address[4][:5]:
                    registered[4] = ""  # another ZIP code would contradict the NPI
        names = ("address_line_1", "address_line_2", "city", "state", "zip")
        cells |= dict(zip(names, registered, strict=True))
        if pecos:
            cells |= {f"pecos_{name}": text for name, text in zip(names, pecos, strict=True)}
        if path.startswith("facts.location") and cells.get("ownership") != "independent":
            cells |= self._case.cells("facts.hospital", "sites") | self._case.cells("facts.ptan", "sites")
            self.has_hospital = True
        self.rows.append({"site_id": site_id, "site_name": site_id, **cells})
        self._places[site_id] = Place(
            (address[0], address[1], address[2], address[3], address[4]), "" if npi == "none" else npi
        )
        if at_billing:
            self._at_billing.add(site_id)

    def _resolve(self, facts: dict[str, Any], cells: Row) -> None:
        """What two keys say together, and what is not at issue."""
        if facts.get("distance_m") is not None:
            yards = Decimal(facts["distance_m"]) / Decimal("0.9144")
            cells["distance_yards"] = str(yards.quantize(Decimal("0.0001"), ROUND_HALF_UP))
        elif facts.get("distance_yd") is not None:
            cells["distance_yards"] = str(facts["distance_yd"])
        cells.pop("site_type", None)  # 'remote_location' writes there too
        words = {
            one.value: one.cell
            for one in self._case.placed
            if one.path.endswith(".type") and one.to == "sites.site_type"
        }
        kind = words.get(facts.get("type"), "")
        if facts.get("remote_location"):
            if kind not in ("", "remote_location"):
                raise CaseError(f"{self._case.id}: a location cannot be of type {facts['type']} and a remote location")
            kind = "remote_location"
        if "type" in facts or kind:
            cells["site_type"] = kind
        if facts.get("owner") == "INDEPENDENT" and "ownership" not in facts:
            cells["ownership"] = "independent"
        for (column, when), value in _NEUTRAL.items():
            if when == kind and column not in cells:
                cells[column] = value
        if cells.get("distance_yards") and "method" not in facts:
            cells["distance_method"] = _NEUTRAL["distance_method", "a distance is given"]


def _providers(case: Case, claim: Claim) -> list[Row]:
    """The rows of the practitioner and of the billing provider that the case speaks of."""
    rows = []
    rendering = case.cells("facts.rendering", "providers") | case.cells("facts.qp", "providers")
    if "rendering" not in case.facts and "billing_type" not in case.facts:
        rendering = {"provider_type": _NEUTRAL["provider_type", "rendering is absent"], **rendering}
    if rendering:
        rows.append({"npi": claim.rendering_npi or claim.billing.npi, **rendering})
    if billing := case.cells("facts.billing_type", "providers"):
        rows.append({"npi": claim.billing.npi, **billing})
    return rows


def _encounters(case: Case, claim_id: str, sites: _Sites) -> list[Row]:
    """The row of the claim, or of each line where the claim does not name the site."""
    cells = case.cells("facts", "encounters")
    for name, column in (("tc", "technical_component"), ("reader", "reader"), ("specimen", "specimen")):
        if f"{name}_location" in case.facts:
            known = isinstance(case.facts[f"{name}_location"], dict)
            cells[f"{column}_site_id"] = name.upper() if known else ""
    places = [sites.place_of(line) for line in case.facts.get("lines") or []]
    is_unnamed = "svc_facility" in case.facts and case.facts["svc_facility"] is None
    is_unnamed |= case.facts["claim_type"] == "837I" and len(set(places)) > 1  # one service facility for all lines
    if is_unnamed and any(places):
        return [
            {"claim_id": claim_id, "line_number": str(number), "site_id": site or "", **cells}
            for number, site in enumerate(places, 1)
        ]
    return [{"claim_id": claim_id, **cells}] if cells else []


# --- inputs: claims -------------------------------------------------------------------------------------


def _claim(case: Case, sites: _Sites) -> Claim:
    """The claim of a case."""
    facts = case.facts
    is_institutional = facts["claim_type"] == "837I"
    raw: list[dict[str, Any]] = facts.get("lines") or _asked(facts) or _visit(facts)
    if not raw:
        raise CaseError(f"{case.id}: a claim of type {facts['claim_type']} needs facts.lines")
    places = [sites.place_of(line) for line in raw]
    facility, by_line = _facilities(case, sites, places, is_institutional)
    codes = [line.get("pos") or "" for line in raw]
    if is_institutional:
        place_code, frequency = (facts.get("tob") or "   ")[:2].strip(), (facts.get("tob") or "   ")[2:].strip()
        codes = [""] * len(raw)
    elif "clm05_1" in facts:
        place_code, frequency = facts["clm05_1"] or "", "1"
    else:
        place_code, frequency = next((code for code in codes if code), ""), "1"
        codes = ["" if code == place_code else code for code in codes]
    form = _NEUTRAL["claim_form", "a CSV is written"]
    if "paper" in facts:
        form = {True: "paper", False: "electronic", None: ""}[facts["paper"]]
    is_rendering_named = any(key in facts for key in ("rendering", "rendering_npi", "qp"))
    return Claim(
        id=case.id,
        is_institutional=is_institutional,
        payer=facts["payer"],
        date=facts.get("dos") or (f"{facts['year']}-07-01" if facts.get("year") else ""),
        place_code=place_code,
        frequency=facts.get("frequency") or frequency,
        lines=[
            Line(
                line.get("hcpcs") or "",
                [modifier or "" for modifier in line.get("mods") or []],
                str(line.get("units") if line.get("units") is not None else ""),
                code,
                line.get("rev") or "",
                one,
            )
            for line, code, one in zip(raw, codes, by_line, strict=True)
        ],
        billing=sites.billing_place,
        facility=facility,
        rendering_npi=_rendering_npi(facts) if is_rendering_named else "",
        original_reference=facts.get("ref_f8") or "",
        diagnosis=next((one or "" for one in facts.get("dx") or []), ""),
        statement_from=facts.get("statement_from") or "",
        form=form,
        paid_date=facts.get("processed") or "",
    )


def _rendering_npi(facts: dict[str, Any]) -> str:
    """The NPI that a case names; a letter (X) is somebody, always the same."""
    named = str(facts.get("rendering_npi") or "")
    return named if named.isdigit() else _RENDERING_NPI


def _pattern(case: Case, claim: Claim) -> list[Claim]:
    """A claim of one line for each of ``lines_by_pos``, spread evenly over the period; the last day comes first."""
    first, last = (dt.date.fromisoformat(day) for day in case.facts["period"])
    found = []
    for code, count in case.facts["lines_by_pos"].items():
        for number in range(int(count)):
            day = first + dt.timedelta(days=((last - first).days + 1) * number // int(count))
            found.append(replace(claim, id=f"{case.id}-{code}-{number:04d}", date=day.isoformat(), place_code=code))
    return sorted(found, key=lambda one: (one.date, one.id), reverse=True)


def _asked(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines that a case means without naming them: of a pattern a visit, of a question to the fee table each code,
    or the one line, once and in an office."""
    if facts["claim_type"] == "pattern":
        return [{"hcpcs": "99213", "mods": [], "units": 1}]
    if facts["claim_type"] != "fee_check":
        return []
    lines = [facts["line"]] if facts.get("line") else [{"hcpcs": code} for code in facts.get("codes") or ()]
    return [{"mods": [], "pos": "11", "units": 1, **line} for line in lines]


def _visit(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The line of an encounter that names none: a visit, with the code that the distance of the place gives."""
    location = facts.get("location")
    if facts["claim_type"] != "encounter" or not isinstance(location, dict):
        return []
    yards = Decimal(str(location.get("distance_yd") or 0))
    if location.get("distance_m") is not None:
        yards = Decimal(str(location["distance_m"])) / Decimal("0.9144")
    return [{"hcpcs": "99213", "pos": "19" if yards > 250 else "22", "units": 1}]


def _facilities(
    case: Case, sites: _Sites, places: list[str | None], is_institutional: bool
) -> tuple[Place | None, list[Place | None]]:
    """The service facility of the claim, and of each line that has its own."""
    facts = case.facts
    nowhere: list[Place | None] = [None] * len(places)
    npi = facts.get("svc_npi") or ""
    if "svc_facility" in facts:
        if facts["svc_facility"] is None:
            return (Place(npi=npi) if npi else None), nowhere
        one, two, city, state, zip_code = (text or "" for text in facts["svc_facility"])
        known = sites.sent(places[0])
        return Place((one, two, city, state, zip_code), npi or (known.npi if known else "")), nowhere
    sent = [sites.sent(place) for place in places]
    if is_institutional and any(sites.is_at_billing(place) for place in places):
        return None, nowhere
    if len(set(places)) > 1 and not is_institutional:
        return None, sent
    facility = sent[0]
    if npi:
        facility = Place(facility.address if facility else Place().address, npi)
    return facility, nowhere


def _facility_claim(case: Case, sites: _Sites) -> Claim:
    """The hospital's claim beside a professional one."""
    facts = case.facts["institutional"]
    bill = facts.get("tob") or ""
    beside = sites.sent(sites.place_of((case.facts.get("lines") or [{}])[0]))
    elsewhere = Place(("900 OTHER WAY", "", "ANYTOWN", "CA", "900019009"))
    return Claim(
        id=f"{case.id}-INSTITUTIONAL",
        is_institutional=True,
        payer=case.facts["payer"],
        date=facts.get("dos") or (f"{facts['year']}-07-01" if facts.get("year") else ""),
        place_code=bill[:2],
        frequency=bill[2:],
        lines=[
            Line(
                line.get("hcpcs") or "",
                [modifier or "" for modifier in line.get("mods") or []],
                str(line.get("units") if line.get("units") is not None else ""),
                revenue=line.get("rev") or "",
            )
            for line in facts.get("lines") or []
        ],
        billing=Place(("1 HOSPITAL PLAZA", "", "ANYTOWN", "CA", "900018001"), _HOSPITAL_NPI),
        facility={True: beside, False: elsewhere, None: None}[facts.get("same_location")],
        member={True: _MEMBER, False: _OTHER_MEMBER, None: ""}[facts.get("same_patient")],
    )


_LINE_CHARGE = Decimal("9000.00")  # above every fee


def _write_837(claims: list[Claim], path: Path) -> Path:
    """An 837P or 837I file with these claims, all of one type, payer and billing provider."""
    first = claims[0]
    guide = INSTITUTIONAL if first.is_institutional else PROFESSIONAL
    made = (first.date or "2000-01-01").replace("-", "")
    levels = [
        _segment("HL", "1", "", "20", "1"),
        *_name("85", "BILLING PROVIDER", first.billing),
        _segment("REF", "EI", "123456789"),
        _segment("HL", "2", "1", "22", "0"),
        _segment("SBR", "P", "18", "", "", "", "", "", "", _filing_code(first)),
        _segment("NM1", "IL", "1", "DOE", "JANE", "", "", "", "MI" if first.member else "", first.member),
        _segment("N3", "9 PATIENT RD"),
        _segment("N4", "ANYTOWN", "CA", "90001"),
        _segment("DMG", "D8", "19450102", "F"),
        _segment("NM1", "PR", "2", first.payer, "", "", "", "", "PI", first.payer),
    ]
    parts = [levels, *(_claim_segments(claim) for claim in claims)]
    path.write_text(file_of(*parts, guide=guide, day=made, delimiters=LINE_BY_LINE), encoding="ascii")
    return path


def _filing_code(claim: Claim) -> str:
    """SBR09: Medicare says its part; for every other payer the payers registry must answer."""
    if claim.payer != "MEDICARE_FFS":
        return "ZZ"
    return "MA" if claim.is_institutional else "MB"


def _claim_segments(claim: Claim) -> list[str]:
    total = str(_LINE_CHARGE * len(claim.lines))
    qualifier = "A" if claim.is_institutional else "B"
    code = f"{claim.place_code}:{qualifier}:{claim.frequency}"
    day = claim.date.replace("-", "")
    found = [_segment("CLM", claim.id, total, "", "", code, "Y", "A", "Y", "Y")]
    if claim.is_institutional and day:
        found.append(_segment("DTP", "434", "RD8", f"{(claim.statement_from or claim.date).replace('-', '')}-{day}"))
    if claim.original_reference:
        found.append(_segment("REF", "F8", claim.original_reference))
    if claim.diagnosis:
        found.append(_segment("HI", f"ABK:{claim.diagnosis.replace('.', '')}"))
    if claim.rendering_npi:
        found.append(_segment("NM1", "82", "1", "ROE", "RICHARD", "", "", "", "XX", claim.rendering_npi))
    if claim.facility:
        found += _name("77", "SERVICE LOCATION", claim.facility)
    for number, line in enumerate(claim.lines, 1):
        procedure = ":".join(["HC", line.procedure, *line.modifiers])
        found.append(_segment("LX", str(number)))
        if claim.is_institutional:
            found.append(_segment("SV2", line.revenue, procedure, str(_LINE_CHARGE), "UN", line.units))
        else:
            found.append(_segment("SV1", procedure, str(_LINE_CHARGE), "UN", line.units, line.pos, "", "1"))
        if day:
            found.append(_segment("DTP", "472", "D8", day))
        if line.facility:
            found += _name("77", "SERVICE LOCATION", line.facility)
    return found


def _name(role: str, name: str, place: Place) -> list[str]:
    one, two, city, state, zip_code = place.address
    found = [_segment("NM1", role, "2", name, "", "", "", "", "XX" if place.npi else "", place.npi)]
    if any(place.address):
        found += [_segment("N3", one, two), _segment("N4", city, state, zip_code)]
    return found


def _segment(*elements: str) -> str:
    """A segment without its terminator; trailing empty elements are left out."""
    for element in elements:
        if re.search(r"[*~^]", element):
            raise CaseError(f"the value {element!r} holds a separator of X12")
    return re.sub(r"\*+$", "", "*".join(elements))


def _write_csv(claims: list[Claim], path: Path) -> Path:
    """The same claims as rows of a CSV in our own column names."""
    names = ("address_line_1", "address_line_2", "city", "state", "zip")
    rows: list[Row] = []
    for claim in claims:
        for number, line in enumerate(claim.lines, 1):
            facility = line.facility or claim.facility or Place()
            row = {
                "claim_id": claim.id,
                "claim_type": "institutional" if claim.is_institutional else "professional",
                "claim_form": claim.form,
                "transaction_date": claim.date,
                "claim_frequency_code": claim.frequency,
                "payer_claim_control_number": claim.original_reference,
                "principal_diagnosis_code": claim.diagnosis,
                "billing_provider_npi": claim.billing.npi,
                **{f"billing_provider_{name}": text for name, text in zip(names, claim.billing.address, strict=True)},
                "rendering_provider_npi": claim.rendering_npi,
                "service_facility_npi": facility.npi,
                **{f"service_facility_{name}": text for name, text in zip(names, facility.address, strict=True)},
                "member_id": claim.member,
                "payer_name": claim.payer,
                "payer_id": claim.payer,
                "claim_filing_code": _filing_code(claim),
                "paid_date": claim.paid_date,
                "line_number": str(number),
                "procedure_code": line.procedure,
                "modifiers": " ".join(line.modifiers),
                "units": line.units,
                "charge_amount": str(_LINE_CHARGE),
                "service_date": claim.date,
            }
            if claim.is_institutional:
                row |= {"type_of_bill_code": claim.place_code + claim.frequency, "revenue_code": line.revenue}
            else:
                row |= {"claim_place_of_service_code": claim.place_code, "place_of_service_code": line.pos}
            rows.append(row)
    _write_rows(path, rows)
    return path
