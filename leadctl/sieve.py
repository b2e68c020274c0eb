"""Hashes told apart by a bit each: one whose bit is not set was never put in.

To look one up among ten million costs 2.7 µs, to look at its bit 0.2. Most leads of a
run are known to nobody, and nine of ten need no look-up.
"""

from __future__ import annotations

from struct import iter_unpack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALLEST = 2**17
"""Bytes; the number is a power of two in any sieve."""

_WORDS = "<I12x"
"""The part of a hash that chooses its bit."""


class Sieve:
    """Bits of hashes of 16 bytes; `bits` is as `bits` of another was."""

    def __init__(self, bits: bytearray) -> None:
        self.bits = bits

    @classmethod
    def of_size(cls, hashes: int) -> Sieve:
        """Make an empty one, with 12 to 24 bits for each of so many hashes."""
        size = SMALLEST
        while size * 8 < hashes * 12:
            size *= 2
        return cls(bytearray(size))

    @property
    def is_full(self) -> bool:
        """Whether more than a fifth of the bits is set: too many would pass."""
        return int.from_bytes(self.bits).bit_count() * 5 > len(self.bits) * 8

    def add(self, hashes: bytes) -> None:
        """Put in hashes that stand one after the other."""
        bits, last = self.bits, len(self.bits) * 8 - 1
        for (word,) in iter_unpack(_WORDS, hashes):
            bits[(word & last) >> 3] |= 1 << (word & 7)

    def passing(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Return those that may have been put in; the others certainly were not."""
        bits, last = self.bits, len(self.bits) * 8 - 1
        words = iter_unpack(_WORDS, b"".join(hashes))
        return [
            digest
            for digest, (word,) in zip(hashes, words, strict=True)
            if bits[(word & last) >> 3] >> (word & 7) & 1
        ]
