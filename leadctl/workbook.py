"""An .xlsx workbook as rows of text; the one door to `python_calamine` (extra `xlsx`).

A workbook keeps numbers whole, so a phone number stored as one loses nothing here; what
was lost when it was typed (a leading zero, a +) is lost before.
"""

from __future__ import annotations

import zipfile
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from leadctl.errors import InputUnusable
from leadctl.wording import count, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from python_calamine import CalamineWorkbook

MAGIC = b"PK\x03\x04"
OLD_MAGIC = b"\xd0\xcf\x11\xe0"
"""How Office files before 2007 begin, and encrypted ones since."""
LARGEST = 100_000_000
"""Bytes a workbook may unpack to, some 300,000 rows: a sheet is held whole."""


def is_workbook(path: Path, start: bytes) -> bool:
    """Tell an .xlsx from other ZIP files by what it holds."""
    return start.startswith(MAGIC) and "xl/workbook.xml" in _members(path)


def sheets(path: Path, shown: str) -> list[str]:
    """Name the sheets of a workbook; there is at least one."""
    with _opened(path, shown) as workbook:
        names = workbook.sheet_names
    if not names:
        raise InputUnusable(f"{shown}: the workbook has no sheet")
    return names


def chosen(names: list[str], shown: str, asked: str | None) -> str:
    """Return the sheet asked for by name or number from 1, else the first."""
    if asked is None or asked in names:
        return asked or names[0]
    if asked.isdecimal() and 1 <= int(asked) <= len(names):
        return names[int(asked) - 1]
    raise InputUnusable(
        f"{shown} has no sheet {asked!r}{nearest(asked, names)}",
        hint=f"its {count(len(names), 'sheet')}: {', '.join(names[:20])}",
    )


def rows(path: Path, shown: str, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold anything, each with the number of rows before it."""
    with _opened(path, shown) as workbook:
        found = enumerate(workbook.get_sheet_by_name(sheet).iter_rows())
    for before, cells in found:
        texts = [_text(cell) for cell in cells]
        if any(text.strip() for text in texts):
            yield before, texts


@contextmanager
def _opened(path: Path, shown: str) -> Iterator[CalamineWorkbook]:
    """Open a workbook; whatever is wrong with it is told in one sentence."""
    try:
        from python_calamine import (  # noqa: PLC0415  only where it is needed
            CalamineError,
            CalamineWorkbook,
            PasswordError,
        )
    except ImportError as error:
        raise InputUnusable(
            f"{shown} is an Excel workbook, which needs the extra `xlsx`",
            hint="install leadctl with the extra xlsx (leadctl[xlsx]), or save the "
            "file as CSV (UTF-8)",
        ) from error
    if (size := sum(_members(path).values())) > LARGEST:
        raise InputUnusable(
            f"{shown}: the workbook is too large ({size:,} bytes unpacked)",
            hint="save the sheet as CSV (UTF-8), which is read row by row",
        )
    try:
        yield CalamineWorkbook.from_path(path)
    except PasswordError as error:
        raise InputUnusable(
            f"{shown} is protected by a password", hint="save it without one"
        ) from error
    except (CalamineError, OSError) as error:
        raise InputUnusable(
            f"{shown}: the workbook cannot be read: it is damaged",
            hint="open and save it again, or save it as CSV (UTF-8)",
        ) from error


def _members(path: Path) -> dict[str, int]:
    """Return the parts of a ZIP file with their sizes unpacked; none of a bad one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {part.filename: part.file_size for part in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return {}


def _text(cell: object) -> str:
    """Write a cell as a person would: a whole number without a decimal tail."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() | date() | time():
            return cell.isoformat()
        case _:
            return str(cell)
