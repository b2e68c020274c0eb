"""Puts leads into the columns in which a batch has them."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from leadctl.model.leads import Leads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadctl.model.leads import Lead


def in_columns(leads: Iterable[Lead]) -> Leads:
    every = [*leads]
    names = dict.fromkeys(name for lead in every for name in lead.wire)
    return Leads(
        [lead.row for lead in every],
        [lead.phone.wire for lead in every],
        [lead.phone.key for lead in every],
        {name: [lead.wire.get(name) for lead in every] for name in names},
        [*zip_longest(*(lead.digests for lead in every))] or [[None] * len(every)],
    )
