"""The wire: whom we trust, what we take from whoever answers, and what we never do."""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO

import httpx
import pytest
import trustme
from program import LEADCTL, recording
from test_pipes import fed

from leadctl.delivery.transport import Transport, proxy_of
from leadctl.model.errors import Unusable
from leadctl.providers.http_auth import Credentials
from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

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


# --- whom we trust ---


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    path = tmp_path / "authority.pem"
    path.write_bytes("# Österreich\n".encode() + ca.cert_pem.bytes())
    return ca, path


def certified(ca: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("setting", ["CA_FILE", "CA_FILE, a pipe", "SSL_CERT_FILE"])
def test_private_authority_is_trusted_when_named(
    push: Push, authority: tuple[trustme.CA, Path], setting: str
) -> None:
    ca, path = authority
    if "pipe" in setting:
        content, path = path.read_text(encoding="utf-8"), path.with_suffix(".pipe")
        fed(path, content)
    with wired(voiso(), certified(ca)) as wire:
        if setting == "SSL_CERT_FILE":  # what the system trusts, as OpenSSL is told
            push.program.environment["SSL_CERT_FILE"] = str(path)
            ran = pushed(push, f"https://127.0.0.1:{wire.port}")
        else:
            ran = pushed(push, f"https://127.0.0.1:{wire.port}", CA_FILE=str(path))
    assert (ran.code, ran.counts) == (0, {"created": 1})
    assert len(wire.heard) == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [("127.0.0.1", "local issuer certificate"), ("other.example", "127.0.0.1")],
    ids=["unknown-authority", "another-name"],
)
def test_certificate_that_is_not_trusted_ends_the_run_with_nothing_sent(
    push: Push, authority: tuple[trustme.CA, Path], name: str, reason: str
) -> None:
    ca, path = authority
    trusted = {"CA_FILE": str(path)} if name == "other.example" else {}
    began = time.monotonic()
    with wired(voiso(), certified(ca, name)) as wire:
        url = f"https://127.0.0.1:{wire.port}"
        ran = pushed(push, url, **trusted, RETRY_FOR="900")
    assert (ran.code, ran.error["code"]) == (5, "untrusted")
    assert reason in ran.error["message"]
    assert "nothing was sent" in ran.error["message"]
    assert "ca_file" in (ran.error["hint"] or "")
    assert wire.heard == []
    assert ran.document["run_id"] is None
    assert time.monotonic() - began < 10, "waiting cannot mend it"


def test_address_that_does_not_speak_tls_is_told_of(push: Push) -> None:
    with recording(b"{}") as other:
        host = other.url.removeprefix("http://")
        ran = pushed(push, f"https://{host}", RETRY_FOR="0")
    told = f"cannot connect to {host}: TLS handshake failed"
    assert (ran.code, ran.counts) == (5, {"failed": 1})
    assert told in ran.document["reasons"][0]["message"]
    assert other.requests == []


def test_named_authority_is_the_only_one_that_is_trusted(
    push: Push, authority: tuple[trustme.CA, Path], tmp_path: Path
) -> None:
    _, path = authority
    system = trustme.CA()
    system.cert_pem.write_to_path(str(tmp_path / "system.pem"))
    push.program.environment["SSL_CERT_FILE"] = str(tmp_path / "system.pem")
    with wired(voiso(), certified(system)) as wire:
        ran = pushed(push, f"https://127.0.0.1:{wire.port}", CA_FILE=str(path))
    assert (ran.code, wire.heard) == (5, [])


# --- what we take from whoever answers ---


ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"100000\r\n" + b" " * 2**20 + b"\r\n"
BOMB = gzip.compress(gzip.compress(b" " * 2**28))
ODD: dict[str, tuple[bytes | tuple[bytes, ...], str]] = {
    "endless": ((ENDLESS, CHUNK), "is too large"),
    "endless-head": ((b"HTTP/1.1 200 OK\r\n", b"X-Made-Up: a\r\n"), "is too large"),
    "unpacks-to-a-lot": (
        answer(gzip.compress(b" " * 2**26), "Content-Encoding: gzip"),
        "is too large",
    ),
    "packed-twice": (answer(BOMB, "Content-Encoding: gzip, gzip"), "was not requested"),
    "not-packed": (answer(b"{}", "Content-Encoding: gzip"), "damaged compression"),
    "not-http": (b"220 mail.example ESMTP\r\n", "is not HTTP"),
}


