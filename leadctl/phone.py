"""Any spelling of a phone number -> what one provider takes, or a code and why not.

Nothing is guessed: a number without a country code needs a region.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from leadctl import numbering
from leadctl.model import Code, Phone
from leadctl.spelling import PhoneProblem, spelled

if TYPE_CHECKING:
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


@dataclass(frozen=True)
class Normaliser:
    """Turns cells into phones for one provider.

    `region` is for numbers without a country code.
    """

    rule: PhoneRule
    region: str | None = None
    check: PhoneCheck = PhoneCheck.POSSIBLE

    def __call__(self, value: Json) -> Phone:
        plus, digits, repairs = spelled(value)
        phone = self._phone(plus=plus, digits=digits)
        return phone._replace(repairs=repairs) if repairs else phone

    def _phone(self, *, plus: bool, digits: str) -> Phone:
        if self.rule.country == "IN":
            return self._indian(plus=plus, digits=digits)
        if self.rule.form is PhoneForm.AS_WRITTEN:
            return self._as_written(plus=plus, digits=digits)
        return self._international(plus=plus, digits=digits)

    def _indian(self, *, plus: bool, digits: str) -> Phone:
        # 9123456789 is complete although it starts with 91: the prefixes go only from
        # 12 and 11 digits.
        if not plus and digits.startswith("00"):
            plus, digits = True, digits[2:]
        if plus and not digits.startswith("91"):
            raise PhoneProblem(Code.PHONE_WRONG_COUNTRY, "not an Indian number")
        if plus or (len(digits) == 12 and digits.startswith("91")):
            local = digits[2:]
        else:
            local = digits.removeprefix("0")
        if len(local) != 10 or local.startswith("0"):
            raise _invalid(f"{_count(local)}, an Indian number has 10")
        if self.check is PhoneCheck.VALID:
            self._require(numbering.Number(numbering.plan_at("91"), local))
        return Phone(local, "91" + local)

    def _as_written(self, *, plus: bool, digits: str) -> Phone:
        if not self.rule.fewest <= len(digits) <= self.rule.most:
            taken = f"{self.rule.fewest} to {self.rule.most}"
            raise _invalid(f"{_count(digits)}, this provider takes {taken}")
        written = f"+{digits}" if plus else digits
        if plus or self.region:
            return Phone(written, self._parsed(plus=plus, digits=digits).digits)
        return Phone(written, f"as written {digits}")

    def _international(self, *, plus: bool, digits: str) -> Phone:
        number = self._parsed(plus=plus, digits=digits)
        key = number.digits
        if not self.rule.fewest <= len(key) <= self.rule.most:
            taken = f"{self.rule.fewest} to {self.rule.most}"
            raise _invalid(f"{_count(key)}, this provider takes {taken}")
        match self.rule.form:
            case PhoneForm.NATIONAL:
                return Phone(number.national, key)
            case PhoneForm.DIGITS:
                return Phone(key, key)
            case PhoneForm.E164 | PhoneForm.AS_WRITTEN:
                return Phone(f"+{key}", key)

    def _parsed(self, *, plus: bool, digits: str) -> Number:
        if not plus and digits.startswith("00") and not self._dials_abroad(digits):
            # Nobody's own number begins so: it is the + that most of the world
            # writes as 00.
            plus, digits = True, digits[2:]
        if not plus and not self.region:
            raise _invalid("no country code: write it with +, or give --region")
        try:
            number = numbering.read(f"+{digits}" if plus else digits, self.region)
        except numbering.Unreadable as problem:
            raise _invalid(str(problem)) from None
        self._require(number)
        return number

    def _dials_abroad(self, digits: str) -> bool:
        """Tell whether the region itself dials abroad so (Brazil: 00 and a carrier)."""
        plan = numbering.plan_of(self.region)
        return bool(plan and plan.abroad.match(digits))

    def _require(self, number: Number) -> None:
        if not number.possible:
            raise _invalid(_impossible(number))
        if self.check is PhoneCheck.VALID and not number.valid:
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
