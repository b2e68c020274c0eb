"""The URL of a ledger on PostgreSQL, and the key of its hashes."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from leadctl.ledger.postgres.address import conninfo
from leadctl.ledger.postgres.key import key, parsed
from leadctl.model.errors import LedgerUnusable

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push
    from program import Program

SERVICES = """
[strict]
host=db.example
[weaker]
host=db.example
sslmode=require
[here]
host=/run/postgresql
"""


@pytest.mark.parametrize(
    ("url", "environment", "sslmode"),
    [
        ("postgresql://db.example/leads", "", "verify-full"),
        ("postgres://db.example/leads", "disable", "verify-full"),
        ("postgresql://127.0.0.1,db.example/leads", "", "verify-full"),
        ("postgresql:///leads?hostaddr=203.0.113.7&host=localhost", "", "verify-full"),
        ("postgresql://db.example/leads?sslmode=require", "", "require"),
        ("postgresql:///?service=strict", "", "verify-full"),
        ("postgresql:///?service=weaker", "", None),
        ("postgresql:///?service=here", "", None),
        ("postgresql://localhost/leads", "", None),
        ("postgresql://[::1]:5433/leads", "", None),
        ("postgresql:///leads", "", None),
        ("postgresql:///leads?host=/run/postgresql", "", None),
    ],
)
def test_tls_is_verified_unless_the_url_says_otherwise(
    url: str,
    environment: str,
    sslmode: str | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Not said at all: libpq goes by the service, or the server is this machine."""
    services = tmp_path / "services"
    services.write_text(SERVICES)
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    monkeypatch.setenv("PGSSLMODE", environment)
    if not environment:
        monkeypatch.delenv("PGSSLMODE")
    found = re.search(r"sslmode=(\S+)", conninfo(url))
    assert (found and found[1]) == sslmode
    assert "connect_timeout=10" in conninfo(url)
    assert "connect_timeout=3" in conninfo(
        f"{url}{'&' * ('?' in url) or '?'}connect_timeout=3"
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me:hush-hush@db.example/leads", "contains a secret (password)"),
        (
            "postgresql:///leads?sslpassword=hush-hush",
            "contains a secret (sslpassword)",
        ),
        ("postgresql://me:hush-hush%@db.example/leads", "URL is not valid"),
        ("mysql://me:hush-hush@db.example/leads", "--ledger takes a path"),
    ],
)
def test_secret_in_the_url_is_refused_and_not_shown(
    url: str, said: str, program: Program
) -> None:
    for ran in (
        program("runs", "--ledger", url),
        program("config", "show", env={"LEADCTL_LEDGER": url}),
    ):
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err
        assert "hush" not in ran.err


def test_service_that_is_not_defined_is_named() -> None:
    with pytest.raises(LedgerUnusable, match='"nowhere" not found') as raised:
        conninfo("postgresql:///?service=nowhere")
    assert raised.value.exit_code == 6


def test_missing_package_is_said_with_its_remedy(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError")
    ran = program(
        "runs", "--ledger", "postgresql:///x", env={"PYTHONPATH": str(tmp_path)}
    )
    assert ran.code == 2
    assert "in a clone of leadctl: pip install '.[postgres]'" in ran.err


KEY = "5f" * 32


def test_key_is_found_as_keys_of_accounts_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "leadctl-ledger-key"
    file.write_text(f"{KEY}\n")
    for variable, value in (
        ("LEADCTL_LEDGER_KEY", KEY),
        ("LEADCTL_LEDGER_KEY_FILE", str(file)),
        ("LEADCTL_LEDGER_KEY_COMMAND", f"{sys.executable} -c 'print(\"{KEY}\")'"),
        ("CREDENTIALS_DIRECTORY", str(tmp_path)),
    ):
        with monkeypatch.context() as patched:
            patched.setenv(variable, value)
            assert key() == parsed(KEY)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "missing"),
        ({"LEADCTL_LEDGER_KEY": KEY[1:]}, "damaged"),
        ({"LEADCTL_LEDGER_KEY": "é" * 64}, "damaged"),
        (
            {"LEADCTL_LEDGER_KEY_FILE": "/nowhere"},
            "cannot read the secret file /nowhere",
        ),
    ],
)
def test_key_that_is_none_is_refused(
    environment: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(LedgerUnusable, match=said) as raised:
        key()
    assert raised.value.exit_code == 6


def test_no_account_is_called_ledger(push: Push) -> None:
    """Its key would be the one of the hashes."""
    said = "no account can be called 'Ledger': LEADCTL_LEDGER_… belong to the ledger"
    leads = push.program.write("leads.csv", "phone\n+15550100001\n")
    ran = push("voiso", leads, "--account", "Ledger")
    assert ran.code == 2
    assert said in ran.err
    path = push.program.write("c.yaml", "accounts:\n  Ledger: {provider: voiso}\n")
    ran = push("voiso", leads, "--config", path)
    assert ran.code == 6
    assert said in ran.err