@pytest.mark.parametrize(("said", "reason"), ODD.values(), ids=ODD)
def test_answer_without_bounds_is_given_up(
    push: Push, said: bytes | tuple[bytes, ...], reason: str
) -> None:
    """Its leads are in doubt: they were sent."""
    answers = voiso() | {"POST": said}
    with wired(answers) as wire:
        ran = pushed(push, f"http://127.0.0.1:{wire.port}", TIMEOUT="5")
    assert (ran.code, ran.counts) == (10, {"unknown": 1})
    assert reason in ran.document["reasons"][0]["message"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_silence_is_given_up(
    push: Push, authority: tuple[trustme.CA, Path], scheme: str
) -> None:
    """Its leads are in doubt: they were sent."""
    ca, path = authority
    context = certified(ca) if scheme == "https" else None
    with wired(voiso() | {"POST": ()}, context, pause=3) as wire:
        url = f"{scheme}://127.0.0.1:{wire.port}"
        ran = pushed(push, url, TIMEOUT="0.5", RETRY_FOR="0", CA_FILE=str(path))
    assert (ran.code, ran.counts) == (10, {"unknown": 1})
    message = ran.document["reasons"][0]["message"]
    assert message == "127.0.0.1 did not answer in time"


def test_server_that_leaves_after_each_answer_is_called_again(push: Push) -> None:
    """It is seen before a request leaves: nothing comes into doubt."""
    with wired(voiso(), leaves=True) as wire:
        ran = pushed(push, f"http://127.0.0.1:{wire.port}")
    assert (ran.code, ran.counts, ran.document["requests"]) == (0, {"created": 1}, 1)
    assert len(wire.heard) == 2


def created(number: int) -> bytes:
    found = {"created": [f"1555123000{number}"], "rejected": [], "duplicates": []}
    return answer(json.dumps({"leads_import": found}).encode())


EARLY: dict[str, bytes | tuple[bytes, ...]] = {
    "at-once": created(1) + created(2),
    "begun": created(1) + created(2)[:9],
    "later": (created(1), created(2)),
    "garbage": created(1) + b"garbage",
}


@pytest.mark.parametrize("said", EARLY.values(), ids=EARLY)
def test_answer_that_came_before_its_request_is_nobody_s(
    push: Push, said: bytes | tuple[bytes, ...]
) -> None:
    """The next request goes on a new connection, whose first answer is its own."""
    push.program.write("leads.csv", "phone\n+15551230001\n+15551230002\n")
    with wired(voiso() | {"POST": said}, pause=0.01) as wire:
        settings = {
            "BASE_URL": f"http://127.0.0.1:{wire.port}",
            "API_KEY": KEY,
            "RETRY_FOR": "0",
            "MIN_INTERVAL": "0.3",
        }
        ran = push.program(
            *("push", "leads.csv", "--provider", "voiso", "--campaign", "3"),
            *("--batch-size", "1", "--json"),
            env={f"LEADCTL_VOISO_{name}": value for name, value in settings.items()},
        )
    posts = [request for request in wire.heard if request.startswith("POST")]
    assert len(posts) == 2
    assert ran.counts == {"created": 1, "unknown": 1}


def test_answer_without_body_is_not_unpacked(push: Push) -> None:
    """What it says stands in its status: not taken in, and not in doubt."""
    busy = answer(b"", "Content-Encoding: gzip", status="429 Too Many Requests")
    with wired(voiso() | {"POST": busy}) as wire:
        ran = pushed(push, f"http://127.0.0.1:{wire.port}", RETRY_FOR="0")
    assert (ran.code, ran.counts) == (5, {"failed": 1})


def test_packed_answer_is_read(push: Push) -> None:
    body = gzip.compress(json.dumps(CREATED).encode())
    answers = voiso() | {"POST": answer(body, "Content-Encoding: gzip")}
    with wired(answers) as wire:
        ran = pushed(push, f"http://127.0.0.1:{wire.port}")
    assert (ran.code, ran.counts) == (0, {"created": 1})


LARGE = {
    "wide": b"[" + b"[]," * 10_000_000 + b"[]]",
    "deep": b"[" * 30_000_000,
    "objects": b"[" + b'{"a":1},' * 4_000_000 + b"{}]",
    "deep-but-small": b'{"leads_import":' * 100_000,
}


@pytest.mark.parametrize("said", LARGE.values(), ids=LARGE)
def test_answer_of_millions_of_values_is_not_decoded(push: Push, said: bytes) -> None:
    """They would take up to thirty times the memory of their text."""
    limited = ("/bin/bash", "-c", 'ulimit -v 700000; exec "$@"', "-", *LEADCTL)
    with wired(voiso() | {"POST": answer(said)}) as wire:
        url = f"http://127.0.0.1:{wire.port}"
        ran = pushed(replace(push, program=replace(push.program, command=limited)), url)
    assert (ran.code, ran.codes) == (10, {"answer_unreadable": 1})


def test_cookies_are_not_kept(push: Push) -> None:
    with wired(voiso("Set-Cookie: session=made-up; Path=/")) as wire:
        assert pushed(push, f"http://127.0.0.1:{wire.port}").code == 0
    assert len(wire.heard) == 2
    assert not any("cookie" in request.lower() for request in wire.heard)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirect_is_not_followed(push: Push, method: str) -> None:
    with wired(voiso()) as other:
        moved = answer(
            b"", f"Location: http://127.0.0.1:{other.port}/", status="307 Moved"
        )
        with wired(voiso() | {method: moved}) as wire:
            ran = pushed(push, f"http://127.0.0.1:{wire.port}")
    assert other.heard == []
    # The call before the run says nothing then; the upload goes where it was meant to.
    assert ran.code == (0 if method == "GET" else 10)
    assert len(wire.heard) == 2


def test_answer_cannot_repeat_our_secrets(push: Push) -> None:
    for said in (KEY, json.dumps(f"key {KEY} / {KEY}")[1:-1]):
        refusal = answer(
            json.dumps({"error": f"no such key: {said}"}).encode(),
            status="401 Unauthorized",
        )
        with wired(voiso() | {"POST": refusal}) as wire:
            ran = pushed(push, f"http://127.0.0.1:{wire.port}")
        assert ran.code == 4
        assert "***" in ran.error["message"]
        assert KEY not in ran.out + ran.err


# --- what leaves ---


def test_request_leaves_in_one_piece_and_says_who_sends_it() -> None:
    def hear() -> None:
        connection, _ = listener.accept()
        with connection:
            heard.append(connection.recv(2**20))
            connection.sendall(answer(b"{}"))

    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=hear)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/leads"
        transport = Transport(None, direct=True)
        response = transport.send(httpx.Request("POST", url, content=b"made-up leads"))
        thread.join()
        transport.close()
    assert response.content == b"{}"
    head, _, body = heard[0].lower().partition(b"\r\n\r\n")
    assert body == b"made-up leads"
    assert b"\r\nuser-agent: leadctl" in head
    assert b"\r\naccept: application/json\r\n" in head + b"\r\n"
    assert b"\r\naccept-encoding: gzip\r\n" in head + b"\r\n"


