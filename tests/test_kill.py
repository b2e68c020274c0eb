"""Kills, signals, faults, races, set clocks: every lead is stored once all the same.

Real processes, real sockets, a real ledger; the moments are drawn. A failure prints the
seed that draws the same again. `make test-long` plays thousands of rounds, and
LEADCTL_TEST_ROUNDS says how many.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from conftest import CAMPAIGNS, Push
from program import SECONDS
from zygote import CLOCK

from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from program import Program
    from zygote import Forked

    from leadctl.sandbox import Sandbox


@dataclass(frozen=True)
class Account:
    """A provider with settings, as variables; where a repeat is safe, all arrives."""

    provider: str
    settings: dict[str, str] = field(default_factory=dict)
    is_safe: bool = True


ACCOUNTS = [
    *map(Account, sorted(CAMPAIGNS)),
    Account("ozonetel", {"CHECK_DUPLICATE": "false"}, is_safe=False),
    Account("vicidial", {"DUPLICATE_CHECK": "none"}, is_safe=False),
]
LONG = bool(os.environ.get("LEADCTL_TEST_LONG"))
ROUNDS = int(os.environ.get("LEADCTL_TEST_ROUNDS") or (2000 if LONG else len(ACCOUNTS)))
SEED = os.environ.get("LEADCTL_TEST_SEED") or secrets.token_hex(4)
KILLS = 3
LATENCY = 0.04
ROWS = 24
QUICK = {"DOUBT_DELAY": "0.1", "MIN_INTERVAL": "0.03", "CONCURRENCY": "1"}
FAULTS = (
    Fault("refuse"),
    Fault("lose"),
    Fault("throttle", retry_after=0.2),
    Fault("error_before"),
    Fault("error_after"),
    Fault("garbage_before"),
    Fault("garbage"),
    Fault("truncate"),
)
SIGNALS = (
    signal.SIGKILL,
    signal.SIGKILL,
    signal.SIGKILL,
    signal.SIGTERM,
    signal.SIGINT,
)
SET = (0, 0, -86_000, -7200, -600, -1, 1, 600, 7200, 86_000)
"""Seconds by which a clock is set; it does not come to the days of a stale doubt."""


@pytest.fixture
def slow(served: Sandbox) -> Iterator[Sandbox]:
    """Serve answers that take long enough to be killed before."""
    for simulator in served.simulators.values():
        simulator.latency = LATENCY
    yield served
    for simulator in served.simulators.values():
        simulator.latency = 0.0


@pytest.mark.parametrize("number", range(ROUNDS))
def test_whatever_happens_every_lead_is_stored_once(
    number: int, push: Push, slow: Sandbox, program: Program
) -> None:
    sys.stdout.write(f"LEADCTL_TEST_SEED={SEED}, round {number}\n")  # where it fails
    draw = random.Random(f"{SEED} {number}")  # noqa: S311  no secret
    account = ACCOUNTS[number % len(ACCOUNTS)]
    simulator = slow.simulators[account.provider]
    troubles = draw.choices(FAULTS, k=draw.randrange(4))
    simulator.faults.add(*(replace(one, skip=draw.randrange(6)) for one in troubles))
    world = World(account, push, draw)
    world.torture()
    world.finish()
    assert "Traceback" not in world.said()
    done = program(*world.push, "--json", env=world.environment)
    counts = Counter(done.counts)
    unknown = counts.pop("unknown", 0)
    assert counts.keys() <= {"created", "accepted", "duplicate"}
    assert done.code == (10 if unknown else 0)
    stored = Counter(phone[-2:] for phone in push.phones(account.provider))
    assert set(stored.values()) <= {1}
    assert ROWS - unknown <= len(stored) <= ROWS
    assert not (unknown and account.is_safe)


class World:
    """A file and a ledger, and the runs that come and go."""

    def __init__(self, account: Account, push: Push, draw: random.Random) -> None:
        self._program = push.program
        self._simulator = push.simulator(account.provider)
        self._draw = draw
        self._clock = push.program.home / "clock"
        self._clock.write_text("0")
        settings = {**QUICK, **account.settings}
        prefix = f"LEADCTL_{account.provider.upper()}"
        self.environment = push.environment(account.provider) | {
            CLOCK: str(self._clock),
            **{f"{prefix}_{name}": value for name, value in settings.items()},
        }
        phones = "\n".join(f"+9190000000{row:02}" for row in range(ROWS))
        push.program.write("leads.csv", f"phone\n{phones}\n")
        where = ["--provider", account.provider]
        where += ["--campaign", CAMPAIGNS[account.provider]]
        word = ["--acknowledge-compliance"] if account.provider == "agora" else []
        self.push = ["push", "leads.csv", *where, "--batch-size", "3", *word]

    def torture(self) -> None:
        """Begin the run, or go on with it, and end it before it is done."""
        for _ in range(KILLS):
            # One that died while it asked about the campaign left nothing to resume.
            begun = self._program("runs").out
            run = self._started(*(["runs", "resume"] if begun else self.push))
            rival = self._started(*self.push) if self._draw.random() < 0.2 else None
            self._interrupt(run)
            for each in filter(None, (run, rival)):
                assert each.code(SECONDS) not in (None, 1)

    def _started(self, *arguments: str) -> Forked:
        return self._program.fork(*arguments, env=self.environment)

    def _interrupt(self, run: Forked) -> None:
        """End a run some requests from now; its clock is set on the way."""
        number = self._draw.choice(SIGNALS)
        target = len(self._simulator.log) + self._draw.randrange(1, 7)
        until = time.monotonic() + SECONDS
        while len(self._simulator.log) < target and time.monotonic() < until:
            if run.has_ended(0.002):
                return
        self._clock.write_text(str(self._draw.choice(SET)))
        time.sleep(self._draw.uniform(0, 2 * LATENCY))
        run.signalled(number)

    def finish(self) -> None:
        """Resume until no run is left to."""
        for _ in range(10):
            ran = self._program("runs", "resume", "--json", env=self.environment)
            if "no unfinished runs" in ran.err or "no runs yet" in ran.err:
                return
            assert ran.code in (0, 5, 10)
        pytest.fail("the runs do not end")

    def said(self) -> str:
        """Return what the runs that were ended said."""
        found = self._program.home.glob("streams-*/err")
        return "".join(file.read_text(encoding="utf-8") for file in found)
