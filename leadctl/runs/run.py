"""Performs one run from the open ledger to the written reject file."""

from __future__ import annotations

import contextlib
import time
import weakref
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from leadctl.delivery import campaign_list, preflight_check, provider_session
from leadctl.delivery.retry import RetryPolicy
from leadctl.delivery.sender import Sender
from leadctl.importing.importer import DeliveryHistory, Importer
from leadctl.importing.job import Job
from leadctl.importing.plan import require_mappable
from leadctl.ledger import open_existing, open_ledger
from leadctl.ledger.records import NewRun
from leadctl.model.clock import CancellationToken, RealClock
from leadctl.model.errors import (
    CampaignClosed,
    ExitCode,
    InputUnusable,
    Interrupted,
    LeadctlError,
    ProviderError,
    RejectsNotWritten,
)
from leadctl.model.leads import IN_REJECT_FILE, Note
from leadctl.model.progress import Meter
from leadctl.model.wording import count
from leadctl.phones.column import ColumnSays
from leadctl.reports import reject_file, report
from leadctl.runs import announce, spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from leadctl.config.config import Account
    from leadctl.delivery.provider_session import ProviderSession
    from leadctl.importing.plan import Plan
    from leadctl.ledger.base import Ledger, RunReader, RunWriter
    from leadctl.ledger.records import FileOfRun, Run
    from leadctl.model.progress import Progress
    from leadctl.providers.http_auth import Credentials
    from leadctl.providers.preflight import PreflightResult
    from leadctl.reports.report import Report


@dataclass(frozen=True)
class ImportRequest:
    """A job that is open, and where its traces go.

    Without `access` it can only be rehearsed.

    `job` is stored with the run, for a resume; its copies are removed when nothing of
    them is left to send. `rejects_files` has a path for each source.
    `resumes` is the run to go on with; `with_unknown`, its unknown rows are sent again
    where that is safe.
    `stop` ends the run early, with everything recorded.
    `notes` are told first. `tell` hears every note, `tell_wait` every wait for the
    provider, and `tell_preflight` what the preflight check showed.
    `ask_first` hears that too, with the request as it is by then, before the first run
    to a campaign at its address and where the call leaves doubt: a LeadctlError it
    raises ends it all with nothing recorded.
    `tell_progress` hears once a batch how far the run is.
    """

    job: Job
    plan: Plan
    account: Account
    ledger: str | None
    rejects_files: Sequence[Path]
    access: Credentials | None = None
    resumes: str | None = None
    with_unknown: bool = True
    stop: CancellationToken = field(default_factory=CancellationToken)
    notes: Sequence[Note] = ()
    told: list[Note] = field(default_factory=list)
    """What was told so far: it is stored with the run."""
    tell: Callable[[Note], None] = lambda _note: None
    tell_wait: Callable[[float, str], None] = lambda _seconds, _why: None
    tell_preflight: Callable[[PreflightResult], None] = lambda _preflight: None
    ask_first: Callable[[ImportRequest, PreflightResult], None] = (
        lambda _request, preflight: preflight_check.require_no_doubt(preflight)
    )
    tell_progress: Callable[[Progress], None] = lambda _progress: None

    def note(
        self, code: str, message: str, count: int = 0, *, is_warning: bool = False
    ) -> None:
        """Tell something once, and keep it for the report."""
        note = Note(code, message, count, is_warning)
        self.told.append(note)
        self.tell(note)


