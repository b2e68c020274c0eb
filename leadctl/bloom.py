"""A Bloom filter of who is delivered: whom it does not pass is in no segment.

To look a hash up in the segments costs 3 to 15 µs, to ask the filter 0.4. Most leads of
a run are known to nobody, and of those 99 in a hundred are not passed. It is one for
all segments, and stays as it is when they are merged. To put a hash in costs 0.2 µs.
"""

from __future__ import annotations

import sys
from array import array
from struct import unpack
from typing import TYPE_CHECKING

from leadctl.errors import LedgerDamaged
from leadctl.hashes import PARTS, SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leadctl.database import Connection
    from leadctl.hashes import Hashes

_ON_WORD = 4
"""Hashes of a word for which the filter is made wider: one stranger in 180 passes."""

_WORDS = 2**12, 2**14, 2**16
"""Words of a part, 8, 32 or 128 MB in all: enough for 4, 17 and 67 million hashes.

Beyond that it stays as it is: of 130 million, one stranger in 25 passes.
"""

_LOW = tuple(
    1 << byte % 32 | 1 << (5 * byte // 4 + 1) % 32 | 1 << (9 * byte // 8 + 13) % 32
    for byte in range(256)
)
"""Three bits of a word's lower half by a byte of the hash; some have two alike."""

_HIGH = tuple(bits << 32 for bits in _LOW)


class Bloom:
    """The filter of one ledger, a table of 64-bit words for each part of the hashes.

    A hash has up to six bits, all in one word: one look tells. What changes the filter
    is called inside a transaction.
    """

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._known: dict[int, array[int]] = {}

    def has_room(self, count: int) -> bool:
        """Tell whether it may hold so many; if not, it is to be made anew."""
        return self._words() >= _words(count)

    def make(self, count: int, part: Callable[[int], Hashes]) -> None:
        """Begin anew with about so many, all there are; `part` gives them by a byte."""
        self._db.execute("DELETE FROM bloom_filter")
        empty = bytes(8 * _words(count))
        for first in range(PARTS):
            table = array("Q", empty)
            _put(part(first), table)
            self._db.execute(
                "INSERT INTO bloom_filter VALUES (?, ?)", (first, _stored(table))
            )

    def add(self, part: Callable[[int], Hashes]) -> None:
        """Put in more."""
        for first in range(PARTS):
            table = self._table(first)
            _put(part(first), table)
            self._db.execute(
                "UPDATE bloom_filter SET words = ? WHERE part = ?",
                (_stored(table), first),
            )

    def passing(self, digests: Sequence[bytes]) -> list[bytes]:
        """Return those that may have been put in; the others certainly were not.

        Where there is no filter yet nobody can tell: all pass. LedgerDamaged where it
        lacks a part.
        """
        hashes = b"".join(digests)
        firsts = hashes[::SIZE]
        known = self._read(firsts)
        if not known:
            return [*digests]
        places, lows, highs = _places(hashes, len(next(iter(known.values()))))
        each = zip(digests, firsts, places, lows, highs, strict=True)
        return [
            digest
            for digest, part, place, low, high in each
            if known[part][place] & _LOW[low] == _LOW[low]
            and known[part][place] & _HIGH[high] == _HIGH[high]
        ]

    def _read(self, parts: bytes) -> dict[int, array[int]]:
        """Return at least the tables of some parts; each is read when first needed."""
        known = self._known
        if len(known) < PARTS and (missing := {*parts} - known.keys()):
            with self._db.unchanged():
                words = self._words()
                if any(len(table) != words for table in known.values()):
                    known.clear()  # another run has made them anew
                    missing = {*parts}
                if words:
                    known.update((first, self._table(first)) for first in missing)
        return known

    def _words(self) -> int:
        """Return how many words a part has; 0 where there is no filter yet."""
        row = self._db.execute(
            "SELECT length(words) FROM bloom_filter LIMIT 1"
        ).fetchone()
        return row[0] // 8 if row else 0

    def _table(self, part: int) -> array[int]:
        question = "SELECT words FROM bloom_filter WHERE part = ? AND length(words) = ?"
        row = self._db.execute(question, (part, 8 * self._words())).fetchone()
        if not row:
            raise LedgerDamaged(self._db.path, "a part of the filter is missing")
        return _stored(array("Q", row[0]))


def _words(count: int) -> int:
    """Return how many words a part needs for so many hashes in all."""
    enough = (words for words in _WORDS if words * PARTS * _ON_WORD >= count)
    return next(enough, _WORDS[-1])


def _put(hashes: Hashes, table: array[int]) -> None:
    for place, low, high in zip(*_places(hashes, len(table)), strict=True):
        table[place] |= _LOW[low] | _HIGH[high]


def _places(hashes: Hashes, words: int) -> tuple[Sequence[int], Hashes, Hashes]:
    """Return of each hash which of so many words it has, and which bits of its halves.

    A number of two bytes, the upper one cut to what is below `words`, and two bytes.
    """
    count = len(hashes) // SIZE
    place = bytearray(2 * count)
    place[::2] = hashes[1::SIZE]
    upper = bytes(range(words >> 8)) * (2**16 // words)
    place[1::2] = hashes[2::SIZE].translate(upper)
    return unpack(f"<{count}H", place), hashes[3::SIZE], hashes[4::SIZE]


def _stored(table: array[int]) -> array[int]:
    """Turn a table between this machine's words and those stored, low byte first."""
    if sys.byteorder == "big":
        table.byteswap()
    return table
