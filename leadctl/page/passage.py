"""How the run went: its course over time, its waits, its requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl import spans
from leadctl.course import NOTABLE
from leadctl.page.charts import course_chart, labelled
from leadctl.page.markup import Markup, joined, section, table, tag
from leadctl.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.course import Course
    from leadctl.stretches import Stretch

MOST = 50
"""Kinds of waits that are listed."""


def course(course: Course) -> Markup:
    if not course.requests:
        says = "No request was made: there was nothing to send."
        return section("How it went", tag("p", says))
    words = " ".join(_in_words(course))
    if len(course.points) < 2:
        return section("How it went", tag("p", words))
    end = course.points[-1]
    legend = [labelled("delivered", "delivered")]
    if end.answered > end.delivered:
        legend.append(labelled("settled", "answered, not delivered"))
    if course.held:
        legend.append(labelled("wait", "waiting"))
    picture = course_chart(course, f"Leads settled over time. {words}")
    return section(
        "How it went",
        tag("p", words),
        tag("figure", picture, tag("figcaption", *legend)),
    )


def _in_words(course: Course) -> Iterator[str]:
    requests = count(course.requests, "request")
    lasted, began = spans.lasted(course.seconds), spans.clock(course.began)
    yield f"{requests} in {lasted}, from {began}."
    if len(course.points) > 1:
        half = course.points[-1].answered / 2
        reached = next(point for point in course.points if point.answered >= half)
        yield f"Half of the leads were settled after {spans.lasted(reached.second)}."
    if (waited := _waited(course)) >= 1:
        yield f"{spans.lasted(waited)} of it were spent waiting."
    for one in course.breaks[:3]:
        yield f"It stood still for {spans.lasted(one.lasted)} and was resumed."


def _waited(course: Course) -> float:
    return sum(wait.seconds for wait in course.waits)


def waits(course: Course) -> Markup:
    rows = [
        (
            wait.why,
            f"{wait.times:,}",
            spans.lasted(wait.seconds),
            spans.lasted(wait.longest),
        )
        for wait in course.waits[:MOST]
    ]
    if _waited(course) < 1:
        return Markup()
    headings = ("Waited for", "Times", "In all", "Longest")
    return section("Waits", table("What was waited for", headings, rows, "-nnn"))


def requests(course: Course, *, several: bool) -> Markup:
    """List them, those with nothing to tell folded; an explanation stands once."""
    if not course.stretches:
        return Markup()
    rows: list[tuple[str, ...]] = []
    told: set[str] = set()
    for place, stretch in enumerate(course.stretches):
        if place == course.told_first and course.untold:
            rows.append(("…", *("",) * 5, f"{course.untold:,} more"))
        why = "" if stretch.first.why in told else stretch.first.why
        told.add(why)
        if stretch.stood_still:
            still = f"stood still for {spans.lasted(stretch.stood_still)}"
            rows.append((*("",) * 6, still))
        rows.append(_request(stretch, why, several=several))
    where = "File: rows" if several else "Rows"
    headings = ("Request", "Left", "Waited", where, "Try", "Took", "Answer")
    return section("Every request", table("Requests", headings, rows, "nnnnnn-"))


def _request(stretch: Stretch, why: str, *, several: bool) -> tuple[str, ...]:
    first, single = stretch.first, stretch.requests == 1
    took = spans.lasted(stretch.took / stretch.requests)
    return (
        stretch.numbers,
        spans.clock(first.departed),
        spans.lasted(first.held) if single and first.held >= NOTABLE else "",
        f"{first.file + 1}: {stretch.rows}" if several else stretch.rows,
        f"{first.attempt}" if first.attempt > 1 else "",
        "" if first.took is None else took if single else f"⌀ {took}",
        joined([stretch.outcome, tag("small", why) if why else ""]),
    )