def push(request: ImportRequest) -> Report:
    """Deliver the job; raises LeadctlError where the run cannot begin.

    Where the provider lists campaigns, the job's may be a name that only one has. What
    can be an id is tried as one first, so that an id costs no list.
    """
    for note in request.notes:
        if note.is_warning:
            request.note(note.code, note.message, is_warning=True)
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
        raise ValueError("a rehearsal makes no requests")
    clock, most = RealClock(CancellationToken()), account.connection.retry_for
    with open_ledger(request.ledger) as ledger:
        found = campaign_list.campaigns_of(
            account, request.access, ledger, clock, longest_wait=most
        )
    campaign = campaign_list.named(found, asked, account.name)
    if campaign.id != asked:
        message = f"campaign {asked!r} of account {account.name}: id {campaign.id}"
        request.note("campaign_named", message)
    return replace(
        request,
        job=replace(request.job, campaign=campaign.id),
        plan=replace(request.plan, campaign=campaign.id),
    )


def _pushed(request: ImportRequest) -> Report:
    stop, account, limits = request.stop, request.account, request.account.limits
    with contextlib.ExitStack() as stack:
        campaign = request.plan.campaign
        ledger = stack.enter_context(_opened_ledger(request.ledger))
        lock = stack.enter_context(
            provider_session.hold_campaign(account, campaign, ledger)
        )
        opened = provider_session.open_session(
            account, request.access, campaign, ledger
        )
        session = stack.enter_context(opened)
        _require_possible(request, ledger)
        request = _with_list_of(ledger, request)
        earlier = _earlier(request, ledger)
        moved = _warn_if_moved(request, earlier)
        refusal = _refusal(request, session, is_first=earlier is None or moved)
        with stop.heeded():
            importer, run_writer, meter = _opened(request, ledger, ledger)
            lock.hold_for(run_writer.facts().id)
            stop.is_requested = run_writer.is_stop_requested
            announce.before(request, importer)
            sender = Sender(
                account.provider,
                limits,
                session.send,
                run_writer,
                session.rate_limiter,
                RealClock(stop),
                stop,
                abort=session.abort,
                redacted=session.redacted,
                retry_policy=RetryPolicy(longest_wait=account.connection.retry_for),
                tell=request.tell_wait,
                meter=meter,
            )
            error = (
                importer.call_off(sender, refusal)
                if refusal
                else importer.deliver(sender)
            )
            if stop.signal is not None:
                error = _interrupted(request, stop.signal, run_writer.facts())
            for note in sender.notes():
                message = f"{count(note.count, 'lead')}: {note.message}"
                request.note(note.code, message, note.count, is_warning=note.is_warning)
            _finish(request, importer, run_writer, error)
            if not ledger.is_there():
                request.note(
                    "ledger_removed",
                    "the ledger was removed or replaced during this run: restore it, "
                    "or the next run sends its leads again",
                    is_warning=True,
                )
            return _report(request, run_writer, ledger)


def _interrupted(request: ImportRequest, signal: int, run: Run) -> LeadctlError:
    if request.ledger is None:
        hint = "the same command starts again"
        return Interrupted(signal, "nothing of it is kept", hint=hint)
    return Interrupted(
        signal,
        "everything so far is recorded",
        request="`leadctl runs stop`" if request.stop.by_request else None,
        hint=run.command("resume"),
    )


def rehearse(request: ImportRequest) -> Report:
    """Do the same up to the first request, without it; its ledger is thrown away."""
    with contextlib.ExitStack() as stack:
        aside = stack.enter_context(_opened_ledger(None))
        known = stack.enter_context(open_existing(request.ledger))
        request = _with_list_of(known, request)
        importer, run_writer, _ = _opened(request, aside, known)
        if not request.account.missing:  # of its address, a part may be
            _warn_if_moved(request, _earlier(request, known))
        announce.before(request, importer)
        error = importer.rehearse()
        stack.callback(spool.drop, request.job)
        _finish(request, importer, run_writer, error)
        return _report(request, run_writer, aside, dry_run=True)


@contextlib.contextmanager
def _opened_ledger(url: str | None) -> Iterator[Ledger]:
    """Open a ledger; a private one stays open for the rows of its report."""
    ledger = open_ledger(url)
    try:
        yield ledger
    except BaseException:
        ledger.close()
        raise
    if url is not None:
        ledger.close()


