"""The requests of a run: when each left, what held it back, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, starmap
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, NamedTuple

from leadctl import rowset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.database import Connection


class Departure(NamedTuple):
    """A request about to leave, at `moment` (Unix time).

    `asks`: it looks leads up and sends none. `held` are the seconds it was ready and
    kept from leaving, `held_for` says why.
    """

    moment: float
    asks: bool = False
    held: float = 0.0
    held_for: str = ""


class Arrival(NamedTuple):
    """What came of a request that left at `left` (Unix time) after `took` seconds.

    `http` is the answer's status, None where none was read. `trouble` is the code of
    the error that it amounts to, empty where it told what became of the leads.
    """

    left: float
    took: float
    http: int | None = None
    trouble: str = ""
    why: str = ""


@dataclass(frozen=True)
class Request:
    """A request as the ledger has it; `number` counts from 1 over the whole run.

    `answered` are the leads that its answer settled, `delivered` those of them that are
    created or accepted. `took` is None while nobody has read its answer.
    """

    number: int
    file: int
    rows: str
    leads: int
    attempt: int
    asks: bool
    departed: float
    held: float
    held_for: str
    took: float | None
    http: int | None
    trouble: str
    why: str
    answered: int
    delivered: int


class Timeline:
    """One run's requests, as they are looked back at."""

    def __init__(self, db: Connection, run: int) -> None:
        self._db = db
        self._run = run

    def requests(self) -> Iterator[Request]:
        """Yield the requests in the order their intents were recorded."""
        yield from self._found("ORDER BY r.number")

    def by_row(self, file: int) -> Iterator[tuple[int, Request]]:
        """Yield with each row of a file the request it travelled with last."""
        groups = (
            (request.rows, request)
            for request in self._found("AND file = ? ORDER BY first, r.number", file)
        )
        for row, same in groupby(rowset.in_row_order(groups), key=itemgetter(0)):
            yield row, max((request for _, request in same), key=attrgetter("number"))

    def of_row(self, file: int, row: int) -> list[Request]:
        """Return the requests a row travelled with, in the order they left."""
        return [
            request
            for request in self._found(
                "AND file = ? AND first <= ? ORDER BY r.number",
                file,
                row,
            )
            if rowset.holds(request.rows, row)
        ]

    def _found(self, which: str, *values: int) -> Iterator[Request]:
        found = self._db.execute(
            "SELECT r.number, file, rows, leads, attempt, asks, departed / 1000.0,"  # noqa: S608  our own words
            " held / 1000.0, coalesce(h.text, ''), took / 1000.0, http,"
            " coalesce(trouble, ''), coalesce(w.text, ''), answered, delivered"
            " FROM requests AS r"
            " LEFT JOIN reasons AS h ON h.number = held_for"
            " LEFT JOIN reasons AS w ON w.number = why"
            f" WHERE run = ? {which}",
            (self._run, *values),
        )
        return starmap(Request, found)
