"""Any spelling of a phone number -> what one provider takes, or a code and why not.

Nothing is guessed: a number without a country code needs a region.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from leadctl import numbering
from leadctl.model import Code, Phone
from leadctl.spelling import SPACING, PhoneProblem, spelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadctl.model import Json
    from leadctl.numbering import Number


class PhoneForm(StrEnum):
    """How a provider wants a number written."""

    E164 = "+ and digits"
    DIGITS = "digits with the country code, no +"
    NATIONAL = "digits without the country code"
    AS_WRITTEN = "digits as in the file, + kept"


class PhoneCheck(StrEnum):
    """`possible`: length and shape fit the country; `valid`: the range is assigned."""

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
    """Phones in columns, empty where a cell holds none; `repairs` by place."""

    wires: list[str]
    keys: list[str]
    repairs: dict[int, tuple[str, ...]]

    def __repr__(self) -> str:
        return f"Phones({len(self.keys)}, hidden)"


class Normaliser:
    """Turns cells into phones for one provider.

    `region` is for numbers without a country code.
    """

    def __init__(
        self,
        rule: PhoneRule,
        region: str | None = None,
        check: PhoneCheck = PhoneCheck.POSSIBLE,
    ) -> None:
        self._rule = rule
        self._region = region
        self._is_strict = check is PhoneCheck.VALID
        self._is_world_wide = (
            rule.country is None and rule.form is not PhoneForm.AS_WRITTEN
        )
        self._plan = numbering.plan_of(region) if self._is_world_wide else None
        before = len(self._plan.code) if self._plan else 0
        self._taken = range(max(rule.fewest - before, 1), rule.most - before + 1)

    def column(self, values: Sequence[Json]) -> tuple[Phones, dict[int, PhoneProblem]]:
        """Return a phone for each value, or what is the problem with it."""
        wires, keys = self._usual(values)
        phones, problems = Phones(wires, keys, {}), dict[int, PhoneProblem]()
        for place, key in enumerate(keys):
            if not key:
                try:
                    phone = self._unusual(values[place])
                except PhoneProblem as problem:
                    # Its traceback would keep all these rows until they are collected,
                    # and so would that of what it came from.
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

    def _usual(self, values: Sequence[Json]) -> tuple[list[str], list[str]]:
        """Return wires and keys of what nearly every number looks like, else no key.

        With one look at all of them a number costs 0.5 µs, one by one it costs 2.
        """
        none = [""] * len(values)
        if not (plan := self._plan):
            return none, [*none]
        texts = [value if isinstance(value, str) else "" for value in values]
        numbers = plan.usual_numbers("\n".join(texts).translate(SPACING))
        if len(numbers) != len(values):  # a line break in a cell
            return none, [*none]
        code, taken = plan.code, self._taken
        keys = [code + n if len(n) in taken else "" for n in numbers]
        if self._is_strict:
            holder = plan.main.ranges.holder
            keys = [
                key if key and holder(n).valid else ""
                for key, n in zip(keys, numbers, strict=True)
            ]
        match self._rule.form:
            case PhoneForm.NATIONAL:
                return numbers, keys
            case PhoneForm.E164:
                return [f"+{key}" for key in keys], keys
            case _:
                return [*keys], keys

    def _unusual(self, value: Json) -> Phone:
        if self._is_world_wide and isinstance(value, str):
            number = numbering.read_usual_abroad(value.translate(SPACING))
            if number:
                if self._is_strict:
                    self._require_assigned(number)
                return Phone(*self._written(number.plan.code, number.national))
        plus, digits, repairs = spelled(value)
        if self._rule.country == "IN":
            wire, key = self._indian(plus=plus, digits=digits)
        elif self._rule.form is PhoneForm.AS_WRITTEN:
            wire, key = self._as_written(plus=plus, digits=digits)
        else:
            wire, key = self._international(plus=plus, digits=digits)
        return Phone(wire, key, repairs)

    def _indian(self, *, plus: bool, digits: str) -> tuple[str, str]:
        # 9123456789 is complete although it starts with 91: the prefixes go only from
        # 12 and 11 digits.
        if not plus and digits.startswith("00"):
            plus, digits = True, digits[2:]
        is_foreign = not plus and self._region not in (None, "IN")
        if is_foreign or (plus and not digits.startswith("91")):
            raise PhoneProblem(Code.PHONE_WRONG_COUNTRY, "not an Indian number")
        if plus or (len(digits) == 12 and digits.startswith("91")):
            local = digits[2:]
        else:
            local = digits.removeprefix("0")
        if len(local) != 10 or local.startswith("0"):
            raise _invalid(f"{_count(local)}, an Indian number has 10")
        if self._is_strict:
            self._require_assigned(numbering.Number(numbering.plan_at("91"), local))
        return local, "91" + local

    def _as_written(self, *, plus: bool, digits: str) -> tuple[str, str]:
        if not self._rule.fewest <= len(digits) <= self._rule.most:
            taken = f"{self._rule.fewest} to {self._rule.most}"
            raise _invalid(f"{_count(digits)}, this provider takes {taken}")
        written = f"+{digits}" if plus else digits
        if plus or self._region:
            return written, self._parsed(plus=plus, digits=digits).digits
        return written, f"as written {digits}"

    def _international(self, *, plus: bool, digits: str) -> tuple[str, str]:
        number = self._parsed(plus=plus, digits=digits)
        return self._written(number.plan.code, number.national)

    def _written(self, code: str, national: str) -> tuple[str, str]:
        """Return a number as the provider takes it, and its key."""
        key = code + national
        if not self._rule.fewest <= len(key) <= self._rule.most:
            found = f"{_count(key)} with the country code"
            taken = f"{self._rule.fewest} to {self._rule.most}"
            raise _invalid(f"{found}, this provider takes {taken}")
        match self._rule.form:
            case PhoneForm.DIGITS:
                return key, key
            case PhoneForm.NATIONAL:
                return national, key
            case PhoneForm.E164 | PhoneForm.AS_WRITTEN:
                return f"+{key}", key

    def _parsed(self, *, plus: bool, digits: str) -> Number:
        if not plus and digits.startswith("00") and not self._dials_abroad(digits):
            # Nobody's own number begins so: it is the + that most of the world
            # writes as 00.
            plus, digits = True, digits[2:]
        if not plus and not self._region:
            raise _invalid("no country code: write it with +, or give --region")
        try:
            number = numbering.read(f"+{digits}" if plus else digits, self._region)
        except numbering.Unreadable as problem:
            raise _invalid(str(problem)) from None
        if not number.possible:
            raise _invalid(_impossible(number))
        if self._is_strict:
            self._require_assigned(number)
        return number

    def _dials_abroad(self, digits: str) -> bool:
        """Tell whether the region itself dials abroad so (Brazil: 00 and a carrier)."""
        plan = numbering.plan_of(self._region)
        return bool(plan and plan.abroad.match(digits))

    def _require_assigned(self, number: Number) -> None:
        if not number.valid:
            raise _invalid(
                "not in a range that is assigned to anybody (--phone-check valid)"
            )


def _invalid(reason: str) -> PhoneProblem:
    return PhoneProblem(Code.PHONE_INVALID, reason)


def _count(digits: str) -> str:
    return "1 digit" if len(digits) == 1 else f"{len(digits)} digits"


def _impossible(number: Number) -> str:
    if number.local_only:
        return f"{_count(number.national)}: the area code is missing"
    plan = number.plan
    found = f"{_count(number.national)} after +{plan.code}"
    fewest, most = plan.lengths[0], plan.lengths[-1]
    expected = str(fewest) if fewest == most else f"{fewest} to {most}"
    # 001 stands for the world: the codes of satellites and freephone.
    where = f"in {plan.region}" if plan.region.isalpha() else "there"
    return f"{found}, a number {where} has {expected}"