def _report(
    request: ImportRequest,
    run_writer: RunWriter,
    ledger: Ledger,
    *,
    dry_run: bool = False,
) -> Report:
    if request.ledger is not None and not dry_run:
        return report.read(run_writer, request.ledger)
    found = report.read(run_writer, ledger, dry_run=dry_run)
    weakref.finalize(found, ledger.close)
    return found


def _with_list_of(ledger: Ledger, request: ImportRequest) -> ImportRequest:
    """Have rows judged by the ledger's suppression list, too."""
    lists = replace(request.plan.suppressed, of_ledger=ledger.suppression_list)
    return replace(request, plan=replace(request.plan, suppressed=lists))


def _require_possible(request: ImportRequest, ledger: Ledger) -> None:
    """Refuse what cannot begin before anybody is asked and anything recorded."""
    account, plan = request.account, request.plan
    if request.resumes is not None:
        require_same_files(ledger.run(request.resumes).files(), plan)
        return
    require_mappable(plan)
    at_most_once = not account.provider.resend_is_safe
    if at_most_once and (left := ledger.unsettled_run(account.name, plan.campaign)):
        raise InputUnusable(
            f"run {left} ended with leads on their way to this campaign",
            hint=f"{ledger.run(left).facts().command('resume')} settles them first",
        )


def _earlier(request: ImportRequest, ledger: Ledger) -> RunReader | None:
    """Return the run to go on with, or the latest one to the same campaign."""
    if request.resumes is not None:
        return ledger.run(request.resumes)
    return ledger.latest(request.account.name, request.plan.campaign)


def columns_of(earlier: RunReader | None) -> dict[str, ColumnSays]:
    """Return what the columns of an earlier run's files said, by path.

    A reject file is read as the file that it was made from.
    """
    if earlier is None:
        return {}
    said = Job.from_json(earlier.facts().job).columns
    return {
        path: ColumnSays.named(said[file.path])
        for file in earlier.files()
        for path in (file.path, file.rejects_file)
        if path and file.path in said
    }


def _warn_if_moved(request: ImportRequest, earlier: RunReader | None) -> bool:
    """Tell that the campaign was last used at another address, if it was.

    The ledger knows leads by account and campaign: those a simulator took, or another
    server, count as delivered here.
    """
    before = earlier.facts().job.get("base_url") if earlier else None
    now = request.job.base_url
    if not before or before == now:
        return False
    follows = (
        ""
        if request.job.resend_delivered
        else ": leads delivered there are not sent again (another --ledger starts "
        "afresh)"
    )
    request.note(
        "base_url_changed",
        f"campaign {request.plan.campaign} of account {request.account.name} was last "
        f"used at {before}, now at {now}{follows}",
        is_warning=True,
    )
    return True


