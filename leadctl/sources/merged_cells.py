"""Reads cells that are merged with those below in each of their rows, as people do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leadctl.sources.sheet_reader import SheetRow

Merged: TypeAlias = "dict[int, list[tuple[int, int]]]"
"""By their first row, the columns and the last rows of merged cells, all from 0."""


def filled(rows: Iterable[SheetRow], merged: Merged) -> Iterator[SheetRow]:
    """Yield rows with the texts of merged cells that begin above."""
    above: dict[int, tuple[str, int]] = {}
    for row in rows:
        above = {place: one for place, one in above.items() if row.before <= one[1]}
        for place, (text, _) in above.items():
            row.cells.extend([""] * (place + 1 - len(row.cells)))
            row.cells[place] = row.cells[place] or text
        for place, last in merged.get(row.before, ()):
            if place < len(row.cells):
                above[place] = row.cells[place], last
        yield row
