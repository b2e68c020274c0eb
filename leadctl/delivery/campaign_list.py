"""Lists an account's campaigns, and finds one by its name."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from leadctl.delivery import provider_session
from leadctl.delivery.read_caller import ReadCaller
from leadctl.model.errors import (
    CampaignClosed,
    InDoubt,
    ProviderError,
    Refused,
    Unusable,
)
from leadctl.model.wording import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.config.config import Account
    from leadctl.ledger.base import Ledger
    from leadctl.model.clock import Clock
    from leadctl.providers.campaigns import CampaignPage, ListedCampaign
    from leadctl.providers.http_auth import Credentials

MOST_PAGES = 500
"""Pages read before the list is given up: some ten thousand campaigns."""


def campaigns_of(
    account: Account,
    by: Credentials,
    ledger: Ledger,
    clock: Clock,
    longest_wait: float = 5.0,
) -> list[ListedCampaign]:
    """Return all campaigns of an account, in the provider's order.

    Raises the ProviderError that stopped the listing.
    """
    with ExitStack() as stack:
        if account.provider.exclusive_token:
            stack.enter_context(provider_session.hold_campaign(account, "", ledger))
        opened = provider_session.open_session(account, by, "", ledger)
        session = stack.enter_context(opened)
        return _Lister(account.provider, session, clock, longest_wait).listed()


def campaign_named(  # noqa: PLR0913  who asks whom, and how patiently
    text: str,
    account: Account,
    by: Credentials,
    ledger: Ledger,
    clock: Clock,
    longest_wait: float = 5.0,
) -> ListedCampaign:
    """Find the campaign with this id, else the only one with this name.

    Raises CampaignClosed with the candidates or the nearest name, or the error that
    stopped the listing.
    """
    found = campaigns_of(account, by, ledger, clock, longest_wait)
    return _named(found, text, account.name)


class _Lister(ReadCaller):
    def listed(self) -> list[ListedCampaign]:
        found: dict[str, ListedCampaign] = {}  # between two pages one may move on
        cursor, seen = "", {""}
        for _ in range(MOST_PAGES):
            page = self._page(cursor)
            found |= {one.id: one for one in page.campaigns}
            cursor = page.cursor
            if not cursor:
                return [*found.values()]
            if cursor in seen:
                break
            seen.add(cursor)
        raise Unusable("the list of campaigns never ends")

    def _page(self, cursor: str) -> CampaignPage:
        try:
            return self.repeated(lambda: self._read(cursor))
        except (InDoubt, Refused) as error:  # of a call that writes nothing
            raise Unusable(self.session.redacted(error.message)) from error
        except ProviderError as error:
            raise error.redacted(self.session.redacted) from None

    def _read(self, cursor: str) -> CampaignPage:
        request = self.provider.list_campaigns(cursor)
        if request is None:
            raise ValueError(f"{self.provider.title} has no such call")
        response = self.sent(request)
        try:
            page = self.provider.read_campaigns(cursor, response)
        except CampaignClosed as error:  # a 404, and no campaign was named
            raise Unusable(error.message) from error
        except ProviderError as error:
            raise error.but(headers=response.headers) from error
        safe = self.session.redacted
        shown = [one._replace(name=safe(one.name)) for one in page.campaigns]
        return page._replace(campaigns=shown)


def _named(
    campaigns: Sequence[ListedCampaign], text: str, account: str
) -> ListedCampaign:
    for one in campaigns:
        if one.id == text:
            return one
    found = [one for one in campaigns if one.name == text.strip()]
    if len(found) > 1:
        shown = listed([_shown(one) for one in found])
        raise CampaignClosed(
            f"account {account} has {len(found)} campaigns named {text!r}: {shown}",
            hint=f"use an id: --campaign {found[0].id}",
            key_is_good=True,
        )
    if not found:
        near = nearest(text, [*(one.name for one in campaigns)])
        raise CampaignClosed(
            f"account {account} has no campaign with the id or name {text!r}{near}",
            hint="check --campaign; "
            f"list campaigns with `leadctl campaigns --account {account}`",
            key_is_good=True,
        )
    return found[0]


def _shown(campaign: ListedCampaign) -> str:
    return f"{campaign.id} ({campaign.state})" if campaign.state else campaign.id
