"""Decides what an answer leads to: outcomes, another attempt, or the end of the run."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from operator import not_
from typing import TYPE_CHECKING

from leadctl.delivery.rate_limiter import requested_pause
from leadctl.delivery.retry import (
    PendingBatch,
    RepeatedRefusals,
    isolated,
    outcome_after_doubt,
)
from leadctl.delivery.worker_pool import CannotAsk, LookupResult
from leadctl.ledger.records import BatchState
from leadctl.model.errors import InDoubt, NotProcessed, ProviderError, Refused, Unusable
from leadctl.model.leads import Code, Note, Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from leadctl.delivery.rate_limiter import RateLimiter
    from leadctl.delivery.retry import RetryPolicy
    from leadctl.delivery.worker_pool import Answer
    from leadctl.ledger.base import RunWriter
    from leadctl.model.leads import Batch
    from leadctl.providers.base import Limits, Provider

LOOK_UP_DELAY = 5.0
"""Seconds after a lost answer before its leads are looked up."""

_BROKEN_OFF = "the run ended before it read the answer"
_TOO_LONG_AGO = "sent too long ago; the provider may not recognise a repeat"
_LISTED = Outcome(
    Status.UNKNOWN,
    Code.ANSWER_LOST,
    "no answer was received, and its number is now on a suppression list",
)
_NOT_THERE_YET = "the first request may still be in progress"


@dataclass(eq=False)
class OutcomeHandler:
    """Settles the batches of one run by their answers, inside a transaction.

    `retries` are the batches to send again, before any fresh one.
    """

    provider: Provider
    limits: Limits
    run_writer: RunWriter
    rate_limiter: RateLimiter
    retry_policy: RetryPolicy
    time: Callable[[], float]
    jitter: Callable[[], float]
    retries: deque[PendingBatch] = field(default_factory=deque, init=False)

    def __post_init__(self) -> None:
        self._may_resend = bool(self.provider.resend_is_safe)
        self._lookup_works = True
        self._given_up = 0
        self._refusals = RepeatedRefusals(self.retry_policy.refused)
        self._notes: Counter[Note] = Counter()
        self._pauses: deque[tuple[float, str]] = deque()

    def pauses(self) -> Iterator[tuple[float, str]]:
        """Return the waits (seconds, why) since the last call, after the commit.

        The listener may be slow, and the ledger is free by then.
        """
        while self._pauses:
            yield self._pauses.popleft()

    def notes(self) -> list[Note]:
        """Return the notes of all answers, each with its count."""
        return [replace(note, count=number) for note, number in self._notes.items()]

    def resume(self, batch: Batch) -> None:
        """Queue a batch from an earlier part of the run whose answer was not read."""
        pending = self._broken_off(batch)
        if self._is_safe(pending):
            self._repeat(pending, self._plan_after_doubt(pending), _BROKEN_OFF)
        else:
            self.give_up(pending, Code.ANSWER_LOST)

    def settle_in_doubt(self, batch: Batch) -> None:
        """Settle such a batch without sending anything."""
        self.give_up(self._broken_off(batch), Code.ANSWER_LOST)

    def settle_answer(self, pending: PendingBatch, answer: Answer) -> None:
        """Settle a batch by its answer; raises the reason to end the run, if any."""
        self.run_writer.answered(pending.batch, answer.arrival)
        self.rate_limiter.ended()
        for note in answer.notes:
            self._notes[replace(note, count=0)] += note.count
        match answer.result:
            case ProviderError() as error:
                self._trouble(pending, error, answer.headers)
            case LookupResult(outcomes):
                self._looked_up(pending, outcomes)
            case outcomes:
                self._answered(pending, outcomes)

    def without(
        self, held_back: Collection[int], pending: PendingBatch
    ) -> PendingBatch | None:
        """Remove rows that are now on a suppression list from a batch in doubt.

        They may have been called, and are not sent again to find out. Returns None if
        no row is left.
        """
        listed = [row in held_back for row in pending.batch.leads.rows]
        if not any(listed):
            return pending
        outcomes = [_LISTED if is_listed else None for is_listed in listed]
        rest = pending.continued(pending.batch.leads.chosen([*map(not_, listed)]))
        rest.held_for = pending.held_for
        pieces = [rest] if rest.batch.leads else []
        self._settle(pending, outcomes, pieces, BatchState.DOUBT)
        return rest if pieces else None

    def give_up(self, pending: PendingBatch, code: Code) -> None:
        """Settle a batch that is not sent again; an earlier doubt stays."""
        why = pending.last.message if pending.last else "not sent"
        outcome = Outcome(Status.FAILED, code, why)
        if pending.doubted:
            match pending.last:
                case InDoubt(lost=False) | Unusable(in_doubt=True):
                    code = Code.ANSWER_UNREADABLE
                case _:
                    code = Code.ANSWER_LOST
            outcome = Outcome(Status.UNKNOWN, code, why)
        self._settle(pending, [outcome] * len(pending.batch))

    def _broken_off(self, batch: Batch) -> PendingBatch:
        lost = InDoubt(_TOO_LONG_AGO if batch.is_stale else _BROKEN_OFF)
        return PendingBatch(
            batch, doubted=True, look_up=self._can_look_up(batch), last=lost
        )

    def _answered(self, pending: PendingBatch, outcomes: list[Outcome]) -> None:
        self._given_up = 0
        pause = self.limits.doubt_delay
        some_open = any(one.status is Status.UNKNOWN for one in outcomes)
        if some_open and self._may_repeat(pending, pause, doubted=True):
            is_open = [outcome.status is Status.UNKNOWN for outcome in outcomes]
            open_leads = pending.batch.leads.chosen(is_open)
            decided = [None if o.status is Status.UNKNOWN else o for o in outcomes]
            pending.last = InDoubt(outcomes[is_open.index(True)].reason, lost=False)
            rest = pending.continued(open_leads)
            rest.doubted = True
            self._settle(pending, decided, [rest], BatchState.DOUBT)
            self._repeat(rest, pause, pending.last.message)
        else:
            self._settle(pending, outcomes)

    def _looked_up(self, pending: PendingBatch, outcomes: list[Outcome | None]) -> None:
        """Settle what the look-up found; send the others, which did not arrive.

        If a retry is not recognised yet, they wait: they may still arrive.
        """
        self._given_up = 0
        missing = pending.batch.leads.chosen([outcome is None for outcome in outcomes])
        pieces = [pending.continued(missing)] if missing else []
        # What the look-up says is certain: the note about a lost answer does not apply.
        self._settle(pending, outcomes, pieces, certain=True)
        for piece in pieces:
            if not pending.owed and self._is_safe(piece):
                self.retries.appendleft(piece)
            elif self._may_repeat(piece, pending.owed, doubted=True):
                self._repeat(piece, pending.owed, _NOT_THERE_YET)
            else:
                self.give_up(piece, Code.ANSWER_LOST)

    def _trouble(
        self, pending: PendingBatch, error: ProviderError, headers: Mapping[str, str]
    ) -> None:
        pending.last = error
        match error:
            case Refused():
                self._given_up = 0
                self._isolate(pending, error)
            case NotProcessed() | InDoubt():
                pending.doubted = pending.doubted or isinstance(error, InDoubt)
                if isinstance(error, CannotAsk):
                    self._lookup_works = False
                pending.look_up = pending.doubted and self._can_look_up(pending.batch)
                self._repeat_or_give_up(pending, error, headers)
            case _:  # the next batch would get the same
                is_doubt = isinstance(error, Unusable) and error.in_doubt
                pending.doubted = pending.doubted or is_doubt
                self.give_up(pending, Code.NOT_PROCESSED)
                raise error

    def _repeat_or_give_up(
        self,
        pending: PendingBatch,
        error: NotProcessed | InDoubt,
        headers: Mapping[str, str],
    ) -> None:
        retry_after = requested_pause(headers, self.time())
        least = self._plan_after_doubt(pending) if isinstance(error, InDoubt) else 0.0
        if retry_after is not None:  # it concerns every run on this account
            self.rate_limiter.quiet(retry_after, shared=True)
            least = max(least, retry_after + self.jitter())
        pause = self.retry_policy.pause(pending.attempts, self.jitter())
        pause = max(least, pause)
        if self._may_repeat(pending, pause, doubted=pending.doubted):
            state = (
                BatchState.DOUBT if isinstance(error, InDoubt) else BatchState.WAITING
            )
            self.run_writer.mark(pending.batch, state, doubted=pending.doubted)
            self._repeat(pending, pause, error.message)
            return
        self.give_up(pending, Code.NOT_PROCESSED)
        if not isinstance(error, CannotAsk):
            self._given_up += 1
        if self._given_up >= self.retry_policy.given_up:
            raise error

    def _may_repeat(
        self, pending: PendingBatch, pause: float, *, doubted: bool
    ) -> bool:
        return (
            (not doubted or self._is_safe(pending, pause))
            and pending.attempts < self.retry_policy.attempts
            and pending.waited + pause <= self.retry_policy.longest_wait
        )

    def _is_safe(self, pending: PendingBatch, pause: float = 0.0) -> bool:
        """Tell whether the next attempt adds no lead twice; a look-up never does."""
        left_at, window = pending.lineage.left_at, self.provider.resend_window
        age = 0.0 if left_at is None else self.time() + pause - left_at
        is_stale = pending.batch.is_stale or age > window
        return self._may_resend and (pending.look_up or not is_stale)

    def _can_look_up(self, batch: Batch) -> bool:
        """Tell whether the leads of a batch can be looked up."""
        return self._lookup_works and self.provider.look_up(batch, "") is not None

    def _plan_after_doubt(self, pending: PendingBatch) -> float:
        """Plan the next step; returns the seconds until it. A look-up may be early."""
        delay = self.limits.doubt_delay
        pause = min(delay, LOOK_UP_DELAY) if pending.look_up else delay
        pending.owed = delay - pause
        return pause

    def _repeat(self, pending: PendingBatch, pause: float, why: str) -> None:
        pending.waited += pause
        pending.held_for = why
        self.rate_limiter.quiet(pause, shared=False)
        self._pauses.append((pause, why))
        self.retries.append(pending)

    def _isolate(self, pending: PendingBatch, refusal: Refused) -> None:
        """Deliver the rest of a rejected batch, once the bad rows are known."""
        outcomes, parts = isolated(
            pending, refusal, self.retry_policy, may_repeat=self._may_resend
        )
        pieces = [pending.part(leads) for leads in parts]
        self._settle(pending, outcomes, pieces)
        self.retries.extendleft(reversed(pieces))

    def _settle(
        self,
        pending: PendingBatch,
        outcomes: Sequence[Outcome | None],
        pieces: Sequence[PendingBatch] = (),
        state: BatchState = BatchState.WAITING,
        *,
        certain: bool = False,
    ) -> None:
        """Record outcomes; leads without one (None) stay in `pieces`."""
        if pending.doubted and not certain:
            is_final = self.provider.refusal_is_final
            outcomes = [
                outcome and outcome_after_doubt(outcome, refusal_is_final=is_final)
                for outcome in outcomes
            ]
        self.run_writer.settle(
            pending.batch,
            outcomes,
            [piece.batch for piece in pieces],
            state,
            doubted=any(piece.doubted for piece in pieces),
        )
        pending.lineage.record(outcomes, len(pieces))
        if not pending.lineage.open:
            self._refusals.watch(pending.lineage)
