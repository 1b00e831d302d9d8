"""The workspace: the folder in which an organisation keeps what it knows and how it works.

* scrubjay.toml     the settings; the file that makes a folder a workspace
* sites.csv, providers.csv, payers.csv, encounters.csv
                    the registries (`scrubjay.reference.registries`)
* rules/            rule pages of its own, each with its cases beside it
* law/              law files laid over ours, file by file
* policies/         policies of its payers, laid over ours
* fees/             the fee files of CMS that were imported (`scrubjay.reference.fees`)
* feeds/            what hospitals and practices sent before: messages, lists of visits, claims. Every check reads
                    them along and judges nothing of them (`scrubjay.feeds`)

Without a workspace Scrubjay checks what a claim alone can say; the rest is unknown.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tomllib
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pyarrow as pa

from scrubjay.errors import DefinitionError, UsageError, near_miss
from scrubjay.formats.layouts import COLUMNS
from scrubjay.reference.registries import describe_registry, parse_registry, read_bytes, read_registry, write_template
from scrubjay.tables import REGISTRIES, Table

SETTINGS_FILE = "scrubjay.toml"
README_FILE = "README.md"

_SECTIONS = ("registries", "rules", "columns", "fees", "feeds")
FEEDS_FOLDER = "feeds"
_OWN_FOLDERS = ("rules", "law", "policies", "fees", FEEDS_FOLDER)
_REGISTRY_NAMES = [table.name for table in REGISTRIES]
_SETTINGS_TEMPLATE = """\
# Settings of this Scrubjay workspace. Every line that begins with # is off; all of them may stay off.
# Paths are relative to this folder.

[registries]
# Only needed if a registry has another name or stands in another folder.
# sites = "sites.csv"
# providers = "providers.csv"
# payers = "payers.csv"
# encounters = "encounters.csv"

# A rule that is switched off, or softened, for a time. Past its last day it speaks again, and says so.
# [rules.PRO116]
# severity = "off"            # off, info or warning
# reason = "our critical care team works in the clinic during the building works"
# owner = "J. Doe, compliance"
# until = 2027-01-31

[fees]
# What prices a service where neither the claim nor a registry says it (amounts are unknown then).
# locality = "01182-18"                # contractor and payment locality
# is_qualifying_participant = false    # whether practitioners are qualifying APM participants

# For which days a feed speaks for a hospital (hospital_id of sites.csv). Without a section of its own a hospital is taken
# to be covered on the days on which the files themselves speak of it.
# [feeds.GENERAL]
# visits = [2026-01-01, 2026-03-31]                 # ADT messages, lists of stays and registrations
# institutional_claims = [2026-01-01, 2026-03-31]   # the hospital's claims
# professional_claims = [2026-01-01, 2026-03-31]    # the practitioners' claims from its departments

[columns]
# Claims in your own CSV files: first the name in the header of your file, then the column it stands for.
# "Place of Service" = "place_of_service_code"
# "Date of Service" = "service_date"
"""

_README_HEAD = """\
# Scrubjay workspace

What a claim cannot say stands here. Fill in what you know, in any order; every row makes more findings certain.

- A blank means *not known*, and Scrubjay then says *unknown* instead of guessing.
- `none`, where it is offered, means *known that there is none*.
- A registry without a row counts as no registry at all, so a fresh template changes nothing.
- Dates are YYYY-MM-DD (M/D/YYYY is read too). `effective_from` and `effective_to` are the first and the last day on
  which a row holds.
- `scrubjay sites list` shows what is loaded, and which blanks leave which rules unable to tell; `scrubjay sites import
  FILE` puts a new file in place. The same goes for `providers`, `payers` and `encounters`.
- `scrubjay fees import FILE...` keeps CMS's fee files in `fees/`, without descriptors; `scrubjay fees list` shows which
  are there and which are missing. Without them findings carry no amounts.
- `scrubjay feeds import FILE...` keeps messages, lists of visits and claims in `feeds/`, and every check reads them
  along; `scrubjay feeds list` shows for which hospitals and days they speak.
- Spreadsheets like to change what they open: format NPI and ZIP columns as text, and save as *CSV UTF-8*.
- `encounters.csv` and `feeds/` hold patient data; keep this folder as safe as you keep claims.

