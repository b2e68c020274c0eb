"""A file of leads -> what it is, and its rows.

All bytes are read once before the first row: to know the file again, and to be sure
that every one of them can be decoded. What cannot be read is refused before anything is
sent.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import sys
from codecs import getincrementaldecoder
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, islice
from typing import TYPE_CHECKING

from leadctl.errors import InputChanged, InputUnusable
from leadctl.model import OWN, Row
from leadctl.splitting import Unsplit, delimited, json_lines, jsonl, numbered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any, BinaryIO, TextIO

    from leadctl.model import Json, Malformed
    from leadctl.splitting import Line

MOST_COLUMNS = 10_000
SAMPLE_BYTES = 64 * 1024
DELIMITERS = ",;\t|"
UTF8_MARK = b"\xef\xbb\xbf"


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
    """A file whose shape is known.

    `names` are the header's cells as they stand, `columns` the same without spaces at
    their ends; for JSONL they are the ways into the objects, dotted. `fingerprint` is
    the BLAKE2 of the bytes: a resumed run must read the same ones.
    """

    path: Path
    shown: str
    format: Format
    encoding: str
    delimiter: str
    header: bool
    newline: str
    fingerprint: str
    size: int
    stamp: tuple[int, ...]
    names: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.names)

    @property
    def nested(self) -> bool:
        return self.format is Format.JSONL

    def rows(self) -> Iterator[Row | Malformed]:
        """Yield every data row in order, numbered from 1."""
        with self._text() as file:
            if self.nested:
                yield from jsonl(file)
            else:
                rows = delimited(file, self.delimiter, len(self.names))
                yield from numbered(islice(rows, int(self.header), None))

    def json_lines(self) -> Iterator[Line]:
        """Yield the lines of a JSONL file, numbered like its rows."""
        with self._text() as file:
            yield from json_lines(file)

    def first_row(self) -> list[str] | Unsplit:
        """Return the cells of the first line that holds any."""
        with self._text() as file:
            return next(delimited(file, self.delimiter, None))

    def require_unchanged(self) -> None:
        """Raise InputChanged unless the file still begins with what was looked at."""
        try:
            now = _surveyed(self.path, self.shown, self.encoding, self.size)
            self.require_fingerprint(now.fingerprint)
        except InputUnusable as error:
            raise InputChanged(error.message, hint=error.hint) from error

    def require_fingerprint(self, fingerprint: str) -> None:
        if fingerprint != self.fingerprint:
            raise InputUnusable(
                f"{self.shown} has changed since the run began",
                hint="push it again: what is delivered already is not sent twice",
            )

    @contextmanager
    def _text(self) -> Iterator[TextIO]:
        """Open exactly the bytes that were looked at; what came since is not ours."""
        try:
            with self.path.open("rb") as file:
                if _stamp(file) != self.stamp:
                    self.require_unchanged()
                whole = io.BufferedReader(_Start(file, self.size), SAMPLE_BYTES)
                with io.TextIOWrapper(whole, self.encoding, newline="") as text:
                    yield text
        except (OSError, UnicodeError) as error:
            raise InputChanged(f"{self.shown} cannot be read any more") from error


def open_source(path: Path, wishes: Wishes, shown: str | None = None) -> Source:
    """Find out how a file is written, and that all of it can be decoded.

    Raises InputUnusable with the reason and the remedy.
    """
    shown = shown or str(path)
    survey = _surveyed(path, shown, wishes.encoding)
    text = getincrementaldecoder(survey.encoding)().decode(survey.sample)
    if not text.strip():
        raise InputUnusable(
            f"{shown}: the file is empty", hint="a header and one row are needed"
        )
    written = Format.JSONL if text.lstrip()[0] in "{[" else Format.CSV
    form = wishes.format or written
    tab = "\t" if form is Format.TSV else None
    source = Source(
        path=path,
        shown=shown,
        format=form,
        encoding=survey.encoding,
        delimiter=wishes.delimiter or tab or _delimiter(text),
        header=wishes.header and form is not Format.JSONL,
        newline=next((end for end in ("\r\n", "\n", "\r") if end in text), "\n"),
        fingerprint=survey.fingerprint,
        size=survey.size,
        stamp=survey.stamp,
    )
    if source.nested:
        return replace(source, names=_ways_into(source))
    return _with_header(source)


@dataclass(frozen=True)
class _Survey:
    sample: bytes
    fingerprint: str
    size: int
    stamp: tuple[int, ...]
    encoding: str


class _Start(io.RawIOBase):
    """The first `size` bytes of a file, as a file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  as in io
        block = self._file.read(min(len(buffer), self._left))
        buffer[: len(block)] = block
        self._left -= len(block)
        return len(block)


