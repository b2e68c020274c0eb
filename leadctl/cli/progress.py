"""Reports progress: live on a terminal, as lines with -v, as events, or not at all."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from leadctl.cli.output import heard
from leadctl.cli.progress_view import Live, ProgressView
from leadctl.importing.forecast import Forecast, forecast
from leadctl.ledger.records import utc_text
from leadctl.model.leads import Note, Status
from leadctl.model.progress import Progress
from leadctl.reports.screen import can_be_drawn_on
from leadctl.sources.source import expected_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leadctl.cli.output import Output
    from leadctl.model.leads import Json
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
    rows = expected_rows(plan.sources, plan.job.skip, plan.job.limit)
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


class Events:
    """Writes a line for each event of a run; stderr gets the same as always."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._latest = Progress()

    def of(self, request: ImportRequest, expected: Forecast) -> ImportRequest:
        """Make a run write its events, its forecast first."""
        self._write(
            "forecast",
            rows=expected.rows,
            requests=expected.requests if expected.rows is not None else None,
            seconds=round(expected.seconds, 1) if expected.rows is not None else None,
        )
        return replace(
            request,
            tell=self.note,
            tell_wait=self.wait,
            tell_preflight=self.preflight,
            tell_progress=self.progress,
        )

    def note(self, note: Note) -> None:
        self._output.note(note)
        self._write("note", code=note.code, count=note.count, message=note.message)

    def wait(self, seconds: float, why: str) -> None:
        self._output.wait(seconds, why)
        self._write("wait", seconds=round(seconds, 3), reason=why)

    def preflight(self, preflight: PreflightResult) -> None:
        self._output.preflight(preflight)
        parts: dict[str, Json] = {
            name: {"verdict": shown.verdict.value, "message": shown.message}
            for name, shown in preflight.parts().items()
        }
        self._write("probe", **parts, name=preflight.name, state=preflight.state)

    def progress(self, progress: Progress) -> None:
        """Write numbers that changed; waiting for the next request is no change."""
        now = progress._replace(wait=0.0, why="", is_all_read=False)
        if now == self._latest:
            return
        self._latest = now
        self._write(
            "progress",
            rows_read=now.read,
            rows_sent=now.sent,
            requests=now.requests,
            **{status.value: now.counts.get(status, 0) for status in Status},
        )

    def _write(self, event: str, **facts: Json) -> None:
        at = utc_text(datetime.now(UTC))
        self._output.document({"event": event, "at": at, **facts})
