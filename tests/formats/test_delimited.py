"""Claims out of CSV and Parquet: what is recognised, what is read, and that nothing is lost in silence."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrubjay.errors import UsageError
from scrubjay.formats.cells import read_amount, read_date
from scrubjay.formats.delimited import DelimitedFile, read_delimited
from scrubjay.tables import CLAIMS, INSTITUTIONAL_LINES, INTAKE_PROBLEMS, PROFESSIONAL_LINES, arrow_schema

CORPUS = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus of public claim files is not here")

HEADER = "claim_id,line_number,procedure_code,service_date,place_of_service_code,charge_amount"


def read(path: Path, content: str | bytes, **options: Any) -> DelimitedFile | None:
    """What is read from a file of this content."""
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(data)
    return read_delimited(path, 7, 100, data[: 1 << 16], **options)


def claims_of(path: Path, content: str | bytes, **options: Any) -> DelimitedFile:
    """The same, where claims are expected; checks what holds for every file."""
    found = read(path, content, **options)
    assert found is not None
    check_whole(found)
    return found


def check_whole(found: DelimitedFile) -> None:
    """The tables have their schemas, every row is a line or reported, every line has its claim."""
    for table, columns in (
        (found.claims, CLAIMS),
        (found.professional_lines, PROFESSIONAL_LINES),
        (found.institutional_lines, INSTITUTIONAL_LINES),
    ):
        table.validate(full=True)
        assert table.schema == arrow_schema(columns)
    assert found.rows == found.professional_lines.num_rows + found.institutional_lines.num_rows + found.unread_rows
    keys = found.claims["claim_key"].to_pylist()
    assert keys == list(range(100, 100 + len(keys)))
    lines = {*found.professional_lines["claim_key"].to_pylist(), *found.institutional_lines["claim_key"].to_pylist()}
    dental = {c["claim_key"] for c in found.claims.to_pylist() if c["claim_type"] == "dental"}
    assert lines | dental == set(keys)
    if found.unread_rows:
        assert reported_rows(found) == found.unread_rows
    for problem in found.problems:
        assert ("file_id", *problem) == INTAKE_PROBLEMS.names
        assert problem["severity"] in ("error", "warning", "info")
        assert problem["message"]
        assert problem["advice"]


def reported_rows(found: DelimitedFile) -> int:
    """How many rows the problems tell of that are no service line."""
    count = 0
    for problem in found.problems:
        if problem["problem"] in ("row-not-split", "claim-id-missing", "dental-line"):
            is_one = problem["row_number"] is not None
            count += 1 if is_one else int(problem["message"].split()[0].replace(",", ""))
        elif problem["problem"] == "blank-rows":
            count += int(problem["message"].split()[0].replace(",", ""))
    return count


def named(found: DelimitedFile, problem: str) -> list[dict[str, Any]]:
    """The problems of this kind."""
    return [each for each in found.problems if each["problem"] == problem]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file whose name says nothing about its content."""
    return tmp_path / "anything.dat"


# --- our own layout -----------------------------------------------------------------------------------


def test_rows_of_one_claim_id_are_one_claim_wherever_they_stand(path: Path) -> None:
    found = claims_of(
        path,
        f"{HEADER}\nA1,1,99213,2026-03-10,11,100.00\nB2,1,99214,2026-03-11,22,150\nA1,2,36415,2026-03-10,11,9.5\n",
    )
    assert found.kind == "csv"
    assert found.claims.select(["claim_key", "file_id", "claim_type", "claim_id", "row_number"]).to_pylist() == [
        {"claim_key": 100, "file_id": 7, "claim_type": "professional", "claim_id": "A1", "row_number": 1},
        {"claim_key": 101, "file_id": 7, "claim_type": "professional", "claim_id": "B2", "row_number": 2},
    ]
    lines = found.professional_lines
    assert lines["claim_key"].to_pylist() == [100, 101, 100]
    assert lines["row_number"].to_pylist() == [1, 2, 3]
    assert lines["charge_amount"].to_pylist() == [Decimal("100.00"), Decimal("150.00"), Decimal("9.50")]
    assert lines["service_date"][1].as_py() == date(2026, 3, 11)
    assert lines["byte_offset"].null_count == 3
    assert found.problems == []


def test_place_of_service_and_facility_are_the_lines_and_the_claims_default_has_its_own_column(path: Path) -> None:
    found = claims_of(
        path,
        f"{HEADER},claim_place_of_service_code,service_facility_name,rendering_provider_npi,site_id\n"
        "A1,1,99213,2026-03-10,22,1,11,Mercy,1234567893,S1\nA1,2,99213,2026-03-10,,1,11,Grace,1245319599,S2\n",
    )
    claim = found.claims.to_pylist()[0]
    assert claim["place_of_service_code"] == "11"
    assert claim["service_facility_name"] is None
    assert claim["rendering_provider_npi"] is None
    assert claim["site_id"] is None
    lines = found.professional_lines
    assert lines["place_of_service_code"].to_pylist() == ["22", None]
    assert lines["service_facility_name"].to_pylist() == ["Mercy", "Grace"]
    assert lines["site_id"].to_pylist() == ["S1", "S2"]
    assert found.problems == []


