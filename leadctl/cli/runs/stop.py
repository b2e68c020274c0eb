"""Asks a run in progress, or its undo, to stop."""

from __future__ import annotations

from typing import Annotated

from leadctl.cli import options
from leadctl.cli.output import echo
from leadctl.cli.runs.group import RunId, group, opened_ledger
from leadctl.model.errors import UsageError


@group.command("stop")
def stop(
    run: RunId,
    give_up: Annotated[
        bool,
        options.option(
            "--give-up", "For a stopped run: no longer list its rows as to do."
        ),
    ] = False,
    ledger: options.LedgerPath = None,
) -> None:
    """Stop a run in progress or its undo, or give up a stopped run.

    The run can be on any terminal or host that uses this ledger. It finishes the
    requests in flight, saves its state, and ends with 143. Continue it with `leadctl
    runs resume` or `leadctl runs undo`. If nobody will finish it, --give-up takes it
    off the list of runs with rows to do. Nothing is deleted or sent.

    Example: leadctl runs stop 20260301-093000-1f2e
    """
    with opened_ledger(ledger) as opened:
        facts = opened.run(run).facts()
        has_ended = facts.finished_at is not None
        process = opened.process_of(facts)
        if give_up:
            if process is not None:
                hint = f"stop it first: {facts.command('stop')}"
                raise UsageError(f"run {facts.id} is in progress", hint=hint)
            opened.resumed(facts.id).remember({"given_up": True})
            echo(f"run {facts.id} is given up: its rows no longer count as to do")
            echo(f"to finish it after all: {facts.command('resume')}", err=True)
            return
        if process is None:
            steps = (
                "to finish it, or to give it up:",
                facts.command("resume"),
                f"{facts.command('stop')} --give-up",
            )
            raise UsageError(
                f"run {facts.id} has ended"
                if has_ended
                else f"run {facts.id} is not in progress: its process is gone",
                hint=facts.command("show")
                if facts.exit_code == 0
                else "\n".join(steps),
            )
        opened.request_stop(facts.id)
    what = f"the undo of run {facts.id}" if has_ended else f"run {facts.id}"
    echo(f"asked {what} to stop; it ends after the requests in flight", err=True)
    echo(f"then: {facts.command('undo' if has_ended else 'resume')}", err=True)
