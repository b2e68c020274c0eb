"""`leadctl config`: the configuration, and where each value and secret comes from."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.checks import conclude
from leadctl.cli.commands import Commands
from leadctl.cli.output import echo, echo_json, opened_screen
from leadctl.cli.parameters import VARIABLES, Section
from leadctl.model.printable import text_of

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.config.config import Account
    from leadctl.model.leads import Json
    from leadctl.reports.screen import Grid, Screen

group = Commands(help="Inspect the configuration.", no_args_is_help=True)
app.add_typer(group, name="config", rich_help_panel=Section.SET_UP)


@group.command("path")
def path(config: options.ConfigPath = None) -> None:
    """Print the path of the config file.

    Example: leadctl config path
    """
    from leadctl.config import config as settings

    echo(str(settings.config_path(config)))


@group.command("show")
def show(
    context: typer.Context,
    account: options.AccountName = None,
    json: options.Json = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Show every value and where it comes from.

    Shows the accounts of the config file and of variables; --account selects one.
    Secrets are masked.

    Example: leadctl config show --account voiso
    """
    from leadctl.config import config as settings

    found = settings.load(config)
    resolved = partial(settings.resolve, found, os.environ, provider=None)
    names = [account] if account else settings.account_names(found, os.environ)
    shown: dict[str, Json] = {
        "schema_version": 1,
        "options": _options(context, config, ledger),
        "accounts": [_account(resolved(account=name)) for name in names],
        "profiles": [
            {"profile": name, "at": f"{found.name}:{found.lines['profiles', name]}"}
            for name in found.table(("profiles",))
        ],
    }
    if json:
        echo_json(shown)
    else:
        with opened_screen() as screen:
            _print(shown, screen)


@group.command("check")
def check(json: options.Json = False, config: options.ConfigPath = None) -> None:
    """Check the config file, variables, accounts and profiles.

    Example: leadctl config check
    """
    from leadctl.cli.diagnostics import config_check

    found = config_check.configuration(config, os.environ, VARIABLES)
    conclude(found, json=json)


@group.command("schema")
def schema() -> None:
    """Print the JSON Schema of the config file, for editors.

    Example: leadctl config schema > leadctl-config.schema.json
    """
    from leadctl.config import config as settings
    from leadctl.config.json_schema import config_schema

    echo_json(config_schema(settings.registry_beside(None)))


def _entry(name: str, value: Json, source: str, at: str = "") -> dict[str, Json]:
    return {"name": name, "value": value, "source": source, "at": at or None}


def _options(
    context: typer.Context, config: Path | None, ledger: str | None
) -> list[Json]:
    """List config file, ledger, and the options that are set by variables."""
    from leadctl.config.config import config_path
    from leadctl.ledger import resolved

    places = {"config": str(config_path(config)), "ledger": resolved(ledger)}
    found: list[Json] = []
    for name, place in places.items():
        source = context.get_parameter_source(name)
        where = {
            "COMMANDLINE": ("option",),
            "ENVIRONMENT": ("environment", f"LEADCTL_{name.upper()}"),
        }.get(source.name if source else "", ("default",))
        found.append(_entry(f"--{name}", place, *where))
    for variable, option in VARIABLES.items():
        value = os.environ.get(variable, "")
        if value and option not in ("--config", "--ledger"):
            found.append(_entry(option, value, "environment", variable))
    return found


def _account(account: Account) -> dict[str, Json]:
    from leadctl.providers.settings import (
        ConnectionSettings,
        SettingOrigin,
        SettingSource,
        kinds,
    )

    unsaid = SettingOrigin(SettingSource.DEFAULT)
    entries: list[Json] = [
        _entry(key, _value(account, key), *account.origins.get(key, unsaid))
        for key in (*kinds(type(account.provider)), *kinds(ConnectionSettings))
    ]
    if account.suppress:
        entries.append(_entry("suppress", [*account.suppress], SettingSource.FILE))
    return {
        "account": account.name,
        "provider": account.provider.name,
        "settings": entries,
        "secrets": [_secret(account, name) for name in account.provider.secrets],
    }


def _value(account: Account, key: str) -> Json:
    """Return the value in effect: the account's own, else the provider's limit."""
    if key in account.missing:
        return None
    holders = (account.limits, account.provider, account.connection)
    return next((getattr(one, key) for one in holders if hasattr(one, key)), None)


def _secret(account: Account, name: str) -> Json:
    from leadctl.config.credentials import origin

    found = origin(account, name, os.environ)
    if found is None:
        return _entry(name, None, "missing")
    named = account.origins.get(f"{name}_{found.way}")
    in_file = found.where.startswith("accounts.")
    at = named.at if named and in_file else found.where
    return _entry(name, "********", found.way, at)


def _print(shown: dict[str, Any], screen: Screen) -> None:
    screen.print(_table(shown["options"]))
    folder = f"{os.path.dirname(shown['options'][0]['value'])}/"  # noqa: PTH120  of a text
    for account in shown["accounts"]:
        screen.block(f"account {account['account']} (provider {account['provider']})")
        entries = [*account["settings"], *account["secrets"]]
        screen.print(_table(entries, folder), indent=2)
    for profile in shown["profiles"]:
        screen.block(f"profile {profile['profile']}, {profile['at']}")


def _table(entries: list[dict[str, Any]], folder: str = "") -> Grid:
    """Return entries as a table; places in `folder` are named without it."""
    from leadctl.reports.screen import Grid

    table = Grid("setting", "value", "from", folded=1)
    for entry in entries:
        where = (entry["at"] or entry["source"]).removeprefix(folder)
        value = "" if entry["value"] is None else text_of(entry["value"])
        table.row(entry["name"], value, where)
    return table
