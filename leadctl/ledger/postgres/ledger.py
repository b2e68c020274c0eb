"""The ledger in PostgreSQL: each write calls one function of schema.sql."""

from __future__ import annotations

import json
import secrets
import time
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING

from leadctl.ledger.base import Ledger
from leadctl.ledger.database import DeliveredIndex
from leadctl.ledger.postgres.admin import UNFINISHED, VERSION, newer, unfinished
from leadctl.ledger.postgres.connection import Connection
from leadctl.ledger.postgres.key import key_check, wrong_key
from leadctl.ledger.postgres.lease import Lease, is_gone
from leadctl.ledger.postgres.parts import SharedRun
from leadctl.ledger.postgres.rates import PostgresRates
from leadctl.ledger.postgres.turns import PostgresTurns, new_token
from leadctl.ledger.records import LedgerSize, Worker, utc_text
from leadctl.ledger.run_writer import RunWriter
from leadctl.model.errors import LedgerUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leadctl.ledger.records import NewRun, Run
    from leadctl.model.leads import Json


class PostgresLedger(Ledger):
    """An open ledger; raises LedgerUnusable if its server is away or not prepared."""

    _db: Connection

    def __init__(self, url: str, key: bytes) -> None:
        self._db = Connection(url)
        self._key = key
        try:
            self._require_usable()
        except BaseException:  # a signal, too
            self.close()
            raise
        self.rates = PostgresRates(self._db)

    def _require_usable(self) -> None:
        row = self._db.execute(
            "SELECT version, oldest_client, key_check,"
            " extract(epoch FROM clock_timestamp()) FROM facts"
        ).fetchone()
        version, oldest_client, check, moment = row or (0, 0, b"", 0.0)
        self._db.ahead = moment - time.time()
        if row and version == UNFINISHED:
            raise unfinished()
        if oldest_client > VERSION:
            raise newer(version)
        if version < VERSION:
            raise LedgerUnusable.at_start(
                f"the ledger was written by an older leadctl (schema {version})",
                "its owner brings it up to date: leadctl ledger migrate",
            )
        if check != key_check(self._key):
            raise wrong_key()

    def _turns(self, number: int) -> PostgresTurns:
        return PostgresTurns(self._db, number)

    def size(self) -> LedgerSize:
        size = "SELECT count(*), pg_database_size(current_database()) FROM runs"
        return LedgerSize(*self._db.row(size))

    def delivered(self, account: str, campaign: str) -> PostgresDeliveredIndex:
        return PostgresDeliveredIndex(self._db, account, campaign)

    def _suppress(self, lines: list[tuple[bytes, bytes]]) -> int:
        hashes, entries = [one for one, _ in lines], [one for _, one in lines]
        return int(self._db.call("suppress", hashes, entries)[0])

    def _unsuppress(self, hashes: list[bytes]) -> int:
        return int(self._db.call("unsuppress", hashes)[0])

    def forget(self, identities: Sequence[str]) -> None:
        scopes, hashes = list[int](), list[bytes]()
        for scope, _, _, digests in self._campaigns(identities):
            scopes += [scope] * len(digests)
            hashes += digests
        self._db.call("forget", scopes, hashes)

    @contextmanager
    def campaign_lock(
        self, account: str, campaign: str, *, longest_request: float = 120.0
    ) -> Iterator[Callable[[str], None]]:
        lease = Lease(self._db, longest_request)
        lease.acquire(account, campaign)
        with lease.held():
            yield lease.renew

    def process_of(self, run: Run) -> int | None:
        found = self._db.execute(
            "SELECT holder FROM holds WHERE run = :run AND until > clock_timestamp()"
            " UNION ALL SELECT holder FROM workers AS w JOIN held_parts AS p"
            " ON p.run = w.run AND p.fence = w.fence WHERE w.run = :run",
            {"run": run.number},
        )
        holders = (json.loads(holder) for (holder,) in found)
        return next((one["pid"] for one in holders if not is_gone(one)), None)

    def begin(self, new: NewRun, *, at_most_once: bool = False) -> RunWriter:
        writer, number = new_token(), None
        while number is None:  # many may start in one second
            started = self._db.now()
            (number,) = self._db.call(
                "begin_run",
                f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
                writer,
                new.provider,
                new.account,
                new.campaign,
                json.dumps(new.job),
                utc_text(started),
                json.dumps(new.files),
            )
        turns = PostgresTurns(self._db, number, writer=writer)
        return RunWriter(self._db, number, turns, at_most_once=at_most_once)

    def request_stop(self, run_id: str) -> None:
        self._db.call("stop_run", self._number(run_id), None)

    def shared(self, run_id: str) -> SharedRun:
        return SharedRun(self._db, self._number(run_id))

    def to_work_on(self, skipped: Sequence[str] = ()) -> str | None:
        row = self._db.execute(
            "SELECT id FROM shared_runs WHERE NOT (is_done OR is_stopped OR"
            " is_abandoned OR id = ANY(?)) ORDER BY number LIMIT 1",
            ([*skipped],),
        ).fetchone()
        return str(row[0]) if row else None

    def workers(self, run: Run) -> list[Worker]:
        found = self._db.execute(
            "SELECT holder, p.number, greatest(seen,"
            " p.until - make_interval(secs => seconds)) AS last FROM workers AS w"
            " LEFT JOIN held_parts AS p ON p.run = w.run AND p.fence = w.fence"
            " WHERE w.run = ? ORDER BY last DESC",
            (run.number,),
        )
        return [
            Worker(facts["host"], facts["pid"], part, utc_text(seen.astimezone(UTC)))
            for holder, part, seen in found
            for facts in [json.loads(holder)]
        ]

    def has_forgotten_runs(self) -> bool:
        row = self._db.execute(
            "SELECT coalesce(max(number), 0) > count(*) OR count(*) = 0"
            " AND EXISTS (SELECT 1 FROM delivered) FROM runs"
        ).fetchone()
        return bool(row and row[0])

    def forget_runs(
        self, before: str, *, dry_run: bool = False
    ) -> list[dict[str, Json]]:
        old = self._forgettable(before)
        if old and not dry_run:
            self._db.call("forget_runs", [number for number, _ in old])
        return [json.loads(job) for _, job in old]


class PostgresDeliveredIndex(DeliveredIndex):
    def is_empty(self) -> bool:
        least = "leadctl.lead(?, decode(repeat(?, 16), 'hex'))"
        row = self._db.execute(
            "SELECT 1 FROM delivered"  # noqa: S608  our own words
            f" WHERE lead BETWEEN {least} AND {least} LIMIT 1",
            (self._scope, "00", self._scope, "ff"),
        ).fetchone()
        return row is None

    def among(self, digests: Sequence[bytes]) -> dict[bytes, str]:
        if not digests or not self._scope:
            return {}
        found = self._db.execute(
            "SELECT i, coalesce(r.id, '') FROM (SELECT CAST(? AS bytea) AS h) AS x"
            " CROSS JOIN generate_series(0, CAST(? AS integer)) AS i"
            " JOIN delivered AS d"
            " ON d.lead = leadctl.lead(?, substr(h, 16 * i + 1, 16))"
            " LEFT JOIN runs AS r ON r.number = d.run",
            (b"".join(digests), len(digests) - 1, self._scope),
        )
        return {digests[place]: run for place, run in found}
