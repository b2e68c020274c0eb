"""`leadctl accounts`: list and check accounts, store and remove their secrets."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from leadctl.cli import options
from leadctl.cli.app import app
from leadctl.cli.commands import Commands
from leadctl.cli.output import echo_json, opened_screen, say
from leadctl.cli.parameters import Section, argument, option
from leadctl.model.errors import CredentialsMissing, ExitCode, LeadctlError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.config.config import Account
    from leadctl.config.credentials import KnownAccount
    from leadctl.delivery.preflight_check import AccountTest
    from leadctl.providers.http_auth import Credentials

group = Commands(
    help="List, test and store the accounts' API keys.", invoke_without_command=True
)
app.add_typer(group, name="accounts", rich_help_panel=Section.SET_UP)

Name = Annotated[str, argument("ACCOUNT", "An account, or a provider's name.")]


@group.callback()
def list_accounts(
    context: typer.Context,
    json: options.Json = False,
    config: options.ConfigPath = None,
) -> None:
    """List the accounts, and where each secret comes from.

    Example: leadctl accounts
    """
    if context.invoked_subcommand:
        return
    from leadctl.config.credentials import first_remedy
    from leadctl.reports import account_sheet

    found = _known(config)
    if json:
        echo_json([account_sheet.document(one) for one in found])
    elif found:
        with opened_screen() as screen:
            account_sheet.list_accounts(found, screen)
    else:
        say(f"no accounts yet; start with: {first_remedy()}")


@group.command("test")
def ask(
    name: Annotated[
        str | None, argument("ACCOUNT", "Default: all that have a secret.")
    ] = None,
    campaign: options.Campaign = None,
    provider: options.ProviderName = None,
    json: options.Json = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Check key, permissions and campaign with a read-only call.

    Writes nothing. What the answer does not prove is `unknown`.

    Example: leadctl accounts test voiso --campaign 3
    """
    from leadctl.config.credentials import first_remedy
    from leadctl.reports import account_sheet

    if campaign and not name:
        raise UsageError(
            "--campaign requires an account: leadctl accounts test "
            "ACCOUNT --campaign ID"
        )
    if name:
        accounts = [account_of(config, provider, name)]
    else:
        known = [one for one in _known(config) if one.has_secrets]
        accounts = [one.account for one in known if one.account]
    if not accounts:
        raise CredentialsMissing("no account has a secret", hint=first_remedy())
    tests = [(one, _tested(one, campaign, ledger)) for one in accounts]
    if json:
        echo_json([account_sheet.test_document(*one) for one in tests])
    else:
        with opened_screen() as screen:
            account_sheet.show_tests(tests, screen)
    raise typer.Exit(ExitCode.gravest(test.exit_code for _, test in tests))


@group.command("login")
def login(
    name: Name,
    provider: options.ProviderName = None,
    campaign: options.Campaign = None,
    no_check: Annotated[bool, option("--no-check", "Store without checking.")] = False,
    no_input: options.NoInput = False,
    ledger: options.LedgerPath = None,
    config: options.ConfigPath = None,
) -> None:
    """Check an account's secrets and store them in the system keyring.

    Asks for each secret without showing it, or reads one per line from a pipe. Stores
    them after a read-only call has accepted them.

    Example: leadctl accounts login voiso
    """
    account = account_of(config, provider, name)
    log_in(account, campaign, ledger, no_check=no_check, no_input=no_input)


@group.command("logout")
def logout(
    name: Name, provider: options.ProviderName = None, config: options.ConfigPath = None
) -> None:
    """Remove an account's secrets from the system keyring.

    Example: leadctl accounts logout voiso
    """
    from leadctl.config import credentials

    account = account_of(config, provider, name)
    for secret in account.provider.secrets:
        gone = credentials.forget(account, secret)
        say(f"{secret} of {name} {'removed' if gone else 'not found'}")
        if found := credentials.origin(account, secret, os.environ):
            say(f"note: {found.where} still provides one")


def account_of(config: Path | None, provider: str | None, name: str | None) -> Account:
    """Return the account that the options of a command name."""
    from leadctl.config import config as settings

    document = settings.load(config)
    return settings.resolve(document, os.environ, provider=provider, account=name)


def log_in(
    account: Account,
    campaign: str | None,
    ledger: str | None,
    *,
    no_check: bool,
    no_input: bool = False,
) -> None:
    """Ask for an account's secrets, check them with a read-only call, and store them.

    Says so, and if a secret from elsewhere takes precedence.
    """
    from leadctl.config import credentials
    from leadctl.delivery.provider_session import credentials_from
    from leadctl.model.secret_sources import SecretSource
    from leadctl.reports.account_sheet import show_tests

    credentials.require_keyring(account)
    if not no_check:
        credentials.require_settings(account, os.environ)
    secrets = _asked_secrets(account, no_input=no_input)
    if not no_check:
        found = _asked_of(account, credentials_from(account, secrets), campaign, ledger)
        if found.error:
            hint = f"{found.error.hint or ''}; nothing was stored".lstrip("; ")
            if found.exit_code not in (ExitCode.ACCESS, ExitCode.STOPPED):
                hint += " (use --no-check to store it without checking)"
            raise found.error.but(hint=hint)
        with opened_screen(sys.stderr) as screen:
            show_tests([(account, found)], screen)
    for secret, typed in secrets.items():
        credentials.store(account, secret, typed)
        say(f"stored {secret} of {account.name} in the keyring")
        first = credentials.origin(account, secret, os.environ)
        if first and first.way is not SecretSource.KEYRING:
            say(f"note: {first.where} is set and takes precedence")


def _asked_secrets(account: Account, *, no_input: bool) -> dict[str, str]:
    """Ask for each secret without showing it; a pipe has one per line."""
    from leadctl.config.credentials import require_usable

    is_terminal, found = sys.stdin.isatty(), {}
    if no_input and is_terminal:
        raise UsageError(
            "a secret is required, but --no-input is set",
            hint="pipe the secrets, one per line",
        )
    for secret in account.provider.secrets:
        question = f"{secret} of {account.name}"
        typed = (
            typer.prompt(question, hide_input=True, err=True)
            if is_terminal
            else sys.stdin.readline()
        ).strip()
        if not typed:
            raise UsageError(f"no {secret} entered")
        found[secret] = require_usable(typed, account, secret)
    return found


def _known(config: Path | None) -> list[KnownAccount]:
    from leadctl.config import config as settings
    from leadctl.config import credentials

    return credentials.known_accounts(settings.load(config), os.environ)


def _tested(account: Account, campaign: str | None, ledger: str | None) -> AccountTest:
    from leadctl.delivery.preflight_check import AccountTest
    from leadctl.delivery.provider_session import find_credentials

    try:
        by = find_credentials(account, os.environ)
        return _asked_of(account, by, campaign, ledger)
    except LeadctlError as error:
        return AccountTest.kept_from(error, account, campaign)


def _asked_of(
    account: Account, by: Credentials, campaign: str | None, ledger: str | None
) -> AccountTest:
    from leadctl import ledger as ledgers
    from leadctl.delivery.preflight_check import test_account
    from leadctl.model.clock import RealClock

    objection = campaign and account.provider.campaign_objection(campaign)
    is_name = account.provider.lists_campaigns and campaign and campaign.strip()
    if objection and not is_name:
        raise UsageError(f"--campaign {campaign!r}: {objection}")
    clock = RealClock()
    with ledgers.open_ledger(ledgers.resolved(ledger)) as opened:
        return test_account(account, by, campaign, opened, clock)
