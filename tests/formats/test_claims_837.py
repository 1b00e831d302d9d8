"""837P and 837I: that each value comes from its own loop, and each row says where it stands."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bench.generate import write_claims
from scrubjay.formats import read_files, x12
from scrubjay.tables import READER_TABLES, arrow_schema
from tests.formats.x12_text import (
    INSTITUTIONAL,
    OLD_INSTITUTIONAL,
    OLD_PROFESSIONAL,
    PROFESSIONAL,
    STANDARD,
    Delimiters,
    Reading,
    assert_offsets,
    billing_provider,
    claim,
    file_of,
    group,
    header,
    institutional_claim,
    institutional_file,
    institutional_line,
    interchange,
    line,
    patient,
    professional_file,
    read_text,
    small_file,
    subscriber,
    transaction,
)

POSITIONS = ("byte_offset", "service_facility_byte_offset")


def values(reading: Reading) -> dict[str, list[dict[str, Any]]]:
    """The claims and lines without their positions."""
    return {
        table: [{name: value for name, value in row.items() if name not in POSITIONS} for row in reading.rows(table)]
        for table in ("claims", "professional_lines", "institutional_lines")
    }


def assert_same_but_for_positions(reading: Reading, other: Reading) -> None:
    assert values(reading) == values(other)
    assert not reading.problems
    assert not other.problems


def test_every_table_has_the_columns_it_documents(tmp_path: Path) -> None:
    tables = read_text(tmp_path, small_file()).tables
    for table in READER_TABLES:
        assert tables[table.name].schema == arrow_schema(table)
        for column in table.columns:
            if not column.nullable:
                assert tables[table.name].column(column.name).null_count == 0


def test_a_file_without_faults_has_no_problems(tmp_path: Path) -> None:
    found = read_text(
        tmp_path, small_file(), institutional_file(institutional_claim(), institutional_line(), institutional_line(2))
    )
    assert found.problems == []
    assert [(f["kind"], f["claims"], f["lines"], f["remittances"]) for f in found.files] == [
        ("837P", 4, 5, 0),
        ("837I", 1, 2, 0),
    ]


# --- delimiters, line ends, encodings ---------------------------------------------------------------


@pytest.mark.parametrize(
    "delimiters",
    [
        Delimiters(line_end="\n"),
        Delimiters(line_end="\r"),
        Delimiters(line_end="\r\n"),
        Delimiters(line_end="   "),
        Delimiters(line_end="\r\n\t  "),
        Delimiters(terminator="\n"),
        Delimiters(terminator="\r"),
        Delimiters(terminator="\r", line_end="\n"),
        Delimiters(terminator="\n", line_end="\r"),
        Delimiters("|", ">", "!", "\n"),
        Delimiters("\x1d", "\x1f", "\x1e", "\x1c"),
        Delimiters("+", "/", "=", "'", "\r\n"),
        Delimiters(",", ".", ";", "!"),
    ],
    ids=repr,
)
def test_delimiters_and_line_ends_make_no_difference(tmp_path: Path, delimiters: Delimiters) -> None:
    content = small_file(delimiters)
    found = read_text(tmp_path, content)
    (tmp_path / "plain").mkdir()
    assert_same_but_for_positions(found, read_text(tmp_path / "plain", small_file()))
    assert_offsets(found, {0: content.encode()})


def test_carriage_returns_before_a_line_feed_terminator_belong_to_no_value(tmp_path: Path) -> None:
    """Files made on Windows with LF declared as terminator: the CR ends up in each last element."""
    plain, windows = tmp_path / "plain", tmp_path / "windows"
    plain.mkdir()
    windows.mkdir()
    content = small_file(Delimiters(terminator="\n"))
    with_returns = content.replace("\n", "\r\n").replace("*T*:\r\n", "*T*:\n")
    found = read_text(windows, with_returns)
    assert values(found) == values(read_text(plain, content))
    assert found.problems == []


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n", b"\xef\xbb\xbf\r\n", b"  \t"])
def test_a_byte_order_mark_or_blanks_before_the_isa_make_no_difference(tmp_path: Path, before: bytes) -> None:
    content = before + small_file().encode()
    found = read_text(tmp_path, content)
    (tmp_path / "plain").mkdir()
    assert_same_but_for_positions(found, read_text(tmp_path / "plain", small_file()))
    assert_offsets(found, {0: content})


def test_two_interchanges_of_one_file_keep_their_own_delimiters(tmp_path: Path) -> None:
    other = Delimiters("|", ">", "!", "'", "\r\n")
    content = small_file() + "\n" + small_file(other) + institutional_file(institutional_claim(), institutional_line())
    found = read_text(tmp_path, content)
    assert found.problems == []
    assert found.claim_ids == ["A1", "A2", "A3", "A4"] * 2 + ["B1"]
    assert found.files[0]["kind"] == "837P + 837I"
    assert_offsets(found, {0: content.encode()})
    half = len(found.professional_lines) // 2
    names = [name for name in found.professional_lines[0] if name not in ("claim_key", *POSITIONS)]
    lines = [[row[name] for name in names] for row in found.professional_lines]
    assert lines[:half] == lines[half:]


def test_values_that_are_separators_elsewhere_are_kept(tmp_path: Path) -> None:
    """A '*' is data where the ISA declares '|', and a ':' where it declares '>'."""
    delimiters = Delimiters("|", ">", "!", "~")
    content = professional_file(claim(), line(), delimiters=delimiters).replace("JANE", "JA*N:E^")
    assert read_text(tmp_path, content).claim["patient_first_name"] == "JA*N:E^"


def test_names_are_read_in_utf_8_and_in_latin_1(tmp_path: Path) -> None:
    content = professional_file(claim(), line()).replace("DOE", "MUÑOZ").replace("JANE", "ZOË")
    utf_8, latin_1 = (read_text(tmp_path, content.encode(code)).claim for code in ("utf-8", "latin-1"))
    for row in (utf_8, latin_1):
        assert (row["patient_last_name"], row["patient_first_name"]) == ("MUÑOZ", "ZOË")


def test_utf_8_and_latin_1_names_stand_side_by_side(tmp_path: Path) -> None:
    first = file_of(billing_provider(), subscriber("MUÑOZ"), claim(), line()).encode("utf-8")
    second = file_of(billing_provider(), subscriber("PEÑA"), claim(), line()).encode("latin-1")
    names = [row["patient_last_name"] for row in read_text(tmp_path, first + second).claims]
    assert names == ["MUÑOZ", "PEÑA"]


def test_blanks_around_values_are_not_part_of_them(tmp_path: Path) -> None:
    content = professional_file(
        ["CLM*  A1  * 100 *** 11 :B: 1 *Y*A*Y*Y", "REF*F8*  ICN1 "],
        ["NM1*77*2* HOSPITAL  WING *****XX* 1888888880 ", "N3* 9 HOSPITAL WAY ", "N4* AUSTIN * TX * 78701 "],
        ["LX* 1 ", "SV1*HC: 99213 : 25 * 80.5 *UN* 2 * 22 **1", "DTP*472*D8*20240305 "],
    )
    found = read_text(tmp_path, content)
    row, one = found.claim, found.line
    assert [row[n] for n in ("claim_id", "charge_amount", "place_of_service_code", "claim_frequency_code")] == [
        "A1",
        Decimal(100),
        "11",
        "1",
    ]
    assert [row[f"service_facility_{n}"] for n in ("name", "npi", "address_line_1", "city", "state", "zip")] == [
        "HOSPITAL  WING",
        "1888888880",
        "9 HOSPITAL WAY",
        "AUSTIN",
        "TX",
        "78701",
    ]
    assert row["payer_claim_control_number"] == "ICN1"
    assert [one[n] for n in ("line_number", "procedure_code", "modifier_1", "charge_amount", "units")] == [
        1,
        "99213",
        "25",
        Decimal("80.5"),
        2,
    ]
    assert (one["place_of_service_code"], one["service_date"]) == ("22", date(2024, 3, 5))
    assert found.problems == []


def test_blanks_around_qualifiers_do_not_hide_what_they_qualify(tmp_path: Path) -> None:
    content = professional_file(
        [*claim()[:1], "HI*ABK :R079", "REF*F8 *ICN1"],
        ["NM1*77 *2*WING*****XX *1888888880", "N4*AUSTIN*TX*78701"],
        ["LX*1", "SV1*HC :99213*100*UN*1***1", "DTP*472 *D8 *20240305"],
    ).replace("*85*2", "* 85*2")
    found = read_text(tmp_path, content)
    row = found.claim
    assert row["billing_provider_npi"] == "1234567893"
    assert row["service_facility_npi"] == "1888888880"
    assert row["payer_claim_control_number"] == "ICN1"
    assert row["principal_diagnosis_code"] == "R079"
    assert found.line["service_date"] == date(2024, 3, 5)


def test_a_date_of_blanks_is_blank(tmp_path: Path) -> None:
    content = professional_file(claim(), [*line()[:2], "DTP*472*D8*        "])
    found = read_text(tmp_path, content)
    assert found.line["service_date"] is None
    assert found.problems == []


# --- the parties and their loops --------------------------------------------------------------------


def test_the_billing_provider_is_not_the_pay_to_address(tmp_path: Path) -> None:
    content = file_of(
        billing_provider(),
        ["NM1*87*2", "N3*99 LOCKBOX", "N4*CHICAGO*IL*60601"],
        ["NM1*PE*2*PAY TO PLAN*****PI*999", "N3*98 PLAN ST", "N4*MIAMI*FL*33101", "REF*EI*999999999"],
        subscriber(),
        claim(),
        line(),
    )
    row = read_text(tmp_path, content).claim
    assert row["billing_provider_npi"] == "1234567893"
    assert row["billing_provider_address_line_1"] == "1 BILLING WAY"
    assert row["billing_provider_address_line_2"] == "STE 100"
    assert (row["billing_provider_city"], row["billing_provider_state"]) == ("SPRINGFIELD", "IL")
    assert row["billing_provider_zip"] == "627010001"


def test_a_billing_provider_without_an_address_does_not_take_that_of_the_next_name(tmp_path: Path) -> None:
    content = file_of(
        ["HL*1**20*1", "NM1*85*2*CLINIC*****XX*1234567893"],
        ["NM1*87*2", "N3*99 LOCKBOX", "N4*CHICAGO*IL*60601"],
        subscriber(),
        claim(),
        line(),
    )
    row = read_text(tmp_path, content).claim
    assert row["billing_provider_npi"] == "1234567893"
    assert [value for name, value in row.items() if name.startswith("billing_provider_") and "npi" not in name] == [
        None
    ] * 5


def test_only_an_identifier_said_to_be_an_npi_is_one(tmp_path: Path) -> None:
    content = file_of(
        ["HL*1**20*1", "NM1*85*2*CLINIC*****24*123456789"],
        subscriber(),
        claim(),
        ["NM1*82*1*DOC*D****34*123456789", "NM1*77*2*WING*****FI*123456789"],
        line(),
    )
    row = read_text(tmp_path, content).claim
    assert row["billing_provider_npi"] is None
    assert row["rendering_provider_npi"] is None
    assert (row["service_facility_name"], row["service_facility_npi"]) == ("WING", None)


def test_the_payer_gives_its_name_and_number_and_nothing_else(tmp_path: Path) -> None:
    row = read_text(tmp_path, professional_file(claim(), line())).claim
    assert (row["payer_name"], row["payer_id"]) == ("MEDICARE", "12302")
    assert (row["claim_filing_code"], row["payer_responsibility_code"]) == ("MB", "P")
    assert not {"PO BOX 9", "PAYER LINE 2", "PAYERTOWN", "WI", "53201"} & set(row.values())


def test_the_subscriber_is_the_patient_where_no_other_is_named(tmp_path: Path) -> None:
    row = read_text(tmp_path, professional_file(claim(), line())).claim
    assert (row["patient_last_name"], row["patient_first_name"]) == ("DOE", "JANE")
    assert row["patient_birth_date"] == date(1950, 1, 3)
    assert row["member_id"] == "M1"


def test_a_patient_who_is_not_the_subscriber_keeps_the_subscribers_coverage(tmp_path: Path) -> None:
    content = professional_file(patient("ROE", "TOM"), claim(), line())
    row = read_text(tmp_path, content).claim
    assert (row["patient_last_name"], row["patient_first_name"]) == ("ROE", "TOM")
    assert row["patient_birth_date"] == date(2015, 6, 7)
    assert (row["member_id"], row["claim_filing_code"], row["payer_name"]) == ("M1", "MB", "MEDICARE")


def test_a_patient_holds_until_the_next_subscriber_or_patient(tmp_path: Path) -> None:
    content = professional_file(
        patient("ROE", "TOM"),
        claim("P1"),
        line(),
        claim("P2"),
        line(),
        patient("ROE", "ANN", 4),
        claim("P3"),
        line(),
        subscriber("POE", "M2", 5),
        claim("S1"),
        line(),
    )
    rows = read_text(tmp_path, content).claims
    assert [(row["claim_id"], row["patient_first_name"], row["member_id"]) for row in rows] == [
        ("P1", "TOM", "M1"),
        ("P2", "TOM", "M1"),
        ("P3", "ANN", "M1"),
        ("S1", "JANE", "M2"),
    ]


def test_a_patient_without_a_birth_date_does_not_take_the_subscribers(tmp_path: Path) -> None:
    content = professional_file(["HL*3*2*23*0", "PAT*19", "NM1*QC*1*ROE*TOM"], claim(), line())
    row = read_text(tmp_path, content).claim
    assert (row["patient_first_name"], row["patient_birth_date"]) == ("TOM", None)


def test_a_subscriber_without_a_payer_does_not_take_the_one_before(tmp_path: Path) -> None:
    content = professional_file(
        claim("A1"),
        line(),
        ["HL*3*1*22*0", "SBR*S*18*******CI", "NM1*IL*1*ROE*RAY****MI*M2"],
        claim("A2"),
        line(),
    )
    row = read_text(tmp_path, content).claims[1]
    assert (row["payer_name"], row["payer_id"], row["patient_birth_date"]) == (None, None, None)
    assert (row["payer_responsibility_code"], row["claim_filing_code"]) == ("S", "CI")


def test_a_billing_level_without_a_name_does_not_take_the_provider_before(tmp_path: Path) -> None:
    content = professional_file(claim("A1"), line(), ["HL*3**20*1"], subscriber(number=4), claim("A2"), line())
    assert [row["billing_provider_npi"] for row in read_text(tmp_path, content).claims] == ["1234567893", None]


def test_hierarchical_numbers_may_restart_or_be_wrong(tmp_path: Path) -> None:
    first = transaction(billing_provider("1234567893"), subscriber("DOE", "M1"), claim("A1"), line(), number="0001")
    second = transaction(billing_provider("1111111112"), subscriber("ROE", "M2"), claim("A2"), line(), number="0002")
    third = transaction(
        billing_provider("1222222220", 7), subscriber("POE", "M3", 7), claim("A3"), line(), number="0003"
    )
    content = interchange(group(first, second), group(third, number="2"))
    rows = read_text(tmp_path, content).claims
    assert [(r["claim_id"], r["billing_provider_npi"], r["member_id"]) for r in rows] == [
        ("A1", "1234567893", "M1"),
        ("A2", "1111111112", "M2"),
        ("A3", "1222222220", "M3"),
    ]


def test_nothing_is_inherited_from_the_transaction_or_interchange_before(tmp_path: Path) -> None:
    bare = transaction(["HL*1**20*1", "HL*2*1*22*0"], claim("A2"), line(), number="0002")
    whole = transaction(billing_provider(), subscriber(), patient(), claim("A1"), line())
    content = interchange(group(whole, bare)) + interchange(group(bare), number="000000002")
    rows = read_text(tmp_path, content).claims
    inherited = ("billing_provider_npi", "billing_provider_city", "member_id", "patient_last_name", "payer_name")
    assert [[row[name] for name in inherited] for row in rows[1:]] == [[None] * 5] * 2
    assert rows[0]["billing_provider_npi"] is not None


def test_each_claim_knows_its_transaction(tmp_path: Path) -> None:
    parts = (billing_provider(), subscriber(), claim(), line())
    content = interchange(
        group(
            transaction(*parts, number="0001", day="20240310"),
            transaction(*parts, number="0002", day="20240311"),
        )
    ) + interchange(group(transaction(*parts, number="ABC", day="")), number="000000002")
    rows = read_text(tmp_path, content).claims
    assert [(r["transaction_control_number"], r["transaction_date"]) for r in rows] == [
        ("0001", date(2024, 3, 10)),
        ("0002", date(2024, 3, 11)),
        ("ABC", None),
    ]
    assert [row["claim_form"] for row in rows] == ["electronic"] * 3


def test_the_providers_of_a_claim_are_told_from_those_of_its_lines(tmp_path: Path) -> None:
    content = professional_file(
        claim(),
        ["NM1*DN*1*REF*R****XX*1000000001", "NM1*82*1*REND*R****XX*1000000002", "PRV*PE*PXC*207R00000X"],
        ["NM1*DQ*1*SUP*S****XX*1000000003"],
        ["NM1*77*2*WING*****XX*1000000004", "N3*9 HOSPITAL WAY", "N4*AUSTIN*TX*78701"],
        line(1),
        ["NM1*82*1*LINE*L****XX*1000000005", "NM1*QB*1*PUR*P****XX*1000000006"],
        ["NM1*77*2*ANNEX*****XX*1000000007", "N3*10 ANNEX WAY*FLOOR 2", "N4*DALLAS*TX*75201"],
        ["NM1*DQ*1*SUP*S****XX*1000000008", "NM1*DN*1*REF*R****XX*1000000009"],
        line(2),
    )
    found = read_text(tmp_path, content)
    row, (first, second) = found.claim, found.professional_lines
    roles = ("referring", "rendering", "supervising")
    assert [row[f"{role}_provider_npi"] for role in roles] == ["1000000001", "1000000002", "1000000003"]
    assert (row["service_facility_npi"], row["service_facility_city"]) == ("1000000004", "AUSTIN")
    assert first["rendering_provider_npi"] == "1000000005"
    assert first["purchased_service_provider_npi"] == "1000000006"
    assert first["supervising_provider_npi"] == "1000000008"
    assert [first[f"service_facility_{n}"] for n in ("name", "npi", "address_line_1", "address_line_2", "city")] == [
        "ANNEX",
        "1000000007",
        "10 ANNEX WAY",
        "FLOOR 2",
        "DALLAS",
    ]
    assert {name: value for name, value in second.items() if "provider" in name or "facility" in name} == dict.fromkeys(
        name for name in second if "provider" in name or "facility" in name
    )
    assert_offsets(found, {0: content.encode()})


OTHER_PAYER = [
    "SBR*S*18*******CI",
    "CAS*CO*45*20",
    "AMT*D*80",
    "OI***Y***Y",
    "NM1*IL*1*OTHERSUB*OSCAR****MI*OTHERMEMBER",
    "N3*77 OTHER SUBSCRIBER ST",
    "N4*OTHERTOWN*NV*89501",
    "DMG*D8*19010101*M",
    "NM1*PR*2*OTHER PAYER*****PI*OTHERID",
    "N3*78 OTHER PAYER ST",
    "N4*OTHERTOWN*NV*89502",
    "DTP*573*D8*20240401",
    "REF*F8*OTHERICN",
    "NM1*77*2*OTHER FACILITY*****XX*1777777771",
    "N3*79 OTHER FACILITY ST",
    "N4*OTHERTOWN*NV*89503",
    "NM1*82*1*OTHERREND*O****XX*1777777772",
    "NM1*85*2*OTHERBILL*****XX*1777777773",
    "NM1*DQ*1*OTHERSUP*O****XX*1777777774",
    "NM1*DN*1*OTHERREF*O****XX*1777777775",
    "NM1*71*1*OTHERATT*O****XX*1777777776",
]


@pytest.mark.parametrize("times", [1, 2])
def test_nothing_of_another_payer_leaks_into_the_claim(tmp_path: Path, times: int) -> None:
    content = professional_file(
        claim("A1"),
        OTHER_PAYER * times,
        line(1),
        ["SVD*OTHERID*80*HC:99213**1", "CAS*CO*45*20", "DTP*573*D8*20240401"],
        claim("A2"),
        line(),
    )
    found = read_text(tmp_path, content)
    plain = read_text(tmp_path, professional_file(claim("A1"), line(1), claim("A2"), line()))
    assert values(found) == values(plain)
    assert found.problems == []


def test_what_the_claim_says_before_another_payer_is_kept(tmp_path: Path) -> None:
    facility = ["NM1*77*2*WING*****XX*1888888880", "N3*9 HOSPITAL WAY", "N4*AUSTIN*TX*78701"]
    content = professional_file(
        claim(), ["REF*F8*OWNICN", "NM1*82*1*DOC*D****XX*1000000002"], facility, OTHER_PAYER, line()
    )
    row = read_text(tmp_path, content).claim
    assert row["payer_claim_control_number"] == "OWNICN"
    assert row["rendering_provider_npi"] == "1000000002"
    assert (row["service_facility_npi"], row["service_facility_city"]) == ("1888888880", "AUSTIN")
    assert (row["payer_responsibility_code"], row["payer_name"]) == ("P", "MEDICARE")


def test_the_payers_claim_number_is_found_among_several_references(tmp_path: Path) -> None:
    content = professional_file(
        [claim(frequency="7")[0], "REF*D9*CLEARING1", "REF*F8*ICN1", "REF*EA*MRN1", "REF*G1*AUTH1"],
        ["NM1*82*1*DOC*D****XX*1000000002", "REF*G2*PROVIDERNO"],
        [*line(1), "REF*6R*LINE1", "REF*F8*LINEICN"],
    )
    row = read_text(tmp_path, content).claim
    assert row["payer_claim_control_number"] == "ICN1"
    assert row["claim_frequency_code"] == "7"


def test_a_reference_of_a_provider_is_not_the_claims(tmp_path: Path) -> None:
    content = professional_file(claim(), ["NM1*82*1*DOC*D****XX*1000000002", "REF*F8*NOTMINE"], line())
    assert read_text(tmp_path, content).claim["payer_claim_control_number"] is None


@pytest.mark.parametrize("role", ["77", "FA", "LI", "TL"])
def test_the_service_facility_of_004010_has_several_codes(tmp_path: Path, role: str) -> None:
    content = file_of(
        billing_provider(),
        subscriber(),
        claim(),
        [f"NM1*{role}*2*WING*****XX*1888888880", "N3*9 HOSPITAL WAY", "N4*AUSTIN*TX*78701"],
        line(),
        guide=OLD_PROFESSIONAL,
    )
    found = read_text(tmp_path, content)
    assert found.claim["service_facility_npi"] == "1888888880"
    assert found.claim["service_facility_city"] == "AUSTIN"
    assert found.files[0]["kind"] == "837P"
    assert found.problems == []
    assert_offsets(found, {0: content.encode()})


def test_a_service_facility_without_an_npi_is_still_one(tmp_path: Path) -> None:
    content = professional_file(claim(), ["NM1*77*2*WING", "N3*9 HOSPITAL WAY", "N4*AUSTIN*TX*78701"], line())
    found = read_text(tmp_path, content)
    assert (found.claim["service_facility_name"], found.claim["service_facility_npi"]) == ("WING", None)
    assert found.claim["service_facility_byte_offset"] == content.index("NM1*77")


# --- place of service, type of bill -----------------------------------------------------------------


def test_the_place_of_service_of_line_and_claim_are_kept_apart(tmp_path: Path) -> None:
    content = professional_file(claim("A1", "22"), line(1), line(2, place="11"), line(3, place="22"))
    found = read_text(tmp_path, content)
    assert found.claim["place_of_service_code"] == "22"
    assert found.claim["type_of_bill_code"] is None
    assert [row["place_of_service_code"] for row in found.professional_lines] == [None, "11", "22"]


@pytest.mark.parametrize("clm", ["CLM*A1*100", "CLM*A1*100***", "CLM*A1*100***:B:1*Y", "CLM*A1*100*****Y"])
def test_a_missing_place_of_service_is_null(tmp_path: Path, clm: str) -> None:
    assert read_text(tmp_path, professional_file([clm], line())).claim["place_of_service_code"] is None


def test_a_short_service_line_has_no_place_of_service(tmp_path: Path) -> None:
    found = read_text(tmp_path, professional_file(claim(), ["LX*1", "SV1*HC:99213*100*UN*1"]))
    assert found.line["place_of_service_code"] is None
    assert found.line["units"] == 1


def test_an_institutional_claim_has_a_type_of_bill_and_no_place_of_service(tmp_path: Path) -> None:
    content = institutional_file(institutional_claim("B1", "13", "7"), institutional_line())
    found = read_text(tmp_path, content)
    row = found.claim
    assert row["claim_type"] == "institutional"
    assert (row["type_of_bill_code"], row["claim_frequency_code"]) == ("137", "7")
    assert row["place_of_service_code"] is None
    assert found.professional_lines == []


def test_an_institutional_claim_is_read_whole(tmp_path: Path) -> None:
    content = institutional_file(
        institutional_claim(),
        ["NM1*72*1*OPERATING*O****XX*1000000001", "NM1*77*2*ANNEX*****XX*1888888880", "N4*AUSTIN*TX*78701"],
        institutional_line(1),
        ["LX*2", "SV2*0450**100*UN*1", "DTP*472*RD8*20240301-20240303"],
    )
    found = read_text(tmp_path, content)
    row, (first, second) = found.claim, found.institutional_lines
    assert (row["statement_from_date"], row["statement_through_date"]) == (date(2024, 3, 1), date(2024, 3, 4))
    assert (row["admission_date"], row["admitted_at"]) == (date(2024, 3, 1), datetime(2024, 3, 1, 9, 15))
    assert (row["discharge_date"], row["discharge_hour"]) == (None, "1430")  # DTP*096*TM is an hour
    assert (row["patient_status_code"], row["condition_codes"], row["medical_record_number"]) == ("01", None, None)
    assert row["principal_diagnosis_code"] == "I2510"
    assert row["attending_provider_npi"] == "1999999992"
    assert (row["service_facility_npi"], row["service_facility_zip"]) == ("1888888880", "78701")
    assert (first["revenue_code"], first["procedure_code"], first["modifier_1"]) == ("0360", "45378", "PO")
    assert (first["charge_amount"], first["units"]) == (Decimal("250.50"), 2)
    assert (first["service_date"], first["service_through_date"]) == (date(2024, 3, 2), date(2024, 3, 2))
    assert (second["revenue_code"], second["procedure_code"]) == ("0450", None)
    assert (second["service_date"], second["service_through_date"]) == (date(2024, 3, 1), date(2024, 3, 3))
    assert found.problems == []
    assert_offsets(found, {0: content.encode()})


def test_an_institutional_claim_of_004010_is_read(tmp_path: Path) -> None:
    parts = (institutional_claim(), ["NM1*FA*2*ANNEX*****XX*1888888880"], institutional_line())
    content = institutional_file(*parts, guide=OLD_INSTITUTIONAL).replace("ABK:", "BK:")
    found = read_text(tmp_path, content)
    assert found.files[0]["kind"] == "837I"
    assert found.claim["type_of_bill_code"] == "131"
    assert found.claim["principal_diagnosis_code"] == "I2510"
    assert found.claim["service_facility_npi"] == "1888888880"
    assert found.problems == []


@pytest.mark.parametrize(
    ("guide", "kind", "claim_type"),
    [
        ("005010X222", "837P", "professional"),
        ("005010X222A1", "837P", "professional"),
        ("005010X222A2", "837P", "professional"),
        ("004010X098", "837P", "professional"),
        ("004010X098A1", "837P", "professional"),
        ("005010X223", "837I", "institutional"),
        ("005010X223A1", "837I", "institutional"),
        ("005010X223A2", "837I", "institutional"),
        ("005010X223A3", "837I", "institutional"),
        ("004010X096", "837I", "institutional"),
        ("004010X096A1", "837I", "institutional"),
    ],
)
def test_every_guide_and_addendum_is_known(tmp_path: Path, guide: str, kind: str, claim_type: str) -> None:
    parts = (claim(), line()) if claim_type == "professional" else (institutional_claim(), institutional_line())
    found = read_text(tmp_path, file_of(billing_provider(), subscriber(), *parts, guide=guide))
    assert found.files[0]["kind"] == kind
    assert found.claim["claim_type"] == claim_type
    assert found.problems == []


@pytest.mark.parametrize("guide", ["", "004010", "999999X999X9"])
def test_an_unknown_guide_is_told_by_its_service_lines(tmp_path: Path, guide: str) -> None:
    content = file_of(
        billing_provider(),
        subscriber(),
        claim("A1"),
        line(),
        institutional_claim("B1"),
        institutional_line(),
        guide=guide,
    )
    found = read_text(tmp_path, content)
    assert [(row["claim_id"], row["claim_type"]) for row in found.claims] == [
        ("A1", "professional"),
        ("B1", "institutional"),
    ]
    assert (found.claims[0]["place_of_service_code"], found.claims[1]["type_of_bill_code"]) == ("11", "131")
    assert found.files[0]["kind"] == "837"


def test_the_guide_of_the_transaction_precedes_that_of_the_group(tmp_path: Path) -> None:
    inner = transaction(billing_provider(), subscriber(), institutional_claim(), guide=INSTITUTIONAL)
    found = read_text(tmp_path, interchange(group(inner, guide=PROFESSIONAL)))
    assert found.claim["claim_type"] == "institutional"


def test_dental_claims_are_counted_and_said_not_to_be_checked(tmp_path: Path) -> None:
    content = file_of(
        billing_provider(),
        subscriber(),
        claim("D1"),
        ["LX*1", "SV3*AD:D0120*50**10**1", "DTP*472*D8*20240305"],
        guide="005010X224A2",
    )
    found = read_text(tmp_path, content)
    assert (found.files[0]["kind"], found.files[0]["claims"], found.files[0]["lines"]) == ("837D", 1, 1)
    assert found.claim["claim_type"] == "dental"
    assert found.problem("dental-claims")["severity"] == "info"


def test_transactions_of_other_kinds_are_passed_over(tmp_path: Path) -> None:
    parts = (billing_provider(), subscriber())
    other = transaction(*parts, claim("X1"), line(), number="0002")
    other[0] = "ST*270*0002*005010X279A1"
    content = interchange(
        group(transaction(*parts, claim("A1"), line()), other, transaction(*parts, claim("A2"), line(), number="0003"))
    )
    found = read_text(tmp_path, content)
    assert found.claim_ids == ["A1", "A2"]
    assert len(found.professional_lines) == 2
    assert found.files[0]["kind"] == "837P + 270"


# --- values of a line -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("procedure", "modifiers"),
    [
        ("99213", [None] * 4),
        ("99213:25", ["25", None, None, None]),
        ("99213:25:59", ["25", "59", None, None]),
        ("99213:25:59:GT", ["25", "59", "GT", None]),
        ("99213:25:59:GT:PO", ["25", "59", "GT", "PO"]),
        ("99213:25:59:GT:PO:A DESCRIPTION", ["25", "59", "GT", "PO"]),
        ("99213::59", [None, "59", None, None]),
        ("99213::::PO", [None, None, None, "PO"]),
        ("99213:25:::", ["25", None, None, None]),
        ("99213:25^HC:99214:59:GT", ["25", None, None, None]),
        ("99213^:25:59", [None] * 4),
    ],
)
def test_modifiers_are_read_in_order_and_may_be_missing(
    tmp_path: Path, procedure: str, modifiers: list[str | None]
) -> None:
    row = read_text(tmp_path, professional_file(claim(), line(1, procedure))).line
    assert row["procedure_code"] == "99213"
    assert [row[f"modifier_{n}"] for n in range(1, 5)] == modifiers


def test_each_line_has_its_own_values_where_lines_differ(tmp_path: Path) -> None:
    content = professional_file(
        claim(),
        line(1, "99213"),
        line(2, "36415:90:91", "11", "20240306"),
        ["LX*3", "SV1*HC:80053*12.34*MJ*15.5"],
        line(4, "71046::26"),
    )
    rows = read_text(tmp_path, content).professional_lines
    assert [row["line_number"] for row in rows] == [1, 2, 3, 4]
    assert [row["procedure_code"] for row in rows] == ["99213", "36415", "80053", "71046"]
    assert [row["modifier_1"] for row in rows] == [None, "90", None, None]
    assert [row["modifier_2"] for row in rows] == [None, "91", None, "26"]
    assert [row["units"] for row in rows] == [1, 1, Decimal("15.5"), 1]
    assert [row["service_date"] for row in rows] == [date(2024, 3, 5), date(2024, 3, 6), None, date(2024, 3, 5)]


def test_a_period_of_service_has_two_dates(tmp_path: Path) -> None:
    content = professional_file(claim(), [*line()[:2], "DTP*472*RD8*20240228-20240302", "DTP*471*D8*20240101"])
    row = read_text(tmp_path, content).line
    assert (row["service_date"], row["service_through_date"]) == (date(2024, 2, 28), date(2024, 3, 2))


def test_dates_of_the_claim_are_not_those_of_its_lines(tmp_path: Path) -> None:
    content = professional_file(
        claim(), ["DTP*435*D8*20240301", "DTP*096*D8*20240304", "DTP*472*D8*20200101"], line(day="20240305")
    )
    found = read_text(tmp_path, content)
    assert (found.claim["admission_date"], found.claim["discharge_date"]) == (date(2024, 3, 1), date(2024, 3, 4))
    assert found.line["service_date"] == date(2024, 3, 5)


@pytest.mark.parametrize("dates", [["TM*1430", "D8*20240304"], ["D8*20240304", "TM*1430"], ["DT*202403041430"]])
def test_the_hour_of_discharge_is_not_its_date(tmp_path: Path, dates: list[str]) -> None:
    parts = [*institutional_claim()[:1], *(f"DTP*096*{one}" for one in dates)]
    found = read_text(tmp_path, institutional_file(parts, institutional_line()))
    assert (found.claim["discharge_date"], found.claim["discharge_hour"]) == (date(2024, 3, 4), "1430")
    assert found.problems == []


@pytest.mark.parametrize(
    ("raw", "day", "moment"),
    [
        ("D8*20240301", date(2024, 3, 1), None),
        ("DT*202403012359", date(2024, 3, 1), datetime(2024, 3, 1, 23, 59)),
        ("DT*202403010000", date(2024, 3, 1), datetime(2024, 3, 1)),
        ("DT* 202403010915 ", date(2024, 3, 1), datetime(2024, 3, 1, 9, 15)),
        ("DT*196902281200", date(1969, 2, 28), datetime(1969, 2, 28, 12)),
        ("D8*202403010915", date(2024, 3, 1), datetime(2024, 3, 1, 9, 15)),
        ("DT*20240301", date(2024, 3, 1), None),
        ("DT*", None, None),
    ],
)
def test_an_admission_is_a_day_or_a_day_with_its_hour(
    tmp_path: Path, raw: str, day: date | None, moment: datetime | None
) -> None:
    for make in (professional_file, institutional_file):
        parts = [*claim()[:1], f"DTP*435*{raw}"]
        found = read_text(tmp_path, make(parts, line() if make is professional_file else institutional_line()))
        assert (found.claim["admission_date"], found.claim["admitted_at"]) == (day, moment)
        assert found.problems == []


@pytest.mark.parametrize("hour", ["2400", "0960", "09:5", "-100"])
def test_an_hour_that_is_none_is_reported_and_the_day_is_kept(tmp_path: Path, hour: str) -> None:
    parts = [*claim()[:1], f"DTP*435*DT*20240301{hour}", f"DTP*096*TM*{hour}"]
    found = read_text(tmp_path, institutional_file(parts, institutional_line()))
    row = found.claim
    assert [row[n] for n in ("admission_date", "admitted_at", "discharge_hour")] == [date(2024, 3, 1), None, None]
    assert found.problem("unreadable-date-and-time")["element"] == "DTP03"
    assert found.problem("unreadable-time")["segment"] == "DTP"
    assert found.files[0]["claims"] == 1


@pytest.mark.parametrize("hour", ["", "  ", "14"])
def test_a_discharge_without_minutes_has_no_hour(tmp_path: Path, hour: str) -> None:
    found = read_text(tmp_path, institutional_file([*claim()[:1], f"DTP*096*TM*{hour}"], institutional_line()))
    assert found.claim["discharge_hour"] is None
    assert len(found.problems) == bool(hour.strip())


def test_an_hour_of_another_payer_or_a_line_is_not_the_claims(tmp_path: Path) -> None:
    content = institutional_file(
        [*claim()[:1], "SBR*S*18", "DTP*096*TM*1430", "DTP*435*DT*202403010915", "CL1*1*7*30", "HI*BG:44"],
        ["LX*1", "SV2*0360**100*UN*1", "DTP*435*DT*202403010915", "REF*EA*X", "HI*BG:44"],
    )
    row = read_text(tmp_path, content).claim
    names = ("admitted_at", "discharge_hour", "patient_status_code", "condition_codes", "medical_record_number")
    assert [row[name] for name in names] == [None] * 5


@pytest.mark.parametrize(
    ("segments", "codes"),
    [
        (["HI*BG:44"], "44"),
        (["HI*BG:44*BG:17*BG:D9"], "44 17 D9"),
        (["HI*ABK:I10", "HI*BG:44*BG:17", "HI*BE:80:::3", "HI*BG:C5"], "44 17 C5"),
        ([f"HI*{'*'.join(f'BG:{n:02}' for n in range(1, 13))}"], " ".join(f"{n:02}" for n in range(1, 13))),
        (["HI*BG:44*BH:11:D8:20240301**BG*BG:*BG:17"], "44 17"),
        (["HI*ABK:I10*BG:44"], "44"),
        (["HI* BG :44*BG: 17 "], "44 17"),
        (["HI*BG>44"], "44"),
        (["HI*ABK:BG*BGX:44*BF:44", "HI", "HI*", "HI*BG", "HI*BG:"], None),
    ],
)
def test_condition_codes_are_those_of_all_composites_of_their_kind(
    tmp_path: Path, segments: list[str], codes: str | None
) -> None:
    content = institutional_file(
        [*institutional_claim("B1")[:1], "HI*BG:01"],
        institutional_line(),
        [*institutional_claim("B2")[:1], *segments],
        institutional_line(),
        institutional_claim("B3"),
        institutional_line(),
    )
    assert [row["condition_codes"] for row in read_text(tmp_path, content).claims] == ["01", codes, None]


def test_the_sex_is_that_of_the_patient_and_not_the_subscriber(tmp_path: Path) -> None:
    content = file_of(
        billing_provider(), subscriber("ROE"), claim("A1"), line(), patient("ROE"), claim("A2"), line(),
        ["HL*4*2*23*0", "NM1*QC*1*ROE*TIM", "DMG*D8*20150607"], claim("A3"), line(),
    )  # fmt: skip
    found = read_text(tmp_path, content)
    assert {row["claim_id"]: row["patient_sex_code"] for row in found.claims} == {"A1": "F", "A2": "M", "A3": None}
    assert found.problems == []


def test_the_medical_record_number_is_the_claims_reference(tmp_path: Path) -> None:
    for content in (
        professional_file([*claim(), "REF*F8*ICN1", "REF*EA*MR 77", "REF*EA*MR2"], line()),
        institutional_file([*claim()[:1], "REF*EA*MR 77"], institutional_line()),
    ):
        assert read_text(tmp_path, content).claim["medical_record_number"] == "MR 77"


@pytest.mark.parametrize(
    ("raw", "value"),
    [("100", "100"), ("100.5", "100.50"), (".5", "0.50"), ("-3", "-3"), ("0", "0"), ("", None), ("  ", None)],
)
def test_amounts_of_claim_and_line_are_read_exactly(tmp_path: Path, raw: str, value: str | None) -> None:
    content = professional_file(claim(amount=raw), ["LX*1", f"SV1*HC:99213*{raw}*UN*{raw}***1"])
    found = read_text(tmp_path, content)
    expected = None if value is None else Decimal(value)
    assert [found.claim["charge_amount"], found.line["charge_amount"], found.line["units"]] == [expected] * 3
    assert found.problems == []


@pytest.mark.parametrize("raw", ["1e5", "abc", "100.005", "1,000", "1.2.3", "9" * 30])
@pytest.mark.parametrize(
    ("segment", "element", "table", "column"),
    [
        ("CLM*A1*{}***11:B:1", "CLM02", "claims", "charge_amount"),
        ("SV1*HC:99213*{}*UN*1***1", "SV102", "professional_lines", "charge_amount"),
    ],
)
def test_an_unreadable_amount_is_null_and_reported(
    tmp_path: Path, raw: str, segment: str, element: str, table: str, column: str
) -> None:
    first, second = ("CLM*A1*100***11:B:1", "SV1*HC:99213*100*UN*1***1")
    if table == "claims":
        first = segment.format(raw)
    else:
        second = segment.format(raw)
    content = professional_file([first], ["LX*1", second], claim("A2"), line())
    found = read_text(tmp_path, content)
    assert [row[column] for row in found.rows(table)] == [None, Decimal(100)]
    problem = found.problem("unreadable-number")
    assert (problem["segment"], problem["element"]) == (element[:3], element)
    assert problem["byte_offset"] == content.index(segment.split("*")[0] + "*")
    assert element in problem["message"]
    assert found.claim_ids == ["A1", "A2"]


def test_unreadable_units_are_null_and_reported(tmp_path: Path) -> None:
    content = professional_file(claim(), ["LX*1", "SV1*HC:99213*100*UN*TWO***1"])
    found = read_text(tmp_path, content)
    assert found.line["units"] is None
    assert found.problem("unreadable-number")["element"] == "SV104"


def test_an_unreadable_line_number_is_null_and_reported(tmp_path: Path) -> None:
    content = professional_file(claim(), ["LX*ONE", *line()[1:]])
    found = read_text(tmp_path, content)
    assert found.line["line_number"] is None
    problem = found.problem("unreadable-number")
    assert (problem["element"], problem["byte_offset"]) == ("LX01", content.index("LX*ONE"))


@pytest.mark.parametrize("raw", ["20230229", "20241", "2024-03-05", "UNKNOWN"])
def test_an_unreadable_service_date_is_null_and_reported(tmp_path: Path, raw: str) -> None:
    content = professional_file(claim(), line(1, day=raw), line(2))
    found = read_text(tmp_path, content)
    assert [row["service_date"] for row in found.professional_lines] == [None, date(2024, 3, 5)]
    assert found.professional_lines[0]["service_through_date"] is None
    problem = found.problem("unreadable-date")
    assert (problem["segment"], problem["element"]) == ("DTP", "DTP03")
    assert problem["byte_offset"] == content.index("DTP*472")


@pytest.mark.parametrize("raw", ["20240301-20240231", "20240301-", "20240301", "20240301-2024", "20240301 20240304"])
def test_a_period_with_an_unreadable_end_has_no_through_date(tmp_path: Path, raw: str) -> None:
    content = professional_file(claim(), [*line()[:2], f"DTP*472*RD8*{raw}"])
    row = read_text(tmp_path, content).line
    assert row["service_date"] == date(2024, 3, 1)
    if raw != "20240301 20240304":
        assert row["service_through_date"] is None


def test_a_period_with_an_impossible_end_is_reported(tmp_path: Path) -> None:
    content = professional_file(claim(), [*line()[:2], "DTP*472*RD8*20240301-20240231"])
    problem = read_text(tmp_path, content).problem("unreadable-date")
    assert (problem["element"], problem["byte_offset"]) == ("DTP03", content.index("DTP*472"))


def test_an_unreadable_birth_date_is_null_and_reported(tmp_path: Path) -> None:
    content = professional_file(claim(), line()).replace("19500103", "19500230")
    found = read_text(tmp_path, content)
    assert found.claim["patient_birth_date"] is None
    problem = found.problem("unreadable-date")
    assert (problem["element"], problem["byte_offset"]) == ("DMG02", content.index("DMG*D8"))


def test_the_principal_diagnosis_is_the_first_composite_of_its_kind(tmp_path: Path) -> None:
    content = professional_file([claim()[0], "HI*BG:01", "HI*ABF:I10", "HI*ABK:E119:::5*ABF:I10", "HI*ABK:Z99"], line())
    assert read_text(tmp_path, content).claim["principal_diagnosis_code"] == "E119"


def test_problems_never_quote_patient_data(tmp_path: Path) -> None:
    content = professional_file(claim(), line()).replace("19500103", "SECRETXX")
    content = content.replace("M1~", "M1~SECRETNAME SMITH*1~")
    found = read_text(tmp_path, content)
    assert len(found.problems) >= 2
    for row in found.problems:
        assert "SECRET" not in row["message"] + row["advice"]


# --- positions --------------------------------------------------------------------------------------


def test_every_row_says_where_it_stands_in_its_file(tmp_path: Path) -> None:
    contents = [
        small_file(),
        "\ufeff" + small_file(Delimiters(line_end="\r\n")),
        institutional_file(institutional_claim(), institutional_line()) + small_file(),
        small_file().replace("DOE", "MUÑOZ"),
    ]
    found = read_text(tmp_path, *contents)
    assert [row["file_id"] for row in found.files] == [0, 1, 2, 3]
    assert [row["file_id"] for row in found.claims] == [0] * 4 + [1] * 4 + [2] * 5 + [3] * 4
    assert_offsets(found, {number: content.encode() for number, content in enumerate(contents)})


def test_claim_keys_are_unique_and_every_line_has_its_claim(tmp_path: Path) -> None:
    cut = small_file()[:-150]
    found = read_text(tmp_path, small_file(), cut, small_file(), cut + small_file(), small_file())
    keys = [row["claim_key"] for row in found.claims]
    assert len(keys) == len(set(keys))
    assert {row["claim_key"] for row in found.professional_lines} <= set(keys)
    assert sum(row["claims"] for row in found.files) == len(keys)
    assert sum(row["lines"] for row in found.files) == len(found.professional_lines)


def many_segments() -> str:
    """Everything that is carried from one piece of a file to the next, in a few kilobytes."""
    professional = transaction(
        billing_provider(),
        subscriber("DOE", "M1"),
        *(part for n in range(6) for part in (claim(f"A{n}"), line(1), line(2, place="22"))),
        subscriber("ROE", "M2", 3),
        patient("ROE", "TIM", 4),
        *(part for n in range(6) for part in (claim(f"P{n}"), OTHER_PAYER, line(1, "99213:25"))),
        subscriber("POE", "M3", 5),
        claim("S1"),
        line(),
        number="0001",
        day="20240310",
    )
    other_guide = transaction(
        billing_provider("1111111112", 1, "HOSPITAL"),
        subscriber("LOE", "M4"),
        *(part for n in range(6) for part in (institutional_claim(f"B{n}"), institutional_line())),
        institutional_claim("WITHOUT LINES"),
        guide=INSTITUTIONAL,
        number="0002",
        day="20240311",
    )
    unknown = ["ST*270*0003", "BHT*0022*13*1*20240312*1200", "CLM*NOT OURS*1", "SV1*HC:1*1", "SE*5*0003"]
    last = transaction(billing_provider("1222222220"), subscriber("ZOE", "M5"), claim("Z1"), line(), number="0004")
    one = group(professional, other_guide, unknown, last)
    return (
        interchange(one)
        + interchange(one, delimiters=Delimiters("|", ">", "!", "'", "\r\n"), number="000000002")
        + interchange(group(last, guide=OLD_PROFESSIONAL), number="000000003", version="00401")
    )


def sorted_problems(reading: Reading) -> list[str]:
    return sorted(map(repr, reading.problems))


def assert_same_reading(reading: Reading, other: Reading) -> None:
    for name in ("files", "claims", "professional_lines", "institutional_lines"):
        if not reading.tables[name].equals(other.tables[name]):
            assert reading.rows(name) == other.rows(name)
            raise AssertionError(f"{name} differs in its types")
    assert sorted_problems(reading) == sorted_problems(other)


@pytest.mark.parametrize("piece_bytes", [300, 700, 1_000, 2_000, 5_000])
def test_a_file_read_in_pieces_is_read_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int
) -> None:
    content = many_segments()
    whole = read_text(tmp_path, content)
    monkeypatch.setattr(x12, "PIECE_BYTES", piece_bytes)
    assert_same_reading(read_text(tmp_path, content), whole)


@pytest.mark.parametrize("piece_bytes", [300, 1_000, 2_000])
@pytest.mark.parametrize(
    "fault",
    [
        ("SE*", "SE*9"),
        ("HI*ABK", "H?*ABK"),
        ("*20240305", "*20240399"),
        ("CLM*A3*", "CLM|A3*"),
        ("M3~", "M3"),
        ("IEA*", "IEX*"),
        ("ST*837*0002", "SX*837*0002"),
    ],
    ids=lambda fault: fault[1] if isinstance(fault, tuple) else str(fault),
)
def test_a_faulty_file_read_in_pieces_is_read_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int, fault: tuple[str, str]
) -> None:
    content = many_segments().replace(*fault)
    whole = read_text(tmp_path, content)
    monkeypatch.setattr(x12, "PIECE_BYTES", piece_bytes)
    assert_same_reading(read_text(tmp_path, content), whole)


def test_a_file_of_several_pieces_keeps_every_claim_and_position(tmp_path: Path) -> None:
    path = tmp_path / "large.837"
    write_claims(path, 16_000)
    content = path.read_bytes()
    assert len(content) > 2 * x12.PIECE_BYTES
    found = Reading(read_files([path]))
    assert found.problems == []
    assert len(found.claims) == content.count(b"~CLM*") == 16_000
    assert len(found.professional_lines) == content.count(b"~SV1*")
    assert_offsets(found, {0: content})
    assert all(row["billing_provider_npi"] and row["member_id"] for row in found.claims)
    assert {row["transaction_date"] for row in found.claims} == {date(2026, 9, 15)}
    assert [row["transaction_control_number"] for row in found.claims] == [f"{n // 500 + 1:04d}" for n in range(16_000)]
    assert [row["claim_id"] for row in found.claims] == [f"CLM{n:09d}" for n in range(16_000)]


def test_every_byte_of_the_files_is_reported_as_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x12, "PIECE_BYTES", 1_000)
    path = tmp_path / "a.837"
    path.write_text(many_segments(), newline="")
    heard: list[int] = []
    read_files([path], on_bytes=heard.append)
    assert sum(heard) == path.stat().st_size
    assert len(heard) > 3


# --- faults of the envelope -------------------------------------------------------------------------

TWO_PARTS = (billing_provider(), subscriber())


def two_transactions() -> str:
    return interchange(
        group(transaction(*TWO_PARTS, claim("A1"), line(), number="0001")),
        group(transaction(*TWO_PARTS, claim("A2"), line(1), line(2), number="0002"), number="2"),
    )


def assert_all_is_read(found: Reading) -> None:
    assert found.lines_of == {"A1": 1, "A2": 2}
    assert (found.files[0]["claims"], found.files[0]["lines"]) == (2, 3)


@pytest.mark.parametrize(
    ("right", "wrong", "problem", "segment"),
    [
        ("IEA*2*000000001", "IEA*2*000000009", "interchange-control-number", "IEA"),
        ("IEA*2*", "IEA*3*", "interchange-group-count", "IEA"),
        ("IEA*2*", "IEA*TWO*", "interchange-group-count", "IEA"),
        ("GE*1*1~", "GE*1*9~", "group-control-number", "GE"),
        ("GE*1*1~", "GE*2*1~", "group-transaction-count", "GE"),
        ("GE*1*1~", "GE**1~", "group-transaction-count", "GE"),
        ("*0001~GE", "*0009~GE", "transaction-control-number", "SE"),
        ("SE*26*0001", "SE*27*0001", "transaction-segment-count", "SE"),
        ("SE*26*0001", "SE*260000000000000000000*0001", "transaction-segment-count", "SE"),
    ],
)
def test_a_wrong_control_number_or_count_is_reported_and_all_is_read(
    tmp_path: Path, right: str, wrong: str, problem: str, segment: str
) -> None:
    content = two_transactions()
    assert right in content
    content = content.replace(right, wrong, 1)
    found = read_text(tmp_path, content)
    row = found.problem(problem)
    assert row["severity"] == "error"
    assert row["segment"] == segment
    assert content[row["byte_offset"] :].startswith(segment + "*")
    assert len(found.problems) == 1
    assert_all_is_read(found)


@pytest.mark.parametrize(
    ("missing", "problem", "at"),
    [
        ("SE*26*0001~", "SE-missing", "ST*837*0001"),
        ("GE*1*1~", "GE-missing", "GS*HC"),
        ("IEA*2*000000001~", "interchange-cut-short", ""),
    ],
)
def test_a_missing_end_is_reported_and_all_is_read(tmp_path: Path, missing: str, problem: str, at: str) -> None:
    content = two_transactions()
    assert missing in content
    content = content.replace(missing, "")
    found = read_text(tmp_path, content)
    row = found.problem(problem)
    assert row["severity"] == "error"
    assert row["byte_offset"] == (content.index(at) if at else len(content))
    assert_all_is_read(found)


def test_a_transaction_without_a_group_is_reported_and_read(tmp_path: Path) -> None:
    lines = two_transactions().replace("~", "~\n").splitlines()
    content = "".join(one for one in lines if not one.startswith(("GS*", "GE*"))).replace("IEA*2", "IEA*0")
    found = read_text(tmp_path, content)
    rows = [row for row in found.problems if row["problem"] == "ST-without-GS"]
    assert [row["byte_offset"] for row in rows] == [content.index("ST*837*0001"), content.index("ST*837*0002")]
    assert_all_is_read(found)
    assert {row["claim_type"] for row in found.claims} == {"professional"}


@pytest.mark.parametrize("lost", ["ST*837*0001*005010X222A1~", "GS*HC*S1*R1*20240310*1200*1*X*005010X222A1~"])
def test_a_lost_beginning_is_reported_and_all_is_read(tmp_path: Path, lost: str) -> None:
    content = two_transactions()
    assert lost in content
    found = read_text(tmp_path, content.replace(lost, "", 1))
    assert [row for row in found.problems if row["severity"] == "error"]
    assert_all_is_read(found)


def test_claims_outside_every_transaction_are_not_lost_in_silence(tmp_path: Path) -> None:
    content = two_transactions()
    content = content[: content.index("GS*")] + content[content.index("HL*") :]
    found = read_text(tmp_path, content)
    assert "A2" in found.claim_ids
    assert "A1" in found.claim_ids or any(row["severity"] == "error" for row in found.problems)


def test_bytes_before_the_isa_are_reported_and_all_is_read(tmp_path: Path) -> None:
    content = "From: clearinghouse\r\n\r\n" + two_transactions()
    found = read_text(tmp_path, content)
    assert found.problem("bytes-before-ISA")["byte_offset"] == 0
    assert_all_is_read(found)
    assert_offsets(found, {0: content.encode()})


@pytest.mark.parametrize("junk", ["JUNK", "%%EOF", "\r\nEnd of file\r\n", "JUNK~", "ABC*1~", "JUNK LINE~MORE~\n"])
def test_bytes_after_the_iea_are_reported_and_all_is_read(tmp_path: Path, junk: str) -> None:
    content = two_transactions()
    found = read_text(tmp_path, content + junk)
    assert [row["byte_offset"] for row in found.problems if row["byte_offset"] >= len(content)]
    assert_all_is_read(found)


def test_bytes_between_two_interchanges_are_reported(tmp_path: Path) -> None:
    content = two_transactions()
    found = read_text(tmp_path, content + "PAGE 2\n" + small_file())
    assert found.problem("bytes-after-IEA")["byte_offset"] == len(content)
    assert len(found.claims) == 6


def test_a_second_interchange_that_lost_its_isa_is_reported_and_read(tmp_path: Path) -> None:
    second = small_file()
    content = two_transactions() + second[second.index("GS*") :]
    found = read_text(tmp_path, content)
    assert [row["severity"] for row in found.problems if row["byte_offset"] >= len(two_transactions())]
    assert found.claim_ids == ["A1", "A2", "A1", "A2", "A3", "A4"]


def test_a_second_interchange_that_lost_its_isa_and_end_names_its_last_claim(tmp_path: Path) -> None:
    second = small_file()
    content = two_transactions() + second[second.index("GS*") : second.rindex("DTP*")]
    found = read_text(tmp_path, content)
    assert "A4" in {row["claim_id"] for row in found.problems}


@pytest.mark.parametrize("line_end", ["", "\n"])
def test_an_isa_without_padding_is_reported_and_all_is_read(tmp_path: Path, line_end: str) -> None:
    content = two_transactions()
    unpadded = "ISA*00**00**ZZ*SUBMITTER01*ZZ*RECEIVER01*240310*1200*^*00501*000000001*0*T*:~"
    content = (unpadded + content[106:]).replace("~", "~" + line_end)
    found = read_text(tmp_path, content)
    row = found.problem("ISA-not-fixed-width")
    assert (row["byte_offset"], row["segment"]) == (0, "ISA")
    assert len(found.problems) == 1
    assert_all_is_read(found)


def test_an_interchange_within_an_interchange_does_not_lose_claims(tmp_path: Path) -> None:
    content = two_transactions().replace("IEA*2*000000001~", "") + two_transactions()
    found = read_text(tmp_path, content)
    row = found.problem("interchange-cut-short")
    assert row["byte_offset"] == content.rindex("ISA*")
    assert found.claim_ids == ["A1", "A2"] * 2


def test_a_line_in_another_element_separator_is_reported_and_read(tmp_path: Path) -> None:
    content = professional_file(claim(), ["LX*1", "SV1|HC:99213:25|100|UN|1|22||1"], line(2))
    found = read_text(tmp_path, content)
    row = found.problem("other-element-separator")
    assert (row["byte_offset"], row["segment"]) == (content.index("SV1|"), "SV1")
    assert "'|'" in row["message"]
    first, second = found.professional_lines
    assert (first["procedure_code"], first["modifier_1"], first["place_of_service_code"]) == ("99213", "25", "22")
    assert first["byte_offset"] == content.index("SV1|")
    assert second["procedure_code"] == "99213"
    assert found.files[0]["lines"] == 2


@pytest.mark.parametrize("segment", ["SV1", "SV2", "CLM"])
def test_another_component_separator_is_reported_and_read(tmp_path: Path, segment: str) -> None:
    professional, institutional = (
        professional_file(claim("A1", "22"), line(1, "99213:25"), line(2)),
        institutional_file(institutional_claim(), institutional_line(), institutional_line(2)),
    )
    content = institutional if segment == "SV2" else professional
    at = content.index(f"{segment}*")
    end = content.index("~", at)
    content = content[:at] + content[at:end].replace(":", ">") + content[end:]
    found = read_text(tmp_path, content)
    row = found.problem("other-component-separator")
    assert (row["byte_offset"], row["segment"]) == (at, segment)
    assert "'>'" in row["message"]
    plain = read_text(tmp_path, institutional if segment == "SV2" else professional)
    assert values(found) == values(plain)


def test_a_claim_in_another_element_separator_is_reported_and_read(tmp_path: Path) -> None:
    content = professional_file(claim("A1"), line(), ["CLM|A2|100|||22:B:1|Y|A|Y|Y"], line(1), line(2))
    found = read_text(tmp_path, content)
    row = found.problem("other-element-separator")
    assert (row["byte_offset"], row["segment"]) == (content.index("CLM|"), "CLM")
    assert found.lines_of == {"A1": 1, "A2": 2}
    assert found.claims[1]["place_of_service_code"] == "22"
    assert found.claims[1]["byte_offset"] == content.index("CLM|")


def test_a_whole_claim_in_other_separators_is_reported_and_read(tmp_path: Path) -> None:
    other = Delimiters("|", ">").write([*subscriber("ROE", "M2", 3), *claim("A2", "22"), *line(1, "36415:90")])
    content = professional_file(claim("A1"), line(), ["%"], subscriber("POE", "M3", 4), claim("A3"), line())
    content = content.replace("%~", other)
    found = read_text(tmp_path, content)
    assert found.lines_of == {"A1": 1, "A2": 1, "A3": 1}
    second = found.claims[1]
    assert (second["member_id"], second["place_of_service_code"]) == ("M2", "22")
    assert {"other-element-separator"} <= {row["problem"] for row in found.problems}
    assert found.professional_lines[1]["modifier_1"] == "90"
    assert all(row["byte_offset"] is not None for row in found.problems if "of the same kind" not in row["message"])


@pytest.mark.parametrize("junk", ["?", "%$#", "A", "TOOLONG*1", "ÑÑ*1", "*1*2"])
def test_an_unreadable_segment_is_reported_and_the_rest_is_read(tmp_path: Path, junk: str) -> None:
    content = professional_file(claim("A1"), line(), [junk], line(2), claim("A2"), line())
    found = read_text(tmp_path, content)
    row = found.problem("unreadable-segment")
    assert row["byte_offset"] == len(content[: content.index("~" + junk + "~") + 1].encode())
    assert found.lines_of == {"A1": 2, "A2": 1}


def test_lines_after_a_lost_claim_are_not_given_to_the_claim_before(tmp_path: Path) -> None:
    """A terminator lost before CLM joins it to the segment before: the claim is gone, its lines are not A1's."""
    content = professional_file(
        claim("A1"), line(), subscriber("ROE", "M2", 3), claim("A2"), line(1), line(2), subscriber("POE", "M3", 4)
    )
    content = content.replace("~CLM*A2", "CLM*A2")
    found = read_text(tmp_path, content)
    assert found.lines_of == {"A1": 1}
    row = found.problem("service-lines-without-a-claim")
    assert row["byte_offset"] == content.index("SV1*", content.index("CLM*A2"))