def test_an_institutional_claim_keeps_its_service_facility_because_its_lines_have_none(path: Path) -> None:
    found = claims_of(
        path,
        "claim_id,procedure_code,service_date,revenue_code,type_of_bill_code,service_facility_name\n"
        "H1,G0463,2026-03-10,510,0131,Mercy\nH1,36415,2026-03-10,0300,0131,Mercy\n",
    )
    claim = found.claims.to_pylist()[0]
    assert (claim["claim_type"], claim["type_of_bill_code"], claim["claim_frequency_code"]) == (
        "institutional",
        "131",
        "1",
    )
    assert claim["service_facility_name"] == "Mercy"
    assert found.institutional_lines["revenue_code"].to_pylist() == ["0510", "0300"]
    assert found.institutional_lines["line_number"].to_pylist() == [1, 2]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("P", "professional"),
        ("professional", "professional"),
        ("I", "institutional"),
        ("Institutional", "institutional"),
    ],
)
def test_the_claim_type_column_decides(path: Path, said: str, expected: str) -> None:
    found = claims_of(path, f"{HEADER},claim_type\nA1,1,99213,2026-03-10,,1,{said}\n")
    assert found.claims["claim_type"].to_pylist() == [expected]


def test_a_claim_type_nobody_knows_is_reported_and_told_from_the_revenue_code(path: Path) -> None:
    found = claims_of(path, f"{HEADER},claim_type,revenue_code\nA1,1,99213,2026-03-10,,1,undetermined,0510\n")
    assert found.claims["claim_type"].to_pylist() == ["institutional"]
    assert named(found, "claim-type-not-known")[0]["row_number"] == 1


def test_one_account_number_on_a_professional_and_an_institutional_claim_is_two_claims(path: Path) -> None:
    found = claims_of(path, f"{HEADER},revenue_code\nA1,1,99213,2026-03-10,22,1,\nA1,1,G0463,2026-03-10,,1,0510\n")
    assert found.claims["claim_type"].to_pylist() == ["professional", "institutional"]


def test_a_dental_claim_is_counted_and_its_lines_are_reported(path: Path) -> None:
    found = claims_of(path, f"{HEADER},claim_type\nA1,1,D0120,2026-03-10,11,1,dental\n")
    assert found.claims["claim_type"].to_pylist() == ["dental"]
    assert (found.rows, found.unread_rows) == (1, 1)


@pytest.mark.parametrize(
    ("said", "expected"),
    [("CMS-1500", "paper"), ("CMS-1500 (02/12)", "paper"), ("837P", "electronic"), ("Paper", "paper"), ("fax", None)],
)
def test_the_claim_form_is_paper_or_electronic(path: Path, said: str, expected: str | None) -> None:
    found = claims_of(path, f"{HEADER},claim_form\nA1,1,99213,2026-03-10,11,1,{said}\n")
    assert found.claims["claim_form"].to_pylist() == [expected]
    assert bool(named(found, "claim-form-not-known")) == (expected is None)


def test_values_of_one_claim_that_differ_are_reported_and_the_first_is_used(path: Path) -> None:
    found = claims_of(
        path, f"{HEADER},payer_name\nA1,1,99213,2026-03-10,11,1,\nA1,2,1,2026-03-10,11,1,Aetna\nA1,3,1,,11,1,Cigna\n"
    )
    assert found.claims["payer_name"].to_pylist() == ["Aetna"]
    (problem,) = named(found, "claim-values-differ")
    assert (problem["row_number"], problem["element"], problem["claim_id"]) == (3, "payer_name", "A1")


# --- what others call the columns ---------------------------------------------------------------------


def test_the_headers_of_billing_exports_are_known(path: Path) -> None:
    found = claims_of(
        path,
        "Claim #|Line #|DOS From|DOS To|24B|CPT|Modifiers|Units|Charges|Billing NPI|24J|Facility|32a|"
        "Facility Address|Facility City|Facility State|Facility Zip|Insurance|Payer ID|Policy #|Patient Name|DOB|"
        "Received Date|Date Paid\n"
        'A1|1|3/10/2026|3/11/26|11|99213|25, 59|2|"$1,234.50"|1234567893|1245319599|Mercy|1003000126|'
        '1 Main St|Fresno|CA|01234|Medicare|00123|1EG4|"Doe, Jane"|1/2/1950|20260401|05-Apr-2026\n',
    )
    claim, line = found.claims.to_pylist()[0], found.professional_lines.to_pylist()[0]
    assert claim["billing_provider_npi"] == "1234567893"
    assert (claim["payer_name"], claim["payer_id"], claim["member_id"]) == ("Medicare", "00123", "1EG4")
    assert (claim["patient_last_name"], claim["patient_first_name"]) == ("Doe", "Jane")
    assert claim["patient_birth_date"] == date(1950, 1, 2)
    assert (claim["receipt_date"], claim["paid_date"]) == (date(2026, 4, 1), date(2026, 4, 5))
    assert (line["service_date"], line["service_through_date"]) == (date(2026, 3, 10), date(2026, 3, 11))
    assert (line["place_of_service_code"], line["procedure_code"]) == ("11", "99213")
    assert [line[f"modifier_{n}"] for n in range(1, 5)] == ["25", "59", None, None]
    assert (line["units"], line["charge_amount"]) == (Decimal(2), Decimal("1234.50"))
    assert (line["rendering_provider_npi"], line["service_facility_npi"]) == ("1245319599", "1003000126")
    assert (line["service_facility_name"], line["service_facility_address_line_1"]) == ("Mercy", "1 Main St")
    assert (line["service_facility_state"], line["service_facility_zip"]) == ("CA", "01234")
    assert found.problems == []


