"""The transport: who is trusted, what is accepted, and what is never done."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
import trustme
from program import recording
from test_pipes import fed
from wire import (
    KEY,
    answer,
    certified,
    pushed,
    voiso,
    wired,
)

from leadctl.delivery.transport import Transport, proxy_of
from leadctl.model.errors import Unusable
from leadctl.providers.http_auth import Credentials
from leadctl.sandbox import Fault

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from conftest import Push


# --- whom we trust ---


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    path = tmp_path / "authority.pem"
    path.write_bytes("# Österreich\n".encode() + ca.cert_pem.bytes())
    return ca, path


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
