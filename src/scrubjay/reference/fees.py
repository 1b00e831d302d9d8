"""The fee files of CMS that an organisation has loaded: brought in once, kept as Parquet, read by code.

A workspace keeps them in its folder ``fees``, one Parquet file for each published file, named by
kind, first day, for whom, and the beginning of its checksum:
``relative_values-2026-07-01-nonqp-0f3a91c2d4e5.parquet``. What the file is (`tables.FEE_RELEASES`)
stands in its metadata. CMS cuts some releases anew under the same name; such a file is refused until
somebody decides, because amounts computed last month must stay explainable.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scrubjay.errors import DefinitionError, UsageError
from scrubjay.reference.fee_layouts import (
    FIRST_YEAR_OF_TWO_FACTORS,
    FOR_WHOM,
    TABLE_OF_KIND,
    FeeFile,
    read_fee_files,
    rows_schema,
)
from scrubjay.tables import FEE_KINDS, FEE_RELEASES, FEE_TABLES, arrow_schema

__all__ = [
    "FEES_FOLDER",
    "FeeFile",
    "ImportedFee",
    "Release",
    "import_fees",
    "load_fees",
    "read_fee_files",
    "stored_releases",
]

FEES_FOLDER = "fees"

_SETTINGS_FILE = "scrubjay.toml"  # what makes a folder a workspace
_METADATA = b"scrubjay.fee_release"
_ROW_GROUP = 1 << 16  # rows that are read or skipped together
_SORTED_BY = {"procedure_code", "zip"}  # so that a reader of a few codes skips most of a file


@dataclass(frozen=True, slots=True)
class Release:
    """One loaded fee file without its rows: a row of `tables.FEE_RELEASES`, and where it is kept."""

    kind: str
    name: str
    effective_from: date
    effective_to: date
    is_for_qualifying_participants: bool | None
    is_excerpt: bool
    file_name: str
    sha256: str
    row_count: int
    path: Path

    @property
    def slot(self) -> tuple[str, date, bool | None]:
        """What it is about; of two releases with the same slot only one is loaded."""
        return self.kind, self.effective_from, self.is_for_qualifying_participants


@dataclass(frozen=True, slots=True)
class ImportedFee:
    """What an import did with one fee file."""

    file_name: str  # of the file, or of the member of a zip
    release: Release  # as it is loaded now; not of this file where another one has the same rows
    source: Path  # the file or zip as given
    is_new: bool  # False: the same rows were loaded already, and nothing was written
    former: Path | None  # where the file it replaced is kept
    passed_over: tuple[str, ...]  # the members of the source that were passed over, in words


def import_fees(
    paths: Sequence[Path], folder: Path, *, effective: date | None = None, replace: bool = False
) -> list[ImportedFee]:
    """Read published files, or zips of them, and keep them in the workspace in a folder.

    ``effective`` is the first day on which they all hold, where they do not say so or somebody knows
    better. A file whose rows are loaded already is not written again. Another file for the same kind,
    first day and participants is refused without ``replace``; with it the former one is kept beside it
    under the first free of the names …parquet.bak, …parquet.bak2 and counts no longer.

    Raises as `read_fee_files` does, and UsageError if the folder is no workspace, a file would replace
    another, or something cannot be written. Nothing is written unless all files can be.
    """
    fees_folder = fees_folder_of(folder)
    loaded = {release.slot: release for release in stored_releases(fees_folder)}
    new: dict[tuple[str, date, bool | None], FeeFile] = {}
    done: list[tuple[FeeFile, Path, tuple[str, ...]]] = []
    for path in paths:
        files, left_out = read_fee_files(path, effective=effective)
        for file in files:
            slot = _slot(file)
            if slot in new:
                if not _says_the_same(file, new[slot].rows):
                    raise _refused(path, file, new[slot].file_name, new[slot].sha256, "import one of them")
            elif slot not in loaded:
                new[slot] = file
            elif file.sha256 != loaded[slot].sha256 and not _says_the_same(file, _read_rows(loaded[slot])):
                if not replace:
                    former = loaded[slot]
                    advice = "add --replace to put the new one in its place; the former one is kept beside it"
                    raise _refused(path, file, former.file_name, former.sha256, advice)
                new[slot] = file
            done.append((file, path, tuple(left_out)))

    imported = []
    for file, path, passed_over in done:
        slot = _slot(file)
        if new.get(slot) is file:
            loaded[slot], kept = _store(file, fees_folder, loaded.get(slot))
            imported.append(ImportedFee(file.file_name, loaded[slot], path, True, kept, passed_over))
        else:
            imported.append(ImportedFee(file.file_name, loaded[slot], path, False, None, passed_over))
    return imported


def fees_folder_of(folder: Path) -> Path:
    """The folder of the fee files of a workspace, there or not yet. Raises UsageError if the folder is no workspace."""
    if not (folder / _SETTINGS_FILE).is_file():
        raise UsageError(f"{folder}: there is no {_SETTINGS_FILE}; 'scrubjay init FOLDER' makes a workspace")
    return folder / FEES_FOLDER


def stored_releases(fees_folder: Path) -> list[Release]:
    """The fee files that are loaded, by kind, first day and participants. Reads no rows.

    Raises DefinitionError if a Parquet file in the folder was not written by an import, or if two of them are
    the same release.
    """
    releases = [_read_release(path) for path in sorted(fees_folder.glob("*.parquet"))] if fees_folder.is_dir() else []
    by_slot: dict[tuple[str, date, bool | None], Release] = {}
    for one in releases:
        other = by_slot.setdefault(one.slot, one)
        if other is not one:
            raise DefinitionError(
                f"{other.path.name} holds for the same days as this fee file",
                file=str(one.path),
                advice="move one of the two out of the folder",
            )
    qualifying = {None: 0, False: 1, True: 2}
    return sorted(
        releases,
        key=lambda one: (one.kind, one.effective_from, qualifying[one.is_for_qualifying_participants], one.sha256),
    )


def load_fees(
    fees_folder: Path | None, procedures: Collection[str] | None = None, zips: Collection[str] | None = None
) -> dict[str, pa.Table]:
    """Every table of `tables.FEE_TABLES` by name: the rows of all loaded files, empty where there are none.

    With ``procedures`` only the rows of these codes are read (and those without a code: Addendum A),
    with ``zips`` only those of these five-digit ZIP codes. Raises DefinitionError as `stored_releases`
    does, and if a file was stored by a version of Scrubjay that kept other columns.
    """
    releases = stored_releases(fees_folder) if fees_folder else []
    pieces: dict[str, list[pa.Table]] = {table.name: [] for table in FEE_TABLES}
    for number, release in enumerate(releases, start=1):
        pieces[FEE_RELEASES.name].append(
            pa.Table.from_pylist([{"release_id": number, **_record(release)}], schema=arrow_schema(FEE_RELEASES))
        )
        rows = _read_rows(release, procedures, zips)
        identifier = pa.array([number] * rows.num_rows, pa.int64())
        table = TABLE_OF_KIND[release.kind]
        pieces[table.name].append(rows.add_column(0, arrow_schema(table).field("release_id"), identifier))
    return {
        table.name: pa.concat_tables(pieces[table.name]) if pieces[table.name] else arrow_schema(table).empty_table()
        for table in FEE_TABLES
    }


# --- the files in the folder ------------------------------------------------------------------------


def _slot(file: FeeFile) -> tuple[str, date, bool | None]:
    return file.kind, file.effective_from, file.is_for_qualifying_participants


def _refused(path: Path, file: FeeFile, other: str, sha256: str, advice: str) -> UsageError:
    """The error about a second file for the same slot, naming both checksums."""
    return UsageError(
        f"{path}: {file.file_name} ({file.sha256[:12]}) and {other} ({sha256[:12]}) are both {file.kind} from "
        f"{file.effective_from}, and differ: CMS cut this release anew, or one of them was changed. Nothing was "
        f"written. To go on, {advice}."
    )


def _says_the_same(file: FeeFile, rows: pa.Table) -> bool:
    """Whether a file has the rows that are given, wherever they stand in it."""

    def content(table: pa.Table) -> pa.Table:
        bare = table.drop_columns("row_number")
        return bare.sort_by([(name, "ascending") for name in bare.column_names]).combine_chunks()

    return file.rows.num_rows == rows.num_rows and bool(content(file.rows).equals(content(rows)))


def _store(file: FeeFile, fees_folder: Path, former: Release | None) -> tuple[Release, Path | None]:
    """Write a fee file in one step, and put the one it replaces aside."""
    suffix = {None: "", True: "-qp", False: "-nonqp"}[file.is_for_qualifying_participants]
    path = fees_folder / f"{file.kind}-{file.effective_from}{suffix}-{file.sha256[:12]}.parquet"
    release = Release(
        kind=file.kind,
        name=file.name,
        effective_from=file.effective_from,
        effective_to=file.effective_to,
        is_for_qualifying_participants=file.is_for_qualifying_participants,
        is_excerpt=file.is_excerpt,
        file_name=file.file_name,
        sha256=file.sha256,
        row_count=file.rows.num_rows,
        path=path,
    )
    metadata = json.dumps(_record(release), default=date.isoformat, ensure_ascii=False).encode()
    by = [name for name in file.rows.column_names if name in _SORTED_BY]
    order = pc.sort_indices(file.rows, [(name, "ascending") for name in (*by, "row_number")])
    part = path.with_name(path.name + ".part")
    try:
        fees_folder.mkdir(exist_ok=True)
        schema = file.rows.schema.with_metadata({_METADATA: metadata})
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            for first in range(0, len(order), _ROW_GROUP):
                writer.write_table(file.rows.take(order.slice(first, _ROW_GROUP)).cast(schema))
        kept = _put_aside(former.path) if former else None
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise UsageError(f"{path}: the fee file cannot be written ({error.strerror or error})") from error
    return release, kept


def _put_aside(path: Path) -> Path:
    """A loaded file renamed to the first name that is free, so that it counts no longer."""
    for number in range(1, 10_000):
        kept = path.with_name(f"{path.name}.bak{number if number > 1 else ''}")
        if not kept.exists():
            return path.rename(kept)
    raise UsageError(f"{path}: ten thousand former files stand beside it. Delete those you do not need.")


def _record(release: Release) -> dict[str, Any]:
    """The columns of `tables.FEE_RELEASES` but the number."""
    return {name: getattr(release, name) for name in FEE_RELEASES.names if name != "release_id"}


def _read_release(path: Path) -> Release:
    """What a stored file is, from its metadata."""
    try:
        record = json.loads((pq.read_schema(path).metadata or {})[_METADATA])
        days = {name: date.fromisoformat(record[name]) for name in ("effective_from", "effective_to")}
        if record["kind"] not in TABLE_OF_KIND:
            raise KeyError(record["kind"])
        return Release(**{**record, **days}, path=path)
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException) as error:
        raise DefinitionError(
            "this is no fee file that 'scrubjay fees import' stored, or it is damaged",
            file=str(path),
            advice="move it out of the folder, and import the file of CMS again",
        ) from error


def _read_rows(
    release: Release, procedures: Collection[str] | None = None, zips: Collection[str] | None = None
) -> pa.Table:
    """The rows of a loaded file; of all of them only those of the codes and ZIP codes given."""
    schema = rows_schema(release.kind)
    condition = None
    if procedures is not None and "procedure_code" in schema.names:
        code = pc.field("procedure_code")
        condition = code.isin(pa.array(sorted(procedures), pa.string())) | code.is_null()
    elif zips is not None and "zip" in schema.names:
        condition = pc.field("zip").isin(pa.array(sorted(zips), pa.string()))
    try:
        stored = pq.read_schema(release.path)
        if stored.remove_metadata() != schema:
            raise DefinitionError(
                "this fee file was stored by another version of Scrubjay, with other columns",
                file=str(release.path),
                advice="move it out of the folder, and import the file of CMS again",
            )
        return pq.read_table(release.path, filters=condition).replace_schema_metadata(None)
    except (OSError, pa.ArrowException) as error:
        raise DefinitionError(
            "the fee file cannot be read: it is damaged",
            file=str(release.path),
            advice="move it out of the folder, and import the file of CMS again",
        ) from error


# --- in words ---------------------------------------------------------------------------------------

_NEEDED = (  # kind, for whom, which amounts stay unknown without it
    ("relative_values", False, "professional claims"),
    ("gpci", None, "professional claims"),
    ("zip5", None, "professional claims"),
    ("relative_values", True, "professional claims of qualifying participants"),
    ("addendum_b", None, "hospital claims"),
)


@dataclass(frozen=True, slots=True)
class MissingFee:
    """A kind of file of which no release of a calendar year is loaded, and which amounts are unknown without it."""

    year: int
    kind: str
    is_for_qualifying_participants: bool | None
    unknown_amounts: str

    @property
    def what(self) -> str:
        """The kind in words, and for whom."""
        return FEE_KINDS[self.kind] + FOR_WHOM[self.is_for_qualifying_participants]


@dataclass(frozen=True, slots=True)
class MissingQuarters:
    """Quarterly releases of the relative values of a loaded year that are not loaded: for information."""

    year: int
    is_for_qualifying_participants: bool | None
    months: tuple[str, ...]


def missing_fees(releases: Sequence[Release], run_date: date) -> list[MissingFee]:
    """What is missing for each calendar year from the earliest that is loaded to that of the run date."""
    loaded = {(one.kind, one.effective_from.year, one.is_for_qualifying_participants) for one in releases}
    first = min((one.effective_from.year for one in releases), default=run_date.year)
    missing = []
    for year in range(first, run_date.year + 1):
        for kind, is_qualifying, amounts in _NEEDED:
            if kind == "relative_values" and year < FIRST_YEAR_OF_TWO_FACTORS:
                if is_qualifying:
                    continue
                is_qualifying = None
            if (kind, year, is_qualifying) not in loaded:
                missing.append(MissingFee(year, kind, is_qualifying, amounts))
    return missing


def missing_quarters(releases: Sequence[Release], run_date: date) -> list[MissingQuarters]:
    """The releases of relative values that CMS had published by the run date for years of which one is loaded."""
    loaded = [one for one in releases if one.kind == "relative_values"]
    missing = []
    for year, is_qualifying in dict.fromkeys(
        (one.effective_from.year, one.is_for_qualifying_participants) for one in loaded
    ):
        days = {one.effective_from for one in loaded if one.is_for_qualifying_participants == is_qualifying}
        quarters = [date(year, month, 1) for month in (1, 4, 7, 10)]
        months = tuple(f"{day:%B}" for day in quarters if day <= run_date and day not in days)
        if months:
            missing.append(MissingQuarters(year, is_qualifying, months))
    return missing


def imported_text(imported: Sequence[ImportedFee]) -> str:
    """What an import did, for people: each file with what it is, and the members that were passed over."""
    lines = []
    for number, one in enumerate(imported):
        release = one.release
        lines += _wrapped(one.file_name)
        lines += _wrapped(f"{FEE_KINDS[release.kind]}: {release.name}", 2)
        lines += _wrapped(f"{_rows(release)}, {release.effective_from} to {release.effective_to}", 2)
        if release.is_excerpt:
            lines += _wrapped("It says that it is an excerpt: a code may be missing.", 2)
        if not one.is_new:
            same = "" if one.file_name == release.file_name else f", from {release.file_name}"
            lines += _wrapped(f"These rows are loaded already{same}; nothing was written.", 2)
        if one.former:
            lines += _wrapped(f"The former file is kept as {one.former.name}.", 2)
        is_last_of_source = number + 1 == len(imported) or imported[number + 1].source != one.source
        if one.passed_over and is_last_of_source:
            lines += _wrapped(f"Passed over: {', '.join(one.passed_over)}.")
    return "".join(f"{line}\n" for line in lines)


def fees_text(releases: Sequence[Release], run_date: date) -> str:
    """What is loaded and what is missing, for people."""
    lines = [] if releases else _wrapped("No fee files are loaded, so no amounts are known.")
    for kind in dict.fromkeys(one.kind for one in releases):
        lines += _wrapped(FEE_KINDS[kind])
        for one in (one for one in releases if one.kind == kind):
            excerpt = ", an excerpt" if one.is_excerpt else ""
            lines += _wrapped(one.name, 2)
            lines += _wrapped(f"{one.effective_from} to {one.effective_to}, {_rows(one)}{excerpt}", 4)
            lines += _wrapped(f"{one.file_name}, sha256 {one.sha256[:12]}", 4)
    missing: dict[str, list[str]] = {}
    for lack in missing_fees(releases, run_date):
        missing.setdefault(f"{lack.year}, {lack.unknown_amounts}", []).append(lack.what)
    lines += ["", "Missing, so that amounts stay unknown"] if missing else []
    for amounts, kinds in missing.items():
        lines += [*_wrapped(amounts, 2), *(line for kind in kinds for line in _wrapped(kind, 4))]
    quarters = missing_quarters(releases, run_date)
    lines += ["", "Releases of the relative values that are not loaded (for information)"] if quarters else []
    for quarter in quarters:
        for_whom = FOR_WHOM[quarter.is_for_qualifying_participants]
        lines += _wrapped(f"{quarter.year}: {', '.join(quarter.months)}{for_whom}", 2)
    return "".join(f"{line}\n" for line in lines)


def fees_as_dict(releases: Sequence[Release], run_date: date) -> dict[str, Any]:
    """What is loaded and what is missing, for machines."""
    return {
        "releases": [
            {
                **_record(one),
                "effective_from": one.effective_from.isoformat(),
                "effective_to": one.effective_to.isoformat(),
                "stored_as": one.path.name,
            }
            for one in releases
        ],
        "missing": [
            {
                "year": one.year,
                "kind": one.kind,
                "is_for_qualifying_participants": one.is_for_qualifying_participants,
                "what": one.what,
                "unknown_amounts": one.unknown_amounts,
            }
            for one in missing_fees(releases, run_date)
        ],
        "missing_quarters": [
            {
                "year": one.year,
                "is_for_qualifying_participants": one.is_for_qualifying_participants,
                "months": list(one.months),
            }
            for one in missing_quarters(releases, run_date)
        ],
    }


def _rows(release: Release) -> str:
    return f"{release.row_count:,} {'row' if release.row_count == 1 else 'rows'}"


def _wrapped(text: str, indent: int = 0) -> list[str]:
    """A text in lines of 80 columns, the second and later ones set in."""
    first, others = " " * indent, " " * (indent + 2)
    return textwrap.wrap(text, 80, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)
