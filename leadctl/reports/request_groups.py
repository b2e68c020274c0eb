"""Groups requests without anything to report into one line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from leadctl.model import row_set
from leadctl.reports import time_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leadctl.ledger.records import Request

NOTABLE = 0.01
"""Shorter waits, in seconds, are not reported."""
STILL = 60.0
"""Seconds without a request or a wait after which the run counts as stopped."""


def request_groups(requests: Iterable[Request]) -> Iterator[RequestGroup]:
    """Group consecutive requests that were answered at the first try."""
    group: RequestGroup | None = None
    end = math.inf
    for request in requests:
        still = request.departed - request.held - end
        one = RequestGroup.of(request, still if still > STILL else 0.0)
        done = request.departed + (request.took or 0.0)
        end = done if group is None else max(end, done)
        if group and group.goes_on(one):
            group += one
            continue
        if group:
            yield group
        group = one
    if group:
        yield group


def _is_plain(request: Request) -> bool:
    return (
        request.attempt == 1
        and not request.asks
        and not request.trouble
        and request.answered == request.leads
    )


@dataclass(frozen=True)
class RequestGroup:
    """Consecutive requests that are reported as one; mostly a single one.

    `took` is the sum of their seconds; `stood_still` are the seconds before the first
    in which the run was stopped.
    """

    first: Request
    last: Request
    requests: int
    leads: int
    delivered: int
    took: float
    stood_still: float = 0.0

    @classmethod
    def of(cls, request: Request, stood_still: float = 0.0) -> Self:
        took = request.took or 0.0
        counts = (1, request.leads, request.delivered)
        return cls(request, request, *counts, took, stood_still)

    def cells(self, *, several: bool) -> tuple[str, str, str, str, str, str]:
        """Return its table cells, except the outcome.

        With `several` files, the rows have the number of their file in front.
        """
        first, single = self.first, self.requests == 1
        took = time_text.lasted(self.took / self.requests)
        return (
            self.numbers,
            time_text.clock(first.departed),
            time_text.lasted(first.held) if single and first.held >= NOTABLE else "",
            f"{first.file + 1}: {self.rows}" if several else self.rows,
            f"{first.attempt}" if first.attempt > 1 else "",
            "" if first.took is None else took if single else f"⌀ {took}",
        )

    def __add__(self, other: RequestGroup) -> RequestGroup:
        return RequestGroup(
            self.first,
            other.last,
            self.requests + other.requests,
            self.leads + other.leads,
            self.delivered + other.delivered,
            self.took + other.took,
            self.stood_still,
        )

    @property
    def numbers(self) -> str:
        return _span(self.first.name, self.last.name)

    @property
    def rows(self) -> str:
        return _span(*row_set.ends(self.first.rows, self.last.rows))

    def goes_on(self, other: RequestGroup) -> bool:
        """Tell whether the other one can be added to this group."""
        return (
            _is_plain(self.last)
            and _is_plain(other.first)
            and self.last.file == other.first.file
            and not other.stood_still
        )

    @property
    def outcome(self) -> str:
        """The result, in a few words."""
        one = self.first
        if one.took is None:
            return "no answer read"
        said = f"HTTP {one.http}" if one.http else ""
        if one.trouble:
            means = _MEANS.get(one.trouble, one.trouble)
            return f"{said}: {means}" if said else means
        of = "" if self.delivered == self.leads else f" of {self.leads:,}"
        good = f"{self.delivered:,}{of} delivered"
        return f"{said or 'looked up'}: {good}"


_MEANS = {
    "not_processed": "not processed",
    "in_doubt": "in doubt",
    "cannot_ask": "look-up failed",
    "refused": "batch rejected",
    "access_denied": "key rejected",
    "campaign_closed": "campaign not open",
    "unusable": "not an answer of this API",
}
"""Words for the trouble of a request; `Request.why` has the sentence."""


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"
