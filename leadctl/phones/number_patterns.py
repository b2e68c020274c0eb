"""Builds patterns of numbers behind calling codes, and of those a country writes."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from leadctl.phones.identity import SPECIAL, sizes_of
from leadctl.phones.numbering_plan import CALLING_CODES, calling_code
from leadctl.phones.ranges import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from leadctl.phones.numbering_plan import CallingCode, Format


def plus(country: CallingCode) -> str:
    """Return a pattern of + and a code, behind which nothing could be a prefix."""
    return rf"\+{country.code}(?!{_trunk(country)})"


def _trunk(country: CallingCode) -> str:
    return "|".join(["0", country.code, *ungrouped(country.trunk.prefix)])


@cache
def behind_plus(code: str) -> re.Pattern[str]:
    country = calling_code(code)
    return re.compile(rf"{plus(country)}({of_lengths(country.person_lengths)})$")


@cache
def behind_lost_plus() -> re.Pattern[str]:
    """Match, line by line, a calling code and as many digits as its numbers have."""
    found = _by_code(lambda country: of_lengths(country.lengths))
    return re.compile(f"^(?:0*({found})$|.*)", re.MULTILINE)


@cache
def more_behind_code() -> str:
    """Match codes behind which a prefix, the code again, or a SPECIAL number may be."""

    def more(country: CallingCode) -> str:
        fewest = 0 if country.trunk.adds_digits else min(sizes_of(country)) + 1
        special = "".join(f"|[0-9]{{{n}}}$" for n in SPECIAL.get(country.code, ()))
        return f"(?=[0-9]{{{fewest}}})(?:{_trunk(country)}){special}"

    return f"0*{_by_code(more)}"


def _by_code(pattern: Callable[[CallingCode], str], begin: str = "") -> str:
    """Return a pattern of all calling codes, each with its own behind it."""
    branches = []
    for digit in "0123456789":
        codes = [c for c in CALLING_CODES if c.startswith(begin + digit)]
        if codes == [begin + digit]:
            branches.append(f"{digit}(?:{pattern(calling_code(codes[0]))})")
        elif codes:
            branches.append(digit + _by_code(pattern, begin + digit))
    return f"(?:{'|'.join(branches)})"


def of_lengths(lengths: Iterable[int]) -> str:
    return "|".join(f"[0-9]{{{n}}}" for n in sorted(lengths)) or NEVER


@cache
def assigned(code: str, length: int) -> re.Pattern[str]:
    return re.compile(calling_code(code).ranges.assigned(length))


@cache
def rival(code: str, length: int) -> re.Pattern[str]:
    """Match what may be a number behind a calling code, or needs a closer look."""
    country = calling_code(code)
    trunk = {code, *ungrouped(country.trunk.prefix)} - {"0"}
    numbers = (
        "0" * zeros + country.ranges.assigned(length - zeros)
        for zeros in range(length)
        if length - zeros in country.lengths
    )
    return re.compile("|".join([*trunk, *numbers]))


def shape(form: Format) -> str:
    begin, shape = (_GROUP.sub("(?:", p.pattern) for p in (form.begin, form.shape))
    return f"(?={begin}){shape}$"


def ungrouped(pattern: re.Pattern[str] | None) -> list[str]:
    return [_GROUP.sub("(?:", pattern.pattern)] if pattern else []


_GROUP = re.compile(r"(?<!\\)\((?!\?)")
"""Where a pattern of the library opens a group; there must be none but ours."""
