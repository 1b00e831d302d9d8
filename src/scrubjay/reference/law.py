"""The law as data: dated, cited YAML files → SQL that picks the version by the date that counts.

A law file is a code set (``x IN LAW('path')``), a value (``LAW('path')``) or a table (joined by the
facts). Each version names the day it takes effect and, where it differs, which date of the claim
decides. Before the first version the law is silent: NULL, the outcome is unknown.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import pairwise, zip_longest
from pathlib import Path

from scrubjay.errors import DefinitionError, UnknownLaw, near_miss
from scrubjay.strict_yaml import as_date, check_keys, load_yaml, read_text
from scrubjay.tables import PAYER_PROGRAMS

LAW_FOLDER = Path(__file__).parents[1] / "law"

# Dates a version may be keyed on. The payer's dates may be unknown, but never lie before the
# service or the making of the file: <date>_earliest holds that bound.
KEY_DATES = ("service_date", "receipt_date", "paid_date")
_BOUNDED = ("receipt_date", "paid_date")

_FILE_KEYS = ("title", "kind", "keyed_on", "payers", "unit", "keys", "versions")
_VERSION_KEYS = ("effective", "values", "adds", "removes", "value", "rows", "keyed_on", "reference", "checked")


@dataclass(frozen=True, slots=True)
class Version:
    """What holds from one day on."""

    effective: dt.date
    keyed_on: str
    values: tuple[str, ...]  # code_set: all codes, amendments applied
    value: Decimal | None  # value
    rows: tuple[dict[str, str], ...]  # table
    cite: str
    document: str
    checked: dt.date | None


@dataclass(frozen=True, slots=True)
class Law:
    """One law file: its path (``us.cms.mpfs.facility_rate_pos``) and its versions, oldest first."""

    path: str
    title: str
    kind: str
    payers: tuple[str, ...]  # empty: every payer
    unit: str
    versions: tuple[Version, ...]
    file: str

    def on(self, day: dt.date) -> Version | None:
        """The version in force on a day, whichever date it is keyed on; None before the first."""
        return next((version for version in reversed(self.versions) if version.effective <= day), None)

    def content(self, version: Version) -> str:
        """What holds in a version, in words: the codes, the number with its unit, or the rows."""
        if self.kind == "value":
            return f"{version.value} {self.unit}".strip()
        if self.kind == "table":
            rows = (", ".join(f"{name} {cell}" for name, cell in row.items()) for row in version.rows)
            return "; ".join(rows) or "(no rows)"
        return ", ".join(sorted(version.values)) or "(no codes)"

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The fact columns that decide which version answers."""
        dates = dict.fromkeys(version.keyed_on for version in self.versions)
        return (*dates, *(("payer_program",) if self.payers else ()))


@cache
def load_laws(*folders: Path | None) -> dict[str, Law]:
    """All law files, by path: those that ship with Scrubjay, and those of these folders laid over them.

    A file of a later folder replaces the one of the same path. Raises DefinitionError.
    """
    laws: dict[str, Law] = {}
    for folder in (LAW_FOLDER, *(folder for folder in folders if folder)):
        for file in sorted(folder.rglob("*.yaml")):
            name = str(file.relative_to(folder))
            path = ".".join(file.relative_to(folder).with_suffix("").parts)
            if not _PATH.fullmatch(path):
                advice = "name folders and files in small letters, digits and underscores"
                raise DefinitionError(f"'{path}' is no path of a law", file=name, advice=advice)
            laws[path] = read_law(read_text(file, name), path, name)
    return laws


_PATH = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


def last_read(law: Law) -> dt.date | None:
    """The last day on which somebody read a source of it; None if nobody ever did."""
    return max((version.checked for version in law.versions if version.checked), default=None)


def find_law(laws: dict[str, Law], path: str) -> Law:
    """The law of this path. Raises UnknownLaw, naming the nearest."""
    if path not in laws:
        raise UnknownLaw(f"There is no law '{path}'.{near_miss(path, list(laws))} 'scrubjay law' lists them all.")
    return laws[path]


