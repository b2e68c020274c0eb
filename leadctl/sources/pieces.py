"""Cuts text into pieces of many whole lines, which are split into rows together."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

TOGETHER = 64 * 1024
"""Characters of a piece; it ends with the next line end."""

LONGEST_ROW = 131_072
"""Characters of a row; the csv module takes no longer cell."""

_LINE_END = re.compile(r"\r\n?|\n")


class Pieces:
    """The lines of the rest of a text; a `quote` keeps the lines of a row together."""

    def __init__(self, file: TextIO, quote: str = "") -> None:
        self._file = file
        self._quote = quote
        self._text = ""
        self._at = 0
        """Where the rest begins in what is read."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if line := self._take(0):
            return line
        raise StopIteration

    def piece(self) -> str:
        """Take a piece; empty at the end of the text."""
        piece = self._take(TOGETHER)
        if not self._quote or piece.count(self._quote) % 2 == 0:
            return piece
        lines, size = [piece], 0
        for line in self:
            lines.append(line)
            size += len(line)
            if line.count(self._quote) % 2 or size > LONGEST_ROW:
                break
        return "".join(lines)

    def put_back(self, text: str) -> None:
        """Put what was taken last before the rest."""
        self._text, self._at = text + self._text[self._at :], 0

    def _take(self, least: int) -> str:
        """Take lines, up to the first that ends behind so many characters."""
        while True:
            found = _LINE_END.search(self._text, self._at + least)
            # A line feed may follow a carriage return that is the last so far.
            if found and found.end() < len(self._text):
                break
            if not (more := self._file.read(TOGETHER)):
                break
            self._text, self._at = self._text[self._at :] + more, 0
        first, self._at = self._at, found.end() if found else len(self._text)
        return self._text[first : self._at]


def lines_in(piece: str) -> list[str]:
    """Return lines with their ends: line feeds, carriage returns, or both."""
    return [*io.StringIO(piece, newline="")]


def bare_lines(piece: str) -> list[str]:
    """Return the same lines without their ends."""
    if "\r" in piece:
        piece = piece.replace("\r\n", "\n").replace("\r", "\n")
    return piece.removesuffix("\n").split("\n")
