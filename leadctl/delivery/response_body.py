"""Decompresses a response body within a bound and redacts our secrets in it."""

from __future__ import annotations

import codecs
import json
import re
import zlib

from leadctl.delivery.http1 import LARGEST, Unreadable


def decompressed(content: bytes, encoding: str) -> bytes:
    """Undo the `Content-Encoding` of an answer; raises Unreadable."""
    encoding = encoding.strip().casefold()
    if not content or encoding in ("", "identity"):
        return content
    if encoding not in ("gzip", "deflate"):
        raise Unreadable("uses a compression that was not requested")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either of the two
    try:
        found = unpack.decompress(content, LARGEST + 1)
    except zlib.error as error:
        raise Unreadable("has damaged compression") from error
    if len(found) > LARGEST or not unpack.eof:
        raise Unreadable("is too large or truncated")
    return found


def in_utf8(content: bytes, charset: str | None) -> bytes:
    """Rewrite an answer in UTF-8: another encoding would hide our secrets."""
    found: str = json.detect_encoding(content)  # tells UTF-16 and UTF-32, named or not
    if found == "utf-8":
        found = charset or found
    try:
        known = codecs.lookup(found).name
        return content.decode(known).encode() if _OTHERS.match(known) else content
    except (LookupError, ValueError):
        return content


_OTHERS = re.compile(r"utf-8-sig$|utf-(16|32)|iso8859-|cp125")
