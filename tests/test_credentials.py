"""Where secrets come from, in which order, and that they are never shown."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from secrets_of import good_key, login, voiso

from leadctl.config import config
from leadctl.config.credentials import secrets_of
from leadctl.model.errors import CredentialsMissing, InputUnusable
from leadctl.model.yaml_file import parse

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program

    from leadctl.config.config import Account


def account(
    text: str = "", provider: str = "yotel", name: str | None = None
) -> Account:
    return config.resolve(
        parse(text, "config.yaml"), {}, provider=provider, account=name
    )


def secret(environment: dict[str, str], of: Account | None = None) -> str:
    return secrets_of(of or account(), environment)["api_key"]


def says(words: str) -> str:
    """Return a command that prints these words."""
    return f"{sys.executable} -c \"print('{words}')\""


def every_way(tmp_path: Path) -> dict[str, str]:
    systemd = tmp_path / "systemd"
    systemd.mkdir()
    (systemd / "leadctl-yotel-api_key").write_text("from systemd\n", encoding="utf-8")
    file = tmp_path / "key"
    file.write_text("from file\n", encoding="utf-8")
    return {
        "LEADCTL_YOTEL_API_KEY": "from environment",
        "LEADCTL_YOTEL_API_KEY_FILE": str(file),
        "LEADCTL_YOTEL_API_KEY_COMMAND": says("from command"),
        "CREDENTIALS_DIRECTORY": str(systemd),
    }


def test_ways_are_tried_in_their_order(tmp_path: Path) -> None:
    environment = every_way(tmp_path)
    found = []
    for way in [*environment]:
        found.append(secret(environment))
        del environment[way]
    assert found == ["from environment", "from file", "from command", "from systemd"]


def test_empty_variable_is_none(tmp_path: Path) -> None:
    environment = every_way(tmp_path) | {"LEADCTL_YOTEL_API_KEY": " "}
    assert secret(environment) == "from file"


def test_ways_may_stand_in_the_config_file(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("\n  from file  \n", encoding="utf-8")
    by_file = account(f"accounts: {{yotel: {{api_key_file: {key}}}}}")
    assert secret({}, by_file) == "from file"
    command = json.dumps(says("from command"))
    by_command = account(f"accounts: {{yotel: {{api_key_command: {command}}}}}")
    assert secret({}, by_command) == "from command"


def test_variable_wins_over_the_config_file(tmp_path: Path) -> None:
    by_file = account(f"accounts: {{yotel: {{api_key_file: {tmp_path / 'nowhere'}}}}}")
    other = tmp_path / "other"
    other.write_text("other", encoding="utf-8")
    assert secret({"LEADCTL_YOTEL_API_KEY_FILE": str(other)}, by_file) == "other"


def test_account_has_a_secret_of_its_own(tmp_path: Path) -> None:
    of = account("accounts: {yotel-2: {provider: yotel}}", name="yotel-2")
    (tmp_path / "leadctl-yotel-2-api_key").write_text("second", encoding="utf-8")
    environment = {
        "LEADCTL_YOTEL_API_KEY": "first",
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    assert secret(environment, of) == "second"
    assert secret({**environment, "LEADCTL_YOTEL_2_API_KEY": "third"}, of) == "third"


@pytest.mark.parametrize("kind", ["missing", "folder", "bytes"])
def test_file_that_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "key"
    if kind == "folder":
        path.mkdir()
    elif kind == "bytes":
        path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(CredentialsMissing, match="cannot read the secret file"):
        secret({"LEADCTL_YOTEL_API_KEY_FILE": str(path)})


@pytest.mark.parametrize(
    "command",
    [
        "no-such-command-anywhere",
        f"{sys.executable} -c \"print('made-up-secret'); raise SystemExit(3)\"",
        f"{sys.executable} -c \"import sys; sys.stdout.buffer.write(b'\\xff')\"",
        "unbalanced 'quote",
        "   ",
    ],
    ids=["unknown", "failing", "no text", "unbalanced", "blank"],
)
def test_command_that_fails_gives_a_sentence(command: str) -> None:
    with pytest.raises(CredentialsMissing) as caught:
        secret({"LEADCTL_YOTEL_API_KEY_COMMAND": command})
    assert "made-up-secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    command = f"{sys.executable} -c \"print('x')\" ; touch {trap}"
    assert secret({"LEADCTL_YOTEL_API_KEY_COMMAND": command}) == "x"
    assert not trap.exists()


def test_missing_settings_are_named_all_at_once() -> None:
    of = account(provider="ozonetel")
    with pytest.raises(InputUnusable, match="'ozonetel' lacks user_name") as caught:
        secrets_of(of, {"LEADCTL_OZONETEL_API_KEY": "x"})
    assert "LEADCTL_OZONETEL_USER_NAME" in (caught.value.hint or "")


def test_nothing_set_says_all_that_is_missing(program: Program) -> None:
    program.write("leads.csv", "phone\n+15551230001\n")
    where = ("--provider", "voiso", "--campaign", "3")
    ran = program("push", "leads.csv", *where, "--json")
    assert (ran.code, ran.error["code"]) == (4, "credentials_missing")
    hint = ran.error["hint"] or ""
    for word in (
        "LEADCTL_VOISO_API_KEY ",
        "LEADCTL_VOISO_API_KEY_FILE",
        "LEADCTL_VOISO_API_KEY_COMMAND",
        "LEADCTL_VOISO_CLUSTER_ID",
    ):
        assert word in hint
    assert "login" not in hint, "there is no keyring to store it in"


# --- the keyring -------------------------------------------------------------------


# --- which accounts there are ---


@pytest.mark.usefixtures("keyring")
def test_list_says_where_each_secret_comes_from(push: Push) -> None:
    assert login(push, good_key(push)).code == 0
    config = push.program.home / "config" / "leadctl" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(
        "accounts:\n"
        "  night: {provider: voiso, api_key_command: print-nothing-and-fail}\n"
        "  lupitor: {api_key_file: /nowhere/at/all}\n",
        encoding="utf-8",
    )
    env = {
        "LEADCTL_YOTEL_API_KEY": "yt_test_made_up",
        "LEADCTL_ELSE_API_KEY": "made-up",
    }
    ran = push.program("accounts", "--json", env=env)
    found = {
        one["account"]: (one["provider"], one["secrets"][0]["from"])
        for one in json.loads(ran.out)
    }
    assert found == {
        "night": ("voiso", "command"),
        "lupitor": ("lupitor", "file"),
        "yotel": ("yotel", "environment"),
        "voiso": ("voiso", "keyring"),
        "else": (None, "environment"),
    }
    table = push.program("accounts", env=env)
    assert "accounts.night.api_key_command" in table.out
    assert "settings missing: cluster_id" in table.out
    assert "made" not in table.out + table.err


# --- the command that prints a secret ---


def test_command_does_not_get_the_secrets_of_others(tmp_path: Path, push: Push) -> None:
    seen = tmp_path / "seen"
    script = tmp_path / "print-key"
    script.write_text(f"#!/bin/sh\nenv > {seen}\necho {good_key(push)}\n")
    script.chmod(0o700)
    env = voiso(push) | {
        "LEADCTL_VOISO_API_KEY_COMMAND": str(script),
        "LEADCTL_YOTEL_API_KEY": "yt_test_made_up_marker",
    }
    ran = push.program("accounts", "test", "voiso", "-c", "3", env=env)
    assert ran.code == 0
    assert "HOME=" in seen.read_text()
    assert "LEADCTL_" not in seen.read_text()


def test_way_that_holds_nothing_is_not_passed_over(tmp_path: Path) -> None:
    """Else another key, for another account of theirs, would be used in its place."""
    environment = every_way(tmp_path)
    del environment["LEADCTL_YOTEL_API_KEY"]
    (tmp_path / "key").write_text("\n", encoding="utf-8")
    with pytest.raises(CredentialsMissing, match="_API_KEY_FILE is empty"):
        secret(environment)
