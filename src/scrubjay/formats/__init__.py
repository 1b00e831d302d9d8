"""Files → tables. The only room that knows a segment, a loop or a column of somebody's export.

`read_files` looks at the content of each file, never at its name, and hands on the tables that
`scrubjay.tables` documents: files, claims, professional_lines, institutional_lines, visit_events,
visits and intake_problems. A reader never judges a claim, and never raises for what stands in a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.errors import UsageError
from scrubjay.formats import hl7, x12
from scrubjay.tables import READER_TABLES, arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa

HEAD_BYTES = 1 << 16


def list_files(paths: Iterable[str | Path], leave_out: frozenset[Path] = frozenset()) -> list[Path]:
    """The files named, and those below the folders named, in sorted order.

    In folders, hidden files and those to ``leave_out`` (resolved paths) are passed over. Raises
    UsageError for a path that is not there.
    """
    found: list[Path] = []
    named = [Path(path) for path in paths]
    for path in named:
        if path.is_dir():
            below = (file for file in path.rglob("*") if file.is_file() and file.resolve() not in leave_out)
            found += sorted(
                file for file in below if not any(part.startswith(".") for part in file.relative_to(path).parts)
            )
        elif path.is_file():
            found.append(path)
        else:
            raise UsageError(
                f"There is no file or folder '{path}'. Check the spelling and where you stand ({Path.cwd()})."
            )
    if not found:
        where = ", ".join(map(str, named)) or "nothing"
        raise UsageError(f"There are no files to read in {where}. Name files, or a folder that holds some.")
    return list(dict.fromkeys(found))


def read_files(
    paths: Iterable[str | Path],
    *,
    kept: Iterable[Path] = (),
    column_map: dict[str, str] | None = None,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> dict[str, pa.Table]:
    """The tables of `scrubjay.tables.READER_TABLES` for these files, by name.

    ``kept`` are files that are read along and not judged (files.is_kept); one that is among the ``paths`` too is
    none. Of files with the same content one is read, the one whose name sorts first. ``column_map`` maps headers of
    a CSV to our columns; ``on_bytes`` hears how many bytes were read.
    """
    import pyarrow as pa

    parts: dict[str, list[pa.Table]] = {table.name: [] for table in READER_TABLES}
    files: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    next_claim_key = 0
    given = list_files(paths)
    names = {path.resolve() for path in given}
    listed = [(path, False) for path in given] + [(path, True) for path in kept if path.resolve() not in names]
    copies = _copies(listed)
    for file_id, (path, is_kept) in enumerate(listed):
        if path in copies:
            row, tables, found = _copy(path, file_id, copies[path])
            found = [] if is_kept else found
            on_bytes(row["bytes"])
        else:
            row, tables, found = _read_file(path, file_id, next_claim_key, column_map, on_bytes)
        row["is_kept"] = is_kept
        files.append(row)
        problems += ({"file_id": file_id, **problem} for problem in found)
        for name, table in tables.items():
            parts[name].append(table)
        next_claim_key += row["claims"] + sum(p["problem"] == "interchange-cut-short" for p in found)
    schemas = {table.name: arrow_schema(table) for table in READER_TABLES}
    parts["files"] = [pa.Table.from_pylist(files, schemas["files"])]
    parts["intake_problems"] = [pa.Table.from_pylist(problems, schemas["intake_problems"])]
    return {name: pa.concat_tables(tables) if tables else schemas[name].empty_table() for name, tables in parts.items()}


def _copies(listed: list[tuple[Path, bool]]) -> dict[Path, Path]:
    """The files whose content another one has, byte for byte, each with the one that is read in its place."""
    of_size: dict[int, list[tuple[bool, str, Path]]] = {}
    for path, is_kept in listed:
        try:
            of_size.setdefault(path.stat().st_size, []).append((is_kept, str(path), path))
        except OSError:
            continue  # `_read_file` tells it
    first: dict[bytes, Path] = {}
    copies = {}
    for size, same in of_size.items():
        for _, _, path in sorted(same) if size and len(same) > 1 else ():
            try:
                with path.open("rb") as handle:
                    content = hashlib.file_digest(handle, "sha256").digest()
            except OSError:
                continue
            if first.setdefault(content, path) != path:
                copies[path] = first[content]
    return copies


def _copy(path: Path, file_id: int, original: Path) -> tuple[dict[str, Any], dict[str, pa.Table], list[dict[str, Any]]]:
    """A file that is not read, because another one with the same content is."""
    row = _row(path, file_id) | {"kind": "copy", "bytes": path.stat().st_size}
    message = f"The file has the content of '{original}', byte for byte. It was read once."
    return row, {}, [_problem("warning", "file given twice", message, "Give one of the two.")]


def _row(path: Path, file_id: int) -> dict[str, Any]:
    return {"file_id": file_id, "name": str(path), "kind": "unknown", "claims": 0, "lines": 0, "remittances": 0}


def _read_file(
    path: Path, file_id: int, first_claim_key: int, column_map: dict[str, str] | None, on_bytes: Callable[[int], None]
) -> tuple[dict[str, Any], dict[str, pa.Table], list[dict[str, Any]]]:
    """One file: its row of files, its claims and lines, its problems."""
    row = _row(path, file_id)
    try:
        row["bytes"] = path.stat().st_size
        with path.open("rb") as handle:
            head = handle.read(HEAD_BYTES)
    except OSError as error:
        row |= {"bytes": 0, "kind": "unreadable"}
        reason = error.strerror or type(error).__name__
        return (
            row,
            {},
            [
                _problem(
                    "error", "unreadable file", f"The file could not be opened: {reason}.", "Check its permissions."
                )
            ],
        )
    if hl7.looks_like_hl7(head):
        events, problems = hl7.read_hl7(path, file_id)
        on_bytes(row["bytes"])
        return row | {"kind": "HL7 v2"}, {"visit_events": events}, problems
    other = next(_other_kinds(head), None)
    if (other is None or other[0] == "damaged X12") and x12.looks_like_x12(head):
        return _read_x12(path, row, first_claim_key, on_bytes)
    on_bytes(row["bytes"])
    if other is not None:
        row["kind"] = other[0]
        return row, {}, [other[1]]
    from scrubjay.formats.delimited import read_delimited
    from scrubjay.formats.visits import read_visits

    table = read_delimited(path, file_id, first_claim_key, head, column_map)
    # Claims without a claim id column are told as such, and a list of visits must not be.
    visits = read_visits(path, file_id, head, column_map) if table is None or not table.rows else None
    if visits is not None:
        return row | {"kind": visits.kind}, {"visits": visits.visits}, visits.problems
    if table is None:
        return (
            row,
            {},
            [
                _problem(
                    "error",
                    "unknown kind of file",
                    "This is neither X12 nor a table of claims or visits that Scrubjay knows. Nothing in it was read.",
                    "Give an 837 file, or a CSV or Parquet file with a header row; name its columns under [columns] in scrubjay.toml.",
                )
            ],
        )
    row |= {
        "kind": table.kind,
        "claims": table.claims.num_rows,
        "lines": table.professional_lines.num_rows + table.institutional_lines.num_rows,
    }
    tables = {
        "claims": table.claims,
        "professional_lines": table.professional_lines,
        "institutional_lines": table.institutional_lines,
    }
    return row, tables, table.problems


def _read_x12(
    path: Path, row: dict[str, Any], first_claim_key: int, on_bytes: Callable[[int], None]
) -> tuple[dict[str, Any], dict[str, pa.Table], list[dict[str, Any]]]:
    from scrubjay.formats.claims_837 import read_x12

    found = read_x12(path, row["file_id"], first_claim_key, on_bytes)
    row |= {
        "kind": found.kind,
        "claims": found.claims.num_rows,
        "lines": found.line_count,
        "remittances": found.remittance_count,
    }
    problems = found.problems
    if not row["claims"] and not found.has_claim_transactions:
        what = (
            f"{row['remittances']} remittance claims are counted, not yet analysed"
            if row["remittances"]
            else "it holds no claims"
        )
        problems.append(
            _problem(
                "info",
                "no claims",
                f"The file is read as {found.kind}; {what}. Nothing in it was checked.",
                "Nothing to do.",
            )
        )
    tables = {
        "claims": found.claims,
        "professional_lines": found.professional_lines,
        "institutional_lines": found.institutional_lines,
    }
    return row, tables, problems


_SIGNATURES = (
    (b"PK\x03\x04", "zip archive", "Unpack it and give the files inside (an .xlsx workbook: save the sheet as CSV)."),
    (b"PK\x05\x06", "zip archive", "The archive is empty."),
    (b"\x1f\x8b", "gzip file", "Unpack it and give the file inside."),
    (b"BZh", "bzip2 file", "Unpack it and give the file inside."),
    (b"\xfd7zXZ", "xz file", "Unpack it and give the file inside."),
    (b"7z\xbc\xaf", "7z archive", "Unpack it and give the files inside."),
    (b"%PDF", "PDF", "Export the claims as an 837 or CSV file."),
    (b"\xd0\xcf\x11\xe0", "old Office file", "Save the sheet as CSV."),
)
_OPENINGS = (
    (("{", "["), "JSON", "JSON (FHIR) is not read yet. Nothing in the file was checked."),
    (("<",), "HTML or XML", "This is a web page or XML, perhaps an error page of a download. Nothing in it was read."),
    (
        ("ISA",),
        "damaged X12",
        "The file begins like X12, but its interchange header (ISA) cannot be read. Nothing in it was read.",
    ),
    (
        ("GS*", "ST*"),
        "damaged X12",
        "The file begins inside an X12 interchange: its header (ISA) is missing. Nothing in it was read.",
    ),
)


def _other_kinds(head: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a file is that is neither X12 nor a table, with the problem that says so."""
    opening = x12.decode(head[:256].removeprefix(b"\xef\xbb\xbf")).lstrip()
    if not head.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        yield "empty", _problem("error", "empty file", "The file is empty.", "Export or transfer it again.")
    for signature, kind, advice in _SIGNATURES:
        if head.startswith(signature):
            yield (
                kind,
                _problem(
                    "error", "not a claim file", f"This is a {kind}, not a claim file. Nothing in it was read.", advice
                ),
            )
    for openings, kind, message in _OPENINGS:
        if opening.startswith(openings):
            severity = "info" if "not read yet" in message else "error"
            yield (
                kind,
                _problem(
                    severity, "not a claim file", message, "Give an 837 file, or a CSV or Parquet file of claims."
                ),
            )
    if not head.startswith((b"PAR1", b"\xff\xfe", b"\xfe\xff")) and head.count(0) > len(head) // 100:
        yield (
            "binary",
            _problem(
                "error",
                "not a claim file",
                "This is a binary file. Nothing in it was read.",
                "Give an 837, CSV or Parquet file.",
            ),
        )


def _problem(severity: str, problem: str, message: str, advice: str) -> dict[str, Any]:
    return x12.problem_row(severity, problem, message, advice, None)
