"""Writes turns to PostgreSQL, each by one function call in one round trip."""

from __future__ import annotations

import json
import secrets
from contextlib import nullcontext
from typing import TYPE_CHECKING

from leadctl.model.errors import LedgerUnusable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from leadctl.ledger.postgres.connection import Connection
    from leadctl.ledger.postgres.lease import Leases
    from leadctl.ledger.turn import Turn


def new_token() -> int:
    """Return a random number that identifies a writer."""
    return secrets.randbits(62)


class PostgresTurns:
    """Writes one run's turns, under the lease of its campaign if there is one.

    Otherwise a turn is refused if another process holds or has written the run.
    """

    def __init__(
        self, db: Connection, run: int, leases: Leases, writer: int | None = None
    ) -> None:
        self._db = db
        self._run = run
        self._leases = leases
        self._writer = writer or new_token()
        turns = "SELECT turns FROM runs WHERE number = ?"
        self._turns: int = (db.execute(turns, (run,)).fetchone() or (0,))[0]

    @classmethod
    def of_part(
        cls, db: Connection, run: int, leases: Leases, turns: int
    ) -> PostgresTurns:
        """Write a part's turns, which it counts itself, under the lease of the part."""
        found = cls(db, run, leases)
        found._turns = turns
        return found

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()  # a call writes a turn, and another takes starts ahead

    def may_send(self) -> bool:
        lease = self._leases.current
        return lease is None or lease.may_send()

    def write(self, turn: Turn) -> None:
        self._turns += 1
        lease = self._leases.current
        with self._leases.renewing(lease):
            (is_ours,) = self._db.call(
                "turn",
                self._run,
                lease.fence if lease else None,
                self._writer,
                self._turns,
                _json(_said(turn)),
                b"".join(turn.delivered),
            )
        if not is_ours:
            raise _taken(is_held=lease is not None)


def _taken(*, is_held: bool) -> LedgerUnusable:
    if is_held:
        return LedgerUnusable(
            "another process took over this run after its lease expired",
            hint="follow it: leadctl runs show",
        )
    return LedgerUnusable(
        "another process is writing this run", hint="try again after it has ended"
    )


def _json(said: dict[str, object]) -> str:
    """Return JSON for PostgreSQL, whose texts cannot contain the character 0."""
    return json.dumps(said, default=str).replace(r"\u0000", r"\ufffd")


def _said(turn: Turn) -> dict[str, object]:
    """Return the function's argument for a turn, without empty members."""
    findings, requests = turn.findings, turn.requests.values()
    said: dict[str, object] = {
        "dropped": turn.dropped,
        "withdrawn": turn.withdrawn,
        "struck": turn.struck,
        "batches": [line._asdict() for line in turn.batches.values()],
        "reasons": [*turn.reasons()],
        "requests": [line._asdict() for line in requests],
        "findings": [line._asdict() for line in findings],
        "undelivered": [one.hex() for one in turn.undelivered],
        "decided": [one.hex() for one in turn.decided],
        "certain": [one.hex() for one in turn.certain],
        "doubts": [(one.hex(), *where) for one, where in turn.doubts.items()],
        "removals": [(*where, state) for where, state in turn.removals.items()],
        "rejects_files": turn.rejects_files,
        "parts": turn.parts,
        "facts": turn.facts,
    }
    return {name: value for name, value in said.items() if value}
