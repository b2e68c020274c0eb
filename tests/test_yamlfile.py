"""YAML as people write it: country codes stay text, and mistakes have a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from leadctl.model.errors import InputUnusable
from leadctl.model.yaml_file import parse, read

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.model.leads import Json


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("2026-01-01", "2026-01-01"),
        ("12:30:45", "12:30:45"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("1e5", "1e5"),
        (".5", ".5"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("=", "="),
        ("'5'", "5"),
        ("true", True),
        ("False", False),
        ("5", 5),
        ("-5", -5),
        ("0", 0),
        ("1.50", 1.5),
        ("null", None),
        ("~", None),
        ("", None),
        ("''", ""),
    ],
)
def test_only_plain_numbers_truths_and_null_are_not_text(
    written: str, value: Json
) -> None:
    found = parse(f"key: {written}", "file").content
    assert found == {"key": value}
    assert isinstance(found, dict)
    assert type(found["key"]) is type(value)


def test_number_with_a_plus_keeps_it() -> None:
    """`+15551234567` is a phone number, and nothing without its sign."""
    found = parse("key: +15551234567", "file").content
    assert found == {"key": "+15551234567"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "duplicate key 'a'"),
        ("a:\n  b: 1\n  b: 2\n", 3, "duplicate key 'b'"),
        ("a: &x 1\nb: *x\n", 2, "aliases"),
        ("? [a, b]\n: 1\n", 1, "keys must be plain words"),
        ("? {a: b}\n: 1\n", 1, "keys must be plain words"),
        ("a: !!int many\n", 1, ""),
        ("a: !!float many\n", 1, ""),
    ],
    ids=[
        "twice",
        "twice below",
        "alias",
        "list as key",
        "mapping as key",
        "tagged number",
        "tagged fraction",
    ],
)
def test_mistake_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(InputUnusable, match=f"^profile.yaml, line {line}[:,].*{words}"):
        parse(text, "profile.yaml")


MISTAKES = {
    "tab": ("a:\n\tb: 1\n", "2, column 1: a tab", "spaces"),
    "open quote": ("a:\n  b: 'x\nc: 1\n", "2, column 6: unclosed quote", ""),
    "open list": ("a: [1, 2\nb: 3\n", "1, column 4: unclosed bracket", ""),
    "open mapping": ("a: {b: 1\n", "1, column 4: unclosed bracket", ""),
    "no colon": (
        "a: 1\nb 2\nc: 3\n",
        "2, column 1: a key without a colon",
        "key: value",
    ),
    "one colon too many": ("a: b: c\n", "1, column 5: unexpected colon", "quote"),
    "deeper": ("a:\n  b: 1\n   c: 2\n", "3, column 5: unexpected colon", "align keys"),
    "less deep": ("a:\n  b: 1\n c: 2\n", "3, column 2: indented", "align keys"),
    "template": ("a: {b} {c}\n", "1, column 8: text after", '"{First Name} {Last'),
    "quote": ("a: 'it's'\n", "1, column 8: text after", "quote"),
    "sign": ("a: @b\n", "1, column 4: text starts with", "quote"),
    "backslash": ('a: "\\d"\n', "1, column 6: a backslash", "single"),
    "list among keys": ("a:\n  b: 1\n  - c\n", "3, column 3: a list and keys", "key"),
    "two documents": ("a: 1\n---\nb: 2\n", "2, column 1: a second document", "one"),
    "control character": ("a: 1\nb: \1\n", "2: a character", "invisible"),
}


@pytest.mark.parametrize(
    ("text", "words", "remedy"), MISTAKES.values(), ids=MISTAKES.keys()
)
def test_common_mistake_is_told_in_words_of_ours(
    text: str, words: str, remedy: str
) -> None:
    with pytest.raises(InputUnusable) as caught:
        parse(text, "profile.yaml")
    assert caught.value.message.startswith(f"profile.yaml, line {words}")
    assert remedy in (caught.value.hint or "")


def test_colon_without_a_space_gets_its_remedy() -> None:
    document = parse("fields:\n  phone:Mobile\n", "profile.yaml")
    with pytest.raises(InputUnusable, match="'fields' must be a mapping") as caught:
        document.table(("fields",))
    assert caught.value.hint == "add a space after the colon"


@pytest.mark.parametrize(
    "text",
    ["[" * 3000, "{a: " * 400 + "1" + "}" * 400, "- " * 3000 + "x"],
    ids=["lists", "mappings", "dashes"],
)
def test_nesting_without_end_gives_a_sentence(text: str) -> None:
    with pytest.raises(InputUnusable, match=r"^file"):
        parse(text, "file")


@given(
    text=st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [*"-?:[]{}&*!|>'\"%@`#,ab1 \n\t", ": ", "- ", "!!int ", "\n  "]
        ),
        max_size=30,
    ).map("".join)
)
@settings(deadline=None, database=None, max_examples=400)
def test_any_text_gives_a_document_or_a_sentence(text: str) -> None:
    assert sentence_about(text).startswith("file")


def sentence_about(text: str) -> str:
    """Return what is wrong with a text; where nothing is, the document's name."""
    try:
        return parse(text, "file").name
    except InputUnusable as error:
        return error.message


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-999, 999)
    | st.text("abc 1:-#{}", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(content=st.dictionaries(st.text("abc", min_size=1), PLAIN, min_size=1))
@settings(deadline=None, database=None, max_examples=100)
def test_what_a_yaml_library_writes_is_read_again(content: dict[str, Json]) -> None:
    assert parse(yaml.safe_dump(content), "file").content == content


def test_objects_of_python_are_not_made() -> None:
    found = parse("a: !!python/object/apply:os.getcwd []", "file").content
    assert found == {"a": []}


def test_merge_key_is_a_key_like_any_other() -> None:
    assert parse("<<: {a: 1}\nb: 2", "file").content == {"<<": {"a": 1}, "b": 2}


def test_lines_are_those_of_the_keys() -> None:
    document = parse("a:\n  - x\n  - b: 1\n\n    c: 2\n", "file")
    problem = document.problem(("a", 1, "c"), "wrong", hint="do this")
    assert (problem.message, problem.hint) == ("file, line 5: wrong", "do this")


def test_missing_key_has_the_line_of_what_it_is_missing_in() -> None:
    problem = parse("a: 1\nb:\n  c: 2\n", "file").problem(("b", "d"), "missing")
    assert problem.message == "file, line 2: missing"


def test_unknown_key_is_named_with_the_nearest() -> None:
    document = parse("accounts:\n  voiso:\n    timeuot: 3\n", "file")
    with pytest.raises(
        InputUnusable, match=re.escape("line 3: unknown key 'timeuot'")
    ) as e:
        document.table(("accounts", "voiso"), ["timeout", "base_url"])
    assert "(did you mean 'timeout'?)" in e.value.message
    assert e.value.hint == "known here: timeout, base_url"


@pytest.mark.parametrize("written", ["x", "[1]", "5"])
def test_table_must_be_a_mapping(written: str) -> None:
    with pytest.raises(InputUnusable, match="line 1: 'a' must be a mapping"):
        parse(f"a: {written}", "file").table(("a",))


def test_absent_table_is_empty() -> None:
    document = parse("a:\n", "file")
    assert document.table(("a",), ["x"]) == {}
    assert document.table(("b", "c")) == {}


@pytest.mark.parametrize("kind", ["missing", "folder", "bytes"])
def test_file_that_cannot_be_read_gives_a_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "config.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "bytes":
        path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(
        InputUnusable, match=r"config\.yaml: (No such|Is a dir|not UTF-8)"
    ):
        read(path)


def test_byte_order_mark_is_no_part_of_a_key(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes("a: 1\n".encode("utf-8-sig"))
    assert read(path).content == {"a": 1}


def test_text_that_could_not_be_sent_is_refused() -> None:
    """YAML can express half of a surrogate pair; UTF-8 and JSON cannot."""
    with pytest.raises(InputUnusable, match="unpaired"):
        parse('name: {value: "a\\ud800"}', "map.yaml")
