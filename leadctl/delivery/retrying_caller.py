"""Makes calls that may be repeated, and do not count as uploads."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from leadctl.delivery.rate_limiter import LONG_WAIT, PACE, requested_pause
from leadctl.delivery.retry import RetryPolicy
from leadctl.model.errors import InDoubt, NotProcessed, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from leadctl.delivery.provider_session import ProviderSession
    from leadctl.model.clock import Clock
    from leadctl.providers.base import Provider
    from leadctl.providers.listings import CampaignPage, LeadPage

Read = TypeVar("Read")
Page = TypeVar("Page", bound="LeadPage | CampaignPage")

MOST_PAGES = 500
"""Pages read before a list is given up: some millions of leads."""


@dataclass(frozen=True, eq=False)
class RetryingCaller:
    """Repeats calls for a limited time; `tell(seconds, why)` reports each wait."""

    provider: Provider
    session: ProviderSession
    clock: Clock
    longest_wait: float
    attempts: int = 3
    doubt_delay: float = 0.0
    tell: Callable[[float, str], None] = lambda _seconds, _why: None
    jitter: Callable[[], float] = random.random

    def repeated(self, call: Callable[[], Read]) -> Read:
        """Repeat a call until it is answered; raises the last error, safe to show.

        The call builds its request anew: sending one adds credentials to it.
        """
        waited = 0.0
        for attempt in range(1, self.attempts + 1):
            try:
                return call()
            except ProviderError as failed:
                error = failed.redacted(self.session.redacted)
            if not isinstance(error, NotProcessed | InDoubt):
                raise error
            pause = self._pause(error, attempt)
            waited += pause
            if attempt == self.attempts or waited > self.longest_wait:
                raise error
            self.session.rate_limiter.require_wait_within(self.longest_wait)
            self.tell(pause, error.message)
            self.clock.sleep(pause)
        raise AssertionError("at least one attempt is made")

    def asked(
        self, request: httpx.Request, read: Callable[[httpx.Response], Read]
    ) -> Read:
        """Send a request, once, as soon as the account may, and read its answer."""
        limiter = self.session.rate_limiter
        while (pause := limiter.pause()) > 0:
            limiter.require_wait_within(self.longest_wait)
            if pause > LONG_WAIT:
                self.tell(pause, PACE)
            self.clock.sleep(pause)
        return read_by(read, self.session.send(request))

    def _pause(self, error: ProviderError, attempt: int) -> float:
        asked = requested_pause(error.headers or {}, self.clock.time())
        if asked is not None:  # it concerns every run on the account
            self.session.rate_limiter.quiet(asked, shared=True)
        least = self.doubt_delay if isinstance(error, InDoubt) else 0.0
        return max(asked or 0.0, least, RetryPolicy().pause(attempt, self.jitter()))


def read_by(read: Callable[[httpx.Response], Read], response: httpx.Response) -> Read:
    """Read an answer; its error has the headers of the answer."""
    try:
        return read(response)
    except ProviderError as error:
        raise error.but(headers=error.headers or response.headers) from error


def every_page(read: Callable[[str], Page], endless: ProviderError) -> Iterator[Page]:
    """Read a list page by page to its end; raises `endless` if it has none."""
    cursor, seen = "", {""}
    for _ in range(MOST_PAGES):
        page = read(cursor)
        yield page
        cursor = page.cursor
        if not cursor:
            return
        if cursor in seen:
            break
        seen.add(cursor)
    raise endless
