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
    """Return the files to import, and a note of the reject files that are skipped.

    A folder and a shell pattern may also match reject files that leadctl wrote there. A
    list of only reject files is imported as it is.
    """
    names = [name for one in given for name in _members(one)]
    ours = [name for name in names if reject_file.is_ours(Path(name))]
    are_meant = len(ours) == len(names) and not any(Path(x).is_dir() for x in given)
    if not ours or are_meant:
        return names, []
    left = [name for name in names if name not in ours]
    message = f"reject files skipped: {listed(ours)}"
    if not left:
        raise InputUnusable(message, hint="after fixing them, push them by name")
    return left, [Note("reject_files_left_out", message, len(ours))]


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
    is_hidden = path.name.startswith((".", "~$"))  # ~$: a spreadsheet has it open
    return plain.suffix.casefold() in DATA and not is_hidden and path.is_file()
