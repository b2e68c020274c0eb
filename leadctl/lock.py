"""One writer to a campaign: a lock file the kernel releases when its owner dies."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from leadctl.errors import CampaignLocked, InputUnusable
from leadctl.folders import make_private, open_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def campaign_lock(folder: Path, account: str, campaign: str) -> Iterator[None]:
    """Hold the campaign while the context lasts; CampaignLocked says who has it.

    An empty `campaign` holds the account as a whole.
    """
    what = f"campaign {campaign} of {account}" if campaign else f"account {account}"
    make_private(folder)
    name = hashlib.blake2b(
        f"{account}\0{campaign}".encode(), digest_size=12
    ).hexdigest()
    with os.fdopen(_opened(folder / f"{name}.lock"), "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CampaignLocked(
                f"another run is writing to {what}{_owner(file.read())}",
                hint="wait for it to end, or stop it; the lock goes with the process",
            ) from None
        since = datetime.now(UTC).isoformat(timespec="seconds")
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "since": since}))
        file.flush()
        yield


def _opened(path: Path) -> int:
    try:
        return open_file(path)
    except OSError as error:
        raise InputUnusable(
            f"the lock {path} cannot be used: {error.strerror}",
            hint="remove what lies there; no run is going on with it",
        ) from error


def _owner(written: str) -> str:
    try:
        facts = json.loads(written)
        return f" (process {int(facts['pid'])}, since {facts['since']})"
    except (ValueError, KeyError, TypeError):
        return ""
