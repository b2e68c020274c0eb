"""Who is delivered: keyed hashes, gathered as they come, put away many at a time.

What a transaction delivered is one line, at 0.2 µs a lead; many lines are a segment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.segments import SIZE, Segments, cut
from leadctl.sieve import SMALLEST, Sieve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.database import Connection

MOST_GATHERED = 100_000
"""Hashes that are in no segment: as many as a run may have to hold in memory."""


class Delivered:
    """The hashes of one ledger; `add` is called inside a transaction."""

    def __init__(
        self,
        db: Connection,
        most_gathered: int = MOST_GATHERED,
        segments: Segments | None = None,
    ) -> None:
        self._db = db
        self._most_gathered = most_gathered
        self._segments = segments or Segments(db)
        self._count: int | None = None

    def add(self, digests: Sequence[bytes]) -> None:
        if self._count is None:
            self._count = len(_gathered(self._db)) // SIZE
        self._db.execute(
            "INSERT INTO gathered (digests) VALUES (?)", (b"".join(digests),)
        )
        self._count += len(digests)
        if self._count >= self._most_gathered:
            self._put_away(_gathered(self._db))
            self._count = 0

    def is_empty(self) -> bool:
        gathered = self._db.execute("SELECT 1 FROM gathered LIMIT 1").fetchone()
        return not gathered and not self._segments.count()

    def _put_away(self, hashes: bytes) -> None:
        self._segments.add(hashes)
        self._db.execute("DELETE FROM gathered")
        sieve = _sieve(self._db)
        if sieve and not sieve.is_full:
            sieve.add(hashes)
            _keep(self._db, sieve)
            return
        del sieve  # two of them would be too much memory
        sift(self._db, self._segments)


class Earlier:
    """Who is delivered by the time this is made; what comes later is not seen."""

    def __init__(self, db: Connection) -> None:
        # Before the sieve: what another run puts away meanwhile is then in one of them.
        self._gathered = {*cut(_gathered(db))}
        self._sieve = _sieve(db)
        self._segments = Segments(db)

    def among(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those that are delivered to their campaign."""
        found = self._gathered.intersection(digests)
        passing = self._sieve.passing(digests) if self._sieve else digests
        return found | self._segments.among(passing) if passing else found


def sift(db: Connection, segments: Segments) -> None:
    """Make the sieve of all segments anew; called inside a transaction.

    There is none until there is a segment.
    """
    sieve = Sieve.of_size(segments.count())
    for page in segments.pages():
        sieve.add(page)
    _keep(db, sieve)


def _gathered(db: Connection) -> bytes:
    rows = db.execute("SELECT digests FROM gathered").fetchall()
    return b"".join(line for (line,) in rows)


def _sieve(db: Connection) -> Sieve | None:
    bits = bytearray()
    for (part,) in db.execute("SELECT bits FROM sieve ORDER BY part"):
        bits += part
    return Sieve(bits) if bits else None


def _keep(db: Connection, sieve: Sieve) -> None:
    # In parts: 16 MB, beside ten million hashes, are not in memory twice.
    db.executemany(
        "INSERT OR REPLACE INTO sieve VALUES (?, ?)",
        (
            (at, sieve.bits[at : at + SMALLEST])
            for at in range(0, len(sieve.bits), SMALLEST)
        ),
    )
