"""Workers that share a run: whatever happens, every lead is stored once.

A planner and four workers are killed, stopped for longer than a lease and cut off, and
the database is switched off. `make test-long` plays more rounds; see
test_several_hosts.py for the variables.
"""

from __future__ import annotations

import random
import signal
import sys
import time
from collections import Counter, deque
from functools import partial
from typing import TYPE_CHECKING

import pytest
from program import SECONDS
from test_several_hosts import (
    LEASE,
    LONG,
    PROVIDERS,
    ROUNDS,
    SEED,
    UNCLOSED,
    Host,
    cut_off,
    host,
    make_durable,
    simulator,
    switch_off,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from postgres import Server

    from leadctl.sandbox import Simulator

RESUME = ("runs", "resume", "--json", "--wait", "20")
ROWS = 60
WORKERS = 4
EVENTS = 40 if LONG else 8
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, None, None)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_whatever_happens_to_workers_every_lead_is_stored_once(
    number: int, postgres: Server, tmp_path: Path
) -> None:
    sys.stdout.write(f"LEADCTL_TEST_SEED={SEED}, round {number}\n")  # where it fails
    draw = random.Random(f"{SEED} workers {number}")  # noqa: S311  no secret
    provider = [*PROVIDERS][number % len(PROVIDERS)]
    url = postgres.ledger()
    make_durable(url)
    with simulator(provider, draw) as (sandbox, served):
        team = host(tmp_path / "team", 0, provider, sandbox, url)
        team.environment[f"LEADCTL_{provider.upper()}_CONCURRENCY"] = "4"
        phones = "\n".join(f"+9190000{row:05}" for row in range(ROWS))
        team.program.write("leads.csv", f"phone\n{phones}\n")
        planner = Host(team.program, [*team.push, "--workers", "0"], team.environment)
        workers = [
            Host(team.program, ["work", "--wait"], team.environment)
            for _ in range(WORKERS)
        ]
        torture(planner, workers, postgres, url, draw)
        finish(planner, workers)
        assert "Traceback" not in UNCLOSED.sub("", team.said())
        require_once(planner, served, is_safe=PROVIDERS[provider])


def torture(
    planner: Host, workers: list[Host], server: Server, url: str, draw: random.Random
) -> None:
    """Have things happen while they work, and start others in their place."""
    later: deque[tuple[float, Callable[[], object]]] = deque()
    for each in (planner, *workers):
        each.begin()
    for _ in range(EVENTS):
        time.sleep(draw.uniform(0, 0.3))
        victim, number = draw.choice([planner, *workers]), draw.choice(SIGNALS)
        if number:
            victim.runs[-1].signalled(number)
        else:
            draw.choice([cut_off, switch_off])(server, url)
        if number == signal.SIGSTOP:  # another takes over before it wakes
            wake = partial(victim.runs[-1].signalled, signal.SIGCONT)
            later.append((time.monotonic() + LEASE + 0.5, wake))
        is_resumed = victim is planner and draw.random() < 0.7
        victim.begin(*(("runs", "resume") if is_resumed else ()))
        while later and later[0][0] < time.monotonic():
            later.popleft()[1]()
    for until, act in later:
        time.sleep(max(0.0, until - time.monotonic()))
        act()


def finish(planner: Host, workers: list[Host]) -> None:
    """Push and resume until nothing is left to; the workers go on meanwhile."""
    for each in workers:
        each.begin()
    for command in ([*planner.push, "--wait", "20", "--json"], *[RESUME] * 12):
        ran = planner.program(*command, env=planner.environment)
        if "no unfinished runs" in ran.err or "no runs yet" in ran.err:
            break
        assert ran.code in (0, 5, 10, 11), ran.err
    else:
        pytest.fail("the run does not end")
    planner.collect(SECONDS)
    for each in workers:
        for run in each.runs:
            run.signalled(signal.SIGTERM)
        each.collect(SECONDS)


def require_once(planner: Host, served: Simulator, *, is_safe: bool) -> None:
    """Push what is left, and compare the campaign with what the ledger says of it."""
    push = planner.push[: planner.push.index("--workers")]
    done = planner.program(*push, "--json", env=planner.environment)
    counts = Counter(done.counts)
    unknown = counts.pop("unknown", 0)
    assert counts.keys() <= {"created", "accepted", "duplicate"}
    assert done.code == (10 if unknown else 0)
    assert sum(counts.values()) + unknown == ROWS
    leads = served.stored.get("900", [])
    stored = Counter(str(lead[served.phone_field]) for lead in leads)
    assert set(stored.values()) <= {1}
    assert ROWS - unknown <= len(stored) <= ROWS
    assert not (unknown and is_safe)
