"""Keys in the system's keyring: login, logout, and machines without one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from program import SECONDS
from secrets_of import good_key, login, voiso
from terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program


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
    """At login, before it asks for the secret; nothing is stored."""
    env = voiso(push) | {"PYTHON_KEYRING_BACKEND": backend}
    ran = push.program("accounts", "login", "voiso", env=env, stdin=b"made-up-key\n")
    assert ran.code == 4
    for way in ("_API_KEY,", "_API_KEY_FILE", "_API_KEY_COMMAND", "LoadCredential="):
        assert way in ran.err
    assert "cannot use the keyring: " in ran.err
    assert "made-up" not in ran.err
    out = push.program("accounts", "logout", "voiso", env=env)
    assert out.code == 4
    assert "cannot use the keyring: " in out.err
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
