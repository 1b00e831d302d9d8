"""The feeds folder of a workspace, whose files every check reads along; and what feeds say of whom and when.

``scrubjay feeds import`` keeps a file under its own name, readable by its owner alone: it holds patient data.
``scrubjay feeds list`` tells for which hospitals and days somebody speaks, which names no site answers to, and
which patients cannot be told apart. No name and no number of a patient is ever shown.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import filecmp
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.engine import connect, plain, today
from scrubjay.errors import UsageError, printable
from scrubjay.facts import build_facts
from scrubjay.formats import list_files, read_files
from scrubjay.reference.law import load_laws
from scrubjay.workspace import FEEDS_FOLDER, Workspace, free_name

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
WIDTH = 80
_SHOWN = 10  # of a list in the text; JSON has them all
_COUNTED = {
    "claims": "claim",
    "visit_events": "message",
    "visits": "visit",
}  # tables with what a feed tells, and one row


@dataclass(frozen=True, slots=True)
class ImportedFeed:
    """What became of one file: what it holds, where it stands now, and what stood there before."""

    source: Path
    file: Path
    kind: str
    counts: dict[str, int]  # claims, visit_events, visits
    problems: list[Row]  # intake problems
    is_new: bool  # False: nothing was written, as the very same file was kept already or nothing in it can be kept
    former: Path | None


def import_feeds(
    paths: Iterable[Path], workspace: Workspace, folder: Path, *, replace: bool = False
) -> list[ImportedFeed]:
    """Read files (those below a folder, too) and keep them, byte for byte, in the feeds folder of a workspace.

    Another file under the same name is replaced only with ``replace``; the former one is kept beside it under the
    first free of the names adt.hl7.bak, adt.hl7.bak2 … and is read no longer. Raises UsageError if a file holds no
    claim, message or visit that can be read (below a folder it is passed over), would replace another, or cannot be
    written; nothing is written unless all files can be.
    """
    feeds_folder = folder / FEEDS_FOLDER
    paths = list(paths)
    kept = workspace.kept_files()
    done: list[ImportedFeed] = []
    targets: dict[Path, Path] = {}
    for path in list_files(paths, workspace.own_files):
        tables = read_files([path], column_map=workspace.column_map)
        counts = {name: tables[name].num_rows for name in _COUNTED}
        problems = tables["intake_problems"].to_pylist()
        [row] = tables["files"].to_pylist()
        if not any(counts.values()):
            reason = problems[0]["message"] if problems else "it holds no claim, no message and no visit."
            if path in paths:
                raise UsageError(f"{path}: nothing in it can be kept: {reason}")
            done.append(ImportedFeed(path, path, row["kind"], counts, problems, False, None))
            continue
        same = next((one for one in kept if filecmp.cmp(path, one, shallow=False)), None)
        target = same or feeds_folder / path.name
        if not same and target in targets:
            raise UsageError(f"{path}: '{targets[target]}' bears the same name. Rename one of the two.")
        if not same and target.exists() and not replace:
            raise UsageError(
                f"{target}: another file is kept under this name. Nothing was changed. Add --replace to put "
                f"'{path}' in its place (the former one is kept beside it), or rename it to keep both."
            )
        targets[target] = path
        done.append(ImportedFeed(path, target, row["kind"], counts, problems, same is None, None))
    return [_store(one) if one.is_new else one for one in done]


def _store(one: ImportedFeed) -> ImportedFeed:
    """Put a file in place in one step; nobody but its owner may read it."""
    part = one.file.with_name(one.file.name + ".part")
    former = None
    try:
        one.file.parent.mkdir(exist_ok=True)
        try:
            part.unlink(missing_ok=True)
            part.touch(mode=0o600, exist_ok=False)
            shutil.copyfile(one.source, part)
            if one.file.exists():
                former = free_name(one.file)
                one.file.replace(former)
            part.replace(one.file)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{one.file}: the file cannot be written ({error.strerror or error})") from error
    return dataclasses.replace(one, former=former)


def feeds_as_dict(workspace: Workspace, paths: Sequence[str | Path] = (), as_of: dt.date | None = None) -> Row:
    """What the kept files, and these besides, say of whom and when, for machines.

    ``files``: each with its kind, what it holds, and its problems. ``coverage``: for which days visits, institutional
    and professional claims of a hospital were given. ``visits``: how many of each class. ``unknown_names``: what the
    feeds call a hospital, or a place in it, to which no site answers. ``ambiguous``: pairs of patients that cannot
    be told apart, each by the places where they stand. ``appointments``: they are counted, and tell of no visit.
    """
    kept = workspace.kept_files()
    given = list_files(paths, workspace.own_files) if paths else []
    if not given and not kept:
        return {"files": [], "coverage": [], "visits": [], "appointments": [], "unknown_names": [], "ambiguous": []}
    tables = read_files(given or kept, kept=kept if given else (), column_map=workspace.column_map)
    rows = tables["files"].to_pylist()
    names = {row["file_id"]: row["name"] for row in rows}
    told = {
        what: Counter(tables[name].column("file_id").to_pylist())
        for what, name in (("messages", "visit_events"), ("visits", "visits"))
    }
    problems = tables["intake_problems"].to_pylist()
    files = [
        {
            **{name: row[name] for name in ("name", "kind", "is_kept", "claims")},
            **{what: counts[row["file_id"]] for what, counts in told.items()},
            "problems": [
                {name: one for name, one in problem.items() if name != "file_id"}
                for problem in problems
                if problem["file_id"] == row["file_id"]
            ],
        }
        for row in rows
    ]
    connection = connect(sum(table.num_rows for table in tables.values()))
    build_facts(connection, tables, workspace, load_laws(workspace.own_law), None, as_of or today())
    ambiguous = [
        {**pair, "records": [_place(one, names) for one in pair["records"]]} for pair in _rows(connection, _AMBIGUOUS)
    ]
    asked = {"coverage": _COVERAGE, "visits": _VISITS, "appointments": _APPOINTMENTS, "unknown_names": _UNKNOWN_NAMES}
    return {"files": files, **{name: _rows(connection, sql) for name, sql in asked.items()}, "ambiguous": ambiguous}


# --- what is asked of the facts ---------------------------------------------------------------------

_COVERAGE = """
SELECT hospital_id, hospital_name, kind, first_day, last_day,
    (hospital_id, kind) IN (SELECT (hospital_id, kind) FROM declared_feeds) AS is_declared
