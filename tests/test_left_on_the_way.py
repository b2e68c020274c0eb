"""Leads in flight when a process died, and what happens to them later."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from conftest import CAMPAIGNS, Push

from leadctl.sandbox import Fault, LupitorSimulator, OzonetelSimulator, Simulator, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from program import Program


@contextmanager
def killed(
    program: Program,
    simulator: Simulator,
    phones: list[str],
    settings: dict[str, str] | None = None,
) -> Iterator[Push]:
    """Kill a push when its leads are stored and its answer is still to come."""
    provider = simulator.name
    program.write("leads.csv", "\n".join(["phone", *phones]))
    # A sandbox of its own: its late answer would end up in the logs of other tests.
    with serve([simulator]) as sandbox:
        push = Push(program, sandbox)
        simulator.faults.add(Fault("slow_after", seconds=300))
        home = ("--region", "IN") if provider == "ozonetel" else ()
        where = ("--provider", provider, "--campaign", CAMPAIGNS[provider], *home)
        environment = push.environment(provider) | (settings or {})
        process = program.start("push", "leads.csv", *where, env=environment)
        while len(push.phones(provider)) < len(phones):
            assert process.poll() is None
        process.kill()
        process.wait()
        yield push


def test_look_up_of_a_resumed_run_knows_when_the_run_began(program: Program) -> None:
    """What the killed process brought there is the run's own, and no duplicate."""
    phones = ["+15551230001", "+15551230002"]
    with killed(program, LupitorSimulator(), phones) as push:
        environment = push.environment("lupitor")
        ran = program("runs", "resume", "--json", env=environment)
        assert (ran.code, ran.counts) == (0, {"created": 2})


@pytest.mark.parametrize("unchecked", [True, False], ids=["unchecked", "checked"])
def test_run_that_must_not_repeat_waits_for_one_that_left_leads(
    program: Program, *, unchecked: bool
) -> None:
    """Checked when it was killed, unchecked now: a repeat would add the lead twice."""
    with killed(program, OzonetelSimulator(), ["9000000001"]) as push:
        check = {"LEADCTL_OZONETEL_CHECK_DUPLICATE": str(not unchecked).lower()}
        ran = push("ozonetel", "leads.csv", "--json", env=check)
        assert ran.code == (6 if unchecked else 0)
        assert ("runs resume" in ran.err) == unchecked
        assert push.phones("ozonetel") == ["9000000001"]
        environment = push.environment("ozonetel")
        assert program("runs", "resume", "--json", env=environment).code == 0
        assert push.phones("ozonetel") == ["9000000001"]


def test_run_that_knows_the_leads_left_does_not_have_to_wait(program: Program) -> None:
    """Leads in flight become unknown, and all others are sent."""
    check = {"LEADCTL_OZONETEL_CHECK_DUPLICATE": "false"}
    with killed(program, OzonetelSimulator(), ["9000000001"], check) as push:
        program.write("leads.csv", "phone\n9000000001\n9000000002\n")
        ran = push("ozonetel", "leads.csv", "--json", env=check)
        assert (ran.code, ran.counts) == (10, {"unknown": 1, "created": 1})
        assert push.phones("ozonetel") == ["9000000001", "9000000002"]
