"""Takes a run's leads back: what is deleted at the provider is no longer delivered.

An intent makes its rows unknown, and an answer says what they are: of a process that is
gone the rest is in doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.ledger.sqlite.delivered import DeliveredLog
from leadctl.ledger.sqlite.run_reader import SqliteRunReader
from leadctl.model.removal import Removal
from leadctl.model.row_set import RowSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.ledger.sqlite.connection import Connection
    from leadctl.model.leads import Batch


class SqliteRunRemoval(SqliteRunReader):
    """A run whose leads are taken back, by one process at a time."""

    def __init__(self, db: Connection, number: int) -> None:
        super().__init__(db, number)
        self._transaction = db.transaction

    def begin(self) -> None:
        with self._transaction():
            self._db.execute(
                "UPDATE runs SET stop_requested = 0 WHERE number = ?", (self._run,)
            )

    def created_rows(self, file: int) -> RowSet:
        rows = RowSet()
        for (text,) in self._db.execute(
            "SELECT rows FROM batches"
            " WHERE run = ? AND file = ? AND state = 'settled' AND rows != ''",
            (self._run, file),
        ):
            rows.add(text)
        for row, removal in self.removed(file):
            if removal is not Removal.UNKNOWN:
                rows.remove(str(row))
        return rows

    def intend(self, batch: Batch) -> set[int]:
        rows = batch.leads.rows
        with self._transaction():
            before = self._db.execute(
                "SELECT row FROM removals WHERE run = ? AND file = ?"
                " AND row BETWEEN ? AND ?",
                (self._run, batch.file, rows[0], rows[-1]),
            )
            doubted = {row for (row,) in before} & {*rows}
            self._put(batch, [Removal.UNKNOWN] * len(batch))
        return doubted

    def settle(
        self, batch: Batch, removals: Sequence[Removal], *, forget_missing: bool
    ) -> None:
        gone = {Removal.DELETED}
        if forget_missing:
            gone.add(Removal.NOT_FOUND)
        with self._transaction():
            self._put(batch, removals)
            self._forget(batch, [one in gone for one in removals])

    def _put(self, batch: Batch, states: Sequence[Removal]) -> None:
        rows = [(self._run, batch.file, row) for row in batch.leads.rows]
        self._db.executemany(
            "DELETE FROM removals WHERE run = ? AND file = ? AND row = ?", rows
        )
        self._db.executemany(
            "INSERT INTO removals VALUES (?, ?, ?, ?)",
            (
                (*key, state)
                for key, state in zip(rows, states, strict=True)
                if state != Removal.FAILED
            ),
        )

    def _forget(self, batch: Batch, gone: Sequence[bool]) -> None:
        """Let a later push send them again; what another run delivered stays."""
        DeliveredLog(self._db).put_away()
        (scope,) = self._db.execute(
            "SELECT scope FROM runs WHERE number = ?", (self._run,)
        ).fetchone()
        self._db.executemany(
            "DELETE FROM delivered WHERE scope = ? AND hash = ? AND run = ?",
            (
                (scope, digest, self._run)
                for digest in batch.leads.chosen([*gone]).hashes()
            ),
        )
