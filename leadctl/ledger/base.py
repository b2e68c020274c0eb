"""What every ledger does; SQLite (a file) and PostgreSQL (a server) do the rest.

They share the classes that read and record a run, and add opening, locking, writing
turns and sharing rates. A further kind must pass tests/test_ledger.py and
tests/test_ledger_shared.py.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from leadctl.ledger.records import Presence, Trace
from leadctl.ledger.resumed_run import ResumedRun, RunRemoval
from leadctl.ledger.run_reader import RunReader
from leadctl.ledger.run_writer import RunWriter
from leadctl.ledger.suppression_list import SuppressionList
from leadctl.model.errors import UsageError
from leadctl.model.wording import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from leadctl.ledger.database import Database, DeliveredIndex
    from leadctl.ledger.postgres.parts import SharedRun
    from leadctl.ledger.rates import RateStore
    from leadctl.ledger.records import LedgerSize, NewRun, Run, Worker
    from leadctl.ledger.turn import TurnStore
    from leadctl.model.leads import Json

__all__ = ["Ledger", "ResumedRun", "RunReader", "RunRemoval", "RunWriter"]


class Ledger(ABC):
    """Runs, deliveries, rates and locks. Used by one thread; `rates` by any."""

    rates: RateStore
    _db: Database
    _key: bytes
    """The key of its hashes."""

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def is_there(self) -> bool:
        """Tell whether the ledger is still at its URL, where the next run looks."""
        return True

    def digest(self, account: str, campaign: str) -> Callable[[str], bytes]:
        """Return the keyed hash function of leads for this account and campaign."""
        scope = hashlib.blake2b(
            f"{account}\0{campaign}\0".encode(), key=self._key, digest_size=16
        )

        def digest(identity: str) -> bytes:
            state = scope.copy()
            state.update(identity.encode("utf-8", "surrogatepass"))
            return state.digest()

        return digest

    @abstractmethod
    def delivered(self, account: str, campaign: str) -> DeliveredIndex: ...

    def in_doubt(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those of the hashes that were sent without a known outcome."""
        with self._db.unchanged():
            if not self._db.execute("SELECT 1 FROM in_doubt LIMIT 1").fetchone():
                return set()
            question = "SELECT hash FROM in_doubt WHERE hash IN"
            return {digest for (digest,) in self._db.rows_in(question, digests)}

    @property
    def suppression_list(self) -> SuppressionList:
        digest = self.digest("", "")
        return SuppressionList(self._db, digest, self._suppress, self._unsuppress)

    @abstractmethod
    def _suppress(self, lines: list[tuple[bytes, bytes]]) -> int:
        """Write pairs of hash and entry; returns how many entries were new."""

    @abstractmethod
    def _unsuppress(self, hashes: list[bytes]) -> int:
        """Remove the entries that hold any of these; returns how many there were."""

    def traces(self, identities: Sequence[str]) -> dict[str, list[Trace]]:
        """Return the traces in all campaigns of each identity that has any."""
        found: dict[str, list[Trace]] = {}
        doubts = "SELECT hash, id FROM in_doubt JOIN runs ON number = run WHERE hash IN"
        with self._db.unchanged():
            for _, account, campaign, digests in self._campaigns(identities):
                delivered = self.delivered(account, campaign).among([*digests])
                for presence, runs in (
                    (Presence.DELIVERED, delivered.items()),
                    (Presence.IN_DOUBT, self._db.rows_in(doubts, [*digests])),
                ):
                    for digest, run in runs:
                        trace = self._dated(Trace(presence, account, campaign, run=run))
                        found.setdefault(digests[digest], []).append(trace)
        return found

    def _dated(self, trace: Trace) -> Trace:
        row = self._db.execute(
            "SELECT provider, started_at, job, EXISTS"
            " (SELECT 1 FROM removals WHERE run = number AND state != 'deleted')"
            " FROM runs WHERE id = ?",
            (trace.run,),
        ).fetchone()
        if row is None:
            return trace
        provider, started, job, may_be_deleted = row
        return trace._replace(
            provider=provider,
            started_at=started,
            may_be_deleted=bool(may_be_deleted),
            files=tuple(json.loads(job).get("files", ())),
        )

    def _campaigns(
        self, identities: Sequence[str]
    ) -> Iterator[tuple[int, str, str, dict[bytes, str]]]:
        """Yield every campaign: number, account, id, and identities by its own hash."""
        known = self._db.execute("SELECT number, account, campaign FROM scopes")
        for scope, account, campaign in known.fetchall():
            digest = self.digest(account, campaign)
            yield scope, account, campaign, {digest(one): one for one in identities}

    @abstractmethod
    def forget(self, identities: Sequence[str]) -> None:
        """Remove the identities from the deliveries and doubts of all campaigns.

        Later runs treat them as new. Runs keep their counts, which hold no identity.
        """

    @abstractmethod
    def campaign_lock(
        self, account: str, campaign: str, *, longest_request: float = 120.0
    ) -> AbstractContextManager[Callable[[str], None]]:
        """Hold a campaign while the context lasts; CampaignLocked names its holder.

        Call what it yields with the run, once that is known. An empty `campaign` holds
        the whole account. Where the death of a holder cannot be seen, its lock expires
        some time after `longest_request` seconds. Workers hold the campaign of their
        run; without them, its parts are void.
        """

    @abstractmethod
    def process_of(self, run: Run) -> int | None:
        """Return the process that is working on a run; None if there is none."""

    @abstractmethod
    def begin(self, new: NewRun, *, at_most_once: bool = False) -> RunWriter:
        """Record a new run.

        `at_most_once` is for providers where sending twice adds a lead twice: its leads
        are recorded before they are sent, and no later run sends them again by itself.
        """

    @abstractmethod
    def _turns(self, number: int) -> TurnStore: ...

    @abstractmethod
    def request_stop(self, run_id: str) -> None:
        """Ask the process working on a run, or on its undo, to stop."""

    def run(self, run_id: str) -> RunReader:
        """Return a run by its id, or by a unique start or end of the id.

        Raises UsageError with the nearest id if none matches, with all if several do.
        """
        return RunReader(self._db, self._number(run_id))

    def resumed(self, run_id: str, *, at_most_once: bool = False) -> ResumedRun:
        number = self._number(run_id)
        turns = self._turns(number)
        return ResumedRun(self._db, number, turns, at_most_once=at_most_once)

    def removal(self, run_id: str) -> RunRemoval:
        """Return the undo of a run; raises UsageError as `run` does."""
        number = self._number(run_id)
        return RunRemoval(self._db, number, self._turns(number))

    def _number(self, run_id: str) -> int:
        numbers = dict(self._db.execute("SELECT id, number FROM runs"))
        if run_id in numbers:
            return int(numbers[run_id])
        size = len(run_id)
        alike = [one for one in numbers if size and run_id in (one[:size], one[-size:])]
        if len(alike) == 1:
            return int(numbers[alike[0]])
        if alike:
            message = f"several runs match {run_id!r}: {listed(alike)}"
            raise UsageError(message, hint="write more of the id")
        message = f"no run {run_id!r}{nearest(run_id, numbers)}"
        raise UsageError(message, hint="see `leadctl runs`")

    def shared(self, run_id: str) -> SharedRun:  # noqa: ARG002  on PostgreSQL only
        """Return a run that workers share; UsageError if one process must do it all."""
        raise UsageError(
            "sharing a run among workers requires a ledger on PostgreSQL; this one is "
            "a file",
            hint="name one with --ledger (leadctl ledger init URL prepares it), or "
            "push without --workers",
        )

    def to_work_on(self, skipped: Sequence[str] = ()) -> str | None:  # noqa: ARG002  as above
        """Return the id of the oldest run that has parts left, or to come, if any.

        `skipped` ones are not returned.
        """
        self.shared("")  # it says why not
        return None

    def workers(self, run: Run) -> Sequence[Worker]:  # noqa: ARG002  as above
        """Return those who worked on a run, the latest first."""
        return ()

    def unsettled_run(self, account: str, campaign: str) -> RunReader | None:
        """Return a run of this campaign that ended with a batch in flight, if any.

        Never an `at_most_once` run: its leads in doubt are known by hash.
        """
        return self._latest(
            account,
            campaign,
            " AND r.number IN (SELECT run FROM batches WHERE state IN ('sending',"
            " 'doubt')) AND r.number NOT IN (SELECT run FROM in_doubt)",
        )

    def run_half_undone(self, account: str, campaign: str) -> RunReader | None:
        """Return a run of this campaign whose undo is unfinished, if any.

        Its leads count as delivered, although some may be deleted.
        """
        undone = " AND r.number IN (SELECT run FROM removals WHERE state = 'unknown')"
        return self._latest(account, campaign, undone)

    def latest(self, account: str, campaign: str) -> RunReader | None:
        """Return this account's latest run to the campaign, if any is recorded."""
        return self._latest(account, campaign, "")

    def _latest(self, account: str, campaign: str, condition: str) -> RunReader | None:
        row = self._db.execute(
            "SELECT r.number FROM runs AS r"  # noqa: S608  our own words
            " JOIN scopes ON scopes.number = scope WHERE account = ? AND campaign = ?"
            f"{condition} ORDER BY r.number DESC LIMIT 1",
            (account, campaign),
        ).fetchone()
        return row and RunReader(self._db, row[0])

    def runs(self, most: int) -> list[RunReader]:
        """Return the latest runs, newest first."""
        rows = self._db.execute(
            "SELECT number FROM runs ORDER BY number DESC LIMIT ?", (most,)
        )
        return [RunReader(self._db, number) for (number,) in rows]

    @abstractmethod
    def size(self) -> LedgerSize: ...

    @abstractmethod
    def has_forgotten_runs(self) -> bool: ...

    @abstractmethod
    def forget_runs(
        self, before: str, *, dry_run: bool = False
    ) -> list[dict[str, Json]]:
        """Delete finished runs older than an ISO 8601 time; returns their jobs.

        With `dry_run` they are only returned. Delivered leads stay known. Kept are runs
        with rows in doubt, which an operator must resolve, and interrupted runs, which
        can be resumed.
        """

    def _forgettable(self, before: str) -> list[tuple[int, str]]:
        """Return number and job of the runs that `forget_runs` deletes."""
        return self._db.execute(
            "SELECT number, job FROM runs"
            " WHERE started_at < ? AND (finished_at IS NOT NULL"
            " AND exit_code NOT IN (130, 143) OR job LIKE ?)"
            " AND number NOT IN (SELECT run FROM in_doubt)",
            (before, '%"given_up": true%'),
        ).fetchall()
