"""What a ledger returns and takes: runs, verdicts, requests, batches in doubt."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from leadctl.ledger import resolved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from leadctl.model.leads import Code, Json, Note, Status
    from leadctl.model.row_set import RowSet


@dataclass(frozen=True)
class NewRun:
    """A run about to begin; `files` are paths as recorded, and fingerprints."""

    provider: str
    account: str
    campaign: str
    files: Sequence[tuple[str, str]] = ()
    job: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One run's facts; times are ISO 8601 UTC.

    `error` is `{"code", "message", "hint"}` or None; `repairs` counts by rule the phone
    cells that were repaired.
    """

    number: int
    id: str
    provider: str
    account: str
    campaign: str
    job: dict[str, Json]
    started_at: str
    finished_at: str | None
    requests: int
    exit_code: int | None
    error: dict[str, Json] | None
    repairs: dict[str, int]
    notes: list[Note]
    ledger: str | None = None
    """The URL of the ledger it is recorded in; None for a private one."""

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
    """Return the words that name a ledger, where a command would open another."""
    usual = resolved(os.environ.get("LEADCTL_LEDGER"))
    if url is None or os.path.realpath(url) == os.path.realpath(usual):
        return []
    return ["--ledger", url]


@dataclass(frozen=True)
class FileOfRun:
    """A file of a run: `counts` has the rows that have a status by now."""

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
    """Findings that share status, code and sentence: `example_row` of `file` first."""

    status: Status
    code: Code
    message: str
    count: int
    file: int
    example_row: int


class Verdict(NamedTuple):
    """A row's status and why; `code` is None where it was delivered."""

    row: int
    status: Status
    code: Code | None
    reason: str
    field: str = ""


class BatchState(StrEnum):
    """Where a batch stands."""

    SENDING = "sending"  # intent committed; after a crash: in doubt
    WAITING = "waiting"  # certainly not taken in; to be repeated
    DOUBT = "doubt"  # perhaps taken in; repeated only where that is safe
    SETTLED = "settled"  # its leads have their outcome, or travel on in other batches


class Departure(NamedTuple):
    """A request about to leave, at `moment` (Unix time).

    `asks`: it looks leads up and sends none. `held` are the seconds it was ready and
    kept from leaving, `held_for` says why.
    """

    moment: float
    asks: bool = False
    held: float = 0.0
    held_for: str = ""


class Arrival(NamedTuple):
    """What came of a request that left at `left` (Unix time) after `took` seconds.

    `http` is the answer's status, None where none was read. `trouble` is the code of
    the error that it amounts to, empty where it told what became of the leads.
    """

    left: float
    took: float
    http: int | None = None
    trouble: str = ""
    why: str = ""


@dataclass(frozen=True)
class Request:
    """A request as the ledger has it; `number` counts from 1 over the whole run.

    `answered` are the leads that its answer settled, `delivered` those of them that are
    created or accepted. `took` is None while nobody has read its answer.
    """

    number: int
    file: int
    rows: str
    leads: int
    attempt: int
    asks: bool
    departed: float
    held: float
    held_for: str
    took: float | None
    http: int | None
    trouble: str
    why: str
    answered: int
    delivered: int


@dataclass(frozen=True)
class OpenBatch:
    """A batch in doubt: its id (the idempotency key it went with) and its rows.

    `is_stale`: it first left before the moment that `reopen` was given.
    """

    id: UUID
    file: int
    rows: tuple[int, ...]
    is_stale: bool


@dataclass(frozen=True)
class Unfinished:
    """What a run still has to do.

    `accounted` has, by file, the rows that are settled or in doubt.
    """

    accounted: dict[int, RowSet]
    in_doubt: list[OpenBatch]


class Presence(StrEnum):
    """What a campaign's record of a person says."""

    DELIVERED = "delivered"
    IN_DOUBT = "in_doubt"  # sent, and the answer was lost


class Trace(NamedTuple):
    """What a ledger knows of a person in one campaign.

    `started_at` is the start of the run, ISO 8601 UTC. Of a run that was pruned, only
    account and campaign are known; the rest is empty. `may_be_deleted`: an undo of the
    run did not settle every lead.
    """

    presence: Presence
    account: str
    campaign: str
    provider: str = ""
    run: str = ""
    started_at: str = ""
    may_be_deleted: bool = False


class Condition(NamedTuple):
    """Something about a ledger as it lies there, and the remedy if it is not well.

    `is_problem`: no run can use the ledger until that is done.
    """

    topic: str
    message: str
    remedy: str = ""
    is_problem: bool = False


class LedgerSize(NamedTuple):
    """How many runs a ledger knows, and the bytes it takes."""

    runs: int
    bytes: int


def utc_text(moment: datetime) -> str:
    """Write a moment as the ledger has it: ISO 8601, UTC, milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
