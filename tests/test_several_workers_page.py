"""docs/several-workers.md: its commands and what schedulers start share one run."""

from __future__ import annotations

import re
import shlex
import signal
import sys
from typing import TYPE_CHECKING

import yaml
from program import SECONDS, Program
from test_recipes import recipes
from test_repository import ROOT, blocks
from test_several_hosts_page import AIRFLOW
from test_workers import PHONES, Team, shared_ledger

if TYPE_CHECKING:
    from conftest import Push

PAGE = "several-workers.md"
STEPS = [
    shlex.split(line, comments=True)[1:]
    for block in blocks(ROOT / "docs" / PAGE)
    if "needs a server" in block.before
    for line in block.content.splitlines()
]
RUN_HERE = """
import subprocess
run = subprocess.run
subprocess.run = lambda words, **more: run(
    [sys.executable, "-m", *words], timeout=60, **more
)
sdk.task = lambda **_: lambda function: types.SimpleNamespace(
    expand=lambda number: [function(one) for one in number[:1]]
)
"""


def test_commands_and_schedulers_of_the_page_share_a_run(
    push: Push, postgres_ledger: str
) -> None:
    shared_ledger(push, postgres_ledger)
    team, recipe = push.program, recipes(PAGE)
    file = str(team.folder / "leads.csv")
    whole, planned, any_run, elsewhere = (
        [re.sub(r"/(srv|mnt)/leads/leads\.csv", file, word) for word in words]
        for words in STEPS
    )
    shared = Team(push, "yotel", "camp_1", words=[*planned, "--batch-size", "1"])
    unit = recipe["systemd leadctl-work@.service"]
    (started,) = re.findall(
        r"^ExecStart=/usr/local/bin/leadctl (.+)$", unit, re.MULTILINE
    )
    (container,) = yaml.safe_load(recipe["kubernetes workers"])["spec"]["template"][
        "spec"
    ]["containers"]
    in_pod = [word.replace("/leads/leads.csv", file) for word in container["args"]]
    waiting = shared.fork(*started.split())
    others = [shared.fork(*words) for words in (any_run, elsewhere, in_pod)]
    script = AIRFLOW + RUN_HERE + recipe["airflow workers"]
    airflow = Program(
        team.folder,
        team.home,
        team.environment | shared.environment,
        (sys.executable, "-c", script),
    )
    assert airflow().code == 0
    assert shared.ended(*others) == [0, 0, 0, 0]
    waiting.signalled(signal.SIGTERM)
    assert waiting.code(SECONDS) == 143
    assert push.phones("yotel") == PHONES
    again = team(*whole, "--json", env=shared.environment)
    assert again.counts == {"duplicate": len(PHONES)}
