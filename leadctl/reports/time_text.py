"""Formats times and durations for people."""

from __future__ import annotations

from datetime import UTC, datetime

from leadctl.model.wording import duration


def clock(moment: float) -> str:
    return f"{_local(moment):%H:%M:%S}"


def day(moment: float) -> str:
    return f"{_local(moment):%Y-%m-%d}"


def moment_of(written: str) -> float:
    """Return Unix time of what the ledger writes as ISO 8601."""
    return datetime.fromisoformat(written).timestamp()


def utc(moment: float) -> str:
    """Return what the ledger and the documents write: ISO 8601, UTC."""
    written = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")


def zone(moment: float) -> str:
    """Return the local zone as an offset: UTC, UTC+2, UTC-3:30."""
    offset = _local(moment).strftime("%z")
    hours = f"{int(offset[:3]):+d}" + (f":{offset[3:5]}" if offset[3:5] != "00" else "")
    return "UTC" if hours == "+0" else f"UTC{hours}"


def lasted(seconds: float) -> str:
    """Say how long; below ten seconds more exactly than others: 210 ms, 3.4 s."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return duration(round(seconds))


def _local(moment: float) -> datetime:
    return datetime.fromtimestamp(moment).astimezone()
