"""Forgets people, and keeps the suppression list, in SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.ledger.people import SuppressionList, campaigns
from leadctl.ledger.sqlite.delivered import DeliveredLog
from leadctl.ledger.sqlite.turns import drop_unused_reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.ledger.base import Ledger
    from leadctl.ledger.people import Digest
    from leadctl.ledger.sqlite.connection import Connection


def forget(ledger: Ledger, db: Connection, identities: Sequence[str]) -> None:
    with db.transaction():
        DeliveredLog(db).put_away()  # hashes can be deleted from the table only
        for scope, _, _, digests in campaigns(ledger, db, identities):
            db.executemany(
                "DELETE FROM delivered WHERE scope = ? AND hash = ?",
                ((scope, digest) for digest in digests),
            )
            db.executemany(
                "DELETE FROM in_doubt WHERE hash = ?", ((one,) for one in digests)
            )
        drop_unused_reasons(db)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # it holds the hashes, too


class SqliteSuppressionList(SuppressionList):
    """The suppression list in SQLite."""

    def __init__(self, db: Connection, digest: Digest) -> None:
        super().__init__(db, digest)
        self._connection = db

    def _add(self, lines: list[tuple[bytes, bytes]]) -> int:
        with self._connection.transaction():
            before = len(self)
            self._connection.executemany(
                "INSERT OR IGNORE INTO suppressed VALUES (?, ?)", lines
            )
            return len(self) - before

    def _remove(self, hashes: list[bytes]) -> int:
        with self._connection.transaction():
            before = len(self)
            holding = "SELECT entry FROM suppressed WHERE hash = ?"
            self._connection.executemany(
                f"DELETE FROM suppressed WHERE entry IN ({holding})",  # noqa: S608  our own words
                ((one,) for one in hashes),
            )
            return before - len(self)
