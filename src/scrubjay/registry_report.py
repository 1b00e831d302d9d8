"""What a registry holds, and what it lacks: the table and the gap report of ``scrubjay sites list``.

A gap is a column that is blank in some rows and that some rule needs there: the facts in the rule's
condition come from it (`Column.reads`), and the site is one that needs it (`Column.matters_to`).
Values that say the same in another way are known here (`_is_needed`). No member id is ever shown.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from scrubjay.reference.law import Law
from scrubjay.reference.registries import KNOWN_NONE
from scrubjay.rule import Rule
from scrubjay.tables import HOSPITAL_SPACE, Column, Table

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, Any]

WIDTH = 80
_SHOWN = 4  # sites named in a gap; the others are counted
_PRIVATE = ("member_id",)

_DISTANCE = ("distance_yards", "distance_method", "distance_evidence")
_SECTION_603 = (  # why a department is excepted, or is no more
    "first_opps_service_date",
    "mid_build_certification_date",
    "cancer_hospital_attestation_date",
    "relocated_date",
    "has_relocation_exception",
    "ownership_changed_date",
    "is_whole_hospital_sale",
)
_OF_A_DEPARTMENT = (
    *_DISTANCE,
    *_SECTION_603,
    "excepted_status",
    "is_dedicated_emergency_department",
    "enrolled_location_type",
)
_ONE_IS_ENOUGH = {"is_service_facility_at_registered_address": ("pecos_address_line_1", "address_line_1")}


@dataclass(frozen=True, slots=True)
class Gap:
    """A column that is blank where rules need it."""

    column: str
    supplied_by: str
    rows: tuple[str, ...]  # the sites (or other keys) in which it is blank
    rules: tuple[str, ...]  # the codes of the rules that cannot tell


def registry_gaps(table: Table, rows: pa.Table, rules: Iterable[Rule], laws: Mapping[str, Law]) -> list[Gap]:
    """The gaps of a registry, those in most rows first."""
    readers = _readers(table, rules)
    if table.name == "encounters":  # of each encounter; which other blanks matter depends on its claim
        readers = {name: found for name, found in readers.items() if name == "registration_status"}
    if not readers:
        return []
    limits = _Limits.of(laws)
    gaps = []
    found = rows.drop_columns([name for name in _PRIVATE if name in table]).to_pylist()
    for column in (column for column in table.columns if column.name in readers):
        keys: dict[str, None] = {}
        codes: set[str] = set()
        for row in found:
            if row[column.name] is not None or (table.name == "sites" and not _is_needed(column, row, limits)):
                continue
            if left_open := {code for code, fact in readers[column.name] if not _is_known_otherwise(fact, row)}:
                keys[_key(table, row)] = None
                codes |= left_open
        if keys:
            gaps.append(Gap(column.name, column.supplied_by, tuple(keys), tuple(sorted(codes))))
    return sorted(gaps, key=lambda gap: -len(gap.rows))  # the sort is stable


def _readers(table: Table, rules: Iterable[Rule]) -> dict[str, set[tuple[str, str]]]:
    """Column of the registry → the rules whose condition comes to read it, and by which fact."""
    readers: dict[str, set[tuple[str, str]]] = {}
    for rule in rules:
        for fact in {fact for leaf in rule.condition.leaves() for fact in leaf.columns}:
            for read in rule.table[fact].reads:
                registry, _, name = read.partition(".")
                if registry == table.name:
                    readers.setdefault(name, set()).add((rule.code, fact))
    return readers


def _is_known_otherwise(fact: str, row: Row) -> bool:
    """Whether a fact is known from another column, of which one is enough."""
    return any(row[name] is not None for name in _ONE_IS_ENOUGH.get(fact, ()))


@dataclass(frozen=True, slots=True)
class _Limits:
    """The numbers of the law that make a value needless."""

    campus_yards: Decimal
    excepted_before: dt.date

    @staticmethod
    def of(laws: Mapping[str, Law]) -> _Limits:
        campus = laws["us.cms.provider_based.campus_distance_yards"].versions[-1].value
        excepted = laws["us.cms.opps.excepted_department"].versions[-1].rows[0]["before"]
        assert campus is not None
        return _Limits(campus, dt.date.fromisoformat(excepted))


def _is_needed(column: Column, row: Row, limits: _Limits) -> bool:
    """Whether a blank of this column can leave a rule unable to tell about this site."""
    name, site_type = column.name, row["site_type"]
    if column.matters_to and site_type is not None and site_type not in column.matters_to:
        return False
    if row["provider_based_from"] == KNOWN_NONE and name in _OF_A_DEPARTMENT:
        return False  # never hospital space
    is_on_campus = site_type == "main_campus" or row["is_on_hospital_campus"] or row["has_cms_campus_determination"]
    if name in _DISTANCE:
        is_near = name == "distance_method" and _within(row["distance_yards"], limits)
        return not is_on_campus and not is_near
    if name in (*_SECTION_603, "excepted_status", "is_dedicated_emergency_department"):
        is_off_campus = not (
            is_on_campus
            or _within(row["distance_yards"], limits)
            or _within(row["remote_location_distance_yards"], limits)
        )
        return is_off_campus and (name == "is_dedicated_emergency_department" or _leaves_status_open(name, row, limits))
    if name == "is_on_hospital_campus":  # asked of offices; hospital space has its distance
        return site_type not in HOSPITAL_SPACE
    if name == "is_separately_maintained":
        return site_type not in HOSPITAL_SPACE and row["is_on_hospital_campus"] is not False
    if name == "ptan":
        return row["ccn"] is None
    if name in ("pecos_city", "pecos_state", "pecos_zip"):
        return row["pecos_address_line_1"] is not None  # else the whole address is asked for, once
    return True


def _within(yards: Decimal | None, limits: _Limits) -> bool:
    return yards is not None and yards <= limits.campus_yards


def _leaves_status_open(name: str, row: Row, limits: _Limits) -> bool:
    """Whether section 603 waits for this column: the status is not stated, nor does it follow without it."""
    if row["excepted_status"] is not None or row["is_dedicated_emergency_department"]:
        return False
    first, mid_build = row["first_opps_service_date"], row["mid_build_certification_date"]
    attested = row["cancer_hospital_attestation_date"]
    grounds = [
        None if first is None else first < limits.excepted_before,
        None if mid_build is None else mid_build != KNOWN_NONE,
        False if row["hospital_type"] not in ("cancer", None) else None if attested is None else attested != KNOWN_NONE,
    ]
    moves = [
        _is_open_move(row["relocated_date"], row["has_relocation_exception"], limits),
        _is_open_move(row["ownership_changed_date"], row["is_whole_hospital_sale"], limits),
    ]
    has_ground = True in grounds or (False if None not in grounds else None)
    if name == "excepted_status":
        return has_ground is None or (has_ground and True in moves)
    if name == "has_relocation_exception":
        return has_ground is not False and row["relocated_date"] is not None and moves[0]
    if name == "is_whole_hospital_sale":
        return has_ground is not False and row["ownership_changed_date"] is not None and moves[1]
    if name in ("relocated_date", "ownership_changed_date"):
        return has_ground is not False
    if name == "cancer_hospital_attestation_date" and row["hospital_type"] not in ("cancer", None):
        return False
    return has_ground is None


def _is_open_move(day: dt.date | None, is_harmless: bool | None, limits: _Limits) -> bool:
    """Whether it is not known if a move or a sale ended the status."""
    return day is None or (day != KNOWN_NONE and day >= limits.excepted_before and is_harmless is None)


def _key(table: Table, row: Row) -> str:
    """What names a row without naming a patient."""
    return f"row {row['row_number']}" if table.name == "encounters" else str(row[table.names[0]])


# --- as text ------------------------------------------------------------------------------------------


def gaps_text(table: Table, gaps: list[Gap]) -> str:
    """The gap report."""
    if not gaps:
        return f"Nothing is missing in {table.name} that a rule needs.\n"
    noun = table.name if table.name != "encounters" else "rows"
    lines = [f"Missing in {table.name}, and needed by rules:"]
    for gap in gaps:
        names = ", ".join(gap.rows[:_SHOWN])
        more = f" and {len(gap.rows) - _SHOWN:,} more" if len(gap.rows) > _SHOWN else ""
        count = f"{len(gap.rows):,} {noun if len(gap.rows) > 1 else noun.removesuffix('s')}"
        lines += [
            "",
            gap.column,
            *_wrapped(f"{count}: {names}{more}"),
            *_wrapped(f"cannot tell: {', '.join(gap.rules)}"),
            *_wrapped(f"ask: {gap.supplied_by or 'whoever keeps this registry'}"),
        ]
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


_SHORT_TYPES = {
    "main_campus": "main",
    "provider_based_department": "dept",
    "remote_location": "remote",
    "satellite_facility": "satellite",
    "freestanding_office": "office",
    "skilled_nursing_facility": "SNF",
    "nursing_facility": "NF",
    "ambulatory_surgical_center": "ASC",
    "inpatient_psychiatric_facility": "IPF",
    "inpatient_rehabilitation_facility": "IRF",
    "military_facility": "military",
    "community_health_center": "CHC",
    "public_health_clinic": "PHC",
    "rural_health_clinic": "RHC",
    "intermediate_care_facility": "ICF",
    "independent_laboratory": "lab",
    "federally_qualified_health_center": "FQHC",
    "hospice_facility": "hospice",
    "opioid_treatment_program": "OTP",
    "dialysis_facility": "dialysis",
    "urgent_care_center": "urgent",
    "walk_in_retail_clinic": "retail",
    "mobile_unit": "mobile",
    "assisted_living_facility": "ALF",
    "group_home": "group",
    "other": "other",
}
_SITES_HEAD = ("site", "type", "holds", "hospital", "dept since", "yards", "603", "PECOS")
_SITES_WIDTHS = (14, 9, 12, 9, 12, 6, 5, 5)
_SITES_LEGEND = (
    "?: not known. -: not asked of this type. holds: days on which the row holds. dept since: days of provider-based "
    "status. yards: to the main building, d if driven. 603: excepted; dates: as they say. PECOS: address on file."
)


def registry_text(table: Table, rows: pa.Table) -> Iterator[str]:
    """The rows of a registry as a table of 80 columns, line by line."""
    if table.name == "sites":
        yield from _table(_SITES_HEAD, _SITES_WIDTHS, map(_site_cells, rows.to_pylist()))
        yield from (f"{line}\n" for line in ("", *textwrap.wrap(_SITES_LEGEND, WIDTH)))
        return
    columns = {
        "providers": (("npi", 10), ("provider_name", 26), ("provider_type", 13), ("group_npi", 10)),
        "payers": (("payer_id", 12), ("payer_name", 26), ("payer_program", 21), ("state", 5)),
        "encounters": (
            *(("claim_id", 20), ("line_number", 11), ("service_date", 12), ("site_id", 14)),
            ("registration_status", 19),
        ),
    }[table.name]
    names = [name for name, _ in columns]
    head = [name.replace("_", " ") for name in names]
    widths = [width for _, width in columns]
    if "effective_from" in table:
        head, widths = [*head, "holds"], [*widths, 12]
    found = (
        tuple("(by member id)" if name == "claim_id" and row[name] is None else _said(row[name]) for name in names)
        + ((_period(row["effective_from"], row["effective_to"]),) if "effective_from" in table else ())
        for batch in rows.to_batches(max_chunksize=10_000)
        for row in batch.to_pylist()
    )
    yield from _table(head, widths, found)


def _table(head: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Cells in columns of fixed width; a cell of two lines makes a second line, a long one is cut."""
    for cells in chain((head, ["-" * width for width in widths]), rows):
        for line in zip_longest(*(cell.split("\n") for cell in cells), fillvalue=""):
            cut = (
                cell.ljust(width) if len(cell) <= width else cell[: width - 1] + "…"
                for cell, width in zip(line, widths, strict=True)
            )
            yield " ".join(cut).rstrip() + "\n"


