"""A file of leads -> what it is, and its rows.

Its shape is found out from its content, every choice with its reason; what the user or
a profile says comes first.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice, tee
from typing import TYPE_CHECKING

from leadctl import sniffing, workbook
from leadctl.errors import InputChanged, InputUnusable
from leadctl.model import OWN, Row
from leadctl.packing import LONGEST_MAGIC, Packing
from leadctl.splitting import (
    Dialect,
    Unsplit,
    delimited,
    json_lines,
    jsonl,
    numbered,
    picked,
    row_of,
    ways_into,
)
from leadctl.surveying import (
    SAMPLE,
    content,
    fingerprint,
    require_file,
    stamp,
    survey,
    survey_binary,
)
from leadctl.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from leadctl.model import Malformed
    from leadctl.sniffing import Header
    from leadctl.splitting import JsonLine
    from leadctl.surveying import Survey

MOST_COLUMNS = 10_000


class Format(StrEnum):
    """How rows are written."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    XLSX = "xlsx"


@dataclass(frozen=True)
class Wishes:
    """What the user or a profile said about the file; None: to be found out.

    `known` are column names that a profile uses: a line that holds one is the header.
    """

    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    sheet: str | None = None
    known: frozenset[str] = frozenset()

    def over(self, others: Wishes) -> Wishes:
        """Return these wishes, and the others' where these say nothing."""
        return Wishes(
            self.format or others.format,
            self.encoding or others.encoding,
            self.delimiter or others.delimiter,
            others.header if self.header is None else self.header,
            self.sheet or others.sheet,
            self.known | others.known,
        )


@dataclass(frozen=True)
class Choice:
    """Something found out about a file, and why it is taken to be so."""

    what: str
    value: str
    why: str
    needs_telling: bool = False
    """Whether a run should say so: another choice would give other leads."""


