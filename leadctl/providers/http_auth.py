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

from leadctl.model.errors import AccessDenied

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

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


class Fixed:
    """The same fields on every request; their values are never shown."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = dict(fields)

    def add_to(self, request: httpx.Request) -> None:
        raise NotImplementedError

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        self.add_to(request)
        yield request

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._fields)}: hidden)"


class FixedHeaders(Fixed):
    """The same headers on every request."""

    def add_to(self, request: httpx.Request) -> None:
        for name, value in self._fields.items():  # update() takes three times as long
            request.headers[name] = value


def bearer(token: str) -> FixedHeaders:
    return FixedHeaders({"Authorization": f"Bearer {token}"})


def basic(user: str, password: str) -> FixedHeaders:
    pair = b64encode(f"{user}:{password}".encode()).decode()
    return FixedHeaders({"Authorization": f"Basic {pair}"})


class FixedQuery(Fixed):
    """The same fields in the query of every request."""

    def add_to(self, request: httpx.Request) -> None:
        request.url = request.url.copy_merge_params(self._fields)


class FixedForm(Fixed):
    """The same fields in the form of every request, behind its own."""

    def add_to(self, request: httpx.Request) -> None:
        import httpx  # noqa: PLC0415  on demand

        parts = [request.content, urlencode(self._fields).encode()]
        content = b"&".join(filter(None, parts))
        vars(request).pop("_content", None)  # httpx keeps the first body it has read
        request.stream = httpx.ByteStream(content)
        request.headers["Content-Length"] = str(len(content))
        request.headers["Content-Type"] = "application/x-www-form-urlencoded"


class Together(Fixed):
    """Several fixed credentials on every request."""

    def __init__(self, parts: Sequence[Fixed]) -> None:
        self._parts = [*parts]

    def add_to(self, request: httpx.Request) -> None:
        for part in self._parts:
            part.add_to(request)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._parts})"


class Token(NamedTuple):
    """A token and its lifetime in seconds, as the provider states them."""

    text: str
    life: float

    def __repr__(self) -> str:
        return f"Token(hidden, life={self.life})"


class TokenExchange:
    """Exchanges a key for a bearer token for all threads, and again before it ends.

    request     builds the exchange call
    read        reads its answer into a Token, or raises a ProviderError
    expired     tells from an upload's answer that the token was not accepted: it is
                repeated once, with a new token
    headers     go on every upload beside the token
    """

    def __init__(
        self,
        request: Callable[[], httpx.Request],
        read: Callable[[httpx.Response], Token],
        expired: Callable[[httpx.Response], bool],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._request = request
        self._read = read
        self._expired = expired
        self._headers = dict(headers or {})
        self._lock = threading.Lock()
        self.permit: Callable[[], None] = lambda: None
        """Called before every exchange; may raise a ProviderError instead."""
        self._token: Token | None = None
        self._renew_at = 0.0

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
            request.headers.update(self._headers)
            request.headers["Authorization"] = f"Bearer {token.text}"
            response = yield request
            response.read()
            if not self._expired(response):
                return
        raise AccessDenied(
            "a new token was rejected; another program may also be renewing it"
        )

    def _current(
        self, refused: Token | None
    ) -> Generator[httpx.Request, httpx.Response, Token]:
        # Held during the exchange, so that other threads wait for its result.
        with self._lock:
            if (
                self._token
                and self._token is not refused
                and time.monotonic() < self._renew_at
            ):
                return self._token
            self._token = None
            self.permit()
            response = yield self._request()
            response.read()
            token = self._read(response)
            # At 80 % of its life, so that it does not end during a request.
            self._renew_at = time.monotonic() + 0.8 * token.life
            self._token = token
            return token

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"
