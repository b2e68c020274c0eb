"""How long a provider can make us wait, and what happens if the clock is set back."""

from __future__ import annotations

import pytest
from model import FakeClock

from leadctl.delivery.rate_limiter import LONGEST_PAUSE, RateLimiter, requested_pause
from leadctl.ledger import open_ledger
from leadctl.ledger.rates import Spacing
from leadctl.providers.base import Limits, Rate

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "20000000"}, LONGEST_PAUSE),
        ({"retry-after": "9" * 400}, LONGEST_PAUSE),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30),
        ({"retry-after": "Mon, 01 Jan 99999999999 00:00:00 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-reset": "1800000020"}, 20),
        ({"x-ratelimit-reset": "1800000020.5"}, 20.5),
        ({"x-ratelimit-reset": "1800000020000"}, LONGEST_PAUSE),
        ({"x-ratelimit-reset": "1800000020", "x-ratelimit-remaining": "3"}, None),
        ({}, None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wish_to_wait_is_read_and_bounded(
    headers: dict[str, str], expected: float | None
) -> None:
    assert requested_pause(headers, NOW) == expected


@pytest.mark.parametrize(
    ("date", "asked", "expected"),
    [
        ("Fri, 15 Jan 2027 09:00:00 GMT", "Fri, 15 Jan 2027 09:00:30 GMT", 30),
        ("Fri, 15 Jan 2027 07:00:00 GMT", "Fri, 15 Jan 2027 07:00:30 GMT", 30),
        ("soon", "Fri, 15 Jan 2027 08:00:30 GMT", 30),
        ("Fri, 31 Feb 2027 07:00:00 GMT", "Fri, 15 Jan 2027 08:00:30 GMT", 30),
        ("Fri, 15 Jan 1926 07:00:00 GMT", "Fri, 15 Jan 2027 08:00:30 GMT", 30),
    ],
    ids=["ahead", "behind", "nonsense", "no-calendar", "another-century"],
)
def test_moment_is_read_by_the_clock_that_named_it(
    date: str, asked: str, expected: float
) -> None:
    assert requested_pause({"date": date, "retry-after": asked}, NOW) == expected


def test_start_far_ahead_is_a_clock_that_was_set_back() -> None:
    with open_ledger(None) as ledger:
        ledger.rates.postpone("account", NOW + 86_400, NOW)
        assert ledger.rates.claim({"account": Spacing(1.0, 0.5)}, NOW) == 0
        # half a second of a late start is made up for
        assert ledger.rates.claim({"account": Spacing(1.0, 0.5)}, NOW) == pytest.approx(
            0.5
        )


@pytest.mark.parametrize("hours", [-3, 3])
def test_clock_that_is_set_does_not_change_a_pause_of_this_run(hours: int) -> None:
    clock = FakeClock(NOW)
    with open_ledger(None) as ledger:
        limits = Limits(batch_size=1)
        rate_limiter = RateLimiter(limits, ledger.rates, "account", "campaign", clock)
        rate_limiter.quiet(5, shared=False)
        clock.set_by = hours * 3600
        assert rate_limiter.claim() == 5
        clock.now += 5
        assert rate_limiter.claim() == 0
        assert rate_limiter.held == 5


@pytest.mark.parametrize(
    "limits",
    [
        *(Limits(batch_size=1, requests_per_minute=rate) for rate in (10, 100, 600)),
        Limits(batch_size=1, rates=(Rate(12, 1),)),
        Limits(batch_size=1, rates=(Rate(1, 1), Rate(50, 3600))),
        Limits(batch_size=1, requests_per_minute=60, rates=(Rate(500, 86_400),)),
    ],
    ids=lambda limits: str(limits.every_rate()),
)
@pytest.mark.parametrize("late", [0.0, 0.3, 20.0], ids=lambda late: f"late by {late}")
def test_no_window_holds_more_starts_than_its_rate(limits: Limits, late: float) -> None:
    """Wherever it begins; every seventh start comes late by so many seconds."""
    clock, starts = FakeClock(NOW), list[float]()
    with open_ledger(None) as ledger:
        rate_limiter = RateLimiter(limits, ledger.rates, "account", "campaign", clock)
        most = max(rate.requests for rate in limits.every_rate())
        while len(starts) < 3 * most:
            wait = rate_limiter.claim()
            if not wait:
                starts.append(clock.now)
            clock.now += wait or late * (len(starts) % 7 == 0)
    for rate in limits.every_rate():
        for first, after in zip(starts, starts[int(rate.requests) :], strict=False):
            assert after - first >= rate.seconds


def test_a_fifth_of_a_day_may_leave_at_once() -> None:
    clock = FakeClock(NOW)
    with open_ledger(None) as ledger:
        limits = Limits(batch_size=1, rates=(Rate(10_000, 86_400),))
        rate_limiter = RateLimiter(limits, ledger.rates, "account", "campaign", clock)
        assert [rate_limiter.claim() for _ in range(1900)] == [0.0] * 1900


def test_a_steady_run_uses_nearly_all_of_the_rate() -> None:
    clock, starts = FakeClock(NOW), list[float]()
    with open_ledger(None) as ledger:
        limits = Limits(batch_size=1, requests_per_minute=600)
        rate_limiter = RateLimiter(limits, ledger.rates, "account", "campaign", clock)
        while clock.now < NOW + 60:
            wait = rate_limiter.claim()
            if not wait:
                starts.append(clock.now)
            clock.now += wait or 0.03
    assert len(starts) >= 0.98 * 600
