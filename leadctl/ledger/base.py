"""The protocols of a ledger.

SQLite (a file) and PostgreSQL (a server) implement them. A further implementation must
pass tests/test_ledger.py and tests/test_ledger_shared.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )
    from contextlib import AbstractContextManager

    from leadctl.ledger.records import (
        Arrival,
        BatchState,
        Departure,
        FileOfRun,
        LedgerSize,
        NewRun,
        Part,
        Reason,
        Request,
        Run,
        Sharing,
        Trace,
        Unfinished,
        Verdict,
        Worker,
    )
    from leadctl.model.errors import LeadctlError
    from leadctl.model.leads import Batch, Finding, Json, Leads, Note, Outcome, Status
    from leadctl.model.removal import Removal
    from leadctl.model.row_set import RowSet


class RunReader(Protocol):
    """Reads a run's results; those of a run in progress are as of now."""

    def facts(self) -> Run: ...

    def counts(self) -> dict[Status, int]:
        """Count the rows by status; a batch in flight counts as if the run died now."""

    def reasons(self, *, running: bool = False) -> list[Reason]: ...

    def files(self) -> list[FileOfRun]: ...

    def removals(self) -> Counter[Removal]:
        """Count the rows that an undo tried to delete, by result."""

    def removed(self, file: int) -> Iterator[tuple[int, Removal]]:
        """Yield those rows of a file in order, each with its result."""

    def is_stop_requested(self) -> bool:
        """Tell whether another process asked this run, or its undo, to stop."""

    def findings(self, file: int, statuses: Iterable[Status]) -> Iterator[Finding]:
        """Yield the findings with these statuses, in row order."""

    def verdicts(self, file: int) -> Iterator[Verdict]:
        """Yield the verdict on every row of a file that has one, in row order."""

    def verdict(self, file: int, row: int) -> Verdict | None:
        """Return the verdict on a row; None if the row was not read."""

    def unknown(self) -> list[tuple[int, str, str]]:
        """Return the unknown rows in groups: file (from 0), rows as ranges, reason."""

    def requests(self) -> Iterator[Request]:
        """Yield the requests in the order their intents were recorded."""

    def last_requests(self, file: int) -> Iterator[tuple[int, Request]]:
        """Yield each row of a file with the last request that carried it."""

    def requests_of(self, file: int, row: int) -> list[Request]:
        """Return the requests that carried a row, in the order they were sent."""


class RunWriter(RunReader, Protocol):
    """Records a run: an intent before each request, its outcome after the answer.

    What is written inside `together` is durable when it ends, all or nothing. A batch
    that is still `sending` after its process died is in doubt.
    """

    ahead: float
    """Seconds by which the ledger's clock is ahead of this machine's."""

    tally: Counter[Status]
    """Rows settled so far, by status; kept in memory."""

    def may_send(self) -> bool:
        """Tell whether the campaign is held long enough for one more request.

        May be called from any thread. False near the end of a lease.
        """

    def together(self) -> AbstractContextManager[None]:
        """Write several steps at once, all or nothing; nested contexts join it."""

    def note(self, file: int, finding: Finding) -> None:
        """Buffer a finding; the next transaction writes it, or a full buffer."""

    def doubt(self, file: int, leads: Leads) -> None:
        """Record leads that stay unknown; call it before `note` for their findings."""

    def flush(self) -> None:
        """Write everything that is buffered."""

    def intend(self, batch: Batch, departure: Departure, *, doubted: bool) -> None:
        """Commit that this batch is about to be sent."""

    def call_back(self, batch: Batch, *, fresh: bool, doubted: bool) -> None:
        """Undo an intent: the batch was not sent. A `fresh` one never was before."""

    def answered(self, batch: Batch, arrival: Arrival) -> None:
        """Buffer a request's result; it is written with the batch's next state."""

    def mark(self, batch: Batch, state: BatchState, *, doubted: bool) -> None:
        """Record a request's result that settles no row."""

    def settle(
        self,
        batch: Batch,
        outcomes: Sequence[Outcome | None],
        pieces: Sequence[Batch] = (),
        state: BatchState = ...,
        *,
        doubted: bool = False,
    ) -> None:
        """Record the final outcome of each lead of a batch, sent or not.

        Leads without one (None) move to `pieces`, which are recorded as `state`
        (default: waiting) in the same transaction, so that every row is in exactly one
        batch at any moment.
        """

    def remember(self, more: Mapping[str, Json]) -> None:
        """Add members to the job that is stored with the run."""

    def rehearse(self, batch: Batch, outcome: Outcome) -> None:
        """Record a batch of a dry run; its leads do not count as delivered."""

    def set_rejects_file(self, ordinal: int, path: str | None) -> None: ...

    def finish(
        self,
        exit_code: int,
        error: dict[str, Json] | None,
        repairs: Mapping[str, int],
        notes: Sequence[Note] = (),
    ) -> None: ...


