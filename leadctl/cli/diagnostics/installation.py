"""Checks the installation: program, keyring, ledger and clock."""

from __future__ import annotations

import platform
import shlex
import stat
import sys
from datetime import UTC, datetime
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import leadctl
from leadctl.cli.checks import Check, Grade, warning
from leadctl.ledger import conditions
from leadctl.model import system_keyring
from leadctl.model.errors import ExitCode
from leadctl.runs.leftovers import of_killed_runs, reject_files

if TYPE_CHECKING:
    from collections.abc import Iterator


def installation() -> Iterator[Check]:
    """Check Python, the package and its extras."""
    yield Check("python", f"{platform.python_version()}, {sys.executable}")
    yield Check(
        "package", f"leadctl {leadctl.__version__}, {Path(leadctl.__file__).parent}"
    )
    needed = [
        line.partition(">")[0].strip()
        for line in requires("leadctl") or ()
        if 'extra == "sandbox"' in line.replace("'", '"')
    ]
    if absent := ", ".join(name for name in needed if not find_spec(name)):
        message = f"not installed ({absent} missing); only --sandbox needs it"
        remedy = "in a clone of leadctl: pip install '.[sandbox]'"
        yield Check("sandbox", message, remedy=remedy)
    else:
        yield Check("sandbox", "installed")


def keyring() -> Iterator[Check]:
    """Check whether there is a keyring that can store secrets."""
    try:
        yield Check("keyring", system_keyring.in_use())
    except system_keyring.NoKeyring as reason:
        remedy = "store keys in environment variables, files or a command"
        message = f"not available: {reason}"
        yield warning("keyring", message, f"{remedy} (docs/accounts.md)")


def state(folder: Path) -> Iterator[Check]:
    """Check who can open leadctl's state folder, if there is one."""
    others = stat.S_IRWXG | stat.S_IRWXO
    if folder.is_dir() and folder.stat().st_mode & others:
        message = f"other users can open {folder}, which holds the ledger"
        yield warning("state", message, f"chmod 700 {shlex.quote(str(folder))}")


def ledger(url: str | Path) -> Iterator[Check]:
    """Check the ledger, its key, its disk and its permissions; changes nothing."""
    for topic, message, remedy, is_problem in conditions(url):
        if is_problem:
            yield Check(topic, message, Grade.PROBLEM, remedy, ExitCode.INPUT)
        elif remedy:
            yield warning(topic, message, remedy)
        else:
            yield Check(topic, message)


def leftovers(url: str) -> Iterator[Check]:
    """Count files with personal data that killed runs left, or that are old."""
    for what, found in (
        ("files that killed runs left", of_killed_runs(url)),
        ("reject files older than 30 days", reject_files(url, days=30).old),
    ):
        if found:
            message = f"{what}, with personal data: {len(found):,}"
            yield warning("leftovers", message, "to remove them, run: leadctl clean")


def clock(now: datetime) -> Iterator[Check]:
    """Check that the clock is later than the installation of leadctl."""
    installed = datetime.fromtimestamp(Path(leadctl.__file__).stat().st_mtime, UTC)
    message = f"{now:%Y-%m-%d %H:%M} UTC"
    if now >= installed:
        yield Check("clock", message)
        return
    message += f" is earlier than the installation of leadctl ({installed:%Y-%m-%d})"
    remedy = "set the clock; certificates and ledger times depend on it"
    yield Check("clock", message, Grade.PROBLEM, remedy, ExitCode.TROUBLE)