def test_lines_of_a_transaction_are_not_given_to_the_claim_of_the_one_before(tmp_path: Path) -> None:
    content = interchange(
        group(
            transaction(*TWO_PARTS, claim("A1"), line()),
            transaction(*TWO_PARTS, line(1), line(2), number="0002"),
        )
    )
    found = read_text(tmp_path, content)
    assert found.lines_of == {"A1": 1}
    assert found.problem("service-lines-without-a-claim")["segment"] == "SV1"


def test_service_lines_before_any_claim_are_reported(tmp_path: Path) -> None:
    content = professional_file(line(1), line(2), claim(), line())
    found = read_text(tmp_path, content)
    assert found.lines_of == {"A1": 1}
    row = found.problem("service-lines-without-a-claim")
    assert row["byte_offset"] == content.index("SV1*")
    assert "2 " in row["message"]


def test_a_claim_without_lines_or_number_is_kept_and_reported(tmp_path: Path) -> None:
    content = professional_file(["CLM"], claim("A2"), line())
    found = read_text(tmp_path, content)
    assert found.claim_ids == [None, "A2"]
    row = found.problem("claim-without-service-lines")
    assert row["byte_offset"] == content.index("CLM~")
    assert row["claim_id"]


def test_a_line_without_a_number_is_kept(tmp_path: Path) -> None:
    content = professional_file(claim("A1"), line(7), claim("A2"), line()[1:])
    rows = read_text(tmp_path, content).professional_lines
    assert [row["line_number"] for row in rows] == [7, None]


