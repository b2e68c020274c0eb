"""Lists an account's campaigns, and finds one by its name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from leadctl.delivery import provider_session
from leadctl.delivery.retrying_caller import RetryingCaller, every_page
from leadctl.model.errors import CampaignClosed, InDoubt, Refused, Unusable
from leadctl.model.wording import listed, nearest

if TYPE_CHECKING:
    from leadctl.config.config import Account
    from leadctl.ledger.base import Ledger
    from leadctl.model.clock import Clock
    from leadctl.providers.http_auth import Credentials
    from leadctl.providers.listings import CampaignPage, ListedCampaign


def campaigns_of(
    account: Account,
    by: Credentials,
    ledger: Ledger,
    clock: Clock,
    longest_wait: float = 5.0,
) -> list[ListedCampaign]:
    """Return all campaigns in the provider's order; raises what stopped the listing."""
    with provider_session.open_to_read(account, by, "", ledger) as session:
        caller = RetryingCaller(account.provider, session, clock, longest_wait)
        endless = Unusable("the list of campaigns never ends")
        pages = every_page(partial(_page, caller), endless)
        # A campaign may move from one page to the next between two calls.
        found = {one.id: one for page in pages for one in page.campaigns}
    return [*found.values()]


def _page(caller: RetryingCaller, cursor: str) -> CampaignPage:
    provider, safe = caller.provider, caller.session.redacted

    def once() -> CampaignPage:
        request = provider.list_campaigns(cursor)
        if request is None:
            raise ValueError(f"{provider.title} has no such call")
        return caller.asked(request, partial(provider.read_campaigns, cursor))

    try:
        page = caller.repeated(once)
    except (CampaignClosed, InDoubt, Refused) as error:  # no campaign was named
        raise Unusable(error.message) from error
    shown = [one._replace(name=safe(one.name)) for one in page.campaigns]
    return page._replace(campaigns=shown)


def campaign_named(  # noqa: PLR0913  as campaigns_of, and a name
    text: str,
    account: Account,
    by: Credentials,
    ledger: Ledger,
    clock: Clock,
    longest_wait: float = 5.0,
) -> ListedCampaign:
    """Find the campaign with this id, else the only one with this name.

    Raises CampaignClosed with the candidates, or what stopped the listing.
    """
    campaigns = campaigns_of(account, by, ledger, clock, longest_wait)
    for one in campaigns:
        if one.id == text:
            return one
    found = [one for one in campaigns if one.name == text.strip()]
    where = f"account {account.name}"
    if len(found) > 1:
        shown = listed([_shown(one) for one in found])
        raise CampaignClosed(
            f"{where} has {len(found)} campaigns named {text!r}: {shown}",
            hint=f"use an id: --campaign {found[0].id}",
            key_is_good=True,
        )
    if not found:
        near = nearest(text, [*(one.name for one in campaigns)])
        raise CampaignClosed(
            f"{where} has no campaign with the id or name {text!r}{near}",
            hint="check --campaign; "
            f"list campaigns with `leadctl campaigns --account {account.name}`",
            key_is_good=True,
        )
    return found[0]


def _shown(campaign: ListedCampaign) -> str:
    return f"{campaign.id} ({campaign.state})" if campaign.state else campaign.id
