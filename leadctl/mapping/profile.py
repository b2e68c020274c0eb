"""Reads and checks a profile: a YAML column mapping.

mapper.py applies it to the columns of a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeAlias

from leadctl.mapping import times
from leadctl.model.errors import UsageError
from leadctl.model.lead_fields import FIELDS, OBJECTS, PRIORITIES, is_priority, word
from leadctl.model.patterns import BadPattern, searcher
from leadctl.model.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from leadctl.model.leads import Json
    from leadctl.model.yaml_file import Document, Where


@dataclass(frozen=True)
class Columns:
    """The first of these columns that is not empty."""

    names: tuple[str, ...]
    where: Where


@dataclass(frozen=True)
class Template:
    """Text with {columns} in it; missing parts leave no stray space."""

    literals: tuple[str, ...]
    columns: tuple[str, ...]
    where: Where


@dataclass(frozen=True)
class Constant:
    value: Json


@dataclass(frozen=True)
class Members:
    """An object field, built key by key."""

    members: Mapping[str, FieldSource]


@dataclass(frozen=True)
class Translated:
    """Another source's value, translated by a map.

    Case and spaces at the ends do not matter. `default` replaces an empty value, and
    one that the map lacks; without it, such a value is used as it is.
    """

    source: FieldSource
    table: Mapping[str, Json]
    default: Json


FieldSource: TypeAlias = Columns | Template | Constant | Members | Translated


@dataclass(frozen=True)
class SkipRule:
    """Skips a row if one of these conditions holds for a column.

    The column is one of the `words`, contains one of the `parts`, or matches the
    `pattern`; case does not matter.
    """

    column: str
    words: tuple[str, ...]
    parts: tuple[str, ...]
    pattern: str
    where: Where

    def __str__(self) -> str:
        said = {
            "is": ", ".join(sorted(spelled or "empty" for spelled in self.words)),
            "contains": ", ".join(sorted(self.parts)),
            "matches": self.pattern,
        }
        ways = " or ".join(f"{way} {what}" for way, what in said.items() if what)
        return f"{self.column} {ways}"


@dataclass(frozen=True)
class Shape:
    """The file format that a profile states; None: to be detected."""

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    sheet: str | None = None
    numbers: str | None = None


@dataclass(frozen=True)
class Profile:
    """A column mapping: `fields` by lead field, `region` as ISO 3166 alpha-2."""

    document: Document
    fields: Mapping[str, FieldSource]
    region: str | None = None
    shape: Shape = Shape()
    skip: tuple[SkipRule, ...] = ()
    ignored: frozenset[str] = frozenset()
    """Columns to ignore."""
    zone: ZoneInfo | None = None
    """The zone of times that are written without one."""
    content: Json = None
    """The profile as it was read: loading it again gives the same map."""
    at: Where = ()
    """Where in the document it stands."""

    @property
    def columns(self) -> frozenset[str]:
        """Every column the profile names."""
        named = {name for s in self.fields.values() for name in columns_of(s)}
        return frozenset(named | {rule.column for rule in self.skip})

    @property
    def phones(self) -> frozenset[str]:
        """The columns that phone numbers are read from."""
        phone = self.fields.get("phone")
        return frozenset(columns_of(phone) if phone else ())

    def with_constants(self, constants: Mapping[str, str]) -> Profile:
        """Return the profile with `--set` constants in place of its fields."""
        fixed = {name: Constant(value) for name, value in constants.items()}
        return replace(self, fields={**self.fields, **fixed})


def columns_of(source: FieldSource) -> Iterator[str]:
    """Yield the columns a source reads."""
    match source:
        case Columns(names, _) | Template(_, names, _):
            yield from names
        case Members(members):
            for member in members.values():
                yield from columns_of(member)
        case Translated(inner, _, _):
            yield from columns_of(inner)
        case Constant():
            pass


KEYS = ("region", "timezone", "file", "fields", "skip_if", "ignore")


def load(document: Document, at: Where = ()) -> Profile:
    """Read a profile from a document or a part of it (the config's `profiles.NAME`)."""
    table = document.table(at, KEYS)
    region = table.get("region")
    if region is not None and not (
        isinstance(region, str) and re.fullmatch("[A-Z]{2}", region)
    ):
        raise document.problem(
            (*at, "region"), "region must be two capital letters such as US (ISO 3166)"
        )
    named = document.table((*at, "fields"))
    for name in named:
        if name not in FIELDS:
            message, hint = _unknown_field(name)
            raise document.problem((*at, "fields", name), message, hint=hint)
    if not named:
        raise document.problem(
            (*at, "fields"), "a profile requires `fields:` with at least `phone`"
        )
    sources = {name: _source(document, (*at, "fields", name), name) for name in named}
    _require_priorities(document, (*at, "fields", "priority"))
    skip = _skip_rules(document, (*at, "skip_if"))
    return Profile(
        document,
        sources,
        region,
        _shape(document, (*at, "file")),
        skip,
        _ignored(document, (*at, "ignore")),
        _timezone(document, (*at, "timezone")),
        document.at(at),
        at,
    )


def _ignored(document: Document, where: Where) -> frozenset[str]:
    match document.at(where):
        case None:
            return frozenset()
        case str() | int() as name if not isinstance(name, bool):
            return frozenset({str(name)})
        case list() as names if all(type(name) in (str, int) for name in names):
            return frozenset(map(str, names))
        case _:
            raise document.problem(
                where, "ignore must be a column or a list of columns"
            )


def _timezone(document: Document, where: Where) -> ZoneInfo | None:
    name = document.at(where)
    if name is None:
        return None
    if not isinstance(name, str):
        raise document.problem(where, "timezone must be text")
    try:
        return times.zone(name)
    except ValueError as error:
        raise document.problem(where, f"timezone: {error}") from None


FORMATS = ("csv", "tsv", "jsonl", "xlsx")
NUMBERS = ("auto", "national", "international")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
"""Names that a delimiter may go by."""


def delimiter(text: str) -> str | None:
    """Return the character that a delimiter stands for; None if it is not valid."""
    found = DELIMITERS.get(text.casefold(), text)
    return found if len(found) == 1 and found not in '"\r\n' else None


def _shape(document: Document, where: Where) -> Shape:
    table = document.table(where, [field.name for field in fields(Shape)])
    header = table.get("header")
    if "header" in table and not isinstance(header, bool):
        raise document.problem((*where, "header"), "header must be true or false")
    texts: dict[str, str] = {}
    for key, value in table.items():
        if key != "header":
            if type(value) not in (str, int):
                raise document.problem((*where, key), f"{key} must be text")
            texts[key] = str(value)
    if texts.get("format", FORMATS[0]) not in FORMATS:
        known = ", ".join(FORMATS)
        raise document.problem((*where, "format"), f"format must be one of {known}")
    if texts.get("numbers", NUMBERS[0]) not in NUMBERS:
        known = ", ".join(NUMBERS)
        raise document.problem((*where, "numbers"), f"numbers must be one of {known}")
    if "delimiter" in texts:
        found = delimiter(texts["delimiter"])
        if found is None:
            message = "delimiter must be one character, or tab"
            raise document.problem((*where, "delimiter"), message)
        texts["delimiter"] = found
    return Shape(**texts, header=header if isinstance(header, bool) else None)


def require_field(name: str) -> None:
    """Raise UsageError with the nearest name unless `--set` names a lead field."""
    if name not in FIELDS:
        message, hint = _unknown_field(name)
        raise UsageError(message, hint=hint)


def _unknown_field(name: str) -> tuple[str, str]:
    return (
        f"no lead field {name!r}{nearest(name, FIELDS)}",
        f"lead fields: {', '.join(FIELDS)}",
    )


SPEC = ("column", "columns", "template", "value", "map", "default")
"""What a field may be said by; a mapping with one of these is no object of keys."""


def _source(document: Document, where: Where, field_name: str = "") -> FieldSource:
    node = document.at(where)
    match node:
        case str() | int() | float() if not isinstance(node, bool):
            return _named(document, str(node), where)
        case list() if node and all(type(name) in (str, int) for name in node):
            return Columns(tuple(str(name) for name in node), where)
        case dict() if field_name in OBJECTS and not node.keys() & set(SPEC):
            return Members({key: _source(document, (*where, key)) for key in node})
        case dict():
            return _spec(document, where)
        case _:
            raise document.problem(
                where,
                "expected a column name, a list of them, a template or {column: …}",
            )


def _spec(document: Document, where: Where) -> FieldSource:
    table = document.table(where, SPEC)
    given = [key for key in ("column", "columns", "template", "value") if key in table]
    if len(given) != 1:
        raise document.problem(
            where, "use exactly one of column, columns, template or value"
        )
    (key,) = given
    if key != "value" and isinstance(table[key], dict):
        raise document.problem(
            (*where, key), f"{key} must be a name or a list of names"
        )
    source = (
        Constant(table[key]) if key == "value" else _source(document, (*where, key))
    )
    if isinstance(source, Template) and key != "template":
        raise document.problem(
            where, f"text with {{…}} belongs under template, not {key}"
        )
    if "map" not in table and "default" not in table:
        return source
    words = document.table((*where, "map"))
    folded = {word.strip().casefold(): value for word, value in words.items()}
    return Translated(source, folded, table.get("default"))


def _require_priorities(document: Document, where: Where) -> None:
    """Refuse a priority word that no provider knows: it would reject every row."""
    node = document.at(where)
    if not isinstance(node, dict):
        return
    said = {(*where, key): node.get(key) for key in ("value", "default")}
    said |= {
        (*where, "map", key): value
        for key, value in document.table((*where, "map")).items()
    }
    for place, value in said.items():
        if word(value) and not is_priority(value):
            raise document.problem(
                place,
                f"{value!r} is not a priority{nearest(str(value), PRIORITIES)}",
                hint=f"{', '.join(PRIORITIES)}, or a whole number",
            )


def _named(document: Document, text: str, where: Where) -> FieldSource:
    """Tell a template from a column name by its braces; {{ and }} are plain braces."""
    if "{" not in text and "}" not in text:
        return Columns((text,), where)
    literals, columns = [""], []
    for part in re.findall(r"\{\{|\}\}|\{[^{}]+\}|[^{}]+|[{}]", text):
        if part in ("{{", "}}"):
            literals[-1] += part[0]
        elif part in ("{", "}"):
            raise document.problem(
                where, "unbalanced { } in the template; write plain braces as {{ and }}"
            )
        elif part.startswith("{"):
            columns.append(part[1:-1].strip())
            literals.append("")
        else:
            literals[-1] += part
    return Template(tuple(literals), tuple(columns), where)


def _skip_rules(document: Document, where: Where) -> tuple[SkipRule, ...]:
    node = document.at(where)
    if isinstance(node, list):
        return tuple(
            _skip_rule(document, (*where, index)) for index in range(len(node))
        )
    return () if node is None else (_skip_rule(document, where),)


def _skip_rule(document: Document, where: Where) -> SkipRule:
    table = document.table(where, ("column", "in", "contains", "matches"))
    column, pattern = table.get("column"), table.get("matches", "")
    words, parts = (_words(table.get(key, [])) for key in ("in", "contains"))
    if (
        not isinstance(column, str)
        or not isinstance(pattern, str)
        or words is None
        or parts is None
        or "" in parts
        or not (words or parts or pattern)
    ):
        raise document.problem(
            where,
            "skip_if needs {column: NAME, in: [word, …]}; "
            "contains: [text, …] and matches: PATTERN can replace in or accompany it",
        )
    try:
        if pattern:
            searcher(pattern)
    except BadPattern as error:
        raise document.problem((*where, "matches"), f"matches: {error}") from None
    return SkipRule(column, words, parts, pattern, (*where, "column"))


def _words(given: Json) -> tuple[str, ...] | None:
    """Return words in the form they are compared in; None if this is not a list."""
    return tuple(map(word, given)) if isinstance(given, list) else None
