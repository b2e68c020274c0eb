"""One run's books: what was intended, what came of it, and the counts read from it.

Rows are written as ranges, a batch at a time, so that a run costs a handful of
statements a batch and not one a row. The intent to send is committed before a request
leaves and its outcome when the answer is read; a batch that is still `sending` when a
run is looked at again is in doubt.
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
from uuid import UUID, uuid4

from leadctl import rowset
from leadctl.model import DELIVERED, Code, Finding, Status
from leadctl.rowset import RowSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from sqlite3 import Connection

    from leadctl.model import Batch, Json, Lead, Outcome

MANY_ROWS = 1 << 40
"""More rows than any file has."""

Transaction: TypeAlias = "Callable[[], AbstractContextManager[None]]"


class BatchState(StrEnum):
    """Where a batch stands."""

    SENDING = "sending"  # intent committed; after a crash: in doubt
    WAITING = "waiting"  # certainly not taken in; to be repeated
    DOUBT = "doubt"  # perhaps taken in; repeated only where that is safe
    SETTLED = "settled"  # its leads have their outcome, or travel on in other batches


@dataclass(frozen=True)
class Run:
    """One run's facts; times are ISO 8601 UTC.

    `error` is `{"code", "message", "hint"}` or None.
    """

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
class OpenBatch:
    """A batch in doubt: its id (the idempotency key it went with) and its rows."""

    id: UUID
    file: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Unfinished:
    """What a run still has to do.

    `accounted` has, by file, the rows that are settled or in doubt.
    """

    accounted: dict[int, RowSet]
    in_doubt: list[OpenBatch]


@dataclass(frozen=True)
class Reason:
    """Findings that share status, code and sentence; `row` in `file` is the first."""

    status: Status
    code: Code
    text: str
    count: int
    file: int
    row: int


class Books:
    """One run's part of the ledger. `transaction` opens one on `db`, all or nothing.

    `guarded` books note whose leads are on their way before they are sent: for
    providers where sending twice would add a lead twice, so that no later run sends
    them unasked. `tally` counts the rows settled so far, by status: cheap enough to
    look at for every batch.
    """

    def __init__(
        self,
        db: Connection,
        transaction: Transaction,
        number: int,
        *,
        guarded: bool = False,
    ) -> None:
        self._db = db
        self._guarded = guarded
        self._transaction = transaction
        self._run = number
        self._noted: list[tuple[int, Finding]] = []
        self._numbers: dict[UUID, int] = {}
        self.tally = Counter(self.counts())

    def add_file(self, ordinal: int, path: str, fingerprint: str) -> None:
        with self._transaction():
            self._db.execute(
                "INSERT INTO files (run, ordinal, path, fingerprint)"
                " VALUES (?, ?, ?, ?)",
                (self._run, ordinal, path, fingerprint),
            )

    def note(self, file: int, finding: Finding) -> None:
        """Keep a verdict; written with the next transaction, or when there are many."""
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
            self._db.execute(
                "UPDATE runs SET requests = requests + 1 WHERE number = ?", (self._run,)
            )
            if self._guarded:
                self._doubt(batch.file, batch.leads)
            if batch.id in self._numbers:
                self._db.execute(
                    "UPDATE batches SET state = 'sending', attempts = attempts + 1"
                    " WHERE number = ?",
                    (self._numbers[batch.id],),
                )
                return
            self._add(batch, BatchState.SENDING, doubted=doubted)

    def mark(self, batch: Batch, state: BatchState, *, doubted: bool) -> None:
        """Record what a request came to that did not decide about the rows."""
        with self._transaction():
            self._db.execute(
                "UPDATE batches SET state = ?, doubted = doubted OR ? WHERE number = ?",
                (state, state is BatchState.DOUBT, self._numbers[batch.id]),
            )
            if self._guarded and state is BatchState.WAITING and not doubted:
                self._undoubt(batch.leads)

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

        Leads without one (None) travel on in `pieces`, which are recorded as `state` in
        the same transaction: at no moment is a row in no batch or in two.
        """
        there: list[bytes] = []
        good: list[int] = []
        unknown: list[Lead] = []
        counts = {Status.CREATED: 0, Status.ACCEPTED: 0}
        for lead, outcome in zip(batch.leads, outcomes, strict=True):
            if outcome is None:
                continue
            if (
                outcome.status in DELIVERED
                or outcome.code is Code.DUPLICATE_IN_CAMPAIGN
            ):
                there.extend(lead.digests)
            if outcome.status is Status.UNKNOWN:
                unknown.append(lead)
            if outcome.code is None:
                counts[outcome.status] += 1
                good.append(lead.row)
            else:
                finding = Finding(
                    lead.row, outcome.status, outcome.code, outcome.reason
                )
                self._noted.append((batch.file, finding))
            self.tally[outcome.status] += 1
        with self._transaction():
            self._write_noted()
            self._db.executemany(
                "INSERT OR IGNORE INTO delivered VALUES (?)",
                ((digest,) for digest in sorted(there)),
            )
            if self._guarded:
                self._undoubt(batch.leads)
            self._doubt(batch.file, unknown)
            if good and batch.id not in self._numbers:
                # Rehearsed, never sent.
                self._add(batch, BatchState.SETTLED, doubted=False)
            if number := self._numbers.pop(batch.id, None):
                self._db.execute(
                    # Of the rows only those stay that are delivered; the others have
                    # their verdict or travel on. What a resume finds is never more
                    # than the evidence.
                    "UPDATE batches"
                    " SET state = 'settled', rows = ?, created = ?, accepted = ?"
                    " WHERE number = ?",
                    (
                        rowset.written(good),
                        counts[Status.CREATED],
                        counts[Status.ACCEPTED],
                        number,
                    ),
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
                "UPDATE runs SET finished_at = ?, exit_code = ?, error = ?"
                " WHERE number = ?",
                (
                    utc_text(datetime.now(UTC)),
                    exit_code,
                    json.dumps(error) if error else None,
                    self._run,
                ),
            )

    def reopen(self) -> Unfinished:
        """Make an ended or broken-off run ready to go on; returns what is left open.

        Rows that failed, and batches that were certainly not taken in, are open again
        like rows never read. A batch that was on its way when the process died is in
        doubt; so are, unless the books are guarded, unknown rows: there, sending them
        again is safe.
        """
        with self._transaction():
            if not self._guarded:
                self._doubt_unknown_rows()
            self._db.execute(
                "DELETE FROM findings WHERE run = ? AND status = 'failed'", (self._run,)
            )
            self._db.execute(
                "DELETE FROM batches"
                " WHERE run = ? AND state = 'waiting' AND NOT doubted",
                (self._run,),
            )
            self._db.execute(
                "UPDATE batches SET state = 'doubt', doubted = 1"
                " WHERE run = ? AND state IN ('sending', 'waiting')",
                (self._run,),
            )
            self._db.execute(
                "UPDATE runs SET finished_at = NULL, exit_code = NULL, error = NULL"
                " WHERE number = ?",
                (self._run,),
            )
        accounted: dict[int, RowSet] = {}
        for file, rows in self._db.execute(
            "SELECT file, rows FROM findings WHERE run = :run"
            " UNION ALL SELECT file, rows FROM batches WHERE run = :run",
            {"run": self._run},
        ):
            accounted.setdefault(file, RowSet()).add(rows)
        self.tally = Counter(self.counts())
        return Unfinished(accounted, self._open_batches())

    def decide(self, file: int | None, rows: str | None, *, delivered: bool) -> int:
        """Settle unknown rows on an operator's word; returns how many.

        Delivered rows count as created and are not sent again; the others are `failed`.
        """
        wanted = RowSet()
        wanted.add(rows or "")
        decided = 0
        with self._transaction():
            for at, first, text, code, reason in self._unknown_groups():
                if file is not None and at != file:
                    continue
                chosen = [
                    row for row in rowset.rows(text) if rows is None or row in wanted
                ]
                rest = [
                    row
                    for row in rowset.rows(text)
                    if rows is not None and row not in wanted
                ]
                self._db.execute(
                    "DELETE FROM findings WHERE run = ? AND file = ? AND first = ?",
                    (self._run, at, first),
                )
                self._noted += [
                    (at, Finding(row, Status.UNKNOWN, Code(code), reason))
                    for row in rest
                ]
                self._decide(at, chosen, delivered=delivered)
                decided += len(chosen)
            self._write_noted()
        self.tally = Counter(self.counts())
        return decided

    def _decide(self, file: int, rows: Sequence[int], *, delivered: bool) -> None:
        if delivered and rows:
            self._db.execute(
                "INSERT INTO batches"
                " (run, file, id, rows, size, state, doubted, attempts, created)"
                " VALUES (?, ?, ?, ?, ?, 'settled', 1, 0, ?)",
                (
                    self._run,
                    file,
                    uuid4().bytes,
                    rowset.written(rows),
                    len(rows),
                    len(rows),
                ),
            )
        keys = [(self._run, file, row) for row in rows]
        if delivered:
            self._db.executemany(
                "INSERT OR IGNORE INTO delivered"
                " SELECT digest FROM in_doubt WHERE run = ? AND file = ? AND row = ?",
                keys,
            )
        else:
            reason = "not delivered, as the operator found out"
            self._noted += [
                (file, Finding(row, Status.FAILED, Code.NOT_PROCESSED, reason))
                for row in rows
            ]
        self._db.executemany(
            "DELETE FROM in_doubt WHERE run = ? AND file = ? AND row = ?", keys
        )

    def _unknown_groups(self) -> list[tuple[int, int, str, str, str]]:
        return self._db.execute(
            "SELECT file, first, rows, code, text FROM findings"
            " JOIN reasons ON reasons.number = reason"
            " WHERE run = ? AND status = 'unknown' ORDER BY file, first",
            (self._run,),
        ).fetchall()

    def unknown(self) -> list[tuple[int, str, str]]:
        """Return the unknown rows in groups: file (from 0), rows as ranges, reason."""
        return [
            (file, rows, reason) for file, _, rows, _, reason in self._unknown_groups()
        ]

    def close_again(self, exit_code: int) -> None:
        """Give a finished run the exit code its rows have by now."""
        with self._transaction():
            self._db.execute(
                "UPDATE runs SET exit_code = ? WHERE number = ?", (exit_code, self._run)
            )

    def _doubt_unknown_rows(self) -> None:
        for file, first, rows, _code, _reason in self._unknown_groups():
            key = (self._run, file, first)
            self._db.execute(
                "DELETE FROM findings WHERE run = ? AND file = ? AND first = ?", key
            )
            self._db.execute(
                "INSERT INTO batches"
                " (run, file, id, rows, size, state, doubted, attempts)"
                " VALUES (?, ?, ?, ?, ?, 'doubt', 1, 0)",
                (self._run, file, uuid4().bytes, rows, len([*rowset.rows(rows)])),
            )
        self._db.execute("DELETE FROM in_doubt WHERE run = ?", (self._run,))

    def _open_batches(self) -> list[OpenBatch]:
        found = []
        for number, file, name, rows in self._db.execute(
            "SELECT number, file, id, rows FROM batches"
            " WHERE run = ? AND state = 'doubt'",
            (self._run,),
        ):
            found.append(OpenBatch(UUID(bytes=name), file, tuple(rowset.rows(rows))))
            self._numbers[UUID(bytes=name)] = number
        return found

    def _doubt(self, file: int, leads: Iterable[Lead]) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO in_doubt VALUES (?, ?, ?, ?)",
            (
                (digest, self._run, file, lead.row)
                for lead in leads
                for digest in lead.digests
            ),
        )

    def _undoubt(self, leads: Iterable[Lead]) -> None:
        self._db.executemany(
            "DELETE FROM in_doubt WHERE digest = ? AND run = ?",
            ((digest, self._run) for lead in leads for digest in lead.digests),
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
        """Write the kept verdicts; those that say the same of a file's rows as one."""
        noted, self._noted = self._noted, []
        kept = sorted(noted, key=_sameness)
        for (file, status, code, field, text), group in groupby(
            kept, key=lambda n: _sameness(n)[:5]
        ):
            rows = [finding.row for _, finding in group]
            self._db.execute("INSERT OR IGNORE INTO reasons (text) VALUES (?)", (text,))
            self._db.execute(
                "INSERT INTO findings"
                " SELECT ?, ?, ?, ?, ?, ?, ?, ?, number FROM reasons WHERE text = ?",
                (
                    self._run,
                    file,
                    rows[0],
                    rowset.written(rows),
                    len(rows),
                    status,
                    code,
                    field,
                    text,
                ),
            )

    def run(self) -> Run:
        cursor = self._db.execute("SELECT * FROM runs WHERE number = ?", (self._run,))
        names = [column[0] for column in cursor.description]
        facts = dict(zip(names, cursor.fetchone(), strict=True))
        facts["options"] = json.loads(facts["options"])
        facts["error"] = json.loads(facts["error"]) if facts["error"] else None
        return Run(**facts)

    def counts(self) -> dict[Status, int]:
        """Count the rows by status; batches under way as what they would be now."""
        counts = dict.fromkeys(Status, 0)
        for status, number in self._db.execute(
            "SELECT status, sum(count) FROM findings WHERE run = ? GROUP BY status",
            (self._run,),
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
            # File and row in one number: what comes first is one row, not two minima.
            "SELECT status, code, text, sum(count), min(file * :many + first) AS first"
            " FROM findings JOIN reasons ON reasons.number = reason"
            " WHERE run = :run GROUP BY status, code, text"
            " ORDER BY sum(count) DESC, first",
            {"run": self._run, "many": MANY_ROWS},
        )
        return [
            Reason(Status(status), Code(code), text, number, *divmod(first, MANY_ROWS))
            for status, code, text, number, first in rows
        ]

    def files(self) -> list[FileOfRun]:
        rows = self._db.execute(
            "SELECT ordinal, path, fingerprint, rejects_file,"
            " (SELECT total(count)"
            "   FROM findings WHERE run = f.run AND file = f.ordinal)"
            " + (SELECT total("
            "     CASE state WHEN 'settled' THEN created + accepted ELSE size END)"
            "   FROM batches WHERE run = f.run AND file = f.ordinal)"
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
        marks = ",".join("?" * len(wanted))
        groups = self._db.execute(
            "SELECT rows, status, code, text, field"  # noqa: S608  only marks
            " FROM findings JOIN reasons ON reasons.number = reason"
            f" WHERE run = ? AND file = ? AND status IN ({marks}) ORDER BY first",
            (self._run, file, *wanted),
        )
        return _in_row_order(groups)


def _in_row_order(groups: Iterable[Sequence[str]]) -> Iterator[Finding]:
    """Merge groups ordered by their first row; memory grows with their overlap only."""
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
    return (
        file,
        finding.status,
        finding.code,
        finding.field,
        finding.reason,
        finding.row,
    )


def utc_text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
