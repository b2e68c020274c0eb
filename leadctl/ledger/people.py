"""Finds a person's traces in every campaign, and keeps the suppression list.

Each campaign has its own keyed hash of a person, so every campaign is searched.
"""

from __future__ import annotations

import json
import math
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from leadctl.ledger.records import Presence, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from leadctl.ledger.base import Ledger
    from leadctl.ledger.database import Database

    Digest = Callable[[str], bytes]


def traces(
    ledger: Ledger, db: Database, identities: Sequence[str]
) -> dict[str, list[Trace]]:
    """Return the traces of each identity that has any, campaign by campaign."""
    found: dict[str, list[Trace]] = {}
    with db.unchanged():
        for _, account, campaign, digests in campaigns(ledger, db, identities):
            index = ledger.delivered(account, campaign)
            for digest, run in index.among([*digests]).items():
                trace = Trace(Presence.DELIVERED, account, campaign, run=run)
                found.setdefault(digests[digest], []).append(_dated(db, trace))
            doubts = "SELECT hash, id FROM in_doubt JOIN runs ON number = run"
            for digest, run in db.rows_in(f"{doubts} WHERE hash IN", [*digests]):
                trace = Trace(Presence.IN_DOUBT, account, campaign, run=run)
                found.setdefault(digests[digest], []).append(_dated(db, trace))
    return found


def campaigns(
    ledger: Ledger, db: Database, identities: Sequence[str]
) -> Iterator[tuple[int, str, str, dict[bytes, str]]]:
    """Yield every campaign: number, account, id, and each identity by its hash."""
    known = db.execute("SELECT number, account, campaign FROM scopes").fetchall()
    for scope, account, campaign in known:
        digest = ledger.digest(account, campaign)
        yield scope, account, campaign, {digest(one): one for one in identities}


def _dated(db: Database, trace: Trace) -> Trace:
    row = db.execute(
        "SELECT provider, started_at, job, EXISTS"
        " (SELECT 1 FROM removals WHERE run = number AND state != 'deleted')"
        " FROM runs WHERE id = ?",
        (trace.run,),
    ).fetchone()
    if row is None:
        return trace
    provider, started, job, may_be_deleted = row
    return trace._replace(
        provider=provider,
        started_at=started,
        may_be_deleted=bool(may_be_deleted),
        files=tuple(json.loads(job).get("files", ())),
    )


FRESH = 1.0
"""Seconds for which an empty list is not read again: a run asks for each block."""


class SuppressionList(ABC):
    """People that no account may send to; an entry holds hashes of its identities.

    Every run asks it again for each block of rows, but an empty one once a second.
    `digest` belongs to no campaign.
    """

    def __init__(self, db: Database, digest: Digest) -> None:
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
        """Count the entries."""
        count = "SELECT count(DISTINCT entry) FROM suppressed"
        (entries,) = self._db.execute(count).fetchone()
        return int(entries)

    def add(self, entries: Iterable[Collection[str]]) -> int:
        """Add entries, each the identities of one person; returns how many were new."""
        self._looked_at = -math.inf
        return self._add(
            [
                (hashed, self._digest(" ".join(sorted(identities))))
                for identities in entries
                for hashed in sorted(map(self._digest, identities))
            ]
        )

    @abstractmethod
    def _add(self, lines: list[tuple[bytes, bytes]]) -> int:
        """Write pairs of hash and entry; returns how many entries were new."""

    def remove(self, identities: Collection[str]) -> int:
        """Remove the entries that hold any of these; returns how many there were."""
        self._looked_at = -math.inf
        return self._remove([*map(self._digest, identities)])

    @abstractmethod
    def _remove(self, hashes: list[bytes]) -> int: ...

    def among(self, identities: Sequence[str]) -> set[str]:
        """Return those of the identities that an entry holds."""
        if self.is_empty():
            return set()
        digests = {self._digest(one): one for one in identities}
        question = "SELECT DISTINCT hash FROM suppressed WHERE hash IN"
        found = self._db.rows_in(question, [*digests])
        return {digests[digest] for (digest,) in found}
