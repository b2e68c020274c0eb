"""Numbers that reach the same subscriber are the same person.

A closed list of countries whose numbers are written in two ways, each with its source
(docs/numbers.md). A pair is never inferred from a number being valid with a digit more.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from leadctl.phones.numbering_plan import LONGEST, SHORTEST, Number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.phones.numbering_plan import CallingCode


WITH_TWO_WAYS = frozenset({"39", "54", "55", "57", "229", "241", "378"})
"""Calling codes of the list."""

SPECIAL = {
    "39": {10},
    "54": {11},
    "55": {10, 11},
    "57": {8},
    "225": {8, 10},
    "229": {8},
    "241": {7, 8},
    "378": {6},
}
"""Calling codes, and the lengths of numbers that may reach another number, too."""


@cache
def sizes_of(country: CallingCode) -> frozenset[int]:
    """Return how many digits numbers have or had, longer ones (Japan) left out."""
    sizes = {*country.lengths, *SPECIAL.get(country.code, ())}
    return frozenset(size for size in sizes if SHORTEST <= size <= LONGEST)


def identity(number: Number) -> str:
    """Return the digits of a subscriber: the same for all ways to write the number."""
    code, national = number
    match code, len(national):
        # Mobiles take a 9 before the area code when dialled from abroad (ITU, national
        # numbering plan of Argentina, T0202000009, 2011-12-16).
        case "54", 11 if national.startswith("9"):
            return code + national[1:]
        # Mobiles got a ninth digit from 2012-07-29 to November 2016 (Anatel, Resolução
        # 553/2010, 2010-12-14). Subscriber numbers that begin with 2 to 5 are fixed
        # lines, those with 7 are trunked radio, which kept eight digits.
        case "55", 10 if national[2] in "689":
            return f"{code}{national[:2]}9{national[2:]}"
        # Until 2019-11-15 numbers were written from abroad with and without the zero
        # that they begin with (ARCEP Gabon, communiqué of 2019-07-03).
        case "241", 8 if national[0] == "0" and national[1] in "234567":
            return code + national[1:]
        # Fixed lines are also reached through Italy's area code 0549, which is part of
        # the number since 1998-06-19 (ITU, numbering plan of San Marino, 2005-04-06).
        case "39", 10 if national.startswith(("05498", "05499")):
            return "378" + national
        case "378", 6 if national[0] in "89":
            return f"{code}0549{national}"
        # Eight digits became ten, with 01 before them, on 2024-11-30 (ARCEP Bénin).
        case "229", 8:
            return _longer(number, "01")
        # Fixed lines got 60 before them on 2021-09-01 (CRC, Resolución 5826 of 2019).
        case "57", 8:
            return _longer(number, "60")
        case _:
            return number.digits


RENUMBERED = frozenset({"55", "225", "241"})
"""Calling codes in which an old number does not tell the new one."""


def _longer(number: Number, prefix: str) -> str:
    longer = Number(number.code, prefix + number.national)
    return longer.digits if longer.is_assigned else number.digits


def may_reach(number: Number) -> Iterator[str]:
    """Yield every identity that a listed number, perhaps an old one, may stand for."""
    yield identity(number)
    code, national = number
    match code, len(national):
        case "55", 11 if national[2] == "9":
            yield f"{code}{national[:2]}{national[3:]}"
        case "55", 10 if national[2] == "7":
            yield f"{code}{national[:2]}9{national[2:]}"
        # Ten digits since 2021-01-31, with the operator's two before the old eight
        # (ARTCI, 2020-07-28).
        case "225", 8:
            yield from (f"{code}{two}{national}" for two in _IVORY_COAST)
        case "225", 10:
            yield code + national[2:]
        # Eight digits since 2019-11-15, with the operator's one before the old seven
        # (ARCEP Gabon, 2019-06-03).
        case "241", 7:
            yield from (f"{code}{one}{national}" for one in "167")
        case "241", 8 if national[0] == "0":
            yield from (f"{code}{one}{national[1:]}" for one in "167")
        case "241", 8:
            yield code + national[1:]
        case _:
            pass


_IVORY_COAST = ("01", "05", "07", "21", "25", "27")
