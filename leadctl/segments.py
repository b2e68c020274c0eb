"""Hashes kept in segments, which are written once and merged ten at a time.

A segment is divided into pages by the first bits of its hashes; those of a page are in
no order, since nothing is ever sorted. A hash is written again each time the ledger
has grown tenfold, at 0.2 µs of CPU; in a tree of hashes it would fall on a page of its
own, which costs 4 µs, and 20 beside ten million.
"""

from __future__ import annotations

from itertools import groupby
from struct import iter_unpack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from leadctl.database import Connection

SIZE = 16
"""Bytes of a hash."""

ALIKE = 10
"""Segments of one level that are merged into one of the next."""

ON_PAGE = 400
"""Hashes of a page at most, on an average of its segment; half of them at least."""

_PLACES = 1 << 32
"""Places of a segment's pages, by its number."""


class Segments:
    """The segments of one ledger; what changes them is called inside a transaction."""

    def __init__(
        self, db: Connection, alike: int = ALIKE, on_page: int = ON_PAGE
    ) -> None:
        self._db = db
        self._alike = alike
        self._on_page = on_page
        self._met: dict[int, int] = {}

    def add(self, hashes: bytes) -> None:
        """Write a segment of hashes that stand one after the other."""
        number, bits = self._begun(len(hashes) // SIZE, level=0)
        self._write(number, enumerate(parts(hashes, 0, bits)))
        level = 0
        while len(alike := self._of_level(level)) >= self._alike:
            self._merge(alike, level + 1)
            level += 1

    def take_over(self, ordered: Iterator[bytes], count: int) -> None:
        """Write a segment of about so many hashes, which come in order.

        Its level is that of its size.
        """
        level, size = 0, 500_000
        while size < count:
            level, size = level + 1, size * self._alike
        number, bits = self._begun(count, level)
        pages = groupby(ordered, lambda digest: int.from_bytes(digest[:4]) >> 32 - bits)
        self._write(number, ((page, b"".join(same)) for page, same in pages))

    def among(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those of the hashes that are kept.

        Those that were delivered together come again together: the segment that held
        most so far is looked at first.
        """
        found: set[bytes] = set()
        rest = digests
        with self._db.unchanged():  # another run may merge meanwhile
            segments = self._db.execute("SELECT number, bits FROM segments").fetchall()
            segments.sort(key=lambda segment: -self._met.get(segment[0], 0))
            for number, bits in segments:
                if not rest:
                    break
                here = self._here(number, bits, rest)
                self._met[number] = self._met.get(number, 0) + len(here)
                found |= here
                rest = [digest for digest in rest if digest not in here]
        return found

    def pages(self) -> Iterator[bytes]:
        """Yield all hashes, a page at a time."""
        rows = self._db.execute("SELECT digests FROM pages")
        while some := rows.fetchmany(100):
            for (page,) in some:
                yield page

    def count(self) -> int:
        """Return about how many hashes there are; 0 where there are none."""
        (count,) = self._db.execute("SELECT total(count) FROM segments").fetchone()
        return int(count)

    def _here(self, number: int, bits: int, digests: Sequence[bytes]) -> set[bytes]:
        wanted: dict[int, list[bytes]] = {}
        for digest in digests:
            page = int.from_bytes(digest[:4]) >> 32 - bits
            wanted.setdefault(number * _PLACES + page, []).append(digest)
        found: set[bytes] = set()
        question = "SELECT place, digests FROM pages WHERE place IN"
        for place, page in self._db.rows_in(question, [*wanted]):
            found.update(one for one in wanted[place] if holds(page, one))
        return found

    def _begun(self, count: int, level: int) -> tuple[int, int]:
        """Record a segment; returns its number and the bits that divide it."""
        bits = max(0, (count - 1) // self._on_page).bit_length()
        number = self._db.execute(
            "INSERT INTO segments (level, bits, count) VALUES (?, ?, ?)",
            (level, bits, count),
        ).lastrowid
        return number or 0, bits

    def _write(
        self, number: int, pages: Iterable[tuple[int, bytes | bytearray]]
    ) -> None:
        self._db.executemany(
            "INSERT INTO pages VALUES (?, ?)",
            ((number * _PLACES + page, digests) for page, digests in pages),
        )

    def _of_level(self, level: int) -> list[tuple[int, int, int]]:
        return self._db.execute(
            "SELECT number, bits, count FROM segments WHERE level = ?", (level,)
        ).fetchall()

    def _merge(self, segments: Sequence[tuple[int, int, int]], level: int) -> None:
        """Make one of many, the pages of the coarsest of them at a time."""
        number, bits = self._begun(sum(count for _, _, count in segments), level)
        coarse = min(bits, *(theirs for _, theirs, _ in segments))
        fine = bits - coarse
        for prefix in range(1 << coarse):
            some = b"".join(
                self._part(one, prefix << theirs - coarse, 1 << theirs - coarse)
                for one, theirs, _ in segments
            )
            pages = enumerate(parts(some, coarse, fine), prefix << fine)
            self._write(number, pages)
        for one, _, _ in segments:
            first = one * _PLACES
            self._db.execute(
                "DELETE FROM pages WHERE place BETWEEN ? AND ?",
                (first, first + _PLACES - 1),
            )
            self._db.execute("DELETE FROM segments WHERE number = ?", (one,))

    def _part(self, number: int, first: int, pages: int) -> bytes:
        first += number * _PLACES
        rows = self._db.execute(
            "SELECT digests FROM pages WHERE place BETWEEN ? AND ?",
            (first, first + pages - 1),
        )
        return b"".join(page for (page,) in rows.fetchall())


def cut(hashes: bytes) -> list[bytes]:
    """Return each of the hashes that stand one after the other."""
    return [digest for (digest,) in iter_unpack(f"{SIZE}s", hashes)]


def parts(hashes: bytes, after: int, bits: int) -> list[bytearray]:
    """Divide hashes by so many bits after the first ones, into a part for each."""
    found = [bytearray() for _ in range(1 << bits)]
    shift, last = 32 - after - bits, (1 << bits) - 1
    words = iter_unpack(">I12x", hashes)
    for (digest,), (word,) in zip(iter_unpack("16s", hashes), words, strict=True):
        found[word >> shift & last] += digest
    return found


def holds(page: bytes, digest: bytes) -> bool:
    """Tell whether a hash is on a page, and not across the border of two."""
    at = page.find(digest)
    while at > 0 and at % SIZE:
        at = page.find(digest, at + 1)
    return at >= 0
