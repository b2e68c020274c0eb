"""Writes the reject file, chooses its path, and protects corrected ones."""

from __future__ import annotations

import errno
import filecmp
import os
import secrets
import time
from itertools import chain, count
from typing import TYPE_CHECKING

from leadctl.model.atomic_write import atomic_write, remove_abandoned
from leadctl.model.errors import InputUnusable, RejectsNotWritten
from leadctl.model.private_files import in_turn
from leadctl.reports.reject_rows import NAMES, write_rows
from leadctl.sources.compression import SUFFIXES as PACKED
from leadctl.sources.formats import Format

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leadctl.model.leads import Finding
    from leadctl.sources.source import Source

LONGEST_NAME = 255
"""Bytes a file's name may have."""


def default_path(path: Path, form: Format, kind: str = "rejects") -> Path:
    """Return `<stem>.<kind><suffix>` beside the input: plain text, to be corrected."""
    if path.suffix.casefold() in PACKED:
        path = path.with_suffix("")
    suffix = ".csv" if form is Format.XLSX else path.suffix
    return path.with_name(f"{path.stem}.{kind}{suffix}")


def require_ours(path: Path) -> None:
    """Raise InputUnusable for a path that holds a user's file or cannot be written."""
    if len(os.fsencode(path.name)) > LONGEST_NAME:
        raise InputUnusable(
            "the reject file's name would be too long",
            hint="choose another name with --rejects",
        )
    _require_room(path.parent)
    if os.path.lexists(path) and not is_ours(path):
        raise InputUnusable(
            f"{path} exists and is not a leadctl reject file",
            hint="move it, or choose another file with --rejects",
        )


def _require_room(folder: Path) -> None:
    """Raise InputUnusable unless a file can be created in the folder."""
    trial = folder / f".leadctl-{secrets.token_hex(8)}"
    try:
        remove_abandoned(folder)
        trial.touch(mode=0o600, exist_ok=False)
        trial.unlink(missing_ok=True)
    except OSError as error:
        raise InputUnusable(
            f"cannot write a reject file to {folder}: {error.strerror}",
            hint="choose another location with --rejects",
        ) from error


def is_ours(path: Path) -> bool:
    """Recognise a reject file by its first cell, whichever program saved it."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(64).replace(b"\0", b"")
    return NAMES[0].encode() in start[:32]


def is_untouched(path: Path) -> bool:
    """Tell whether a file is a reject file that nobody has edited.

    False as well if the file system or a copy did not keep the mark of its time.
    """
    return is_ours(path) and path.stat().st_mtime_ns % _SECOND == _MARK


def set_aside(path: Path) -> Path | None:
    """Rename an earlier run's reject file to `….old`; returns the new path, if any.

    An edited one is never replaced by a later one.
    """
    if not is_ours(path):
        return None
    old = _place_aside(path)
    path.replace(old)
    return old


def corrections_go_to(path: Path) -> Path | None:
    """Return where an edited reject file will be kept; None if it is not edited."""
    is_edited = is_ours(path) and not is_untouched(path)
    return _place_aside(path) if is_edited else None


def _place_aside(path: Path) -> Path:
    ends = chain(["old"], (f"old-{number}" for number in count(2)))
    places = (path.with_name(f"{path.stem}.{end}{path.suffix}") for end in ends)
    return next(
        place for place in places if not os.path.lexists(place) or is_untouched(place)
    )


_SECOND = 1_000_000_000
_MARK = 123_456_700
"""Nanoseconds of a time that no editor leaves; some file systems keep only hundreds."""


def write_if_any(
    path: Path, source: Source, findings: Iterator[Finding], run_id: str
) -> int:
    """Write the reject file if it has a row; keep an earlier one as `….old`."""
    first = next(findings, None)
    if first is None:
        with in_turn(path.parent):
            set_aside(path)
        return 0
    return write(path, source, chain([first], findings), run_id)


def write(path: Path, source: Source, findings: Iterator[Finding], run_id: str) -> int:
    """Write the rows of `findings` (in row order) from the source; returns how many.

    The file appears complete or not at all, with mode 0600. Raises InputUnusable if the
    source has changed, RejectsNotWritten if the file cannot be written.
    """
    source.require_unchanged()

    def keep_other(new: Path) -> None:
        now = time.time_ns() // _SECOND * _SECOND + _MARK
        os.utime(new, ns=(now, now))
        if not (path.is_file() and filecmp.cmp(new, path, shallow=False)):
            set_aside(path)
        if os.path.lexists(path) and not is_ours(path):
            raise FileExistsError(errno.EEXIST, "another file appeared there")

    try:
        with atomic_write(
            path, encoding=source.encoding, errors="replace", before=keep_other
        ) as file:
            return write_rows(file, source, findings, run_id)
    except OSError as error:
        raise RejectsNotWritten(
            f"cannot write the reject file {path}: {error.strerror}",
            hint="choose another location with --to PATH",
        ) from error
