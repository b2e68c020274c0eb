"""Foreign text made fit to print: no part of it can speak to a terminal."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadctl.model.leads import Json


def printable(text: str) -> str:
    """Show what is no letter or sign, such as an escape code, as a sign of its own."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def json_text(value: Json, indent: int | None = None) -> str:
    """Write JSON whose text is readable; controls and marks of direction escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text if text.isprintable() else _UNUSUAL.sub(_escaped, text)


_UNUSUAL = re.compile(r"[^\n -~]")


def _escaped(found: re.Match[str]) -> str:
    letter = found[0]
    return letter if letter.isprintable() else json.dumps(letter)[1:-1]
