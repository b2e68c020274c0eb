"""Creates and migrates the schema, as the database's owner."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadctl.ledger.postgres.connection import Connection

MIGRATIONS: tuple[str, ...] = ()
"""SQL from each version to the next. Programs one version older keep working: what they
use is dropped a version later, when OLDEST_CLIENT is raised."""

VERSION = 1 + len(MIGRATIONS)

OLDEST_CLIENT = 1
"""The oldest schema version whose programs work with this one."""


def create(db: Connection, key_check: bytes) -> None:
    """Create tables and functions in the caller's transaction."""
    script = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
    db.execute_script(script)
    db.execute(
        "INSERT INTO leadctl.facts (version, oldest_client, key_check)"
        " VALUES (?, ?, ?)",
        (VERSION, OLDEST_CLIENT, key_check),
    )


def migrate(db: Connection, before: int) -> None:
    """Migrate the schema from a version, in the caller's transaction."""
    for script in MIGRATIONS[before - 1 :]:
        db.execute_script(script)
    db.execute(
        "UPDATE leadctl.facts SET version = ?, oldest_client = ?",
        (VERSION, OLDEST_CLIENT),
    )
