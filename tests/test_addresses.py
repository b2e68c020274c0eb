"""Campaigns of the same name at two addresses are two campaigns."""

from __future__ import annotations

import signal
import stat
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from terminal import Terminal

from leadctl.sandbox import VoisoSimulator, serve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conftest import Push
    from program import Program

LEADS = "Mobile\n+15551230001\n+15551230002\n"
ALSO_LEFT_OUT = "leads delivered there are not sent again"


@pytest.fixture
def moved(push: Push) -> Iterator[dict[str, str]]:
    """Two leads are in the campaign; yields what points the account elsewhere."""
    push.program.write("leads.csv", LEADS)
    assert push("voiso", "leads.csv").code == 0
    with serve([VoisoSimulator()]) as other:
        yield {
            "LEADCTL_VOISO_BASE_URL": other.environment("voiso")[
                "LEADCTL_VOISO_BASE_URL"
            ]
        }


@pytest.mark.parametrize("options", [("--quiet",), ("--json",), ("--dry-run",)])
def test_run_at_another_address_says_what_is_left_out(
    push: Push, moved: Mapping[str, str], options: tuple[str, ...]
) -> None:
    ran = push("voiso", "leads.csv", *options, env=moved)
    assert ran.code == 0
    before = push.environment("voiso")["LEADCTL_VOISO_BASE_URL"]
    now = moved["LEADCTL_VOISO_BASE_URL"]
    said = f"campaign 3 of account voiso was last used at {before}, now at {now}"
    assert f"{said}: {ALSO_LEFT_OUT} (use another --ledger to send them)" in ran.err


def test_login_in_an_address_is_not_shown(push: Push, moved: Mapping[str, str]) -> None:
    """A push refuses it; a dry run, which sends nothing, meets it first."""
    address = moved["LEADCTL_VOISO_BASE_URL"].replace("//", "//me:made-up@")
    env = {"LEADCTL_VOISO_BASE_URL": address}
    ran = push("voiso", "leads.csv", "--dry-run", env=env)
    assert f"now at {moved['LEADCTL_VOISO_BASE_URL']}:" in ran.err
    assert "made-up" not in ran.out + ran.err


def test_run_that_sends_them_all_the_same_does_not_say_they_are_left_out(
    push: Push, moved: Mapping[str, str]
) -> None:
    ran = push("voiso", "leads.csv", "--resend-delivered", env=moved)
    assert "was last used at" in ran.err
    assert ALSO_LEFT_OUT not in ran.err


def test_only_the_first_run_at_an_address_says_so(
    push: Push, moved: Mapping[str, str]
) -> None:
    assert "was last used at" in push("voiso", "leads.csv", env=moved).err
    assert "was last used at" not in push("voiso", "leads.csv", env=moved).err


def test_resume_at_another_address_says_so(
    push: Push, moved: Mapping[str, str]
) -> None:
    ran = push.program("runs", "resume", "-q", env=push.environment("voiso"))
    assert ran.code == 2, "no unfinished runs"
    run = push.program.runs()[0]
    environment = push.environment("voiso") | dict(moved)
    ran = push.program("runs", "retry", run, "-q", env=environment)
    assert "was last used at" in ran.err


def test_first_upload_to_another_address_is_asked_about(
    push: Push, moved: Mapping[str, str]
) -> None:
    environment = push.environment("voiso") | dict(moved)
    given = ("push", "leads.csv", "--provider", "voiso", "--campaign", "3")
    with Terminal(push.program, given, 80, environment) as terminal:
        terminal.until("Send them? [y/N]")
        terminal.type("n\n")
        assert terminal.end() == 7
    assert "was last used at" in " ".join(terminal.seen.split())


@dataclass
class Served:
    """A `leadctl sandbox` that runs, and the variables it printed."""

    process: subprocess.Popen[str]
    variables: dict[str, str]

    @property
    def ledger(self) -> Path:
        return Path(self.variables["LEADCTL_LEDGER"])


@contextmanager
def sandbox(program: Program) -> Iterator[Served]:
    process = subprocess.Popen(  # noqa: S603  our own program
        [*program.command, "sandbox", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=program.folder,
        env=program.surroundings,
        text=True,
    )
    with process:
        try:
            assert process.stderr is not None
            assert "serving on" in process.stderr.readline()
            yield Served(process, _exported(process))
        finally:
            process.send_signal(signal.SIGINT)


def _exported(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read the export lines, the last of which come before the last comment."""
    assert process.stdout is not None
    found = {}
    for line in process.stdout:
        word, _, rest = line.strip().partition(" ")
        if word == "export":
            name, _, value = rest.partition("=")
            found[name] = value
        elif rest.startswith("voiso:"):
            break
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_ledger_of_the_served_sandbox_goes_with_it(
    push: Push, number: signal.Signals
) -> None:
    with sandbox(push.program) as served:
        assert served.ledger.parent.is_dir()
        served.process.send_signal(number)
        assert served.process.wait() == 0
    assert not served.ledger.parent.exists()


def test_what_the_served_sandbox_took_is_delivered_nowhere(push: Push) -> None:
    """A newcomer tries it out in one terminal, and uploads for good in the next."""
    program = push.program
    program.write("leads.csv", LEADS)
    where = ("--provider", "voiso", "--campaign", "3", "--json")
    with sandbox(program) as served:
        tried = program("push", "leads.csv", *where, env=served.variables)
        assert tried.counts == {"created": 2}
        folder = served.ledger.parent
        assert served.ledger.exists()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()
    ran = push("voiso", "leads.csv", "--json")
    assert ran.counts == {"created": 2}
    assert "was last used at" not in ran.err
