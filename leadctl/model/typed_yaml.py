"""Builds dataclasses from YAML, checked by their types.

A field is a key (`in_` is `in`). Null leaves it to its default. A class's docstring
describes it to editors; a `Must` behind a type says what the type cannot.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from leadctl.model.patterns import LONGEST, searcher
from leadctl.model.wording import nearest
from leadctl.model.yaml_file import label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from leadctl.model.leads import Json
    from leadctl.model.yaml_file import Document, Where

Kind = Any
"""A type, as annotations write it: a class, a union, a list of something."""

_origin: Callable[[Kind], Any] = get_origin

Built = TypeVar("Built")


@dataclass(frozen=True, kw_only=True, eq=False)
@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(field,)
)
class Node:
    """A mapping of the file, as a frozen dataclass; `at` is its path."""

    at: tuple[str | int, ...] = field(default=(), repr=False)
    ONE_OF: ClassVar[tuple[str, ...]] = ()
    """Keys of which exactly one is required."""
    NULL_IS_DEFAULT: ClassVar[bool] = True
    """Whether a key without a value counts as left out."""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True, eq=False)(cls)


@dataclass(frozen=True, eq=False)
class Must:
    """A rule beyond the type: `check` raises ValueError, `schema` is for editors."""

    check: Callable[[Any], object]
    schema: Mapping[str, Json]


def about(text: str) -> Must:
    """Describe a value to editors."""
    return Must(lambda _value: None, {"description": text})


def text_like(pattern: str, words: str) -> Must:
    """Ask for a text that a pattern matches as a whole."""

    def check(text: str) -> None:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {words}")

    return Must(check, {"pattern": f"^(?:{pattern})$"})


def _some(members: Any) -> None:  # noqa: ANN401  a list or a mapping
    if not members:
        raise ValueError("must not be empty")


OR_ONE = "or one"
"""Behind a list type: a single member will do for a list of one."""
SOME = Must(_some, {"minItems": 1})
"""Behind a list type: at least one member."""
Pattern: TypeAlias = Annotated[str, Must(searcher, {"maxLength": LONGEST})]
"""A regular expression: found anywhere, in any case, in time bounded by the text."""


def build(kind: type[Built], document: Document, at: Where = ()) -> Built:
    """Build a file or a part of it; InputUnusable names the line of a mistake."""
    found: Built = _built(kind, document.at(at), document, at)
    return found


def _built(kind: Kind, value: Any, document: Document, where: Where) -> Any:  # noqa: ANN401  of any kind
    fitting = [one for one in members_of(kind) if _fits(one, value)]
    if fitting:
        named = (one for one in fitting if _shares_key(one, value))
        return _made(next(named, fitting[0]), value, document, where)
    if type(value) in (int, float):  # 3 will do for a text
        for one in members_of(kind):
            if _plain(one) is str:
                return _made(one, str(value), document, where)
    *others, last = dict.fromkeys(_NAMES[_plain(one)] for one in members_of(kind))
    wanted = f"{', '.join(others)} or {last}" if others else last
    raise document.problem(where, f"{label(where)} must be {wanted}")


def _shares_key(kind: Kind, value: Json) -> bool:
    """Tell whether a mapping has a key of this class: its other keys are mistakes."""
    known = keys_of(kind) if is_dataclass(kind) else {}
    return isinstance(value, dict) and not known.keys().isdisjoint(value)


def _made(kind: Kind, value: Any, document: Document, where: Where) -> Any:  # noqa: ANN401  the same
    match _origin(kind):
        case origin if origin is Annotated:
            base, *rules = get_args(kind)
            if OR_ONE in rules and not isinstance(value, list):
                made: Any = [_built(get_args(base)[0], value, document, where)]
            else:
                made = _made(base, value, document, where)
            return _checked(made, rules, document, where)
        case origin if origin is Literal:
            if value in (known := get_args(kind)):
                return value
            raise document.problem(
                where,
                f"{label(where)} cannot be {value!r}{nearest(str(value), known)}",
                hint=f"known here: {', '.join(map(str, known))}",
            )
        case origin if origin is list:
            (member,) = get_args(kind)
            return [
                _built(member, each, document, (*where, place))
                for place, each in enumerate(value)
            ]
        case origin if origin is dict:
            named, member = get_args(kind)
            for key in value:
                _require_key(named, key, document, (*where, key))
            return {
                key: _built(member, each, document, (*where, key))
                for key, each in value.items()
            }
    if is_dataclass(kind):
        return _node(kind, document, where)
    return float(value) if kind is float else value


def _require_key(kind: Kind, key: str, document: Document, where: Where) -> None:
    """Refuse a key of a mapping that is not of its kind."""
    if _origin(kind) is Literal and key not in (known := get_args(kind)):
        raise document.unknown(where, known)
    if _origin(kind) is Annotated:
        _checked(key, get_args(kind)[1:], document, where)


def _checked(
    made: Built, rules: Sequence[Must | str], document: Document, where: Where
) -> Built:
    for rule in rules:
        try:
            if isinstance(rule, Must):
                rule.check(made)
        except ValueError as error:
            raise document.problem(where, f"{label(where)} {error}") from None
    return made


def _node(kind: Kind, document: Document, where: Where) -> Any:  # noqa: ANN401  the same
    known = keys_of(kind)
    table = document.table(where, known)
    hints = hints_of(kind)
    said = {
        key: one
        for key, one in known.items()
        if key in table
        and (table[key] is not None or takes_null(kind, hints[one.name]))
    }
    for key, one in known.items():
        if key not in said and one.default is one.default_factory is MISSING:
            raise document.problem(where, f"{label(where)} lacks {key!r}")
    values = {
        one.name: _built(hints[one.name], table[key], document, (*where, key))
        for key, one in said.items()
    }
    chosen = [key for key in kind.ONE_OF if key in said]
    if kind.ONE_OF and len(chosen) != 1:
        keys, found = ", ".join(kind.ONE_OF), " and ".join(chosen) or "none"
        required = f"exactly one of {keys} is required here, not {found}"
        raise document.problem(where, required)
    return kind(**values, at=where)


def takes_null(kind: Kind, member: Kind) -> bool:
    """Tell whether null is a value of a key, and does not leave it to its default."""
    return not kind.NULL_IS_DEFAULT or _plain(member) is Any


@cache
def hints_of(kind: Kind) -> dict[str, Kind]:
    return get_type_hints(kind, include_extras=True)


def keys_of(kind: Kind) -> dict[str, Field[Any]]:
    return {one.name.rstrip("_"): one for one in fields(kind) if one.name != "at"}


def members_of(kind: Kind) -> Iterator[Kind]:
    """Yield the members of a union, without None, which stands for a missing key."""
    if _origin(kind) in (Union, UnionType):
        for one in get_args(kind):
            yield from members_of(one)
    elif kind is not NoneType:
        yield kind


def _plain(kind: Kind) -> Kind:
    """Return the YAML type of a kind: str, list, dict, …."""
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
    if plain is Any or OR_ONE in get_args(kind)[1:]:
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
