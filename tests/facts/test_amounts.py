"""What Medicare's fee schedule allows for a line, from files in CMS's layouts."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scrubjay.workspace import FeeSettings
from synthetic import fee_files
from tests.facts.fee_samples import ANGELES, NATION, PHYSICIAN, amounts, pairs, parts_of, stored, value, year_of
from tests.facts.samples import AT_NORTH, CLAIM, LINE, NPI, D, Row, build
from tests.reference.fee_examples import EXAMPLES, pprrvu_rows_of_examples

needs_examples = pytest.mark.skipif(not EXAMPLES.is_file(), reason="the fee examples are not here")


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the examples of both years, in the layouts of CMS."""
    of_2025, of_2026 = (pprrvu_rows_of_examples(year) for year in (2025, 2026))
    qualifying = [row | {"conversion_factor": Decimal("33.5675")} for row in of_2026]
    files = {
        "PPRRVU2025_Oct.csv": fee_files.pprrvu_csv(of_2025, 2025, "October", None),
        "PPRRVU2026_Jul_nonQPP.csv": fee_files.pprrvu_csv(of_2026, 2026, "July", False),
        "PPRRVU2026_Jul_QPP.csv": fee_files.pprrvu_csv(qualifying, 2026, "July", True),
        "GPCI2025.csv": fee_files.gpci_csv([NATION], 2025),
        "GPCI2026.csv": fee_files.gpci_csv([NATION, ANGELES], 2026),
    }
    return stored(tmp_path_factory.mktemp("examples"), files)


# --- the examples -------------------------------------------------------------------------------------


@needs_examples
def test_every_amount_of_the_fee_examples_is_reproduced_to_the_cent(examples: Path) -> None:
    with EXAMPLES.open(encoding="utf-8") as file:
        wanted = list(csv.DictReader(file))
    assert len(wanted) > 60
    lines = [
        {"procedure_code": row["hcpcs"], "modifier_1": row["mod"] or None, "service_date": D(int(row["year"]), 3, 10)}
        for row in wanted
    ]
    found = amounts(examples, *lines)
    wrong = []
    for row, got in zip(wanted, found, strict=True):
        outside = None if row["nf_na"] else row["nf_usd"]
        printed = row["nf_usd"] or row["f_usd"]
        inside = got["facility_amount"] if row["pctc"] in ("1", "3", "4", "5", "7", "8") else Decimal(row["f_usd"])
        inside = None if row["f_na"] and row["pctc"] in ("", "0") else inside
        expected = (outside and Decimal(outside), inside, Decimal(printed))
        if (got["nonfacility_amount"], got["facility_amount"], got["printed_amount"]) != expected:
            wrong.append(
                (row["year"], row["hcpcs"], row["mod"], expected, got["nonfacility_amount"], got["facility_amount"])
            )
    assert wrong == []


@needs_examples
@pytest.mark.parametrize(
    ("code", "year", "expected"),
    [
        ("96413", 2025, ("119.36", "0.00")),  # PC/TC 5: nothing is paid in a facility, though the columns are equal
        ("96372", 2025, ("13.91", "0.00")),
        ("93000", 2025, ("13.91", "7.76")),  # the reading has a code of its own
        ("71046", 2025, ("32.67", "10.03")),
        ("71046", 2026, ("33.07", "10.02")),
        ("99309", 2025, ("104.16", "104.16")),
        ("67820", 2025, ("18.11", "21.35")),  # worth more in a facility
        ("29881", 2025, (None, "538.25")),
        ("29881", 2026, (None, "515.71")),
        ("85060", 2025, (None, "0.00")),  # PC/TC 8: to an inpatient only
        ("99348", 2025, ("74.07", None)),
        ("93000", 2026, ("15.36", None)),  # its reading is not in the file
    ],
)
def test_the_indicators_decide_what_is_paid_in_a_facility(
    examples: Path, code: str, year: int, expected: tuple[str | None, str | None]
) -> None:
    assert pairs(amounts(examples, {"procedure_code": code, "service_date": D(year, 3, 10)})) == [expected]


