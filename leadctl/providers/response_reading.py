"""Reads a response: one outcome per lead, or an error for the whole batch."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from leadctl.model.errors import InDoubt, ProviderError, Refused
from leadctl.model.leads import DELIVERED
from leadctl.providers.personal_data import PersonalData

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from leadctl.model.leads import Batch, Outcome
    from leadctl.model.removal import Removal
    from leadctl.providers.base import Provider


def read_removals(
    provider: Provider,
    batch: Batch,
    response: httpx.Response,
    redacted: Callable[[str], str] = str,
) -> list[Removal]:
    """Return the removal of each lead, or raise an error for the whole batch."""
    people = PersonalData(provider, batch.leads)
    try:
        if response.status_code not in provider.answers:
            raise provider.meaning(response)
        removals = provider.removals(batch, response)
    except ProviderError as error:
        raise error.redacted(lambda text: people.hidden(redacted(text))) from None
    if len(removals) != len(batch):
        raise InDoubt(
            f"{provider.title}'s answer does not say for each of {len(batch)} leads "
            "whether it was deleted",
            lost=False,
        )
    return removals


def read_outcomes(
    provider: Provider,
    batch: Batch,
    response: httpx.Response,
    redacted: Callable[[str], str] = str,
) -> list[Outcome]:
    """Return the outcome of each lead, or raise an error for the whole batch.

    Statuses outside `provider.answers` mean the same for every provider. Whatever the
    provider does, every lead gets exactly one outcome, and no text repeats a secret
    (`redacted`) or personal data.
    """
    people = PersonalData(provider, batch.leads)

    def safe(text: str) -> str:
        return people.hidden(redacted(text))

    try:
        if response.status_code not in provider.answers:
            raise provider.meaning(response)
        outcomes = provider.outcomes(batch, response)
    except ProviderError as error:
        shown = error.redacted(safe)
        if isinstance(shown, Refused):  # a position outside the batch names nobody
            inside = sorted(shown.culprits.keys() & range(len(batch)))
            shown = shown.but(culprits={i: shown.culprits[i] for i in inside})
        raise shown from None
    kinds = [outcome for outcome, _ in groupby(outcomes)]
    if len(outcomes) != len(batch) or not all(map(_is_whole, kinds)):
        raise InDoubt(
            f"{provider.title}'s answer does not give each of {len(batch)} leads "
            "one outcome",
            lost=False,
        )
    said = {kind.reason for kind in kinds} - {""}
    reasons = {reason: safe(reason) for reason in said}
    if not reasons:
        return outcomes
    return [
        outcome._replace(reason=reasons[outcome.reason]) if outcome.reason else outcome
        for outcome in outcomes
    ]


def _is_whole(outcome: Outcome) -> bool:
    """Tell whether an outcome has a code exactly if the lead was not delivered."""
    return (outcome.code is None) == (outcome.status in DELIVERED)
