"""The results of judging a block of rows: leads, and findings on the other rows."""

from __future__ import annotations

from dataclasses import replace
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from leadctl.model.leads import Code, Finding, Leads, Status
from leadctl.model.wording import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leadctl.model.leads import Json


class Judged(NamedTuple):
    """The leads of a block, in the order of the file, and findings on its other rows.

    `read` counts all rows. `repairs` names repairs of phone cells by row, `unknown` the
    rows with an unknown country.
    """

    read: int
    leads: Leads
    findings: list[Finding]
    repairs: dict[int, tuple[str, ...]]
    unknown: list[int]

    def behind(self, rows: int) -> Judged:
        """Return the same with each row's number raised by `rows`."""
        leads = replace(self.leads, rows=[row + rows for row in self.leads.rows])
        return Judged(
            self.read,
            leads,
            [one._replace(row=one.row + rows) for one in self.findings],
            {row + rows: repairs for row, repairs in self.repairs.items()},
            [row + rows for row in self.unknown],
        )


Judging: TypeAlias = "Callable[[int], Iterator[Judged]]"
"""Judges a file, block by block."""


class Met(NamedTuple):
    """What a judge in another process met besides leads and findings.

    `skip_values` are those of each skip rule's column. `agrees`: the option `numbers`
    would read the phones as their column does.
    """

    skip_values: list[list[Json]]
    unplaced: set[str]
    agrees: bool


class WholeFileNeeded(Exception):
    """The rows of a block cannot be examined without the rest of their file."""


FindingParts: TypeAlias = "tuple[Status, Code, str] | tuple[Status, Code, str, str]"
"""A finding without its row."""

LISTED = (
    Status.SUPPRESSED,
    Code.ON_SUPPRESSION_LIST,
    "its number is on a suppression list",
    "phone",
)
OPTED_OUT = "column {!r} says not to call this person"
OPTED_OUT_ELSEWHERE = (
    Status.SUPPRESSED,
    Code.OPTED_OUT,
    "another row says not to call this person",
    "phone",
)
MET = (
    Status.DUPLICATE,
    Code.DUPLICATE_IN_FILE,
    "same lead as an earlier row of this run",
    "",
)


def divided(
    leads: Leads, left_out: Sequence[bool], parts: FindingParts
) -> tuple[Leads, list[Finding]]:
    """Return the remaining leads, and a finding for each that is left out."""
    if not any(left_out):
        return leads, []
    findings = [Finding(row, *parts) for row in compress(leads.rows, left_out)]
    return leads.chosen([*map(not_, left_out)]), findings


def skipped(
    numbers: Sequence[int], columns: Sequence[str | None], code: Code, reason: str
) -> Iterator[Finding]:
    for number, column in zip(numbers, columns, strict=True):
        if column is not None:
            said = reason.format(short(column))
            yield Finding(number, Status.SUPPRESSED, code, said)
