"""A turn: everything that a run writes at one moment, collected in memory.

Outcomes, verdicts, delivered leads and the next intents go together. Each kind of
ledger writes a turn at once, all or nothing: SQLite in a transaction, PostgreSQL by one
function call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from leadctl.ledger.records import BatchState
from leadctl.model import row_set

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from leadctl.ledger.records import Part
    from leadctl.model.leads import Code, Json, Status
    from leadctl.model.removal import Removal


class BatchLine(NamedTuple):
    """The state of a batch; `first` is the first of `rows`, which are ranges.

    A settled batch keeps only the rows that are delivered.
    """

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


class RequestLine(NamedTuple):
    """The state of a request; moments and durations are whole milliseconds."""

    number: int
    file: int
    first: int
    rows: str
    leads: int
    attempt: int
    asks: bool
    departed: int
    held: int
    held_for: str | None
    took: int | None = None
    http: int | None = None
    trouble: str | None = None
    why: str | None = None
    answered: int = 0
    delivered: int = 0


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


@dataclass
class Turn:
    """What to write, in this order."""

    dropped: list[tuple[int, int]] = field(default_factory=list)
    """Findings to delete: file and first row."""

    withdrawn: list[UUID] = field(default_factory=list)
    """Batches to delete."""

    struck: list[int] = field(default_factory=list)
    """Requests that were not sent, to delete in turn: later ones move up by one."""

    batches: dict[UUID, BatchLine] = field(default_factory=dict)
    requests: dict[int, RequestLine] = field(default_factory=dict)
    findings: list[FindingLine] = field(default_factory=list)
    delivered: list[bytes] = field(default_factory=list)

    undelivered: list[bytes] = field(default_factory=list)
    """Leads that this run delivered and an undo deleted."""

    decided: list[bytes] = field(default_factory=list)
    """Leads that are no longer in doubt in any run."""

    certain: list[bytes] = field(default_factory=list)
    """Leads that are no longer in doubt in this run."""

    doubts: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """Leads in doubt: file and row."""

    removals: dict[tuple[int, int], Removal | None] = field(default_factory=dict)
    """The results of an undo by file and row; None if the lead was not deleted."""

    rejects_files: dict[int, str | None] = field(default_factory=dict)

    parts: list[Part] = field(default_factory=list)
    """Only on PostgreSQL: what workers are to take."""

    facts: dict[str, Json] = field(default_factory=dict)
    """Changed columns of the run."""

    def no_doubt(self, digests: list[bytes]) -> None:
        """Withdraw this run's doubt about leads."""
        for digest in digests:
            self.doubts.pop(digest, None)
        self.certain += digests

    def __bool__(self) -> bool:
        return any(vars(self).values())


class TurnStore(Protocol):
    """Writes the turns of one run."""

    def together(self) -> AbstractContextManager[None]:
        """Put what the connection writes inside, and the turn, into one transaction.

        A claimed start and its intent then wait for the disk only once.
        """

    def write(self, turn: Turn) -> None:
        """Write a turn; it is durable when this returns."""

    def may_send(self) -> bool:
        """Tell whether the campaign is held long enough for one more request."""
