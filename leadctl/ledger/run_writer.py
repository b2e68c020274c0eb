"""Records one run: an intent before each request, its outcome after the answer.

Rows are written as ranges: a few lines for each batch rather than one for each row.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import uuid4

from leadctl.ledger.records import BatchState, utc_text
from leadctl.ledger.run_reader import RunReader
from leadctl.ledger.turn import BatchLine, RequestLog, Turn
from leadctl.model import row_set
from leadctl.model.leads import DELIVERED, Code, Finding, Leads, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from uuid import UUID

    from leadctl.ledger.database import Database
    from leadctl.ledger.records import Arrival, Departure, Part
    from leadctl.ledger.turn import TurnStore
    from leadctl.model.leads import Batch, Json, Note, Outcome

MOST_KEPT = 5000
"""Findings to buffer before they are written by themselves."""


class RunWriter(RunReader):
    """Records one run; `turns` writes what it collects.

    What is written inside `together` is durable when it ends, all or nothing. A batch
    that is still `sending` after its process died is in doubt.
    """

    def __init__(
        self,
        db: Database,
        number: int,
        turns: TurnStore,
        *,
        at_most_once: bool = False,
    ) -> None:
        super().__init__(db, number)
        self.ahead = db.ahead
        """Seconds by which the ledger's clock is ahead of this machine's."""
        self._turns = turns
        self._at_most_once = at_most_once
        self._turn = Turn()
        self._is_together = False
        self._open: dict[UUID, BatchLine] = {}
        self._request_log = RequestLog(self._requests_made(), db.ahead)
        self.tally = Counter(self.counts())
        """Rows settled so far, by status; kept in memory."""

    def _requests_made(self) -> int:
        made = "SELECT requests FROM runs WHERE number = ?"
        return int(self._db.execute(made, (self._run,)).fetchone()[0])

    def note(self, file: int, finding: Finding) -> None:
        """Buffer a finding; the next transaction writes it, or a full buffer."""
        self.tally[finding.status] += 1
        self._turn.findings.append((file, finding))
        if len(self._turn.findings) >= MOST_KEPT:
            self.flush()

    def doubt(self, file: int, leads: Leads) -> None:
        """Record leads that stay unknown; call it before `note` for their findings."""
        for row, digest in leads.identities():
            self._turn.doubts.setdefault(digest, (file, row))

    def may_send(self) -> bool:
        """Tell whether the campaign is held for one more request; for any thread."""
        return self._turns.may_send()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write several steps at once, all or nothing; nested contexts join it."""
        if self._is_together:
            yield
            return
        self._is_together = True
        try:
            with self._turns.together():
                yield
                self._write()
        finally:
            self._is_together = False

    def _write(self) -> None:
        self._request_log.put_into(self._turn)
        if self._turn:
            turn, self._turn = self._turn, Turn()
            self._turns.write(turn)

    def flush(self) -> None:
        if not self._is_together:
            self._write()

    def intend(self, batch: Batch, departure: Departure, *, doubted: bool) -> None:
        """Commit that this batch is about to be sent."""
        with self.together():
            if self._at_most_once:
                self.doubt(batch.file, batch.leads)
            line = self._open.get(batch.id)
            if line is None:
                line = _line(batch, BatchState.SENDING, doubted=doubted)
            else:
                attempts = line.attempts + 1
                line = line._replace(state=BatchState.SENDING, attempts=attempts)
            self._put(line)
            self._request_log.leave(line, departure)

    def call_back(self, batch: Batch, *, fresh: bool, doubted: bool) -> None:
        """Undo an intent: the batch was not sent. A `fresh` one never was before."""
        with self.together():
            if fresh:
                del self._open[batch.id]
                self._turn.batches.pop(batch.id, None)
                self._turn.withdrawn.append(batch.id)
            else:
                line = self._open[batch.id]
                state = BatchState.DOUBT if doubted else BatchState.WAITING
                self._put(line._replace(state=state, attempts=line.attempts - 1))
            if self._at_most_once and not doubted:
                self._turn.no_doubt(batch.leads.hashes())
            self._request_log.call_back(batch)

    def answered(self, batch: Batch, arrival: Arrival) -> None:
        """Buffer a request's result; it is written with the batch's next state."""
        self._request_log.answer(batch, arrival)

    def mark(self, batch: Batch, state: BatchState, *, doubted: bool) -> None:
        """Record a request's result that settles no row."""
        with self.together():
            line = self._open[batch.id]
            is_doubt = line.doubted or state is BatchState.DOUBT
            self._put(line._replace(state=state, doubted=is_doubt))
            self._request_log.arrive(batch)
            if self._at_most_once and state is BatchState.WAITING and not doubted:
                self._turn.no_doubt(batch.leads.hashes())

    def settle(
        self,
        batch: Batch,
        outcomes: Sequence[Outcome | None],
        pieces: Sequence[Batch] = (),
        state: BatchState = BatchState.WAITING,
        *,
        doubted: bool = False,
    ) -> None:
        """Record the final outcome of each lead of a batch, sent or not.

        Leads without one (None) move to `pieces`, in the state `state`, in the same
        transaction: every row is in exactly one batch at any moment.
        """
        answered = 0
        good: dict[Status, list[int]] = {}
        unknown = Leads()
        for outcome, leads in _alike(batch, outcomes):
            if outcome is None:
                continue
            self.tally[outcome.status] += len(leads)
            if outcome.status not in (Status.FAILED, Status.UNKNOWN):
                answered += len(leads)
            if outcome.status in DELIVERED:
                self._turn.delivered += leads.hashes()
            elif outcome.code is Code.DUPLICATE_IN_CAMPAIGN:
                # One with two identities may be there by either: neither is sure.
                self._turn.delivered += leads.only_hashes()
            elif outcome.status is Status.UNKNOWN:
                unknown += leads
            if outcome.code is None:
                good.setdefault(outcome.status, []).extend(leads.rows)
            else:
                verdict = outcome.status, outcome.code, outcome.reason
                self._turn.findings += [
                    (batch.file, Finding(row, *verdict)) for row in leads.rows
                ]
        with self.together():
            self._request_log.arrive(batch, answered, sum(map(len, good.values())))
            if self._at_most_once:
                self._turn.no_doubt(batch.leads.hashes())
            self.doubt(batch.file, unknown)
            self._close(batch, good)
            for piece in pieces:
                self._put(_line(piece, state, doubted=doubted))

    def rehearse(self, batch: Batch, outcome: Outcome) -> None:
        """Record a batch of a dry run; its leads do not count as delivered."""
        self.tally[outcome.status] += len(batch)
        with self.together():
            self._close(batch, {outcome.status: batch.leads.rows})

    def _put(self, line: BatchLine) -> None:
        self._open[line.id] = self._turn.batches[line.id] = line

    def _close(self, batch: Batch, good: Mapping[Status, Sequence[int]]) -> None:
        """Settle a batch; each line that is left has delivered rows of one status."""
        line = self._open.pop(batch.id, None)
        for status, rows in (good or {Status.CREATED: []}).items():
            created = len(rows) if status is Status.CREATED else 0
            if line is None:
                if not rows:
                    continue
                # Of a second status, or rehearsed and never sent.
                state = BatchState.SETTLED
                line = BatchLine.of(uuid4(), batch.file, rows, state, doubted=False)
            else:
                first = rows[0] if rows else 0
                line = line._replace(first=first, rows=row_set.written(rows))
            self._turn.batches[line.id] = line._replace(
                state=BatchState.SETTLED,
                created=created,
                accepted=len(rows) - created,
            )
            line = None

    def set_rejects_file(self, ordinal: int, path: str | None) -> None:
        with self.together():
            self._turn.rejects_files[ordinal] = path

    def remember(self, more: Mapping[str, Json]) -> None:
        """Add members to the job that is stored with the run."""
        with self.together():
            job = self._turn.facts.get("job") or json.dumps(self.facts().job)
            self._turn.facts["job"] = json.dumps(_patched(json.loads(str(job)), more))

    def plan(self, *parts: Part, is_all: bool = False) -> None:
        """Record parts of a shared run for its workers, and whether these are all."""
        with self.together():
            self._turn.parts += parts
            self._turn.facts["planned"] = is_all

    def finish(
        self,
        exit_code: int,
        error: dict[str, Json] | None,
        repairs: Mapping[str, int],
        notes: Sequence[Note] = (),
    ) -> None:
        with self.together():
            self._turn.facts |= {
                "finished_at": utc_text(self._db.now()),
                "exit_code": exit_code,
                "error": json.dumps(error) if error else None,
                "repairs": json.dumps(repairs),
                "notes": json.dumps([*map(asdict, notes)]),
            }


def _line(batch: Batch, state: BatchState, *, doubted: bool) -> BatchLine:
    return BatchLine.of(batch.id, batch.file, batch.leads.rows, state, doubted=doubted)


def _patched(old: Json, more: Mapping[str, Json]) -> Json:
    """Return a document with members added, also inside nested documents."""
    found = dict(old) if isinstance(old, dict) else {}
    for name, value in more.items():
        if isinstance(value, dict):
            found[name] = _patched(found.get(name), value)
        else:
            found[name] = value
    return found


def _alike(
    batch: Batch, outcomes: Sequence[Outcome | None]
) -> Iterator[tuple[Outcome | None, Leads]]:
    """Yield runs of consecutive leads with the same outcome; most batches have one."""
    if len(outcomes) != len(batch):
        raise ValueError(f"{len(outcomes)} outcomes of {len(batch)} leads")
    if outcomes and outcomes.count(outcomes[0]) == len(outcomes):
        yield outcomes[0], batch.leads
        return
    first = 0
    for outcome, same in groupby(outcomes):
        last = first + len([*same])
        yield outcome, batch.leads[first:last]
        first = last
