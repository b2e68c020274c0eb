"""A job that is open and may be run, and who hears of the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.delivery import preflight_check
from leadctl.model.clock import CancellationToken
from leadctl.model.leads import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from leadctl.config.config import Account
    from leadctl.importing.job import Job
    from leadctl.importing.plan import Plan
    from leadctl.model.progress import Progress
    from leadctl.providers.http_auth import Credentials
    from leadctl.providers.preflight import PreflightResult


@dataclass(frozen=True)
class ImportRequest:
    """A job that is open, and where its traces go.

    `job` is stored with the run, for a resume; its copies are removed when nothing of
    them is left to send. `rejects_files` has a path for each source.
    `resumes` is the run to go on with; `with_unknown`, its unknown rows are sent again
    where that is safe.
    `wait` are the seconds to wait for a campaign that another run holds.
    `strict` runs do not begin where anything about the files is in doubt.
    A rehearsal judges large files on so many `cores`, with child processes.
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
    strict: bool = False
    cores: int = 1
    wait: float = 0.0
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

    @property
    def sends(self) -> bool:
        """Whether leads are sent: without credentials a run is only rehearsed."""
        return self.access is not None

    def note(
        self, code: str, message: str, count: int = 0, *, is_warning: bool = False
    ) -> None:
        """Tell something once, and keep it for the report."""
        note = Note(code, message, count, is_warning)
        self.told.append(note)
        self.tell(note)
