"""Rows as they stand in a file -> the leads that may be sent, and why the others not.

Everything that a row is judged by before the ledger is asked: its shape, the profile's
rules, its fields, suppression lists, the rows before it.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING, NamedTuple

from leadctl.fitting import Fitter, Unfit
from leadctl.forensics import ROUNDED, damage
from leadctl.job import mapper_of
from leadctl.model import Code, Finding, Lead, Row, Status
from leadctl.phone import Normaliser
from leadctl.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from leadctl.job import Job
    from leadctl.mapping import Mapper, Table
    from leadctl.model import Block, Cells


ROW = 50
"""Bytes of a row, more or less."""


class Screened(NamedTuple):
    """The leads of a block, in the order of the file, and the verdicts on the rest."""

    leads: list[Lead]
    findings: list[Finding]


class Screen:
    """Judges the rows of a job's files, which come to it in order and once.

    `digest` is what leads are known by in the ledger. Raises InputUnusable at once
    where a file does not fit the map.
    """

    def __init__(self, job: Job, digest: Callable[[str], bytes]) -> None:
        self._sources = job.sources
        normalise = Normaliser(
            job.provider.phone_rule, job.effective_region, job.phone_check
        )
        self._fitter = Fitter(job.provider, normalise, digest)
        self.mappers: list[Mapper] = [
            mapper_of(source, job.profile, job.constants) for source in job.sources
        ]
        self._damage = [
            damage(source, mapper)
            for source, mapper in zip(job.sources, self.mappers, strict=True)
        ]
        self._suppressed = job.suppressed or frozenset[str]()
        self._seen = Seen(sum(source.size for source in job.sources) // ROW)
        self.repairs: Counter[str] = Counter()
        """What was mended in phone cells, and how often."""
        self._skipped_by: set[str | None] = set()

    @property
    def unplaced(self) -> set[str]:
        """Fields that the rows read so far had and the provider has no place for."""
        return self._fitter.unplaced

    def damages(self) -> Iterator[str]:
        """Yield a sentence for each file whose phones a spreadsheet has cut."""
        for source, found in zip(self._sources, self._damage, strict=True):
            if sentence := str(found):
                yield f"{source.shown}: {sentence}"

    def ruled_in_vain(self) -> list[str]:
        """Name the columns whose skip rules have left out no row so far."""
        columns = {rule[0]: None for mapper in self.mappers for rule in mapper.skip}
        return [name for name in columns if name not in self._skipped_by]

    def is_listed(self, lead: Lead) -> bool:
        """Tell whether a lead is on a suppression list."""
        return lead.phone.key in self._suppressed

    def judge(self, file: int, block: Block) -> Screened:
        """Judge the rows of a block of this file."""
        mapper, numbers, rows = self.mappers[file], block.numbers, block.cells
        findings = [
            Finding(row.number, Status.REJECTED, Code.ROW_MALFORMED, row.reason)
            for row in block.malformed
        ]
        if mapper.skip:
            skipped = mapper.skipped(rows)
            self._skipped_by.update(skipped)
            findings += _skipped(numbers, skipped)
            kept = [column is None for column in skipped]
            numbers, rows = [*compress(numbers, kept)], [*compress(rows, kept)]
        fits = self._fits(file, numbers, rows)
        leads = [fit for fit in fits if isinstance(fit, Lead)]
        if len(leads) < len(fits):
            findings += _unfit(numbers, fits)
        if self._suppressed:
            findings += [
                Finding(lead.row, *_LISTED) for lead in leads if self.is_listed(lead)
            ]
            leads = [lead for lead in leads if not self.is_listed(lead)]
        new = self._seen.add_all(leads)
        if not all(new):
            met = compress(leads, map(not_, new))
            findings += [Finding(lead.row, *_MET) for lead in met]
            leads = [*compress(leads, new)]
        for lead in leads:
            if lead.phone.repairs:
                self.repairs.update(lead.phone.repairs)
        return Screened(leads, findings)

    def again(self, file: int, wanted: Collection[int]) -> list[Lead]:
        """Read rows of a file again: the leads that fit, the same bytes as before."""
        leads, last = [], max(wanted)
        for row in self._sources[file].rows():
            if row.number in wanted and isinstance(row, Row):
                values = self.mappers[file].values(row.cells)
                with suppress(Unfit):
                    leads.append(self._fitter.lead(row.number, values))
            if row.number >= last:
                break
        return leads

    def _fits(
        self, file: int, numbers: Sequence[int], rows: Sequence[Cells]
    ) -> list[Lead | Unfit]:
        table: Table = self.mappers[file].table(rows)
        phones = table.get("phone", [])
        fits = self._fitter.leads(numbers, table)
        if self._damage[file].is_rounded:
            for place, phone in enumerate(phones):
                if self._damage[file].includes(phone):
                    fits[place] = Unfit(Code.PHONE_DAMAGED, "phone", ROUNDED)
        return fits


_LISTED = (
    Status.SUPPRESSED,
    Code.ON_SUPPRESSION_LIST,
    "its number is on a suppression list",
    "phone",
)
_MET = (
    Status.DUPLICATE,
    Code.DUPLICATE_IN_FILE,
    "an earlier row of this run is the same lead",
    "",
)


def _unfit(numbers: Sequence[int], fits: Sequence[Lead | Unfit]) -> Iterator[Finding]:
    for number, fit in zip(numbers, fits, strict=True):
        if isinstance(fit, Unfit):
            yield Finding(number, Status.REJECTED, fit.code, fit.reason, fit.field)


def _skipped(
    numbers: Sequence[int], columns: Sequence[str | None]
) -> Iterator[Finding]:
    for number, column in zip(numbers, columns, strict=True):
        if column is not None:
            reason = f"skip_if: column {column!r}"
            yield Finding(number, Status.SUPPRESSED, Code.SKIPPED_BY_RULE, reason)
