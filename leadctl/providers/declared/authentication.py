"""Authenticates requests as a definition says: fixed credentials, or a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadctl.model.errors import AccessDenied, NotProcessed
from leadctl.model.patterns import searcher
from leadctl.providers.base_url import joined
from leadctl.providers.declared import grammar, templates
from leadctl.providers.declared.answer import AnswerReader, are_set
from leadctl.providers.declared.grammar import Definition, Secret
from leadctl.providers.http_auth import (
    Auth,
    FixedCredentials,
    Token,
    TokenExchange,
    basic,
)
from leadctl.providers.http_request import http_request
from leadctl.providers.response import seconds, token_refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from leadctl.model.leads import Json


def declared_secrets(definition: Definition) -> dict[str, Secret]:
    """Return the secrets by name, from either form of the key."""
    if isinstance(definition.secrets, list):
        return {name: Secret() for name in definition.secrets}
    return definition.secrets


def authentication(
    definition: Definition,
    base_url: str,
    settings: Mapping[str, Json],
    secrets: Mapping[str, str],
) -> Auth:
    for name, secret in declared_secrets(definition).items():
        if secret.looks and not searcher(f"^(?:{secret.looks})$")(secrets[name]):
            said = f"{name} is not valid for {definition.title}: it must match "
            raise AccessDenied(said + secret.looks)
    auth, values = definition.auth, {**settings, **secrets}
    headers = templates.texts(auth.headers, values)
    if auth.token and are_set(settings, auth.token.when):
        return _exchange(definition, auth.token, base_url, settings, values, headers)
    if auth.basic:
        headers |= _basic(auth.basic, values).headers
    query, form = (templates.texts(one, values) for one in (auth.query, auth.form))
    return FixedCredentials(headers, query, form)


def built(
    said: grammar.Call | grammar.Token,
    address: str,
    values: Mapping[str, Json],
    method: str = "POST",
    query: Mapping[str, Json] | None = None,
) -> httpx.Request:
    """Build the request of a call; its names were checked when it was loaded."""
    return http_request(
        method,
        joined(address, tuple(templates.text(part, values) for part in said.path)),
        params=templates.texts(query or {}, values) or None,
        headers=templates.texts(said.headers, values),
        json=None if said.body is None else templates.filled(said.body, values),
        data=templates.texts(said.form or {}, values) or None,
    )


def _basic(written: grammar.Basic, values: Mapping[str, Json]) -> FixedCredentials:
    return basic(
        templates.text(written.user, values), templates.text(written.password, values)
    )


def _exchange(  # noqa: PLR0913  what requests are built from
    definition: Definition,
    token: grammar.Token,
    base_url: str,
    settings: Mapping[str, Json],
    values: Mapping[str, Json],
    headers: Mapping[str, str],
) -> TokenExchange:
    address = templates.text(token.url, values) if token.url else base_url

    def answer_of(response: httpx.Response) -> AnswerReader:
        return AnswerReader(definition, response, settings)

    def request() -> httpx.Request:
        asked = built(token, address, values)
        if token.basic:
            _basic(token.basic, values).add_to(asked)
        return asked

    def read(response: httpx.Response) -> Token:
        answer = answer_of(response)
        text = answer.at(token.token)
        life = token.life if isinstance(token.life, float) else answer.at(token.life)
        if response.is_success and isinstance(text, str) and text and seconds(life):
            return Token(text, seconds(life))
        said = f"{definition.title} answered the token request: {answer.sentence}"
        if token.busy and answer.fits(token.busy):
            raise NotProcessed(said).but(headers=response.headers)
        if token.denied and answer.fits(token.denied):
            raise AccessDenied(said)
        raise token_refusal(definition.title, response)

    return TokenExchange(
        request, read, lambda response: answer_of(response).fits(token.expired), headers
    )
