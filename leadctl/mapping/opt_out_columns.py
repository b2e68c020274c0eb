"""Finds the columns that say who must not be called, and the rows they skip."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING, TypeAlias

from leadctl.mapping.do_not_call import (
    LONGEST,
    START,
    Says,
    forbidden_by,
    is_likely,
    is_phrase,
    may_begin_so,
    permitted_by,
)
from leadctl.mapping.getters import Header
from leadctl.mapping.opt_out_headers import About, about
from leadctl.model.lead_fields import ALIASES, plain, word
from leadctl.model.leads import OWN, Note
from leadctl.model.wording import count, short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leadctl.mapping.getters import Getter
    from leadctl.mapping.mapper import Mapper
    from leadctl.model.leads import Cells, Json
    from leadctl.sources.source import Source

MOST = 1000
"""Values of a column that are counted one by one."""
MOST_STARTS = 10_000
_FEW = 6
"""Kinds of values that are named; more are counted."""
_SHORT = 20

_IDENTITY = [
    *("phone", "external_id", "name", "first_name", "last_name", "email", "company")
]
"""Fields whose columns say who somebody is, and nothing else."""


class OptOuts:
    """What the columns of a file say about who must not be called."""

    def __init__(self, source: Source, mapper: Mapper, *, heeds_active: bool) -> None:
        """With `heeds_active`, a row whose `active` is false is held back, too."""
        self._columns = [*_columns(source, mapper)]
        self._active: _Column | None = None
        if heeds_active and (names := mapper.columns.get("active")):
            active, subject = mapper.getters["active"], "which leads are active"
            self._active = _Answers(" or ".join(names), active, permitted_by, subject)
            self._columns.append(self._active)
        self._held: Counter[str] = Counter()

    def held_back(self, rows: Sequence[Cells]) -> list[str | None]:
        """Return for each row the column that says not to call, the first in order."""
        return _names(_held_back(self._columns, rows))

    @property
    def any_known(self) -> bool:
        """Whether a column is about calls by its name, or has held back a row."""
        return any(column.is_known for column in self._columns)

    def refusals(
        self, rows: Sequence[Cells], *, only_known: bool = False
    ) -> list[Cells]:
        """Return the rows in which a person says no; an inactive lead does not."""
        return self._refusals(rows, _held_back(self._chosen(only_known), rows))

    def _refusals(
        self, rows: Sequence[Cells], held: Sequence[_Column | None]
    ) -> list[Cells]:
        return [*compress(rows, (one not in (None, self._active) for one in held))]

    def _chosen(self, only_known: bool) -> list[_Column]:
        return [one for one in self._columns if one.is_known or not only_known]

    def count(self, rows: Sequence[Cells], *, only_known: bool = False) -> list[Cells]:
        """Count what rows say, and return `refusals`."""
        columns = self._chosen(only_known)
        held = _held_back(columns, rows)
        self._held.update(filter(None, _names(held)))
        rest = [*compress(rows, map(not_, held))]
        for column in columns:
            if isinstance(column, _Answers):
                column.count(rest)
        return self._refusals(rows, held)

    def notes(self) -> Iterator[Note]:
        for name, held in self._held.items():
            says, number = (
                ("row says", "this number")
                if held == 1
                else ("rows say", "these numbers")
            )
            shown = short(name)
            yield Note(
                "opt_outs_held_back",
                f"{held:,} {says} in {shown!r} not to call this person; skipped, "
                f"like other rows with {number} "
                f"(--ignore-column {shlex.quote(shown)} sends them)",
                held,
            )
        for column in self._columns:
            if isinstance(column, _Answers):
                yield from column.notes()


def _held_back(
    columns: Sequence[_Column], rows: Sequence[Cells]
) -> list[_Column | None]:
    found: list[_Column | None] = [None] * len(rows)
    for column in reversed(columns):
        for place, holds in enumerate(column.holds_back(rows)):
            if holds:
                found[place] = column
                column.is_known = True
    return found


def _names(columns: Sequence[_Column | None]) -> list[str | None]:
    return [None if column is None else column.name for column in columns]


def _columns(source: Source, mapper: Mapper) -> Iterator[_Column]:
    names, nested = header = Header(source.columns, source.nested)
    known = {alias for name in _IDENTITY for alias in ALIASES[name]}
    named = {column for name in _IDENTITY for column in mapper.columns.get(name, ())}
    parents = {name.rpartition(".")[0] for name in names} if nested else set()
    for name in dict.fromkeys(names):
        if name.startswith(OWN) or name in mapper.ignored:
            continue
        kind = about(name)
        for each in header.getters_of(name):
            getter = partial(_answers, each) if nested else each
            match kind:
                case About.FORBIDS:
                    yield _Answers(name, getter, forbidden_by, "who must not be called")
                case About.CONSENT:
                    subject, tells = "who may be called", name not in parents
                    yield _Answers(name, getter, permitted_by, subject, tells)
                case About.MESSAGES | About.OTHER:
                    if name not in named and plain(name) not in known:
                        texts = partial(_texts, each) if nested else each
                        of_messages = kind is About.MESSAGES
                        yield _Anything(name, texts, of_messages)  # type: ignore[arg-type]  # a table holds texts


@dataclass(eq=False)
class _Answers:
    """A column whose name is about whether to call a person: its `subject`."""

    name: str
    getter: Getter
    judged: Callable[[str], Says]
    subject: str
    tells_empty: bool = False
    is_known: bool = True
    empty: int = 0
    unclear: Counter[str] = field(default_factory=Counter)

    def holds_back(self, rows: Sequence[Cells]) -> Sequence[bool]:
        said = (self.judged(word(cell)) for cell in self.getter(rows))
        return [one is Says.DO_NOT_CALL for one in said]

    def count(self, rows: Sequence[Cells]) -> None:
        """Count values that skip nobody and should be reported."""
        for spelled in map(word, self.getter(rows)):
            said = self.judged(spelled)
            if said is Says.NOTHING:
                self.empty += 1
            elif said is Says.UNCLEAR:
                known = spelled in self.unclear or len(self.unclear) < MOST
                self.unclear[spelled if known else _OTHERS] += 1

    def notes(self) -> Iterator[Note]:
        if unclear := self.unclear.total():
            them = "value is" if unclear == 1 else "values are"
            yield Note(
                "opt_outs_unclear",
                f"column {short(self.name)!r} seems to say {self.subject}, but "
                f"{unclear:,} {them} not understood: {_listed(self.unclear)} "
                "(these rows are sent; skip_if in a profile can skip them)",
                unclear,
                is_warning=True,
            )
        if self.tells_empty and self.empty:
            yield Note(
                "consent_empty",
                f"{short(self.name)!r} is empty in {count(self.empty, 'row')}: "
                "not skipped",
                self.empty,
            )


_OTHERS = "others"


@dataclass(eq=False)
class _Anything:
    """Any other column: whole cells such as `Do Not Call` or `opted out`."""

    name: str
    texts: Callable[[Sequence[Cells]], Sequence[str]]
    of_messages: bool
    is_known: bool = False
    """Whether it has held back a row."""
    _harmless: set[str] = field(default_factory=set)
    """How texts begin that are no phrase."""
    _labels: set[str] | None = field(default_factory=set)
    """Texts that are no phrase; None if a column has many."""

    def holds_back(self, rows: Sequence[Cells]) -> Sequence[bool]:
        """Tell for each row whether it says not to call; empty if none does."""
        texts = self.texts(rows)
        if self._labels is None:
            return self._begun(texts)
        if self._labels.issuperset(texts):
            return ()
        self._labels.update(texts)
        if len(self._labels) > MOST:
            self._labels = None
            return self._begun(texts)
        held = {*filter(self._is_phrase, self._labels)}
        self._labels -= held
        return [text in held for text in texts] if held else ()

    def _is_phrase(self, text: str) -> bool:
        return len(text) <= LONGEST and is_phrase(text, of_messages=self.of_messages)

    def _begun(self, texts: Sequence[str]) -> Sequence[bool]:
        """Check texts that begin like a phrase, in columns with many values."""
        new = {*map(START, texts)} - self._harmless
        odd = {start for start in new if may_begin_so(start)}
        if len(self._harmless) < MOST_STARTS:
            self._harmless |= new - odd
        if not odd:
            return ()
        return [
            START(text) in odd and is_likely(text) and self._is_phrase(text)
            for text in texts
        ]


_Column: TypeAlias = _Answers | _Anything


def _answers(getter: Getter, rows: Sequence[Cells]) -> list[Json]:
    """Return the values of JSON cells: the item of a list of one, no object."""
    cells = (None if isinstance(cell, dict) else cell for cell in getter(rows))
    return [
        cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in cells
    ]


def _texts(getter: Getter, rows: Sequence[Cells]) -> list[str]:
    """Return the texts of JSON cells: of a list, the item that is a phrase."""
    return [
        cell if isinstance(cell, str) else _phrase_in(cell) for cell in getter(rows)
    ]


def _phrase_in(cell: Json) -> str:
    items = cell if isinstance(cell, list) else []
    texts = [item for item in items if isinstance(item, str)]
    return next(filter(is_phrase, texts), "")


def _listed(words: Counter[str]) -> str:
    """Name values if they are few and short, else return how many there are."""
    if len(words) >= MOST:
        return f"{MOST:,} different words or more"
    if len(words) > _FEW or not all(map(_is_label, words)):
        return count(len(words), "different word")
    return ", ".join(f"{spelled} ({n:,})" for spelled, n in words.most_common())


def _is_label(spelled: str) -> bool:
    return len(spelled) <= _SHORT and sum(map(str.isdigit, spelled)) < 7
