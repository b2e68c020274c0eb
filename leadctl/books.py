"""One run's books: what was intended, what came of it, and the counts and reasons read from it.

Rows are written as ranges, a batch at a time, so that a run costs a handful of statements a batch
and not one a row. The intent to send is committed before a request leaves and its outcome when the
answer is read; a batch that is still `sending` when a run is looked at again is in doubt.
"""

from __future__ import annotations

import heapq
import json
import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from leadctl import rowset
from leadctl.model import DELIVERED, Code, Finding, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from sqlite3 import Connection
    from uuid import UUID

    from leadctl.model import Batch, Json, Outcome

Transaction: TypeAlias = "Callable[[], AbstractContextManager[None]]"


class BatchState(StrEnum):
    """Where a batch stands."""

    SENDING = "sending"  # intent committed; after a crash: in doubt
    WAITING = "waiting"  # certainly not taken in; to be repeated
    DOUBT = "doubt"  # perhaps taken in; repeated only where that is safe
    SETTLED = "settled"  # its leads have their outcome, or travel on in other batches


@dataclass(frozen=True)
class Run:
    """One run's facts. `error` is `{"code", "message", "hint"}` or None; times are ISO 8601 UTC."""

    number: int
    id: str
    provider: str
    account: str
    campaign: str
    options: dict[str, Json]
    started_at: str
    finished_at: str | None
    requests: int
    exit_code: int | None
    error: dict[str, Json] | None


@dataclass(frozen=True)
class FileOfRun:
    """A file of a run: `rows` counts the rows that have a status by now."""

    ordinal: int
    path: str
    fingerprint: str
    rejects_file: str | None
    rows: int


@dataclass(frozen=True)
class Reason:
    """Findings that share status, code and sentence; `row` is the first of them in `file`."""

    status: Status
    code: Code
    text: str
    count: int
    file: int
    row: int


