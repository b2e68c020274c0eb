"""Where secrets come from, in which order, and that nobody gets to see them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from program import SECONDS
from terminal import Terminal

from leadctl.config import config
from leadctl.config.credentials import secrets_of
from leadctl.model.errors import CredentialsMissing, InputUnusable
from leadctl.model.yaml_file import parse

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program, Ran

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
        "LEADCTL_VOISO_CLUSTER_ID",
    ):
        assert word in hint
    assert "login" not in hint, "there is no keyring to store it in"


# --- the keyring -------------------------------------------------------------------


def voiso(push: Push, key: str = "") -> dict[str, str]:
    """Return the account's settings, without a key unless one is given."""
    return push.environment("voiso") | {"LEADCTL_VOISO_API_KEY": key}


def good_key(push: Push) -> str:
    return push.environment("voiso")["LEADCTL_VOISO_API_KEY"]


def login(
    push: Push, key: str, *options: str, env: dict[str, str] | None = None
) -> Ran:
    stdin = f"{key}\n".encode()
    env = voiso(push) if env is None else env
    return push.program("accounts", "login", "voiso", *options, env=env, stdin=stdin)


def test_secret_of_the_keyring_opens_the_door(push: Push, keyring: Path) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n")
    key, without = good_key(push), {"LEADCTL_VOISO_API_KEY": ""}
    refused = push("voiso", "leads.csv", env=without)
    assert refused.code == 4
    assert "or store it: leadctl accounts login voiso" in refused.err

    ran = login(push, key)
    assert ran.code == 0
    assert key not in ran.out + ran.err
    assert key.encode() not in keyring.read_bytes()
    assert push("voiso", "leads.csv", env=without).code == 0
    assert push.phones("voiso") == ["15551230001"]

    wrong = {"LEADCTL_VOISO_API_KEY": "wrong-made-up-key"}
    push.program.write("more.csv", "phone\n+15551230002\n")
    assert push("voiso", "more.csv", env=wrong).code == 4

    assert push.program("accounts", "logout", "voiso", env=voiso(push)).code == 0
    assert push("voiso", "more.csv", env=without).code == 4


def test_key_that_is_refused_is_not_stored(push: Push, keyring: Path) -> None:
    ran = login(push, "wrong-made-up-key")
    assert (ran.code, keyring.exists()) == (4, False)
    assert "nothing was stored" in ran.err


def test_key_that_cannot_be_tried_is_stored_on_request_only(
    push: Push, keyring: Path
) -> None:
    nowhere = voiso(push) | {"LEADCTL_VOISO_BASE_URL": "http://127.0.0.1:9"}
    ran = login(push, good_key(push), env=nowhere)
    assert (ran.code, keyring.exists()) == (5, False)
    assert "--no-check" in ran.err
    assert login(push, good_key(push), "--no-check", env=nowhere).code == 0
    found = push.program("accounts", "test", "voiso", "-c", "3", env=voiso(push))
    assert found.code == 0


def test_login_says_what_is_used_instead(push: Push, keyring: Path) -> None:
    ran = login(push, good_key(push), env=voiso(push, "another-made-up-key"))
    assert (ran.code, keyring.exists()) == (0, True)
    assert "LEADCTL_VOISO_API_KEY is set" in ran.err


def test_logout_of_nobody_says_so(push: Push, keyring: Path) -> None:
    ran = push.program("accounts", "logout", "voiso", env=voiso(push))
    assert (ran.code, keyring.exists()) == (0, False)
    assert "not found" in ran.err


def test_remedies_name_the_keyring_where_there_is_one(
    push: Push, keyring: Path
) -> None:
    assert "leadctl accounts login PROVIDER" in push.program("accounts").err
    tried = push.program("accounts", "test")
    assert (tried.code, "leadctl accounts login PROVIDER" in tried.err) == (4, True)
    looked = push.program("doctor", "--offline")
    assert "leadctl accounts login PROVIDER" in looked.out
    lacking = push.program("doctor", "--offline", env={"LEADCTL_YOTEL_TIMEOUT": "5"})
    assert "leadctl accounts login yotel" in lacking.out
    assert not keyring.exists()


