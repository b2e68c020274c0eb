"""Maps the cells of a file's rows to lead fields, by a profile or by the header."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from leadctl.mapping.getters import Memo, constant, members, template, translated, words
from leadctl.mapping.profile import columns_of, template_of
from leadctl.model.errors import InputUnusable
from leadctl.model.lead_fields import ALIASES, COUNTRY_ALIASES, means_none, word
from leadctl.model.leads import OWN
from leadctl.model.patterns import searcher
from leadctl.model.wording import MOST_NAMES, close_to, nearest, short
from leadctl.sources.dialect import looks_like_data

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from leadctl.mapping.getters import Getter, Header
    from leadctl.mapping.profile import Profile
    from leadctl.mapping.profile_file import FieldSource, SkipRule, Spec
    from leadctl.model.leads import Cells, Json
    from leadctl.model.yaml_file import Document, Where

Values: TypeAlias = "dict[str, Json]"
"""Values by lead field, without empty ones."""
Table: TypeAlias = "dict[str, list[Json]]"
"""The values of some rows by lead field; None if a row has none."""


@dataclass(eq=False)
class Mapper:
    """A column mapping bound to one file: the `columns` of each field, and others.

    `opt_outs` are columns whose name is about who may be called.
    """

    getters: dict[str, Getter]
    columns: dict[str, tuple[str, ...]]
    opt_outs: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    ignored: frozenset[str] = frozenset()
    skip: tuple[BoundRule, ...] = ()

    def table(self, rows: Sequence[Cells]) -> Table:
        """Return the fields of rows; text is trimmed, and None if it is empty."""
        table = {name: _trimmed(get(rows)) for name, get in self.getters.items()}
        if ids := table.get("external_id"):
            table["external_id"] = [None if means_none(one) else one for one in ids]
        return table

    def one_row(self, cells: Cells) -> Values:
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

    def skip_values(self, rows: Sequence[Cells]) -> list[list[Json]]:
        """Return the values of each skip rule's column, a text only once."""
        return [rule.values(rows) for rule in self.skip]


class BoundRule:
    """A skip rule bound to a file's column; `unmet` are the texts not seen so far."""

    def __init__(self, rule: SkipRule, getter: Getter) -> None:
        self.rule = rule
        self.column = rule.column
        self.unmet = {*rule.words, *rule.parts, *filter(None, [rule.matches])}
        self.told: set[str] = set()
        """Those of them that were reported before anything was sent."""
        self._getter = getter
        self._words, self._parts = frozenset(rule.words), rule.parts
        self._found = searcher(rule.matches) if rule.matches else None
        self._known = Memo(self._is_met)

    def holds(self, rows: Sequence[Cells]) -> Sequence[Json]:
        """Tell for each row whether the rule skips it."""
        return self._known.column(self._getter(rows))

    def values(self, rows: Sequence[Cells]) -> list[Json]:
        values = self._getter(rows)
        texts = dict.fromkeys(value for value in values if isinstance(value, str))
        return [*texts, *(value for value in values if not isinstance(value, str))]

    def meet(self, values: Sequence[Json]) -> None:
        """Take note of values that another process has compared."""
        self._known.column(values)

    def _is_met(self, value: Json) -> bool:
        spelled = word(value)
        met = {part for part in self._parts if part in spelled}
        if spelled in self._words:
            met.add(spelled)
        if self._found and self._found(spelled):
            met.add(self.rule.matches)
        self.unmet -= met
        return bool(met)

    def near_misses(self) -> set[str]:
        """Return texts that no row has so far, if one has a similar text."""
        passed = [text for text, is_met in self._known.items() if not is_met]
        unmet = self.unmet & self._words
        self.told = {text for text in unmet if close_to(text, passed, 0.8)}
        return self.told

    def objection(self, unmet: Collection[str]) -> str:
        """Name the texts that no row has, with the nearest one that some row has."""
        shown = ", ".join(
            f"{short(text)!r}{nearest(text, self._known)}" if text else "an empty cell"
            for text in sorted(unmet)[:MOST_NAMES]
        )
        return f"skip_if: no row has {shown} in {short(self.column)!r}"


def _trimmed(values: Sequence[Json]) -> list[Json]:
    try:  # of a table every value is a text
        return [text or None for text in map(str.strip, values)]  # type: ignore[arg-type]
    except TypeError:
        return [*map(_trimmed_value, values)]


def _trimmed_value(value: Json) -> Json:
    if isinstance(value, str):
        value = value.strip()
    return value if value or value is False or value == 0 else None


