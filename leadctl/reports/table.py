"""Prints a report for people: counts, reasons, requests, the next command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.model.leads import DELIVERED, IN_REJECT_FILE, Status
from leadctl.model.wording import count, display_name, files_named
from leadctl.phones.spelling import ABOUT, Repair
from leadctl.reports import time_text
from leadctl.reports.next_steps import Action, next_steps, reject_files
from leadctl.reports.screen import Grid, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.reports.report import Report
    from leadctl.reports.run_timeline import RunTimeline
    from leadctl.reports.screen import Screen

ALWAYS_SHOWN = (Status.CREATED, Status.REJECTED, Status.DUPLICATE)


def show(report: Report, screen: Screen, *, hint_follows: bool = False) -> None:
    """Print counts, reasons and next steps.

    `hint_follows`: the caller prints the error, whose hint is not repeated here.
    """
    counts = Grid("status", "rows", right=["rows"], headed=False)
    for status, number in report.counts.items():
        if number or status in ALWAYS_SHOWN:
            would = report.dry_run and status in DELIVERED
            label = f"would be {status}" if would else status.value
            counts.row(Text(label, STYLES[status]), f"{number:,}")
    counts.row("rows so far" if report.is_open else "rows", f"{report.row_count:,}")
    dry = "dry run, nothing sent: " if report.dry_run else ""
    files = files_named([file.path for file in report.files])
    screen.print(Text(f"{dry}{files} → {report.destination}", "bold"))
    screen.print(counts)
    if len(report.files) > 1:
        screen.block(_by_file(report))
    if report.reasons:
        screen.block(_reasons(report))
    if report.repairs:
        screen.print()
        for repair, number in report.repairs.items():
            about = ABOUT[Repair(repair)]
            screen.print(f"{count(number, 'phone cell')} repaired: {about}")
    if report.removals:
        screen.print()
        removed = [
            f"{number:,} {removal.replace('_', ' ')}"
            for removal, number in report.removals.items()
        ]
        screen.print(f"undone by runs undo: {', '.join(removed)}")
    if steps := [*_next_steps(report, hint_follows=hint_follows)]:
        screen.print()
    for line in steps:
        # Paths and commands are never wrapped, so that they can be copied.
        screen.print(line, whole=True)


def show_run(report: Report, timeline: RunTimeline, screen: Screen) -> None:
    """Print a run's times, results and requests."""
    screen.print(_when(report))
    if report.error:
        screen.print(Text(f"stopped: {report.error.message}", "red"))
    screen.print()
    show(report, screen)
    if report.workers:
        workers = Grid("worker", "has", "last seen")
        for worker in report.workers:
            workers.row(worker.name, worker.has, time_text.when(worker.seen))
        screen.block(workers)
    if report.requests:
        screen.block(_requests(timeline))
    if report.requests and timeline.waits:
        screen.block(_waits(timeline))


def _when(run: Report) -> str:
    began = time_text.moment_of(run.started_at)
    start = f"run {run.run_id}, started {time_text.long(began)}"
    if run.process is not None:
        return f"{start}, in progress (process {run.process})"
    if run.finished_at is None:
        return f"{start}, not finished"
    lasted = time_text.lasted(max(0.0, time_text.moment_of(run.finished_at) - began))
    code = f"exit code {run.exit_code}"
    return f"run {run.run_id}, {time_text.long(began)}, {lasted}, {code}"


def _requests(timeline: RunTimeline) -> Grid:
    where = "file: rows" if timeline.several else "rows"
    table = Grid(
        *("request", "left", "waited", where, "try", "took", "answer"),
        right=("request", "waited", "try", "took"),
    )
    for cells, outcome, group in timeline.rows():
        is_odd = group and (group.first.trouble or group.first.took is None)
        table.row(*cells, Text(outcome, "yellow" if is_odd else ""))
    return table


def _waits(timeline: RunTimeline) -> Grid:
    numbers = ("waited", "times", "longest")
    table = Grid(*numbers, "for", right=numbers)
    for wait in timeline.waits[:MOST_WAITS]:
        waited, longest = time_text.lasted(wait.seconds), time_text.lasted(wait.longest)
        table.row(waited, f"{wait.times:,}", longest, wait.why)
    return table


MOST_WAITS = 10


def _by_file(report: Report) -> Grid:
    """Return the counts of each file, without columns that are 0 everywhere."""
    statuses = [
        status
        for status, number in report.counts.items()
        if number or status is Status.CREATED
    ]
    numbers = [*statuses, "rows"]
    table = Grid("file", *numbers, right=numbers, folded=0)
    for file in report.files[:MOST_FILES]:
        found = [*(file.counts.get(status, 0) for status in statuses), file.rows]
        table.row(display_name(file.path), *(f"{number:,}" for number in found))
    if (more := len(report.files) - MOST_FILES) > 0:
        table.row(f"{count(more, 'more file')} (--json lists all)")
    return table


MOST_FILES = 30


def _next_steps(report: Report, *, hint_follows: bool) -> Iterator[str]:
    """Yield the paths of the reject files, and the next commands."""
    if report.pushed_again_by:
        yield f"Rejected rows pushed again by run {report.pushed_again_by}"
    elif report.process is None:
        counts = report.counts
        kinds = [one for one in IN_REJECT_FILE if counts[one]]
        for path in reject_files(report):
            yield f"{' and '.join(kinds).capitalize()} rows written to: {path}"
    is_kept = report.job.sandbox and report.job.ledger and not report.dry_run
    if is_kept and hint_follows:  # by a push: `runs show` has just shown it
        yield f"To look at the run:       {report.command('show')}"
    steps = [*next_steps(report)]
    hint = report.error.hint if hint_follows and report.error else None
    for number, step in enumerate(steps, 1):
        line = f"{_STEPS[step.action]:<25} {step.command}".rstrip()
        if len(steps) > 1:
            yield f"{number}. {line}"
        elif step.command != hint:
            yield line


_STEPS = {
    Action.RESUME: "To finish the run:",
    Action.RESOLVE: "To settle unknown rows:",
    Action.PUSH_REJECTS: "After fixing them, run:",
    Action.EXPORT_AGAIN: "Digits were lost:         export the file again with the "
    "numbers as text",
}


def _reasons(report: Report) -> Grid:
    headings = ("status", "code", "rows", "first", "reason")
    table = Grid(*headings, right=["rows", "first"])
    for reason in report.reasons[:MOST_REASONS]:
        place = f"{reason.example_row:,}"
        if len(report.files) > 1:
            place = f"{display_name(report.files[reason.file].path)}:{place}"
        table.row(
            Text(reason.status, STYLES[reason.status]),
            reason.code,
            f"{reason.count:,}",
            place,
            reason.message,
        )
    if len(report.reasons) > MOST_REASONS:
        more = sum(reason.count for reason in report.reasons[MOST_REASONS:])
        table.row("", "", f"{more:,}", "", "more reasons (--json lists them all)")
    return table


MOST_REASONS = 20
STYLES = {
    Status.CREATED: "green",
    Status.ACCEPTED: "green",
    Status.DUPLICATE: "yellow",
    Status.REJECTED: "red",
    Status.SUPPRESSED: "dim",
    Status.FAILED: "red",
    Status.UNKNOWN: "magenta",
}
"""The style of each status in rich."""
