"""A server that sends what a test tells it to, byte by byte."""

from __future__ import annotations

import itertools
import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import trustme
    from conftest import Push
    from program import Ran

CAMPAIGN = {"campaign": {"id": 3, "name": "Spring", "status": "active"}}
CREATED = {
    "leads_import": {"created": ["15551230001"], "rejected": [], "duplicates": []}
}
KEY = "made-up-key-of-voiso"


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def voiso(*headers: str) -> dict[str, bytes]:
    """Answer as Voiso does: the call before the run, and the upload."""
    return {
        "GET": answer(json.dumps(CAMPAIGN).encode(), *headers),
        "POST": answer(json.dumps(CREATED).encode(), *headers),
    }


@dataclass
class Wire:
    """A server on a bare socket: it says what it is told, and keeps what it hears.

    Of an answer in parts the last is said over and over, `pause` seconds apart; one
    without any part is never given. `leaves`: it closes after each answer.
    """

    answers: dict[str, bytes | tuple[bytes, ...] | list[bytes]]
    context: ssl.SSLContext | None = None
    pause: float = 0.0
    leaves: bool = False
    heard: list[str] = field(default_factory=list)
    port: int = 0

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self._converse, args=(connection,), daemon=True
            ).start()

    def _converse(self, connection: socket.socket) -> None:
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as lines:
                while self._exchange(connection, lines):
                    pass
        except OSError:
            pass  # the client has left

    def _exchange(self, connection: socket.socket, lines: BinaryIO) -> bool:
        head = ""
        while not head.endswith("\r\n\r\n"):
            line = lines.readline().decode()
            if not line:
                return False
            head += line
        size = [line for line in head.lower().splitlines() if "content-length" in line]
        body = lines.read(int(size[0].partition(":")[2])) if size else b""
        self.heard.append(head + body.decode())
        said = self.answers[head.partition(" ")[0]]
        if isinstance(said, list):
            said = said.pop(0)
        if isinstance(said, bytes):
            connection.sendall(said)
            return not self.leaves
        if not said:
            time.sleep(self.pause)
            return False
        for part in itertools.chain(said, itertools.repeat(said[-1])):
            connection.sendall(part)
            time.sleep(self.pause)
        return False


@contextmanager
def wired(
    answers: Mapping[str, bytes | tuple[bytes, ...] | list[bytes]],
    context: ssl.SSLContext | None = None,
    pause: float = 0.0,
    *,
    leaves: bool = False,
) -> Iterator[Wire]:
    wire = Wire({**answers}, context, pause, leaves)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire.port = listener.getsockname()[1]
        threading.Thread(target=wire.serve, args=(listener,), daemon=True).start()
        try:
            yield wire
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def pushed(push: Push, url: str, **settings: str) -> Ran:
    """Push one lead to an address; `settings` are the account's, or proxies."""
    push.program.write("leads.csv", "phone,name\n+15551230001,Ann Testperson\n")
    account = {"BASE_URL": url, "RETRY_FOR": "0", "MIN_INTERVAL": "0", "API_KEY": KEY}
    env = {
        name if name.endswith("PROXY") else f"LEADCTL_VOISO_{name}": value
        for name, value in (account | settings).items()
    }
    where = ("--provider", "voiso", "--campaign", "3", "--json")
    return push.program("push", "leads.csv", *where, env=env)


def certified(ca: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
    return context


def created(number: int) -> bytes:
    found = {"created": [f"1555123000{number}"], "rejected": [], "duplicates": []}
    return answer(json.dumps({"leads_import": found}).encode())
