"""Estimates the requests and the time that a run will take."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from leadctl.delivery.rate_limiter import MINUTE
from leadctl.model.wording import count, duration

if TYPE_CHECKING:
    from leadctl.providers.base import Limits

ANSWER = 0.5
"""Seconds that a request is taken to need: nobody has measured it yet."""


class Forecast(NamedTuple):
    """The estimated rows and the time to send them; None: not known."""

    rows: int | None
    requests: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        if self.rows is None:
            return "number of rows unknown before reading"
        return (
            f"about {count(self.rows, 'lead')}, {count(self.requests, 'request')}, "
            f"about {duration(self.seconds)}"
        )


def forecast(rows: int | None, batch_size: int, limits: Limits) -> Forecast:
    if rows is None:
        return Forecast(None)
    requests = ceil(rows / batch_size)
    paces = [
        rate.seconds / rate.requests
        for rate in limits.every_rate()
        if rate.seconds <= MINUTE or requests > rate.requests / 5  # may leave at once
    ]
    step = max((limits.min_interval + ANSWER) / limits.concurrency, *paces, 0.0)
    seconds = (requests - 1) * step + ANSWER if requests else 0.0
    return Forecast(rows, requests, seconds)
