"""The report as one HTML page: to read, to filter, to print. It holds everything it needs.

`page.html` is the template; `page.css` and `page.js` are set into it, and a content security policy
allows those two by their hashes and nothing else: no network, no other script. Without JavaScript the
page is the same without its filter. Jinja2 escapes everything; control characters become '?'.

A browser slows down long before a report ends, so the page lists the first findings of each root cause
and says how many it leaves out; JSON and CSV have them all.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from scrubjay import __version__
from scrubjay.engine import Report, Row
from scrubjay.errors import printable
from scrubjay.reports.causes import RootCause, cause_title, exposure_tables, root_causes, site_labels
from scrubjay.reports.exposure import (
    KEYS,
    OVERPAID,
    UNDERPAID,
    UNKNOWN,
    ExposureRow,
    exposure_of,
    exposure_text,
    share,
    without_share,
)
from scrubjay.reports.mix import mix_svg
from scrubjay.reports.sides import FACILITY, PROFESSIONAL, sides
from scrubjay.reports.wording import (
    SEVERITIES,
    amount_not_known,
    count,
    fix_text,
    lacks_fee_files,
    money,
    moved,
    noun,
    page_section,
    place,
    site_of,
    title,
    value,
    whom_to_ask,
)
from scrubjay.rule import Rule
from scrubjay.tables import SITE_GRAINS

FOLDER = Path(__file__).parent
SHOWN_PER_CAUSE = 200
SHOWN_IN_ALL = 3000
SHOWN_CAUSES = 500
SHOWN_PROBLEMS = 200
SHOWN_MIXES = 20  # pictures of sites
SHOWN_COSTS = 10  # rows of a table of amounts that are in sight; the others unfold
SHOWN_REASONS = 10

SEVERITY_WORDS = {
    "error": "Wrong. Correct it before the claim goes out.",
    "hold": "A fact is missing. Do not send the line until somebody knows.",
    "warning": "Look at it: probably wrong, or cannot be told and matters less.",
    "info": "Good to know.",
}
SAFETY_WORDS = {
    "safe": "safe: nothing else depends on it",
    "review": "a person decides",
    "display": "a hint only",
}
NOT_NAMED = "?"  # in the filter: the site, payer or month that a finding does not name
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(["image", "link", "autolink"])


@dataclass(frozen=True, slots=True)
class _Group:
    """A root cause as the page shows it."""

    number: int
    cause: RootCause
    title: str
    shown: list[Row]  # the findings listed
    labels: dict[str, str]  # the sites in words

    @property
    def claims(self) -> Iterator[tuple[str, str | None, list[Row]]]:
        """The findings listed, by claim (or site): its heading, its file, its findings."""
        for key, findings in groupby(self.shown, key=lambda finding: _subject(finding, self.labels)):
            yield *key, list(findings)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number that leads to its findings: without the script to the first of them, with it to all."""

    label: str
    text: str
    href: str = ""  # empty where none of its findings is listed
    filters: dict[str, str] = field(default_factory=dict)  # what the script sets in the filter, by field


