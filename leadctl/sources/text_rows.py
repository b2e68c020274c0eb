"""Splits text into rows; of a row that cannot be split, one line is malformed."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple, cast

from leadctl.model import strict_json
from leadctl.model.leads import OWN, Block, Malformed, Row
from leadctl.model.wording import count
from leadctl.sources.dialect import contains_rows
from leadctl.sources.pieces import LONGEST_ROW, bare_lines, lines_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from leadctl.model.leads import Cells, Json
    from leadctl.sources.pieces import Pieces

RAW = f"{OWN}raw"
"""Key under which a JSONL reject file keeps a line that is not a JSON object."""


class Dialect(NamedTuple):
    """The format of a table."""

    delimiter: str = ","
    quote: str = '"'
    newline: str = "\n"
    own: int = 0
    """leadctl's own columns in a reject file; they are not reported."""
    phones: frozenset[int] = frozenset()
    """Places of the columns that hold phone numbers."""


class Unsplit(NamedTuple):
    """A physical line, or the wrong number of cells."""

    reason: str
    content: list[str] | str


NULL = r"\N"
"""NULL as MySQL and PostgreSQL export it."""


class Table(NamedTuple):
    """Splits text into rows of `width` cells; of any number where it is None."""

    dialect: Dialect
    width: int | None

    def split(self, piece: str, rest: Iterator[str]) -> list[Cells | Unsplit]:
        """Split a piece into rows; the last one may continue on lines of the `rest`.

        Blank lines are no rows. A row that ends early has empty cells at its end, and a
        cell that is NULL is empty.
        """
        rows = self.plain(piece)
        # A single character is found ten times as quickly as two.
        may_hold_null = NULL[0] in piece and NULL in piece
        if rows and not self.dialect.own and not may_hold_null:
            return [*rows]
        return [*map(self.as_meant, rows or self.careful(piece, rest))]

    def first(self, text: Iterator[str]) -> list[str] | Unsplit | None:
        """Take the first row; its cells are as they stand in the file."""
        return next((row for line in text for row in self.careful(line, text)), None)

    def picked(
        self, text: Pieces, places: Iterator[int]
    ) -> Iterator[list[str] | Unsplit]:
        """Split only the rows at ascending places, from 0; cells stay as they are."""
        first, place = 0, next(places, None)
        while place is not None and (piece := text.piece()):
            rows: Sequence[str | list[str] | Unsplit] | None = self.unquoted(piece)
            if rows is None:
                rows = self.plain(piece) or [*self.careful(piece, text)]
            while place is not None and place < first + len(rows):
                row = rows[place - first]
                if isinstance(row, str) and len(row) < LONGEST_ROW:
                    yield self.of_the_width(row.split(self.dialect.delimiter))
                elif isinstance(row, str):
                    yield from self.careful(row, iter(()))
                else:
                    yield row
                place = next(places, None)
            first += len(rows)

    def lines_of(self, text: Pieces, places: Iterator[int]) -> Iterator[int]:
        """Yield the line, from 1, at which the row at each ascending place begins."""
        first, before, place = 0, 0, next(places, None)
        while place is not None and (piece := text.piece()):
            rows: Sequence[object] | None = self.unquoted(piece) or self.plain(piece)
            if rows and place >= first + len(rows):  # the wanted row is behind these
                first, before = first + len(rows), before + len(lines_in(piece))
                continue
            waiting = _Lines(piece, text)
            for line, _row in self.placed(waiting):
                if first == place:
                    yield before + line
                    place = next(places, None)
                first += 1
            before += waiting.read

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        delimiter, quote = self.dialect.delimiter, self.dialect.quote
        return csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True)

    def plain(self, piece: str) -> list[list[str]] | None:
        """Split lines if all are in order; else return None."""
        delimiter = self.dialect.delimiter
        if self.width is None or len(piece) > LONGEST_ROW:
            return None
        if self.width > 1 and self.dialect.quote not in piece:
            # The same result as the csv module's, in half the time.
            rows = [line.split(delimiter) for line in bare_lines(piece)]
        else:
            try:
                rows = list(self.reader(lines_in(piece)))
            except csv.Error:
                return None
        widths = set(map(len, rows))
        if widths != {self.width}:
            if not 0 < min(widths) <= max(widths) <= self.width:
                return None
            if _has_blank(bare_lines(piece)):
                return None
            for row in rows:
                self.fill(row)
        is_joined = self.dialect.quote in piece and len(rows) < len(lines_in(piece))
        if is_joined and any(map(self.swallows, rows)):
            return None
        return rows

    def fill(self, row: list[str]) -> list[str]:
        """Add the empty cells that a row lacks at its end."""
        row += [""] * ((self.width or 0) - len(row))
        return row

    def swallows(self, row: list[str]) -> bool:
        return contains_rows(row, self.dialect.delimiter, self.dialect.phones)

    def unquoted(self, piece: str) -> list[str] | None:
        """Return the lines that are rows; None if a quote may join some of them."""
        if self.dialect.quote in piece:
            return None
        lines = bare_lines(piece)
        if self.width == 1:
            return [*filter(None, lines)]
        if not _has_blank(lines):
            return lines
        if self.dialect.delimiter.isspace():
            return None  # such a line may have cells, all of them empty
        return [line for line in lines if line.strip()]

    def careful(self, piece: str, rest: Iterator[str]) -> Iterator[list[str] | Unsplit]:
        """Split lines one by one, with those that the last row continues on."""
        return (row for _, row in self.placed(_Lines(piece, rest)))

    def placed(self, waiting: _Lines) -> Iterator[tuple[int, list[str] | Unsplit]]:
        """Yield the same rows, each with the line, from 1, at which it begins."""
        while waiting:
            reason = ""
            try:
                for cells in self.reader(waiting):
                    if reason := self.stray_quote(cells, waiting.taken):
                        break
                    if not self.is_blank(cells, waiting.taken[0]):
                        first = waiting.read - len(waiting.taken) + 1
                        yield first, self.of_the_width(cells)
                    waiting.start_row()
                    if not waiting:
                        return
            except csv.Error as error:
                reason = _quote_reason(str(error))
            if not reason:
                return
            line = waiting.give_back().rstrip("\r\n")
            yield waiting.read, Unsplit(reason, line)

    def as_meant(self, row: list[str] | Unsplit) -> list[str] | Unsplit:
        """Empty NULL cells, and strip the apostrophe from a reject file's phones."""
        if isinstance(row, Unsplit):
            return row
        cells = ["" if cell == NULL else cell for cell in row]
        for place in self.dialect.phones if self.dialect.own else ():
            cells[place] = cells[place].removeprefix("'")
        return cells

    def stray_quote(self, cells: list[str], lines: list[str]) -> str:
        """Return why a row of several lines is doubtful; empty if it is not."""
        if len(lines) == 1:
            return ""
        if len(cells) > (self.width or len(cells)):
            why = "wrong number of cells after a quoted line break"
        elif self.swallows(cells):
            why = "a quote opens in this row and closes in a later one"
        else:
            return ""
        return f"{why}; check for a stray quote"

    def is_blank(self, cells: list[str], line: str) -> bool:
        return not cells or (line.isspace() and len(cells) != self.width)

    def of_the_width(self, cells: list[str]) -> list[str] | Unsplit:
        found, own = len(cells), self.dialect.own
        if self.width is None or found <= self.width:
            return self.fill(cells)
        return Unsplit(
            f"{count(found - own, 'cell')}, but the header has {self.width - own}",
            cells,
        )


