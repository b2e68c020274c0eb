"""Delivery under any answers and crashes: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model import EVENTS, Crash, FakeClock, Model, Server

from leadctl.delivery.provider_session import ProviderSession
from leadctl.delivery.rate_limiter import RateLimiter
from leadctl.delivery.retry import RetryPolicy
from leadctl.delivery.sender import Sender
from leadctl.importing.importer import DeliveryHistory, Importer
from leadctl.importing.plan import Plan
from leadctl.ledger import open_ledger
from leadctl.ledger.records import NewRun
from leadctl.model.clock import CancellationToken
from leadctl.model.leads import Status
from leadctl.sources.detect import open_source
from leadctl.sources.formats import ReadOptions

if TYPE_CHECKING:
    from leadctl.ledger.base import Ledger, RunWriter

ROWS = 30
EXAMPLES = 1000 if os.environ.get("LEADCTL_TEST_LONG") else 30
CALM = [event for event in EVENTS if not event.startswith("crash")]


class World:
    """A file, a ledger and a server; a run can be begun, die, and be resumed."""

    def __init__(
        self, folder: Path, server: Server, *, safe: bool, concurrency: int = 1
    ) -> None:
        self.path = folder / "leads.csv"
        self.phones = [f"+1555000{number:04}" for number in range(ROWS)]
        self.path.write_text("phone\n" + "\n".join(self.phones) + "\n")
        self.ledger_path = folder / "ledger.sqlite"
        self.server = server
        self.provider = Model(safe=safe)
        self.limits = self.provider.limits._replace(concurrency=concurrency)
        self.run_id: str | None = None
        self.died = False

    def run(self) -> Counter[Status]:
        """Begin the run or go on with it; returns its counts, also when it dies."""
        clock = FakeClock()
        with open_ledger(self.ledger_path) as ledger:
            books, importer = self._opened(ledger)
            delivery = Sender(
                self.provider,
                self.limits,
                ProviderSession(
                    self.server.send,
                    RateLimiter(self.limits, ledger.rates, "model", "1", clock),
                ),
                books,
                clock,
                CancellationToken(),
                retry_policy=RetryPolicy(attempts=4),
                jitter=lambda: 0.5,
            )
            self.died = False
            try:
                importer.deliver(delivery.deliver)
            except Crash:
                self.died = True
            return Counter(books.counts())

    def _opened(self, ledger: Ledger) -> tuple[RunWriter, Importer]:
        at_most_once = not self.provider.safe
        plan = Plan(
            provider=self.provider,
            campaign="1",
            sources=(open_source(self.path, ReadOptions()),),
            batch_size=4,
        )
        earlier = ledger.delivered("model", "1")
        known = DeliveryHistory(
            ledger.digest("model", "1"), earlier.among, ledger.in_doubt
        )
        if self.run_id is None:
            books = ledger.begin(
                NewRun("model", "model", "1", [(str(self.path), "")]),
                at_most_once=at_most_once,
            )
            self.run_id = books.facts().id
            return books, Importer(plan, books, known)
        books = ledger.resumed(self.run_id, at_most_once=at_most_once)
        return books, Importer(plan, books, known, books.reopen(most=4))

    def statuses(self) -> dict[str, Status]:
        """Return the status of every phone that has one other than created."""
        with open_ledger(self.ledger_path) as ledger:
            found = ledger.run(self.run_id or "").findings(0, Status)
            return {self.phones[finding.row - 1]: finding.status for finding in found}

    def requests(self) -> list[int]:
        """Return the numbers of the requests that the ledger has."""
        with open_ledger(self.ledger_path) as ledger:
            books = ledger.run(self.run_id or "")
            numbers = [request.number for request in books.requests()]
            assert books.facts().requests == len(numbers)
            return numbers


def is_finished(counts: Counter[Status]) -> bool:
    return (
        sum(counts.values()) == ROWS
        and not counts[Status.FAILED] + counts[Status.UNKNOWN]
    )


@pytest.mark.parametrize("concurrency", [1, 3, 8])
@given(script=st.lists(st.sampled_from(EVENTS), max_size=25))
@settings(max_examples=EXAMPLES, deadline=None)
def test_where_repeating_is_safe_every_lead_ends_up_stored_once(
    concurrency: int, script: list[str]
) -> None:
    """Whatever happens, the run can be resumed until all is there, and balances."""
    server = Server([*script], refuses_doubles=True)
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), server, safe=True, concurrency=concurrency)
        counts = world.run()
        while not is_finished(counts):
            assert sum(counts.values()) <= ROWS
            counts = world.run()
        statuses = world.statuses()
    assert max(server.stored.values()) == 1
    for phone in world.phones:
        status = statuses.get(phone, Status.CREATED)
        refused = status is Status.REJECTED
        assert (
            status in (Status.CREATED, Status.DUPLICATE)
            or refused
            or phone.endswith("13")
        )
        assert server.stored[phone] == (0 if refused else 1)


@given(script=st.lists(st.sampled_from(EVENTS), max_size=25))
@settings(max_examples=EXAMPLES, deadline=None)
def test_where_repeating_is_not_safe_nothing_is_sent_twice_or_claimed(
    script: list[str],
) -> None:
    """A batch in doubt is not sent again: its rows are unknown, all else is exact."""
    server = Server([*script], refuses_doubles=False)
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), server, safe=False)
        counts = world.run()
        while world.died or counts[Status.FAILED]:
            counts = world.run()
        statuses = world.statuses()
    assert max(server.stored.values(), default=0) <= 1
    for phone in world.phones:
        match statuses.get(phone, Status.CREATED):
            case Status.CREATED:
                assert server.stored[phone] == 1
            case Status.REJECTED:
                assert server.stored[phone] == 0
            case status:
                assert status is Status.UNKNOWN
    assert any(
        event not in ("ok", "sink", "refuse", "throttle") for event in script
    ) or (not counts[Status.UNKNOWN])


@pytest.mark.parametrize("concurrency", [1, 8])
@given(script=st.lists(st.sampled_from(CALM), max_size=40))
@settings(max_examples=EXAMPLES, deadline=None)
def test_one_run_alone_accounts_for_every_row(
    concurrency: int, script: list[str]
) -> None:
    """Without a resume too: one status a row, none created that is not stored."""
    server = Server([*script], refuses_doubles=True)
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), server, safe=True, concurrency=concurrency)
        counts = world.run()
        statuses = world.statuses()
        assert world.requests() == [*range(1, server.requests + 1)]
    assert sum(counts.values()) == ROWS
    for phone in world.phones:
        status = statuses.get(phone, Status.CREATED)
        if status is Status.CREATED:
            assert server.stored[phone] == 1
        if status is Status.FAILED:
            assert server.stored[phone] == 0
