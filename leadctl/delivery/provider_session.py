"""An account's session with its provider: transport, tokens, rate limiter."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from leadctl.config.config import Account, variable_name
from leadctl.config.credentials import origin, secrets_of
from leadctl.delivery.rate_limiter import RateLimiter
from leadctl.model import errors
from leadctl.model.clock import RealClock
from leadctl.providers.base_url import is_here, require_safe_url
from leadctl.providers.http_auth import Credentials, TokenExchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

    from leadctl.ledger.base import Ledger

_CLOCK = RealClock()


class ProviderSession(NamedTuple):
    """An account's connection to its provider.

    `abort` ends the requests in flight; `redacted` removes the account's secrets from a
    sentence.
    """

    send: Callable[[httpx.Request], httpx.Response]
    rate_limiter: RateLimiter
    abort: Callable[[], None] = lambda: None
    redacted: Callable[[str], str] = str


def find_credentials(account: Account, environment: Mapping[str, str]) -> Credentials:
    """Find the account's secrets; raises errors about credentials and addresses."""
    # Before secrets are read; an incomplete address is reported elsewhere.
    if account.provider.base_url and not account.missing:
        require_safe_url(account.provider.base_url)
    secrets = secrets_of(account, environment)
    try:
        return credentials_from(account, secrets)
    except errors.AccessDenied as error:  # not a key of this provider
        found = {name: origin(account, name, environment) for name in secrets}
        named = (f"{name} from {by.way} {by.where}" for name, by in found.items() if by)
        raise error.but(hint=error.hint or f"check {', '.join(named)}") from None


def credentials_from(account: Account, secrets: Mapping[str, str]) -> Credentials:
    require_safe_url(account.provider.base_url)
    return Credentials(account.provider.auth(secrets), secrets)


@contextmanager
def open_session(
    account: Account, by: Credentials | None, campaign: str, ledger: Ledger
) -> Iterator[ProviderSession]:
    """Open a session that shares rate limit and tokens with all runs on the ledger."""
    from leadctl.delivery.transport import Transport  # noqa: PLC0415  with httpx

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
        yield ProviderSession(
            transport.send,
            RateLimiter(account.limits, ledger.rates, account.name, campaign, _CLOCK),
            transport.abort,
            transport.redacted,
        )
    except BaseException:  # KeyboardInterrupt, too: threads may be about to send
        transport.abort()
        raise
    finally:
        transport.close()


@contextmanager
def open_to_read(
    account: Account, by: Credentials, campaign: str, ledger: Ledger
) -> Iterator[ProviderSession]:
    """Open a session that uploads nothing, even while a run is in progress.

    Raises CampaignLocked if a token for it would end that of the run.
    """
    with ExitStack() as stack:
        if account.provider.exclusive_token:
            stack.enter_context(hold_campaign(account, campaign, ledger))
        yield stack.enter_context(open_session(account, by, campaign, ledger))


@contextmanager
def hold_campaign(
    account: Account, campaign: str, ledger: Ledger
) -> Iterator[Callable[[str], None]]:
    """Lock the campaign among all users of this ledger; call what it yields with a run.

    Raises CampaignLocked, with the command that stops the run that holds it.
    """
    # If a new token ends the earlier one, an account can have one run at a time.
    whole_account = account.provider.exclusive_token
    lock = ledger.campaign_lock(
        account.name,
        "" if whole_account else campaign,
        longest_request=longest_request(account),
    )
    with ExitStack() as stack:
        try:
            held = stack.enter_context(lock)
        except errors.CampaignLocked as locked:
            runs = (one.facts() for one in ledger.runs(most=RUNS_SEARCHED))
            of_account = (run for run in runs if run.account == account.name)
            if holder := next(filter(ledger.process_of, of_account), None):
                hint = f"wait for it, or stop it: {holder.command('stop')}"
                raise locked.but(hint=hint) from None
            raise
        yield held


RUNS_SEARCHED = 50
"""How many of the latest runs are searched for the holder of a lock."""


def longest_request(account: Account) -> float:
    """Return the seconds that a request may take, as Transport lets it."""
    return 2 * account.connection.timeout


def with_hint(error: errors.LeadctlError, account: Account) -> errors.LeadctlError:
    """Return an error from an answer, with a hint what to do next."""
    if error.hint:
        return error
    match error:
        case errors.AccessDenied():
            secrets = account.provider.secrets
            named = ", ".join(variable_name(account.name, one) for one in secrets)
            return error.but(hint=f"check the key of account {account.name}: {named}")
        case errors.CampaignClosed():
            return error.but(hint="check --campaign, and that the campaign is open")
        case errors.Unusable():
            return error.but(hint=f"check base_url: {account.provider.base_url}")
        case _:
            return error
