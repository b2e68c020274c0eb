"""Reduces a phone cell to + and digits; no repair loses or guesses a digit."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.cell_formats import ERRORS, why_no_result
from leadctl.model.leads import Code

if TYPE_CHECKING:
    from leadctl.model.leads import Json


_KEPT = "+0123456789"  # named too, or each of them costs a failed look-up
SPACING = str.maketrans(_KEPT, _KEPT, " -()\u00a0")
"""Removes what stands between digits for readability."""


class Repair(StrEnum):
    """A repair of a cell that turned it into a number; counted in the report."""

    INVISIBLE_CHARACTERS = "invisible_characters"
    UNICODE_DIGITS = "unicode_digits"
    TEXT_MARK = "text_mark"
    PREFIX = "prefix"
    DECIMAL_TAIL = "decimal_tail"
    SCIENTIFIC_NOTATION = "scientific_notation"
    PLUS_LOST = "plus_lost"
    ZEROS_FOR_PLUS = "zeros_for_plus"
    CODE_TWICE = "code_twice"
    TRUNK_PREFIX = "trunk_prefix"
    ZERO_LOST = "zero_lost"
    ZEROS_ADDED = "zeros_added"
    NATIONAL_PREFIX = "national_prefix"


ABOUT = {
    Repair.INVISIBLE_CHARACTERS: "invisible characters were removed",
    Repair.UNICODE_DIGITS: "digits of another script were converted to 0 to 9",
    Repair.TEXT_MARK: 'an apostrophe or ="…" that kept a cell as text was removed',
    Repair.PREFIX: "a prefix such as tel: was removed",
    Repair.DECIMAL_TAIL: "a .0 at the end was removed",
    Repair.SCIENTIFIC_NOTATION: "scientific notation was written out (no digits lost)",
    Repair.PLUS_LOST: "the + before the country code was missing",
    Repair.ZEROS_FOR_PLUS: "a zero replaced the + before the country code",
    Repair.CODE_TWICE: "the country code was written twice",
    Repair.TRUNK_PREFIX: "a national prefix after the country code was removed",
    Repair.ZERO_LOST: "a missing leading zero was added",
    Repair.ZEROS_ADDED: "zeros before the number were removed",
    Repair.NATIONAL_PREFIX: "the national prefix was missing or added",
}


class Spelling(NamedTuple):
    """A number's digits, whether a + stood before them, and the repairs made.

    `unbracketed` are the digits without a zero in brackets (`+48 (0) 22 …`); `head` are
    those before what may be the end of a second number (`…67/68`). Empty if there is
    none.
    """

    plus: bool
    digits: str
    repairs: tuple[Repair, ...] = ()
    unbracketed: str = ""
    head: str = ""

    @property
    def has_code(self) -> bool:
        """Whether a + or 00 stands in front."""
        return self.plus or self.digits.startswith("00")


class PhoneProblem(NamedTuple):
    """Why a number cannot be sent; the text never repeats the number."""

    code: Code
    reason: str


class PhoneUnreadable(Exception):
    """A cell has a problem; keep the problem, not this exception."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.problem = PhoneProblem(code, reason)


def spelled(value: Json) -> Spelling:
    """Parse a phone cell; raises PhoneUnreadable."""
    cell = value if isinstance(value, str) else _written(value)
    compact = cell.translate(SPACING)
    digits = compact.removeprefix("+")
    if digits.isdigit() and digits.isascii() and not DATE.fullmatch(cell):
        return _spelling(cell, len(digits) < len(compact), digits)
    return _repaired(cell)


def _spelling(
    cell: str, plus: bool, digits: str, repairs: tuple[Repair, ...] = ()
) -> Spelling:
    unbracketed = head = ""
    if "0" in cell and (bracketed := BRACKETED_ZERO.search(cell)):
        rest = cell[: bracketed.start()] + cell[bracketed.end() :]
        unbracketed = "".join(filter(str.isdecimal, rest))
    if ending := ENDING.search(cell):
        head = "".join(filter(str.isdecimal, cell[: ending.start(1)]))
    return Spelling(plus, digits, repairs, unbracketed, head if len(head) >= 6 else "")


