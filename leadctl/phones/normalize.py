"""A column of phone cells -> what one provider takes, or a code and the reason why not.

The one place that turns a reading into what is sent, for every provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model import Code, Phone
from leadctl.phones.identity import WITH_TWO_WAYS, identity
from leadctl.phones.numbering_plan import Number, calling_code, plan_of, split
from leadctl.phones.readings import Ambiguous, Numbers, Taken, decide
from leadctl.phones.spelling import PhoneProblem, spelled
from leadctl.phones.usual import Usual

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leadctl.model import Json
    from leadctl.phones.column import ColumnSays
    from leadctl.phones.numbering_plan import Plan
    from leadctl.phones.readings import Readings
    from leadctl.phones.spelling import Spelling


class PhoneForm(StrEnum):
    """How a provider wants a number written."""

    E164 = "+ and digits"
    DIGITS = "digits with the country code, no +"
    NATIONAL = "digits without the country code"
    AS_WRITTEN = "digits as in the file, + kept"


class PhoneCheck(StrEnum):
    """`possible`: its length is a person's; `valid`: its range is assigned."""

    POSSIBLE = "possible"
    VALID = "valid"


@dataclass(frozen=True)
class PhoneRule:
    """What a provider takes; with `country` (ISO 3166 alpha-2), its numbers alone."""

    form: PhoneForm
    country: str | None = None
    fewest: int = 3
    most: int = 15


ANY_COUNTRY = PhoneRule(PhoneForm.DIGITS)
"""What a number is checked by where no provider says what it takes."""


class Phones(NamedTuple):
    """Phones in columns, empty where a cell holds none; `repairs` by place.

    `wires` are what is sent, `keys` who is reached.
    """

    wires: list[str]
    keys: list[str]
    repairs: dict[int, tuple[str, ...]]

    def __repr__(self) -> str:
        return f"Phones({len(self.keys)}, hidden)"


class Normalizer:
    """Turns cells into phones for one provider.

    `region` is for digits without a country code. `numbers` is the user's word on
    digits that have several readings; without it the column is asked, which is looked
    at only once a cell needs it.
    """

    def __init__(
        self,
        rule: PhoneRule,
        region: str | None = None,
        check: PhoneCheck = PhoneCheck.POSSIBLE,
        numbers: Numbers = Numbers.AUTO,
        column: Callable[[], ColumnSays | None] = lambda: None,
    ) -> None:
        self._rule = rule
        self._region = region or rule.country
        self._is_strict = check is PhoneCheck.VALID
        self._numbers = numbers
        self._column = column

    def column(
        self, values: Sequence[Json], regions: Sequence[str | None] | None = None
    ) -> tuple[Phones, dict[int, PhoneProblem]]:
        """Return a phone for each value, or what is the problem with it.

        `regions` has the region of each value, where a column of the file names it.
        """
        if regions is None:
            return self._in_region(values, self._region)
        phones = Phones([""] * len(values), [""] * len(values), {})
        problems: dict[int, PhoneProblem] = {}
        for region in {*regions}:
            places = [place for place, named in enumerate(regions) if named == region]
            found, odd = self._in_region(
                [values[place] for place in places], region or self._region
            )
            for place, wire, key in zip(places, found.wires, found.keys, strict=True):
                phones.wires[place], phones.keys[place] = wire, key
            phones.repairs.update({places[n]: r for n, r in found.repairs.items()})
            problems.update({places[n]: problem for n, problem in odd.items()})
        return phones, problems

    def _in_region(
        self, values: Sequence[Json], region: str | None
    ) -> tuple[Phones, dict[int, PhoneProblem]]:
        wires, keys = self._usual(values, region)
        phones, problems = Phones(wires, keys, {}), dict[int, PhoneProblem]()
        for place, key in enumerate(keys):
            if key:
                continue
            try:
                phone = self._read(values[place], region)
            except PhoneProblem as problem:
                # Its traceback would keep all these rows until they are collected, and
                # so would that of what it came from.
                problem.__context__ = None
                problems[place] = problem.with_traceback(None)
                wires[place] = ""
                continue
            wires[place], keys[place] = phone.wire, phone.key
            if phone.repairs:
                phones.repairs[place] = phone.repairs
        return phones, problems

    def __call__(self, value: Json) -> Phone:
        """Return the phone of one value; raises PhoneProblem."""
        phones, problems = self.column([value])
        if problems:
            raise problems[0]
        return Phone(phones.wires[0], phones.keys[0], phones.repairs.get(0, ()))

    def _usual(
        self, values: Sequence[Json], region: str | None
    ) -> tuple[list[str], list[str]]:
        """Return wires and keys of the usual numbers; no key where a look is needed."""
        plan, rule = plan_of(region), self._rule
        if plan is None or rule.country not in (None, plan.region):
            return [""] * len(values), [""] * len(values)
        texts = [value if isinstance(value, str) else "" for value in values]
        lines, numbers = usual(plan).column(texts)
        code, country = plan.code, plan.calling_code
        kept = range(max(rule.fewest - len(code), 1), rule.most - len(code) + 1)
        keys = [code + n if len(n) in kept else "" for n in numbers]
        if self._is_strict:
            keys = [
                key if key and country.is_assigned(number) else ""
                for key, number in zip(keys, numbers, strict=True)
            ]
        match rule.form:
            case PhoneForm.DIGITS:
                wires = [*keys]
            case PhoneForm.E164:
                wires = ["+" + key for key in keys]
            case PhoneForm.NATIONAL:
                wires = numbers
            case PhoneForm.AS_WRITTEN:
                wires = lines
        if code in WITH_TWO_WAYS:
            keys = [
                identity(Number(code, number)) if key else ""
                for key, number in zip(keys, numbers, strict=True)
            ]
        return wires, keys

    def _wire(self, written: str, digits: str, national: str) -> str:
        match self._rule.form:
            case PhoneForm.DIGITS:
                return digits
            case PhoneForm.E164:
                return "+" + digits
            case PhoneForm.NATIONAL:
                return national
            case PhoneForm.AS_WRITTEN:
                return written

    def _read(self, value: Json, region: str | None) -> Phone:
        spelling = spelled(value)
        number, repairs = self._number(spelling, region)
        rule = self._rule
        if rule.country and number.code != _code_of(rule.country):
            raise PhoneProblem(
                Code.PHONE_WRONG_COUNTRY, f"not a number of {rule.country}"
            )
        if not rule.fewest <= len(number.digits) <= rule.most:
            found = f"{_count(number.digits)} with the country code"
            raise _invalid(f"{found}, this provider takes {rule.fewest} to {rule.most}")
        if rule.country and not _is_whole(number):
            raise _invalid(_impossible(number))
        if self._is_strict and not number.is_assigned:
            raise _invalid(
                "not in a range that is assigned to anybody (--phone-check valid)"
            )
        # What needed a repair goes out with its country code.
        digits = number.digits if repairs != spelling.repairs else spelling.digits
        written = "+" + digits if spelling.plus else digits
        wire = self._wire(written, number.digits, number.national)
        return Phone(wire, identity(number), repairs)

    def _number(
        self, spelling: Spelling, region: str | None
    ) -> tuple[Number, tuple[str, ...]]:
        found = decide(spelling, region, self._numbers)
        if isinstance(found, Ambiguous) and self._numbers is Numbers.AUTO:
            says = self._column()
            found = (says and says.of(found.readings)) or found
        match found:
            case Taken(number, None):
                return number, spelling.repairs
            case Taken(number, repair):
                return number, (*spelling.repairs, str(repair))
            case Ambiguous(readings):
                raise PhoneProblem(Code.PHONE_AMBIGUOUS, _several(readings))
            case _:
                raise _invalid(_unread(spelling, plan_of(region)))


