"""Reads a small text file, or a pipe that the user named; writes a new one."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from leadctl.model.errors import InputUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 10.0
"""Seconds to wait for a pipe, such as a shell's `<(…)`."""

LARGEST = 1 << 24
"""Bytes to read from a pipe at most."""


def read_text(path: Path, *, may_be_pipe: bool, encoding: str = "utf-8") -> str:
    """Return the text of a file; raises OSError or UnicodeDecodeError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return file.read().decode(encoding)
        if not may_be_pipe:
            raise OSError(errno.EINVAL, "not a file")
        return _from_pipe(handle).decode(encoding)  # or /dev/null


def _from_pipe(handle: int) -> bytes:
    ends, content = time.monotonic() + SECONDS, b""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    while poll.poll(max(0.0, ends - time.monotonic()) * 1000):
        block = os.read(handle, 1 << 16)
        content += block
        if not block:
            return content
        if len(content) > LARGEST:
            raise OSError(errno.EFBIG, "too much data from the pipe")
    raise TimeoutError(errno.ETIMEDOUT, f"the pipe did not end within {SECONDS:.0f} s")


def write_new(path: Path, text: str, hint: str) -> None:
    """Write a new file; raises InputUnusable with `hint` if it exists."""
    with writing(path, hint), path.open("x", encoding="utf-8") as file:
        file.write(text)


@contextmanager
def writing(path: Path, hint: str) -> Iterator[None]:
    """Raise InputUnusable with `hint` if the system refuses to write a file."""
    try:
        yield
    except OSError as error:
        message = f"cannot write {path}: {error.strerror}"
        raise InputUnusable(message, hint=hint) from error
