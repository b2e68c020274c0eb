"""Where a profile takes each lead field from, and which rows it skips."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from leadctl.mapping import times
from leadctl.model.errors import UsageError
from leadctl.model.lead_fields import FIELDS
from leadctl.model.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from leadctl.mapping.profile_file import FieldSource, Shape, SkipRule
    from leadctl.model.leads import Json
    from leadctl.model.yaml_file import Document, Where


class Profile(NamedTuple):
    """A column mapping: the sources of lead fields; `region` as ISO 3166 alpha-2."""

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
    """The profile as it was read; loading it again gives the same profile."""
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
        from leadctl.mapping.profile_file import Spec  # noqa: PLC0415  loaded with it

        fixed = {name: Spec(value=value) for name, value in constants.items()}
        return self._replace(fields={**self.fields, **fixed})


def columns_of(source: FieldSource) -> Iterator[str]:
    """Yield the columns a source reads."""
    match source:
        case str():
            template = template_of(source)
            yield from template.columns if template else (source,)
        case list():
            yield from source
        case dict():
            for member in source.values():
                yield from columns_of(member)
        case _:
            yield from columns_of(source.columns_or_template)


def load(document: Document, at: Where = ()) -> Profile:
    """Read a profile from a document or a part of it (the config's `profiles.NAME`)."""
    from leadctl.mapping.profile_file import ProfileFile  # noqa: PLC0415  rarely needed
    from leadctl.model.typed_yaml import build  # noqa: PLC0415  the same

    written = build(ProfileFile, document, at)
    said = written.fields.said
    return Profile(
        document,
        {name: said[name] for name in document.table(written.fields.at)},
        written.file,
        written.region,
        tuple(written.skip_if),
        frozenset(written.ignore),
        times.zone(written.timezone) if written.timezone else None,
        document.at(at),
        at,
    )


class Template(NamedTuple):
    """Text with {columns} in it; missing parts leave no stray space."""

    literals: list[str]
    columns: list[str]


def template_of(text: str) -> Template | None:
    """Parse a template; None if it is a column's name. {{ and }} are plain braces."""
    if "{" not in text and "}" not in text:
        return None
    literals, columns = [""], []
    for part in re.findall(r"\{\{|\}\}|\{[^{}]+\}|[^{}]+", text):
        if part in ("{{", "}}"):
            literals[-1] += part[0]
        elif part.startswith("{"):
            columns.append(part[1:-1].strip())
            literals.append("")
        else:
            literals[-1] += part
    return Template(literals, columns)


DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
"""Names of delimiters."""


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
