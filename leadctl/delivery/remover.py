"""Deletes leads at the provider, one request at a time.

A repeat settles the doubt after a lost answer: a deleted lead is not found again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.delivery.retry import RetryPolicy
from leadctl.delivery.retrying_caller import RetryingCaller, read_by
from leadctl.model import errors
from leadctl.model.removal import Removal
from leadctl.providers.response_reading import read_removals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from leadctl.ledger.base import RunRemoval
    from leadctl.model.clock import CancellationToken
    from leadctl.model.leads import Batch


@dataclass
class Remover:
    """Deletes batches and records it; `counts` has the leads by result."""

    caller: RetryingCaller
    ledger: RunRemoval
    stop: CancellationToken
    tell_progress: Callable[[int], None] = lambda _leads: None
    counts: Counter[Removal] = field(default_factory=Counter)
    requests: int = 0

    def remove(self, batches: Iterable[Batch]) -> errors.LeadctlError | None:
        """Delete them all; returns what stopped it early."""
        refusal, in_a_row = None, 0
        for batch in batches:
            if self.stop.check():
                break
            try:
                self._remove(batch)
                in_a_row = 0
            except errors.Refused as error:
                refusal, in_a_row = error, in_a_row + 1
                if in_a_row >= RetryPolicy().refused:
                    return errors.RefusedThroughout(error.message)
            except errors.ProviderError as error:
                return error
        return refusal

    def _remove(self, batch: Batch) -> None:
        """Ask until the provider reports each lead; raises what ends the attempts."""
        states: list[Removal] = []

        def attempt() -> None:
            nonlocal states
            if states and self.stop.is_asked():
                return
            self._await_turn()
            states, trouble = self._tried(batch)
            if trouble:
                raise trouble

        try:
            self.caller.repeated(attempt)
        finally:
            self.counts.update(states or [Removal.FAILED] * len(batch))
            self.tell_progress(self.counts.total())

    def _tried(self, batch: Batch) -> tuple[list[Removal], errors.ProviderError | None]:
        """Make one request; record its intent before and its result after."""
        doubted, trouble = self.ledger.intend(batch), None
        rows = batch.leads.rows
        try:
            found = self._answered(batch)
            # What an attempt in doubt has deleted is not found again.
            states = [
                Removal.DELETED if one is Removal.NOT_FOUND and row in doubted else one
                for row, one in zip(rows, found, strict=True)
            ]
        except errors.ProviderError as error:
            trouble = error
            if isinstance(error, errors.InDoubt) or getattr(error, "in_doubt", False):
                doubted = {*rows}
            states = [
                Removal.UNKNOWN if row in doubted else Removal.FAILED for row in rows
            ]
        exact = self.caller.provider.removal_is_exact
        self.ledger.settle(batch, states, forget_missing=bool(exact))
        return states, trouble

    def _answered(self, batch: Batch) -> list[Removal]:
        provider, session = self.caller.provider, self.caller.session
        request = provider.remove(batch)
        if request is None:
            raise errors.Unusable(f"leadctl cannot delete leads at {provider.title}")
        self.requests += 1
        try:
            response = session.send(request)
        finally:
            session.rate_limiter.ended()
        return read_by(
            lambda answer: read_removals(provider, batch, answer, session.redacted),
            response,
        )

    def _await_turn(self) -> None:
        limiter = self.caller.session.rate_limiter
        while not self.stop.is_asked() and (pause := limiter.claim()) > 0:
            limiter.require_wait_within(self.caller.longest_wait)
            self.caller.clock.sleep(pause)
