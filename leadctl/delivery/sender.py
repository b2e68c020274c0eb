"""Sends batches and records their outcomes: the only place that waits or sends again.

One thread decides and writes the ledger; each request runs in its own thread. A batch
to repeat goes before fresh ones, and while a provider is in trouble nothing else is
sent.
"""

from __future__ import annotations

import random
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.delivery.lookup import age_of
from leadctl.delivery.outcome_handler import OutcomeHandler
from leadctl.delivery.rate_limiter import LONG_WAIT, PACE
from leadctl.delivery.retry import PendingBatch, RetryPolicy
from leadctl.delivery.worker_pool import AT_HAND, Requests, WorkerPool, places_ahead
from leadctl.ledger.records import Departure
from leadctl.model.clock import AWAKE
from leadctl.model.errors import LeadctlError, LedgerUnusable, NotProcessed
from leadctl.model.leads import Code
from leadctl.model.progress import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from uuid import UUID

    from leadctl.delivery.provider_session import ProviderSession
    from leadctl.delivery.worker_pool import Answer
    from leadctl.ledger.base import RunWriter
    from leadctl.model.clock import CancellationToken, Clock
    from leadctl.model.leads import Batch, Note
    from leadctl.providers.base import Limits, Provider

GRACE = 5.0
"""Seconds that requests in flight may still take once a stop is requested."""


