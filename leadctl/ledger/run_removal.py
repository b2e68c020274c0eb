"""Records the undo of a run: leads deleted at the provider are no longer delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.ledger.run_reader import RunReader
from leadctl.ledger.turn import Turn
from leadctl.model.removal import Removal
from leadctl.model.row_set import RowSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.ledger.database import Database
    from leadctl.ledger.turn import TurnStore
    from leadctl.model.leads import Batch


class RunRemoval(RunReader):
    """The undo of a run, by one process at a time."""

    def __init__(self, db: Database, number: int, turns: TurnStore) -> None:
        super().__init__(db, number)
        self._turns = turns

    def begin(self) -> None:
        """Begin or continue; an earlier request to stop is dropped."""
        turn = Turn()
        turn.facts["stop_requested"] = False
        self._turns.write(turn)

    def created_rows(self, file: int) -> RowSet:
        """Return the rows that the run delivered and that are not known as deleted."""
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
        """Commit that a removal is about to be sent.

        Returns the rows of the batch whose earlier removal is in doubt.
        """
        rows = batch.leads.rows
        before = self._db.execute(
            "SELECT row FROM removals WHERE run = ? AND file = ?"
            " AND row BETWEEN ? AND ?",
            (self._run, batch.file, rows[0], rows[-1]),
        )
        doubted = {row for (row,) in before} & {*rows}
        self._turns.write(_turn(batch, [Removal.UNKNOWN] * len(batch)))
        return doubted

    def settle(
        self, batch: Batch, removals: Sequence[Removal], *, forget_missing: bool
    ) -> None:
        """Record each lead's result; deleted leads no longer count as delivered.

        With `forget_missing`, neither do those that the provider did not find.
        """
        gone = {Removal.DELETED}
        if forget_missing:
            gone.add(Removal.NOT_FOUND)
        turn = _turn(batch, removals)
        turn.undelivered = batch.leads.chosen(
            [one in gone for one in removals]
        ).hashes()
        self._turns.write(turn)


def _turn(batch: Batch, states: Sequence[Removal]) -> Turn:
    turn = Turn()
    for row, state in zip(batch.leads.rows, states, strict=True):
        kept = None if state is Removal.FAILED else state
        turn.removals[batch.file, row] = kept
    return turn
