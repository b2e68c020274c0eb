"""Numbers that must never be uploaded, from lists in any spelling.

A list is read whole before anything is sent. Whatever might be a number and cannot be
compared stops the run: sending without a list is worse than not sending.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from leadctl.errors import InputUnusable
from leadctl.fields import ALIASES, plain
from leadctl.model import Row
from leadctl.phone import Normaliser, PhoneForm, PhoneRule
from leadctl.reader import Wishes, open_source
from leadctl.spelling import PhoneProblem
from leadctl.wording import count, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.model import Json, Malformed
    from leadctl.reader import Source

INTERNATIONAL = PhoneRule(PhoneForm.DIGITS)
FEWEST_DIGITS = 7
"""An entry with fewer is nobody's number: a heading, a remark."""


@dataclass(frozen=True)
class List:
    """A file of numbers; `column` is needed where it has several and none is known."""

    path: Path
    column: str | None = None

    @classmethod
    def named(cls, text: str) -> Self:
        """Read `PATH` or `PATH::COLUMN`."""
        path, _, column = text.rpartition("::")
        return cls(Path(path), column) if path else cls(Path(text))


class Suppressed:
    """The numbers of all lists, sorted: eight bytes each, exact."""

    def __init__(self, numbers: array[int] | None = None) -> None:
        self._numbers = numbers or array("Q")

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def __contains__(self, key: str) -> bool:
        number = int(key)
        place = bisect_left(self._numbers, number)
        return place < len(self._numbers) and self._numbers[place] == number


def read(lists: Sequence[List], region: str | None) -> Suppressed:
    """Read all lists; `region` is for numbers without a country code.

    Raises InputUnusable where one is missing, empty, or holds what might be a number
    and cannot be read as one.
    """
    normalise = Normaliser(INTERNATIONAL, region)
    numbers = array("Q")
    for listed in lists:
        before = len(numbers)
        numbers.extend(_numbers(listed, normalise))
        if len(numbers) == before:
            raise InputUnusable(
                f"suppression list {listed.path} holds no phone number",
                hint="without it nothing is sent; name the right file",
            )
    return Suppressed(array("Q", sorted(set(numbers))))


def _numbers(listed: List, normalise: Normaliser) -> Iterator[int]:
    source = _opened(listed)
    place = None if source.nested else _place(listed, source)
    for row, value in _entries(source, listed, place):
        try:
            yield int(normalise(value).key)
        except PhoneProblem as problem:
            if sum(map(str.isdigit, str(value))) >= FEWEST_DIGITS:
                raise InputUnusable(
                    f"suppression list {listed.path}, row {row}: {problem.reason}",
                    hint="correct the entry or take it out: a number that cannot be "
                    "compared might be called",
                ) from None


def _opened(listed: List) -> Source:
    known = frozenset([listed.column] if listed.column else [])
    try:
        return open_source(listed.path, Wishes(known=known))
    except InputUnusable as error:
        error.message = f"suppression list {error.message}"
        raise


def _place(listed: List, source: Source) -> int:
    """Return the number of the column that holds the phones."""
    names = source.columns
    if listed.column is not None:
        if listed.column not in names:
            raise InputUnusable(
                f"suppression list {listed.path} has no column {listed.column!r}"
                f"{nearest(listed.column, names)}"
            )
        return names.index(listed.column)
    if len(names) == 1:
        return 0
    for alias in ALIASES["phone"]:
        for place, name in enumerate(names):
            if plain(name) == alias:
                return place
    raise InputUnusable(
        f"suppression list {listed.path} has {count(len(names), 'column')}, "
        "and none is recognised as the phone number",
        hint=f"name it: --suppress '{listed.path}::COLUMN'",
    )


def _entries(
    source: Source, listed: List, place: int | None
) -> Iterator[tuple[int, Json]]:
    if place is not None and source.header:
        yield 0, source.names[place]  # a number that was taken for a name
    for row in source.rows():
        yield row.number, _entry(row, listed, place)


def _entry(row: Row | Malformed, listed: List, place: int | None) -> Json:
    if not isinstance(row, Row):
        raise InputUnusable(
            f"suppression list {listed.path}, row {row.number}: {row.reason}",
            hint="correct the row: a number that cannot be compared might be called",
        )
    if isinstance(row.cells, list):
        return row.cells[place or 0]
    return row.cells.get(listed.column or "phone")
