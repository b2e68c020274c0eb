"""A file of leads whose format is known, and its rows."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import tee
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.errors import InputChanged, InputUnusable
from leadctl.model.leads import OWN, Row
from leadctl.sources import text_rows
from leadctl.sources.compression import Compression, content, stamp
from leadctl.sources.formats import Format
from leadctl.sources.pieces import Pieces
from leadctl.sources.scan import fingerprint, scan_binary
from leadctl.sources.text_rows import Dialect, JsonLine, Table, Unsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from leadctl.model.leads import Block, Cells, Malformed
    from leadctl.sources.merged_cells import Merged
    from leadctl.sources.sheet_reader import SheetRow


TOGETHER = 100_000
"""Cells and characters of a workbook that are read at a time."""

LOOKED_AT = 1 << 18
"""Bytes of a file whose lines are counted, to estimate the rest."""


class Choice(NamedTuple):
    """A detected property of a file, and the reason for it."""

    what: str
    value: str
    why: str
    needs_telling: bool = False
    """Whether a run reports it: another choice would give other leads."""


@dataclass(frozen=True, eq=False)
class Source:
    """A file whose shape is known.

    `names` are the header's cells, `columns` the same, trimmed; for JSONL they are
    dotted paths into the objects. `preamble` lines (of a workbook: rows) stand before
    the header, `left` empty columns before a sheet's first. `fingerprint` is the BLAKE2
    of the unpacked bytes. Where `shown` is in words, `given` is the name as typed.
    """

    path: Path
    shown: str
    format: Format
    encoding: str
    dialect: Dialect
    header: bool
    preamble: int
    fingerprint: str
    size: int
    stamp: tuple[int, ...]
    suspicious: bool
    compression: Compression = Compression.NONE
    sheet: str = ""
    left: int = 0
    merged: Merged = field(default_factory=dict)
    names: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    given: str = ""

    @property
    def recorded(self) -> str:
        """The file's name in the ledger and in JSON."""
        return self.given or self.shown

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.names)

    @cached_property
    def own_places(self) -> frozenset[int]:
        """Places of the columns that leadctl has added in a reject file."""
        names = enumerate(self.columns)
        return frozenset(place for place, name in names if name.startswith(OWN))

    @cached_property
    def _table(self) -> Table:
        return Table(self.dialect, len(self.names))

    @property
    def nested(self) -> bool:
        return self.format is Format.JSONL

    def rows(self) -> Iterator[Row | Malformed]:
        """Yield every data row in order, numbered from 1."""
        for block in self.blocks():
            rows: list[Row | Malformed] = [*map(Row, block.numbers, block.cells)]
            if block.malformed:
                rows = sorted([*rows, *block.malformed], key=lambda row: row.number)
            yield from rows

    def blocks(self) -> Iterator[Block]:
        """Yield the same rows, many at a time."""
        if self.format is Format.XLSX:
            yield from text_rows.blocks(self._sheet_rows())
            return
        with self.pieces() as text:
            pieces = iter(text.piece, "")
            yield from text_rows.blocks(self.split(piece, text) for piece in pieces)

    @contextmanager
    def pieces(self) -> Iterator[Pieces]:
        """Open the text of the data rows, to be taken in pieces."""
        with self._text() as file:
            if self.nested:
                yield Pieces(file)
                return
            self._preamble(file)
            text = Pieces(file, self.dialect.quote)
            if self.header:
                self._table.first(text)
            yield text

    def split(self, piece: str, rest: Iterator[str]) -> list[Cells | Unsplit]:
        """Split a piece into rows; of the `rest`, the last row may continue on some."""
        if self.nested:
            return text_rows.json_rows(piece)
        return self._table.split(piece, rest)

    def rows_at(self, numbers: Iterator[int]) -> Iterator[Row | Malformed]:
        """Yield the rows that have these numbers, in ascending order."""
        if self.nested or self.format is Format.XLSX:
            wanted = next(numbers, None)
            for row in self.rows():
                if row.number == wanted:
                    yield row
                    wanted = next(numbers, None)
            return
        numbers, places = tee(numbers)
        with self.pieces() as text:
            rows = self._table.picked(text, (n - 1 for n in places))
            for number, found in zip(numbers, rows, strict=False):
                yield text_rows.row_of(number, found)

    def lines_of(self, numbers: Iterable[int]) -> dict[int, int]:
        """Return the line of the file, from 1, at which each of these rows begins."""
        wanted = sorted({*numbers})
        if self.format is Format.XLSX:
            first = self.preamble + self.header
            rows = self._workbook_rows()
            filled = (row.before + 1 for row in rows if row.before >= first)
            return _chosen(filled, wanted)
        with self._text() as file:
            if self.nested:
                filled = (line for line, text in enumerate(file, 1) if text.strip())
                return _chosen(filled, wanted)
            self._preamble(file)
            before = int(self.header) - 1
            text = Pieces(file, self.dialect.quote)
            lines = self._table.lines_of(text, (n + before for n in wanted))
            pairs = zip(wanted, lines, strict=False)
            return {number: line + self.preamble for number, line in pairs}

    def first_row(self) -> list[str]:
        """Return the first cells after the preamble, however long they are."""
        with self._text() as file:
            self._preamble(file)
            row = Table(self.dialect, None).first(Pieces(file))
        if row is None:
            raise empty(self.shown)
        if isinstance(row, Unsplit):
            raise InputUnusable(f"{self.shown}: cannot read the header: {row.reason}")
        return row

    def json_lines(self) -> Iterator[JsonLine]:
        """Yield the lines of a JSONL file, numbered like its rows."""
        with self._text() as file:
            for number, line in enumerate(filter(str.strip, file), start=1):
                yield JsonLine(number, line.strip())

    def preamble_lines(self) -> list[str]:
        """Return the lines before the header or the first row, as they stand."""
        with self._text() as file:
            return self._preamble(file)

    def _preamble(self, file: TextIO) -> list[str]:
        return [file.readline() for _ in range(self.preamble)]

    def require_unchanged(self) -> None:
        """Raise InputChanged unless the file still begins with the same bytes."""
        try:
            if stamp(self.path) == self.stamp:
                return
            if self.format is Format.XLSX:
                now = scan_binary(self.path, self.shown).fingerprint
            else:
                now = fingerprint(self.path, self.size)
            self.require_fingerprint(now)
        except InputUnusable as error:
            raise InputChanged(error.message, hint=error.hint) from error
        except OSError as error:
            raise InputChanged(f"{self.shown} is no longer readable") from error

    def require_fingerprint(self, fingerprint: str) -> None:
        if fingerprint != self.fingerprint:
            raise InputUnusable(
                f"{self.shown} has changed since the run began",
                hint="use the file as it was, or push it again; delivered leads are "
                "not sent twice",
            )

    def _sheet_rows(self) -> Iterator[list[Cells | Unsplit]]:
        self.require_unchanged()
        first, width = self.preamble + self.header, len(self.names)
        together: list[Cells | Unsplit] = []
        size = 0
        for row in self._workbook_rows():
            if row.before >= first:
                cells = row.cells[self.left :]
                together.append(cells + [""] * (width - len(cells)))
                size += width + sum(map(len, cells))
                if size > TOGETHER:
                    yield together
                    together, size = [], 0
        yield together

    def _workbook_rows(self) -> Iterator[SheetRow]:
        from leadctl.sources import xlsx  # noqa: PLC0415  other files need no XML

        try:
            yield from xlsx.rows(self.path, self.shown, self.sheet, self.merged)
        except InputUnusable as error:  # all of it could be read before
            raise InputChanged(error.message, hint=error.hint) from error

    @contextmanager
    def _text(self) -> Iterator[TextIO]:
        """Open exactly the bytes that were scanned, without later additions."""
        try:
            with content(self.path, self.size) as opened:
                if opened.stamp != self.stamp:
                    self.require_unchanged()
                with io.TextIOWrapper(opened.file, self.encoding, newline="") as text:
                    yield text
        except (OSError, UnicodeError) as error:
            raise InputChanged(f"{self.shown} is no longer readable") from error