def test_two_services_under_one_number_are_two_lines(tmp_path: Path) -> None:
    content = professional_file(claim("A1"), ["LX*1", line()[1], *line()[1:]])
    rows = read_text(tmp_path, content).professional_lines
    assert len(rows) == 2
    assert rows[1]["service_date"] == date(2024, 3, 5)


def test_many_problems_of_a_kind_are_counted_and_not_all_listed(tmp_path: Path) -> None:
    content = professional_file(claim(), *(line(n, day="20241399") for n in range(1, 101)))
    found = read_text(tmp_path, content)
    rows = [row for row in found.problems if row["problem"] == "unreadable-date"]
    assert len(rows) < 30
    assert rows[-1]["message"].startswith(f"{100 - (len(rows) - 1)} more")
    assert len(found.professional_lines) == 100


def test_a_file_that_is_cut_short_names_its_last_claim_and_leaves_it_out(tmp_path: Path) -> None:
    content = professional_file(claim("A1"), line(), claim("A2"), line(1), line(2))
    for cut in (content.rindex("LX*2"), content.rindex("SV1*") + 9):
        found = read_text(tmp_path, content[:cut])
        row = found.problem("interchange-cut-short")
        assert (row["claim_id"], row["severity"]) == ("A2", "error")
        assert row["byte_offset"] in (cut, content.rindex("SV1*"))
        assert found.lines_of == {"A1": 1}
        assert (found.files[0]["claims"], found.files[0]["lines"]) == (1, 1)


def test_standard_delimiters_are_those_of_the_builder() -> None:
    """The tests above write '*', ':', '^' and '~' by hand: they must be what the ISA of the builder declares."""
    assert STANDARD.write([header()]).endswith("*T*:~")
    assert len(STANDARD.write([header()])) == 106
