"""Hosts that share a ledger on PostgreSQL: whatever happens, every lead is stored once.

Eight processes push files of their own into one account. They are killed, stopped for
longer than a lease and cut off, and the database is switched off; their clocks are
hours apart. The moments are drawn; a failure prints the seed that draws the same again.
`make test-long` plays more rounds, and LEADCTL_TEST_ROUNDS says how many.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import signal
import sys
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest
from conftest import PLENTY
from postgres import KEY
from program import SECONDS, Program
from zygote import CLOCK

from leadctl.sandbox import Fault, VicidialSimulator, YotelSimulator, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from postgres import Server
    from zygote import Forked

    from leadctl.sandbox import Sandbox, Simulator

LONG = bool(os.environ.get("LEADCTL_TEST_LONG"))
ROUNDS = int(os.environ.get("LEADCTL_TEST_ROUNDS") or (100 if LONG else 2))
SEED = os.environ.get("LEADCTL_TEST_SEED") or secrets.token_hex(4)
HOSTS = 8
ROWS = 18
LATENCY = 0.06
EVENTS = 40 if LONG else 8
TIMEOUT, MARGIN = 0.5, 0.8
LEASE = 2 * TIMEOUT + MARGIN
CLOCKS = (0, 3600, -3600, 86_000, -7200, 600, -1, 1)
"""Seconds by which the hosts' clocks differ from the database's."""

UNCLOSED = re.compile(
    r"Exception ignored in: .*\nTraceback .*\n(?: .*\n)*ResourceWarning: .*\n"
)
"""What a signal leaves between a file and its owner; only tests are told of it."""

QUICK = {
    "TIMEOUT": str(TIMEOUT),
    "CONCURRENCY": "1",
    "DOUBT_DELAY": "0.1",
    "REQUESTS_PER_MINUTE": "6000",
}
PROVIDERS = {"yotel": True, "vicidial": False}
"""Whether a repeated request is known to the provider."""


@dataclass
class Host:
    """A machine that pushes its own file to its own campaign."""

    program: Program
    push: list[str]
    environment: dict[str, str]
    runs: list[Forked] = field(default_factory=list)

    def begin(self, *arguments: str) -> Forked:
        run = self.program.fork(*(arguments or self.push), env=self.environment)
        self.runs.append(run)
        return run

    def collect(self, seconds: float) -> None:
        """Wait for what was begun; a run may end for any reason but a defect."""
        for run in self.runs:
            assert run.code(seconds) not in (None, 1), self.said()
        self.runs.clear()

    def said(self) -> str:
        """Return all that the host's runs wrote to stderr."""
        return "".join(
            file.read_text() for file in self.program.home.glob("streams-*/err")
        )


@contextmanager
def simulator(
    provider: str, draw: random.Random
) -> Iterator[tuple[Sandbox, Simulator]]:
    """Serve a provider with a campaign for each host, and three faults."""
    campaigns = [f"9{number:02}" for number in range(HOSTS)]
    served: Simulator = (
        YotelSimulator(
            requests_per_minute=PLENTY, open_campaigns=campaigns, latency=LATENCY
        )
        if provider == "yotel"
        else VicidialSimulator(open_campaigns=campaigns, latency=LATENCY)
    )
    faults = (Fault("refuse"), Fault("lose"), Fault("error_before"))
    served.faults.add(*(draw.choice(faults) for _ in range(3)))
    with serve([served]) as sandbox:
        yield sandbox, served


@pytest.mark.parametrize("number", range(ROUNDS))
def test_whatever_happens_every_lead_is_stored_once(
    number: int, postgres: Server, tmp_path: Path
) -> None:
    sys.stdout.write(f"LEADCTL_TEST_SEED={SEED}, round {number}\n")  # where it fails
    draw = random.Random(f"{SEED} {number}")  # noqa: S311  no secret
    provider = [*PROVIDERS][number % len(PROVIDERS)]
    url = postgres.ledger()
    make_durable(url)
    with simulator(provider, draw) as (sandbox, served):
        hosts = [
            host(tmp_path / f"host{place}", place, provider, sandbox, url)
            for place in range(HOSTS)
        ]
        torture(hosts, postgres, url, draw)
        finish(hosts[0])
        for place, each in enumerate(hosts):
            assert "Traceback" not in UNCLOSED.sub("", each.said())
            require_once(each, served, f"9{place:02}", is_safe=PROVIDERS[provider])


