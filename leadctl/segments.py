"""Hashes kept in segments, which are written once and merged when there are eight.

A segment is divided into pages; those of a page are in no order. A hash is written at
0.5 µs of CPU, and again at 0.2 each time the ledger has grown eightfold; in a tree of
hashes it would fall on a page of its own, which costs 4 µs, and 20 beside ten million.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from leadctl.bloom import Bloom
from leadctl.errors import LedgerDamaged
from leadctl.hashes import PARTS, SIZE, pages, pages_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from leadctl.database import Connection
    from leadctl.hashes import Hashes

ALIKE = 8
"""Segments of one level that are merged into one of the next."""

SMALL = 500_000
"""Hashes below which a segment is of level 0; each level above has ALIKE times more."""

ON_PAGE = 400
"""Hashes of a page at most, on an average."""

_PLACES = 1 << 32
"""Places of a segment's pages, by its number."""

_PART_BITS = PARTS.bit_length() - 1
_MOST_BITS = 2 * _PART_BITS


class Segment(NamedTuple):
    """A segment of about `size` hashes, with a page for each value of `bits` bits."""

    number: int
    bits: int
    size: int
    in_filter: bool

    def page(self, part: int) -> int:
        """Return the place of the first page of a part; that after the last is 256."""
        return self.number * _PLACES + (part << self.bits - _PART_BITS)

    def place(self, digest: bytes) -> int:
        """Return the place of the page that a hash would be on."""
        return self.number * _PLACES + (int.from_bytes(digest[:4]) >> 32 - self.bits)


