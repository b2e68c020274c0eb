"""Telling how far a run is: live on a terminal, in lines with -v, as events, or not."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from leadctl.cli.events import Events
from leadctl.cli.output import heard
from leadctl.cli.progress_view import ProgressView
from leadctl.importing.forecast import Forecast, forecast
from leadctl.model.leads import Note
from leadctl.reports.terminal import Live, can_be_drawn_on
from leadctl.sources.source import expected_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leadctl.cli.output import Output
    from leadctl.model.progress import Progress
    from leadctl.providers.preflight import PreflightResult
    from leadctl.runs.request import ImportRequest
    from leadctl.sources.source import Source

TICK = 0.12
"""Seconds between two drawings."""

LONG = 5.0
"""Seconds from which a run's forecast is told before it begins."""


@contextmanager
def watched(request: ImportRequest, output: Output) -> Iterator[ImportRequest]:
    """Have a run tell how far it is, in the way that suits whoever listens."""
    told = replace(
        request,
        tell=output.note,
        tell_wait=output.wait,
        tell_preflight=output.preflight,
    )
    if output.events:
        yield Events(output).of(request, forecast_of(request))
        return
    live = not output.quiet and can_be_drawn_on(sys.stderr)
    if not (live or output.verbose):
        yield told
        return
    expected = forecast_of(request)

    def preflight(shown: PreflightResult) -> None:
        output.preflight(shown)
        if expected.seconds >= LONG and not request.resumes:
            output.note(Note("forecast", str(expected)))

    told = replace(told, tell_preflight=preflight)
    provider = request.account.provider.name
    view = ProgressView(provider, expected, dry_run=request.access is None)
    if live:
        with _drawn(view, told, output) as drawn:
            yield drawn
    else:
        yield replace(told, tell_progress=_Lines(view, output).progress)


@contextmanager
def looked_through(sources: Sequence[Source]) -> Iterator[Callable[[Progress], None]]:
    """Draw how far files are read that are only looked at."""
    if not can_be_drawn_on(sys.stderr):
        yield lambda _progress: None
        return
    view = ProgressView("", Forecast(expected_rows(sources)), dry_run=True)
    painter = _Painter(view, Live(sys.stderr))
    try:
        yield painter.hear
    finally:
        painter.end()


def forecast_of(request: ImportRequest) -> Forecast:
    """Say what the order will take; without requests, where none will be made."""
    plan = request.plan
    rows = expected_rows(plan.sources, plan.skip, plan.limit)
    if request.access is None:
        return Forecast(rows)
    return forecast(rows, plan.batch_size, request.account.limits)


class _Lines:
    """A line every few seconds, where nobody looks at a terminal."""

    def __init__(self, view: ProgressView, output: Output) -> None:
        self._view = view
        self._output = output
        self._interval = float(os.environ.get("LEADCTL_PROGRESS_INTERVAL", "10"))
        self._next = time.monotonic() + self._interval

    def progress(self, progress: Progress) -> None:
        self._view.hear(progress)
        if time.monotonic() >= self._next:
            self._output.detail(self._view.line())
            self._next = time.monotonic() + self._interval


@contextmanager
def _drawn(
    view: ProgressView, request: ImportRequest, output: Output
) -> Iterator[ImportRequest]:
    """Draw the view while the run is on; what else is said goes above it."""
    painter = _Painter(view, Live(sys.stderr))

    def note(note: Note) -> None:
        with painter.aside():
            request.tell(note)

    def wait(seconds: float, why: str) -> None:
        if output.verbose or not painter.is_on:
            with painter.aside():
                request.tell_wait(seconds, why)

    try:
        told = replace(request, tell=note, tell_wait=wait)
        yield replace(told, tell_progress=painter.hear)
    finally:
        painter.end()


class _Painter:
    """Draws a view again and again, in a thread of its own, from its first news on."""

    def __init__(self, view: ProgressView, live: Live) -> None:
        self._view = view
        self._live = live
        self._turn = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._paint, daemon=True)

    @property
    def is_on(self) -> bool:
        return self._thread.ident is not None

    def hear(self, progress: Progress) -> None:
        self._view.hear(progress)
        if not self.is_on:
            self._thread.start()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let something else be written where the view was; it comes back below."""
        with self._turn:
            with heard(sys.stderr):
                self._live.erase()
            yield

    def end(self) -> None:
        self._ended.set()
        if self.is_on:
            self._thread.join()
        with self.aside():
            pass

    def _paint(self) -> None:
        while not self._ended.wait(TICK):
            width, letters = self._live.width, self._live.plain_letters
            lines = [*self._view.lines(width, plain_letters=letters)]
            with self._turn, heard(sys.stderr):
                self._live.draw(lines)