class _Lines:
    """Lines of a piece and the rest; those of a failed row can be read again."""

    def __init__(self, piece: str, rest: Iterator[str]) -> None:
        self._rest = rest
        self._waiting = lines_in(piece)[::-1]
        self.taken: list[str] = []
        self.read = 0
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.pop() if self._waiting else next(self._rest)
        self.taken.append(line)
        self.read += 1
        self._size += len(line)
        if self._size > LONGEST_ROW:
            most = count(LONGEST_ROW, "character")
            raise csv.Error(f"longer than {most}; check for a missing quote")
        return line

    def start_row(self) -> None:
        self.taken.clear()
        self._size = 0

    def give_back(self) -> str:
        """Keep the first line of the failed row and offer the others again."""
        first, *others = self.taken
        self._waiting.extend(reversed(others))
        self.read -= len(others)
        self.start_row()
        return first


def _has_blank(lines: list[str]) -> bool:
    return "" in lines or any(map(str.isspace, lines))


def _quote_reason(error: str) -> str:
    if "unexpected end of data" in error:
        return "unclosed quote"
    if "expected after" in error:
        return "a quote inside a quoted cell must be doubled"
    return error


def blocks(found: Iterable[list[Cells | Unsplit]]) -> Iterator[Block]:
    """Give rows their numbers, from 1, and separate those that could not be split."""
    last = 0
    for rows in filter(None, found):
        block = block_of(rows, last + 1)
        last = block.last
        yield block


def block_of(rows: list[Cells | Unsplit], first: int) -> Block:
    """Return rows numbered from `first`; the list becomes the block's own."""
    last = first + len(rows) - 1
    numbers = range(first, last + 1)
    if Unsplit not in map(type, rows):
        return Block(first, last, numbers, cast("list[Cells]", rows))
    kept: list[int] = []
    cells: list[Cells] = []
    malformed: list[Malformed] = []
    for number, row in zip(numbers, rows, strict=True):
        if isinstance(row, Unsplit):
            malformed.append(Malformed(number, row.reason, row.content))
        else:
            kept.append(number)
            cells.append(row)
    return Block(first, last, kept, cells, malformed)


def row_of(number: int, found: Cells | Unsplit) -> Row | Malformed:
    if isinstance(found, Unsplit):
        return Malformed(number, found.reason, found.content)
    return Row(number, found)


class JsonLine(NamedTuple):
    """A line of JSONL; `number` counts from 1, without blank lines."""

    number: int
    text: str


def json_rows(piece: str) -> list[Cells | Unsplit]:
    return [_object(line) for line in map(str.strip, bare_lines(piece)) if line]


def _object(line: str) -> Cells | Unsplit:
    try:
        found = strict_json.loads(line)
    except ValueError as error:
        return Unsplit(str(error), line)
    if not isinstance(found, dict):
        return Unsplit("not a JSON object", line)
    if RAW in found and all(key.startswith(OWN) for key in found):
        return _object(str(found[RAW]))
    return found


DEEPEST = 20
"""Levels of objects that a dotted path may lead into."""


def ways_into(node: dict[str, Json], prefix: str = "") -> Iterator[str]:
    """Yield every dotted path into an object and the objects in it."""
    for key, value in node.items():
        yield prefix + key
        if isinstance(value, dict) and prefix.count(".") < DEEPEST:
            yield from ways_into(value, f"{prefix}{key}.")
