"""Prints a run, its requests or one row at a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.padding import Padding

from leadctl.model.wording import count, display_name
from leadctl.reports import table, time_text
from leadctl.reports.request_groups import RequestGroup
from leadctl.reports.terminal import Grid, plain, show_title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console, RenderableType

    from leadctl.importing.row_view import RowView
    from leadctl.ledger.records import Request
    from leadctl.model.leads import Json
    from leadctl.reports.report import Report
    from leadctl.reports.row_trace import RowTrace
    from leadctl.reports.run_timeline import RunTimeline


def show_run(found: Report, timeline: RunTimeline, console: Console) -> None:
    """Print a run's times, results and requests."""
    console.print(plain(_when(found)))
    if found.error:
        console.print(plain(f"stopped: {found.error.message}", "red"))
    console.print()
    table.show(found, console)
    if found.requests:
        console.print()
        _show_timeline(timeline, found, console)


def _when(run: Report) -> str:
    began = time_text.moment_of(run.started_at)
    day = f"{time_text.day(began)} {time_text.clock(began)} ({time_text.zone(began)})"
    if run.process is not None:
        return f"run {run.run_id}, started {day}, in progress (process {run.process})"
    if run.finished_at is None:
        return f"run {run.run_id}, started {day}, not finished"
    seconds = max(0.0, time_text.moment_of(run.finished_at) - began)
    lasted = time_text.lasted(seconds)
    return f"run {run.run_id}, {day}, {lasted}, exit code {run.exit_code}"


def _show_timeline(timeline: RunTimeline, found: Report, console: Console) -> None:
    console.print(_timeline(timeline, several=len(found.files) > 1))
    if timeline.waits:
        console.print()
        console.print(_waits(timeline))


def _timeline(timeline: RunTimeline, *, several: bool) -> Grid:
    where = "file: rows" if several else "rows"
    table = Grid(
        *("request", "left", "waited", where, "try", "took", "answer"),
        right=("request", "waited", "try", "took"),
    )
    for place, group in enumerate(timeline.groups):
        if place == timeline.told_first and timeline.untold:
            table.row("…", *("",) * 5, f"{timeline.untold:,} more")
        if group.stood_still:
            table.row(*("",) * 6, f"paused for {time_text.lasted(group.stood_still)}")
        style = "yellow" if group.first.trouble or group.first.took is None else ""
        table.row(*group.cells(several=several), plain(group.outcome, style))
    return table


def _waits(timeline: RunTimeline) -> Grid:
    table = Grid(
        "waited", "times", "longest", "for", right=("waited", "times", "longest")
    )
    for wait in timeline.waits[:MOST_WAITS]:
        table.row(
            time_text.lasted(wait.seconds),
            f"{wait.times:,}",
            time_text.lasted(wait.longest),
            plain(wait.why),
        )
    return table


MOST_WAITS = 10


def show_row(found: RowTrace, console: Console, *, masked: bool) -> None:
    """Print each step of a row; `masked` replaces letters and digits of lead data."""
    line = f", line {found.line:,}" if found.line else ""
    show_title(f"row {found.row:,} of {display_name(found.file.path)}{line}", console)
    if found.view is None:
        console.print(plain(f"in the file    not available: {found.missing}"))
    else:
        _show_view(found.view.masked() if masked else found.view, console)
    console.print(plain("requests", "dim"))
    for request in found.requests:
        console.print(_indented(plain(_told(request))))
    if not found.requests:
        console.print(_indented(plain("none (row not sent)")))
    console.print(plain("verdict", "dim"))
    console.print(_indented(plain(_verdict(found))))
    if found.removal:
        undone = found.removal.replace("_", " ")
        console.print(_indented(plain(f"undone by runs undo: {undone}")))
    if masked and found.view is not None:
        console.print(plain("# = digit, x = letter; --unmasked shows them", "dim"))


def _show_view(view: RowView, console: Console) -> None:
    _show_values("in the file", view.cells, console)
    if view.mapped is not None:
        _show_values("mapped to", view.mapped, console)
    console.print(plain("our checks", "dim"))
    console.print(_indented(plain(view.finding.reason if view.finding else "passed")))
    if view.sent is not None:
        _show_values("sent to the provider", view.sent, console)


def _show_values(title: str, values: Mapping[str, Json], console: Console) -> None:
    table = Grid("name", "value", headed=False)
    for name, value in values.items():
        written = (
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        )
        table.row(name, written)
    console.print(plain(title, "dim"))
    console.print(_indented(table))


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, 2))


def _told(request: Request) -> str:
    took = "" if request.took is None else f", took {time_text.lasted(request.took)}"
    left = f"{time_text.day(request.departed)} {time_text.clock(request.departed)}"
    leads = count(request.leads, "lead")
    outcome = RequestGroup.of(request).outcome
    why = f" ({request.why})" if request.why else ""
    return f"request {request.number}: {left}, {leads}{took}; {outcome}{why}"


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
