"""Campaigns held by a lease: who is late, and who takes over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from ledgers import LOST, NOW, batch_of, begun, nonzero

from leadctl.ledger import open_ledger
from leadctl.ledger.records import BatchState, Part
from leadctl.model.errors import CampaignLocked, LedgerUnusable
from leadctl.model.leads import CREATED, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.ledger.base import Ledger, ResumedRun, RunWriter


def end_leases(url: str) -> None:
    """Expire the leases, as if their process were suspended."""
    with psycopg.connect(url) as db:
        db.execute("UPDATE leadctl.holds SET until = '-infinity'")


@contextmanager
def overtaken(url: str) -> Iterator[tuple[RunWriter, RunWriter]]:
    """Yield the writer of a run with a batch under way, and one that took over."""
    with (
        open_ledger(url) as late,
        open_ledger(url) as other,
        late.campaign_lock("voiso", "3"),
    ):
        books = begun(late, at_most_once=True)
        books.intend(batch_of([1, 2], 1), NOW, doubted=False)
        books.intend(batch_of([3, 4], 2), NOW, doubted=False)
        with (
            pytest.raises(CampaignLocked, match=f"process {os.getpid()}, since"),
            other.campaign_lock("voiso", "3"),
        ):
            pass
        end_leases(url)
        with other.campaign_lock("voiso", "3"):
            yield books, other.resumed(books.facts().id, at_most_once=True)


def test_intent_of_a_process_that_was_overtaken_is_refused(
    postgres_ledger: str,
) -> None:
    with overtaken(postgres_ledger) as (late, _):
        with pytest.raises(LedgerUnusable, match="took over this run"):
            late.intend(batch_of([5], 3), NOW, doubted=False)
        assert nonzero(late) == {Status.UNKNOWN: 4}


def test_late_answer_is_evidence_all_the_same(postgres_ledger: str) -> None:
    """Leads that it says are there are delivered; what it does not settle is doubt."""
    one, two = batch_of([1, 2], 1), batch_of([3, 4], 2)
    with overtaken(postgres_ledger) as (late, other):
        for batch, outcomes in ((one, [CREATED, CREATED]), (two, [CREATED, LOST])):
            with pytest.raises(LedgerUnusable, match="took over this run"):
                late.settle(batch, outcomes)
        assert nonzero(other) == {Status.CREATED: 2, Status.UNKNOWN: 2}
    with open_ledger(postgres_ledger) as ledger:
        hashes = [*one.leads.hashes(), *two.leads.hashes()]
        assert [*ledger.delivered("voiso", "3").among(hashes)] == hashes[:3]
        assert ledger.in_doubt(hashes) == {hashes[3]}


def test_batch_that_was_sent_again_is_not_settled_by_the_first_answer(
    postgres_ledger: str,
) -> None:
    batch = batch_of([1, 2], 1)
    with overtaken(postgres_ledger) as (late, _), open_ledger(postgres_ledger) as seen:
        with psycopg.connect(postgres_ledger) as db:  # as the one that took over does
            db.execute(
                "UPDATE leadctl.batches SET attempts = 2, state = %s WHERE id = %s",
                (BatchState.SENDING, UUID(int=1)),
            )
        with pytest.raises(LedgerUnusable):
            late.settle(batch, [CREATED, CREATED])
        assert nonzero(seen.run(late.facts().id)) == {Status.UNKNOWN: 4}


@contextmanager
def taking(ledger: Ledger, run: RunWriter) -> Iterator[tuple[Part, ResumedRun]]:
    """Take a part of a run, as a worker with a ledger of its own."""
    with ledger.shared(run.facts().id).taken(
        longest_request=120.0, concurrency=2, sharing=2, at_most_once=True
    ) as taken:
        assert taken
        yield taken


def test_parts_of_a_run_are_void_once_another_run_has_the_campaign(
    postgres_ledger: str,
) -> None:
    """A worker that slept through its lease sends no more, and nobody else does."""
    with open_ledger(postgres_ledger) as ledger, open_ledger(postgres_ledger) as late:
        planner = begun(ledger, at_most_once=True)
        planner.plan(
            Part(0, 0, 1, 2, "1-2", "content"), Part(0, 0, 3, 3, "3", "content")
        )
        planner.plan(is_all=True)
        with taking(late, planner) as (_, worker):
            worker.intend(batch_of([1], 3), NOW, doubted=False)
            with pytest.raises(CampaignLocked), ledger.campaign_lock("voiso", "3"):
                pass
            with psycopg.connect(postgres_ledger) as db:
                db.execute("UPDATE leadctl.parts SET until = '-infinity'")
            with ledger.campaign_lock("voiso", "3"):
                with pytest.raises(LedgerUnusable, match="took over this run"):
                    worker.intend(batch_of([2], 4), NOW, doubted=False)
                with pytest.raises(LedgerUnusable, match="took over this run"):
                    worker.settle(batch_of([1], 3), [CREATED])
        assert late.to_work_on() is None  # or they would wait for the other run to end
        with pytest.raises(AssertionError), taking(late, planner):
            pass
        assert nonzero(planner) == {Status.CREATED: 1}


def test_late_answer_counts_whoever_has_the_part(postgres_ledger: str) -> None:
    with (
        open_ledger(postgres_ledger) as ledger,
        open_ledger(postgres_ledger) as late,
        open_ledger(postgres_ledger) as other,
    ):
        planner = begun(ledger, at_most_once=True)
        planner.plan(Part(0, 0, 1, 3, "1-3", "content"), is_all=True)
        with taking(late, planner) as (_, sleeper):
            with pytest.raises(AssertionError), taking(other, planner):
                pass
            sleeper.intend(batch_of([1, 2], 1), NOW, doubted=False)
            with psycopg.connect(postgres_ledger) as db:
                db.execute("UPDATE leadctl.parts SET until = '-infinity'")
            with taking(other, planner) as (part, worker):
                assert part.turns == 1
                accounted = worker.reopen(most=9).accounted[0]
                assert [row for row in range(5) if row in accounted] == [1, 2]
                with pytest.raises(LedgerUnusable, match="took over this run"):
                    sleeper.settle(batch_of([1, 2], 1), [CREATED, CREATED])
                worker.settle(batch_of([3], 2), [CREATED])
        assert nonzero(planner) == {Status.CREATED: 3}


def test_part_whose_answer_was_lost_is_given_again(postgres_ledger: str) -> None:
    parts = [Part(0, 0, row, row, str(row), "content") for row in (1, 2)]
    with (
        open_ledger(postgres_ledger) as ledger,
        psycopg.connect(postgres_ledger) as db,
    ):
        run = begun(ledger)
        run.plan(*parts, is_all=True)

        def taken(fence: int) -> int | None:
            take = "SELECT number FROM leadctl.take_part(1, %s, '{}', 60, 4, 2)"
            row = db.execute(take, [fence]).fetchone()
            return row[0] if row else None

        assert [taken(fence) for fence in (7, 7, 8, 7, 9)] == [1, 1, 2, 1, None]


def test_planner_that_was_overtaken_ends_no_part(postgres_ledger: str) -> None:
    with (
        open_ledger(postgres_ledger) as ledger,
        open_ledger(postgres_ledger) as late,
        open_ledger(postgres_ledger) as other,
        late.campaign_lock("voiso", "3"),
    ):
        run = begun(late).facts().id
        end_leases(postgres_ledger)
        with ledger.campaign_lock("voiso", "3"):
            planner = ledger.resumed(run)
            planner.plan(Part(0, 0, 1, 1, "1", "content"), is_all=True)
            late.shared(run).end()
            with taking(other, planner) as (part, worker):
                assert part.number == 1
                ledger.shared(run).end()
                with pytest.raises(LedgerUnusable, match="took over this run"):
                    worker.intend(batch_of([1], 1), NOW, doubted=False)


HOLDER = """
import os, sys
from leadctl.ledger import open_ledger
with open_ledger(sys.argv[1]) as ledger, ledger.campaign_lock("voiso", "3"):
    os._exit(0)
