"""The seven properties that the rule dossier (§ 7) asks for, over random facts and every rule page.

A row of random facts begins as one of the cases of a rule, on a ground of random columns, and some of its
own columns are then drawn anew: else most rules would hardly ever apply. Many rows are one table, which
all rules of a grain judge in one query, so hypothesis draws the seed of a table and not each cell. What
fails is told with the shortest row. Two properties are held over made-up claims too, whose facts are built.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, Verbosity, given, settings
from hypothesis import strategies as st

from scrubjay.condition import Node, parse_condition, type_of
from scrubjay.engine import Grain, connect
from scrubjay.reference.law import load_laws
from scrubjay.rule import Rule, load_rules
from scrubjay.rule_cases import RuleCase, fill_facts, reachable_outcomes, read_cases
from scrubjay.tables import GRAINS, HOSPITAL_TYPES, Column
from tests.facts.fee_samples import VALUE, amounts, stored, year_of
from tests.facts.samples import NPI, Case, facts_of_cases
from tests.rules.cases import CASES_FOLDER
from tests.samples import make_rule

Row = dict[str, Any]
D = dt.date
LAWS, RULES = load_laws(), load_rules()
OF_GRAIN = {grain: [rule for rule in RULES.values() if rule.grain == grain] for grain in GRAINS}
CODES = tuple(f"{number:02}" for number in range(1, 100))
NATIONAL = "us.hipaa.place_of_service_codes"
FACILITY = "us.cms.mpfs.facility_rate_pos"
NOT_ADJUDICATED = "us.cms.place_of_service_codes_not_adjudicated"
WINDOW = "us.cms.payment_window.days"
NOT_CONFIRMED = {"66"}  # no source that gives its rate was found: see the head of the law file
CODES_FILE = Path(__file__).parents[1] / ".." / "shared" / "rules" / "pos_codes.csv"

# A table of random rows: hypothesis draws its seed. To shrink a seed leads nowhere.
TABLES = st.randoms(use_true_random=True)
SEEDED = settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])


# --- random facts -------------------------------------------------------------------------------------

PAYER_DATES = ("receipt_date", "paid_date")
DATES = ("service_date", *PAYER_DATES, *(f"{name}_earliest" for name in PAYER_DATES))
_SLOT = re.compile("\x00.*?\x00")
_LITERAL = re.compile(r"'((?:[^']|'')*)'")


def leaves_of(rule: Rule) -> list[Node]:
    return list(rule.condition.leaves())


@cache
def read_by(code: str) -> tuple[str, ...]:
    """The columns that can move a rule."""
    rule = RULES[code]
    names = [name for leaf in leaves_of(rule) for name in leaf.columns]
    keys = [key for leaf in leaves_of(rule) for test in leaf.laws for key in LAWS[test.path].key_columns]
    names += [*keys, *(f"{key}_earliest" for key in keys if key in PAYER_DATES)]
    return tuple(dict.fromkeys(names))


@cache
def values_for(code: str) -> dict[str, list[Any]]:
    """Values for the columns of a rule but for `DATES`: what its page and its laws name, others, and NULL."""
    rule = RULES[code]
    found: dict[str, list[Any]] = {}
    for name in (name for name in read_by(code) if name not in DATES):
        # What stands beside a column in a comparison is of its kind.
        beside = {name} | {other for leaf in leaves_of(rule) if name in leaf.columns for other in leaf.columns}
        here = [leaf for leaf in leaves_of(rule) if beside & set(leaf.columns)]
        column = rule.table[name]
        values: list[Any]
        if column.type == "boolean":
            values = [True, False]
        elif column.type == "date":
            values = [D(2024, 3, day) for day in (4, 5, 6)]
        elif column.type in ("integer", "decimal", "amount"):
            numbers = {int(n) for leaf in here for n in re.findall(r"\b\d+\b", _SLOT.sub("", leaf.template))}
            values = sorted({0, 1, 2, *numbers, *(number + 1 for number in numbers)})
        else:
            values = [text for leaf in here for text in _LITERAL.findall(_SLOT.sub("", leaf.template))]
            for test in (test for leaf in here for test in leaf.laws if test.operand in beside):
                held: set[str] = set()
                for version in LAWS[test.path].versions:
                    values += sorted(set(version.values) ^ held)[:3]
                    held = set(version.values)
            values += ["11", "19", "22"] if "place_of_service_code" in name else []
            values += ["medicare_part_b", "commercial"] if name == "payer_program" else []
            values = [*dict.fromkeys(values), "other"]
        found[name] = [*values, None] if column.nullable else values
    return found


@cache
def values_of(grain: str) -> dict[str, list[Any]]:
    """Values for every column that some rule of the grain reads."""
    found: dict[str, dict[Any, None]] = {}
    for rule in OF_GRAIN[grain]:
        for name, values in values_for(rule.code).items():
            found.setdefault(name, {}).update(dict.fromkeys(values))
    return {name: list(values) for name, values in found.items()}


@cache
def days_of(grain: str) -> list[D]:
    """The days on which a law of the grain changes, and those before them."""
    paths = {test.path for rule in OF_GRAIN[grain] for leaf in leaves_of(rule) for test in leaf.laws}
    edges = {version.effective for path in paths for version in LAWS[path].versions} or {D(2024, 3, 5)}
    return sorted({*edges, *(edge - dt.timedelta(1) for edge in edges)})


@cache
def cases_of(code: str) -> list[RuleCase]:
    return read_cases(RULES[code], CASES_FOLDER)


def nothing(column: Column) -> Any:
    """What `fill_facts` gives a column that a row does not name."""
    blank = {"text": "", "boolean": False, "integer": 0, "decimal": Decimal(0), "date": D(2026, 1, 1)}
    return None if column.nullable else blank[column.type]


def random_dates(random: Random, grain: str) -> Row:
    """Dates that do not contradict one another: no claim is received before its service, or paid before that."""
    service, received, paid = sorted(random.choices(days_of(grain), k=3))
    row: Row = {"service_date": service, "receipt_date": received, "paid_date": paid}
    row |= {name: None for name in row if random.random() < 0.2}
    row["receipt_date_earliest"] = row["receipt_date"] or random.choice([service, None])
    row["paid_date_earliest"] = row["paid_date"] or row["receipt_date"] or row["receipt_date_earliest"]
    return row


def random_row(random: Random, rule: Rule, number: int) -> Row:
    """A row of facts about a rule; the first rows of a table are its cases as they stand."""
    table, cases = rule.table, cases_of(rule.code)
    has_dates = all(name in table for name in DATES)
    row = {name: random.choice(values) for name, values in values_of(rule.grain).items()}
    row |= random_dates(random, rule.grain) if has_dates else {}
    if number >= len(cases) and random.random() < 0.2:
        return row | {name: random.choice(values) for name, values in values_for(rule.code).items()}
    expected = random.choice(sorted({case.outcome for case in cases}))
    case = random.choice([one for one in cases if one.outcome == expected]).facts
    case = cases[number].facts if number < len(cases) else case
    if any(name in case for name in DATES):
        row |= dict.fromkeys(DATES)
    row |= {name: nothing(table[name]) for name in values_for(rule.code)} | case
    if number >= len(cases):
        again = random.choices(list(values_for(rule.code)), k=random.choice([0, 1, 1, 2, 4]))
        row |= {name: random.choice(values_for(rule.code)[name]) for name in again}
        row |= random_dates(random, rule.grain) if has_dates and random.random() < 0.3 else {}
    return row


def random_rows(random: Random, grain: str, each: int = 24) -> list[tuple[Rule, Row]]:
    """For every rule of the grain its cases and some more rows, each with the rule it is about."""
    return [
        (rule, random_row(random, rule, number))
        for rule in OF_GRAIN[grain]
        for number in range(len(cases_of(rule.code)) + each)
    ]


# --- what the rules say of them -----------------------------------------------------------------------

CLEAR, VIOLATION, UNKNOWN = "clear", "violation", "unknown"  # out of scope is clear: no finding either way
_SAID = (CLEAR, VIOLATION, UNKNOWN)


def compiled(grain: str, rows: Sequence[Row], rules: Sequence[Rule]) -> Grain:
    """These rules over these rows, as a check compiles them."""
    connection = connect()
    table = GRAINS[grain]
    fill_facts(connection, table, rows)
    return Grain(connection, table, list(rules), LAWS, ["random facts"])


def outcomes(grain: str, rows: Sequence[Row], rules: Sequence[Rule] = ()) -> dict[str, list[str]]:
    """For each rule what it says of each row, all in one query."""
    rules = rules or OF_GRAIN[grain]
    judge = compiled(grain, rows, rules)
    asked = ", ".join(
        f"CAST(CASE WHEN {sql} IS NULL THEN 2 WHEN {sql} THEN 1 ELSE 0 END AS TINYINT) AS {rule.code}"
        for rule in rules
        for sql in [judge.sql(rule.condition)]
    )
    found = judge.connection.sql(f"SELECT {asked} FROM evaluated ORDER BY row_id").fetchnumpy()
    judge.connection.close()
    return {code: [_SAID[number] for number in said] for code, said in found.items()}


@dataclass(frozen=True)
class Change:
    """A rule that speaks otherwise of a row than of the same row before."""

    rule: Rule
    number: int
    before: Row
    after: Row
    was: str
    now: str

    def __str__(self) -> str:
        own = {name: self.rule.table[name] for name in read_by(self.rule.code)}
        shown = {name: self.before.get(name) for name in own if self.before.get(name) != nothing(own[name])}
        changed = {name: self.after.get(name) for name in own if self.after.get(name) != self.before.get(name)}
        return f"{self.rule.code} is {self.was} at {shown}, but {self.now} with {changed}"


def changes(grain: str, before: Sequence[Row], after: Sequence[Row]) -> Iterator[Change]:
    """Wherever a rule of the grain says something else of the second row than of the first."""
    said = outcomes(grain, [*before, *after])
    for rule in OF_GRAIN[grain]:
        first, second = said[rule.code][: len(before)], said[rule.code][len(before) :]
        for number, (was, now) in enumerate(zip(first, second, strict=True)):
            if was != now:
                yield Change(rule, number, before[number], after[number], was, now)


def none_of(found: Iterable[Change]) -> None:
    """Fail with the shortest of the changes of each rule."""
    shortest: dict[str, str] = {}
    for change in found:
        shortest[change.rule.code] = min(str(change), shortest.get(change.rule.code, str(change)), key=len)
    assert not shortest, "\n".join(shortest.values())


@pytest.mark.parametrize("grain", GRAINS)
@settings(SEEDED, max_examples=2)
@given(random=TABLES)
def test_the_random_facts_reach_every_outcome_of_every_rule(grain: str, random: Random) -> None:
    rows = [row for _, row in random_rows(random, grain)]
    said = outcomes(grain, rows)
    lacking = [
        f"{rule.code} never reached {outcome}"
        for rule in OF_GRAIN[grain]
        for outcome in sorted(reachable_outcomes(rule) - {"out_of_scope"})
        if outcome not in said[rule.code]
    ]
    assert not lacking, "\n".join(lacking)
    violations, is_unknown = compiled(grain, rows, OF_GRAIN[grain]).outcomes()
    for code, outcome in said.items():  # what the tests below compare is what a check reports
        assert sorted(violations[code]) == [number for number, one in enumerate(outcome) if one == VIOLATION]
        assert is_unknown[code] == (UNKNOWN in outcome)


# --- 1: to swap 19 and 22 never changes the practitioner's money ---------------------------------------

MONEY = {rule.code for rule in OF_GRAIN["service_line"] if rule.consequence in ("overpayment", "underpayment")}
# Rules whose question is the difference between the two codes. None of them is about money.
ASK_WHICH_OF_THE_TWO = {
    "DEP109": "asks on which side of the campus boundary the department stands",
    "DEP110": "asks the same, close to the boundary",
    "NOT101": "the notice of coinsurance is owed off campus only (42 CFR 413.65(g)(7))",
    "NOT102": "as NOT101",
    "NOT103": "as NOT101",
    "PAY101": "asks which code this payer takes",
    "PRO125": "compares the code of a reading with the code of the place of its test",
    "PRO127": "compares the code of a test with the code of the place of its specimen",
}


def page(code: str, condition: str) -> Rule:
    """A page of ours that asks one question of every service line."""
    return replace(make_rule("TRUE", condition), code=code)


BOTH_IN_FORCE = page("TST901", f"'19' IN LAW('{NATIONAL}') AND '22' IN LAW('{NATIONAL}')")
# Before the first day of the list of facility rates nobody has read what Medicare paid at 22.
LIST_SPEAKS = page("TST902", f"'19' IN LAW('{FACILITY}') AND '22' IN LAW('{FACILITY}')")


def comparable(rows: Sequence[Row]) -> list[Row]:
    """The rows on whose dates both codes are in force, and the law says at which rate they are paid."""
    said = outcomes("service_line", rows, [BOTH_IN_FORCE, LIST_SPEAKS])
    kept = zip(rows, said["TST901"], said["TST902"], strict=True)
    return [row for row, in_force, speaks in kept if in_force == VIOLATION and speaks != UNKNOWN]


def placed(row: Row, code: str) -> Row:
    names = ("place_of_service_code", "line_place_of_service_code", "claim_place_of_service_code")
    known = {"has_place_of_service": True, "is_place_of_service_assigned": True}
    return {**row, **dict.fromkeys(names, code), **known}


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_19_and_22_are_paid_at_the_same_rate_on_any_day_of_the_list(data: st.DataObject) -> None:
    # Before its first day nobody has read what Medicare paid at 22; 19 came later, and counts by the day of payment.
    first_day = LAWS[FACILITY].versions[0].effective
    days = st.lists(st.dates(first_day, D(2035, 12, 31)) | st.just(first_day), min_size=3, max_size=3)
    rows: list[Row] = []
    for service, received, paid in map(sorted, data.draw(st.lists(days, min_size=1, max_size=20))):
        row = {"service_date": service, "receipt_date": received, "paid_date": paid}
        rows += [placed(row, code) for code in ("19", "22")]
    rate = page("TST903", f"place_of_service_code IN LAW('{FACILITY}')")
    said = outcomes("service_line", rows, [rate, BOTH_IN_FORCE])
    differ = [
        f"{ {name: str(row[name]) for name in ('service_date', 'paid_date')} }: 19 {at_19}, 22 {at_22}"
        for row, in_force, at_19, at_22 in zip(
            rows[::2], said["TST901"][::2], said["TST903"][::2], said["TST903"][1::2], strict=True
        )
        if in_force == VIOLATION and at_19 != at_22
    ]
    assert not differ, "paid at the facility rate (violation: yes)\n" + "\n".join(differ)


@SEEDED
@given(random=TABLES)
def test_no_rule_about_money_tells_19_from_22(random: Random) -> None:
    drawn = [row for _, row in random_rows(random, "service_line", each=8)]
    rows = comparable([*drawn, *(row | dict.fromkeys(DATES[1:], D(2040, 1, 1)) for row in drawn)])
    at_19, at_22 = ([placed(row, code) for row in rows] for code in ("19", "22"))
    found = list(changes("service_line", at_19, at_22))
    none_of(change for change in found if change.rule.code not in ASK_WHICH_OF_THE_TWO)
    assert {change.rule.code for change in found} == set(ASK_WHICH_OF_THE_TWO)  # the table names no other
    assert not MONEY & set(ASK_WHICH_OF_THE_TWO)
    money = [RULES[code] for code in sorted(MONEY)]
    said = outcomes("service_line", [*at_19, *at_22], money)
    violated = {code for code in MONEY if VIOLATION in said[code]}
    assert {"DEP104", "NPP101", "NPP102", "NPP103", "NPP104", "NPP106"} <= violated  # so they do speak of both codes


# --- 2: the exposure has the sign of the difference of the rates ----------------------------------------

CENTS = st.decimals(Decimal("0.00"), Decimal("99.99"), places=2)
OTHER_NPI = "1234567893"
PLACES = ("11", "12", "19", "22", "24", "02", "10", "21")
AT_FACILITY_RATE = {"19", "22", "24", "02", "21"}
MARCH = D(2026, 3, 10)


@st.composite
def values(draw: st.DrawFn, code: str) -> Row:
    """A row of relative values: any numbers, indicators and NA flags."""
    names = ("work_rvu", "nonfacility_pe_rvu", "facility_pe_rvu", "malpractice_rvu")
    na = draw(st.sampled_from([(False, False)] * 3 + [(True, False), (False, True)]))
    return {
        **VALUE,
        **{name: draw(CENTS) for name in names},
        "procedure_code": code,
        "component_indicator": draw(st.sampled_from(["0", "0", "1", "2", "3", "5", "6", "7", "9"])),
        "is_nonfacility_na": na[0],
        "is_facility_na": na[1],
        "bilateral_indicator": draw(st.sampled_from("01239")),
        "status_code": draw(st.sampled_from("AAAART")),
    }


@st.composite
def priced(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Twelve codes, and for each a line whose place of service is still to be said."""
    rows, lines = [], []
    for number in range(12):
        row = draw(values(f"{10000 + number}"))
        rows.append(row)
        lines.append(
            {
                "procedure_code": row["procedure_code"],
                "units": Decimal(draw(st.integers(1, 4))),
                "modifier_1": draw(st.sampled_from([None, None, "50", "25"])),
                "charge_amount": draw(st.sampled_from([Decimal("99999.00"), Decimal("40.00")])),
                "npi": draw(st.sampled_from([NPI, OTHER_NPI])),
            }
        )
    return rows, lines


