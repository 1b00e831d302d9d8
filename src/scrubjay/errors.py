"""The exceptions of Scrubjay.

* ScrubjayError
  x UsageError             the call is wrong; nothing was checked (exit code 3)
    - UnknownRule
    - UnknownLaw
    - UnknownClaim
  x DefinitionError        a rule page, law file, registry or setting is malformed (exit code 3)

A bad claim is data (a finding) and a bad file is data (an intake problem): neither is raised.
Messages say what is wrong, where, and what to do next; they quote the value and never print
patient data.
"""

from __future__ import annotations

from difflib import get_close_matches

_LONGEST = 1000  # characters of one line of a problem that quotes what it found


class ScrubjayError(Exception):
    """The base of all errors Scrubjay raises on purpose."""


class UsageError(ScrubjayError):
    """The call is wrong: an unknown option, a path that is not there."""


class UnknownRule(UsageError):
    """No rule page has this code."""


class UnknownLaw(UsageError):
    """No law file has this path."""


class UnknownClaim(UsageError):
    """No claim of the input has this claim id."""


class DefinitionError(ScrubjayError):
    """A rule page, law file, registry or setting is malformed.

    >>> print(DefinitionError("unknown key 'aplies'", file="SET101.md", line=7, advice="write 'applies'"))
    SET101.md:7: unknown key 'aplies'. To fix it: write 'applies'
    """

    def __init__(self, problem: str, *, file: str, line: int | None = None, advice: str = "") -> None:
        problem = "\n".join(_shortened(line) for line in problem.split("\n"))
        self.problem, self.file, self.line, self.advice = problem, file, line, advice
        where = f"{file}:{line}" if line else file
        stop = "" if problem.endswith((".", "?")) else "."
        super().__init__(f"{where}: {problem}" + (f"{stop} To fix it: {advice}" if advice else ""))


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 2 :]}"


def near_miss(wrong: str, known: list[str]) -> str:
    """A hint naming the nearest known word, or the empty string.

    >>> near_miss("sv1", ["SV1", "SV2"])
    ''
    >>> near_miss("aplies", ["applies", "violates"])
    " Did you mean 'applies'?"
    """
    near = get_close_matches(wrong, known, 1)
    return f" Did you mean '{near[0]}'?" if near else ""


def printable(text: str) -> str:
    """The text with '?' for every control character: a claim id must not steer a terminal.

    >>> printable("A\\x1b[2J1"), printable("Zoë §2")
    ('A?[2J1', 'Zoë §2')
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
