"""Recognises cells that say who must not be called."""

from __future__ import annotations

import re
import string
import unicodedata
from enum import Enum
from functools import cache, lru_cache
from itertools import chain, product
from operator import itemgetter
from typing import TYPE_CHECKING

from leadctl.mapping.do_not_call_words import (
    ALONE,
    GIVEN,
    LEFT,
    LIFTED,
    LISTED,
    NO,
    NOT,
    OF_MANY_STARTS,
    PHRASES,
    PLEASE,
    SINCE,
    WITHDRAWN,
    YES,
)
from leadctl.sources.dialect import DATE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_PARTS = re.compile(r"[/|,;:=?&+()\[\]{}<>\r\n\t\u2013\u2014\u2022]|\s[-~]+\s")
"""What stands between a phrase and a remark: `DNC/Opt out`, `DNC - 2024`."""

NO_LIST = re.compile(
    r"\b(?:before|after|between|window|hours?|scrub\w*|wash\w*|check(?:ed|s)?"
    r"|screen\w*|verif\w*)\b"
)
"""`Do not call before` is an hour; `DNC checked` says yes of everybody."""

OF_MESSAGES = re.compile(r"mail|sms|text|fax|newsletter|whatsapp|correo|courriel")

_BLANK = ("", "-", "none", "null", "n/a", "na", "nil", "\\n", "unknown")
_NO_DATE = re.compile(
    r"(?:0000-00-00|0001-01-01|1899-12-3[01]|1900-01-0[01]|1970-01-01"
    r"|0?[01]([/.])0?[01]\1(?:0000|0001|1900|1970))(?:[t ](?:00?|12):00.*)?"
)
"""How databases and spreadsheets write that there is no date."""
_GIVEN = ("given", "granted", "opted in", "opt in", "opt-in", "subscribed")
KNOWN = 1000
"""Texts whose meaning is kept."""
LONGEST_REMARK = 3
"""Words; more of them are a sentence."""
LONGEST = 60
"""Characters of a cell that may be such a phrase; a longer one is a sentence."""


class Says(Enum):
    """What a cell says."""

    NOTHING = "nothing"  # empty
    CALL = "call"
    DO_NOT_CALL = "do not call"
    UNCLEAR = "unclear"


@lru_cache(KNOWN)
def forbidden_by(spelled: str) -> Says:
    """Interpret a word in `Do Not Call`: yes, a date and the like skip the row."""
    spelled = visible(spelled)
    if spelled in _BLANK or _NO_DATE.fullmatch(spelled):
        return Says.NOTHING
    if _begins_with(YES + LISTED, spelled) or _is_date(spelled) or is_phrase(spelled):
        return Says.DO_NOT_CALL
    is_no = spelled in _GIVEN or _begins_with(NO, spelled)
    return Says.CALL if is_no else Says.UNCLEAR


@lru_cache(KNOWN)
def permitted_by(spelled: str) -> Says:
    """Interpret a word in `Consent` or `Active`: a no skips the row."""
    spelled = visible(spelled)
    if spelled in _BLANK or _NO_DATE.fullmatch(spelled):
        return Says.NOTHING
    if _begins_with(NO + LISTED + WITHDRAWN, spelled) or is_phrase(spelled):
        return Says.DO_NOT_CALL
    words = split_words(spelled)
    negation, claim = "".join(words[:1]), "".join(words[1:])
    is_denied = negation in folded(NOT) and claim in folded(GIVEN)
    if is_denied or _is_among(folded(WITHDRAWN), words):
        return Says.DO_NOT_CALL
    is_given = _is_among(folded(GIVEN), words)
    if is_given or _begins_with(YES, spelled) or _is_date(spelled):
        return Says.CALL
    return Says.UNCLEAR


def _begins_with(answers: str, spelled: str) -> bool:
    """Tell whether a cell is one of these words, or it and a remark: `yes (verbal)`."""
    if spelled in _listed(answers):
        return True
    first, *rest = map(str.strip, _PARTS.split(spelled.strip(_MARKS)))
    return first in _listed(answers) and all(
        _is_remark(split_words(part)) for part in rest
    )


