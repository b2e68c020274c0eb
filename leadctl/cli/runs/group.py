"""The group of commands, and what they share."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from leadctl.cli.app import app
from leadctl.cli.help_layout import Commands, Section
from leadctl.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.ledger.base import Ledger, RunReader
    from leadctl.reports.report import Report

group = Commands(help="List, inspect and resume runs.", invoke_without_command=True)
app.add_typer(group, name="runs", rich_help_panel=Section.AFTERWARDS)

RunId = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, from `leadctl runs`.")
]


AnyRun = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN", help="A run's id, from `leadctl runs`; default: the latest."
    ),
]


def run_of(ledger: Ledger, run: str | None) -> RunReader:
    """Return a run, or the latest."""
    if run is None:
        latest = ledger.runs(1)
        if not latest:
            raise UsageError("there is no run yet", hint="leadctl push --help")
        return latest[0]
    return ledger.run(run)


@contextmanager
def opened_ledger(url: str | None) -> Iterator[Ledger]:
    from leadctl.ledger import open_ledger, resolved

    with open_ledger(resolved(url)) as ledger:
        yield ledger


def report_of(ledger: Ledger, run: RunReader) -> Report:
    """Read what a run came to, or has come to by now."""
    from leadctl.reports import report

    facts = run.facts()
    process = ledger.process_of(facts) if facts.finished_at is None else None
    return report.read(run, process=process)
