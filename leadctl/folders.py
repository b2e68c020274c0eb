"""Folders of our own: readable by their owner alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.errors import InputUnusable

if TYPE_CHECKING:
    from pathlib import Path


def make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing, all of them 0700."""
    if folder.is_dir():
        return
    make_private(folder.parent)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise InputUnusable(
            f"the folder {folder} cannot be made: {error.strerror}",
            hint="name a place you can write to: --ledger, or XDG_STATE_HOME",
        ) from error
