"""Finds a secret: environment, file, command, systemd credential, keyring, in order.

A secret is never part of a settings object, and never in a message.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from leadctl.config import system_keyring
from leadctl.config.config import variable_name
from leadctl.model.errors import CredentialsMissing, InputUnusable
from leadctl.model.text_file import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from leadctl.config.config import Account

COMMAND_SECONDS = 30


class SecretSource(StrEnum):
    """How a secret comes to us."""

    ENVIRONMENT = "environment"
    FILE = "file"
    COMMAND = "command"
    SYSTEMD = "systemd"
    KEYRING = "keyring"


class SecretOrigin(NamedTuple):
    """Where a secret comes from: the way, and the variable, setting, path or entry."""

    way: SecretSource
    where: str


def secrets_of(account: Account, environment: Mapping[str, str]) -> dict[str, str]:
    """Find every secret the account's provider needs.

    Raises CredentialsMissing, which names what to set, other missing settings included;
    and InputUnusable where only those are missing.
    """
    settings = _variables(account.missing, account)
    try:
        secrets = {
            name: _secret(account, name, environment)
            for name in account.provider.secrets
        }
    except CredentialsMissing as error:
        if settings:
            raise error.but(hint=f"{error.hint}; also set {settings}") from error
        raise
    require_settings(account)
    return secrets


def require_settings(account: Account) -> None:
    """Raise InputUnusable where a setting is missing without which nothing is sent."""
    if account.missing:
        settings = _variables(account.missing, account)
        raise InputUnusable(
            f"account {account.name!r} needs {', '.join(account.missing)}",
            hint=f"set {settings}, or write it under accounts.{account.name} "
            "in the config file",
        )


def _variables(settings: Iterable[str], account: Account) -> str:
    return ", ".join(variable_name(account.name, setting) for setting in settings)


def origin(
    account: Account, name: str, environment: Mapping[str, str]
) -> SecretOrigin | None:
    """Say where a secret would come from; no command is run and no file is read."""
    for found, read in _ways(account, name, environment):
        if found.way is not SecretSource.KEYRING or read():
            return found
    return None


def require_keyring(account: Account) -> None:
    """Raise CredentialsMissing, with the other ways, where nothing can be stored."""
    try:
        system_keyring.in_use()
    except system_keyring.NoKeyring as reason:
        raise _no_keyring(account, reason) from None


def store(account: Account, name: str, secret: str) -> None:
    """Keep a secret in the system keyring; CredentialsMissing where there is none."""
    try:
        system_keyring.store(f"{account.name}/{name}", secret)
    except system_keyring.NoKeyring as reason:
        raise _no_keyring(account, reason) from None


def forget(account: Account, name: str) -> bool:
    """Remove a secret from the keyring; returns whether one was there."""
    try:
        return system_keyring.forget(f"{account.name}/{name}")
    except system_keyring.NoKeyring as reason:
        raise CredentialsMissing(
            f"the keyring cannot be used: {reason}", hint="nothing was removed"
        ) from None


def remedy(account: Account, name: str) -> str:
    """Say how an account gets a secret; by the keyring only where there is one."""
    variable = variable_name(account.name, name)
    said = f"set {variable} (or {variable}_FILE, {variable}_COMMAND)"
    if _has_keyring():
        said += f", or store it: leadctl accounts login {account.name}"
    return said


def first_remedy() -> str:
    """Say the same where there is no account yet."""
    if _has_keyring():
        return "leadctl accounts login PROVIDER"
    return "set the key's variable, e.g. LEADCTL_VOISO_API_KEY for voiso"


def _has_keyring() -> bool:
    try:
        system_keyring.in_use()
    except system_keyring.NoKeyring:
        return False
    return True


def require_usable(secret: str, account: Account, name: str) -> str:
    """Refuse what no header can hold, before anybody quotes it in an error."""
    if not (secret.isascii() and secret.isprintable()):
        raise CredentialsMissing(
            f"the {name} of account {account.name!r} holds characters that no key has",
            hint="look for line breaks and letters with accents; one line is needed",
        )
    return secret


def _no_keyring(
    account: Account, reason: system_keyring.NoKeyring
) -> CredentialsMissing:
    name = account.provider.secrets[0]
    variable = variable_name(account.name, name)
    return CredentialsMissing(
        f"the keyring cannot be used: {reason}",
        hint=f"set {variable}, {variable}_FILE (a file only you can read) or "
        f"{variable}_COMMAND; a systemd service can have LoadCredential="
        f"leadctl-{account.name}-{name}:PATH",
    )


def _secret(account: Account, name: str, environment: Mapping[str, str]) -> str:
    for found, read in _ways(account, name, environment):
        if secret := read().strip():
            return require_usable(secret, account, name)
        if found.way is not SecretSource.KEYRING:
            # Another key must not be used in its place.
            raise CredentialsMissing(
                f"no {name} for account {account.name!r}: "
                f"what {found.where} names holds nothing",
                hint=f"correct it, or remove {found.where}",
            )
    raise CredentialsMissing(
        f"no {name} for account {account.name!r}", hint=remedy(account, name)
    )


def _ways(
    account: Account, name: str, environment: Mapping[str, str]
) -> Iterator[tuple[SecretOrigin, Callable[[], str]]]:
    """Yield the ways that were chosen, in their order, and the keyring at last."""
    variable = variable_name(account.name, name)
    if given := environment.get(variable, "").strip():
        yield SecretOrigin(SecretSource.ENVIRONMENT, variable), partial(str, given)
    for way, read in (
        (SecretSource.FILE, _from_file),
        (SecretSource.COMMAND, _from_command),
    ):
        where, setting = f"{variable}_{way.upper()}", f"{name}_{way}"
        given = environment.get(where, "").strip()
        if not given:
            where = f"accounts.{account.name}.{setting}"
            given = account.secret_settings.get(setting, "").strip()
        if given:
            yield SecretOrigin(way, where), partial(read, given, where)
    if folder := environment.get("CREDENTIALS_DIRECTORY"):
        path = Path(folder) / f"leadctl-{account.name}-{name}"
        if path.exists():
            yield (
                SecretOrigin(SecretSource.SYSTEMD, str(path)),
                partial(_from_file, str(path), "LoadCredential="),
            )
    entry = f"{account.name}/{name}"
    yield (
        SecretOrigin(SecretSource.KEYRING, f"{system_keyring.SERVICE} {entry}"),
        partial(system_keyring.read, entry),
    )


def key_files(account: Account, environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that variables and config file name for an account's secrets."""
    for secret in account.provider.secrets:
        key = f"{secret}_file"
        variable = variable_name(account.name, key)
        named = environment.get(variable) or account.secret_settings.get(key)
        if named:
            yield Path(named).expanduser()


