"""An account's line to its provider: what carries requests, its tokens, its pace."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadctl.auth import Access, TokenExchange
from leadctl.clock import RealClock, Stop
from leadctl.config import variable_name
from leadctl.credentials import secrets_of
from leadctl.errors import AccessDenied, CampaignClosed, Unusable
from leadctl.pace import Pace
from leadctl.transport import Transport, is_here, require_safe_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    import httpx

    from leadctl.config import Account
    from leadctl.errors import LeadctlError
    from leadctl.ledger.base import CampaignLock, Ledger

_CLOCK = RealClock(Stop())


@dataclass(frozen=True)
class Line:
    """What requests travel by, what ends them, and when they may start.

    `redacted` takes the account's secrets out of a sentence that an answer said.
    """

    send: Callable[[httpx.Request], httpx.Response]
    abort: Callable[[], None]
    pace: Pace
    redacted: Callable[[str], str]


def access(account: Account, environment: Mapping[str, str]) -> Access:
    """Find the account's secrets; raises what credentials and addresses may be."""
    if account.provider.base_url:  # before anybody looks for a secret
        require_safe_url(account.provider.base_url)
    return access_by(account, secrets_of(account, environment))


def access_by(account: Account, secrets: Mapping[str, str]) -> Access:
    require_safe_url(account.provider.base_url)
    return Access(account.provider.auth(secrets), secrets)


@contextmanager
def opened(
    account: Account, by: Access | None, campaign: str, ledger: Ledger
) -> Iterator[Line]:
    """Open a line that shares its pace and its tokens with all runs on the ledger."""
    auth, most = by.auth if by else None, account.provider.tokens_per_hour
    if isinstance(auth, TokenExchange) and most:
        auth.permit = lambda: ledger.rates.count_token(account.name, most, time.time())
    connection = account.connection
    transport = Transport(
        by,
        timeout=connection.timeout,
        ca_file=connection.ca_file,
        direct=is_here(account.provider.base_url),
    )
    try:
        yield Line(
            transport.send,
            transport.abort,
            Pace(account.limits, ledger.rates, account.name, campaign, _CLOCK),
            transport.redacted,
        )
    finally:
        transport.close()


def campaign_held(
    account: Account, campaign: str, ledger: Ledger
) -> AbstractContextManager[CampaignLock]:
    """Hold the campaign: one writer at a time, of all that use this ledger."""
    # A token that kills the account's earlier one cannot serve two runs: one at a time.
    whole_account = account.provider.exclusive_token
    return ledger.campaign_lock(account.name, "" if whole_account else campaign)


def advised(error: LeadctlError, account: Account) -> LeadctlError:
    """Add what to do next to an error that came from an answer."""
    if not error.hint:
        match error:
            case AccessDenied():
                secrets = account.provider.secrets
                named = ", ".join(variable_name(account.name, one) for one in secrets)
                error.hint = f"check the key of account {account.name}: {named}"
            case CampaignClosed():
                error.hint = "check --campaign, and that the campaign is open"
            case Unusable():
                error.hint = f"check base_url: {account.provider.base_url}"
            case _:
                pass
    return error
