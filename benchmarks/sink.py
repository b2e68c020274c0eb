"""A server that counts leads and answers as Voiso does, and does nothing else.

Run as a process of its own, so that its CPU is not the client's: it looks for the
numbers in a body instead of parsing it.
"""

from __future__ import annotations

import re
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER = re.compile(rb'"phone_number": ?("\d+")')
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Answering(socketserver.StreamRequestHandler):
    """One connection: request after request until the client leaves."""

    server: Sink
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while head := self._head():
            found = LENGTH.search(head)
            body = self.rfile.read(int(found[1])) if found else b""
            self._answer(head, NUMBER.findall(body))

    def _head(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()).strip():
            lines.append(line)
        return b"".join(lines)

    def _answer(self, head: bytes, numbers: list[bytes]) -> None:
        if head.startswith(b"GET /campaigns/3"):
            body = b'{"campaign":{"id":3,"name":"made up","status":"active"}}'
        elif head.startswith(b"GET"):
            counted = self.server
            body = b"%d %d %f" % (counted.requests, counted.leads, counted.span())
        else:
            self.server.count(len(numbers))
            time.sleep(self.server.latency)
            body = b'{"leads_import":{"created":[%b],"rejected":[],"duplicates":[]}}'
            body %= b",".join(numbers)
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )


class Sink(socketserver.ThreadingTCPServer):
    """Listens on loopback; `latency` is in seconds."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, latency: float) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.latency = latency
        self.requests = 0
        self.leads = 0
        self._lock = threading.Lock()
        self._first = self._last = 0.0

    def count(self, leads: int) -> None:
        with self._lock:
            self._last = time.monotonic()
            self._first = self._first or self._last
            self.requests += 1
            self.leads += leads

    def span(self) -> float:
        """Return the seconds from the first request to the last."""
        return self._last - self._first


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
    with Sink(float(sys.argv[1])) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
