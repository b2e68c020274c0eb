"""Builds HTML, and charts as SVG; text of others is always escaped."""

from __future__ import annotations

from html import escape
from itertools import count
from typing import TYPE_CHECKING

from leadctl.reports import time_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from leadctl.reports.run_timeline import RunTimeline

EMPTY = frozenset({"meta"})
"""Elements without content and end tag."""


class Markup(str):
    """Text that is markup already; any other text is escaped on insertion."""

    __slots__ = ()


def text(content: str) -> Markup:
    """Escape a text, and make control and direction characters visible."""
    if isinstance(content, Markup):
        return content
    shown = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in content
    )
    return Markup(escape(shown))


def tag(name: str, /, *content: str, **attributes: str | float) -> Markup:
    """Return an element; `class_` and `aria_label` become `class` and `aria-label`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(_shown(value))}"'
        for key, value in attributes.items()
    )
    if name in EMPTY:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{''.join(map(text, content))}</{name}>")


def _shown(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.1f}".removesuffix(".0")


def joined(parts: Iterable[str]) -> Markup:
    return Markup("".join(map(text, parts)))


def table(
    caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: str
) -> Markup:
    """Return a table; the first cell of a row is its heading.

    `numbers` has a letter per column: `n` for numbers, `b` for bars, `-` for others.
    """
    kinds = [_KINDS[letter] for letter in numbers]
    head = joined(
        tag("th", heading, scope="col", class_=kind)
        for heading, kind in zip(headings, kinds, strict=True)
    )
    body = []
    for row in rows:
        first, *others = zip(row, kinds, strict=True)
        cells = [tag("td", cell, class_=kind) for cell, kind in others]
        heading = tag("th", first[0], scope="row", class_=first[1])
        body.append(tag("tr", heading, *cells))
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", head)),
            tag("tbody", *body),
        ),
        class_="scroll",
    )


_KINDS = {"n": "number", "b": "bar", "-": "words"}


def folded(title: str, *content: str) -> Markup:
    """Return a section that is collapsed at first."""
    return tag("details", tag("summary", title), *content)


def section(title: str, *content: str) -> Markup:
    return tag("section", tag("h2", title), *content)


WIDTH, HEIGHT = 720, 230
LEFT, RIGHT, TOP, BOTTOM = 60, 14, 10, 36
FLOOR = HEIGHT - BOTTOM
LANE = 7

TIME_STEPS = (
    *(10**power * digit for power in (-3, -2, -1) for digit in (1, 2, 5)),
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000),
)


def labelled(kind: str, label: str) -> Markup:
    """Return a status after a square in its chart color."""
    box = tag("rect", width=12, height=12, rx=2, class_=f"c-{kind}")
    square = tag("svg", box, viewBox="0 0 12 12", class_="swatch", aria_hidden="true")
    return tag("span", square, f" {label}", class_="status")


def bar(share: float, kind: str) -> Markup:
    """Return a bar as long as a share of the whole, and always visible."""
    return tag(
        "svg",
        _box(0, 0, 100, 10, "c-nothing"),
        _box(0, 0, max(2.0, 100 * share), 10, f"c-{kind}"),
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def timeline_chart(timeline: RunTimeline, description: str) -> Markup:
    """Return a chart of the leads answered over time, with the waits below."""
    points = timeline.points
    plot = _Plot(timeline.seconds * 1.02, points[-1].answered)
    waits = [
        _box(plot.x(a), FLOOR + 3, max(plot.x(b) - plot.x(a), 0.5), LANE, "wait")
        for a, b in timeline.held
    ]
    breaks = [
        tag("line", x1=x, x2=x, y1=TOP, y2=FLOOR, class_="break")
        for x in (plot.x(one.second) for one in timeline.breaks)
    ]
    answered = plot.steps((point.second, point.answered) for point in points)
    delivered = plot.steps((point.second, point.delivered) for point in points)
    return tag(
        "svg",
        tag("title", description),
        *waits,
        *plot.grid(),
        tag("path", d=answered, class_="settled"),
        tag("path", d=delivered, class_="delivered"),
        *breaks,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=description,
    )


class _Plot:
    """Converts seconds and leads to coordinates of the chart."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds or 1.0, max(most, 1)

    def x(self, second: float) -> float:
        return LEFT + min(second / self._seconds, 1.0) * (WIDTH - LEFT - RIGHT)

    def y(self, leads: float) -> float:
        return FLOOR - leads / self._most * (FLOOR - TOP)

    def steps(self, points: Iterable[tuple[float, int]]) -> str:
        """Return the outline of an area that rises with each answer."""
        rise = "".join(
            f"H{self.x(second):.1f}V{self.y(leads):.1f}" for second, leads in points
        )
        return f"M{LEFT} {FLOOR}{rise}H{self.x(self._seconds):.1f}V{FLOOR}Z"

    def grid(self) -> Iterator[Markup]:
        sizes = (10**power * digit for power in count() for digit in (1, 2, 5))
        step = next(size for size in sizes if self._most / size <= 5)
        for leads in range(0, self._most + 1, step):
            y = self.y(leads)
            yield tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid")
            yield tag("text", f"{leads:,}", x=LEFT - 8, y=y + 4, class_="left")
        lasting = next(
            (s for s in TIME_STEPS if self._seconds / s <= 7), TIME_STEPS[-1]
        )
        for number in range(int(self._seconds / lasting + 1e-9) + 1):
            second = number * lasting
            label = time_text.lasted(second).replace(".0 s", " s") if second else "0"
            yield tag("text", label, x=self.x(second), y=HEIGHT - 8, class_="below")


def _box(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    return tag("rect", x=x, y=y, width=width, height=height, class_=kind)
