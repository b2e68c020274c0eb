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
from leadctl.model.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import TextIO

    from leadctl.config.config import Account
    from leadctl.config.credentials import KnownAccount
    from leadctl.delivery.preflight_check import AccountTest
    from leadctl.model.leads import Json
    from leadctl.providers.http_auth import Credentials
    from leadctl.reports.screen import Screen

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
    found = _known(config)
    if json:
        echo_json([_facts(one) for one in found])
    elif found:
        with opened_screen() as screen:
            _list(found, screen)
    else:
        from leadctl.config.credentials import first_remedy

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
    from leadctl.delivery.preflight_check import worst

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
        echo_json([_document(*one) for one in tests])
    else:
        _show(tests, sys.stdout)
    raise typer.Exit(worst([test.exit_code for _, test in tests]))


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
        _show([(account, found)], sys.stderr)
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
    from leadctl.model.clock import CancellationToken, RealClock

    objection = campaign and account.provider.campaign_objection(campaign)
    is_name = account.provider.lists_campaigns and campaign and campaign.strip()
    if objection and not is_name:
        raise UsageError(f"--campaign {campaign!r}: {objection}")
    clock = RealClock(CancellationToken())
    with ledgers.open_ledger(ledgers.resolved(ledger)) as opened:
        return test_account(account, by, campaign, opened, clock)


def _list(accounts: Sequence[KnownAccount], screen: Screen) -> None:
    """Print where each account's secrets come from, and what it lacks."""
    from leadctl.reports.screen import Grid, Text

    table, ready = Grid("account", "provider", "state", "secrets"), 0
    for one in accounts:
        lacks = ["unknown provider; add --provider NAME"]
        if one.account:
            missing = ", ".join(one.account.missing)
            lacks = [f"settings missing: {missing}"] if missing else []
        is_ready = not lacks and one.has_secrets
        ready += is_ready
        secrets = (
            f"{name}: {origin.way}, {origin.where}" if origin else f"{name}: missing"
            for name, origin in one.secrets.items()
        )
        table.row(
            one.name,
            one.account.provider.name if one.account else "?",
            Text("ready", "green") if is_ready else Text("incomplete", "yellow"),
            "; ".join([*secrets, *lacks]),
        )
    screen.print(table)
    summary = f"{count(len(accounts), 'account')}, {ready} ready."
    screen.close(f"{summary} To check them: leadctl accounts test")


def _facts(one: KnownAccount) -> dict[str, Json]:
    return {
        "account": one.name,
        "provider": one.account.provider.name if one.account else None,
        "secrets": [
            {
                "name": name,
                "from": str(origin.way) if origin else None,
                "where": origin.where if origin else None,
            }
            for name, origin in one.secrets.items()
        ],
        "missing_settings": [*one.account.missing] if one.account else [],
    }


def _show(tested: Sequence[tuple[Account, AccountTest]], stream: TextIO) -> None:
    """Print the verdicts on accounts, and a summary."""
    from leadctl.providers.preflight import CheckVerdict
    from leadctl.reports.screen import Text

    styles = {CheckVerdict.FINE: "green", CheckVerdict.WRONG: "red"}
    with opened_screen(stream) as screen:
        for account, found in tested:
            screen.title(f"{account.name} ({account.provider.title})")
            facts: list[tuple[str | Text, str]] = []
            for name, shown in found.preflight.parts().items():
                style = styles.get(shown.verdict, "yellow")
                verdict = Text(f"{shown.verdict:<7}", style)
                facts.append((Text(f"{name:<10}").append(verdict), shown.message))
                facts += [("", shown.hint)] if shown.hint else []
            if found.preflight.name:
                facts.append((Text("name"), found.preflight.name))
            screen.facts(facts, indent=2)
        passed = sum(found.exit_code == ExitCode.OK for _, found in tested)
        screen.close(f"{count(len(tested), 'account')} checked, {passed} passed.")


def _document(account: Account, found: AccountTest) -> dict[str, Json]:
    from leadctl.reports.report import error_document

    parts = found.preflight.parts().items()
    return {
        "account": account.name,
        "provider": account.provider.name,
        "campaign_id": found.campaign,
        **{name: {**shown._asdict()} for name, shown in parts},
        "campaign_name": found.preflight.name or None,
        "campaign_state": found.preflight.state or None,
        "exit_code": int(found.exit_code),
        "error": error_document(found.error),
    }
