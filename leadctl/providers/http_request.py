"""Makes requests; httpx is imported with the first one.

It takes as long to import as all else that lists accounts, providers or settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    """Return a request with what httpx.Request takes."""
    import httpx  # noqa: PLC0415  on demand

    return httpx.Request(
        method,
        url,
        params=params,
        headers=headers,
        content=content,
        data=data,
        json=json,
    )
