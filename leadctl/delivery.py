"""Batches -> outcomes over HTTP. The only place that waits or sends anything again.

One thread decides and writes the ledger; each request travels in a thread of its own. A
batch that must be repeated goes before fresh ones, and while a provider is in trouble
nothing else is sent.
"""

from __future__ import annotations

import random
from collections import deque
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from leadctl.audit import BatchState
from leadctl.courier import CannotAsk, Courier, Found
from leadctl.errors import (
    InDoubt,
    LeadctlError,
    LedgerUnusable,
    NotProcessed,
    ProviderError,
    Refused,
)
from leadctl.journey import Journey, Patience, Refusals, after_doubt, isolated
from leadctl.model import Code, Outcome, Status
from leadctl.pace import asked_pause
from leadctl.progress import Meter
from leadctl.timeline import Departure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from uuid import UUID

    import httpx

    from leadctl.books import Books
    from leadctl.clock import Clock, Stop
    from leadctl.courier import Answer
    from leadctl.model import Batch, Lead
    from leadctl.pace import Pace
    from leadctl.provider import Limits, Provider

_BROKEN_OFF = "the run ended before the answer was read"

PACE = "the provider's pace for this account"
"""What a request waits for that is no repeat."""

AT_HAND = 16
"""Batches read ahead, where so many may be under way: places do not stay empty."""

LONG_WAIT = 10.0
"""Seconds of waiting for a start that are told of."""


