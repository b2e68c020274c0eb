"""Health checks of the ledger file, its key and its disk."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from leadctl.ledger.records import Condition
from leadctl.ledger.sqlite.connection import read_only
from leadctl.ledger.sqlite.key import KEY_BYTES, key_file_of, lost
from leadctl.ledger.sqlite.schema import VERSION, newer, version
from leadctl.model.errors import LedgerUnusable
from leadctl.model.private_files import oddity, permission_problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leadctl.ledger.sqlite.connection import Connection
    from leadctl.model.private_files import PermissionProblem

LITTLE_DISK = 100 * 1024 * 1024
"""Free bytes below which a long import may fail."""


def conditions(path: Path) -> Iterator[Condition]:
    """Check the ledger, its key, its disk and who may read it."""
    if what := oddity(path):
        yield _problem(f"{path} is {what}", "choose another file with --ledger")
        return
    key_file = key_file_of(path)
    if key_file.exists() and not (path.exists() and path.stat().st_size):
        error = lost(path)
        yield _problem(error.message, error.hint or "")
        return
    if not path.exists():
        yield Condition("ledger", f"none yet; the first push creates {path}")
        yield from _disk(path)
        return
    try:
        with read_only(path) as db:
            yield _checked(db, path)
    except LedgerUnusable as error:
        yield _problem(error.message, error.hint or "choose another with --ledger")
        return
    yield from _key(key_file)
    for message, remedy in exposed(path):
        yield Condition("ledger", message, remedy)
    yield from _disk(path)


def exposed(path: Path) -> Iterator[PermissionProblem]:
    for file in (path, key_file_of(path)):
        yield from permission_problems(file, "the ledger's file")


def _problem(message: str, remedy: str) -> Condition:
    return Condition("ledger", message, remedy, is_problem=True)


def _checked(db: Connection, path: Path) -> Condition:
    if (number := version(db)) > VERSION:
        raise newer(db, number)
    (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        return _problem(
            f"{path} is damaged: {found}",
            "restore it from a backup; a new ledger would send every lead again",
        )
    size = path.stat().st_size / 1e6
    facts = f"{path}, schema {number}, {size:,.1f} MB, no damage"
    return Condition("ledger", facts)


def _key(key_file: Path) -> Iterator[Condition]:
    if not key_file.is_file() or key_file.stat().st_size != KEY_BYTES:
        yield _problem(
            f"the key of the ledger is missing or damaged: {key_file}",
            "restore it; without it, delivered leads are not recognised",
        )


def _disk(path: Path) -> Iterator[Condition]:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK | os.X_OK):
        yield _problem(
            f"cannot write to {folder}, the ledger's folder",
            "make it writable (chmod, chown), or choose another location with --ledger",
        )
    remedy = "free disk space, or choose another location with --ledger"
    message = f"{free / 1e9:,.1f} GB free for {folder}"
    yield Condition("disk", message, remedy if free < LITTLE_DISK else "")
