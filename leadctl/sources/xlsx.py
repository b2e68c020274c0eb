"""Lists the sheets of an .xlsx workbook, and reads each as a stream of rows."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.cell_formats import ERRORS, UNCALCULATED
from leadctl.model.errors import InputUnusable
from leadctl.model.wording import count, nearest
from leadctl.sources import ooxml
from leadctl.sources.merged_cells import filled
from leadctl.sources.scan import is_suspicious
from leadctl.sources.sheet_reader import BUDGET, MAIN, MOST_COLUMNS, SheetReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from leadctl.sources.merged_cells import Merged
    from leadctl.sources.ooxml import Package
    from leadctl.sources.sheet_reader import Budget, SheetRow


class Sheet(NamedTuple):
    name: str
    part: str
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
    return MAIN in ooxml.members(path)


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
    path: Path, shown: str, sheet: str, first: int, budget: Budget = BUDGET
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
    with _reader(path, shown, sheet, BUDGET) as (reader, part):
        found = reader.rows(part)
        yield from filled(found, merged) if merged else found


@contextmanager
def _reader(
    path: Path, shown: str, sheet: str, budget: Budget
) -> Iterator[tuple[SheetReader, str]]:
    with _opened(path, shown) as package:
        part = next(s.part for s in _sheets(package) if s.name == sheet)
        yield SheetReader(package, shown, budget), part


def with_rows(path: Path, shown: str, sheets: Iterable[Sheet]) -> list[str]:
    """Return the names of the sheets that have rows, up to one that is damaged."""
    found: list[str] = []
    with suppress(InputUnusable), _opened(path, shown) as package:
        reader = SheetReader(package, shown, BUDGET)
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
        name: part for name, kind, part in package.related(MAIN) if kind == "worksheet"
    }
    for name, attributes, _ in package.elements(MAIN):
        if name == "sheet":
            # The prefix of `r:id` is the writer's choice; `sheetId` has none.
            ids = [v for k, v in attributes.items() if k.endswith(":id")]
            if part := parts.get("".join(ids)):
                is_hidden = attributes.get("state") in ("hidden", "veryHidden")
                yield Sheet(attributes.get("name", ""), part, is_hidden)
