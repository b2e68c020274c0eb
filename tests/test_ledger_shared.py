"""What the runs on a ledger share, wherever it is kept: leads, people, locks, rates."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from lead_columns import in_columns
from ledgers import (
    DUPLICATE,
    LOST,
    NOW,
    batch_of,
    begun,
    nonzero,
    reasons_in,
    rejected,
)

from leadctl.ledger import open_ledger
from leadctl.ledger.rates import Spacing
from leadctl.ledger.records import Presence
from leadctl.model.errors import CampaignLocked, Unusable, UsageError
from leadctl.model.leads import (
    CREATED,
    Batch,
    Lead,
    Outcome,
    Phone,
    Status,
)
from leadctl.model.removal import Removal

if TYPE_CHECKING:
    from leadctl.ledger.base import Ledger


def test_lead_is_known_by_account_and_campaign(any_ledger: str) -> None:
    with open_ledger(any_ledger) as ledger:
        scopes = [("voiso", "3"), ("voiso", "4"), ("eu", "3"), ("voiso3", "")]
        digests = {ledger.digest(*scope)("phone 15551234567") for scope in scopes}
        assert len(digests) == len(scopes)
        first = ledger.digest("voiso", "3")("phone 15551234567")
    with open_ledger(any_ledger) as ledger:
        assert ledger.digest("voiso", "3")("phone 15551234567") == first


def test_many_leads_are_looked_up_at_once(any_ledger: str) -> None:
    with open_ledger(any_ledger) as ledger:
        books = begun(ledger)
        batch = batch_of([*range(1, 1500)])
        books.intend(batch, NOW, doubted=False)
        books.settle(batch, [CREATED] * len(batch))
        known = [digest for lead in batch.leads for digest in lead.digests]
        found = ledger.delivered("voiso", "3").among([*known, b"lead 0 of nobody"])
        assert {*found} == {*known}


READER = """
import sys
from leadctl.ledger import open_ledger
from leadctl.ledger.base import Ledger
with open_ledger(sys.argv[1]) as ledger:
    counts = ledger.run(sys.argv[2]).counts()
