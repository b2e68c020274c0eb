"""Where secrets come from, in which order, and that nobody gets to see them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from leadctl import config
from leadctl.credentials import secrets_of
from leadctl.errors import CredentialsMissing, InputUnusable
from leadctl.yamlfile import parse

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program

    from leadctl.config import Account

BACKEND = """
import json, os
from pathlib import Path
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

PLACE = Path(os.environ["FILE_KEYRING"])

class Keyring(KeyringBackend):
    priority = 1

    def _entries(self):
        return json.loads(PLACE.read_text()) if PLACE.exists() else {}

    def get_password(self, service, username):
        return self._entries().get(f"{service} {username}")

    def set_password(self, service, username, password):
        entries = self._entries() | {f"{service} {username}": password}
        PLACE.write_text(json.dumps(entries))

    def delete_password(self, service, username):
        entries = self._entries()
        if f"{service} {username}" not in entries:
            raise PasswordDeleteError(username)
        del entries[f"{service} {username}"]
        PLACE.write_text(json.dumps(entries))
"""


def account(
    text: str = "", provider: str = "yotel", name: str | None = None
) -> Account:
    return config.resolve(
        parse(text, "config.yaml"), {}, provider=provider, account=name
    )


def secret(environment: dict[str, str], of: Account | None = None) -> str:
    return secrets_of(of or account(), environment)["api_key"]


def says(words: str) -> str:
    """Return a command that prints words."""
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
    with pytest.raises(CredentialsMissing, match="key cannot be read"):
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
    with pytest.raises(InputUnusable, match="'ozonetel' needs user_name") as caught:
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
        "leadctl accounts login voiso",
        "LEADCTL_VOISO_CLUSTER_ID",
    ):
        assert word in hint


# --- the keyring -------------------------------------------------------------------


@pytest.fixture
def keyring(push: Push, tmp_path: Path) -> Path:
    """Give the program a keyring that is a file; returns the file."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "file_keyring.py").write_text(BACKEND, encoding="utf-8")
    place = tmp_path / "keyring.json"
    push.program.environment |= {
        "PYTHONPATH": str(modules),
        "PYTHON_KEYRING_BACKEND": "file_keyring.Keyring",
        "FILE_KEYRING": str(place),
    }
    return place


def test_secret_of_the_keyring_opens_the_door(push: Push, keyring: Path) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n")
    key = push.environment("voiso")["LEADCTL_VOISO_API_KEY"]
    without = {"LEADCTL_VOISO_API_KEY": ""}
    assert push("voiso", "leads.csv", env=without).code == 4

    login = push.program("accounts", "login", "voiso", stdin=f"{key}\n".encode())
    assert login.code == 0
    assert key not in login.out + login.err
    assert json.loads(keyring.read_text(encoding="utf-8")) == {
        "leadctl voiso/api_key": key
    }
    assert push("voiso", "leads.csv", env=without).code == 0
    assert push.phones("voiso") == ["15551230001"]

    wrong = {"LEADCTL_VOISO_API_KEY": "wrong-made-up-key"}
    push.program.write("more.csv", "phone\n+15551230002\n")
    assert push("voiso", "more.csv", env=wrong).code == 4

    assert push.program("accounts", "logout", "voiso").code == 0
    assert json.loads(keyring.read_text(encoding="utf-8")) == {}
    assert push("voiso", "more.csv", env=without).code == 4


def test_logout_of_nobody_says_so(push: Push, keyring: Path) -> None:
    ran = push.program("accounts", "logout", "voiso")
    assert (ran.code, keyring.exists()) == (0, False)
    assert "was not there" in ran.err


def test_machine_without_a_keyring_names_the_other_ways(program: Program) -> None:
    env = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    for words, stdin in (
        (("accounts", "login", "voiso"), b"made-up\n"),
        (("accounts", "logout", "voiso"), b""),
    ):
        ran = program(*words, env=env, stdin=stdin)
        assert ran.code == 4
        assert "LEADCTL_VOISO_API_KEY_FILE" in ran.err
        assert "made-up" not in ran.err


def test_login_without_a_secret_keeps_nothing(push: Push, keyring: Path) -> None:
    assert push.program("accounts", "login", "voiso", stdin=b"\n").code == 2
    assert not keyring.exists()
