"""Corrects the rows of a reject file, and saves it in place."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leadctl.model.atomic_write import atomic_write
from leadctl.model.errors import InputUnusable, RejectsNotWritten
from leadctl.model.leads import OWN, Row
from leadctl.reports.reject_rows import joined, with_text_phones
from leadctl.sources.formats import Format

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.model.leads import Cells, Malformed
    from leadctl.sources.source import Source


@dataclass
class Corrections:
    """The rows of a reject file as corrected so far, until `save` writes them."""

    source: Source
    changed: dict[int, Cells] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.source.format is Format.XLSX:
            raise InputUnusable(
                f"{self.source.shown} is a workbook",
                hint="save it as CSV (UTF-8), then fix it",
            )

    @property
    def columns(self) -> list[str]:
        """The user's columns, without leadctl's."""
        return [name for name in self.source.columns if not name.startswith(OWN)]

    def column(self, name: str) -> str | None:
        """Return the column with this name, ignoring case."""
        folded = {column.casefold(): column for column in reversed(self.columns)}
        return name if name in self.columns else folded.get(name.strip().casefold())

    def value(self, cells: Cells, column: str) -> str:
        """Return a cell as text; empty if there is none."""
        if isinstance(cells, list):
            return cells[self.source.columns.index(column)]
        found: Any = cells
        for key in _way(cells, column):
            found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            return ""
        return found if isinstance(found, str) else json.dumps(found)

    def with_value(self, cells: Cells, column: str, value: str) -> Cells:
        """Return a row's cells with one text replaced.

        Raises UnicodeEncodeError if the file's encoding does not have its characters.
        """
        value.encode(self.source.encoding)
        if isinstance(cells, list):
            place = self.source.columns.index(column)
            return [*cells[:place], value, *cells[place + 1 :]]
        corrected = copy.deepcopy(cells)
        *outer, last = _way(cells, column)
        inner: Any = corrected
        for key in outer:
            inner = inner.setdefault(key, {})
        inner[last] = value
        return corrected

    def save(self) -> None:
        """Write the corrected file, complete or not at all, mode 0600.

        Raises InputChanged if the file has changed since it was read.
        """
        source = self.source
        source.require_unchanged()
        try:
            with atomic_write(source.path, encoding=source.encoding) as file:
                file.writelines(self._lines())
        except OSError as error:
            raise RejectsNotWritten(
                f"cannot write {source.path}: {error.strerror}",
                hint="nothing was changed",
            ) from error

    def _lines(self) -> Iterator[str]:
        source = self.source
        if source.nested:
            for line in source.json_lines():
                if line.number not in self.dropped:
                    row = self.changed.get(line.number)
                    text = json.dumps(row, ensure_ascii=False) if row else line.text
                    yield text + source.dialect.newline
            return
        yield from source.preamble_lines()
        yield joined([*source.names], source)
        for found in source.rows():
            if found.number not in self.dropped:
                yield self._line(found)

    def _line(self, row: Row | Malformed) -> str:
        cells = self.changed.get(row.number, row.cells)
        if isinstance(cells, list):
            return joined(with_text_phones(cells, self.source), self.source)
        return str(cells).rstrip("\r\n") + self.source.dialect.newline


def _way(cells: Cells, column: str) -> list[str]:
    """Return the keys that lead to a column of a JSON object: `address.city`."""
    return [column] if column in cells else column.split(".")