class ResumedRun(RunWriter, Protocol):
    """An earlier run whose process has ended, to resume or to resolve."""

    def reopen(
        self, *, most: int, with_unknown: bool = True, stale_before: float = 0.0
    ) -> Unfinished:
        """Reopen the run for a resume; returns what is left to do.

        Failed rows and batches that were certainly not processed are open again, like
        rows never read. A batch that was in flight when the process died is in doubt.
        So are unknown rows if sending twice is safe: they form batches of up to `most`
        leads. A doubt that began before `stale_before` (Unix time) is stale.
        """

    def decide(
        self, file: int | None, rows: list[tuple[int, int]] | None, *, delivered: bool
    ) -> int:
        """Settle unknown rows by an operator's decision; returns how many.

        `rows` are ranges, first and last included; None means all. Delivered rows count
        as created and are not sent again; the others become `failed`.
        """

    def close_again(self, exit_code: int) -> None:
        """Set the exit code of a finished run to what its rows now amount to."""


class PlannedRun(ResumedRun, Protocol):
    """Records the parts of a shared run, and closes it when the workers are done."""

    def plan(self, leads: Leads, file: int, content: bytes) -> None:
        """Record a part for a worker: leads of a file, and the keyed hash of them."""
        ...

    def is_planned(self) -> None:
        """Record that there are no more parts to come."""
        ...

    def plan_on(self) -> Unfinished:
        """Go on planning where the planner died, while the workers go on."""
        ...

    def settle_left(self, reason: str) -> None:
        """Settle what the workers left: as failed what they did not send.

        Doubts that a repeat can settle stay, and the others become unknown.
        """
        ...


class PartWriter(ResumedRun, Protocol):
    """Records one part of a shared run; reopened where a worker had it before."""

    @property
    def part(self) -> Part: ...


class SharedRun(Protocol):
    """A run as its planner and its workers see it; each of them has its own.

    The planner records parts, and each worker takes one after another. The part of a
    worker that is gone goes to another when its lease has expired.
    """

    def sharing(self) -> Sharing: ...

    def replan(self) -> bool:
        """Void the parts, to plan what is left anew; False while workers have some."""
        ...

    def stop(self, error: LeadctlError | None = None) -> None:
        """End the run for all of them, because of an error that one has met."""
        ...

    def taken(
        self,
        *,
        longest_request: float,
        concurrency: int,
        sharing: int,
        at_most_once: bool,
    ) -> AbstractContextManager[PartWriter | None]:
        """Take a part while the context lasts; None where none is to be had now.

        `concurrency` requests are divided among all workers on the account; of this
        run there are at least `sharing`.
        """
        ...

    def finish_part(self) -> None:
        """Record that nothing is left to do of the part that is taken."""
        ...


class SharedRuns(Protocol):
    """The runs of a ledger that workers share."""

    def of(self, run_id: str) -> SharedRun: ...

    def planned(self, run_id: str, *, at_most_once: bool) -> PlannedRun: ...

    def to_work_on(self) -> str | None:
        """Return the id of the oldest run that has parts left, or to come, if any."""
        ...


class RunRemoval(RunReader, Protocol):
    """Records the undo of a run: an intent before each request, its outcome after.

    A row whose answer was lost is in doubt.
    """

    def begin(self) -> None:
        """Begin or continue; an earlier request to stop is dropped."""

    def created_rows(self, file: int) -> RowSet:
        """Return the rows that the run delivered and that are not known as deleted."""

    def intend(self, batch: Batch) -> set[int]:
        """Commit that a removal is about to be sent.

        Returns the rows of the batch whose earlier removal is in doubt.
        """

    def settle(
        self, batch: Batch, removals: Sequence[Removal], *, forget_missing: bool
    ) -> None:
        """Record each lead's result; deleted leads no longer count as delivered.

        With `forget_missing`, neither do those that the provider did not find.
        """


class DeliveredIndex(Protocol):
    """The leads delivered to one campaign, as of the moment it was opened."""

    def is_empty(self) -> bool: ...

    def among(self, digests: Sequence[bytes]) -> Mapping[bytes, str]:
        """Return those of the hashes that are delivered, each with its run's id.

        The id is empty if the run is no longer in the ledger.
        """


class SuppressionList(Protocol):
    """People that no account may send to; an entry holds hashes of its identities.

    Every run asks it again for each block of rows, so a change takes effect at once.
    """

    def is_empty(self) -> bool: ...

    def __len__(self) -> int:
        """Count the entries."""

    def add(self, entries: Iterable[Collection[str]]) -> int:
        """Add entries, each the identities of one person; returns how many were new."""

    def remove(self, identities: Collection[str]) -> int:
        """Remove the entries that hold any of these; returns how many there were."""

    def among(self, identities: Sequence[str]) -> set[str]:
        """Return those of the identities that an entry holds."""


