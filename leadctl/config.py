"""Settings: config file and environment -> frozen values, checked by name and type.

Nothing is read from the current folder on its own: a stray file must not redirect an
API key.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import platformdirs

from leadctl.errors import InputUnusable, UsageError
from leadctl.provider import Provider, installed, provider_class
from leadctl.wording import nearest
from leadctl.yamlfile import Document, parse, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from leadctl.model import Json
    from leadctl.provider import Limits
    from leadctl.yamlfile import Where

SECRET_FORMS = ("{secret}_file", "{secret}_command")

Filled = TypeVar("Filled")


@dataclass(frozen=True)
class Connection:
    """Settings every provider's account takes beside its own.

    None leaves the provider's value.

    timeout              seconds without a byte before a request is given up
    requests_per_minute  what this account is allowed, where it differs
    concurrency          requests under way at the same time
    min_interval         seconds from the end of a request to the start of the next
    batch_size           leads a request; may lower the provider's, never raise it
    ca_file              PEM file of a private certificate authority
    retry_for            seconds of waiting spent on one batch before it is given up
    doubt_delay          seconds before a batch whose answer was lost is sent again
    """

    timeout: float = 60.0
    requests_per_minute: float | None = None
    concurrency: int | None = None
    min_interval: float | None = None
    batch_size: int | None = None
    ca_file: str | None = None
    retry_for: float = 900.0
    doubt_delay: float | None = None

    def applied_to(self, limits: Limits) -> Limits:
        """Return the limits this account keeps."""
        own = {
            name: value
            for name in (
                "requests_per_minute",
                "concurrency",
                "min_interval",
                "doubt_delay",
            )
            if (value := getattr(self, name)) is not None
        }
        size = min(limits.batch_size, self.batch_size or limits.batch_size)
        return replace(limits, **own, batch_size=size)


@dataclass(frozen=True)
class Account:
    """A provider with its settings, under the name its secrets go by."""

    name: str
    provider: Provider
    connection: Connection
    secret_settings: Mapping[str, str]
    """`api_key_file`, `api_key_command` from the config file; never a secret itself."""
    suppress: tuple[str, ...] = ()
    """Files of numbers never to upload, `PATH` or `PATH::COLUMN`."""
    missing: tuple[str, ...] = ()
    """Settings without which nothing can be sent; a dry run does without them."""

    @property
    def limits(self) -> Limits:
        return self.connection.applied_to(self.provider.limits)


def config_path(asked: Path | None) -> Path:
    """Return the config file's place: as asked, else in the user's config folder."""
    return asked or platformdirs.user_config_path("leadctl") / "config.yaml"


def load(asked: Path | None) -> Document:
    """Read the config file; an empty one where there is none and none was asked for."""
    path = config_path(asked)
    if asked is None and not path.exists():
        return parse("", str(path))
    document = read(path)
    document.table((), ("accounts", "profiles"))
    return document


def account_name(
    document: Document, provider: str | None, account: str | None
) -> tuple[str, str]:
    """Settle which account of which provider is meant; returns (account, provider)."""
    accounts = document.table(("accounts",))
    if account is None:
        if provider is None:
            raise UsageError(
                "say --provider or --account", hint="see `leadctl providers`"
            )
        return provider, str(
            document.table(("accounts", provider)).get("provider", provider)
        )
    named = document.table(("accounts", account)).get("provider")
    if account not in accounts and provider is None and account not in installed():
        known = [*accounts, *installed()]
        raise UsageError(f"there is no account {account!r}{nearest(account, known)}")
    if named and provider and named != provider:
        raise UsageError(f"account {account!r} belongs to {named}, not {provider}")
    return account, str(named or provider or account)


def resolve(
    document: Document,
    environment: Mapping[str, str],
    *,
    provider: str | None,
    account: str | None = None,
    overrides: Mapping[str, Json] | None = None,
) -> Account:
    """Build an account: options (`overrides`), environment, config file, defaults.

    Required settings that are nowhere to be found are empty, and named in `missing`.
    """
    name, provider_name = account_name(document, provider, account)
    loaded = provider_class(provider_name)
    where: Where = ("accounts", name)
    secret_keys = [
        form.format(secret=s) for s in loaded.secrets for form in SECRET_FORMS
    ]
    own, common = _types(loaded), _types(Connection)
    _refuse_plain_secrets(document, where, loaded)
    table = document.table(where, ("provider", "suppress", *own, *common, *secret_keys))
    values: dict[str, Json] = {}
    for setting, kind in (own | common).items():
        variable = variable_name(name, setting)
        if overrides and setting in overrides:
            values[setting] = overrides[setting]
        elif environment.get(variable, "").strip():
            values[setting] = _from_text(environment[variable], kind, variable)
        elif table.get(setting) is not None:
            problem = document.problem(
                (*where, setting), f"{setting} must be {_NAMES[kind]}"
            )
            values[setting] = _typed(table[setting], kind, problem)
    missing = tuple(
        s for s in own if s in _required(loaded, values) and s not in values
    )
    values |= dict.fromkeys(missing, "")
    built = _filled(loaded, own, values)
    connection = _filled(Connection, common, values)
    for setting in _senseless(connection):
        raise InputUnusable(
            f"{_origin(document, where, setting, environment)} must be a number "
            f"from {_LEAST[setting]:g} to {MOST:,}"
        )
    forms = {key: str(table[key]) for key in secret_keys if key in table}
    suppress = _suppress(document, (*where, "suppress"))
    return Account(name, _addressed(built, name), connection, forms, suppress, missing)


def _suppress(document: Document, where: Where) -> tuple[str, ...]:
    """Read the account's suppression lists; paths are relative to the config file."""
    given = document.at(where)
    listed = [given] if isinstance(given, str) else [] if given is None else given
    if not isinstance(listed, list) or not all(isinstance(i, str) for i in listed):
        raise document.problem(where, "suppress must be a path or a list of paths")
    folder = Path(document.name).absolute().parent
    return tuple(str(folder / Path(str(path)).expanduser()) for path in listed)