FROM (SELECT 'visits' AS kind, * FROM feed_days UNION ALL BY NAME FROM claimed_days)
LEFT JOIN hospitals USING (hospital_id)
ORDER BY hospital_id, kind, first_day
"""
_VISITS = """
SELECT coalesce(hospital_name, hospital) AS hospital, source, coalesce(patient_class, 'not known') AS patient_class, count(*) AS visits,
    min(first_day) AS first_day, max(first_day) AS last_day
FROM patient_visits GROUP BY ALL ORDER BY ALL
"""
_APPOINTMENTS = """
SELECT sending_facility AS hospital, count(DISTINCT appointment_id) AS appointments,
    min(CAST(appointment_at AS DATE)) AS first_day, max(CAST(appointment_at AS DATE)) AS last_day
FROM visit_events WHERE message_type = 'SIU' GROUP BY ALL ORDER BY ALL
"""
_UNKNOWN_NAMES = """
WITH said AS (
    SELECT 'hospital' AS what, list_filter([servicing_facility, facility, point_of_care, sending_facility], lambda x: x <> '') AS names,
        coalesce(servicing_facility, facility, sending_facility) AS name, 'messages' AS rows
    FROM visit_events
    UNION ALL
    SELECT 'place', [point_of_care], point_of_care, 'messages' FROM visit_events  -- a ward needs no row of its own
    WHERE message_type = 'ADT' AND point_of_care IS NOT NULL AND upper(coalesce(patient_class_code, 'I')) NOT LIKE 'I%'
    UNION ALL
    SELECT 'hospital', list_filter([hospital, location], lambda x: x <> ''), hospital, 'visits' FROM visits
    UNION ALL
    SELECT 'place', [location], location, 'visits' FROM visits
    WHERE location IS NOT NULL AND patient_class IN ('outpatient', 'recurring', 'emergency')
    UNION ALL
    SELECT 'hospital', [billing_provider_npi], billing_provider_npi, 'claims' FROM claims WHERE claim_type = 'institutional'
)
SELECT what, coalesce(name, 'no name') AS name, rows, count(*) AS count
FROM said
WHERE NOT list_has_any(list_transform(names, lambda x: upper(x)), (SELECT coalesce(list(code), []) FROM feed_codes WHERE hospital_id IS NOT NULL))
GROUP BY ALL ORDER BY what, count DESC, name
"""
_AMBIGUOUS = """
WITH places AS (
    SELECT 'claim' AS source, claim_key AS record_id, file_id, byte_offset, row_number, claim_id AS name FROM claims
    UNION ALL
    SELECT 'event', event_id, file_id, byte_offset, NULL, message_control_id FROM visit_events
    UNION ALL
    SELECT 'visit', visit_id, file_id, NULL, row_number, visit_number FROM visits
),
standing AS (
    SELECT identity_id, list(struct_pack(source, file_id, byte_offset, row_number, name) ORDER BY source, file_id, record_id) AS records
    FROM record_patients JOIN places USING (source, record_id)
    GROUP BY identity_id
)
SELECT
    CASE WHEN a.member = b.member THEN 'one member number, and no birth date that tells them apart'
         ELSE 'one name and birth date, and no number that tells them apart' END AS because,
    [s.records[1]] || o.records AS records
