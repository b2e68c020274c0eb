"""The version of the schema, and its making by the owner of a database."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadctl.ledger.postgres.connection import Connection

VERSION = 1

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
