"""The installation looked at: program, keyring, ledger and clock, with remedies.

Configuration and accounts are the business of checkup.py and trial.py.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import stat
import sys
from datetime import UTC, datetime
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import leadctl
from leadctl import keychain
from leadctl.checkup import Check, Grade, warning
from leadctl.database import KEY_BYTES, health
from leadctl.errors import ExitCode, LedgerUnusable
from leadctl.exposure import exposures
from leadctl.folders import oddity
from leadctl.migration import APPLICATION, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.database import Health

LITTLE_DISK = 100 * 1024 * 1024
"""Bytes free below which a long import may not end."""


def installation() -> Iterator[Check]:
    """Look at Python, the package and its extras."""
    yield Check("python", f"{platform.python_version()}, {sys.executable}")
    yield Check(
        "package", f"leadctl {leadctl.__version__}, {Path(leadctl.__file__).parent}"
    )
    absent = [name for name in _extra("sandbox") if not find_spec(name)]
    if absent:
        yield Check(
            "sandbox",
            f"not installed ({', '.join(absent)} missing); only --sandbox needs it",
            remedy="install leadctl with the extra sandbox (leadctl[sandbox])",
        )
    else:
        yield Check("sandbox", "installed")


def _extra(name: str) -> list[str]:
    marker = f'extra == "{name}"'
    lines = [
        line for line in requires("leadctl") or () if marker in line.replace("'", '"')
    ]
    return [line.partition(">")[0].strip() for line in lines]


def keyring() -> Iterator[Check]:
    """Look for a keyring that logins can be stored in."""
    try:
        yield Check("keyring", keychain.in_use())
    except keychain.NoKeyring as reason:
        yield warning(
            "keyring",
            f"it cannot be used: {reason}",
            "keep keys in variables, files or a command (docs/accounts.md)",
        )


def state(folder: Path) -> Iterator[Check]:
    """Look at who may enter the folder of our own, if there is one."""
    others = stat.S_IRWXG | stat.S_IRWXO
    if folder.is_dir() and folder.stat().st_mode & others:
        yield warning(
            "state",
            f"others may enter {folder}, where leadctl keeps its ledger",
            f"chmod 700 {shlex.quote(str(folder))}",
        )


def ledger(path: Path) -> Iterator[Check]:
    """Look at the ledger, its key, its disk and who may read it; nothing is changed."""
    if what := oddity(path):
        yield _unusable(f"{path} is {what}", "name another file with --ledger")
        return
    if not path.exists():
        yield Check("ledger", f"none yet; the first push makes {path}")
        yield from _disk(path)
        return
    try:
        found = health(path)
    except LedgerUnusable as error:
        yield _unusable(error.message, error.hint or "name another with --ledger")
        return
    yield _judged(path, found)
    yield from _key(path)
    for file in (path, path.with_name(f"{path.name}.key")):
        for message, remedy in exposures(file, "the ledger's file"):
            yield warning("ledger", message, remedy)
    yield from _disk(path)


def _unusable(message: str, remedy: str) -> Check:
    return Check("ledger", message, Grade.PROBLEM, remedy, ExitCode.INPUT)


def _judged(path: Path, found: Health) -> Check:
    if found.application != APPLICATION and (found.application or found.version):
        return _unusable(
            f"{path} is not a leadctl ledger", "name another file with --ledger"
        )
    if found.version > VERSION:
        return _unusable(
            f"{path} was written by a newer leadctl (schema {found.version})",
            "update leadctl, or name another file with --ledger",
        )
    if found.damage:
        return _unusable(
            f"{path} is damaged: {found.damage}",
            "restore it from a backup: a new one knows nobody who was delivered",
        )
    size = path.stat().st_size / 1e6
    return Check("ledger", f"{path}, schema {found.version}, {size:,.1f} MB, sound")


def _key(path: Path) -> Iterator[Check]:
    key = path.with_name(f"{path.name}.key")
    if not key.is_file() or key.stat().st_size != KEY_BYTES:
        yield _unusable(
            f"the key of the ledger is missing or damaged: {key}",
            "put it back; without it nobody who was delivered is recognised",
        )


def _disk(path: Path) -> Iterator[Check]:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK | os.X_OK):
        yield _unusable(
            f"nothing can be written to {folder}, where the ledger is or would be",
            "make it writable for you (chmod, chown), or name another place: --ledger",
        )
    message = f"{free / 1e9:,.1f} GB free for {folder}"
    if free < LITTLE_DISK:
        yield warning("disk", message, "free some, or name another place: --ledger")
    else:
        yield Check("disk", message)


def clock(now: datetime) -> Iterator[Check]:
    """Look at the time of day, without asking anybody else's clock.

    What is certain is that this program was installed before.
    """
    installed = datetime.fromtimestamp(Path(leadctl.__file__).stat().st_mtime, UTC)
    message = f"{now:%Y-%m-%d %H:%M} UTC"
    if now < installed:
        yield Check(
            "clock",
            f"{message} is before leadctl was installed ({installed:%Y-%m-%d})",
            Grade.PROBLEM,
            "set the clock: certificates and times in the ledger depend on it",
            ExitCode.TROUBLE,
        )
    else:
        yield Check("clock", message)
