"""The files of tests/files with what is expected of each."""

from __future__ import annotations

import bz2
import gzip
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "files"
NAME_ON_THE_WIRE = {"voiso": "name", "yotel": "name", "ozonetel": "Name"}


@dataclass(frozen=True)
class Entry:
    """A file, a way to push it, and what becomes of it; see files/README.md."""

    name: str
    place: int
    said: dict[str, Any]

    @property
    def file(self) -> Path:
        return FOLDER / str(self.said.get("file", self.name))

    @property
    def provider(self) -> str:
        return str(self.said["provider"])

    @property
    def campaign(self) -> str:
        """A campaign of its own, whose number and name every provider takes."""
        return str(100 + self.place)

    @property
    def sent(self) -> dict[str, str | None]:
        return dict(self.said.get("sent", {}))

    @property
    def rejected(self) -> dict[int, str]:
        return {int(row): code for row, code in self.said.get("rejected", {}).items()}

    @property
    def either(self) -> dict[int, str]:
        return {int(row): phone for row, phone in self.said.get("either", {}).items()}

    @property
    def rows(self) -> int:
        others = int(self.said.get("duplicate", 0)) + int(
            self.said.get("suppressed", 0)
        )
        return len(self.sent) + len(self.rejected) + len(self.either) + others

    def arguments(self, folder: Path) -> list[str | Path]:
        """Copy the file, and the profile that goes with it, and name both."""
        shutil.copy(self.file, folder)
        found: list[str | Path] = [self.file.name, *self.said.get("options", [])]
        if profile := self.said.get("profile"):
            (folder / "profile.yaml").write_text(json.dumps(profile), encoding="utf-8")
            found += ["--profile", "profile.yaml"]
        return found


def plain_bytes(file: Path) -> bytes:
    """Return the bytes of a file, unpacked if gzip or bzip2 packed them."""
    content = file.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content)
    return bz2.decompress(content) if content.startswith(b"BZh") else content


ENTRIES = [
    Entry(path.stem, place, json.loads(path.read_text(encoding="utf-8")))
    for place, path in enumerate(sorted(FOLDER.glob("*.json")))
]
