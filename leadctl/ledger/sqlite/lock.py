"""One writer per campaign: a lock file that the kernel releases with its process."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from leadctl.model.errors import CampaignLocked, InputUnusable
from leadctl.model.private_files import make_private, open_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextlib.contextmanager
def held(folder: Path, account: str, campaign: str) -> Iterator[Callable[[str], None]]:
    """Hold a campaign, or the whole account if `campaign` is empty.

    The file names this process, the time, and the run that it is called with.
    """
    what = f"campaign {campaign} of {account}" if campaign else f"account {account}"
    make_private(folder)
    path = _path(folder, account, campaign)
    with os.fdopen(_opened(path), "r+", encoding="utf-8", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CampaignLocked(
                f"another run is writing to {what}{_owner(file.read())}",
                hint="wait for it to finish, or stop it",
            ) from None
        except OSError as error:
            raise InputUnusable(
                f"cannot lock files in the ledger's folder: {error.strerror}",
                hint="keep the ledger on a local disk (--ledger or XDG_STATE_HOME)",
            ) from error
        now = datetime.now(UTC).isoformat(timespec="seconds")
        write = partial(_write, file.fileno(), now)
        write("")
        yield write


def _write(handle: int, since: str, run: str) -> None:
    facts = {"pid": os.getpid(), "since": since, "run": run}
    with contextlib.suppress(OSError):  # a full disk; the text is optional
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(facts).encode(), 0)


def process_of(run: str, folder: Path, account: str, campaign: str) -> int | None:
    """Return the process that is working on a run, if any; changes nothing."""
    paths = (_path(folder, account, held) for held in (campaign, ""))
    return next(filter(None, (_process(path, run) for path in paths)), None)


def _process(path: Path, run: str) -> int | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, encoding="utf-8") as file:
        try:
            facts = json.loads(file.read())
            named, process = facts.get("run"), int(facts["pid"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        if named != run:
            return None  # not taken even for a moment: another run may want it
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return process
        return None


def _path(folder: Path, account: str, campaign: str) -> Path:
    name = hashlib.blake2b(
        f"{account}\0{campaign}".encode(), digest_size=12
    ).hexdigest()
    return folder / f"{name}.lock"


def folder_of(ledger: Path) -> Path:
    """Return the folder with the locks of all runs on a ledger."""
    return ledger.with_name(f"{ledger.name}.locks")


def _opened(path: Path) -> int:
    try:
        return open_file(path)
    except OSError as error:
        raise InputUnusable(
            f"cannot use the lock {path}: {error.strerror}",
            hint="free disk space, or remove the file; no run is using it",
        ) from error


def _owner(written: str) -> str:
    try:
        facts = json.loads(written)
        return f" (process {int(facts['pid'])}, since {facts['since']})"
    except (ValueError, KeyError, TypeError):
        return ""
