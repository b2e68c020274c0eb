"""Records a run's requests, one line each.

Written with the transactions that a request has anyway: its intent and its outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from leadctl.ledger.records import Arrival, Departure
    from leadctl.ledger.sqlite.connection import Connection
    from leadctl.model.leads import Batch


class RequestLog:
    """One run's requests, by the batch they carry; called inside transactions.

    `write_count` comes at the end of a transaction: the run's line has their number.
    """

    def __init__(self, db: Connection, run: int) -> None:
        self._db = db
        self._run = run
        self._count: int | None = None  # read when one leaves
        self._is_counted = True
        self._attempts: dict[UUID, int] = {}
        self._under_way: dict[UUID, int] = {}
        self._arrived: dict[UUID, Arrival] = {}

    def leave(self, batch: Batch, rows: str, departure: Departure) -> None:
        """Write that a batch leaves; `rows` are its rows as rowset.py writes them."""
        number = self._counted() + 1
        self._attempts[batch.id] = attempt = self._attempts.get(batch.id, 0) + 1
        self._know(departure.held_for)
        self._db.execute(
            "INSERT INTO requests (run, number, file, first, rows, leads, attempt,"
            " asks, departed, held, held_for) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
            " (SELECT number FROM reasons WHERE text = ?))",
            (
                self._run,
                number,
                batch.file,
                batch.leads.rows[0],
                rows,
                len(batch),
                attempt,
                departure.asks,
                _milliseconds(departure.moment),
                _milliseconds(departure.held),
                departure.held_for or None,
            ),
        )
        self._under_way[batch.id] = number
        self._count, self._is_counted = number, False

    def call_back(self, batch: Batch) -> None:
        """Take out a request that did not leave; later ones move up by one."""
        struck = self._under_way.pop(batch.id)
        self._attempts[batch.id] -= 1
        self._db.execute(
            "DELETE FROM requests WHERE run = ? AND number = ?", (self._run, struck)
        )
        self._db.execute(
            "UPDATE requests SET number = number - 1 WHERE run = ? AND number > ?",
            (self._run, struck),
        )
        for other, number in self._under_way.items():
            if number > struck:
                self._under_way[other] = number - 1
        self._count, self._is_counted = self._counted() - 1, False

    def answer(self, batch: Batch, arrival: Arrival) -> None:
        """Keep what came of a request; written when it is known what it settles."""
        self._arrived[batch.id] = arrival

    def arrive(self, batch: Batch, answered: int = 0, delivered: int = 0) -> None:
        """Write what came of a batch's request, if one was under way."""
        number = self._under_way.pop(batch.id, None)
        arrival = self._arrived.pop(batch.id, None)
        if number is None or arrival is None:
            return
        self._know(arrival.why)
        self._db.execute(
            "UPDATE requests SET departed = ?, took = ?, http = ?, trouble = ?,"
            " answered = ?, delivered = ?,"
            " why = (SELECT number FROM reasons WHERE text = ?)"
            " WHERE run = ? AND number = ?",
            (
                _milliseconds(arrival.left),
                _milliseconds(arrival.took),
                arrival.http,
                arrival.trouble or None,
                answered,
                delivered,
                arrival.why or None,
                self._run,
                number,
            ),
        )

    def go_on(self, batch: UUID, attempts: int) -> None:
        """Count the attempts of a batch on from an earlier part of the run."""
        self._attempts[batch] = attempts

    def forget(self, batch: Batch) -> None:
        """Count no more attempts of a batch that is settled."""
        self._attempts.pop(batch.id, None)

    def write_count(self) -> None:
        """Write how many requests the run has made, if that changed."""
        if self._is_counted:
            return
        self._db.execute(
            "UPDATE runs SET requests = ? WHERE number = ?", (self._count, self._run)
        )
        self._is_counted = True

    def _counted(self) -> int:
        if self._count is None:
            (self._count,) = self._db.execute(
                "SELECT requests FROM runs WHERE number = ?", (self._run,)
            ).fetchone()
        return self._count or 0

    def _know(self, text: str) -> None:
        if text:
            self._db.execute("INSERT OR IGNORE INTO reasons (text) VALUES (?)", (text,))


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))