@pytest.mark.parametrize("delimiter", [",", "|", "\t", ";"])
def test_the_delimiter_is_told_from_the_header(path: Path, delimiter: str) -> None:
    text = "Encounter ID,Place of Service,HCPCS,Date of Service\nA1,11,99213,3/10/2026\n".replace(",", delimiter)
    found = claims_of(path, text)
    assert found.professional_lines["place_of_service_code"].to_pylist() == ["11"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_names_with_accents_survive_the_usual_encodings(path: Path, encoding: str) -> None:
    text = "Claim ID,POS,CPT,Facility\nA1,11,99213,Clínica Peña\n"
    found = claims_of(path, text.encode(encoding))
    assert found.professional_lines["service_facility_name"].to_pylist() == ["Clínica Peña"]
    assert bool(named(found, "not-utf-8")) == (encoding == "latin-1")


def test_a_character_cut_in_two_by_the_end_of_the_head_does_not_matter(path: Path) -> None:
    data = ("Claim ID,POS,CPT,Facility\n" + "A1,11,99213,éé\n" * 6000).encode()
    for cut in range(1 << 16, (1 << 16) - 18, -1):
        path.write_bytes(data)
        found = read_delimited(path, 0, 100, data[:cut])
        assert found is not None
        assert found.rows == 6000


def test_the_first_of_two_headers_for_one_column_is_read_and_both_are_named(path: Path) -> None:
    found = claims_of(path, "Claim Number,Account,POS,CPT\nA1,X9,11,99213\n")
    assert found.claims["claim_id"].to_pylist() == ["A1"]
    (problem,) = named(found, "column-mapped-twice")
    assert "'Claim Number'" in problem["message"]
    assert "'Account'" in problem["message"]


def test_the_column_map_wins_over_everything(path: Path) -> None:
    text = "Claim Number,Account,Ort,POS,CPT\nA1,X9,22,11,99213\n"
    found = claims_of(path, text, column_map={"account": "claim_id", "Ort": "place_of_service_code", "Unseen": "units"})
    assert found.claims["claim_id"].to_pylist() == ["X9"]
    assert found.professional_lines["place_of_service_code"].to_pylist() == ["22"]
    assert len(named(found, "column-mapped-twice")) == 2


def test_a_column_map_to_a_column_that_does_not_exist_is_wrong_use(path: Path) -> None:
    with pytest.raises(UsageError, match="place_of_service_code"):
        read(path, "a,b\n", column_map={"Ort": "place_of_service_cod"})


def test_headers_that_are_not_used_are_named_once_and_at_most_ten(path: Path) -> None:
    extra = ",".join(f"extra{n}" for n in range(13))
    found = claims_of(path, f"{HEADER},{extra}\nA1,1,99213,2026-03-10,11,1{',' * 13}\n")
    (problem,) = named(found, "columns-not-used")
    assert problem["severity"] == "info"
    assert "13 columns" in problem["message"]
    assert "extra9'" in problem["message"]
    assert "extra10" not in problem["message"]
    assert "3 more" in problem["message"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n\n",
        "name,city\nDoe,Fresno\n",
        "site_id,site_name,npi,address_line_1,city,state,zip\nS1,Mercy,1234567893,1 Main,Fresno,CA,93701\n",
        "ISA*00*          *00*          *ZZ*A*ZZ*B*260310*1200*^*00501*1*0*P*:~",
        "MSH|^~\\&|ADT|MERCY|||20260310||ADT^A01|1|P|2.5\n",
        '{"resourceType": "Claim"}',
        "\x00\x01\x02",
    ],
)
def test_what_is_not_a_table_of_claims_is_left_to_others(path: Path, content: str) -> None:
    assert read(path, content) is None


def test_claims_without_a_claim_id_column_are_refused_with_what_to_do(path: Path) -> None:
    found = claims_of(path, "Ticket,POS,CPT,DOS\nA1,11,99213,3/10/2026\n")
    assert (found.kind, found.rows, found.claims.num_rows) == ("csv", 0, 0)
    problem = found.problems[0]
    assert (problem["severity"], problem["problem"], problem["element"]) == ("error", "column-missing", "claim_id")
    assert "claimnumber" in problem["message"]
    assert "scrubjay.toml" in problem["advice"]


def test_a_header_alone_is_a_table_of_no_claims(path: Path) -> None:
    for content in (HEADER, f"{HEADER}\n", f'"{HEADER.replace(",", chr(34) + "," + chr(34))}"'):
        assert claims_of(path, content).rows == 0


# --- values -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("2026-03-10", "3/10/2026", "03/10/2026", "3/10/26", "20260310", "10-Mar-2026", "10-MAR-26"),
        *("2026-03-10 00:00:00", "2026-03-10T08:15:00.000", "3/10/2026 8:15 AM", "2026/3/10", "20260310.0"),
    ],
)
def test_the_usual_ways_to_write_a_date_are_read(text: str) -> None:
    assert read_date(text) == date(2026, 3, 10)


