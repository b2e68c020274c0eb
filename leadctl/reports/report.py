"""The report of a run: its results, JSON document and exit code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from leadctl.importing.job import Job
from leadctl.ledger import open_ledger
from leadctl.ledger.records import runs_command
from leadctl.model.errors import ExitCode
from leadctl.model.leads import Status
from leadctl.model.printable import members
from leadctl.reports.export import outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from leadctl.ledger.base import RunReader
    from leadctl.ledger.records import FileOfRun, Reason, Worker
    from leadctl.model.errors import LeadctlError
    from leadctl.model.leads import Json, Note
    from leadctl.model.removal import Removal
    from leadctl.reports.export import RowOutcome


class Failure(NamedTuple):
    """The error that stopped a run or kept it from beginning."""

    code: str
    message: str
    hint: str | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """The results of a run: the members of the JSON document, except `rows`.

    `row_count` is their number, and `rows()` yields them. Times are ISO 8601 UTC;
    `finished_at` and `exit_code` are None while a run is not finished. `process` is the
    process working on it, and `removals` counts the leads that an undo tried.
    """

    run_id: str = ""
    provider: str = ""
    account: str = ""
    campaign: str = ""
    dry_run: bool = False
    files: Sequence[FileOfRun] = ()
    created: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    suppressed: int = 0
    failed: int = 0
    unknown: int = 0
    reasons: Sequence[Reason] = ()
    notes: Sequence[Note] = ()
    repairs: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    started_at: str = ""
    finished_at: str | None = None
    exit_code: int | None = None
    error: Failure | None = None
    job: Job = field(default_factory=Job, repr=False)
    process: int | None = None
    workers: Sequence[Worker] = ()
    """Who shared the run, the latest seen first."""
    removals: Mapping[Removal, int] = field(default_factory=dict)
    ledger: str | None = None
    """The URL of the ledger that has the run; None if it was not kept."""
    pushed_again_by: str = ""
    """The id of the later run that pushed the rejected and failed rows."""
    reader: RunReader | None = field(default=None, repr=False)
    """Reads a run that was not kept."""

    @property
    def counts(self) -> dict[Status, int]:
        """The rows by status; they add up to `row_count`."""
        return {status: getattr(self, status.value) for status in Status}

    @property
    def campaign_shown(self) -> str:
        """The campaign's id, and its name unless that only repeats the id."""
        name, campaign = self.job.campaign_name or "", self.campaign.casefold()
        says_nothing = name.casefold() in ("", campaign, f"campaign {campaign}")
        return self.campaign if says_nothing else f"{self.campaign} ({name})"

    @property
    def destination(self) -> str:
        """The account, with its provider if that has another name, and the campaign."""
        account, provider = self.account or self.provider, self.provider
        of = "" if account == provider else f" ({provider})"
        campaign = f", campaign {self.campaign_shown}" if self.campaign else ""
        return f"{account}{of}{campaign}"

    @property
    def row_count(self) -> int:
        """The number of rows with an outcome."""
        return sum(self.counts.values())

    @property
    def is_open(self) -> bool:
        """Whether rows may be left unread."""
        signals = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)
        return self.finished_at is None or self.exit_code in signals

    def command(self, name: str) -> str:
        """Return the command line of `leadctl runs NAME` for this run."""
        return runs_command(
            name, self.run_id, config=self.job.config, ledger=self.ledger
        )

    def rows(self) -> Iterator[RowOutcome]:
        """Yield the outcome of every row from the ledger as it is now."""
        if self.reader:
            yield from outcomes(self.reader)
        elif self.ledger:
            with open_ledger(self.ledger) as ledger:
                yield from outcomes(ledger.run(self.run_id))


def read(
    run_reader: RunReader,
    *,
    dry_run: bool = False,
    process: int | None = None,
    workers: Sequence[Worker] = (),
) -> Report:
    """Read a run's results so far; `process` is the one working on it, if any."""
    run = run_reader.facts()
    running = process is not None and run.finished_at is None
    counts: Any = run_reader.counts()
    error: dict[str, Any] | None = run.error
    return Report(
        **counts,
        run_id=run.id,
        provider=run.provider,
        account=run.account,
        campaign=run.campaign,
        notes=run.notes,
        repairs=run.repairs,
        requests=run.requests,
        started_at=run.started_at,
        finished_at=run.finished_at,
        exit_code=run.exit_code,
        ledger=run.ledger,
        dry_run=dry_run,
        files=run_reader.files(),
        reasons=run_reader.reasons(running=running),
        error=Failure(**error) if error else None,
        job=Job.from_json(run.job),
        process=process if running else None,
        workers=workers,
        removals=run_reader.removals(),
        reader=None if run.ledger else run_reader,
    )


def exit_code(counts: dict[Status, int], error: LeadctlError | None) -> ExitCode:
    """Return the gravest of the codes that the error and the rows call for."""
    applying = {code for status, code in _CODES.items() if counts[status]}
    applying |= {error.exit_code} if error else set()
    return ExitCode.gravest(applying)


_CODES = {
    Status.UNKNOWN: ExitCode.UNKNOWN,
    Status.FAILED: ExitCode.TROUBLE,
    Status.REJECTED: ExitCode.REJECTED,
}


def error_document(error: LeadctlError | Failure | None) -> dict[str, Json] | None:
    if error is None:
        return None
    return {"code": error.code, "message": error.message, "hint": error.hint}


def ending(
    error: LeadctlError | None = None, code: ExitCode = ExitCode.OK
) -> dict[str, Json]:
    """Return the last members of a document."""
    return {
        "exit_code": int(error.exit_code if error else code),
        "error": error_document(error),
    }


def document(report: Report) -> dict[str, Json]:
    """Return the JSON document; its shape is fixed by `schema_version`."""
    return {
        "schema_version": 1,
        **{name: getattr(report, name) or None for name in _KEYS},
        **members(report, "ledger", "dry_run"),
        "files": [
            {
                "path": file.path,
                "rows": file.rows,
                **{status.value: file.counts.get(status, 0) for status in Status},
                "rejects_file": file.rejects_file,
            }
            for file in report.files
        ],
        "rows": report.row_count,
        **{status.value: number for status, number in report.counts.items()},
        "reasons": [
            members(one, "status", "code", "count", "example_row", "message")
            for one in report.reasons
        ],
        "notes": [members(one, "code", "count", "message") for one in report.notes],
        "repairs": {**report.repairs},
        "requests": report.requests,
        "workers": [worker._asdict() for worker in report.workers],
        "started_at": report.started_at or None,
        **members(report, "finished_at", "exit_code"),
        "error": error_document(report.error),
    }


_KEYS = ("run_id", "provider", "account", "campaign")


def failure_document(error: LeadctlError, /, **facts: Any) -> dict[str, Json]:  # noqa: ANN401  members of a report
    """Return the same document for a run that did not begin."""
    known = {name: fact for name, fact in facts.items() if fact is not None}
    failure = Failure(error.code, error.message, error.hint)
    return document(Report(**known, exit_code=int(error.exit_code), error=failure))