def read_law(text: str, path: str, file: str) -> Law:
    """A law from the text of its file. Raises DefinitionError."""
    document = load_yaml(text, file)
    check_keys(document, _FILE_KEYS, ("title", "kind", "keyed_on", "versions"), file, "a law file")
    kind = document["kind"]
    if kind not in ("code_set", "value", "table"):
        raise DefinitionError(f"kind is '{kind}'", file=file, advice="use code_set, value or table")
    payers = tuple(document.get("payers") or ())
    for payer in payers:
        if payer not in PAYER_PROGRAMS:
            raise DefinitionError(
                f"unknown payer programme '{payer}'", file=file, advice="use one of " + ", ".join(PAYER_PROGRAMS)
            )
    versions: list[Version] = []
    if not isinstance(document["versions"], list) or not document["versions"]:
        raise DefinitionError("versions must be a list with at least one version", file=file)
    for raw in document["versions"]:
        versions.append(_read_version(raw, kind, document["keyed_on"], versions[-1] if versions else None, file))
    return Law(path, document["title"], kind, payers, document.get("unit") or "", tuple(versions), file)


def _read_version(raw: object, kind: str, keyed_on: str, before: Version | None, file: str) -> Version:
    check_keys(raw, _VERSION_KEYS, ("effective", "reference", "checked"), file, "a version")
    assert isinstance(raw, dict)
    effective = as_date(raw["effective"], file, "effective")
    what = f"the version of {effective}"
    if before and effective <= before.effective:
        raise DefinitionError(
            f"{what} does not come after that of {before.effective}", file=file, advice="order versions by date"
        )
    keyed_on = raw.get("keyed_on", keyed_on)
    if keyed_on not in KEY_DATES:
        raise DefinitionError(
            f"{what} is keyed on '{keyed_on}'", file=file, advice="use one of " + ", ".join(KEY_DATES)
        )
    check_keys(raw["reference"], ("cite", "document"), ("cite",), file, f"the reference of {what}")
    checked = raw["checked"]
    holds = {"code_set": ("values", "adds", "removes"), "value": ("value",), "table": ("rows", "adds")}[kind]
    for key in ("values", "adds", "removes", "value", "rows"):
        if key in raw and key not in holds:
            raise DefinitionError(
                f"{what} has '{key}', but the law is a {kind}", file=file, advice="use " + ", ".join(holds)
            )
    values: tuple[str, ...] = ()
    value: Decimal | None = None
    rows: tuple[dict[str, str], ...] = ()
    if kind == "code_set":
        if ("values" in raw) == bool("adds" in raw or "removes" in raw):
            raise DefinitionError(f"{what} needs either values, or adds and removes", file=file)
        if "values" in raw:
            values = _unique(raw["values"], what, file)
        else:
            held = list(before.values) if before else []
            for code in _unique(raw.get("removes") or [], what, file):
                if code not in held:
                    raise DefinitionError(f"{what} removes '{code}', which is not in force", file=file)
                held.remove(code)
            for code in _unique(raw.get("adds") or [], what, file):
                if code in held:
                    raise DefinitionError(f"{what} adds '{code}', which is in force already", file=file)
                held.append(code)
            values = tuple(held)
    elif kind == "value":
        try:
            value = Decimal(raw["value"])
            if not value.is_finite() or abs(value) >= 10**14:
                raise InvalidOperation
        except (KeyError, TypeError, ValueError, InvalidOperation):
            raise DefinitionError(f"{what} has no number as its value", file=file, advice="write value: 250") from None
    else:
        if ("rows" in raw) == ("adds" in raw):
            raise DefinitionError(f"{what} needs either rows, or adds", file=file)
        rows = (
            *(before.rows if before and "adds" in raw else ()),
            *_rows(raw.get("rows") or raw.get("adds"), what, file),
        )
    return Version(
        effective,
        keyed_on,
        values,
        value,
        rows,
        raw["reference"]["cite"],
        raw["reference"].get("document", ""),
        None if checked in ("null", "", None) else as_date(checked, file, "checked"),
    )


def _unique(codes: object, what: str, file: str) -> tuple[str, ...]:
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise DefinitionError(f"{what}: a code set is a list of quoted codes", file=file)
    if len(set(codes)) != len(codes):
        raise DefinitionError(f"{what} names a code twice", file=file)
    return tuple(codes)


