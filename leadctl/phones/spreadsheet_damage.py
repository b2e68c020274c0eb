"""Detects phone columns whose digits were lost in a spreadsheet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from leadctl.phones.spelling import PhoneUnreadable, is_cut, is_rounded, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadctl.model.leads import Json

FEWEST = 3
LEAST_SHARE = 0.02
"""More numbers that end in zeros cannot be chance."""
ROUNDED = "ends in zeros, like many in this file: digits lost in a spreadsheet"
_BARE = re.compile(r"\s*'?\+?\d+(?:[.,]0+)?\s*")
"""How a spreadsheet writes a number: never with dashes or brackets."""


@dataclass(frozen=True, eq=False)
class SpreadsheetDamage:
    """The counts of a column: filled cells, cut ones, rounded ones.

    Cut cells are in scientific notation without their last digits. When the file is
    saved again they become rounded ones: whole numbers that belong to strangers.
    """

    numbers: int = 0
    cut: int = 0
    rounded: int = 0

    @cached_property
    def is_rounded(self) -> bool:
        """Whether there are too many rounded numbers to be chance."""
        return self.rounded >= max(FEWEST, LEAST_SHARE * self.numbers)

    def plus(self, values: Iterable[Json]) -> SpreadsheetDamage:
        """Return the sum with more cells of the column."""
        filled = [value for value in values if value is not None and value != ""]
        return SpreadsheetDamage(
            self.numbers + len(filled),
            self.cut + sum(map(is_cut, filled)),
            self.rounded + sum(map(looks_rounded, filled)),
        )

    def includes(self, value: Json) -> bool:
        """Tell whether a number is one of too many rounded ones."""
        return self.is_rounded and looks_rounded(value)

    def __str__(self) -> str:
        damaged = self.cut + (self.rounded if self.is_rounded else 0)
        if not damaged:
            return ""
        return (
            f"{damaged:,} of {self.numbers:,} numbers seem to have lost digits in "
            "a spreadsheet; export the file again with the column as text"
        )


def looks_rounded(value: Json) -> bool:
    """Tell whether a number looks like one that lost digits in a spreadsheet."""
    if isinstance(value, str) and ("0000" not in value or not _BARE.fullmatch(value)):
        return False  # nearly every cell
    try:
        return is_rounded(spelled(value).digits)
    except PhoneUnreadable:
        return False
