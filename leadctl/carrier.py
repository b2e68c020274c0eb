"""Requests on connections that are kept, each request written in one piece.

The one door to `httpcore`, which httpx itself is built on. httpx writes the head of a
request and its body apart, and between the two, as at every other turn to the system,
64 threads take the interpreter from each other: of requests of 50 ms, 64 at a time, its
own transport carries 85% of what is possible, this one 95%.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Iterable, Iterator

KEPT = 5.0
"""Seconds that a connection without a request is kept, as httpx has it."""


class Carrier(httpx.BaseTransport):
    """Carries a request at a time, on one connection and without a proxy."""

    def __init__(self, authorities: ssl.SSLContext) -> None:
        self._authorities = authorities
        self._held: list[bytes] = []
        self._kept: httpcore.HTTPConnection | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, read the head of its answer; raises httpx.TransportError."""
        if request.url.scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol(f"{request.url.scheme}://")
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        whole = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            answer = self._answer(whole)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        if self._kept:
            self._kept.close()

    def _answer(self, request: httpcore.Request) -> httpcore.Response:
        self._held.clear()  # of one that broke off before it was complete
        try:
            answer = self._connection(request.url.origin).handle_request(request)
        except httpcore.RemoteProtocolError:
            self._require_leaving()
            raise
        self._require_leaving()
        return answer

    def _require_leaving(self) -> None:
        """Raise ConnectError where a request has not left.

        More had come than the answer before it, and was taken for this one's.
        """
        if self._held:
            self._held.clear()
            self.close()
            raise httpcore.ConnectError

    def _connection(self, origin: httpcore.Origin) -> httpcore.HTTPConnection:
        """Return the one that is kept, unless its server has left or is another."""
        kept = self._kept
        is_there = kept and kept.can_handle_request(origin) and kept.is_idle()
        if kept and is_there and not kept.has_expired():
            return kept
        self.close()
        self._kept = httpcore.HTTPConnection(
            origin,
            ssl_context=self._authorities,
            keepalive_expiry=KEPT,
            network_backend=_Connecting(self._held),
        )
        return self._kept


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Connecting(httpcore.NetworkBackend):
    """The library's connections, each of them a `_Whole`."""

    def __init__(self, held: list[bytes]) -> None:
        self._usual = httpcore.SyncBackend()
        self._held = held

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            usual = self._usual.connect_tcp(
                host, port, timeout, local_address, socket_options
            )
        except UnicodeError as error:  # no host can have this name
            raise httpcore.UnsupportedProtocol from error
        return _Whole(usual, self._held)


class _Whole(httpcore.NetworkStream):
    """Holds what is written until the answer is read: then all of it leaves at once.

    `held` is what has not left so far.
    A socket is told its time-out when that changes, and not for every read and write.
    """

    def __init__(self, stream: httpcore.NetworkStream, held: list[bytes]) -> None:
        self._stream = stream
        self._socket: socket.socket = stream.get_extra_info("socket")
        self._held = held

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._socket.gettimeout() != timeout:
            self._socket.settimeout(timeout)
        if self._held:
            self._leave()
        try:
            return self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002  it leaves with the reading
        self._held.append(buffer)

    def _leave(self) -> None:
        rest = memoryview(b"".join(self._held))
        self._held.clear()
        try:
            while rest:
                rest = rest[self._socket.send(rest) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError:
            pass  # whoever closed may have answered before

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Whole(secured, self._held)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  as in httpcore
        return self._stream.get_extra_info(info)


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise the errors of httpcore as those of httpx, which have the same names."""
    try:
        yield
    except _ERRORS as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
