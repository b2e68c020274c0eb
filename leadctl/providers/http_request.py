"""Builds requests; httpx is imported with the first one.

Its import takes as long as everything else that lists accounts, providers or settings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from leadctl.providers.json_body import HEADERS, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from leadctl.model.leads import Json


def http_request(  # noqa: PLR0913  what a request consists of
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    data: Mapping[str, str] | None = None,
    json: Json = None,
) -> httpx.Request:
    """Return a request as httpx.Request does; the same `json` gives the same bytes."""
    import httpx  # noqa: PLC0415  on demand

    if json is not None:
        content, headers = encode(json), {**HEADERS, **(headers or {})}
    return httpx.Request(
        method, _parsed(url), params=params, headers=headers, content=content, data=data
    )


@lru_cache(16)
def _parsed(url: str) -> httpx.URL:
    """Parse a URL once: it takes longer than all else, and uploads have the same."""
    import httpx  # noqa: PLC0415  on demand

    return httpx.URL(url)
