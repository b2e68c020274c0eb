"""Checks times of leads: their time zone, and whether they are past."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

from leadctl.model.lead_fields import FieldInvalid
from leadctl.model.wording import nearest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from leadctl.model.lead_fields import Check, Field
    from leadctl.model.leads import Json

TIMED = ("scheduled_for", "expires_on")
"""Fields that must not be in the past."""

_LAST_ZONE = timezone(timedelta(hours=-12))
"""The last zone in which a day ends: what is past there is past everywhere."""


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; ValueError with the nearest one."""
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415  rarely needed

    known = available_timezones()
    if name not in known:
        # Three letters resemble too many: IST is not MST.
        near = nearest(name, known) if len(name) > len("EST5EDT") else ""
        raise ValueError(
            f"must be an IANA time zone such as Asia/Kolkata, not {name!r}{near}"
        )
    return ZoneInfo(name)


def check_in(zone: ZoneInfo | None, field: Field) -> Check:
    """Return a field's check; a time without an offset is read in this zone."""
    if zone is None or field.name != "scheduled_for":
        return field.check
    return lambda value: field.check(_with_offset(value, zone))


def _with_offset(value: Json, zone: ZoneInfo) -> Json:
    """Add the missing offset; FieldInvalid for an hour that comes twice, or never."""
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return value
    if moment.tzinfo or len(str(value).strip()) <= len("2026-03-01"):
        return value
    here = moment.replace(tzinfo=zone)
    if here.utcoffset() == here.replace(fold=1).utcoffset():
        return here.isoformat()
    if here.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment:
        raise FieldInvalid(
            f"this hour occurs twice in {zone.key} when clocks go back; add an offset"
        )
    raise FieldInvalid(f"this hour does not exist in {zone.key}: clocks go forward")


@lru_cache(1000)
def is_past(wire: str, now: datetime, zone: ZoneInfo | None) -> bool:
    """Tell whether a date or time is past; without a zone a date is so everywhere."""
    if len(wire) > len("2026-03-01"):
        return datetime.fromisoformat(wire) < now
    return date.fromisoformat(wire) < now.astimezone(zone or _LAST_ZONE).date()
