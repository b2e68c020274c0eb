"""Events from outside a run: signals, a reader that leaves, a full disk."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from background import (
    ONE_BY_ONE,
    PHONES,
    PUSH,
    ROWS,
    Background,
    happened,
    write_leads,
)
from conftest import Push
from program import SECONDS, Program, Ran

from leadctl.cli.process import stop_on_signal
from leadctl.model.clock import CancellationToken
from leadctl.model.errors import Interrupted
from leadctl.sandbox import Fault, VoisoSimulator, YotelSimulator, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

INDIAN = [f"90000000{row:02}" for row in range(1, ROWS + 1)]
PROMPTLY = 4.0
"""Seconds; what is waited for in these tests takes many times longer."""


@pytest.fixture
def slow(program: Program) -> Iterator[Push]:
    """Serve answers that take long enough for a signal to come in between."""
    with serve([VoisoSimulator(gap=0.0, latency=0.06)]) as sandbox:
        yield Push(program, sandbox)


def resumed(push: Push) -> Ran:
    return push.program("runs", "resume", "--json", env=push.environment("voiso"))


def stop_latest(program: Program) -> None:
    """Ask the run to stop by `runs stop`, from another process."""
    run = program.runs()[0]
    asked = program("runs", "stop", run)
    assert (asked.code, f"asked run {run} to stop" in asked.err) == (0, True), asked


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        pytest.param(signal.SIGINT, {130}, id="SIGINT"),
        pytest.param(signal.SIGTERM, {143}, id="SIGTERM"),
        # The contract names no code for it; the shells' own is 129.
        pytest.param(signal.SIGHUP, {129, 143}, id="SIGHUP"),
    ],
)
def test_signal_ends_a_run_that_can_be_resumed(
    slow: Push, background: Background, number: signal.Signals, codes: set[int]
) -> None:
    write_leads(slow.program)
    with background.begun(*PUSH, "--json", env=slow.environment("voiso")) as run:
        happened(lambda: len(slow.uploads("voiso")) >= 2)
        run.signalled(number)
        ran = run.ended()
    assert ran.code in codes
    assert 2 <= len(slow.phones("voiso")) < ROWS
    assert f"leadctl runs resume {ran.document['run_id']}" in ran.err
    assert ran.error["code"] == "interrupted"
    assert ran.document["created"] == len(slow.phones("voiso"))
    assert ran.document["rows"] < ROWS, "what nobody read is not counted"
    assert ran.document["finished_at"]
    done = resumed(slow)
    assert (done.code, done.counts) == (0, {"created": ROWS})
    assert done.document["run_id"] == ran.document["run_id"]
    assert slow.phones("voiso") == PHONES


def test_how_to_go_on_is_said_once(slow: Push, background: Background) -> None:
    write_leads(slow.program)
    with background.begun(*PUSH, env=slow.environment("voiso")) as run:
        happened(lambda: len(slow.uploads("voiso")) >= 2)
        run.signalled(signal.SIGINT)
        ran = run.ended()
    assert ran.code == 130
    assert (ran.out + ran.err).count("leadctl runs resume") == 1
    assert "leadctl runs resume" in ran.err
    assert ran.out == ran.out.strip() + "\n"
    assert "leadctl runs resume" in slow.program("runs", "show").out


def test_interrupted_run_in_a_sandbox_is_not_to_be_resumed(
    slow: Push, background: Background
) -> None:
    """Its ledger is gone with it."""
    write_leads(slow.program)
    often = {"LEADCTL_PROGRESS_INTERVAL": "0"}
    with background.begun(*PUSH, "--sandbox", "-v", env=often) as run:
        assert run.process.stderr is not None
        assert any(b"1 sent" in line for line in run.process.stderr)
        run.signalled(signal.SIGINT)
        ran = run.ended()
    assert ran.code == 130
    assert "run the same command again" in ran.err
    assert "resume" not in ran.out + ran.err


def test_second_interrupt_leaves_at_once(
    program: Program, background: Background
) -> None:
    program.write("leads.csv", "phone\n" + "\n".join(INDIAN))
    where = ("--provider", "yotel", "--campaign", "camp_1", "--batch-size", "1")
    with serve([YotelSimulator(requests_per_minute=1000)]) as sandbox:
        push = Push(program, sandbox)
        environment = push.environment("yotel") | {"LEADCTL_YOTEL_CONCURRENCY": "1"}
        push.simulator("yotel").faults.add(Fault("slow_after", skip=1, seconds=30))
        with background.begun("push", "leads.csv", *where, env=environment) as run:
            happened(lambda: len(push.phones("yotel")) == 2)
            began = time.monotonic()
            while run.process.poll() is None and time.monotonic() - began < PROMPTLY:
                run.signalled(signal.SIGINT)
                time.sleep(0.1)
            assert run.process.poll() == 130
        done = program("runs", "resume", "--json", env=environment)
        # Nothing tells the lead whose answer was not waited for as ours.
        assert done.counts == {"created": ROWS - 1, "duplicate": 1}
        assert push.phones("yotel") == INDIAN


@pytest.mark.parametrize("number", [signal.SIGINT, None], ids=["SIGINT", "runs stop"])
def test_interrupt_ends_a_long_wait(
    push: Push, background: Background, number: signal.Signals | None
) -> None:
    write_leads(push.program)
    simulator = push.simulator("voiso")
    simulator.faults.add(Fault("throttle", skip=1, retry_after=30))
    with background.begun(*PUSH, "--json", env=push.environment("voiso")) as run:
        happened(lambda: len(push.uploads("voiso")) == 2)
        began = time.monotonic()
        if number:
            run.signalled(number)
        else:
            stop_latest(push.program)
        ran = run.ended()
    assert time.monotonic() - began < PROMPTLY
    assert ran.code == (130 if number else 143)
    assert ("`leadctl runs stop`" in ran.error["message"]) is (number is None)
    assert f"leadctl runs resume {ran.document['run_id']}" in ran.err
    late = push.program("runs", "stop", str(ran.document["run_id"]))
    assert (late.code, "has ended" in late.err) == (2, True)
    shown = push.program("runs", "show")
    assert re.search(r"^rows so far +\d+$", shown.out, re.MULTILINE)
    # Of the others only the batch that was told to wait may have a status by now.
    assert ran.document["created"] == 1
    assert ran.document["rows"] <= 2
    assert ran.document["unknown"] == 0


STORM = """
import random, signal, time
from leadctl.model.clock import CancellationToken

