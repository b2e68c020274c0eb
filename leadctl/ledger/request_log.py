"""Keeps a run's requests, one line each, for the turns that write them.

A line is written with the turns that a request has anyway: its intent and its outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.ledger.turn import RequestLine

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from leadctl.ledger.records import Arrival, Departure
    from leadctl.ledger.turn import Turn
    from leadctl.model.leads import Batch


class RequestLog:
    """One run's requests, by the batch they carry.

    `made` returns how many there are when this part of the run begins; the ledger's
    clock is `ahead` of ours by so many seconds.
    """

    def __init__(self, made: Callable[[], int], ahead: float) -> None:
        self._made = made
        self._ahead = ahead
        self._count: int | None = None  # read when one leaves
        self._written: int | None = None
        self._attempts: dict[UUID, int] = {}
        self._under_way: dict[UUID, RequestLine] = {}
        self._arrived: dict[UUID, Arrival] = {}
        self._changed: dict[int, RequestLine] = {}
        self._struck: list[int] = []

    def leave(self, batch: Batch, rows: str, departure: Departure) -> None:
        """Note that a batch leaves; `rows` are its rows as rowset.py writes them."""
        self._count = self._counted() + 1
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
        """Take out a request that did not leave; later ones move up by one."""
        struck = self._under_way.pop(batch.id).number
        self._attempts[batch.id] -= 1
        self._struck.append(struck)
        self._changed.pop(struck, None)
        moved = self._changed.items()
        self._changed = dict(_moved(line, struck) for _, line in moved)
        for other, line in self._under_way.items():
            self._under_way[other] = _moved(line, struck)[1]
        self._count = self._counted() - 1

    def answer(self, batch: Batch, arrival: Arrival) -> None:
        """Keep what came of a request; written when it is known what it settles."""
        self._arrived[batch.id] = arrival

    def arrive(self, batch: Batch, answered: int = 0, delivered: int = 0) -> None:
        """Note what came of a batch's request, if one was under way."""
        line = self._under_way.pop(batch.id, None)
        arrival = self._arrived.pop(batch.id, None)
        if line is None or arrival is None:
            return
        self._changed[line.number] = RequestLine(
            line.number,
            line.file,
            line.first,
            line.rows,
            line.leads,
            line.attempt,
            line.asks,
            _milliseconds(arrival.left + self._ahead),
            line.held,
            line.held_for,
            _milliseconds(arrival.took),
            arrival.http,
            arrival.trouble or None,
            arrival.why or None,
            answered,
            delivered,
        )

    def go_on(self, batch: UUID, attempts: int) -> None:
        """Count the attempts of a batch on from an earlier part of the run."""
        self._attempts[batch] = attempts

    def forget(self, batch: Batch) -> None:
        """Count no more attempts of a batch that is settled."""
        self._attempts.pop(batch.id, None)

    def put_into(self, turn: Turn) -> None:
        """Hand over what changed since the last turn, and the number of requests."""
        if self._struck:
            turn.struck, self._struck = self._struck, []
        if self._changed:
            turn.requests, self._changed = self._changed, {}
        if self._count != self._written:
            turn.facts["requests"] = self._written = self._count

    def _counted(self) -> int:
        if self._count is None:
            self._count = self._made()
        return self._count


def _moved(line: RequestLine, struck: int) -> tuple[int, RequestLine]:
    if line.number > struck:
        line = line._replace(number=line.number - 1)
    return line.number, line


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))
