"""Opens a run, reports it, and rehearses it: all that needs no network."""

from __future__ import annotations

import contextlib
import time
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

from leadctl.importing.importer import DeliveryHistory, Importer
from leadctl.ledger import open_existing, open_ledger
from leadctl.ledger.records import NewRun
from leadctl.model.leads import Status
from leadctl.model.progress import Meter
from leadctl.reports import report
from leadctl.runs import announce, history, spool
from leadctl.runs.finish import finish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.ledger.base import Ledger, RunWriter
    from leadctl.reports.report import Report
    from leadctl.runs.request import ImportRequest


def rehearse(request: ImportRequest) -> Report:
    """Do all of a run except sending; the ledger is temporary."""
    with contextlib.ExitStack() as stack:
        aside = stack.enter_context(opened_ledger(None))
        known = stack.enter_context(open_existing(request.ledger))
        request = with_list_of(known, request)
        announce.require_no_doubt(request)
        importer, run_writer, _ = open_run(request, aside, known)
        if not request.account.missing:  # of its address, a part may be
            history.warn_if_moved(request, history.earlier_run(request, known))
            history.warn_if_half_undone(request, known)
        announce.before(request, importer)
        error = importer.rehearse(request.cores)
        stack.callback(spool.drop, request.job)
        finish(request, importer, run_writer, error)
        return report_of(run_writer, aside, dry_run=True)


@contextlib.contextmanager
def opened_ledger(url: str | None) -> Iterator[Ledger]:
    """Open a ledger; a private one stays open for the rows of its report."""
    ledger = open_ledger(url)
    try:
        yield ledger
    except BaseException:
        ledger.close()
        raise
    if url is not None:
        ledger.close()


def report_of(
    run_writer: RunWriter, ledger: Ledger, *, dry_run: bool = False
) -> Report:
    """Report a run; the ledger is closed with the report if that reads rows from it."""
    workers = ledger.workers(run_writer.facts())
    found = report.read(run_writer, dry_run=dry_run, workers=workers)
    if found.reader:
        weakref.finalize(found, ledger.close)
    return found


def with_list_of(ledger: Ledger, request: ImportRequest) -> ImportRequest:
    """Also apply the ledger's suppression list to rows."""
    lists = replace(request.plan.suppressed, of_ledger=ledger.suppression_list)
    return replace(request, plan=replace(request.plan, suppressed=lists))


def open_run(
    request: ImportRequest, ledger: Ledger, known: Ledger
) -> tuple[Importer, RunWriter, Meter]:
    """Open the run in `ledger`; earlier deliveries are looked up in `known`."""
    account = request.account
    columns = history.columns_of(history.earlier_run(request, known))
    plan = replace(request.plan, earlier_columns=columns)
    at_most_once = not account.provider.resend_is_safe
    # The run's own deliveries are known without asking: they were in its files before.
    earlier = known.delivered(account.name, plan.campaign)
    asks = not (request.job.resend_delivered or earlier.is_empty())
    # A hash costs a tenth of all that a check does with a row.
    is_hashed = asks or at_most_once or ledger is known
    memory = DeliveryHistory(
        known.digest(account.name, plan.campaign) if is_hashed else None,
        earlier.among if asks else None,
        known.in_doubt if at_most_once else None,
    )
    unfinished, job = None, request.job
    if job.workers is not None:
        from leadctl.runs.planner import part_size  # noqa: PLC0415  few runs

        plan = replace(plan, batch_size=part_size(plan, job.workers))
        # Who reads a part again decides about its columns alike.
        said = {path: str(says) for path, says in columns.items()}
        job = replace(job, columns={**said, **job.columns})
    run_writer: RunWriter
    if request.resumes is None:
        new = NewRun(
            account.provider.name,
            account.name,
            plan.campaign,
            [(source.recorded, source.fingerprint) for source in plan.sources],
            job.to_json(),
        )
        run_writer = ledger.begin(new, at_most_once=at_most_once)
    else:
        ended = run_writer = ledger.resumed(request.resumes, at_most_once=at_most_once)
        if request.job.config:
            ended.remember({"config": request.job.config})
        if request.job.given_up:
            ended.remember({"given_up": False})
        unfinished = ended.reopen(
            most=account.limits.batch_size,
            with_unknown=request.with_unknown,
            stale_before=time.time() - account.provider.resend_window,
        )
    tally = run_writer.tally
    sent = tally[Status.CREATED] + tally[Status.ACCEPTED]
    meter = Meter(request.tell_progress, lambda: run_writer.tally, sent)
    return Importer(plan, run_writer, memory, unfinished, meter), run_writer, meter
