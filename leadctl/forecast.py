"""What a run will take: rows by the files' size, requests and time by the limits."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from leadctl.source import Format
from leadctl.surveying import content
from leadctl.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadctl.provider import Limits
    from leadctl.source import Source

LOOKED_AT = 1 << 18
"""Bytes of a file whose lines are counted; the rest is taken to be like them."""

ANSWER = 0.5
"""Seconds that a request is taken to need: nobody has measured it yet."""


@dataclass(frozen=True)
class Forecast:
    """About how many rows, and what sending all of them takes; None: not known."""

    rows: int | None
    requests: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        if self.rows is None:
            return "the number of rows shows when they are read"
        return (
            f"about {count(self.rows, 'lead')}, {count(self.requests, 'request')}, "
            f"about {duration(self.seconds)}"
        )


def forecast(rows: int | None, batch_size: int, limits: Limits) -> Forecast:
    """Say what rows take at a provider's pace."""
    if rows is None:
        return Forecast(None)
    requests = ceil(rows / batch_size)
    rate = limits.requests_per_minute
    step = max(
        60.0 / rate if rate else 0.0,
        (limits.min_interval + ANSWER) / limits.concurrency,
    )
    seconds = (requests - 1) * step + ANSWER if requests else 0.0
    return Forecast(rows, requests, seconds)


def expected_rows(
    sources: Iterable[Source], skip: int = 0, limit: int | None = None
) -> int | None:
    """Estimate the data rows of files; None where one of them cannot be estimated."""
    expected = 0
    for source in sources:
        rows = _rows(source)
        if rows is None:
            return None
        rows = max(0, rows - skip)
        expected += rows if limit is None else min(rows, limit)
    return expected


def _rows(source: Source) -> int | None:
    """Count the lines of a file's beginning; a cell may hold some, so it is a guess."""
    if source.format is Format.XLSX:
        return None
    try:
        with content(source.path, source.size) as opened:
            start = opened.file.read(LOOKED_AT)
    except OSError:
        return None
    lines = (start.count(b"\n") or start.count(b"\r")) + (start[-1:] not in b"\r\n")
    if source.size > len(start):
        lines = round(lines * source.size / len(start))
    return max(0, lines - source.preamble - source.header)


def duration(seconds: float) -> str:
    """Write seconds for people: `6 s`, `4 min`, `1 h 5 min`."""
    whole = ceil(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
