"""Resumes an earlier run, and settles its unknown rows on an operator's word."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from leadctl.ledger.records import OpenBatch, Unfinished
from leadctl.ledger.sqlite.run_writer import SqliteRunWriter
from leadctl.model import row_set
from leadctl.model.leads import Code, Finding, Status
from leadctl.model.row_set import RowSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class SqliteResumedRun(SqliteRunWriter):
    """A run whose process is gone."""

    def reopen(
        self, *, most: int, with_unknown: bool = True, stale_before: float = 0.0
    ) -> Unfinished:
        with self._transaction():
            if with_unknown and not self._at_most_once:
                self._doubt_unknown_rows(most)
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
                "UPDATE runs SET finished_at = NULL, exit_code = NULL, error = NULL,"
                " stop_requested = 0 WHERE number = ?",
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
        return Unfinished(accounted, self._open_batches(stale_before))

    def decide(
        self, file: int | None, rows: list[tuple[int, int]] | None, *, delivered: bool
    ) -> int:
        decided = 0
        with self.together():
            for at, first, text, code, reason in self._unknown_groups():
                if file is not None and at != file:
                    continue
                chosen, rest = _parted(row_set.rows(text), rows)
                self._db.execute(
                    "DELETE FROM findings WHERE run = ? AND file = ? AND first = ?",
                    (self._run, at, first),
                )
                self._findings.keep(
                    at,
                    [Finding(row, Status.UNKNOWN, Code(code), reason) for row in rest],
                )
                self._decide(at, chosen, delivered=delivered)
                decided += len(chosen)
            self._write_findings()
        self.tally = Counter(self.counts())
        return decided

    def _decide(self, file: int, rows: Sequence[int], *, delivered: bool) -> None:
        if delivered and rows:
            self._db.execute(
                "INSERT INTO batches"
                " (run, file, id, first, rows, size, state, doubted, attempts, created)"
                " VALUES (?, ?, ?, ?, ?, ?, 'settled', 1, 0, ?)",
                (
                    self._run,
                    file,
                    uuid4().bytes,
                    rows[0],
                    row_set.written(rows),
                    len(rows),
                    len(rows),
                ),
            )
        keys = [(self._run, file, row) for row in rows]
        if delivered:
            for key in keys:
                digests = self._db.execute(
                    "SELECT hash FROM in_doubt WHERE run = ? AND file = ? AND row = ?",
                    key,
                )
                self._there += [digest for (digest,) in digests]
        else:
            reason = "not delivered, as decided with runs resolve"
            failed = [
                Finding(row, Status.FAILED, Code.NOT_PROCESSED, reason) for row in rows
            ]
            self._findings.keep(file, failed)
        # A later run that met them unknown has them too: one word settles both.
        self._db.executemany(
            "DELETE FROM in_doubt WHERE hash IN"
            " (SELECT hash FROM in_doubt WHERE run = ? AND file = ? AND row = ?)",
            keys,
        )

    def close_again(self, exit_code: int) -> None:
        with self._transaction():
            self._db.execute(
                "UPDATE runs SET exit_code = ? WHERE number = ?", (exit_code, self._run)
            )

    def _doubt_unknown_rows(self, most: int) -> None:
        for file, first, text, _code, _reason in self._unknown_groups():
            key = (self._run, file, first)
            self._db.execute(
                "DELETE FROM findings WHERE run = ? AND file = ? AND first = ?", key
            )
            left = row_set.rows(text)
            while rows := [*islice(left, most)]:
                self._db.execute(
                    "INSERT INTO batches"
                    " (run, file, id, first, rows, size, state, doubted, attempts)"
                    " VALUES (?, ?, ?, ?, ?, ?, 'doubt', 1, 0)",
                    (
                        self._run,
                        file,
                        uuid4().bytes,
                        rows[0],
                        row_set.written(rows),
                        len(rows),
                    ),
                )
        self._db.execute("DELETE FROM in_doubt WHERE run = ?", (self._run,))

    def _open_batches(self, stale_before: float) -> list[OpenBatch]:
        stale = self._rows_sent_before(stale_before)
        found = []
        for number, file, name, rows, attempts in self._db.execute(
            "SELECT number, file, id, rows, attempts FROM batches"
            " WHERE run = ? AND state = 'doubt'",
            (self._run,),
        ):
            batch, among = UUID(bytes=name), tuple(row_set.rows(rows))
            is_stale = among[0] in stale.get(file, ())
            found.append(OpenBatch(batch, file, among, is_stale))
            self._numbers[batch] = number
            self._request_log.go_on(batch, attempts)
        return found

    def _rows_sent_before(self, moment: float) -> dict[int, RowSet]:
        """Return the rows, by file, that requests carried before a moment."""
        sent: dict[int, RowSet] = {}
        for file, rows in self._db.execute(
            "SELECT file, rows FROM requests"
            " WHERE run = ? AND NOT asks AND departed < ?",
            (self._run, moment * 1000),
        ):
            sent.setdefault(file, RowSet()).add(rows)
        return sent


def _parted(
    rows: Iterable[int], wanted: list[tuple[int, int]] | None
) -> tuple[list[int], list[int]]:
    """Part rows into those in the wanted ranges (None: all) and the others."""
    parted: tuple[list[int], list[int]] = ([], [])
    for row in rows:
        chosen = wanted is None or any(a <= row <= b for a, b in wanted)
        parted[not chosen].append(row)
    return parted