def at_places(rows: list[Row], lines: list[Row], places: Sequence[str]) -> dict[str, list[Row]]:
    """The facts of the lines at each of these places of service, through files in CMS's layout."""
    given = [
        {**{name: cell for name, cell in line.items() if name != "npi"}, "place": place,
         "claim": {"rendering_provider_npi": line["npi"]}}
        for place in places for line in lines
    ]  # fmt: skip
    people = [{"npi": NPI, "provider_type": "MD"}, {"npi": OTHER_NPI, "provider_type": "NP"}]
    with tempfile.TemporaryDirectory() as folder:
        found = amounts(stored(Path(folder), year_of(rows)), *given, providers=people)
    return {place: found[n * len(lines) : (n + 1) * len(lines)] for n, place in enumerate(places)}


@settings(max_examples=5, deadline=None)
@given(drawn=priced())
def test_money_follows_the_rate_of_the_place_and_nothing_else(drawn: tuple[list[Row], list[Row]]) -> None:
    rows, lines = drawn
    found = at_places(rows, lines, PLACES)
    for number, row in enumerate(rows):
        at = {place: found[place][number] for place in PLACES}
        assert at["19"]["allowed_amount"] == at["22"]["allowed_amount"]  # property 1, in dollars
        assert at["19"]["printed_amount"] == at["22"]["printed_amount"]
        sides = {
            place: at[place]["facility_amount" if place in AT_FACILITY_RATE else "nonfacility_amount"]
            for place in PLACES
        }
        for billed in PLACES:
            assert at[billed]["allowed_amount"] == sides[billed], billed
            # property 7: where CMS prints NA there is no amount of its own, so there is no difference either
            own = row["component_indicator"] in ("0", "2", "6", "9")
            if billed in AT_FACILITY_RATE and own and row["is_facility_na"]:
                assert sides[billed] is None
            if billed not in AT_FACILITY_RATE and row["is_nonfacility_na"]:
                assert sides[billed] is None
            for correct in PLACES:  # property 2
                if None not in (sides[billed], sides[correct]):
                    assert sides[billed] - sides[correct] == -(sides[correct] - sides[billed])


