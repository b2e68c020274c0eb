"""Performs a run that sends, from opening the ledger to writing the reject file."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from leadctl.delivery import campaign_list, preflight_check, provider_session
from leadctl.delivery.retry import RetryPolicy
from leadctl.delivery.sender import Sender
from leadctl.ledger import open_ledger
from leadctl.model.clock import RealClock
from leadctl.model.errors import (
    CampaignClosed,
    CampaignLocked,
    InputChanged,
    Interrupted,
    LeadctlError,
    ProviderError,
)
from leadctl.model.leads import Note
from leadctl.model.progress import Meter
from leadctl.model.wording import count
from leadctl.runs import announce, history
from leadctl.runs.finish import finish
from leadctl.runs.planner import Planner
from leadctl.runs.rehearsal import open_run, opened_ledger, report_of, with_list_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from leadctl.delivery.provider_session import ProviderSession
    from leadctl.ledger.base import Ledger, RunWriter
    from leadctl.ledger.records import Run
    from leadctl.providers.base import Limits
    from leadctl.providers.preflight import PreflightResult
    from leadctl.reports.report import Report
    from leadctl.runs.request import ImportRequest


def push(request: ImportRequest) -> Report:
    """Deliver the job; raises LeadctlError where the run cannot begin.

    If the provider lists campaigns, the job's may be a unique name. Text that can be an
    id is tried as one first, so that an id requires no list.
    """
    for note in request.notes:
        if note.is_warning:
            request.note(note)
    provider = request.account.provider
    if request.resumes is not None or not provider.lists_campaigns:
        return _pushed(request)
    if provider.campaign_objection(request.plan.campaign):
        return _pushed(_by_name(request))
    try:
        return _pushed(request)
    except CampaignClosed as closed:
        try:
            named = _by_name(request)
        except CampaignClosed:
            raise
        except ProviderError:  # without the list, what the campaign's own call said
            raise closed from None
        if named.plan.campaign == request.plan.campaign:
            raise
        return _pushed(named)


def _by_name(request: ImportRequest) -> ImportRequest:
    """Look the job's campaign up in the account's list; CampaignClosed says why not."""
    account, asked = request.account, request.plan.campaign
    if request.access is None:
        raise ValueError("a dry run makes no requests")
    clock, most = RealClock(), account.connection.retry_for
    with open_ledger(request.ledger) as ledger:
        campaign = campaign_list.campaign_named(
            asked, account, request.access, ledger, clock, longest_wait=most
        )
    if campaign.id != asked:
        message = f"campaign {asked!r} of account {account.name}: id {campaign.id}"
        request.note(Note("campaign_named", message))
    return replace(
        request,
        job=replace(request.job, campaign=campaign.id),
        plan=replace(request.plan, campaign=campaign.id),
    )


def _pushed(request: ImportRequest) -> Report:
    stop, account = request.stop, request.account
    with contextlib.ExitStack() as stack:
        campaign = request.plan.campaign
        ledger = stack.enter_context(opened_ledger(request.ledger))
        if request.job.workers is not None:
            ledger.to_work_on()  # or it says why not, before anything else
        hold_for = _hold_campaign(stack, request, ledger)
        opened = provider_session.open_session(
            account, request.access, campaign, ledger
        )
        session = stack.enter_context(opened)
        history.require_possible(request, ledger)
        request = with_list_of(ledger, request)
        announce.require_no_doubt(request)
        earlier = history.earlier_run(request, ledger)
        moved = history.warn_if_moved(request, earlier)
        history.warn_if_half_undone(request, ledger)
        is_new = ledger.delivered(account.name, campaign).is_empty()
        is_first = moved or (earlier is None and is_new)  # its runs may be pruned
        checked = _preflight(request, session, is_first=is_first)
        with stop.heeded():
            importer, run_writer, meter = open_run(request, ledger, ledger)
            hold_for(run_writer.facts().id)
            stop.is_requested = run_writer.is_stop_requested
            announce.before(request, importer)
            sender = sender_of(request, session, run_writer, account.limits, meter)
            error: LeadctlError | None
            notes: list[Note] = []
            if not isinstance(checked, LeadctlError) and checked.name:
                run_writer.remember({"campaign_name": checked.name})
            if isinstance(checked, LeadctlError):
                error = importer.settle_unsent(sender, checked)
            elif request.job.workers is None:
                error = importer.deliver(sender.deliver)
            else:
                planner = Planner(
                    request,
                    ledger,
                    run_writer,
                    sender,
                    meter,
                    importer.has_too_many_rejects,
                )
                error = importer.deliver(planner.deliver)
                notes = run_writer.facts().notes
                is_complete = (
                    not (error or run_writer.has_open_batches())
                    and run_writer.tally.total() == importer.read
                )
                if stop.signal is None and not is_complete:
                    run_writer, error, more = _closed(
                        request, session, ledger, run_writer, error
                    )
                    notes += more
            if stop.signal is not None:
                error = _interrupted(request, stop.signal, run_writer.facts())
            told: Counter[Note] = Counter()
            for note in [*notes, *sender.notes()]:
                told[replace(note, count=0)] += note.count
            for note, leads in told.items():
                message = f"{count(leads, 'lead')}: {note.message}"
                request.note(replace(note, message=message, count=leads))
            finish(request, importer, run_writer, error)
            if not ledger.is_there():
                message = (
                    "the ledger was removed or replaced during this run; restore it, "
                    "or the next run sends these leads again"
                )
                request.note(Note("ledger_removed", message, is_warning=True))
            return report_of(run_writer, ledger)


def sender_of(
    request: ImportRequest,
    session: ProviderSession,
    run_writer: RunWriter,
    limits: Limits,
    meter: Meter | None = None,
) -> Sender:
    return Sender(
        request.account.provider,
        limits,
        session,
        run_writer,
        RealClock(request.stop),
        request.stop,
        RetryPolicy(longest_wait=request.account.connection.retry_for),
        request.tell_wait,
        meter=meter or Meter(),
    )


def _hold_campaign(
    stack: contextlib.ExitStack, request: ImportRequest, ledger: Ledger
) -> Callable[[str], None]:
    """Lock the campaign; waits up to `wait` seconds for a run that holds it."""
    account, campaign = request.account, request.plan.campaign
    clock, left = RealClock(), request.wait
    while True:
        try:
            return stack.enter_context(
                provider_session.hold_campaign(account, campaign, ledger)
            )
        except CampaignLocked as locked:
            if left <= 0:
                raise
            if left == request.wait:
                request.tell_wait(left, locked.message)
            pause = min(1.0, left)
            clock.sleep(pause)
            left -= pause


def _interrupted(request: ImportRequest, signal: int, run: Run) -> LeadctlError:
    if request.ledger is None:
        hint = "run the same command again"
        return Interrupted(signal, "nothing was recorded", hint=hint)
    by_request, hint = request.stop.by_request, run.command("resume")
    return Interrupted(signal, "progress is recorded", by_request=by_request, hint=hint)


def _preflight(
    request: ImportRequest, session: ProviderSession, *, is_first: bool
) -> PreflightResult | LeadctlError:
    """Make the preflight check; for a resumed run its error is returned, not raised."""
    account = request.account
    caller = preflight_check.PreflightCaller(
        account.provider,
        session,
        RealClock(),
        account.connection.retry_for,
        tell=request.tell_wait,
    )
    try:
        preflight = preflight_check.before_a_run(caller, request.plan.campaign)
    except ProviderError as error:
        hinted = provider_session.with_hint(error, account)
        if request.resumes is None:
            raise hinted from error
        return hinted
    request.tell_preflight(preflight)
    if (is_first or preflight.doubt) and request.resumes is None:
        request.ask_first(request, preflight)
    return preflight


def _closed(
    request: ImportRequest,
    session: ProviderSession,
    ledger: Ledger,
    run_writer: RunWriter,
    error: LeadctlError | None,
) -> tuple[RunWriter, LeadctlError | None, list[Note]]:
    """Settle what the workers of a run left, as a resume does.

    It reads the files again: if one has changed, the run stays open for a resume.
    """
    for source in request.plan.sources:
        try:
            source.require_unchanged()
        except InputChanged as changed:
            raise error or changed from None
    again = replace(
        request,
        job=replace(request.job, workers=None),
        resumes=run_writer.facts().id,
        with_unknown=False,
    )
    importer, run_writer, meter = open_run(again, ledger, ledger)
    sender = sender_of(again, session, run_writer, request.account.limits, meter)
    if error:
        importer.settle_unsent(sender, error)
    else:
        error = importer.deliver(sender.deliver)
    return run_writer, error, sender.notes()
