"""Writes the JSON Schema of a YAML file from the types that read it (typed_yaml.py)."""

from __future__ import annotations

import typing
from dataclasses import MISSING, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from leadctl.model.typed_yaml import (
    OR_ONE,
    Must,
    hints_of,
    keys_of,
    members_of,
    takes_null,
)

if TYPE_CHECKING:
    from leadctl.model.leads import Json
    from leadctl.model.typed_yaml import Kind, Node

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: dict[type, Json] = {
    str: ["string", "number"],
    int: "integer",
    float: "number",
    bool: "boolean",
}


def schema(kind: type[Node], title: str) -> dict[str, Json]:
    """Describe a file by JSON Schema (draft 2020-12)."""
    parts: dict[str, Json] = {}
    whole = described(kind, parts)
    return {"$schema": DRAFT, "title": title, **whole, "$defs": parts}


def described(kind: Kind, parts: dict[str, Json]) -> dict[str, Json]:
    """Describe a type; the classes it names are added to `parts`, the `$defs`."""
    members = [*members_of(kind)]
    if len(members) > 1:
        return {"anyOf": [described(one, parts) for one in members]}
    (one,) = members
    match typing.get_origin(one):
        case origin if origin is Annotated:
            base, *rules = get_args(one)
            found = described(base, parts)
            if OR_ONE in rules:
                found = {"anyOf": [described(get_args(base)[0], parts), found]}
            for rule in rules:
                found |= rule.schema if isinstance(rule, Must) else {}
            return found
        case origin if origin is Literal:
            return {"enum": [*get_args(one)]}
        case origin if origin is list:
            return {"type": "array", "items": described(get_args(one)[0], parts)}
        case origin if origin is dict:
            named, member = (described(part, parts) for part in get_args(one))
            keys = {"propertyNames": named} if named != {"type": _TYPES[str]} else {}
            return {"type": "object", "additionalProperties": member, **keys}
    if not (is_dataclass(one) and isinstance(one, type)):
        return {} if one is Any else {"type": _TYPES[one]}
    name = str(one.__name__)
    if name not in parts:
        parts[name] = None  # being described, and may refer to itself
        parts[name] = _object(one, parts)
    return {"$ref": f"#/$defs/{name}"}


def _object(kind: Kind, parts: dict[str, Json]) -> dict[str, Json]:
    properties: dict[str, Json] = {}
    required: list[Json] = []
    for key, one in keys_of(kind).items():
        member = hints_of(kind)[one.name]
        properties[key] = described(member, parts)
        if one.default is one.default_factory is MISSING:
            required.append(key)
        elif not takes_null(kind, member):
            properties[key] = {"anyOf": [properties[key], {"type": "null"}]}
    found: dict[str, Json] = {
        "description": " ".join((kind.__doc__ or "").split()),
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    if kind.ONE_OF:
        found["oneOf"] = [_chosen(kind, key) for key in kind.ONE_OF]
    return found | ({"required": required} if required else {})


def _chosen(kind: Kind, key: str) -> Json:
    """Require a key of ONE_OF, and a value other than null unless null is a value."""
    hints = {name.rstrip("_"): hint for name, hint in hints_of(kind).items()}
    if takes_null(kind, hints[key]):
        return {"required": [key]}
    return {"required": [key], "properties": {key: {"not": {"type": "null"}}}}
