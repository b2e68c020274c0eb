"""The database connection that the shared SQL statements use.

SQLite and PostgreSQL read by the same statements, with `?` and `:name` for parameters.
They differ in creating, locking and writing turns.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager


class Rows(Protocol):
    def fetchone(self) -> Any: ...  # noqa: ANN401  columns of any type

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """A connection; database errors are raised as LedgerUnusable."""

    ahead: float = 0.0
    """Seconds by which its clock is ahead of this machine's."""

    url: str | None = None
    """The URL of the ledger; None for a private one."""

    def close(self) -> None: ...

    def now(self) -> datetime:
        """Return the current time by its clock, in UTC."""
        return datetime.fromtimestamp(time.time() + self.ahead, UTC)

    def execute(self, sql: str, parameters: Any = (), /) -> Rows: ...  # noqa: ANN401  as in sqlite3

    def stream(self, sql: str, parameters: Any = (), /) -> Iterator[Any]:  # noqa: ANN401  the same
        """Yield the rows of a result that is too long for memory."""
        ...

    def unchanged(self) -> AbstractContextManager[None]:
        """Read one consistent state while others write."""
        ...

    def rows_in(
        self, question: str, values: Sequence[Any], *before: int
    ) -> Iterator[Any]:
        """Yield rows of a query that ends in `IN`, behind the parameters `before`."""
        for start in range(0, len(values), 500):
            some = values[start : start + 500]
            marks = ",".join("?" * len(some))
            with self.unchanged():
                found = self.execute(f"{question} ({marks})", [*before, *some])
                rows = found.fetchall()
            yield from rows


class DeliveredIndex(ABC):
    """The leads delivered to one campaign, as of the moment it was opened."""

    def __init__(self, db: Database, account: str, campaign: str) -> None:
        self._db = db
        scope = "SELECT number FROM scopes WHERE account = ? AND campaign = ?"
        row = db.execute(scope, (account, campaign)).fetchone()
        self._scope = int(row[0]) if row else 0  # which none has

    @abstractmethod
    def is_empty(self) -> bool: ...

    @abstractmethod
    def among(self, digests: Sequence[bytes]) -> dict[bytes, str]:
        """Return those of the hashes that are delivered, each with its run's id.

        The id is empty if the run is no longer in the ledger.
        """
