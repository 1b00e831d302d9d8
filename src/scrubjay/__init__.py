"""Scrubjay: does a medical claim say truthfully where care was given?

    >>> import scrubjay
    >>> report = scrubjay.check(["july.837"])  # doctest: +SKIP
    >>> report.findings[0]["message"]  # doctest: +SKIP

`read` gives the claims of files as tables, `check` what is wrong with them, `explain` why and why
not; a `Workspace` holds what an organisation knows about its sites, providers, payers and
encounters. `load_rules` and `load_laws` are the manual.
"""

from scrubjay.engine import Report, check
from scrubjay.errors import DefinitionError, ScrubjayError, UnknownClaim, UnknownLaw, UnknownRule, UsageError
from scrubjay.explanation import Explanation, explain
from scrubjay.formats import read_files as read
from scrubjay.reference.law import load_laws
from scrubjay.rule import load_rules
from scrubjay.workspace import Workspace

__version__ = "0.1.0"
__all__ = [
    "DefinitionError",
    "Explanation",
    "Report",
    "ScrubjayError",
    "UnknownClaim",
    "UnknownLaw",
    "UnknownRule",
    "UsageError",
    "Workspace",
    "check",
    "explain",
    "load_laws",
    "load_rules",
    "read",
]
