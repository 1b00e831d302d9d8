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
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from scrubjay import __version__
from scrubjay.engine import Report, Row
from scrubjay.errors import printable
from scrubjay.reports.causes import RootCause, cause_title, root_causes, site_labels
from scrubjay.reports.wording import (
    SEVERITIES,
    count,
    fix_text,
    noun,
    page_section,
    place,
    site_of,
    title,
    value,
    whom_to_ask,
)
from scrubjay.rule import Rule

FOLDER = Path(__file__).parent
SHOWN_PER_CAUSE = 200
SHOWN_IN_ALL = 3000
SHOWN_CAUSES = 500
SHOWN_PROBLEMS = 200

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
    environment.filters.update(count=count, value=value, exposure=_exposure, words=lambda name: name.replace("_", " "))
    style, script = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    listed = list(_groups(causes, pages, labels))
    template = environment.get_template("page.html")
    yield from template.generate(
        version=__version__,
        report=report,
        summary=report.summary,
        groups=listed,
        unlisted_causes=len(causes) - len(listed),
        listed=sum(len(group.shown) for group in listed),
        severities=SEVERITIES,
        severity_words=SEVERITY_WORDS,
        safety_words=SAFETY_WORDS,
        rules=_options((finding["rule"], title(finding, pages)) for group in listed for finding in group.shown),
        sites=_options(
            (site, labels[site]) for group in listed for finding in group.shown if (site := site_of(finding))
        ),
        problems=report.intake_problems[:SHOWN_PROBLEMS],
        page_of=lambda finding: _page_of(finding, pages),
        site_of=site_of,
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
    if finding["grain"] == "site":
        return f"Site {labels.get(site_of(finding) or '', 'not known')}", finding["file"]
    return f"Claim {finding['claim_id']}", finding["file"]


def _where(finding: Row) -> str:
    """The place within the claim, in words."""
    if finding["grain"] in ("run", "site"):
        return place(finding)[0]
    parts = [
        f"line {finding['line_number']}" if finding["line_number"] is not None else "claim",
        finding["element"],
        f"row {finding['row_number']}" if finding["row_number"] is not None else None,
        f"byte {finding['byte_offset']:,}" if finding["byte_offset"] is not None else None,
    ]
    return " · ".join(part for part in parts if part)


def _exposure(amount: Decimal | str) -> str:
    """As billed minus as it should be, in words.

    >>> _exposure("21.25"), _exposure("-1003.10")
    ('Paid too much: $21.25', 'Paid too little: $1,003.10')
    """
    number = Decimal(amount)
    return f"Paid too {'much' if number > 0 else 'little'}: ${abs(number):,.2f}"


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
