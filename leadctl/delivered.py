"""Who is delivered: keyed hashes, gathered as they come, put in order many at a time.

In a tree of hashes every lead falls on a page of its own: that costs 4 µs of CPU a lead
and 20 beside ten million. What a request delivered is therefore written as one line, at
0.4 µs a lead, and sorted into the tree when there are many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

SIZE = 16
"""Bytes of a hash; _SORTED_IN has it too."""

MOST_GATHERED = 100_000
"""Hashes out of order: as many as a run may have to hold in memory."""

FEW = 16
"""So few go into the tree at once."""

_SORTED_IN = """
INSERT OR IGNORE INTO delivered
WITH RECURSIVE at (place) AS (
    SELECT 1 UNION ALL SELECT place + 16 FROM at
    WHERE place + 16 < (SELECT max(length(digests)) FROM gathered)
)
SELECT substr(digests, place, 16) AS digest
FROM gathered JOIN at ON place < length(digests) ORDER BY digest
"""


class Delivered:
    """The hashes of one ledger; `add` is called inside a transaction."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._count: int | None = None
        self._known: set[bytes] = set()
        self._span = (0, 0)
        """The lines whose hashes are in `_known`: the first and the last."""

    def add(self, digests: Sequence[bytes]) -> None:
        if len(digests) < FEW:
            self._db.executemany(
                "INSERT OR IGNORE INTO delivered VALUES (?)", zip(digests, strict=True)
            )
            return
        if self._count is None:
            self._count = self._gathered()
        self._db.execute(
            "INSERT INTO gathered (digests) VALUES (?)", (b"".join(digests),)
        )
        self._count += len(digests)
        if self._count >= MOST_GATHERED:
            self._db.execute(_SORTED_IN)
            self._db.execute("DELETE FROM gathered")
            self._count = 0

    def is_empty(self) -> bool:
        return not self._db.execute(
            "SELECT 1 FROM gathered UNION ALL SELECT 1 FROM delivered LIMIT 1"
        ).fetchone()

    def among(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those that are delivered to their campaign."""
        # In this order: another run may sort the gathered ones in between the two.
        self._read_gathered()
        return self._known.intersection(digests) | among(self._db, "delivered", digests)

    def _gathered(self) -> int:
        (size,) = self._db.execute(
            "SELECT coalesce(sum(length(digests)), 0) FROM gathered"
        ).fetchone()
        return int(size) // SIZE

    def _read_gathered(self) -> None:
        """Read the lines that came since; begin again where they were sorted in."""
        first, last = self._db.execute(
            "SELECT coalesce(min(number), 0), coalesce(max(number), 0) FROM gathered"
        ).fetchone()
        if first != self._span[0]:
            self._known.clear()
            self._span = (first, first - 1)
        if last > self._span[1]:
            lines = self._db.execute(
                "SELECT digests FROM gathered WHERE number > ? AND number <= ?",
                (self._span[1], last),
            )
            for (line,) in lines.fetchall():
                self._known.update(
                    line[at : at + SIZE] for at in range(0, len(line), SIZE)
                )
            self._span = (first, last)


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
