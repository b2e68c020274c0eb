"""Detects the text encoding of a file; the only module with `charset_normalizer`."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING

from leadctl.model.errors import InputUnusable
from leadctl.model.wording import short

if TYPE_CHECKING:
    from leadctl.sources.formats import ReadOptions

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's does: before it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

LEGACY = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp850",
    "mac_roman", "cp932", "gb18030", "big5", "euc_kr", "euc_jp",
)  # fmt: skip
"""Usual encodings of exports beside Unicode, the preferred ones first."""

CLOSE = 0.02
"""A smaller difference between shares of odd characters does not count."""


def by_mark(start: bytes) -> str | None:
    """Return the encoding given by a byte-order mark."""
    return next((name for mark, name in MARKS if start.startswith(mark)), None)


def usable(asked: str) -> str:
    """Return the name of a text encoding as Python spells it, or InputUnusable."""
    name = asked.casefold().replace("_", "-")
    try:
        # Rejects codecs that are no text encodings: rot13, zip, hex.
        io.TextIOWrapper(io.BytesIO(), encoding=name).read()
        "".encode(name)
        if codecs.lookup(name).name in ("idna", "punycode"):
            raise LookupError(name)  # noqa: TRY301  for host names, not for text
    except (LookupError, ValueError, TypeError) as error:
        raise InputUnusable(
            f"no text encoding {short(asked)!r}", hint="for example utf-8 or cp1252"
        ) from error
    return name


def in_order(said: str | None) -> tuple[str | None, ...]:
    """Return what to try before anything is detected; None is UTF-8."""
    if said is None:
        return ()
    # Encodings that write letters in bytes of ASCII would pass for UTF-8.
    is_ascii = codecs.lookup(usable(said)).name.startswith(("iso2022", "hz", "utf-7"))
    return (said, None) if is_ascii else (None, said)


def candidates(sample: bytes, options: ReadOptions) -> list[str]:
    """Return the legacy encodings that a sample may be in; several if undecidable.

    The countries of its numbers decide; if none of their encodings gives readable
    words, the likeliest does, unless it is of other countries with Latin letters.
    """
    guess = detected(sample)
    found = [guess] if guess else []
    if options.only_numbers:
        return found
    from leadctl.sources import encoding_by_country  # noqa: PLC0415  rarely needed

    homes = encoding_by_country.country_groups(sample, options.region)
    if fitting := encoding_by_country.fitting(sample, homes):
        return [*fitting.values()]
    likely = [name for home in homes for name in home.encodings]
    if likely and guess in encoding_by_country.LATIN and guess not in likely:
        return [likely[0], guess]
    return found


def detected(sample: bytes) -> str | None:
    """Return the likeliest legacy encoding of a sample; None where none is likely."""
    import charset_normalizer  # noqa: PLC0415  slow to import

    matches = [*charset_normalizer.from_bytes(sample, cp_isolation=[*LEGACY])]
    if not matches:
        return None
    least = min(match.chaos for match in matches)
    plain = [match for match in matches if match.chaos <= least + CLOSE]
    likely = max(match.coherence for match in plain)
    names = {
        name.replace("-", "_")
        for match in plain
        if match.coherence >= likely - 0.1
        for name in (match.encoding, *match.could_be_from_charset)
    }
    if b"\r" in sample and b"\n" not in sample and "mac_roman" in names:
        return "mac-roman"  # only the old Macintosh ends lines with it
    return next((name.replace("_", "-") for name in LEGACY if name in names), None)
