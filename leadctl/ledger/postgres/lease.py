"""Holds a campaign by a lease, since hosts cannot see each other's processes.

A lease has a random fence, and expires by the server's clock. Every turn renews it, and
so does a thread. When another host takes over an expired lease, the batches that its
holder had in flight are in doubt.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import contextmanager, suppress
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.ledger.postgres.connection import elapsed
from leadctl.ledger.postgres.turns import new_token
from leadctl.model.errors import CampaignLocked, LedgerUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.ledger.postgres.connection import Connection


class Lease:
    """A campaign or a part that is held, by a fence of its own."""

    def __init__(
        self, db: Connection, longest_request: float, fence: int | None = None
    ) -> None:
        self.fence = fence or new_token()
        self._db = db
        self._longest_request = longest_request
        self._seconds = 0.0
        self._ends = 0.0

    def acquire(self, account: str, campaign: str) -> None:
        """Take the campaign; raises CampaignLocked with its holder."""
        what = f"campaign {campaign} of {account}" if campaign else f"account {account}"
        while True:
            began = elapsed()
            seconds, holder, fence = self._db.call(
                "hold",
                account,
                campaign,
                self.fence,
                json.dumps(ourselves(self._db)),
                self._longest_request,
            )
            if seconds is not None:
                self.begins(seconds, began)
                return
            facts = json.loads(holder)
            if not is_gone(facts):
                is_here = facts["machine"] == _machine()
                where = "" if is_here else f" on {facts['host']}"
                raise CampaignLocked(
                    f"another run is writing to {what} (process {facts['pid']}{where}, "
                    f"since {facts['since']})",
                    hint="wait for it to finish, or stop it: leadctl runs stop; the "
                    "lock of a host that is down expires by itself",
                )
            self._db.call("release", fence)

    def begins(self, seconds: float, asked: float) -> None:
        """Note that it is ours for some seconds from a moment of `elapsed`."""
        self._seconds = seconds
        self.renewed(asked)

    def renew(self, run: str | None = None) -> None:
        """Renew it, and name the run that it is held for, once that is known."""
        began = elapsed()
        (is_ours,) = self._db.call("renew", self.fence, run)
        if is_ours:
            self.renewed(began)
        else:
            self._ends = 0.0

    def renewed(self, began: float) -> None:
        """Note a renewal that was requested at this moment of `elapsed`."""
        self._ends = began + self._seconds
        self._db.patience_ends = self._ends

    def may_send(self) -> bool:
        """Tell whether a request sent now is answered before the lease expires."""
        return elapsed() + self._longest_request < self._ends

    @contextmanager
    def held(self) -> Iterator[None]:
        """Write under it while the context lasts, renew it in a thread, release it."""
        before, self._db.lease = self._db.lease, self
        is_over = threading.Event()

        def go_on() -> None:
            # A request may leave while a lease has more than its time left.
            spare = self._seconds - self._longest_request
            while not is_over.wait(spare / 3):
                with suppress(LedgerUnusable):  # the next turn meets it, too
                    self.renew()

        thread = threading.Thread(target=go_on, daemon=True)
        try:
            thread.start()
            yield
        finally:
            is_over.set()
            if thread.ident:
                thread.join()
            self._db.lease = before
            self._release()

    def _release(self) -> None:
        self._db.patience_ends = elapsed()  # it ends by itself, too
        with suppress(LedgerUnusable):
            self._db.call("release", self.fence)
        self._db.patience_ends = None


def ourselves(db: Connection) -> dict[str, str | int]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": db.now().astimezone(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
    }


def _machine() -> str:
    """Identify the boot and process namespace of our process ids; empty if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return f"{boot.strip()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def is_gone(holder: dict[str, str | int]) -> bool:
    """Tell whether the holder is a process of this machine that has ended."""
    if holder.get("machine") and holder["machine"] == _machine():
        try:
            os.kill(int(holder["pid"]), 0)
        except ProcessLookupError:
            return True
        except OSError:  # of another user
            return False
    return False
