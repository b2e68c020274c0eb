"""The key of the hashes, which is never stored in the database.

Whoever has both can try all phone numbers against the hashes within hours.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.model import system_keyring
from leadctl.model.errors import CredentialsMissing, LedgerUnusable
from leadctl.model.private_files import permission_problems
from leadctl.model.secret_sources import Secret
from leadctl.model.text_file import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.model.private_files import PermissionProblem

KEY_BYTES = 32

VARIABLE = "LEADCTL_LEDGER_KEY"
SECRET = Secret("key of the ledger", "ledger", "key", VARIABLE)
"""No account may be named `ledger`: its secrets would have these names."""


def key() -> bytes:
    """Return the key; raises LedgerUnusable if it is missing or invalid."""
    if found := configured():
        return found
    raise LedgerUnusable.at_start(
        "the key of the ledger's hashes is missing",
        f"set {VARIABLE}, {VARIABLE}_FILE or {VARIABLE}_COMMAND: "
        "`leadctl ledger init` made it",
    )


def configured() -> bytes | None:
    """Return the key; None if none is configured."""
    try:
        text = SECRET.find(os.environ)
    except CredentialsMissing as error:
        raise LedgerUnusable.at_start(error.message, error.hint) from error
    return parsed(text) if text else None


def parsed(text: str) -> bytes:
    """Parse a key written in hexadecimal digits."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != KEY_BYTES:
        raise LedgerUnusable.at_start(
            "the key of the ledger's hashes is damaged",
            f"it has {2 * KEY_BYTES} hexadecimal digits, as printed by "
            "`leadctl ledger init`",
        )
    return found


def exposed() -> Iterator[PermissionProblem]:
    """Yield the access that other users have to the key's file, if one is named."""
    if named := os.environ.get(f"{VARIABLE}_FILE"):
        yield from permission_problems(Path(named).expanduser(), "the ledger's key")


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def of_file(path: Path, fresh: bytes) -> bytes:
    """Return the key in a file; a missing file is created with `fresh`, mode 0600."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"{fresh.hex()}\n")
    except FileExistsError:
        return parsed(read_text(path, may_be_pipe=True).strip())
    except OSError as error:
        raise LedgerUnusable.at_start(
            f"the key cannot be written to {path}: {error.strerror}",
            "choose another file with --key-file",
        ) from error
    return fresh


def key_check(key: bytes) -> bytes:
    """Return the hash of a key that the database stores to detect a wrong one."""
    return hashlib.blake2b(b"leadctl ledger", key=key, digest_size=16).digest()


def wrong_key() -> LedgerUnusable:
    return LedgerUnusable.at_start(
        "this is not the key that the ledger was made with",
        f"correct {VARIABLE}: with another key, no delivered lead is recognised",
    )


def somebody_elses() -> LedgerUnusable:
    return LedgerUnusable.at_start(
        "this ledger is already prepared",
        f"get the key from whoever prepared it, and set {VARIABLE} or {VARIABLE}_FILE",
    )


def store(key: bytes) -> bool:
    """Store the key in the system keyring; returns whether there is one."""
    try:
        system_keyring.store(SECRET.entry, key.hex())
    except system_keyring.NoKeyring:
        return False
    return True
