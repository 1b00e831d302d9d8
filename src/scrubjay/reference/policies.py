"""What payers say of their own: dated, cited YAML files laid over the law.

A policy answers by topic. For each topic the most special policy that speaks for the payer on that day
answers: contract, product, Medicare contractor, state programme, payer. What no policy says is not known;
Medicare's own rule holds for another payer only where its policy says ``inherits: medicare``. Twelve
months after somebody last read the source a topic is not trusted any more, and is not known either.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from scrubjay.errors import DefinitionError, UsageError, near_miss
from scrubjay.strict_yaml import as_date, check_keys, load_yaml, read_text
from scrubjay.tables import PAYER_PROGRAMS

POLICY_FOLDER = Path(__file__).parents[1] / "policies"
TRUSTED_MONTHS = 12  # our own choice

LEVELS = ("contract", "product", "contractor", "state_program", "payer")  # the most special first
MATCHES = ("payer_program", "state", "product", "contractor")
CONFIDENCE = ("law", "read", "summary", "hearsay")  # law: it only repeats the law files, which have dates of their own

# Topic → what it may say. The first seven are read by the facts; the others are shown to people.
TOPICS: dict[str, tuple[str, ...]] = {
    "place_of_service": ("takes", "use", "others"),
    "site_differential": ("procedures", "others"),
    "telehealth": ("modifier",),
    "service_facility": ("required",),
    "facility_fee": ("procedures", "revenue_codes"),
    "professional_revenue": ("revenue_codes",),
    "payment_window": ("applies", "says"),
    "shared_visits": ("says",),
    "incident_to": ("says",),
    "replacement_claims": ("says",),
    "audit": ("says",),
    "fee_basis": ("says",),
    "address_match": ("says",),
}
_OTHERS = {"place_of_service": ("taken",), "site_differential": ("one_rate", "by_place")}
_WORDS = {
    "modifier": ("required", "optional", "forbidden"),
    "required": ("true", "false"),
    "applies": ("as_medicare", "never"),
}
_FILE_KEYS = ("title", "level", "matches", "inherits", "topics")
_TOPIC_KEYS = ("topic", "effective_from", "effective_to", "retrieved", "source", "confidence")
_CODES = {  # what a code of each list looks like, and an example
    "procedures": (re.compile(r"([A-Z0-9]{5})(-[A-Z0-9]{5})?"), '["G0463", "10000-69999"]'),
    "revenue_codes": (re.compile(r"(\d{4})(-\d{4})?"), '["0760", "0960-0989"]'),
    "takes": (re.compile(r"(\d\d)()"), '["11", "22"]'),
}
_PLACE = re.compile(r"\d\d")
_STATE = re.compile(r"[A-Z]{2}")
_NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Topic:
    """What one policy says of one topic from one day on."""

    topic: str
    effective_from: dt.date | None
    effective_to: dt.date | None
    retrieved: dt.date  # the day somebody last read the source
    source: str
    confidence: str
    others: str  # what holds for codes that are not named; '' = not known
    word: str  # telehealth modifier, required, or the text of a note
    codes: tuple[tuple[str, str, str, str], ...]  # what (place, procedure, revenue), first, last, code to use

    def trusted_until(self) -> dt.date:
        """The last day on which the topic is trusted."""
        if self.confidence == "law":
            return dt.date.max
        year, month = divmod(self.retrieved.year * 12 + self.retrieved.month - 1 + TRUSTED_MONTHS, 12)
        last = (dt.date(year + month // 11, (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
        return dt.date(year, month + 1, min(self.retrieved.day, last))

    def said(self) -> str:
        """What it says, in words."""
        names = {"place": "", "procedure": "procedures ", "revenue": "revenue codes "}
        parts = []
        for what, first, last, use in self.codes:
            shown = first if first == last else f"{first}–{last}"
            parts.append(f"{names[what]}{shown}" + (f" as {use}" if use and use != first else ""))
        if self.word:
            parts.append(self.word)
        if self.others:
            parts.append(f"others: {self.others}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy file: its name, whom it speaks for, and its topics."""

    name: str
    title: str
    level: str
    matches: dict[str, str]  # empty: only where the payers registry names it
    inherits_medicare: bool
    topics: tuple[Topic, ...]
    file: str