def bind(profile: Profile, header: Header, ignored: Collection[str] = ()) -> Mapper:
    """Bind a profile to a file's columns; raises InputUnusable for a missing column."""
    # Error cells such as #REF! matter to rules and phones, and are empty elsewhere.
    binder = _Binder(profile.document, header, keeps_errors=True)
    of_values = replace(binder, keeps_errors=False)
    fields = (*profile.at, "fields")
    getters = {
        name: (binder if name == "phone" else of_values).getter(source, (*fields, name))
        for name, source in profile.fields.items()
    }
    if "phone" not in getters:
        raise profile.document.problem(fields, "the profile does not map `phone`")
    skip = tuple(
        BoundRule(rule, binder.first_of([rule.column], (*rule.at, "column")))
        for rule in profile.skip
    )
    if binder.missing:
        told = dict.fromkeys(one.message for one in binder.missing)
        raise binder.missing[0].but(message="; ".join(told))
    ignoring = profile.ignored.union(ignored)
    countries = bind_countries(header, ignoring)
    columns = countries.columns | {
        name: tuple(columns_of(source)) for name, source in profile.fields.items()
    }
    opt_outs = header.opt_outs(ignoring)
    used = profile.columns.union(ignoring, opt_outs, *columns.values())
    getters = countries.getters | getters
    return Mapper(getters, columns, opt_outs, header.unused(used), ignoring, skip)


def bind_by_name(
    header: Header, constants: Mapping[str, str], ignored: Collection[str] = ()
) -> Mapper:
    """Match columns to lead fields by name and alias; InputUnusable without a phone."""
    columns = {
        name: found
        for name, found in header.recognised(ALIASES, ignored).items()
        if name not in constants
    }
    if "phone" not in columns and "phone" not in constants:
        raise InputUnusable(
            f"no column looks like phone numbers; {_shown(header)}",
            hint="rename the column to phone, or name it in a profile (--profile)",
        )
    getters = {
        name: header.first_of(found, keeps_errors=name == "phone")
        for name, found in columns.items()
    }
    countries = bind_countries(header, ignored)
    getters |= countries.getters
    getters |= {name: constant(value) for name, value in constants.items()}
    columns = countries.columns | columns
    opt_outs = header.opt_outs(ignored)
    used = frozenset(ignored).union(opt_outs, *columns.values())
    return Mapper(getters, columns, opt_outs, header.unused(used), frozenset(ignored))


def bind_countries(header: Header, ignored: Collection[str] = ()) -> Mapper:
    """Match columns that give the region of a phone, by name and alias."""
    columns = header.recognised(COUNTRY_ALIASES, ignored)
    getters = {
        name: (header.each_of if name == "phone_country" else header.first_of)(found)
        for name, found in columns.items()
    }
    return Mapper(getters, columns)


@dataclass(eq=False)
class _Binder:
    document: Document
    header: Header
    keeps_errors: bool
    missing: list[InputUnusable] = field(default_factory=list)
    """What is wrong with the columns that the file does not have."""

    def getter(self, source: FieldSource, where: Where) -> Getter:
        """Return a getter for what stands at a place of the profile."""
        match source:
            case str() if template_of(source):
                return self._template(source, where)
            case str():
                return self.first_of([source], where)
            case list():
                return self.first_of(source, where)
            case dict():
                parts = source.items()
                return members({k: self.getter(s, (*where, k)) for k, s in parts})
            case _:
                return self._specified(source)

    def first_of(self, names: Sequence[str], where: Where) -> Getter:
        """Return a getter for the first of these columns that is not empty."""
        ours = (name for name in names if not name.startswith(OWN))
        if present := [name for name in ours if name in self.header.names]:
            return self.header.first_of(present, keeps_errors=self.keeps_errors)
        self.missing.append(self._missing(names, where))
        return constant(None)

    def _template(self, text: str, where: Where) -> Getter:
        literals, columns = template_of(text) or ([], [])
        parts = [self.first_of([column], where) for column in columns]
        if not parts:
            return constant(None)
        # Of a table each cell is a text; of two that share a name, one or none.
        is_text = not self.header.nested and all(
            self.header.names.count(column) == 1 for column in columns
        )
        return template(literals, parts if is_text else [*map(words, parts)])

    def _specified(self, spec: Spec) -> Getter:
        found = constant(spec.value)
        for key in ("column", "columns", "template"):
            if said := getattr(spec, key):
                found = self.getter(said, (*spec.at, key))
        if not spec.map and spec.default is None:
            return found
        folded = {word(key): value for key, value in spec.map.items()}
        return translated(found, folded, spec.default)

    def _missing(self, wanted: Sequence[str], where: Where) -> InputUnusable:
        names = self.header.names
        known = () if looks_like_data(names) else names
        near = next(filter(None, (nearest(one, known) for one in wanted)), "")
        said = ", ".join(repr(short(one)) for one in wanted)
        lacks = f"no column {said}" if len(wanted) == 1 else f"none of {said}"
        return self.document.problem(
            where, f"the file has {lacks}{near}", hint=_shown(self.header)
        )


def _shown(header: Header) -> str:
    """Name a file's columns, unless the first line seems to be somebody's row."""
    if looks_like_data(header.names):
        return "the first line looks like data, not a header (--no-header)"
    return f"columns: {', '.join(repr(short(name)) for name in header.names[:20])}"
