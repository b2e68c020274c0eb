"""Undoes a run: deletes at the provider what it created."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leadctl.config import config as settings
from leadctl.delivery import provider_session
from leadctl.delivery.remover import Remover
from leadctl.delivery.retry import RetryPolicy
from leadctl.delivery.retrying_caller import RetryingCaller
from leadctl.importing.removable import RemovableLeads
from leadctl.model.clock import CancellationToken, RealClock
from leadctl.model.errors import InputUnusable, Interrupted, UsageError
from leadctl.model.leads import Status
from leadctl.model.removal import Removal
from leadctl.providers import base_url
from leadctl.reports.undo_report import UndoReport
from leadctl.runs import options, spool
from leadctl.runs.history import columns_of
from leadctl.runs.prepare import reopened, stored_job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from leadctl.config.config import Account
    from leadctl.importing.job import Job
    from leadctl.importing.plan import Plan
    from leadctl.ledger.base import Ledger, RunRemoval
    from leadctl.ledger.records import Run
    from leadctl.providers.http_auth import Credentials

    EnvironmentOf = Callable[
        [Job], AbstractContextManager[tuple[Job, Mapping[str, str]]]
    ]
    """Yields the job and its accounts' variables; a simulator's in the sandbox."""


@dataclass(frozen=True)
class Undo:
    """Deletes what runs of a ledger, opened from `url`, created.

    `require_yes(planned, account, plan)` raises if the user does not agree.
    `tell_wait(seconds, why)` is called for every wait, `tell_progress(done, leads)` for
    every batch.
    """

    ledger: Ledger
    url: str
    config: Path | None
    environment_of: EnvironmentOf
    require_yes: Callable[[UndoReport, Account, Plan], None]
    tell_wait: Callable[[float, str], None]
    tell_progress: Callable[[int, int], None]
    stop: CancellationToken

    def planned(self, run: str) -> UndoReport:
        """Return what would be deleted; nothing is sent."""
        with self._opened(run) as (_, _, leads):
            return _planned(leads, dry_run=True)

    def done(self, run: str) -> UndoReport:
        """Delete it once the user agrees; the report has the error, if any."""
        with self._opened(run) as (account, environment, leads):
            by = provider_session.find_credentials(account, environment)
            return self._done(account, by, leads)

    @contextmanager
    def _opened(
        self, run: str
    ) -> Iterator[tuple[Account, Mapping[str, str], RemovableLeads]]:
        removal = self.ledger.removal(run)
        facts, job = removal.facts(), stored_job(removal, self.config)
        with ExitStack() as stack:
            copies = stack.enter_context(_copies(job, self.url, facts))
            job, environment = stack.enter_context(self.environment_of(job))
            account = settings.resolve(
                settings.load(self.config),
                environment,
                provider=job.provider,
                account=job.account,
            )
            _require_call(account, facts)
            plan = _plan(removal, self.config, copies)
            yield account, environment, RemovableLeads(plan, self.ledger, removal)

    def _done(
        self, account: Account, by: Credentials, leads: RemovableLeads
    ) -> UndoReport:
        ledger, campaign, stop = self.ledger, leads.plan.campaign, self.stop
        with provider_session.hold_campaign(account, campaign, ledger) as hold_for:
            hold_for(leads.run.facts().id)
            leads.run.begin()
            planned = _planned(leads)
            if not planned.leads:
                return planned
            self.require_yes(planned, account, leads.plan)
            with (
                provider_session.open_session(account, by, campaign, ledger) as session,
                stop.heeded(),
            ):
                if leads.run.facts().job.get("sandbox"):  # its simulator is new
                    for batch in leads.batches():
                        session.send(account.provider.request(batch))
                stop.is_requested = leads.run.is_stop_requested
                caller = RetryingCaller(
                    account.provider,
                    session,
                    RealClock(stop),
                    account.connection.retry_for,
                    attempts=RetryPolicy().attempts,
                    doubt_delay=account.limits.doubt_delay,
                    tell=self.tell_wait,
                )
                remover = Remover(
                    caller,
                    leads.run,
                    stop,
                    lambda done: self.tell_progress(done, planned.leads),
                )
                error = remover.remove(leads.batches())
            if stop.signal is not None:
                error = Interrupted(
                    stop.signal,
                    "the deletions so far are recorded",
                    by_request=stop.by_request,
                    hint=f"to continue: {planned.go_on}",
                )
            return replace(
                planned,
                counts=remover.counts,
                requests=remover.requests,
                error=error and provider_session.with_hint(error, account),
            )


def _planned(leads: RemovableLeads, *, dry_run: bool = False) -> UndoReport:
    facts, before = leads.run.facts(), leads.run.removals()
    return UndoReport(
        run_id=facts.id,
        run=facts,
        leads=leads.count(),
        gone=before[Removal.DELETED] + before[Removal.NOT_FOUND],
        left=leads.left,
        unknown_rows=leads.run.counts()[Status.UNKNOWN],
        dry_run=dry_run,
    )


def _require_call(account: Account, facts: Run) -> None:
    """Raise if the provider cannot delete, or the account's address has changed."""
    provider = account.provider
    if provider.removal_is_exact is None:
        raise UsageError(
            f"leadctl cannot delete leads at {provider.title}",
            hint="for alternatives see docs/undoing.md",
        )
    now, before = base_url.without_login(provider.base_url), facts.job.get("base_url")
    if before and before != now and not facts.job.get("sandbox"):
        raise InputUnusable(
            f"run {facts.id} used {before}, but account {account.name} now uses {now}",
            hint="set base_url to the address the run used",
        )


@contextmanager
def _copies(job: Job, ledger: str, facts: Run) -> Iterator[Mapping[str, str]]:
    """Yield the copies of the run's stdin: new ones if they were deleted."""
    if not spool.is_gone(job):
        yield job.copies
        return
    if {*job.copies} != {STDIN} or not sys.stdin or sys.stdin.isatty():
        raise InputUnusable(
            f"run {facts.id} read a stream; its copy was deleted when the run ended",
            hint=_pipe_again(facts),
        )
    _, streams = options.streams_of(STDIN)
    with spool.spooled(replace(job, copies={}), ledger, streams) as copied:
        try:
            yield copied.copies
        finally:
            spool.drop(copied)


STDIN = "-"


def _pipe_again(facts: Run) -> str:
    return f"pipe the same data again: {facts.command('undo')} --yes < FILE"


def _plan(removal: RunRemoval, config: Path | None, copies: Mapping[str, str]) -> Plan:
    try:
        _, plan = reopened(removal, config, copies=copies)
    except InputUnusable as error:
        if error.where:  # of a config file or profile
            raise
        facts = removal.facts()
        hint = (
            _pipe_again(facts)
            if copies
            else "undo reads the run's input again: restore it as it was at "
            f"{facts.started_at[:16]} UTC, then run: {facts.command('undo')}. Without "
            "it, delete the leads at the provider (docs/undoing.md)"
        )
        raise InputUnusable(error.message, hint=hint) from error
    return replace(plan, earlier_columns=columns_of(removal))
