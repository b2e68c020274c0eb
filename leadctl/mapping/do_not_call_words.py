"""The words that say that somebody must not be called, in users' languages."""

from __future__ import annotations

PHRASES = """
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

OF_MANY_STARTS = """
on the dnc list, added to dnc, dnc requested, requested dnc, dnc internal, internal dnc
company dnc, federal dnc, national dnc, state dnc, registered dnd, dnd active
dnd registered, ncpr, ncpr registered, tps listed, in tps, asked not to call
asked not to be called, stop calling me, don't call again, do not call again
never call again, do not call back, not to be contacted, does not want to be called
does not want calls, wants no calls, refuses calls, opted out of calls
opt out of calls, opted out of all, opt out of all, unsubscribed from all
unsubscribed from calls, unsubscribe all, take me off your list, black list, blacklist
black listed, block list, litigator, known litigator, tcpa litigator

no llamar nunca, no quiere que le llamen, não quer receber ligações, stop appels
ne souhaite pas être appelé, ne souhaite pas être appelée, ne veut pas être appelé
ne veut pas être appelée, werbeverbot, anrufverbot, kontaktverbot, keine anrufe mehr
wünscht keine anrufe, möchte nicht angerufen werden, will nicht angerufen werden
non vuole essere chiamato, non vuole essere chiamata, wil niet gebeld worden
mat karo call
"""
"""The same, but many other texts begin so: known in columns with few values alone."""

LEFT = """
opted out, opt out, has opted out, unsubscribed, unsubscribe, dado de baja
dada de baja, descadastrado, descadastrada, désabonné, désabonnée, désinscrit
désinscrite, abgemeldet, disiscritto, disiscritta, uitgeschreven, afgemeld, wypisany
wypisana
"""
"""The same, unless the column is about mail or messages."""

PLEASE = """
please, pls, plz, kindly, bitte, por favor, svp, per favore, alstublieft, aub, proszę
"""

ALONE = """
no contact, no call, no calls, kein kontakt, kein anruf, geen contact
"""
"""Phrases that beside a remark mean that nobody was reached: `No contact - voicemail`.
"""

SINCE = """
since, on, as, of, from, per, at, in, list, seit, am, ab, desde, el, em, depuis, le
dal, il, sinds, op, od
jan, feb, mar, apr, may, jun, jul, aug, sep, sept, oct, nov, dec, january, february
march, april, june, july, august, september, october, november, december
de, enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre
noviembre, diciembre, janeiro, fevereiro, março, maio, junho, julho, setembro
outubro, novembro, dezembro, janvier, février, mars, avril, mai, juin, juillet, août
septembre, octobre, novembre, décembre, januar, februar, märz, juni, juli, oktober
dezember, gennaio, febbraio, aprile, maggio, giugno, luglio, settembre, ottobre
dicembre
"""
"""What may stand behind such words, with digits: `DNC since May 2025`."""

YES = """
yes, y, true, t, 1, 1.0, -1, x, ✓, ✔, ☑, ✅, checked, on, ja, j, wahr
si, sí, sì, s, oui, o
vrai, sim, verdadero, verdadeiro, vero, tak, prawda, haan, han, naam, na3am, evet
да, نعم, हाँ, हां, registered, listed, activated, enabled
inscrit, inscrite, inscrito, inscrita, iscritto, iscritta, ingeschreven
aktiv, activo, activa, ativo, ativa, actif, active, attivo, attiva
"""

LISTED = """
blocked, fully blocked, full dnd, blacklisted, blocklisted, suppressed, tps, ctps
robinson, rpo, opposition, opposé, opposée, gesperrt, widersprochen, bloqueado
bloqueada, bloqué, bloquée, bloccato, bloccata, geblokkeerd, zablokowany
"""
"""Answers that say not to call, whatever the column asks."""

NO = """
no, n, false, f, 0, 0.0, off, nein, falsch, non, faux, nao, não, falso, nee, nie
niet, nahi, nahin, la, laa, нет, لا, नहीं, unregistered, unlisted, inactive
disabled, clear, clean, not given, ❌, ✖, ✗, ✘, ☐, not registered, not listed
not on list, not blocked, inactivo, inactiva, inativo, inativa, inactif, inattivo
inaktiv
"""

LIFTED = """
not, non, no longer, not set, not found, not applicable, lifted
call, ok to call, can call
"""
"""Beside a phrase, what takes it back: `DNC: no longer`."""

WITHDRAWN = """
withdrawn, revoked, denied, declined, refused, rejected, widerrufen, abgelehnt
verweigert, retirado, revocado, revogado, denegado, negado, rechazado, recusado
retiré, refusé, refusée, révoqué, revocato, rifiutato, ritirato, negato, ingetrokken
geweigerd, wycofana, cofnięta, opposed, expired, never
"""

GIVEN = """
given, granted, allowed, permitted, accepted, obtained, provided, opted in, opt in
subscribed, erteilt, gegeben, erlaubt, vorhanden, dado, dada, otorgado, concedido
aceptado, autorizado, aceito, accordé, accepté, donné, autorisé, dato, concesso
accettato, autorizzato, gegeven, verleend, toegestaan
"""
"""What consent is; behind a `not`, what it is not."""

NOT = """
not, no, non, never, without, lacks, missing, dont, doesnt, didnt, hasnt, wont
nicht, kein, keine, keinen, ohne, nao, sem, sin
senza, nessun, nessuna, pas, plus, sans, aucun, aucune, niet, geen, zonder, nie, brak
bez, не, без, нет
"""

TAKEN_BACK = """
withdr, revoc, revok, revog, revoq, denied, denies, refus, declin, reject, expired
rechaz, recus, rifiut, nega, retrait, retire, retirad, ritirat, widerr, entzogen
verweiger, abgelehnt, ingetrokken, geweiger, wycof, cofniet, отозван, отказ
"""
"""How words of a header begin that take consent back."""

MAY = """
allow, allows, accept, accepts, can, may, acepta, autoriza, permite, puede, desea
quiere, aceita, pode, deseja, quer, accepte, daccepte, naccepte, autorise, peut
souhaite, accetta, autorizza, può, vuole, darf, wünscht, można, можно
"""
"""Verbs of a header that permit what follows them: CALLS."""

ALLOWED = """
allowed, permitted, erlaubt, erwünscht, autorisé, autorisée, autorisés, toegestaan
"""
"""The same of what stands before them."""

CIRCUMSTANCES = """
time, times, hour, day, days, week, month, date, best, when, what, which, where, how
who, whom, until, till, since, number, max, maximum, attempts, count, payment
payments, order, orders, recording, recordings, invitation, waiting

hora, horas, horario, fecha, cuándo, cómo, desde, hasta, partir, pagar, pago, pagos
pedidos, horário, quando, como, após, até, pagamentos, heure, heures, quand, comment
après, avant, depuis, dès, jusqua, jusquau, paiement, paiements, wann, wie, uhr, uhrzeit
anrufzeit, anrufzeiten, datum, ab, bis, seit, nach, ora, ore, orario, come, dopo, fino
dalle, pagamenti, wanneer, hoe, tijd, uur, vanaf, tot, kiedy, jak, godzina, когда, как
время, после
"""
"""Words of a header that ask when, how or for what somebody may be called."""

ENDINGS = """
from, to, at, by, on, via, am, um, von, durch, per, na, op, por, a, las, par, le, das
alle, dal, od, do, po, до
"""
"""Last words that do: `Contact allowed from`."""

REFUSES = """
refuse, refuses, refus, rechaza, rechazo, recusa, recusou, rifiuta, rifiuto, zakaz
запрет, отказ
"""

CALLS = """
call, phone, telef, teleph, contact, contat, kontakt, llama, ligaç, ligar, appel
dappel, démarch, chiam, anruf, angeruf, gebeld, bellen, dzwon, звон
"""
"""How words about calls begin."""
