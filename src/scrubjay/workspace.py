"""The workspace: the folder in which an organisation keeps what it knows and how it works.

* scrubjay.toml     the settings; the file that makes a folder a workspace
* sites.csv, providers.csv, payers.csv, encounters.csv
                    the registries (`scrubjay.reference.registries`)

Without a workspace Scrubjay checks what a claim alone can say; the rest is unknown.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pyarrow as pa

from scrubjay.errors import DefinitionError, UsageError, near_miss
from scrubjay.formats.layouts import COLUMNS
from scrubjay.reference.registries import describe_registry, read_registry, write_template
from scrubjay.tables import REGISTRIES

SETTINGS_FILE = "scrubjay.toml"
README_FILE = "README.md"

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
- Spreadsheets like to change what they open: format NPI and ZIP columns as text, and save as *CSV UTF-8*.
- `encounters.csv` holds patient data; keep this folder as safe as you keep claims.

Settings stand in `scrubjay.toml`.
"""


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
        root = path.parent if path.name == SETTINGS_FILE and not path.is_dir() else path
        settings = _Settings(root / SETTINGS_FILE)
        files = settings.registry_files()
        column_map = settings.column_map()
        registries: dict[str, pa.Table | None] = {}
        for table in REGISTRIES:
            file = files.get(table.name)
            rows = read_registry(table, file) if file else None
            registries[table.name] = rows if rows is not None and rows.num_rows else None
        own = {root / SETTINGS_FILE, root / README_FILE, *files.values()}
        return Workspace(root, registries, column_map, frozenset(file.resolve() for file in own))

    @staticmethod
    def find(start: Path) -> Workspace:
        """The workspace of the nearest folder, from `start` upwards, else the empty one."""
        here = start.resolve()
        for folder in (here, *here.parents):
            if (folder / SETTINGS_FILE).is_file():
                return Workspace.open(folder)
        return Workspace.empty()


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
            if section not in ("registries", "columns"):
                hint = near_miss(section, ["registries", "columns"])
                advice = f"keep to the sections [registries] and [columns].{hint}"
                raise self._wrong(section, f"unknown setting {section!r}", advice)
            if not isinstance(content, dict):
                raise self._wrong(section, f"{section!r} is a section", f"write [{section}] and its settings below")

    def registry_files(self) -> dict[str, Path]:
        """The file of each registry that is there: as named, else under its own name."""
        named = self._sections.get("registries", {})
        folder = self._path.parent
        files = {name: folder / f"{name}.csv" for name in _REGISTRY_NAMES if (folder / f"{name}.csv").is_file()}
        for name, value in named.items():
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
            if "\0" in value or not (folder / value).is_file():
                raise self._wrong(
                    name, f"there is no file {value!r} for {name}", "correct the name, or delete the line"
                )
            files[name] = folder / value
        return files

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
