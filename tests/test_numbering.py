"""What we say of a number is what the library says: on every region, digit by digit."""

from __future__ import annotations

import os
import random
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

from leadctl import numbering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from phonenumbers import PhoneNumber

LONG = bool(os.environ.get("LEADCTL_TEST_LONG"))
SEED = os.environ.get("LEADCTL_TEST_SEED") or secrets.token_hex(4)
NUMBERS = 6_000_000 if LONG else 210_000

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
NOBODYS = sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
PLACES = [*REGIONS, *(f"+{code}" for code in NOBODYS)]
"""Every region, and every country code that is no region's."""


class Verdict(NamedTuple):
    e164: str
    national: str
    region: str | None
    possible: bool
    local_only: bool
    valid: bool


def ours(text: str, region: str | None) -> Verdict | None:
    try:
        number = numbering.read(text, region)
    except numbering.Unreadable:
        return None
    return Verdict(
        number.e164,
        number.national,
        number.region,
        number.possible,
        number.local_only,
        number.valid,
    )


def the_librarys(text: str, region: str | None) -> Verdict | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    length = phonenumbers.is_possible_number_with_reason(number)
    return Verdict(
        phonenumbers.format_number(number, PhoneNumberFormat.E164),
        phonenumbers.national_significant_number(number),
        phonenumbers.region_code_for_number(number),
        length == ValidationResult.IS_POSSIBLE,
        length == ValidationResult.IS_POSSIBLE_LOCAL_ONLY,
        phonenumbers.is_valid_number(number),
    )


def examples(place: str) -> Iterator[PhoneNumber]:
    found = (
        [phonenumbers.example_number_for_non_geo_entity(int(place))]
        if place.startswith("+")
        else [
            phonenumbers.invalid_example_number(place),
            *(
                phonenumbers.example_number_for_type(place, kind)
                for kind in PhoneNumberType.values()
            ),
        ]
    )
    yield from (number for number in found if number is not None)


def spellings(place: str) -> Iterator[str]:
    """Spell each example in every way that people write, dial and export numbers."""
    for number in examples(place):
        national = phonenumbers.national_significant_number(number)
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        yield from (e164, e164[1:], national)
        for form in (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL):
            yield phonenumbers.format_number(number, form)
        for carrier in ("", "15", "31"):
            yield phonenumbers.format_national_number_with_carrier_code(number, carrier)
        yield from (f"{prefix}{e164[1:]}" for prefix in ABROAD)
        yield from (f"{prefix}{national}" for prefix in ("0", "1", "8", "06", "+"))
        yield f"+{number.country_code} (0) {national}"


ABROAD = ("00", "000", "001", "0011", "0015", "009", "010", "011", "119", "810", "990")


def mutations(place: str, rng: random.Random) -> Iterator[str]:
    """Spell numbers without end that are nearly an example, or nearly no number."""
    known = [*spellings(place)]
    while True:
        text = rng.choice(known)
        at = rng.randrange(len(text))
        match rng.randrange(8):
            case 0:
                yield text[:at] + text[at + 1 :]
            case 1:
                yield text[:at] + rng.choice("0123456789") + text[at:]
            case 2:
                yield text[:at] + rng.choice("0123456789") + text[at + 1 :]
            case 3 | 4:
                yield text[:at] + some_digits(rng, len(text) - at)
            case 5:
                yield text[:at] + some_digits(rng, rng.randrange(12))
            case 6:
                yield text[:at] + rng.choice(" -.()/+x,\u00a0") + text[at:]
            case _:
                yield rng.choice(("", "+")) + some_digits(rng, rng.randrange(1, 20))


def some_digits(rng: random.Random, count: int) -> str:
    return f"{rng.randrange(10**count):0{count}}" if count else ""


def homes(place: str) -> list[str | None]:
    """Where the numbers of a place may be dialled: at home, next door, nowhere."""
    if place.startswith("+"):
        return [None, "US", "DE"]
    code = phonenumbers.country_code_for_region(place)
    neighbours = phonenumbers.region_codes_for_country_code(code)
    return [place, None, place, place, *neighbours[:3]]


