"""Sets of row numbers survive conversion between text, ranges and bits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadctl.model import row_set
from leadctl.model.row_set import RowSet

ROWS = st.sets(st.integers(1, 300)).map(sorted)
quickly = settings(deadline=None, database=None, max_examples=200)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], ""),
        ([7], "7"),
        ([1, 2, 3, 7], "1-3,7"),
        ([1, 3, 5], "1,3,5"),
        ([9, 10, 11, 1_000_000], "9-11,1000000"),
    ],
)
def test_rows_are_written_as_ranges(rows: list[int], text: str) -> None:
    assert row_set.written(rows) == text


@given(rows=ROWS)
@quickly
def test_what_is_written_is_read_again(rows: list[int]) -> None:
    text = row_set.written(rows)
    assert [*row_set.rows(text)] == rows
    assert sum(len(found) for found in row_set.ranges(text)) == len(rows)


@given(parts=st.lists(ROWS, max_size=5), asked=st.integers(0, 400))
@quickly
def test_set_holds_what_was_added_and_nothing_else(
    parts: list[list[int]], asked: int
) -> None:
    found = RowSet()
    for part in parts:
        found.add(row_set.written(part))
    assert (asked in found) == any(asked in part for part in parts)


@given(first=ROWS, second=ROWS)
@quickly
def test_what_is_removed_is_gone_and_the_rest_stays(
    first: list[int], second: list[int]
) -> None:
    found = RowSet()
    found.add(row_set.written(first))
    found.remove(row_set.written(second))
    assert [row for row in range(310) if row in found] == sorted(
        set(first) - set(second)
    )