class Spacing(NamedTuple):
    """The seconds from one start in a scope to the next; 0 for no limit.

    After a late start the next may come up to `made_up` seconds early. A start that was
    reserved ahead may be used up to `slack` seconds late without exceeding the rate.
    """

    seconds: float = 0.0
    made_up: float = 0.0
    slack: float = 0.0


class RateStore(Protocol):
    """Start times and token counts, shared by all runs on the ledger, in Unix time."""

    def claim(self, scopes: Mapping[str, Spacing], now: float) -> float:
        """Take a start in every scope, or return the seconds to wait."""

    def postpone(self, scope: str, until: float, now: float) -> None:
        """Block starts in this scope until the moment `until`."""

    def count_token(self, account: str, most: int, now: float) -> None:
        """Count a token request; raises Unusable above `most` an hour."""


class CampaignLock(Protocol):
    """A campaign that this process holds."""

    def hold_for(self, run: str) -> None:
        """Name the run it is held for, once that is known."""


class Ledger(Protocol):
    """Runs, deliveries, rates and locks. Used by one thread; `rates` by any."""

    @property
    def rates(self) -> RateStore: ...

    def close(self) -> None: ...

    def is_there(self) -> bool:
        """Tell whether the ledger is still at its URL, where the next run looks."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def digest(self, account: str, campaign: str) -> Callable[[str], bytes]:
        """Return the keyed hash function of leads for this account and campaign."""

    def delivered(self, account: str, campaign: str) -> DeliveredIndex: ...

    @property
    def suppression_list(self) -> SuppressionList: ...

    def traces(self, identities: Sequence[str]) -> Mapping[str, list[Trace]]:
        """Return the traces in all campaigns of each identity that has any."""

    def forget(self, identities: Sequence[str]) -> None:
        """Remove the identities from the deliveries and doubts of all campaigns.

        Later runs treat them as new. Runs keep their counts, which hold no identity.
        """

    def in_doubt(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those of the hashes that were sent without a known outcome."""

    def campaign_lock(
        self,
        account: str,
        campaign: str,
        *,
        longest_request: float = 120.0,
        run: str = "",
    ) -> AbstractContextManager[CampaignLock]:
        """Hold a campaign while the context lasts; CampaignLocked names its holder.

        An empty `campaign` holds the whole account. Where the death of a holder cannot
        be seen, its lock expires some time after `longest_request` seconds. Workers
        that another run than `run` left behind hold the campaign as well.
        """

    def process_of(self, run: Run) -> int | None:
        """Return the process that is working on a run; None if there is none."""

    def begin(self, new: NewRun, *, at_most_once: bool = False) -> RunWriter:
        """Record a new run.

        `at_most_once` is for providers where sending twice adds a lead twice: its leads
        are recorded before they are sent, and no later run sends them again by itself.
        """

    def request_stop(self, run_id: str) -> None:
        """Ask the process working on a run, or on its undo, to stop."""

    def run(self, run_id: str) -> RunReader:
        """Return a run by its id, or by a unique start or end of the id.

        Raises UsageError with the nearest id if none matches, with all if several do.
        """

    def resumed(self, run_id: str, *, at_most_once: bool = False) -> ResumedRun: ...

    @property
    def shared_runs(self) -> SharedRuns:
        """The runs that workers share; UsageError where one process must do it all."""
        ...

    def workers(self, run: Run) -> Sequence[Worker]:
        """Return those who worked on a run, the latest first."""
        ...

    def removal(self, run_id: str) -> RunRemoval:
        """Return the undo of a run; raises UsageError as `run` does."""

    def unsettled_run(self, account: str, campaign: str) -> str | None:
        """Return a run of this campaign that ended with a batch in flight, if any.

        Never an `at_most_once` run: its leads in doubt are known by hash.
        """

    def run_half_undone(self, account: str, campaign: str) -> str | None:
        """Return a run of this campaign whose undo is unfinished, if any.

        Its leads count as delivered, although some may be deleted.
        """

    def latest(self, account: str, campaign: str) -> RunReader | None:
        """Return this account's latest run to the campaign, if any is recorded."""

    def runs(self, most: int) -> Sequence[RunReader]:
        """Return the latest runs, newest first."""

    def size(self) -> LedgerSize: ...

    def has_forgotten_runs(self) -> bool: ...

    def forget_runs(
        self, before: str, *, dry_run: bool = False
    ) -> list[dict[str, Json]]:
        """Delete finished runs older than an ISO 8601 time; returns their jobs.

        With `dry_run` they are only returned. Delivered leads stay known. Kept are runs
        with rows in doubt, which an operator must resolve, and interrupted runs, which
        can be resumed.
        """
