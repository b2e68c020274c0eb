"""Deletes at the provider what a run created, and forgets old runs."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from leadctl.cli import options
from leadctl.cli.output import (
    Output,
    opened_screen,
    print_lines,
    require_yes,
    say,
    show_error,
)
from leadctl.cli.parameters import option
from leadctl.cli.runs.group import RunId, group, opened_ledger
from leadctl.model.wording import count, files_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadctl.config.config import Account
    from leadctl.importing.plan import Plan
    from leadctl.model.errors import LeadctlError
    from leadctl.model.leads import Json
    from leadctl.reports.undo_report import UndoReport


@group.command("undo")
def undo(
    run: RunId,
    dry_run: Annotated[
        bool,
        options.of_sending(
            "--dry-run -n", "Show what would be deleted; delete nothing."
        ),
    ] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Delete the leads that a run created, if the provider has a call for it.

    Reads the run's input again, shows what it would delete, and asks. Data from stdin
    must be piped again. Does not delete leads that were there before or that another
    run delivered. A later push sends the leads again. Lupitor and Ozonetel have such a
    call.

    Example: leadctl runs undo 20260301-093000-1f2e --dry-run
    """
    from leadctl.api import environment_of
    from leadctl.cli.process import stop_on_signal
    from leadctl.ledger import resolved
    from leadctl.model.clock import CancellationToken
    from leadctl.reports.undo_report import UndoReport
    from leadctl.runs.undo import Undo

    output, stop = Output(json, quiet, verbose), CancellationToken()

    def failed(error: LeadctlError) -> dict[str, Json]:
        return UndoReport(run, dry_run=dry_run, error=error).document()

    with output.failures(failed), opened_ledger(ledger) as opened:
        run = opened.run(run).facts().id
        undone = Undo(
            opened,
            resolved(ledger),
            config,
            environment_of,
            partial(_require_yes, yes, no_input),
            output.wait,
            _progress(output),
            stop,
        )
        with stop_on_signal(stop):
            found = undone.planned(run) if dry_run else undone.done(run)
    if json:
        output.document(found.document())
    elif found.exit_code or not quiet:
        print_lines(found.lines())
    if found.error:
        hint = found.error.hint or f"to continue: {found.go_on}"
        show_error(found.error.but(hint=hint))
    raise typer.Exit(found.exit_code)


def _require_yes(
    yes: bool, no_input: bool, planned: UndoReport, account: Account, plan: Plan
) -> None:
    if not yes:
        say(f"This deletes what run {planned.run_id} created:")
        with opened_screen(sys.stderr) as screen:
            screen.facts(_facts(planned, account, plan), indent=2)
    require_yes("Delete them?", yes=yes, no_input=no_input)


def _facts(
    planned: UndoReport, account: Account, plan: Plan
) -> Iterator[tuple[str, str]]:
    from leadctl.importing.forecast import forecast

    provider = account.provider
    yield "from", files_named([source.given for source in plan.sources])
    yield "leads", f"{planned.leads:,}"
    yield "provider", f"{provider.title}, {provider.base_url}"
    yield "account", account.name
    yield "campaign", plan.campaign
    if not provider.removal_is_exact:
        yield "warning", BY_NUMBER
    for remark in planned.remarks():
        yield "note", remark
    yield "takes", str(forecast(planned.leads, plan.batch_size, account.limits))
    yield "then", "the next push sends these leads again"


BY_NUMBER = (
    "leads are deleted by number: another record with the same number may be deleted "
    "instead"
)


def _progress(output: Output) -> Callable[[int, int], None]:
    """Return what prints progress from time to time, on a terminal or with -v."""
    told = time.monotonic()

    def tell(done: int, leads: int) -> None:
        nonlocal told
        is_heard = output.verbose or (sys.stderr.isatty() and not output.quiet)
        if is_heard and time.monotonic() - told >= EVERY:
            told = time.monotonic()
            say(f"{done:,} of {count(leads, 'lead')}")

    return tell


EVERY = 10.0
"""Seconds between two lines of progress."""


@group.command("prune")
def prune(
    days: Annotated[
        int, options.days("Keep the runs of the last N days; default: 90.")
    ] = 90,
    dry_run: Annotated[bool, option("--dry-run -n", "Only count the runs.")] = False,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
    ledger: options.LedgerPath = None,
) -> None:
    """Forget old runs, after asking.

    Delivered leads stay known, but not the run that delivered them. Keeps interrupted
    runs and runs with unknown rows.

    Example: leadctl runs prune --days 30 --dry-run
    """
    from leadctl.importing.job import Job
    from leadctl.ledger import resolved
    from leadctl.runs import spool

    before = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    with opened_ledger(ledger) as opened:
        old = len(opened.forget_runs(before, dry_run=True))
        if dry_run:
            say(f"{count(old, 'run')} to forget")
            return
        if old:
            question = f"Forget {count(old, 'run')} older than {count(days, 'day')}?"
            require_yes(question, yes=yes, no_input=no_input)
        gone = opened.forget_runs(before)
    for job in gone:
        spool.drop(Job.from_json(job))
    spool.drop_abandoned(resolved(ledger))
    say(f"{count(len(gone), 'run')} forgotten")