@cache
def load_policies(own: Path | None = None) -> dict[str, Policy]:
    """All policies by name; a file of the organisation's own folder replaces ours of the same name.

    Raises DefinitionError.
    """
    policies: dict[str, Policy] = {}
    for folder in (POLICY_FOLDER, own):
        for file in sorted(folder.glob("*.yaml")) if folder else ():
            policies[file.stem] = read_policy(read_text(file, file.name), file.name)
    return policies


def find_policy(policies: dict[str, Policy], name: str) -> Policy:
    """The policy of this name. Raises UsageError, naming the nearest."""
    if name not in policies:
        raise UsageError(
            f"There is no policy '{name}'.{near_miss(name, list(policies))} 'scrubjay policies' lists them all."
        )
    return policies[name]


def read_policy(text: str, file: str) -> Policy:
    """A policy from the text of its file. Raises DefinitionError."""
    name = file.removesuffix(".yaml")
    if not _NAME.fullmatch(name):
        raise DefinitionError(
            f"'{name}' is no name of a policy", file=file, advice="use small letters, digits and underscores"
        )
    document = load_yaml(text, file)
    check_keys(document, _FILE_KEYS, ("title", "level", "topics"), file, "a policy file")
    level = _one_of(document["level"], LEVELS, "level", file)
    if not isinstance(document["title"], str):
        raise DefinitionError("the title must be text", file=file, advice="write title: and the payer's name")
    matches = document["matches"] if document.get("matches") not in (None, "") else {}
    check_keys(matches, MATCHES, (), file, "matches")
    if odd := next((key for key, word in matches.items() if not isinstance(word, str) or not word), None):
        raise DefinitionError(f"{odd} of matches is no word", file=file, advice="give one word for each")
    if "state" in matches and not _STATE.fullmatch(matches["state"]):
        raise DefinitionError(f"state is '{matches['state']}'", file=file, advice="write two capitals, such as CA")
    if "payer_program" in matches:
        _one_of(matches["payer_program"], PAYER_PROGRAMS, "payer_program", file)
    inherits = document.get("inherits")
    if inherits is not None:
        _one_of(inherits, ("medicare",), "inherits", file)
    if not isinstance(document["topics"], list):
        raise DefinitionError("topics must be a list", file=file, advice="begin each with '- topic:'")
    topics = [_read_topic(raw, file) for raw in document["topics"]]
    for one in {topic.topic for topic in topics}:
        _check_periods([topic for topic in topics if topic.topic == one], file)
    return Policy(name, document["title"], level, matches, inherits is not None, tuple(topics), file)


