"""Reads the leads of a part again, as the planner of the run judged them."""

from __future__ import annotations

import json
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from leadctl.importing.judge import Judge
from leadctl.importing.judged import LISTED, Judged, divided
from leadctl.ledger.records import Part
from leadctl.model import row_set
from leadctl.model.errors import InputUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadctl.importing.plan import Rules
    from leadctl.model.leads import Batch, Leads, Malformed, Row


def planned(batch: Batch, digest: Callable[[str], bytes]) -> Part:
    """Return the part of a run that the leads of a batch are."""
    rows = batch.leads.rows
    content = _content(batch.leads, digest)
    return Part(0, batch.file, rows[0], rows[-1], row_set.written(rows), content)


def _content(leads: Leads, digest: Callable[[str], bytes]) -> str:
    """Hash leads, with the ledger's key, as they go on the wire."""
    rows = [*zip(leads.rows, leads.wires(), strict=True)]
    return digest(json.dumps(rows, sort_keys=True)).hex()


ASKED = 500
"""Rows after which a list is asked again, about those of a block."""


class PartJudge(Judge):
    """Judges the rows of one part after another, which a planner has judged before.

    A file is read in one pass while its parts come in order.
    """

    def __init__(self, rules: Rules, digest: Callable[[str], bytes]) -> None:
        super().__init__(rules, digest)
        self._digest = digest
        self._file, self._last = -1, 0
        self._wanted = deque[int]()
        self._found: Iterator[Row | Malformed] = iter(())
        self._rows: list[Row | Malformed] = []

    def turn_to(self, part: Part) -> int:
        """Read a part, and count its leads; InputUnusable if others were planned."""
        if part.file != self._file or part.first <= self._last:
            self._wanted.clear()
            rows = iter(self._wanted.popleft, None)  # more are added with each part
            self._found = self._sources[part.file].rows_at(rows)
        self._file, self._last = part.file, part.last
        self._wanted += row_set.rows(part.rows)
        self._rows = [*islice(self._found, len(self._wanted))]
        leads, _ = self.rebuilt(part.file, self._rows)
        if _content(leads, self._digest) != part.content:
            raise InputUnusable(
                f"{self._sources[part.file].shown}: rows {part.first:,} to "
                f"{part.last:,} differ from the planned ones",
                hint="use the file that was pushed, and the same version of leadctl",
            )
        return len(leads)

    def judged(self, file: int) -> Iterator[Judged]:
        """Ask the suppression list again every ASKED rows: a part can take hours."""
        if file != self._file:
            return
        rows = iter(self._rows)
        while some := [*islice(rows, ASKED)]:
            leads, held_back = self.rebuilt(file, some)
            on_list = [row in held_back for row in leads.rows]
            yield Judged(len(on_list), *divided(leads, on_list, LISTED), {}, [])
