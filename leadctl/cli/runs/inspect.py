"""Shows a run or a row of it, and writes its records, its page, its reject file."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path  # noqa: TC003  typer reads it at run time
from typing import Annotated

from leadctl.cli import options
from leadctl.cli.output import Output, heard, opened_screen, say
from leadctl.cli.parameters import option
from leadctl.cli.runs.group import (
    AnyRun,
    FileNumber,
    RejectedRun,
    group,
    latest_with,
    opened_ledger,
    report_of,
    run_of,
)
from leadctl.cli.runs.listing import report_with_later
from leadctl.model.errors import InputUnusable, UsageError
from leadctl.model.leads import IN_REJECT_FILE, Status
from leadctl.model.wording import count


@group.command("show")
def show(
    run: AnyRun = None,
    row: Annotated[
        int | None, option("--row N", "Follow one row, e.g. 17, step by step.", min=1)
    ] = None,
    file: FileNumber = None,
    unmasked: Annotated[
        bool,
        option("--unmasked", "With --row: show lead data even without a terminal."),
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
    from leadctl.reports import report, run_timeline, table

    output = Output(json=json)
    with output.failures(), opened_ledger(ledger) as opened:
        run_reader = run_of(opened, run)
        if row is None and file:
            raise UsageError("--file is of use with --row only")
        if row is not None:
            from leadctl.reports import row_trace
            from leadctl.runs.prepare import reopened

            files = run_reader.files()
            number = file or 1
            if number > len(files):
                hint = f"it has {count(len(files), 'file')}"
                raise UsageError(f"this run has no file {number}", hint=hint)
            found = row_trace.trace(
                opened,
                run_reader,
                files[number - 1],
                row,
                lambda one: reopened(run_reader, config, one)[1],
            )
            masked = not (unmasked or sys.stdout.isatty())
            if json:
                members = row_trace.document(found, masked=masked)
                output.document({"run_id": run_reader.facts().id, **members})
            else:
                with opened_screen() as screen:
                    row_trace.show_row(found, screen, masked=masked)
        elif json:
            output.document(report.document(report_of(opened, run_reader)))
        else:
            found_run = report_with_later(opened, run_reader)
            with opened_screen() as screen:
                table.show_run(found_run, run_timeline.read(run_reader), screen)


class Form(StrEnum):
    """The format of the records."""

    CSV = "csv"
    JSONL = "jsonl"


@group.command("export")
def export(
    run: AnyRun = None,
    form: Annotated[
        Form,
        option(f"--format {'|'.join(Form)}", "Format of the records; default: csv."),
    ] = Form.CSV,
    status: Annotated[
        list[Status] | None,
        option(
            f"--status {'|'.join(Status)}",
            "Only these rows, e.g. rejected; repeatable.",
        ),
    ] = None,
    ledger: options.LedgerPath = None,
) -> None:
    """Print the outcome of every row, one record per row.

    A record has row number, status, code, reason and request, but no lead data: the
    ledger has none.

    Example: leadctl runs export --format jsonl --status rejected
    """
    from leadctl.reports.export import delimited, json_lines

    lines = {Form.CSV: delimited, Form.JSONL: json_lines}[form]
    with opened_ledger(ledger) as opened, heard(sys.stdout):
        for line in lines(run_of(opened, run), status or ()):
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


@group.command("report")
def report(
    html: Annotated[Path, option("--html FILE", "The page, e.g. run.html; required.")],
    run: AnyRun = None,
    with_phones: Annotated[
        bool,
        option(
            "--with-phones",
            "List rows that need attention with their numbers, from the input.",
        ),
    ] = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Write a report of a run to share or print.

    The page is one self-contained file, without names and, by default, without
    phone numbers.

    Example: leadctl runs report --html run.html
    """
    from leadctl.model.atomic_write import atomic_write
    from leadctl.model.text_file import writing
    from leadctl.reports import html_report, run_timeline

    _require_ours(html)
    with opened_ledger(ledger) as opened:
        run_reader = run_of(opened, run)
        found = report_with_later(opened, run_reader)
        timeline, now = run_timeline.read(run_reader), time.time()
        contacts = None
        if with_phones:
            from leadctl.reports.html_report.rows import contacts_of
            from leadctl.runs.prepare import reopened

            contacts = contacts_of(run_reader, reopened(run_reader, config)[1])
        page = html_report.render(found, timeline, now, contacts)
    hint = "choose another location with --html"
    with writing(html, hint), atomic_write(html) as file:
        file.write(page)
    say(f"written: {html}")


def _require_ours(path: Path) -> None:
    """Refuse to replace a file that leadctl did not write."""
    from leadctl.reports.html_report import MARK

    if not path.exists() and not path.is_symlink():
        return
    if path.is_file() and not path.is_symlink():
        with path.open("rb") as file:
            if MARK.encode() in file.read(1000):
                return
    raise InputUnusable(
        f"{path} exists and is not a leadctl page",
        hint="move it, or choose another file with --html",
    )


@group.command("rejects")
def rejects(
    run: RejectedRun = None,
    to: Annotated[
        str | None,
        option("--to PATH", "e.g. again.csv; default: where the run wrote it."),
    ] = None,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Write a run's reject file again, from the ledger and the input.

    Example: leadctl runs rejects
    """
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
            rows = f"{count(number, 'row')} in {path}"
            say(rows if number else "no rejected or failed rows")
