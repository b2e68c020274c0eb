"""Hashes, one after the other in bytes, divided by their first bits.

They are never sorted: to divide them costs 0.1 µs a hash.
"""

from __future__ import annotations

from struct import iter_unpack
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SIZE = 16
"""Bytes of a hash."""

PARTS = 256
"""Hashes with the same first byte are a part."""

Hashes: TypeAlias = "bytes | bytearray"
"""Some that stand one after the other."""


def cut(hashes: Hashes) -> list[bytes]:
    """Return each of the hashes that stand one after the other."""
    return [digest for (digest,) in iter_unpack(f"{SIZE}s", hashes)]


def parts(lines: Iterable[Hashes]) -> list[bytearray]:
    """Divide hashes by their first byte."""
    found = [bytearray() for _ in range(PARTS)]
    for hashes in lines:
        _divide(hashes, hashes[::SIZE], found)
    return found


def pages(part: Hashes, number: int) -> list[Hashes]:
    """Divide the hashes of a part by their second byte, into 2, 4, … or 256 pages."""
    if number == 1:
        return [part]
    found = [bytearray() for _ in range(number)]
    page = bytes(second * number >> 8 for second in range(256))
    _divide(part, part[1::SIZE].translate(page), found)
    return [*found]


def _divide(hashes: Hashes, where: Iterable[int], among: Sequence[bytearray]) -> None:
    digests = iter_unpack(f"{SIZE}s", hashes)
    for place, (digest,) in zip(where, digests, strict=True):
        among[place] += digest
