"""Reads the phone numbers of rows that need attention from their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leadctl.importing.plan import mapper_of
from leadctl.model.leads import Row, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.importing.plan import Plan
    from leadctl.ledger.base import RunReader

TO_LOOK_AT = frozenset({Status.REJECTED, Status.FAILED, Status.UNKNOWN})


class Contact(NamedTuple):
    """A row with its number as written in the file; `file` counts from 0."""

    file: int
    row: int
    phone: str
    status: Status
    reason: str


def callback_list(run_reader: RunReader, plan: Plan) -> Iterator[Contact]:
    """Yield the rows that need attention, in the order of files and rows."""
    for ordinal, source in enumerate(plan.sources):
        mapper, rows = mapper_of(source, plan), source.rows()
        for verdict in run_reader.verdicts(ordinal):
            if verdict.status not in TO_LOOK_AT:
                continue
            found = next(row for row in rows if row.number == verdict.row)
            values = mapper.one_row(found.cells) if isinstance(found, Row) else {}
            phone = str(values.get("phone", ""))
            yield Contact(ordinal, verdict.row, phone, verdict.status, verdict.reason)
