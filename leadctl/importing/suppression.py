"""Reads suppression lists: numbers that must never be uploaded, in any spelling.

A list is read completely before anything is sent. An entry that may be a number but
cannot be compared stops the run: sending without a list is worse than not sending.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from leadctl.importing.people import identities, problem_of_entry
from leadctl.mapping.getters import Header
from leadctl.mapping.mapper import bind_countries
from leadctl.model.cell_formats import ERRORS
from leadctl.model.errors import InputUnusable
from leadctl.model.lead_fields import ALIASES, COUNTRY_ALIASES, plain
from leadctl.model.leads import Code
from leadctl.model.wording import count, nearest, short
from leadctl.phones.countries import countries_of
from leadctl.phones.reach import Reach, alone, reach
from leadctl.phones.spelling import PhoneProblem
from leadctl.phones.spreadsheet_damage import SpreadsheetDamage, looks_rounded
from leadctl.sources.detect import open_sheets
from leadctl.sources.formats import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from leadctl.ledger.suppression_list import SuppressionList
    from leadctl.model.leads import Json
    from leadctl.phones.countries import Countries
    from leadctl.sources.source import Source

FEWEST_DIGITS = 7
"""An entry with fewer is nobody's number: a heading, a remark."""


class List(NamedTuple):
    """A file of numbers, and the column they are in; None to detect it."""

    path: Path
    column: str | None = None

    @classmethod
    def named(cls, text: str) -> Self:
        """Read `PATH` or `PATH::COLUMN`."""
        path, _, column = text.rpartition("::")
        return cls(Path(path), column) if path else cls(Path(text))


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
        for source in _opened(listed):
            entries = _Entries(source, listed, region)
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
    for source in _opened(listed):
        for entry in _Entries(source, listed, region):
            yield identities(entry, of_lead=False)


def _numbers(alone: list[str], others: Iterable[Collection[str]]) -> Iterator[int]:
    return map(int, filter(None, chain(alone, chain.from_iterable(others))))


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


class _Entries:
    """The entries of one sheet; raises InputUnusable at one that cannot be read."""

    def __init__(self, source: Source, listed: List, region: str | None) -> None:
        self._source = source
        self._shown = _shown(source)
        self._listed = listed
        self._region = region
        self._remarks = self._found = 0

    def __iter__(self) -> Iterator[Reach]:
        for rows, values, countries in self._cells():
            yield from self._read(rows, values, countries)

    def numbers(self) -> Iterator[tuple[Iterator[int], Iterator[int]]]:
        """Yield the `people` and `nationals` of many entries at a time."""
        for rows, values, countries in self._cells():
            people, nationals, rest = list[str](), list[str](), [*range(len(values))]
            if countries is None:
                people, nationals, rest = alone(values, self._region)
            self._found += len(values) - len(rest)
            left = [rows[place] for place in rest], [values[place] for place in rest]
            read = self._read(*left, countries)
            bare = [one for one in read if not one.names_country]
            yield (
                _numbers(people, (one.people for one in read)),
                _numbers(nationals, (one.nationals for one in bare)),
            )

    def _cells(self) -> Iterator[tuple[Sequence[int], Sequence[Json], Countries]]:
        """Yield rows, their cells that may hold a number, and their countries.

        The header comes first, as row 0: it may be a number.
        """
        source, rounded = self._source, 0
        columns = _columns(self._listed, source)
        if source.header:
            yield [0] * len(columns), columns, None
            rounded += sum(map(looks_rounded, columns)) if source.suspicious else 0
        header = Header(source.columns, source.nested)
        named = bind_countries(header)
        getters = [getter for name in columns for getter in header.getters_of(name)]
        for block in source.blocks():
            for row in block.malformed:
                raise InputUnusable(
                    f"{self._shown}, row {row.number}: {row.reason}",
                    hint="fix it; a number that cannot be compared might be called",
                )
            table = named.table(block.cells)
            codes, addresses = (table.get(name) for name in COUNTRY_ALIASES)
            countries, _unknown = countries_of(codes, addresses, self._region)
            for getter in getters:
                cells = getter(block.cells)
                yield block.numbers, cells, countries
                if source.suspicious:
                    rounded += sum(map(looks_rounded, cells))
        if damaged := str(SpreadsheetDamage(self._found, rounded=rounded)):
            raise InputUnusable(f"{self._shown}: {damaged}")

    def _read(
        self, rows: Sequence[int], values: Sequence[Json], countries: Countries
    ) -> list[Reach]:
        read = list[Reach]()
        entries = reach(values, self._region, countries)
        for row, value, entry in zip(rows, values, entries, strict=True):
            if problem := problem_of_entry(entry, self._region):
                self._leave_out(row, value, problem)
            elif isinstance(entry, Reach):
                read.append(entry)
        self._found += len(read)
        return read

    def _leave_out(self, row: int, value: Json, problem: PhoneProblem) -> None:
        if _might_be_called(value, problem):
            where = f"row {row}" if row else "its first line"
            raise InputUnusable(
                f"{self._shown}, {where}: {problem.reason}",
                hint="fix or remove the entry; a number that cannot be compared "
                "might be called",
            )
        self._remarks += bool(row and str(value or "").strip())

    def notes(self) -> Iterator[str]:
        if self._remarks:
            yield (
                f"{self._shown}: {count(self._remarks, 'cell')} without a phone number "
                f"(fewer than {FEWEST_DIGITS} digits) skipped"
            )


def _might_be_called(value: Json, problem: PhoneProblem) -> bool:
    """Tell a possible number from a heading, a remark or an empty cell."""
    text = str(value).strip()
    digits = sum(map(str.isdigit, text))
    return (
        problem.code is Code.PHONE_DAMAGED
        or digits >= (1 if text.startswith("+") else FEWEST_DIGITS)
        or text in ERRORS
        or _LOST.fullmatch(text) is not None
    )


_LOST = re.compile(r"#{2,}|#[A-Z0/]+[!?]")
"""What a spreadsheet shows for a number in a narrow column, and for any error."""


def _opened(listed: List) -> list[Source]:
    """Open every sheet of a list, also hidden ones."""
    known = frozenset([listed.column] if listed.column else [])
    try:
        sources = open_sheets(
            listed.path, ReadOptions(known=known, phones=known, only_numbers=True)
        )
    except InputUnusable as error:
        raise error.but(message=f"suppression list {error.message}") from error
    names = [name for source in sources for name in source.columns]
    if listed.column is not None and listed.column not in names:
        raise InputUnusable(
            f"suppression list {listed.path} has no column {short(listed.column)!r}"
            f"{nearest(listed.column, names)}"
        )
    return sources


def _shown(source: Source) -> str:
    sheet = f", sheet {source.sheet!r}" if source.sheet else ""
    return f"suppression list {source.shown}{sheet}"


def _is_of_phones(name: str) -> bool:
    """Tell whether a column is named like a phone: `Phone 2`, `Work Phone`."""
    words = re.findall(r"[^\W\d_]+", name.casefold())
    known = ALIASES["phone"]
    return plain(name) in known or any(
        word in known or word.endswith(("phone", "telefon")) for word in words
    )


def _columns(listed: List, source: Source) -> list[str]:
    names = [*dict.fromkeys(source.columns)]
    if listed.column in names:
        return [listed.column]
    phones = [name for name in names if _is_of_phones(name)]
    if not phones and len(names) > 1:
        raise InputUnusable(
            f"{_shown(source)} has {count(len(names), 'column')}, "
            "but none looks like phone numbers",
            hint=f"name the column: --suppress '{listed.path}::COLUMN'",
        )
    return phones or names