"""


@pytest.mark.parametrize("is_here", [True, False], ids=["here", "elsewhere"])
def test_holder_that_died_is_known_on_its_own_machine(
    postgres_ledger: str, *, is_here: bool
) -> None:
    """A process of another machine cannot be seen: its lease must expire."""
    subprocess.run([sys.executable, "-c", HOLDER, postgres_ledger], check=True)  # noqa: S603  our own program
    if not is_here:
        with psycopg.connect(postgres_ledger) as db:
            ((text,),) = db.execute("SELECT holder FROM leadctl.holds").fetchall()
            other = json.dumps(json.loads(text) | {"host": "far", "machine": "other"})
            db.execute("UPDATE leadctl.holds SET holder = %s", (other,))
    with open_ledger(postgres_ledger) as ledger:
        if is_here:
            with ledger.campaign_lock("voiso", "3"):
                return
        with (
            pytest.raises(CampaignLocked, match="on far, since"),
            ledger.campaign_lock("voiso", "3"),
        ):
            pass
        end_leases(postgres_ledger)
        with ledger.campaign_lock("voiso", "3"):
            pass


def test_run_that_somebody_writes_is_not_decided_about(postgres_ledger: str) -> None:
    with (
        open_ledger(postgres_ledger) as ledger,
        open_ledger(postgres_ledger) as other,
        ledger.campaign_lock("voiso", "3"),
    ):
        books = begun(ledger)
        books.settle(batch_of([1], 1), [LOST])
        decision = other.resumed(books.facts().id)
        with pytest.raises(LedgerUnusable, match="another process is writing"):
            decision.decide(None, None, delivered=True)
        assert nonzero(books) == {Status.UNKNOWN: 1}


def test_text_of_any_character_can_be_kept(postgres_ledger: str) -> None:
    with open_ledger(postgres_ledger) as ledger:
        books = begun(ledger)
        outcome = LOST._replace(reason="a \0 and a \\u0000, ü and 中")
        books.settle(batch_of([1], 1), [outcome])
        assert "ü and 中" in books.reasons()[0].message
