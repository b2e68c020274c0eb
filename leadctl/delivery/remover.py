"""Deletes leads at the provider, one request at a time.

The call is safe to repeat, because a deleted lead is not found again. So a
repeat settles the doubt after a lost answer.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.delivery.rate_limiter import requested_pause
from leadctl.delivery.retry import RetryPolicy
from leadctl.model.errors import (
    InDoubt,
    LeadctlError,
    NotProcessed,
    ProviderError,
    Refused,
    RefusedThroughout,
    Unusable,
)
from leadctl.model.removal import Removal
from leadctl.providers.response_reading import read_removals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from leadctl.config.config import Account
    from leadctl.delivery.provider_session import ProviderSession
    from leadctl.ledger.base import RunRemoval
    from leadctl.model.clock import CancellationToken, Clock
    from leadctl.model.leads import Batch


@dataclass
class Remover:
    """Deletes batches and records it; `counts` has the leads by result.

    `tell(seconds, why)` is called for every wait, `tell_progress(leads)` for every
    batch.
    """

    account: Account
    session: ProviderSession
    ledger: RunRemoval
    clock: Clock
    stop: CancellationToken
    tell: Callable[[float, str], None] = lambda _seconds, _why: None
    tell_progress: Callable[[int], None] = lambda _leads: None
    jitter: Callable[[], float] = random.random
    counts: Counter[Removal] = field(default_factory=Counter)
    requests: int = 0

    def remove(self, batches: Iterable[Batch]) -> LeadctlError | None:
        """Delete them all; returns what stopped it early."""
        refusal, in_a_row = None, 0
        for batch in batches:
            if self.stop.check():
                break
            try:
                self._remove(batch)
                in_a_row = 0
            except Refused as error:
                refusal, in_a_row = error, in_a_row + 1
                if in_a_row >= RetryPolicy().refused:
                    return RefusedThroughout(error.message)
            except ProviderError as error:
                return error
        return refusal

    def _remove(self, batch: Batch) -> None:
        """Ask until the provider reports each lead; raises what ends the attempts."""
        policy = RetryPolicy(longest_wait=self.account.connection.retry_for)
        waited, states = 0.0, [Removal.FAILED] * len(batch)
        try:
            for attempt in range(1, policy.attempts + 1):
                self._await_turn(policy)
                states, trouble = self._tried(batch)
                if trouble is None:
                    return
                pause = self._pause(trouble, attempt, policy)
                waited += pause
                is_over = attempt == policy.attempts or waited > policy.longest_wait
                if is_over or not isinstance(trouble, NotProcessed | InDoubt):
                    raise trouble
                self.tell(pause, trouble.message)
                self.clock.sleep(pause)
                if self.stop.is_asked():
                    return
        finally:
            self.counts.update(states)
            self.tell_progress(self.counts.total())

    def _tried(self, batch: Batch) -> tuple[list[Removal], ProviderError | None]:
        """Make one request; record its intent before and its result after."""
        doubted, trouble = self.ledger.intend(batch), None
        rows = batch.leads.rows
        try:
            found = self._answered(batch)
            states = [
                _settled(one, was_doubted=row in doubted)
                for row, one in zip(rows, found, strict=True)
            ]
        except ProviderError as error:
            trouble = error
            if isinstance(error, InDoubt) or getattr(error, "in_doubt", False):
                doubted = {*rows}
            states = [
                Removal.UNKNOWN if row in doubted else Removal.FAILED for row in rows
            ]
        exact = self.account.provider.removal_is_exact
        self.ledger.settle(batch, states, forget_missing=bool(exact))
        return states, trouble

    def _answered(self, batch: Batch) -> list[Removal]:
        provider = self.account.provider
        request = provider.remove(batch)
        if request is None:
            raise Unusable(f"leadctl cannot delete leads at {provider.title}")
        self.requests += 1
        try:
            response = self.session.send(request)
        finally:
            self.session.rate_limiter.ended()
        try:
            return read_removals(provider, batch, response, self.session.redacted)
        except ProviderError as error:
            raise error.but(headers=response.headers) from error

    def _await_turn(self, policy: RetryPolicy) -> None:
        limiter = self.session.rate_limiter
        while not self.stop.is_asked() and (pause := limiter.claim()) > 0:
            limiter.require_wait_within(policy.longest_wait)
            self.clock.sleep(pause)

    def _pause(self, error: ProviderError, attempt: int, policy: RetryPolicy) -> float:
        asked = requested_pause(error.headers or {}, self.clock.time())
        if asked is not None:  # it concerns every run on the account
            self.session.rate_limiter.quiet(asked, shared=True)
        least = self.account.limits.doubt_delay if isinstance(error, InDoubt) else 0.0
        return max(asked or 0.0, least, policy.pause(attempt, self.jitter()))


def _settled(found: Removal, *, was_doubted: bool) -> Removal:
    """Count a lead that is not found as deleted if an earlier attempt is in doubt."""
    if was_doubted and found is Removal.NOT_FOUND:
        return Removal.DELETED
    return found
