"""The ledger: what was intended, what came of it, who is delivered. SQLite, one file.

It holds no names and no phone numbers: a lead is known by a keyed hash whose key lies
beside the ledger. What one run writes into it is books.py's business.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from leadctl.books import Books, utc_text
from leadctl.database import connect, key, opening, translated
from leadctl.delivered import DeliveredIndex
from leadctl.ended import EndedRun
from leadctl.errors import ExitCode, LedgerUnusable, Unusable, UsageError
from leadctl.folders import make_file, make_private
from leadctl.migration import migrate, version
from leadctl.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from leadctl.model import Json

LONGEST_WAIT = 3700.0
"""Seconds a start may lie ahead; a provider's longest wish and a little more."""

MADE_UP = 0.5
"""Seconds by which a start that comes late is made up for.

Less than what a minute at 99% of a rate leaves over: no minute then holds a start too
many.
"""


class Ledger:
    """An open ledger, used by one thread; other processes may use the file meanwhile.

    `path` None makes a private one that is gone when it is closed (dry runs, checks,
    sandbox).
    Raises LedgerUnusable.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        try:
            with translated(path):
                self._open(path)
        except LedgerUnusable as error:
            error.exit_code = ExitCode.INPUT  # nothing can have been sent
            raise

    def _open(self, path: Path | None) -> None:
        if path is not None:
            make_private(path.parent)
            make_file(path)
        with opening(path):
            self._db = connect(path)
            self.key = key(path, new=version(self._db) == 0)
            migrate(self._db)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def digest(self, account: str, campaign: str) -> Callable[[str], bytes]:
        """Return the keyed hash that this account and campaign know leads by."""
        scope = hashlib.blake2b(
            f"{account}\0{campaign}\0".encode(), key=self.key, digest_size=16
        )

        def digest(identity: str) -> bytes:
            state = scope.copy()
            state.update(identity.encode("utf-8", "surrogatepass"))
            return state.digest()

        return digest

    def delivered(self, account: str, campaign: str) -> DeliveredIndex:
        """Return the leads that are delivered to a campaign by now."""
        return DeliveredIndex(self._db, account, campaign)

    def in_doubt(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those of the digests that were sent and nobody knows what came of."""
        with self._db.unchanged():
            if not self._db.execute("SELECT 1 FROM in_doubt LIMIT 1").fetchone():
                return set()
            question = "SELECT hash FROM in_doubt WHERE hash IN"
            return {digest for (digest,) in self._db.rows_in(question, digests)}

    def begin(
        self,
        provider: str,
        account: str,
        campaign: str,
        options: dict[str, Json],
        *,
        guarded: bool = False,
    ) -> Books:
        """Open a new run's books; see Books for `guarded`."""
        started = datetime.now(UTC)
        name = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        with self.transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO scopes (account, campaign) VALUES (?, ?)",
                (account, campaign),
            )
            number = self._db.execute(
                "INSERT INTO runs (id, provider, options, started_at, scope)"
                " SELECT ?, ?, ?, ?, number FROM scopes"
                " WHERE account = ? AND campaign = ?",
                (
                    name,
                    provider,
                    json.dumps(options),
                    utc_text(started),
                    account,
                    campaign,
                ),
            ).lastrowid
        return Books(self._db, number or 0, guarded=guarded)

    def books(self, run_id: str, *, guarded: bool = False) -> EndedRun:
        """Open an earlier run's books; UsageError with the nearest id if none is so."""
        names = dict(self._db.execute("SELECT id, number FROM runs"))
        if run_id not in names:
            raise UsageError(
                f"there is no run {run_id!r}{nearest(run_id, names)}",
                hint="see `leadctl runs`",
            )
        return EndedRun(self._db, names[run_id], guarded=guarded)

    def open_run(self, account: str, campaign: str) -> str | None:
        """Return a run of this campaign that ended with a batch on its way, if any.

        A guarded one is none: its leads are in doubt by name, and not sent again.
        """
        row = self._db.execute(
            "SELECT id FROM runs AS r JOIN scopes ON scopes.number = scope"
            " WHERE account = ? AND campaign = ? AND r.number IN"
            " (SELECT run FROM batches WHERE state IN ('sending', 'doubt'))"
            " AND r.number NOT IN (SELECT run FROM in_doubt)"
            " ORDER BY r.number DESC",
            (account, campaign),
        ).fetchone()
        return str(row[0]) if row else None

    def latest(self, account: str, campaign: str) -> Books | None:
        """Return the books of this account's latest run to the campaign, if any.

        Runs that were pruned are forgotten.
        """
        row = self._db.execute(
            "SELECT r.number FROM runs AS r JOIN scopes ON scopes.number = scope"
            " WHERE account = ? AND campaign = ? ORDER BY r.number DESC LIMIT 1",
            (account, campaign),
        ).fetchone()
        return Books(self._db, row[0]) if row else None

    def runs(self, most: int) -> list[Books]:
        """Return the books of the latest runs, the newest first."""
        rows = self._db.execute(
            "SELECT number FROM runs ORDER BY number DESC LIMIT ?", (most,)
        )
        return [Books(self._db, number) for (number,) in rows]

    def forget_runs(self, before: str) -> list[dict[str, Json]]:
        """Forget finished runs older than an ISO 8601 time; returns their options.

        Who is delivered stays known. Runs with rows in doubt are kept: somebody has to
        decide about them; so are interrupted ones, which a resume can finish.
        """
        with self.transaction():
            old = self._db.execute(
                "SELECT number, options FROM runs"
                " WHERE started_at < ? AND finished_at IS NOT NULL"
                " AND exit_code NOT IN (130, 143)"
                " AND number NOT IN (SELECT run FROM in_doubt)",
                (before,),
            ).fetchall()
            numbers = [(number,) for number, _options in old]
            self._db.executemany("DELETE FROM batches WHERE run = ?", numbers)
            self._db.executemany("DELETE FROM findings WHERE run = ?", numbers)
            self._db.executemany("DELETE FROM requests WHERE run = ?", numbers)
            self._db.executemany("DELETE FROM files WHERE run = ?", numbers)
            self._db.executemany("DELETE FROM runs WHERE number = ?", numbers)
        return [json.loads(options) for _number, options in old]

    def claim(self, scopes: Mapping[str, float], now: float) -> float:
        """Take a start in every scope, or return the seconds to wait.

        `scopes` has for each the seconds it then stays taken. `now` is Unix time. All
        processes on this ledger take turns.
        """
        if not any(scopes.values()):  # nothing to take
            return self._wait(scopes, now)
        with self.transaction():
            wait = self._wait(scopes, now)
            if wait <= 0:
                self._take(scopes, now)
        return wait

    def postpone(self, scope: str, until: float) -> None:
        """Let nothing start in this scope before `until` (Unix time)."""
        with self.transaction():
            until = max(until, self._taken([scope], until)[scope])
            self._db.execute(
                "INSERT OR REPLACE INTO rates VALUES (?, ?)", (scope, until)
            )

    def count_exchange(self, account: str, most: int, now: float) -> None:
        """Note that a token is about to be fetched; Unusable past `most` in an hour."""
        with self.transaction():
            self._db.execute(
                "DELETE FROM token_requests WHERE moment <= ?", (now - 3600,)
            )
            moments = self._db.execute(
                "SELECT count(*), min(moment) FROM token_requests WHERE account = ?",
                (account,),
            )
            number, first = moments.fetchone()
            if number >= most:
                free = datetime.fromtimestamp(first + 3600).astimezone()
                raise Unusable(
                    f"{account} gives {most} tokens an hour and all are used up",
                    hint=f"the next one is free at {free:%H:%M}; "
                    "`leadctl runs resume` then goes on",
                )
            self._db.execute("INSERT INTO token_requests VALUES (?, ?)", (account, now))

    def _wait(self, scopes: Mapping[str, float], now: float) -> float:
        return max(0.0, *(until - now for until in self._taken(scopes, now).values()))

    def _take(self, scopes: Mapping[str, float], now: float) -> None:
        starts = {
            scope: max(taken, now - min(scopes[scope], MADE_UP)) + scopes[scope]
            for scope, taken in self._taken(scopes, now).items()
            if scopes[scope]
        }
        self._db.executemany(
            "INSERT OR REPLACE INTO rates VALUES (?, ?)", starts.items()
        )

    def _taken(self, scopes: Collection[str], now: float) -> dict[str, float]:
        """Return until when each scope is taken; the past where it is free."""
        question = "SELECT scope, next_start FROM rates WHERE scope IN"
        rows = self._db.rows_in(question, [*scopes])
        # Further ahead than anybody may ask for: the clock was set back since.
        kept = {scope: t for scope, t in rows if t <= now + LONGEST_WAIT}
        return dict.fromkeys(scopes, 0.0) | kept

    def transaction(self) -> AbstractContextManager[None]:
        """Open a transaction: all or nothing, on disk when it ends."""
        return self._db.transaction()