@dataclass(frozen=True)
class _Costs:
    """What the findings cost, as the page shows it."""

    total: ExposureRow
    tables: dict[str, list[tuple[str, ExposureRow]]]  # by root cause, site, payer and month
    numbers: dict[int, int]  # of each finding that is listed, by its identity: its number on the page
    listed_causes: int

    @cached_property
    def kinds(self) -> dict[int, str]:
        """Whether a finding that counts is overpaid, underpaid, the same or not known, by its identity."""
        return {id(one): kind for kind, findings in self.total.by_kind.items() for one in findings}

    @cached_property
    def reasons(self) -> list[tuple[str, list[Row]]]:
        """The most frequent reasons why amounts are not known, and their findings."""
        return list(self.total.reasons.items())[:SHOWN_REASONS]

    @cached_property
    def whys(self) -> dict[int, int]:
        """The number of its reason, by the identity of a finding."""
        return {id(one): number for number, (_, found) in enumerate(self.reasons, 1) for one in found}

    def anchor(self, finding: Row) -> str:
        """The name of a finding that is listed, for a link to it."""
        return f"finding-{self.numbers[id(finding)]}"

    def marks(self, finding: Row) -> dict[str, str]:
        """What the filter asks of a finding: its payer, its month, what it moves and why that is not known."""
        if not self.total:
            return {}
        marks = {name: KEYS[name](finding) or NOT_NAMED for name in ("payer", "month")}
        marks["money"] = self.kinds.get(id(finding), "")
        if id(finding) in self.whys:
            marks["why"] = str(self.whys[id(finding)])
        return marks

    def number(self, label: str, text: str, findings: list[Row], kind: str, **filters: str) -> _Number:
        """A number with the way to these findings: to the first that is listed, if any is."""
        listed = next((one for one in findings if id(one) in self.numbers), None)
        if listed is None:
            return _Number(label, text)
        return _Number(label, text, f"#{self.anchor(listed)}", {**filters, "money": kind})

    @cached_property
    def sums(self) -> dict[str, _Number]:
        """The numbers of all findings together."""
        row, kinds = self.total, self.total.by_kind
        return {
            OVERPAID: self.number("overpaid", money(row.overpaid), kinds[OVERPAID], OVERPAID),
            UNDERPAID: self.number("underpaid", money(row.underpaid), kinds[UNDERPAID], UNDERPAID),
            "net": self.number("net", money(row.net), row.findings, "known"),
            UNKNOWN: self.number("not known", f"{len(row.unknown):,}", row.unknown, UNKNOWN),
        }

    def because(self, number: int, findings: list[Row]) -> _Number:
        return self.number("", count(len(findings), "finding"), findings, f"why-{number}")

    def rows(self, by: str) -> list[tuple[_Number, list[_Number]]]:
        """The rows of a table: its name, then overpaid, underpaid, net, lines, and findings without an amount."""
        return [(self._name(by, name, row), self._cells(by, row)) for name, row in self.tables[by][:SHOWN_CAUSES]]

    def unlisted(self, by: str) -> int:
        """How many rows a table has that the page cannot bear."""
        return max(len(self.tables[by]) - SHOWN_CAUSES, 0)

    def _name(self, by: str, name: str, row: ExposureRow) -> _Number:
        return _Number("", name, f"#cause-{row.key}" if by == "root cause" and row.key <= self.listed_causes else "")

    def _cells(self, by: str, row: ExposureRow) -> list[_Number]:
        kinds = row.by_kind
        cells = [
            ("overpaid", money(row.overpaid) if kinds[OVERPAID] else "–", kinds[OVERPAID], OVERPAID),
            ("underpaid", money(row.underpaid) if kinds[UNDERPAID] else "–", kinds[UNDERPAID], UNDERPAID),
            ("net", money(row.net) if row.lines else "not known", row.findings, "known"),
            ("lines", f"{row.lines:,}" if row.lines else "–", row.findings, "known"),
            ("not known", f"{len(row.unknown):,}" if row.unknown else "–", row.unknown, UNKNOWN),
        ]
        if by != "root cause":
            filters = {by: row.key or NOT_NAMED}
            return [self.number(label, text, found, kind, **filters) for label, text, found, kind in cells]
        cause = self._name(by, "", row).href
        return [_Number(label, text, cause if found else "") for label, text, found, _ in cells]


def page_pieces(report: Report) -> Iterator[str]:
    pages = report.pages
    causes, labels = root_causes(report.findings), site_labels(report.findings)
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    )
    environment.filters.update(count=count, value=value, sentence=_sentence, words=lambda name: name.replace("_", " "))
    style, script = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    listed = list(_groups(causes, pages, labels))
    listed_findings = [finding for group in listed for finding in group.shown]
    costs = _Costs(
        exposure_of(report.findings),
        exposure_tables(report.findings, causes, pages),
        {id(finding): number for number, finding in enumerate(listed_findings, 1)},
        len(listed),
    )
    moving = [finding for finding in listed_findings if id(finding) in costs.kinds]
    template = environment.get_template("page.html")
    yield from template.generate(
        version=__version__,
        report=report,
        summary=report.summary,
        groups=listed,
        unlisted_causes=len(causes) - len(listed),
        listed=len(listed_findings),
        severities=SEVERITIES,
        severity_words=SEVERITY_WORDS,
        safety_words=SAFETY_WORDS,
        rules=_options((finding["rule"], title(finding, pages)) for finding in listed_findings),
        sites=_options((site, labels[site]) for finding in listed_findings if (site := site_of(finding))),
        costs=costs,
        shown_costs=SHOWN_COSTS,
        named={name: sorted({key(one) or NOT_NAMED for one in moving}) for name, key in KEYS.items()},
        not_named=NOT_NAMED,
        exposure_text=exposure_text,
        shares=_shares,
        amount_text=_amount_text,
        lacks_fee_files=lacks_fee_files,
        mixes=[
            (labels[mix["site_id"]], Markup(mix_svg(mix, number, labels[mix["site_id"]])))  # noqa: S704 escaped there
            for number, mix in enumerate(report.mixes[:SHOWN_MIXES], 1)
        ],
        problems=report.intake_problems[:SHOWN_PROBLEMS],
        page_of=lambda finding: _page_of(finding, pages),
        site_of=site_of,
        sides=sides,
        professional=PROFESSIONAL,
        facility=FACILITY,
        fix_text=fix_text,
        whom_to_ask=whom_to_ask,
        noun=noun,
        where=_where,
        style=Markup(style),  # noqa: S704 our own files
        script=Markup(script),  # noqa: S704
        policy=(
            "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
            f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
        ),
    )


