"""Case files in the format of the dossier's cases.yaml: their vocabulary, and how they are loaded.

A case file says in the words of the rule dossier what is true and what the rules must answer.
`FACTS` and `EXPECT` are the whole vocabulary: every key, the values it takes, and the table that
`tests.vectors.adapter` writes it to. A key or value that is not here is an error, never ignored.

``python -m tests.vectors FILE`` runs one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

SCHEMA = "pos-cases/1"

GROUPS = {  # dossier § 7
    "A": ("code set", 1, 15),
    "B": ("claim structure", 16, 19),
    "C": ("registration and location", 20, 45),
    "D": ("distance", 50, 57),
    "E": ("PO/PN/ER and 40%", 60, 80),
    "F": ("address", 90, 105),
    "G": ("window", 110, 138),
    "H": ("NPP", 140, 148),
    "I": ("CPT×POS", 150, 175),
    "J": ("money", 180, 186),
    "K": ("denial/clock", 190, 205),
    "L": ("payers/notice", 210, 219),
}


class CaseError(Exception):
    """A case file that cannot be run as it stands; the text names case and key path."""


# --- the vocabulary ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaf:
    """One key that holds a value: what it takes, where it is written, and how."""

    takes: str
    fits: Callable[[Any], bool]
    to: str = ""  # table.column, or what of the claim; '' = no table has it yet
    say: Callable[[Any], str] = lambda value: str(value).lower() if isinstance(value, bool) else str(value)  # as a cell


@dataclass(frozen=True, slots=True)
class OrNone:
    """A mapping, or the word ``none``: known that there is none."""

    keys: dict[str, Schema]
    to: str
    none: str  # the cell for ``none``
    some: str  # the cell for a mapping; '' = one of its keys says it


@dataclass(frozen=True, slots=True)
class PerCode:
    """A mapping with a place of service code for a key."""

    leaf: Leaf


Schema = Leaf | OrNone | PerCode | dict[str, "Schema"] | list["Schema"]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_moment(value: Any) -> bool:
    try:
        dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?", value) is not None


def _text(to: str = "", like: str = ".*", takes: str = "text") -> Leaf:
    return Leaf(takes, lambda value: isinstance(value, str) and re.fullmatch(like, value) is not None, to)


def _one_of(*words: str, to: str = "") -> Leaf:
    return Leaf("one of " + ", ".join(words), lambda value: isinstance(value, str) and value in words, to)


def _said(to: str, words: Mapping[Any, str]) -> Leaf:
    takes = "one of " + ", ".join(map(str, words))
    return Leaf(takes, lambda value: isinstance(value, bool | str) and value in words, to, words.__getitem__)


def _truth(to: str = "") -> Leaf:
    return Leaf("true or false", lambda value: isinstance(value, bool), to)


def _number(to: str = "") -> Leaf:
    return Leaf("a number", _is_number, to)


def _count(to: str = "") -> Leaf:
    return Leaf("a whole number", lambda value: _is_number(value) and value == int(value) and value >= 0, to)


def _moment(to: str = "") -> Leaf:
    return Leaf("'YYYY-MM-DD' or 'YYYY-MM-DDTHH:MM'", _is_moment, to)


def _date(to: str = "") -> Leaf:
    return Leaf("'YYYY-MM-DD'", lambda value: _is_moment(value) and len(value) == 10, to)


def _date_or_none(to: str) -> Leaf:
    return Leaf("'YYYY-MM-DD' or none", lambda value: value == "none" or (_is_moment(value) and len(value) == 10), to)


_HOSPITAL_TYPES = {name.upper(): name for name in ("ipps", "ipf", "irf", "ltch", "cancer", "childrens", "cah", "reh")}
_PRACTITIONERS = ("MD", "DO", "NP", "PA", "CNS", "CNM", "RN")
_CODE, _CODE_TAKES = r"[A-Z0-9]{5}", "a HCPCS code"
_ADDRESS: Schema = [_text("addresses")]  # N301, N302, city, state, ZIP

LOCATION: dict[str, Schema] = {
    "type": _said(
        "sites.site_type",
        {
            "MAIN_CAMPUS": "main_campus",
            "PBD": "provider_based_department",
            "REMOTE_LOCATION": "remote_location",
            "FREESTANDING_OFFICE": "freestanding_office",
            "ASC": "ambulatory_surgical_center",
            "SNF": "skilled_nursing_facility",
        },
    ),
    "owner": Leaf(
        "text",
        lambda value: isinstance(value, str),
        "sites.hospital_id",
        lambda value: "" if value == "INDEPENDENT" else str(value),  # no hospital
    ),
    "ownership": _one_of(
        "wholly_owned_by_hospital", "parent_system", "joint_venture", "independent", to="sites.ownership"
    ),
    "wholly_operated_by_hospital": _truth("sites.is_wholly_operated_by_hospital"),
    "provider_based_from": _date_or_none("sites.provider_based_from"),
    "attestation_date": _date_or_none("sites.attestation_date"),
    "own_npi": _text("sites.npi", r"none|\d{10}", "an NPI or none"),
    "on_hospital_campus": _truth("sites.is_on_hospital_campus"),
    "distance_yd": _number("sites.distance_yards"),
    "distance_m": _number("sites.distance_yards"),
    "method": _one_of("straight_line", "driving", to="sites.distance_method"),
    "distance_evidence": _text("sites.distance_evidence"),
    "distance_remote_yd": _number("sites.remote_location_distance_yards"),
    "cms_campus_determination": _truth("sites.has_cms_campus_determination"),
    "remote_location": _truth("sites.site_type"),
    "dedicated_ed": _truth("sites.is_dedicated_emergency_department"),
    "excepted": _said("sites.excepted_status", {True: "excepted", False: "non_excepted"}),
    "first_opps_service": _date("sites.first_opps_service_date"),
    "first_opps_bill": _date("sites.first_opps_bill_date"),
    "relocated": _date("sites.relocated_date"),
    "relocation_exception_approved": _truth("sites.has_relocation_exception"),
    "pecos": _ADDRESS,
    "pecos_effective": _date("sites.pecos_effective_from"),
}

FACTS: dict[str, Schema] = {
    # the claim
    "claim_type": _one_of(
        *("837P", "837I", "835", "277CA", "FISS", "encounter", "timely", "appeal", "pattern", "fee_check"), to="claim"
    ),
    "payer": _one_of(
        *("MEDICARE_FFS", "MA_PLAN_X", "MEDICAID_XX", "HORIZON_NJ", "COMMERCIAL_X", "ANTHEM_CA_COMMERCIAL"),
        *("CA_WC_OMFS", "PAYER_ZZ"),
        to="SBR09, NM1*PR and payers",
    ),
    "dos": _date("DTP*472"),
    "lines": [
        {
            "hcpcs": _text("SV101-2 or SV202-2", _CODE, _CODE_TAKES),
            "mods": [_text("SV101-3 or SV202-3", "[A-Z0-9]{2}", "a modifier")],
            "pos": _text("SV105"),
            "units": _number("SV104 or SV205"),
            "rev": _text("SV201", r"\d{4}", "a revenue code of four digits"),
            "location_id": _text("2420C"),
        }
    ],
    "clm05_1": _text("CLM05-1"),
    "tob": _text("CLM05-1 and -3", r"\d{3}", "a type of bill of three digits"),
    "frequency": _text("CLM05-3", r"\d", "one digit"),
    "ref_f8": _text("REF*F8"),
    "paper": _truth("claims.claim_form"),
    "received": _date("check(received=…)"),
    "processed": _date("claims.paid_date"),
    "today": _date("check(as_of=…)"),
    "submit_on": _date("check(as_of=…)"),
    "statement_from": _date("DTP*434"),
    "dx": [_text("HI*ABK", "[A-Z0-9.]+", "a diagnosis code")],
    "billing_npi": _text("2010AA NM109", r"\d{10}", "an NPI"),
    "svc_npi": _text("2310C NM109", r"\d{10}", "an NPI"),
    "svc_facility": _ADDRESS,
    "billing_address_same": _truth("2010AA N3"),
    "identical_claims": _count("so many claims"),
    "lines_by_pos": PerCode(_count("so many claims of one line")),  # of a pattern
    "period": [_date("DTP*472")],
    "institutional": {  # the hospital's claim, in a file of its own
        "tob": _text("CLM05-1 and -3", r"\d{3}", "a type of bill of three digits"),
        "dos": _date("DTP*434"),
        "same_patient": _truth("NM1*IL"),
        "same_location": _truth("2310E"),
        "lines": [
            {
                "hcpcs": _text("SV202-2", _CODE, _CODE_TAKES),
                "rev": _text("SV201", r"\d{4}", "a revenue code of four digits"),
                "mods": [_text("SV202-3", "[A-Z0-9]{2}", "a modifier")],
                "units": _number("SV205"),
            }
        ],
    },
    # practitioners
    "rendering": _one_of(*_PRACTITIONERS, to="providers.provider_type"),
    "rendering_npi": _text("2310B NM109"),
    "billing_type": _one_of("therapist_private_practice", "independent_lab", to="providers.provider_type"),
    "qp": _truth("providers.is_qualifying_participant"),
    # sites
    "location": LOCATION,
    "locations": [{"id": _text("sites.site_id"), "billing_address_same": _truth("2010AA N3"), **LOCATION}],
    "tc_location": LOCATION,
    "reader_location": LOCATION,
    "specimen_location": LOCATION,
    "hospital": {
        "type": _said("sites.hospital_type", _HOSPITAL_TYPES),
        "rural_sch": _truth("sites.is_rural_sole_community_hospital"),
    },
    "ptan": _text("sites.ptan"),
    # the encounter
    "registered": _one_of("outpatient", "none", to="encounters.registration_status"),
    "observation": _truth("encounters.is_observation"),
    "under_arrangement": _truth("encounters.is_under_arrangement"),
    "admission": OrNone(
        {
            "admit": _moment("encounters.admitted_at"),
            "discharge": _moment("encounters.discharged_at"),
            "hospital": _text("encounters.admitting_hospital_id"),
            "hospital_type": _said("encounters.admitting_hospital_type", _HOSPITAL_TYPES),
            "part_a": _truth("encounters.is_part_a_stay"),
        },
        *("encounters.admission_status", "none", "admitted"),
    ),
    "service": {
        "start": _moment("encounters.service_started_at"),
        "kind": _one_of("ambulance", "maintenance_dialysis", to="encounters.service_kind"),
        "diagnostic": _truth("encounters.is_diagnostic"),
        "related": _truth("encounters.is_related_to_admission"),
        "attested": _truth("encounters.is_unrelatedness_attested"),
    },
    "performed_by": _one_of(*_PRACTITIONERS, to="encounters.performed_by_type"),
    "split": OrNone(
        {
            "npp": _one_of(*_PRACTITIONERS, to="encounters.split_practitioner_type"),
            "physician_share": _number("encounters.physician_time_share"),
            "physician_mdm": _truth("encounters.has_physician_decision_making"),
            "same_group": _truth("encounters.is_same_group"),
        },
        *("encounters.split_practitioner_type", "none", ""),
    ),
    "telehealth": {
        "patient": _one_of("home", "clinic", to="encounters.telehealth_patient_place"),
        "clinician": _one_of("office", "home", "hospital", to="encounters.telehealth_clinician_place"),
        "behavioral": _truth("encounters.is_behavioral_health"),
    },
    "snf": {"part_a": _truth("encounters.is_skilled_nursing_part_a")},
    "custody_exception": _truth("encounters.has_custody_exception"),
    "notice": OrNone(
        {
            "written": _truth("encounters.is_notice_written"),
            "before_service": _truth("encounters.is_notice_before_service"),
            "amount": Leaf(
                "a number or none",
                lambda value: value == "none" or _is_number(value),
                "encounters.has_notice_amount",
                lambda value: "false" if value == "none" else "true",
            ),
            "estimate_statement": _truth("encounters.has_notice_estimate_statement"),
        },
        *("encounters.has_notice", "false", "true"),
    ),
    "emtala": _truth("encounters.is_emergency_treatment_required"),
    "emergency_stabilized": _truth("encounters.is_emergency_stabilized"),
    "two_coinsurances": _truth("encounters.has_two_coinsurances"),
    "policy": {"pos_map": PerCode(_text("policies.use", r"\d\d", "a place of service code"))},
    # no table has these yet
    "admit_dx": _text(),
    "adt": [_text()],
    "carc": _text(),
    "codes": [_text("SV101-2", _CODE, _CODE_TAKES)],
    "fee_table": _text("fees"),
    "file_on": _date(),
    "gpci": [_number("fees")],
    "group": _one_of("CO", "PR", "OA", "PI"),
    "initial_determination_received": _date(),
    "line": {"hcpcs": _text("SV101-2", _CODE, _CODE_TAKES), "paid": _truth(), "pos": _text("SV105")},
    "locality": _text("fees"),
    "plb": _text(),
    "rarc": [_text()],
    "reason": _text(),
    "status": _text(),
    "stc": [_text()],
    "year": _count("DTP*472"),
}

_MONEY: tuple[str, ...] = ("allowed", "at_risk", "beneficiary_20", "billed", "exposure", "f", "max", "min")
_MONEY += ("naive_nf_minus_f", "nf", "npp", "opps", "paid_basis", "payable", "program_80", "program_after_2pct")
_MONEY += ("underpayment",)

EXPECT: dict[str, Schema] = {
    "verdict": _one_of("FAIL", "UNKNOWN", "WARN", "INFO", "PASS"),
    "findings": [
        {
            "rule": _text(like=r"[SPK]\d\d[A-Z]?", takes="a dossier id such as S15"),
            "state": _one_of("PASS", "FAIL", "UNKNOWN", "NA"),
            "severity": _one_of("critical", "error", "hold", "warning", "info"),
            "message": _text(like=r"(?s).*"),
        }
    ],
    "correct": {
        "pos": _text(),
        "pos_in": [_text()],
        "mods": [_text()],
        "action": _text(),
        "facility_modifier": _one_of("PO", "PN", "ER", "none"),
        "hcpcs": _text(),
        "pay": _text(),
        "rate": _one_of("F", "NF"),
        "rendering": _one_of(*_PRACTITIONERS),
        "scope": _text(),
    },
    "response": {key: _text() for key in ("277CA", "835", "FISS", "likely", "path", "effect", "initial", "later")},
    "money": {
        **{f"{name}_usd": _number() for name in _MONEY},
        "usd": _number(),
        "rate": _one_of("F", "NF"),
        "relativity": _number(),
    },
}

_CASE = ("id", "title", "facts", "expect", "note", "brief_conflict")
_LENGTHS = {"pecos": 5, "svc_facility": 5, "period": 2, "gpci": 3}
_NEEDED = {
    "facts": ("claim_type", "payer"),
    "expect": ("findings",),
    "expect.findings[]": ("rule", "state"),
    "facts.locations[]": ("id",),
}


# --- one case ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """A value of a case with its key path and the cell it becomes."""

    path: str  # facts.lines[0].pos
    to: str
    value: Any
    cell: str


@dataclass(frozen=True, slots=True)
class Case:
    """One case: what is true, what is expected, and where each fact is written."""

    id: str
    title: str
    facts: dict[str, Any]
    expect: dict[str, Any]
    placed: tuple[Placed, ...]

    @property
    def group(self) -> str:
        """The letter of its group; '?' outside the ranges of the dossier."""
        number = re.fullmatch(r"T(\d{3})", self.id)
        fits = (letter for letter, (_, first, last) in GROUPS.items() if number and first <= int(number[1]) <= last)
        return next(fits, "?")

    def cells(self, path: str, table: str) -> dict[str, str]:
        """The cells of a registry that the facts at and below a path give, by column."""
        return {
            one.to.removeprefix(f"{table}."): one.cell
            for one in self.placed
            if one.to.startswith(f"{table}.") and (one.path == path or one.path.startswith(f"{path}."))
        }

    @property
    def without_table(self) -> list[str]:
        """The key paths of the facts that no table can hold yet."""
        return sorted({re.sub(r"\[\d+\]", "[]", one.path) for one in self.placed if not one.to})


def load_cases(path: Path) -> list[Case]:
    """The cases of a file. Raises CaseError naming every key and value that is not in the vocabulary."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CaseError(f"{path}: {error}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise CaseError(f"{path}: it does not begin with 'schema: {SCHEMA}'")
    complaints = [f"{path}: unknown key '{key}'" for key in document if key not in ("schema", "conventions", "cases")]
    cases: list[Case] = []
    for number, raw in enumerate(document.get("cases") or [], 1):
        name = raw.get("id") if isinstance(raw, dict) else None
        found: list[str] = []
        case = _read_case(raw, found) if isinstance(name, str) else None
        if case is None and not found:
            found.append("it needs an id, facts and expect")
        if case is not None and any(case.id == other.id for other in cases):
            found.append("another case has this id")
        complaints += [f"{name or f'case {number}'}: {one}" for one in found]
        if case is not None:
            cases.append(case)
    if not cases and not complaints:
        complaints.append(f"{path}: it holds no cases")
    if complaints:
        raise CaseError("\n".join(complaints))
    return cases