def _site_cells(row: Row) -> tuple[str, ...]:
    site_type = row["site_type"]
    is_department = site_type in ("provider_based_department", None)
    is_hospital = site_type in (*HOSPITAL_SPACE, None)
    since = row["provider_based_from"]
    yards = "-"
    if row["distance_yards"] is not None:
        yards = f"{row['distance_yards'].normalize():f}" + ("d" if row["distance_method"] == "driving" else "")
    elif row["is_on_hospital_campus"] or row["has_cms_campus_determination"]:
        yards = "campus"
    elif is_department:
        yards = "?"
    status = {"excepted": "yes", "non_excepted": "no", None: "?" if is_department else "-"}[row["excepted_status"]]
    if row["excepted_status"] is None and row["first_opps_service_date"] is not None:
        status = "dates"
    return (
        row["site_id"],
        _SHORT_TYPES.get(site_type, "?"),
        _period(row["effective_from"], row["effective_to"]),
        row["hospital_id"] or ("?" if is_hospital else "-"),
        ("none" if since == KNOWN_NONE else _period(since, row["provider_based_to"]))
        if since is not None
        else ("?" if is_department else "-"),
        yards,
        status,
        "yes" if row["pecos_address_line_1"] is not None else ("?" if is_hospital else "-"),
    )


