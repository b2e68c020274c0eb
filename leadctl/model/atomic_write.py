"""Writes a file that appears complete or not at all, mode 0600."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from leadctl.model.private_files import in_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def atomic_write(
    path: Path,
    *,
    encoding: str = "utf-8",
    errors: str = "strict",
    before: Callable[[Path], object] = lambda _new: None,
) -> Iterator[TextIO]:
    """Open a file, 0600, that replaces `path` when complete, after calling `before`."""
    aside = path.with_name(f"{_BEGINS}{secrets.token_hex(8)}")
    try:
        with in_turn(path.parent):
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            hold(handle)
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


_BEGINS = ".leadctl-"


def remove_abandoned(folder: Path) -> None:
    """Remove files that killed processes were writing to a folder."""
    for file in abandoned(folder):
        file.unlink(missing_ok=True)


def abandoned(folder: Path) -> list[Path]:
    """Return leadctl's temporary files that no process is writing."""
    with in_turn(folder):
        return [*filter(is_abandoned, folder.glob(f"{_BEGINS}{'[0-9a-f]' * 16}"))]


def hold(handle: int) -> None:
    """Lock a new file, inside `in_turn`, so that it does not count as abandoned."""
    with suppress(OSError):  # a share that knows no locks
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_abandoned(path: Path) -> bool:
    """Tell whether a file is the user's own and no process holds it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    with os.fdopen(handle) as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
