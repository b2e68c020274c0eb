"""Reports progress: live on a terminal, as lines with -v, as events, or not at all."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from leadctl.cli.output import heard
from leadctl.cli.progress_view import ProgressView
from leadctl.importing.forecast import Forecast, forecast
from leadctl.model.leads import Note
from leadctl.reports.screen import can_be_drawn_on
from leadctl.reports.terminal import Live
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
"""Shorter forecasts, in seconds, are not printed before a run."""


@contextmanager
def watched(request: ImportRequest, output: Output) -> Iterator[ImportRequest]:
    """Report a run's progress in the form that suits its reader."""
    told = replace(
        request,
        tell=output.note,
        tell_wait=output.wait,
        tell_preflight=output.preflight,
    )
    if output.events:
        from leadctl.cli.events import Events

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
    view = ProgressView(provider, expected, dry_run=not request.sends)
    if live:
        with _drawn(view, told, output) as drawn:
            yield drawn
    else:
        yield replace(told, tell_progress=_Lines(view, output).progress)


@contextmanager
def looked_through(sources: Sequence[Source]) -> Iterator[Callable[[Progress], None]]:
    """Show the progress of reading files that are only inspected."""
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
    """Return how long the run will take; without requests for a dry run."""
    plan = request.plan
    rows = expected_rows(plan.sources, plan.skip, plan.limit)
    if not request.sends:
        return Forecast(rows)
    return forecast(rows, plan.batch_size, request.account.limits)


class _Lines:
    """Prints a line every few seconds, without a terminal."""

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
    """Draw the view during the run; other output goes above it."""
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
    """Redraws a view in its own thread, once there is something to show."""

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
        """Let other output be written above, and draw the view again below it."""
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
