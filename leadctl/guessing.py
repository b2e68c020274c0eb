"""A file's header and contents -> the draft of a profile, for a person to finish.

Which column holds phones is told by its values, whatever it is called; every guess says
why it was made.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from leadctl.fields import ALIASES, plain
from leadctl.model import OWN, Row
from leadctl.preview import pin
from leadctl.spelling import PhoneProblem, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.model import Json
    from leadctl.reader import Source

LOOKED_AT = 1000
"""Rows that a guess is made from."""
MOSTLY = 0.6
_OPT_OUT = ("donotcall", "dnc", "donotphone", "optout", "unsubscribed", "donotcontact")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?: [A-Za-z0-9_]+)*")
_WORDS_OF_YAML = {"true", "false", "null", "yes", "no", "on", "off"}


@dataclass(frozen=True)
class Column:
    """What a column's values look like: cells that hold something, and phones in them.

    `complete` phones have a country code.
    """

    name: str
    filled: int
    phones: int
    complete: int

    @property
    def is_phone(self) -> bool:
        return self.phones >= MOSTLY * max(self.filled, 1) and self.filled > 0


def draft(source: Source) -> str:
    """Write a profile with comments."""
    columns = [*_columns(source)]
    phones = _phones(columns)
    taken = {column.name for column in phones}
    lines = [
        "# A draft: read it, correct it, and try it:",
        f"#   leadctl preview {source.shown} --profile THIS_FILE",
        *_region(phones),
        f"file: {flow(pin(source))}",
        "fields:",
        *_phone_lines(phones),
    ]
    for name, aliases in ALIASES.items():
        found = [
            column.name
            for alias in aliases
            for column in columns
            if plain(column.name) == alias and column.name not in taken
        ]
        if found and name != "phone":
            lines.append(f"  {name}: {_listed(found)}")
            taken.update(found)
    return "\n".join([*lines, *_rest(columns, taken), ""])


def _columns(source: Source) -> Iterator[Column]:
    rows = [
        row.cells for row in islice(source.rows(), LOOKED_AT) if isinstance(row, Row)
    ]
    for place, name in enumerate(dict.fromkeys(source.columns)):
        # A name with braces cannot stand in a profile, where they mean a template.
        if name and not name.startswith(OWN) and not re.search("[{}]", name):
            cells = [
                cells.get(name) if isinstance(cells, dict) else cells[place]
                for cells in rows
            ]
            yield _column(name, cells)


def _column(name: str, cells: Sequence[Json]) -> Column:
    filled = [cell for cell in cells if cell not in (None, "")]
    phones = [plus for cell in filled if (plus := _complete(cell)) is not None]
    return Column(name, len(filled), len(phones), sum(phones))


def _complete(cell: Json) -> bool | None:
    """Tell whether a phone has a country code; None where this is no phone."""
    if isinstance(cell, str) and _DATE.fullmatch(cell.strip()):
        return None
    try:
        spelling = spelled(cell)
    except PhoneProblem:
        return None
    if not 7 <= len(spelling.digits) <= 15:
        return None
    return spelling.plus or spelling.digits.startswith("00")


def _phones(columns: Sequence[Column]) -> list[Column]:
    """Choose the phone columns: named so and filled so, else by their values alone."""

    def rank(column: Column) -> int:
        name = plain(column.name)
        return ALIASES["phone"].index(name) if name in ALIASES["phone"] else 999

    named = sorted((c for c in columns if rank(c) < 999), key=rank)
    likely = [column for column in named if column.is_phone]
    if likely or named:
        return likely or named
    others = [column for column in columns if column.is_phone]
    return sorted(others, key=lambda column: (-column.complete, -column.phones))


def _region(phones: Sequence[Column]) -> Iterator[str]:
    found = sum(column.phones for column in phones)
    bare = found - sum(column.complete for column in phones)
    if bare:
        yield f"# {bare} of {found} numbers have no country code: say whose they are."
        yield "# region: US"


def _phone_lines(phones: Sequence[Column]) -> Iterator[str]:
    if not phones:
        yield "  # No column looks like phone numbers: name it here."
        yield "  phone: PHONE"
        return
    for column in phones:
        yield f"  # {column.name}: {column.phones} of {column.filled} look like phones"
    yield f"  phone: {_listed([column.name for column in phones])}"


def _rest(columns: Sequence[Column], taken: set[str]) -> Iterator[str]:
    rest = [column.name for column in columns if column.name not in taken]
    if rest:
        yield "  # Not sent; uncomment what should go along, where the provider can:"
        yield "  # metadata:"
        for name in rest:
            yield f"  #   {_key(name)}: {_text(name)}"
    for name in rest:
        if plain(name) in _OPT_OUT:
            yield "# Leaves these people out:"
            yield f"skip_if: {{column: {_text(name)}, in: [yes, true, '1', x]}}"


def _key(name: str) -> str:
    return re.sub(r"\W+", "_", name.casefold()).strip("_") or "value"


def _listed(names: Sequence[str]) -> str:
    texts = [_text(name) for name in names]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def flow(values: dict[str, Json]) -> str:
    """Write members in one line of YAML."""
    members = (f"{key}: {_value(value)}" for key, value in values.items())
    return f"{{{', '.join(members)}}}"


def _value(value: Json) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS_OF_YAML:
        return text
    return json.dumps(text, ensure_ascii=False)
