"""`leadctl init`: asks for an account, checks it, and writes the config file."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import fields
from itertools import chain, count
from typing import TYPE_CHECKING, Annotated

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.output import (
    asked,
    echo,
    require_yes,
    say,
    show_error,
    somebody_is_there,
)
from leadctl.cli.parameters import Section, option
from leadctl.model.errors import InputUnusable, LeadctlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from leadctl.config.config import Account
    from leadctl.providers.base import Provider

_HEAD = """\
# Configuration of leadctl, written by `leadctl init`.
# `leadctl config check` finds mistakes, `leadctl config schema` prints every key.
# API keys do not belong here: `leadctl accounts` says where each one is.
accounts:
"""


@app.command("init", rich_help_panel=Section.SET_UP)
def init(
    provider: options.ProviderName = None,
    no_check: Annotated[
        bool, option("--no-check", "Write without checking the account.")
    ] = False,
    no_input: options.NoInput = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Set up an account: ask for settings and key, check them, write the config.

    Stores the key in the system keyring after a read-only call has accepted it. Adds
    the account to a config file that exists, and keeps the old file.

    Example: leadctl init --provider voiso
    """
    from leadctl.cli.accounts import log_in
    from leadctl.config import config as settings
    from leadctl.config import credentials

    path = settings.config_path(config)
    if no_input or not somebody_is_there():
        raise UsageError(
            "init asks questions and requires a terminal without --no-input",
            hint=f"set the account's variables (docs/accounts.md), or write {path}",
        )
    if os.path.lexists(path):
        kept = f"keep the old file as {_old(path).name}"
        question = f"{path} exists. Add an account, and {kept}?"
        require_yes(question, yes=False, no_input=False)
    account, lines = _asked_account(path, provider)
    content = _with_account(path, account.name, lines)
    try:
        credentials.require_keyring(account)
    except LeadctlError as error:
        show_error(error)
    else:
        log_in(account, None, ledger, no_check=no_check)
    _write(path, content)
    say(f"written: {path}")
    echo(f"next: leadctl push FILE --provider {account.name} --campaign ID --dry-run")


def _asked_account(path: Path, name: str | None) -> tuple[Account, str]:
    """Ask for provider and settings until they can be used; returns the lines, too."""
    from leadctl.config import config as settings
    from leadctl.model.yaml_file import parse
    from leadctl.providers.base_url import require_safe_url
    from leadctl.providers.settings import kinds

    known = settings.registry_beside(path).usable()
    while name not in known:
        if name is not None:
            say(f"no provider {name!r}")
        name = asked(f"Provider ({', '.join(known)}): ")

    def resolved(said: Mapping[str, str]) -> tuple[Account, str]:
        lines = "".join(f"{line}\n" for line in _account_lines(known[name], said))
        document = parse(_HEAD + lines, str(path))
        account = settings.resolve(document, os.environ, provider=name)
        if "base_url" in said:
            require_safe_url(account.provider.base_url)
        return account, lines

    said: dict[str, str] = {}
    account, lines = resolved(said)
    while account.missing:
        setting = account.missing[0]
        about = kinds(known[name])[setting].about
        answer = asked(f"{setting}{f' ({about})' if about else ''}: ")
        try:
            account, lines = resolved({**said, setting: answer})
        except LeadctlError as error:
            show_error(error)
        else:
            said[setting] = answer
    return account, lines


def _with_account(path: Path, name: str, lines: str) -> str:
    """Return a config file with an account added; its other lines stay as they are.

    Raises InputUnusable, with the lines to add, where that is not possible.
    """
    from leadctl.model import yaml_file

    before = yaml_file.read(path) if os.path.lexists(path) else None
    if before is None or not before.content:
        return _HEAD + lines
    accounts = before.table(("accounts",))
    old = path.read_text(encoding="utf-8-sig").rstrip("\n") + "\n"
    if "accounts" not in before.table(()):
        old += "\naccounts:\n"
    top = re.search(r"^accounts:( *\{ *\})?.*\n", old, re.MULTILINE)
    if top and name not in accounts:
        begun = top[0].replace(top[1] or "", "")
        new = f"{old[: top.start()]}{begun}{lines}{old[top.end() :]}"
        with suppress(InputUnusable):
            found = yaml_file.parse(new, str(path)).table(("accounts",))
            if found.items() >= accounts.items() and name in found:
                return new
    what = "has an account" if name in accounts else "cannot be extended by an account"
    raise InputUnusable(
        f"{path} {what} {name}; it stays as it is",
        hint=f"under accounts:, write\n{lines}".rstrip(),
    )


def _account_lines(provider: type[Provider], said: Mapping[str, str]) -> Iterator[str]:
    from leadctl.providers.settings import kinds

    yield f"  {provider.name}:"
    yield f"    provider: {provider.name}"
    usual = {field.name: field.default for field in fields(provider)}
    for name, kind in kinds(provider).items():
        about = f"  # {kind.about}" if kind.about else ""
        if name in said:
            yield f"    {name}: {json.dumps(said[name])}{about}"
        else:
            yield f"    # {name}: {json.dumps(usual[name], default=str)}{about}"


def _write(path: Path, content: str) -> None:
    from leadctl.model.atomic_write import atomic_write
    from leadctl.model.private_files import make_private
    from leadctl.model.text_file import writing

    def keep_old(_new: Path) -> None:
        if os.path.lexists(path):
            path.rename(_old(path))

    with writing(path, hint="choose another location with --config"):
        make_private(path.parent)
        with atomic_write(path, before=keep_old) as file:
            file.write(content)


def _old(path: Path) -> Path:
    """Return the free name under which a config file is kept."""
    ends = chain(["old"], (f"old-{number}" for number in count(2)))
    places = (path.with_name(f"{path.name}.{end}") for end in ends)
    return next(place for place in places if not os.path.lexists(place))
