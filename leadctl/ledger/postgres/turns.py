"""Writes turns to PostgreSQL, each by one function call in one round trip."""

from __future__ import annotations

import json
import secrets
from contextlib import nullcontext
from typing import TYPE_CHECKING

from leadctl.ledger.postgres.connection import elapsed
from leadctl.ledger.turn import finding_lines
from leadctl.model.errors import LedgerUnusable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from leadctl.ledger.postgres.connection import Connection
    from leadctl.ledger.records import Request
    from leadctl.ledger.turn import Turn


def new_token() -> int:
    """Return a random number that identifies a writer."""
    return secrets.randbits(62)


class PostgresTurns:
    """Writes one run's turns, under the lease of its campaign if there is one.

    Otherwise a turn is refused if another process holds or has written the run.
    """

    def __init__(
        self,
        db: Connection,
        run: int,
        *,
        writer: int | None = None,
        turns: int | None = None,
    ) -> None:
        """Continue after `turns`, which a part counts itself."""
        self._db = db
        self._run = run
        self._writer = writer or new_token()
        if turns is None:
            (turns,) = db.row("SELECT turns FROM runs WHERE number = ?", (run,))
        self._turns = turns

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()  # a call writes a turn, and another takes starts ahead

    def may_send(self) -> bool:
        lease = self._db.lease
        return lease is None or lease.may_send()

    def write(self, turn: Turn) -> None:
        self._turns += 1
        lease, began = self._db.lease, elapsed()
        (is_ours,) = self._db.call(
            "turn",
            self._run,
            lease.fence if lease else None,
            self._writer,
            self._turns,
            _json(turn),
            b"".join(turn.delivered),
        )
        if lease:
            lease.renewed(began)
        if not is_ours:
            message, hint = (
                "another process took over this run after its lease expired",
                "follow it: leadctl runs show",
            )
            if lease is None:
                message = "another process is writing this run"
                hint = "try again after it has ended"
            raise LedgerUnusable(message, hint=hint)


def _json(turn: Turn) -> str:
    """Return the function's argument for a turn, without empty members."""
    said = vars(turn) | {
        "delivered": None,  # an argument of its own
        "batches": [line._asdict() for line in turn.batches.values()],
        "reasons": [*turn.reasons()],
        "requests": [*map(_in_milliseconds, turn.requests.values())],
        "findings": [line._asdict() for line in finding_lines(turn.findings)],
        "doubts": [(one, *where) for one, where in turn.doubts.items()],
        "removals": [(*where, state) for where, state in turn.removals.items()],
    }
    filled = {name: value for name, value in said.items() if value}
    # A text of PostgreSQL cannot contain the character 0.
    return json.dumps(filled, default=_text).replace(r"\u0000", r"\ufffd")


def _in_milliseconds(line: Request) -> dict[str, object]:
    times = {"departed": line.departed, "held": line.held}
    if line.took is not None:
        times["took"] = line.took
    whole = {name: max(0, round(time * 1000)) for name, time in times.items()}
    return line._asdict() | whole


def _text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
