"""Judges rows: the leads that may be sent, and why the others may not.

The only place that does so before the ledger is asked: by a row's shape, the profile's
rules, its fields, suppression lists and the rows before it. A single row
(`preview.py`) is a block of one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING

from leadctl.importing.deduplicator import Deduplicator
from leadctl.importing.judged import (
    LISTED,
    MET,
    OPTED_OUT,
    OPTED_OUT_ELSEWHERE,
    Judged,
    Met,
    WholeFileNeeded,
    divided,
    skipped,
)
from leadctl.importing.opted_out import OptedOut
from leadctl.importing.plan import mappers_of
from leadctl.importing.prescan import Prescan
from leadctl.mapping.lead_builder import FieldError, LeadBuilder
from leadctl.mapping.times import TIMED, is_past
from leadctl.model.lead_fields import COUNTRY_ALIASES
from leadctl.model.leads import Block, Code, Finding, Leads, Row, Status
from leadctl.model.wording import count, listed
from leadctl.phones.column import column_says
from leadctl.phones.countries import countries_of
from leadctl.phones.normalize import Normalizer
from leadctl.phones.reach import reach
from leadctl.phones.rule import ANY_COUNTRY
from leadctl.phones.spreadsheet_damage import ROUNDED
from leadctl.sources.source import expected_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from leadctl.importing.plan import Rules
    from leadctl.mapping.lead_builder import BuiltLeads
    from leadctl.model.leads import Cells, Json, Malformed
    from leadctl.phones.column import ColumnSays
    from leadctl.phones.rule import Numbers
    from leadctl.sources.source import Source


class Judge:
    """Judges the rows of files, in order and once.

    `digest` hashes a lead for the ledger, if one is asked. `keep_decision` is called
    when a phone column decides how its file's numbers are read. Raises InputUnusable
    at once if a file does not match the column mapping.
    """

    def __init__(
        self,
        rules: Rules,
        digest: Callable[[str], bytes] | None = None,
        keep_decision: Callable[[str, ColumnSays], None] = lambda _path, _says: None,
    ) -> None:
        self.rules = rules
        self._keep_decision = keep_decision
        self._sources = rules.sources
        self._region = rules.effective_region
        fields = rules.provider.fields if rules.provider else ()
        self._timed = {one.name: one.wire for one in fields if one.name in TIMED}
        self._normalizers = [
            Normalizer(
                rules.provider.phone_rule if rules.provider else ANY_COUNTRY,
                self._region,
                rules.job.phone_check,
                rules.numbers,
                partial(self._column_decision, file),
            )
            for file in range(len(rules.sources))
        ]
        self._lead_builders = [
            LeadBuilder(rules.provider, normalizer, digest, rules.zone)
            for normalizer in self._normalizers
        ]
        self.mappers = mappers_of(rules)
        self._opted_out = OptedOut(self._region)
        self.prescans = [
            Prescan(rules, source, mapper, self._opted_out)
            for source, mapper in zip(rules.sources, self.mappers, strict=True)
        ]
        expected = expected_rows(rules.sources, rules.job.skip, rules.job.limit)
        self._seen = Deduplicator(expected or 0)
        self.column_decisions: dict[int, ColumnSays | None] = {}
        """What the phone columns said that were asked, by file."""
        self._sees_whole_files = True
        self.children_lost = 0  # processes of `pool.py` that were killed
        self.repairs = Counter[str]()  # of phone cells, by kind
        self._unknown_countries: dict[int, tuple[int, int]] = {}

    @property
    def unplaced(self) -> set[str]:
        """Fields of the rows read so far that the provider does not support."""
        return set[str]().union(*(each.unplaced for each in self._lead_builders))

    def unknown_countries(self) -> Iterator[tuple[Source, str]]:
        """Yield a sentence for each file with unknown countries."""
        read = "write these numbers with + (or give --region)"
        if self._region:
            read = f"read with region {self._region}"
        for file, (first, times) in self._unknown_countries.items():
            columns = self.mappers[file].columns
            names = [name for key in COUNTRY_ALIASES for name in columns.get(key, ())]
            where = f" in {listed(names)}" if names else ""
            named = f"{count(times, 'row')} with no known country{where}"
            yield self._sources[file], f"{named} (for example row {first:,}): {read}"

    def said_by_columns(self) -> dict[str, ColumnSays]:
        """Return by path what the phone columns have decided so far."""
        decisions = self.column_decisions.items()
        return {self._sources[file].recorded: says for file, says in decisions if says}

    def numbers_of_columns(self, files: Iterable[int]) -> Numbers | None:
        """Return the --numbers that equals the decisions for these files, if any."""
        decisions = map(self.column_decisions.get, files)
        options = {says and says.numbers for says in decisions}
        agree = all(normalizer.agrees_with_option for normalizer in self._normalizers)
        return options.pop() if agree and len(options) == 1 else None

    def rules_without_effect(self, *, untold: bool = False) -> Iterator[str]:
        """Yield a sentence for each skip rule with words that matched no row.

        `untold`: without those that were reported before anything was sent.
        """
        for rules in zip(*(mapper.skip for mapper in self.mappers), strict=True):
            unmet = set.intersection(*(rule.unmet for rule in rules))
            if untold:
                unmet -= set.union(*(rule.told for rule in rules))
            if unmet:
                yield rules[-1].objection(unmet)

    def past(self, name: str, leads: Leads) -> list[bool]:
        """Tell for each lead whether the time in a field is past."""
        now, zone = self.rules.now(), self.rules.zone
        column = leads.fields.get(self._timed.get(name, ""), [None] * len(leads))
        return [isinstance(one, str) and is_past(one, now, zone) for one in column]

    def blocks(self, file: int) -> Iterator[Block]:
        """Yield the rows of a file to check (--skip, --limit)."""
        for block in self._sources[file].blocks():
            if (read := self.rules.within(block)) is not None:
                yield read
            elif block.first > self.rules.job.skip:
                return

    def judged(self, file: int) -> Iterator[Judged]:
        for block in self.blocks(file):
            judged = self.judge(file, block)
            # Cells freed together leave memory in order; else a row costs 2% more.
            block.cells.clear()
            yield judged

    def judge(self, file: int, block: Block) -> Judged:
        return self.settled(file, self.examined(file, block))

    def examined(self, file: int, block: Block) -> Judged:
        """Check the rows of a block without those before them."""
        mapper, numbers, rows = self.mappers[file], block.numbers, block.cells
        findings = [
            Finding(row.number, Status.REJECTED, Code.ROW_MALFORMED, row.reason)
            for row in block.malformed
        ]
        opt_outs = self.prescans[file].opt_outs
        for left_out, verdict in (
            (mapper.skipped, (Code.SKIPPED_BY_RULE, "skip_if: column {!r}")),
            (opt_outs.held_back, (Code.OPTED_OUT, OPTED_OUT)),
        ):
            columns = left_out(rows)
            if any(columns):
                findings += skipped(numbers, columns, *verdict)
                kept = [column is None for column in columns]
                numbers, rows = [*compress(numbers, kept)], [*compress(rows, kept)]
        built, held_back, unknown = self._built(file, numbers, rows)
        leads, field_errors, repairs = built
        opted_out = self._opted_out_among(file, rows, field_errors)
        findings += [
            Finding(numbers[place], *OPTED_OUT_ELSEWHERE)
            if place in opted_out
            else Finding(
                numbers[place], Status.REJECTED, one.code, one.reason, one.field
            )
            for place, one in field_errors.items()
        ]
        if held_back:
            on_list = [row in held_back for row in leads.rows]
            leads, found = divided(leads, on_list, LISTED)
            findings += found
        if self._opted_out:
            has_refused = self._opted_out.among(leads.keys)
            leads, found = divided(leads, has_refused, OPTED_OUT_ELSEWHERE)
            findings += found
        read = block.last - block.first + 1
        return Judged(read, leads, findings, repairs, unknown)

    def _opted_out_among(
        self, file: int, rows: Sequence[Cells], places: Collection[int]
    ) -> set[int]:
        """Return the places of rows with an error that another row forbids to call."""
        if not (places and self._opted_out):
            return set()
        reached = self.prescans[file].reached([rows[place] for place in places])
        return {
            place
            for place, ones in zip(places, reached, strict=True)
            if any(map(self._opted_out.includes, ones))
        }

    def settled(self, file: int, examined: Judged) -> Judged:
        """Compare the leads with those before them, and count what was met."""
        read, leads, findings, repairs, unknown = examined
        met = [*map(not_, self._seen.add_all(leads))]
        leads, known = divided(leads, met, MET)
        if repairs:
            for row in leads.rows:
                self.repairs.update(repairs.get(row, ()))
        if unknown:
            first, times = self._unknown_countries.get(file, (unknown[0], 0))
            self._unknown_countries[file] = first, times + len(unknown)
        return Judged(read, leads, findings + known, repairs, unknown)

    @property
    def is_shareable(self) -> bool:
        """Whether other processes can examine rows, without ledger and row numbers."""
        rules, of_ledger = self.rules, self.rules.suppressed.of_ledger
        is_whole = not rules.job.skip and rules.job.limit is None
        return is_whole and (of_ledger is None or of_ledger.is_empty())

    def stand_alone(self) -> None:
        """Examine blocks in a process of its own, without ledger or whole files."""
        suppressed = replace(self.rules.suppressed, of_ledger=None)
        self.rules = replace(self.rules, suppressed=suppressed)
        self._sees_whole_files = False

    def met(self, file: int, skip_values: list[list[Json]]) -> Met:
        agrees = self._normalizers[file].agrees_with_option
        return Met(skip_values, self._lead_builders[file].unplaced, agrees)

    def learn(self, file: int, met: Met) -> None:
        for rule, values in zip(self.mappers[file].skip, met.skip_values, strict=True):
            rule.meet(values)
        self._lead_builders[file].unplaced |= met.unplaced
        if not met.agrees:
            self._normalizers[file].agrees_with_option = False

    def bare(self, examined: Judged) -> Judged:
        """Return leads with what a rehearsal needs of them."""
        leads, timed = examined.leads, self._timed.values()
        fields = {name: leads.fields[name] for name in timed if name in leads.fields}
        return examined._replace(leads=replace(leads, phones=(), fields=fields))

    def again(self, file: int, wanted: Iterable[int]) -> tuple[Leads, set[int]]:
        """Read rows again: valid leads, and the rows that a list holds back now."""
        return self.rebuilt(file, self._sources[file].rows_at(iter(sorted(wanted))))

    def rebuilt(
        self, file: int, found: Iterable[Row | Malformed]
    ) -> tuple[Leads, set[int]]:
        rows = [row for row in found if isinstance(row, Row)]
        numbers, cells = [row.number for row in rows], [row.cells for row in rows]
        built, held_back, _unknown = self._built(file, numbers, cells)
        return built.leads, held_back

    def _built(
        self, file: int, numbers: Sequence[int], rows: list[Cells]
    ) -> tuple[BuiltLeads, set[int], list[int]]:
        """Build leads; also return rows on a list, and rows of unknown countries."""
        table = self.mappers[file].table(rows)
        codes, addresses = (table.pop(name, None) for name in COUNTRY_ALIASES)
        countries, unknown = countries_of(codes, addresses, self._region)
        damage, held_back, odd = self.prescans[file].damage, set[int](), {}
        phones = table.get("phone", [None] * len(numbers))
        if self.rules.suppressed:
            reached = reach(phones, self._region, countries)
            held_back = {*compress(numbers, self.rules.suppressed.held_back(reached))}
        if damage.is_rounded:
            odd = {
                place: FieldError(Code.PHONE_DAMAGED, "phone", ROUNDED)
                for place, phone in enumerate(phones)
                if damage.includes(phone)
            }
        built = self._lead_builders[file].fitted(numbers, table, odd, countries)
        return built, held_back, [numbers[place] for place in unknown]

    def _column_decision(self, file: int) -> ColumnSays | None:
        """Ask the phone column of a file; only once, and only where a cell needs it."""
        if file not in self.column_decisions:
            if not self._sees_whole_files:
                raise WholeFileNeeded
            source, phones = self._sources[file], self.mappers[file].getters["phone"]
            cells = (cell for block in source.blocks() for cell in phones(block.cells))
            earlier = self.rules.earlier_columns.get(source.recorded)
            says = column_says(cells, self._region) or earlier
            self.column_decisions[file] = says
            if says:
                self._keep_decision(source.recorded, says)
        return self.column_decisions[file]
