"""Removes names, numbers and e-mails of a batch from a provider's answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.model.leads import Json, Leads
    from leadctl.providers.base import Provider

HIDDEN = "…"

_PERSONAL = ("name", "first_name", "last_name", "email")
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d(?:[\W_]{0,3}\d)*")
_SHORTEST_PART = 3
"""Letters from which a part of a name is hidden by itself."""


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