@pytest.mark.parametrize(
    "text", ["13/45/2026", "2026-02-30", "46091", "0", "9999-12-31", "10-Foo-2026", "\u0663/1/2026"]
)
def test_what_is_not_a_date_is_not_made_one(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", "12.00"),
        (".5", "0.50"),
        ("$1,234.56", "1234.56"),
        ("(12.50)", "-12.50"),
        ("($12.50)", "-12.50"),
        ("-$3", "-3.00"),
        ("3-", "-3.00"),
        ("136.79999999999998", "136.80"),
        ("9999999999999999.99", "9999999999999999.99"),
    ],
)
def test_the_usual_ways_to_write_an_amount_are_read(text: str, expected: str) -> None:
    assert read_amount(text) == (Decimal(expected), False)


@pytest.mark.parametrize("text", ["", ".", "$", "12,50", "1.234,50", "1E+05", "twelve", "99999999999999999", "\u0663"])
def test_what_is_not_an_amount_is_not_made_one(text: str) -> None:
    assert read_amount(text) == (None, False)


def test_an_amount_with_parts_of_a_cent_is_rounded_and_reported(path: Path) -> None:
    found = claims_of(path, f"{HEADER}\nA1,1,99213,2026-03-10,11,12.345\n")
    assert named(found, "amount-rounded")
    assert found.professional_lines["charge_amount"].to_pylist() == [Decimal("12.35")]


def test_a_value_that_does_not_convert_is_null_and_reported_with_row_column_and_claim(path: Path) -> None:
    found = claims_of(path, f"{HEADER}\nA1,1,99213,2026-03-10,11,1\nA2,x,99213,13/45/2026,11,abc\n")
    assert found.professional_lines.num_rows == 2
    assert {(p["problem"], p["row_number"], p["element"], p["claim_id"], p["severity"]) for p in found.problems} == {
        ("date-not-read", 2, "service_date", "A2", "error"),
        ("amount-not-read", 2, "charge_amount", "A2", "error"),
        ("number-not-read", 2, "line_number", "A2", "error"),
    }
    assert "'13/45/2026'" in named(found, "date-not-read")[0]["message"]


def test_twenty_problems_of_a_kind_are_listed_and_the_rest_is_counted(path: Path) -> None:
    rows = "".join(f"A{n},1,99213,soon,11,1\n" for n in range(1234))
    found = claims_of(path, f"{HEADER}\n{rows}")
    problems = named(found, "date-not-read")
    assert len(problems) == 21
    assert problems[19]["row_number"] == 20
    assert problems[20]["row_number"] is None
    assert "1,214 more" in problems[20]["message"]


def test_a_lost_leading_zero_is_never_guessed(path: Path) -> None:
    found = claims_of(path, f"{HEADER}\nA,1,1,,1,1\nA,2,1,,1.0,1\nA,3,1,,11.0,1\nA,4,1,,11,1\nA,5,1,,02,1\n")
    assert found.professional_lines["place_of_service_code"].to_pylist() == ["1", "1", "11", "11", "02"]
    assert [p["row_number"] for p in named(found, "leading-zero-lost")] == [1, 2]
    assert [p["row_number"] for p in named(found, "spreadsheet-decimal")] == [3]
    assert "text" in named(found, "leading-zero-lost")[0]["advice"]


def test_an_npi_in_scientific_notation_is_lost_and_reported_and_a_zip_is_left_alone(path: Path) -> None:
    found = claims_of(path, "claim_id,pos,cpt,rendering npi,facility zip\nA1,11,99213,1.23457E+09,1234\n")
    assert found.professional_lines["rendering_provider_npi"].to_pylist() == [None]
    assert found.professional_lines["service_facility_zip"].to_pylist() == ["1234"]
    assert named(found, "scientific-notation")[0]["element"] == "rendering npi"


def test_claim_ids_a_spreadsheet_has_rounded_are_an_error(path: Path) -> None:
    found = claims_of(path, "claim_id,pos,cpt\n1.23457E+09,11,99213\n")
    assert found.claims["claim_id"].to_pylist() == ["1.23457E+09"]
    assert named(found, "identifier-rounded")[0]["severity"] == "error"


def test_blanks_are_stripped_and_empty_is_null(path: Path) -> None:
    found = claims_of(path, 'claim_id,pos,cpt,mod1,mod2\n A1 ,"=""02""",  ,\u00a0,NULL\n')
    line = found.professional_lines.to_pylist()[0]
    assert found.claims["claim_id"].to_pylist() == ["A1"]
    assert line["place_of_service_code"] == "02"
    assert (line["procedure_code"], line["modifier_1"], line["modifier_2"]) == (None, None, None)
    assert len(named(found, "null-word")) == 1


def test_patient_data_is_never_quoted(path: Path) -> None:
    found = claims_of(path, "claim_id,pos,cpt,dob\nA1,11,99213,31/31/1950\nA2,11,99213,3/10/45\n")
    assert len(found.problems) == 2
    assert found.claims["patient_birth_date"].null_count == 2
    assert not any("1950" in p["message"] or "3/10/45" in p["message"] for p in found.problems)


