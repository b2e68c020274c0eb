"""Reads the sheets of an .xlsx workbook, each as a stream of rows, as shown."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from string import ascii_uppercase
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.cell_formats import ERRORS, UNCALCULATED, NumberFormat, plain
from leadctl.model.errors import InputUnusable
from leadctl.model.wording import count, nearest
from leadctl.sources import ooxml
from leadctl.sources.merged_cells import filled
from leadctl.sources.scan import is_suspicious

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from leadctl.sources.merged_cells import Merged
    from leadctl.sources.ooxml import Element, Package

_MAIN = "xl/workbook.xml"
MOST_COLUMNS = 16_384
LONGEST_ROW = 1_000_000


@dataclass(frozen=True)
class Budget:
    """The limits of a workbook: cells in use, and bytes of shared texts."""

    cells: int = 50_000_000
    text: int = 250_000_000


class Sheet(NamedTuple):
    name: str
    part: str
    is_hidden: bool


class SheetRow(NamedTuple):
    """A row that is not empty; `before` is the number of rows above it."""

    before: int
    cells: list[str]
    is_hidden: bool


@dataclass(eq=False)
class WorkbookSample:
    """A whole sheet: its first rows, the columns in use, and counts of odd cells."""

    first: list[SheetRow] = field(default_factory=list)
    left: int = MOST_COLUMNS
    right: int = 0
    suspicious: bool = False
    hidden: int = 0
    errors: int = 0
    uncalculated: int = 0
    merged: Merged = field(default_factory=dict)


def is_workbook(path: Path) -> bool:
    """Tell an .xlsx from other ZIP files by its members."""
    return _MAIN in ooxml.members(path)


def sheets(path: Path, shown: str) -> list[Sheet]:
    """Return the sheets of a workbook; there is at least one."""
    with _opened(path, shown) as package:
        found = [*_sheets(package)]
    if not found:
        raise InputUnusable(f"{shown}: the workbook has no sheets")
    return found


def chosen(sheets: list[Sheet], shown: str, asked: str | None) -> Sheet:
    """Return the sheet asked for by name or number from 1, else the first visible."""
    if asked is None:
        return next((sheet for sheet in sheets if not sheet.is_hidden), sheets[0])
    names = [sheet.name for sheet in sheets]
    if asked in names:
        return sheets[names.index(asked)]
    if asked.isdecimal() and 1 <= int(asked) <= len(names):
        return sheets[int(asked) - 1]
    raise InputUnusable(
        f"{shown} has no sheet {asked!r}{nearest(asked, names)}",
        hint=f"it has {count(len(names), 'sheet')}: {', '.join(names[:20])}",
    )


def sample(
    path: Path, shown: str, sheet: str, first: int, budget: Budget = Budget()
) -> WorkbookSample:
    """Read a whole sheet, to prove that it is readable and to count odd cells."""
    found = WorkbookSample()
    with _reader(path, shown, sheet, budget) as (reader, part):
        for row in reader.rows(part):
            if len(found.first) < first:
                found.first.append(row)
            blank = next(place for place, cell in enumerate(row.cells) if cell.strip())
            found.left = min(found.left, blank)
            found.right = max(found.right, len(row.cells))
            found.suspicious = found.suspicious or is_suspicious("\n".join(row.cells))
            found.hidden += row.is_hidden
            odd = sum(cell in ERRORS for cell in row.cells)
            uncalculated = row.cells.count(UNCALCULATED) if odd else 0
            found.errors += odd - uncalculated
            found.uncalculated += uncalculated
            if (row.before + 1) * found.right > budget.cells:
                raise InputUnusable(
                    f"{shown}: the sheet {sheet!r} is too large: more than "
                    f"{count(budget.cells, 'cell')} up to the last row and column "
                    "in use",
                    hint="delete cells far from the leads, or save it as CSV (UTF-8)",
                )
        found.merged = reader.merged
        found.first = [*filled(found.first, reader.merged)]
    return found


def rows(path: Path, shown: str, sheet: str, merged: Merged) -> Iterator[SheetRow]:
    """Yield the rows that are not empty; merged cells count in each of their rows."""
    with _reader(path, shown, sheet, Budget()) as (reader, part):
        found = reader.rows(part)
        yield from filled(found, merged) if merged else found


@contextmanager
def _reader(
    path: Path, shown: str, sheet: str, budget: Budget
) -> Iterator[tuple[_Reader, str]]:
    with _opened(path, shown) as package:
        part = next(s.part for s in _sheets(package) if s.name == sheet)
        yield _Reader(package, shown, budget), part


def with_rows(path: Path, shown: str, sheets: Iterable[Sheet]) -> list[str]:
    """Return the names of the sheets that have rows, up to one that is damaged."""
    found: list[str] = []
    with suppress(InputUnusable), _opened(path, shown) as package:
        reader = _Reader(package, shown, Budget())
        found.extend(s.name for s in sheets if next(reader.rows(s.part), None))
    return found


@contextmanager
def _opened(path: Path, shown: str) -> Iterator[Package]:
    """Open a workbook; reports any damage in one sentence."""
    try:
        with ooxml.opened(path) as package:
            yield package
    except ooxml.Damaged as error:
        raise InputUnusable(
            f"{shown}: the workbook is damaged",
            hint="open and save it again, or save it as CSV (UTF-8)",
        ) from error
    except OSError as error:
        raise InputUnusable(f"{shown}: {error.strerror}") from error


def _sheets(package: Package) -> Iterator[Sheet]:
    parts = {
        name: part for name, kind, part in package.related(_MAIN) if kind == "worksheet"
    }
    for name, attributes, _ in package.elements(_MAIN):
        if name == "sheet":
            # The prefix of `r:id` is the writer's choice; `sheetId` has none.
            ids = [v for k, v in attributes.items() if k.endswith(":id")]
            if part := parts.get("".join(ids)):
                is_hidden = attributes.get("state") in ("hidden", "veryHidden")
                yield Sheet(attributes.get("name", ""), part, is_hidden)


_BEHIND_MERGED = frozenset(
    ("mergeCells", "cfRule", "dataValidation", "hyperlink", "pageMargins")
)
"""Elements that end merged cells, or come later in every sheet."""


class _Reader:
    """Reads cells by the shared texts and number formats of the workbook."""

    def __init__(self, package: Package, shown: str, budget: Budget) -> None:
        self.merged: Merged = {}
        """Of the sheet whose rows have all been read."""
        self._package = package
        self._counts_from_1904 = self._recalculates = False
        for name, attributes, _ in package.elements(_MAIN):
            if name == "workbookPr":
                self._counts_from_1904 = _is_true(attributes.get("date1904"))
            elif name == "calcPr":
                # So say libraries that write formulas and, for their results, 0.
                self._recalculates = _is_true(attributes.get("fullCalcOnLoad"))
        parts = {kind: part for _, kind, part in package.related(_MAIN)}
        self._texts = list[str]()
        size = 0
        for text in _shared_texts(package, parts.get("sharedStrings")):
            self._texts.append(text)
            size += sys.getsizeof(text)
            if size > budget.text:
                raise InputUnusable(
                    f"{shown}: the workbook contains too much text",
                    hint="save the sheet as CSV (UTF-8), which is read row by row",
                )
        self._formats = {
            place: NumberFormat(code, counts_from_1904=self._counts_from_1904)
            for place, code in _format_codes(package, parts.get("styles"))
        }

    def rows(self, part: str) -> Iterator[SheetRow]:
        number = size = 0
        cells: list[str] = []
        for name, attributes, shown in self._cells_and_rows(part):
            if name == "c":
                _put(cells, attributes.get("r"), shown)
                size += len(shown)
                if size > LONGEST_ROW:
                    raise ooxml.Damaged("a row with too much text")
                continue
            number = int(attributes.get("r", number + 1))
            while cells and not cells[-1].strip():
                cells.pop()
            if cells:
                yield SheetRow(number - 1, cells, _is_true(attributes.get("hidden")))
            cells, size = [], 0

    def _cells_and_rows(self, part: str) -> Iterator[Element]:
        """Yield every cell with its text as shown, and every row after its cells."""
        runs, value, is_formula = _Runs(), None, False
        for element in self._package.elements(part):
            name, attributes, inside = element
            if name == "v":
                value = inside
            elif name == "f":
                is_formula = True
            elif name == "c":
                text = runs.taken()
                if attributes.get("t") == "inlineStr":
                    value = text
                shown = self._shown(attributes, value, is_formula=is_formula)
                yield name, attributes, shown
                value, is_formula = None, False
            elif name == "row":
                yield element
            elif name == "mergeCell":
                self._merge(attributes.get("ref", ""))
            elif name in _BEHIND_MERGED:
                return
            else:
                runs.take(name, inside)

    def _merge(self, area: str) -> None:
        if found := re.fullmatch(r"([A-Z]+)([0-9]+):[A-Z]+([0-9]+)", area):
            first, last = int(found[2]) - 1, int(found[3]) - 1
            if last > first:
                self.merged.setdefault(first, []).append((_column(found[1]), last))

    def _shown(
        self, attributes: dict[str, str], value: str | None, *, is_formula: bool
    ) -> str:
        """Return a cell as it is shown."""
        kind = attributes.get("t", "n")
        if is_formula and (
            value is None
            or (value == "" and kind != "str")
            or (value == "0" and self._recalculates)
        ):
            return UNCALCULATED
        if not value:
            return ""
        style = self._formats.get(attributes.get("s", ""))
        match kind:
            case "n":
                return _number(value, style)
            case "s" if value.isdecimal():
                text = self._texts[int(value)]
            case "str" | "inlineStr":
                text = _unescaped(value)
            case "b":
                return "true" if _is_true(value) else "false"
            case _:  # an error; a date in ISO 8601
                return value
        return style.text(text) if style else text


def _number(value: str, style: NumberFormat | None) -> str:
    if not style and value.isdecimal() and len(value) < 16 and value[0] != "0":
        return value  # as nearly all are
    try:
        number = float(value)
    except ValueError:
        return value
    if not isfinite(number):
        return value
    return style.number(number) if style else plain(number)


def _put(cells: list[str], reference: str | None, cell: str) -> None:
    """Put a cell at its reference, such as `C7`, or else after the last one."""
    place = _column(reference.rstrip("0123456789")) if reference else len(cells)
    if place >= MOST_COLUMNS:
        raise ooxml.Damaged("more columns than Excel allows")
    cells += [""] * (place + 1 - len(cells))
    cells[place] = cell


@lru_cache(MOST_COLUMNS)
def _column(letters: str) -> int:
    """Count columns from 0: A, B … Z, AA."""
    if not letters or letters.strip(ascii_uppercase):
        raise ooxml.Damaged("a cell without a position")
    place = 0
    for letter in letters[:4]:
        place = place * 26 + ascii_uppercase.index(letter) + 1
    return place - 1


class _Runs:
    """Joins the runs of a text that differ only in formatting."""

    def __init__(self) -> None:
        self._text = self._latest = ""

    def take(self, name: str, inside: str) -> None:
        if name == "t":
            self._text += inside
            self._latest = inside
        elif name == "rPh":  # how to pronounce it
            self._text = self._text.removesuffix(self._latest)
        if len(self._text) > LONGEST_ROW:
            raise ooxml.Damaged("more text than a cell can hold")

    def taken(self) -> str:
        text, self._text = self._text, ""
        return text


def _shared_texts(package: Package, part: str | None) -> Iterator[str]:
    runs = _Runs()
    for name, _, inside in package.elements(part) if part else ():
        if name == "si":
            yield _unescaped(runs.taken())
        else:
            runs.take(name, inside)


_DATES = {**dict.fromkeys(map(str, (*range(14, 23), 45, 47)), "d"), "46": "[h]"}
"""Built-in date formats, which files do not spell out; others show the bare number."""


def _format_codes(package: Package, part: str | None) -> Iterator[tuple[str, str]]:
    """Yield the number format of each style that has one of its own."""
    codes, styles = dict(_DATES), list[str]()
    for name, attributes, _ in package.elements(part) if part else ():
        if name == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "xf":
            styles.append(attributes.get("numFmtId", ""))
        elif name == "cellStyleXfs":
            styles.clear()
        elif name == "cellXfs":
            break
    for place, style in enumerate(styles):
        if codes.get(style, "General") not in ("General", "@", "0"):
            yield str(place), codes[style]


_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _unescaped(text: str) -> str:
    """Decode characters that Excel escapes for XML, such as `_x000D_`."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character.isprintable() or character in "\t\n\r" else found[0]


def _is_true(value: str | None) -> bool:
    return value in ("1", "true")
