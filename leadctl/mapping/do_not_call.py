"""Recognises headers and cells that say who must not be called.

The word lists are in the languages that the providers' users write. Accents, case,
spaces and punctuation do not count; docs/who-is-not-called.md explains the rules.
"""

from __future__ import annotations

import re
import string
import unicodedata
from enum import Enum
from functools import cache, lru_cache
from itertools import chain, product
from operator import itemgetter

from leadctl.sources.dialect import DATE

_PHRASES = """
do not call, don't call, dont call, never call, not to be called, no calls, no call
no more calls, stop calling, do not phone, do not dial, do not ring, no phone calls
do not contact, don't contact, dont contact, no contact, never contact, do not disturb
do not solicit, no solicitation, do not call list, do not call registry
do not call register, dnc, dncr, dncl, dnc list, on dnc, on dnc list, dnd, dnd list
on dnd, ndnc, ndncr, no consent, consent withdrawn, consent revoked, blacklisted
blocklisted, tps registered, ctps registered, on tps, on ctps
d.n.c, d.n.d

call mat karo, call mat karna, call mat kare, call mat karein, call na karo
call na kare, call na karen, call na karein, call na karna, call nahi karna
call nahi karna hai, phone mat karo, phone mat karna, phone na kare, phone na karein
phone na karna, phone nahi karna, sampark na kare, sampark na karein
कॉल न करें, कॉल ना करें, कॉल मत करो, फोन न करें, फ़ोन न करें, संपर्क न करें

no llamar, no llame, no llamen, no llamar más, no volver a llamar, no contactar
no contacte, no molestar, no desea llamadas, no quiere llamadas, lista robinson
en lista robinson, sin consentimiento

não ligar, não ligue, não ligar mais, não telefonar, não contatar, não contactar
não perturbe, não perturbar, não me ligue, sem consentimento

ne pas appeler, ne plus appeler, ne pas rappeler, ne pas contacter, ne plus contacter
ne pas déranger, ne pas téléphoner, bloctel, inscrit bloctel, inscrite bloctel
liste bloctel, opposition au démarchage, opposition démarchage
opposition téléphonique, sans consentement

nicht anrufen, nicht mehr anrufen, nicht kontaktieren, nicht mehr kontaktieren
nicht telefonieren, nicht stören, kein anruf, keine anrufe, kein kontakt
keine werbeanrufe, keine telefonwerbung, anrufsperre, telefonsperre, kontaktsperre
werbesperre, werbewiderspruch, robinsonliste, robinson liste, keine einwilligung

non chiamare, non chiamare più, non telefonare, non contattare, non disturbare
registro delle opposizioni, registro opposizioni, iscritto al registro delle opposizioni
iscritto rpo, senza consenso, nessun consenso

niet bellen, niet meer bellen, niet contacteren, niet benaderen, niet storen
bel me niet, bel me niet register, geen contact, geen toestemming

nie dzwonić, nie dzwoń, nie kontaktować, nie kontaktować się, nie przeszkadzać
brak zgody, sprzeciw

la tattasil, la tattassil, la tatasil, la tatassil, la tattasel, la tatasel
la tetasel, la tettesel, la tatawasal, adam al ittisal, adam alittisal, adam ittisal
mamnu al ittisal, mamnou al ittisal, mamnoo al ittisal
لا تتصل, لا تتصلوا, عدم الاتصال, ممنوع الاتصال, لا تتواصل, لا للاتصال

не звонить, не звоните, не беспокоить, не связываться
"""
"""Cells that say, as a whole, that somebody is not to be called."""

_LEFT = """
opted out, opt out, has opted out, unsubscribed, unsubscribe, dado de baja
dada de baja, descadastrado, descadastrada, désabonné, désabonnée, désinscrit
désinscrite, abgemeldet, disiscritto, disiscritta, uitgeschreven, afgemeld, wypisany
wypisana
"""
"""The same, unless the column is about mail or messages."""

_PLEASE = """
please, pls, plz, kindly, bitte, por favor, svp, per favore, alstublieft, proszę
"""

_SINCE = """
since, on, as, of, from, per, at, in, list, seit, am, ab, desde, el, em, depuis, le
dal, il, sinds, op, od
jan, feb, mar, apr, may, jun, jul, aug, sep, sept, oct, nov, dec, january, february
march, april, june, july, august, september, october, november, december
"""
"""What may stand behind such words, with digits: `DNC since May 2025`."""

