"""HTTP/1.1 on a kept-alive connection, with one deadline for each whole request.

The only user of `httptools`. httpx parses with h11, which costs twice the CPU, and none
of its time-outs ends an answer that comes byte by byte.
"""

from __future__ import annotations

import select
import socket
import time
from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

DEADLINE = 2.0
"""How many time-outs a whole request may take, from connecting to the last byte."""

CONNECT_TIMEOUT = 10.0
KEEP_ALIVE = 5.0
"""Seconds that an idle connection is kept."""

LARGEST_HEAD = 100 * 2**10
LARGEST = 32 * 2**20
"""Bytes of an answer. A page of 8000 leads of Lupitor is a third of it."""

DEFAULTS = {
    b"user-agent": b"leadctl",
    b"accept": b"application/json",
    b"accept-encoding": b"gzip",  # no compression of an unbounded rate
}
"""Headers of a request that does not set them itself."""

PORTS = {"http": 80, "https": 443}


class NotSent(Exception):
    """There is no connection: nothing of the request has left."""


class Unreadable(Exception):
    """The answer is not HTTP, too large, or not compressed as asked."""


class HttpConnection(httpx.BaseTransport):
    """Sends one request at a time; `timeout` is the longest silence in seconds."""

    def __init__(
        self, context: ssl.SSLContext, timeout: float, proxy: httpx.Proxy | None = None
    ) -> None:
        self._context, self._timeout, self._proxy = context, timeout, proxy
        self._socket = socket.socket()
        self._server = ("", "", 0)
        self._ends = self._idle_until = 0.0
        self._is_aborted = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer; raises NotSent, OSError or Unreadable."""
        self._ends = time.monotonic() + DEADLINE * self._timeout
        headers = request.headers.raw
        names = {name.lower() for name, _ in headers}
        headers += [pair for pair in DEFAULTS.items() if pair[0] not in names]
        head = _head(request.method, request.url.raw_path, headers)
        message = head + request.read()
        keep = False
        try:
            self._connect(request.url)
            if self._is_aborted:  # by another thread, before this socket existed
                raise NotSent
            answer = self._exchange(message)
            keep = answer.keeps_alive
        finally:
            if not keep:
                self.close()
        self._idle_until = time.monotonic() + KEEP_ALIVE
        return answer.response()

    def abort(self) -> None:
        """End the request that another thread waits for; sends no other."""
        self._is_aborted = True
        self._ends = 0.0
        with suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()

    def _connect(self, url: httpx.URL) -> None:
        """Connect, unless the kept connection is still open and silent."""
        server = (url.scheme, url.raw_host.decode(), url.port or PORTS[url.scheme])
        if server == self._server and self._is_usable():
            return
        self.close()
        self._server = server
        try:
            self._open(*server)
        except (OSError, Unreadable) as error:
            raise NotSent from error
        except UnicodeError as error:
            raise httpx.UnsupportedProtocol("no such host") from error

    def _open(self, scheme: str, host: str, port: int) -> None:
        via = self._proxy.url if self._proxy else None
        address = (via.host, via.port or PORTS[via.scheme]) if via else (host, port)
        self._socket = socket.create_connection(address, self._left(CONNECT_TIMEOUT))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._proxy:
            self._tunnel(
                self._proxy, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            )
        if scheme == "https":
            self._socket.settimeout(self._left(CONNECT_TIMEOUT))
            self._socket = self._context.wrap_socket(self._socket, server_hostname=host)

    def _tunnel(self, proxy: httpx.Proxy, server: str) -> None:
        headers = [(b"Host", server.encode())]
        if proxy.raw_auth:
            credentials = b64encode(b":".join(proxy.raw_auth))
            headers.append((b"Proxy-Authorization", b"Basic " + credentials))
        message = _head("CONNECT", server.encode(), headers)
        status = self._exchange(message, head_only=True).status
        if not 200 <= status < 300:
            raise ConnectionError(f"the proxy answered HTTP {status}")

    def _exchange(self, message: bytes, *, head_only: bool = False) -> _Answer:
        rest = memoryview(message)
        with suppress(ConnectionError):  # the server may have answered before it closed
            while rest:
                self._await_socket()
                rest = rest[self._socket.send(rest) :]
        answer = _Answer()
        while not (answer.is_complete or (head_only and answer.status)):
            self._await_socket()
            answer.feed(self._socket.recv(2**16))
        return answer

    def _is_usable(self) -> bool:
        if self._socket.fileno() < 0 or time.monotonic() > self._idle_until:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def _await_socket(self) -> None:
        longest = self._left(self._timeout)
        if self._socket.gettimeout() != longest:  # setting it is a system call
            self._socket.settimeout(longest)

    def _left(self, most: float) -> float:
        left = min(most, self._ends - time.monotonic())
        if left <= 0:
            raise TimeoutError
        return left


class _Answer:
    """The received part of an answer; the parser calls the methods `on_…`."""

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self.status = self._size = 0
        self.is_complete = self.keeps_alive = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    def response(self) -> httpx.Response:
        del self._parser  # a reference cycle
        body = httpx.ByteStream(b"".join(self._body))
        return httpx.Response(self.status, headers=self._headers, stream=body)

    def feed(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > (LARGEST if self.status else LARGEST_HEAD):
            raise Unreadable("is too large")
        if not data:
            self._end()
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.is_complete:
                raise Unreadable("is not HTTP") from error
            self.keeps_alive = False  # the server sent more than one answer

    def _end(self) -> None:
        """Treat the end of the connection as the end of a body without a length."""
        sizes = {b"content-length", b"transfer-encoding"}
        if not self.status or sizes & {name.lower() for name, _ in self._headers}:
            raise ConnectionError("closed before the answer was complete")
        self.is_complete = True

    def on_message_begin(self) -> None:
        if self.is_complete:
            raise HttpParserError
        self._headers.clear()  # those of a 1xx

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.status:  # else it is a trailer
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        self.status = status if status >= 200 else 0

    def on_body(self, part: bytes) -> None:
        self._body.append(part)

    def on_message_complete(self) -> None:
        self.is_complete = self.status > 0
        self.keeps_alive = self.is_complete and self._parser.should_keep_alive()


def _head(method: str, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (method.encode(), target), *map(b": ".join, headers)]
    text = b"".join(lines)
    if b"\r" in text or b"\n" in text or b"\0" in text:
        raise httpx.LocalProtocolError("a line break in a header")
    return b"\r\n".join([*lines, b"", b""])
