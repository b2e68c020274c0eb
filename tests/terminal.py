"""A terminal for the program: types input, and reads the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from program import LEADCTL, SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from program import Program

ROWS = 30
_PARTS = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


@dataclass
class Terminal:
    """A run whose streams are a terminal of its own, `columns` wide.

    `stdout` is a file that stdout goes to instead.
    """

    program: Program
    arguments: tuple[str | Path, ...]
    columns: int = 80
    env: Mapping[str, str] = field(default_factory=dict)
    stdout: Path | None = None
    seen: str = ""
    code: int | None = None

    def __enter__(self) -> Self:
        self._child, self._master = pty.fork()
        if not self._child:
            self._become()
        self.resize(self.columns)
        return self

    def __exit__(self, *_: object) -> None:
        if self.code is None:
            self.close()

    def resize(self, columns: int) -> None:
        self.columns = columns
        size = struct.pack("HHHH", ROWS, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def until(self, wanted: str) -> str:
        """Read on until something is seen; returns everything so far."""
        end = time.monotonic() + SECONDS
        while wanted not in self.seen:
            assert time.monotonic() < end, self.seen
            assert self._read(), f"{wanted!r} never came: {self.seen}"
        return self.seen

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        return self.close()

    def close(self) -> int:
        """Close the terminal, as a window is closed, and wait for the program."""
        os.close(self._master)
        _, status = os.waitpid(self._child, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code

    @property
    def screen(self) -> list[str]:
        return drawn(self.seen)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], SECONDS)[0]:
            return False
        try:
            block = os.read(self._master, 65536)
        except OSError:  # Linux says so when the last writer is gone
            return False
        self.seen += block.decode(errors="replace")
        return bool(block)

    def _become(self) -> None:
        environment = {
            **self.program.surroundings,
            "TERM": "xterm-256color",
            **self.program.environment,
            **self.env,
        }
        environment.pop("COLUMNS")
        os.chdir(self.program.folder)
        if self.stdout:
            os.dup2(os.open(self.stdout, os.O_WRONLY | os.O_CREAT), 1)
        # Begin only at the right width: the parent sets it.
        while os.get_terminal_size(2).columns != self.columns:
            time.sleep(0.01)
        given = [*LEADCTL, *map(str, self.arguments)]
        os.execve(given[0], given, environment)  # noqa: S606  our own program


def drawn(seen: str) -> list[str]:
    """Return the lines on a screen that shows this, by the few controls we use."""
    lines, line, column = [""], 0, 0
    for part in _PARTS.finditer(seen):
        arguments, control, motion, text = part.groups()
        if text:
            before = lines[line].ljust(column)
            lines[line] = before[:column] + text + before[column + len(text) :]
            column += len(text)
        elif motion == "\r":
            column = 0
        elif motion == "\n":
            line, column = line + 1, 0
            lines += [""] * (line + 1 - len(lines))
        elif control == "A":
            line = max(0, line - int(arguments or 1))
        elif control == "J":
            lines[line] = lines[line][:column]
            del lines[line + 1 :]
        else:
            assert control == "m", f"an unexpected control: {part.group()!r}"
    return lines
