"""Scans all bytes of a file before its first row is read: decodes and hashes them."""

from __future__ import annotations

import hashlib
import re
import sys
from codecs import getincrementaldecoder
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from leadctl.model.errors import InputUnusable
from leadctl.model.wording import count
from leadctl.sources import encoding
from leadctl.sources.compression import Compression, content, stamp_of
from leadctl.sources.file_kinds import require_file, require_lead_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leadctl.sources.formats import ReadOptions

SAMPLE = 64 * 1024
"""Characters from which a file's format is detected."""

BLOCK = 1 << 20
LONGEST_LINE = 4_000_000
"""Characters a line may have: a line is held whole while it is split."""


class Scan(NamedTuple):
    """The result of a scan; `suspicious`: numbers may have lost digits."""

    text: str
    encoding: str
    why: str
    compression: Compression
    fingerprint: str
    size: int
    stamp: tuple[int, ...]
    suspicious: bool
    is_guess: bool = False
    """Whether the encoding was guessed: no byte proves it."""


def scan_text(path: Path, shown: str, options: ReadOptions) -> Scan:
    """Read all bytes once, twice if the encoding has to be detected."""
    require_file(path, shown)
    try:
        start = _start(path)
        require_lead_table(start, shown)
        for said in encoding.in_order(options.unless_utf8):
            with suppress(_Undecodable):
                return _read(path, shown, _declared(said, start))
        name, why = _declared(options.encoding, start)
        try:
            return _read(path, shown, (name, why))
        except _Undecodable as error:
            # UTF-8 letters before the wrong byte show that the file is damaged UTF-8.
            sure = options.encoding or why or error.after_letters
            found = [] if sure else encoding.candidates(_odd_lines(path), options)
            if not found:
                raise _refused(shown, error) from error
            if len(found) > 1:
                raise InputUnusable(
                    f"{shown}: not UTF-8; it could be {found[0]} or {found[1]}",
                    hint=f"choose one: --encoding {found[0]}",
                ) from error
            reason = "not UTF-8; the most likely encoding (override with --encoding)"
            return _read(path, shown, (found[0], reason))._replace(is_guess=True)
    except _Undecodable as error:
        raise _refused(shown, error) from error
    except OSError as error:
        raise InputUnusable(f"{shown}: {error.strerror}") from error


def fingerprint(path: Path, size: int) -> str:
    """Return the BLAKE2 of the first `size` unpacked bytes; raises OSError."""
    with content(path, size) as opened:
        return hashlib.file_digest(opened.file, _digest).hexdigest()


_digest = partial(hashlib.blake2b, digest_size=16)


def scan_binary(path: Path, shown: str) -> Scan:
    """Fingerprint a file of any kind; raises InputUnusable if it cannot be read."""
    try:
        with path.open("rb") as file:
            stamped = stamp_of(file)
            digest = hashlib.file_digest(file, _digest).hexdigest()
            size = file.tell()
    except OSError as error:
        raise InputUnusable(f"{shown}: {error.strerror}") from error
    return Scan("", "", "", Compression.NONE, digest, size, stamped, True)


def _start(path: Path) -> bytes:
    with content(path, SAMPLE) as opened:
        return opened.file.read(SAMPLE)


def _declared(asked: str | None, start: bytes) -> tuple[str, str]:
    """Return the encoding the user or the file names, else UTF-8; and why."""
    marked = encoding.by_mark(start)
    if asked is None:
        name, why = marked or "utf-8", "its byte-order mark" if marked else ""
    else:
        name, why = encoding.usable(asked), "as asked"
        if name in ("utf-8", "utf8", "u8") and marked == "utf-8-sig":
            name = marked  # else the mark would be part of the first name
    if b"\0" in start and not name.startswith(("utf-16", "utf-32")):
        raise _Undecodable("not text: it contains NUL bytes")
    return name, why


