"""Checks the whole configuration, unused parts too; reports all problems at once."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from leadctl.cli.checks import Check, Grade, problem, warning
from leadctl.config import config
from leadctl.config.credentials import key_files
from leadctl.importing.suppression_entries import List
from leadctl.mapping import profile
from leadctl.model.errors import ExitCode, InputUnusable, LeadctlError
from leadctl.model.private_files import is_our_own, permission_problems
from leadctl.model.wording import count, nearest
from leadctl.providers.base_url import require_safe_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from leadctl.config.config import Account
    from leadctl.model.yaml_file import Document, Where

Found = TypeVar("Found")


def configuration(
    asked: Path | None,
    environment: Mapping[str, str],
    options: Iterable[str],
    *,
    unset: Grade = Grade.WARNING,
) -> Iterator[Check]:
    """Check the config file and the variables.

    `options` are the variables that command-line options read; `unset` is the grade of
    a required setting that is missing.
    """
    path = config.config_path(asked)
    try:
        found = config.load(asked)
    except LeadctlError as error:
        yield problem("config", error)
        return
    if path.exists():
        yield Check("config", f"{path} is readable")
        for message, remedy in permission_problems(path, "the config file"):
            yield warning("config", message, remedy)
    else:
        usual = "using defaults and environment variables"
        yield Check("config", f"{path} does not exist; {usual}")
    registry = config.registry(found)
    for file in registry.files:
        if file.exists() and not is_our_own(file):
            message = f"the provider file {file} can be changed by other users"
            yield warning("config", message, f"chmod go-w {shlex.quote(str(file))}")
    for name, reason in registry.unusable():
        yield warning(f"provider {name}", reason.message, reason.hint)
    yield from _accounts_and_profiles(found, environment, unset)
    yield from _unknown_variables(found, environment, {*options})


def _accounts_and_profiles(
    found: Document, environment: Mapping[str, str], unset: Grade
) -> Iterator[Check]:
    try:
        for name in config.account_names(found, environment):
            yield from _account(found, environment, unset, name)
    except LeadctlError as error:
        yield problem("config", error)
    try:
        for name in found.table(("profiles",)):
            yield from _profile(found, name)
    except LeadctlError as error:
        yield problem("config", error)


def _account(
    found: Document, environment: Mapping[str, str], unset: Grade, name: str
) -> Iterator[Check]:
    def resolved(document: Document) -> Account:
        return config.resolve(document, environment, provider=None, account=name)

    topic, part = f"account {name}", ("accounts", name)
    mistakes, places, account = _read_through(found, part, resolved)
    yield from (problem(topic, error) for error in mistakes)
    if account is None:
        return
    unusable = [*_unusable(account)]
    yield from (problem(topic, error) for error in unusable)
    if not (mistakes or unusable):
        yield Check(topic, f"{account.provider.title}, {account.provider.base_url}")
    for key in account.missing:
        if (*part, key) not in places:
            message = f"{key} is not set"
            variable = config.variable_name(name, key)
            remedy = f"set {key} in the config file, or {variable}"
            yield Check(topic, message, unset, remedy, ExitCode.INPUT)
    for path in key_files(account, environment):
        for message, remedy in permission_problems(path, "the key file"):
            yield warning(topic, message, remedy)


def _read_through(
    document: Document, part: Where, read: Callable[[Document], Found]
) -> tuple[list[LeadctlError], list[Where], Found | None]:
    """Read a part of the document; return it with all problems and their places.

    Each problem is removed and the rest read again, so what is missing then is no
    finding.
    """
    mistakes: list[LeadctlError] = []
    places: list[Where] = []
    while True:
        try:
            return mistakes, places, read(document)
        except LeadctlError as error:
            where = error.where if isinstance(error, InputUnusable) else ()
            if where and any(place[: len(where)] == where for place in places):
                return mistakes, places, None
            mistakes.append(error)
            if where not in document.lines or where in ((), part):
                return mistakes, places, None
            places.append(where)
            document = document.without(where)


def _unusable(account: Account) -> Iterator[InputUnusable]:
    """Yield what would stop a run with an account: its address, its files."""
    try:
        if not account.missing:
            require_safe_url(account.provider.base_url)
    except InputUnusable as error:
        yield error
    named = [("ca_file", Path(account.connection.ca_file or "."))]
    named += [("suppress", List.named(text).path) for text in account.suppress]
    named += [
        (key, Path(given).expanduser())
        for key, given in account.secret_settings.items()
        if key.endswith("_file")
    ]
    for key, path in named:
        if path != Path() and not path.is_file():
            yield InputUnusable(f"{key} of account {account.name!r}: no file {path}")


def _profile(found: Document, name: str) -> Iterator[Check]:
    topic, part = f"profile {name}", ("profiles", name)
    mistakes, _, read = _read_through(found, part, partial(profile.load, at=part))
    yield from (problem(topic, error) for error in mistakes)
    if read and not mistakes:
        yield Check(topic, count(len(read.fields), "field"))
        if "phone" not in read.fields:
            yield warning(topic, "`phone` is not mapped", "add phone: COLUMN")


def _unknown_variables(
    found: Document, environment: Mapping[str, str], options: set[str]
) -> Iterator[Check]:
    """Warn about variables that begin with LEADCTL_ and that nothing reads."""
    providers = config.registry(found).usable()
    accounts = {*found.table(("accounts",)), *providers}
    keys = {
        key
        for provider in providers.values()
        for key in (*config.allowed_settings(provider), *provider.secrets)
    }
    known = options | config.LEDGER_KEY
    known |= {config.variable_name(a, key) for a in accounts for key in keys}
    endings = tuple(config.variable_name("", key)[len("LEADCTL_") :] for key in keys)
    for variable in environment:
        # One of an account that is nowhere else named ends like a setting.
        ours = variable.startswith("LEADCTL_") and variable not in known
        if ours and not variable.endswith(endings):
            message = f"unknown variable {variable}{nearest(variable, known)}"
            yield warning("environment", message, f"unset {variable}")
