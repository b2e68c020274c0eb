"""Builds requests, and encodes and decodes JSON.

httpx is imported with the first request, as that takes long.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from leadctl.model.leads import Json


HEADERS = {"Content-Type": "application/json"}

MOST_VALUES = 2_000_000
"""Values in an answer: 250 for each of the 8000 leads in a page of Lupitor."""


def http_request(  # noqa: PLR0913  as httpx.Request
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
    json: Json = None,
) -> httpx.Request:
    """Return a request as httpx.Request does; the same `json` gives the same bytes."""
    import httpx  # noqa: PLC0415  on demand

    body = None
    if json is not None:
        headers, body = {**HEADERS, **(headers or {})}, encode(json)
    return httpx.Request(
        method, _parsed(url), params=params, headers=headers, content=body, data=data
    )


@lru_cache(16)
def _parsed(url: str) -> httpx.URL:
    """Parse a URL once: it takes longer than all else, and uploads have the same."""
    import httpx  # noqa: PLC0415  on demand

    return httpx.URL(url)


def encode(value: Json) -> bytes:
    """Write compact JSON; the same value gives the same bytes every time."""
    try:
        return orjson.dumps(value)
    except TypeError:  # a whole number beyond 64 bits, in metadata
        text = json.dumps(
            value, ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )
        return text.encode()


def decode(body: bytes) -> Json:
    """Parse an answer; raises ValueError if it is not JSON, too deep or too large."""
    if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        # A parsed value takes thirty times its text.
        raise ValueError("too many values")
    try:
        found: Json = orjson.loads(body)
    except ValueError:  # perhaps JSON to a less strict parser
        try:
            found = json.loads(body.decode())  # UTF-8 alone
        except RecursionError:
            raise ValueError("nested too deeply") from None
    return found
