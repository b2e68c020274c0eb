"""Works on a shared run: takes one part after another until none is left."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGTERM
from typing import TYPE_CHECKING

from leadctl.delivery import provider_session
from leadctl.importing.importer import DeliveryHistory, Importer
from leadctl.importing.job import NO_LIMIT
from leadctl.importing.part import PartJudge
from leadctl.ledger import open_ledger
from leadctl.model.clock import CancellationToken
from leadctl.model.errors import (
    CampaignLocked,
    CredentialsMissing,
    ExitCode,
    InputUnusable,
    Interrupted,
    LeadctlError,
    NotProcessed,
    UsageError,
    restored,
)
from leadctl.model.wording import listed
from leadctl.reports.report import error_document
from leadctl.runs import history, prepare, run
from leadctl.runs.planner import PAUSE
from leadctl.runs.rehearsal import with_list_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leadctl.importing.job import Job
    from leadctl.ledger.base import Ledger, RunReader
    from leadctl.ledger.postgres.parts import SharedRun
    from leadctl.runs.request import ImportRequest

SKIPPED_FOR = 60.0
"""Seconds after which it tries a run again whose file or key it lacked."""

NEXT_RUN = 1.0
"""Seconds after which it looks again for a run."""

GIVEN_BACK = "its part was given back"

ONLY_WORKER = "(worker)"
"""What the only worker of an account holds, as if it were a campaign."""


@dataclass
class Work:
    """The work of one worker, with its results.

    `files` maps the files of a run, by name or path, to paths on this machine.
    """

    ledger: str
    run: str | None = None
    """The run to work on; None for the oldest with work left."""
    config: Path | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False
    """Whether to wait for a run, and for the next one however it ends."""
    tell: Callable[[LeadctlError], None] = lambda _error: None
    """Called with the reason why a run is skipped."""
    stop: CancellationToken = field(default_factory=CancellationToken)
    latest: str | None = None
    parts: int = 0
    leads: int = 0

    def do(self) -> None:
        """Work until nothing is left; raises what ends it early.

        One that waits skips runs whose files or keys are missing on this machine.
        """
        skipped: dict[str, float] = {}
        with open_ledger(self.ledger) as ledger, self.stop.heeded():
            while True:
                now = time.monotonic()
                not_yet = [run for run, until in skipped.items() if until > now]
                if found := self.run or ledger.to_work_on(not_yet):
                    try:
                        self._work_on(ledger, ledger.run(found))
                    except (CredentialsMissing, InputUnusable, UsageError) as error:
                        if self.run or not self.waits:
                            raise
                        if found not in skipped:
                            message = f"skipped run {found}: {error.message}"
                            self.tell(error.but(message=message))
                        skipped[found] = now + SKIPPED_FOR
                        self.stop.forget_request()
                if not self.waits:
                    return
                self.stop.sleep(NEXT_RUN)
                self._require_no_signal()

    def _work_on(self, ledger: Ledger, run_reader: RunReader) -> None:
        facts = run_reader.facts()
        self.latest = facts.id
        shared = ledger.shared(facts.id)
        if self._is_over(shared):
            return
        self.stop.is_requested = lambda: shared.sharing().is_stopped
        job = prepare.stored_job(run_reader, self.config)
        prepared = prepare.prepared(self._here(job), self.ledger, {}, offline=False)
        with prepared as here, ExitStack() as stack:
            history.require_same_files(run_reader.files(), here.plan)
            _require_same_address(job, here)
            request = with_list_of(ledger, replace(here, stop=self.stop))
            digest = ledger.digest(facts.account, facts.campaign)
            judge = PartJudge(request.plan, digest)
            is_alone = False
            while not (self.stop.check() or self._is_over(shared)):
                is_alone = is_alone or self._is_alone(stack, request, ledger)
                has_part = is_alone and self._deliver_part(
                    request, ledger, shared, judge
                )
                if not has_part:
                    self.stop.sleep(PAUSE)
        if self.stop.by_request:
            self._is_over(shared)  # it says why
        self.stop.forget_request()
        self._require_no_signal()

    def _is_over(self, shared: SharedRun) -> bool:
        """Tell whether this worker is done with a run.

        Raises what ended it early, unless the worker waits for the next one.
        """
        state = shared.sharing()
        if state.is_abandoned:
            self.stop.sleep(NEXT_RUN)  # it may be about to begin
            state = shared.sharing()
        if self.waits:
            return state.is_done or state.is_abandoned or state.is_stopped
        if state.error:
            raise restored(state.error)
        if state.is_stopped:  # whoever starts workers should not start it again
            stopped = Interrupted(SIGTERM, GIVEN_BACK, by_request=True)
            raise stopped.but(exit_code=ExitCode.STOPPED)
        if state.is_abandoned:
            gone = "the process that planned this run has ended"
            raise NotProcessed(gone, hint="to continue: leadctl runs resume")
        return state.is_done

    def _is_alone(
        self, stack: ExitStack, request: ImportRequest, ledger: Ledger
    ) -> bool:
        """Hold an account whose every new token invalidates the one before."""
        account = request.account
        if account.provider.exclusive_token:
            most = provider_session.longest_request(account)
            lock = ledger.campaign_lock(account.name, ONLY_WORKER, longest_request=most)
            try:
                stack.enter_context(lock)
            except CampaignLocked:
                return False
        return True

    def _require_no_signal(self) -> None:
        if self.stop.signal is not None:
            raise Interrupted(self.stop.signal, GIVEN_BACK)

    def _here(self, job: Job) -> Job:
        """Return a job for parts of its files, as they are named on this machine."""
        here = {}
        for name, path in self.files.items():
            found = [one for one in job.files if name in (one, Path(one).name)]
            if len(found) != 1:
                known = listed([Path(one).name for one in job.files])
                raise UsageError(f"--file {name}: the run's files are {known}")
            here[found[0]] = str(Path(path).absolute())
        for name in job.files:
            path = here.get(name) or job.copies.get(name, name)
            if not Path(path).exists():
                raise InputUnusable(
                    f"{path}: no such file on this machine",
                    hint=f"name its path here: --file {Path(name).name}=PATH",
                )
        return replace(
            job,
            files=tuple(here.get(one, one) for one in job.files),
            columns={here.get(one, one): said for one, said in job.columns.items()},
            copies={one: copy for one, copy in job.copies.items() if one not in here},
            suppress=(),  # what these hold back, the planner has left out
            reject_limit=NO_LIMIT,  # it counts the whole run
            rejects=None,
            rejects_dir=None,
        )

    def _deliver_part(
        self,
        request: ImportRequest,
        ledger: Ledger,
        shared: SharedRun,
        judge: PartJudge,
    ) -> bool:
        """Deliver the next part; False if none is free."""
        account, plan = request.account, request.plan
        is_safe = account.provider.resend_is_safe
        with shared.taken(
            longest_request=provider_session.longest_request(account),
            concurrency=account.limits.concurrency,
            sharing=request.job.workers or 1,
            at_most_once=not is_safe,
        ) as taken:
            if not taken:
                return False
            part, run_writer = taken
            leads, unfinished = judge.turn_to(part), None
            if part.turns:  # somebody had it before
                unfinished = run_writer.reopen(
                    most=account.limits.batch_size,
                    with_unknown=False,
                    stale_before=time.time() - account.provider.resend_window,
                )
                if not is_safe:  # an answer may still come
                    unfinished = unfinished._replace(in_doubt=[])
            importer = Importer(
                plan, run_writer, DeliveryHistory(None), unfinished, judge=judge
            )
            with provider_session.open_session(
                account, request.access, plan.campaign, ledger
            ) as session:
                places = account.limits._replace(concurrency=part.places)
                sender = run.sender_of(request, session, run_writer, places)
                error = importer.deliver(sender.deliver)
            if error:
                error = provider_session.with_hint(error, account)
                shared.stop(json.dumps(error_document(error)))
            is_done = bool(error) or not self.stop.is_asked()
            shared.end_part(sender.notes(), is_done=is_done)
            if is_done:
                self.parts, self.leads = self.parts + 1, self.leads + leads
        return True


def _require_same_address(job: Job, request: ImportRequest) -> None:
    if request.job.base_url != job.base_url:
        raise InputUnusable(
            f"this run sends to {job.base_url}, but account {request.account.name} "
            f"on this machine to {request.job.base_url}",
            hint="set base_url as on the host that started the run",
        )
