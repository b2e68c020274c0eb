"""Tells by their names which columns of a suppression list hold phones."""

from __future__ import annotations

import re
from itertools import takewhile

from leadctl.mapping.do_not_call import split_words
from leadctl.model.lead_fields import ALIASES, plain
from leadctl.sources.dialect import KNOWN

_PHONE = re.compile(rf"(?:{'|'.join(ALIASES['phone'])}|.*phone|.*telefon)s?")
_ID = re.compile("ids?|uuid|guid|ref|reference|imei|imsi|iccid|serial|row")
_OTHER = re.compile(
    ".*id|orders?|account|acct|konto|invoice|policy|ticket|case|contract|booking|member"
    "|transaction|tracking|employee|emp|aadhaa?r|pan|gstin|ssn|tax|vat|cpf|cnpj|curp"
    "|dni|passport|licen[cs]e|iban|ip|zip|plz|postal|postcode|code|country|prefix|isd"
    "|ext|extn|extension|type?|tipo|plan|tarif|status|date|datum|fecha|time|timestamp"
    "|created|updated|added|modified|amount|price|total|balance"
    "|(?:kunden|kd|auftrags|bestell|rechnungs|vertrags|konto)(?:nummer|nr)?"
)
"""What a column of numbers is named after, if not after a phone."""
_ALSO = frozenset(["with", "and", "incl", "including", "mit", "und", "con", "com"])
_OF_A_CALLER = frozenset(["caller", "callerid", "whatsapp", "wa"])
"""What names a number even before `ID`."""


def is_of_phones(name: str) -> bool:
    """Tell whether a column is named like a phone: `Phone 2`, `Work Phone`."""
    if plain(name) in KNOWN:
        return plain(name) in ALIASES["phone"]
    behind = _behind_phone(name)
    return behind is not None and not any(map(_is_other, behind))


def may_be_of_phones(name: str) -> bool:
    """Tell whether the cells of a column decide: not in `Phone ID`, `Order No.`."""
    if plain(name) in KNOWN:
        return False
    if not _OF_A_CALLER.isdisjoint(_words(name.casefold())):
        return True
    behind = _behind_phone(name)
    if behind is None:
        return not any(map(_is_other, _words(name)))
    return not any(map(_ID.fullmatch, behind))


def _behind_phone(name: str) -> list[str] | None:
    """Return the words behind the last one for a phone; None without one."""
    for words in map(_words, (name, name.casefold())):  # `HomePhone`, `WhatsApp`
        places = [n for n, word in enumerate(words) if _PHONE.fullmatch(word)]
        if places:
            behind = words[places[-1] + 1 :]
            return [*takewhile(lambda word: word not in _ALSO, behind)]
    return None


def _words(name: str) -> list[str]:
    return split_words(re.sub(r"\d", " ", name))


def _is_other(word: str) -> bool:
    return bool(_ID.fullmatch(word) or _OTHER.fullmatch(word))
