"""Objects, headers and names in cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from refusing import refused

from leadctl.model import lead_fields
from leadctl.model.lead_fields import ALIASES, plain

if TYPE_CHECKING:
    from leadctl.model.leads import Json


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ({"X-Id": "7"}, {"X-Id": "7"}),
        ('{"X-Id": 7, "X-None": null, "X-Empty": ""}', {"X-Id": "7"}),
        (' {"X-A.b-c_d!~*+": true} ', {"X-A.b-c_d!~*+": "true"}),
        ("{}", {}),
    ],
    ids=repr,
)
def test_headers_come_as_object_or_as_text_of_one(
    value: Json, sent: dict[str, Json]
) -> None:
    assert lead_fields.sip_headers(value) == sent


@pytest.mark.parametrize(
    "value",
    [
        {"Id": "7"},
        {"x-id": "7"},
        {"X-": "7"},
        {"X-Id\r\nVia": "7"},
        {"X-Id ": "7"},
        {"X-Ä": "7"},
        {"X-Id": ["7"]},
        {"X-Id": {"a": 1}},
        "X-Id: 7",
        "[1]",
        "",
        7,
        None,
        True,
    ],
    ids=repr,
)
def test_headers_that_no_phone_would_take_are_refused(value: Json) -> None:
    refused(lead_fields.sip_headers, value)


@pytest.mark.parametrize(
    "value",
    [
        '{"X-Id": ' + "[" * 100_000,
        '{"a":' * 5000 + "1" + "}" * 5000,
        '{"X-Id": ' + "9" * 5000 + "}",
    ],
    ids=["open lists", "deep object", "endless number"],
)
def test_cell_with_json_without_end_is_refused(value: str) -> None:
    refused(lead_fields.mapping, value)


@pytest.mark.parametrize(
    "value",
    [r'{"X-Id": "\ud83d"}', '{"X-Id": NaN}', '{"X-Id": -Infinity}', '{"X-Id": 1e999}'],
    ids=["half a pair", "not a number", "infinity", "too large"],
)
def test_cell_with_json_that_cannot_be_sent_is_refused(value: str) -> None:
    """The reader refuses the same in a line of JSONL."""
    refused(lead_fields.sip_headers, value)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("web form", {"system": "web form"}),
        ({"system": "crm", "url": "https://x.example/1"}, None),
        ('{"system": "crm"}', {"system": "crm"}),
    ],
    ids=repr,
)
def test_source_is_an_object_or_the_systems_name(
    value: Json, sent: dict[str, Json] | None
) -> None:
    assert lead_fields.source(value) == (sent or value)


@pytest.mark.parametrize("value", [{"system": "x", "uri": "y"}, "{broken", 5, [1]])
def test_source_has_two_members_only(value: Json) -> None:
    refused(lead_fields.source, value)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Phone", "phone"),
        ("  PHONE_NUMBER ", "phone"),
        ("Phone No.", "phone"),
        ("Mobile-Phone", "phone"),
        ("E-Mail", "email"),
        ("First Name", "first_name"),
        ("externalId", "external_id"),
        ("Job Title", "title"),
        ("scheduled_at", "scheduled_for"),
        ("Rufnummer", "phone"),
        ("Telefono cellulare", "phone"),
        ("Handy-Nr.", "phone"),
        ("Teléfono móvil", "phone"),
        ("Numéro de téléphone", "phone"),
        ("Vorname", "first_name"),
        ("Prénom", "first_name"),
        ("Pre\u0301nom", "first_name"),
        ("Nombre", "first_name"),
        ("Nachname", "last_name"),
        ("Apellidos", "last_name"),
        ("Nom de famille", "last_name"),
        ("Firma", "company"),
        ("Empresa", "company"),
        ("Société", "company"),
        ("Priorität", "priority"),
        ("Correo electrónico", "email"),
        ("Courriel", "email"),
    ],
)
def test_header_is_known_by_letters_and_digits_alone(header: str, name: str) -> None:
    assert plain(header) in ALIASES[name]


def test_no_alias_means_two_fields() -> None:
    every = [alias for aliases in ALIASES.values() for alias in aliases]
    assert len(every) == len(set(every))
    assert every == [plain(alias) for alias in every]
    assert "id" not in every
    assert "nom" not in every, "the whole name to some, the last to others"
