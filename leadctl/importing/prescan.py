"""Scans the beginning of a file for facts to report before anything is sent."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from itertools import chain, compress
from operator import not_
from typing import TYPE_CHECKING

from leadctl.mapping.getters import Header
from leadctl.mapping.opt_out_columns import OptOuts
from leadctl.model.errors import InputChanged
from leadctl.model.lead_fields import (
    COUNTRY_ALIASES,
    INSTRUCTIONS,
    FieldInvalid,
    means_none,
)
from leadctl.model.leads import Note
from leadctl.model.wording import count, short
from leadctl.phones.countries import countries_of
from leadctl.phones.reach import reach
from leadctl.phones.spelling import numbers_in
from leadctl.phones.spreadsheet_damage import SpreadsheetDamage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leadctl.importing.opted_out import OptedOut
    from leadctl.importing.plan import Rules
    from leadctl.mapping.getters import Getter
    from leadctl.mapping.mapper import Mapper
    from leadctl.model.lead_fields import Field
    from leadctl.model.leads import Block, Cells, Json
    from leadctl.phones.countries import Countries
    from leadctl.phones.reach import Reach
    from leadctl.phones.spelling import PhoneProblem
    from leadctl.providers.base import Provider
    from leadctl.sources.source import Source

LOOKED_AT = 20_000
"""Rows of a file to examine: reading all of it twice would cost a quarter more. In
the others only opt-outs are counted, if these rows have some."""


class Prescan:
    """The facts found in a file's rows before they are checked."""

    def __init__(
        self, rules: Rules, source: Source, mapper: Mapper, opted_out: OptedOut
    ) -> None:
        """Scan the file; `opted_out` collects everybody whom a row says not to call."""
        self.source = source
        self._opted_out = opted_out
        self._rules = rules
        self._mapper = mapper
        self._region = rules.effective_region
        self._phones = _phone_columns(source, mapper)
        provider = rules.provider
        self._disregarded = [
            name
            for name in INSTRUCTIONS
            if name in mapper.columns and provider and not provider.has_place_for(name)
        ]
        heeds_active = "active" in self._disregarded
        self.opt_outs = OptOuts(source, mapper, heeds_active=heeds_active)
        self.damage = SpreadsheetDamage()
        self._shared_ids = _SharedIds()
        self._altered = _Altered(provider)
        self.rows = 0
        self._listed = 0
        self._sees_all = True
        with suppress(InputChanged):  # a run says so when it comes to the place
            self._look(source)

    def _look(self, source: Source) -> None:
        phones = self._mapper.getters["phone"]
        for block in source.blocks():
            if source.suspicious:
                self.damage = self.damage.plus(phones(block.cells))
            wants_more = self._count(block)
            if not (wants_more or source.suspicious):
                return

    def _count(self, block: Block) -> bool:
        """Count the facts; returns False if the rest of the file need not be read."""
        read = self._rules.within(block)
        if read is not block:  # who says no in any row is not called for another
            refusals = self.opt_outs.refusals(block.cells, only_known=read is None)
            self._opt_out(refusals)
        if read is None:
            return block.last <= self._rules.job.skip or self.opt_outs.any_known
        numbers, rows = read.numbers, read.cells
        self.rows += len(rows)
        if self._mapper.skip:
            kept = [column is None for column in self._mapper.skipped(rows)]
            self._opt_out(self.opt_outs.refusals([*compress(rows, map(not_, kept))]))
            numbers, rows = [*compress(numbers, kept)], [*compress(rows, kept)]
        self._sees_all = block.first - self._rules.job.skip <= LOOKED_AT
        self._opt_out(self.opt_outs.count(rows, only_known=not self._sees_all))
        if not self._sees_all:
            return self.opt_outs.any_known
        self._altered.add(numbers, rows, self._mapper)
        if suppressed := self._rules.suppressed:
            phones = self._mapper.getters["phone"](rows)
            reached = reach(phones, self._region, self._countries(rows))
            self._listed += sum(suppressed.held_back(reached))
        provider = self._rules.provider
        if provider and provider.compares_external_id:
            self._shared_ids.add(numbers, rows, self._mapper)
        return True

    def _opt_out(self, rows: Sequence[Cells]) -> None:
        if rows:
            self._opted_out.add(chain.from_iterable(self.reached(rows)))

    def reached(self, rows: Sequence[Cells]) -> list[list[Reach | PhoneProblem]]:
        """Return for each row whom any number in its phone columns may reach."""
        found: list[list[Reach | PhoneProblem]] = [[] for _ in rows]
        places: list[int] = []
        numbers: list[Json] = []
        for phones in self._phones:
            for place, cell in enumerate(phones(rows)):
                several = numbers_in(cell)
                places += [place] * len(several)
                numbers += several
        countries = self._countries(rows)
        if countries is not None:
            countries = [countries[place] for place in places]
        reached = reach(numbers, self._region, countries)
        for place, one in zip(places, reached, strict=True):
            found[place].append(one)
        return found

    def _countries(self, rows: Sequence[Cells]) -> Countries:
        getters = self._mapper.getters
        codes, addresses = (
            getters[name](rows) if name in getters else None for name in COUNTRY_ALIASES
        )
        return countries_of(codes, addresses, self._region)[0]

    def notes(self) -> Iterator[Note]:
        yield from self.opt_outs.notes()
        for rule in self._mapper.skip:
            if near := rule.near_misses():
                yield Note("rule_without_effect", rule.objection(near), is_warning=True)
        if self._listed:
            where = "" if self._sees_all else f" of the first {LOOKED_AT:,}"
            them = "is" if self._listed == 1 else "are"
            yield Note(
                "on_suppression_list",
                f"{count(self._listed, 'row')}{where} {them} on a suppression list: "
                "not sent",
                self._listed,
            )
        yield from self._shared_ids.notes()
        yield from self._altered.notes()
        for name in self._disregarded:
            columns = " or ".join(repr(short(c)) for c in self._mapper.columns[name])
            title = self._rules.provider.title if self._rules.provider else ""
            yield Note(
                "not_acted_on",
                f"{title} does not support {name} (column {columns}); not sent",
            )


