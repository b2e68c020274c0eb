"""Numbers that need no closer look: nearly all cells of nearly all files.

A phone number is the dearest thing in a row. One pattern reads a whole column at a
time; what it does not match is left to `readings`, and what it matches, `readings`
would read alike (tests/test_numbers.py).
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING

from leadctl.phones.numbering_plan import (
    UNUSUAL,
    Number,
    calling_code,
    code_dialled,
)
from leadctl.phones.ranges import NEVER
from leadctl.phones.spelling import BRACKETED_ZERO, ENDING, SPACING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from leadctl.phones.numbering_plan import CallingCode, Format, Plan


def behind_plus(text: str) -> Number | None:
    """Read a cell that is + and nearly any number of its country; None: look closer."""
    line = text.translate(SPACING)
    if not line.startswith("+") or "(" in text or ENDING.search(text):
        return None
    code = code_dialled(line[1:4]) if line[1:4].isdecimal() else None
    found = _behind_plus(code).match(line) if code else None
    return Number(code, found[1]) if code and found else None


@cache
def _behind_plus(code: str) -> re.Pattern[str]:
    country = calling_code(code)
    return re.compile(rf"{_plus(country)}({_number(country)})$")


def _plus(country: CallingCode) -> str:
    """Return a pattern of + and a code, behind which nothing could be a prefix."""
    trunk = "|".join(["0", country.code, *_patterns(country.trunk.prefix)])
    return rf"\+{country.code}(?!{trunk})"


def _number(country: CallingCode) -> str:
    lengths = sorted(country.person_lengths)
    return "|".join(f"[0-9]{{{n}}}" for n in lengths) or NEVER


class Usual:
    """Reads the usual numbers of a region's calling code.

    They stand behind + and the code, or as the region writes them.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._country = plan.calling_code

    def column(self, texts: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return each text without spacing, and its national number.

        The number is empty where a closer look is needed.
        """
        joined = "\n".join(texts)
        plain = joined.translate(SPACING)
        lines = plain.split("\n")
        numbers: list[str] = self._sure.findall(plain)
        if len(numbers) != len(texts):  # a line break in a cell
            return [*texts], [""] * len(texts)
        if "" in numbers:
            glance = self._at_a_glance
            numbers = [
                n or glance(line) for n, line in zip(numbers, lines, strict=True)
            ]
        for place in self._in_doubt(joined, texts):
            numbers[place] = ""
        return lines, numbers

    def _in_doubt(self, joined: str, texts: Sequence[str]) -> Iterable[int]:
        """Yield the places of cells whose punctuation says something."""
        odd = []
        if "(" in joined and BRACKETED_ZERO.search(joined):
            odd.append(BRACKETED_ZERO)
        if "-" in joined and self._country.has_endings:
            odd.append(ENDING)
        for mark in odd:
            yield from (place for place, text in enumerate(texts) if mark.search(text))

    def _at_a_glance(self, line: str) -> str:
        """Return an unassigned number that the region writes so and is alone."""
        found = self._possible.match(line)
        return found[1] if found and self.is_alone(line, found[1]) else ""

    def is_alone(self, line: str, number: str) -> bool:
        """Tell whether digits that are written as this number are surely no other.

        Every reading that may be assigned is a rival; where that takes more than a
        glance, the answer is no, and `readings` decides.
        """
        if not self._plan.has_plain_prefix:
            return False
        bare = line.lstrip("0")
        country = self._country
        for other in ("0" + line, line, bare):
            is_long = other != number and len(other) in country.lengths
            if is_long and country.is_assigned(other):
                return False
        code = code_dialled(bare[:3])
        if code is None or bare == country.code + number:
            return True
        rest, abroad = bare[len(code) :], calling_code(code)
        prefix = abroad.trunk.prefix
        return not (
            rest.startswith(("0", code))
            or abroad.is_assigned(rest)
            or (prefix and prefix.match(rest))
        )

    @cached_property
    def _sure(self) -> re.Pattern[str]:
        """Match, line by line, what stands behind + or is written so and assigned."""
        country = self._country
        lengths = sorted(country.person_lengths)
        assigned = "|".join(map(country.ranges.assigned, lengths))
        ways = "|".join([_plus(country), *self._ways(rf"(?={assigned})")])
        return re.compile(
            f"^(?:(?:{ways})({_number(self._country)})$|.*)", re.MULTILINE
        )

    @cached_property
    def _possible(self) -> re.Pattern[str]:
        """Match what is written so, assigned or not."""
        return re.compile(f"(?:{'|'.join(self._ways(''))})({_number(self._country)})$")

    def _ways(self, condition: str) -> Iterator[str]:
        """Yield what stands before a number where the region writes it, and how."""
        plan, code = self._plan, self._plan.code
        other = "|".join(["00", *_patterns(plan.abroad)])
        bare = "".join(f"(?!{prefix})" for prefix in _patterns(plan.prefix))
        unusual = f"(?!{code})" if code in UNUSUAL else ""
        yield f"(?!{other}){bare}{unusual}{self._written('')}{condition}"
        if prefix := plan.national_prefix:
            yield f"(?!{other}){prefix}{unusual}{self._written(prefix)}{condition}"

    def _written(self, prefix: str) -> str:
        """Return a condition: the country writes the number behind this prefix."""
        country = self._country
        ours: list[str] = []
        others: list[str] = []
        for form in country.formats:
            is_ours = form.is_written_behind(prefix, self._plan.national_prefix)
            (ours if is_ours else others).append(_shape(form))
        if not country.formats:
            return NEVER if prefix else ""
        unless = f"(?!{'|'.join(others)})" if others else ""
        return f"{unless}(?={'|'.join(ours) or NEVER})"


def _shape(form: Format) -> str:
    begin, shape = (_GROUP.sub("(?:", p.pattern) for p in (form.begin, form.shape))
    return f"(?={begin}){shape}$"


def _patterns(pattern: re.Pattern[str] | None) -> list[str]:
    return [_GROUP.sub("(?:", pattern.pattern)] if pattern else []


_GROUP = re.compile(r"(?<!\\)\((?!\?)")
"""Where a pattern of the library opens a group; there must be none but ours."""