@settings(max_examples=20, deadline=None)
@given(pairs=st.lists(st.tuples(st.none() | CENTS, st.none() | CENTS), min_size=1, max_size=20))
def test_the_exposure_has_the_sign_of_the_difference_and_turns_with_the_codes(
    pairs: list[tuple[Decimal | None, Decimal | None]],
) -> None:
    rows: list[Row] = []
    for outside, inside in pairs:
        row: Row = {"has_place_of_service": True, "service_date": MARCH}
        rows += [row | {"allowed_amount": a, "facility_amount": b} for a, b in ((outside, inside), (inside, outside))]
    rule = make_rule("TRUE", "has_place_of_service", exposure="{billed: allowed_amount, correct: facility_amount}")
    connection = connect()
    fill_facts(connection, rule.table, rows)
    found = list(Grain(connection, rule.table, [rule], LAWS, ["amounts"]).findings(each=True))
    connection.close()
    assert [one["_order"][-1] for one in found] == list(range(len(rows)))
    for (outside, inside), one, turned in zip(pairs, found[::2], found[1::2], strict=True):
        if outside is None or inside is None:
            assert (one["exposure_amount"], turned["exposure_amount"]) == (None, None)
            assert one["exposure"]["because"] and turned["exposure"]["because"]
            continue
        amount = Decimal(one["exposure_amount"])
        assert amount == outside - inside == -Decimal(turned["exposure_amount"])
        shares = [Decimal(one["exposure"][name]) for name in ("program_amount", "beneficiary_amount")]
        assert sum(shares) == amount
        owed = {1: ["payer", "patient"], 0: [], -1: ["provider"]}
        assert one["exposure"]["owed_to"] == owed[(amount > 0) - (amount < 0)]


