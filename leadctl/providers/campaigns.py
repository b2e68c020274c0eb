"""The campaigns of an account, for providers with a call that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leadctl.providers.response import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.model.leads import Json


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
    found: Sequence[Json], *, key: str = "id", name: str = "name", state: str = "status"
) -> list[ListedCampaign]:
    """Read the objects of a list by these keys; raises ValueError without an id."""
    return [_listed(one, key, name, state) for one in found]


def _listed(one: Json, key: str, name: str, state: str) -> ListedCampaign:
    identifier = one.get(key) if isinstance(one, dict) else None
    if not isinstance(one, dict) or not isinstance(identifier, int | str):
        raise ValueError("a campaign without an id")  # noqa: TRY004  of an answer
    named, stated = str(one.get(name) or ""), str(one.get(state) or "")
    return ListedCampaign(str(identifier), one_line(named), one_line(stated, 40))
