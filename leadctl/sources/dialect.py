"""Detects delimiter, quote character and header from the first lines of a table."""

from __future__ import annotations

import csv
import re
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.lead_fields import ALIASES, plain
from leadctl.model.leads import OWN
from leadctl.model.wording import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

DELIMITERS = ",;\t|"
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
FIRST_LINES = 60
MOST_PREAMBLE = 25
"""Lines that may stand before a header."""

KNOWN = frozenset(alias for aliases in ALIASES.values() for alias in aliases)
_SEPARATOR = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""What Excel writes into the first line for itself."""


class Detected(NamedTuple):
    """A choice, and why it was made."""

    value: str
    why: str


class Line(NamedTuple):
    """Cells of a row, and the physical lines that stand before it."""

    before: int
    cells: list[str]


class Header(NamedTuple):
    """Whether there is a header, and the lines before it or before the first row."""

    before: int
    found: bool
    why: str


def quote(lines: Sequence[str]) -> Detected:
    """Choose the quote character: single quotes only if every line uses them."""
    filled = [*filter(None, map(str.strip, lines))]
    if filled and all(re.fullmatch(r"'.*'[,;\t|]'.*'", line) for line in filled):
        return Detected("'", "every cell is in single quotes")
    return Detected('"', "default")


def delimiter(lines: Sequence[str], quote: str, known: Collection[str]) -> Detected:
    """Choose the delimiter that gives known names, and rows of one width."""
    if lines and (said := _SEPARATOR.fullmatch(lines[0].strip("\ufeff\r\n"))):
        return Detected(said[1], "set in the first line (sep=)")

    def merit(delimiter: str) -> tuple[int, int, int]:
        rows = [line.cells for line in split(lines, delimiter, quote)]
        width = _usual_width(rows)
        even = sum(len(row) == width for row in rows)
        names = max((_names(row, known) for row in rows if len(row) > 1), default=0)
        return (names, even, width) if width > 1 else (0, 0, 0)

    best = max(DELIMITERS, key=merit)
    names, even, width = merit(best)
    if not even:
        return Detected(",", "no delimiter found; one column")
    named = f", {count(names, 'known name')}" if names else ""
    return Detected(best, f"{count(even, 'line')} of {width} cells{named}")


def header(
    lines: Sequence[Line], known: Collection[str], *, wanted: bool | None
) -> Header:
    """Find the header by names that a profile uses, or as the option `wanted` says."""
    lines = [line for line in lines if _filled(line.cells)]
    if not lines:
        return Header(0, found=True, why="the first line")
    ours = next((line for line in lines[:2] if line.cells[0].startswith(OWN)), None)
    if ours:  # a reject file has one even where the file it was made from had none
        return Header(ours.before, found=True, why="a reject file's own columns")
    if wanted is False:
        return Header(_separator_lines(lines), found=False, why="as asked")
    for place, line in enumerate(lines[:MOST_PREAMBLE]):
        names = _names(line.cells, known)
        if names and _is_under_title(lines, place, names):
            return Header(line.before, found=True, why=count(names, "known name"))
    first = next(line for line in lines if line.before >= _separator_lines(lines))
    if wanted is None and looks_like_data(first.cells):
        why = "the first line has numbers or addresses but no column name"
        return Header(first.before, found=False, why=why)
    return _by_width(lines, first)


def padding(lines: Sequence[Line], header: Header, width: int) -> int:
    """Count the empty cells that every row, but not the header, has at its end."""
    rows = [line.cells for line in lines if line.before > header.before]
    longest = max(map(len, rows), default=0)
    even = all(len(row) == longest and not any(row[width:]) for row in rows)
    return max(longest - width, 0) if even and len(rows) > 1 else 0


def looks_like_data(cells: Sequence[str]) -> bool:
    """Tell whether these are a number or an address, not column names."""
    return any(_DATA.fullmatch(cell.strip()) for cell in cells)


def looks_like_number(cell: str) -> bool:
    """Tell whether a cell begins as phone numbers do, and not as dates or a ZIP+4."""
    return _PHONE.match(cell) is not None


def contains_rows(
    cells: Sequence[str], delimiter: str, phones: Collection[int]
) -> bool:
    """Tell whether a cell has swallowed rows: a quote opened in one, closed in another.

    Unlike an address of three lines, one of its lines has a number in a phone column.
    """
    return any(
        place < len(row) and looks_like_number(row[place].strip())
        for row in _rows_inside(cells, delimiter)
        for place in phones
    )


_LINE_END = re.compile(r"\r\n|\n|\r")
_DIGITS = re.compile(r"\d[\d\s()./-]{5,}\d")
"""What every number has: few cells of several lines have to be split."""


def _rows_inside(cells: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    for place, cell in enumerate(cells):
        if ("\n" not in cell and "\r" not in cell) or not _DIGITS.search(cell):
            continue
        first, *others = _LINE_END.split(cell)
        # What stands before the quote is this row's own.
        yield [*[""] * (place + 1), *first.split(delimiter)[1:]]
        for line in others:
            row = line.split(delimiter)
            if len(row) > 1:
                yield row


_ADDRESS = r"[^@\s]+@[^@\s]+\.[^@\s]+"
DATE = r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?![-./\d])"  # but not 01.23.45.67.89
_NUMBER = rf"(?!{DATE})\+?\(?\d[\d\s().-]{{5,}}\d"
_SCIENTIFIC = r"\d[.,]\d+[eE]\+?\d\d"
_DATA = re.compile(
    rf"""{_ADDRESS}|(?:'|=?"|tel:|p:)?(?:{_NUMBER}|{_SCIENTIFIC})"?""", re.IGNORECASE
)
_PHONE = re.compile(
    rf"""(?:'|=?"|[a-z]{{1,9}}:)?(?!{DATE})(?!\d{{5}}-\d{{4}}$)"""
    r"\+?\(?\d[\d\s()./-]{5,}\d",
    re.IGNORECASE,
)
"""How phone numbers begin, but not dates or a ZIP+4."""


