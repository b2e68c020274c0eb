"""What a column of phone cells says about its digits without +.

Where one cell has several readings, the others often tell which of them is meant.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Self

from leadctl.phones.numbering_plan import plan_of
from leadctl.phones.readings import (
    NATIONAL,
    Kind,
    candidates,
    taken,
)
from leadctl.phones.rule import Numbers
from leadctl.phones.spelling import PhoneUnreadable, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadctl.model.leads import Json
    from leadctl.phones.numbering_plan import Plan
    from leadctl.phones.readings import Reading, Readings, Taken

FEWEST = 100
"""Cells without + that a column must have to decide anything."""
MOST = 20_000
"""Cells that are looked at: the first of the column."""
SHARE = 0.95
ONLY = 3
"""Cells that can be read in one way only."""

Sort = tuple[Kind, bool]
"""A kind of reading, and whether the country code is there twice."""


class ColumnSays(NamedTuple):
    """Which sort of reading a column is made of."""

    sort: Sort

    def __str__(self) -> str:
        kind, is_twice = self.sort
        return f"{kind.name} twice" if is_twice else kind.name

    @classmethod
    def named(cls, text: str) -> Self:
        """Read what `str` wrote into a ledger; raises KeyError."""
        name, _, twice = text.partition(" ")
        return cls((Kind[name], bool(twice)))

    @property
    def numbers(self) -> Numbers:
        """The option that says nearly the same of a file."""
        is_national = self.sort[0] in NATIONAL
        return Numbers.NATIONAL if is_national else Numbers.INTERNATIONAL

    def of(self, readings: Readings) -> Taken | None:
        """Return the number that several readings are, if one is of this sort."""
        return taken(
            {
                number: reading
                for number, reading in readings.items()
                if _sort(reading) == self.sort
                and number.is_assigned
                and not number.is_unusual
            }
        )


def column_says(values: Iterable[Json], region: str | None) -> ColumnSays | None:
    """Tell which sort of reading the cells without + have; None: they do not agree.

    One sort has to fit 95 % of at least a hundred cells, three cells must have no
    other, and no cell may have only a sort that competes with it.
    """
    plan = plan_of(region)
    if plan is None:
        return None
    fits: Counter[Sort] = Counter()
    alone: Counter[Sort] = Counter()
    together: Counter[frozenset[Sort]] = Counter()
    cells = 0
    for value in values:
        if (sorts := _sorts(value, plan)) is None:
            continue
        cells += 1
        fits.update(sorts)
        together[sorts] += 1
        if len(sorts) == 1:
            alone.update(sorts)
        if cells == MOST:
            break
    best = [sort for sort, times in fits.items() if times >= SHARE * cells]
    if cells < FEWEST or len(best) != 1 or alone[best[0]] < ONLY:
        return None
    rivals = {sort for sorts in together if best[0] in sorts for sort in sorts}
    if any(alone[rival] for rival in rivals - {best[0]}):
        return None
    return ColumnSays(best[0])


def _sort(reading: Reading) -> Sort:
    is_lost = reading.kind in (Kind.ZERO_LOST, Kind.ZEROS_ADDED)
    kind = Kind.PREFIX if is_lost else reading.kind
    return kind, kind is Kind.PLUS_LOST and reading.code_twice


def _sorts(value: Json, plan: Plan) -> frozenset[Sort] | None:
    """Return how a cell may be read; None if it is empty, or says so itself."""
    try:
        spelling = spelled(value)
    except PhoneUnreadable:
        return None
    if spelling.plus or spelling.digits.startswith("00"):
        return None
    found = candidates(spelling, plan)
    possible = [found.every[number] for number in found.possible]
    return frozenset(map(_sort, [*found.live.values(), *possible]))
