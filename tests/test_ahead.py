"""Intents recorded ahead of their requests are undone if the requests do not leave."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from signal import SIGTERM
from typing import TYPE_CHECKING

import httpx
from model import FakeClock, Model, Server

from leadctl.delivery.provider_session import ProviderSession
from leadctl.delivery.rate_limiter import RateLimiter
from leadctl.delivery.sender import Sender
from leadctl.importing.importer import DeliveryHistory, Importer
from leadctl.importing.plan import Plan
from leadctl.ledger import open_ledger
from leadctl.ledger.records import NewRun
from leadctl.model.clock import CancellationToken
from leadctl.model.errors import InputChanged
from leadctl.model.leads import Status
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions
from leadctl.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from leadctl.ledger.base import Ledger, RunWriter
    from leadctl.ledger.records import Unfinished
    from leadctl.model.leads import Block

PLACES, AHEAD, ROWS = 8, 2, 16
PHONES = [f"+155512300{row}" for row in range(20, 20 + ROWS)]


@dataclass
class Crowd:
    """Eight requests that are with the provider, and two that wait for a place.

    `then` is called when so many are recorded (`recorded`), with the first one's answer
    to give; the others are answered when `go_on` is set. `at_a_time` are the most there
    were.
    """

    folder: Path
    then: Callable[[Crowd], httpx.Response | None] = lambda _crowd: None
    stop: CancellationToken = field(default_factory=CancellationToken)
    recorded: int = PLACES + AHEAD
    source: type[Source] = Source
    clock: FakeClock = field(default_factory=FakeClock)
    go_on: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    arrived: int = 0
    now: int = 0
    at_a_time: int = 0
    run_id: str = ""

    def __post_init__(self) -> None:
        self.server = Server([], refuses_doubles=True)
        self.ledger = self.folder / "ledger.sqlite"
        (self.folder / "leads.csv").write_text("phone\n" + "\n".join(PHONES) + "\n")

    def send(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.arrived += 1
            place = self.arrived
            self.now += 1
            self.at_a_time = max(self.now, self.at_a_time)
        answer: httpx.Response | None = None
        if place == 1:
            wait_for(lambda: self.sending() == self.recorded)
            answer = self.then(self)
        elif place <= PLACES + AHEAD:
            assert self.go_on.wait(20)
        with self.lock:
            self.now -= 1
        return answer or self.server.send(request)

    def sending(self) -> int:
        """Return how many batches the ledger says are on their way."""
        return self.asked("SELECT count(*) FROM batches WHERE state = 'sending'")

    def asked(self, question: str) -> int:
        with closing(sqlite3.connect(self.ledger)) as db:
            return int(db.execute(question).fetchone()[0])

    def run(self) -> dict[Status, int]:
        provider = Model()
        limits = provider.limits._replace(concurrency=PLACES)
        opened = open_source(self.folder / "leads.csv", ReadOptions())
        source = self.source(**vars(opened))
        plan = Plan(provider=provider, campaign="1", sources=(source,), batch_size=1)
        with open_ledger(self.ledger) as ledger:
            books, unfinished = self._books(ledger)
            delivery = Sender(
                provider,
                limits,
                ProviderSession(
                    self.send,
                    RateLimiter(limits, ledger.rates, "model", "1", self.clock),
                ),
                books,
                self.clock,
                self.stop,
                jitter=lambda: 0.5,
            )
            known = DeliveryHistory(
                ledger.digest("model", "1"), ledger.delivered("model", "1").among
            )
            Importer(plan, books, known, unfinished).deliver(delivery.deliver)
            return {status: n for status, n in books.counts().items() if n}

    def _books(self, ledger: Ledger) -> tuple[RunWriter, Unfinished | None]:
        if self.run_id:
            resumed = ledger.resumed(self.run_id)
            return resumed, resumed.reopen(most=1)
        books = ledger.begin(NewRun("model", "model", "1", [("leads.csv", "")]))
        self.run_id = books.facts().id
        return books, None

    def numbers(self) -> list[int]:
        with open_ledger(self.ledger) as ledger:
            requests = ledger.run(self.run_id).requests()
            return [request.number for request in requests]

    def requests(self) -> int:
        with open_ledger(self.ledger) as ledger:
            return ledger.run(self.run_id).facts().requests


def wait_for(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends, "what was waited for did not come"
        time.sleep(0.002)


def test_no_more_are_under_way_than_there_are_places(tmp_path: Path) -> None:
    def all_at_once(crowd: Crowd) -> None:
        time.sleep(0.1)  # for others to come, if they could
        crowd.go_on.set()

    crowd = Crowd(tmp_path, all_at_once)
    assert crowd.run() == {Status.CREATED: ROWS}
    assert crowd.at_a_time == PLACES
    assert max(crowd.server.stored.values()) == 1
    assert crowd.numbers() == [*range(1, ROWS + 1)]


def test_trouble_calls_back_what_has_not_left(tmp_path: Path) -> None:
    """A wish to wait is heard by those that were to leave next as well."""

    def throttled(crowd: Crowd) -> httpx.Response:
        def answer_others() -> None:
            wait_for(lambda: crowd.sending() == PLACES - 1)
            crowd.go_on.set()

        threading.Thread(target=answer_others, daemon=True).start()
        return httpx.Response(429, headers={"Retry-After": "3"})

    class Looking(FakeClock):
        def sleep(self, seconds: float) -> None:
            seen.append((seconds, crowd.arrived, crowd.requests()))
            super().sleep(seconds)

    seen: list[tuple[float, int, int]] = []
    crowd = Crowd(tmp_path, throttled, clock=Looking())
    assert crowd.run() == {Status.CREATED: ROWS}
    assert seen[0] == (3.5, PLACES, PLACES)
    assert crowd.requests() == crowd.arrived == ROWS + 1
    assert crowd.numbers() == [*range(1, ROWS + 2)]
    assert max(crowd.server.stored.values()) == 1


def test_wish_to_wait_is_heard_by_those_recorded_meanwhile(tmp_path: Path) -> None:
    """The 429 arrives before their requests, and is not read yet."""

    def throttled(_crowd: Crowd) -> httpx.Response:
        assert recording.wait(20)
        return httpx.Response(429, headers={"Retry-After": "3"})

    class SlowDisk(FakeClock):
        def time(self) -> float:
            is_deciding = threading.current_thread() is deciding
            if is_deciding and crowd.arrived == PLACES and not recording.is_set():
                recording.set()
                time.sleep(0.2)  # the 429 comes back meanwhile
                threading.Timer(0.5, crowd.go_on.set).start()
            return super().time()

        def sleep(self, seconds: float) -> None:
            seen.append((seconds, crowd.arrived))
            super().sleep(seconds)

    seen: list[tuple[float, int]] = []
    deciding, recording = threading.current_thread(), threading.Event()
    crowd = Crowd(tmp_path, throttled, recorded=PLACES, clock=SlowDisk())
    assert crowd.run() == {Status.CREATED: ROWS}
    # One may be taken by the thread that has brought the 429.
    assert seen[0][1] <= PLACES + 1
    assert crowd.requests() == crowd.arrived


@dataclass(frozen=True)
class BreaksOff(Source):
    """A file that cannot be read any more behind the rows that are there."""

    def blocks(self) -> Iterator[Block]:
        yield from super().blocks()
        raise InputChanged("leads.csv is no longer readable")


def test_file_that_breaks_off_calls_back_what_has_not_left(tmp_path: Path) -> None:
    def left_alone(crowd: Crowd) -> None:
        threading.Timer(0.2, crowd.go_on.set).start()
        assert crowd.go_on.wait(20)

    crowd = Crowd(tmp_path, left_alone, recorded=PLACES, source=BreaksOff)
    assert crowd.run() == {Status.CREATED: PLACES, Status.FAILED: ROWS - PLACES}
    assert crowd.arrived == crowd.requests() == PLACES


def test_stop_calls_back_what_has_not_left(tmp_path: Path) -> None:
    def stopped(crowd: Crowd) -> None:
        crowd.stop.ask(SIGTERM)
        crowd.go_on.set()

    crowd = Crowd(tmp_path, stopped)
    assert crowd.run() == {Status.CREATED: PLACES}
    assert crowd.requests() == crowd.arrived == PLACES
    assert crowd.numbers() == [*range(1, PLACES + 1)]
    assert crowd.asked("SELECT count(*) FROM batches WHERE state <> 'settled'") == 0
    crowd.stop = CancellationToken()
    assert crowd.run() == {Status.CREATED: ROWS}
    assert crowd.arrived == ROWS
    assert max(crowd.server.stored.values()) == 1