def test_more_than_four_modifiers_are_reported_and_a_fifth_takes_a_free_place(path: Path) -> None:
    found = claims_of(
        path,
        "claim_id,pos,cpt,mod1,mod2,mod3,mod4,mod5\n"
        "A1,11,1,25,59,LT,PO,XE\nA2,11,1,25,,,,XE\nA3,11,1,,,,,\nA4,11,1,25,,,,\n",
    )
    lines = found.professional_lines.to_pylist()
    assert [[line[f"modifier_{n}"] for n in range(1, 5)] for line in lines] == [
        ["25", "59", "LT", "PO"],
        ["25", "XE", None, None],
        [None, None, None, None],
        ["25", None, None, None],
    ]
    (problem,) = named(found, "modifier-not-read")
    assert (problem["row_number"], problem["claim_id"], problem["element"]) == (1, "A1", "mod5")
    assert "XE" in problem["message"]


def test_a_cell_its_kind_of_claim_has_no_column_for_is_reported(path: Path) -> None:
    found = claims_of(path, f"{HEADER},claim_type,revenue_code\nA1,1,1,,11,1,P,0510\nB1,1,1,,22,1,I,0510\n")
    problems = named(found, "column-of-other-claim-type")
    assert [(p["row_number"], p["element"]) for p in problems] == [(1, "revenue_code"), (2, "place_of_service_code")]


# --- the stay of a claim, and its patient -------------------------------------------------------------


def claim_of(path: Path, header: str, *rows: str) -> dict[str, Any]:
    """The first claim of rows with these columns behind those of an institutional claim."""
    lines = "".join(f"A{n},0450,2026-03-10,{row}\n" for n, row in enumerate(rows))
    one: dict[str, Any] = claims_of(path, f"claim_id,revenue_code,service_date,{header}\n{lines}").claims.to_pylist()[0]
    return one


@pytest.mark.parametrize(
    "text",
    [
        *("2026-03-10T14:00", "2026-03-10 14:00", "3/10/2026 2:00 PM", "03/10/26 1400", "10-Mar-2026 14:00:00"),
        *("202603101400", "20260310 1400", "2026-03-10 14:00:00.000", "2026-03-10T14:00:00-06:00"),
    ],
)
@pytest.mark.parametrize("header", ["admitted_at", "Admit Date/Time", "admission_date"])
def test_an_admission_with_its_hour_gives_its_moment_and_its_day(path: Path, header: str, text: str) -> None:
    claim = claim_of(path, header, text)
    assert (claim["admission_date"], claim["admitted_at"]) == (date(2026, 3, 10), datetime(2026, 3, 10, 14))


@pytest.mark.parametrize("text", ["2026-03-10", "3/10/2026", "20260310", "2026-03-10 00:00:00", "2026-03-10T14:00Z"])
@pytest.mark.parametrize("header", ["admitted_at", "admission_date"])
def test_an_admission_without_its_hour_gives_its_day_alone(path: Path, header: str, text: str) -> None:
    claim = claim_of(path, header, text)
    assert (claim["admission_date"], claim["admitted_at"]) == (date(2026, 3, 10), None)


def test_midnight_is_an_hour_where_another_row_has_one(path: Path) -> None:
    claim = claim_of(path, "admitted_at", "2026-03-10 00:00", "2026-03-11 08:30")
    assert claim["admitted_at"] == datetime(2026, 3, 10)


def test_day_and_moment_of_an_admission_in_two_columns_are_both_kept(path: Path) -> None:
    claim = claim_of(path, "admission_date,admitted_at", "2026-03-09,2026-03-10 14:00")
    assert (claim["admission_date"], claim["admitted_at"]) == (date(2026, 3, 9), datetime(2026, 3, 10, 14))
    claim = claim_of(path, "admission_date,admitted_at", ",2026-03-10 14:00")
    assert (claim["admission_date"], claim["admitted_at"]) == (date(2026, 3, 10), datetime(2026, 3, 10, 14))


def test_an_admission_at_no_hour_there_is_is_told_once(path: Path) -> None:
    found = claims_of(path, "claim_id,cpt,dos,admitted_at\nA1,1,2026-03-10,2026-03-10 25:00\n")
    assert found.claims["admitted_at"].null_count == 1
    assert [(p["problem"], p["row_number"]) for p in found.problems] == [("moment-not-read", 1)]


@pytest.mark.parametrize(
    ("header", "text", "column", "expected"),
    [
        *(("discharge_hour", text, "discharge_hour", "1405") for text in ("1405", "14:05", "2:05 pm", "14:05:59")),
        *(("Discharge Time", text, "discharge_hour", "0900") for text in ("9", "09", "900", "0900", "9.0", "9:00 AM")),
        *(("discharge_hour", text, "discharge_hour", None) for text in ("99", "", "25", "noon")),
        *(("Patient Status", text, "patient_status_code", "01") for text in ("01", "1", "1.0", "01 - Home")),
        ("discharge_disposition_code", "30", "patient_status_code", "30"),
        *(("dischargestatus", text, "patient_status_code", None) for text in ("Home", "100", "")),
        *(("Condition Codes", text, "condition_codes", "44 D9 09") for text in ("44 D9 09", "44;D9|9", " 44  D9  09 ")),
        ("condition_codes", '"44,17"', "condition_codes", "44 17"),
        ("condition_codes", " ; ", "condition_codes", None),
        *(("Sex", text, "patient_sex_code", "F") for text in ("F", "f", "Female", "FEMALE")),
        *(("Gender", text, "patient_sex_code", "U") for text in ("U", "unknown")),
        *(("patient_sex_code", text, "patient_sex_code", None) for text in ("1", "NULL", "")),
        *(
            (name, "007 7", "medical_record_number", "007 7")
            for name in ("MRN", "Medical Record #", "Medical Record No.")
        ),
    ],
)
def test_what_a_claim_says_of_the_stay_and_the_patient_is_read_by_its_usual_names(
    path: Path, header: str, text: str, column: str, expected: str | None
) -> None:
    assert claim_of(path, header, text)[column] == expected