Settings stand in `scrubjay.toml`.
"""


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """A rule that the organisation switches off or softens: why, on whose word, and until when."""

    code: str
    severity: str  # off, info, warning
    reason: str
    owner: str
    until: dt.date
    file: str = field(default=SETTINGS_FILE, compare=False)  # where it stands
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class FeeSettings:
    """What prices a service where neither the claim nor a registry says it."""

    contractor: str | None = None  # five digits
    locality: str | None = None  # two digits
    is_qualifying_participant: bool | None = None


Feed = tuple[
    str, str, dt.date, dt.date
]  # hospital; visits, institutional_claims or professional_claims; first and last day


@dataclass(frozen=True, slots=True)
class Workspace:
    """The settings and registries of one organisation.

    A registry is None when there is none, and when its file has no data row: a template that
    nobody has filled in yet says nothing. As an empty registry it would say of every site that no
    row fits, and send people looking for the row that is missing instead of the registry.
    """

    root: Path | None
    registries: dict[str, pa.Table | None]
    column_map: dict[str, str]  # header in a claims CSV → our column
    own_files: frozenset[Path] = frozenset()  # settings and registries: no claims, wherever they stand
    own_rules: Path | None = None  # the folder of its own rule pages, if there is one
    own_law: Path | None = None
    own_policies: Path | None = None
    settings: tuple[RuleSetting, ...] = ()
    own_fees: Path | None = None  # the folder of the fee files that were imported
    own_feeds: Path | None = None  # the folder of the files that every check reads along
    fee_settings: FeeSettings = FeeSettings()
    feeds: tuple[Feed, ...] = ()  # for which days a feed is said to speak for a hospital

    @staticmethod
    def empty() -> Workspace:
        """A workspace in which nothing is known."""
        return Workspace(root=None, registries=dict.fromkeys(_REGISTRY_NAMES), column_map={})

    @staticmethod
    def open(path: Path) -> Workspace:
        """The workspace in a folder (or of a scrubjay.toml), with its registries loaded.

        Raises UsageError if there is no scrubjay.toml, and DefinitionError if it or a registry is
        malformed.
        """
        root = root_of(path)
        settings = _Settings(root / SETTINGS_FILE)
        files = settings.registry_files()
        column_map = settings.column_map()
        registries: dict[str, pa.Table | None] = {}
        for table in REGISTRIES:
            file = files.get(table.name)
            rows = read_registry(table, file) if file else None
            registries[table.name] = rows if rows is not None and rows.num_rows else None
        former = (kept for file in files.values() for kept in file.parent.glob(f"{escape(file.name)}.bak*"))
        own = {root / SETTINGS_FILE, root / README_FILE, *files.values(), *former}
        folders = own_folders(root)
        own |= {file for folder in folders.values() for file in folder.rglob("*") if file.is_file()}
        return Workspace(
            root,
            registries,
            column_map,
            frozenset(file.resolve() for file in own),
            own_rules=folders.get("rules"),
            own_law=folders.get("law"),
            own_policies=folders.get("policies"),
            settings=settings.rule_settings(),
            own_fees=folders.get("fees"),
            own_feeds=folders.get("feeds"),
            fee_settings=settings.fee_settings(),
            feeds=settings.feeds(),
        )

    def kept_files(self) -> list[Path]:
        """The files that every check reads along: those of the feeds folder, but hidden and former ones."""
        below = self.own_feeds.rglob("*") if self.own_feeds else ()
        return sorted(file for file in below if file.is_file() and not re.search(r"^\.|\.(bak\d*|part)$", file.name))

    def expired_settings(self, run_date: dt.date) -> list[str]:
        """The settings of rules whose last day has passed, in words."""
        return [f"{one.code} ({one.owner}, until {one.until})" for one in self.settings if one.until < run_date]

    @staticmethod
    def find(start: Path) -> Workspace:
        """The workspace of the nearest folder, from `start` upwards, else the empty one."""
        folder = find_folder(start)
        return Workspace.open(folder) if folder else Workspace.empty()


def find_folder(start: Path) -> Path | None:
    """The nearest folder, from `start` upwards, that is a workspace."""
    here = start.resolve()
    return next((folder for folder in (here, *here.parents) if (folder / SETTINGS_FILE).is_file()), None)


def own_folders(root: Path | None) -> dict[str, Path]:
    """The folders of a workspace that hold rules, law, policies, fees and feeds of its own, by name: those there are."""
    return {name: root / name for name in _OWN_FOLDERS if root and (root / name).is_dir()}


def rule_settings(path: Path) -> tuple[RuleSetting, ...]:
    """The rules that a workspace switches off or softens. Raises as `Workspace.open` does."""
    return _Settings(root_of(path) / SETTINGS_FILE).rule_settings()


def load_registry(table: Table, path: Path) -> pa.Table | None:
    """The rows of one registry of the workspace in this folder; None if it has no file or no row.

    Nothing else of the workspace is read but its settings. Raises as `Workspace.open` does.
    """
    file = _Settings(root_of(path) / SETTINGS_FILE).registry_files().get(table.name)
    rows = read_registry(table, file) if file else None
    return rows if rows is not None and rows.num_rows else None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: the rows it read, where they now stand, and what stood there before."""

    rows: pa.Table
    file: Path
    is_new: bool  # False: the very same file stood there already, and nothing was written
    former: Path | None  # where the registry it replaced is kept


