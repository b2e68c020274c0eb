"""Runs requests in a pool of threads and collects their answers."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from leadctl.delivery import lookup
from leadctl.ledger.records import Arrival
from leadctl.model.errors import InDoubt, NotProcessed, ProviderError
from leadctl.providers.response_reading import read_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import httpx

    from leadctl.model.leads import Batch, Note, Outcome
    from leadctl.providers.base import Limits, Provider


AT_HAND = 16
"""The most batches that are read ahead, so that no place stays empty."""

GATHER = 0.01
"""Seconds in which answers gather, while threads send what was started ahead."""


class CannotAsk(InDoubt):
    """The campaign's list could not be read: the doubt stays, the batch is retried."""


class LookupResult(NamedTuple):
    """The result of a look-up for each lead of a batch; None: not in the campaign."""

    outcomes: list[Outcome | None]


@dataclass(slots=True)
class Answer:
    """The result of one request; `http` is its status, if there was one.

    It left at `left` (Unix time) and took `took` seconds.
    """

    result: list[Outcome] | LookupResult | ProviderError
    headers: Mapping[str, str]
    http: int | None = None
    left: float = 0.0
    took: float = 0.0
    notes: Sequence[Note] = ()

    @property
    def never_left(self) -> bool:
        """Whether the request certainly did not reach anybody."""
        return isinstance(self.result, NotProcessed) and self.http is None

    @property
    def arrival(self) -> Arrival:
        error = self.result if isinstance(self.result, ProviderError) else None
        said = (error.code, error.message) if error else ()
        return Arrival(self.left, self.took, self.http, *said)


Task: TypeAlias = "tuple[Callable[[Batch], Answer], Batch]"


@dataclass(frozen=True, eq=False)
class Requests:
    """The requests a run makes: uploads of batches, look-ups of those in doubt.

    `time` is Unix time. Leads that the provider lists are from this run if they were
    added since it began, `age` seconds ago. `redacted` removes our secrets from an
    answer's sentence.
    """

    provider: Provider
    send: Callable[[httpx.Request], httpx.Response]
    time: Callable[[], float]
    age: Callable[[], float]
    redacted: Callable[[str], str]

    def sent(self, batch: Batch) -> Answer:
        """Send a batch."""
        headers: Mapping[str, str] = {}
        http: int | None = None
        try:
            response = self.send(self.provider.request(batch))
            headers, http = response.headers, response.status_code
            outcomes = read_outcomes(self.provider, batch, response, self.redacted)
            notes = [
                replace(note, message=self.redacted(note.message))
                for note in self.provider.notes(response, outcomes)
            ]
            return Answer(outcomes, headers, http, notes=notes)
        except ProviderError as error:
            shown = error.redacted(self.redacted)
            return Answer(shown, shown.headers or headers, http)

    def looked_up(self, batch: Batch) -> Answer:
        """Look the leads of a batch up instead of sending them."""
        try:
            found = lookup.outcomes(
                self.provider, batch, self.send, self.age, self.time
            )
            return Answer(LookupResult(found), {})
        except NotProcessed as error:
            return Answer(error.redacted(self.redacted), error.headers or {})
        except ProviderError as error:
            return Answer(CannotAsk(self.redacted(error.message)), {})


@dataclass(eq=False)
class WorkerPool:
    """Runs tasks, as many at a time as there are `places`, each in a thread.

    Further tasks wait for a place until they start or are called back. `may_leave` is
    called right before each starts; `time` is Unix time.
    """

    requests: Requests
    places: int
    time: Callable[[], float]
    may_leave: Callable[[], bool]

    def __post_init__(self) -> None:
        self._waiting: SimpleQueue[Task | None] = SimpleQueue()
        self._back: SimpleQueue[tuple[Batch, Answer | BaseException | None]]
        self._back = SimpleQueue()
        self._threads = 0
        self._under_way = 0

    def send(self, batch: Batch, *, look_up: bool) -> None:
        """Start a request; `look_up` looks the leads up instead of sending them."""
        self._under_way += 1
        task = self.requests.looked_up if look_up else self.requests.sent
        self._waiting.put((task, batch))
        if self._threads < min(self._under_way, self.places):
            threading.Thread(target=self._work, daemon=True).start()
            self._threads += 1

    def call_back(self) -> None:
        """Cancel requests that still wait for a place; they come back unanswered.

        A task that fails cancels them as well, before its error is read.
        """
        if self._under_way <= self.places:
            return  # each has a thread, which is about to take it
        with suppress(Empty):
            while task := self._waiting.get_nowait():
                self._back.put((task[1], None))
            self._waiting.put(None)  # lets one thread end

    @property
    def is_busy(self) -> bool:
        """Whether answers are expected, or ready to be taken."""
        return self._under_way > 0

    def back(self) -> int:
        """Return the number of answers that are ready to be taken."""
        return self._back.qsize()

    def answers(
        self, *, wait: bool = False, timeout: float | None = None, more: int = 0
    ) -> list[tuple[Batch, Answer | None]]:
        """Return the answers that are ready; `wait` for one, or `timeout` seconds.

        After such a wait, `more` have GATHER seconds to come for the same commit.

        None stands for a request that was cancelled: it did not leave.
        """
        found: list[tuple[Batch, Answer | None]] = []
        try:
            while True:
                batch, answer = self._back.get(wait and not found, timeout)
                if wait and not found:
                    self._gather(min(more, self._under_way - 1))
                if not isinstance(answer, BaseException):
                    found.append((batch, answer))
                elif found:  # return those first; the error comes up again
                    self._back.put((batch, answer))
                    break
                self._under_way -= 1
                if isinstance(answer, BaseException):
                    raise answer
        except Empty:
            pass
        return found

    def _gather(self, answers: int) -> None:
        ends = time.monotonic() + GATHER
        while self._back.qsize() < answers and time.monotonic() < ends:
            time.sleep(GATHER / 5)

    def rest(self) -> None:
        """Let idle threads end."""
        self.call_back()
        while self._threads:
            self._waiting.put(None)
            self._threads -= 1

    def _work(self) -> None:
        while (task := self._waiting.get()) is not None:
            travel, batch = task
            if not self.may_leave():
                self._back.put((batch, None))
                continue
            left, began = self.time(), time.monotonic()
            try:
                answer = travel(batch)
            except BaseException as defect:  # noqa: BLE001  raised by the deciding thread
                self.call_back()
                self._back.put((batch, defect))
                continue
            if isinstance(answer.result, ProviderError):
                self.call_back()
            answer.left, answer.took = left, time.monotonic() - began
            self._back.put((batch, answer))


def places_ahead(provider: Provider, limits: Limits) -> int:
    """Return how many intents may be recorded before a thread is free for them.

    A thread then finds its next request at once, without waiting for the disk. None
    are recorded ahead if a rate limit decides when each may leave, or if a repeat could
    not settle the doubt that a crash would leave.
    """
    if limits.every_rate() or limits.min_interval or not provider.resend_is_safe:
        return 0
    return min(limits.concurrency // 4, AT_HAND)
