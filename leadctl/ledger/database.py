"""What the shared statements ask of a database, whichever it is.

Reading is the same SQL for SQLite and PostgreSQL, with `?` and `:name` for parameters;
what differs (making, locking, writing turns) each kind has for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime


class Rows(Protocol):
    """The answer to a question."""

    def fetchone(self) -> Any: ...  # noqa: ANN401  columns of any type

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """A connection; its trouble is a LedgerUnusable."""

    ahead: float
    """Seconds that its clock is ahead of ours."""

    @property
    def url(self) -> str | None:
        """What opens it again; None for a private one."""
        ...

    def now(self) -> datetime:
        """Return the time of day by its clock, in UTC."""
        ...

    def execute(self, sql: str, parameters: Any = (), /) -> Rows: ...  # noqa: ANN401  as in sqlite3

    def rows_in(
        self, question: str, values: Sequence[Any], *before: int
    ) -> Iterator[Any]:
        """Yield the rows of a question about many values, which ends in `IN`.

        `before` are the parameters that stand before them.
        """
        ...

    def unchanged(self) -> AbstractContextManager[None]:
        """See one state, whatever others write meanwhile."""
        ...


def scope_number(db: Database, account: str, campaign: str) -> int:
    """Return the number of a campaign; 0, which none has, if it is not known."""
    row = db.execute(
        "SELECT number FROM scopes WHERE account = ? AND campaign = ?",
        (account, campaign),
    ).fetchone()
    return int(row[0]) if row else 0
