"""Shows rows of a file one by one: their cells, and the result of each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.leads import Block, Malformed
from leadctl.sources.dialect import looks_like_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from leadctl.importing.judge import Judge
    from leadctl.model.leads import Cells, Finding, Json, Row


class RowView(NamedTuple):
    """A row in its file: cells by column, lead fields, and the object that is sent.

    The last two are None if an earlier step rejected the row, for the reason in
    `finding`.
    """

    number: int
    cells: Mapping[str, Json]
    mapped: Mapping[str, Json] | None = None
    sent: Mapping[str, Json] | None = None
    finding: Finding | None = None

    def masked(self) -> RowView:
        mapped, sent = self.mapped, self.sent
        return self._replace(
            cells=_shapes(self.cells),
            mapped=None if mapped is None else _shapes(mapped),
            sent=None if sent is None else _shapes(sent),
        )


def row_views(
    judge: Judge,
    file: int,
    block: Block,
    is_shown: Callable[[int, Finding | None], bool],
) -> Iterator[RowView]:
    """Judge a block, and yield those of its rows that are to be shown, in order."""
    cells = dict(zip(block.numbers, block.cells, strict=True))
    malformed = {row.number: row.cells for row in block.malformed}
    judged = judge.judge(file, block)
    found = {finding.row: finding for finding in judged.findings}
    places = {row: place for place, row in enumerate(judged.leads.rows)}
    columns = judge.rules.sources[file].columns
    for number in range(block.first, block.last + 1):
        finding = found.get(number)
        if not is_shown(number, finding):
            continue
        mapped = sent = None
        if number in cells:
            mapped = judge.mappers[file].one_row(cells[number])
        if number in places and judge.rules.provider:
            sent = judged.leads[places[number]].wire
        own = malformed[number] if number in malformed else cells[number]
        yield RowView(number, _named(own, columns), mapped, sent, finding)


def row_view(judge: Judge, file: int, row: Row | Malformed) -> RowView:
    """Judge a row alone, without what depends on other rows of the file."""
    n = row.number
    block = (
        Block(n, n, [], [], [row])
        if isinstance(row, Malformed)
        else Block(n, n, [n], [row.cells])
    )
    (found,) = row_views(judge, file, block, lambda _number, _finding: True)
    return found


def _named(cells: Cells | str, columns: Sequence[str]) -> dict[str, Json]:
    """Name cells by their column, or by their place where it has no name of its own."""
    match cells:
        case dict():
            return cells
        case str():
            return {"(line)": cells}
        case _:
            named: dict[str, Json] = {}
            for place, cell in enumerate(cells):
                name = columns[place] if place < len(columns) else ""
                taken = not name or name in named
                named[f"{name} ({place + 1})".strip() if taken else name] = cell
            return named


def _shapes(values: Mapping[str, Json]) -> dict[str, Json]:
    """Return values with `#` for each digit and `x` for each letter.

    Names stay unless they look like data: the file may have no header.
    """
    return {
        str(_shape(name)) if looks_like_data([name]) else name: _shape(value)
        for name, value in values.items()
    }


def _shape(value: Json) -> Json:
    match value:
        case bool() | None:
            return value
        case dict():
            return _shapes(value)
        case list():
            return [_shape(inner) for inner in value]
        case _:
            return "".join(map(_masked, str(value)))


def _masked(letter: str) -> str:
    if letter.isnumeric():
        return "#"
    if letter.isalpha():
        return "X" if letter.isupper() else "x"
    return letter
