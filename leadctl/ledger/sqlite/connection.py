"""Connects to the ledger's file, and reports each error in one sentence."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from leadctl.ledger.database import Database
from leadctl.model.errors import LedgerUnusable
from leadctl.model.private_files import in_turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def connect(path: Path | None) -> Connection:
    """Open the file (None: a private one that is deleted when it is closed)."""
    db = sqlite3.connect(
        str(path) if path else "",
        isolation_level=None,
        timeout=30,
        check_same_thread=False,  # a token is counted from the thread that fetches it
        factory=Connection,
    )
    db.path, db.url = path, str(path) if path else None
    db.executescript(
        "PRAGMA journal_mode = WAL;"
        "PRAGMA synchronous = FULL;"
        "PRAGMA trusted_schema = OFF;"
        "PRAGMA secure_delete = ON;"
        # Pages that every batch writes again go to the file once in 16 MB of the log.
        "PRAGMA wal_autocheckpoint = 4000;"
    )
    return db


def opening(
    path: Path | None, timeout: float = 60
) -> contextlib.AbstractContextManager[None]:
    """Let one process at a time open a ledger, as SQLite does not wait for that."""
    return in_turn(path.parent, timeout) if path else contextlib.nullcontext()


@contextlib.contextmanager
def translated(path: Path | None) -> Iterator[None]:
    """Raise LedgerUnusable for any error of the file."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, error) from error


def _unusable(path: Path | None, error: sqlite3.Error | OSError) -> LedgerUnusable:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    remedies = (remedy for words, remedy in _REMEDIES if re.search(words, reason))
    return LedgerUnusable(
        f"cannot use the ledger {path or '(private)'}: {reason}",
        hint=next(remedies, "choose another file with --ledger"),
    )


_REMEDIES = (
    (
        "malformed|not a database",
        "restore it and its .key file; a new ledger would send every lead again",
    ),
    ("readonly|ermission", "make the file and its folder writable (chmod, chown)"),
    ("locked", "another program has locked it; try again later"),
    ("no such table", "a newer leadctl changed it; update leadctl"),
    ("full|space", "free disk space; to continue a run: leadctl runs resume"),
)


def latest_runs(path: Path, most: int) -> list[str]:
    latest = "SELECT id FROM runs ORDER BY number DESC LIMIT ?"
    if not path.is_file():  # opening a pipe would block
        return []
    try:
        with read_only(path, timeout=0.2) as db:
            return [str(run) for (run,) in db.execute(latest, (most,))]
    except LedgerUnusable:
        return []


@contextlib.contextmanager
def read_only(path: Path, timeout: float = 30) -> Iterator[Connection]:
    """Open an existing ledger without changing it."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    with translated(path):
        db = sqlite3.connect(address, uri=True, timeout=timeout, factory=Connection)
        with contextlib.closing(db):
            db.path = path
            yield db


class Cursor(sqlite3.Cursor):
    """A cursor that raises LedgerUnusable; a `try` costs half a context manager."""

    connection: Connection

    def execute(self, sql: str, parameters: Any = (), /) -> Self:  # noqa: ANN401  as in sqlite3
        try:
            return super().execute(sql, parameters)
        except sqlite3.Error as error:
            raise _unusable(self.connection.path, error) from error

    def fetchone(self) -> Any:  # noqa: ANN401  as in sqlite3
        try:
            return super().fetchone()
        except sqlite3.Error as error:
            raise _unusable(self.connection.path, error) from error

    def fetchall(self) -> list[Any]:
        try:
            return super().fetchall()
        except sqlite3.Error as error:
            raise _unusable(self.connection.path, error) from error

    def __next__(self) -> Any:  # noqa: ANN401  as in sqlite3
        try:
            return super().__next__()
        except sqlite3.Error as error:
            raise _unusable(self.connection.path, error) from error


class Connection(sqlite3.Connection, Database):
    """A connection shared by the threads of a process, one at a time."""

    path: Path | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  as in sqlite3
        super().__init__(*arguments, **options)
        self._turn = threading.RLock()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction, durable when it ends; a nested one is part of it."""
        with self._turn, translated(self.path):
            if self.in_transaction:
                yield
                return
            self.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.commit()
            except BaseException:
                self.rollback()
                raise

    @contextlib.contextmanager
    def unchanged(self) -> Iterator[None]:
        with self._turn:
            if self.in_transaction:
                yield
                return
            self.execute("BEGIN")
            try:
                yield
            finally:
                self.rollback()

    def stream(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401  as in sqlite3
        return self.execute(sql, parameters)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401  as in sqlite3
        return self.cursor(Cursor).execute(sql, parameters)
