"""Summarises a run over time, in bounded size: its requests, waits and progress."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Self

from leadctl.model import row_set
from leadctl.reports import time_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from leadctl.ledger.base import RunReader
    from leadctl.ledger.records import Request


@dataclass
class Wait:
    """Why requests were held back, how often, and the seconds in all and at most."""

    why: str
    times: int = 0
    seconds: float = 0.0
    longest: float = 0.0


class Point(NamedTuple):
    """Leads settled and delivered by a moment (seconds since the first request)."""

    second: float
    answered: int
    delivered: int


class Break(NamedTuple):
    """A time in which the run was stopped, left out of the timeline at `second`."""

    second: float
    lasted: float


@dataclass
class RunTimeline:
    """The summary of a run's requests.

    If there are `several` files, rows are shown with the number of theirs. `groups` are
    all groups, or the first and last ones with `omitted` requests between. `held` are
    the first and last second of each wait longer than a hundredth of the run.
    """

    several: bool = False
    began: float = 0.0
    seconds: float = 0.0
    requests: int = 0
    breaks: list[Break] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    held: list[tuple[float, float]] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    groups: list[RequestGroup] = field(default_factory=list)
    omitted: int = 0

    def rows(self) -> Iterator[tuple[tuple[str, ...], str, RequestGroup | None]]:
        """Yield the lines of requests: cells, outcome, and the group unless a gap."""
        for place, group in enumerate(self.groups):
            if place == MOST_FIRST and self.omitted:
                yield ("…", *("",) * 5), f"{self.omitted:,} more", None
            if group.stood_still:
                paused = f"paused for {time_text.lasted(group.stood_still)}"
                yield ("",) * 6, paused, None
            yield group.cells(several=self.several), group.outcome, group


def read(run: RunReader) -> RunTimeline:
    """Read the timeline of a run, in three passes through its requests."""
    timeline = RunTimeline(several=len(run.files()) > 1)
    _measure(timeline, run.requests())
    _sum_up(timeline, run.requests())
    _choose(timeline, request_groups(run.requests()))
    return timeline


def _measure(timeline: RunTimeline, requests: Iterable[Request]) -> None:
    """Measure how long the run ran, without the breaks."""
    end = gone = 0.0
    for request in requests:
        begin = request.departed - request.held
        if not timeline.requests:
            timeline.began = end = begin
        if begin - end > STILL:
            timeline.breaks.append(Break(end - timeline.began - gone, begin - end))
            gone += begin - end
        end = max(end, request.departed + (request.took or 0.0))
        timeline.requests += 1
    timeline.seconds = end - timeline.began - gone


MOST_POINTS = 160
MOST_HELD = 200


def _sum_up(timeline: RunTimeline, requests: Iterable[Request]) -> None:
    """Add up waits and leads; a point replaces one that is less than a step before."""
    waits: dict[str, Wait] = {}
    points, scale = timeline.points, _scale(timeline)
    answered = delivered = 0
    for request in requests:
        if request.held:
            wait = waits.setdefault(request.held_for, Wait(request.held_for))
            wait.times += 1
            wait.seconds += request.held
            wait.longest = max(wait.longest, request.held)
        is_long = request.held and request.held >= timeline.seconds / 100
        if is_long and len(timeline.held) < MOST_HELD:
            span = scale(request.departed - request.held), scale(request.departed)
            timeline.held.append(span)
        answered += request.answered
        delivered += request.delivered
        if request.answered:
            moment = scale(request.departed + (request.took or 0.0))
            before = points[-2].second if len(points) > 1 else 0.0
            if points and moment - before < timeline.seconds / MOST_POINTS:
                points.pop()
            points.append(Point(moment, answered, delivered))
    timeline.waits = sorted(waits.values(), key=lambda wait: -wait.seconds)


def _scale(timeline: RunTimeline) -> Callable[[float], float]:
    """Return what converts Unix time to seconds of the run, without the breaks."""
    ends, skipped = [0.0], [0.0]
    for one in timeline.breaks:
        skipped.append(skipped[-1] + one.lasted)
        ends.append(one.second + skipped[-1])

    def second(moment: float) -> float:
        since = moment - timeline.began
        return max(0.0, since - skipped[bisect_right(ends, since) - 1])

    return second


def _choose(timeline: RunTimeline, groups: Iterator[RequestGroup]) -> None:
    timeline.groups = [*islice(groups, MOST_FIRST)]
    last: deque[RequestGroup] = deque()
    for group in groups:
        last.append(group)
        if len(last) > MOST_LAST:
            timeline.omitted += last.popleft().requests
    timeline.groups += last


MOST_FIRST = 30
MOST_LAST = 10
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
        """Return its table cells, except the outcome; see `RunTimeline.rows`."""
        first, single = self.first, self.requests == 1
        took = time_text.lasted(self.took / self.requests)
        rows = _span(*row_set.ends(first.rows, self.last.rows))
        return (
            _span(first.name, self.last.name),
            time_text.clock(first.departed),
            time_text.lasted(first.held) if single and first.held >= NOTABLE else "",
            f"{first.file + 1}: {rows}" if several else rows,
            f"{first.attempt}" if first.attempt > 1 else "",
            "" if first.took is None else took if single else f"⌀ {took}",
        )

    def __add__(self, other: RequestGroup) -> RequestGroup:
        return replace(
            self,
            last=other.last,
            requests=self.requests + other.requests,
            leads=self.leads + other.leads,
            delivered=self.delivered + other.delivered,
            took=self.took + other.took,
        )

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
