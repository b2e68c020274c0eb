"""Renders the progress of a run as words and a bar, redrawn at a terminal."""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadctl.delivery.rate_limiter import PACE
from leadctl.model.leads import DELIVERED, Status
from leadctl.model.progress import Progress
from leadctl.model.wording import count, duration
from leadctl.reports.screen import Screen, Text
from leadctl.reports.table import STYLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO

    from leadctl.importing.forecast import Forecast

SPAN = 60.0
"""Seconds that the speed of a run is measured over."""

MOST_MARKS = 40
"""Length of the bar."""

WIDE = 60
"""Columns from which there is room beside the bar."""


@dataclass(eq=False)
class ProgressView:
    """The state of one run to show, from its latest events."""

    provider: str
    forecast: Forecast
    dry_run: bool = False
    clock: Callable[[], float] = time.monotonic
    now: Progress = field(default_factory=Progress)
    _marks: deque[tuple[float, int]] = field(default_factory=deque)
    _heard: float = 0.0

    def hear(self, progress: Progress) -> None:
        self._heard = self.clock()
        if not self._marks or self._heard - self._marks[-1][0] >= SPAN / 60:
            self._marks.append((self._heard, progress.settled))
        while len(self._marks) > 1 and self._heard - self._marks[1][0] > SPAN:
            self._marks.popleft()
        self.now = progress

    @property
    def speed(self) -> float:
        """Return the rows settled per second, recently."""
        if not self._marks:
            return 0.0
        moment, settled = self._marks[0]
        elapsed = self.clock() - moment
        return (self.now.settled - settled) / elapsed if elapsed > 0 else 0.0

    @property
    def rows(self) -> int | None:
        """Return the number of all rows: estimated until they are read."""
        if self.now.is_all_read:
            return self.now.read
        return self.forecast.rows and max(self.forecast.rows, self.now.read)

    @property
    def left(self) -> float | None:
        """Return the seconds left, by speed or forecast, if the rows are known."""
        if self.rows is None:
            return None
        rows = max(0, self.rows - self.now.settled)
        speed = self.speed
        if speed > 0:
            return rows / speed
        return self.forecast.seconds * rows / (self.rows or 1) or None

    def numbers(self) -> Iterator[tuple[str, str]]:
        """Yield the counts, each with its color."""
        yield f"{self.now.read:,} read", ""
        if self.now.requests:
            yield f"{self.now.sent:,} sent", ""
        for status, style in STYLES.items():
            number = self.now.counts.get(status, 0)
            if number or status is Status.REJECTED:
                is_good = status in DELIVERED
                name = "valid" if self.dry_run and is_good else status.value
                yield f"{number:,} {name}", style if number else ""
        if speed := self.speed:
            yield f"{speed:,.{0 if speed >= 10 else 1}f} rows/s", ""
        if left := self.left:
            yield f"about {duration(left)} left", ""

    def waiting(self) -> str:
        """Say what the run waits for."""
        since = self.clock() - self._heard
        if not self.now.wait:
            is_long = self.now.requests and since >= 1
            why = f"{self.provider}: waiting for an answer, {duration(int(since))}"
            return why if is_long else ""
        pause = max(0.0, self.now.wait - since)
        if self.now.why == PACE:
            return f"{self.provider}: next request in {duration(pause)}"
        return f"waiting {duration(pause)}: {self.now.why}"

    def line(self) -> str:
        """Return everything in one line of text."""
        told = ", ".join(text for text, _style in self.numbers())
        return f"{self.provider}: {told}"

    def lines(self, width: int, *, plain_letters: bool) -> Iterator[Text]:
        """Yield the lines for a terminal of this width."""
        if self.rows:
            yield self._bar(width, plain_letters=plain_letters)
        line = Text()
        for text, style in self.numbers():
            if line.width and line.width + 2 + len(text) > width:
                yield line
                line = Text()
            line.append("  " if line.width else "").append(text, style)
        yield line
        if why := self.waiting():
            yield Text(why, "yellow")

    def _bar(self, width: int, *, plain_letters: bool) -> Text:
        rows = self.rows or 1
        share = min(1.0, self.now.settled / rows)
        done, rest = ("#", "-") if plain_letters else (_HEAVY, _LIGHT)
        legend = f" {share:4.0%}"
        if width >= WIDE:
            about = "" if self.now.is_all_read else "about "
            legend += f" of {about}{count(rows, 'row')}"
        length = max(0, min(MOST_MARKS, width - len(legend)))
        filled = int(share * length)
        bar = Text(done * filled, "green").append(rest * (length - filled), "dim")
        return bar.append(legend)


_HEAVY = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"
_LIGHT = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"


class Live:
    """Lines at the foot of a terminal that are redrawn.

    The cursor stays visible, so that nothing must be restored if the process dies.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._screen = Screen(stream)
        self._drawn: list[int] = []

    @property
    def width(self) -> int:
        """Columns to draw in, without the last, at which some terminals wrap."""
        return max(1, self._screen.width - 1)

    @property
    def plain_letters(self) -> bool:
        """Whether the terminal may be limited to ASCII."""
        return not self._stream.encoding.lower().startswith("utf")

    def draw(self, lines: Sequence[Text]) -> None:
        """Redraw the lines, unless another program has the terminal."""
        if not _is_ours(self._stream):
            self._drawn = []
            return
        end = "" if self.plain_letters else "…"
        most = max(1, self._screen.size.lines - 1)
        fitting = [text.cut(self.width, end) for text in lines[:most]]
        drawn = "\n".join(text.written(self._screen.codes) for text in fitting)
        self._write(self._erasure() + drawn)
        self._drawn = [text.width for text in fitting]

    def erase(self) -> None:
        if self._drawn and _is_ours(self._stream):
            self._write(self._erasure())
        self._drawn = []

    def _erasure(self) -> str:
        """Return the codes that erase the lines, wrapped ones included."""
        width = max(1, self._screen.width)
        lines = sum(max(1, -(-cells // width)) for cells in self._drawn)
        up = f"\x1b[{lines - 1}A" if lines > 1 else ""
        return f"\r{up}\x1b[J" if lines else ""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _is_ours(stream: TextIO) -> bool:
    """Tell whether this process is in the foreground; True where nobody can tell."""
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except OSError:
        return True  # not the controlling terminal