@needs_examples
def test_a_blood_smear_is_paid_at_21(examples: Path) -> None:
    line = {"procedure_code": "85060", "service_date": D(2025, 3, 10), "place": "21"}
    assert [str(row["allowed_amount"]) for row in amounts(examples, line)] == ["22.64"]


@needs_examples
def test_the_locality_weighs_each_part(examples: Path) -> None:
    [row] = amounts(examples, {"procedure_code": "99213"}, settings=FeeSettings("01182", "18", False))
    assert (str(row["nonfacility_amount"]), str(row["facility_amount"])) == ("104.89", "60.24")
    assert (str(row["national_nonfacility_amount"]), str(row["national_facility_amount"])) == ("95.19", "57.45")


@needs_examples
def test_each_practitioner_is_paid_a_share_of_the_fee(examples: Path) -> None:
    kinds = {
        "MD": "95.19",
        "NP": "80.91",
        "PA": "80.91",
        "CNM": "95.19",
        "LCSW": "71.39",
        "PT": "95.19",
        "RN": None,
        "WITCH": None,
    }
    for kind, expected in kinds.items():
        [row] = amounts(examples, {"procedure_code": "99213"}, providers=[{"npi": NPI, "provider_type": kind}])
        assert (None if row["allowed_amount"] is None else str(row["allowed_amount"])) == expected, kind


@needs_examples
def test_a_qualifying_participant_is_paid_by_the_other_factor(examples: Path) -> None:
    settings = FeeSettings("00000", "00")
    [said] = amounts(
        examples,
        {"procedure_code": "99213"},
        settings=settings,
        providers=[PHYSICIAN | {"is_qualifying_participant": True}],
    )
    [silent] = amounts(examples, {"procedure_code": "99213"}, settings=settings)
    [older] = amounts(examples, {"procedure_code": "99213", "service_date": D(2025, 3, 10)}, settings=settings)
    assert (str(said["nonfacility_amount"]), str(said["facility_amount"])) == ("95.67", "57.74")
    assert silent["allowed_amount"] is None
    assert (
        silent["allowed_because"]
        == "the providers registry does not say whether the practitioner is a qualifying APM participant"
    )
    assert str(silent["national_allowed_amount"]) == "95.19"
    assert str(older["allowed_amount"]) == "88.95"


@needs_examples
def test_a_day_of_another_year_has_no_amount(examples: Path) -> None:
    rows = amounts(
        examples,
        {"procedure_code": "99213", "service_date": D(2024, 12, 31)},
        {"procedure_code": "99213", "service_date": D(2027, 1, 1)},
    )
    assert [row["allowed_because"] for row in rows] == [
        f"no relative values of {year} are loaded" for year in (2024, 2027)
    ]
    assert {row["national_allowed_amount"] for row in rows} == {None}


