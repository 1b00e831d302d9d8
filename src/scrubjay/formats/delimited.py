"""Claims out of delimited text and Parquet: one row of the file is one service line.

Read are Scrubjay's own columns (the names of ``tables.CLAIMS``, ``PROFESSIONAL_LINES`` and
``INSTITUTIONAL_LINES`` side by side), the usual headers of billing exports, the Tuva
``medical_claim`` layout, and the carrier, outpatient and inpatient layouts of the CMS RIF. What a
file is, is told from its content, never from its name.

Where a claim and its lines share a column, the row's value is the line's: place of service, charge,
service facility, site, rendering and supervising provider. The claim's own are called
``claim_place_of_service_code`` and ``claim_charge_amount``. An institutional line has no service
facility, site or provider: there they are the claim's.

Nothing is lost in silence: each data row becomes a service line or is reported, and each cell that
does not convert is NULL and reported. Row 1 is the first data row; an empty line counts as a row, as
it does in a spreadsheet. Cells are converted once per *different* value of a column, not per row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scrubjay.errors import UsageError, near_miss
from scrubjay.formats.cells import (
    ARROW_TYPES,
    AS_TEXT_ADVICE,
    NOTES,
    Converted,
    Flags,
    Note,
    Numbers,
    Problem,
    by_name,
    change_values,
    convert,
    convert_birth_date,
    convert_column,
    convert_identifier,
    convert_sex,
    find_hours,
    known,
    problem,
    read_time,
    report,
    report_positions,
    split_names,
)
from scrubjay.formats.layouts import (
    CLAIM_COLUMNS,
    CLAIM_ONLY,
    COLUMNS,
    EXPORT,
    LAYOUTS,
    SHARED,
    SYNONYMS,
    TUVA,
    TYPES,
    Layout,
    plain_header,
)
from scrubjay.formats.rows import (
    Rows,
    find_blank_rows,
    map_header,
    parquet_header,
    parquet_rows,
    report_blank_rows,
    sniff,
    split,
    tidy,
)
from scrubjay.tables import CLAIMS, INSTITUTIONAL_LINES, PROFESSIONAL_LINES, Table, arrow_schema


@dataclass(frozen=True, slots=True)
class DelimitedFile:
    """The claims of one file, their service lines, and what could not be read.

    ``rows`` counts the data rows; ``unread_rows`` those among them that are no service line, each
    of them told in ``problems`` (by itself or in a count). The others are the lines.
    """

    kind: str
    claims: pa.Table
    professional_lines: pa.Table
    institutional_lines: pa.Table
    problems: list[Problem]
    rows: int = 0
    unread_rows: int = 0


def read_delimited(
    path: Path,
    file_id: int,
    first_claim_key: int,
    head: bytes,
    column_map: Mapping[str, str] | None = None,
) -> DelimitedFile | None:
    """The claims of a CSV or Parquet file, or None if it is not a table of claims.

    ``head`` is the beginning of the file (64 KiB). ``column_map`` gives the column for a header of
    the file and wins over everything; an empty column leaves the header unread. It is shared by the
    files of an organisation, so a header that this file does not have is no fault. A column
    Scrubjay does not know raises UsageError. No content of the file raises.
    """
    chosen = _checked_map(column_map or {})
    if head.startswith(b"PAR1"):
        return _read_parquet(path, file_id, first_claim_key, chosen)
    form = sniff(head, lambda header: _score(_map_header(header, chosen)))
    if form is None:
        return None
    mapping = _map_header(form.header, chosen)
    if mapping.missing:
        return _refused(mapping, "csv")
    rows, problems = split(path, form, mapping.cells)
    problems += mapping.problems
    return _assemble(rows, mapping, mapping.layout.kind or "csv", file_id, first_claim_key, problems)


def _read_parquet(
    path: Path, file_id: int, first_claim_key: int, column_map: Mapping[str, str]
) -> DelimitedFile | None:
    """The claims of a Parquet file; an error problem when it is broken."""
    header = parquet_header(path)
    mapping = None if header is None else _map_header(header, column_map)
    if mapping is not None and mapping.missing:
        return _refused(mapping, "parquet")
    rows = None if header is None or mapping is None else parquet_rows(path, header, mapping.cells)
    if mapping is None or rows is None:
        damage = problem(
            "error",
            "parquet-not-read",
            "The file begins like Parquet but is damaged, cut off or encrypted. Nothing was read.",
            "Copy or export the file again.",
        )
        return _nothing("parquet", [damage])
    return _assemble(rows, mapping, mapping.layout.kind or "parquet", file_id, first_claim_key, [*mapping.problems])


# --- the header ---------------------------------------------------------------------------------------

_NEEDED: tuple[tuple[str, ...], ...] = (  # what makes a table a table of claims: one of each
    ("claim_id",),
    ("procedure_code", "revenue_code"),
    ("service_date", "place_of_service_code", "claim_place_of_service_code", "statement_from_date"),
)


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """Which cell of a row is which column."""

    layout: Layout
    cells: dict[str, int]  # our column -> position in the row
    headers: dict[str, str]  # our column -> header as it stands in the file
    missing: list[tuple[str, ...]]
    problems: list[Problem]

    @property
    def is_claims(self) -> bool:
        """At most one of the needed columns is missing."""
        return len(self.missing) <= 1


def _checked_map(column_map: Mapping[str, str]) -> dict[str, str]:
    for header, column in column_map.items():
        if column and column not in COLUMNS:
            raise UsageError(
                f"The column map gives {header!r} the column {column!r}, which Scrubjay does not have."
                f"{near_miss(column, list(COLUMNS))}"
            )
    return dict(column_map)


def _map_header(header: list[str], column_map: Mapping[str, str]) -> HeaderMap:
    """Where each of our columns stands, in the layout that the header is of."""
    plain = {plain_header(name) for name in header}
    layout = next((each for each in LAYOUTS if each.recognised_by <= plain), EXPORT)
    chosen = {name: column for name, column in column_map.items() if not column or column in CLAIM_COLUMNS}
    own = CLAIM_COLUMNS if layout is EXPORT else ()
    cells, problems = map_header(header, chosen, own, layout.columns, "a claim")
    known_columns = set(cells) | set(layout.always)
    missing = [group for group in _NEEDED if not known_columns & set(group)]
    return HeaderMap(layout, cells, {c: tidy(header[p]) for c, p in cells.items()}, missing, problems)


def _score(mapping: HeaderMap) -> int:
    """How many columns of claims a header names; 0 if it is not one of claims."""
    return len(mapping.cells) if mapping.is_claims else 0


def _refused(mapping: HeaderMap, kind: str) -> DelimitedFile | None:
    """No rows and an error naming the missing column; None when too little speaks for claims."""
    if not mapping.is_claims:
        return None
    group = mapping.missing[0]
    looked_for = [word for column in group for word in (column, *SYNONYMS.get(column, ())[:6])]
    refusal = problem(
        "error",
        "column-missing",
        f"The file looks like claims, but no column is known to hold the {' or '.join(_said(c) for c in group)}. "
        f"Looked for, without regard to case and punctuation: {', '.join(looked_for)}. Nothing was read.",
        f'Name the column under [columns] in scrubjay.toml: "header in the file" = "{group[0]}".',
        element=group[0],
    )
    return _nothing(mapping.layout.kind or kind, [refusal, *mapping.problems])


def _said(column: str) -> str:
    return column.replace("_", " ")


def _nothing(kind: str, problems: list[Problem]) -> DelimitedFile:
    claims, professional, institutional = (
        arrow_schema(table).empty_table() for table in (CLAIMS, PROFESSIONAL_LINES, INSTITUTIONAL_LINES)
    )
    return DelimitedFile(kind, claims, professional, institutional, problems)


# --- from text to values ------------------------------------------------------------------------------

_NOTES = NOTES | by_name(
    Note(
        "scientific-notation",
        "error",
        "{what} is {value}: a spreadsheet has rounded the number, and its digits are lost. It is left empty.",
        AS_TEXT_ADVICE,
    ),
    Note(
        "spreadsheet-decimal",
        "warning",
        "{what} is {value}: a spreadsheet made a number of the code. It is read without the decimals.",
        AS_TEXT_ADVICE,
    ),
    Note(
        "leading-zero-lost",
        "warning",
        "{what} is {value}. A spreadsheet may have dropped a leading zero: 01 becomes 1. It is kept as it stands.",
        AS_TEXT_ADVICE,
    ),
    Note(
        "claim-type-not-known",
        "warning",
        "{what} is {value}. Whether the row is professional or institutional is told from its revenue code and "
        "type of bill.",
        "Write professional or institutional.",
    ),
    Note(
        "claim-form-not-known",
        "warning",
        "{what} is {value}, which is neither paper nor electronic. It is left empty.",
        "Write paper or electronic.",
    ),
    Note(
        "patient-status-not-read",
        "warning",
        "{what} is {value}, which is no code of a patient status. It is left empty.",
        "Write the two digits of the claim, such as 01 or 30.",
    ),
)
_PAPER = ("PAPER", "CMS1500", "HCFA1500", "1500", "HCFA", "UB04", "UB92", "CMS1450")
_ELECTRONIC = ("ELECTRONIC", "837", "837P", "837I", "837D", "EDI")
_CLAIM_TYPES = {
    **dict.fromkeys(("PROFESSIONAL", "P", "PROF", "837P", "CMS1500", "HCFA1500", "HCFA", "1500"), "professional"),
    **dict.fromkeys(("INSTITUTIONAL", "I", "INST", "837I", "UB04", "UB92", "CMS1450"), "institutional"),
    **dict.fromkeys(("DENTAL", "D", "837D"), "dental"),
}
_CODES = {"procedure_code", "revenue_code", "type_of_bill_code", *(f"modifier_{n}" for n in range(1, 6))}
_PLACES = {"place_of_service_code", "claim_place_of_service_code"}
_IDENTIFIERS = {"claim_id", "member_id", "payer_claim_control_number", "medical_record_number"}
_NAMES = {"service_facility_name", "payer_name", "patient_name", "patient_last_name", "patient_first_name"}
_PATIENT = {
    *("member_id", "_person_id", "medical_record_number", "patient_name", "patient_last_name", "patient_first_name"),
    *("patient_birth_date", "patient_sex_code", "_sex_number"),
}
_RIF_SEXES = {"0": "U", "1": "M", "2": "F"}
_PATIENT_STATUS = re.compile(r"(\d{1,2})(?:\.0*)?(?:\W.*)?", re.ASCII | re.DOTALL)
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+", re.ASCII)
_DECIMAL_ZERO = re.compile(r"(\d+)\.0*", re.ASCII)


def _convert(column: str, text: str) -> Converted:
    """The value a cell of this column stands for, and the name of a note about it."""
    if text in ("NULL", "\\N") and column not in _NAMES:
        return None, "null-word"
    if column == "patient_birth_date":
        return convert_birth_date(text)
    return _convert_text(column, text) if TYPES[column] == "text" else convert(TYPES[column], text)


def _convert_text(column: str, text: str) -> Converted:
    if column == "claim_type":
        found = _CLAIM_TYPES.get(re.sub(r"\W|_", "", text.upper()))
        return found, None if found else "claim-type-not-known"
    if column == "claim_form":
        plain = re.sub(r"\W|_", "", text.upper())
        if plain in _PAPER or plain.startswith(("CMS1500", "HCFA1500")):
            return "paper", None
        return ("electronic", None) if plain in _ELECTRONIC else (None, "claim-form-not-known")
    if column == "discharge_hour":
        return _convert_hour(text)
    if column == "patient_status_code":
        match = _PATIENT_STATUS.fullmatch(text)
        return (match.group(1).zfill(2), None) if match else (None, "patient-status-not-read")
    if column == "condition_codes":
        return " ".join(code.zfill(2) for code in re.findall(r"[A-Za-z0-9]+", text)) or None, None
    if column == "patient_sex_code":
        return convert_sex(text)
    note = None
    if column.endswith("_npi") and _SCIENTIFIC.fullmatch(text):
        return None, "scientific-notation"
    if column in _IDENTIFIERS:
        return convert_identifier(text)
    if column in _CODES or column in _PLACES or column.endswith(("_npi", "_zip")):
        match = _DECIMAL_ZERO.fullmatch(text)
        if match:
            text, note = match.group(1), "spreadsheet-decimal"
    if column in _PLACES and len(text) == 1 and text.isdigit():
        note = "leading-zero-lost"
    if column == "revenue_code" and text.isdigit():
        text = text.zfill(4)  # 450 is 0450: revenue codes are numbered through four digits
    if column == "type_of_bill_code" and len(text) == 4 and text[0] == "0":
        text = text[1:]  # 0131 on paper, 131 in an 837
    return text, note


def _convert_hour(text: str) -> Converted:
    """HHMM: the hour alone as on paper (14), or the time (1430, 14:30, 2:30 PM); 99 is an hour not known."""
    digits = text.removesuffix(".0")
    if digits == "99":
        return None, None
    clock = read_time(f"{digits}:00" if re.fullmatch(r"\d{1,2}", digits, re.ASCII) else digits)
    return (f"{clock:%H%M}", None) if clock else (None, "time-not-read")


# --- from rows to claims and lines --------------------------------------------------------------------


def _assemble(
    rows: Rows, mapping: HeaderMap, kind: str, file_id: int, first_claim_key: int, problems: list[Problem]
) -> DelimitedFile:
    """The claims and lines of the rows."""
    flat: dict[str, pa.Array] = {}
    headers = mapping.headers
    for column in sorted(rows.columns, key=lambda name: name != "claim_id"):  # problems name the claim
        flat[column] = convert_column(
            rows.columns[column],
            column,
            headers[column],
            rows.numbers,
            problems,
            partial(_convert, column),
            ARROW_TYPES[TYPES[column]],
            notes=_NOTES,
            claim_ids=flat.get("claim_id"),
            is_private=column in _PATIENT,
        )
    size = len(rows.numbers)
    _derive_admission(flat, rows)
    for column, text in mapping.layout.always.items():
        flat[column] = pa.repeat(text, size)
    for column in ("claim_id", "revenue_code", "type_of_bill_code", "claim_type"):
        flat.setdefault(column, pa.nulls(size, pa.string()))

    numbers, kept = _rows_of_claims(flat, rows, headers, problems)
    if len(numbers) < size:
        flat = {column: array.filter(pa.array(kept)) for column, array in flat.items()}
    _derive(flat, mapping.layout, numbers, headers, problems)
    claim, first_rows = _group(flat)
    types = np.asarray(flat["claim_type"].to_numpy(zero_copy_only=False), dtype=object)
    is_professional, is_institutional = types == "professional", types == "institutional"
    _report_homeless(flat, numbers, headers, is_professional, is_institutional, problems)
    is_dental = ~is_professional & ~is_institutional
    report_positions(
        problems,
        Note(
            "dental-line",
            "warning",
            "Row {row:,} is a service line of a dental claim. The claim is counted, its lines are not read.",
            "Nothing to do: Scrubjay checks professional and institutional claims.",
        ),
        np.flatnonzero(is_dental),
        numbers,
        flat["claim_id"],
        headers.get("claim_type"),
    )

    if "line_number" not in flat:
        flat["line_number"] = pa.array(_position_in_claim(claim))
    keys = pa.array(claim + first_claim_key)
    own = {"claim_key": keys, "row_number": pa.array(numbers)}
    professional = _lines(PROFESSIONAL_LINES, {**flat, **own}, is_professional)
    institutional = _lines(INSTITUTIONAL_LINES, {**flat, **own}, is_institutional)
    claims = _claims(flat, claim, first_rows, numbers, is_professional, headers, problems)
    count = len(first_rows)
    claims["claim_key"] = pa.array(np.arange(count, dtype=np.int64) + first_claim_key)
    claims["file_id"] = pa.repeat(pa.scalar(file_id, pa.int64()), count)
    claims["row_number"] = pa.array(numbers[first_rows])
    return DelimitedFile(
        kind,
        _table(CLAIMS, claims, count),
        professional,
        institutional,
        problems,
        rows.total,
        rows.total - professional.num_rows - institutional.num_rows,
    )


def _rows_of_claims(
    flat: dict[str, pa.Array], rows: Rows, headers: Mapping[str, str], problems: list[Problem]
) -> tuple[Numbers, Flags]:
    """The numbers of the rows that name a claim, and which they are; the others become problems."""
    has_claim = known(flat["claim_id"])
    if not has_claim.all():
        is_blank = find_blank_rows(rows)  # by the text: a cell that did not convert is NULL by now
        report_blank_rows(problems, rows.numbers[~has_claim & is_blank])
        report_positions(
            problems,
            Note(
                "claim-id-missing",
                "error",
                "Row {row:,} has no claim id, so it cannot be put with its claim. The row is not read.",
                "Fill in the claim id, or take the row out if it is a total.",
            ),
            np.flatnonzero(~has_claim & ~is_blank),
            rows.numbers,
            None,
            headers.get("claim_id"),
        )
    return rows.numbers[has_claim], has_claim


def _derive_admission(flat: dict[str, pa.Array], rows: Rows) -> None:
    """Fills the day of an admission from its moment, and its moment from a day that is written with an hour."""
    found: list[pa.Array] = []
    for column in ("admitted_at", "admission_date"):
        raw = rows.columns.get(column)
        if raw is not None:
            read = partial(convert, "timestamp")  # what is no moment was told when the column was converted
            moments, has_hour = find_hours(
                raw, convert_column(raw, column, column, rows.numbers, [], read, ARROW_TYPES["timestamp"])
            )
            found.append(pc.if_else(pa.array(has_hour), moments, None))
            days = moments.cast(pa.date32(), safe=False)
            flat["admission_date"] = pc.coalesce(flat.get("admission_date", days), days)
    if found:
        flat["admitted_at"] = pc.coalesce(*found)


def _derive(
    flat: dict[str, pa.Array],
    layout: Layout,
    numbers: Numbers,
    headers: Mapping[str, str],
    problems: list[Problem],
) -> None:
    """Fills the columns that follow from others: modifiers, names, type of bill, member, claim type."""
    if "modifiers" in flat or "modifier_5" in flat:
        _derive_modifiers(flat, numbers, headers, problems)
    split_names(flat)
    if "_facility_type_code" in flat and "claim_frequency_code" in flat:
        parts = [flat["_facility_type_code"], flat["_service_classification_code"], flat["claim_frequency_code"]]
        flat["type_of_bill_code"] = pc.binary_join_element_wise(*parts, "")
    if "claim_frequency_code" not in flat and "type_of_bill_code" in headers:  # its last character, CLM05-3
        flat["claim_frequency_code"] = change_values(flat["type_of_bill_code"], lambda bill: bill[2:3] or None)
    if "_sex_number" in flat:
        flat["patient_sex_code"] = change_values(flat.pop("_sex_number"), _RIF_SEXES.get)
    if "_person_id" in flat:
        person = flat["_person_id"]
        flat["member_id"] = pc.coalesce(flat["member_id"], person) if "member_id" in flat else person
    is_filled = pc.or_(flat["revenue_code"].is_valid(), flat["type_of_bill_code"].is_valid())
    told = pc.if_else(is_filled, "institutional", "professional")
    flat["claim_type"] = pc.coalesce(flat["claim_type"], told)
    if layout is TUVA:  # claim dates repeat the line's on a professional claim, where no statement exists
        for column in {"statement_from_date", "statement_through_date"} & set(flat):
            is_statement = pc.equal(flat["claim_type"], "institutional")
            flat[column] = pc.if_else(is_statement, flat[column], pa.scalar(None, pa.date32()))


def _derive_modifiers(
    flat: dict[str, pa.Array],
    numbers: Numbers,
    headers: Mapping[str, str],
    problems: list[Problem],
) -> None:
    """Puts all modifiers of a row into the four columns there are; a problem where a row has more."""
    four = [f"modifier_{n}" for n in range(1, 5)]
    sources = [flat[name] for name in (*four, "modifiers", "modifier_5") if name in flat]
    joined = pc.binary_join_element_wise(*sources, " ", null_handling="replace", null_replacement="")
    encoded = joined.dictionary_encode()
    lists = [re.findall(r"[^\s,;:|/\[\]'\"]+", text) for text in encoded.dictionary.to_pylist()]
    for place, name in enumerate(four):
        values = [each[place] if len(each) > place else None for each in lists]
        flat[name] = pa.array(values, pa.string()).take(encoded.indices)
    too_many = [code for code, each in enumerate(lists) if len(each) > 4]
    if too_many:
        positions = np.flatnonzero(np.isin(encoded.indices.to_numpy(), too_many))
        note = Note(
            "modifier-not-read",
            "warning",
            "",
            "A service line has room for four modifiers. Bring those that decide payment to the front.",
        )
        shown = []
        for position in positions[: note.limit]:
            number = int(numbers[position])
            rest = " ".join(lists[encoded.indices[int(position)].as_py()][4:])[:40]
            message = f"Row {number:,} has more than four modifiers. Not read: {rest}."
            shown.append((number, flat["claim_id"][int(position)].as_py(), message))
        report(problems, note, shown, len(positions), headers.get("modifier_5") or headers.get("modifiers"))
    flat.pop("modifiers", None)
    flat.pop("modifier_5", None)


def _codes(array: pa.Array) -> Numbers:
    """A number for each different value, in order of appearance; -1 for NULL."""
    return np.asarray(array.dictionary_encode().indices.fill_null(-1).to_numpy(), dtype=np.int64)


def _group(
    flat: dict[str, pa.Array],
) -> tuple[Numbers, Numbers]:
    """The claim of each row, numbered from 0 in order of appearance, and the first row of each claim.

    Rows of one claim id and claim type are one claim: hospitals use one account number for both types.
    """
    combined = _codes(flat["claim_id"])
    for column in ("claim_type", "_claim_scope"):
        if column in flat:
            codes = _codes(flat[column]) + 1
            combined = combined * (int(codes.max(initial=0)) + 1) + codes
    _, first_rows, inverse = np.unique(combined, return_index=True, return_inverse=True)
    order = np.argsort(first_rows, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[inverse.reshape(-1)], first_rows[order].astype(np.int64)


def _position_in_claim(claim: Numbers) -> Numbers:
    """1 for the first row of a claim, 2 for the second."""
    order = np.argsort(claim, kind="stable")
    ordered = claim[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    position = np.empty(len(claim), dtype=np.int64)
    position[order] = np.arange(len(claim)) - starts + 1
    return position


def _report_homeless(
    flat: dict[str, pa.Array],
    numbers: Numbers,
    headers: Mapping[str, str],
    is_professional: Flags,
    is_institutional: Flags,
    problems: list[Problem],
) -> None:
    """A problem for each cell whose kind of claim has no such column."""
    for column, mask, kind in (
        ("revenue_code", is_professional, "professional"),
        ("place_of_service_code", is_institutional, "institutional"),
        ("purchased_service_provider_npi", is_institutional, "institutional"),
    ):
        if column in flat and column in headers:
            note = Note(
                "column-of-other-claim-type",
                "warning",
                f"Row {{row:,}} is a line of the {kind} kind, which has no {_said(column)}. The cell is not read.",
                "Check the claim type of the row.",
            )
            positions = np.flatnonzero(known(flat[column]) & mask)
            report_positions(problems, note, positions, numbers, flat["claim_id"], headers[column])


def _lines(table: Table, columns: Mapping[str, pa.Array], mask: Flags) -> pa.Table:
    count = int(mask.sum())
    chosen = {name: columns[name] for name in table.names if name in columns}
    if count < len(mask):
        where = pa.array(mask)
        chosen = {name: array.filter(where) for name, array in chosen.items()}
    return _table(table, chosen, count)


def _claims(
    flat: dict[str, pa.Array],
    claim: Numbers,
    first_rows: Numbers,
    numbers: Numbers,
    is_professional: Flags,
    headers: Mapping[str, str],
    problems: list[Problem],
) -> dict[str, pa.Array]:
    """The columns of the claims: the first value its rows give, and a problem where they differ."""
    lines_own = {"place_of_service_code", "charge_amount"}
    columns: dict[str, pa.Array] = {}
    for name, array in flat.items():
        target = CLAIM_ONLY.get(name, name)
        if target not in CLAIMS or name in lines_own:
            continue
        codes = _codes(array)
        counts = codes >= 0
        if name in SHARED:
            counts = counts & ~is_professional
        positions = np.flatnonzero(counts)
        first = np.full(len(first_rows), -1, dtype=np.int64)
        first[claim[positions][::-1]] = positions[::-1]  # of several, the last assigned stays: the first row
        columns[target] = array.take(pa.array(first, mask=first < 0))
        differing = positions[codes[positions] != codes[first[claim[positions]]]]
        if len(differing):
            note = Note(
                "claim-values-differ",
                "warning",
                f"Row {{row:,}} has another {_said(target)} than an earlier row of its claim. The first is used.",
                "One claim has one value. If these are different claims, give them different claim ids.",
            )
            report_positions(problems, note, differing, numbers, flat["claim_id"], headers.get(name, name))
    return columns


def _table(table: Table, columns: Mapping[str, pa.Array], count: int) -> pa.Table:
    """The Arrow table with all its columns, NULL where the file has none."""
    schema = arrow_schema(table)
    arrays = [columns[field.name] if field.name in columns else pa.nulls(count, field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)
