"""Decides when the next request may start: by rates, intervals and requested pauses."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

from leadctl.ledger.rates import Spacing
from leadctl.model.errors import NotProcessed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadctl.ledger.rates import RateStore
    from leadctl.model.clock import Clock
    from leadctl.providers.base import Limits, Rate

LONGEST_PAUSE = 3600.0
"""Seconds that a provider may ask us to wait; more is a mistake (milliseconds?)."""

LARGEST_SKEW = 86_400.0
"""Seconds that two clocks may differ; a `Date` beyond that is not believed."""

PACE = "the rate limit of this account"
"""What a first attempt waits for."""

LONG_WAIT = 10.0
"""Shorter waits for a start, in seconds, are not reported."""

MINUTE = 60.0

LOOK = 0.1
"""Seconds between two checks of an account without a rate; a pause that another run
was asked for may take effect that much later."""

SHARE = 0.99
"""The part of a documented rate that is used: no two clocks agree exactly."""


@dataclass(eq=False)
class RateLimiter:
    """When this run may start requests, and when it has to wait.

    Rates and pauses that the provider asks for apply to the account, whichever process
    sends; the pause after a request applies to the campaign. No window of a rate,
    wherever it starts, has more requests than the provider allows.

    Processes compare times of day; what concerns this run alone is measured by a
    monotonic clock.
    """

    limits: Limits
    rates: RateStore
    account: str
    campaign: str
    clock: Clock
    held: float = field(default=0.0, init=False)
    """Seconds from the first claim of the latest start to its being granted."""

    def __post_init__(self) -> None:
        rates, self._rest = self.limits.every_rate(), self.limits.min_interval
        self._of_campaign = f"{self.account}/{self.campaign}"
        self._scopes = {self.account: Spacing(), self._of_campaign: Spacing()}
        for rate in rates:
            by_minute = rate.seconds == MINUTE
            scope = "" if by_minute else f" by {rate.seconds:g} s"
            self._scopes[self.account + scope] = spacing(rate)
        self._look = 0.0 if rates or self._rest else LOOK
        self._free_until = self._quiet_until = -math.inf
        self._asked_since: float | None = None
        self._asked = 0.0

    def claim(self) -> float:
        """Take the next start and return 0, or the seconds until the next try."""
        now = self.clock.monotonic()
        pause, self._asked = self._quiet_until - now, 0.0
        if pause <= 0 and now >= self._free_until:
            pause = self._noted(self.rates.claim(self._scopes, self.clock.time()))
            self._free_until = now + self._look if pause <= 0 else -math.inf
        if self._asked_since is None:
            self._asked_since = now
        if pause <= 0:
            self.held, self._asked_since = now - self._asked_since, None
        return pause

    def pause(self) -> float:
        """Return the seconds for which the account must pause; takes no start."""
        now = self.clock.time()
        return self._noted(self.rates.claim({self.account: Spacing()}, now))

    def _noted(self, pause: float) -> float:
        """Record a pause longer than the rates require: the provider asked."""
        longest = max(spacing.seconds for spacing in self._scopes.values())
        self._asked = pause if pause > max(longest, self._rest) else 0.0
        return pause

    def require_wait_within(self, longest_wait: float) -> None:
        """Raise NotProcessed if the provider asked for a longer wait, of any run."""
        if self._asked > longest_wait:
            raise NotProcessed(
                f"the provider asks this account to wait {self._asked:,.0f} s, longer "
                "than retry_for allows"
            )

    def ended(self) -> None:
        """Record the end of a request: some providers count their interval from it."""
        if self._rest:
            now = self.clock.time()
            self.rates.postpone(self._of_campaign, now + self._rest, now)

    def quiet(self, seconds: float, *, shared: bool) -> None:
        """Start nothing for a while; `shared` by all runs if the provider asked."""
        if shared:
            now = self.clock.time()
            self.rates.postpone(self.account, now + seconds, now)
            self._free_until = -math.inf
        else:
            until = self.clock.monotonic() + seconds
            self._quiet_until = max(self._quiet_until, until)


def spacing(rate: Rate) -> Spacing:
    """Space requests evenly; by the hour and the day, a fifth may leave at once.

    Any window then has 99% of the rate, plus the start that opens it. The time made up
    after a late start, and twice the slack, are less than the last percent.
    """
    at_once = 0.25 * rate.seconds if rate.seconds > MINUTE else 0.0
    each = (rate.seconds + at_once) / (rate.requests * SHARE)
    made_up = at_once or min(each, rate.seconds / 120)
    return Spacing(each, made_up, slack=rate.seconds / 240)


def requested_pause(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds a provider asks to wait.

    Read from Retry-After (seconds or a date), or from X-RateLimit-Reset if nothing of
    the rate remains. `now` is Unix time by our clock. Dates are compared with the
    provider's clock if its answer has a plausible `Date`.
    """
    given = headers.get("retry-after", "").strip()
    seconds, moment = _number(given), http_date(given)
    if not given and headers.get("x-ratelimit-remaining", "0").strip() == "0":
        moment = _number(headers.get("x-ratelimit-reset", "").strip())
    if seconds is None and moment is not None:
        sent = http_date(headers.get("date", ""))
        if sent is None or abs(sent - now) > LARGEST_SKEW:
            sent = now
        seconds = moment - sent
    return None if seconds is None else min(max(0.0, seconds), LONGEST_PAUSE)


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else None


def http_date(text: str) -> float | None:
    """Parse the date of a header to Unix time; None if it is not one."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  rarely needed

    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None
