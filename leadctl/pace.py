"""When the next request may start: the provider's rate, its rest between requests, its wishes."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadctl.provider import Limits

SHARE = 0.99
"""Part of a documented rate that is used: two clocks never agree quite."""


class Pace:
    """Start times for one account and campaign, in seconds of whatever clock the caller reads.

    Requests are spaced evenly, so that no window of a minute, wherever it starts, holds more than
    the provider allows.
    """

    def __init__(self, limits: Limits) -> None:
        rate = limits.requests_per_minute
        self._interval = 60.0 / (rate * SHARE) if rate else 0.0
        self._rest = limits.min_interval
        self._next = -math.inf
        self._quiet_until = -math.inf

    def wait(self, now: float) -> float:
        """Seconds until the next request may start; 0 when it may start now."""
        return max(0.0, self._next - now, self._quiet_until - now)

    def started(self, now: float) -> None:
        # A start that came late is made up for by at most one interval.
        self._next = max(self._next, now - self._interval) + self._interval

    def ended(self, now: float) -> None:
        """Note the end of a request: some providers count their rest from there."""
        self._next = max(self._next, now + self._rest)

    def quiet(self, until: float) -> None:
        """Start nothing before `until`."""
        self._quiet_until = max(self._quiet_until, until)


def asked_pause(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds a provider asks to wait, by Retry-After (seconds or date) or X-RateLimit-Reset.

    `now` is Unix time. X-RateLimit-Reset counts only where nothing remains of the rate.
    """
    given = headers.get("retry-after", "").strip()
    if given.isdecimal():
        return float(given)
    if given:
        try:
            moment = parsedate_to_datetime(given)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())
    reset = headers.get("x-ratelimit-reset", "").strip()
    if reset.isdecimal() and headers.get("x-ratelimit-remaining", "0").strip() == "0":
        return max(0.0, float(reset) - now)
    return None
