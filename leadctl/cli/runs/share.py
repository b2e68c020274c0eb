"""Exports a run: its rows as records, its report as a page."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from enum import StrEnum
from itertools import islice
from pathlib import Path  # noqa: TC003  typer reads it at run time
from typing import TYPE_CHECKING, Annotated

from leadctl.cli import options
from leadctl.cli.output import echo, heard
from leadctl.cli.runs.group import (
    AnyRun,
    group,
    opened_ledger,
    run_of,
)
from leadctl.cli.runs.listing import report_with_later
from leadctl.model.errors import InputUnusable
from leadctl.model.leads import Status

if TYPE_CHECKING:
    from leadctl.ledger.base import RunReader
    from leadctl.reports.callback_list import Contact

MOST_CONTACTS = 100


class Form(StrEnum):
    """The format of the records."""

    CSV = "csv"
    JSONL = "jsonl"


@group.command("export")
def export(
    run: AnyRun = None,
    form: Annotated[
        Form,
        options.option(
            f"--format {'|'.join(Form)}", "Format of the records; default: csv."
        ),
    ] = Form.CSV,
    status: Annotated[
        list[Status] | None,
        options.option(
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
    html: Annotated[
        Path, options.option("--html FILE", "The page, e.g. run.html; required.")
    ],
    run: AnyRun = None,
    with_phones: Annotated[
        bool,
        options.option(
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
    from leadctl.reports import html_report, run_timeline

    _require_ours(html)
    with opened_ledger(ledger) as opened:
        run_reader = run_of(opened, run)
        content = html_report.ReportPage(
            report_with_later(opened, run_reader),
            run_timeline.read(run_reader),
            time.time(),
        )
        if with_phones:
            found, left_out = _contacts(run_reader, config)
            content = replace(content, contacts=found, left_out=left_out)
        _write(html, html_report.render(content))
    echo(f"written: {html}", err=True)


def _contacts(run_reader: RunReader, config: Path | None) -> tuple[list[Contact], int]:
    from leadctl.reports.callback_list import callback_list
    from leadctl.runs.prepare import reopened

    _job, plan = reopened(run_reader, config)
    found = callback_list(run_reader, plan)
    return [*islice(found, MOST_CONTACTS)], sum(1 for _ in found)


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


def _write(path: Path, content: str) -> None:
    from leadctl.model.atomic_write import atomic_write

    try:
        with atomic_write(path) as file:
            file.write(content)
    except OSError as error:
        raise InputUnusable(
            f"cannot write the page {path}: {error.strerror}",
            hint="choose another location with --html",
        ) from error
