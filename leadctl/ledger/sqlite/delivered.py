"""The leads delivered to each campaign, and the run: one table of keyed hashes.

Adding a hash to the table writes a whole page. A transaction therefore appends its
hashes to a log, and many are moved to the table at once, in its order.
"""

from __future__ import annotations

from struct import iter_unpack
from typing import TYPE_CHECKING

from leadctl.ledger.database import DeliveredIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.ledger.sqlite.connection import Connection

SIZE = 16
"""Bytes of a hash."""

MOST_LOGGED = 250_000
"""Hashes in the log. Moving more at once writes fewer pages, but the next run to the
campaign holds them all in memory."""

_MOVE = """
WITH RECURSIVE places (place) AS (
    SELECT 1 UNION ALL SELECT place + :size FROM places
    WHERE place + :size < length(:hashes)
)
INSERT OR IGNORE INTO delivered
SELECT :scope, substr(:hashes, place, :size), :run FROM places
"""
"""Writes hashes that are concatenated; a lead keeps its first run."""


class DeliveredLog:
    """The log of delivered leads; its methods are called in transactions."""

    def __init__(self, db: Connection, most: int = MOST_LOGGED) -> None:
        self._db = db
        self._most = most
        self._logged: int | None = None

    def add(self, run: int, digests: Sequence[bytes]) -> None:
        """Append the leads that a run delivered."""
        if self._logged is None:
            self._logged = self._count()
        self._db.execute(
            "INSERT INTO delivered_log (run, scope, hashes)"
            " SELECT number, scope, ? FROM runs WHERE number = ?",
            (b"".join(digests), run),
        )
        self._logged += len(digests)

    @property
    def is_full(self) -> bool:
        return (self._logged or 0) >= self._most

    @property
    def is_long(self) -> bool:
        """Tell whether a run should move the log when it ends."""
        return self._count() >= self._most

    def put_away(self) -> None:
        """Move the whole log, that of other runs included, to the table."""
        runs = self._db.execute(
            "SELECT DISTINCT scope, run FROM delivered_log ORDER BY run"
        ).fetchall()
        for scope, run in runs:
            lines = self._db.execute(
                "SELECT hashes FROM delivered_log WHERE run = ?", (run,)
            )
            hashes = b"".join(sorted(one for (line,) in lines for one in _cut(line)))
            values = {"scope": scope, "run": run, "hashes": hashes, "size": SIZE}
            self._db.execute(_MOVE, values)
        self._db.execute("DELETE FROM delivered_log")
        self._logged = 0

    def _count(self) -> int:
        (size,) = self._db.execute(
            "SELECT total(length(hashes)) FROM delivered_log"
        ).fetchone()
        return int(size) // SIZE


class SqliteDeliveredIndex(DeliveredIndex):
    """The leads delivered to one campaign by now, and perhaps later ones."""

    def __init__(self, db: Connection, account: str, campaign: str) -> None:
        super().__init__(db, account, campaign)
        # Before the table is read: what another run moves meanwhile is in the table.
        lines = db.execute(
            "SELECT coalesce(id, ''), hashes FROM delivered_log"
            " LEFT JOIN runs ON runs.number = run WHERE delivered_log.scope = ?"
            " ORDER BY run DESC",
            (self._scope,),
        )
        self._logged = {one: run for run, line in lines for one in _cut(line)}

    def is_empty(self) -> bool:
        any_of_it = "SELECT 1 FROM delivered WHERE scope = ? LIMIT 1"
        row = self._db.execute(any_of_it, (self._scope,)).fetchone()
        return not (row or self._logged)

    def among(self, digests: Sequence[bytes]) -> dict[bytes, str]:
        question = (
            "SELECT hash, coalesce(id, '') FROM delivered"
            " LEFT JOIN runs ON runs.number = run"
            " WHERE delivered.scope = ? AND hash IN"
        )
        logged = self._logged
        found = {one: logged[one] for one in digests if one in logged} if logged else {}
        return found | dict(self._db.rows_in(question, digests, self._scope))


def _cut(line: bytes) -> Iterator[bytes]:
    return (digest for (digest,) in iter_unpack(f"{SIZE}s", line))
