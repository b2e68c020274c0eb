"""Writes turns to SQLite, each in one transaction."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

from leadctl.ledger.records import BatchState
from leadctl.ledger.sqlite.delivered import DeliveredLog
from leadctl.ledger.turn import finding_lines
from leadctl.model.errors import LedgerUnusable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from leadctl.ledger.sqlite.connection import Connection
    from leadctl.ledger.turn import BatchLine, Turn


def drop_unused_reasons(db: Connection) -> None:
    """Delete unused reasons; call it inside a transaction."""
    db.execute(
        "DELETE FROM reasons WHERE number NOT IN (SELECT reason FROM findings"
        " UNION SELECT ifnull(held_for, 0) FROM requests"
        " UNION SELECT ifnull(why, 0) FROM requests)"
    )


_BATCH = (
    "INSERT INTO batches (number, run, id, file, first, rows, size, state, doubted,"
    " attempts, created, accepted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET first = excluded.first, rows = excluded.rows,"
    " state = excluded.state, doubted = excluded.doubted,"
    " attempts = excluded.attempts, created = excluded.created,"
    " accepted = excluded.accepted"
)
_REQUEST = (
    "INSERT INTO requests (run, number, file, first, rows, leads, attempt, asks,"
    " departed, held, held_for, took, http, trouble, why, answered, delivered)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
    " max(0, round(? * 1000)), max(0, round(? * 1000)),"
    " (SELECT number FROM reasons WHERE text = ?), max(0, round(? * 1000)), ?, ?,"
    " (SELECT number FROM reasons WHERE text = ?), ?, ?)"
    " ON CONFLICT DO UPDATE SET departed = excluded.departed, took = excluded.took,"
    " http = excluded.http, trouble = excluded.trouble, why = excluded.why,"
    " answered = excluded.answered, delivered = excluded.delivered"
)
_FINDING = (
    "INSERT INTO findings"
    " SELECT ?, ?, ?, ?, ?, ?, ?, ?, number FROM reasons WHERE text = ?"
)


class SqliteTurns:
    """Writes one run's turns; the campaign's lock keeps other writers out."""

    def __init__(self, db: Connection, run: int) -> None:
        self._db = db
        self._run = run
        self._delivered = DeliveredLog(db)
        self._is_finished = False
        left = "SELECT id, number FROM batches WHERE run = ? AND state != 'settled'"
        rows = db.execute(left, (run,))
        self._numbers = {UUID(bytes=name): number for name, number in rows}

    def may_send(self) -> bool:
        return True  # the kernel keeps the lock

    @contextmanager
    def together(self) -> Iterator[None]:
        with self._db.transaction():
            yield
        # In the log it is on disk by now.
        if self._is_finished:
            with suppress(LedgerUnusable):  # it can wait for the next run
                self._put_away(self._delivered.is_long)
        else:
            self._put_away(self._delivered.is_full)

    def write(self, turn: Turn) -> None:
        with self._db.transaction():
            self._write(turn)
        self._is_finished = "finished_at" in turn.facts

    def _put_away(self, is_due: bool) -> None:
        if is_due:
            with self._db.transaction():
                self._delivered.put_away()

    def _write(self, turn: Turn) -> None:
        run, each = self._run, self._each
        each(
            "DELETE FROM findings WHERE run = ? AND file = ? AND first = ?",
            [(run, *group) for group in turn.dropped],
        )
        each(
            "DELETE FROM batches WHERE number = ?",
            [(self._numbers.pop(batch, 0),) for batch in turn.withdrawn],
        )
        for number in turn.struck:
            which = [(run, number)]
            each("DELETE FROM requests WHERE run = ? AND number = ?", which)
            up = "UPDATE requests SET number = number - 1 WHERE run = ? AND number > ?"
            each(up, which)
        if turn.batches:
            self._write_batches(turn.batches.values())
        each(
            "INSERT OR IGNORE INTO reasons (text) VALUES (?)",
            [(text,) for text in turn.reasons()],
        )
        each(_REQUEST, [(run, *line) for line in turn.requests.values()])
        each(_FINDING, [(run, *line) for line in finding_lines(turn.findings)])
        if turn.delivered:
            self._delivered.add(run, turn.delivered)
        if turn.undelivered:
            self._take_back(turn.undelivered)
        each("DELETE FROM in_doubt WHERE hash = ?", [(one,) for one in turn.decided])
        each(
            "DELETE FROM in_doubt WHERE hash = ? AND run = ?",
            [(one, run) for one in turn.certain],
        )
        each(
            "INSERT OR IGNORE INTO in_doubt VALUES (?, ?, ?, ?)",
            [(one, run, *where) for one, where in turn.doubts.items()],
        )
        each(
            "DELETE FROM removals WHERE run = ? AND file = ? AND row = ?",
            [(run, *where) for where in turn.removals],
        )
        each(
            "INSERT INTO removals VALUES (?, ?, ?, ?)",
            [(run, *where, state) for where, state in turn.removals.items() if state],
        )
        each(
            "UPDATE files SET rejects_file = ? WHERE run = ? AND ordinal = ?",
            [(path, run, ordinal) for ordinal, path in turn.rejects_files.items()],
        )
        if turn.facts:
            columns = ", ".join(f"{name} = ?" for name in turn.facts)
            self._db.execute(
                f"UPDATE runs SET {columns} WHERE number = ?",  # noqa: S608  our own words
                (*turn.facts.values(), run),
            )

    def _each(self, sql: str, lines: Sequence[tuple[object, ...]]) -> None:
        if len(lines) == 1:  # as most often
            self._db.execute(sql, lines[0])
        elif lines:
            self._db.executemany(sql, lines)

    def _write_batches(self, lines: Collection[BatchLine]) -> None:
        """Write the states of batches; each keeps its number until it is settled."""
        run, numbers = self._run, self._numbers
        if new := [line.id for line in lines if line.id not in numbers]:
            latest = self._db.execute("SELECT ifnull(max(number), 0) FROM batches")
            numbers |= zip(new, count(latest.fetchone()[0] + 1), strict=False)
        self._each(
            _BATCH,
            [(numbers[line.id], run, line.id.bytes, *line[1:]) for line in lines],
        )
        for line in lines:
            if line.state is BatchState.SETTLED:
                del numbers[line.id]

    def _take_back(self, digests: list[bytes]) -> None:
        """Delete leads that this run delivered; those of other runs stay."""
        self._delivered.put_away()
        (scope,) = self._db.execute(
            "SELECT scope FROM runs WHERE number = ?", (self._run,)
        ).fetchone()
        self._db.executemany(
            "DELETE FROM delivered WHERE scope = ? AND hash = ? AND run = ?",
            ((scope, digest, self._run) for digest in digests),
        )
