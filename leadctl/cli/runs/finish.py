"""Resumes and stops runs, and records decisions about their unknown rows."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from leadctl.cli import options
from leadctl.cli.output import Output, echo, line, say, somebody_is_there
from leadctl.cli.parameters import option, spread
from leadctl.cli.runs.group import (
    FailedRun,
    FileNumber,
    RunId,
    UnfinishedRun,
    UnknownRun,
    group,
    latest_with,
    opened_ledger,
)
from leadctl.model.errors import ExitCode, UsageError
from leadctl.model.leads import Status
from leadctl.model.printable import members
from leadctl.model.wording import count, display_name

if TYPE_CHECKING:
    from leadctl.ledger.base import RunReader


class Decision(StrEnum):
    """What an operator can decide about unknown rows."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not-delivered"
    SEND_AGAIN = "send-again"


@group.command("resume")
@spread
def resume(
    asked: options.ResumeOptions,
    printed: options.OutputOptions,
    run: UnfinishedRun = None,
) -> None:
    """Finish an interrupted or stopped run; the report covers the whole run.

    Rows with an outcome are skipped. A batch without an answer is sent again only if
    the provider makes that safe.

    Example: leadctl runs resume
    """
    _go_on(run, Output.of(**printed), **asked)


@group.command("retry")
@spread
def retry(
    asked: options.ResumeOptions, printed: options.OutputOptions, run: FailedRun = None
) -> None:
    """Send the failed rows of a run again.

    Example: leadctl runs retry
    """
    output = Output.of(**printed)
    with output.failures(), opened_ledger(asked["ledger"]) as opened:
        chosen = latest_with(opened, [Status.FAILED], run)
    _go_on(chosen, output, with_unknown=False, **asked)


@group.command("resolve")
def resolve(
    run: UnknownRun = None,
    decision: Annotated[
        Decision | None,
        option(
            f"--as {'|'.join(Decision)}",
            "The decision; default: show the rows and ask.",
        ),
    ] = None,
    rows: Annotated[
        str | None, option("--rows ROWS", "e.g. 1-3,7; default: all.")
    ] = None,
    file: FileNumber = None,
    no_input: options.NoInput = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Show a run's unknown rows, or decide about them.

    delivered: the rows are in the campaign. not-delivered: they are not; `runs retry`
    or the reject file sends them. send-again: they are not, and are sent at once.

    Example: leadctl runs resolve 20260301-093000-1f2e --as delivered --rows 17-20
    """
    from leadctl.importing.job import Job
    from leadctl.model import row_set
    from leadctl.reports import report
    from leadctl.runs import spool

    try:
        ranges = row_set.read(rows) if rows else None
    except ValueError as error:
        raise UsageError(f"--rows takes rows such as 1-3,7, not {rows!r}") from error
    with opened_ledger(ledger) as opened:
        run = latest_with(opened, [Status.UNKNOWN], run)
        run_reader = opened.resumed(run)
        decision = decision or _asked_decision(run_reader, no_input=no_input)
        if decision is None:
            return
        place = (file or 1) - 1 if file or rows else None
        is_delivered = decision is Decision.DELIVERED
        number = run_reader.decide(place, ranges, delivered=is_delivered)
        facts = run_reader.facts()
        if not number:
            raise UsageError(
                "these rows are not unknown", hint=facts.command("resolve")
            )
        code = report.exit_code(run_reader.counts(), None)
        run_reader.close_again(code)
        if code in (ExitCode.OK, ExitCode.REJECTED):
            spool.drop(Job.from_json(facts.job))
    say(f"{count(number, 'row')} of {run}: {decision.value}")
    if decision is Decision.SEND_AGAIN:
        _go_on(run, Output(), ledger=ledger, config=config)
    if decision is Decision.NOT_DELIVERED:
        say(f"to send them, run: {facts.command('retry')}")


@group.command("stop")
def stop(
    run: RunId,
    give_up: Annotated[
        bool,
        option("--give-up", "For a stopped run: no longer list its rows as to do."),
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
        process, has_ended = opened.process_of(facts), facts.finished_at is not None
        if give_up:
            if process is not None:
                hint = f"stop it first: {facts.command('stop')}"
                raise UsageError(f"run {facts.id} is in progress", hint=hint)
            opened.resumed(facts.id).remember({"given_up": True})
            echo(f"run {facts.id} is given up: its rows no longer count as to do")
            say(f"to finish it after all: {facts.command('resume')}")
            return
        if process is None:
            why = "has ended"
            if not has_ended:
                why = "is not in progress: its process is gone"
            hint = (
                "to finish it, or to give it up:\n"
                f"{facts.command('resume')}\n{facts.command('stop')} --give-up"
            )
            if facts.exit_code == ExitCode.OK:
                hint = facts.command("show")
            raise UsageError(f"run {facts.id} {why}", hint=hint)
        opened.request_stop(facts.id)
    what = f"the undo of run {facts.id}" if has_ended else f"run {facts.id}"
    say(f"asked {what} to stop; it ends after the requests in flight")
    say(f"then: {facts.command('undo' if has_ended else 'resume')}")


def _go_on(run: str | None, output: Output, **asked: Any) -> None:  # noqa: ANN401  of leadctl.resume
    from leadctl import api
    from leadctl.cli.push import conclude
    from leadctl.runs.history import latest_unfinished

    with output.failures(), opened_ledger(asked["ledger"]) as opened:
        run_reader = opened.run(run) if run else latest_unfinished(opened)
        run_facts = run_reader.facts()
    facts = members(run_facts, "provider", "account", "campaign") | {"dry_run": False}
    conclude(output, partial(api.resume, run_facts.id, **asked), facts)


def _asked_decision(run_reader: RunReader, *, no_input: bool) -> Decision | None:
    """Show the unknown rows; at a terminal, ask what to do with them."""
    paths = [display_name(file.path) for file in run_reader.files()]
    groups = run_reader.unknown()
    for file, rows, reason in groups:
        echo(f"{paths[file]}  rows {rows}  {reason}")
    if not groups:
        say("this run has no unknown rows")
        return None
    if no_input or not somebody_is_there():
        say(f"decide with --as {' | '.join(Decision)}")
        return None
    answer = line(f"Decision ({', '.join(Decision)}; Enter to skip): ")
    return next((one for one in Decision if one == answer), None)
