"""`leadctl accounts`: secrets into the system keyring and out of it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from leadctl.cli import options  # noqa: TC001  typer reads the annotations at run time
from leadctl.cli.app import app
from leadctl.errors import UsageError

group = typer.Typer(help="Keep API keys in the system keyring.", no_args_is_help=True)
app.add_typer(group, name="accounts")

Name = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="An account, or a provider's name.")
]


@group.command("login")
def login(
    name: Name, provider: options.ProviderName = None, config: options.ConfigPath = None
) -> None:
    """Store an account's secrets in the system keyring.

    Asks for each without showing it; from a pipe, reads one line for each.

    Example: leadctl accounts login voiso
    """
    from leadctl import config as settings
    from leadctl import credentials

    account = settings.resolve(
        settings.load(config), os.environ, provider=provider or None, account=name
    )
    for secret in account.provider.secrets:
        typed = (
            typer.prompt(f"{secret} of {name}", hide_input=True, err=True)
            if sys.stdin.isatty()
            else sys.stdin.readline()
        ).strip()
        if not typed:
            raise UsageError(f"no {secret} was given")
        credentials.store(account, secret, typed)
        typer.echo(f"{secret} of {name} is in the keyring", err=True)


@group.command("logout")
def logout(
    name: Name, provider: options.ProviderName = None, config: options.ConfigPath = None
) -> None:
    """Remove an account's secrets from the system keyring.

    Example: leadctl accounts logout voiso
    """
    from leadctl import config as settings
    from leadctl import credentials

    account = settings.resolve(
        settings.load(config), os.environ, provider=provider or None, account=name
    )
    for secret in account.provider.secrets:
        gone = credentials.forget(account, secret)
        typer.echo(
            f"{secret} of {name} {'removed' if gone else 'was not there'}", err=True
        )
