"""Lists the accounts: those in the config file, and those with a secret elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from leadctl.config import config, credentials
from leadctl.model.secret_sources import SecretOrigin, SecretSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadctl.config.config import Account
    from leadctl.model.yaml_file import Document


class KnownAccount(NamedTuple):
    """An account, and where each of its secrets would come from (None: nowhere).

    `account` is None if only a secret names it, as its provider is not known.
    """

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
    others = [
        name for name in config.registry(document).usable() if name not in configured
    ]
    usual = [resolve_account(document, environment, name) for name in others]
    found += [each for each in usual if any(each.secrets.values())]
    variables = {config.variable_name(each.name, "") for each in [*found, *usual]}
    return [*found, *_nameless(document, environment, variables)]


def resolve_account(
    document: Document,
    environment: Mapping[str, str],
    name: str,
) -> KnownAccount:
    account = config.resolve(document, environment, provider=None, account=name)
    secrets = {
        secret: credentials.origin(account, secret, environment)
        for secret in account.provider.secrets
    }
    return KnownAccount(name, account, secrets)


def _nameless(
    document: Document, environment: Mapping[str, str], known: set[str]
) -> Iterator[KnownAccount]:
    """Yield accounts that have a secret and neither a config nor a provider's name."""
    seen: set[str] = set()
    for way, name, secret, where in _traces(document, environment):
        prefix = config.variable_name(name, "")
        if prefix not in known | seen:
            seen.add(prefix)
            yield KnownAccount(name, None, {secret: SecretOrigin(way, where)})


def _traces(
    document: Document, environment: Mapping[str, str]
) -> Iterator[tuple[SecretSource, str, str, str]]:
    providers = config.registry(document).usable().values()
    kinds = {secret for provider in providers for secret in provider.secrets}
    secret = f"({'|'.join(sorted(kinds))})"
    for variable in sorted(filter(str.isupper, environment)):
        pattern = rf"leadctl_(\w+)_{secret}(_file|_command)?"
        match = re.fullmatch(pattern, variable.lower())
        if match and environment[variable].strip():
            yield SecretSource.ENVIRONMENT, match[1], match[2], variable
    folder = environment.get("CREDENTIALS_DIRECTORY")
    for path in sorted(Path(folder).glob("leadctl-*")) if folder else ():
        if match := re.fullmatch(rf"leadctl-(.+)-{secret}", path.name):
            yield SecretSource.SYSTEMD, match[1], match[2], str(path)