heard = [CancellationToken()]
signal.signal(signal.SIGALRM, lambda number, _frame: heard[0].ask(number))
for _ in range(500):
    heard[0] = CancellationToken()
    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 6e-5))
    began = time.monotonic()
    heard[0].sleep(30)
    assert heard[0].is_asked()
    assert time.monotonic() - began < 15
"""


def test_interrupt_in_the_moment_a_wait_begins_is_heard() -> None:
    """About one in a hundred of these does not wake the waiting thread."""
    ran = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-c", STORM], timeout=SECONDS, check=False
    )
    assert ran.returncode == 0


def test_library_that_catches_exceptions_swallows_no_signal() -> None:
    """So psycopg does as it is imported, and then says that there is no libpq."""
    stop = CancellationToken()
    with pytest.raises(Interrupted), stop_on_signal(stop), suppress(Exception):
        signal.raise_signal(signal.SIGTERM)
    assert stop.is_asked()


def test_interrupt_while_stdin_is_read_leaves_nothing_behind(
    push: Push, background: Background
) -> None:
    arguments = ("push", "-", *ONE_BY_ONE)
    spool = push.program.state / "spool"
    with background.begun(*arguments, env=push.environment("voiso")) as run:
        assert run.process.stdin
        run.process.stdin.write(b"phone\n+15551230001\n")
        run.process.stdin.flush()
        happened(lambda: spool.is_dir() and any(spool.iterdir()))
        run.signalled(signal.SIGINT)
        ran = run.ended()
    assert ran.code == 130
    assert not any(spool.iterdir())
    assert push.simulator("voiso").log == []


def test_run_under_nohup_outlives_the_terminal(
    slow: Push, background: Background
) -> None:
    """A signal that was ignored when the program began stays ignored."""
    write_leads(slow.program)
    nohup = "trap '' HUP; exec \"$@\""
    with background.begun(
        *PUSH, "--json", env=slow.environment("voiso"), shell=nohup
    ) as run:
        happened(lambda: len(slow.uploads("voiso")) >= 2)
        run.signalled(signal.SIGHUP)
        ran = run.ended()
    assert (ran.code, ran.counts) == (0, {"created": ROWS})
