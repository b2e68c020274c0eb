"""leadctl connects to the named provider and to nothing else.

Every process in these tests reports its connections, look-ups and started programs;
everything but this machine is denied.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program

LISTENER = """
import json, os, sys

report = os.open(os.environ["HEARD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def told(event, arguments):
    match event:
        case "socket.connect" | "socket.sendto":
            address = arguments[1]
            said = [event, address[0] if isinstance(address, tuple) else str(address)]
        case "socket.getaddrinfo" | "socket.gethostbyname" | "socket.gethostbyaddr":
            said = ["name", str(arguments[0])]
        case "subprocess.Popen" | "os.exec" | "os.posix_spawn" | "os.system":
            said = ["program", str(arguments[0])]
        case "os.fork" | "os.forkpty":
            said = ["program", event]
        case _:
            return
    os.write(report, (json.dumps(said) + "\\n").encode())
    if said[0] != "program" and said[1] not in ("127.0.0.1", "localhost"):
        raise OSError("nobody but this machine is there")

sys.addaudithook(told)
"""

MANY = """
import contextlib, json, sys
from leadctl.cli import main
for arguments in json.loads(sys.argv[1]):
    with contextlib.suppress(SystemExit):
        main(arguments)
"""


class Heard:
    """What the processes reported."""

    def __init__(self, report: Path) -> None:
        self._report = report

    def __call__(self) -> set[tuple[str, str]]:
        lines = self._report.read_text(encoding="utf-8").splitlines()
        return {(kind, what) for kind, what in map(json.loads, lines)}


@pytest.fixture
def heard(program: Program, tmp_path: Path) -> Heard:
    (tmp_path / "sitecustomize.py").write_text(LISTENER, encoding="utf-8")
    report = tmp_path / "heard"
    report.touch()
    program.environment |= {"PYTHONPATH": str(tmp_path), "HEARD": str(report)}
    return Heard(report)


OFFLINE = [
    ["--help"],
    ["--version"],
    ["push", "--help"],
    ["providers"],
    ["providers", "show", "voiso"],
    ["config", "path"],
    ["config", "show"],
    ["config", "check"],
    ["config", "schema"],
    ["doctor", "--offline"],
    ["accounts"],
    ["check", "leads.csv", "-p", "voiso"],
    ["push", "leads.csv", "-p", "voiso", "-c", "3", "--dry-run"],
    ["runs"],
]


def test_who_only_asks_or_checks_talks_to_nobody(
    program: Program, heard: Heard
) -> None:
    program.write("leads.csv", "phone\n+15551230001\n12\n")
    program.environment["LEADCTL_VOISO_API_KEY"] = "made-up-key"
    many = replace(program, command=(sys.executable, "-c", MANY))
    ran = many(json.dumps(OFFLINE))
    assert (ran.code, "phone_invalid" in ran.out) == (0, True), ran.err
    assert heard() == set()


def test_push_talks_to_its_provider_alone(push: Push, heard: Heard) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n")
    assert push("voiso", "leads.csv").code == 0
    assert heard() == {("name", "127.0.0.1"), ("socket.connect", "127.0.0.1")}


@pytest.mark.parametrize("command", ["push", "doctor"])
def test_no_name_but_the_providers_is_asked_for(
    program: Program, heard: Heard, command: str
) -> None:
    """With the provider's real URL, as installed."""
    program.write("leads.csv", "phone\n+15551230001\n")
    env = {
        "LEADCTL_VOISO_CLUSTER_ID": "cc-demo",
        "LEADCTL_VOISO_API_KEY": "made-up-key",
        "LEADCTL_VOISO_RETRY_FOR": "0",
    }
    push = ("push", "leads.csv", "-p", "voiso", "-c", "3")
    ran = program(*(push if command == "push" else ("doctor",)), env=env)
    assert ran.code == 5
    assert heard() == {("name", "cc-demo.voiso.com")}
