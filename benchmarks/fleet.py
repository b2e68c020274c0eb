"""What a ledger on PostgreSQL costs, and how much of a common rate eight hosts use."""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg

from benchmarks import rows
from benchmarks.measured import interleaved, spread
from benchmarks.pipeline import push
from benchmarks.sink import sink
from benchmarks.table import Table
from benchmarks.world import World
from leadctl.ledger.postgres.connection import Connection
from leadctl.ledger.postgres.ledger import PostgresLedger
from leadctl.ledger.postgres.rates import PostgresRates

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # it starts the server
import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measured import Cost

HOSTS = 8
RATE = 200
"""Requests a second that the account allows."""

DISTANCE = 0.02
"""Seconds to the database and back."""

QUIET = 3.0
"""Seconds that the provider asks everybody to wait."""

CAMPAIGNS = 100
LOOKED_UP = 500


class Host(World):
    """One that has the key of the ledgers."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "LEADCTL_LEDGER_KEY": postgres.KEY.hex()}


def tables(world: World) -> list[Table]:
    if not (postgres.NAMED or postgres.PROGRAMS):
        print("fleet: PostgreSQL is not installed")
        return []
    postgres.SETTINGS.update(
        {"full_page_writes": "on", "shared_buffers": "512MB", "max_wal_size": "8GB"}
    )
    with contextmanager(postgres.server)() as server:
        return [_cost(world, server), _rate(world, server)]


def _cost(world: World, server: postgres.Server) -> Table:
    """Push beside many delivered leads, and look some of them up."""
    count = world.size(100_000, 20_000)
    delivered = world.size(10_000_000, 500_000)
    host = Host(world.folder, world.quick)
    url = server.ledger()
    _fill(url, delivered)
    found = _looked_up(url, delivered, world.size(200, 20))
    big, small = (rows.write(world.folder / f"{n}.csv", n) for n in (count, 1))
    campaigns = iter(range(1, CAMPAIGNS))
    logged: list[float] = []

    def shared(file: Path) -> Cost:
        before = _log(url)
        where = ("--ledger", url, "--campaign", str(next(campaigns)))
        cost = push(host, file, served, *where)
        if file is big:
            logged.append((_log(url) - before) / count)
        return cost

    with sink() as served:
        costs = interleaved(
            {
                "SQLite": lambda: push(host, big, served),
                "SQLite, start": lambda: push(host, small, served),
                "PostgreSQL": lambda: shared(big),
                "PostgreSQL, start": lambda: shared(small),
            },
            world.size(7, 2),
        )
    each = {
        kind: [
            (long.cpu - start.cpu) / count * 1e6
            for long, start in zip(costs[kind], costs[f"{kind}, start"], strict=True)
        ]
        for kind in ("SQLite", "PostgreSQL")
    }
    times = statistics.median(each["PostgreSQL"]) / statistics.median(each["SQLite"])
    lines = [[f"µs of CPU a row, {kind}", spread(each[kind]), ""] for kind in each]
    lines += [
        ["… as a multiple", f"{times:.2f} ×", "1.3 ×"],
        ["bytes of the server's log a row", spread(logged, 0), "280"],
        [f"ms for a look-up of {LOOKED_UP}, half of them known", spread(found), "8"],
    ]
    note = (
        f"{count:,} new rows in batches of 500, start-up left out, beside "
        f"{delivered:,} delivered leads of {CAMPAIGNS} campaigns, just after a "
        "checkpoint; the server is on this machine and does not flush. Median "
        "(least–most)."
    )
    return Table("Ledger on PostgreSQL", note, ["", "found", "at most"], lines)


def _fill(url: str, count: int) -> None:
    """Add made-up deliveries to each campaign, in the order of the table."""
    each = count // CAMPAIGNS
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(
            "INSERT INTO leadctl.scopes (account, campaign)"
            " SELECT 'voiso', i FROM generate_series(1, %s) AS i ORDER BY i",
            (CAMPAIGNS,),
        )
        db.execute(
            "INSERT INTO leadctl.delivered SELECT leadctl.lead(scope, decode(md5("
            " scope || ' ' || i), 'hex')), 0 FROM generate_series(1, %s) AS scope,"
            " generate_series(1, %s) AS i ORDER BY 1",
            (CAMPAIGNS, each),
        )
        db.execute("ANALYZE leadctl.delivered")
        db.execute("CHECKPOINT")


def _looked_up(url: str, count: int, times: int) -> list[float]:
    """Ask for known and unknown leads of a campaign; returns milliseconds."""
    found = []
    with PostgresLedger(url, postgres.KEY) as ledger:
        for number in range(times):
            index = ledger.delivered("voiso", str(number % CAMPAIGNS + 1))
            scope, first = (
                number % CAMPAIGNS + 1,
                number * 97 % (count // CAMPAIGNS // 2),
            )
            asked = [
                hashlib.md5(f"{word} {first + i}".encode()).digest()  # noqa: S324  as filled
                for i in range(1, LOOKED_UP // 2 + 1)
                for word in (str(scope), "stranger")
            ]
            began = time.perf_counter()
            known = index.among(asked)
            found.append((time.perf_counter() - began) * 1e3)
            assert len(known) == LOOKED_UP // 2  # noqa: S101  or nothing was measured
    return found


def _log(url: str) -> int:
    with psycopg.connect(url) as db:
        row = db.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
        return int(row[0]) if row else 0


CLAIMING = """
import sys, time
from leadctl.delivery.rate_limiter import spacing
from leadctl.ledger.postgres.connection import Connection
from leadctl.ledger.postgres.rates import PostgresRates
from leadctl.providers.base import Rate
url, rate, ends = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
rates, scopes = PostgresRates(Connection(url)), {"a": spacing(Rate(60 * rate, 60))}
while time.time() < ends:
    if wait := rates.claim(scopes, time.time()):
        time.sleep(wait)
    else:
        print(time.time())