def test_remedies_name_variables_where_there_is_no_keyring(program: Program) -> None:
    ran = [program("accounts"), program("accounts", "test")]
    ran += [program("doctor", "--offline")]
    for each in ran:
        assert "LEADCTL_VOISO_API_KEY" in each.out + each.err
        assert "accounts login" not in each.out + each.err


@pytest.mark.parametrize(
    "backend",
    [
        "keyring.backends.fail.Keyring",
        "keyring.backends.null.Keyring",
        "keyrings.alt.file.PlaintextKeyring",
        "no_such_module.Keyring",
    ],
)
def test_machine_without_a_safe_keyring_names_the_other_ways(
    push: Push, backend: str
) -> None:
    """At login, before the secret is asked for; and nothing lies anywhere after."""
    env = voiso(push) | {"PYTHON_KEYRING_BACKEND": backend}
    ran = push.program("accounts", "login", "voiso", env=env, stdin=b"made-up-key\n")
    assert ran.code == 4
    for way in ("_API_KEY,", "_API_KEY_FILE", "_API_KEY_COMMAND", "LoadCredential="):
        assert way in ran.err
    assert "the keyring cannot be used: " in ran.err
    assert "made-up" not in ran.err
    out = push.program("accounts", "logout", "voiso", env=env)
    assert out.code == 4
    assert "the keyring cannot be used: " in out.err
    assert "nothing was removed" in out.err
    assert "API_KEY" not in out.err
    assert not any(path.is_file() for path in (push.program.home / "data").rglob("*"))


def test_plain_text_keyring_is_not_read_either(push: Push) -> None:
    env = {
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "XDG_DATA_HOME": str(push.program.home / "data"),
    }
    keep = f"keyring.set_password('leadctl', 'voiso/api_key', '{good_key(push)}')"
    subprocess.run(  # noqa: S603  as its user might have done
        [sys.executable, "-c", f"import keyring; {keep}"], check=True, env=env
    )
    assert (push.program.home / "data" / "python_keyring").is_dir()
    assert json.loads(push.program("accounts", "--json", env=env).out) == []


@pytest.mark.usefixtures("keyring")
def test_login_that_may_not_ask_says_so(push: Push) -> None:
    words = ("accounts", "login", "voiso", "--no-check", "--no-input")
    with Terminal(push.program, words) as terminal:
        assert terminal.end() == 2
    assert "pipe the secrets, one per line" in terminal.seen


def test_login_without_a_secret_keeps_nothing(push: Push, keyring: Path) -> None:
    assert login(push, "").code == 2
    assert not keyring.exists()


SESSION = """
printf made-up-password | gnome-keyring-daemon --unlock --components=secrets >&2
leadctl() { "$PYTHON" -m leadctl "$@"; }
printf "$KEY" | leadctl accounts login voiso && leadctl accounts && \\
leadctl accounts test voiso --campaign 3 && leadctl accounts logout voiso && \\
leadctl accounts
"""


@pytest.mark.skipif(
    not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")),
    reason="needs a D-Bus session and gnome-keyring",
)
def test_secret_service_of_a_desktop_keeps_the_secret(
    push: Push, tmp_path: Path
) -> None:
    environment = voiso(push) | {
        "PATH": os.environ["PATH"],
        "HOME": str(push.program.home),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PYTHON": sys.executable,
        "KEY": good_key(push),
    }
    done = subprocess.run(  # noqa: S603  a session of its own
        ["dbus-run-session", "--", "sh", "-c", SESSION],  # noqa: S607  as installed
        capture_output=True,
        check=False,
        env=environment,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert "api_key: keyring, leadctl voiso/api_key" in done.stdout
    assert "campaign  fine" in done.stdout
    assert "no accounts yet" in done.stderr, "after logout"
    assert good_key(push) not in done.stdout + done.stderr


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
    with pytest.raises(CredentialsMissing, match="_API_KEY_FILE names holds nothing"):
        secret(environment)
