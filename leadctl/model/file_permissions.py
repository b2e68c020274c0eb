"""Finds files that other users can read or change, and the command to fix it."""

from __future__ import annotations

import os
import shlex
import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOT = 0


class PermissionProblem(NamedTuple):
    """What other users can do, and the command that prevents it."""

    message: str
    remedy: str


def permission_problems(path: Path, what: str) -> Iterator[PermissionProblem]:
    """Yield what other users can do to a file; `what` names it in each sentence.

    Links are followed, because access to the file itself counts.
    """
    try:
        file = path.resolve(strict=True)
        yield from _of_file(file, path, what)
        yield from _of_folder(file.parent, path, what)
    except OSError:
        return  # not there, or not for us: whoever reads it says so


def is_our_own(path: Path) -> bool:
    """Tell whether a file exists that only this user and root can change."""
    found = path.stat()
    by_others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return found.st_uid in (ROOT, os.geteuid()) and not by_others


def _of_file(file: Path, path: Path, what: str) -> Iterator[PermissionProblem]:
    found = file.stat()
    place = shlex.quote(str(file))
    if found.st_uid not in (ROOT, os.geteuid()):
        yield PermissionProblem(
            f"{what} {path} belongs to another user, who can change it",
            f"sudo chown {os.geteuid()} {place}",
        )
    elif found.st_uid != os.geteuid():  # root's, for many to read
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            message = f"{what} {path} can be changed by other users"
            yield PermissionProblem(message, f"sudo chmod go-w {place}")
    elif found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        writable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        can = "changed" if writable else "read"
        yield PermissionProblem(
            f"{what} {path} can be {can} by other users", f"chmod 600 {place}"
        )


def _of_folder(folder: Path, path: Path, what: str) -> Iterator[PermissionProblem]:
    mode = folder.stat().st_mode
    # In a sticky folder such as /tmp nobody replaces what belongs to another.
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        yield PermissionProblem(
            f"{what} {path} can be replaced by other users, who can write to its "
            "folder",
            f"chmod go-w {shlex.quote(str(folder))}",
        )
