"""Returns what is left to do after a run as commands, the recommended one first."""

from __future__ import annotations

import shlex
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from leadctl.ledger.records import ledger_option
from leadctl.mapping.times import TIMED, is_past
from leadctl.model.clock import now
from leadctl.model.leads import IN_REJECT_FILE, Code, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.reports.report import Report


class Action(Enum):
    """Kinds of steps."""

    RESUME = auto()
    RESOLVE = auto()
    PUSH_REJECTS = auto()  # after their rows are corrected
    EXPORT_AGAIN = auto()  # in the program that wrote the input: without a command


class NextStep(NamedTuple):
    """A step, with its command if it has one."""

    action: Action
    command: str = ""


def next_steps(report: Report) -> Iterator[NextStep]:
    """Yield the steps in order; none for a run in progress.

    A sandbox run can be resumed only if it is kept. A run that --max-rejects stopped is
    either resumed or pushed again from a better file: its reject file holds the rows
    for both.
    """
    if report.process is not None or report.dry_run or report.job.given_up:
        return
    counts = report.counts
    if report.pushed_again_by:
        counts |= dict.fromkeys(IN_REJECT_FILE, 0)
    kept = not report.job.sandbox or report.job.ledger
    if kept and (counts[Status.FAILED] or report.is_open):
        yield NextStep(Action.RESUME, report.command("resume"))
        if was_stopped_by_rejects(report):
            return
    if kept and counts[Status.UNKNOWN] and report.finished_at:
        yield NextStep(Action.RESOLVE, report.command("resolve"))
    if counts[Status.REJECTED] and (written := reject_files(report)):
        reasons = [one for one in report.reasons if one.status == Status.REJECTED]
        if all(one.code == Code.PHONE_DAMAGED for one in reasons):
            yield NextStep(Action.EXPORT_AGAIN)  # nobody can correct lost digits
        else:
            yield NextStep(Action.PUSH_REJECTS, push_again(report, written))


def was_stopped_by_rejects(report: Report) -> bool:
    """Tell whether --max-rejects ended the run before its last row was sent."""
    code = report.error.code if report.error else ""
    return code == "too_many_rejects" and report.counts[Status.FAILED] > 0


def reject_files(report: Report) -> list[str]:
    """Return the paths of the reject files that the run wrote."""
    return [file.rejects_file for file in report.files if file.rejects_file]


def _is_past(name: str, value: str) -> bool:
    """Tell a time that would be rejected again."""
    try:
        return name in TIMED and is_past(value, now(), None)
    except (ValueError, TypeError):  # without an offset
        return False


def push_again(report: Report, paths: Sequence[str]) -> str:
    """Return the command that pushes reject files as the run was pushed."""
    job = report.job
    said = {
        "provider": job.provider or report.provider,
        "campaign": report.campaign,
        "account": report.account if report.account != report.provider else None,
        "profile": job.profile,
        "region": job.region,
        "numbers": job.numbers or job.column_numbers,
        "encoding": job.encoding,
        "config": job.config,
    }
    words = ["leadctl", "push", *paths]
    for option, given in said.items():
        words += [f"--{option}", str(given)] if given else []
    for name, value in job.constants.items():
        words += ["--set", f"{name}={'TIME' if _is_past(name, value) else value}"]
    if job.acknowledge_compliance:
        words.append("--acknowledge-compliance")
    if job.sandbox:
        words += ["--sandbox", "--keep"] if job.ledger else ["--sandbox"]
    else:
        words += ledger_option(report.ledger)
    return shlex.join(words)
