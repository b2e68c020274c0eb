"""The database connection that the shared SQL statements use.

SQLite and PostgreSQL read by the same statements, with `?` and `:name` for parameters.
They differ in creating, locking and writing turns.
"""

from __future__ import annotations

import time
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
        """Yield the rows of a query that ends in `IN`, for any number of values.

        `before` are the parameters ahead of the values.
        """
        for start in range(0, len(values), 500):
            some = values[start : start + 500]
            marks = ",".join("?" * len(some))
            with self.unchanged():
                found = self.execute(f"{question} ({marks})", [*before, *some])
                rows = found.fetchall()
            yield from rows


def scope_number(db: Database, account: str, campaign: str) -> int:
    """Return the number of a campaign; 0, which none has, if it is unknown."""
    row = db.execute(
        "SELECT number FROM scopes WHERE account = ? AND campaign = ?",
        (account, campaign),
    ).fetchone()
    return int(row[0]) if row else 0
