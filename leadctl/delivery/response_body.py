"""Decompresses a response within a bound, and removes our secrets from it.

Secrets are found in every form that JSON, addresses and HTML write them in.
"""

from __future__ import annotations

import codecs
import json
import re
import zlib
from functools import lru_cache
from html.entities import html5
from typing import TYPE_CHECKING

from leadctl.delivery.http1 import LARGEST, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST = 4
"""The shortest secret that is removed from sentences; a shorter one may be any word."""

LONG = 8
"""The shortest one that is removed from whole answers; a shorter one may be an id."""

REDACTED = "***"


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
    # It detects UTF-16 and UTF-32, named or not.
    found: str = json.detect_encoding(content)
    if found == "utf-8":
        found = charset or found
    try:
        known = codecs.lookup(found).name
        return content.decode(known).encode() if _OTHERS.match(known) else content
    except (LookupError, ValueError):
        return content


_OTHERS = re.compile(r"utf-8-sig$|utf-(16|32)|iso8859-|cp125")


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Take secrets out of a sentence."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            text = _forms(secret).sub(REDACTED, text)
    return text


def redacted_body(content: bytes, secrets: Iterable[str]) -> bytes:
    """Take long secrets out of an answer in UTF-8."""
    folded, is_escaped = content.lower(), any(mark in content for mark in b"\\%&")
    for secret in secrets:
        is_there = is_escaped or secret.lower().encode() in folded
        if len(secret) >= LONG and is_there:
            text = content.decode(errors="surrogateescape")
            text = _forms(secret).sub(REDACTED, text)
            content = text.encode(errors="surrogateescape")
    return content


@lru_cache
def _forms(secret: str) -> re.Pattern[str]:
    """Match a secret as it is and as JSON, addresses and HTML write it, in any case."""
    return re.compile("".join(map(_form, secret)), re.IGNORECASE)


def _form(letter: str) -> str:
    # Escapes may be escaped again. All repeats are bounded: the text is not ours.
    code = ord(letter)
    names = [re.escape(name) for name, stands in html5.items() if stands == letter]
    entities = "|".join([f"#0{{0,4}}{code};?", f"#x0{{0,4}}{code:x};?", *names])
    return (
        rf"(?:\\{{0,8}}{re.escape(letter)}"
        rf"|\\{{1,8}}(?:u00|x){code:02x}"
        rf"|%(?:25){{0,4}}{code:02x}"
        rf"|&(?:amp;){{0,4}}(?:{entities}))"
    )
