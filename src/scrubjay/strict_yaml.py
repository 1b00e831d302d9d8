"""YAML without surprises: every scalar stays text until our own schema types it.

PyYAML's usual loaders read ``02`` as 2, ``no`` as False and ``12:30`` as 750, and take the last of
two equal keys in silence. Here a repeated key, an anchor or an alias is an error with its line.
The document is built from the parser's events: that is short, and fast with the parser written in C.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from scrubjay.errors import DefinitionError, near_miss

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
DEEPEST = 20  # lists and mappings within each other
_Loader = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader  # only its parser is used


def read_text(file: Path, name: str) -> str:
    """The text of a definition. Raises DefinitionError, also for what text never holds: control characters."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DefinitionError("the file is not UTF-8", file=name, advice="save it as UTF-8") from None
    except OSError as error:
        advice = "put a readable file in its place, or take it away"
        raise DefinitionError(f"it cannot be read ({error.strerror or error})", file=name, advice=advice) from None
    if odd := _CONTROL.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        raise DefinitionError(
            f"it holds the control character U+{ord(odd[0]):04X}", file=name, line=line, advice="delete it"
        )
    return text


def load_yaml(text: str, file: str, first_line: int = 1) -> Any:
    """The document as dicts, lists and text. Raises DefinitionError with file and line."""
    try:
        events = yaml.parse(text, _Loader)
        next(events)  # the stream begins
        if isinstance(next(events), yaml.StreamEndEvent):
            return None
        found = _value(events, next(events))
        next(events)  # the document ends
        if not isinstance(after := next(events), yaml.StreamEndEvent):
            raise _refused("there is more than one document", after)
        return found
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = first_line + mark.line if mark else None
        advice = "write plain keys and values, each key once, texts with odd signs in quotes"
        raise DefinitionError(
            f"this is not YAML Scrubjay takes: {problem}", file=file, line=line, advice=advice
        ) from None
    except UnicodeEncodeError:
        raise DefinitionError("the YAML holds half a character", file=file, advice="save it as UTF-8") from None


def _value(events: Iterator[Any], event: Any, depth: int = 0) -> Any:
    """The text, list or mapping that begins with this event."""
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        raise _refused("anchors and aliases are not taken", event)
    if depth > DEEPEST:
        raise _refused("it is nested too deeply", event)
    if isinstance(event, yaml.ScalarEvent):
        if _CONTROL.search(event.value):
            raise _refused("a text holds a control character", event)
        return event.value
    if isinstance(event, yaml.SequenceStartEvent):
        found = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            found.append(_value(events, event, depth + 1))
        return found
    mapping: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _value(events, event, depth + 1)
        if not isinstance(key, str):
            raise _refused("a key must be one word", event)
        if key in mapping:
            raise _refused(f"the key '{key}' is given twice", event)
        mapping[key] = _value(events, next(events), depth + 1)
    return mapping


def _refused(problem: str, event: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


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