def test_an_unreadable_status_or_hour_is_told_and_a_sex_is_not_quoted(path: Path) -> None:
    found = claims_of(path, "claim_id,cpt,dos,patientstatus,discharge_hour,sex\nA1,1,2026-03-10,Home,noon,Boy\n")
    told = {problem["problem"]: problem for problem in found.problems}
    assert set(told) == {"patient-status-not-read", "time-not-read", "sex-not-known"}
    assert "'Home'" in told["patient-status-not-read"]["message"]
    assert "Boy" not in str(found.problems)


def test_the_status_and_sex_of_published_layouts_are_read(path: Path) -> None:
    tuva = "claim_id,claim_line_number,claim_type,place_of_service_code,bill_type_code,revenue_center_code,hcpcs_code"
    found = claims_of(path, f"{tuva},discharge_disposition_code\nA,1,institutional,,131,0450,99283,30\n")
    assert (found.kind, found.claims["patient_status_code"].to_pylist()) == ("tuva medical_claim", ["30"])
    rif = "CLM_ID|CLM_FAC_TYPE_CD|CLM_SRVC_CLSFCTN_TYPE_CD|CLM_FREQ_CD|REV_CNTR|REV_CNTR_DT|PTNT_DSCHRG_STUS_CD|GNDR_CD"
    rows = "".join(f"A{sex}|1|3|1|0450|10-Mar-2026|1|{sex}\n" for sex in ("0", "1", "2", "3"))
    found = claims_of(path, f"{rif}\n{rows}")
    assert found.kind == "rif outpatient"
    assert found.claims["patient_status_code"].to_pylist() == ["01"] * 4
    assert found.claims["patient_sex_code"].to_pylist() == ["U", "M", "F", None]


# --- rows ---------------------------------------------------------------------------------------------


def test_a_row_that_cannot_be_split_is_reported_and_the_rest_is_read(path: Path) -> None:
    found = claims_of(path, f"{HEADER}\nA1,1,1,,11,1\nA2,1,1,,11\nA3,1,1,,11,1,x\nA4,1,1,,11,1\n")
    assert found.professional_lines["row_number"].to_pylist() == [1, 4]
    assert [(p["row_number"], p["severity"]) for p in named(found, "row-not-split")] == [(2, "error"), (3, "error")]


def test_a_row_without_a_claim_id_is_reported_and_blank_rows_are_passed_over(path: Path) -> None:
    found = claims_of(path, f"{HEADER}\nA1,1,1,,11,1\n\n,,,,,\n ,1,1,,11,1\nA2,1,1,,11,1\n")
    assert found.claims["row_number"].to_pylist() == [1, 5]
    assert [p["row_number"] for p in named(found, "claim-id-missing")] == [4]
    assert (found.rows, found.unread_rows) == (5, 3)
    assert "2, 3" in named(found, "blank-rows")[0]["message"]


def test_quoted_cells_may_hold_delimiters_quotation_marks_and_line_breaks(path: Path) -> None:
    found = claims_of(path, 'claim_id,pos,cpt,facility\nA1,11,1,"Mercy, ""East""\nClinic"\nA2,11,1,Grace\n')
    assert found.professional_lines["service_facility_name"].to_pylist() == ['Mercy, "East"\nClinic', "Grace"]
    assert found.professional_lines["row_number"].to_pylist() == [1, 2]
    assert found.problems == []


@pytest.mark.parametrize("bad", ['A2,11,1,"Grace\n', 'A2,11,1,"Gra"ce"\n', '"A2,11,1,Grace\n'])
def test_a_quotation_mark_that_is_not_closed_spoils_no_other_row(path: Path, bad: str) -> None:
    found = claims_of(path, f'claim_id,pos,cpt,facility\nA1,11,1,x\n{bad}A3,11,1,"Mercy"\nA4,11,1,y\n')
    assert found.rows == 4
    assert {"A1", "A3", "A4"} <= set(found.claims["claim_id"].to_pylist())


def test_two_stray_quotation_marks_do_not_make_one_row_of_three(path: Path) -> None:
    found = claims_of(path, 'claim_id,pos,cpt,facility\nA1,11,1,"x\nA2,11,1,Grace\nA3,11,1,y"\n')
    assert found.claims["claim_id"].to_pylist() == ["A1", "A2", "A3"]


