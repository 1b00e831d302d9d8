"""How an amount comes about: each factor with the file, row and release it stands in.

For one service line, out of the tables that the facts have left in the connection (`facts/33` to `39`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from scrubjay.reference.law import Law

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]

_INDICES = ("work_gpci", "pe_gpci", "malpractice_gpci")


def working(
    connection: duckdb.DuckDBPyConnection, laws: dict[str, Law], grain: str, row_id: int, exposure: Row
) -> Iterator[str]:
    """The factors of an exposure in sentences, one for each step; then who is owed what.

    ``exposure`` is that of a finding. What is not known is left out; ``exposure["because"]`` says why.
    """
    loaded = _one(connection, "SELECT count(*) AS releases FROM fee_releases")
    if not loaded or not loaded["releases"]:
        yield from _result(exposure)
        return
    if grain in ("service_line", "claim_pair"):
        yield from _fee_schedule(connection, laws, row_id)
    elif grain == "institutional_line":
        yield from _outpatient_rate(connection, row_id)
    yield from _result(exposure)


def _fee_schedule(connection: duckdb.DuckDBPyConnection, laws: dict[str, Law], row_id: int) -> Iterator[str]:
    line = _one(connection, "SELECT * FROM line_prices WHERE row_id = ?", row_id)
    if line is None or (line["value_release"] is None and line["national_release"] is None):
        return
    release = line["value_release"] if line["value_release"] is not None else line["national_release"]
    area = line["locality_id"] if line["value_release"] is not None and line["locality_id"] is not None else 0
    of_code = "release_id = ? AND locality_id = ? AND procedure_code = ?"
    prices = {
        row["modifier"]: row
        for row in _rows(
            connection, f"SELECT * FROM code_prices WHERE {of_code}", release, area, line["procedure_code"]
        )
    }
    row = prices.get(line["price_modifier"])
    if row is None:
        return
    yield f"{_code(row)} on {line['service_date']}: {_release(connection, release)}, row {row['row_number']}"
    if line["locality_because"]:
        yield f"no locality: {line['locality_because']}; all indices are taken to be 1"
    elif area:
        yield from _locality(connection, line)
    if row["status_code"] == "J":
        yield from _anesthesia(connection, line)
        return
    yield from _sides(connection, row, line["has_two_factors"], line["is_qualifying"])
    parts = {"professional_component": prices.get("26"), "professional_code": None}
    if line["facility_rule"] == "professional_code":
        query = """SELECT p.* FROM code_prices AS p
            JOIN law_rows AS g ON g.path = 'us.cms.mpfs.global_test_codes' AND g.row['professional'] = p.procedure_code
            WHERE p.release_id = ? AND p.locality_id = ? AND g.row['global'] = ? AND p.modifier = ''
            ORDER BY g.effective DESC LIMIT 1"""
        parts["professional_code"] = _one(connection, query, release, area, line["procedure_code"])
    if line["facility_rule"] in ("nothing", "inpatient_only"):
        yield (
            f"PC/TC indicator {row['component_indicator']}"
            + (f" with modifier {row['modifier']}" if row["modifier"] else "")
            + ": in a facility nothing is paid to the practitioner"
            + (", but to an inpatient" if line["facility_rule"] == "inpatient_only" else "")
        )
    elif part := parts.get(line["facility_rule"] or ""):
        yield (
            f"PC/TC indicator {row['component_indicator']}: in a facility only the reading is paid, "
            f"{_code(part)} (row {part['row_number']}): {_product(part, 'facility')}"
        )
    facts = _one(connection, "SELECT * FROM service_line_facts WHERE row_id = ?", row_id)
    assert facts is not None
    yield from _of_the_line(line, facts, laws)


def _locality(connection: duckdb.DuckDBPyConnection, line: Row) -> Iterator[str]:
    """The locality with its indices, and what chose it."""
    area = _one(
        connection,
        """SELECT c.fee_area, c.counties FROM fee_days AS d JOIN fee_counties AS c ON c.release_id = d.county_release
           WHERE d.service_date = ? AND c.contractor = ? AND c.locality = ? LIMIT 1""",
        line["service_date"],
        line["contractor"],
        line["locality"],
    )
    place = f"locality {line['contractor']}-{line['locality']}"
    if area:
        place += f" ({', '.join(filter(None, (area['fee_area'], area['counties'])))})"
    zipped = _one(
        connection,
        """SELECT z.release_id, z.row_number, z.zip, z.plus_four FROM place_localities AS p
           JOIN fee_days AS d ON d.service_date = ?
           JOIN fee_zip_codes AS z ON z.zip = p.zip_5 AND z.contractor = p.contractor AND z.locality = p.locality
               AND z.release_id IN (d.zip5_release, d.zip9_release)
           WHERE p.place_id = ? ORDER BY z.plus_four DESC LIMIT 1""",
        line["service_date"],
        line["place_id"],
    )
    if zipped:
        code = zipped["zip"] + (f"-{zipped['plus_four']}" if zipped["plus_four"] else "")
        place += f", for ZIP code {code}: {_release(connection, zipped['release_id'])}, row {zipped['row_number']}"
    else:
        place += ", as the settings of the workspace say"
    yield place
    if line["gpci_row"] is not None:
        index = _one(
            connection,
            "SELECT * FROM fee_localities WHERE release_id = ? AND row_number = ?",
            line["gpci_release"],
            line["gpci_row"],
        )
        assert index is not None
        work, expense, malpractice = (_number(index[name]) for name in _INDICES)
        yield (
            f"its indices: work {work}, practice expense {expense}, malpractice {malpractice}: "
            f"{_release(connection, line['gpci_release'])}, row {line['gpci_row']}"
        )


def _anesthesia(connection: duckdb.DuckDBPyConnection, line: Row) -> Iterator[str]:
    """The conversion factor of the locality; base and time units are in no file of relative values."""
    release = "qualifying_anesthesia_release" if line["is_qualifying"] else "anesthesia_release"
    factor = _one(
        connection,
        f"""SELECT a.* FROM fee_days AS d JOIN fee_anesthesia AS a
                ON a.release_id = coalesce(d.{release}, d.anesthesia_release)
            WHERE d.service_date = ? AND a.contractor = ? AND a.locality = ?""",
        line["service_date"],
        line["contractor"],
        line["locality"],
    )
    if factor:
        yield (
            f"anesthesia: ${factor['conversion_factor']} for each unit of base and time, in every place alike: "
            f"{_release(connection, factor['release_id'])}, row {factor['row_number']}"
        )


def _sides(
    connection: duckdb.DuckDBPyConnection, row: Row, has_two_factors: bool, is_qualifying: bool | None
) -> Iterator[str]:
    """The price outside facilities and in them: as published for the locality, else as a formula."""
    factor = f"conversion factor ${row['conversion_factor']}"
    if has_two_factors and is_qualifying is not None:
        factor += f", for {'' if is_qualifying else 'practitioners who are no '}qualifying APM participants"
    yield factor
    for side, words in (("nonfacility", "outside facilities"), ("facility", "in a facility")):
        if row[f"is_{side}_na"]:
            yield f"{words}: NA. The number in that column is a copy of the other, so no price is read from it"
        elif row[f"{side}_fee"] is not None and row["published_in"] is not None:
            source = f"{_release(connection, row['published_in'])}, row {row['published_row']}"
            yield f"{words}: {_money(row[f'{side}_fee'])}, as published: {source}"
        elif row[f"{side}_fee"] is not None:
            yield f"{words}: {_product(row, side)}"


def _product(row: Row, side: str) -> str:
    """``(1.30 × 1.041 + 1.46 × 1.183 + 0.09 × 0.664) × 33.4009 = $104.89``."""
    factors = (row["work_rvu"], row[f"{side}_pe_rvu"], row["malpractice_rvu"])
    price, cap = row[f"{side}_fee"], row[f"{side}_cap"]
    if price is None:
        return "not known"
    if row["published_in"] is not None:
        text = f"{_money(price)}, as published"
    elif None in factors:
        text = f"total {_rvu(row[f'{side}_total_rvu'])} × {row['conversion_factor']} = {_money(price)}"
    else:
        sums = " + ".join(f"{_rvu(f)} × {_number(row[i])}" for f, i in zip(factors, _INDICES, strict=True))
        text = f"({sums}) × {row['conversion_factor']} = {_money(price)}"
    return text + (f", capped at the outpatient rate: {_money(cap)}" if cap is not None and cap < price else "")


def _of_the_line(line: Row, facts: Row, laws: dict[str, Law]) -> Iterator[str]:
    """What the line makes of the price: sides, units, share of the practitioner, charge."""
    said = (
        [f"{_number(line['units'])} {'unit' if line['units'] == 1 else 'units'}"] if line["units"] is not None else []
    )
    if line["is_bilateral"] and line["sides"] is not None:
        said.append(f"both sides: {_number(line['sides'] * 100)} percent")
    if line["rendering_provider_type"]:
        said.append(
            f"under {line['rendering_provider_type']}" + _percent_of(laws, line["rendering_provider_type"], line)
        )
    if line["performer_type"] and line["performer_type"] != line["rendering_provider_type"]:
        said.append(f"given by {line['performer_type']}" + _percent_of(laws, line["performer_type"], line))
    if line["charge_amount"] is not None:
        said.append(f"charge {_money(line['charge_amount'])}, which is the most that is paid")
    if said:
        yield "; ".join(said)
    if not line["is_participating"] and facts["fee_amount"] is not None:
        percent, limit = laws["us.cms.mpfs.nonparticipating_percent"], laws["us.cms.mpfs.limiting_charge_percent"]
        shares = [one.on(line["service_date"]) for one in (percent, limit)]
        if all(shares):
            ninety_five, more = (one.value for one in shares if one and one.value is not None)
            most = (facts["fee_amount"] * more / 100).quantize(Decimal("0.01"))
            yield (
                f"the practitioner does not participate: {_number(ninety_five)} percent of the fee; without assignment "
                f"the patient may be charged {_money(most)} at most ({_number(more)} percent of that)"
            )


def _percent_of(laws: dict[str, Law], provider_type: str, line: Row) -> str:
    """The share of the fee that a type of practitioner is paid, where it is not the whole."""
    version = laws["us.cms.mpfs.nonphysician_percent"].on(line["service_date"])
    shares = {row["provider_type"]: row["percent"] for row in version.rows} if version else {}
    return f" ({shares[provider_type]} percent)" if provider_type in shares else ""


def _outpatient_rate(connection: duckdb.DuckDBPyConnection, row_id: int) -> Iterator[str]:
    line = _one(
        connection,
        """SELECT f.*, r.release_id, r.row_number AS rate_row, r.payment_amount, r.status_indicator, l.units
           FROM institutional_line_facts AS f
           JOIN institutional_lines AS l USING (row_id)
           JOIN fee_days AS d ON d.service_date = f.service_date
           JOIN fee_outpatient_rates AS r ON r.release_id = d.outpatient_release AND r.procedure_code = f.procedure_code
           WHERE f.row_id = ?""",
        row_id,
    )
    if line is None or line["payment_amount"] is None:
        return
    yield (
        f"{line['procedure_code']} on {line['service_date']}: {_release(connection, line['release_id'])}, "
        f"row {line['rate_row']}"
    )
    yield (
        f"national rate {_money(line['payment_amount'])} × {_number(line['units'])} = "
        f"{_money(line['outpatient_rate_amount'])}; no wage index, no packaging, no discount"
        if line["units"] is not None and line["outpatient_rate_amount"] is not None
        else f"national rate {_money(line['payment_amount'])}"
    )
    for name, words in (("outpatient_po_amount", "with PO"), ("outpatient_pn_amount", "with PN")):
        if line[name] is not None:
            yield f"{words}: {_money(line[name])}"


def _result(exposure: Row) -> Iterator[str]:
    billed, correct = (exposure[name] and Decimal(exposure[name]) for name in ("billed_amount", "correct_amount"))
    sides = f"as billed {_money(billed)}, as it should be {_money(correct)}"
    if exposure["because"] is None:
        difference = billed - correct
        words = "overpaid" if difference > 0 else "underpaid"
        yield f"{sides}: " + (f"{_money(abs(difference))} {words}" if difference else "no money moves")
        if exposure["program_amount"] is not None and difference:
            program, after, beneficiary = (
                _money(Decimal(exposure[name]))
                for name in ("program_amount", "program_after_sequestration_amount", "beneficiary_amount")
            )
            yield f"the programme's share {program}, after sequestration {after}; the patient's {beneficiary}"
    else:
        yield f"{sides}: the difference is not known, because {exposure['because']}"
    if exposure["national_amount"] is not None:
        yield f"with all geographic indices 1: {_money(Decimal(exposure['national_amount']))}"


def _release(connection: duckdb.DuckDBPyConnection, release_id: int) -> str:
    """A release in words, with the file it came from."""
    row = _one(connection, "SELECT * FROM fee_releases WHERE release_id = ?", release_id)
    assert row is not None
    excerpt = ", an excerpt" if row["is_excerpt"] else ""
    return f"{row['name']} ({row['file_name']}{excerpt}, sha256 {row['sha256'][:12]})"


def _code(row: Row) -> str:
    code: str = row["procedure_code"]
    return f"{code}-{row['modifier']}" if row["modifier"] else code


def _number(value: Decimal) -> str:
    """A number with two places at least, and no idle zeros behind them.

    >>> _number(Decimal("1.3000")), _number(Decimal("1.0410")), _number(Decimal("1.0000"))
    ('1.30', '1.041', '1')
    """
    text = format(Decimal(value).normalize(), "f")
    whole, point, part = text.partition(".")
    return f"{whole}.{part:0<2}" if point else whole


def _rvu(value: Decimal) -> str:
    """A relative value with two places, as CMS prints them."""
    return f"{value:.2f}"


def _money(amount: Decimal | None) -> str:
    """Dollars and cents.

    >>> _money(Decimal("1234.5")), _money(Decimal("-3.1")), _money(None)
    ('$1,234.50', '-$3.10', 'not known')
    """
    if amount is None:
        return "not known"
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def _one(connection: duckdb.DuckDBPyConnection, query: str, *values: int | str | dt.date | None) -> Row | None:
    rows = _rows(connection, query, *values)
    return rows[0] if rows else None


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *values: int | str | dt.date | None) -> list[Row]:
    found: list[Row] = connection.sql(query, params=list(values)).to_arrow_table().to_pylist()
    return found
