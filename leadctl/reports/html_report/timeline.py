"""The run over time: its progress, waits and requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.model.wording import count
from leadctl.reports import time_text
from leadctl.reports.html_report.markup import (
    Markup,
    folded,
    joined,
    labelled,
    section,
    table,
    tag,
    timeline_chart,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.reports.run_timeline import RunTimeline

MOST = 10
"""Kinds of waits to list."""


def over_time(timeline: RunTimeline, *, several: bool) -> Markup:
    """Return the progress in words; chart, waits and requests are collapsed."""
    if not timeline.requests:
        return section("Progress", tag("p", "No requests were made."))
    return section(
        "Progress",
        tag("p", " ".join(_in_words(timeline))),
        _pictured(timeline),
        _waits(timeline),
        _requests(timeline, several=several),
    )


def _pictured(timeline: RunTimeline) -> Markup:
    if len(timeline.points) < 2:
        return Markup()
    end = timeline.points[-1]
    legend = [labelled("delivered", "delivered")]
    if end.answered > end.delivered:
        legend.append(labelled("settled", "answered, not delivered"))
    if timeline.held:
        legend.append(labelled("wait", "waiting"))
    words = " ".join(_in_words(timeline))
    picture = timeline_chart(timeline, f"Leads answered over time. {words}")
    figure = tag("figure", picture, tag("figcaption", *legend))
    return folded("Leads over time", figure)


def _in_words(timeline: RunTimeline) -> Iterator[str]:
    requests = count(timeline.requests, "request")
    lasted, began = time_text.lasted(timeline.seconds), time_text.clock(timeline.began)
    yield f"{requests} in {lasted}, from {began}."
    if (waited := _waited(timeline)) >= 1:
        yield f"{time_text.lasted(waited)} of that was waiting."
    if len(timeline.points) > 1:
        half = timeline.points[-1].answered / 2
        reached = next(point for point in timeline.points if point.answered >= half)
        lasted = time_text.lasted(reached.second)
        yield f"Half of the leads had an answer after {lasted}."
    for one in timeline.breaks[:3]:
        yield f"It was paused for {time_text.lasted(one.lasted)}, then resumed."


def _waited(timeline: RunTimeline) -> float:
    return sum(wait.seconds for wait in timeline.waits)


def _waits(timeline: RunTimeline) -> Markup:
    rows = [
        (
            wait.why,
            f"{wait.times:,}",
            time_text.lasted(wait.seconds),
            time_text.lasted(wait.longest),
        )
        for wait in timeline.waits[:MOST]
    ]
    if _waited(timeline) < 1:
        return Markup()
    headings = ("Waited for", "Times", "Total", "Longest")
    waited = time_text.lasted(_waited(timeline))
    return folded(f"Waits: {waited}", table("Waits by reason", headings, rows, "-nnn"))


def _requests(timeline: RunTimeline, *, several: bool) -> Markup:
    """List the requests, unremarkable ones in groups; each explanation appears once."""
    if not timeline.groups:
        return Markup()
    rows: list[tuple[str, ...]] = []
    told = {""}
    for cells, outcome, group in timeline.rows(several=several):
        why = group.first.why if group else ""
        small = "" if why in told else tag("small", why)
        told.add(why)
        rows.append((*cells, joined([outcome, small])))
    where = "File: rows" if several else "Rows"
    headings = ("Request", "Left", "Waited", where, "Try", "Took", "Answer")
    used = [place for place in range(7) if any(row[place] for row in rows)]
    shown = table(
        "Requests",
        [headings[place] for place in used],
        [[row[place] for place in used] for row in rows],
        "".join("nnnnnn-"[place] for place in used),
    )
    return folded(f"Requests: {timeline.requests:,}", shown)
