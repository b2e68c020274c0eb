"""Phone cells as spreadsheets leave them: repaired by a named rule, or not at all."""

from __future__ import annotations

import pytest

from leadctl.model.leads import Code, Json
from leadctl.phones.spelling import PhoneUnreadable, Repair, is_rounded, spelled

NUMBER = "15551234567"
REPAIRED: dict[str, tuple[Json, tuple[Repair, ...]]] = {
    "plain": ("1 (555) 123-4567", ()),
    "zero-width": ("1555\u200b1234567", (Repair.INVISIBLE_CHARACTERS,)),
    "right-to-left": ("\u202a15551234567\u202c", (Repair.INVISIBLE_CHARACTERS,)),
    "byte-order mark": ("\ufeff15551234567", (Repair.INVISIBLE_CHARACTERS,)),
    "no-break space": ("1\u00a0555\u00a01234567", ()),
    "narrow space": ("1\u202f555\u202f1234567", ()),
    "full-width": (
        "\uff11\uff15\uff15\uff15\uff11\uff12\uff13\uff14\uff15\uff16\uff17",
        (Repair.UNICODE_DIGITS,),
    ),
    "devanagari": (
        "\u0967\u096b\u096b\u096b\u0967\u0968\u0969\u096a\u096b\u096c\u096d",
        (Repair.UNICODE_DIGITS,),
    ),
    "apostrophe": ("'15551234567", (Repair.TEXT_MARK,)),
    "curly apostrophe": ("\u201915551234567", (Repair.TEXT_MARK,)),
    "formula": ('="15551234567"', (Repair.TEXT_MARK,)),
    "tel": ("tel:1-555-123-4567", (Repair.PREFIX,)),
    "lead ad": ("p:15551234567", (Repair.PREFIX,)),
    "labelled": ("Phone: 1 555 123 4567", (Repair.PREFIX,)),
    "decimal tail": ("15551234567.0", (Repair.DECIMAL_TAIL,)),
    "JSON number": (15551234567, ()),
    "JSON float": (15551234567.0, (Repair.DECIMAL_TAIL,)),
    "scientific": ("1.5551234567E+10", (Repair.SCIENTIFIC_NOTATION,)),
    "scientific, more places": (
        "1.555123456700E+10",
        (Repair.SCIENTIFIC_NOTATION,),
    ),
    "scientific, comma": ("1,5551234567e10", (Repair.SCIENTIFIC_NOTATION,)),
    "several": (
        "\u200b'tel:1.5551234567E+10",
        (
            Repair.INVISIBLE_CHARACTERS,
            Repair.TEXT_MARK,
            Repair.PREFIX,
            Repair.SCIENTIFIC_NOTATION,
        ),
    ),
}


@pytest.mark.parametrize("name", REPAIRED)
def test_repair_has_a_name_and_loses_no_digit(name: str) -> None:
    cell, repairs = REPAIRED[name]
    assert spelled(cell)[:3] == (False, NUMBER, repairs)


@pytest.mark.parametrize(
    "cell",
    [
        "+1 555 123 4567",
        "'+15551234567",
        "tel:+15551234567",
        "+15551234567.0",
        "+1.5551234567E+10",
        "\uff0b15551234567",
        '="+15551234567"',
    ],
)
def test_plus_stays(cell: str) -> None:
    assert spelled(cell)[:2] == (True, NUMBER)


@pytest.mark.parametrize(
    "cell",
    [
        "1.55512E+10",
        "1,55512E+10",
        "1.55512345E+10",
        "1.555123450E+10",
        "5.55012E+06",
        "9.19877E+11",
        "1E+10",
        "1.55512345678E+10",
        "+1.55512E+10",
        919877000000.0,
    ],
)
def test_digits_that_are_lost_are_never_made_up(cell: Json) -> None:
    with pytest.raises(PhoneUnreadable) as caught:
        spelled(cell)
    assert caught.value.problem.code is Code.PHONE_DAMAGED


@pytest.mark.parametrize(
    ("cell", "digits"),
    [
        ("1.555123456E+10", "15551234560"),
        ("1.555123456e10", "15551234560"),
        ("9.1987654321e+11", "919876543210"),
        ("9.1987654321E11", "919876543210"),
        (9.1987654321e11, "919876543210"),
        (1.555123456e10, "15551234560"),
    ],
)
def test_zero_that_scientific_notation_drops_is_no_digit_lost(
    cell: Json, digits: str
) -> None:
    assert spelled(cell).digits == digits


@pytest.mark.parametrize(
    ("cell", "word"),
    [
        ("+15551234567 ext. 12", "extension"),
        ("+15551234567x12", "extension"),
        ("tel:+15551234567;ext=12", "extension"),
        ("+15551234567 #12", "extension"),
        ("+15551234567 extension 4", "extension"),
        ("+15551234567 / +15551234568", "more than one"),
        ("+15551234567;+15551234568", "more than one"),
        ("+15551234567 or +15551234568", "more than one"),
        ("+15551234567\n+15551234568", "more than one"),
        ("5551234567 | 5551234568", "more than one"),
        ("+15551234567 +15551234568", "more than one"),
        ("+1 800 FLOWERS", "letters"),
        ("+1555*1234567", "characters that no phone number has"),
        (True, "another kind"),
        ([15551234567], "another kind"),
    ],
    ids=repr,
)
def test_what_is_not_one_number_is_refused_with_the_reason(
    cell: Json, word: str
) -> None:
    with pytest.raises(PhoneUnreadable, match=word) as caught:
        spelled(cell)
    assert caught.value.problem.code is Code.PHONE_INVALID


@pytest.mark.parametrize("cell", ["", " ", None, "\u200b", "'", "tel:", '=""'])
def test_cell_without_a_number_is_missing(cell: Json) -> None:
    with pytest.raises(PhoneUnreadable) as caught:
        spelled(cell)
    assert caught.value.problem.code is Code.PHONE_MISSING


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("919877000000", True),
        ("15551200000", True),
        ("15551234567", False),
        ("919877000001", False),
        ("555000000", False),
    ],
)
def test_rounded_number_has_six_digits_and_zeros(digits: str, expected: bool) -> None:
    assert is_rounded(digits) is expected
