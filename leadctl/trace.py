"""One row of a run from the file to its verdict, step by step.

What was sent and decided comes from the ledger; the row itself, which the ledger does
not hold, from the source, if that is still what it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leadctl import spans
from leadctl.errors import UsageError
from leadctl.fitting import Fitter, Unfit
from leadctl.job import mapper_of
from leadctl.masking import shapes
from leadctl.model import Malformed, Status
from leadctl.phone import Normaliser
from leadctl.wording import count, spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.audit import Audit, FileOfRun, Verdict
    from leadctl.job import Job
    from leadctl.model import Cells, Json
    from leadctl.timeline import Request


@dataclass(frozen=True)
class Origin:
    """A row in its file, and what our own steps make of it.

    `mapped` are its lead fields, `sent` the object that goes on the wire; None where an
    earlier step ended its way, for the reason in `objection`.
    """

    cells: dict[str, Json]
    mapped: dict[str, Json] | None = None
    sent: dict[str, Json] | None = None
    objection: str = ""

    def masked(self) -> Origin:
        return Origin(
            shapes(self.cells),
            None if self.mapped is None else shapes(self.mapped),
            None if self.sent is None else shapes(self.sent),
            self.objection,
        )


@dataclass(frozen=True)
class Trace:
    """What is known of a row; `missing` says why `origin` is not."""

    file: FileOfRun
    row: int
    origin: Origin | None
    missing: str
    requests: Sequence[Request]
    verdict: Verdict | None


def trace(
    books: Audit, file: FileOfRun, row: int, origin: Origin | None, missing: str = ""
) -> Trace:
    requests = books.timeline.of_row(file.ordinal, row)
    verdict = books.verdict(file.ordinal, row)
    if origin is None and verdict is None:
        raise UsageError(
            f"this run read no row {row:,} of {spoken(file.path)}",
            hint=f"it read {count(file.rows, 'row')} of it; they count from 1, "
            "a header is none",
        )
    if origin and verdict and not requests and verdict.status in _OURS:
        # What a row alone does not show: other rows, lists, a damaged column.
        origin = replace(origin, sent=None, objection=verdict.reason)
    return Trace(file, row, origin, missing, requests, verdict)


_OURS = frozenset({Status.REJECTED, Status.SUPPRESSED, Status.DUPLICATE})
"""What becomes of a row without a request, by our word."""


def document(found: Trace, *, masked: bool) -> dict[str, Json]:
    """Return the same as JSON; lead data as its shape if `masked`."""
    origin, verdict = found.origin, found.verdict
    if origin and masked:
        origin = origin.masked()
    return {
        "file": found.file.path,
        "row": found.row,
        "status": verdict.status if verdict else None,
        "code": verdict.code if verdict else None,
        "field": verdict.field or None if verdict else None,
        "message": verdict.reason or None if verdict else None,
        "masked": masked,
        "missing": found.missing or None,
        "cells": origin.cells if origin else None,
        "fields": origin.mapped if origin else None,
        "objection": origin.objection or None if origin else None,
        "sent": origin.sent if origin else None,
        "requests": [_told(request) for request in found.requests],
    }


def _told(request: Request) -> dict[str, Json]:
    return {
        "request": request.number,
        "sent_at": spans.utc(request.departed),
        "leads": request.leads,
        "attempt": request.attempt,
        "waited": request.held,
        "waited_for": request.held_for or None,
        "took": request.took,
        "http_status": request.http,
        "trouble": request.trouble or None,
        "message": request.why or None,
    }


def origin_of(job: Job, number: int) -> Origin | None:
    """Read a row again and go through our own steps; None if the file has no such row.

    `job` has the row's file as its only source. Raises InputUnusable or InputChanged.
    """
    (source,) = job.sources
    row = next((row for row in source.rows() if row.number == number), None)
    if row is None:
        return None
    cells = _named(row.cells, source.columns)
    if isinstance(row, Malformed):
        return Origin(cells, objection=row.reason)
    mapper = mapper_of(source, job.profile, job.constants)
    mapped = mapper.values(row.cells)
    if column := mapper.skipped_by(row.cells):
        return Origin(cells, mapped, objection=f"skip_if: column {column!r}")
    try:
        return Origin(cells, mapped, _fitter(job).lead(number, dict(mapped)).wire)
    except Unfit as unfit:
        return Origin(cells, mapped, objection=unfit.reason)


def _fitter(job: Job) -> Fitter:
    rule = job.provider.phone_rule
    normalise = Normaliser(rule, job.effective_region, job.phone_check)
    return Fitter(job.provider, normalise, str.encode)


def _named(cells: Cells | str, columns: Sequence[str]) -> dict[str, Json]:
    """Name the cells; by their place where the header has no name of their own."""
    match cells:
        case dict():
            return cells
        case str():
            return {"(line)": cells}
        case _:
            named: dict[str, Json] = {}
            for place, cell in enumerate(cells):
                name = columns[place] if place < len(columns) else ""
                taken = not name or name in named
                named[f"{name} ({place + 1})".strip() if taken else name] = cell
            return named
