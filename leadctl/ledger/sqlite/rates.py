"""Start times and token counts, shared by all runs on a ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from leadctl.model.errors import Unusable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from leadctl.ledger.sqlite.connection import Connection

LONGEST_WAIT = 3700.0
"""Seconds a start may lie ahead; a provider's longest wish and a little more."""

MADE_UP = 0.5
"""Seconds by which a start that comes late is made up for.

Less than what a minute at 99% of a rate leaves over: no minute then holds a start too
many.
"""


class SqliteRates:
    """The rate store of one ledger."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def claim(self, scopes: Mapping[str, float], now: float) -> float:
        if not any(scopes.values()):  # nothing to take
            return self._wait(scopes, now)
        with self._db.transaction():
            wait = self._wait(scopes, now)
            if wait <= 0:
                self._take(scopes, now)
        return wait

    def postpone(self, scope: str, until: float) -> None:
        with self._db.transaction():
            until = max(until, self._taken([scope], until)[scope])
            self._db.execute(
                "INSERT OR REPLACE INTO rates VALUES (?, ?)", (scope, until)
            )

    def count_token(self, account: str, most: int, now: float) -> None:
        with self._db.transaction():
            self._db.execute(
                "DELETE FROM token_requests WHERE moment <= ?", (now - 3600,)
            )
            moments = self._db.execute(
                "SELECT count(*), min(moment) FROM token_requests WHERE account = ?",
                (account,),
            )
            number, first = moments.fetchone()
            if number >= most:
                free = datetime.fromtimestamp(first + 3600).astimezone()
                raise Unusable(
                    f"{account}: all {most} tokens of this hour are used",
                    hint=f"the next one is free at {free:%H:%M}; "
                    "then: leadctl runs resume",
                )
            self._db.execute("INSERT INTO token_requests VALUES (?, ?)", (account, now))

    def _wait(self, scopes: Mapping[str, float], now: float) -> float:
        return max(0.0, *(until - now for until in self._taken(scopes, now).values()))

    def _take(self, scopes: Mapping[str, float], now: float) -> None:
        starts = {
            scope: max(taken, now - min(scopes[scope], MADE_UP)) + scopes[scope]
            for scope, taken in self._taken(scopes, now).items()
            if scopes[scope]
        }
        self._db.executemany(
            "INSERT OR REPLACE INTO rates VALUES (?, ?)", starts.items()
        )

    def _taken(self, scopes: Collection[str], now: float) -> dict[str, float]:
        """Return until when each scope is taken; the past where it is free."""
        question = "SELECT scope, next_start FROM rates WHERE scope IN"
        rows = self._db.rows_in(question, [*scopes])
        # Further ahead than anybody may ask for: the clock was set back since.
        kept = {scope: t for scope, t in rows if t <= now + LONGEST_WAIT}
        return dict.fromkeys(scopes, 0.0) | kept
