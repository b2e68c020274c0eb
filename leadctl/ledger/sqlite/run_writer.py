"""Records one run: intents before requests leave, outcomes when answers are read.

Rows are written as ranges, a batch at a time, so that a run costs a handful of
statements a batch and not one a row.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import uuid4

from leadctl.ledger.records import BatchState, utc_text
from leadctl.ledger.sqlite.delivered import DeliveredLog
from leadctl.ledger.sqlite.findings import Findings
from leadctl.ledger.sqlite.request_log import RequestLog
from leadctl.ledger.sqlite.run_reader import SqliteRunReader
from leadctl.model import row_set
from leadctl.model.errors import LedgerUnusable
from leadctl.model.leads import DELIVERED, Code, Finding, Leads, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from leadctl.ledger.records import Arrival, Departure
    from leadctl.ledger.sqlite.connection import Connection
    from leadctl.model.leads import Batch, Json, Note, Outcome

UNANSWERED = frozenset({Status.FAILED, Status.UNKNOWN})
"""What is left to rows without an answer's word."""

MOST_KEPT = 5000
"""Findings that wait for a transaction of their own."""


class SqliteRunWriter(SqliteRunReader):
    """One run, to be recorded."""

    def __init__(
        self, db: Connection, number: int, *, at_most_once: bool = False
    ) -> None:
        super().__init__(db, number)
        self._transaction = db.transaction
        self._at_most_once = at_most_once
        self._delivered = DeliveredLog(db)
        self._request_log = RequestLog(db, number)
        self._findings = Findings(db, number)
        self._doubtful: list[tuple[int, Leads]] = []
        self._is_together = False
        self._there: list[bytes] = []
        self._numbers: dict[UUID, int] = {}
        self.tally = Counter(self.counts())

    def note(self, file: int, finding: Finding) -> None:
        self.tally[finding.status] += 1
        self._findings.keep(file, [finding])
        if len(self._findings) >= MOST_KEPT:
            self.flush()

    def doubt(self, file: int, leads: Leads) -> None:
        self._doubtful.append((file, leads))

    def together(self) -> AbstractContextManager[None]:
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
        with self.together():
            self._write_findings()
            if self._at_most_once:
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
            self._request_log.leave(batch, rows, departure)

    def call_back(self, batch: Batch, *, fresh: bool, doubted: bool) -> None:
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
            if self._at_most_once and not doubted:
                self._undoubt(batch.leads)
            self._request_log.call_back(batch)

    def answered(self, batch: Batch, arrival: Arrival) -> None:
        self._request_log.answer(batch, arrival)

    def mark(self, batch: Batch, state: BatchState, *, doubted: bool) -> None:
        with self.together():
            self._db.execute(
                "UPDATE batches SET state = ?, doubted = doubted OR ?"
                " WHERE number = ? AND run = ?",
                (state, state is BatchState.DOUBT, self._numbers[batch.id], self._run),
            )
            self._request_log.arrive(batch)
            if self._at_most_once and state is BatchState.WAITING and not doubted:
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
            self._request_log.arrive(batch, answered, sum(map(len, good.values())))
            if self._at_most_once:
                self._undoubt(batch.leads)
            self._doubt(batch.file, unknown)
            self._close(batch, good)
            for piece in pieces:
                self._add(piece, _rows(piece), state, doubted=doubted)

    def rehearse(self, batch: Batch, outcome: Outcome) -> None:
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
        self._request_log.forget(batch)
        for status, rows in (good or {Status.CREATED: []}).items():
            created = len(rows) if status is Status.CREATED else 0
            first = rows[0] if rows else 0
            counted = (first, row_set.written(rows), created, len(rows) - created)
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

    def remember(self, more: Mapping[str, Json]) -> None:
        with self._transaction():
            self._db.execute(
                "UPDATE runs SET job = json_patch(job, ?) WHERE number = ?",
                (json.dumps(more), self._run),
            )

    def finish(
        self,
        exit_code: int,
        error: dict[str, Json] | None,
        repairs: Mapping[str, int],
        notes: Sequence[Note] = (),
    ) -> None:
        with self._transaction():
            self._write_findings()
            self._db.execute(
                "UPDATE runs SET finished_at = ?, exit_code = ?, error = ?,"
                " repairs = ?, notes = ? WHERE number = ?",
                (
                    utc_text(datetime.now(UTC)),
                    exit_code,
                    json.dumps(error) if error else None,
                    json.dumps(repairs),
                    json.dumps([*map(asdict, notes)]),
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
        self._request_log.write_count()
        there, self._there = self._there, []
        if there:
            self._delivered.add(self._run, there)

    def _write_findings(self) -> None:
        for file, leads in self._doubtful:
            self._doubt(file, leads)
        self._doubtful.clear()
        self._findings.write()


def _rows(batch: Batch) -> str:
    return row_set.written(batch.leads.rows)


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
