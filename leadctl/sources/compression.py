"""Opens files of leads, compressed or not; the only module that uses zstd."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import sys
import zlib
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any, BinaryIO


class Compression(StrEnum):
    """How a file is compressed."""

    NONE = ""
    GZIP = "gzip"
    BZIP2 = "bzip2"
    ZSTD = "zstd"


_MAGIC = {
    b"\x1f\x8b": Compression.GZIP,
    b"BZh": Compression.BZIP2,
    b"\x28\xb5\x2f\xfd": Compression.ZSTD,
}
MOST_TIMES = 500
"""How many times its size a file may unpack to; leads compress less."""
UNBOUNDED = 16_000_000
"""Bytes to which any file may unpack."""
BUFFER = 64 * 1024
SUFFIXES = (".gz", ".bz2", ".zst")


class Content(NamedTuple):
    """An open file; `file` reads its unpacked content."""

    file: io.BufferedReader
    compression: Compression
    stamp: tuple[int, ...]


@contextmanager
def content(path: Path, size: int) -> Iterator[Content]:
    """Open the first `size` unpacked bytes; the `strerror` of OSError is for users."""
    with path.open("rb") as file:
        start = file.read(max(map(len, _MAGIC)))
        file.seek(0)
        kinds = (how for magic, how in _MAGIC.items() if start.startswith(magic))
        how = next(kinds, Compression.NONE)
        plain, damages = _opened(file, how)
        begin = _Start(plain, size, file if how else None)
        try:
            yield Content(io.BufferedReader(begin, BUFFER), how, stamp_of(file))
        except damages as error:
            said = error.strerror if isinstance(error, OSError) else None
            raise OSError(
                0, said or f"its {how} data is truncated or damaged"
            ) from error


def stamp(path: Path) -> tuple[int, ...]:
    """Return a mark that changes with the file, without reading it."""
    with path.open("rb") as file:
        return stamp_of(file)


def stamp_of(file: BinaryIO) -> tuple[int, ...]:
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class _Start(io.RawIOBase):
    """The first `size` bytes of a file; OSError if a `packed` one holds too much."""

    def __init__(self, file: BinaryIO, size: int, packed: BinaryIO | None) -> None:
        self._file = file
        self._size = size
        self._packed = packed
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  as in io
        block = self._file.read(min(len(buffer), self._size - self._read))
        buffer[: len(block)] = block
        self._read += len(block)
        if self._packed:
            require_meant(self._read, self._packed.tell())
        return len(block)


def require_meant(unpacked: int, size: int) -> None:
    """Raise OSError where a file of this size unpacks to far too much."""
    if unpacked > max(UNBOUNDED, MOST_TIMES * size):
        raise OSError(0, f"it unpacks to over {MOST_TIMES} times its size")


def _opened(
    file: BinaryIO, how: Compression
) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    """Return the file to read from, and what it raises over damaged data."""
    match how:
        case Compression.NONE:
            return file, ()
        case Compression.GZIP:
            plain = cast("BinaryIO", gzip.GzipFile(fileobj=file, mode="rb"))
            return plain, (EOFError, zlib.error, gzip.BadGzipFile)
        case Compression.BZIP2:
            return cast("BinaryIO", bz2.BZ2File(file)), (EOFError, OSError)
        case Compression.ZSTD:
            if sys.version_info >= (3, 14):
                from compression import zstd  # noqa: PLC0415  only where needed
            else:
                from backports import zstd  # noqa: PLC0415  the same
            return cast("BinaryIO", zstd.ZstdFile(file)), (EOFError, zstd.ZstdError)
