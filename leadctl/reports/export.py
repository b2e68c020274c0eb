"""Exports the outcome of every row, one record per row, without lead data."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

from leadctl.model.printable import json_text, printable
from leadctl.reports import time_text
from leadctl.reports.reject_rows import harmless

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from leadctl.ledger.base import RunReader
    from leadctl.ledger.records import Request, Verdict
    from leadctl.model.leads import Json, Status


COLUMNS = (
    "run_id",
    "file",
    "row",
    "status",
    "code",
    "field",
    "reason",
    "request",
    "sent_at",
)


def delimited(
    run_reader: RunReader, statuses: Collection[Status] = ()
) -> Iterator[str]:
    """Yield the rows with these statuses (none given: all) as CSV, a header first."""
    yield ",".join(COLUMNS)
    for record in _records(run_reader, statuses):
        line = io.StringIO(newline="")
        cells = [
            "" if cell is None else harmless(str(cell)) for cell in record.values()
        ]
        csv.writer(line, lineterminator="").writerow(cells)
        yield printable(line.getvalue())


def json_lines(
    run_reader: RunReader, statuses: Collection[Status] = ()
) -> Iterator[str]:
    """Yield the same as objects, without a header."""
    for record in _records(run_reader, statuses):
        yield json_text(record)


def _records(
    run_reader: RunReader, statuses: Collection[Status]
) -> Iterator[dict[str, Json]]:
    run = run_reader.facts().id
    for file in run_reader.files():
        verdicts = run_reader.verdicts(file.ordinal)
        for verdict, request in _with_requests(verdicts, run_reader, file.ordinal):
            if not statuses or verdict.status in statuses:
                facts = _facts(verdict, request)
                yield {"run_id": run, "file": file.path, **facts}


def _with_requests(
    verdicts: Iterator[Verdict], run_reader: RunReader, file: int
) -> Iterator[tuple[Verdict, Request | None]]:
    """Pair verdicts with the last request a row travelled with, if it did."""
    travels = run_reader.last_requests(file)
    row, request = next(travels, _NONE_LEFT)
    for verdict in verdicts:
        while row < verdict.row:
            row, request = next(travels, _NONE_LEFT)
        yield verdict, request if row == verdict.row else None


_NONE_LEFT: tuple[float, Request | None] = (math.inf, None)


def _facts(verdict: Verdict, request: Request | None) -> dict[str, Json]:
    return {
        "row": verdict.row,
        "status": verdict.status,
        "code": verdict.code,
        "field": verdict.field or None,
        "reason": verdict.reason or None,
        "request": request.number if request else None,
        "sent_at": time_text.utc(request.departed) if request else None,
    }
