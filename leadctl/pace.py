"""When the next request may start: the provider's rate, rest and wishes."""

from __future__ import annotations

import math
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leadctl.provider import Limits

LONGEST_WISH = 3600.0
"""Seconds a provider may ask us to wait; more is a slip, such as milliseconds."""

SHARE = 0.99
"""Part of a documented rate that is used: two clocks never agree quite."""


class Board(Protocol):
    """Start times as every process on this ledger sees them; moments are Unix time."""

    def claim(self, scopes: Mapping[str, float], now: float) -> float:
        """Take a start in every scope, or return the seconds to wait.

        `scopes` has for each the seconds it then stays taken.
        """
        ...

    def postpone(self, scope: str, until: float) -> None: ...


class Pace:
    """When this run may start requests, and when it has to leave the account alone.

    The rate and a provider's wish to wait hold for the account, whoever sends; the rest
    after a request holds for the campaign. Requests are spaced evenly, so that no
    window of a minute, wherever it starts, holds more than the provider allows.
    """

    def __init__(
        self,
        limits: Limits,
        board: Board,
        account: str,
        campaign: str,
        time: Callable[[], float],
    ) -> None:
        rate = limits.requests_per_minute
        self._account, self._campaign = account, f"{account}/{campaign}"
        self._interval = 60.0 / (rate * SHARE) if rate else 0.0
        self._rest = limits.min_interval
        self._board = board
        self._time = time
        self._quiet_until = -math.inf
        self._asked_since: float | None = None
        self.held = 0.0
        """Seconds from the first claim of the latest start to its being granted."""

    def claim(self) -> float:
        """Take the next start and return 0, or the seconds after which to ask again."""
        now = self._time()
        pause = self._quiet_until - now
        if pause <= 0:
            pause = self._board.claim(
                {self._account: self._interval, self._campaign: 0.0}, now
            )
        if self._asked_since is None:
            self._asked_since = now
        if pause <= 0:
            self.held, self._asked_since = now - self._asked_since, None
        return pause

    def pause(self) -> float:
        """Return the seconds the account has to be left alone; takes no start."""
        return self._board.claim({self._account: 0.0}, self._time())

    def ended(self) -> None:
        """Note the end of a request: some providers count their rest from there."""
        if self._rest:
            self._board.postpone(self._campaign, self._time() + self._rest)

    def quiet(self, seconds: float, *, shared: bool) -> None:
        """Start nothing for a while; `shared` by all runs where the provider asked."""
        until = self._time() + seconds
        if shared:
            self._board.postpone(self._account, until)
        else:
            self._quiet_until = max(self._quiet_until, until)


def asked_pause(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds a provider asks to wait.

    By Retry-After (seconds or date) or X-RateLimit-Reset; the latter counts only where
    nothing remains of the rate. `now` is Unix time.
    """
    given = headers.get("retry-after", "").strip()
    if given.isdecimal():
        return _bounded(float(given[:20]))
    if given:
        try:
            moment = parsedate_to_datetime(given)
        except (ValueError, OverflowError):
            return None
        return _bounded(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now)
    reset = headers.get("x-ratelimit-reset", "").strip()
    if reset.isdecimal() and headers.get("x-ratelimit-remaining", "0").strip() == "0":
        return _bounded(float(reset[:20]) - now)
    return None


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), LONGEST_WISH)