def _period(first: dt.date | None, last: dt.date | None) -> str:
    """A period in at most 12 characters a line.

    >>> _period(None, None), _period(dt.date(2024, 1, 1), None), _period(None, dt.date(2024, 1, 1))
    ('always', '2024-01-01 –', '– 2024-01-01')
    """
    if first is None and last is None:
        return "always"
    if first is None:
        return f"– {last}"
    return f"{first} –" + (f"\n– {last}" if last is not None else "")


def _said(value: object) -> str:
    return "" if value is None else "none" if value == KNOWN_NONE else str(value)


# --- as JSON ------------------------------------------------------------------------------------------


def registry_as_dict(table: Table, rows: pa.Table, gaps: list[Gap], findings: Sequence[Row] = ()) -> dict[str, Any]:
    """The rows, gaps and findings of a registry; decimals and dates as text, *none* as the registry writes it."""
    names = [name for name in table.names if name not in _PRIVATE]
    return {
        "registry": table.name,
        "rows": [
            {"row_number": row["row_number"], **{name: _plain(row[name]) for name in names}} for row in rows.to_pylist()
        ],
        "gaps": [
            {
                "column": gap.column,
                "supplied_by": gap.supplied_by,
                "count": len(gap.rows),
                "rows": list(gap.rows),
                "rules": list(gap.rules),
            }
            for gap in gaps
        ],
        "findings": list(findings),
    }


def _plain(value: object) -> object:
    if isinstance(value, dt.date):  # a datetime is one, too
        return "none" if value == KNOWN_NONE else value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else value
