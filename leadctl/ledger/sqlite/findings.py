"""Writes a run's findings, those that share a reason as one line."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from leadctl.model import row_set

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadctl.ledger.sqlite.connection import Connection
    from leadctl.model.leads import Finding


def drop_unused_reasons(db: Connection) -> None:
    """Remove sentences that nothing refers to; called inside a transaction."""
    db.execute(
        "DELETE FROM reasons WHERE number NOT IN (SELECT reason FROM findings"
        " UNION SELECT ifnull(held_for, 0) FROM requests"
        " UNION SELECT ifnull(why, 0) FROM requests)"
    )


class Findings:
    """One run's findings, kept in memory until they are written."""

    def __init__(self, db: Connection, run: int) -> None:
        self._db = db
        self._run = run
        self._kept: list[tuple[int, Finding]] = []

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, file: int, findings: Iterable[Finding]) -> None:
        self._kept += [(file, finding) for finding in findings]

    def write(self) -> None:
        """Write what is kept; called inside a transaction."""
        kept, self._kept = sorted(self._kept, key=_sameness), []
        for (file, status, code, field, text), group in groupby(
            kept, key=lambda one: _sameness(one)[:5]
        ):
            rows = [finding.row for _, finding in group]
            self._db.execute("INSERT OR IGNORE INTO reasons (text) VALUES (?)", (text,))
            self._db.execute(
                "INSERT INTO findings"
                " SELECT ?, ?, ?, ?, ?, ?, ?, ?, number FROM reasons WHERE text = ?",
                (
                    self._run,
                    file,
                    rows[0],
                    row_set.written(rows),
                    len(rows),
                    status,
                    code,
                    field,
                    text,
                ),
            )


def _sameness(kept: tuple[int, Finding]) -> tuple[int, str, str, str, str, int]:
    file, finding = kept
    return (
        file,
        finding.status,
        finding.code,
        finding.field,
        finding.reason,
        finding.row,
    )
