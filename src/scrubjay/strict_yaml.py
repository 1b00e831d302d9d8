"""YAML without surprises: every scalar stays text until our own schema types it.

PyYAML's usual loaders read ``02`` as 2, ``no`` as False and ``12:30`` as 750, and take the last of
two equal keys in silence. Here a repeated key, an anchor or an alias is an error with its line.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import yaml

from scrubjay.errors import DefinitionError, near_miss


class _Loader(yaml.BaseLoader):
    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not taken", problem_mark=event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be one word", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key '{key.value}' is given twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_yaml(text: str, file: str, first_line: int = 1) -> Any:
    """The document as dicts, lists and text. Raises DefinitionError with file and line."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 (a BaseLoader makes nothing but text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = first_line + mark.line if mark else None
        raise DefinitionError(f"this is not YAML Scrubjay takes: {problem}", file=file, line=line) from None
    except RecursionError:
        raise DefinitionError("the YAML is nested too deeply", file=file, line=first_line) from None


def check_keys(
    mapping: Any, allowed: tuple[str, ...], required: tuple[str, ...], file: str, what: str, line: int | None = None
) -> None:
    """Raise DefinitionError unless this is a mapping with only allowed keys and all required ones."""
    if not isinstance(mapping, dict):
        raise DefinitionError(f"{what} must be a mapping of keys to values", file=file, line=line)
    for key in mapping:
        if key not in allowed:
            hint = near_miss(key, list(allowed))
            raise DefinitionError(
                f"unknown key '{key}' in {what}.{hint}", file=file, line=line, advice="use one of " + ", ".join(allowed)
            )
    for key in required:
        if key not in mapping:
            raise DefinitionError(f"{what} has no '{key}'", file=file, line=line, advice=f"add '{key}:'")


def as_date(text: Any, file: str, what: str) -> dt.date:
    """A date written YYYY-MM-DD. Raises DefinitionError."""
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):  # fromisoformat also takes week dates
            raise ValueError(text)
        return dt.date.fromisoformat(text)
    except (TypeError, ValueError):
        raise DefinitionError(
            f"{what} is '{text}', which is no date", file=file, advice="write it as YYYY-MM-DD"
        ) from None
