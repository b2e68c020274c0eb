"""Builds dataclasses from YAML, and writes their JSON Schema: both follow the types.

A field is a key, without the underscore that a Python word needs behind it. What has no
default is required. A docstring describes its class to an editor, and a `Must` behind a
type says what the type cannot.
"""

from __future__ import annotations

import typing
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_type_hints,
)

from leadctl.model.wording import nearest
from leadctl.model.yaml_file import Where  # noqa: TC001  read at run time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from leadctl.model.leads import Json
    from leadctl.model.yaml_file import Document

Kind = Any
"""A type, as annotations write it: a class, a union, a list of something."""

Built = TypeVar("Built")


@dataclass(frozen=True, kw_only=True)
@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(field,)
)
class Node:
    """A mapping of the file, as a frozen dataclass; `at` is the way to it."""

    at: Where = field(default=(), repr=False, compare=False)
    ONE_OF: ClassVar[tuple[str, ...]] = ()
    """Keys of which exactly one is required."""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)


@dataclass(frozen=True)
class Must:
    """What holds beyond the type: `check` raises ValueError, `schema` tells editors."""

    check: Callable[[Any], object]
    schema: Mapping[str, Json] = field(hash=False)


OR_ONE = "or one"
"""Behind a list type: a single member will do for a list of one."""


def build(kind: type[Built], document: Document) -> Built:
    """Build the whole file; InputUnusable names the line of what does not fit."""
    found: Built = _built(kind, document, ())
    return found


def schema(kind: type[Node], title: str) -> dict[str, Json]:
    """Describe a file by JSON Schema (draft 2020-12)."""
    parts: dict[str, Json] = {}
    whole = _described(kind, parts)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **whole,
        "$defs": parts,
    }


def _built(kind: Kind, document: Document, where: Where) -> Any:  # noqa: ANN401  of any kind
    value = document.at(where)
    for one in _members(kind):
        if _fits(one, value):
            return _made(one, document, where)
    if str in map(_plain, _members(kind)) and type(value) in (int, float):
        return str(value)  # 3 will do for a text
    wanted = " or ".join(dict.fromkeys(map(_name, _members(kind))))
    raise document.problem(where, f"{_label(where)} must be {wanted}")


def _made(kind: Kind, document: Document, where: Where) -> Any:  # noqa: ANN401  the same
    value: Any = document.at(where)
    match _origin(kind):
        case origin if origin is Annotated:
            base, *rules = get_args(kind)
            if rules != [OR_ONE]:
                return _checked(_made(base, document, where), rules, document, where)
            if isinstance(value, list):
                return _made(base, document, where)
            return [_built(get_args(base)[0], document, where)]
        case origin if origin is Literal:
            if value in (known := get_args(kind)):
                return value
            raise document.problem(
                where,
                f"{_label(where)} cannot be {value!r}{nearest(str(value), known)}",
                hint=f"known here: {', '.join(map(str, known))}",
            )
        case origin if origin is list:
            (member,) = get_args(kind)
            return [_built(member, document, (*where, i)) for i in range(len(value))]
        case origin if origin is dict:
            named, member = get_args(kind)
            for key in value:
                _require_key(named, key, document, (*where, key))
            return {key: _built(member, document, (*where, key)) for key in value}
    if is_dataclass(kind):
        return _node(kind, document, where)
    return float(value) if kind is float else value


def _require_key(kind: Kind, key: str, document: Document, where: Where) -> None:
    """Refuse a key of a mapping that is not of its kind."""
    if _origin(kind) is Literal and key not in (known := get_args(kind)):
        raise document.problem(
            where,
            f"unknown key {key!r}{nearest(key, known)}",
            hint=f"known here: {', '.join(known)}",
        )
    if _origin(kind) is Annotated:
        _checked(key, get_args(kind)[1:], document, where)


def _checked(
    made: Built, rules: Sequence[Must], document: Document, where: Where
) -> Built:
    for rule in rules:
        try:
            rule.check(made)
        except ValueError as error:
            raise document.problem(where, f"{_label(where)} {error}") from None
    return made


