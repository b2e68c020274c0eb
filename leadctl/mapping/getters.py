"""Gets the cells of a block of rows by column, and combines them as a profile says."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from leadctl.mapping.opt_out_headers import About, about
from leadctl.model.cell_formats import without_errors
from leadctl.model.lead_fields import plain, word
from leadctl.model.leads import OWN

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from leadctl.model.leads import Cells, Json

Getter: TypeAlias = "Callable[[Sequence[Cells]], Sequence[Json]]"
"""Returns a value for each row's cells; None or a blank text if there is none."""


class Header(NamedTuple):
    """The columns of a file; `nested` allows dotted paths into objects (JSONL)."""

    names: Sequence[str]
    nested: bool

    def getters_of(self, name: str) -> list[Getter]:
        """Return a getter for each column of this name; a table may have several."""
        if self.nested:
            return [_member(name)]
        return [_cell(i) for i, given in enumerate(self.names) if given == name]

    def first_of(self, names: Sequence[str], *, keeps_errors: bool = False) -> Getter:
        """Return a getter for the first of these columns that is not empty.

        Without `keeps_errors`, a spreadsheet's error cells count as empty.
        """
        return self._combined(_first, names, keeps_errors=keeps_errors)

    def each_of(self, names: Sequence[str]) -> Getter:
        """Return a getter for the value of these columns, or a list if they differ."""
        return self._combined(_one_or_all, names)

    def _combined(
        self,
        choose: Callable[[Iterable[Json]], Json],
        names: Sequence[str],
        *,
        keeps_errors: bool = False,
    ) -> Getter:
        found = [getter for name in names for getter in self.getters_of(name)]
        if not (self.nested or keeps_errors):
            found = [*map(_without_errors, found)]
        if len(found) == 1:
            return found[0]

        def combined(rows: Sequence[Cells]) -> list[Json]:
            columns = (getter(rows) for getter in found)
            return [*map(choose, zip(*columns, strict=True))]

        return combined

    def recognised(
        self, known: Mapping[str, Sequence[str]], ignored: Collection[str]
    ) -> dict[str, tuple[str, ...]]:
        """Return for each field the columns whose name is one of its aliases."""
        by_alias: dict[str, list[str]] = {}
        for name in self.names:
            if not name.startswith(OWN) and name not in ignored:
                by_alias.setdefault(plain(name), []).append(name)
        found = {
            field: tuple(name for alias in aliases for name in by_alias.get(alias, ()))
            for field, aliases in known.items()
        }
        return {field: names for field, names in found.items() if names}

    def opt_outs(self, ignored: Collection[str]) -> tuple[str, ...]:
        """Return the columns whose name is about who may be called."""
        return tuple(
            name
            for name in dict.fromkeys(self.names)
            if not name.startswith(OWN)
            and name not in ignored
            and about(name) in (About.FORBIDS, About.CONSENT)
        )

    def unused(self, used: Collection[str]) -> tuple[str, ...]:
        """Return the columns that are not used, neither whole nor in part."""
        parts = {part for name in used for part in self._ways_to(name)}
        return tuple(
            name
            for name in self.names
            if name not in parts
            and not name.startswith(OWN)
            and not any(way in used for way in self._ways_to(name))
        )

    def _ways_to(self, name: str) -> Iterator[str]:
        """Yield a column and the objects that it lies in."""
        yield name
        while self.nested and "." in name:
            name = name.rpartition(".")[0]
            yield name


def _is_blank(value: Json) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _first(values: Iterable[Json]) -> Json:
    return next((value for value in values if not _is_blank(value)), None)


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


def constant(value: Json) -> Getter:
    """Return a getter for the same value in every row."""
    return lambda rows: [value] * len(rows)


def template(literals: Sequence[str], parts: Sequence[Getter]) -> Getter:
    """Return a getter that fills the parts between the literals."""
    pattern = "%s".join(literal.replace("%", "%%") for literal in literals)
    says_something = bool("".join(literals).strip())

    def texts_of(rows: Sequence[Cells]) -> list[str]:
        columns = [cast("Sequence[str]", part(rows)) for part in parts]
        every = [*zip(*columns, strict=True)]
        texts = [" ".join((pattern % parted).split()) for parted in every]
        if says_something:  # even where no part does
            pairs = zip(every, texts, strict=True)
            return [text if "".join(said).strip() else "" for said, text in pairs]
        return texts

    return texts_of


def words(getter: Getter) -> Getter:
    """Return a getter for values as texts."""
    return lambda rows: ["" if v is None else str(v) for v in getter(rows)]


def members(getters: Mapping[str, Getter]) -> Getter:
    """Return a getter for objects of these members, without blank ones."""

    def build(rows: Sequence[Cells]) -> list[Json]:
        built: list[dict[str, Json]] = [{} for _ in rows]
        for key, getter in getters.items():
            for row, value in zip(built, getter(rows), strict=True):
                if not _is_blank(value):
                    row[key] = value.strip() if isinstance(value, str) else value
        return [*built]

    return build


def translated(getter: Getter, table: Mapping[str, Json], default: Json) -> Getter:
    """Return a getter that translates values by a table; `default` is for others."""

    def translation(value: Json) -> Json:
        spelled = word(value)
        if spelled in table:
            return table[spelled]
        # Without a default, a value that the table lacks goes on to the field's check.
        return default if not spelled or (table and default is not None) else value

    known = Memo(translation)

    return lambda rows: known.column(getter(rows))


MOST = 1000
"""Texts whose result a Memo keeps."""


class Memo(dict[str, "Json"]):
    """A function with a cache of its results for texts: 1, 1.0 and true are one key."""

    def __init__(self, function: Callable[[Json], Json]) -> None:
        super().__init__()
        self._function = function

    def __call__(self, value: Json) -> Json:
        return self[value] if isinstance(value, str) else self._function(value)

    def column(self, values: Sequence[Json]) -> list[Json]:
        return [
            self[value] if isinstance(value, str) else self._function(value)
            for value in values
        ]

    def __missing__(self, text: str) -> Json:
        answer = self._function(text)
        if len(self) < MOST:
            self[text] = answer
        return answer
