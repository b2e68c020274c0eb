"""What leadctl asks of a ledger, wherever it is kept.

SQLite in a file and a PostgreSQL server are the implementations. Whoever writes another
passes the tests of tests/test_ledger.py and tests/test_ledger_shared.py with it.
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
        Reason,
        Request,
        Run,
        Trace,
        Unfinished,
        Verdict,
    )
    from leadctl.model.leads import Batch, Finding, Json, Leads, Note, Outcome, Status
    from leadctl.model.removal import Removal
    from leadctl.model.row_set import RowSet


class RunReader(Protocol):
    """What a run came to; of a run in progress, what it has come to by now."""

    def facts(self) -> Run: ...

    def counts(self) -> dict[Status, int]:
        """Count the rows by status; batches under way as what they would be now."""
        ...

    def reasons(self, *, running: bool = False) -> list[Reason]: ...

    def files(self) -> list[FileOfRun]: ...

    def removals(self) -> Counter[Removal]:
        """Count the rows that an undo tried, by what came of it so far."""
        ...

    def removed(self, file: int) -> Iterator[tuple[int, Removal]]:
        """Yield the same rows of a file, in order, each with what came of it."""
        ...

    def is_stop_requested(self) -> bool:
        """Tell whether somebody asked for this run, or its undo, to end."""
        ...

    def findings(self, file: int, statuses: Iterable[Status]) -> Iterator[Finding]:
        """Yield the findings with these statuses, in the order of the rows."""
        ...

    def verdicts(self, file: int) -> Iterator[Verdict]:
        """Yield the verdict on every row of a file that has one, in their order."""
        ...

    def verdict(self, file: int, row: int) -> Verdict | None:
        """Return the verdict on a row; None where nobody read it."""
        ...

    def unknown(self) -> list[tuple[int, str, str]]:
        """Return the unknown rows in groups: file (from 0), rows as ranges, reason."""
        ...

    def requests(self) -> Iterator[Request]:
        """Yield the requests in the order their intents were recorded."""
        ...

    def last_requests(self, file: int) -> Iterator[tuple[int, Request]]:
        """Yield with each row of a file the request it travelled with last."""
        ...

    def requests_of(self, file: int, row: int) -> list[Request]:
        """Return the requests a row travelled with, in the order they left."""
        ...


class RunWriter(RunReader, Protocol):
    """Records a run: intents before requests leave, outcomes when answers are read.

    What is done inside `together` is on disk when it ends, all or nothing. A batch
    that is still `sending` when its process is gone is in doubt.
    """

    ahead: float
    """Seconds that the ledger's clock is ahead of ours."""

    tally: Counter[Status]
    """Rows settled so far: cheap enough to look at for every batch."""

    def may_send(self) -> bool:
        """Tell whether the run is ours for as long as a request may take; any thread.

        A ledger that lends a campaign for a time answers False before that ends.
        """
        ...

    def together(self) -> AbstractContextManager[None]:
        """Write several steps at once, all or nothing; one inside another joins it."""
        ...

    def note(self, file: int, finding: Finding) -> None:
        """Keep a finding; written with the next transaction, or when there are many."""
        ...

    def doubt(self, file: int, leads: Leads) -> None:
        """Keep leads that stay unknown here too; before their findings are noted."""
        ...

    def flush(self) -> None:
        """Write what is kept."""
        ...

    def intend(self, batch: Batch, departure: Departure, *, doubted: bool) -> None:
        """Commit that this batch is about to leave."""
        ...

    def call_back(self, batch: Batch, *, fresh: bool, doubted: bool) -> None:
        """Undo an intent: the batch did not leave. A `fresh` one never did before."""
        ...

    def answered(self, batch: Batch, arrival: Arrival) -> None:
        """Keep what came of a request; written with what it makes of the batch."""
        ...

    def mark(self, batch: Batch, state: BatchState, *, doubted: bool) -> None:
        """Record what a request came to that did not decide about the rows."""
        ...

    def settle(
        self,
        batch: Batch,
        outcomes: Sequence[Outcome | None],
        pieces: Sequence[Batch] = (),
        state: BatchState = ...,
        *,
        doubted: bool = False,
    ) -> None:
        """Record the final outcome of the leads of a batch, sent or not.

        Leads without one (None) travel on in `pieces`, which are recorded as `state`
        (waiting unless given) in the same transaction: at no moment is a row in no
        batch or in two.
        """
        ...

    def remember(self, more: Mapping[str, Json]) -> None:
        """Add members to the job that is stored with the run."""
        ...

    def rehearse(self, batch: Batch, outcome: Outcome) -> None:
        """Record a batch of a dry run; its leads do not count as delivered."""
        ...

    def set_rejects_file(self, ordinal: int, path: str | None) -> None: ...

    def finish(
        self,
        exit_code: int,
        error: dict[str, Json] | None,
        repairs: Mapping[str, int],
        notes: Sequence[Note] = (),
    ) -> None: ...


