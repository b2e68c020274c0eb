"""A turn: all that a run writes at one moment, such as outcomes and the next intents.

SQLite writes it in a transaction, PostgreSQL by one function call.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from leadctl.ledger.records import BatchState, Request
from leadctl.model import row_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from leadctl.ledger.records import Arrival, Departure, Part
    from leadctl.model.leads import Batch, Code, Finding, Json, Status
    from leadctl.model.removal import Removal


class BatchLine(NamedTuple):
    """A batch; `rows` are ranges. A settled batch keeps only its delivered rows."""

    id: UUID
    file: int
    first: int
    rows: str
    size: int
    state: BatchState
    doubted: bool
    attempts: int
    created: int = 0
    accepted: int = 0

    @classmethod
    def of(
        cls,
        batch: UUID,
        file: int,
        rows: Sequence[int],
        state: BatchState,
        *,
        doubted: bool,
    ) -> Self:
        """Return the line of a batch before or in its first attempt."""
        written, attempts = row_set.written(rows), int(state is BatchState.SENDING)
        return cls(batch, file, rows[0], written, len(rows), state, doubted, attempts)


class FindingLine(NamedTuple):
    """Rows of one file whose findings are the same."""

    file: int
    first: int
    rows: str
    size: int
    status: Status
    code: Code
    field: str
    reason: str


def finding_lines(findings: Iterable[tuple[int, Finding]]) -> Iterator[FindingLine]:
    """Yield findings as lines, one for each reason."""
    groups: dict[tuple[int, Status, Code, str, str], list[int]] = defaultdict(list)
    for file, (row, status, code, reason, name) in findings:
        groups[file, status, code, name, reason].append(row)
    for (file, status, code, name, reason), rows in groups.items():
        rows.sort()
        written = row_set.written(rows)
        yield FindingLine(file, rows[0], written, len(rows), status, code, name, reason)


class Turn:
    """What to write, in this order."""

    def __init__(self) -> None:
        self.dropped: list[tuple[int, int]] = []
        """Findings to delete: file and first row."""

        self.withdrawn: list[UUID] = []
        """Batches to delete."""

        self.struck: list[int] = []
        """Requests that were not sent, to delete in turn: later ones move up by one."""

        self.batches: dict[UUID, BatchLine] = {}
        self.requests: dict[int, Request] = {}
        self.findings: list[tuple[int, Finding]] = []
        """Each with its file."""

        self.delivered: list[bytes] = []

        self.undelivered: list[bytes] = []
        """Leads that this run delivered and an undo deleted."""

        self.decided: list[bytes] = []
        """Leads that are no longer in doubt in any run."""

        self.certain: list[bytes] = []
        """Leads that are no longer in doubt in this run."""

        self.doubts: dict[bytes, tuple[int, int]] = {}
        """Leads in doubt: file and row."""

        self.removals: dict[tuple[int, int], Removal | None] = {}
        """The results of an undo by file and row; None if the lead was not deleted."""

        self.rejects_files: dict[int, str | None] = {}

        self.parts: list[Part] = []
        """Only on PostgreSQL: what workers are to take."""

        self.facts: dict[str, Json] = {}
        """Changed columns of the run."""

    def reasons(self) -> set[str]:
        """Return the texts that are stored once, and referred to."""
        texts = {finding.reason for _, finding in self.findings}
        for line in self.requests.values():
            texts |= {text for text in (line.held_for, line.why) if text}
        return texts

    def no_doubt(self, digests: list[bytes]) -> None:
        """Withdraw this run's doubt about leads."""
        for digest in digests:
            self.doubts.pop(digest, None)
        self.certain += digests

    def __bool__(self) -> bool:
        return any(vars(self).values())


class RequestLog:
    """The requests of one run, by the batch they carry; `made` were sent earlier."""

    def __init__(self, made: int, ahead: float) -> None:
        self._count = self._written = made
        self._ahead = ahead
        self._under_way: dict[UUID, Request] = {}
        self._changed: dict[int, Request] = {}
        self._struck: list[int] = []

    def leave(self, batch: BatchLine, departure: Departure) -> None:
        self._count += 1
        line = Request(
            self._count,
            batch.file,
            batch.first,
            batch.rows,
            batch.size,
            batch.attempts,
            departure.asks,
            departure.moment + self._ahead,
            departure.held,
            departure.held_for,
        )
        self._under_way[batch.id] = self._changed[line.number] = line

    def call_back(self, batch: Batch) -> None:
        """Remove a request that was not sent; later numbers move up by one."""
        struck = self._under_way.pop(batch.id).number
        self._struck.append(struck)
        self._changed.pop(struck, None)
        moved = self._changed.items()
        self._changed = dict(_moved(line, struck) for _, line in moved)
        for other, line in self._under_way.items():
            self._under_way[other] = _moved(line, struck)[1]
        self._count -= 1

    def answer(self, batch: Batch, arrival: Arrival) -> None:
        """Keep the result of a request until it is known what it settles."""
        self._under_way[batch.id] = self._under_way[batch.id]._replace(
            departed=arrival.left + self._ahead,
            took=arrival.took,
            http=arrival.http,
            trouble=arrival.trouble,
            why=arrival.why,
        )

    def arrive(self, batch: Batch, answered: int = 0, delivered: int = 0) -> None:
        """Note what the batch's request settled, if one was answered."""
        line = self._under_way.pop(batch.id, None)
        if line and line.took is not None:
            line = line._replace(answered=answered, delivered=delivered)
            self._changed[line.number] = line

    def put_into(self, turn: Turn) -> None:
        """Move the changed lines and the number of requests to a turn."""
        if self._struck:
            turn.struck, self._struck = self._struck, []
        if self._changed:
            turn.requests, self._changed = self._changed, {}
        if self._count != self._written:
            turn.facts["requests"] = self._written = self._count


def _moved(line: Request, struck: int) -> tuple[int, Request]:
    if line.number > struck:
        line = line._replace(number=line.number - 1)
    return line.number, line


class TurnStore(Protocol):
    def together(self) -> AbstractContextManager[None]:
        """Write what happens inside, such as a claimed start, with the turn."""

    def write(self, turn: Turn) -> None:
        """Write a turn; it is durable when this returns."""

    def may_send(self) -> bool:
        """Tell whether the campaign is held long enough for one more request."""