def _from_file(path: str, where: str) -> str:
    try:
        return read_text(Path(path).expanduser(), may_be_pipe=True)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise CredentialsMissing(
            f"the secret's file {path} cannot be read: {reason}",
            hint=f"{where} names it",
        ) from error


def _from_command(command: str, where: str) -> str:
    # Our own variables may hold the secrets of other accounts.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LEADCTL_")}
    try:
        done = subprocess.run(  # noqa: S603  the user's own command, without a shell
            shlex.split(command),
            capture_output=True,
            check=True,
            env=environment,
            stdin=subprocess.DEVNULL,  # ours may hold leads
            text=True,
            timeout=COMMAND_SECONDS,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        # The error may carry the command's output: it is not chained.
        raise CredentialsMissing(
            f"the command that {where} names failed: {_failure(error)}",
            hint="try it by hand; it has to print the secret and nothing else",
        ) from None
    return done.stdout


def _failure(error: Exception) -> str:
    """Say how a command failed, without a word of its own: it may be the secret."""
    match error:
        case FileNotFoundError():
            return "there is no such program"
        case OSError():
            return f"it cannot be started ({error.strerror})"
        case subprocess.CalledProcessError():
            return f"it ended with {error.returncode}"
        case subprocess.TimeoutExpired():
            return f"it took more than {COMMAND_SECONDS} s"
        case UnicodeDecodeError():
            return "what it prints is no text"
        case _:
            return "a quote in it is never closed"
