"""`leadctl runs`: what was done, and going on with what was not finished."""

from __future__ import annotations

import json as json_module
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadctl.cli import options  # noqa: TC001  typer reads the annotations at run time
from leadctl.cli.app import app
from leadctl.cli.show import Output
from leadctl.errors import ExitCode, UsageError
from leadctl.model import Status
from leadctl.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.books import Books
    from leadctl.ledger import Ledger
    from leadctl.model import Json

group = typer.Typer(help="Look at runs, and finish them.", invoke_without_command=True)
app.add_typer(group, name="runs")

RunId = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, from `leadctl runs`.")
]


class Decision(StrEnum):
    """What an operator may say of rows nobody knows about."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not-delivered"
    SEND_AGAIN = "send-again"


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

    with _opened(ledger) as opened:
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
    with output.failures(), _opened(ledger) as opened:
        output.result(report.read(opened.books(run)))


@group.command("resume")
def resume(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="Default: the latest unfinished run."),
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
    acknowledge_compliance: options.Acknowledge = False,
    ledger: options.LedgerPath = None,
) -> None:
    """Finish a run that was interrupted or stopped; the report covers all of it.

    Rows already settled are left alone. A batch whose answer was lost is sent again
    only where the provider makes that safe.

    Example: leadctl runs resume
    """
    output = Output(json, quiet, verbose, not no_color)
    with output.failures(), _opened(ledger) as opened:
        chosen = run or _latest_unfinished(opened)
    _go_on(chosen, output, ledger, acknowledged=acknowledge_compliance)


@group.command("retry")
def retry(
    run: RunId,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
    acknowledge_compliance: options.Acknowledge = False,
    ledger: options.LedgerPath = None,
) -> None:
    """Send the failed rows of a run again.

    Example: leadctl runs retry 20260301-093000-1f2e
    """
    output = Output(json, quiet, verbose, not no_color)
    _go_on(run, output, ledger, acknowledged=acknowledge_compliance, with_unknown=False)


@group.command("resolve")
def resolve(
    run: RunId,
    decision: Annotated[
        Decision | None,
        typer.Option(
            "--as", help="What became of them, as you found out at the provider."
        ),
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option("--rows", metavar="1-3,7", help="Only these rows; default: all."),
    ] = None,
    file: Annotated[
        int,
        typer.Option("--file", min=1, help="With --rows: which input file, from 1."),
    ] = 1,
    ledger: options.LedgerPath = None,
) -> None:
    """Show the rows of a run that are unknown, or decide about them.

    delivered: they are in the campaign. not-delivered: they are not; `runs retry` or
    the reject file sends them. send-again: the same, and they are sent at once.

    Example: leadctl runs resolve 20260301-093000-1f2e --as delivered --rows 17-20
    """
    from leadctl import report

    with _opened(ledger) as opened:
        books = opened.books(run)
        decision = decision or _asked_decision(books)
        if decision is None:
            return
        number = books.decide(
            file - 1 if rows else None,
            _ranges(rows),
            delivered=decision is Decision.DELIVERED,
        )
        if not number:
            raise UsageError(
                "none of these rows is unknown", hint=f"leadctl runs resolve {run}"
            )
        code = report.exit_code(books.counts(), None)
        books.close_again(code)
        if code in (ExitCode.OK, ExitCode.REJECTED):
            _drop_spool(books.run().options)
    typer.echo(f"{count(number, 'row')} of {run}: {decision.value}", err=True)
    if decision is Decision.SEND_AGAIN:
        _go_on(run, Output(), ledger)
    if decision is Decision.NOT_DELIVERED:
        typer.echo(f"to send them: leadctl runs retry {run}", err=True)


@group.command("rejects")
def rejects(
    run: RunId,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="PATH", help="Default: where the run wrote it."),
    ] = None,
    ledger: options.LedgerPath = None,
) -> None:
    """Write the reject file of a run again, from the ledger and the input.

    Example: leadctl runs rejects 20260301-093000-1f2e
    """
    from leadctl import rejects as files
    from leadctl.cli.asked import recalled
    from leadctl.cli.order import ordered
    from leadctl.importer import phone_columns
    from leadctl.model import IN_REJECT_FILE
    from leadctl.run import require_same_files

    with _opened(ledger) as opened:
        books = opened.books(run)
        asked = replace(recalled(books.run().options, ledger), offline=True)
        if to:
            asked = replace(asked, rejects=Path(to))
        with ordered(asked) as order:
            require_same_files(books, order.job)
            for ordinal, source in enumerate(order.job.sources):
                findings = books.findings(ordinal, IN_REJECT_FILE)
                path = order.rejects_files[ordinal]
                phones = phone_columns(order.job, source)
                number = files.write_if_any(path, source, findings, run, phones)
                typer.echo(
                    f"{count(number, 'row')} in {path}" if number else "no such row",
                    err=True,
                )


@group.command("prune")
def prune(
    days: Annotated[
        int,
        typer.Option("--days", min=0, max=36_500, help="Keep runs of the last N days."),
    ] = 90,
    ledger: options.LedgerPath = None,
) -> None:
    """Forget old runs. Who is delivered stays known; runs with unknown rows are kept.

    Example: leadctl runs prune --days 30
    """
    before = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    with _opened(ledger) as opened:
        gone = opened.forget_runs(before)
        kept = {books.run().options.get("spool") for books in opened.runs(most=10_000)}
    for asked in gone:
        _drop_spool(asked)
    _drop_orphans(kept)
    typer.echo(f"{count(len(gone), 'run')} forgotten", err=True)


def _drop_spool(asked: dict[str, Json]) -> None:
    """Remove our copy of stdin, when nothing of it is left to send."""
    if spool := asked.get("spool"):
        Path(str(spool)).unlink(missing_ok=True)


def _drop_orphans(kept: set[Json]) -> None:
    """Remove copies of stdin that no run knows: of processes killed while reading."""
    import platformdirs

    yesterday = time.time() - 86_400
    for copy in (platformdirs.user_state_path("leadctl") / "spool").glob("stdin-*"):
        if str(copy) not in kept and copy.stat().st_mtime < yesterday:
            copy.unlink(missing_ok=True)


def _ranges(rows: str | None) -> list[tuple[int, int]] | None:
    from leadctl import rowset

    try:
        return rowset.read(rows) if rows else None
    except ValueError as error:
        raise UsageError(f"--rows takes rows such as 1-3,7, not {rows!r}") from error


@contextmanager
def _opened(path: str | None) -> Iterator[Ledger]:
    import platformdirs

    from leadctl.cli.order import ledger_path
    from leadctl.ledger import Ledger

    with Ledger(ledger_path(path, platformdirs.user_state_path("leadctl"))) as ledger:
        yield ledger


def _latest_unfinished(ledger: Ledger) -> str:
    for books in ledger.runs(most=200):
        run = books.run()
        unfinished = run.finished_at is None or run.exit_code in _RESUMABLE
        if unfinished or books.tally[Status.FAILED]:
            return run.id
    raise UsageError("no run is unfinished", hint="name one: leadctl runs resume RUN")


_RESUMABLE = frozenset(
    {
        ExitCode.ACCESS,
        ExitCode.TROUBLE,
        ExitCode.STOPPED,
        ExitCode.INTERRUPTED,
        ExitCode.TERMINATED,
    }
)


def _go_on(
    run_id: str,
    output: Output,
    ledger: str | None,
    *,
    acknowledged: bool = False,
    with_unknown: bool = True,
) -> None:
    from leadctl import run
    from leadctl.cli.asked import recalled
    from leadctl.cli.order import ordered

    with output.failures(), _opened(ledger) as opened:
        facts = opened.books(run_id).run()
    asked = recalled(facts.options, ledger)
    if acknowledged:
        asked = replace(asked, acknowledge_compliance=True)
    failures = output.failures(
        provider=facts.provider,
        account=facts.account,
        campaign=facts.campaign,
        dry_run=False,
    )
    with failures, ordered(asked) as order:
        output.detail(f"going on with {run_id}: {', '.join(map(str, asked.files))}")
        told = replace(order, tell=output.note, tell_wait=output.wait)
        found = run.push(replace(told, resumes=run_id, with_unknown=with_unknown))
    output.conclude(found)


def _asked_decision(books: Books) -> Decision | None:
    """Show what is unknown; on a terminal ask what became of it."""
    paths = [file.path for file in books.files()]
    groups = books.unknown()
    for file, rows, reason in groups:
        typer.echo(f"{paths[file]}  rows {rows}  {reason}")
    if not groups:
        typer.echo("no row of this run is unknown", err=True)
        return None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        typer.echo(f"decide with --as {' | '.join(Decision)}", err=True)
        return None
    answer = typer.prompt(
        f"What became of them ({', '.join(Decision)}; empty: leave)",
        default="",
        err=True,
    )
    return Decision(answer) if answer in [*Decision] else None