class ResumedRun(RunWriter, Protocol):
    """An earlier run whose process is gone, to go on with or to decide about."""

    def reopen(
        self, *, most: int, with_unknown: bool = True, stale_before: float = 0.0
    ) -> Unfinished:
        """Make the run ready to go on; returns what is left open.

        Rows that failed, and batches that were certainly not taken in, are open again
        like rows never read. A batch that was on its way when the process died is in
        doubt. So are unknown rows where sending twice is safe: they form batches of
        `most` leads. A doubt that began before `stale_before` (Unix time) is stale.
        """
        ...

    def decide(
        self, file: int | None, rows: list[tuple[int, int]] | None, *, delivered: bool
    ) -> int:
        """Settle unknown rows on an operator's word; returns how many.

        `rows` are ranges, first and last included; None for all. Delivered rows count
        as created and are not sent again; the others are `failed`.
        """
        ...

    def close_again(self, exit_code: int) -> None:
        """Give a finished run the exit code its rows have by now."""
        ...


class RunRemoval(RunReader, Protocol):
    """Takes back what a run created: intents before requests leave, outcomes after.

    A row whose answer nobody read is in doubt.
    """

    def begin(self) -> None:
        """Begin, or go on; a stop that was asked for earlier counts no more."""
        ...

    def created_rows(self, file: int) -> RowSet:
        """Return the rows that the run delivered and that are not known to be gone."""
        ...

    def intend(self, batch: Batch) -> set[int]:
        """Commit that a removal is about to leave.

        Returns the rows of the batch whose earlier removal is in doubt.
        """
        ...

    def settle(
        self, batch: Batch, removals: Sequence[Removal], *, forget_missing: bool
    ) -> None:
        """Record what became of each lead; those deleted are delivered no longer.

        Nor are those that were not found, where `forget_missing` says so.
        """
        ...


class DeliveredIndex(Protocol):
    """The leads that were delivered to one campaign when this was opened."""

    def is_empty(self) -> bool: ...

    def among(self, digests: Sequence[bytes]) -> Mapping[bytes, str]:
        """Return those that are delivered, each with the id of its run.

        The id is empty where the run is no longer in the ledger.
        """
        ...


class SuppressionList(Protocol):
    """People that no account may send to, each entry by all its identities, hashed.

    Any run on the ledger asks it for every block of rows, so that it may change at any
    time.
    """

    def is_empty(self) -> bool: ...

    def __len__(self) -> int:
        """Count the entries."""
        ...

    def add(self, entries: Iterable[Collection[str]]) -> int:
        """Add entries, each the identities of one person; returns how many are new."""
        ...

    def remove(self, identities: Collection[str]) -> int:
        """Remove the entries that hold any of these; returns how many there were."""
        ...

    def among(self, identities: Sequence[str]) -> set[str]:
        """Return those that any entry holds."""
        ...


class Spacing(NamedTuple):
    """The seconds that a start keeps its scope taken; none take nothing.

    A start that comes late is made up for by up to `made_up` seconds. `slack` is how
    late a start may be used that was granted ahead, and no window of the rate has more.
    """

    seconds: float = 0.0
    made_up: float = 0.0
    slack: float = 0.0


