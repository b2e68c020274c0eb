"""Rows as they stand in a file -> the leads that may be sent, and why the others not.

Everything that a row is judged by before the ledger is asked: its shape, the profile's
rules, its fields, suppression lists, the rows before it.
"""

from __future__ import annotations

from collections import Counter
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from leadctl.fitting import Fitter, Unfit
from leadctl.forensics import ROUNDED, damage
from leadctl.job import mapper_of
from leadctl.model import Code, Finding, Leads, Row, Status
from leadctl.phone import Normaliser
from leadctl.seen import Seen
from leadctl.source import expected_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from leadctl.fitting import Fitted
    from leadctl.job import Job
    from leadctl.mapping import Mapper
    from leadctl.model import Block, Cells


class Screened(NamedTuple):
    """The leads of a block, in the order of the file, and the verdicts on the rest."""

    leads: Leads
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
        self._seen = Seen(expected_rows(job.sources, job.skip, job.limit) or 0)
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

    def listed(self, leads: Leads) -> list[bool]:
        """Tell of each lead whether it is on a suppression list."""
        return [key in self._suppressed for key in leads.keys]

    def judge(self, file: int, block: Block) -> Screened:
        """Judge the rows of a block of this file, and give up their cells."""
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
        leads, unfit, repairs = self._fitted(file, numbers, rows)
        # Python hands out memory in the order it came back: cells that go together,
        # before others are read, leave it in order. Without it a row costs 2% more.
        block.cells.clear()
        findings += [
            Finding(numbers[place], Status.REJECTED, one.code, one.reason, one.field)
            for place, one in unfit.items()
        ]
        if self._suppressed:
            leads, listed = parted(leads, self.listed(leads), _LISTED)
            findings += listed
        met = [*map(not_, self._seen.add_all(leads))]
        leads, known = parted(leads, met, _MET)
        findings += known
        if repairs:
            for row in leads.rows:
                self.repairs.update(repairs.get(row, ()))
        return Screened(leads, findings)

    def again(self, file: int, wanted: Collection[int]) -> Leads:
        """Read rows of a file again: the leads that fit, the same bytes as before."""
        numbers, rows, last = [], [], max(wanted)
        for row in self._sources[file].rows():
            if row.number in wanted and isinstance(row, Row):
                numbers.append(row.number)
                rows.append(row.cells)
            if row.number >= last:
                break
        return self._fitter.fitted(numbers, self.mappers[file].table(rows)).leads

    def _fitted(
        self, file: int, numbers: Sequence[int], rows: Sequence[Cells]
    ) -> Fitted:
        table, damage = self.mappers[file].table(rows), self._damage[file]
        odd = {}
        if damage.is_rounded:
            odd = {
                place: Unfit(Code.PHONE_DAMAGED, "phone", ROUNDED)
                for place, phone in enumerate(table.get("phone", ()))
                if damage.includes(phone)
            }
        return self._fitter.fitted(numbers, table, odd)


Verdict: TypeAlias = "tuple[Status, Code, str] | tuple[Status, Code, str, str]"
"""A finding without its row."""

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


def parted(
    leads: Leads, left_out: Sequence[bool], verdict: Verdict
) -> tuple[Leads, list[Finding]]:
    """Return the leads but those left out, and the verdict on each of these."""
    if not any(left_out):
        return leads, []
    findings = [Finding(row, *verdict) for row in compress(leads.rows, left_out)]
    return leads.chosen([*map(not_, left_out)]), findings


def _skipped(
    numbers: Sequence[int], columns: Sequence[str | None]
) -> Iterator[Finding]:
    for number, column in zip(numbers, columns, strict=True):
        if column is not None:
            reason = f"skip_if: column {column!r}"
            yield Finding(number, Status.SUPPRESSED, Code.SKIPPED_BY_RULE, reason)
