"""Sends requests over HTTP and classifies each way of failing.

The only place that sends. It follows no redirects, keeps no cookies, and repeats
nothing, because only its callers know whether a repeat is safe. An answer is limited in
size and time.
"""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import httpx
import truststore

from leadctl.delivery.http1 import PORTS, HttpConnection, NotSent, Unreadable
from leadctl.delivery.response_body import (
    decompressed,
    in_utf8,
    redacted,
    redacted_body,
)
from leadctl.model import errors
from leadctl.model.text_file import read_text
from leadctl.providers.base_url import is_here
from leadctl.providers.http_auth import TokenExchange

if TYPE_CHECKING:
    from leadctl.providers.http_auth import Credentials


class Transport:
    """Sends the requests of one account; each thread has its own connections.

    timeout     seconds without a byte; a whole request may take twice that
    ca_file     PEM file of the only authorities that are trusted; else the system's are
    direct      no proxy, whatever the environment says: for this machine itself
    transport   replaces the network, in tests

    Raises InputUnusable for a certificate file or proxy that cannot be used.
    """

    def __init__(
        self,
        by: Credentials | None,
        *,
        timeout: float = 60.0,
        ca_file: str | None = None,
        direct: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._auth = by.auth if by else httpx.Auth()
        self._secrets = [*by.secrets.values()] if by else []
        self._timeout = timeout
        self._proxy_of = (lambda *_: None) if direct or transport else cache(proxy_of)
        self._given = transport
        self._own = _Connections()
        self._all: list[httpx.BaseTransport] = []
        self._is_aborted = False
        try:
            self._authorities = _authorities(ca_file)
            for proxy in {None} if direct else {None, *_proxies().values()}:
                self._carrier(proxy)
        except (OSError, ValueError, httpx.InvalidURL) as error:
            raise errors.InputUnusable(
                "cannot set up connections: a certificate file or proxy is not valid",
                hint="check ca_file, SSL_CERT_FILE, HTTPS_PROXY and ALL_PROXY; "
                "a proxy address starts with http://",
            ) from error

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request, read its answer; raises NotProcessed, InDoubt or Unusable.

        Only a token exchange may send other requests before and after it. Others could
        contain the leads, and their loss would be mistaken for that of a token.
        """
        with closing(self._auth.sync_auth_flow(request)) as flow:
            asked, is_sent = next(flow), False
            while True:
                is_token = asked is not request
                if is_token and not isinstance(self._auth, TokenExchange):
                    raise errors.Unusable(
                        "the provider's authentication must send the upload itself, "
                        "not a request of its own",
                        in_doubt=is_sent,
                    )
                is_sent = is_sent or not is_token
                try:
                    response = self._carried(asked)
                except _TROUBLE as error:
                    raise self._meaning(asked, error, is_token=is_token) from error
                try:
                    asked = flow.send(response)
                except StopIteration:
                    return response

    def abort(self) -> None:
        """End the requests that other threads wait for; sends no other."""
        self._is_aborted = True
        for carrier in [*self._all]:
            if isinstance(carrier, HttpConnection):
                carrier.abort()

    def close(self) -> None:
        for carrier in self._all:
            carrier.close()

    def _carried(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer; no redirect is followed."""
        url = request.url
        if url.scheme != "https" and not is_here(str(url)):  # e.g. a host for tokens
            raise errors.Unusable(
                f"{url.host}: https:// is required",
                hint="http:// is allowed only for this machine (127.0.0.1)",
            )
        proxy = self._proxy_of(url.scheme, url.host, url.port)
        carrier = self._carrier(proxy)
        if self._is_aborted:  # checked last: earlier carriers were aborted
            carrier.close()
            raise NotSent("interrupted")
        answer = carrier.handle_request(request)
        encoding = answer.headers.pop("content-encoding", "")
        is_named = "charset" in answer.headers.get("content-type", "").lower()
        charset = answer.charset_encoding if is_named else None
        content = in_utf8(decompressed(_raw(answer), encoding), charset)
        token = request.headers.get("authorization", "").partition(" ")[2]
        content = redacted_body(content, [*self._secrets, token])
        return _ReadResponse(answer, content, request)

    def redacted(self, text: str) -> str:
        """Remove the account's secrets from a sentence of an answer."""
        return redacted(text, self._secrets)

    def _carrier(self, proxy: str | None) -> httpx.BaseTransport:
        """Return the calling thread's own connection; a pool would need a lock."""
        carriers = self._own.carriers
        if proxy not in carriers:
            carriers[proxy] = self._new(proxy)
            self._all.append(carriers[proxy])
        return carriers[proxy]

    def _new(self, proxy: str | None) -> httpx.BaseTransport:
        through = httpx.Proxy(proxy) if proxy else None
        if through and through.url.scheme != "http":
            raise ValueError(through.url.scheme)
        return self._given or HttpConnection(self._authorities, self._timeout, through)

    def _meaning(
        self, request: httpx.Request, error: Exception, *, is_token: bool
    ) -> errors.ProviderError:
        """Classify a request that has no answer."""
        host = request.url.host
        match error:
            case NotSent():
                return _not_connected(request.url, error)
            case httpx.TransportError():
                return errors.Unusable(f"cannot send a request to {host}: {error}")
            case Unreadable():
                why = f"the answer from {host} {error}"
            case _ if self._is_aborted:
                why = f"interrupted before {host} answered"
            case TimeoutError():
                why = f"{host} did not answer in time"
            case _:
                why = f"the connection to {host} dropped before it answered"
        if is_token:
            return errors.NotProcessed(f"token request failed: {why}")
        return errors.InDoubt(why, lost=not isinstance(error, Unreadable))


_TROUBLE = (NotSent, OSError, Unreadable, httpx.TransportError)


class _ReadResponse(httpx.Response):
    """An answer with a body that is read, in UTF-8, and has no secrets.

    httpx itself takes as long to read such a body as everything else to send a request.
    """

    def __init__(
        self, answer: httpx.Response, content: bytes, request: httpx.Request
    ) -> None:
        super().__init__(
            answer.status_code,
            headers=answer.headers,
            stream=httpx.ByteStream(content),
            request=request,
        )
        self.encoding = "utf-8"  # whatever the headers say
        self._read_content = content

    @property
    def content(self) -> bytes:
        return self._read_content

    def read(self) -> bytes:
        return self._read_content


class _Connections(threading.local):
    """The connections of one thread, by proxy (None: without one)."""

    def __init__(self) -> None:
        self.carriers: dict[str | None, httpx.BaseTransport] = {}


def _raw(answer: httpx.Response) -> bytes:
    if not isinstance(answer.stream, httpx.SyncByteStream):
        raise TypeError("the transport must be synchronous")
    return b"".join(answer.stream)


def proxy_of(scheme: str, host: str, port: int | None = None) -> str | None:
    """Return the proxy that the environment names for an address, if any.

    By HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not.
    """
    proxies = _proxies()
    if not proxies or proxy_bypass(f"{host}:{port or PORTS[scheme]}"):
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
        # OpenSSL would wait for a pipe; comments in the file may be in any encoding.
        text = read_text(Path(ca_file), may_be_pipe=True, encoding="latin-1")
        certificates = text.encode("ascii", "ignore").decode()
        return ssl.create_default_context(cadata=certificates)
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _not_connected(url: httpx.URL, error: NotSent) -> errors.ProviderError:
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return errors.Untrusted(
            f"the certificate of {url.host} is not trusted: {cause.verify_message}; "
            "nothing was sent",
            hint="check base_url; for a private certificate authority, set ca_file",
        )
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = url.port or PORTS[url.scheme]
    return errors.NotProcessed(
        f"cannot connect to {host}:{port}: {_why_not(cause or error)}"
    )


def _why_not(cause: BaseException) -> str:
    match cause:
        case ConnectionRefusedError():
            return "connection refused"
        case socket.gaierror():
            return "host name not found (DNS)"
        case TimeoutError():
            return "no answer in time"
        case ssl.SSLError():
            return f"TLS handshake failed ({cause.reason or 'cut off'})"
        case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH):
            return "network unreachable"
        case OSError(strerror=str(said)):
            return said
        case Unreadable():
            return f"the proxy's answer {cause}"
        case _:
            return str(cause)