# --- units, sides, several procedures -------------------------------------------------------------------


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of 2026 with codes that exist nowhere, one for each way to be priced."""
    rows = [
        value("10000", "1.00", "2.00", "1.00"),  # 30.00 and 20.00
        value("10001", "1.00", "2.00", "1.00", bilateral_indicator="1"),
        value("10002", "1.00", "2.00", "1.00", bilateral_indicator="3"),
        value("20001", "4.00", "2.00", "1.00", multiple_procedure_indicator="2"),  # 60.00 and 50.00
        value("20002", "1.00", "4.00", "0.50", multiple_procedure_indicator="2"),  # 50.00 and 15.00
        value("20003", "3.00", "1.00", "1.00", multiple_procedure_indicator="2"),  # 40.00 and 40.00
        value("30000", "2.00", "1.00", "0.50"),  # the base: 30.00 and 25.00
        value(
            "30001", "4.00", "3.00", "1.00", multiple_procedure_indicator="3", endoscopic_base_code="30000"
        ),  # 70 and 50
        value(
            "30002", "3.00", "2.00", "1.00", multiple_procedure_indicator="3", endoscopic_base_code="30000"
        ),  # 50 and 40
        value("39999", "3.00", "2.00", "1.00", multiple_procedure_indicator="3", endoscopic_base_code="10000"),
        *parts_of(
            "40001", "1.00", "4.00", multiple_procedure_indicator="4", imaging_family_indicator="88"
        ),  # 10 and 40
        *parts_of("40002", "0.50", "3.00", multiple_procedure_indicator="4", imaging_family_indicator="88"),  # 5 and 30
        value(
            "50001",
            "1.00",
            "1.00",
            "1.00",
            multiple_procedure_indicator="5",
            component_indicator="7",
            is_facility_na=True,
        ),
        value(
            "50002",
            "1.00",
            "2.00",
            "2.00",
            multiple_procedure_indicator="5",
            component_indicator="7",
            is_facility_na=True,
        ),
        *parts_of("60001", "1.00", "4.00", multiple_procedure_indicator="6"),
        *parts_of("60002", "0.50", "2.00", multiple_procedure_indicator="6"),
        *parts_of("70001", "1.00", "4.00", cap_nonfacility_pe_rvu=Decimal("2.00"), cap_facility_pe_rvu=Decimal("2.00")),
        value("80001", "1.00", "1.00", "1.00", status_code="C"),
        value("80002", "1.00", "1.00", "1.00", status_code="J"),
        value("80003", "1.00", "1.00", "1.00", status_code="R"),
    ]
    return stored(tmp_path_factory.mktemp("made_up"), year_of(rows))


def of_one_claim(*codes: str, **more: Any) -> list[Row]:
    return [{"procedure_code": code, "claim_key": 0, **more} for code in codes]


def test_units_are_multiplied_after_rounding(made_up: Path) -> None:
    assert pairs(amounts(made_up, {"units": Decimal(3)})) == [("90.00", "60.00")]
    [row] = amounts(made_up, {"units": Decimal(3)}, providers=[{"npi": NPI, "provider_type": "NP"}])
    assert str(row["nonfacility_amount"]) == "76.50"
    [row] = amounts(made_up, {"units": None})
    assert (row["nonfacility_amount"], row["allowed_because"]) == (None, "the line has no number of units")


def test_modifier_50_pays_as_the_bilateral_indicator_says(made_up: Path) -> None:
    lines = [{"procedure_code": code, "modifier_1": "50"} for code in ("10000", "10001", "10002")]
    assert pairs(amounts(made_up, *lines)) == [("30.00", "20.00"), ("45.00", "30.00"), ("60.00", "40.00")]


def test_the_second_procedure_of_a_day_is_halved_and_each_setting_has_its_own_order(made_up: Path) -> None:
    # outside: 60 > 50 > 40; in a facility: 50 > 40 > 15
    assert pairs(amounts(made_up, *of_one_claim("20003", "20001", "20002"))) == [
        ("20.00", "20.00"), ("60.00", "50.00"), ("25.00", "7.50")]  # fmt: skip
    apart = [*of_one_claim("20001"), {"procedure_code": "20002", "claim_key": 1}]
    assert pairs(amounts(made_up, *apart)) == [("60.00", "50.00"), ("50.00", "15.00")]
    days = [*of_one_claim("20001"), *of_one_claim("20002", service_date=D(2026, 3, 11))]
    assert pairs(amounts(made_up, *days)) == [("60.00", "50.00"), ("50.00", "15.00")]
    assert pairs(amounts(made_up, *of_one_claim("20001", units=Decimal(2)))) == [("90.00", "75.00")]


def test_what_comes_after_the_fifth_procedure_is_not_known(made_up: Path) -> None:
    rows = amounts(made_up, *of_one_claim(*["20001"] * 6))
    assert [row["nonfacility_amount"] is None for row in rows] == [False] * 5 + [True]
    assert rows[5]["allowed_because"] == "what comes after the fifth procedure of a day is priced by report"


def test_endoscopies_of_a_family_are_paid_less_their_base(made_up: Path) -> None:
    assert pairs(amounts(made_up, *of_one_claim("30001", "30002"))) == [("70.00", "50.00"), ("20.00", "15.00")]
    assert pairs(amounts(made_up, *of_one_claim("30002", "20001"))) == [("25.00", "20.00"), ("60.00", "50.00")]
    for codes in (("30001", "30002", "20001"), ("30001", "39999")):
        rows = amounts(made_up, *of_one_claim(*codes))
        assert {row["nonfacility_amount"] for row in rows} == {None}
        assert {row["allowed_because"] for row in rows} == {
            "how several families of endoscopies and other procedures of one day reduce each other is not worked out"
        }


def test_of_a_second_imaging_test_the_parts_are_reduced_by_their_own_percentages(made_up: Path) -> None:
    # technical 50 percent, professional 95: 30 / 2 + 5 × 0.95
    assert pairs(amounts(made_up, *of_one_claim("40001", "40002"))) == [("50.00", "10.00"), ("19.75", "4.75")]
    readings = amounts(made_up, *of_one_claim("40001", "40002", modifier_1="26"))
    assert pairs(readings) == [("10.00", "10.00"), ("4.75", "4.75")]
    # technical 75 percent: 20 × 0.75 + 5
    assert pairs(amounts(made_up, *of_one_claim("60001", "60002"))) == [("50.00", "10.00"), ("20.00", "5.00")]


def test_of_therapy_all_but_the_dearest_unit_of_practice_expense_are_halved(made_up: Path) -> None:
    # 50002: 30 and then 20; 50001: 20, reduced to 15
    lines = [*of_one_claim("50001"), *of_one_claim("50002", units=Decimal(2))]
    assert pairs(amounts(made_up, *lines)) == [("15.00", "0.00"), ("50.00", "0.00")]


def test_procedures_that_a_modifier_calls_separate_are_not_reckoned(made_up: Path) -> None:
    rows = amounts(made_up, *of_one_claim("20001"), *of_one_claim("20002", modifier_1="59"))
    assert {row["nonfacility_amount"] for row in rows} == {None}
    assert pairs(amounts(made_up, *of_one_claim("20002", modifier_1="59"))) == [("50.00", "15.00")]


def test_a_modifier_that_changes_the_price_leaves_the_amount_unknown(made_up: Path) -> None:
    [row] = amounts(made_up, {"modifier_1": "62"})
    assert (row["nonfacility_amount"], row["printed_amount"], row["national_allowed_amount"]) == (None, None, None)
    assert row["allowed_because"] == "what modifier 62 makes of the price is not worked out"


def test_the_outpatient_rate_caps_a_test_row_by_row(made_up: Path) -> None:
    # whole test 50 capped at 20, technical part 40 at 20, the reading 10 not at all
    lines = [{"procedure_code": "70001", "modifier_1": modifier} for modifier in (None, "TC", "26")]
    assert pairs(amounts(made_up, *lines)) == [("20.00", "10.00"), ("20.00", "0.00"), ("10.00", "10.00")]


def test_only_some_statuses_have_a_price(made_up: Path) -> None:
    rows = amounts(made_up, *({"procedure_code": code} for code in ("80001", "80002", "80003", "99999")))
    assert [row["is_priced_by_fee_schedule"] for row in rows] == [False, False, True, None]
    assert [row["allowed_because"] for row in rows] == [
        "the fee schedule has no price for 80001 (status C)",
        "anesthesia is priced by base and time units, alike in every place",
        None,
        "the relative values of 2026 have no row for 99999",
    ]
    assert str(rows[2]["allowed_amount"]) == "20.00"


def test_the_file_of_the_year_says_the_component_indicator(tmp_path: Path) -> None:
    rows = [
        value("93010", "0.17", "0.06", "0.06", component_indicator="9"),  # 2 in the list that ships
        value("99998", "1.00", "1.00", "1.00", component_indicator="5", is_facility_na=True),  # new
        value("86320", "0.00", "0.00", "0.00", status_code="X", component_indicator="9"),
        value("86320", "0.37", "0.15", "0.15", modifier="26", component_indicator="6"),
        value("0075T", "0.00", "0.00", "0.00", status_code="C", component_indicator="1"),
    ]
    codes = ["93010", "99998", "86320", "0075T", "71046", "0076T"]
    with_file = amounts(stored(tmp_path, year_of(rows)), *({"procedure_code": code} for code in codes))
    assert [row["component_indicator"] for row in with_file] == ["9", "5", "6", "1", "1", None]
    without = amounts(None, *({"procedure_code": code} for code in codes))
    assert [row["component_indicator"] for row in without] == ["2", "0", "6", None, "1", None]


# --- as billed --------------------------------------------------------------------------------------------


def test_the_amount_as_billed_follows_the_place_of_service_and_pd(made_up: Path) -> None:
    lines = [{"place": code} for code in ("11", "19", "22", "10", "02", "66", "07", "21")] + [{"modifier_1": "PD"}]
    rows = amounts(made_up, *lines)
    said = [None if row["allowed_amount"] is None else str(row["allowed_amount"]) for row in rows]
    assert said == ["30.00", "20.00", "20.00", "30.00", "20.00", None, None, "20.00", "20.00"]
    assert rows[5]["allowed_because"] == "whether Medicare pays 66 at the facility rate is not known"
    assert [row["is_facility_rate"] for row in rows] == [False, True, True, False, True, None, None, True, False]


def test_no_more_than_the_charge_is_paid(made_up: Path) -> None:
    [row] = amounts(made_up, {"charge_amount": Decimal("25.00")})
    assert [str(row[name]) for name in ("nonfacility_amount", "facility_amount", "fee_amount")] == [
        "25.00",
        "20.00",
        "30.00",
    ]
    [row] = amounts(made_up, {"charge_amount": None})
    assert (row["allowed_amount"], row["allowed_because"]) == (None, "the line has no charge")
    assert str(row["fee_amount"]) == "30.00"


def test_what_medicare_pays_after_another_payer_is_not_known(made_up: Path) -> None:
    second, first = amounts(made_up, *({"claim": {"payer_responsibility_code": code}} for code in ("S", "P")))
    assert (second["allowed_amount"], second["allowed_because"]) == (
        None,
        "Medicare is not the first payer of the claim",
    )
    assert (str(second["fee_amount"]), str(first["allowed_amount"])) == ("30.00", "30.00")


def test_who_does_not_participate_is_paid_less(made_up: Path) -> None:
    [row] = amounts(made_up, {}, providers=[PHYSICIAN | {"is_participating": False}])
    assert (str(row["nonfacility_amount"]), str(row["national_nonfacility_amount"])) == ("28.50", "30.00")


def test_a_payer_other_than_medicare_has_no_amount(made_up: Path) -> None:
    [row] = amounts(made_up, {"claim": {"claim_filing_code": "CI"}})
    assert row["allowed_amount"] is None
    assert row["allowed_because"] == "the physician fee schedule is Medicare's, and the payer is another, or not known"
    assert row["is_facility_rate"] is False


def test_without_fee_files_every_amount_is_unknown_and_says_so() -> None:
    [row] = amounts(None, {})
    assert (row["has_fee_schedule"], row["allowed_amount"], row["allowed_because"]) == (
        False, None, "no physician fee schedule is loaded")  # fmt: skip


def test_the_tables_without_fees_are_those_with_them(made_up: Path) -> None:
    found = []
    for fees in (None, made_up):
        connection = build([CLAIM], [LINE], fees=fees)
        names = ("line_amounts", "outpatient_amounts", "national_amounts")
        found.append({name: [row[:2] for row in connection.sql(f"DESCRIBE {name}").fetchall()] for name in names})
    assert found[0] == found[1]


# --- the locality -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_angeles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(
        tmp_path_factory.mktemp("angeles"), year_of([value("10000", "1.00", "2.00", "1.00")], (NATION, ANGELES))
    )


def test_the_locality_is_that_of_the_zip_code_of_the_service_facility(with_angeles: Path) -> None:
    nowhere = FeeSettings(is_qualifying_participant=False)
    cases: list[tuple[Row, str | None, str | None]] = [
        (AT_NORTH, "34.07", None),  # (1.041 + 2 × 1.183) × 10
        ({"billing_provider_zip": "900010001"}, "34.07", None),  # no service facility: the billing provider's
        ({}, None, "the ZIP code file of 2026 does not name 90005"),
        (
            {"billing_provider_zip": "90002"},
            None,
            "the ZIP code 90002 lies in several localities; nine digits would tell",
        ),
        (
            {"billing_provider_zip": "900020001"},
            None,
            "the ZIP code 90002 lies in several localities, and no ZIP9 file of 2026 is loaded",
        ),
        ({"billing_provider_zip": None}, None, "the claim names no place whose ZIP code gives the locality"),
    ]
    rows = amounts(with_angeles, *({"claim": claim} for claim, _, _ in cases), settings=nowhere)
    for row, (claim, amount, because) in zip(rows, cases, strict=True):
        got = None if row["nonfacility_amount"] is None else str(row["nonfacility_amount"])
        assert (got, row["nonfacility_because"]) == (amount, because), claim
        assert str(row["national_nonfacility_amount"]) == "30.00"


def test_nine_digits_choose_among_several_localities(tmp_path: Path) -> None:
    files = year_of([value("10000", "1.00", "2.00", "1.00")], (NATION, ANGELES))
    nine = {"zip": "90002", "plus_four": "0001", "contractor": "00000", "locality": "00"}
    fees = stored(tmp_path, files | {"ZIP9.txt": fee_files.zip9_txt([nine], "20261")})
    claims = [{"billing_provider_zip": zip_code} for zip_code in ("900020001", "900020002")]
    found, missing = amounts(
        fees, *({"claim": one} for one in claims), settings=FeeSettings(is_qualifying_participant=False)
    )
    assert str(found["nonfacility_amount"]) == "30.00"
    assert missing["nonfacility_because"] == "the ZIP9 file of 2026 does not name 90002-0002"


def test_published_amounts_of_a_locality_go_before_computed_ones(tmp_path: Path) -> None:
    fee = {"contractor": "00000", "locality": "00", "procedure_code": "10000", "modifier": "", "component_indicator": "0",
           "nonfacility_amount": Decimal("31.00"), "facility_amount": Decimal("21.00"), "status_code": "A",
           "multiple_procedure_indicator": "0", "opps_indicator": "9"}  # fmt: skip
    files = year_of([value("10000", "1.00", "2.00", "1.00"), value("10001", "1.00", "2.00", "1.00")])
    fees = stored(tmp_path, files | {"PFALL26A.txt": fee_files.pfall_txt([fee], 2026)})
    lines = [{"procedure_code": code} for code in ("10000", "10001")]
    assert pairs(amounts(fees, *lines)) == [("31.00", "21.00"), ("30.00", "20.00")]


def test_a_release_prices_the_days_from_its_own_and_the_first_one_the_days_before(tmp_path: Path) -> None:
    releases = {"January": "1.00", "July": "2.00"}
    files: dict[str, bytes] = {"GPCI2025.csv": fee_files.gpci_csv([NATION], 2025)}
    for release, work in releases.items():
        rows = [value("10000", work, "0.00", "0.00")] + (
            [value("10001", "3.00", "0.00", "0.00")] if release == "July" else []
        )
        files[f"PPRRVU2025_{release[:3]}.csv"] = fee_files.pprrvu_csv(rows, 2025, release, None)
    fees = stored(tmp_path, files)
    days = [D(2025, 1, 1), D(2025, 6, 30), D(2025, 7, 1), D(2025, 12, 31)]
    rows = amounts(fees, *({"service_date": day} for day in days))
    assert [str(row["nonfacility_amount"]) for row in rows] == ["10.00", "10.00", "20.00", "20.00"]
    alone = stored_only_july(tmp_path, files)
    assert [str(row["nonfacility_amount"]) for row in amounts(alone, {"service_date": D(2025, 3, 1)})] == ["20.00"]


def stored_only_july(folder: Path, files: dict[str, bytes]) -> Path:
    (folder / "july").mkdir()
    return stored(folder / "july", {name: content for name, content in files.items() if "_Jan" not in name})
