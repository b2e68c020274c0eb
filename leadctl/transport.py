"""Requests over HTTP, and what each way of failing says about the request.

The one place that opens connections. Built for leads: no redirect is followed, no
cookie kept, nothing repeated below the level that knows whether a repeat is safe; and
whoever answers is not trusted with our memory or our time.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

import httpx
import truststore

from leadctl.answerbody import bounded, veiled
from leadctl.errors import (
    InDoubt,
    InputUnusable,
    NotProcessed,
    ProviderError,
    Untrusted,
    Unusable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadctl.auth import Access


# Raised before the first byte of a request leaves.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)


class Transport:
    """Clients for one account, one a thread.

    timeout     seconds without a byte; a whole answer may take five times that
    ca_file     PEM file of the only authorities that are trusted; else the system's are
    direct      no proxy, whatever the environment says: for this machine itself
    """

    def __init__(
        self,
        by: Access | None,
        *,
        timeout: float = 60.0,
        ca_file: str | None = None,
        direct: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._secrets = [*by.secrets.values()] if by else []
        self._longest = 5 * timeout
        self._own = threading.local()
        self._clients: list[httpx.Client] = []
        times = httpx.Timeout(timeout, connect=min(timeout, 10.0))

        def limit(request: httpx.Request) -> None:
            # To a call for a token, which the auth makes, the client gives no time.
            request.extensions.setdefault("timeout", times.as_dict())

        try:
            authorities = _authorities(ca_file)
            self._new: Callable[[], httpx.Client] = lambda: httpx.Client(
                auth=by.auth if by else None,
                timeout=times,
                verify=authorities,
                follow_redirects=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                trust_env=not direct,
                transport=transport,
                # No compression whose rate is not bounded.
                headers={"User-Agent": "leadctl", "Accept-Encoding": "gzip, deflate"},
                event_hooks={"request": [limit], "response": [self._read]},
            )
            self._client()
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise InputUnusable(
                "no connection can be set up: a certificate file or proxy is unusable",
                hint="look at ca_file, SSL_CERT_FILE, HTTPS_PROXY and ALL_PROXY",
            ) from error

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request, read its answer; raises NotProcessed, InDoubt or Unusable."""
        with _translated(request):
            return self._client().send(request)

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def _client(self) -> httpx.Client:
        """Return the calling thread's own client, with one connection.

        A pool that 64 threads share looks through all of its connections for each
        request: 2.5 ms of CPU where this takes 0.5.
        """
        client: httpx.Client | None = getattr(self._own, "client", None)
        if client is None:
            client = self._own.client = self._new()
            self._clients.append(client)
        return client

    def _read(self, response: httpx.Response) -> None:
        """Read an answer within its bounds, before anybody looks at it."""
        try:
            content = bounded(response, self._longest)
        except httpx.RequestError as error:
            error.request = response.request
            raise
        response.headers.pop("content-encoding", None)
        token = response.request.headers.get("authorization", "").partition(" ")[2]
        content = veiled(content, [*self._secrets, token])
        response.stream = httpx.ByteStream(content)


def _authorities(ca_file: str | None) -> ssl.SSLContext:
    if ca_file:
        return ssl.create_default_context(cafile=ca_file)
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@contextmanager
def _translated(request: httpx.Request) -> Iterator[None]:
    host = request.url.host
    try:
        yield
    except _NEVER_SENT as error:
        raise _not_connected(request.url, error) from error
    except (
        httpx.UnsupportedProtocol,
        httpx.InvalidURL,
        httpx.LocalProtocolError,
    ) as error:
        raise Unusable(f"no request can be sent to {host}: {_why(error)}") from error
    except httpx.RequestError as error:
        # With a token exchange the call for the token may be the one that failed.
        if error.request is not request:
            raise NotProcessed(f"the call for a token failed: {_why(error)}") from error
        if isinstance(error, httpx.DecodingError):
            unreadable = f"the answer of {host} cannot be read: {_why(error)}"
            raise InDoubt(unreadable, lost=False) from error
        raise InDoubt(f"the answer of {host} was lost: {_why(error)}") from error


def _not_connected(url: httpx.URL, error: Exception) -> ProviderError:
    cause = _cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Untrusted(
            f"the certificate of {url.host} is not trusted: {cause.verify_message}; "
            "nothing was sent",
            hint="check base_url; a private authority's file goes into ca_file",
        )
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = url.port or (443 if url.scheme == "https" else 80)
    return NotProcessed(f"no connection to {host}:{port}: {_why_not(cause or error)}")


def _cause(error: Exception) -> OSError | None:
    """Return what the system said, which the library wraps."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _why_not(cause: Exception) -> str:
    match cause:
        case ConnectionRefusedError():
            return "connection refused"
        case socket.gaierror():
            return "its name cannot be looked up (DNS)"
        case TimeoutError() | httpx.TimeoutException():
            return "no answer in time"
        case ssl.SSLError():
            return f"no TLS with it ({cause.reason or 'broken off'})"
        case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH):
            return "it cannot be reached from here"
        case OSError(strerror=str(said)):
            return said
        case _:
            return _why(cause)


def _why(error: Exception) -> str:
    """Say it in our words: the library's may quote headers, and so a key."""
    match error:
        case httpx.DecodingError():
            return "it is too large or wrongly packed"
        case httpx.ReadTimeout():
            return "no answer in time"
        case httpx.WriteTimeout():
            return "the request could not be written in time"
        case httpx.ReadError() | httpx.WriteError() | httpx.RemoteProtocolError():
            return "the connection broke"
        case _:
            return type(error).__name__


def require_safe_url(url: str) -> None:
    """Refuse plain http anywhere but on this machine: a key would travel readable."""
    parsed = httpx.URL(url)
    if parsed.userinfo:
        raise InputUnusable(
            "base_url must not hold a user name or password",
            hint="it would be shown and logged; a key has settings of its own",
        )
    if parsed.scheme == "https" and parsed.host:
        return
    if parsed.scheme == "http" and is_here(url):
        return
    raise InputUnusable(
        f"base_url {url!r} must start with https://",
        hint="http:// is for this machine alone (127.0.0.1)",
    )


def is_here(url: str) -> bool:
    """Tell whether an address is on this machine itself."""
    host = httpx.URL(url).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
