"""What every ledger does with a run, wherever it is kept: each row is counted once.

A new kind of ledger passes these tests, and those of test_ledger_shared.py, by one more
parameter of the fixture `any_ledger`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgers import (
    DUPLICATE,
    LOST,
    NOW,
    REFUSED,
    STOPPED,
    batch_of,
    begun,
    nonzero,
    rejected,
)

from leadctl.ledger import open_ledger
from leadctl.ledger.records import BatchState
from leadctl.model.leads import (
    ACCEPTED,
    CREATED,
    Batch,
    Code,
    Finding,
    Status,
)

if TYPE_CHECKING:
    from leadctl.ledger.base import RunWriter
    from leadctl.model.leads import Json

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
    any_ledger: str, rows: list[int], data: st.DataObject, *, at_most_once: bool
) -> None:
    with open_ledger(any_ledger) as ledger:
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
    any_ledger: str, findings: list[Finding], cuts: set[int]
) -> None:
    with open_ledger(any_ledger) as ledger:
        books = begun(ledger)
        for place, finding in enumerate(findings):
            books.note(0, finding)
            if place in cuts:
                books.flush()
        books.flush()
        assert [*books.findings(0, [Status.REJECTED])] == sorted(findings)
        assert [*books.findings(0, [Status.FAILED])] == []
        assert [*books.findings(1, [Status.REJECTED])] == []


def test_reasons_are_grouped_with_their_first_row(any_ledger: str) -> None:
    with open_ledger(any_ledger) as ledger:
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


def test_intent_is_recorded_before_the_outcome(any_ledger: str) -> None:
    """Another process sees the batch as unknown until its answer is read."""
    with (
        open_ledger(any_ledger) as writing,
        open_ledger(any_ledger) as reading,
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


def test_verdicts_are_recorded_with_the_next_batch(any_ledger: str) -> None:
    with (
        open_ledger(any_ledger) as writing,
        open_ledger(any_ledger) as reading,
    ):
        books = begun(writing)
        books.note(0, rejected(1))
        books.intend(batch_of([2]), NOW, doubted=False)
        found = nonzero(reading.run(books.facts().id))
        assert found == {Status.REJECTED: 1, Status.UNKNOWN: 1}


def test_tally_is_the_count_of_what_is_settled(any_ledger: str) -> None:
    with open_ledger(any_ledger) as ledger:
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


def test_finished_run_tells_how_it_ended(any_ledger: str) -> None:
    with open_ledger(any_ledger) as ledger:
        books = begun(ledger)
        books.set_rejects_file(0, "leads.rejects.csv")
        refused: dict[str, Json] = {
            "code": "access_denied",
            "message": "refused",
            "hint": None,
        }
        books.finish(4, refused, {"decimal_tail": 2})
        run = books.facts()
    with open_ledger(any_ledger) as ledger:
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


def test_reopened_run_has_open_what_was_certainly_not_delivered(
    any_ledger: str,
) -> None:
    with open_ledger(any_ledger) as ledger:
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
    with open_ledger(any_ledger) as ledger:
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


def test_doubt_is_as_old_as_the_first_request(any_ledger: str) -> None:
    later = NOW._replace(moment=NOW.moment + 3600)
    old, young = batch_of([1, 2], 1), batch_of([3], 2)
    with open_ledger(any_ledger) as ledger:
        books = begun(ledger)
        books.intend(old, NOW, doubted=False)
        books.mark(old, BatchState.DOUBT, doubted=True)
        books.intend(old, later, doubted=True)
        books.intend(young, later, doubted=False)
        run = books.facts().id
    with open_ledger(any_ledger) as ledger:
        books = ledger.resumed(run)
        unfinished = books.reopen(most=1000, stale_before=NOW.moment + 1)
        assert {one.id: one.is_stale for one in unfinished.in_doubt} == {
            old.id: True,
            young.id: False,
        }
