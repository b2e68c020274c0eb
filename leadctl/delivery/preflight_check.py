"""Makes the preflight check, before a run and to test an account.

It writes nothing and does not count as an upload: the first batch need not wait for it.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from leadctl.delivery import campaign_list, provider_session
from leadctl.delivery.read_caller import ReadCaller
from leadctl.model.errors import (
    AccessDenied,
    CampaignClosed,
    ExitCode,
    InDoubt,
    LeadctlError,
    NotProcessed,
    ProviderError,
    Refused,
    Untrusted,
)
from leadctl.providers.http_auth import TokenExchange
from leadctl.providers.preflight import (
    KEY_ACCEPTED,
    NEEDS_CAMPAIGN,
    NOT_ASKED,
    NOT_REACHED,
    NOTHING,
    CheckVerdict,
    PreflightResult,
    unknown,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from leadctl.config.config import Account
    from leadctl.ledger.base import Ledger
    from leadctl.model.clock import Clock
    from leadctl.providers.http_auth import Credentials
    from leadctl.providers.preflight import CheckResult

STOPS = (AccessDenied, CampaignClosed, Untrusted)
"""What an upload would meet too; of anything else the call says nothing of uploads."""


class PreflightCaller(ReadCaller):
    """Makes the check for one account."""

    def ask(self, campaign: str | None) -> PreflightResult:
        """Make the call; raises a ProviderError if it gets no usable answer."""
        return self.repeated(lambda: self._asked_once(campaign))

    def _asked_once(self, campaign: str | None) -> PreflightResult:
        try:
            return self._shown(campaign).reworded(self.session.redacted)
        except ProviderError as error:
            raise error.redacted(self.session.redacted) from None

    def _shown(self, campaign: str | None) -> PreflightResult:
        request = self.provider.preflight(campaign)
        if request is None:
            return PreflightResult(
                key=unknown(f"{self.provider.title} has no API call that checks it")
            )
        response = self.sent(request)
        try:
            shown = self.provider.read_preflight(campaign, response)
        except ProviderError as error:
            raise error.but(headers=error.headers or response.headers) from error
        if shown.doubt and campaign:
            shown = self._double_checked(campaign, shown)
        return shown._replace(date=response.headers.get("date", ""))

    def _double_checked(self, campaign: str, shown: PreflightResult) -> PreflightResult:
        """Make the second call, if there is one; if it fails, the doubt stays."""
        request = self.provider.double_check(shown)
        if request is None:
            return shown
        try:
            return self.provider.double_checked(campaign, shown, self.sent(request))
        except ProviderError:
            return shown


def require_no_doubt(preflight: PreflightResult) -> None:
    """Refuse a campaign that may not take leads, unless somebody has confirmed it."""
    if preflight.doubt:
        raise CampaignClosed(
            preflight.doubt,
            hint="check the campaign in the provider's dashboard, or add --yes to "
            "upload "
            "anyway",
            key_is_good=True,
        )


def before_a_run(caller: PreflightCaller, campaign: str) -> PreflightResult:
    """Check key and campaign; raises only errors that would affect an upload, too.

    Other trouble with the call does not stop a run; the result is then unknown.
    """
    try:
        return caller.ask(campaign)
    except STOPS:
        raise
    except ProviderError as error:
        return PreflightResult(
            key=unknown(error.message), campaign=unknown(error.message)
        )


class AccountTest(NamedTuple):
    """The result of an account test; `error` is what stopped it."""

    preflight: PreflightResult
    error: LeadctlError | None = None
    campaign: str | None = None

    @classmethod
    def kept_from(
        cls,
        error: LeadctlError,
        account: Account,
        campaign: str | None,
        *,
        has_token: bool = False,
    ) -> AccountTest:
        """Assign an error to the part it is about; the others stay unknown."""
        error = provider_session.with_hint(error, account)
        about = (error.message, error.hint)
        is_good = has_token or (isinstance(error, CampaignClosed) and error.key_is_good)
        rest = _left_open(error)
        shown = PreflightResult(KEY_ACCEPTED if is_good else rest, rest, rest)
        match error:
            case AccessDenied():
                shown = shown._replace(key=wrong(*about))
            case CampaignClosed():
                shown = shown._replace(campaign=wrong(*about))
            case _ if has_token:
                shown = shown._replace(campaign=unknown(*about))
            case _:
                shown = shown._replace(key=unknown(*about))
        return cls(shown, error, campaign)

    @property
    def exit_code(self) -> ExitCode:
        """0 only where what was asked about was shown to be fine."""
        match self.error:
            case InDoubt() | Refused():
                return ExitCode.TROUBLE  # of a call that writes nothing
            case LeadctlError():
                return self.error.exit_code
            case None:
                pass
        if self.preflight.key == NEEDS_CAMPAIGN:
            return ExitCode.USAGE
        if self.preflight.doubt:
            return ExitCode.STOPPED
        asked = [
            self.preflight.key,
            *([self.preflight.campaign] if self.campaign else []),
        ]
        if self.preflight.scope.verdict is CheckVerdict.WRONG:
            return ExitCode.ACCESS
        shown = all(each.verdict is CheckVerdict.FINE for each in asked)
        return ExitCode.OK if shown else ExitCode.TROUBLE


def _left_open(error: LeadctlError) -> CheckResult:
    """Say why a part is unknown: no call, no answer, or an inconclusive one."""
    match error:
        case NotProcessed(headers=None) | InDoubt(headers=None, lost=True):
            return NOT_REACHED
        case Untrusted():
            return NOT_REACHED
        case ProviderError():
            return NOTHING
        case _:
            return NOT_ASKED


_WORST_FIRST = (
    ExitCode.DEFECT,
    ExitCode.LOCKED,
    ExitCode.ACCESS,
    ExitCode.STOPPED,
    ExitCode.INPUT,
    ExitCode.TROUBLE,
    ExitCode.USAGE,
    ExitCode.OK,
)


def worst(codes: Collection[ExitCode]) -> ExitCode:
    """Choose the exit code for several tests."""
    return next(code for code in _WORST_FIRST if code in codes)


def test_account(
    account: Account,
    by: Credentials,
    campaign: str | None,
    ledger: Ledger,
    clock: Clock,
) -> AccountTest:
    """Make the preflight check of an account, even while runs are in progress.

    As for a push, `campaign` may be a unique name, if the provider lists campaigns.
    Raises CampaignLocked if a token for the test would end that of a run.
    """
    provider, tested = account.provider, _AccountTester(account, by, ledger, clock)
    if campaign is None or not provider.lists_campaigns:
        return tested(campaign)
    found = None if provider.campaign_objection(campaign) else tested(campaign)
    if found and not isinstance(found.error, CampaignClosed):
        return found
    try:
        named = campaign_list.campaign_named(campaign, account, by, ledger, clock)
    except ProviderError as error:
        if found and not isinstance(error, CampaignClosed):
            return found
        return AccountTest.kept_from(error, account, campaign)
    return found if found and named.id == campaign else tested(named.id)


class _AccountTester(NamedTuple):
    """Makes the check for one account and campaign."""

    account: Account
    by: Credentials
    ledger: Ledger
    clock: Clock

    def __call__(self, campaign: str | None) -> AccountTest:
        account, ledger = self.account, self.ledger
        with ExitStack() as stack:
            if account.provider.exclusive_token:
                held = provider_session.hold_campaign(account, campaign or "", ledger)
                stack.enter_context(held)
            session = stack.enter_context(
                provider_session.open_session(account, self.by, campaign or "", ledger)
            )
            caller = PreflightCaller(
                account.provider, session, self.clock, longest_wait=5.0, attempts=2
            )
            try:
                return AccountTest(caller.ask(campaign), None, campaign)
            except ProviderError as error:
                auth = self.by.auth
                has_token = isinstance(auth, TokenExchange) and auth.has_token
                return AccountTest.kept_from(
                    error, account, campaign, has_token=has_token
                )
