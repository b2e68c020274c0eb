"""The part that all SQL ledgers share: hashes, and everything that only reads.

Each kind adds opening, locking, writing turns and sharing rates.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from leadctl.ledger import people
from leadctl.ledger.records import LedgerSize
from leadctl.ledger.removal import SqlRunRemoval
from leadctl.ledger.resumed_run import SqlResumedRun
from leadctl.ledger.run_reader import SqlRunReader
from leadctl.ledger.run_writer import SqlRunWriter
from leadctl.model.errors import UsageError
from leadctl.model.wording import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leadctl.ledger.base import DeliveredIndex
    from leadctl.ledger.database import Database
    from leadctl.ledger.records import Trace
    from leadctl.ledger.turn import TurnStore


class SqlLedger(ABC):
    """A ledger in a database; `_key` is the key of its hashes."""

    _db: Database
    _key: bytes

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def delivered(self, account: str, campaign: str) -> DeliveredIndex: ...

    @abstractmethod
    def _turns(self, number: int) -> TurnStore:
        """Return the writer of a run's turns."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def digest(self, account: str, campaign: str) -> Callable[[str], bytes]:
        scope = hashlib.blake2b(
            f"{account}\0{campaign}\0".encode(), key=self._key, digest_size=16
        )

        def digest(identity: str) -> bytes:
            state = scope.copy()
            state.update(identity.encode("utf-8", "surrogatepass"))
            return state.digest()

        return digest

    def traces(self, identities: Sequence[str]) -> dict[str, list[Trace]]:
        return people.traces(self, self._db, identities)

    def in_doubt(self, digests: Sequence[bytes]) -> set[bytes]:
        with self._db.unchanged():
            if not self._db.execute("SELECT 1 FROM in_doubt LIMIT 1").fetchone():
                return set()
            question = "SELECT hash FROM in_doubt WHERE hash IN"
            return {digest for (digest,) in self._db.rows_in(question, digests)}

    def _writer(self, number: int, *, at_most_once: bool) -> SqlRunWriter:
        turns = self._turns(number)
        return SqlRunWriter(self._db, number, turns, at_most_once=at_most_once)

    def run(self, run_id: str) -> SqlRunReader:
        return SqlRunReader(self._db, self._number(run_id))

    def resumed(self, run_id: str, *, at_most_once: bool = False) -> SqlResumedRun:
        number = self._number(run_id)
        turns = self._turns(number)
        return SqlResumedRun(self._db, number, turns, at_most_once=at_most_once)

    def removal(self, run_id: str) -> SqlRunRemoval:
        number = self._number(run_id)
        return SqlRunRemoval(self._db, number, self._turns(number))

    def _forgettable(self, before: str) -> list[tuple[int, str]]:
        """Return number and job of the runs that `forget_runs` deletes."""
        return self._db.execute(
            "SELECT number, job FROM runs"
            " WHERE started_at < ? AND (finished_at IS NOT NULL"
            " AND exit_code NOT IN (130, 143) OR job LIKE ?)"
            " AND number NOT IN (SELECT run FROM in_doubt)",
            (before, '%"given_up": true%'),
        ).fetchall()

    def _number(self, run_id: str) -> int:
        numbers = dict(self._db.execute("SELECT id, number FROM runs"))
        if run_id in numbers:
            return int(numbers[run_id])
        alike = [one for one in numbers if _is_part(run_id, one)]
        if len(alike) == 1:
            return int(numbers[alike[0]])
        if alike:
            raise UsageError(
                f"several runs match {run_id!r}: {listed(alike)}",
                hint="write more of the id",
            )
        raise UsageError(
            f"no run {run_id!r}{nearest(run_id, numbers)}",
            hint="see `leadctl runs`",
        )

    def unsettled_run(self, account: str, campaign: str) -> str | None:
        row = self._db.execute(
            "SELECT id FROM runs AS r JOIN scopes ON scopes.number = scope"
            " WHERE account = ? AND campaign = ? AND r.number IN"
            " (SELECT run FROM batches WHERE state IN ('sending', 'doubt'))"
            " AND r.number NOT IN (SELECT run FROM in_doubt)"
            " ORDER BY r.number DESC",
            (account, campaign),
        ).fetchone()
        return str(row[0]) if row else None

    def run_half_undone(self, account: str, campaign: str) -> str | None:
        row = self._db.execute(
            "SELECT id FROM runs AS r JOIN scopes ON scopes.number = scope"
            " WHERE account = ? AND campaign = ? AND r.number IN"
            " (SELECT run FROM removals WHERE state = 'unknown')"
            " ORDER BY r.number DESC",
            (account, campaign),
        ).fetchone()
        return str(row[0]) if row else None

    def latest(self, account: str, campaign: str) -> SqlRunReader | None:
        row = self._db.execute(
            "SELECT r.number FROM runs AS r JOIN scopes ON scopes.number = scope"
            " WHERE account = ? AND campaign = ? ORDER BY r.number DESC LIMIT 1",
            (account, campaign),
        ).fetchone()
        return SqlRunReader(self._db, row[0]) if row else None

    def size(self) -> LedgerSize:
        (runs,) = self._db.execute("SELECT count(*) FROM runs").fetchone()
        return LedgerSize(runs, self._bytes())

    @abstractmethod
    def _bytes(self) -> int: ...

    def runs(self, most: int) -> list[SqlRunReader]:
        rows = self._db.execute(
            "SELECT number FROM runs ORDER BY number DESC LIMIT ?", (most,)
        )
        return [SqlRunReader(self._db, number) for (number,) in rows]


def _is_part(text: str, run_id: str) -> bool:
    return bool(text) and (run_id.startswith(text) or run_id.endswith(text))
