"""Removes our secrets from a provider's answers, in every form they are written."""

from __future__ import annotations

import re
from functools import lru_cache
from html.entities import html5
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST = 4
"""Characters of a secret that is taken out of sentences; a shorter one is any word."""

LONG = 8
"""Characters of one that is taken out of whole answers; a shorter one may be an id."""

REDACTED = "***"


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
    # Escapes may be escaped again; all is bounded, for the text is a stranger's.
    code = ord(letter)
    names = [re.escape(name) for name, stands in html5.items() if stands == letter]
    entities = "|".join([f"#0{{0,4}}{code};?", f"#x0{{0,4}}{code:x};?", *names])
    return (
        rf"(?:\\{{0,8}}{re.escape(letter)}"
        rf"|\\{{1,8}}(?:u00|x){code:02x}"
        rf"|%(?:25){{0,4}}{code:02x}"
        rf"|&(?:amp;){{0,4}}(?:{entities}))"
    )
