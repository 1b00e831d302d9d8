"""Policies as facts: which one speaks for the payer of a claim on a day, and what it answers for the line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from scrubjay.engine import connect
from scrubjay.facts import build_facts
from scrubjay.tables import (
    CLAIMS,
    INSTITUTIONAL_LINES,
    PAYERS,
    PROFESSIONAL_LINES,
    REGISTRIES,
    SITES,
    arrow_schema,
    no_rows,
)
from scrubjay.workspace import Workspace
from tests.facts.samples import (
    AT_NORTH,
    CLAIM,
    DAY,
    HOSPITAL_CLAIM,
    HOSPITAL_LINE,
    LAWS,
    LINE,
    SITE,
    D,
    Row,
    facts_of,
    registry,
)

READ_ON = D(2026, 11, 1)
RUN_DATE = D(2026, 11, 26)

TAKEN = "is_place_of_service_taken_by_payer payer_place_of_service_code"
ALL = f"{TAKEN} has_payer_site_differential payer_telehealth_modifier is_service_facility_required_by_payer"


def topic(name: str, *lines: str, read_on: dt.date = READ_ON) -> str:
    rest = (f"retrieved: {read_on}", "source: a manual", "confidence: read")
    return f"  - topic: {name}\n" + "".join(f"    {line}\n" for line in (*lines, *rest))


def policy(*topics: str, level: str = "payer", matches: str = "{}", inherits: bool = False) -> str:
    head = f"title: T\nlevel: {level}\nmatches: {matches}\n" + ("inherits: medicare\n" if inherits else "")
    return head + ("topics:\n" + "".join(topics) if topics else "topics: []\n")


def wants(code: str, *lines: str, read_on: dt.date = READ_ON) -> str:
    """The topic of a payer that wants this code in the place of 19."""
    return topic("place_of_service", f'use: {{"19": "{code}"}}', *lines, read_on=read_on)


@dataclass(frozen=True)
class Asked:
    """A line of a claim, and the row of its payer in the payers registry; None: no such row."""

    payer: Row | None = field(default_factory=dict)
    place: str = "19"
    claim: Row = field(default_factory=dict)
    line: Row = field(default_factory=dict)
    rows: tuple[Row, ...] = ()  # several rows of the payer, instead of one

    def payer_rows(self) -> tuple[Row, ...]:
        return self.rows or ((self.payer,) if self.payer is not None else ())


PLAN: Row = {"payer_program": "commercial"}  # nobody's but the test's


def built(
    folder: Path,
    policies: dict[str, str],
    cases: list[Asked],
    *,
    is_hospital: bool = False,
    run_date: dt.date = RUN_DATE,
    sites: tuple[Row, ...] = (),
) -> Any:
    """A connection with the facts of these cases: each a claim of its own, to a payer of its own."""
    for name, text in policies.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    claims, lines, payers = [], [], []
    for key, case in enumerate(cases):
        payer_id = case.claim.get("payer_id", f"P{key}")
        code = {} if is_hospital else {"place_of_service_code": case.place}
        base = (HOSPITAL_CLAIM if is_hospital else CLAIM) | {"claim_filing_code": "ZZ", "claim_id": f"C{key}"} | code
        claims.append(base | {"payer_id": payer_id} | case.claim | {"claim_key": key})
        lines.append((HOSPITAL_LINE if is_hospital else LINE) | case.line | {"claim_key": key})
        payers += [{"payer_id": payer_id} | row for row in case.payer_rows()]
    tables = {
        **no_rows(),
        "claims": pa.Table.from_pylist(claims, arrow_schema(CLAIMS)),
        "professional_lines": pa.Table.from_pylist([] if is_hospital else lines, arrow_schema(PROFESSIONAL_LINES)),
        "institutional_lines": pa.Table.from_pylist(lines if is_hospital else [], arrow_schema(INSTITUTIONAL_LINES)),
    }
    kept: dict[str, pa.Table | None] = dict.fromkeys(table.name for table in REGISTRIES)
    kept["payers"] = registry(PAYERS, payers) if payers else None
    kept["sites"] = registry(SITES, sites) if sites else None
    workspace = replace(Workspace.empty(), registries=kept, own_policies=folder)
    connection = connect()
    build_facts(connection, tables, workspace, LAWS, None, run_date)
    return connection


def check(
    folder: Path,
    policies: dict[str, str],
    columns: str,
    *cases: tuple[Asked, Any],
    is_hospital: bool = False,
    run_date: dt.date = RUN_DATE,
) -> None:
    """Each case has the value given in the column (a tuple for several) of its line, and one row a line."""
    connection = built(folder, policies, [case for case, _ in cases], is_hospital=is_hospital, run_date=run_date)
    found = facts_of(connection, "institutional_line_facts" if is_hospital else "service_line_facts")
    assert [row["claim_id"] for row in found] == [f"C{key}" for key in range(len(cases))]
    names = columns.split()
    values = [tuple(row[name] for name in names) if len(names) > 1 else row[names[0]] for row in found]
    wrong = [
        f"{value!r} and not {want!r} at {case}"
        for (case, want), value in zip(cases, values, strict=True)
        if value != want or type(value) is not type(want)
    ]
    assert not wrong, f"{columns}:\n" + "\n".join(wrong)


# --- which policy speaks ------------------------------------------------------------------------------


def test_a_policy_fits_by_what_it_matches_or_because_the_registry_names_it(tmp_path: Path) -> None:
    policies = {
        "of_ohio": policy(wants("22"), matches="{payer_program: medicaid, state: OH}"),
        "of_gold": policy(wants("22"), matches="{product: gold}"),
        "of_texas": policy(wants("22"), matches="{state: TX}"),
        "of_nobody": policy(wants("22")),
    }
    medicaid: Row = {"payer_program": "medicaid"}
    check(
        tmp_path,
        policies,
        "payer_policy",
        (Asked(medicaid | {"state": "OH"}), "of_ohio"),
        (Asked(medicaid | {"state": "PA"}), None),
        (Asked(medicaid), None),
        (Asked(PLAN | {"state": "OH"}), None),
        (Asked({"state": "OH"}), None),
        (Asked({"state": "OH"}, claim={"claim_filing_code": "MC"}), "of_ohio"),  # SBR09 says Medicaid
        (Asked(PLAN | {"product": "gold"}), "of_gold"),
        (Asked(PLAN | {"product": "Gold"}), "of_gold"),
        (Asked(PLAN | {"product": "silver"}), None),
        (Asked(PLAN | {"state": "TX"}), "of_texas"),
        (Asked({"state": "TX"}), "of_texas"),
        (Asked(PLAN), None),
        (Asked(PLAN | {"policy": "of_nobody"}), "of_nobody"),
        (Asked({"policy": "of_nobody"}), "of_nobody"),
        (Asked(PLAN | {"state": "OH", "policy": "of_ohio"}), "of_ohio"),  # named, though its programme is another
        (Asked(None), None),
        (Asked(None, claim={"claim_filing_code": "MC"}), None),
        (Asked(None, claim={"claim_filing_code": "MB"}), "medicare_ffs"),
        (Asked(None, claim={"claim_filing_code": "MA"}), "medicare_ffs"),
        (Asked({"payer_program": "medicare_part_a"}), "medicare_ffs"),
        (Asked({"payer_program": "medicare_advantage"}), None),
    )


def test_the_row_of_the_payers_registry_is_that_of_the_day(tmp_path: Path) -> None:
    policies = {"old": policy(wants("22")), "new": policy(wants("11"))}
    rows: tuple[Row, ...] = (
        PLAN | {"policy": "old", "effective_to": D(2024, 3, 4)},
        PLAN | {"policy": "new", "effective_from": D(2024, 3, 5)},
    )
    check(
        tmp_path,
        policies,
        "payer_policy payer_place_of_service_code",
        (Asked(rows=rows, line={"service_date": D(2024, 3, 4)}), ("old", "22")),
        (Asked(rows=rows, line={"service_date": D(2024, 3, 5)}), ("new", "11")),
        (Asked(rows=(PLAN | {"policy": "old"}, PLAN | {"policy": "new"})), (None, None)),  # two rows are no answer
    )


LEVELS = {
    "contract": ("our_contract", "{}"),
    "product": ("a_product", "{product: gold}"),
    "contractor": ("z_contractor", "{contractor: somebody}"),
    "state_program": ("m_state", "{payer_program: commercial, state: OH}"),
    "payer": ("b_payer", "{payer_program: commercial}"),
}
CODES = ("11", "12", "13", "14", "15")


@pytest.mark.parametrize("gone", range(5))
def test_the_most_special_level_answers(tmp_path: Path, gone: int) -> None:
    """Contract, product, contractor, state programme, payer; without the first so many the next one answers."""
    policies = {
        name: policy(wants(code), level=level, matches=matches)
        for code, (level, (name, matches)) in list(zip(CODES, LEVELS.items(), strict=True))[gone:]
    }
    payer = PLAN | {"state": "OH", "product": "gold", "contractor": "somebody"}
    payer |= {"policy": "our_contract"} if "our_contract" in policies else {}
    check(
        tmp_path,
        policies,
        "payer_policy payer_place_of_service_code",
        (Asked(payer), (", ".join(policies), CODES[gone])),
    )


def test_a_named_policy_gives_way_to_a_more_special_one_and_goes_before_its_like(tmp_path: Path) -> None:
    policies = {
        "a_state": policy(wants("11"), level="state_program", matches="{payer_program: commercial, state: OH}"),
        "a_payer": policy(wants("12"), matches="{payer_program: commercial}"),
        "z_payer": policy(wants("13")),
        "z_state": policy(wants("14"), level="state_program"),
    }
    check(
        tmp_path,
        policies,
        "payer_policy payer_place_of_service_code",
        (Asked(PLAN | {"state": "OH", "policy": "z_payer"}), ("a_state, z_payer, a_payer", "11")),
        (Asked(PLAN | {"policy": "z_payer"}), ("z_payer, a_payer", "13")),
        (Asked(PLAN | {"policy": "a_payer"}), ("a_payer", "12")),
        (Asked(PLAN | {"state": "OH", "policy": "z_state"}), ("z_state, a_state, a_payer", "14")),
        (Asked(PLAN), ("a_payer", "12")),
    )


def test_each_topic_is_answered_by_the_most_special_policy_that_speaks_of_it(tmp_path: Path) -> None:
    policies = {
        "our_contract": policy(topic("telehealth", "modifier: forbidden"), level="contract"),
        "a_state": policy(
            topic("telehealth", "modifier: required"),
            topic("service_facility", "required: true"),
            level="state_program",
            matches="{state: OH}",
        ),
        "a_payer": policy(
            wants("22"), topic("service_facility", "required: false"), matches="{payer_program: commercial}"
        ),
    }
    check(
        tmp_path,
        policies,
        "payer_place_of_service_code payer_telehealth_modifier is_service_facility_required_by_payer",
        (Asked(PLAN | {"state": "OH", "policy": "our_contract"}), ("22", "forbidden", True)),
        (Asked(PLAN | {"state": "OH"}), ("22", "required", True)),
        (Asked(PLAN), ("22", None, False)),
    )


def test_contractors_speak_for_their_medicare_claims(tmp_path: Path) -> None:
    policies = {
        "old_town": policy(
            topic("telehealth", "modifier: optional"),
            level="contractor",
            matches="{payer_program: medicare_part_b, contractor: Old_Town}",
        )
    }
    medicare: Row = {"payer_program": "medicare_part_b"}
    check(
        tmp_path,
        policies,
        f"payer_policy payer_telehealth_modifier {TAKEN}",
        (Asked(medicare | {"contractor": "old_town"}), ("old_town, medicare_ffs", "optional", True, "19")),
        (Asked(medicare | {"contractor": "OLD_TOWN"}), ("old_town, medicare_ffs", "optional", True, "19")),
        (Asked(medicare | {"contractor": "new_town"}), ("medicare_ffs", None, True, "19")),
        (Asked(medicare), ("medicare_ffs", None, True, "19")),
        (Asked(PLAN | {"contractor": "old_town"}), (None, None, None, None)),
    )


# --- what it answers ----------------------------------------------------------------------------------


def test_a_place_is_taken_or_wanted_under_another_code_or_not_known(tmp_path: Path) -> None:
    named = topic("place_of_service", 'takes: ["22", "02"]', 'use: {"19": "22", "10": "02"}')
    policies = {
        "some": policy(named),
        "rest": policy(named.replace("    retrieved", "    others: taken\n    retrieved")),
    }
    some, rest = PLAN | {"policy": "some"}, PLAN | {"policy": "rest"}
    check(
        tmp_path,
        policies,
        TAKEN,
        (Asked(some, "22"), (True, "22")),
        (Asked(some, "02"), (True, "02")),
        (Asked(some, "19"), (False, "22")),
        (Asked(some, "10"), (False, "02")),
        (Asked(some, "11"), (None, None)),
        (Asked(some, ""), (None, None)),
        (Asked(rest, "22"), (True, "22")),
        (Asked(rest, "19"), (False, "22")),
        (Asked(rest, "11"), (True, "11")),
        (Asked(some, "11", line={"place_of_service_code": "19"}), (False, "22")),  # SV105
        (Asked(PLAN), (None, None)),
    )


def test_a_code_that_the_payer_asks_for_in_place_of_another_is_told(tmp_path: Path) -> None:
    policies = {
        "some": policy(topic("place_of_service", 'takes: ["11"]', 'use: {"19": "22", "10": "02", "12": "12"}')),
        "gone": policy(wants("22", "effective_to: 2024-03-04")),
    }
    some = PLAN | {"policy": "some"}
    check(
        tmp_path,
        policies,
        "is_place_of_service_asked_by_payer",
        (Asked(some, "22"), True),
        (Asked(some, "02"), True),
        (Asked(some, "19"), False),
        (Asked(some, "11"), False),
        (Asked(some, "12"), False),
        (Asked(PLAN, "22"), False),
        (Asked(None, "22"), False),
        (Asked(PLAN | {"policy": "gone"}, "22"), False),
    )


def test_a_payer_pays_by_place_what_its_policy_names(tmp_path: Path) -> None:
    def of(*lines: str) -> str:
        return policy(topic("site_differential", *lines))

    surgery = 'procedures: ["10000-69999", "G0105", "15000-20000"]'
    policies = {
        "one_rate": of(surgery, "others: one_rate"),
        "by_place": of("others: by_place"),
        "silent": of(surgery),
        "telehealth": policy(topic("telehealth", "modifier: optional")),
    }

    def asked(name: str, procedure: str | None) -> Asked:
        return Asked(PLAN | {"policy": name}, line={"procedure_code": procedure})

    check(
        tmp_path,
        policies,
        "has_payer_site_differential",
        (asked("one_rate", "10000"), True),
        (asked("one_rate", "69999"), True),
        (asked("one_rate", "20610"), True),
        (asked("one_rate", "G0105"), True),
        (asked("one_rate", "09999"), False),
        (asked("one_rate", "70000"), False),
        (asked("one_rate", "99213"), False),
        (asked("one_rate", None), False),
        (asked("by_place", "99213"), True),
        (asked("silent", "20610"), True),
        (asked("silent", "99213"), None),
        (asked("telehealth", "20610"), None),
        (Asked(PLAN), None),
        (Asked({"payer_program": "medicare_part_b"}), True),
    )


def test_a_policy_that_speaks_is_told_from_one_that_does_not(tmp_path: Path) -> None:
    policies = {
        "asks": policy(topic("service_facility", "required: true")),
        "does_not": policy(topic("service_facility", "required: false")),
        "old": policy(topic("service_facility", "required: true", read_on=D(2025, 1, 1))),
        "later": policy(topic("service_facility", "required: true", "effective_from: 2024-03-06")),
        "refuses": policy(topic("telehealth", "modifier: forbidden")),
    }
    check(
        tmp_path,
        policies,
        "has_service_facility_policy is_service_facility_required_by_payer",
        (Asked(PLAN | {"policy": "asks"}), (True, True)),
        (Asked(PLAN | {"policy": "does_not"}), (True, False)),
        (Asked(PLAN | {"policy": "old"}), (True, None)),
        (Asked(PLAN | {"policy": "later"}), (False, None)),
        (Asked(PLAN | {"policy": "refuses"}), (False, None)),
        (Asked(PLAN), (False, None)),
        (Asked(None), (False, None)),
    )


def test_a_clinic_visit_is_denied_under_the_revenue_codes_of_the_policy(tmp_path: Path) -> None:
    fee = topic("facility_fee", 'procedures: ["G0463", "G0400-G0500"]', 'revenue_codes: ["0760-0769", "0761-0762"]')
    policies = {
        "denies": policy(fee, matches="{payer_program: commercial, product: gold}"),
        "old": policy(fee.replace(str(READ_ON), "2025-01-01")),
        "other": policy(topic("professional_revenue", 'revenue_codes: ["0960-0989", "0981"]')),
    }
    gold = PLAN | {"product": "gold"}
    check(
        tmp_path,
        policies,
        "has_facility_fee_policy is_clinic_visit_denied_by_payer",
        (Asked(gold, line={"revenue_code": "0761"}), (True, True)),
        (Asked(gold, line={"revenue_code": "0760"}), (True, True)),
        (Asked(gold, line={"revenue_code": "0769"}), (True, True)),
        (Asked(gold, line={"revenue_code": "0770"}), (True, False)),
        (Asked(gold, line={"revenue_code": "0510"}), (True, False)),
        (Asked(gold, line={"revenue_code": None}), (True, False)),
        (Asked(gold, line={"revenue_code": "0761", "procedure_code": "99213"}), (True, False)),
        (Asked(gold, line={"revenue_code": "0761", "procedure_code": None}), (True, False)),
        (Asked(PLAN | {"policy": "old"}, line={"revenue_code": "0761"}), (True, None)),
        (Asked(PLAN | {"policy": "other"}, line={"revenue_code": "0761"}), (False, None)),
        (Asked(PLAN, line={"revenue_code": "0761"}), (False, None)),
        (Asked(None, line={"revenue_code": "0761"}), (False, None)),
        is_hospital=True,
    )


def test_professional_services_are_denied_under_the_revenue_codes_of_the_policy(tmp_path: Path) -> None:
    policies = {
        "denies": policy(topic("professional_revenue", 'revenue_codes: ["0960-0989", "0980-0981"]')),
        "old": policy(topic("professional_revenue", 'revenue_codes: ["0960-0989"]', read_on=D(2025, 1, 1))),
    }
    denies = PLAN | {"policy": "denies"}
    check(
        tmp_path,
        policies,
        "has_professional_revenue_policy is_professional_revenue_denied_by_payer",
        (Asked(denies, line={"revenue_code": "0960"}), (True, True)),
        (Asked(denies, line={"revenue_code": "0981"}), (True, True)),
        (Asked(denies, line={"revenue_code": "0989"}), (True, True)),
        (Asked(denies, line={"revenue_code": "0959"}), (True, False)),
        (Asked(denies, line={"revenue_code": "0990"}), (True, False)),
        (Asked(denies, line={"revenue_code": None}), (True, False)),
        (Asked(PLAN | {"policy": "old"}, line={"revenue_code": "0981"}), (True, None)),
        (Asked(PLAN, line={"revenue_code": "0981"}), (False, None)),
        is_hospital=True,
    )


# --- days ---------------------------------------------------------------------------------------------


def test_a_topic_holds_from_its_first_to_its_last_day(tmp_path: Path) -> None:
    policies = {
        "acme": policy(
            wants("11", "effective_from: 2024-01-01", "effective_to: 2024-01-31"),
            wants("22", "effective_from: 2024-03-01"),
        )
    }

    def on(*day: int) -> Asked:
        return Asked(PLAN | {"policy": "acme"}, line={"service_date": D(*day)})

    check(
        tmp_path,
        policies,
        "payer_policy payer_place_of_service_code policy_because",
        (on(2023, 12, 31), ("acme", None, "the policy acme does not say")),
        (on(2024, 1, 1), ("acme", "11", "the policy acme does not say")),
        (on(2024, 1, 31), ("acme", "11", "the policy acme does not say")),
        (on(2024, 2, 1), ("acme", None, "the policy acme does not say")),
        (on(2024, 2, 29), ("acme", None, "the policy acme does not say")),
        (on(2024, 3, 1), ("acme", "22", "the policy acme does not say")),
        (on(2999, 3, 1), ("acme", "22", "the policy acme does not say")),
    )


def test_without_a_day_only_what_holds_always_is_known(tmp_path: Path) -> None:
    policies = {"dated": policy(wants("22", "effective_from: 2024-01-01")), "always": policy(wants("22"))}
    check(
        tmp_path,
        policies,
        "payer_policy payer_place_of_service_code",
        (Asked(PLAN | {"policy": "dated"}, line={"service_date": None}), ("dated", None)),
        (Asked(PLAN | {"policy": "always"}, line={"service_date": None}), ("always", "22")),
    )


def test_a_general_policy_answers_on_days_on_which_the_special_one_does_not_hold(tmp_path: Path) -> None:
    policies = {
        "our_contract": policy(wants("11", "effective_from: 2024-03-05"), level="contract"),
        "a_payer": policy(wants("22"), matches="{payer_program: commercial}"),
    }
    payer = PLAN | {"policy": "our_contract"}
    check(
        tmp_path,
        policies,
        "payer_place_of_service_code",
        (Asked(payer, line={"service_date": D(2024, 3, 4)}), "22"),
        (Asked(payer, line={"service_date": D(2024, 3, 5)}), "11"),
    )


EXPIRED = "the source of the policy acme was last read more than twelve months ago"


@pytest.mark.parametrize(
    ("run_date", "answer", "because"),
    [
        (D(2026, 11, 26), (False, "22"), "the policy acme does not say"),
        (D(2027, 11, 1), (False, "22"), "the policy acme does not say"),
        (D(2027, 11, 2), (None, None), EXPIRED),
        (D(2027, 12, 1), (None, None), EXPIRED),
    ],
)
def test_a_source_that_nobody_read_for_twelve_months_is_not_trusted(
    tmp_path: Path, run_date: dt.date, answer: tuple[Any, ...], because: str
) -> None:
    check(
        tmp_path,
        {"acme": policy(wants("22"))},
        f"{TAKEN} payer_policy policy_because",
        (Asked(PLAN | {"policy": "acme"}), (*answer, "acme", because)),
        run_date=run_date,
    )


def test_an_expired_topic_hides_what_more_general_policies_say_and_only_that(tmp_path: Path) -> None:
    policies = {
        "acme": policy(
            wants("11", read_on=D(2025, 11, 1)), topic("telehealth", "modifier: required"), level="contract"
        ),
        "a_payer": policy(wants("22"), topic("site_differential", "others: by_place"), matches="{state: OH}"),
    }
    check(
        tmp_path,
        policies,
        f"{ALL} policy_because",
        (Asked(PLAN | {"state": "OH", "policy": "acme"}), (None, None, True, "required", None, EXPIRED)),
        (Asked(PLAN | {"state": "OH"}), (False, "22", True, None, None, "the policy a_payer does not say")),
    )


def test_what_repeats_the_law_does_not_expire(tmp_path: Path) -> None:
    check(
        tmp_path,
        {},
        TAKEN,
        (Asked({"payer_program": "medicare_part_b"}), (True, "19")),
        run_date=D(2099, 1, 1),
    )


# --- Medicare's rules for another payer -----------------------------------------------------------------


def test_a_plan_that_inherits_medicare_is_medicare_but_for_what_it_overrides(tmp_path: Path) -> None:
    policies = {
        "big_bend": policy(wants("22"), level="contract", inherits=True),
        "all_of_it": policy(inherits=True),
        "own_way": policy(wants("22")),
    }
    advantage: Row = {"payer_program": "medicare_advantage"}
    columns = f"payer_program payer_policy {TAKEN} has_payer_site_differential"
    check(
        tmp_path,
        policies,
        columns,
        (Asked(advantage | {"policy": "big_bend"}), ("medicare_part_b", "big_bend, medicare_ffs", False, "22", True)),
        # what it asks for in place of another code, it takes; one topic is one: the rest is not filled in from Medicare's
        (Asked(advantage | {"policy": "big_bend"}, "22"), ("medicare_part_b", "big_bend, medicare_ffs", True, "22", True)),
        (Asked(advantage | {"policy": "big_bend"}, "11"), ("medicare_part_b", "big_bend, medicare_ffs", None, None, True)),
        (Asked(advantage | {"policy": "all_of_it"}), ("medicare_part_b", "all_of_it, medicare_ffs", True, "19", True)),
        (Asked(PLAN | {"policy": "all_of_it"}), ("medicare_part_b", "all_of_it, medicare_ffs", True, "19", True)),
        (Asked(advantage | {"policy": "own_way"}), ("medicare_advantage", "own_way", False, "22", None)),
        (Asked(advantage), ("medicare_advantage", None, None, None, None)),
        (Asked({"payer_program": "medicare_part_b"}), ("medicare_part_b", "medicare_ffs", True, "19", True)),
    )  # fmt: skip


def test_the_hospital_of_such_a_plan_is_paid_by_part_a(tmp_path: Path) -> None:
    policies = {"big_bend": policy(inherits=True)}
    check(
        tmp_path,
        policies,
        "payer_program",
        (Asked({"payer_program": "medicare_advantage", "policy": "big_bend"}), "medicare_part_a"),
        (Asked({"payer_program": "medicare_part_b"}), "medicare_part_b"),
        (Asked({"payer_program": "medicare_advantage"}), "medicare_advantage"),
        is_hospital=True,
    )


# --- why no policy answers ------------------------------------------------------------------------------


def test_it_is_said_why_no_policy_answers(tmp_path: Path) -> None:
    policies = {"acme": policy(topic("audit", "says: look back two years")), "empty": policy(matches="{state: OH}")}
    slip = "the payers registry names the policy 'acne', which is not on file".replace("'", "")
    check(
        tmp_path,
        policies,
        "policy_because",
        (Asked(PLAN), "no policy is on file for P0"),  # the payer as the claim names it
        (Asked({}), "no policy is on file for P1"),
        (Asked(None), "the payer is not known, so no policy fits"),
        (Asked(None, claim={"claim_filing_code": "CI"}), "no policy is on file for P3"),
        (Asked(PLAN | {"policy": "acme"}), "the policy acme does not say"),
        (Asked(PLAN | {"state": "OH"}), "the policy empty does not say"),
        (Asked(PLAN | {"state": "OH", "policy": "acme"}), "the policy acme, empty does not say"),
        (Asked(PLAN | {"policy": "acne"}), slip),
        (Asked(PLAN | {"state": "OH", "policy": "acne"}), slip),
    )


# --- one site, several payers ---------------------------------------------------------------------------


def by_payer(folder: Path, policies: dict[str, str], payers: dict[str, Row], *visits: tuple[str, str, int]) -> Any:
    """What is said of the site at which these visits took place: payer, code, day of March 2024."""
    cases = [
        Asked(
            payers.get(payer) if number == [name for name, _, _ in visits].index(payer) else None,
            code,
            claim=AT_NORTH | {"payer_id": payer, "payer_name": payer},
            line={"service_date": D(2024, 3, day)},
        )
        for number, (payer, code, day) in enumerate(visits)
    ]
    [row] = facts_of(built(folder, policies, cases, sites=(SITE,)), "site_facts")
    assert row["has_place_of_service_by_payer"] == (row["place_of_service_by_payer"] != "")
    return row["place_of_service_by_payer"] or None


VISITS = (("ACME", "11", 1), ("ACME", "11", 10), ("MEDICARE", "19", 2), ("MEDICARE", "19", 9))


def test_a_site_whose_code_goes_by_the_payer_is_told(tmp_path: Path) -> None:
    assert by_payer(tmp_path, {}, {}, *VISITS) == "11 (ACME), 19 (MEDICARE)"
    other = {"other": policy(wants("22"))}  # a policy for somebody else changes nothing
    assert by_payer(tmp_path, other, {"ACME": PLAN}, *VISITS) == "11 (ACME), 19 (MEDICARE)"
    third = (*VISITS, ("ZETA", "11", 3), ("ZETA", "11", 4))
    assert by_payer(tmp_path, {}, {}, *third) == "11 (ACME, ZETA), 19 (MEDICARE)"


@pytest.mark.parametrize(
    "visits",
    [
        (("ACME", "19", 1), ("ACME", "19", 10), *VISITS[2:]),  # one code for both
        (("ACME", "11", 1), ("ACME", "19", 10), *VISITS[2:]),  # no code of its own
        (("ACME", "11", 1), *VISITS[2:]),  # one line only
        (("ACME", "11", 10), ("ACME", "11", 11), *VISITS[2:]),  # the one after the other
        VISITS[:2],  # one payer
    ],
)
def test_a_site_where_no_code_goes_by_the_payer_is_left_alone(
    tmp_path: Path, visits: tuple[tuple[str, str, int], ...]
) -> None:
    assert by_payer(tmp_path, {}, {}, *visits) is None


def test_a_payer_that_asks_for_its_code_is_left_out(tmp_path: Path) -> None:
    policies = {
        "acme": policy(wants("11")),
        "second": policy(topic("telehealth", "modifier: optional"), matches="{state: OH}"),
        "later": policy(wants("11", "effective_from: 2024-04-01")),
    }
    said = "11 (ACME), 19 (MEDICARE)"
    for payer, told in (
        (PLAN | {"policy": "acme"}, None),
        (PLAN | {"policy": "acme", "state": "OH"}, None),
        (PLAN | {"policy": "later"}, said),
        (PLAN | {"state": "OH"}, said),
    ):
        assert by_payer(tmp_path, policies, {"ACME": payer}, *VISITS) == told


# --- the policies that ship with Scrubjay -----------------------------------------------------------------


def test_the_shipped_policies_answer_for_their_payers(tmp_path: Path) -> None:
    maine: Row = {"payer_program": "medicaid", "state": "ME"}
    california: Row = {"payer_program": "workers_compensation", "state": "CA"}
    horizon = PLAN | {"state": "NJ", "policy": "horizon_bcbsnj"}
    joint: Row = {"procedure_code": "20610"}
    columns = f"payer_policy {TAKEN} has_payer_site_differential"
    check(
        tmp_path,
        {},
        columns,
        (Asked(maine, "27", line={"service_date": D(2023, 10, 1)}), ("mainecare", True, "27", None)),
        (Asked(maine, "27", line={"service_date": D(2023, 9, 30)}), ("mainecare", None, None, None)),
        (Asked(maine, "19"), ("mainecare", None, None, None)),
        (Asked(california, "22"), ("ca_workers_compensation", True, "22", True)),
        (Asked(california, "22", line={"service_date": D(2013, 12, 31)}), ("ca_workers_compensation", True, "22", None)),
        (Asked(horizon, "22"), ("horizon_bcbsnj", True, "22", False)),
        (Asked(horizon, "11", line=joint), ("horizon_bcbsnj", True, "11", True)),
        (Asked(horizon, "11", line=joint | {"service_date": D(2021, 10, 19)}), ("horizon_bcbsnj", None, None, None)),
        (Asked(horizon, "11", line=joint | {"service_date": D(2021, 10, 20)}), ("horizon_bcbsnj", True, "11", True)),
        (Asked(PLAN | {"state": "NJ"}, "22"), (None, None, None, None)),
        (Asked({"payer_program": "medicaid", "state": "CA"}), ("medi_cal", None, None, None)),
        (Asked(PLAN | {"policy": "blue_shield_ca"}), ("blue_shield_ca", None, None, None)),
    )  # fmt: skip


def test_anthem_in_california_does_not_pay_what_medicare_pays(tmp_path: Path) -> None:
    anthem = PLAN | {"state": "CA", "policy": "anthem_blue_cross_ca_commercial"}
    columns = "is_clinic_visit_denied_by_payer is_professional_revenue_denied_by_payer"

    def under(revenue: str, procedure: str = "G0463", day: dt.date = DAY) -> Asked:
        claim = {"statement_from_date": day, "statement_through_date": day}
        line = {"revenue_code": revenue, "procedure_code": procedure, "service_date": day}
        return Asked(anthem, claim=claim, line=line)

    check(
        tmp_path,
        {},
        columns,
        (under("0760"), (True, False)),
        (under("0761"), (True, False)),
        (under("0762"), (False, False)),
        (under("0769"), (True, False)),
        (under("0510"), (False, False)),
        (under("0761", "20610"), (False, False)),
        (under("0960", "99284"), (False, True)),
        (under("0989", "99284"), (False, True)),
        (under("0990", "99284"), (False, False)),
        (under("0761", day=D(2023, 12, 31)), (None, None)),
        (under("0761", day=D(2024, 1, 1)), (True, False)),
        is_hospital=True,
    )
