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
"""Seconds between two attempts to lock a folder."""


def make_private(folder: Path) -> None:
    """Create a folder and its missing parents, all with mode 0700.

    It may be the user's own link; another user's link could point anywhere.
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
    """Create a file with mode 0600 unless it exists; OSError if it is something else.

    An existing one is not opened, since closing it would drop SQLite's locks.
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
    """Return what is there if it is neither a file nor nothing, such as a link."""
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

    Otherwise two processes could choose the same free name. A process that holds the
    folder for more than `timeout` seconds is not leadctl, or is suspended.
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
