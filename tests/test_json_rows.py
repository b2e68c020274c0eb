"""Rows of JSONL: none is dropped, none is invented, all are numbered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import NO_ZERO, cells, malformed, opened, quickly

from leadctl.model.errors import InputUnusable
from leadctl.model.leads import Malformed, Row
from leadctl.sources.formats import Format, ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.model.leads import Json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(NO_ZERO, max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
OBJECT = st.dictionaries(st.text(NO_ZERO, min_size=1, max_size=6), JSON, min_size=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reader")


@given(
    objects=st.lists(OBJECT, min_size=1, max_size=6),
    newline=st.sampled_from(["\n", "\r\n"]),
    escaped=st.booleans(),
)
@quickly
def test_any_objects_come_back_as_they_were(
    folder: Path, objects: list[dict[str, Json]], newline: str, *, escaped: bool
) -> None:
    lines = [json.dumps(one, ensure_ascii=escaped) for one in objects]
    rows = [*opened(folder, newline.join(lines)).rows()]
    assert rows == [Row(n, one) for n, one in enumerate(objects, 1)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ('{"phone": "1",}', "not JSON"),
        ("{'phone': '1'}", "not JSON"),
        ('{"phone": "1"} x', "not JSON"),
        ('{"phone": NaN}', "invalid number"),
        ('{"phone": -Infinity}', "invalid number"),
        ('{"phone": 1e999}', "invalid number"),
        ('{"phone": ' + "9" * 5000 + "}", "invalid number"),
        ("[1, 2]", "not a JSON object"),
        ("17", "not a JSON object"),
        ("null", "not a JSON object"),
        ('"text"', "not a JSON object"),
        (r'{"name": "\ud83d"}', "unpaired"),
        (r'{"\ude00": 1}', "unpaired"),
        ('{"a":' * 3000 + "1" + "}" * 3000, "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
    ],
    ids=lambda text: text[:24],
)
def test_line_that_is_no_usable_object_is_malformed_and_kept(
    tmp_path: Path, line: str, reason: str
) -> None:
    content = f'{{"phone": "1"}}\n{line}\n{{"phone": "2"}}\n'
    found = malformed(tmp_path, content)
    assert [*found] == [2]
    assert reason in found[2].reason
    assert found[2].cells == line


@pytest.mark.parametrize("depth", range(880, 1000, 5))
def test_depth_of_nesting_never_ends_the_reader(tmp_path: Path, depth: int) -> None:
    content = '{"phone": "1"}\n' + '{"a":' * depth + "1" + "}" * depth + "\n"
    source = opened(tmp_path, content)
    assert [row.number for row in source.rows()] == [1, 2]


def test_blank_lines_between_objects_are_no_rows(tmp_path: Path) -> None:
    content = '\n{"phone": "1"}\n\n  \r\n{"phone": "2"}\n\n'
    rows = [*opened(tmp_path, content).rows()]
    assert rows == [Row(1, {"phone": "1"}), Row(2, {"phone": "2"})]


def test_unicode_line_separators_end_no_line(tmp_path: Path) -> None:
    content = '{"name": "a\u2028b\u0085c"}\n'
    assert cells(tmp_path, content) == [{"name": "a\u2028b\u0085c"}]


def test_pair_of_escapes_is_one_character(tmp_path: Path) -> None:
    assert cells(tmp_path, r'{"name": "\ud83d\ude00"}') == [{"name": "\U0001f600"}]


def test_columns_are_all_ways_into_all_objects(tmp_path: Path) -> None:
    content = '{"phone": "1"}\n{"address": {"city": "X"}, "phone": "2"}\n{"late": 1}\n'
    source = opened(tmp_path, content)
    assert source.columns == ("phone", "address", "address.city", "late")


@pytest.mark.parametrize(
    "content",
    ['{"a"\n{"b"\n', '[{"phone": "1"}]', "{}\n"],
    ids=["broken", "array", "empty object"],
)
def test_file_without_any_object_gives_a_sentence(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputUnusable, match="no line is a JSON object"):
        opened(tmp_path, content, ReadOptions(format=Format.JSONL))


def test_more_keys_than_a_table_has_columns_give_a_sentence(tmp_path: Path) -> None:
    content = "".join(f'{{"key {n}": 1}}\n' for n in range(10_001))
    with pytest.raises(InputUnusable, match="different keys"):
        opened(tmp_path, content)


def test_line_kept_by_a_reject_file_is_what_it_was(tmp_path: Path) -> None:
    ours: dict[str, Json] = {"_leadctl_row": 4, "_leadctl_reason": "not JSON"}
    lines: list[dict[str, Json]] = [
        {"phone": "1"},
        {**ours, "_leadctl_raw": "{broken"},
        {**ours, "_leadctl_raw": '{"phone": "2"}'},
        {**ours, "_leadctl_raw": "{broken", "phone": "3"},
    ]
    rows = [*opened(tmp_path, "\n".join(map(json.dumps, lines))).rows()]
    assert isinstance(rows[1], Malformed)
    assert rows[1].cells == "{broken"
    assert rows[2] == Row(3, {"phone": "2"})
    assert rows[3] == Row(4, lines[3])