def _refusal(
    request: ImportRequest, session: ProviderSession, *, is_first: bool
) -> LeadctlError | None:
    """Make the preflight check: a wrong key or campaign ends a run with no row judged.

    Raised for a run that did not begin; returned for one that is in the ledger.
    """
    account = request.account
    caller = preflight_check.PreflightCaller(
        account.provider,
        session,
        RealClock(CancellationToken()),
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
    return None


def _opened(
    request: ImportRequest, ledger: Ledger, known: Ledger
) -> tuple[Importer, RunWriter, Meter]:
    """Open the run's books in `ledger`; earlier deliveries are looked up in `known`."""
    account = request.account
    plan = replace(request.plan, earlier_columns=columns_of(_earlier(request, known)))
    at_most_once = not account.provider.resend_is_safe
    digest = known.digest(account.name, plan.campaign)
    # Its own deliveries the run knows without asking: they were in its files before.
    earlier = known.delivered(account.name, plan.campaign)
    asks = not (request.job.resend_delivered or earlier.is_empty())
    memory = DeliveryHistory(digest)
    if asks:
        memory = replace(memory, delivered=earlier.among)
    if at_most_once:
        memory = replace(memory, in_doubt=known.in_doubt)
    unfinished = None
    run_writer: RunWriter
    if request.resumes is None:
        new = NewRun(
            account.provider.name,
            account.name,
            plan.campaign,
            [(source.recorded, source.fingerprint) for source in plan.sources],
            request.job.to_json(),
        )
        run_writer = ledger.begin(new, at_most_once=at_most_once)
    else:
        ended = run_writer = ledger.resumed(request.resumes, at_most_once=at_most_once)
        if request.job.config:
            ended.remember({"config": request.job.config})
        unfinished = ended.reopen(
            most=account.limits.batch_size,
            with_unknown=request.with_unknown,
            stale_before=time.time() - account.provider.resend_window,
        )
    meter = Meter(request.tell_progress, lambda: run_writer.tally)
    return Importer(plan, run_writer, memory, unfinished, meter), run_writer, meter


def require_same_files(files: Sequence[FileOfRun], plan: Plan) -> None:
    """Raise InputUnusable where a file is not what it was."""
    for file, source in zip(files, plan.sources, strict=True):
        source.require_fingerprint(file.fingerprint)


def _finish(
    request: ImportRequest,
    importer: Importer,
    run_writer: RunWriter,
    error: LeadctlError | None,
) -> None:
    """Write the reject files, and record what the run came to."""
    elsewhere = f"{run_writer.facts().command('rejects')} --to PATH writes it elsewhere"
    try:
        _write_rejects(request, run_writer)
    except RejectsNotWritten as failure:  # the run is done all the same
        error = error or RejectsNotWritten(failure.message, hint=elsewhere)
    except LeadctlError as failure:
        error = error or RejectsNotWritten(failure.message, hint=failure.hint)
    except OSError as failure:  # an earlier reject file that cannot be set aside
        error = error or RejectsNotWritten(
            f"the reject file cannot be written: {failure.strerror}", hint=elsewhere
        )
    error = error and provider_session.with_hint(error, request.account)
    code = report.exit_code(run_writer.counts(), error)
    _remember_columns(request, importer, run_writer)
    announce.after(request, importer, run_writer, code)
    run_writer.finish(
        code,
        report.error_document(error) if error else None,
        importer.judge.repairs,
        request.told,
    )
    if request.ledger is None or code in (ExitCode.OK, ExitCode.REJECTED):
        spool.drop(request.job)


def _remember_columns(
    request: ImportRequest, importer: Importer, run_writer: RunWriter
) -> None:
    """Keep, and tell, how columns decided about numbers with several readings."""
    said = importer.judge.said_by_columns()
    if said:
        run_writer.remember({"columns": {path: str(said[path]) for path in said}})
    with_rejects = [n for n, file in enumerate(run_writer.files()) if file.rejects_file]
    if said and with_rejects:
        option = importer.judge.numbers_of_columns(with_rejects)
        agrees = option and request.job.column_numbers in (None, option)
        run_writer.remember({"column_numbers": option if agrees else ""})
    for path, says in said.items():
        request.note(
            "column_decided",
            f"{path}: phone numbers without + that have several readings were read as "
            f"{says.numbers}, like the rest of the column (--numbers overrides)",
        )


def _write_rejects(request: ImportRequest, run_writer: RunWriter) -> None:
    for ordinal, source in enumerate(request.plan.sources):
        path = request.rejects_files[ordinal]
        findings = run_writer.findings(ordinal, IN_REJECT_FILE)
        kept = reject_file.corrections_go_to(path)
        rows = reject_file.write_if_any(path, source, findings, run_writer.facts().id)
        if kept and kept.exists():
            message = f"{path} was edited: what stands in it is kept in {kept}"
            request.note("reject_file_kept", message, is_warning=True)
        run_writer.set_rejects_file(ordinal, str(path) if rows else None)
