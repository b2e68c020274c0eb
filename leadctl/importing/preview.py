"""Previews a file: its detected format, and its first rows mapped and checked.

The rows are checked as in a push, without a ledger.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from leadctl.importing.judge import Judge
from leadctl.importing.row_view import row_views
from leadctl.model.errors import InputUnusable
from leadctl.model.leads import Status
from leadctl.model.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leadctl.importing.plan import Rules
    from leadctl.importing.row_view import RowView
    from leadctl.model.leads import Finding, Json, Note
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
    without_effect: tuple[str, ...] = ()
    unknown_countries: tuple[str, ...] = ()
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
    (mapper,) = judge.mappers
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
        mapper.unused,
        source.lines_of(view.number for view in (*first, *held_back)),
        tuple(first),
        tuple(held_back),
        counts,
        rows,
        good,
        "".join(sentence for _source, sentence in judge.damages()),
        tuple(note for _source, note in judge.notes()),
        (*judge.rules_without_effect(untold=True),),
        tuple(sentence for _source, sentence in judge.unknown_countries()),
    )


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
