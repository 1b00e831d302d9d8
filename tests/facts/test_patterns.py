"""Facts: the lines of a site together, by month, payer and practitioner, and around its first provider-based day."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from scrubjay.reference.registries import KNOWN_NONE
from tests.facts.samples import AT_NORTH, CLAIM, LINE, SITE, Case, D, Row, build, check, facts_of, facts_of_cases

MONTH, PAYER, PRACTITIONER = "site_month_facts", "site_payer_month_facts", "site_practitioner_facts"
FEW, CHANCE = "fewer than 20 lines", "so few lines of other codes may be chance"
OFFICE: Row = {"site_type": "freestanding_office", "provider_based_from": None}


def coded(*counts: tuple[int, str], **line: Any) -> tuple[Row, ...]:
    """So many lines with each code, all alike in the rest."""
    return tuple({"place_of_service_code": code, **line} for number, code in counts for _ in range(number))


def at(*counts: tuple[int, str], site: Row | None = None, **more: Any) -> Case:
    return Case(site or {}, lines=coded(*counts), **more)


def rows_of(case: Case, table: str) -> list[Row]:
    return facts_of_cases([case], table)[0]


# --- which lines count --------------------------------------------------------------------------------


def test_only_lines_whose_code_goes_by_the_building_count() -> None:
    left_out: Iterable[Row] = (
        {"place_of_service_code": "21"},
        {"place_of_service_code": "23"},
        {"place_of_service_code": "24"},  # left to other pages
        {"place_of_service_code": "12"},  # a home
        {"place_of_service_code": "02"},
        {"place_of_service_code": "10"},
        {"place_of_service_code": "97"},  # not assigned
        {"modifier_1": "95"},
        {"modifier_1": "26"},
    )
    counted: Iterable[Row] = (
        {},
        {"place_of_service_code": "19"},
        {"place_of_service_code": "20"},
        {"modifier_1": "TC"},
    )
    [row] = rows_of(Case(lines=(*left_out, *counted)), MONTH)
    assert (row["line_count"], row["hospital_line_count"], row["office_line_count"]) == (4, 1, 2)
    assert (row["mix"], row["place_of_service_code"]) == ("2 at 11, 1 at 19, 1 at 20", "11")
    assert rows_of(Case(lines=tuple(left_out)), MONTH) == []


def test_what_goes_by_the_patient_does_not_count() -> None:
    registered: dict[str, tuple[Row, ...]] = {
        one: ({"claim_id": "A1", "registration_status": one},) for one in ("outpatient", "inpatient", "none")
    }
    found = facts_of_cases(
        [Case(site, encounters=registered[one]) for site in ({}, OFFICE) for one in registered], MONTH
    )
    # a registered outpatient keeps the hospital's code in an office, too; in a department it is due anyway
    assert [len(rows) for rows in found] == [1, 0, 1, 0, 0, 1]


def test_a_code_that_a_policy_asks_for_does_not_count() -> None:
    connection = build([CLAIM | AT_NORTH], [LINE], sites=[SITE])
    assert connection.sql("SELECT count(*) FROM site_mixes").fetchall() == [(1,)]
    connection.execute("UPDATE service_line_facts SET is_place_of_service_asked_by_payer = TRUE")
    [sql] = [one for one in _statements("58_site_mixes.sql") if "TABLE site_mixes" in one]
    connection.execute(sql)
    assert connection.sql("SELECT count(*) FROM site_mixes").fetchall() == [(0,)]


def _statements(step: str) -> list[str]:
    from scrubjay.facts import STEPS

    [file] = [one for one in STEPS if one.name == step]
    return file.read_text(encoding="utf-8").split(";\n")


def test_lines_without_a_site_or_a_day_are_in_no_row() -> None:
    for case in (Case(site=None), Case(line={"service_date": None}), Case(is_named=False)):
        assert rows_of(case, MONTH) == rows_of(case, PAYER) == rows_of(case, PRACTITIONER) == []


# --- shares -------------------------------------------------------------------------------------------


def wilson(k: int, n: int, way: int) -> Decimal:
    """A limit of the interval, in percent, by the formula of the textbooks."""
    z, p = 1.96, k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Decimal(100 * min(1.0, max(0.0, middle + way * half)))


def test_the_limits_of_a_share_are_those_of_wilson() -> None:
    connection = build([CLAIM | AT_NORTH], [LINE], sites=[SITE])
    asked = [(k, n) for n in (1, 2, 5, 19, 20, 21, 137, 412, 100_000) for k in {0, 1, n // 3, n // 2, n - 1, n}]
    values = ", ".join(f"({k}, {n})" for k, n in asked)
    query = f"SELECT wilson(k, n, -1), wilson(k, n, 1) FROM (VALUES {values}) AS t(k, n)"
    for (k, n), found in zip(asked, connection.sql(query).fetchall(), strict=True):
        for way, limit in zip((-1, 1), found, strict=True):
            assert abs(limit - wilson(k, n, way)) < Decimal("0.0002"), (k, n, way)
    [types] = connection.sql("SELECT typeof(wilson(1, 2, 1)), typeof(percent(1, 2))").fetchall()
    assert types == ("DECIMAL(18,4)", "DECIMAL(18,4)")


def test_a_share_is_too_low_only_beyond_chance() -> None:
    columns = "is_hospital_share_too_low low_because"
    check(
        columns,
        (at((1, "19")), (False, None)),  # one line, and it is in order
        (at((1, "11")), (None, FEW)),
        (at((19, "11")), (None, FEW)),
        (at((20, "11")), (True, None)),
        (at((5, "11"), (14, "19")), (None, FEW)),
        (at((1, "11"), (19, "19")), (False, None)),  # exactly 95 percent
        (at((2, "11"), (18, "19")), (None, CHANCE)),  # at most 97.2
        (at((4, "11"), (16, "22")), (True, None)),  # at most 91.9
        (at((4, "20"), (16, "22")), (True, None)),  # no office, but not the hospital's code either
        table=MONTH,
    )


def test_a_share_is_too_high_only_beyond_chance() -> None:
    columns = "is_hospital_share_too_high high_because"
    check(
        columns,
        (at((1, "11"), site=OFFICE), (False, None)),
        (at((1, "19"), site=OFFICE), (None, FEW)),
        (at((19, "22"), site=OFFICE), (None, FEW)),
        (at((20, "22"), site=OFFICE), (True, None)),
        (at((1, "19"), (19, "11"), site=OFFICE), (False, None)),
        (at((2, "19"), (18, "11"), site=OFFICE), (None, CHANCE)),
        (at((4, "19"), (16, "11"), site=OFFICE), (True, None)),
        table=MONTH,
    )


def test_the_numbers_behind_a_share() -> None:
    [row] = rows_of(at((16, "22"), (4, "11")), MONTH)
    limits = [wilson(16, 20, way).quantize(Decimal("0.0001"), ROUND_HALF_UP) for way in (-1, 1)]
    assert row["hospital_percent"] == 80
    assert [row["hospital_percent_at_least"], row["hospital_percent_at_most"]] == limits


# --- months and states --------------------------------------------------------------------------------


def test_the_month_in_which_the_status_changes_has_two_rows() -> None:
    days = (*(D(2024, 3, day) for day in (1, 9, 10, 31)), D(2024, 4, 1))
    site = {"provider_based_from": D(2024, 3, 10)}
    rows = rows_of(Case(site, lines=tuple({"service_date": day} for day in days)), MONTH)
    names = ("service_month", "is_provider_based", "line_count", "service_date", "last_service_date")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("2024-03", False, 2, D(2024, 3, 1), D(2024, 3, 9)),
        ("2024-03", True, 2, D(2024, 3, 10), D(2024, 3, 31)),
        ("2024-04", True, 1, D(2024, 4, 1), D(2024, 4, 1)),
    ]


def test_a_status_that_is_not_known_says_why() -> None:
    check(
        "is_provider_based status_because",
        ({}, (True, None)),
        (OFFICE, (False, None)),
        ({"site_type": None}, (None, "the kind of the site is blank in the registry")),
        ({"provider_based_from": None}, (None, "the first day of its provider-based status is blank in the registry")),
        ({"provider_based_from": KNOWN_NONE}, (False, None)),
        table=MONTH,
    )


def test_each_programme_has_a_row_of_its_own() -> None:
    others: tuple[tuple[Row, Row], ...] = tuple(({"claim_filing_code": code}, {}) for code in ("CI", "ZZ"))
    rows = rows_of(Case(others=others), MONTH)
    found = {row["payer_program"]: (row["line_count"], row["payer_program_because"] is None) for row in rows}
    assert found == {"medicare_part_b": (1, True), "commercial": (1, True), None: (1, False)}


def test_which_lines_are_to_be_looked_through() -> None:
    since = {"provider_based_from": D(2024, 2, 1)}
    check(
        "correction_scope",
        (since, "all lines since 2024-02-01"),
        ({**since, "provider_based_to": D(2024, 6, 30)}, "all lines from 2024-02-01 to 2024-06-30"),
        ({**since, "provider_based_to": D(2024, 2, 29)}, "all lines since 2024-03-01"),
        ({"provider_based_from": D(2024, 4, 1)}, "all lines of 2024-03"),
        (OFFICE, "all lines of 2024-03"),
        ({"site_type": "main_campus"}, "all lines of 2024-03"),
        table=MONTH,
    )


# --- payers and practitioners ---------------------------------------------------------------------------


def of_two(mine: tuple[int, int], others: tuple[int, int], site: Row | None = None, **apart: Any) -> Case:
    """Lines with 19 and with 11 of the first payer (or practitioner), and of a second one in claims of its own."""
    first = coded((mine[0], "19"), (mine[1], "11"))
    second = tuple((apart, one) for one in coded((others[0], "19"), (others[1], "11")))
    return Case(site or {}, lines=first, others=second)


@pytest.mark.parametrize(
    ("mine", "others", "expected"),
    [
        ((0, 20), (20, 0), (True, None)),
        ((20, 0), (0, 20), (False, None)),  # the other is to blame
        ((0, 19), (40, 0), (None, FEW)),
        ((0, 40), (19, 0), (None, FEW)),
        ((18, 2), (20, 0), (None, "the difference from the others may be chance")),
        ((10, 10), (10, 10), (False, None)),  # as wrong as the others
        ((19, 1), (40, 0), (False, None)),  # 95 percent are in order
        ((0, 20), (0, 0), (None, FEW)),  # there are no others
    ],
)
def test_a_department_share_is_worse_than_that_of_the_others_only_beyond_chance(
    mine: Any, others: Any, expected: Any
) -> None:
    columns = ("is_share_worse_than_others", "worse_because")
    payers = rows_of(of_two(mine, others, payer_id="PAYER2"), PAYER)
    [row] = [one for one in payers if one["payer_name"].startswith("PAYER1")]
    assert tuple(row[name] for name in columns) == expected
    assert (row["other_line_count"], row["other_hospital_line_count"]) == (sum(others), others[0])
    assert row["has_enough_lines"] == (sum(mine) >= 20 and sum(others) >= 20)
    people = rows_of(of_two(mine, others, rendering_provider_npi="1999000023"), PRACTITIONER)
    [row] = [one for one in people if not one["rendering_provider_npi"].endswith("9000023")]
    assert tuple(row[name] for name in columns) == expected


def test_an_office_share_is_worse_where_it_is_higher() -> None:
    def found(mine: tuple[int, int], others: tuple[int, int], site: Row) -> tuple[Any, Any]:
        rows = rows_of(of_two(mine, others, site, payer_id="PAYER2"), PAYER)
        [row] = [one for one in rows if one["payer_name"].startswith("PAYER1")]
        return row["is_share_worse_than_others"], row["worse_because"]

    assert found((20, 0), (0, 20), OFFICE) == (True, None)
    assert found((0, 20), (20, 0), OFFICE) == (False, None)
    assert found((2, 18), (0, 20), OFFICE) == (None, "the difference from the others may be chance")
    assert found((1, 19), (0, 40), OFFICE) == (False, None)
    assert found((3, 2), (0, 9), OFFICE) == (None, FEW)
    unknown = {"site_type": None}
    assert found((0, 20), (20, 0), unknown) == (None, "the kind of the site is blank in the registry")
    assert found((20, 20), (20, 20), unknown) == (False, None)  # no worse either way


def test_payers_are_compared_within_a_month_practitioners_over_all() -> None:
    lines = (*coded((2, "11"), service_date=D(2024, 3, 5)), *coded((3, "19"), service_date=D(2024, 5, 5)))
    case = Case(lines=lines, others=(({"payer_id": "PAYER2", "rendering_provider_npi": "1999000023"}, {}),))
    payers = {(row["payer_name"][:6], row["service_month"]): row["other_line_count"] for row in rows_of(case, PAYER)}
    assert payers == {("PAYER1", "2024-03"): 1, ("PAYER1", "2024-05"): 0, ("PAYER2", "2024-03"): 2}
    people = [(row["mix"], row["other_line_count"]) for row in rows_of(case, PRACTITIONER)]
    assert sorted(people) == [("1 at 11", 5), ("3 at 19, 2 at 11", 1)]


# --- around the first and the last provider-based day ---------------------------------------------------

FIRST = D(2024, 2, 1)


def around(before: tuple[int, int], since: tuple[int, int], after: tuple[int, int] = (0, 0), **site: Any) -> Case:
    """Lines with 19 and with 11 before the first provider-based day, since then, and after the last."""
    days = (D(2024, 1, 15), D(2024, 2, 15), D(2024, 4, 15))
    parts = [
        coded((a, "19"), (b, "11"), service_date=day) for (a, b), day in zip((before, since, after), days, strict=True)
    ]
    return Case({"provider_based_from": FIRST, **site}, lines=tuple(line for part in parts for line in part))


def test_a_default_is_stale_where_most_lines_since_the_day_carry_another_code() -> None:
    near = "the share of hospital codes lies so near to the limit that it may be chance"
    check(
        "is_default_stale default_because",
        (around((0, 30), (0, 30)), (True, None)),
        (around((0, 0), (0, 30)), (True, None)),
        (around((0, 30), (0, 19)), (None, FEW)),
        (around((0, 30), (5, 0)), (False, None)),
        (around((0, 30), (5, 1)), (None, FEW)),
        (around((0, 30), (4, 16)), (True, None)),  # at most 41.6 percent
        (around((0, 30), (8, 12)), (None, near)),
        (around((0, 30), (16, 4)), (False, None)),  # most, though not enough: MIX101 counts the months
        (around((0, 30), (0, 0)), (None, "no lines since a first provider-based day")),
        (around((0, 30), (0, 30), provider_based_from=KNOWN_NONE), (None, "no lines since a first provider-based day")),
        (around((0, 30), (0, 30), provider_based_from=None), (None, "no lines since a first provider-based day")),
        (around((0, 30), (0, 30), **OFFICE), (None, "no lines since a first provider-based day")),
        table="site_facts",
    )


def test_a_default_is_stale_after_the_last_day_where_most_lines_still_carry_the_code() -> None:
    last: Row = {"provider_based_to": D(2024, 3, 31)}
    check(
        "is_default_stale_after_end after_end_because",
        (around((0, 0), (20, 0), (20, 0), **last), (True, None)),
        (around((0, 0), (20, 0), (1, 19), **last), (False, None)),
        (around((0, 0), (20, 0), (4, 16), **last), (False, None)),
        (around((0, 0), (20, 0), (16, 4), **last), (True, None)),
        (around((0, 0), (20, 0), (6, 0), **last), (None, FEW)),
        (around((0, 0), (20, 0), (0, 6), **last), (False, None)),
        (around((0, 0), (20, 0), **last), (None, "no lines after a last provider-based day")),
        (around((0, 0), (20, 0), (20, 0)), (None, "no lines after a last provider-based day")),
        table="site_facts",
    )


def test_lines_before_and_since_are_counted_over_the_rows_of_the_site() -> None:
    office = SITE | {**OFFICE, "effective_to": D(2024, 1, 31)}
    department = SITE | {"provider_based_from": FIRST, "effective_from": FIRST, "provider_based_to": D(2024, 3, 31)}
    department["effective_to"] = D(2024, 4, 30)
    later = SITE | {**OFFICE, "effective_from": D(2024, 5, 1)}
    days = (D(2023, 11, 2), D(2023, 11, 3), D(2024, 1, 31), FIRST, D(2024, 3, 31), D(2024, 4, 1), D(2024, 6, 1))
    lines = tuple({"service_date": day, "place_of_service_code": "19"} for day in days)
    rows = rows_of(Case(sites=(office, department, later), lines=lines), "site_facts")
    names = ("line_count_before", "line_count_since", "line_count_after_end")
    # 90 days before the first day are 2023-11-03; the first row has no days of its own to be counted around
    assert [tuple(row[name] for name in names) for row in rows] == [(0, 0, 0), (2, 2, 2), (0, 0, 0)]
    assert [row["hospital_line_count_before"] for row in rows] == [0, 2, 0]
    assert [row["provider_based_from"] for row in rows] == [None, FIRST, None]
    assert rows[1]["correction_scope"] == "all lines from 2024-02-01 to 2024-03-31"


def test_only_lines_of_medicare_part_b_show_a_default() -> None:
    case = around((0, 5), (0, 25))
    [row] = rows_of(Case(case.site, lines=case.lines, claim={"claim_filing_code": "CI"}), "site_facts")
    assert (row["line_count_before"], row["line_count_since"], row["is_default_stale"]) == (0, 0, None)


# --- nothing to count -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sites", [None, []])
def test_without_a_registered_site_the_tables_are_empty(sites: list[Row] | None) -> None:
    kept: dict[str, Any] = {} if sites is None else {"sites": sites}
    connection = build([CLAIM | AT_NORTH], [LINE], **kept)
    for table in (MONTH, PAYER, PRACTITIONER, "site_facts"):
        assert facts_of(connection, table) == []
    assert connection.sql("SELECT count(*) FROM site_mixes").fetchall() == [(0,)]