_FORBIDS = re.compile(
    r"do(?:es)?not(?:call|contact|phone|disturb|dial|ring|solicit)"
    r"|dont(?:call|contact|phone)|^nocalls?$|nevercall|notcallable|stopcalling"
    r"|^(?:has|is)?opt(?:ed)?out|opt(?:ed)?out(?:date|at|on|status|flag)?$"
    r"|unsubscribed?(?:date|at|on|status|flag)?$"
    r"|blacklist|blocklist|suppressed|^(?:call)?suppression(?:flag|status)?$"
    r"|(?:phone|number|calls?)blocked|blocked(?:phone|number|calls?)"
    r"|(?:call|phone)(?:mat|na|nahi)kar|samparkna"
    r"|nollam|nocontactar|nomolestar|listarobinson"
    r"|naolig|naotelefon|naoconta|naoperturb"
    r"|ne(?:pas|plus)(?:r?appel|contact|derang|telephon)|bloctel|^opposition"
    r"|listadeexclusion|listedopposition|refusd?appel|nodeseaserllam"
    r"|unsubscribedfrom(?:all|calls?)"
    r"|nicht(?:mehr)?(?:anruf|kontakt|telefon)|keineanruf|robinson(?:liste|lijst)?$"
    r"|(?:anruf|telefon|kontakt|werbe)sperre|werbewiderspruch"
    r"|non(?:chiam|telefon|contatt|disturb)|opposizion"
    r"|niet(?:meer)?bel|nietcontact|nietbenader|belmeniet"
    r"|niedzwon|niekontakt|sprzeciw"
    r"|lata?t{1,2}a?s{1,2}[ie]l|(?:adam|mamn[uo]+)(?:al)?ittisal"
)
_FORBIDS_IN_SHORT = re.compile(r"\b(?:n?dn[cd][rl]?|c?tps|rpo)\b")
_NO_LIST = re.compile(
    r"\b(?:before|after|between|window|hours?|scrub\w*|wash\w*|check(?:ed|s)?"
    r"|screen\w*|verif\w*)\b"
)
"""`Do not call before` is an hour; `DNC checked` says yes of everybody."""

_CONSENT = re.compile(
    r"consent|^opt(?:ed)?in|opt(?:ed)?in$"
    r"|permission(?:to)?(?:call|contact|phone)?$|permissiontocall"
    r"|^(?:can|may|ok|okay|allowed)(?:we|i)?(?:to)?(?:call|contact|phone)"
    r"|^(?:is)?(?:callable|contactable)$|calls?allowed|allows?calls?|acceptscalls"
    r"|(?:anrufe?|telefon|kontakt)erlaubt|puedellamar|podeligar"
    r"|canbecalled|phoneallowed|telefonwerbungerlaubt|darfangerufen|maggebeld"
    r"|einverstandnis|einwilligung|zustimmung|consenso|toestemming|zgoda|muwafaqa"
)
_ABOUT_CONSENT = re.compile(
    r"\b(?:source|text|url|link|ip|version|method|channel|language|date|time|timestamp"
    r"|at|on|by|id|type|form|datum|fecha|data|quelle)\b"
)
_OF_CALLS = re.compile(r"call|phon|telefon|anruf|llam|appel|chiam")
_OF_MESSAGES = re.compile(r"mail|sms|text|fax|newsletter|whatsapp|correo|courriel")

_YES = """
yes, y, true, t, 1, 1.0, -1, x, ✓, ✔, ☑, ✅, checked, on, ja, j, wahr
si, sí, sì, s, oui, o
vrai, sim, verdadero, verdadeiro, vero, tak, prawda, haan, han, naam, na3am, evet
да, نعم, हाँ, हां, registered, listed, active, activated, enabled, blocked
blacklisted, blocklisted, suppressed, tps, ctps, robinson, rpo, opposition
"""
_NO = """
no, n, false, f, 0, 0.0, off, nein, falsch, non, faux, nao, não, falso, nee, nie
niet, nahi, nahin, la, laa, нет, لا, नहीं, unregistered, unlisted, inactive
disabled, clear, clean, not given, ❌, ✖, ✗, ✘, ☐, not registered, not listed
not on list, not blocked
"""
_BLANK = ("", "-", "none", "null", "n/a", "na", "nil", "\\n", "unknown")
_GIVEN = ("given", "granted", "opted in", "opt in", "opt-in", "subscribed")
_WITHDRAWN = """
withdrawn, revoked, denied, declined, refused, rejected, widerrufen, abgelehnt
verweigert, retirado, revocado, revogado, denegado, negado, retiré, refusé, révoqué
revocato, rifiutato, negato, ingetrokken, geweigerd, wycofana, cofnięta
"""

KNOWN = 1000
"""Texts whose meaning is remembered."""
LONGEST = 60
"""Characters of a cell that may be such a phrase; a longer one is a sentence."""


class Says(Enum):
    """What a cell says."""

    NOTHING = "nothing"  # empty
    CALL = "call"
    DO_NOT_CALL = "do not call"
    UNCLEAR = "unclear"


