"""Detects the format of a file of leads from its content, and opens the file."""

from __future__ import annotations

import io
import re
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, cast

from leadctl.model.errors import InputUnusable
from leadctl.model.lead_fields import ALIASES, plain
from leadctl.model.leads import OWN
from leadctl.model.wording import count, listed
from leadctl.sources import dialect
from leadctl.sources.file_kinds import require_file
from leadctl.sources.formats import Format
from leadctl.sources.scan import SAMPLE, scan_text
from leadctl.sources.source import Choice, Source, empty
from leadctl.sources.text_rows import Dialect, ways_into

if TYPE_CHECKING:
    from pathlib import Path

    from leadctl.model.leads import Json
    from leadctl.sources.dialect import Header
    from leadctl.sources.formats import ReadOptions
    from leadctl.sources.scan import Scan

MOST_COLUMNS = 10_000
ZIP = b"PK\x03\x04"
"""How a workbook begins, and other ZIP files."""
ONE_A_LINE = "JSONL has one object per line; convert an array with `jq -c '.[]'`"


def open_source(
    path: Path, read_options: ReadOptions, shown: str | None = None
) -> Source:
    """Detect the format of a file, and check that all of it can be decoded."""
    shown = shown or str(path)
    require_file(path, shown)
    if _is_workbook(path):
        from leadctl.sources import workbook  # noqa: PLC0415  see _is_workbook

        return workbook.open_workbook(path, shown, read_options)
    found = scan_text(path, shown, read_options)
    if not found.text.strip():
        raise empty(shown)
    form = read_options.format or (
        Format.JSONL if _JSON.match(found.text) else Format.CSV
    )
    if form is Format.XLSX:
        raise InputUnusable(f"{shown} is not a workbook", hint="remove --format")
    if form is Format.JSONL:
        if _ARRAY.match(found.text):
            raise InputUnusable(f"{shown} is a JSON array, not JSONL", hint=ONE_A_LINE)
        source = _json(path, shown, found)
    else:
        source = _table(path, shown, found, read_options._replace(format=form))
    if read_options.sheet:
        none = Choice("sheet", read_options.sheet, "not checked: not a workbook", True)
        return replace(source, choices=(*source.choices, none))
    return source


