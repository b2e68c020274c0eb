"""Any spelling of a phone number -> what one provider takes, or a code and why not.

The one door to `phonenumbers`. Nothing is guessed: a number without a country code
needs a region.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import phonenumbers
from phonenumbers import PhoneNumber, ValidationResult

from leadctl.model import Code, Phone
from leadctl.spelling import PhoneProblem, spelled

if TYPE_CHECKING:
    from leadctl.model import Json


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
            self._require(PhoneNumber(country_code=91, national_number=int(local)))
        return Phone(local, "91" + local)

    def _as_written(self, *, plus: bool, digits: str) -> Phone:
        if not self.rule.fewest <= len(digits) <= self.rule.most:
            taken = f"{self.rule.fewest} to {self.rule.most}"
            raise _invalid(f"{_count(digits)}, this provider takes {taken}")
        written = f"+{digits}" if plus else digits
        if plus or self.region:
            return Phone(written, _e164(self._parsed(plus=plus, digits=digits)))
        return Phone(written, f"as written {digits}")

    def _international(self, *, plus: bool, digits: str) -> Phone:
        number = self._parsed(plus=plus, digits=digits)
        key = _e164(number)
        if len(key) > self.rule.most:
            raise _invalid(f"{_count(key)}, this provider takes {self.rule.most}")
        match self.rule.form:
            case PhoneForm.NATIONAL:
                return Phone(phonenumbers.national_significant_number(number), key)
            case PhoneForm.DIGITS:
                return Phone(key, key)
            case PhoneForm.E164 | PhoneForm.AS_WRITTEN:
                return Phone(f"+{key}", key)

    def _parsed(self, *, plus: bool, digits: str) -> PhoneNumber:
        if not plus and digits.startswith("00") and not self._dials_abroad(digits):
            # Nobody's own number begins so: it is the + that most of the world
            # writes as 00.
            plus, digits = True, digits[2:]
        if not plus and not self.region:
            raise _invalid("no country code: write it with +, or give --region")
        try:
            number = phonenumbers.parse(f"+{digits}" if plus else digits, self.region)
        except phonenumbers.NumberParseException as error:
            raise _invalid(
                _PARSE_REASONS.get(error.error_type, "not a phone number")
            ) from None
        self._require(number)
        return number

    def _dials_abroad(self, digits: str) -> bool:
        """Tell whether the region itself dials abroad so (Brazil: 00 and a carrier)."""
        plan = phonenumbers.PhoneMetadata.metadata_for_region(self.region or "")
        return bool(plan and re.match(plan.international_prefix or "$", digits))

    def _require(self, number: PhoneNumber) -> None:
        verdict = phonenumbers.is_possible_number_with_reason(number)
        if verdict != ValidationResult.IS_POSSIBLE:
            raise _invalid(_impossible(number, verdict))
        if self.check is PhoneCheck.VALID and not phonenumbers.is_valid_number(number):
            raise _invalid(
                "not in a range that is assigned to anybody (--phone-check valid)"
            )


def is_region(code: str) -> bool:
    """Tell whether `code` is an ISO 3166 alpha-2 code that has a numbering plan."""
    return code in phonenumbers.SUPPORTED_REGIONS


_PARSE_REASONS = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "no such country code",
    phonenumbers.NumberParseException.TOO_SHORT_NSN: "too few digits",
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: "too few digits",
    phonenumbers.NumberParseException.TOO_LONG: "too many digits",
}


def _invalid(reason: str) -> PhoneProblem:
    return PhoneProblem(Code.PHONE_INVALID, reason)


def _count(digits: str) -> str:
    return "1 digit" if len(digits) == 1 else f"{len(digits)} digits"


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]


def _impossible(number: PhoneNumber, verdict: int) -> str:
    national = phonenumbers.national_significant_number(number)
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    if verdict == ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return f"{_count(national)}: the area code is missing"
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    lengths = (
        metadata.general_desc.possible_length
        if metadata and metadata.general_desc
        else ()
    )
    usual = [length for length in lengths if length > 0]
    found = f"{_count(national)} after +{number.country_code}"
    if not usual:
        return f"{found}, which no number there has"
    expected = str(usual[0]) if len(usual) == 1 else f"{usual[0]} to {usual[-1]}"
    return f"{found}, a number in {region} has {expected}"