class Segments:
    """The segments of one ledger; what changes them is called inside a transaction."""

    def __init__(
        self, db: Connection, alike: int = ALIKE, on_page: int = ON_PAGE
    ) -> None:
        self._db = db
        self._alike = alike
        self._on_page = on_page
        self._bloom = Bloom(db)
        self._known: list[Segment] | None = None
        self._likely: int | None = None

    def add(self, lines: Iterable[Hashes], size: int) -> None:
        """Write a segment of the hashes on some lines, which are so many."""
        bits, level = self._bits(size), self._level(size)
        found, each = pages(lines, bits), 1 << bits - _PART_BITS
        self._write(size, level, lambda part: found[part * each : (part + 1) * each])
        while len(alike := self._found("WHERE level = ?", level)) >= self._alike:
            level += 1
            self._merge(alike, level)

    def take_over(self, part: Callable[[int], Hashes], size: int) -> None:
        """Write a segment of about so many hashes, which `part` gives by first byte."""
        bits = self._bits(size)
        self._write(size, self._level(size), lambda one: pages_of(part(one), bits))
        self.sift()

    def sift(self) -> None:
        """Put into the filter whom it lacks: once a run, as it is written whole."""
        if lacking := self._found("WHERE NOT in_filter"):
            if self._bloom.has_room(self._count()):
                self._bloom.add(lambda part: self._part(lacking, part))
            else:
                every = self._found()
                self._bloom.make(self._count(), lambda part: self._part(every, part))
            self._db.execute("UPDATE segments SET in_filter = 1")

    def is_empty(self) -> bool:
        return not self._found("LIMIT 1")

    def among(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those of the hashes that are kept."""
        if self._known is not None:
            with suppress(LedgerDamaged):  # or merged by another run
                return self._held(self._known, digests)
        with self._db.unchanged():
            # First the segments: whom they lack in the filter may be in it later.
            self._known, self._bloom = self._found(), Bloom(self._db)
            return self._held(self._known, digests)

    def _held(self, segments: list[Segment], digests: Sequence[bytes]) -> set[bytes]:
        """Return those that are in some segments; LedgerDamaged where one lacks a page.

        Those that were delivered together come again together: the segment that held
        most of those before is looked at first, and the others all at once.
        """
        passed = self._bloom.passing(digests)
        if all(segment.in_filter for segment in segments):
            digests = passed
        likely = [segment for segment in segments if segment.number == self._likely]
        found = self._in(likely, digests, passed)
        return found | self._in(
            [segment for segment in segments if segment not in likely],
            [digest for digest in digests if digest not in found],
            [digest for digest in passed if digest not in found],
        )

    def _in(
        self,
        segments: Iterable[Segment],
        digests: Sequence[bytes],
        passed: Sequence[bytes],
    ) -> set[bytes]:
        """Return those that are in one of the segments; `passed` the filter."""
        wanted: dict[int, list[bytes]] = {}
        for segment in segments:
            for digest in passed if segment.in_filter else digests:
                wanted.setdefault(segment.place(digest), []).append(digest)
        found: set[bytes] = set()
        held: Counter[int] = Counter()
        question = "SELECT place, digests FROM binned WHERE place IN"
        for place, page in self._db.rows_in(question, [*wanted]):
            here = [digest for digest in wanted.pop(place) if holds(page, digest)]
            held[place // _PLACES] += len(here)
            found.update(here)
        if wanted:
            raise LedgerDamaged(self._db.path, "who is delivered has lost a page")
        if found:
            self._likely = held.most_common(1)[0][0]
        return found

    def _count(self) -> int:
        return sum(segment.size for segment in self._found())

    def _found(self, which: str = "", *values: int) -> list[Segment]:
        rows = self._db.execute(
            f"SELECT number, bits, count, in_filter FROM segments {which}",  # noqa: S608  our own words
            values,
        )
        return [Segment(*row) for row in rows.fetchall()]

    def _bits(self, size: int) -> int:
        least = max(0, (size - 1) // self._on_page).bit_length()
        return min(max(_PART_BITS, least), _MOST_BITS)

    def _level(self, size: int) -> int:
        level, most = 0, SMALL
        while most <= size:
            level, most = level + 1, most * self._alike
        return level

    def _merge(self, segments: Sequence[Segment], level: int) -> None:
        """Make one of many, a part at a time."""
        size = sum(segment.size for segment in segments)
        bits = self._bits(size)
        in_filter = any(segment.in_filter for segment in segments)
        if in_filter:  # or whoever looks now would be without it for those it has
            self.sift()
        self._write(
            size,
            level,
            lambda part: pages_of(self._part(segments, part), bits),
            in_filter=in_filter,
        )
        for segment in segments:
            self._drop(segment)

    def _write(
        self,
        size: int,
        level: int,
        of: Callable[[int], Sequence[Hashes]],
        *,
        in_filter: bool = False,
    ) -> None:
        bits = self._bits(size)
        row = self._db.execute(
            "INSERT INTO segments (level, bits, count, in_filter) VALUES (?, ?, ?, ?)",
            (level, bits, size, in_filter),
        )
        segment = Segment(row.lastrowid or 0, bits, size, in_filter)
        for part in range(PARTS):
            self._db.executemany(
                "INSERT INTO binned VALUES (?, ?)",
                enumerate(of(part), segment.page(part)),
            )

    def _part(self, segments: Iterable[Segment], part: int) -> bytes:
        """Return the hashes of a part that some segments have."""
        found: list[bytes] = []
        for segment in segments:
            rows = self._db.execute(
                "SELECT digests FROM binned WHERE place >= ? AND place < ?",
                (segment.page(part), segment.page(part + 1)),
            )
            found.extend(page for (page,) in rows.fetchall())
        return b"".join(found)

    def _drop(self, segment: Segment) -> None:
        self._db.execute(
            "DELETE FROM binned WHERE place >= ? AND place < ?",
            (segment.page(0), segment.page(PARTS)),
        )
        self._db.execute("DELETE FROM segments WHERE number = ?", (segment.number,))


def holds(page: bytes, digest: bytes) -> bool:
    """Tell whether a hash is on a page, and not across the border of two."""
    at = page.find(digest)
    while at > 0 and at % SIZE:
        at = page.find(digest, at + 1)
    return at >= 0
