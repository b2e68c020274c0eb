"""An answer's body: unpacked within a bound, our secrets taken out."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

from leadctl.http1 import LARGEST, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST_SECRET = 8
"""Letters; a shorter one could be part of any word."""


def unpacked(content: bytes, encoding: str) -> bytes:
    """Undo the `Content-Encoding` of an answer; raises Unreadable."""
    encoding = encoding.strip().casefold()
    if not content or encoding in ("", "identity"):
        return content
    if encoding not in ("gzip", "deflate"):
        raise Unreadable("is compressed in a way that was not asked for")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either of the two
    try:
        found = unpack.decompress(content, LARGEST + 1)
    except zlib.error as error:
        raise Unreadable("is wrongly compressed") from error
    if len(found) > LARGEST or not unpack.eof:
        raise Unreadable("is too large, or cut off")
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
