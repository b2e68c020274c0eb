"""Plans a run for its workers, waits for them, and starts those of this machine."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadctl.delivery.sender import GRACE
from leadctl.importing.part import content_hash
from leadctl.ledger.records import ledger_option
from leadctl.model.clock import CancellationToken, RealClock
from leadctl.model.errors import NotProcessed, restored
from leadctl.model.leads import DELIVERED, Status
from leadctl.sources.source import expected_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from leadctl.delivery.sender import Sender
    from leadctl.importing.plan import Plan
    from leadctl.ledger.postgres.parts import PlannedRun, SharedRun
    from leadctl.ledger.records import Sharing
    from leadctl.model.leads import Batch
    from leadctl.model.progress import Meter
    from leadctl.runs.request import ImportRequest

    Process = subprocess.Popen[bytes]

MOST_LEADS = 20_000
MOST_REQUESTS = 2_000
"""What a part has at most: the file's place is soon found, and little is in doubt."""

PARTS_EACH = 8
"""Parts that each worker should find in a small file."""

PAUSE = 0.2


def part_size(plan: Plan, workers: int) -> int:
    """Return the leads of a part, in whole requests."""
    most = min(MOST_LEADS, MOST_REQUESTS * plan.batch_size)
    rows = expected_rows(plan.sources, plan.skip, plan.limit)
    share = most if rows is None else rows // (PARTS_EACH * max(1, workers))
    return -(-max(1, min(most, share)) // plan.batch_size) * plan.batch_size


@dataclass
class Planner:
    """Replaces the sender: it passes batches to the workers.

    `sender` sends what earlier workers left in doubt. `has_too_many_rejects` is called
    while they work, as `run_writer.tally` grows.
    """

    request: ImportRequest
    run_writer: PlannedRun
    shared: SharedRun
    sender: Sender
    digest: Callable[[str], bytes]
    meter: Meter
    has_too_many_rejects: Callable[[], bool]
    _next_count: float = 0.0

    def deliver(
        self,
        batches: Iterator[Batch],
        in_doubt: Sequence[Batch],
        held_back: Callable[[Batch], Collection[int]],
    ) -> None:
        """Record every batch as a part, and wait until the workers are done.

        Raises what stopped one of them, or says that none is left.
        """
        stop = self.request.stop
        stop.is_requested = self._is_stopped
        if in_doubt:
            self.sender.deliver(iter(()), in_doubt, held_back)
        if not self.request.job.workers:
            words = shlex.join(["leadctl", *self._command])
            self.request.note("waits_for_workers", f"start workers elsewhere: {words}")
        with self._workers() as workers:
            for batch in batches:
                content = content_hash(batch.leads, self.digest)
                self.run_writer.plan(batch.leads, batch.file, content)
                self._look(workers)
                if stop.check():
                    return
            self.run_writer.is_planned()
            while not (self._look(workers).is_done or self.has_too_many_rejects()):
                stop.sleep(PAUSE)
                if stop.check():
                    return

    def settle_in_doubt(self, in_doubt: Sequence[Batch]) -> None:
        self._end([])
        self.sender.settle_in_doubt(in_doubt)

    def _is_stopped(self) -> bool:
        state = self.shared.sharing()
        return state.is_stopped and not state.error

    def _look(self, workers: Sequence[Process]) -> Sharing:
        """Read the state of the run; counting its rows takes a tenth of the time."""
        state = self.shared.sharing()
        if state.error:
            raise restored(**state.error)
        began = time.monotonic()
        if began >= self._next_count or state.is_done:
            self.run_writer.flush()
            counts = Counter(self.run_writer.counts())
            fresh = _sent(counts) - _sent(self.run_writer.tally)
            self.run_writer.tally = counts
            self.meter.sends(0, max(0, fresh))
            now = time.monotonic()
            self._next_count = now + max(PAUSE, 10 * (now - began))
        codes = [worker.poll() for worker in workers]
        if codes and None not in codes and not (state.is_done or state.held_parts):
            shown = ", ".join(sorted({*map(str, codes)}))
            raise NotProcessed(
                f"all workers ended before the run was finished (exit code {shown})",
                hint=f"`{shlex.join(['leadctl', *self._command])}` shows why",
            )
        return state

    @property
    def _command(self) -> list[str]:
        facts, config = self.run_writer.facts(), self.request.job.config
        more = ["--config", config] if config else []
        return ["work", facts.id, *more, *ledger_option(facts.ledger)]

    @contextmanager
    def _workers(self) -> Iterator[Sequence[Process]]:
        """Start workers; the run stops at the end of the context unless it is done."""
        command = [sys.executable, "-m", "leadctl", *self._command]
        with ExitStack() as stack:
            workers = [
                stack.enter_context(
                    subprocess.Popen(  # noqa: S603  our own program
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                    )
                )
                for _ in range(self.request.job.workers or 0)
            ]
            try:
                yield workers
            finally:
                self._end(workers)

    def _end(self, workers: Sequence[Process]) -> None:
        clock, latest = RealClock(CancellationToken()), time.monotonic() + 2 * GRACE
        try:
            if not self.shared.sharing().is_done:
                self.shared.stop()
            while self.shared.sharing().held_parts and time.monotonic() < latest:
                clock.sleep(PAUSE)
            while None in [one.poll() for one in workers] and time.monotonic() < latest:
                clock.sleep(PAUSE)
        finally:
            for worker in workers:
                worker.kill()


def _sent(counts: Mapping[Status, int]) -> int:
    return sum(counts.get(one, 0) for one in (*DELIVERED, Status.UNKNOWN))
