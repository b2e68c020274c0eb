"""Checks every account: finds its key and makes the preflight check with it."""

from __future__ import annotations

import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from leadctl.cli.checks import Check, Grade, problem, warning
from leadctl.config import config, credentials
from leadctl.config.credentials import resolve_account
from leadctl.delivery import preflight_check, provider_session
from leadctl.ledger import open_existing
from leadctl.model.clock import RealClock
from leadctl.model.errors import CampaignLocked, ExitCode, LeadctlError
from leadctl.providers.preflight import CheckVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadctl.config.config import Account
    from leadctl.delivery.preflight_check import AccountTest
    from leadctl.model.secret_sources import SecretOrigin
    from leadctl.model.yaml_file import Document
    from leadctl.providers.preflight import CheckResult

WRONG_BY = 300.0
"""Smaller differences between the provider's clock and ours, in seconds, are ignored.

A look-up finds the leads of a run by their times."""


def account_checks(
    document: Document,
    environment: Mapping[str, str],
    ledger: str | None,
    *,
    online: bool = True,
    now: float | None = None,
) -> Iterator[Check]:
    """Check every account that is configured, or that has a secret.

    Calls share the rate limits and token counts of the ledger's runs, if there is one.
    """
    configured = config.account_names(document, environment)
    is_any = False
    for name in dict.fromkeys([*configured, *config.registry(document).usable()]):
        try:
            found = resolve_account(document, environment, name)
        except LeadctlError:
            continue  # a problem of the configuration, and said there
        account, secrets = found.account, found.secrets
        if account is None or not (name in configured or found.has_secrets):
            continue
        is_any = True
        if objection := account.provider.objection():
            yield warning(f"account {name}", objection)
        yield from (_found(account, *each) for each in secrets.items())
        if online and not account.missing and found.has_secrets:
            yield from _called(account, environment, ledger, now or time.time())
    if not is_any:
        yield warning("accounts", "no accounts yet", credentials.first_remedy())


def _called(
    account: Account, environment: Mapping[str, str], ledger: str | None, now: float
) -> Iterator[Check]:
    topic, clock = f"account {account.name}", RealClock()
    try:
        by = provider_session.find_credentials(account, environment)
        with open_existing(ledger) as opened:
            found = preflight_check.test_account(account, by, None, opened, clock)
    except CampaignLocked as error:
        yield warning(topic, f"not checked: {error.message}", error.hint)
        return
    except LeadctlError as error:
        yield problem(topic, error)
        return
    yield from _judged(topic, account.name, found)
    with suppress(ValueError):  # no date
        ahead = now - parsedate_to_datetime(found.preflight.date).timestamp()
        if abs(ahead) > WRONG_BY:
            side = "ahead of" if ahead > 0 else "behind"
            wrong = f"{abs(ahead) / 60:,.0f} minutes {side}"
            message = f"{wrong} the {account.provider.title} clock"
            yield warning("clock", message, "set the clock, or enable NTP")


def _found(account: Account, secret: str, origin: SecretOrigin | None) -> Check:
    topic = f"account {account.name}"
    if origin:
        return Check(topic, f"{secret} from {origin.way}: {origin.where}")
    return Check(
        topic,
        f"{secret} not set",
        Grade.PROBLEM,
        credentials.remedy(account, secret),
        ExitCode.ACCESS,
    )


def _judged(topic: str, name: str, found: AccountTest) -> Iterator[Check]:
    """Distinguish a wrong key from one that could not be checked."""
    if found.error and found.preflight.key.verdict is not CheckVerdict.WRONG:
        code = found.exit_code
        yield Check(topic, found.error.message, Grade.PROBLEM, found.error.hint, code)
        return
    yield _shown(topic, "key", found.preflight.key, name)
    if found.preflight.scope.verdict is CheckVerdict.WRONG:
        yield _shown(topic, "scope", found.preflight.scope, name)


def _shown(topic: str, about: str, shown: CheckResult, name: str) -> Check:
    message = f"{about}: {shown.message}"
    match shown.verdict:
        case CheckVerdict.FINE:
            return Check(topic, message)
        case CheckVerdict.WRONG:
            return Check(topic, message, Grade.PROBLEM, shown.hint, ExitCode.ACCESS)
        case CheckVerdict.UNKNOWN:
            remedy = shown.hint or f"leadctl accounts test {name} --campaign ID"
            return warning(topic, message, remedy)
