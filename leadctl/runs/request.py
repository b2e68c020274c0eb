"""A job that is ready to run, with the callbacks for its progress."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.model.clock import CancellationToken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from leadctl.config.config import Account
    from leadctl.importing.job import Job
    from leadctl.importing.plan import Plan
    from leadctl.model.leads import Note
    from leadctl.model.progress import Progress
    from leadctl.providers.http_auth import Credentials
    from leadctl.providers.preflight import PreflightResult


@dataclass(frozen=True, eq=False)
class ImportRequest:
    """A job that is ready to run, and where its results go.

    `job` is stored with the run. `rejects_files` has a path for each source. `resumes`
    is the run to continue; `with_unknown` sends its unknown rows again if that is safe.
    `strict` runs do not begin if the files leave a doubt. A rehearsal checks large
    files on `cores`. `wait` is in seconds, for a campaign that another run holds.
    `stop` ends the run early, with everything recorded. `notes` are reported first, and
    `told` has all notes so far.

    `tell` is called with every note, `tell_wait` with every wait for the provider,
    `tell_preflight` with the result of the preflight check, `tell_progress` once per
    batch. `ask_first` is called before the first run to a campaign at its address, and
    if the preflight check leaves a doubt; a LeadctlError that it raises ends the run
    with nothing recorded.
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
    tell: Callable[[Note], None] = lambda _note: None
    tell_wait: Callable[[float, str], None] = lambda _seconds, _why: None
    tell_preflight: Callable[[PreflightResult], None] = lambda _preflight: None
    ask_first: Callable[[ImportRequest, PreflightResult], None] = (
        lambda _request, preflight: preflight.require_no_doubt()
    )
    tell_progress: Callable[[Progress], None] = lambda _progress: None

    @property
    def sends(self) -> bool:
        """Whether leads are sent: without credentials a run is only rehearsed."""
        return self.access is not None

    def note(self, note: Note) -> None:
        """Report a note, and keep it for the final report."""
        self.told.append(note)
        self.tell(note)
