"""Formats a cell the way a spreadsheet shows it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

UNCALCULATED = "#UNCALCULATED!"
"""Stands for a formula without a stored result."""

ERRORS = frozenset(
    (
        "#N/A #REF! #VALUE! #NAME? #DIV/0! #NUM! #NULL! #SPILL! #CALC! #FIELD! "
        "#BLOCKED! #CONNECT! #UNKNOWN! #BUSY! #EXTERNAL! #PYTHON! #GETTING_DATA "
        # As CSV from a German, French, Spanish, Italian or Portuguese one has them.
        "#NV #BEZUG! #WERT! #ZAHL! #NULL! #N/D #VALEUR! #NOM? #NOMBRE! #NUL! "
        "#¡REF! #¡VALOR! #¿NOMBRE? #¡DIV/0! #¡NUM! #¡NULO! #RIF! #VALORE! #NOME? "
        f"#VALOR! #NÚM! {UNCALCULATED}"
    ).split()
)
"""What a spreadsheet shows instead of a result."""


def without_errors(cells: Sequence[str]) -> Sequence[str]:
    """Return the cells, with error cells emptied."""
    if "#" not in "".join(cells):
        return cells
    return ["" if cell.strip() in ERRORS else cell for cell in cells]


def why_no_result(cell: str) -> str:
    """Explain a cell that is one of `ERRORS`."""
    if cell != UNCALCULATED:
        return f"an error cell ({cell})"
    remedy = "open and save the workbook in a spreadsheet program"
    return f"a formula that was never calculated; {remedy}"


_SIGNS = frozenset("+-()./' \u00a00123456789")
"""Signs of phone numbers. A format that adds other text, such as a unit or a currency,
is ignored, because a lead field takes the bare number."""
_PIECES = re.compile(
    r'"[^"]*"?|\\.?|_.?|\*.?|\[[^\]]*\]?|general|.', re.DOTALL | re.IGNORECASE
)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]")
_COMPARED = {"<=": le, ">=": ge, "<>": ne, "<": lt, ">": gt, "=": eq}
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  a cell has no zone
_DAYS_TO_1904 = 1462


def plain(number: float) -> str:
    """Format a number; a whole one has no decimal part."""
    return str(int(number)) if number.is_integer() else str(number)


class NumberFormat:
    """A format such as `"+"0` or `yyyy-mm-dd`; dates are shown in ISO 8601."""

    def __init__(self, code: str, *, counts_from_1904: bool = False) -> None:
        sections: list[list[str]] = [[]]
        for piece in _PIECES.findall(code):
            if piece == ";":
                sections.append([])
            else:
                sections[-1].append(piece)
        first = sections[0]
        self._is_time_span = any(map(_ELAPSED.fullmatch, first))
        self._is_date = self._is_time_span or any(t in "dmhysDMHYS" for t in first)
        self._first_day = _DAYS_TO_1904 if counts_from_1904 else 0
        self._sections = [*map(_Section.of, sections)]

    def number(self, number: float) -> str:
        """Return a number as the spreadsheet shows it."""
        if self._is_date:
            return self._date(number) or plain(number)
        if number < 0 or not number.is_integer():
            return plain(number)
        return self._section_for(number).filled(str(int(number))) or plain(number)

    def text(self, text: str) -> str:
        """Return a text as the spreadsheet shows it."""
        last = self._sections[-1]
        return last.filled(text) or text if last.parts and "@" in last.parts else text

    def _section_for(self, number: float) -> _Section:
        if any(section.condition for section in self._sections):
            matching = (s for s in self._sections if s.includes(number))
            return next(matching, self._sections[-1])
        is_zero = number == 0 and len(self._sections) > 2
        return self._sections[2 if is_zero else 0]

    def _date(self, number: float) -> str | None:
        """Convert days since 1900 or 1904; None if no calendar has the day."""
        days = number + self._first_day
        try:
            passed = timedelta(milliseconds=int(number * 86_400_000))
            if self._is_time_span:
                return str(passed)
            # Excel's 1900 has a 29 February.
            moment = _EPOCH + timedelta(self._first_day + (days < 60)) + passed
        except (OverflowError, ValueError):
            return None
        if number < 0:
            return None
        if days < 1:
            return moment.time().isoformat()
        return (moment.date() if number.is_integer() else moment).isoformat()


class _Section(NamedTuple):
    """A part of a number format, for some numbers.

    `parts` are places for digits (`0`, `#`, `?`), `@`, and literals behind a quote;
    None if it shows what no phone number has.
    """

    condition: re.Match[str] | None
    parts: tuple[str, ...] | None

    @classmethod
    def of(cls, pieces: list[str]) -> Self:
        conditions = filter(None, map(_CONDITION.fullmatch, pieces))
        parts = tuple(map(_part, pieces))
        known = tuple(filter(None, parts))
        is_phone = len(known) == len(parts) and any(part in _PLACES for part in known)
        return cls(next(conditions, None), known if is_phone else None)

    def includes(self, number: float) -> bool:
        if self.condition is None:
            return True
        return bool(_COMPARED[self.condition[1]](number, float(self.condition[2])))

    def filled(self, text: str) -> str:
        """Put digits, or a text, into the places; empty where this is not for them."""
        parts = self.parts or ()
        left, shown = [*text], list[str]()
        places = sum(part in _PLACES for part in parts)
        for part in reversed(parts):
            if part not in _PLACES:
                shown.append(part[1:])
                continue
            places -= 1
            if not places or part == "@":  # the first one takes all that is left
                left, digits = [], "".join(left)
            else:
                digits = left.pop() if left else ""
            shown.append(digits or ("0" if part == "0" else ""))
        return "".join(reversed(shown))


_PLACES = ("0", "#", "?", "@")


def _part(piece: str) -> str | None:
    """Read a piece: a place, a literal after a quote, or None for anything else."""
    match piece[0]:
        case _ if piece in _PLACES:
            return piece
        case _ if piece.casefold() == "general":
            return "@"
        case '"':
            literal = piece.strip('"')
        case "\\":
            literal = piece[1:]
        case "_" | "*":  # a gap as wide as the next character; a filling
            literal = ""
        case "[" if not piece.startswith("[$") or piece.startswith("[$-"):
            literal = ""
        case _ if piece in "+-() \u00a0'":
            literal = piece
        case _:
            return None
    return f'"{literal}' if _SIGNS.issuperset(literal) else None
