"""A secret by name: environment, file, command, systemd credential, keyring, in this order.

The one door to `keyring`. A secret is never part of a settings object, and never in a message.
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl.config import variable_name
from leadctl.errors import CredentialsMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leadctl.config import Account

SERVICE = "leadctl"
"""Name under which secrets lie in the keyring; the user name there is `<account>/<secret>`."""

COMMAND_SECONDS = 30


def secrets_of(account: Account, environment: Mapping[str, str]) -> dict[str, str]:
    """Find every secret the account's provider needs; CredentialsMissing names what to set."""
    return {name: _secret(account, name, environment) for name in account.provider.secrets}


def _secret(account: Account, name: str, environment: Mapping[str, str]) -> str:
    variable = variable_name(account.name, name)
    settings = account.secret_settings
    sources: list[tuple[str | None, Callable[[str], str]]] = [
        (environment.get(variable), str),
        (environment.get(f"{variable}_FILE") or settings.get(f"{name}_file"), _from_file),
        (environment.get(f"{variable}_COMMAND") or settings.get(f"{name}_command"), _from_command),
        (_systemd_file(account.name, name, environment), _from_file),
        (f"{account.name}/{name}", _from_keyring),
    ]
    for given, read in sources:
        if given and (secret := read(given).strip()):
            return secret
    raise CredentialsMissing(
        f"no {name} for account {account.name!r}",
        hint=f"set {variable} (or {variable}_FILE, {variable}_COMMAND), or store it: "
        f"leadctl accounts login {account.name}",
    )


def _from_file(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise CredentialsMissing(f"the secret's file {path} cannot be read: {reason}") from error


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
            hint=f"try it by hand: {command}",
        ) from None
    return done.stdout


def _systemd_file(account: str, name: str, environment: Mapping[str, str]) -> str | None:
    folder = environment.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / f"leadctl-{account}-{name}" if folder else None
    return str(path) if path and path.exists() else None


def _from_keyring(entry: str) -> str:
    import keyring  # noqa: PLC0415  slow to import, and the last resort
    from keyring.errors import KeyringError  # noqa: PLC0415

    try:
        return keyring.get_password(SERVICE, entry) or ""
    except KeyringError:
        return ""  # no keyring here; the message names the other ways
