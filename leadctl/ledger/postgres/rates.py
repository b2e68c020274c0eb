"""Start times and token counts, shared by all hosts, by the server's clock.

A host reserves several starts at once: a round trip may take longer than a start.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

from leadctl.ledger.postgres.connection import elapsed
from leadctl.ledger.rates import tokens_used

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadctl.ledger.postgres.connection import Connection
    from leadctl.ledger.rates import Spacing

AHEAD = 0.25
"""Seconds ahead for which starts are reserved; a `postpone` may come late by as much.

Starts that are further apart are taken one by one, when they are due."""

MOST_RESERVED = 64


class PostgresRates:
    """The rate store of one ledger; ignores the caller's `now`."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._reserved: deque[float] = deque()
        self._scopes: Mapping[str, Spacing] = {}
        self._want = 1

    def claim(self, scopes: Mapping[str, Spacing], now: float) -> float:
        del now
        if not any(spacing.seconds for spacing in scopes.values()):
            return self._wait(scopes)
        if scopes != self._scopes:
            self._scopes = scopes
            self._reserved.clear()
        slack = min(one.slack for one in scopes.values() if one.seconds)
        while self._reserved and self._reserved[0] < elapsed() - slack:
            self._reserved.popleft()
            self._want = max(1, self._want - 1)
        if not self._reserved:
            wait = self._reserve(scopes)
            if not self._reserved:
                return wait
        wait = max(0.0, self._reserved[0] - elapsed())
        if not wait:
            self._reserved.popleft()
        return wait

    def _reserve(self, scopes: Mapping[str, Spacing]) -> float:
        """Reserve starts; returns the seconds to wait if none begins soon."""
        spacings = scopes.values()
        ahead = AHEAD if max(one.seconds for one in spacings) < AHEAD else 0.0
        wait, starts = self._db.call(
            "reserve",
            [*scopes],
            [spacing.seconds for spacing in spacings],
            [max(spacing.made_up, spacing.slack) for spacing in spacings],
            self._want,
            ahead,
        )
        # Counted from the answer: a start is rather late than early.
        received = elapsed()
        self._reserved.extend(received + start for start in starts)
        if len(starts) == self._want:
            self._want = min(2 * self._want, MOST_RESERVED)
        return max(0.01, float(wait) - ahead / 2)

    def _wait(self, scopes: Mapping[str, Spacing]) -> float:
        marks = ",".join("?" * len(scopes))
        ((seconds,),) = self._db.execute(
            "SELECT coalesce(max(next_start) - leadctl.clock(), 0) FROM rates"  # noqa: S608  only marks
            f" WHERE scope IN ({marks}) AND next_start < leadctl.clock() + 3700",
            [*scopes],
        )
        return max(0.0, float(seconds))

    def postpone(self, scope: str, until: float, now: float) -> None:
        self._reserved.clear()  # they were granted before the pause was asked for
        self._want = 1
        self._db.call("postpone", scope, until - now)

    def count_token(self, account: str, most: int, now: float) -> None:
        del now
        (seconds,) = self._db.call("count_token", account, most)
        if seconds is not None:
            free = (self._db.now() + timedelta(seconds=seconds)).astimezone()
            raise tokens_used(account, most, free)
