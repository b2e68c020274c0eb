"""Headers and cells are understood that say who must not be called."""

from __future__ import annotations

import pytest

from leadctl.mapping.do_not_call import (
    Says,
    forbidden_by,
    is_likely,
    is_phrase,
    may_begin_so,
    permitted_by,
)
from leadctl.mapping.opt_out_headers import About, about

FORBIDDING = """
Do Not Call|DO_NOT_CONTACT|DoNotCall|Is DNC?|100% DNC|opt-out|NDNC|DND|DNCR|HasOptedOut
Don't call|No Calls|Unsubscribed|Phone Blacklisted|TPS|CTPS registered|Opt Out Date
No llamar|Lista Robinson|Não ligar|Nao perturbe|Ne pas appeler|Bloctel|Opposition
Nicht anrufen|Robinsonliste|Werbesperre|Non chiamare|Registro delle opposizioni
Do Not Market|Stop Calls|Call Block|Call Restriction|Litigator|Suppress|Gesperrt
Widerspruch|Niet bellen|Bel-me-niet|Nie dzwonić|Nie dzwonic|La tattasil|call mat karo
Lista negra|Bloqueado|Não me perturbe|Ne pas démarcher|Pas d'appels|Keine Telefonwerbung
Non ricontattare|Niet telefonisch benaderen|Czarna lista
"""
NEGATED_CONSENT = """
No consent to call|No consent on file|Revoked consent|Consent Withdrawn Date
Consent denied|Not opted in|Cannot call|May not contact|Calls not allowed
No permission to call|Refuses calls|Consent no longer given|Calls not allowed since
Doesn't consent|Wünscht keinen Kontakt
Einwilligung widerrufen|Anruf nicht erlaubt|Keine Einwilligung vorhanden
Consentement retiré|Pas de consentement|Ne souhaite plus être contacté|Refus de contact
Consentimiento revocado|No desea ser contactado|Rechaza llamadas|Consenso negato
Revoca del consenso|Rifiuta chiamate|Não aceita ligações|Recusou contato
Toestemming ingetrokken|Zgoda wycofana
"""
CONSENTING = """
Consent|Marketing Consent|Opt-in|Permission to call|OK to call?|Anruf erlaubt
Einwilligung|Zustimmung|Consentement|Consentimiento|Consentimento|Consenso
Toestemming|Zgoda|Consent (yes/no)|Has not withdrawn consent|Contattabile
Acepta llamadas|Aceita ligações|Accepte d'être contacté|Può essere chiamato
Darf kontaktiert werden|Accetta chiamate|Appel autorisé|Согласие на звонки
Phone No. consent|Consent phone no valid|Permiso de contacto|Accord pour appel
Mag bellen
"""
NEGATED_FORBIDDING = "Not on DNC|Non-DND|Not opted out|Not blacklisted|DNC clean"
OTHERS = """
Called|Dndola|Adopt outcome|Do not call before|Can call between|DNC checked
Consent date|Consent source|Status|Notes|Options|Robinson Name
Opportunity|Contact|Callback|Position|No of calls|No. de contacto|Consent required
Authorized contact|Nicht erreicht|No contesta|Reject reason|Missing data
Consent Form No. / Date|Consent No. and Date|Missing consent form|No. of calls allowed
No_of_calls_permitted|Permit Phone|Permit Contact|Permiso de obra teléfono|Mag. Telefon
Accord telephone|Accepts phone payments|Best time we may call|Who can we call?
Contact allowed from|Appel autorisé après|Anruf erwünscht (Uhrzeit)|Kontakt erwünscht um
Acepta llamadas desde|Pode ser contatado até|Può essere chiamato dalle|Można dzwonić od
Bellen toegestaan vanaf|Можно звонить до
"""
SAYINGS = """
Do Not Call|DNC|dnc (2025)|DNC 2024-01-05|DNC since May 2025|***DNC***|opted out
Opted-Out|UNSUBSCRIBED|please do not call|do_not_call|DoNotCall|Do not contact!|NDNC
Don\u2019t call|no llamar|Não ligar|nao ligar|ne pas appeler|Bloctel|nicht anrufen
Do Not Call (verbal)|DNC/Opt out|DNC - 2024|Do not call!|DNC: yes|DNC - per client
DNC=1|DNC? Yes|***DNC*** (asked)|Opted out, do not call|nicht anrufen (Kunde)
D\u200bNC|Do\u00a0Not\u00a0Call|\uff24\uff2e\uff23|\u00adopted out|do\u2060 not call
bitte nicht anrufen|Robinsonliste|non chiamare|niet bellen|nie dzwonić|la tattasil
call mat karo|कॉल न करें|لا تتصل|не звонить|désabonnée|DESABONNE
"""
UNLIKE = """
National DNC|Added to DNC|keine Anrufe mehr|ne souhaite pas être appelée|Lost - DNC
Status: Do not call|Not interested/DNC|1 - Do not call|Dead (opted out)
"""
"""Phrases that other texts begin like."""
NO_SAYINGS = """
2025|1|yes|no|0|new|()|called|do|not interested|Donna|Nora|12 May 2025|list
DNC: no|DNC - no|Non-DNC|DNC? No|DNC: 0|DNC 0|DNC (no longer)|DNC: checked|Call / DNC
Unsubscribed (email)|Opted out: SMS|No contact - voicemail|VM / no contact|1/2|12 - 13
Please note, do not call, she asked for a letter instead|do not call - before five
Customer asked: do not call before five|We do not call people like that|DNCX|optional
"""


