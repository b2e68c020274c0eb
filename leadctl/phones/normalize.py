"""Turns a column of phone cells into what a provider takes, or a code and a reason.

The only place that writes a number in a provider's form.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.leads import Code, Phone
from leadctl.phones.countries import by_country
from leadctl.phones.decision import Ambiguous, Taken, beside_code, decide
from leadctl.phones.identity import WITH_TWO_WAYS, identity
from leadctl.phones.numbering_plan import Number, calling_code, plan_of, split
from leadctl.phones.readings import readings_of
from leadctl.phones.rule import Numbers, PhoneCheck, PhoneForm
from leadctl.phones.spelling import (
    SPACING,
    PhoneProblem,
    PhoneUnreadable,
    Spelling,
    spelled,
)
from leadctl.phones.usual import Usual, behind_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leadctl.model.leads import Json
    from leadctl.phones.column import ColumnSays
    from leadctl.phones.countries import Countries, Country
    from leadctl.phones.decision import Unread
    from leadctl.phones.numbering_plan import Plan
    from leadctl.phones.readings import Readings
    from leadctl.phones.rule import PhoneRule


class Phones(NamedTuple):
    """Phones as columns, empty where a cell is empty; `repairs` by place.

    `wires` are the numbers as sent, `keys` the identities they reach. A number in two
    parts (SPLIT) has a space between them.
    """

    wires: list[str]
    keys: list[str]
    repairs: dict[int, tuple[str, ...]]

    def __repr__(self) -> str:
        return f"Phones({len(self.keys)}, hidden)"


class Normalizer:
    """Turns cells into phones for one provider.

    `region` is used for digits without a country code. `numbers` is the user's decision
    about digits with several readings; without it the column decides, which is read
    only if a cell requires it.
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
        self.region = region or rule.country
        self._is_strict = check is PhoneCheck.VALID
        self._numbers = numbers
        self._column = column
        self.agrees_with_option = True
        """Whether the option `numbers` would read all cells as their column did."""

    def column(
        self, values: Sequence[Json], countries: Countries = None
    ) -> tuple[Phones, dict[int, PhoneProblem]]:
        """Return a phone for each value, or the problem with it.

        `countries` has the country of each value if a column of the file names it.
        """
        if countries is None:
            return self._in_country(values, None)
        phones = Phones([""] * len(values), [""] * len(values), {})
        problems: dict[int, PhoneProblem] = {}
        for country, places in by_country(countries):
            found, odd = self._in_country([values[place] for place in places], country)
            for place, wire, key in zip(places, found.wires, found.keys, strict=True):
                phones.wires[place], phones.keys[place] = wire, key
            phones.repairs.update({places[n]: r for n, r in found.repairs.items()})
            problems.update({places[n]: problem for n, problem in odd.items()})
        return phones, problems

    def _in_country(
        self, values: Sequence[Json], country: Country | None
    ) -> tuple[Phones, dict[int, PhoneProblem]]:
        region = country.region if country else self.region
        wires, keys = self._usual(values, region, whole=region == self.region)
        if country and country.code:
            self._behind_code(values, country, wires, keys)
        phones, problems = Phones(wires, keys, {}), dict[int, PhoneProblem]()
        places = [place for place, key in enumerate(keys) if not key]
        for place in places:
            try:
                phone = self._read(values[place], region, country)
            except PhoneUnreadable as error:
                problems[place] = error.problem
                wires[place] = ""
                continue
            wires[place], keys[place] = phone.wire, phone.key
            if phone.repairs:
                phones.repairs[place] = phone.repairs
        return phones, problems

    def __call__(self, value: Json) -> Phone:
        """Return the phone of one value; raises PhoneUnreadable."""
        phones, problems = self.column([value])
        if problems:
            raise PhoneUnreadable(*problems[0])
        return Phone(phones.wires[0], phones.keys[0], phones.repairs.get(0, ()))

    def _behind_code(
        self,
        values: Sequence[Json],
        country: Country,
        wires: list[str],
        keys: list[str],
    ) -> None:
        """Add the usual numbers whose calling code is in a column of its own."""
        places = [
            place
            for place, key in enumerate(keys)
            if not key and _is_split(values[place], country.code)
        ]
        joined = [f"+{country.code}{values[place]}" for place in places]
        found = self._usual(joined, country.region, whole=False)
        for place, wire, key in zip(places, *found, strict=True):
            wires[place], keys[place] = wire, key

    def _usual(
        self, values: Sequence[Json], region: str | None, *, whole: bool
    ) -> tuple[list[str], list[str]]:
        """Return wires and keys of the usual numbers; the key is empty for all others.

        Cells are `whole` if they can be dialled as written.
        """
        plan, rule = plan_of(region), self._rule
        if plan is None or rule.country not in (None, plan.region):
            return [""] * len(values), [""] * len(values)
        texts = [value if isinstance(value, str) else "" for value in values]
        lines, numbers = usual(plan).column(texts)
        code, country = plan.code, plan.calling_code
        kept = range(max(rule.fewest - len(code), 1), rule.most - len(code) + 1)
        keys = [number and code + number for number in numbers]
        if not country.person_lengths.issubset(kept):
            keys = [
                key if len(number) in kept else ""
                for key, number in zip(keys, numbers, strict=True)
            ]
        if self._is_strict:
            keys = [
                key if key and country.is_assigned(number) else ""
                for key, number in zip(keys, numbers, strict=True)
            ]
        match rule.form:
            case PhoneForm.DIGITS:
                wires = [*keys]
            case PhoneForm.E164:
                wires = [f"+{key}" for key in keys]
            case PhoneForm.NATIONAL:
                wires = numbers
            case PhoneForm.SPLIT:
                wires = [f"{code} {number}" for number in numbers]
            case PhoneForm.AS_WRITTEN:
                wires = lines if whole else [*keys]
        if code in WITH_TWO_WAYS:
            keys = [
                identity(Number(code, number)) if key else ""
                for key, number in zip(keys, numbers, strict=True)
            ]
        return wires, keys

    def _wire(self, written: str, number: Number) -> str:
        match self._rule.form:
            case PhoneForm.DIGITS:
                return number.digits
            case PhoneForm.E164:
                return "+" + number.digits
            case PhoneForm.NATIONAL:
                return number.national
            case PhoneForm.SPLIT:
                return f"{number.code} {number.national}"
            case PhoneForm.AS_WRITTEN:
                return written

    def _read(self, value: Json, region: str | None, country: Country | None) -> Phone:
        repairs: tuple[str, ...] = ()
        if country and country.is_contradictory:
            raise PhoneUnreadable(
                Code.PHONE_WRONG_COUNTRY,
                "its country code columns name different countries",
            )
        if isinstance(value, str) and (number := behind_plus(value)):
            spelling, is_whole = Spelling(plus=True, digits=number.digits), True
        else:
            spelling = spelled(value)
            number, repairs, is_whole = self._number(spelling, region, country)
        rule = self._rule
        if country and country.code not in ("", number.code):
            raise PhoneUnreadable(
                Code.PHONE_WRONG_COUNTRY,
                f"its number is one of +{number.code}, "
                f"but its country code column says +{country.code}",
            )
        if rule.country and number.code != _code_of(rule.country):
            raise PhoneUnreadable(
                Code.PHONE_WRONG_COUNTRY, f"not a number of {rule.country}"
            )
        if not rule.fewest <= len(number.digits) <= rule.most:
            found = f"{_count(number.digits)} with the country code"
            raise _invalid(
                f"{found}; this provider accepts {rule.fewest} to {rule.most}"
            )
        if rule.country and not _is_whole(number):
            raise _invalid(_impossible(number))
        if self._is_strict and not number.is_assigned:
            raise _invalid("number range not assigned (--phone-check valid)")
        digits = spelling.digits if is_whole else number.digits
        written = "+" + digits if spelling.plus else digits
        return Phone(self._wire(written, number), identity(number), repairs)

    def _number(
        self, spelling: Spelling, region: str | None, country: Country | None
    ) -> tuple[Number, tuple[str, ...], bool]:
        """Return the number, the repairs, and whether it can be sent as written.

        A repaired number is sent with its country code, and so is one whose country
        only a column names.
        """
        found = self._decided(spelling, region)
        by_column = region != self.region and not spelling.plus
        if country and country.code and not _has_code(spelling):
            beside = beside_code(spelling, country.region, country.code, found)
            found, by_column = beside, by_column or beside != found
        match found:
            case Taken(number, None):
                return number, spelling.repairs, not by_column
            case Taken(number, repair):
                return number, (*spelling.repairs, str(repair)), False
            case Ambiguous(readings):
                raise PhoneUnreadable(Code.PHONE_AMBIGUOUS, _several(readings))
            case _:
                raise _invalid(_unread(spelling, plan_of(region)))

    def _decided(
        self, spelling: Spelling, region: str | None
    ) -> Taken | Ambiguous | Unread:
        found = decide(spelling, region, self._numbers)
        if not isinstance(found, Ambiguous) or self._numbers is not Numbers.AUTO:
            return found
        if (says := self._column()) is None:
            return found
        by_column = says.of(found.readings) or found
        if by_column != decide(spelling, region, says.numbers):
            self.agrees_with_option = False
        return by_column


