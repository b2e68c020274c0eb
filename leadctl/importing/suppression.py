"""Reads suppression lists: numbers that must never be uploaded, in any spelling.

A list is read completely before anything is sent. An entry that may be a number but
cannot be compared stops the run: sending without a list is worse than not sending.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.importing.people import identities
from leadctl.importing.suppression_entries import Entries, opened
from leadctl.model.errors import InputUnusable
from leadctl.phones.spelling import PhoneProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.importing.suppression_entries import List
    from leadctl.ledger.suppression_list import SuppressionList
    from leadctl.phones.reach import Reach


@dataclass(frozen=True, eq=False)
class Suppressed:
    """The numbers that lists hold back, sorted.

    `people` are the digits of identities. `nationals` are those of entries without a
    country, with no zeros in front; they are compared in every country. `notes` says
    which cells were skipped. `of_ledger` is the ledger's list for all accounts.
    """

    people: array[int] = field(default_factory=lambda: array("Q"))
    nationals: array[int] = field(default_factory=lambda: array("Q"))
    notes: tuple[str, ...] = ()
    of_ledger: SuppressionList | None = None

    def __bool__(self) -> bool:
        listed = self.of_ledger is not None and not self.of_ledger.is_empty()
        return bool(self.people or self.nationals) or listed

    def held_back(self, leads: Sequence[Reach | PhoneProblem]) -> list[bool]:
        """Tell for each lead whether a reading of its cell matches a list."""
        found = [*map(self._is_in_file, leads)]
        if self.of_ledger is not None and not self.of_ledger.is_empty():
            asked = [identities(lead, of_lead=True) for lead in leads]
            listed = self.of_ledger.among([*set().union(*asked)])
            for place, one in enumerate(asked):
                found[place] |= not listed.isdisjoint(one)
        return found

    def _is_in_file(self, lead: Reach | PhoneProblem) -> bool:
        if isinstance(lead, PhoneProblem):
            return False
        return any(_is_in(self.people, digits) for digits in lead.people) or any(
            _is_in(self.nationals, digits) for digits in lead.nationals
        )


def _is_in(numbers: array[int], digits: str) -> bool:
    number = int(digits or 0)
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number


def read(lists: Sequence[List], region: str | None) -> Suppressed:
    """Read all lists; `region` is for numbers without a country.

    Raises InputUnusable if a list is missing or empty, or if an entry may be a number
    but cannot be read as one.
    """
    people, nationals, notes = array("Q"), array("Q"), list[str]()
    for listed in lists:
        before = len(people)
        for source in opened(listed):
            entries = Entries(source, listed, region)
            for of_people, of_nationals in entries.numbers():
                people.extend(of_people)
                nationals.extend(of_nationals)
            notes += entries.notes()
        if len(people) == before:
            raise InputUnusable(
                f"suppression list {listed.path} contains no phone numbers",
                hint="nothing is sent without it; check that this is the right file",
            )
    return Suppressed(_sorted(people), _sorted(nationals), tuple(notes))


def identities_in(listed: List, region: str | None) -> Iterator[set[str]]:
    """Yield what the ledger's list stores for each entry of a file; see `read`."""
    for source in opened(listed):
        for entry in Entries(source, listed, region):
            yield identities(entry, of_lead=False)


NEAR = 10**9
"""Numbers that are sorted together: few enough for the processor's cache."""


def _sorted(numbers: array[int]) -> array[int]:
    parts: dict[int, array[int]] = defaultdict(lambda: array("Q"))
    for number in numbers:
        parts[number // NEAR].append(number)
    found = array("Q")
    for key in sorted(parts):
        found.extend(sorted(parts.pop(key)))
    return found