def _node(kind: Kind, document: Document, where: Where) -> Any:  # noqa: ANN401  the same
    known = _keys(kind)
    table = document.table(where, known)
    said = {key: one for key, one in known.items() if table.get(key) is not None}
    for key, one in known.items():
        if key not in said and one.default is one.default_factory is MISSING:
            raise document.problem(where, f"{_label(where)} lacks {key!r}")
    hints = _hints(kind)
    values = {
        one.name: _built(hints[one.name], document, (*where, key))
        for key, one in said.items()
    }
    chosen = [key for key in kind.ONE_OF if key in said]
    if kind.ONE_OF and len(chosen) != 1:
        keys, found = ", ".join(kind.ONE_OF), " and ".join(chosen) or "none"
        required = f"exactly one of {keys} is required here, not {found}"
        raise document.problem(where, required)
    return kind(**values, at=where)


def _origin(kind: Kind) -> Any:  # noqa: ANN401  Union, list, Literal …
    return typing.get_origin(kind)


@cache
def _hints(kind: Kind) -> dict[str, Kind]:
    return get_type_hints(kind, include_extras=True)


def _keys(kind: Kind) -> dict[str, Field[Any]]:
    return {one.name.rstrip("_"): one for one in fields(kind) if one.name != "at"}


def _members(kind: Kind) -> Iterator[Kind]:
    """Yield the members of a union but for None, which stands for a key left out."""
    if _origin(kind) in (Union, UnionType):
        for one in get_args(kind):
            yield from _members(one)
    elif kind is not NoneType:
        yield kind


def _plain(kind: Kind) -> Kind:
    """Return what a node must be to be of this kind: str, list, dict, …."""
    match _origin(kind):
        case origin if origin is Annotated:
            return _plain(get_args(kind)[0])
        case origin if origin is Literal:
            return type(get_args(kind)[0])
        case None:
            return dict if is_dataclass(kind) else kind
        case origin:
            return origin


def _fits(kind: Kind, value: Json) -> bool:
    plain = _plain(kind)
    if plain is Any or get_args(kind)[1:] == (OR_ONE,):
        return True
    return type(value) is plain or (plain is float and type(value) is int)


_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping (key: value)",
}


def _name(kind: Kind) -> str:
    return _NAMES[_plain(kind)]


def _label(where: Where) -> str:
    match where:
        case ():
            return "the file"
        case (*_, int(place)):
            return f"item {place + 1}"
        case _:
            return repr(where[-1])


# --- JSON Schema ---------------------------------------------------------------------


_TYPES: dict[type, Json] = {
    str: ["string", "number"],
    int: "integer",
    float: "number",
    bool: "boolean",
}


def _described(kind: Kind, parts: dict[str, Json]) -> dict[str, Json]:
    members = [*_members(kind)]
    if len(members) > 1:
        return {"anyOf": [_described(one, parts) for one in members]}
    (one,) = members
    match _origin(one):
        case origin if origin is Annotated:
            base, *rules = get_args(one)
            if rules == [OR_ONE]:
                member = _described(get_args(base)[0], parts)
                return {"anyOf": [member, {"type": "array", "items": member}]}
            more = {key: value for rule in rules for key, value in rule.schema.items()}
            return _described(base, parts) | more
        case origin if origin is Literal:
            return {"enum": [*get_args(one)]}
        case origin if origin is list:
            return {"type": "array", "items": _described(get_args(one)[0], parts)}
        case origin if origin is dict:
            named, member = (_described(part, parts) for part in get_args(one))
            keys = {"propertyNames": named} if named != {"type": _TYPES[str]} else {}
            return {"type": "object", "additionalProperties": member, **keys}
    if not (is_dataclass(one) and isinstance(one, type)):
        return {} if one is Any else {"type": _TYPES[one]}
    name = str(one.__name__)
    if name not in parts:
        parts[name] = None  # it is under way, and may name itself
        parts[name] = _object(one, parts)
    return {"$ref": f"#/$defs/{name}"}


def _object(kind: Kind, parts: dict[str, Json]) -> dict[str, Json]:
    hints, known = _hints(kind), _keys(kind)
    found: dict[str, Json] = {
        "description": " ".join((kind.__doc__ or "").split()),
        "type": "object",
        "properties": {
            key: _described(hints[one.name], parts) for key, one in known.items()
        },
        "additionalProperties": False,
    }
    required: list[Json] = [
        key
        for key, one in known.items()
        if one.default is one.default_factory is MISSING
    ]
    if kind.ONE_OF:
        found["oneOf"] = [{"required": [key]} for key in kind.ONE_OF]
    return found | ({"required": required} if required else {})
