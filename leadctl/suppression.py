"""Numbers that must never be uploaded, from lists in any spelling.

A list is read whole before anything is sent. Whatever might be a number and cannot be
compared stops the run: sending without a list is worse than not sending.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from leadctl.errors import InputUnusable
from leadctl.fields import ALIASES, plain
from leadctl.forensics import Damage, looks_rounded
from leadctl.mapping import getters_of
from leadctl.model import Code
from leadctl.phones.normalize import ANY_COUNTRY, Normalizer
from leadctl.reader import Wishes, open_sheets
from leadctl.spreadsheet import ERRORS
from leadctl.wording import count, nearest, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.model import Json
    from leadctl.phones.normalize import PhoneRule
    from leadctl.phones.spelling import PhoneProblem
    from leadctl.source import Source

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


def read(lists: Sequence[List], rule: PhoneRule, region: str | None) -> Suppressed:
    """Read all lists; `region` is for numbers without a country code.

    They are compared as leads are: by the `rule` where a provider takes one country's
    numbers alone. Raises InputUnusable where a list is missing, empty, or holds what
    might be a number and cannot be read as one.
    """
    normalise = Normalizer(rule if rule.country else ANY_COUNTRY, region)
    numbers = array("Q")
    for listed in lists:
        before = len(numbers)
        numbers.extend(_numbers(listed, normalise))
        if len(numbers) == before:
            whose = f" of {rule.country}" if rule.country else ""
            raise InputUnusable(
                f"suppression list {listed.path} holds no phone number{whose}",
                hint="without it nothing is sent; name the right file",
            )
    return Suppressed(array("Q", sorted(numbers)))


def _numbers(listed: List, normalise: Normalizer) -> Iterator[int]:
    for source in _opened(listed):
        yield from _numbers_in(source, listed, normalise)


def _numbers_in(source: Source, listed: List, normalise: Normalizer) -> Iterator[int]:
    shown = _shown(source)
    found = rounded = 0
    for rows, values in _entries(listed, source):
        phones, problems = normalise.column(values)
        for place, problem in problems.items():
            if _might_be_called(values[place], problem):
                where = f"row {rows[place]}" if rows[place] else "its first line"
                raise InputUnusable(
                    f"{shown}, {where}: {problem.reason}",
                    hint="correct the entry or take it out: a number that cannot be "
                    "compared might be called",
                )
        found += len(values) - len(problems)
        if source.suspicious:
            rounded += sum(map(looks_rounded, values))
        yield from map(int, filter(None, phones.keys))
    if damaged := str(Damage(found, rounded=rounded)):
        raise InputUnusable(f"{shown}: {damaged}")


def _might_be_called(value: Json, problem: PhoneProblem) -> bool:
    """Tell what may be somebody's number from a heading, a remark, an empty cell."""
    match problem.code:
        case Code.PHONE_DAMAGED:
            return True
        case Code.PHONE_WRONG_COUNTRY:  # of which no lead can be
            return False
        case _:
            text = str(value).strip()
            digits = sum(map(str.isdigit, text))
            is_begun = text.startswith("+") and digits > 0
            lost = text in ERRORS or _LOST.fullmatch(text) is not None
            return is_begun or digits >= FEWEST_DIGITS or lost


_LOST = re.compile(r"#{2,}|#[A-Z0/]+[!?]")
"""What a spreadsheet shows for a number that its column is too narrow for, or that it
could not calculate: other errors than those known, too."""


def _entries(
    listed: List, source: Source
) -> Iterator[tuple[Sequence[int], Sequence[Json]]]:
    """Yield all cells that may hold a number, many at a time, and the rows they are in.

    What stands in the header is in row 0: a number may have been taken for a name.
    """
    columns = _columns(listed, source)
    if source.header:
        yield [0] * len(columns), columns
    getters = [
        getter
        for name in columns
        for getter in getters_of(source.columns, name, nested=source.nested)
    ]
    for block in source.blocks():
        for row in block.malformed:
            raise InputUnusable(
                f"{_shown(source)}, row {row.number}: {row.reason}",
                hint="correct it: a number that cannot be compared might be called",
            )
        for getter in getters:
            yield block.numbers, getter(block.cells)


def _opened(listed: List) -> list[Source]:
    """Open a list; of a workbook every sheet counts, hidden ones too."""
    known = frozenset([listed.column] if listed.column else [])
    try:
        sources = open_sheets(
            listed.path, Wishes(known=known, phones=known, only_numbers=True)
        )
    except InputUnusable as error:
        error.message = f"suppression list {error.message}"
        raise
    names = [name for source in sources for name in source.columns]
    if listed.column is not None and listed.column not in names:
        raise InputUnusable(
            f"suppression list {listed.path} has no column {short(listed.column)!r}"
            f"{nearest(listed.column, names)}"
        )
    return sources


def _shown(source: Source) -> str:
    """Name a list, and the sheet of a workbook."""
    return f"suppression list {source.shown}" + (
        f", sheet {source.sheet!r}" if source.sheet else ""
    )


def _columns(listed: List, source: Source) -> list[str]:
    """Name the columns that hold phones: the one said, or all that are recognised."""
    names = [*dict.fromkeys(source.columns)]
    if listed.column in names:
        return [listed.column]
    phones = [name for name in names if plain(name) in ALIASES["phone"]]
    if not phones and len(names) > 1:
        raise InputUnusable(
            f"{_shown(source)} has {count(len(names), 'column')}, "
            "and none is recognised as the phone number",
            hint=f"name it: --suppress '{listed.path}::COLUMN'",
        )
    return phones or names
