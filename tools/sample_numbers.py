"""Made-up numbers of every region, and how files spell and damage them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from leadctl.phones.numbering_plan import Number, plan_of

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from phonenumbers import PhoneNumber

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
WORLDWIDE = sorted(map(str, phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS))
"""Calling codes that belong to no region."""


def code_of(region: str) -> str:
    """Return the calling code of a region; one of `WORLDWIDE` is its own."""
    plan = plan_of(region)
    return plan.code if plan else region


@cache
def examples(region: str) -> tuple[Number, ...]:
    """Return the library's example number of every type that a region has."""
    if region in WORLDWIDE:
        found = [phonenumbers.example_number_for_non_geo_entity(int(region))]
    else:
        kinds = sorted(PhoneNumberType.values())
        found = [phonenumbers.example_number_for_type(region, kind) for kind in kinds]
    code = code_of(region)
    numbers = (
        Number(code, phonenumbers.national_significant_number(number))
        for number in found
        if number
    )
    return tuple(dict.fromkeys(n for n in numbers if n.is_assigned))


def drawn(region: str, count: int, rng: random.Random) -> list[Number]:
    """Return assigned numbers of a region, each a few digits away from one before it.

    There are fewer than `count` where a region has few numbers.
    """
    known = [*examples(region)]
    found: set[Number] = set()
    for _ in range(30 * count):
        start = rng.choice(known)
        number = Number(start.code, changed(start.national, rng))
        owners = (region, None if region in REGIONS else "001")
        if number.is_assigned and owner(number) in owners and number not in found:
            found.add(number)
            known.append(number)
            if len(found) == count:
                break
    return sorted(found)


def owner(number: Number) -> str | None:
    """Return the region whose number it is, by the library."""
    return phonenumbers.region_code_for_number(known_to_the_library(number))


def changed(digits: str, rng: random.Random) -> str:
    """Return digits with another end, rarely a digit longer or shorter."""
    kept = rng.randrange(len(digits))
    lost = len(digits) - kept
    if rng.random() < 0.1:
        lost += rng.choice((-1, 1))
    return digits[:kept] + some_digits(lost, rng)


def some_digits(count: int, rng: random.Random) -> str:
    return f"{rng.randrange(10**count):0{count}}" if count > 0 else ""


class Cell(NamedTuple):
    """What stands in a file for a number, and what was done to it.

    With `code` its country code is there: it may be read anywhere.
    """

    damage: str
    text: str
    code: bool


def cells(number: Number) -> Iterator[Cell]:
    """Write a number in every way that people write, dial, export and damage it."""
    code, national = number
    digits, bare = number.digits, national.removeprefix("0")
    yield Cell("none", f"+{digits}", code=True)
    yield Cell("none", formatted(number, PhoneNumberFormat.INTERNATIONAL), code=True)
    yield Cell("+ lost", digits, code=True)
    yield Cell("+ lost", f"{code} {national[:3]} {national[3:]}", code=True)
    yield Cell("00", f"00{digits}", code=True)
    yield Cell("0 and the code", f"0{digits}", code=True)
    yield Cell("code twice", code + digits, code=True)
    yield Cell("+ and code twice", f"+{code}{digits}", code=True)
    yield Cell("+ and (0)", f"+{code} (0) {bare}", code=True)
    yield Cell("00 and (0)", f"00{code} (0) {bare}", code=True)
    yield Cell("(0)", f"{code} (0) {bare}", code=True)
    if not national.startswith("0"):
        yield Cell("+ and 0", f"+{code}0{national}", code=True)
    for text in dressed(digits):
        yield Cell("+ lost", text, code=True)
    for text in dressed(f"+{digits}"):
        yield Cell("none", text, code=True)
    yield Cell("none", formatted(number, PhoneNumberFormat.NATIONAL), code=False)
    for written in sorted(written_at_home(number)):
        yield Cell("none", written, code=False)
        for text in dressed(written):
            yield Cell("none", text, code=False)
        if written.startswith("0"):
            yield Cell("zero lost", written[1:], code=False)
            yield Cell("zero lost", f"{written[1:]}.0", code=False)


def dressed(digits: str) -> Iterator[str]:
    """Write digits as spreadsheets and people do who mean nothing by it."""
    yield " ".join(re.findall("..?", digits))
    yield f"{digits[:2]}/{digits[2:5]}/{digits[5:]}"
    yield f"({digits[:4]}) {digits[4:]}"
    yield f"'{digits}"
    yield f'="{digits}"'
    yield digits.translate(ARABIC)
    if len(digits) >= 7:
        yield f"{digits}.0"


ARABIC = {ord(str(n)): chr(0x660 + n) for n in range(10)}


@cache
def written_at_home(number: Number) -> frozenset[str]:
    """Return the digits of the library's national format, and those without a prefix.

    A number is written bare where the format adds nothing to it.
    """
    formal = "".join(filter(str.isdigit, formatted(number, PhoneNumberFormat.NATIONAL)))
    return frozenset({formal})


def formatted(number: Number, form: int) -> str:
    return phonenumbers.format_number(known_to_the_library(number), form)


def known_to_the_library(number: Number) -> PhoneNumber:
    code, national = number
    zeros = len(national) - len(national.lstrip("0"))
    return phonenumbers.PhoneNumber(
        country_code=int(code),
        national_number=int(national),
        italian_leading_zero=bool(zeros) or None,
        number_of_leading_zeros=zeros if zeros > 1 else None,
    )
