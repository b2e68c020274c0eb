"""Reads the rows of a sheet, with cells as the spreadsheet shows them."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from string import ascii_uppercase
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.cell_formats import UNCALCULATED, NumberFormat, plain
from leadctl.model.errors import InputUnusable
from leadctl.sources.ooxml import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.sources.merged_cells import Merged
    from leadctl.sources.ooxml import Element, Package

MAIN = "xl/workbook.xml"
MOST_COLUMNS = 16_384
LONGEST_ROW = 1_000_000


@dataclass(frozen=True)
class Budget:
    """The limits of a workbook: cells in use, and bytes of shared texts."""

    cells: int = 50_000_000
    text: int = 250_000_000


BUDGET = Budget()


class SheetRow(NamedTuple):
    """A row that is not empty; `before` is the number of rows above it."""

    before: int
    cells: list[str]
    is_hidden: bool


_BEHIND_MERGED = frozenset(("mergeCells", "cfRule", "dataValidation", "hyperlink"))
"""Elements that end merged cells, or come later; custom views have page margins."""


class SheetReader:
    """Reads cells by the shared texts and number formats of the workbook."""

    def __init__(self, package: Package, shown: str, budget: Budget) -> None:
        self.merged: Merged = {}
        """Of the sheet whose rows have all been read."""
        self._package = package
        self._counts_from_1904 = self._recalculates = False
        for name, attributes, _ in package.elements(MAIN):
            if name == "workbookPr":
                self._counts_from_1904 = _is_true(attributes.get("date1904"))
            elif name == "calcPr":
                # So say libraries that write formulas and, for their results, 0.
                self._recalculates = _is_true(attributes.get("fullCalcOnLoad"))
        parts = {kind: part for _, kind, part in package.related(MAIN)}
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
        """Yield the rows of a sheet that are not empty."""
        number = size = 0
        cells: list[str] = []
        for name, attributes, shown in self._cells_and_rows(part):
            if name == "c":
                _put(cells, attributes.get("r"), shown)
                size += len(shown)
                if size > LONGEST_ROW:
                    raise Damaged("a row with too much text")
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
        raise Damaged("more columns than Excel allows")
    cells += [""] * (place + 1 - len(cells))
    cells[place] = cell


@lru_cache(MOST_COLUMNS)
def _column(letters: str) -> int:
    """Count columns from 0: A, B … Z, AA."""
    if not letters or letters.strip(ascii_uppercase):
        raise Damaged("a cell without a position")
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
            raise Damaged("more text than a cell can hold")

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
