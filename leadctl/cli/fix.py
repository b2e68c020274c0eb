"""`leadctl fix`: goes through a reject file, row by row, at the terminal."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path  # noqa: TC003  typer reads it at run time
from typing import TYPE_CHECKING, Annotated

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.output import answered, echo, line, say, somebody_is_there
from leadctl.cli.parameters import Section, argument, option
from leadctl.model.errors import InputUnusable, UsageError
from leadctl.model.leads import OWN, Row, Status
from leadctl.model.wording import count, listed, nearest, short

if TYPE_CHECKING:
    from leadctl.importing.job import Job
    from leadctl.importing.judge import Judge
    from leadctl.importing.plan import Rules
    from leadctl.model.leads import Cells
    from leadctl.reports.corrections import Corrections
    from leadctl.reports.report import Report
    from leadctl.sources.source import Source

_NAME = re.compile(r"\s*[^\W\d][\w .-]*")
HELP = "Enter keeps a row, :d drops it, :q saves and quits, COLUMN=VALUE changes a cell"


@app.command("fix", rich_help_panel=Section.IMPORT)
def fix(
    rejects: Annotated[Path, argument("REJECTS", "A reject file that leadctl wrote.")],
    editor: Annotated[
        bool, option("--editor", "Open the file in $EDITOR instead.")
    ] = False,
    provider: options.ProviderName = None,
    campaign: options.Campaign = None,
    account: options.AccountName = None,
    profile: options.ProfileName = None,
    region: options.Region = None,
    no_input: options.NoInput = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Correct a reject file row by row, and push it.

    Shows each rejected row with its reason, asks for the wrong cell, and checks your
    answer as push would. Provider and profile are those of the run that wrote the file;
    for other files, as after check, name the provider. Other cells and leadctl's
    columns stay unchanged.

    Example: leadctl fix leads.rejects.csv
    """
    from leadctl.importing.job import Job
    from leadctl.ledger import resolved
    from leadctl.reports import reject_file
    from leadctl.reports.next_steps import push_again
    from leadctl.reports.report import Report
    from leadctl.runs.prepare import inspected

    if not reject_file.is_ours(rejects):
        raise InputUnusable(
            f"{rejects} is not a leadctl reject file",
            hint="name the file that a push wrote, e.g. leads.rejects.csv",
        )
    if no_input or not somebody_is_there():
        raise UsageError(
            "fix asks about each row and requires a terminal",
            hint="fix the file in a spreadsheet or an editor, then push it",
        )
    if provider or account:
        job = Job(
            provider=provider,
            account=account,
            campaign=campaign,
            profile=profile,
            region=region,
            config=str(config) if config else None,
        )
        found = Report(
            account=account or "",
            campaign=campaign or "",
            ledger=resolved(ledger),
            job=job,
        )
    else:
        found, job = _of_run(rejects, ledger, config)
    if editor:
        _edit(rejects)
    with inspected(replace(job, files=(str(rejects),)), "", {}) as rules:
        if editor:
            _show_left(rules)
        is_done = editor or _correct(rules)
    command = push_again(found, [str(rejects)])
    echo(command)
    if is_done and found.campaign and answered("Push it now? [y/N] "):
        from leadctl.cli import main

        main(shlex.split(command)[1:])


def _of_run(
    rejects: Path, ledger: str | None, config: Path | None
) -> tuple[Report, Job]:
    """Return the report of the run that wrote the file, and the job to judge it by."""
    from leadctl.cli.runs.group import opened_ledger
    from leadctl.phones.rule import Numbers
    from leadctl.reports import report
    from leadctl.runs.prepare import stored_job

    run = _run_named_in(rejects)
    with opened_ledger(ledger) as opened:
        try:
            run_reader = opened.run(run)
        except UsageError as error:
            raise UsageError(
                f"the ledger does not know the run that wrote {rejects}",
                hint="name the provider: --provider NAME (and --profile, --region)",
            ) from error
        found = report.read(run_reader)
        job = stored_job(run_reader, config)
    numbers = job.numbers or Numbers(job.column_numbers or Numbers.AUTO)
    return found, replace(job, numbers=numbers, skip=0, limit=None, copies={})


def _run_named_in(rejects: Path) -> str:
    from leadctl.sources import detect
    from leadctl.sources.formats import ReadOptions

    source = detect.open_source(rejects, ReadOptions(), str(rejects))
    for row in source.rows():
        if isinstance(row, Row):
            return _own(row.cells, source, "run")
    raise InputUnusable(f"{rejects} has no rows", hint="nothing to fix")


