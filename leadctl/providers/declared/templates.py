"""Fills in the templates of a declared provider's requests.

`$name` alone is a value of any kind, `$name:int` the same as a whole number, `{name}`
a part of a text. `{$name: {value: text}}` chooses by a value. A key that ends in `?` is
left out if its value is empty, and the mapping behind `<<` is spread. `$lead.key` is
one value of a lead; spread, `$lead` has those that the template does not name so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from leadctl.model.lead_fields import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadctl.model.leads import Json
    from leadctl.model.yaml_file import Where

_WHOLE = re.compile(r"\$([a-z][a-z0-9_]*)((?:\.[^.:\s]+)?)((?::int)?)")
_PART = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_SPREAD = "<<"
_REST = "the rest of $lead"


class Reference(NamedTuple):
    """A name in a template, and the path to it; `key` is the part behind `$lead.`."""

    name: str
    key: str
    where: Where


def references(template: Json, where: Where = ()) -> Iterator[Reference]:
    """Yield the names that a template mentions."""
    match template:
        case dict():
            for key, member in template.items():
                yield from references(key, (*where, key))
                yield from references(member, (*where, key))
        case list():
            for place, member in enumerate(template):
                yield from references(member, (*where, place))
        case str() if found := _WHOLE.fullmatch(template):
            yield Reference(found[1], found[2][1:], where)
        case str():
            for part in _PART.finditer(template):
                yield Reference(part[1], "", where)
        case _:
            pass


def text(template: str, values: Mapping[str, Json]) -> str:
    """Fill in a text, or a single `$name`."""
    found = filled(template, values)
    return written(found)


def texts(template: Mapping[str, Json], values: Mapping[str, Json]) -> dict[str, str]:
    """Fill in the headers, the query or the form of a request."""
    found = filled(dict(template), values)
    members = found if isinstance(found, dict) else {}
    return {name: written(value) for name, value in members.items()}


def filled(template: Json, values: Mapping[str, Json]) -> Json:
    """Fill in a template; its names were checked when it was loaded."""
    lead = values.get("lead")
    if isinstance(lead, dict):
        taken = {one.key for one in references(template) if one.name == "lead"}
        rest = {key: value for key, value in lead.items() if key not in taken}
        values = {**values, _REST: rest}
    return _filled(template, values)


def _filled(template: Json, values: Mapping[str, Json]) -> Json:
    match template:
        case dict():
            return _mapping(template, values)
        case list():
            return [_filled(member, values) for member in template]
        case str() if found := _WHOLE.fullmatch(template):
            value = values[found[1]]
            if found[2] and isinstance(value, dict):
                value = value.get(found[2][1:])
            return int(str(value)) if found[3] else value
        case str():
            return _PART.sub(lambda part: written(values[part[1]]), template)
        case _:
            return template


def _mapping(template: dict[str, Json], values: Mapping[str, Json]) -> Json:
    if len(template) == 1:
        ((key, choices),) = template.items()
        if key.startswith("$") and isinstance(choices, dict):
            return _filled(choices.get(word(_filled(key, values))), values)
    found: dict[str, Json] = {}
    for key, member in template.items():
        if key == _SPREAD:
            spread = values[_REST] if member == "$lead" else _filled(member, values)
            found |= spread if isinstance(spread, dict) else {}
            continue
        value = _filled(member, values)
        if not key.endswith("?"):
            found[str(_filled(key, values))] = value
        elif value not in (None, "", [], {}):
            found[key[:-1]] = value
    return found


def written(value: Json) -> str:
    """Write a value as a text: JSON's true is `true`."""
    return value if isinstance(value, str) else word(value)
