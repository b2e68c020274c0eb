"""Asks a run in progress, or its undo, to stop."""

from __future__ import annotations

from leadctl.cli import options  # noqa: TC001  typer reads the annotations at run time
from leadctl.cli.output import echo
from leadctl.cli.runs.group import RunId, group, opened_ledger
from leadctl.model.errors import UsageError


@group.command("stop")
def stop(run: RunId, ledger: options.LedgerPath = None) -> None:
    """Ask a run in progress, or its undo, to stop.

    The run can be on any terminal or host that uses this ledger. It finishes the
    requests in flight, saves its state, and ends with 143. Continue it with `leadctl
    runs resume` or `leadctl runs undo`.

    Example: leadctl runs stop 20260301-093000-1f2e
    """
    with opened_ledger(ledger) as opened:
        facts = opened.run(run).facts()
        has_ended = facts.finished_at is not None
        if opened.process_of(facts) is None:
            if has_ended:
                raise UsageError(
                    f"run {facts.id} has ended", hint=facts.command("show")
                )
            raise UsageError(
                f"run {facts.id} is not in progress: its process is gone",
                hint=facts.command("resume"),
            )
        opened.request_stop(facts.id)
    what = f"the undo of run {facts.id}" if has_ended else f"run {facts.id}"
    echo(f"asked {what} to stop; it ends after the requests in flight", err=True)
    echo(f"then: {facts.command('undo' if has_ended else 'resume')}", err=True)
