"""Prints a run, its requests or one row at a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from leadctl.model.wording import count, display_name
from leadctl.reports import table, time_text
from leadctl.reports.run_timeline import RequestGroup
from leadctl.reports.screen import Grid, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadctl.importing.row_view import RowView
    from leadctl.ledger.records import Request
    from leadctl.model.leads import Json
    from leadctl.reports.report import Report
    from leadctl.reports.row_trace import RowTrace
    from leadctl.reports.run_timeline import RunTimeline
    from leadctl.reports.screen import Screen


def show_run(found: Report, timeline: RunTimeline, screen: Screen) -> None:
    """Print a run's times, results and requests."""
    screen.print(_when(found))
    if found.error:
        screen.print(Text(f"stopped: {found.error.message}", "red"))
    screen.print()
    table.show(found, screen)
    if found.workers:
        screen.print()
        screen.print(_workers(found))
    if found.requests:
        screen.print()
        _show_timeline(timeline, found, screen)


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


def _workers(found: Report) -> Grid:
    table = Grid("worker", "has", "last seen")
    for worker in found.workers:
        table.row(worker.name, worker.has, time_text.when(worker.seen))
    return table


def _show_timeline(timeline: RunTimeline, found: Report, screen: Screen) -> None:
    screen.print(_timeline(timeline, several=len(found.files) > 1))
    if timeline.waits:
        screen.print()
        screen.print(_waits(timeline))


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
        table.row(*group.cells(several=several), Text(group.outcome, style))
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
            Text(wait.why),
        )
    return table


MOST_WAITS = 10


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
    if view.mapped is not None:
        _show_values("mapped to", view.mapped, screen)
    screen.print(Text("our checks", "dim"))
    screen.print(view.finding.reason if view.finding else "passed", indent=2)
    if view.sent is not None:
        _show_values("sent to the provider", view.sent, screen)


def _show_values(title: str, values: Mapping[str, Json], screen: Screen) -> None:
    table = Grid("name", "value", headed=False)
    for name, value in values.items():
        written = (
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        )
        table.row(name, written)
    screen.print(Text(title, "dim"))
    screen.print(table, indent=2)


def _told(request: Request) -> str:
    took = "" if request.took is None else f", took {time_text.lasted(request.took)}"
    left = f"{time_text.day(request.departed)} {time_text.clock(request.departed)}"
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