class RateStore(Protocol):
    """Start times and token counts as all runs on the ledger share them.

    Moments are Unix time.
    """

    def claim(self, scopes: Mapping[str, Spacing], now: float) -> float:
        """Take a start in every scope, or return the seconds to wait."""
        ...

    def postpone(self, scope: str, until: float, now: float) -> None:
        """Let nothing start in this scope before `until`."""
        ...

    def count_token(self, account: str, most: int, now: float) -> None:
        """Count a token about to be requested; Unusable past `most` in an hour."""
        ...


class CampaignLock(Protocol):
    """A campaign that is held."""

    def hold_for(self, run: str) -> None:
        """Note which run it is held for, once that is known."""
        ...


class Ledger(Protocol):
    """Runs, deliveries, rates and locks. Used by one thread; `rates` by any."""

    @property
    def rates(self) -> RateStore: ...

    def close(self) -> None: ...

    def is_there(self) -> bool:
        """Tell whether what was opened is still where the next run looks for it."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def digest(self, account: str, campaign: str) -> Callable[[str], bytes]:
        """Return the keyed hash that this account and campaign know leads by."""
        ...

    def delivered(self, account: str, campaign: str) -> DeliveredIndex: ...

    @property
    def suppression_list(self) -> SuppressionList: ...

    def traces(self, identities: Sequence[str]) -> Mapping[str, list[Trace]]:
        """Return what all campaigns know of each identity; of most, nothing."""
        ...

    def forget(self, identities: Sequence[str]) -> None:
        """Remove these from the deliveries and doubts of all campaigns.

        Later runs take them for new. Runs keep their counts, which hold no identity.
        """
        ...

    def in_doubt(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those that were sent and nobody knows what became of."""
        ...

    def campaign_lock(
        self, account: str, campaign: str, *, longest_request: float = 120.0
    ) -> AbstractContextManager[CampaignLock]:
        """Hold a campaign while the context lasts; CampaignLocked says who has it.

        An empty `campaign` holds the account as a whole. Where nobody can tell that a
        holder has died, its lock ends somewhat later than its `longest_request`
        (seconds).
        """
        ...

    def process_of(self, run: Run) -> int | None:
        """Return the process that is at work on a run, if one is."""
        ...

    def begin(self, new: NewRun, *, at_most_once: bool = False) -> RunWriter:
        """Record a new run.

        `at_most_once`, for providers where sending twice would add a lead twice: its
        leads are recorded before they are sent, and no later run sends them unasked.
        """
        ...

    def request_stop(self, run_id: str) -> None:
        """Ask whoever is at work on a run, or on its undo, to end."""
        ...

    def run(self, run_id: str) -> RunReader:
        """Return a run by its id, or by the start or end of it that no other run has.

        UsageError with the nearest id where there is none, or with all where several
        match.
        """
        ...

    def resumed(self, run_id: str, *, at_most_once: bool = False) -> ResumedRun: ...

    def removal(self, run_id: str) -> RunRemoval:
        """Return a run to take back what it created; UsageError as above."""
        ...

    def unsettled_run(self, account: str, campaign: str) -> str | None:
        """Return a run of this campaign that ended with a batch on its way, if any.

        Not one that sent at most once: its leads are in doubt by hash.
        """
        ...

    def run_half_undone(self, account: str, campaign: str) -> str | None:
        """Return a run of this campaign with leads that may have been deleted, if any.

        They count as delivered until its undo is finished.
        """
        ...

    def latest(self, account: str, campaign: str) -> RunReader | None:
        """Return this account's latest run to the campaign, if any is recorded."""
        ...

    def runs(self, most: int) -> Sequence[RunReader]:
        """Return the latest runs, the newest first."""
        ...

    def size(self) -> LedgerSize: ...

    def has_forgotten_runs(self) -> bool: ...

    def forget_runs(
        self, before: str, *, dry_run: bool = False
    ) -> list[dict[str, Json]]:
        """Forget finished runs older than an ISO 8601 time; returns their jobs.

        With `dry_run` they are only returned.

        Who is delivered stays known; reasons that no run has any more go. Runs with
        rows in doubt are kept, as somebody has to decide about them, and interrupted
        ones, which a resume can finish.
        """
        ...