def test_nul_bytes_are_reported_and_do_not_stop_the_reading(path: Path) -> None:
    found = claims_of(path, b"claim_id,pos,cpt\nA1\0,11\0,\0\nA2,11,99213\n")
    assert found.claims["claim_id"].to_pylist() == ["A1", "A2"]
    assert found.professional_lines["place_of_service_code"].to_pylist() == ["11", "11"]
    assert "3 NUL" in named(found, "nul-bytes")[0]["message"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_taken(path: Path, newline: str) -> None:
    found = claims_of(path, 'claim_id,pos,cpt\nA1,11,"1"\nA2,11,1'.replace("\n", newline))
    assert found.rows == found.claims.num_rows == 2


def test_a_delimiter_at_the_end_of_every_row_does_no_harm(path: Path) -> None:
    assert claims_of(path, "claim_id,pos,cpt\nA1,11,1,\nA2,11,1,\n").professional_lines.num_rows == 2
    assert claims_of(path, "claim_id,pos,cpt,\nA1,11,1\nA2,11,1\n").professional_lines.num_rows == 2


def test_a_spreadsheets_line_naming_the_delimiter_is_heeded(path: Path) -> None:
    assert claims_of(path, "sep=;\r\nclaim_id;pos;cpt\r\nA1;11;1\r\n").professional_lines["row_number"].to_pylist() == [
        1
    ]


def test_the_careful_way_of_splitting_gives_what_the_fast_way_gives(path: Path) -> None:
    rows = "".join(f'C{n // 3},{n % 3 + 1},99213,2026-03-10,11,"1,{n:03}"\n' for n in range(999))
    fast = claims_of(path, f"{HEADER},note\n" + rows.replace("\n", ",x\n"))
    careful = claims_of(path, f"{HEADER},note\n" + rows.replace("\n", ',"two\nlines"\n'))
    assert fast.professional_lines.equals(careful.professional_lines)
    assert fast.claims.equals(careful.claims)


# --- Parquet ------------------------------------------------------------------------------------------


def test_parquet_is_read_with_its_types(path: Path) -> None:
    table = pa.table(
        {
            "Claim ID": pa.array([1001.0, None, 1002.0]),
            "POS": pa.array([11, 1, 22]),
            "CPT": pa.array(["99213", "99214", None]).dictionary_encode(),
            "DOS": pa.array([date(2026, 3, 10), None, date(2026, 3, 12)]),
            "Received Date": pa.array([None, None, 1_000_000], pa.timestamp("s")),
            "Charges": pa.array([136.79999999999998, 1.5, float("nan")]),
            "Billing NPI": pa.array([1234567893.0, None, 1234567893.0]),
            "Mods": pa.array([["25", "59"], [], None]),
        }
    )
    pyarrow.parquet.write_table(table, path)
    found = claims_of(path, path.read_bytes())
    assert found.kind == "parquet"
    assert found.claims["claim_id"].to_pylist() == ["1001", "1002"]
    assert found.claims["billing_provider_npi"].to_pylist() == ["1234567893"] * 2
    assert found.claims["receipt_date"].to_pylist() == [None, date(1970, 1, 12)]
    line = found.professional_lines.to_pylist()[0]
    assert (line["charge_amount"], line["service_date"]) == (Decimal("136.80"), date(2026, 3, 10))
    assert (line["modifier_1"], line["modifier_2"]) == ("25", "59")
    assert [p["row_number"] for p in named(found, "claim-id-missing")] == [2]


def test_a_broken_parquet_file_is_an_error_problem(path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"claim_id": ["A1"], "pos": ["11"], "cpt": ["1"]}), path)
    whole = path.read_bytes()
    for broken in (b"PAR1", whole[:-20], whole[: len(whole) // 2], b"PAR1" + b"\xff" * 400 + b"PAR1"):
        found = claims_of(path, broken)
        assert (found.kind, found.rows) == ("parquet", 0)
        assert found.problems[0]["severity"] == "error"


def test_parquet_of_something_else_is_left_to_others(path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"a": [1], "b": [2]}), path)
    assert read(path, path.read_bytes()) is None


# --- published layouts --------------------------------------------------------------------------------


def corpus_file(name: str, delimiter: str) -> tuple[DelimitedFile, list[dict[str, str]]]:
    """What Scrubjay reads of a corpus file, and what Python's csv module reads."""
    file = CORPUS / name
    found = read_delimited(file, 7, 100, file.read_bytes()[: 1 << 16])
    assert found is not None
    check_whole(found)
    with file.open(newline="", encoding="utf-8") as stream:
        return found, list(csv.DictReader(stream, delimiter=delimiter))


@needs_corpus
def test_the_tuva_layout_is_read_whole() -> None:
    found, rows = corpus_file("tuva/medical_claim.csv", ",")
    assert found.kind == "tuva medical_claim"
    assert found.rows == len(rows) == 2705
    assert found.unread_rows == 0
    assert found.claims.num_rows == len({(row["claim_id"], row["claim_type"]) for row in rows})
    professional = [row for row in rows if row["claim_type"] == "professional"]
    institutional = [row for row in rows if row["claim_type"] == "institutional"]
    lines = found.professional_lines.to_pylist()
    assert [line["place_of_service_code"] for line in lines] == [
        r["place_of_service_code"] or None for r in professional
    ]
    assert [str(line["service_date"]) for line in lines] == [r["claim_line_start_date"] for r in professional]
    assert [line["modifier_2"] for line in lines] == [r["hcpcs_modifier_2"] or None for r in professional]
    assert sum(line["charge_amount"] for line in lines) == sum(Decimal(r["charge_amount"]) for r in professional)
    assert found.institutional_lines["revenue_code"].to_pylist() == [r["revenue_center_code"] for r in institutional]
    bills = {claim["claim_id"]: claim["type_of_bill_code"] for claim in found.claims.to_pylist()}
    assert all(bills[row["claim_id"]] == (row["bill_type_code"] or None) for row in rows)
    assert [p for p in found.problems if p["severity"] != "info"] == []


