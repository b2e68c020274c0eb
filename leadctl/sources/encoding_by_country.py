"""Ranks legacy encodings by the countries of a file's numbers and by its words."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

WEST = ("cp1252", "mac-roman", "cp850")
CYRILLIC = ("cp1251", "cp866", "koi8-r")
WESTERN = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿœß"


class CountryGroup(NamedTuple):
    """Countries, their encodings, and the lower-case letters beyond ASCII they use."""

    countries: str
    encodings: tuple[str, ...] = WEST
    letters: str = WESTERN


ELSEWHERE = CountryGroup("")
HOMES = (
    CountryGroup("CZ420 SK421", ("cp1250", "cp852"), "áäčďéěíĺľňóôöŕřšťúůüýžß"),
    CountryGroup("PL48", ("cp1250", "cp852"), "ąćęłńóśźżäöüß"),
    CountryGroup("HU36", ("cp1250", "cp852"), "áäéíóöőúüűß"),
    CountryGroup("SI386 HR385 BA387 ME382", ("cp1250", "cp852"), "čćđšžäöüß"),
    CountryGroup("RS381", (*CYRILLIC, "cp1250"), "čćđšž"),
    CountryGroup("RO40 MD373", ("cp1250", "cp852"), "ăâîşţáéóöőúü"),
    CountryGroup("AL355", ("cp1250", "cp1252"), "çë"),
    CountryGroup("LT370", ("cp1257",), "ąčęėįšųūž"),
    CountryGroup("LV371", ("cp1257",), "āčēģīķļņōŗšūž"),
    CountryGroup("EE372", ("cp1257",), "äõöüšž"),
    # Its last letter is the dot of a lower-case İ.
    CountryGroup("TR90 AZ994", ("cp1254",), "çğıöşüâîû\u0307"),
    CountryGroup(
        "RU7 KZ7 UA380 BY375 BG359 MK389 KG996 TJ992 UZ998 MN976", (*CYRILLIC, *WEST)
    ),
    CountryGroup("GR30 CY357", ("cp1253", *WEST)),
    CountryGroup("IL972", ("cp1255", *WEST)),
    CountryGroup(
        "EG20 MA212 DZ213 TN216 LY218 SD249 LB961 JO962 SY963 IQ964 KW965 SA966 YE967 "
        "OM968 PS970 AE971 BH973 QA974 IR98",
        ("cp1256", *WEST),
    ),
    CountryGroup("TH66", ("cp874", *WEST)),
    CountryGroup("JP81", ("cp932", "euc-jp", *WEST)),
    CountryGroup("KR82", ("euc-kr", *WEST)),
    CountryGroup("CN86", ("gb18030", *WEST)),
    CountryGroup("TW886 HK852 MO853", ("big5", *WEST)),
)
_PAIRS = [(pair, home) for home in HOMES for pair in home.countries.split()]
_BY_REGION = {pair[:2]: home for pair, home in _PAIRS}
_BY_CODE = {pair[2:].encode(): home for pair, home in _PAIRS}
_NUMBER = re.compile(rb"(?:\+|(?<!\d)00)([1-9][\d ().-]{6,})")
LEAST_SHARE = 0.1
"""A country counts if it has this share of the numbers."""


def country_groups(sample: bytes, region: str | None) -> list[CountryGroup]:
    """Tell where a file is from by the codes of its numbers, else by a region."""
    numbers = (re.sub(rb"\D", b"", number) for number in _NUMBER.findall(sample))
    found = Counter(map(_home, numbers))
    if not found and region:
        found[_BY_REGION.get(region.upper(), ELSEWHERE)] = 1
    least = found.total() * LEAST_SHARE
    return [home for home, times in found.most_common() if times >= least]


def _home(digits: bytes) -> CountryGroup:
    """Find the calling code that a number begins with; no code begins another."""
    codes = (digits[:size] for size in (1, 2, 3))
    return next((_BY_CODE[code] for code in codes if code in _BY_CODE), ELSEWHERE)


LATIN = frozenset([*WEST, "cp1250", "cp852", "cp1254", "cp1257"])
_OTHERS = {
    "cp1251": "Ѐ-ӿ",
    "cp866": "Ѐ-ӿ",
    "koi8-r": "Ѐ-ӿ",
    "cp1253": "Ͱ-Ͽ",
    "cp1255": "\u0590-\u05ff",
    "cp1256": "\u0600-\u06ff\u200c\u200d",
    "cp874": "\u0e00-\u0e7f",
    **dict.fromkeys(
        ("cp932", "euc-jp", "euc-kr", "gb18030", "big5"),
        "\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff01-\uff5e",
    ),
}
_WORD = re.compile(r"[A-Za-z\u0080-\uffff]+")
_AROUND = "«»“”„…€°™®©•¡¿ªº\u00a0\u2013\u2014\u2018\u2019\u201a"
"""Signs before or after a word."""
MOSTLY = 0.9
LEAST_ASCII = 0.2
"""Share of plain letters in words with others: few names are as Kříž, none as Àííà."""


FIRST_LINES = 500


def fitting(sample: bytes, found: Sequence[CountryGroup]) -> dict[str, str]:
    """Return the texts that read well, each with the first encoding that gives it."""
    texts: dict[str, str] = {}
    sample = b"".join(sample.splitlines(keepends=True)[:FIRST_LINES])
    letters = "".join(home.letters for home in found)
    for name in dict.fromkeys(name for home in found for name in home.encodings):
        try:
            text = sample.decode(name)
        except UnicodeDecodeError:
            continue
        if _reads_well(text, name, letters):
            texts.setdefault(text, name)
    return texts


def _reads_well(text: str, encoding: str, letters: str) -> bool:
    """Tell whether the words with letters beyond ASCII look like real ones."""
    found = (word.strip(_AROUND) for word in _WORD.findall(text))
    words = [word for word in found if not word.isascii()]
    known = _OTHERS.get(encoding) or f"a-z{letters}\u2019"
    pattern = re.compile(f"[{known}]+")
    good = sum(bool(pattern.fullmatch(w.lower())) and _is_cased(w) for w in words)
    signs = "".join(words)
    plain = sum(map(str.isascii, signs))
    if encoding in LATIN and plain < LEAST_ASCII * len(signs):
        return False
    return good >= MOSTLY * len(words)


def _is_cased(word: str) -> bool:
    """Tell whether no accented capital stands inside a word, as in JosÈ."""
    return word.isupper() or not any(
        later.isupper() and earlier.isalpha() and not (earlier + later).isascii()
        for earlier, later in pairwise(word)
    )
