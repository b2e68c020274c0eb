"""Writes the events of a run as lines of JSON, for scripts; see docs/json-events.md."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from leadctl.ledger.records import utc_text
from leadctl.model.leads import Status
from leadctl.model.progress import Progress

if TYPE_CHECKING:
    from leadctl.cli.output import Output
    from leadctl.importing.forecast import Forecast
    from leadctl.model.leads import Json, Note
    from leadctl.providers.preflight import PreflightResult
    from leadctl.runs.request import ImportRequest


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
