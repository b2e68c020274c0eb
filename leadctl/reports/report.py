"""The report of a run: JSON document, table and exit code."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.importing.job import Job
from leadctl.model.errors import ExitCode, Interrupted
from leadctl.model.leads import Code, Status
from leadctl.model.wording import count, display_name
from leadctl.phones.spelling import ABOUT, Repair

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console, RenderableType

    from leadctl.ledger.base import RunReader
    from leadctl.ledger.records import FileOfRun, Reason, Run
    from leadctl.model.errors import LeadctlError
    from leadctl.model.leads import Json
    from leadctl.model.removal import Removal

SCHEMA_VERSION = 1
ALWAYS_SHOWN = (Status.CREATED, Status.REJECTED, Status.DUPLICATE)


@dataclass(frozen=True)
class Report:
    """A run as its books tell it. `counts` has every status; they add up to `rows`.

    `process` is at work on the run now. `removals` are the leads that an undo tried.
    """

    run: Run
    files: Sequence[FileOfRun]
    counts: dict[Status, int]
    reasons: Sequence[Reason]
    dry_run: bool = False
    error: LeadctlError | None = None
    process: int | None = None
    removals: Mapping[Removal, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


def read(
    run_reader: RunReader, error: LeadctlError | None = None, process: int | None = None
) -> Report:
    run = run_reader.facts()
    running = process is not None and run.finished_at is None
    return Report(
        run,
        run_reader.files(),
        run_reader.counts(),
        run_reader.reasons(running=running),
        error=error,
        process=process if running else None,
        removals=run_reader.removals(),
    )


def exit_code(counts: dict[Status, int], error: LeadctlError | None) -> ExitCode:
    """Choose a signal's own code, else the first to apply of 1, 11, 4, 7, 10, 5, 3."""
    if isinstance(error, Interrupted):
        return error.exit_code
    applying = {error.exit_code} if error else set()
    if counts[Status.UNKNOWN]:
        applying.add(ExitCode.UNKNOWN)
    if counts[Status.FAILED]:
        applying.add(ExitCode.TROUBLE)
    if counts[Status.REJECTED]:
        applying.add(ExitCode.REJECTED)
    order = (
        ExitCode.DEFECT,
        ExitCode.LOCKED,
        ExitCode.ACCESS,
        ExitCode.STOPPED,
        ExitCode.UNKNOWN,
        ExitCode.TROUBLE,
        ExitCode.REJECTED,
    )
    return next((code for code in order if code in applying), ExitCode.OK)


def error_document(error: LeadctlError) -> dict[str, Json]:
    return {"code": error.code, "message": error.message, "hint": error.hint}


def document(report: Report) -> dict[str, Json]:
    """Return the JSON document; its shape is fixed by `schema_version`."""
    run = report.run
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run.id,
        "provider": run.provider,
        "account": run.account,
        "campaign": run.campaign,
        "dry_run": report.dry_run,
        "files": [
            {"path": file.path, "rows": file.rows, "rejects_file": file.rejects_file}
            for file in report.files
        ],
        "rows": report.rows,
        **{status.value: number for status, number in report.counts.items()},
        "reasons": [
            {
                "status": reason.status,
                "code": reason.code,
                "count": reason.count,
                "example_row": reason.row,
                "message": reason.text,
            }
            for reason in report.reasons
        ],
        "repairs": {**run.repairs},
        "requests": run.requests,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "exit_code": run.exit_code,
        "error": run.error,
    }


def failure_document(error: LeadctlError, *, facts: dict[str, Json]) -> dict[str, Json]:
    """Return the same document for a run that did not begin."""
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": None,
        "provider": None,
        "account": None,
        "campaign": None,
        "dry_run": False,
        **facts,
        "files": [],
        "rows": 0,
        **dict.fromkeys((status.value for status in Status), 0),
        "reasons": [],
        "repairs": {},
        "requests": 0,
        "started_at": None,
        "finished_at": None,
        "exit_code": int(error.exit_code),
        "error": error_document(error),
    }