def lines(text: str) -> list[str]:
    return [part for line in text.split("\n") for part in line.split("|") if part]


@pytest.mark.parametrize(
    ("headers", "subject"),
    [
        (FORBIDDING + NEGATED_CONSENT, About.FORBIDS),
        (CONSENTING + NEGATED_FORBIDDING, About.CONSENT),
        ("Email Opt Out|SMS Blacklisted|Newsletter Unsubscribed", About.MESSAGES),
        (OTHERS, About.OTHER),
    ],
    ids=["forbid", "consent", "messages", "others"],
)
def test_header_says_what_its_column_is_about(headers: str, subject: About) -> None:
    found = {header: about(header) for header in lines(headers)}
    assert found == dict.fromkeys(found, subject)


def test_whole_cell_says_that_somebody_must_not_be_called() -> None:
    assert [c for c in lines(SAYINGS + UNLIKE) if not is_phrase(c)] == []
    assert [cell for cell in lines(NO_SAYINGS) if is_phrase(cell)] == []


def test_quick_look_passes_over_no_phrase() -> None:
    marked = [
        f"{mark}{cell}" for cell in lines(SAYINGS) for mark in ("", " (", "\u26d4 ")
    ]
    assert [cell for cell in marked if not may_begin_so(cell[:3])] == []
    assert [cell for cell in marked if not is_likely(cell)] == []


@pytest.mark.parametrize(
    ("words", "forbidden", "permitted"),
    [
        (
            "yes|true|1|x|ja|si|sí|oui|sim|tak|2025-01-31|✓",
            Says.DO_NOT_CALL,
            Says.CALL,
        ),
        (
            "yes (verbal)|yes!|y/2024|1 (agent)|yes\u200b|\uff59\uff45\uff53",
            Says.DO_NOT_CALL,
            Says.CALL,
        ),
        (
            "no|false|0|nein|não|nie|nee|no (verbal)|no, thanks|n\u200bo",
            Says.CALL,
            Says.DO_NOT_CALL,
        ),
        ("dnc|opted out|do not call", Says.DO_NOT_CALL, Says.DO_NOT_CALL),
        ("n/a|null|-|0000-00-00 00:00:00|00.00.0000", Says.NOTHING, Says.NOTHING),
        ("1970-01-01t00:00:00z|1/1/0001 12:00:00 am", Says.NOTHING, Says.NOTHING),
        ("perhaps|7|31|yes/no|yes, no", Says.UNCLEAR, Says.UNCLEAR),
        (
            "withdrawn|widerrufen|revoked on 2025-01-31|refusée|nicht erteilt",
            Says.UNCLEAR,
            Says.DO_NOT_CALL,
        ),
        (
            "blocked|gesperrt|bloqueado|robinson",
            Says.DO_NOT_CALL,
            Says.DO_NOT_CALL,
        ),
        ("31 janvier 2025|31. märz 2025", Says.DO_NOT_CALL, Says.CALL),
        ("aceptado|erlaubt|allowed", Says.UNCLEAR, Says.CALL),
    ],
)
def test_answer_in_a_column_of_its_own(
    words: str, forbidden: Says, permitted: Says
) -> None:
    for each in lines(words):
        assert (forbidden_by(each), permitted_by(each)) == (forbidden, permitted), each
