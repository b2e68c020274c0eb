"""Reads one run: counts, reasons, findings, verdicts, requests."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import groupby, starmap
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

from leadctl.ledger.records import (
    BatchState,
    FileOfRun,
    Reason,
    Request,
    Run,
    Verdict,
)
from leadctl.model import row_set
from leadctl.model.leads import Code, Finding, Note, Status
from leadctl.model.removal import Removal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leadctl.ledger.database import Database

MOST_NAMED = 3
"""Earlier runs that a report names."""

MANY_ROWS = 1 << 40
"""A number above that of any row."""


_OPEN = {
    True: (Status.UNKNOWN, Code.ANSWER_LOST, "the run ended before it read the answer"),
    False: (Status.FAILED, Code.NOT_PROCESSED, "the run ended before the retry"),
}
"""The verdict on a batch that was left open, by whether an answer may be lost."""

_UNDER_WAY = {True: "sent, no answer yet", False: "to be sent again"}
"""The same for a run in progress."""


class RunReader:
    def __init__(self, db: Database, number: int) -> None:
        self._db = db
        self._run = number

    def facts(self) -> Run:
        row = self._db.execute(
            "SELECT r.number, id, provider, account, campaign, started_at, finished_at,"
            " requests, exit_code, job, error, repairs, notes FROM runs AS r"
            " JOIN scopes ON scopes.number = scope WHERE r.number = ?",
            (self._run,),
        ).fetchone()
        *plain, job, error, repairs, notes = row
        return Run._make(
            (
                *plain,
                json.loads(job),
                json.loads(error or "null"),
                json.loads(repairs),
                [Note(**note) for note in json.loads(notes)],
                self._db.url,
            )
        )

    def counts(self) -> dict[Status, int]:
        """Count the rows by status; a batch in flight counts as if the run died now."""
        counts = dict.fromkeys(Status, 0)
        for of_file in self._counts().values():
            for status, number in of_file.items():
                counts[status] += number
        return counts

    def _counts(self) -> dict[int, Counter[Status]]:
        counts: dict[int, Counter[Status]] = defaultdict(Counter)
        for file, status, number in self._db.execute(
            "SELECT file, status, sum(count) FROM findings WHERE run = ?"
            " GROUP BY file, status",
            (self._run,),
        ):
            counts[file][Status(status)] += number
        for file, state, doubted, size, created, accepted in self._db.execute(
            "SELECT file, state, doubted, sum(size), sum(created), sum(accepted)"
            " FROM batches WHERE run = ? GROUP BY file, state, doubted",
            (self._run,),
        ):
            counts[file][Status.CREATED] += created
            counts[file][Status.ACCEPTED] += accepted
            if state in (BatchState.SENDING, BatchState.DOUBT):
                counts[file][Status.UNKNOWN] += size
            elif state == BatchState.WAITING:
                counts[file][Status.UNKNOWN if doubted else Status.FAILED] += size
        return counts

    def reasons(self, *, running: bool = False) -> list[Reason]:
        rows = self._db.execute(
            # File and row as one number, so that the minimum is one row.
            "SELECT status, code, text, sum(count), min(file * :many + first) AS first"
            " FROM findings JOIN reasons ON reasons.number = reason"
            " WHERE run = :run GROUP BY status, code, text"
            " ORDER BY sum(count) DESC, first",
            {"run": self._run, "many": MANY_ROWS},
        )
        found = [
            Reason(Status(status), Code(code), text, number, *divmod(first, MANY_ROWS))
            for status, code, text, number, first in rows
        ]
        return _merged(found) + self._open_reasons(running=running)

    def _open_reasons(self, *, running: bool) -> list[Reason]:
        rows = self._db.execute(
            "SELECT state != 'waiting' OR doubted AS lost, file, rows, size"
            " FROM batches WHERE run = ? AND state != 'settled' ORDER BY file, number",
            (self._run,),
        )
        found: dict[bool, Reason] = {}
        for lost, file, text, size in rows:
            status, code, message = _OPEN[lost]
            if running:
                message = _UNDER_WAY[lost]
            none_yet = Reason(status, code, message, 0, file, next(row_set.rows(text)))
            reason = found.setdefault(lost, none_yet)
            found[lost] = replace(reason, count=reason.count + size)
        return [*found.values()]

    def removals(self) -> Counter[Removal]:
        found = self._db.execute(
            "SELECT state, count(*) FROM removals WHERE run = ? GROUP BY state",
            (self._run,),
        )
        return Counter({Removal(state): number for state, number in found})

    def removed(self, file: int) -> Iterator[tuple[int, Removal]]:
        """Yield those rows of a file in order, each with its result."""
        found = self._db.stream(
            "SELECT row, state FROM removals WHERE run = ? AND file = ? ORDER BY row",
            (self._run, file),
        )
        for row, state in found:
            yield row, Removal(state)

    def is_stop_requested(self) -> bool:
        """Tell whether another process asked this run, or its undo, to stop."""
        asked = "SELECT stop_requested FROM runs WHERE number = ?"
        return bool(self._db.execute(asked, (self._run,)).fetchone()[0])

    def files(self) -> list[FileOfRun]:
        counts = self._counts()
        found = self._db.execute(
            "SELECT ordinal, path, fingerprint, rejects_file FROM files WHERE run = ?"
            " ORDER BY ordinal",
            (self._run,),
        )
        return [
            FileOfRun(ordinal, path, fingerprint, rejects_file, counts[ordinal])
            for ordinal, path, fingerprint, rejects_file in found
        ]

    def findings(self, file: int, statuses: Iterable[Status]) -> Iterator[Finding]:
        wanted = [*statuses]
        marks = ",".join("?" * len(wanted))
        found = self._db.stream(
            "SELECT rows, status, code, text, field"  # noqa: S608  only marks
            " FROM findings JOIN reasons ON reasons.number = reason"
            f" WHERE run = ? AND file = ? AND status IN ({marks}) ORDER BY first",
            (self._run, file, *wanted),
        )
        groups = ((rows, facts) for rows, *facts in found)
        for row, (status, code, text, field) in row_set.in_row_order(groups):
            yield Finding(row, Status(status), Code(code), text, field)

    def verdicts(self, file: int) -> Iterator[Verdict]:
        """Yield the verdict on every row of a file that has one, in row order."""
        for row, verdict in row_set.in_row_order(self._verdicts(file)):
            yield verdict._replace(row=row)

    def verdict(self, file: int, row: int) -> Verdict | None:
        """Return the verdict on a row; None if the row was not read."""
        for rows, verdict in self._verdicts(file):
            if row_set.holds(rows, row):
                return verdict._replace(row=row)
        return None

    def _verdicts(self, file: int) -> Iterator[tuple[str, Verdict]]:
        """Yield groups of rows and the verdict they share, ordered by the first row."""
        for first, rows, status, code, field, text in self._db.stream(
            "SELECT first, rows, status, code, field, text"
            " FROM findings JOIN reasons ON reasons.number = reason"
            " WHERE run = :run AND file = :file"
            " UNION ALL SELECT first, rows,"
            " CASE WHEN created > 0 THEN 'created' ELSE 'accepted' END, NULL, '', ''"
            " FROM batches WHERE run = :run AND file = :file"
            " AND state = 'settled' AND rows != ''"
            " UNION ALL SELECT first, rows,"
            " CASE WHEN state != 'waiting' OR doubted THEN 'lost' ELSE 'open' END,"
            " NULL, NULL, NULL"
            " FROM batches WHERE run = :run AND file = :file AND state != 'settled'"
            " ORDER BY first",
            {"run": self._run, "file": file},
        ):
            if text is None:  # left open by an ended process
                yield rows, Verdict(first, *_OPEN[status == "lost"])
            else:
                known = Code(code) if code else None
                yield rows, Verdict(first, Status(status), known, text, field)

    def has_open_batches(self) -> bool:
        """Tell whether a batch waits for its request, or for its answer."""
        found = self._db.execute(
            "SELECT 1 FROM batches WHERE run = ? AND state != 'settled' LIMIT 1",
            (self._run,),
        )
        return found.fetchone() is not None

    def unknown(self) -> list[tuple[int, str, str]]:
        """Return the unknown rows in groups: file (from 0), rows as ranges, reason."""
        return [
            (file, rows, reason) for file, _, rows, _, reason in self._unknown_groups()
        ]

    def _unknown_groups(self) -> list[tuple[int, int, str, str, str]]:
        return self._db.execute(
            "SELECT file, first, rows, code, text FROM findings"
            " JOIN reasons ON reasons.number = reason"
            " WHERE run = ? AND status = 'unknown' ORDER BY file, first",
            (self._run,),
        ).fetchall()

    def requests(self) -> Iterator[Request]:
        """Yield the requests in the order their intents were recorded."""
        yield from self._requests("ORDER BY r.number")

    def last_requests(self, file: int) -> Iterator[tuple[int, Request]]:
        """Yield each row of a file with the last request that carried it."""
        groups = (
            (request.rows, request)
            for request in self._requests("AND file = ? ORDER BY first, r.number", file)
        )
        for row, same in groupby(row_set.in_row_order(groups), key=itemgetter(0)):
            yield row, max((request for _, request in same), key=attrgetter("number"))

    def requests_of(self, file: int, row: int) -> list[Request]:
        """Return the requests that carried a row, in the order they were sent."""
        return [
            request
            for request in self._requests(
                "AND file = ? AND first <= ? ORDER BY r.number",
                file,
                row,
            )
            if row_set.holds(request.rows, row)
        ]

    def _requests(self, which: str, *values: int) -> Iterator[Request]:
        found = self._db.stream(
            "SELECT r.number, file, first, rows, leads, attempt, asks,"  # noqa: S608  our own words
            " departed / 1000.0, held / 1000.0, coalesce(h.text, ''), took / 1000.0,"
            " http, coalesce(trouble, ''), coalesce(w.text, ''), answered, delivered"
            " FROM requests AS r"
            " LEFT JOIN reasons AS h ON h.number = held_for"
            " LEFT JOIN reasons AS w ON w.number = why"
            f" WHERE run = ? {which}",
            (self._run, *values),
        )
        return starmap(Request, found)


def _merged(reasons: list[Reason]) -> list[Reason]:
    named = [one for one in reasons if one.code is Code.ALREADY_DELIVERED]
    if len(named) <= MOST_NAMED:
        return reasons
    merged = replace(
        min(named, key=lambda one: (one.file, one.example_row)),
        message=f"delivered to this campaign by {len(named)} earlier runs",
        count=sum(one.count for one in named),
    )
    rest = [one for one in reasons if one not in named]
    return sorted([merged, *rest], key=lambda one: -one.count)
