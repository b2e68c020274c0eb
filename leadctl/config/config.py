"""Loads settings by name and type; never from a file in the current folder."""

from __future__ import annotations

import os
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import platformdirs

from leadctl.model.errors import InputUnusable, UsageError
from leadctl.model.wording import nearest
from leadctl.model.yaml_file import Document, parse, read
from leadctl.providers.base_url import parts, with_base_url
from leadctl.providers.registry import Registry
from leadctl.providers.settings import (
    ConnectionSettings,
    SettingKind,
    SettingOrigin,
    SettingSource,
    kinds,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from leadctl.model.leads import Json
    from leadctl.model.yaml_file import Where
    from leadctl.providers.base import Limits, Provider

SECRET_FORMS = ("{secret}_file", "{secret}_command")

Filled = TypeVar("Filled")


class Account(NamedTuple):
    """A provider with its settings; secrets are stored under the account's name."""

    name: str
    provider: Provider
    connection: ConnectionSettings
    secret_settings: Mapping[str, str]
    """`api_key_file`, `api_key_command` from the config file; never a secret itself."""
    suppress: tuple[str, ...] = ()
    """Files of numbers never to upload, `PATH` or `PATH::COLUMN`."""
    missing: tuple[str, ...] = ()
    """Settings without which nothing can be sent; a dry run does without them."""
    origins: Mapping[str, SettingOrigin] = {}
    """Where settings were read; those that are not here have their default."""

    @property
    def limits(self) -> Limits:
        limits, safe = self.provider.limits, self.provider.resend_is_safe
        if not isinstance(safe, bool):  # only so many seconds later
            limits = limits._replace(doubt_delay=safe)
        return self.connection.applied_to(limits)


def config_path(asked: Path | None) -> Path:
    """Return the config file's path: as asked, else in the user's config folder."""
    return asked or platformdirs.user_config_path("leadctl") / "config.yaml"


def named(asked: str | os.PathLike[str] | None) -> Path | None:
    """Return the config file that was named, by an option or LEADCTL_CONFIG."""
    found = asked or os.environ.get("LEADCTL_CONFIG")
    return Path(found) if found else None


def load(asked: Path | None) -> Document:
    """Read the config file; it is empty if none was named and there is none."""
    path = config_path(asked)
    if asked is None and not path.exists():
        return parse("", str(path))
    document = read(path, may_be_pipe=asked is not None)
    document.table((), ("accounts", "profiles", "provider_files"))
    _require_own_variables(document)
    return document


def registry(document: Document) -> Registry:
    """Return installed providers, and those in files named in or beside the config."""
    folder = Path(document.name).absolute().parent
    listed = _listed_paths(document, ("provider_files",))
    return Registry((*listed, *sorted(folder.glob("providers/*.y*ml"))))


def registry_beside(asked: Path | None) -> Registry:
    """Return the same without those that the config file names: it may be broken."""
    return registry(parse("", str(config_path(asked))))


def is_definition(provider: str | None) -> bool:
    """Tell the path of a provider's file from the name of a provider."""
    return provider is not None and provider.endswith((".yaml", ".yml"))


def with_definition(document: Document, provider: str) -> tuple[Document, str]:
    """Accept a file in place of a provider's name; it wins over all others."""
    if not is_definition(provider):
        return document, provider
    from leadctl.providers.declared.file import load  # noqa: PLC0415  rarely needed

    path = Path(provider).expanduser().absolute()
    name = load(path).name
    listed: list[Json] = [str(path), *map(str, registry(document).files)]
    content = {**document.table(()), "provider_files": listed}
    return document._replace(content=content), name


def provider_shown(document: Document, name: str) -> type[Provider]:
    """Return the provider of a name or file; of an account's name, say whose it is."""
    document, found = with_definition(document, name)
    try:
        return registry(document).provider(found)
    except UsageError as error:
        raise error.but(hint=_instead(document, name) or error.hint) from None


def _instead(document: Document, name: str) -> str:
    """Suggest the right option if a file or an account was given as the provider."""
    for end in (".yaml", ".yml"):
        if Path(name + end).is_file():
            return f"to show the file: leadctl providers show {name}{end}"
    of = document.table(("accounts", name)).get("provider")
    if isinstance(of, str):
        return f"{name!r} is an account of {of}: leadctl providers show {of}"
    return ""


def account_names(document: Document, environment: Mapping[str, str]) -> list[str]:
    """Name the accounts of the config file, and providers with variables."""
    names = [*document.table(("accounts",))]
    for provider, loaded in registry(document).usable().items():
        settings = (*allowed_settings(loaded), *loaded.secrets)
        known = {variable_name(provider, key) for key in settings}
        if provider not in names and known & environment.keys():
            names.append(provider)
    return names


def accounts_of(document: Document, provider: str) -> list[str]:
    """Name the accounts that the config file has for a provider."""
    accounts = document.table(("accounts",))
    return [name for name in accounts if _stated_provider(document, name) == provider]


def allowed_settings(provider: type[Provider]) -> dict[str, SettingKind]:
    """Map all settings of an account, without the secrets themselves."""
    return kinds(provider) | kinds(ConnectionSettings) | _secret_forms(provider)


def account_name(
    document: Document, provider: str | None, account: str | None
) -> tuple[str, str]:
    """Resolve the account and its provider; returns (account, provider)."""
    accounts, providers = document.table(("accounts",)), registry(document).names()
    name = account or provider
    if name is None:
        message = "missing --provider (or --account)"
        raise UsageError(message, hint="see `leadctl providers`")
    if variable_name(name, "") == OF_LEDGER:
        raise UsageError(_ledgers(name), hint="name another one with --account")
    stated = _stated_provider(document, name)
    if stated and provider and stated != provider:
        if account is None and provider not in providers:
            message = f"{provider!r} is an account, not a provider"
            raise UsageError(message, hint=f"--account {provider}")
        raise UsageError(f"account {name!r} belongs to {stated}, not {provider}")
    if found := stated or provider:
        return name, found
    if name in providers:
        return name, name
    if name in accounts:
        raise document.problem(
            ("accounts", name),
            f"account {name!r} has no provider",
            hint=f"add provider: NAME to it; providers: {', '.join(providers)}",
        )
    near = nearest(name, [*accounts, *providers])
    raise UsageError(f"no account {name!r}{near}")


def resolve(
    document: Document,
    environment: Mapping[str, str],
    *,
    provider: str | None,
    account: str | None = None,
    overrides: Mapping[str, Json] | None = None,
) -> Account:
    """Build an account: options (`overrides`), environment, config file, defaults."""
    if provider is not None:
        document, provider = with_definition(document, provider)
    name, provider_name = account_name(document, provider, account)
    loaded = registry(document).provider(provider_name)
    where: Where = ("accounts", name)
    own, common, forms = kinds(loaded), kinds(ConnectionSettings), _secret_forms(loaded)
    _refuse_plain_secrets(document, where, loaded)
    document.table(where, ("provider", "suppress", *own, *common, *forms))
    places = _Places(document, environment, where, overrides or {})
    said = {key: places.said(key, kind) for key, kind in (own | common).items()}
    ways = {key: places.in_file(key, kind) for key, kind in forms.items()}
    found = {key: value for key, value in (said | ways).items() if value is not None}
    values = {key: value for key, (value, _) in found.items()}
    required = _required(loaded, values)
    missing = tuple(key for key in own if key in required and key not in values)
    values |= dict.fromkeys(missing, "")
    return Account(
        name,
        with_base_url(_filled(loaded, own, values), name),
        _filled(ConnectionSettings, common, values),
        {key: str(values[key]) for key in forms if key in values},
        tuple(map(str, _listed_paths(document, (*where, "suppress")))),
        missing,
        {key: origin for key, (_, origin) in found.items()},
    )


class _Places(NamedTuple):
    """The places of an account's settings; the first that has one wins."""

    document: Document
    environment: Mapping[str, str]
    where: Where
    overrides: Mapping[str, Json]

    def said(self, key: str, kind: SettingKind) -> tuple[Json, SettingOrigin] | None:
        if key in self.overrides:
            return self.overrides[key], SettingOrigin(SettingSource.OPTION)
        return self._in_variable(key, kind) or self.in_file(key, kind)

    def _in_variable(
        self, key: str, kind: SettingKind
    ) -> tuple[Json, SettingOrigin] | None:
        variable = variable_name(str(self.where[-1]), key)
        text = self.environment.get(variable, "")
        if not text.strip():
            return None
        try:
            value = kind.from_text(text)
        except ValueError as error:
            raise InputUnusable(f"{variable} {error}") from None
        origin = SettingOrigin(SettingSource.ENVIRONMENT, variable)
        return _path(value) if kind.path else value, origin

    def in_file(self, key: str, kind: SettingKind) -> tuple[Json, SettingOrigin] | None:
        place = (*self.where, key)
        written = self.document.at(place)
        if written is None:
            return None
        try:
            value = kind.from_file(written)
        except ValueError as error:
            raise self.document.problem(place, f"{key} {error}") from None
        if kind.path:  # not from the current folder, which is anywhere
            value = _path(value, beside=self.document.name)
        at = f"{self.document.name}:{self.document.lines[place]}"
        return value, SettingOrigin(SettingSource.FILE, at)


def _path(value: Json, *, beside: str = "") -> str:
    return str(Path(beside).parent / Path(str(value)).expanduser())


def _listed_paths(document: Document, where: Where) -> list[Path]:
    """Return one path or a list of them, relative to the config file."""
    given = document.at(where)
    listed = [given] if isinstance(given, str) else [] if given is None else given
    if not isinstance(listed, list) or not all(isinstance(i, str) for i in listed):
        said = f"{where[-1]} must be a path or a list of paths"
        raise document.problem(where, said)
    folder = Path(document.name).absolute().parent
    return [folder / Path(str(path)).expanduser() for path in listed]


def _secret_forms(provider: type[Provider]) -> dict[str, SettingKind]:
    """Map the allowed keys for secrets in a file: api_key_file, api_key_command."""
    return {
        form.format(secret=secret): SettingKind(str, path=form.endswith("_file"))
        for secret in provider.secrets
        for form in SECRET_FORMS
    }


def _stated_provider(document: Document, account: str) -> str | None:
    """Return whose the account is by the file; InputUnusable where there is no such."""
    where = ("accounts", account, "provider")
    stated = document.table(where[:-1]).get("provider")
    known = registry(document).names()
    if stated is not None and stated not in known:
        raise document.problem(
            where,
            f"no provider {stated!r}{nearest(str(stated), known)}",
            hint=f"providers: {', '.join(known)}",
        )
    return None if stated is None else str(stated)


OF_LEDGER = "LEADCTL_LEDGER_"
LEDGER_KEY = {f"{OF_LEDGER}KEY{way}" for way in ("", "_FILE", "_COMMAND")}
"""Variables that hold or name the key of the ledger's hashes."""


def _require_own_variables(document: Document) -> None:
    """Refuse two names with the same variables: they would share a key."""
    seen: dict[str, str] = {}
    for name in document.table(("accounts",)):
        variable, where = variable_name(name, ""), ("accounts", name)
        if variable == OF_LEDGER:
            raise document.problem(where, _ledgers(name), hint="give it another name")
        if variable in seen:
            names = f"{seen[variable]!r} and {name!r}"
            message = f"accounts {names} share the variables {variable}…"
            raise document.problem(where, message, hint="rename one of them")
        seen[variable] = name


def _ledgers(name: str) -> str:
    return f"no account can be called {name!r}: {OF_LEDGER}… belong to the ledger"


def _filled(
    settings: Callable[..., Filled], names: Iterable[str], values: Mapping[str, Json]
) -> Filled:
    """Build settings from values whose types are checked already."""
    return settings(**{name: values[name] for name in names if name in values})


def variable_name(account: str, key: str) -> str:
    """Return LEADCTL_<ACCOUNT>_<SETTING>, other characters as underscores."""
    return re.sub(r"[^A-Z0-9]", "_", f"LEADCTL_{account}_{key}".upper())


def _required(provider: type[Provider], values: Mapping[str, Json]) -> set[str]:
    """Name the settings without a default, including those that the address needs."""
    usual = {field.name: field.default for field in fields(provider)}
    needed = {name for name, default in usual.items() if default is MISSING}
    address = str(values.get("base_url", usual["base_url"]))
    return needed | {part for part in parts(address) if not usual.get(part)}


def _refuse_plain_secrets(
    document: Document, where: Where, provider: type[Provider]
) -> None:
    for secret in provider.secrets:
        if secret in document.table(where):
            raise document.problem(
                (*where, secret),
                f"{secret} must not be stored in the config file as plain text",
                hint=f"use {secret}_file or {secret}_command here, or the keyring "
                "(leadctl accounts login)",
            )
