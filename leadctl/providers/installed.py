"""Finds the providers of installed packages, our own among them, by entry points.

The files are read here: importlib.metadata takes longer than a press of Tab.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTION = "[leadctl.providers]"


class Installed(NamedTuple):
    """A provider as its package declares it, and the package."""

    name: str
    place: str
    """A module and a name in it, as `leadctl.providers.voiso:Voiso`."""
    package: str

    @property
    def module(self) -> str:
        return self.place.partition(":")[0]

    def load(self) -> object:
        return getattr(import_module(self.module), self.place.partition(":")[2])


@cache
def installed() -> dict[str, Installed]:
    """Every provider on this machine by name, our own and other packages'."""
    return {one.name: one for one in sorted(_found())}


def _found() -> Iterator[Installed]:
    seen: set[str] = set()
    for folder in map(Path, sys.path):
        for file in folder.glob("*.dist-info/entry_points.txt"):
            package = file.parent.name.partition("-")[0]
            if package in seen:  # Python imports the one in the earlier folder
                continue
            seen.add(package)
            _, _, section = file.read_text(encoding="utf-8").partition(SECTION)
            for line in section.partition("[")[0].splitlines():
                name, equals, place = map(str.strip, line.partition("="))
                if equals:
                    yield Installed(name, place, package)
