"""Decides by a whole column which of several readings its cells mean."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Self

from leadctl.phones.decision import taken
from leadctl.phones.numbering_plan import plan_of
from leadctl.phones.readings import NATIONAL, Kind, candidates
from leadctl.phones.rule import Numbers
from leadctl.phones.spelling import PhoneUnreadable, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadctl.model.leads import Json
    from leadctl.phones.decision import Taken
    from leadctl.phones.numbering_plan import Plan
    from leadctl.phones.readings import Reading, Readings

FEWEST = 100
"""Cells without + that a column needs for a decision."""
MOST = 20_000
"""Cells to look at, from the top of the column."""
SHARE = 0.95
ONLY = 3
"""Cells needed that have no other reading."""

Sort = tuple[Kind, bool]
"""A kind of reading, and whether the country code is there twice."""


class ColumnSays(NamedTuple):
    """The sort of reading that a column consists of."""

    sort: Sort

    def __str__(self) -> str:
        kind, is_twice = self.sort
        return f"{kind.name} twice" if is_twice else kind.name

    @classmethod
    def named(cls, text: str) -> Self:
        """Parse what `str` returned, as stored in a ledger; raises KeyError."""
        name, _, twice = text.partition(" ")
        return cls((Kind[name], bool(twice)))

    @property
    def numbers(self) -> Numbers:
        """The value of --numbers that comes closest for a whole file."""
        is_national = self.sort[0] in NATIONAL
        return Numbers.NATIONAL if is_national else Numbers.INTERNATIONAL

    def of(self, readings: Readings) -> Taken | None:
        """Return the number among several readings that is of this sort, if any."""
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
    """Return the sort of reading that the cells without + share; None if they disagree.

    It must fit 95 % of at least a hundred cells, three cells must have no other, and
    no cell may have only a competing one.
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
    """Return the sorts of reading of a cell; None if it is empty or has a +."""
    try:
        spelling = spelled(value)
    except PhoneUnreadable:
        return None
    if spelling.has_code:
        return None
    found = candidates(spelling, plan)
    possible = [found.every[number] for number in found.possible]
    return frozenset(map(_sort, [*found.live.values(), *possible]))