def _groups(causes: list[RootCause], pages: dict[str, Rule], labels: dict[str, str]) -> Iterator[_Group]:
    """The root causes the page shows, each with as many of its findings as the page can bear."""
    left = SHOWN_IN_ALL
    for number, cause in enumerate(causes[:SHOWN_CAUSES], 1):
        shown = cause.findings[: min(SHOWN_PER_CAUSE, left)]
        left -= len(shown)
        yield _Group(number, cause, cause_title(cause, pages), shown, labels)


def _subject(finding: Row, labels: dict[str, str]) -> tuple[str, str | None]:
    """What findings are listed under: the claim and its file, the site, or the run."""
    if finding["grain"] == "run":
        return "This check", None
    if finding["grain"] in SITE_GRAINS:
        return f"Site {labels.get(site_of(finding) or '', 'not known')}", finding["file"]
    return f"Claim {finding['claim_id']}", finding["file"]


def _where(finding: Row) -> str:
    """The place within the claim, in words."""
    if finding["grain"] in ("run", *SITE_GRAINS):
        return " · ".join(place(finding))
    parts = [
        f"line {finding['line_number']}" if finding["line_number"] is not None else "claim",
        finding["element"],
        f"row {finding['row_number']}" if finding["row_number"] is not None else None,
        f"byte {finding['byte_offset']:,}" if finding["byte_offset"] is not None else None,
    ]
    return " · ".join(part for part in parts if part)


def _amount_text(finding: Row, costs: _Costs) -> str:
    """What a finding moves, with its parts, or why that is not known; empty where it moves none."""
    if finding["exposure_amount"] is None:
        return _sentence(amount_not_known(finding))
    exposure = finding["exposure"] or {}
    text = moved(finding["exposure_amount"]) or "No difference in the amount"
    if exposure.get("billed_amount") is not None and exposure.get("correct_amount") is not None:
        billed, correct = (money(Decimal(exposure[f"{name}_amount"])) for name in ("billed", "correct"))
        text += f": {billed} as billed, {correct} as it should be"
    if moved(finding["exposure_amount"]) and (shares := _shares([finding])):
        text += f"; {shares}"
    return text + ("." if id(finding) in costs.kinds else ". Another finding on this line moves more; that one counts.")


def _sentence(text: str) -> str:
    """The text with a capital letter and a full stop; empty stays empty."""
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _shares(findings: list[Row], signed: bool = False) -> str:
    """The parts of the programme and of the patient in these amounts; without their sign where words say it."""
    names = ("program_amount", "program_after_sequestration_amount", "beneficiary_amount")
    sums = [share(findings, name) for name in names]
    if None in sums:
        return ""
    program, after, patient = (money(one if signed else abs(one)) for one in sums if one is not None)
    unknown = without_share(findings)
    return f"programme {program} ({after} after sequestration), patient {patient}" + (
        f"; shares not known on {count(unknown, 'line')}" if unknown else ""
    )


def _page_of(finding: Row, pages: dict[str, Rule]) -> Row:
    """What the page of its rule says, ready to be shown."""
    page = pages.get(finding["rule"])
    sections = {
        key: Markup(_MARKDOWN.render(page_section(page.body, heading))) if page else Markup()  # noqa: S704 no HTML in it
        for key, heading in (("why", "Why it is a problem"), ("remedy", "Remedy"), ("cannot", "When it cannot tell"))
    }
    return {"title": title(finding, pages), **sections}


def _options(found: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(dict(found).items())


def _plain(given: Any) -> Any:
    return printable(given) if isinstance(given, str) and not isinstance(given, Markup) else given


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
