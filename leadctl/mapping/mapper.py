"""Maps the cells of a file's rows to lead fields.

Built from a profile, or without one from the header's names. It goes field by field,
and within a field row by row: a step for all rows of a block costs a third of the same
step taken row by row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from leadctl.mapping.memo import Memo
from leadctl.mapping.profile import Columns, Constant, Members, Template, Translated
from leadctl.mapping.profile import columns as read_by
from leadctl.model.cell_formats import without_errors
from leadctl.model.errors import InputUnusable
from leadctl.model.lead_fields import ALIASES, COUNTRY_ALIASES, means_none, plain, word
from leadctl.model.leads import OWN
from leadctl.model.patterns import searcher
from leadctl.model.wording import MOST_NAMES, nearest, short
from leadctl.sources.dialect import looks_like_data

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from leadctl.mapping.profile import Profile, SkipRule, Source
    from leadctl.model.leads import Cells, Json
    from leadctl.model.yaml_file import Document, Where

Getter: TypeAlias = "Callable[[Sequence[Cells]], Sequence[Json]]"
"""From the cells of rows to a value of each; None or a blank text where is nothing."""
Values: TypeAlias = "dict[str, Json]"
"""Lead field -> value, only for fields that have one."""
Table: TypeAlias = "dict[str, list[Json]]"
"""Lead field -> its values in some rows, None where a row has none."""


@dataclass
class Mapper:
    """A column map bound to one file.

    `columns` says for each field which columns it comes from (for the run's notes);
    `unused` are the file's columns that go nowhere.
    """

    getters: dict[str, Getter]
    columns: dict[str, tuple[str, ...]]
    unused: tuple[str, ...]
    ignored: frozenset[str] = frozenset()
    skip: tuple[BoundRule, ...] = ()

    def table(self, rows: Sequence[Cells]) -> Table:
        """Return the fields of rows; text is trimmed, what is empty is None."""
        table = {name: _trimmed(get(rows)) for name, get in self.getters.items()}
        if "external_id" in table:
            table["external_id"] = [
                None if means_none(value) else value for value in table["external_id"]
            ]
        return table

    def values(self, cells: Cells) -> Values:
        """Return the fields of one row."""
        found = self.table([cells])
        return {name: value for name, (value,) in found.items() if value is not None}

    def skipped(self, rows: Sequence[Cells]) -> list[str | None]:
        """Return for each row the column whose skip rule holds, the first in order."""
        found: list[str | None] = [None] * len(rows)
        for rule in reversed(self.skip):
            for place, holds in enumerate(rule.holds(rows)):
                if holds:
                    found[place] = rule.column
        return found


class BoundRule:
    """A skip rule bound to a file's column; `unmet` is what no row has had so far."""

    def __init__(self, rule: SkipRule, getter: Getter) -> None:
        self.rule = rule
        self.column = rule.column
        self.unmet = {*rule.words, *rule.parts, *filter(None, [rule.pattern])}
        self._getter = getter
        self._words = frozenset(rule.words)
        self._found = searcher(rule.pattern) if rule.pattern else None
        self._known = Memo(self._is_met)

    def holds(self, rows: Sequence[Cells]) -> Sequence[Json]:
        """Tell of each row whether the rule leaves it out."""
        return self._known.column(self._getter(rows))

    def _is_met(self, value: Json) -> bool:
        spelled = word(value)
        met = {part for part in self.rule.parts if part in spelled}
        if spelled in self._words:
            met.add(spelled)
        if self._found and self._found(spelled):
            met.add(self.rule.pattern)
        self.unmet -= met
        return bool(met)

    def objection(self, unmet: Collection[str]) -> str:
        """Say which of its texts no row has, with the nearest that some row has."""
        shown = ", ".join(
            f"{short(text)!r}{nearest(text, self._known)}" if text else "an empty cell"
            for text in sorted(unmet)[:MOST_NAMES]
        )
        return f"skip_if: no row has {shown} in {short(self.column)!r}"


def _trimmed(values: Sequence[Json]) -> list[Json]:
    try:  # of a table every value is a text
        return [text or None for text in map(str.strip, values)]  # type: ignore[arg-type]
    except TypeError:
        return [*map(_held, values)]


def _held(value: Json) -> Json:
    if isinstance(value, str):
        value = value.strip()
    return value if value or value is False or value == 0 else None


def _is_blank(value: Json) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def bind(
    profile: Profile,
    header: Sequence[str],
    *,
    nested: bool,
    ignored: Collection[str] = (),
) -> Mapper:
    """Bind a profile to a file's columns; InputUnusable for a column the file lacks.

    `nested` allows dotted paths into objects (JSONL). `ignored` columns are not read;
    nobody is told of them.
    """
    # Rules and the phone want to know of an error; it is no value of a lead.
    binder = _Binder(profile.document, header, nested=nested)
    of_values = replace(binder, keeps_errors=False)
    getters = {
        name: (binder if name == "phone" else of_values).getter(source)
        for name, source in profile.fields.items()
    }
    if "phone" not in getters:
        raise profile.document.problem(
            (*profile.at, "fields"), "the profile does not map `phone`"
        )
    skip = tuple(
        BoundRule(rule, binder.getter(Columns((rule.column,), rule.where)))
        for rule in profile.skip
    )
    columns = {name: tuple(read_by(source)) for name, source in profile.fields.items()}
    ignoring = profile.ignored.union(ignored)
    countries = bind_countries(header, nested=nested, ignored=ignoring)
    columns = countries.columns | columns
    used = profile.columns.union(ignoring, columns.get("phone_country", ()))
    return Mapper(
        countries.getters | getters,
        columns,
        _unused(header, used, nested=nested),
        ignoring,
        skip,
    )


def bind_by_name(
    header: Sequence[str],
    constants: Mapping[str, str],
    *,
    nested: bool,
    ignored: Collection[str] = (),
) -> Mapper:
    """Match columns with lead fields by name and alias; InputUnusable: no phone."""
    columns = {
        name: found
        for name, found in _recognised(header, ALIASES, ignored).items()
        if name not in constants
    }
    if "phone" not in columns and "phone" not in constants:
        raise InputUnusable(
            f"no column looks like phone numbers; {_shown(header)}",
            hint="rename the column to phone, or name it in a profile (--profile)",
        )
    getters = {
        name: first_of(header, found, nested=nested, keeps_errors=name == "phone")
        for name, found in columns.items()
    }
    countries = bind_countries(header, nested=nested, ignored=ignored)
    getters |= countries.getters
    getters |= {name: _constant(value) for name, value in constants.items()}
    used = {name for names in columns.values() for name in names} | {*ignored}
    return Mapper(
        getters,
        countries.columns | columns,
        _unused(header, used, nested=nested),
        frozenset(ignored),
    )


def bind_countries(
    header: Sequence[str], *, nested: bool, ignored: Collection[str] = ()
) -> Mapper:
    """Match columns with what tells the region of a phone, by name and alias."""
    columns = _recognised(header, COUNTRY_ALIASES, ignored)
    getters = {
        name: first_of(header, found, nested=nested, keeps_errors=False)
        for name, found in columns.items()
    }
    if codes := columns.get("phone_country"):
        getters["phone_country"] = _each_of(header, codes, nested=nested)
    return Mapper(getters, columns, ())


def _recognised(
    header: Sequence[str],
    known: Mapping[str, Sequence[str]],
    ignored: Collection[str],
) -> dict[str, tuple[str, ...]]:
    """Name for each field the columns that go by one of its aliases."""
    by_alias: dict[str, list[str]] = {}
    for name in header:
        if not name.startswith(OWN) and name not in ignored:
            by_alias.setdefault(plain(name), []).append(name)
    found = {
        lead_field: tuple(name for alias in aliases for name in by_alias.get(alias, ()))
        for lead_field, aliases in known.items()
    }
    return {lead_field: names for lead_field, names in found.items() if names}


@dataclass
class _Binder:
    document: Document
    header: Sequence[str]
    nested: bool
    keeps_errors: bool = True

    def getter(self, source: Source) -> Getter:
        match source:
            case Columns(names, where):
                present = [name for name in names if self._has(name)]
                if not present:
                    raise self._missing(names[0], where)
                return first_of(
                    self.header,
                    present,
                    nested=self.nested,
                    keeps_errors=self.keeps_errors,
                )
            case Template(literals, columns, where):
                parts = [self.getter(Columns((column,), where)) for column in columns]
                if not parts:
                    return _constant(None)
                # Of a table each cell is a text; of two that share a name, one or none.
                is_text = not self.nested and all(
                    self.header.count(column) == 1 for column in columns
                )
                return _template(
                    literals, parts if is_text else [_words(part) for part in parts]
                )
            case Constant(value):
                return _constant(value)
            case Members(members):
                return _members(
                    {key: self.getter(member) for key, member in members.items()}
                )
            case Translated(inner, table, default):
                return _translated(self.getter(inner), table, default)

    def _has(self, name: str) -> bool:
        # For JSONL the header lists every way into the objects, dotted.
        return name in self.header and not name.startswith(OWN)

    def _missing(self, name: str, where: Where) -> InputUnusable:
        near = "" if looks_like_data(self.header) else nearest(name, self.header)
        return self.document.problem(
            where,
            f"the file has no column {short(name)!r}{near}",
            hint=_shown(self.header),
        )


def _shown(header: Sequence[str]) -> str:
    """Name a file's columns, unless the first line seems to be somebody's row."""
    if looks_like_data(header):
        return "the first line looks like data, not a header (--no-header)"
    return f"columns: {', '.join(repr(short(name)) for name in header[:20])}"


def _unused(
    header: Sequence[str], used: Collection[str], *, nested: bool
) -> tuple[str, ...]:
    covered = {*used, *(name.split(".")[0] for name in used if nested)}
    return tuple(
        name
        for name in header
        if name not in covered
        and not name.startswith(OWN)
        and not (nested and name.split(".")[0] in covered)
    )


def getters_of(header: Sequence[str], name: str, *, nested: bool) -> list[Getter]:
    """Return a getter for each column of this name: it may stand twice in a header."""
    if nested:
        return [_member(name)]
    return [_cell(i) for i, given in enumerate(header) if given == name]


def first_of(
    header: Sequence[str],
    names: Sequence[str],
    *,
    nested: bool,
    keeps_errors: bool = True,
) -> Getter:
    """Return a getter for the first of these columns that holds something.

    Without `keeps_errors`, what a spreadsheet shows instead of a result is nothing.
    """
    found = [g for name in names for g in getters_of(header, name, nested=nested)]
    if not (nested or keeps_errors):
        found = [*map(_without_errors, found)]
    if len(found) == 1:
        return found[0]

    def first(rows: Sequence[Cells]) -> list[Json]:
        columns = (getter(rows) for getter in found)
        return [
            next((value for value in values if not _is_blank(value)), None)
            for values in zip(*columns, strict=True)
        ]

    return first


def _each_of(header: Sequence[str], names: Sequence[str], *, nested: bool) -> Getter:
    """Return a getter for all that these columns hold: a list where it differs."""
    found = [g for name in names for g in getters_of(header, name, nested=nested)]
    if not nested:
        found = [*map(_without_errors, found)]
    if len(found) == 1:
        return found[0]

    def each(rows: Sequence[Cells]) -> list[Json]:
        columns = (getter(rows) for getter in found)
        return [*map(_one_or_all, zip(*columns, strict=True))]

    return each


def _one_or_all(values: Iterable[Json]) -> Json:
    held = [value for value in values if not _is_blank(value)]
    if not held:
        return None
    return held[0] if held.count(held[0]) == len(held) else held


def _cell(index: int) -> Getter:
    cell: Callable[[Cells], Json] = itemgetter(index)  # of a table the cells are a list
    return lambda rows: [*map(cell, rows)]


def _without_errors(getter: Getter) -> Getter:
    return lambda rows: without_errors(getter(rows))  # type: ignore[arg-type]  # of a table


def _member(name: str) -> Getter:
    path = name.split(".")

    def member(cells: Cells) -> Json:
        if isinstance(cells, dict) and name in cells:
            return cells[name]
        node: Json = cells if isinstance(cells, dict) else None
        for step in path:
            node = node.get(step) if isinstance(node, dict) else None
        return node

    return lambda rows: [*map(member, rows)]


def _constant(value: Json) -> Getter:
    return lambda rows: [value] * len(rows)


def _template(literals: Sequence[str], parts: Sequence[Getter]) -> Getter:
    """Put texts together, which the parts give."""
    pattern = "%s".join(literal.replace("%", "%%") for literal in literals)
    says_something = bool("".join(literals).strip())

    def template(rows: Sequence[Cells]) -> list[str]:
        columns: list[Sequence[str]] = [
            part(rows)  # type: ignore[misc]  # parts give texts
            for part in parts
        ]
        every = [*zip(*columns, strict=True)]
        texts = [" ".join((pattern % words).split()) for words in every]
        if says_something:  # even where no part does
            blank = [not "".join(words).strip() for words in every]
            return ["" if no else text for no, text in zip(blank, texts, strict=True)]
        return texts

    return template


def _words(getter: Getter) -> Getter:
    return lambda rows: ["" if v is None else str(v) for v in getter(rows)]


def _members(members: Mapping[str, Getter]) -> Getter:
    def build(rows: Sequence[Cells]) -> list[Json]:
        built: list[dict[str, Json]] = [{} for _ in rows]
        for key, getter in members.items():
            for row, value in zip(built, getter(rows), strict=True):
                if not _is_blank(value):
                    row[key] = value.strip() if isinstance(value, str) else value
        return [*built]

    return build


def _translated(getter: Getter, table: Mapping[str, Json], default: Json) -> Getter:
    def translation(value: Json) -> Json:
        spelled = word(value)
        if spelled in table:
            return table[spelled]
        # What a table lacks is the default's business; without one it passes on to the
        # field's own check, as every value does where there is no table.
        return default if not spelled or (table and default is not None) else value

    known = Memo(translation)

    return lambda rows: known.column(getter(rows))
