"""Hashes, one after the other in bytes, divided by their first bits.

They are never sorted: to divide them costs 0.1 µs a hash.
"""

from __future__ import annotations

from struct import iter_unpack, unpack
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


def pages(lines: Iterable[Hashes], bits: int) -> list[bytearray]:
    """Divide hashes by their first bits, 8 to 16 of them."""
    found = [bytearray() for _ in range(1 << bits)]
    # Both bytes decide: a list in which a page stands once for each of its numbers.
    by_number = [page for page in found for _ in range(1 << 16 - bits)]
    for hashes in lines:
        count = len(hashes) // SIZE
        numbers = bytearray(2 * count)
        numbers[::2], numbers[1::2] = hashes[::SIZE], hashes[1::SIZE]
        _divide(hashes, unpack(f">{count}H", numbers), by_number)
    return found


def pages_of(part: Hashes, bits: int) -> list[bytearray]:
    """Divide the hashes of a part in the same way: the pages it has of them."""
    number = 1 << bits - 8
    found = [bytearray() for _ in range(number)]
    page = bytes(second * number >> 8 for second in range(256))
    _divide(part, part[1::SIZE].translate(page), found)
    return found


def _divide(hashes: Hashes, where: Iterable[int], among: Sequence[bytearray]) -> None:
    digests = iter_unpack(f"{SIZE}s", hashes)
    for place, (digest,) in zip(where, digests, strict=True):
        among[place] += digest
