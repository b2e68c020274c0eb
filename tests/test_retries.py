"""When a request is sent again, how often, and after which pause."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import pairwise
from typing import TYPE_CHECKING

import httpx
import pytest
from model import FakeClock, Model, Server
from program import SECONDS

from leadctl.delivery.provider_session import ProviderSession
from leadctl.delivery.rate_limiter import RateLimiter
from leadctl.delivery.retry import RetryPolicy
from leadctl.delivery.sender import Sender
from leadctl.importing.importer import DeliveryHistory, Importer
from leadctl.importing.people import identities_of_entry
from leadctl.importing.plan import Plan
from leadctl.importing.suppression import Suppressed
from leadctl.ledger import open_ledger
from leadctl.ledger.records import NewRun
from leadctl.model.clock import CancellationToken
from leadctl.model.errors import (
    CredentialsMissing,
    InDoubt,
    InputChanged,
    LeadctlError,
    LedgerUnusable,
    NotProcessed,
)
from leadctl.model.leads import Block, Status
from leadctl.model.progress import Meter
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions
from leadctl.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from leadctl.model.progress import Progress

ALWAYS = 1000
NOW = 1_800_000_000.0
THROTTLED = httpx.Response(429)
ALMOST_ONE = 1 - 1e-9


@dataclass
class Waits:
    """One lead, sent to a provider with prepared answers."""

    folder: Path
    answers: list[httpx.Response | Exception]
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    jitter: Callable[[], float] = lambda: 0.0
    doubt_delay: float = 0.0
    resend_window: float = 600.0
    starts: list[float] = field(default_factory=list)
    told: list[tuple[float, str]] = field(default_factory=list)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    meter: Meter = field(default_factory=Meter)

    def __post_init__(self) -> None:
        self.server = Server([], refuses_doubles=True)

    def send(self, request: httpx.Request) -> httpx.Response:
        self.starts.append(self.clock.now)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer or self.server.send(request)

    def hear(self, seconds: float, why: str) -> None:
        self.told.append((seconds, why))

    @property
    def pauses(self) -> list[float]:
        """Seconds from each request to the next."""
        return [late - early for early, late in pairwise(self.starts)]

    def run(self) -> dict[Status, int]:
        """Deliver the lead or give up; returns its outcome."""
        path = self.folder / "leads.csv"
        path.write_text("phone\n+15551230001\n")
        return self.run_of(open_source(path, ReadOptions()), batch_size=1)

    def run_of(
        self, source: Source, *, batch_size: int, kept_in: str = ""
    ) -> dict[Status, int]:
        remembers = {"resend_window": self.resend_window}
        provider = type("Remembering", (Model,), remembers)()
        limits = provider.limits._replace(doubt_delay=self.doubt_delay)
        with open_ledger(kept_in or self.folder / "ledger.sqlite") as ledger:
            plan = Plan(
                provider=provider,
                campaign="1",
                sources=(source,),
                batch_size=batch_size,
                suppressed=Suppressed(of_ledger=ledger.suppression_list),
            )
            books = ledger.begin(NewRun("model", "model", "1", [("leads.csv", "")]))
            delivery = Sender(
                provider,
                limits,
                ProviderSession(
                    self.send,
                    RateLimiter(limits, ledger.rates, "model", "1", self.clock),
                ),
                books,
                self.clock,
                CancellationToken(),
                retry_policy=self.retry_policy,
                tell=self.hear,
                jitter=self.jitter,
                meter=self.meter,
            )
            Importer(plan, books, DeliveryHistory(ledger.digest("model", "1"))).deliver(
                delivery.deliver
            )
            return {status: n for status, n in books.counts().items() if n}


CREATED = {Status.CREATED: 1}
FAILED = {Status.FAILED: 1}
IN_SEVEN_SECONDS = {
    "seconds": {"Retry-After": "7"},
    "date": {"Retry-After": formatdate(NOW + 7, usegmt=True)},
    "reset": {"X-RateLimit-Reset": f"{NOW + 7:.0f}"},
    "reset-and-nothing-left": {
        "X-RateLimit-Reset": f"{NOW + 7:.0f}",
        "X-RateLimit-Remaining": "0",
    },
    "both": {"Retry-After": "7", "X-RateLimit-Reset": f"{NOW + 500:.0f}"},
}


@pytest.mark.parametrize(
    "trouble",
    [LedgerUnusable("the token cannot be counted"), CredentialsMissing("no api_key")],
    ids=["ledger", "credentials"],
)
def test_trouble_of_our_own_in_a_request_ends_the_run(
    tmp_path: Path, trouble: LeadctlError
) -> None:
    """There will be no answer, so nothing may wait for one."""
    met: list[Exception] = []

    def run() -> None:
        try:
            Waits(tmp_path, [trouble]).run()
        except LeadctlError as error:
            met.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive()
    assert met == ([trouble] if isinstance(trouble, LedgerUnusable) else [])


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("headers", IN_SEVEN_SECONDS.values(), ids=IN_SEVEN_SECONDS)
@pytest.mark.parametrize("jitter", [0.0, ALMOST_ONE])
def test_provider_that_says_when_is_asked_then(
    tmp_path: Path, status: int, headers: dict[str, str], jitter: float
) -> None:
    """Or a little later, so that clients do not all come back at once."""
    answer = httpx.Response(status, headers=headers)
    waits = Waits(tmp_path, [answer], jitter=lambda: jitter)
    assert waits.run() == CREATED
    (pause,) = waits.pauses
    assert 7 <= pause <= 8
    assert sum(waits.clock.slept) == pytest.approx(pause)


NO_WISH = {
    "nonsense": {"Retry-After": "soon"},
    "empty": {"Retry-After": ""},
    "negative": {"Retry-After": "-7"},
    "date-of-no-calendar": {"Retry-After": "Thu, 31 Feb 2028 12:00:00 GMT"},
    "date-without-zone": {"Retry-After": "2027-01-15"},
    "reset-with-some-left": {
        "X-RateLimit-Reset": f"{NOW + 500:.0f}",
        "X-RateLimit-Remaining": "3",
    },
    "reset-is-nonsense": {"X-RateLimit-Reset": "tomorrow"},
}


@pytest.mark.parametrize("headers", NO_WISH.values(), ids=NO_WISH)
def test_wish_that_cannot_be_read_is_none(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    waits = Waits(tmp_path, [httpx.Response(429, headers=headers)])
    waits.jitter = lambda: 0.5
    assert waits.run() == CREATED
    assert waits.pauses == [pytest.approx(0.5)]


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": formatdate(NOW - 3600, usegmt=True)},
        {"X-RateLimit-Reset": f"{NOW - 3600:.0f}"},
        {"Retry-After": "0"},
    ],
    ids=["date", "reset", "seconds"],
)
def test_moment_that_has_passed_is_no_reason_to_wait(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    waits = Waits(tmp_path, [httpx.Response(429, headers=headers)])
    assert waits.run() == CREATED
    assert waits.pauses == [pytest.approx(0, abs=1)]


@pytest.mark.parametrize("share", [0.0, 0.3, ALMOST_ONE])
@pytest.mark.parametrize(
    "answer",
    [THROTTLED, NotProcessed("no connection")],
    ids=["429", "no-connection"],
)
def test_waits_double_to_a_minute_and_are_drawn_from_nothing_up(
    tmp_path: Path, answer: httpx.Response | Exception, share: float
) -> None:
    waits = Waits(tmp_path, [answer] * 7, jitter=lambda: share)
    assert waits.run() == CREATED
    bounds = [1, 2, 4, 8, 16, 32, 60]
    assert waits.pauses == [pytest.approx(share * bound) for bound in bounds]


@pytest.mark.parametrize("asked", ["0", "0.0", "1"])
def test_short_wish_to_wait_does_not_end_the_growth_of_pauses(
    tmp_path: Path, asked: str
) -> None:
    answer = httpx.Response(429, headers={"Retry-After": asked})
    waits = Waits(tmp_path, [answer] * 7, jitter=lambda: ALMOST_ONE)
    assert waits.run() == CREATED
    assert waits.pauses[2:] == [pytest.approx(bound) for bound in (4, 8, 16, 32, 60)]


def test_trouble_without_end_is_given_up_after_a_number_of_attempts(
    tmp_path: Path,
) -> None:
    waits = Waits(tmp_path, [THROTTLED] * ALWAYS)
    assert waits.run() == FAILED
    assert 5 <= len(waits.starts) <= 10


@pytest.mark.parametrize("jitter", [0.0, ALMOST_ONE])
@pytest.mark.parametrize("asked", ["20", "40", "90", "100000000000000000000"])
def test_waits_for_a_batch_are_bounded_in_sum(
    tmp_path: Path, asked: str, jitter: float
) -> None:
    answers = [httpx.Response(429, headers={"Retry-After": asked})] * ALWAYS
    waits = Waits(tmp_path, [*answers], RetryPolicy(longest_wait=60.0))
    waits.jitter = lambda: jitter
    assert waits.run() == FAILED
    assert sum(waits.clock.slept) <= 60
    assert len(waits.starts) == 1 + int(60 // (int(asked) + jitter))


DOUBTS = {
    "500": httpx.Response(500),
    "lost": InDoubt("the answer was lost"),
    "garbage": httpx.Response(200, text="<html>"),
}


@pytest.mark.parametrize("answer", DOUBTS.values(), ids=DOUBTS)
@pytest.mark.parametrize("jitter", [0.0, ALMOST_ONE])
def test_doubt_is_repeated_later_than_a_plain_refusal(
    tmp_path: Path, answer: httpx.Response | Exception, jitter: float
) -> None:
    """What is in doubt may still be on its way into the campaign."""
    waits = Waits(tmp_path, [answer], jitter=lambda: jitter, doubt_delay=15.0)
    assert waits.run() == CREATED
    assert min(waits.pauses) >= 15
    (tmp_path / "plain").mkdir()
    plain = Waits(tmp_path / "plain", [THROTTLED], doubt_delay=15.0)
    plain.jitter = lambda: jitter
    assert plain.run() == CREATED
    assert max(plain.pauses) < 15


def test_doubt_is_not_repeated_when_the_provider_may_have_forgotten(
    tmp_path: Path,
) -> None:
    later = httpx.Response(429, headers={"Retry-After": "90"})
    for window, expected in ((60.0, {Status.UNKNOWN: 1}), (600.0, CREATED)):
        folder = tmp_path / str(window)
        folder.mkdir()
        waits = Waits(folder, [InDoubt("lost"), later], resend_window=window)
        assert waits.run() == expected
        assert len(waits.starts) == (2 if window == 60 else 3)


def test_doubt_with_a_wish_to_wait_is_not_repeated_earlier_than_other_doubt(
    tmp_path: Path,
) -> None:
    """A 503 with Retry-After does not say whether the request was processed."""
    answer = httpx.Response(503, headers={"Retry-After": "1"})
    waits = Waits(tmp_path, [answer], doubt_delay=15.0)
    assert waits.run() == CREATED
    assert min(waits.pauses) >= 15


class Listener(Waits):
    """Checks at every event whether other processes could write the ledger."""

    listened = 0

    def listen(self, _progress: Progress | None = None) -> None:
        self.listened += 1
        with closing(sqlite3.connect(self.folder / "ledger.sqlite", timeout=0)) as db:
            db.execute("BEGIN IMMEDIATE")
            db.rollback()

    def hear(self, seconds: float, why: str) -> None:
        super().hear(seconds, why)
        self.listen()


def test_nobody_is_told_anything_while_the_ledger_is_held(tmp_path: Path) -> None:
    """A listener may be slow, and other runs write to the ledger."""
    waits = Listener(tmp_path, [THROTTLED, httpx.Response(500)])
    waits.meter = Meter(waits.listen)
    assert waits.run() == CREATED
    assert len(waits.told) == 2
    assert waits.listened > 5


@dataclass(frozen=True)
class BreaksOff(Source):
    """A file of ten rows and more, of which the eleventh cannot be read any more."""

    def blocks(self) -> Iterator[Block]:
        yield Block(
            1, 10, range(1, 11), [[f"+155512300{row}"] for row in range(20, 30)]
        )
        raise InputChanged("leads.csv is no longer readable")


def test_rows_in_hand_when_a_file_breaks_off_have_their_verdict(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("phone\n+15551230010\n")
    opened = open_source(tmp_path / "leads.csv", ReadOptions())
    waits = Waits(tmp_path, [])
    found = waits.run_of(BreaksOff(**vars(opened)), batch_size=4)
    assert found == {Status.CREATED: 8, Status.FAILED: 2}


def test_every_wait_is_told_with_its_reason(tmp_path: Path) -> None:
    waits = Waits(tmp_path, [THROTTLED, httpx.Response(500)], doubt_delay=3.0)
    waits.run()
    (first, busy), (second, broken) = waits.told
    assert ([first, second], "429" in busy, "500" in broken) == ([0, 3], True, True)


# --- with the whole program ---


def test_doubt_is_not_repeated_for_whom_the_list_names_meanwhile(
    tmp_path: Path, any_ledger: str
) -> None:
    """Another process adds them while the run waits for the answer."""
    numbers = ["+15551230001", "+15551230002", "+15551230003"]

    def suppress(number: str) -> None:
        with open_ledger(any_ledger) as ledger:
            ledger.suppression_list.add([identities_of_entry(number, None)])

    class Listed(Waits):
        def send(self, request: httpx.Request) -> httpx.Response:
            if not self.starts:
                suppress(numbers[1])
            return super().send(request)

    suppress("+15551239999")
    path = tmp_path / "leads.csv"
    path.write_text("\n".join(["phone", *numbers]))
    waits = Listed(tmp_path, [InDoubt("the answer was lost")])
    source = open_source(path, ReadOptions())
    counts = waits.run_of(source, batch_size=3, kept_in=any_ledger)
    assert counts == {Status.CREATED: 2, Status.UNKNOWN: 1}
    assert [*waits.server.stored] == [numbers[0], numbers[2]]
