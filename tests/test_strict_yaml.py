"""YAML without surprises: what stays text, and what is refused with its line."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.errors import DefinitionError
from scrubjay.strict_yaml import DEEPEST, as_date, check_keys, load_yaml


def refusal(text: str, first_line: int = 1) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        load_yaml(text, "x.yaml", first_line)
    assert caught.value.file == "x.yaml"
    return caught.value


@pytest.mark.parametrize(
    "word",
    ["02", "no", "NO", "yes", "on", "off", "true", "null", "~", "12:30", "1e3", "0x10", "0o7", "68.10", "2024-03-05",
     ".inf", "1_000", "<<", "="],
)  # fmt: skip
def test_every_scalar_stays_the_text_it_is(word: str) -> None:
    assert load_yaml(f"key: {word}\nlist: [{word}]\n{word}: value\n", "x.yaml") == {
        "key": word, "list": [word], word: "value",
    }  # fmt: skip


def test_blanks_are_empty_text_and_folded_text_is_one_line() -> None:
    assert load_yaml("a:\nb: >\n  one\n  two\nc: |\n  one\n  two\n", "x.yaml") == {
        "a": "", "b": "one two\n", "c": "one\ntwo\n",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is given twice"),
        ("a:\n  b: 1\n  b: 1\n", 3, "'b' is given twice"),
        ("- {a: 1}\n- {a: 1, a: 2}\n", 2, "'a' is given twice"),
        ("a: 1\n'a': 2\n", 2, "'a' is given twice"),
        ("a: &x 1\nb: *x\n", 1, "anchors and aliases"),
        ("a: 1\nb: &x [1]\n", 2, "anchors and aliases"),
        ("a: &x {b: 1}\n", 1, "anchors and aliases"),
        ("a: *x\n", 1, "anchors and aliases"),
        ("a: [1\n", 2, "not YAML"),
        ("a: 'x\n", 2, "not YAML"),
        ("a: b: c\n", 1, "not YAML"),
        ("a: 1\n\tb: 2\n", 2, "not YAML"),
        ("a: 1\n--- \nb: 2\n", 2, "not YAML"),
    ],
)
def test_what_could_surprise_is_refused_with_its_line(text: str, line: int, word: str) -> None:
    error = refusal(text)
    assert error.line == line
    assert word in error.problem


def test_lines_are_counted_from_where_the_block_stands_in_its_file() -> None:
    assert refusal("a: 1\na: 2\n", first_line=10).line == 11


def test_a_key_that_is_no_text_is_refused() -> None:
    assert refusal("? [a, b]\n: 1\n").problem
    assert refusal("? {a: b}\n: 1\n").problem


@pytest.mark.parametrize("text", ["a: !!python/object/apply:os.system ['true']\n", "a: !!int 7\n", "a: !foo 7\n"])
def test_a_tag_makes_nothing_but_text(text: str) -> None:
    try:
        found = load_yaml(text, "x.yaml")
    except DefinitionError:
        return
    assert found["a"] in ("7", ["true"])


@pytest.mark.parametrize("opening", ["[", "- ", "? ", "{a: ", "[a, "])
def test_yaml_that_is_nested_too_deeply_is_refused(opening: str) -> None:
    # The tree builder of the C library ends the process here.
    assert "nested too deeply" in refusal(opening * 200_000).problem


def test_yaml_may_be_nested_to_a_depth() -> None:
    found = load_yaml("[" * DEEPEST + "]" * DEEPEST, "x.yaml")
    for _ in range(DEEPEST - 1):
        (found,) = found
    assert found == []
    assert refusal("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2)).line == 1


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n", "---\n", "--- \n...\n"])
def test_a_document_of_nothing_is_nothing(text: str) -> None:
    assert not load_yaml(text, "x.yaml")


def test_half_a_character_is_refused() -> None:
    assert refusal("a: \ud800").problem


def test_without_the_library_in_c_the_same_is_read_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["a: 1\nb: [x, {y: 'z'}]\n", "a: >\n  one\n  two\n", "a:\n", "", "'a': 02\n"]
    wrong = ["a: 1\na: 2\n", "a: &x 1\nb: *x\n", "a: 1\n---\nb: 1\n", "? [a]\n: b\n", "[" * 50]
    read, refused = [load_yaml(text, "x.yaml") for text in texts], [refusal(text) for text in wrong]
    monkeypatch.setattr("scrubjay.strict_yaml._Loader", yaml.BaseLoader)
    assert [load_yaml(text, "x.yaml") for text in texts] == read
    assert [(one.line, one.problem) for one in map(refusal, wrong)] == [(one.line, one.problem) for one in refused]


def test_a_bomb_of_aliases_is_refused() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    assert "anchors and aliases" in refusal(bomb).problem


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text("ab:-[]{}&*!|>'\"%@`, \n\t?#", max_size=40))
def test_no_text_raises_anything_but_a_definition_error(text: str) -> None:
    def only_text(value: Any) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and only_text(one) for key, one in value.items())
        return all(map(only_text, value)) if isinstance(value, list) else isinstance(value, str | None)

    try:
        found = load_yaml(text, "x.yaml")
    except DefinitionError as error:
        assert error.file == "x.yaml"
    else:
        assert only_text(found)


# --- keys and dates -----------------------------------------------------------------------------------


def test_keys_that_are_allowed_and_complete_pass() -> None:
    given_, allowed = {"a": "1", "b": "2"}, ("a", "b", "c")
    check_keys(given_, allowed, ("a",), "x.yaml", "a thing")
    assert given_ == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"aplies": "1", "violates": "2"}, "unknown key 'aplies' in a rule. Did you mean 'applies'?"),
        ({"violates": "2"}, "a rule has no 'applies'. To fix it: add 'applies:'"),
        (["applies"], "a rule must be a mapping of keys to values"),
        ("applies", "a rule must be a mapping of keys to values"),
        (None, "a rule must be a mapping of keys to values"),
    ],
)
def test_keys_that_are_not_allowed_or_missing_are_refused(mapping: object, words: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        check_keys(mapping, ("applies", "violates"), ("applies", "violates"), "x.md", "a rule", 3)
    assert str(caught.value).startswith(f"x.md:3: {words}")


def test_a_date_is_read() -> None:
    assert as_date("2016-02-29", "x.yaml", "effective") == dt.date(2016, 2, 29)


@pytest.mark.parametrize("text", ["2015-02-29", "2016-1-1", "01/02/2016", "", "null", None, ["2016-01-01"], "20160101",
                                  "2016-W01-1", "２016-01-01"])  # fmt: skip
def test_what_is_not_written_as_a_date_is_refused(text: object) -> None:
    with pytest.raises(DefinitionError, match=r"effective is '.*', which is no date\. To fix it: write it as"):
        as_date(text, "x.yaml", "effective")
