"""Times of leads: in the profile's time zone, and never in the past."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from suppressing import workbook

from leadctl.mapping.times import check_in, is_past
from leadctl.model.lead_fields import FieldInvalid
from leadctl.providers.lupitor import Lupitor

if TYPE_CHECKING:
    from conftest import Push
    from program import Program

(FIELD,) = (field for field in Lupitor.fields if field.name == "scheduled_for")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("2099-07-01T09:30", "2099-07-01T09:30:00+02:00"),
        ("2099-01-01 09:30:00", "2099-01-01T09:30:00+01:00"),
        ("2099-01-01T09:30:00+05:30", "2099-01-01T09:30:00+05:30"),
        ("2099-01-01T09:30Z", "2099-01-01T09:30Z"),
    ],
)
def test_time_without_a_zone_has_the_zone_of_the_profile(
    written: str, sent: str
) -> None:
    assert check_in(BERLIN, FIELD)(written) == sent


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("2026-10-25T02:30", "this hour occurs twice in Europe/Berlin"),
        ("2026-03-29T02:30", "this hour does not exist in Europe/Berlin"),
        ("2099-01-01", "no time of day"),
        ("tomorrow", "not an ISO 8601 time"),
    ],
)
def test_hour_that_is_not_certain_is_refused(written: str, reason: str) -> None:
    with pytest.raises(FieldInvalid, match=reason):
        check_in(BERLIN, FIELD)(written)


@pytest.mark.parametrize(
    ("written", "now", "zone", "past"),
    [
        ("2026-03-01T09:30:00+05:30", "2026-03-01T04:00:01", None, True),
        ("2026-03-01T09:30:00+05:30", "2026-03-01T03:59:59", None, False),
        ("2026-03-01", "2026-03-01T23:59:59", None, False),
        ("2026-03-01", "2026-03-02T11:59:59", None, False),
        ("2026-03-01", "2026-03-02T12:00:00", None, True),
        ("2026-03-01", "2026-03-01T22:59:59", "Europe/Berlin", False),
        ("2026-03-01", "2026-03-01T23:00:00", "Europe/Berlin", True),
        ("0001-01-01T00:00+14:00", "2026-03-01T23:00:00", None, True),
        ("9999-12-31T23:59-12:00", "2026-03-01T23:00:00", None, False),
    ],
)
def test_time_is_past_where_it_is_past_everywhere(
    written: str, now: str, zone: str | None, *, past: bool
) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert is_past(written, at, ZoneInfo(zone) if zone else None) is past


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Asia/Calcuta", "not 'Asia/Calcuta' (did you mean"),
        ("Asia/Kolkatta", "not 'Asia/Kolkatta' (did you mean 'Asia/Kolkata'?)"),
        ("IST", "not 'IST'\n"),
        ("../etc/passwd", "not '../etc/passwd'"),
        ("5", "not '5'"),
    ],
)
def test_unknown_zone_is_named_with_the_nearest(
    program: Program, written: str, words: str
) -> None:
    program.write("p.yaml", f"fields: {{phone: phone}}\ntimezone: {written}\n")
    ran = program("profile", "check", "p.yaml")
    assert ran.code == 6
    told = "p.yaml, line 2: 'timezone' must be an IANA time zone such as Asia/Kolkata, "
    assert told + words in ran.err


def test_cells_of_a_workbook_have_the_zone_of_the_profile(push: Push) -> None:
    when = datetime(2099, 7, 1, 9, 30)  # noqa: DTZ001  as a spreadsheet has it
    push.program.write(
        "leads.xlsx", workbook([["phone", "Call at"], ["+15551230001", when]])
    )
    push.program.write(
        "p.yaml",
        "timezone: Asia/Kolkata\nfields: {phone: phone, scheduled_for: Call at}\n",
    )
    ran = push("lupitor", "leads.xlsx", "--profile", "p.yaml", "--json")
    assert ran.counts == {"created": 1}, ran.err
    (lead,) = push.stored("lupitor")
    assert lead["scheduledFor"] == "2099-07-01T09:30:00+05:30"


def test_constant_has_the_zone_of_the_profile(program: Program) -> None:
    program.write("leads.csv", "phone\n+15551230001\n")
    program.write("p.yaml", "timezone: Asia/Kolkata\nfields: {phone: phone}\n")
    told = ("check", "leads.csv", "--provider", "lupitor", "--json")
    constant = ("--set", "scheduled_for=2099-07-01T09:30")
    assert program(*told, *constant).code == 2
    ran = program(*told, *constant, "--profile", "p.yaml")
    assert ran.counts == {"created": 1}, ran.err


def test_time_in_the_past_is_rejected_unless_the_lead_is_delivered(push: Push) -> None:
    """A file that grows is pushed again and again: what was sent stays quiet."""
    row = "+15551230001,2099-01-01T09:00:00Z\n"
    push.program.write("leads.csv", f"phone,scheduled_for\n{row}")
    assert push("lupitor", "leads.csv").code == 0
    past = "+15551230002,2020-01-01T09:00:00Z\n"
    push.program.write(
        "leads.csv", f"phone,scheduled_for\n{row.replace('2099', '2020')}{past}"
    )
    ran = push("lupitor", "leads.csv", "--json")
    assert ran.codes == {"already_delivered": 1, "field_invalid": 1}
    (reason,) = [r for r in ran.document["reasons"] if r["code"] == "field_invalid"]
    assert reason["message"] == "scheduled_for: in the past"
    rejects = (push.program.folder / "leads.rejects.csv").read_text()
    assert "5551230002" in rejects
    past_for_all = ("--set", "scheduled_for=2020-01-01T09:00:00Z")
    push.program.write("more.csv", "phone\n+15551230003\n")
    assert "--set scheduled_for=TIME" in push("lupitor", "more.csv", *past_for_all).out
    push.program.write("leads.csv", "phone,expires_on\n9000000001,2020-01-01\n")
    ran = push("ozonetel", "leads.csv", "--json")
    assert ran.codes == {"field_invalid": 1}
