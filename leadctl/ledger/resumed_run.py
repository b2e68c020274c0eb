"""Resumes an earlier run, resolves its unknown rows, or records its undo."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from leadctl.ledger.records import BatchState, OpenBatch, Unfinished
from leadctl.ledger.run_reader import RunReader
from leadctl.ledger.run_writer import RunWriter
from leadctl.ledger.turn import BatchLine, Turn
from leadctl.model import row_set
from leadctl.model.leads import Code, Finding, Status
from leadctl.model.removal import Removal
from leadctl.model.row_set import RowSet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from leadctl.ledger.database import Database
    from leadctl.ledger.turn import TurnStore
    from leadctl.model.leads import Batch


class ResumedRun(RunWriter):
    """An earlier run whose process has ended, to resume or to resolve."""

    _within = ""
    """A condition for the lines of a part."""

    def reopen(
        self, *, most: int, with_unknown: bool = True, stale_before: float = 0.0
    ) -> Unfinished:
        """Reopen the run for a resume; returns what is left to do.

        Failed rows and batches that were certainly not processed are open again, like
        rows never read. A batch that was in flight when the process died is in doubt.
        So are unknown rows if sending twice is safe: they form batches of up to `most`
        leads. A doubt that began before `stale_before` (Unix time) is stale.
        """
        with self.together():
            if with_unknown and not self._at_most_once:
                self._doubt_unknown_rows(most)
            failed = self._db.execute(
                "SELECT file, first FROM findings"  # noqa: S608  our own words
                f" WHERE run = ? AND status = 'failed'{self._within}",
                (self._run,),
            )
            self._turn.dropped += failed
            for line in self._lines_left():
                if line.state is BatchState.WAITING and not line.doubted:
                    self._turn.withdrawn.append(line.id)
                else:
                    self._put(line._replace(state=BatchState.DOUBT, doubted=True))
            if self.facts().finished_at:  # or its workers' notes are not counted yet
                self._turn.facts["notes"] = "[]"
            self._turn.facts |= {
                "finished_at": None,
                "exit_code": None,
                "error": None,
                "stop_requested": False,
            }
        self.tally = Counter(self.counts())
        known = f"WHERE run = :run{self._within}"
        accounted = self._db.execute(
            f"SELECT file, rows FROM findings {known}"  # noqa: S608  our own words
            f" UNION ALL SELECT file, rows FROM batches {known}",
            {"run": self._run},
        )
        return Unfinished(_by_file(accounted), self._open_batches(stale_before))

    def decide(
        self, file: int | None, rows: list[tuple[int, int]] | None, *, delivered: bool
    ) -> int:
        """Settle unknown rows by an operator's decision; returns how many.

        `rows` are ranges, first and last included; None means all. Delivered rows count
        as created and are not sent again; the others become `failed`.
        """
        decided = 0
        with self.together():
            for at, first, text, code, reason in self._unknown_groups():
                if file is not None and at != file:
                    continue
                chosen, rest = _divided(row_set.rows(text), rows)
                self._turn.dropped.append((at, first))
                verdict = Status.UNKNOWN, Code(code), reason
                self._turn.findings += [(at, Finding(row, *verdict)) for row in rest]
                self._decide(at, chosen, delivered=delivered)
                decided += len(chosen)
        self.tally = Counter(self.counts())
        return decided

    def _decide(self, file: int, rows: Sequence[int], *, delivered: bool) -> None:
        if delivered and rows:
            line = BatchLine.of(uuid4(), file, rows, BatchState.SETTLED, doubted=True)
            self._turn.batches[line.id] = line._replace(created=len(rows))
        found = self._db.execute(
            "SELECT hash, row FROM in_doubt WHERE run = ? AND file = ?",
            (self._run, file),
        )
        chosen = {*rows}
        digests = [digest for digest, row in found if row in chosen]
        if delivered:
            self._turn.delivered += digests
        else:
            reason = "not delivered, as decided with runs resolve"
            verdict = Status.FAILED, Code.NOT_PROCESSED, reason
            self._turn.findings += [(file, Finding(row, *verdict)) for row in rows]
        # Later runs that met them as unknown are settled by the same decision.
        self._turn.decided += digests

    def close_again(self, exit_code: int) -> None:
        """Set the exit code of a finished run to what its rows now amount to."""
        with self.together():
            self._turn.facts["exit_code"] = exit_code

    def _doubt_unknown_rows(self, most: int) -> None:
        for file, first, text, _code, _reason in self._unknown_groups():
            self._turn.dropped.append((file, first))
            left = row_set.rows(text)
            while rows := [*islice(left, most)]:
                doubt = BatchState.DOUBT
                self._put(BatchLine.of(uuid4(), file, rows, doubt, doubted=True))
        doubts = self._db.execute(
            "SELECT hash FROM in_doubt WHERE run = ?", (self._run,)
        )
        self._turn.no_doubt([digest for (digest,) in doubts])

    def _lines_left(self) -> Iterator[BatchLine]:
        for name, file, first, rows, size, state, doubted, *rest in self._db.execute(
            "SELECT id, file, first, rows, size, state, doubted, attempts, created,"  # noqa: S608  our own words
            " accepted FROM batches WHERE run = ? AND state != 'settled'"
            f"{self._within} ORDER BY number",
            (self._run,),
        ):
            batch = name if isinstance(name, UUID) else UUID(bytes=name)
            is_doubted = bool(doubted)
            yield BatchLine(
                batch, file, first, rows, size, BatchState(state), is_doubted, *rest
            )

    def _open_batches(self, stale_before: float) -> list[OpenBatch]:
        sent_before = self._db.execute(
            "SELECT file, rows FROM requests"
            " WHERE run = ? AND NOT asks AND departed < ?",
            (self._run, (stale_before + self._db.ahead) * 1000),
        )
        stale, found = _by_file(sent_before), []
        for line in self._open.values():
            among = tuple(row_set.rows(line.rows))
            is_stale = among[0] in stale.get(line.file, ())
            found.append(OpenBatch(line.id, line.file, among, is_stale))
        return found


def _by_file(found: Iterable[tuple[int, str]]) -> dict[int, RowSet]:
    """Return rows, which are written as ranges, by file."""
    rows: dict[int, RowSet] = {}
    for file, text in found:
        rows.setdefault(file, RowSet()).add(text)
    return rows


def _divided(
    rows: Iterable[int], wanted: list[tuple[int, int]] | None
) -> tuple[list[int], list[int]]:
    """Split rows into those in the wanted ranges (None: all) and the others."""
    divided: tuple[list[int], list[int]] = ([], [])
    for row in rows:
        chosen = wanted is None or any(a <= row <= b for a, b in wanted)
        divided[not chosen].append(row)
    return divided


class RunRemoval(RunReader):
    """The undo of a run, by one process at a time."""

    def __init__(self, db: Database, number: int, turns: TurnStore) -> None:
        super().__init__(db, number)
        self._turns = turns

    def begin(self) -> None:
        """Begin or continue; an earlier request to stop is dropped."""
        turn = Turn()
        turn.facts["stop_requested"] = False
        self._turns.write(turn)

    def created_rows(self, file: int) -> RowSet:
        """Return the rows that the run delivered and that are not known as deleted."""
        rows = RowSet()
        for (text,) in self._db.execute(
            "SELECT rows FROM batches"
            " WHERE run = ? AND file = ? AND state = 'settled' AND rows != ''",
            (self._run, file),
        ):
            rows.add(text)
        for row, removal in self.removed(file):
            if removal is not Removal.UNKNOWN:
                rows.remove(str(row))
        return rows

    def intend(self, batch: Batch) -> set[int]:
        """Commit that a removal is about to be sent.

        Returns the rows of the batch whose earlier removal is in doubt.
        """
        rows = batch.leads.rows
        before = self._db.execute(
            "SELECT row FROM removals WHERE run = ? AND file = ?"
            " AND row BETWEEN ? AND ?",
            (self._run, batch.file, rows[0], rows[-1]),
        )
        doubted = {row for (row,) in before} & {*rows}
        self._record(batch, [Removal.UNKNOWN] * len(batch), gone=())
        return doubted

    def settle(
        self, batch: Batch, removals: Sequence[Removal], *, forget_missing: bool
    ) -> None:
        """Record each lead's result; deleted leads no longer count as delivered.

        With `forget_missing`, neither do those that the provider did not find.
        """
        missing = {Removal.NOT_FOUND} if forget_missing else set()
        self._record(batch, removals, gone={Removal.DELETED} | missing)

    def _record(
        self, batch: Batch, removals: Sequence[Removal], gone: Collection[Removal]
    ) -> None:
        turn = Turn()
        for row, removal in zip(batch.leads.rows, removals, strict=True):
            kept = None if removal is Removal.FAILED else removal
            turn.removals[batch.file, row] = kept
        leads = batch.leads.chosen([one in gone for one in removals])
        turn.undelivered = leads.hashes()
        self._turns.write(turn)
