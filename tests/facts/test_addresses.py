"""Addresses: which ways to write one are the same, which are a post office box, how messages show them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scrubjay.facts
from scrubjay.engine import connect
from scrubjay.reference.addresses import address_words

MACROS = Path(scrubjay.facts.__file__).parent / "05_addresses.sql"
Lines = tuple[str | None, str | None]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = connect()
    connection.register("address_words", address_words())
    connection.execute(MACROS.read_text(encoding="utf-8"))
    return connection


@pytest.fixture(scope="module")
def plain(connection: duckdb.DuckDBPyConnection) -> Callable[..., str]:
    """The comparable form of an address of one line or two."""

    def plain(line_1: str | None, line_2: str | None = None) -> str:
        text = answer(connection, "plain_address", line_1, line_2)
        assert isinstance(text, str)
        return text

    return plain


def answer(connection: duckdb.DuckDBPyConnection, macro: str, *parts: str | None) -> object:
    ((found,),) = connection.execute(f"SELECT {macro}({', '.join('?' * len(parts))})", [*parts]).fetchall()
    return found


def both(one: str | Lines) -> Lines:
    return (one, None) if isinstance(one, str) else one


# --- the same place -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ways",
    [
        (
            "100 Main Street, Suite 200",
            "100 MAIN ST STE 200",
            ("100 MAIN ST", "# 200"),
            "100 Main St., Ste. 200",
            ("100 Main St", "Suite #200"),
            ("100 Main St", "200"),
            "100 main st unit 200",
            "100 MAIN ST STE NO. 200",
            "100 MAIN STREET STE200",
            " 100  MAIN   ST STE  200 ",
        ),
        ("100 N Main", "100 North Main", "100 N. Main", "100N Main", "100 No. Main"),
        ("100 S Main St", "100 So. Main St", "100 SOUTH MAIN STREET"),
        ("55 NW 21st St", "55 N.W. 21st Street", "55 N W Twenty-First St", "55 Northwest Twenty First St"),
        ("1 Hospital Drive", "One Hospital Dr", "ONE HOSP. DR."),
        ("5 First Avenue", "5 1st Ave", "Five 1ST AV"),
        ("12 Saint Mary's Rd", "12 St Marys Road", "12 ST. MARY\u2019S RD"),
        ("3 Sainte Genevieve Dr", "3 Ste. Genevieve Drive"),
        ("400 North Ave Ste B-12", "400 North Avenue Suite B12", ("400 NORTH AVE", "B12"), "400 NORTH AVE # B 12"),
        ("9 Elm Ct Apt 3B", "9 Elm Court #3-B", ("9 ELM CT", "3B")),
        ("9 Elm Ct Fl 2", "9 Elm Ct, 2nd Floor", "9 Elm Court Floor 2", "9 ELM CT SECOND FLOOR"),
        ("7 Oak Blvd Bldg C", "7 Oak Boulevard, Building C"),
        ("10 U.S. Highway 1", "10 US Hwy 1", "10 U S HWY 1"),
        ("8 M.L.K. Jr. Blvd", "8 MLK Junior Boulevard"),
        ("77 Medical Center Pkwy", "77 Med Ctr Parkway", "77 MEDICAL CENTRE PKY"),
        ("5 Cañon Rd", "5 CANON RD"),
        ("5th & Main", "FIFTH AND MAIN"),
        ("PO Box 9", "P.O. Box 9", "P O BOX 9", "POB 9", "Post Office Box 9", "P.O.Box 9"),
        ((None, None), "", " ", ("", "."), (",", None)),
    ],
    ids=lambda ways: str(ways[0]),
)
def test_ways_to_write_one_address_are_the_same(plain: Callable[..., str], ways: tuple[str | Lines, ...]) -> None:
    assert {plain(*both(way)) for way in ways} == {plain(*both(ways[0]))}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("100 Main St", "102 Main St"),
        ("100 Main St Ste 200", "100 Main St Ste 201"),
        ("100 Main St Ste 200", "100 Main St"),
        ("100 Main St Ste 200", "100 Main St Fl 200"),
        ("100 Main St Ste 2", "100 Main St Bldg 2"),
        ("100 N Main St", "100 S Main St"),
        ("100 N Main St", "100 Main St"),
        ("100 Main St", "100 Main Ave"),
        ("100 Main St", "100 Maine St"),
        ("100 1st St", "100 21st St"),
        ("12-34 Main St", "1234 Main St"),
        ("39.2 Mesa Rd", "392 Mesa Rd"),
        ("1 Hospital Dr", "11 Hospital Dr"),
        ("100 Main St Ste 3B", "100 Main St Ste 3C"),
        ("100 Northern Ave", "100 N Ave"),
        ("100 Main St", "PO Box 100"),
        ("5 улица Ленина", "5 улица Мира"),
    ],
)
def test_different_places_stay_different(plain: Callable[..., str], one: str, other: str) -> None:
    assert plain(one) != plain(other)


def test_a_blank_address_is_the_empty_text(plain: Callable[..., str]) -> None:
    assert plain(None) == plain("", " ") == plain("--", ".") == ""


STREETS = st.builds(
    " ".join,
    st.tuples(
        st.integers(1, 99999).map(str),
        st.sampled_from(["", "N", "north", "N.W.", "Southeast", "So."]),
        st.sampled_from(
            ["Main", "Oak", "Saint Mary's", "21st", "Fifth", "O", "County Road", "Hospital", "Forty-Second"]
        ),
        st.sampled_from(["", "St", "Street", "ave.", "Boulevard", "Dr", "Hwy 9"]),
    ),
)
UNITS = st.one_of(
    st.none(),
    st.just(""),
    st.builds(
        " ".join,
        st.tuples(
            st.sampled_from(["", "Ste", "suite", "#", "Unit", "Apt.", "Floor", "Bldg", "Room No."]),
            st.from_regex(r"[A-Z]?-?[0-9]{1,3}[A-Z]?", fullmatch=True),
        ),
    ),
)
ADDRESSES = st.tuples(STREETS, UNITS)
ORDINARY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


@ORDINARY
@given(address=ADDRESSES)
def test_the_plain_form_is_its_own_plain_form(plain: Callable[..., str], address: Lines) -> None:
    once = plain(*address)
    assert plain(once) == once


@ORDINARY
@given(address=ADDRESSES)
def test_case_and_blanks_do_not_matter(plain: Callable[..., str], address: Lines) -> None:
    line_1, line_2 = address
    other = f"  {line_1.swapcase().replace(' ', '   ')} " if line_1 else line_1
    assert plain(other, line_2.lower() if line_2 else line_2) == plain(line_1, line_2)


@ORDINARY
@given(address=ADDRESSES, sign=st.sampled_from([",", ";", " .", "/", " - ", "(", "*", '"']))
def test_signs_between_words_do_not_matter(plain: Callable[..., str], address: Lines, sign: str) -> None:
    line_1, line_2 = address
    assert line_1 is not None
    assert plain(line_1.replace(" ", f"{sign} ") + sign, line_2) == plain(line_1, line_2)


@ORDINARY
@given(one=ADDRESSES, other=ADDRESSES)
def test_another_house_number_is_another_address(plain: Callable[..., str], one: Lines, other: Lines) -> None:
    if str(one[0]).split()[0] != str(other[0]).split()[0]:
        assert plain(*one) != plain(*other)


@ORDINARY
@given(line_1=st.one_of(st.none(), st.text(max_size=30)), line_2=st.one_of(st.none(), st.text(max_size=30)))
def test_any_text_has_a_plain_form_without_signs(
    plain: Callable[..., str], line_1: str | None, line_2: str | None
) -> None:
    text = plain(line_1, line_2)
    assert text == text.strip()
    assert not re.search(r"[!-\"$-/:-@\[-`{-~]|  |# #", text)


def test_many_addresses_are_compared_at_once(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.sql(
        "SELECT plain_address(line, suite) FROM (VALUES ('1 Oak Street', 'Suite 2'), ('1 OAK ST STE 2', NULL), "
        "('2 OAK ST', NULL), (NULL, NULL)) AS sent (line, suite)"
    ).fetchall()
    assert [row[0] for row in rows] == ["1 OAK ST # 2", "1 OAK ST # 2", "2 OAK ST", ""]


# --- the words ----------------------------------------------------------------------------------------


def test_every_word_stands_once_and_its_short_form_is_short_for_good() -> None:
    table = address_words()
    assert table.schema.names == ["word", "plain"]
    words, shorts = table["word"].to_pylist(), table["plain"].to_pylist()
    assert len(words) > 400
    assert len(set(words)) == len(words)
    assert not set(words) & set(shorts)
    assert all(re.fullmatch("[A-Z]+", word) for word in words)
    assert all(re.fullmatch("[A-Z0-9]+|#|PO BOX", short) for short in shorts)


@pytest.mark.parametrize(
    ("word", "short"),
    [("STREET", "ST"), ("PARKWAY", "PKWY"), ("NORTHEAST", "NE"), ("SUITE", "#"), ("FLOOR", "FL"), ("SAINT", "ST"),
     ("TWELFTH", "12TH"), ("THIRTYSECOND", "32ND"), ("NINETIETH", "90TH"), ("ELEVEN", "11")],
)  # fmt: skip
def test_words_have_their_short_forms(word: str, short: str) -> None:
    table = address_words()
    assert dict(zip(table["word"].to_pylist(), table["plain"].to_pylist(), strict=True))[word] == short


# --- post office boxes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "PO BOX 9", "P.O. Box 9", "P O BOX 12", "p.o.box 12", "POST OFFICE BOX 3", "POB 12", "PO Box A", "PO BOX #77",
        "PO BOX NO 5", "PO BOX", "BOX 12", "Box 12A", "LOCKBOX 3", "LOCK BOX 3", "PO LOCKBOX 12", "CALLER 5",
        "FIRM CALLER 5", "DRAWER 5", "PO DRAWER L", "BIN 20", "CALL BOX 7", "GPO Box 1234", "APARTADO 12",
        ("PO BOX 9", "STE 200"), ("Riverside Clinic", "PO Box 7"), ("ATTN DR SMITH", "PO BOX 4"), (None, "PO BOX 9"),
        ("", "LOCKBOX 12345"), ("PO BOX 9", "2ND FLOOR"), ("PO BOX 9", "PO BOX 9"),
    ],
    ids=str,
)  # fmt: skip
def test_a_post_office_box_is_one(connection: duckdb.DuckDBPyConnection, address: str | Lines) -> None:
    assert answer(connection, "is_post_office_box", *both(address)) is True


@pytest.mark.parametrize(
    "address",
    [
        "9 POBOX ROAD", "12 BOXWOOD LN", "5 LOCKBOX LN", "BOX ELDER RD", "100 BOX ELDER RD", "1200 CALLER WAY",
        "20 BIN 3 RD", "7 BOX CANYON RD 12", "4 DRAWER ST", "100 MAIN ST PO BOX 9", "PO BOX 9 100 MAIN ST",
        "RR 2 BOX 12", "HC 1 BOX 3", "PSC 3 BOX 5", "100 MAIN ST PMB 5", "1 P O BOXER WAY", "MAIN ST",
        ("100 MAIN ST", "PO BOX 9"), ("PO BOX 9", "100 MAIN ST"), ("ONE HOSPITAL DRIVE", "PO BOX 3"), ("RR 2", "BOX 12"),
        ("MAIN STREET", "PO BOX 3"), ("HIGHWAY 66", "PO BOX 3"), ("400 NORTH AVE", "STE 2"), (None, None), ("", " "),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_only_a_post_office_box_is_none(
    connection: duckdb.DuckDBPyConnection, address: str | Lines
) -> None:
    assert answer(connection, "is_post_office_box", *both(address)) is False


@ORDINARY
@given(address=ADDRESSES)
def test_a_street_address_is_no_post_office_box(connection: duckdb.DuckDBPyConnection, address: Lines) -> None:
    assert answer(connection, "is_post_office_box", *address) is False
    assert answer(connection, "is_post_office_box", address[0], "PO BOX 9") is False


# --- in messages --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        (("400 North Ave", "Ste 2", "Riverside", "OH", "439990400"), "400 North Ave, Ste 2, Riverside, OH 439990400"),
        (("400 North Ave", None, "Riverside", None, "43999"), "400 North Ave, Riverside, 43999"),
        ((None, None, "Riverside", "OH", ""), "Riverside, OH"),
        (("400  North", " ", None, None, None), "400  North"),
        ((None, None, None, None, None), ""),
        (("", " ", "", "", " "), ""),
    ],
)
def test_an_address_in_one_line_leaves_out_what_is_blank(
    connection: duckdb.DuckDBPyConnection, parts: tuple[str | None, ...], line: str
) -> None:
    assert answer(connection, "one_line_address", *parts) == line
