"""Masks lead data: the shape stays readable, and nobody can be recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.sources.dialect import looks_like_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadctl.model.leads import Json


def shapes(values: Mapping[str, Json]) -> dict[str, Json]:
    """Return values with `#` for each digit and `x` for each letter.

    Names stay, unless they look like somebody's data: a file whose first line is no
    header.
    """
    return {
        str(_shape(name)) if looks_like_data([name]) else name: _shape(value)
        for name, value in values.items()
    }


def _shape(value: Json) -> Json:
    match value:
        case bool() | None:
            return value
        case dict():
            return shapes(value)
        case list():
            return [_shape(inner) for inner in value]
        case _:
            return "".join(map(_masked, str(value)))


def _masked(letter: str) -> str:
    if letter.isnumeric():
        return "#"
    if letter.isalpha():
        return "X" if letter.isupper() else "x"
    return letter
