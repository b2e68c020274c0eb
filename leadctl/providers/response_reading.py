"""Reads a response: one outcome per lead, or an error for the whole batch.

No text of an answer that is kept repeats a name, number or e-mail of the batch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby
from typing import TYPE_CHECKING

from leadctl.model.errors import InDoubt, ProviderError, Refused
from leadctl.model.leads import DELIVERED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from leadctl.model.leads import Batch, Json, Leads, Outcome
    from leadctl.model.removal import Removal
    from leadctl.providers.base import Provider

HIDDEN = "…"

_PERSONAL = ("name", "first_name", "last_name", "email")
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d(?:[\W_]{0,3}\d)*")
_SHORTEST_PART = 3
"""Letters of a part of a name that is hidden by itself."""


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
        if isinstance(shown, Refused):  # a position outside the batch is no lead
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


@dataclass(eq=False, repr=False)
class PersonalData:
    """The personal data of a batch, collected when an answer has a text."""

    provider: Provider
    leads: Leads

    def hidden(self, text: str) -> str:
        """Hide every value of the batch, with any separators in words or numbers."""
        return _DIGITS.sub(self._masked, self._without_names(text))

    def _without_names(self, text: str) -> str:
        found = [*_WORD.finditer(text)]
        words = [match[0].casefold() for match in found]
        kept, end, place = "", 0, 0
        while place < len(found):
            size = self._named(words, place) or self._is_part(found[place][0])
            if size:
                kept += text[end : found[place].start()] + HIDDEN
                end = found[place + size - 1].end()
            place += size or 1
        return kept + text[end:]

    def _named(self, words: list[str], place: int) -> int:
        """Return the number of words from this place that are a value of the batch."""
        sizes = [
            len(value)
            for value in self._values.get(words[place], ())
            if [*value] == words[place : place + len(value)]
        ]
        return max(sizes, default=0)

    def _is_part(self, word: str) -> bool:
        """Tell whether a word is part of a name: it must have a capital letter."""
        return not word.islower() and word.casefold() in self._parts

    def _masked(self, found: re.Match[str]) -> str:
        text = found[0]
        places = [place for place, letter in enumerate(text) if letter.isdecimal()]
        number = "".join(str(int(text[place])) for place in places)
        for size in sorted({*map(len, self._numbers)}, reverse=True):
            for first in range(len(number) - size + 1):
                if number[first : first + size] in self._numbers:
                    end = places[first + size - 1] + 1
                    return text[: places[first]] + HIDDEN + text[end:]
        return text

    @cached_property
    def _values(self) -> dict[str, set[tuple[str, ...]]]:
        """Return the words of each value, by the first of them."""
        found: dict[str, set[tuple[str, ...]]] = {}
        for value in {*self._texts()}:
            words = tuple(_WORD.findall(value.casefold()))
            if len("".join(words)) > 1:
                found.setdefault(words[0], set()).add(words)
        return found

    @cached_property
    def _parts(self) -> set[str]:
        words = chain.from_iterable(chain.from_iterable(self._values.values()))
        return {word for word in words if len(word) >= _SHORTEST_PART}

    @cached_property
    def _numbers(self) -> set[str]:
        numbers = (re.sub(r"\D", "", number) for number in self.leads.phones)
        return {number for number in numbers if len(number) > 1}

    def _texts(self) -> Iterator[str]:
        columns = self.leads.fields
        places = [f.wire for f in self.provider.fields if f.name in _PERSONAL]
        values: list[Json] = [one for place in places for one in columns.get(place, ())]
        for beside in columns.get(self.provider.overflow or "", ()):
            if isinstance(beside, dict):
                values += [beside.get(name) for name in _PERSONAL]
        yield from (value for value in values if isinstance(value, str))
