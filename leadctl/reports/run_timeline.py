"""Summarises a run over time: its requests, waits and progress.

The summary has a bounded size for any number of requests.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from leadctl.model import row_set
from leadctl.reports import time_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leadctl.ledger.base import RunReader
    from leadctl.ledger.records import Request


@dataclass
class Wait:
    """Why requests were held back, how often, and the seconds in all and at most."""

    why: str
    times: int = 0
    seconds: float = 0.0
    longest: float = 0.0

    def add(self, held: float) -> None:
        self.times += 1
        self.seconds += held
        self.longest = max(self.longest, held)


@dataclass(frozen=True)
class Point:
    """Leads settled and delivered by a moment (seconds since the first request)."""

    second: float
    answered: int
    delivered: int


@dataclass(frozen=True)
class Break:
    """A time in which the run was stopped, left out of the timeline at `second`."""

    second: float
    lasted: float


@dataclass
class RunTimeline:
    """The summary of a run's requests.

    `groups` are all groups, or the first and last ones with `untold` requests left out
    before `groups[told_first]`. `held` are the first and last second of each wait
    longer than a hundredth of the run.
    """

    began: float = 0.0
    seconds: float = 0.0
    requests: int = 0
    breaks: list[Break] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    held: list[tuple[float, float]] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    groups: list[RequestGroup] = field(default_factory=list)
    told_first: int = 0
    untold: int = 0

    def rows(
        self, *, several: bool
    ) -> Iterator[tuple[tuple[str, ...], str, RequestGroup | None]]:
        """Yield the lines of requests: cells, outcome, and the group unless a gap.

        With `several` files, the rows have the number of their file in front.
        """
        for place, group in enumerate(self.groups):
            if place == self.told_first and self.untold:
                yield ("…", *("",) * 5), f"{self.untold:,} more", None
            if group.stood_still:
                paused = f"paused for {time_text.lasted(group.stood_still)}"
                yield ("",) * 6, paused, None
            yield group.cells(several=several), group.outcome, group


def read(run: RunReader, *, first: int = 30, last: int = 10) -> RunTimeline:
    """Read the timeline of a run, in three passes through its requests."""
    timeline = RunTimeline()
    _measure(timeline, run.requests())
    _sum_up(timeline, run.requests())
    _tell(timeline, request_groups(run.requests()), first, last)
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
    waits: dict[str, Wait] = {}
    scale = _Scale(timeline)
    answered = delivered = 0
    for request in requests:
        if request.held:
            wait = waits.setdefault(request.held_for, Wait(request.held_for))
            wait.add(request.held)
            _hold(timeline, scale, request)
        answered += request.answered
        delivered += request.delivered
        if request.answered:
            moment = scale(request.departed + (request.took or 0.0))
            _add_point(timeline, Point(moment, answered, delivered))
    timeline.waits = sorted(waits.values(), key=lambda wait: -wait.seconds)


class _Scale:
    """Converts Unix time to seconds since the first request, without the breaks."""

    def __init__(self, timeline: RunTimeline) -> None:
        self._began = timeline.began
        self._at, self._gone, gone = [0.0], [0.0], 0.0
        for one in timeline.breaks:
            gone += one.lasted
            self._at.append(one.second + gone)
            self._gone.append(gone)

    def __call__(self, moment: float) -> float:
        since = moment - self._began
        return max(0.0, since - self._gone[bisect_right(self._at, since) - 1])


def _hold(timeline: RunTimeline, scale: _Scale, request: Request) -> None:
    if request.held >= timeline.seconds / 100 and len(timeline.held) < MOST_HELD:
        span = scale(request.departed - request.held), scale(request.departed)
        timeline.held.append(span)


def _add_point(timeline: RunTimeline, point: Point) -> None:
    """Keep a point; it replaces the last one if that is within one step of its own."""
    points, step = timeline.points, timeline.seconds / MOST_POINTS
    before = points[-2].second if len(points) > 1 else 0.0
    if points and point.second - before < step:
        points[-1] = point
    else:
        points.append(point)


def _tell(
    timeline: RunTimeline, told: Iterator[RequestGroup], first: int, last: int
) -> None:
    begin: list[RequestGroup] = []
    end: deque[RequestGroup] = deque()
    for group in told:
        if len(begin) < first:
            begin.append(group)
            continue
        end.append(group)
        if len(end) > last:
            timeline.untold += end.popleft().requests
    timeline.told_first = len(begin)
    timeline.groups = [*begin, *end]


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
