"""Lists that a provider returns in pages: campaigns, and the leads of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leadctl.providers.response import one_line

if TYPE_CHECKING:
    from leadctl.model.leads import Json


class ListedLead(NamedTuple):
    """A lead in the campaign; `created` is Unix time by the provider, if it says so."""

    phone: str
    external_id: str
    created: float | None


class LeadPage(NamedTuple):
    """Part of a campaign's leads, and the cursor of the next (empty: no more)."""

    leads: list[ListedLead]
    cursor: str


class ListedCampaign(NamedTuple):
    """A campaign in the provider's words; `state` may be empty."""

    id: str
    name: str
    state: str


class CampaignPage(NamedTuple):
    """Part of an account's campaigns, and the cursor of the next (empty: no more)."""

    campaigns: list[ListedCampaign]
    cursor: str


def listed_campaigns(
    found: Json, *, key: str = "id", name: str = "name", state: str = "status"
) -> list[ListedCampaign]:
    """Read the objects of a list by these keys; raises ValueError without an id."""
    if not isinstance(found, list):
        raise ValueError("an unreadable body")  # noqa: TRY004  of an answer
    campaigns = [listed_campaign(one, key, name, state) for one in found]
    if None in campaigns:
        raise ValueError("a campaign without an id")
    return [*filter(None, campaigns)]


def listed_campaign(
    found: Json, key: str = "id", name: str = "name", state: str = "status"
) -> ListedCampaign | None:
    """Read the object of a campaign; None if it has no id."""
    identifier = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(identifier, int | str):
        return None
    named, stated = str(found.get(name) or ""), str(found.get(state) or "")
    return ListedCampaign(str(identifier), one_line(named), one_line(stated, 40))


def counted_page(
    campaigns: list[ListedCampaign], total: Json, cursor: str
) -> CampaignPage:
    """Return a page of a list with a total: its cursor is the number read so far.

    Raises ValueError if there is no total, or the list ends before it.
    """
    read = int(cursor or "0") + len(campaigns)
    if not isinstance(total, int):
        raise ValueError("an unreadable body")  # noqa: TRY004  as any other
    if read < total and not campaigns:
        raise ValueError("fewer campaigns than it counts")
    return CampaignPage(campaigns, str(read) if read < total else "")
