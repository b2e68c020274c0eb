"""Requests over HTTP, and what each way of failing says about the request.

The one place that sends. Built for leads: no redirect is followed, no
cookie kept, nothing repeated below the level that knows whether a repeat is safe; and
whoever answers is not trusted with our memory or our time.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import threading
from contextlib import closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import httpx
import truststore

from leadctl.answerbody import bounded, veiled
from leadctl.carrier import Carrier
from leadctl.errors import (
    InDoubt,
    InputUnusable,
    NotProcessed,
    ProviderError,
    Untrusted,
    Unusable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadctl.auth import Access


# Raised before the first byte of a request leaves.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)


HEADERS = {
    "User-Agent": "leadctl",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",  # no compression whose rate is not bounded
}


class Transport:
    """What carries the requests of one account; each thread has connections of its own.

    timeout     seconds without a byte; a whole answer may take five times that
    ca_file     PEM file of the only authorities that are trusted; else the system's are
    direct      no proxy, whatever the environment says: for this machine itself
    transport   carries in place of a network, in tests

    Raises InputUnusable for a certificate file or proxy that cannot be used.
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
        self._auth = by.auth if by else httpx.Auth()
        self._secrets = [*by.secrets.values()] if by else []
        self._longest = 5 * timeout
        times = httpx.Timeout(timeout, connect=min(timeout, 10.0))
        self._extensions = {"timeout": times.as_dict()}
        self._proxy_of = (lambda *_: None) if direct or transport else cache(proxy_of)
        self._given = transport
        self._own = _Own()
        self._all: list[httpx.BaseTransport] = []
        try:
            self._authorities = _authorities(ca_file)
            for proxy in {None} if direct else {None, *_proxies().values()}:
                self._carrier(proxy)
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise InputUnusable(
                "no connection can be set up: a certificate file or proxy is unusable",
                hint="look at ca_file, SSL_CERT_FILE, HTTPS_PROXY and ALL_PROXY",
            ) from error

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request, read its answer; raises NotProcessed, InDoubt or Unusable.

        Before and after it whatever the account's authentication asks for is sent.
        """
        with closing(self._auth.sync_auth_flow(request)) as flow:
            asked = next(flow)
            while True:
                with _translated(asked, is_ours=asked is request):
                    response = self._carried(asked)
                try:
                    asked = flow.send(response)
                except StopIteration:
                    return response

    def close(self) -> None:
        for carrier in self._all:
            carrier.close()

    def _carried(self, request: httpx.Request) -> httpx.Response:
        """Send a request, read its answer within bounds; no redirect is followed."""
        for name, value in HEADERS.items():
            request.headers.setdefault(name, value)
        request.extensions.update(self._extensions)
        url = request.url
        proxy = self._proxy_of(url.scheme, url.host, url.port)
        response = self._carrier(proxy).handle_request(request)
        response.request = request
        content = bounded(response, self._longest)
        response.headers.pop("content-encoding", None)
        token = request.headers.get("authorization", "").partition(" ")[2]
        content = veiled(content, [*self._secrets, token])
        response.stream = httpx.ByteStream(content)
        response.read()
        return response

    def _carrier(self, proxy: str | None) -> httpx.BaseTransport:
        """Return the calling thread's own, with one connection.

        A pool that 64 threads share looks through all of its connections for each
        request: 2.5 ms of CPU where this takes 0.5.
        """
        carriers = self._own.carriers
        if proxy not in carriers:
            carriers[proxy] = self._new(proxy)
            self._all.append(carriers[proxy])
        return carriers[proxy]

    def _new(self, proxy: str | None) -> httpx.BaseTransport:
        if self._given:
            return self._given
        if proxy:
            return httpx.HTTPTransport(verify=self._authorities, proxy=proxy)
        return Carrier(self._authorities)


class _Own(threading.local):
    """What each thread has for itself: a carrier by proxy, None where there is none."""

    def __init__(self) -> None:
        self.carriers: dict[str | None, httpx.BaseTransport] = {}


def proxy_of(scheme: str, host: str, port: int | None = None) -> str | None:
    """Return the proxy that the environment names for an address, if any.

    By HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not.
    """
    usual = {"https": 443, "http": 80}
    proxies = _proxies()
    if not proxies or proxy_bypass(f"{host}:{port or usual.get(scheme)}"):
        return None
    return proxies.get(scheme) or proxies.get("all")


def _proxies() -> dict[str, str]:
    """Return them by the scheme they are for."""
    named = getproxies()
    if "*" in [part.strip() for part in named.get("no", "").split(",")]:
        return {}
    return {
        scheme: proxy if "://" in proxy else f"http://{proxy}"
        for scheme, proxy in named.items()
        if scheme in ("http", "https", "all")
    }


def _authorities(ca_file: str | None) -> ssl.SSLContext:
    if ca_file:
        return ssl.create_default_context(cafile=ca_file)
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@contextmanager
def _translated(request: httpx.Request, *, is_ours: bool) -> Iterator[None]:
    """Say what an error means; a request that is not ours is a call for a token."""
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
        if not is_ours:
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
        case httpx.ConnectError():
            return "it had said more than it was asked"
        case _:
            return _why(cause)


def _why(error: Exception) -> str:
    """Say it in our words: the library's may quote headers, and so a key."""
    match error:
        case httpx.UnsupportedProtocol():
            return "its address is none that can be called"
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
