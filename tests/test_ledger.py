"""What every ledger does, wherever it is kept: nothing lost, nothing counted twice.

A new kind of ledger passes these tests by one more parameter of the fixture `url`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadctl.ledger import open_ledger
from leadctl.ledger.base import Spacing
from leadctl.ledger.records import BatchState, Departure, NewRun, Presence
from leadctl.model.errors import CampaignLocked, Unusable, UsageError
from leadctl.model.leads import (
    ACCEPTED,
    CREATED,
    Batch,
    Code,
    Finding,
    Lead,
    Leads,
    Outcome,
    Phone,
    Status,
)
from leadctl.model.removal import Removal

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.ledger.base import Ledger, RunReader, RunWriter
    from leadctl.model.leads import Json

DUPLICATE = Outcome(Status.DUPLICATE, Code.DUPLICATE_IN_CAMPAIGN, "already there")
REFUSED = Outcome(Status.REJECTED, Code.PROVIDER_REJECTED, "no landlines")
STOPPED = Outcome(Status.FAILED, Code.NOT_SENT, "stopped")
NOW = Departure(1_700_000_000.0)
LOST = Outcome(Status.UNKNOWN, Code.ANSWER_LOST, "the answer was lost")


def batch_of(rows: list[int], number: int = 0, file: int = 0) -> Batch:
    leads = Leads.of(
        Lead(
            row,
            Phone(f"+1555{row}", f"1555{row}"),
            {},
            (f"{row:09} {file} lead".encode(),),
        )
        for row in rows
    )
    return Batch(UUID(int=number), "3", file, leads)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a ledger of each kind there is, which holds nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger"
    return str(request.getfixturevalue("postgres_ledger"))


FILES = (("leads.csv", "f00d"), ("more.csv", "beef"))


def begun(
    ledger: Ledger, campaign: str = "3", *, files: int = 1, at_most_once: bool = False
) -> RunWriter:
    new = NewRun("voiso", "voiso", campaign, FILES[:files])
    return ledger.begin(new, at_most_once=at_most_once)


def rejected(row: int, reason: str = "no phone number", name: str = "phone") -> Finding:
    return Finding(row, Status.REJECTED, Code.PHONE_MISSING, reason, name)


def nonzero(books: RunReader) -> dict[Status, int]:
    return {status: number for status, number in books.counts().items() if number}


KINDS = (
    "noted",
    "rehearsed",
    "settled",
    "sending",
    "waiting",
    "waiting in doubt",
    "doubt",
    "split",
    "called off",
)


VERDICTS = [CREATED, ACCEPTED, DUPLICATE, REFUSED, LOST]


@dataclass
class Story:
    """What happened to every row of a file, told to the books and kept beside them."""

    books: RunWriter
    status: dict[int, Status] = field(default_factory=dict)
    told: dict[int, tuple[Status, Code]] = field(default_factory=dict)
    number: int = 0

    def happen(self, kind: str, rows: list[int], data: st.DataObject) -> None:
        self.number += 1
        batch = batch_of(sorted(rows), self.number)
        match kind:
            case "noted":
                self._note(rows, data)
            case "rehearsed":
                self.books.settle(batch, [CREATED] * len(batch))
                self.status |= dict.fromkeys(rows, Status.CREATED)
            case "called off":
                self.books.settle(batch, [STOPPED] * len(batch))
                told = dict.fromkeys(rows, (Status.FAILED, Code.NOT_SENT))
                self.told |= told
                self.status |= dict.fromkeys(rows, Status.FAILED)
            case "sending":
                self.books.intend(batch, NOW, doubted=False)
                self.status |= dict.fromkeys(rows, Status.UNKNOWN)
            case "waiting" | "waiting in doubt":
                doubted = kind != "waiting"
                self.books.intend(batch, NOW, doubted=doubted)
                self.books.mark(batch, BatchState.WAITING, doubted=doubted)
                status = Status.UNKNOWN if doubted else Status.FAILED
                self.status |= dict.fromkeys(rows, status)
            case "doubt":
                self.books.intend(batch, NOW, doubted=False)
                self.books.mark(batch, BatchState.DOUBT, doubted=True)
                self.status |= dict.fromkeys(rows, Status.UNKNOWN)
            case "split":
                self._split(batch, data)
            case _:
                self._send(batch, data)

    def _note(self, rows: list[int], data: st.DataObject) -> None:
        for row in rows:
            reason = data.draw(st.sampled_from(["a", "b", "c"]))
            self.books.note(0, rejected(row, reason))
            self._say(row, Status.REJECTED, Code.PHONE_MISSING)
        if data.draw(st.booleans()):
            self.books.flush()

    def _send(self, batch: Batch, data: st.DataObject) -> None:
        self.books.intend(batch, NOW, doubted=False)
        if data.draw(st.booleans()):
            self.books.mark(batch, BatchState.DOUBT, doubted=True)
            self.books.intend(batch, NOW, doubted=True)
        self._settle(batch, data)

    def _split(self, batch: Batch, data: st.DataObject) -> None:
        half = len(batch) // 2
        rows = [lead.row for lead in batch.leads]
        self.books.intend(batch, NOW, doubted=False)
        pieces = [
            batch_of(part, self.number * 1000 + n)
            for n, part in enumerate([rows[:half], rows[half:]])
            if part
        ]
        self.books.settle(batch, [None] * len(batch), pieces)
        for piece in pieces:
            self.books.intend(piece, NOW, doubted=False)
            self._settle(piece, data)

    def _settle(self, batch: Batch, data: st.DataObject) -> None:
        outcomes = [data.draw(st.sampled_from(VERDICTS)) for _ in batch.leads]
        self.books.settle(batch, outcomes)
        for lead, outcome in zip(batch.leads, outcomes, strict=True):
            self.status[lead.row] = outcome.status
            if outcome.code:
                self._say(lead.row, outcome.status, outcome.code)

    def _say(self, row: int, status: Status, code: Code) -> None:
        self.status[row] = status
        self.told[row] = (status, code)


anew = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # a run each is new
)


@given(rows=st.permutations(range(1, 31)), at_most_once=st.booleans(), data=st.data())
@settings(anew, max_examples=60)
def test_every_row_is_counted_once_whatever_happens(
    url: str, rows: list[int], data: st.DataObject, *, at_most_once: bool
) -> None:
    with open_ledger(url) as ledger:
        books = begun(ledger, at_most_once=at_most_once)
        story = Story(books)
        left = list(rows)
        while left:
            size = data.draw(st.integers(1, 8))
            part, left = left[:size], left[size:]
            story.happen(data.draw(st.sampled_from(KINDS)), part, data)
        books.flush()
        assert nonzero(books) == Counter(story.status.values())
        (file,) = books.files()
        assert file.rows == len(rows)
        found = [*books.findings(0, [*Status])]
        assert [finding.row for finding in found] == sorted(story.told)
        assert {f.row: (f.status, f.code) for f in found} == story.told
        counts = books.counts()
        unexplained = counts[Status.CREATED] + counts[Status.ACCEPTED]
        reasons = books.reasons()
        assert sum(reason.count for reason in reasons) == len(rows) - unexplained
        verdicts = [*books.verdicts(0)]
        assert {one.row: one.status for one in verdicts} == story.status
        again = ledger.run(books.facts().id)
        assert again.counts() == books.counts()
        texts = {finding.reason for finding in found}
        for reason in (reason for reason in reasons if reason.message in texts):
            same = [
                f.row
                for f in found
                if (f.status, f.code, f.reason)
                == (reason.status, reason.code, reason.message)
            ]
            assert (reason.count, reason.example_row) == (len(same), same[0])


@given(
    findings=st.permutations(
        [rejected(row, "odd" if row % 3 else "third") for row in range(1, 60)]
    ),
    cuts=st.sets(st.integers(0, 58)),
)
@settings(anew, max_examples=80)
def test_findings_come_back_in_the_order_of_the_rows(
    url: str, findings: list[Finding], cuts: set[int]
) -> None:
    with open_ledger(url) as ledger:
        books = begun(ledger)
        for place, finding in enumerate(findings):
            books.note(0, finding)
            if place in cuts:
                books.flush()
        books.flush()
        assert [*books.findings(0, [Status.REJECTED])] == sorted(findings)
        assert [*books.findings(0, [Status.FAILED])] == []
        assert [*books.findings(1, [Status.REJECTED])] == []


def test_reasons_are_grouped_with_their_first_row(url: str) -> None:
    with open_ledger(url) as ledger:
        books = begun(ledger, files=2)
        for file, row, reason in [(0, 9, "a"), (0, 2, "b"), (0, 4, "a"), (1, 3, "a")]:
            books.note(file, rejected(row, reason))
        books.flush()
        books.note(0, rejected(5, "b"))
        books.flush()
        first, second = books.reasons()
        assert (first.message, first.count, second.message, second.count) == (
            "a",
            3,
            "b",
            2,
        )
        assert (second.file, second.example_row) == (0, 2)
        # Of two files either will do, as long as the row is one of that file.
        assert (first.file, first.example_row) in {(0, 4), (1, 3)}


def test_intent_is_recorded_before_the_outcome(url: str) -> None:
    """Another process sees the batch as unknown until its answer is read."""
    with (
        open_ledger(url) as writing,
        open_ledger(url) as reading,
    ):
        books = begun(writing)
        run = books.facts().id
        batch = batch_of([1, 2, 3])
        books.intend(batch, NOW, doubted=False)
        assert nonzero(reading.run(run)) == {Status.UNKNOWN: 3}
        assert reading.run(run).facts().requests == 1
        books.mark(batch, BatchState.WAITING, doubted=False)
        assert nonzero(reading.run(run)) == {Status.FAILED: 3}
        books.intend(batch, NOW, doubted=False)
        assert nonzero(reading.run(run)) == {Status.UNKNOWN: 3}
        books.settle(batch, [CREATED, REFUSED, DUPLICATE])
        assert nonzero(reading.run(run)) == {
            Status.CREATED: 1,
            Status.REJECTED: 1,
            Status.DUPLICATE: 1,
        }
        assert reading.run(run).facts().requests == 2
        digests = [digest for lead in batch.leads for digest in lead.digests]
        found = reading.delivered("voiso", "3").among(digests)
        assert found == {digests[0]: run, digests[2]: run}


def test_verdicts_are_recorded_with_the_next_batch(url: str) -> None:
    with (
        open_ledger(url) as writing,
        open_ledger(url) as reading,
    ):
        books = begun(writing)
        books.note(0, rejected(1))
        books.intend(batch_of([2]), NOW, doubted=False)
        found = nonzero(reading.run(books.facts().id))
        assert found == {Status.REJECTED: 1, Status.UNKNOWN: 1}


def test_tally_is_the_count_of_what_is_settled(url: str) -> None:
    with open_ledger(url) as ledger:
        books = begun(ledger)
        books.note(0, rejected(1))
        batch = batch_of([2, 3, 4])
        books.intend(batch, NOW, doubted=False)
        books.settle(batch, [CREATED, None, REFUSED], [batch_of([3], 9)])
        assert +books.tally == {Status.REJECTED: 2, Status.CREATED: 1}
        assert nonzero(books) == {
            Status.REJECTED: 2,
            Status.CREATED: 1,
            Status.FAILED: 1,
        }


def test_finished_run_tells_how_it_ended(url: str) -> None:
    with open_ledger(url) as ledger:
        books = begun(ledger)
        books.set_rejects_file(0, "leads.rejects.csv")
        refused: dict[str, Json] = {
            "code": "access_denied",
            "message": "refused",
            "hint": None,
        }
        books.finish(4, refused, {"decimal_tail": 2})
        run = books.facts()
    with open_ledger(url) as ledger:
        found = ledger.run(run.id).facts()
        assert found == run
        assert (found.provider, found.account, found.campaign) == (
            "voiso",
            "voiso",
            "3",
        )
        assert found.exit_code == 4
        assert found.error == {
            "code": "access_denied",
            "message": "refused",
            "hint": None,
        }
        assert found.started_at <= (found.finished_at or "")
        assert found.started_at.endswith("Z")
        (file,) = ledger.run(run.id).files()
        assert (file.path, file.rejects_file) == ("leads.csv", "leads.rejects.csv")


def test_reopened_run_has_open_what_was_certainly_not_delivered(url: str) -> None:
    with open_ledger(url) as ledger:
        books = begun(ledger)
        done, waiting, sending = (
            batch_of([1, 2], 1),
            batch_of([4, 5], 2),
            batch_of([7], 3),
        )
        books.intend(done, NOW, doubted=False)
        books.settle(done, [CREATED, REFUSED])
        books.note(0, rejected(3))
        books.note(0, Finding(6, Status.FAILED, Code.NOT_SENT, "stopped"))
        books.intend(waiting, NOW, doubted=False)
        books.mark(waiting, BatchState.WAITING, doubted=False)
        books.intend(sending, NOW, doubted=False)
        run = books.facts().id
    with open_ledger(url) as ledger:
        books = ledger.resumed(run)
        unfinished = books.reopen(most=1000)
        accounted = unfinished.accounted[0]
        assert [row for row in range(1, 9) if row in accounted] == [1, 2, 3, 7]
        (doubt,) = unfinished.in_doubt
        assert (doubt.id, doubt.rows) == (sending.id, (7,))
        assert nonzero(books) == {
            Status.CREATED: 1,
            Status.REJECTED: 2,
            Status.UNKNOWN: 1,
        }


def test_doubt_is_as_old_as_the_first_request(url: str) -> None:
    later = NOW._replace(moment=NOW.moment + 3600)
    old, young = batch_of([1, 2], 1), batch_of([3], 2)
    with open_ledger(url) as ledger:
        books = begun(ledger)
        books.intend(old, NOW, doubted=False)
        books.mark(old, BatchState.DOUBT, doubted=True)
        books.intend(old, later, doubted=True)
        books.intend(young, later, doubted=False)
        run = books.facts().id
    with open_ledger(url) as ledger:
        books = ledger.resumed(run)
        unfinished = books.reopen(most=1000, stale_before=NOW.moment + 1)
        assert {one.id: one.is_stale for one in unfinished.in_doubt} == {
            old.id: True,
            young.id: False,
        }


def test_lead_is_known_by_account_and_campaign(url: str) -> None:
    with open_ledger(url) as ledger:
        scopes = [("voiso", "3"), ("voiso", "4"), ("eu", "3"), ("voiso3", "")]
        digests = {ledger.digest(*scope)("phone 15551234567") for scope in scopes}
        assert len(digests) == len(scopes)
        first = ledger.digest("voiso", "3")("phone 15551234567")
    with open_ledger(url) as ledger:
        assert ledger.digest("voiso", "3")("phone 15551234567") == first


def test_many_leads_are_looked_up_at_once(url: str) -> None:
    with open_ledger(url) as ledger:
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


def test_another_process_reads_while_one_writes(url: str) -> None:
    with open_ledger(url) as ledger:
        books = begun(ledger)
        books.intend(batch_of([1, 2]), NOW, doubted=False)
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-c", READER, url, books.facts().id],
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


def test_lead_belongs_to_the_first_run_that_delivered_it(url: str) -> None:
    one, two = batch_of([1]).leads.hashes(), batch_of([2]).leads.hashes()
    with open_ledger(url) as ledger:
        assert ledger.delivered("voiso", "3").is_empty()
        first, second = deliver(ledger, [1]), deliver(ledger, [1, 2], DUPLICATE)
        index = ledger.delivered("voiso", "3")
        assert not index.is_empty()
        assert index.among([*one, *two]) == {one[0]: first, two[0]: second}
        assert ledger.delivered("voiso", "4").is_empty()
        assert ledger.delivered("voiso", "4").among(one) == {}
        deliver(ledger, [1], campaign="4")
        assert [*ledger.delivered("voiso", "4").among([*one, *two])] == one


def test_lead_stays_delivered_when_its_run_is_forgotten(url: str) -> None:
    hashes = batch_of([1, 2]).leads.hashes()
    with open_ledger(url) as ledger:
        old = deliver(ledger, [1, 2])
        begun(ledger)  # not finished: kept
        assert len(ledger.forget_runs("9999")) == 1
        assert old not in [run.facts().id for run in ledger.runs(9)]
        deliver(ledger, [3])
        found = ledger.delivered("voiso", "3").among(hashes)
        assert found == dict.fromkeys(hashes, "")


def test_removed_lead_is_delivered_no_longer(url: str) -> None:
    """An intent leaves doubt; what another run delivered stays."""
    ours, theirs = batch_of([1, 2, 3, 4]), batch_of([1, 2, 3, 4, 9], 1)
    with open_ledger(url) as ledger:
        books, later = begun(ledger), begun(ledger)
        for writer, batch in ((books, ours), (later, theirs)):
            writer.intend(batch, NOW, doubted=False)
            writer.settle(batch, [CREATED] * len(batch))
        run = books.facts().id
        removal = ledger.removal(run)
        assert [row in removal.created_rows(0) for row in (4, 5)] == [True, False]
        assert removal.intend(ours) == set()
        assert removal.removals() == {Removal.UNKNOWN: 4}
    with open_ledger(url) as ledger:  # the process that intended is gone
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


def test_person_is_found_in_every_campaign_and_forgotten(url: str) -> None:
    one, two = "phone 15550100001", "phone 15550100002"
    with open_ledger(url) as ledger, open_ledger(url) as other:

        def batch(campaign: str, number: int) -> Batch:
            digest = ledger.digest("voiso", campaign)
            numbers = enumerate([one, two], 1)
            leads = [Lead(n, Phone("", ""), {}, (digest(who),)) for n, who in numbers]
            return Batch(UUID(int=number), campaign, 0, Leads.of(leads))

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


def test_suppression_list_counts_people_and_forgets_whole_entries(url: str) -> None:
    with open_ledger(url) as ledger, open_ledger(url) as other:
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
    url: str, *, delivered: bool
) -> None:
    batch = batch_of([1, 2])
    hashes = batch.leads.hashes()
    with open_ledger(url) as ledger:
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


def test_run_that_ended_with_a_batch_on_its_way_is_found(url: str) -> None:
    with open_ledger(url) as ledger:
        deliver(ledger, [1])
        assert ledger.unsettled_run("voiso", "3") is None
        run = begun(ledger)
        run.intend(batch_of([2]), NOW, doubted=False)
        assert ledger.unsettled_run("voiso", "3") == run.facts().id
        assert ledger.unsettled_run("voiso", "4") is None
        latest = ledger.latest("voiso", "3")
        assert latest
        assert latest.facts() == run.facts()
        assert ledger.latest("voiso", "4") is None
        with pytest.raises(UsageError, match="no run 'nowhere'"):
            ledger.run("nowhere")


def test_campaign_is_held_by_one_run_at_a_time(url: str) -> None:
    with open_ledger(url) as ledger, open_ledger(url) as other:
        facts = begun(ledger).facts()
        with ledger.campaign_lock("voiso", "3") as lock:
            assert other.process_of(facts) is None
            lock.hold_for(facts.id)
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


def test_starts_are_shared_by_all_who_use_the_ledger(url: str) -> None:
    now = 1_800_000_000.0
    with open_ledger(url) as ledger, open_ledger(url) as other:
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


def test_tokens_of_an_hour_are_counted(url: str) -> None:
    now = 1_800_000_000.0
    with open_ledger(url) as ledger, open_ledger(url) as other:
        ledger.rates.count_token("ozonetel", 2, now)
        other.rates.count_token("ozonetel", 2, now + 10)
        other.rates.count_token("another", 2, now + 10)
        with pytest.raises(Unusable, match="all 2 tokens of this hour are used"):
            ledger.rates.count_token("ozonetel", 2, now + 20)
