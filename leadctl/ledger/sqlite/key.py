"""The key of the hashes, in a file beside the ledger."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from typing import TYPE_CHECKING

from leadctl.model.errors import LedgerUnusable
from leadctl.model.private_files import oddity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY_BYTES = 32


def key_file_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.key")


def key(path: Path | None, is_new: Callable[[], bool]) -> bytes:
    """Return the key of the hashes; a new ledger gets one that only the owner can read.

    A missing key or ledger is not replaced while the other exists: every lead would be
    sent again. A new key has a temporary name until `keep_key`: a killed process leaves
    no key without a ledger.
    """
    if path is None:
        return secrets.token_bytes(KEY_BYTES)
    key_file = key_file_of(path)
    if what := oddity(key_file.resolve()):  # reading a pipe would block
        raise OSError(errno.EINVAL, f"its key {key_file} is {what}")
    fresh = _fresh(key_file)
    if key_file.exists():
        if is_new():  # checked late: another process may have created it
            raise lost(path)
        return _read(key_file)
    if is_new() and not key_file.is_symlink():
        _make_key(fresh)
    if not fresh.exists():
        raise _unusable(key_file, "missing")
    return _read(fresh)


def lost(path: Path) -> LedgerUnusable:
    """Return the error for a ledger that is gone while its key is still there."""
    return LedgerUnusable(
        f"the ledger {path} is missing or empty, but its key exists: "
        f"{key_file_of(path)}",
        hint="restore the ledger; to start over and send every lead again, remove its "
        "key",
    )


def keep_key(path: Path) -> None:
    """Give the key of a new ledger, now created, its final name."""
    key_file = key_file_of(path)
    if not key_file.exists():
        _fresh(key_file).rename(key_file)


def _fresh(key_file: Path) -> Path:
    return key_file.with_name(f"{key_file.name}.new")


def _read(key_file: Path) -> bytes:
    found = key_file.read_bytes()
    if len(found) != KEY_BYTES:
        raise _unusable(key_file, "damaged")
    return found


def _unusable(key_file: Path, how: str) -> LedgerUnusable:
    return LedgerUnusable(
        f"the key of the ledger is {how}: {key_file}",
        hint="restore it; without it, delivered leads are not recognised",
    )


def _make_key(key_file: Path) -> None:
    # Written to another file and linked: other processes see all of it or none.
    aside = key_file.with_name(f".{key_file.name}-{secrets.token_hex(8)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
    with contextlib.suppress(FileExistsError):
        os.link(aside, key_file)
    aside.unlink()
