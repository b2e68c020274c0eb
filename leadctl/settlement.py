"""An answer read: what it settles of a batch, what goes again, what ends the run."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from leadctl.courier import CannotAsk, Found
from leadctl.errors import InDoubt, NotProcessed, ProviderError, Refused, Unusable
from leadctl.journey import Journey, Refusals, after_doubt, isolated
from leadctl.ledger.records import BatchState
from leadctl.model import Code, Note, Outcome, Status
from leadctl.pace import asked_pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from leadctl.courier import Answer
    from leadctl.journey import Patience
    from leadctl.ledger.base import RunWriter
    from leadctl.model import Batch, Leads
    from leadctl.pace import Pace
    from leadctl.provider import Limits, Provider

LOOK_UP_DELAY = 5.0
"""Seconds after a lost answer before its leads are looked up."""

_BROKEN_OFF = "the run ended before the answer was read"
_NOT_THERE_YET = "the first request may still be under way"


class Settlement:
    """Settles the batches of one run by their answers, inside a transaction.

    `again` are those to be repeated, before any fresh one.
    """

    def __init__(
        self,
        provider: Provider,
        limits: Limits,
        books: RunWriter,
        pace: Pace,
        patience: Patience,
        time: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self._provider = provider
        self._limits = limits
        self._books = books
        self._pace = pace
        self._patience = patience
        self._time = time
        self._jitter = jitter
        self._may_resend = bool(provider.resend_is_safe)
        self._can_ask = True
        self._given_up = 0
        self._refusals = Refusals(patience.refused)
        self._notes: Counter[Note] = Counter()
        self.again: deque[Journey] = deque()
        self._pauses: deque[tuple[float, str]] = deque()

    def pauses(self) -> Iterator[tuple[float, str]]:
        """Take the waits (seconds, why) since then: to be told of when all is on disk.

        Whoever is told may be slow to listen: the ledger is free by then.
        """
        while self._pauses:
            yield self._pauses.popleft()

    def notes(self) -> list[Note]:
        """Return what answers told beside the outcomes, each with its sum."""
        return [replace(note, count=number) for note, number in self._notes.items()]

    def take_up(self, batch: Batch) -> None:
        """Repeat a batch of an earlier part of the run whose answer nobody read."""
        journey = self._broken_off(batch)
        if self._may_resend:
            self._repeat(journey, self._after_doubt(journey), _BROKEN_OFF)
        else:
            self.give_up(journey, Code.ANSWER_LOST)

    def call_off(self, batch: Batch) -> None:
        """Settle such a batch without sending anything."""
        self.give_up(self._broken_off(batch), Code.ANSWER_LOST)

    def _broken_off(self, batch: Batch) -> Journey:
        lost = InDoubt(_BROKEN_OFF)
        return Journey(batch, doubted=True, ask=self._asks(batch), last=lost)

    def read(self, journey: Journey, answer: Answer) -> None:
        """Settle a batch by its answer; raises the reason to end the run, if it is."""
        self._books.answered(journey.batch, answer.arrival)
        self._pace.ended()
        for note in answer.notes:
            self._notes[replace(note, count=0)] += note.count
        match answer.result:
            case ProviderError() as error:
                self._trouble(journey, error, answer.headers)
            case Found(outcomes):
                self._looked_up(journey, outcomes)
            case outcomes:
                self._answered(journey, outcomes)

    def _answered(self, journey: Journey, outcomes: list[Outcome]) -> None:
        self._given_up = 0
        is_open = [outcome.status is Status.UNKNOWN for outcome in outcomes]
        pause = self._limits.doubt_delay
        if any(is_open) and self._may_repeat(journey, pause, doubted=True):
            open_leads = journey.batch.leads.chosen(is_open)
            decided = [None if o.status is Status.UNKNOWN else o for o in outcomes]
            journey.last = InDoubt(outcomes[is_open.index(True)].reason, lost=False)
            (rest,) = self._settle(journey, decided, [open_leads], BatchState.DOUBT)
            rest.attempts, rest.waited = journey.attempts, journey.waited
            self._repeat(rest, pause, journey.last.message)
        else:
            self._settle(journey, outcomes)

    def _looked_up(self, journey: Journey, outcomes: list[Outcome | None]) -> None:
        """Settle what the look-up found; send the rest, which never arrived.

        Where a repeat is not recognised yet, they may still arrive: it waits.
        """
        self._given_up = 0
        missing = journey.batch.leads.chosen([outcome is None for outcome in outcomes])
        parts = [missing] if missing else []
        # What the look-up says is certain: the note about a lost answer does not apply.
        for piece in self._settle(journey, outcomes, parts, certain=True):
            piece.attempts, piece.waited = journey.attempts, journey.waited
            if not journey.owed:
                self.again.appendleft(piece)
            elif self._may_repeat(piece, journey.owed, doubted=True):
                self._repeat(piece, journey.owed, _NOT_THERE_YET)
            else:
                self.give_up(piece, Code.ANSWER_LOST)

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
                journey.ask = journey.doubted and self._asks(journey.batch)
                self._repeat_or_give_up(journey, error, headers)
            case _:  # the next batch would meet the same
                is_doubt = isinstance(error, Unusable) and error.in_doubt
                journey.doubted = journey.doubted or is_doubt
                self.give_up(journey, Code.NOT_PROCESSED)
                raise error

    def _repeat_or_give_up(
        self,
        journey: Journey,
        error: NotProcessed | InDoubt,
        headers: Mapping[str, str],
    ) -> None:
        asked = asked_pause(headers, self._time())
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
        self.give_up(journey, Code.NOT_PROCESSED)
        self._given_up += 1
        if self._given_up >= self._patience.given_up:
            raise error

    def _may_repeat(self, journey: Journey, pause: float, *, doubted: bool) -> bool:
        return (
            (self._may_resend or not doubted)
            and journey.attempts < self._patience.attempts
            and journey.waited + pause <= self._patience.longest_wait
        )

    def _pause(
        self, journey: Journey, error: ProviderError, asked: float | None
    ) -> float:
        """Return the seconds to the next attempt: back-off, and at least as asked."""
        least = self._after_doubt(journey) if isinstance(error, InDoubt) else 0.0
        if asked is not None:
            least = max(least, asked + self._jitter())
        return max(least, self._patience.pause(journey.attempts, self._jitter()))

    def _asks(self, batch: Batch) -> bool:
        """Tell whether the leads of a batch can be looked up."""
        return self._can_ask and self._provider.look_up(batch, "") is not None

    def _after_doubt(self, journey: Journey) -> float:
        """Return the seconds to the next step: a look-up, which may be early."""
        delay = self._limits.doubt_delay
        pause = min(delay, LOOK_UP_DELAY) if journey.ask else delay
        journey.owed = delay - pause
        return pause

    def _repeat(self, journey: Journey, pause: float, why: str) -> None:
        journey.waited += pause
        journey.held_for = why
        self._pace.quiet(pause, shared=False)
        self._pauses.append((pause, why))
        self.again.append(journey)

    def give_up(self, journey: Journey, code: Code) -> None:
        """Settle a batch that is not sent again; a doubt stays, whatever came later."""
        why = journey.last.message if journey.last else "not sent"
        if journey.doubted:
            match journey.last:
                case InDoubt(lost=False) | Unusable(in_doubt=True):
                    code = Code.ANSWER_UNREADABLE
                case _:
                    code = Code.ANSWER_LOST
            outcome = Outcome(Status.UNKNOWN, code, why)
        else:
            outcome = Outcome(Status.FAILED, code, why)
        self._settle(journey, [outcome] * len(journey.batch))

    def _isolate(self, journey: Journey, refusal: Refused) -> None:
        """Deliver the rest of a refused batch, once the culprits are known."""
        outcomes, parts = isolated(
            journey, refusal, self._patience, may_repeat=self._may_resend
        )
        pieces = self._settle(journey, outcomes, parts)
        self.again.extendleft(reversed(pieces))

    def _settle(
        self,
        journey: Journey,
        outcomes: Sequence[Outcome | None],
        parts: Sequence[Leads] = (),
        state: BatchState = BatchState.WAITING,
        *,
        certain: bool = False,
    ) -> list[Journey]:
        """Record outcomes; leads without one (None) travel on in `parts`, returned."""
        if journey.doubted and not certain:
            is_final = self._provider.refusal_is_final
            outcomes = [
                outcome and after_doubt(outcome, refusal_is_final=is_final)
                for outcome in outcomes
            ]
        family, doubted = journey.family, journey.doubted or state is BatchState.DOUBT
        pieces = [
            Journey(
                replace(journey.batch, id=uuid4(), leads=part),
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
