"""Recognises headers of columns that say who must not, or who may be called."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

from leadctl.mapping.do_not_call import (
    NO_LIST,
    OF_MESSAGES,
    folded,
    is_phrase,
    split_words,
    visible,
)
from leadctl.mapping.do_not_call_words import (
    ALLOWED,
    CALLS,
    MAY,
    NOT,
    REFUSES,
    TAKEN_BACK,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORBIDS = re.compile(
    r"do(?:es)?not(?:call|contact|phone|disturb|dial|ring|solicit|market)"
    r"|dont(?:call|contact|phone)|^nocalls?$|nevercall|notcallable|stopp?(?:call|appel)"
    r"|call(?:s|ing)?(?:block|restrict)|^suppress$|litigator$"
    r"|^(?:is|ist|esta)?(?:blocked|gesperrt|bloquead[ao]|bloque|bloccat[ao]"
    r"|geblokkeerd|zablokowan[ya])$"
    r"|^(?:has|is)?opt(?:ed)?out|opt(?:ed)?out(?:date|at|on|status|flag)?$"
    r"|unsubscribed?(?:date|at|on|status|flag)?$"
    r"|blacklist|blocklist|listaneg?ra|listenoire|sperrliste|czarnalista|черны.список"
    r"|стоплист|listadebloqueio|suppressed|^(?:call)?suppression(?:flag|status)?$"
    r"|(?:phone|number|calls?)blocked|blocked(?:phone|number|calls?)"
    r"|(?:call|phone)(?:mat|na|nahi)kar|samparkna"
    r"|nollam|nocontactar|nomolestar|listarobinson"
    r"|naolig|naotelefon|naoconta|nao(?:me)?pert|naoincomod|naoentraremconta"
    r"|ne(?:pas|plus)(?:r?appel|contact|derang|telephon|demarch)|pasdappel|bloctel"
    r"|^opposition|^oppose$|^oposicion|exclusionpublicitaria|proibidoligar"
    r"|listadeexclusion|listedopposition"
    r"|unsubscribedfrom(?:all|calls?)"
    r"|nicht(?:mehr)?(?:anschreiben)?(?:anruf|kontakt|telefon)|robinson(?:liste|lijst)?$"
    r"|keine?n?(?:anruf|telefon(?!n)|werb)|widersprochen$|telefongesperrt"
    r"|(?:anruf|telefon|kontakt|werbe)(?:sperre|verbot|stopp)|^sperrvermerk$"
    r"|^(?:werbe)?widerspruch$|werbewiderspruch"
    r"|non(?:ri)?(?:chiam|telefon|contatt|disturb)|opposizion"
    r"|niet(?:meer)?(?:telefonisch)?(?:bel|contact|benader)|belmeniet|geentelefoon"
    r"|niedzwon|niekontakt|sprzeciw|не(?:контакт|связыв)"
    r"|lata?t{1,2}a?s{1,2}[ie]l|(?:adam|mamn[uo]+)(?:al)?ittisal"
)
_FORBIDS_IN_SHORT = re.compile(r"\b(?:n?dn[cd][rl]?|c?tps|rpo)\b")
_UNLISTED = re.compile(
    r"^(?:is |are |currently )?(?:not|non|nicht|niet|nao|pas|no(?= inscrit))"
    r"(?: (?:on|in|an?|the|auf|der|as|sur|al|en|lista|registered|listed|marked|flagged"
    r"|inscrit[aeo]?|iscritt[ao]))*"
    r" (?:n?dn[cd]|opt(?:ed)? ?out|unsub\w*|black\w*|block\w*|suppress\w*|c?tps|rpo"
    r"|robinson|bloctel|registro)"
    r"|\b(?:n?dn[cd]|blacklist|suppression) (?:clear|clean|free|safe)(?:ed)?$"
)
"""`Not on DNC`, `Non-DND`, `DNC clean`: a yes permits calls."""

_CONSENT = re.compile(
    r"consent|^opt(?:ed)?in|opt(?:ed)?in$|consient|einverstand|einwilligung|zustimmung"
    r"|permission(?:to)?(?:call|contact|phone)?$|permissiontocall"
    r"|^(?:can|may|ok|okay|allowed)(?:we|i)?(?:to)?(?:call|contact|phone)"
    r"|^(?:is)?(?:callable|contactable|contattabile|kontaktierbar)$"
    r"|telefonwerbungerlaubt|consenso|toestemming|zgoda|muwafaqa|согласие|موافقة"
)
_YES = "yes, y, si, ja, oui, sim, tak"
_UNANSWERED = re.compile(r"\b(?:required|needed|necessary|requested|pending)\b")
_ABOUT_CONSENT = re.compile(
    r"\b(?:source|text|url|link|ip|version|method|channel|language|date|time|timestamp"
    r"|at|on|by|id|type|form|datum|fecha|data|quelle)\b"
)
_OF_CALLS = re.compile(r"call|phon|telefon|anruf|llam|appel|chiam")


class About(Enum):
    """What a column is about, by its header."""

    FORBIDS = "forbids"  # `Do Not Call`: a yes holds the row back
    CONSENT = "consent"  # `Consent`: a no holds the row back
    MESSAGES = "messages"  # `Email Opt Out`: about mail and messages
    OTHER = "other"


@cache
def about(header: str) -> About:
    """Return what a column is about, by its name."""
    header = visible(header)
    spaced = re.sub(r"\bcan(?:not|t)\b", "can not", " ".join(split_words(header)))
    words, squeezed = spaced.split(), spaced.replace(" ", "")
    of_calls = _OF_CALLS.search(squeezed)
    of_messages = OF_MESSAGES.search(squeezed) and not of_calls
    is_no_list = NO_LIST.search(spaced)
    if not is_no_list:
        if _UNLISTED.search(spaced):
            return About.MESSAGES if of_messages else About.CONSENT
        refuses = _FORBIDS.search(squeezed) or _is_of_calls(words, REFUSES)
        if refuses and not of_messages:
            return About.FORBIDS
        if _FORBIDS_IN_SHORT.search(spaced) or is_phrase(header):
            return About.FORBIDS
    if of_messages:
        return About.MESSAGES
    claim, is_negated = _claim(words)
    if is_no_list or _UNANSWERED.search(spaced) or not _permits(claim):
        return About.OTHER
    if is_negated:
        return About.FORBIDS
    is_detail = _ABOUT_CONSENT.search(spaced) and not of_calls
    return About.OTHER if is_detail else About.CONSENT


def _claim(words: Sequence[str]) -> tuple[Sequence[str], bool]:
    """Take negations out: `no consent` and `consent withdrawn` deny the same claim."""
    is_question = not folded(_YES).isdisjoint(words)  # Consent (yes/no)
    left = [word for word in words if word not in folded(NOT)]
    is_denied = len(left) < len(words) and words[-1] != "no" and not is_question
    claim = [word for word in left if not word.startswith((*folded(TAKEN_BACK),))]
    return claim, is_denied != (len(claim) < len(left))


def _permits(words: Sequence[str]) -> bool:
    claims = _CONSENT.search("".join(words)) or _is_of_calls(words, MAY)
    return bool(claims or _is_of_calls(words[::-1], ALLOWED))


def _is_of_calls(words: Sequence[str], verbs: str) -> bool:
    """Tell whether a word about calls follows one of these within four words."""
    calls, known = (*folded(CALLS),), folded(verbs)
    return any(
        word in known and any(w.startswith(calls) for w in words[place + 1 : place + 5])
        for place, word in enumerate(words)
    )
