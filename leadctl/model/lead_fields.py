"""The lead fields, their header names, and the checks that providers ask for."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from leadctl.model import strict_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from leadctl.model.leads import Json

Check: TypeAlias = "Callable[[Json], Json]"
"""Converts a mapped value to what is sent (None: nothing); raises FieldInvalid."""

INSTRUCTIONS = ("active", "scheduled_for", "expires_on", "priority")
"""Fields that say whether, when and in which order to call. A provider would ignore
them as mere data."""

ALIASES = {
    field: tuple(names.split())
    for field, names in {
        "phone": """
            phone phonenumber phoneno phonenum mobile mobilephone mobilenumber
            mobileno mobilephonenumber cell cellphone cellphonenumber cellnumber
            telephone telephonenumber tel contactnumber contactno contactphone
            whatsapp whatsappnumber msisdn phone1 primaryphone phonee164 telefon
            telefonnummer handy handynummer mobil mobilnummer rufnummer mobiltelefon
            mobilfunknummer telefonnr telnr handynr mobilnr rufnr
            telefono teléfono celular telefone téléphone
            numerodetelefono númerodeteléfono telefonomovil teléfonomóvil
            numerodetelephone numérodetéléphone telephoneportable téléphoneportable
            móvil movil portable telemóvel telemovel cellulare
            telefonocellulare numeroditelefono numerodicellulare telefoon mobiel
            telefoonnummer mobielnummer
        """,
        "phone_country": """
            phonecountrycode phonecountry phonecode phoneisd phoneisdcode
            phonedialcode phoneprefix telephonecode telephonecountrycode
            mobilecountrycode mobilecountry mobilecode mobileisd mobileisdcode
            whatsappcountrycode isd isdcode dialcode dialingcode diallingcode
            callingcode countrycallingcode countrydialcode countrydialingcode
            countrydiallingcode countryphonecode countryisdcode internationalcode
            countrycode ländervorwahl laendervorwahl landesvorwahl landnummer
            indicatifpays indicatiftéléphonique indicatiftelephonique códigodepaís
            codigodepais códigopaís codigopais códigodopaís codigodopais
            prefissointernazionale
        """,
        "external_id": "externalid extid crmid leadid recordid contactid",
        "name": "name fullname leadname contactname customername displayname",
        "first_name": "firstname first givenname forename vorname nombre prénom prenom",
        "last_name": """
            lastname last surname familyname nachname familienname apellido apellidos
            nomdefamille
        """,
        "email": """
            email emailaddress mail emailadresse correo correoelectrónico
            correoelectronico courriel adresseemail
        """,
        "company": """
            company companyname organization organisation account accountname firma
            firmenname unternehmen empresa entreprise société societe
        """,
        "title": "title jobtitle designation position",
        "priority": "priority leadpriority priorität prioridad priorité",
        "scheduled_for": "scheduledfor scheduledat scheduletime callat calltime",
        "expires_on": "expireson expirydate expires expiry expirationdate",
        "active": "active isactive enabled",
        "skill": "skill skillname",
        "agent_id": "agentid agent",
        "source": "source leadsource",
        "context_headers": "contextheaders",
        "metadata": "metadata customdata",
    }.items()
}
"""Every lead field, with the headers it is recognised by, without spaces and signs; the
first wins. A bare `id` is missing, because many exports number their rows there."""

FIELDS = tuple(ALIASES)

ADDRESS_COUNTRY = "country"
"""The country of an address gives a phone its region if nothing else does."""

COUNTRY_ALIASES = {
    "phone_country": ALIASES["phone_country"],
    ADDRESS_COUNTRY: (
        "country", "countryname", "countryregion", "countryiso", "countryisocode",
        "isocountry", "isocountrycode", "countrycodeiso", "countrycodeiso2",
        "countryiso2", "countryiso3", "addresscountry", "countryofresidence",
        "residencecountry", "homecountry", "mailingcountry", "billingcountry",
        "shippingcountry", "contactcountry", "leadcountry", "companycountry",
        "nation", "land", "staat", "país", "pais", "pays", "paese", "nazione",
        "kraj", "ülke", "ulke", "страна", "البلد",
    ),
}  # fmt: skip
"""Columns that give the region of a phone, with their usual headers."""


def plain(header: str) -> str:
    """Reduce a header name to the form that aliases are compared in."""
    return "".join(c for c in header.casefold() if c.isalnum())


def word(value: Json) -> str:
    """Return a value in the form that maps and rules compare: false is `false`."""
    if value is None:
        return ""
    spelled = value if isinstance(value, str) else json.dumps(value)
    return spelled.strip().casefold()


_NONE = frozenset(
    {"n/a", "n.a.", "na", "null", "nil", "none", "nan", "\\n", "undefined", "unknown"}
    | {"tbd", "not set", "empty", "<null>", "(blank)", "(null)", "(none)", "#ref!"}
    | {"#n/a", "#value!", "#name?", "#null!", "#num!", "#div/0!", "#error!"}
)
_NOTHING = r"[0 .?\u2013\u2014-]*|0[.,]?0*e[+-]?0+"
_MAY_BE_NONE = re.compile(
    rf"\s*(?:{_NOTHING}|[^0-9]{{1,9}}|#div/0!)\s*\Z", re.IGNORECASE
)
"""Matches placeholders for a missing identifier, and hardly any other."""


def means_none(identifier: Json) -> bool:
    """Tell whether an identifier is a placeholder: `N/A`, `0`, `-`, `#REF!`."""
    if isinstance(identifier, str) and not _MAY_BE_NONE.match(identifier):
        return False
    spelled = word(identifier)
    return bool(re.fullmatch(_NOTHING, spelled)) or spelled in _NONE


class FieldInvalid(Exception):
    """A value that the provider would reject; the text does not repeat it."""


class Field(NamedTuple):
    """A provider's field; `alters`: its check may remove what cannot be stored."""

    name: str
    wire: str
    check: Check
    about: str = ""
    alters: bool = False


