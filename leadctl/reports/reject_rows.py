"""Writes the rows of a reject file unchanged, each with its reason.

leadctl's columns come first, so that a row with too many or too few cells keeps its
cells in place until somebody corrects it.
"""

from __future__ import annotations

import csv
import json
import re
from functools import lru_cache
from itertools import tee
from typing import TYPE_CHECKING, Any, TextIO

from leadctl.model import strict_json
from leadctl.model.leads import OWN
from leadctl.sources.formats import Format
from leadctl.sources.text_rows import RAW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.model.leads import Cells, Finding, Json
    from leadctl.sources.source import Source
    from leadctl.sources.text_rows import JsonLine

NAMES = tuple(
    OWN + word for word in ("row", "status", "code", "field", "reason", "run")
)
ROW = NAMES[0]


def write_rows(
    file: TextIO, source: Source, findings: Iterator[Finding], run_id: str
) -> int:
    """Write the rows of the findings, in row order; returns how many."""
    number = 0
    if source.format is Format.JSONL:
        for finding, line in _paired(source, findings):
            found = _object(line.text)
            first = _first_row(found and found.get(ROW), finding, source)
            file.write(_json_line(line.text, first, _own_cells(finding, run_id)))
            file.write(source.dialect.newline)
            number += 1
        return number
    # Even if the input has no header: a later push must recognise our columns.
    theirs = [
        name
        for name, column in zip(source.names, source.columns, strict=True)
        if not column.startswith(OWN)
    ]
    file.write(joined([*NAMES, *theirs], source))
    findings, wanted = tee(findings)
    rows = source.rows_at(finding.row for finding in wanted)
    for finding, row in zip(findings, rows, strict=False):
        first = _first_row(_own_cell(row.cells, source), finding, source)
        own = [first, *_own_cells(finding, run_id)]
        file.write(_delimited_line(row.cells, own, source))
        number += 1
    return number


def _paired(
    source: Source, findings: Iterator[Finding]
) -> Iterator[tuple[Finding, JsonLine]]:
    finding = next(findings, None)
    for line in source.json_lines():
        if finding is None:
            return
        if line.number == finding.row:
            yield finding, line
            finding = next(findings, None)


def _first_row(told: Json, finding: Finding, source: Source) -> str:
    """Return the row's number in the first input; empty for a row added since."""
    if ROW not in source.columns:
        return str(finding.row)
    return number if (number := str(told).strip()).isdecimal() else ""


def _own_cells(finding: Finding, run_id: str) -> list[str]:
    cells = [finding.status, finding.code, finding.field, finding.reason, run_id]
    return [harmless(cell) for cell in cells]


_FORMULA = re.compile(r"(^|[,;|\t\r\n])(?=[=+@\t\r-])")


@lru_cache(1000)  # many rows have the same reason
def harmless(text: str) -> str:
    """Keep a spreadsheet from reading a formula, also behind what separates cells."""
    return _FORMULA.sub(r"\1'", text)


def with_text_phones(cells: list[str], source: Source) -> list[str]:
    """Put an apostrophe before phones, so that a spreadsheet reads them as text."""
    return [
        f"'{cell}"
        if place in source.dialect.phones and cell.lstrip()[:1] not in _TEXT_MARKS
        else cell
        for place, cell in enumerate(cells)
    ]


_TEXT_MARKS = ("", "'", "=", "\u2019", "`")
"""First characters of cells that are text already, or empty."""


def _delimited_line(cells: Cells | str, own: list[str], source: Source) -> str:
    if isinstance(cells, list):
        texts = enumerate(with_text_phones(cells, source))
        theirs = [cell for place, cell in texts if place not in source.own_places]
        return joined([*own, *theirs], source)
    # A line that could not be split stays as it is.
    dialect, raw = source.dialect, _without_own(str(cells), source)
    ours = joined(own, source).removesuffix(dialect.newline)
    return f"{ours}{dialect.delimiter}{raw}{dialect.newline}"


def _own_cell(cells: Cells | str, source: Source) -> str:
    """Return the row number that an earlier reject file gave a row."""
    if ROW not in source.columns:
        return ""
    if isinstance(cells, list):
        return cells[source.columns.index(ROW)]
    return str(cells).partition(source.dialect.delimiter)[0].strip(source.dialect.quote)


def _without_own(raw: str, source: Source) -> str:
    """Remove leadctl's cells from the front of a line of an earlier reject file."""
    delimiter = re.escape(source.dialect.delimiter)
    quote = source.dialect.quote
    quoted = f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}"
    cell = f"(?:{quoted}|[^{quote}{delimiter}]*){delimiter}"
    own = len(source.own_places)
    return re.sub(f"^(?:{cell}){{{own}}}", "", raw) if own else raw


def joined(cells: list[str], source: Source) -> str:
    """Write cells as a line of the source's dialect."""
    delimiter, quote, newline, *_ = source.dialect
    line: str = _writer(delimiter, quote).writerow(cells)
    return line.removesuffix("\r\n") + newline


class _Lines:
    """What a writer writes to: its lines go back to who asked for them."""

    def write(self, line: str) -> str:
        return line


@lru_cache
def _writer(delimiter: str, quote: str) -> Any:  # noqa: ANN401  it has no public type
    # With this line end, the writer quotes cells that contain CR or LF.
    return csv.writer(
        _Lines(), delimiter=delimiter, quotechar=quote, lineterminator="\r\n"
    )


_OWN_MEMBERS = re.compile(
    rf'(?:"{OWN}\w+"\s*:\s*(?:\d+|"(?:[^"\\]|\\.)*")\s*(?:,\s*|(?=\}})))*'
)


def _json_line(text: str, row: str, own: list[str]) -> str:
    """Put leadctl's members before the user's, whose text stays as it is."""
    written: dict[str, Json] = dict(zip(NAMES, [row, *own], strict=True))
    written[ROW] = int(row) if row else None
    found = _object(text)
    if found and RAW in found and all(key.startswith(OWN) for key in found):
        text = str(found[RAW])  # an earlier reject file kept the line as text
        found = _object(text)
    if found is None:
        return json.dumps({**written, RAW: text}, ensure_ascii=False)
    theirs = _OWN_MEMBERS.sub("", text[1:].lstrip(), count=1)
    gap = "" if theirs.startswith("}") else ", "
    return json.dumps(written, ensure_ascii=False)[:-1] + gap + theirs


def _object(text: str) -> dict[str, Json] | None:
    try:
        found = strict_json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
