"""The numbering plans agree with the library, for every region."""

from __future__ import annotations

import os
import random
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import phonenumbers
import pytest
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberType

from leadctl.phones.decision import Taken, decide
from leadctl.phones.identity import identity
from leadctl.phones.numbering_plan import (
    Number,
    calling_code,
    is_region,
    plan_of,
    split,
)
from leadctl.phones.spelling import Spelling
from tools.sample_numbers import (
    REGIONS,
    WORLDWIDE,
    changed,
    code_of,
    drawn,
    examples,
    known_to_the_library,
    some_digits,
    written_at_home,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

LONG = bool(os.environ.get("LEADCTL_TEST_LONG"))
SEED = os.environ.get("LEADCTL_TEST_SEED") or secrets.token_hex(4)
NUMBERS = 3_000 if LONG else 60
"""How many numbers of each region are compared, and as many that are nearly one."""

PLACES = [*REGIONS, *WORLDWIDE]
NOBODY = {PhoneNumberType.UNKNOWN, PhoneNumberType.VOICEMAIL}


def seeded(place: str) -> random.Random:
    return random.Random(f"{SEED} {place}")  # noqa: S311  made-up numbers, not secrets


def numbers(place: str) -> list[Number]:
    return [*examples(place), *drawn(place, NUMBERS, seeded(place))]


def nearly(place: str) -> Iterator[Number]:
    """Yield numbers that are nearly those of a region, and nearly no numbers."""
    rng = seeded(place)
    for code, national in numbers(place):
        yield Number(code, national)
        yield Number(code, changed(national, rng))
        yield Number(code, some_digits(rng.randrange(1, 18), rng))


def is_comparable(number: Number) -> bool:
    """Tell whether the library can hold it: at most 17 digits, and not zeros alone."""
    return 0 < len(number.national) <= 17 and bool(number.national.strip("0"))


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
def test_assigned_is_what_has_a_type(place: str) -> None:
    """All types count but voicemail."""
    for number in filter(is_comparable, nearly(place)):
        kind = phonenumbers.number_type(known_to_the_library(number))
        short = len(number.national) > 15  # our longest
        expected = kind not in NOBODY and not short
        assert number.is_assigned == expected, f"LEADCTL_TEST_SEED={SEED}: {[*number]}"


@pytest.mark.long
@pytest.mark.parametrize("place", REGIONS)
def test_a_number_is_written_as_the_library_formats_it(place: str) -> None:
    """Whatever is written so, the library reads as this person in the main region."""
    home = phonenumbers.region_code_for_country_code(int(code_of(place)))
    for number in numbers(place):
        written = calling_code(number.code).written(number.national)
        said = f"LEADCTL_TEST_SEED={SEED}: {[*number]} {written}"
        assert written >= written_at_home(number), said
        for digits in written:
            read = as_ours(phonenumbers.parse(digits, home))
            if read.is_assigned:  # it takes Argentina's 011 15… for no number
                assert identity(read) == identity(number), said


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
def test_what_a_plus_says_is_read_as_the_library_reads_it(place: str) -> None:
    """Of all numbers that are assigned and not longer than usual, read anywhere."""
    for number in numbers(place):
        read = as_ours(phonenumbers.parse(f"+{number.digits}"))
        if number.is_unusual:
            continue
        for region in (None, place, "US", "DE"):
            found = decide(Spelling(plus=True, digits=number.digits), region)
            assert found == Taken(read), f"LEADCTL_TEST_SEED={SEED}: {[*number]}"


@pytest.mark.long
@pytest.mark.parametrize("place", REGIONS)
def test_what_a_region_writes_is_read_as_the_library_reads_it(place: str) -> None:
    """Of all digits that the library takes for an assigned number."""
    for number in numbers(place):
        for digits in calling_code(number.code).written(number.national):
            read = as_ours(phonenumbers.parse(digits, place))
            if digits.startswith("00") or number.is_unusual or not read.is_assigned:
                continue
            found = decide(Spelling(plus=False, digits=digits), place)
            said = f"LEADCTL_TEST_SEED={SEED}: {digits} {place} {found}"
            assert found == Taken(read), said


def as_ours(number: phonenumbers.PhoneNumber) -> Number:
    national = phonenumbers.national_significant_number(number)
    return Number(str(number.country_code), national)


@pytest.mark.parametrize("code", [*map(str, COUNTRY_CODE_TO_REGION_CODE)])
def test_lengths_are_those_of_lines_that_people_have(code: str) -> None:
    found: set[int] = set()
    for region in COUNTRY_CODE_TO_REGION_CODE[int(code)]:
        plan = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
        assert plan
        assert plan.general_desc
        for kind in (plan.fixed_line, plan.mobile, plan.personal_number, plan.voip):
            if kind and kind.national_number_pattern and kind.possible_length != (-1,):
                found |= {*(kind.possible_length or plan.general_desc.possible_length)}
    assert calling_code(code).person_lengths == found


@pytest.mark.parametrize("place", ["US", "CA", "GB", "IN", "IT", "AR", "BR", "800"])
def test_library_is_not_asked_about_digits(place: str) -> None:
    """The comparison above is between two independent answers."""
    number = examples(place)[0]
    cells = [Spelling(plus=True, digits=number.digits)]
    if place in REGIONS:
        written = calling_code(number.code).written(number.national)
        cells += [Spelling(plus=False, digits=digits) for digits in sorted(written)]
        cells += [Spelling(plus=False, digits=number.digits)]

    def read() -> None:
        for cell in cells:
            decide(cell, place)

    read()  # patterns are compiled at the first
    assert library_calls(read) == 0
    assert library_calls(lambda: phonenumbers.parse(f"+{number.digits}")) > 0


def library_calls(call: Callable[[], object]) -> int:
    calls = 0
    home = Path(phonenumbers.__file__).parent

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and Path(frame.f_code.co_filename).parent == home

    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("4930123456", Number("49", "30123456")),
        ("15550100001", Number("1", "5550100001")),
        ("80012345678", Number("800", "12345678")),
        ("1", Number("1", "")),
        ("", None),
        ("0", None),
        ("999301234567", None),
        ("0049301234567", None),
    ],
)
def test_digits_are_divided_behind_their_calling_code(
    digits: str, expected: Number | None
) -> None:
    assert split(digits) == expected


@pytest.mark.parametrize("region", [None, "", "XX", "de", "001", "DEU"])
def test_what_is_no_region_has_no_plan(region: str | None) -> None:
    assert plan_of(region) is None
    assert not is_region(region or "")


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("015512345678", {"5512345678"}),
        ("0445512345678", {"5512345678"}),
        ("0455512345678", {"5512345678"}),
        ("5512345678", set[str]()),
    ],
)
def test_prefixes_that_mexico_dropped_are_known(
    digits: str, expected: set[str]
) -> None:
    plan = plan_of("MX")
    assert plan
    assert plan.stripped(digits) == expected


def test_number_is_not_shown() -> None:
    assert "1234567" not in repr(Number("49", "301234567"))
