"""Reads the leads of a part again, as the planner of the run judged them."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING

from leadctl.importing.importer import DeliveryHistory, Importer
from leadctl.importing.judged import LISTED
from leadctl.model import row_set
from leadctl.model.errors import InputUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadctl.importing.judge import Judge
    from leadctl.importing.plan import Plan
    from leadctl.ledger.postgres.parts import PartWriter
    from leadctl.ledger.records import Part, Unfinished
    from leadctl.model.leads import Block, Leads


def content_hash(leads: Leads, digest: Callable[[str], bytes]) -> bytes:
    """Hash leads, with the ledger's key, as they go on the wire."""
    rows = [*zip(leads.rows, leads.wires(), strict=True)]
    return digest(json.dumps(rows, sort_keys=True))


class PartReader:
    """Reads parts of a run's files: in one pass, while they come in their order."""

    def __init__(self, judge: Judge, digest: Callable[[str], bytes]) -> None:
        self.judge = judge
        self._digest = digest
        self._file = -1
        self._block: Block | None = None
        self._blocks: Iterator[Block] = iter(())

    def leads(self, part: Part) -> tuple[Leads, set[int]]:
        """Return a part's leads, and the rows that a suppression list holds back now.

        Raises InputUnusable if they differ from the planned leads.
        """
        wanted = {*row_set.rows(part.rows)}
        numbers, cells = [], []
        for block in self._up_to(part):
            for number, row in zip(block.numbers, block.cells, strict=True):
                if number in wanted:
                    numbers.append(number)
                    cells.append(row)
        leads, held_back = self.judge.rebuilt(part.file, numbers, cells)
        if content_hash(leads, self._digest) != part.content:
            source = self.judge.rules.sources[part.file]
            raise InputUnusable(
                f"{source.shown}: rows {part.first:,} to {part.last:,} differ from the "
                "planned ones",
                hint="use the file that was pushed, and the same version of leadctl",
            )
        return leads, held_back

    def _up_to(self, part: Part) -> Iterator[Block]:
        """Yield the blocks that hold a part's rows; the last may begin the next one."""
        kept = self._block
        if part.file != self._file or (kept and part.first < kept.first):
            self._file, kept = part.file, None
            self._blocks = self.judge.blocks(part.file)
        for block in chain([kept] if kept else [], self._blocks):
            self._block = block
            if block.last >= part.first:
                yield block
            if block.last >= part.last:
                return


class PartImporter(Importer):
    """Sends the leads of one part, which have been read; its other rows are judged."""

    def __init__(  # noqa: PLR0913  as an importer, and what was read
        self,
        plan: Plan,
        part_writer: PartWriter,
        judge: Judge,
        leads: Leads,
        held_back: set[int],
        unfinished: Unfinished | None,
    ) -> None:
        known = DeliveryHistory(None)
        super().__init__(plan, part_writer, known, unfinished, judge=judge)
        self._part_leads = leads, held_back
        file = part_writer.part.file
        self._streams = [(file, self._fresh(file))]

    def _leads(self, file: int) -> Iterator[Leads]:
        leads, held_back = self._part_leads
        accounted = self._accounted.get(file) or ()
        leads = leads.chosen([row not in accounted for row in leads.rows])
        on_list = [row in held_back for row in leads.rows]
        yield self._divided(file, leads, on_list, LISTED)
