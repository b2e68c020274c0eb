"""What a file was taken for, and its first rows: raw cells -> mapped fields -> verdict.

The same mapping and fitting as a push, without its books.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from leadctl.errors import InputUnusable
from leadctl.fitting import Unfit
from leadctl.forensics import ROUNDED, damage
from leadctl.job import mapper_of
from leadctl.model import Code, Malformed
from leadctl.optouts import missed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from leadctl.forensics import Damage
    from leadctl.mapping import Mapper, Values
    from leadctl.model import Cells, Json, Row
    from leadctl.profile import Profile
    from leadctl.source import Source

Fit: TypeAlias = "Callable[[Values], Mapping[str, Json]]"
"""From a row's fields, used up, to the object that is sent; raises Unfit."""

FIRST_ROWS = 5
OF_EACH_KIND = 3
"""Rejects of one code that are shown."""


@dataclass(frozen=True)
class Sample:
    """A row: its cells by column, the fields found in them, and what is wrong with it.

    `sent` is the object a provider would get; empty without a provider.
    """

    row: int
    raw: Mapping[str, Json]
    mapped: Mapping[str, Json] = field(default_factory=dict)
    sent: Mapping[str, Json] = field(default_factory=dict)
    code: str = ""
    field: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Preview:
    """A file as leadctl sees it; `problem` tells why its columns cannot be mapped."""

    source: Source
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    first: tuple[Sample, ...] = ()
    rejects: tuple[Sample, ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
    rows: int = 0
    damage: str = ""
    missed: tuple[str, ...] = ()
    problem: InputUnusable | None = None


def preview(
    source: Source,
    profile: Profile | None,
    constants: Mapping[str, str],
    fit: Fit,
) -> Preview:
    """Look at every row of a file: its first, and the first rejects of each kind.

    Raises InputUnusable where a profile does not fit the file.
    """
    try:
        mapper = mapper_of(source, profile, constants)
    except InputUnusable as problem:
        if profile:
            raise
        return Preview(source, problem=problem)
    damaged = damage(source, mapper)
    first: list[Sample] = []
    rejects: list[Sample] = []
    rejected: Counter[str] = Counter()
    rows = 0
    for rows, row in enumerate(source.rows(), start=1):
        sample = _sample(row, source, mapper, fit, damaged)
        if rows <= FIRST_ROWS:
            first.append(sample)
        if sample.code:
            rejected[sample.code] += 1
            if rows > FIRST_ROWS and rejected[sample.code] <= OF_EACH_KIND:
                rejects.append(sample)
    return Preview(
        source,
        mapper.columns,
        mapper.unused,
        tuple(first),
        tuple(rejects),
        rejected,
        rows,
        str(damaged),
        (*missed(source, mapper),),
    )


def pin(source: Source) -> dict[str, Json]:
    """Return what a profile's `file:` needs so that nothing is found out again."""
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


def _sample(
    row: Row | Malformed,
    source: Source,
    mapper: Mapper,
    fit: Fit,
    damaged: Damage,
) -> Sample:
    if isinstance(row, Malformed):
        raw = dict(_unnamed(row.cells))
        return Sample(row.number, raw, code=Code.ROW_MALFORMED, reason=row.reason)
    sample = Sample(row.number, dict(_raw(row.cells, source)), mapper.values(row.cells))
    if column := mapper.skipped_by(row.cells):
        reason = f"skip_if: column {column!r}"
        return replace(sample, code=Code.SKIPPED_BY_RULE, reason=reason)
    if damaged.includes(sample.mapped.get("phone")):
        code = Code.PHONE_DAMAGED
        return replace(sample, code=code, field="phone", reason=ROUNDED)
    try:
        return replace(sample, sent=fit(dict(sample.mapped)))
    except Unfit as unfit:
        code, reason = unfit.code, unfit.reason
        return replace(sample, code=code, field=unfit.field, reason=reason)


def _unnamed(cells: Cells | str) -> Iterator[tuple[str, Json]]:
    """Yield the cells of a row of the wrong width by number, a line as it stands."""
    if isinstance(cells, list):
        yield from ((str(place), cell) for place, cell in enumerate(cells, start=1))
    else:
        yield "", str(cells)


def _raw(cells: Cells, source: Source) -> Iterator[tuple[str, Json]]:
    if isinstance(cells, dict):
        yield from cells.items()
        return
    for name, cell in zip(source.columns, cells, strict=True):
        if cell.strip():
            yield name, cell