def _read_topic(raw: Any, file: str) -> Topic:
    if not isinstance(raw, dict) or not isinstance(raw.get("topic"), str) or raw["topic"] not in TOPICS:
        said = raw.get("topic") if isinstance(raw, dict) else raw
        hint = near_miss(str(said), list(TOPICS))
        raise DefinitionError(f"there is no topic '{said}'.{hint}", file=file, advice="use one of " + ", ".join(TOPICS))
    topic = raw["topic"]
    what = f"the topic {topic}"
    check_keys(raw, (*_TOPIC_KEYS, *TOPICS[topic]), ("retrieved", "source", "confidence"), file, what)
    codes: list[tuple[str, str, str, str]] = []
    for key, kind in (("procedures", "procedure"), ("revenue_codes", "revenue"), ("takes", "place")):
        for code in _codes(raw.get(key, []), key, what, file):
            first, _, last = code.partition("-")
            codes.append((kind, first, last or first, first if kind == "place" else ""))
    use = raw.get("use") or {}
    if not isinstance(use, dict) or not all(
        isinstance(code, str) and _PLACE.fullmatch(code) for pair in use.items() for code in pair
    ):
        raise DefinitionError(
            f'use of {what} must be a mapping of places of service, such as {{"19": "22"}}', file=file
        )
    codes += [("place", code, code, instead) for code, instead in use.items()]
    named = {first for what, first, _, _ in codes if what == "place"}  # what it asks for, it takes
    codes += [("place", code, code, code) for code in dict.fromkeys(use.values()) if code not in named]
    if twice := {first for _, first, _, _ in codes if sum(first == other for _, other, _, _ in codes) > 1}:
        raise DefinitionError(f"{what} names '{min(twice)}' twice", file=file, advice="name each code once")
    if topic == "facility_fee" and not (raw.get("procedures") and raw.get("revenue_codes")):
        raise DefinitionError(
            f"{what} needs both procedures and revenue_codes", file=file, advice="name what is not paid under which"
        )
    for key in _WORDS:
        if key in raw:
            _one_of(raw[key], _WORDS[key], key, file)
    others = raw.get("others") or ""
    if others:
        _one_of(others, _OTHERS[topic], "others", file)
    word = next((str(raw[key]) for key in (*_WORDS, "says") if key in raw), "")
    if not codes and not word and not others:
        raise DefinitionError(f"{what} says nothing", file=file, advice="give " + ", ".join(TOPICS[topic]))

    def day(key: str) -> dt.date | None:
        return as_date(raw[key], file, key) if raw.get(key) not in (None, "", "null") else None

    begins, ends = day("effective_from"), day("effective_to")
    if begins and ends and ends < begins:
        raise DefinitionError(f"{what} ends on {ends}, before it begins", file=file, advice="look for a slip in a date")
    retrieved = day("retrieved")
    if not isinstance(raw["source"], str) or not raw["source"].strip():
        raise DefinitionError(f"{what} names no source", file=file, advice="write source: and where it stands")
    if retrieved is None:
        raise DefinitionError(f"{what} does not say when it was read", file=file, advice="write retrieved: and the day")
    return Topic(
        topic,
        begins,
        ends,
        retrieved,
        str(raw["source"]),
        _one_of(raw["confidence"], CONFIDENCE, "confidence", file),
        others,
        word,
        tuple(codes),
    )


def _check_periods(topics: list[Topic], file: str) -> None:
    """Two versions of one topic may not hold on one day."""
    ordered = sorted(topics, key=lambda topic: topic.effective_from or dt.date.min)
    for before, after in pairwise(ordered):
        if before.effective_to is None or before.effective_to >= (after.effective_from or dt.date.min):
            raise DefinitionError(
                f"two versions of the topic {after.topic} hold on one day",
                file=file,
                advice="end the first with effective_to on the day before the second",
            )


def _codes(value: Any, key: str, what: str, file: str) -> list[str]:
    pattern, example = _CODES[key]
    wrong = DefinitionError(f"{key} of {what} must be a list of quoted codes or ranges, such as {example}", file=file)
    if not isinstance(value, list):
        raise wrong
    for code in value:
        found = pattern.fullmatch(code) if isinstance(code, str) else None
        if not found:
            raise wrong
        if found[2] and found[2][1:] < found[1]:
            raise DefinitionError(f"{key} of {what} has a range that runs backwards: {code}", file=file)
    return value


def _one_of(value: Any, words: tuple[str, ...], what: str, file: str) -> str:
    if not isinstance(value, str) or value not in words:
        raise DefinitionError(f"{what} is '{value}'", file=file, advice="use one of " + ", ".join(words))
    return str(value)


def policy_rows(policies: dict[str, Policy]) -> list[tuple[Any, ...]]:
    """Every policy: (name, rank of its level, program, state, product, contractor it matches, inherits Medicare)."""
    return [
        (one.name, LEVELS.index(one.level), *(one.matches.get(key) for key in MATCHES), one.inherits_medicare)
        for one in policies.values()
    ]


def topic_rows(policies: dict[str, Policy], run_date: dt.date) -> list[tuple[Any, ...]]:
    """Every topic: (topic_id, policy, topic, effective_from, effective_to, is_expired, others, word)."""
    return [
        (number, name, t.topic, t.effective_from, t.effective_to, t.trusted_until() < run_date, t.others, t.word)
        for number, (name, t) in enumerate(_topics(policies))
    ]


def code_rows(policies: dict[str, Policy]) -> list[tuple[Any, ...]]:
    """Every code or range a topic names: (topic_id, what, first, last, code to use)."""
    return [(number, *code) for number, (_, topic) in enumerate(_topics(policies)) for code in topic.codes]


def _topics(policies: dict[str, Policy]) -> list[tuple[str, Topic]]:
    return [(one.name, topic) for one in policies.values() for topic in one.topics]
