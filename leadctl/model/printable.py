"""Makes text of others safe to print: nothing in it can control a terminal."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadctl.model.leads import Json


def printable(text: str) -> str:
    """Replace unprintable characters, such as escape codes, by visible signs."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def json_text(value: Json, indent: int | None = None) -> str:
    """Return readable JSON, with control and direction characters escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text if text.isprintable() else _UNUSUAL.sub(_escaped, text)


def text_of(value: Json) -> str:
    """Return text as it is, and any other value as JSON."""
    return value if isinstance(value, str) else json_text(value)


def members(one: object, *names: str) -> dict[str, Json]:
    """Return attributes by name, as members of a JSON document."""
    return {name: getattr(one, name) for name in names}


_UNUSUAL = re.compile(r"[^\n -~]")


def _escaped(found: re.Match[str]) -> str:
    letter = found[0]
    return letter if letter.isprintable() else json.dumps(letter)[1:-1]
