"""Which accounts there are: in the config file, and wherever a secret lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leadctl import config, credentials
from leadctl.provider import installed, provider_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadctl.config import Account
    from leadctl.credentials import Origin
    from leadctl.yamlfile import Document


@dataclass(frozen=True)
class Known:
    """An account, and where each of its secrets would come from (None: nowhere).

    `account` is None for one that only its secret tells of: nobody said whose it is.
    """

    name: str
    account: Account | None
    secrets: Mapping[str, Origin | None]

    @property
    def has_secrets(self) -> bool:
        return self.account is not None and None not in self.secrets.values()


def known(document: Document, environment: Mapping[str, str]) -> list[Known]:
    """Return the accounts of the config file, and whatever else has a secret."""
    configured = [*document.table(("accounts",))]
    found = [resolved(document, environment, name) for name in configured]
    others = [name for name in installed() if name not in configured]
    usual = [resolved(document, environment, name) for name in others]
    found += [each for each in usual if any(each.secrets.values())]
    variables = {config.variable_name(each.name, "") for each in [*found, *usual]}
    return [*found, *_nameless(environment, variables)]


def resolved(
    document: Document,
    environment: Mapping[str, str],
    name: str,
    provider: str | None = None,
) -> Known:
    account = config.resolve(document, environment, provider=provider, account=name)
    secrets = {
        secret: credentials.origin(account, secret, environment)
        for secret in account.provider.secrets
    }
    return Known(name, account, secrets)


def _nameless(environment: Mapping[str, str], known: set[str]) -> Iterator[Known]:
    """Yield accounts that have a secret and neither a config nor a provider's name."""
    seen: set[str] = set()
    for way, name, secret, where in _traces(environment):
        prefix = config.variable_name(name, "")
        if prefix not in known | seen:
            seen.add(prefix)
            yield Known(name, None, {secret: credentials.Origin(way, where)})


def _traces(
    environment: Mapping[str, str],
) -> Iterator[tuple[credentials.Way, str, str, str]]:
    kinds = {secret for name in installed() for secret in provider_class(name).secrets}
    secret = f"({'|'.join(sorted(kinds))})"
    for variable in sorted(filter(str.isupper, environment)):
        pattern = rf"leadctl_(\w+)_{secret}(_file|_command)?"
        match = re.fullmatch(pattern, variable.lower())
        if match and environment[variable].strip():
            yield credentials.Way.ENVIRONMENT, match[1], match[2], variable
    folder = environment.get("CREDENTIALS_DIRECTORY")
    for path in sorted(Path(folder).glob("leadctl-*")) if folder else ():
        if match := re.fullmatch(rf"leadctl-(.+)-{secret}", path.name):
            yield credentials.Way.SYSTEMD, match[1], match[2], str(path)
