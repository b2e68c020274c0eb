"""Shares one run among workers: parts, each taken under a lease of its own."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadctl.ledger.postgres.connection import elapsed
from leadctl.ledger.postgres.lease import Lease, ourselves
from leadctl.ledger.postgres.turns import PostgresTurns, new_token
from leadctl.ledger.records import BatchState, Part, Sharing, Unfinished
from leadctl.ledger.resumed_run import IN_PROGRESS, ResumedRun
from leadctl.ledger.turn import PartLine
from leadctl.model import row_set
from leadctl.model.leads import Code, Finding, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadctl.ledger.postgres.connection import Connection
    from leadctl.ledger.postgres.lease import Leases
    from leadctl.model.errors import LeadctlError
    from leadctl.model.leads import Leads


@dataclass(frozen=True)
class SharedRuns:
    """The runs of one ledger; `number` finds a run's by its id."""

    db: Connection
    number: Callable[[str], int]
    leases: Leases

    def of(self, run_id: str) -> SharedRun:
        return SharedRun(self.db, self.number(run_id), self.leases)

    def planned(self, run_id: str, *, at_most_once: bool) -> PlannedRun:
        number = self.number(run_id)
        turns = PostgresTurns(self.db, number, self.leases)
        return PlannedRun(self.db, number, turns, at_most_once=at_most_once)

    def to_work_on(self) -> str | None:
        """Return the id of the oldest run that has parts left, or to come, if any."""
        row = self.db.execute(
            "SELECT id FROM runs AS r WHERE finished_at IS NULL AND NOT stop_requested"
            " AND (NOT planned AND EXISTS (SELECT 1 FROM holds WHERE run = r.number"
            " AND until > clock_timestamp()) OR EXISTS (SELECT 1 FROM parts"
            " WHERE run = r.number AND NOT is_done)) ORDER BY r.number LIMIT 1"
        ).fetchone()
        return str(row[0]) if row else None


class SharedRun:
    """A run as its planner and its workers see it; each object is one of them."""

    def __init__(self, db: Connection, run: int, leases: Leases) -> None:
        self._db = db
        self._run = run
        self._leases = leases
        self._fence = new_token()

    def sharing(self) -> Sharing:
        row = self._db.row(
            "SELECT finished_at IS NOT NULL, stop_requested, error,"
            " coalesce(planned, true),"
            " (SELECT count(*) FROM parts WHERE run = r.number AND NOT is_done),"
            " (SELECT count(*) FROM held_parts WHERE run = r.number),"
            " EXISTS (SELECT FROM holds WHERE run = r.number"
            " AND until > clock_timestamp()) FROM runs AS r WHERE r.number = ?",
            (self._run,),
        )
        is_over, is_stopped, error, *rest = row
        return Sharing(is_over, is_stopped, json.loads(error) if error else None, *rest)

    def replan(self) -> bool:
        """Void the parts, to plan what is left anew; False while workers have some."""
        return bool(self._db.call("replan", self._run)[0])

    def stop(self, error: LeadctlError | None = None) -> None:
        """End the run for all of them, because of an error that one has met."""
        said = None
        if error:
            facts = {"code": error.code, "message": error.message, "hint": error.hint}
            said = json.dumps(facts)
        self._db.call("stop_run", self._run, said)

    @contextmanager
    def taken(
        self,
        *,
        longest_request: float,
        concurrency: int,
        sharing: int,
        at_most_once: bool,
    ) -> Iterator[PartWriter | None]:
        """Take a part while the context lasts; None where none is to be had now.

        `concurrency` requests are divided among all workers on the account; of this
        run there are at least `sharing`.
        """
        lease = Lease(self._db, longest_request, self._fence)
        began = elapsed()
        number, seconds = self._db.call(
            "take_part",
            self._run,
            lease.fence,
            json.dumps(ourselves(self._db)),
            longest_request,
            concurrency,
            sharing,
        )
        if number is None:
            yield None
            return
        lease.begins(seconds, began)
        with self._leases.under(lease):
            part = Part(
                *self._db.row(
                    "SELECT number, file, first, last, rows, content, places, requests,"
                    " turns FROM parts WHERE run = ? AND number = ?",
                    (self._run, number),
                )
            )
            turns = PostgresTurns.of_part(self._db, self._run, self._leases, part.turns)
            yield PartWriter(
                self._db, self._run, turns, part, at_most_once=at_most_once
            )

    def finish_part(self) -> None:
        """Record that nothing is left to do of the part that is taken."""
        self._db.call("finish_part", self._fence)


class PlannedRun(ResumedRun):
    """Records the parts of a run, and settles what its workers leave."""

    _db: Connection

    def plan(self, leads: Leads, file: int, content: bytes) -> None:
        """Record a part for a worker: leads of a file, and the keyed hash of them."""
        first, last = leads.rows[0], leads.rows[-1]
        rows = row_set.written(leads.rows)
        with self.together():
            self._turn.parts.append(PartLine(file, first, last, rows, content.hex()))

    def is_planned(self) -> None:
        """Record that there are no more parts to come."""
        with self.together():
            self._turn.facts["planned"] = True

    def plan_on(self) -> Unfinished:
        """Go on planning where the planner died, while the workers go on."""
        with self.together():
            self._turn.facts |= IN_PROGRESS
        return Unfinished(self._rows_in("findings", "batches", "parts"), [])

    def settle_left(self, reason: str) -> None:
        """Settle what the workers left: as failed what they did not send.

        Doubts that a repeat can settle stay, and the others become unknown.
        """
        self._db.call("end_parts", self._run, False)
        settled = self._rows_in("findings", "batches")
        left = self._db.execute(
            "SELECT file, rows FROM parts WHERE run = ? AND NOT is_done", (self._run,)
        ).fetchall()
        with self.together():
            for line in self._lines_left():
                is_sure = line.state is BatchState.WAITING and not line.doubted
                if not (is_sure or self._at_most_once):
                    continue  # a resume can send it again
                not_sent = Status.FAILED, Code.NOT_PROCESSED, reason
                self._give_up(line.file, line.rows, not_sent if is_sure else _LOST)
                self._turn.batches[line.id] = line._replace(
                    first=0, rows="", state=BatchState.SETTLED
                )
            for file, text in left:
                done = settled.get(file, ())
                rows = row_set.written(r for r in row_set.rows(text) if r not in done)
                self._give_up(file, rows, (Status.FAILED, Code.NOT_SENT, reason))
        self.tally = Counter(self.counts())

    def _give_up(self, file: int, rows: str, verdict: tuple[Status, Code, str]) -> None:
        found = (Finding(row, *verdict) for row in row_set.rows(rows))
        self._kept += [(file, finding) for finding in found]


_LOST = (
    Status.UNKNOWN,
    Code.ANSWER_LOST,
    "its worker ended before it read the answer",
)


class PartWriter(ResumedRun):
    """Records what becomes of one part, while other workers record theirs."""

    def __init__(
        self,
        db: Connection,
        run: int,
        turns: PostgresTurns,
        part: Part,
        *,
        at_most_once: bool,
    ) -> None:
        self.part = part
        self._within = (
            f" AND file = {part.file} AND first BETWEEN {part.first} AND {part.last}"
        )
        super().__init__(db, run, turns, at_most_once=at_most_once)

    def _requests_made(self) -> int:
        return (self.part.number << 32) + self.part.requests

    def counts(self) -> dict[Status, int]:
        """Count nothing: a run is long, and what its parts come to is asked of it."""
        return {}
