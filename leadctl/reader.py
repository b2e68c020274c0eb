"""CSV, TSV and JSONL -> rows, one at a time, none dropped and none invented.

A line that cannot be split becomes `Malformed` and costs no other line: the reader goes back to
the physical line after it, so one stray quote does not swallow the rest of the file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from codecs import getincrementaldecoder
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, islice
from typing import TYPE_CHECKING

from leadctl.errors import InputUnusable
from leadctl.model import OWN, Malformed, Row
from leadctl.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leadctl.model import Json

LONGEST_ROW = 1_000_000
"""Characters a row may have, line breaks inside quotes included."""

RAW = f"{OWN}raw"
"""Key by which a JSONL reject file keeps a line that is no JSON object."""

MOST_COLUMNS = 10_000
SAMPLE_BYTES = 64 * 1024
DELIMITERS = ",;\t|"


csv.field_size_limit(LONGEST_ROW)


class Format(StrEnum):
    """How rows are written."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"


@dataclass(frozen=True)
class Wishes:
    """What the user said about the file; None where it is to be found out."""

    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool = True


@dataclass(frozen=True)
class Source:
    """A file whose shape is known. `columns` are header names, or for JSONL the ways into objects.

    `fingerprint` is the BLAKE2 of its bytes: a resumed run must read the same ones.
    """

    path: Path
    shown: str
    format: Format
    encoding: str
    delimiter: str
    header: bool
    newline: str
    columns: tuple[str, ...]
    fingerprint: str
    size: int

    @property
    def nested(self) -> bool:
        return self.format is Format.JSONL

    def rows(self) -> Iterator[Row | Malformed]:
        """Yield every data row in order, numbered from 1."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            if self.format is Format.JSONL:
                yield from _jsonl_rows(file)
            else:
                rows = _delimited_rows(file, self.delimiter, len(self.columns))
                yield from _numbered(islice(rows, int(self.header), None))


def open_source(path: Path, wishes: Wishes, shown: str | None = None) -> Source:
    """Find out how a file is written, and that all of it can be decoded, before a row is read.

    Raises InputUnusable with the reason and the remedy.
    """
    shown = shown or str(path)
    sample, fingerprint, size, encoding = _surveyed(path, shown, wishes.encoding)
    text = _decoded_sample(sample, encoding)
    if not text.strip():
        raise InputUnusable(
            f"{shown}: the file is empty", hint="a header and one row are needed"
        )
    form = wishes.format or (Format.JSONL if text.lstrip()[0] == "{" else Format.CSV)
    newline = "\r\n" if "\r\n" in text else "\n"
    source = Source(
        path=path,
        shown=shown,
        format=form,
        encoding=encoding,
        delimiter=wishes.delimiter
        or ("\t" if form is Format.TSV else _delimiter(text)),
        header=wishes.header and form is not Format.JSONL,
        newline=newline,
        columns=(),
        fingerprint=fingerprint,
        size=size,
    )
    if form is Format.JSONL:
        return replace(source, columns=_ways_into(source))
    return _with_header(text, source)


def _surveyed(
    path: Path, shown: str, encoding: str | None
) -> tuple[bytes, str, int, str]:
    """Read all bytes once: fingerprint, and proof that they decode."""
    if path.is_dir():
        raise InputUnusable(f"{shown} is a folder", hint="name the files in it")
    digest, size, sample = hashlib.blake2b(digest_size=16), 0, b""
    try:
        with path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
            encoding = encoding or (
                "utf-8-sig" if sample.startswith(b"\xef\xbb\xbf") else "utf-8"
            )
            if b"\0" in sample and not encoding.casefold().startswith("utf-16"):
                raise InputUnusable(
                    f"{shown} is not a text file (it holds zero bytes)",
                    hint="save it as CSV (UTF-8), or say its --encoding",
                )
            decoder = getincrementaldecoder(encoding)()
            for block in chain([sample], iter(lambda: file.read(1 << 20), b"")):
                digest.update(block)
                decoder.decode(block)
                size += len(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        at = max(0, size - len(getattr(decoder, "buffer", b""))) + error.start
        raise InputUnusable(
            f"{shown}: byte {at + 1} is not {encoding}: {error.reason}",
            hint="save the file as UTF-8, or say its --encoding (for example cp1252)",
        ) from error
    except LookupError as error:
        raise InputUnusable(f"there is no encoding {encoding!r}") from error
    except OSError as error:
        raise InputUnusable(f"{shown}: cannot be read: {error.strerror}") from error
    return sample, digest.hexdigest(), size, encoding


def _decoded_sample(sample: bytes, encoding: str) -> str:
    return getincrementaldecoder(encoding)().decode(sample)


def _delimiter(text: str) -> str:
    """Choose the delimiter that splits the first lines most evenly; a comma when none does."""
    lines = [line for line in islice(io.StringIO(text), 50) if line.strip()]
    if len(text) >= SAMPLE_BYTES // 4 and len(lines) > 1:
        lines.pop()  # the sample may end inside a line

    def evenness(delimiter: str) -> tuple[bool, int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        width = widths[0]
        return width > 1, sum(w == width for w in widths) if width > 1 else 0, width

    return max(DELIMITERS, key=evenness)


def _with_header(text: str, source: Source) -> Source:
    first = next(_delimited_rows(io.StringIO(text, newline=""), source.delimiter, None))
    if isinstance(first, _Unsplit):
        raise InputUnusable(
            f"{source.shown}: the header cannot be read: {first.reason}"
        )
    # A reject file has a header even where the file it was made from had none.
    if source.header or first[0].startswith(OWN):
        return replace(
            source, header=True, columns=tuple(name.strip() for name in first)
        )
    return replace(
        source, columns=tuple(str(number) for number in range(1, len(first) + 1))
    )


# --- delimited text ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Unsplit:
    """A physical line, or cells of the wrong number."""

    reason: str
    content: list[str] | str


class _Lines:
    """Physical lines that can be given back: what a failed row took is read again."""

    def __init__(self, file: Iterator[str]) -> None:
        self._file = file
        self._waiting: list[str] = []
        self.taken: list[str] = []
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.pop() if self._waiting else next(self._file)
        self.taken.append(line)
        self._size += len(line)
        if self._size > LONGEST_ROW:
            raise csv.Error(
                f"longer than {count(LONGEST_ROW, 'character')}; a quote is missing?"
            )
        return line

    def start_row(self) -> None:
        self.taken.clear()
        self._size = 0

    def give_back(self) -> str:
        """Keep the first line of the failed row and offer the others again."""
        first, *others = self.taken
        self._waiting.extend(reversed(others))
        return first


def _delimited_rows(
    file: Iterator[str], delimiter: str, width: int | None
) -> Iterator[list[str] | _Unsplit]:
    """Split lines into rows of `width` cells (None: whatever comes); blank lines are no rows."""
    lines = _Lines(file)
    while True:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                if not cells:
                    lines.start_row()
                    continue
                if width is not None and len(cells) != width:
                    if len(lines.taken) > 1:
                        break
                    yield _Unsplit(_width_reason(len(cells), width), cells)
                else:
                    yield cells
                lines.start_row()
            else:
                return
            reason = (
                "a quoted line break leaves the wrong number of cells; a stray quote?"
            )
        except csv.Error as error:
            reason = _quote_reason(str(error))
        yield _Unsplit(reason, lines.give_back().rstrip("\r\n"))
        lines.start_row()


def _width_reason(found: int, expected: int) -> str:
    return f"{count(found, 'cell')}, the header has {expected}"


def _quote_reason(error: str) -> str:
    if "unexpected end of data" in error:
        return "a quote is opened and never closed"
    if "expected after" in error:
        return 'a quote inside a quoted cell must be doubled ("")'
    return error


def _numbered(rows: Iterator[list[str] | _Unsplit]) -> Iterator[Row | Malformed]:
    for number, found in enumerate(rows, start=1):
        if isinstance(found, _Unsplit):
            yield Malformed(number, found.reason, found.content)
        else:
            yield Row(number, found)


# --- JSONL -------------------------------------------------------------------------------------


def _jsonl_rows(file: Iterator[str]) -> Iterator[Row | Malformed]:
    number = 0
    for line in file:
        if not line.strip():
            continue
        number += 1
        yield _jsonl_row(number, line.strip())


def _jsonl_row(number: int, line: str) -> Row | Malformed:
    try:
        found: Json = json.loads(line, parse_constant=_no_number, parse_float=_finite)
        if "\\u" in line:
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        return Malformed(number, "nested too deeply", line)
    except UnicodeEncodeError:
        return Malformed(number, "half of a \\u pair is missing", line)
    except ValueError as error:
        what = (
            error.msg
            if isinstance(error, json.JSONDecodeError)
            else "not a usable number"
        )
        return Malformed(number, f"not JSON: {what}", line)
    if not isinstance(found, dict):
        return Malformed(number, "not a JSON object", line)
    if RAW in found and all(key.startswith(OWN) for key in found):
        return _jsonl_row(number, str(found[RAW]))
    return Row(number, found)


def _no_number(word: str) -> None:
    raise ValueError(word)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("too large")
    return number


def _ways_into(source: Source) -> tuple[str, ...]:
    """List every way into the objects of a file, dotted, in the order met.

    All rows are looked at: a key that only late rows have is a column like any other.
    """
    ways: dict[str, None] = {}
    for row in source.rows():
        if isinstance(row, Row) and isinstance(row.cells, dict):
            ways.update(dict.fromkeys(_ways(row.cells, "")))
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


def _ways(node: dict[str, Json], prefix: str) -> Iterator[str]:
    for key, value in node.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from _ways(value, f"{prefix}{key}.")
