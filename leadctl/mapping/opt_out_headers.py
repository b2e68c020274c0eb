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
    CIRCUMSTANCES,
    ENDINGS,
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
    r"|(?:perm(?:iso|esso|issao)|autori[sz]z?a(?:cion|cao|tion|zione)|accord|erlaubnis)"
    r"(?:(?:de|para|pour|al?|di|zum|fur)(?:ser|etre)?(?:contac?t|kontakt)"
    r"|(?:de?|para|pour|al?|di|zum)?(?:llama|liga[cr]|appel|chiam|anruf))"
    r"|^mag(?:ik|wij?)?(?:telefonisch)?(?:gebeld|bellen|benaderd|contactopnemen)"
    r"|telefonwerbungerlaubt|consenso|toestemming|zgoda|muwafaqa|согласие|موافقة"
)
_YES = "yes, y, si, ja, oui, sim, tak"
_UNANSWERED = re.compile(r"\b(?:required|needed|necessary|requested|pending)\b")
_ABOUT_CONSENT = re.compile(
    r"\b(?:source|text|url|link|ip|version|method|channel|language|date|time|timestamp"
    r"|at(?! all)|on(?! file)|by|id|type|form|datum|fecha|data|quelle)\b"
)
_NUMBER = re.compile(r"\bno\.(?!\w)|\bn[º°]|№", re.IGNORECASE)
_NUMBER_OF = re.compile(
    r"\bno (?=(?:of|de)\b)"
    r"|\b(consent|form|ref|record|receipt|certificate|phone|mobile|contact) no "
    r"(?!longer|more|consent|call|phone|contact)"
)
"""`Consent form no`, `No of calls`: a number, and no negation."""
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
    spaced = _spaced(header)
    squeezed = spaced.replace(" ", "")
    of_calls = _OF_CALLS.search(squeezed)
    of_messages = OF_MESSAGES.search(squeezed) and not of_calls
    is_no_list = NO_LIST.search(spaced)
    if not is_no_list:
        if _UNLISTED.search(spaced):
            return About.MESSAGES if of_messages else About.CONSENT
        refuses = _FORBIDS.search(squeezed) or _is_of_calls(spaced.split(), REFUSES)
        if refuses and not of_messages:
            return About.FORBIDS
        if _FORBIDS_IN_SHORT.search(spaced) or is_phrase(visible(header)):
            return About.FORBIDS
    if of_messages:
        return About.MESSAGES
    numbered = _spaced(_NUMBER.sub(" number ", header))
    claim, is_denied, is_taken_back = _claim(
        _NUMBER_OF.sub(r"\1 number ", numbered).split()
    )
    is_detail = _ABOUT_CONSENT.search(spaced) and not of_calls and not is_taken_back
    permits = _CONSENT.search("".join(claim)) or _permits_calls(claim, is_denied)
    if is_no_list or is_detail or _UNANSWERED.search(spaced) or not permits:
        return About.OTHER
    return About.CONSENT if is_denied == is_taken_back else About.FORBIDS


def _spaced(header: str) -> str:
    words = " ".join(split_words(visible(header)))
    return re.sub(r"\bcan(?:not|t)\b", "can not", words)


def _claim(words: Sequence[str]) -> tuple[Sequence[str], bool, bool]:
    """Take negations out: `no consent` and `consent withdrawn` deny the same claim."""
    is_question = not folded(_YES).isdisjoint(words)  # Consent (yes/no)
    left = [word for word in words if word not in folded(NOT)]
    is_denied = len(left) < len(words) and words[-1] != "no" and not is_question
    claim = [word for word in left if not word.startswith((*folded(TAKEN_BACK),))]
    return claim, is_denied, len(claim) < len(left)


def _permits_calls(words: Sequence[str], is_denied: bool) -> bool:
    """Tell whether a verb permits calls, and a header does not ask when or how."""
    if not (_is_of_calls(words, MAY) or _is_of_calls(words[::-1], ALLOWED)):
        return False
    is_detail = words[-1] in folded(ENDINGS) or any(
        word in folded(CIRCUMSTANCES) for word in words
    )
    return is_denied or not is_detail  # Calls not allowed since


def _is_of_calls(words: Sequence[str], verbs: str) -> bool:
    """Tell whether a word about calls follows one of these within four words."""
    calls, known = (*folded(CALLS),), folded(verbs)
    return any(
        word in known and any(w.startswith(calls) for w in words[place + 1 : place + 5])
        for place, word in enumerate(words)
    )