_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{"\]])')
"""Matches the start of JSON, but not a header such as [Name],[Phone]."""
_ARRAY = re.compile(r"\s*\[(?:[^\n]*,)?[ \t\r]*\n")
"""Matches the start of an array over several lines."""


def _newline(text: str) -> str:
    return next((end for end in ("\r\n", "\n", "\r") if end in text), "\n")


def _written(found: Scan, form: Format, why: str) -> tuple[Choice, ...]:
    packed = Choice("compression", found.compression, "its first bytes")
    return (
        Choice("format", form.value, why),
        *([packed] if found.compression else []),
        Choice("encoding", found.encoding, found.why, found.is_guess),
    )


def scanned(
    path: Path, shown: str, found: Scan, form: Format, dialect: Dialect
) -> Source:
    """Return the source of a scanned file, without a header and columns so far."""
    return Source(
        path=path,
        shown=shown,
        format=form,
        encoding=found.encoding,
        dialect=dialect,
        header=False,
        preamble=0,
        fingerprint=found.fingerprint,
        size=found.size,
        stamp=found.stamp,
        suspicious=found.suspicious,
        compression=found.compression,
    )


def _json(path: Path, shown: str, found: Scan) -> Source:
    dialect = Dialect(newline=_newline(found.text))
    source = scanned(path, shown, found, Format.JSONL, dialect)
    choices = _written(found, Format.JSONL, "its first line is a JSON object")
    return replace(source, choices=choices, names=_ways_into(source))


def _table(path: Path, shown: str, found: Scan, read_options: ReadOptions) -> Source:
    """Detect the delimiter, the quotes and the header of delimited text."""
    lines = _first_lines(found.text)
    quote = dialect.quote(lines)
    tab = "\t" if read_options.format is Format.TSV else None
    if asked := read_options.delimiter or tab:
        delimiter = dialect.Detected(asked, "as asked")
    else:
        delimiter = dialect.delimiter(lines, quote.value, read_options.known)
    form = Format.TSV if delimiter.value == "\t" else Format.CSV
    split = dialect.split(lines, delimiter.value, quote.value)
    header = dialect.header(split, read_options.known, wanted=read_options.header)
    name = dialect.DELIMITER_NAMES.get(delimiter.value, repr(delimiter.value))
    written = Dialect(delimiter.value, quote.value, _newline(found.text))
    source = replace(
        scanned(path, shown, found, form, written),
        header=header.found,
        preamble=header.before,
        choices=(
            *_written(found, form, "lines of cells"),
            Choice("delimiter", name, delimiter.why),
            Choice("quote", quote.value, quote.why),
        ),
    )
    first = source.first_row()
    first += [""] * dialect.padding(split, header, len(first))
    later = (line for name in first for line in name.splitlines()[1:])
    if header.found and any(
        dialect.looks_like_data(line.split(delimiter.value)) for line in later
    ):
        raise InputUnusable(
            f"{shown}: a quote opened in the header is closed in a later row",
            hint="fix the quotes in the header",
        )
    return headed(source, header, first, read_options)


def _first_lines(text: str) -> list[str]:
    """Return the first physical lines of a sample, without one that may be cut."""
    lines = [*islice(io.StringIO(text, newline=""), dialect.FIRST_LINES)]
    whole = len(text) < SAMPLE or len(lines) == 1
    return lines if whole or len(lines) == dialect.FIRST_LINES else lines[:-1]


def open_sheets(path: Path, read_options: ReadOptions) -> list[Source]:
    """Open every sheet that is not empty, hidden or not; else as `open_source` does."""
    shown = str(path)
    require_file(path, shown)
    if _is_workbook(path):
        from leadctl.sources import workbook  # noqa: PLC0415  see _is_workbook

        if found := workbook.open_sheets(path, shown, read_options):
            return found
    return [open_source(path, read_options)]


def _is_workbook(path: Path) -> bool:
    with suppress(OSError), path.open("rb") as file:
        if file.read(len(ZIP)) == ZIP:
            from leadctl.sources import xlsx  # noqa: PLC0415  other files need no XML

            return xlsx.is_workbook(path)
    return False


def headed(
    source: Source, header: Header, first: list[str], read_options: ReadOptions
) -> Source:
    """Name the columns by the header, else by numbers; a single column is `phone`."""
    names = tuple(first if header.found else map(str, range(1, len(first) + 1)))
    if not header.found and len(names) == 1 and names[0] not in read_options.known:
        names = ("phone",)
    line = f"line {header.before + 1}" if header.found else "none"
    more = [Choice("header", line, header.why)]
    if header.before:
        lines = count(header.before, "line")
        more.append(Choice("skipped", lines, "before the header", True))
    if len(names) > MOST_COLUMNS:
        raise InputUnusable(f"{source.shown}: more than {MOST_COLUMNS:,} columns")
    filled = Counter(filter(None, map(str.strip, names)))
    if twice := [name for name, times in filled.items() if times > 1]:
        why = "the first non-empty cell is used"
        more.append(Choice("duplicate name", listed(twice), why))
    if empty := len(names) - filled.total():
        more.append(Choice("without a name", str(empty), "these columns are not sent"))
    said = read_options.phones
    phones = frozenset(
        place
        for place, name in enumerate(names)
        if (name.strip() in said if said else plain(name) in ALIASES["phone"])
    )
    own = sum(name.startswith(OWN) for name in names)
    dialect = source.dialect._replace(own=own, phones=phones)
    choices = (*source.choices, *more)
    return replace(source, names=names, choices=choices, dialect=dialect)


def _ways_into(source: Source) -> tuple[str, ...]:
    """List every dotted path into the objects of all rows, as they appear."""
    ways: dict[str, None] = {}
    for block in source.blocks():
        for cells in block.cells:
            ways.update(dict.fromkeys(ways_into(cast("dict[str, Json]", cells))))
        if len(ways) > MOST_COLUMNS:
            raise InputUnusable(
                f"{source.shown}: more than {MOST_COLUMNS:,} different keys"
            )
    if not ways:
        raise InputUnusable(
            f"{source.shown}: no line is a JSON object", hint=ONE_A_LINE
        )
    return tuple(ways)
