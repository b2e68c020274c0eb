"""A finished run, and the program at its own terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from leadctl.ledger import open_ledger
from leadctl.reports.export import json_lines

if TYPE_CHECKING:
    from conftest import Push

    from leadctl.model.leads import Status

COLUMNS = [
    *("run_id", "file", "row", "status", "code", "field", "reason"),
    *("request", "sent_at", "undo"),
]


def exported(push: Push, run: str, *statuses: Status) -> list[dict[str, object]]:
    """Return what `runs export --format jsonl` prints.

    In this process, for speed: that the program prints the same is tested below.
    """
    with open_ledger(push.program.state / "ledger.sqlite") as ledger:
        return [*map(json.loads, json_lines(ledger.run(run), statuses))]
