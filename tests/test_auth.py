"""Credentials are sent with every request, and never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from leadctl.delivery.transport import Transport
from leadctl.model.errors import NotProcessed, Unusable
from leadctl.providers.http_auth import (
    Auth,
    Credentials,
    FixedCredentials,
    Token,
    TokenExchange,
    basic,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SECRETS = {"user": "api_user", "password": "a b&c=d"}


def sent(auth: Auth, request: httpx.Request) -> httpx.Request:
    heard: list[httpx.Request] = []

    def hear(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200)

    transport = Transport(
        Credentials(auth, SECRETS), transport=httpx.MockTransport(hear)
    )
    transport.send(request)
    transport.close()
    assert heard == [request], "it is the upload itself"
    return request


def test_form_carries_user_and_password_behind_the_lead() -> None:
    request = httpx.Request("POST", "https://dialer.example/", data={"phone": "1"})
    found = sent(FixedCredentials(form=SECRETS), request)
    assert found.read() == b"phone=1&user=api_user&password=a+b%26c%3Dd"
    assert found.headers["content-length"] == str(len(found.read()))
    assert found.headers["content-type"] == "application/x-www-form-urlencoded"


def test_form_of_a_request_without_a_body_has_the_credentials_alone() -> None:
    request = httpx.Request("POST", "https://dialer.example/")
    assert sent(FixedCredentials(form={"user": "x"}), request).read() == b"user=x"


def test_query_carries_them_beside_its_own() -> None:
    request = httpx.Request("GET", "https://dialer.example/?list=7")
    found = sent(FixedCredentials(query=SECRETS), request)
    assert dict(found.url.params) == {"list": "7", **SECRETS}


def test_basic_is_a_header() -> None:
    found = sent(basic("api_user", "a b"), httpx.Request("GET", "https://d.example/"))
    assert found.headers["authorization"] == "Basic YXBpX3VzZXI6YSBi"


@pytest.mark.parametrize(
    "make",
    [
        lambda fields: FixedCredentials(fields, fields, fields),
        lambda fields: basic(*fields.values()),
    ],
)
def test_nothing_of_them_is_shown(make: Callable[[dict[str, str]], Auth]) -> None:
    shown = repr(make(SECRETS))
    assert not any(secret in shown for secret in SECRETS.values())


@pytest.mark.parametrize("text", ["made-\u00fcp", "made\nup"])
def test_token_that_no_header_can_have_is_refused(text: str) -> None:
    url = "https://dialer.example/"
    auth = TokenExchange(
        lambda: httpx.Request("POST", url), lambda _: Token(text, 60.0), lambda _: False
    )
    with pytest.raises(NotProcessed, match="a header cannot have"):
        sent(auth, httpx.Request("POST", url))


def test_token_is_asked_for_by_https_alone() -> None:
    """The URL of the exchange is checked as well as `base_url`."""
    auth = TokenExchange(
        lambda: httpx.Request("POST", "http://login.example/token"),
        lambda _: Token("made-up", 60.0),
        lambda _: False,
    )
    with pytest.raises(Unusable, match=r"login\.example: https"):
        sent(auth, httpx.Request("POST", "https://dialer.example/"))
