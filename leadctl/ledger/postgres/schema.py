"""The version of the schema: made, and brought up to date, by a database's owner."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadctl.ledger.postgres.connection import Connection

MIGRATIONS: tuple[str, ...] = ()
"""SQL from each version to the next. Programs one version older go on: what they use is
dropped a version later, when OLDEST_CLIENT says so."""

VERSION = 1 + len(MIGRATIONS)

OLDEST_CLIENT = 1
"""The oldest version whose programs work with this schema."""


def create(db: Connection, key_check: bytes) -> None:
    """Make tables and functions, in the caller's transaction."""
    script = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
    db.execute_script(script)
    db.execute(
        "INSERT INTO leadctl.facts (version, oldest_client, key_check)"
        " VALUES (?, ?, ?)",
        (VERSION, OLDEST_CLIENT, key_check),
    )


def migrate(db: Connection, before: int) -> None:
    """Bring the schema up to date from a version, in the caller's transaction."""
    for script in MIGRATIONS[before - 1 :]:
        db.execute_script(script)
    db.execute(
        "UPDATE leadctl.facts SET version = ?, oldest_client = ?",
        (VERSION, OLDEST_CLIENT),
    )
