"""What became of each row, a record a row, without lead data: CSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING

from leadctl import spans
from leadctl.rejectrows import harmless

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from leadctl.ledger.base import RunReader
    from leadctl.ledger.records import Request, Verdict
    from leadctl.model import Json, Status


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


def delimited(books: RunReader, statuses: Collection[Status] = ()) -> Iterator[str]:
    """Yield the rows with these statuses (none given: all) as CSV, a header first."""
    yield ",".join(COLUMNS)
    for record in _records(books, statuses):
        line = io.StringIO(newline="")
        cells = [
            "" if cell is None else harmless(str(cell)) for cell in record.values()
        ]
        csv.writer(line, lineterminator="").writerow(cells)
        yield line.getvalue()


def json_lines(books: RunReader, statuses: Collection[Status] = ()) -> Iterator[str]:
    """Yield the same as objects, without a header."""
    for record in _records(books, statuses):
        yield json.dumps(record, ensure_ascii=False)


def _records(
    books: RunReader, statuses: Collection[Status]
) -> Iterator[dict[str, Json]]:
    run = books.facts().id
    for file in books.files():
        verdicts = books.verdicts(file.ordinal)
        for verdict, request in _with_requests(verdicts, books, file.ordinal):
            if not statuses or verdict.status in statuses:
                facts = _facts(verdict, request)
                yield {"run_id": run, "file": file.path, **facts}


def _with_requests(
    verdicts: Iterator[Verdict], books: RunReader, file: int
) -> Iterator[tuple[Verdict, Request | None]]:
    """Pair verdicts with the last request a row travelled with, if it did."""
    travels = books.last_requests(file)
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
        "sent_at": spans.utc(request.departed) if request else None,
    }
