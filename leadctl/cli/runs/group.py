"""The group of commands, and what its commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from leadctl.cli.app import app
from leadctl.cli.commands import Commands
from leadctl.cli.parameters import Section, argument, option
from leadctl.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from leadctl.ledger.base import Ledger, RunReader
    from leadctl.model.leads import Status
    from leadctl.reports.report import Report

group = Commands(help="List, inspect and resume runs.", invoke_without_command=True)
app.add_typer(group, name="runs", rich_help_panel=Section.AFTERWARDS)

RunId = Annotated[str, argument("RUN", "A run's id, or its start or end.")]


def _run(run: str) -> Any:  # noqa: ANN401  typer's own type for it
    return argument("RUN", f"A run's id, or its start or end; default: {run}.")


FileNumber = Annotated[
    int | None,
    option("--file N", "Number of the file that has the rows; default: 1.", min=1),
]
AnyRun = Annotated[str | None, _run("the latest")]
UnfinishedRun = Annotated[str | None, _run("the latest unfinished")]
FailedRun = Annotated[str | None, _run("the latest with failed rows")]
UnknownRun = Annotated[str | None, _run("the latest with unknown rows")]
RejectedRun = Annotated[str | None, _run("the latest with rows to correct")]


def run_of(ledger: Ledger, run: str | None) -> RunReader:
    """Return a run, or the latest."""
    if run is None:
        latest = ledger.runs(1)
        if not latest:
            raise UsageError("no runs yet", hint="leadctl push --help")
        return latest[0]
    return ledger.run(run)


def latest_with(ledger: Ledger, statuses: Collection[Status], run: str | None) -> str:
    """Return the id of a run, by default of the latest ended one with such rows."""
    if run is not None:
        return ledger.run(run).facts().id
    for run_reader in ledger.runs(most=200):
        facts, counts = run_reader.facts(), run_reader.counts()
        is_over = facts.finished_at and not facts.is_given_up
        if is_over and any(counts[status] for status in statuses):
            return facts.id
    words = " or ".join(statuses)
    raise UsageError(f"no run has {words} rows", hint="leadctl runs lists all runs")


def opened_ledger(url: str | None) -> Ledger:
    from leadctl.ledger import open_ledger, resolved

    return open_ledger(resolved(url))


def report_of(ledger: Ledger, run: RunReader) -> Report:
    """Read the results of a run, final or so far."""
    from leadctl.reports import report

    facts = run.facts()
    process = ledger.process_of(facts) if facts.finished_at is None else None
    return report.read(run, process=process, workers=ledger.workers(facts))
