"""The assigned ranges of numbers, as patterns."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from phonenumbers.phonemetadata import PhoneNumberDesc

NEVER = "(?!)"


class _Line(NamedTuple):
    """The ranges of one length: a number is assigned if a group of the pattern matches.

    A group of `behind` matches a beginning; its pattern tells what is assigned there.
    """

    pattern: re.Pattern[str]
    behind: dict[str, str]


class Ranges:
    """The ranges of all regions that share a calling code."""

    def __init__(self, calling_code: int) -> None:
        self._calling_code = calling_code
        self._lines: dict[int, _Line] = {}

    def includes(self, national: str) -> bool:
        """Tell whether a number is in a range of any type but voicemail."""
        line = self._lines.get(len(national)) or self._line_up(len(national))
        found = line.pattern.match(national)
        if found is None or found.lastgroup is None:
            return False
        behind = line.behind.get(found.lastgroup)
        return behind is None or _compiled(behind).match(national) is not None

    def assigned(self, length: int) -> str:
        """Return a pattern of the assigned numbers of a length, and of no others."""
        free: list[str] = []
        found: list[str] = []
        guarded: list[str] = []
        begins: list[str] = []
        for begin, pattern, is_assigned in self._branches(length):
            if is_assigned and NEVER not in pattern:
                unless = f"(?!{'|'.join(free)})" if free else ""
                (guarded if begin else found).append(_ahead(begin) + unless + pattern)
                begins += filter(None, [begin])
            elif not is_assigned and pattern != NEVER:
                free.append(f"(?:{begin}){pattern}")
        if guarded:  # one look spares most numbers those of all small regions
            found.append(f"(?={'|'.join(begins)})(?:{'|'.join(guarded)})")
        return rf"(?:{'|'.join(found) or NEVER})"

    def _line_up(self, length: int) -> _Line:
        groups: list[str] = []
        behind: dict[str, str] = {}
        for begin, pattern, is_assigned in self._branches(length):
            name, group = f"_{len(groups)}", _ahead(begin) or pattern
            groups.append(f"(?P<{name}>{group})" if is_assigned else group)
            if begin and is_assigned:
                behind[name] = pattern
        line = _Line(re.compile("|".join(groups)), behind)
        return self._lines.setdefault(length, line)

    def _branches(self, length: int) -> Iterator[tuple[str, str, bool]]:
        """Yield beginnings, patterns, and whether they are of assigned numbers.

        The first match counts.
        """
        regions = COUNTRY_CODE_TO_REGION_CODE[self._calling_code]
        of_main: list[str] = []
        for region in regions:
            plan = metadata(self._calling_code, region)
            assigned, voicemail = _patterns(plan, length, of_main)
            if region == regions[0] and plan.leading_digits is None:
                of_main = _special(plan, length)  # matched there, before the others
            begin = (plan.leading_digits if len(regions) > 1 else "") or ""
            yield begin, assigned, True
            # A region's beginning alone says that no other region has the number.
            yield begin, "" if begin else voicemail, False


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _ahead(begin: str) -> str:
    return f"(?={begin})" if begin else ""


def metadata(calling_code: int, region: str) -> PhoneMetadata:
    """Load the library's metadata of a region; 001 for codes without a region."""
    found = PhoneMetadata.metadata_for_region_or_calling_code(calling_code, region)
    if found is None:
        raise LookupError(f"phonenumbers has no plan of {region} for +{calling_code}")
    return found


def _patterns(
    plan: PhoneMetadata, length: int, known: Collection[str]
) -> tuple[str, str]:
    """Return patterns of the assigned numbers of a length, and of voicemail boxes.

    In the library's order, voicemail comes after special services and before fixed
    lines and mobiles. Services that are `known` are left out.
    """
    lines = [plan.fixed_line]
    if not plan.same_mobile_and_fixed_line_pattern:
        lines.append(plan.mobile)
    general = _pattern(plan.general_desc, length)
    first = _any_of(one for one in _special(plan, length) if one not in known)
    later = _any_of(_pattern(line, length) for line in lines)
    box = _any_of([_pattern(plan.voicemail, length)])
    if box and later:
        later = f"(?!{box}){later}"
    ours = "|".join(filter(None, (first, later)))
    whole = f"(?=(?:{general})$)"
    return (
        f"{whole}(?:{ours})" if general and ours else NEVER,
        f"{whole}{box}" if general and box else NEVER,
    )


def _special(plan: PhoneMetadata, length: int) -> list[str]:
    """Return the patterns of special services; those of +1 are the same everywhere."""
    kinds = (
        plan.premium_rate,
        plan.toll_free,
        plan.shared_cost,
        plan.voip,
        plan.personal_number,
        plan.pager,
        plan.uan,
    )
    return [pattern for kind in kinds if (pattern := _pattern(kind, length))]


def _any_of(patterns: Iterable[str]) -> str:
    some = "|".join(filter(None, patterns))
    return f"(?:(?:{some})$)" if some else ""


def _pattern(kind: PhoneNumberDesc | None, length: int) -> str:
    if kind is None or (kind.possible_length and length not in kind.possible_length):
        return ""
    return kind.national_number_pattern or ""
