"""Shows one run, or traces one row."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

from leadctl.cli import options
from leadctl.cli.output import Output, opened_screen
from leadctl.cli.runs.group import AnyRun, group, opened_ledger, report_of, run_of
from leadctl.cli.runs.listing import report_with_later
from leadctl.model.errors import LeadctlError, UsageError
from leadctl.model.wording import count

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.ledger.base import Ledger, RunReader
    from leadctl.reports.row_trace import RowTrace

FileNumber = Annotated[
    int,
    options.option(
        "--file N", "With --row: the number of the file; default: 1.", min=1
    ),
]


@group.command("show")
def show(
    run: AnyRun = None,
    row: Annotated[
        int | None,
        options.option("--row N", "Follow one row, e.g. 17, step by step.", min=1),
    ] = None,
    file: FileNumber = 1,
    unmasked: Annotated[
        bool,
        options.option(
            "--unmasked", "With --row: show lead data even without a terminal."
        ),
    ] = False,
    json: options.Json = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Show a run's results and requests, or follow one row.

    Reads the row's data from its file, because the ledger has none. The data is masked
    unless the output is a terminal, or with --unmasked.

    Example: leadctl runs show --row 17
    """
    from leadctl.reports import report, run_timeline

    output = Output(json=json)
    with output.failures(), opened_ledger(ledger) as opened:
        run_reader = run_of(opened, run)
        if row is not None:
            found = _traced(opened, run_reader, file, row, config)
            masked = not (unmasked or sys.stdout.isatty())
            _show_trace(found, output, run_reader.facts().id, masked=masked)
        elif json:
            output.document(report.document(report_of(opened, run_reader)))
        else:
            from leadctl.reports.console import show_run

            with opened_screen() as console:
                found_run = report_with_later(opened, run_reader)
                show_run(found_run, run_timeline.read(run_reader), console)


def _show_trace(found: RowTrace, output: Output, run: str, *, masked: bool) -> None:
    if output.json:
        from leadctl.reports.row_trace import document

        output.document({"run_id": run, **document(found, masked=masked)})
        return
    from leadctl.reports.console import show_row

    with opened_screen() as console:
        show_row(found, console, masked=masked)


def _traced(
    ledger: Ledger, run_reader: RunReader, file: int, row: int, config: Path | None
) -> RowTrace:
    from dataclasses import replace

    from leadctl.model.leads import Code
    from leadctl.reports.row_trace import earlier_row, row_of, row_trace
    from leadctl.runs.prepare import reopened

    files = run_reader.files()
    if file > len(files):
        raise UsageError(
            f"this run has no file {file}", hint=f"it has {count(len(files), 'file')}"
        )
    chosen, view, missing, line, same = files[file - 1], None, "", None, None
    verdict, run = run_reader.verdict(chosen.ordinal, row), run_reader.facts()
    try:
        _, plan = reopened(run_reader, config, chosen.ordinal)
        view, line = row_of(plan, row), plan.sources[0].lines_of([row]).get(row)
        if verdict and verdict.code == Code.DUPLICATE_IN_FILE:
            digest = ledger.digest(run.account, run.campaign)
            _, plan = reopened(run_reader, config)
            same = earlier_row(plan, digest, chosen.ordinal, row)
    except LeadctlError as error:  # the ledger knows its part all the same
        missing = "" if view else error.message
    found = row_trace(run_reader, chosen, row, view, missing)
    return replace(found, line=line, same_as=same)
