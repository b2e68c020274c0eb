"""The ledger in one SQLite file: runs, deliveries, rates and locks.

It holds no names and no phone numbers: a lead is known by a keyed hash whose key lies
beside the file.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from leadctl.ledger.records import utc_text
from leadctl.ledger.sqlite import lock, people
from leadctl.ledger.sqlite.connection import connect, opening, translated
from leadctl.ledger.sqlite.delivered import SqliteDeliveredIndex
from leadctl.ledger.sqlite.findings import drop_unused_reasons
from leadctl.ledger.sqlite.key import keep_key, key, key_file_of, lost
from leadctl.ledger.sqlite.people import SqliteSuppressionList
from leadctl.ledger.sqlite.rates import SqliteRates
from leadctl.ledger.sqlite.removal import SqliteRunRemoval
from leadctl.ledger.sqlite.resumed_run import SqliteResumedRun
from leadctl.ledger.sqlite.run_reader import SqliteRunReader
from leadctl.ledger.sqlite.run_writer import SqliteRunWriter
from leadctl.ledger.sqlite.schema import migrate, version
from leadctl.model.errors import ExitCode, LedgerUnusable, UsageError
from leadctl.model.private_files import make_file, make_private
from leadctl.model.wording import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from leadctl.ledger.base import CampaignLock
    from leadctl.ledger.records import NewRun, Run, Trace
    from leadctl.model.leads import Json


class SqliteLedger:
    """An open ledger; other processes may use the file meanwhile.

    `path` None makes a private one. Raises LedgerUnusable.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        try:
            with translated(path):
                self._open(path)
        except LedgerUnusable as error:
            raise error.but(exit_code=ExitCode.INPUT) from error  # nothing was sent
        self.rates = SqliteRates(self._db)

    def _open(self, path: Path | None) -> None:
        if path is not None:
            if not path.exists() and key_file_of(path).exists():
                raise lost(path)
            make_private(path.parent)
            make_file(path)
        with opening(path):
            self._db = connect(path)
            self._key = key(path, lambda: version(self._db) == 0)
            migrate(self._db)
            if path is not None:
                keep_key(path)
                self._inode = path.stat().st_ino

    def is_there(self) -> bool:
        if self._path is None:
            return True
        with suppress(OSError):
            return self._path.stat().st_ino == self._inode
        return False

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def digest(self, account: str, campaign: str) -> Callable[[str], bytes]:
        scope = hashlib.blake2b(
            f"{account}\0{campaign}\0".encode(), key=self._key, digest_size=16
        )

        def digest(identity: str) -> bytes:
            state = scope.copy()
            state.update(identity.encode("utf-8", "surrogatepass"))
            return state.digest()

        return digest

    def delivered(self, account: str, campaign: str) -> SqliteDeliveredIndex:
        return SqliteDeliveredIndex(self._db, account, campaign)

    @property
    def suppression_list(self) -> SqliteSuppressionList:
        return SqliteSuppressionList(self._db, self.digest("", ""))

    def traces(self, identities: Sequence[str]) -> dict[str, list[Trace]]:
        return people.traces(self._db, self.digest, identities)

    def forget(self, identities: Sequence[str]) -> None:
        people.forget(self._db, self.digest, identities)

    def in_doubt(self, digests: Sequence[bytes]) -> set[bytes]:
        with self._db.unchanged():
            if not self._db.execute("SELECT 1 FROM in_doubt LIMIT 1").fetchone():
                return set()
            question = "SELECT hash FROM in_doubt WHERE hash IN"
            return {digest for (digest,) in self._db.rows_in(question, digests)}

    def campaign_lock(
        self, account: str, campaign: str
    ) -> AbstractContextManager[CampaignLock]:
        if self._path is None:
            return nullcontext(lock.Unneeded())
        return lock.held(lock.folder_of(self._path), account, campaign)

    def process_of(self, run: Run) -> int | None:
        if self._path is None:
            return None
        folder = lock.folder_of(self._path)
        return lock.process_of(run.id, folder, run.account, run.campaign)

    def begin(self, new: NewRun, *, at_most_once: bool = False) -> SqliteRunWriter:
        started = datetime.now(UTC)
        scope = (new.account, new.campaign)
        with self._db.transaction():  # a run that is known has its files
            self._db.execute(
                "INSERT OR IGNORE INTO scopes (account, campaign) VALUES (?, ?)", scope
            )
            number = self._db.execute(
                "INSERT INTO runs (id, provider, job, started_at, scope)"
                " SELECT ?, ?, ?, ?, number FROM scopes"
                " WHERE account = ? AND campaign = ?",
                (
                    self._free_id(started),
                    new.provider,
                    json.dumps(new.job),
                    utc_text(started),
                    *scope,
                ),
            ).lastrowid
            self._db.executemany(
                "INSERT INTO files (run, ordinal, path, fingerprint)"
                " VALUES (?, ?, ?, ?)",
                [(number, ordinal, *file) for ordinal, file in enumerate(new.files)],
            )
        return SqliteRunWriter(self._db, number or 0, at_most_once=at_most_once)

    def _free_id(self, started: datetime) -> str:
        """Return an id that no run has: many may start in one second."""
        while True:
            run_id = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
            taken = "SELECT 1 FROM runs WHERE id = ?"
            if not self._db.execute(taken, (run_id,)).fetchone():
                return run_id

    def request_stop(self, run_id: str) -> None:
        with self._db.transaction():
            self._db.execute(
                "UPDATE runs SET stop_requested = 1 WHERE number = ?",
                (self._number(run_id),),
            )

    def run(self, run_id: str) -> SqliteRunReader:
        return SqliteRunReader(self._db, self._number(run_id))

    def resumed(self, run_id: str, *, at_most_once: bool = False) -> SqliteResumedRun:
        number = self._number(run_id)
        return SqliteResumedRun(self._db, number, at_most_once=at_most_once)

    def removal(self, run_id: str) -> SqliteRunRemoval:
        return SqliteRunRemoval(self._db, self._number(run_id))

    def _number(self, run_id: str) -> int:
        numbers = dict(self._db.execute("SELECT id, number FROM runs"))
        if run_id in numbers:
            return int(numbers[run_id])
        alike = [one for one in numbers if _is_part(run_id, one)]
        if len(alike) == 1:
            return int(numbers[alike[0]])
        if alike:
            raise UsageError(
                f"several runs match {run_id!r}: {listed(alike)}",
                hint="write more of the id",
            )
        raise UsageError(
            f"there is no run {run_id!r}{nearest(run_id, numbers)}",
            hint="see `leadctl runs`",
        )

    def unsettled_run(self, account: str, campaign: str) -> str | None:
        row = self._db.execute(
            "SELECT id FROM runs AS r JOIN scopes ON scopes.number = scope"
            " WHERE account = ? AND campaign = ? AND r.number IN"
            " (SELECT run FROM batches WHERE state IN ('sending', 'doubt'))"
            " AND r.number NOT IN (SELECT run FROM in_doubt)"
            " ORDER BY r.number DESC",
            (account, campaign),
        ).fetchone()
        return str(row[0]) if row else None

    def run_half_undone(self, account: str, campaign: str) -> str | None:
        row = self._db.execute(
            "SELECT id FROM runs AS r JOIN scopes ON scopes.number = scope"
            " WHERE account = ? AND campaign = ? AND r.number IN"
            " (SELECT run FROM removals WHERE state = 'unknown')"
            " ORDER BY r.number DESC",
            (account, campaign),
        ).fetchone()
        return str(row[0]) if row else None

    def latest(self, account: str, campaign: str) -> SqliteRunReader | None:
        row = self._db.execute(
            "SELECT r.number FROM runs AS r JOIN scopes ON scopes.number = scope"
            " WHERE account = ? AND campaign = ? ORDER BY r.number DESC LIMIT 1",
            (account, campaign),
        ).fetchone()
        return SqliteRunReader(self._db, row[0]) if row else None

    def runs(self, most: int) -> list[SqliteRunReader]:
        rows = self._db.execute(
            "SELECT number FROM runs ORDER BY number DESC LIMIT ?", (most,)
        )
        return [SqliteRunReader(self._db, number) for (number,) in rows]

    def has_forgotten_runs(self) -> bool:
        (left,) = self._db.execute("SELECT count(*) FROM runs").fetchone()
        made = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'runs'")
        return bool((made.fetchone() or (0,))[0] > left)

    def forget_runs(
        self, before: str, *, dry_run: bool = False
    ) -> list[dict[str, Json]]:
        with self._db.transaction():
            old = self._db.execute(
                "SELECT number, job FROM runs"
                " WHERE started_at < ? AND finished_at IS NOT NULL"
                " AND exit_code NOT IN (130, 143)"
                " AND number NOT IN (SELECT run FROM in_doubt)",
                (before,),
            ).fetchall()
            numbers = [(number,) for number, _job in old if not dry_run]
            for table in ("batches", "findings", "requests", "files", "removals"):
                self._db.executemany(f"DELETE FROM {table} WHERE run = ?", numbers)  # noqa: S608  our own words
            self._db.executemany("DELETE FROM runs WHERE number = ?", numbers)
            drop_unused_reasons(self._db)
        return [json.loads(job) for _number, job in old]


def _is_part(text: str, run_id: str) -> bool:
    return bool(text) and (run_id.startswith(text) or run_id.endswith(text))
