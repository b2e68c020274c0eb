"""The harmless call: asked before a run, and to test an account on its own.

It writes nothing, so whatever goes wrong with it may be repeated, and it does not count
as an upload: the first batch leaves at once. It shares the account's token, and waits
where the provider asked the account to.
"""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leadctl import line
from leadctl.auth import TokenExchange
from leadctl.errors import (
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
from leadctl.journey import Patience
from leadctl.pace import asked_pause
from leadctl.probe import (
    KEY_ACCEPTED,
    NEEDS_CAMPAIGN,
    NOT_ASKED,
    NOT_REACHED,
    NOTHING,
    Probe,
    Verdict,
    unknown,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import httpx

    from leadctl.auth import Access
    from leadctl.clock import Clock
    from leadctl.config import Account
    from leadctl.ledger.base import Ledger
    from leadctl.line import Line
    from leadctl.probe import Shown
    from leadctl.provider import Provider

STOPS = (AccessDenied, CampaignClosed, Untrusted)
"""What an upload would meet too; of anything else the call says nothing of uploads."""

LONG_WAIT = 10.0
"""Seconds of waiting for a start that are told of."""


@dataclass(frozen=True)
class Caller:
    """What the call needs: whom to ask, by which line, and how long to go on trying.

    `tell(seconds, why)` hears of every wait.
    """

    provider: Provider
    line: Line
    clock: Clock
    longest_wait: float
    attempts: int = 3
    tell: Callable[[float, str], None] = lambda _seconds, _why: None
    jitter: Callable[[], float] = random.random

    def ask(self, campaign: str | None) -> Probe:
        """Make the call; raises a ProviderError where it shows nothing to the end."""
        waited = 0.0
        for attempt in range(1, self.attempts + 1):
            try:
                return self._asked_once(campaign)
            except (NotProcessed, InDoubt) as error:
                pause = self._pause(error, attempt)
                waited += pause
                if attempt == self.attempts or waited > self.longest_wait:
                    raise
                self.tell(pause, error.message)
                self.clock.sleep(pause)
        raise AssertionError("at least one attempt is made")

    def _asked_once(self, campaign: str | None) -> Probe:
        try:
            return self._shown(campaign).reworded(self.line.redacted)
        except ProviderError as error:
            error.reword(self.line.redacted)
            raise

    def _shown(self, campaign: str | None) -> Probe:
        request = self.provider.probe(campaign)
        if request is None:
            return Probe(
                key=unknown(f"{self.provider.title} has no call to test it by")
            )
        response = self._sent(request)
        try:
            shown = self.provider.probed(campaign, response)
        except ProviderError as error:
            error.headers = error.headers or response.headers
            raise
        if shown.doubt and campaign:
            shown = self._double_checked(campaign, shown)
        return replace(shown, date=response.headers.get("date", ""))

    def _double_checked(self, campaign: str, shown: Probe) -> Probe:
        """Make a second call where there is one; without its answer the doubt stays."""
        request = self.provider.double_check(shown)
        if request is None:
            return shown
        try:
            return self.provider.double_checked(campaign, shown, self._sent(request))
        except ProviderError:
            return shown

    def _sent(self, request: httpx.Request) -> httpx.Response:
        self._await_turn()
        return self.line.send(request)

    def _await_turn(self) -> None:
        while (pause := self.line.pace.pause()) > 0:
            self.line.pace.require_patience(self.longest_wait)
            if pause > LONG_WAIT:
                self.tell(pause, "the provider's pace for this account")
            self.clock.sleep(pause)

    def _pause(self, error: ProviderError, attempt: int) -> float:
        asked = asked_pause(error.headers or {}, self.clock.time())
        if asked is not None:  # it concerns every run on the account
            self.line.pace.quiet(asked, shared=True)
        return max(asked or 0.0, Patience().pause(attempt, self.jitter()))


def require_no_doubt(probe: Probe) -> None:
    """Refuse a campaign that may take no leads: nobody has agreed to an upload."""
    if probe.doubt:
        raise CampaignClosed(
            probe.doubt,
            hint="check --campaign in the provider's dashboard; --yes uploads all the "
            "same",
            key_is_good=True,
        )


def before_a_run(caller: Caller, campaign: str) -> Probe:
    """Ask whether key and campaign are fine; raises only what uploads would meet too.

    Trouble with the call alone does not keep a run from trying: it then shows nothing.
    """
    try:
        return caller.ask(campaign)
    except STOPS:
        raise
    except ProviderError as error:
        return Probe(key=unknown(error.message), campaign=unknown(error.message))


@dataclass(frozen=True)
class Tested:
    """What a test of an account came to; `error` is what kept it from being fine."""

    probe: Probe
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
    ) -> Tested:
        """Say of which part an error speaks; what it leaves open stays unknown."""
        line.advised(error, account)
        about = (error.message, error.hint)
        is_good = has_token or (isinstance(error, CampaignClosed) and error.key_is_good)
        rest = _left_open(error)
        shown = Probe(KEY_ACCEPTED if is_good else rest, rest, rest)
        match error:
            case AccessDenied():
                shown = replace(shown, key=wrong(*about))
            case CampaignClosed():
                shown = replace(shown, campaign=wrong(*about))
            case _ if has_token:
                shown = replace(shown, campaign=unknown(*about))
            case _:
                shown = replace(shown, key=unknown(*about))
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
        if self.probe.key == NEEDS_CAMPAIGN:
            return ExitCode.USAGE
        if self.probe.doubt:
            return ExitCode.STOPPED
        asked = [self.probe.key, *([self.probe.campaign] if self.campaign else [])]
        if self.probe.scope.verdict is Verdict.WRONG:
            return ExitCode.ACCESS
        shown = all(each.verdict is Verdict.FINE for each in asked)
        return ExitCode.OK if shown else ExitCode.TROUBLE


def _left_open(error: LeadctlError) -> Shown:
    """Say why nothing more is shown: no call, no answer, or an answer that does not."""
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
    """Choose the exit code of several tests."""
    return next(code for code in _WORST_FIRST if code in codes)


def tested(
    account: Account, by: Access, campaign: str | None, ledger: Ledger, clock: Clock
) -> Tested:
    """Make the harmless call of an account, beside whatever runs there are.

    Raises CampaignLocked where a token for the test would end that of a run.
    """
    with ExitStack() as stack:
        if account.provider.exclusive_token:
            held = line.campaign_held(account, campaign or "", ledger)
            stack.enter_context(held)
        way = stack.enter_context(line.opened(account, by, campaign or "", ledger))
        caller = Caller(account.provider, way, clock, longest_wait=5.0, attempts=2)
        try:
            return Tested(caller.ask(campaign), None, campaign)
        except ProviderError as error:
            auth = by.auth
            has_token = isinstance(auth, TokenExchange) and auth.has_token
            return Tested.kept_from(error, account, campaign, has_token=has_token)
