"""Hashes divided by their first bits: never sorted, at 0.1 µs a hash and step.

Those with the same first byte are a part; those of a part with the same next seven
bits are a bin.
"""

from __future__ import annotations

from struct import iter_unpack
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SIZE = 16
"""Bytes of a hash."""

PARTS = 256

BINS = 128
"""Bins of a part, as ledgers have them: another number needs another schema."""

Hashes: TypeAlias = "bytes | bytearray"
"""Some that stand one after the other."""

Bins: TypeAlias = "Sequence[Hashes]"
"""Those of a part, BINS of them."""

_BIN = bytes(second >> 1 for second in range(256))


def cut(hashes: Hashes) -> list[bytes]:
    """Return each of the hashes that stand one after the other."""
    return [digest for (digest,) in iter_unpack(f"{SIZE}s", hashes)]


def parts(lines: Iterable[Hashes]) -> list[bytearray]:
    """Divide hashes by their first byte."""
    found = [bytearray() for _ in range(PARTS)]
    for hashes in lines:
        _divide(hashes, hashes[::SIZE], found)
    return found


def bins(part: Hashes) -> list[bytearray]:
    """Divide the hashes of a part into its bins."""
    found = [bytearray() for _ in range(BINS)]
    _divide(part, places(part), found)
    return found


def places(hashes: Hashes) -> Hashes:
    """Return of each hash which bin of its part it is in."""
    return hashes[1::SIZE].translate(_BIN)


def _divide(hashes: Hashes, where: Iterable[int], among: Sequence[bytearray]) -> None:
    digests = iter_unpack(f"{SIZE}s", hashes)
    for place, (digest,) in zip(where, digests, strict=True):
        among[place] += digest
