"""Summarises a run over time: its requests, waits and progress.

The summary has a bounded size for any number of requests.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.reports.request_groups import STILL, request_groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leadctl.ledger.base import RunReader
    from leadctl.ledger.records import Request
    from leadctl.reports.request_groups import RequestGroup


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


@dataclass
class RequestKind:
    """Requests with the same result; `http` is None if no status was read."""

    http: int | None
    trouble: str
    asks: bool
    requests: int = 0
    seconds: float = 0.0
    slowest: float = 0.0

    def add(self, took: float) -> None:
        self.requests += 1
        self.seconds += took
        self.slowest = max(self.slowest, took)


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
    kinds: list[RequestKind] = field(default_factory=list)
    groups: list[RequestGroup] = field(default_factory=list)
    told_first: int = 0
    untold: int = 0


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
    kinds: dict[tuple[int | None, str, bool], RequestKind] = {}
    scale = _Scale(timeline)
    answered = delivered = 0
    for request in requests:
        if request.held:
            wait = waits.setdefault(request.held_for, Wait(request.held_for))
            wait.add(request.held)
            _hold(timeline, scale, request)
        trouble = "no_answer" if request.took is None else request.trouble
        key = (request.http, trouble, request.asks)
        kinds.setdefault(key, RequestKind(*key)).add(request.took or 0.0)
        answered += request.answered
        delivered += request.delivered
        if request.answered:
            moment = scale(request.departed + (request.took or 0.0))
            _add_point(timeline, Point(moment, answered, delivered))
    timeline.waits = sorted(waits.values(), key=lambda wait: -wait.seconds)
    timeline.kinds = sorted(kinds.values(), key=lambda kind: -kind.requests)


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
