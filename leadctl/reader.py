"""A file of leads -> what it is, ready to be read.

Its shape is found out from its content, every choice with its reason; what the user or
a profile says comes first.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from leadctl import sniffing, workbook
from leadctl.encoding import Hints
from leadctl.errors import InputUnusable
from leadctl.fields import ALIASES, plain
from leadctl.model import OWN, Row
from leadctl.packing import LONGEST_MAGIC
from leadctl.source import Choice, Format, Source, empty
from leadctl.splitting import Dialect, ways_into
from leadctl.surveying import SAMPLE, require_file, survey, survey_binary
from leadctl.wording import count, listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from leadctl.sniffing import Header
    from leadctl.surveying import Survey
    from leadctl.workbook import Look, Sheet

MOST_COLUMNS = 10_000
ONE_A_LINE = "JSONL has one object a line; `jq -c '.[]'` makes it of an array"


@dataclass(frozen=True)
class Wishes:
    """What the user or a profile said about the file; None: to be found out.

    `known` are column names that a profile uses: a line that holds one is the header.
    `phones` are those it reads phone numbers from; none: the names a phone goes by.
    `unless_utf8` is the encoding of a file whose bytes are no UTF-8; where it has to be
    detected, the `region` of numbers without a country code helps. Of a list of
    `only_numbers`, names do not matter.
    """

    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    sheet: str | None = None
    known: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    unless_utf8: str | None = None
    region: str | None = None
    only_numbers: bool = False

    @property
    def hints(self) -> Hints:
        """What of this is about the encoding."""
        return Hints(self.encoding, self.unless_utf8, self.region, self.only_numbers)

    def over(self, others: Wishes) -> Wishes:
        """Return these wishes, and the others' where these say nothing."""
        return Wishes(
            self.format or others.format,
            self.encoding or others.encoding,
            self.delimiter or others.delimiter,
            others.header if self.header is None else self.header,
            self.sheet or others.sheet,
            self.known | others.known,
            self.phones or others.phones,
            self.unless_utf8 or others.unless_utf8,
            self.region or others.region,
            self.only_numbers or others.only_numbers,
        )


def open_source(path: Path, wishes: Wishes, shown: str | None = None) -> Source:
    """Find out how a file is written, and that all of it can be decoded.

    Raises InputUnusable with the reason and the remedy.
    """
    shown = shown or str(path)
    require_file(path, shown)
    if workbook.is_workbook(path, _first_bytes(path, shown)):
        return _workbook(path, shown, wishes)
    found = survey(path, shown, wishes.hints)
    if not found.text.strip():
        raise empty(shown)
    form = wishes.format or (Format.JSONL if _JSON.match(found.text) else Format.CSV)
    if form is Format.XLSX:
        raise InputUnusable(f"{shown} is no workbook", hint="drop --format")
    if form is Format.JSONL:
        if _ARRAY.match(found.text):
            raise InputUnusable(f"{shown} is one JSON array", hint=ONE_A_LINE)
        source = _json(path, shown, found)
    else:
        source = _table(path, shown, found, replace(wishes, format=form))
    if wishes.sheet:
        none = Choice("sheet", wishes.sheet, "not looked for: it is no workbook", True)
        return replace(source, choices=(*source.choices, none))
    return source


