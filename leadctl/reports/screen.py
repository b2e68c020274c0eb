"""Styled text and tables, for a terminal, a file or a pipe.

Control characters are taken out of all text, and nothing in it is read as markup.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from itertools import zip_longest
from typing import TYPE_CHECKING

from leadctl.model.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from typing import TextIO

WEIGHTS = {"bold": "1", "dim": "2"}
COLORS = {"red": "31", "green": "32", "yellow": "33", "magenta": "35"}

WIDTH = 160
"""Columns of output that is not a terminal."""

GAP = 2
"""Columns between those of a table."""

NARROWEST = 8
"""Nothing is folded to fewer columns, however narrow the terminal is."""


class Text:
    """A line of text, in parts that have a style each."""

    def __init__(self, text: str = "", style: str = "") -> None:
        self.parts: list[tuple[str, str]] = []
        self.append(text, style)

    def __str__(self) -> str:
        return "".join(text for text, _ in self.parts)

    @property
    def width(self) -> int:
        return cells(str(self))

    def append(self, text: str | Text, style: str = "") -> Text:
        if isinstance(text, Text):
            self.parts += text.parts
        elif text:
            self.parts.append((printable(text), style))
        return self

    def folded(self, width: int) -> list[Text]:
        """Break it between words, and a word that is longer where the width ends."""
        style = self.parts[0][1] if self.parts else ""
        return [Text(line, style) for line in fold(str(self), width)]

    def cut(self, width: int, end: str) -> Text:
        """Return as much as fits into a width; `end` stands for the rest."""
        if self.width <= width:
            return self
        found, room = Text(), width - len(end)
        for text, style in self.parts:
            fitting = text[:room]
            while cells(fitting) > room:
                fitting = fitting[:-1]
            found.append(fitting, style)
            room -= cells(fitting)
            if fitting != text:
                break
        return found.append(end)

    def written(self, codes: Mapping[str, str]) -> str:
        """Return the text with the codes of those styles that have one."""
        return "".join(
            f"\x1b[{codes[style]}m{text}\x1b[0m" if style in codes else text
            for text, style in self.parts
        )


NARROW = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u21ff]*")
"""Letters and marks, such as our own … and →, that need one column each."""


def cells(text: str) -> int:
    """Return the columns that a terminal needs, as letters may be wide or joined."""
    if text.isascii() or NARROW.fullmatch(text):
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415  slow, and rarely needed

    return cell_len(text)


def fold(text: str, width: int, *, break_words: bool = True) -> list[str]:
    """Break text between words, and longer words unless they must stay whole."""
    lines, line = [], ""
    for word in re.findall(" *[^ ]+", text):
        if line and cells(line + word) > width:
            lines.append(line)
            line = ""
        line += word if line else word.lstrip()
        if break_words and cells(line) > width:
            from rich.cells import chop_cells  # noqa: PLC0415  as above

            *full, line = chop_cells(line, width)
            lines += full
    return [*lines, line]


class Grid:
    """A table without lines, as every command prints it.

    If it is too wide, an `extra` last column is left out; then the columns in `cut` are
    shortened, the widest first; else the `folded` one.
    """

    def __init__(
        self,
        *headings: str,
        right: Collection[str] = (),
        headed: bool = True,
        folded: int = -1,
        cut: Collection[int] = (),
        extra: bool = False,
    ) -> None:
        self._right = [heading in right for heading in headings]
        self._narrowed, self._is_cut = cut or [folded], bool(cut)
        self._has_extra = extra
        self._rows = [[Text(one, "dim") for one in headings]] if headed else []

    def row(self, *cells: str | Text) -> None:
        self._rows.append([c if isinstance(c, Text) else Text(c) for c in cells])

    def _total(self, widths: Collection[int]) -> int:
        return sum(widths) + GAP * (len(widths) - 1)

    def lines(self, most: int) -> Iterator[Text]:
        """Lay the rows out in columns, together no wider than `most` where possible."""
        rows, columns = self._rows, zip(*self._rows, strict=True)
        widths = [max(cell.width for cell in column) for column in columns]
        if self._has_extra and self._total(widths) > most:
            rows, widths = [row[:-1] for row in rows], widths[:-1]
        while rows and self._total(widths) > most:
            widest = max(self._narrowed, key=widths.__getitem__)
            if widths[widest] <= NARROWEST:
                break
            widths[widest] -= 1
        for row in rows:
            cells = [
                [cell]
                if cell.width <= width
                else [cell.cut(width, "…")]
                if self._is_cut
                else cell.folded(width)
                for cell, width in zip(row, widths, strict=True)
            ]
            for parts in zip_longest(*cells, fillvalue=Text()):
                yield self._line(parts, widths)

    def _line(self, parts: Collection[Text], widths: Collection[int]) -> Text:
        line, gap = Text(), ""
        for part, width, right in zip(parts, widths, self._right, strict=False):
            blank = Text(" " * (width - part.width))
            line.append(gap).append(blank if right else part)
            line.append(part if right else blank)
            gap = " " * GAP
        return line


class Screen:
    """A stream that people read; a terminal gets colors and line breaks."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_terminal = stream.isatty()
        self.codes: Mapping[str, str] = {}
        if can_be_drawn_on(stream):
            self.codes = WEIGHTS | ({} if os.environ.get("NO_COLOR") else COLORS)

    @property
    def size(self) -> os.terminal_size:
        """Its columns and lines at this moment."""
        if not self.is_terminal:
            return os.terminal_size((WIDTH, WIDTH))
        columns, lines = os.get_terminal_size(self._stream.fileno())
        return shutil.get_terminal_size((columns or 80, lines or 24))  # 0: unknown

    @property
    def width(self) -> int:
        return self.size.columns

    def print(
        self, shown: str | Text | Grid = "", *, indent: int = 0, whole: bool = False
    ) -> None:
        """Print a line or a table; a terminal folds it unless it must stay `whole`."""
        room = self.width - indent
        text = Text(shown) if isinstance(shown, str) else shown
        if isinstance(text, Grid):
            lines = [*text.lines(sys.maxsize if whole else room)]
        elif whole or not self.is_terminal or text.width <= room:
            lines = [text]
        else:
            lines = text.folded(max(NARROWEST, room))
        for line in lines:
            written = " " * indent + line.written(self.codes)
            self._stream.write(f"{written.rstrip(' ')}\n")

    def block(self, shown: str | Text | Grid, *, indent: int = 0) -> None:
        """Print a blank line, then a line or a table."""
        self.print()
        self.print(shown, indent=indent)

    def title(self, text: str) -> None:
        self.print(Text(text, "bold"), whole=True)

    def facts(
        self,
        facts: Iterable[tuple[str | Text, str]],
        *,
        indent: int = 0,
        break_words: bool = False,
    ) -> None:
        """Print a line for each pair of label and text, with the texts aligned.

        On a terminal a long text wraps, between words unless `break_words`: paths can
        be copied. Elsewhere it is one line.
        """
        pairs = [(Text().append(head), text) for head, text in facts]
        widths = (indent + head.width + 2 for head, _ in pairs)
        edge = max((width for width in widths if width <= self.width / 2), default=0)
        for head, text in pairs:
            start = Text(" " * indent).append(head)
            parts = self._wrapped(text, edge, break_words=break_words)
            is_long = start.width + 2 > edge or edge + cells(parts[0]) >= self.width
            if head.width and is_long:
                self.print(start, whole=True)
                start = Text()
            for part in parts:
                start.append(" " * (edge - start.width)).append(part)
                self.print(start, whole=True)
                start = Text()

    def close(self, text: str, style: str = "") -> None:
        """Print the last line of a command's output."""
        self.print()
        for line in self._wrapped(text):
            self.print(Text(line, style), whole=True)

    def _wrapped(
        self, text: str, edge: int = 0, *, break_words: bool = False
    ) -> list[str]:
        if not self.is_terminal:
            return [printable(text)]
        width = max(NARROWEST, self.width - 1 - edge)
        return fold(printable(text), width, break_words=break_words)


def can_be_drawn_on(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb")
