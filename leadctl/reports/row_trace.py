"""Traces one row of a run from its file to its verdict, and prints that.

Requests and verdict come from the ledger. The row itself, which the ledger does not
hold, is read from the source if that is unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from leadctl.importing.judge import Judge
from leadctl.importing.preview import row_view
from leadctl.model.errors import LeadctlError, UsageError
from leadctl.model.leads import Code, Finding, Status
from leadctl.model.printable import text_of
from leadctl.model.wording import count, display_name
from leadctl.reports import time_text
from leadctl.reports.run_timeline import RequestGroup
from leadctl.reports.screen import Grid, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from leadctl.importing.plan import Plan
    from leadctl.importing.preview import RowView
    from leadctl.ledger.base import Ledger, RunReader
    from leadctl.ledger.records import FileOfRun, Request, Verdict
    from leadctl.model.leads import Json
    from leadctl.model.removal import Removal
    from leadctl.reports.screen import Screen


@dataclass(frozen=True)
class RowTrace:
    """What is known of a row; `missing` is the reason if `view` is not.

    `line` is where it begins in its file, `same_as` the earlier row with the same lead.
    `removal` is the result of an undo for its lead, if it tried.
    """

    file: FileOfRun
    row: int
    view: RowView | None
    missing: str
    requests: Sequence[Request]
    verdict: Verdict | None
    removal: Removal | None
    line: int | None
    same_as: EarlierRow | None


class EarlierRow(NamedTuple):
    """A row of a run: its file, counted from 0, and its number."""

    file: int
    row: int


def trace(
    ledger: Ledger,
    run_reader: RunReader,
    file: FileOfRun,
    row: int,
    reopened: Callable[[int | None], Plan],
) -> RowTrace:
    """Trace a row of a file; `reopened` returns the plan of one file or of all."""
    run, requests = run_reader.facts(), run_reader.requests_of(file.ordinal, row)
    verdict = run_reader.verdict(file.ordinal, row)
    view, line, same, missing = None, None, None, ""
    try:
        plan = reopened(file.ordinal)
        view, line = _row_of(plan, row), plan.sources[0].lines_of([row]).get(row)
        if verdict and verdict.code == Code.DUPLICATE_IN_FILE:
            digest = ledger.digest(run.account, run.campaign)
            same = _earlier_row(reopened(None), digest, file.ordinal, row)
    except LeadctlError as error:  # the ledger knows its part all the same
        missing = "" if view else error.message
    if view is None and verdict is None:
        raise UsageError(
            f"this run has no row {row:,} in {display_name(file.path)}",
            hint=f"it read {count(file.rows, 'row')}; rows count from 1, the "
            "header is not counted",
        )
    if view and verdict and verdict.code and not requests and verdict.status in _OURS:
        # A row alone does not show other rows, lists, or a damaged column.
        said = (verdict.status, verdict.code, verdict.reason, verdict.field)
        view = view._replace(sent=None, finding=Finding(row, *said))
    removal = dict(run_reader.removed(file.ordinal)).get(row)
    return RowTrace(file, row, view, missing, requests, verdict, removal, line, same)


_OURS = frozenset({Status.REJECTED, Status.SUPPRESSED, Status.DUPLICATE})
"""Words for a row that was settled without a request."""


def document(found: RowTrace, *, masked: bool) -> dict[str, Json]:
    """Return it as JSON; `masked` replaces letters and digits of lead data."""
    view, verdict, same = found.view, found.verdict, found.same_as
    if view and masked:
        view = view.masked()
    return {
        "file": found.file.path,
        "row": found.row,
        "line": found.line,
        "same_as_file": same.file + 1 if same else None,
        "same_as_row": same.row if same else None,
        "status": verdict.status if verdict else None,
        "code": verdict.code if verdict else None,
        "field": verdict.field or None if verdict else None,
        "message": verdict.reason or None if verdict else None,
        "undo": found.removal,
        "masked": masked,
        "missing": found.missing or None,
        "cells": dict(view.cells) if view else None,
        "fields": dict(view.mapped) if view and view.mapped is not None else None,
        "objection": view.finding.reason if view and view.finding else None,
        "sent": dict(view.sent) if view and view.sent is not None else None,
        "requests": [_request(request) for request in found.requests],
    }


def _request(request: Request) -> dict[str, Json]:
    return {
        "request": request.number,
        "sent_at": time_text.utc(request.departed),
        "leads": request.leads,
        "attempt": request.attempt,
        "waited": request.held,
        "waited_for": request.held_for or None,
        "took": request.took,
        "http_status": request.http,
        "trouble": request.trouble or None,
        "message": request.why or None,
    }


def _earlier_row(
    plan: Plan, digest: Callable[[str], bytes], file: int, row: int
) -> EarlierRow | None:
    """Find the earlier row with the same lead, by judging all rows before this one."""
    judge = Judge(plan, digest)
    leads, _ = judge.again(file, {row})
    if not leads:
        return None
    wanted = [leads.keys, *leads.digests[1:]]
    for number in range(file + 1):
        for block in judge.blocks(number):
            kept = judge.judge(number, block).leads
            columns = [kept.keys, *kept.digests[1:]]
            for (identity,), column in zip(wanted, columns, strict=True):
                if identity is not None and identity in column:
                    return EarlierRow(number, kept.rows[column.index(identity)])
            if number == file and block.last >= row:
                return None
    return None


def _row_of(plan: Plan, number: int) -> RowView | None:
    """Read a row again and judge it; returns None if the file has no such row.

    `plan` has the row's file as its only source. Raises InputUnusable or InputChanged.
    """
    (source,) = plan.sources
    row = next((row for row in source.rows() if row.number == number), None)
    return row and row_view(Judge(plan), 0, row)


def show_row(found: RowTrace, screen: Screen, *, masked: bool) -> None:
    """Print each step of a row; `masked` replaces letters and digits of lead data."""
    line = f", line {found.line:,}" if found.line else ""
    screen.title(f"row {found.row:,} of {display_name(found.file.path)}{line}")
    if found.view is None:
        screen.print(f"in the file    not available: {found.missing}")
    else:
        _show_view(found.view.masked() if masked else found.view, screen)
    screen.print(Text("requests", "dim"))
    for request in found.requests:
        screen.print(_told(request), indent=2)
    if not found.requests:
        screen.print("none (row not sent)", indent=2)
    screen.print(Text("verdict", "dim"))
    screen.print(_verdict(found), indent=2)
    if found.removal:
        undone = found.removal.replace("_", " ")
        screen.print(f"undone by runs undo: {undone}", indent=2)
    if masked and found.view is not None:
        screen.print(Text("# = digit, x = letter; --unmasked shows them", "dim"))


def _show_view(view: RowView, screen: Screen) -> None:
    _show_values("in the file", view.cells, screen)
    _show_values("mapped to", view.mapped, screen)
    screen.print(Text("our checks", "dim"))
    screen.print(view.finding.reason if view.finding else "passed", indent=2)
    _show_values("sent to the provider", view.sent, screen)


def _show_values(title: str, values: Mapping[str, Json] | None, screen: Screen) -> None:
    if values is None:
        return
    screen.print(Text(title, "dim"))
    shown = Grid("name", "value", headed=False)
    for name, value in values.items():
        shown.row(name, text_of(value))
    screen.print(shown, indent=2)


def _told(request: Request) -> str:
    took = "" if request.took is None else f", took {time_text.lasted(request.took)}"
    left = time_text.moment(request.departed)
    leads = count(request.leads, "lead")
    outcome = RequestGroup.of(request).outcome
    why = f" ({request.why})" if request.why else ""
    return f"request {request.name}: {left}, {leads}{took}; {outcome}{why}"


def _verdict(found: RowTrace) -> str:
    verdict = found.verdict
    if verdict is None:
        return "none (the run ended before reading this row)"
    if verdict.code is None:
        return verdict.status
    where = f" ({verdict.field})" if verdict.field else ""
    if same := found.same_as:
        other = f" of file {same.file + 1}" if same.file != found.file.ordinal else ""
        return f"{verdict.status}, {verdict.code}: same lead as row {same.row:,}{other}"
    return f"{verdict.status}, {verdict.code}{where}: {verdict.reason}"