_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{"\]])')
"""How JSON begins; some databases write a header as [Name],[Phone]."""


_ARRAY = re.compile(r"\s*\[(?:[^\n]*,)?[ \t\r]*\n")
"""How an array over several lines begins: its objects would be taken for bad lines."""


def _first_bytes(path: Path, shown: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_MAGIC)
    except OSError as error:
        raise InputUnusable(f"{shown}: cannot be read: {error.strerror}") from error


def _newline(text: str) -> str:
    return next((end for end in ("\r\n", "\n", "\r") if end in text), "\n")


def _written(found: Survey, form: Format, why: str) -> list[Choice]:
    choices = [Choice("format", form.value, why)]
    if found.packing:
        choices.append(Choice("compression", found.packing, "its first bytes"))
    return [*choices, Choice("encoding", found.encoding, found.why, found.is_guess)]


def _json(path: Path, shown: str, found: Survey) -> Source:
    source = Source(
        path=path,
        shown=shown,
        format=Format.JSONL,
        encoding=found.encoding,
        dialect=Dialect(newline=_newline(found.text)),
        header=False,
        preamble=0,
        fingerprint=found.fingerprint,
        size=found.size,
        stamp=found.stamp,
        suspicious=found.suspicious,
        packing=found.packing,
        choices=(*_written(found, Format.JSONL, "its first line is a JSON object"),),
    )
    return replace(source, names=_ways_into(source))


def _table(path: Path, shown: str, found: Survey, wishes: Wishes) -> Source:
    """Find out the delimiter, the quotes and the header of delimited text."""
    lines = _first_lines(found.text)
    quote = sniffing.quote(lines)
    asked = wishes.delimiter or ("\t" if wishes.format is Format.TSV else None)
    delimiter = (
        sniffing.Sniffed(asked, "as asked")
        if asked
        else sniffing.delimiter(lines, quote.value, wishes.known)
    )
    form = Format.TSV if delimiter.value == "\t" else Format.CSV
    split = sniffing.split(lines, delimiter.value, quote.value)
    header = sniffing.header(split, wishes.known, wanted=wishes.header)
    name = sniffing.DELIMITER_NAMES.get(delimiter.value, repr(delimiter.value))
    source = Source(
        path=path,
        shown=shown,
        format=form,
        encoding=found.encoding,
        dialect=Dialect(delimiter.value, quote.value, _newline(found.text)),
        header=header.found,
        preamble=header.before,
        fingerprint=found.fingerprint,
        size=found.size,
        stamp=found.stamp,
        suspicious=found.suspicious,
        packing=found.packing,
        choices=(
            *_written(found, form, "lines of cells"),
            Choice("delimiter", name, delimiter.why),
            Choice("quote", quote.value, quote.why),
        ),
    )
    first = source.first_row()
    first += [""] * sniffing.padding(split, header, len(first))
    if header.found and _has_data_inside(first, delimiter.value):
        raise InputUnusable(
            f"{shown}: a quote opened in the header closes in a later row",
            hint="correct the quotes of the header",
        )
    return _headed(source, header, first, wishes)


def _has_data_inside(header: list[str], delimiter: str) -> bool:
    """Tell whether a name of several lines has somebody's number or address in it."""
    later = [line for name in header for line in name.splitlines()[1:]]
    return any(sniffing.looks_like_data(line.split(delimiter)) for line in later)


def _first_lines(text: str) -> list[str]:
    """Return the first physical lines of a sample; the last may be cut, and is left."""
    lines = [*islice(io.StringIO(text, newline=""), sniffing.FIRST_LINES)]
    whole = len(text) < SAMPLE or len(lines) == 1
    return lines if whole or len(lines) == sniffing.FIRST_LINES else lines[:-1]


def _workbook(path: Path, shown: str, wishes: Wishes) -> Source:
    sheets = workbook.sheets(path, shown)
    sheet = workbook.chosen(sheets, shown, wishes.sheet)
    source = _sheet(path, shown, sheet, wishes)
    if source is None:
        raise InputUnusable(
            f"{shown}: the sheet {sheet.name!r} is empty",
            hint="name another with --sheet",
        )
    choice = _sheet_choice(sheet, sheets, wishes)
    first, *others = source.choices
    return replace(source, choices=(first, *choice, *others))


def open_sheets(path: Path, wishes: Wishes) -> list[Source]:
    """Open every sheet of a workbook that holds anything, hidden or not.

    Of any other file, and of a workbook without such a sheet, it is `open_source`.
    """
    shown = str(path)
    require_file(path, shown)
    if not workbook.is_workbook(path, _first_bytes(path, shown)):
        return [open_source(path, wishes)]
    sheets = workbook.sheets(path, shown)
    found = [_sheet(path, shown, sheet, wishes) for sheet in sheets]
    return [*filter(None, found)] or [open_source(path, wishes)]


def _sheet(path: Path, shown: str, sheet: Sheet, wishes: Wishes) -> Source | None:
    """Open a sheet; None where it holds nothing."""
    found = survey_binary(path, shown)
    look = workbook.look(path, shown, sheet.name, sniffing.FIRST_LINES)
    if not look.first:
        return None
    blank = [""] * look.right
    lines = [
        sniffing.Line(row.before, [*row.cells, *blank][look.left : look.right])
        for row in look.first
    ]
    header = sniffing.header(lines, wishes.known, wanted=wishes.header)
    source = Source(
        path=path,
        shown=shown,
        format=Format.XLSX,
        encoding="utf-8-sig",  # of the reject file: Excel knows UTF-8 by its mark
        dialect=Dialect(newline="\r\n"),
        header=header.found,
        preamble=header.before,
        fingerprint=found.fingerprint,
        size=found.size,
        stamp=found.stamp,
        suspicious=look.suspicious,
        sheet=sheet.name,
        left=look.left,
        choices=(Choice("format", Format.XLSX, "its content"), *_oddities(look)),
    )
    top = next(line for line in lines if line.before >= header.before)
    return _headed(source, header, top.cells, wishes)


def _oddities(look: Look) -> list[Choice]:
    """Say what nobody sees in a sheet, or sees and would not send."""
    counted = {
        "hidden rows": (look.hidden, "read like all others, also those of a filter"),
        "error cells": (look.errors, "such as #N/A; none of them is sent"),
        "formulas without a result": (
            look.uncalculated,
            "not sent; open the workbook in a spreadsheet program and save it",
        ),
    }
    return [
        Choice(what, f"{n:,}", why, True) for what, (n, why) in counted.items() if n
    ]


def _sheet_choice(sheet: Sheet, sheets: list[Sheet], wishes: Wishes) -> list[Choice]:
    if wishes.sheet:
        return [Choice("sheet", sheet.name, "as asked")]
    hidden = [repr(other.name) for other in sheets if other.is_hidden]
    visible = len(sheets) - len(hidden)
    why = f"the first of {visible} (--sheet)" if visible > 1 else "the only one"
    if sheet.is_hidden:
        why = "hidden, as all are"
    elif hidden and visible == 1:
        why = "the only visible one"
    found = [Choice("sheet", sheet.name, why, visible > 1 or sheet.is_hidden)]
    if hidden and visible:
        names = ", ".join(hidden[:5]) + (" …" if len(hidden) > 5 else "")
        found.append(
            Choice("hidden sheets", names, "not read (--sheet names one)", True)
        )
    return found


def _headed(source: Source, header: Header, first: list[str], wishes: Wishes) -> Source:
    """Name the columns by the header, or by their numbers where there is none.

    A list of bare numbers has one column, and no profile is needed to say which.
    """
    if header.found:
        names = tuple(first)
        said = Choice("header", f"line {header.before + 1}", header.why)
    else:
        names = tuple(map(str, range(1, len(first) + 1)))
        said = Choice("header", "none", header.why)
        if len(names) == 1 and names[0] not in wishes.known:
            names = ("phone",)
    more = []
    if header.before:
        more.append(
            Choice("skipped", count(header.before, "line"), "before the header", True)
        )
    if len(names) > MOST_COLUMNS:
        raise InputUnusable(f"{source.shown}: more than {MOST_COLUMNS:,} columns")
    filled = Counter(name.strip() for name in names if name.strip())
    twice = [name for name, times in filled.items() if times > 1]
    if twice:
        why = "the first cell that holds something counts"
        more.append(Choice("named twice", listed(twice), why))
    if empty := sum(not name.strip() for name in names):
        more.append(Choice("without a name", str(empty), "these columns are not sent"))
    own = sum(name.startswith(OWN) for name in names)
    dialect = replace(source.dialect, own=own, phones=_phones(names, wishes.phones))
    choices = (*source.choices, said, *more)
    return replace(source, names=names, choices=choices, dialect=dialect)


def _phones(names: Sequence[str], said: frozenset[str]) -> frozenset[int]:
    """Find the columns that hold phone numbers: as said, or by their names."""
    return frozenset(
        place
        for place, name in enumerate(names)
        if (name.strip() in said if said else plain(name) in ALIASES["phone"])
    )


def _ways_into(source: Source) -> tuple[str, ...]:
    """List every way into the objects of a file, dotted, in the order met.

    All rows are looked at: a key that only late rows have is a column like any other.
    """
    ways: dict[str, None] = {}
    for row in source.rows():
        if isinstance(row, Row) and isinstance(row.cells, dict):
            ways.update(dict.fromkeys(ways_into(row.cells)))
        if len(ways) > MOST_COLUMNS:
            raise InputUnusable(
                f"{source.shown}: more than {MOST_COLUMNS:,} different keys"
            )
    if not ways:
        raise InputUnusable(
            f"{source.shown}: no line is a JSON object",
            hint=ONE_A_LINE,
        )
    return tuple(ways)
