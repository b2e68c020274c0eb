"""The rules for phones: how they are written, checked and read."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class PhoneForm(StrEnum):
    """How a provider wants a number written."""

    E164 = "+ and digits"
    DIGITS = "digits with the country code, no +"
    NATIONAL = "digits without the country code"
    SPLIT = "country code and national number apart"
    AS_WRITTEN = "digits as in the file, + kept"


class PhoneCheck(StrEnum):
    """`possible`: its length is a person's; `valid`: its range is assigned."""

    POSSIBLE = "possible"
    VALID = "valid"


class Numbers(StrEnum):
    """How to read digits without + that have several readings."""

    AUTO = "auto"
    NATIONAL = "national"
    INTERNATIONAL = "international"


class PhoneRule(NamedTuple):
    """What a provider takes; with `country` (ISO 3166 alpha-2), its numbers alone."""

    form: PhoneForm
    country: str | None = None
    fewest: int = 3
    most: int = 15


ANY_COUNTRY = PhoneRule(PhoneForm.DIGITS)
"""What a number is checked by where no provider says what it takes."""
