"""The tables of a ledger, and migrations from earlier versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.model.errors import LedgerUnusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.ledger.sqlite.connection import Connection

APPLICATION = 0x6C656164
"""SQLite's application_id of a ledger: `lead`."""

# Moments and durations of requests are whole milliseconds. `first` is the first of
# `rows`, which are ranges. A run's number is never used again: delivered leads still
# name the run after it was pruned.
_FIRST = """
CREATE TABLE scopes (
    number INTEGER PRIMARY KEY, account TEXT NOT NULL, campaign TEXT NOT NULL,
    UNIQUE (account, campaign)
);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL, scope INTEGER NOT NULL, job TEXT NOT NULL,
    started_at TEXT NOT NULL, finished_at TEXT, requests INTEGER NOT NULL DEFAULT 0,
    exit_code INTEGER, error TEXT, repairs TEXT NOT NULL DEFAULT '{}',
    notes TEXT NOT NULL DEFAULT '[]', stop_requested INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE files (
    run INTEGER NOT NULL, ordinal INTEGER NOT NULL, path TEXT NOT NULL,
    fingerprint TEXT NOT NULL, rejects_file TEXT, PRIMARY KEY (run, ordinal)
) WITHOUT ROWID;
CREATE TABLE batches (
    number INTEGER PRIMARY KEY, run INTEGER NOT NULL, file INTEGER NOT NULL,
    id BLOB NOT NULL, first INTEGER NOT NULL, rows TEXT NOT NULL,
    size INTEGER NOT NULL, state TEXT NOT NULL, doubted INTEGER NOT NULL,
    attempts INTEGER NOT NULL, created INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX batches_of_run ON batches (run);
CREATE TABLE requests (
    run INTEGER NOT NULL, number INTEGER NOT NULL, file INTEGER NOT NULL,
    first INTEGER NOT NULL, rows TEXT NOT NULL, leads INTEGER NOT NULL,
    attempt INTEGER NOT NULL, asks INTEGER NOT NULL, departed INTEGER NOT NULL,
    held INTEGER NOT NULL, held_for INTEGER, took INTEGER, http INTEGER, trouble TEXT,
    why INTEGER, answered INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE TABLE findings (
    run INTEGER NOT NULL, file INTEGER NOT NULL, first INTEGER NOT NULL,
    rows TEXT NOT NULL, count INTEGER NOT NULL, status TEXT NOT NULL,
    code TEXT NOT NULL, field TEXT NOT NULL, reason INTEGER NOT NULL,
    PRIMARY KEY (run, file, first)
) WITHOUT ROWID;
CREATE TABLE reasons (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE delivered (
    scope INTEGER NOT NULL, hash BLOB NOT NULL, run INTEGER NOT NULL,
    PRIMARY KEY (scope, hash)
) WITHOUT ROWID;
CREATE TABLE delivered_log (
    number INTEGER PRIMARY KEY, scope INTEGER NOT NULL, run INTEGER NOT NULL,
    hashes BLOB NOT NULL
);
CREATE TABLE in_doubt (
    hash BLOB NOT NULL, run INTEGER NOT NULL, file INTEGER NOT NULL,
    row INTEGER NOT NULL, PRIMARY KEY (hash, run)
) WITHOUT ROWID;
CREATE INDEX in_doubt_of_run ON in_doubt (run);
CREATE TABLE removals (
    run INTEGER NOT NULL, file INTEGER NOT NULL, row INTEGER NOT NULL,
    state TEXT NOT NULL, PRIMARY KEY (run, file, row)
) WITHOUT ROWID;
CREATE TABLE suppressed (
    hash BLOB NOT NULL, entry BLOB NOT NULL, PRIMARY KEY (hash, entry)
) WITHOUT ROWID;
CREATE INDEX suppressed_entries ON suppressed (entry);
CREATE TABLE rates (
    scope TEXT PRIMARY KEY, next_start REAL NOT NULL, noted REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE token_requests (account TEXT NOT NULL, moment REAL NOT NULL);
"""

MIGRATIONS = (_FIRST,)
"""SQL from each schema version to the next; their number is the current version."""

VERSION = len(MIGRATIONS)


def version(db: Connection) -> int:
    """Return the schema version, 0 for an empty file.

    Raises LedgerUnusable if the file is not a ledger.
    """
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (number,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION and (tables or number):
        raise LedgerUnusable(
            f"{db.path} is not a leadctl ledger",
            hint="choose another file with --ledger",
        )
    return int(number)


def newer(db: Connection, number: int) -> LedgerUnusable:
    return LedgerUnusable(
        f"{db.path} was written by a newer leadctl (schema {number})",
        hint="update leadctl, or choose another file with --ledger",
    )


def migrate(db: Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Migrate a ledger; raises LedgerUnusable if a newer version wrote it."""
    if version(db) == len(migrations):
        return
    with db.transaction():
        before = version(db)  # another process may have migrated it
        if before > len(migrations):
            raise newer(db, before)
        for script in migrations[before:]:
            for statement in filter(str.strip, script.split(";\n")):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {len(migrations)}")
