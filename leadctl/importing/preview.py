"""Previews files: format, and rows mapped and checked as in a push without ledger."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from leadctl.importing.judge import Judge
from leadctl.model.errors import InputUnusable
from leadctl.model.leads import Block, Malformed, Status
from leadctl.model.progress import Progress
from leadctl.sources.dialect import looks_like_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from leadctl.importing.plan import Rules
    from leadctl.model.leads import Cells, Finding, Json, Note, Row
    from leadctl.sources.source import Source

FIRST_ROWS = 5
OF_EACH_KIND = 3
"""Rows of one code that are shown."""


class Preview(NamedTuple):
    """A file as leadctl reads it; `problem` says why its columns cannot be mapped.

    Besides the `first` rows, `held_back` has the first of each code that would not be
    sent; `counts` has the rows of each code. `good` rows would be sent.
    """

    source: Source
    columns: Mapping[str, tuple[str, ...]] = {}
    opt_outs: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    lines: Mapping[int, int] = {}
    """The line in the file of each row that is shown."""
    first: tuple[RowView, ...] = ()
    held_back: tuple[RowView, ...] = ()
    counts: Mapping[str, int] = {}
    rows: int = 0
    good: int = 0
    damage: str = ""
    notes: tuple[Note, ...] = ()
    remarks: tuple[str, ...] = ()
    problem: InputUnusable | None = None


def previews(
    rules: Rules, tell: Callable[[Progress], None] = lambda _progress: None
) -> list[Preview]:
    """Read every row of each file; `tell` is called with the progress.

    Raises InputUnusable if a profile does not match a file.
    """
    seen: Counter[Status] = Counter()
    return [
        _preview(
            replace(rules, sources=(source,)),
            seen,
            lambda: tell(Progress(seen.total(), counts=dict(seen))),
        )
        for source in rules.sources
    ]


def _preview(rules: Rules, seen: Counter[Status], tell: Callable[[], None]) -> Preview:
    """Read every row of the only source of the rules, and count it in `seen`."""
    (source,) = rules.sources
    try:
        judge = Judge(rules)
    except InputUnusable as problem:
        if rules.profile:
            raise
        return Preview(source, problem=problem)
    (mapper,), (prescan,) = judge.mappers, judge.prescans
    first: list[RowView] = []
    held_back: list[RowView] = []
    counts, rows, good = Counter[str](), 0, 0

    def is_shown(number: int, finding: Finding | None) -> bool:
        if finding:
            counts[finding.code] += 1
            seen[finding.status] += 1
        is_rare = finding is not None and counts[finding.code] <= OF_EACH_KIND
        return number <= FIRST_ROWS or is_rare

    for block in source.blocks():
        rows = block.last
        for view in row_views(judge, 0, block, is_shown):
            (first if view.number <= FIRST_ROWS else held_back).append(view)
        seen[Status.CREATED] += rows - counts.total() - good
        good = rows - counts.total()
        tell()
    return Preview(
        source,
        mapper.columns,
        mapper.opt_outs,
        mapper.unused,
        source.lines_of(view.number for view in (*first, *held_back)),
        tuple(first),
        tuple(held_back),
        counts,
        rows,
        good,
        str(prescan.damage),
        tuple(prescan.notes()),
        (
            *judge.rules_without_effect(untold=True),
            *(sentence for _source, sentence in judge.unknown_countries()),
        ),
    )


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


def pin(source: Source) -> dict[str, Json]:
    """Return the `file:` of a profile that makes detection unnecessary."""
    if source.nested:
        return {"format": source.format.value, "encoding": source.encoding}
    if source.sheet:
        return {"format": source.format.value, "sheet": source.sheet}
    return {
        "format": source.format.value,
        "encoding": source.encoding,
        "delimiter": source.dialect.delimiter,
        "header": source.header,
    }
