"""Compares the numbers of an answer with each other, and with the batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadctl.providers.declared.rules import Members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadctl.providers.declared.answer import AnswerReader
    from leadctl.providers.declared.rules import Sum, Sums, Term


@dataclass(frozen=True)
class Counts:
    """Numbers of an answer, and of the batch, that are compared with each other."""

    answer: AnswerReader
    of_batch: Mapping[str, int]

    def add_up(self, sums: Sums) -> bool:
        return all(self._holds(one) for one in sums)

    def _holds(self, one: Sum) -> bool:
        if not self.answer.are_set(self.answer.values, one.setting):
            return True
        added = [self._number(term) for term in one.add]
        limit = self._number(one.at_most if one.is_ is None else one.is_)
        if limit is None or any(number is None for number in added):
            return False
        total = sum(number or 0 for number in added)
        return total <= limit if one.is_ is None else total == limit

    def _number(self, term: Term | None) -> int | None:
        """Return a number of the answer, or of leads; None where it is none."""
        if isinstance(term, Members):
            found = self.answer.at(term.count)
            return len(found) if isinstance(found, list) else 0
        if term is None:
            return None
        if term == "$rest":
            return self.of_batch["sent"] - self.of_batch.get("named", 0)
        if term.startswith("$"):
            return self.of_batch.get(term[1:], 0)
        value = self.answer.at(term)
        is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return value if is_count and isinstance(value, int) else None
