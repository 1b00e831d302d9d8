"""What Medicare's outpatient system pays for a line of a hospital's claim: the national rate of the line alone."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from synthetic import fee_files
from tests.facts.fee_samples import stored
from tests.facts.samples import AT_NORTH, HOSPITAL_CLAIM, HOSPITAL_LINE, SITE, D, Row, build, facts_of, yards

RATES: list[Row] = [
    {"procedure_code": code, "status_indicator": status, "apc_code": "5000", "payment_amount": rate and Decimal(rate)}
    for code, status, rate in (
        ("G0463", "J2", "136.02"), ("96413", "S", "337.46"), ("20610", "T", "313.60"), ("J9035", "K", "70.005"),
        ("36415", "N", None),
    )
]  # fmt: skip
CLINIC: Row = SITE | yards("400") | {
    "hospital_type": "ipps", "is_rural_sole_community_hospital": False, "excepted_status": "excepted",
    "hospital_id": "H1",
}  # fmt: skip
NAMES = ("outpatient_rate_amount", "outpatient_po_amount", "outpatient_pn_amount", "outpatient_amount")


@pytest.fixture(scope="module")
def fees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {
        f"addendum_b_January_{year}.csv": fee_files.addendum_b_csv(RATES, year, "January")
        for year in (2016, 2017, 2025, 2026)
    }
    return stored(tmp_path_factory.mktemp("rates"), files)


def lines_of(fees: Path | None, *lines: Row, site: Row = CLINIC, **claim: Any) -> list[Row]:
    """The facts of these lines of one 131 claim at North Clinic."""
    default = {"service_date": D(2026, 4, 10), "units": Decimal(1), "charge_amount": Decimal("500.00")}
    rows = [HOSPITAL_LINE | default | line | {"line_number": n} for n, line in enumerate(lines, 1)]
    connection = build([HOSPITAL_CLAIM | AT_NORTH | claim], [], hospital_lines=rows, fees=fees, sites=[site])
    return facts_of(connection, "institutional_line_facts")


def amounts(row: Row) -> tuple[str | None, ...]:
    return tuple(None if row[name] is None else str(row[name]) for name in NAMES)


@pytest.mark.parametrize(
    ("code", "modifier", "expected"),
    [
        ("G0463", "PO", ("136.02", "54.41", "54.41", "54.41")),
        ("96413", "PO", ("337.46", "134.98", "134.98", "134.98")),
        ("96413", None, ("337.46", "134.98", "134.98", "337.46")),
        ("20610", "PO", ("313.60", "313.60", "125.44", "313.60")),
        ("20610", "PN", ("313.60", "313.60", "125.44", "125.44")),
        ("20610", "ER", ("313.60", "313.60", "125.44", "313.60")),
        ("J9035", "PN", ("70.01", "70.01", "70.01", "70.01")),  # a drug is paid the same at both
        ("36415", None, (None, None, None, None)),  # packaged
    ],
)
def test_po_and_pn_take_their_share_of_the_rate(
    fees: Path, code: str, modifier: str | None, expected: tuple[str | None, ...]
) -> None:
    [row] = lines_of(fees, {"procedure_code": code, "modifier_1": modifier})
    assert amounts(row) == expected


def test_the_share_goes_by_the_day(fees: Path) -> None:
    def share(code: str, modifier: str, day: D) -> str:
        [row] = lines_of(fees, {"procedure_code": code, "modifier_1": modifier, "service_date": day})
        return str(row["outpatient_percent"])

    assert share("96413", "PO", D(2025, 12, 31)) == "100.0000"
    assert share("96413", "PO", D(2026, 1, 1)) == "40.0000"
    assert share("20610", "PN", D(2017, 12, 31)) == "50.0000"
    [before] = lines_of(fees, {"procedure_code": "20610", "modifier_1": "PN", "service_date": D(2016, 12, 31)})
    assert before["outpatient_percent"] is None  # PN and its share began with 2017


def test_a_rural_sole_community_hospital_keeps_the_rate_and_nobody_saying_so_leaves_it_open(fees: Path) -> None:
    line = {"procedure_code": "96413", "modifier_1": "PO"}
    [rural] = lines_of(fees, line, site=CLINIC | {"is_rural_sole_community_hospital": True})
    [blank] = lines_of(fees, line, site=CLINIC | {"is_rural_sole_community_hospital": None})
    assert (str(rural["outpatient_amount"]), rural["is_paid_below_rate_with_po"]) == ("337.46", False)
    assert (blank["outpatient_amount"], blank["is_paid_below_rate_with_po"]) == (None, None)
    assert blank["outpatient_because"] == "is_rural_sole_community_hospital is blank in the sites registry"


def test_units_are_multiplied(fees: Path) -> None:
    [row] = lines_of(fees, {"procedure_code": "96413", "modifier_1": "PO", "units": Decimal(3)})
    assert amounts(row) == ("1012.38", "404.94", "404.94", "404.94")


@pytest.mark.parametrize(
    ("line", "site", "claim", "because"),
    [
        ({}, {"hospital_type": "reh"}, {}, "a hospital of that type is not paid by the outpatient rate"),
        ({}, {}, {"type_of_bill_code": "851"}, "a hospital of that type is not paid by the outpatient rate"),
        ({}, {"hospital_type": None}, {}, "hospital_type is blank in the sites registry"),
        ({"procedure_code": "99999"}, {}, {}, "the outpatient rates of 2026 have no row for 99999"),
        ({"procedure_code": "36415"}, {}, {}, "there is no rate for 36415 alone (status N)"),
        ({"units": None}, {}, {}, "the line has no number of units"),
        ({"service_date": D(2024, 1, 1)}, {}, {}, "no outpatient rates of 2024 are loaded"),
        ({"modifier_1": "PO", "modifier_2": "PN"}, {}, {}, "the line carries several of PO, PN and ER"),
        (
            {},
            {},
            {"claim_filing_code": "CI"},
            "the outpatient rates are Medicare's, and the payer is another, or not known",
        ),
    ],
)
def test_what_leaves_the_amount_unknown_is_said(fees: Path, line: Row, site: Row, claim: Row, because: str) -> None:
    [row] = lines_of(fees, {"procedure_code": "96413", **line}, site=CLINIC | site, **claim)
    assert (row["outpatient_amount"], row["outpatient_because"]) == (None, because)


def test_without_rates_nothing_is_said() -> None:
    [row] = lines_of(None, {"procedure_code": "96413"})
    assert (row["has_outpatient_rates"], row["outpatient_because"]) == (False, "no outpatient rates are loaded")


def test_any_mixture_of_lines_is_priced(fees: Path) -> None:
    # Joins whose sides DuckDB 2.0 had swapped ended with an internal error on some of these.
    codes = ["G0463", "96413", "36415", "20610", "99284", "80053", "71046", "J9035"]
    drawn = random.Random(1)
    for _ in range(12):
        picked = [drawn.choice(codes) for _ in range(drawn.randint(1, 6))]
        rows = lines_of(fees, *({"procedure_code": code, "modifier_1": drawn.choice([None, "PO"])} for code in picked))
        assert [row["procedure_code"] for row in rows] == picked


def test_a_code_without_a_rate_of_its_own_takes_that_of_its_apc(tmp_path: Path) -> None:
    code = {"procedure_code": "20610", "status_indicator": "T", "apc_code": "5441"}
    apc = {"apc_code": "5441", "status_indicator": "T", "payment_amount": Decimal("313.60")}
    files = {
        "addendum_b_January_2026.csv": fee_files.addendum_b_csv([code], 2026, "January"),
        "addendum_a_January_2026.csv": fee_files.addendum_a_csv([apc], 2026, "January"),
    }
    [row] = lines_of(stored(tmp_path, files), {"procedure_code": "20610", "modifier_1": "PN"})
    assert amounts(row) == ("313.60", "313.60", "125.44", "125.44")