def _phone_columns(source: Source, mapper: Mapper) -> list[Getter]:
    """Return the mapped phone, and each of its columns if there are several."""
    header = Header(source.columns, source.nested)
    names = dict.fromkeys(mapper.columns.get("phone", ()))
    several = [getter for name in names for getter in header.getters_of(name)]
    return [mapper.getters["phone"], *(several if len(several) > 1 else ())]


class _SharedIds:
    """External ids with several numbers."""

    def __init__(self) -> None:
        self._phones: dict[Json, Json] = {}
        """By id, the first phone."""
        self._rows: dict[Json, int] = {}
        """By id, the first row with another phone."""

    def add(
        self, numbers: Sequence[int], rows: Sequence[Cells], mapper: Mapper
    ) -> None:
        if "external_id" not in mapper.getters:
            return
        ids, phones = (mapper.getters[name](rows) for name in ("external_id", "phone"))
        keep = self._phones.setdefault
        for row, identifier, phone in zip(numbers, ids, phones, strict=True):
            if identifier.__hash__ and (first := keep(identifier, phone)) != phone:
                ends = {_end_of(first), _end_of(phone)}
                if len(ends) > 1 and "" not in ends and not means_none(identifier):
                    self._rows.setdefault(identifier, row)

    def notes(self) -> Iterator[Note]:
        if ids := len(self._rows):
            them = "stands" if ids == 1 else "stand"
            yield Note(
                "external_id_shared",
                f"{count(ids, 'external id')} {them} beside several numbers, as in row "
                f"{min(self._rows.values())}: of one id only the first row is sent",
                ids,
                is_warning=True,
            )


class _Altered:
    """Values of which the provider stores only a part."""

    def __init__(self, provider: Provider | None) -> None:
        self._title = provider.title if provider else ""
        fields = provider.fields if provider else ()
        self._fields = [field for field in fields if field.alters]
        self._rows: dict[str, list[int]] = defaultdict(list)

    def add(
        self, numbers: Sequence[int], rows: Sequence[Cells], mapper: Mapper
    ) -> None:
        for field in self._fields:
            if field.name in mapper.getters:
                values = mapper.getters[field.name](rows)
                self._rows[field.name] += [
                    row
                    for row, value in zip(numbers, values, strict=True)
                    if isinstance(value, str) and _is_altered(field, value)
                ]

    def notes(self) -> Iterator[Note]:
        for name, rows in self._rows.items():
            if rows:
                where = f"{count(len(rows), 'row')} (for example row {rows[0]:,})"
                yield Note(
                    "field_altered",
                    f"{self._title} cannot keep all of {name} in {where}: the rest of "
                    "it is sent",
                    len(rows),
                )


def _is_altered(field: Field, value: str) -> bool:
    with suppress(FieldInvalid):
        return field.check(value) != " ".join(value.split())
    return False


def _end_of(phone: Json) -> str:
    """Return the last digits, which do not depend on the spelling of a number."""
    return "".join(filter(str.isdigit, str(phone)))[-7:]
