"""Opens an Office file, a ZIP archive of XML parts, within generous bounds."""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

from leadctl.sources.compression import require_meant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

BLOCK = 1 << 16
LONGEST = 1_000_000
"""Characters of a text, bytes of a tag. Excel has at most 32,767 in a cell."""
DEEPEST = 100
MOST_NAMES = 10_000
"""Names of elements and attributes: the parser keeps each of them."""

Element = tuple[str, dict[str, str], str]
"""Name without a prefix, attributes, and the text directly before its end."""


class Damaged(ValueError):
    """The archive or its XML is not valid."""


class Package:
    """An open Office file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._parts = {part.filename.lower(): part for part in archive.infolist()}

    def elements(self, part: str) -> Iterator[Element]:
        """Yield every element of a part as it ends, those inside it before it."""
        info = self._parts.get(part.lower())
        if info is None:
            raise Damaged(f"no part {part}")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Damaged("a part is compressed in a way that Office does not use")
        with self._archive.open(info) as file:
            yield from _elements(file)

    def related(self, part: str) -> Iterator[tuple[str, str, str]]:
        """Yield id, kind and part of everything that a part refers to, if anything."""
        folder, name = posixpath.split(part)
        listed = f"{folder}/_rels/{name}.rels"
        if listed.lower() not in self._parts:
            return
        for name, found, _ in self.elements(listed):
            if name == "Relationship":
                kind = found.get("Type", "").rpartition("/")[2]
                target = posixpath.join("/", folder, found.get("Target", ""))
                part = posixpath.normpath(target).lstrip("/")
                yield found.get("Id", ""), kind, part


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """Open an Office file; raises Damaged or OSError."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            require_meant(unpacked, path.stat().st_size)
            yield Package(archive)
    except _TROUBLE as error:
        raise Damaged(str(error)) from error


_TROUBLE = (
    zipfile.BadZipFile,
    expat.ExpatError,
    EOFError,
    LookupError,
    NotImplementedError,  # a kind of RuntimeError
    RuntimeError,  # a password
    ValueError,
    struct.error,
    zlib.error,
)


def members(path: Path) -> list[str]:
    """Return the names of the parts of a ZIP archive; none of a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (*_TROUBLE, OSError):
        return []


def _elements(file: IO[bytes]) -> Iterator[Element]:
    begun: list[dict[str, str]] = []
    ended: list[Element] = []
    text = ""

    def start(_: str, attributes: dict[str, str]) -> None:
        nonlocal text
        text = ""
        begun.append(attributes)

    def more(characters: str) -> None:
        nonlocal text
        text += characters

    def end(name: str) -> None:
        nonlocal text
        ended.append((name.rpartition(":")[2], begun.pop(), text))
        text = ""

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.CharacterDataHandler = more
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = _refuse_doctype
    read = 0
    while block := file.read(BLOCK):
        read += len(block)
        parser.Parse(block, False)
        longest = max(len(text), read - parser.CurrentByteIndex)
        if longest > LONGEST or len(begun) > DEEPEST or len(parser.intern) > MOST_NAMES:
            raise Damaged("XML that no spreadsheet program writes")
        yield from ended
        ended.clear()
    parser.Parse(b"", True)


def _refuse_doctype(*_: object) -> NoReturn:
    """Reject a document type: it could define entities, and Office writes none."""
    raise Damaged("a document type")