def _read_case(raw: dict[str, Any], complaints: list[str]) -> Case | None:
    complaints += [f"unknown key '{key}'" for key in raw if key not in _CASE]
    facts, expect = raw.get("facts"), raw.get("expect")
    if not isinstance(facts, dict) or not isinstance(expect, dict):
        return None
    placed = list(_walk(FACTS, facts, "facts", complaints))
    list(_walk(EXPECT, expect, "expect", complaints))
    return Case(raw["id"], str(raw.get("title", "")), facts, expect, tuple(placed))


def _walk(schema: Schema, value: Any, path: str, complaints: list[str]) -> Iterator[Placed]:
    """The values below a key path; what the vocabulary does not know is added to the complaints."""
    plain = re.sub(r"\[\d+\]", "[]", path)
    if value is None and isinstance(schema, OrNone | PerCode | dict | list):
        if plain.startswith("expect"):
            complaints.append(f"{path} is null")
    elif isinstance(schema, Leaf):
        if value is None:
            if plain.startswith("expect") and plain != "expect.money.usd":
                complaints.append(f"{path} is null")
            else:
                yield Placed(path, schema.to, None, "")
        elif not schema.fits(value):
            complaints.append(f"{path} is {value!r}, which is not {schema.takes}")
        else:
            yield Placed(path, schema.to, value, schema.say(value))
    elif isinstance(schema, OrNone):
        if value == "none":
            yield Placed(path, schema.to, value, schema.none)
        else:
            if schema.some and isinstance(value, dict):
                yield Placed(path, schema.to, value, schema.some)
            yield from _walk(schema.keys, value, path, complaints)
    elif isinstance(schema, list):
        if not isinstance(value, list):
            complaints.append(f"{path} is {value!r}, which is not a list")
            return
        length = _LENGTHS.get(path.rpartition(".")[2], len(value))
        if len(value) != length:
            complaints.append(f"{path} has {len(value)} values, not {length}")
        for number, one in enumerate(value):
            if one is None and isinstance(schema[0], dict):
                complaints.append(f"{path}[{number}] is null")
            yield from _walk(schema[0], one, f"{path}[{number}]", complaints)
    elif not isinstance(value, dict):
        complaints.append(f"{path} is {value!r}, which is not a mapping")
    else:
        complaints += [f"{path}.{key} is missing" for key in _NEEDED.get(plain, ()) if value.get(key) in (None, [])]
        for key, one in value.items():
            if isinstance(schema, PerCode):
                if isinstance(key, str) and re.fullmatch(r"\d\d", key):
                    yield from _walk(schema.leaf, one, f"{path}.{key}", complaints)
                else:
                    complaints.append(f"{path}.{key}: the key is not a place of service code of two digits")
            elif key not in schema:
                complaints.append(f"unknown key {path}.{key}")
            else:
                yield from _walk(schema[key], one, f"{path}.{key}", complaints)


class _Loader(yaml.SafeLoader):
    """YAML with decimals as Decimal, dates as text, and no key twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"the key '{key}' is given twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def _decimal(_: Any, node: Any) -> Decimal:
    return Decimal(node.value)


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
