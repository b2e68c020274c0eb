"""What the ledger knows of a person in every campaign, and the suppression list.

Each campaign knows a person by a keyed hash of its own, so every campaign is asked.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from leadctl.ledger.records import Presence, Trace
from leadctl.ledger.sqlite import delivered
from leadctl.ledger.sqlite.findings import drop_unused_reasons

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from leadctl.ledger.sqlite.connection import Connection

    Digest = Callable[[str], bytes]


def traces(
    db: Connection, digest_of: Callable[[str, str], Digest], identities: Sequence[str]
) -> dict[str, list[Trace]]:
    """Return the traces of each identity that has any, campaign by campaign."""
    found: dict[str, list[Trace]] = {}
    with db.unchanged():
        for _, account, campaign, digests in _campaigns(db, digest_of, identities):
            index = delivered.SqliteDeliveredIndex(db, account, campaign)
            for digest, run in index.among([*digests]).items():
                trace = Trace(Presence.DELIVERED, account, campaign, run=run)
                found.setdefault(digests[digest], []).append(_dated(db, trace))
            doubts = "SELECT hash, id FROM in_doubt JOIN runs ON number = run"
            for digest, run in db.rows_in(f"{doubts} WHERE hash IN", [*digests]):
                trace = Trace(Presence.IN_DOUBT, account, campaign, run=run)
                found.setdefault(digests[digest], []).append(_dated(db, trace))
    return found


def forget(
    db: Connection, digest_of: Callable[[str, str], Digest], identities: Sequence[str]
) -> None:
    with db.transaction():
        delivered.DeliveredLog(db).put_away()  # what is in the table can be removed
        for scope, _, _, digests in _campaigns(db, digest_of, identities):
            db.executemany(
                "DELETE FROM delivered WHERE scope = ? AND hash = ?",
                ((scope, digest) for digest in digests),
            )
            db.executemany(
                "DELETE FROM in_doubt WHERE hash = ?", ((one,) for one in digests)
            )
        drop_unused_reasons(db)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the log has the hashes, too


def _campaigns(
    db: Connection, digest_of: Callable[[str, str], Digest], identities: Sequence[str]
) -> Iterator[tuple[int, str, str, dict[bytes, str]]]:
    """Yield every campaign with the hashes that it knows the identities by."""
    campaigns = db.execute("SELECT number, account, campaign FROM scopes").fetchall()
    for scope, account, campaign in campaigns:
        digest = digest_of(account, campaign)
        yield scope, account, campaign, {digest(one): one for one in identities}


def _dated(db: Connection, trace: Trace) -> Trace:
    row = db.execute(
        "SELECT provider, started_at, EXISTS"
        " (SELECT 1 FROM removals WHERE run = number AND state != 'deleted')"
        " FROM runs WHERE id = ?",
        (trace.run,),
    ).fetchone()
    if row is None:
        return trace
    provider, started, may_be_deleted = row
    return trace._replace(
        provider=provider, started_at=started, may_be_deleted=bool(may_be_deleted)
    )


FRESH = 1.0
"""Seconds that an empty list is taken for empty: a run asks for every block of rows."""


class SqliteSuppressionList:
    """People that no account may send to; `digest` is that of no campaign."""

    def __init__(self, db: Connection, digest: Digest) -> None:
        self._db = db
        self._digest = digest
        self._looked_at = -math.inf
        self._is_empty = True

    def is_empty(self) -> bool:
        now = time.monotonic()
        if not self._is_empty or now - self._looked_at >= FRESH:
            row = self._db.execute("SELECT 1 FROM suppressed LIMIT 1").fetchone()
            self._looked_at, self._is_empty = now, row is None
        return self._is_empty

    def __len__(self) -> int:
        count = "SELECT count(DISTINCT entry) FROM suppressed"
        (entries,) = self._db.execute(count).fetchone()
        return int(entries)

    def add(self, entries: Iterable[Collection[str]]) -> int:
        self._looked_at = -math.inf
        with self._db.transaction():
            before = len(self)
            for identities in entries:
                hashes = sorted(map(self._digest, identities))
                entry = self._digest(" ".join(sorted(identities)))
                self._db.executemany(
                    "INSERT OR IGNORE INTO suppressed VALUES (?, ?)",
                    ((one, entry) for one in hashes),
                )
            return len(self) - before

    def remove(self, identities: Collection[str]) -> int:
        self._looked_at = -math.inf
        with self._db.transaction():
            before = len(self)
            holding = "SELECT entry FROM suppressed WHERE hash = ?"
            self._db.executemany(
                f"DELETE FROM suppressed WHERE entry IN ({holding})",  # noqa: S608  our own words
                ((self._digest(one),) for one in identities),
            )
            return before - len(self)

    def among(self, identities: Sequence[str]) -> set[str]:
        if self.is_empty():
            return set()
        digests = {self._digest(one): one for one in identities}
        question = "SELECT DISTINCT hash FROM suppressed WHERE hash IN"
        found = self._db.rows_in(question, [*digests])
        return {digests[digest] for (digest,) in found}
