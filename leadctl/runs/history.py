"""What earlier runs to the campaign mean for a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.importing.job import Job
from leadctl.importing.plan import mappers_of
from leadctl.model.errors import ExitCode, InputUnusable, UsageError
from leadctl.model.leads import Note, Status
from leadctl.phones.column import ColumnSays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.importing.plan import Plan
    from leadctl.ledger.base import Ledger, RunReader
    from leadctl.ledger.records import FileOfRun
    from leadctl.runs.request import ImportRequest


def require_possible(request: ImportRequest, ledger: Ledger) -> None:
    account, plan = request.account, request.plan
    if request.resumes is not None:
        require_same_files(ledger.run(request.resumes).files(), plan)
        return
    mappers_of(plan)
    at_most_once = not account.provider.resend_is_safe
    if at_most_once and (left := ledger.unsettled_run(account.name, plan.campaign)):
        run = left.facts()
        raise InputUnusable(
            f"run {run.id} ended with requests to this campaign in flight",
            hint=f"finish it first: {run.command('resume')}",
        )


def earlier_run(request: ImportRequest, ledger: Ledger) -> RunReader | None:
    """Return the run to continue, or the latest one to the same campaign."""
    if request.resumes is not None:
        return ledger.run(request.resumes)
    return ledger.latest(request.account.name, request.plan.campaign)


SEARCHED = 200
"""The latest runs, to search for one to resume."""

_RESUMABLE = (
    ExitCode.ACCESS,
    ExitCode.TROUBLE,
    ExitCode.STOPPED,
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
)


def latest_unfinished(ledger: Ledger) -> RunReader:
    """Return the latest run that a resume can finish; raises UsageError."""
    for run_reader in ledger.runs(most=SEARCHED):
        run = run_reader.facts()
        unfinished = run.finished_at is None or run.exit_code in _RESUMABLE
        if not run.is_given_up and (unfinished or run_reader.counts()[Status.FAILED]):
            return run_reader
    raise UsageError(
        f"no unfinished runs among the latest {SEARCHED}",
        hint="choose a run: leadctl runs resume RUN",
    )


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


def warn_if_moved(request: ImportRequest, earlier: RunReader | None) -> bool:
    """Report if the campaign was last used at another address.

    Leads that another server accepted count as delivered here.
    """
    before = earlier.facts().job.get("base_url") if earlier else None
    now = request.job.base_url
    if not before or before == now or request.job.sandbox:  # a new one each time
        return False
    message = (
        f"campaign {request.plan.campaign} of account {request.account.name} was last "
        f"used at {before}, now at {now}"
    )
    if not request.job.resend_delivered:
        message += (
            ": leads delivered there are not sent again (use another --ledger to send "
            "them)"
        )
    request.note(Note("base_url_changed", message, is_warning=True))
    return True


def warn_if_half_undone(request: ImportRequest, ledger: Ledger) -> None:
    """Warn about an unfinished undo: leads it deleted may count as delivered."""
    left = ledger.run_half_undone(request.account.name, request.plan.campaign)
    if left:
        run = left.facts()
        message = (
            f"the undo of run {run.id} is not finished: leads that it may have deleted "
            f"count as delivered until {run.command('undo')} "
            "finishes it"
        )
        request.note(Note("undo_unfinished", message, is_warning=True))


def require_same_files(files: Sequence[FileOfRun], plan: Plan) -> None:
    for file, source in zip(files, plan.sources, strict=True):
        source.require_fingerprint(file.fingerprint)
