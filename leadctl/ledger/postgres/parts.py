"""Shares one run among workers: parts, each taken under a lease of its own."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from leadctl.ledger.postgres.connection import elapsed
from leadctl.ledger.postgres.lease import Lease, ourselves
from leadctl.ledger.postgres.turns import PostgresTurns, new_token
from leadctl.ledger.records import Part, Sharing
from leadctl.ledger.resumed_run import ResumedRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.ledger.postgres.connection import Connection
    from leadctl.model.leads import Note, Status


class SharedRun:
    """A run as its planner and its workers see it; each object is one of them.

    The planner records parts, and each worker takes one after another. The part of a
    worker that is gone goes to another when its lease has expired.
    """

    def __init__(self, db: Connection, run: int) -> None:
        self._db = db
        self._run = run
        self._fence = new_token()

    def sharing(self) -> Sharing:
        return Sharing(
            *self._db.row(
                "SELECT is_done, is_stopped, error, is_abandoned, held"
                " FROM shared_runs WHERE number = ?",
                (self._run,),
            )
        )

    def stop(self, error: str | None = None) -> None:
        """End the run for all of them; `error` is JSON of one that a worker met."""
        self._db.call("stop_run", self._run, error)

    @contextmanager
    def taken(
        self,
        *,
        longest_request: float,
        concurrency: int,
        sharing: int,
        at_most_once: bool,
    ) -> Iterator[tuple[Part, ResumedRun] | None]:
        """Take a part while the context lasts; None if none is free now.

        What it yields records the part alone. `concurrency` requests are divided among
        all workers on the account; of this run there are at least `sharing`.
        """
        lease, began = Lease(self._db, longest_request, self._fence), elapsed()
        run, *columns = self._db.call(
            "take_part",
            self._run,
            self._fence,
            json.dumps(ourselves(self._db)),
            longest_request,
            concurrency,
            sharing,
        )
        if run is None:
            yield None
            return
        part = Part(*columns[: len(Part._fields)])
        lease.begins(part.seconds, began)
        with lease.held():
            turns = PostgresTurns(self._db, run, turns=part.turns)
            yield part, _PartWriter(self._db, run, turns, part, once=at_most_once)

    def end_part(self, notes: Sequence[Note], *, is_done: bool) -> None:
        """Record whether nothing is left to do of the part that is taken."""
        said = json.dumps([*map(asdict, notes)])
        self._db.call("end_parts", self._run, self._fence, is_done, said)

    def end(self) -> None:
        """Take all parts from the workers, who can then send no more.

        Does nothing if another planner has taken over the run.
        """
        lease = self._db.lease
        self._db.call("end_parts", self._run, lease and lease.fence, True, "[]")


class _PartWriter(ResumedRun):
    """Records what becomes of one part, while other workers record theirs."""

    def __init__(
        self, db: Connection, run: int, turns: PostgresTurns, part: Part, *, once: bool
    ) -> None:
        self._part = part
        self._within = (
            f" AND file = {part.file} AND first BETWEEN {part.first} AND {part.last}"
        )
        super().__init__(db, run, turns, at_most_once=once)

    def _requests_made(self) -> int:
        return (self._part.number << 32) + self._part.requests

    def counts(self) -> dict[Status, int]:
        """Count nothing: a run is long, and what its parts come to is asked of it."""
        return {}