def _is_date(spelled: str) -> bool:
    words = split_words(spelled)
    is_written_out = len(words) > 1 and all(map(_is_of_date, words))
    return bool(re.match(DATE, spelled)) or is_written_out


def _is_of_date(word: str) -> bool:
    return (word[0].isdigit() and word != "0") or word in folded(SINCE)


@lru_cache(KNOWN)
def is_phrase(cell: str, *, of_messages: bool = False) -> bool:
    """Tell whether a whole cell says not to call the person."""
    cell = visible(cell)
    of_calls = folded(PHRASES + OF_MANY_STARTS)
    known = of_calls if of_messages else of_calls | folded(LEFT)
    if _is_among(known, split_words(cell)):
        return True
    parts = [*filter(None, map(split_words, _PARTS.split(cell)))]
    remarks = [words for words in parts if not _is_among(known, words)]
    if any(map(OF_MESSAGES.search, map("".join, remarks))):
        known = of_calls
    is_said = any(_is_among(known - folded(ALONE), words) for words in parts)
    return is_said and all(map(_is_remark, remarks))


def _is_among(phrases: Collection[str], words: Sequence[str]) -> bool:
    """Tell whether words are a phrase, perhaps followed by a date, or with a please."""
    last = len(words)
    while last and _is_of_date(words[last - 1]):
        last -= 1
    said = "".join(words[:last])
    for please in folded(PLEASE):
        said = said.removeprefix(please).removesuffix(please)
    return said in phrases or "".join(words) in phrases


def _is_remark(words: Sequence[str]) -> bool:
    """Tell whether words next to a phrase do not change it: `Do Not Call (verbal)`."""
    takes_back = "".join(words) in folded(NO + LIFTED)
    is_sentence = len(words) > LONGEST_REMARK or NO_LIST.search(" ".join(words))
    return not (takes_back or is_sentence)


START = itemgetter(slice(3))
"""The first letters of a text."""
_MARKS = f"{string.punctuation}{string.whitespace}"


def may_begin_so(start: str) -> bool:
    """Tell whether a phrase may begin like this; hardly any other text does."""
    if start in _starts():
        return True
    return bool(start) and not (start[0].isalnum() and visible(start) == start)


def is_likely(cell: str) -> bool:
    """Tell quickly whether such a cell needs the full check."""
    return len(cell) <= LONGEST and may_begin_so(START(cell.lstrip(_MARKS)))


@cache
def _starts() -> frozenset[str]:
    """Return how phrases begin, in any case and with any spacing."""
    phrases = _listed(f"{PHRASES},{LEFT},{PLEASE}")
    found = {
        START(unicodedata.normalize(form, phrase).replace(" ", mark))
        for phrase in (*phrases, *map(" ".join, map(split_words, phrases)))
        for form in ("NFC", "NFD")
        for mark in (" ", "-", "_", ".", "/", "")
    }
    ways = (product(*((c.lower(), c.upper()) for c in start)) for start in found)
    return frozenset(map("".join, chain.from_iterable(ways)))


@cache
def folded(phrases: str) -> frozenset[str]:
    """Return listed phrases without accents, and each as one word."""
    return frozenset("".join(split_words(phrase)) for phrase in _listed(phrases))


@cache
def _listed(phrases: str) -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, re.split(r"[,\n]", phrases))))


def visible(text: str) -> str:
    """Normalise full-width letters, and drop invisible characters."""
    if text.isascii():
        return text.strip()
    # Keyboards write a variation selector behind a tick.
    plain = unicodedata.normalize("NFKC", text).replace("\N{VARIATION SELECTOR-16}", "")
    return "".join(c for c in plain if unicodedata.category(c) != "Cf").strip()


def split_words(text: str) -> list[str]:
    """Split a text into words without accents; `DoNotCall` is three of them."""
    text = re.sub(r"['\u2019]", "", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", letters.replace("ł", "l"))