# --- 3: the payment window knows days and no hours -----------------------------------------------------


@dataclass(frozen=True)
class Stay:
    """A service and what the encounters registry says of the stay around it."""

    service_date: D | None
    days_ahead: int | None  # of the admission; None: no day is on record
    hospital_type: str | None
    status: str | None
    hours: tuple[dt.time, dt.time]
    others: tuple[tuple[str, Any], ...]  # what the window does not depend on

    def is_in_window(self) -> bool | None:
        """By hand, from the table of the law."""
        if self.status == "none":
            return False
        if self.service_date is None:
            return None
        version = LAWS[WINDOW].on(self.service_date)
        days = {row["hospital_type"]: row["days"] for row in version.rows} if version else {}
        if days.get(self.hospital_type or "") == "none":
            return False
        if self.days_ahead is None:
            return None
        longest = max((int(number) for number in days.values() if number != "none"), default=None)
        if self.days_ahead < 0 or (longest is not None and self.days_ahead > longest):
            return False
        if self.hospital_type not in days:
            return None
        return self.days_ahead <= int(days[self.hospital_type])

    def cases(self) -> list[Case]:
        """The same stay twice, at two hours."""
        found = []
        for hour in self.hours:
            day = self.service_date or D(2024, 3, 5)
            encounter: Row = {"claim_id": "A1", "admission_status": self.status, **dict(self.others)}
            encounter["admitting_hospital_type"] = self.hospital_type
            if self.days_ahead is not None:
                encounter["admitted_at"] = dt.datetime.combine(day + dt.timedelta(self.days_ahead), hour)
            if self.service_date:
                encounter["service_started_at"] = dt.datetime.combine(day, self.hours[0])
            found.append(Case(line={"service_date": self.service_date}, encounters=(encounter,)))
        return found


