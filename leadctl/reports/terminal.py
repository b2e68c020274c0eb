"""Prints what commands show at a terminal: titles, facts, closing lines, live lines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from leadctl.model.printable import printable
from leadctl.reports.screen import NARROWEST, Screen, Text, cells, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO


def show_title(text: str, screen: Screen) -> None:
    screen.print(Text(text, "bold"), whole=True)


def show_facts(
    facts: Iterable[tuple[Text, str]], screen: Screen, *, indent: int = 0
) -> None:
    """Print a line for each pair of label and text, with the texts aligned.

    On a terminal a long text wraps between words only, so that paths and URLs can be
    copied; elsewhere it is one line.
    """
    pairs = [*facts]
    widths = (indent + head.width + 2 for head, _ in pairs)
    edge = max((width for width in widths if width <= screen.width / 2), default=0)
    for head, text in pairs:
        start = Text(" " * indent).append(head)
        parts = wrapped(text, screen, edge)
        if head.width and (
            start.width + 2 > edge or edge + cells(parts[0]) >= screen.width
        ):
            screen.print(start, whole=True)
            start = Text("")
        for part in parts:
            start.append(" " * (edge - start.width)).append(part)
            screen.print(start, whole=True)
            start = Text("")


def wrapped(text: str, screen: Screen, edge: int = 0) -> list[str]:
    """Wrap a text between words, where a terminal would break within them."""
    if not screen.is_terminal:
        return [printable(text)]
    width = max(NARROWEST, screen.width - 1 - edge)
    return fold(printable(text), width, break_words=False)  # paths can be copied


def close(text: str, screen: Screen, style: str = "") -> None:
    """Print the last line of a command's output."""
    screen.print()
    for line in wrapped(text, screen):
        screen.print(Text(line, style), whole=True)


def show_command(command: str, screen: Screen) -> None:
    """Print the next command, never wrapped, so that it can be copied."""
    screen.print()
    screen.print(Text(f"Next: {command}"), whole=True)


class Live:
    """Lines at the foot of a terminal that are redrawn.

    The cursor stays visible, so that nothing must be restored if the process dies.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._screen = Screen(stream)
        self._drawn: list[int] = []

    @property
    def width(self) -> int:
        """Columns to draw in, without the last, at which some terminals wrap."""
        return max(1, self._screen.width - 1)

    @property
    def plain_letters(self) -> bool:
        """Whether the terminal may be limited to ASCII."""
        return not self._stream.encoding.lower().startswith("utf")

    def draw(self, lines: Sequence[Text]) -> None:
        """Redraw the lines, unless another program has the terminal."""
        if not _is_ours(self._stream):
            self._drawn = []
            return
        end = "" if self.plain_letters else "…"
        most = max(1, self._screen.size.lines - 1)
        fitting = [text.cut(self.width, end) for text in lines[:most]]
        drawn = "\n".join(text.written(self._screen.codes) for text in fitting)
        self._write(self._erasure() + drawn)
        self._drawn = [text.width for text in fitting]

    def erase(self) -> None:
        if self._drawn and _is_ours(self._stream):
            self._write(self._erasure())
        self._drawn = []

    def _erasure(self) -> str:
        """Return the codes that erase the lines, wrapped ones included."""
        width = max(1, self._screen.width)
        lines = sum(max(1, -(-cells // width)) for cells in self._drawn)
        up = f"\x1b[{lines - 1}A" if lines > 1 else ""
        return f"\r{up}\x1b[J" if lines else ""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _is_ours(stream: TextIO) -> bool:
    """Tell whether this process is in the foreground; True where nobody can tell."""
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except OSError:
        return True  # not the controlling terminal
