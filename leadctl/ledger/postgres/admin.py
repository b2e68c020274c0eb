"""The owner's tasks: prepare a database, grant rights, migrate the schema.

Advisory locks belong to a transaction, so they work behind a connection pooler.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

from psycopg.errors import InsufficientPrivilege

from leadctl.ledger.postgres.connection import Connection
from leadctl.ledger.postgres.key import key_check, wrong_key
from leadctl.model.errors import LedgerUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

MIGRATIONS: tuple[str, ...] = ()
"""SQL from each version to the next. Programs one version older keep working: what they
use is dropped a version later, when OLDEST_CLIENT is raised."""

VERSION = 1 + len(MIGRATIONS)

OLDEST_CLIENT = 1
"""The oldest schema version whose programs work with this one."""

OLDEST_SERVER = 150000

WORKER = "leadctl_worker"
"""Role of users who push: it reads tables and writes through functions only."""

READER = "leadctl_reader"
"""Role of users who only read: reports and dashboards."""

UNFINISHED = 0
"""Schema version of a ledger while a copy fills it: no program can use it."""


def prepare(url: str, key: bytes) -> bool:
    """Create schema, roles and rights if they are missing; returns whether they were.

    Waits for another owner that does the same. Raises LedgerUnusable if the ledger was
    created with another key.
    """
    with _as_owner(url) as db:
        found = _facts(db)
        if found and found[1] != key_check(key):
            raise wrong_key()
        if not found:
            script = files(__package__).joinpath("schema.sql")
            db.execute_script(script.read_text(encoding="utf-8"))
            db.execute(
                "INSERT INTO leadctl.facts (version, oldest_client, key_check)"
                " VALUES (?, ?, ?)",
                (VERSION, OLDEST_CLIENT, key_check(key)),
            )
        _grant(db)
        return not found


def is_prepared(url: str) -> bool:
    with closing(Connection(url)) as db:
        return _facts(db) is not None


def migrate(url: str) -> tuple[int, int]:
    """Migrate the schema; returns its version before and after."""
    with _as_owner(url) as db:
        if not (found := _facts(db)):
            raise LedgerUnusable.at_start(
                "no ledger in this database", "prepare it: leadctl ledger init URL"
            )
        before = found[0]
        if before == UNFINISHED:
            raise unfinished()
        if before > VERSION:
            raise newer(before)
        for script in MIGRATIONS[before - 1 :]:
            db.execute_script(script)
        db.execute(
            "UPDATE leadctl.facts SET version = ?, oldest_client = ?",
            (VERSION, OLDEST_CLIENT),
        )
        _grant(db)
        return before, VERSION


def newer(version: int) -> LedgerUnusable:
    return LedgerUnusable.at_start(
        f"the ledger was written by a newer leadctl (schema {version})",
        "update leadctl",
    )


def unfinished() -> LedgerUnusable:
    return LedgerUnusable.at_start(
        "a copy into this ledger is not finished", "run `leadctl ledger copy` again"
    )


def missing_roles(url: str) -> list[str]:
    """Return the roles that the owner had no right to create."""
    with closing(Connection(url)) as db:
        known = db.execute("SELECT rolname FROM pg_catalog.pg_roles").fetchall()
    return [role for role in (WORKER, READER) if (role,) not in known]


def require_version(db: Connection) -> None:
    if db.info.server_version < OLDEST_SERVER:
        raise LedgerUnusable.at_start(
            f"PostgreSQL {db.info.server_version // 10000} is too old for a ledger",
            f"use {OLDEST_SERVER // 10000} or newer",
        )


@contextmanager
def _as_owner(url: str) -> Iterator[Connection]:
    """Open a transaction that excludes other owners."""
    try:
        with closing(Connection(url)) as db, db.transaction():
            require_version(db)
            db.execute("SELECT pg_advisory_xact_lock(hashtextextended('leadctl', 0))")
            yield db
    except LedgerUnusable as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            raise LedgerUnusable.at_start(
                f"the user of {url} does not own the ledger's database",
                "run this as the owner of the database",
            ) from error
        raise


def _facts(db: Connection) -> tuple[int, bytes] | None:
    """Return the version and the key's hash; None if there is no ledger."""
    (there,) = db.row("SELECT to_regclass('leadctl.facts') IS NOT NULL")
    if not there:
        return None
    version, check = db.row("SELECT version, key_check FROM leadctl.facts")
    return version, check


def _grant(db: Connection) -> None:
    """Create the roles and grant their rights, if the owner is allowed to.

    A server has one set of roles, so another database's owner may create one meanwhile.
    """
    db.execute_script(
        "".join(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object"
            " OR unique_violation OR insufficient_privilege THEN NULL; END $$;"
            f"DO $$ BEGIN GRANT USAGE ON SCHEMA leadctl TO {role};"
            f" GRANT SELECT ON ALL TABLES IN SCHEMA leadctl TO {role};"
            f" GRANT EXECUTE ON {functions} TO {role};"
            " EXCEPTION WHEN undefined_object THEN NULL; END $$;"
            for role, functions in _CALLABLE.items()
        )
    )


_CALLABLE = {
    WORKER: "ALL FUNCTIONS IN SCHEMA leadctl",
    READER: "FUNCTION leadctl.lead, leadctl.clock",
}
