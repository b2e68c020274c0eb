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
    from pathlib import Path

KEY_BYTES = 32


def key_file_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.key")


def key(path: Path | None, *, new: bool) -> bytes:
    """Return the key of the hashes, made with the ledger, readable by the owner alone.

    A missing key is not replaced: every lead would be new, and sent again.
    """
    if path is None:
        return secrets.token_bytes(KEY_BYTES)
    key_file = key_file_of(path)
    if what := oddity(key_file.resolve()):  # a pipe would be waited for
        raise OSError(errno.EINVAL, f"its key {key_file} is {what}")
    if not key_file.exists():
        if not new or key_file.is_symlink():
            raise LedgerUnusable(
                f"the key of the ledger is missing: {key_file}",
                hint="restore it: without it, no delivered lead is recognised",
            )
        _make_key(key_file)
    found = key_file.read_bytes()
    if len(found) != KEY_BYTES:
        raise LedgerUnusable(
            f"the key of the ledger is damaged: {key_file}",
            hint="restore it: without it, no delivered lead is recognised",
        )
    return found


def _make_key(key_file: Path) -> None:
    # Written aside and linked: a process that starts meanwhile sees all of it or none.
    fresh = key_file.with_name(f".{key_file.name}-{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
    with contextlib.suppress(FileExistsError):
        os.link(fresh, key_file)
    fresh.unlink()