class PriorityScale(NamedTuple):
    """A provider's priorities; `first` is dialled first, and may be either end."""

    first: int
    last: int

    def check(self, value: Json) -> int:
        """Convert a number of the scale, or one of five words, for the provider."""
        if (spelled := word(value)) in PRIORITIES:
            return round(self.first + (self.last - self.first) * PRIORITIES[spelled])
        try:
            number = whole_number(value)
        except FieldInvalid:
            words = ", ".join(PRIORITIES)
            raise FieldInvalid(f"not a whole number or one of: {words}") from None
        low, high = sorted((self.first, self.last))
        if not low <= number <= high:
            raise FieldInvalid(
                f"outside {low} to {high} ({self.first} is called first)"
            )
        return number


PRIORITIES = {"highest": 0.0, "high": 0.25, "normal": 0.5, "low": 0.75, "lowest": 1.0}
"""Words for every provider's scale, with their distance from the first dialled."""


def is_priority(value: Json) -> bool:
    """Tell whether some provider may accept a value as a priority."""
    with suppress(FieldInvalid):
        return word(value) in PRIORITIES or whole_number(value) is not None
    return False


def whole_number(value: Json) -> int:
    """Accept 10, "10" and "10.0": spreadsheets add a decimal part."""
    spelled = "" if isinstance(value, bool | list | dict) else str(value)
    found = re.fullmatch(r"\s*([+-]?[0-9]{1,9})(?:\.0*)?\s*", spelled)
    if not found:
        raise FieldInvalid("not a whole number")
    return int(found[1])


def text(value: Json) -> str:
    """Accept any value that has one obvious spelling."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise FieldInvalid("must be a single value, not a list or an object")


def email(value: Json) -> str:
    """Accept what looks like one e-mail address; it need not exist."""
    address = text(value)
    if not re.fullmatch(
        r"[^@\s<>(),;:\"]+@[^@\s<>(),;:\"]+\.[^@\s.<>(),;:\"]+", address
    ):
        raise FieldInvalid("not an e-mail address")
    return address


def boolean(value: Json) -> bool:
    """Accept true/false, yes/no, y/n, on/off, 1/0 in any case."""
    match str(value).strip().casefold():
        case "true" | "yes" | "y" | "t" | "on" | "1":
            return True
        case "false" | "no" | "n" | "f" | "off" | "0":
            return False
        case _:
            raise FieldInvalid("not yes or no (true, false, 1, 0)")


def iso_time(value: Json) -> str:
    """Accept an ISO 8601 date and time with an offset, which says when to call."""
    written = text(value).strip()
    try:
        moment = datetime.fromisoformat(written)
        date.fromisoformat(written[:10])  # no week dates, which few programs read
    except ValueError:
        raise FieldInvalid(
            "not an ISO 8601 time such as 2026-03-01T09:30:00+05:30"
        ) from None
    if len(written) <= len("2026-03-01") or written[10:11] not in ("T", "t", " "):
        raise FieldInvalid("no time of day; write it like 2026-03-01T09:30:00+05:30")
    if moment.tzinfo is None:
        raise FieldInvalid(
            "no time zone; add an offset such as +05:30, or `timezone:` to the profile"
        )
    return f"{written[:10]}T{written[11:]}"


def iso_date(value: Json) -> str:
    """Accept YYYY-MM-DD, also with a spreadsheet's midnight; others are ambiguous."""
    written = text(value).strip()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}([T ]00:00(:00)?)?", written, re.ASCII):
        with suppress(ValueError):
            return date.fromisoformat(written[:10]).isoformat()
    raise FieldInvalid("not a date such as 2026-03-31")


def mapping(value: Json) -> dict[str, Json]:
    """Accept an object, or text with a JSON object, as in a CSV cell."""
    if isinstance(value, str):
        try:
            value = strict_json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, dict):
        raise FieldInvalid('not an object; in CSV write JSON such as {"key": "value"}')
    return {key: member for key, member in value.items() if member not in ("", None)}


def text_mapping(value: Json) -> dict[str, Json]:
    return {key: text(member) for key, member in mapping(value).items()}


def source(value: Json) -> dict[str, Json]:
    """Accept `{"system": …, "url": …}`, or plain text for the system."""
    if isinstance(value, str) and not value.lstrip().startswith("{"):
        return {"system": value}
    members = text_mapping(value)
    if members.keys() - {"system", "url"}:
        raise FieldInvalid("must contain only system and url")
    return members


def sip_headers(value: Json) -> dict[str, Json]:
    """Accept names that begin with X- and hold only letters, digits, - _ . ! ~ * +."""
    members = text_mapping(value)
    for name in members:
        if not re.fullmatch(r"X-[A-Za-z0-9\-_.!~*+]+", name):
            raise FieldInvalid(
                "a header name must start with X- and use letters, digits, -_.!~*+"
            )
    return members