_HOURS = st.times() | st.sampled_from([dt.time.min, dt.time.max])
_WINDOW_DAYS = [version.effective + dt.timedelta(n) for version in LAWS[WINDOW].versions for n in (-4, -1, 0)]
YES_NO = (True, False, None)
_STAYS = st.builds(
    Stay,
    service_date=st.dates(D(1990, 6, 1), D(2030, 12, 31)) | st.sampled_from([*_WINDOW_DAYS, D(2024, 2, 29), None]),
    days_ahead=st.integers(-2, 5) | st.sampled_from([-400, 400, None]),
    hospital_type=st.sampled_from([*HOSPITAL_TYPES, "ipps", "ipf", None]),
    status=st.sampled_from(["admitted", "admitted", None, "none"]),
    hours=st.tuples(_HOURS, _HOURS),
    others=st.fixed_dictionaries(
        dict.fromkeys(
            ("is_admission_time_known", "is_part_a_stay", "is_diagnostic", "is_related_to_admission"),
            st.sampled_from(YES_NO),
        )
        | {"registration_status": st.sampled_from(["inpatient", "outpatient", "none", None])}
    ).map(lambda one: tuple(one.items())),
)


@settings(SEEDED, max_examples=6, verbosity=Verbosity.quiet)  # the shortest stay is shown
@given(stays=st.lists(_STAYS, min_size=30, max_size=80))
def test_the_payment_window_depends_on_days_and_not_on_hours(stays: list[Stay]) -> None:
    found = [
        rows[0]["is_in_payment_window"] for rows in facts_of_cases([case for stay in stays for case in stay.cases()])
    ]
    wrong = [
        f"{at_one_hour} and {at_another}, not {stay.is_in_window()}: {stay}"
        for at_one_hour, at_another, stay in zip(found[::2], found[1::2], stays, strict=True)
        if {at_one_hour, at_another} != {stay.is_in_window()}
    ]
    assert not wrong, min(wrong, key=len)