def split(lines: Sequence[str], delimiter: str, quote: str) -> list[Line]:
    """Split sample lines as far as they can be; blank lines are left out."""
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    rows, before = [], 0
    with suppress(csv.Error):  # reported when the row is read
        for cells in reader:
            if len(cells) > 1 or _filled(cells):
                rows.append(Line(before, cells))
            before = reader.line_num
    return rows


def _separator_lines(lines: Sequence[Line]) -> int:
    """Count the line that tells Excel the delimiter: it is no row."""
    says = "".join(lines[0].cells).casefold().startswith("sep=")
    return lines[1].before if says and len(lines) > 1 else 0


def _by_width(lines: Sequence[Line], first: Line) -> Header:
    """Take the first line, or the first full one behind a title of a single cell."""
    width = _usual_width([line.cells for line in lines])
    even = sum(len(line.cells) == width for line in lines)
    for place, line in enumerate(lines[:MOST_PREAMBLE] if min(width, even) > 2 else ()):
        titles = all(_filled(earlier.cells) == 1 for earlier in lines[:place])
        data = any(looks_like_data(one.cells) for one in lines[: place + 1])
        if titles and _filled(line.cells) == width and not data:
            why = "the first line with as many cells as the rest"
            return Header(line.before, found=True, why=why)
    return Header(first.before, found=True, why="the first line")


def _is_under_title(lines: Sequence[Line], place: int, names: int) -> bool:
    """Tell whether the lines before are a title: no lead data, and another width.

    A single known name may be in a data row: a title must then be much narrower, and
    the lines behind as wide as the header.
    """
    before, line, behind = lines[:place], lines[place], lines[place + 1 :]
    wide = _filled(line.cells)
    if any(looks_like_data(earlier.cells) for earlier in before):
        return False
    if names == 1 and before:
        narrow = all(_filled(earlier.cells) * 2 <= wide for earlier in before)
        like = sum(len(later.cells) == len(line.cells) for later in behind)
        return narrow and like > len(behind) // 2
    return not any(
        _filled(earlier.cells) >= wide and len(earlier.cells) == len(line.cells)
        for earlier in before
    )


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _names(cells: Sequence[str], known: Collection[str]) -> int:
    found = sum(cell.strip() in known or plain(cell) in KNOWN for cell in cells)
    return 0 if found == 1 and looks_like_data(cells) else found


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    widths = Counter(map(len, rows))
    return max(widths, key=lambda width: (widths[width], width), default=0)
