"""Encodes request bodies and decodes response bodies as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from leadctl.model.leads import Json

HEADERS = {"Content-Type": "application/json"}

MOST_VALUES = 2_000_000
"""Values in an answer: 250 for each of the 8000 leads in a page of Lupitor."""


def encode(value: Json) -> bytes:
    """Write compact JSON; the same value gives the same bytes every time."""
    try:
        return orjson.dumps(value)
    except TypeError:  # whole numbers beyond 64 bits, of somebody's metadata
        text = json.dumps(
            value, ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )
        return text.encode()


def decode(body: bytes) -> Json:
    """Parse an answer; raises ValueError if it is not JSON, too deep or too large."""
    if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError("too many values")  # a byte of text takes thirty as an object
    try:
        found: Json = orjson.loads(body)
    except ValueError:  # or JSON only to those who are not strict about it
        try:
            found = json.loads(body.decode())  # UTF-8 alone
        except RecursionError:
            raise ValueError("nested too deeply") from None
    return found
