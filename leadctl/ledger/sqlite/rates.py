"""Start times and token counts, shared by all runs on a ledger."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING

from leadctl.ledger.rates import tokens_used

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from leadctl.ledger.rates import Spacing
    from leadctl.ledger.sqlite.connection import Connection

LONGEST_WAIT = 3700.0
"""Seconds a start may lie ahead: a little more than the longest Retry-After."""

SAME_CLOCK = 60.0
"""Seconds by which a moment may be in the future; further on, the clock was set."""


class SqliteRates:
    def __init__(self, db: Connection) -> None:
        self._db = db

    def claim(self, scopes: Mapping[str, Spacing], now: float) -> float:
        takes = any(spacing.seconds for spacing in scopes.values())
        with self._db.transaction() if takes else nullcontext():
            taken = self._taken(scopes, now)
            wait = max(0.0, *(until - now for until in taken.values()))
            if takes and not wait:
                starts = {
                    scope: max(taken[scope], now - spacing.made_up) + spacing.seconds
                    for scope, spacing in scopes.items()
                    if spacing.seconds
                }
                self._note(starts, now)
        return wait

    def postpone(self, scope: str, until: float, now: float) -> None:
        with self._db.transaction():
            until = max(until, self._taken([scope], now)[scope])
            self._note({scope: until}, now)

    def count_token(self, account: str, most: int, now: float) -> None:
        with self._db.transaction():
            self._db.execute(
                "DELETE FROM token_requests WHERE moment <= ? OR moment > ?",
                (now - 3600, now + SAME_CLOCK),
            )
            moments = self._db.execute(
                "SELECT count(*), min(moment) FROM token_requests WHERE account = ?",
                (account,),
            )
            number, first = moments.fetchone()
            if number >= most:
                free = datetime.fromtimestamp(first + 3600).astimezone()
                raise tokens_used(account, most, free)
            self._db.execute("INSERT INTO token_requests VALUES (?, ?)", (account, now))

    def _note(self, starts: Mapping[str, float], now: float) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO rates VALUES (?, ?, ?)",
            [(scope, start, now) for scope, start in starts.items()],
        )

    def _taken(self, scopes: Collection[str], now: float) -> dict[str, float]:
        """Return until when each scope is taken: a moment in the past if it is free."""
        question = "SELECT scope, next_start, noted FROM rates WHERE scope IN"
        rows = self._db.rows_in(question, [*scopes])
        # A note from the future, or a start further ahead than possible, means that the
        # clock has been set back.
        kept = {
            scope: start
            for scope, start, noted in rows
            if noted <= now + SAME_CLOCK and start <= now + LONGEST_WAIT
        }
        return dict.fromkeys(scopes, 0.0) | kept
