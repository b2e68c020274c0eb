"""Detects rows swallowed by a cell: a quote opened in one row, closed in a later one.

To the csv module such a cell is as good as an address of three lines. It differs in
that one of its lines reads as a row: several cells, a number in the phone column.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leadctl.sources.dialect import looks_like_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_LINE_END = re.compile(r"\r\n|\n|\r")
_DIGITS = re.compile(r"\d[\d\s()./-]{5,}\d")
"""What every number has: few cells of several lines have to be split."""


def contains_rows(
    cells: Sequence[str], delimiter: str, phones: Collection[int]
) -> bool:
    """Tell whether a cell of this row contains rows; `phones` are column places."""
    return any(
        place < len(row) and looks_like_number(row[place].strip())
        for row in _rows_inside(cells, delimiter)
        for place in phones
    )


def _rows_inside(cells: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    for place, cell in enumerate(cells):
        if ("\n" not in cell and "\r" not in cell) or not _DIGITS.search(cell):
            continue
        first, *others = _LINE_END.split(cell)
        # What stands before the quote is this row's own.
        yield [*[""] * (place + 1), *first.split(delimiter)[1:]]
        for line in others:
            row = line.split(delimiter)
            if len(row) > 1:
                yield row
