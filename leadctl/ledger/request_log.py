"""The requests of a run, written with their intents and again with their outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.ledger.turn import RequestLine

if TYPE_CHECKING:
    from uuid import UUID

    from leadctl.ledger.records import Arrival, Departure
    from leadctl.ledger.turn import Turn
    from leadctl.model.leads import Batch


class RequestLog:
    """The requests of one run, by the batch they carry.

    `made` were sent earlier; `ahead` are the seconds by which the ledger's clock is
    ahead of this machine's.
    """

    def __init__(self, made: int, ahead: float) -> None:
        self._count = self._written = made
        self._ahead = ahead
        self._attempts: dict[UUID, int] = {}
        self._under_way: dict[UUID, RequestLine] = {}
        self._arrived: dict[UUID, Arrival] = {}
        self._changed: dict[int, RequestLine] = {}
        self._struck: list[int] = []

    def leave(self, batch: Batch, rows: str, departure: Departure) -> None:
        """Note that a batch is sent; `rows` are its rows as ranges."""
        self._count += 1
        self._attempts[batch.id] = attempt = self._attempts.get(batch.id, 0) + 1
        line = RequestLine(
            self._count,
            batch.file,
            batch.leads.rows[0],
            rows,
            len(batch),
            attempt,
            departure.asks,
            _milliseconds(departure.moment + self._ahead),
            _milliseconds(departure.held),
            departure.held_for or None,
        )
        self._under_way[batch.id] = self._changed[line.number] = line

    def call_back(self, batch: Batch) -> None:
        """Remove a request that was not sent; later numbers move up by one."""
        struck = self._under_way.pop(batch.id).number
        self._attempts[batch.id] -= 1
        self._struck.append(struck)
        self._changed.pop(struck, None)
        moved = self._changed.items()
        self._changed = dict(_moved(line, struck) for _, line in moved)
        for other, line in self._under_way.items():
            self._under_way[other] = _moved(line, struck)[1]
        self._count -= 1

    def answer(self, batch: Batch, arrival: Arrival) -> None:
        """Keep the result of a request until it is known what it settles."""
        self._arrived[batch.id] = arrival

    def arrive(self, batch: Batch, answered: int = 0, delivered: int = 0) -> None:
        """Note the result of the batch's request, if one is in flight."""
        line = self._under_way.pop(batch.id, None)
        arrival = self._arrived.pop(batch.id, None)
        if line is None or arrival is None:
            return
        self._changed[line.number] = line._replace(
            departed=_milliseconds(arrival.left + self._ahead),
            took=_milliseconds(arrival.took),
            http=arrival.http,
            trouble=arrival.trouble or None,
            why=arrival.why or None,
            answered=answered,
            delivered=delivered,
        )

    def go_on(self, batch: UUID, attempts: int) -> None:
        """Continue counting the attempts of a batch from an earlier part of the run."""
        self._attempts[batch] = attempts

    def forget(self, batch: Batch) -> None:
        """Drop the attempts of a settled batch."""
        self._attempts.pop(batch.id, None)

    def put_into(self, turn: Turn) -> None:
        """Move the changed lines and the number of requests to a turn."""
        if self._struck:
            turn.struck, self._struck = self._struck, []
        if self._changed:
            turn.requests, self._changed = self._changed, {}
        if self._count != self._written:
            turn.facts["requests"] = self._written = self._count


def _moved(line: RequestLine, struck: int) -> tuple[int, RequestLine]:
    if line.number > struck:
        line = line._replace(number=line.number - 1)
    return line.number, line


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))
