"""Opens compressed files, recognised by their first bytes.

The one door to zstd: the standard library's own from Python 3.14 on.
"""

from __future__ import annotations

import bz2
import gzip
import sys
import zlib
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


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
LONGEST_MAGIC = 4
MOST_TIMES = 500
"""What a file may unpack to, in times its size: leads are not as like one another."""
UNBOUNDED = 16_000_000
"""Bytes up to which that does not matter."""
SUFFIXES = (".gz", ".bz2", ".zst")


def compression_of(start: bytes) -> Compression:
    """Tell how a file is compressed by its first four bytes."""
    return next(
        (how for magic, how in _MAGIC.items() if start.startswith(magic)),
        Compression.NONE,
    )


@contextmanager
def decompressed(file: BinaryIO, how: Compression) -> Iterator[BinaryIO]:
    """Read the content of a compressed file, block by block.

    Raises OSError, with a sentence in `strerror`, if the file is truncated or damaged,
    or unpacks to far more than expected.
    """
    opened, damages = _opened(file, how)
    try:
        yield (
            opened
            if how is Compression.NONE
            else cast("BinaryIO", _Meant(opened, file))
        )
    except damages as error:
        said = error.strerror if isinstance(error, OSError) else None
        raise OSError(0, said or f"its {how} data is truncated or damaged") from error


def require_meant(unpacked: int, size: int) -> None:
    """Raise OSError where a file of this size unpacks to far too much."""
    if unpacked > max(UNBOUNDED, MOST_TIMES * size):
        raise OSError(0, f"it unpacks to over {MOST_TIMES} times its size")


class _Meant:
    """A compressed file that is read no further than it can be meant."""

    def __init__(self, opened: BinaryIO, file: BinaryIO) -> None:
        self._opened = opened
        self._file = file
        self._unpacked = 0

    def read(self, size: int) -> bytes:
        block = self._opened.read(size)
        self._unpacked += len(block)
        require_meant(self._unpacked, self._file.tell())
        return block


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