class Copying(httpx.Auth):
    """Sends the upload as a request of its own, as no provider may."""

    def auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        yield httpx.Request("POST", f"{request.url}?key=made-up", content=b"leads")


def test_authentication_cannot_send_the_upload_as_a_request_of_its_own() -> None:
    """Its loss would be taken for that of a token: the leads would go twice."""
    with wired(voiso()) as wire:
        transport = Transport(Credentials(Copying(), {}), direct=True)
        upload = httpx.Request("POST", f"http://127.0.0.1:{wire.port}/", content=b"x")
        with pytest.raises(Unusable, match="must send the upload itself"):
            transport.send(upload)
        transport.close()
    assert wire.heard == []


def test_header_cannot_begin_another_request() -> None:
    with wired(voiso()) as wire:
        transport = Transport(None, direct=True)
        url = f"http://127.0.0.1:{wire.port}/"
        headers = {"X-Made-Up": "a\r\n\r\nPOST / HTTP/1.1"}
        with pytest.raises(Unusable, match="a line break in a header"):
            transport.send(httpx.Request("GET", url, headers=headers))
        transport.close()
    assert wire.heard == []


def test_name_that_no_host_can_have_is_told_of(push: Push) -> None:
    ran = pushed(push, "https://a..example", RETRY_FOR="0")
    assert (ran.code, ran.counts) == (5, {"failed": 1})
    told = "cannot send a request to a..example: no such host"
    assert told in ran.document["reasons"][0]["message"]