def import_registry(table: Table, source: Path, path: Path, *, replace: bool = False) -> Imported:
    """Check a registry file and copy it, byte for byte, into the workspace in a folder.

    It becomes the file that the settings name, else the one under the registry's own name. A
    registry with rows is replaced only with `replace`, and kept beside the new one under the first
    free of the names sites.csv.bak, sites.csv.bak2 …; the new file appears in one step.

    Raises DefinitionError if the file is malformed, and UsageError if it has no row, cannot be
    written, or would replace a registry; then nothing is changed.
    """
    settings = _Settings(root_of(path) / SETTINGS_FILE)
    file = settings.registry_file(table.name).resolve()
    content = read_bytes(source)
    rows = parse_registry(table, content, source)
    if not rows.num_rows:
        raise UsageError(f"{source}: the file has no row, so there is nothing to import.")
    former_content = read_bytes(file) if file.exists() else b""
    if former_content == content:
        return Imported(rows, file, is_new=False, former=None)
    holds_rows = _holds_rows(table, former_content, file)
    if holds_rows and not replace:
        raise UsageError(
            f"{file}: this registry has rows already, and they differ from those of '{source}'. Nothing was changed. "
            "Add --replace to put the new file in its place; the former one is kept beside it."
        )
    part = file.with_name(file.name + ".part")
    try:
        former = _keep(file, former_content) if holds_rows else None
        part.unlink(missing_ok=True)
        # It may hold patient data: nobody may read it before it is as safe as the former one.
        part.touch(mode=0o600, exist_ok=False)
        part.write_bytes(content)
        if file.exists() or source.is_file():
            shutil.copymode(file if file.exists() else source, part)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"{file}: the registry cannot be written ({error.strerror or error})") from error
    return Imported(rows, file, is_new=True, former=former)


def _holds_rows(table: Table, content: bytes, file: Path) -> bool:
    """Whether a registry file holds anything that would be lost; a malformed one does."""
    try:
        return bool(content.strip()) and parse_registry(table, content, file).num_rows > 0
    except DefinitionError:
        return True


def _keep(file: Path, content: bytes) -> Path:
    """A copy of a registry under a name that is still free, as safe from readers as the registry is."""
    kept = free_name(file)
    kept.write_bytes(content)
    shutil.copymode(file, kept)
    return kept


def free_name(file: Path) -> Path:
    """An empty file, for its owner alone, under the first free of the names sites.csv.bak, sites.csv.bak2 …"""
    for number in range(1, 10_000):
        kept = file.with_name(f"{file.name}.bak{number if number > 1 else ''}")
        try:
            kept.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        return kept
    raise UsageError(f"{file}: ten thousand former files stand beside it. Delete those you do not need.")


def root_of(path: Path) -> Path:
    """The folder of a workspace, given as a folder or as its scrubjay.toml."""
    return path.parent if path.name == SETTINGS_FILE and not path.is_dir() else path


