"""Prints to a terminal: without control characters, never read as markup."""

from __future__ import annotations

import os
import re
import textwrap
from typing import TYPE_CHECKING, cast

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from leadctl.model.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import TextIO


def plain(text: str, style: str = "") -> Text:
    """Return text of others so that `[/red]` or an escape code in it has no effect."""
    return Text(printable(text), style=style)


class _Console(Console):
    """Raises the error of a closed pipe; rich itself would end the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class _Tidy:
    """A stream that drops blanks at line ends: a table pads its last column."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(_BLANKS.sub("\n", text))

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


_BLANKS = re.compile(r" +\n")


def console(stream: TextIO) -> Console:
    """Return a console for a stream; without a terminal, lines have no width limit."""
    terminal = stream.isatty()
    return _Console(
        file=cast("TextIO", _Tidy(stream)),
        highlight=False,
        width=None if terminal else 160,
        soft_wrap=False,
    )


class Grid(Table):
    """A table as every command prints it: no rules, and only the last column wraps."""

    def __init__(
        self, *headings: str, right: Collection[str] = (), headed: bool = True
    ) -> None:
        super().__init__(
            box=None,
            show_header=headed,
            pad_edge=False,
            padding=(0, 2, 0, 0),
            header_style="dim",
        )
        for heading in headings:
            self.add_column(
                heading,
                justify="right" if heading in right else "left",
                no_wrap=heading != headings[-1],
                overflow="fold",
            )

    def row(self, *cells: str | Text) -> None:
        """Add a row; texts are escaped."""
        self.add_row(
            *(plain(cell) if isinstance(cell, str) else cell for cell in cells)
        )

    def show(self, screen: Console, *, indent: int = 0) -> None:
        screen.print(Padding(self, (0, 0, 0, indent)))


def show_title(text: str, screen: Console) -> None:
    screen.print(plain(text, "bold"), soft_wrap=True)


def show_facts(
    facts: Iterable[tuple[Text, str]], screen: Console, *, indent: int = 0
) -> None:
    """Print a line for each pair of label and text, with the texts aligned.

    On a terminal a long text wraps between words only, so that paths and URLs can be
    copied; elsewhere it is one line.
    """
    pairs = [*facts]
    widths = (indent + head.cell_len + 2 for head, _ in pairs)
    edge = max((width for width in widths if width <= screen.width / 2), default=0)
    for head, text in pairs:
        start = plain(" " * indent).append_text(head)
        parts = wrapped(text, screen, edge)
        if head and (start.cell_len + 2 > edge or edge + len(parts[0]) >= screen.width):
            screen.print(start, soft_wrap=True)
            start = plain("")
        for part in parts:
            start.pad_right(edge - start.cell_len)
            start.append(part).rstrip()
            screen.print(start, soft_wrap=True)
            start = plain("")


def wrapped(text: str, screen: Console, edge: int = 0) -> list[str]:
    """Wrap a text between words, where a terminal would break within them."""
    if not screen.is_terminal:
        return [printable(text)]
    return textwrap.wrap(
        printable(text),
        max(20, screen.width - 1 - edge),
        break_long_words=False,  # paths can be copied
        break_on_hyphens=False,
    ) or [""]


def close(text: str, screen: Console, style: str = "") -> None:
    """Print the last line of a command's output."""
    screen.print()
    for line in wrapped(text, screen):
        screen.print(plain(line, style), soft_wrap=True)


def show_command(command: str, screen: Console) -> None:
    """Print the next command, never wrapped, so that it can be copied."""
    screen.print()
    screen.print(plain(f"Next: {command}"), soft_wrap=True)


class Live:
    """Lines at the foot of a terminal that are redrawn.

    The cursor stays visible, so that nothing must be restored if the process dies.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console = console(stream)
        self._drawn: list[int] = []

    @property
    def width(self) -> int:
        """Columns to draw in, without the last, at which some terminals wrap."""
        return max(1, self._console.width - 1)

    @property
    def plain_letters(self) -> bool:
        """Whether the terminal may be limited to ASCII."""
        return not self._console.encoding.startswith("utf")

    def draw(self, lines: Sequence[Text]) -> None:
        """Redraw the lines, unless another program has the terminal."""
        if not _is_ours(self._stream):
            self._drawn = []
            return
        fitting = [*lines[: max(1, self._console.height - 1)]]
        for text in fitting:
            text.truncate(
                self.width, overflow="crop" if self.plain_letters else "ellipsis"
            )
        with self._console.capture() as drawn:
            for number, text in enumerate(fitting):
                self._console.print(text, end="\n" if number < len(fitting) - 1 else "")
        self._write(self._erasure() + drawn.get())
        self._drawn = [text.cell_len for text in fitting]

    def erase(self) -> None:
        if self._drawn and _is_ours(self._stream):
            self._write(self._erasure())
        self._drawn = []

    def _erasure(self) -> str:
        """Return the codes that erase the lines, wrapped ones included."""
        width = max(1, self._console.width)
        lines = sum(max(1, -(-cells // width)) for cells in self._drawn)
        up = f"\x1b[{lines - 1}A" if lines > 1 else ""
        return f"\r{up}\x1b[J" if lines else ""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def can_be_drawn_on(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb")


def _is_ours(stream: TextIO) -> bool:
    """Tell whether this process is in the foreground; True where nobody can tell."""
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except OSError:
        return True  # not the controlling terminal
