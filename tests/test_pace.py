"""How long a provider may make us wait, and what a clock that was set back does."""

from __future__ import annotations

import pytest

from leadctl.ledger import Ledger
from leadctl.pace import LONGEST_WISH, asked_pause

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": "20000000"}, LONGEST_WISH),
        ({"retry-after": "9" * 400}, LONGEST_WISH),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30),
        ({"retry-after": "Mon, 01 Jan 99999999999 00:00:00 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-reset": "1800000020"}, 20),
        ({"x-ratelimit-reset": "1800000020000"}, LONGEST_WISH),
        ({"x-ratelimit-reset": "1800000020", "x-ratelimit-remaining": "3"}, None),
        ({}, None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wish_to_wait_is_read_and_bounded(
    headers: dict[str, str], expected: float | None
) -> None:
    assert asked_pause(headers, NOW) == expected


def test_start_far_ahead_is_a_clock_that_was_set_back() -> None:
    with Ledger(None) as ledger:
        ledger.postpone("account", NOW + 86_400)
        assert ledger.claim({"account": 1.0}, NOW) == 0
        assert ledger.claim({"account": 1.0}, NOW) == 0  # one late start is made up for
        assert ledger.claim({"account": 1.0}, NOW) == pytest.approx(1.0)
