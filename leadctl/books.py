"""One run's books: what was intended, what came of it, and the counts read from it.

Rows are written as ranges, a batch at a time, so that a run costs a handful of
statements a batch and not one a row. The intent to send is committed before a request
leaves and its outcome when the answer is read; a batch that is still `sending` when a
run is looked at again is in doubt.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import uuid4

from leadctl import rowset
from leadctl.audit import Audit, BatchState
from leadctl.delivered import DeliveredLog
from leadctl.errors import LedgerUnusable
from leadctl.findings import Findings
from leadctl.model import DELIVERED, Code, Finding, Leads, Status
from leadctl.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from leadctl.database import Connection
    from leadctl.model import Batch, Json, Outcome
    from leadctl.timeline import Arrival, Departure

UNANSWERED = frozenset({Status.FAILED, Status.UNKNOWN})
"""What is left to rows without an answer's word."""

MOST_KEPT = 5000
"""Findings that wait for a transaction of their own."""


class Books(Audit):
    """One run's part of the ledger.

    `guarded` books note whose leads are on their way before they are sent: for
    providers where sending twice would add a lead twice, so that no later run sends
    them unasked. `tally` counts the rows settled so far, by status: cheap enough to
    look at for every batch.
    """

    def __init__(
        self,
        db: Connection,
        number: int,
        *,
        guarded: bool = False,
    ) -> None:
        super().__init__(db, number)
        self._transaction = db.transaction
        self._guarded = guarded
        self._delivered = DeliveredLog(db)
        self._traffic = Traffic(db, number)
        self._findings = Findings(db, number)
        self._doubtful: list[tuple[int, Leads]] = []
        self._is_together = False
        self._there: list[bytes] = []
        self._numbers: dict[UUID, int] = {}
        self.tally = Counter(self.counts())

    def add_file(self, ordinal: int, path: str, fingerprint: str) -> None:
        with self._transaction():
            self._db.execute(
                "INSERT INTO files (run, ordinal, path, fingerprint)"
                " VALUES (?, ?, ?, ?)",
                (self._run, ordinal, path, fingerprint),
            )

    def note(self, file: int, finding: Finding) -> None:
        """Keep a verdict; written with the next transaction, or when there are many."""
        self.tally[finding.status] += 1
        self._findings.keep(file, [finding])
        if len(self._findings) >= MOST_KEPT:
            self.flush()

    def doubt(self, file: int, leads: Leads) -> None:
        """Keep leads that stay unknown here too; before their verdicts are noted."""
        self._doubtful.append((file, leads))

    def together(self) -> AbstractContextManager[None]:
        """Open a transaction around several, so that they wait for the disk once.

        What they share is written once as well, at its end. One inside another is part
        of it.
        """
        return nullcontext() if self._is_together else self._shared()

    @contextmanager
    def _shared(self) -> Iterator[None]:
        self._is_together = True
        try:
            with self._transaction():
                yield
                self._write_shared()
        finally:
            self._is_together = False
        self._put_away(self._delivered.is_full)  # in the log it is on disk by now

    def _put_away(self, is_due: bool) -> None:
        if is_due:
            with self._transaction():
                self._delivered.put_away()

    def flush(self) -> None:
        if self._findings:
            with self._transaction():
                self._write_findings()

    def intend(self, batch: Batch, departure: Departure, *, doubted: bool) -> None:
        """Commit that this batch is about to leave."""
        with self.together():
            self._write_findings()
            if self._guarded:
                self._doubt(batch.file, batch.leads)
            rows = _rows(batch)
            if batch.id in self._numbers:
                self._db.execute(
                    "UPDATE batches SET state = 'sending', attempts = attempts + 1"
                    " WHERE number = ? AND run = ?",
                    (self._numbers[batch.id], self._run),
                )
            else:
                self._add(batch, rows, BatchState.SENDING, doubted=doubted)
            self._traffic.leave(batch, rows, departure)

    def call_back(self, batch: Batch, *, fresh: bool, doubted: bool) -> None:
        """Undo an intent: the batch did not leave. A `fresh` one never did before."""
        with self.together():
            if fresh:
                number = self._numbers.pop(batch.id)
                self._db.execute("DELETE FROM batches WHERE number = ?", (number,))
            else:
                state = BatchState.DOUBT if doubted else BatchState.WAITING
                self._db.execute(
                    "UPDATE batches SET state = ?, attempts = attempts - 1"
                    " WHERE number = ? AND run = ?",
                    (state, self._numbers[batch.id], self._run),
                )
            if self._guarded and not doubted:
                self._undoubt(batch.leads)
            self._traffic.call_back(batch)

    def answered(self, batch: Batch, arrival: Arrival) -> None:
        """Keep what came of a request; written with what it makes of the batch."""
        self._traffic.answer(batch, arrival)

    def mark(self, batch: Batch, state: BatchState, *, doubted: bool) -> None:
        """Record what a request came to that did not decide about the rows."""
        with self.together():
            self._db.execute(
                "UPDATE batches SET state = ?, doubted = doubted OR ?"
                " WHERE number = ? AND run = ?",
                (state, state is BatchState.DOUBT, self._numbers[batch.id], self._run),
            )
            self._traffic.arrive(batch)
            if self._guarded and state is BatchState.WAITING and not doubted:
                self._undoubt(batch.leads)

    def settle(
        self,
        batch: Batch,
        outcomes: Sequence[Outcome | None],
        pieces: Sequence[Batch] = (),
        state: BatchState = BatchState.WAITING,
        *,
        doubted: bool = False,
    ) -> None:
        """Record the final outcome of the leads of a batch, sent or not.

        Leads without one (None) travel on in `pieces`, which are recorded as `state` in
        the same transaction: at no moment is a row in no batch or in two.
        """
        answered = 0
        good: dict[Status, list[int]] = {}
        unknown = Leads()
        for outcome, leads in _alike(batch, outcomes):
            if outcome is None:
                continue
            self.tally[outcome.status] += len(leads)
            if outcome.status not in UNANSWERED:
                answered += len(leads)
            if outcome.status in DELIVERED:
                self._there += leads.hashes()
            elif outcome.code is Code.DUPLICATE_IN_CAMPAIGN:
                # One with two identities may be there by either: neither is sure.
                self._there += leads.only_hashes()
            elif outcome.status is Status.UNKNOWN:
                unknown += leads
            if outcome.code is None:
                good.setdefault(outcome.status, []).extend(leads.rows)
            else:
                verdict = outcome.status, outcome.code, outcome.reason
                self._findings.keep(
                    batch.file, [Finding(row, *verdict) for row in leads.rows]
                )
        with self.together():
            self._write_findings()
            self._traffic.arrive(batch, answered, sum(map(len, good.values())))
            if self._guarded:
                self._undoubt(batch.leads)
            self._doubt(batch.file, unknown)
            self._close(batch, good)
            for piece in pieces:
                self._add(piece, _rows(piece), state, doubted=doubted)

    def rehearse(self, batch: Batch, outcome: Outcome) -> None:
        """Record a batch that nobody sends as its provider would call it at best.

        Who would be delivered is not kept: a rehearsal asks nobody about it.
        """
        self.tally[outcome.status] += len(batch)
        with self._transaction():
            self._write_findings()
            self._close(batch, {outcome.status: batch.leads.rows})

    def _close(self, batch: Batch, good: Mapping[Status, Sequence[int]]) -> None:
        """Settle a batch; of its rows only those stay that are delivered.

        The others have their verdict or travel on: what a resume finds is never more
        than the evidence. A line has rows of one status, so that each row's is known.
        """
        number = self._numbers.pop(batch.id, None)
        self._traffic.forget(batch)
        for status, rows in (good or {Status.CREATED: []}).items():
            created = len(rows) if status is Status.CREATED else 0
            first = rows[0] if rows else 0
            counted = (first, rowset.written(rows), created, len(rows) - created)
            if number is not None:
                self._db.execute(
                    "UPDATE batches"
                    " SET state = 'settled', first = ?, rows = ?,"
                    " created = ?, accepted = ? WHERE number = ? AND run = ?",
                    (*counted, number, self._run),
                )
                number = None
            elif rows:  # of a second status, or rehearsed and never sent
                self._db.execute(
                    "INSERT INTO batches (run, file, id, first, rows, created,"
                    " accepted, size, state, doubted, attempts)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'settled', 0, 0)",
                    (self._run, batch.file, uuid4().bytes, *counted, len(rows)),
                )

    def set_rejects_file(self, ordinal: int, path: str | None) -> None:
        with self._transaction():
            self._db.execute(
                "UPDATE files SET rejects_file = ? WHERE run = ? AND ordinal = ?",
                (path, self._run, ordinal),
            )

    def finish(
        self,
        exit_code: int,
        error: dict[str, Json] | None,
        repairs: Mapping[str, int],
    ) -> None:
        """Close the run; `repairs` counts what was mended in phone cells."""
        with self._transaction():
            self._write_findings()
            self._db.execute(
                "UPDATE runs SET finished_at = ?, exit_code = ?, error = ?,"
                " repairs = ? WHERE number = ?",
                (
                    utc_text(datetime.now(UTC)),
                    exit_code,
                    json.dumps(error) if error else None,
                    json.dumps(repairs),
                    self._run,
                ),
            )
        with suppress(LedgerUnusable):  # it can wait for the next run
            self._put_away(self._delivered.is_long)

    def _doubt(self, file: int, leads: Leads) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO in_doubt VALUES (?, ?, ?, ?)",
            ((digest, self._run, file, row) for row, digest in leads.identities()),
        )

    def _undoubt(self, leads: Leads) -> None:
        self._db.executemany(
            "DELETE FROM in_doubt WHERE hash = ? AND run = ?",
            ((digest, self._run) for digest in leads.hashes()),
        )

    def _add(
        self, batch: Batch, rows: str, state: BatchState, *, doubted: bool
    ) -> None:
        cursor = self._db.execute(
            "INSERT INTO batches"
            " (run, file, id, first, rows, size, state, doubted, attempts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._run,
                batch.file,
                batch.id.bytes,
                batch.leads.rows[0],
                rows,
                len(batch),
                state,
                doubted,
                int(state is BatchState.SENDING),
            ),
        )
        self._numbers[batch.id] = cursor.lastrowid or 0

    def _write_shared(self) -> None:
        """Write what a transaction had in common: the requests, who was delivered."""
        self._traffic.write_count()
        there, self._there = self._there, []
        if there:
            self._delivered.add(self._run, there)

    def _write_findings(self) -> None:
        for file, leads in self._doubtful:
            self._doubt(file, leads)
        self._doubtful.clear()
        self._findings.write()


def _rows(batch: Batch) -> str:
    return rowset.written(batch.leads.rows)


def _alike(
    batch: Batch, outcomes: Sequence[Outcome | None]
) -> Iterator[tuple[Outcome | None, Leads]]:
    """Yield stretches of leads with one outcome: most batches have a single one."""
    if len(outcomes) != len(batch):
        raise ValueError(f"{len(outcomes)} outcomes of {len(batch)} leads")
    first = 0
    for outcome, same in groupby(outcomes):
        last = first + len([*same])
        yield outcome, batch.leads[first:last]
        first = last


def utc_text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
