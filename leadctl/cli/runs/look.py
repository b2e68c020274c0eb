"""Looking back: what was done, and what a run came to."""

from __future__ import annotations

import json as json_module
from typing import Annotated

import typer

from leadctl.cli import options  # noqa: TC001  typer reads the annotations at run time
from leadctl.cli.runs.group import RunId, group, opened_ledger
from leadctl.cli.show import Output


@group.callback()
def list_runs(
    context: typer.Context,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="How many, the newest first.")
    ] = 20,
    json: options.Json = False,
    ledger: options.LedgerPath = None,
) -> None:
    """List the latest runs.

    Example: leadctl runs
    """
    if context.invoked_subcommand:
        return
    from leadctl import report

    with opened_ledger(ledger) as opened:
        found = [report.read(books) for books in opened.runs(limit)]
    if json:
        typer.echo(json_module.dumps([report.document(one) for one in found], indent=1))
        return
    for one in found:
        run = one.run
        state = "unfinished" if run.finished_at is None else f"exit {run.exit_code}"
        typer.echo(
            f"{run.id}  {run.provider:9} {run.campaign:12} {state:11} "
            f"{report.summary(one)}"
        )
    if not found:
        typer.echo("no runs yet", err=True)


@group.command("show")
def show(
    run: RunId,
    json: options.Json = False,
    no_color: options.NoColor = False,
    ledger: options.LedgerPath = None,
) -> None:
    """Show what a run came to, as its own report did.

    Example: leadctl runs show 20260301-093000-1f2e
    """
    from leadctl import report

    output = Output(json=json, colour=not no_color)
    with output.failures(), opened_ledger(ledger) as opened:
        output.result(report.read(opened.books(run)))