print({status.value: number for status, number in counts.items() if number})
"""


def test_another_process_reads_while_one_writes(any_ledger: str) -> None:
    with open_ledger(any_ledger) as ledger:
        books = begun(ledger)
        books.intend(batch_of([1, 2]), NOW, doubted=False)
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-c", READER, any_ledger, books.facts().id],
            capture_output=True,
            check=True,
            text=True,
            timeout=30,
        )
        assert done.stdout.strip() == "{'unknown': 2}"
        books.settle(batch_of([1, 2]), [CREATED, CREATED])
        assert nonzero(books) == {Status.CREATED: 2}


def deliver(
    ledger: Ledger, rows: list[int], outcome: Outcome = CREATED, campaign: str = "3"
) -> str:
    """Deliver leads by a run of their own; returns its id."""
    run = begun(ledger, campaign)
    batch = batch_of(rows, rows[0])
    run.intend(batch, NOW, doubted=False)
    run.settle(batch, [outcome] * len(rows))
    run.finish(0, None, {})
    return run.facts().id


def test_lead_belongs_to_the_first_run_that_delivered_it(any_ledger: str) -> None:
    one, two = batch_of([1]).leads.hashes(), batch_of([2]).leads.hashes()
    with open_ledger(any_ledger) as ledger:
        assert ledger.delivered("voiso", "3").is_empty()
        first, second = deliver(ledger, [1]), deliver(ledger, [1, 2], DUPLICATE)
        index = ledger.delivered("voiso", "3")
        assert not index.is_empty()
        assert index.among([*one, *two]) == {one[0]: first, two[0]: second}
        assert ledger.delivered("voiso", "4").is_empty()
        assert ledger.delivered("voiso", "4").among(one) == {}
        deliver(ledger, [1], campaign="4")
        assert [*ledger.delivered("voiso", "4").among([*one, *two])] == one


def test_lead_stays_delivered_when_its_run_is_forgotten(any_ledger: str) -> None:
    hashes = batch_of([1, 2]).leads.hashes()
    with open_ledger(any_ledger) as ledger:
        old = deliver(ledger, [1, 2])
        begun(ledger)  # not finished: kept
        assert len(ledger.forget_runs("9999")) == 1
        assert old not in [run.facts().id for run in ledger.runs(9)]
        deliver(ledger, [3])
        found = ledger.delivered("voiso", "3").among(hashes)
        assert found == dict.fromkeys(hashes, "")


def test_reason_is_forgotten_with_the_last_run_that_has_it(any_ledger: str) -> None:
    """One may be longer than a page of the database."""
    long = "".join(f"{number:x}" for number in range(9_000))
    with open_ledger(any_ledger) as ledger:
        for reasons in ((long, "no landlines"), (long,)):
            run = begun(ledger)
            for row, reason in enumerate(reasons, 1):
                run.note(0, rejected(row, reason))
            run.finish(3, None, {})
        begun(ledger).note(0, rejected(1, "of a run in progress"))
        assert reasons_in(any_ledger) == {long, "no landlines"}
        assert ledger.run(run.facts().id).reasons()[0].message == long
        ledger.forget_runs("9999")
        assert reasons_in(any_ledger) == set()


def test_removed_lead_is_delivered_no_longer(any_ledger: str) -> None:
    """An intent leaves doubt; what another run delivered stays."""
    ours, theirs = batch_of([1, 2, 3, 4]), batch_of([1, 2, 3, 4, 9], 1)
    with open_ledger(any_ledger) as ledger:
        books, later = begun(ledger), begun(ledger)
        for writer, batch in ((books, ours), (later, theirs)):
            writer.intend(batch, NOW, doubted=False)
            writer.settle(batch, [CREATED] * len(batch))
        run = books.facts().id
        removal = ledger.removal(run)
        assert [row in removal.created_rows(0) for row in (4, 5)] == [True, False]
        assert removal.intend(ours) == set()
        assert removal.removals() == {Removal.UNKNOWN: 4}
    with open_ledger(any_ledger) as ledger:  # the process that intended is gone
        removal = ledger.removal(run)
        assert len(removal.created_rows(0)) == 4
        assert removal.intend(ours) == {1, 2, 3, 4}
        removal.settle(ours, [*Removal], forget_missing=False)
        assert removal.removals() == dict.fromkeys({*Removal} - {Removal.FAILED}, 1)
        left = [*ledger.run(run).removed(0)]
        assert left == [
            (1, Removal.DELETED),
            (2, Removal.NOT_FOUND),
            (4, Removal.UNKNOWN),
        ]
        created = removal.created_rows(0)
        assert [row in created for row in (1, 2, 3, 4)] == [False, False, True, True]
        hashes = theirs.leads.hashes()
        assert len(ledger.delivered("voiso", "3").among(hashes)) == 4
        removal.settle(ours, [*Removal], forget_missing=True)
        assert len(ledger.delivered("voiso", "3").among(hashes)) == 3
        assert ledger.run(run).removals() == removal.removals()
        ledger.request_stop(run)
        assert removal.is_stop_requested()
        removal.begin()
        assert not removal.is_stop_requested()


def test_person_is_found_in_every_campaign_and_forgotten(any_ledger: str) -> None:
    one, two = "phone 15550100001", "phone 15550100002"
    with open_ledger(any_ledger) as ledger, open_ledger(any_ledger) as other:

        def batch(campaign: str, number: int) -> Batch:
            digest = ledger.digest("voiso", campaign)
            numbers = enumerate([one, two], 1)
            leads = [Lead(n, Phone("", ""), {}, (digest(who),)) for n, who in numbers]
            return Batch(UUID(int=number), campaign, 0, in_columns(leads))

        runs = [begun(ledger, campaign) for campaign in ("3", "4")]
        runs[0].settle(batch("3", 1), [CREATED, CREATED])
        runs[1].settle(batch("4", 2), [CREATED, LOST])
        ids = [run.facts().id for run in runs]
        found = other.traces([one, two, "phone 15550100003"])
        assert {
            who: [trace[:5] for trace in known] for who, known in found.items()
        } == {
            one: [
                (Presence.DELIVERED, "voiso", "3", "voiso", ids[0]),
                (Presence.DELIVERED, "voiso", "4", "voiso", ids[1]),
            ],
            two: [
                (Presence.DELIVERED, "voiso", "3", "voiso", ids[0]),
                (Presence.IN_DOUBT, "voiso", "4", "voiso", ids[1]),
            ],
        }
        assert found[one][0].started_at == runs[0].facts().started_at
        other.forget([two])
        assert other.traces([one, two]) == {one: found[one]}
        known = ledger.delivered("voiso", "3").among(batch("3", 3).leads.hashes())
        assert [*known.values()] == [ids[0]]
        assert nonzero(runs[1]) == {Status.CREATED: 1, Status.UNKNOWN: 1}


def test_suppression_list_counts_people_and_forgets_whole_entries(
    any_ledger: str,
) -> None:
    with open_ledger(any_ledger) as ledger, open_ledger(any_ledger) as other:
        listed, seen = ledger.suppression_list, other.suppression_list
        assert listed.is_empty()
        assert listed.add([{"a", "b"}, {"c"}, {"b", "a"}, {"b", "d"}]) == 3
        assert listed.add([{"c"}]) == 0
        assert (len(seen), seen.is_empty()) == (3, False)
        assert seen.among(["a", "b", "c", "x"]) == {"a", "b", "c"}
        assert seen.remove({"a", "x"}) == 1
        assert listed.among(["a", "b", "c", "d"]) == {"b", "c", "d"}
        assert seen.remove({"b", "c"}) == 2
        assert listed.is_empty()


@pytest.mark.parametrize("delivered", [True, False])
def test_lead_in_doubt_is_known_until_somebody_decides(
    any_ledger: str, *, delivered: bool
) -> None:
    batch = batch_of([1, 2])
    hashes = batch.leads.hashes()
    with open_ledger(any_ledger) as ledger:
        run = begun(ledger, at_most_once=True)
        assert ledger.in_doubt(hashes) == set()
        run.intend(batch, NOW, doubted=False)
        assert ledger.in_doubt(hashes) == {*hashes}
        run.settle(batch, [CREATED, LOST])
        assert ledger.in_doubt(hashes) == {hashes[1]}
        run.finish(10, None, {})
        run_id = run.facts().id
        assert ledger.forget_runs("9999") == []
        ended = ledger.resumed(run_id, at_most_once=True)
        assert ended.unknown() == [(0, "2", "the answer was lost")]
        assert ended.decide(0, [(1, 1)], delivered=delivered) == 0
        assert ended.decide(None, None, delivered=delivered) == 1
        ended.close_again(0)
        assert ledger.run(run_id).facts().exit_code == 0
        assert ledger.in_doubt(hashes) == set()
        there = {Status.CREATED: 2} if delivered else {Status.CREATED: 1}
        assert nonzero(ended) == there | ({} if delivered else {Status.FAILED: 1})
        known = hashes if delivered else hashes[:1]
        assert [*ledger.delivered("voiso", "3").among(hashes)] == known


def test_run_that_ended_with_a_batch_on_its_way_is_found(any_ledger: str) -> None:
    with open_ledger(any_ledger) as ledger:
        deliver(ledger, [1])
        assert ledger.unsettled_run("voiso", "3") is None
        run = begun(ledger)
        run.intend(batch_of([2]), NOW, doubted=False)
        unsettled = ledger.unsettled_run("voiso", "3")
        assert unsettled
        assert unsettled.facts() == run.facts()
        assert ledger.unsettled_run("voiso", "4") is None
        latest = ledger.latest("voiso", "3")
        assert latest
        assert latest.facts() == run.facts()
        assert ledger.latest("voiso", "4") is None
        with pytest.raises(UsageError, match="no run 'nowhere'"):
            ledger.run("nowhere")


def test_campaign_is_held_by_one_run_at_a_time(any_ledger: str) -> None:
    with open_ledger(any_ledger) as ledger, open_ledger(any_ledger) as other:
        facts = begun(ledger).facts()
        with ledger.campaign_lock("voiso", "3") as hold_for:
            assert other.process_of(facts) is None
            hold_for(facts.id)
            assert other.process_of(facts) == os.getpid()
            with (
                pytest.raises(CampaignLocked, match=f"process {os.getpid()}, since"),
                other.campaign_lock("voiso", "3"),
            ):
                pass
            with other.campaign_lock("voiso", "4"), other.campaign_lock("voiso", ""):
                pass
        assert other.process_of(facts) is None
        with other.campaign_lock("voiso", "3"):
            pass


def test_starts_are_shared_by_all_who_use_the_ledger(any_ledger: str) -> None:
    now = 1_800_000_000.0
    with open_ledger(any_ledger) as ledger, open_ledger(any_ledger) as other:
        assert (
            ledger.rates.claim({"account": Spacing(10.0), "campaign": Spacing()}, now)
            == 0
        )
        wait = other.rates.claim({"account": Spacing(10.0)}, now)
        assert 9 < wait <= 10
        assert other.rates.claim({"elsewhere": Spacing(10.0)}, now) == 0
        ledger.rates.postpone("campaign", now + 60, now)
        both = {"account": Spacing(), "campaign": Spacing()}
        assert 59 < other.rates.claim(both, now) <= 60


def test_tokens_of_an_hour_are_counted(any_ledger: str) -> None:
    now = 1_800_000_000.0
    with open_ledger(any_ledger) as ledger, open_ledger(any_ledger) as other:
        ledger.rates.count_token("ozonetel", 2, now)
        other.rates.count_token("ozonetel", 2, now + 10)
        other.rates.count_token("another", 2, now + 10)
        with pytest.raises(Unusable, match="all 2 tokens of this hour are used"):
            ledger.rates.count_token("ozonetel", 2, now + 20)
