"""Works on a shared run: takes one part after another until none is left."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGTERM
from typing import TYPE_CHECKING

from leadctl.delivery import provider_session
from leadctl.importing.job import NO_LIMIT
from leadctl.importing.judge import Judge
from leadctl.importing.part import PartImporter, PartReader
from leadctl.ledger import open_ledger
from leadctl.model.clock import CancellationToken
from leadctl.model.errors import (
    CampaignLocked,
    ExitCode,
    InputUnusable,
    Interrupted,
    LeadctlError,
    NotProcessed,
    UsageError,
    restored,
)
from leadctl.model.wording import listed
from leadctl.providers import base_url
from leadctl.runs import history, prepare, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadctl.importing.job import Job
    from leadctl.ledger.base import Ledger, RunReader
    from leadctl.ledger.postgres.parts import PartWriter, SharedRun
    from leadctl.runs.request import ImportRequest

PAUSE = 0.2
"""Seconds after which a worker looks again for a part, or the end of the run."""

NEXT_RUN = 1.0
"""Seconds after which it looks again for a run, or for its turn."""

GIVEN_BACK = "its part was given back"

ONLY_WORKER = "(worker)"
"""What the only worker of an account holds, as if it were a campaign."""


class _RunStopped(Exception):
    """The run has ended for all its workers, and `why`; this one may take another."""

    def __init__(self, why: LeadctlError) -> None:
        super().__init__()
        self.why = why


@dataclass
class Work:
    """The work of one worker, with its results.

    `files` maps the files of a run, by name or path, to paths on this machine.
    """

    ledger: str
    run: str | None = None
    config: Path | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False
    """Whether to wait for a run, and for the next one however it ends."""
    stop: CancellationToken = field(default_factory=CancellationToken)
    parts: int = 0
    leads: int = 0

    def do(self) -> None:
        """Work until nothing is left; raises what ends it early."""
        with open_ledger(self.ledger) as ledger, self.stop.heeded():
            while True:
                found = self.run or ledger.shared_runs.to_work_on()
                try:
                    if found:
                        self._work_on(ledger, ledger.run(found))
                except _RunStopped as stopped:
                    if not self.waits:
                        raise stopped.why from None
                if not self.waits:
                    return
                self.stop.forget_request()
                self.stop.sleep(NEXT_RUN)
                self._require_no_signal()

    def _work_on(self, ledger: Ledger, run_reader: RunReader) -> None:
        facts = run_reader.facts()
        shared = ledger.shared_runs.of(facts.id)
        if self._is_over(shared):
            return
        self.stop.is_requested = run_reader.is_stop_requested
        with ExitStack() as stack:
            request = stack.enter_context(self._prepared(ledger, run_reader))
            if request.account.provider.exclusive_token:
                self._wait_to_be_alone(stack, request, ledger, shared)
            digest = ledger.digest(facts.account, facts.campaign)
            reader = PartReader(Judge(request.plan, digest), digest)
            while not (self.stop.check() or self._is_over(shared)):
                with shared.taken(
                    longest_request=provider_session.longest_request(request.account),
                    concurrency=request.account.limits.concurrency,
                    sharing=request.job.workers or 1,
                    at_most_once=not request.account.provider.resend_is_safe,
                ) as part_writer:
                    if part_writer:
                        self._deliver(request, ledger, shared, reader, part_writer)
                        continue
                self.stop.sleep(PAUSE)
        if self.stop.is_asked():
            self._is_over(shared)  # it says for which error, if for one
        self._require_no_signal()

    def _is_over(self, shared: SharedRun) -> bool:
        """Tell whether no part is left; raises what stopped the run."""
        state = shared.sharing()
        if state.error:
            raise _RunStopped(restored(**state.error))
        if state.is_stopped:  # whoever starts workers should not start it again
            stopped = Interrupted(SIGTERM, GIVEN_BACK, request="`leadctl runs stop`")
            raise _RunStopped(stopped.but(exit_code=ExitCode.STOPPED))
        if not (
            state.is_over or state.has_planner or state.open_parts or state.is_done
        ):
            self.stop.sleep(NEXT_RUN)  # it may be about to begin
            if not shared.sharing().has_planner:
                gone = "the process that planned this run has ended"
                hint = "to continue: leadctl runs resume"
                raise _RunStopped(NotProcessed(gone, hint=hint))
        return state.is_over or state.is_done

    def _require_no_signal(self) -> None:
        if self.stop.signal is not None:
            raise Interrupted(self.stop.signal, GIVEN_BACK)

    def _wait_to_be_alone(
        self,
        stack: ExitStack,
        request: ImportRequest,
        ledger: Ledger,
        shared: SharedRun,
    ) -> None:
        """Wait while another worker has a token, which a new one would invalidate."""
        while not (self.stop.check() or self._is_over(shared)):
            with suppress(CampaignLocked):
                most = provider_session.longest_request(request.account)
                name = request.account.name
                lock = ledger.campaign_lock(name, ONLY_WORKER, longest_request=most)
                stack.enter_context(lock)
                return
            self.stop.sleep(NEXT_RUN)

    @contextmanager
    def _prepared(
        self, ledger: Ledger, run_reader: RunReader
    ) -> Iterator[ImportRequest]:
        """Open the run's job, with the files and the account of this machine."""
        job = prepare.stored_job(run_reader, self.config)
        here = self._files_here(job)
        copies = {name: copy for name, copy in job.copies.items() if name not in here}
        # What the lists of the job hold back, the planner has left out.
        alike = replace(job, copies=copies, suppress=(), rejects=None, rejects_dir=None)
        with prepare.prepared(
            alike, self.ledger, {}, offline=False, elsewhere=here
        ) as request:
            history.require_same_files(run_reader.files(), request.plan)
            address = base_url.without_login(request.account.provider.base_url)
            if job.base_url != address:
                raise InputUnusable(
                    f"this run sends to {job.base_url}, but account "
                    f"{request.account.name} on this machine to {address}",
                    hint="set base_url as on the host that started the run",
                )
            plan = replace(
                request.plan,
                reject_limit=NO_LIMIT,  # it counts the whole run
                earlier_columns=history.columns_of(run_reader),
            )
            mine = replace(request, plan=plan, stop=self.stop)
            yield run.with_list_of(ledger, mine)

    def _files_here(self, job: Job) -> Mapping[str, str]:
        """Return the paths of this machine by the names that the job has for files."""
        here = {}
        for name, path in self.files.items():
            found = [one for one in job.files if name in (one, Path(one).name)]
            if len(found) != 1:
                known = listed([Path(one).name for one in job.files])
                raise UsageError(f"--file {name}: the run's files are {known}")
            here[found[0]] = str(Path(path).absolute())
        return here

    def _deliver(
        self,
        request: ImportRequest,
        ledger: Ledger,
        shared: SharedRun,
        reader: PartReader,
        part_writer: PartWriter,
    ) -> None:
        account, plan, part = request.account, request.plan, part_writer.part
        leads, held_back = reader.leads(part)
        unfinished = None
        if part.turns:  # somebody had it before
            unfinished = part_writer.reopen(
                most=account.limits.batch_size,
                with_unknown=False,
                stale_before=time.time() - account.provider.resend_window,
            )
            if not account.provider.resend_is_safe:  # an answer may still come
                unfinished = replace(unfinished, in_doubt=[])
        with provider_session.open_session(
            account, request.access, plan.campaign, ledger
        ) as session:
            places = replace(account.limits, concurrency=part.places)
            sender = run.sender_of(request, session, part_writer, places)
            error = PartImporter(
                plan, part_writer, reader.judge, leads, held_back, unfinished
            ).deliver(sender)
        if error:
            error = provider_session.with_hint(error, account)
            shared.stop(error)
            raise _RunStopped(error)
        if not self.stop.is_asked():
            shared.finish_part()
            self.parts, self.leads = self.parts + 1, self.leads + len(leads)
