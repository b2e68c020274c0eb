"""Formats times and durations for people."""

from __future__ import annotations

from datetime import UTC, datetime

from leadctl.model.wording import duration


def clock(moment: float) -> str:
    return f"{_local(moment):%H:%M:%S}"


def moment(seconds: float) -> str:
    """Format a Unix time: 2026-03-01 09:30:00."""
    return f"{_local(seconds):%Y-%m-%d %H:%M:%S}"


def when(written: str) -> str:
    """Return day and time of a moment that is written in UTC."""
    return moment(moment_of(written))


def long(seconds: float) -> str:
    """Format a Unix time with its zone: 2026-03-01 09:30:00 (UTC+1)."""
    return f"{moment(seconds)} ({zone(seconds)})"


def moment_of(written: str) -> float:
    """Return the Unix time of an ISO 8601 time of the ledger."""
    return datetime.fromisoformat(written).timestamp()


def utc(moment: float) -> str:
    """Return an ISO 8601 time in UTC, as in the ledger and in JSON."""
    written = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")


def zone(moment: float) -> str:
    """Return the offset of the local zone: UTC, UTC+2, UTC-3:30."""
    offset = _local(moment).strftime("%z")
    hours = f"{int(offset[:3]):+d}" + (f":{offset[3:5]}" if offset[3:5] != "00" else "")
    return "UTC" if hours == "+0" else f"UTC{hours}"


def lasted(seconds: float) -> str:
    """Format seconds; below ten seconds with two digits: 210 ms, 3.4 s."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return duration(round(seconds))


def _local(moment: float) -> datetime:
    return datetime.fromtimestamp(moment).astimezone()