"""


def _rate(world: World, server: postgres.Server) -> Table:
    seconds = world.size(75.0, 8.0)
    with _distant(server.ledger()) as url:
        ends = time.time() + seconds
        command = [sys.executable, "-c", CLAIMING, url, str(RATE), str(ends)]
        hosts = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  ours
            for _ in range(HOSTS)
        ]
        time.sleep(ends - QUIET - time.time())
        with closing(Connection(url)) as db:
            told = time.time()
            PostgresRates(db).postpone("a", told + QUIET, told)
        said = [host.communicate()[0] for host in hosts]
    every = sorted(float(line) for text in said for line in text.split())
    starts = [start for start in every if start < told]
    late = max(0.0, every[-1] - told)
    # What the first second gives is the time to start.
    counted = [start for start in starts if start > starts[0] + 1]
    used = (len(counted) - 1) / (counted[-1] - counted[0]) / RATE
    refused = sum(
        later - earlier < 60
        for earlier, later in zip(starts, starts[60 * RATE :], strict=False)
    )
    lines = [
        [
            f"{HOSTS} processes",
            str(len(starts)),
            f"{used:.1%}",
            str(refused),
            f"{late:.2f} s",
        ]
    ]
    note = (
        f"Starts that {HOSTS} processes took of {RATE} a second, limited by the "
        f"minute, in {seconds:.0f} s, {DISTANCE * 1000:.0f} ms from the database and "
        "back; at least 98.5% and no refusal are asked for. Then one of them meets a "
        "429: the last start of any other comes so long after it, of 0.5 s allowed."
    )
    columns = ["", "starts", "used", "refusals", "after a 429"]
    return Table("One rate for several hosts", note, columns, lines)


@contextmanager
def _distant(url: str) -> Iterator[str]:
    """Put a distance between hosts and a server."""
    parts = urlsplit(url)
    loop = asyncio.new_event_loop()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while content := await reader.read(65536):
            loop.call_later(DISTANCE / 2, writer.write, content)
        loop.call_later(DISTANCE / 2, writer.close)

    async def connected(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))

    serving = asyncio.start_server(connected, "127.0.0.1", 0)
    listening = loop.run_until_complete(serving)
    port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}"))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