class _Undecodable(Exception):
    """Bytes that are not text in this encoding, perhaps behind letters beyond ASCII."""

    def __init__(self, reason: str, *, after_letters: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_letters = after_letters


def _refused(shown: str, error: _Undecodable) -> InputUnusable:
    return InputUnusable(
        f"{shown}: {error.reason}",
        hint="save it as CSV (UTF-8), or set --encoding: cp1252, utf-16-le …",
    )


def _read(path: Path, shown: str, named: tuple[str, str]) -> Scan:
    name, why = named
    digest, reading = _digest(), _Reading(name)
    with content(path, sys.maxsize) as opened:
        for block in _text_of(opened.file, name):
            # It leaves the interpreter to others: on a second core it takes no time.
            hashing = Thread(target=digest.update, args=[block])
            hashing.start()
            reading.take(block)
            hashing.join()
            if reading.line > LONGEST_LINE:
                raise InputUnusable(
                    f"{shown}: a line is longer than {count(LONGEST_LINE, 'character')}"
                    f" (around byte {reading.size:,})",
                    hint="a table has one row per line; check that this is the right "
                    "file",
                )
        reading.take(b"", final=True)
    return Scan(
        reading.text,
        name,
        why or "every byte of it is valid UTF-8",
        opened.compression,
        digest.hexdigest(),
        reading.size,
        opened.stamp,
        reading.suspicious,
    )


END_OF_FILE = b"\x1a"
"""Ctrl-Z: DOS programs fill the last 128 bytes of a file with it."""
RECORD = 128


def _text_of(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    """Yield the bytes of a file without the Ctrl-Z at its end."""
    tail = b""
    while block := file.read(BLOCK):
        block = tail + block
        tail = block[-RECORD:]
        yield block[:-RECORD]
    # In UTF-16 such a byte may be half of a letter.
    wide = encoding.startswith(("utf-16", "utf-32"))
    yield tail if wide else tail.rstrip(END_OF_FILE)


@dataclass(eq=False)
class _Reading:
    """The state of a scan so far."""

    encoding: str
    text: str = ""
    size: int = 0
    line: int = 0
    """Characters since the last line end."""
    suspicious: bool = False
    _letters: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._decoder = getincrementaldecoder(self.encoding)()

    def take(self, block: bytes, *, final: bool = False) -> None:
        """Raise _Undecodable with the place, counted from 1, of a wrong byte."""
        pending = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(block, final)
        except UnicodeError as error:
            raise self._undecodable(error, pending, block) from error
        self.size += len(block)
        if len(self.text) < SAMPLE:
            self.text += text[: SAMPLE - len(self.text)]
        end = max(text.rfind("\n"), text.rfind("\r"))
        self.line = self.line + len(text) if end < 0 else len(text) - end - 1
        self.suspicious = self.suspicious or is_suspicious(text)
        self._letters = self._letters or not text.isascii()

    def _undecodable(
        self, error: UnicodeError, pending: int, block: bytes
    ) -> _Undecodable:
        start = 0
        reason = f"not valid {self.encoding}: {error}"
        if isinstance(error, UnicodeDecodeError):
            start = error.start - pending
            reason = (
                f"byte {self.size + start + 1} is not {self.encoding}: {error.reason}"
            )
        letters = self._letters or not block[: max(start, 0)].isascii()
        return _Undecodable(reason, after_letters=letters)


# A pattern that begins with a letter or digit is ten times as fast as one with a class.
_SCIENTIFIC = [re.compile(rf"{e}(?<=[0-9]{e})(?=\+?[0-9])") for e in "Ee"]
_ZEROS = re.compile(r"0000(?!\d)")
_ROUNDED = re.compile(r"(?:^|.*\D)\d{6}0{4,}", re.DOTALL)


def is_suspicious(text: str) -> bool:
    """Tell quickly whether a closer look at each number is needed."""
    if any(pattern.search(text) for pattern in _SCIENTIFIC):
        return True
    ends = (zeros.end() for zeros in _ZEROS.finditer(text))
    return any(_ROUNDED.fullmatch(text, max(0, end - 40), end) for end in ends)


def _odd_lines(path: Path) -> bytes:
    """Collect lines with letters beyond ASCII, whole, as a sample for detection."""
    found: list[bytes] = []
    with content(path, sys.maxsize) as opened:
        while block := opened.file.read(BLOCK):
            lines = block.splitlines(keepends=True)
            whole = lines[1:-1] if len(block) == BLOCK else lines
            found += [line for line in whole if not line.isascii()]
            if sum(map(len, found)) > SAMPLE:
                break
    return b"".join(found)[:BLOCK]
