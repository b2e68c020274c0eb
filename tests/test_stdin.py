"""Leads on stdin are read by the import and by nothing else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push

LEADS = "phone\n+15551230001\n+15551230002\n+15551230003\n"
READER = "import sys; sys.stdin.read(); print('{key}')"
ASKER = "import getpass; assert getpass.getpass() == 'made-up'; print('{key}')"
KEYRING = """
import sys
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        assert not sys.stdin.readline(), "a passphrase is in the place of leads"
        return "{key}"

    set_password = delete_password = None
"""


def without_key(push: Push) -> tuple[dict[str, str], str]:
    environment = push.environment("voiso")
    return environment, environment.pop("LEADCTL_VOISO_API_KEY")


@pytest.mark.parametrize("kind", ["command", "keyring"])
def test_leads_in_stdin_are_read_by_nobody_else(
    push: Push, tmp_path: Path, kind: str
) -> None:
    environment, key = without_key(push)
    reader = tmp_path / "reader.py"
    if kind == "command":
        reader.write_text(READER.format(key=key), encoding="utf-8")
        environment["LEADCTL_VOISO_API_KEY_COMMAND"] = f"{sys.executable} {reader}"
    else:
        reader.write_text(KEYRING.format(key=key), encoding="utf-8")
        environment["PYTHONPATH"] = str(tmp_path)
        environment["PYTHON_KEYRING_BACKEND"] = "reader.Keyring"
    where = ("push", "-", "--provider", "voiso", "--campaign", "3", "--json")
    ran = push.program(*where, env=environment, stdin=LEADS.encode())
    assert (ran.code, ran.counts) == (0, {"created": 3})


def test_passphrase_is_asked_for_at_the_terminal(push: Push, tmp_path: Path) -> None:
    """As with `pass` and gpg: a program without our stdin can use the terminal."""
    environment, key = without_key(push)
    script = tmp_path / "ask"
    script.write_text(ASKER.format(key=key), encoding="utf-8")
    environment["LEADCTL_VOISO_API_KEY_COMMAND"] = f"{sys.executable} {script}"
    push.program.write("leads.csv", LEADS)
    where = ("push", "leads.csv", "--provider", "voiso", "--campaign", "3", "--yes")
    with Terminal(push.program, where, env=environment) as terminal:
        terminal.until("Password:")
        terminal.type("made-up\n")
        assert terminal.end() == 0
    assert len(push.phones("voiso")) == 3
