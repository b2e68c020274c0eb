"""The settings that every provider's account has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadctl.providers.settings import setting

if TYPE_CHECKING:
    from leadctl.providers.base import Limits


@dataclass(frozen=True, eq=False)
class ConnectionSettings:
    """How an account is connected to; None leaves the provider's value."""

    timeout: float = setting(
        60.0, "seconds without data before a request times out", least=0.001
    )
    requests_per_minute: float | None = setting(
        None, "rate limit of this account, if it differs", least=0.001
    )
    concurrency: int | None = setting(None, "requests at the same time", least=1)
    min_interval: float | None = setting(
        None, "seconds from the end of a request to the start of the next", least=0
    )
    batch_size: int | None = setting(
        None, "leads per request, up to the provider's maximum", least=1
    )
    ca_file: str | None = setting(
        None,
        "PEM file of a private certificate authority; no other is trusted",
        path=True,
    )
    retry_for: float = setting(900.0, "seconds to keep retrying one batch", least=0)
    doubt_delay: float | None = setting(
        None, "seconds before a batch without an answer is sent again", least=0
    )

    def applied_to(self, limits: Limits) -> Limits:
        """Return the limits in effect for this account."""
        own = {
            name: value
            for name in (
                "requests_per_minute",
                "concurrency",
                "min_interval",
                "doubt_delay",
            )
            if (value := getattr(self, name)) is not None
        }
        size = min(limits.batch_size, self.batch_size or limits.batch_size)
        return limits._replace(**own, batch_size=size)