def create_workspace(path: Path) -> list[Path]:
    """The files of a new workspace: scrubjay.toml, a template for each registry, and a README.md.

    Raises UsageError, before anything is written, if one of them exists already.
    """
    templates = {table.name: path / f"{table.name}.csv" for table in REGISTRIES}
    files = [path / SETTINGS_FILE, *templates.values(), path / README_FILE]
    in_the_way = [file.name for file in files if file.exists()]
    if in_the_way:
        raise UsageError(
            f"{path}: {', '.join(in_the_way)} {'exists' if len(in_the_way) == 1 else 'exist'} already, and nothing is "
            "overwritten. Choose another folder, or move what is there"
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
        files[0].write_text(_SETTINGS_TEMPLATE, encoding="utf-8", newline="\n")
        for table in REGISTRIES:
            write_template(table, templates[table.name])
        readme = "\n".join([_README_HEAD, *(describe_registry(table) for table in REGISTRIES)])
        files[-1].write_text(readme, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{path}: the workspace cannot be written ({error.strerror or error})") from error
    return files


class _Settings:
    """A scrubjay.toml: read, and checked key by key."""

    def __init__(self, path: Path) -> None:
        self._path, self._text = path, ""
        try:
            self._text = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise UsageError(
                f"{path}: the settings cannot be opened ({error.strerror or error}); "
                "'scrubjay init FOLDER' makes a workspace"
            ) from error
        except UnicodeDecodeError as error:
            raise DefinitionError("the file is not in UTF-8", file=str(path), advice="save it as UTF-8") from error
        try:
            self._sections: dict[str, Any] = tomllib.loads(self._text)
        except (ValueError, RecursionError) as error:
            said, _, where = str(error).partition(" (at line ")
            line = int(where.split(",")[0]) if where else None
            advice = 'write settings as key = "value", below [registries] or [columns]'
            raise DefinitionError(f"this is not TOML: {said}", file=str(path), line=line, advice=advice) from error
        for section, content in self._sections.items():
            if section not in _SECTIONS:
                hint = near_miss(section, list(_SECTIONS))
                advice = (
                    f"keep to the sections [registries], [rules.CODE], [columns], [fees] and [feeds.HOSPITAL].{hint}"
                )
                raise self._wrong(section, f"unknown setting {section!r}", advice)
            if not isinstance(content, dict):
                raise self._wrong(section, f"{section!r} is a section", f"write [{section}] and its settings below")

    def registry_files(self) -> dict[str, Path]:
        """The file of each registry that is there: as named, else under its own name."""
        folder = self._path.parent
        files = {name: folder / f"{name}.csv" for name in _REGISTRY_NAMES if (folder / f"{name}.csv").is_file()}
        for name, file in self._named_files().items():
            if not file.is_file():
                value = self._sections["registries"][name]
                raise self._wrong(
                    name, f"there is no file {value!r} for {name}", "correct the name, or delete the line"
                )
            files[name] = file
        return files

    def registry_file(self, name: str) -> Path:
        """The file of a registry, whether it is there or not: as named, else under its own name."""
        return self._named_files().get(name) or self._path.parent / f"{name}.csv"

    def _named_files(self) -> dict[str, Path]:
        """The files that the settings name."""
        files = {}
        for name, value in self._sections.get("registries", {}).items():
            if name not in _REGISTRY_NAMES:
                advice = f"use one of {', '.join(_REGISTRY_NAMES)}.{near_miss(name, _REGISTRY_NAMES)}"
                raise self._wrong(name, f"unknown registry {name!r}", advice)
            if not isinstance(value, str) or not value.strip():
                raise self._wrong(name, f"the file of {name} is {value!r}", f'write a file name: {name} = "{name}.csv"')
            if PurePosixPath(value).is_absolute() or PureWindowsPath(value).anchor or PureWindowsPath(value).drive:
                raise self._wrong(
                    name,
                    f"{value!r} is an absolute path, and would be wrong on every other machine",
                    "write it relative to the folder of scrubjay.toml",
                )
            if "\0" in value:
                raise self._wrong(
                    name, f"there is no file {value!r} for {name}", "correct the name, or delete the line"
                )
            files[name] = self._path.parent / value
        return files

    def rule_settings(self) -> tuple[RuleSetting, ...]:
        """The rules that are switched off or softened."""
        found: dict[str, RuleSetting] = {}
        keys = ("severity", "reason", "owner", "until")
        advice = "write [rules.CODE] and below it severity, reason, owner and until"
        for section, content in self._sections.get("rules", {}).items():
            code = section.upper()
            if not isinstance(content, dict):
                raise self._wrong_rule(section, "", f"{section!r} is no section", advice)
            if odd := next((key for key in content if key not in keys), None):
                hint = near_miss(odd, list(keys))
                raise self._wrong_rule(section, odd, f"unknown setting {odd!r} of {code}", f"{advice}.{hint}")
            if lacking := [key for key in keys if not content.get(key)]:
                raise self._wrong_rule(section, "", f"{code} has no {' and no '.join(lacking)}", advice)
            if content["severity"] not in ("off", "info", "warning"):
                problem = f"the severity of {code} is {content['severity']!r}"
                raise self._wrong_rule(section, "severity", problem, "use off, info or warning")
            if type(content["until"]) is not dt.date:
                problem = f"until of {code} is {content['until']!r}"
                raise self._wrong_rule(section, "until", problem, "write a day: until = 2027-01-31")
            for key in ("reason", "owner"):
                if not isinstance(content[key], str) or not content[key].strip():
                    raise self._wrong_rule(section, key, f"{key} of {code} is no text", f'write {key} = "…"')
            if code in found:
                raise self._wrong_rule(section, "", f"two sections are about {code}", "keep one of them")
            words = {key: str(content[key]) for key in ("severity", "reason", "owner")}
            line = self._line_of_rule(section)
            found[code] = RuleSetting(code, **words, until=content["until"], file=str(self._path), line=line)
        return tuple(found.values())

    def _wrong_rule(self, section: str, key: str, problem: str, advice: str) -> DefinitionError:
        """The error about a rule that is switched off, with the line of its key, else of its section."""
        line = self._line_of_rule(section, key) or self._line_of_rule(section)
        return DefinitionError(problem, file=str(self._path), line=line, advice=advice)

    def _line_of_rule(self, section: str, key: str = "") -> int | None:
        """The line in which the section of a rule begins, or one of its keys stands."""
        name = rf"[\"']?{re.escape(section)}[\"']?"
        head = re.compile(rf"\s*\[+\s*rules\s*\.\s*{name}\s*[].]")
        wanted = re.compile(rf"\s*{re.escape(key)}\s*=|.*\.\s*[\"']?{re.escape(key)}[\"']?\s*]")
        is_within = False
        for number, line in enumerate(self._text.splitlines(), start=1):
            if line.lstrip().startswith("["):
                is_within = head.match(line) is not None
                if is_within and not key:
                    return number
            if (is_within and key and wanted.match(line)) or (not key and re.match(rf"\s*{name}\s*=", line)):
                return number
        return None

    def fee_settings(self) -> FeeSettings:
        """What prices a service where nothing else says it."""
        kept = self._sections.get("fees", {})
        keys = ["locality", "is_qualifying_participant"]
        if odd := next((key for key in kept if key not in keys), None):
            raise self._wrong(
                odd, f"unknown setting {odd!r} of [fees]", f"use {' or '.join(keys)}.{near_miss(odd, keys)}"
            )
        locality, is_qualifying = kept.get("locality"), kept.get("is_qualifying_participant")
        if locality is not None and not (isinstance(locality, str) and re.fullmatch(r"\d{5}-\d{2}", locality)):
            advice = 'write contractor and locality: locality = "01182-18"'
            raise self._wrong("locality", f"{locality!r} is no payment locality", advice)
        if is_qualifying is not None and not isinstance(is_qualifying, bool):
            key = "is_qualifying_participant"
            raise self._wrong(key, f"{key} is {is_qualifying!r}", "write true or false, without quotes")
        contractor, _, area = (locality or "").partition("-")
        return FeeSettings(contractor or None, area or None, is_qualifying)

    def feeds(self) -> tuple[Feed, ...]:
        """For which days a feed speaks for a hospital, as the settings say."""
        found: list[Feed] = []
        for hospital, kept in self._sections.get("feeds", {}).items():
            if not isinstance(kept, dict):
                advice = "write [feeds.HOSPITAL] with the hospital_id of sites.csv, and below it visits = [first day, last day]"
                raise self._wrong(hospital, f"{hospital!r} is no section", advice)
            for kind, days in kept.items():
                kinds = ["visits", "institutional_claims", "professional_claims"]
                if kind not in kinds:
                    advice = f"use {', '.join(kinds[:-1])} or {kinds[-1]}.{near_miss(kind, kinds)}"
                    raise self._wrong(kind, f"unknown setting {kind!r} of [feeds.{hospital}]", advice)
                is_pair = isinstance(days, list) and [type(day) for day in days] == [dt.date, dt.date]
                if not is_pair or days[0] > days[1]:
                    advice = f"write the first and the last day: {kind} = [2026-01-01, 2026-03-31]"
                    raise self._wrong(kind, f"{kind} of [feeds.{hospital}] is {days!r}", advice)
                found.append((hospital, kind, days[0], days[1]))
        return tuple(found)

    def column_map(self) -> dict[str, str]:
        """Header in a claims CSV → our column."""
        headers: dict[str, str] = {}
        for header, column in self._sections.get("columns", {}).items():
            if not isinstance(column, str) or column not in COLUMNS:
                advice = (
                    'write "name in your file" = "our column", such as "Place of Service" = "place_of_service_code".'
                )
                if isinstance(column, str):
                    advice += near_miss(column, list(COLUMNS))
                raise self._wrong(header, f"{header!r} stands for {column!r}, which is no column of a claim", advice)
            if column in headers.values():
                raise self._wrong(header, f"two names stand for {column!r}", "keep one of them")
            headers[header] = column
        return headers

    def _wrong(self, key: str, problem: str, advice: str) -> DefinitionError:
        """The error about a key, with the line it most likely stands in."""
        written = re.compile(rf"""\s*\[?\s*["']?{re.escape(key)}["']?\s*[]=.]""")
        lines = [number for number, line in enumerate(self._text.splitlines(), start=1) if written.match(line)]
        return DefinitionError(problem, file=str(self._path), line=lines[0] if lines else None, advice=advice)
