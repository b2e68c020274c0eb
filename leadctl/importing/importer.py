"""Runs an import: file -> rows -> judged leads -> not yet delivered -> batch."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from uuid import uuid4

from leadctl.importing.judge import Judge
from leadctl.importing.judged import divided
from leadctl.importing.pool import pooled
from leadctl.mapping.times import TIMED
from leadctl.model.errors import (
    InputChanged,
    InputUnusable,
    LeadctlError,
    LedgerUnusable,
    TooManyRejects,
)
from leadctl.model.leads import Batch, Code, Finding, Leads, Status
from leadctl.model.progress import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from leadctl.delivery.sender import Sender
    from leadctl.importing.judged import FindingParts, Judging
    from leadctl.importing.plan import Plan
    from leadctl.ledger.base import RunWriter
    from leadctl.ledger.records import OpenBatch, Unfinished
    from leadctl.phones.column import ColumnSays


class DeliveryHistory(NamedTuple):
    """What to ask the ledger about leads; what is None is not asked.

    `digest` returns the keyed hash of an identity. `delivered` and `in_doubt` are those
    of DeliveredIndex.among and Ledger.in_doubt.
    """

    digest: Callable[[str], bytes] | None
    delivered: Callable[[list[bytes]], Mapping[bytes, str]] | None = None
    in_doubt: Callable[[list[bytes]], set[bytes]] | None = None


Deliver: TypeAlias = (
    "Callable[[Iterator[Batch], Sequence[Batch], Callable[[Batch], Collection[int]]],"
    " None]"
)
"""As a sender delivers: fresh batches, those in doubt, and which rows to hold back."""

_DOUBTED = (
    Status.UNKNOWN,
    Code.ANSWER_LOST,
    "sent by an earlier run; no answer was received",
)


class _PendingLeads:
    """Leads of a file that have been read and are in no batch yet."""

    def __init__(self) -> None:
        self.file = 0
        self._leads = Leads()
        self._first = 0

    def __len__(self) -> int:
        return len(self._leads) - self._first

    def put(self, file: int, leads: Leads) -> None:
        self.file = file
        self._leads, self._first = self._leads[self._first :] + leads, 0

    def take(self, most: int) -> Leads:
        taken = self._leads[self._first : self._first + most]
        self._first += len(taken)
        return taken


class Importer:
    """One pass over the files of a plan; with `unfinished`, over what a run left."""

    def __init__(  # noqa: PLR0913  a part of a run has its reader's judge
        self,
        plan: Plan,
        run_writer: RunWriter,
        known: DeliveryHistory,
        unfinished: Unfinished | None = None,
        meter: Meter | None = None,
        judge: Judge | None = None,
    ) -> None:
        self._plan = plan
        self._meter = meter or Meter()
        self._run_writer = run_writer
        self._known = known
        self._accounted = unfinished.accounted if unfinished else {}
        self._in_doubt = unfinished.in_doubt if unfinished else []
        self.judge = judge or Judge(plan, known.digest, self._keep_decision)
        self._judged: Judging = self.judge.judged
        self.read = 0
        """Rows of all files that were read, also those that an earlier part settled."""
        # Kept, so that what a stopped run did not send can still be accounted for.
        self._streams = [(file, self._fresh(file)) for file in range(len(plan.sources))]
        self._pending = _PendingLeads()
        self._too_many: TooManyRejects | None = None

    def _keep_decision(self, path: str, says: ColumnSays) -> None:
        """Store a phone column's decision, before leads read by it are sent."""
        self._run_writer.remember({"columns": {path: str(says)}})

    def deliver(self, deliver: Deliver) -> LeadctlError | None:
        """Send everything; returns what stopped the run early. Every row is counted."""
        in_doubt = [*map(self._rebuilt, self._in_doubt)]
        try:
            deliver(self._batches(), in_doubt, self._held_back)
        except LedgerUnusable:
            raise
        except LeadctlError as error:
            self._settle_unsent(error)
            return error
        return self._ended()

    def settle_unsent(self, sender: Sender, error: LeadctlError) -> LeadctlError:
        """Account for every row that is left, without sending anything."""
        sender.settle_in_doubt([*map(self._rebuilt, self._in_doubt)])
        self._settle_unsent(error)
        return error

    def rehearse(self, cores: int = 1) -> LeadctlError | None:
        """Do everything except send: leads that would be sent count as delivered."""
        with pooled(self.judge, cores) as self._judged:
            for batch in self._batches():
                self._run_writer.rehearse(batch, self._plan.provider.good)
        return self._ended()

    def _ended(self) -> LeadctlError | None:
        """Check --max-rejects once more: the last rows of a file may be in no batch."""
        self._run_writer.flush()
        self._meter.has_read(self.read, is_all=True)
        self.has_too_many_rejects(at_end=True)
        return self._too_many

    def _rebuilt(self, batch: OpenBatch) -> Batch:
        """Read a batch in doubt again: the same rows, so the same bytes, and its id."""
        leads, _ = self.judge.again(batch.file, batch.rows)
        if len(leads) != len(batch.rows):
            raise InputUnusable(
                f"{len(batch.rows) - len(leads)} rows without an answer "
                "no longer pass the checks",
                hint="resume with the settings that the run began with",
            )
        plan, stale = self._plan, batch.is_stale
        return Batch(batch.id, plan.campaign, batch.file, leads, plan.job.tags, stale)

    def _held_back(self, batch: Batch) -> Collection[int]:
        """Return the rows of a batch that are on a suppression list by now."""
        if not self._plan.suppressed:
            return ()
        _, held_back = self.judge.again(batch.file, batch.leads.rows)
        return held_back

    def _batches(self) -> Iterator[Batch]:
        """Cut batches, each of leads of one file."""
        for file, stream in self._streams:
            for leads in stream:
                self._pending.put(file, leads)
                yield from self._cut(least=self._plan.batch_size)
            if file == len(self._streams) - 1:
                self._meter.has_read(self.read, is_all=True)
            yield from self._cut(least=1)

    def _cut(self, least: int) -> Iterator[Batch]:
        pending, plan = self._pending, self._plan
        while len(pending) >= least and not self._too_many:
            if self.has_too_many_rejects():
                self._settle_unsent(self._too_many)
                return
            leads = pending.take(plan.batch_size)
            yield Batch(uuid4(), plan.campaign, pending.file, leads, plan.job.tags)

    def has_too_many_rejects(self, *, at_end: bool = False) -> bool:
        """Check --max-rejects; once it is reached, no more batches are cut."""
        rejected = self._run_writer.tally[Status.REJECTED]
        if self._plan.job.reject_limit.is_passed(rejected, self.read, at_end=at_end):
            self._too_many = TooManyRejects(
                f"--max-rejects reached: {rejected:,} of {self.read:,} rows rejected",
                hint="check the reasons, fix the file or the profile, and "
                "push it again",
            )
        return self._too_many is not None

    def _settle_unsent(self, error: LeadctlError | None) -> None:
        """Account for everything that is not sent: reads every file to its end."""
        reason = f"not sent because the run stopped: {error.message if error else ''}"
        pending = self._pending
        left = pending.file, [pending.take(len(pending))]
        for file, stream in [left, *self._streams]:
            with suppress(InputChanged):  # what cannot be read has no rows
                for leads in stream:
                    for row in leads.rows:
                        verdict = Finding(row, Status.FAILED, Code.NOT_SENT, reason)
                        self._run_writer.note(file, verdict)
        self._run_writer.flush()

    def _fresh(self, file: int) -> Iterator[Leads]:
        """Drop the leads that an earlier request added to the campaign."""
        known = self._known
        for leads in self._leads(file):
            hashes, rest = leads.hashes(), leads
            if known.delivered and (delivered := known.delivered(hashes)):
                rest = self._undelivered(file, rest, delivered)
            if known.in_doubt and (in_doubt := known.in_doubt(hashes)):
                doubted = rest.among(in_doubt)
                self._run_writer.doubt(file, rest.chosen(doubted))
                rest = self._divided(file, rest, doubted, _DOUBTED)
            yield self._timely(file, rest)

    def _timely(self, file: int, leads: Leads) -> Leads:
        """Reject leads whose time is past; delivered leads are dropped before."""
        for name in TIMED:
            verdict = Status.REJECTED, Code.FIELD_INVALID, f"{name}: in the past", name
            past = self.judge.past(name, leads)
            leads = self._divided(file, leads, past, verdict)
        return leads

    def _undelivered(
        self, file: int, leads: Leads, delivered: Mapping[bytes, str]
    ) -> Leads:
        runs = [
            next((delivered[one] for one in identities if one in delivered), None)
            for identities in zip(*leads.digests, strict=True)
        ]
        for row, run in zip(leads.rows, runs, strict=True):
            if run is not None:
                by = f"run {run}" if run else "an earlier run"
                reason = f"delivered to this campaign by {by}"
                verdict = Status.DUPLICATE, Code.ALREADY_DELIVERED, reason
                self._run_writer.note(file, Finding(row, *verdict))
        return leads.chosen([run is None for run in runs])

    def _divided(
        self, file: int, leads: Leads, left_out: Sequence[bool], parts: FindingParts
    ) -> Leads:
        rest, findings = divided(leads, left_out, parts)
        for finding in findings:
            self._run_writer.note(file, finding)
        return rest

    def _leads(self, file: int) -> Iterator[Leads]:
        """Read a file; records the outcome of rows that drop out."""
        # Most runs have no earlier part: nothing is asked of an empty set.
        accounted = self._accounted.get(file) or ()
        for judged in self._judged(file):
            leads, findings = judged.leads, judged.findings
            self.read += judged.read
            if accounted:
                leads = leads.chosen([row not in accounted for row in leads.rows])
                findings = [one for one in findings if one.row not in accounted]
            for finding in findings:
                self._run_writer.note(file, finding)
            self._meter.has_read(self.read)
            yield leads
