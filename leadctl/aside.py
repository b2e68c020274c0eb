"""Files that appear complete or not at all, readable by their owner alone."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def replacing(
    path: Path,
    *,
    encoding: str = "utf-8",
    errors: str = "strict",
    before: Callable[[Path], object] = lambda _new: None,
) -> Iterator[TextIO]:
    """Open a file that takes the place of `path` when it is written, mode 0600.

    `before` is told of the new file when it is complete, in turn. Raises OSError.
    """
    aside = path.with_name(f".leadctl-{secrets.token_hex(8)}")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(
            handle, "w", encoding=encoding, errors=errors, newline=""
        ) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with in_turn(path.parent):
            before(aside)
            aside.replace(path)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


@contextmanager
def in_turn(folder: Path, patience: float = 5.0) -> Iterator[None]:
    """Let one process at a time change which files a folder has.

    Two that look at once which names are free would both take the same. Whoever holds
    the folder for longer than `patience` seconds is not one of ours, or is stopped.
    """
    with ExitStack() as stack:
        with suppress(OSError):  # a share that knows no locks
            handle = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, handle)
            _take(handle, time.monotonic() + patience)
        yield


def _take(handle: int, until: float) -> None:
    while time.monotonic() < until:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.02)
