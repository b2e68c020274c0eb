"""Who is delivered: keyed hashes, gathered as they come, put in order many at a time.

In a tree of hashes every lead falls on a page of its own: that costs 4 µs of CPU a lead
and 20 beside ten million. What a transaction delivered is therefore one line, at 0.4 µs
a lead. Many lines are sorted into a tree of the recent ones, and a million of those
into the tree of all others: several fall on a page, at 1.6 µs a lead each time, where
sorting them into one tree took 5 beside ten million.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.sieve import SMALLEST, Sieve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

SIZE = 16
"""Bytes of a hash; _SORTED_IN has it too."""

MOST_GATHERED = 100_000
"""Hashes out of order: as many as a run may have to hold in memory."""

MOST_RECENT = 1_000_000
"""Hashes in the tree of the recent ones."""

_SORTED_IN = """
INSERT OR IGNORE INTO recent
WITH RECURSIVE at (place) AS (
    SELECT 1 UNION ALL SELECT place + 16 FROM at
    WHERE place + 16 < (SELECT max(length(digests)) FROM gathered)
)
SELECT substr(digests, place, 16) AS digest
FROM gathered JOIN at ON place < length(digests) ORDER BY digest
"""

_IN_ORDER = "SELECT digest FROM delivered UNION ALL SELECT digest FROM recent"


class Delivered:
    """The hashes of one ledger; `add` is called inside a transaction."""

    def __init__(
        self,
        db: Connection,
        most_gathered: int = MOST_GATHERED,
        most_recent: int = MOST_RECENT,
    ) -> None:
        self._db = db
        self._most_gathered = most_gathered
        self._most_recent = most_recent
        self._count: int | None = None

    def add(self, digests: Sequence[bytes]) -> None:
        if self._count is None:
            self._count = self._gathered()
        self._db.execute(
            "INSERT INTO gathered (digests) VALUES (?)", (b"".join(digests),)
        )
        self._count += len(digests)
        if self._count >= self._most_gathered:
            self._sort_in()
            self._count = 0

    def is_empty(self) -> bool:
        return not self._db.execute(
            f"SELECT 1 FROM gathered UNION ALL {_IN_ORDER} LIMIT 1"  # noqa: S608  our own words
        ).fetchone()

    def _gathered(self) -> int:
        (size,) = self._db.execute(
            "SELECT coalesce(sum(length(digests)), 0) FROM gathered"
        ).fetchone()
        return int(size) // SIZE

    def _sort_in(self) -> None:
        lines = self._db.execute("SELECT digests FROM gathered").fetchall()
        self._db.execute(_SORTED_IN)
        self._db.execute("DELETE FROM gathered")
        sieve = _sieve(self._db)
        if sieve is None or sieve.is_full:
            sift(self._db)
        else:
            sieve.add(b"".join(line for (line,) in lines))
            _keep(self._db, sieve)
        if _count(self._db, "recent") >= self._most_recent:
            self._db.execute(
                "INSERT OR IGNORE INTO delivered"
                " SELECT digest FROM recent ORDER BY digest"
            )
            self._db.execute("DELETE FROM recent")


class Earlier:
    """Who is delivered by the time this is made; what comes later is not seen."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        # Before the sieve: what another run sorts in meanwhile is then in one of them.
        self._gathered = {
            line[at : at + SIZE]
            for (line,) in db.execute("SELECT digests FROM gathered").fetchall()
            for at in range(0, len(line), SIZE)
        }
        self._sieve = _sieve(db)

    def among(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those that are delivered to their campaign."""
        found = self._gathered.intersection(digests)
        if self._sieve:
            digests = self._sieve.passing(digests)
        # In this order: another run may move the recent ones in between the two.
        found |= among(self._db, "recent", digests)
        return found | among(self._db, "delivered", digests)


def sift(db: Connection) -> None:
    """Make the sieve of all hashes in order anew; called inside a transaction.

    There is none until there are many of them.
    """
    sieve = Sieve.of_size(_count(db, "recent") + _count(db, "delivered"))
    cursor = db.execute(_IN_ORDER)
    while some := cursor.fetchmany(10_000):
        sieve.add(b"".join(digest for (digest,) in some))
    _keep(db, sieve)


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


def _count(db: Connection, table: str) -> int:
    (number,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  our own words
    return int(number)


def among(db: Connection, table: str, digests: Sequence[bytes]) -> set[bytes]:
    """Return those of the hashes that a table holds."""
    found: set[bytes] = set()
    if not db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():  # noqa: S608  our own words
        return found
    for start in range(0, len(digests), 500):
        part = digests[start : start + 500]
        marks = ",".join("?" * len(part))
        rows = db.execute(
            f"SELECT digest FROM {table} WHERE digest IN ({marks})",  # noqa: S608  our own words
            part,
        )
        found.update(digest for (digest,) in rows.fetchall())
    return found
