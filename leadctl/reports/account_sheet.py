"""Presents accounts, and what a test of them found, as JSON and as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.model.errors import ExitCode
from leadctl.model.wording import count
from leadctl.providers.preflight import CheckVerdict
from leadctl.reports.report import error_document
from leadctl.reports.screen import Grid, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.config.config import Account
    from leadctl.config.credentials import KnownAccount
    from leadctl.delivery.preflight_check import AccountTest
    from leadctl.model.leads import Json
    from leadctl.reports.screen import Screen


def document(one: KnownAccount) -> dict[str, Json]:
    """Return an account and where its secrets are as JSON."""
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


def list_accounts(accounts: Sequence[KnownAccount], screen: Screen) -> None:
    """Print where each account's secrets come from, and what it lacks."""
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


def test_document(account: Account, found: AccountTest) -> dict[str, Json]:
    """Return the result of a test as JSON."""
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


def show_tests(tests: Sequence[tuple[Account, AccountTest]], screen: Screen) -> None:
    """Print the verdicts on accounts, and a summary."""
    for account, found in tests:
        screen.title(f"{account.name} ({account.provider.title})")
        facts: list[tuple[str | Text, str]] = []
        for name, shown in found.preflight.parts().items():
            verdict = Text(f"{shown.verdict:<7}", _STYLES[shown.verdict])
            facts.append((Text(f"{name:<10}").append(verdict), shown.message))
            facts += [("", shown.hint)] if shown.hint else []
        if found.preflight.name:
            facts.append((Text("name"), found.preflight.name))
        screen.facts(facts, indent=2)
    passed = sum(found.exit_code == ExitCode.OK for _, found in tests)
    screen.close(f"{count(len(tests), 'account')} checked, {passed} passed.")


_STYLES = {
    CheckVerdict.FINE: "green",
    CheckVerdict.WRONG: "red",
    CheckVerdict.UNKNOWN: "yellow",
}