def _own(cells: Cells, source: Source, word: str) -> str:
    """Return the value of one of leadctl's own columns in a row."""
    name = OWN + word
    if isinstance(cells, list):
        columns = source.columns
        return cells[columns.index(name)] if name in columns else ""
    return str(cells.get(name, ""))


def _edit(rejects: Path) -> None:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        subprocess.run([*shlex.split(editor), str(rejects)], check=True)  # noqa: S603  the user's own
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise UsageError(
            f"the editor {short(editor)!r} failed", hint="set EDITOR to one that works"
        ) from error


def _show_left(rules: Rules) -> None:
    """Print which rows of an edited file would still be rejected."""
    from leadctl.importing.judge import Judge

    judge, (source,) = Judge(rules), rules.sources
    findings = [
        finding
        for block in source.blocks()
        for finding in judge.judge(0, block).findings
        if finding.status is Status.REJECTED
    ]
    for finding in findings[:MOST_SHOWN]:
        say(f"row {finding.row}: {finding.reason}")
    say(f"{count(len(findings), 'row')} of {source.shown} would still be rejected")


MOST_SHOWN = 10


def _correct(rules: Rules) -> bool:
    """Ask about every row, and save; returns whether the user came to the end."""
    from leadctl.importing.judge import Judge
    from leadctl.reports.corrections import Corrections

    (source,) = rules.sources
    corrections = Corrections(source)
    say(HELP)
    try:
        _Dialogue(corrections, Judge(rules)).run()
    except _Ended:
        return False
    finally:
        if corrections.changed or corrections.dropped:
            corrections.save()
            say(
                f"saved {source.shown}: {len(corrections.changed)} corrected, "
                f"{len(corrections.dropped)} dropped"
            )
    return True


class _Ended(Exception):
    """The user ended the dialogue."""


@dataclass
class _Dialogue:
    """Asks about the rows of a file."""

    corrections: Corrections
    judge: Judge

    def run(self) -> None:
        """Ask about every row; raises _Ended if the user quits before."""
        source = self.corrections.source
        rows = [*source.rows()]
        for place, row in enumerate(rows, 1):
            heading = f"Row {place} of {len(rows)}"
            if not isinstance(row, Row):
                say(f"{heading}: {row.reason}; correct it with --editor")
            elif _own(row.cells, source, "status") != Status.FAILED:
                reason = _own(row.cells, source, "reason")
                say(f"{heading}: {reason or 'no reason given'}")
                self._ask(row)

    def _ask(self, row: Row) -> None:
        """Show a row, and ask until it is kept, dropped or valid."""
        from leadctl.importing.preview import row_view

        corrections, cells = self.corrections, row.cells
        for name in corrections.columns:
            if value := corrections.value(cells, name):
                say(f"  {short(name)}: {short(value.removeprefix(chr(39)))}")
        column = self._at_fault(row)
        while answer := line(f"{short(column) if column else 'COLUMN=VALUE'}: "):
            if answer == ":q":
                raise _Ended
            if answer == ":d":
                corrections.dropped.add(row.number)
                corrections.changed.pop(row.number, None)
                return
            named, value = self._meant(answer, column)
            if named is None:
                near = nearest(value, corrections.columns)
                say(f"  no column {short(value)!r}{near}")
                say(f"  columns: {listed(corrections.columns)}")
                continue
            try:
                cells = corrections.with_value(cells, named, value)
            except UnicodeEncodeError:
                encoding = corrections.source.encoding
                say(f"the file's encoding {encoding} cannot store that")
                continue
            finding = row_view(self.judge, 0, Row(row.number, cells)).finding
            if finding and finding.status is Status.REJECTED:
                say(f"  still rejected: {finding.reason}")
                continue
            corrections.changed[row.number] = cells
            return
        if answer is None:
            raise _Ended

    def _meant(self, answer: str, column: str | None) -> tuple[str | None, str]:
        """Return the column that an answer is for, and its value.

        Without such a column, return the name that was given in place of the value. A
        value may contain `=` itself, as in a URL.
        """
        name, equals, value = answer.partition("=")
        if equals and (named := self.corrections.column(name)):
            return named, value.strip()
        if column is None or (equals and _NAME.fullmatch(name)):
            return None, name.strip()
        return column, answer

    def _at_fault(self, row: Row) -> str | None:
        """Return the column of the field that the reason is about, if there is one."""
        source, (mapper,) = self.corrections.source, self.judge.mappers
        field = _own(row.cells, source, "field")
        read = [n for n in mapper.columns.get(field, ()) if n in source.columns]
        filled = [name for name in read if self.corrections.value(row.cells, name)]
        return next(iter([*filled, *read]), None)
