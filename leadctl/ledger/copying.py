"""Copies a ledger from SQLite to PostgreSQL, with the key of its hashes.

An interrupted copy can be repeated. Until it is complete no run can use it, since leads
missing from it would be sent again.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from leadctl.ledger.postgres import admin
from leadctl.ledger.postgres.connection import Connection
from leadctl.ledger.sqlite import connection as sqlite
from leadctl.ledger.sqlite.delivered import DeliveredLog
from leadctl.ledger.sqlite.key import key
from leadctl.ledger.sqlite.ledger import SqliteLedger
from leadctl.model.errors import CampaignLocked, LedgerUnusable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SELECTED = {
    "scopes": "*",
    "runs": "*",
    "files": "*",
    "reasons": "*",
    "findings": "*",
    "requests": "*",
    "removals": "*",
    "in_doubt": "*",
    "suppressed": "*",
    "batches": "run, hex(id) AS id, number, file, first, rows, size, state, doubted,"
    " attempts, created, accepted",
    "delivered": "printf('%08x', scope) || hex(substr(hash, 1, 12)) AS lead, run",
}
"""Columns to read from each table; PostgreSQL fills in the others."""

NUMBERED = ("scopes", "runs", "reasons", "batches")

CHUNK = 50_000
"""Rows written in one statement."""

SAMPLE = 1_000
"""Rows of each table to compare with the copy."""


def copy(path: Path, url: str, said: Callable[[str], None]) -> int:
    """Copy and compare; returns the number of runs. Calls `said` for each table.

    Raises CampaignLocked while a run is in progress, LedgerUnusable if the target has
    another key or runs of its own.
    """
    _require_idle(path)
    admin.prepare(url, key_of(path))
    with closing(sqlite.connect(path)) as source, closing(Connection(url)) as target:
        with source.transaction():
            DeliveredLog(source).put_away()
        with source.unchanged():
            _require_own(source, target)
            set_version = "UPDATE leadctl.facts SET version = ?"
            target.execute(set_version, (admin.UNFINISHED,))
            for table in SELECTED:
                _copy_table(source, target, table)
                said(f"{table}: {_compared(source, target, table):,} rows")
            _number_on(source, target)
            target.execute(set_version, (admin.VERSION,))
            return _count(source, "runs")


def key_of(path: Path) -> bytes:
    """Return the key of an existing ledger; raises LedgerUnusable if there is none."""
    if not path.exists():
        raise LedgerUnusable.at_start(
            f"no ledger at {path}", "`leadctl ledger show` says where yours is"
        )
    with sqlite.translated(path):
        return key(path, lambda: False)


def _require_idle(path: Path) -> None:
    with SqliteLedger(path) as ledger:
        for run in ledger.runs(1_000):
            facts = run.facts()
            if facts.finished_at is None and ledger.process_of(facts):
                raise CampaignLocked(
                    f"run {facts.id} is in progress", hint="copy after it has ended"
                )


def _require_own(source: sqlite.Connection, target: Connection) -> None:
    """Refuse a target with runs of its own: the numbers of the runs would clash."""
    known = {*source.execute("SELECT number, id FROM runs")}
    if any(run not in known for run in target.execute("SELECT number, id FROM runs")):
        raise LedgerUnusable.at_start(
            f"the ledger {target.url} has runs of its own",
            "copy into an empty database",
        )


def _copy_table(source: sqlite.Connection, target: Connection, table: str) -> None:
    cursor = source.execute(f"SELECT {SELECTED[table]} FROM {table}")  # noqa: S608  our own words
    columns = ", ".join(name for name, *_ in cursor.description)
    while rows := cursor.fetchmany(CHUNK):
        with target.transaction():
            target.copy_in(table, columns, rows)


def _compared(source: sqlite.Connection, target: Connection, table: str) -> int:
    """Compare the row counts, and the contents of a sample; returns the count."""
    number = _count(source, table)
    chosen = source.execute(
        f"SELECT {SELECTED[table]} FROM {table} ORDER BY random() LIMIT {SAMPLE}"  # noqa: S608  our own words
    )
    columns = ", ".join(name for name, *_ in chosen.description)
    with target.transaction():
        if target.lacks(table, columns, chosen) or _count(target, table) != number:
            raise LedgerUnusable.at_start(
                f"table {table} of the copy differs from {source.path}",
                "copy into an empty database",
            )
    return number


def _number_on(source: sqlite.Connection, target: Connection) -> None:
    with target.transaction():
        for table in NUMBERED:
            target.execute(
                f"SELECT setval(pg_get_serial_sequence('leadctl.{table}', 'number'),"  # noqa: S608  our own words
                f" coalesce(max(number), 0) + 1, false) FROM {table}"
            )
        made = source.execute("SELECT seq FROM sqlite_sequence WHERE name = 'runs'")
        (runs,) = made.fetchone() or (0,)
        target.execute(
            "SELECT setval(pg_get_serial_sequence('leadctl.runs', 'number'), ?, false)",
            (runs + 1,),
        )


def _count(db: sqlite.Connection | Connection, table: str) -> int:
    row = db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  our own words
    return int(row[0]) if row else 0
