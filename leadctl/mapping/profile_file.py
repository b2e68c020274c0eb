"""The keys of a profile, read and described by their types (model/typed_yaml.py)."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from leadctl.mapping import times
from leadctl.mapping.profile import DELIMITERS
from leadctl.model.lead_fields import FIELDS, PRIORITIES, is_priority, word
from leadctl.model.typed_yaml import OR_ONE, SOME, Must, Node, Pattern, about, text_like
from leadctl.model.wording import nearest
from leadctl.phones.countries import region_meant
from leadctl.phones.numbering_plan import is_region

if TYPE_CHECKING:
    from leadctl.model.leads import Json

SPEC = ("column", "columns", "template", "value", "map", "default")
"""Keys of `Spec`; a mapping with one of these is not an object of members."""
_TEMPLATE = r"(?:\{\{|\}\}|\{[^{}]+\}|[^{}])*"


def _any_case(text: str) -> str:
    letters = (f"[{c}{c.upper()}]" if c.isalpha() else re.escape(c) for c in text)
    return "".join(letters)


def _is_priority(value: Json) -> None:
    if word(value) and not is_priority(value):
        raise ValueError(
            f"cannot be {value!r}{nearest(str(value), PRIORITIES)}; use "
            f"{', '.join(PRIORITIES)}, or a whole number"
        )


def _is_region(code: str) -> None:
    if not (code.isupper() and is_region(code)):
        raise ValueError(
            f"must be a country code such as US (ISO 3166), not {code!r}"
            f"{region_meant(code)}"
        )


def _holds_something(value: Json) -> None:
    if not word(value):
        raise ValueError("must not be empty")


def _has_condition(rule: SkipRule) -> None:
    if not (rule.in_ or rule.contains or rule.matches):
        raise ValueError(
            "must have one of in: [word, …], contains: [text, …] or matches: PATTERN"
        )


def _maps_something(mapped: FieldSources) -> None:
    if not mapped.said:
        raise ValueError("must map at least `phone`")


Delimiter: TypeAlias = Annotated[
    str,
    about(f"One character, or {', '.join(sorted(DELIMITERS))}."),
    text_like(
        "|".join([r'[^\r\n"]', *map(_any_case, DELIMITERS)]), "one character, or tab"
    ),
]
Numbers: TypeAlias = Annotated[
    Literal["auto", "national", "international"],
    about("How to read numbers without + that have several readings."),
]
Region: TypeAlias = Annotated[
    str,
    about("Country of numbers without a country code (ISO 3166)."),
    Must(_is_region, {"pattern": "^[A-Z]{2}$"}),
]
TimeZone: TypeAlias = Annotated[
    str,
    about("Time zone for times without one, e.g. Asia/Kolkata (IANA)."),
    Must(times.zone, {"type": "string"}),
]
_PRIORITY = "|".join([*map(_any_case, PRIORITIES), r"[+-]?[0-9]{1,9}(?:\.0*)?", ""])
PriorityValue: TypeAlias = Annotated[
    Any,
    about(f"{', '.join(PRIORITIES)}, or the provider's own number."),
    Must(
        _is_priority,
        {"type": ["string", "integer", "null"], "pattern": rf"^\s*(?:{_PRIORITY})\s*$"},
    ),
]
ColumnName: TypeAlias = Annotated[
    str, text_like("[^{}]*", "a column; text with {…} belongs under template")
]
ColumnNames: TypeAlias = Annotated[
    list[str], about("Columns; the first non-empty one is used."), SOME
]
TemplateText: TypeAlias = Annotated[
    str,
    about("A column, or a template with {columns} in it; {{ is a plain brace."),
    text_like(_TEMPLATE, "a column, or a template with balanced { }"),
]
MemberName: TypeAlias = Annotated[
    str, Must(lambda _name: None, {"not": {"enum": [*SPEC]}})
]
_CONDITIONS: dict[str, Json] = {
    "anyOf": [
        {"required": [way], "properties": {way: {"minItems": 1, "minLength": 1}}}
        for way in ("in", "contains", "matches")
    ]
}


class Spec(Node):
    """Where a field comes from, a map for its values, and a default without one."""

    ONE_OF = ("column", "columns", "template", "value")
    column: ColumnName | ColumnNames | None = None
    columns: ColumnName | ColumnNames | None = None
    template: TemplateText | None = None
    value: Any = None
    map: dict[str, Any] = field(default_factory=dict)
    default: Any = None

    @property
    def columns_or_template(self) -> str | list[str]:
        """Where the value comes from; an empty list for a constant."""
        return self.column or self.columns or self.template or []


class PrioritySpec(Spec):
    """The same, for values that are priorities."""

    value: PriorityValue = None
    map: dict[str, PriorityValue] = field(default_factory=dict)
    default: PriorityValue = None


Source: TypeAlias = TemplateText | ColumnNames | Spec
ObjectSource: TypeAlias = TemplateText | ColumnNames | dict[MemberName, Source] | Spec
FieldSource: TypeAlias = str | list[str] | Spec | dict[str, "FieldSource"]


class FieldSources(Node):
    """Where each lead field comes from."""

    NULL_IS_DEFAULT = False
    phone: Source | None = None
    phone_country: Source | None = None
    external_id: Source | None = None
    name: Source | None = None
    first_name: Source | None = None
    last_name: Source | None = None
    email: Source | None = None
    company: Source | None = None
    title: Source | None = None
    priority: TemplateText | ColumnNames | PrioritySpec | None = None
    scheduled_for: Source | None = None
    expires_on: Source | None = None
    active: Source | None = None
    skill: Source | None = None
    agent_id: Source | None = None
    source: ObjectSource | None = None
    context_headers: ObjectSource | None = None
    metadata: ObjectSource | None = None

    @property
    def said(self) -> dict[str, FieldSource]:
        """What is written, by lead field."""
        members = {name: getattr(self, name) for name in FIELDS}
        return {name: said for name, said in members.items() if said is not None}


class SkipRule(Node):
    """Skips a row if one of these conditions holds for a column; case does not matter.

    The column is one of the `words`, contains one of the `parts`, or matches the
    pattern.
    """

    column: str
    in_: Annotated[list[Any], about("Values that must equal the whole cell.")] = field(
        default_factory=list
    )
    contains: Annotated[
        list[Annotated[Any, Must(_holds_something, {"pattern": r"\S"})]],
        about("Text contained in the cell."),
    ] = field(default_factory=list)
    matches: Pattern = ""

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(map(word, self.in_))

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(map(word, self.contains))

    def __str__(self) -> str:
        said = {
            "is": ", ".join(sorted(spelled or "empty" for spelled in self.words)),
            "contains": ", ".join(sorted(self.parts)),
            "matches": self.matches,
        }
        ways = " or ".join(f"{way} {what}" for way, what in said.items() if what)
        return f"{self.column} {ways}"


class Shape(Node):
    """The format of the file; detected where not set."""

    format: Literal["csv", "tsv", "jsonl", "xlsx"] | None = None
    encoding: str | None = None
    delimiter: Delimiter | None = None
    header: Annotated[bool, about("Whether the first line is a header.")] | None = None
    sheet: str | None = None
    numbers: Numbers | None = None


class ProfileFile(Node):
    """A column mapping."""

    region: Region | None = None
    timezone: TimeZone | None = None
    file: Shape = field(default_factory=Shape)
    fields: Annotated[FieldSources, Must(_maps_something, {"minProperties": 1})]
    skip_if: Annotated[
        list[Annotated[SkipRule, Must(_has_condition, _CONDITIONS)]],
        OR_ONE,
        about("Rows to skip."),
    ] = field(default_factory=list)
    ignore: Annotated[list[str], OR_ONE, about("Columns to ignore.")] = field(
        default_factory=list
    )
