"""When requests may start: what the rate stores of both kinds of ledger do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from leadctl.model.errors import Unusable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Spacing(NamedTuple):
    """The seconds from one start in a scope to the next; 0 for no limit.

    After a late start the next may come up to `made_up` seconds early. A start that was
    reserved ahead may be used up to `slack` seconds late without exceeding the rate.
    """

    seconds: float = 0.0
    made_up: float = 0.0
    slack: float = 0.0


class RateStore(Protocol):
    """Start times and token counts, shared by all runs on the ledger, in Unix time."""

    def claim(self, scopes: Mapping[str, Spacing], now: float) -> float:
        """Take a start in every scope, or return the seconds to wait."""

    def postpone(self, scope: str, until: float, now: float) -> None:
        """Block starts in this scope until the moment `until`."""

    def count_token(self, account: str, most: int, now: float) -> None:
        """Count a token request; raises Unusable above `most` an hour."""


def tokens_used(account: str, most: int, free: datetime) -> Unusable:
    """Return the error for a token request above the limit; one is free at `free`."""
    return Unusable(
        f"{account}: all {most} tokens of this hour are used",
        hint=f"the next one is available at {free:%H:%M}; "
        "then run: leadctl runs resume",
    )
