"""Where a profile takes each lead field from, and which rows it skips."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from leadctl.mapping import times
from leadctl.model.errors import UsageError
from leadctl.model.lead_fields import FIELDS, word
from leadctl.model.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from leadctl.mapping.profile_file import Shape, SkipRule, Spec, WrittenSource
    from leadctl.model.leads import Json
    from leadctl.model.yaml_file import Document, Where


class Columns(NamedTuple):
    """The first of these columns that is not empty."""

    names: tuple[str, ...]
    where: Where


class Template(NamedTuple):
    """Text with {columns} in it; missing parts leave no stray space."""

    literals: tuple[str, ...]
    columns: tuple[str, ...]
    where: Where


class Constant(NamedTuple):
    value: Json


class Members(NamedTuple):
    """An object field, built key by key."""

    members: Mapping[str, FieldSource]


class Translated(NamedTuple):
    """Another source's value, translated; `default` is for those not in the table."""

    source: FieldSource
    table: Mapping[str, Json]
    default: Json


FieldSource: TypeAlias = Columns | Template | Constant | Members | Translated


class Profile(NamedTuple):
    """A column mapping: `fields` by lead field, `region` as ISO 3166 alpha-2."""

    document: Document
    fields: Mapping[str, FieldSource]
    shape: Shape
    region: str | None = None
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
        return self._replace(fields={**self.fields, **fixed})


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


def load(document: Document, at: Where = ()) -> Profile:
    """Read a profile from a document or a part of it (the config's `profiles.NAME`)."""
    from leadctl.mapping.profile_file import ProfileFile  # noqa: PLC0415  rarely needed
    from leadctl.model.typed_yaml import build  # noqa: PLC0415  the same

    written = build(ProfileFile, document, at)
    said, place = written.fields.said, written.fields.at
    sources = {
        name: _source(said[name], (*place, name)) for name in document.table(place)
    }
    return Profile(
        document,
        sources,
        written.file,
        written.region,
        tuple(written.skip_if),
        frozenset(written.ignore),
        times.zone(written.timezone) if written.timezone else None,
        document.at(at),
        at,
    )


def _source(written: WrittenSource, where: Where) -> FieldSource:
    match written:
        case str():
            return _named(written, where)
        case list():
            return Columns(tuple(written), where)
        case dict():
            members = written.items()
            return Members({key: _source(one, (*where, key)) for key, one in members})
        case _:
            return _specified(written)


def _specified(spec: Spec) -> FieldSource:
    source: FieldSource = Constant(spec.value)
    for key in ("column", "columns", "template"):
        if said := getattr(spec, key):
            source = _source(said, (*spec.at, key))
    if not spec.map and spec.default is None:
        return source
    folded = {word(key): value for key, value in spec.map.items()}
    return Translated(source, folded, spec.default)


def _named(text: str, where: Where) -> FieldSource:
    """Tell a template from a column name by its braces; {{ and }} are plain braces."""
    if "{" not in text and "}" not in text:
        return Columns((text,), where)
    literals, columns = [""], []
    for part in re.findall(r"\{\{|\}\}|\{[^{}]+\}|[^{}]+", text):
        if part in ("{{", "}}"):
            literals[-1] += part[0]
        elif part.startswith("{"):
            columns.append(part[1:-1].strip())
            literals.append("")
        else:
            literals[-1] += part
    return Template(tuple(literals), tuple(columns), where)


DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
"""Names that a delimiter may go by."""


def delimiter(text: str) -> str | None:
    """Return the character that a delimiter stands for; None if it is not valid."""
    found = DELIMITERS.get(text.casefold(), text)
    return found if len(found) == 1 and found not in '"\r\n' else None


def require_field(name: str) -> None:
    """Raise UsageError with the nearest name unless `--set` names a lead field."""
    if name not in FIELDS:
        raise UsageError(
            f"no lead field {name!r}{nearest(name, FIELDS)}",
            hint=f"lead fields: {', '.join(FIELDS)}",
        )
