"""The ranges of numbers that are assigned, and to whom.

One pattern answers for a number where the library asks up to 25 regions for ten kinds
of number each. It is put together from the installed library's own patterns when a
length of number is first met in a country code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

if TYPE_CHECKING:
    from phonenumbers.phonemetadata import PhoneNumberDesc

NEVER = "(?!)"


class Holder(NamedTuple):
    """Which region has a number, and whether it is of a range that is assigned."""

    region: str | None
    valid: bool


class _Line(NamedTuple):
    """The ranges of one length: the holder has the name of the group that matches."""

    pattern: re.Pattern[str]
    holders: dict[str | None, Holder]


class Ranges:
    """The ranges of all regions that share a country code."""

    def __init__(self, country_code: int) -> None:
        self._country_code = country_code
        self._lines: dict[int, _Line] = {}

    def holder(self, national: str) -> Holder:
        line = self._lines.get(len(national)) or self._line_up(len(national))
        found = line.pattern.match(national)
        return line.holders[found.lastgroup if found else None]

    def _line_up(self, length: int) -> _Line:
        regions = COUNTRY_CODE_TO_REGION_CODE[self._country_code]
        branches: list[tuple[str, Holder]] = []
        # In the library's order: the first that matches has the number.
        for region in regions:
            plan = metadata(self._country_code, region)
            assigned = _assigned(plan, length)
            begin = plan.leading_digits if len(regions) > 1 else ""
            if begin is None:
                branches.append((assigned, Holder(region, valid=True)))
            else:
                # The beginning alone says whose it is, assigned or not.
                branches.append((f"(?={begin}){assigned}", Holder(region, valid=True)))
                branches.append((begin, Holder(region, valid=False)))
        groups = (f"(?P<_{n}>{branch})" for n, (branch, _) in enumerate(branches))
        holders: dict[str | None, Holder] = {None: Holder(None, valid=False)}
        holders |= {f"_{n}": holder for n, (_, holder) in enumerate(branches)}
        return self._lines.setdefault(
            length, _Line(re.compile("|".join(groups)), holders)
        )


def metadata(country_code: int, region: str) -> PhoneMetadata:
    """Load what the library knows of a region; 001 is a code that is no region's."""
    found = PhoneMetadata.metadata_for_region_or_calling_code(country_code, region)
    if found is None:
        raise LookupError(f"phonenumbers has no plan of {region} for +{country_code}")
    return found


def _assigned(plan: PhoneMetadata, length: int) -> str:
    """Return a pattern of all whole numbers of that length, whatever their kind."""
    kinds = [
        plan.fixed_line,
        plan.toll_free,
        plan.premium_rate,
        plan.shared_cost,
        plan.personal_number,
        plan.voip,
        plan.pager,
        plan.uan,
        plan.voicemail,
    ]
    if not plan.same_mobile_and_fixed_line_pattern:
        kinds.insert(0, plan.mobile)
    patterns = [pattern for kind in kinds if (pattern := _pattern(kind, length))]
    general = _pattern(plan.general_desc, length)
    if not patterns or not general:
        return NEVER
    return rf"(?=(?:{general})\Z)(?:{'|'.join(patterns)})\Z"


def _pattern(kind: PhoneNumberDesc | None, length: int) -> str:
    if kind is None or (kind.possible_length and length not in kind.possible_length):
        return ""
    return kind.national_number_pattern or ""
