"""Collects whom a row of the run says not to call, for all its other rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.importing.deduplicator import PhoneSet
from leadctl.phones.numbering_plan import split
from leadctl.phones.reach import Reach
from leadctl.phones.spelling import PhoneProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class OptedOut:
    """Everybody whom a phone cell of a refusing row may reach, by any reading.

    Without a `region`, digits without a country are compared in every country.
    """

    def __init__(self, region: str | None) -> None:
        self._region = region
        self._people = PhoneSet("Q")
        self._nationals = PhoneSet("Q")
        """National digits, only without a region."""
        self._bare = PhoneSet("Q")
        """Those of them that were written without a country."""

    def __bool__(self) -> bool:
        return bool(self._people or self._nationals)

    def add(self, refused: Iterable[Reach | PhoneProblem]) -> None:
        for one in refused:
            if isinstance(one, Reach):
                _add(self._people, one.people)
                if self._region is None:
                    _add(self._nationals, one.nationals)
                    if not one.names_country:
                        _add(self._bare, one.nationals)

    def includes(self, one: Reach | PhoneProblem) -> bool:
        """Tell whether any reading of a cell reaches somebody who opted out."""
        if isinstance(one, PhoneProblem):
            return False
        nationals = self._bare if one.names_country else self._nationals
        return _has(self._people, one.people) or _has(nationals, one.nationals)

    def among(self, keys: Sequence[str]) -> list[bool]:
        """Tell for each phone key of a lead whether it is somebody who opted out."""
        digits = [key.rpartition(" ")[2] for key in keys]
        found = [int(one) in self._people for one in digits]
        if self._bare:
            for place, one in enumerate(digits):
                number = split(one)
                found[place] |= _has(
                    self._bare, (one, number.national if number else "")
                )
        return found


def _add(numbers: PhoneSet, digits: Iterable[str]) -> None:
    numbers.add_all([*map(int, filter(None, digits))])


def _has(numbers: PhoneSet, digits: Iterable[str]) -> bool:
    return any(int(one) in numbers for one in digits if one)
