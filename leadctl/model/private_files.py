"""Creates private folders and files; finds those that other users can access."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shlex
import stat
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.clock import Clock, RealClock
from leadctl.model.errors import InputUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CLOCK = RealClock()

_LOOK = 0.02
"""Seconds between two attempts to lock a folder."""


def make_private(folder: Path) -> None:
    """Create a folder and its missing parents, mode 0700; no link of another user."""
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
    """Create a file, mode 0600, unless it is there: opening it drops SQLite's locks."""
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
    """Let one process at a time choose names of files in a folder, up to a timeout."""
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


ROOT = 0


class PermissionProblem(NamedTuple):
    """What other users can do, and the command that prevents it."""

    message: str
    remedy: str


def permission_problems(path: Path, what: str) -> Iterator[PermissionProblem]:
    """Yield what other users can do to a file, or to the one that a link leads to."""
    try:
        file = path.resolve(strict=True)
        yield from _of_file(file, path, what)
        yield from _of_folder(file.parent, path, what)
    except OSError:
        return  # missing or unreadable: reported when it is read


def is_our_own(path: Path) -> bool:
    """Tell whether a file exists that only this user and root can change."""
    found = path.stat()
    by_others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return found.st_uid in (ROOT, os.geteuid()) and not by_others


def _of_file(file: Path, path: Path, what: str) -> Iterator[PermissionProblem]:
    found, place, user = file.stat(), shlex.quote(str(file)), os.geteuid()
    writable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    can = "changed" if writable else "read"
    by_others = f"{what} {path} can be {can} by other users"
    if found.st_uid not in (ROOT, user):
        message = f"{what} {path} belongs to another user, who can change it"
        yield PermissionProblem(message, f"sudo chown {user} {place}")
    elif found.st_uid == user and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield PermissionProblem(by_others, f"chmod 600 {place}")
    elif found.st_uid != user and writable:  # root's: others may only read it
        yield PermissionProblem(by_others, f"sudo chmod go-w {place}")


def _of_folder(folder: Path, path: Path, what: str) -> Iterator[PermissionProblem]:
    mode = folder.stat().st_mode
    # In a sticky folder such as /tmp nobody replaces what belongs to another.
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        yield PermissionProblem(
            f"{what} {path} can be replaced by other users, who can write to its "
            "folder",
            f"chmod go-w {shlex.quote(str(folder))}",
        )
