"""The X12 scanner: what an interchange is, where its segments stand, and what their values are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scrubjay.formats import x12
from tests.formats.x12_text import Delimiters, file_of, header, interchange, small_file

Array = NDArray[np.uint8]


def spans_of(values: list[bytes]) -> tuple[Array, x12.Spans]:
    """The values as padded data, a delimiter after each, with where each stands."""
    joined = b"".join(value + b"*" for value in values)
    data = np.zeros(len(joined) + x12.PADDING, np.uint8)
    data[: len(joined)] = np.frombuffer(joined, np.uint8)
    length = np.array([len(value) for value in values], np.int64)
    return data, (np.cumsum(length + 1) - length - 1, length)


def identifiers(segments: x12.Segments) -> list[str]:
    return [segments.text(row, 0) for row in range(len(segments))]


def only_interchange(content: bytes) -> x12.Interchange:
    (one,) = x12.interchanges(content)
    return one


def scanned(content: bytes) -> x12.Segments:
    one = only_interchange(content)
    return x12.scan(content, one.start, one.end, one)


# --- interchanges -----------------------------------------------------------------------------------


def test_delimiters_are_those_the_isa_declares() -> None:
    found = only_interchange(small_file(Delimiters("|", ">", "!", "\n")).encode())
    assert (found.element, found.component, found.repetition, found.terminator) == tuple(b"|>!\n")
    assert found.is_fixed_width
    assert len(found.elements) == 16
    assert found.elements[5] == b"SUBMITTER01"
    assert found.elements[12] == b"000000001"


def test_each_isa_of_a_file_declares_its_own_delimiters() -> None:
    first, second = small_file().encode(), small_file(Delimiters("+", "/", "=", "'")).encode()
    found = list(x12.interchanges(first + b"\r\n" + second))
    assert [(one.start, one.end) for one in found] == [
        (0, len(first) + 2),
        (len(first) + 2, len(first) + 2 + len(second)),
    ]
    assert [chr(one.element) + chr(one.component) + chr(one.terminator) for one in found] == ["*:~", "+/'"]


def test_unprintable_delimiters_are_read() -> None:
    content = small_file(Delimiters("\x1d", "\x1f", "\x1e", "\x1c")).encode()
    found = only_interchange(content)
    assert (found.element, found.component, found.repetition, found.terminator) == (0x1D, 0x1F, 0x1E, 0x1C)
    assert identifiers(scanned(content)) == identifiers(scanned(small_file().encode()))


def test_version_004010_has_no_repetition_separator() -> None:
    assert only_interchange(interchange(version="00401").encode()).repetition == -1


def test_a_header_without_padding_is_found_and_said_to_be_so() -> None:
    content = b"ISA*00**00**ZZ*S*ZZ*R*240310*1200*^*00501*1*0*T*:~GS*HC~"
    found = only_interchange(content)
    assert not found.is_fixed_width
    assert (found.element, found.component, found.terminator) == tuple(b"*:~")
    assert found.elements[12] == b"1"


def test_the_letters_isa_in_a_name_do_not_begin_an_interchange() -> None:
    content = small_file().replace("JANE", "LISA*ISABEL").encode()
    assert only_interchange(content).start == 0


@pytest.mark.parametrize(
    ("head", "is_x12"),
    [
        (small_file().encode(), True),
        (b"\xef\xbb\xbf" + small_file().encode(), True),
        (b"\r\n\r\n  " + small_file().encode(), True),
        (b"From: clearinghouse\n\n" + small_file().encode(), True),
        (b"ISA*00**00**ZZ*S*ZZ*R*240310*1200*^*00501*1*0*T*:~", True),
        (b"", False),
        (b"ISA", False),
        (b"ISABELLA,1,2,3\n", False),
        (header().encode()[:80], False),
        (b"MSH|^~\\&|", False),
        (b"claim_id,line_number\n", False),
    ],
)
def test_x12_is_known_by_its_header(head: bytes, is_x12: bool) -> None:
    assert x12.looks_like_x12(head) is is_x12


# --- scan -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line_end", ["", "\n", "\r", "\r\n", "  ", "\r\n    ", "\n\n\n", " " * 300])
def test_what_stands_between_segments_does_not_matter(line_end: str) -> None:
    plain, spaced = scanned(small_file().encode()), scanned(small_file(Delimiters(line_end=line_end)).encode())
    assert identifiers(spaced) == identifiers(plain)
    assert [spaced.text(row, 1) for row in range(len(spaced))] == [plain.text(row, 1) for row in range(len(plain))]
    assert spaced.tail == plain.tail == -1


def test_each_segment_says_where_it_stands_in_the_file() -> None:
    before = b"\xef\xbb\xbf\n"
    content = before + small_file(Delimiters(line_end="\r\n")).encode()
    segments = scanned(content)
    for row in range(len(segments)):
        name = segments.text(row, 0).encode()
        assert content[segments.offset(row) :].startswith(name + b"*")
    assert segments.offset(0) == len(before)


def test_an_element_that_is_not_there_is_blank() -> None:
    segments = scanned(file_of(["HL*1**20"]).encode())
    row = identifiers(segments).index("HL")
    assert [segments.text(row, element) for element in range(6)] == ["HL", "1", "", "20", "", ""]


def test_empty_segments_are_passed_over() -> None:
    content = small_file().replace("~", "~~ ~").encode()
    assert identifiers(scanned(content)) == identifiers(scanned(small_file().encode()))


def test_bytes_after_the_last_terminator_are_pointed_at() -> None:
    content = small_file().encode() + b"\r\nJUNK"
    segments = scanned(content)
    assert content[segments.base + segments.tail :] == b"JUNK"


def test_a_dos_end_of_file_is_not_junk() -> None:
    assert scanned(small_file().encode() + b"\r\n\x1a").tail == -1


def test_a_stretch_without_a_terminator_has_no_segments() -> None:
    content = small_file().encode()
    one = only_interchange(content)
    segments = x12.scan(content, 5, 50, one)
    assert len(segments) == 0
    assert segments.tail == 0


# --- values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"DOE", "DOE"),
        (b"  DOE \t\r\n", "DOE"),
        (b"VAN DER BERG", "VAN DER BERG"),
        (b"", None),
        (b"   ", None),
        (b" " * 400, None),
        ("MUÑOZ".encode(), "MUÑOZ"),
        ("MUÑOZ".encode("latin-1"), "MUÑOZ"),
        (b"\x80\xff", "\x80ÿ"),
    ],
)
def test_a_text_is_read_without_its_blanks_in_utf_8_or_latin_1(raw: bytes, value: str | None) -> None:
    assert x12.texts(*spans_of([b"X", raw, b"Y"])).to_pylist() == ["X", value, "Y"]


@given(st.lists(st.text(st.characters(min_codepoint=33, exclude_categories=("Cs", "Zs", "Cc")))))
def test_any_text_is_read_as_it_stands(values: list[str]) -> None:
    found = x12.texts(*spans_of([value.encode() for value in values])).to_pylist()
    assert found == [value or None for value in values]


@pytest.mark.parametrize(
    ("raw", "value", "is_bad"),
    [
        ("100", "100.00", False),
        ("100.5", "100.50", False),
        ("100.50", "100.50", False),
        ("100.500", "100.50", False),
        (".5", "0.50", False),
        ("5.", "5.00", False),
        ("0", "0.00", False),
        ("-3", "-3.00", False),
        ("-.05", "-0.05", False),
        ("  100 ", "100.00", False),
        ("000123", "123.00", False),
        ("999999999999999", "999999999999999.00", False),
        ("", None, False),
        ("   ", None, False),
        ("1e5", None, True),
        ("abc", None, True),
        ("100.005", None, True),
        ("1,000", None, True),
        ("$5", None, True),
        ("1.2.3", None, True),
        ("1-", None, True),
        ("--1", None, True),
        ("-", None, True),
        (".", None, True),
        ("99999999999999999", None, True),
        ("9" * 40, None, True),
        ("١٢", None, True),
        ("1 2", None, True),
    ],
)
def test_an_amount_is_read_exactly_or_not_at_all(raw: str, value: str | None, is_bad: bool) -> None:
    column, bad = x12.decimals(*spans_of([b"7", raw.encode(), b"8"]), 2)
    assert column.to_pylist() == [Decimal(7), None if value is None else Decimal(value), Decimal(8)]
    assert bad.tolist() == [False, is_bad, False]
    assert str(column.type) == "decimal128(18, 2)"


@given(st.decimals(-(10**13), 10**13, places=2))
def test_any_amount_of_cents_is_read_exactly(amount: Decimal) -> None:
    column, bad = x12.decimals(*spans_of([f"{amount:f}".encode()]), 2)
    assert column.to_pylist() == [amount]
    assert not bad.any()


@given(st.lists(st.binary(max_size=24)))
def test_no_amount_is_both_read_and_refused(values: list[bytes]) -> None:
    column, bad = x12.decimals(*spans_of(values), 2)
    read = np.array([value is not None for value in column.to_pylist()], bool)
    assert not (read & bad).any()
    blank = np.array([not value.strip(bytes(range(33))) for value in values], bool)
    assert ((read | bad) == ~blank).all()


@pytest.mark.parametrize(
    ("raw", "value", "is_bad"),
    [
        ("20240305", date(2024, 3, 5), False),
        ("20240229", date(2024, 2, 29), False),
        ("20000229", date(2000, 2, 29), False),
        ("19000228", date(1900, 2, 28), False),
        ("18991231", date(1899, 12, 31), False),
        ("202403050915", date(2024, 3, 5), False),
        ("202403011430", date(2024, 3, 1), False),
        ("20240301-20240304", None, True),
        ("", None, False),
        ("20230229", None, True),
        ("19000229", None, True),
        ("20240431", None, True),
        ("20241301", None, True),
        ("20240001", None, True),
        ("20240100", None, True),
        ("20241", None, True),
        ("2024030", None, True),
        ("00000000", None, True),
        ("2024-3-5", None, True),
        ("2024/305", None, True),
        ("2024 305", None, True),
        ("UNKNOWN!", None, True),
        (":;<=>?0:", None, True),
    ],
)
def test_a_date_is_a_day_of_the_calendar_or_unreadable(raw: str, value: date | None, is_bad: bool) -> None:
    column, bad = x12.dates(*spans_of([b"20240101", raw.encode(), b"20240102"]))
    assert column.to_pylist() == [date(2024, 1, 1), value, date(2024, 1, 2)]
    assert bad.tolist() == [False, is_bad, False]


@given(st.dates(date(1800, 1, 1), date(9999, 12, 31)))
def test_any_date_since_1800_is_read(day: date) -> None:
    column, bad = x12.dates(*spans_of([f"{day:%Y%m%d}".zfill(8).encode()]))
    assert column.to_pylist() == [day]
    assert not bad.any()


@pytest.mark.parametrize("values", [[], [b""]])
def test_no_values_make_empty_columns(values: list[bytes]) -> None:
    data, spans = spans_of(values)
    expected: list[Any] = [None] * len(values)
    assert x12.texts(data, spans).to_pylist() == expected
    assert x12.decimals(data, spans, 2)[0].to_pylist() == expected
    assert x12.dates(data, spans)[0].to_pylist() == expected


@pytest.mark.parametrize(
    ("byte", "name"), [(0x7E, "'~'"), (0x0A, "hex 0A"), (0x1D, "hex 1D"), (0x20, "hex 20"), (0xA6, "hex A6")]
)
def test_a_delimiter_is_named_so_that_it_can_be_seen(byte: int, name: str) -> None:
    assert x12.delimiter_name(byte) == name
