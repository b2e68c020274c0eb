"""Checks every account: finds its key and makes the preflight check with it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from leadctl.cli.checks import Check, Grade, problem, warning
from leadctl.config import config, credentials
from leadctl.config.accounts import resolve_account
from leadctl.delivery import preflight_check, provider_session
from leadctl.ledger import open_existing
from leadctl.model.clock import CancellationToken, RealClock
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

A look-up tells by the time of a lead whether this run created it."""


@dataclass(frozen=True)
class AccountCheck:
    """What accounts are checked with; without `online`, no call is made.

    Calls share the rate limits and token counts of the ledger's runs, if there is one.
    """

    document: Document
    environment: Mapping[str, str]
    ledger: str | None
    online: bool = True
    now: float = field(default_factory=time.time)

    def accounts(self) -> Iterator[Check]:
        """Check every account that is configured, or that has a secret."""
        found = [*self._known()]
        if not found:
            yield warning("accounts", "no accounts yet", credentials.first_remedy())
        for account, secrets in found:
            yield from self._account(account, secrets)

    def _known(self) -> Iterator[tuple[Account, Mapping[str, SecretOrigin | None]]]:
        configured = config.account_names(self.document, self.environment)
        for name in dict.fromkeys(
            [*configured, *config.registry(self.document).usable()]
        ):
            try:
                found = resolve_account(self.document, self.environment, name)
            except LeadctlError:
                continue  # a problem of the configuration, and said there
            if found.account and (name in configured or found.has_secrets):
                yield found.account, found.secrets

    def _account(
        self, account: Account, secrets: Mapping[str, SecretOrigin | None]
    ) -> Iterator[Check]:
        topic = f"account {account.name}"
        if objection := account.provider.objection():
            yield warning(topic, objection)
        yield from (_found(account, *each) for each in secrets.items())
        if self.online and not account.missing and None not in secrets.values():
            yield from self._called(account, topic)

    def _called(self, account: Account, topic: str) -> Iterator[Check]:
        try:
            by = provider_session.find_credentials(account, self.environment)
            with open_existing(self.ledger) as ledger:
                found = preflight_check.test_account(
                    account, by, None, ledger, RealClock(CancellationToken())
                )
        except CampaignLocked as error:
            yield warning(topic, f"not checked: {error.message}", error.hint)
        except LeadctlError as error:
            yield problem(topic, error)
        else:
            yield from _judged(topic, account.name, found)
            yield from self._clocks(account, _moment(found.preflight.date))

    def _clocks(self, account: Account, theirs: float | None) -> Iterator[Check]:
        if theirs is None or abs(theirs - self.now) <= WRONG_BY:
            return
        wrong = "ahead of" if self.now > theirs else "behind"
        yield warning(
            "clock",
            f"{abs(self.now - theirs) / 60:,.0f} minutes {wrong} "
            f"the {account.provider.title} clock",
            "set the clock, or enable NTP",
        )


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


def _moment(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
