"""Who is delivered: keyed hashes, gathered as they come, put away many at a time.

What a transaction delivered is one line, at 0.1 µs a lead; many lines are a segment. A
run makes one of half a million, so that few are merged; a run that asks makes one of
what it could not well hold in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.bins import SIZE, cut
from leadctl.segments import SMALL, Segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.database import Connection

HELD = 100_000
"""Gathered hashes that a run holds in memory at most, in 10 MB."""


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
            _put_away(self._db, self._segments)
            self._count = 0

    def is_empty(self) -> bool:
        gathered = self._db.execute("SELECT 1 FROM gathered LIMIT 1").fetchone()
        return not gathered and self._segments.is_empty()


class Earlier:
    """Who is delivered by the time this is made; who comes later may be seen or not."""

    def __init__(self, db: Connection, most_held: int = HELD) -> None:
        self._segments = Segments(db)
        if _count(db) > most_held:
            with db.transaction():
                _put_away(db, self._segments)
        # Before segments are read: what another run puts away meanwhile is in one.
        self._gathered = {*cut(_gathered(db))}

    def among(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those that are delivered to their campaign."""
        return self._gathered.intersection(digests) | self._segments.among(digests)


def _gathered(db: Connection) -> bytes:
    rows = db.execute("SELECT digests FROM gathered").fetchall()
    return b"".join(line for (line,) in rows)


def _count(db: Connection) -> int:
    (size,) = db.execute("SELECT sum(length(digests)) FROM gathered").fetchone()
    return (size or 0) // SIZE


def _put_away(db: Connection, segments: Segments) -> None:
    """Make a segment of all that is gathered, read line by line: it may be much."""
    rows = db.execute("SELECT digests FROM gathered")
    segments.add(line for (line,) in rows)
    db.execute("DELETE FROM gathered")