FROM (SELECT DISTINCT least(identity_id, other_identity_id) AS one, greatest(identity_id, other_identity_id) AS other FROM doubles) AS d
JOIN patients AS a ON a.identity_id = d.one
JOIN patients AS b ON b.identity_id = d.other
JOIN standing AS s ON s.identity_id = d.one
JOIN standing AS o ON o.identity_id = d.other
ORDER BY records
"""
_RECORDS = {"claim": "claim", "event": "message", "visit": "visit"}


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    rows = connection.sql(query).to_arrow_table().to_pylist()
    return [{name: plain(one) for name, one in row.items()} for row in rows]


def _place(record: Row, names: dict[int, str]) -> Row:
    """Where a record stands, and by what it is called there."""
    return {"what": _RECORDS[record["source"]], "file": names[record["file_id"]]} | {
        name: record[name] for name in ("byte_offset", "row_number", "name")
    }


# --- in words ---------------------------------------------------------------------------------------


def imported_text(imported: Iterable[ImportedFeed]) -> str:
    """What an import did, for people."""
    lines = []
    for one in imported:
        held = ", ".join(_counted(number, _COUNTED[name]) for name, number in one.counts.items() if number)
        what = "imported" if one.is_new else f"kept already as {one.file.name}" if held else "passed over"
        lines += _wrapped(f"{one.source.name}: {', '.join([one.kind, *filter(None, [held])])}; {what}.")
        if one.former:
            lines += _wrapped(f"The former file is kept as {one.former.name}, and is read no longer.", 2)
        lines += [line for problem in one.problems for line in _problem_lines(problem)]
    return "".join(f"{line}\n" for line in lines)


def feeds_text(found: Row) -> str:
    """What `feeds_as_dict` found, for people."""
    if not found["files"]:
        return "No feeds are kept. 'scrubjay feeds import FILE...' keeps messages, lists of visits and claims.\n"
    lines = []
    for file in found["files"]:
        held = [_counted(file[f"{noun}s"], noun) for noun in ("claim", "message", "visit") if file[f"{noun}s"]]
        lines += _wrapped(f"{file['name']}: {', '.join([file['kind'], *held])}")
        lines += [line for problem in file["problems"] for line in _problem_lines(problem)]
    runs: dict[str, list[Row]] = {}
    for one in found["coverage"]:
        runs.setdefault(f"{one['hospital_name'] or one['hospital_id']}, {one['kind'].replace('_', ' ')}", []).append(
            one
        )
    coverage = [
        f"{what}: {days[0]['first_day']} to {days[-1]['last_day']}, "
        + (f"in {len(days)} runs of days, " if len(days) > 1 else "")
        + ("as scrubjay.toml says" if days[0]["is_declared"] else "as observed")
        for what, days in runs.items()
    ]
    lines += _section("Who speaks for which days", coverage, "No hospital of the sites registry is spoken of.")
    visits = [
        f"{one['hospital']}, {one['patient_class']}, by {_SOURCES[one['source']]}: {one['visits']:,}, "
        f"begun from {one['first_day']} to {one['last_day']}"
        for one in found["visits"]
    ]
    lines += _section("Visits", visits)
    appointments = [
        f"{one['hospital']}: {one['appointments']:,}, from {one['first_day']} to {one['last_day']}"
        for one in found["appointments"]
    ]
    lines += _section(
        "Appointments (they do not say that the patient came, so nothing follows from them)", appointments
    )
    names = [
        f"{one['what']} {one['name']}, in {_counted(one['count'], one['rows'].removesuffix('s'))}"
        for one in found["unknown_names"]
    ]
    heading = (
        "Names to which no site answers (in the sites registry: feed_codes, for claims the npi of the main campus)"
    )
    lines += _section(heading, names)
    pairs = [f"{_records_text(one['records'])}: {one['because']}" for one in found["ambiguous"]]
    lines += _section("Patients that may be one or two, so that what they did is unknown", pairs)
    return "".join(f"{line}\n" for line in lines)


_SOURCES = {"feed": "messages", "list": "lists", "claim": "the hospital's claims"}


def _records_text(records: Sequence[Row]) -> str:
    """The first record of one patient, and the first of the other."""
    first, other = (
        f"{one['what']} {one['name'] or 'without a number'} ({one['file']}, "
        + (f"row {one['row_number']:,})" if one["row_number"] is not None else f"byte {one['byte_offset']:,})")
        for one in records[:2]
    )
    return f"{first} and {other}"


def _section(title: str, rows: Sequence[str], if_none: str = "") -> list[str]:
    """A heading and its rows, as many as a reader bears; nothing where there is nothing to say."""
    if not rows and not if_none:
        return []
    lines = ["", *_wrapped(title), *(line for row in rows[:_SHOWN] or [if_none] for line in _wrapped(row, 2))]
    left = len(rows) - _SHOWN
    return lines + ([f"  … and {left:,} more; --format json lists them all"] if left > 0 else [])


def _problem_lines(problem: Row) -> list[str]:
    where = f" at byte {problem['byte_offset']:,}" if problem["byte_offset"] is not None else ""
    where = f" in row {problem['row_number']:,}" if problem["row_number"] is not None else where
    return _wrapped(f"{problem['severity']}{where}: {problem['message']} {problem['advice']}", 2)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def _wrapped(text: str, indent: int = 0) -> list[str]:
    """A text in lines of 80 columns, the second and later ones set in."""
    first, others = " " * indent, " " * (indent + 2)
    return textwrap.wrap(printable(text), WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)