# --- proxies ---


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://one.example:1"}, "http://one.example:1"),
        ({"https_proxy": "one.example:1"}, "http://one.example:1"),
        ({"HTTP_PROXY": "http://one.example:1"}, None),
        ({"ALL_PROXY": "http://one.example:1"}, "http://one.example:1"),
        (
            {
                "ALL_PROXY": "http://one.example:1",
                "https_proxy": "http://two.example:2",
            },
            "http://two.example:2",
        ),
        ({"HTTPS_PROXY": "one.example:1", "NO_PROXY": "dialer.example"}, None),
        ({"HTTPS_PROXY": "one.example:1", "NO_PROXY": "a.example,.example"}, None),
        ({"HTTPS_PROXY": "one.example:1", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "one.example:1", "NO_PROXY": "other.example, *"}, None),
        ({"HTTPS_PROXY": "one.example:1", "NO_PROXY": "dialer.example:443"}, None),
        (
            {"HTTPS_PROXY": "one.example:1", "NO_PROXY": "dialer.example:8443"},
            "http://one.example:1",
        ),
        (
            {"HTTPS_PROXY": "one.example:1", "NO_PROXY": "other.example"},
            "http://one.example:1",
        ),
    ],
)
def test_environment_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], proxy: str | None
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_of("https", "dialer.example") == proxy


def test_proxy_of_the_environment_is_used(push: Push) -> None:
    refusal = answer(b"", status="403 Forbidden")
    with wired({"CONNECT": refusal}) as proxy:
        ran = pushed(
            push,
            "https://dialer.example",
            HTTPS_PROXY=f"http://127.0.0.1:{proxy.port}",
        )
    assert (ran.code, ran.counts) == (5, {"failed": 1})
    assert proxy.heard[0].startswith("CONNECT dialer.example:443 ")
    assert not any(KEY in request for request in proxy.heard)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_this_machine_is_spoken_to_without_a_proxy(push: Push, name: str) -> None:
    """Or a key would travel to the proxy in plain http."""
    with wired({}) as proxy, wired(voiso()) as wire:
        settings = {name: f"http://127.0.0.1:{proxy.port}"}
        ran = pushed(push, f"http://127.0.0.1:{wire.port}", **settings)
    assert (ran.code, proxy.heard, len(wire.heard)) == (0, [], 2)


def test_server_that_never_gives_a_token_holds_no_run(push: Push) -> None:
    """The call for it has the account's time-out, like every other."""
    push.simulator("agora").faults.add(Fault("slow", where="token", seconds=4, times=9))
    leads = push.program.write("leads.csv", "phone\n+15551230001\n")
    times = {"LEADCTL_AGORA_TIMEOUT": "1", "LEADCTL_AGORA_RETRY_FOR": "0"}
    ran = push("agora", leads, env=times)
    assert ran.code == 5, ran.err
    assert "token request failed: 127.0.0.1 did not answer in time" in ran.out
    assert push.stored("agora") == []