BRACKETED_ZERO = re.compile(r"[(\[]\s*0\s*[)\]]")
ENDING = re.compile(r"(?:(?=[-/(\t])|^[^.]*|(?<=\d{5}))([-/(\t.])\s*\d{1,4}\s*\)?\s*\Z")
"""What may be the end of a second number. Dots between all groups of digits are how
people write one (`02.512.00.00`), unless a long group stands before the last."""


_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19|20)\d\d"
DATE = re.compile(
    rf"^[ \t]*(?:{_YEAR}[-./]{_MONTH}[-./]{_DAY}"
    rf"|(?:{_DAY}[-./]{_MONTH}|{_MONTH}[-./]{_DAY})[-./]{_YEAR})[ \t]*$",
    re.MULTILINE,
)
"""A date in a column taken for phones; its digits may be a number."""
DIGITS_OF_A_DATE = 8


def is_rounded(digits: str) -> bool:
    """Tell whether six digits and zeros are left, as of 9.19877E+11 saved again."""
    return len(digits) >= 10 and not digits[6:].strip("0")


def is_cut(value: Json) -> bool:
    """Tell whether a cell is scientific notation that has lost digits."""
    if isinstance(value, str) and value.isascii() and "e" not in value.lower():
        return False  # nearly every cell
    try:
        spelled(value)
    except PhoneUnreadable as error:
        return error.problem.code is Code.PHONE_DAMAGED
    return False


_PUNCTUATION = str.maketrans("", "", " -()[]\u00a0./\t")
_PREFIX = re.compile(
    r"(?:tel|telephone|phone|ph|p|t|m|mob|mobile|cell|callto|sms|whatsapp|wa)\.?:(?://)?",
    re.IGNORECASE,
)
_TEXT_MARK = re.compile(r"""['\u2019`](.*)|="?([^"=]*)"?""", re.DOTALL)
_DECIMAL_TAIL = re.compile(r"(?<=\d{7})\.0+$")
_OTHERS = {
    "a date": DATE,
    "a decimal number": re.compile(r"\d+\.\d{1,3}|\d{6,}\.\d+"),
}
_SCIENTIFIC = re.compile(r"(\+?)(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_EXTENSION = re.compile(
    r"\d[\s,;.)]*(?:ext(?:ension|n)?|x|#|доб)[\s.:=#]*\d{1,8}\s*$", re.IGNORECASE
)
_SEPARATORS = re.compile(
    r"[,;|&\r\n\v\f\x1c-\x1f\x85\u2028\u2029]|\b(?:or|and|oder|und|ou|et)\b",
    re.IGNORECASE,
)
"""What stands between numbers and in none; FileMaker writes \\v for a line break."""


def _written(value: Json) -> str:
    if isinstance(value, bool | list | dict):
        raise invalid("not a phone number but another kind of value")
    if isinstance(value, float) and not value.is_integer():
        raise invalid("a decimal number, not a phone number")
    if isinstance(value, float) and is_rounded(f"{value:.0f}"):
        raise _cut()
    return "" if value is None else str(value)


LONGEST = 200
"""Characters of a cell that may be a number: the longest number has 15 digits."""


def _repaired(cell: str) -> Spelling:
    if len(cell) > LONGEST:
        raise invalid("too long for a phone number")
    repairs: list[Repair] = []
    if not cell.isascii() or not cell.isprintable():
        cell = _visible(cell, repairs)
    cell = cell.strip()
    if marked := _TEXT_MARK.fullmatch(cell):
        cell = marked[marked.lastindex or 0].strip()
        repairs.append(Repair.TEXT_MARK)
    if cell in ERRORS:
        raise invalid(why_no_result(cell))
    if prefix := _PREFIX.match(cell):
        cell = cell[prefix.end() :].strip()
        repairs.append(Repair.PREFIX)
    if tail := _DECIMAL_TAIL.search(cell):
        cell = cell[: tail.start()]
        repairs.append(Repair.DECIMAL_TAIL)
    if others := [what for what, form in _OTHERS.items() if form.fullmatch(cell)]:
        raise invalid(f"{others[0]}, not a phone number")
    if found := _SCIENTIFIC.fullmatch(cell):
        cell = _expanded(found)
        repairs.append(Repair.SCIENTIFIC_NOTATION)
    if not cell:
        raise PhoneUnreadable(Code.PHONE_MISSING, "no phone number")
    return _spelling(cell, *_digits(cell), tuple(repairs))


