"""The ledger in one SQLite file, with its key in another file beside it."""

from __future__ import annotations

import json
import secrets
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING

from leadctl.ledger.base import Ledger
from leadctl.ledger.records import LedgerSize, utc_text
from leadctl.ledger.run_writer import RunWriter
from leadctl.ledger.sqlite import lock
from leadctl.ledger.sqlite.connection import connect, opening, translated
from leadctl.ledger.sqlite.delivered import DeliveredLog, SqliteDeliveredIndex
from leadctl.ledger.sqlite.key import keep_key, key, key_file_of, lost
from leadctl.ledger.sqlite.rates import SqliteRates
from leadctl.ledger.sqlite.schema import migrate, version
from leadctl.ledger.sqlite.turns import SqliteTurns, drop_unused_reasons
from leadctl.model.errors import ExitCode, LedgerUnusable
from leadctl.model.private_files import make_file, make_private

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from leadctl.ledger.records import NewRun, Run
    from leadctl.ledger.sqlite.connection import Connection
    from leadctl.model.leads import Json


class SqliteLedger(Ledger):
    """An open ledger, or a private one without `path`; raises LedgerUnusable."""

    _db: Connection

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

    def _turns(self, number: int) -> SqliteTurns:
        return SqliteTurns(self._db, number)

    def is_there(self) -> bool:
        if self._path is None:
            return True
        with suppress(OSError):
            return self._path.stat().st_ino == self._inode
        return False

    def size(self) -> LedgerSize:
        row = self._db.execute(
            "SELECT (SELECT count(*) FROM runs), page_count * page_size"
            " FROM pragma_page_count, pragma_page_size"
        ).fetchone()
        return LedgerSize(*row)

    def delivered(self, account: str, campaign: str) -> SqliteDeliveredIndex:
        return SqliteDeliveredIndex(self._db, account, campaign)

    def _suppress(self, lines: list[tuple[bytes, bytes]]) -> int:
        add = "INSERT OR IGNORE INTO suppressed VALUES (?, ?)"
        return self._changed_entries(add, lines)

    def _unsuppress(self, hashes: list[bytes]) -> int:
        holding = "SELECT entry FROM suppressed WHERE hash = ?"
        remove = f"DELETE FROM suppressed WHERE entry IN ({holding})"  # noqa: S608  our own words
        return self._changed_entries(remove, [(one,) for one in hashes])

    def _changed_entries(self, sql: str, lines: Sequence[tuple[bytes, ...]]) -> int:
        """Change the suppression list; returns by how many entries."""
        with self._db.transaction():
            before = len(self.suppression_list)
            self._db.executemany(sql, lines)
            return abs(len(self.suppression_list) - before)

    def forget(self, identities: Sequence[str]) -> None:
        db = self._db
        with db.transaction():
            DeliveredLog(db).put_away()  # hashes can be deleted from the table only
            for scope, _, _, digests in self._campaigns(identities):
                db.executemany(
                    "DELETE FROM delivered WHERE scope = ? AND hash = ?",
                    ((scope, digest) for digest in digests),
                )
                db.executemany(
                    "DELETE FROM in_doubt WHERE hash = ?", ((one,) for one in digests)
                )
            drop_unused_reasons(db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # it holds the hashes, too

    def campaign_lock(
        self, account: str, campaign: str, *, longest_request: float = 120.0
    ) -> AbstractContextManager[Callable[[str], None]]:
        del longest_request  # the kernel releases a lock with its process
        if self._path is None:
            return nullcontext(lambda _run: None)
        return lock.held(lock.folder_of(self._path), account, campaign)

    def process_of(self, run: Run) -> int | None:
        if self._path is None:
            return None
        folder = lock.folder_of(self._path)
        return lock.process_of(run.id, folder, run.account, run.campaign)

    def begin(self, new: NewRun, *, at_most_once: bool = False) -> RunWriter:
        started = self._db.now()
        scope = (new.account, new.campaign)
        with self._db.transaction():  # no run without its files
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
        number = number or 0
        turns = self._turns(number)
        return RunWriter(self._db, number, turns, at_most_once=at_most_once)

    def _free_id(self, started: datetime) -> str:
        """Return an unused id: several runs may start in one second."""
        while True:
            run_id = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
            taken = "SELECT 1 FROM runs WHERE id = ?"
            if not self._db.execute(taken, (run_id,)).fetchone():
                return run_id

    def request_stop(self, run_id: str) -> None:
        stop = "UPDATE runs SET stop_requested = 1 WHERE number = ?"
        self._db.execute(stop, (self._number(run_id),))

    def has_forgotten_runs(self) -> bool:
        (left,) = self._db.execute("SELECT count(*) FROM runs").fetchone()
        made = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'runs'")
        return bool((made.fetchone() or (0,))[0] > left)

    def forget_runs(
        self, before: str, *, dry_run: bool = False
    ) -> list[dict[str, Json]]:
        with self._db.transaction():
            old = self._forgettable(before)
            numbers = [(number,) for number, _job in old if not dry_run]
            for table in ("batches", "findings", "requests", "files", "removals"):
                self._db.executemany(f"DELETE FROM {table} WHERE run = ?", numbers)  # noqa: S608  our own words
            self._db.executemany("DELETE FROM runs WHERE number = ?", numbers)
            drop_unused_reasons(self._db)
        return [json.loads(job) for _number, job in old]
