"""Numbering plans, from `phonenumbers`: how regions dial and write numbers."""

from __future__ import annotations

import re
from functools import cache, cached_property
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from leadctl.phones.ranges import Ranges, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from phonenumbers import NumberFormat, PhoneMetadata

SHORTEST, LONGEST = 2, 15
"""Digits that a national number may have."""

CALLING_CODES = tuple(map(str, COUNTRY_CODE_TO_REGION_CODE))

UNUSUAL = {"49": 12, "43": 12, "39": 12, "383": 9}
"""Calling codes, and how many digits a number has that is longer than usual. If it
begins with the code, the code was probably written twice."""


class Number(NamedTuple):
    """A calling code and a national number."""

    code: str
    national: str

    @property
    def digits(self) -> str:
        return self.code + self.national

    @property
    def is_assigned(self) -> bool:
        return calling_code(self.code).is_assigned(self.national)

    @property
    def is_possible(self) -> bool:
        return calling_code(self.code).is_possible(self.national)

    @property
    def is_unusual(self) -> bool:
        """Whether it begins with its own code and is longer than usual."""
        usual = len(self.national) < UNUSUAL.get(self.code, LONGEST + 1)
        return not usual and self.national.startswith(self.code)

    def __repr__(self) -> str:
        return f"Number(+{self.code}, hidden)"


class Format(NamedTuple):
    """One way in which a country writes its numbers: `template` makes the digits."""

    begin: re.Pattern[str]
    shape: re.Pattern[str]
    template: str
    prefix_is_optional: bool

    def writes(self, national: str) -> bool:
        return bool(self.begin.match(national) and self.shape.fullmatch(national))

    def is_written_behind(self, prefix: str, national_prefix: str) -> bool:
        """Tell whether its numbers are written as a prefix and their digits."""
        digits = "".join(f"\\g<{n}>" for n in range(1, self.shape.groups + 1))
        if self.template == prefix + digits:
            return True
        if prefix and self.template != digits:
            return False
        return self.prefix_is_optional or not national_prefix


class CallingCode:
    """The numbers of a calling code, by the plan of its main region."""

    def __init__(self, code: str) -> None:
        regions = COUNTRY_CODE_TO_REGION_CODE[int(code)]
        plans = [metadata(int(code), region) for region in regions]
        self.code = code
        self.trunk = Plan(int(code), regions[0], "behind the code")
        self.lengths = tuple(sorted({n for plan in plans for n in _lengths(plan)}))
        """Digits that any number has."""
        self.person_lengths = frozenset(n for p in plans for n in _person_lengths(p))
        """Digits that fixed, mobile, personal and VoIP numbers have."""
        self.local_lengths = {*_local_lengths(plans[0])} - self.person_lengths
        """Digits that a number has only without its area code."""
        self.ranges = Ranges(int(code))
        self.has_endings = any(
            0 < longer - shorter <= 4
            for longer, shorter in product(_lengths(plans[0]), repeat=2)
        )
        """Whether `1234567-68` may be a number and the end of a second one: numbers
        differ in length by one to four digits."""

    @cached_property
    def formats(self) -> tuple[Format, ...]:
        """The ways in which the main region writes its numbers."""
        plan = metadata(int(self.code), self.trunk.region)
        return tuple(map(_format, plan.number_format))

    def is_assigned(self, national: str) -> bool:
        """Tell whether it is in a range of the plan, of any type but voicemail."""
        return SHORTEST <= len(national) <= LONGEST and self.ranges.includes(national)

    def is_possible(self, national: str) -> bool:
        """Tell whether its length is a person's, or it is assigned."""
        return len(national) in self.person_lengths or self.is_assigned(national)

    def format_of(self, national: str) -> Format | None:
        return next((form for form in self.formats if form.writes(national)), None)

    def written(self, national: str) -> set[str]:
        """Return the digits with which the country itself writes this number."""
        form, prefix = self.format_of(national), self.trunk.national_prefix
        if form is None:
            return {national}
        formal = form.shape.sub(form.template, national)
        if form.prefix_is_optional and formal == national:
            return {national, prefix + national}
        return {formal, national} if form.prefix_is_optional or not prefix else {formal}


