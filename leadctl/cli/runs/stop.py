"""Asking a run that is in progress to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.cli import options  # noqa: TC001  typer reads the annotations at run time
from leadctl.cli.output import echo
from leadctl.cli.runs.group import RunId, group, opened_ledger
from leadctl.model.errors import UsageError

if TYPE_CHECKING:
    from leadctl.ledger.base import Ledger
    from leadctl.ledger.records import Run


@group.command("stop")
def stop(run: RunId, ledger: options.LedgerPath = None) -> None:
    """Ask a run in progress to stop, whoever started it on this ledger.

    The run finishes the requests on their way, saves its state, and ends with 143.
    `leadctl runs resume` goes on with it.

    Example: leadctl runs stop 20260301-093000-1f2e
    """
    with opened_ledger(ledger) as opened:
        facts = opened.run(run).facts()
        _require_running(opened, facts)
        if not opened.request_stop(facts.id):
            raise UsageError(f"run {facts.id} has ended", hint=facts.command("show"))
    echo(
        f"asked run {facts.id} to stop; it ends after the requests in flight",
        err=True,
    )
    echo(f"then: {facts.command('resume')}", err=True)


def _require_running(ledger: Ledger, run: Run) -> None:
    if run.finished_at is not None:
        raise UsageError(f"run {run.id} has ended", hint=run.command("show"))
    if ledger.process_of(run) is None:
        raise UsageError(
            f"run {run.id} is not in progress: its process is gone",
            hint=run.command("resume"),
        )
