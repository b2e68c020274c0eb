"""Chooses the files of an import: a folder stands for its data files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.model.errors import InputUnusable
from leadctl.model.leads import Note
from leadctl.model.wording import listed
from leadctl.reports import reject_file
from leadctl.sources.compression import SUFFIXES as PACKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DATA = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".xlsx")
"""How the names of a folder's data files end; `.gz` and the like may follow."""


def chosen(given: Sequence[str]) -> tuple[list[str], list[Note]]:
    """Return the files to import, and notes on those that are skipped.

    Reject files are skipped, unless only reject files are named.
    """
    names = [name for one in given for name in _members(one)]
    ours = [name for name in names if reject_file.is_ours(Path(name))]
    notes = _others([Path(one) for one in given])
    are_meant = len(ours) == len(names) and not any(Path(x).is_dir() for x in given)
    if not ours or are_meant:
        return names, notes
    left = [name for name in names if name not in ours]
    message = f"reject files skipped: {listed(ours)}"
    if not left:
        raise InputUnusable(message, hint="after fixing them, push them by name")
    return left, [Note("reject_files_left_out", message, len(ours)), *notes]


def _others(given: Sequence[Path]) -> list[Note]:
    """Note the files of the folders that are not data files."""
    folders = [one for one in given if one.is_dir()]
    found = sorted(path for folder in folders for path in folder.iterdir())
    others = [str(x) for x in found if _is_visible(x) and not _is_data(x)]
    message = f"other files skipped: {listed(others)}"
    return [Note("other_files_left_out", message, len(others))] if others else []


def _is_visible(path: Path) -> bool:
    hidden = (".", "~$")  # ~$: a spreadsheet has it open
    return path.is_file() and not path.name.startswith(hidden)


def _members(name: str) -> Iterator[str]:
    folder = Path(name)
    if not folder.is_dir():
        yield name
        return
    found = [path for path in sorted(folder.iterdir()) if _is_data(path)]
    if not found:
        raise InputUnusable(
            f"the folder {name} has no data files",
            hint=f"data files end in {', '.join(DATA)}; name other files directly",
        )
    yield from map(str, found)


def _is_data(path: Path) -> bool:
    plain = path.with_suffix("") if path.suffix.casefold() in PACKED else path
    return plain.suffix.casefold() in DATA and _is_visible(path)
