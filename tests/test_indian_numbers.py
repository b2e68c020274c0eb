"""Indian numbers: ten digits for Yotel, and the forms for Ozonetel."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phone_rules import VALID, problem, rule, wire

from leadctl.model.leads import Code, Json
from leadctl.phones.normalize import (
    Normalizer,
)
from leadctl.phones.numbering_plan import Number


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("9123456789", "9123456789"),
        ("919123456789", "9123456789"),
        ("+919123456789", "9123456789"),
        ("00919123456789", "9123456789"),
        ("09123456789", "9123456789"),
        ("+91 91234 56789", "9123456789"),
        ("91-91234-56789", "9123456789"),
        ("9000000001", "9000000001"),
        (9000000001, "9000000001"),
        (919000000001, "9000000001"),
        ("919191919191", "9191919191"),
        ("9191919191", "9191919191"),
    ],
)
def test_yotel_takes_ten_digits_however_written(written: Json, expected: str) -> None:
    phone = Normalizer(rule("yotel"))(written)
    assert (phone.wire, phone.key) == (expected, f"91{expected}")


@pytest.mark.parametrize(
    ("written", "code", "reason"),
    [
        ("912345678", Code.PHONE_INVALID, "9 digits"),
        ("91234567890", Code.PHONE_INVALID, "11 digits"),
        ("0912345678", Code.PHONE_INVALID, "9 digits"),
        ("00912345678", Code.PHONE_INVALID, "7 digits"),
        ("091234567890", Code.PHONE_INVALID, "11 digits"),
        ("+91912345678", Code.PHONE_INVALID, "9 digits"),
        ("+9191234567890", Code.PHONE_INVALID, "11 digits"),
        ("+910123456789", Code.PHONE_INVALID, "no number in IN starts like this"),
        ("0000000000", Code.PHONE_INVALID, "no such country code"),
        ("+15551234567", Code.PHONE_WRONG_COUNTRY, "not a number of IN"),
        ("0015551234567", Code.PHONE_WRONG_COUNTRY, "not a number of IN"),
        ("15551234567", Code.PHONE_INVALID, "11 digits"),
        ("", Code.PHONE_MISSING, "no phone number"),
        ("9.19E+11", Code.PHONE_DAMAGED, "scientific"),
    ],
)
def test_yotel_never_guesses_a_number(written: str, code: Code, reason: str) -> None:
    found = problem(rule("yotel"), written)
    assert (found.code, reason in found.reason) == (code, True), found.reason


INDIAN = st.from_regex(r"[1-9][0-9]{9}", fullmatch=True).filter(
    lambda local: Number("91", local).is_assigned
)


@given(local=INDIAN)
@settings(deadline=None, database=None, max_examples=150)
def test_yotel_prefixes_go_and_no_digit_of_the_number_does(local: str) -> None:
    yotel = rule("yotel")
    for prefix in ("", "0", "91", "+91", "0091"):
        assert wire(yotel, prefix + local) == local


def test_yotel_can_be_asked_for_assigned_ranges() -> None:
    assert wire(rule("yotel"), "9000000001", check=VALID) == "9000000001"
    assert problem(rule("yotel"), "1000000001", check=VALID).code is Code.PHONE_INVALID


@pytest.mark.parametrize(
    ("form", "region", "written", "expected"),
    [
        ("as-written", "IN", "90000 00001", "9000000001"),
        ("as-written", "IN", "(0) 90000-00001", "09000000001"),
        ("as-written", "IN", "0919000000001", "919000000001"),
        ("as-written", "IN", "+91 (0) 90000 00001", "+919000000001"),
        ("as-written", None, "+91 90000 00001", "+919000000001"),
        ("as-written", "IN", "090000 00001", "09000000001"),
        ("e164", "IN", "090000 00001", "+919000000001"),
        ("e164", None, "+15551234567", "+15551234567"),
        ("national", "IN", "+91 90000 00001", "9000000001"),
        ("national", None, "+39 06 1234 5678", "0612345678"),
        ("national", None, "+1 555 123 4567", "5551234567"),
    ],
)
def test_ozonetel_gets_the_form_its_account_asks_for(
    form: str, region: str | None, written: str, expected: str
) -> None:
    assert wire(rule("ozonetel", form), written, region) == expected


@pytest.mark.parametrize(
    ("written", "code", "reason"),
    [
        ("9000000001", Code.PHONE_INVALID, "--region"),
        ("+", Code.PHONE_INVALID, ""),
        ("9.0E+9", Code.PHONE_DAMAGED, "scientific"),
        ("+1555", Code.PHONE_INVALID, "after +1"),
    ],
)
def test_ozonetel_gets_no_number_whose_country_nobody_knows(
    written: str, code: Code, reason: str
) -> None:
    found = problem(rule("ozonetel"), written)
    assert found.code is code
    assert reason in found.reason


@pytest.mark.parametrize("form", ["as-written", "e164"])
def test_ozonetel_gets_no_more_than_sixteen_digits_in_any_form(form: str) -> None:
    """Germany allows fifteen digits after its country code."""
    found = problem(rule("ozonetel", form), "+49" + "1" * 15)
    assert found.code is Code.PHONE_INVALID
