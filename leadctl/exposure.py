"""Who else may read or change a file that is its user's alone, and the remedy."""

from __future__ import annotations

import os
import shlex
import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOT = 0


class Exposure(NamedTuple):
    """What others may do, and the command that ends it."""

    message: str
    remedy: str


def exposures(path: Path, what: str) -> Iterator[Exposure]:
    """Yield what others may do to a file, `what` it is being said in each sentence.

    A link is followed: what counts is who may read or change the file itself.
    """
    try:
        file = path.resolve(strict=True)
        yield from _of_file(file, path, what)
        yield from _of_folder(file.parent, path, what)
    except OSError:
        return  # not there, or not for us: whoever reads it says so


def _of_file(file: Path, path: Path, what: str) -> Iterator[Exposure]:
    found = file.stat()
    place = shlex.quote(str(file))
    if found.st_uid not in (ROOT, os.geteuid()):
        yield Exposure(
            f"{what} {path} belongs to somebody else, who can change it",
            f"sudo chown {os.geteuid()} {place}",
        )
    elif found.st_uid != os.geteuid():  # root's, for many to read
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            message = f"{what} {path} can be changed by others"
            yield Exposure(message, f"sudo chmod go-w {place}")
    elif found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        writable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        can = "changed" if writable else "read"
        yield Exposure(f"{what} {path} can be {can} by others", f"chmod 600 {place}")


def _of_folder(folder: Path, path: Path, what: str) -> Iterator[Exposure]:
    mode = folder.stat().st_mode
    # In a sticky folder such as /tmp nobody replaces what belongs to another.
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        yield Exposure(
            f"{what} {path} can be replaced by others, who may write to its folder",
            f"chmod go-w {shlex.quote(str(folder))}",
        )
