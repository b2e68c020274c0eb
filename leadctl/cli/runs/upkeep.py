"""Rewrites reject files, and forgets old runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from leadctl.cli import options
from leadctl.cli.output import echo, require_yes
from leadctl.cli.runs.group import RejectedRun, group, latest_with, opened_ledger
from leadctl.model.wording import count


@group.command("rejects")
def rejects(
    run: RejectedRun = None,
    to: Annotated[
        str | None,
        options.option("--to PATH", "e.g. again.csv; default: where the run wrote it."),
    ] = None,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Write a run's reject file again, from the ledger and the input.

    Example: leadctl runs rejects
    """
    from leadctl.model.leads import IN_REJECT_FILE
    from leadctl.reports import reject_file as files
    from leadctl.runs.inputs import rejects_files
    from leadctl.runs.prepare import reopened

    with opened_ledger(ledger) as opened:
        run = latest_with(opened, IN_REJECT_FILE, run)
        run_reader = opened.run(run)
        job, plan = reopened(run_reader, config)
        if to:
            job = replace(job, rejects=to, rejects_dir=None)
        paths = rejects_files(job, plan.sources)
        for ordinal, (path, source) in enumerate(zip(paths, plan.sources, strict=True)):
            findings = run_reader.findings(ordinal, IN_REJECT_FILE)
            number = files.write_if_any(path, source, findings, run)
            echo(
                f"{count(number, 'row')} in {path}"
                if number
                else "no rejected or failed rows",
                err=True,
            )


@group.command("prune")
def prune(
    days: Annotated[
        int,
        options.option(
            "--days N",
            "Keep the runs of the last N days; default: 90.",
            min=0,
            max=36_500,
        ),
    ] = 90,
    dry_run: Annotated[
        bool, options.option("--dry-run -n", "Only count the runs.")
    ] = False,
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
            echo(f"{count(old, 'run')} to forget", err=True)
            return
        if old:
            question = f"Forget {count(old, 'run')} older than {count(days, 'day')}?"
            require_yes(question, yes=yes, no_input=no_input)
        gone = opened.forget_runs(before)
    for job in gone:
        spool.drop(Job.from_json(job))
    spool.drop_abandoned(resolved(ledger))
    echo(f"{count(len(gone), 'run')} forgotten", err=True)
