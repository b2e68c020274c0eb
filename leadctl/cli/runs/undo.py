"""`leadctl runs undo`: delete at the provider what a run created."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import typer

from leadctl.cli import options  # noqa: TC001  typer reads the annotations at run time
from leadctl.cli.output import Output, echo, heard, say
from leadctl.cli.runs.group import RunId, group, opened_ledger
from leadctl.model.errors import (
    InputUnusable,
    Interrupted,
    LeadctlError,
    UsageError,
)
from leadctl.model.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from leadctl.cli.confirm import Consent
    from leadctl.config.config import Account
    from leadctl.importing.job import Job
    from leadctl.importing.plan import Plan
    from leadctl.importing.removable import RemovableLeads
    from leadctl.ledger.base import Ledger, RunRemoval
    from leadctl.ledger.records import Run
    from leadctl.providers.http_auth import Credentials
    from leadctl.reports.undo_report import UndoReport


@group.command("undo")
def undo(
    run: RunId,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Delete the leads that a run created, where the provider has a call for it.

    Reads the run's input again, shows what it would delete, and asks. What came from
    stdin must be piped again. Takes nothing that was there before or that another run
    delivered. A later push sends the leads again. Lupitor and Ozonetel have such a
    call.

    Example: leadctl runs undo 20260301-093000-1f2e --dry-run
    """
    from leadctl.cli.confirm import Consent
    from leadctl.ledger import resolved
    from leadctl.reports.undo_report import UndoReport

    output = Output(json, quiet, verbose)
    try:
        with opened_ledger(ledger) as opened:
            run = opened.run(run).facts().id
            asked = _Undo(run, output, Consent(yes, no_input), dry_run=dry_run)
            found = asked.on(opened, resolved(ledger), config)
    except LeadctlError as error:
        if json:
            output.document(UndoReport(run, dry_run=dry_run, error=error).document())
        raise
    if json:
        output.document(found.document())
    elif not (quiet and found.exit_code == 0):
        with heard(sys.stdout):
            for line in found.lines():
                echo(line)
            sys.stdout.flush()
    if found.error:
        say(f"leadctl: {found.error.message}")
        say(f"  {found.error.hint or f'to continue: {found.go_on}'}")
    raise typer.Exit(found.exit_code)


@dataclass(frozen=True)
class _Undo:
    """What was asked for."""

    run: str
    output: Output
    consent: Consent
    dry_run: bool

    def on(self, opened: Ledger, url: str, config: Path | None) -> UndoReport:
        from leadctl.api import environment_of
        from leadctl.config import config as settings
        from leadctl.delivery import provider_session
        from leadctl.importing.removable import RemovableLeads
        from leadctl.runs.prepare import stored_job

        removal = opened.removal(self.run)
        job = stored_job(removal, config)
        with ExitStack() as stack:
            copies = stack.enter_context(_copies(job, url, removal.facts()))
            job, environment = stack.enter_context(environment_of(job))
            account = settings.resolve(
                settings.load(config),
                environment,
                provider=job.provider,
                account=job.account,
            )
            _require_call(account, removal.facts())
            leads = RemovableLeads(_plan(removal, config, copies), opened, removal)
            if self.dry_run:
                return self._planned(leads)
            by = provider_session.find_credentials(account, environment)
            return self._done(account, by, leads)

    def _planned(self, leads: RemovableLeads) -> UndoReport:
        from leadctl.model.leads import Status
        from leadctl.model.removal import Removal
        from leadctl.reports.undo_report import UndoReport

        before = leads.run.removals()
        return UndoReport(
            run_id=self.run,
            run=leads.run.facts(),
            leads=leads.count(),
            gone=before[Removal.DELETED] + before[Removal.NOT_FOUND],
            left=leads.left,
            unknown_rows=leads.run.counts()[Status.UNKNOWN],
            dry_run=self.dry_run,
        )

    def _done(
        self, account: Account, by: Credentials, leads: RemovableLeads
    ) -> UndoReport:
        from leadctl.cli.process import stop_on_signal
        from leadctl.delivery import provider_session
        from leadctl.delivery.remover import Remover
        from leadctl.model.clock import CancellationToken, RealClock

        opened, campaign = leads.ledger, leads.plan.campaign
        with provider_session.hold_campaign(account, campaign, opened) as lock:
            lock.hold_for(self.run)
            leads.run.begin()
            planned = self._planned(leads)
            if not planned.leads:
                return planned
            self._require_yes(planned, account, leads.plan)
            stop = CancellationToken()
            with (
                provider_session.open_session(account, by, campaign, opened) as session,
                stop_on_signal(stop),
                stop.heeded(),
            ):
                if leads.run.facts().job.get("sandbox"):  # its simulator is new
                    for batch in leads.batches():
                        session.send(account.provider.request(batch))
                clock = RealClock(stop)
                stop.is_requested = leads.run.is_stop_requested
                progress = _Progress(self.output, planned.leads)
                remover = Remover(
                    account,
                    session,
                    leads.run,
                    clock,
                    stop,
                    self.output.wait,
                    progress.tell,
                )
                error = remover.remove(leads.batches())
            if stop.signal is not None:
                error = Interrupted(
                    stop.signal,
                    "the deletions so far are recorded",
                    request="`leadctl runs stop`" if stop.by_request else None,
                    hint=f"to continue: {planned.go_on}",
                )
            return replace(
                planned,
                counts=remover.counts,
                requests=remover.requests,
                error=error and provider_session.with_hint(error, account),
            )

    def _require_yes(self, planned: UndoReport, account: Account, plan: Plan) -> None:
        from leadctl.cli import questions

        if not self.consent.yes:
            for line in _screen(planned, account, plan):
                say(line)
        questions.require_yes(
            "Delete them?", yes=self.consent.yes, no_input=self.consent.no_input
        )