# --- 4: to forget a fact never decides anything --------------------------------------------------------


def forgetful(random: Random, rule: Rule, row: Row) -> Row:
    """The row with one fact of the rule not known, or some, or none of all facts."""
    names = [name for name in row if rule.table[name].nullable]
    own = [name for name in read_by(rule.code) if name in names]
    how = random.random()
    if how < 0.4 and own:
        forgotten = [random.choice(own)]
    elif how < 0.7:
        forgotten = [name for name in own if random.random() < 0.5]
    elif how < 0.9:
        forgotten = [name for name in names if random.random() < 0.5]
    else:
        forgotten = names
    return row | dict.fromkeys(forgotten)


@pytest.mark.parametrize("grain", GRAINS)
@SEEDED
@given(random=TABLES)
def test_forgetting_any_facts_leaves_an_outcome_or_makes_it_unknown(grain: str, random: Random) -> None:
    about = random_rows(random, grain)
    before = [row for _, row in about]
    found = list(changes(grain, before, [forgetful(random, rule, row) for rule, row in about]))
    none_of(change for change in found if change.now != UNKNOWN)
    assert found  # it does make a difference


# --- 5: PO or PN on a professional line is never in order ----------------------------------------------

# A page that PO or PN on the line may silence, and why.
MAY_FALL_SILENT = {"PRO111": "two lines are one service sent twice only where their modifiers agree"}
DEP107 = RULES["DEP107"]
IN_SCOPE = replace(DEP107, code="TST904", violates=parse_condition("TRUE", DEP107.table, LAWS, "x.md", 1))


def never_clear(rows: Sequence[Row]) -> None:
    """Every line is a violation of DEP107, but for ambulance services, which it leaves alone."""
    said = outcomes("service_line", rows, [DEP107, IN_SCOPE])
    assert said["DEP107"] == said["TST904"]
    assert said["DEP107"] == [CLEAR if row["is_ambulance_procedure"] else VIOLATION for row in rows]
    assert VIOLATION in said["DEP107"]


@SEEDED
@given(random=TABLES)
def test_po_or_pn_is_always_a_violation_and_hides_no_other_among_the_facts(random: Random) -> None:
    before, after = [], []
    for _, row in random_rows(random, "service_line", each=12):
        bare = {**row, "has_modifier_po": False, "has_modifier_pn": False, "has_modifier_er": False, "modifiers": ""}
        added = random.choice([("PO",), ("PN",), ("PO", "PN")])
        before.append(bare)
        after.append({**bare, "modifiers": " ".join(added), **{f"has_modifier_{one.lower()}": True for one in added}})
    never_clear(after)
    none_of(change for change in changes("service_line", before, after) if change.rule.code != "DEP107")


# --- 1 and 5 again, over facts that are built of claims ------------------------------------------------

