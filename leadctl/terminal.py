"""Text on its way to a terminal: without control characters, never read as markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from typing import TextIO


def plain(text: str, style: str = "") -> Text:
    """Wrap foreign text: `[/red]` or an escape code in it has no effect."""
    return Text("".join(c if c.isprintable() else "�" for c in text), style=style)


class _Console(Console):
    """Leaves a reader that has gone to the caller; rich would end the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class _Tidy:
    """A stream without blanks at the ends of lines: those of a table's last column."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(_BLANKS.sub("\n", text))

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


_BLANKS = re.compile(r" +\n")


def console(stream: TextIO, *, colour: bool = True) -> Console:
    """Return a console for a stream; without a terminal as wide as the text needs."""
    terminal = stream.isatty()
    return _Console(
        file=stream if terminal else cast("TextIO", _Tidy(stream)),
        no_color=not colour or None,
        highlight=False,
        width=None if terminal else 160,
        soft_wrap=False,
    )
