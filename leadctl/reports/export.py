"""Exports the outcome of every row, one record per row, without lead data."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.printable import json_text, printable
from leadctl.reports import time_text
from leadctl.reports.reject_rows import harmless

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from leadctl.ledger.base import RunReader
    from leadctl.ledger.records import Request
    from leadctl.model.leads import Code, Status
    from leadctl.model.removal import Removal


class RowOutcome(NamedTuple):
    """The outcome of a row, the last request that carried it, and of `runs undo`."""

    run_id: str
    file: str
    row: int
    status: Status
    code: Code | None
    field: str | None
    reason: str | None
    request: int | None
    sent_at: str | None
    undo: Removal | None


def delimited(run: RunReader, statuses: Collection[Status] = ()) -> Iterator[str]:
    """Yield the rows with these statuses (default: all) as CSV, with a header."""
    yield ",".join(RowOutcome._fields)
    for record in outcomes(run, statuses):
        line = io.StringIO(newline="")
        cells = ["" if cell is None else harmless(str(cell)) for cell in record]
        csv.writer(line, lineterminator="").writerow(cells)
        yield printable(line.getvalue())


def json_lines(run: RunReader, statuses: Collection[Status] = ()) -> Iterator[str]:
    """Yield the same rows as JSON objects, one per line."""
    for record in outcomes(run, statuses):
        yield json_text(record._asdict())


def outcomes(run: RunReader, statuses: Collection[Status] = ()) -> Iterator[RowOutcome]:
    """Yield the outcome of each row with one of these statuses (default: all)."""
    run_id = run.facts().id
    for file in run.files():
        removed = dict(run.removed(file.ordinal))
        carried = run.last_requests(file.ordinal)
        row, last = next(carried, _NONE_LEFT)
        for verdict in run.verdicts(file.ordinal):
            while row < verdict.row:
                row, last = next(carried, _NONE_LEFT)
            request = last if row == verdict.row else None
            if not statuses or verdict.status in statuses:
                yield RowOutcome(
                    run_id,
                    file.path,
                    verdict.row,
                    verdict.status,
                    verdict.code,
                    verdict.field or None,
                    verdict.reason or None,
                    request.number if request else None,
                    time_text.utc(request.departed) if request else None,
                    removed.get(verdict.row),
                )


_NONE_LEFT: tuple[float, Request | None] = (math.inf, None)