@dataclass(eq=False)
class Sender:
    """Sends the batches of one run; `tell(seconds, why)` reports each wait."""

    provider: Provider
    limits: Limits
    session: ProviderSession
    run_writer: RunWriter
    clock: Clock
    stop: CancellationToken
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    tell: Callable[[float, str], None] = lambda _seconds, _why: None
    jitter: Callable[[], float] = random.random
    meter: Meter = field(default_factory=Meter)

    def __post_init__(self) -> None:
        provider, limits, time = self.provider, self.limits, self.clock.time
        session, age = self.session, age_of(self.run_writer, self.clock)
        self._rate_limiter = session.rate_limiter
        self._pool = WorkerPool(
            Requests(provider, session.send, time, age, session.redacted),
            limits.concurrency,
            time,
            lambda: not self.stop.is_asked() and self.run_writer.may_send(),
        )
        self._outcome_handler = OutcomeHandler(
            provider,
            limits,
            self.run_writer,
            self._rate_limiter,
            self.retry_policy,
            time,
            self.jitter,
        )
        self._retries = self._outcome_handler.retries
        self._ready: deque[PendingBatch] = deque()
        self._under_way: dict[UUID, PendingBatch] = {}
        self._enough = min(limits.concurrency, AT_HAND)
        self._ahead = places_ahead(provider, limits)
        self._departing: deque[tuple[PendingBatch, Departure]] = deque()

    def deliver(
        self,
        batches: Iterator[Batch],
        in_doubt: Sequence[Batch] = (),
        held_back: Callable[[Batch], Collection[int]] = lambda _batch: (),
    ) -> None:
        """Send every batch and settle every lead of those taken from the iterator.

        `in_doubt` are batches of an earlier part of the run whose answer was not read.
        Before such a batch is repeated, `held_back` returns the rows that must not be
        sent any more.

        Raises what stopped the run early; by then, the batches in flight are settled,
        and those not sent are `failed`. If a stop is requested, it starts nothing more
        and returns when the requests in flight have finished, or are in doubt after
        GRACE seconds.
        """
        self._held_back = held_back
        try:
            for batch in in_doubt:
                self._outcome_handler.resume(batch)
            pause = 0.0
            while not self.stop.check():
                self._prepare(batches)
                if not (self._under_way or self._retries or self._ready):
                    return
                pause = self._step(self._answers(pause))
            self._pool.call_back()
            while self._under_way:
                self._collect()
            while self._retries:  # a stop was requested: nothing is repeated
                self._outcome_handler.give_up(
                    self._retries.popleft(), Code.NOT_PROCESSED
                )
        except LedgerUnusable:
            raise  # batches in flight stay `sending`: in doubt, never lost
        except LeadctlError as error:
            self._wind_down(error)
            raise
        finally:
            self._pool.rest()

    def settle_in_doubt(self, in_doubt: Sequence[Batch]) -> None:
        """Settle batches of an earlier part of the run without sending anything."""
        for batch in in_doubt:
            self._outcome_handler.settle_in_doubt(batch)

    def notes(self) -> list[Note]:
        """Return the notes of all answers."""
        return self._outcome_handler.notes()

    def _prepare(self, batches: Iterator[Batch]) -> None:
        """Prepare batches: rows are read while requests are in flight.

        As many as there are places, then more until an answer arrives.
        """
        while not self.stop.is_asked():
            back = self._pool.back()
            free = self.limits.concurrency + self._ahead - len(self._under_way)
            enough = min(free + back, AT_HAND) if back else self._enough
            if len(self._ready) >= enough:
                return
            batch = next(batches, None)
            if batch is None:
                return
            self._ready.append(PendingBatch(batch))

    def _answers(self, pause: float) -> list[tuple[Batch, Answer | None]]:
        """Take the answers that are ready; wait for one if nothing may start.

        It waits for `pause` seconds, or while all places are taken, but no longer than
        AWAKE, because a stop may be requested meanwhile.
        """
        if pause > 0:
            self.meter.waits(
                pause, self._retries[0].held_for if self._retries else PACE
            )
            if self._under_way:
                return self._pool.answers(wait=True, timeout=min(pause, AWAKE))
            self._rate_limiter.require_wait_within(self.retry_policy.longest_wait)
            if pause > LONG_WAIT and not self._retries:  # a repeat is reported already
                self.tell(pause, PACE)
            self.clock.sleep(pause)
            return []
        full, more = self._queue() is None, self._ahead // 2
        return self._pool.answers(wait=full, timeout=AWAKE, more=more)

    def _queue(self) -> deque[PendingBatch] | None:
        """Return the queue that one more may leave from; None while places are taken.

        Fresh ones may be a few more than there are places: they wait in front of them.
        """
        queue = self._retries or self._ready
        most = self.limits.concurrency + (0 if queue is self._retries else self._ahead)
        is_free = len(self._under_way) + len(self._departing) < most
        return queue if queue and is_free else None

    def _step(self, answers: Sequence[tuple[Batch, Answer | None]]) -> float:
        """Settle what was answered and record what is sent next, in one commit.

        Nothing is sent before the commit. Raises the first reason to stop once all is
        settled and on disk. Returns the seconds until something more may start.
        """
        pause = 0.0
        with self._on_disk(answers):
            reasons = self._settled(answers)
            if not reasons and not self.stop.is_asked():
                pause = self._choose()
            for pending, departure in self._departing:
                self.run_writer.intend(
                    pending.batch, departure, doubted=pending.doubted
                )
        if reasons:
            raise reasons[0]
        if self._retries or pause > 0:  # those waiting for a place are not next
            self._pool.call_back()
        self._start()
        return pause

    def _choose(self) -> float:
        """Start what may start; returns the seconds that the others have to wait."""
        while queue := self._queue():
            pause = self._rate_limiter.claim()
            if pause > 0:
                return pause
            is_repeat = queue[0].doubted and not queue[0].look_up
            held_back = self._held_back(queue[0].batch) if is_repeat else ()
            pending = self._outcome_handler.without(held_back, queue.popleft())
            if not pending:
                continue
            held, why = self._rate_limiter.held, pending.held_for or PACE
            moment = self.clock.time()
            departure = Departure(moment, pending.look_up, held, why if held else "")
            self._departing.append((pending, departure))
        return 0.0

    def _start(self) -> None:
        if not self._departing:
            return
        requests, rows = len(self._departing), 0
        while self._departing:
            pending, departure = self._departing.popleft()
            rows += pending.depart(departure.moment)
            self._under_way[pending.batch.id] = pending
            self._pool.send(pending.batch, look_up=pending.look_up)
        self.meter.sends(requests, rows)

    def _collect(self) -> None:
        """Wait for an answer and settle it; start nothing."""
        answers = self._pool.answers(wait=True, timeout=AWAKE)
        if not answers and self.stop.was_asked(GRACE):
            self.session.abort()
        with self._on_disk(answers):
            reasons = self._settled(answers)
        if reasons:
            raise reasons[0]

    @contextmanager
    def _on_disk(
        self, answers: Sequence[tuple[Batch, Answer | None]]
    ) -> Iterator[None]:
        """Commit what is done inside, then report it."""
        with self.run_writer.together():
            yield
        for pause, why in self._outcome_handler.pauses():
            self.tell(pause, why)
        if answers:
            self.meter.has_answers()

    def _settled(
        self, answers: Sequence[tuple[Batch, Answer | None]]
    ) -> list[LeadctlError]:
        """Settle what has been answered; returns the reasons to stop the run."""
        reasons: list[LeadctlError] = []
        self._take_back([batch for batch, answer in answers if answer is None])
        for batch, answer in answers:
            if answer is None:
                continue
            pending = self._under_way.pop(batch.id)
            if answer.never_left:
                self.meter.takes_back(pending.take_back())
            try:
                self._outcome_handler.settle_answer(pending, answer)
            except LedgerUnusable:
                raise
            except LeadctlError as reason:
                reasons.append(reason)
        return reasons

    def _take_back(self, batches: Sequence[Batch]) -> None:
        """Undo an intent that did not leave: it waits again, before all others."""
        for batch in reversed(batches):
            pending = self._under_way.pop(batch.id)
            self.meter.takes_back(pending.take_back(), requests=1)
            pending.attempts -= 1
            pending.lineage.requests -= 1
            is_fresh = not (pending.lineage.requests or pending.doubted)
            (self._ready if is_fresh else self._retries).appendleft(pending)
            self.run_writer.call_back(batch, fresh=is_fresh, doubted=pending.doubted)

    def _wind_down(self, error: LeadctlError) -> None:
        """Settle the requests in flight, then mark all other batches as failed."""
        self._pool.call_back()
        while self._pool.is_busy:
            try:
                self._collect()
            except LedgerUnusable:
                raise
            except LeadctlError:
                continue  # it is settled; the run ends for the first reason
        for pending in [*self._retries, *self._ready]:
            pending.last = pending.last or NotProcessed(f"not sent: {error.message}")
            self._outcome_handler.give_up(pending, Code.NOT_SENT)