class Delivery:
    """Sends the batches of one run.

    `tell(seconds, why)` hears of every wait for a provider.
    """

    def __init__(
        self,
        provider: Provider,
        limits: Limits,
        send: Callable[[httpx.Request], httpx.Response],
        books: Books,
        pace: Pace,
        clock: Clock,
        stop: Stop,
        *,
        patience: Patience | None = None,
        tell: Callable[[float, str], None] = lambda _seconds, _why: None,
        jitter: Callable[[], float] = random.random,
        meter: Meter | None = None,
    ) -> None:
        self._provider = provider
        self._limits = limits
        began = datetime.fromisoformat(books.run().started_at).timestamp()
        self._courier = Courier(provider, send, clock.time, began)
        self._books = books
        self._clock = clock
        self._stop = stop
        self._patience = patience or Patience()
        self._tell = tell
        self._jitter = jitter
        self._meter = meter or Meter()
        self._pace = pace
        self._can_ask = provider.look_up("", "") is not None
        self._under_way: dict[UUID, Journey] = {}
        self._again: deque[Journey] = deque()
        self._ready: deque[Journey] = deque()
        self._enough = min(limits.concurrency, AT_HAND)
        self._leaving: deque[tuple[Journey, Departure]] = deque()
        self._untold: deque[tuple[float, str]] = deque()
        self._given_up = 0
        self._refusals = Refusals(self._patience.refused)

    def deliver(self, batches: Iterator[Batch], in_doubt: Sequence[Batch] = ()) -> None:
        """Send every batch and settle every lead of those taken from the iterator.

        `in_doubt` are batches of an earlier part of the run whose answer nobody read.

        Raises what stopped the run before its end (AccessDenied, CampaignClosed,
        Unusable, RefusedThroughout, or the trouble met until patience was over); by
        then the batches under way are settled and those not sent are `failed`. When a
        stop is asked it returns with the requests under way finished and nothing else
        started.
        """
        try:
            for batch in in_doubt:
                self._take_up(batch)
            pause = 0.0
            while not self._stop.is_asked():
                self._prepare(batches)
                if not (self._under_way or self._again or self._ready):
                    return
                pause = self._turn(self._answers(pause))
            while self._under_way:
                self._collect()
            while self._again:  # a stop was asked for: what was to be repeated is not
                self._give_up(self._again.popleft(), Code.NOT_PROCESSED)
        except LedgerUnusable:
            raise  # what is under way stays `sending`: in doubt, and never lost
        except LeadctlError as error:
            self._leave(error)
            raise
        finally:
            self._courier.rest()

    def give_up(self, in_doubt: Sequence[Batch]) -> None:
        """Settle batches of an earlier part of the run without sending anything."""
        for batch in in_doubt:
            self._give_up(self._broken_off(batch), Code.ANSWER_LOST)

    # --- choosing and starting ---

    def _take_up(self, batch: Batch) -> None:
        journey = self._broken_off(batch)
        if self._provider.resend_is_safe:
            self._repeat(journey, self._limits.doubt_delay, _BROKEN_OFF)
        else:
            self._give_up(journey, Code.ANSWER_LOST)

    def _broken_off(self, batch: Batch) -> Journey:
        lost = InDoubt(_BROKEN_OFF)
        return Journey(batch, doubted=True, ask=self._can_ask, last=lost)

    def _prepare(self, batches: Iterator[Batch]) -> None:
        """Have batches at hand: rows are read while requests travel.

        As many as there are places, then more of them until somebody answers.
        """
        while not self._stop.is_asked():
            back = self._courier.back()
            free = self._limits.concurrency - len(self._under_way) + back
            enough = min(free, AT_HAND) if back else self._enough
            if len(self._ready) >= enough:
                return
            batch = next(batches, None)
            if batch is None:
                return
            self._ready.append(Journey(batch))

    def _answers(self, pause: float) -> list[tuple[Batch, Answer]]:
        """Take the answers that are there; wait for one where nothing may start.

        That is for `pause` seconds, or while all places are taken.
        """
        if pause > 0:
            self._meter.waits(pause, self._again[0].held_for if self._again else PACE)
            if self._under_way:
                return self._courier.answers(wait=True, timeout=pause)
            if pause > LONG_WAIT and not self._again:  # a repeat has been told of
                self._tell(pause, PACE)
            self._clock.sleep(pause)
            return []
        may_start = (self._again or self._ready) and self._places() > 0
        return self._courier.answers(wait=not may_start)

    def _places(self) -> int:
        return self._limits.concurrency - len(self._under_way) - len(self._leaving)

    def _turn(self, answers: Sequence[tuple[Batch, Answer]]) -> float:
        """Settle what was answered and commit what leaves now: one commit for both.

        Then, and not before, it leaves. Raises the first reason to stop, when all is
        settled and on disk. Returns the seconds until something more may start.
        """
        pause = 0.0
        with self._on_disk(answers):
            reasons = self._settled(answers)
            if not reasons and not self._stop.is_asked():
                pause = self._choose()
            for journey, departure in self._leaving:
                self._books.intend(journey.batch, departure, doubted=journey.doubted)
        if reasons:
            raise reasons[0]
        self._start()
        return pause

    def _choose(self) -> float:
        """Have all that may start leave; returns the seconds others have to wait."""
        while (queue := self._again or self._ready) and self._places() > 0:
            pause = self._pace.claim()
            if pause > 0:
                return pause
            journey = queue.popleft()
            held, why = self._pace.held, journey.held_for or PACE
            moment = self._clock.time()
            departure = Departure(moment, journey.ask, held, why if held else "")
            self._leaving.append((journey, departure))
        return 0.0

    def _start(self) -> None:
        if not self._leaving:
            return
        requests, rows = len(self._leaving), 0
        while self._leaving:
            journey, _ = self._leaving.popleft()
            journey.attempts += 1
            journey.family.requests += 1
            journey.is_first = not journey.family.has_left
            journey.family.has_left = True
            rows += len(journey.batch) if journey.is_first else 0
            self._under_way[journey.batch.id] = journey
            self._courier.send(journey.batch, ask=journey.ask)
        self._meter.sends(requests, rows)

    # --- reading answers ---

    def _collect(self) -> None:
        """Wait for an answer and settle what is there; start nothing."""
        answers = self._courier.answers(wait=True)
        with self._on_disk(answers):
            reasons = self._settled(answers)
        if reasons:
            raise reasons[0]

    @contextmanager
    def _on_disk(self, answers: Sequence[tuple[Batch, Answer]]) -> Iterator[None]:
        """Commit what is done inside; tell of it when it is on disk.

        Whoever is told may be slow to listen: the ledger is free by then.
        """
        with self._books.together():
            yield
        while self._untold:
            self._tell(*self._untold.popleft())
        if answers:
            self._meter.has_answers()

    def _settled(self, answers: Sequence[tuple[Batch, Answer]]) -> list[LeadctlError]:
        """Settle what has been answered; returns the reasons to stop the run."""
        reasons: list[LeadctlError] = []
        for batch, answer in answers:
            journey = self._under_way.pop(batch.id)
            try:
                self._read(journey, answer)
            except LedgerUnusable:
                raise
            except LeadctlError as reason:
                reasons.append(reason)
        return reasons

    def _read(self, journey: Journey, answer: Answer) -> None:
        self._books.answered(journey.batch, answer.arrival)
        self._pace.ended()
        match answer.result:
            case ProviderError() as error:
                if isinstance(error, NotProcessed) and answer.http is None:
                    self._never_left(journey)
                self._trouble(journey, error, answer.headers)
            case Found(outcomes):
                self._looked_up(journey, outcomes)
            case outcomes:
                self._answered(journey, outcomes)

    def _never_left(self, journey: Journey) -> None:
        """Count a batch as sent no more where nobody was there to take it."""
        if journey.is_first:
            journey.family.has_left = False
            self._meter.takes_back(len(journey.batch))

    def _answered(self, journey: Journey, outcomes: list[Outcome]) -> None:
        self._given_up = 0
        open_leads = [
            lead
            for lead, outcome in zip(journey.batch.leads, outcomes, strict=True)
            if outcome.status is Status.UNKNOWN
        ]
        if open_leads and self._may_repeat(journey, doubted=True):
            decided = [None if o.status is Status.UNKNOWN else o for o in outcomes]
            (rest,) = self._settle(journey, decided, [open_leads], BatchState.DOUBT)
            rest.attempts, rest.waited = journey.attempts, journey.waited
            self._repeat(
                rest, self._limits.doubt_delay, "some rows are missing from the answer"
            )
        else:
            self._settle(journey, outcomes)

    def _looked_up(self, journey: Journey, outcomes: list[Outcome | None]) -> None:
        """Settle what the look-up found; send the rest, which never arrived."""
        self._given_up = 0
        missing = [
            lead
            for lead, outcome in zip(journey.batch.leads, outcomes, strict=True)
            if outcome is None
        ]
        parts = [missing] if missing else []
        # What the look-up says is certain: the note about a lost answer does not apply.
        for piece in self._settle(journey, outcomes, parts, certain=True):
            piece.attempts, piece.waited = journey.attempts, journey.waited
            self._again.appendleft(piece)

    def _trouble(
        self, journey: Journey, error: ProviderError, headers: Mapping[str, str]
    ) -> None:
        journey.last = error
        match error:
            case Refused():
                self._given_up = 0
                self._isolate(journey, error)
            case NotProcessed() | InDoubt():
                journey.doubted = journey.doubted or isinstance(error, InDoubt)
                if isinstance(error, CannotAsk):
                    self._can_ask = False
                journey.ask = self._can_ask and journey.doubted
                self._repeat_or_give_up(journey, error, headers)
            case _:  # the next batch would meet the same
                self._give_up(journey, Code.NOT_PROCESSED)
                raise error

    def _repeat_or_give_up(
        self,
        journey: Journey,
        error: NotProcessed | InDoubt,
        headers: Mapping[str, str],
    ) -> None:
        asked = asked_pause(headers, self._clock.time())
        if asked is not None:  # it concerns every run on this account
            self._pace.quiet(asked, shared=True)
        pause = self._pause(journey, error, asked)
        if self._may_repeat(journey, pause, doubted=journey.doubted):
            state = (
                BatchState.DOUBT if isinstance(error, InDoubt) else BatchState.WAITING
            )
            self._books.mark(journey.batch, state, doubted=journey.doubted)
            self._repeat(journey, pause, error.message)
            return
        self._give_up(journey, Code.NOT_PROCESSED)
        self._given_up += 1
        if self._given_up >= self._patience.given_up:
            raise error

    def _may_repeat(
        self, journey: Journey, pause: float = 0.0, *, doubted: bool
    ) -> bool:
        return (
            (self._provider.resend_is_safe or not doubted)
            and journey.attempts < self._patience.attempts
            and journey.waited + pause <= self._patience.longest_wait
        )

    def _pause(
        self, journey: Journey, error: ProviderError, asked: float | None
    ) -> float:
        """Seconds to the next attempt: as asked, else back-off with full jitter."""
        least = self._limits.doubt_delay if isinstance(error, InDoubt) else 0.0
        if asked is not None:
            return max(least, asked + self._jitter())
        return max(least, self._patience.pause(journey.attempts, self._jitter()))

    def _repeat(self, journey: Journey, pause: float, why: str) -> None:
        journey.waited += pause
        journey.held_for = why
        self._pace.quiet(pause, shared=False)
        self._untold.append((pause, why))
        self._again.append(journey)

    def _give_up(self, journey: Journey, code: Code) -> None:
        """Settle a batch that is not sent again; a doubt stays, whatever came later."""
        why = journey.last.message if journey.last else "not sent"
        if journey.doubted:
            unreadable = isinstance(journey.last, InDoubt) and not journey.last.lost
            code = Code.ANSWER_UNREADABLE if unreadable else Code.ANSWER_LOST
            outcome = Outcome(Status.UNKNOWN, code, why)
        else:
            outcome = Outcome(Status.FAILED, code, why)
        self._settle(journey, [outcome] * len(journey.batch))

    def _isolate(self, journey: Journey, refusal: Refused) -> None:
        """Deliver the rest of a refused batch, once the culprits are known."""
        outcomes, parts = isolated(journey, refusal, self._patience)
        pieces = self._settle(journey, outcomes, parts)
        self._again.extendleft(reversed(pieces))

    # --- settling ---

    def _settle(
        self,
        journey: Journey,
        outcomes: Sequence[Outcome | None],
        parts: Sequence[Sequence[Lead]] = (),
        state: BatchState = BatchState.WAITING,
        *,
        certain: bool = False,
    ) -> list[Journey]:
        """Record outcomes; leads without one (None) travel on in `parts`, returned."""
        if journey.doubted and not certain:
            outcomes = [outcome and after_doubt(outcome) for outcome in outcomes]
        family, doubted = journey.family, journey.doubted or state is BatchState.DOUBT
        pieces = [
            Journey(
                replace(journey.batch, id=uuid4(), leads=tuple(part)),
                family,
                doubted=doubted,
                last=journey.last,
            )
            for part in parts
        ]
        self._books.settle(
            journey.batch,
            outcomes,
            [piece.batch for piece in pieces],
            state,
            doubted=doubted,
        )
        family.open += len(pieces) - 1
        decided = [outcome for outcome in outcomes if outcome]
        family.refusals |= {o.reason for o in decided if o.status is Status.REJECTED}
        family.welcome |= any(o.status is not Status.REJECTED for o in decided)
        if not family.open:
            self._refusals.watch(family)
        return pieces

    # --- ending ---

    def _leave(self, error: LeadctlError) -> None:
        """Settle what is under way, then call everything at hand failed."""
        while self._courier.is_busy:
            try:
                self._collect()
            except LedgerUnusable:
                raise
            except LeadctlError:
                continue  # it is settled; the run ends for the first reason
        leaving = [journey for journey, _ in self._leaving]
        for journey in [*leaving, *self._again, *self._ready]:
            journey.last = journey.last or NotProcessed(f"not sent: {error.message}")
            self._give_up(journey, Code.NOT_SENT)
