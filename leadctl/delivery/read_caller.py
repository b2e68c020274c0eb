"""Makes read-only calls: none counts as an upload, and each may be repeated.

They share the account's token, and respect a pause that the provider asked for.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from leadctl.delivery.rate_limiter import LONG_WAIT, PACE, requested_pause
from leadctl.delivery.retry import RetryPolicy
from leadctl.model.errors import InDoubt, NotProcessed

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from leadctl.delivery.provider_session import ProviderSession
    from leadctl.model.clock import Clock
    from leadctl.model.errors import ProviderError
    from leadctl.providers.base import Provider

Read = TypeVar("Read")


@dataclass(frozen=True, eq=False)
class ReadCaller:
    """Makes calls over a session, and retries them for a limited time.

    `tell(seconds, why)` is called for every wait.
    """

    provider: Provider
    session: ProviderSession
    clock: Clock
    longest_wait: float
    attempts: int = 3
    tell: Callable[[float, str], None] = lambda _seconds, _why: None
    jitter: Callable[[], float] = random.random

    def repeated(self, call: Callable[[], Read]) -> Read:
        """Repeat a call until it is answered; raises the last error."""
        waited = 0.0
        for attempt in range(1, self.attempts + 1):
            try:
                return call()
            except (NotProcessed, InDoubt) as error:
                pause = self._pause(error, attempt)
                waited += pause
                if attempt == self.attempts or waited > self.longest_wait:
                    raise
                self.tell(pause, error.message)
                self.clock.sleep(pause)
        raise AssertionError("at least one attempt is made")

    def sent(self, request: httpx.Request) -> httpx.Response:
        """Send a request as soon as the account may."""
        while (pause := self.session.rate_limiter.pause()) > 0:
            self.session.rate_limiter.require_wait_within(self.longest_wait)
            if pause > LONG_WAIT:
                self.tell(pause, PACE)
            self.clock.sleep(pause)
        return self.session.send(request)

    def _pause(self, error: ProviderError, attempt: int) -> float:
        asked = requested_pause(error.headers or {}, self.clock.time())
        if asked is not None:  # it concerns every run on the account
            self.session.rate_limiter.quiet(asked, shared=True)
        return max(asked or 0.0, RetryPolicy().pause(attempt, self.jitter()))
