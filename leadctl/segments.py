"""Hashes kept in segments, which are written once and merged twenty at a time.

A segment is divided into pages, each of some bins; those of a bin are in no order. A
hash is written at 0.4 µs of CPU, and again at 0.2 each time the ledger has grown
twentyfold; in a tree of hashes it would fall on a page of its own, which costs 4 µs,
and 20 beside ten million.
"""

from __future__ import annotations

from collections import Counter
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from leadctl.bins import BINS, PARTS, SIZE, Bins, Hashes, bins, parts
from leadctl.sieve import Sieve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from leadctl.database import Connection

ALIKE = 20
"""Segments of one level that are merged into one of the next."""

SMALL = 500_000
"""Hashes below which a segment is of level 0; each level above has ALIKE times more."""

ON_PAGE = 400
"""Hashes of a page at most, on an average of a segment with several bins a page."""

_PLACES = 1 << 32
"""Places of a segment's pages, by its number."""

_PART_BITS = PARTS.bit_length() - 1
_BITS = (PARTS * BINS).bit_length() - 1


class Segment(NamedTuple):
    """A segment of about `size` hashes, with a page for each value of `bits` bits."""

    number: int
    bits: int
    size: int

    def page(self, part: int) -> int:
        """Return the place of the first page of a part; that after the last is 256."""
        return self.number * _PLACES + (part << self.bits - _PART_BITS)


class Segments:
    """The segments of one ledger; what changes them is called inside a transaction."""

    def __init__(
        self, db: Connection, alike: int = ALIKE, on_page: int = ON_PAGE
    ) -> None:
        self._db = db
        self._alike = alike
        self._on_page = on_page
        self._sieve = Sieve(db)
        self._met: Counter[int] = Counter()

    def add(self, lines: Iterable[Hashes]) -> None:
        """Write a segment of the hashes on some lines."""
        found = parts(lines)
        size = sum(map(len, found)) // SIZE
        if not size:
            return
        level = self.take_over(found.__getitem__, size)
        while len(alike := self._found("WHERE level = ?", level)) >= self._alike:
            self._merge(alike, level + 1)
            level += 1

    def take_over(self, part: Callable[[int], Hashes], size: int) -> int:
        """Write a segment of about so many hashes, which `part` gives by first byte.

        Returns its level, which is that of its size.
        """
        level, most = 0, SMALL
        while most <= size:
            level, most = level + 1, most * self._alike
        self._write(lambda first: bins(part(first)), size, level)
        return level

    def among(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those of the hashes that are kept.

        Those that were delivered together come again together: the segment that held
        most so far is looked at first.
        """
        found: set[bytes] = set()
        rest = self._sieve.passing(digests)
        if not rest:
            return found
        with self._db.unchanged():  # another run may merge meanwhile
            segments = self._found()
            segments.sort(key=lambda segment: -self._met[segment.number])
            for segment in segments:
                here = self._here(segment, rest)
                self._met[segment.number] += len(here)
                found |= here
                rest = [digest for digest in rest if digest not in here]
                if not rest:
                    break
        return found

    def is_empty(self) -> bool:
        return not self._found("LIMIT 1")

    def _here(self, segment: Segment, digests: Sequence[bytes]) -> set[bytes]:
        wanted: dict[int, list[bytes]] = {}
        for digest in digests:
            page = int.from_bytes(digest[:4]) >> 32 - segment.bits
            wanted.setdefault(segment.number * _PLACES + page, []).append(digest)
        found: set[bytes] = set()
        question = "SELECT place, digests FROM binned WHERE place IN"
        for place, page in self._db.rows_in(question, [*wanted]):
            found.update(one for one in wanted[place] if holds(page, one))
        return found

    def _found(self, which: str = "", *values: int) -> list[Segment]:
        rows = self._db.execute(
            f"SELECT number, bits, count FROM segments {which}",  # noqa: S608  our own words
            values,
        )
        return [Segment(*row) for row in rows.fetchall()]

    def _merge(self, segments: Sequence[Segment], level: int) -> None:
        """Make one of many, a part at a time."""

        def together(part: int) -> list[bytes]:
            each = [self._bins(segment, part) for segment in segments]
            return [b"".join(same) for same in zip(*each, strict=True)]

        self._write(together, sum(segment.size for segment in segments), level)
        for segment in segments:
            self._drop(segment)

    def _write(self, bins_of: Callable[[int], Bins], size: int, level: int) -> None:
        least = max(0, (size - 1) // self._on_page).bit_length()
        bits = min(max(_PART_BITS, least), _BITS)
        row = self._db.execute(
            "INSERT INTO segments (level, bits, count) VALUES (?, ?, ?)",
            (level, bits, size),
        )
        segment = Segment(row.lastrowid or 0, bits, size)
        for part in range(PARTS):
            self._write_part(segment, part, bins_of(part))

    def _write_part(self, segment: Segment, part: int, bins: Bins) -> None:
        self._sieve.add(segment.number, part, bins)
        each = 1 << _BITS - segment.bits
        pages = (b"".join(bins[at : at + each]) for at in range(0, BINS, each))
        self._db.executemany(
            "INSERT INTO binned VALUES (?, ?)", enumerate(pages, segment.page(part))
        )

    def _bins(self, segment: Segment, part: int) -> list[bytes]:
        rows = self._db.execute(
            "SELECT digests FROM binned WHERE place >= ? AND place < ?",
            (segment.page(part), segment.page(part + 1)),
        )
        hashes = b"".join(page for (page,) in rows.fetchall())
        ends = accumulate(self._sieve.sizes(segment.number, part), initial=0)
        return [hashes[first * SIZE : end * SIZE] for first, end in pairwise(ends)]

    def _drop(self, segment: Segment) -> None:
        self._db.execute(
            "DELETE FROM binned WHERE place >= ? AND place < ?",
            (segment.page(0), segment.page(PARTS)),
        )
        self._db.execute("DELETE FROM segments WHERE number = ?", (segment.number,))
        self._sieve.drop(segment.number)


def holds(page: bytes, digest: bytes) -> bool:
    """Tell whether a hash is on a page, and not across the border of two."""
    at = page.find(digest)
    while at > 0 and at % SIZE:
        at = page.find(digest, at + 1)
    return at >= 0
