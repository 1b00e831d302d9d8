"""Rule pages: what is read, and what is refused with file, line and advice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scrubjay.errors import DefinitionError, UnknownRule
from scrubjay.facts import STEPS
from scrubjay.reference.law import load_laws
from scrubjay.rule import (
    HEADINGS,
    RULES_FOLDER,
    Rule,
    check_codes,
    find_rule,
    load_rules,
    read_rule,
    select_rules,
)
from tests.samples import BODY, PAGE_FILE, page

LAWS = load_laws()
RULES = load_rules()


def read(text: str, file: str = PAGE_FILE) -> Rule:
    return read_rule(text, file, LAWS)


def refusal(text: str, file: str = PAGE_FILE) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        read(text, file)
    assert caught.value.file == file
    return caught.value


def refused_at(text: str) -> tuple[str, str]:
    """The problem, and the line of the page the error points at."""
    error = refusal(text)
    assert error.line is not None, str(error)
    return error.problem, text.splitlines()[error.line - 1]


# --- what is read -------------------------------------------------------------------------------------


def test_a_page_in_order_is_read() -> None:
    rule = read(
        page(
            fix="{safety: review, place_of_service_code: \"'22'\"}",
            expected_response='{277CA: "A7:249", later: "overpayment demand"}',
            exposure="{billed: allowed_amount, correct: facility_amount * 2}",
            authority="\n  - 42 CFR 413.65(g)(2), (g)(5)\n  - Pub. 100-04 ch. 26 § 10.5",
        )
    )
    assert (rule.code, rule.name, rule.title) == ("TST101", "a-wrong-place", "A wrong place")
    assert (rule.severity, rule.unknown, rule.consequence, rule.status) == ("error", "hold", "overpayment", "stable")
    assert (rule.table.name, rule.evidence) == ("service_line_facts", ("place_of_service_code", "site_name"))
    assert (rule.applies.text, rule.violates.text) == ("has_place_of_service", "is_provider_based")
    assert rule.authority == ("42 CFR 413.65(g)(2), (g)(5)", "Pub. 100-04 ch. 26 § 10.5")
    assert rule.expected_response == {"277CA": "A7:249", "later": "overpayment demand"}
    assert (rule.fix_safety, {key: node.text for key, node in rule.fix.items()}) == (
        "review",
        {"place_of_service_code": "'22'"},
    )
    assert rule.exposure is not None
    assert (rule.exposure.billed.text, rule.exposure.correct.text) == ("allowed_amount", "facility_amount * 2")
    assert rule.body == BODY.strip() + "\n"


def test_a_page_without_fix_response_or_exposure_is_read() -> None:
    rule = read(page())
    assert (rule.fix, rule.fix_safety, rule.exposure, rule.expected_response) == ({}, None, None, {})


def test_the_condition_of_a_rule_is_both_of_its_conditions() -> None:
    rule = read(page())
    assert rule.condition.sql({}) == f"({rule.applies.sql({})} AND {rule.violates.sql({})})"


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_a_shipped_page_reads_like_a_page_of_a_manual(rule: Rule) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", rule.since)
    local = rule.code == "FMT118"  # it judges a workspace's own settings, of which the dossier knows nothing
    assert all(re.fullmatch(r"[SPK]\d\d[A-Z]?", one) or (local and one == "local") for one in rule.basis)
    assert rule.message.endswith(".")
    assert "\t" not in rule.body
    assert [line for line in rule.body.splitlines() if line.startswith("## ")] == [f"## {one}" for one in HEADINGS]
    assert rule.unknown != "hold" or rule.severity == "error"


@pytest.mark.parametrize("file", sorted(RULES_FOLDER.glob("*.md")), ids=lambda file: file.name[:6])
def test_every_law_that_the_text_of_a_page_names_exists(file: Path) -> None:
    named = re.findall(r"\bus\.[a-z0-9_]+(?:\.[a-z0-9_]+)+", file.read_text(encoding="utf-8"))
    assert [path for path in named if path not in LAWS and not any(law.startswith(path + ".") for law in LAWS)] == []


@pytest.mark.parametrize("file", sorted(RULES_FOLDER.glob("*.md")), ids=lambda file: file.name[:6])
def test_every_rule_and_column_that_the_text_of_a_page_names_exists(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    codes = set(re.findall(r"\b(?:FMT|SET|DEP|ADR|WIN|NPP|TEL|PRO|PAY|PAR|MIX|NOT|DEN)\d{3}\b", text))
    assert codes <= set(RULES)
    assert file.name[:6] in codes


# Laws that nothing reads yet, and the work that will.
READ_IN_PYTHON = ("engine", "working", "facts/__init__")  # shares of an exposure, and how it comes about
LAWS_READ_LATER = {
    "us.cms.payment_window.modifiers": "window: the modifier of the practitioner's lines",
}


def test_every_shipped_law_is_asked_by_a_rule_or_joined_by_a_fact() -> None:
    asked = {test.path for rule in RULES.values() for leaf in rule.condition.leaves() for test in leaf.laws}
    facts = "\n".join(step.read_text(encoding="utf-8") for step in STEPS)
    joined = {path for path in LAWS if f"'{path}'" in facts}  # as path = '…', or in a list of paths
    sources = "\n".join((RULES_FOLDER.parent / f"{name}.py").read_text(encoding="utf-8") for name in READ_IN_PYTHON)
    joined |= {path for path in LAWS if f'"{path}"' in sources}
    assert sorted(set(LAWS) - asked - joined - set(LAWS_READ_LATER)) == []
    assert sorted(set(LAWS_READ_LATER) & (asked | joined)) == [], "it is read now: take it off the list"
    assert set(LAWS_READ_LATER) <= set(LAWS)


def test_every_law_that_a_fact_joins_exists() -> None:
    facts = "\n".join(step.read_text(encoding="utf-8") for step in STEPS)
    assert set(re.findall(r"path = '([^']*)'", facts)) <= set(LAWS)


# --- the front matter ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("severity", "fatal", "severity is 'fatal'"),
        ("severity", "Error", "severity is 'Error'"),
        ("severity", "[error]", "severity is"),
        ("unknown", "error", "unknown is 'error'"),
        ("consequence", "doom", "consequence is 'doom'"),
        ("status", "draft", "status is 'draft'"),
        ("code", "TST102", "the code is 'TST102', the file is named TST101"),
        ("code", "", "the code is ''"),
        ("grain", "line", "no grain 'line'"),
        ("grain", "[service_line]", "grain"),
        ("grain", "{a: b}", "grain"),
        ("since", "[1]", "since"),
        ("basis", "S15", "basis must be a list"),
        ("basis", "[]", "basis must be a list"),
        ("basis", "[[S15]]", "basis must be a list"),
        ("authority", "42 CFR", "authority must be a list"),
        ("authority", "[{a: b}]", "authority must be a list"),
        ("evidence", "place_of_service_code", "evidence must be a list"),
        ("evidence", "[]", "evidence must be a list"),
        ("evidence", "[place_of_service_cod]", "Did you mean 'place_of_service_code'?"),
        ("evidence", "[place_of_service_code, service_location_count]", "no column of service_line_facts"),
        ("message", "Code {service_date} is wrong.", "the message names 'service_date', which is not in evidence"),
        ("message", "[a, b]", "message"),
        ("message", '""', "message"),
        ("message", '"{place_of_service_code"', "message"),
        ("message", '"place_of_service_code} is wrong"', "message"),
        ("message", '"{} is wrong"', "message"),
        ("message", '"{0} is wrong"', "message"),
        ("message", '"{place_of_service_code.__class__} is wrong"', "message"),
        ("message", '"{place_of_service_code[0]} is wrong"', "message"),
        ("message", '"{place_of_service_code:>1000000000} is wrong"', "message"),
        ("message", '"{place_of_service_code!r} is wrong"', "message"),
        ("applies", "place_of_service_code = 11", "put the code in single quotes"),
        ("applies", "[TRUE]", "applies must be text"),
        ("violates", "is_provider_based IS NULL", "asks whether something is unknown"),
        ("exposure", "{billed: allowed_amount / 2, correct: facility_amount}", "divides"),
        ("exposure", "{billed: place_of_service_code, correct: facility_amount}", "must be numbers"),
        ("exposure", "{billed: allowed_amount}", "two amounts"),
        ("exposure", "allowed_amount - facility_amount", "two amounts"),
        ("fix", "{place_of_service_code: \"'22'\"}", "a fix needs a safety"),
        ("fix", "{safety: review}", "a fix needs a safety"),
        ("hold_until", "place_of_service_code", "hold_until is 'place_of_service_code', which is no date in evidence"),
        ("hold_until", "receipt_date", "hold_until is 'receipt_date', which is no date in evidence"),
        ("fix", "{safety: sure, place_of_service_code: \"'22'\"}", "a fix needs a safety"),
        ("fix", "{safety: review, place_of_service_code: nothing_like_it}", "no column 'nothing_like_it'"),
        ("fix", "{safety: review, place_of_service_code: [a]}", "fix must be text"),
        ("fix", "{safety: [review], place_of_service_code: \"'22'\"}", "fix"),
        ("fix", "{safety: review, place_of_servce_code: \"'22'\"}", "place_of_servce_code"),
        ("fix", "{safety: review, place_of_service_code: \"22\"}", "place_of_service_code"),
        ("fix", "review", "fix"),
        ("fix", "[safety]", "fix"),
        ("expected_response", "denied", "expected_response must be a mapping"),
        ("expected_response", "{initial: [denied]}", "expected_response"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_at_its_line(key: str, value: str, problem: str) -> None:
    _, line = refused_at(page(**{key: value}))
    error = refusal(page(**{key: value}))
    assert problem in str(error)
    assert error.advice
    assert line.startswith(f"{key}:")


@pytest.mark.parametrize(
    "key", ["code", "grain", "severity", "applies", "violates", "message", "evidence", "authority"]
)
def test_a_missing_key_is_refused(key: str) -> None:
    error = refusal(page(without=[key]))
    assert f"has no '{key}'" in error.problem
    assert error.line is not None
    assert error.advice == f"add '{key}:'"


def test_an_unknown_key_is_refused_at_its_line_with_the_nearest() -> None:
    problem, line = refused_at(page(aplies="TRUE"))
    assert "unknown key 'aplies' in the front matter. Did you mean 'applies'?" in problem
    assert line == "aplies: TRUE"


def test_a_repeated_key_is_refused_at_its_line() -> None:
    text = page().replace("status: stable\n", "status: stable\nseverity: info\n")
    problem, line = refused_at(text)
    assert "'severity' is given twice" in problem
    assert line == "severity: info"


@pytest.mark.parametrize(
    "text",
    ["", "no front matter", page().removeprefix("---\n"), page().replace("\n---\n", "\n"), "\n" + page(), "---\n---\n"],
)
def test_a_page_without_front_matter_is_refused(text: str) -> None:
    assert refusal(text).line is not None


@pytest.mark.parametrize("head", ["- a\n- b", "just words", ""])
def test_a_front_matter_that_is_no_mapping_is_refused(head: str) -> None:
    error = refusal(f"---\n{head}\n---\n\n{BODY}")
    assert "must be a mapping" in error.problem
    assert error.line is not None


# --- the text below it --------------------------------------------------------------------------------


def test_headings_in_another_order_are_refused() -> None:
    swapped = BODY.replace("## Example", "## X").replace("## Remedy", "## Example").replace("## X", "## Remedy")
    problem, line = refused_at(page(body=swapped))
    assert "the headings are" in problem
    assert line == "## Remedy"


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_missing_heading_is_refused(heading: str) -> None:
    error = refusal(page(body=BODY.replace(f"## {heading}\n", "")))
    assert "the headings are" in error.problem
    assert heading in error.advice


def test_another_heading_is_refused() -> None:
    assert "See also" in refusal(page(body=BODY + "\n## See also\n\nNothing.\n")).problem


@pytest.mark.parametrize("heading", HEADINGS)
def test_an_empty_section_is_refused_at_its_heading(heading: str) -> None:
    problem, line = refused_at(page(body=BODY.replace(f"## {heading}\n\nSome words.\n", f"## {heading}\n\n \n")))
    assert problem == f"nothing stands under '{heading}'"
    assert line == f"## {heading}"


def test_a_title_that_differs_from_the_name_of_the_file_is_refused_at_its_line() -> None:
    problem, line = refused_at(page(body=BODY.replace("# A wrong place", "# A right place")))
    assert "the title is 'A right place', the file is named 'a-wrong-place'" in problem
    assert line == "# A right place"


@pytest.mark.parametrize("body", ["", "\n\n", BODY.replace("# A wrong place\n", ""), "A wrong place\n" + BODY])
def test_a_page_without_a_title_is_refused(body: str) -> None:
    assert refusal(page(body=body)).problem


def test_hashes_in_an_example_are_no_headings() -> None:
    shown = BODY.replace("## Example\n\nSome words.\n", "## Example\n\n```\n## not a heading\n```\n")
    assert read(page(body=shown)).title == "A wrong place"


@pytest.mark.parametrize(
    "file", ["TST101.md", "tst101-a-wrong-place.md", "TST1-a.md", "TST101-A-Wrong.md", "TST101-a--b.md", "TST101-a.txt"]
)
def test_a_file_that_is_not_named_like_a_page_is_refused(file: str) -> None:
    error = refusal(page(), file)
    assert "not named like a rule page" in error.problem
    assert error.advice


# --- many pages ---------------------------------------------------------------------------------------


def test_two_pages_with_one_code_are_refused(tmp_path: Path) -> None:
    (tmp_path / PAGE_FILE).write_text(page(), encoding="utf-8")
    other = page(body=BODY.replace("A wrong place", "Another place"))
    (tmp_path / "TST101-another-place.md").write_text(other, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"TST101 is used by another page \(TST101-a-wrong-place.md\)"):
        load_rules(tmp_path)


def test_a_page_with_windows_line_ends_is_read(tmp_path: Path) -> None:
    (tmp_path / PAGE_FILE).write_bytes(page().replace("\n", "\r\n").encode())
    assert list(load_rules(tmp_path)) == [*RULES, "TST101"]


def test_a_page_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / PAGE_FILE).write_bytes(page(message="§ {place_of_service_code}").encode("latin-1"))
    with pytest.raises(DefinitionError, match=PAGE_FILE):
        load_rules(tmp_path)


def test_rules_are_found_whatever_the_case_of_the_code() -> None:
    assert find_rule(RULES, "dep101") is RULES["DEP101"]


def test_an_unknown_rule_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownRule, match=r"There is no rule 'DEP10'\. Did you mean 'DEP1"):
        find_rule(RULES, "DEP10")


def codes(select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> set[str]:
    return {rule.code for rule in select_rules(RULES, select, ignore)}


def test_without_a_selection_all_rules_run_but_previews() -> None:
    previews = {code for code, rule in RULES.items() if rule.status == "preview"}
    assert previews == {"ADR105", "FMT106"}
    assert codes() == set(RULES) - previews


def test_a_preview_runs_only_when_its_whole_code_is_selected() -> None:
    assert "FMT106" not in codes(("FMT",))
    assert "FMT106" not in codes(("FMT10",))
    assert codes(("fmt106",)) == {"FMT106"}
    assert codes(("FMT106",), ("FMT",)) == set()


def test_rules_are_selected_and_ignored_by_the_beginning_of_their_codes() -> None:
    assert codes(("NOT", "dep101")) == {"NOT101", "NOT102", "NOT103", "DEP101"}
    assert codes(("NOT",), ("NOT103",)) == {"NOT101", "NOT102"}
    rest = ("ADR", "DEP", "FMT", "MIX", "NPP", "PAR", "PAY", "PRO", "SET", "TEL", "WIN")
    assert codes((), rest) == {"NOT101", "NOT102", "NOT103"}


def test_removed_rules_never_run() -> None:
    removed = read(page(status="removed"))
    assert select_rules({"TST101": removed}) == []
    assert select_rules({"TST101": removed}, ("TST",)) == []


@pytest.mark.parametrize("prefix", ["XYZ", "DEP999", "SET1020"])
def test_a_beginning_that_fits_no_rule_is_wrong_use(prefix: str) -> None:
    with pytest.raises(UnknownRule, match=f"No rule code begins with '{prefix}'"):
        check_codes(("SET", prefix))