def _is_split(value: Json, code: str) -> bool:
    """Tell whether a cell has only digits, without the calling code in front."""
    digits = value.translate(SPACING) if isinstance(value, str) else ""
    return digits.isdigit() and not digits.lstrip("0").startswith(code)


def _has_code(spelling: Spelling) -> bool:
    return spelling.plus or spelling.digits.startswith("00")


@cache
def usual(plan: Plan) -> Usual:
    return Usual(plan)


def _code_of(region: str) -> str:
    plan = plan_of(region)
    return plan.code if plan else ""


def _is_whole(number: Number) -> bool:
    """Tell whether digits are a person's number without a national prefix."""
    country = calling_code(number.code)
    prefix = country.trunk.national_prefix
    return len(number.national) in country.person_lengths and not (
        prefix and number.national.startswith(prefix)
    )


def _may_be_whole(digits: str, plan: Plan) -> bool:
    """Tell whether digits, with a lost zero restored, are long enough for a number."""
    enough = min(plan.calling_code.person_lengths, default=0)
    return len(digits) + 1 >= enough or plan.adds_digits


def _several(readings: Readings) -> str:
    masked = [f"+{n.code} {'#' * len(n.national)}" for n in sorted(readings)]
    shown = " or ".join(dict.fromkeys(masked))
    return f"could be {shown}; write it with + and the country code"