def _stamp(file: BinaryIO) -> tuple[int, ...]:
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _surveyed(
    path: Path, shown: str, encoding: str | None, most: int = sys.maxsize
) -> _Survey:
    """Read all bytes (or `most`) once: fingerprint, and proof that they decode."""
    if path.is_dir():
        raise InputUnusable(f"{shown} is a folder", hint="name the files in it")
    if path.exists() and not path.is_file():
        raise InputUnusable(
            f"{shown} can be read only once",
            hint="give it as stdin: `… | leadctl push - …`",
        )
    try:
        with path.open("rb") as opened:
            stamp = _stamp(opened)
            file = io.BufferedReader(_Start(opened, most), 1 << 20)
            sample = file.read(SAMPLE_BYTES)
            encoding = _usable_encoding(encoding, sample)
            if b"\0" in sample and not encoding.startswith(("utf-16", "utf-32")):
                wide = sample.startswith((b"\xff\xfe", b"\xfe\xff"))
                raise InputUnusable(
                    f"{shown} is not UTF-8 text (it holds zero bytes)",
                    hint="--encoding utf-16 reads it, by its first bytes"
                    if wide
                    else "save it as CSV (UTF-8), or say its --encoding",
                )
            digest, size, decoder = (
                hashlib.blake2b(digest_size=16),
                0,
                _Decoder(encoding),
            )
            for block in chain([sample], iter(lambda: file.read(1 << 20), b"")):
                digest.update(block)
                decoder.feed(block)
                size += len(block)
            decoder.feed(b"", final=True)
    except OSError as error:
        raise InputUnusable(f"{shown}: cannot be read: {error.strerror}") from error
    except UnicodeError as error:
        raise InputUnusable(
            f"{shown}: {decoder.complaint(error)}",
            hint="save the file as UTF-8, or say its --encoding (for example cp1252)",
        ) from error
    return _Survey(sample, digest.hexdigest(), size, stamp, encoding)


def _usable_encoding(asked: str | None, sample: bytes) -> str:
    """Return the text encoding asked for, or UTF-8; a byte-order mark is no letter."""
    name = (asked or "utf-8").casefold().replace("_", "-")
    try:
        # Refuses what Python calls codecs and is no text encoding: rot13, zip, hex.
        io.TextIOWrapper(io.BytesIO(), encoding=name).read()
        "".encode(name)
    except (LookupError, ValueError, TypeError) as error:
        raise InputUnusable(f"there is no text encoding {asked!r}") from error
    if name in ("utf-8", "utf8", "u8") and sample.startswith(UTF8_MARK):
        return "utf-8-sig"
    return name


class _Decoder:
    """Decodes block by block, and knows at which byte it failed."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._decoder = getincrementaldecoder(encoding)()
        self._before = 0
        self._pending = 0

    def feed(self, block: bytes, *, final: bool = False) -> None:
        pending = self._decoder.getstate()[0]
        self._pending = len(pending)
        self._decoder.decode(block, final)
        self._before += len(block)

    def complaint(self, error: UnicodeError) -> str:
        if not isinstance(error, UnicodeDecodeError):
            return f"it cannot be read as {self._encoding}: {error}"
        at = self._before - self._pending + error.start + 1
        return f"byte {at} is not {self._encoding}: {error.reason}"


def _delimiter(text: str) -> str:
    """Choose the delimiter that splits the first lines most evenly, else a comma."""
    written = io.StringIO(text, newline="")
    lines = [*islice(filter(str.strip, written), 50)]
    if len(text) >= SAMPLE_BYTES // 4 and len(lines) > 1:
        lines.pop()  # the sample may end inside a line

    def evenness(delimiter: str) -> tuple[bool, int, int]:
        try:
            rows = csv.reader(lines, delimiter=delimiter)
            widths = [len(row) for row in rows if row]
        except csv.Error:
            return False, 0, 0
        width = widths[0] if widths else 0
        return width > 1, sum(w == width for w in widths) if width > 1 else 0, width

    return max(DELIMITERS, key=evenness)


def _with_header(source: Source) -> Source:
    first = source.first_row()
    if isinstance(first, Unsplit):
        raise InputUnusable(
            f"{source.shown}: the header cannot be read: {first.reason}"
        )
    # A reject file has a header even where the file it was made from had none.
    if source.header or first[0].startswith(OWN):
        return replace(source, header=True, names=tuple(first))
    return replace(source, names=tuple(map(str, range(1, len(first) + 1))))


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


DEEPEST = 20
"""Levels of objects that a dotted path may lead into."""


def _ways(node: dict[str, Json], prefix: str) -> Iterator[str]:
    for key, value in node.items():
        yield prefix + key
        if isinstance(value, dict) and prefix.count(".") < DEEPEST:
            yield from _ways(value, f"{prefix}{key}.")
