"""`leadctl init`: sets up a working account at a terminal."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from conftest import CAMPAIGNS
from terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program


def place(program: Program) -> Path:
    return program.home / "config" / "leadctl" / "config.yaml"


def wizard(push: Push, *options: str) -> Terminal:
    return Terminal(push.program, ("init", *options))


SERVED = {"base_url", "user", "password"}
"""What VICIdial asks for."""


def served(push: Push, name: str) -> str:
    assert name in SERVED
    return push.environment("vicidial")[f"LEADCTL_VICIDIAL_{name.upper()}"]


@pytest.mark.usefixtures("keyring")
def test_wizard_makes_an_account_that_can_push(push: Push) -> None:
    with wizard(push) as terminal:
        terminal.until("Provider (")
        terminal.type("vicidal\n vicidial \n")
        terminal.until("no provider 'vicidal'")
        terminal.until("base_url (")
        terminal.type("http://example.com/vicidial\n\n")
        terminal.until("leadctl: ")  # only loopback goes without TLS
        terminal.type(f"{served(push, 'base_url')}\n")
        terminal.until("user (")
        terminal.type(f"{served(push, 'user')}\n")
        terminal.until("password of vicidial: ")
        terminal.type(f"{served(push, 'password')}\n")
        assert terminal.end() == 0
    assert served(push, "password") not in terminal.seen
    assert "next: leadctl push FILE --provider vicidial" in terminal.seen
    written = place(push.program)
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert stat.S_IMODE(written.parent.stat().st_mode) == 0o700
    text = written.read_text(encoding="utf-8")
    assert "# dnc_check: true  # false also loads numbers" in text
    assert served(push, "password") not in text
    assert push.program("config", "check").code == 0
    push.program.write("leads.csv", "phone\n+15551230001\n")
    where = ("--provider", "vicidial", "--campaign", CAMPAIGNS["vicidial"])
    assert push.program("push", "leads.csv", *where).code == 0


@pytest.mark.usefixtures("keyring")
def test_key_that_is_refused_writes_nothing(push: Push) -> None:
    push.program.environment |= {
        name: value
        for name, value in push.environment("voiso").items()
        if not name.endswith("_API_KEY")
    }
    with wizard(push, "--provider", "voiso") as terminal:
        terminal.until("api_key of voiso: ")
        terminal.type("wrong-made-up-key\n")
        assert terminal.end() == 4
    assert "nothing was stored" in " ".join(terminal.seen.split())
    assert not place(push.program).exists()


OTHERS = """\
# Ours.
accounts:  # two dialers
  night: {provider: voiso}  # until May
profiles: {}
"""


def test_account_is_added_to_a_config_file_that_is_kept(push: Push) -> None:
    """Without a keyring, the way to give the key is named."""
    path = place(push.program)
    path.parent.mkdir(parents=True)
    path.write_text(OTHERS, encoding="utf-8")
    for answer, code, more in (("n", 7, "\n"), ("y", 0, "\n"), ("y", 6, "  yotel:")):
        with wizard(push, "--provider", "yotel") as terminal:
            terminal.until("[y/N]")
            terminal.type(f"{answer}\n")
            assert terminal.end() == code
        assert more in terminal.seen
        if not code:
            assert "LEADCTL_YOTEL_API_KEY_FILE" in terminal.seen
    assert "has an account yotel; it stays as it is" in " ".join(terminal.seen.split())
    head, rest = OTHERS.split("  night")
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"{head}  yotel:\n    provider: yotel\n")
    assert text.endswith(f"\n  night{rest}")
    kept = path.with_name("config.yaml.old")
    assert kept.read_text(encoding="utf-8") == OTHERS


@pytest.mark.parametrize("options", [(), ("--no-input",)], ids=["pipe", "no input"])
def test_nobody_to_ask_is_a_sentence(push: Push, options: tuple[str, ...]) -> None:
    ran = push.program("init", *options)
    assert (ran.code, "requires a terminal" in ran.err) == (2, True)
    with wizard(push, "--no-input") as terminal:
        assert terminal.end() == 2
