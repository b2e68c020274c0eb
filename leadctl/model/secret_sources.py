"""Finds a secret: environment, file, command, systemd credential, keyring, in order."""

from __future__ import annotations

import os
import shlex
import subprocess
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model import system_keyring
from leadctl.model.errors import CredentialsMissing
from leadctl.model.text_file import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

COMMAND_SECONDS = 30


class SecretSource(StrEnum):
    """How a secret is provided."""

    ENVIRONMENT = "environment"
    FILE = "file"
    COMMAND = "command"
    SYSTEMD = "systemd"
    KEYRING = "keyring"


class SecretOrigin(NamedTuple):
    """Where a secret is: the way, and the variable, setting, path or entry."""

    way: SecretSource
    where: str


class Setting(NamedTuple):
    """A file or command that the config file names, and where it does."""

    value: str
    where: str


class Secret(NamedTuple):
    """A secret and its names; `settings` count where no variable is set."""

    title: str
    owner: str
    name: str
    variable: str
    settings: Mapping[SecretSource, Setting] = {}

    @property
    def entry(self) -> str:
        """Its user name in the keyring."""
        return f"{self.owner}/{self.name}"

    def find(self, environment: Mapping[str, str]) -> str:
        """Return the secret, or an empty text; a place that is empty is an error."""
        for found, read in self.ways(environment):
            if secret := read().strip():
                return secret
            if found.way is not SecretSource.KEYRING:
                raise CredentialsMissing(
                    f"no {self.title}: {found.where} is empty",
                    hint=f"set it, or remove {found.where}",
                )
        return ""

    def ways(
        self, environment: Mapping[str, str]
    ) -> Iterator[tuple[SecretOrigin, Callable[[], str]]]:
        """Yield the configured ways in order of precedence, and the keyring last."""
        if given := environment.get(self.variable, "").strip():
            origin = SecretOrigin(SecretSource.ENVIRONMENT, self.variable)
            yield origin, partial(str, given)
        for way, read in (
            (SecretSource.FILE, _from_file),
            (SecretSource.COMMAND, _from_command),
        ):
            where = f"{self.variable}_{way.upper()}"
            given = environment.get(where, "").strip()
            if not given and way in self.settings:
                given, where = self.settings[way]
            if given:
                yield SecretOrigin(way, where), partial(read, given, where)
        if folder := environment.get("CREDENTIALS_DIRECTORY"):
            path = Path(folder) / f"leadctl-{self.owner}-{self.name}"
            if path.exists():
                origin = SecretOrigin(SecretSource.SYSTEMD, str(path))
                yield origin, partial(_from_file, str(path), "LoadCredential=")
        where = f"{system_keyring.SERVICE} {self.entry}"
        origin = SecretOrigin(SecretSource.KEYRING, where)
        yield origin, partial(system_keyring.read, self.entry)


def _from_file(path: str, where: str) -> str:
    try:
        return read_text(Path(path).expanduser(), may_be_pipe=True)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise CredentialsMissing(
            f"cannot read the secret file {path}: {reason}", hint=f"{where} names it"
        ) from error


def _from_command(command: str, where: str) -> str:
    # Variables of leadctl may hold the secrets of other accounts.
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
            f"the command in {where} failed: {_failure(error)}",
            hint="run it yourself; it must print only the secret",
        ) from None
    return done.stdout


def _failure(error: Exception) -> str:
    """Say how a command failed, without its output, which may hold the secret."""
    match error:
        case FileNotFoundError():
            return "program not found"
        case OSError():
            return f"cannot start it ({error.strerror})"
        case subprocess.CalledProcessError():
            return f"exit code {error.returncode}"
        case subprocess.TimeoutExpired():
            return f"no result within {COMMAND_SECONDS} s"
        case UnicodeDecodeError():
            return "its output is not text"
        case _:
            return "unclosed quote"
