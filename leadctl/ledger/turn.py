"""A turn: all that a run has to write at one moment, gathered in memory.

Outcomes, verdicts, delivered leads and the next intents go together. Each kind of
ledger writes a turn at once, all or nothing: SQLite in a transaction, PostgreSQL in one
call of a function.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from uuid import UUID

    from leadctl.ledger.records import BatchState
    from leadctl.model.leads import Code, Json, Status
    from leadctl.model.removal import Removal


class BatchLine(NamedTuple):
    """A batch as it stands; `first` is the first of `rows`, which are ranges.

    Of a settled one only the rows that are delivered stay.
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


class RequestLine(NamedTuple):
    """A request as it stands; moments and durations are whole milliseconds."""

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
    """Findings on rows of one file that share everything else."""

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
    """What is to be written, in this order."""

    dropped: list[tuple[int, int]] = field(default_factory=list)
    """Findings that no longer hold: file and first row."""

    withdrawn: list[UUID] = field(default_factory=list)
    """Batches that are not there any more."""

    struck: list[int] = field(default_factory=list)
    """Requests that did not leave, one after the other: later ones move up by one."""

    batches: dict[UUID, BatchLine] = field(default_factory=dict)
    requests: dict[int, RequestLine] = field(default_factory=dict)
    findings: list[FindingLine] = field(default_factory=list)
    delivered: list[bytes] = field(default_factory=list)

    undelivered: list[bytes] = field(default_factory=list)
    """Leads that were delivered by this run, and are no longer."""

    decided: list[bytes] = field(default_factory=list)
    """Leads that no run is in doubt about any more."""

    certain: list[bytes] = field(default_factory=list)
    """Leads that this run is not in doubt about any more."""

    doubts: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """Leads in doubt: file and row."""

    removals: dict[tuple[int, int], Removal | None] = field(default_factory=dict)
    """What became of rows that are taken back; None: nothing."""

    rejects_files: dict[int, str | None] = field(default_factory=dict)

    facts: dict[str, Json] = field(default_factory=dict)
    """Columns of the run that change."""

    def no_doubt(self, digests: list[bytes]) -> None:
        """Take this run's doubt about leads back."""
        for digest in digests:
            self.doubts.pop(digest, None)
        self.certain += digests

    def __bool__(self) -> bool:
        return any(vars(self).values())


class TurnStore(Protocol):
    """Writes the turns of one run."""

    def together(self) -> AbstractContextManager[None]:
        """Hold back what the same connection writes inside, until the turn is written.

        Where each transaction waits for a disk, a start and its intent share one.
        """
        ...

    def write(self, turn: Turn) -> None:
        """Write a turn; it is on disk when this returns."""
        ...

    def may_send(self) -> bool:
        """Tell whether the run is still ours for as long as a request may take."""
        ...