def _visible(cell: str, repairs: list[Repair]) -> str:
    """Convert digits and dashes of any script; drop invisible characters."""
    # A superscript or a circled digit is a footnote.
    if any(c.isnumeric() and not c.isdecimal() for c in cell):
        raise invalid("contains characters that no phone number has")
    shown = "".join(
        c for c in cell if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc")
    )
    if len(shown) < len(cell):
        repairs.append(Repair.INVISIBLE_CHARACTERS)
    if any(c.isdecimal() and not c.isascii() for c in shown):
        repairs.append(Repair.UNICODE_DIGITS)
    return "".join(map(_plain, unicodedata.normalize("NFKC", shown)))


def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return "-" if unicodedata.category(character) == "Pd" else character


def _expanded(found: re.Match[str]) -> str:
    """Write 9.19876543210E+11 as digits, if none is lost."""
    plus, first, rest, exponent = found[1], found[2], found[3] or "", int(found[4])
    # Programs that drop trailing zeros write 9.1987654321E11 for it.
    drops_zeros = len(rest) > _MOST_DECIMALS and not rest.endswith("0")
    if drops_zeros and len(rest) == exponent - 1:
        rest += "0"
    if len(rest) < exponent or rest[exponent:].strip("0"):
        raise _cut()
    return plus + first + rest[:exponent]


_MOST_DECIMALS = 5
"""Decimals that a spreadsheet shows of a number in scientific notation."""


def _digits(cell: str) -> tuple[bool, str]:
    if _EXTENSION.search(cell):
        raise invalid("has an extension, which cannot be dialled")
    if _is_several(cell):
        raise invalid("contains more than one number; keep one")
    compact = cell.translate(_PUNCTUATION)
    digits = compact.removeprefix("+")
    if digits.isdigit() and digits.isascii():
        return len(digits) < len(compact), digits
    if any(c.isalpha() for c in digits):
        raise invalid("contains letters")
    raise invalid("contains characters that no phone number has")


def _is_several(cell: str) -> bool:
    """Tell whether a second number, or the end of one, follows the first."""
    parts = [sum(map(str.isdigit, part)) for part in _SEPARATORS.split(cell)]
    if max(parts) > 6 and sum(map(bool, parts)) > 1:
        return True
    if re.search(r"[1-9].*\+", cell):
        return True
    first, *others = ["".join(filter(str.isdigit, part)) for part in cell.split("/")]
    if len(others) == 1 and not others[0].startswith("00"):
        first = first.removeprefix("00")  # a code and an area code: `0049 151/…`
    return sum(len(digits) > 6 for digits in (first, *others)) > 1


def numbers_in(cell: Json) -> list[Json]:
    """Return what a cell holds: itself, or its parts if it has several numbers."""
    if isinstance(cell, list):
        return cell
    if not isinstance(cell, str) or cell.translate(SPACING).isdecimal():
        return [cell]
    if len(cell) > LONGEST or not _is_several(cell):
        return [cell]
    parts = _SEPARATORS.split(cell)
    return [*parts, *(one for part in parts for one in re.split(r"/|(?=\+)", part))]


def _cut() -> PhoneUnreadable:
    return PhoneUnreadable(
        Code.PHONE_DAMAGED,
        "digits lost in a spreadsheet (scientific notation); export the column as text",
    )


def invalid(reason: str) -> PhoneUnreadable:
    return PhoneUnreadable(Code.PHONE_INVALID, reason)
