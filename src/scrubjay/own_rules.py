"""Rules of an organisation's own: how one begins, and whether its pages and their cases hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scrubjay.errors import DefinitionError, UsageError
from scrubjay.reference.law import load_laws
from scrubjay.rule import CODE, load_rules, read_rule
from scrubjay.rule_cases import read_cases, wrong_cases
from scrubjay.strict_yaml import read_text
from scrubjay.workspace import own_folders

_PAGE = """\
---
code: {code}
grain: service_line
severity: warning
unknown: warning
consequence: audit
status: preview
since: 0.1.0
basis: [local]
authority:
  - Name the policy, contract or letter this rule rests on
applies: >
  payer_program = 'medicare_part_b' AND place_of_service_code = '11'
violates: >
  is_provider_based
message: >
  POS {{place_of_service_code}} on {{service_date}} at {{site_name}}.
evidence: [place_of_service_code, service_date, site_name]
---

# {title}

## What it does

Says which lines it looks at, and what it looks for.

## Why it is a problem

Says what happens if nobody notices.

## Example

One case, with a date.

## When it cannot tell

Says which facts it needs, and who has them.

## Remedy

Says what a biller does about it.

## References

- What was read, and what was not.
"""

_CASES = """\
# The facts of an ordinary violation; each case changes only what it is about.
facts:
  payer_program: medicare_part_b
  place_of_service_code: "11"
  is_provider_based: true
cases:
  - name: an ordinary violation
    expect: {outcome: violation}
  - name: nothing is known of the site
    facts: {is_provider_based: null}
    expect: {outcome: unknown, missing: [is_provider_based]}
  - name: a true office
    facts: {is_provider_based: false}
    expect: {outcome: clear}
  - name: a payer this rule is not about
    facts: {payer_program: commercial}
    expect: {outcome: out_of_scope}
"""


@dataclass(frozen=True, slots=True)
class OwnRule:
    """One page of the rules folder, and what is wrong with it or its cases."""

    page: str
    wrong: list[str]


def write_new_rule(code: str, title: str, root: Path) -> list[Path]:
    """A page and its cases that hold as they stand, ready to be filled in.

    Raises UsageError for a code or title that cannot be, or that is taken.
    """
    code = code.upper()
    if not CODE.fullmatch(code):
        raise UsageError(f"'{code}' is no rule code. Write three letters and three digits, such as OWN101.")
    if code[:3] in {taken[:3] for taken in load_rules()}:
        raise UsageError(
            f"The letters {code[:3]} are those of a family that ships with Scrubjay. Choose others: OWN101."
        )
    words = " ".join("".join(c if c.isalnum() else " " for c in title).split())
    name = words.lower().replace(" ", "-")
    if not name or not name.isascii():
        raise UsageError(f"The title '{title}' gives no file name. Use plain letters and digits.")
    folder = root / "rules"
    files = [folder / f"{code}-{name}.md", folder / f"{code}.yaml"]
    if there := next((file for file in (*folder.glob(f"{code}-*.md"), files[1]) if file.exists()), None):
        raise UsageError(f"{there} exists already, and nothing is overwritten.")
    try:
        folder.mkdir(exist_ok=True)
        files[0].write_text(_PAGE.format(code=code, title=words[0].upper() + words[1:]), encoding="utf-8", newline="\n")
        files[1].write_text(_CASES, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{folder}: the rule cannot be written ({error.strerror or error})") from error
    return files


def check_own_rules(root: Path) -> list[OwnRule]:
    """Every page of the rules folder of a workspace, read and run. Raises UsageError if there is none."""
    folders = own_folders(root)
    folder = folders.get("rules")
    pages = sorted(folder.glob("*.md")) if folder else []
    if folder is None or not pages:
        raise UsageError(f"{root}: there is no rule in its rules folder. 'scrubjay rules new CODE TITLE' begins one.")
    laws = load_laws(folders.get("law"))
    results = []
    for page in pages:
        try:
            rule = read_rule(read_text(page, page.name), page.name, laws)
            results.append(OwnRule(page.name, wrong_cases(rule, read_cases(rule, folder), laws)))
        except DefinitionError as error:
            results.append(OwnRule(page.name, [str(error)]))
    if not any(result.wrong for result in results):
        load_rules(folder, folders.get("law"))  # what only shows when all pages stand together: codes used twice
    return results
