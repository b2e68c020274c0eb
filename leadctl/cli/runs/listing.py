"""`leadctl runs`: a table of runs."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from leadctl.cli import options
from leadctl.cli.output import echo_json, opened_screen, say
from leadctl.cli.parameters import option
from leadctl.cli.runs.group import group, opened_ledger, report_of
from leadctl.model.errors import ExitCode, UsageError
from leadctl.model.leads import Status
from leadctl.model.wording import count, display_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.importing.job import Job
    from leadctl.ledger.base import Ledger, RunReader
    from leadctl.reports.report import Report
    from leadctl.reports.screen import Grid, Screen


@group.callback()
def list_runs(
    context: typer.Context,
    limit: Annotated[
        int, option("--limit N", "Number of runs, newest first; default: 20.", min=1)
    ] = 20,
    since: Annotated[
        str | None,
        option("--since TIME", "Only later runs, e.g. 2026-03-01, 7d or 12h."),
    ] = None,
    account: Annotated[
        str | None, option("--account NAME", "Only this account, e.g. voiso-night.")
    ] = None,
    failed: Annotated[
        bool, option("--failed", "Only runs that left rows to do.")
    ] = False,
    json: options.Json = False,
    ledger: options.LedgerPath = None,
) -> None:
    """List the latest runs.

    Any command takes the beginning or the end of a run's id, if only one run has it.

    Example: leadctl runs --since 7d --failed
    """
    if context.invoked_subcommand:
        return
    from leadctl.reports import report

    moment = _moment(since) if since else ""
    with opened_ledger(ledger) as opened:
        some = _chosen(opened, moment, account, failed=failed)
        chosen, more = [*islice(some, limit)], next(some, None)
        found = [report_of(opened, run_reader) for run_reader, _ in chosen]
        pruned = opened.has_forgotten_runs()
    if json:
        echo_json([report.document(one) for one in found])
        return
    if found:
        with opened_screen() as screen:
            table = _table(found, [left for _, left in chosen], screen)
            screen.print(table, whole=not screen.is_terminal)
        if more:
            say(f"there are older runs: --limit {2 * limit} lists more")
    elif since or account or failed:
        say("no such run")
    elif pruned:
        say("no runs left: older runs were pruned")
    else:
        say("no runs yet (--sandbox without --keep, --dry-run and check leave none)")


def _moment(text: str) -> str:
    """Return a time in the ledger's format."""
    if ago := re.fullmatch(r"(\d{1,6})([dh])", text):
        unit = "days" if ago[2] == "d" else "hours"
        return (datetime.now(UTC) - timedelta(**{unit: int(ago[1])})).isoformat()
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except ValueError as error:
        raise UsageError(
            f"--since takes a day such as 2026-03-01, or 7d, or 12h, not {text!r}"
        ) from error


def _chosen(
    ledger: Ledger, since: str, account: str | None, *, failed: bool
) -> Iterator[tuple[RunReader, int]]:
    """Yield the runs to list, the newest first, and the rows that each left to do."""
    for run_reader, left, _ in _left(ledger):
        run = run_reader.facts()
        if run.started_at < since:
            return
        is_done = run.is_given_up or not (left or run.exit_code in CUT_SHORT)
        if account in (None, run.account) and not (failed and is_done):
            yield run_reader, left


CUT_SHORT = {None, ExitCode.DEFECT, ExitCode.INPUT, 130, 143}
"""Exit codes of runs that may have left rows unread."""


def report_with_later(ledger: Ledger, wanted: RunReader) -> Report:
    """Read a run's results, and which later run pushed its rejected rows."""
    found = report_of(ledger, wanted)
    if found.rejected or found.failed:
        for run_reader, _, later in _left(ledger):
            if run_reader.facts().id == found.run_id:
                return replace(found, pushed_again_by=later)
    return found


def _left(ledger: Ledger) -> Iterator[tuple[RunReader, int, str]]:
    """Yield all runs, the newest first, and the number of rows that each left to do.

    Once a later run pushed the same file, or its reject file, the rejected rows are
    left to that one, whose id is yielded, too.
    """
    from leadctl.importing.job import Job

    pushed: dict[tuple[str, str, str], str] = {}  # by path or fingerprint
    for run_reader in ledger.runs(most=100_000):
        run, counts = run_reader.facts(), run_reader.counts()
        job, where = Job.from_json(run.job), (run.account, run.campaign)
        found, rejects = [], counts[Status.REJECTED] + counts[Status.FAILED]
        for path, fingerprint in _reject_files(run_reader, job):
            again = pushed.pop((*where, path), "")
            found.append(again or pushed.get((*where, fingerprint), ""))
        later = found[0] if found and all(found) else ""
        pushed |= {(*where, path): run.id for path in job.files}
        if job.limit is None and not job.skip:
            pushed |= {
                (*where, file.fingerprint): run.id for file in run_reader.files()
            }
        left = counts[Status.UNKNOWN] + (0 if later else rejects)
        yield run_reader, 0 if run.is_given_up else left, later


def _reject_files(run_reader: RunReader, job: Job) -> Iterator[tuple[str, str]]:
    """Yield the paths of reject files, each with the fingerprint of its input."""
    for file, given in zip(run_reader.files(), job.files, strict=False):
        if file.rejects_file:
            folder = given.removesuffix(file.path)
            yield os.path.join(folder, file.rejects_file), file.fingerprint  # noqa: PTH118  of another time


def _table(runs: Sequence[Report], left: Sequence[int], screen: Screen) -> Grid:
    """List the runs; a terminal gets short ids and days, and room for the files."""
    from leadctl.reports.screen import Grid

    ids = {one.run_id: one.run_id for one in runs}
    if screen.is_terminal:
        tails = {run: run.rpartition("-")[2] for run in ids}
        ids = tails if len({*tails.values()}) == len(ids) else ids
    year = f"{datetime.now(UTC):%Y}-" if screen.is_terminal else ""
    table = Grid(*HEADINGS, right=HEADINGS[-3:], cut=(2, 3), extra=True)
    for one, of in zip(runs, left, strict=True):
        table.row(ids[one.run_id], *_cells(one, of, year))
    return table


HEADINGS = ("run", "when", "file", "campaign", "result", "created", "to do", "took")


def _cells(one: Report, left: int, year: str) -> tuple[str, ...]:
    from leadctl.reports import time_text

    began = time_text.moment_of(one.started_at)
    ended = time_text.moment_of(one.finished_at) if one.finished_at else None
    is_open = one.is_open and not one.job.given_up
    return (
        time_text.moment(began).removeprefix(year)[:-3],
        count(len(one.files), "file")
        if len(one.files) != 1
        else display_name(one.files[0].path).rpartition("/")[2],
        f"{one.account} {one.campaign}",
        _result(one),
        f"{one.created + one.accepted:,}",
        f"{left:,}{'+' if is_open else ''}",
        "" if ended is None else time_text.lasted(max(0.0, ended - began)),
    )


def _result(one: Report) -> str:
    """Return how a run ended in a word or two."""
    if one.process is not None:
        return "in progress"
    if one.removals:
        return "undone"
    if one.job.given_up:
        return "given up"
    return RESULTS.get(one.exit_code, "stopped")


RESULTS: dict[int | None, str] = {
    None: "interrupted",
    ExitCode.OK: "done",
    ExitCode.DEFECT: "defect",
    ExitCode.REJECTED: "some rejected",
    ExitCode.ACCESS: "no access",
    ExitCode.TROUBLE: "some failed",
    ExitCode.INPUT: "bad input",
    ExitCode.UNKNOWN: "some unknown",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "interrupted",
}
