"""Writing a reject file again, and forgetting old runs."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadctl.cli import options
from leadctl.cli.runs.group import RunId, drop_spool, group, opened_ledger
from leadctl.model.wording import count

if TYPE_CHECKING:
    from leadctl.model.leads import Json


@group.command("rejects")
def rejects(
    run: RunId,
    to: Annotated[
        str | None,
        options.option(
            "--to",
            takes="PATH",
            about="e.g. again.csv; default: where the run wrote it.",
        ),
    ] = None,
    ledger: options.LedgerPath = None,
) -> None:
    """Write the reject file of a run again, from the ledger and the input.

    Example: leadctl runs rejects 20260301-093000-1f2e
    """
    from leadctl.cli.cli_options import restored_options
    from leadctl.cli.import_request import rebuilt_job
    from leadctl.cli.inputs import rejects_files
    from leadctl.model.leads import IN_REJECT_FILE
    from leadctl.reports import reject_file as files
    from leadctl.run import require_same_files

    with opened_ledger(ledger) as opened:
        run_reader = opened.run(run)
        cli_options = replace(
            restored_options(run_reader.facts().options, ledger), offline=True
        )
        if to:
            cli_options = replace(cli_options, rejects=Path(to))
        with rebuilt_job(cli_options) as job:
            require_same_files(run_reader, job)
            paths = rejects_files(cli_options, job.sources)
            for ordinal, source in enumerate(job.sources):
                findings = run_reader.findings(ordinal, IN_REJECT_FILE)
                path = paths[ordinal]
                number = files.write_if_any(path, source, findings, run)
                typer.echo(
                    f"{count(number, 'row')} in {path}" if number else "no such row",
                    err=True,
                )


@group.command("prune")
def prune(
    days: Annotated[
        int,
        options.option(
            "--days",
            takes="N",
            least=0,
            most=36_500,
            about="Keep runs of the last N days; default: 90.",
        ),
    ] = 90,
    ledger: options.LedgerPath = None,
) -> None:
    """Forget old runs. Who is delivered stays known; runs with unknown rows are kept.

    Example: leadctl runs prune --days 30
    """
    before = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    with opened_ledger(ledger) as opened:
        gone = opened.forget_runs(before)
        kept = {
            run_reader.facts().options.get("spool")
            for run_reader in opened.runs(most=10_000)
        }
    for cli_options in gone:
        drop_spool(cli_options)
    _drop_orphans(kept)
    typer.echo(f"{count(len(gone), 'run')} forgotten", err=True)


def _drop_orphans(kept: set[Json]) -> None:
    """Remove copies of stdin that no run knows: of processes killed while reading."""
    import platformdirs

    yesterday = time.time() - 86_400
    for copy in (platformdirs.user_state_path("leadctl") / "spool").glob("stdin-*"):
        if str(copy) not in kept and copy.stat().st_mtime < yesterday:
            copy.unlink(missing_ok=True)
