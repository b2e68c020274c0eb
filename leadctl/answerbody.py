"""An answer's body: read within bounds of size and time, our secrets taken out."""

from __future__ import annotations

import json
import time
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LARGEST = 32 * 2**20
"""Bytes of a body, also unpacked. A page of 8000 leads of Lupitor is a third of it."""

SHORTEST_SECRET = 8
"""Letters; a shorter one could be part of any word."""


def bounded(response: httpx.Response, longest: float) -> bytes:
    """Read and unpack a body of at most LARGEST bytes in about `longest` seconds.

    Raises DecodingError for one that is larger or packed in a way we did not ask for,
    ReadTimeout for one that drips.
    """
    packed = response.headers.get("content-encoding", "").strip().casefold()
    if not isinstance(response.stream, httpx.SyncByteStream):
        raise TypeError("what carries requests is not asynchronous")
    with closing(response.stream) as stream:
        if packed not in ("", "identity", "gzip", "deflate"):
            raise httpx.DecodingError("an encoding that was not asked for")
        content = b"".join(_parts(stream, longest))
    is_packed = content and packed in ("gzip", "deflate")
    return _unpacked(content) if is_packed else content


def _parts(stream: Iterable[bytes], longest: float) -> Iterator[bytes]:
    ends, size = time.monotonic() + longest, 0
    for part in stream:
        size += len(part)
        if size > LARGEST:
            raise httpx.DecodingError("too large")
        if time.monotonic() > ends:
            raise httpx.ReadTimeout("the answer drips")
        yield part


def _unpacked(content: bytes) -> bytes:
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either of the two
    try:
        found = unpack.decompress(content, LARGEST + 1)
    except zlib.error as error:
        raise httpx.DecodingError("wrongly packed") from error
    if len(found) > LARGEST or not unpack.eof:
        raise httpx.DecodingError("too large, or cut off")
    return found


def veiled(content: bytes, secrets: Iterable[str]) -> bytes:
    """Take our secrets out, as they are and as JSON writes them."""
    for secret in secrets:
        if len(secret) < SHORTEST_SECRET:
            continue
        written = json.dumps(secret)[1:-1]
        for form in (secret, written, written.replace("/", "\\/")):
            content = content.replace(form.encode(), b"***")
    return content