class Plan:
    """How numbers are dialled in a region (ISO 3166 alpha-2; 001: in no region)."""

    def __init__(self, code: int, region: str, where: str = "dialled at home") -> None:
        known = metadata(code, region)
        dropped = _DROPPED_PREFIXES.get((region, where))
        prefix = dropped or known.national_prefix_for_parsing
        abroad = _CARRIERS.get(region, known.international_prefix)
        self.region = region
        self.code = str(code)
        self.national_prefix = known.national_prefix or ""
        self.prefix = re.compile(prefix) if prefix else None
        self.transform = known.national_prefix_transform_rule or ""
        self.abroad = re.compile(abroad) if abroad else None

    @cached_property
    def calling_code(self) -> CallingCode:
        return calling_code(self.code)

    @cached_property
    def has_plain_prefix(self) -> bool:
        """Whether nothing but the national prefix is dialled before a number."""
        return self.prefix is None or self.prefix.pattern == self.national_prefix

    @cached_property
    def adds_digits(self) -> bool:
        """Whether a number is longer than what is dialled: an area code is added."""
        return bool(_GROUP.sub("", self.transform))

    def stripped(self, digits: str) -> set[str]:
        """Return what digits may be without the prefix; it may stand for digits."""
        found = {digits.removeprefix(self.national_prefix)}
        if self.prefix and (match := self.prefix.match(digits)):
            rest = digits[match.end() :]
            found.add(rest)
            if self.transform and match.re.groups and match[match.re.groups]:
                found.add(match.expand(self.transform) + rest)
        return found - {"", digits}

    def dialled_abroad(self, digits: str) -> str | None:
        """Return the digits behind the prefix for calls abroad; None without it."""
        found = self.abroad.match(digits) if self.abroad else None
        return digits[found.end() :] if found and found.end() else None


@cache
def plan_of(region: str | None) -> Plan | None:
    """Return the plan of an ISO 3166 alpha-2 code that has one."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        return None
    return Plan(phonenumbers.country_code_for_region(region), region)


def code_of(region: str) -> str:
    """Return the calling code of a region; empty if it has none."""
    plan = plan_of(region)
    return plan.code if plan else ""


calling_code = cache(CallingCode)


@cache
def code_dialled(begin: str) -> str | None:
    """Return the calling code that three digits begin with."""
    sizes = range(1, len(begin) + 1)
    codes = (begin[:size] for size in sizes if begin[0] != "0")
    return next((c for c in codes if int(c) in COUNTRY_CODE_TO_REGION_CODE), None)


def split(digits: str) -> Number | None:
    """Split digits into calling code and national number; None if no code matches."""
    code = code_dialled(digits[:3]) if digits else None
    return Number(code, digits[len(code) :]) if code else None


def is_national_somewhere(digits: str) -> bool:
    """Tell whether digits, perhaps behind a zero, are assigned in any country."""
    return any(
        calling_code(code).is_assigned(national)
        for code in CALLING_CODES
        for national in (digits, "0" + digits)
        if len(national) in calling_code(code).lengths
    )


def is_region(code: str) -> bool:
    """Tell whether `code` is an ISO 3166 alpha-2 code that has a numbering plan."""
    return code in phonenumbers.SUPPORTED_REGIONS


_DROPPED_PREFIXES = {
    ("MX", "dialled at home"): r"(?:01|04[45])(?=[0-9]{10}$)",
    ("MX", "behind the code"): r"(?:1|01|04[45])(?=[0-9]{10}$)",
}
"""Prefixes that people still write and the library no longer knows: Mexico dropped its
own on 2019-08-03 (IFT, Plan Técnico Fundamental de Numeración)."""


_CARRIERS = {"CL": r"(?:0|1\d\d)0", "ID": r"00[1789]|010\d[1-9]"}
"""How regions dial abroad by any carrier; the library knows some carriers only. Chile:
Subtel, El servicio de larga distancia, 2006-12-29. Indonesia: Ministry of
Transportation, KM 28/2004; of its 00X, 1, 7, 8 and 9 are in use."""


def _person_lengths(plan: PhoneMetadata) -> Iterator[int]:
    for kind in (plan.fixed_line, plan.mobile, plan.personal_number, plan.voip):
        if kind and (kind.national_number_pattern or "NA") != "NA":
            lengths = kind.possible_length or _lengths(plan)
            yield from (length for length in lengths if length > 0)


def _local_lengths(plan: PhoneMetadata) -> Iterator[int]:
    for kind in (plan.general_desc, plan.fixed_line, plan.mobile):
        yield from kind.possible_length_local_only if kind else ()


def _lengths(plan: PhoneMetadata) -> tuple[int, ...]:
    return plan.general_desc.possible_length if plan.general_desc else ()


_GROUP = re.compile(r"\\\d")


def _format(known: NumberFormat) -> Format:
    template = known.format or ""
    if rule := known.national_prefix_formatting_rule:
        # In the rule, \1 stands for the first group of the format, whichever it is.
        template = _GROUP.sub(lambda g: rule.replace(r"\1", g[0]), template, count=1)
    digits = re.findall(r"\\\d|\d", template)
    return Format(
        begin=re.compile((known.leading_digits_pattern or [""])[-1]),
        shape=re.compile(known.pattern or ""),
        template="".join(f"\\g<{d[1]}>" if len(d) > 1 else d for d in digits),
        prefix_is_optional=bool(known.national_prefix_optional_when_formatting),
    )
