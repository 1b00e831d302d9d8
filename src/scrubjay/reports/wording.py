"""What the report formats say in the same words: places, counts, values, whom to ask."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from scrubjay.engine import NOT_KNOWN, WITHIN_SITE, Row
from scrubjay.errors import printable
from scrubjay.rule import FIX_ACTIONS, Rule
from scrubjay.tables import SITE_GRAINS

SEVERITIES = ("error", "hold", "warning", "info")  # the worst first
_NOUNS = {  # every other grain is about lines
    "claim": "claim",
    "site": "site",
    "site_month": "site month",
    "site_payer_month": "site month",
    "site_practitioner": "practitioner",
    "run": "check",
}


def count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "file"), count(1200, "line")
    ('1 file', '1,200 lines')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def noun(finding: Row) -> str:
    """What the finding is about: a line, a claim, a site, a month at a site, a practitioner there, or the check itself."""
    return _NOUNS.get(finding["grain"], "line")


def site_of(finding: Row) -> str | None:
    """The site the finding is about or its line was given at, where it is known."""
    site: str | None = finding.get("site_id") or finding["evidence"].get("site_id")
    return site


def site_label(finding: Row) -> str | None:
    """The site in words: its name and its own short name."""
    site, name = site_of(finding), finding["evidence"].get("site_name")
    return f"{name} ({site})" if site and name and name != site else site or name


def place(finding: Row) -> list[str]:
    """Where a finding stands within its file, from the outside in, as an 837 names the parts."""
    if finding["grain"] == "run":
        return ["this check"]
    if finding["grain"] in SITE_GRAINS:
        evidence = finding["evidence"]
        return [f"sites:{site_of(finding)}", *(str(evidence[name]) for name in WITHIN_SITE if evidence.get(name))]
    parts = []
    if finding["row_number"] is not None:
        parts.append(f"row {finding['row_number']}")
    elif finding["transaction"]:
        parts.append(f"ST{finding['transaction']}")
    parts.append(f"CLM*{finding['claim_id']}")
    if finding["line_number"] is not None:
        parts.append(f"LX*{finding['line_number']}")
    if finding["element"]:
        parts.append(finding["element"])
    return parts


def location(finding: Row) -> str:
    """Where a finding stands: ``july.837:ST0001:CLM*A17:LX*2:SV105``, or the row of a CSV file.

    A finding about a site stands at ``sites:NORTH``, one about its lines of a month at ``sites:NORTH:2026-03``, one
    about the run at ``this check``. Control characters out of a file are shown as '?'.
    """
    parts = place(finding)
    return printable(":".join(parts if finding["file"] is None else [finding["file"], *parts]))


def value(given: Any) -> str:
    """A value of the evidence or of a fix in words.

    >>> value(None), value(True), value("")
    ('not known', 'yes', '(empty)')
    """
    if given is None:
        return NOT_KNOWN
    if isinstance(given, bool):
        return "yes" if given else "no"
    return str(given) if given != "" else "(empty)"


def money(amount: Decimal) -> str:
    """An amount of dollars.

    >>> money(Decimal("1234.50")), money(Decimal("-3.10"))
    ('$1,234.50', '-$3.10')
    """
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def moved(amount: Decimal | str) -> str:
    """What an exposure is, in words; empty where it is nil.

    >>> moved("21.25"), moved("-1003.10"), moved("0.00")
    ('$21.25 overpaid', '$1,003.10 underpaid', '')
    """
    number = Decimal(amount)
    return f"{money(abs(number))} {'overpaid' if number > 0 else 'underpaid'}" if number else ""


def amount_not_known(finding: Row) -> str:
    """Why the amount of a finding that moves money is not known, and about what it is; empty for every other finding.

    Where no fee files are loaded nothing is known of any finding; that is said once, not of each.
    """
    exposure = finding["exposure"]
    if not exposure or finding["exposure_amount"] is not None or lacks_fee_files(exposure["because"]):
        return ""
    text = f"amount not known: {exposure['because']}"
    if exposure["national_amount"] is not None:
        about = Decimal(exposure["national_amount"])
        text += f"; about {moved(about) or money(about)} where all geographic indices are 1"
    return text


def lacks_fee_files(because: str | None) -> bool:
    """Whether the amount is not known because no fee files of its kind are loaded."""
    return (because or "").startswith(("no physician fee schedule is loaded", "no outpatient rates "))


def fixed(key: str, finding: Row) -> str:
    """What a fix changes: on a line of an 837 the line's own code, so that no other line changes."""
    return "SV105" if key == "place_of_service_code" and finding["segment"] else key


def fix_text(finding: Row) -> str:
    """The changes of a fix: ``SV105 = 19``. Empty where none is offered."""
    if action := finding["fix"].get("action"):
        return FIX_ACTIONS[action]
    return ", ".join(f"{fixed(key, finding)} = {value(new)}" for key, new in finding["fix"].items())


def whom_to_ask(missing: list[Row]) -> list[str]:
    """Who can supply the missing facts, each once, in the fullest wording.

    >>> whom_to_ask([{"supplied_by": "compliance (sites)"}, {"supplied_by": "compliance (sites: a)"}])
    ['compliance (sites: a)']
    """
    named = list(dict.fromkeys(one["supplied_by"] for one in missing if one["supplied_by"]))
    return [
        one for one in named if not any(one != other and other.startswith(one.rstrip(")")) for other in named)
    ]  # fmt: skip


def title(finding: Row, pages: dict[str, Rule]) -> str:
    """The title of its rule page; of a page that is not here its name."""
    page = pages.get(finding["rule"])
    return page.title if page else finding["name"].replace("-", " ").capitalize()


def office(missing: Row) -> str:
    """Who can supply a missing fact, without what they are to look up.

    >>> office({"supplied_by": "compliance (sites registry)"})
    'compliance'
    """
    name: str = missing["supplied_by"].partition(" (")[0]
    return name


def is_same_everywhere(because: str) -> bool:
    """Whether the reason is the same at every site: a whole registry is missing, or there are too few lines to count.

    >>> is_same_everywhere("no sites registry is loaded"), is_same_everywhere("fewer than 20 lines")
    (True, True)
    """
    return because.endswith("registry is loaded") or bool(re.fullmatch(r"fewer than \d+ lines", because))


def page_section(body: str, heading: str) -> str:
    """The Markdown below one heading of a rule page.

    >>> page_section("# T\\n\\n## Remedy\\n\\nSend 19.\\n\\n## References\\n\\n- x\\n", "Remedy")
    'Send 19.'
    """
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", body, re.DOTALL | re.MULTILINE)
    return found[1].strip() if found else ""