def _rows(rows: object, what: str, file: str) -> tuple[dict[str, str], ...]:
    if rows is not None and (
        not isinstance(rows, list)
        or not all(isinstance(row, dict) and all(isinstance(cell, str) for cell in row.values()) for row in rows)
    ):
        raise DefinitionError(f"{what}: a table is a list of rows of cells", file=file)
    return tuple(rows or ())


def law_sql(law: Law, operand: str | None = None) -> str:
    """The SQL of ``operand IN LAW(…)`` (Boolean) or ``LAW(…)`` (a number) over a row of facts.

    NULL where the law is silent, the deciding date is not known, or the payer is not listed. In a
    code set each amendment counts by its own date and only for the codes it names, so a date that
    is not known leaves every other code decided.
    """
    if law.kind == "value":
        sql = _in_force(law, [f"CAST({version.value} AS DECIMAL(18,4))" for version in law.versions])
    else:
        first = law.versions[0]
        sql = f"CASE WHEN {_reached(first)} THEN {_among(operand, first.values)} END"
        for before, version in pairwise(law.versions):
            if added := [code for code in version.values if code not in before.values]:
                sql = f"({sql} OR ({_among(operand, added)} AND {_reached(version)}))"
            if removed := [code for code in before.values if code not in version.values]:
                sql = f"({sql} AND NOT ({_among(operand, removed)} AND {_reached(version)}))"
    return f"CASE WHEN payer_program IN ({quoted(law.payers)}) THEN {sql} END" if law.payers else sql


def date_matters_sql(law: Law, operand: str, key: str) -> str:
    """The SQL that says whether this date, if it were known, could change what the law answers."""
    if law.kind == "value" or law.versions[0].keyed_on == key:
        return "TRUE"
    codes = {
        code
        for before, version in pairwise(law.versions)
        if version.keyed_on == key
        for code in set(version.values) ^ set(before.values)
    }
    return _among(operand, sorted(codes))


def law_version_sql(law: Law) -> str:
    """The SQL that gives the effective date of the version in force, as text; NULL if two may be."""
    return _in_force(law, [f"'{version.effective}'" for version in law.versions])


def _in_force(law: Law, answers: list[str]) -> str:
    """A CASE that gives the answer of the version in force, newest version outermost."""
    sql = "NULL"
    for version, answer in zip(law.versions, answers, strict=True):
        reached = _reached(version)
        sql = f"CASE WHEN {reached} THEN {answer} WHEN NOT {reached} THEN {sql} END"
    return sql


def _reached(version: Version) -> str:
    """Whether the date that counts has reached this version; see architecture § 5, *Dates*."""
    key, day = version.keyed_on, f"DATE '{version.effective}'"
    if key not in _BOUNDED:
        return f"{key} >= {day}"
    # Not known: reached if even the earliest day it can be has reached it, else NULL.
    return f"coalesce({key} >= {day}, CASE WHEN {key}_earliest >= {day} THEN TRUE END)"


def _among(operand: str | None, codes: Sequence[str]) -> str:
    return f"{operand} IN ({quoted(codes)})" if codes else "FALSE"


def quoted(values: Iterable[str]) -> str:
    """Values as SQL text literals with commas between.

    >>> quoted(["a", "o'b"])
    "'a', 'o''b'"
    """
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def code_set_rows(laws: dict[str, Law]) -> list[tuple[str, str, dt.date]]:
    """Every code of every code set with the first day it was in force: (path, code, effective)."""
    rows = []
    for law in laws.values():
        seen: set[str] = set()
        for version in law.versions:
            rows += [(law.path, code, version.effective) for code in version.values if code not in seen]
            seen.update(version.values)
    return rows


def table_rows(laws: dict[str, Law]) -> list[tuple[str, dt.date, dt.date | None, list[tuple[str, str]]]]:
    """Every row of every table: (path, effective, first day on which it holds no longer, cells)."""
    return [
        (law.path, version.effective, after.effective if after else None, list(row.items()))
        for law in laws.values()
        for version, after in zip_longest(law.versions, law.versions[1:])
        for row in version.rows
    ]
