"""`kill -9` at any moment: the run is resumed, and every lead is stored exactly once.

Real processes, real sockets, a real ledger. The moments are drawn; a failure prints the
seed that draws them again. `make test-long` draws many more.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from conftest import CAMPAIGNS, Push

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import Popen

    from program import Program

    from leadctl.sandbox import Sandbox, Simulator

LONG = bool(os.environ.get("LEADCTL_TEST_LONG"))
ROUNDS = 25 if LONG else 1
KILLS = 4
SEED = os.environ.get("LEADCTL_TEST_SEED") or secrets.token_hex(4)
LATENCY = 0.04
ROWS = 24
SETTINGS = {"DOUBT_DELAY": "0.1", "MIN_INTERVAL": "0.03", "CONCURRENCY": "1"}


@pytest.fixture
def slow(served: Sandbox) -> Iterator[Sandbox]:
    """Serve answers that take long enough to be killed before."""
    for simulator in served.simulators.values():
        simulator.latency = LATENCY
    yield served
    for simulator in served.simulators.values():
        simulator.latency = 0.0


@pytest.mark.parametrize("provider", sorted(CAMPAIGNS))
@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed_anywhere_a_resumed_run_stores_every_lead_once(
    provider: str, number: int, push: Push, slow: Sandbox, program: Program
) -> None:
    draw = random.Random(f"{SEED} {provider} {number}")  # noqa: S311  no secret
    sys.stdout.write(f"LEADCTL_TEST_SEED={SEED}\n")  # shown where it fails
    phones = [f"+9190000000{row:02}" for row in range(ROWS)]
    program.write("leads.csv", "phone\n" + "\n".join(phones) + "\n")
    environment = push.environment(provider) | {
        f"LEADCTL_{provider.upper()}_{name}": value for name, value in SETTINGS.items()
    }
    where = ["--provider", provider, "--campaign", CAMPAIGNS[provider]]
    word = ["--acknowledge-compliance"] if provider == "agora" else []
    first = ["push", "leads.csv", *where, "--batch-size", "3", *word]
    simulator = slow.simulators[provider]
    for kill in range(KILLS):
        # One that died while it asked about the campaign has left nothing to resume.
        begun = kill > 0 and program("runs").out
        arguments = ["runs", "resume"] if begun else first
        process = program.start(*arguments, env=environment)
        if not killed(process, simulator, draw):
            break
    if not program("runs").out:
        program(*first, env=environment)
    done = program("runs", "resume", "--json", env=environment)
    if "no run is unfinished" in done.err:
        (run, *_) = program("runs").out.split()
        done = program("runs", "show", run, "--json", env=environment)
    document = done.document
    assert document["rows"] == ROWS
    assert document["failed"] == document["unknown"] == document["rejected"] == 0
    stored = Counter(phone[-2:] for phone in push.phones(provider))
    assert stored == Counter(phone[-2:] for phone in phones)


def killed(process: Popen[bytes], simulator: Simulator, draw: random.Random) -> bool:
    """Kill a process some requests from now; False when it was done before."""
    target = len(simulator.log) + draw.randrange(1, 7)
    while process.poll() is None and len(simulator.log) < target:
        time.sleep(0.002)
    time.sleep(draw.uniform(0, 2 * LATENCY))
    if process.poll() is not None:
        return False
    process.send_signal(signal.SIGKILL)
    process.wait()
    return True
