"""Finds the secrets of accounts, and stores them in the keyring."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from leadctl.config.config import registry, resolve, variable_name
from leadctl.model import system_keyring
from leadctl.model.errors import CredentialsMissing, InputUnusable
from leadctl.model.secret_sources import Secret, SecretOrigin, SecretSource, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from leadctl.config.config import Account
    from leadctl.model.yaml_file import Document


def secrets_of(account: Account, environment: Mapping[str, str]) -> dict[str, str]:
    """Find a provider's secrets; an error names every missing setting."""
    names = account.provider.secrets
    try:
        secrets = {name: _found(account, name, environment) for name in names}
    except CredentialsMissing as error:
        if settings := _variables(account.missing, account):
            raise error.but(hint=f"{error.hint}; also set {settings}") from error
        raise
    require_settings(account, environment)
    return secrets


def require_settings(account: Account, environment: Mapping[str, str]) -> None:
    """Raise InputUnusable if a setting is missing without which nothing is sent."""
    if account.missing:
        settings = _variables(account.missing, account)
        empty = _empty(account.missing, account, environment)
        raise InputUnusable(
            f"account {account.name!r} lacks {', '.join(account.missing)}{empty}",
            hint=f"set {settings}, or add it under accounts.{account.name} in "
            "the config file",
        )


def _variables(settings: Iterable[str], account: Account) -> str:
    return ", ".join(variable_name(account.name, setting) for setting in settings)


def _empty(
    settings: Iterable[str], account: Account, environment: Mapping[str, str]
) -> str:
    """Say which variables are set, but to nothing."""
    empty = [one for one in settings if variable_name(account.name, one) in environment]
    return f": {_variables(empty, account)} is set but empty" if empty else ""


def origin(
    account: Account, name: str, environment: Mapping[str, str]
) -> SecretOrigin | None:
    """Return where a secret would come from; runs no command and reads no file."""
    for found, read in _secret(account, name).ways(environment):
        if found.way is not SecretSource.KEYRING or read():
            return found
    return None


def require_keyring(account: Account) -> None:
    """Raise CredentialsMissing, with the alternatives, if nothing can be stored."""
    with _keyring(_without_keyring(account)):
        system_keyring.in_use()


def store(account: Account, name: str, secret: str) -> None:
    """Store a secret in the system keyring; raises CredentialsMissing without one."""
    with _keyring(_without_keyring(account)):
        system_keyring.store(_secret(account, name).entry, secret)


def forget(account: Account, name: str) -> bool:
    """Remove a secret from the keyring; returns whether one was there."""
    with _keyring(hint="nothing was removed"):
        return system_keyring.forget(_secret(account, name).entry)


def remedy(account: Account, name: str) -> str:
    """Say how to set a secret; names the keyring only if there is one."""
    variable = variable_name(account.name, name)
    login = f", or store it: leadctl accounts login {account.name}"
    said = f"set {variable} (or {variable}_FILE, {variable}_COMMAND)"
    return said + login if _has_keyring() else said


def first_remedy() -> str:
    """Say how to set the first secret, when there is no account yet."""
    if _has_keyring():
        return "leadctl accounts login PROVIDER"
    return "set the API key variable, e.g. LEADCTL_VOISO_API_KEY for voiso"


def _has_keyring() -> bool:
    with suppress(system_keyring.NoKeyring):
        return bool(system_keyring.in_use())
    return False


def require_usable(secret: str, account: Account, name: str) -> str:
    """Refuse a secret that no header can contain, before an error quotes it."""
    if not (secret.isascii() and secret.isprintable()):
        raise CredentialsMissing(
            f"the {name} of account {account.name!r} contains invalid characters",
            hint="a secret is one line without accented letters",
        )
    return secret


@contextmanager
def _keyring(hint: str) -> Iterator[None]:
    try:
        yield
    except system_keyring.NoKeyring as reason:
        message = f"cannot use the keyring: {reason}"
        raise CredentialsMissing(message, hint=hint) from None