def _unread(spelling: Spelling, plan: Plan | None) -> str:
    """Return the reason why digits are not a number."""
    if spelling.plus or spelling.digits.startswith("00"):
        number = split(spelling.digits.removeprefix("00"))
        if number is None:
            return "no such country code"
        if spelling.head and number.is_possible:
            return _SECOND
        if any(map(_is_whole, readings_of(spelling, plan))):
            return _UNASSIGNED
        return _impossible(number)
    if plan is None:
        return "no country code: write it with +, or give --region"
    if spelling.head:
        return _SECOND
    if _may_be_whole(spelling.digits, plan) and any(
        n.code == plan.code and _is_whole(n) for n in readings_of(spelling, plan)
    ):
        return _UNASSIGNED
    national = spelling.digits.removeprefix(plan.national_prefix)
    return _impossible(Number(plan.code, national))


_UNASSIGNED = "no reading is an assigned number; write it with + and the country code"
_SECOND = "contains more than one number; keep one"


def _invalid(reason: str) -> PhoneUnreadable:
    return PhoneUnreadable(Code.PHONE_INVALID, reason)


def _count(digits: str) -> str:
    return "1 digit" if len(digits) == 1 else f"{len(digits)} digits"


def _impossible(number: Number) -> str:
    country = calling_code(number.code)
    region = country.trunk.region
    # 001 stands for the world: the codes of satellites and freephone.
    where = f"in {region}" if region.isalpha() else "there"
    size = len(number.national)
    if size in country.local_lengths:
        return f"{_count(number.national)}; the area code is missing"
    if size in country.person_lengths:
        return f"no number {where} starts like this"
    lengths = sorted(country.person_lengths or country.lengths)
    fewest, most = lengths[0], lengths[-1]
    expected = str(fewest) if fewest == most else f"{fewest} to {most}"
    found = f"{_count(number.national)} after +{number.code}"
    return f"{found}; numbers {where} have {expected}"
