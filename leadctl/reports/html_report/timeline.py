"""The run over time: its progress, waits and requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.model.wording import count
from leadctl.reports import time_text
from leadctl.reports.html_report.charts import labelled, timeline_chart
from leadctl.reports.html_report.markup import Markup, joined, section, table, tag
from leadctl.reports.run_timeline import NOTABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.reports.request_groups import RequestGroup
    from leadctl.reports.run_timeline import RunTimeline

MOST = 50
"""Kinds of waits that are listed."""


def over_time(timeline: RunTimeline) -> Markup:
    if not timeline.requests:
        says = "No request was made: there was nothing to send."
        return section("How it went", tag("p", says))
    words = " ".join(_in_words(timeline))
    if len(timeline.points) < 2:
        return section("How it went", tag("p", words))
    end = timeline.points[-1]
    legend = [labelled("delivered", "delivered")]
    if end.answered > end.delivered:
        legend.append(labelled("settled", "answered, not delivered"))
    if timeline.held:
        legend.append(labelled("wait", "waiting"))
    picture = timeline_chart(timeline, f"Leads settled over time. {words}")
    return section(
        "How it went",
        tag("p", words),
        tag("figure", picture, tag("figcaption", *legend)),
    )


def _in_words(timeline: RunTimeline) -> Iterator[str]:
    requests = count(timeline.requests, "request")
    lasted, began = time_text.lasted(timeline.seconds), time_text.clock(timeline.began)
    yield f"{requests} in {lasted}, from {began}."
    if len(timeline.points) > 1:
        half = timeline.points[-1].answered / 2
        reached = next(point for point in timeline.points if point.answered >= half)
        lasted = time_text.lasted(reached.second)
        yield f"Half of the leads were settled after {lasted}."
    if (waited := _waited(timeline)) >= 1:
        yield f"{time_text.lasted(waited)} of it were spent waiting."
    for one in timeline.breaks[:3]:
        yield f"It stood still for {time_text.lasted(one.lasted)} and was resumed."


def _waited(timeline: RunTimeline) -> float:
    return sum(wait.seconds for wait in timeline.waits)


def waits(timeline: RunTimeline) -> Markup:
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
    headings = ("Waited for", "Times", "In all", "Longest")
    return section("Waits", table("What was waited for", headings, rows, "-nnn"))


def requests(timeline: RunTimeline, *, several: bool) -> Markup:
    """List them, those with nothing to tell folded; an explanation stands once."""
    if not timeline.groups:
        return Markup()
    rows: list[tuple[str, ...]] = []
    told: set[str] = set()
    for place, group in enumerate(timeline.groups):
        if place == timeline.told_first and timeline.untold:
            rows.append(("…", *("",) * 5, f"{timeline.untold:,} more"))
        why = "" if group.first.why in told else group.first.why
        told.add(why)
        if group.stood_still:
            still = f"stood still for {time_text.lasted(group.stood_still)}"
            rows.append((*("",) * 6, still))
        rows.append(_request(group, why, several=several))
    where = "File: rows" if several else "Rows"
    headings = ("Request", "Left", "Waited", where, "Try", "Took", "Answer")
    return section("Every request", table("Requests", headings, rows, "nnnnnn-"))


def _request(group: RequestGroup, why: str, *, several: bool) -> tuple[str, ...]:
    first, single = group.first, group.requests == 1
    took = time_text.lasted(group.took / group.requests)
    return (
        group.numbers,
        time_text.clock(first.departed),
        time_text.lasted(first.held) if single and first.held >= NOTABLE else "",
        f"{first.file + 1}: {group.rows}" if several else group.rows,
        f"{first.attempt}" if first.attempt > 1 else "",
        "" if first.took is None else took if single else f"⌀ {took}",
        joined([group.outcome, tag("small", why) if why else ""]),
    )
