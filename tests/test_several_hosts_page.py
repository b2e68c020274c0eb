"""docs/several-hosts.md, step by step: two hosts, then each scheduler."""

from __future__ import annotations

import re
import shlex
import sys
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml
from program import Program
from psycopg import errors
from test_recipes import LEADS, RECIPES, assignments
from test_repository import ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conftest import Push
    from postgres import Server

STEPS = [
    block.content
    for block in blocks(ROOT / "docs" / "several-hosts.md")
    if "against a server" in block.before and "copy" not in block.content
]
AIRFLOW = """
import sys, types

class AirflowFailException(Exception): ...

sdk = types.ModuleType("airflow.sdk")
exceptions = types.ModuleType("airflow.exceptions")
sdk.dag = sdk.task = lambda **_: lambda function: lambda: print(function())
exceptions.AirflowFailException = AirflowFailException
modules = {"airflow": sdk, "airflow.sdk": sdk, "airflow.exceptions": exceptions}
sys.modules.update(modules)
"""


@pytest.fixture
def here(postgres: Server, push: Push) -> Callable[[str], str]:
    """Make the page's roles and its database; returns what leads its words there."""
    url = urlsplit(postgres.database())
    folder = push.program.folder
    with psycopg.connect(postgres.url, autocommit=True) as db:
        for statement in RECIPES["database"].split(";\n"):
            if "DATABASE" not in statement:
                with suppress(errors.DuplicateObject):  # they are the whole server's
                    db.execute(statement.encode())
        db.execute(f"ALTER DATABASE {url.path[1:]} OWNER TO leads_owner".encode())
    push.program.write("leads.csv", LEADS)
    push.program.write("voiso.key", push.environment("voiso")["LEADCTL_VOISO_API_KEY"])
    places = {
        r"(db\.example|database)/leads": url.netloc.partition("@")[2] + url.path,
        r"(/srv)?/leads/leads\.csv": f"{folder}/leads.csv",
        r"/\w+/\w*/?(voiso|ledger)[._]key": rf"{folder}/\1.key",
    }

    def here(text: str) -> str:
        for written, ours in places.items():
            text = re.sub(written, ours, text)
        return text

    return here


def run(push: Push, script: str, environment: Mapping[str, str] | None = None) -> str:
    """Run the lines of a script as a host; returns what they print."""
    variables = push.environment("voiso") | dict(environment or {})
    variables.pop("LEADCTL_VOISO_API_KEY")
    variables.setdefault("LEADCTL_VOISO_API_KEY_FILE", "voiso.key")
    printed = ""
    for line in script.splitlines():
        command, *words = shlex.split(line)
        if command == "export":
            variables.update(assignments(words))
            continue
        assert command == "leadctl"
        ran = push.program(*words, env=variables)
        assert ran.code == 0, ran
        printed += ran.out
    return printed


def test_second_host_knows_what_the_first_delivered(
    here: Callable[[str], str], push: Push
) -> None:
    """And each scheduler of the page, started after that, sends nothing again."""
    prepare, first, second = map(here, STEPS)
    # Compose has the key before the database, and names its file by the variable.
    push.program.write("ledger.key", f"{bytes(range(32)).hex()}\n")
    variables = {"LEADCTL_LEDGER_KEY_FILE": "ledger.key"}
    run(push, prepare.replace(" --key-file ledger.key", ""), variables)
    run(push, prepare)
    assert "created" in run(push, first)
    assert "already_delivered" in run(push, second)
    assert push.phones("voiso") == ["15551230001"]
    for number, (start, environment) in enumerate(schedulers(here), start=2):
        push.program.write("leads.csv", f"{LEADS}+1555123{number:04}\n")
        run(push, start, environment)
        assert push.phones("voiso")[-1] == f"1555123{number:04}"
        assert len(push.phones("voiso")) == number
    airflow = Program(
        push.program.folder,
        push.program.home,
        {**environment, **push.environment("voiso")},
        (sys.executable, "-c", AIRFLOW + here(RECIPES["airflow"])),
    )
    push.program.write("leads.csv", f"{LEADS}+15551239999\n")
    assert "'created': 1" in airflow().out


def schedulers(
    here: Callable[[str], str],
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield what each starts, and the variables it starts it with."""
    unit = here(RECIPES["systemd leads-shared.service"]).splitlines()
    (command,) = (line[10:] for line in unit if line.startswith("ExecStart="))
    # What LoadCredential= makes of the two files is in tests/test_recipes.py.
    variables = assignments(unit) | {"LEADCTL_LEDGER_KEY_FILE": "ledger.key"}
    yield command.removeprefix("/usr/local/bin/"), variables
    service = yaml.safe_load(here(RECIPES["compose"]))["services"]["push"]
    yield f"leadctl {service['command']}", service["environment"]
    job = yaml.safe_load(here(RECIPES["kubernetes"]))["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert job["podFailurePolicy"]["rules"][0]["onExitCodes"]["containerName"] == "push"
    variables = {one["name"]: one["value"] for one in container["env"]}
    yield f"leadctl {shlex.join(container['args'])}", variables
