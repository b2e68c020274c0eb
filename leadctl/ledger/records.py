"""The records of a ledger: runs, verdicts, requests, batches in doubt."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from leadctl.ledger import resolved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from leadctl.model.leads import Code, Json, Note, Status
    from leadctl.model.row_set import RowSet


class NewRun(NamedTuple):
    """A run about to begin; `files` are pairs of path and fingerprint."""

    provider: str
    account: str
    campaign: str
    files: Sequence[tuple[str, str]] = ()
    job: Mapping[str, Json] = {}


class Run(NamedTuple):
    """The facts of one run; times are ISO 8601 UTC.

    `error` is `{"code", "message", "hint"}`; `repairs` counts repaired phone cells by
    rule. `ledger` is the URL of its ledger; None for a private one.
    """

    number: int
    id: str
    provider: str
    account: str
    campaign: str
    started_at: str
    finished_at: str | None
    requests: int
    exit_code: int | None
    job: dict[str, Json]
    error: dict[str, Json] | None
    repairs: dict[str, int]
    notes: list[Note]
    ledger: str | None = None

    @property
    def is_given_up(self) -> bool:
        return bool(self.job.get("given_up"))

    def command(self, name: str) -> str:
        """Return the command line of `leadctl runs NAME` for this run."""
        config = self.job.get("config")
        return runs_command(
            name, self.id, config=str(config) if config else None, ledger=self.ledger
        )


def runs_command(
    name: str, run: str, *, config: str | None = None, ledger: str | None = None
) -> str:
    """Return the command line of `leadctl runs NAME` for a run."""
    words = ["leadctl", "runs", name, run]
    words += ["--config", config] if config else []
    return shlex.join([*words, *ledger_option(ledger)])


def ledger_option(url: str | None) -> list[str]:
    """Return `--ledger URL`, or nothing if a command opens this ledger anyway."""
    if url is None or os.path.realpath(url) == os.path.realpath(resolved(None)):
        return []
    return ["--ledger", url]


class FileOfRun(NamedTuple):
    """A file of a run; `counts` has the rows that have a status so far."""

    ordinal: int
    path: str
    fingerprint: str
    rejects_file: str | None
    counts: Mapping[Status, int]

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Reason:
    """Findings with the same status, code and sentence; `example_row` is the first."""

    status: Status
    code: Code
    message: str
    count: int
    file: int
    example_row: int


class Verdict(NamedTuple):
    """A row's status and reason; `code` is None if it was delivered."""

    row: int
    status: Status
    code: Code | None
    reason: str
    field: str = ""


class BatchState(StrEnum):
    SENDING = "sending"  # the intent is committed; after a crash, in doubt
    WAITING = "waiting"  # certainly not processed; to be sent again
    DOUBT = "doubt"  # perhaps processed; sent again only if that is safe
    SETTLED = "settled"  # its leads have outcomes, or moved to other batches


class Departure(NamedTuple):
    """A request about to be sent, at `moment` (Unix time).

    `asks`: it only looks leads up. It was `held` for seconds after it was ready, for
    the reason `held_for`.
    """

    moment: float
    asks: bool = False
    held: float = 0.0
    held_for: str = ""


class Arrival(NamedTuple):
    """The result of a request, sent at `left` (Unix time), that took `took` seconds.

    `http` is None if no status was read. `trouble` is the code of an error; empty if
    the answer settled the leads.
    """

    left: float
    took: float
    http: int | None = None
    trouble: str = ""
    why: str = ""


class Request(NamedTuple):
    """A recorded request; `took` is None until its answer is read.

    Of `leads`, its answer settled `answered`, and `delivered` are created or accepted.
    `first` is the first of `rows`.
    """

    number: int
    file: int
    first: int
    rows: str
    leads: int
    attempt: int
    asks: bool
    departed: float
    held: float
    held_for: str
    took: float | None = None
    http: int | None = None
    trouble: str = ""
    why: str = ""
    answered: int = 0
    delivered: int = 0

    @property
    def name(self) -> str:
        """The number in the run; a worker's with that of its part in front."""
        part, number = divmod(self.number, 1 << 32)
        return f"{part}.{number}" if part else f"{number}"


class OpenBatch(NamedTuple):
    """A batch in doubt, with the id it was sent with as idempotency key, and its rows.

    `is_stale`: it was first sent before the moment given to `reopen`.
    """

    id: UUID
    file: int
    rows: tuple[int, ...]
    is_stale: bool


class Unfinished(NamedTuple):
    """What is left to do of a run; `accounted` rows are settled or in doubt."""

    accounted: dict[int, RowSet]
    in_doubt: list[OpenBatch]


class Part(NamedTuple):
    """A stretch of a shared run for one worker: `rows` of a file, as ranges.

    `content` is a keyed hash of its leads, to compare when they are read again. The
    worker may have `places` requests in flight. `turns` and `requests` are those of
    workers that had the part before.
    """

    number: int
    file: int
    first: int
    last: int
    rows: str
    content: str
    places: int = 0
    seconds: float = 0.0
    turns: int = 0
    requests: int = 0


class Sharing(NamedTuple):
    """The state of a shared run; `error` is JSON of why a worker stopped it.

    `is_abandoned`: it has no planner, and no part left of those that were planned.
    Workers have `held_parts`.
    """

    is_done: bool
    is_stopped: bool
    error: str | None
    is_abandoned: bool
    held_parts: int


class Worker(NamedTuple):
    """A worker of a run; `part` is the one it has, `seen` is ISO 8601 UTC."""

    host: str
    process: int
    part: int | None
    seen: str

    @property
    def name(self) -> str:
        return f"process {self.process} on {self.host}"

    @property
    def has(self) -> str:
        return "no part" if self.part is None else f"part {self.part}"


class Presence(StrEnum):
    DELIVERED = "delivered"
    IN_DOUBT = "in_doubt"  # sent, and the answer was lost


class Trace(NamedTuple):
    """A person's trace in one campaign; of a pruned run, only the campaign is known.

    `started_at` is ISO 8601 UTC. `may_be_deleted`: an undo of the run left leads
    unsettled.
    """

    presence: Presence
    account: str
    campaign: str
    provider: str = ""
    run: str = ""
    started_at: str = ""
    may_be_deleted: bool = False
    files: tuple[str, ...] = ()


class Condition(NamedTuple):
    """The result of a health check; a problem must be fixed before the next run."""

    topic: str
    message: str
    remedy: str = ""
    is_problem: bool = False


class LedgerSize(NamedTuple):
    runs: int
    bytes: int


def utc_text(moment: datetime) -> str:
    """Format a moment as the ledger stores it: ISO 8601, UTC, milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
