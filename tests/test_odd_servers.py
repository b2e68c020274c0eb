"""Servers that send unexpected answers."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import trustme
from program import LEADCTL
from wire import (
    CREATED,
    KEY,
    answer,
    certified,
    created,
    pushed,
    voiso,
    wired,
)

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Push


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    path = tmp_path / "authority.pem"
    path.write_bytes("# Österreich\n".encode() + ca.cert_pem.bytes())
    return ca, path


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
    """The next request uses a new connection, whose first answer belongs to it."""
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
    """Its status says it: not processed, and not in doubt."""
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
