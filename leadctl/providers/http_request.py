"""Builds requests; httpx is imported with the first one, as that takes long."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypedDict, Unpack

from leadctl.providers.json_body import HEADERS, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from leadctl.model.leads import Json


class Content(TypedDict, total=False):
    """What a request has beside its address."""

    params: Mapping[str, str] | None
    headers: Mapping[str, str] | None
    data: Mapping[str, str] | None
    json: Json


def http_request(method: str, url: str, **content: Unpack[Content]) -> httpx.Request:
    """Return a request as httpx.Request does; the same `json` gives the same bytes."""
    import httpx  # noqa: PLC0415  on demand

    params, headers = content.get("params"), content.get("headers")
    data, json = content.get("data"), content.get("json")
    body = None if json is None else encode(json)
    if body is not None:
        headers = {**HEADERS, **(headers or {})}
    return httpx.Request(
        method, _parsed(url), params=params, headers=headers, content=body, data=data
    )


@lru_cache(16)
def _parsed(url: str) -> httpx.URL:
    """Parse a URL once: it takes longer than all else, and uploads have the same."""
    import httpx  # noqa: PLC0415  on demand

    return httpx.URL(url)
