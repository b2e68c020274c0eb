"""Every command rejects an address that is not plain, with one sentence."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Push

WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "localhost")
"""Other letters, which look like these."""

ODD = {
    "login": "https://me:made-up@voiso.example/api",
    "login without a password": "https://key@voiso.example",
    "query": "https://voiso.example/api?to=elsewhere",
    "fragment": "https://voiso.example/api#part",
    "no such punycode": "https://xn--e1/api",
    "bracket without an end": "https://[::1/api",
    "line break": "https://voiso.example\n/api",
    "line break in the path": "https://voiso.example/a\r\nX-Made-Up: 1",
    "blank": "https://voiso.example/a b",
    "digits that look like a loopback": "http://①②⑦.⓪.⓪.①/api",
    "letters that look like localhost": f"http://{WIDE}/api",
    "dots that look like dots": "http://127。0。0。1/api",
    "letters that are not ASCII": "https://vöiso.example",
    "no host": "https:///api",
    "no scheme": "voiso.example/api",
    "another scheme": "file:///etc/passwd",
    "port beyond all": "https://voiso.example:70000",
    "port that is none": "https://voiso.example:http",
    "backslash": "https://voiso.example\\@elsewhere.example/",
    "loopback as a part": "http://127.0.0.1.elsewhere.example/",
    "localhost as a part": "http://localhost.elsewhere.example/",
}


@pytest.mark.parametrize("url", ODD.values(), ids=ODD)
def test_odd_address_is_refused(push: Push, url: str) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n")
    env = {"LEADCTL_VOISO_BASE_URL": url}
    ran = push("voiso", "leads.csv", "--json", env=env)
    assert (ran.code, ran.document["rows"]) == (6, 0)
    assert "made-up" not in ran.out + ran.err


@pytest.mark.parametrize("url", [ODD["login"], ODD["bracket without an end"]])
def test_check_of_the_configuration_finds_an_odd_address(push: Push, url: str) -> None:
    env = push.environment("voiso") | {"LEADCTL_VOISO_BASE_URL": url}
    assert push.program("config", "check", env=env).code == 6


@pytest.mark.parametrize(
    ("words", "url"),
    [
        *zip(
            [
                "push leads.csv --provider voiso --dry-run",
                "check leads.csv --provider voiso",
                "preview leads.csv --provider voiso",
                "accounts",
                "accounts test voiso",
                "config show",
                "doctor --offline",
            ],
            cycle(["https://xn--e1", "https://[::1/", f"http://{WIDE}/"]),
            strict=False,
        )
    ],
)
def test_no_command_breaks_on_an_odd_address(push: Push, words: str, url: str) -> None:
    push.program.write("leads.csv", "phone\n+15551230001\n")
    env = push.environment("voiso") | {"LEADCTL_VOISO_BASE_URL": url}
    ran = push.program(*words.split(), env=env, discreet=False)
    assert ran.code in (0, 6)


@pytest.mark.parametrize(
    "path", ["", "/", "/api/v4", "/a:b/~c_d/(e),f;g=h+i/@j", "/100%25"]
)
def test_plain_address_is_taken(push: Push, path: str) -> None:
    env = {"LEADCTL_VOISO_BASE_URL": f"https://voiso.example:8443{path}"}
    env = push.environment("voiso") | env
    assert push.program("config", "check", env=env).code == 0
