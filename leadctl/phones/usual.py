"""Reads the usual numbers of a column by one pattern: nearly all cells of most files.

`readings` reads the rest. It would read all of them alike, only slower.
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, TypeAlias

from leadctl.phones import number_patterns as patterns
from leadctl.phones.identity import SPECIAL
from leadctl.phones.numbering_plan import (
    LONGEST,
    UNUSUAL,
    Number,
    code_dialled,
)
from leadctl.phones.ranges import NEVER
from leadctl.phones.spelling import (
    BRACKETED_ZERO,
    DATE,
    DIGITS_OF_A_DATE,
    ENDING,
    SPACING,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from leadctl.phones.numbering_plan import Plan


ODD = re.compile(f"{BRACKETED_ZERO.pattern}|{ENDING.pattern}")
"""Punctuation with a meaning: such a cell is left to `readings`."""


def behind_plus(text: str) -> Number | None:
    """Read a cell that is + and a usual number of any country; None: look closer."""
    line = text.translate(SPACING)
    if line[:1] != "+" or not line.isascii() or "(" in text or ENDING.search(text):
        return None
    code = code_dialled(line[1:4]) if line[1:4].isdecimal() else None
    found = patterns.behind_plus(code).match(line) if code else None
    return Number(code, found[1]) if code and found else None


Rival: TypeAlias = "tuple[Callable[[str, int], object], int]"
"""Matches other readings, and where in the line behind a zero they begin."""

_ANYTHING: Rival = (re.compile("").match, 0)


class Usual:
    """Reads numbers behind + and a region's calling code, or as the region writes them.

    One step reads those that are assigned, the other those that can be nothing else.
    Their order changes the speed alone, and so does `few`: compiling a pattern of all
    assigned numbers does not pay for so few lines.
    """

    def __init__(
        self, plan: Plan, *, assigned_first: bool = True, few: int = 500
    ) -> None:
        self._plan = plan
        self._few = few
        self._country = plan.calling_code
        self._rivals = cache(self._found_rivals)
        steps = self._assigned, self._unrivalled
        self._steps = steps if assigned_first else steps[::-1]

    def column(self, texts: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return texts without spacing, and national numbers, empty where in doubt."""
        joined = "\n".join(texts)
        lines = joined.translate(SPACING).split("\n")
        if len(lines) != len(texts):  # a line break in a cell
            return [*texts], [""] * len(texts)
        first, second = self._steps
        numbers = first(lines)
        rest = [place for place, number in enumerate(numbers) if not number]
        if rest:
            found = second([lines[place] for place in rest])
            for place, number in zip(rest, found, strict=True):
                numbers[place] = number
            if 2 * sum(map(bool, found)) > len(lines):
                self._steps = second, first
        for place in self._in_doubt(joined, texts):
            numbers[place] = ""
        return lines, numbers

    def _assigned(self, lines: Sequence[str]) -> list[str]:
        if len(lines) > self._few:
            return self._plain.findall("\n".join(lines))
        numbers: list[str] = self._written.findall("\n".join(lines))
        is_assigned = self._country.is_assigned
        return [
            number if line[:1] == "+" or is_assigned(number) else ""
            for line, number in zip(lines, numbers, strict=True)
        ]

    def _unrivalled(self, lines: Sequence[str]) -> list[str]:
        numbers: list[str] = self._written.findall("\n".join(lines))
        rivals = self._rivals
        for place, (line, number) in enumerate(zip(lines, numbers, strict=True)):
            if number and line[0] != "+":
                for rival, start in rivals(line[:4], len(line), len(number)):
                    if rival("0" + line, start):
                        numbers[place] = ""
                        break
        return numbers

    def alone(self, texts: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
        """Return texts without spacing, national numbers, and what else they may be.

        Digits can only be the number (empty: look closer), or what a + before them
        would say (empty: no number).
        """
        joined = "\n".join(texts)
        plain = joined.translate(SPACING)
        lines = plain.split("\n")
        nobody = [""] * len(texts)
        if len(lines) != len(texts):  # a line break in a cell
            return [*texts], nobody, nobody
        if self._plan.transform or self._plan.code in SPECIAL:
            return lines, nobody, nobody
        numbers: list[str] = self._alone.findall("0" + plain.replace("\n", "\n0"))
        if joined != plain:
            for place, text in enumerate(texts):
                if ODD.search(text):
                    numbers[place] = ""
        if not self._plan.has_plain_prefix:
            for place, line in enumerate(lines):
                if self._odd_prefix(line, 0) or self._odd_prefix("0" + line, 0):
                    numbers[place] = ""
        return lines, numbers, patterns.behind_lost_plus().findall(plain)

    def _found_rivals(self, begin: str, length: int, size: int) -> Sequence[Rival]:
        """Return other ways to read a line that begins with these four digits."""
        country = self._country
        if self._plan.transform or begin == "0000":
            return [_ANYTHING]
        zeros = len(begin) - len(begin.lstrip("0"))
        others = {0: length + 1, 1: length, 1 + zeros: length - zeros}
        found: list[Rival] = [
            (patterns.assigned(country.code, other).match, start)
            for start, other in others.items()
            if other != size and other in country.lengths
        ]
        if code := code_dialled(begin[zeros : zeros + 3]):
            rest = length - zeros - len(code)
            if rest >= min(SPECIAL.get(code, {LONGEST})):
                return [_ANYTHING]
            if code != country.code or rest != size:
                found.append((patterns.rival(code, rest).match, 1 + zeros + len(code)))
        if not self._plan.has_plain_prefix:
            found += [(self._odd_prefix, 0), (self._odd_prefix, 1)]
        return found

    def _odd_prefix(self, line: str, start: int) -> bool:
        """Tell whether another prefix than the usual one stands there."""
        match = self._plan.prefix and self._plan.prefix.match(line, start)
        return bool(match and match[0] not in ("", self._plan.national_prefix))

    def _in_doubt(self, joined: str, texts: Sequence[str]) -> Iterable[int]:
        """Yield the places of cells whose punctuation has a meaning."""
        odd = []
        if "(0)" in joined.translate(_BLANKS):
            odd.append(BRACKETED_ZERO)
        if self._country.has_endings and ("-" in joined or "(" in joined):
            odd.append(ENDING)
        is_long = min(self._country.person_lengths, default=0) > DIGITS_OF_A_DATE
        if "-" in joined and not is_long and DATE.search(joined):
            odd.append(DATE)
        for mark in odd:
            yield from (place for place, text in enumerate(texts) if mark.search(text))

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        ranges, lengths = self._country.ranges, sorted(self._country.person_lengths)
        assigned = "|".join(map(ranges.assigned, lengths)) or NEVER
        return self._lines(
            f"{patterns.plus(self._country)}|(?:{'|'.join(self._ways)})(?={assigned})"
        )

    @cached_property
    def _written(self) -> re.Pattern[str]:
        return self._lines("|".join([patterns.plus(self._country), *self._ways]))

    @cached_property
    def _alone(self) -> re.Pattern[str]:
        country, prefix = self._country, self._plan.national_prefix
        some = "|".join(map(country.ranges.assigned, country.lengths)) or NEVER
        bare, *behind = self._ways
        ways = "|".join([bare, *(f"(?!{some}){way}" for way in behind)])
        lost = f"(?!{some})" + (f"(?!{prefix}(?:{some}))" if len(prefix) > 1 else "")
        national = f"{lost}0(?!{patterns.more_behind_code()})(?:{ways})(?!0+(?:{some}))"
        return self._lines(f"0{patterns.plus(country)}|{national}")

    def _lines(self, before: str) -> re.Pattern[str]:
        """Find a number behind `before` in each line, or nothing."""
        number = patterns.of_lengths(self._country.person_lengths)
        return re.compile(f"^(?:(?:{before})({number})$|.*)", re.MULTILINE)

    @cached_property
    def _ways(self) -> list[str]:
        """What stands before a number where the region writes it, and how."""
        plan, code = self._plan, self._plan.code
        other = "|".join(["00", *patterns.ungrouped(plan.abroad)])
        bare = "".join(f"(?!{prefix})" for prefix in patterns.ungrouped(plan.prefix))
        unusual = f"(?!{code})" if code in UNUSUAL else ""
        found = [f"(?!{other}){bare}{unusual}{self._shapes('')}"]
        if prefix := plan.national_prefix:
            found.append(f"(?!{other}){prefix}{unusual}{self._shapes(prefix)}")
        return found

    def _shapes(self, prefix: str) -> str:
        """Require that the country writes the number behind this prefix."""
        formats = self._country.formats
        if not formats:
            return NEVER if prefix else ""
        ours: list[str] = []
        others: list[str] = []
        for form in formats:
            is_ours = form.is_written_behind(prefix, self._plan.national_prefix)
            (ours if is_ours else others).append(patterns.shape(form))
        unless = f"(?!{'|'.join(others)})" if others else ""
        return f"{unless}(?={'|'.join(ours) or NEVER})"


usual_of = cache(Usual)


_BLANKS = str.maketrans("", "", " \u00a0")
"""What is written inside brackets, and taken out with other spacing."""
