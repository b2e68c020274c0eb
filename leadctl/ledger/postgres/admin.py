"""What the owner of a database does: prepare it, give rights, bring it up to date.

Advisory locks are those of a transaction: they hold behind a pooler as well.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from leadctl.ledger.postgres import schema
from leadctl.ledger.postgres.connection import Connection
from leadctl.ledger.postgres.key import key_check, wrong_key
from leadctl.model.errors import ExitCode, LedgerUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST_SERVER = 150000

WORKER = "leadctl_worker"
"""Role of those who push: it reads tables, and writes by functions alone."""

READER = "leadctl_reader"
"""Role of those who only look: reports and dashboards."""

UNFINISHED = 0
"""Version of a ledger that a copy has not filled yet: nobody may use it."""


def prepare(url: str, key: bytes) -> bool:
    """Make schema, roles and rights where they are missing; returns if they were.

    Somebody else may do so at this moment: one waits for the other. LedgerUnusable
    where the ledger was made with another key.
    """
    with _as_owner(url) as db:
        found = _facts(db)
        if found and found[1] != key_check(key):
            raise wrong_key()
        if not found:
            schema.create(db, key_check(key))
        _grant(db)
        return not found


def is_prepared(url: str) -> bool:
    with closing(Connection(url)) as db:
        return _facts(db) is not None


def migrate(url: str) -> tuple[int, int]:
    """Bring the schema up to date; returns its version before and after."""
    with _as_owner(url) as db:
        if not (found := _facts(db)):
            raise _unusable("no ledger here yet", "leadctl ledger init URL")
        before = found[0]
        if before == UNFINISHED:
            raise unfinished()
        if before > schema.VERSION:
            raise _unusable(
                f"the ledger is of a newer leadctl (schema {before})", "update leadctl"
            )
        schema.migrate(db, before)
        _grant(db)
        return before, schema.VERSION


def unfinished() -> LedgerUnusable:
    return _unusable(
        "a copy into this ledger is not finished", "run `leadctl ledger copy` again"
    )


def missing_roles(url: str) -> list[str]:
    """Name the roles that the owner had no right to create."""
    with closing(Connection(url)) as db:
        known = db.execute("SELECT rolname FROM pg_catalog.pg_roles").fetchall()
    return [role for role in (WORKER, READER) if (role,) not in known]


def require_version(db: Connection) -> None:
    """Raise LedgerUnusable where the server is too old."""
    if db.info.server_version < OLDEST_SERVER:
        raise _unusable(
            f"PostgreSQL {db.info.server_version // 10000} is too old for a ledger",
            f"use {OLDEST_SERVER // 10000} or newer",
        )


@contextmanager
def _as_owner(url: str) -> Iterator[Connection]:
    """Open a transaction that no other owner has open at the same time."""
    with closing(Connection(url)) as db, db.transaction():
        require_version(db)
        db.execute("SELECT pg_advisory_xact_lock(hashtextextended('leadctl', 0))")
        yield db


def _facts(db: Connection) -> tuple[int, bytes] | None:
    """Return the version and the key's hash; None where there is no ledger."""
    (there,) = db.row("SELECT to_regclass('leadctl.facts') IS NOT NULL")
    if not there:
        return None
    version, check = db.row("SELECT version, key_check FROM leadctl.facts")
    return version, check


def _grant(db: Connection) -> None:
    """Create the roles and give them their rights, where we may.

    Roles belong to all databases of a server: somebody else may create one meanwhile.
    """
    db.execute_script(
        "".join(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object"
            " OR unique_violation OR insufficient_privilege THEN NULL; END $$;"
            f"DO $$ BEGIN {rights}; EXCEPTION WHEN undefined_object THEN NULL; END $$;"
            for role, rights in _RIGHTS.items()
        )
    )


_READ = "GRANT USAGE ON SCHEMA leadctl TO {0}; GRANT SELECT ON ALL TABLES IN SCHEMA "
_READ += "leadctl TO {0}; "
_RIGHTS = {
    WORKER: _READ.format(WORKER)
    + f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA leadctl TO {WORKER}",
    READER: _READ.format(READER)
    + f"GRANT EXECUTE ON FUNCTION leadctl.lead, leadctl.clock TO {READER}",
}


def _unusable(message: str, hint: str) -> LedgerUnusable:
    return LedgerUnusable(message, hint=hint).but(exit_code=ExitCode.INPUT)