MOST = 1_000_000
"""No setting is a larger number; a sleep cannot be either."""

_LEAST = {
    "timeout": 0.001,
    "requests_per_minute": 0.001,
    "concurrency": 1,
    "min_interval": 0,
    "batch_size": 1,
    "retry_for": 0,
    "doubt_delay": 0,
}


def _senseless(connection: Connection) -> Iterator[str]:
    """Yield the settings that are no number a run could keep to."""
    for setting, least in _LEAST.items():
        number = getattr(connection, setting)
        if number is not None and not least <= number <= MOST:
            yield setting


def _origin(
    document: Document, where: Where, setting: str, environment: Mapping[str, str]
) -> str:
    """Say where a setting was read: its variable, else its line in the config file."""
    variable = variable_name(str(where[-1]), setting)
    if variable in environment:
        return variable
    line = document.lines.get((*where, setting))
    return f"{document.name}, line {line}: {setting}" if line else setting


def _filled(
    settings: Callable[..., Filled], names: Iterable[str], values: Mapping[str, Json]
) -> Filled:
    """Build settings from values whose types were checked before."""
    return settings(**{name: values[name] for name in names if name in values})


def variable_name(account: str, setting: str) -> str:
    """Return LEADCTL_<ACCOUNT>_<SETTING>, other characters as underscores."""
    return re.sub(r"[^A-Z0-9]", "_", f"LEADCTL_{account}_{setting}".upper())


def _types(settings: type) -> dict[str, type]:
    """Map each setting to bool, int, float or str, by how its field is annotated."""
    kinds: dict[str, type] = {kind.__name__: kind for kind in (bool, int, float, str)}
    found = {}
    for field in fields(settings):
        written = field.type if isinstance(field.type, str) else field.type.__name__
        found[field.name] = kinds[written.removesuffix(" | None")]
    return found


def _required(provider: type[Provider], values: Mapping[str, Json]) -> set[str]:
    """Name the settings without a default, and those that the address is made of."""
    usual = next(
        field.default for field in fields(provider) if field.name == "base_url"
    )
    address = str(values.get("base_url", usual))
    needed = {f.name for f in fields(provider) if f.default is MISSING}
    return needed | set(_parts(address))


def _parts(address: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", address)


def _addressed(provider: Provider, account: str) -> Provider:
    """Fill in the account's part of the address: `https://{cluster_id}.voiso.com/…`."""
    address = provider.base_url
    for setting in _parts(address):
        if setting not in provider.settings():
            raise InputUnusable(
                f"base_url of account {account!r}: there is no setting {setting!r}",
                hint=f"settings: {', '.join(provider.settings())}",
            )
        value = str(getattr(provider, setting))
        if value and not re.fullmatch(r"[A-Za-z0-9-]+", value):
            raise InputUnusable(
                f"{setting} of account {account!r} must be letters, digits and - only",
                hint=f"it is the first part of the host name: {address}",
            )
        address = address.replace(f"{{{setting}}}", value)
    return replace(provider, base_url=address)


def _refuse_plain_secrets(
    document: Document, where: Where, provider: type[Provider]
) -> None:
    table = document.at(where)
    for secret in provider.secrets:
        if isinstance(table, dict) and secret in table:
            raise document.problem(
                (*where, secret),
                f"{secret} does not belong in a config file as plain text",
                hint=f"use {secret}_file or {secret}_command here, or the keyring "
                "(leadctl accounts login)",
            )


_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def _typed(value: Json, kind: type, problem: InputUnusable) -> Json:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if type(value) is not kind:
        raise problem
    return value


def _from_text(text: str, kind: type, variable: str) -> Json:
    words = {
        "true": True,
        "yes": True,
        "1": True,
        "false": False,
        "no": False,
        "0": False,
    }
    try:
        if kind is bool:
            return words[text.strip().casefold()]
        found: Json = kind(text.strip())
    except (ValueError, KeyError):
        raise InputUnusable(f"{variable} must be {_NAMES[kind]}") from None
    return found
