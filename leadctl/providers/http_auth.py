"""Authenticates requests: fixed credentials, or a key exchanged for a token.

They are added to the request itself: a copy would not count as the upload.
"""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlencode

from leadctl.model.errors import AccessDenied, NotProcessed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    import httpx


class Auth(Protocol):
    """Authenticates requests, like httpx.Auth."""

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the signed request, and any requests to send before or after it."""


@dataclass(frozen=True, eq=False)
class Credentials:
    """An account's authentication, and its secrets, to be removed from answers."""

    auth: Auth
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, eq=False)
class FixedCredentials:
    """The same headers, query fields and form fields on every request; never shown."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)

    def add_to(self, request: httpx.Request) -> None:
        """Add them to a request; those of the form follow its own fields."""
        for name, value in self.headers.items():  # update() takes three times as long
            request.headers[name] = value
        if self.query:
            request.url = request.url.copy_merge_params(self.query)
        if self.form:
            _extend_form(request, self.form)

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        self.add_to(request)
        yield request


def bearer(token: str) -> FixedCredentials:
    return FixedCredentials({"Authorization": f"Bearer {token}"})


def basic(user: str, password: str) -> FixedCredentials:
    pair = b64encode(f"{user}:{password}".encode()).decode()
    return FixedCredentials({"Authorization": f"Basic {pair}"})


def _extend_form(request: httpx.Request, fields: Mapping[str, str]) -> None:
    import httpx  # noqa: PLC0415  on demand

    content = b"&".join(filter(None, [request.content, urlencode(fields).encode()]))
    vars(request).pop("_content", None)  # httpx keeps the first body it has read
    request.stream = httpx.ByteStream(content)
    request.headers["Content-Length"] = str(len(content))
    request.headers["Content-Type"] = "application/x-www-form-urlencoded"


class Token(NamedTuple):
    """A token and its lifetime in seconds, as the provider states them."""

    text: str
    life: float

    def __repr__(self) -> str:
        return f"Token(hidden, life={self.life})"


@dataclass(eq=False, repr=False)
class TokenExchange:
    """Exchanges a key for a bearer token for all threads, and again before it ends.

    request     builds the exchange call
    read        reads its answer into a Token, or raises a ProviderError
    expired     tells from an upload's answer that the token was not accepted: it is
                repeated once, with a new token
    headers     go on every upload beside the token
    permit      called before every exchange; may raise a ProviderError instead
    """

    request: Callable[[], httpx.Request]
    read: Callable[[httpx.Response], Token]
    expired: Callable[[httpx.Response], bool]
    headers: Mapping[str, str] = field(default_factory=dict)
    permit: Callable[[], None] = lambda: None
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _token: Token | None = field(default=None, init=False)
    _renew_at: float = field(default=0.0, init=False)

    @property
    def has_token(self) -> bool:
        """Whether the key was exchanged, and so is good."""
        return self._token is not None

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        token = None
        for _ in range(2):
            token = yield from self._current(refused=token)
            request.headers.update(self.headers)
            request.headers["Authorization"] = f"Bearer {token.text}"
            response = yield request
            response.read()
            if not self.expired(response):
                return
        raise AccessDenied(
            "a new token was rejected; another program may also be renewing it"
        )

    def _current(
        self, refused: Token | None
    ) -> Generator[httpx.Request, httpx.Response, Token]:
        # Held during the exchange: other threads wait for its result.
        with self._lock:
            if (
                self._token
                and self._token is not refused
                and time.monotonic() < self._renew_at
            ):
                return self._token
            self._token = None
            self.permit()
            response = yield self.request()
            response.read()
            token = self.read(response)
            if not (token.text.isascii() and token.text.isprintable()):
                raise NotProcessed(
                    "the new token has characters that a header cannot have"
                )
            # At 80 % of its life, so that it does not end during a request.
            self._renew_at = time.monotonic() + 0.8 * token.life
            self._token = token
            return token