def _chosen(lines: Iterable[int], wanted: Sequence[int]) -> dict[int, int]:
    """Choose the lines of some rows among those of all, and read no further."""
    numbers, to_last = {*wanted}, range(1, max(wanted, default=0) + 1)
    places = zip(to_last, lines, strict=False)
    return {number: line for number, line in places if number in numbers}


def expected_rows(
    sources: Iterable[Source], skip: int = 0, limit: int | None = None
) -> int | None:
    """Estimate the data rows of files; None if one cannot be estimated."""
    expected = 0
    for source in sources:
        if (rows := _rows(source)) is None:
            return None
        rows = max(0, rows - skip)
        expected += rows if limit is None else min(rows, limit)
    return expected


def _rows(source: Source) -> int | None:
    """Count the lines at a file's beginning: an estimate, as cells may contain some."""
    if source.format is Format.XLSX:
        return None
    try:
        with content(source.path, source.size) as opened:
            start = opened.file.read(LOOKED_AT)
    except OSError:
        return None
    lines = (start.count(b"\n") or start.count(b"\r")) + (start[-1:] not in b"\r\n")
    if source.size > len(start):
        lines = round(lines * source.size / len(start))
    return max(0, lines - source.preamble - source.header)


def empty(shown: str) -> InputUnusable:
    return InputUnusable(
        f"{shown}: the file is empty", hint="at least a header and one row are required"
    )