SITES: dict[str, Sequence[Any]] = {
    "site_type": (
        "main_campus", "provider_based_department", "provider_based_department", "remote_location",
        "freestanding_office", "freestanding_office", "skilled_nursing_facility", "ambulatory_surgical_center",
        "mobile_unit", None,
    ),
    "provider_based_from": (D(2010, 1, 1), D(2010, 1, 1), D(2024, 3, 6), None),
    "hospital_type": ("ipps", "cah", None),
    "is_on_hospital_campus": YES_NO,
    "is_separately_maintained": YES_NO,
    "distance_yards": (Decimal(100), Decimal(248), Decimal(252), Decimal(2000), None),
    "distance_method": ("straight_line", "driving", None),
    "enrolled_location_type": ("provider_based_department", "none", None),
}  # fmt: skip
ENCOUNTERS: dict[str, Sequence[Any]] = {
    "claim_id": ("A1",),
    "registration_status": ("outpatient", "inpatient", "none", None),
    "admission_status": ("admitted", "none", None),
    "admitted_at": (dt.datetime(2024, 3, 6, 9), None),
    "admitting_hospital_type": ("ipps", "cah", None),
    "is_skilled_nursing_part_a": YES_NO,
    "performed_by_type": ("MD", "NP", "RN", None),
    "split_practitioner_type": ("NP", "none", None),
    "physician_time_share": (Decimal("0.3"), Decimal("0.7"), None),
    "has_physician_decision_making": YES_NO,
    "is_same_group": YES_NO,
    "telehealth_mode": ("video", "audio", "none", None),
    "telehealth_patient_place": ("home", "clinic", None),
    "telehealth_clinician_place": ("hospital", "home", None),
    "has_notice": YES_NO,
    "has_two_coinsurances": YES_NO,
    "is_emergency_treatment_required": YES_NO,
}
PAYERS: dict[str, Sequence[Any]] = {
    "payer_id": ("PAYER1",),
    "payer_program": ("medicare_part_b", "medicare_advantage", "commercial", "medicaid"),
    "policy": (None, "horizon_bcbsnj", "medi_cal", "medicare_ffs"),
}
CLAIMS: dict[str, Sequence[Any]] = {
    "claim_filing_code": ("MB", "MB", "MB", "MB", "CI", "ZZ"),
    "claim_form": ("electronic", "paper", None),
    "paid_date": (D(2025, 8, 1), None),
    "rendering_provider_npi": (NPI, NPI, None),
}
LINES: dict[str, Sequence[Any]] = {
    "procedure_code": (
        "99213", "99215", "99221", "99221", "99304", "99347", "99211", "99483", "99291", "99490", "G0463", "G2211",
        "A0425", "Q3014", "11042", "93000", "71046", "97110", "96372", "J0585", "E0110", "85060", "90960", None,
    ),
    "service_date": (D(2016, 1, 1), D(2024, 3, 5), D(2024, 3, 5), D(2025, 6, 2)),
}  # fmt: skip
MODIFIERS = ("FS", "FS", "26", "TC", "95", "93", "GT", "GQ", "59", "PD", "GE", "ER")


def made_up(random: Random, values: dict[str, Sequence[Any]]) -> Row:
    return {name: random.choice(choices) for name, choices in values.items()}


def made_up_case(random: Random, codes: Sequence[str]) -> Case:
    """A claim with one line at a place of one of these codes, and what the registries hold about it."""
    modifiers = random.sample(MODIFIERS, random.choice([0, 1, 2]))
    line = made_up(random, LINES) | {"place_of_service_code": random.choice(codes)}
    line |= {f"modifier_{number}": modifier for number, modifier in enumerate(modifiers, 1)}
    twin = ({"claim_id": "A2"}, line | {"place_of_service_code": "23"})
    types = [random.choice(["MD", "MD", "NP", "PT"])]
    return Case(
        site=random.choice([made_up(random, SITES)] * 4 + [None]),
        claim=made_up(random, CLAIMS) | {"transaction_date": line["service_date"]},
        line=line,
        encounters=(made_up(random, ENCOUNTERS),) * random.choice([0, 1, 1, 1]),
        providers=tuple({"npi": NPI, "provider_type": one} for one in types * random.choice([0, 1, 1])),
        payers=(made_up(random, PAYERS),) * random.choice([0, 0, 0, 1]),
        others=(twin,) * random.choice([0, 0, 1]),
        is_named=random.random() < 0.8,
    )


def built_changes(cases: Sequence[Case], changed: Sequence[Case]) -> tuple[list[Row], list[Change]]:
    """The facts of the line of each changed case, and wherever a rule speaks otherwise of it."""
    rows = [found[0] for found in facts_of_cases([*cases, *changed])]
    before, after = rows[: len(cases)], rows[len(cases) :]
    return after, list(changes("service_line", before, after))


@SEEDED
@given(random=TABLES)
def test_no_rule_about_money_tells_a_claim_at_19_from_one_at_22(random: Random) -> None:
    at_19 = [replace(made_up_case(random, ["19"]), others=()) for _ in range(300)]
    at_22 = [replace(case, line=case.line | {"place_of_service_code": "22"}) for case in at_19]
    after, found = built_changes(at_19, at_22)
    assert len(comparable(after)) == len(after)
    none_of(change for change in found if change.rule.code not in ASK_WHICH_OF_THE_TWO)


@SEEDED
@given(random=TABLES)
def test_po_or_pn_is_always_a_violation_and_hides_no_other_on_a_claim(random: Random) -> None:
    cases, changed = [], []
    for _ in range(300):
        case = made_up_case(random, ["11", "12", "19", "22", "21", "31", "10", "99"])
        modifiers = [case.line[name] for name in ("modifier_1", "modifier_2") if name in case.line]
        for added in random.choice([["PO"], ["PN"], ["PO", "PN"]]):
            modifiers.insert(random.randint(0, len(modifiers)), added)
        line = case.line | {f"modifier_{number}": modifier for number, modifier in enumerate(modifiers, 1)}
        cases.append(case)
        changed.append(replace(case, line=line))
    after, found = built_changes(cases, changed)
    never_clear(after)
    silenced = [change for change in found if change.was == VIOLATION]
    none_of(change for change in silenced if change.rule.code not in MAY_FALL_SILENT)
    assert {change.rule.code for change in silenced} == set(MAY_FALL_SILENT)


