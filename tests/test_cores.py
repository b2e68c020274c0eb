"""Large files are checked on several cores, with the result of a single one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from background import Background, Started, happened
from cores import CASES

if TYPE_CHECKING:
    from program import Program

RUNNING = Path("/proc/self/task")
IN_A_GROUP = 'exec setsid "$@"'
BIG = 12_000_000
"""Bytes; more than what is checked on a single core."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401  JSON
    script = Path(__file__).with_name("cores.py")
    home = tmp_path_factory.mktemp("cores")
    done = subprocess.run(  # noqa: S603  our own script
        [sys.executable, "-W", "error", str(script)],
        cwd=home,
        env={"HOME": str(home), "PATH": os.defpath},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", CASES)
def test_several_cores_come_to_the_result_of_one(
    results: dict[str, list[dict[str, Any]]], name: str
) -> None:
    one, several = results[name]
    assert (one.pop("shared"), several.pop("shared")) == (False, CASES[name].shares)
    assert several == one
    assert one["report"]["rows"] > 100


@pytest.fixture
def leads(program: Program) -> str:
    if not RUNNING.exists():
        pytest.skip("processes are looked up in /proc")
    row = f"+15550100001,{'Testperson ' * 50}\n+1,Testperson\n"
    program.write("leads.csv", "phone,name\n" + row * (BIG // len(row)))
    return "leads.csv"


def children(started: Started) -> list[int]:
    pid = started.process.pid
    return [
        int(child)
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ]


def test_killed_child_costs_no_row(background: Background, leads: str) -> None:
    alone = background("check", leads, "--provider", "voiso", "--json", "--limit", "99")
    assert alone.code == 3
    with background.begun(
        "check", leads, "--provider", "voiso", "--json", env={}
    ) as it:
        happened(lambda: children(it) != [])
        os.kill(children(it)[-1], signal.SIGKILL)
        ran = it.ended()
    rows = ran.document["rows"]
    assert (ran.code, ran.document["rejected"] * 2) == (3, rows)
    assert rows == background.folder.joinpath(leads).read_text().count("\n") - 1
    assert "process_lost" in [note["code"] for note in ran.document["notes"]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_child_and_no_file_is_left_by_a_check_that_is_ended(
    background: Background, leads: str, number: signal.Signals
) -> None:
    with background.begun(
        "check", leads, "--provider", "voiso", env={}, shell=IN_A_GROUP
    ) as it:
        happened(lambda: children(it) != [])
        found = children(it)
        if number is signal.SIGINT:
            os.killpg(it.process.pid, number)
        else:
            it.signalled(number)
        ran = it.ended()
    assert ran.code == (130 if number is signal.SIGINT else -number)
    assert "interrupted" in ran.err or number is not signal.SIGINT
    happened(lambda: not any(Path(f"/proc/{child}").exists() for child in found))
    assert {path.name for path in background.folder.iterdir()} == {leads}
