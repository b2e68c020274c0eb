"""A server that counts leads and answers as Voiso does, and does nothing else.

Run as a process of its own, so that its CPU is not the client's: it looks for the
numbers in a body instead of parsing it.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER = re.compile(rb'"phone_number": ?("\d+")')
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Sink:
    """What has arrived; answers to leads wait for `latency` seconds."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.requests = 0
        self.leads = 0
        self._first = self._last = 0.0

    def count(self, leads: int) -> None:
        self._last = time.monotonic()
        self._first = self._first or self._last
        self.requests += 1
        self.leads += leads

    def span(self) -> float:
        """Return the seconds from the first request to the last."""
        return self._last - self._first


class Connection(asyncio.Protocol):
    """One connection: request after request until the client leaves."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  for mypy: TCP
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, end, body = self._came.partition(b"\r\n\r\n")
        found = LENGTH.search(head)
        if end and len(body) >= (int(found[1]) if found else 0):
            self._came = b""
            self._answer(head, NUMBER.findall(body))

    def _answer(self, head: bytes, numbers: list[bytes]) -> None:
        sink, latency = self._sink, 0.0
        if head.startswith(b"GET /campaigns/3"):
            body = b'{"campaign":{"id":3,"name":"made up","status":"active"}}'
        elif head.startswith(b"GET"):
            body = b"%d %d %f" % (sink.requests, sink.leads, sink.span())
        else:
            sink.count(len(numbers))
            latency = sink.latency
            body = b'{"leads_import":{"created":[%b],"rejected":[],"duplicates":[]}}'
            body %= b",".join(numbers)
        answer = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        if latency:
            asyncio.get_running_loop().call_later(
                latency, self._transport.write, answer
            )
        else:
            self._transport.write(answer)


async def serve(latency: float) -> None:
    """Serve on a free port of loopback, which is printed, until the process ends."""
    sink = Sink(latency)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(sink), "127.0.0.1", 0, backlog=128
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Counted(NamedTuple):
    """What has arrived, and the seconds from the first request to the last."""

    requests: int
    leads: int
    seconds: float


@dataclass(frozen=True)
class Served:
    """A running sink."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def counted(self) -> Counted:
        with urllib.request.urlopen(self.url) as answer:  # noqa: S310  our own
            requests, leads, seconds = answer.read().split()
        return Counted(int(requests), int(leads), float(seconds))


@contextmanager
def sink(latency: float = 0.0) -> Iterator[Served]:
    """Serve in a process of its own for as long as the context lasts."""
    with subprocess.Popen(  # noqa: S603  this module
        [sys.executable, "-m", "benchmarks.sink", str(latency)], stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101  for mypy: it is a pipe
            yield Served(int(process.stdout.readline()))
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
