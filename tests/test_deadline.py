"""One deadline for a whole request: no slow answer holds up a run."""

from __future__ import annotations

import signal
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
import trustme
from background import Background, happened
from wire import KEY, answer, certified, pushed, voiso, wired

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Push
    from program import Ran

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
DRIPS: dict[str, tuple[bytes, bytes]] = {
    "head": (HEAD + b"X-Made-Up: ", b"a"),
    "informational": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "body": (HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "chunks": (CHUNKED, b"1\r\n \r\n"),
    "chunk-extension": (CHUNKED + b"5;", b"x"),
    "trailer": (CHUNKED + b"0\r\n", b"X-Made-Up: a\r\n"),
}
PAUSE = 0.02
SHORT = {"TIMEOUT": "0.3"}


def trouble(ran: Ran) -> str:
    return ran.document["reasons"][0]["message"]


@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
def test_answer_that_drips_is_given_up(push: Push, drip: tuple[bytes, bytes]) -> None:
    """Its leads are in doubt: they were sent."""
    with wired(voiso() | {"POST": drip}, pause=PAUSE) as wire:
        ran = pushed(push, f"http://127.0.0.1:{wire.port}", **SHORT)
    assert (ran.code, ran.counts) == (10, {"unknown": 1})
    assert trouble(ran) == "127.0.0.1 did not answer in time"


@contextmanager
def spoken_to(said: bytes, *, drip: bytes = b"") -> Iterator[int]:
    """Serve on a bare socket: hears a little, says `said`, then drips or leaves."""

    def serve() -> None:
        while True:
            with suppress(OSError):
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(2**16)
                    connection.sendall(said)
                    while drip:
                        connection.sendall(drip)
                        time.sleep(PAUSE)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)


GARBAGE = {
    "nothing": b"",
    "text": b"220 mail.example ESMTP\r\n",
    "http": answer(b"{}", status="400 Bad Request"),
    "zeros": bytes(64),
    "half-a-record": b"\x16\x03\x03\x40\x00\x02",
    "alert": b"\x15\x03\x03\x00\x02\x02\x28",
}


@pytest.mark.parametrize("said", GARBAGE.values(), ids=GARBAGE)
def test_handshake_answered_by_garbage_leaves_nothing_in_doubt(
    push: Push, said: bytes
) -> None:
    with spoken_to(said) as port:
        ran = pushed(push, f"https://127.0.0.1:{port}")
    assert (ran.code, ran.counts) == (5, {"failed": 1})
    assert trouble(ran).startswith(f"cannot connect to 127.0.0.1:{port}: ")


def through(push: Push, port: int, **settings: str) -> Ran:
    proxy = f"http://user:made-up@127.0.0.1:{port}"
    return pushed(push, "https://dialer.example", HTTPS_PROXY=proxy, **settings)


NO_TUNNEL = {
    "nothing": b"",
    "text": b"220 mail.example ESMTP\r\n",
    "half-a-head": HEAD + b"X-Made-Up: a",
    "refusal": answer(b"no", status="407 Proxy Authentication Required"),
    "upgrade": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n",
    "large": HEAD + b"X-Made-Up: " + b"a" * 2**20,
    "tunnel-to-garbage": HEAD + b"\r\n" + b"garbage",
    "tunnel-to-nothing": HEAD + b"\r\n",
}


@pytest.mark.parametrize("said", NO_TUNNEL.values(), ids=NO_TUNNEL)
def test_connect_answered_by_garbage_leaves_nothing_in_doubt(
    push: Push, said: bytes
) -> None:
    with spoken_to(said) as port:
        ran = through(push, port)
    assert (ran.code, ran.counts) == (5, {"failed": 1})
    assert trouble(ran).startswith("cannot connect to dialer.example:443: ")


@pytest.mark.parametrize(
    "said", [HEAD + b"X-Made-Up: ", b"HTTP/1.1 102 Processing\r\n\r\n"]
)
def test_proxy_that_drips_is_given_up(push: Push, said: bytes) -> None:
    drip = b"a" if said.startswith(HEAD) else said
    with spoken_to(said, drip=drip) as port:
        ran = through(push, port, **SHORT)
    assert (ran.code, ran.counts) == (5, {"failed": 1})
    assert trouble(ran) == "cannot connect to dialer.example:443: no answer in time"


def test_handshake_that_drips_is_given_up(push: Push) -> None:
    with spoken_to(b"\x16\x03\x03\x40\x00\x02", drip=b"\x00") as port:
        ran = pushed(push, f"https://127.0.0.1:{port}", **SHORT)
    assert (ran.code, ran.counts) == (5, {"failed": 1})
    assert trouble(ran).endswith("no answer in time")


@contextmanager
def tunnelling(port: int) -> Iterator[int]:
    """Serve as a proxy that leads every CONNECT to one port of this machine."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with source, suppress(OSError):
            while data := source.recv(2**16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                heads.append(client.recv(2**16))
                client.sendall(HEAD + b"\r\n")
                server = socket.create_connection(("127.0.0.1", port))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    assert all(
        b"\r\nProxy-Authorization: Basic dXNlcjptYWRlLXVw\r\n" in h for h in heads
    )


@pytest.mark.parametrize("drip", [None, *DRIPS.values()], ids=["whole", *DRIPS])
def test_deadline_holds_through_a_proxy(
    push: Push, tmp_path: Path, drip: tuple[bytes, bytes] | None
) -> None:
    authority, path = trustme.CA(), tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    said = voiso() | ({"POST": drip} if drip else {})
    with (
        wired(said, certified(authority, "dialer.example"), pause=PAUSE) as wire,
        tunnelling(wire.port) as port,
    ):
        times = SHORT if drip else {}
        ran = through(push, port, CA_FILE=str(path), **times)
    if drip is None:
        assert (ran.code, ran.counts) == (0, {"created": 1})
        return
    assert (ran.code, ran.counts) == (10, {"unknown": 1})
    assert trouble(ran) == "dialer.example did not answer in time"


def test_interrupt_ends_a_wait_for_an_answer_that_never_comes(push: Push) -> None:
    """Long before the deadline; its leads are in doubt."""
    background = Background(push.program.folder, push.program.home)
    push.program.write("leads.csv", "phone\n+15551230001\n")
    with wired(voiso() | {"POST": DRIPS["head"]}, pause=PAUSE) as wire:
        env = {
            "LEADCTL_VOISO_BASE_URL": f"http://127.0.0.1:{wire.port}",
            "LEADCTL_VOISO_API_KEY": KEY,
        }
        where = ("--provider", "voiso", "--campaign", "3", "--json")
        with background.begun("push", "leads.csv", *where, env=env) as run:
            happened(lambda: len(wire.heard) == 2)
            run.signalled(signal.SIGINT)
            ran = run.ended()
    assert (ran.code, ran.error["code"]) == (130, "interrupted")
    assert ran.counts == {"unknown": 1}
    assert trouble(ran) == "interrupted before 127.0.0.1 answered"
