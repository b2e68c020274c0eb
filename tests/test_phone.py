"""Any spelling of a number: what each provider gets, or a code and a reason."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phone_rules import VALID, problem, rule, wire
from phonenumbers import PhoneNumberFormat

from leadctl.model.leads import Code, Json, Phone
from leadctl.phones.normalize import Normalizer
from leadctl.phones.numbering_plan import is_region
from leadctl.phones.rule import PhoneCheck, PhoneForm, PhoneRule
from leadctl.phones.spelling import PhoneUnreadable

PROVIDERS = ("agora", "lupitor", "ozonetel", "vicidial", "voiso", "yotel")
E164 = PhoneRule(PhoneForm.E164)


def phone_or_reason(normalise: Normalizer, value: Json) -> Phone | str:
    try:
        return normalise(value)
    except PhoneUnreadable as found:
        return f"{found} {found.problem.reason}"


SPELLINGS = [
    "+15551234567",
    "+1 555 123 4567",
    "+1 (555) 123-4567",
    "+1.555.123.4567",
    "+1-555-123-4567",
    "  +15551234567\t",
    "0015551234567",
    "00 1 555 123 4567",
    "+1\u00a0555\u00a0123\u00a04567",
    "+1\u2009555\u2009123\u20094567",
    "+1\u2013555\u2013123\u20134567",
    "+1\u2011555\u20111234567",
    "\u202a+15551234567\u202c",
    "\ufeff+15551234567",
    "\uff0b\uff11\uff15\uff15\uff15\uff11\uff12\uff13\uff14\uff15\uff16\uff17",
    "+\u0661\u0665\u0665\u0665\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
    "+1 555 123\u200b4567",
]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=ascii)
@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("agora", "+15551234567"),
        ("lupitor", "+15551234567"),
        ("voiso", "15551234567"),
    ],
)
def test_spelling_of_one_number_is_one_number(
    provider: str, expected: str, spelling: str
) -> None:
    phone = Normalizer(rule(provider))(spelling)
    assert (phone.wire, phone.key) == (expected, "15551234567")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("+1 555 123 4567", "1 5551234567"),
        ("+44 20 7946 0018", "44 2079460018"),
        ("+39 06 1234 5678", "39 0612345678"),
        ("+39 0549 886377", "39 0549886377"),  # known again as a number of San Marino
        ("+54 9 11 2345 6789", "54 91123456789"),
    ],
)
def test_code_and_number_are_split_as_they_are_dialled(
    written: str, expected: str
) -> None:
    assert wire(PhoneRule(PhoneForm.SPLIT), written) == expected


@pytest.mark.parametrize(
    ("region", "written", "expected"),
    [
        ("US", "(555) 123-4567", "+15551234567"),
        ("US", "1 555 123 4567", "+15551234567"),
        ("US", 5551234567, "+15551234567"),
        ("US", "+91 90000 00001", "+919000000001"),
        ("IN", "090000 00001", "+919000000001"),
        ("IN", "9000000001", "+919000000001"),
        ("IN", "919000000001", "+919000000001"),
        ("IN", "9123456789", "+919123456789"),
        ("GB", "020 7946 0018", "+442079460018"),
        ("GB", "+44 (0)20 7946 0018", "+442079460018"),
        ("DE", "0049 30 123456", "+4930123456"),
        ("DE", "0049 151/12345678", "+4915112345678"),
        ("IT", "06 1234 5678", "+390612345678"),
    ],
)
def test_region_is_for_numbers_without_a_country_code(
    region: str, written: Json, expected: str
) -> None:
    assert wire(E164, written, region) == expected


@pytest.mark.parametrize(
    ("value", "code", "reason"),
    [
        ("", Code.PHONE_MISSING, "no phone number"),
        ("  \t", Code.PHONE_MISSING, "no phone number"),
        ("\u200b\u00a0", Code.PHONE_MISSING, "no phone number"),
        (None, Code.PHONE_MISSING, "no phone number"),
        ("5551234567", Code.PHONE_INVALID, "--region"),
        (
            "+49 30 1234567\u00b9",
            Code.PHONE_INVALID,
            "characters that no phone number has",
        ),
        (
            "+49 30 1234567\u2460",
            Code.PHONE_INVALID,
            "characters that no phone number has",
        ),
        ("+49 30 1234567 (8)", Code.PHONE_INVALID, "more than one number"),
        ("+1555123456", Code.PHONE_INVALID, "9 digits after +1; numbers in US have 10"),
        ("+155512345678", Code.PHONE_INVALID, "11 digits after +1"),
        ("+1555", Code.PHONE_INVALID, "after +1"),
        ("+8001234567", Code.PHONE_INVALID, "numbers there have 8"),
        ("+1", Code.PHONE_INVALID, ""),
        ("+", Code.PHONE_INVALID, ""),
        ("00", Code.PHONE_INVALID, ""),
        ("+999123456789", Code.PHONE_INVALID, "no such country code"),
        ("+" + "1" * 40, Code.PHONE_INVALID, "digits after +1; numbers in US have 10"),
        ("+1555CALLNOW", Code.PHONE_INVALID, "letters"),
        ("+15551234567 x89", Code.PHONE_INVALID, "extension"),
        ("+15551234567;ext=8", Code.PHONE_INVALID, ""),
        ("n/a", Code.PHONE_INVALID, "letters"),
        ("+43 1 2345/4312346", Code.PHONE_INVALID, "more than one number"),
        ("0043 1 2345/2346789", Code.PHONE_INVALID, "more than one number"),
        ("+43 12345/+43 12346", Code.PHONE_INVALID, "more than one number"),
        ("0049 1234/00495678", Code.PHONE_INVALID, "more than one number"),
        ("++15551234567", Code.PHONE_INVALID, "characters that no phone number has"),
        ("+15551234567,+15551234568", Code.PHONE_INVALID, "more than one"),
        ("+15551234567#9", Code.PHONE_INVALID, "extension"),
        ("1.55512E+10", Code.PHONE_DAMAGED, "scientific"),
        ("1,55512E+10", Code.PHONE_DAMAGED, "scientific"),
        ("9.19E11", Code.PHONE_DAMAGED, "scientific"),
        (1e22, Code.PHONE_DAMAGED, "scientific"),
        (True, Code.PHONE_INVALID, "another kind"),
        (["+15551234567"], Code.PHONE_INVALID, "another kind"),
        ({"mobile": "+15551234567"}, Code.PHONE_INVALID, "another kind"),
    ],
    ids=repr,
)
def test_number_that_cannot_be_sent_says_why(
    value: Json, code: Code, reason: str
) -> None:
    found = problem(E164, value)
    assert found.code is code
    assert reason in found.reason


@pytest.mark.parametrize(
    ("provider", "region", "value"),
    [
        ("ozonetel", None, "9000000001.0"),
        ("ozonetel", None, 9000000001.0),
        ("agora", "DE", "1512345678.0"),
        ("voiso", "DE", 1512345678.0),
        ("yotel", None, "900000001.0"),
        ("yotel", None, "0900000001.0"),
    ],
    ids=repr,
)
def test_tail_of_a_spreadsheet_number_is_no_digit(
    provider: str, region: str | None, value: Json
) -> None:
    """`9000000001.0` is 9000000001 or nothing: one digit more is someone else."""
    try:
        found = wire(rule(provider), value, region)
    except PhoneUnreadable:
        return
    digits = re.sub(r"\D", "", str(value).removesuffix(".0")).lstrip("0")
    assert found.endswith(digits)


@pytest.mark.parametrize("value", ["+15551234567", "5551234567"])
def test_range_that_nobody_has_is_refused_on_request(value: str) -> None:
    found = problem(E164, value, "US", VALID)
    assert found.code is Code.PHONE_INVALID
    assert "--phone-check valid" in found.reason
    assert wire(E164, value, "US") == "+15551234567"
    assert wire(E164, "+12015550123", None, VALID) == "+12015550123"


def test_number_without_its_area_code_is_refused() -> None:
    assert "area code" in problem(E164, "555-1234", "US").reason


# --- Yotel -------------------------------------------------------------------------


# --- Ozonetel ----------------------------------------------------------------------


def test_digits_are_counted_with_the_country_code_and_the_reason_says_so() -> None:
    """A number on Niue has four digits."""
    found = problem(rule("voiso"), "4002", "NU")
    assert found.reason == (
        "7 digits with the country code; this provider accepts 8 to 15"
    )


def test_duplicates_are_recognised_whatever_the_spelling() -> None:
    normalise = Normalizer(rule("ozonetel"), "IN")
    spellings = ["9000000001", "09000000001", "+91 90000 00001", "919000000001"]
    assert {normalise(written).key for written in spellings} == {"919000000001"}
    assert len({normalise(written).wire for written in spellings}) == 4


# --- all of them -------------------------------------------------------------------


EXAMPLES = {
    region: phonenumbers.example_number_for_type(region, kind)
    or phonenumbers.example_number(region)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in (phonenumbers.PhoneNumberType.MOBILE,)
}


@pytest.mark.parametrize("region", EXAMPLES)
def test_example_of_every_region_is_read_as_the_library_reads_it(region: str) -> None:
    number = EXAMPLES[region]
    assert number is not None
    expected = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    assert wire(E164, expected) == expected
    assert wire(E164, international) == expected
    assert wire(E164, expected.replace("+", "00")) == expected
    assert wire(E164, national, region) == expected
    assert wire(E164, expected, "US") == expected
    assert wire(E164, expected, check=VALID) == expected
    if len(expected) > len("+1234567"):  # two islands have numbers of seven digits
        assert wire(rule("voiso"), international) == expected[1:]
    assert wire(rule("ozonetel"), international) == expected
    assert is_region(region)


@pytest.mark.parametrize("code", ["", "us", "USA", "XX", "UK", "1"])
def test_what_is_no_region_is_known(code: str) -> None:
    assert not is_region(code)


ANY = (
    st.from_regex(r"\+?[0-9 ().-]{0,24}", fullmatch=True)
    | st.text(max_size=20)
    | st.integers(0, 10**20)
    | st.floats()
    | st.none()
    | st.booleans()
)


@given(
    provider=st.sampled_from(PROVIDERS),
    form=st.sampled_from(["as-written", "e164", "national"]),
    value=ANY,
    region=st.sampled_from([None, "US", "IN", "DE", "IT"]),
    check=st.sampled_from([*PhoneCheck]),
)
@settings(deadline=None, database=None, max_examples=800)
def test_any_value_gives_a_number_or_a_reason_without_it(
    provider: str, form: str, value: Json, region: str | None, check: PhoneCheck
) -> None:
    phone = phone_or_reason(Normalizer(rule(provider, form), region, check), value)
    if isinstance(phone, str):
        assert not re.search(r"\d{5}", phone)
        assert phone.isprintable()
        return
    shapes = {
        "agora": r"\+\d+",
        "lupitor": r"\+\d+",
        "voiso": r"\d+",
        "vicidial": r"\d{1,3} \d+",
        "yotel": r"\d{10}",
    }
    shape = shapes.get(provider, r"\+?[0-9]{3,16}")
    assert re.fullmatch(shape, phone.wire, re.ASCII)
    assert phone.wire not in repr(phone)
    assert phone.key not in repr(phone)


@given(
    value=st.from_regex(r" ?[+(]?[0-9 ()./+-]{0,24}", fullmatch=True),
    region=st.sampled_from([None, "US", "IN", "DE"]),
)
@settings(deadline=None, database=None, max_examples=500)
def test_number_that_needs_no_closer_look_gets_the_same_answer(
    value: str, region: str | None
) -> None:
    """An invisible character sends a plain number through the full rules."""
    normalise = Normalizer(E164, region)
    first, closely = (
        phone_or_reason(normalise, written) for written in (value, f"\u200b{value}")
    )
    if isinstance(first, Phone) and isinstance(closely, Phone):
        assert (first.wire, first.key) == (closely.wire, closely.key)
    else:
        assert first == closely


@given(value=ANY, region=st.sampled_from([None, "US", "IN"]))
@settings(deadline=None, database=None, max_examples=300)
def test_number_on_the_wire_is_read_as_itself(value: Json, region: str | None) -> None:
    try:
        phone = Normalizer(E164, region)(value)
    except PhoneUnreadable:
        return
    assert Normalizer(E164, "DE")(phone.wire) == phone._replace(repairs=())