@cache
def usual(plan: Plan) -> Usual:
    return Usual(plan)


def _code_of(region: str) -> str:
    plan = plan_of(region)
    return plan.code if plan else ""


def _is_whole(number: Number) -> bool:
    """Tell whether it is a person's number, without a national prefix."""
    country = calling_code(number.code)
    prefix = country.trunk.national_prefix
    return len(number.national) in country.person_lengths and not (
        prefix and number.national.startswith(prefix)
    )


def _several(readings: Readings) -> str:
    masked = [f"+{n.code} {'#' * len(n.national)}" for n in sorted(readings)]
    shown = " or ".join(dict.fromkeys(masked))
    return f"may be {shown}: several readings; write it with + and the country code"


def _unread(spelling: Spelling, plan: Plan | None) -> str:
    """Say why digits are no number."""
    if spelling.plus or spelling.digits.startswith("00"):
        number = split(spelling.digits.removeprefix("00"))
        if number is None:
            return "no such country code"
        if spelling.head and number.is_possible:
            return _SECOND
        return _impossible(number)
    if plan is None:
        return "no country code: write it with +, or give --region"
    if spelling.head:
        return _SECOND
    national = spelling.digits.removeprefix(plan.national_prefix)
    return _impossible(Number(plan.code, national))


_SECOND = "holds more than one number; keep one"


def _invalid(reason: str) -> PhoneProblem:
    return PhoneProblem(Code.PHONE_INVALID, reason)


def _count(digits: str) -> str:
    return "1 digit" if len(digits) == 1 else f"{len(digits)} digits"


def _impossible(number: Number) -> str:
    country = calling_code(number.code)
    region = country.trunk.region
    # 001 stands for the world: the codes of satellites and freephone.
    where = f"in {region}" if region.isalpha() else "there"
    size = len(number.national)
    if size in country.local_lengths:
        return f"{_count(number.national)}: the area code is missing"
    if size in country.person_lengths:
        return f"no number {where} begins so"
    lengths = sorted(country.person_lengths or country.lengths)
    fewest, most = lengths[0], lengths[-1]
    expected = str(fewest) if fewest == most else f"{fewest} to {most}"
    found = f"{_count(number.national)} after +{number.code}"
    return f"{found}, a number {where} has {expected}"