# --- 6: every code has one rate ------------------------------------------------------------------------


def rates_on(dates: Sequence[tuple[D, D, D]]) -> list[dict[str, set[str | None]]]:
    """For each day (of service, receipt and payment) the rates of each code by the law files; None: not known."""
    rows = [
        placed({"service_date": service, "receipt_date": received, "paid_date": paid}, code)
        for service, received, paid in dates
        for code in CODES
    ]
    paths = (NATIONAL, FACILITY, NOT_ADJUDICATED)
    asked = [page(f"TST90{n}", f"place_of_service_code IN LAW('{path}')") for n, path in enumerate(paths)]
    said = outcomes("service_line", rows, asked)
    found: list[dict[str, set[str | None]]] = []
    for number, (assigned, facility, other) in enumerate(zip(*(said[rule.code] for rule in asked), strict=True)):
        code = rows[number]["place_of_service_code"]
        rates: dict[str | None, bool] = {
            "U": assigned == CLEAR,
            "F": facility == VIOLATION,
            "NA": other == VIOLATION,
            "UNK": assigned == VIOLATION and code in NOT_CONFIRMED,
            "NF": (assigned, facility, other) == (VIOLATION, CLEAR, CLEAR) and code not in NOT_CONFIRMED,
            None: UNKNOWN in (assigned, facility, other),
        }
        if code == CODES[0]:
            found.append({})
        found[-1][code] = {rate for rate, holds in rates.items() if holds}
    return found


_FROM = LAWS[FACILITY].versions[0].effective
_ANY_DAY = st.dates(_FROM, D(2040, 1, 1)) | st.sampled_from([v.effective for v in LAWS[NATIONAL].versions])


@settings(max_examples=15, deadline=None)
@given(dates=st.lists(st.tuples(_ANY_DAY, _ANY_DAY, _ANY_DAY).map(sorted), min_size=1, max_size=10))
def test_every_code_has_exactly_one_rate_on_any_day(dates: list[list[D]]) -> None:
    for days, rates in zip(dates, rates_on([(one[0], one[1], one[2]) for one in dates]), strict=True):
        wrong = {code: one for code, one in rates.items() if len(one) != 1}
        is_covered = days[0] >= _FROM  # before, nobody has read which codes were paid at the facility rate
        assert not (wrong if is_covered else {c: w for c, w in wrong.items() if len(w - {None}) > 1}), days


@settings(max_examples=15, deadline=None)
@given(days=st.lists(_ANY_DAY, min_size=1, max_size=10))
def test_every_code_has_the_rate_of_the_published_set_from_its_first_day_on(days: list[D]) -> None:
    if not CODES_FILE.exists():
        pytest.skip(f"{CODES_FILE} is not there")
    with CODES_FILE.open(encoding="utf-8", newline="") as handle:
        published = {row["code"]: row for row in csv.DictReader(handle)}
    assert tuple(sorted(published)) == CODES
    wrong = []
    for day, rates in zip(days, rates_on([(day, day, day) for day in days]), strict=True):
        for code, row in published.items():
            began = D.fromisoformat(row["effective"]) if row["effective"] else D.min
            wanted = row["rate"] if day >= began else "U"
            is_right = rates[code] == {wanted} if day >= _FROM else ("U" in rates[code]) is (wanted == "U")
            if not is_right:
                wrong.append(f"{code} on {day}: {rates[code]} and not {wanted}")
    assert not wrong, "\n".join(wrong)


# --- 7: what has no amount gets no difference ----------------------------------------------------------


@pytest.mark.parametrize("grain", GRAINS)
@settings(SEEDED, max_examples=1)
@given(random=TABLES)
def test_a_finding_without_amounts_carries_no_exposure(grain: str, random: Random) -> None:
    blank = {
        c.name: None if c.type == "amount" else 7
        for c in GRAINS[grain].columns
        if c.nullable and type_of(c) == "number"
    }
    rows = [
        blank | row | {name: None for name, one in blank.items() if one is None}
        for _, row in random_rows(random, grain, each=0)
    ]
    found = list(compiled(grain, rows, OF_GRAIN[grain]).findings(each=False))
    assert [one["rule"] for one in found if one["exposure_amount"] is not None] == []
    moving = [one for one in found if one["exposure"] is not None]
    assert all(one["exposure"]["because"] for one in moving)
    assert {one["rule"] for one in moving} <= {rule.code for rule in OF_GRAIN[grain] if rule.exposure}
