"""The ledger's suppression list: people that no account may send to."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from leadctl.ledger.database import Database

FRESH = 1.0
"""Seconds for which an empty list is not read again: a run asks for each block."""


class SuppressionList:
    """Entries, each with hashes of one person's identities.

    Every run asks it again for each block of rows, but an empty one once a second.
    `digest` belongs to no campaign; `add` and `remove` write to the ledger.
    """

    def __init__(
        self,
        db: Database,
        digest: Callable[[str], bytes],
        add: Callable[[list[tuple[bytes, bytes]]], int],
        remove: Callable[[list[bytes]], int],
    ) -> None:
        self._db = db
        self._digest = digest
        self._add = add
        self._remove = remove
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
        """Add entries, each the identities of one person; returns how many were new."""
        self._looked_at = -math.inf
        return self._add(
            [
                (hashed, self._digest(" ".join(sorted(identities))))
                for identities in entries
                for hashed in sorted(map(self._digest, identities))
            ]
        )

    def remove(self, identities: Collection[str]) -> int:
        """Remove the entries that hold any of these; returns how many there were."""
        self._looked_at = -math.inf
        return self._remove([*map(self._digest, identities)])

    def among(self, identities: Sequence[str]) -> set[str]:
        """Return those of the identities that an entry holds."""
        if self.is_empty():
            return set()
        digests = {self._digest(one): one for one in identities}
        question = "SELECT DISTINCT hash FROM suppressed WHERE hash IN"
        found = self._db.rows_in(question, [*digests])
        return {digests[digest] for (digest,) in found}
