"""Requests over HTTP, and what each way of failing says about the request.

The one place that opens connections. Built for leads: no redirect is followed, nothing
is repeated below the level that knows whether a repeat is safe.
"""

from __future__ import annotations

import ipaddress
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from leadctl.errors import InDoubt, InputUnusable, NotProcessed, Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator


# Raised before the first byte of a request leaves.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)


class Transport:
    """A client for one account: authentication, time-out (seconds), authorities."""

    def __init__(
        self,
        auth: httpx.Auth | None,
        *,
        timeout: float = 60.0,
        ca_file: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        try:
            self._client = httpx.Client(
                auth=auth,
                timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
                verify=ssl.create_default_context(cafile=ca_file) if ca_file else True,
                follow_redirects=False,
                transport=transport,
                headers={"User-Agent": "leadctl"},
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise InputUnusable(
                "no connection can be set up: a certificate file or proxy is unusable",
                hint="look at ca_file, SSL_CERT_FILE, HTTPS_PROXY and ALL_PROXY",
            ) from error

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request, read its answer; raises NotProcessed, InDoubt or Unusable."""
        with _translated(request):
            return self._client.send(request)

    def close(self) -> None:
        self._client.close()


@contextmanager
def _translated(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except _NEVER_SENT as error:
        raise NotProcessed(
            f"no connection to {request.url.host}: {_why(error)}"
        ) from error
    except (
        httpx.UnsupportedProtocol,
        httpx.InvalidURL,
        httpx.LocalProtocolError,
    ) as error:
        raise Unusable(
            f"no request can be sent to {request.url.host}: {_why(error)}"
        ) from error
    except httpx.RequestError as error:
        # With a token exchange the call for the token may be the one that failed.
        if error.request is not request:
            raise NotProcessed(f"the call for a token failed: {_why(error)}") from error
        raise InDoubt(
            f"the answer of {request.url.host} was lost: {_why(error)}",
            lost=not isinstance(error, httpx.DecodingError),
        ) from error


def _why(error: Exception) -> str:
    """Say it in our words: the library's may quote headers, and so a key."""
    match error:
        case httpx.ReadTimeout():
            return "no answer in time"
        case httpx.WriteTimeout():
            return "the request could not be written in time"
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return "no connection in time"
        case httpx.DecodingError():
            return "its compression is broken"
        case httpx.ConnectError():
            return str(error) or "no connection"
        case httpx.ReadError() | httpx.WriteError() | httpx.RemoteProtocolError():
            return "the connection broke"
        case _:
            return type(error).__name__


def require_safe_url(url: str) -> None:
    """Refuse plain http anywhere but on this machine: a key would travel readable."""
    parsed = httpx.URL(url)
    if parsed.scheme == "https" and parsed.host:
        return
    if parsed.scheme == "http" and _is_loopback(parsed.host):
        return
    raise InputUnusable(
        f"base_url {url!r} must start with https://",
        hint="http:// is for this machine alone (127.0.0.1)",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
