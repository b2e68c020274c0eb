"""Where a benchmark runs: a folder and a home of its own, big or small."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from benchmarks.measured import Cost, cost

Size = TypeVar("Size", int, float)


@dataclass(frozen=True)
class World:
    """`quick` takes sizes that show a direction within two minutes in all."""

    folder: Path
    quick: bool
    python: str = sys.executable
    """The interpreter whose leadctl is run."""

    def size(self, full: Size, quick: Size) -> Size:
        return quick if self.quick else full

    def inside(self, name: str) -> World:
        """Return a world of its own, in a folder of this one's."""
        folder = self.folder / name
        folder.mkdir()
        return replace(self, folder=folder)

    @property
    def environment(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "DO_NOT_TRACK": "1",
        }

    def leadctl(self, *arguments: str, **settings: str | int) -> Cost:
        """Run leadctl; `settings` are those of the account voiso."""
        variables = {
            f"LEADCTL_VOISO_{name.upper()}": str(value)
            for name, value in settings.items()
        }
        return cost(
            [self.python, "-m", "leadctl", *arguments],
            self.folder,
            self.environment | variables,
            codes=(0, 3),  # rows that are rejected are part of every file
        )


def machine() -> str:
    """Describe what was measured on, without a name or a path."""
    processor = platform.processor() or platform.machine()
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    memory = next(
        (
            f", {int(line.split()[1]) / 1024**2:.0f} GiB"
            for line in _lines("/proc/meminfo")
            if line.startswith("MemTotal")
        ),
        "",
    )
    return (
        f"{os.cpu_count()} cores, {processor}{memory}, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []
