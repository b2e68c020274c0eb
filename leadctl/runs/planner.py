"""Plans a run for its workers, starts those of this machine, and waits for all."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from leadctl.delivery.sender import GRACE
from leadctl.importing.part import planned
from leadctl.ledger.records import ledger_option
from leadctl.model.clock import RealClock
from leadctl.model.errors import NotProcessed, restored
from leadctl.model.leads import DELIVERED, Note, Status
from leadctl.sources.source import expected_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from leadctl.delivery.sender import Sender
    from leadctl.importing.plan import Plan
    from leadctl.ledger.base import Ledger, RunWriter
    from leadctl.model.leads import Batch
    from leadctl.model.progress import Meter
    from leadctl.runs.request import ImportRequest

MOST_LEADS = 20_000
MOST_REQUESTS = 2_000
"""What a part has at most: the file's place is soon found, and little is in doubt."""

PARTS_EACH = 8
"""Parts that each worker should find in a small file."""

PAUSE = 0.2
"""Seconds after which planner and workers look at the run again."""


def part_size(plan: Plan, workers: int) -> int:
    """Return the leads of a part, in whole requests."""
    most = min(MOST_LEADS, MOST_REQUESTS * plan.batch_size)
    rows = expected_rows(plan.sources, plan.job.skip, plan.job.limit)
    share = most if rows is None else rows // (PARTS_EACH * max(1, workers))
    return -(-max(1, min(most, share)) // plan.batch_size) * plan.batch_size


@dataclass(eq=False)
class Planner:
    """Delivers in place of the sender: passes batches to the workers.

    `sender` sends what earlier workers left in doubt. `has_too_many_rejects` is called
    while they work, as `run_writer.tally` grows.
    """

    request: ImportRequest
    ledger: Ledger
    run_writer: RunWriter
    sender: Sender
    meter: Meter
    has_too_many_rejects: Callable[[], bool]
    _next_count: float = 0.0

    def __post_init__(self) -> None:
        self._facts = self.run_writer.facts()
        self._shared = self.ledger.shared(self._facts.id)

    def deliver(
        self,
        batches: Iterator[Batch],
        in_doubt: Sequence[Batch],
        held_back: Callable[[Batch], Collection[int]],
    ) -> None:
        """Record every batch as a part, and wait until the workers are done.

        Raises what stopped one of them, or says that none is left.
        """
        stop, facts = self.request.stop, self._facts
        digest = self.ledger.digest(facts.account, facts.campaign)
        self.sender.deliver(iter(()), in_doubt, held_back)
        self.run_writer.plan()
        with self._workers() as is_done:
            for batch in batches:
                self.run_writer.plan(planned(batch, digest))
                is_done()
                if stop.check():
                    return
            self.run_writer.plan(is_all=True)
            while not (is_done() or self.has_too_many_rejects() or stop.check()):
                stop.sleep(PAUSE)

    @contextmanager
    def _workers(self) -> Iterator[Callable[[], bool]]:
        """Start workers; yields what looks at them. None goes on after the context."""
        request, facts = self.request, self._facts
        config = ["--config", request.job.config] if request.job.config else []
        command = ["work", facts.id, *config, *ledger_option(facts.ledger)]
        if not request.job.workers:
            words = shlex.join(["leadctl", *command])
            message = f"start workers elsewhere: {words}"
            request.note(Note("waits_for_workers", message))
        with tempfile.TemporaryFile() as said:
            workers: list[subprocess.Popen[bytes]] = []
            try:
                for _ in range(request.job.workers or 0):
                    worker = subprocess.Popen(  # noqa: S603  our own program
                        [sys.executable, "-m", "leadctl", *command],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=said,
                    )
                    workers.append(worker)
                yield lambda: self._is_done(workers, said)
            finally:
                self._end(workers)

    def _is_done(
        self, workers: Sequence[subprocess.Popen[bytes]], said: IO[bytes]
    ) -> bool:
        """Look how far the workers are; counting takes a tenth of the time at most."""
        state = self._shared.sharing()
        if state.error:
            raise restored(state.error)
        codes = [worker.poll() for worker in workers]
        if codes and None not in codes and not (state.is_done or state.held_parts):
            raise _all_ended(codes, said)
        began = time.monotonic()
        if began >= self._next_count or state.is_done:
            self.run_writer.flush()
            before, counts = self.run_writer.tally, Counter(self.run_writer.counts())
            self.run_writer.tally = counts
            self.meter.sends(0, max(0, _sent(counts) - _sent(before)))
            now = time.monotonic()
            self._next_count = now + max(PAUSE, 10 * (now - began))
        return state.is_done

    def _end(self, workers: Sequence[subprocess.Popen[bytes]]) -> None:
        """Let all workers finish what they send, unless another planner has them."""
        clock, latest = RealClock(), time.monotonic() + 2 * GRACE
        try:
            if self.run_writer.may_send() and not self._shared.sharing().is_done:
                self._shared.stop()
            while time.monotonic() < latest and (
                None in [worker.poll() for worker in workers]
                or self._shared.sharing().held_parts
            ):
                clock.sleep(PAUSE)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        self._shared.end()


def _sent(counts: Counter[Status]) -> int:
    return sum(counts[one] for one in (*DELIVERED, Status.UNKNOWN))


def _all_ended(codes: Sequence[int | None], said: IO[bytes]) -> NotProcessed:
    """Return the error for workers that ended too early: what the last one said."""
    said.seek(0)
    lines = said.read().decode(errors="replace").splitlines()
    told = [line for line in lines if line[:1].strip()]  # without hints
    last = told[-1].removeprefix("leadctl: ") if told else "no error message"
    why = re.sub(r"\d{5,}", "…", last)  # of a defect it may quote a lead
    shown = ", ".join(sorted({*map(str, codes)}))
    return NotProcessed(
        f"all workers ended before the run was finished (exit code {shown}): {why}"
    )