def _without_keyring(account: Account) -> str:
    name = account.provider.secrets[0]
    variable = variable_name(account.name, name)
    return (
        f"set {variable}, {variable}_FILE (a file only you can read) or "
        f"{variable}_COMMAND; a systemd service can have LoadCredential="
        f"leadctl-{account.name}-{name}:PATH"
    )


def _found(account: Account, name: str, environment: Mapping[str, str]) -> str:
    if secret := _secret(account, name).find(environment):
        return require_usable(secret, account, name)
    empty = _empty([name], account, environment)
    raise CredentialsMissing(
        f"no {name} for account {account.name!r}{empty}", hint=remedy(account, name)
    )


def _secret(account: Account, name: str) -> Secret:
    settings = {
        way: Setting(given.strip(), f"accounts.{account.name}.{name}_{way}")
        for way in (SecretSource.FILE, SecretSource.COMMAND)
        if (given := account.secret_settings.get(f"{name}_{way}", "")).strip()
    }
    title = f"{name} for account {account.name!r}"
    variable = variable_name(account.name, name)
    return Secret(title, account.name, name, variable, settings)


def key_files(account: Account, environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that variables and config file name for an account's secrets."""
    for secret in account.provider.secrets:
        key = f"{secret}_file"
        variable = variable_name(account.name, key)
        if named := environment.get(variable) or account.secret_settings.get(key):
            yield Path(named).expanduser()


class KnownAccount(NamedTuple):
    """Where an account's secrets are; `account` is None if only a secret names it."""

    name: str
    account: Account | None
    secrets: Mapping[str, SecretOrigin | None]

    @property
    def has_secrets(self) -> bool:
        return self.account is not None and None not in self.secrets.values()


def known_accounts(
    document: Document, environment: Mapping[str, str]
) -> list[KnownAccount]:
    """Return the accounts of the config file, and others that have a secret."""
    configured = [*document.table(("accounts",))]
    found = [resolve_account(document, environment, name) for name in configured]
    others = [name for name in registry(document).usable() if name not in configured]
    usual = [resolve_account(document, environment, name) for name in others]
    found += [each for each in usual if any(each.secrets.values())]
    named = {variable_name(each.name, "") for each in [*found, *usual]}
    for trace in _traces(document, environment):
        if (variable := variable_name(trace.name, "")) not in named:
            named.add(variable)
            found.append(trace)
    return found


def resolve_account(
    document: Document, environment: Mapping[str, str], name: str
) -> KnownAccount:
    account = resolve(document, environment, provider=None, account=name)
    names = account.provider.secrets
    secrets = {secret: origin(account, secret, environment) for secret in names}
    return KnownAccount(name, account, secrets)


def _traces(
    document: Document, environment: Mapping[str, str]
) -> Iterator[KnownAccount]:
    """Yield an account for every secret of its own variable or credential."""
    providers = registry(document).usable().values()
    kinds = {secret for provider in providers for secret in provider.secrets}
    secret = f"({'|'.join(sorted(kinds))})"
    for variable in sorted(filter(str.isupper, environment)):
        pattern = rf"leadctl_(\w+)_{secret}(_file|_command)?"
        match = re.fullmatch(pattern, variable.lower())
        if match and environment[variable].strip():
            origin = SecretOrigin(SecretSource.ENVIRONMENT, variable)
            yield KnownAccount(match[1], None, {match[2]: origin})
    folder = environment.get("CREDENTIALS_DIRECTORY")
    for path in sorted(Path(folder).glob("leadctl-*")) if folder else ():
        if match := re.fullmatch(rf"leadctl-(.+)-{secret}", path.name):
            origin = SecretOrigin(SecretSource.SYSTEMD, str(path))
            yield KnownAccount(match[1], None, {match[2]: origin})
