"""What columns hold that say who must not be called, and rules on them that miss it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from leadctl.fields import forbids_calls, word
from leadctl.wording import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from leadctl.mapping import Getter, Mapper
    from leadctl.source import Source

YES = frozenset(
    {"yes", "y", "true", "t", "1", "x", "on", "ja", "j", "wahr", "si", "sí", "oui"}
    | {"vrai", "sim", "verdadero"}
)
"""Words that are known to say: this person is not to be called."""
_NO = frozenset(
    {"", "no", "n", "false", "f", "0", "off", "nein", "falsch", "non", "faux", "não"}
    | {"falso"}
)
_FEW = 6
"""Kinds of words that are labels, and no texts about somebody."""
_SHORT = 20
_MOST = 1000
"""Kinds of words that are told apart, so that any file can be looked at."""


def held(
    source: Source, getters: Mapping[str, Getter], known: Collection[str] = YES
) -> dict[str, Counter[str]]:
    """Count the words of columns in all rows, those `known` and a thousand others."""
    found: dict[str, Counter[str]] = {name: Counter() for name in getters}
    for block in source.blocks():
        for name, getter in getters.items():
            words = found[name]
            for spelled in map(word, getter(block.cells)):
                if spelled in words or spelled in known or len(words) < _MOST:
                    words[spelled] += 1
    return found


def described(words: Counter[str]) -> str:
    """Say what a column holds: its words where they are few, else how many."""
    if not words:
        return "nothing"
    if len(words) >= _MOST:
        return f"{_MOST:,} different words or more"
    if len(words) > _FEW or not all(map(_is_label, words)):
        return count(len(words), "different word")
    return ", ".join(f"{w or 'nothing'} ({n:,})" for w, n in words.most_common())


def _is_label(word: str) -> bool:
    return len(word) <= _SHORT and sum(map(str.isdigit, word)) < 7


def missed(source: Source, mapper: Mapper) -> Iterator[str]:
    """Yield a sentence for each such column whose rules leave nobody out.

    A column of noes is what it should be.
    """
    getters, wanted = {}, dict[str, frozenset[str]]()
    for column, getter, words in mapper.skip:
        if forbids_calls(column):
            getters[column] = getter
            wanted[column] = wanted.get(column, frozenset()) | words
    if not getters:
        return
    known = frozenset[str]().union(*wanted.values())
    for column, found in held(source, getters, known).items():
        if not found.keys() & wanted[column] and found.keys() - _NO:
            yield (
                f"the rule for {column!r} leaves out no row: none of its words is in "
                f"that column, which holds {described(found)}"
            )