@pytest.mark.parametrize("place", PLACES)
def test_examples_are_read_as_the_library_reads_them(place: str) -> None:
    for text in {*spellings(place)}:
        for region in (*homes(place)[:2], "US"):
            assert ours(text, region) == the_librarys(text, region), (text, region)


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
def test_any_digits_are_read_as_the_library_reads_them(place: str) -> None:
    rng = random.Random(f"{SEED} {place}")  # noqa: S311  made-up numbers, not secrets
    texts = mutations(place, rng)
    regions = homes(place)
    for _ in range(-(-NUMBERS // len(PLACES))):
        text, region = next(texts), rng.choice(regions)
        expected = the_librarys(text, region)
        assert ours(text, region) == expected, f"LEADCTL_TEST_SEED={SEED}: {text!r}"


@pytest.mark.parametrize(
    ("text", "region"),
    [
        pytest.param("", None, id="nothing"),
        pytest.param("+", "DE", id="a plus alone"),
        pytest.param("12", "DE", id="two digits"),
        pytest.param("1 2", "DE", id="two digits apart"),
        pytest.param("+12", "DE", id="two digits after a plus"),
        pytest.param("+0049301234567", "DE", id="plus and zeros"),
        pytest.param("++49301234567", None, id="two pluses"),
        pytest.param("(+49) 30 1234567", None, id="plus in brackets"),
        pytest.param("49+301234567", "DE", id="plus in the middle"),
        pytest.param("+999301234567", "DE", id="no such country code, at home"),
        pytest.param("+999301234567", None, id="no such country code"),
        pytest.param("0301234567", None, id="no region"),
        pytest.param("0301234567", "XX", id="no such region"),
        pytest.param("0301234567", "de", id="region in small letters"),
        pytest.param("+49301234567", "XX", id="no such region, not needed"),
        pytest.param("0000000", "IT", id="zeros"),
        pytest.param("+390000000", None, id="zeros after the code"),
        pytest.param("+49" + "1" * 17, None, id="seventeen digits"),
        pytest.param("+49" + "1" * 18, None, id="eighteen digits"),
        pytest.param("+49" + " " * 240 + "301234", None, id="250 characters"),
        pytest.param("+49" + " " * 250 + "301234", None, id="too many characters"),
        pytest.param("+49 30 1234567 ext. 89", None, id="extension"),
        pytest.param("tel:+49-30-1234567;ext=89", None, id="link"),
        pytest.param("+1 800 FLOWERS", None, id="letters"),
        pytest.param("+49 30 12\uff13\uff14567", None, id="wide"),
        pytest.param("+49\u0663\u0660123456", None, id="other digits"),
        pytest.param("+49\u00b30123456", None, id="superscript"),
        pytest.param("030/1234567", "DE", id="slash"),
        pytest.param("030/x1234567", "DE", id="slash and x"),
    ],
)  # fmt: skip
def test_odd_text_is_read_as_the_library_reads_it(
    text: str, region: str | None
) -> None:
    assert ours(text, region) == the_librarys(text, region)


@pytest.mark.parametrize("place", ["US", "CA", "GB", "IN", "IT", "AR", "BR", "+800"])
def test_library_is_not_asked_about_digits(place: str) -> None:
    """What is compared above are two answers, and ours is not the library's again."""
    number = next(n for n in examples(place) if phonenumbers.is_valid_number(n))
    texts = [
        phonenumbers.format_number(number, form)
        for form in (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL)
    ]
    for text in texts:
        ours(text, None)
    assert library_calls(*texts) == 0
    assert library_calls(f"tel:{texts[0]}") > 0


def library_calls(*texts: str) -> int:
    calls = 0
    home = Path(phonenumbers.__file__).parent

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and Path(frame.f_code.co_filename).parent == home

    sys.setprofile(count)
    try:
        for text in texts:
            ours(text, None)
    finally:
        sys.setprofile(None)
    return calls


def test_number_is_not_shown() -> None:
    assert "1234567" not in repr(numbering.read("+49301234567"))
