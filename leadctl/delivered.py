"""Who is delivered: keyed hashes, gathered as they come, put away many at a time.

What a transaction delivered is one line, at 0.1 µs a lead; many lines are a segment. A
run makes one of half a million, so that few are merged, and at its end one of more than
later runs should hold in memory.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from leadctl.hashes import SIZE, cut
from leadctl.segments import SMALL, Segments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.database import Connection

HELD = 200_000
"""Gathered hashes that a run leaves at most: whoever asks holds them, in 20 MB."""


class Delivered:
    """The hashes of one ledger; `add` is called inside a transaction."""

    def __init__(
        self,
        db: Connection,
        most_gathered: int = SMALL,
        segments: Segments | None = None,
    ) -> None:
        self._db = db
        self._most_gathered = most_gathered
        self._segments = segments or Segments(db)
        self._count: int | None = None

    def add(self, digests: Sequence[bytes]) -> None:
        if self._count is None:
            self._count = _count(self._db)
        self._db.execute(
            "INSERT INTO gathered (digests) VALUES (?)", (b"".join(digests),)
        )
        self._count += len(digests)
        if self._count >= self._most_gathered:
            self._put_away()

    def end(self, most: int = HELD) -> None:
        """Leave no more than so many gathered, whoever gathered them."""
        if _count(self._db) > most:
            self._put_away()

    def sift(self) -> None:
        """Put into the filter all that is put away: whoever asks is fast by it."""
        self._segments.sift()

    def _put_away(self) -> None:
        # Counted again: other runs gather and put away, too.
        self._segments.add(_lines(self._db), _count(self._db))
        self._db.execute("DELETE FROM gathered")
        self._count = 0

    def is_empty(self) -> bool:
        gathered = self._db.execute("SELECT 1 FROM gathered LIMIT 1").fetchone()
        return not gathered and self._segments.is_empty()


class Earlier:
    """Who is delivered by the time this is made; who comes later may be seen or not."""

    def __init__(self, db: Connection) -> None:
        # Before segments are read: what another run puts away meanwhile is in one.
        with db.unchanged():
            self._gathered = {one for line in _lines(db) for one in cut(line)}
        self._segments = Segments(db)

    def among(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those that are delivered to their campaign."""
        return self._gathered.intersection(digests) | self._segments.among(digests)


def _lines(db: Connection) -> Iterator[bytes]:
    """Yield all that is gathered, a hundred lines at a time: each may be one lead."""
    lines = (line for (line,) in db.execute("SELECT digests FROM gathered"))
    while some := b"".join(islice(lines, 100)):
        yield some


def _count(db: Connection) -> int:
    (size,) = db.execute("SELECT sum(length(digests)) FROM gathered").fetchone()
    return (size or 0) // SIZE