@dataclass
class _Progress:
    """Prints progress from time to time, on a terminal or with -v."""

    output: Output
    leads: int
    told: float = field(default_factory=time.monotonic)

    def tell(self, done: int) -> None:
        is_heard = sys.stderr.isatty() and not self.output.quiet
        if time.monotonic() - self.told >= EVERY and (is_heard or self.output.verbose):
            self.told = time.monotonic()
            say(f"{done:,} of {count(self.leads, 'lead')}")


EVERY = 10.0
"""Seconds between two lines of progress."""


def _require_call(account: Account, facts: Run) -> None:
    """Refuse if nothing can be deleted, or if it would be deleted somewhere else."""
    from leadctl.providers import base_url

    provider = account.provider
    if provider.removal_is_exact is None:
        raise UsageError(
            f"leadctl cannot delete leads at {provider.title}",
            hint="for alternatives see docs/undoing.md",
        )
    before, now = (
        facts.job.get("base_url"),
        base_url.without_login(provider.base_url),
    )
    if before and before != now and not facts.job.get("sandbox"):
        raise InputUnusable(
            f"run {facts.id} used {before}, but account {account.name} now uses {now}",
            hint="set base_url to the address the run used",
        )


@contextmanager
def _copies(job: Job, ledger: str, facts: Run) -> Iterator[Mapping[str, str]]:
    """Yield new copies of the run's stdin: the first ones were deleted at its end."""
    from leadctl.runs import options as run_options
    from leadctl.runs import spool

    if not spool.is_gone(job):
        yield job.copies
        return
    if {*job.copies} != {STDIN} or not sys.stdin or sys.stdin.isatty():
        raise InputUnusable(
            f"run {facts.id} read a stream, whose copy was deleted at the run's end",
            hint=_pipe_again(facts),
        )
    _, streams = run_options.streams_of(STDIN)
    with spool.copied_again(job, ledger, streams) as copied:
        yield copied.copies


STDIN = "-"


def _pipe_again(facts: Run) -> str:
    return f"pipe the same data again: {facts.command('undo')} --yes < FILE"


def _plan(removal: RunRemoval, config: Path | None, copies: Mapping[str, str]) -> Plan:
    """Open the run's input again, to be read the same way."""
    from leadctl.runs.history import columns_of
    from leadctl.runs.prepare import reopened

    try:
        _, plan = reopened(removal, config, copies=copies)
    except InputUnusable as error:
        if error.where:  # of a config file or profile
            raise
        files = "undo requires the run's unchanged input files"
        hint = _pipe_again(removal.facts()) if copies else files
        raise InputUnusable(error.message, hint=hint) from error
    return replace(plan, earlier_columns=columns_of(removal))


def _screen(planned: UndoReport, account: Account, plan: Plan) -> Iterator[str]:
    from leadctl.importing.forecast import forecast

    provider = account.provider
    yield f"This deletes what run {planned.run_id} created:"
    yield f"  leads     {planned.leads:,}"
    yield f"  provider  {provider.title}, {provider.base_url}"
    yield f"  account   {account.name}"
    yield f"  campaign  {plan.campaign}"
    if not provider.removal_is_exact:
        yield (
            "  warning   leads are deleted by number: another record with the same "
            "number may be deleted instead"
        )
    for remark in planned.remarks():
        yield f"  {remark}"
    seconds = forecast(planned.leads, plan.batch_size, account.limits)
    yield f"  takes     {seconds}"
    yield "  then      the next push sends these leads again"
