"""A secret by name: environment, file, command, systemd credential, keyring, in order.

The one door to `keyring`. A secret is never part of a settings object, and never in a
message.
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.config import variable_name
from leadctl.errors import CredentialsMissing, InputUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leadctl.config import Account

SERVICE = "leadctl"
"""Secrets lie in the keyring under this; the user name is `<account>/<secret>`."""

COMMAND_SECONDS = 30


def secrets_of(account: Account, environment: Mapping[str, str]) -> dict[str, str]:
    """Find every secret the account's provider needs.

    Raises CredentialsMissing, which names what to set, other missing settings included;
    and InputUnusable where only those are missing.
    """
    settings = ", ".join(
        variable_name(account.name, setting) for setting in account.missing
    )
    try:
        secrets = {
            name: _secret(account, name, environment)
            for name in account.provider.secrets
        }
    except CredentialsMissing as error:
        if settings:
            error.hint = f"{error.hint}; also set {settings}"
        raise
    if settings:
        raise InputUnusable(
            f"account {account.name!r} needs {', '.join(account.missing)}",
            hint=f"set {settings}, or write it under accounts.{account.name} "
            "in the config file",
        )
    return secrets


def store(account: Account, name: str, secret: str) -> None:
    """Keep a secret in the system keyring; CredentialsMissing where there is none."""
    import keyring  # noqa: PLC0415  slow to import
    from keyring.errors import KeyringError  # noqa: PLC0415  heavy

    try:
        keyring.set_password(SERVICE, f"{account.name}/{name}", secret)
    except KeyringError:
        raise _no_keyring(account, name) from None


def forget(account: Account, name: str) -> bool:
    """Remove a secret from the keyring; returns whether one was there."""
    import keyring  # noqa: PLC0415  slow to import
    from keyring.errors import KeyringError, PasswordDeleteError  # noqa: PLC0415  heavy

    try:
        keyring.delete_password(SERVICE, f"{account.name}/{name}")
    except PasswordDeleteError:
        return False
    except KeyringError:
        raise _no_keyring(account, name) from None
    return True


def _no_keyring(account: Account, name: str) -> CredentialsMissing:
    variable = variable_name(account.name, name)
    return CredentialsMissing(
        "this machine has no keyring that can be used",
        hint=f"set {variable}, {variable}_FILE (a file only you can read) "
        f"or {variable}_COMMAND",
    )


def _secret(account: Account, name: str, environment: Mapping[str, str]) -> str:
    variable = variable_name(account.name, name)
    settings = account.secret_settings
    sources: list[tuple[str | None, Callable[[str], str]]] = [
        (environment.get(variable), str),
        (
            environment.get(f"{variable}_FILE") or settings.get(f"{name}_file"),
            _from_file,
        ),
        (
            environment.get(f"{variable}_COMMAND") or settings.get(f"{name}_command"),
            _from_command,
        ),
        (_systemd_file(account.name, name, environment), _from_file),
        (f"{account.name}/{name}", _from_keyring),
    ]
    for given, read in sources:
        if given and given.strip() and (secret := read(given).strip()):
            return _usable(secret, account, name)
    raise CredentialsMissing(
        f"no {name} for account {account.name!r}",
        hint=f"set {variable} (or {variable}_FILE, {variable}_COMMAND), or store it: "
        f"leadctl accounts login {account.name}",
    )


def _usable(secret: str, account: Account, name: str) -> str:
    """Refuse what no header can hold, before anybody quotes it in an error."""
    if not (secret.isascii() and secret.isprintable()):
        raise CredentialsMissing(
            f"the {name} of account {account.name!r} holds characters that no key has",
            hint="look for line breaks and letters with accents; one line is needed",
        )
    return secret


def _from_file(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise CredentialsMissing(
            f"the secret's file {path} cannot be read: {reason}"
        ) from error


def _from_command(command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  the user's own command, without a shell
            shlex.split(command),
            capture_output=True,
            check=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        # The error may carry the command's output: it is not chained.
        raise CredentialsMissing(
            f"the secret's command failed ({type(error).__name__})",
            hint="try it by hand; it has to print the secret and nothing else",
        ) from None
    return done.stdout


def _systemd_file(
    account: str, name: str, environment: Mapping[str, str]
) -> str | None:
    folder = environment.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / f"leadctl-{account}-{name}" if folder else None
    return str(path) if path and path.exists() else None


def _from_keyring(entry: str) -> str:
    import keyring  # noqa: PLC0415  slow to import
    from keyring.errors import KeyringError  # noqa: PLC0415  heavy

    try:
        return keyring.get_password(SERVICE, entry) or ""
    except KeyringError:
        return ""  # no keyring here; the message names the other ways
