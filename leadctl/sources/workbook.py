"""Opens the sheets of a workbook as sources of rows; loaded when one is met."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from leadctl.model.errors import InputUnusable
from leadctl.model.wording import listed
from leadctl.sources import dialect, xlsx
from leadctl.sources.detect import headed, scanned
from leadctl.sources.formats import Format
from leadctl.sources.scan import scan_binary
from leadctl.sources.source import Choice
from leadctl.sources.text_rows import Dialect

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.sources.formats import ReadOptions
    from leadctl.sources.source import Source
    from leadctl.sources.xlsx import Sheet, WorkbookSample


def open_workbook(path: Path, shown: str, read_options: ReadOptions) -> Source:
    """Open the sheet that is asked for, or the first visible one."""
    sheets = xlsx.sheets(path, shown)
    sheet = xlsx.chosen(sheets, shown, read_options.sheet)
    source = _sheet(path, shown, sheet, read_options)
    if source is None:
        message = f"{shown}: the sheet {sheet.name!r} is empty"
        raise InputUnusable(message, hint="choose another with --sheet")
    choice = _sheet_choice(source, sheet, sheets, read_options)
    first, *others = source.choices
    return replace(source, choices=(first, *choice, *others))


def open_sheets(path: Path, shown: str, read_options: ReadOptions) -> list[Source]:
    """Open every sheet that is not empty, hidden or not."""
    sheets = xlsx.sheets(path, shown)
    found = [_sheet(path, shown, sheet, read_options) for sheet in sheets]
    return [*filter(None, found)]


def _sheet(
    path: Path, shown: str, sheet: Sheet, read_options: ReadOptions
) -> Source | None:
    """Open a sheet; None if it is empty."""
    found = scan_binary(path, shown)
    look = xlsx.sample(path, shown, sheet.name, dialect.FIRST_LINES)
    if not look.first:
        return None
    blank = [""] * look.right
    lines = [
        dialect.Line(row.before, [*row.cells, *blank][look.left : look.right])
        for row in look.first
    ]
    header = dialect.header(lines, read_options.known, wanted=read_options.header)
    oddities = _oddities(look, header.before + header.found)
    source = replace(
        scanned(path, shown, found, Format.XLSX, Dialect(newline="\r\n")),
        encoding="utf-8-sig",  # of the reject file: Excel recognises UTF-8 by its mark
        header=header.found,
        preamble=header.before,
        suspicious=look.suspicious,
        sheet=sheet.name,
        left=look.left,
        merged=look.merged,
        choices=(Choice("format", Format.XLSX, "its content"), *oddities),
    )
    top = next(line for line in lines if line.before >= header.before)
    return headed(source, header, top.cells, read_options)


def _oddities(look: WorkbookSample, first: int) -> list[Choice]:
    """Report what is hidden, not sent, or merged from the `first` data row on."""
    unsaved = "not sent; open and save the workbook in a spreadsheet program"
    merged = sum(len(cells) for row, cells in look.merged.items() if row >= first)
    counted = (
        ("merged cells", merged, "read in each of their rows"),
        ("hidden rows", look.hidden, "read like other rows, including filtered ones"),
        ("error cells", look.errors, "such as #N/A; not sent"),
        ("formulas without a result", look.uncalculated, unsaved),
    )
    return [Choice(what, f"{n:,}", why, True) for what, n, why in counted if n]


def _sheet_choice(
    source: Source, sheet: Sheet, sheets: list[Sheet], read_options: ReadOptions
) -> list[Choice]:
    if read_options.sheet:
        return [Choice("sheet", sheet.name, "as asked")]
    hidden = [repr(other.name) for other in sheets if other.is_hidden]
    visible = len(sheets) - len(hidden)
    rest = (other for other in sheets if other != sheet and not other.is_hidden)
    others = xlsx.with_rows(source.path, source.shown, rest)
    why = "the only one with rows" if visible > 1 else "the only one"
    if others and not sheet.is_hidden:
        which = "sheet {} is" if len(others) == 1 else "sheets {} are"
        why = (
            f"the first of {visible}; {which.format(listed(others))} not imported "
            f"(--sheet {shlex.quote(others[0])})"
        )
    elif sheet.is_hidden:
        why = "hidden, like all sheets"
    elif hidden and visible == 1:
        why = "the only visible one"
    found = [Choice("sheet", sheet.name, why, bool(others) or sheet.is_hidden)]
    if hidden and visible:
        names = ", ".join(hidden[:5]) + (" …" if len(hidden) > 5 else "")
        why = "not read (choose one with --sheet)"
        found.append(Choice("hidden sheets", names, why, True))
    return found
