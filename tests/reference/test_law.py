"""The law as data: what a law file may say, and what it answers on a day."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.engine import connect
from scrubjay.errors import DefinitionError, UnknownLaw
from scrubjay.reference.law import (
    LAW_FOLDER,
    Law,
    code_set_rows,
    find_law,
    law_sql,
    law_version_sql,
    load_laws,
    quoted,
    read_law,
)

D = dt.date
TODAY = D(2026, 11, 27)  # nobody can have read a source later than this
LAWS = load_laws()
REFERENCE = "    reference: {cite: 'X'}\n    checked: null\n"
DATES = ("service_date", "receipt_date", "paid_date")


def law_text(*versions: str, kind: str = "code_set", head: str = "", keyed_on: str = "service_date") -> str:
    """A law file; each version is its lines after ``effective``, indented as here."""
    text = f"title: A law\nkind: {kind}\nkeyed_on: {keyed_on}\n{head}versions:\n"
    for version in versions:
        first, *rest = version.strip().splitlines()
        text += f"  - effective: {first}\n" + "".join(f"    {line.strip()}\n" for line in rest) + REFERENCE
    return text


def read(*versions: str, **options: str) -> Law:
    return read_law(law_text(*versions, **options), "us.test", "us/test.yaml")


def refusal(text: str) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        read_law(text, "us.test", "us/test.yaml")
    assert caught.value.file == "us/test.yaml"
    return caught.value


BASE = '2013-04-01\nvalues: ["21", "22"]'

# --- what is read -------------------------------------------------------------------------------------


def test_amendments_are_applied_to_the_version_before() -> None:
    law = read(
        BASE, '2016-01-01\nadds: ["19"]', '2017-01-01\nremoves: ["22"]\nadds: ["02"]', '2020-01-01\nvalues: ["99"]'
    )
    assert [version.values for version in law.versions] == [
        ("21", "22"), ("21", "22", "19"), ("21", "19", "02"), ("99",),
    ]  # fmt: skip


def test_a_version_says_from_which_day_it_holds_and_what_it_rests_on() -> None:
    law = read_law(
        law_text(BASE)
        .replace("{cite: 'X'}", "{cite: 'Pub. 100-04', document: 'MM9231'}")
        .replace("null", "2026-11-22"),
        "us.test",
        "us/test.yaml",
    )
    version = law.versions[0]
    assert (version.effective, version.cite, version.document) == (D(2013, 4, 1), "Pub. 100-04", "MM9231")
    assert version.checked == D(2026, 11, 22)


def test_a_version_may_go_by_another_date_than_its_file() -> None:
    law = read(BASE, '2016-01-01\nadds: ["19"]\nkeyed_on: paid_date', head="payers: [medicare_part_b]\n")
    assert [version.keyed_on for version in law.versions] == ["service_date", "paid_date"]
    assert law.key_columns == ("service_date", "paid_date", "payer_program")


def test_a_value_is_an_exact_number() -> None:
    assert read('2000-10-10\nvalue: "250.10"', kind="value", head="unit: yards\n").versions[0].value == Decimal(
        "250.10"
    )


def test_the_version_on_a_day_is_the_newest_that_has_begun() -> None:
    law = read(BASE, '2016-01-01\nadds: ["19"]')
    assert law.on(D(2013, 3, 31)) is None
    assert law.on(D(2013, 4, 1)) is law.versions[0]
    assert law.on(D(2015, 12, 31)) is law.versions[0]
    assert law.on(D(2016, 1, 1)) is law.versions[1]
    assert law.on(D(9999, 12, 31)) is law.versions[1]


def test_every_code_is_listed_with_the_first_day_it_was_in_force() -> None:
    law = read(BASE, '2016-01-01\nadds: ["19"]', '2017-01-01\nremoves: ["22"]', '2018-01-01\nadds: ["22"]')
    value = read('2000-10-10\nvalue: "250"', kind="value")
    assert code_set_rows({"a": law, "b": value}) == [
        ("us.test", "21", D(2013, 4, 1)),
        ("us.test", "22", D(2013, 4, 1)),
        ("us.test", "19", D(2016, 1, 1)),
    ]


def test_a_folder_laid_over_another_replaces_whole_files(tmp_path: Path) -> None:
    for folder, text in (("one", law_text(BASE)), ("two", law_text('2020-01-01\nvalues: ["99"]'))):
        (tmp_path / folder / "us").mkdir(parents=True)
        (tmp_path / folder / "us" / "test.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "one" / "us" / "other.yaml").write_text(law_text(BASE), encoding="utf-8")
    laws = load_laws(tmp_path / "one", tmp_path / "two")
    assert set(laws) == {*LAWS, "us.other", "us.test"}
    assert laws["us.test"].versions[0].values == ("99",)


def test_an_unknown_law_is_answered_with_the_nearest() -> None:
    with pytest.raises(
        UnknownLaw, match=r"no law 'us.cms.mpfs.facility_rate'. Did you mean 'us.cms.mpfs.facility_rate_pos'"
    ):
        find_law(LAWS, "us.cms.mpfs.facility_rate")


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
def test_a_shipped_law_is_cited_and_its_days_are_in_order(law: Law) -> None:
    days = [version.effective for version in law.versions]
    assert days == sorted(set(days))
    assert all(version.cite and version.document for version in law.versions)
    # A source may be read before what it says takes effect.
    assert all(version.checked is None or version.checked <= TODAY for version in law.versions)
    if law.kind == "code_set":
        sets = [set(version.values) for version in law.versions]
        assert all(one != two for one, two in itertools.pairwise(sets))
    assert (LAW_FOLDER / law.file).is_file()


def test_the_facility_list_holds_19_from_the_first_paid_date_of_2016() -> None:
    before, after = LAWS["us.cms.mpfs.facility_rate_pos"].versions[:2]
    assert ("19" in before.values, "19" in after.values) == (False, True)
    assert (after.keyed_on, after.effective) == ("paid_date", D(2016, 1, 1))


# --- what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ((BASE, '2016-01-01\nadds: ["21"]'), "adds '21', which is in force already"),
        ((BASE, '2016-01-01\nremoves: ["19"]'), "removes '19', which is not in force"),
        ((BASE, '2016-01-01\nadds: ["19", "19"]'), "names a code twice"),
        ((BASE, '2016-01-01\nremoves: ["22"]', '2017-01-01\nremoves: ["22"]'), "removes '22', which is not in force"),
        (('2013-04-01\nremoves: ["22"]',), "removes '22', which is not in force"),
        (('2013-04-01\nvalues: ["22", "22"]',), "names a code twice"),
        (("2013-04-01\nvalues: 22",), "a list of quoted codes"),
        (("2013-04-01\nvalues:",), "a list of quoted codes"),
        (("2013-04-01\nvalues: [[a]]",), "a list of quoted codes"),
        (("2013-04-01\nvalues: {a: b}",), "a list of quoted codes"),
        ((BASE, '2016-01-01\nvalues: ["19"]\nadds: ["20"]'), "either values, or adds and removes"),
        ((BASE, "2016-01-01\nkeyed_on: paid_date"), "either values, or adds and removes"),
        ((BASE, BASE), "does not come after that of 2013-04-01"),
        ((BASE, '2012-01-01\nadds: ["19"]'), "does not come after that of 2013-04-01"),
        (("2013-02-29\nvalues: []",), "'2013-02-29', which is no date"),
        (('2013-04-01\nvalues: []\nkeyed_on: run_date',), "is keyed on 'run_date'"),
        (('2013-04-01\nvalues: []\nnote: x',), "unknown key 'note' in a version"),
    ],
)  # fmt: skip
def test_a_wrong_version_is_refused(versions: tuple[str, ...], words: str) -> None:
    assert words in str(refusal(law_text(*versions)))


@pytest.mark.parametrize("value", ["value: many", "value: [1]", "value: ", "keyed_on: service_date", "value: NaN",
                                   "value: Infinity", "value: 1e400"])  # fmt: skip
def test_a_value_that_is_no_number_is_refused(value: str) -> None:
    assert "has no number as its value" in str(refusal(law_text(f"2000-10-10\n{value}", kind="value")))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("title: A law\n", ""), "a law file has no 'title'"),
        (("title: A law\n", "title: A law\ntitle: B\n"), "given twice"),
        (("title: A law\n", "title: A law\ntitel: B\n"), "unknown key 'titel' in a law file. Did you mean 'title'?"),
        (("kind: code_set", "kind: list"), "kind is 'list'"),
        (("keyed_on: service_date", "keyed_on: admission_date"), "is keyed on 'admission_date'"),
        (("versions:\n", "payers: [medicare]\nversions:\n"), "unknown payer programme 'medicare'"),
        (("    reference: {cite: 'X'}\n", ""), "a version has no 'reference'"),
        (("    checked: null\n", ""), "a version has no 'checked'"),
        (("checked: null", "checked: yesterday"), "checked is 'yesterday', which is no date"),
        (("{cite: 'X'}", "{document: 'X'}"), "has no 'cite'"),
        (("{cite: 'X'}", "X"), "must be a mapping"),
        (("{cite: 'X'}", "{cite: 'X', url: 'Y'}"), "unknown key 'url'"),
    ],
)
def test_a_wrong_file_is_refused(change: tuple[str, str], words: str) -> None:
    text = law_text(BASE)
    assert change[0] in text
    assert words in str(refusal(text.replace(*change)))


@pytest.mark.parametrize("versions", ["versions:\n", "versions: []\n", "versions: {a: b}\n", "versions: [a]\n"])
def test_a_file_without_versions_is_refused(versions: str) -> None:
    assert refusal(f"title: A law\nkind: code_set\nkeyed_on: service_date\n{versions}").problem


@pytest.mark.parametrize("text", ["", "just words\n", "- a\n"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    assert "must be a mapping" in refusal(text).problem


@pytest.mark.parametrize("version", ['2013-04-01\nvalues: ["22"]\nvalue: "7"', '2013-04-01\nvalues: ["22"]\nrows: []'])
def test_a_code_set_that_also_gives_a_value_is_refused(version: str) -> None:
    assert refusal(law_text(version)).problem


def test_a_value_that_also_gives_codes_is_refused() -> None:
    assert refusal(law_text('2013-04-01\nvalue: "7"\nadds: ["22"]', kind="value")).problem


# --- what it answers ----------------------------------------------------------------------------------

COLUMNS = ("code", "payer_program", *DATES, "receipt_date_earliest", "paid_date_earliest")


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    """A connection with an empty table of the columns a law asks for."""
    made = connect()
    types = ", ".join(f"{name} {'DATE' if 'date' in name else 'VARCHAR'}" for name in COLUMNS)
    made.execute(f"CREATE TABLE facts (number INTEGER, {types})")
    return made


def ask(connection: duckdb.DuckDBPyConnection, sql: str, rows: Sequence[dict[str, Any]]) -> list[Any]:
    connection.execute("DELETE FROM facts")
    connection.executemany(
        f"INSERT INTO facts VALUES ({', '.join('?' * (len(COLUMNS) + 1))})",
        [[number, *(row.get(name) for name in COLUMNS)] for number, row in enumerate(rows)],
    )
    return [row[0] for row in connection.execute(f"SELECT {sql} FROM facts ORDER BY number").fetchall()]


def test_a_version_holds_from_its_first_day(connection: duckdb.DuckDBPyConnection) -> None:
    law = read(BASE, '2016-01-01\nadds: ["19"]\nremoves: ["21"]')
    days = (D(2013, 3, 31), D(2013, 4, 1), D(2015, 12, 31), D(2016, 1, 1), None)
    answers = {
        code: ask(connection, law_sql(law, "code"), [{"code": code, "service_date": day} for day in days])
        for code in ("19", "21", "22", "99")
    }
    assert answers == {
        "19": [None, False, False, True, None],
        "21": [None, True, True, False, None],
        "22": [None, True, True, True, None],
        "99": [None, False, False, False, None],
    }


def test_a_code_that_is_not_known_is_not_decided(connection: duckdb.DuckDBPyConnection) -> None:
    law = read(BASE, '2016-01-01\nadds: ["19"]')
    assert ask(connection, law_sql(law, "code"), [{"service_date": D(2017, 1, 1)}]) == [None]


def test_a_value_holds_from_its_first_day(connection: duckdb.DuckDBPyConnection) -> None:
    law = read('2000-10-10\nvalue: "250"', '2030-01-01\nvalue: "300.5"', kind="value")
    days = (D(2000, 10, 9), D(2000, 10, 10), D(2029, 12, 31), D(2030, 1, 1), None)
    rows = [{"service_date": day} for day in days]
    assert ask(connection, law_sql(law), rows) == [None, 250, 250, Decimal("300.5"), None]
    assert ask(connection, law_version_sql(law), rows) == [None, "2000-10-10", "2000-10-10", "2030-01-01", None]


@pytest.mark.parametrize("key", ["receipt_date", "paid_date"])
def test_a_payers_date_that_is_not_known_is_bounded_by_its_earliest_day(
    connection: duckdb.DuckDBPyConnection, key: str
) -> None:
    law = read(BASE, f'2016-01-01\nadds: ["19"]\nkeyed_on: {key}')
    day = D(2015, 6, 1)
    rows = [
        {"code": code, "service_date": day, key: known, f"{key}_earliest": earliest}
        for code in ("19", "22", "99")
        for known, earliest in (
            (D(2015, 12, 31), day),
            (D(2016, 1, 1), day),
            (None, D(2015, 12, 31)),
            (None, D(2016, 1, 1)),
            (None, None),
        )
    ]
    answers = ask(connection, law_sql(law, "code"), rows)
    assert answers[:5] == [False, True, None, True, None]
    assert answers[5:10] == [True] * 5
    assert answers[10:] == [False] * 5
    versions = ask(connection, law_version_sql(law), rows[:5])
    assert versions == ["2013-04-01", "2016-01-01", None, "2016-01-01", None]


def test_the_law_is_silent_for_a_payer_it_does_not_name(connection: duckdb.DuckDBPyConnection) -> None:
    law = read(BASE, head="payers: [medicare_part_b, medicaid]\n")
    payers = ("medicare_part_b", "medicaid", "commercial", None)
    rows = [{"code": "22", "service_date": D(2024, 1, 1), "payer_program": payer} for payer in payers]
    assert ask(connection, law_sql(law, "code"), rows) == [True, True, None, None]


def test_an_empty_code_set_says_no(connection: duckdb.DuckDBPyConnection) -> None:
    law = read("2013-04-01\nvalues: []", '2016-01-01\nadds: ["19"]')
    rows = [{"code": "19", "service_date": day} for day in (D(2013, 3, 31), D(2015, 1, 1), D(2016, 1, 1))]
    assert ask(connection, law_sql(law, "code"), rows) == [None, False, True]


def test_codes_are_text_and_quotes_are_only_quotes(connection: duckdb.DuckDBPyConnection) -> None:
    law = read('2013-04-01\nvalues: ["02", "o\'b", "\') OR TRUE --"]')
    rows = [{"code": code, "service_date": D(2024, 1, 1)} for code in ("2", "02", "o'b", "') OR TRUE --")]
    assert ask(connection, law_sql(law, "code"), rows) == [False, True, True, True]
    assert quoted(["o'b"]) == "'o''b'"


# An independent reading of § 5, *Dates*: try every day that a date which is not known may be.


def days_of(row: dict[str, Any], key: str, law: Law) -> list[dt.date]:
    """The days this date may be: the day itself, else one in each stretch between two versions."""
    if row.get(key) is not None:
        return [row[key]]
    days = [D(1900, 1, 1), *(version.effective for version in law.versions)]
    earliest = row.get(f"{key}_earliest") if key != "service_date" else None
    return days if earliest is None else [earliest, *(day for day in days if day > earliest)]


def answer_in_one_world(law: Law, world: dict[str, dt.date], code: str | None) -> object:
    answer: object = None
    before: tuple[str, ...] = ()
    for number, version in enumerate(law.versions):
        if world[version.keyed_on] >= version.effective:
            if law.kind == "value":
                answer = version.value
            elif number == 0:
                answer = code in version.values
            elif code in version.values and code not in before:
                answer = True
            elif code in before and code not in version.values:
                answer = False
        before = version.values
    return answer


def answer_by_hand(law: Law, row: dict[str, Any]) -> object:
    if law.payers and row.get("payer_program") not in law.payers:
        return None
    worlds = itertools.product(*(days_of(row, key, law) for key in DATES))
    answers = {answer_in_one_world(law, dict(zip(DATES, world, strict=True)), row.get("code")) for world in worlds}
    return answers.pop() if len(answers) == 1 else None


_DAYS = st.dates(D(2000, 1, 1), D(2000, 3, 31))
_CODES = ("11", "19", "22", "99")


@st.composite
def laws(draw: st.DrawFn) -> Law:
    """A law with one to four versions, each keyed on any date, some for one payer only."""
    kind = draw(st.sampled_from(["code_set", "code_set", "value"]))
    days = sorted(draw(st.sets(_DAYS, min_size=1, max_size=4)))
    versions, held = [], list(draw(st.sets(st.sampled_from(_CODES[:3]))))
    for number, day in enumerate(days):
        text = f"{day}\nkeyed_on: {draw(st.sampled_from(DATES))}\n"
        if kind == "value":
            text += f'value: "{number}"'
        elif number == 0:
            text += f"values: {sorted(held)}"
        else:
            changed = sorted(draw(st.sets(st.sampled_from(_CODES[:3]), min_size=1)))
            adds, removes = [c for c in changed if c not in held], [c for c in changed if c in held]
            text += (f"adds: {adds}\n" if adds else "") + (f"removes: {removes}\n" if removes else "")
            held = [code for code in held if code not in removes] + adds
        versions.append(text)
    head = draw(st.sampled_from(["", "payers: [medicare_part_b]\n"]))
    return read(*versions, kind=kind, head=head)


@st.composite
def fact_rows(draw: st.DrawFn) -> dict[str, Any]:
    """A row whose dates do not contradict one another; any of them may be missing."""
    service, received, paid = sorted(draw(st.lists(_DAYS, min_size=3, max_size=3)))
    row: dict[str, Any] = {
        "code": draw(st.sampled_from(_CODES)),
        "payer_program": draw(st.sampled_from(["medicare_part_b", "medicare_part_b", "commercial", None])),
        "service_date": draw(st.sampled_from([service, None])),
        "receipt_date": draw(st.sampled_from([received, None])),
        "paid_date": draw(st.sampled_from([paid, None])),
    }
    row["receipt_date_earliest"] = row["receipt_date"] or draw(st.sampled_from([service, None]))
    row["paid_date_earliest"] = row["paid_date"] or row["receipt_date_earliest"]
    return row


@settings(max_examples=300, deadline=None)
@given(law=laws(), rows=st.lists(fact_rows(), min_size=1, max_size=20))
def test_the_answer_is_the_one_that_all_possible_days_agree_on(law: Law, rows: list[dict[str, Any]]) -> None:
    with connect() as connection:
        types = ", ".join(f"{name} {'DATE' if 'date' in name else 'VARCHAR'}" for name in COLUMNS)
        connection.execute(f"CREATE TABLE facts (number INTEGER, {types})")
        found = ask(connection, law_sql(law, "code" if law.kind == "code_set" else ""), rows)
    assert found == [answer_by_hand(law, row) for row in rows]


@pytest.mark.parametrize("law", [law for law in LAWS.values() if law.kind != "table"], ids=lambda law: law.path)
def test_a_shipped_law_answers_the_same_read_by_hand(connection: duckdb.DuckDBPyConnection, law: Law) -> None:
    edges = sorted({version.effective + dt.timedelta(days) for version in law.versions for days in (-1, 0)})
    days = [None, *edges[:: max(1, len(edges) // 7)], edges[-1]]
    codes = [None] if law.kind == "value" else sorted({code for version in law.versions for code in version.values})
    rows = [
        {"code": code, "payer_program": payer, "service_date": service, "paid_date": paid, "receipt_date": received}
        for code in codes[:: max(1, len(codes) // 8)]
        for payer in ("medicare_part_b", None)
        for service in days
        for paid in days[::3]
        for received in days[::3]
    ]
    sql = law_sql(law, "code" if law.kind == "code_set" else "")
    assert ask(connection, sql, rows) == [answer_by_hand(law, row) for row in rows]
