"""Reads the cells of a suppression list that may hold a number."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple, Self

from leadctl.importing.people import problem_of_entry
from leadctl.importing.phone_columns import is_of_phones, may_be_of_phones
from leadctl.mapping.getters import Header
from leadctl.mapping.mapper import bind_countries
from leadctl.model.cell_formats import ERRORS
from leadctl.model.errors import InputUnusable
from leadctl.model.lead_fields import COUNTRY_ALIASES
from leadctl.model.leads import Code
from leadctl.model.wording import count, nearest, short
from leadctl.phones.countries import countries_of
from leadctl.phones.reach import Reach, alone, reach
from leadctl.phones.spreadsheet_damage import SpreadsheetDamage, looks_rounded
from leadctl.sources.detect import open_sheets
from leadctl.sources.dialect import looks_like_number
from leadctl.sources.formats import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from leadctl.model.leads import Json
    from leadctl.phones.countries import Countries
    from leadctl.phones.spelling import PhoneProblem
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


def _numbers(alone: list[str], others: Iterable[Collection[str]]) -> Iterator[int]:
    return map(int, filter(None, chain(alone, chain.from_iterable(others))))


class _Cells(NamedTuple):
    """Cells of a column, with their rows and countries.

    `is_named` tells whether the column is named like a phone: each cell must be read.
    """

    rows: Sequence[int]
    values: Sequence[Json]
    countries: Countries = None
    is_named: bool = True

    def at(self, places: Sequence[int]) -> Self:
        countries = self.countries
        return self._replace(
            rows=[self.rows[place] for place in places],
            values=[self.values[place] for place in places],
            countries=countries and [countries[place] for place in places],
        )

    def with_items(self) -> Self:
        """Return the items of JSON lists as cells."""
        items = [cell if isinstance(cell, list) else [cell] for cell in self.values]
        places = [place for place, cells in enumerate(items) for _ in cells]
        return self.at(places)._replace(values=[*chain.from_iterable(items)])


class Entries:
    """The entries of one sheet; raises InputUnusable at one that cannot be read."""

    def __init__(self, source: Source, listed: List, region: str | None) -> None:
        self._source = source
        self._shown = _shown(source)
        self._listed = listed
        self._region = region
        self._remarks = self._found = 0
        self._columns, self._similar = _columns(listed, source)

    def __iter__(self) -> Iterator[Reach]:
        for cells in self._cells():
            yield from self._read(cells)

    def numbers(self) -> Iterator[tuple[Iterator[int], Iterator[int]]]:
        """Yield the `people` and `nationals` of many entries at a time."""
        for cells in self._cells():
            values = cells.values
            people, nationals, rest = list[str](), list[str](), [*range(len(values))]
            if cells.countries is None:
                people, nationals, rest = alone(values, self._region)
            self._found += len(values) - len(rest)
            read = self._read(cells.at(rest))
            bare = [one for one in read if not one.names_country]
            yield (
                _numbers(people, (one.people for one in read)),
                _numbers(nationals, (one.nationals for one in bare)),
            )

    def _cells(self) -> Iterator[_Cells]:
        """Yield the cells that may hold a number.

        The header comes first, as row 0: it may be a number.
        """
        source, columns, rounded = self._source, self._columns, 0
        if source.header:
            yield _Cells([0] * len(columns), columns)
            rounded += sum(map(looks_rounded, columns)) if source.suspicious else 0
        header = Header(source.columns, source.nested)
        named = bind_countries(header)
        getters = [
            (getter, name in columns)
            for name in (*columns, *self._similar)
            for getter in header.getters_of(name)
        ]
        for block in source.blocks():
            for row in block.malformed:
                raise InputUnusable(
                    f"{self._shown}, row {row.number}: {row.reason}",
                    hint="fix it; a number that cannot be compared might be called",
                )
            table = named.table(block.cells)
            codes, addresses = (table.get(name) for name in COUNTRY_ALIASES)
            countries, _unknown = countries_of(codes, addresses, self._region)
            for getter, is_named in getters:
                values = getter(block.cells)
                cells = _Cells(block.numbers, values, countries, is_named=is_named)
                yield cells.with_items() if source.nested else cells
                if source.suspicious and is_named:
                    rounded += sum(map(looks_rounded, values))
        if damaged := str(SpreadsheetDamage(self._found, rounded=rounded)):
            raise InputUnusable(f"{self._shown}: {damaged}")

    def _read(self, cells: _Cells) -> list[Reach]:
        read = list[Reach]()
        entries = reach(cells.values, self._region, cells.countries)
        for row, value, entry in zip(cells.rows, cells.values, entries, strict=True):
            if problem := problem_of_entry(entry, self._region):
                if cells.is_named:
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
        if self._similar:
            yield (
                f"{self._shown}: also read, as they look like phone numbers: "
                f"{', '.join(repr(short(name)) for name in self._similar)}"
            )
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


def opened(listed: List) -> list[Source]:
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


def _columns(listed: List, source: Source) -> tuple[list[str], list[str]]:
    """Return the columns of numbers, and others whose cells look like numbers.

    What these hold counts, but need not be a number.
    """
    names = [*dict.fromkeys(source.columns)]
    if listed.column in names:
        return [listed.column], []
    if len(names) == 1:
        return names, []
    phones = [*filter(is_of_phones, names)]
    others = [name for name in names if name not in phones]
    similar = _of_numbers(source, [*filter(may_be_of_phones, others)])
    if not phones:
        columns = [f"{listed.path}::{name}" for name in similar or ["COLUMN"]]
        raise InputUnusable(
            f"{_shown(source)} has {count(len(names), 'column')}, "
            "but none is named like a phone",
            hint=f"name {'the column' if len(columns) == 1 else 'each column'}: "
            + " ".join(f"--suppress {quote(column)}" for column in columns),
        )
    return phones, similar


def _of_numbers(source: Source, names: Sequence[str]) -> list[str]:
    """Return columns most of whose first cells are written like phone numbers."""
    block = next(iter(source.blocks()), None)
    if block is None:
        return []
    header, found = Header(source.columns, source.nested), list[str]()
    for name in names:
        for getter in header.getters_of(name):
            cells = _Cells(block.numbers, getter(block.cells)).with_items().values
            texts = [*filter(None, (str(cell or "").strip() for cell in cells))]
            if 2 * sum(map(_looks_like_phone, texts)) > len(texts):
                found.append(name)
                break
    return found


_NO_PHONE = re.compile(r"\d{7}|\d+\.\d{1,3}|(?:19|20)\d\d[01]\d[0-3]\d(?:\d{6})?")
"""Numbers of orders, amounts, and times such as 20260131."""


def _looks_like_phone(text: str) -> bool:
    return looks_like_number(text) and not _NO_PHONE.fullmatch(text)
