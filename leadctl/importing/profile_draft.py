"""Drafts a profile from a file's header and contents.

The phone column is found by its values, whatever its name. Comments explain each guess.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from leadctl.importing.preview import pin
from leadctl.mapping.getters import Header
from leadctl.mapping.mapper import bind_countries
from leadctl.mapping.profile_file import SPEC
from leadctl.model.lead_fields import ALIASES, plain
from leadctl.model.leads import OWN, Code, Row
from leadctl.model.wording import listed
from leadctl.phones.spelling import PhoneUnreadable, spelled
from leadctl.sources.detect import open_sheets
from leadctl.sources.dialect import DATE, KNOWN
from leadctl.sources.formats import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from leadctl.model.leads import Json
    from leadctl.sources.source import Source

LOOKED_AT = 1000
"""Rows that a guess is made from."""
MOSTLY = 0.6
_PHONE_WORDS = re.compile("phone|mobil|cell|tel|handy|whatsapp|fon")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*")
_WORDS_OF_YAML = {"true", "false", "null", "yes", "no", "on", "off"}


@dataclass(frozen=True)
class Column:
    """The cells of a column: `complete` phones have a country code."""

    name: str
    filled: int
    phones: int
    complete: int

    @property
    def is_phone(self) -> bool:
        return self.phones >= MOSTLY * max(self.filled, 1) and self.filled > 0


def profile_draft(source: Source, to: Path | None = None) -> str:
    """Name in the comments the file that the draft is written `to`."""
    columns = [*_columns(source)]
    phones = _phones(columns)
    taken = {column.name for column in phones}
    header = Header(source.columns, source.nested)
    countries = bind_countries(header).columns
    file = _visible(shlex.quote(source.recorded))
    profile = _visible(shlex.quote(str(to or "THIS_FILE")))
    lines = [
        "# A draft. Check it, fix it, then try it:",
        f"#   leadctl preview {file} --profile {profile}",
        *_region(phones, [*itertools.chain(*countries.values())]),
        f"file: {flow(pin(source))}",
        "fields:",
        *(_phone_lines(phones) if phones else _no_phones(source)),
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
    rest = [column.name for column in columns if column.name not in taken]
    return "\n".join([*lines, *_not_sent(rest), *_opt_outs(header.opt_outs(taken)), ""])


def _columns(source: Source) -> Iterator[Column]:
    rows = [
        row.cells for row in islice(source.rows(), LOOKED_AT) if isinstance(row, Row)
    ]
    header = Header(source.columns, source.nested)
    for name in dict.fromkeys(header.names):
        # A name with braces cannot stand in a profile, where they mean a template.
        if not name or name.startswith(OWN) or re.search("[{}]", name):
            continue
        cells = [cell for get in header.getters_of(name) for cell in get(rows)]
        if not any(isinstance(cell, dict) for cell in cells):  # its members are columns
            filled = [cell for cell in cells if cell not in (None, "")]
            phones = [plus for cell in filled if (plus := _complete(cell)) is not None]
            yield Column(name, len(filled), len(phones), sum(phones))


def _complete(cell: Json) -> bool | None:
    """Tell whether a phone has a country code; None for another value."""
    if isinstance(cell, str) and re.match(DATE, cell.strip()):
        return None
    try:
        spelling = spelled(cell)
    except PhoneUnreadable as error:
        if error.problem.code is Code.PHONE_DAMAGED:
            return False
        parts = [part for part in re.split(r"[,;/|&\n]", str(cell)) if part.strip()]
        found = [_complete(part) for part in parts if len(parts) > 1]
        return None if None in found or not found else all(found)
    if not 7 <= len(spelling.digits) <= 15:
        return None
    return spelling.plus or spelling.digits.startswith("00")


def _phones(columns: Sequence[Column]) -> list[Column]:
    """Choose the phone columns: named so and filled so, else by their values alone."""
    aliases = ALIASES["phone"]
    named = [c for alias in aliases for c in columns if plain(c.name) == alias]
    if any(column.is_phone for column in named):
        return sorted(named, key=lambda column: not column.is_phone)
    others = [c for c in columns if c.is_phone and plain(c.name) not in KNOWN]
    called = [c for c in others if _PHONE_WORDS.search(plain(c.name))]
    return (
        [c for c in others if c.complete]
        or named
        # Columns of digits may be customer numbers.
        or [c for c in called if "fax" not in plain(c.name)]
        or sorted(others, key=lambda column: -column.phones)[:1]
    )


def _region(phones: Sequence[Column], countries: Sequence[str]) -> Iterator[str]:
    found = sum(column.phones for column in phones)
    bare = found - sum(column.complete for column in phones)
    if not bare:
        return
    where = "; set their country."
    if countries:
        named = _visible(listed(countries))
        where = f". {named} names their country; where it is empty, set:"
    yield f"# {bare} of {found} numbers have no country code{where}"
    yield "# region: US"


def _no_phones(source: Source) -> Iterator[str]:
    yield "  # No column looks like phone numbers; name it here."
    for other in open_sheets(source.path, ReadOptions()) if source.sheet else ():
        if any(column.is_phone for column in _columns(other)):
            option = _visible(f"--sheet {shlex.quote(other.sheet)}")
            yield f"  # Another sheet has a column of phone numbers: {option}"
    yield "  phone: PHONE"


def _phone_lines(phones: Sequence[Column]) -> Iterator[str]:
    for column in phones:
        name, found = _text(column.name), f"{column.phones} of {column.filled}"
        yield f"  # {name}: {found} look like phones"
    yield f"  phone: {_listed([column.name for column in phones])}"


def _not_sent(rest: Sequence[str]) -> Iterator[str]:
    if rest:
        yield "  # Not sent. Uncomment what to send, if the provider supports it:"
        yield "  # metadata:"
        for key, name in _keys(rest).items():
            yield f"  #   {key}: {_text(name)}"


def _opt_outs(names: Sequence[str]) -> Iterator[str]:
    if names:
        yield "# Rows that say here not to call somebody are skipped;"
        yield "# uncomment to send them anyway:"
        yield f"# ignore: [{', '.join(map(_text, names))}]"


def _keys(names: Sequence[str]) -> dict[str, str]:
    """Give each column a unique key that has no other meaning."""
    keys: dict[str, str] = {}
    for name in names:
        key = re.sub(r"\W+", "_", name.casefold()).strip("_") or "nameless"
        while key in keys or key in SPEC:
            key += "_"
        keys[key] = name
    return keys


def _listed(names: Sequence[str]) -> str:
    texts = [_text(name) for name in names]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def flow(values: dict[str, Json]) -> str:
    members = (
        f"{key}: {_text(value) if isinstance(value, str) else json.dumps(value)}"
        for key, value in values.items()
    )
    return f"{{{', '.join(members)}}}"


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS_OF_YAML:
        return text
    return _visible(json.dumps(text, ensure_ascii=False))


def _visible(text: str) -> str:
    """Escape characters that YAML rejects or that are invisible."""
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
