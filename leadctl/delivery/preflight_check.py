"""Makes the preflight check, before a run and to test an account."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from leadctl.delivery import campaign_list, provider_session
from leadctl.delivery.retrying_caller import RetryingCaller
from leadctl.model import errors
from leadctl.model.errors import ExitCode
from leadctl.providers.http_auth import Credentials, TokenExchange
from leadctl.providers.preflight import (
    KEY_ACCEPTED,
    NEEDS_CAMPAIGN,
    NOT_ASKED,
    NOT_REACHED,
    NOTHING,
    CheckResult,
    CheckVerdict,
    PreflightResult,
    unknown,
    wrong,
)

if TYPE_CHECKING:
    import httpx

    from leadctl.config.config import Account
    from leadctl.ledger.base import Ledger
    from leadctl.model.clock import Clock

STOPS = (errors.AccessDenied, errors.CampaignClosed, errors.Untrusted)
"""Errors that an upload would get, too; other errors say nothing about uploads."""


class PreflightCaller(RetryingCaller):
    """Makes the check for one account."""

    def ask(self, campaign: str | None) -> PreflightResult:
        """Make the call; raises a ProviderError if it gets no usable answer."""
        shown = self.repeated(lambda: self._asked_once(campaign))
        if shown.doubt and campaign:
            shown = self._double_checked(campaign, shown)
        return shown.reworded(self.session.redacted)

    def _asked_once(self, campaign: str | None) -> PreflightResult:
        request = self.provider.preflight(campaign)
        if request is None:
            said = f"{self.provider.title} has no API call that checks it"
            return PreflightResult(key=unknown(said))

        def read(response: httpx.Response) -> PreflightResult:
            shown = self.provider.read_preflight(campaign, response)
            return shown._replace(date=response.headers.get("date", ""))

        return self.asked(request, read)

    def _double_checked(self, campaign: str, shown: PreflightResult) -> PreflightResult:
        """Make the second call, if there is one; if it fails, the doubt stays."""
        request = self.provider.double_check(shown)
        if request is None:
            return shown
        read = partial(self.provider.double_checked, campaign, shown)
        try:
            return self.asked(request, read)._replace(date=shown.date)
        except errors.ProviderError:
            return shown


def before_a_run(caller: PreflightCaller, campaign: str) -> PreflightResult:
    """Check key and campaign; raises only errors that an upload would meet, too."""
    try:
        return caller.ask(campaign)
    except STOPS:
        raise
    except errors.ProviderError as error:
        return PreflightResult(
            key=unknown(error.message), campaign=unknown(error.message)
        )


class AccountTest(NamedTuple):
    """The result of an account test; `error` is what stopped it."""

    preflight: PreflightResult
    error: errors.LeadctlError | None = None
    campaign: str | None = None

    @classmethod
    def kept_from(
        cls,
        error: errors.LeadctlError,
        account: Account,
        campaign: str | None,
        *,
        has_token: bool = False,
    ) -> AccountTest:
        """Assign an error to the part it is about; the others stay unknown."""
        error = provider_session.with_hint(error, account)
        about = (error.message, error.hint)
        rest = of_campaign = _left_open(error)
        is_good = has_token or getattr(error, "key_is_good", False)
        key = KEY_ACCEPTED if is_good else rest
        match error:
            case errors.AccessDenied():
                key = wrong(*about)
            case errors.CampaignClosed():
                of_campaign = wrong(*about)
            case _ if has_token:
                of_campaign = unknown(*about)
            case _:
                key = unknown(*about)
        return cls(PreflightResult(key, rest, of_campaign), error, campaign)

    @property
    def exit_code(self) -> ExitCode:
        """0 only where what was asked about was shown to be fine."""
        if isinstance(self.error, errors.InDoubt | errors.Refused):
            return ExitCode.TROUBLE  # of a call that writes nothing
        if self.error:
            return self.error.exit_code
        if self.preflight.key == NEEDS_CAMPAIGN:
            return ExitCode.USAGE
        if self.preflight.doubt:
            return ExitCode.STOPPED
        if self.preflight.scope.verdict is CheckVerdict.WRONG:
            return ExitCode.ACCESS
        asked = [self.preflight.key]
        asked += [self.preflight.campaign] if self.campaign else []
        is_fine = all(each.verdict is CheckVerdict.FINE for each in asked)
        return ExitCode.OK if is_fine else ExitCode.TROUBLE


def _left_open(error: errors.LeadctlError) -> CheckResult:
    """Say why a part is unknown: no call, no answer, or an inconclusive one."""
    match error:
        case errors.NotProcessed(headers=None) | errors.Untrusted():
            return NOT_REACHED
        case errors.InDoubt(headers=None, lost=True):
            return NOT_REACHED
        case errors.ProviderError():
            return NOTHING
        case _:
            return NOT_ASKED


def test_account(
    account: Account,
    by: Credentials,
    campaign: str | None,
    ledger: Ledger,
    clock: Clock,
) -> AccountTest:
    """Make the preflight check, even while runs are in progress.

    As for a push, `campaign` may be a unique name, if the provider lists campaigns.
    Raises CampaignLocked if a new token would end that of a run.
    """
    provider = account.provider

    def tested(campaign: str | None) -> AccountTest:
        opened = provider_session.open_to_read(account, by, campaign or "", ledger)
        with opened as session:
            caller = PreflightCaller(
                provider, session, clock, longest_wait=5.0, attempts=2
            )
            try:
                return AccountTest(caller.ask(campaign), None, campaign)
            except errors.ProviderError as error:
                has_token = isinstance(by.auth, TokenExchange) and by.auth.has_token
                return AccountTest.kept_from(
                    error, account, campaign, has_token=has_token
                )

    if campaign is None or not provider.lists_campaigns:
        return tested(campaign)
    found = None if provider.campaign_objection(campaign) else tested(campaign)
    if found and not isinstance(found.error, errors.CampaignClosed):
        return found
    try:
        named = campaign_list.campaign_named(campaign, account, by, ledger, clock)
    except errors.ProviderError as error:
        if found and not isinstance(error, errors.CampaignClosed):
            return found
        return AccountTest.kept_from(error, account, campaign)
    return found if found and named.id == campaign else tested(named.id)