@dataclass(frozen=True)
class Source:
    """A file whose shape is known.

    `names` are the header's cells as they stand, `columns` the same without spaces at
    their ends; for JSONL they are the ways into the objects, dotted. `preamble` lines
    (of a workbook: rows) stand before the header or the first row. `fingerprint` is the
    BLAKE2 of the unpacked bytes: a resumed run must read the same ones.
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
    packing: Packing = Packing.NONE
    sheet: str = ""
    names: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.names)

    @property
    def nested(self) -> bool:
        return self.format is Format.JSONL

    def rows(self) -> Iterator[Row | Malformed]:
        """Yield every data row in order, numbered from 1."""
        if self.format is Format.XLSX:
            yield from self._sheet_rows()
            return
        with self._text() as file:
            if self.nested:
                yield from jsonl(file)
            else:
                self._skip_preamble(file)
                rows = delimited(file, self.dialect, len(self.names))
                yield from numbered(islice(rows, int(self.header), None))

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
        with self._text() as file:
            self._skip_preamble(file)
            before = int(self.header) - 1
            rows = picked(
                file, self.dialect, len(self.names), (n + before for n in places)
            )
            for number, found in zip(numbers, rows, strict=False):
                yield row_of(number, found)

    def first_row(self) -> list[str]:
        """Return the first cells behind the preamble, however long they are."""
        with self._text() as file:
            self._skip_preamble(file)
            first = next(delimited(file, self.dialect, None), None)
        if first is None:
            raise _empty(self.shown)
        if isinstance(first, Unsplit):
            raise InputUnusable(
                f"{self.shown}: the header cannot be read: {first.reason}"
            )
        return first

    def json_lines(self) -> Iterator[JsonLine]:
        """Yield the lines of a JSONL file, numbered like its rows."""
        with self._text() as file:
            yield from json_lines(file)

    def _skip_preamble(self, file: TextIO) -> None:
        for _ in range(self.preamble):
            file.readline()

    def require_unchanged(self) -> None:
        """Raise InputChanged unless the file still begins with what was looked at."""
        try:
            if self.format is Format.XLSX:
                now = survey_binary(self.path, self.shown).fingerprint
            else:
                now = fingerprint(self.path, self.size)
            self.require_fingerprint(now)
        except InputUnusable as error:
            raise InputChanged(error.message, hint=error.hint) from error
        except OSError as error:
            raise InputChanged(f"{self.shown} cannot be read any more") from error

    def require_fingerprint(self, fingerprint: str) -> None:
        if fingerprint != self.fingerprint:
            raise InputUnusable(
                f"{self.shown} has changed since the run began",
                hint="push it again: what is delivered already is not sent twice",
            )

    def _sheet_rows(self) -> Iterator[Row]:
        try:
            if stamp(self.path) != self.stamp:
                self.require_unchanged()
        except OSError as error:
            raise InputChanged(f"{self.shown} cannot be read any more") from error
        number = 0
        for before, cells in workbook.rows(self.path, self.shown, self.sheet):
            if before >= self.preamble + self.header:
                number += 1
                yield Row(number, [*cells])

    @contextmanager
    def _text(self) -> Iterator[TextIO]:
        """Open exactly the bytes that were looked at; what came since is not ours."""
        try:
            with content(self.path, self.size) as opened:
                if opened.stamp != self.stamp:
                    self.require_unchanged()
                with io.TextIOWrapper(opened.file, self.encoding, newline="") as text:
                    yield text
        except (OSError, UnicodeError) as error:
            raise InputChanged(f"{self.shown} cannot be read any more") from error


def open_source(path: Path, wishes: Wishes, shown: str | None = None) -> Source:
    """Find out how a file is written, and that all of it can be decoded.

    Raises InputUnusable with the reason and the remedy.
    """
    shown = shown or str(path)
    require_file(path, shown)
    start = _first_bytes(path, shown)
    if workbook.is_workbook(path, start):
        return _workbook(path, shown, wishes)
    if start.startswith(workbook.OLD_MAGIC):
        raise InputUnusable(
            f"{shown} is an old or a protected Excel workbook",
            hint="save it as .xlsx without a password, or as CSV (UTF-8)",
        )
    found = survey(path, shown, wishes.encoding)
    if not found.text.strip():
        raise _empty(shown)
    form = wishes.format or (Format.JSONL if _JSON.match(found.text) else Format.CSV)
    if form is Format.XLSX:
        raise InputUnusable(f"{shown} is no workbook", hint="drop --format")
    if form is Format.JSONL:
        return _json(path, shown, found)
    return _table(path, shown, found, replace(wishes, format=form))


_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{"\]])')
"""How JSON begins; some databases write a header as [Name],[Phone]."""


def _empty(shown: str) -> InputUnusable:
    return InputUnusable(
        f"{shown}: the file is empty", hint="a header and one row are needed"
    )


def _first_bytes(path: Path, shown: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_MAGIC)
    except OSError as error:
        raise InputUnusable(f"{shown}: cannot be read: {error.strerror}") from error


def _newline(text: str) -> str:
    return next((end for end in ("\r\n", "\n", "\r") if end in text), "\n")


def _written(found: Survey, form: Format, why: str) -> list[Choice]:
    choices = [Choice("format", form.value, why)]
    if found.packing:
        choices.append(Choice("compression", found.packing, "its first bytes"))
    return [*choices, Choice("encoding", found.encoding, found.why, found.is_guess)]


def _json(path: Path, shown: str, found: Survey) -> Source:
    source = Source(
        path=path,
        shown=shown,
        format=Format.JSONL,
        encoding=found.encoding,
        dialect=Dialect(newline=_newline(found.text)),
        header=False,
        preamble=0,
        fingerprint=found.fingerprint,
        size=found.size,
        stamp=found.stamp,
        suspicious=found.suspicious,
        packing=found.packing,
        choices=(*_written(found, Format.JSONL, "its first line is a JSON object"),),
    )
    return replace(source, names=_ways_into(source))


def _table(path: Path, shown: str, found: Survey, wishes: Wishes) -> Source:
    """Find out the delimiter, the quotes and the header of delimited text."""
    lines = _first_lines(found.text)
    quote = sniffing.quote(lines)
    asked = wishes.delimiter or ("\t" if wishes.format is Format.TSV else None)
    delimiter = (
        sniffing.Sniffed(asked, "as asked")
        if asked
        else sniffing.delimiter(lines, quote.value, wishes.known)
    )
    form = Format.TSV if delimiter.value == "\t" else Format.CSV
    split = sniffing.split(lines, delimiter.value, quote.value)
    header = sniffing.header(split, wishes.known, wanted=wishes.header)
    name = sniffing.DELIMITER_NAMES.get(delimiter.value, repr(delimiter.value))
    source = Source(
        path=path,
        shown=shown,
        format=form,
        encoding=found.encoding,
        dialect=Dialect(delimiter.value, quote.value, _newline(found.text)),
        header=header.found,
        preamble=header.before,
        fingerprint=found.fingerprint,
        size=found.size,
        stamp=found.stamp,
        suspicious=found.suspicious,
        packing=found.packing,
        choices=(
            *_written(found, form, "lines of cells"),
            Choice("delimiter", name, delimiter.why),
            Choice("quote", quote.value, quote.why),
        ),
    )
    first = source.first_row()
    first += [""] * sniffing.padding(split, header, len(first))
    return _headed(source, header, first)


def _first_lines(text: str) -> list[str]:
    """Return the first physical lines of a sample; the last may be cut, and is left."""
    lines = [*islice(io.StringIO(text, newline=""), sniffing.FIRST_LINES)]
    whole = len(text) < SAMPLE or len(lines) == 1
    return lines if whole or len(lines) == sniffing.FIRST_LINES else lines[:-1]


def _workbook(path: Path, shown: str, wishes: Wishes) -> Source:
    found = survey_binary(path, shown)
    sheets = workbook.sheets(path, shown)
    sheet = workbook.chosen(sheets, shown, wishes.sheet)
    first = islice(workbook.rows(path, shown, sheet), sniffing.FIRST_LINES)
    lines = [sniffing.Line(before, cells) for before, cells in first]
    if not lines:
        raise InputUnusable(
            f"{shown}: the sheet {sheet!r} is empty", hint="name another with --sheet"
        )
    header = sniffing.header(lines, wishes.known, wanted=wishes.header)
    source = Source(
        path=path,
        shown=shown,
        format=Format.XLSX,
        encoding="utf-8-sig",  # of the reject file: Excel knows UTF-8 by its mark
        dialect=Dialect(newline="\r\n"),
        header=header.found,
        preamble=header.before,
        fingerprint=found.fingerprint,
        size=found.size,
        stamp=found.stamp,
        suspicious=True,
        sheet=sheet,
        choices=(
            Choice("format", Format.XLSX, "its content"),
            _sheet_choice(sheet, sheets, wishes),
        ),
    )
    top = next(line for line in lines if line.before >= header.before)
    return _headed(source, header, top.cells)


def _sheet_choice(sheet: str, sheets: list[str], wishes: Wishes) -> Choice:
    if wishes.sheet:
        return Choice("sheet", sheet, "as asked")
    several = len(sheets) > 1
    why = f"the first of {len(sheets)} (--sheet)" if several else "the only one"
    return Choice("sheet", sheet, why, several)


def _headed(source: Source, header: Header, first: list[str]) -> Source:
    """Name the columns by the header, or by their numbers where there is none."""
    if header.found:
        names = tuple(first)
        said = Choice("header", f"line {header.before + 1}", header.why)
    else:
        names = tuple(map(str, range(1, len(first) + 1)))
        said = Choice("header", "none", header.why)
    more = []
    if header.before:
        more.append(
            Choice("skipped", count(header.before, "line"), "before the header", True)
        )
    if len(names) > MOST_COLUMNS:
        raise InputUnusable(f"{source.shown}: more than {MOST_COLUMNS:,} columns")
    filled = Counter(name.strip() for name in names if name.strip())
    twice = [name for name, times in filled.items() if times > 1]
    if twice:
        why = "the first cell that holds something counts"
        more.append(Choice("named twice", ", ".join(twice), why))
    if empty := sum(not name.strip() for name in names):
        more.append(Choice("without a name", str(empty), "these columns are not sent"))
    own = sum(name.startswith(OWN) for name in names)
    dialect = replace(source.dialect, own=own)
    choices = (*source.choices, said, *more)
    return replace(source, names=names, choices=choices, dialect=dialect)


def _ways_into(source: Source) -> tuple[str, ...]:
    """List every way into the objects of a file, dotted, in the order met.

    All rows are looked at: a key that only late rows have is a column like any other.
    """
    ways: dict[str, None] = {}
    for row in source.rows():
        if isinstance(row, Row) and isinstance(row.cells, dict):
            ways.update(dict.fromkeys(ways_into(row.cells)))
        if len(ways) > MOST_COLUMNS:
            raise InputUnusable(
                f"{source.shown}: more than {MOST_COLUMNS:,} different keys"
            )
    if not ways:
        raise InputUnusable(
            f"{source.shown}: no line is a JSON object",
            hint="JSONL has one object a line; an array is not read",
        )
    return tuple(ways)