class Books:
    """One run's part of the ledger. `transaction` opens one on `db`, all or nothing.

    `tally` counts the rows settled so far, by status: cheap enough to look at for every batch.
    """

    def __init__(self, db: Connection, transaction: Transaction, number: int) -> None:
        self._db = db
        self._transaction = transaction
        self._run = number
        self._noted: list[tuple[int, Finding]] = []
        self._numbers: dict[UUID, int] = {}
        self.tally = Counter(self.counts())

    def add_file(self, ordinal: int, path: str, fingerprint: str) -> None:
        with self._transaction():
            self._db.execute(
                "INSERT INTO files (run, ordinal, path, fingerprint) VALUES (?, ?, ?, ?)",
                (self._run, ordinal, path, fingerprint),
            )

    def note(self, file: int, finding: Finding) -> None:
        """Keep a verdict on a row; written with the next transaction, or when enough are kept."""
        self.tally[finding.status] += 1
        self._noted.append((file, finding))
        if len(self._noted) >= 5000:
            self.flush()

    def flush(self) -> None:
        if self._noted:
            with self._transaction():
                self._write_noted()

    def intend(self, batch: Batch, *, doubted: bool) -> None:
        """Commit that this batch is about to leave."""
        with self._transaction():
            self._write_noted()
            self._db.execute("UPDATE runs SET requests = requests + 1 WHERE number = ?", (self._run,))
            if batch.id in self._numbers:
                self._db.execute(
                    "UPDATE batches SET state = 'sending', attempts = attempts + 1 WHERE number = ?",
                    (self._numbers[batch.id],),
                )
                return
            self._add(batch, BatchState.SENDING, doubted=doubted)

    def mark(self, batch: Batch, state: BatchState) -> None:
        """Record what a request came to that did not decide about the rows."""
        with self._transaction():
            self._db.execute(
                "UPDATE batches SET state = ?, doubted = doubted OR ? WHERE number = ?",
                (state, state is BatchState.DOUBT, self._numbers[batch.id]),
            )

    def settle(
        self,
        batch: Batch,
        outcomes: Sequence[Outcome | None],
        pieces: Sequence[Batch] = (),
        state: BatchState = BatchState.WAITING,
        *,
        doubted: bool = False,
    ) -> None:
        """Record the final outcome of the leads of a batch, sent or not.

        Leads without one (None) travel on in `pieces`, which are recorded as `state` in the same
        transaction: at no moment is a row in no batch or in two.
        """
        there: list[bytes] = []
        counts = {Status.CREATED: 0, Status.ACCEPTED: 0}
        for lead, outcome in zip(batch.leads, outcomes, strict=True):
            if outcome is None:
                continue
            if outcome.status in DELIVERED or outcome.code is Code.DUPLICATE_IN_CAMPAIGN:
                there.extend(lead.digests)
            if outcome.code is None:
                counts[outcome.status] += 1
            else:
                finding = Finding(lead.row, outcome.status, outcome.code, outcome.reason)
                self._noted.append((batch.file, finding))
            self.tally[outcome.status] += 1
        with self._transaction():
            self._write_noted()
            self._db.executemany(
                "INSERT OR IGNORE INTO delivered VALUES (?)", ((digest,) for digest in sorted(there))
            )
            if sum(counts.values()) and batch.id not in self._numbers:
                self._add(batch, BatchState.SETTLED, doubted=False)  # rehearsed, never sent
            if number := self._numbers.pop(batch.id, None):
                self._db.execute(
                    "UPDATE batches SET state = 'settled', created = ?, accepted = ?"
                    " WHERE number = ?",
                    (counts[Status.CREATED], counts[Status.ACCEPTED], number),
                )
            for piece in pieces:
                self._add(piece, state, doubted=doubted)

    def set_rejects_file(self, ordinal: int, path: str) -> None:
        with self._transaction():
            self._db.execute(
                "UPDATE files SET rejects_file = ? WHERE run = ? AND ordinal = ?",
                (path, self._run, ordinal),
            )

    def finish(self, exit_code: int, error: dict[str, Json] | None) -> None:
        with self._transaction():
            self._write_noted()
            self._db.execute(
                "UPDATE runs SET finished_at = ?, exit_code = ?, error = ? WHERE number = ?",
                (
                    utc_text(datetime.now(UTC)),
                    exit_code,
                    json.dumps(error) if error else None,
                    self._run,
                ),
            )

    def _add(self, batch: Batch, state: BatchState, *, doubted: bool) -> None:
        rows = rowset.written(lead.row for lead in batch.leads)
        cursor = self._db.execute(
            "INSERT INTO batches (run, file, id, rows, size, state, doubted, attempts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._run,
                batch.file,
                batch.id.bytes,
                rows,
                len(batch),
                state,
                doubted,
                int(state is BatchState.SENDING),
            ),
        )
        self._numbers[batch.id] = cursor.lastrowid or 0

    def _write_noted(self) -> None:
        """Write the kept verdicts, those that say the same of a file's rows as one line."""
        noted, self._noted = self._noted, []
        kept = sorted(noted, key=_sameness)
        for (file, status, code, field, text), group in groupby(kept, key=lambda n: _sameness(n)[:5]):
            rows = [finding.row for _, finding in group]
            self._db.execute("INSERT OR IGNORE INTO reasons (text) VALUES (?)", (text,))
            self._db.execute(
                "INSERT INTO findings SELECT ?, ?, ?, ?, ?, ?, ?, ?, number FROM reasons"
                " WHERE text = ?",
                (self._run, file, rows[0], rowset.written(rows), len(rows), status, code, field, text),
            )

    def run(self) -> Run:
        cursor = self._db.execute("SELECT * FROM runs WHERE number = ?", (self._run,))
        names = [column[0] for column in cursor.description]
        facts = dict(zip(names, cursor.fetchone(), strict=True))
        facts["options"] = json.loads(facts["options"])
        facts["error"] = json.loads(facts["error"]) if facts["error"] else None
        return Run(**facts)

    def counts(self) -> dict[Status, int]:
        """Count the rows by status. Batches that are under way count as what they would be now."""
        counts = dict.fromkeys(Status, 0)
        for status, number in self._db.execute(
            "SELECT status, sum(count) FROM findings WHERE run = ? GROUP BY status", (self._run,)
        ):
            counts[Status(status)] += number
        for state, doubted, size, created, accepted in self._db.execute(
            "SELECT state, doubted, sum(size), sum(created), sum(accepted) FROM batches"
            " WHERE run = ? GROUP BY state, doubted",
            (self._run,),
        ):
            counts[Status.CREATED] += created
            counts[Status.ACCEPTED] += accepted
            if state in (BatchState.SENDING, BatchState.DOUBT):
                counts[Status.UNKNOWN] += size
            elif state == BatchState.WAITING:
                counts[Status.UNKNOWN if doubted else Status.FAILED] += size
        return counts

    def reasons(self) -> list[Reason]:
        rows = self._db.execute(
            "SELECT status, code, text, sum(count), file, min(first) FROM findings"
            " JOIN reasons ON reasons.number = reason"
            " WHERE run = ? GROUP BY status, code, text ORDER BY sum(count) DESC, code, text",
            (self._run,),
        )
        return [Reason(Status(row[0]), Code(row[1]), *row[2:]) for row in rows]

    def files(self) -> list[FileOfRun]:
        rows = self._db.execute(
            "SELECT ordinal, path, fingerprint, rejects_file,"
            " (SELECT total(count) FROM findings WHERE run = f.run AND file = f.ordinal)"
            " + (SELECT total(CASE state WHEN 'settled' THEN created + accepted ELSE size END)"
            "     FROM batches WHERE run = f.run AND file = f.ordinal)"
            " FROM files AS f WHERE run = ? ORDER BY ordinal",
            (self._run,),
        )
        return [
            FileOfRun(ordinal, path, fingerprint, rejects_file, int(number))
            for ordinal, path, fingerprint, rejects_file, number in rows
        ]

    def findings(self, file: int, statuses: Iterable[Status]) -> Iterator[Finding]:
        """Yield the verdicts on a file's rows, in the order of the rows."""
        wanted = [*statuses]
        groups = self._db.execute(
            "SELECT rows, status, code, text, field FROM findings"
            " JOIN reasons ON reasons.number = reason"
            " WHERE run = ? AND file = ? AND status IN"
            f" ({','.join('?' * len(wanted))}) ORDER BY first",  # noqa: S608  only marks
            (self._run, file, *wanted),
        )
        return _in_row_order(groups)


def _in_row_order(groups: Iterable[Sequence[str]]) -> Iterator[Finding]:
    """Merge groups that come ordered by their first row; memory grows with their overlap only."""
    heap: list[tuple[int, int, Iterator[int], tuple[str, ...]]] = []

    def next_of(order: int, rows: Iterator[int], facts: tuple[str, ...]) -> None:
        if (row := next(rows, None)) is not None:
            heapq.heappush(heap, (row, order, rows, facts))

    def findings_before(bound: float) -> Iterator[Finding]:
        while heap and heap[0][0] < bound:
            row, order, rows, facts = heapq.heappop(heap)
            status, code, text, field = facts
            yield Finding(row, Status(status), Code(code), text, field)
            next_of(order, rows, facts)

    for order, (written, *facts) in enumerate(groups):
        rows = rowset.rows(written)
        first = next(rows)
        yield from findings_before(first)
        heapq.heappush(heap, (first, order, rows, tuple(facts)))
    yield from findings_before(math.inf)


def _sameness(noted: tuple[int, Finding]) -> tuple[int, str, str, str, str, int]:
    file, finding = noted
    return file, finding.status, finding.code, finding.field, finding.reason, finding.row


def utc_text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