def test_a_fifth_tuva_modifier_is_not_lost_in_silence(path: Path) -> None:
    header = "claim_id,claim_line_number,claim_type,place_of_service_code,bill_type_code,revenue_center_code,hcpcs_code"
    mods = ",".join(f"hcpcs_modifier_{n}" for n in range(1, 6))
    found = claims_of(
        path, f"{header},{mods},data_source\nA,1,professional,11,,,1,A1,A2,A3,A4,A5,x\nA,1,professional,11,,,1,,,,,,y\n"
    )
    assert found.kind == "tuva medical_claim"
    assert "A5" in named(found, "modifier-not-read")[0]["message"]
    assert found.claims.num_rows == 2, "one claim id in two sources is two claims"


@needs_corpus
def test_the_rif_carrier_layout_is_read_whole() -> None:
    found, rows = corpus_file("rif/carrier.csv", "|")
    assert found.kind == "rif carrier"
    assert found.rows == found.professional_lines.num_rows == len(rows) == 221
    assert found.claims.num_rows == len({row["CLM_ID"] for row in rows}) == 37
    assert set(found.claims["claim_filing_code"].to_pylist()) == {"MB"}
    lines = found.professional_lines.to_pylist()
    assert [line["place_of_service_code"] for line in lines] == [row["LINE_PLACE_OF_SRVC_CD"] for row in rows]
    assert [line["procedure_code"] for line in lines] == [row["HCPCS_CD"] or None for row in rows]
    assert [line["service_date"].strftime("%d-%b-%Y") for line in lines] == [row["LINE_1ST_EXPNS_DT"] for row in rows]
    assert found.claims["paid_date"][0].as_py() == date(2015, 6, 4)
    assert [p for p in found.problems if p["severity"] != "info"] == []


@needs_corpus
@pytest.mark.parametrize(("name", "count", "bill"), [("outpatient", 19, "131"), ("inpatient", 16, "111")])
def test_the_rif_institutional_layouts_are_read_whole(name: str, count: int, bill: str) -> None:
    found, rows = corpus_file(f"rif/{name}.csv", "|")
    assert found.kind == f"rif {name}"
    assert found.rows == found.institutional_lines.num_rows == len(rows) == count
    assert found.claims.num_rows == len({row["CLM_ID"] for row in rows})
    assert set(found.claims["claim_filing_code"].to_pylist()) == {"MA"}
    assert set(found.claims["type_of_bill_code"].to_pylist()) == {bill}
    assert found.institutional_lines["revenue_code"].to_pylist() == [row["REV_CNTR"] for row in rows]
    amounts = [Decimal(row["REV_CNTR_TOT_CHRG_AMT"]) for row in rows]
    assert found.institutional_lines["charge_amount"].to_pylist() == amounts
    assert [p for p in found.problems if p["severity"] != "info"] == []


# --- anything at all ----------------------------------------------------------------------------------

ANY_FILE = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CELL = st.one_of(
    st.sampled_from(
        ["", "A1", "A2", "11", "1.0", "2026-03-10", "3/1/26", "$1", "I", "dental", '"', '""', "\n", "\0", ","]
    ),
    st.text(max_size=6),
)


@ANY_FILE
@given(rest=st.one_of(st.binary(max_size=300), st.text('A1,"\n\r;\0é', max_size=200).map(str.encode)))
def test_no_bytes_below_a_header_of_claims_raise_and_every_row_is_accounted_for(path: Path, rest: bytes) -> None:
    claims_of(path, b"claim_id,pos,cpt,dos,claim_type,revenue_code,charge\n" + rest)


@ANY_FILE
@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=8), max_size=40))
def test_as_many_rows_are_accounted_for_as_the_csv_module_writes(path: Path, rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([["claim_id", "pos", "cpt", "dos", "claim_type", "revenue_code", "charge"], *rows])
    found = claims_of(path, text.getvalue().encode("utf-8", errors="replace"))
    assert found.rows >= len(rows)
    if not any({"\n", "\r"} & set(cell) for row in rows for cell in row):
        assert found.rows == len(rows)
    whole = [row for row in rows if len(row) == 7 and row[0] in ("A1", "A2")]
    assert found.rows - found.unread_rows >= sum(row[4] != "dental" for row in whole)


@ANY_FILE
@given(lines=st.lists(st.text(st.characters(exclude_characters='"\r\n', exclude_categories=["Cs"]), max_size=30)))
def test_without_quotation_marks_every_line_is_a_row(path: Path, lines: list[str]) -> None:
    found = claims_of(path, "\n".join(["claim_id,pos,cpt", *lines]) + "\n")
    assert found.rows == len(lines)


@ANY_FILE
@given(content=st.binary(max_size=400))
def test_no_content_raises(path: Path, content: bytes) -> None:
    found = read(path, content)
    assert found is None or not found.claims.num_rows
    read(path, b"PAR1" + content)