def show(report: Report, console: Console) -> None:
    """Print the table of counts and the reasons."""
    from rich.table import Table  # noqa: PLC0415  slow to import

    from leadctl.reports.terminal import plain  # noqa: PLC0415  heavy

    run = report.run
    title = run.provider + (f", campaign {run.campaign}" if run.campaign else "")
    counts = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    counts.add_column(justify="left")
    counts.add_column(justify="right")
    for status, number in report.counts.items():
        if number or status in ALWAYS_SHOWN:
            would = report.dry_run and status in (Status.CREATED, Status.ACCEPTED)
            label = f"would be {status}" if would else status.value
            counts.add_row(plain(label, STYLES[status]), f"{number:,}")
    counts.add_row("rows so far" if _is_open(run) else "rows", f"{report.rows:,}")
    dry = "dry run, nothing was sent: " if report.dry_run else ""
    console.print(
        plain(
            f"{dry}{', '.join(display_name(f.path) for f in report.files)} → {title}",
            "bold",
        )
    )
    console.print(counts)
    if report.reasons:
        console.print()
        console.print(_reasons(report))
    if run.repairs:
        console.print()
        for repair, number in run.repairs.items():
            about = ABOUT[Repair(repair)]
            console.print(plain(f"{count(number, 'phone cell')} repaired: {about}"))
    if report.removals:
        console.print()
        console.print(plain(_undone(report)))
    if steps := [*_next_steps(report)]:
        console.print()
    for line in steps:
        # Paths and commands are to be copied: never broken over lines.
        console.print(plain(line), soft_wrap=True)


def _undone(report: Report) -> str:
    parts = [
        f"{number:,} {removal.replace('_', ' ')}"
        for removal, number in report.removals.items()
    ]
    return f"undone by runs undo: {', '.join(parts)}"


def _next_steps(report: Report) -> Iterator[str]:
    """Say where the reject files are, and which command comes next."""
    run, counts = report.run, report.counts
    written = [file.rejects_file for file in report.files if file.rejects_file]
    if report.process is not None:
        return
    for path in written:
        yield f"rows to correct or send again: {path}"
    if report.dry_run:
        return
    if written and counts[Status.REJECTED]:
        yield (
            "digits are lost:       export the file again, with the numbers as text"
            if _only_cut(report)
            else f"corrected, push them:  {_push_again(run, written)}"
        )
    if Job.from_json(run.job).sandbox:  # its ledger is gone with it
        return
    resume = run.command("resume")
    said = report.error is not None and report.error.hint == resume
    if (counts[Status.FAILED] or _is_open(run)) and not said:
        yield f"finish the run:        {resume}"
    if counts[Status.UNKNOWN] and run.finished_at:
        yield f"unknown rows, decide:  {run.command('resolve')}"


def _is_open(run: Run) -> bool:
    """Tell whether rows may be left that nobody has read."""
    signals = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)
    return run.finished_at is None or run.exit_code in signals


def _only_cut(report: Report) -> bool:
    """Tell whether no row was rejected that anybody could correct."""
    rejected = [one for one in report.reasons if one.status == Status.REJECTED]
    return all(one.code == Code.PHONE_DAMAGED for one in rejected)


def _push_again(run: Run, paths: Sequence[str]) -> str:
    """Return the command that pushes reject files as the run was pushed."""
    words = ["leadctl", "push", *paths, "--provider", run.provider]
    words += ["--campaign", run.campaign]
    if run.account != run.provider:
        words += ["--account", run.account]
    job = Job.from_json(run.job)
    said = {**vars(job), "numbers": job.numbers or job.column_numbers}
    for option in ("profile", "region", "numbers", "encoding", "config"):
        if given := said[option]:
            words += [f"--{option}", str(given)]
    for name, value in job.constants.items():
        words += ["--set", f"{name}={value}"]
    if job.acknowledge_compliance:
        words.append("--acknowledge-compliance")
    if job.sandbox:
        words.append("--sandbox")
    return shlex.join(words)


def _reasons(report: Report) -> RenderableType:
    from rich.table import Table  # noqa: PLC0415  slow to import

    from leadctl.reports.terminal import plain  # noqa: PLC0415  heavy

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("status", no_wrap=True)
    table.add_column("code", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("first", justify="right", no_wrap=True)
    table.add_column("reason")
    for reason in report.reasons[:MOST_REASONS]:
        table.add_row(
            plain(reason.status, STYLES[reason.status]),
            reason.code,
            f"{reason.count:,}",
            plain(_place(reason, report)),
            plain(reason.text),
        )
    if len(report.reasons) > MOST_REASONS:
        more = sum(reason.count for reason in report.reasons[MOST_REASONS:])
        table.add_row(
            "", "", f"{more:,}", "", "for other reasons (all of them: --json)"
        )
    return table


def _place(reason: Reason, report: Report) -> str:
    """Name the first row, and its file where there are several."""
    if len(report.files) == 1:
        return f"{reason.row:,}"
    return f"{display_name(report.files[reason.file].path)}:{reason.row:,}"


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
"""How rich writes each status."""


def summary(report: Report) -> str:
    """Say the outcome in one line."""
    parts = [
        f"{number:,} {status}" for status, number in report.counts.items() if number
    ]
    rest = ["the rest waits for a resume"] if _is_open(report.run) else []
    if report.process is not None:
        rest = ["the rest is under way"]
    undone = [_undone(report)] if report.removals else []
    said = ", ".join([*parts, *rest, *undone]) or "nothing to do"
    return f"{count(report.rows, 'row')}: {said}"