def make_durable(url: str) -> None:
    """Have the database keep what it has said it keeps, and leases end soon."""
    name = url.rpartition("/")[2]
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
        db.execute(f"ALTER DATABASE {name} SET leadctl.lease_margin = '{MARGIN}'")


def host(folder: Path, place: int, provider: str, sandbox: Sandbox, url: str) -> Host:
    folder.mkdir()
    program = Program.at(folder)
    clock = program.home / "clock"
    clock.write_text(str(CLOCKS[place]))
    phones = "\n".join(f"+9190000{place:02}{row:03}" for row in range(ROWS))
    program.write("leads.csv", f"phone\n{phones}\n")
    settings = {**QUICK, **({} if PROVIDERS[provider] else {"DUPLICATE_CHECK": "none"})}
    environment = sandbox.environment(provider) | {
        "LEADCTL_LEDGER": url,
        "LEADCTL_LEDGER_KEY": KEY.hex(),
        CLOCK: str(clock),
        **{f"LEADCTL_{provider.upper()}_{name}": one for name, one in settings.items()},
    }
    where = ["--provider", provider, "--campaign", f"9{place:02}", "--batch-size", "3"]
    return Host(program, ["push", "leads.csv", *where, "--yes"], environment)


SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, None, None)
"""What a process gets; None: the database does something."""


def torture(hosts: list[Host], server: Server, url: str, draw: random.Random) -> None:
    """Have things happen while the hosts push, and resume what others began."""
    later: deque[tuple[float, Callable[[], object]]] = deque()
    for each in hosts:
        each.begin()
    for _ in range(EVENTS):
        time.sleep(draw.uniform(0, 0.15))
        victim, number = draw.choice(hosts), draw.choice(SIGNALS)
        if number:
            victim.runs[-1].signalled(number)
        else:
            draw.choice([cut_off, switch_off])(server, url)
        if number == signal.SIGSTOP:  # another takes over before it wakes
            until = time.monotonic() + LEASE
            later.append((until, victim.begin))
            wake = partial(victim.runs[-1].signalled, signal.SIGCONT)
            later.append((until + 0.5, wake))
        # Another process goes on with what was begun, wherever that was.
        draw.choice(hosts).begin(*draw.choice([(), ("runs", "resume")]))
        while later and later[0][0] < time.monotonic():
            later.popleft()[1]()
    for until, act in later:
        time.sleep(max(0.0, until - time.monotonic()))
        act()
    for each in hosts:
        each.collect(SECONDS)


def switch_off(server: Server, _url: str) -> None:
    server.stop(signal.SIGQUIT)
    time.sleep(0.1)
    server.start()


def cut_off(_server: Server, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def finish(host: Host) -> None:
    """Resume, from one host, what all began, until nothing is left to."""
    for _ in range(6 * HOSTS):
        ran = host.program("runs", "resume", "--json", env=host.environment)
        if "no unfinished runs" in ran.err or "no runs yet" in ran.err:
            return
        assert ran.code in (0, 5, 10), ran.err
    pytest.fail("the runs do not end")


def require_once(
    host: Host, served: Simulator, campaign: str, *, is_safe: bool
) -> None:
    """Push what is left, and compare the campaign with what the ledger says of it."""
    done = host.program(*host.push, "--json", env=host.environment)
    counts = Counter(done.counts)
    unknown = counts.pop("unknown", 0)
    assert counts.keys() <= {"created", "accepted", "duplicate"}
    assert done.code == (10 if unknown else 0)
    leads = served.stored.get(campaign, [])
    stored = Counter(str(lead[served.phone_field]) for lead in leads)
    assert set(stored.values()) <= {1}
    assert ROWS - unknown <= len(stored) <= ROWS
    assert not (unknown and is_safe)
