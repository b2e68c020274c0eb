"""Connects to the ledger's server, and reports each error in one sentence.

Nothing is prepared, set or locked for a session, since a pooler may run each statement
in another session. A statement whose connection broke is repeated for as long as the
run's lease allows; statements that write change nothing the second time.
"""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager, nullcontext, suppress
from functools import lru_cache
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import FloatLoader

from leadctl.ledger.database import Database
from leadctl.ledger.postgres import address
from leadctl.model.errors import ExitCode, LedgerUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from leadctl.ledger.postgres.lease import Lease

T = TypeVar("T")

RETRY = 30.0
"""Seconds to wait for a lost server if no lease limits them."""

LEAST_RETRY = 1.0
"""Seconds to wait at least: a process may wake after its lease expired."""

MOST_IN_MEMORY = 1 << 22
"""Bytes of a long result that are kept in memory; the rest goes into a file."""

_IN_TRANSACTION = TransactionStatus.INTRANS, TransactionStatus.INERROR

PAUSE = 0.2
"""Seconds between two attempts to reach a server."""


def elapsed() -> float:
    """Return the seconds of a clock that also runs during sleep, if there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class _Quiet(psycopg.Connection[Any]):
    """A connection that a signal may drop before it is stored: libpq closes it."""

    def __del__(self, *_: object) -> None:
        pass


class Connection(Database):
    """A connection shared by the threads of a process, one at a time.

    Raises LedgerUnusable if the server cannot be reached; only later statements wait.
    """

    url: str

    def __init__(self, url: str) -> None:
        self.url = url
        self.lease: Lease | None = None
        """What this process writes under."""
        self.patience_ends: float | None = None
        """Until when to wait for a lost server, in seconds of `elapsed`."""
        self._conninfo = address.conninfo(url)
        self._turn = threading.RLock()
        self._db = self._connected()

    def _connected(self) -> psycopg.Connection[Any]:
        try:
            db = _Quiet.connect(self._conninfo, autocommit=True, prepare_threshold=None)
        except psycopg.Error as error:
            raise self._unusable(error) from error
        db.adapters.register_loader("numeric", FloatLoader)
        return db

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._db.close()

    def execute(self, sql: str, parameters: Any = (), /) -> psycopg.Cursor[Any]:  # noqa: ANN401  as in sqlite3
        """Execute a statement, repeating it while the server cannot be reached."""
        statement = _translated(sql)
        return self._repeated(
            lambda db: db.execute(statement, parameters, prepare=False)
        )

    def stream(self, sql: str, parameters: Any = (), /) -> Iterator[Any]:  # noqa: ANN401  as in sqlite3
        """Yield the rows of a long result, which is spooled to a file first.

        A cursor would keep a transaction open, and a pooler's connection with it.
        """
        statement = _translated(sql)
        with SpooledTemporaryFile(MOST_IN_MEMORY, "w+", encoding="utf-8") as spool:

            def fill(db: psycopg.Connection[Any]) -> None:
                spool.seek(0)
                spool.truncate()
                with db.cursor() as cursor:
                    for row in cursor.stream(statement, parameters):
                        spool.write(f"{json.dumps(row)}\n")

            self._repeated(fill)
            spool.seek(0)
            yield from map(json.loads, spool)

    def _repeated(self, act: Callable[[psycopg.Connection[Any]], T]) -> T:
        began = elapsed()
        with self._turn:
            while True:
                try:
                    if self._db.closed:
                        self._db = self._connected()
                    return act(self._db)
                except (psycopg.OperationalError, LedgerUnusable) as error:
                    ends = self.patience_ends or began + RETRY
                    is_over = elapsed() >= max(ends, began + LEAST_RETRY)
                    state = self._db.info.transaction_status
                    if is_over or state in _IN_TRANSACTION:
                        raise self._unusable(error) from error
                except psycopg.Error as error:
                    raise self._unusable(error) from error
                time.sleep(PAUSE)

    def call(self, function: str, *arguments: Any) -> Any:  # noqa: ANN401  columns of any type
        """Call a function of the ledger's schema; returns the row it yields."""
        marks = ", ".join("?" * len(arguments))
        question = f"SELECT * FROM leadctl.{function}({marks})"  # noqa: S608  our own words
        return self.execute(question, arguments).fetchone()

    def execute_script(self, script: str) -> None:
        """Execute several PostgreSQL statements in the caller's transaction."""
        self._db.execute(script.encode())

    def row(self, sql: str, parameters: Any = ()) -> Any:  # noqa: ANN401  columns of any type
        return self.execute(sql, parameters).fetchone()

    def copy_in(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows that a table lacks, as its owner; once in a transaction."""
        self._stage(table, columns, rows)
        self._db.execute(
            f"INSERT INTO leadctl.{table} ({columns}) OVERRIDING SYSTEM VALUE"  # noqa: S608  our own words
            f" SELECT {columns} FROM copied ON CONFLICT DO NOTHING"
        )

    def lacks(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> bool:
        """Tell whether a table differs in any of these rows; once in a transaction."""
        self._stage(table, columns, rows)
        return bool(
            self._db.execute(
                f"SELECT {columns} FROM copied"  # noqa: S608  our own words
                f" EXCEPT SELECT {columns} FROM leadctl.{table} LIMIT 1"
            ).rowcount
        )

    def _stage(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows into a table for this transaction alone."""
        with self._db.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMP TABLE copied ON COMMIT DROP AS SELECT {columns}"  # noqa: S608  our own words
                f" FROM leadctl.{table} LIMIT 0"
            )
            with cursor.copy(f"COPY copied ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    @property
    def info(self) -> psycopg.ConnectionInfo:
        return self._db.info

    def unchanged(self) -> AbstractContextManager[None]:
        return nullcontext()  # a statement sees one state, and waits for no other

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open an owner's transaction; none of its statements is repeated."""
        with self._turn:
            try:
                with self._db.transaction():
                    yield
            except psycopg.Error as error:
                raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> LedgerUnusable:
        if isinstance(error, LedgerUnusable):
            return error
        reason, *_ = [*str(error).strip().splitlines(), type(error).__name__]
        reason = reason.removeprefix("connection failed: ")
        unusable = LedgerUnusable(
            f"the ledger {self.url} cannot be used: {reason}", hint=_remedy(error)
        )
        if isinstance(error, psycopg.ProgrammingError):  # met before anything is sent
            return unusable.but(exit_code=ExitCode.INPUT)
        return unusable


_NOT_LET_IN = re.compile(
    "no password supplied|authentication failed|pg_hba.conf"
    '|(role|database) ".*" does not exist'
)
_CONTINUE = "to continue a run: leadctl runs resume"


def _remedy(error: Exception) -> str:
    match error:
        case errors.InsufficientPrivilege():
            return (
                "a push requires the role leadctl_worker; `leadctl ledger` requires "
                "the owner of the database"
            )
        case errors.InvalidSchemaName() | errors.UndefinedTable():
            return "prepare the database: leadctl ledger init URL"
        case errors.UndefinedFunction():
            return "bring the ledger up to date: leadctl ledger migrate"
        case errors.DiskFull():
            return f"free disk space on the server; {_CONTINUE}"
        case _ if _NOT_LET_IN.search(str(error)):  # a connection's error has no class
            return (
                "check the database, the user, and the password in ~/.pgpass or "
                "PGPASSWORD"
            )
        case _:
            return f"check that the server runs and can be reached; {_CONTINUE}"


@lru_cache(maxsize=256)
def _translated(sql: str) -> Any:  # noqa: ANN401  psycopg takes a LiteralString
    """Translate a shared statement to psycopg's parameters, with the schema's name."""
    sql = _TABLE.sub(r"\1 leadctl.\2", sql)
    sql = sql.replace("?", "%s")
    return _NAMED.sub(r"%(\1)s", sql)


_TABLE = re.compile(r"\b(FROM|JOIN) ([a-z_]+)\b(?![.(])")
_NAMED = re.compile(r"(?<!:):([a-z]+)\b")
