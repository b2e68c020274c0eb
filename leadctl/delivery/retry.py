"""The retry policy, and the state of a batch between its attempts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from leadctl.model.errors import RefusedThroughout
from leadctl.model.leads import Code, Outcome, Status
from leadctl.providers.response import rejected, undecided

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadctl.model.errors import ProviderError, Refused
    from leadctl.model.leads import Batch, Leads


class RetryPolicy(NamedTuple):
    """When to give up. Pauses and waits are in seconds.

    attempts          requests for one batch
    longest_wait      sum of the pauses for one batch
    pieces            requests spent on finding the bad rows of one batch
    given_up          batches in a row without an answer before the run stops
    refused           batches in a row refused for one reason before the run stops
    """

    attempts: int = 8
    first_pause: float = 1.0
    longest_pause: float = 60.0
    longest_wait: float = 900.0
    pieces: int = 64
    given_up: int = 2
    refused: int = 10

    def pause(self, attempts: int, jitter: float) -> float:
        """Return the seconds to wait after so many attempts; `jitter` is up to 1."""
        bound = self.first_pause * 2.0 ** (attempts - 1)
        return min(self.longest_pause, bound) * jitter


@dataclass(eq=False)
class BatchLineage:
    """A batch as first cut from the file, and the batches it was split into.

    `left_at` (Unix time) is when its first request left; None: in an earlier run.
    """

    requests: int = 0
    open: int = 1
    refusals: set[str] = field(default_factory=set)
    welcome: bool = False  # at least one lead was not refused
    has_left: bool = False
    left_at: float | None = None

    def record(self, outcomes: Iterable[Outcome | None], parts: int) -> None:
        """Note the outcomes of one of its batches, of which `parts` are still open."""
        self.open += parts - 1
        for outcome, _same in groupby(outcomes):
            if outcome and outcome.status is Status.REJECTED:
                self.refusals.add(outcome.reason)
            elif outcome:
                self.welcome = True


@dataclass(eq=False)
class PendingBatch:
    """A batch between its first attempt and its outcome.

    `held_for` says why it waits for the next one; `is_first`, that nothing of its
    lineage had left before its latest request.
    """

    batch: Batch
    lineage: BatchLineage = field(default_factory=BatchLineage)
    attempts: int = 0
    waited: float = 0.0
    doubted: bool = False
    look_up: bool = False  # look the leads up before anything is sent again
    owed: float = 0.0  # seconds to wait where the look-up does not find them
    held_for: str = ""
    is_first: bool = False
    last: ProviderError | None = None

    def depart(self, moment: float) -> int:
        """Count an attempt; returns how many of its rows leave for the first time."""
        self.attempts += 1
        self.lineage.requests += 1
        self.is_first = not self.lineage.has_left
        self.lineage.has_left = True
        self.lineage.left_at = self.lineage.left_at or moment
        return len(self.batch) if self.is_first else 0

    def take_back(self) -> int:
        """Note that its request was not sent after all; returns rows as `depart`."""
        if not self.is_first:
            return 0
        self.lineage.has_left = False
        return len(self.batch)

    def part(self, leads: Leads) -> PendingBatch:
        """Return some of its leads as a batch of their own, with fresh attempts."""
        batch = replace(self.batch, id=uuid4(), leads=leads)
        return PendingBatch(batch, self.lineage, doubted=self.doubted, last=self.last)

    def continued(self, leads: Leads) -> PendingBatch:
        """Return such a part that keeps its attempts and waits."""
        return replace(self.part(leads), attempts=self.attempts, waited=self.waited)

    def refused(self, refusal: Outcome) -> Outcome:
        """Return the outcomes after a rejected request; it does not clear a doubt."""
        if not self.doubted:
            return refusal
        reason = f"{refusal.reason}; an earlier attempt got no answer"
        return Outcome(Status.UNKNOWN, Code.ANSWER_LOST, reason)


@dataclass(eq=False)
class RepeatedRefusals:
    """Counts consecutive batches that were rejected for the same reason.

    `most` of them end the run: the next batch would be rejected, too.
    """

    most: int
    _reason: str = ""
    _number: int = 0

    def watch(self, lineage: BatchLineage) -> None:
        """Count a settled batch; raises RefusedThroughout."""
        if lineage.welcome or len(lineage.refusals) != 1:
            self._reason, self._number = "", 0
            return
        (reason,) = lineage.refusals
        self._number = self._number + 1 if reason == self._reason else 1
        self._reason = reason
        if self._number >= self.most:
            raise RefusedThroughout(
                f"{self._number} batches in a row were rejected for the same reason: "
                f"{reason}",
                hint="fix the cause, then send the remaining rows with `leadctl runs "
                "resume`",
            )


_LEFT_OPEN = undecided(
    "batch rejected because of other rows; "
    "the answer does not say whether this row was added"
)


def isolated(
    pending: PendingBatch,
    refusal: Refused,
    retry_policy: RetryPolicy,
    *,
    may_repeat: bool,
) -> tuple[list[Outcome | None], list[Leads]]:
    """Find the bad rows of a batch: those named, else by halving it, else all of it.

    Returns an outcome per lead (None: it is sent again) and the parts to send again.
    If a repeat is not safe, there are none: the provider may have stored the good ones.
    """
    leads = pending.batch.leads
    named = dict(refusal.culprits)
    if len(leads) == 1:
        named.setdefault(0, refusal.message)
    if not named and not (
        may_repeat and pending.lineage.requests < retry_policy.pieces
    ):
        whole = Outcome(Status.REJECTED, Code.BATCH_REFUSED, refusal.message)
        return [pending.refused(whole)] * len(leads), []
    others = None if may_repeat else _LEFT_OPEN
    outcomes = [
        pending.refused(rejected(named[i])) if i in named else others
        for i in range(len(leads))
    ]
    if not may_repeat:
        return outcomes, []
    rest = leads.chosen([i not in named for i in range(len(leads))])
    middle = (len(rest) + 1) // 2
    parts = [rest] if named else [rest[:middle], rest[middle:]]
    return outcomes, [part for part in parts if part]


def outcome_after_doubt(outcome: Outcome, *, refusal_is_final: bool) -> Outcome:
    """Adjust an outcome that an earlier attempt without an answer may explain."""
    match outcome.status:
        case Status.DUPLICATE:
            return outcome._replace(
                reason=f"{outcome.reason} (probably by this run: an earlier attempt "
                "got no answer)"
            )
        case Status.REJECTED if not refusal_is_final:
            reason = f"{outcome.reason} (or already there: an attempt got no answer)"
            return Outcome(Status.UNKNOWN, Code.ANSWER_LOST, reason)
        case _:
            return outcome
