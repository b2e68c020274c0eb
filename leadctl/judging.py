"""An answer judged: one outcome a lead, or what it means for the batch as a whole."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from leadctl.errors import InDoubt, ProviderError, Refused
from leadctl.model import DELIVERED, Outcome

if TYPE_CHECKING:
    import httpx

    from leadctl.model import Batch, Lead
    from leadctl.provider import Provider


def judge(provider: Provider, batch: Batch, response: httpx.Response) -> list[Outcome]:
    """Turn an answer into one outcome a lead, or raise what it means for the batch.

    Statuses outside `provider.answers` mean the same for every provider. That every
    lead has exactly one outcome, and that no text repeats what is known of a person, is
    seen to here and not left to the provider.
    """
    try:
        if response.status_code not in provider.answers:
            raise provider.meaning(response)
        outcomes = provider.outcomes(batch, response)
    except ProviderError as error:
        _hide(error, provider, batch)
        raise
    if len(outcomes) != len(batch) or not all(
        _is_whole(outcome) for outcome, _ in groupby(outcomes)
    ):
        raise InDoubt(
            f"{provider.title}'s answer does not give each of {len(batch)} leads "
            "one outcome",
            lost=False,
        )
    return [
        _hidden(outcome, provider, batch.leads[place]) if outcome.reason else outcome
        for place, outcome in enumerate(outcomes)
    ]


def _hidden(outcome: Outcome, provider: Provider, lead: Lead) -> Outcome:
    reason = _masked(outcome.reason, _private(provider, lead))
    return outcome._replace(reason=reason)


def _is_whole(outcome: Outcome) -> bool:
    """Tell whether an outcome says why, unless the lead was delivered."""
    return (outcome.code is None) == (outcome.status in DELIVERED)


def _hide(error: ProviderError, provider: Provider, batch: Batch) -> None:
    for lead in batch.leads:
        error.message = _masked(error.message, _private(provider, lead))
    error.args = (error.message,)
    if isinstance(error, Refused):
        error.culprits = {
            index: _masked(why, _private(provider, batch.leads[index]))
            for index, why in error.culprits.items()
            if index in range(len(batch))
        }


_PERSONAL = ("name", "first_name", "last_name", "email")


def _private(provider: Provider, lead: Lead) -> list[str]:
    """Return what of a lead no text may repeat, however it is spaced or written."""
    places = [field.wire for field in provider.fields if field.name in _PERSONAL]
    overflow = lead.wire.get(provider.overflow or "")
    inside = overflow if isinstance(overflow, dict) else {}
    found = [lead.wire.get(place) for place in places]
    found += [inside.get(name) for name in _PERSONAL]
    found += [lead.phone.wire, lead.phone.wire.removeprefix("+")]
    return [text for text in found if isinstance(text, str) and len(text.strip()) > 1]


def _masked(text: str, private: list[str]) -> str:
    folded = text.casefold()
    for words in private:
        parts = words.split()
        if all(part.casefold() in folded for part in parts):
            # As words of their own: "Al" is no part of "invalid".
            pattern = r"\s+".join(map(re.escape, parts))
            text = re.sub(rf"(?<!\w){pattern}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text
