"""Creates folders and files that only their owner can read; follows no links."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from typing import TYPE_CHECKING

from leadctl.model.clock import CancellationToken, Clock, RealClock
from leadctl.model.errors import InputUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CLOCK = RealClock(CancellationToken())

_LOOK = 0.02
"""Seconds between two looks whether a folder is free."""


def make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing, all of them 0700.

    A link of one's own may stand for it; somebody else's would lead us where they like.
    """
    if folder.is_symlink() and folder.lstat().st_uid not in (0, os.geteuid()):
        raise InputUnusable(
            f"the folder {folder} is a link that belongs to another user",
            hint="remove it, or choose another location with --ledger or "
            "XDG_STATE_HOME",
        )
    if folder.is_dir():
        return
    make_private(folder.parent)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise InputUnusable(
            f"cannot create the folder {folder}: {error.strerror}",
            hint="choose a writable location with --ledger or XDG_STATE_HOME",
        ) from error


def make_file(path: Path) -> None:
    """Have a file there, 0600 if it is new; OSError where something else lies there.

    One that exists is not opened: closing it would drop the locks that SQLite holds.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    if what := oddity(path):
        raise OSError(errno.EINVAL, f"it is {what}")


def open_file(path: Path) -> int:
    """Open a file to read and write it, 0600 if it is new; OSError as above."""
    make_file(path)
    return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def oddity(path: Path) -> str | None:
    """Say what is there, where it is neither a file nor nothing, such as a link."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    kinds = {
        stat.S_IFREG: None,
        stat.S_IFLNK: "a link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFDIR: "a folder",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


@contextlib.contextmanager
def in_turn(
    folder: Path, timeout: float = 5.0, clock: Clock = _CLOCK
) -> Iterator[None]:
    """Let one process at a time change which files a folder has.

    Two that look at once which names are free would both take the same. Whoever holds
    the folder for longer than `timeout` seconds is not one of ours, or is stopped.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a share that knows no locks
            handle = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, handle)
            _take(handle, timeout, clock)
        yield


def _take(handle: int, timeout: float, clock: Clock) -> None:
    for _ in range(int(timeout / _LOOK)):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        clock.sleep(_LOOK)