class About(Enum):
    """What a column is about, by its header."""

    FORBIDS = "forbids"  # `Do Not Call`: a yes holds the row back
    CONSENT = "consent"  # `Consent`: a no holds the row back
    MESSAGES = "messages"  # `Email Opt Out`: about mail and messages
    OTHER = "other"


@cache
def about(header: str) -> About:
    """Tell by its name what a column says."""
    words = _words(header)
    spaced, squeezed = " ".join(words), "".join(words)
    of_calls = _OF_CALLS.search(squeezed)
    of_messages = _OF_MESSAGES.search(squeezed) and not of_calls
    if not _NO_LIST.search(spaced):
        if _FORBIDS.search(squeezed) and not of_messages:
            return About.FORBIDS
        if _FORBIDS_IN_SHORT.search(spaced) or is_phrase(header):
            return About.FORBIDS
    if of_messages:
        return About.MESSAGES
    is_detail = _ABOUT_CONSENT.search(spaced) and not of_calls
    if _CONSENT.search(squeezed) and not is_detail and not _NO_LIST.search(spaced):
        return About.CONSENT
    return About.OTHER


@lru_cache(KNOWN)
def forbidden_by(spelled: str) -> Says:
    """Judge a word in `Do Not Call`: yes, a date and such words hold the row back."""
    spelled = spelled.replace(_EMOJI, "")
    if spelled in _BLANK:
        return Says.NOTHING
    if spelled in _set(_YES) or _is_date(spelled) or is_phrase(spelled):
        return Says.DO_NOT_CALL
    return Says.CALL if spelled in _set(_NO) or spelled in _GIVEN else Says.UNCLEAR


@lru_cache(KNOWN)
def permitted_by(spelled: str) -> Says:
    """Judge a word in `Consent` or `Active`: a no holds the row back."""
    spelled = spelled.replace(_EMOJI, "")
    if spelled in _BLANK:
        return Says.NOTHING
    if spelled in _set(_NO) or spelled in _set(_WITHDRAWN) or is_phrase(spelled):
        return Says.DO_NOT_CALL
    if spelled in _set(_YES) or spelled in _GIVEN or _is_date(spelled):
        return Says.CALL
    return Says.UNCLEAR


_EMOJI = "\N{VARIATION SELECTOR-16}"
"""What keyboards write behind a tick."""


def _is_date(spelled: str) -> bool:
    words = _words(spelled)
    is_written_out = len(words) > 1 and all(map(_is_of_date, words))
    return bool(re.match(DATE, spelled)) or is_written_out


def _is_of_date(word: str) -> bool:
    return word[0].isdigit() or word in _folded(_SINCE)


@lru_cache(KNOWN)
def is_phrase(cell: str, *, of_messages: bool = False) -> bool:
    """Tell whether a cell as a whole says that the person is not to be called."""
    words = _words(cell)
    while words and _is_of_date(words[-1]):
        words.pop()
    said = "".join(words)
    for please in _folded(_PLEASE):
        said = said.removeprefix(please).removesuffix(please)
    return said in _folded(_PHRASES) or (not of_messages and said in _folded(_LEFT))


START = itemgetter(slice(3))
"""The first letters of a text."""
_MARKS = f"{string.punctuation}{string.whitespace}"


def may_begin_so(start: str) -> bool:
    """Tell whether a phrase may begin like this: hardly any other text does."""
    return start in _starts() or bool(start and not start[0].isalnum())


def is_likely(cell: str) -> bool:
    """Tell quickly whether a cell that begins so is worth a closer look."""
    return len(cell) <= LONGEST and may_begin_so(START(cell.lstrip(_MARKS)))


@cache
def _starts() -> frozenset[str]:
    """Return how phrases begin, in any case and with any spacing."""
    phrases = _listed(f"{_PHRASES},{_LEFT},{_PLEASE}")
    found = {
        START(unicodedata.normalize(form, phrase).replace(" ", mark))
        for phrase in (*phrases, *map(" ".join, map(_words, phrases)))
        for form in ("NFC", "NFD")
        for mark in (" ", "-", "_", ".", "/", "")
    }
    ways = (product(*((c.lower(), c.upper()) for c in start)) for start in found)
    return frozenset(map("".join, chain.from_iterable(ways)))


@cache
def _folded(phrases: str) -> frozenset[str]:
    return frozenset("".join(_words(phrase)) for phrase in _listed(phrases))


@cache
def _set(words: str) -> frozenset[str]:
    return frozenset(_listed(words))


def _listed(phrases: str) -> list[str]:
    return [*filter(None, map(str.strip, re.split(r"[,\n]", phrases)))]


def _words(text: str) -> list[str]:
    """Split a text into words without accents; `DoNotCall` is three of them."""
    text = re.sub(r"['\u2019]", "", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", letters.replace("ł", "l"))
